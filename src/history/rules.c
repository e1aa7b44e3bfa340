// SPDX-License-Identifier: EUPL-1.2
#include "history/rules.h"

#include <libpsl.h>

#include "base/must.h"
#include "base/uuid.h"
#include "base/wire.h"
#include "crypt/block.h"
#include "crypt/hmac.h"

enum {
    HOUR_DAYS_DEFAULT = 90,
    DAY_DAYS_DEFAULT = 400,
    BYTE_BITS = 8,
    CIDR_FAMILY_IPV4 = 4,
    CIDR_FAMILY_IPV6 = 6,
    PORT_SIZE = 2,
};

/* ---- words ---- */

static const char *const keep_names[HISTORY_KEEP_COUNT] = {
    [HISTORY_KEEP] = "keep",
    [HISTORY_KEEP_TRUNCATED] = "truncate",
    [HISTORY_KEEP_HASHED] = "hash",
    [HISTORY_KEEP_NOT] = "drop",
};

const char *history_keep_name(enum history_keep keep)
{
    must(keep < HISTORY_KEEP_COUNT);
    return keep_names[keep];
}

enum err history_keep_from_name(struct span word, enum history_keep *ret)
{
    for (size_t i = 0; i < HISTORY_KEEP_COUNT; i++) {
        if (span_equal_nocase(word, span_of(keep_names[i]))) {
            *ret = (enum history_keep)i;
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}

void history_rules_default(struct history_rules *ret)
{
    *ret = (struct history_rules){
        .hour_days = HOUR_DAYS_DEFAULT,
        .day_days = DAY_DAYS_DEFAULT,
    };
}

/* ---- their mark ---- */

enum {
    MARK_NUMBERS_MAX = 4 + 3 * VALUE_KIND_COUNT,
    MARK_NUMBER_SIZE = 4,
    MARK_SIZE_MAX = MARK_NUMBERS_MAX * MARK_NUMBER_SIZE + 2 * HISTORY_SECRET_SIZE,
};

/* Of what the rules say, in one order of bytes on all machines. */
struct marking {
    uint8_t bytes[MARK_SIZE_MAX];
    size_t size;
};

static void mark_number(struct marking *marking, uint32_t number)
{
    for (size_t i = 0; i < MARK_NUMBER_SIZE; i++) {
        marking->bytes[marking->size] = (uint8_t)(number >> BYTE_BITS * i);
        marking->size++;
    }
}

static void mark_secret(struct marking *marking, bool known, const uint8_t *secret)
{
    struct span bytes = span_make(secret, known ? HISTORY_SECRET_SIZE : 0);
    mark_number(marking, known ? 1 : 0);
    span_copy(marking->bytes + marking->size, MARK_SIZE_MAX - marking->size, bytes);
    marking->size += bytes.size;
}

uint64_t history_rules_mark(const struct history_rules *rules)
{
    uint8_t digest[CRYPT_HMAC_SIZE];
    struct marking marking = { .size = 0 };
    mark_number(&marking, rules->hour_days);
    mark_number(&marking, rules->day_days);
    mark_secret(&marking, rules->hash_secret_known, rules->hash_secret);
    mark_secret(&marking, rules->host_secret_known, rules->host_secret);
    for (uint32_t kind = 0; kind < VALUE_KIND_COUNT; kind++) {
        /* Others are left out: a program that knows more kinds makes the same mark. */
        if (rules->keep[kind] != HISTORY_KEEP || rules->days[kind] != 0) {
            mark_number(&marking, kind);
            mark_number(&marking, (uint32_t)rules->keep[kind]);
            mark_number(&marking, rules->days[kind]);
        }
    }
    crypt_hmac(SPAN("rules of a history"), span_make(marking.bytes, marking.size), SPAN(""),
               digest);
    struct wire_reader r = wire_reader_of(span_make(digest, sizeof digest));
    uint64_t mark = wire_u64(&r);
    return mark == 0 ? 1 : mark;
}

uint32_t history_days_ago(uint32_t now_s, uint32_t days)
{
    uint64_t age = (uint64_t)days * HISTORY_DAY_S;
    return days == 0 || age >= now_s ? 0 : now_s - (uint32_t)age;
}

/* ---- truncated ---- */

static struct span copied(struct span bytes, uint8_t *buf)
{
    span_copy(buf, HISTORY_ORDER_SIZE_MAX, bytes);
    return span_make(buf, bytes.size);
}

/* The network of an address that stands behind `head` bytes, which become zero. */
static struct span truncate_address(struct span key, size_t head, uint8_t *buf)
{
    bool four = key.size == head + VALUE_IPV4_SIZE;
    size_t bits = four ? HISTORY_TRUNCATE_IPV4 : HISTORY_TRUNCATE_IPV6;
    size_t end = head + bits / BYTE_BITS;
    for (size_t i = 0; i < key.size; i++) {
        buf[i] = i >= head && i < end ? key.data[i] : 0;
    }
    return span_make(buf, key.size);
}

/* The list is the one that libpsl was built with, as in value/judge.c. */
static struct span truncate_domain(struct span name)
{
    char text[VALUE_DOMAIN_SIZE_MAX + 1];
    if (name.size > VALUE_DOMAIN_SIZE_MAX || span_find(name, 0) != SPAN_NOT_FOUND) {
        return name;
    }
    span_copy(text, sizeof text, name);
    text[name.size] = '\0';
    const char *registered = psl_registrable_domain(psl_builtin(), text);
    return registered == NULL ? name : span_from(name, (size_t)(registered - text));
}

static struct span truncate_email(struct span key)
{
    ptrdiff_t at = span_find_last(key, '@');
    return at == SPAN_NOT_FOUND ? key : span_from(key, (size_t)at);
}

static struct span truncate_url(struct span key)
{
    size_t size = 0;
    while (size < key.size && key.data[size] != '/' && key.data[size] != '?') {
        size++;
    }
    return span_slice(key, 0, size);
}

static struct span truncate_key(enum value_kind kind, struct span key, uint8_t *buf)
{
    switch (kind) {
    case VALUE_IPV4:
    case VALUE_IPV6:
        return truncate_address(key, 0, buf);
    case VALUE_IP_PORT:
        return truncate_address(key, PORT_SIZE, buf);
    case VALUE_DOMAIN:
        return copied(truncate_domain(key), buf);
    case VALUE_EMAIL:
        return copied(truncate_email(key), buf);
    case VALUE_URL:
        return copied(truncate_url(key), buf);
    default:
        return copied(span_slice(key, 0, (key.size + 1) / 2), buf);
    }
}

/* ---- hashed ---- */

static struct span hash_key(const struct history_rules *rules, enum value_kind kind,
                            struct span key, uint8_t *buf)
{
    const uint8_t head = (uint8_t)kind;
    uint8_t digest[CRYPT_HMAC_SIZE];
    crypt_hmac(span_make(rules->hash_secret, HISTORY_SECRET_SIZE), span_make(&head, sizeof head),
               key, digest);
    return copied(span_make(digest, HISTORY_HASH_SIZE), buf);
}

enum err history_keep_value(const struct history_rules *rules, enum value_kind kind,
                            struct span key, enum history_keep keep, uint8_t *buf,
                            struct history_kept *ret)
{
    must(kind < VALUE_KIND_COUNT);
    must(key.size <= HISTORY_ORDER_SIZE_MAX);
    switch (keep) {
    case HISTORY_KEEP:
        *ret = (struct history_kept){ .form = HISTORY_WHOLE, .key = key };
        return ERR_OK;
    case HISTORY_KEEP_TRUNCATED:
        *ret =
            (struct history_kept){ .form = HISTORY_TRUNCATED, .key = truncate_key(kind, key, buf) };
        return ERR_OK;
    case HISTORY_KEEP_HASHED:
        if (!rules->hash_secret_known) {
            return ERR_DENIED;
        }
        *ret =
            (struct history_kept){ .form = HISTORY_HASHED, .key = hash_key(rules, kind, key, buf) };
        return ERR_OK;
    case HISTORY_KEEP_NOT:
    case HISTORY_KEEP_COUNT:
        break;
    }
    return ERR_DENIED;
}

/* ---- as people read it ---- */

/* Whether value_add_text() may be given it: the bytes may be those of a damaged segment. */
static bool has_shape(enum value_kind kind, struct span key)
{
    switch (kind) {
    case VALUE_IPV4:
        return key.size == VALUE_IPV4_SIZE;
    case VALUE_IPV6:
        return key.size == VALUE_IPV6_SIZE;
    case VALUE_IP_PORT:
        return key.size == VALUE_IPV4_PORT_SIZE || key.size == VALUE_IPV6_PORT_SIZE;
    case VALUE_ASN:
        return key.size == VALUE_ASN_SIZE;
    case VALUE_NONE:
    case VALUE_CIDR:
    case VALUE_KIND_COUNT:
        return false;
    default:
        return true;
    }
}

static void add_network(struct buf *buf, struct span address)
{
    bool four = address.size == VALUE_IPV4_SIZE;
    uint8_t key[VALUE_CIDR_IPV6_SIZE] = {
        four ? CIDR_FAMILY_IPV4 : CIDR_FAMILY_IPV6,
        four ? HISTORY_TRUNCATE_IPV4 : HISTORY_TRUNCATE_IPV6,
    };
    span_copy(key + 2, sizeof key - 2, address);
    const struct value network = { .kind = VALUE_CIDR, .key = span_make(key, 2 + address.size) };
    value_add_text(buf, &network);
}

static void add_truncated(struct buf *buf, enum value_kind kind, struct span key)
{
    switch (kind) {
    case VALUE_IPV4:
    case VALUE_IPV6:
        add_network(buf, key);
        break;
    case VALUE_IP_PORT:
        add_network(buf, span_from(key, PORT_SIZE));
        break;
    case VALUE_DOMAIN:
    case VALUE_EMAIL:
    case VALUE_URL:
        buf_add(buf, key);
        break;
    case VALUE_JA4:
    case VALUE_USER_AGENT:
    case VALUE_FILE_NAME:
        buf_add(buf, key);
        buf_add(buf, SPAN("..."));
        break;
    default:
        buf_add_hex(buf, key);
        buf_add(buf, SPAN("..."));
        break;
    }
}

void history_kept_add_text(struct buf *buf, enum value_kind kind, enum history_form form,
                           struct span key)
{
    bool cut_asn = kind == VALUE_ASN && form == HISTORY_TRUNCATED;
    if (form == HISTORY_HASHED || (!has_shape(kind, key) && !cut_asn)) {
        buf_add_hex(buf, key);
        return;
    }
    if (form == HISTORY_TRUNCATED) {
        add_truncated(buf, kind, key);
        return;
    }
    const struct value value = { .kind = kind, .key = key };
    value_add_text(buf, &value);
}

/* ---- inside hosts ---- */

#define PSEUDONYM_HEAD "host-"

enum {
    CHECK_SIZE = 4, /* a wrong secret is taken for the right one once in 2^32 times */
    PSEUDONYM_SIZE = CRYPT_BLOCK_SIZE + CHECK_SIZE,
    PSEUDONYM_TEXT_SIZE = sizeof PSEUDONYM_HEAD - 1 + 2 * PSEUDONYM_SIZE,
    MAPPED_HEAD_SIZE = VALUE_IPV6_SIZE - VALUE_IPV4_SIZE,
};

/* ::ffff:0:0/96 (RFC 4291 section 2.5.5.2); no key of an IPv6 address is one of these. */
static const uint8_t mapped_head[MAPPED_HEAD_SIZE] = { [MAPPED_HEAD_SIZE - 2] = 0xFF,
                                                       [MAPPED_HEAD_SIZE - 1] = 0xFF };

/* One secret serves three ends; a word before what is hashed keeps them apart. */
static void host_hmac(const uint8_t *secret, struct span what, struct span bytes, uint8_t *ret)
{
    crypt_hmac(span_make(secret, HISTORY_SECRET_SIZE), what, bytes, ret);
}

static void write_hex(struct span bytes, uint8_t *ret)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.size; i++) {
        ret[2 * i] = (uint8_t)digits[bytes.data[i] >> 4];
        ret[2 * i + 1] = (uint8_t)digits[bytes.data[i] & 0x0F]; /* the low half */
    }
}

static void block_of(struct span address, uint8_t *block)
{
    size_t head = CRYPT_BLOCK_SIZE - address.size;
    span_copy(block, CRYPT_BLOCK_SIZE, span_make(mapped_head, head));
    span_copy(block + head, CRYPT_BLOCK_SIZE - head, address);
}

struct span history_host_name(const struct history_rules *rules, struct span host, uint8_t *buf)
{
    uint8_t address[VALUE_IPV6_SIZE];
    uint8_t digest[CRYPT_HMAC_SIZE];
    uint8_t pseudonym[PSEUDONYM_SIZE];
    if (host.size == 0 || !rules->host_secret_known) {
        return host;
    }
    size_t size = value_key_address(host, address);
    if (size == 0) {
        host_hmac(rules->host_secret, SPAN("name"), host, digest);
        span_copy(pseudonym, sizeof pseudonym, span_make(digest, PSEUDONYM_SIZE));
    } else {
        block_of(span_make(address, size), pseudonym);
        host_hmac(rules->host_secret, SPAN("check"), span_make(pseudonym, CRYPT_BLOCK_SIZE),
                  digest);
        crypt_block_encrypt(rules->host_secret, pseudonym, pseudonym);
        span_copy(pseudonym + CRYPT_BLOCK_SIZE, CHECK_SIZE, span_make(digest, CHECK_SIZE));
    }
    span_copy(buf, HISTORY_NAME_SIZE_MAX, SPAN(PSEUDONYM_HEAD));
    write_hex(span_make(pseudonym, sizeof pseudonym), buf + sizeof PSEUDONYM_HEAD - 1);
    return span_make(buf, PSEUDONYM_TEXT_SIZE);
}

enum err history_host_reveal(const uint8_t *secret, struct span name, struct buf *buf)
{
    uint8_t bytes[PSEUDONYM_SIZE];
    uint8_t digest[CRYPT_HMAC_SIZE];
    if (name.size != PSEUDONYM_TEXT_SIZE || !span_starts_with(name, SPAN(PSEUDONYM_HEAD)) ||
        hex_parse(span_from(name, sizeof PSEUDONYM_HEAD - 1), bytes, sizeof bytes) != ERR_OK) {
        return ERR_FORMAT;
    }
    crypt_block_decrypt(secret, bytes, bytes);
    host_hmac(secret, SPAN("check"), span_make(bytes, CRYPT_BLOCK_SIZE), digest);
    if (memcmp(digest, bytes + CRYPT_BLOCK_SIZE, CHECK_SIZE) != 0) {
        return ERR_FORMAT;
    }
    bool four = memcmp(bytes, mapped_head, sizeof mapped_head) == 0;
    struct span address = span_make(bytes, CRYPT_BLOCK_SIZE);
    const struct value value = { .kind = four ? VALUE_IPV4 : VALUE_IPV6,
                                 .key = four ? span_from(address, MAPPED_HEAD_SIZE) : address };
    value_add_text(buf, &value);
    return ERR_OK;
}
