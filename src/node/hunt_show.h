// SPDX-License-Identifier: EUPL-1.2
/*
 * The answer to a question to the history, for people and for programs.
 */
#ifndef NODE_HUNT_SHOW_H
#define NODE_HUNT_SHOW_H

#include "format/json_writer.h"
#include "history/answer.h"
#include "node/command.h"

enum { HUNT_VALUE_SHOWN_MAX = 1000 }; /* longer ones are cut for people, and said to be */

/* How far the answer reaches. */
struct hunt_reach {
    uint32_t since_s;   /* from which on was asked for; 0: any */
    uint32_t until_s;   /* UINT32_MAX: any */
    uint32_t first_s;   /* that the history knows of; UINT32_MAX: it is empty */
    uint64_t entry;     /* of the journal: the hunt */
    struct span sensor; /* by which alone it was to be seen; empty: any */
    bool incomplete;    /* a part that may have held it cannot be read */
};

/**
 * Show a value that was seen.
 *
 * invocation  prints on its `out`
 * question    what was asked
 * answer      with lines
 */
void hunt_show_seen(const struct invocation *invocation, const struct hunt_question *question,
                    const struct answer *answer);

/**
 * Show a value that was not found, and since when that is known.
 *
 * invocation  prints on its `out`
 * question    what was asked
 * reach       of the answer
 * kept        nothing of the kind is remembered now: what is not there may have been
 */
void hunt_show_unseen(const struct invocation *invocation, const struct hunt_question *question,
                      const struct hunt_reach *reach, bool kept);

/**
 * The answer as one JSON object; docs/format/history-answers.md has the keys.
 *
 * w         at the start of a line
 * question  what was asked
 * answer    perhaps without lines
 * reach     of the answer
 */
void hunt_json(struct json_writer *w, const struct hunt_question *question,
               const struct answer *answer, const struct hunt_reach *reach);

#endif
