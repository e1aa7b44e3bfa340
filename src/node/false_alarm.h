// SPDX-License-Identifier: EUPL-1.2
/*
 * A false alarm that is not to come again: an allow list of one value, which speaks of one inside
 * host, of one indicator or of the value, and ends.
 */
#ifndef NODE_FALSE_ALARM_H
#define NODE_FALSE_ALARM_H

#include "node/command.h"
#include "store/hit_work.h"

/* How far it reaches. */
enum false_alarm_scope {
    FALSE_ALARM_HOST = 0,  /* this indicator at this inside host */
    FALSE_ALARM_INDICATOR, /* this indicator */
    FALSE_ALARM_VALUE,     /* every indicator of this value */
    FALSE_ALARM_SCOPE_COUNT,
};

struct false_alarm_options {
    enum false_alarm_scope scope;
    int64_t until_us; /* of the time of later lines */
};

/**
 * Read --scope and --until; without --allow they must not be given.
 *
 * invocation  of 'hits false'
 * ret         untouched on error
 *
 * Errors    ERR_FORMAT
 */
MUST_USE
enum err false_alarm_options_read(struct invocation *invocation, struct false_alarm_options *ret);

/**
 * Call hits false alarms, and make allow lists of them: one for each host, indicator or value among
 * them, whose hits change in one step and remember it. After a failure those before it stay.
 *
 * invocation  its node is open for writing
 * options     how far, how long
 * change      HIT_ACT_FALSE, and why; its list is not looked at
 * hits        each once; their order changes
 * count       at least one
 *
 * Errors    ERR_FORMAT a hit's value cannot be allowed; those of store_hits_change(); ERR_FULL;
 * ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err false_alarm_allow(struct invocation *invocation, const struct false_alarm_options *options,
                           const struct store_hit_change *change, struct store_hit *hits,
                           size_t count);

/**
 * Take away the allow lists that were made of hits which turn out to be no false alarms.
 *
 * invocation  its node is open for writing
 * grant       permission to read
 * hits        to be opened again
 * count       how many
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT; ERR_CORRUPT
 */
MUST_USE
enum err false_alarm_take_back(struct invocation *invocation, const struct policy_grant *grant,
                               const struct store_hit *hits, size_t count);

#endif
