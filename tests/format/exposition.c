// SPDX-License-Identifier: EUPL-1.2
#include "format/exposition.h"

#include "base/text.h"
#include "base/time.h"
#include "tests/testing.h"

enum { TEXT_SIZE_MAX = 1 << 16 };

struct fixture {
    struct buf buf;
    struct exposition x;
};

static void fixture_begin(struct fixture *f)
{
    buf_init(&f->buf, TEXT_SIZE_MAX);
    exposition_init(&f->x, &f->buf);
}

static void fixture_done(struct fixture *f, const char *expected)
{
    check_err(f->buf.err, ERR_OK);
    check_span(buf_span(&f->buf), expected);
    buf_done(&f->buf);
}

TEST(exposition_writes_families_with_help_type_and_samples)
{
    struct fixture f;
    fixture_begin(&f);

    exposition_family(&f.x, "linie_lines_total", EXPOSITION_COUNTER, "Lines read.");
    exposition_label(&f.x, "format", SPAN("eve"));
    exposition_label(&f.x, "sensor", SPAN("border-1"));
    exposition_u64(&f.x, UINT64_MAX);
    exposition_label(&f.x, "format", SPAN("zeek-json"));
    exposition_u64(&f.x, 0);
    exposition_family(&f.x, "linie_open", EXPOSITION_GAUGE, "Open.");
    exposition_u64(&f.x, 7);
    exposition_family(&f.x, "linie_none", EXPOSITION_GAUGE, "None.");

    fixture_done(&f, "# HELP linie_lines_total Lines read.\n"
                     "# TYPE linie_lines_total counter\n"
                     "linie_lines_total{format=\"eve\",sensor=\"border-1\"} 18446744073709551615\n"
                     "linie_lines_total{format=\"zeek-json\"} 0\n"
                     "# HELP linie_open Open.\n"
                     "# TYPE linie_open gauge\n"
                     "linie_open 7\n"
                     "# HELP linie_none None.\n"
                     "# TYPE linie_none gauge\n");
}

TEST(exposition_lets_no_label_break_out_of_its_line)
{
    struct fixture f;
    fixture_begin(&f);

    exposition_family(&f.x, "linie_x", EXPOSITION_GAUGE, "A \"quoted\" \\ help\nof two lines.");
    exposition_label(&f.x, "path", SPAN("a\\b\"} 1\nlinie_evil 2\n"));
    exposition_label(&f.x, "empty", SPAN(""));
    exposition_label(&f.x, "broken", SPAN("\xff\x80 \"\xc3"));
    exposition_u64(&f.x, 1);

    fixture_done(&f, "# HELP linie_x A \"quoted\" \\\\ help\\nof two lines.\n"
                     "# TYPE linie_x gauge\n"
                     "linie_x{path=\"a\\\\b\\\"} 1\\nlinie_evil 2\\n\",empty=\"\","
                     "broken=\"\xef\xbf\xbd\xef\xbf\xbd \\\"\xef\xbf\xbd\"} 1\n");
}

TEST(exposition_writes_moments_in_seconds)
{
    struct fixture f;
    fixture_begin(&f);

    exposition_family(&f.x, "linie_t", EXPOSITION_GAUGE, "T.");
    exposition_time(&f.x, 1795262400000001);
    exposition_time(&f.x, 0);
    exposition_time(&f.x, -1500000);

    fixture_done(&f, "# HELP linie_t T.\n# TYPE linie_t gauge\n"
                     "linie_t 1795262400.000001\nlinie_t 0.000000\nlinie_t -1.500000\n");
}

/* Of the value of a label, as the format says it is read. */
static size_t label_end(struct span text, size_t at)
{
    while (at < text.size && text.data[at] != '"') {
        at += text.data[at] == '\\' ? 2 : 1;
    }
    return at;
}

TEST(exposition_of_any_bytes_is_one_line_of_utf8)
{
    uint64_t state = testing_seed();
    for (int round = 0; round < 2000; round++) {
        struct fixture f;
        uint8_t bytes[24];
        static const uint8_t odd[] = { '\\', '"', '\n', '}', 'n', 0x80, 0xe2, 0 };
        for (size_t i = 0; i < sizeof bytes; i++) {
            uint64_t random = testing_random(&state);
            bytes[i] = random % 2 == 0 ? odd[random / 2 % sizeof odd] : (uint8_t)(random >> 8);
        }
        fixture_begin(&f);
        exposition_family(&f.x, "a", EXPOSITION_GAUGE, "");
        size_t begin = f.buf.size + sizeof "a{b=\"" - 1;
        exposition_label(&f.x, "b", span_make(bytes, sizeof bytes));
        exposition_u64(&f.x, 5);

        struct span text = buf_span(&f.buf);
        size_t end = label_end(text, begin);
        assert_int_equal(text_valid_size(text), text.size);
        check_span(span_from(text, end), "\"} 5\n");
        assert_int_equal(span_find(span_from(text, begin), '\n'), text.size - begin - 1);
        buf_done(&f.buf);
    }
}
