// SPDX-License-Identifier: EUPL-1.2
/*
 * What the files of this room share: readers and writers of single kinds, below value.h.
 */
#ifndef VALUE_INTERNAL_H
#define VALUE_INTERNAL_H

#include "value/judge.h"

enum {
    VALUE_ADDRESS_TEXT_SIZE_MAX = sizeof "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" - 1,
    VALUE_DOMAIN_RAW_SIZE_MAX = 1024, /* in UTF-8; no longer one fits 253 bytes of A-labels */
};

/* For tables over bytes: X(c) for every lower-case letter, and for every digit. */
#define VALUE_LETTERS(X)                                                                           \
    X('a')                                                                                         \
    X('b')                                                                                         \
    X('c')                                                                                         \
    X('d')                                                                                         \
    X('e')                                                                                         \
    X('f')                                                                                         \
    X('g')                                                                                         \
    X('h')                                                                                         \
    X('i')                                                                                         \
    X('j')                                                                                         \
    X('k')                                                                                         \
    X('l')                                                                                         \
    X('m')                                                                                         \
    X('n')                                                                                         \
    X('o')                                                                                         \
    X('p')                                                                                         \
    X('q')                                                                                         \
    X('r')                                                                                         \
    X('s')                                                                                         \
    X('t')                                                                                         \
    X('u')                                                                                         \
    X('v')                                                                                         \
    X('w')                                                                                         \
    X('x')                                                                                         \
    X('y')                                                                                         \
    X('z')
#define VALUE_DIGITS(X) X('0') X('1') X('2') X('3') X('4') X('5') X('6') X('7') X('8') X('9')

/**
 * Read "a.b.c.d": four decimal numbers up to 255 without leading zeros (RFC 3986 dec-octet), which
 * some programs would take for octal.
 *
 * raw       the whole text
 * bytes     receives 4 bytes; may be partly written on failure
 *
 * Returns whether it is an IPv4 address.
 */
bool value_ipv4_read(struct span raw, uint8_t *bytes);

/**
 * The same, with vectors where the processor has them.
 *
 * raw       the whole text; VALUE_PADDING_SIZE readable bytes follow it, of any content
 * bytes     receives 4 bytes; may be partly written on failure
 *
 * Returns whether it is an IPv4 address.
 */
bool value_ipv4_read_padded(struct span raw, uint8_t *bytes);

/**
 * Read an IPv6 address as RFC 4291 section 2.2 writes it; brackets and a zone id are dropped.
 *
 * raw       the whole text
 * bytes     receives 16 bytes, IPv4-mapped addresses too; may be partly written on failure
 *
 * Returns whether it is an IPv6 address.
 */
bool value_ipv6_read(struct span raw, uint8_t *bytes);

/**
 * Whether 16 bytes are an IPv4-mapped address, ::ffff:0:0/96 (RFC 4291 section 2.5.5.2).
 *
 * bytes     16 bytes
 */
bool value_ipv6_is_mapped(const uint8_t *bytes);

/**
 * Read a range: "address/length", "a.b.c.d/netmask", or one address alone.
 *
 * raw       the whole text
 * key       receives 6 or 18 bytes; 4 or 16 where the range is one address
 *
 * Returns the key's size, or 0 where it is no range.
 */
size_t value_cidr_read(struct span raw, uint8_t *key);

/**
 * Read an address with a port: "198.51.100.7:443", "[2001:db8::7]:443"; also "198.51.100.7|443", as
 * MISP writes it.
 *
 * raw       the whole text
 * key       receives 6 or 18 bytes
 *
 * Returns the key's size, or 0 where it is none.
 */
size_t value_ip_port_read(struct span raw, uint8_t *key);

/**
 * Write an address: dotted quad, or IPv6 as RFC 5952 wants it.
 *
 * address   4 or 16 bytes
 * text      receives at most VALUE_ADDRESS_TEXT_SIZE_MAX bytes
 *
 * Returns the text's size.
 */
size_t value_address_write(struct span address, uint8_t *text);

/**
 * A domain name of ASCII bytes only.
 *
 * raw       field as logged
 * key       receives the name; as long as `raw` at most, and may be partly written on failure
 *
 * Returns the key's size, or 0 where it is no name.
 */
size_t value_domain_read_ascii(struct span raw, uint8_t *key);

/**
 * A domain name with labels beyond ASCII: these become A-labels (IDNA 2008, RFC 5891, with the
 * mapping of UTS #46, non-transitional).
 *
 * raw       UTF-8; anything else is no name
 * key       receives the name
 *
 * Returns the key's size, or 0 where it is no name.
 */
size_t value_domain_read_unicode(struct span raw, uint8_t *key);

/**
 * Read a URL.
 *
 * raw         the whole text, with or without scheme
 * key         receives host[:port]path[?query]
 * ret_size    the key's size; untouched on error
 * ret_scheme  the scheme as written, borrowed from `raw`; untouched on error
 *
 * Errors    ERR_FORMAT no URL; ERR_LIMIT longer than VALUE_URL_SIZE_MAX
 */
MUST_USE
enum err value_url_read(struct span raw, uint8_t *key, size_t *ret_size, struct span *ret_scheme);

/**
 * Split "scheme://rest" (RFC 3986 section 3.1).
 *
 * raw         the whole text
 * ret_scheme  the scheme, or empty where there is none
 *
 * Returns what stands behind "://", or all of `raw` where there is no scheme.
 */
struct span value_url_split(struct span raw, struct span *ret_scheme);

/* How a byte stands in a URL's path or query. */
enum value_url_class {
    VALUE_URL_ESCAPED = 0, /* only as an escape */
    VALUE_URL_KEPT,        /* as itself or as an escape, and the two differ */
    VALUE_URL_UNRESERVED,  /* as itself: an escape of it is undone (RFC 3986 section 2.3) */
};

/**
 * How a byte stands in a URL's path or query.
 *
 * byte      any
 */
enum value_url_class value_url_class(uint8_t byte);

/**
 * Undo defanging: "hxxp", "h**p", "[.]", "(dot)", "[:]", "[at]", "\." and their like.
 *
 * raw       as written
 * text      receives at most raw.size bytes
 *
 * Returns the text's size.
 */
size_t value_refang(struct span raw, uint8_t *text);

/**
 * Whether a text holds a byte with which defanging could begin; most do not.
 *
 * raw       as written
 */
bool value_is_defanged(struct span raw);

/**
 * Judge a pattern.
 *
 * kind      of the values it is a pattern of
 * scope     VALUE_SCOPE_LIKE or VALUE_SCOPE_REGEX
 * pattern   its text
 *
 * Returns VALUE_FIT, VALUE_UNFIT_ALL, or VALUE_UNFIT_PATTERN for what value_pattern_check() does
 * not take.
 */
enum value_verdict value_pattern_judge(enum value_kind kind, enum value_scope scope,
                                       struct span pattern);

#endif
