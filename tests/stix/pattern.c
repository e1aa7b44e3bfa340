// SPDX-License-Identifier: EUPL-1.2
#include "stix/pattern.h"

#include <stdio.h>

#include "base/time.h"
#include "tests/testing.h"

#define MD5_A    "0123456789abcdef0123456789abcdef"
#define SHA1_A   "0123456789abcdef0123456789abcdef01234567"
#define SHA256_A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* A pattern in the op of a test. */
struct parsed {
    struct op op;
    struct stix_pattern pattern;
};

static void parse(struct parsed *parsed, struct span text)
{
    testing_op_begin(&parsed->op);
    enum err err = stix_pattern_parse(&parsed->op, text, &parsed->pattern);
    if (err != ERR_OK) {
        print_error("%.*s\n%s\n", SPAN_FMT(text), parsed->op.fault.text);
    }
    check_err(err, ERR_OK);
}

/* `text` is read, and printed as `printed`, which is read as an equal tree. */
static void check_print(const char *text, const char *printed)
{
    struct parsed first;
    struct parsed second;
    struct buf buf;
    buf_init(&buf, STIX_PATTERN_SIZE_MAX);

    parse(&first, span_of(text));
    stix_pattern_print(&buf, &first.pattern);
    parse(&second, buf_span(&buf));

    check_span(buf_span(&buf), printed);
    assert_true(stix_pattern_equal(&first.pattern, &second.pattern));
    buf_done(&buf);
    op_end(&first.op);
    op_end(&second.op);
}

static void check_same(const char *text)
{
    check_print(text, text);
}

/* `text` is refused, at this byte, with a fault that holds `words`. */
static void check_fault(const char *text, size_t offset, const char *words)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_pattern pattern = { .literal_count = 7 };
    char where[64];
    snprintf(where, sizeof where, "byte %zu:", offset);

    check_err(stix_pattern_parse(&op, span_of(text), &pattern), ERR_FORMAT);

    struct span fault = span_of(op.fault.text);
    if (span_find_span(fault, span_of(where)) == SPAN_NOT_FOUND ||
        span_find_span(fault, span_of(words)) == SPAN_NOT_FOUND) {
        print_error("%s\nexpected \"%s\" and \"%s\" in: %s\n", text, where, words, op.fault.text);
        fail();
    }
    assert_int_equal(pattern.literal_count, 7);
    op_end(&op);
}

TEST(pattern_of_each_comparison_is_read)
{
    check_same("[file:size = 4096]");
    check_same("[file:size != 4096]");
    check_same("[file:size < 10]");
    check_same("[file:size <= 10]");
    check_same("[file:size > 10]");
    check_same("[file:size >= 10]");
    check_same("[file:name IN ('a.txt', 'b.exe')]");
    check_same("[file:size IN (1, 2, 3)]");
    check_same("[file:size IN ()]");
    check_same("[file:name LIKE 'a%']");
    check_same("[file:name MATCHES '^a.+\\\\.exe$']");
    check_same("[ipv4-addr:value ISSUBSET '198.51.100.0/24']");
    check_same("[ipv4-addr:value ISSUPERSET '198.51.100.7']");
    check_same("[EXISTS file:name]");
}

TEST(pattern_of_each_comparison_can_be_negated)
{
    check_same("[file:size NOT = 4096]");
    check_same("[file:size NOT != 4096]");
    check_same("[file:size NOT < 10]");
    check_same("[file:name NOT IN ('a', 'b')]");
    check_same("[file:name NOT LIKE 'a%']");
    check_same("[file:name NOT MATCHES 'a']");
    check_same("[ipv4-addr:value NOT ISSUBSET '198.51.100.0/24']");
    check_same("[ipv4-addr:value NOT ISSUPERSET '198.51.100.0/24']");
    check_same("[NOT EXISTS file:name]");
}

TEST(pattern_of_each_literal_is_read)
{
    check_same("[x-test:v = 'text']");
    check_same("[x-test:v = '']");
    check_same("[x-test:v = 'it\\'s a \\\\ b']");
    check_same("[x-test:v = 'b\xC3\xBC"
               "cher \xF0\x9F\x94\x92']");
    check_same("[x-test:v = 0]");
    check_same("[x-test:v = -12]");
    check_same("[x-test:v = +12]");
    check_same("[x-test:v = 9223372036854775807]");
    check_same("[x-test:v = 7.0]");
    check_same("[x-test:v = -.5]");
    check_same("[x-test:v = 007.25]");
    check_same("[x-test:v = true]");
    check_same("[x-test:v != false]");
    check_same("[x-test:v = h'ffD8']");
    check_same("[x-test:v = h'']");
    check_same("[x-test:v = b'bGluaWU=']");
    check_same("[x-test:v = b'bGlu']");
    check_same("[x-test:v = b'bA==']");
    check_same("[x-test:v = t'2026-11-21T20:34:05Z']");
    check_same("[x-test:v = t'2026-11-21T20:34:05.123456789Z']");
    check_same("[x-test:v IN (1, 2.5, 'a', h'00', b'bGlu', t'2026-11-21T20:34:05Z', true)]");
}

TEST(pattern_paths_are_read)
{
    check_same("[file:hashes.'SHA-256' = '" SHA256_A "']");
    check_same("[file:extensions.'ntfs-ext'.sid = 'x']");
    check_same("[email-message:body_multipart[*].body_raw_ref.name = 'x']");
    check_same("[process:arguments[0] = 'x']");
    check_same("[process:arguments[-1] = 'x']");
    check_same("[x-a-b:list[2][3].c[*] = 1]");
    check_same("[x_a:'first-key' = 1]");
    check_same("[file:'IN' = 1]");
    check_same("[file:a.'true' = 1]");
    check_same("[file:a.'with \\'quote\\'' = 1]");
    check_print("[file:'plain'.'key' = 1]", "[file:plain.key = 1]");
    check_print("[process:arguments[+2] = 'x']", "[process:arguments[2] = 'x']");
}

TEST(pattern_spellings_are_made_plain)
{
    check_print("[a:b==1]", "[a:b = 1]");
    check_print("[a:b<>1]", "[a:b != 1]");
    check_print(" ( [ ( a:b IN(1,2,3) AND a:c!=0 ) ] ) ", "[a:b IN (1, 2, 3) AND a:c != 0]");
    check_print("[a:b MATCHES'x']FOLLOWEDBY[a:b='y']WITHIN 5SECONDS",
                "[a:b MATCHES 'x'] FOLLOWEDBY [a:b = 'y'] WITHIN 5 SECONDS");
    check_print("[a:b='x'AND a:c=1OR a:d=true]", "[a:b = 'x' AND a:c = 1 OR a:d = true]");
}

TEST(pattern_blanks_and_comments_are_stepped_over)
{
    check_print("/* who */ [a:b // this\n = 1] // end", "[a:b = 1]");
    check_print("[a:b = '// no /* comment */']", "[a:b = '// no /* comment */']");
    check_print("\t[\xC2\xA0"
                "a:b\xE2\x80\x83=\xE3\x80\x80"
                "1\r\n]\v\f\xC2\x85",
                "[a:b = 1]");
}

TEST(pattern_and_binds_tighter_than_or_within_an_observation)
{
    struct parsed parsed;

    parse(&parsed, SPAN("[a:b = 1 OR a:c = 2 AND a:d = 3]"));

    const struct stix_pattern_node *tests = parsed.pattern.root->first;
    assert_int_equal(tests->kind, STIX_PATTERN_TEST_OR);
    assert_int_equal(tests->first->kind, STIX_PATTERN_TEST);
    assert_int_equal(tests->first->next->kind, STIX_PATTERN_TEST_AND);
    op_end(&parsed.op);
}

TEST(pattern_followedby_binds_loosest_then_or_then_and)
{
    struct parsed parsed;

    parse(&parsed, SPAN("[a:b = 1] AND [a:b = 2] OR [a:b = 3] FOLLOWEDBY [a:b = 4]"));

    const struct stix_pattern_node *root = parsed.pattern.root;
    assert_int_equal(root->kind, STIX_PATTERN_FOLLOWEDBY);
    assert_int_equal(root->first->kind, STIX_PATTERN_OR);
    assert_int_equal(root->first->first->kind, STIX_PATTERN_AND);
    assert_int_equal(root->first->first->next->kind, STIX_PATTERN_OBSERVATION);
    assert_int_equal(root->first->next->kind, STIX_PATTERN_OBSERVATION);
    op_end(&parsed.op);
}

TEST(pattern_qualifier_binds_to_the_expression_before_it)
{
    struct parsed parsed;

    parse(&parsed, SPAN("[a:b = 1] FOLLOWEDBY [a:b = 2] WITHIN 0.25 SECONDS"));

    const struct stix_pattern_node *within = parsed.pattern.root->first->next;
    assert_int_equal(within->kind, STIX_PATTERN_WITHIN);
    assert_int_equal(within->literals->value, 250000);
    assert_int_equal(within->first->kind, STIX_PATTERN_OBSERVATION);
    op_end(&parsed.op);
}

TEST(pattern_chain_is_one_node_with_its_children_in_order)
{
    struct parsed parsed;

    parse(&parsed, SPAN("[a:b = 1 OR a:b = 2 OR a:b = 3]"));

    int64_t expected = 1;
    const struct stix_pattern_node *test = parsed.pattern.root->first->first;
    for (; test != NULL; test = test->next) {
        assert_int_equal(test->literals->value, expected);
        expected++;
    }
    assert_int_equal(expected, 4);
    op_end(&parsed.op);
}

TEST(pattern_tree_holds_values_without_their_writing)
{
    struct parsed parsed;

    parse(&parsed, SPAN("[file:'a b'[3].c NOT IN ('it\\'s', -5, t'1970-01-01T00:00:02Z')]"));

    const struct stix_pattern_node *test = parsed.pattern.root->first;
    assert_int_equal(test->offset, 1);
    assert_true(test->negated);
    assert_int_equal(test->comparison, STIX_PATTERN_IN);
    check_span(test->object_type, "file");
    check_span(test->path->key, "a b");
    assert_int_equal(test->path->next->index, 3);
    check_span(test->path->next->next->key, "c");
    check_span(test->literals->text, "it's");
    assert_int_equal(test->literals->offset, 25);
    assert_int_equal(test->literals->next->value, -5);
    assert_int_equal(test->literals->next->next->value, 2 * US_PER_S);
    assert_int_equal(parsed.pattern.literal_count, 3);
    op_end(&parsed.op);
}

TEST(pattern_parentheses_stay_where_they_matter)
{
    check_same("[(a:b = 1 OR a:c = 2) AND a:d = 3]");
    check_same("[a:b = 1 OR (a:c = 2 OR a:d = 3)]");
    check_same("([a:b = 1] OR [a:b = 2]) AND [a:b = 3]");
    check_same("[a:b = 1] FOLLOWEDBY ([a:b = 2] FOLLOWEDBY [a:b = 3])");
    check_same("([a:b = 1] AND [a:b = 2]) WITHIN 5 SECONDS");
    check_same("([a:b = 1] FOLLOWEDBY [a:b = 2] WITHIN 5 SECONDS) REPEATS 2 TIMES");
    check_print("([a:b = 1])", "[a:b = 1]");
    check_print("((([((a:b = 1))])) AND ([a:b = 2]))", "[a:b = 1] AND [a:b = 2]");
    check_print("[(a:b = 1 AND a:c = 2) OR a:d = 3]", "[a:b = 1 AND a:c = 2 OR a:d = 3]");
}

TEST(pattern_qualifiers_are_read)
{
    check_same("[a:b = 1] REPEATS 9 TIMES");
    check_same("[a:b = 1] REPEATS 5 TIMES WITHIN 1800 SECONDS");
    check_same("[a:b = 1] WITHIN 1800 SECONDS REPEATS 5 TIMES");
    check_same("[a:b = 1] START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'");
    check_same("[a:b = 1] START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z' OR "
               "[a:b = 2] START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'");
}

TEST(pattern_repeats_a_kind_of_qualifier_only_behind_a_parenthesis)
{
    check_same("([a:b = 1]) WITHIN 5 SECONDS WITHIN 6 SECONDS");
    check_same("([a:b = 1] OR [a:b = 2]) WITHIN 5 SECONDS WITHIN 6 SECONDS");
    check_print("([a:b = 1] REPEATS 2 TIMES) REPEATS 3 TIMES",
                "([a:b = 1]) REPEATS 2 TIMES REPEATS 3 TIMES");
    check_fault("[a:b = 1] WITHIN 5 SECONDS WITHIN 6 SECONDS", 27, "second qualifier");
    check_fault("[a:b = 1] WITHIN 5 SECONDS REPEATS 2 TIMES WITHIN 6 SECONDS", 43,
                "second qualifier");
    check_fault("([a:b = 1] REPEATS 2 TIMES REPEATS 3 TIMES)", 27, "second qualifier");
    check_fault("[a:b = 1] START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z' "
                "START t'2026-01-01T00:00:00Z' STOP t'2026-01-02T00:00:00Z'",
                69, "second qualifier");
}

TEST(pattern_without_brackets_or_values_is_refused_at_its_byte)
{
    check_fault("", 0, "expected [ before an observation, found its end");
    check_fault("file:size = 1", 0, "expected [");
    check_fault("[]", 1, "type of an object");
    check_fault("[file:size = ]", 13, "expected a value");
    check_fault("[file:size 1]", 11, "expected a comparison");
    check_fault("[file:size = 1", 14, "expected AND, OR or ]");
    check_fault("[file:size = 1]]", 15, "the end");
    check_fault("[file:size = 1] [file:size = 2]", 16, "expected AND, OR, FOLLOWEDBY");
    check_fault("([file:size = 1]", 16, "found its end");
    check_fault("[(file:size = 1]", 15, ")");
    check_fault("[file:name = abc]", 13, "single quotes");
    check_fault("[file:name = \"abc\"]", 13, "no sign \"");
    check_fault("[file:name MATCHES /.*/]", 19, "no sign /");
    check_fault("[file:name LIKE 5]", 16, "string in single quotes");
    check_fault("[ipv4-addr:value ISSUBSET ]", 26, "string in single quotes");
    check_fault("[file:name IN 'a']", 14, "( behind IN");
    check_fault("[file:name IN ('a',)]", 19, "a value of the set");
    check_fault("[file:name IN ('a' 'b')]", 19, ", or )");
    check_fault("[file:size > true]", 13, "an order");
    check_fault("[file:size =? 5]", 12, "no sign ?");
    check_fault("[NOT file:size = 5]", 5, "EXISTS");
    check_fault("[EXISTS 'a']", 8, "type of an object");
    check_fault("[a:b = 1] AND", 13, "expected [");
    check_fault("[a:b = 1 AND]", 12, "type of an object");
}

TEST(pattern_with_a_faulty_path_is_refused_at_its_byte)
{
    check_fault("[file.size = 1]", 5, "expected :");
    check_fault("[file:a-b = 1]", 6, "in quotes, where it has a hyphen");
    check_fault("[file:a.b-c = 1]", 8, "in quotes, where it has a hyphen");
    check_fault("[file:IN = 1]", 6, "name of a property");
    check_fault("[file:LAST = 1]", 6, "name of a property");
    check_fault("['file':a = 1]", 1, "type of an object");
    check_fault("[file:a[b] = 1]", 8, "a number or *");
    check_fault("[file:a[1 = 1]", 10, "]");
    check_fault("[file:[1] = 1]", 6, "name of a property");
    check_fault("[file: = 1]", 7, "name of a property");
}

TEST(pattern_with_a_faulty_literal_is_refused_at_its_byte)
{
    check_fault("[a:b = 'x]", 7, "has no end");
    check_fault("[a:b = 'x\\]", 9, "backslash");
    check_fault("[a:b = 'x\\.y']", 9, "written twice");
    check_fault("[a:b = h'f']", 7, "hexadecimal");
    check_fault("[a:b = h'fg']", 7, "hexadecimal");
    check_fault("[a:b = b'====']", 7, "base64");
    check_fault("[a:b = b'abc']", 7, "base64");
    check_fault("[a:b = b'']", 7, "base64");
    check_fault("[a:b = b'a=bc']", 7, "base64");
    check_fault("[a:b = t'2457-73-22T32:81:84.1Z']", 7, "a time that exists");
    check_fault("[a:b = t'2026-02-29T00:00:00Z']", 7, "a time that exists");
    check_fault("[a:b = t'2026-02-28']", 7, "a time that exists");
    check_fault("[a:b = 012]", 7, "without zeros");
    check_fault("[a:b = -]", 7, "no sign -");
    check_fault("[a:b = 1.]", 8, "AND, OR or ]");
    check_fault("[a:b = \x01]", 7, "no byte 0x01");
    check_fault("[a:b = '\xFF']", 8, "not UTF-8");
    check_fault("[a:b = 1] /* x", 10, "comment");
}

TEST(pattern_with_a_faulty_qualifier_is_refused_at_its_byte)
{
    check_fault("[a:b = 1] WITHIN ]", 17, "a number of seconds");
    check_fault("[a:b = 1] WITHIN 5 HOURS", 19, "SECONDS");
    check_fault("[a:b = 1] WITHIN -5 SECONDS", 17, "greater than 0");
    check_fault("[a:b = 1] WITHIN -0.5 SECONDS", 17, "greater than 0");
    check_fault("[a:b = 1] WITHIN 0 SECONDS", 17, "greater than 0");
    check_fault("[a:b = 1] within 5 SECONDS", 10, "found within");
    check_fault("[a:b = 1] REPEATS 0 TIMES", 18, "greater than 0");
    check_fault("[a:b = 1] REPEATS 1.5 TIMES", 18, "whole number");
    check_fault("[a:b = 1] REPEATS 2", 19, "TIMES");
    check_fault("[a:b = 1] START '2026-01-01T00:00:00Z' STOP '2026-01-02T00:00:00Z'", 16, "t'..'");
    check_fault("[a:b = 1] START t'2026-01-01T00:00:00Z'", 39, "STOP");
    check_fault("[a:b = 1] START t'2026-01-02T00:00:00Z' STOP t'2026-01-01T00:00:00Z'", 45,
                "later than its START");
    check_fault("[a:b = 1 WITHIN 5 SECONDS]", 9, "AND, OR or ]");
}

TEST(pattern_keywords_are_read_in_capitals_only)
{
    check_fault("[a:b = 1 and a:c = 2]", 9, "found and");
    check_fault("[a:b like 'x']", 5, "found like");
    check_fault("[a:b = TRUE]", 7, "expected a value");
    check_same("[a:and = 1]");
}

TEST(pattern_with_what_cannot_be_a_hash_is_refused)
{
    check_fault("[file:hashes.'SHA-256' = 'f00']", 25, "SHA-256, of 64 hexadecimal digits");
    check_fault("[file:hashes.MD5 != 'z']", 20, "MD5");
    check_fault("[file:hashes.'sha1' IN ('" SHA1_A "', 'x')]", 68, "SHA-1");
    check_fault("[x:y.hashes.'SHA3-512' = '" SHA256_A "']", 25, "SHA3-512");
    check_same("[file:hashes.MD5 LIKE '0123%']");
    check_same("[file:hashes.SSDEEP = '3:abc:def']");
    check_same("[file:hashes.'my-own' = 'x']");
    check_same("[file:hashes[0].MD5 = 'x']");
    check_same("[file:hashes.MD5 = '" MD5_A "']");
}

TEST(pattern_offsets_count_bytes_from_the_start_of_the_text)
{
    check_fault("  [file:name = '\xC3\xBC' oR file:size = 1]", 20, "found oR");
}

TEST(pattern_fault_shows_hostile_text_cut_and_harmless)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_pattern pattern;

    check_err(stix_pattern_parse(&op, SPAN("[a:b = 1] '\x1B[2J" SHA256_A SHA256_A "'"), &pattern),
              ERR_FORMAT);

    assert_int_equal(span_find(span_of(op.fault.text), 0x1B), SPAN_NOT_FOUND);
    assert_true(strlen(op.fault.text) < 160);
    op_end(&op);
}

static enum err parse_error(struct span text)
{
    struct op op;
    testing_op_begin(&op);
    struct stix_pattern pattern;
    enum err err = stix_pattern_parse(&op, text, &pattern);
    op_end(&op);
    return err;
}

static void add_times(struct buf *buf, size_t count, struct span text)
{
    for (size_t i = 0; i < count; i++) {
        buf_add(buf, text);
    }
}

static enum err nested_error(size_t depth, struct span open, struct span core, struct span close)
{
    struct buf buf;
    buf_init(&buf, 2 * STIX_PATTERN_SIZE_MAX);
    add_times(&buf, depth, open);
    buf_add(&buf, core);
    add_times(&buf, depth, close);
    enum err err = parse_error(buf_span(&buf));
    buf_done(&buf);
    return err;
}

TEST(pattern_depth_is_limited)
{
    const size_t depth = STIX_PATTERN_DEPTH_MAX;

    check_err(nested_error(depth, SPAN("("), SPAN("[a:b = 1]"), SPAN(")")), ERR_OK);
    check_err(nested_error(depth + 1, SPAN("("), SPAN("[a:b = 1]"), SPAN(")")), ERR_LIMIT);
    check_err(nested_error(20000, SPAN("("), SPAN("[a:b = 1]"), SPAN(")")), ERR_LIMIT);
    check_err(nested_error(20000, SPAN("("), SPAN(""), SPAN("")), ERR_LIMIT);
}

TEST(pattern_part_count_is_limited)
{
    struct buf buf;
    buf_init(&buf, STIX_PATTERN_SIZE_MAX);
    buf_add(&buf, SPAN("[a:b = 1"));
    add_times(&buf, 1000, SPAN(" OR a:b = 1"));
    buf_add(&buf, SPAN("]"));
    check_err(parse_error(buf_span(&buf)), ERR_OK);

    buf.size--;
    add_times(&buf, 1000, SPAN(" OR a:b = 1"));
    buf_add(&buf, SPAN("]"));
    check_err(parse_error(buf_span(&buf)), ERR_LIMIT);

    buf_done(&buf);
}

TEST(pattern_size_is_limited)
{
    struct buf buf;
    buf_init(&buf, STIX_PATTERN_SIZE_MAX + 1);
    buf_add(&buf, SPAN("[a:b = '"));
    add_times(&buf, STIX_PATTERN_SIZE_MAX - 10, SPAN("x"));
    buf_add(&buf, SPAN("']"));
    check_err(parse_error(buf_span(&buf)), ERR_OK);

    buf_add(&buf, SPAN(" "));
    check_err(parse_error(buf_span(&buf)), ERR_LIMIT);

    buf_done(&buf);
}

TEST(pattern_qualifier_count_is_limited_also_through_parentheses)
{
    const size_t most = STIX_PATTERN_QUALIFIER_COUNT_MAX;
    struct span core = SPAN("[a:b = 1]");

    check_err(nested_error(most, SPAN("("), core, SPAN(") WITHIN 5 SECONDS")), ERR_OK);
    check_err(nested_error(most + 1, SPAN("("), core, SPAN(") WITHIN 5 SECONDS")), ERR_LIMIT);
}

TEST(pattern_numbers_beyond_64_bits_are_refused)
{
    check_err(parse_error(SPAN("[a:b = 9223372036854775808]")), ERR_LIMIT);
    check_err(parse_error(SPAN("[a:b = 1] WITHIN 99999999999999999999 SECONDS")), ERR_LIMIT);
    check_err(parse_error(SPAN("[a:b = 1] WITHIN 9223372036854775807 SECONDS")), ERR_LIMIT);
    check_err(parse_error(SPAN("[a:b = 1] WITHIN 99999999999999999999.5 SECONDS")), ERR_LIMIT);
}

TEST(pattern_cut_at_any_byte_is_refused)
{
    struct span whole = SPAN("([file:hashes.'SHA-256' = '" SHA256_A "' AND NOT EXISTS a:b[*].c] "
                             "REPEATS 5 TIMES OR [x:y IN (1, h'00', 'a\\'')]) WITHIN 2.5 SECONDS");
    check_err(parse_error(whole), ERR_OK);
    size_t whole_without_qualifier = whole.size - SPAN(" WITHIN 2.5 SECONDS").size;
    for (size_t size = 0; size < whole.size; size++) {
        bool complete = size == whole_without_qualifier || size == whole_without_qualifier + 1;

        check_err(parse_error(span_slice(whole, 0, size)), complete ? ERR_OK : ERR_FORMAT);
    }
}

TEST(pattern_trees_that_differ_are_not_equal)
{
    static const char *const texts[] = {
        "[a:b = 1]",
        "[a:b = 2]",
        "[a:b = '1']",
        "[a:b != 1]",
        "[a:b NOT = 1]",
        "[a:c = 1]",
        "[b:b = 1]",
        "[a:b[1] = 1]",
        "[a:b[2] = 1]",
        "[a:b[*] = 1]",
        "[a:b.c = 1]",
        "[a:b = 1 AND a:b = 1]",
        "[a:b = 1 OR a:b = 1]",
        "[a:b = 1 OR a:b = 1 OR a:b = 1]",
        "[a:b = 1 OR (a:b = 1 OR a:b = 1)]",
        "[a:b = 1] OR [a:b = 1]",
        "[a:b = 1] AND [a:b = 1]",
        "[a:b = 1] FOLLOWEDBY [a:b = 1]",
        "[a:b = 1] WITHIN 1 SECONDS",
        "[a:b = 1] WITHIN 2 SECONDS",
        "[a:b = 1] REPEATS 1 TIMES",
        "[a:b IN (1)]",
        "[a:b IN (1, 1)]",
        "[EXISTS a:b]",
    };
    enum { COUNT = sizeof texts / sizeof texts[0] };
    static struct parsed parsed[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        parse(&parsed[i], span_of(texts[i]));
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < COUNT; j++) {
            assert_true(stix_pattern_equal(&parsed[i].pattern, &parsed[j].pattern) == (i == j));
        }
    }
    for (size_t i = 0; i < COUNT; i++) {
        op_end(&parsed[i].op);
    }
}

TEST(pattern_without_memory_is_an_error_of_limits)
{
    const struct actor actor = { .name = SPAN("tester") };
    size_t memory_max = 64;
    enum err err = ERR_LIMIT;
    while (err == ERR_LIMIT) {
        struct op op;
        op_begin(&op, &actor, memory_max);
        struct stix_pattern pattern;
        err = stix_pattern_parse(&op, SPAN("[a:b = 'c\\'' OR a:d[*].e IN (1, 2)]"), &pattern);
        op_end(&op);
        memory_max += 64;
    }
    check_err(err, ERR_OK);
}
