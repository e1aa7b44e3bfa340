// SPDX-License-Identifier: EUPL-1.2
/*
 * How far each output has come, kept in a small file of the world's folder: it is not in the
 * journal, and cannot be made from it. The file is replaced whole; what it does not know yet after
 * a kill is told again. Its format is in docs/format/outputs.md.
 */
#ifndef NODE_OUTPUT_STATE_H
#define NODE_OUTPUT_STATE_H

#include "node/config.h"
#include "store/event.h"

struct output_state {
    struct span name;
    struct store_cursor cursor;  /* all before it was delivered, or is not for this output */
    uint64_t delivered;          /* events, since the output was new */
    int64_t success_us;          /* when one was last delivered; TIME_US_NONE: never */
    int64_t failing_us;          /* since when nothing gets through; TIME_US_NONE: all is well */
    int64_t failure_us;          /* when the last attempt failed; TIME_US_NONE: none did */
    bool told;                   /* a notice says that it fails */
    char fault[FAULT_TEXT_SIZE]; /* why the last attempt failed; empty where none did */
};

struct output_states {
    size_t count;
    struct output_state list[CONFIG_OUTPUT_COUNT_MAX];
};

/**
 * Begin with an output that is new.
 *
 * name      borrowed
 * cursor    where it begins
 * ret       filled in
 */
void output_state_begin(struct span name, struct store_cursor cursor, struct output_state *ret);

/**
 * Read what is kept. A file that is not there holds nothing; so does one that cannot be understood,
 * since it is only a matter of what is told twice: the outputs begin as new ones then.
 *
 * op        work in hand; texts live in its memory
 * disk      of the world
 * ret       what is known
 *
 * Errors    ERR_IO; ERR_DENIED; ERR_LIMIT
 */
MUST_USE
enum err output_states_read(struct op *op, struct disk *disk, struct output_states *ret);

/**
 * Keep it. Durable when this returns.
 *
 * op        work in hand
 * disk      of the world; the caller is its writer
 * states    written
 *
 * Errors    ERR_FULL; ERR_IO; ERR_DENIED; ERR_LIMIT
 */
MUST_USE
enum err output_states_write(struct op *op, struct disk *disk, const struct output_states *states);

/**
 * The state of an output by its name, or NULL.
 *
 * states    read
 * name      looked up
 */
struct output_state *output_state_find(struct output_states *states, struct span name);

#endif
