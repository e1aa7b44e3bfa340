// SPDX-License-Identifier: EUPL-1.2
/*
 * What a rule of forgetting takes. A value goes in every form in which it is kept, and with it go
 * the values that hold it: with a domain the URLs at it and the mail addresses at it, with an
 * address the same address with a port and the URLs at it, with a range all that its addresses
 * take, with a mail address the URLs that hold it, with a digest its other readings (an MD5 may be
 * a JA3). What is kept as a keyed hash is found by its own value only. Private to this room.
 */
#ifndef HISTORY_TAKING_H
#define HISTORY_TAKING_H

#include "history/history.h"

enum { TAKING_KINDS_MAX = 4 };

/* A value that is to be forgotten, in a form in which it may be kept. */
struct taking_form {
    bool known;
    struct span order;
    uint8_t bytes[HISTORY_ORDER_SIZE_MAX];
};

/* Large: not for a stack. */
struct taking {
    const struct history_rules *rules;
    const struct history_forget *forget;
    size_t kind_count;
    enum value_kind kinds[TAKING_KINDS_MAX]; /* as which the value itself may be kept */
    struct taking_form forms[TAKING_KINDS_MAX][HISTORY_FORM_COUNT];
};

/**
 * Get ready.
 *
 * taking    caller's memory
 * rules     of the history; borrowed
 * forget    borrowed
 */
void taking_init(struct taking *taking, const struct history_rules *rules,
                 const struct history_forget *forget);

/**
 * Whether an entry is of a value that is to be forgotten; hosts and times are for its postings.
 *
 * taking    ready
 * entry     only kind, form and order are looked at
 */
bool taking_takes(const struct taking *taking, const struct history_entry *entry);

/**
 * Whether a host is one that is to be forgotten.
 *
 * taking    ready
 * host      its name in a segment
 */
bool taking_takes_host(const struct taking *taking, struct span host);

/**
 * Whether a segment may hold something that is taken, hosts and times left aside.
 *
 * op        work in hand
 * taking    ready
 * segment   open; where its filter does not know, its values are read
 * ret       true also where a block cannot be read
 *
 * Errors    ERR_LIMIT no memory; ERR_CANCELLED
 */
MUST_USE
enum err taking_look(struct op *op, const struct taking *taking, const struct segment *segment,
                     bool *ret);

#endif
