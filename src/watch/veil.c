// SPDX-License-Identifier: EUPL-1.2
#include "watch/veil.h"

enum { PORT_SIZE = 2 };

/* The address that a value tells, if any. */
static struct span address_of(enum value_kind kind, struct span key, uint8_t *bytes)
{
    switch (kind) {
    case VALUE_IPV4:
    case VALUE_IPV6:
        return key;
    case VALUE_IP_PORT:
        return span_from(key, PORT_SIZE);
    case VALUE_URL:
        return span_make(bytes, value_key_address(value_url_host(key), bytes));
    case VALUE_DOMAIN:
        return span_make(bytes, value_key_reverse(key, bytes));
    default:
        return SPAN("");
    }
}

bool veil_hides(const struct inside *inside, const struct observe_line *line, bool assumed,
                const struct observation *observation)
{
    uint8_t own[VALUE_KEY_SIZE_MAX];
    size_t own_size = assumed ? value_key_address(line->originator, own) : 0;
    return veil_hides_key(inside, span_make(own, own_size), observation->kind, observation->key);
}

bool veil_hides_key(const struct inside *inside, struct span own, enum value_kind kind,
                    struct span key)
{
    uint8_t bytes[VALUE_KEY_SIZE_MAX];
    struct span address = address_of(kind, key, bytes);
    return address.size > 0 && (inside_holds_key(inside, address) || span_equal(address, own));
}
