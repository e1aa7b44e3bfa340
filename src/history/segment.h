// SPDX-License-Identifier: EUPL-1.2
/*
 * A segment: rows of many values, sorted, written once, used as it lies. docs/format/history.md has
 * the bytes.
 *
 *     blocks      entries in order, some 20 KiB a block, then compressed, each with a checksum
 *     names       of hosts and of ways, to which postings refer by number
 *     index       the first place of every block, and where it lies
 *     filter      tells of nearly every value that is not here that it is not here
 *     trailer     where those lie, their checksums, counts and times
 *
 * Names and index are checked as they are opened; a block, whenever it is read; a page of the
 * filter, when it is first asked.
 */
#ifndef HISTORY_SEGMENT_H
#define HISTORY_SEGMENT_H

#include "base/hash.h"
#include "history/seen.h"
#include "os/disk.h"

enum {
    SEGMENT_PIECE_POSTINGS_MAX = 1024, /* in one piece of an entry */
    SEGMENT_LEVEL_FAST = 1,            /* of compression (Zstandard): what is merged again soon */
    SEGMENT_LEVEL_SMALL = 9,           /* what stays */
    SEGMENT_STEP_SIZE = 1024 * 1024,   /* written at once, and synced, as it is finished */
};

/* What a segment holds. */
struct segment_facts {
    uint64_t values; /* entries, not counting further pieces of one */
    uint64_t rows;
    uint64_t postings;
    uint64_t count;   /* lines, of all postings */
    uint32_t first_s; /* of all postings; UINT32_MAX where there are none */
    uint32_t last_s;  /* of all postings */
    uint64_t size;    /* bytes */
    uint64_t blocks;
    uint64_t filter_keys; /* that the filter was told */
    uint64_t kind_values[VALUE_KIND_COUNT];
};

/* ---- writing ---- */

struct segment_writer;

struct segment_options {
    const struct hash_secret *secret; /* for the filter: that of the history; borrowed */
    uint64_t filter_keys_max;         /* about how many it will be told: segment_filter_keys(),
                                       * segment_filter_keys_together(); few are counted exactly */
    int level;                        /* of compression */
};

/**
 * How many keys the filter of a segment is told of one value, at most: itself; of a domain each
 * domain above it too, of a URL its other forms.
 *
 * kind      of the value
 * form      what of it is kept
 * key       of the value (canonical, not in the order of segments)
 */
size_t segment_filter_keys(enum value_kind kind, enum history_form form, struct span key);

/**
 * Begin a segment.
 *
 * op        work in hand
 * file      empty, open for writing; borrowed until the end. NULL: into memory
 * options   copied
 * ret       to give back with segment_writer_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err segment_writer_new(struct op *op, struct disk_file *file,
                            const struct segment_options *options, struct segment_writer **ret);

/**
 * Give a writer back, finished or not.
 *
 * writer    NULL does nothing
 */
void segment_writer_free(struct segment_writer *writer);

/**
 * The number of a host in this segment; it is added where it is not there. Number 0 is the empty
 * name.
 *
 * op        work in hand
 * writer    not finished
 * host      copied
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT more than HISTORY_NAMES_MAX, or no memory
 */
MUST_USE
enum err segment_writer_host(struct op *op, struct segment_writer *writer, struct span host,
                             uint32_t *ret);

/**
 * As segment_writer_host(), of a way.
 *
 * op        work in hand
 * writer    not finished
 * way       copied
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT more than HISTORY_NAMES_MAX, or no memory
 */
MUST_USE
enum err segment_writer_way(struct op *op, struct segment_writer *writer,
                            const struct history_way *way, uint32_t *ret);

/**
 * Add an entry, behind all that were added. A piece of the entry before goes on with it; rows may
 * hold more postings than SEGMENT_PIECE_POSTINGS_MAX, and are cut into pieces here.
 *
 * op        work in hand
 * writer    not finished
 * entry     copied; hosts and ways are numbers of this writer; rows in order, and behind those of
 *           earlier pieces, but that the first may be the row in which the piece before ended
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err segment_writer_add(struct op *op, struct segment_writer *writer,
                            const struct history_entry *entry);

/**
 * Finish in steps: what a segment has behind its blocks (names, index, filter) is written, each
 * step some SEGMENT_STEP_SIZE of it; at last the file is whole and synced. The caller makes its
 * name durable.
 *
 * op        work in hand
 * writer    not finished; no entry is added any more
 * ret_done  whether it is finished
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err segment_writer_finish_step(struct op *op, struct segment_writer *writer, bool *ret_done);

/**
 * All steps of segment_writer_finish_step() that are left, if any is.
 *
 * op          work in hand
 * writer      no entry is added any more
 * ret_facts   untouched on error; may be NULL
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err segment_writer_finish(struct op *op, struct segment_writer *writer,
                               struct segment_facts *ret_facts);

/**
 * The bytes of a segment that was made in memory.
 *
 * writer    finished, without a file; the span lives as long as it
 */
struct span segment_writer_bytes(const struct segment_writer *writer);

/* ---- reading ---- */

struct segment;

/**
 * Use a segment's bytes.
 *
 * op        work in hand
 * bytes     borrowed until segment_close(); 64-byte aligned (disk_map()), or a writer's
 * secret    with which it was made; copied
 * ret       to give back with segment_close(); untouched on error
 *
 * Errors    ERR_CORRUPT damaged: the text says where; ERR_UNSUPPORTED made by a newer version;
 *           ERR_LIMIT no memory
 */
MUST_USE
enum err segment_open(struct op *op, struct span bytes, const struct hash_secret *secret,
                      struct segment **ret);

/**
 * From now on the system is told what of a segment's bytes will be read: places here and there, as
 * values are looked up, or block after block, as a cursor goes on. Without this it reads 128 KiB
 * for each value that is looked up in a file that is not in memory.
 *
 * segment   open; its bytes are mapped from a file
 * disk      from which they were mapped; borrowed until segment_close()
 */
void segment_tell_disk(struct segment *segment, struct disk *disk);

/**
 * Stop using it.
 *
 * segment   NULL does nothing
 */
void segment_close(struct segment *segment);

/**
 * What it holds.
 *
 * segment   open
 */
const struct segment_facts *segment_facts(const struct segment *segment);

/**
 * The hosts of a segment.
 *
 * segment    open
 * ret_count  how many
 *
 * Returns their names by number.
 */
const struct span *segment_hosts(const struct segment *segment, size_t *ret_count);

/**
 * The ways of a segment.
 *
 * segment    open
 * ret_count  how many
 *
 * Returns them by number.
 */
const struct history_way *segment_ways(const struct segment *segment, size_t *ret_count);

/**
 * Whether a value, or of a domain one at or below it, may be here: false is certain, true is wrong
 * about once in two hundred. Of a URL also where another form of it is the same
 * (match/forms.h: escapes undone, other case, without query).
 *
 * segment   open
 * kind      of the value
 * form      what of it is kept
 * key       of the value (canonical)
 */
bool segment_may_hold(const struct segment *segment, enum value_kind kind, enum history_form form,
                      struct span key);

/* What the filters of all segments of a history are asked for of one value. */
struct segment_asked {
    size_t count;
    uint64_t hashes[2];
};

/**
 * Make ready to ask many segments for one value: the filter of each is asked for the same.
 *
 * segment   any of the history
 * kind, form, key  as for segment_may_hold()
 * ret       receives at least one hash
 */
void segment_asked_make(const struct segment *segment, enum value_kind kind, enum history_form form,
                        struct span key, struct segment_asked *ret);

/**
 * As segment_may_hold(), of what was made ready.
 *
 * segment   open, of the same history
 * asked     by segment_asked_make()
 */
bool segment_may_hold_asked(const struct segment *segment, const struct segment_asked *asked);

/**
 * Ask for the memory that segment_may_hold_asked() will look at: many questions are put in two
 * rounds.
 *
 * segment, asked  as for segment_may_hold_asked()
 */
void segment_may_hold_ahead(const struct segment *segment, const struct segment_asked *asked);

/**
 * Look at what opening does not: the filter. Where it is damaged, segment_may_hold() says true, so
 * that no answer is wrong for it. Blocks are checked by reading them with a cursor.
 *
 * op        work in hand
 * segment   open
 *
 * Errors    ERR_CORRUPT it is damaged: the text says where
 */
MUST_USE
enum err segment_check(struct op *op, const struct segment *segment);

/**
 * About how many different keys the filters of some segments were told, all together: for
 * segment_options of one in their place. Some 5 % more or less; exact where there are few.
 *
 * segments  open, of one history
 * count     how many
 */
uint64_t segment_filter_keys_together(const struct segment *const *segments, size_t count);

/* A place in a segment; holds one block in memory. */
struct segment_cursor;

/**
 * Make a cursor; it stands before the first entry.
 *
 * op        work in hand
 * segment   open; borrowed until segment_cursor_free()
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err segment_cursor_new(struct op *op, const struct segment *segment,
                            struct segment_cursor **ret);

/**
 * Give it back.
 *
 * cursor    NULL does nothing
 */
void segment_cursor_free(struct segment_cursor *cursor);

/**
 * Go before the first entry at or behind a place. Costs no reading: segment_cursor_next() reads.
 *
 * cursor    of a segment
 * kind      of the place
 * form      of the place
 * order     of the place; copied as far as needed
 */
void segment_cursor_seek(struct segment_cursor *cursor, enum value_kind kind,
                         enum history_form form, struct span order);

/* What is wanted from a place on. */
enum segment_reach {
    SEGMENT_REACH_ALL = 0, /* all to the segment's end */
    SEGMENT_REACH_BEGIN,   /* what begins as the place does, of its kind and form */
    SEGMENT_REACH_POINT,   /* the place itself */
};

/**
 * Tell how far what is wanted reaches: behind it segment_cursor_next() says that there is nothing.
 * Of a place that is not there no rows need be read to know it.
 *
 * cursor    just sent to a place, from which on all was wanted
 * reach     from there
 */
void segment_cursor_limit(struct segment_cursor *cursor, enum segment_reach reach);

/**
 * The next entry, or piece of one.
 *
 * op        work in hand
 * cursor    of a segment
 * ret       lives until the cursor is used again; untouched on error
 *
 * Errors    ERR_ABSENT there is none within the reach; ERR_CORRUPT a block is damaged: the text
 *           names it, and the next call goes on behind it
 */
MUST_USE
enum err segment_cursor_next(struct op *op, struct segment_cursor *cursor,
                             struct history_entry *ret);

/**
 * The number of the block that segment_cursor_next() has just named as damaged.
 *
 * cursor    its last call said ERR_CORRUPT
 * ret_kind  of all values in the block
 */
size_t segment_cursor_damaged(const struct segment_cursor *cursor, enum value_kind *ret_kind);

#endif
