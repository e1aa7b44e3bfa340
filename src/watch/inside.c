// SPDX-License-Identifier: EUPL-1.2
#include "watch/inside.h"

#include "base/must.h"

enum { KEY_IPV4_SIZE = 4, KEY_IPV6_SIZE = 16 };

enum err inside_add(struct inside *inside, struct span text)
{
    static _Thread_local struct value_buf buf; /* large, and only used within this call */
    struct value value;
    struct inside_network network = { 0 };
    TRY(value_parse(VALUE_CIDR, text, &buf, &value));
    if (inside->count == INSIDE_NETWORK_COUNT_MAX) {
        return ERR_LIMIT;
    }
    struct span address = value.key;
    if (value.kind == VALUE_CIDR) { /* family, prefix length, address: see value/value.h */
        network.prefix = value.key.data[1];
        address = span_from(value.key, 2);
    } else {
        network.prefix = (uint8_t)(value.key.size * 8);
    }
    must(address.size == KEY_IPV4_SIZE || address.size == KEY_IPV6_SIZE);
    network.size = (uint8_t)address.size;
    span_copy(network.address, sizeof network.address, address);
    inside->networks[inside->count] = network;
    inside->count++;
    return ERR_OK;
}

void inside_add_default(struct inside *inside)
{
    static const char *const networks[] = {
        "10.0.0.0/8",     "172.16.0.0/12", "192.168.0.0/16", /* RFC 1918 */
        "100.64.0.0/10",                                     /* RFC 6598 */
        "169.254.0.0/16", "fe80::/10",                       /* link-local: RFC 3927, RFC 4291 */
        "fc00::/7",                                          /* RFC 4193 */
    };
    for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
        enum err err = inside_add(inside, span_of(networks[i]));
        must(err == ERR_OK);
    }
}

static bool network_holds(const struct inside_network *network, const uint8_t *key, size_t size)
{
    if (network->size != size) {
        return false;
    }
    size_t whole = network->prefix / 8;
    unsigned rest = network->prefix % 8;
    if (!span_equal(span_make(network->address, whole), span_make(key, whole))) {
        return false;
    }
    return rest == 0 || (network->address[whole] ^ key[whole]) >> (8 - rest) == 0;
}

bool inside_holds_key(const struct inside *inside, struct span key)
{
    for (size_t i = 0; i < inside->count; i++) {
        if (network_holds(&inside->networks[i], key.data, key.size)) {
            return true;
        }
    }
    return false;
}

bool inside_holds(const struct inside *inside, struct span address)
{
    uint8_t key[VALUE_KEY_SIZE_MAX];
    size_t size = value_key_address(address, key);
    return size > 0 && inside_holds_key(inside, span_make(key, size));
}

static enum rank_direction direction_of(bool originator_inside, bool responder_inside)
{
    if (originator_inside && responder_inside) {
        return RANK_INTERNAL;
    }
    return originator_inside ? RANK_OUTBOUND : RANK_INBOUND;
}

struct inside_ends inside_ends(const struct inside *inside, struct span originator,
                               struct span responder)
{
    struct inside_ends ends = { .inside = originator, .outside = responder };
    bool originator_inside = inside_holds(inside, originator);
    bool responder_inside = inside_holds(inside, responder);
    if (responder_inside && !originator_inside) {
        ends = (struct inside_ends){ .inside = responder, .outside = originator };
    }
    if (originator_inside || responder_inside) {
        bool both_known = originator.size > 0 && responder.size > 0;
        ends.direction =
            both_known ? direction_of(originator_inside, responder_inside) : RANK_DIRECTION_UNKNOWN;
        return ends;
    }
    ends.assumed = originator.size > 0; /* nobody is, where the log does not say who opened */
    return ends;
}
