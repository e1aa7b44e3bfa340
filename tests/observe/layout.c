// SPDX-License-Identifier: EUPL-1.2
#include "observe/layout.h"

#include "base/buf.h"
#include "tests/testing.h"

enum { NAME_COUNT_MAX = 32 };

struct names {
    struct op op;
    size_t count;
    struct span names[NAME_COUNT_MAX];
};

static enum err number(void *context, struct span name, uint16_t *ret)
{
    struct names *names = context;
    for (size_t i = 0; i < names->count; i++) {
        if (span_equal(names->names[i], name)) {
            *ret = (uint16_t)i;
            return ERR_OK;
        }
    }
    check_err(op_copy(&names->op, name, &names->names[names->count]), ERR_OK);
    *ret = (uint16_t)names->count;
    names->count++;
    return ERR_OK;
}

static enum err make(struct names *names, const char *text, struct layout *ret)
{
    const struct layout_names by = { number, names };
    testing_op_begin(&names->op);
    names->count = 0;
    return layout_make(&names->op, span_of(text), &by, ret);
}

/* "name=text name=text", or "no". */
static void check_fit_at(const char *layout, const char *line, const char *expected, int at)
{
    struct names names;
    struct layout made;
    struct layout_found found;
    struct buf text;
    buf_init(&text, 4096);
    check_err(make(&names, layout, &made), ERR_OK);

    bool fits = layout_fits(&made, span_of(line), &found);

    buf_add(&text, fits ? SPAN("") : SPAN("no"));
    for (size_t i = 0; fits && i < found.count; i++) {
        buf_add_format(&text, "%s%.*s=%.*s", i > 0 ? " " : "",
                       SPAN_FMT(names.names[found.captures[i].name]),
                       SPAN_FMT(found.captures[i].text));
    }
    testing_check_span(buf_span(&text), expected, __FILE__, at);
    buf_done(&text);
    op_end(&names.op);
}

#define check_fit(layout, line, expected) check_fit_at(layout, line, expected, __LINE__)

TEST(word_ends_at_white_space_or_at_what_follows)
{
    check_fit("query[%{type}] %{name} from %{who}", "query[A] www.example.org from 10.0.0.5",
              "type=A name=www.example.org who=10.0.0.5");
    check_fit("%{a},%{b},%{c}", "1,,3", "a=1 b= c=3");
    check_fit("%{a}: %{b}", "one two: three", "no");
    check_fit("%{a}", "one", "a=one");
    check_fit("%{a}", "one two", "no");
    check_fit("%{a}%%%{b}", "10%x", "a=10 b=x");
}

TEST(space_stands_for_any_white_space_but_for_some)
{
    check_fit("%{a} %{b}", "1 \t  2", "a=1 b=2");
    check_fit("%{a} %{b}", "  1 2  ", "a=1 b=2");
    check_fit("a %{b}", "a2", "no");
}

TEST(what_goes_on_ends_where_the_following_text_stands_first)
{
    check_fit("[%{time...}] \"%{request...}\" %{status}",
              "[21/Nov/2026:20:34:05 +0000] \"GET /a HTTP/1.1\" 200",
              "time=21/Nov/2026:20:34:05 +0000 request=GET /a HTTP/1.1 status=200");
    check_fit("%{a...}; from=<%{b}>", "x; y; z; from=<me>", "a=x; y; z b=me");
    check_fit("%{...}client %{a}", "21 Nov 2026 client 10.0.0.5", "a=10.0.0.5");
    check_fit("%{a} %{rest...}", "one two three  ", "a=one rest=two three  ");
}

TEST(quote_with_a_backslash_does_not_end_a_quoted_text)
{
    check_fit("\"%{agent...}\" %{x}", "\"a \\\"b\\\" c\" 1", "agent=a \\\"b\\\" c x=1");
    check_fit("\"%{agent...}\"", "\"ends with a backslash \\\\\"",
              "agent=ends with a backslash \\\\");
    check_fit("\"%{agent...}\"", "\"never ends \\\"", "no");
}

TEST(option_is_taken_where_it_fits_and_else_left)
{
    const char *layout = "%{day} %{clock}%[ queries:%]%[ info:%] client%[ @%{}%] %{who}#%{port}";

    check_fit(layout, "21 20:34 queries: info: client @0x7f 10.0.0.5#53",
              "day=21 clock=20:34 who=10.0.0.5 port=53");
    check_fit(layout, "21 20:34 client 10.0.0.5#53", "day=21 clock=20:34 who=10.0.0.5 port=53");
    check_fit(layout, "21 20:34 info: queries: client 10.0.0.5#53", "no");
    check_fit("%{a}%[,%{b},%{c}%]%[,%{...}%]", "1,2,3,4", "a=1 b=2 c=3");
    check_fit("%{a}%[,%{b},%{c}%]%[,%{...}%]", "1,2", "a=1");
    check_fit("%{a}%[,%{b},%{c}%]%[,%{...}%]", "1", "a=1");
    check_fit("%{a}%[ (%{b...})%]:", "x (y z):", "a=x b=y z");
}

TEST(option_is_left_where_a_word_in_it_would_be_empty)
{
    check_fit("%{a}%[:%{port}%]: %{b...}", "x:25: y", "a=x port=25 b=y");
    check_fit("%{a}%[:%{port}%]: %{b...}", "x: y", "a=x b=y");
    check_fit("%{a},%{b},%{c}", "x,,y", "a=x b= c=y"); /* outside of options it may be */
}

TEST(option_that_does_not_fit_leaves_no_capture_behind)
{
    check_fit("%{a}%[ is %{b} or%] %{rest...}", "x is y and z", "a=x rest=is y and z");
}

TEST(line_must_fit_to_its_end)
{
    check_fit("%{a} x", "1 x", "a=1");
    check_fit("%{a} x", "1 xy", "no");
    check_fit("%{a} x", "1 ", "no");
    check_fit("%{a} x%[ %{...}%]", "1 x and more", "a=1");
}

static void check_refused(const char *layout, const char *why)
{
    struct names names;
    struct layout made;

    check_err(make(&names, layout, &made), ERR_FORMAT);

    if (strstr(names.op.fault.text, why) == NULL) {
        print_error("%s: %s\n", layout, names.op.fault.text);
    }
    assert_non_null(strstr(names.op.fault.text, why));
    op_end(&names.op);
}

TEST(layout_that_could_not_be_followed_is_refused_with_the_place)
{
    check_refused("%{a}%{b}", "byte 5");
    check_refused("%{a...}%{b}", "nothing between");
    check_refused("%{a", "without '}'");
    check_refused("%{a b}", "a name has");
    check_refused("100%", "'%' is followed by");
    check_refused("%x", "'%' is followed by");
    check_refused("no name", "no %{name}");
    check_refused("%{a}%[ x", "without '%]'");
    check_refused("%{a} x%]", "without '%['");
    check_refused("%{a}%[ x%[ y%]%]", "inside of");
    check_refused("%{a} %[%{b}%]", "must begin with text");
    check_refused("%{a...}%[ x%]", "where would that end");
    check_refused("%{a}%[ %{b...}%] x", "where would that end");
}

TEST(layout_has_limits)
{
    struct names names;
    struct layout made;
    struct buf text;
    buf_init(&text, 16384);
    for (int i = 0; i < 65; i++) {
        buf_add(&text, SPAN("%{} "));
    }
    buf_add_byte(&text, '\0');
    check_err(make(&names, (const char *)text.data, &made), ERR_FORMAT);
    op_end(&names.op);
    buf_clear(&text);
    for (int i = 0; i < 1100; i++) {
        buf_add_byte(&text, 'x');
    }
    buf_add_byte(&text, '\0');
    check_err(make(&names, (const char *)text.data, &made), ERR_LIMIT);
    op_end(&names.op);
    buf_done(&text);
}

/* Lines made to hurt: many beginnings of what is looked for, many quotes, much white space. */
TEST(line_made_to_hurt_is_gone_through_in_a_moment)
{
    enum { SIZE = 1024 * 1024 };
    static const char *const pieces[] = { "; from=", "\\\"", "   ", "a; ", "[[", "\"" };
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct names names;
        struct layout made;
        struct layout_found found;
        struct buf line;
        buf_init(&line, SIZE + 16);
        while (line.size < SIZE) {
            buf_add(&line, span_of(pieces[i]));
        }
        check_err(
            make(&names, "%{a...}; from=<%{b...}>%[ \"%{c...}\"%] %{d...} ; from=<%{e}", &made),
            ERR_OK);

        assert_false(layout_fits(&made, buf_span(&line), &found));

        buf_done(&line);
        op_end(&names.op);
    }
}

/* What a line was made of is what is found in it. */
TEST(random_words_are_found_where_they_were_put)
{
    uint64_t random = testing_seed();
    for (int round = 0; round < 2000; round++) {
        static const char *const marks[] = { " ", ",", ": ", " [", "] ", "=", " from " };
        struct names names;
        struct layout made;
        struct layout_found found;
        struct buf layout;
        struct buf line;
        struct buf words;
        buf_init(&layout, 4096);
        buf_init(&line, 4096);
        buf_init(&words, 4096);
        size_t count = 1 + testing_random(&random) % 10;
        for (size_t i = 0; i < count; i++) {
            const char *mark = marks[testing_random(&random) % (sizeof marks / sizeof marks[0])];
            uint64_t word = testing_random(&random) % 1000000;
            buf_add_format(&layout, "%%{w%zu}%s", i, i + 1 < count ? mark : "");
            buf_add_format(&line, "%llu%s", (unsigned long long)word, i + 1 < count ? mark : "");
            buf_add_format(&words, "%llu ", (unsigned long long)word);
        }
        buf_add_byte(&layout, '\0');
        check_err(make(&names, (const char *)layout.data, &made), ERR_OK);

        assert_true(layout_fits(&made, buf_span(&line), &found));

        struct buf seen;
        buf_init(&seen, 4096);
        for (size_t i = 0; i < found.count; i++) {
            buf_add_format(&seen, "%.*s ", SPAN_FMT(found.captures[i].text));
        }
        assert_true(span_equal(buf_span(&seen), buf_span(&words)));
        buf_done(&seen);
        buf_done(&layout);
        buf_done(&line);
        buf_done(&words);
        op_end(&names.op);
    }
}
