// SPDX-License-Identifier: EUPL-1.2
#include "base/arena.h"

#include <stdalign.h>

#include "base/memory.h"
#include "tests/testing.h"

enum { CEILING = 1024 * 1024 };

static bool is_aligned(const void *block)
{
    return (uintptr_t)block % alignof(max_align_t) == 0;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

TEST(arena_gives_aligned_and_cleared_memory_of_every_size)
{
    struct arena arena;
    arena_init(&arena, CEILING);

    for (size_t size = 0; size < 200; size++) {
        uint8_t *block = arena_alloc(&arena, size);
        assert_non_null(block);
        assert_true(is_aligned(block));
        assert_true(is_zero(block, size));
        memset(block, 0xAA, size);
    }

    arena_done(&arena);
}

TEST(arena_blocks_do_not_overlap)
{
    struct arena arena;
    arena_init(&arena, CEILING);
    uint64_t random = testing_seed();
    enum { COUNT = 500 };
    uint8_t *blocks[COUNT];
    size_t sizes[COUNT];

    for (size_t i = 0; i < COUNT; i++) {
        sizes[i] = (size_t)(testing_random(&random) % 1000);
        blocks[i] = arena_alloc(&arena, sizes[i]);
        assert_non_null(blocks[i]);
        memset(blocks[i], (int)(i % 251), sizes[i]);
    }

    for (size_t i = 0; i < COUNT; i++) {
        for (size_t at = 0; at < sizes[i]; at++) {
            assert_int_equal(blocks[i][at], i % 251);
        }
    }
    arena_done(&arena);
}

TEST(arena_never_holds_more_than_its_ceiling)
{
    struct arena arena;
    arena_init(&arena, CEILING);
    size_t given = 0;

    while (arena_alloc(&arena, 1000) != NULL) {
        given += 1000;
        assert_true(arena.total <= CEILING);
    }

    assert_true(given > CEILING * 9 / 10); /* the ceiling is used, not only kept */
    arena_done(&arena);
}

TEST(arena_refuses_what_can_never_fit)
{
    struct arena arena;
    arena_init(&arena, CEILING);

    assert_null(arena_alloc(&arena, CEILING));
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX / 2));
    assert_null(arena_alloc(&arena, SIZE_MAX / 2 + 1));
    assert_non_null(arena_alloc(&arena, CEILING / 2)); /* a refusal harms nothing */

    arena_done(&arena);
}

TEST(arena_without_room_gives_nothing)
{
    struct arena arena;
    arena_init(&arena, 0);

    assert_null(arena_alloc(&arena, 0));
    assert_null(arena_alloc(&arena, 1));

    arena_done(&arena);
}

TEST(arena_survives_the_machine_without_memory)
{
    struct arena arena;
    arena_init(&arena, CEILING);
    struct span copy = SPAN("untouched");

    memory_fail_after(0);
    assert_null(arena_alloc(&arena, 10));
    check_err(arena_copy(&arena, SPAN("text"), &copy), ERR_LIMIT);
    memory_fail_after(UINT64_MAX);

    check_span(copy, "untouched");
    assert_non_null(arena_alloc(&arena, 10));
    arena_done(&arena);
}

TEST(arena_keeps_one_chunk_over_a_reset_and_clears_it_again)
{
    struct arena arena;
    arena_init(&arena, CEILING);
    for (size_t i = 0; i < 300; i++) {
        uint8_t *block = arena_alloc(&arena, 1000);
        assert_non_null(block);
        memset(block, 0xAA, 1000);
    }

    arena_reset(&arena);
    memory_fail_after(0); /* the kept chunk serves without the heap */
    uint8_t *block = arena_alloc(&arena, 1000);
    memory_fail_after(UINT64_MAX);

    assert_non_null(block);
    assert_true(is_zero(block, 1000));
    arena_done(&arena);
    assert_int_equal(arena.total, 0);
}

TEST(arena_is_flat_over_many_resets)
{
    struct arena arena;
    arena_init(&arena, CEILING);

    for (size_t round = 0; round < 100; round++) {
        for (size_t i = 0; i < 50; i++) {
            assert_non_null(arena_alloc(&arena, 1000));
        }
        arena_reset(&arena);
    }
    assert_true(arena.total < 200 * 1000);

    arena_done(&arena);
}

TEST(arena_copy_ends_with_a_nul_outside_the_span)
{
    struct arena arena;
    arena_init(&arena, CEILING);
    struct span copy;

    check_err(arena_copy(&arena, SPAN("ab\0c"), &copy), ERR_OK);
    assert_int_equal(copy.size, 4);
    assert_memory_equal(copy.data, "ab\0c", 5);
    check_err(arena_copy(&arena, (struct span){ NULL, 0 }, &copy), ERR_OK);
    assert_int_equal(copy.size, 0);
    assert_int_equal(copy.data[0], 0);

    arena_done(&arena);
}

TEST(arena_can_be_used_again_after_done_and_reset_when_empty)
{
    struct arena arena;
    arena_init(&arena, CEILING);

    arena_reset(&arena);
    arena_done(&arena);
    assert_non_null(arena_alloc(&arena, 1));

    arena_done(&arena);
    arena_done(&arena);
}

TEST(memory_counts_requests_and_an_overflowing_array_is_none)
{
    memory_fail_after(UINT64_MAX);

    assert_null(memory_new_array(SIZE_MAX / 2, 4));
    void *block = memory_new(0);
    assert_non_null(block);
    memory_free(block);
    memory_free(NULL);

    assert_int_equal(memory_request_count(), 2);
}

TEST(memory_fails_after_the_requests_allowed)
{
    memory_fail_after(1);
    uint8_t *block = memory_new(8);
    void *larger = memory_resize(block, 16);
    void *another = memory_new(8);
    memory_fail_after(UINT64_MAX);

    assert_non_null(block);
    assert_true(is_zero(block, 8));
    assert_null(larger);
    assert_null(another);
    memory_free(block);
}
