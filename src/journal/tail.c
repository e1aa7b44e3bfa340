// SPDX-License-Identifier: EUPL-1.2
#include "journal/tail.h"

#include <inttypes.h>

/* Frames that were committed together. */
struct group {
    uint64_t begin;
    uint64_t end;
    uint64_t last_offset; /* of its last frame */
    uint64_t last;        /* number of its last entry */
    bool complete;        /* its last frame is there */
};

struct journal_tail journal_tail_at_start(const struct journal_segment *segment)
{
    return (struct journal_tail){ .end = JOURNAL_FILE_HEADER_SIZE, .last = segment->first - 1 };
}

/* Walks one group by its prefixes and headers. */
static enum err group_walk(struct op *op, struct journal_segment *segment, uint64_t begin,
                           uint64_t first, struct group *ret)
{
    struct group group = { .begin = begin, .end = begin, .last = first - 1 };
    struct journal_frame frame = { 0 };
    while (frame.prefix.flags != JOURNAL_GROUP_END) {
        bool sound;
        TRY(journal_frame_at(op, segment, group.end, &frame, &sound));
        if (!sound || frame.prefix.number != group.last + 1 || frame.prefix.group_first != first) {
            *ret = group;
            return ERR_OK;
        }
        group.last_offset = group.end;
        group.last = frame.prefix.number;
        group.end += journal_frame_size(&frame.prefix);
    }
    group.complete = true;
    *ret = group;
    return ERR_OK;
}

/* Whether every body of a group is whole. An erased one is: erasing begins only when a later group
 * is on disk. */
static enum err group_bodies_check(struct op *op, struct journal_segment *segment,
                                   const struct group *group, bool *ret_whole)
{
    *ret_whole = false;
    uint64_t offset = group->begin;
    while (offset < group->end) {
        struct journal_frame frame;
        bool sound;
        TRY(journal_frame_at(op, segment, offset, &frame, &sound));
        struct journal_header header;
        if (!sound) {
            return ERR_OK;
        }
        enum err err = journal_header_read(frame.header, &header);
        if (err == ERR_UNSUPPORTED) {
            return op_fail(op, err, "%s: entry %" PRIu64 " was written by a newer version",
                           journal_path_of(segment->first).text, frame.prefix.number);
        }
        if (err != ERR_OK || header.number != frame.prefix.number) {
            return ERR_OK;
        }
        struct journal_frame_body body;
        TRY(journal_frame_body(op, segment, &frame, header.payload_digest, &body));
        if (body.state == JOURNAL_BODY_DAMAGED) {
            return ERR_OK;
        }
        offset += journal_frame_size(&frame.prefix);
    }
    *ret_whole = true;
    return ERR_OK;
}

/* Refuses to call something torn when a later group proves that it was whole once. */
static enum err torn_check(struct op *op, struct journal_segment *segment, uint64_t offset,
                           uint64_t group_first)
{
    uint64_t at = offset;
    for (;;) {
        struct journal_prefix prefix;
        enum err err = journal_prefix_seek(op, segment, at, &prefix, &at);
        if (err == ERR_ABSENT) {
            return ERR_OK;
        }
        TRY(err);
        if (prefix.group_first > group_first) {
            return op_fail(op, ERR_CORRUPT,
                           "%s: byte %" PRIu64 ": entry %" PRIu64 " is damaged, and entry %" PRIu64
                           " behind it is not; restore the file from a backup",
                           journal_path_of(segment->first).text, offset, group_first,
                           prefix.number);
        }
        at += JOURNAL_ALIGNMENT;
    }
}

enum err journal_frame_erase_target(struct op *op, struct journal_segment *segment,
                                    const struct journal_frame *frame, uint64_t *ret_target)
{
    struct journal_header header;
    bool erases = journal_header_read(frame->header, &header) == ERR_OK &&
                  span_equal(header.kind, JOURNAL_KIND_ERASE);
    uint64_t target = 0;
    if (erases) {
        struct journal_frame_body body;
        TRY(journal_frame_body(op, segment, frame, header.payload_digest, &body));
        struct span rule;
        if (body.state != JOURNAL_BODY_WHOLE ||
            journal_erase_read(span_from(body.bytes, JOURNAL_SALT_SIZE), &target, &rule) !=
                ERR_OK) {
            target = 0;
        }
    }
    *ret_target = target;
    return ERR_OK;
}

/* What the last entry of a group says about the end of the journal. */
static enum err tail_take(struct op *op, struct journal_segment *segment, const struct group *group,
                          struct journal_tail *tail)
{
    struct journal_frame frame;
    bool sound;
    TRY(journal_frame_at(op, segment, group->last_offset, &frame, &sound));
    if (!sound) {
        return op_fail(op, ERR_IO, "%s changed while it was read",
                       journal_path_of(segment->first).text);
    }
    tail->end = group->end;
    tail->last = group->last;
    tail->group_begin = group->begin;
    journal_leaf(frame.header, tail->leaf);
    return journal_frame_erase_target(op, segment, &frame, &tail->erase_target);
}

static enum err fail_group(struct op *op, const struct journal_segment *segment,
                           const struct group *group)
{
    return op_fail(op, ERR_CORRUPT,
                   "%s: byte %" PRIu64 ": a payload of the entries up to %" PRIu64
                   " is damaged, and they were complete once; restore the file from a backup",
                   journal_path_of(segment->first).text, group->begin, group->last);
}

enum err journal_tail_find(struct op *op, struct journal_segment *segment,
                           struct journal_tail *tail)
{
    struct group groups[2] = { 0 }; /* the last complete one, and the one before */
    uint64_t at = tail->end;
    uint64_t number = tail->last;
    for (;;) {
        struct group group;
        TRY(op_check(op));
        TRY(group_walk(op, segment, at, number + 1, &group));
        if (!group.complete) {
            break;
        }
        groups[1] = groups[0];
        groups[0] = group;
        at = group.end;
        number = group.last;
    }
    if (at < segment->limit) {
        TRY(torn_check(op, segment, at, number + 1));
    }
    if (!groups[0].complete) {
        return ERR_OK; /* nothing new */
    }

    bool whole;
    TRY(group_bodies_check(op, segment, &groups[0], &whole));
    if (whole) {
        return tail_take(op, segment, &groups[0], tail);
    }
    if (groups[0].end < segment->limit) {
        return fail_group(op, segment, &groups[0]);
    }
    if (!groups[1].complete) {
        return ERR_OK;
    }
    /* The last one is torn. The one before was acknowledged: were it let pass damaged, it would be
     * the last one at the next open, and be taken for torn. */
    TRY(group_bodies_check(op, segment, &groups[1], &whole));
    return whole ? tail_take(op, segment, &groups[1], tail) : fail_group(op, segment, &groups[1]);
}
