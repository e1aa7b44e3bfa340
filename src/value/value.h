// SPDX-License-Identifier: EUPL-1.2
/*
 * The kinds of observable, and the one canonical form that indicators and observations share.
 *
 * The canonical form is a *key*: bytes that are equal exactly where two values mean the same. The
 * matcher, the history and the exchange of indicators all work on keys; text is made from them.
 *
 *   kind     key                                            canonical text
 *   ipv4     4 bytes, network order                         198.51.100.7
 *   ipv6     16 bytes, network order                        2001:db8::7 (RFC 5952)
 *   cidr     family (4 or 6), prefix length, 4/16 bytes     198.51.100.0/24
 *   domain   lower case, A-labels, no trailing dot          www.example.org
 *   url      as the text, but without scheme and "://";     http://example.org/a?b
 *            ports 80 and 443 are dropped (see url.c)
 *   md5      16 bytes                                       32 lower-case hexadecimal digits
 *   sha1     20 bytes                                       40
 *   sha256   32 bytes                                       64
 *   email    lower case, domain as above                    someone@example.org
 *   sha512   64 bytes                                       128
 *   ip-port  port in network order, then 4 or 16 bytes      198.51.100.7:443, [2001:db8::7]:443
 *   ja3, ja3s, hassh         16 bytes (MD5)                 32
 *   ja4      as the text, lower case                        t13d1516h2_8daaf6152771_b186095e22b6
 *   cert-sha1, cert-sha256   20, 32 bytes: of a certificate 40, 64
 *   user-agent  as the text, without white space at its ends
 *   file-name   last part of a path, ASCII letters in lower case     invoice.exe
 *   asn      4 bytes, network order                         AS64500
 *
 * An indicator may also be a pattern of URLs, domains, user agents or file names (see enum
 * value_scope): then its key is the pattern's text.
 */
#ifndef VALUE_VALUE_H
#define VALUE_VALUE_H

#include "base/buf.h"
#include "base/op.h"

enum value_kind {
    VALUE_NONE = 0,
    VALUE_IPV4,
    VALUE_IPV6,
    VALUE_CIDR,
    VALUE_DOMAIN,
    VALUE_URL,
    VALUE_MD5,
    VALUE_SHA1,
    VALUE_SHA256,
    VALUE_EMAIL,
    VALUE_SHA512,
    VALUE_IP_PORT,
    VALUE_JA3,
    VALUE_JA3S,
    VALUE_JA4,
    VALUE_HASSH,
    VALUE_CERT_SHA1,
    VALUE_CERT_SHA256,
    VALUE_USER_AGENT,
    VALUE_FILE_NAME,
    VALUE_ASN,
    VALUE_KIND_COUNT,
};

enum {
    VALUE_DOMAIN_SIZE_MAX = 253, /* RFC 1035, as text without the trailing dot */
    VALUE_LABEL_SIZE_MAX = 63,
    VALUE_URL_SIZE_MAX = 8192,
    VALUE_EMAIL_SIZE_MAX = 320, /* 64 + "@" + 255, RFC 5321 */
    VALUE_KEY_SIZE_MAX = VALUE_URL_SIZE_MAX,
    VALUE_JA4_SIZE = 36,
    VALUE_USER_AGENT_SIZE_MAX = 2048,
    VALUE_FILE_NAME_SIZE_MAX = 1024, /* 255 characters of UTF-8 */
    VALUE_PREFIX_DEPTH_MAX = 31,     /* bytes "/?&" in a URL that is a prefix */
    VALUE_PATTERN_SIZE_MAX = 1024,   /* of an indicator that is a pattern */
    VALUE_SCHEME_SIZE_MAX = 32,
    VALUE_TEXT_SIZE_MAX = VALUE_SCHEME_SIZE_MAX + 3 + VALUE_KEY_SIZE_MAX,
    VALUE_PADDING_SIZE = 16, /* readable bytes that follow a text which is called padded */
};

/* Sizes of the keys that have a fixed one. */
enum {
    VALUE_IPV4_SIZE = 4,
    VALUE_IPV6_SIZE = 16,
    VALUE_CIDR_IPV4_SIZE = 2 + VALUE_IPV4_SIZE, /* family, prefix length, address */
    VALUE_CIDR_IPV6_SIZE = 2 + VALUE_IPV6_SIZE,
    VALUE_MD5_SIZE = 16,
    VALUE_SHA1_SIZE = 20,
    VALUE_SHA256_SIZE = 32,
    VALUE_SHA512_SIZE = 64,
    VALUE_IPV4_PORT_SIZE = 2 + VALUE_IPV4_SIZE, /* port, address */
    VALUE_IPV6_PORT_SIZE = 2 + VALUE_IPV6_SIZE,
    VALUE_ASN_SIZE = 4,
};

/* Which observations an indicator of this value matches. */
enum value_scope {
    VALUE_SCOPE_EXACT = 0,       /* the value itself */
    VALUE_SCOPE_SUBDOMAINS,      /* domain: itself and everything below it */
    VALUE_SCOPE_SUBDOMAINS_ONLY, /* domain: everything below it */
    VALUE_SCOPE_ANY_QUERY,       /* url: itself with whatever query */
    VALUE_SCOPE_PREFIX,          /* url: everything that begins so, up to or behind a "/?&" */
    VALUE_SCOPE_CASELESS,        /* url: in letters of either case, as Zeek's intelligence has it */
    VALUE_SCOPE_LIKE,            /* key is a pattern with '%' and '_', as STIX's LIKE */
    VALUE_SCOPE_REGEX,           /* key is a regular expression (PCRE), as STIX's MATCHES */
    VALUE_SCOPE_COUNT,
};

/* Room for one value's key and scheme. Large: keep it in an op, not on a deep stack. */
struct value_buf {
    uint8_t key[VALUE_KEY_SIZE_MAX];
    uint8_t scheme[VALUE_SCHEME_SIZE_MAX];
};

struct value {
    enum value_kind kind;
    struct span key;    /* borrowed from the value_buf it was read into, or from an image */
    struct span scheme; /* url only: "http", lower case; empty where the text had none */
};

/**
 * The word for a kind: "ipv4", "domain", ... as commands and files write it.
 *
 * kind      any value of the enum
 */
const char *value_kind_name(enum value_kind kind);

/**
 * The kind of a word: our own words, and the field's other ones for the same thing ("ipv4-addr",
 * "domain-name", "SHA-256", "email-addr", "fqdn", "hostname", ...), in any case.
 *
 * word      looked up
 * ret       the kind; untouched on error
 *
 * Errors    ERR_ABSENT no such word
 */
MUST_USE
enum err value_kind_from_name(struct span word, enum value_kind *ret);

/**
 * The word for a scope: "exact", "subdomains", "subdomains-only", "any-query", "prefix",
 * "caseless", "like", "regex".
 *
 * scope     any value of the enum
 */
const char *value_scope_name(enum value_scope scope);

/**
 * The scope of a word.
 *
 * word      as value_scope_name() writes it, in any case
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT no such word
 */
MUST_USE
enum err value_scope_from_name(struct span word, enum value_scope *ret);

/**
 * Whether indicators of a kind can have a scope.
 *
 * kind      any kind but VALUE_NONE
 * scope     any scope
 */
bool value_scope_fits(enum value_kind kind, enum value_scope scope);

/**
 * Read a value of a known kind into its canonical key.
 *
 * A kind may come out narrower than asked: an IPv4-mapped IPv6 address is VALUE_IPV4, a CIDR that
 * covers one address is that address; VALUE_IPV4 and VALUE_IPV6 accept each other's text.
 * VALUE_CIDR accepts a netmask ("198.51.100.0/255.255.255.0") and an address alone too; host bits
 * are dropped.
 *
 * kind      what the text is said to be; not VALUE_NONE
 * raw       as written; white space at its ends is not skipped
 * buf       receives the bytes
 * ret       the value, borrowing from buf; untouched on error
 *
 * Errors    ERR_FORMAT not a value of that kind; ERR_LIMIT longer than the kind allows
 */
MUST_USE
enum err value_parse(enum value_kind kind, struct span raw, struct value_buf *buf,
                     struct value *ret);

/**
 * Read a line of a plain list: undo defanging ("hxxp", "[.]", "(.)", "[:]", "[at]", ...), take off
 * quotes and surrounding marks, recognise the kind, and give the canonical value. A domain gets the
 * scope its writing asks for: "name" itself and subdomains, "=name" itself, ".name" and "*.name"
 * subdomains only. One-label names are not recognised as domains (nor of an e-mail address), nor
 * are names whose last label is not of letters: "com" on a line must not stand for half the world.
 * "host/path" without a scheme is a URL; with a star behind a path's last slash it is a prefix, and
 * with "?*" behind a path it counts with whatever query. An address with a port is VALUE_IP_PORT, a
 * name with a port nothing that is known here. Bare digests are those of files; they meet
 * certificates too.
 *
 * raw        one line, or one cell, without its line end
 * buf        receives the bytes
 * ret        the value, borrowing from buf; untouched on error
 * ret_scope  how far it reaches; untouched on error
 *
 * Errors    ERR_FORMAT no kind fits; ERR_LIMIT longer than any kind allows
 */
MUST_USE
enum err value_recognise(struct span raw, struct value_buf *buf, struct value *ret,
                         enum value_scope *ret_scope);

/**
 * As value_recognise(), for a cell whose kind is named beside it. An address may be written as a
 * range, and is VALUE_CIDR then; what is no public domain name is refused here too.
 *
 * kind       what the cell is said to be; not VALUE_NONE
 * raw        one cell
 * buf        receives the bytes
 * ret        the value, borrowing from buf; untouched on error
 * ret_scope  how far it reaches; untouched on error
 *
 * Errors    ERR_FORMAT not a value of that kind; ERR_LIMIT longer than the kind allows
 */
MUST_USE
enum err value_recognise_as(enum value_kind kind, struct span raw, struct value_buf *buf,
                            struct value *ret, enum value_scope *ret_scope);

/**
 * As value_recognise_as(), for a cell beside which its scope is named too. A URL of scope any-query
 * loses its query, one of scope prefix a "*" at its end, one of scope caseless its capital letters;
 * a pattern stays as it is written.
 *
 * kind       what the cell is said to be; VALUE_NONE leaves it to be recognised, not for patterns
 * scope      how far it is said to reach
 * raw        one cell
 * buf        receives the bytes
 * ret        the value, borrowing from buf; untouched on error
 * reason     receives why a pattern is refused; NULL where nobody asks
 *
 * Errors    ERR_FORMAT not a value of that kind, or one that cannot have that scope; ERR_LIMIT
 *           longer than the kind allows; ERR_UNSUPPORTED, ERR_CONFLICT a pattern that is not taken
 *           (value/pattern.h)
 */
MUST_USE
enum err value_recognise_scoped(enum value_kind kind, enum value_scope scope, struct span raw,
                                struct value_buf *buf, struct value *ret, struct buf *reason);

/**
 * Whether a URL's key can be that of a prefix: it holds at most VALUE_PREFIX_DEPTH_MAX of the bytes
 * "/?&", at which prefixes of an observed URL are looked up, and of "%".
 *
 * key       of a URL
 */
bool value_url_prefix_fits(struct span key);

/**
 * Append a value's canonical text.
 *
 * buf       receives the text
 * value     made by this room, or kept by somebody who checked the size of its key
 */
void value_add_text(struct buf *buf, const struct value *value);

/*
 * The hot path: raw bytes of a log field straight to a key. Each writes at `key` (room for
 * VALUE_KEY_SIZE_MAX bytes) and returns the key's size, or 0 where the bytes are not such a value.
 * They accept exactly what value_parse() accepts; a test compares the two.
 */

/**
 * An address, IPv4 or IPv6 (brackets and a zone id are dropped; IPv4-mapped becomes IPv4).
 *
 * raw       field as logged
 * key       receives 4 or 16 bytes
 *
 * Returns 4, 16, or 0 where it is no address.
 */
size_t value_key_address(struct span raw, uint8_t *key);

/**
 * As value_key_address(), and quicker, of a text behind which more can be read: as in a log line.
 *
 * raw       field as logged; VALUE_PADDING_SIZE readable bytes follow it, of any content
 * key       receives 4 or 16 bytes
 *
 * Returns 4, 16, or 0 where it is no address.
 */
size_t value_key_address_padded(struct span raw, uint8_t *key);

enum { VALUE_IPV4_MANY_MAX = 64 };

/**
 * Read texts most of which are IPv4 addresses: quicker than one by one.
 *
 * texts      fields as logged; VALUE_PADDING_SIZE readable bytes follow each
 * count      at most VALUE_IPV4_MANY_MAX
 * addresses  receives as many, as numbers; of no meaning where the text is none
 *
 * Returns bit n set where text n is one. The others may be written in another way, as
 * value_key_address() knows.
 */
uint64_t value_ipv4_read_many(const struct span *texts, size_t count, uint32_t *addresses);

/**
 * A domain name; one label is enough here.
 *
 * raw       field as logged, in any case, perhaps with a trailing dot
 * key       receives the name
 *
 * Returns the key's size, or 0 where it is no name.
 */
size_t value_key_domain(struct span raw, uint8_t *key);

/**
 * A URL from a whole text; with or without scheme.
 *
 * raw       field as logged
 * key       receives host[:port]path[?query]
 *
 * Returns the key's size, or 0 where it is no URL or longer than VALUE_URL_SIZE_MAX.
 */
size_t value_key_url(struct span raw, uint8_t *key);

/**
 * A URL from the parts of an HTTP request: the Host header (perhaps with port), the port of the
 * connection (0 where unknown; added only where the host names none and it is no default), and the
 * request target (origin form, absolute form, or "host:port" of CONNECT).
 *
 * host      field as logged; may be empty where the target is absolute
 * port      0 .. 65535
 * target    field as logged
 * key       receives host[:port]path[?query], equal to what value_key_url() gives for the same URL
 *
 * Returns the key's size, or 0 where no URL can be made.
 */
size_t value_key_request(struct span host, unsigned port, struct span target, uint8_t *key);

/**
 * The form of a URL's key in which every escape is undone that some program may have undone before
 * it logged the URL: "/a%5Bb%2541" and "/a[bA" have the same. Bytes that no URL may hold stay
 * escaped, also those that a sensor wrote as "\xff", and a key without "%" and "\" is its own form.
 * Time is linear in the size.
 *
 * key       of a URL
 * form      receives at most key.size bytes; may not overlap `key`
 *
 * Returns the form's size.
 */
size_t value_url_plain(struct span key, uint8_t *form);

/**
 * Whether a key's plain form may differ from it.
 *
 * key       of a URL
 */
bool value_url_has_escapes(struct span key);

/**
 * A digest written in hexadecimal, perhaps with colons between bytes. Its length tells the kind.
 *
 * raw       field as logged
 * key       receives 16, 20, 32 or 64 bytes
 * ret_kind  VALUE_MD5, VALUE_SHA1, VALUE_SHA256 or VALUE_SHA512; untouched where 0 is returned
 *
 * Returns the key's size, or 0 where it is no digest.
 */
size_t value_key_digest(struct span raw, uint8_t *key, enum value_kind *ret_kind);

/**
 * The address whose name for reverse lookups this is: "7.100.51.198.in-addr.arpa" (RFC 1035 section
 * 3.5), or 32 digits and ".ip6.arpa" (RFC 3596 section 2.5). Names of networks are none.
 *
 * name      key of a domain
 * key       receives 4 or 16 bytes
 *
 * Returns the key's size, or 0 where it is no such name.
 */
size_t value_key_reverse(struct span name, uint8_t *key);

/**
 * The host of a URL: a name, or an address as it is written there.
 *
 * key       of a URL
 */
struct span value_url_host(struct span key);

/**
 * An e-mail address; "Name <someone@example.org>", "someone@example.org (a comment)" and "mailto:"
 * are understood.
 *
 * raw       field as logged
 * key       receives the address
 *
 * Returns the key's size, or 0 where it is no address.
 */
size_t value_key_email(struct span raw, uint8_t *key);

/**
 * A comment of a mail header (RFC 5322 section 3.2.2): brackets, which may stand in each other, and
 * a backslash before what is no bracket of it.
 *
 * text      what it may begin with
 *
 * Returns the comment's size with its brackets; 0 where there is none, or one that has no end.
 */
size_t value_comment_size(struct span text);

/**
 * A fingerprint or digest of a stated kind, in hexadecimal, perhaps with colons between bytes.
 *
 * kind      VALUE_JA3, VALUE_JA3S, VALUE_HASSH, VALUE_CERT_SHA1 or VALUE_CERT_SHA256
 * raw       field as logged
 * key       receives 16, 20 or 32 bytes
 *
 * Returns the key's size, or 0 where it is none of that kind.
 */
size_t value_key_fingerprint(enum value_kind kind, struct span raw, uint8_t *key);

/**
 * A JA4 fingerprint of a TLS client: "t13d1516h2_8daaf6152771_b186095e22b6" (FoxIO's JA4 document).
 *
 * raw       field as logged
 * key       receives VALUE_JA4_SIZE bytes
 *
 * Returns the key's size, or 0 where it is none.
 */
size_t value_key_ja4(struct span raw, uint8_t *key);

/**
 * A user agent: the text as it is, without white space at its ends.
 *
 * raw       field as logged
 * key       receives the text
 *
 * Returns the key's size, or 0 where nothing is left or it is longer than
 * VALUE_USER_AGENT_SIZE_MAX.
 */
size_t value_key_user_agent(struct span raw, uint8_t *key);

/**
 * A file's name: what stands behind the last '/' or '\\' of a path, ASCII letters in lower case,
 * since Windows and Zeek's intelligence know no case.
 *
 * raw       field as logged, a name or a path
 * key       receives the name
 *
 * Returns the key's size, or 0 where nothing is left or it is longer than VALUE_FILE_NAME_SIZE_MAX.
 */
size_t value_key_file_name(struct span raw, uint8_t *key);

/**
 * The number of an autonomous system: "64500", "AS64500", or "1.10" (RFC 5396).
 *
 * raw       field as logged
 * key       receives 4 bytes
 *
 * Returns the key's size, or 0 where it is none.
 */
size_t value_key_asn(struct span raw, uint8_t *key);

/**
 * An address with a port.
 *
 * address   key of an address: 4 or 16 bytes
 * port      1 .. 65535
 * key       receives 6 or 18 bytes; may not overlap `address`
 *
 * Returns the key's size.
 */
size_t value_key_ip_port(struct span address, unsigned port, uint8_t *key);

#endif
