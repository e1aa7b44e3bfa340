// SPDX-License-Identifier: EUPL-1.2
/*
 * Events in the words of other people's systems. Pure: an event goes in, bytes come out; what is
 * sent to whom was decided before, and sending is the work of fetch/. The formats are described in
 * docs/format/outputs.md.
 *
 * What an event holds came from logs and from lists: it may be anything. No value can end a line,
 * close a quote or begin a field; what is not UTF-8 becomes U+FFFD.
 */
#ifndef OUTPUT_OUTPUT_H
#define OUTPUT_OUTPUT_H

#include "store/event.h"

enum output_format {
    OUTPUT_JSON = 0, /* one object, as `linie hits --json` with the event around it */
    OUTPUT_RFC5424,  /* syslog, RFC 5424, with structured data */
    OUTPUT_LOCAL,    /* syslog as a local daemon takes it: "<134>linie: ..." */
    OUTPUT_EVE,      /* an alert as Suricata writes it into eve.json */
    OUTPUT_TEXT,     /* a sentence for people; addresses and names are defanged */
    OUTPUT_FORMAT_COUNT,
};

enum {
    OUTPUT_SIZE_MAX = 256 * 1024, /* no event is larger in any format */
    OUTPUT_VALUE_SIZE_MAX = 1024, /* of one value in formats that are no JSON; it is cut there */
    OUTPUT_FACILITY_MAX = 23,     /* RFC 5424, section 6.2.1 */
};

/* Facility where none is configured: local0. */
enum { OUTPUT_FACILITY_DEFAULT = 16 };

/* The type of notice that `linie output test` sends; no journal holds it. */
#define OUTPUT_NOTICE_TEST SPAN("test")
/* The type of notice that `linie selftest` leaves in the journal. */
#define OUTPUT_NOTICE_SELFTEST SPAN("selftest")

/* Who tells. All spans are borrowed. */
struct output_node {
    struct span identity; /* "identity--..." of the owner */
    struct span world;    /* "real" or an exercise's id */
    struct span host;     /* name of this machine */
    uint8_t facility;     /* of syslog; 0 .. OUTPUT_FACILITY_MAX */
};

/**
 * The word for a format, as it is configured: "json", "rfc5424", "local", "eve", "text".
 *
 * format    any value of the enum
 */
const char *output_format_name(enum output_format format);

/**
 * The format of a word.
 *
 * word      looked up
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT no such word
 */
MUST_USE
enum err output_format_from_name(struct span word, enum output_format *ret);

/**
 * The word for what an event is: "opened", "grown", "closed", "notice", and "test" for the notice
 * that tries an output.
 *
 * event     any
 */
const char *output_event_word(const struct store_event *event);

/**
 * Append an event in a format, without a line end; it holds none.
 *
 * buf       receives the text
 * format    how
 * node      who tells
 * event     told
 */
void output_add(struct buf *buf, enum output_format format, const struct output_node *node,
                const struct store_event *event);

#endif
