// SPDX-License-Identifier: EUPL-1.2
/*
 * Texts of fields to observations, by class: gather_value.c reads texts that are one value,
 * gather_text.c those that hold values among other things. Private to gather*.c, sift.c and look.c.
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
 * Whether somebody wants a kind.
 *
 * g         begun
 * kind      any
 */
static inline bool gather_wants(const struct gather *g, enum value_kind kind)
{
    return (g->wanted & field_kind_bit(kind)) != 0;
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

/**
 * The number of a port, 0 where a text is none.
 *
 * text      digits
 */
unsigned gather_port(struct span text);

/**
 * Add an address with its port, where that is wanted.
 *
 * g         at the field of the address
 * address   as logged; where it is none, nothing is added
 * port      0 .. 65535; 0 adds nothing
 */
void gather_value_ip_port(struct gather *g, struct span address, unsigned port);

/*
 * What gather_text.c makes its values with. Each of the gather_add_ functions returns true where
 * the text held a value of the kind, kept or not for want of room; texts are padded as above.
 */

/**
 * Add an address.
 *
 * g         at the field that holds the text
 * text      the address
 * observed  as the log wrote it
 */
bool gather_add_address(struct gather *g, struct span text, struct span observed);

/**
 * Add an address, perhaps in brackets, or a name, also of one label.
 *
 * g         at the field that holds the text
 * text      the address or name
 * observed  as the log wrote it
 */
bool gather_add_name(struct gather *g, struct span text, struct span observed);

/**
 * As gather_add_name(), but a word without a dot inside is no name: it is rather text
 * ("Snozberry").
 *
 * g         at the field that holds the text
 * text      the address or name
 * observed  as the log wrote it
 */
bool gather_add_dotted_name(struct gather *g, struct span text, struct span observed);

/**
 * As gather_add_name(), of a text that may be many things: perhaps with a port; a name has two
 * labels or more, the last of letters, as all of the public tree have.
 *
 * g         at the field that holds the text
 * text      the address or name
 * observed  as the log wrote it
 */
bool gather_add_sure_name(struct gather *g, struct span text, struct span observed);

/**
 * Add an e-mail address, and its domain.
 *
 * g         at the field that holds the text
 * text      the address, perhaps with a name beside it
 * observed  as the log wrote it
 */
bool gather_add_email(struct gather *g, struct span text, struct span observed);

/**
 * Add a URL, and its host.
 *
 * g         at the field that holds the text
 * text      as logged
 */
bool gather_add_url(struct gather *g, struct span text);

/**
 * "host:80" and "[::1]:80" without the port, "host:" without its colon; "::1" as it is.
 *
 * text      host, perhaps with a port
 */
struct span gather_without_port(struct span text);

/**
 * Whether a text is a URL that says where it leads: it has a scheme.
 *
 * text      as logged
 */
bool gather_is_absolute(struct span text);

/**
 * Add the values of a text of a class that is not one value.
 *
 * g            at the field that holds the text
 * field_class  from CLASS_EMAIL, CLASS_DN, CLASS_CERT_NAME, CLASS_FORWARDED, or CLASS_LOGIN on
 * text         not empty; padded
 *
 * Returns false where the class promises values and there was something else.
 */
bool gather_text_value(struct gather *g, enum field_class field_class, struct span text);

/**
 * What the second field of a pair holds; see ROLE_NAMED.
 *
 * name       what the first field says, in any case
 * otherwise  returned for names that are not known
 */
enum field_class gather_named_class(struct span name, enum field_class otherwise);

#endif
