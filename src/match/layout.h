// SPDX-License-Identifier: EUPL-1.2
/*
 * How an index image lies in its file: header, then sections, each at a multiple of 64 bytes. The
 * structs are the bytes themselves, little-endian. docs/format/index-image.md tells the same for
 * those who read the file without this program; a change here is a change there and a new version.
 */
#ifndef MATCH_LAYOUT_H
#define MATCH_LAYOUT_H

#include "base/hash.h"
#include "base/uuid.h"
#include "value/value.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "images are mapped as they lie");

#define MATCH_MAGIC "LINIEIDX"

enum {
    MATCH_VERSION = 2,
    MATCH_MAGIC_SIZE = 8,
    MATCH_HEADER_SIZE = 704,
    MATCH_ALIGNMENT = 64,     /* of sections: one line of a processor's cache */
    MATCH_CHECKED_FROM = 24,  /* the checksum covers all bytes from here on */
    MATCH_KIND_ROOM = 32,     /* kinds that the header has counters for */
    MATCH_FORM_SALTS = 128,   /* the bytes whose hashes tell forms apart are numbered from here */
    MATCH_DEPTH_MAX = 127,    /* labels of a domain; RFC 1035 allows no more in 253 bytes */
    MATCH_BUCKET_SLOTS = 8,   /* tags and references of eight slots fill one line */
    MATCH_BUCKET_LOAD = 6,    /* slots of a bucket that are used on average */
    MATCH_FILTER_BITS = 12,   /* of the filter, for each hashed indicator */
    MATCH_FIRST_BITS_MIN = 8, /* leading address bits that choose a cell of `first` */
    MATCH_FIRST_BITS_MAX = 20,
    MATCH_HELD_BITS_MIN = 12,     /* leading address bits that choose a bit of `held` */
    MATCH_HELD_BITS_MAX = 24,     /* of IPv4 then every /24 has its bit, in 2 MiB */
    MATCH_REF_NUMBER = 0xfffffff, /* in a reference: number + 1; 200 million need 28 bits */
    MATCH_REF_SELF = 1 << 28,     /* in a reference: the chain matches the key itself */
    MATCH_REF_BELOW = 1 << 29,    /* in a reference: the chain matches names below the key */
    MATCH_REF_FORM = 1 << 30,     /* in a reference: the number is that of a form */
};

enum match_family { MATCH_IPV4 = 0, MATCH_IPV6, MATCH_FAMILY_COUNT };

/* Forms by which URLs are looked up that meet more than their own key; see match/forms.h. */
enum match_form_kind {
    MATCH_FORM_PLAIN = 0, /* of exact URLs whose escapes a log may have undone */
    MATCH_FORM_CASELESS,
    MATCH_FORM_ANY_QUERY,
    MATCH_FORM_PREFIX,
    MATCH_FORM_COUNT,
};

enum match_section_name {
    MATCH_SECTION_FILTER = 0,
    MATCH_SECTION_TABLE,
    MATCH_SECTION_ENTRIES,
    MATCH_SECTION_TEXT,
    MATCH_SECTION_UUIDS,
    MATCH_SECTION_ORIGINS,
    MATCH_SECTION_RANGES4, /* five of IPv4, then five of IPv6 in the same order */
    MATCH_SECTION_HELD4,
    MATCH_SECTION_FIRST4,
    MATCH_SECTION_STARTS4,
    MATCH_SECTION_OWNERS4,
    MATCH_SECTION_RANGES6,
    MATCH_SECTION_HELD6,
    MATCH_SECTION_FIRST6,
    MATCH_SECTION_STARTS6,
    MATCH_SECTION_OWNERS6,
    MATCH_SECTION_FORMS,
    MATCH_SECTION_PATTERNS, /* uint32_t: numbers of the indicators that are patterns, rising */
    MATCH_SECTION_COUNT,
};

struct match_section {
    uint64_t offset; /* from the start of the image */
    uint64_t size;   /* in bytes, without the padding behind it */
};

struct match_header {
    uint8_t magic[MATCH_MAGIC_SIZE];
    uint32_t version;
    uint32_t header_size;
    uint64_t checksum;
    uint64_t total_size;
    uint32_t indicator_count;
    uint32_t bucket_reach;    /* a key lies at most so many buckets behind its own */
    uint64_t self_depths[2];  /* bit n: a domain of n labels matches itself */
    uint64_t below_depths[2]; /* bit n: a domain of n labels matches names below it */
    uint32_t kind_counts[MATCH_KIND_ROOM];
    uint8_t held_bits[MATCH_FAMILY_COUNT]; /* 0 where the family has no ranges */
    uint8_t first_bits[MATCH_FAMILY_COUNT];
    uint32_t prefix_depths; /* bit n: a URL that is a prefix holds n of the bytes "/?&" */
    struct hash_secret secret;
    struct match_section sections[MATCH_SECTION_COUNT];
    uint32_t form_counts[MATCH_FORM_COUNT];
};

/* One indicator. Equal keys are chained in the order they were added. */
struct match_entry {
    int64_t valid_from_us;
    int64_t valid_until_us;
    uint32_t text_low; /* where the key lies in the text; the scheme follows it */
    uint32_t next;     /* number of the next indicator of this key, always higher; 0 ends */
    uint32_t uuid;     /* number + 1 in the UUIDs; 0 is none */
    uint16_t key_size;
    uint16_t origin;
    uint8_t text_high; /* bits 32 to 39 of the place in the text */
    uint8_t kind;
    uint8_t scope; /* enum value_scope */
    uint8_t scheme_size;
    uint8_t tlp;
    uint8_t confidence;
    uint8_t reserved[2];
};

/* A form of a URL stands in the table as a key does. Equal forms are chained in the order of their
 * indicators. */
struct match_form {
    uint32_t entry; /* number of the indicator */
    uint32_t next;  /* number of the next form that is equal, always higher; 0 ends */
};

/* Slots fill from the left; a reference of 0 is an empty slot. */
struct match_bucket {
    uint32_t tags[MATCH_BUCKET_SLOTS]; /* low half of the hash */
    uint32_t refs[MATCH_BUCKET_SLOTS];
};

struct match_origin_record {
    uint64_t text; /* where in the text source_id, source and set lie, one behind the other */
    uint32_t source_id_size;
    uint32_t source_size;
    uint32_t set_size;
    uint32_t reserved;
};

/* One distinct address range. Wider ranges come before those inside them. */
struct match_range {
    uint32_t indicator; /* the first of the chain */
    uint32_t parent;    /* number + 1 of the next wider range; 0 is none */
};

/* An address as two numbers, so that it compares as a number; IPv4 fills the top 32 bits. */
struct match_address {
    uint64_t high;
    uint64_t low;
};

_Static_assert(sizeof(struct match_header) == MATCH_HEADER_SIZE, "header without hidden padding");
_Static_assert(sizeof(struct match_entry) == 40, "entry without hidden padding");
_Static_assert(sizeof(struct match_form) == 8, "form without hidden padding");
_Static_assert(sizeof(struct match_bucket) == MATCH_ALIGNMENT, "a bucket is one line");
_Static_assert(sizeof(struct match_origin_record) == 24, "record without hidden padding");
_Static_assert(sizeof(struct match_range) == 8, "range without hidden padding");
_Static_assert(sizeof(struct match_address) == 16, "address without hidden padding");
_Static_assert(offsetof(struct match_header, total_size) == MATCH_CHECKED_FROM, "checked part");
_Static_assert((int)VALUE_KIND_COUNT <= (int)MATCH_KIND_ROOM, "every kind has a counter");

/* By what an indicator is found. */
enum match_way {
    MATCH_WAY_KEY = 0, /* its key in the table */
    MATCH_WAY_RANGE,
    MATCH_WAY_FORM, /* only a form of its key in the table */
    MATCH_WAY_PATTERN,
};

/**
 * By what an indicator is found.
 *
 * kind      of its value
 * scope     one that the kind can have
 */
static inline enum match_way match_way_of(enum value_kind kind, enum value_scope scope)
{
    switch (scope) {
    case VALUE_SCOPE_LIKE:
    case VALUE_SCOPE_REGEX:
        return MATCH_WAY_PATTERN;
    case VALUE_SCOPE_ANY_QUERY:
    case VALUE_SCOPE_PREFIX:
    case VALUE_SCOPE_CASELESS:
        return MATCH_WAY_FORM;
    default:
        return kind == VALUE_CIDR ? MATCH_WAY_RANGE : MATCH_WAY_KEY;
    }
}

/**
 * Whether a kind can have a scope, and bytes the shape of the key of such an indicator.
 *
 * kind      any number
 * scope     any number
 * key       looked at
 */
bool match_indicator_fits(unsigned kind, unsigned scope, struct span key);

/**
 * Whether bytes have the shape of a canonical key of a kind, as value/value.h lays them out: the
 * right size, and for a range also family, prefix and no bits behind the prefix.
 *
 * kind      any number
 * key       looked at
 */
bool match_key_fits(unsigned kind, struct span key);

/**
 * Four bytes in network order as a number.
 *
 * bytes     at least 4
 */
static inline uint32_t match_network_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/**
 * The address at the start of a key's bytes, as numbers.
 *
 * bytes     4 bytes for IPv4, 16 for IPv6
 * family    of the address
 */
static inline struct match_address match_address_of(const uint8_t *bytes, enum match_family family)
{
    uint64_t high = (uint64_t)match_network_u32(bytes) << 32;
    if (family == MATCH_IPV4) {
        return (struct match_address){ .high = high };
    }
    high |= match_network_u32(bytes + 4);
    uint64_t low = (uint64_t)match_network_u32(bytes + 8) << 32;
    low |= match_network_u32(bytes + 12);
    return (struct match_address){ .high = high, .low = low };
}

#endif
