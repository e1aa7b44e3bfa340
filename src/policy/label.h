// SPDX-License-Identifier: EUPL-1.2
/*
 * A label: all that the gate knows of an object (docs/GATE.md). It says nothing of who reads.
 */
#ifndef POLICY_LABEL_H
#define POLICY_LABEL_H

#include "base/op.h"
#include "policy/data.h"
#include "policy/pap.h"
#include "policy/policy.h"

enum {
    POLICY_LIST_COUNT_MAX = 256, /* of each list of a label */
    POLICY_PART_COUNT_MAX = 64,
    POLICY_ORIGIN_COUNT_MAX = 1024,
};

struct policy_list {
    const struct span *items;
    size_t count;
};

struct policy_part;

/* A marking in words, or one that this program does not know. */
struct policy_statement {
    struct span id;   /* "marking-definition--..." */
    struct span text; /* of a statement */
    bool unknown;     /* no statement: nobody knows what it says */
};

/* Spans are borrowed. A label of zeros is CLEAR, of an indicator, and of no world: given to nobody.
 */
struct policy_label {
    enum policy_tlp tlp;
    enum policy_pap pap;
    struct policy_list classes; /* "SCHEME:LEVEL" */
    const struct policy_list
        *audiences; /* each: parties and groups (ids, or "group:ID"), or STIX identities of them */
    size_t audience_count;
    struct policy_list persons; /* STIX identities that TLP:RED names */
    struct policy_list purposes;
    struct policy_list sources;                /* STIX identities */
    const struct policy_statement *statements; /* markings that are neither TLP nor PAP */
    size_t statement_count;
    enum policy_data data;
    unsigned personal;       /* bits: enum policy_personal */
    unsigned personal_fixed; /* of those, what cannot be taken out */
    struct span world;       /* "real", or an exercise */
    const struct policy_part *parts;
    size_t part_count;
    const struct policy_label
        *origins; /* of a derived object: of what it was made; without origins */
    size_t origin_count;
};

/* What is marked by itself within an object. */
struct policy_part {
    struct policy_label label; /* what it says beside the object's; its world and sources are those
                                  of the object */
    struct policy_list selectors; /* what is taken out, as in granular markings of STIX */
    bool fixed;                   /* cannot be taken out */
};

/**
 * Make the label of a derived object: its own, with those of what it was made of as origins, and
 * their origins.
 *
 * op         work in hand; the list lives in its memory
 * own        as its maker marks it; what origins it has is left out
 * from       labels of what it was made of; what they hold is borrowed by what is returned
 * count      how many
 * ret        untouched on error
 *
 * Errors    ERR_LIMIT more than POLICY_ORIGIN_COUNT_MAX origins, or no memory
 */
MUST_USE
enum err policy_label_derive(struct op *op, const struct policy_label *own,
                             const struct policy_label *from, size_t count,
                             struct policy_label *ret);

#endif
