// SPDX-License-Identifier: EUPL-1.2
/*
 * Where a journal ends: the end of the last complete group, and whether what lies behind it is a
 * torn tail or damage.
 *
 * A group is written and synced before the next one is begun, so power loss can only have torn the
 * last one. It may have torn it anywhere, also in the middle, and left frames behind the tear. So
 * every frame names its group: a frame of a later group proves that the one before was once whole.
 */
#ifndef JOURNAL_TAIL_H
#define JOURNAL_TAIL_H

#include "journal/segment.h"

/* The end of what is committed, in a segment. */
struct journal_tail {
    uint64_t end;         /* behind the last complete group */
    uint64_t last;        /* number of its last entry */
    uint64_t group_begin; /* where that group begins; 0 while none was found */
    uint8_t leaf[JOURNAL_DIGEST_SIZE];
    uint64_t erase_target; /* what the last entry erases; 0 where it does not */
};

/**
 * The tail of a segment of which nothing is known but its file header.
 *
 * segment   open
 */
struct journal_tail journal_tail_at_start(const struct journal_segment *segment);

/**
 * Go on from a known end to the present one. Prefixes and headers of all groups are checked, bodies
 * only of the last.
 *
 * op        work in hand
 * segment   open and refreshed
 * tail      in: where to begin; out: the present end; untouched on error
 *
 * Errors    ERR_CORRUPT damaged before its end; ERR_UNSUPPORTED a newer version; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err journal_tail_find(struct op *op, struct journal_segment *segment,
                           struct journal_tail *tail);

/**
 * Read the payload of an "erase" entry from a segment.
 *
 * op          work in hand
 * segment     open; its view moves
 * frame       sound; its header is no longer borrowed afterwards
 * ret_target  what it erases; 0 where the entry is of another kind or its payload damaged
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err journal_frame_erase_target(struct op *op, struct journal_segment *segment,
                                    const struct journal_frame *frame, uint64_t *ret_target);

#endif
