// SPDX-License-Identifier: EUPL-1.2
// links: format base
/*
 * Log lines. The input is cut into lines, which are read one after another by the same scanners, so
 * that what is remembered of one line meets the next; then all of them together. What must hold is
 * in record_agree.h: the fast engine in all its ways, new to a line or not, says what simdjson's
 * DOM says, but for what record.h lets it overlook.
 */
#include "tests/format/record_agree.h"

enum { TEXT_SIZE_MAX = 64 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct agree agree;
    if (agree.way_count == 0) {
        agree_begin(&agree);
    }
    if (size > TEXT_SIZE_MAX) {
        return 0;
    }
    struct span rest = span_make(data, size);
    struct span line;
    while (span_next(&rest, '\n', &line)) {
        agree_check(&agree, line);
    }
    agree_pages(&agree, span_make(data, size));
    return 0;
}
