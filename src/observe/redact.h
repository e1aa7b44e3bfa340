// SPDX-License-Identifier: EUPL-1.2
/*
 * The form of a log line that may be kept as evidence: by the owner's privacy rule each field is
 * kept, shortened, replaced by a keyed hash, or dropped. What is kept is kept byte for byte.
 */
#ifndef OBSERVE_REDACT_H
#define OBSERVE_REDACT_H

#include "observe/observe.h"

enum {
    OBSERVE_EVIDENCE_SIZE_MAX = 4096, /* of one line; a longer one is cut, and ends with a mark */
    OBSERVE_SECRET_SIZE = 32,
};

#define OBSERVE_CUT_MARK "...[cut]" /* that mark */

enum observe_treatment {
    OBSERVE_KEEP = 0,
    OBSERVE_TRUNCATE, /* the first bytes, then "..." */
    OBSERVE_HASH,     /* HMAC-SHA-256 (RFC 2104) of the value, cut to 128 bits, in hexadecimal */
    OBSERVE_DROP,     /* null in JSON, the unset mark in TSV: the field's name stays visible */
};

/* What becomes of a field. The name is dotted, as hits show it ("http.user_agent", "dns.rrname"),
 * or the end of such a name after a dot ("user_agent", "password"). A name of an object or list
 * stands for all in it. The first rule that fits a field applies. */
struct observe_rule {
    struct span field;
    enum observe_treatment treatment;
    size_t keep_size; /* OBSERVE_TRUNCATE: bytes that stay */
};

struct observe_rules {
    const struct observe_rule *rules;
    size_t count;
    uint8_t secret[OBSERVE_SECRET_SIZE]; /* key of the hashes; never leaves the node */
};

/**
 * Append the evidence form of the line that a reader has last read.
 *
 * op        work in hand
 * reader    has just read the line without fault
 * line      what observe_reader_line() said of it
 * rules     the privacy rule
 * buf       receives at most OBSERVE_EVIDENCE_SIZE_MAX bytes of UTF-8; unchanged on error
 *
 * Errors    ERR_ABSENT the line was no event; ERR_FORMAT, ERR_LIMIT the line is too odd to be sure
 *           that the rule is kept: it must not be shown
 */
MUST_USE
enum err observe_redact(struct op *op, const struct observe_reader *reader,
                        const struct observe_line *line, const struct observe_rules *rules,
                        struct buf *buf);

#endif
