// SPDX-License-Identifier: EUPL-1.2
/*
 * The node's history: opened under the rules of the configuration, and what is new put to it.
 */
#ifndef NODE_PAST_H
#define NODE_PAST_H

#include "history/history.h"
#include "node/node.h"
#include "store/fold.h"

/**
 * Read the rules of a node, with their keys, into node->history_rules; once: a store in its jail
 * cannot read them again.
 *
 * op        work in hand
 * node      open
 *
 * Errors    ERR_ABSENT, ERR_CORRUPT a key's file; ERR_IO
 */
MUST_USE
enum err past_rules(struct op *op, struct node *node);

/**
 * Open the history of a node whose store is open, as node->history; node_close() closes it. Where
 * nothing is to be remembered, or to be read where nothing ever was, it stays NULL. Who writes goes
 * on with a forgetting that was cut short; where that fails, node->forgetting_left says so.
 *
 * op        work in hand
 * node      open, with its store; its history is not
 * write     the store is open for writing
 *
 * Errors    those of past_rules() and history_open()
 */
MUST_USE
enum err past_open(struct op *op, struct node *node, bool write);

/**
 * As past_open(), for a command that reads: where a run has it open, what that has is used.
 *
 * op        work in hand
 * node      open, with its store
 *
 * Errors    those of past_open()
 */
MUST_USE
enum err past_reading(struct op *op, struct node *node);

/**
 * As past_reading(), for a command that answers out of it: where there is none, it says why.
 *
 * op        work in hand
 * node      open, with its store
 *
 * Errors    those of past_open(); ERR_ABSENT nothing ever was remembered
 */
MUST_USE
enum err past_asked(struct op *op, struct node *node);

/**
 * As past_open(), for a command that changes what was remembered: also where nothing more is to be.
 *
 * op        work in hand
 * node      open for writing, with its store
 *
 * Errors    those of past_open(); ERR_ABSENT nothing ever was remembered; ERR_AGAIN another such
 *           command goes on
 */
MUST_USE
enum err past_changing(struct op *op, struct node *node);

/**
 * Count what a run has read and not counted yet, so that the history holds it.
 *
 * op        work in hand
 * node      open for writing; where no run goes on, nothing is to be done
 *
 * Errors    ERR_AGAIN the run is in the middle of some lines; those of session_settle()
 */
MUST_USE
enum err past_settle(struct op *op, struct node *node);

struct past_look {
    uint64_t asked;   /* indicators that were new, and put to the history */
    uint64_t folds;   /* that looking back made or changed */
    uint64_t left;    /* indicators that are still to be put to it: the next look goes on */
    uint64_t noisy;   /* indicators with more folds than one may have */
    uint64_t cut;     /* lines of further folds of theirs */
    uint64_t damaged; /* blocks of the history that could not be read */
    uint64_t held;    /* indicators that are of persons, and wait for a second one */
    uint64_t request; /* the entry of the journal that asks for them: the first of such requests */
    uint64_t requests;
    uint64_t missing; /* losses of the history that may have been met */
};

/**
 * Say that a look back did not see all of the history.
 *
 * look      of past_look_back()
 * text      receives a sentence of at most `size` bytes, with its NUL
 * size      of text
 *
 * Returns false where it saw all: then there is nothing to say.
 */
bool past_look_text(const struct past_look *look, char *text, size_t size);

/**
 * Say that there was no room for some of what a look back met.
 *
 * look      of past_look_back()
 * text      receives a sentence of at most `size` bytes, with its NUL
 * size      of text
 *
 * Returns false where there was.
 */
bool past_look_room_text(const struct past_look *look, char *text, size_t size);

struct past_teller {
    void (*on_fold)(void *context, const struct fold *fold);
    void *context;
};

enum past_how {
    PAST_NEW = 0, /* indicators that were not put to the history before */
    PAST_FIRST,   /* those too, and a look for them comes again: lines may be on their way that
                   * were read without them */
    PAST_ALL,     /* all indicators */
};

/**
 * Put indicators to all that was seen, but for those that are of persons: for these a request waits
 * in the journal (past_held.h). What they met becomes hits, marked as found looking back.
 * However often it is done, a line counts once.
 *
 * op        work in hand
 * node      open for writing, its history too (NULL: nothing is done)
 * how       which indicators
 * teller    who is told of every hit that is new; NULL: nobody
 * ret       untouched on error
 *
 * Errors    those of hunt_ask() and store_batch_add()
 */
MUST_USE
enum err past_look_back(struct op *op, struct node *node, enum past_how how,
                        const struct past_teller *teller, struct past_look *ret);

struct questions;

/**
 * Put indicators that a second person has approved to all that was seen, as past_look_back() does.
 *
 * op        work in hand
 * node      open for writing, its history too (NULL: nothing is done)
 * approved  which: those that are watched by now and ask for one of these
 * ret       untouched on error
 *
 * Errors    those of past_look_back()
 */
MUST_USE
enum err past_look_approved(struct op *op, struct node *node, struct questions *approved,
                            struct past_look *ret);

/* Others' turns while the history is compacted, or something in it forgotten. */
struct past_meanwhile {
    struct node *node;
    struct remote_server *server; /* where no run has one */
};

/**
 * Let the run, or callers, have their turns between two steps of history_compact() and
 * history_forget() from now on.
 *
 * op        work in hand
 * node      open for writing, its history too
 * roles     the command's; they start what a caller's command needs
 * ret       stays where it is until past_meanwhile_end()
 */
void past_meanwhile_begin(struct op *op, struct node *node, struct roles *roles,
                          struct past_meanwhile *ret);

/**
 * End it; callers who wait are served first.
 *
 * meanwhile   begun
 */
void past_meanwhile_end(struct past_meanwhile *meanwhile);

/**
 * Close it, if it is open.
 *
 * node      any
 */
void past_close(struct node *node);

#endif
