// SPDX-License-Identifier: EUPL-1.2
/*
 * What the files that make evidence share: a line on its way through the privacy rule. Private to
 * redact*.c.
 */
#ifndef OBSERVE_REDACT_INNER_H
#define OBSERVE_REDACT_INNER_H

#include "observe/reader.h"
#include "observe/redact.h"

enum { REDACT_PATH_SIZE_MAX = 1024 };

struct redaction {
    struct op *op;
    const struct observe_rules *rules;
    struct buf *out; /* where evidence goes */
    size_t begin;    /* of this line's in `out` */
    bool full;       /* something did not fit: the line is cut */
    enum err err;

    struct span text;
    size_t at;     /* next byte to read */
    size_t copied; /* bytes of `text` that went to `out`, or were replaced there */

    const struct observe_mapping *mapping; /* that the line was read by; NULL: none */

    uint8_t path[REDACT_PATH_SIZE_MAX]; /* dotted name of the present value */
    size_t path_size;
};

/**
 * The rule of the value whose key was just pushed. A key such as "id.orig_h" stands for a member of
 * "id", as it would be written in JSON's other way, and so falls under a rule for "id" too.
 *
 * r          at the value
 * key_size   of the key that was pushed last
 * inherited  the rule of what holds the value; may be NULL
 *
 * Returns NULL where no rule fits.
 */
const struct observe_rule *redact_rule_of(const struct redaction *r, size_t key_size,
                                          const struct observe_rule *inherited);

/**
 * What a rule does.
 *
 * rule      NULL keeps
 */
enum observe_treatment redact_treatment_of(const struct observe_rule *rule);

/**
 * Push a key onto the path, with a dot before it.
 *
 * r         r->err is ERR_LIMIT where the path gets too long
 * key       pushed
 */
void redact_path_push(struct redaction *r, struct span key);

/**
 * Append to the evidence. Once it is full the walk ends: what follows could not be shown.
 *
 * r         r->full is set where not all found room
 * span      appended
 */
void redact_out_add(struct redaction *r, struct span span);

/**
 * Append the treated form of a value, for the treatments that leave one.
 *
 * buf       receives it
 * r         has the secret
 * rule      OBSERVE_TRUNCATE or OBSERVE_HASH
 * value     as it was meant
 */
void redact_add_treated(struct buf *buf, const struct redaction *r, const struct observe_rule *rule,
                        struct span value);

/**
 * Append r->text, a line of JSON.
 *
 * r         r->err is ERR_FORMAT or ERR_LIMIT where it is too odd
 */
void redact_json(struct redaction *r);

/**
 * Append a line that a mapping read.
 *
 * r         as for redact_json()
 * reader    has just read it
 */
void redact_mapped(struct redaction *r, const struct observe_reader *reader);

/**
 * Whether the text of a field is JSON itself, as the line's mapping says.
 *
 * r         at the field
 * name      of the field
 */
bool redact_is_document(const struct redaction *r, struct span name);

/**
 * Append JSON that is the text of the field at hand.
 *
 * buf       receives it
 * r         at the field; r->err and r->full as for redact_json()
 * text      of the field
 */
void redact_add_document(struct buf *buf, struct redaction *r, struct span text);

#endif
