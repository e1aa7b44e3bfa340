// SPDX-License-Identifier: EUPL-1.2
// links: exchange value format base
/*
 * MISP's documents: an event is tried as one, and as a warninglist.
 */
#include "fuzz/exchange_reading.h"

enum { MEMORY_MAX = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(enum exchange_format format, struct span file)
{
    const struct actor actor = { .name = SPAN("fuzz") };
    struct op op;
    op_begin(&op, &actor, MEMORY_MAX);
    reading_check(&op, format, NULL, file);
    op_end(&op);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(EXCHANGE_FORMAT_MISP, span_make(data, size));
    check(EXCHANGE_FORMAT_WARNINGLIST, span_make(data, size));
    return 0;
}
