// SPDX-License-Identifier: EUPL-1.2
/*
 * The short name of a fold that people type: "H-7K3F9Q2M". It is made of the fold's key alone, so
 * it never changes, and letters and digits that are easily mistaken for each other mean the same.
 * Any beginning of it will do that fits one fold only.
 */
#ifndef STORE_HIT_ID_H
#define STORE_HIT_ID_H

#include "store/fold.h"

enum {
    HIT_ID_PREFIX_SIZE = sizeof "H-" - 1,
    HIT_ID_CHAR_COUNT = 12, /* 60 bits: of a million folds two have one name once in 2 million */
    HIT_ID_SIZE = HIT_ID_PREFIX_SIZE + HIT_ID_CHAR_COUNT + 1,
    HIT_ID_SHOWN_SIZE = HIT_ID_PREFIX_SIZE + 8, /* as much of it as people are shown */
};

/**
 * The whole name of a fold.
 *
 * fold      any
 * ret       receives it, with a NUL behind it
 */
void hit_id_of(const struct fold *fold, char ret[HIT_ID_SIZE]);

/**
 * Bring what somebody typed to the form in which names are kept: "h-7k3f", "7K3F" and "H-7K3F" are
 * one; O is 0, I and L are 1 (Crockford's base 32).
 *
 * text      as typed
 * ret       receives the beginning of a name, with a NUL behind it; untouched on error
 *
 * Errors    ERR_FORMAT no such beginning, or fewer than four characters of one
 */
MUST_USE
enum err hit_id_parse(struct span text, char ret[HIT_ID_SIZE]);

#endif
