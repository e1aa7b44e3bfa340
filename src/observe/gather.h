// SPDX-License-Identifier: EUPL-1.2
/*
 * From a line's fields to its observations: each field is handed over once, with its row; values
 * become keys by the class of the row, and context finds its place in the line.
 */
#ifndef OBSERVE_GATHER_H
#define OBSERVE_GATHER_H

#include "observe/field.h"

/* What has been noted of the present line: of each role the first value. */
struct gather_notes {
    uint32_t noted;                    /* bit n: the role of number n has a place that is filled */
    uint32_t number;                   /* bit n: and it was a number of JSON */
    uint16_t fields[FIELD_ROLE_COUNT]; /* by role: which field it was */
    struct span places[FIELD_ROLE_COUNT]; /* by role; of an earlier line where `noted` lacks it */
};

_Static_assert(FIELD_ROLE_COUNT <= 32, "every role has its bit");

struct gather {
    struct observe_line *line; /* being filled */
    struct observation *observations;
    uint8_t *keys; /* OBSERVE_KEYS_SIZE_MAX bytes, room for one key more, and padding */
    size_t keys_used;
    uint32_t wanted;     /* kinds of value, as bits; see observe_reader_want() */
    uint16_t field;      /* number of the field at hand */
    struct span named;   /* what ROLE_NAMING said of the field to come */
    bool responder_sure; /* the responder is the server of an HTTP request in this line */
    struct gather_notes notes;
};

/**
 * Take memory for one line's observations.
 *
 * gather    caller's memory; all it needs lives in the arena
 * arena     outlives it
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err gather_init(struct gather *gather, struct arena *arena);

/**
 * Begin a line.
 *
 * gather          begun with gather_init()
 * line            all zero; filled by the calls that follow
 * responder_sure  where the line tells of an HTTP request, its responder is the server
 */
void gather_begin(struct gather *gather, struct observe_line *line, bool responder_sure);

/**
 * Go on with another line's request: nothing is noted yet, what was observed stays.
 *
 * gather          between gather_begin() and the use of its observations
 * responder_sure  as for gather_begin()
 */
static inline void gather_begin_request(struct gather *gather, bool responder_sure)
{
    gather->responder_sure = responder_sure;
    gather->named = (struct span){ NULL, 0 };
    gather->notes.noted = 0; /* no more is cleared: what is not noted is not looked at */
    gather->notes.number = 0;
}

/**
 * Hand over the fields of a record. A value that says "nothing" ("", "-", "(empty)") is as if
 * absent.
 *
 * gather    between gather_begin() and gather_end()
 * meanings  what the record's slots mean
 * record    its values must live until the line has been used
 */
void gather_record(struct gather *gather, const struct observe_meaning *meanings,
                   const struct record *record);

/**
 * Whether a logged value says that there is none: "", "-", "(empty)".
 *
 * value     as logged
 */
static inline bool gather_says_nothing(struct span value)
{
    if (value.size == 0) {
        return true;
    }
    if (value.size == 1) {
        return value.data[0] == '-';
    }
    return value.data[0] == '(' && span_equal(value, SPAN("(empty)"));
}

/**
 * Hand over one field that is no part of a record.
 *
 * gather    between gather_begin() and gather_end()
 * meaning   what it means
 * value     as logged; must live until the line has been used, and VALUE_PADDING_SIZE readable
 * bytes follow it
 */
void gather_text(struct gather *gather, struct observe_meaning meaning, struct span value);

/**
 * Note what a field is to its line, where it is the first of its role.
 *
 * gather    between gather_begin() and gather_end(), its field set
 * role      not ROLE_VALUE
 * value     not empty; as for gather_text()
 * number    whether it was a number of JSON
 */
static inline void gather_note(struct gather *gather, enum field_role role, struct span value,
                               bool number)
{
    const uint32_t bit = (uint32_t)1 << role;
    struct gather_notes *notes = &gather->notes;
    if ((notes->noted & bit) != 0) {
        return;
    }
    notes->noted |= bit;
    notes->number |= number ? bit : 0;
    notes->places[role] = value;
    notes->fields[role] = gather->field;
}

/**
 * Whether the line has a field of a role.
 *
 * gather    between gather_begin() and the end of the line's use
 * role      not ROLE_VALUE
 */
static inline bool gather_is_noted(const struct gather *gather, enum field_role role)
{
    return (gather->notes.noted >> role & 1) != 0;
}

/**
 * The first field of a role; empty where there is none.
 *
 * gather    between gather_begin() and the end of the line's use
 * role      not ROLE_VALUE
 */
static inline struct span gather_noted(const struct gather *gather, enum field_role role)
{
    return gather_is_noted(gather, role) ? gather->notes.places[role] : (struct span){ NULL, 0 };
}

/**
 * What has been noted of a line, as far as it tells of the line itself. Its stream is left as it
 * is.
 *
 * gather    begun with gather_begin() or gather_begin_request()
 * ret       receives it; borrows from the fields
 */
void gather_tell(const struct gather *gather, struct observe_context *ret);

/**
 * Make what takes several fields: the URL of a request, the ends with their ports.
 *
 * gather    begun with gather_begin() or gather_begin_request()
 */
void gather_end_values(struct gather *gather);

/**
 * End a line: its context is told, and what takes several fields is made.
 *
 * gather    begun with gather_begin()
 */
void gather_end(struct gather *gather);

#endif
