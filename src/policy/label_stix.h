// SPDX-License-Identifier: EUPL-1.2
/*
 * The label of a STIX object, as it says itself: its markings, and those of its parts (STIX 2.1,
 * section 7.2), its class, and where it holds personal data (docs/GATE.md, "Labels").
 */
#ifndef POLICY_LABEL_STIX_H
#define POLICY_LABEL_STIX_H

#include "format/json.h"
#include "policy/label.h"

/* The extension by which a marking-definition says for whom and for what an object is: "audience"
 * (STIX identities of parties and groups), "persons" (whom TLP:RED names) and "purposes". */
#define POLICY_AUDIENCE_EXTENSION "extension-definition--0281bf2f-c80e-55d1-bed9-1b08a41f32d9"

/* What a marking-definition says. */
enum policy_definition_kind {
    POLICY_DEFINITION_UNKNOWN = 0, /* nobody knows */
    POLICY_DEFINITION_PAP,
    POLICY_DEFINITION_STATEMENT,
    POLICY_DEFINITION_AUDIENCE,
};

struct policy_definition {
    enum policy_definition_kind kind;
    enum policy_pap pap;
    struct span text; /* of a statement */
    bool has_audience;
    struct policy_list audience;
    struct policy_list persons;
    struct policy_list purposes;
};

/**
 * Read what a marking-definition says. TLP is told by ids, not by this.
 *
 * op        work in hand; lists live in its memory
 * value     a STIX object of that type
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err policy_definition_read(struct op *op, struct json_value value,
                                struct policy_definition *ret);

/* What an object does not say itself. */
struct policy_label_from {
    void *context;
    /* Finds what a marking-definition says; UNKNOWN where it is not there. */
    enum err (*find)(struct op *op, void *context, struct span id, struct policy_definition *ret);
    /* Whether an address is one of the owner's; NULL: none is. */
    bool (*is_inside)(void *context, struct span address);
    enum policy_tlp otherwise; /* of an object without TLP: its source's label */
    struct span source;        /* STIX identity of who gave it; empty: not known */
    struct span world;
};

/**
 * Read the label of an object.
 *
 * op        work in hand; lists live in its memory
 * value     the object
 * object    of stix_object_read()
 * from      what it does not say itself
 * ret       borrows from the document; untouched on error
 *
 * Errors    ERR_LIMIT no memory; what `from->find` returned
 */
MUST_USE
enum err policy_label_of(struct op *op, struct json_value value, const struct stix_object *object,
                         const struct policy_label_from *from, struct policy_label *ret);

#endif
