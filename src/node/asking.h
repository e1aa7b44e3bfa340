// SPDX-License-Identifier: EUPL-1.2
/*
 * Asking the history: under a purpose and a mandate, both written into the journal before anything
 * is answered; for values of persons with the approval of a second person.
 */
#ifndef NODE_ASKING_H
#define NODE_ASKING_H

#include "node/questions.h"
#include "store/asked.h"

enum { ASKING_APPROVAL_HOURS = 24 };

struct asking {
    struct invocation *invocation;
    const struct policy_grant *grant;
    enum store_asked_act act;
    struct questions questions; /* of an export of everything: none */
    bool all;                   /* an export of everything */
    uint32_t since_s;
    uint32_t until_s;
    struct span sensor;
    bool show;        /* lines of the logs too */
    uint64_t request; /* that is made use of; 0: none */
    uint64_t entry;   /* of the journal: what is asked, or the request for it */
    bool waits;       /* it was written down as a request, and is not answered */
};

/**
 * Take purpose and mandate from --purpose and --mandate, or what is configured, into the
 * invocation's op.
 *
 * invocation  of a command with these options; its node is open
 *
 * Errors    ERR_FORMAT one is needed: the text says how to name it
 */
MUST_USE
enum err asking_purpose(struct invocation *invocation);

/**
 * Take what is asked from a command line, see whether it may be, and write it into the journal.
 *
 * asking      its invocation and act are set; to be given back with asking_done(), also on error
 *
 * Errors    ERR_FORMAT purpose, mandate, values or times are missing or none; ERR_DENIED the
 *           request is not approved, was made use of, or is somebody else's; ERR_ABSENT no such
 *           request; ERR_LIMIT; ERR_FULL; ERR_IO
 */
MUST_USE
enum err asking_begin(struct asking *asking);

/**
 * Take once more what was asked just now, to go on with its answer: nothing is written.
 *
 * asking      its invocation and act are set; to be given back with asking_done(), also on error
 *
 * Errors    as asking_begin()
 */
MUST_USE
enum err asking_again(struct asking *asking);

/**
 * Keep in the journal that something was refused by the rules of asking, for who looks after them;
 * other faults are nobody's affair. Where that cannot be written, nothing is said: the command
 * fails anyway.
 *
 * op        work in hand: its fault is why
 * store     open for writing
 * err       with which the act ended; where it is not ERR_DENIED, nothing is done
 * act       what was tried
 * request   whose name was given; 0: none
 */
void asking_keep_denied(struct op *op, struct store *store, enum err err, enum store_asked_act act,
                        uint64_t request);

/**
 * Give it back.
 *
 * asking    begun, or all zero
 */
void asking_done(struct asking *asking);

/**
 * Say of a request that waits how another user approves it.
 *
 * asking    it waits
 */
void asking_tell_waits(const struct asking *asking);

/* How a request stands. */
struct asking_state {
    uint64_t approval; /* its entry; 0: none */
    int64_t approved_us;
    struct span approver; /* in the op's memory */
    uint64_t used;        /* the entry that made use of it; 0: none */
};

/**
 * How a request stands.
 *
 * op        work in hand
 * store     open
 * grant     of the owner
 * request   its entry
 * ret       untouched on error
 *
 * Errors    those of store_asked_walk()
 */
MUST_USE
enum err asking_state(struct op *op, struct store *store, const struct policy_grant *grant,
                      uint64_t request, struct asking_state *ret);

enum { ASKING_ID_SIZE = 24 };

/**
 * The name of a request: "R-" and the number of its entry.
 *
 * entry     of the journal
 * ret       receives it
 */
const char *asking_id(uint64_t entry, char ret[ASKING_ID_SIZE]);

/**
 * The entry of a request's name.
 *
 * op        work in hand
 * text      "R-1042", "r-1042" or "1042"
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT no such name
 */
MUST_USE
enum err asking_id_read(struct op *op, struct span text, uint64_t *ret);

#endif
