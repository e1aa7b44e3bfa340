// SPDX-License-Identifier: EUPL-1.2
/*
 * Log lines to observations. A reader knows one format; what each stream's fields mean (which kind
 * of value, which side) is a table, one row a field, shared by Zeek's JSON and TSV writing.
 */
#ifndef OBSERVE_OBSERVE_H
#define OBSERVE_OBSERVE_H

#include "format/record.h"
#include "value/value.h"

enum {
    OBSERVE_OBSERVATION_COUNT_MAX = 2048, /* of one line; further ones are cut and said so */
    OBSERVE_KEYS_SIZE_MAX = 256 * 1024,   /* canonical keys of one line */
    OBSERVE_HEADER_SIZE_MAX = 64 * 1024,  /* a TSV file's header lines */
    OBSERVE_STREAM_SIZE_MAX = 64,
    OBSERVE_DETECT_SIZE = 4096, /* bytes of an input's start that tell its format */
    OBSERVE_MAPPING_COUNT_MAX = 128,
};

enum observe_format {
    OBSERVE_FORMAT_AUTO = 0, /* told by the input's first bytes */
    OBSERVE_FORMAT_ZEEK_JSON,
    OBSERVE_FORMAT_ZEEK_TSV,
    OBSERVE_FORMAT_EVE,
    OBSERVE_FORMAT_COUNT,
    /* From here on the mappings of a run; see observe/formats.h. */
    OBSERVE_FORMAT_MAPPED_FIRST = 16,
    OBSERVE_FORMAT_LAST = OBSERVE_FORMAT_MAPPED_FIRST + OBSERVE_MAPPING_COUNT_MAX - 1,
};

/* Why a line gave nothing, beyond record_fault. Each is counted under its name. */
enum observe_fault {
    OBSERVE_FAULT_NONE = 0,
    OBSERVE_FAULT_SYNTAX,
    OBSERVE_FAULT_UTF8,
    OBSERVE_FAULT_DEPTH,
    OBSERVE_FAULT_SIZE,
    OBSERVE_FAULT_CONTROL,
    OBSERVE_FAULT_COLUMNS, /* TSV: another number of columns than the header says */
    OBSERVE_FAULT_HEADER,  /* TSV: a line before, or a header without, "#fields" */
    OBSERVE_FAULT_EVENT,   /* EVE: no event_type */
    OBSERVE_FAULT_LAYOUT,  /* text: the line is laid out in none of the ways that the mapping has */
    OBSERVE_FAULT_COUNT,
};

/* One value seen in a line. */
struct observation {
    enum value_kind kind;
    struct span key;      /* canonical; see value/value.h */
    struct span observed; /* as the log wrote it: the field, or the element of a list in it; of a
                           * request, whose parts stand in several fields, its URL; of an address
                           * with a port that stands in another field, the address */
    uint16_t field;       /* observe_field_add_name() tells its name */
};

/* What became of what a line tells. docs/format/observations.md says which fields tell it. */
enum observe_outcome {
    OBSERVE_OUTCOME_UNKNOWN = 0,
    OBSERVE_OUTCOME_DONE,   /* connected, answered, or let through */
    OBSERVE_OUTCOME_FAILED, /* no answer, or the other side refused */
    OBSERVE_OUTCOME_DENIED, /* a control stopped it */
    OBSERVE_OUTCOME_COUNT,
};

/* What one line said. All spans live until the next line is read. */
struct observe_line {
    struct span stream; /* "dns", "conn"; EVE: the event_type */
    struct span time;   /* as written; observe_time() reads it */
    bool time_is_number;
    /* Address of the one who opened the connection, as written; empty if not logged. EVE:
     * flow.src_ip, else src_ip as it stands, which in events about packets and files is the sender.
     * Of a file without connection: the (first) receiver. */
    struct span originator;
    struct span responder;    /* EVE: flow.dest_ip, dest_ip; of a file: the (first) sender */
    unsigned originator_port; /* 0: not known */
    unsigned responder_port;  /* 0: not known */
    enum observe_outcome outcome;
    struct span sensor; /* the log's own word for who saw it; empty if none */
    struct span uid;    /* the log's own name for the connection: Zeek's uid, Suricata's flow_id */
    bool no_event;      /* a header line of TSV, or a blank line: nothing happened */
    bool cut;           /* a limit was reached: some values are not among the observations */
    bool repaired;      /* bytes that were not UTF-8, or NULs, were replaced before reading */
    unsigned refused;   /* addresses and digests that are none ("bad value") */
    unsigned unfit; /* looser fields (hosts, URLs, mail addresses, ...) that held no such value */
    size_t count;
    struct observation *observations;
    const struct span *looked; /* names of fields that no table has; private to observe*.c */
    const struct observe_mapping *mapping; /* that the line was read by; NULL: none */
    bool
        as_prose; /* text that fits no layout of the mapping: values were looked for in all of it */
    const struct stamp *stamp; /* how `time` is written; NULL: see observe_time() */
    int64_t now_us;            /* of the reading, for a time without a year */
};

struct observe_reader;
struct observe_formats;

/* For observe_reader_want(): every kind of value. */
#define OBSERVE_WANT_ALL UINT32_MAX

/**
 * The word for a format: "zeek-json", "zeek-tsv", "eve".
 *
 * format    any value of the enum
 */
const char *observe_format_name(enum observe_format format);

/**
 * The format of a word.
 *
 * word      "auto", "zeek-json", "zeek-tsv", "eve" (also "suricata", "suricata-eve")
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT no such word
 */
MUST_USE
enum err observe_format_from_name(struct span word, enum observe_format *ret);

/**
 * Tell an input's format by its first bytes.
 *
 * start     the first OBSERVE_DETECT_SIZE bytes, decompressed, or all where there are fewer
 *
 * Returns OBSERVE_FORMAT_AUTO where none fits.
 */
enum observe_format observe_detect(struct span start);

/**
 * The stream that a file's name tells: "dns" of "dns.log", "SENSOR_dns.log.gz",
 * "dns.10:00:00-11:00:00.log", "dns_20261121.ndjson.zst"; empty where it tells none.
 *
 * path      of the file
 */
struct span observe_stream_from_path(struct span path);

/**
 * A reader for one thread and one input at a time.
 *
 * op        work in hand
 * engine    which scanner reads JSON
 * ret       to give back with observe_reader_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err observe_reader_new(struct op *op, enum record_engine engine, struct observe_reader **ret);

/**
 * Give a reader back.
 *
 * reader    NULL does nothing
 */
void observe_reader_free(struct observe_reader *reader);

/**
 * Say which kinds of value are of use. Those that few ask for (VALUE_IP_PORT, VALUE_USER_AGENT,
 * VALUE_FILE_NAME, VALUE_ASN, fingerprints and certificates' digests as such) are then told only
 * where they are wanted, by reading and by sifting alike; all others always. Without this call
 * every kind is told.
 *
 * reader    made by observe_reader_new(); no value waits
 * kinds     bit n stands for the kind of number n
 */
void observe_reader_want(struct observe_reader *reader, uint32_t kinds);

/**
 * Say which kinds of value are remembered with what their lines tell: those are told, too, and of
 * lines that wait their contexts. The ends of a line with their ports (VALUE_IP_PORT) are only in
 * the context, unless observe_reader_want() wants them.
 *
 * op        work in hand
 * reader    made by observe_reader_new(); no value waits
 * kinds     as for observe_reader_want(); 0 where nothing is remembered, as without this call
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err observe_reader_remember(struct op *op, struct observe_reader *reader, uint32_t kinds);

/**
 * Make a reader ready for a format; of those that are no mapping it is.
 *
 * op        work in hand
 * reader    made by observe_reader_new()
 * formats   those of the run; outlive the reader
 * format    not OBSERVE_FORMAT_AUTO
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err observe_reader_prepare(struct op *op, struct observe_reader *reader,
                                const struct observe_formats *formats, enum observe_format format);

/**
 * Say what time it is: for times that are logged without their year.
 *
 * reader    made by observe_reader_new()
 * now_us    microseconds; before the first call it is 1970
 */
void observe_reader_set_now(struct observe_reader *reader, int64_t now_us);

/**
 * Begin an input, or a piece of one.
 *
 * reader    made by observe_reader_new()
 * format    not OBSERVE_FORMAT_AUTO; a mapping's, where it was made ready for that
 * stream    stream of lines that name none, or empty; copied
 */
void observe_reader_begin(struct observe_reader *reader, enum observe_format format,
                          struct span stream);

/**
 * Read one line. TSV header lines ("#...") set the columns and give no observations; a blank line
 * says nothing. A byte order mark before the line and a CR behind it are skipped.
 *
 * reader    begun with observe_reader_begin()
 * line      without its line end; RECORD_PADDING_SIZE readable bytes follow it
 * ret       what the line said; borrows from `line` and the reader
 *
 * Returns why the line could not be read; `ret` then holds no observations.
 */
MUST_USE
enum observe_fault observe_reader_line(struct observe_reader *reader, struct span line,
                                       struct observe_line *ret);

enum { OBSERVE_IPV4_COUNT_MAX = 1024, OBSERVE_CONTEXT_COUNT_MAX = 256 };

/* Where a value stands. */
struct observe_place {
    uint16_t context; /* number of its line among the contexts */
    uint16_t field;   /* as of an observation */
    uint16_t order;   /* in the line: what observe_reader_line() tells earlier has a smaller one, or
                       * the same one in the same field */
};

enum {
    OBSERVE_ORDER_LAST = UINT16_MAX,   /* what is made of several fields comes after them */
    OBSERVE_CONTEXT_NONE = UINT16_MAX, /* an end of the line, of which the context tells all */
};

/* An end of a line as it stands there: where flows are told beside packets, that of the packet. */
struct observe_end {
    struct span address; /* empty: none */
    uint32_t ipv4;       /* as a number, where that is known */
    uint16_t port;       /* 0: not known */
    uint16_t field;      /* of the address */
    uint16_t order;      /* see struct observe_place; where `ipv4` is known */
    bool ipv4_known;     /* then the address is not told as a value of the line */
};

/* What a line tells beside its values; see struct observe_line. */
struct observe_context {
    struct span stream;
    struct span time;
    struct span sensor;
    struct span originator;
    struct span responder;
    struct observe_end ends[2]; /* originator, responder */
    uint16_t originator_port;
    bool time_is_number;
    enum observe_outcome outcome;
};

/* Values that were sifted out of lines, in no order. Most are IPv4 addresses, of which no more is
 * told than the address, so that nothing has to be made of them. */
struct observe_sifted {
    size_t count;
    const struct observation *observations;
    const uint32_t *marks; /* by observation: of the line that holds it */
    size_t ipv4_count;     /* more IPv4 addresses, beside those; at most OBSERVE_IPV4_COUNT_MAX */
    const uint32_t *ipv4;
    const uint32_t *ipv4_marks;
    unsigned refused; /* as of a line */
    unsigned unfit;
    /* Only for a reader that remembers; see observe_reader_remember(). */
    const struct observe_place *places; /* by observation */
    const struct observe_place *ipv4_places;
    size_t context_count;
    const struct observe_context *contexts; /* of all lines that wait or waited; whole at `last` */
    bool last;                              /* all values that waited are taken */
};

/**
 * Read one line for its values only. As observe_reader_line(), but where the reader knows the way a
 * line is built, its values wait, to be read together with others of their class: that takes half
 * the time. Every value that observe_reader_line() would tell is then told, once, by
 * observe_sift_take(); and such a line has a stream, no fault, and is neither cut nor repaired.
 *
 * reader     begun with observe_reader_begin(); room for a line: see observe_sift_full()
 * line       as for observe_reader_line(); must stay where it is until its values are taken
 * mark       the caller's name for the line
 * ret_waits  whether the line's values wait; `ret` is then untouched
 * ret        otherwise as for observe_reader_line()
 *
 * Returns why the line could not be read.
 */
MUST_USE
enum observe_fault observe_sift_line(struct observe_reader *reader, struct span line, uint32_t mark,
                                     bool *ret_waits, struct observe_line *ret);

/**
 * Sift lines together where that can be done, in place of observe_sift_line() for each: those that
 * are built as earlier ones are grouped, which takes half the time. What is promised of each line
 * is the same. Then observe_sift_page_next() goes through the groups.
 *
 * reader    begun with observe_reader_begin()
 * rest      whole lines, each with its end; RECORD_PADDING_SIZE readable bytes follow. They must
 *           stay where they are until their values are taken
 * base      a line's mark is how many bytes behind it the line begins
 *
 * Returns how many bytes of `rest` the lines take that are sifted together; 0 where the first line
 * is to be sifted by itself.
 */
size_t observe_sift_page(struct observe_reader *reader, struct span rest, const uint8_t *base);

/**
 * Let values of the page's lines wait, as many as there is room for: call until it returns false,
 * and take the values in between. Where it returns false there may be no room for another line
 * either; see observe_sift_full().
 *
 * reader     has begun a page
 * ret_count  receives how many more lines wait, each with its values
 *
 * Returns false where no group is left.
 */
MUST_USE
bool observe_sift_page_next(struct observe_reader *reader, size_t *ret_count);

/**
 * A line of the page that is to be sifted by itself: call until it returns false, when
 * observe_sift_page_next() has.
 *
 * reader    has begun a page
 * ret       the line, without its end
 *
 * Returns false where none are left.
 */
MUST_USE
bool observe_sift_page_other(struct observe_reader *reader, struct span *ret);

/**
 * Whether values must be taken before another line is sifted.
 *
 * reader    sifts
 */
bool observe_sift_full(const struct observe_reader *reader);

/**
 * Take values that wait: call until it returns false. observe_reader_begin() forgets those that are
 * left.
 *
 * reader    sifts
 * ret       borrows from the lines and the reader, until the reader is used again
 *
 * Returns false where none are left.
 */
MUST_USE
bool observe_sift_take(struct observe_reader *reader, struct observe_sifted *ret);

/**
 * The time of a line: RFC 3339, or seconds since 1970; Zeek's milliseconds (JSON::TS_MILLIS) are
 * known by their 13 digits.
 *
 * line      read by observe_reader_line()
 * ret_us    untouched on error
 *
 * Errors    ERR_ABSENT the line has none; ERR_FORMAT it cannot be read
 */
MUST_USE
enum err observe_time(const struct observe_line *line, int64_t *ret_us);

/**
 * The name of a field as hits show it: Zeek "dns.query", "conn.id.resp_h"; EVE "dns.rrname",
 * "src_ip" (the path in the event). The stream is the line's own.
 *
 * buf       receives the name
 * line      the line in which the observation was made
 * field     of one of its observations
 */
void observe_field_add_name(struct buf *buf, const struct observe_line *line, uint16_t field);

/**
 * The word for an outcome: "unknown", "done", "failed", "denied".
 *
 * outcome   any value of the enum
 */
const char *observe_outcome_name(enum observe_outcome outcome);

/**
 * The name of a fault, as it is counted and shown.
 *
 * fault     any value of the enum
 */
const char *observe_fault_name(enum observe_fault fault);

#endif
