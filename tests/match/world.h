// SPDX-License-Identifier: EUPL-1.2
/* What the tests of the index share: a builder with one origin, and questions to its image. */
#ifndef TESTS_MATCH_WORLD_H
#define TESTS_MATCH_WORLD_H

#include "base/memory.h"
#include "match/image.h"
#include "tests/testing.h"

struct world {
    struct op op;
    struct match_builder *builder;
    struct match_image *image;
    struct buf bytes;
    struct match_found found[MATCH_FOUND_COUNT_MAX];
    size_t found_count;
    bool cut;
};

/* The same in every run. */
__attribute__((unused)) static struct hash_secret world_secret(uint64_t seed)
{
    struct hash_secret secret;
    uint64_t state = seed;
    for (size_t i = 0; i < sizeof secret.bytes; i++) {
        secret.bytes[i] = (uint8_t)testing_random(&state);
    }
    return secret;
}

__attribute__((unused)) static void world_begin(struct world *world)
{
    const struct hash_secret secret = world_secret(1);
    const struct match_origin origin = { .source_id = SPAN("identity--1"),
                                         .source = SPAN("a source"),
                                         .set = SPAN("a set") };
    uint16_t number;
    testing_op_begin(&world->op);
    world->image = NULL;
    buf_init(&world->bytes, 0);
    check_err(match_builder_new(&world->op, &secret, 0, &world->builder), ERR_OK);
    check_err(match_builder_origin(world->builder, &origin, &number), ERR_OK);
    assert_int_equal(number, 0);
}

__attribute__((unused)) static void world_end(struct world *world)
{
    match_image_close(world->image);
    match_builder_free(world->builder);
    buf_done(&world->bytes);
    op_end(&world->op);
}

__attribute__((unused)) static void world_add_scoped(struct world *world, enum value_kind kind,
                                                     struct span key, enum value_scope scope)
{
    const struct match_indicator indicator = { .value = { .kind = kind, .key = key },
                                               .scope = scope,
                                               .valid_from_us = TIME_US_NONE,
                                               .valid_until_us = TIME_US_NONE };
    check_err(match_builder_add(world->builder, &indicator), ERR_OK);
}

__attribute__((unused)) static void world_add(struct world *world, enum value_kind kind,
                                              struct span key)
{
    world_add_scoped(world, kind, key, VALUE_SCOPE_EXACT);
}

__attribute__((unused)) static void world_open(struct world *world)
{
    check_err(match_builder_finish(world->builder, &world->bytes), ERR_OK);
    check_err(match_image_open(&world->op, buf_span(&world->bytes), &world->image), ERR_OK);
}

__attribute__((unused)) static void world_find(struct world *world, enum value_kind kind,
                                               struct span key)
{
    world->cut = false;
    world->found_count = match_find(world->image, kind, key, world->found, &world->cut);
}

/* The numbers found are those listed, in that order, each on that rung. */
#define check_found(world, rung_wanted, ...)                                                       \
    do {                                                                                           \
        const uint32_t wanted_[] = { __VA_ARGS__ };                                                \
        assert_int_equal((world)->found_count, sizeof wanted_ / sizeof wanted_[0]);                \
        for (size_t i_ = 0; i_ < (world)->found_count; i_++) {                                     \
            assert_int_equal((world)->found[i_].indicator, wanted_[i_]);                           \
            assert_int_equal((world)->found[i_].rung, (rung_wanted));                              \
        }                                                                                          \
    } while (0)

/* A span over bytes written as numbers. */
#define BYTES(...)                                                                                 \
    span_make((const uint8_t[]){ __VA_ARGS__ }, sizeof(const uint8_t[]){ __VA_ARGS__ })

#endif
