// SPDX-License-Identifier: EUPL-1.2
/*
 * MISP warninglists: values that indicators must not alert on. Each entry gives one item for each
 * kind that the list's matching_attributes name, in the way its type says:
 *
 *   cidr       addresses and ranges
 *   hostname   the name and all below it
 *   string     the value alone; a domain that begins with a point: the name and all below it
 *   substring  whatever holds it: a pattern of domains, URLs, file names, user agents
 *   regex      the same, between slashes with flags behind them
 *
 * E-mail addresses and digests have no patterns here: a list that is only about them gives none.
 */
#include <stdio.h>

#include "base/text.h"
#include "exchange/internal.h"

enum way { WAY_STRING = 0, WAY_CIDR, WAY_HOSTNAME, WAY_SUBSTRING, WAY_REGEX, WAY_COUNT };

static const char *const ways[WAY_COUNT] = { "string", "cidr", "hostname", "substring", "regex" };

struct warninglist {
    enum way way;
    uint32_t kinds; /* that matching_attributes name, a bit each; 0: all */
    struct json_walk entries;
    struct span entry;
    int pattern; /* the next of `patterns` for this entry; -1: the next entry's turn */
};

/* Kinds that may be patterns. */
static const enum value_kind patterns[] = { VALUE_DOMAIN, VALUE_URL, VALUE_FILE_NAME,
                                            VALUE_USER_AGENT };

enum { PATTERN_COUNT = sizeof patterns / sizeof patterns[0] };

/* ---- the list ---- */

static bool is_meant(const struct warninglist *list, enum value_kind kind)
{
    return list->kinds == 0 || (list->kinds & 1u << kind) != 0;
}

static void kinds_read(struct warninglist *list, struct json_value attributes)
{
    struct json_walk walk = json_walk_begin(attributes);
    while (json_walk_next(&walk)) {
        struct exchange_misp_type type;
        if (exchange_misp_type_find(json_string(walk.value), SPAN(""), &type) != ERR_OK) {
            continue;
        }
        for (size_t i = 0; i < type.part_count; i++) {
            list->kinds |= 1u << type.parts[i].kind;
        }
    }
}

static enum err way_read(struct op *op, struct span type, enum way *ret)
{
    for (int i = 0; i < WAY_COUNT; i++) {
        if (span_equal(type, span_of(ways[i]))) {
            *ret = (enum way)i;
            return ERR_OK;
        }
    }
    if (type.data == NULL) {
        *ret = WAY_STRING; /* as the format's description has it */
        return ERR_OK;
    }
    struct buf shown;
    buf_init(&shown, EXCHANGE_TEXT_SIZE_MAX);
    text_add_printable(&shown, type.size < 32 ? type : span_slice(type, 0, 32)); /* enough to see */
    enum err err = op_fail(op, ERR_FORMAT,
                           "a warninglist of type \"%.*s\": known are string, cidr, hostname, "
                           "substring and regex",
                           SPAN_FMT(buf_span(&shown)));
    buf_done(&shown);
    return err;
}

static enum err about_read(struct exchange_reader *reader, struct json_value root)
{
    struct span version = json_string(json_member(root, SPAN("version")));
    int64_t number = json_integer(json_member(root, SPAN("version")), -1);
    char digits[32];
    if (version.data == NULL && number >= 0) {
        int size = snprintf(digits, sizeof digits, "%lld", (long long)number);
        TRY(op_copy(reader->op, span_make(digits, (size_t)size), &version));
    }
    reader->about = (struct exchange_about){
        .name = json_string(json_member(root, SPAN("name"))),
        .description = json_string(json_member(root, SPAN("description"))),
        .type = json_string(json_member(root, SPAN("type"))),
        .category = json_string(json_member(root, SPAN("category"))),
        .version = version,
    };
    return ERR_OK;
}

enum err exchange_warninglist_open(struct op *op, struct exchange_reader *reader)
{
    struct json_value root;
    struct warninglist *list = op_alloc(op, sizeof *list);
    if (list == NULL) {
        return ERR_LIMIT;
    }
    *list = (struct warninglist){ .pattern = -1 };
    TRY(json_parse(op, span_from(reader->file, reader->at), &root));
    struct json_value entries = json_member(root, SPAN("list"));
    if (json_type(entries) != JSON_ARRAY) {
        return op_fail(op, ERR_FORMAT, "no MISP warninglist: there is no \"list\" in it");
    }
    TRY(way_read(op, json_string(json_member(root, SPAN("type"))), &list->way));
    TRY(about_read(reader, root));
    kinds_read(list, json_member(root, SPAN("matching_attributes")));
    list->entries = json_walk_begin(entries);
    reader->state = list;
    reader->line = 0;
    return ERR_OK;
}

/* ---- values ---- */

static enum exchange_refusal as_kind(struct exchange_reader *reader, enum value_kind kind,
                                     struct span text, struct exchange_item *item)
{
    item->scope = VALUE_SCOPE_EXACT;
    return value_parse(kind, text, &reader->value_buf, &item->value) == ERR_OK
               ? EXCHANGE_REFUSAL_NONE
               : EXCHANGE_REFUSAL_VALUE;
}

/* A name, perhaps with a point or "*." before it. */
static enum exchange_refusal name_read(struct exchange_reader *reader, struct span text, bool below,
                                       struct exchange_item *item)
{
    struct span name = text;
    if (span_starts_with(name, SPAN("*."))) {
        name = span_from(name, 2);
    } else if (span_starts_with(name, SPAN("."))) {
        name = span_from(name, 1);
    }
    enum exchange_refusal refusal = as_kind(reader, VALUE_DOMAIN, name, item);
    if (below || name.size < text.size) {
        item->scope = VALUE_SCOPE_SUBDOMAINS;
    }
    return refusal;
}

/* Some lists of names hold addresses too. */
static enum exchange_refusal host_read(struct exchange_reader *reader, struct span text,
                                       struct exchange_item *item)
{
    if (as_kind(reader, VALUE_IPV4, text, item) == EXCHANGE_REFUSAL_NONE) {
        return EXCHANGE_REFUSAL_NONE;
    }
    return name_read(reader, text, true, item);
}

/* A string of whatever kind, of those that are meant; the kinds that cannot be taken for one
 * another come first. */
static enum exchange_refusal string_read(struct exchange_reader *reader,
                                         const struct warninglist *list, struct exchange_item *item)
{
    static const enum value_kind kinds[] = { VALUE_MD5,  VALUE_SHA1,    VALUE_SHA256, VALUE_SHA512,
                                             VALUE_CIDR, VALUE_IP_PORT, VALUE_EMAIL };
    struct span text = list->entry;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        enum value_kind meant = kinds[i] == VALUE_CIDR ? VALUE_IPV4 : kinds[i];
        if (is_meant(list, meant) &&
            as_kind(reader, kinds[i], text, item) == EXCHANGE_REFUSAL_NONE) {
            return EXCHANGE_REFUSAL_NONE;
        }
    }
    bool path = span_find(text, '/') != SPAN_NOT_FOUND;
    if (!path && is_meant(list, VALUE_DOMAIN) &&
        name_read(reader, text, false, item) == EXCHANGE_REFUSAL_NONE) {
        return EXCHANGE_REFUSAL_NONE;
    }
    if (is_meant(list, VALUE_URL) &&
        as_kind(reader, VALUE_URL, text, item) == EXCHANGE_REFUSAL_NONE) {
        return EXCHANGE_REFUSAL_NONE;
    }
    static const enum value_kind named[] = { VALUE_USER_AGENT, VALUE_FILE_NAME, VALUE_ASN,
                                             VALUE_JA3,        VALUE_HASSH,     VALUE_CERT_SHA1,
                                             VALUE_CERT_SHA256 };
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        /* These fit nearly any text: only where the list says that it holds them. */
        if (list->kinds != 0 && is_meant(list, named[i]) &&
            as_kind(reader, named[i], text, item) == EXCHANGE_REFUSAL_NONE) {
            return EXCHANGE_REFUSAL_NONE;
        }
    }
    return EXCHANGE_REFUSAL_KIND;
}

/* ---- patterns ---- */

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

static bool is_plain(uint8_t byte)
{
    return (lower(byte) >= 'a' && lower(byte) <= 'z') || (byte >= '0' && byte <= '9') ||
           byte >= 0x80;
}

/* Keys of these are in lower case already. */
static bool is_lower_kind(enum value_kind kind)
{
    return kind == VALUE_DOMAIN || kind == VALUE_FILE_NAME;
}

/* MISP looks for the text in any case. LIKE knows '%' and '_' and no way to write them, so that a
 * text with either becomes an expression, as one does whose case counts. */
static enum value_scope substring_write(struct buf *buf, enum value_kind kind, struct span text)
{
    bool wild = span_find(text, '%') != SPAN_NOT_FOUND || span_find(text, '_') != SPAN_NOT_FOUND;
    bool like = is_lower_kind(kind) && !wild;
    buf_add(buf, like ? SPAN("%") : SPAN("(?i)"));
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if (!like && !is_plain(byte)) {
            buf_add_byte(buf, '\\');
        }
        buf_add_byte(buf, like ? lower(byte) : byte);
    }
    buf_add(buf, like ? SPAN("%") : SPAN(""));
    return like ? VALUE_SCOPE_LIKE : VALUE_SCOPE_REGEX;
}

/* "/.../i": what stands between the slashes, with the flags that PCRE writes inside. False where
 * there is a flag that changes what is matched and has no such writing. */
static bool regex_write(struct buf *buf, struct span text)
{
    ptrdiff_t end = span_find_last(text, '/');
    if (!span_starts_with(text, SPAN("/")) || end <= 0) {
        buf_add(buf, text);
        return true;
    }
    struct span flags = span_from(text, (size_t)end + 1);
    for (size_t i = 0; i < flags.size; i++) {
        switch (flags.data[i]) {
        case 'i':
        case 's':
        case 'm':
        case 'x':
            buf_add(buf, SPAN("(?"));
            buf_add_byte(buf, flags.data[i]);
            buf_add(buf, SPAN(")"));
            break;
        case 'u': /* UTF-8, which it is anyhow */
            break;
        default:
            return false;
        }
    }
    buf_add(buf, span_slice(text, 1, (size_t)end));
    return true;
}

static enum exchange_refusal pattern_read(struct exchange_reader *reader,
                                          const struct warninglist *list, enum value_kind kind,
                                          struct exchange_item *item)
{
    enum value_scope scope = VALUE_SCOPE_REGEX;
    buf_clear(&reader->text);
    if (list->way == WAY_SUBSTRING) {
        scope = substring_write(&reader->text, kind, list->entry);
    } else if (!regex_write(&reader->text, list->entry)) {
        return EXCHANGE_REFUSAL_VALUE;
    }
    if (reader->text.err != ERR_OK) {
        return EXCHANGE_REFUSAL_SIZE;
    }
    return exchange_scoped_read(reader, kind, scope, buf_span(&reader->text), item);
}

/* The next kind of which an entry is a pattern; PATTERN_COUNT where there is none. */
static int pattern_next(const struct warninglist *list, int from)
{
    while (from < PATTERN_COUNT && !is_meant(list, patterns[from])) {
        from++;
    }
    return from;
}

/* ---- entries ---- */

static bool is_of_patterns(const struct warninglist *list)
{
    return list->way == WAY_SUBSTRING || list->way == WAY_REGEX;
}

static enum exchange_refusal entry_read(struct exchange_reader *reader, struct warninglist *list,
                                        struct exchange_item *item)
{
    switch (list->way) {
    case WAY_CIDR:
        return as_kind(reader, VALUE_CIDR, list->entry, item);
    case WAY_HOSTNAME:
        return host_read(reader, list->entry, item);
    case WAY_STRING:
        return string_read(reader, list, item);
    default:
        break;
    }
    if (list->pattern == PATTERN_COUNT) {
        list->pattern = -1;
        return EXCHANGE_REFUSAL_UNWATCHED; /* about kinds that have no patterns */
    }
    must(list->pattern >= 0 && list->pattern < (int)PATTERN_COUNT);
    enum value_kind kind = patterns[list->pattern];
    int next = pattern_next(list, list->pattern + 1);
    list->pattern = next == PATTERN_COUNT ? -1 : next;
    return pattern_read(reader, list, kind, item);
}

enum err exchange_warninglist_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                                   struct exchange_fault *ret_fault)
{
    struct warninglist *list = reader->state;
    if (list->pattern < 0) {
        if (!json_walk_next(&list->entries)) {
            return ERR_ABSENT;
        }
        reader->line++;
        list->entry = span_trim(json_string(list->entries.value));
        list->pattern = is_of_patterns(list) ? pattern_next(list, 0) : -1;
    }
    struct exchange_item item = exchange_item_empty(reader->line, 0);
    if (list->entry.size > EXCHANGE_LINE_SIZE_MAX) {
        list->pattern = -1;
        return exchange_refuse(EXCHANGE_REFUSAL_SIZE, reader->line, 0, list->entry, ret_fault);
    }
    enum exchange_refusal refusal = entry_read(reader, list, &item);
    if (refusal != EXCHANGE_REFUSAL_NONE) {
        return exchange_refuse(refusal, reader->line, 0, list->entry, ret_fault);
    }
    *ret_item = item;
    return ERR_OK;
}
