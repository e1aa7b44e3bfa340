// SPDX-License-Identifier: EUPL-1.2
/* What an image finds, case by case. */
#include "tests/match/world.h"

enum { EQUAL_VALUES = 100000 };

TEST(empty_image_opens_and_finds_nothing)
{
    static struct world world;
    world_begin(&world);
    world_open(&world);

    for (enum value_kind kind = VALUE_IPV4; kind < VALUE_KIND_COUNT; kind++) {
        if (kind != VALUE_CIDR) {
            world_find(&world, kind, SPAN("example.org"));
            assert_int_equal(world.found_count, 0);
        }
        assert_int_equal(match_image_count(world.image, kind), 0);
    }
    assert_int_equal(match_image_count(world.image, VALUE_NONE), 0);
    world_end(&world);
}

TEST(builder_without_any_origin_gives_an_image)
{
    const struct hash_secret secret = world_secret(2);
    struct op op;
    struct match_builder *builder;
    struct match_image *image;
    struct buf bytes;
    testing_op_begin(&op);
    check_err(match_builder_new(&op, &secret, 0, &builder), ERR_OK);

    check_err(match_builder_finish(builder, &bytes), ERR_OK);
    check_err(match_image_open(&op, buf_span(&bytes), &image), ERR_OK);

    assert_int_equal(match_image_count(image, VALUE_NONE), 0);
    match_image_close(image);
    match_builder_free(builder);
    buf_done(&bytes);
    op_end(&op);
}

TEST(one_indicator_is_found_and_nothing_beside_it)
{
    static struct world world;
    world_begin(&world);
    world_add(&world, VALUE_SHA1, SPAN("01234567890123456789"));
    world_open(&world);

    world_find(&world, VALUE_SHA1, SPAN("01234567890123456789"));
    check_found(&world, MATCH_RUNG_EXACT, 0);

    world_find(&world, VALUE_SHA1, SPAN("01234567890123456788"));
    assert_int_equal(world.found_count, 0);
    world_end(&world);
}

TEST(equal_bytes_of_two_kinds_are_two_values)
{
    static struct world world;
    world_begin(&world);
    world_add(&world, VALUE_DOMAIN, SPAN("example.org"));
    world_add(&world, VALUE_URL, SPAN("example.org"));
    world_add(&world, VALUE_EMAIL, SPAN("example.org"));
    world_open(&world);

    world_find(&world, VALUE_DOMAIN, SPAN("example.org"));
    check_found(&world, MATCH_RUNG_EXACT, 0);
    world_find(&world, VALUE_URL, SPAN("example.org"));
    check_found(&world, MATCH_RUNG_EXACT, 1);
    world_find(&world, VALUE_EMAIL, SPAN("example.org"));
    check_found(&world, MATCH_RUNG_EXACT, 2);
    world_end(&world);
}

TEST(equal_values_are_all_found_in_the_order_they_were_added)
{
    static struct world world;
    world_begin(&world);
    world_add(&world, VALUE_URL, SPAN("a.example/x"));
    world_add(&world, VALUE_URL, SPAN("b.example/x"));
    world_add(&world, VALUE_URL, SPAN("a.example/x"));
    world_add(&world, VALUE_URL, SPAN("a.example/x"));
    world_open(&world);

    world_find(&world, VALUE_URL, SPAN("a.example/x"));

    check_found(&world, MATCH_RUNG_EXACT, 0, 2, 3);
    assert_false(world.cut);
    world_end(&world);
}

TEST(hundred_thousand_equal_values_are_cut_at_the_limit_and_said_so)
{
    static struct world world;
    world_begin(&world);
    for (size_t i = 0; i < EQUAL_VALUES; i++) {
        world_add(&world, VALUE_DOMAIN, SPAN("example.org"));
        world_add(&world, VALUE_CIDR, BYTES(4, 8, 10, 0, 0, 0));
    }
    world_open(&world);

    world_find(&world, VALUE_DOMAIN, SPAN("example.org"));
    assert_int_equal(world.found_count, MATCH_FOUND_COUNT_MAX);
    assert_true(world.cut);
    for (size_t i = 0; i < MATCH_FOUND_COUNT_MAX; i++) {
        assert_int_equal(world.found[i].indicator, 2 * i);
    }

    world_find(&world, VALUE_IPV4, BYTES(10, 1, 2, 3));
    assert_int_equal(world.found_count, MATCH_FOUND_COUNT_MAX);
    assert_true(world.cut);
    assert_int_equal(world.found[MATCH_FOUND_COUNT_MAX - 1].indicator,
                     2 * MATCH_FOUND_COUNT_MAX - 1);
    world_end(&world);
}

TEST(as_many_as_the_limit_are_not_called_cut)
{
    static struct world world;
    world_begin(&world);
    for (size_t i = 0; i < MATCH_FOUND_COUNT_MAX; i++) {
        world_add(&world, VALUE_MD5, SPAN("0123456789abcdef"));
    }
    world_open(&world);

    world_find(&world, VALUE_MD5, SPAN("0123456789abcdef"));

    assert_int_equal(world.found_count, MATCH_FOUND_COUNT_MAX);
    assert_false(world.cut);
    world_end(&world);
}

TEST(domain_matches_as_far_as_its_scope_reaches)
{
    static struct world world;
    world_begin(&world);
    world_add_scoped(&world, VALUE_DOMAIN, SPAN("exact.example"), VALUE_SCOPE_EXACT);
    world_add_scoped(&world, VALUE_DOMAIN, SPAN("both.example"), VALUE_SCOPE_SUBDOMAINS);
    world_add_scoped(&world, VALUE_DOMAIN, SPAN("below.example"), VALUE_SCOPE_SUBDOMAINS_ONLY);
    world_open(&world);

    world_find(&world, VALUE_DOMAIN, SPAN("exact.example"));
    check_found(&world, MATCH_RUNG_EXACT, 0);
    world_find(&world, VALUE_DOMAIN, SPAN("www.exact.example"));
    assert_int_equal(world.found_count, 0);

    world_find(&world, VALUE_DOMAIN, SPAN("both.example"));
    check_found(&world, MATCH_RUNG_EXACT, 1);
    world_find(&world, VALUE_DOMAIN, SPAN("a.b.both.example"));
    check_found(&world, MATCH_RUNG_SUBDOMAIN, 1);

    world_find(&world, VALUE_DOMAIN, SPAN("below.example"));
    assert_int_equal(world.found_count, 0);
    world_find(&world, VALUE_DOMAIN, SPAN("www.below.example"));
    check_found(&world, MATCH_RUNG_SUBDOMAIN, 2);
    world_end(&world);
}

TEST(domain_matches_at_label_boundaries_only)
{
    static struct world world;
    world_begin(&world);
    world_add_scoped(&world, VALUE_DOMAIN, SPAN("example.org"), VALUE_SCOPE_SUBDOMAINS);
    world_open(&world);

    world_find(&world, VALUE_DOMAIN, SPAN("notexample.org"));
    assert_int_equal(world.found_count, 0);
    world_find(&world, VALUE_DOMAIN, SPAN("example.org.test"));
    assert_int_equal(world.found_count, 0);
    world_find(&world, VALUE_DOMAIN, SPAN("org"));
    assert_int_equal(world.found_count, 0);
    world_end(&world);
}

TEST(names_above_are_found_from_the_longest_to_the_shortest)
{
    static struct world world;
    world_begin(&world);
    world_add_scoped(&world, VALUE_DOMAIN, SPAN("org"), VALUE_SCOPE_SUBDOMAINS);
    world_add_scoped(&world, VALUE_DOMAIN, SPAN("b.example.org"), VALUE_SCOPE_SUBDOMAINS_ONLY);
    world_add_scoped(&world, VALUE_DOMAIN, SPAN("example.org"), VALUE_SCOPE_SUBDOMAINS);
    world_add_scoped(&world, VALUE_DOMAIN, SPAN("a.b.example.org"), VALUE_SCOPE_EXACT);
    world_open(&world);

    world_find(&world, VALUE_DOMAIN, SPAN("a.b.example.org"));

    assert_int_equal(world.found_count, 4);
    assert_int_equal(world.found[0].indicator, 3);
    assert_int_equal(world.found[0].rung, MATCH_RUNG_EXACT);
    for (size_t i = 1; i < world.found_count; i++) {
        const uint32_t wanted[] = { 3, 1, 2, 0 };
        assert_int_equal(world.found[i].indicator, wanted[i]);
        assert_int_equal(world.found[i].rung, MATCH_RUNG_SUBDOMAIN);
    }
    world_end(&world);
}

TEST(name_of_the_most_labels_there_can_be_is_found_below_every_other)
{
    static struct world world;
    uint8_t name[VALUE_DOMAIN_SIZE_MAX];
    for (size_t i = 0; i < sizeof name; i++) {
        name[i] = i % 2 == 0 ? 'a' : '.';
    }
    const struct span longest = span_make(name, sizeof name);
    world_begin(&world);
    for (size_t cut = 0; cut < sizeof name; cut += 2) {
        world_add_scoped(&world, VALUE_DOMAIN, span_from(longest, cut), VALUE_SCOPE_SUBDOMAINS);
    }
    world_open(&world);

    world_find(&world, VALUE_DOMAIN, longest);

    assert_int_equal(world.found_count, MATCH_DEPTH_MAX);
    for (uint32_t i = 0; i < world.found_count; i++) {
        assert_int_equal(world.found[i].indicator, i);
    }
    world_end(&world);
}

TEST(every_range_that_covers_an_address_is_found_narrowest_first)
{
    static struct world world;
    world_begin(&world);
    world_add(&world, VALUE_CIDR, BYTES(4, 0, 0, 0, 0, 0));
    world_add(&world, VALUE_CIDR, BYTES(4, 24, 198, 51, 100, 0));
    world_add(&world, VALUE_CIDR, BYTES(4, 8, 198, 0, 0, 0));
    world_add(&world, VALUE_CIDR, BYTES(4, 24, 198, 51, 100, 0));
    world_add(&world, VALUE_CIDR, BYTES(4, 25, 198, 51, 100, 128));
    world_open(&world);

    world_find(&world, VALUE_IPV4, BYTES(198, 51, 100, 200));
    check_found(&world, MATCH_RUNG_RANGE, 4, 1, 3, 2, 0);
    world_find(&world, VALUE_IPV4, BYTES(198, 51, 100, 127));
    check_found(&world, MATCH_RUNG_RANGE, 1, 3, 2, 0);
    world_find(&world, VALUE_IPV4, BYTES(198, 51, 101, 0));
    check_found(&world, MATCH_RUNG_RANGE, 2, 0);
    world_find(&world, VALUE_IPV4, BYTES(197, 255, 255, 255));
    check_found(&world, MATCH_RUNG_RANGE, 0);
    world_find(&world, VALUE_IPV4, BYTES(255, 255, 255, 255));
    check_found(&world, MATCH_RUNG_RANGE, 0);
    world_end(&world);
}

TEST(address_itself_comes_before_the_ranges_around_it)
{
    static struct world world;
    world_begin(&world);
    world_add(&world, VALUE_CIDR, BYTES(4, 32, 203, 0, 113, 7));
    world_add(&world, VALUE_IPV4, BYTES(203, 0, 113, 7));
    world_open(&world);

    world_find(&world, VALUE_IPV4, BYTES(203, 0, 113, 7));

    assert_int_equal(world.found_count, 2);
    assert_int_equal(world.found[0].indicator, 1);
    assert_int_equal(world.found[0].rung, MATCH_RUNG_EXACT);
    assert_int_equal(world.found[1].indicator, 0);
    assert_int_equal(world.found[1].rung, MATCH_RUNG_RANGE);
    world_end(&world);
}

TEST(ranges_of_ipv6_reach_from_the_first_address_to_the_last)
{
    static const uint8_t first[VALUE_IPV6_SIZE] = { 0x20, 1, 0x0d, 0xb8 };
    static const uint8_t last[VALUE_IPV6_SIZE] = { 0x20, 1,   0x0d, 0xb8, 255, 255, 255, 255,
                                                   255,  255, 255,  255,  255, 255, 255, 255 };
    static const uint8_t behind[VALUE_IPV6_SIZE] = { 0x20, 1, 0x0d, 0xb9 };
    static struct world world;
    world_begin(&world);
    world_add(&world, VALUE_CIDR,
              BYTES(6, 32, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    world_add(&world, VALUE_CIDR,
              BYTES(6, 128, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
    world_open(&world);

    world_find(&world, VALUE_IPV6, span_make(first, sizeof first));
    check_found(&world, MATCH_RUNG_RANGE, 1, 0);
    world_find(&world, VALUE_IPV6, span_make(last, sizeof last));
    check_found(&world, MATCH_RUNG_RANGE, 0);
    world_find(&world, VALUE_IPV6, span_make(behind, sizeof behind));
    assert_int_equal(world.found_count, 0);
    world_find(&world, VALUE_IPV4, BYTES(0x20, 1, 0x0d, 0xb8));
    assert_int_equal(world.found_count, 0);
    world_end(&world);
}

TEST(all_that_was_said_of_an_indicator_comes_back)
{
    static struct world world;
    struct match_indicator got;
    struct match_origin origin;
    uint16_t number;
    world_begin(&world);
    const struct match_origin second = { .source_id = SPAN("identity--2"),
                                         .source = SPAN("other") };
    check_err(match_builder_origin(world.builder, &second, &number), ERR_OK);
    const struct match_indicator given = {
        .value = { .kind = VALUE_URL, .key = SPAN("example.org/a?b"), .scheme = SPAN("https") },
        .scope = VALUE_SCOPE_PREFIX,
        .tlp = 4,
        .confidence = 255,
        .origin = number,
        .has_uuid = true,
        .uuid = { .bytes = { 1, 2, 3 } },
        .valid_from_us = -1,
        .valid_until_us = TIME_US_MAX,
    };
    check_err(match_builder_add(world.builder, &given), ERR_OK);
    world_open(&world);

    match_indicator_at(world.image, 0, &got);
    match_origin_at(world.image, got.origin, &origin);

    check_span(got.value.key, "example.org/a?b");
    check_span(got.value.scheme, "https");
    assert_int_equal(got.value.kind, VALUE_URL);
    assert_int_equal(got.scope, VALUE_SCOPE_PREFIX);
    assert_int_equal(got.tlp, 4);
    assert_int_equal(got.confidence, 255);
    assert_true(got.has_uuid);
    assert_true(uuid_equal(&got.uuid, &given.uuid));
    assert_true(got.valid_from_us == -1);
    assert_true(got.valid_until_us == TIME_US_MAX);
    check_span(origin.source_id, "identity--2");
    check_span(origin.source, "other");
    check_span(origin.set, "");
    world_end(&world);
}
