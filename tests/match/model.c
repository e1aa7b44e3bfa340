// SPDX-License-Identifier: EUPL-1.2
/* Random worlds: the index against a plain list. */
#include "tests/match/model.h"

#include "tests/testing.h"

enum { WORLDS = 1500, DICE_SIZE = 16384 };

static struct hash_secret random_secret(uint64_t *state)
{
    struct hash_secret secret;
    for (size_t i = 0; i < sizeof secret.bytes; i++) {
        secret.bytes[i] = (uint8_t)testing_random(state);
    }
    return secret;
}

TEST(index_finds_what_a_plain_list_finds_in_the_same_order)
{
    static uint8_t dice[DICE_SIZE];
    uint64_t state = testing_seed();

    for (size_t world = 0; world < WORLDS; world++) {
        struct op op;
        testing_op_begin(&op);
        for (size_t i = 0; i < DICE_SIZE; i++) {
            dice[i] = (uint8_t)testing_random(&state);
        }
        const struct hash_secret secret = random_secret(&state);

        const char *difference = model_check(&op, &secret, span_make(dice, DICE_SIZE));

        if (difference != NULL) {
            print_error("world %zu: %s\n", world, difference);
        }
        assert_null(difference);
        op_end(&op);
    }
}
