// SPDX-License-Identifier: EUPL-1.2
/*
 * Reading a record. Its bytes come from the watch, which reads what anybody may have written: every
 * size, number and name is checked.
 */
#include "base/must.h"
#include "base/text.h"
#include "base/uuid.h"
#include "history/names.h"
#include "history/record.h"
#include "history/record_inner.h"
#include "history/rules.h"
#include "history/varint.h"
#include "match/layout.h"

enum {
    HOST_SIZE_MIN = 3, /* in the record: its size, and "::" */
    SEEN_SIZE_MIN = 8, /* a byte of each number, and of the key */
    ADDRESS_TEXT_SIZE_MAX = 64,
    PSEUDONYM_DIGITS = 40,
};

/* The largest keys of the kinds whose keys have no one size. */
static size_t truncated_size_max(unsigned kind)
{
    switch (kind) {
    case VALUE_URL:
        return VALUE_URL_SIZE_MAX;
    case VALUE_USER_AGENT:
        return VALUE_USER_AGENT_SIZE_MAX;
    case VALUE_FILE_NAME:
        return VALUE_FILE_NAME_SIZE_MAX;
    case VALUE_EMAIL:
        return VALUE_EMAIL_SIZE_MAX;
    case VALUE_DOMAIN:
        return VALUE_DOMAIN_SIZE_MAX;
    default:
        return VALUE_SHA512_SIZE; /* no other is larger */
    }
}

bool history_key_fits(unsigned kind, unsigned form, struct span key)
{
    if (kind == VALUE_NONE || kind >= VALUE_KIND_COUNT) {
        return false;
    }
    switch (form) {
    case HISTORY_WHOLE:
        return match_key_fits(kind, key);
    case HISTORY_TRUNCATED:
        return key.size >= 1 && key.size <= truncated_size_max(kind);
    case HISTORY_HASHED:
        return key.size == HISTORY_HASH_SIZE;
    default:
        return false;
    }
}

static bool is_pseudonym(struct span name)
{
    struct span head = SPAN("host-");
    if (name.size != head.size + PSEUDONYM_DIGITS || !span_starts_with(name, head)) {
        return false;
    }
    struct span digits = span_from(name, head.size);
    size_t i = 0;
    while (i < digits.size && hex_digit(digits.data[i]) >= 0 &&
           (digits.data[i] < 'A' || digits.data[i] > 'F')) {
        i++;
    }
    return i == digits.size;
}

static bool is_address(struct span name)
{
    if (name.size > ADDRESS_TEXT_SIZE_MAX) {
        return false;
    }
    uint8_t key[VALUE_IPV6_SIZE];
    size_t size = value_key_address(name, key);
    if (size == 0) {
        return false;
    }
    struct buf text;
    buf_init(&text, ADDRESS_TEXT_SIZE_MAX);
    const struct value value = { .kind = size == VALUE_IPV4_SIZE ? VALUE_IPV4 : VALUE_IPV6,
                                 .key = span_make(key, size) };
    value_add_text(&text, &value);
    bool canonical = text.err == ERR_OK && span_equal(buf_span(&text), name);
    buf_done(&text);
    return canonical;
}

bool history_host_fits(struct span name)
{
    return name.size == 0 || is_address(name) || is_pseudonym(name);
}

/* How many things follow; each takes at least `size_min` bytes. */
static size_t take_count(struct wire_reader *r, size_t count_max, size_t size_min)
{
    uint64_t count = varint_take(r);
    if (count > count_max || count > r->rest.size / size_min) {
        r->err = ERR_FORMAT;
        return 0;
    }
    return (size_t)count;
}

static enum err fail_broken(struct op *op, const char *what)
{
    return op_fail(op, ERR_FORMAT, "a record of what was seen is broken: %s", what);
}

/* The name of a host is written out to be compared: that takes longer than to look for it. */
static bool host_fits(const struct names *known, struct span name)
{
    return (known != NULL && names_find(known, name) != NAMES_NONE) || history_host_fits(name);
}

static enum err hosts_read(struct op *op, struct history_record *record, const struct names *known)
{
    struct wire_reader *r = &record->rest;
    size_t count = take_count(r, HISTORY_NAMES_MAX - 1, HOST_SIZE_MIN);
    record->host_count = 1 + count;
    record->hosts = op_alloc(op, record->host_count * sizeof *record->hosts);
    if (record->hosts == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 1; i <= count; i++) {
        size_t size = wire_u8(r);
        record->hosts[i] = wire_take(r, size);
        if (r->err != ERR_OK || size == 0 || !host_fits(known, record->hosts[i])) {
            return fail_broken(op, "the name of a host");
        }
    }
    return ERR_OK;
}

static bool way_fits(const struct history_way *way)
{
    return (unsigned)way->direction < RANK_DIRECTION_COUNT &&
           (unsigned)way->outcome < RANK_OUTCOME_COUNT &&
           text_valid_size(way->sensor) == way->sensor.size &&
           text_valid_size(way->field) == way->field.size;
}

static enum err ways_read(struct op *op, struct history_record *record)
{
    struct wire_reader *r = &record->rest;
    record->way_count = take_count(r, HISTORY_NAMES_MAX, NAMES_WAY_HEAD_SIZE);
    record->ways = op_alloc(op, record->way_count * sizeof *record->ways);
    if (record->ways == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < record->way_count; i++) {
        struct wire_reader ahead = *r;
        struct span head = wire_take(&ahead, NAMES_WAY_HEAD_SIZE);
        size_t size = head.data == NULL ? 0 : (size_t)head.data[1] + head.data[2];
        struct span bytes = wire_take(r, NAMES_WAY_HEAD_SIZE + size);
        if (r->err != ERR_OK || bytes.data == NULL) {
            return fail_broken(op, "a way is cut short");
        }
        record->ways[i] = names_way(bytes);
        if (!way_fits(&record->ways[i])) {
            return fail_broken(op, "the name of a sensor or field");
        }
    }
    return ERR_OK;
}

enum err record_read_known(struct op *op, struct span bytes, const struct names *known,
                           struct history_record *ret)
{
    struct history_record record = { .rest = wire_reader_of(bytes) };
    uint8_t version = wire_u8(&record.rest);
    if (bytes.size > HISTORY_RECORD_SIZE_MAX || version != RECORD_VERSION) {
        return fail_broken(op, "its size or version");
    }
    TRY(hosts_read(op, &record, known));
    TRY(ways_read(op, &record));
    uint64_t base_s = varint_take(&record.rest);
    record.seen_count = take_count(&record.rest, HISTORY_RECORD_SIZE_MAX, SEEN_SIZE_MIN);
    if (record.rest.err != ERR_OK || base_s > UINT32_MAX || record.seen_count == 0) {
        return fail_broken(op, "its head");
    }
    record.base_s = (uint32_t)base_s;
    record.left = record.seen_count;
    *ret = record;
    return ERR_OK;
}

enum err history_record_read(struct op *op, struct span bytes, struct history_record *ret)
{
    return record_read_known(op, bytes, NULL, ret);
}

/* Numbers as they stand in the record, not checked. */
struct raw_seen {
    unsigned what;
    struct span key;
    uint64_t host;
    uint64_t way;
    uint64_t later_s;
    uint64_t longer_s;
    uint64_t count;
};

static bool number_take_long(struct span *rest, uint64_t *ret)
{
    struct wire_reader r = wire_reader_of(*rest);
    *ret = varint_take(&r);
    *rest = r.rest;
    return r.err == ERR_OK;
}

/* Most numbers have one byte or two. */
static inline bool number_take(struct span *rest, uint64_t *ret)
{
    const uint8_t *at = rest->data;
    if (rest->size > 0 && at[0] < VARINT_MORE) {
        *ret = at[0];
        *rest = span_make(at + 1, rest->size - 1);
        return true;
    }
    if (rest->size > 1 && at[1] < VARINT_MORE) {
        *ret = (uint64_t)(at[0] & VARINT_REST_MASK) | (uint64_t)at[1] << VARINT_BITS;
        *rest = span_make(at + 2, rest->size - 2);
        return true;
    }
    return number_take_long(rest, ret);
}

static inline bool key_take(struct span *rest, struct span *ret)
{
    uint64_t size = 0;
    if (!number_take(rest, &size) || size > rest->size || size > VALUE_KEY_SIZE_MAX) {
        return false;
    }
    *ret = span_make(rest->data, (size_t)size);
    rest->data += size;
    rest->size -= (size_t)size;
    return true;
}

/* Whether there is as much; only then is anything of it to be looked at. This is hot. */
static inline bool raw_take(struct span *rest, struct raw_seen *ret)
{
    if (rest->size == 0) {
        return false;
    }
    ret->what = rest->data[0];
    rest->data++;
    rest->size--;
    return key_take(rest, &ret->key) && number_take(rest, &ret->host) &&
           number_take(rest, &ret->way) && number_take(rest, &ret->later_s) &&
           number_take(rest, &ret->longer_s) && number_take(rest, &ret->count);
}

/* Whether first and last lie in one hour, of those that 32 bits can write. */
static bool times_fit(uint32_t base_s, const struct raw_seen *raw)
{
    if (raw->later_s > UINT32_MAX - base_s || raw->longer_s >= HISTORY_HOUR_S) {
        return false;
    }
    uint32_t first_s = base_s + (uint32_t)raw->later_s;
    uint64_t hour_left = HISTORY_HOUR_S - first_s % HISTORY_HOUR_S;
    return raw->longer_s < hour_left && raw->longer_s <= UINT32_MAX - first_s;
}

static bool raw_fits(const struct history_record *record, const struct raw_seen *raw)
{
    return raw->host < record->host_count && raw->way < record->way_count && raw->count >= 1 &&
           times_fit(record->base_s, raw) &&
           history_key_fits(raw->what & RECORD_KIND_MASK, raw->what >> RECORD_FORM_SHIFT, raw->key);
}

static inline struct history_seen seen_of(const struct history_record *record,
                                          const struct raw_seen *raw)
{
    uint32_t first_s = record->base_s + (uint32_t)raw->later_s;
    return (struct history_seen){
        .kind = (enum value_kind)(raw->what & RECORD_KIND_MASK),
        .form = (enum history_form)(raw->what >> RECORD_FORM_SHIFT),
        .key = raw->key,
        .host = (uint32_t)raw->host,
        .way = (uint32_t)raw->way,
        .first_s = first_s,
        .last_s = first_s + (uint32_t)raw->longer_s,
        .count = raw->count,
    };
}

enum err history_record_next(struct history_record *record, struct history_seen *ret)
{
    struct wire_reader *r = &record->rest;
    struct raw_seen raw;
    if (r->err == ERR_OK && record->left == 0) {
        r->err = r->rest.size == 0 ? ERR_OK : ERR_FORMAT;
        return r->err == ERR_OK ? ERR_ABSENT : ERR_FORMAT;
    }
    if (r->err != ERR_OK || !raw_take(&r->rest, &raw) || !raw_fits(record, &raw)) {
        r->err = ERR_FORMAT;
        return ERR_FORMAT;
    }
    *ret = seen_of(record, &raw);
    record->left--;
    return ERR_OK;
}

bool record_next_checked(struct history_record *record, struct history_seen *ret)
{
    struct raw_seen raw;
    if (record->left == 0) {
        return false;
    }
    bool whole = raw_take(&record->rest.rest, &raw);
    must(whole); /* as it was when it was checked */
    *ret = seen_of(record, &raw);
    record->left--;
    return true;
}
