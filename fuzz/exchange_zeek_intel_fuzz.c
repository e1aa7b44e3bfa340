// SPDX-License-Identifier: EUPL-1.2
// links: exchange value format base
/*
 * A file of Zeek's intelligence framework.
 */
#include "fuzz/exchange_reading.h"

enum { MEMORY_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct actor actor = { .name = SPAN("fuzz") };
    struct op op;
    op_begin(&op, &actor, MEMORY_MAX);
    reading_check(&op, EXCHANGE_FORMAT_ZEEK_INTEL, NULL, span_make(data, size));
    op_end(&op);
    return 0;
}
