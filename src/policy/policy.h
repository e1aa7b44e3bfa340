// SPDX-License-Identifier: EUPL-1.2
/*
 * The one gate: who may see an object, and why. Pure: no input, no output.
 *
 * Every reading function of store/ and history/ takes a grant, and only this room makes grants.
 * What is not known to be allowed is refused.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "base/buf.h"
#include "base/op.h"
#include "stix/object.h"

/* Traffic Light Protocol 2.0 (FIRST, August 2022), from the widest audience to the narrowest. A
 * marking that this program does not know is POLICY_TLP_UNKNOWN and is shared with nobody. */
enum policy_tlp {
    POLICY_TLP_CLEAR = 0,
    POLICY_TLP_GREEN,
    POLICY_TLP_AMBER,
    POLICY_TLP_AMBER_STRICT,
    POLICY_TLP_RED,
    POLICY_TLP_UNKNOWN,
    POLICY_TLP_COUNT,
};

/* A permission to read, made by this room only. */
struct policy_grant;

/**
 * The word for a TLP label: "CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED", "UNKNOWN".
 *
 * tlp       any value of the enum
 */
const char *policy_tlp_name(enum policy_tlp tlp);

/**
 * The label of a word, in any case, with or without "TLP:"; TLP 1.0's WHITE is CLEAR.
 *
 * word      looked up
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT no such word
 */
MUST_USE
enum err policy_tlp_from_name(struct span word, enum policy_tlp *ret);

/**
 * The label of a STIX marking-definition id (TLP 2.0's five and TLP 1.0's four).
 *
 * id        "marking-definition--..."
 *
 * Returns POLICY_TLP_UNKNOWN for any other id.
 */
enum policy_tlp policy_tlp_from_marking(struct span id);

/**
 * The STIX marking-definition id of a label (TLP 2.0).
 *
 * tlp       not POLICY_TLP_UNKNOWN
 */
const char *policy_tlp_marking(enum policy_tlp tlp);

/**
 * The narrower of two labels: a local marking may tighten an object's own, never loosen it.
 *
 * a, b      any two
 */
enum policy_tlp policy_tlp_tighten(enum policy_tlp a, enum policy_tlp b);

/**
 * The label of an object: the narrowest of all its markings, those of its parts included, since an
 * object is shown or sent as a whole. A marking that is not one of TLP makes it POLICY_TLP_UNKNOWN.
 *
 * object     whose markings count
 * otherwise  the label of an object that bears no marking as a whole: that of its source
 */
enum policy_tlp policy_tlp_of_object(const struct stix_object *object, enum policy_tlp otherwise);

/**
 * The grant of the node's owner, the only party until partners exist.
 *
 * op        work in hand; the grant lives in its memory
 * ret       untouched on error
 *
 * Errors    ERR_DENIED the op names no actor; ERR_LIMIT no memory
 */
MUST_USE
enum err policy_grant_owner(struct op *op, const struct policy_grant **ret);

/**
 * The grant of one of the owner's outputs: what is sent there leaves the node. It opens every label
 * up to the stated one, and never what is UNKNOWN.
 *
 * op        work in hand; the grant lives in its memory
 * name      of the output; borrowed as long as the grant is used
 * tlp_max   the narrowest label that may go there; what is no label opens nothing
 * ret       untouched on error
 *
 * Errors    ERR_DENIED the op names no actor; ERR_LIMIT no memory
 */
MUST_USE
enum err policy_grant_output(struct op *op, struct span name, enum policy_tlp tlp_max,
                             const struct policy_grant **ret);

/**
 * Whether what bears a label may be read under a grant.
 *
 * grant     made by this room
 * tlp       label of the object
 *
 * Returns false for a grant that is not one.
 */
bool policy_may_read(const struct policy_grant *grant, enum policy_tlp tlp);

/**
 * Say in one sentence why policy_may_read() answers as it does.
 *
 * grant     made by this room
 * tlp       label of the object
 * buf       receives the sentence
 */
void policy_explain(const struct policy_grant *grant, enum policy_tlp tlp, struct buf *buf);

#endif
