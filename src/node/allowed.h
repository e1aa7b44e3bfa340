// SPDX-License-Identifier: EUPL-1.2
/*
 * What the node's allow lists say, outside the watch: of an indicator, and of hits that were found
 * before a list came or went. Lists of content networks and hosting companies only lower a rank;
 * all others silence.
 */
#ifndef NODE_ALLOWED_H
#define NODE_ALLOWED_H

#include "match/allow.h"
#include "node/node.h"

struct allowed;

enum { ALLOWED_LIST_COUNT_MAX = 60 * 1000 }; /* an image has room for few more */

/**
 * Refuse further allow lists where there are so many that an image has no room for a thousand more.
 *
 * op        work in hand
 * node      with its store open
 *
 * Errors    ERR_FULL the text says what to do; ERR_IO
 */
MUST_USE
enum err allowed_room(struct op *op, struct node *node);

/**
 * Path, below the world's folder, of the image of what is allowed now; it is made where it is not
 * there.
 *
 * op        work in hand; the path lives in its memory
 * node      open for writing
 * ret_path  empty where nothing was ever allowed; untouched on error
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err node_allowed(struct op *op, struct node *node, struct span *ret_path);

/**
 * Open what is allowed now. A reader uses the image that a writer left, or makes its own in memory.
 *
 * op        work in hand
 * node      with its store open
 * ret       to give back with allowed_close(); untouched on error
 *
 * Errors    ERR_IO; ERR_LIMIT no memory; ERR_CORRUPT
 */
MUST_USE
enum err allowed_open(struct op *op, struct node *node, struct allowed **ret);

/**
 * Close it.
 *
 * allowed   NULL does nothing
 */
void allowed_close(struct allowed *allowed);

/* What the lists say. */
struct allowed_word {
    enum rank_effect effect;
    struct span list; /* that says so; empty where none does; borrowed until allowed_close() */
};

/**
 * What the lists say of an indicator, wherever it is met.
 *
 * allowed   open
 * value     of the indicator
 * id        of the indicator
 * time_us   entries that have ended then say nothing
 */
struct allowed_word allowed_indicator(const struct allowed *allowed, const struct value *value,
                                      struct span id, int64_t time_us);

/**
 * Whether there is no list at all.
 *
 * allowed   open
 */
bool allowed_is_empty(const struct allowed *allowed);

/**
 * Whether a list speaks of all hits of one indicator: only then does its id make a difference where
 * nobody has met it yet.
 *
 * allowed   open
 */
bool allowed_names_indicators(const struct allowed *allowed);

/**
 * Whether hits of a value are silent, whoever met it and whoever named it.
 *
 * allowed   open
 * kind      of the value
 * text      canonical
 * time_us   entries that have ended then say nothing
 */
bool allowed_silences(const struct allowed *allowed, enum value_kind kind, struct span text,
                      int64_t time_us);

/**
 * Bring a fold to what the lists say now: one that came since lowers or silences it, one that is
 * gone, or has lost the value, does so no more. Where the fold did not keep all that was observed,
 * what was said when its lines came holds as long as that list is there.
 *
 * allowed   open
 * fold      changed: its best line's effect, and the list; borrows from `allowed`
 */
void allowed_apply(const struct allowed *allowed, struct fold *fold);

/**
 * Whether a list silenced or lowered a fold when its lines came, and is there still.
 *
 * allowed   open
 * list      of the fold; empty: none did
 */
bool allowed_has(const struct allowed *allowed, struct span list);

#endif
