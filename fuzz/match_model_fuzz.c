// SPDX-License-Identifier: EUPL-1.2
// links: match value base
/* Bytes decide which indicators there are and what is asked: index and plain list agree. */
#include "tests/match/model.h"

enum { OP_MEMORY_MAX = 16 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct hash_secret secret = { .bytes = { 1, 2, 3, 5, 8, 13, 21, 34, 55, 89 } };
    const struct actor actor = { .name = SPAN("fuzz") };
    struct op op;
    op_begin(&op, &actor, OP_MEMORY_MAX);
    must(model_check(&op, &secret, span_make(data, size)) == NULL);
    op_end(&op);
    return 0;
}
