// SPDX-License-Identifier: EUPL-1.2
/*
 * Copying a world into a part, in rounds. A round takes the number of the last entry, with the
 * history as it is just then, copies the blobs, then the journal up to that entry. If meanwhile a
 * payload was erased that had been copied, another round goes beyond the entry that erased it.
 * backup/backup.h says why this is enough.
 */
#include <inttypes.h>

#include "backup/inner.h"
#include "base/must.h"
#include "journal/find.h"
#include "os/disk_below.h"

enum {
    ROUNDS_MAX = 1000, /* of a world: each is one erasure at least */
    TRIES_MAX = 1000,  /* to find a history at rest */
};

/* A rule by which the history forgot, carried out: docs/format/journal-entries.md. In JSON of our
 * own no text can look like the name of a member. */
#define FORGET_KIND SPAN("history.forget")
#define FORGET_DONE SPAN("\"about\":")

/* Bytes of a journal that must not be copied as they lie: an erasure that may not be finished. */
struct mask {
    uint64_t first; /* of the segment; 0: there is none */
    uint64_t offset;
    uint64_t size;
    uint8_t mark[JOURNAL_SALT_SIZE];
};

struct copying {
    struct op *op; /* for visitors */
    struct backup_maker *maker;
    struct backup_world *world; /* in the catalog: as far as the copy goes */
    struct disk *disk;          /* of the world's folder */
    struct journal *journal;
    uint8_t world_mark[JOURNAL_WORLD_MARK_SIZE];
    struct journal_list list;
    struct journal_finder finder;
    uint64_t last;  /* how far this round goes */
    uint64_t floor; /* what was forgotten up to here is in no part */
    struct mask mask;
    bool other_past; /* the journal does not go on from where the backup ends */
    bool again;      /* another round is needed */
};

/* --- Erasures --- */

/* Where the payload of an entry lies. */
static enum err mask_of(struct op *op, struct copying *copying, uint64_t target, uint64_t eraser,
                        struct mask *ret)
{
    struct journal_segment *segment;
    struct journal_frame frame;
    TRY(journal_find(op, &copying->finder, target, &segment, &frame));
    ret->first = segment->first;
    ret->offset = frame.offset + journal_body_offset(&frame.prefix);
    ret->size = frame.prefix.body_size;
    journal_mark_write(ret->mark, eraser);
    return ERR_OK;
}

/* Puts the erased form of a payload over that part of it which lies in `piece`. */
static void mask_apply(const struct mask *mask, uint64_t offset, uint8_t *piece, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint64_t at = offset + i;
        if (at >= mask->offset && at < mask->offset + mask->size) {
            uint64_t inside = at - mask->offset;
            piece[i] = inside < sizeof mask->mark ? mask->mark[inside] : 0;
        }
    }
}

static struct backup_path segment_path(const struct copying *copying, uint64_t first)
{
    struct journal_path path = journal_path_of(first);
    return backup_path_join(copying->world->folder, span_of(path.text));
}

/* Writes the erased form of a payload whose bytes older parts, or this one, hold already. */
static enum err erased_add(struct op *op, struct copying *copying, const struct mask *mask)
{
    struct backup_maker *maker = copying->maker;
    struct backup_path path = segment_path(copying, mask->first);
    uint64_t done = 0;
    while (done < mask->size) {
        uint64_t left = mask->size - done;
        size_t size = left < BACKUP_DATA_SIZE_MAX ? (size_t)left : BACKUP_DATA_SIZE_MAX;
        mask_apply(mask, mask->offset + done, maker->piece, size);
        TRY(backup_data_add(op, maker, backup_path_span(&path), mask->offset + done,
                            span_make(maker->piece, size)));
        done += size;
    }
    struct backup_file *file;
    TRY(backup_catalog_file(op, &maker->chain.catalog, backup_path_span(&path), &file));
    file->changed = true;
    maker->remains++;
    return ERR_OK;
}

static enum err erase_target(struct op *op, const struct journal_header *header,
                             struct span payload, uint64_t *ret)
{
    struct span rule;
    if (journal_erase_read(payload, ret, &rule) != ERR_OK || *ret >= header->number) {
        return op_fail(op, ERR_CORRUPT,
                       "entry %" PRIu64 " does not say what it erases: see 'linie verify'",
                       header->number);
    }
    return ERR_OK;
}

/* Sees every entry that is new in this round, before the journal's bytes are copied. */
static enum err entry_visit(void *context, const struct journal_header *header, struct span payload)
{
    struct copying *copying = context;
    struct op *op = copying->op;
    const struct backup_world *world = copying->world;
    bool next = header->number == world->last + 1;
    if (next && memcmp(header->previous, world->head, sizeof world->head) != 0) {
        copying->other_past = true;
        return ERR_CONFLICT; /* told by round_run() */
    }
    if (span_equal(header->kind, FORGET_KIND)) {
        bool done = span_find_span(payload, FORGET_DONE) != SPAN_NOT_FOUND;
        copying->maker->remains += done && header->number > copying->floor ? 1 : 0;
    }
    if (!span_equal(header->kind, JOURNAL_KIND_ERASE)) {
        return ERR_OK;
    }
    uint64_t target = 0;
    TRY(erase_target(op, header, payload, &target));
    struct mask mask;
    if (target <= world->last) {
        TRY(mask_of(op, copying, target, header->number, &mask));
        return erased_add(op, copying, &mask);
    }
    if (header->number == copying->last) {
        TRY(mask_of(op, copying, target, header->number, &mask));
        copying->mask = mask; /* its writer may still be overwriting */
    }
    return ERR_OK;
}

/* Sees what was committed while a round copied. */
static enum err meanwhile_visit(void *context, const struct journal_header *header,
                                struct span payload)
{
    struct copying *copying = context;
    if (span_equal(header->kind, JOURNAL_KIND_ERASE)) {
        uint64_t target = 0;
        TRY(erase_target(copying->op, header, payload, &target));
        copying->again = copying->again || target <= copying->last;
    }
    return ERR_OK;
}

/* --- The journal --- */

/* Copies bytes [from, end) of a segment. */
static enum err range_copy(struct op *op, struct copying *copying, struct disk_file *source,
                           struct backup_file *file, const uint64_t range[2], uint64_t first)
{
    struct backup_maker *maker = copying->maker;
    uint64_t at = range[0];
    while (at < range[1]) {
        uint64_t left = range[1] - at;
        size_t want = left < BACKUP_DATA_SIZE_MAX ? (size_t)left : BACKUP_DATA_SIZE_MAX;
        size_t got = 0;
        TRY(disk_read(op, source, at, maker->piece, want, &got));
        if (got < want) {
            return op_fail(op, ERR_IO, "%.*s became shorter while it was copied",
                           SPAN_FMT(file->path));
        }
        if (copying->mask.first == first) {
            mask_apply(&copying->mask, at, maker->piece, got);
        }
        TRY(backup_data_add(op, maker, file->path, at, span_make(maker->piece, got)));
        at += got;
    }
    return ERR_OK;
}

/* Where the last entry of this round ends. */
static enum err last_end(struct op *op, struct copying *copying, uint64_t *ret)
{
    struct journal_segment *segment;
    struct journal_frame frame;
    TRY(journal_find(op, &copying->finder, copying->last, &segment, &frame));
    *ret = frame.offset + journal_frame_size(&frame.prefix);
    return ERR_OK;
}

static enum err segment_copy(struct op *op, struct copying *copying, struct disk_file *source,
                             size_t index, struct backup_file *file)
{
    uint64_t end = 0;
    if (index == journal_list_index(&copying->list, copying->last)) {
        TRY(last_end(op, copying, &end));
    } else {
        TRY(disk_size(op, source, &end)); /* no longer written to */
    }
    const uint64_t range[2] = { file->there ? file->size : 0, end };
    if (range[0] > end) {
        return op_fail(op, ERR_CORRUPT, "%.*s is shorter than the backup's copy",
                       SPAN_FMT(file->path));
    }
    TRY(range_copy(op, copying, source, file, range, copying->list.firsts[index]));
    file->there = true;
    file->changed = file->changed || range[0] < end;
    file->size = end;
    return ERR_OK;
}

static enum err segments_add(struct op *op, struct copying *copying)
{
    struct backup_maker *maker = copying->maker;
    size_t last = journal_list_index(&copying->list, copying->last);
    size_t begin = journal_list_index(&copying->list, copying->world->last + 1);
    for (size_t i = 0; i <= last; i++) {
        struct backup_path path = segment_path(copying, copying->list.firsts[i]);
        struct backup_file *file;
        TRY(backup_catalog_file(op, &maker->chain.catalog, backup_path_span(&path), &file));
        file->seen = true;
        if (i < begin && file->there) {
            continue;
        }
        struct disk_file *source;
        TRY(disk_file_open(op, maker->node, backup_path_span(&path), DISK_READ, &source));
        enum err err = segment_copy(op, copying, source, i, file);
        disk_file_close(source);
        TRY(err);
    }
    return ERR_OK;
}

/* --- Rounds --- */

static enum err fail_other_past(struct op *op, const struct copying *copying)
{
    op_fault_clear(op);
    return op_fail(op, ERR_CONFLICT,
                   "the backup holds %" PRIu64 " entries of %.*s that do not stand in this node's "
                   "journal: it was made of another past of this node, perhaps before a restore; "
                   "use another folder, or --full to replace it",
                   copying->world->last, SPAN_FMT(copying->world->folder));
}

/* The journal goes on from where the backup ends. What follows is checked by the walk. */
static enum err past_check(struct op *op, const struct copying *copying)
{
    const struct backup_world *world = copying->world;
    uint8_t head[JOURNAL_DIGEST_SIZE];
    journal_head(copying->journal, head);
    bool equal = memcmp(head, world->head, sizeof head) == 0;
    if (world->last > copying->last || (world->last == copying->last && !equal)) {
        return fail_other_past(op, copying);
    }
    return ERR_OK;
}

static enum err list_renew(struct op *op, struct copying *copying)
{
    journal_finder_done(&copying->finder);
    journal_list_done(&copying->list);
    TRY(journal_list_read(op, copying->disk, &copying->list));
    copying->finder = (struct journal_finder){ .disk = copying->disk,
                                               .list = &copying->list,
                                               .world_mark = copying->world_mark,
                                               .end = UINT64_MAX };
    return ERR_OK;
}

/* Takes the history as it is while the journal ends where this round goes. */
static enum err history_add(struct op *op, struct copying *copying)
{
    for (size_t i = 0; i < TRIES_MAX; i++) {
        struct backup_history history = { .there = false };
        bool whole = false;
        TRY(backup_history_begin(op, copying->maker, copying->world->folder, &history));
        TRY(journal_refresh(op, copying->journal));
        TRY(backup_history_finish(op, copying->maker, copying->world->folder, &history, &whole));
        if (whole) {
            return ERR_OK;
        }
    }
    return op_fail(op, ERR_AGAIN,
                   "the history of %.*s changed faster than it could be copied: "
                   "try again later",
                   SPAN_FMT(copying->world->folder));
}

static enum err round_run(struct op *op, struct copying *copying)
{
    struct backup_world *world = copying->world;
    struct backup_maker *maker = copying->maker;
    TRY(history_add(op, copying));
    copying->last = journal_last(copying->journal);
    copying->mask = (struct mask){ 0 };
    TRY(past_check(op, copying));
    uint8_t head[JOURNAL_DIGEST_SIZE];
    journal_head(copying->journal, head);
    TRY(list_renew(op, copying));

    TRY(backup_blobs_add(op, maker, world->folder));
    enum err err = journal_walk(op, copying->journal, world->last + 1, entry_visit, copying);
    if (copying->other_past) {
        return fail_other_past(op, copying);
    }
    TRY(err);
    TRY(segments_add(op, copying));

    world->changed = world->changed || copying->last > world->last;
    maker->entries += copying->last - world->last;
    world->last = copying->last;
    span_copy(world->head, sizeof world->head, span_make(head, sizeof head));
    return ERR_OK;
}

/* Whether a payload that was copied has been erased since: then it may be copied half erased. */
static enum err meanwhile_check(struct op *op, struct copying *copying)
{
    copying->again = false;
    TRY(journal_refresh(op, copying->journal));
    return journal_walk(op, copying->journal, copying->last + 1, meanwhile_visit, copying);
}

static enum err rounds_run(struct op *op, struct copying *copying)
{
    for (size_t i = 0; i < ROUNDS_MAX; i++) {
        TRY(round_run(op, copying));
        TRY(meanwhile_check(op, copying));
        if (!copying->again) {
            return ERR_OK;
        }
    }
    return op_fail(op, ERR_AGAIN,
                   "payloads of %.*s were erased faster than they could be copied: try again later",
                   SPAN_FMT(copying->world->folder));
}

/* The name of a world, from its folder: "real", or what follows "exercises/". */
static struct span world_of(struct span folder)
{
    ptrdiff_t slash = span_find(folder, '/');
    return slash == SPAN_NOT_FOUND ? folder : span_from(folder, (size_t)slash + 1);
}

static enum err journal_begin(struct op *op, struct disk *disk, struct span folder,
                              struct journal **ret)
{
    const struct journal_options options = { .world = world_of(folder) };
    uint64_t cut;
    return journal_open(op, disk, &options, ret, &cut);
}

static enum err world_copy(struct op *op, struct backup_maker *maker, struct disk *disk,
                           struct span folder)
{
    struct copying copying = { .op = op, .maker = maker, .disk = disk };
    journal_world_mark(world_of(folder), copying.world_mark);
    TRY(backup_catalog_world(op, &maker->chain.catalog, folder, &copying.world));
    TRY(journal_begin(op, disk, folder, &copying.journal));
    enum err err = ERR_OK;
    if (journal_last(copying.journal) > 0 || copying.world->last > 0) {
        copying.world->seen = true;
        copying.floor = copying.world->last > 0 ? 0 : journal_last(copying.journal);
        err = rounds_run(op, &copying);
    }
    journal_finder_done(&copying.finder);
    journal_list_done(&copying.list);
    journal_close(copying.journal);
    return err;
}

enum err backup_world_add(struct op *op, struct backup_maker *maker, struct span folder)
{
    struct disk *disk;
    TRY(disk_open_below(op, maker->node, folder, &disk));
    enum err err = world_copy(op, maker, disk, folder);
    disk_close(disk);
    return err;
}

/* The leaf of a journal's first entry. */
static enum err first_leaf(struct op *op, struct journal *journal, uint8_t *ret)
{
    if (journal_last(journal) == 0) {
        return op_fail(op, ERR_ABSENT, "this is no node: its journal has no entry");
    }
    if (journal_last(journal) == 1) {
        journal_head(journal, ret);
        return ERR_OK;
    }
    struct journal_header second;
    TRY(journal_read(op, journal, 2, &second, NULL));
    span_copy(ret, JOURNAL_DIGEST_SIZE, span_make(second.previous, sizeof second.previous));
    return ERR_OK;
}

enum err backup_node_mark(struct op *op, struct disk *node, uint8_t *ret)
{
    struct disk *disk;
    TRY(disk_open_below(op, node, SPAN("real"), &disk));
    struct journal *journal = NULL;
    uint8_t leaf[JOURNAL_DIGEST_SIZE];
    enum err err = journal_begin(op, disk, SPAN("real"), &journal);
    if (err == ERR_OK) {
        err = first_leaf(op, journal, leaf);
        journal_close(journal);
    }
    disk_close(disk);
    TRY(err);

    struct digest_sha256 digest;
    uint8_t mark[DIGEST_SHA256_SIZE];
    digest_sha256_init(&digest);
    digest_sha256_add(&digest, SPAN("linie backup of "));
    digest_sha256_add(&digest, span_make(leaf, sizeof leaf));
    digest_sha256_done(&digest, mark);
    span_copy(ret, BACKUP_ID_SIZE, span_make(mark, BACKUP_ID_SIZE));
    return ERR_OK;
}
