// SPDX-License-Identifier: EUPL-1.2
/* The rungs of URLs: what of an observed URL may differ from an indicator, and how it is told. */
#include "tests/match/world.h"

enum { ROOM = MATCH_BATCH_CANDIDATES_MAX };

static struct world world;

static void add_url(const char *key, enum value_scope scope)
{
    world_add_scoped(&world, VALUE_URL, span_of(key), scope);
}

/* The rungs on which a URL meets the indicators, as "0 exact, 2 prefix", and whether it is a
 * candidate where it meets any, and else is none. */
static void check_url(const char *key, const char *wanted)
{
    static struct match_batch batch;
    static uint32_t candidates[ROOM];
    struct buf told;
    buf_init(&told, ROOM);
    world_find(&world, VALUE_URL, span_of(key));
    for (size_t i = 0; i < world.found_count; i++) {
        buf_add_format(&told, "%s%u %s", i == 0 ? "" : ", ", world.found[i].indicator,
                       match_rung_name(world.found[i].rung));
    }
    match_batch_begin(&batch, world.image, candidates, ROOM);
    match_batch_add(&batch, VALUE_URL, span_of(key), 7);
    match_batch_flush(&batch);

    check_span(buf_span(&told), wanted);
    assert_int_equal(batch.candidate_count > 0, world.found_count > 0);
    buf_done(&told);
}

/* Zeek undoes the escapes of a request, Suricata logs them, STIX holds either. */
TEST(the_three_writings_of_one_url_meet_both_ways)
{
    world_begin(&world);
    add_url("example.org/a%5Bb", VALUE_SCOPE_EXACT);
    add_url("example.org/c[d", VALUE_SCOPE_EXACT);
    add_url("example.org/e%2541", VALUE_SCOPE_EXACT);
    add_url("example.org/a[b", VALUE_SCOPE_EXACT);
    world_open(&world);

    check_url("example.org/a%5Bb", "0 exact, 3 decoded");
    check_url("example.org/a[b", "3 exact, 0 decoded");
    check_url("example.org/c%5Bd", "1 decoded");
    check_url("example.org/c[d", "1 exact");
    check_url("example.org/eA", "2 decoded");
    check_url("example.org/e%41", "2 decoded");
    check_url("example.org/A%5Bb", "");
    check_url("example.org/a%5Cb", "");
    world_end(&world);
}

TEST(writings_that_differ_in_every_escape_share_one_chain)
{
    enum { BITS = 12, COUNT = 1 << BITS };
    world_begin(&world);
    for (unsigned number = 0; number < COUNT; number++) {
        struct buf key;
        buf_init(&key, 256);
        buf_add(&key, SPAN("example.org/"));
        for (unsigned bit = 0; bit < BITS; bit++) {
            buf_add(&key, (number >> bit & 1) != 0 ? SPAN("[") : SPAN("%5B"));
        }
        world_add(&world, VALUE_URL, buf_span(&key));
        buf_done(&key);
    }
    world_open(&world);

    assert_true(world.image->bucket_reach < 8);
    world_find(&world, VALUE_URL, SPAN("example.org/[[[[[[[[[[[["));
    assert_true(world.cut);
    assert_int_equal(world.found_count, MATCH_FOUND_COUNT_MAX);
    assert_int_equal(world.found[0].indicator, COUNT - 1);
    assert_int_equal(world.found[0].rung, MATCH_RUNG_EXACT);
    assert_int_equal(world.found[1].indicator, 0);
    assert_int_equal(world.found[1].rung, MATCH_RUNG_DECODED);
    world_end(&world);
}

TEST(letters_count_in_either_case_only_where_the_indicator_says_so)
{
    world_begin(&world);
    add_url("example.org/path/a%5bb", VALUE_SCOPE_CASELESS);
    add_url("example.org/other", VALUE_SCOPE_EXACT);
    world_open(&world);

    check_url("example.org/path/a%5bb", "0 exact");
    check_url("example.org/Path/A%5BB", "0 caseless");
    check_url("example.org/PATH/a[b", "0 caseless");
    check_url("example.org/Other", "");
    check_url("example.org/path/a", "");
    world_end(&world);
}

TEST(a_url_with_any_query_meets_only_where_the_indicator_says_so)
{
    world_begin(&world);
    add_url("example.org/gate.php", VALUE_SCOPE_ANY_QUERY);
    add_url("example.org/exact.php", VALUE_SCOPE_EXACT);
    add_url("example.org/gate.php", VALUE_SCOPE_ANY_QUERY);
    world_open(&world);

    check_url("example.org/gate.php", "0 exact, 2 exact");
    check_url("example.org/gate.php?", "0 any-query, 2 any-query");
    check_url("example.org/gate.php?id=7&x=%3F", "0 any-query, 2 any-query");
    check_url("example.org/gate%2Ephp?id", "0 any-query, 2 any-query");
    check_url("example.org/exact.php?id=7", "");
    check_url("example.org/gate.php/x?id=7", "");
    check_url("example.org/gate.phpx?id=7", "");
    world_end(&world);
}

TEST(a_prefix_ends_where_a_step_of_the_url_does)
{
    world_begin(&world);
    add_url("example.org/a/", VALUE_SCOPE_PREFIX);
    add_url("example.org/a", VALUE_SCOPE_PREFIX);
    add_url("example.org/a/b?c=1", VALUE_SCOPE_PREFIX);
    add_url("example.net/", VALUE_SCOPE_PREFIX);
    world_open(&world);

    check_url("example.org/a", "1 exact");
    check_url("example.org/a/", "0 exact, 1 prefix");
    check_url("example.org/a?x", "1 prefix");
    check_url("example.org/ab", "");
    check_url("example.org/a//b", "0 prefix, 1 prefix");
    check_url("example.org/a/b?c=1&d", "2 prefix, 0 prefix, 1 prefix");
    check_url("example.org/a/b?c=12", "0 prefix, 1 prefix");
    check_url("example.org/%61%2Fb", "0 prefix, 1 prefix");
    check_url("example.net/", "3 exact");
    check_url("example.net/x/y/z?a=b&c", "3 prefix");
    check_url("example.net:8080/x", "");
    world_end(&world);
}

TEST(one_indicator_is_found_on_one_rung_and_others_on_theirs)
{
    world_begin(&world);
    add_url("example.org/a/b", VALUE_SCOPE_PREFIX);
    add_url("example.org/a/b", VALUE_SCOPE_CASELESS);
    add_url("example.org/a/b", VALUE_SCOPE_ANY_QUERY);
    add_url("example.org/a/b?q", VALUE_SCOPE_EXACT);
    add_url("example.org/a%2Fb?q", VALUE_SCOPE_EXACT);
    world_open(&world);

    check_url("example.org/a/b", "1 exact, 2 exact, 0 exact");
    check_url("example.org/a/b?q", "3 exact, 4 decoded, 2 any-query, 0 prefix");
    check_url("example.org/A/b", "1 caseless");
    world_end(&world);
}

TEST(a_long_hostile_url_is_looked_up_as_often_as_the_limit_allows)
{
    static struct match_batch batch;
    static uint32_t candidates[ROOM];
    static uint8_t key[VALUE_URL_SIZE_MAX];
    static char prefix[64] = "example.org";
    world_begin(&world);
    for (size_t i = strlen(prefix); i < strlen("example.org") + VALUE_PREFIX_DEPTH_MAX; i++) {
        prefix[i] = '/';
        add_url(prefix, VALUE_SCOPE_PREFIX);
    }
    world_open(&world);
    memset(key, '/', sizeof key);
    span_copy(key, sizeof key, SPAN("example.net"));

    match_batch_begin(&batch, world.image, candidates, ROOM);
    match_batch_add(&batch, VALUE_URL, span_make(key, sizeof key), 0);
    assert_in_range(batch.count, 1, 1 + 2 * VALUE_PREFIX_DEPTH_MAX);
    match_batch_flush(&batch);
    assert_int_equal(batch.candidate_count, 0);

    span_copy(key, sizeof key, SPAN("example.org"));
    world_find(&world, VALUE_URL, span_make(key, sizeof key));
    assert_int_equal(world.found_count, VALUE_PREFIX_DEPTH_MAX);
    world_end(&world);
}

TEST(a_url_is_probed_once_where_nothing_asks_for_more)
{
    static struct match_batch batch;
    static uint32_t candidates[ROOM];
    world_begin(&world);
    add_url("example.org/a%5Bb", VALUE_SCOPE_EXACT);
    world_open(&world);

    match_batch_begin(&batch, world.image, candidates, ROOM);
    match_batch_add(&batch, VALUE_URL, SPAN("example.org/some/path?and=query&more"), 0);
    match_batch_add(&batch, VALUE_URL, SPAN("example.org/with%20space"), 0);
    assert_int_equal(batch.count, 2);
    match_batch_add(&batch, VALUE_URL, SPAN("example.org/with%2Fslash"), 0);
    assert_int_equal(batch.count, 4);
    match_batch_flush(&batch);
    world_end(&world);
}

static void check_add(enum value_kind kind, enum value_scope scope, struct span key,
                      enum err wanted)
{
    const struct match_indicator indicator = { .value = { .kind = kind, .key = key },
                                               .scope = scope };
    check_err(match_builder_add(world.builder, &indicator), wanted);
}

TEST(scopes_that_a_kind_cannot_have_and_prefixes_too_deep_are_refused)
{
    static uint8_t key[64];
    world_begin(&world);
    memset(key, '/', sizeof key);

    check_add(VALUE_DOMAIN, VALUE_SCOPE_PREFIX, SPAN("example.org"), ERR_FORMAT);
    check_add(VALUE_URL, VALUE_SCOPE_SUBDOMAINS, SPAN("example.org/"), ERR_FORMAT);
    check_add(VALUE_MD5, VALUE_SCOPE_LIKE, BYTES(1), ERR_FORMAT);
    check_add(VALUE_URL, VALUE_SCOPE_PREFIX, span_make(key, VALUE_PREFIX_DEPTH_MAX + 1),
              ERR_FORMAT);
    check_add(VALUE_URL, VALUE_SCOPE_PREFIX, span_make(key, VALUE_PREFIX_DEPTH_MAX), ERR_OK);

    world_end(&world);
}
