// SPDX-License-Identifier: EUPL-1.2
/*
 * Who asked what of the history, under which purpose and mandate, and what was forgotten of it: so
 * that the rights of those who are watched can be looked after. Each act is an entry of the
 * journal, which nobody can change or erase; who, when, purpose and mandate are in its header.
 */
#ifndef STORE_ASKED_H
#define STORE_ASKED_H

#include "format/json.h"
#include "store/store.h"

/* The numbers are in the database. */
enum store_asked_act {
    STORE_ASKED_HUNT = 0, /* values were asked for */
    STORE_ASKED_REQUEST,  /* somebody wants to ask, and another person has to approve it */
    STORE_ASKED_APPROVAL, /* of a request */
    STORE_ASKED_EXPORT,   /* rows were written out */
    STORE_ASKED_FORGET,   /* a rule by which something was forgotten, or how much that was */
    STORE_ASKED_HOST,     /* the address behind a pseudonym was asked for */
    STORE_ASKED_DENIED,   /* a hunt, an export or an approval was refused */
    STORE_ASKED_LOSS,     /* somebody knows what the history has lost */
    STORE_ASKED_COUNT,
};

struct store_asked {
    uint64_t entry; /* of the journal */
    enum store_asked_act act;
    int64_t time_us;
    struct span actor;
    struct span mandate;
    struct span purpose;
    uint64_t about; /* entry of the request that is approved or made use of, or of the rule by which
                     * was forgotten; 0: none */
    struct json_value content;
};

/**
 * The word for an act: "hunt", "request", "approval", "export", "forget", "host",
 * "denied", "loss".
 *
 * act       any value of the enum
 */
const char *store_asked_name(enum store_asked_act act);

/**
 * Keep that something is asked: when this returns, it is in the journal.
 *
 * op         work in hand: its actor, purpose and mandate go into the entry
 * store      open for writing
 * act        what
 * content    a JSON object; its member "about" is the entry that store_asked tells as such. It is
 *            the caller's still
 * ret_entry  number of its journal entry
 *
 * Errors    ERR_LIMIT too large, or purpose or mandate are too long; ERR_FULL; ERR_IO
 */
MUST_USE
enum err store_asked_add(struct op *op, struct store *store, enum store_asked_act act,
                         const struct buf *content, uint64_t *ret_entry);

struct store_asked_filter {
    uint32_t acts; /* a bit (1 << act) each; 0: all */
    uint64_t about;
    bool by_about; /* only those about that entry; it takes no longer where much else was asked */
    int64_t since_us;
};

/**
 * Visit what was asked, the oldest first.
 *
 * op        work in hand
 * store     open
 * grant     permission to read: of the owner
 * filter    which
 * visit     called for each; what it is given is borrowed for the call; any error ends the walk
 *           with it
 * context   handed to `visit`
 *
 * Errors    ERR_DENIED; ERR_CORRUPT; ERR_IO; ERR_LIMIT; or what `visit` returned
 */
MUST_USE
enum err store_asked_walk(struct op *op, struct store *store, const struct policy_grant *grant,
                          const struct store_asked_filter *filter,
                          enum err (*visit)(void *context, const struct store_asked *asked),
                          void *context);

/**
 * Whether anything was ever forgotten by rule. No entry of the journal is read for it.
 *
 * op        work in hand
 * store     open
 * grant     permission to read: of the owner
 * ret       untouched on error
 *
 * Errors    ERR_DENIED; ERR_CORRUPT; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_asked_forgot(struct op *op, struct store *store, const struct policy_grant *grant,
                            bool *ret);

/**
 * Visit the rules by which was to be forgotten, and of which the journal does not say how much it
 * was: the oldest first. The others are not read.
 *
 * op        work in hand
 * store     open
 * grant     permission to read: of the owner
 * visit     as for store_asked_walk()
 * context   handed to `visit`
 *
 * Errors    those of store_asked_walk()
 */
MUST_USE
enum err store_asked_unfinished(struct op *op, struct store *store,
                                const struct policy_grant *grant,
                                enum err (*visit)(void *context, const struct store_asked *asked),
                                void *context);

/**
 * Read one again.
 *
 * op        work in hand; texts and content live in its memory
 * store     open
 * grant     permission to read: of the owner
 * entry     of the journal
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT the entry is none of these; ERR_DENIED; ERR_CORRUPT; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err store_asked_read(struct op *op, struct store *store, const struct policy_grant *grant,
                          uint64_t entry, struct store_asked *ret);

#endif
