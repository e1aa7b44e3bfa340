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

/**
 * Write all that was committed into a segment.
 *
 * op        work in hand
 * live      open
 * writer    new; not finished here
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err live_write(struct op *op, struct live *live, struct segment_writer *writer);

/**
 * About how many keys a filter of it will be told.
 *
 * live      open
 */
uint64_t live_filter_keys(const struct live *live);

#endif
