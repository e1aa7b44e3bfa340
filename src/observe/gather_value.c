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
#include "base/text.h"
#include "base/uuid.h"

enum { PORT_MAX = 65535 };

/* Where the next key is written; NULL, and the line is marked as cut, when the line is full. */
static uint8_t *key_room(struct gather *g)
{
    if (g->line->count >= OBSERVE_OBSERVATION_COUNT_MAX || g->keys_used > OBSERVE_KEYS_SIZE_MAX) {
        g->line->cut = true;
        return NULL;
    }
    return g->keys + g->keys_used;
}

bool gather_add_address(struct gather *g, struct span text, struct span observed)
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

static bool add_plain_domain(struct gather *g, struct span text, struct span observed)
{
    uint8_t *key = key_room(g);
    if (key == NULL) {
        return true;
    }
    size_t size = value_key_domain(text, key);
    if (size > 0) {
        gather_keep(g, VALUE_DOMAIN, size, observed);
    }
    return size > 0;
}

static bool add_hidden_domain(struct gather *g, struct span text, struct span observed)
{
    uint8_t *key = key_room(g);
    if (key == NULL) {
        return true;
    }
    size_t size = hidden_name_key(text, key);
    if (size > 0) {
        gather_keep(g, VALUE_DOMAIN, size, observed);
    }
    return size > 0;
}

static bool add_domain(struct gather *g, struct span text, struct span observed)
{
    return add_plain_domain(g, text, observed) || add_hidden_domain(g, text, observed);
}

static bool add_digest(struct gather *g, struct span text, enum value_kind *ret_kind)
{
    uint8_t *key = key_room(g);
    if (key == NULL) {
        return true;
    }
    size_t size = value_key_digest(text, key, ret_kind);
    if (size == 0) {
        return false;
    }
    gather_keep(g, *ret_kind, size, text);
    return true;
}

/* The digest that was kept last, once more under a kind of its own, where that is wanted. */
static void add_again(struct gather *g, enum value_kind kind)
{
    if (!gather_wants(g, kind) || key_room(g) == NULL) {
        return;
    }
    struct observation *again = &g->observations[g->line->count];
    *again = again[-1];
    again->kind = kind;
    g->line->count++;
}

/* A file may be a certificate: then its digest is one that was shared as a certificate's. Zeek
 * before 4.1 tells the digests of certificates in files.log only. */
static bool add_cert_digest(struct gather *g, struct span text)
{
    enum value_kind kind = VALUE_NONE;
    bool fits = add_digest(g, text, &kind);
    if (kind == VALUE_SHA1) {
        add_again(g, VALUE_CERT_SHA1);
    } else if (kind == VALUE_SHA256) {
        add_again(g, VALUE_CERT_SHA256);
    }
    return fits;
}

/* A fingerprint that is an MD5: `kind`, and bare. */
static void add_fingerprint(struct gather *g, struct span text, enum value_kind kind)
{
    enum value_kind bare = VALUE_NONE;
    (void)add_digest(g, text, &bare);
    if (bare == VALUE_MD5) {
        add_again(g, kind);
    }
}

/* Values that any text is, or that nobody wonders about where they are none. */
static void add_plain(struct gather *g, struct span text, enum value_kind kind)
{
    uint8_t *key = key_room(g);
    if (key == NULL) {
        return;
    }
    size_t size = 0;
    if (kind == VALUE_JA4) {
        size = value_key_ja4(text, key);
    } else if (kind == VALUE_USER_AGENT) {
        size = value_key_user_agent(text, key);
    } else {
        size = value_key_file_name(text, key);
    }
    if (size > 0) {
        gather_keep(g, kind, size, text);
    }
}

/* "%27" for each byte that it stands for; all else as it is. Returns the size, 0 where there is no
 * such escape or no room. */
static size_t unescape(struct span text, uint8_t *plain, size_t size_max)
{
    enum { ESCAPE_SIZE = 3 };
    size_t size = 0;
    bool any = false;
    for (size_t at = 0; at < text.size; size++) {
        bool whole = text.data[at] == '%' && text.size - at >= ESCAPE_SIZE;
        int high = whole ? hex_digit(text.data[at + 1]) : -1;
        int low = whole ? hex_digit(text.data[at + 2]) : -1;
        bool escape = high >= 0 && low >= 0;
        if (size == size_max) {
            return 0;
        }
        plain[size] = text.data[at];
        if (escape) {
            plain[size] = (uint8_t)(high << 4 | low); /* 4 bits a digit */
        }
        at += escape ? ESCAPE_SIZE : 1;
        any = any || escape;
    }
    return any ? size : 0;
}

static bool is_printable(struct span text)
{
    bool printable = text_valid_size(text) == text.size;
    for (size_t i = 0; i < text.size; i++) {
        printable = printable && text.data[i] >= ' ' && text.data[i] != 0x7F; /* DEL */
    }
    return printable;
}

/* What Suricata logs as the name of a file that HTTP brought is the path that was asked for. */
static void add_unescaped_name(struct gather *g, struct span path)
{
    uint8_t plain[VALUE_FILE_NAME_SIZE_MAX];
    ptrdiff_t slash = span_find_last(path, '/');
    uint8_t *key = key_room(g);
    if (slash == SPAN_NOT_FOUND || path.data[0] != '/' || key == NULL) {
        return;
    }
    size_t size = unescape(span_from(path, (size_t)slash + 1), plain, sizeof plain);
    struct span name = span_make(plain, size);
    size = is_printable(name) ? value_key_file_name(name, key) : 0;
    if (size > 0) {
        gather_keep(g, VALUE_FILE_NAME, size, path);
    }
}

/* AS 0 stands for addresses that nobody routes (RFC 7607); a log means that it knows none. */
static void add_asn(struct gather *g, struct span text)
{
    static const uint8_t none[VALUE_ASN_SIZE];
    uint8_t *key = key_room(g);
    size_t size = key == NULL ? 0 : value_key_asn(text, key);
    if (size > 0 && !span_equal(span_make(key, size), span_make(none, sizeof none))) {
        gather_keep(g, VALUE_ASN, size, text);
    }
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

bool gather_add_name(struct gather *g, struct span text, struct span observed)
{
    return gather_add_address(g, without_brackets(text), observed) || add_domain(g, text, observed);
}

bool gather_add_dotted_name(struct gather *g, struct span text, struct span observed)
{
    if (gather_add_address(g, text, observed)) {
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

struct span gather_without_port(struct span text)
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

unsigned gather_port(struct span text)
{
    uint64_t port = 0;
    if (span_to_u64(text, &port) != ERR_OK || port > PORT_MAX) {
        return 0;
    }
    return (unsigned)port;
}

void gather_value_ip_port(struct gather *g, struct span address, unsigned port)
{
    uint8_t *key = key_room(g);
    if (!gather_wants(g, VALUE_IP_PORT) || port == 0 || key == NULL) {
        return;
    }
    uint8_t bytes[VALUE_IPV6_SIZE];
    size_t size = value_key_address(address, bytes);
    if (size > 0) {
        size = value_key_ip_port(span_make(bytes, size), port, key);
        gather_keep(g, VALUE_IP_PORT, size, address);
    }
}

static bool add_host(struct gather *g, struct span text)
{
    struct span host = gather_without_port(text);
    bool fits = gather_add_name(g, host, text);
    if (host.size + 1 < text.size) {
        gather_value_ip_port(g, host, gather_port(span_from(text, host.size + 1)));
    }
    return fits;
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
    return gather_without_port(authority);
}

bool gather_add_url(struct gather *g, struct span text)
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
    (void)gather_add_name(g, url_key_host(span_make(key, size)), text);
    return true;
}

bool gather_is_absolute(struct span text)
{
    ptrdiff_t scheme_end = span_find_span(text, SPAN("://"));
    return scheme_end > 0 && span_find(text, '/') == scheme_end + 1;
}

/* What somebody asked DNS for: a name, but programs that mistake one ask for addresses and URLs. */
static bool add_question(struct gather *g, struct span text)
{
    return add_plain_domain(g, text, text) || gather_add_address(g, text, text) ||
           (gather_is_absolute(text) && gather_add_url(g, text)) ||
           add_hidden_domain(g, text, text);
}

static bool add_location(struct gather *g, struct span text)
{
    return !gather_is_absolute(text) || gather_add_url(g, text);
}

bool gather_add_email(struct gather *g, struct span text, struct span observed)
{
    uint8_t *key = key_room(g);
    if (key == NULL) {
        return true;
    }
    size_t size = value_key_email(text, key);
    if (size == 0) {
        return false;
    }
    gather_keep(g, VALUE_EMAIL, size, observed);
    struct span address = span_make(key, size);
    ptrdiff_t at = span_find_last(address, '@');
    must(at != SPAN_NOT_FOUND);
    (void)gather_add_name(g, span_from(address, (size_t)at + 1), observed);
    return true;
}

/* Kinds that few ask for, by the class that gives nothing else: what nobody wants of them is not
 * read. All other classes may be refused or unfit, which is counted whatever is wanted. */
#define BIT(kind) ((uint32_t)1 << (kind))
static const uint32_t kinds_of_class[FIELD_CLASS_COUNT] = {
    [CLASS_JA3] = BIT(VALUE_JA3) | BIT(VALUE_MD5),
    [CLASS_JA3S] = BIT(VALUE_JA3S) | BIT(VALUE_MD5),
    [CLASS_HASSH] = BIT(VALUE_HASSH) | BIT(VALUE_MD5),
    [CLASS_JA4] = BIT(VALUE_JA4),
    [CLASS_USER_AGENT] = BIT(VALUE_USER_AGENT),
    [CLASS_FILE_NAME] = BIT(VALUE_FILE_NAME),
    [CLASS_FILE_PATH] = BIT(VALUE_FILE_NAME),
    [CLASS_ASN] = BIT(VALUE_ASN),
};

bool observe_class_is_wanted(enum field_class field_class, uint32_t wanted)
{
    uint32_t kinds = kinds_of_class[field_class];
    return kinds == 0 || (kinds & wanted) != 0;
}

/* The classes of which any text is a value, or none. */
static void value_say(struct gather *g, enum field_class field_class, struct span value)
{
    enum value_kind kind = VALUE_NONE;
    if (!observe_class_is_wanted(field_class, g->wanted)) {
        return;
    }
    switch (field_class) {
    case CLASS_ANSWER:
        (void)gather_add_dotted_name(g, value, value);
        break;
    case CLASS_HASH:
        (void)add_digest(g, value, &kind);
        break;
    case CLASS_JA3:
        add_fingerprint(g, value, VALUE_JA3);
        break;
    case CLASS_JA3S:
        add_fingerprint(g, value, VALUE_JA3S);
        break;
    case CLASS_HASSH:
        add_fingerprint(g, value, VALUE_HASSH);
        break;
    case CLASS_JA4:
        add_plain(g, value, VALUE_JA4);
        break;
    case CLASS_USER_AGENT:
        add_plain(g, value, VALUE_USER_AGENT);
        break;
    case CLASS_FILE_NAME:
        add_plain(g, value, VALUE_FILE_NAME);
        break;
    case CLASS_FILE_PATH:
        add_plain(g, value, VALUE_FILE_NAME);
        add_unescaped_name(g, value);
        break;
    case CLASS_ASN:
        add_asn(g, value);
        break;
    default:
        break;
    }
}

static bool add_file_url(struct gather *g, struct span text)
{
    if (!gather_is_absolute(text)) {
        return true;
    }
    if (gather_wants(g, VALUE_FILE_NAME)) {
        add_plain(g, text, VALUE_FILE_NAME);
    }
    return gather_add_url(g, text);
}

/* What the format promises to be a value and is none counts as refused; of fields that people or
 * programs may fill as they like it is only said that they held none. */
void gather_value(struct gather *g, enum field_class field_class, struct span value)
{
    bool fits = true;
    enum value_kind kind = VALUE_NONE;
    switch (field_class) {
    case CLASS_NONE:
        return;
    case CLASS_ADDRESS:
        g->line->refused += gather_add_address(g, value, value) ? 0u : 1u;
        return;
    case CLASS_DIGEST:
        g->line->refused += add_digest(g, value, &kind) ? 0u : 1u;
        return;
    case CLASS_CERT_DIGEST:
        g->line->refused += add_cert_digest(g, value) ? 0u : 1u;
        return;
    case CLASS_HOST:
        fits = add_host(g, value);
        break;
    case CLASS_DOMAIN:
        fits = add_question(g, value);
        break;
    case CLASS_URL:
        fits = gather_add_url(g, value);
        break;
    case CLASS_LOCATION:
        fits = add_location(g, value);
        break;
    case CLASS_FILE_URL:
        fits = add_file_url(g, value);
        break;
    case CLASS_ANSWER:
    case CLASS_HASH:
    case CLASS_JA3:
    case CLASS_JA3S:
    case CLASS_HASSH:
    case CLASS_JA4:
    case CLASS_USER_AGENT:
    case CLASS_FILE_NAME:
    case CLASS_FILE_PATH:
    case CLASS_ASN:
        value_say(g, field_class, value);
        return;
    default:
        fits = gather_text_value(g, field_class, value);
        break;
    }
    g->line->unfit += fits ? 0u : 1u;
}

/* A target that names a host itself goes there, whatever the Host header says (RFC 9112 section
 * 3.2.2); `url` is what was made of it. */
static bool goes_elsewhere(struct span host, struct span target, struct span url)
{
    bool origin = target.size > 0 && (target.data[0] == '/' || target.data[0] == '?');
    struct span name = url_key_host(url);
    bool same = span_starts_with_nocase(host, name) &&
                (host.size == name.size || host.data[name.size] == ':');
    return !origin && !same && !span_equal(target, SPAN("*"));
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
    if (!host_known || goes_elsewhere(host, target, url)) {
        (void)gather_add_name(g, url_key_host(url), url);
    }
}
