// SPDX-License-Identifier: EUPL-1.2
/*
 * Texts of fields to observations, by class. Private to gather.c.
 */
#ifndef OBSERVE_GATHER_VALUE_H
#define OBSERVE_GATHER_VALUE_H

#include "base/must.h"
#include "observe/gather.h"

_Static_assert((int)VALUE_PADDING_SIZE <= (int)RECORD_PADDING_SIZE, "texts are padded enough");

/**
 * The kind of an address.
 *
 * key_size  of its key
 */
static inline enum value_kind gather_address_kind(size_t key_size)
{
    return key_size == VALUE_IPV4_SIZE ? VALUE_IPV4 : VALUE_IPV6;
}

/**
 * Keep a value whose key was just written where the next one belongs.
 *
 * g          with room for it
 * kind       of the value
 * key_size   1 .. VALUE_KEY_SIZE_MAX
 * observed   as the log wrote it
 */
static inline void gather_keep(struct gather *g, enum value_kind kind, size_t key_size,
                               struct span observed)
{
    must_dev(key_size > 0);
    must_dev(key_size <= VALUE_KEY_SIZE_MAX);
    struct span key = { g->keys + g->keys_used, key_size };
    g->observations[g->line->count] =
        (struct observation){ .kind = kind, .key = key, .observed = observed, .field = g->field };
    g->line->count++;
    g->keys_used += key_size;
}

/**
 * Add what a text holds to the line; count it where it holds no value of its class.
 *
 * g            at the field that holds the text
 * field_class  any
 * value        not empty; VALUE_PADDING_SIZE readable bytes follow it
 */
void gather_value(struct gather *g, enum field_class field_class, struct span value);

/**
 * Add the URL of an HTTP request.
 *
 * g           at the field that holds the target
 * host        as for value_key_request()
 * port        as for value_key_request()
 * target      as for value_key_request()
 * host_known  the host has been observed already; else it is added too
 */
void gather_value_request(struct gather *g, struct span host, unsigned port, struct span target,
                          bool host_known);

#endif
