// SPDX-License-Identifier: EUPL-1.2
/*
 * The section [history] of a configuration: what is remembered of what was seen, for how long, and
 * who may ask for it.
 */
#ifndef NODE_CONFIG_HISTORY_H
#define NODE_CONFIG_HISTORY_H

#include "history/rules.h"

struct config_history {
    bool remember;              /* else nothing is; not unless it is asked for */
    struct history_rules rules; /* without secrets: those are in files */
    struct span host_key;       /* path of the file under whose key inside hosts are pseudonyms;
                                 * empty: they are not */
    uint32_t second_person;     /* kinds, as bits, for which a hunt needs a second person */
    struct span mandate;        /* of hunts that name none; empty: they must */
    struct span overseers;      /* users, parted by spaces, who look after who asked what: none
                                 * of them can approve; it lets nobody read */
    uint32_t share;             /* percent of one processor that work on history may take */
};

/**
 * The section where nothing is configured.
 *
 * ret       receives it
 */
void config_history_begin(struct config_history *ret);

/**
 * Set one key.
 *
 * op        work in hand
 * history   begun
 * key       its name: one of the section
 * value     as written; copied
 *
 * Errors    ERR_FORMAT a value that does not fit, or no such key; the text says what would
 */
MUST_USE
enum err config_history_set(struct op *op, struct config_history *history, struct span key,
                            struct span value);

#endif
