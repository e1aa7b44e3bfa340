// SPDX-License-Identifier: EUPL-1.2
/*
 * What is kept of which kind of value, in which form, and for how long. The rules are the owner's,
 * from the configuration; they hold for what comes from then on, and for what is there as segments
 * are merged; where they changed, segments are written anew, each once.
 */
#ifndef HISTORY_RULES_H
#define HISTORY_RULES_H

#include "base/op.h"
#include "history/seen.h"

enum {
    HISTORY_SECRET_SIZE = 32,
    HISTORY_HASH_SIZE = 16,     /* of a value that is kept as its keyed hash */
    HISTORY_TRUNCATE_IPV4 = 24, /* bits that stay */
    HISTORY_TRUNCATE_IPV6 = 48,
};

enum history_keep {
    HISTORY_KEEP = 0,
    HISTORY_KEEP_TRUNCATED,
    HISTORY_KEEP_HASHED,
    HISTORY_KEEP_NOT,
    HISTORY_KEEP_COUNT,
};

struct history_rules {
    enum history_keep keep[VALUE_KIND_COUNT];
    /* after so many days; 0: never */
    uint32_t days[VALUE_KIND_COUNT]; /* a kind is removed */
    uint32_t hour_days;              /* hours become days */
    uint32_t day_days;               /* days become months */
    uint64_t size_max;               /* bytes of all segments: the oldest rows go first; 0: any */
    bool hash_secret_known;
    uint8_t hash_secret[HISTORY_SECRET_SIZE]; /* for HISTORY_KEEP_HASHED */
    bool host_secret_known;                   /* inside hosts are pseudonyms */
    uint8_t host_secret[HISTORY_SECRET_SIZE];
};

/**
 * The word for what is kept: "keep", "truncate", "hash", "drop".
 *
 * keep      any value of the enum
 */
const char *history_keep_name(enum history_keep keep);

/**
 * What is kept of a word.
 *
 * word      as history_keep_name() writes it, in any case
 * ret       untouched on error
 *
 * Errors    ERR_ABSENT no such word
 */
MUST_USE
enum err history_keep_from_name(struct span word, enum history_keep *ret);

/**
 * The rules where nothing is configured: all is kept whole; hours become days after 90 days, days
 * become months after 400; nothing is removed.
 *
 * ret       receives them
 */
void history_rules_default(struct history_rules *ret);

/**
 * A mark of all that rules say of what is kept, but for the size: where it is another one, what was
 * put in order under it is perhaps not as it should be. The first eight bytes of an HMAC-SHA256, so
 * that it tells nothing of the secrets.
 *
 * rules     of the owner
 *
 * Returns it; never 0.
 */
uint64_t history_rules_mark(const struct history_rules *rules);

/**
 * The second so many days before another one; 0 where that is before 1970, or the days are 0:
 * never.
 *
 * now_s     since 1970
 * days      of HISTORY_DAY_S
 */
uint32_t history_days_ago(uint32_t now_s, uint32_t days);

/* What is kept of a value. */
struct history_kept {
    enum history_form form;
    struct span key;
};

/**
 * What is kept of a value. Truncated: of an IPv4 address the first HISTORY_TRUNCATE_IPV4 bits, of
 * an IPv6 address HISTORY_TRUNCATE_IPV6, others zero; of an address with a port likewise, and port
 * 0; of a domain its registered domain (public suffix list), or all of it where it has none; of a
 * mail address the domain with an "@" before it, of a URL host and port, of other kinds the first
 * half of its bytes, rounded up. Hashed: HMAC-SHA256 (RFC 2104) over kind (one byte) and key under
 * the secret, HISTORY_HASH_SIZE bytes.
 *
 * rules     of the owner
 * kind      of the value
 * key       canonical
 * keep      which of them
 * buf       receives at most HISTORY_ORDER_SIZE_MAX bytes, where the key is not kept as it is
 * ret       its key is the value's, or in `buf`; untouched on error
 *
 * Errors    ERR_DENIED nothing of it is kept, or it is to be hashed and there is no secret
 */
MUST_USE
enum err history_keep_value(const struct history_rules *rules, enum value_kind kind,
                            struct span key, enum history_keep keep, uint8_t *buf,
                            struct history_kept *ret);

/**
 * Append what is kept of a value as people read it: canonical text of a whole value; the network of
 * a truncated address; "..." behind other kinds that are cut; hexadecimal digits of a hash.
 *
 * buf       receives the text
 * kind      of the value
 * form      what of it is kept
 * key       any bytes: what has not the shape of its kind is written as hexadecimal digits
 */
void history_kept_add_text(struct buf *buf, enum value_kind kind, enum history_form form,
                           struct span key);

/**
 * The name under which an inside host is kept: its address, or where there is a secret its
 * pseudonym: "host-" and 40 hexadecimal digits, the address as one block of AES-256 (FIPS 197;
 * IPv4-mapped where it is one of IPv4) under the secret, and four bytes by which it is known that
 * the secret is the right one. What is no address becomes "host-" and a keyed hash of the same
 * size, which nobody undoes.
 *
 * rules     of the owner
 * host      canonical text of an address; empty for none, which stays so
 * buf       receives the name where it is a pseudonym: at least HISTORY_NAME_SIZE_MAX bytes
 */
struct span history_host_name(const struct history_rules *rules, struct span host, uint8_t *buf);

/**
 * The address behind a pseudonym.
 *
 * secret    HISTORY_SECRET_SIZE bytes, of who holds it
 * name      as history_host_name() made it
 * buf       receives the address's text
 *
 * Errors    ERR_FORMAT no pseudonym, or not under this secret
 */
MUST_USE
enum err history_host_reveal(const uint8_t *secret, struct span name, struct buf *buf);

#endif
