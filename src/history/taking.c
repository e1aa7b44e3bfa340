// SPDX-License-Identifier: EUPL-1.2
#include "history/taking.h"

#include "history/segment.h"

enum {
    CIDR_HEAD_SIZE = 2,
    PORT_SIZE = 2,
    BYTE_BITS = 8,
    CHECK_EVERY = 4096, /* values between two looks whether to go on */
};

/* Kinds whose values may hold another value, and are looked at for it. */
static const enum value_kind holders[] = { VALUE_URL, VALUE_EMAIL, VALUE_IP_PORT };

/* ---- getting ready ---- */

static void forms_init(struct taking *taking, size_t number)
{
    static const enum history_keep keeps[HISTORY_FORM_COUNT] = {
        [HISTORY_WHOLE] = HISTORY_KEEP,
        [HISTORY_TRUNCATED] = HISTORY_KEEP_TRUNCATED,
        [HISTORY_HASHED] = HISTORY_KEEP_HASHED,
    };
    const struct value *value = taking->forget->value;
    enum value_kind kind = taking->kinds[number];
    uint8_t bytes[HISTORY_ORDER_SIZE_MAX];
    for (int i = 0; i < HISTORY_FORM_COUNT; i++) {
        struct taking_form *form = &taking->forms[number][i];
        struct history_kept kept;
        form->known =
            history_keep_value(taking->rules, kind, value->key, keeps[i], bytes, &kept) == ERR_OK;
        if (form->known) {
            history_order(kind, kept.form, kept.key, form->bytes);
            form->order = span_make(form->bytes, kept.key.size);
        }
    }
}

/* A bare digest is remembered under all that it may be a digest of. */
static void kinds_add(struct taking *taking, const enum value_kind *kinds, size_t count)
{
    bool one = false;
    for (size_t i = 0; i < count; i++) {
        one = one || kinds[i] == taking->kinds[0];
    }
    for (size_t i = 0; one && i < count; i++) {
        if (kinds[i] != taking->kinds[0]) {
            taking->kinds[taking->kind_count] = kinds[i];
            taking->kind_count++;
        }
    }
}

void taking_init(struct taking *taking, const struct history_rules *rules,
                 const struct history_forget *forget)
{
    static const enum value_kind md5[] = { VALUE_MD5, VALUE_JA3, VALUE_JA3S, VALUE_HASSH };
    static const enum value_kind sha1[] = { VALUE_SHA1, VALUE_CERT_SHA1 };
    static const enum value_kind sha256[] = { VALUE_SHA256, VALUE_CERT_SHA256 };
    taking->rules = rules;
    taking->forget = forget;
    taking->kind_count = 0;
    if (forget->value == NULL || forget->value->kind == VALUE_CIDR) {
        return;
    }
    taking->kinds[0] = forget->value->kind;
    taking->kind_count = 1;
    kinds_add(taking, md5, sizeof md5 / sizeof md5[0]);
    kinds_add(taking, sha1, sizeof sha1 / sizeof sha1[0]);
    kinds_add(taking, sha256, sizeof sha256 / sizeof sha256[0]);
    for (size_t i = 0; i < taking->kind_count; i++) {
        forms_init(taking, i);
    }
}

/* ---- the value itself ---- */

/* In the order of segments a name below another begins with it and a dot. */
static bool is_below(struct span order, struct span above)
{
    return order.size > above.size && order.data[above.size] == '.' &&
           span_starts_with(order, above);
}

static bool is_value(const struct taking *taking, size_t number, const struct history_entry *entry)
{
    const struct taking_form *form = &taking->forms[number][entry->form];
    const struct taking_form *whole = &taking->forms[number][HISTORY_WHOLE];
    enum value_scope scope = taking->forget->scope;
    bool names =
        entry->kind == VALUE_DOMAIN && entry->form != HISTORY_HASHED && scope != VALUE_SCOPE_EXACT;
    if (names && is_below(entry->order, whole->order)) {
        return true;
    }
    bool itself = scope != VALUE_SCOPE_SUBDOMAINS_ONLY || entry->form == HISTORY_TRUNCATED;
    return itself && form->known && span_equal(entry->order, form->order);
}

/* ---- what holds an address ---- */

/* Whether the leading bits of two addresses are the same. */
static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    size_t whole = bits / BYTE_BITS;
    unsigned rest = bits % BYTE_BITS;
    if (memcmp(a, b, whole) != 0) {
        return false;
    }
    return rest == 0 || (a[whole] ^ b[whole]) >> (BYTE_BITS - rest) == 0;
}

/* The address, or one in the range; or a network with which they share addresses. */
static bool is_address(const struct taking *taking, struct span address, enum history_form form)
{
    const struct value *value = taking->forget->value;
    bool range = value->kind == VALUE_CIDR;
    struct span wanted = range ? span_from(value->key, CIDR_HEAD_SIZE) : value->key;
    unsigned bits = range ? value->key.data[1] : (unsigned)wanted.size * BYTE_BITS;
    unsigned kept = wanted.size == VALUE_IPV4_SIZE ? HISTORY_TRUNCATE_IPV4 : HISTORY_TRUNCATE_IPV6;
    bool addresses = range || value->kind == VALUE_IPV4 || value->kind == VALUE_IPV6;
    if (!addresses || address.size != wanted.size) {
        return false;
    }
    bits = form == HISTORY_TRUNCATED && kept < bits ? kept : bits;
    return bits_equal(wanted.data, address.data, bits);
}

/* ---- what holds a name ---- */

static bool is_name(const struct taking *taking, struct span name)
{
    const struct history_forget *forget = taking->forget;
    struct span wanted = forget->value->key;
    if (forget->value->kind != VALUE_DOMAIN) {
        return false;
    }
    if (span_equal(name, wanted)) {
        return forget->scope != VALUE_SCOPE_SUBDOMAINS_ONLY;
    }
    return forget->scope != VALUE_SCOPE_EXACT && name.size > wanted.size &&
           name.data[name.size - wanted.size - 1] == '.' && span_ends_with(name, wanted);
}

static bool is_at_host(const struct taking *taking, struct span host)
{
    uint8_t key[VALUE_KEY_SIZE_MAX];
    size_t size = value_key_address(host, key);
    return size > 0 ? is_address(taking, span_make(key, size), HISTORY_WHOLE)
                    : is_name(taking, host);
}

/* ---- what holds a mail address ---- */

static bool is_of_name(uint8_t byte)
{
    uint8_t lower = byte | 0x20; /* of letters */
    return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
           byte == '_';
}

/* Whether what stands at a place is not the beginning of a longer name. */
static bool ends_at(struct span text, size_t at)
{
    if (at == text.size) {
        return true;
    }
    bool goes_on = text.data[at] == '.' && at + 1 < text.size && is_of_name(text.data[at + 1]);
    return !goes_on && !is_of_name(text.data[at]);
}

static bool begins_at(struct span text, size_t at)
{
    if (at == 0) {
        return true;
    }
    uint8_t before = text.data[at - 1];
    return !is_of_name(before) && before != '.' && before != '+';
}

static bool holds_mail(const struct taking *taking, struct span url)
{
    uint8_t bytes[VALUE_KEY_SIZE_MAX];
    const struct value *value = taking->forget->value;
    if (value->kind != VALUE_EMAIL || url.size > sizeof bytes) {
        return false;
    }
    struct span wanted = value->key;
    struct span plain = span_make(bytes, value_url_plain(url, bytes));
    for (size_t at = 0; at + wanted.size <= plain.size; at++) {
        struct span there = span_slice(plain, at, at + wanted.size);
        if (span_equal_nocase(there, wanted) && begins_at(plain, at) &&
            ends_at(plain, at + wanted.size)) {
            return true;
        }
    }
    return false;
}

/* ---- all of it ---- */

static bool holds_value(const struct taking *taking, const struct history_entry *entry)
{
    struct span order = entry->order;
    if (entry->form == HISTORY_HASHED) {
        return false;
    }
    switch (entry->kind) {
    case VALUE_IPV4:
    case VALUE_IPV6:
        return is_address(taking, order, entry->form);
    case VALUE_IP_PORT:
        return is_address(taking, span_from(order, PORT_SIZE), entry->form);
    case VALUE_URL:
        return is_at_host(taking, value_url_host(order)) || holds_mail(taking, order);
    case VALUE_EMAIL:
        return is_name(taking, span_from(order, (size_t)(span_find_last(order, '@') + 1)));
    default:
        return false;
    }
}

bool taking_takes(const struct taking *taking, const struct history_entry *entry)
{
    const struct history_forget *forget = taking->forget;
    if (forget->kind != VALUE_NONE && forget->kind != entry->kind) {
        return false;
    }
    if (forget->value == NULL) {
        return true;
    }
    for (size_t i = 0; i < taking->kind_count; i++) {
        if (taking->kinds[i] == entry->kind && is_value(taking, i, entry)) {
            return true;
        }
    }
    return holds_value(taking, entry);
}

bool taking_takes_host(const struct taking *taking, struct span host)
{
    uint8_t bytes[HISTORY_NAME_SIZE_MAX];
    struct span wanted = taking->forget->host;
    if (wanted.size == 0 || span_equal(host, wanted)) {
        return true;
    }
    return span_equal(host, history_host_name(taking->rules, wanted, bytes));
}

/* ---- a segment ---- */

/* Whether what is kept of the value in some form may be there: the filter knows. */
static bool is_in_filter(const struct taking *taking, const struct segment *segment)
{
    const struct value *value = taking->forget->value;
    for (size_t i = 0; i < taking->kind_count; i++) {
        for (enum history_keep keep = HISTORY_KEEP; keep < HISTORY_KEEP_NOT; keep++) {
            uint8_t key[HISTORY_ORDER_SIZE_MAX];
            struct history_kept kept;
            enum err err =
                history_keep_value(taking->rules, taking->kinds[i], value->key, keep, key, &kept);
            bool there = err == ERR_OK
                             ? segment_may_hold(segment, taking->kinds[i], kept.form, kept.key)
                             : keep == HISTORY_KEEP_HASHED; /* without its key nobody can say */
            if (there) {
                return true;
            }
        }
    }
    return false;
}

static enum err kind_look(struct op *op, const struct taking *taking, struct segment_cursor *cursor,
                          enum value_kind kind, bool *ret)
{
    struct history_entry entry = { .kind = kind };
    enum err err = ERR_OK;
    segment_cursor_seek(cursor, kind, HISTORY_WHOLE, SPAN(""));
    for (size_t i = 0; err == ERR_OK && !*ret; i++) {
        if (i % CHECK_EVERY == 0) {
            TRY(op_check(op));
        }
        err = segment_cursor_next(op, cursor, &entry);
        if (err == ERR_OK && entry.kind != kind) {
            return ERR_OK;
        }
        *ret = err == ERR_CORRUPT || (err == ERR_OK && taking_takes(taking, &entry));
    }
    bool ended = err == ERR_ABSENT || err == ERR_CORRUPT;
    if (ended) {
        op_fault_clear(op);
    }
    return ended ? ERR_OK : err;
}

enum err taking_look(struct op *op, const struct taking *taking, const struct segment *segment,
                     bool *ret)
{
    const struct history_forget *forget = taking->forget;
    const struct segment_facts *facts = segment_facts(segment);
    struct segment_cursor *cursor = NULL;
    bool filtered = forget->value != NULL && forget->value->kind != VALUE_CIDR &&
                    (forget->scope == VALUE_SCOPE_EXACT || forget->scope == VALUE_SCOPE_SUBDOMAINS);
    bool there = !filtered || is_in_filter(taking, segment);
    if (there) {
        *ret = true;
        return ERR_OK;
    }
    TRY(segment_cursor_new(op, segment, &cursor));
    enum err err = ERR_OK;
    for (size_t i = 0; i < sizeof holders / sizeof holders[0] && err == ERR_OK && !there; i++) {
        bool wanted = forget->kind == VALUE_NONE || forget->kind == holders[i];
        if (wanted && facts->kind_values[holders[i]] > 0) {
            err = kind_look(op, taking, cursor, holders[i], &there);
        }
    }
    segment_cursor_free(cursor);
    TRY(err);
    *ret = there;
    return ERR_OK;
}
