// SPDX-License-Identifier: EUPL-1.2
/*
 * Restoring: the indexes say what there is at the end, then the data sections are read in order and
 * written. A record can only write below the size that the newest index gives its file, without
 * leaving a gap, and only to a file that an index names.
 */
#include "backup/backup.h"
#include "backup/chain.h"
#include "history/history.h"
#include "journal/blob.h"
#include "journal/journal.h"
#include "os/disk_below.h"

enum { REMOVE_DEPTH_MAX = 8, PIECE_SIZE = 64 * 1024, HISTORY_WORK_SIZE_MAX = 256 * 1024 * 1024 };

#define CONFIG_PATH SPAN("linie.conf")
#define CONFIG_NEW  SPAN("linie.conf.restoring") /* its name until all is checked and durable */

struct restorer {
    struct backup_chain chain;
    struct disk *target;           /* NULL: only checking */
    struct backup_catalog folders; /* made so far; those at which a file is synced are durable */
    struct disk_file *file;        /* open for writing, or NULL */
    const struct backup_file *of;  /* which that is */
    uint64_t part;                 /* number of the one that is being read */
    uint64_t bytes;
    uint64_t history_faults; /* see struct backup_summary */
};

/* --- Files and folders --- */

static struct span target_path(struct span path)
{
    return span_equal(path, CONFIG_PATH) ? CONFIG_NEW : path;
}

static enum err folder_make(struct op *op, struct restorer *restorer, struct span path)
{
    struct backup_file *folder = backup_catalog_find(&restorer->folders, path);
    if (folder != NULL) {
        return ERR_OK;
    }
    TRY(disk_make_folder(op, restorer->target, path));
    return backup_catalog_file(op, &restorer->folders, path, &folder);
}

/* Makes each folder on the way to a file. */
static enum err folders_make(struct op *op, struct restorer *restorer, struct span path)
{
    for (size_t i = 0; i < path.size; i++) {
        if (path.data[i] == '/') {
            TRY(folder_make(op, restorer, span_slice(path, 0, i)));
        }
    }
    return ERR_OK;
}

static enum err file_leave(struct op *op, struct restorer *restorer)
{
    if (restorer->file == NULL) {
        return ERR_OK;
    }
    enum err err = disk_sync(op, restorer->file);
    disk_file_close(restorer->file);
    restorer->file = NULL;
    return err;
}

static enum err file_enter(struct op *op, struct restorer *restorer, const struct backup_file *file)
{
    if (restorer->file != NULL && restorer->of == file) {
        return ERR_OK;
    }
    TRY(file_leave(op, restorer));
    TRY(folders_make(op, restorer, file->path));
    TRY(disk_file_open(op, restorer->target, target_path(file->path), DISK_WRITE, &restorer->file));
    restorer->of = file;
    return ERR_OK;
}

/* --- Data --- */

/* A changed byte may show here first: the digest of a section is known only at its end. */
static enum err record_check(struct op *op, const struct restorer *restorer,
                             const struct backup_record *record, const struct backup_file *file)
{
    char part[BACKUP_PART_NAME_SIZE];
    backup_part_name(restorer->part, part);
    if (file == NULL) {
        return op_fail(op, ERR_CORRUPT, "%s: it has bytes of %.*s, but no index names it", part,
                       SPAN_FMT(record->path));
    }
    if (record->offset > file->filled) {
        return op_fail(op, ERR_CORRUPT, "%s: the backup lacks bytes of %.*s, from byte %llu on",
                       part, SPAN_FMT(record->path), (unsigned long long)file->filled);
    }
    return ERR_OK;
}

static enum err data_visit(struct op *op, void *context, const struct backup_record *record)
{
    struct restorer *restorer = context;
    struct backup_file *file = backup_catalog_find(&restorer->chain.catalog, record->path);
    TRY(record_check(op, restorer, record, file));
    uint64_t end = record->offset + record->bytes.size;
    file->filled = end > file->filled ? end : file->filled;
    restorer->bytes += record->bytes.size;
    if (restorer->target == NULL || !file->there || record->offset >= file->size) {
        return ERR_OK;
    }
    uint64_t room = file->size - record->offset;
    size_t size = record->bytes.size < room ? record->bytes.size : (size_t)room;
    TRY(file_enter(op, restorer, file));
    return disk_write(op, restorer->file, record->offset, span_slice(record->bytes, 0, size));
}

static enum err data_read(struct op *op, struct restorer *restorer)
{
    for (size_t i = 0; i < restorer->chain.part_count; i++) {
        restorer->part = restorer->chain.parts[i].header.number;
        TRY(backup_chain_walk(op, &restorer->chain, i, data_visit, restorer));
    }
    for (const struct backup_file *file = restorer->chain.catalog.first; file != NULL;
         file = file->next) {
        if (file->there && file->filled < file->size) {
            return op_fail(op, ERR_CORRUPT, "the backup lacks bytes of %.*s, from byte %llu on",
                           SPAN_FMT(file->path), (unsigned long long)file->filled);
        }
        if (file->there && file->size == 0 && restorer->target != NULL) {
            TRY(file_enter(op, restorer, file));
        }
    }
    return file_leave(op, restorer);
}

/* --- Checking --- */

/* Every file of a world belongs to one that is there, and so will be checked. */
static enum err files_check(struct op *op, struct restorer *restorer)
{
    struct backup_catalog *catalog = &restorer->chain.catalog;
    struct backup_world *world = NULL;
    for (const struct backup_file *file = catalog->first; file != NULL; file = file->next) {
        size_t size = 0;
        if (!file->there || backup_path_kind(file->path, &size) == BACKUP_PATH_SMALL) {
            continue;
        }
        struct span folder = span_slice(file->path, 0, size);
        if (world == NULL || !span_equal(world->folder, folder)) {
            TRY(backup_catalog_world(op, catalog, folder, &world));
        }
        if (world->last == 0) {
            return op_fail(op, ERR_CORRUPT, "the backup has %.*s, but not that world",
                           SPAN_FMT(file->path));
        }
    }
    return ERR_OK;
}

/* What makes a folder a node: without these there is nothing to restore. */
static enum err contents_check(struct op *op, struct restorer *restorer)
{
    struct backup_catalog *catalog = &restorer->chain.catalog;
    const struct backup_file *config = backup_catalog_find(catalog, CONFIG_PATH);
    struct backup_world *real;
    TRY(backup_catalog_world(op, catalog, SPAN("real"), &real));
    if (config == NULL || !config->there || real->last == 0) {
        return op_fail(op, ERR_CORRUPT,
                       "the backup holds no node: it lacks its configuration or "
                       "its journal");
    }
    return files_check(op, restorer);
}

static struct span world_name(const struct backup_world *world)
{
    ptrdiff_t slash = span_find(world->folder, '/');
    return slash == SPAN_NOT_FOUND ? world->folder : span_from(world->folder, (size_t)slash + 1);
}

/* The journal is whole and ends where the backup says; every blob has its digest. */
static enum err world_check(struct op *op, struct disk *disk, const struct backup_world *world)
{
    struct journal_check journal;
    TRY(journal_check(op, disk, world_name(world), &journal));
    if (journal.faults > 0) {
        return op_fail(op, ERR_CORRUPT, "what was restored of %.*s is damaged: %s",
                       SPAN_FMT(world->folder), journal.first_fault_text);
    }
    if (journal.entries != world->last || journal.torn_size > 0 ||
        memcmp(journal.head, world->head, sizeof journal.head) != 0) {
        return op_fail(op, ERR_CORRUPT,
                       "the restored journal of %.*s does not end where the backup says",
                       SPAN_FMT(world->folder));
    }
    struct blob_check blobs;
    TRY(blob_check(op, disk, &blobs));
    if (blobs.faults > 0) {
        return op_fail(op, ERR_CORRUPT, "what was restored of %.*s is damaged: %s",
                       SPAN_FMT(world->folder), blobs.first_fault_text);
    }
    return ERR_OK;
}

/* --- Checking a history --- */

static enum err digest_of(struct op *op, struct disk *disk, struct span path, uint8_t *ret)
{
    uint8_t piece[PIECE_SIZE];
    struct digest_sha256 digest;
    struct disk_file *file;
    uint64_t at = 0;
    size_t got = sizeof piece;
    TRY(disk_file_open(op, disk, path, DISK_READ, &file));
    digest_sha256_init(&digest);
    enum err err = ERR_OK;
    while (err == ERR_OK && got == sizeof piece) {
        err = op_check(op);
        err = err == ERR_OK ? disk_read(op, file, at, piece, sizeof piece, &got) : err;
        digest_sha256_add(&digest, err == ERR_OK ? span_make(piece, got) : SPAN(""));
        at += got;
    }
    digest_sha256_done(&digest, ret);
    disk_file_close(file);
    return err;
}

/* Every file of a world's history is what it was when it was copied. */
static enum err history_files_check(struct op *op, struct restorer *restorer,
                                    const struct backup_world *world, bool *ret_there)
{
    const struct backup_file *file = restorer->chain.catalog.first;
    for (; file != NULL; file = file->next) {
        size_t size = 0;
        bool history = backup_path_kind(file->path, &size) == BACKUP_PATH_HISTORY;
        if (!file->there || !history ||
            !span_equal(span_slice(file->path, 0, size), world->folder)) {
            continue;
        }
        uint8_t digest[DIGEST_SHA256_SIZE];
        TRY(digest_of(op, restorer->target, file->path, digest));
        if (memcmp(digest, file->digest, sizeof digest) != 0) {
            return op_fail(op, ERR_CORRUPT, "%.*s is not what the backup says",
                           SPAN_FMT(file->path));
        }
        *ret_there = true;
    }
    return ERR_OK;
}

static void history_fault_count(void *context, const char *text)
{
    (void)context; /* history_check() counts; 'linie verify' names them */
    (void)text;
}

/* How much of it was damaged when it was copied: that is no reason to leave out the rest. */
static enum err history_faults_count(struct op *op, struct disk *disk, uint64_t *ret)
{
    struct history_rules rules;
    struct history *history;
    history_rules_default(&rules);
    const struct history_options options = { .acknowledged = UINT64_MAX, .rules = &rules };
    enum err err = history_open(op, disk, SPAN("history"), &options, &history, NULL);
    if (err == ERR_ABSENT || err == ERR_CORRUPT) {
        op_fault_clear(op);
        *ret = 1;
        return ERR_OK;
    }
    TRY(err);
    err = history_check(op, history, history_fault_count, NULL, ret);
    history_close(history);
    return err;
}

static enum err world_history_check(struct op *op, struct restorer *restorer, struct disk *disk,
                                    const struct backup_world *world)
{
    struct op apart;
    bool there = false;
    uint64_t faults = 0;
    op_begin(&apart, &op->actor, HISTORY_WORK_SIZE_MAX);
    apart.cancel = op->cancel;
    enum err err = history_files_check(&apart, restorer, world, &there);
    if (err == ERR_OK && there) {
        err = history_faults_count(&apart, disk, &faults);
    }
    if (err != ERR_OK) {
        (void)op_fail(op, err, "%s", apart.fault.text);
    }
    op_end(&apart);
    restorer->history_faults += faults;
    return err;
}

static enum err worlds_check(struct op *op, struct restorer *restorer)
{
    for (const struct backup_world *world = restorer->chain.catalog.worlds; world != NULL;
         world = world->next) {
        if (world->last == 0) {
            continue;
        }
        struct disk *disk;
        TRY(disk_open_below(op, restorer->target, world->folder, &disk));
        enum err err = world_check(op, disk, world);
        err = err == ERR_OK ? world_history_check(op, restorer, disk, world) : err;
        disk_close(disk);
        TRY(err);
    }
    return ERR_OK;
}

/* --- The whole --- */

static enum err folders_sync(struct op *op, struct restorer *restorer)
{
    for (const struct backup_file *folder = restorer->folders.first; folder != NULL;
         folder = folder->next) {
        TRY(disk_sync_folder(op, restorer->target, folder->path));
    }
    return disk_sync_folder(op, restorer->target, SPAN(""));
}

/* The folders that a world has from its making, for what is derived. */
static enum err derived_folders_make(struct op *op, struct restorer *restorer)
{
    static const char *const names[] = { "/sets/", "/index/" };
    for (const struct backup_world *world = restorer->chain.catalog.worlds; world != NULL;
         world = world->next) {
        for (size_t i = 0; world->last > 0 && i < sizeof names / sizeof names[0]; i++) {
            struct buf path;
            buf_init(&path, BACKUP_PATH_SIZE_MAX);
            buf_add(&path, world->folder);
            buf_add(&path, span_of(names[i]));
            enum err err = path.err == ERR_OK ? folders_make(op, restorer, buf_span(&path))
                                              : op_fail(op, ERR_LIMIT, "out of memory for a path");
            buf_done(&path);
            TRY(err);
        }
    }
    return ERR_OK;
}

/* Begins with the configuration under its other name: what is found later in a folder that holds it
 * was left by a restore cut short. */
static enum err marker_make(struct op *op, struct restorer *restorer)
{
    struct disk_file *marker;
    TRY(disk_file_open(op, restorer->target, CONFIG_NEW, DISK_CREATE_NEW, &marker));
    disk_file_close(marker);
    return disk_sync_folder(op, restorer->target, SPAN(""));
}

/* The steps in the order that makes the folder a node at the last moment. */
static enum err restore_all(struct op *op, struct restorer *restorer)
{
    TRY(marker_make(op, restorer));
    enum err err = data_read(op, restorer);
    disk_file_close(restorer->file); /* open only after an error */
    restorer->file = NULL;
    TRY(err);
    TRY(derived_folders_make(op, restorer));
    TRY(folders_sync(op, restorer));
    TRY(worlds_check(op, restorer));
    TRY(disk_rename(op, restorer->target, CONFIG_NEW, CONFIG_PATH));
    return disk_sync_folder(op, restorer->target, SPAN(""));
}

static enum err target_check(struct op *op, struct disk *target)
{
    struct span *names;
    size_t count;
    TRY(disk_list(op, target, SPAN(""), &names, &count));
    for (size_t i = 0; i < count; i++) {
        if (span_equal(names[i], CONFIG_NEW)) {
            return op_fail(
                op, ERR_EXISTS,
                "the folder holds what a restore left when it was cut short: empty it, or "
                "name another folder");
        }
    }
    if (count > 0) {
        return op_fail(op, ERR_EXISTS,
                       "the folder is not empty: a node is restored into an empty "
                       "one");
    }
    return ERR_OK;
}

/* Removes all that lies in a folder. What cannot be removed stays: this follows a fault, which is
 * the one to tell. */
static void folder_empty(struct op *op, struct disk *target, struct span path, int depth)
{
    struct span *names;
    size_t count;
    if (depth > REMOVE_DEPTH_MAX || disk_list(op, target, path, &names, &count) != ERR_OK) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct buf below;
        buf_init(&below, DISK_PATH_SIZE_MAX);
        buf_add(&below, path);
        buf_add(&below, path.size > 0 ? SPAN("/") : SPAN(""));
        buf_add(&below, names[i]);
        if (below.err == ERR_OK && disk_remove(op, target, buf_span(&below)) != ERR_OK) {
            folder_empty(op, target, buf_span(&below), depth + 1);
            enum err removed = disk_remove(op, target, buf_span(&below));
            (void)removed;
        }
        buf_done(&below);
    }
}

/* Removes all that was made: first the name by which the folder would be a node. */
static void target_empty(struct op *op, struct disk *target)
{
    enum err err = disk_remove(op, target, CONFIG_PATH);
    if (err == ERR_OK) {
        err = disk_sync_folder(op, target, SPAN(""));
    }
    (void)err; /* mostly it is not there yet */
    folder_empty(op, target, SPAN(""), 0);
}

static void summary_fill(const struct restorer *restorer, struct backup_summary *ret)
{
    const struct backup_chain *chain = &restorer->chain;
    const struct backup_part *newest = &chain->parts[chain->part_count - 1];
    *ret = (struct backup_summary){ .encrypted = newest->header.encrypted,
                                    .number = newest->header.number,
                                    .time_us = newest->header.time_us,
                                    .parts = chain->part_count,
                                    .new_bytes = restorer->bytes,
                                    .remains = chain->remains,
                                    .history_faults = restorer->history_faults };
    for (size_t i = 0; i < chain->part_count; i++) {
        ret->size += chain->parts[i].size;
    }
    backup_catalog_count(&chain->catalog, &ret->files, &ret->worlds, &ret->entries);
}

static enum err chain_begin(struct op *op, struct disk *source,
                            const struct backup_options *options, struct restorer *restorer)
{
    struct span secret;
    TRY(backup_secret_of(op, options->key, &secret));
    TRY(backup_chain_list(op, source, &restorer->chain));
    if (restorer->chain.number_count == 0) {
        return op_fail(op, ERR_ABSENT, "there is no backup in this folder");
    }
    TRY(backup_chain_read(op, &restorer->chain, secret));
    return contents_check(op, restorer);
}

enum err backup_restore(struct op *op, struct disk *source, struct disk *target,
                        const struct backup_options *options, struct backup_summary *ret)
{
    TRY(target_check(op, target));
    struct restorer restorer = { .target = target };
    backup_catalog_init(&restorer.folders);
    enum err err = chain_begin(op, source, options, &restorer);
    if (err == ERR_OK) {
        err = restore_all(op, &restorer);
        if (err == ERR_OK) {
            summary_fill(&restorer, ret);
        } else {
            target_empty(op, target);
        }
    }
    backup_catalog_done(&restorer.folders);
    backup_chain_done(&restorer.chain);
    return err;
}

enum err backup_check(struct op *op, struct disk *source, const struct backup_options *options,
                      struct backup_summary *ret)
{
    struct restorer restorer = { .target = NULL };
    enum err err = chain_begin(op, source, options, &restorer);
    if (err == ERR_OK) {
        err = data_read(op, &restorer);
    }
    if (err == ERR_OK) {
        summary_fill(&restorer, ret);
    }
    backup_chain_done(&restorer.chain);
    return err;
}
