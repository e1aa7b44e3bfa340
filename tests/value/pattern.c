// SPDX-License-Identifier: EUPL-1.2
/* LIKE and regular expressions. */
#include "value/pattern.h"

#include "base/memory.h"
#include "tests/testing.h"

static enum value_pattern_answer meets(enum value_kind kind, enum value_scope scope,
                                       const char *pattern_text, struct span key)
{
    struct value_pattern *pattern = NULL;
    check_err(value_pattern_new(kind, scope, span_of(pattern_text), NULL, &pattern), ERR_OK);
    enum value_pattern_answer answer = value_pattern_meets(pattern, key);
    value_pattern_free(pattern);
    return answer;
}

static void check_meets(enum value_kind kind, enum value_scope scope, const char *pattern,
                        const char *key, bool wanted)
{
    enum value_pattern_answer answer = meets(kind, scope, pattern, span_of(key));
    if (answer != (wanted ? VALUE_PATTERN_MET : VALUE_PATTERN_APART)) {
        print_error("\"%s\" and \"%s\": %d\n", pattern, key, (int)answer);
        fail();
    }
}

TEST(like_fits_the_whole_value)
{
    static const struct {
        const char *pattern;
        const char *key;
        bool met;
    } rows[] = {
        { "abc", "abc", true },        { "abc", "abcd", false },        { "abc", "xabc", false },
        { "a%", "abc", true },         { "%c", "abc", true },           { "a%c", "ac", true },
        { "a_c", "abc", true },        { "a_c", "ac", false },          { "a__%", "ab", false },
        { "a__%", "abc", true },       { "%b%b%b%", "abbxb", true },    { "%b%b%b%", "abb", false },
        { "%ab", "aabab", true },      { "a%%%c", "abc", true },        { "a.c", "abc", false },
        { "a\\%", "a\\b", true },      { "%\nb", "a\nb", true },        { "_b", "\nb", true },
        { "a_c", "a\303\274c", true }, { "a__c", "a\303\274c", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_meets(VALUE_USER_AGENT, VALUE_SCOPE_LIKE, rows[i].pattern, rows[i].key, rows[i].met);
    }
}

TEST(regex_is_searched_for)
{
    static const struct {
        const char *pattern;
        const char *key;
        bool met;
    } rows[] = {
        { "b", "abc", true },       { "^b", "abc", false },
        { "b$", "abc", false },     { "^a.c$", "a\nc", true },
        { "(a)\\1", "aa", true },   { "a(?!b)", "ab", false },
        { "(?<=a)b", "ab", true },  { "^.$", "\303\274", true },
        { "x{3}", "xx", false },    { "(?i)ABC", "abc", true },
        { "ABC", "abc", false },    { "[[:digit:]]+\\.exe", "a 7.exe", true },
        { "a.c", "a\377c", false }, { "c$", "a\377c", true },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        check_meets(VALUE_USER_AGENT, VALUE_SCOPE_REGEX, rows[i].pattern, rows[i].key, rows[i].met);
    }
}

TEST(patterns_of_urls_meet_with_and_without_a_scheme)
{
    const char *key = "example.org/a/gate.php?id=7";

    check_meets(VALUE_URL, VALUE_SCOPE_REGEX, "^example", key, true);
    check_meets(VALUE_URL, VALUE_SCOPE_REGEX, "^http://example", key, true);
    check_meets(VALUE_URL, VALUE_SCOPE_REGEX, "^https://example", key, true);
    check_meets(VALUE_URL, VALUE_SCOPE_REGEX, "^https?://[^/]+/a/gate\\.php", key, true);
    check_meets(VALUE_URL, VALUE_SCOPE_REGEX, "^ftp://example", key, false);
    check_meets(VALUE_URL, VALUE_SCOPE_REGEX, "GATE", key, false);
    check_meets(VALUE_URL, VALUE_SCOPE_LIKE, "example.org/%", key, true);
    check_meets(VALUE_URL, VALUE_SCOPE_LIKE, "http://%/gate.php?%", key, true);
    check_meets(VALUE_URL, VALUE_SCOPE_LIKE, "https://example.org/a/%", key, true);
    check_meets(VALUE_URL, VALUE_SCOPE_LIKE, "%/gate.php", key, false);
}

TEST(patterns_of_domains_and_file_names_do_not_depend_on_case)
{
    check_meets(VALUE_DOMAIN, VALUE_SCOPE_REGEX, "^[A-C]+\\.Example$", "abc.example", true);
    check_meets(VALUE_DOMAIN, VALUE_SCOPE_LIKE, "%.Example", "abc.example", true);
    check_meets(VALUE_FILE_NAME, VALUE_SCOPE_REGEX, "Invoice.*\\.EXE$", "invoice 7.exe", true);
    check_meets(VALUE_FILE_NAME, VALUE_SCOPE_LIKE, "Invoice_7.%", "invoice 7.exe", true);
    check_meets(VALUE_USER_AGENT, VALUE_SCOPE_LIKE, "EVIL%", "evil/1", false);
}

static void check_refused(enum value_kind kind, enum value_scope scope, struct span text,
                          enum err wanted, const char *words)
{
    struct buf reason;
    buf_init(&reason, VALUE_PATTERN_REASON_SIZE_MAX);

    check_err(value_pattern_check(kind, scope, text, &reason), wanted);

    if (span_find(buf_span(&reason), (uint8_t)words[0]) == SPAN_NOT_FOUND ||
        strstr((const char *)reason.data, words) == NULL) {
        print_error("\"%.*s\" is not about \"%s\"\n", SPAN_FMT(buf_span(&reason)), words);
        fail();
    }
    buf_done(&reason);
}

static void check_regex_refused(const char *text, enum err wanted, const char *words)
{
    check_refused(VALUE_USER_AGENT, VALUE_SCOPE_REGEX, span_of(text), wanted, words);
}

TEST(patterns_that_cannot_be_indicators_are_refused_with_the_reason)
{
    static uint8_t large[VALUE_PATTERN_SIZE_MAX + 1];
    memset(large, 'a', sizeof large);

    check_regex_refused("a(", ERR_FORMAT, "closing parenthesis");
    check_regex_refused("a*", ERR_CONFLICT, "empty text");
    check_regex_refused("", ERR_FORMAT, "empty pattern");
    check_regex_refused(".", ERR_CONFLICT, "nearly every");
    check_regex_refused("^(.|..|...)*(?=!)", ERR_UNSUPPORTED, "steps");
    check_regex_refused("a(*ACCEPT)b", ERR_UNSUPPORTED, "(*");
    check_regex_refused("(*LIMIT_MATCH=1)a", ERR_UNSUPPORTED, "(*");
    check_regex_refused("a(?C1)b", ERR_UNSUPPORTED, "callout");
    check_regex_refused("(?x) a b", ERR_UNSUPPORTED, "extended");
    check_regex_refused("(?i-sx:a)", ERR_UNSUPPORTED, "extended");
    check_regex_refused("a\\Cb", ERR_FORMAT, "\\C");
    check_regex_refused("\377", ERR_FORMAT, "bytes");
    check_regex_refused("((a{1,99}b){1,99}c){1,99}", ERR_FORMAT, "too large");
    check_regex_refused("(?:(?:ab|cd){40}x){40}", ERR_UNSUPPORTED, "too large");
    check_regex_refused("((((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))))",
                        ERR_FORMAT, "nest");
    check_refused(VALUE_USER_AGENT, VALUE_SCOPE_REGEX, span_make(large, sizeof large),
                  ERR_UNSUPPORTED, "longer");
    check_refused(VALUE_URL, VALUE_SCOPE_REGEX, SPAN("^https?://"), ERR_CONFLICT, "nearly every");
    check_refused(VALUE_URL, VALUE_SCOPE_REGEX, SPAN("\303\274"), ERR_FORMAT, "bytes");
    check_refused(VALUE_DOMAIN, VALUE_SCOPE_LIKE, SPAN("%.%"), ERR_CONFLICT, "nearly every");
    check_refused(VALUE_DOMAIN, VALUE_SCOPE_LIKE, SPAN("%%"), ERR_CONFLICT, "empty text");
    check_refused(VALUE_MD5, VALUE_SCOPE_LIKE, SPAN("a%"), ERR_FORMAT, "md5");
}

TEST(patterns_that_only_look_refused_are_taken)
{
    static const char *const texts[] = {
        "a\\(*b",    "[(*]a",    "[](*?C]a",       "\\Q(*\\Ea", "(?:a)x",
        "(?#(*) ?a", "(?<x>a)b", "[[:alpha:](*]7", "a{1,300}b", "\\x{30}a",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct buf reason;
        buf_init(&reason, VALUE_PATTERN_REASON_SIZE_MAX);
        enum err err =
            value_pattern_check(VALUE_USER_AGENT, VALUE_SCOPE_REGEX, span_of(texts[i]), &reason);
        if (err != ERR_OK) {
            print_error("%s: %.*s\n", texts[i], SPAN_FMT(buf_span(&reason)));
        }
        assert_int_equal(err, ERR_OK);
        buf_done(&reason);
    }
}

TEST(a_pattern_that_takes_too_many_steps_is_unsure)
{
    static uint8_t text[64];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = 'b';

    assert_int_equal(
        meets(VALUE_USER_AGENT, VALUE_SCOPE_REGEX, "^(?:a+)+c?$", span_make(text, sizeof text)),
        VALUE_PATTERN_UNSURE);
}

TEST(like_takes_a_hostile_text_in_its_stride)
{
    static uint8_t text[VALUE_USER_AGENT_SIZE_MAX];
    static char pattern[VALUE_PATTERN_SIZE_MAX];
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i + 2 < sizeof pattern; i += 2) {
        pattern[i] = '%';
        pattern[i + 1] = 'a';
    }
    pattern[sizeof pattern - 3] = 'b';

    assert_int_equal(
        meets(VALUE_USER_AGENT, VALUE_SCOPE_LIKE, pattern, span_make(text, sizeof text)),
        VALUE_PATTERN_APART);
}

static void check_relaxed(enum value_scope scope, const char *text, const char *wanted)
{
    struct buf buf;
    buf_init(&buf, 4 * VALUE_PATTERN_SIZE_MAX);

    value_pattern_relax(scope, span_of(text), &buf);

    check_span(buf_span(&buf), wanted);
    buf_done(&buf);
}

TEST(large_repeats_are_endless_in_the_relaxed_form)
{
    check_relaxed(VALUE_SCOPE_REGEX, "a{3}b{0,32}", "a{3}b{0,32}");
    check_relaxed(VALUE_SCOPE_REGEX, "a{33}b{0,99}c{40,}?d{1,}", "a+b*c+?d{1,}");
    check_relaxed(VALUE_SCOPE_REGEX, "[a{99}]\\x{99}\\{99}\\Q{99}\\E{,99}{99",
                  "[a{99}]\\x{99}\\{99}\\Q{99}\\E{,99}{99");
    check_relaxed(VALUE_SCOPE_REGEX, "[]{99}]{99}[^]{99}][[:alpha:]{99}]{99,}",
                  "[]{99}]+[^]{99}][[:alpha:]{99}]+");
    check_relaxed(VALUE_SCOPE_REGEX, "(?#{99}){99}\\c[{99}", "(?#{99})+\\c[+");
    check_relaxed(VALUE_SCOPE_LIKE, "a.b%%_/", "\\Aa\\.b.*.\\/\\z");
}

TEST(compiling_a_pattern_fails_cleanly_without_memory)
{
    enum err err = ERR_LIMIT;
    size_t refused = 0;
    for (uint64_t i = 0; err == ERR_LIMIT; i++) {
        struct value_pattern *pattern = NULL;
        memory_fail_after(i);
        err = value_pattern_new(VALUE_URL, VALUE_SCOPE_REGEX, SPAN("(a+)b[0-9]"), NULL, &pattern);
        memory_fail_after(UINT64_MAX);
        assert_true(err == ERR_LIMIT || pattern != NULL);
        value_pattern_free(pattern);
        refused++;
    }
    check_err(err, ERR_OK);
    assert_true(refused > 3);
}
