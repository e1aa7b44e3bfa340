// SPDX-License-Identifier: EUPL-1.2
/*
 * What people write on a line of a list: which kind of value it is, and how far it reaches.
 */
#include "base/must.h"
#include "value/internal.h"
#include "value/pattern.h"

enum { TOP_LABEL_SIZE_MIN = 2 };

static uint8_t first(struct span text)
{
    return text.size == 0 ? 0 : text.data[0];
}

static uint8_t last(struct span text)
{
    return text.size == 0 ? 0 : text.data[text.size - 1];
}

/* Takes off white space, quotes, angle brackets, and a comma or semicolon at the end. */
static struct span peel(struct span raw)
{
    size_t size_before = 0;
    struct span text = raw;
    do {
        size_before = text.size;
        text = span_trim(text);
        if (last(text) == ',' || last(text) == ';') {
            text = span_slice(text, 0, text.size - 1);
        }
        uint8_t mark = first(text);
        bool quoted = (mark == '"' || mark == '\'' || mark == '`') && last(text) == mark;
        bool angled = mark == '<' && last(text) == '>';
        if (text.size > 1 && (quoted || angled)) {
            text = span_slice(text, 1, text.size - 1);
        }
    } while (text.size < size_before);
    return text;
}

/* Takes "=", "." or "*." off the front of a name; they say how far it reaches. */
static struct span scope_take(struct span text, enum value_scope *ret_scope)
{
    if (first(text) == '=') {
        *ret_scope = VALUE_SCOPE_EXACT;
        return span_from(text, 1);
    }
    if (first(text) == '.') {
        *ret_scope = VALUE_SCOPE_SUBDOMAINS_ONLY;
        return span_from(text, 1);
    }
    if (span_starts_with(text, SPAN("*."))) {
        *ret_scope = VALUE_SCOPE_SUBDOMAINS_ONLY;
        return span_from(text, 2);
    }
    *ret_scope = VALUE_SCOPE_SUBDOMAINS;
    return text;
}

/* Whether a canonical name looks like one of the public tree: two labels or more, the last of
 * letters or an A-label. */
static bool name_is_public(struct span name)
{
    ptrdiff_t dot = span_find_last(name, '.');
    if (dot == SPAN_NOT_FOUND) {
        return false;
    }
    struct span top = span_from(name, (size_t)dot + 1);
    if (span_starts_with(top, SPAN("xn--"))) {
        return true;
    }
    for (size_t i = 0; i < top.size; i++) {
        if (top.data[i] < 'a' || top.data[i] > 'z') {
            return false;
        }
    }
    return top.size >= TOP_LABEL_SIZE_MIN;
}

static bool has_white_space(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] <= ' ') {
            return true;
        }
    }
    return false;
}

/* Whether the host of a canonical URL without scheme is a public name or an address. */
static bool url_host_is_public(struct span key)
{
    ptrdiff_t slash = span_find(key, '/');
    must(slash != SPAN_NOT_FOUND);
    struct span host = span_slice(key, 0, (size_t)slash);
    ptrdiff_t colon = span_find_last(host, ':');
    if (colon != SPAN_NOT_FOUND && last(host) != ']') {
        host = span_slice(host, 0, (size_t)colon);
    }
    uint8_t address[VALUE_IPV6_SIZE];
    return name_is_public(host) || value_key_address(host, address) > 0;
}

/* "198.51.100.0/33" and "198.51.100.0/24#x" are ranges gone wrong, not URLs with the path "/33". */
static bool is_nearly_range(struct span key)
{
    size_t slash = (size_t)span_find(key, '/');
    uint8_t address[VALUE_IPV6_SIZE];
    uint8_t range[VALUE_CIDR_IPV6_SIZE];
    uint64_t number = 0;
    bool counted = span_to_u64(span_from(key, slash + 1), &number) != ERR_FORMAT;
    bool masked = value_key_address(span_from(key, slash + 1), address) > 0; /* 0.0.0.255 */
    return value_cidr_read(key, range) > 0 ||
           ((counted || masked) && value_key_address(span_slice(key, 0, slash), address) > 0);
}

/* Takes off the star that stands behind a path's "/" and the "?*" behind a path; they say how far a
 * URL reaches. */
static struct span url_scope_take(struct span text, enum value_scope *ret_scope)
{
    *ret_scope = VALUE_SCOPE_EXACT;
    if (span_ends_with(text, SPAN("/*"))) {
        *ret_scope = VALUE_SCOPE_PREFIX;
        return span_slice(text, 0, text.size - 1);
    }
    if (span_ends_with(text, SPAN("?*"))) {
        *ret_scope = VALUE_SCOPE_ANY_QUERY;
        return span_slice(text, 0, text.size - 2);
    }
    return text;
}

/* Whether a URL of that scope can be an indicator. */
static bool url_scope_fits(struct span key, enum value_scope scope)
{
    if (scope == VALUE_SCOPE_ANY_QUERY) {
        return span_find(key, '?') == SPAN_NOT_FOUND;
    }
    return scope != VALUE_SCOPE_PREFIX || value_url_prefix_fits(key);
}

/* A list's line with a space in it holds a URL and something else, not a URL with a space. */
static enum err recognise_url(struct span text, struct value_buf *buf, struct value *ret,
                              enum value_scope *ret_scope)
{
    enum value_scope scope = VALUE_SCOPE_EXACT;
    text = url_scope_take(text, &scope);
    if (has_white_space(text)) {
        return ERR_FORMAT;
    }
    struct value value;
    TRY(value_parse(VALUE_URL, text, buf, &value));
    bool bare = value.scheme.size == 0;
    if (bare && (!url_host_is_public(value.key) || is_nearly_range(value.key))) {
        return ERR_FORMAT;
    }
    if (!url_scope_fits(value.key, scope)) {
        return ERR_FORMAT;
    }
    *ret = value;
    *ret_scope = scope;
    return ERR_OK;
}

/* The same where a column says that it is a URL: then "localhost/a" is one, and one label. */
static enum err recognise_url_cell(struct span text, struct value_buf *buf, struct value *ret,
                                   enum value_scope *ret_scope)
{
    enum value_scope scope = VALUE_SCOPE_EXACT;
    struct value value;
    TRY(value_parse(VALUE_URL, url_scope_take(text, &scope), buf, &value));
    if (!url_scope_fits(value.key, scope)) {
        return ERR_FORMAT;
    }
    *ret = value;
    *ret_scope = scope;
    return ERR_OK;
}

static enum err recognise_email(struct span text, struct value_buf *buf, struct value *ret)
{
    struct value value;
    TRY(value_parse(VALUE_EMAIL, text, buf, &value));
    size_t host = (size_t)span_find_last(value.key, '@') + 1;
    struct span name = span_from(value.key, host);
    if (first(name) != '[' && !name_is_public(name)) {
        return ERR_FORMAT;
    }
    *ret = value;
    return ERR_OK;
}

static enum err recognise_with_slash(struct span text, struct value_buf *buf, struct value *ret,
                                     enum value_scope *ret_scope)
{
    if (value_parse(VALUE_CIDR, text, buf, ret) == ERR_OK) {
        *ret_scope = VALUE_SCOPE_EXACT;
        return ERR_OK;
    }
    return recognise_url(text, buf, ret, ret_scope);
}

static enum err recognise_domain(struct span text, struct value_buf *buf, struct value *ret,
                                 enum value_scope *ret_scope)
{
    enum value_scope scope = VALUE_SCOPE_EXACT;
    struct value value;
    TRY(value_parse(VALUE_DOMAIN, scope_take(text, &scope), buf, &value));
    if (!name_is_public(value.key)) {
        return ERR_FORMAT;
    }
    *ret = value;
    *ret_scope = scope;
    return ERR_OK;
}

static enum err recognise_digest(struct span text, struct value_buf *buf, struct value *ret)
{
    enum value_kind kind = VALUE_NONE;
    size_t size = value_key_digest(text, buf->key, &kind);
    if (size == 0) {
        return ERR_FORMAT;
    }
    *ret = (struct value){ .kind = kind, .key = span_make(buf->key, size) };
    return ERR_OK;
}

/* "example.org/@someone" is a URL, though '/' may stand in a local part. */
static bool may_be_email(struct span text)
{
    ptrdiff_t at = span_find(text, '@');
    ptrdiff_t slash = span_find(text, '/');
    return at != SPAN_NOT_FOUND && (slash == SPAN_NOT_FOUND || at < slash);
}

/* What says by its look which kind it is, and reaches no further than itself. */
static bool recognise_plain(struct span text, struct value_buf *buf, struct value *ret)
{
    return recognise_digest(text, buf, ret) == ERR_OK ||
           value_parse(VALUE_IPV4, text, buf, ret) == ERR_OK ||
           value_parse(VALUE_IP_PORT, text, buf, ret) == ERR_OK ||
           value_parse(VALUE_JA4, text, buf, ret) == ERR_OK ||
           (may_be_email(text) && recognise_email(text, buf, ret) == ERR_OK);
}

/* The kinds that cannot be taken for one another come first. */
static enum err recognise_text(struct span text, struct value_buf *buf, struct value *ret,
                               enum value_scope *ret_scope)
{
    struct span scheme;
    (void)value_url_split(text, &scheme);
    if (scheme.size > 0) {
        return recognise_url(text, buf, ret, ret_scope);
    }
    if (recognise_plain(text, buf, ret)) {
        *ret_scope = VALUE_SCOPE_EXACT;
        return ERR_OK;
    }
    if (span_find(text, '/') != SPAN_NOT_FOUND) {
        return recognise_with_slash(text, buf, ret, ret_scope);
    }
    return recognise_domain(text, buf, ret, ret_scope);
}

static enum err recognise_text_as(enum value_kind kind, struct span text, struct value_buf *buf,
                                  struct value *ret, enum value_scope *ret_scope)
{
    switch (kind) {
    case VALUE_DOMAIN:
        return recognise_domain(text, buf, ret, ret_scope);
    case VALUE_URL:
        return recognise_url_cell(text, buf, ret, ret_scope);
    case VALUE_IPV4:
    case VALUE_IPV6:
        TRY(value_parse(VALUE_CIDR, text, buf, ret)); /* address columns hold ranges too */
        break;
    default:
        TRY(value_parse(kind, text, buf, ret));
        break;
    }
    *ret_scope = VALUE_SCOPE_EXACT;
    return ERR_OK;
}

/* VALUE_NONE leaves the kind to be recognised. */
static enum err recognise(enum value_kind kind, struct span raw, struct value_buf *buf,
                          struct value *ret, enum value_scope *ret_scope)
{
    uint8_t refanged[VALUE_TEXT_SIZE_MAX];
    struct span text = peel(raw);
    if (text.size > sizeof refanged) {
        return ERR_LIMIT;
    }
    if (value_is_defanged(text)) {
        text = peel(span_make(refanged, value_refang(text, refanged)));
    }
    if (kind == VALUE_NONE) {
        return recognise_text(text, buf, ret, ret_scope);
    }
    return recognise_text_as(kind, text, buf, ret, ret_scope);
}

enum err value_recognise(struct span raw, struct value_buf *buf, struct value *ret,
                         enum value_scope *ret_scope)
{
    return recognise(VALUE_NONE, raw, buf, ret, ret_scope);
}

enum err value_recognise_as(enum value_kind kind, struct span raw, struct value_buf *buf,
                            struct value *ret, enum value_scope *ret_scope)
{
    must(kind != VALUE_NONE);
    return recognise(kind, raw, buf, ret, ret_scope);
}

/* An escape may stand for one of them. */
bool value_url_prefix_fits(struct span key)
{
    size_t depth = 0;
    for (size_t i = 0; i < key.size; i++) {
        uint8_t byte = key.data[i];
        depth += byte == '/' || byte == '?' || byte == '&' || byte == '%' ? 1 : 0;
    }
    return depth <= VALUE_PREFIX_DEPTH_MAX;
}

/* The key that a URL of a stated scope has; `key` lies in `buf`. */
static struct span url_key_scoped(struct span key, enum value_scope scope, struct value_buf *buf)
{
    ptrdiff_t question = span_find(key, '?');
    if (scope == VALUE_SCOPE_ANY_QUERY && question != SPAN_NOT_FOUND) {
        return span_slice(key, 0, (size_t)question);
    }
    for (size_t i = 0; scope == VALUE_SCOPE_CASELESS && i < key.size; i++) {
        uint8_t byte = key.data[i];
        buf->key[i] = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
    }
    return key;
}

enum err value_recognise_scoped(enum value_kind kind, enum value_scope scope, struct span raw,
                                struct value_buf *buf, struct value *ret, struct buf *reason)
{
    if (scope == VALUE_SCOPE_LIKE || scope == VALUE_SCOPE_REGEX) {
        return kind == VALUE_NONE ? ERR_FORMAT
                                  : value_pattern_parse(kind, scope, raw, buf, ret, reason);
    }
    struct value value;
    enum value_scope written = VALUE_SCOPE_EXACT;
    struct span text = peel(raw);
    if (scope == VALUE_SCOPE_PREFIX && last(text) == '*') {
        text = span_slice(text, 0, text.size - 1);
    }
    TRY(recognise(kind, text, buf, &value, &written));
    if (!value_scope_fits(value.kind, scope)) {
        return ERR_FORMAT;
    }
    value.key = value.kind == VALUE_URL ? url_key_scoped(value.key, scope, buf) : value.key;
    if (value.kind == VALUE_URL && !url_scope_fits(value.key, scope)) {
        return ERR_FORMAT;
    }
    *ret = value;
    return ERR_OK;
}
