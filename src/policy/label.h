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
};

/* What is marked by itself within an object. */
struct policy_part {
    struct policy_label label; /* what it says beside the object's; its world and sources are those
                                  of the object */
    struct policy_list selectors; /* what is taken out, as in granular markings of STIX */
    bool fixed;                   /* cannot be taken out */
};

/**
 * The label of what was made of two objects: what either narrows, in whichever part, is narrow as
 * a whole (GATE.md, "Labels"). Its class is that of `a`.
 *
 * op        work in hand; lists live in its memory
 * a, b      labels; their spans are borrowed by what is returned
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT a list grows beyond POLICY_LIST_COUNT_MAX, or no memory
 */
MUST_USE
enum err policy_label_combine(struct op *op, const struct policy_label *a,
                              const struct policy_label *b, struct policy_label *ret);

#endif
