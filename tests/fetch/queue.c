// SPDX-License-Identifier: EUPL-1.2
#include "fetch/queue.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/testing.h"

enum { TAKE_MAX = 16 };

static void put(struct fetch_queue *queue, const char *text)
{
    const struct fetch_event event = {
        .type = FETCH_EVENT_HIT,
        .id = span_of(text),
        .text = span_of(text),
    };
    check_err(fetch_queue_put(queue, &event), ERR_OK);
}

static size_t take(struct fetch_queue *queue, struct fetch_item **items, size_t count)
{
    return fetch_queue_take(queue, items, count, 1000);
}

TEST(events_are_taken_in_order_and_stay_until_they_are_dropped)
{
    struct fetch_queue queue;
    struct fetch_item *items[TAKE_MAX];
    fetch_queue_init(&queue, 0);
    put(&queue, "a");
    put(&queue, "b");
    put(&queue, "c");

    assert_int_equal(take(&queue, items, 2), 2);
    check_span(items[0]->text, "a");
    check_span(items[1]->text, "b");
    fetch_queue_drop(&queue, 1);
    assert_int_equal(take(&queue, items, TAKE_MAX), 2);
    check_span(items[0]->text, "b");
    check_span(items[1]->text, "c");
    fetch_queue_drop(&queue, 2);

    assert_int_equal(queue.count, 0);
    assert_int_equal(queue.size, 0);
    fetch_queue_done(&queue);
}

TEST(batch_ends_where_its_bytes_do_but_never_before_the_first_event)
{
    struct fetch_queue queue;
    struct fetch_item *items[TAKE_MAX];
    fetch_queue_init(&queue, 0);
    put(&queue, "twelve bytes");
    put(&queue, "twelve bytes");

    assert_int_equal(fetch_queue_take(&queue, items, TAKE_MAX, 20), 1);
    assert_int_equal(fetch_queue_take(&queue, items, TAKE_MAX, 5), 1);
    assert_int_equal(fetch_queue_take(&queue, items, TAKE_MAX, 24), 2);
    fetch_queue_done(&queue);
}

TEST(events_beyond_a_number_are_only_counted_where_that_is_asked_for)
{
    struct fetch_queue queue;
    struct fetch_item *items[TAKE_MAX];
    fetch_queue_init(&queue, 2);
    for (int i = 0; i < 100; i++) {
        put(&queue, "text");
    }

    size_t count = take(&queue, items, TAKE_MAX);

    assert_int_equal(count, 3);
    assert_false(items[1]->condensed);
    assert_true(items[2]->condensed);
    assert_int_equal(items[2]->counts[FETCH_EVENT_HIT], 98);
    assert_int_equal(queue.size, 8);
    fetch_queue_done(&queue);
}

/* What is being delivered stays as it is: its count was taken already. */
TEST(events_do_not_join_a_count_that_is_being_delivered)
{
    struct fetch_queue queue;
    struct fetch_item *items[TAKE_MAX];
    fetch_queue_init(&queue, 1);
    put(&queue, "a");
    put(&queue, "b");
    assert_int_equal(take(&queue, items, TAKE_MAX), 2);

    put(&queue, "c");
    put(&queue, "d");

    assert_int_equal(items[1]->counts[FETCH_EVENT_HIT], 1);
    fetch_queue_drop(&queue, 2);
    assert_int_equal(take(&queue, items, TAKE_MAX), 2);
    check_span(items[0]->text, "c");
    assert_true(items[1]->condensed);
    fetch_queue_done(&queue);
}

TEST(queue_holds_so_many_bytes_and_no_more)
{
    struct fetch_queue queue;
    static uint8_t large[FETCH_EVENT_SIZE_MAX];
    const struct fetch_event event = { .text = span_make(large, sizeof large) };
    fetch_queue_init(&queue, 0);
    for (size_t i = 0; i < FETCH_EVENTS_SIZE_MAX / sizeof large; i++) {
        check_err(fetch_queue_put(&queue, &event), ERR_OK);
    }

    check_err(fetch_queue_put(&queue, &event), ERR_LIMIT);

    fetch_queue_done(&queue);
}

static void *taker(void *context)
{
    struct fetch_item *items[TAKE_MAX];
    return take(context, items, TAKE_MAX) == 0 ? NULL : context;
}

TEST(queue_that_is_closed_lets_those_go_who_wait)
{
    struct fetch_queue queue;
    pthread_t thread;
    void *took = &queue;
    fetch_queue_init(&queue, 0);
    assert_int_equal(pthread_create(&thread, NULL, taker, &queue), 0);

    fetch_queue_close(&queue);

    assert_int_equal(pthread_join(thread, &took), 0);
    assert_null(took);
    assert_false(fetch_queue_wait(&queue, UINT32_MAX, false));
    fetch_queue_done(&queue);
}

TEST(flush_ends_one_waiting)
{
    struct fetch_queue queue;
    fetch_queue_init(&queue, 0);

    fetch_queue_flush(&queue);

    assert_true(fetch_queue_wait(&queue, UINT32_MAX, true));
    assert_true(fetch_queue_wait(&queue, 1, true)); /* used up: this one waits its time */
    fetch_queue_done(&queue);
}
