// SPDX-License-Identifier: EUPL-1.2
/*
 * Checking a whole journal: from the first byte to the last, going on behind damage. Erasures are
 * checked both ways: what is erased names an entry that erased it, and what such an entry names is
 * erased.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "journal/find.h"
#include "journal/tail.h"

struct checker {
    struct disk *disk;
    struct span world;
    uint8_t world_mark[JOURNAL_WORLD_MARK_SIZE];
    struct journal_list list;
    struct journal_finder erasers; /* two, because each goes through the journal in its own order */
    struct journal_finder targets;
    struct journal_segment segment;
    struct buf header;           /* of the present entry: the view moves on to its body */
    uint64_t end;                /* of the last segment, without a torn tail */
    uint64_t last;               /* number of the last entry of all; 0 where it is not known */
    uint64_t erase_target;       /* what that erases: it may not be finished; else 0 */
    uint64_t number;             /* of the entry expected next */
    uint64_t group_first;        /* of the present group; 0 where it is not known */
    bool leaf_known;             /* the entry before was sound */
    bool damaged;                /* bytes were skipped since the last sound frame */
    bool faulty;                 /* the present entry was counted already */
    struct journal_check result; /* its head is the leaf of the entry before */
};

/* Counts a fault of the present entry, once. */
__attribute__((format(printf, 3, 4))) static void fault(struct checker *checker, uint64_t number,
                                                        const char *format, ...)
{
    if (checker->faulty) {
        return;
    }
    checker->faulty = true;
    struct journal_check *result = &checker->result;
    result->faults++;
    if (result->first_fault != 0) {
        return;
    }
    result->first_fault = number;
    char *text = result->first_fault_text;
    int size = snprintf(text, sizeof result->first_fault_text, "%s: entry %" PRIu64 ": ",
                        journal_path_of(checker->segment.first).text, number);
    va_list args;
    va_start(args, format);
    vsnprintf(text + size, sizeof result->first_fault_text - (size_t)size, format, args);
    va_end(args);
}

/* Whether a body was overwritten to its end. */
static bool body_is_blank(struct span body)
{
    for (size_t i = JOURNAL_SALT_SIZE; i < body.size; i++) {
        if (body.data[i] != 0) {
            return false;
        }
    }
    return true;
}

/* Errors of a finder that mean "there is no such entry" here. */
static enum err find_softly(struct op *op, struct journal_finder *finder, uint64_t number,
                            struct journal_segment **ret_segment, struct journal_frame *ret)
{
    enum err err = journal_find(op, finder, number, ret_segment, ret);
    if (err == ERR_CORRUPT) {
        op_fault_clear(op);
        return ERR_ABSENT;
    }
    return err;
}

/* The body of an entry is not what its header says: it must have been erased by rule. */
static enum err erased_check(struct op *op, struct checker *checker, uint64_t number,
                             const struct journal_frame_body *body)
{
    if (number == checker->erase_target) {
        checker->result.erased++; /* the next open for writing finishes it */
        return ERR_OK;
    }
    if (body->state == JOURNAL_BODY_DAMAGED || body->eraser <= number) {
        fault(checker, number, "its payload is damaged");
        return ERR_OK;
    }
    if (!body_is_blank(body->bytes)) {
        fault(checker, number, "its payload is erased in part only");
        return ERR_OK;
    }
    struct journal_segment *segment;
    struct journal_frame frame;
    uint64_t target = 0;
    enum err err = find_softly(op, &checker->erasers, body->eraser, &segment, &frame);
    if (err == ERR_OK) {
        err = journal_frame_erase_target(op, segment, &frame, &target);
    }
    if (err != ERR_OK && err != ERR_ABSENT) {
        return err;
    }
    if (target != number) {
        fault(checker, number, "its payload was erased, and entry %" PRIu64 " does not say why",
              body->eraser);
        return ERR_OK;
    }
    checker->result.erased++;
    return ERR_OK;
}

/* Whether a target bears the mark of the entry that erases it. */
static enum err mark_check(struct op *op, struct checker *checker, uint64_t number,
                           struct journal_segment *segment, const struct journal_frame *target)
{
    uint8_t mark[JOURNAL_SALT_SIZE];
    journal_mark_write(mark, number);
    struct span salt;
    TRY(journal_segment_view(op, segment, target->offset + journal_body_offset(&target->prefix),
                             JOURNAL_SALT_SIZE, &salt));
    if (!span_equal(salt, span_make(mark, sizeof mark)) && number != checker->last) {
        fault(checker, number, "it erases entry %" PRIu64 ", which is not erased",
              target->prefix.number);
    }
    return ERR_OK;
}

/* An entry of kind "erase" must name one before it, of another kind, which bears its mark. Only the
 * last entry of all may not have got that far. */
static enum err eraser_check(struct op *op, struct checker *checker, uint64_t number,
                             struct span payload)
{
    uint64_t target;
    struct span rule;
    if (journal_erase_read(payload, &target, &rule) != ERR_OK || target == 0 || target >= number) {
        fault(checker, number, "it does not say what it erases and why");
        return ERR_OK;
    }
    struct journal_segment *segment;
    struct journal_frame frame;
    enum err err = find_softly(op, &checker->targets, target, &segment, &frame);
    if (err == ERR_ABSENT) {
        return ERR_OK; /* counted where it is missing */
    }
    TRY(err);
    struct journal_header header;
    if (journal_header_read(frame.header, &header) == ERR_OK &&
        span_equal(header.kind, JOURNAL_KIND_ERASE)) {
        fault(checker, number, "it erases entry %" PRIu64 ", which may not be erased", target);
        return ERR_OK;
    }
    return mark_check(op, checker, number, segment, &frame);
}

/* Frames are filled up with zeros: nothing hides between them. */
static enum err padding_check(struct op *op, struct checker *checker,
                              const struct journal_frame *frame)
{
    const struct journal_prefix *prefix = &frame->prefix;
    const uint64_t gaps[2][2] = {
        { JOURNAL_PREFIX_SIZE + (uint64_t)prefix->header_size, journal_body_offset(prefix) },
        { journal_body_offset(prefix) + prefix->body_size, journal_frame_size(prefix) },
    };
    for (size_t i = 0; i < 2; i++) {
        struct span gap;
        TRY(journal_segment_view(op, &checker->segment, frame->offset + gaps[i][0],
                                 (size_t)(gaps[i][1] - gaps[i][0]), &gap));
        for (size_t j = 0; j < gap.size; j++) {
            if (gap.data[j] != 0) {
                fault(checker, prefix->number, "there is something between its parts");
            }
        }
    }
    return ERR_OK;
}

static void group_check(struct checker *checker, const struct journal_prefix *prefix)
{
    if (checker->group_first == 0) {
        checker->group_first = prefix->group_first; /* after damage: taken as it is */
    }
    if (prefix->group_first != checker->group_first) {
        fault(checker, prefix->number, "it was not committed with the entries around it");
    }
    checker->group_first =
        prefix->flags == JOURNAL_GROUP_END ? prefix->number + 1 : prefix->group_first;
}

/* Where the entry stands: missing ones before it are faults, each of them. */
static void order_check(struct checker *checker, uint64_t number)
{
    if (number > checker->number) {
        uint64_t missing = number - checker->number;
        fault(checker, checker->number, "it is damaged or missing");
        checker->result.faults += missing - 1;
        checker->leaf_known = false;
        checker->group_first = 0;
    } else if (number < checker->number) {
        fault(checker, number, "it is out of order");
    } else if (checker->damaged) {
        fault(checker, number, "there is damage before it");
    }
    checker->faulty = number < checker->number; /* those before it are not its own faults */
    checker->damaged = false;
}

static enum err header_check(struct op *op, struct checker *checker,
                             const struct journal_frame *frame, struct journal_header *ret)
{
    uint64_t number = frame->prefix.number;
    buf_clear(&checker->header);
    buf_add(&checker->header, frame->header);
    if (checker->header.err != ERR_OK) {
        return op_fail(op, ERR_LIMIT, "out of memory for a journal entry");
    }
    struct span bytes = buf_span(&checker->header);
    enum err err = journal_header_read(bytes, ret);
    if (err == ERR_UNSUPPORTED) {
        return op_fail(op, err, "entry %" PRIu64 " was written by a newer version: use that one",
                       number);
    }
    if (err != ERR_OK || ret->number != number || !span_equal(ret->world, checker->world)) {
        fault(checker, number, "its header is damaged");
        *ret = (struct journal_header){ .number = number };
        checker->leaf_known = false;
        return ERR_FORMAT;
    }
    struct span head = span_make(checker->result.head, sizeof checker->result.head);
    if (checker->leaf_known && !span_equal(head, span_make(ret->previous, head.size))) {
        fault(checker, number, "the chain is broken: it does not follow the entry before it");
    }
    journal_leaf(bytes, checker->result.head);
    checker->leaf_known = true;
    return ERR_OK;
}

static enum err frame_check(struct op *op, struct checker *checker,
                            const struct journal_frame *frame)
{
    uint64_t number = frame->prefix.number;
    order_check(checker, number);
    group_check(checker, &frame->prefix);
    struct journal_header header;
    enum err err = header_check(op, checker, frame, &header);
    if (err == ERR_OK) {
        struct journal_frame_body body;
        TRY(journal_frame_body(op, &checker->segment, frame, header.payload_digest, &body));
        bool erases = span_equal(header.kind, JOURNAL_KIND_ERASE);
        if (erases && body.state == JOURNAL_BODY_WHOLE) {
            err = eraser_check(op, checker, number, span_from(body.bytes, JOURNAL_SALT_SIZE));
        } else if (erases) {
            fault(checker, number, "it erases another, and is damaged itself");
        } else if (body.state != JOURNAL_BODY_WHOLE || number == checker->erase_target) {
            err = erased_check(op, checker, number, &body);
        }
    }
    if (err != ERR_OK && err != ERR_FORMAT) {
        return err;
    }
    TRY(padding_check(op, checker, frame));

    checker->result.entries++;
    checker->faulty = false;
    if (number >= checker->number) {
        checker->number = number + 1;
    }
    return ERR_OK;
}

static enum err segment_check(struct op *op, struct checker *checker)
{
    uint64_t offset = JOURNAL_FILE_HEADER_SIZE;
    while (offset < checker->segment.limit) {
        TRY(op_check(op));
        struct journal_frame frame;
        bool sound;
        TRY(journal_frame_at(op, &checker->segment, offset, &frame, &sound));
        if (sound) {
            TRY(frame_check(op, checker, &frame));
            offset += journal_frame_size(&frame.prefix);
            continue;
        }
        checker->damaged = true;
        struct journal_prefix prefix;
        enum err err = journal_prefix_seek(op, &checker->segment, offset + 1, &prefix, &offset);
        if (err != ERR_OK && err != ERR_ABSENT) {
            return err;
        }
    }
    return ERR_OK;
}

static enum err segments_check(struct op *op, struct checker *checker)
{
    for (size_t i = 0; i < checker->list.count; i++) {
        uint64_t first = checker->list.firsts[i];
        enum err err =
            journal_segment_open(op, checker->disk, first, checker->world_mark, &checker->segment);
        if (err == ERR_CORRUPT) {
            op_fault_clear(op);
            checker->segment.first = first;
            checker->damaged = true; /* what it held is missed when the next segment begins */
            continue;
        }
        TRY(err);
        if (i + 1 == checker->list.count && checker->end > 0) {
            checker->segment.limit = checker->end;
        }
        err = segment_check(op, checker);
        journal_segment_close(&checker->segment);
        TRY(err);
    }
    if (checker->damaged) {
        fault(checker, checker->number, "it is damaged, and nothing is behind it");
    }
    return ERR_OK;
}

/* The end of one segment; without torn bytes, which are said in the result. A damaged one is left
 * to segments_check(). */
static enum err tail_measure(struct op *op, struct checker *checker, size_t index,
                             struct journal_tail *ret)
{
    struct journal_segment segment;
    enum err err = journal_segment_open(op, checker->disk, checker->list.firsts[index],
                                        checker->world_mark, &segment);
    if (err == ERR_OK) {
        *ret = journal_tail_at_start(&segment);
        err = journal_tail_find(op, &segment, ret);
        if (err == ERR_OK) {
            checker->result.torn_size += segment.limit - ret->end;
        }
        journal_segment_close(&segment);
    }
    if (err == ERR_CORRUPT) {
        op_fault_clear(op);
        *ret = (struct journal_tail){ 0 };
        return ERR_OK;
    }
    return err;
}

/* A last segment that was only begun holds nothing and is no fault. */
static enum err begun_skip(struct op *op, struct checker *checker)
{
    while (checker->list.count > 0) {
        uint64_t first = checker->list.firsts[checker->list.count - 1];
        struct journal_path path = journal_path_of(first);
        struct disk_file *file;
        TRY(disk_file_open(op, checker->disk, span_of(path.text), DISK_READ, &file));
        uint64_t size = 0;
        enum err err = disk_size(op, file, &size);
        disk_file_close(file);
        TRY(err);
        if (size > JOURNAL_FILE_HEADER_SIZE) {
            return ERR_OK;
        }
        struct journal_segment segment;
        err = journal_segment_open(op, checker->disk, first, checker->world_mark, &segment);
        if (err == ERR_OK) {
            journal_segment_close(&segment);
            return ERR_OK;
        }
        if (err != ERR_CORRUPT) {
            return err;
        }
        op_fault_clear(op);
        checker->result.torn_size += size;
        checker->list.count--;
    }
    return ERR_OK;
}

static enum err ends_measure(struct op *op, struct checker *checker)
{
    TRY(begun_skip(op, checker));
    if (checker->list.count == 0) {
        return ERR_OK;
    }
    size_t index = checker->list.count - 1;
    struct journal_tail tail;
    TRY(tail_measure(op, checker, index, &tail));
    checker->end = tail.end;
    if (tail.end == JOURNAL_FILE_HEADER_SIZE && index > 0) {
        uint64_t torn_size = checker->result.torn_size;
        TRY(tail_measure(op, checker, index - 1, &tail));
        checker->result.torn_size = torn_size; /* only the last segment may have a torn tail */
    }
    checker->last = tail.last;
    checker->erase_target = tail.erase_target;
    checker->erasers.end = checker->end > 0 ? checker->end : UINT64_MAX;
    checker->targets.end = checker->erasers.end;
    return ERR_OK;
}

static enum err check_all(struct op *op, struct checker *checker)
{
    TRY(journal_list_read(op, checker->disk, &checker->list));
    if (checker->list.count == 0) {
        return op_fail(op, ERR_ABSENT, "there is no journal");
    }
    TRY(ends_measure(op, checker));
    return segments_check(op, checker);
}

enum err journal_check(struct op *op, struct disk *disk, struct span world,
                       struct journal_check *ret)
{
    struct checker checker = {
        .disk = disk,
        .world = world,
        .number = 1,
        .group_first = 1,
        .leaf_known = true, /* before the first entry the leaf is all zero */
    };
    journal_world_mark(world, checker.world_mark);
    buf_init(&checker.header, JOURNAL_HEADER_SIZE_MAX);
    checker.erasers = (struct journal_finder){ .disk = disk,
                                               .list = &checker.list,
                                               .world_mark = checker.world_mark };
    checker.targets = checker.erasers;

    enum err err = check_all(op, &checker);
    journal_finder_done(&checker.erasers);
    journal_finder_done(&checker.targets);
    journal_segment_close(&checker.segment);
    buf_done(&checker.header);
    journal_list_done(&checker.list);
    if (err != ERR_OK) {
        return err;
    }
    *ret = checker.result;
    return ERR_OK;
}
