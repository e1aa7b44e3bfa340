// SPDX-License-Identifier: EUPL-1.2
#include "crypt/secretstream.h"

#include "tests/testing.h"

enum { PIECE_COUNT = 3, SEALED_SIZE_MAX = 64 };

struct sealed {
    struct secretstream_key key;
    uint8_t start[SECRETSTREAM_START_SIZE];
    uint8_t bytes[PIECE_COUNT][SEALED_SIZE_MAX];
    struct span pieces[PIECE_COUNT];
};

static const struct span texts[PIECE_COUNT] = {
    { (const uint8_t *)"first", 5 },
    { (const uint8_t *)"", 0 },
    { (const uint8_t *)"last", 4 },
};

static const struct secretstream_cost cheap = { .ops = SECRETSTREAM_OPS_MIN,
                                                .memory = SECRETSTREAM_MEMORY_MIN,
                                                .salt = { 1, 2, 3 } };

static struct secretstream_key key_of(const char *secret, const struct secretstream_cost *cost)
{
    struct op op;
    struct secretstream_key key;
    testing_op_begin(&op);
    check_err(secretstream_key_derive(&op, span_of(secret), cost, &key), ERR_OK);
    op_end(&op);
    return key;
}

static void seal_all(struct sealed *sealed)
{
    struct secretstream stream;
    sealed->key = key_of("secret", &cheap);
    secretstream_seal_begin(&stream, &sealed->key, sealed->start);
    for (size_t i = 0; i < PIECE_COUNT; i++) {
        secretstream_seal(&stream, texts[i], SPAN("context"), i == PIECE_COUNT - 1,
                          sealed->bytes[i]);
        sealed->pieces[i] = span_make(sealed->bytes[i], texts[i].size + SECRETSTREAM_OVERHEAD);
    }
    secretstream_wipe(&stream);
}

/* Opens pieces in the given order; gives the error of the first that fails. */
static enum err open_pieces(const struct sealed *sealed, const struct secretstream_key *key,
                            struct span context, const size_t *order, size_t count)
{
    struct secretstream stream;
    check_err(secretstream_open_begin(&stream, key, sealed->start), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        uint8_t text[SEALED_SIZE_MAX];
        bool last = false;
        TRY(secretstream_open(&stream, sealed->pieces[order[i]], context, text, &last));
        assert_true(span_equal(span_make(text, texts[order[i]].size), texts[order[i]]));
        assert_int_equal(last, order[i] == PIECE_COUNT - 1);
    }
    return ERR_OK;
}

TEST(sealed_pieces_open_in_their_order_only)
{
    static const size_t orders[][PIECE_COUNT] = {
        { 1, 0, 2 }, { 0, 2, 1 }, { 0, 0, 1 }, { 2, 0, 1 }
    };
    static const size_t right[] = { 0, 1, 2 };
    struct sealed sealed;
    seal_all(&sealed);

    check_err(open_pieces(&sealed, &sealed.key, SPAN("context"), right, PIECE_COUNT), ERR_OK);
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        check_err(open_pieces(&sealed, &sealed.key, SPAN("context"), orders[i], PIECE_COUNT),
                  ERR_FORMAT);
    }
}

TEST(sealed_pieces_need_their_key_and_context)
{
    static const size_t order[] = { 0 };
    struct sealed sealed;
    seal_all(&sealed);
    struct secretstream_key other = key_of("secret2", &cheap);

    check_err(open_pieces(&sealed, &other, SPAN("context"), order, 1), ERR_FORMAT);
    check_err(open_pieces(&sealed, &sealed.key, SPAN("Context"), order, 1), ERR_FORMAT);
}

TEST(sealed_piece_changed_or_cut_anywhere_does_not_open)
{
    static const size_t order[] = { 0 };
    struct sealed sealed;
    seal_all(&sealed);
    struct span whole = sealed.pieces[0];

    for (size_t size = 0; size < whole.size; size++) {
        sealed.pieces[0] = span_slice(whole, 0, size);
        check_err(open_pieces(&sealed, &sealed.key, SPAN("context"), order, 1), ERR_FORMAT);
    }
    sealed.pieces[0] = whole;
    for (size_t i = 0; i < whole.size; i++) {
        sealed.bytes[0][i] ^= 1;
        check_err(open_pieces(&sealed, &sealed.key, SPAN("context"), order, 1), ERR_FORMAT);
        sealed.bytes[0][i] ^= 1;
    }
    check_err(open_pieces(&sealed, &sealed.key, SPAN("context"), order, 1), ERR_OK);
}

TEST(key_depends_on_secret_salt_and_cost_and_nothing_else)
{
    struct secretstream_cost other_salt = cheap;
    struct secretstream_cost other_ops = cheap;
    struct secretstream_cost other_memory = cheap;
    other_salt.salt[0] = 9;
    other_ops.ops++;
    other_memory.memory *= 2;
    const struct secretstream_key key = key_of("secret", &cheap);
    const struct secretstream_key others[] = {
        key_of("Secret", &cheap),
        key_of("secret", &other_salt),
        key_of("secret", &other_ops),
        key_of("secret", &other_memory),
    };
    const struct secretstream_key again = key_of("secret", &cheap);

    assert_memory_equal(&key, &again, sizeof key);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_memory_not_equal(&key, &others[i], sizeof key);
    }
}

TEST(key_that_would_cost_too_much_or_nothing_is_refused)
{
    static const struct secretstream_cost costs[] = {
        { .ops = 0, .memory = SECRETSTREAM_MEMORY_MIN },
        { .ops = SECRETSTREAM_OPS_MAX + 1, .memory = SECRETSTREAM_MEMORY_MIN },
        { .ops = 1, .memory = SECRETSTREAM_MEMORY_MIN - 1 },
        { .ops = 1, .memory = SECRETSTREAM_MEMORY_MAX + 1 },
        { .ops = UINT64_MAX, .memory = UINT64_MAX },
    };
    for (size_t i = 0; i < sizeof costs / sizeof costs[0]; i++) {
        struct op op;
        struct secretstream_key key;
        testing_op_begin(&op);

        check_err(secretstream_key_derive(&op, SPAN("secret"), &costs[i], &key), ERR_LIMIT);

        op_end(&op);
    }
}
