// SPDX-License-Identifier: EUPL-1.2
/*
 * What the files of a merge share: what becomes of an entry and its postings by the rules of the
 * day; what is gathered of entries whose key the rules change; sources, and the entry that is put
 * together of them.
 */
#ifndef HISTORY_MERGE_INNER_H
#define HISTORY_MERGE_INNER_H

#include "history/merge.h"
#include "history/taking.h"

/* Bytes of what is gathered at a time. While it is sorted, its keys are there twice or places are
 * sorted beside it: up to as much again. This is beside the filter of the segment that is made
 * (HISTORY_MERGE_KEYS_MAX), and both are in what linie.conf(5) says of memory. */
enum { MERGE_GATHER_SIZE_MAX = 64 * 1024 * 1024 };

/**
 * Tell that there is no memory.
 *
 * op        work in hand
 *
 * Errors    ERR_LIMIT always
 */
MUST_USE
static inline enum err merge_no_memory(struct op *op)
{
    return op_fail(op, ERR_LIMIT, "no memory for a merge");
}

/* ---- what becomes of it ---- */

/* The span of time into which a row goes. */
struct merge_place {
    uint32_t start_s;
    enum history_width width;
};

struct merge_fate {
    const struct history_rules *rules;
    const struct history_forget *forget; /* NULL: nothing */
    uint32_t keep_s[VALUE_KIND_COUNT];   /* a posting whose last second lies before goes */
    uint32_t day_s;                      /* hours that begin before become days */
    uint32_t month_s;                    /* all that begins before becomes months */
    struct merge_place month;            /* the month that was looked for last */
    uint32_t month_end_s;
    struct taking taking; /* where something is to be forgotten */
};

/**
 * Work out what the rules say today.
 *
 * fate      caller's memory
 * options   of the merge; what they point to is borrowed
 */
void merge_fate_init(struct merge_fate *fate, const struct merge_options *options);

/**
 * Whether all of an entry goes, since of its kind nothing is kept any more.
 *
 * fate      begun
 * kind      of the entry
 */
bool merge_fate_drops(const struct merge_fate *fate, enum value_kind kind);

/**
 * Whether whole values of a kind are to be kept in another form from now on.
 *
 * fate      begun
 * kind      of the entry
 * ret       the form; untouched where they are not
 */
bool merge_fate_changes(const struct merge_fate *fate, enum value_kind kind,
                        enum history_form *ret);

/**
 * Where a row goes.
 *
 * fate      begun
 * row       only its span of time is looked at
 */
struct merge_place merge_fate_place(struct merge_fate *fate, const struct history_row *row);

/**
 * The order of rows.
 *
 * a, b      any places
 *
 * Returns less than, equal to or greater than 0.
 */
static inline int merge_place_compare(struct merge_place a, struct merge_place b)
{
    if (a.start_s != b.start_s) {
        return a.start_s < b.start_s ? -1 : 1;
    }
    return (int)a.width - (int)b.width;
}

/**
 * Put two postings of one host and way together.
 *
 * posting   receives both
 * other     added to it
 */
static inline void merge_posting_add(struct history_posting *posting,
                                     const struct history_posting *other)
{
    bool full = posting->count > UINT64_MAX - other->count;
    posting->first_s = other->first_s < posting->first_s ? other->first_s : posting->first_s;
    posting->last_s = other->last_s > posting->last_s ? other->last_s : posting->last_s;
    posting->count = full ? UINT64_MAX : posting->count + other->count;
}

/**
 * The order of postings within a row.
 *
 * posting   its host and way
 */
static inline uint64_t merge_posting_rank(const struct history_posting *posting)
{
    return (uint64_t)posting->host << 32 | posting->way; /* host first */
}

/* ---- what is gathered ---- */

/* What is gathered of entries that get another key, as they come; sorted when all is there. Where
 * it is too much, the part with the smaller keys stays, and what lies behind comes in a further
 * pass. */
struct merge_gather;

/**
 * Make an empty one.
 *
 * op        work in hand
 * size_max  bytes that are gathered at a time
 * ret       to give back with merge_gather_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err merge_gather_new(struct op *op, size_t size_max, struct merge_gather **ret);

/**
 * Give it back.
 *
 * gather    NULL does nothing
 */
void merge_gather_free(struct merge_gather *gather);

/**
 * Begin a pass: forget what was gathered.
 *
 * gather    made by merge_gather_new()
 * kind      of all that comes
 * form      of all that comes
 * again     whether only what lies behind the limit of the pass before is wanted
 */
void merge_gather_begin(struct merge_gather *gather, enum value_kind kind, enum history_form form,
                        bool again);

/**
 * Name the entry to which postings are added from now on.
 *
 * op          work in hand
 * gather      begun
 * order       of the new key; copied
 * ret_wanted  whether its postings are wanted in this pass
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err merge_gather_entry(struct op *op, struct merge_gather *gather, struct span order,
                            bool *ret_wanted);

/**
 * Add a posting to the entry.
 *
 * op        work in hand
 * gather    begun; the entry is wanted
 * place     of its row
 * posting   copied; its numbers are those of the new segment
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err merge_gather_add(struct op *op, struct merge_gather *gather, struct merge_place place,
                          const struct history_posting *posting);

/**
 * End a pass: put what is equal together, in order.
 *
 * op        work in hand
 * gather    begun
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err merge_gather_end(struct op *op, struct merge_gather *gather);

/**
 * Whether something lies behind what this pass gathered.
 *
 * gather     ended
 * ret_limit  the last key of this pass; untouched where all is there
 */
bool merge_gather_more(const struct merge_gather *gather, struct span *ret_limit);

/**
 * The next entry, or piece of one, of what was gathered.
 *
 * gather    ended
 * ret       lives until the next call; untouched where there is none
 *
 * Returns false at the end.
 */
bool merge_gather_next(struct merge_gather *gather, struct history_entry *ret);

/* ---- the merge ---- */

/* What is merged: a segment, or what was gathered. */
struct merge_source {
    struct segment_cursor *cursor; /* NULL: what was gathered */
    const struct span *hosts;
    const struct history_way *ways;
    int64_t *host_numbers; /* in the new segment; -1 until one is needed */
    int64_t *way_numbers;
    bool *host_forgotten;      /* NULL where nothing is to be forgotten */
    struct history_entry head; /* the piece that is read */
    size_t row;                /* of the head: that which is next */
    struct merge_place place;  /* where that row goes */
    uint64_t rank;             /* of the head: kind, form and first bytes */
    uint64_t damaged;          /* blocks that could not be read */
    uint64_t damaged_kinds;    /* a bit for each of their kinds */
    size_t damaged_end;        /* blocks before this were counted, where they are damaged */
};

enum merge_state {
    MERGE_BETWEEN, /* a new entry comes */
    MERGE_WITHIN,  /* rows of an entry */
    MERGE_GATHER,  /* whole values of a kind are read for their new keys */
    MERGE_ENDS,    /* all entries are written: names, index and filter are to be */
    MERGE_DONE,
};

struct merge {
    enum merge_state state;
    struct merge_fate fate;
    struct segment_writer *writer;
    struct merge_result result;

    size_t source_count; /* of segments; what was gathered stands behind them */
    struct merge_source *sources;
    struct merge_source **heap; /* by head; the lowest first */
    size_t heap_count;
    struct merge_source **set; /* those that have the entry that is merged */
    size_t set_count;

    struct history_entry key; /* of the entry, borrowed from key_bytes; or before the first */
    uint8_t key_bytes[HISTORY_ORDER_SIZE_MAX + 1]; /* and the byte by which the next one begins */
    bool forgets;                                  /* postings of the entry are to be forgotten */
    bool drops;                                    /* all of it goes */

    struct history_row *rows; /* what is to be written; their postings are set at last */
    size_t row_count;
    size_t row_room;
    struct history_posting *postings;
    size_t posting_count;
    size_t posting_room;
    struct merge_place group; /* the row that is put together, from posting row_begin on */
    bool group_open;
    size_t row_begin;
    size_t combine_at; /* so many postings of a row, then equal ones are put together */
    bool sorted;       /* the row's postings came in order, each once */

    struct merge_gather *gather;
    enum value_kind changed_kind;
    enum history_form changed_form;
    bool gather_again; /* a further pass: what goes was counted in the first */
    size_t gather_source;
    bool starts; /* sources are to be read from where their cursors stand */
};

/* ---- merge_source.c ---- */

/**
 * Begin to read a segment.
 *
 * op        work in hand
 * merge     under way
 * segment   borrowed
 * source    zeroed; to be ended with merge_source_done(), also on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err merge_source_init(struct op *op, struct merge *merge, const struct segment *segment,
                           struct merge_source *source);

/**
 * End it.
 *
 * source    begun or zeroed
 */
void merge_source_done(struct merge_source *source);

/**
 * Read the next piece of a segment into the head, past what is damaged, which is counted.
 *
 * op        work in hand
 * merge     under way
 * source    a segment
 *
 * Errors    ERR_ABSENT it ends; ERR_LIMIT
 */
MUST_USE
enum err merge_source_read(struct op *op, struct merge *merge, struct merge_source *source);

/**
 * Go to the next piece of a source that is not before the key of the merge.
 *
 * op        work in hand
 * merge     under way
 * source    a segment, or what was gathered
 *
 * Errors    ERR_ABSENT it ends; ERR_LIMIT
 */
MUST_USE
enum err merge_source_next(struct op *op, struct merge *merge, struct merge_source *source);

/**
 * Work out where the source's next row goes.
 *
 * merge     under way
 * source    its row is one of the head
 */
void merge_source_row(struct merge *merge, struct merge_source *source);

/**
 * Make the heap anew, of what all sources have from where their cursors stand.
 *
 * op        work in hand
 * merge     under way
 *
 * Errors    ERR_LIMIT
 */
MUST_USE
enum err merge_sources_start(struct op *op, struct merge *merge);

/**
 * Put a source into the heap.
 *
 * merge     under way
 * source    has a head, and is not in the heap
 */
void merge_heap_push(struct merge *merge, struct merge_source *source);

/**
 * Take the source with the lowest head out of the heap.
 *
 * merge     its heap is not empty
 */
struct merge_source *merge_heap_pop(struct merge *merge);

/**
 * A posting with the numbers of the new segment.
 *
 * op        work in hand
 * merge     under way
 * source    of the posting
 * posting   as the source has it
 * ret       untouched on error but for what it shares with the posting
 *
 * Errors    ERR_LIMIT too many names, or no memory
 */
MUST_USE
enum err merge_posting_translate(struct op *op, struct merge *merge, struct merge_source *source,
                                 const struct history_posting *posting,
                                 struct history_posting *ret);

/* ---- merge_entry.c ---- */

/* What becomes of a posting. */
enum merge_end {
    MERGE_STAYS,
    MERGE_OLD, /* it goes by the rules of the day */
    MERGE_FORGOTTEN,
};

/**
 * Whether an entry is of a value that is to be forgotten; then its postings are asked for one by
 * one.
 *
 * merge     under way
 * entry     only kind, form and order are looked at
 */
bool merge_forgets(const struct merge *merge, const struct history_entry *entry);

/**
 * What becomes of a posting, of an entry of which something may stay.
 *
 * merge     under way
 * source    of the posting
 * forgets   whether its value is to be forgotten
 * posting   as the source has it
 */
enum merge_end merge_posting_end(const struct merge *merge, const struct merge_source *source,
                                 bool forgets, const struct history_posting *posting);

/**
 * Count a posting that does not stay.
 *
 * merge     under way
 * end       what became of it
 * posting   as the source has it
 */
void merge_count_gone(struct merge *merge, enum merge_end end,
                      const struct history_posting *posting);

/**
 * Set the key of the merge.
 *
 * merge     under way
 * entry     kind, form and order are copied
 */
void merge_key_set(struct merge *merge, const struct history_entry *entry);

/**
 * Begin with the lowest entry: take all sources that have it.
 *
 * merge     its heap is not empty
 */
void merge_entry_begin(struct merge *merge);

/**
 * Take one row of one source; at the end of the entry, write what is left of it.
 *
 * op        work in hand
 * merge     within an entry
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err merge_entry_step(struct op *op, struct merge *merge);

/* ---- merge_change.c ---- */

/**
 * Begin to gather the whole values of a kind under their new keys.
 *
 * merge     its changed_kind and changed_form are set
 * again     whether for what lies behind the last key of the pass before
 */
void merge_change_begin(struct merge *merge, bool again);

/**
 * Gather one piece of one source; at the end, go on with what was gathered as one more source.
 *
 * op        work in hand
 * merge     gathers
 *
 * Errors    ERR_LIMIT
 */
MUST_USE
enum err merge_change_step(struct op *op, struct merge *merge);

/**
 * Whether the lowest entry lies behind what was gathered, and more is to be gathered first.
 *
 * merge     between two entries; its heap is made
 */
bool merge_change_is_due(const struct merge *merge);

#endif
