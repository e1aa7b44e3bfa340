// SPDX-License-Identifier: EUPL-1.2
/*
 * How a hunt goes, for the files of the hunt: questions are sorted as segments are, equal ones are
 * asked once, and each segment is asked kind by kind: by looking up, or by reading all values of
 * the kind past an index of the questions.
 */
#ifndef HISTORY_HUNT_INNER_H
#define HISTORY_HUNT_INNER_H

#include "history/block.h"
#include "history/hunt.h"
#include "history/segment.h"

enum {
    /* Where every twelfth value of a segment is asked for, looking up and reading all take the same
     * time (measured with a million addresses, names and digests, all of them found). */
    HUNT_SCAN_SHARE = 12,
    /* With more questions than values the filter is not even asked: it takes as long as reading. */
    HUNT_FILTER_SHARE = 1,
    /* What filters are asked for is kept for all segments, in 24 MB; of more questions it is made
     * anew for each. */
    HUNT_ASKED_KEPT_MAX = 1 << 20,
};

/* A question in the order of segments. */
struct hunt_item {
    uint64_t rank;     /* kind, pattern or not, first bytes of its order */
    uint32_t question; /* number of it */
    uint32_t same;     /* of the first of equal ones how many they are, else 0 */
};

/* An index of all questions of one kind. Patterns are limited in each image, so there may be
 * several. */
struct hunt_image {
    struct buf bytes;
    struct match_image *image;
    uint32_t *items; /* the first of equal items, by number of the indicator */
};

struct hunt_index {
    bool made;
    size_t count;
    struct hunt_image *images;
};

/* Questions of one kind; ranges are among those of their addresses. */
struct hunt_run {
    enum value_kind kind;
    size_t begin; /* items */
    size_t end;
    size_t distinct;
    bool patterns;
    struct hunt_index index;
};

struct hunt_scan;

struct hunt {
    struct op *op;
    const struct history_rules *rules;
    const struct hunt_questions *questions;
    const struct hunt_options *options;
    struct hunt_result result;

    struct hunt_item *items;
    struct segment_asked *asked; /* of each item, when it was asked first; NULL: each time anew */
    size_t run_count;
    struct hunt_run runs[VALUE_KIND_COUNT];
    uint32_t *passing; /* items that the filter of a segment lets through */
    struct hunt_scan *scan;

    /* the segment that is asked */
    const struct segment *segment;
    struct segment_cursor *cursor; /* NULL until it is needed; see hunt_seek() */
    const struct span *hosts;
    const struct history_way *ways;
    bool *way_counts;  /* of the sensor that was asked for; NULL: all */
    bool all_rows;     /* neither time nor sensor leaves anything out */
    struct buf damage; /* hashes of what was told of damage in it */
    uint64_t reads;

    uint8_t key[HISTORY_ORDER_SIZE_MAX]; /* of what is told */
    struct history_row rows[BLOCK_POSTINGS_MAX];
    struct history_posting postings[BLOCK_POSTINGS_MAX];
};

/* What is asked. */
struct hunt_sources {
    const struct segment *const *segments; /* open */
    size_t count;
    const struct history_rules *rules; /* in which forms values are kept */
};

/**
 * Ask segments: hunt_ask() behind the gate.
 *
 * op         work in hand
 * sources    borrowed
 * questions  borrowed
 * options    whom to tell
 * ret        untouched on error
 *
 * Errors    ERR_CANCELLED; ERR_FORMAT; ERR_LIMIT; or what on_found returned; as hunt_ask()
 */
MUST_USE
enum err hunt_segments(struct op *op, const struct hunt_sources *sources,
                       const struct hunt_questions *questions, const struct hunt_options *options,
                       struct hunt_result *ret);

/* ---- hunt_plan.c ---- */

/**
 * Check questions, sort them, and find which are the same.
 *
 * hunt      its questions are set
 *
 * Errors    ERR_FORMAT a question that no indicator can be; ERR_LIMIT no memory
 */
MUST_USE
enum err hunt_plan(struct hunt *hunt);

/**
 * The question of an item.
 *
 * hunt      planned
 * item      number of it
 */
static inline const struct hunt_question *hunt_item_question(const struct hunt *hunt, size_t item)
{
    return &hunt->questions->at[hunt->items[item].question];
}

/**
 * Whether a question is a pattern.
 *
 * question  any
 */
static inline bool hunt_is_pattern(const struct hunt_question *question)
{
    return question->scope == VALUE_SCOPE_LIKE || question->scope == VALUE_SCOPE_REGEX;
}

/* ---- hunt_tell.c ---- */

/**
 * Begin with a segment: names, and which ways count.
 *
 * hunt      planned
 * segment   borrowed until the next one
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err hunt_segment_begin(struct hunt *hunt, const struct segment *segment);

/**
 * End with a segment.
 *
 * hunt      whatever became of it
 */
void hunt_segment_end(struct hunt *hunt);

/**
 * Bring the hunt's own cursor before a place.
 *
 * hunt      asks a segment; the cursor is made where there is none, since most segments have
 *           nothing for most questions
 * place     only kind, form and order are looked at
 * reach     how far from there what is wanted reaches
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err hunt_seek(struct hunt *hunt, const struct history_entry *place, enum segment_reach reach);

/**
 * The next entry; what is damaged is told, counted and passed over.
 *
 * hunt      asks the segment of the cursor
 * cursor    of it
 * ret       as of segment_cursor_next()
 *
 * Errors    ERR_ABSENT there is none; ERR_CANCELLED; ERR_LIMIT
 */
MUST_USE
enum err hunt_read(struct hunt *hunt, struct segment_cursor *cursor, struct history_entry *ret);

/**
 * Tell what was found for all equal questions of an item.
 *
 * hunt      asks the segment of the entry
 * item      the first of equal ones
 * entry     what was found
 * rung      how it meets the question
 *
 * Errors    ERR_CANCELLED, or another that on_found returned
 */
MUST_USE
enum err hunt_tell(struct hunt *hunt, size_t item, const struct history_entry *entry,
                   enum match_rung rung);

/* ---- hunt_lookup.c ---- */

/**
 * Look up the questions of a run that the segment's filter lets through.
 *
 * hunt      asks a segment; its `passing` is filled
 * run       of it
 * count     how many are in `passing`
 *
 * Errors    ERR_CANCELLED; ERR_FORMAT; ERR_LIMIT; or what on_found returned
 */
MUST_USE
enum err hunt_lookup(struct hunt *hunt, struct hunt_run *run, size_t count);

/**
 * Look up the questions of a run in a form that is not whole.
 *
 * hunt      asks a segment
 * run       of it
 * form      HISTORY_TRUNCATED or HISTORY_HASHED
 *
 * Errors    ERR_CANCELLED; ERR_FORMAT; ERR_LIMIT; or what on_found returned
 */
MUST_USE
enum err hunt_lookup_form(struct hunt *hunt, const struct hunt_run *run, enum history_form form);

/* ---- hunt_scan.c ---- */

/**
 * Make the index of a run's questions, if it is not made.
 *
 * hunt      planned
 * run       of it
 *
 * Errors    ERR_FORMAT a pattern that does not compile; ERR_LIMIT
 */
MUST_USE
enum err hunt_index_make(struct hunt *hunt, struct hunt_run *run);

/**
 * Give an index's memory back.
 *
 * index     made or not
 */
void hunt_index_done(struct hunt_index *index);

/**
 * Tell of an entry for all questions of a run that its value meets.
 *
 * hunt      asks the segment of the entry
 * run       its index is made
 * entry     whole; perhaps a piece
 *
 * Errors    ERR_CANCELLED; ERR_FORMAT; ERR_LIMIT; or what on_found returned
 */
MUST_USE
enum err hunt_match(struct hunt *hunt, const struct hunt_run *run,
                    const struct history_entry *entry);

/**
 * Put all whole values of a kind to the index of a run.
 *
 * hunt      asks a segment
 * run       of it
 *
 * Errors    ERR_CANCELLED; ERR_FORMAT; ERR_LIMIT; or what on_found returned
 */
MUST_USE
enum err hunt_scan_all(struct hunt *hunt, struct hunt_run *run);

/**
 * Give back what scanning needed.
 *
 * hunt      ends
 */
void hunt_scan_done(struct hunt *hunt);

#endif
