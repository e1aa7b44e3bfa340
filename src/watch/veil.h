// SPDX-License-Identifier: EUPL-1.2
/*
 * What would lift a pseudonym: where inside hosts are remembered under pseudonyms, no value beside
 * one may say which address it stands for.
 */
#ifndef WATCH_VEIL_H
#define WATCH_VEIL_H

#include "observe/observe.h"
#include "watch/inside.h"

/**
 * Whether a value tells the address of an inside host: it is one, with a port or without, a URL at
 * one, or its name for reverse lookups.
 *
 * inside       networks
 * line         the observation's line: where neither end is inside, its originator counts as it
 * assumed      that is so
 * observation  of the line
 */
bool veil_hides(const struct inside *inside, const struct observe_line *line, bool assumed,
                const struct observation *observation);

/**
 * As veil_hides(), of a key.
 *
 * inside    networks
 * own       key of the line's originator, where it counts as inside; else empty
 * kind      of the value
 * key       of the value
 */
bool veil_hides_key(const struct inside *inside, struct span own, enum value_kind kind,
                    struct span key);

#endif
