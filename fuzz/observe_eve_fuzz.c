// SPDX-License-Identifier: EUPL-1.2
// links: observe crypt value format base
#include "fuzz/observe_reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    reading_run(OBSERVE_FORMAT_EVE, data, size);
    return 0;
}
