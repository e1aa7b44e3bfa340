// SPDX-License-Identifier: EUPL-1.2
/*
 * Reading single entries, walking over many, and judging what was erased.
 */
#include <inttypes.h>

#include "base/must.h"
#include "journal/inner.h"

static enum err fail_damaged(struct op *op, uint64_t first, uint64_t number, const char *what)
{
    return op_fail(op, ERR_CORRUPT, "%s: entry %" PRIu64 ": %s; restore the file from a backup",
                   journal_path_of(first).text, number, what);
}

/* Whether the last entry erases it. That may not be finished, and yet it is no longer shown. */
static bool is_being_erased(const struct journal *journal, uint64_t number)
{
    return journal->tail.erase_target == number;
}

/* Judges a body that is not what its header says: it must have been erased by rule. */
static enum err erasure_check(struct op *op, struct journal *journal, uint64_t number,
                              enum journal_body state, uint64_t eraser)
{
    if (state == JOURNAL_BODY_ERASED && eraser > number) {
        if (eraser > journal->tail.last && !journal->write) {
            return ERR_OK; /* by a writer whose entry this reader has not taken notice of */
        }
        struct journal_segment *segment;
        struct journal_frame frame;
        uint64_t target = 0;
        if (eraser <= journal->tail.last) {
            TRY(journal_find(op, &journal->finder, eraser, &segment, &frame));
            TRY(journal_frame_erase_target(op, segment, &frame, &target));
        }
        if (target == number) {
            return ERR_OK;
        }
    }
    uint64_t first = journal->list.firsts[journal_list_index(&journal->list, number)];
    return fail_damaged(op, first, number, "its payload is damaged");
}

/* The body of an entry, straight from the file: what was erased must not come from a view. */
static enum err body_read(struct op *op, struct journal_segment *segment,
                          const struct journal_frame *frame, struct span body)
{
    uint64_t offset = frame->offset + journal_body_offset(&frame->prefix);
    size_t got;
    TRY(disk_read(op, segment->file, offset, (uint8_t *)(uintptr_t)body.data, body.size, &got));
    if (got != body.size) {
        return fail_damaged(op, segment->first, frame->prefix.number, "the file ends within it");
    }
    return ERR_OK;
}

static enum err payload_read(struct op *op, struct journal *journal,
                             struct journal_segment *segment, const struct journal_frame *frame,
                             const uint8_t *payload_digest, struct span *ret)
{
    struct span body = span_make(op_alloc(op, frame->prefix.body_size), frame->prefix.body_size);
    if (body.data == NULL) {
        return ERR_LIMIT;
    }
    uint64_t eraser = 0;
    TRY(body_read(op, segment, frame, body));
    enum journal_body state = journal_body_state(body, payload_digest, &eraser);
    if (state == JOURNAL_BODY_DAMAGED) {
        /* Perhaps it was read while another process erased it: see journal_frame_body(). */
        TRY(body_read(op, segment, frame, body));
        state = journal_body_state(body, payload_digest, &eraser);
    }
    if (state == JOURNAL_BODY_WHOLE) {
        *ret = span_from(body, JOURNAL_SALT_SIZE);
        return ERR_OK;
    }
    TRY(erasure_check(op, journal, frame->prefix.number, state, eraser));
    *ret = span_make(NULL, 0);
    return ERR_OK;
}

static enum err header_take(struct op *op, const struct journal *journal, uint64_t first,
                            const struct journal_frame *frame, struct journal_header *ret)
{
    uint64_t number = frame->prefix.number;
    enum err err = journal_header_read(frame->header, ret);
    if (err == ERR_UNSUPPORTED) {
        return op_fail(op, err, "entry %" PRIu64 " was written by a newer version: use that one",
                       number);
    }
    if (err != ERR_OK || ret->number != number || !span_equal(ret->world, journal->world)) {
        return fail_damaged(op, first, number, "its header is damaged");
    }
    return ERR_OK;
}

enum err journal_read(struct op *op, struct journal *journal, uint64_t number,
                      struct journal_header *ret_header, struct span *ret_payload)
{
    if (number == 0 || number > journal->tail.last) {
        return op_fail(op, ERR_ABSENT, "there is no entry %" PRIu64 ": the last is %" PRIu64,
                       number, journal->tail.last);
    }
    struct journal_segment *segment;
    struct journal_frame frame;
    TRY(journal_find(op, &journal->finder, number, &segment, &frame));
    TRY(op_copy(op, frame.header, &frame.header));
    struct journal_header header;
    TRY(header_take(op, journal, segment->first, &frame, &header));
    if (ret_payload != NULL && is_being_erased(journal, number)) {
        *ret_payload = span_make(NULL, 0);
    } else if (ret_payload != NULL) {
        TRY(payload_read(op, journal, segment, &frame, header.payload_digest, ret_payload));
    }
    *ret_header = header;
    return ERR_OK;
}

/* A walk in progress. */
struct walk {
    struct journal *journal;
    struct journal_segment segment;
    struct buf header; /* of the present entry: the view moves on to its body */
    uint64_t number;   /* of the next entry */
    uint64_t last;
    uint64_t offset;
    uint8_t leaf[JOURNAL_DIGEST_SIZE];
    bool leaf_known;
    uint64_t erasures; /* of the journal, when the view was last forgotten */
};

static enum err walk_frame(struct op *op, struct walk *walk, struct journal_frame *ret,
                           struct journal_header *ret_header)
{
    bool sound;
    TRY(journal_frame_at(op, &walk->segment, walk->offset, ret, &sound));
    if (!sound || ret->prefix.number != walk->number) {
        return fail_damaged(op, walk->segment.first, walk->number, "it is damaged or missing");
    }
    buf_clear(&walk->header);
    buf_add(&walk->header, ret->header);
    if (walk->header.err != ERR_OK) {
        return op_fail(op, ERR_LIMIT, "out of memory for a journal entry");
    }
    ret->header = buf_span(&walk->header);
    TRY(header_take(op, walk->journal, walk->segment.first, ret, ret_header));
    if (walk->leaf_known && memcmp(walk->leaf, ret_header->previous, sizeof walk->leaf) != 0) {
        return fail_damaged(op, walk->segment.first, walk->number,
                            "the chain is broken: it does not follow the entry before it");
    }
    journal_leaf(ret->header, walk->leaf);
    walk->leaf_known = true;
    return ERR_OK;
}

static enum err walk_payload(struct op *op, struct walk *walk, const struct journal_frame *frame,
                             const uint8_t *payload_digest, struct span *ret)
{
    if (is_being_erased(walk->journal, walk->number)) {
        *ret = span_make(NULL, 0);
        return ERR_OK;
    }
    if (walk->erasures != walk->journal->erasures) {
        walk->erasures = walk->journal->erasures;
        buf_clear(&walk->segment.view); /* the visitor erased something: perhaps in view */
    }
    struct journal_frame_body body;
    TRY(journal_frame_body(op, &walk->segment, frame, payload_digest, &body));
    if (body.state == JOURNAL_BODY_WHOLE) {
        *ret = span_from(body.bytes, JOURNAL_SALT_SIZE);
        return ERR_OK;
    }
    TRY(erasure_check(op, walk->journal, walk->number, body.state, body.eraser));
    *ret = span_make(NULL, 0);
    return ERR_OK;
}

static enum err walk_segment(struct op *op, struct walk *walk,
                             enum err (*visit)(void *context, const struct journal_header *header,
                                               struct span payload),
                             void *context)
{
    while (walk->number <= walk->last && walk->offset < walk->segment.limit) {
        TRY(op_check(op));
        struct journal_frame frame;
        struct journal_header header;
        TRY(walk_frame(op, walk, &frame, &header));
        struct span payload;
        TRY(walk_payload(op, walk, &frame, header.payload_digest, &payload));
        TRY(visit(context, &header, payload));
        walk->number++;
        walk->offset += journal_frame_size(&frame.prefix);
    }
    return ERR_OK;
}

/* Opens the segment that holds the next entry. */
static enum err walk_open(struct op *op, struct walk *walk)
{
    struct journal *journal = walk->journal;
    uint64_t first = journal->list.firsts[journal_list_index(&journal->list, walk->number)];
    if (first == walk->segment.first && walk->segment.file != NULL) {
        return fail_damaged(op, first, walk->number, "it is missing");
    }
    journal_segment_close(&walk->segment);
    walk->segment = (struct journal_segment){ 0 };
    TRY(journal_segment_open(op, journal->disk, first, journal->world_mark, &walk->segment));
    if (first == journal->segment.first) {
        walk->segment.limit = journal->tail.end;
    }
    walk->offset = JOURNAL_FILE_HEADER_SIZE;
    if (walk->number > first) {
        struct journal_segment *segment;
        struct journal_frame frame;
        TRY(journal_find(op, &journal->finder, walk->number, &segment, &frame));
        walk->offset = frame.offset;
    }
    return ERR_OK;
}

enum err journal_walk(struct op *op, struct journal *journal, uint64_t from,
                      enum err (*visit)(void *context, const struct journal_header *header,
                                        struct span payload),
                      void *context)
{
    must(from > 0);
    struct walk walk = { .journal = journal, .number = from, .last = journal->tail.last };
    buf_init(&walk.header, JOURNAL_HEADER_SIZE_MAX);
    enum err err = ERR_OK;
    while (err == ERR_OK && walk.number <= walk.last) {
        err = walk_open(op, &walk);
        if (err == ERR_OK) {
            err = walk_segment(op, &walk, visit, context);
        }
    }
    journal_segment_close(&walk.segment);
    buf_done(&walk.header);
    return err;
}
