// SPDX-License-Identifier: EUPL-1.2
/*
 * Working a hit: who has seen it, who sees to it, and that it was a false alarm. What people do
 * with hits are entries of the journal, with their names, the time and the reason; how a hit stands
 * follows from them.
 */
#ifndef STORE_HIT_WORK_H
#define STORE_HIT_WORK_H

#include "store/hit_id.h"
#include "store/store.h"

/* How a hit stands. */
enum hit_state {
    HIT_NEW = 0,
    HIT_ACKNOWLEDGED, /* somebody has seen it */
    HIT_FALSE,        /* it was a false alarm */
    HIT_REOPENED,     /* it is to be looked at again */
    HIT_STATE_COUNT,
};

/* What somebody does with a hit. */
enum hit_act {
    HIT_ACT_NONE = 0,
    HIT_ACT_ACKNOWLEDGE,
    HIT_ACT_FALSE,
    HIT_ACT_REOPEN,
    HIT_ACT_ASSIGN,
    HIT_ACT_NOTE,
    HIT_ACT_COUNT,
};

enum { HIT_CHANGE_COUNT_MAX = 100 * 1000 }; /* hits that one entry speaks of */

/* A fold, and how it is worked. */
struct store_hit {
    int64_t row; /* in the database only */
    struct fold fold;
    enum hit_state state;
    int64_t state_us;      /* since when; TIME_US_NONE where nobody has touched it */
    struct span state_by;  /* by whom; empty where nobody has */
    struct span assignee;  /* who sees to it; empty: nobody */
    uint64_t false_others; /* further hits of its value that were called false */
};

/* What a walk may look at before a fold is read whole. */
struct store_hit_head {
    int64_t row;
    struct span value;
    enum value_kind kind;
    unsigned rank;    /* as it was found: lists may have come or gone since */
    struct span list; /* that lowered or silenced it; empty where none did */
    int64_t last_us;
    enum hit_state state;
    struct span assignee;
};

struct store_hit_filter {
    int64_t since_us;      /* last line at or after this; TIME_US_NONE: all */
    enum value_kind kind;  /* VALUE_NONE: all */
    struct span indicator; /* its id; empty: all */
    /* NULL: all; else what a fold's value must be. As in matching, the scheme of a URL does not
     * count. */
    const struct value *value;
    /* Whether a fold is to be read whole and visited; NULL: all that fit are. */
    bool (*wanted)(void *context, const struct store_hit_head *head);
};

/**
 * The word for a state ("new", "acknowledged", "false", "reopened") or an act ("ack", "false",
 * "reopen", "assign", "note"; "none").
 *
 * state, act  any value of the enum
 */
const char *hit_state_name(enum hit_state state);
const char *hit_act_name(enum hit_act act);

/**
 * The state of a word.
 *
 * word      as hit_state_name() writes it
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT no such word
 */
MUST_USE
enum err hit_state_from_name(struct span word, enum hit_state *ret);

/**
 * Whether a hit may be acted upon so, and how it then stands.
 *
 * state     how it stands
 * act       not HIT_ACT_NONE
 * ret       untouched where it may not
 */
bool hit_state_after(enum hit_state state, enum hit_act act, enum hit_state *ret);

/**
 * Whether somebody is still to look at it: new and reopened ones.
 *
 * state     any
 */
bool hit_state_is_open(enum hit_state state);

/**
 * Visit the hits of a world, those of one value together, the value with the latest line first, its
 * folds by time and inside host.
 *
 * op        work in hand
 * store     open
 * grant     permission to read: what may not be read is passed over
 * filter    which
 * visit     called for each; its spans are borrowed for the call
 * context   handed to `visit` and to the filter
 *
 * Errors    ERR_IO; ERR_LIMIT; or what `visit` returned
 */
MUST_USE
enum err store_hits_walk(struct op *op, struct store *store, const struct policy_grant *grant,
                         const struct store_hit_filter *filter,
                         enum err (*visit)(void *context, const struct store_hit *hit),
                         void *context);

/**
 * Read one hit again.
 *
 * op        work in hand; the hit lives in its memory
 * store     open
 * grant     permission to read
 * row       as a walk told it, since which the database was not made anew
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT there is none; ERR_DENIED; ERR_CORRUPT; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_hit_read(struct op *op, struct store *store, const struct policy_grant *grant,
                        int64_t row, struct store_hit *ret);

/**
 * Read a hit of a walk again: as store_hit_read(), which looks at all hits of its value; for many
 * hits of one value that would take their square.
 *
 * op            work in hand; the hit lives in its memory
 * store         open
 * grant         permission to read
 * row           as a walk told it, since which the database was not made anew
 * false_others  as that walk told it
 * ret           untouched on error
 *
 * Errors        those of store_hit_read()
 */
MUST_USE
enum err store_hit_reread(struct op *op, struct store *store, const struct policy_grant *grant,
                          int64_t row, uint64_t false_others, struct store_hit *ret);

/**
 * The hit of a name, or of a beginning that fits it alone.
 *
 * op        work in hand; the hit lives in its memory
 * store     open
 * grant     permission to read
 * id        as hit_id_parse() gives it
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT there is none; ERR_CONFLICT it fits several: the text names some;
 * ERR_DENIED; ERR_CORRUPT; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_hit_find(struct op *op, struct store *store, const struct policy_grant *grant,
                        struct span id, struct store_hit *ret);

/* One act, upon one hit or many. */
struct store_hit_change {
    enum hit_act act;
    struct span text;     /* a note or reason; empty where the act needs none */
    struct span assignee; /* HIT_ACT_ASSIGN: who; empty: nobody any more */
    struct span list;     /* HIT_ACT_FALSE: the allow list that was made of it; may be empty */
};

/**
 * Act upon hits, in one step: after a failure none of them has changed. The actor is that of the
 * op.
 *
 * op        work in hand
 * store     open for writing
 * change    what is done
 * hits      on which: their folds' keys and states count; each once
 * count     at most HIT_CHANGE_COUNT_MAX
 *
 * Errors    ERR_CONFLICT one stands so that it may not be acted upon so; ERR_ABSENT there is no
 * such hit; ERR_LIMIT a text is too long, or too many; ERR_FORMAT a text is not UTF-8; ERR_FULL;
 * ERR_IO
 */
MUST_USE
enum err store_hits_change(struct op *op, struct store *store,
                           const struct store_hit_change *change, const struct store_hit *hits,
                           size_t count);

/* What was done with a hit, once. */
struct store_hit_event {
    uint64_t entry; /* of the journal */
    int64_t time_us;
    struct span actor;
    struct store_hit_change change;
};

/**
 * Visit what was done with a hit, the oldest first.
 *
 * op        work in hand; texts live in its memory
 * store     open
 * grant     permission to read
 * fold      of the hit
 * visit     called for each
 * context   handed to `visit`
 *
 * Errors    ERR_DENIED; ERR_CORRUPT; ERR_IO; ERR_LIMIT; or what `visit` returned
 */
MUST_USE
enum err store_hit_history(struct op *op, struct store *store, const struct policy_grant *grant,
                           const struct fold *fold,
                           enum err (*visit)(void *context, const struct store_hit_event *event),
                           void *context);

#endif
