// SPDX-License-Identifier: EUPL-1.2
/*
 * Writing: entries are gathered as frames in memory, then written and synced in one piece.
 */
#include "journal/journal.h"

#include <inttypes.h>

#include "base/must.h"
#include "crypt/digest.h"
#include "journal/inner.h"
#include "os/random.h"

/* What the buffer of a group may keep between commits. */
enum { PENDING_KEEP_SIZE = 4 * 1024 * 1024 };

void journal_drop(struct journal *journal)
{
    struct journal_pending *pending = &journal->pending;
    if (pending->frames.capacity > PENDING_KEEP_SIZE) {
        buf_done(&pending->frames);
    }
    buf_clear(&pending->frames);
    pending->number = journal->tail.last;
    pending->erase_target = 0;
    span_copy(pending->leaf, sizeof pending->leaf,
              span_make(journal->tail.leaf, sizeof journal->tail.leaf));
}

void journal_tail_taken(struct journal *journal)
{
    journal->finder.end = journal->tail.end;
    journal_drop(journal);
}

static enum err writable_check(struct op *op, const struct journal *journal)
{
    must(journal->write);
    if (journal->failed) {
        return op_fail(op, ERR_IO,
                       "the journal is read-only since writing to it failed: "
                       "make room or mend the disk, then open it again");
    }
    return ERR_OK;
}

static enum err text_check(struct op *op, const char *name, struct span text)
{
    if (text.size > JOURNAL_TEXT_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT, "the %s of a journal entry has %zu bytes: at most %d", name,
                       text.size, JOURNAL_TEXT_SIZE_MAX);
    }
    return ERR_OK;
}

static enum err entry_check(struct op *op, const struct journal *journal,
                            const struct journal_entry *entry)
{
    must(entry->kind.size > 0);
    TRY(text_check(op, "kind", entry->kind));
    TRY(text_check(op, "source", entry->source));
    TRY(text_check(op, "marking", entry->marking));
    TRY(text_check(op, "actor", op->actor.name));
    TRY(text_check(op, "mandate", op->actor.mandate));
    TRY(text_check(op, "purpose", op->actor.purpose));
    if (entry->payload.size > JOURNAL_PAYLOAD_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT, "a journal entry of %zu bytes: at most %d",
                       entry->payload.size, JOURNAL_PAYLOAD_SIZE_MAX);
    }
    if (journal->pending.number >= JOURNAL_NUMBER_MAX) {
        return op_fail(op, ERR_LIMIT, "the journal is full: it has %" PRIu64 " entries",
                       JOURNAL_NUMBER_MAX);
    }
    return ERR_OK;
}

static int64_t now_us(const struct journal *journal)
{
    return journal->clock_us(journal->clock_context);
}

/* Whether the next group begins a segment is settled with its first entry, because the segment's
 * seed goes into its checksums. */
static void group_begin(struct journal *journal)
{
    struct journal_pending *pending = &journal->pending;
    pending->new_segment = journal->tail.end >= journal->segment_size;
    pending->seed = journal->segment.seed;
    if (pending->new_segment) {
        os_random(&pending->seed, sizeof pending->seed);
    }
}

static enum err header_make(struct op *op, struct journal *journal,
                            const struct journal_entry *entry, struct span salt)
{
    struct journal_pending *pending = &journal->pending;
    struct journal_header header = {
        .number = pending->number + 1,
        .time_us = now_us(journal),
        .kind = entry->kind,
        .world = journal->world,
        .actor = op->actor.name,
        .mandate = op->actor.mandate,
        .purpose = op->actor.purpose,
        .source = entry->source,
        .marking = entry->marking,
    };
    struct digest_sha256 digest;
    digest_sha256_init(&digest);
    digest_sha256_add(&digest, salt);
    digest_sha256_add(&digest, entry->payload);
    digest_sha256_done(&digest, header.payload_digest);
    span_copy(header.previous, sizeof header.previous,
              span_make(pending->leaf, sizeof pending->leaf));

    buf_clear(&pending->header);
    journal_header_add(&pending->header, &header);
    return pending->header.err;
}

static enum err entry_gather(struct op *op, struct journal *journal,
                             const struct journal_entry *entry)
{
    struct journal_pending *pending = &journal->pending;
    uint8_t salt[JOURNAL_SALT_SIZE];
    os_random(salt, sizeof salt);
    TRY(header_make(op, journal, entry, span_make(salt, sizeof salt)));

    if (pending->frames.size == 0) {
        group_begin(journal);
    }
    struct journal_prefix prefix = {
        .number = pending->number + 1,
        .group_first = journal->tail.last + 1,
    };
    const struct journal_frame_parts parts = {
        .header = buf_span(&pending->header),
        .salt = span_make(salt, sizeof salt),
        .payload = entry->payload,
    };
    size_t begin = pending->frames.size;
    enum err err = journal_frame_add(&pending->frames, &prefix, pending->seed, &parts);
    pending->frames.err = ERR_OK; /* a frame too much leaves those before it as they are */
    TRY(err);

    pending->last_at = begin;
    pending->last = prefix;
    pending->number = prefix.number;
    pending->erase_target = 0;
    journal_leaf(parts.header, pending->leaf);
    return ERR_OK;
}

/* Appends without looking at the kind. */
static enum err entry_append(struct op *op, struct journal *journal,
                             const struct journal_entry *entry, uint64_t *ret_number)
{
    TRY(writable_check(op, journal));
    TRY(entry_check(op, journal, entry));
    if (entry_gather(op, journal, entry) != ERR_OK) {
        return op_fail(op, ERR_LIMIT,
                       "no room for a journal entry of %zu bytes beside %zu bytes that wait to be "
                       "committed",
                       entry->payload.size, journal->pending.frames.size);
    }
    *ret_number = journal->pending.number;
    return ERR_OK;
}

enum err journal_append(struct op *op, struct journal *journal, const struct journal_entry *entry,
                        uint64_t *ret_number)
{
    if (span_equal(entry->kind, JOURNAL_KIND_ERASE)) {
        return op_fail(op, ERR_DENIED, "an entry of kind \"erase\" is written by erasing only");
    }
    return entry_append(op, journal, entry, ret_number);
}

/* After a failed write nothing of the group may be found again. What the system says while taking
 * it back is not told: the first fault is the one to mend. */
static void group_take_back(struct op *op, struct journal *journal)
{
    enum err err = disk_truncate(op, journal->writing, journal->tail.end);
    if (err == ERR_OK) {
        err = disk_sync(op, journal->writing);
    }
    journal->in_doubt = err != ERR_OK;
}

static enum err group_write(struct op *op, struct journal *journal)
{
    struct journal_pending *pending = &journal->pending;
    if (pending->new_segment) {
        TRY(journal_segment_begin(op, journal, journal->tail.last + 1, pending->seed));
    }
    enum err err = disk_write(op, journal->writing, journal->tail.end, buf_span(&pending->frames));
    if (err == ERR_OK) {
        err = disk_sync(op, journal->writing);
    }
    if (err != ERR_OK) {
        group_take_back(op, journal);
    }
    return err;
}

enum err journal_commit(struct op *op, struct journal *journal)
{
    TRY(writable_check(op, journal));
    struct journal_pending *pending = &journal->pending;
    if (pending->frames.size == 0) {
        return ERR_OK;
    }
    pending->last.flags = JOURNAL_GROUP_END;
    journal_prefix_write(pending->frames.data + pending->last_at, &pending->last, pending->seed);

    enum err err = group_write(op, journal);
    if (err != ERR_OK) {
        journal->failed = true;
        journal_drop(journal);
        return err;
    }
    journal->tail.group_begin = journal->tail.end;
    journal->tail.end += pending->frames.size;
    journal->tail.last = pending->number;
    journal->tail.erase_target = pending->erase_target;
    span_copy(journal->tail.leaf, sizeof journal->tail.leaf,
              span_make(pending->leaf, sizeof pending->leaf));
    journal_tail_taken(journal);
    return ERR_OK;
}

bool journal_in_doubt(const struct journal *journal)
{
    return journal->in_doubt;
}

uint64_t journal_last(const struct journal *journal)
{
    return journal->tail.last;
}

void journal_head(const struct journal *journal, uint8_t *ret)
{
    span_copy(ret, JOURNAL_DIGEST_SIZE, span_make(journal->tail.leaf, sizeof journal->tail.leaf));
}

/* Gathers the entry that erases another. */
static enum err erasure_append(struct op *op, struct journal *journal, uint64_t number,
                               struct span rule)
{
    struct buf payload;
    buf_init(&payload, sizeof number + sizeof(uint32_t) + JOURNAL_TEXT_SIZE_MAX);
    journal_erase_add(&payload, number, rule);
    if (payload.err != ERR_OK) {
        buf_done(&payload);
        return op_fail(op, ERR_LIMIT, "no room for a rule of %zu bytes: at most %d", rule.size,
                       JOURNAL_TEXT_SIZE_MAX);
    }
    const struct journal_entry entry = { .kind = JOURNAL_KIND_ERASE,
                                         .payload = buf_span(&payload) };
    uint64_t eraser;
    enum err err = entry_append(op, journal, &entry, &eraser);
    buf_done(&payload);
    if (err == ERR_OK) {
        journal->pending.erase_target = number;
    }
    return err;
}

static enum err erasable_check(struct op *op, struct journal *journal, uint64_t number)
{
    struct journal_header header;
    struct span payload;
    TRY(journal_read(op, journal, number, &header, &payload));
    if (span_equal(header.kind, JOURNAL_KIND_ERASE)) {
        return op_fail(op, ERR_DENIED, "entry %" PRIu64 " erases another and is never erased",
                       number);
    }
    if (payload.data == NULL) {
        return op_fail(op, ERR_EXISTS, "the payload of entry %" PRIu64 " is erased already",
                       number);
    }
    return ERR_OK;
}

enum err journal_erase(struct op *op, struct journal *journal, uint64_t number, struct span rule)
{
    must(rule.size > 0);
    TRY(writable_check(op, journal));
    TRY(erasable_check(op, journal, number));
    TRY(erasure_append(op, journal, number, rule));
    TRY(journal_commit(op, journal));

    enum err err = journal_overwrite(op, journal, number, journal->tail.last);
    if (err != ERR_OK) {
        journal->failed = true; /* the next open finishes what was begun */
        op_fault_prefix(op, "erasing entry %" PRIu64 " is not finished: ", number);
    }
    return err;
}
