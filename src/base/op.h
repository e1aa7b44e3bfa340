// SPDX-License-Identifier: EUPL-1.2
/*
 * The unit of work: a command, a batch of log lines, a request. It carries who acts and under which
 * mandate, what the work may cost, the memory that goes back when it ends, and the text of its
 * first fault. Functions that can fail for a reason worth telling take it as their first parameter.
 */
#ifndef BASE_OP_H
#define BASE_OP_H

#include <stdarg.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/must.h"

enum { FAULT_TEXT_SIZE = 512 };

/* The first thing that went wrong; told once, where it was born. */
struct fault {
    enum err err;
    char text[FAULT_TEXT_SIZE]; /* one sentence: what, where (file, line, byte), what to do */
};

/* Who acts. The spans are borrowed and outlive the op. */
struct actor {
    struct span name;    /* person or role; on the command line the user of the system */
    struct span mandate; /* under which the actor acts; empty where none was named */
    struct span purpose; /* what for; empty where none was named */
};

struct op {
    struct arena arena;
    struct actor actor;
    struct fault fault;
    const atomic_bool *cancel; /* set by somebody else to stop the work; may be NULL */
};

/**
 * Begin a unit of work.
 *
 * op          caller's memory; end it with op_end()
 * actor       who acts; its spans are borrowed until op_end()
 * memory_max  most bytes its arena may hold
 */
void op_begin(struct op *op, const struct actor *actor, size_t memory_max);

/**
 * End a unit of work: its memory goes back.
 *
 * op        begun with op_begin()
 */
void op_end(struct op *op);

/**
 * Memory of the op, all zero, until op_end().
 *
 * op        work in hand
 * size      in bytes
 *
 * Returns NULL, with the fault told as ERR_LIMIT, when there is none.
 */
MUST_USE
void *op_alloc(struct op *op, size_t size);

/**
 * A copy in the op's memory, followed by a NUL that is not part of the span.
 *
 * op        work in hand
 * span      copied
 * ret       the copy; untouched on error
 *
 * Errors    ERR_LIMIT no room
 */
MUST_USE
enum err op_copy(struct op *op, struct span span, struct span *ret);

/**
 * Tell a fault where it is born. Only the first of an op is kept.
 *
 * op        work in hand
 * err       what the caller is to do about it; not ERR_OK
 * format    one sentence for people: what, where, what to do; as for printf
 *
 * Returns `err`, so that one may write `return op_fail(...)`.
 */
__attribute__((format(printf, 3, 4))) enum err op_fail(struct op *op, enum err err,
                                                       const char *format, ...);

/* clang's analyzer sees one file at a time: here it learns that what was told as a fault is one. */
#ifdef __clang_analyzer__
#define op_fail(op, why, ...)                                                                      \
    ({                                                                                             \
        enum err op_fail_err_ = (why);                                                             \
        must(op_fail_err_ != ERR_OK);                                                              \
        (void)(op_fail)((op), op_fail_err_, __VA_ARGS__);                                          \
        op_fail_err_;                                                                              \
    })
#endif

/**
 * Put words before the fault's text, as it passes a place that knows more ("list.csv: line 3: ").
 *
 * op        work in hand; without a fault nothing happens
 * format    as for printf
 */
__attribute__((format(printf, 2, 3))) void op_fault_prefix(struct op *op, const char *format, ...);

/**
 * Forget the fault, when the work goes on without what failed.
 *
 * op        work in hand
 */
void op_fault_clear(struct op *op);

/**
 * Whether somebody asked to stop.
 *
 * op        work in hand
 *
 * Errors    ERR_CANCELLED yes
 */
MUST_USE
enum err op_check(struct op *op);

#endif
