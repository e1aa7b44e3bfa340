// SPDX-License-Identifier: EUPL-1.2
/*
 * URLs, normalised as RFC 3986 section 6.2 allows, to host[:port]path[?query].
 *
 *   - The scheme stands in no key, since logs seldom hold it. So port 80 and port 443 are dropped
 *     alike wherever the scheme is http, https or unknown: a log line that says port 443 cannot
 * tell which of the two was meant. Port 21 is dropped of ftp. Every other port stays.
 *   - User information and fragment are dropped; an empty path is "/"; "." and ".." segments are
 *     resolved.
 *   - "%41" becomes "A" (unreserved), "%2f" becomes "%2F" (reserved), and bytes that no URL may
 * hold (spaces, controls, quotes, braces, beyond ASCII, a "%" that begins no escape) become
 * escapes. They are not refused, since clients send them and proxies escape them on the way: both
 * then have one key. A backslash stays as it is.
 */
#include "base/uuid.h"
#include "value/internal.h"

enum {
    PORT_NONE = -1,
    PORT_MAX = 65535,
    PORT_FTP = 21,
    PORT_HTTP = 80,
    PORT_HTTPS = 443,
    ESCAPE_SIZE = 3, /* "%2F" */
};

/* The key as it grows. After `full` nothing more is written. */
struct writer {
    uint8_t *key;
    size_t size;
    bool full;
};

static void put(struct writer *w, uint8_t byte)
{
    if (w->size == VALUE_URL_SIZE_MAX) {
        w->full = true;
        return;
    }
    w->key[w->size] = byte;
    w->size++;
}

static void put_span(struct writer *w, struct span span)
{
    if (span.size > VALUE_URL_SIZE_MAX - w->size) {
        w->full = true;
        return;
    }
    span_copy(w->key + w->size, VALUE_URL_SIZE_MAX - w->size, span);
    w->size += span.size;
}

static void put_escape(struct writer *w, uint8_t byte)
{
    static const char digits[] = "0123456789ABCDEF";
    put(w, '%');
    put(w, (uint8_t)digits[byte >> 4]);
    put(w, (uint8_t)digits[byte & 15]);
}

#define UNRESERVED_LETTER(c) [c] = VALUE_URL_UNRESERVED, [(c)-32] = VALUE_URL_UNRESERVED,
#define UNRESERVED_BYTE(c)   [c] = VALUE_URL_UNRESERVED,
#define KEPT_BYTE(c)         [c] = VALUE_URL_KEPT,

static const uint8_t byte_classes[256] = {
    VALUE_LETTERS(UNRESERVED_LETTER) VALUE_DIGITS(UNRESERVED_BYTE) UNRESERVED_BYTE('-')
        UNRESERVED_BYTE('.') UNRESERVED_BYTE('_') UNRESERVED_BYTE('~') KEPT_BYTE('!') KEPT_BYTE('$')
            KEPT_BYTE('&') KEPT_BYTE('\'') KEPT_BYTE('(') KEPT_BYTE(')') KEPT_BYTE('*')
                KEPT_BYTE('+') KEPT_BYTE(',') KEPT_BYTE(';') KEPT_BYTE('=') KEPT_BYTE(':')
                    KEPT_BYTE('@') KEPT_BYTE('/') KEPT_BYTE('?') KEPT_BYTE('[') KEPT_BYTE(']')
                        KEPT_BYTE('\\')
};

enum value_url_class value_url_class(uint8_t byte)
{
    return byte_classes[byte];
}

/* The byte that the escape at raw[at] stands for, or -1 where no escape is. */
static int escape_value(struct span raw, size_t at)
{
    if (raw.size - at < ESCAPE_SIZE) {
        return -1;
    }
    int high = hex_digit(raw.data[at + 1]);
    int low = hex_digit(raw.data[at + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Appends a piece of a path or query with its escapes normalised. */
static void put_escaped(struct writer *w, struct span raw)
{
    size_t at = 0;
    while (!w->full) {
        size_t begin = at;
        while (at < raw.size && byte_classes[raw.data[at]] != 0) {
            at++;
        }
        put_span(w, span_slice(raw, begin, at));
        if (at == raw.size) {
            return;
        }
        int value = raw.data[at] == '%' ? escape_value(raw, at) : -1;
        if (value < 0) {
            put_escape(w, raw.data[at]);
        } else if (byte_classes[value] == VALUE_URL_UNRESERVED) {
            put(w, (uint8_t)value);
        } else {
            put_escape(w, (uint8_t)value);
        }
        at += value < 0 ? 1 : ESCAPE_SIZE;
    }
}

/* Where the last segment before `end` begins; never before the path's first slash. */
static size_t segment_parent(const struct writer *w, size_t root, size_t end)
{
    if (end == root + 1) {
        return end;
    }
    struct span before = span_make(w->key + root, end - 1 - root);
    return root + (size_t)span_find_last(before, '/') + 1;
}

/* Appends a path, its dot segments removed as they come (RFC 3986 section 5.2.4). Escaped dots are
 * dots. */
static void put_path(struct writer *w, struct span path)
{
    size_t root = w->size;
    put(w, '/');
    struct span rest = path.size == 0 ? path : span_from(path, 1);
    struct span segment = { NULL, 0 };
    while (!w->full && span_next(&rest, '/', &segment)) {
        size_t begin = w->size;
        put_escaped(w, segment);
        struct span written = span_make(w->key + begin, w->size - begin);
        if (span_equal(written, SPAN("."))) {
            w->size = begin;
        } else if (span_equal(written, SPAN(".."))) {
            w->size = segment_parent(w, root, begin);
        } else if (rest.data != NULL) {
            put(w, '/');
        }
    }
}

/* Appends "/path?query"; `raw` begins with '/', '?' or '#', or is empty. */
static void put_resource(struct writer *w, struct span raw)
{
    ptrdiff_t hash = span_find(raw, '#');
    raw = hash == SPAN_NOT_FOUND ? raw : span_slice(raw, 0, (size_t)hash);
    ptrdiff_t question = span_find(raw, '?');
    if (question == SPAN_NOT_FOUND) {
        put_path(w, raw);
        return;
    }
    put_path(w, span_slice(raw, 0, (size_t)question));
    put(w, '?');
    put_escaped(w, span_from(raw, (size_t)question + 1));
}

/* Undoes escapes in a host (RFC 3986 section 3.2.2); returns its size, or 0. */
static size_t host_unescape(struct span raw, uint8_t *host, size_t host_size_max)
{
    size_t size = 0;
    size_t at = 0;
    while (at < raw.size) {
        int value = raw.data[at] == '%' ? escape_value(raw, at) : raw.data[at];
        if (value < 0 || size == host_size_max) {
            return 0;
        }
        at += raw.data[at] == '%' ? ESCAPE_SIZE : 1;
        host[size] = (uint8_t)value;
        size++;
    }
    return size;
}

/* An address as a URL writes it: IPv6 in brackets. */
static enum err put_address(struct writer *w, struct span raw)
{
    uint8_t address[VALUE_IPV6_SIZE];
    uint8_t text[VALUE_ADDRESS_TEXT_SIZE_MAX];
    size_t address_size = value_key_address(raw, address);
    if (address_size == 0) {
        return ERR_FORMAT;
    }
    size_t text_size = value_address_write(span_make(address, address_size), text);
    bool brackets = address_size == VALUE_IPV6_SIZE;
    if (brackets) {
        put(w, '[');
    }
    put_span(w, span_make(text, text_size));
    if (brackets) {
        put(w, ']');
    }
    return ERR_OK;
}

/* The host is the first thing in a key, so there is always room for one. */
static enum err put_host(struct writer *w, struct span raw)
{
    if (raw.size > 0 && raw.data[0] == '[') {
        return put_address(w, raw);
    }
    uint8_t unescaped[VALUE_DOMAIN_RAW_SIZE_MAX];
    if (span_find(raw, '%') != SPAN_NOT_FOUND) {
        raw = span_make(unescaped, host_unescape(raw, unescaped, sizeof unescaped));
    }
    size_t size = value_key_domain(raw, w->key);
    if (size > 0) {
        w->size = size;
        return ERR_OK;
    }
    bool colon = span_find(raw, ':') != SPAN_NOT_FOUND; /* IPv6 without brackets is none here */
    return colon ? ERR_FORMAT : put_address(w, raw);
}

static enum err port_read(struct span digits, int *ret)
{
    uint64_t port = 0;
    if (digits.size == 0) {
        *ret = PORT_NONE; /* "host:" names no port (RFC 3986 section 6.2.3) */
        return ERR_OK;
    }
    if (span_to_u64(digits, &port) != ERR_OK || port > PORT_MAX) {
        return ERR_FORMAT;
    }
    *ret = (int)port;
    return ERR_OK;
}

static bool port_is_default(struct span scheme, int port)
{
    if (span_equal_nocase(scheme, SPAN("ftp"))) {
        return port == PORT_FTP;
    }
    bool web = scheme.size == 0 || span_equal_nocase(scheme, SPAN("http")) ||
               span_equal_nocase(scheme, SPAN("https"));
    return web && (port == PORT_HTTP || port == PORT_HTTPS);
}

/* Splits "host:port"; the colons of a bracketed IPv6 address are its own. */
static enum err host_split(struct span raw, struct span *ret_host, int *ret_port)
{
    ptrdiff_t colon = span_find_last(raw, ':');
    bool bracketed = raw.size > 0 && raw.data[raw.size - 1] == ']';
    if (colon == SPAN_NOT_FOUND || bracketed) {
        *ret_host = raw;
        *ret_port = PORT_NONE;
        return ERR_OK;
    }
    TRY(port_read(span_from(raw, (size_t)colon + 1), ret_port));
    *ret_host = span_slice(raw, 0, (size_t)colon);
    return ERR_OK;
}

/* Appends "[userinfo@]host[:port]"; `port_else` counts where none is written. */
static enum err put_authority(struct writer *w, struct span scheme, struct span raw, int port_else)
{
    ptrdiff_t at = span_find_last(raw, '@');
    raw = at == SPAN_NOT_FOUND ? raw : span_from(raw, (size_t)at + 1);
    struct span host = raw;
    int port = PORT_NONE;
    TRY(host_split(raw, &host, &port));
    TRY(put_host(w, host));
    port = port == PORT_NONE ? port_else : port;
    if (port == PORT_NONE || port_is_default(scheme, port)) {
        return ERR_OK;
    }
    uint8_t digits[] = { ':', 0, 0, 0, 0, 0 }; /* PORT_MAX has five */
    size_t begin = sizeof digits;
    do {
        begin--;
        digits[begin] = (uint8_t)('0' + port % 10);
        port /= 10;
    } while (port > 0);
    put(w, ':');
    put_span(w, span_make(digits + begin, sizeof digits - begin));
    return ERR_OK;
}

static bool is_scheme_byte(uint8_t byte)
{
    uint8_t lower = byte | 0x20;
    bool letter = lower >= 'a' && lower <= 'z';
    return letter || (byte >= '0' && byte <= '9') || byte == '+' || byte == '-' || byte == '.';
}

struct span value_url_split(struct span raw, struct span *ret_scheme)
{
    *ret_scheme = (struct span){ NULL, 0 };
    ptrdiff_t colon = span_find(raw, ':');
    if (colon <= 0 || !span_starts_with(span_from(raw, (size_t)colon), SPAN("://"))) {
        return raw;
    }
    struct span scheme = span_slice(raw, 0, (size_t)colon);
    for (size_t i = 0; i < scheme.size; i++) {
        if (!is_scheme_byte(scheme.data[i])) {
            return raw;
        }
    }
    bool begins_in_letter = (scheme.data[0] | 0x20) >= 'a';
    if (!begins_in_letter) {
        return raw;
    }
    *ret_scheme = scheme;
    return span_from(raw, scheme.size + sizeof "://" - 1);
}

/* Where "host[:port]" ends and the resource begins. */
static size_t authority_size(struct span raw)
{
    size_t size = 0;
    while (size < raw.size && raw.data[size] != '/' && raw.data[size] != '?' &&
           raw.data[size] != '#') {
        size++;
    }
    return size;
}

/* "mailto:someone@example.org" and "+x://example.org" name no host, though they look like
 * "userinfo@host" and "host:" with an empty port, which count only behind a scheme. */
static bool is_foreign(struct span authority)
{
    return span_find(authority, '@') != SPAN_NOT_FOUND || span_ends_with(authority, SPAN(":"));
}

enum err value_url_read(struct span raw, uint8_t *key, size_t *ret_size, struct span *ret_scheme)
{
    struct span scheme;
    struct span rest = value_url_split(raw, &scheme);
    size_t size = authority_size(rest);
    struct span authority = span_slice(rest, 0, size);
    if (scheme.size > VALUE_SCHEME_SIZE_MAX) {
        return ERR_FORMAT;
    }
    if (scheme.size == 0 && is_foreign(authority)) {
        return ERR_FORMAT;
    }
    struct writer w = { .key = key };
    TRY(put_authority(&w, scheme, authority, PORT_NONE));
    put_resource(&w, span_from(rest, size));
    if (w.full) {
        return ERR_LIMIT;
    }
    *ret_size = w.size;
    *ret_scheme = scheme;
    return ERR_OK;
}

size_t value_key_url(struct span raw, uint8_t *key)
{
    size_t size = 0;
    struct span scheme;
    return value_url_read(raw, key, &size, &scheme) == ERR_OK ? size : 0;
}

/* The target of CONNECT: "host:port" and nothing else (RFC 9112 section 3.2.3). */
static size_t connect_key(struct span target, uint8_t *key)
{
    ptrdiff_t colon = span_find_last(target, ':');
    bool has_port = colon != SPAN_NOT_FOUND && (size_t)colon + 1 < target.size;
    bool whole = authority_size(target) == target.size;
    return has_port && whole ? value_key_url(target, key) : 0;
}

size_t value_key_request(struct span host, unsigned port, struct span target, uint8_t *key)
{
    struct span scheme;
    (void)value_url_split(target, &scheme);
    if (scheme.size > 0) {
        return value_key_url(target, key);
    }
    bool asterisk = span_equal(target, SPAN("*")); /* OPTIONS * (RFC 9112 section 3.2.4) */
    bool origin = target.size > 0 && (target.data[0] == '/' || target.data[0] == '?');
    if (!origin && !asterisk) {
        return connect_key(target, key);
    }
    if (authority_size(host) != host.size) {
        return 0; /* a host that would run into the path */
    }
    struct writer w = { .key = key };
    int port_else = port == 0 || port > PORT_MAX ? PORT_NONE : (int)port;
    if (put_authority(&w, scheme, host, port_else) != ERR_OK) {
        return 0;
    }
    put_resource(&w, asterisk ? span_of("") : target);
    return w.full ? 0 : w.size;
}
