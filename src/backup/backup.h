// SPDX-License-Identifier: EUPL-1.2
/*
 * Backups of a node, made while it runs and is written to. A backup is a folder of numbered parts:
 * the first holds everything, each later one what was new. The format, and what a backup does not
 * do, are in docs/format/backup.md.
 *
 * What is kept is the truth and what belongs to it: linie.conf, identity.json, keys/, and of each
 * world its journal, its blobs and its history. What is derived (database, sets, index) is made
 * again from that at the first open after restoring.
 *
 * Why a copy made during writing is whole. A journal only grows, and a blob is durable before the
 * entry that names it. So first the number of the last committed entry is taken, then all blobs are
 * copied that are there, then the journal up to that entry: whatever an entry names was there when
 * the blobs were listed. One thing is changed in place: erasing overwrites a payload, after the
 * entry that says so. If such an entry was committed while its target was being copied, the copy is
 * continued beyond that entry, so that no half-erased payload is without its reason; and what an
 * entry erases is written into the backup as erased, whatever was read.
 *
 * Why the history in it is never behind that journal. A commit is in the write-ahead file before
 * the journal names it, and becomes part of a segment only after. So the manifest is read, then the
 * number of the last entry is taken, then the manifest is read again: where it still names the same
 * write-ahead file, its segments and that file hold every commit that the journal knows up to that
 * entry, and no segment holds one that it does not know. Else it is tried again. What the
 * write-ahead file holds beyond that is dropped when the restored node opens it.
 */
#ifndef BACKUP_BACKUP_H
#define BACKUP_BACKUP_H

#include "os/disk.h"

struct backup_options {
    /* Content of the key file, borrowed; data is NULL where the backup is not encrypted. Line ends
     * at its end do not count. */
    struct span key;
    bool full; /* begin a new generation, which then replaces the older parts */
    int64_t (*clock_us)(void *context); /* the time written into parts; NULL: os_clock_us() */
    void *clock_context;
    uint64_t key_ops;    /* what deriving a new backup's key costs; 0: the default */
    uint64_t key_memory; /* as above */
};

struct backup_summary {
    bool written; /* writing: there was something new, and a part was made */
    bool full;    /* writing: the part holds everything */
    bool encrypted;
    uint64_t number;      /* of the newest part */
    int64_t time_us;      /* when that was made */
    uint64_t parts;       /* of the newest generation */
    uint64_t size;        /* of those parts together, in bytes */
    uint64_t files;       /* that a restore makes */
    uint64_t worlds;      /* that a restore makes */
    uint64_t entries;     /* of the journals of all worlds */
    uint64_t new_bytes;   /* writing: of files, in this part; restoring, checking: of all parts */
    uint64_t new_size;    /* writing: of the part */
    uint64_t new_files;   /* writing: new or changed */
    uint64_t new_entries; /* writing */
    /* Payloads that were erased, and files that were removed, after parts with their bytes were
     * made: those parts hold the bytes still. Above 0, the user is to be told that only a full
     * backup ends this. */
    uint64_t remains;
    /* Restoring: places of histories that were damaged already when they were copied. */
    uint64_t history_faults;
};

/**
 * Back a node up. Nothing is written where nothing is new. When this fails, or is cut short by
 * power loss, the backup is what it was before, or has the new part whole.
 *
 * With options->full the parts of the older generation are removed once the new part is durable;
 * when only that fails, the new one is there all the same.
 *
 * op        work in hand
 * node      the node's folder; nothing in it is changed, and no lock is taken
 * target    the backup's folder
 * options   copied
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT this is no node; ERR_AGAIN another backup into this folder is running, or
 *           payloads were erased faster than they could be copied; ERR_CONFLICT the folder holds
 * the backup of another node, or of another past of this one, or a key was given and it is not
 *           encrypted; ERR_DENIED no key, or the wrong one; or a file cannot be read; ERR_CORRUPT
 * the node or the backup is damaged; ERR_FORMAT the key is empty; ERR_UNSUPPORTED a newer version
 * made it, or a file's name cannot be kept; ERR_FULL; ERR_IO; ERR_LIMIT; ERR_CANCELLED
 */
MUST_USE
enum err backup_write(struct op *op, struct disk *node, struct disk *target,
                      const struct backup_options *options, struct backup_summary *ret);

/**
 * Make a node's folder from a backup. Every digest is checked, then every journal, blob and file
 * of a history as it lies in the new folder. The configuration gets its name last: until then the
 * folder is no node. When this fails all that was made is removed; what a power loss leaves is no
 * node either.
 *
 * op        work in hand
 * source    the backup's folder; nothing in it is changed
 * target    an empty folder of mode 0700
 * options   `full` is not looked at; copied
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT there is no backup; ERR_EXISTS the target is not empty; ERR_CORRUPT damaged,
 *           or a part is missing; ERR_CONFLICT a part of another backup, or a key for a backup that
 *           is not encrypted; ERR_DENIED no key, or the wrong one; ERR_FORMAT the key is empty;
 *           ERR_UNSUPPORTED a newer version made it; ERR_FULL; ERR_IO; ERR_LIMIT; ERR_CANCELLED
 */
MUST_USE
enum err backup_restore(struct op *op, struct disk *source, struct disk *target,
                        const struct backup_options *options, struct backup_summary *ret);

/**
 * Read all of a backup as a restore would, and make nothing. What the journals say is not looked
 * at.
 *
 * op        work in hand
 * source    the backup's folder; nothing in it is changed
 * options   `full` is not looked at; copied
 * ret       untouched on error
 *
 * Errors    as backup_restore(): ERR_ABSENT; ERR_CORRUPT; ERR_CONFLICT; ERR_DENIED; ERR_FORMAT;
 *           ERR_UNSUPPORTED; ERR_IO; ERR_LIMIT; ERR_CANCELLED
 */
MUST_USE
enum err backup_check(struct op *op, struct disk *source, const struct backup_options *options,
                      struct backup_summary *ret);

#endif
