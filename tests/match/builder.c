// SPDX-License-Identifier: EUPL-1.2
/* Making images: what is refused, what memory it takes, and what happens when there is none. */
#include "tests/match/model.h"
#include "tests/match/world.h"

enum { MIXED_COUNT = 100000, BYTES_EACH_MAX = 60, DICE_SIZE = 4096 };

TEST(key_that_has_not_the_shape_of_its_kind_is_refused)
{
    static const uint8_t too_long[VALUE_URL_SIZE_MAX + 1] = { 0 };
    static struct world world;
    world_begin(&world);
    const struct value values[] = {
        { .kind = VALUE_NONE, .key = SPAN("a") },
        { .kind = VALUE_KIND_COUNT, .key = SPAN("a") },
        { .kind = VALUE_IPV4, .key = SPAN("123") },
        { .kind = VALUE_IPV6, .key = SPAN("1234") },
        { .kind = VALUE_CIDR, .key = BYTES(4, 33, 10, 0, 0, 0) },
        { .kind = VALUE_CIDR, .key = BYTES(4, 8, 10, 0, 0, 1) },
        { .kind = VALUE_CIDR, .key = BYTES(5, 8, 10, 0, 0, 0) },
        { .kind = VALUE_CIDR, .key = BYTES(6, 8, 10, 0, 0, 0) },
        { .kind = VALUE_CIDR, .key = BYTES(4, 8, 10, 0, 0, 0, 0) },
        { .kind = VALUE_DOMAIN, .key = SPAN("") },
        { .kind = VALUE_DOMAIN, .key = span_make(too_long, VALUE_DOMAIN_SIZE_MAX + 1) },
        { .kind = VALUE_URL, .key = span_make(too_long, sizeof too_long) },
        { .kind = VALUE_EMAIL, .key = span_make(too_long, VALUE_EMAIL_SIZE_MAX + 1) },
        { .kind = VALUE_MD5, .key = SPAN("0123456789abcde") },
        { .kind = VALUE_SHA256, .key = SPAN("01234567890123456789") },
        { .kind = VALUE_URL,
          .key = SPAN("a"),
          .scheme = span_make(too_long, VALUE_SCHEME_SIZE_MAX + 1) },
    };

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        const struct match_indicator indicator = { .value = values[i] };
        check_err(match_builder_add(world.builder, &indicator), ERR_FORMAT);
    }

    world_open(&world);
    assert_int_equal(match_image_count(world.image, VALUE_NONE), 0);
    world_end(&world);
}

TEST(origin_of_too_long_a_name_is_refused)
{
    static const uint8_t name[MATCH_ORIGIN_TEXT_SIZE_MAX + 1] = { 0 };
    static struct world world;
    uint16_t number = 77;
    world_begin(&world);

    const struct match_origin origin = { .set = span_make(name, sizeof name) };
    check_err(match_builder_origin(world.builder, &origin, &number), ERR_LIMIT);

    assert_int_equal(number, 77);
    world_end(&world);
}

TEST(origins_are_counted_up_to_their_limit)
{
    static struct world world;
    const struct match_origin origin = { .source = SPAN("s") };
    uint16_t number = 0;
    world_begin(&world);

    for (size_t i = 1; i < MATCH_ORIGIN_COUNT_MAX; i++) {
        check_err(match_builder_origin(world.builder, &origin, &number), ERR_OK);
        assert_int_equal(number, i);
    }
    check_err(match_builder_origin(world.builder, &origin, &number), ERR_LIMIT);

    world_end(&world);
}

TEST(finished_builder_is_empty_and_can_begin_again)
{
    static struct world world;
    struct buf again;
    struct match_image *image;
    world_begin(&world);
    world_add(&world, VALUE_DOMAIN, SPAN("example.org"));
    world_open(&world);

    check_err(match_builder_finish(world.builder, &again), ERR_OK);
    check_err(match_image_open(&world.op, buf_span(&again), &image), ERR_OK);

    assert_int_equal(match_image_count(image, VALUE_NONE), 0);
    assert_int_equal(match_image_count(world.image, VALUE_NONE), 1);
    match_image_close(image);
    buf_done(&again);
    world_end(&world);
}

static void mixed_add(struct world *world, uint64_t *state)
{
    uint8_t key[VALUE_SHA256_SIZE];
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)('a' + testing_random(state) % 26); /* letters */
    }
    key[0] = 4;
    key[1] = 24;
    key[5] = 0;
    static const struct {
        enum value_kind kind;
        size_t size;
    } mix[] = { { VALUE_IPV4, 4 },    { VALUE_IPV4, 4 },   { VALUE_IPV6, 16 },
                { VALUE_DOMAIN, 14 }, { VALUE_DOMAIN, 9 }, { VALUE_URL, 31 },
                { VALUE_SHA256, 32 }, { VALUE_MD5, 16 },   { VALUE_EMAIL, 17 },
                { VALUE_DOMAIN, 20 } };
    unsigned roll = (unsigned)(testing_random(state) % 100); /* one in a hundred is a range */
    if (roll == 0) {
        world_add(world, VALUE_CIDR, span_make(key, VALUE_CIDR_IPV4_SIZE));
        return;
    }
    world_add(world, mix[roll % 10].kind, span_make(key, mix[roll % 10].size));
}

TEST(image_takes_at_most_sixty_bytes_an_indicator_beyond_its_text)
{
    static struct world world;
    uint64_t state = 1;
    world_begin(&world);
    for (size_t i = 0; i < MIXED_COUNT; i++) {
        mixed_add(&world, &state);
    }

    world_open(&world);

    assert_true(world.bytes.size - world.image->text.size <= (size_t)MIXED_COUNT * BYTES_EACH_MAX);
    world_end(&world);
}

/* A world that has something of everything. */
static struct model *rich_model(struct op *op)
{
    static uint8_t dice[DICE_SIZE];
    uint64_t state = 12;
    for (size_t i = 0; i < sizeof dice; i++) {
        dice[i] = (uint8_t)testing_random(&state);
    }
    dice[1] = 150; /* indicators */
    dice[2] = 1;   /* with patterns */
    return model_make(op, span_make(dice, sizeof dice));
}

TEST(building_fails_cleanly_at_every_request_for_memory)
{
    const struct hash_secret secret = world_secret(3);
    uint64_t allowed = 0;
    enum err err = ERR_LIMIT;

    while (err != ERR_OK) {
        struct op op;
        testing_op_begin(&op);
        struct model *model = rich_model(&op);
        struct buf bytes = { .size_max = 77 };

        memory_fail_after(allowed);
        err = model_build(model, &secret, &bytes);
        memory_fail_after(UINT64_MAX);

        if (err != ERR_OK) {
            check_err(err, ERR_LIMIT);
            assert_int_equal(bytes.size_max, 77);
        } else {
            buf_done(&bytes);
        }
        op_end(&op);
        allowed++;
    }

    assert_true(allowed > 10); /* builder, five buffers, two plans, image */
}

TEST(finish_that_failed_can_be_tried_again)
{
    static struct world world;
    struct buf wanted;
    world_begin(&world);
    world_add(&world, VALUE_CIDR, BYTES(4, 8, 10, 0, 0, 0));
    world_add(&world, VALUE_CIDR, BYTES(4, 8, 10, 0, 0, 0));
    world_add(&world, VALUE_DOMAIN, SPAN("example.org"));

    uint64_t allowed = 0;
    enum err err = ERR_LIMIT;
    while (err != ERR_OK) {
        memory_fail_after(allowed);
        err = match_builder_finish(world.builder, &wanted);
        memory_fail_after(UINT64_MAX);
        allowed++;
    }

    assert_true(allowed > 1);
    world.bytes = wanted;
    check_err(match_image_open(&world.op, buf_span(&world.bytes), &world.image), ERR_OK);
    world_find(&world, VALUE_IPV4, BYTES(10, 0, 0, 1));
    check_found(&world, MATCH_RUNG_RANGE, 0, 1);
    world_end(&world);
}

TEST(opening_fails_cleanly_without_memory)
{
    static struct world world;
    struct match_image *image = NULL;
    world_begin(&world);
    world_add(&world, VALUE_DOMAIN, SPAN("example.org"));
    check_err(match_builder_finish(world.builder, &world.bytes), ERR_OK);

    memory_fail_after(0);
    enum err err = match_image_open(&world.op, buf_span(&world.bytes), &image);
    memory_fail_after(UINT64_MAX);

    check_err(err, ERR_LIMIT);
    assert_null(image);
    assert_true(world.op.fault.err == ERR_LIMIT);
    world_end(&world);
}
