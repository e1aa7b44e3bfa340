// SPDX-License-Identifier: EUPL-1.2
/*
 * Hot path: from a field's text to keys, by the field's class. No allocation; keys are written
 * straight into the line's key space. Nearly all of the time is that of value_key_*().
 *
 * Every text is padded: it is a piece of a line, of the reader's own room for unescaped text, or of
 * the key space, and behind each of these more can be read.
 */
#include "observe/gather_value.h"

#include "base/must.h"

/* Where the next key is written; NULL, and the line is marked as cut, when the line is full. */
static uint8_t *key_room(struct gather *g)
{
    if (g->line->count >= OBSERVE_OBSERVATION_COUNT_MAX || g->keys_used > OBSERVE_KEYS_SIZE_MAX) {
        g->line->cut = true;
        return NULL;
    }
    return g->keys + g->keys_used;
}

/* The add_ functions: true where the text held a value of the class, kept or not for want of room.
 */

static bool add_address(struct gather *g, struct span text, struct span observed)
{
    uint8_t *key = key_room(g);
    if (key == NULL) {
        return true;
    }
    size_t size = value_key_address_padded(text, key);
    if (size == 0) {
        return false;
    }
    gather_keep(g, gather_address_kind(size), size, observed);
    return true;
}

/* The key of a name below which data was hidden: tunnels write what they like into the leading
 * labels
 * ("dGVzdA==.evil.example"), which is no name by any rule. They stand as one label "_" above the
 * part that is a name of at least two labels, so that the name above is met, and no exact name is.
 * Returns 0 where there is no such part. */
static size_t hidden_name_key(struct span text, uint8_t *key)
{
    static const uint8_t label[] = { '_', '.' };
    size_t most = VALUE_DOMAIN_SIZE_MAX - sizeof label + 1; /* a trailing dot is dropped */
    struct span rest = text.size > most ? span_from(text, text.size - most) : text;
    ptrdiff_t dot = span_find(rest, '.');
    while (dot != SPAN_NOT_FOUND) {
        rest = span_from(rest, (size_t)dot + 1);
        size_t size = value_key_domain(rest, key + sizeof label);
        dot = span_find(rest, '.');
        if (size > 0 && dot != SPAN_NOT_FOUND && (size_t)dot + 1 < rest.size) {
            span_copy(key, sizeof label, span_make(label, sizeof label));
            return sizeof label + size;
        }
    }
    return 0;
}

static bool add_domain(struct gather *g, struct span text, struct span observed)
{
    uint8_t *key = key_room(g);
    if (key == NULL) {
        return true;
    }
    size_t size = value_key_domain(text, key);
    if (size == 0) {
        size = hidden_name_key(text, key);
    }
    if (size == 0) {
        return false;
    }
    gather_keep(g, VALUE_DOMAIN, size, observed);
    return true;
}

static bool add_digest(struct gather *g, struct span text)
{
    uint8_t *key = key_room(g);
    if (key == NULL) {
        return true;
    }
    enum value_kind kind = VALUE_NONE;
    size_t size = value_key_digest(text, key, &kind);
    if (size == 0) {
        return false;
    }
    gather_keep(g, kind, size, text);
    return true;
}

/* Mail writes an address as "[192.0.2.5]" or "[IPv6:2001:db8::5]" where a name could stand (RFC
 * 5321, section 4.1.3), URLs write the IPv6 one as "[2001:db8::5]". */
static struct span without_brackets(struct span text)
{
    if (text.size < 2 || text.data[0] != '[' || text.data[text.size - 1] != ']') {
        return text;
    }
    struct span inner = span_slice(text, 1, text.size - 1);
    bool tagged = span_starts_with_nocase(inner, SPAN("IPv6:"));
    return tagged ? span_from(inner, sizeof "IPv6:" - 1) : inner;
}

static bool add_name(struct gather *g, struct span text, struct span observed)
{
    return add_address(g, without_brackets(text), observed) || add_domain(g, text, observed);
}

/* As add_name(), but a word without a dot inside is no name: it is rather text ("Snozberry"). */
static bool add_dotted_name(struct gather *g, struct span text, struct span observed)
{
    if (add_address(g, text, observed)) {
        return true;
    }
    ptrdiff_t dot = span_find(text, '.');
    if (dot == SPAN_NOT_FOUND || (size_t)dot + 1 == text.size) {
        return false;
    }
    return add_domain(g, text, observed);
}

static bool all_digits(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return false;
        }
    }
    return true;
}

/* "host:80" and "[::1]:80" without the port, "host:" without its colon; "::1" as it is. */
static struct span without_port(struct span text)
{
    ptrdiff_t colon = span_find_last(text, ':');
    if (colon == SPAN_NOT_FOUND || !all_digits(span_from(text, (size_t)colon + 1))) {
        return text;
    }
    struct span host = span_slice(text, 0, (size_t)colon);
    bool bracketed = host.size > 1 && host.data[0] == '[' && host.data[host.size - 1] == ']';
    bool single_colon = span_find(host, ':') == SPAN_NOT_FOUND;
    return bracketed || single_colon ? host : text;
}

static bool add_host(struct gather *g, struct span text)
{
    return add_name(g, without_port(text), text);
}

static struct span without_wildcard(struct span text)
{
    return span_starts_with(text, SPAN("*.")) ? span_from(text, 2) : text;
}

/* The host of a URL's key, which is host[:port]path[?query]. */
static struct span url_key_host(struct span key)
{
    size_t end = 0;
    while (end < key.size && key.data[end] != '/' && key.data[end] != '?') {
        end++;
    }
    struct span authority = span_slice(key, 0, end);
    ptrdiff_t user_end = span_find_last(authority, '@');
    if (user_end != SPAN_NOT_FOUND) {
        authority = span_from(authority, (size_t)user_end + 1);
    }
    return without_port(authority);
}

static bool add_url(struct gather *g, struct span text)
{
    uint8_t *key = key_room(g);
    if (key == NULL) {
        return true;
    }
    size_t size = value_key_url(text, key);
    if (size == 0) {
        return false;
    }
    gather_keep(g, VALUE_URL, size, text);
    (void)add_name(g, url_key_host(span_make(key, size)), text);
    return true;
}

static bool add_location(struct gather *g, struct span text)
{
    ptrdiff_t scheme_end = span_find_span(text, SPAN("://"));
    bool absolute = scheme_end > 0 && span_find(text, '/') == scheme_end + 1;
    return !absolute || add_url(g, text);
}

static bool add_email(struct gather *g, struct span text)
{
    uint8_t *key = key_room(g);
    if (key == NULL) {
        return true;
    }
    size_t size = value_key_email(text, key);
    if (size == 0) {
        return false;
    }
    gather_keep(g, VALUE_EMAIL, size, text);
    struct span address = span_make(key, size);
    ptrdiff_t at = span_find_last(address, '@');
    must(at != SPAN_NOT_FOUND);
    (void)add_name(g, span_from(address, (size_t)at + 1), text);
    return true;
}

/* Cut the first address off a list as mail headers write it: commas and semicolons stand between
 * addresses, but not inside quotes or angle brackets (RFC 5322, section 3.4). */
static struct span email_list_next(struct span *rest)
{
    bool quoted = false;
    bool bracketed = false;
    size_t end = 0;
    for (; end < rest->size; end++) {
        uint8_t byte = rest->data[end];
        if (quoted && byte == '\\') {
            end++;
        } else if (byte == '"') {
            quoted = !quoted;
        } else if (!quoted && (byte == '<' || byte == '>')) {
            bracketed = byte == '<';
        } else if (!quoted && !bracketed && (byte == ',' || byte == ';')) {
            break;
        }
    }
    end = end < rest->size ? end : rest->size; /* a backslash may stand last */
    struct span piece = span_slice(*rest, 0, end);
    *rest = end < rest->size ? span_from(*rest, end + 1) : (struct span){ NULL, 0 };
    return span_trim(piece);
}

static bool add_email_list(struct gather *g, struct span text)
{
    bool all_fit = true;
    struct span rest = text;
    while (rest.size > 0) {
        struct span piece = email_list_next(&rest);
        /* "<>" is the sender of an undeliverable report (RFC 5321, section 4.5.5): nobody. */
        bool nobody = piece.size == 0 || span_equal(piece, SPAN("<>"));
        if (!nobody && !add_email(g, piece)) {
            all_fit = false;
        }
    }
    return all_fit;
}

static bool add_forwarded(struct gather *g, struct span text)
{
    bool all_fit = true;
    struct span rest = text;
    struct span piece = { NULL, 0 };
    while (span_next(&rest, ',', &piece)) {
        piece = span_trim(piece);
        if (piece.size > 0 && !add_address(g, without_port(piece), piece)) {
            all_fit = false;
        }
    }
    return all_fit;
}

static bool add_cert_name(struct gather *g, struct span text)
{
    if (span_find(text, '@') != SPAN_NOT_FOUND) {
        return add_email(g, text);
    }
    return add_name(g, without_wildcard(text), text);
}

/* One "TYPE=value" of a distinguished name. Only a common name and an e-mail address speak. */
static void add_dn_part(struct gather *g, struct span part)
{
    ptrdiff_t equals = span_find(part, '=');
    if (equals == SPAN_NOT_FOUND) {
        return;
    }
    struct span type = span_trim(span_slice(part, 0, (size_t)equals));
    bool name = span_equal_nocase(type, SPAN("CN"));
    bool address =
        span_equal_nocase(type, SPAN("emailAddress")) || span_equal_nocase(type, SPAN("E"));
    if (!name && !address) {
        return;
    }
    struct span value = span_trim(span_from(part, (size_t)equals + 1));
    if (name) {
        (void)add_dotted_name(g, without_wildcard(value), value);
    } else {
        (void)add_email(g, value);
    }
}

/* Cut the first part off, up to a separator without a backslash before it. */
static bool dn_next_escaped(struct span *rest, uint8_t separator, struct span *ret)
{
    size_t end = 0;
    if (rest->size == 0) {
        return false;
    }
    while (end < rest->size && rest->data[end] != separator) {
        end += rest->data[end] == '\\' ? 2 : 1;
    }
    end = end < rest->size ? end : rest->size;
    *ret = span_slice(*rest, 0, end);
    *rest = span_from(*rest, end < rest->size ? end + 1 : end);
    return true;
}

/* A distinguished name: parts with commas between them, a backslash before a comma that is part of
 * a value (RFC 4514); or OpenSSL's older "/C=NL/CN=www.example.org". */
static void add_dn(struct gather *g, struct span text)
{
    uint8_t separator = text.data[0] == '/' ? '/' : ',';
    struct span rest = text;
    struct span part = { NULL, 0 };
    if (span_find(text, '\\') != SPAN_NOT_FOUND) {
        while (dn_next_escaped(&rest, separator, &part)) {
            add_dn_part(g, part);
        }
        return;
    }
    while (span_next(&rest, separator, &part)) {
        add_dn_part(g, part);
    }
}

/* What the format promises to be a value and is none counts as refused; of fields that people or
 * programs may fill as they like it is only said that they held none. */
void gather_value(struct gather *g, enum field_class field_class, struct span value)
{
    bool fits = true;
    switch (field_class) {
    case CLASS_NONE:
    case FIELD_CLASS_COUNT:
        return;
    case CLASS_ADDRESS:
        g->line->refused += add_address(g, value, value) ? 0u : 1u;
        return;
    case CLASS_DIGEST:
        g->line->refused += add_digest(g, value) ? 0u : 1u;
        return;
    case CLASS_HOST:
        fits = add_host(g, value);
        break;
    case CLASS_DOMAIN:
        fits = add_domain(g, value, value);
        break;
    case CLASS_ANSWER:
        (void)add_dotted_name(g, value, value);
        return;
    case CLASS_URL:
        fits = add_url(g, value);
        break;
    case CLASS_LOCATION:
        fits = add_location(g, value);
        break;
    case CLASS_EMAIL:
        fits = add_email_list(g, value);
        break;
    case CLASS_DN:
        add_dn(g, value);
        return;
    case CLASS_CERT_NAME:
        fits = add_cert_name(g, value);
        break;
    case CLASS_FORWARDED:
        fits = add_forwarded(g, value);
        break;
    }
    g->line->unfit += fits ? 0u : 1u;
}

void gather_value_request(struct gather *g, struct span host, unsigned port, struct span target,
                          bool host_known)
{
    uint8_t *key = key_room(g);
    if (key == NULL) {
        return;
    }
    size_t size = value_key_request(host, port, target, key);
    if (size == 0) {
        g->line->unfit++;
        return;
    }
    struct span url = span_make(key, size);
    gather_keep(g, VALUE_URL, size, url);
    if (!host_known) {
        (void)add_name(g, url_key_host(url), url);
    }
}
