// SPDX-License-Identifier: EUPL-1.2
/*
 * What is not in a segment yet: in memory, and in the write-ahead file. The file is a sequence of
 * frames; each holds the records of one commit, its number, and a checksum. A commit is synced
 * before the next one is begun, so that a broken frame behind which nothing sound stands was never
 * acknowledged, and is cut off; one that is followed by sound ones was damaged later, and is told.
 *
 * In memory it takes some three times what the file does; short values that are all different, at
 * most nine times. A record is read twice: as it comes, to be checked, and to be counted when it is
 * synced. Its keys are hashed once, and what is counted is looked for in lots, so that both
 * together take some 0.13 us for each thing seen.
 */
#ifndef HISTORY_LIVE_H
#define HISTORY_LIVE_H

#include "base/uuid.h"
#include "history/record.h"
#include "history/segment.h"
#include "os/disk.h"

enum {
    LIVE_FRAME_SIZE_MAX = 32 * 1024 * 1024, /* what may wait for one commit */
    LIVE_FILE_SIZE_MAX = 64 * 1024 * 1024,  /* then it must become a segment */
};

struct live;

struct live_options {
    bool write;          /* else the file is only read, and nothing is cut */
    uint64_t last;       /* commits behind this one are dropped: the journal does not know them */
    struct uuid history; /* whose file it is */
    uint64_t number;     /* of the file, in the manifest */
    uint64_t seed;       /* of its checksums, secret: no value can look like a frame */
    /* Called with a sentence for each place that is damaged. NULL: it is only counted. */
    void (*on_damage)(void *context, const char *text);
    void *context;
};

struct live_opened {
    uint64_t last;    /* number of the last commit that is kept; 0: none */
    uint64_t cut;     /* bytes that were cut off: torn, or not known to the journal */
    uint64_t dropped; /* whole commits among them */
    uint64_t damaged; /* places: frames that cannot be read, the file's header */
};

/**
 * Open a write-ahead file, and remember what it holds. One that is made is synced; its name is
 * durable after disk_sync_folder().
 *
 * op          work in hand
 * disk        of the history
 * path        of the file; made where it is absent and is to be written
 * options     copied
 * ret         to give back with live_close(); untouched on error
 * ret_opened  may be NULL
 *
 * Errors    ERR_ABSENT there is none, and it is only to be read; ERR_IO; ERR_FULL; ERR_CORRUPT it
 * is another history's, or another file of this one; ERR_UNSUPPORTED made by a newer version;
 *           ERR_LIMIT no memory
 */
MUST_USE
enum err live_open(struct op *op, struct disk *disk, struct span path,
                   const struct live_options *options, struct live **ret,
                   struct live_opened *ret_opened);

/**
 * As a file that is only read and holds nothing: where there is none, or it is another's.
 *
 * op        work in hand
 * options   as of live_open()
 * ret       to give back with live_close(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err live_empty(struct op *op, const struct live_options *options, struct live **ret);

/**
 * Close it.
 *
 * live      NULL does nothing
 */
void live_close(struct live *live);

/**
 * Check a record and let it wait for the next commit. A record that is refused leaves nothing.
 *
 * op        work in hand
 * live      open for writing
 * record    made by history_record_end(); copied
 *
 * Errors    ERR_FORMAT no record; ERR_LIMIT too much waits or was committed, or no memory: commit
 *           what waits, make a segment of it, and try again; ERR_IO lost to writing
 */
MUST_USE
enum err live_add(struct op *op, struct live *live, struct span record);

/**
 * Forget what waits.
 *
 * live      open for writing
 */
void live_drop(struct live *live);

/**
 * Write what waits, and sync it; then it counts as seen. Where nothing waits, nothing is written.
 *
 * op        work in hand
 * live      open for writing
 * number    of this commit: greater than that of the last
 *
 * Errors    ERR_FULL: nothing is written, and what waits still waits; ERR_IO: the file is lost to
 *           writing, until it is opened again, and what waited is forgotten
 */
MUST_USE
enum err live_commit(struct op *op, struct live *live, uint64_t number);

/**
 * The number of the last commit; 0: none.
 *
 * live      open
 */
uint64_t live_last(const struct live *live);

/**
 * How much it holds: bytes of the file; things seen (each value, hour, host and way is one); bytes
 * that wait; and the second of the oldest of what was committed (UINT32_MAX: none).
 *
 * live      open
 */
uint64_t live_size(const struct live *live);
uint64_t live_count(const struct live *live);
uint64_t live_waiting(const struct live *live);
uint32_t live_oldest_s(const struct live *live);

/* ---- a segment of it ---- */

/**
 * Set apart what was committed so far: it is the older part from now on, which nothing changes any
 * more, and of which a segment is made while more is committed.
 *
 * op        work in hand
 * live      open for writing; nothing waits, and there is no older part
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err live_split(struct op *op, struct live *live);

/**
 * The number of the last commit of the older part; 0: there is none.
 *
 * live      open
 */
uint64_t live_older_last(const struct live *live);

/**
 * How much was committed since it was split, in bytes of the file; where it was not, all of it.
 *
 * live      open
 */
uint64_t live_newer_size(const struct live *live);

/**
 * Begin a further write-ahead file, to which what is not of the older part is carried over: when a
 * manifest names it, the older part is in a segment.
 *
 * op        work in hand
 * live      open for writing, with an older part; no other file was begun
 * disk      of the history
 * path      of the file, which is not there
 * options   of the new file; copied
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err live_move_begin(struct op *op, struct live *live, struct disk *disk, struct span path,
                         const struct live_options *options);

/**
 * Carry commits over, some 4 MiB of them. When all are, the new file is synced; its name is durable
 * after disk_sync_folder(). Commits that come then are to be carried over as well.
 *
 * op        work in hand
 * live      a further file was begun
 * ret_done  whether all were carried over
 *
 * Errors    ERR_FULL; ERR_IO also: what was written cannot be read back; ERR_LIMIT
 */
MUST_USE
enum err live_move_step(struct op *op, struct live *live, bool *ret_done);

/**
 * Use the new file, and forget the older part: a manifest names the new file and a segment.
 *
 * live      all was carried over, and nothing was committed since
 */
void live_move_end(struct live *live);

/**
 * Give the new file up, if one was begun. The caller removes it.
 *
 * live      open
 */
void live_move_drop(struct live *live);

/* A segment that is being made. */
struct live_writing;

/**
 * Begin a segment of what was committed.
 *
 * op        work in hand
 * live      open; the part is not changed until live_writing_free()
 * older     of the older part alone; else of the other alone
 * file      empty, open for writing; borrowed. NULL: into memory
 * options   copied; filter_keys_max is worked out here
 * ret       to give back with live_writing_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err live_writing_new(struct op *op, const struct live *live, bool older,
                          struct disk_file *file, const struct segment_options *options,
                          struct live_writing **ret);

/**
 * Give it back, done or not.
 *
 * writing   NULL does nothing
 */
void live_writing_free(struct live_writing *writing);

/**
 * Go on with it.
 *
 * op         work in hand
 * writing    not done
 * budget_us  about so long it may take; INT64_MAX: to the end
 * ret_done   whether the segment is finished
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err live_writing_step(struct op *op, struct live_writing *writing, int64_t budget_us,
                           bool *ret_done);

/**
 * What wrote the segment: it tells facts and bytes.
 *
 * writing   done; lives as long
 */
struct segment_writer *live_writing_writer(struct live_writing *writing);

#endif
