// SPDX-License-Identifier: EUPL-1.2
/*
 * Which addresses are inside: the owner's own networks. A hit names the inside host, since that is
 * whom somebody must go and see.
 */
#ifndef WATCH_INSIDE_H
#define WATCH_INSIDE_H

#include "policy/rank.h"
#include "value/value.h"

enum { INSIDE_NETWORK_COUNT_MAX = 256, INSIDE_KEY_SIZE_MAX = 18 };

struct inside_network {
    uint8_t address[16];
    uint8_t size;   /* of the address: 4 or 16 */
    uint8_t prefix; /* bits that count */
};

struct inside {
    size_t count;
    struct inside_network networks[INSIDE_NETWORK_COUNT_MAX];
};

/* Who is who in a line. */
struct inside_ends {
    struct span inside;            /* as logged; empty where the line names no ends */
    struct span outside;           /* the other end; may be empty */
    bool assumed;                  /* neither end is inside: the originator counts as it */
    enum rank_direction direction; /* unknown where neither is inside, or one is not known */
};

/**
 * Add a network.
 *
 * inside    changed
 * text      "192.0.2.0/24", "2001:db8::/32", or one address
 *
 * Errors    ERR_FORMAT no network; ERR_LIMIT more than INSIDE_NETWORK_COUNT_MAX
 */
MUST_USE
enum err inside_add(struct inside *inside, struct span text);

/**
 * Add what is inside where nothing is configured: RFC 1918, RFC 6598 (carrier NAT), RFC 4193
 * (unique local), link-local.
 *
 * inside    changed
 */
void inside_add_default(struct inside *inside);

/**
 * Whether an address is inside.
 *
 * inside    networks
 * address   as logged; what is no address is not inside
 */
bool inside_holds(const struct inside *inside, struct span address);

/**
 * As inside_holds(), of an address that is read already.
 *
 * inside    networks
 * key       of an address: 4 or 16 bytes
 */
bool inside_holds_key(const struct inside *inside, struct span key);

/**
 * Which end of a line is the inside host. Where both are, it is the originator; where none is, the
 * originator counts as it and that is said.
 *
 * inside      networks
 * originator  as logged; may be empty
 * responder   as logged; may be empty
 */
struct inside_ends inside_ends(const struct inside *inside, struct span originator,
                               struct span responder);

#endif
