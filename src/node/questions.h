// SPDX-License-Identifier: EUPL-1.2
/*
 * What is asked of the history: values on the command line, in files of indicators, in prose that
 * was pasted, and those of indicators and hits that are named.
 */
#ifndef NODE_QUESTIONS_H
#define NODE_QUESTIONS_H

#include "history/hunt.h"
#include "node/command.h"
#include "node/node.h"

enum { QUESTIONS_COUNT_MAX = 1000 * 1000 };

struct questions {
    struct op *op; /* in whose memory the values live */
    struct node *node;
    const struct policy_grant *grant;
    enum value_kind kind; /* of all values that the command line names; VALUE_NONE: recognised */
    struct buf list;      /* struct hunt_question */
    struct hunt_question **order; /* of them, as questions_have() looks; NULL: not made yet */
    bool looked_for;  /* some were found in files, prose, indicators or hits: tell which */
    uint64_t refused; /* entries of files that hold no value */
};

/**
 * None so far.
 *
 * questions   receives them; to be given back with questions_done()
 * op          work in hand: values live in its memory
 */
void questions_begin(struct questions *questions, struct op *op);

/**
 * Keep of equal ones the first.
 *
 * questions   begun
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err questions_drop_doubles(struct questions *questions);

/**
 * Whether one is among them.
 *
 * questions   all that it will hold is there; receives an order the first time
 * question    any
 * ret         untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err questions_have(struct questions *questions, const struct hunt_question *question,
                        bool *ret);

/**
 * Gather what a command line asks for, each value once, in the order in which they came.
 *
 * questions   receives them; to be given back with questions_done(), also on error
 * op          work in hand: values live in its memory
 * invocation  parsed and gathered, of a command with the option --kind; its node's store is open
 *
 * Errors    ERR_FORMAT an argument is nothing that can be asked for, or a file holds nothing;
 *           ERR_ABSENT no such indicator or hit; ERR_LIMIT too many; those of reading files
 */
MUST_USE
enum err questions_gather(struct questions *questions, struct op *op,
                          struct invocation *invocation);

/**
 * Gather what was asked for once, out of the journal.
 *
 * questions   as for questions_gather()
 * op          work in hand: values live in its memory
 * content     as questions_write() wrote it
 *
 * Errors    ERR_CORRUPT it is none; ERR_LIMIT
 */
MUST_USE
enum err questions_read(struct questions *questions, struct op *op, struct json_value content);

/**
 * The questions.
 *
 * questions   gathered
 */
struct hunt_questions questions_of(const struct questions *questions);

/**
 * Whether two ask for the same.
 *
 * a, b      gathered; the order does not matter
 */
bool questions_equal(const struct questions *a, const struct questions *b);

/**
 * Give them back.
 *
 * questions   gathered, or all zero
 */
void questions_done(struct questions *questions);

/**
 * Append a question as lists write it: "=name" for a domain without the names below it, ".name" for
 * these alone.
 *
 * buf       receives the text
 * question  any
 */
void question_add_text(struct buf *buf, const struct hunt_question *question);

/**
 * Members "values" (each with kind, value and scope) and "kinds" (how many of each).
 *
 * w           inside an object
 * questions   gathered
 */
void questions_write(struct json_writer *w, const struct questions *questions);

#endif
