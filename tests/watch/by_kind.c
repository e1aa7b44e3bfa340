// SPDX-License-Identifier: EUPL-1.2
#include "watch/by_kind.h"

#include "tests/testing.h"

enum { TEXT_SIZE_MAX = 128 * 1024, LINE_COUNT = 600 };

static const char *const kinds[] = {
    "{\"_path\":\"dns\",\"n\":", "{\"_path\":\"conn\",\"n\":", "{\"ts\":\"", "{", "",
};

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

/* Lines of all kinds in any order, numbered from 0, with zeros behind them. */
static struct span lines_make(struct buf *text)
{
    static const uint8_t padding[RECORD_PADDING_SIZE];
    uint64_t seed = testing_seed();
    for (unsigned i = 0; i < LINE_COUNT; i++) {
        buf_add(text, span_of(kinds[testing_random(&seed) % KIND_COUNT]));
        buf_add_format(text, "%u}\n", i);
    }
    struct span lines = buf_span(text);
    buf_add(text, span_make(padding, sizeof padding));
    return span_make(text->data, lines.size);
}

static size_t kind_in_text(struct span line)
{
    size_t kind = 0;
    while (!span_starts_with(line, span_of(kinds[kind]))) {
        kind++;
    }
    return kind;
}

static unsigned number_of(struct span line)
{
    size_t at = span_of(kinds[kind_in_text(line)]).size;
    uint64_t number = 0;
    check_err(span_to_u64(span_slice(line, at, line.size - 1), &number), ERR_OK);
    return (unsigned)number;
}

TEST(every_line_has_one_place_in_the_order_and_those_of_one_kind_keep_theirs)
{
    static struct by_kind lines;
    static bool seen[LINE_COUNT];
    struct buf text;
    buf_init(&text, TEXT_SIZE_MAX);
    struct span rest = lines_make(&text);
    size_t first = 0;

    while (rest.size > 0) {
        unsigned last[KIND_COUNT] = { 0 };
        by_kind_fill(&lines, OBSERVE_FORMAT_ZEEK_JSON, &rest);
        for (size_t i = 0; i < lines.count; i++) {
            struct span line = lines.lines[lines.order[i]];
            unsigned number = number_of(line);
            size_t kind = kind_in_text(line);

            assert_true(number >= first && number < first + lines.count);
            assert_false(seen[number]);
            assert_true(kind >= 2 || number >= last[kind]); /* others may be told apart */
            seen[number] = true;
            last[kind] = number;
        }
        first += lines.count;
    }

    assert_int_equal(first, LINE_COUNT);
    buf_done(&text);
}

TEST(lines_of_a_table_stay_as_they_are)
{
    static struct by_kind lines;
    struct buf text;
    buf_init(&text, TEXT_SIZE_MAX);
    struct span rest = lines_make(&text);

    by_kind_fill(&lines, OBSERVE_FORMAT_ZEEK_TSV, &rest);

    assert_int_equal(lines.count, BY_KIND_LINE_COUNT_MAX);
    for (size_t i = 0; i < lines.count; i++) {
        assert_int_equal(lines.order[i], i);
        assert_int_equal(number_of(lines.lines[i]), i);
    }
    buf_done(&text);
}
