// SPDX-License-Identifier: EUPL-1.2
// links: watch store observe match policy stix crypt value format os base
/*
 * What the watch says to the store. It reads hostile bytes, so its words are not trusted: whatever
 * they are, they are refused, or they read the same again after having been written.
 *
 * The first byte chooses the message; the rest is its body.
 */
#include "base/must.h"
#include "watch/message.h"

enum { BODY_SIZE_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(struct span body, struct buf *again)
{
    must(again->err == ERR_OK);
    must(span_equal(body, buf_span(again)));
}

static void try_open(struct span body, struct buf *again)
{
    struct watch_message_open open;
    if (watch_message_read_open(body, &open) == ERR_OK) {
        must(open.format < OBSERVE_FORMAT_COUNT);
        watch_message_add_open(again, &open);
        check_same(body, again);
    }
}

static void try_begun(struct span body, struct buf *again)
{
    struct watch_message_begun begun;
    if (watch_message_read_begun(body, &begun) == ERR_OK) {
        must(begun.format < OBSERVE_FORMAT_COUNT);
        must(begun.start.size <= WATCH_START_SIZE);
        watch_message_add_begun(again, &begun);
        check_same(body, again);
    }
}

static void try_chunk(struct span body, struct buf *again)
{
    struct watch_message_chunk chunk;
    if (watch_message_read_chunk(body, &chunk) == ERR_OK) {
        must(chunk.line.taken <= chunk.end);
        must(chunk.mark.head_size <= MARK_SIZE);
        watch_message_add_chunk(again, &chunk);
        check_same(body, again);
    }
}

static void try_ended(struct span body, struct buf *again)
{
    struct watch_message_ended ended;
    if (watch_message_read_ended(body, &ended) == ERR_OK) {
        watch_message_add_ended(again, &ended);
        check_same(body, again);
    }
}

static void try_start(struct span body, struct buf *again)
{
    struct watch_begin begin;
    if (watch_message_read_start(body, &begin) == ERR_OK) {
        must(begin.line.taken <= begin.position);
        watch_message_add_start(again, &begin);
        check_same(body, again);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(struct span body, struct buf * again) = { try_open, try_begun,
                                                                           try_chunk, try_ended,
                                                                           try_start };
    if (size == 0) {
        return 0;
    }
    struct buf again;
    buf_init(&again, BODY_SIZE_MAX);
    size_t choice = data[0] % (sizeof tries / sizeof tries[0]);
    tries[choice](span_make(data + 1, size - 1), &again);
    buf_done(&again);
    return 0;
}
