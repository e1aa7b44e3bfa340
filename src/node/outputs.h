// SPDX-License-Identifier: EUPL-1.2
/*
 * The outputs of a run that writes to the node: what the journal has to tell is read behind each
 * output's cursor, put to its filter and to the gate, formatted, and given to the fetch process;
 * what that has delivered moves the cursor. Nothing here waits, but outputs_close().
 *
 * An output that fails is the owner's concern, not the run's: it is told (linie status, a notice),
 * and the run goes on.
 */
#ifndef NODE_OUTPUTS_H
#define NODE_OUTPUTS_H

#include "node/node.h"
#include "node/output_state.h"
#include "store/event.h"

struct outputs;

enum { OUTPUTS_NO_FD = -1 };

/**
 * Begin: the fetch process is started, cursors are read; new outputs begin as configured.
 *
 * op        work in hand
 * node      open for writing; borrowed until outputs_close()
 * ret       NULL where nothing is configured for this world; to give back with outputs_close();
 *           untouched on error
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err outputs_open(struct op *op, struct node *node, struct outputs **ret);

/**
 * Make the folders that files of outputs need, while that is allowed: the store's jail makes none
 * outside of the node. What is wrong with an output is told here and now.
 *
 * op        work in hand
 * node      open at least with NODE_FILES
 * tell      called with a sentence for each output that cannot work yet
 * context   handed to `tell`
 */
void outputs_prepare(const struct op *op, const struct node *node,
                     void (*tell)(void *context, const char *text), void *context);

/**
 * Do what can be done now: hear the fetch process, send what is new, keep cursors. To be called
 * when something was committed, when the descriptor has something to say, and some times a second.
 *
 * outputs   NULL does nothing
 */
void outputs_pump(struct outputs *outputs);

/**
 * The descriptor that is readable when outputs_pump() has something to hear. It may be another one
 * after each call of that.
 *
 * outputs   NULL gives OUTPUTS_NO_FD, as does a time in which no fetch process runs
 */
int outputs_fd(const struct outputs *outputs);

/**
 * End: wait for what is still to be delivered, but not for outputs that fail, and not for long.
 * What is left is sent by the next run.
 *
 * outputs   NULL does nothing
 * wait_ms   at most so long
 */
void outputs_close(struct outputs *outputs, unsigned wait_ms);

/* How far an output is with an event. */
enum outputs_reach {
    OUTPUTS_ON_ITS_WAY = 0,
    OUTPUTS_DELIVERED,
    OUTPUTS_PASSED_OVER, /* it is not for this output: its filter, or the gate */
    OUTPUTS_FAILS,       /* the output fails; the event is tried again */
};

/**
 * How many outputs there are.
 *
 * outputs   NULL gives 0
 */
size_t outputs_count(const struct outputs *outputs);

/**
 * The name of an output.
 *
 * outputs   open
 * index     below outputs_count()
 */
struct span outputs_name(const struct outputs *outputs, size_t index);

/**
 * How far an output is with an event.
 *
 * outputs    open
 * index      below outputs_count()
 * event      of the journal, with its place
 * ret_fault  why the output fails, until the next outputs_pump(); empty where it does not
 */
enum outputs_reach outputs_reached(const struct outputs *outputs, size_t index,
                                   const struct store_event *event, const char **ret_fault);

/**
 * Let what outputs gather go out at once: mails.
 *
 * outputs   NULL does nothing
 */
void outputs_flush(struct outputs *outputs);

/**
 * Let an output go on from another place. What it has not acknowledged is sent again, too.
 *
 * op        work in hand
 * outputs   open
 * name      of the output
 * cursor    where it goes on
 *
 * Errors    ERR_ABSENT no such output in this world; ERR_IO; ERR_FULL; ERR_LIMIT
 */
MUST_USE
enum err outputs_replay(struct op *op, struct outputs *outputs, struct span name,
                        struct store_cursor cursor);

#endif
