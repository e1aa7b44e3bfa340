// SPDX-License-Identifier: EUPL-1.2
/*
 * What the files of the follower share; nobody else includes it.
 */
#ifndef NODE_FOLLOW_INNER_H
#define NODE_FOLLOW_INNER_H

#include "base/hash.h"
#include "node/follow.h"
#include "node/session_inner.h"
#include "os/changes.h"

enum {
    FOLLOW_OPEN_MAX = 256,     /* files that the watch holds open */
    FOLLOW_OPENING_MAX = 16,   /* of these, those of which the end was not reached yet */
    FOLLOW_ARCHIVES_MAX = 2,   /* of those, compressed ones */
    FOLLOW_GRACE_SETTLES = 6,  /* a file that is gone is held for so many times the settle time */
    FOLLOW_LOOK_LEAST_MS = 20, /* between two looks at one file: so often it is read at most */
    FOLLOW_SCAN_LEAST_MS = 50,
    FOLLOW_COPY_BUCKETS = 4096,
    FOLLOW_COPY_SHORTS = 64,
    FOLLOW_MOVES_MAX = 32, /* renamed files that are kept in mind */
    FOLLOW_MOVE_PATH_MAX = 512,
    FOLLOW_IDLE_S = 600, /* a file that does not change is closed after so long */
};

/* One file, pipe or device that was found. Files are known by device and inode, whatever they are
 * called; pipes by their path. */
struct follow_file {
    struct follow_file *path_next;  /* in the table of paths */
    struct follow_file *inode_next; /* in the table of inodes */
    struct follow_file *queue_next;
    struct follow_state *source;
    uint8_t *path; /* ended by a NUL */
    enum input_sort sort;
    uint64_t device;
    uint64_t inode;
    uint64_t size;       /* as it was seen last */
    int64_t modified_us; /* likewise */
    uint32_t scan;       /* that saw it last */
    bool there;          /* its path stands for it: it is in the table of paths */
    bool displaced;      /* another file has its name: where it is now, if anywhere, is not known */
    bool listed;         /* it is in the table of inodes */
    bool archive;        /* compressed, by its name: read when it has settled */
    bool settles;        /* it is read when it has settled, for another reason */
    bool queued;         /* waits to be opened */
    bool unread;         /* there is something that was not read */
    bool seen;           /* it was open before */
    bool read;           /* counted among the inputs that were read */
    bool told;           /* what is wrong with it was told */
    bool told_before;    /* ... by the run before, which counted it */
    bool aside;          /* it cannot be read: left alone until it changes */
    bool too_short;      /* ... because it is empty, or does not tell yet what it is */
    bool lingers;        /* it is renamed, waits in the queue, and is looked at until it grows */
    bool opening;        /* counted among those */
    bool archive_opening; /* likewise, among the archives */
    bool half_asked;      /* its last line was asked for without its end */
    bool no_copy;         /* it was found to be none */
    bool copy_called;     /* it may be a copy, by its name too */
    bool rewritten;       /* it does not hold any more what it held when it was found */
    uint64_t read_size;   /* of the file, when its end was reached */
    int64_t settled_us;   /* since when it has not changed */
    int64_t looked_us;    /* when it was read on last */
    int64_t gone_us;      /* since when it is not there */
    uint64_t waiting;     /* bytes of its last line */
    int reader;           /* of a pipe: keeps it open for writers while nobody reads; -1: none */
    size_t header_size;
    uint8_t *header;             /* TSV: in force where it was read up to */
    struct session_input *input; /* open in the watch; else NULL */
    struct follow *follow;
};

/* What was read, by which copies of it are known. */
struct follow_original;

struct follow_copies {
    size_t count;
    struct follow_original *buckets[FOLLOW_COPY_BUCKETS];
    struct follow_original *shorts[FOLLOW_COPY_SHORTS]; /* a ring of those with few bytes */
    size_t short_next;
};

struct follow_table {
    struct follow_file **buckets;
    size_t room; /* a power of two */
    size_t count;
};

/* A folder that the kernel tells of. */
struct follow_folder {
    uint8_t *path; /* ended by a NUL */
    int number;    /* as changes_watch() called it */
    uint32_t scan; /* that saw it last */
};

/* A file of a source that got another name, which none names. */
struct follow_move {
    struct follow_state *source; /* NULL: none */
    uint32_t move;               /* as the kernel counts them */
    size_t path_size;            /* 0: its name is not known yet */
    uint8_t path[FOLLOW_MOVE_PATH_MAX];
};

/* How a source stands. */
struct follow_state {
    struct follow_source from;
    bool told; /* that nothing is there */
    /* lines, and how long it took until as many came as are expected */
    uint64_t lines;
    int64_t since_us;
    bool silent;
    /* what was lost at its socket and is not told yet */
    uint64_t lost;
    int64_t lost_told_us; /* 0: never */
};

struct follow {
    struct session *session;
    int folder; /* where relative paths start */
    struct intakes *intakes;
    struct follow_before *before;
    struct loop_entry intakes_entry;
    bool intakes_waited; /* the entry is in the loop */
    struct follow_state *sources;
    size_t source_count;
    int64_t watched_us; /* when silence was looked for last */
    int64_t settle_us;
    int64_t poll_us;
    /* files */
    struct hash_secret secret;
    struct follow_table by_path;
    struct follow_table by_inode;
    struct follow_file *open[FOLLOW_OPEN_MAX];
    size_t open_count;
    size_t opening_count;
    size_t archive_count; /* of the opening ones */
    struct follow_copies copies;
    struct follow_file *queue_first;
    struct follow_file *queue_last;
    /* looking through */
    uint32_t scan;
    int64_t scanned_us;
    int64_t scan_cost_us;    /* how long the last one took */
    bool scan_wanted;        /* somebody told that names changed */
    unsigned searches;       /* of folders, in the present scan */
    struct changes *changes; /* NULL: the kernel tells nothing */
    struct loop_entry changes_entry;
    struct follow_folder *folders;
    size_t folder_count;
    size_t folder_room;
    struct follow_move moves[FOLLOW_MOVES_MAX]; /* a ring */
    size_t move_next;
    struct op work;    /* memory of one scan */
    int64_t timers_us; /* when those were looked through last */
};

/* ---- tables ---- */

/**
 * Find a file by its path, or by device and inode.
 *
 * follow    begun
 * path      of a file that is there
 * device    of a file
 * inode     of a file
 *
 * Returns NULL where there is none.
 */
struct follow_file *follow_find_path(const struct follow *follow, struct span path);
struct follow_file *follow_find_inode(const struct follow *follow, uint64_t device, uint64_t inode);

/**
 * Put a file into a table, where it is found by its path or by its inode.
 *
 * follow    begun
 * file      not in that table
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err follow_put_path(struct follow *follow, struct follow_file *file);
MUST_USE
enum err follow_put_inode(struct follow *follow, struct follow_file *file);

/**
 * Take a file out of a table.
 *
 * follow    begun
 * file      in that table
 */
void follow_take_path(struct follow *follow, struct follow_file *file);
void follow_take_inode(struct follow *follow, struct follow_file *file);

/* ---- looking through what lies there ---- */

/**
 * Look through all sources: new files are found, changed ones are marked, and those that are gone
 * begin to leave.
 *
 * follow    begun
 *
 * Errors    ERR_LIMIT; ERR_IO; those of follow_file_changed()
 */
MUST_USE
enum err follow_scan(struct follow *follow);

/**
 * What lies at a path.
 *
 * folder    where a relative one starts: an open folder
 * path      ended by a NUL
 * ret       what is seen of it, without a path; untouched where there is no regular file
 */
bool follow_path_look(int folder, const char *path, struct input_named *ret);

/**
 * Whether a path stands for a file that was found before.
 *
 * folder    where a relative one starts: an open folder
 * path      ended by a NUL
 * file      a regular one
 * ret       what is seen of it, without a path; untouched where it is not that file
 */
bool follow_path_is(int folder, const char *path, const struct follow_file *file,
                    struct input_named *ret);

/**
 * Where a file is now that is not where it was: in the same folder, under another name.
 *
 * file      not there
 * ret_path  receives it; of no use where it is not found
 * ret_now   what is seen of it; untouched where it is not found
 */
bool follow_find_renamed(const struct follow_file *file, struct buf *ret_path,
                         struct input_named *ret_now);

/* ---- what the kernel tells ---- */

/**
 * The folder of a path, without the last '/': "" for a name alone, "/" for one at the root.
 *
 * path      of a file
 */
struct span follow_path_folder(struct span path);

/**
 * Make "folder/name".
 *
 * path      what it holds goes
 * folder    may be empty
 * name      of a file
 */
void follow_path_join(struct buf *path, struct span folder, struct span name);

/**
 * Open a folder.
 *
 * follow    begun
 * path      as follow_path_folder() gives it
 * flags     O_PATH or O_RDONLY
 *
 * Returns -1 where it cannot be opened.
 */
int follow_folder_open(const struct follow *follow, struct span path, int flags);

/**
 * Have the kernel tell of a folder, or where there is none, of the nearest one above it that is
 * there, so that its making is heard. What lies there is to be looked through afterwards.
 *
 * follow    a scan goes on
 * path      as follow_path_folder() gives it
 */
void follow_folder_watch(struct follow *follow, struct span path);

/**
 * Hear no more of the folders that the present scan did not ask for.
 *
 * follow    begun
 */
void follow_folders_sweep(struct follow *follow);

/**
 * Take what the kernel tells of changes.
 *
 * follow    begun
 *
 * Errors    those of follow_file_changed()
 */
MUST_USE
enum err follow_hear_changes(struct follow *follow);

/* ---- copies ---- */

/**
 * Learn from the store what was read before.
 *
 * follow    begun
 *
 * Errors    those of store_inputs()
 */
MUST_USE
enum err follow_copies_load(struct follow *follow);

/**
 * Remember what was read of a file, so that a copy of it is known.
 *
 * follow    begun
 * state     what the store is told of it
 */
void follow_copy_keep(struct follow *follow, const struct store_input *state);

/**
 * Forget all.
 *
 * follow    begun
 */
void follow_copies_free(struct follow *follow);

/**
 * Of which file a new one may be a copy.
 *
 * file              not known
 * start             its first bytes, decompressed
 * ret_called_after  whether its name says so too
 *
 * Returns what was read of that one, until the next call; NULL where there is none.
 */
const struct store_input *follow_copy_find(struct follow_file *file, struct span start,
                                           bool *ret_called_after);

/* ---- the run before ---- */

/**
 * Note which inputs this run has read.
 *
 * follow    begun
 * ret       what it holds goes; without memory, it stays
 */
void follow_before_make(const struct follow *follow, struct follow_before *ret);

/**
 * Learn what the run before did with an input.
 *
 * before    all zero where there was none
 * file      found just now
 */
void follow_before_find(const struct follow_before *before, struct follow_file *file);

/* ---- sockets, and silence ---- */

/**
 * Learn which sources are silent by what an earlier run told; from now on it is counted how long
 * they give nothing.
 *
 * follow    begun
 *
 * Errors    those of store_notices_walk()
 */
MUST_USE
enum err follow_silence_begin(struct follow *follow);

/**
 * Lines came from a source.
 *
 * source    followed
 * lines     how many
 */
void follow_lines_heard(struct follow_state *source, uint64_t lines);

/**
 * Tell of sources that have fallen silent, and of those that are heard again.
 *
 * follow    begun
 *
 * Errors    those of store_notice_add()
 */
MUST_USE
enum err follow_silence_turn(struct follow *follow);

/**
 * Let the sockets do what they can, and tell what was lost there.
 *
 * follow    begun
 *
 * Errors    ERR_IO; ERR_LIMIT; those of store_notice_add()
 */
MUST_USE
enum err follow_intakes_turn(struct follow *follow);

/**
 * Count what happened at the sockets and was not counted yet, and tell what was lost: the run is
 * over.
 *
 * follow    begun
 * goes_on   another run follows: the process that reads them stays, and with it who is connected
 *
 * Errors    those of store_notice_add()
 */
MUST_USE
enum err follow_intakes_rest(struct follow *follow, bool goes_on);

/**
 * Wait no more for the sockets.
 *
 * follow    begun
 */
void follow_intakes_end(struct follow *follow);

/* ---- one file ---- */

/**
 * Make a file that was found.
 *
 * follow    begun
 * source    that holds it
 * named     what was seen of it
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err follow_file_new(struct follow *follow, struct follow_state *source,
                         const struct input_named *named);

/**
 * Give a file back; it is not open, and not in a table.
 *
 * file      NULL does nothing
 */
void follow_file_free(struct follow_file *file);

/**
 * A file has another name now.
 *
 * file      there, or not any more
 * path      its name
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err follow_file_rename(struct follow_file *file, struct span path);

/**
 * A file of a source has a name now that no source names: it is read to its end, and what its
 * writer still adds. One that is open is not concerned: it is held by its descriptor.
 *
 * follow    begun
 * source    by whose name it was called
 * path      its name now
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err follow_file_moved(struct follow *follow, struct follow_state *source, struct span path);

/**
 * A file has changed: it is to be read on.
 *
 * file      found
 */
void follow_file_changed(struct follow_file *file);

/**
 * A file is not where it was, nor found elsewhere: what is left of it is read where that is
 * possible, and then it is given back.
 *
 * file      found before
 *
 * Errors    ERR_LIMIT; ERR_IO
 */
MUST_USE
enum err follow_file_gone(struct follow_file *file);

/**
 * Open files that wait for that, look at those that changed, and let those go that nobody needs.
 *
 * follow    begun
 * ret_ms    how long until there is more to do
 *
 * Errors    those of session_input_open() and session_input_look()
 */
MUST_USE
enum err follow_files_turn(struct follow *follow, int *ret_ms);

#endif
