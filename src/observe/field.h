// SPDX-License-Identifier: EUPL-1.2
/*
 * What the fields of a format mean: one row a field. The rows stand in zeek_fields.c and
 * eve_fields.c; a new field is a new row there and nothing else. A plan is a table made ready for
 * use: names became slot numbers, so that no name is compared while lines are read.
 */
#ifndef OBSERVE_FIELD_H
#define OBSERVE_FIELD_H

#include "format/record.h"
#include "observe/observe.h"

/* What a field is to its line. All but ROLE_VALUE may also hold a value of a class. */
enum field_role {
    ROLE_VALUE = 0, /* a value seen, nothing more */
    ROLE_TIME,
    ROLE_TIME_WRITTEN, /* when the line was written; the time where there is no other */
    ROLE_STREAM,
    ROLE_SENSOR,
    ROLE_UID,
    ROLE_ORIGINATOR, /* address of the side that opened the connection */
    ROLE_RESPONDER,
    ROLE_RECEIVER, /* of a file; stands for the originator where that is not logged */
    ROLE_SENDER,   /* of a file; stands for the responder where that is not logged */
    ROLE_ORIGINATOR_PORT,
    ROLE_RESPONDER_PORT,
    ROLE_HTTP_HOST,   /* with port and target it makes the URL of a request */
    ROLE_HTTP_PORT,   /* that the client wrote beside the host */
    ROLE_HTTP_TARGET, /* path and query, or an absolute URL, or CONNECT's "host:port" */
    FIELD_ROLE_COUNT,
};

/* What kind of value a field holds. */
enum field_class {
    CLASS_NONE = 0,
    CLASS_ADDRESS,   /* always an address: anything else is refused */
    CLASS_DIGEST,    /* always a digest: anything else is refused */
    CLASS_HOST,      /* address or name, perhaps with a port */
    CLASS_DOMAIN,    /* name, also of one label */
    CLASS_ANSWER,    /* of DNS: address, name of at least two labels, or text, which says nothing */
    CLASS_URL,       /* gives its host too */
    CLASS_LOCATION,  /* URL where it is absolute; a relative one says nothing */
    CLASS_EMAIL,     /* one address or a list of them; gives their domains too */
    CLASS_DN,        /* distinguished name: CN and emailAddress */
    CLASS_CERT_NAME, /* subject's alternative name: host, "*.host" or e-mail address */
    CLASS_FORWARDED, /* addresses with commas between them, as X-Forwarded-For */
    FIELD_CLASS_COUNT,
};

struct observe_field {
    const char *stream; /* NULL: in every stream that has no row of its own for the name */
    const char *name;   /* as the format's own documents call it, with dots; as hits show it */
    uint8_t role;
    uint8_t field_class;
};

struct observe_table {
    const struct observe_field *fields;
    size_t count;
    bool names_vary; /* "id.orig_h" may also be "id_orig_h" or {"id":{"orig_h":...}} */
};

extern const struct observe_table observe_zeek_table;
extern const struct observe_table observe_eve_table;

/* Field numbers of observations: rows of the Zeek table from 0, of the EVE table from here on. */
enum { FIELD_EVE_FIRST = 0x4000 };

enum { PLAN_SLOT_NONE = UINT16_MAX, PLAN_STREAM_OTHER = 0 };

/* What a slot means in a stream: its row in short, so that a stream's rows stay in few cache lines.
 * All zero: nothing known. */
struct observe_meaning {
    bool known;
    uint8_t role;
    uint8_t field_class;
    uint16_t field; /* number of the row, as observations have it */
};

struct observe_plan {
    const struct observe_table *table;
    uint16_t field_first; /* number of the table's first row in observations */
    size_t slot_count;
    const char **slot_names; /* each different name once */
    size_t stream_count;
    const char **stream_names; /* [PLAN_STREAM_OTHER] is NULL: streams without rows of their own */
    struct observe_meaning *meanings; /* [stream * slot_count + slot] */
    struct record_path *paths;
    size_t path_count;
    struct record_shape *shape;
};

/**
 * Make a table ready for use.
 *
 * op           work in hand
 * arena        holds the plan's lists; outlives the plan
 * table        one of the two above
 * field_first  number of its first row in observations
 * ret          to give back with observe_plan_done(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err observe_plan_init(struct op *op, struct arena *arena, const struct observe_table *table,
                           uint16_t field_first, struct observe_plan *ret);

/**
 * Give back what a plan holds outside its arena.
 *
 * plan      made by observe_plan_init(), or all zero
 */
void observe_plan_done(struct observe_plan *plan);

/**
 * The number of a stream, PLAN_STREAM_OTHER where the table has no rows for it.
 *
 * plan      made by observe_plan_init()
 * stream    name as logged
 */
size_t observe_plan_stream(const struct observe_plan *plan, struct span stream);

/**
 * What the slots mean in a stream: a list, by slot.
 *
 * plan      made by observe_plan_init()
 * stream    number of a stream, from observe_plan_stream()
 */
const struct observe_meaning *observe_plan_meanings(const struct observe_plan *plan, size_t stream);

/**
 * The slot of a name in any of its writings, PLAN_SLOT_NONE where the table has no such name.
 *
 * plan      made by observe_plan_init()
 * name      as a header or a key writes it
 */
uint16_t observe_plan_slot(const struct observe_plan *plan, struct span name);

/**
 * Whether a log's name is the table's: equal, or with '_' where the table writes '.'.
 *
 * own       with dots
 * logged    as a log writes it
 */
bool observe_field_name_is(struct span own, struct span logged);

/**
 * The row of an observation's field.
 *
 * field     of an observation
 */
const struct observe_field *observe_field_row(uint16_t field);

#endif
