// SPDX-License-Identifier: EUPL-1.2
/*
 * Mappings as they are written: what is understood, and what is refused with a reason.
 */
#include "observe/mapping.h"

#include "tests/observe/mapped.h"

static void check_made_at(const char *lines, int at)
{
    struct op op;
    const struct observe_mapping *mapping = NULL;
    testing_op_begin(&op);

    enum err err = mapped_test_make(&op, lines, &mapping);

    if (err != ERR_OK) {
        print_error("line %d: %s\n", at, op.fault.text);
    }
    check_err(err, ERR_OK);
    op_end(&op);
}

#define check_made(lines) check_made_at(lines, __LINE__)

static void check_refused(const char *lines, const char *why)
{
    struct op op;
    const struct observe_mapping *mapping = NULL;
    testing_op_begin(&op);

    check_err(mapped_test_make(&op, lines, &mapping), ERR_FORMAT);

    if (strstr(op.fault.text, why) == NULL) {
        print_error("%s\n", op.fault.text);
    }
    assert_non_null(strstr(op.fault.text, why));
    op_end(&op);
}

TEST(mapping_needs_few_lines)
{
    check_made("format = ndjson\ndomain = query\n");
    check_made("format = text\nline = %{time} %{originator} %{domain}\n");
    check_made("format = csv\noriginator = client\n");
    check_made("format = text\n");
}

TEST(mapping_without_format_or_value_is_not_whole)
{
    check_refused("about = nothing\n", "has no format");
    check_refused("format = ndjson\ntime-format = epoch\n", "names no field");
    check_refused("domain = query\nformat = ndjson\n", "\"format\" comes first");
    check_refused("format = xml\n", "not one of ndjson, csv or text");
    check_refused("format = csv\nformat = csv\n", "given before");
}

TEST(key_that_is_not_known_is_absent)
{
    struct op op;
    const struct observe_mapping *mapping = NULL;
    testing_op_begin(&op);

    check_err(mapped_test_make(&op, "format = ndjson\ndomian = query\n", &mapping), ERR_ABSENT);

    op_end(&op);
}

TEST(kinds_may_be_named_by_their_other_words)
{
    check_made("format = ndjson\nip = a\nfqdn = b\nsha-256 = c\nemail-addr = d\ncert-sha1 = e\n");
}

TEST(paths_of_json_are_read_with_quotes_and_choices)
{
    check_made("format = ndjson\ndomain = a.b, \"c.d\".e, f[Name=x, y].Value, \"g,h\", "
               "i[\"N.m\"=\"z\"].#t\n");
    check_refused("format = ndjson\ndomain = a..b\n", "a key is empty");
    check_refused("format = ndjson\ndomain = a.\"b\n", "not closed");
    check_refused("format = ndjson\ndomain = a/b\n", "keys with '/'");
    check_refused("format = ndjson\ndomain = a[b].c\n", "[KEY=VALUE]");
    check_refused("format = ndjson\ndomain = a[b=1].c[d=2]\n", "more than one [KEY=VALUE]");
    check_refused("format = ndjson\ndomain = a[b=].c\n", "[KEY=VALUE]");
    check_refused("format = ndjson\ndomain = a[b=\"\"].c\n", "[KEY=VALUE]");
    check_refused("format = ndjson\ndomain = a[b=1]x\n", "a key is a word");
    check_refused("format = ndjson\ndomain =\n", "which field?");
}

TEST(outcomes_want_a_field_and_values)
{
    check_made("format = ndjson\ndomain = q\ndenied = action: block, \"drop it\", re*\n");
    check_refused("format = ndjson\ndomain = q\ndenied = action\n", "FIELD: VALUE");
    check_refused("format = ndjson\ndomain = q\ndenied = action:\n", "FIELD: VALUE");
    check_refused("format = ndjson\ndomain = q\ndenied = action: a,,b\n", "a value is empty");
}

TEST(words_are_not_empty_and_names_are_names)
{
    check_refused("format = ndjson\ndomain = q\ndetect =\n", "a word is empty");
    check_refused("format = ndjson\ndomain = q\nalso = a, , b\n", "a word is empty");
    check_refused("format = ndjson\ndomain = q\nalso = two words\n", "a mapping's name has");
}

TEST(settings_of_one_format_are_refused_in_another)
{
    check_refused("format = ndjson\nline = %{a}\n", "format = text");
    check_refused("format = text\ndelimiter = ,\n", "format = csv");
    check_refused("format = ndjson\ncolumns = a, b\n", "format = csv");
    check_refused("format = csv\nprogram = x\n", "format = text");
}

TEST(delimiters_have_words_where_they_cannot_be_written)
{
    check_made("format = csv\ndelimiter = semicolon\nquote = none\naddress = a\n");
    check_made("format = csv\ndelimiter = tab\naddress = a\n");
    check_made("format = csv\ndelimiter = |\naddress = a\n");
    check_refused("format = csv\ndelimiter = both\naddress = a\n", "not one character");
    check_refused("format = csv\ndelimiter = quote\naddress = a\n", "one character");
    check_refused("format = csv\nheader = first\ncolumns = a\naddress = a\n", "header = none");
}

TEST(name_that_stands_nowhere_is_told)
{
    check_refused("format = text\nline = %{when} %{who}\noriginator = whom\n",
                  "no line has %{whom}");
    check_refused("format = csv\ncolumns = when, who\noriginator = whom\n", "no column \"whom\"");
    check_made("format = csv\ncolumns = when, who\noriginator = 2\n");
    check_made("format = csv\nheader = none\noriginator = 2\n");
    check_made("format = csv\noriginator = 2\n");
    check_refused("format = csv\noriginator = 0\n", "from 1 to 1024");
    check_refused("format = csv\nheader = none\noriginator = 1025\n", "from 1 to 1024");
}

TEST(layout_and_time_are_checked_as_they_come)
{
    check_refused("format = text\nline = %{a}%{b}\n", "nothing between");
    check_refused("format = ndjson\ntime-format = yesterday\n", "not a way to write times");
    check_refused("format = ndjson\ntime-zone = Amsterdam\n", "not a time zone");
}

TEST(name_of_a_mapping_is_a_word)
{
    static const char *const names[] = { "", "two words", "a/b", "\xC3\xA9", "x;y" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct op op;
        struct mapping_draft *draft = NULL;
        testing_op_begin(&op);

        check_err(mapping_begin(&op, span_of(names[i]), &draft), ERR_FORMAT);

        op_end(&op);
    }
}

TEST(mapping_has_limits)
{
    struct op op;
    struct buf text;
    const struct observe_mapping *mapping = NULL;
    buf_init(&text, 1024 * 1024);
    buf_add(&text, SPAN("format = ndjson\n"));
    for (int i = 0; i < 600; i++) {
        buf_add_format(&text, "domain = a%d\n", i);
    }
    buf_add_byte(&text, '\0');
    testing_op_begin(&op);

    check_err(mapped_test_make(&op, (const char *)text.data, &mapping), ERR_LIMIT);

    op_end(&op);
    buf_done(&text);
}
