// SPDX-License-Identifier: EUPL-1.2
/* Indicators that are patterns, of an image. */
#include <pthread.h>

#include "match/patterns.h"
#include "tests/match/world.h"

enum { ROOM = MATCH_BATCH_CANDIDATES_MAX, THREADS = 4, ROUNDS = 2000 };

static struct world world;

static void add_regex(enum value_kind kind, const char *pattern)
{
    world_add_scoped(&world, kind, span_of(pattern), VALUE_SCOPE_REGEX);
}

static void add_like(enum value_kind kind, const char *pattern)
{
    world_add_scoped(&world, kind, span_of(pattern), VALUE_SCOPE_LIKE);
}

/* The numbers of the indicators that a value meets, as "0 2", each on the rung `pattern`; and a
 * value that meets any is a candidate. */
static void check_value(enum value_kind kind, struct span key, const char *wanted)
{
    static struct match_batch batch;
    static uint32_t candidates[ROOM];
    struct buf told;
    buf_init(&told, ROOM);
    world_find(&world, kind, key);
    for (size_t i = 0; i < world.found_count; i++) {
        buf_add_format(&told, "%s%u", i == 0 ? "" : " ", world.found[i].indicator);
        assert_int_equal(world.found[i].rung, MATCH_RUNG_PATTERN);
    }
    match_batch_begin(&batch, world.image, candidates, ROOM);
    match_batch_add(&batch, kind, key, 7);
    match_batch_flush(&batch);

    check_span(buf_span(&told), wanted);
    assert_true(batch.candidate_count > 0 || world.found_count == 0);
    buf_done(&told);
}

TEST(values_of_each_kind_meet_the_patterns_of_theirs)
{
    world_begin(&world);
    add_regex(VALUE_URL, "^https?://[^/]+/gate\\.php");
    add_like(VALUE_URL, "http://%/gate.php");
    add_regex(VALUE_DOMAIN, "^[a-z]{8}\\.Example$");
    add_like(VALUE_DOMAIN, "%.evil.example");
    add_regex(VALUE_USER_AGENT, "EvilBot/[0-9]+");
    add_like(VALUE_FILE_NAME, "Invoice_%.exe");
    world_open(&world);

    check_value(VALUE_URL, SPAN("example.org/gate.php"), "0 1");
    check_value(VALUE_URL, SPAN("example.org/gate.php?x"), "0");
    check_value(VALUE_URL, SPAN("example.org/a/gate.php"), "1");
    check_value(VALUE_URL, SPAN("example.org/Gate.php"), "");
    check_value(VALUE_DOMAIN, SPAN("abcdefgh.example"), "2");
    check_value(VALUE_DOMAIN, SPAN("a.evil.example"), "3");
    check_value(VALUE_DOMAIN, SPAN("evil.example"), "");
    check_value(VALUE_USER_AGENT, SPAN("Mozilla/5.0 EvilBot/7"), "4");
    check_value(VALUE_USER_AGENT, SPAN("evilbot/7"), "");
    check_value(VALUE_FILE_NAME, SPAN("invoice_7.exe"), "5");
    check_value(VALUE_FILE_NAME, SPAN("EvilBot/7"), "");
    check_value(VALUE_EMAIL, SPAN("a@a.evil.example"), "");
    world_end(&world);
}

TEST(patterns_are_found_behind_the_value_itself_and_in_the_order_added)
{
    world_begin(&world);
    add_regex(VALUE_DOMAIN, "b\\.example$");
    world_add(&world, VALUE_DOMAIN, SPAN("a.b.example"));
    add_like(VALUE_DOMAIN, "a%");
    world_add_scoped(&world, VALUE_DOMAIN, SPAN("b.example"), VALUE_SCOPE_SUBDOMAINS);
    world_open(&world);

    world_find(&world, VALUE_DOMAIN, SPAN("a.b.example"));

    assert_int_equal(world.found_count, 4);
    assert_int_equal(world.found[0].indicator, 1);
    assert_int_equal(world.found[1].indicator, 3);
    assert_int_equal(world.found[2].indicator, 0);
    assert_int_equal(world.found[3].indicator, 2);
    assert_int_equal(world.found[2].rung, MATCH_RUNG_PATTERN);
    world_end(&world);
}

/* The automaton knows no recursion, no "\R" and no branch reset; PCRE does. */
TEST(patterns_that_the_automaton_does_not_take_are_found_all_the_same)
{
    world_begin(&world);
    add_regex(VALUE_USER_AGENT, "^x(a(?1)?b)y$");
    add_regex(VALUE_USER_AGENT, "one\\Rtwo");
    add_regex(VALUE_USER_AGENT, "(?|(q)x|(q)y)\\1");
    add_regex(VALUE_USER_AGENT, "plain");
    world_open(&world);

    check_value(VALUE_USER_AGENT, SPAN("xaabby"), "0");
    check_value(VALUE_USER_AGENT, SPAN("xaaby"), "");
    check_value(VALUE_USER_AGENT, SPAN("one\ntwo"), "1");
    check_value(VALUE_USER_AGENT, SPAN("qyq"), "2");
    check_value(VALUE_USER_AGENT, SPAN("plain one\r\ntwo"), "1 3");
    world_end(&world);
}

TEST(lookarounds_references_and_large_repeats_are_decided_exactly)
{
    world_begin(&world);
    add_regex(VALUE_USER_AGENT, "a(?!b)c?d");
    add_regex(VALUE_USER_AGENT, "(['\"]).*\\1$");
    add_regex(VALUE_USER_AGENT, "^[0-9a-f]{40}$");
    add_regex(VALUE_USER_AGENT, "x(?!y{40})y*z");
    world_open(&world);

    check_value(VALUE_USER_AGENT, SPAN("ad"), "0");
    check_value(VALUE_USER_AGENT, SPAN("abd"), "");
    check_value(VALUE_USER_AGENT, SPAN("say 'it'"), "1");
    check_value(VALUE_USER_AGENT, SPAN("say 'it\""), "");
    check_value(VALUE_USER_AGENT, SPAN("0123456789abcdef0123456789abcdef01234567"), "2");
    check_value(VALUE_USER_AGENT, SPAN("0123456789abcdef0123456789abcdef012345678"), "");
    check_value(VALUE_USER_AGENT, SPAN("xyyyz"), "3");
    check_value(VALUE_USER_AGENT, SPAN("xyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyz"), "");
    world_end(&world);
}

TEST(texts_beyond_ascii_and_beyond_utf_8_are_looked_at)
{
    world_begin(&world);
    add_regex(VALUE_FILE_NAME, "^.\\.exe$");
    add_like(VALUE_USER_AGENT, "b\303\274cher_%");
    add_regex(VALUE_USER_AGENT, "evil");
    world_open(&world);

    check_value(VALUE_FILE_NAME, SPAN("\303\274.exe"), "0");
    check_value(VALUE_FILE_NAME, SPAN("ab.exe"), "");
    check_value(VALUE_USER_AGENT, SPAN("b\303\274cher\303\244 7"), "1");
    check_value(VALUE_USER_AGENT, SPAN("\377evil\300"), "2");
    world_end(&world);
}

/* A person may insist on one. */
TEST(patterns_that_fit_everything_are_found_everywhere)
{
    world_begin(&world);
    add_regex(VALUE_USER_AGENT, "a*");
    add_like(VALUE_USER_AGENT, "%");
    world_open(&world);

    check_value(VALUE_USER_AGENT, SPAN("b"), "0 1");
    world_end(&world);
}

TEST(an_image_without_patterns_of_a_kind_scans_nothing_of_it)
{
    static struct match_batch batch;
    static uint32_t candidates[ROOM];
    world_begin(&world);
    add_regex(VALUE_USER_AGENT, "evil");
    world_open(&world);

    match_batch_begin(&batch, world.image, candidates, ROOM);
    match_batch_add(&batch, VALUE_URL, SPAN("example.org/evil"), 1);
    match_batch_add(&batch, VALUE_DOMAIN, SPAN("evil"), 2);
    assert_null(batch.scratch);
    assert_int_equal(batch.count, 0); /* nor is the table asked */
    match_batch_add(&batch, VALUE_USER_AGENT, SPAN("evil"), 3);
    assert_non_null(batch.scratch);
    match_batch_flush(&batch);

    assert_null(batch.scratch);
    assert_int_equal(batch.candidate_count, 1);
    assert_int_equal(batch.candidates[0], 3);
    world_end(&world);
}

static void check_add(enum value_scope scope, struct span key, enum err wanted)
{
    const struct match_indicator indicator = { .value = { .kind = VALUE_URL, .key = key },
                                               .scope = scope };
    check_err(match_builder_add(world.builder, &indicator), wanted);
}

TEST(patterns_that_do_not_compile_are_refused_and_leave_nothing)
{
    static uint8_t large[VALUE_PATTERN_SIZE_MAX + 1];
    memset(large, 'a', sizeof large);
    world_begin(&world);

    check_add(VALUE_SCOPE_REGEX, SPAN("a("), ERR_FORMAT);
    check_add(VALUE_SCOPE_REGEX, SPAN("a(*ACCEPT)"), ERR_FORMAT);
    check_add(VALUE_SCOPE_LIKE, SPAN(""), ERR_FORMAT);
    check_add(VALUE_SCOPE_LIKE, span_make(large, sizeof large), ERR_FORMAT);

    world_open(&world);
    assert_int_equal(match_image_count(world.image, VALUE_NONE), 0);
    assert_null(world.image->patterns);
    world_end(&world);
}

TEST(patterns_beyond_the_limit_are_refused_and_others_still_taken)
{
    static uint8_t large[VALUE_PATTERN_SIZE_MAX];
    memset(large, 'a', sizeof large);
    world_begin(&world);
    for (size_t i = 0; i < MATCH_PATTERN_TEXT_SIZE_MAX / VALUE_PATTERN_SIZE_MAX; i++) {
        check_add(VALUE_SCOPE_LIKE, span_make(large, sizeof large), ERR_OK);
    }
    check_add(VALUE_SCOPE_LIKE, SPAN("a"), ERR_FULL);
    world_add(&world, VALUE_URL, SPAN("example.org/"));
    check_err(match_builder_finish(world.builder, &world.bytes), ERR_OK);
    buf_done(&world.bytes);
    const struct match_origin origin = { .source = SPAN("again") };
    uint16_t number;
    check_err(match_builder_origin(world.builder, &origin, &number), ERR_OK);

    for (size_t i = 0; i < MATCH_PATTERN_COUNT_MAX; i++) {
        check_add(VALUE_SCOPE_LIKE, SPAN("a%"), ERR_OK);
    }
    check_add(VALUE_SCOPE_LIKE, SPAN("a"), ERR_FULL);
    world_add(&world, VALUE_URL, SPAN("example.org/"));
    world_open(&world);

    assert_int_equal(match_image_count(world.image, VALUE_URL), MATCH_PATTERN_COUNT_MAX + 1);
    world_find(&world, VALUE_URL, SPAN("a"));
    assert_int_equal(world.found_count, MATCH_PATTERN_COUNT_MAX);
    assert_false(world.cut);
    world_end(&world);
}

TEST(a_pattern_that_takes_too_long_is_said_to_be_cut_and_the_others_are_found)
{
    static uint8_t text[64];
    memset(text, 'a', sizeof text);
    world_begin(&world);
    add_regex(VALUE_USER_AGENT, "^(?:(a+)(?!\\1$))+b?c$");
    add_regex(VALUE_USER_AGENT, "aaab$");
    world_open(&world);
    text[sizeof text - 1] = 'b';

    check_value(VALUE_USER_AGENT, span_make(text, sizeof text), "1");
    world_end(&world);
}

/* Of an image that is open in several threads, each with a batch of its own. */
static void *scan_much(void *context)
{
    const struct match_image *image = context;
    struct match_batch *batch = memory_new(sizeof *batch);
    uint32_t *candidates = memory_new_array(ROOM, sizeof *candidates);
    struct match_found *found = memory_new_array(MATCH_FOUND_COUNT_MAX, sizeof *found);
    size_t wrong = 0;
    bool cut = false;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        match_batch_begin(batch, image, candidates, ROOM);
        match_batch_add(batch, VALUE_URL, SPAN("example.org/evil"), 1);
        match_batch_add(batch, VALUE_URL, SPAN("example.org/good"), 2);
        match_batch_add(batch, VALUE_DOMAIN, SPAN("evil.example"), 3);
        match_batch_flush(batch);
        wrong += batch->candidate_count == 2 ? 0 : 1;
        wrong += match_find(image, VALUE_URL, SPAN("example.org/evil"), found, &cut) == 1 ? 0 : 1;
    }
    memory_free(batch);
    memory_free(candidates);
    memory_free(found);
    return wrong == 0 ? context : NULL;
}

TEST(threads_scan_one_image_at_once)
{
    pthread_t threads[THREADS];
    world_begin(&world);
    add_regex(VALUE_URL, "^http://[^/]+/evil$");
    add_regex(VALUE_DOMAIN, "^evil\\.");
    world_open(&world);

    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, scan_much, world.image), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *result = NULL;
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_ptr_equal(result, world.image);
    }
    world_end(&world);
}

TEST(without_memory_for_scanning_every_value_of_the_kind_is_a_candidate)
{
    static struct match_batch batch;
    static uint32_t candidates[ROOM];
    world_begin(&world);
    add_regex(VALUE_USER_AGENT, "evil");
    world_open(&world);

    match_batch_begin(&batch, world.image, candidates, ROOM);
    memory_fail_after(0);
    match_batch_add(&batch, VALUE_USER_AGENT, SPAN("good"), 3);
    match_batch_flush(&batch);
    world_find(&world, VALUE_USER_AGENT, SPAN("evil"));
    memory_fail_after(UINT64_MAX);

    assert_int_equal(batch.candidate_count, 1);
    assert_true(world.cut);
    world_end(&world);
}

TEST(opening_an_image_with_patterns_fails_cleanly_at_every_request_for_memory)
{
    enum err err = ERR_LIMIT;
    world_begin(&world);
    add_regex(VALUE_USER_AGENT, "evil[0-9]");
    add_like(VALUE_DOMAIN, "%.evil.example");
    check_err(match_builder_finish(world.builder, &world.bytes), ERR_OK);

    uint64_t allowed = 0;
    for (; err != ERR_OK; allowed++) {
        memory_fail_after(allowed);
        err = match_image_open(&world.op, buf_span(&world.bytes), &world.image);
        memory_fail_after(UINT64_MAX);
        assert_true(err == ERR_OK || err == ERR_LIMIT);
        op_fault_clear(&world.op);
    }

    assert_true(allowed > 5);
    check_value(VALUE_DOMAIN, SPAN("a.evil.example"), "1");
    world_end(&world);
}

TEST(an_image_is_checked_without_its_patterns_being_compiled)
{
    world_begin(&world);
    add_regex(VALUE_USER_AGENT, "evil");
    world_open(&world);

    check_err(match_image_check(&world.op, buf_span(&world.bytes)), ERR_OK);
    world.bytes.data[world.bytes.size - 1] ^= 1;
    check_err(match_image_check(&world.op, buf_span(&world.bytes)), ERR_CORRUPT);
    world_end(&world);
}
