// SPDX-License-Identifier: EUPL-1.2
/*
 * Permissible Actions Protocol: what may be done with what one was told, so that the opponent does
 * not notice too early. TLP says who may know; PAP says what they may do with it. Levels and their
 * meaning: MISP taxonomy "PAP", version 2.
 *
 *   CLEAR (WHITE)  no restriction
 *   GREEN          active actions allowed: block traffic, sinkhole
 *   AMBER          passive checks; nothing that the opponent's own systems see
 *   RED            only what cannot be noticed from outside: looking through one's own logs
 */
#ifndef POLICY_PAP_H
#define POLICY_PAP_H

#include "base/err.h"
#include "base/span.h"

enum policy_pap {
    POLICY_PAP_UNSTATED = 0, /* nobody said anything: the node's configuration decides */
    POLICY_PAP_CLEAR,
    POLICY_PAP_GREEN,
    POLICY_PAP_AMBER,
    POLICY_PAP_RED,
    POLICY_PAP_UNKNOWN, /* a PAP marking that cannot be read: nothing active is allowed */
    POLICY_PAP_COUNT,
};

/* What is to be done. */
enum policy_act {
    POLICY_ACT_DETECT = 0, /* look for it in one's own traffic and logs */
    POLICY_ACT_BLOCK,      /* keep traffic from passing: whoever sends it can notice */
    POLICY_ACT_COUNT,
};

/**
 * The word for a level: "UNSTATED", "CLEAR", "GREEN", "AMBER", "RED", "UNKNOWN".
 *
 * pap       any value of the enum
 */
const char *policy_pap_name(enum policy_pap pap);

/**
 * The level of a word, in any case, with or without "PAP:"; WHITE is CLEAR.
 *
 * word      looked up
 * ret       CLEAR, GREEN, AMBER or RED; untouched on error
 *
 * Errors    ERR_ABSENT no such word
 */
MUST_USE
enum err policy_pap_from_name(struct span word, enum policy_pap *ret);

/**
 * The narrower of two levels. What is stated counts over what is not.
 *
 * a, b      any two
 */
enum policy_pap policy_pap_tighten(enum policy_pap a, enum policy_pap b);

/**
 * Whether a level allows an act.
 *
 * pap        of what the act rests on
 * otherwise  what counts where nothing is stated; itself UNSTATED: no
 * act        what is to be done
 */
bool policy_pap_allows(enum policy_pap pap, enum policy_pap otherwise, enum policy_act act);

#endif
