// SPDX-License-Identifier: EUPL-1.2
/*
 * Questions to all that was seen. A question is what an indicator is: a value, and how far it
 * reaches; the answer is every row whose value it would have met, had it been known then. One
 * matcher decides what meets what (match/match.h), so that looking back and looking on agree.
 *
 * Few questions are looked up one by one; of very many, or such as fit patterns, all values of
 * their kinds are put to an index of the questions.
 */
#ifndef HISTORY_HUNT_H
#define HISTORY_HUNT_H

#include "history/history.h"
#include "match/match.h"
#include "policy/policy.h"

enum { HUNT_QUESTION_COUNT_MAX = 20 * 1000 * 1000 };

struct hunt_question {
    struct value value;     /* borrowed; VALUE_CIDR asks for all addresses in it */
    enum value_scope scope; /* a domain of scope SUBDOMAINS asks for itself and all below it */
};

struct hunt_questions {
    size_t count; /* at most HUNT_QUESTION_COUNT_MAX */
    const struct hunt_question *at;
};

/* What was found for one question: a value, or a piece of its rows. */
struct hunt_found {
    size_t question; /* number of it */
    enum value_kind kind;
    enum history_form form; /* not WHOLE: perhaps it is another value that is kept so too */
    struct span key;        /* canonical */
    enum match_rung rung;
    size_t row_count; /* within the time and of the sensor that were asked for, at least 1 */
    const struct history_row *rows;
    const struct span *hosts; /* names, by number in the rows' postings */
    const struct history_way *ways;
};

struct hunt_options {
    uint32_t since_s;   /* postings that lie wholly before or behind do not count */
    uint32_t until_s;   /* UINT32_MAX: any */
    struct span sensor; /* empty: any */
    /* Called with what was found, segment after segment, and for each question that it meets.
     * Pieces of one value of one segment come one after the other; the same value comes once for
     * each segment that holds it. Another result than ERR_OK ends the hunt with it. */
    enum err (*on_found)(void *context, const struct hunt_found *found);
    /* A block is damaged, and what it holds is not in the answer. NULL: it is only counted. */
    void (*on_damage)(void *context, const char *text);
    void *context;
};

struct hunt_result {
    uint64_t damaged; /* blocks that could not be read */
    uint64_t missing; /* losses (history_losses()) that may have been in the answer */
    uint64_t asked;   /* questions that could be asked; others have a form that is not kept */
    bool cut;         /* of some value not all questions are told that it meets: they are more than
                       * MATCH_FOUND_COUNT_MAX, or a pattern took too long */
};

/**
 * The kinds of the values that can meet some questions: a bit (1 << kind) each.
 *
 * questions  any
 */
uint64_t hunt_kinds(const struct hunt_questions *questions);

/**
 * Put questions to all that was seen.
 *
 * op         work in hand
 * history    open
 * grant      of who asks: what the owner saw is the owner's; others have no grant yet
 * questions  borrowed
 * options    whom to tell
 * ret        untouched on error
 *
 * Errors    ERR_DENIED the grant does not open it; ERR_CANCELLED; ERR_FORMAT a question whose value
 *           has not the shape of its kind and scope, or a pattern that does not compile; ERR_LIMIT;
 *           ERR_IO; or what on_found returned
 */
MUST_USE
enum err hunt_ask(struct op *op, struct history *history, const struct policy_grant *grant,
                  const struct hunt_questions *questions, const struct hunt_options *options,
                  struct hunt_result *ret);

#endif
