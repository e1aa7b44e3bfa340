// SPDX-License-Identifier: EUPL-1.2
/*
 * Finding the segments of a journal, and entries in them by number. Memory is bounded: the list of
 * segments, and marks for a few segments at a time, made while they are walked.
 */
#ifndef JOURNAL_FIND_H
#define JOURNAL_FIND_H

#include "journal/segment.h"

enum { JOURNAL_SLOT_COUNT = 8 };

/* Numbers of the first entries of a journal's segments, ascending. */
struct journal_list {
    uint64_t *firsts;
    size_t count;
    size_t capacity;
};

/* A place where an entry is known to begin. */
struct journal_mark {
    uint64_t number;
    uint64_t offset;
};

/* A segment held open, with marks as far as it was walked. */
struct journal_slot {
    struct journal_segment segment;
    struct journal_mark *marks;
    size_t mark_count;
    size_t mark_capacity;
    struct journal_mark next; /* behind the entry found last: the likeliest next wish */
    uint64_t used;            /* in which find; the longest unused slot is given up first */
};

/* Finds entries by number. */
struct journal_finder {
    struct disk *disk;
    const struct journal_list *list; /* borrowed */
    const uint8_t *world_mark;       /* borrowed */
    uint64_t end;                    /* where the entries of the last segment end */
    uint64_t finds;
    struct journal_slot slots[JOURNAL_SLOT_COUNT];
};

/**
 * List the segments of a journal.
 *
 * op        work in hand
 * disk      the world's folder
 * ret       to give back with journal_list_done(); empty where there is no journal
 *
 * Errors    ERR_DENIED; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err journal_list_read(struct op *op, struct disk *disk, struct journal_list *ret);

/**
 * Append a segment to the list.
 *
 * op        work in hand
 * list      initialised
 * first     number of its first entry, above all others
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err journal_list_add(struct op *op, struct journal_list *list, uint64_t first);

/**
 * Give the list's memory back.
 *
 * list      initialised, or zeroed
 */
void journal_list_done(struct journal_list *list);

/**
 * Which segment of the list holds a number.
 *
 * list      not empty
 * number    from 1
 *
 * Returns its index.
 */
size_t journal_list_index(const struct journal_list *list, uint64_t number);

/**
 * Find an entry.
 *
 * op           work in hand
 * finder       set up; all slots zeroed before its first use
 * number       1 .. the last committed one
 * ret_segment  where it lies; valid until the next find
 * ret          its frame
 *
 * Errors    ERR_CORRUPT damaged; ERR_DENIED; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err journal_find(struct op *op, struct journal_finder *finder, uint64_t number,
                      struct journal_segment **ret_segment, struct journal_frame *ret);

/**
 * Forget what was read of a segment, because its bytes were changed in place.
 *
 * finder    set up
 * first     number of the segment's first entry
 */
void journal_finder_forget(struct journal_finder *finder, uint64_t first);

/**
 * Close the segments and give the memory back.
 *
 * finder    set up, or zeroed
 */
void journal_finder_done(struct journal_finder *finder);

#endif
