// SPDX-License-Identifier: EUPL-1.2
#include "exchange/internal.h"

enum { DETECT_SIZE_MAX = 8192 };

#define UTF8_BOM "\xEF\xBB\xBF"

static bool ends_with_nocase(struct span name, struct span suffix)
{
    return name.size >= suffix.size &&
           span_equal_nocase(span_from(name, name.size - suffix.size), suffix);
}

static struct span without_suffix(struct span name, struct span suffix)
{
    return ends_with_nocase(name, suffix) ? span_slice(name, 0, name.size - suffix.size) : name;
}

/* The first line that is neither blank nor a comment. */
static struct span first_line(struct span text)
{
    while (text.size > 0) {
        size_t size = 0;
        struct span line = exchange_line(text, &size);
        if (!exchange_line_is_comment(EXCHANGE_FORMAT_LIST, line)) {
            return line;
        }
        text = span_from(text, size);
    }
    return text;
}

static bool has_separator(struct span line)
{
    return span_find(line, ',') != SPAN_NOT_FOUND || span_find(line, ';') != SPAN_NOT_FOUND ||
           span_find(line, '\t') != SPAN_NOT_FOUND;
}

enum exchange_format exchange_detect(struct span start, struct span name)
{
    name = without_suffix(without_suffix(name, SPAN(".gz")), SPAN(".zst"));
    struct span bom = SPAN(UTF8_BOM);
    start = span_starts_with(start, bom) ? span_from(start, bom.size) : start;
    start = start.size > DETECT_SIZE_MAX ? span_slice(start, 0, DETECT_SIZE_MAX) : start;
    bool json = ends_with_nocase(name, SPAN(".json")) || ends_with_nocase(name, SPAN(".stix"));
    if (json || span_starts_with(span_trim(start), SPAN("{"))) {
        return EXCHANGE_FORMAT_STIX;
    }
    uint8_t scratch[DETECT_SIZE_MAX];
    struct exchange_record record = { .scratch = scratch, .size_max = sizeof scratch };
    struct exchange_columns columns;
    size_t data = 0;
    if (exchange_columns_find(start, &record, &columns, &data) == ERR_OK) {
        return EXCHANGE_FORMAT_CSV;
    }
    bool csv = ends_with_nocase(name, SPAN(".csv")) || ends_with_nocase(name, SPAN(".tsv"));
    return csv && has_separator(first_line(start)) ? EXCHANGE_FORMAT_CSV : EXCHANGE_FORMAT_LIST;
}
