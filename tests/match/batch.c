// SPDX-License-Identifier: EUPL-1.2
/* The batch: what it lets through, and what it does not even ask. */
#include "tests/match/world.h"

enum { KEYS = 100000, STRANGERS = 200000, ROOM = MATCH_BATCH_CANDIDATES_MAX };

static struct match_batch batch;
static uint32_t candidates[ROOM];

static struct span number_key(uint64_t number, uint8_t *key)
{
    uint64_t state = number;
    for (size_t i = 0; i < VALUE_MD5_SIZE; i++) {
        key[i] = (uint8_t)testing_random(&state);
    }
    return span_make(key, VALUE_MD5_SIZE);
}

TEST(filter_lets_at_most_two_of_a_hundred_strangers_through_and_the_table_none)
{
    static struct world world;
    uint8_t key[VALUE_MD5_SIZE];
    size_t passed = 0;
    world_begin(&world);
    for (uint64_t i = 0; i < KEYS; i++) {
        world_add(&world, VALUE_MD5, number_key(i, key));
    }
    world_open(&world);

    match_batch_begin(&batch, world.image, candidates, ROOM);
    for (uint64_t i = KEYS; i < KEYS + STRANGERS; i++) {
        const struct span stranger = number_key(i, key);
        uint64_t hash = match_hash(&world.image->hasher, VALUE_MD5, stranger);
        passed += match_filter_has(world.image, hash) ? 1 : 0;
        match_batch_add(&batch, VALUE_MD5, stranger, 0);
    }
    match_batch_flush(&batch);

    assert_true(passed * 100 <= STRANGERS * 2);
    assert_true(batch.candidate_count <= 2); /* a tag of 32 bits errs once in 10 million here */
    world_end(&world);
}

TEST(an_address_is_asked_for_only_where_some_indicator_shares_its_first_half)
{
    static struct world world;
    world_begin(&world);
    world_add(&world, VALUE_IPV4, BYTES(0, 0, 0, 0));
    world_add(&world, VALUE_IPV4, BYTES(198, 51, 100, 7));
    world_add(&world, VALUE_IPV4, BYTES(255, 255, 255, 255));
    world_open(&world);

    match_batch_begin(&batch, world.image, candidates, ROOM);
    for (uint32_t half = 0; half <= UINT16_MAX; half++) {
        const uint8_t key[VALUE_IPV4_SIZE] = { (uint8_t)(half >> 8), (uint8_t)half, 100, 7 };
        match_batch_add(&batch, VALUE_IPV4, span_make(key, sizeof key), half);
    }

    assert_int_equal(batch.count, 3);
    assert_int_equal(batch.probes[0].mark, 0);
    assert_int_equal(batch.probes[1].mark, 198 << 8 | 51);
    assert_int_equal(batch.probes[2].mark, UINT16_MAX);
    match_batch_flush(&batch);
    assert_int_equal(batch.candidate_count, 1);
    assert_int_equal(candidates[0], 198 << 8 | 51);
    world_end(&world);
}

/* Ranges that end in the middle, at the end, and far behind the addresses of a first half. */
TEST(an_address_in_a_range_is_met_in_every_half_that_the_range_has_a_part_of)
{
    static struct world world;
    world_begin(&world);
    world_add(&world, VALUE_CIDR, BYTES(4, 25, 10, 0, 255, 128));
    world_add(&world, VALUE_CIDR, BYTES(4, 14, 10, 4, 0, 0));
    world_add(&world, VALUE_CIDR, BYTES(4, 2, 192, 0, 0, 0));
    world_open(&world);

    match_batch_begin(&batch, world.image, candidates, ROOM);
    for (uint32_t half = 0; half <= UINT16_MAX; half++) {
        const uint8_t key[VALUE_IPV4_SIZE] = { (uint8_t)(half >> 8), (uint8_t)half, 255, 200 };
        bool covered = half == (10 << 8) || half >> 2 == (10 << 8 | 4) >> 2 || half >> 14 == 3;
        match_batch_add(&batch, VALUE_IPV4, span_make(key, sizeof key), half);
        match_batch_flush(&batch);

        assert_int_equal(batch.candidate_count, covered ? 1 : 0);
        batch.candidate_count = 0;
    }
    world_end(&world);
}

/* With ranges over a part of them, and so many that probes are answered on the way. */
TEST(many_addresses_are_answered_as_each_of_them_alone)
{
    enum { ROUNDS = 20 };
    static struct world world;
    static bool met[ROUNDS * MATCH_BATCH_IPV4S_MAX];
    uint32_t addresses[MATCH_BATCH_IPV4S_MAX];
    uint32_t marks[MATCH_BATCH_IPV4S_MAX];
    world_begin(&world);
    world_add(&world, VALUE_CIDR, BYTES(4, 26, 10, 0, 3, 64));
    for (unsigned i = 0; i <= UINT8_MAX; i += 3) {
        world_add(&world, VALUE_IPV4, BYTES(10, 0, 1, (uint8_t)i));
        world_add(&world, VALUE_IPV4, BYTES(10, (uint8_t)i, 3, 7));
    }
    world_open(&world);

    match_batch_begin(&batch, world.image, candidates, ROOM);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < MATCH_BATCH_IPV4S_MAX; i++) {
            addresses[i] = 0x0A000000u | round << 8 | i; /* 10.0.0.0 */
            marks[i] = round * MATCH_BATCH_IPV4S_MAX + i;
        }
        match_batch_add_ipv4s(&batch, addresses, marks, MATCH_BATCH_IPV4S_MAX);
    }
    match_batch_flush(&batch);
    for (size_t i = 0; i < batch.candidate_count; i++) {
        met[candidates[i]] = true;
    }

    for (uint32_t i = 0; i < ROUNDS * MATCH_BATCH_IPV4S_MAX; i++) {
        const uint8_t key[] = { 10, 0, (uint8_t)(i >> 8), (uint8_t)i };
        bool alone = false;
        match_batch_begin(&batch, world.image, candidates, ROOM);
        match_batch_add(&batch, VALUE_IPV4, span_make(key, sizeof key), i);
        match_batch_flush(&batch);
        alone = batch.candidate_count > 0;
        assert_int_equal(met[i], alone);
        assert_true(alone || i >> 8 != 1 || (i & UINT8_MAX) % 3 != 0);
    }
    world_end(&world);
}

TEST(every_value_of_a_large_image_is_a_candidate_in_the_order_added)
{
    static struct world world;
    uint8_t key[VALUE_MD5_SIZE];
    uint32_t next = 0;
    world_begin(&world);
    for (uint64_t i = 0; i < KEYS; i++) {
        world_add(&world, VALUE_MD5, number_key(i, key));
    }
    world_open(&world);

    match_batch_begin(&batch, world.image, candidates, ROOM);
    for (uint32_t i = 0; i < KEYS; i++) {
        match_batch_add(&batch, VALUE_MD5, number_key(i, key), i);
        if (i + 1 == KEYS) {
            match_batch_flush(&batch);
        }
        for (size_t k = 0; k < batch.candidate_count; k++) {
            assert_int_equal(candidates[k], next);
            next++;
        }
        batch.candidate_count = 0;
    }

    assert_int_equal(next, KEYS);
    world_end(&world);
}

TEST(kind_without_indicators_is_not_probed)
{
    static struct world world;
    world_begin(&world);
    world_add(&world, VALUE_MD5, SPAN("0123456789abcdef"));
    world_add(&world, VALUE_CIDR, BYTES(4, 8, 10, 0, 0, 0));
    world_open(&world);

    match_batch_begin(&batch, world.image, candidates, ROOM);
    match_batch_add(&batch, VALUE_DOMAIN, SPAN("www.example.org"), 1);
    match_batch_add(&batch, VALUE_IPV4, BYTES(11, 0, 0, 1), 2);
    match_batch_add(&batch, VALUE_IPV6, SPAN("0123456789abcdef"), 3);

    assert_int_equal(batch.count, 0);
    assert_int_equal(batch.candidate_count, 0);
    world_end(&world);
}

TEST(ipv6_address_in_a_range_is_a_candidate_at_once_an_ipv4_address_with_the_next_answers)
{
    static struct world world;
    world_begin(&world);
    world_add(&world, VALUE_CIDR, BYTES(4, 8, 10, 0, 0, 0));
    world_add(&world, VALUE_CIDR, BYTES(6, 8, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    world_open(&world);

    match_batch_begin(&batch, world.image, candidates, ROOM);
    match_batch_add(&batch, VALUE_IPV6, BYTES(0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
                    6);
    assert_int_equal(batch.candidate_count, 1);
    match_batch_add(&batch, VALUE_IPV4, BYTES(10, 255, 255, 255), 7);
    assert_int_equal(batch.candidate_count, 1);
    match_batch_flush(&batch);

    assert_int_equal(batch.candidate_count, 2);
    assert_int_equal(candidates[0], 6);
    assert_int_equal(candidates[1], 7);
    world_end(&world);
}

TEST(domain_is_probed_only_at_depths_that_indicators_have)
{
    static struct world world;
    world_begin(&world);
    world_add_scoped(&world, VALUE_DOMAIN, SPAN("example.org"), VALUE_SCOPE_SUBDOMAINS);
    world_add_scoped(&world, VALUE_DOMAIN, SPAN("a.b.c.d.test"), VALUE_SCOPE_EXACT);
    world_open(&world);

    match_batch_begin(&batch, world.image, candidates, ROOM);
    match_batch_add(&batch, VALUE_DOMAIN, SPAN("one.two.three"), 0);
    assert_int_equal(batch.count, 1);
    match_batch_add(&batch, VALUE_DOMAIN, SPAN("five.four.three.two.one"), 0);
    assert_int_equal(batch.count, 3);
    match_batch_add(&batch, VALUE_DOMAIN, SPAN("one"), 0);
    assert_int_equal(batch.count, 3);
    world_end(&world);
}

TEST(name_beside_an_indicators_scope_is_no_candidate)
{
    static struct world world;
    world_begin(&world);
    world_add_scoped(&world, VALUE_DOMAIN, SPAN("exact.example"), VALUE_SCOPE_EXACT);
    world_add_scoped(&world, VALUE_DOMAIN, SPAN("below.example"), VALUE_SCOPE_SUBDOMAINS_ONLY);
    world_open(&world);

    match_batch_begin(&batch, world.image, candidates, ROOM);
    match_batch_add(&batch, VALUE_DOMAIN, SPAN("www.exact.example"), 0);
    match_batch_add(&batch, VALUE_DOMAIN, SPAN("below.example"), 1);
    match_batch_add(&batch, VALUE_DOMAIN, SPAN("www.below.example"), 2);
    match_batch_flush(&batch);

    assert_int_equal(batch.candidate_count, 1);
    assert_int_equal(candidates[0], 2);
    world_end(&world);
}

TEST(names_of_every_length_give_the_candidates_that_find_gives)
{
    static struct world world;
    struct match_found found[MATCH_FOUND_COUNT_MAX];
    uint8_t name[VALUE_DOMAIN_SIZE_MAX];
    world_begin(&world);
    world_add_scoped(&world, VALUE_DOMAIN, SPAN("a"), VALUE_SCOPE_SUBDOMAINS_ONLY);
    world_add_scoped(&world, VALUE_DOMAIN, SPAN("aa.a"), VALUE_SCOPE_SUBDOMAINS);
    world_open(&world);

    for (size_t size = 1; size <= sizeof name; size++) {
        for (size_t dot = 0; dot < size; dot++) {
            for (size_t i = 0; i < size; i++) {
                name[i] = i == dot || (i + 2 == size && dot % 2 == 0) ? '.' : 'a';
            }
            bool cut = false;
            const struct span key = span_make(name, size);
            size_t count = match_find(world.image, VALUE_DOMAIN, key, found, &cut);
            match_batch_begin(&batch, world.image, candidates, ROOM);
            match_batch_add(&batch, VALUE_DOMAIN, key, 0);
            match_batch_flush(&batch);
            assert_int_equal(batch.candidate_count > 0, count > 0);
        }
    }
    world_end(&world);
}

/* More of them than wait at once; a listed address that a range covers is called more than once. */
TEST(batch_finds_every_address_that_a_range_covers)
{
    static struct world world;
    static bool called[3 * MATCH_BATCH_NEAR_SIZE];
    world_begin(&world);
    world_add(&world, VALUE_CIDR, BYTES(4, 12, 10, 16, 0, 0));
    world_add(&world, VALUE_IPV4, BYTES(10, 16, 0, 1));
    world_open(&world);

    match_batch_begin(&batch, world.image, candidates, ROOM);
    for (uint32_t i = 0; i < 3 * MATCH_BATCH_NEAR_SIZE; i++) {
        uint8_t last = (uint8_t)i;
        uint8_t second = i % 2 == 0 ? 16 : 32;
        match_batch_add(&batch, VALUE_IPV4, BYTES(10, second, 0, last), i);
    }
    match_batch_flush(&batch);
    for (size_t i = 0; i < batch.candidate_count; i++) {
        called[candidates[i]] = true;
    }

    for (uint32_t i = 0; i < 3 * MATCH_BATCH_NEAR_SIZE; i++) {
        assert_int_equal(called[i], i % 2 == 0);
    }
    world_end(&world);
}

TEST(room_for_candidates_is_enough_when_one_batch_more_is_left)
{
    static struct world world;
    size_t total = 0;
    world_begin(&world);
    world_add(&world, VALUE_IPV4, BYTES(192, 0, 2, 1));
    world_add(&world, VALUE_CIDR, BYTES(4, 8, 10, 0, 0, 0));
    world_open(&world);

    match_batch_begin(&batch, world.image, candidates, MATCH_BATCH_CANDIDATES_MAX);
    for (uint32_t i = 0; i < 3 * MATCH_BATCH_SIZE; i++) {
        bool listed = i % 3 != 0;
        match_batch_add(&batch, VALUE_IPV4, listed ? BYTES(192, 0, 2, 1) : BYTES(10, 0, 0, 1), i);
        total += batch.candidate_count;
        batch.candidate_count = 0;
    }
    match_batch_flush(&batch);
    total += batch.candidate_count;

    assert_int_equal(total, 3 * MATCH_BATCH_SIZE);
    world_end(&world);
}
