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
    /* Stand for the two where those are not logged: receiver and sender of a file, the ends of what
     * is no connection. */
    ROLE_CLIENT,
    ROLE_SERVER,
    ROLE_ORIGINATOR_PORT,
    ROLE_RESPONDER_PORT,
    /* The ends of the flow, in an event about one of its packets; they go before the packet's. */
    ROLE_FLOW_ORIGINATOR,
    ROLE_FLOW_RESPONDER,
    ROLE_FLOW_ORIGINATOR_PORT,
    ROLE_FLOW_RESPONDER_PORT,
    ROLE_TRANSPORT,   /* "icmp": what is logged as ports are type and code */
    ROLE_HTTP_HOST,   /* with port and target it makes the URL of a request */
    ROLE_HTTP_PORT,   /* that the client wrote beside the host */
    ROLE_HTTP_TARGET, /* path and query, or an absolute URL, or CONNECT's "host:port" */
    /* Of a pair: one field tells what the other holds, as in {"name":"host","value":"..."}. */
    ROLE_NAMING,
    ROLE_NAMED, /* its class stands where the name tells none */
    /* What became of it; see outcome.h. */
    ROLE_CONN_STATE,  /* Zeek's conn_state */
    ROLE_FLOW_STATE,  /* Suricata's flow.state */
    ROLE_FLOW_ANSWER, /* packets that came back */
    ROLE_TCP_ANSWER,  /* flags of TCP that came back, in hexadecimal */
    ROLE_RCODE,       /* of DNS, by name */
    ROLE_SUCCESS,     /* whether it succeeded: a truth value, or a word */
    ROLE_ACTION,      /* what a control did */
    ROLE_VERDICT,     /* what it did in the end */
    ROLE_DENIED,      /* whether a control stopped it: a truth value */
    FIELD_ROLE_COUNT,
};

/* What kind of value a field holds. */
enum field_class {
    CLASS_NONE = 0,
    CLASS_ADDRESS,   /* always an address: anything else is refused */
    CLASS_DIGEST,    /* always a digest: anything else is refused */
    CLASS_HOST,      /* address or name, perhaps with a port */
    CLASS_DOMAIN,    /* name, also of one label; an address or URL by mistake */
    CLASS_ANSWER,    /* address, name of at least two labels, or text, which says nothing */
    CLASS_URL,       /* gives its host too */
    CLASS_LOCATION,  /* URL where it is absolute; a relative one says nothing */
    CLASS_EMAIL,     /* one address or a list of them; gives their domains too */
    CLASS_DN,        /* distinguished name: CN and emailAddress */
    CLASS_CERT_NAME, /* subject's alternative name: host, "*.host" or e-mail address */
    CLASS_FORWARDED, /* addresses with commas between them, as X-Forwarded-For */
    /* digests that have a kind of their own, and are found as bare ones too */
    CLASS_CERT_DIGEST, /* always a digest: of a certificate, or of a file, which may be one */
    CLASS_HASH,        /* a digest, or text, which says nothing */
    CLASS_JA3,
    CLASS_JA3S,
    CLASS_HASSH,
    CLASS_JA4,
    CLASS_USER_AGENT,
    CLASS_FILE_NAME, /* name or path */
    CLASS_FILE_PATH, /* as it, or the path of a request, whose name is told without escapes too */
    CLASS_FILE_URL,  /* as CLASS_LOCATION; gives the file's name too */
    CLASS_ASN,       /* the only one that JSON's numbers belong to */
    /* values that stand in a writing of their own, and text besides, which says nothing */
    CLASS_LOGIN,     /* who logs in: perhaps with an e-mail address */
    CLASS_PRINCIPAL, /* of Kerberos: "service/host", "client/REALM", "name@REALM" */
    CLASS_SHARE,     /* "\\host\share" */
    CLASS_MAILBOX,   /* e-mail address as DNS writes it: "hostmaster.example.org" (RFC 1035) */
    CLASS_WORDS,     /* addresses, names, e-mail addresses and URLs among other words */
    CLASS_LOOK,      /* all of it an address, e-mail address or URL by its look */
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

/**
 * A kind of value as a bit of a number.
 *
 * kind      any value of the enum
 */
static inline uint32_t field_kind_bit(enum value_kind kind)
{
    return (uint32_t)1 << kind;
}

_Static_assert(VALUE_KIND_COUNT <= 32, "every kind has its bit");

extern const struct observe_table observe_zeek_table;
extern const struct observe_table observe_eve_table;

/* Field numbers of observations: rows of the Zeek table from 0, of the EVE table from here on. */
enum { FIELD_EVE_FIRST = 0x4000 };

/* Fields that no table has are numbered from here on; the line at hand has their names. */
enum { FIELD_LOOKED_FIRST = 0x8000 };

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
    size_t path_count; /* of which the last context_count are those of context_shape */
    size_t context_count;
    struct record_shape *shape;
    /* Fields that only tell what to think of a line, where they stand in objects that hold nothing
     * else: to look into these would slow all lines. NULL where there are none. */
    struct record_shape *context_shape;
    struct record_shape *whole_shape; /* both; NULL where there is no context_shape */
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

/**
 * Whether a name is that of a stream of Zeek's, or of a common package.
 *
 * stream    as a line or a file names it
 */
bool observe_zeek_stream_is_named(struct span stream);

/**
 * Whether every field of a stream's lines has to be looked at: else the table has rows for those
 * that hold values, and the others hold none beside the ends.
 *
 * stream    as a line or a file names it; may be empty
 */
bool observe_zeek_stream_is_looked_at(struct span stream);

/**
 * Whether somebody wants what a class gives. Only kinds that few ask for are left out: a value that
 * is none is counted whatever is wanted.
 *
 * field_class  any
 * wanted       kinds, as bits
 */
bool observe_class_is_wanted(enum field_class field_class, uint32_t wanted);

#endif
