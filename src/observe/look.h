// SPDX-License-Identifier: EUPL-1.2
/*
 * Fields of streams that no table knows: what they hold is told by their types (TSV), and by the
 * look of name and value. An address and a URL with a scheme are known by themselves; a name, a
 * digest, a mail address, a user agent only where the field's name promises one (decision 0029).
 */
#ifndef OBSERVE_LOOK_H
#define OBSERVE_LOOK_H

#include "observe/gather.h"
#include "observe/prose.h"

enum {
    LOOK_NAME_COUNT_MAX = 256, /* fields of one line that hold values; others are cut */
    LOOK_PROMISE_COUNT = 256,
    LOOK_PROMISE_SIZE_MAX = 62,
};

/* What a field's name promises, looked up before. */
struct look_promise {
    uint8_t size; /* 0: free */
    uint8_t field_class;
    uint8_t name[LOOK_PROMISE_SIZE_MAX];
};

struct look {
    struct op op; /* memory of the line at hand: names of fields, values of JSON */
    struct span names[LOOK_NAME_COUNT_MAX];
    size_t name_count;
    struct look_promise promises[LOOK_PROMISE_COUNT];
};

/**
 * Begin looking.
 *
 * look      all zero; end it with look_done()
 */
void look_init(struct look *look);

/**
 * Give memory back.
 *
 * look      begun with look_init()
 */
void look_done(struct look *look);

/**
 * Begin a line: what was found in the one before is gone.
 *
 * look      begun with look_init()
 */
void look_begin(struct look *look);

/**
 * Look at one field.
 *
 * look      the line was begun
 * gather    the line was begun, too; receives the values
 * name      of the field, dotted; must live until the line has been used
 * value     padded; must live until the line has been used
 */
void look_value(struct look *look, struct gather *gather, struct span name, struct span value);

/**
 * Look at one field, and through all of its text where its name promises nothing.
 *
 * look      the line was begun
 * gather    the line was begun, too; receives the values
 * prose     finds values in text
 * name      of the field, dotted; empty, or must live until the line has been used
 * value     padded, of any size; must live until the line has been used
 */
void look_text(struct look *look, struct gather *gather, struct prose *prose, struct span name,
               struct span value);

/**
 * Look at the fields of a line of JSON that no row stands for.
 *
 * look      the line was begun
 * gather    the line was begun, too, and its record handed over; receives the values
 * plan      whose rows for every stream say which fields need no look
 * line      one JSON object
 */
void look_json(struct look *look, struct gather *gather, const struct observe_plan *plan,
               struct span line);

#endif
