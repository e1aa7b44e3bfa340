// SPDX-License-Identifier: EUPL-1.2
/*
 * All that is watched, one indicator after the other: the members of the packed sets, then the
 * values of STIX indicators.
 */
#ifndef NODE_ENTRIES_H
#define NODE_ENTRIES_H

#include "node/node.h"

struct entry_selection {
    enum value_kind kind; /* VALUE_NONE: all */
    struct span set;      /* empty: all */
    struct span source;   /* data NULL: all */
};

struct entry {
    const struct value *value;
    enum value_scope scope;
    enum policy_tlp tlp;
    enum policy_tlp set_tlp; /* of members without one of their own */
    enum policy_pap pap;
    uint8_t confidence; /* 0 .. 100, or PACK_CONFIDENCE_UNKNOWN */
    int64_t first_seen_us;
    int64_t valid_from_us;
    int64_t valid_until_us;
    struct span id; /* of a STIX object; empty for a member of a set, see entry_id() */
    struct span source_id;
    struct span source;
    struct span set;            /* empty: a STIX object */
    enum value_verdict verdict; /* why a member is not watched all the same; VALUE_FIT: it is */
    struct span context;        /* what the feed says of it, a JSON array; may be empty */
    struct span set_context;    /* what the feed says of its set, a JSON object; may be empty */
};

/**
 * Whether a packed set is among those selected.
 *
 * selection  which
 * set        from store_sets()
 */
bool entries_select_set(const struct entry_selection *selection, const struct store_set *set);

/**
 * Visit the indicators that are watched.
 *
 * op         work in hand
 * node       its store is open
 * selection  which
 * visit      called for each; the entry is borrowed for the call. Any error ends the walk with it
 * context    handed to `visit`
 *
 * Errors    ERR_CORRUPT; ERR_IO; ERR_LIMIT; or what `visit` returned
 */
MUST_USE
enum err entries_walk(struct op *op, struct node *node, const struct entry_selection *selection,
                      enum err (*visit)(void *context, const struct entry *entry), void *context);

/**
 * The id of an entry. That of a set's member is made from its value, which takes time: only ask
 * where it is shown or looked for.
 *
 * op        work in hand; the text lives in its memory
 * entry     from entries_walk()
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err entry_id(struct op *op, const struct entry *entry, struct span *ret);

#endif
