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

static bool is_format(enum observe_format format)
{
    return format < OBSERVE_FORMAT_COUNT ||
           (format >= OBSERVE_FORMAT_MAPPED_FIRST && format <= OBSERVE_FORMAT_LAST);
}

static void try_open(struct span body, struct buf *again)
{
    struct watch_message_open open;
    if (watch_message_read_open(body, &open) == ERR_OK) {
        must(is_format(open.format));
        watch_message_add_open(again, &open);
        check_same(body, again);
    }
}

static void try_begun(struct span body, struct buf *again)
{
    struct watch_message_begun begun;
    if (watch_message_read_begun(body, &begun) == ERR_OK) {
        must(is_format(begun.format));
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
    struct watch_message_start start;
    if (watch_message_read_start(body, &start) == ERR_OK) {
        must(start.begin.line.taken <= start.begin.position);
        must(start.begin.header.size <= WATCH_HEADER_SIZE_MAX);
        watch_message_add_start(again, &start);
        check_same(body, again);
    }
}

static void try_folds(struct span body, struct buf *again)
{
    struct watch_message_folds folds;
    if (watch_message_read_folds(body, &folds) == ERR_OK) {
        watch_message_begin_folds(again, folds.input);
        buf_add(again, folds.folds);
        check_same(body, again);
    }
}

static void try_look(struct span body, struct buf *again)
{
    struct watch_message_look look;
    if (watch_message_read_look(body, &look) == ERR_OK) {
        watch_message_add_look(again, &look);
        check_same(body, again);
    }
}

static void try_close(struct span body, struct buf *again)
{
    struct watch_message_close close;
    if (watch_message_read_close(body, &close) == ERR_OK) {
        watch_message_add_close(again, &close);
        check_same(body, again);
    }
}

static void try_rests(struct span body, struct buf *again)
{
    struct watch_message_rests rests;
    if (watch_message_read_rests(body, &rests) == ERR_OK) {
        must(rests.size <= INT64_MAX);
        must(rests.header.size <= WATCH_HEADER_SIZE_MAX);
        watch_message_add_rests(again, &rests);
        check_same(body, again);
    }
}

static void try_seen(struct span body, struct buf *again)
{
    struct watch_message_seen seen;
    if (watch_message_read_seen(body, &seen) == ERR_OK) {
        watch_message_add_seen(again, &seen);
        check_same(body, again);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const tries[])(struct span body, struct buf * again) = {
        try_open,  try_begun, try_chunk, try_ended, try_start,
        try_folds, try_look,  try_close, try_rests, try_seen,
    };
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
