// SPDX-License-Identifier: EUPL-1.2
/*
 * An event loop: descriptors, and what is to be called when something happens at one of them. One
 * thread waits; others, and signal handlers, may wake it.
 */
#ifndef OS_LOOP_H
#define OS_LOOP_H

#include "base/op.h"

/* What is waited for at a descriptor, and what happened there. */
enum {
    LOOP_IN = 1,   /* there is something to read, or to accept, or the other side has gone */
    LOOP_OUT = 2,  /* there is room to write */
    LOOP_GONE = 4, /* the other side has gone, or there is an error; always told */
};

/* A descriptor and what is called for it. The memory is the caller's, and stays where it is while
 * the entry is in a loop. */
struct loop_entry {
    int fd;
    unsigned events; /* LOOP_IN, LOOP_OUT; 0: nothing but LOOP_GONE */
    /* An error ends loop_wait() with it. It may add, change and remove entries, its own too. */
    enum err (*ready)(void *context, unsigned events);
    void *context;
};

struct loop;

/**
 * Make a loop.
 *
 * op        work in hand
 * ret       to give back with loop_free(); untouched on error
 *
 * Errors    ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err loop_new(struct op *op, struct loop **ret);

/**
 * Give a loop back. Its entries' descriptors stay open.
 *
 * loop      NULL does nothing
 */
void loop_free(struct loop *loop);

/**
 * Wait for events at a descriptor, from now on.
 *
 * op        work in hand
 * loop      waits
 * entry     filled in; borrowed until loop_remove()
 *
 * Errors    ERR_UNSUPPORTED nothing can be waited for there (a regular file); ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err loop_add(struct op *op, struct loop *loop, struct loop_entry *entry);

/**
 * Wait for other events at a descriptor.
 *
 * op        work in hand
 * loop      waits
 * entry     added
 * events    as in the entry
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err loop_change(struct op *op, struct loop *loop, struct loop_entry *entry, unsigned events);

/**
 * Wait no more at a descriptor: before it is closed, since others may hold it open as well.
 *
 * loop      waits
 * entry     added, or all zero but its descriptor; its callback is not called any more
 */
void loop_remove(struct loop *loop, struct loop_entry *entry);

/**
 * Wait until something happens, somebody wakes the loop, a signal comes, or time is up; then call
 * for what happened. It may return early.
 *
 * op          work in hand
 * loop        waits
 * timeout_ms  0: do not wait; below 0: for ever
 *
 * Errors    ERR_IO; or what a callback returned
 */
MUST_USE
enum err loop_wait(struct op *op, struct loop *loop, int timeout_ms);

/**
 * End the present loop_wait(), or the next one. May be called by any thread and by signal handlers.
 *
 * loop      waits
 */
void loop_wake(struct loop *loop);

#endif
