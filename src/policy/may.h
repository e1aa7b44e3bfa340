// SPDX-License-Identifier: EUPL-1.2
/*
 * Who may do what, and who leads (docs/GATE.md, "Who may, who leads"): what the book says, with its
 * sources, for people. Nothing is done here.
 */
#ifndef POLICY_MAY_H
#define POLICY_MAY_H

#include "policy/day.h"

/* Effects of mandates, as "effect" writes them. */
enum policy_effect {
    POLICY_FORBID = 0,
    POLICY_ALLOW,
    POLICY_AGREEMENT,
    POLICY_CONSENT,
    POLICY_REQUEST,
    POLICY_AUTHORISATION,
    POLICY_PERSON,
    POLICY_EFFECT_COUNT,
};

enum policy_may_answer {
    POLICY_MAY_UNDECIDED = 0, /* no rule decides: a person must */
    POLICY_MAY_NOT,
    POLICY_MAY_WITH, /* only with what the blocks ask for */
    POLICY_MAY,
};

/* What is asked. Spans are borrowed; empty: not told. */
struct policy_act_asked {
    struct span party;
    struct span act;
    struct span network; /* PARTY, kind:KIND, group:GROUP, own, organisation or constituency */
    struct span data;    /* a class */
    struct span with;    /* a party */
    struct span purpose;
    const struct span *roles; /* that the same person holds beside */
    size_t role_count;
};

struct policy_may {
    enum policy_may_answer answer;
    const struct book_block *const *blocks; /* that decide: mandates, exclusions, a decider */
    size_t block_count;
};

/**
 * Whether a party may do something.
 *
 * op        work in hand; what is returned lives in its memory
 * day       the book on a day; its holder does not matter
 * asked     what
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT the book has no such party, act, network, purpose or class on the day (the
 *           fault names it); ERR_LIMIT no memory
 */
MUST_USE
enum err policy_may_act(struct op *op, const struct policy_day *day,
                        const struct policy_act_asked *asked, struct policy_may *ret);

struct policy_lead_asked {
    struct span situation;
    struct span network; /* as above; empty: not told */
    struct span country; /* empty: not told */
};

struct policy_leads {
    const struct book_block *const *blocks; /* leads that fit */
    size_t block_count;
    bool decided;                       /* they name one party */
    const struct book_block *situation; /* whose "decides" must, where not */
};

/**
 * Who leads in a situation.
 *
 * op        work in hand; what is returned lives in its memory
 * day       the book on a day; its holder does not matter
 * asked     what
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT the book has no such situation or network on the day (the fault names it);
 *           ERR_LIMIT no memory
 */
MUST_USE
enum err policy_who_leads(struct op *op, const struct policy_day *day,
                          const struct policy_lead_asked *asked, struct policy_leads *ret);

/**
 * The effect of a mandate.
 *
 * block     a mandate
 */
enum policy_effect policy_effect_of(const struct book_block *block);

/**
 * The word for an effect.
 *
 * effect    any of the enum
 */
const char *policy_effect_name(enum policy_effect effect);

#endif
