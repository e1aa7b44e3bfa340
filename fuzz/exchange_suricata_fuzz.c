// SPDX-License-Identifier: EUPL-1.2
// links: exchange value format base
/*
 * Suricata's files. The first byte says which, and of what kind its values are; the rest is the
 * file, of which the first line also serves as categories file.
 */
#include "fuzz/exchange_reading.h"

enum { MEMORY_MAX = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum exchange_format formats[] = { EXCHANGE_FORMAT_SURICATA_DATASET,
                                                    EXCHANGE_FORMAT_SURICATA_DATAREP,
                                                    EXCHANGE_FORMAT_SURICATA_IPREP,
                                                    EXCHANGE_FORMAT_SURICATA_JSON };
    enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };
    const struct actor actor = { .name = SPAN("fuzz") };
    struct op op;
    if (size == 0) {
        return 0;
    }
    struct span file = span_make(data + 1, size - 1);
    const struct exchange_options options = {
        .kind = (enum value_kind)(data[0] / FORMAT_COUNT % VALUE_KIND_COUNT),
        .value_key = SPAN("v"),
        .array_key = data[0] >= 128 ? SPAN("a.b") : SPAN(""), /* the byte's last bit */
        .categories = file,
    };
    op_begin(&op, &actor, MEMORY_MAX);
    reading_check(&op, formats[data[0] % FORMAT_COUNT], &options, file);
    op_end(&op);
    return 0;
}
