// SPDX-License-Identifier: EUPL-1.2
/*
 * What the files of a merge share: what becomes of an entry and its postings by the rules of the
 * day, and what is gathered of entries whose key the rules change.
 */
#ifndef HISTORY_MERGE_INNER_H
#define HISTORY_MERGE_INNER_H

#include "history/merge.h"

enum { MERGE_GATHER_SIZE_MAX = 64 * 1024 * 1024 }; /* bytes of what is gathered at a time */

/* ---- what becomes of it ---- */

/* The span of time into which a row goes. */
struct merge_place {
    uint32_t start_s;
    enum history_width width;
};

/* A value that is to be forgotten, in a form in which it may be kept. */
struct merge_form {
    bool known;
    struct span order;
    uint8_t bytes[HISTORY_ORDER_SIZE_MAX];
};

struct merge_fate {
    const struct history_rules *rules;
    const struct history_forget *forget; /* NULL: nothing */
    uint32_t keep_s[VALUE_KIND_COUNT];   /* a posting whose last second lies before goes */
    uint32_t day_s;                      /* hours that begin before become days */
    uint32_t month_s;                    /* all that begins before becomes months */
    struct merge_place month;            /* the month that was looked for last */
    uint32_t month_end_s;
    struct merge_form forms[HISTORY_FORM_COUNT];
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
 * Whether an entry is of a value that is to be forgotten; then its postings are asked for one by
 * one.
 *
 * fate      begun
 * entry     only kind, form and order are looked at
 */
bool merge_fate_forgets(const struct merge_fate *fate, const struct history_entry *entry);

/**
 * Whether a host is one that is to be forgotten.
 *
 * fate      begun
 * host      its name in a segment
 */
bool merge_fate_forgets_host(const struct merge_fate *fate, struct span host);

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

#endif
