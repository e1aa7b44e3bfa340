// SPDX-License-Identifier: EUPL-1.2
#include "exchange/export.h"
#include "tests/exchange/lines.h"

#define HEAD "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n"

struct row {
    enum value_kind kind;
    const char *text;
};

/* The file that these values make; to be given back with buf_done(). */
static struct buf written(const struct row *rows, size_t count)
{
    const struct export_options options = { .format = EXPORT_ZEEK, .notice = SPAN("n") };
    struct export_file files[EXPORT_FILE_COUNT_MAX];
    struct export *out = NULL;
    struct value_buf room;
    size_t file_count = 0;
    size_t value_count = 0;
    struct op op;
    testing_op_begin(&op);
    check_err(export_begin(&op, &options, &out), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        struct export_item item = { .source = SPAN("s") };
        check_err(value_parse(rows[i].kind, span_of(rows[i].text), &room, &item.value), ERR_OK);
        check_err(export_add(out, &item), ERR_OK);
    }

    check_err(export_finish(out, files, &file_count, &value_count), ERR_OK);

    assert_int_equal(file_count, 1);
    assert_int_equal(value_count, count);
    op_end(&op);
    return files[0].text;
}

static void check_written(const struct row *rows, size_t count, const char *expected)
{
    struct buf file = written(rows, count);
    check_span(buf_span(&file), expected);
    buf_done(&file);
}

TEST(zeek_sees_urls_of_requests_without_their_escapes)
{
    static const struct row rows[] = {
        { VALUE_URL, "http://g.example.com/A%20%C3%A9?q=%2541" },
        { VALUE_URL, "https://h.example.com/plain" },
        { VALUE_URL, "http://i.example.com/%5Cx41\\x42%09%00%7F" },
    };

    check_written(rows, 3,
                  HEAD "g.example.com/A%20%C3%A9?q=%2541\tIntel::URL\ts\tn\n"
                       "g.example.com/A \\xC3\\xA9?q=%41\tIntel::URL\ts\tn\n"
                       "h.example.com/plain\tIntel::URL\ts\tn\n"
                       "i.example.com/%5Cx41\\x5Cx42%09%00%7F\tIntel::URL\ts\tn\n"
                       "i.example.com/\\x5Cx41\\x5Cx42\\x09\\x00\\x7F\tIntel::URL\ts\tn\n");
}

TEST(zeek_reads_texts_as_they_are)
{
    static const struct row rows[] = {
        { VALUE_USER_AGENT, "#Evil \\x41 (\303\251)" },
        { VALUE_USER_AGENT, "-" },
        { VALUE_USER_AGENT, "a-#b" },
    };
    struct buf file = written(rows, 3);

    check_span(buf_span(&file), HEAD "\\x23Evil \\x5Cx41 (\\xC3\\xA9)\tIntel::SOFTWARE\ts\tn\n"
                                     "\\x2D\tIntel::SOFTWARE\ts\tn\n"
                                     "a-#b\tIntel::SOFTWARE\ts\tn\n");
    assert_string_equal(lines_told(EXCHANGE_FORMAT_ZEEK_INTEL, buf_span(&file)),
                        "2: user-agent #Evil \\x41 (\303\251) (n)\n"
                        "3: user-agent - (n)\n"
                        "4: user-agent a-#b (n)\n");
    buf_done(&file);
}
