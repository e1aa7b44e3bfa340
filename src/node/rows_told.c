// SPDX-License-Identifier: EUPL-1.2
#include "node/rows_told.h"

#include "base/memory.h"
#include "base/must.h"
#include "os/random.h"

enum {
    PLACE_SIZE_MAX = HISTORY_ORDER_SIZE_MAX + 64,
    ROOM_MIN = 1024,
    ROOM_MAX = 1 << 25, /* 512 MiB: 16 million pieces of one segment */
};

/* Of a piece of rows: with 128 bits two are never taken for one. */
struct rows_told_mark {
    uint64_t halves[2];
};

void rows_told_begin(struct rows_told *told)
{
    *told = (struct rows_told){ .count = 0 };
    os_random(told->secrets, sizeof told->secrets);
    buf_init(&told->place, PLACE_SIZE_MAX);
}

void rows_told_done(struct rows_told *told)
{
    memory_free(told->marks);
    buf_done(&told->place);
    told->marks = NULL;
}

static void add_number(struct buf *place, uint64_t number)
{
    buf_add(place, span_make((const uint8_t *)&number, sizeof number));
}

/* The first posting of a piece stands in no other: a row has each host and way once. */
static enum err mark_of(struct rows_told *told, const struct hunt_found *found,
                        struct rows_told_mark *ret)
{
    const struct history_row *row = &found->rows[0];
    must(found->row_count > 0 && row->posting_count > 0);
    buf_clear(&told->place);
    add_number(&told->place, found->kind);
    add_number(&told->place, found->form);
    add_number(&told->place, row->start_s);
    add_number(&told->place, row->width);
    add_number(&told->place, row->postings[0].host);
    add_number(&told->place, row->postings[0].way);
    buf_add(&told->place, found->key);
    for (size_t i = 0; i < 2; i++) {
        ret->halves[i] = hash_bytes(&told->secrets[i], buf_span(&told->place));
    }
    ret->halves[0] |= 1; /* none is all zero */
    return told->place.err;
}

/* Where a mark is, or would lie. */
static struct rows_told_mark *place_of(struct rows_told_mark *marks, size_t room,
                                       const struct rows_told_mark *mark)
{
    size_t at = mark->halves[1] & (room - 1);
    while (marks[at].halves[0] != 0 &&
           (marks[at].halves[0] != mark->halves[0] || marks[at].halves[1] != mark->halves[1])) {
        at = (at + 1) & (room - 1);
    }
    return &marks[at];
}

/* Half of the places stay free. */
static enum err make_room(struct op *op, struct rows_told *told)
{
    if (told->count < told->room / 2) {
        return ERR_OK;
    }
    size_t room = told->room == 0 ? ROOM_MIN : told->room * 2;
    if (room > ROOM_MAX) {
        return op_fail(op, ERR_LIMIT,
                       "what these values meet is too much to tell each row once: "
                       "export them in parts, or everything");
    }
    struct rows_told_mark *marks = memory_new_array(room, sizeof *marks);
    if (marks == NULL) {
        return op_fail(op, ERR_LIMIT, "no memory to tell each row once");
    }
    for (size_t i = 0; i < told->room; i++) {
        if (told->marks[i].halves[0] != 0) {
            *place_of(marks, room, &told->marks[i]) = told->marks[i];
        }
    }
    memory_free(told->marks);
    told->marks = marks;
    told->room = room;
    return ERR_OK;
}

enum err rows_told_before(struct op *op, struct rows_told *told, const struct hunt_found *found,
                          bool *ret)
{
    struct rows_told_mark mark;
    if (told->segment != found->hosts) {
        memory_free(told->marks);
        told->marks = NULL;
        told->room = 0;
        told->count = 0;
        told->segment = found->hosts;
    }
    TRY(make_room(op, told));
    TRY(mark_of(told, found, &mark));
    struct rows_told_mark *place = place_of(told->marks, told->room, &mark);
    *ret = place->halves[0] != 0;
    told->count += *ret ? 0 : 1;
    *place = mark;
    return ERR_OK;
}
