// SPDX-License-Identifier: EUPL-1.2
/*
 * For this room only: an open image, and the few steps that making and asking it share.
 *
 * A hash serves three times. Its high half chooses the word of the filter and the bucket of the
 * table (by multiplication, so that their number need not be a power of two); its low half chooses
 * the bits in the filter's word and is the tag in the table.
 */
#ifndef MATCH_IMAGE_H
#define MATCH_IMAGE_H

#include "match/layout.h"
#include "match/match.h"

struct match_hasher {
    struct hash_secret secret;
    uint64_t kind_salts[VALUE_KIND_COUNT]; /* so that equal bytes of two kinds differ */
    uint64_t form_salts[MATCH_FORM_COUNT]; /* of all forms but the plain one */
};

struct match_patterns;

/* Leading bits of an IPv4 address that choose a bit of `near4`. All bits fill 8 KiB, which stay in
 * a processor's first cache, and most addresses in a log are of its own networks, which no
 * indicator is near. */
enum { MATCH_NEAR4_BITS = 16, MATCH_NEAR4_COUNT = 1 << MATCH_NEAR4_BITS };

/* The ranges of one address family; no `held` where there are none. See match/ranges.h. */
struct match_range_set {
    const uint64_t *held;
    const uint32_t *first;
    unsigned held_shift;  /* of the address's high half, to give its bit */
    unsigned first_shift; /* and its cell */
    uint32_t range_count;
    uint32_t interval_count;
    const void *starts; /* uint32_t for IPv4, struct match_address for IPv6 */
    const uint32_t *owners;
    const struct match_range *ranges;
};

struct match_image {
    struct match_hasher hasher;
    const uint64_t *filter;
    const struct match_bucket *buckets;
    const struct match_entry *entries;
    uint32_t filter_count; /* words */
    uint32_t bucket_count;
    uint32_t bucket_reach;
    uint32_t indicator_count;
    uint32_t kind_counts[VALUE_KIND_COUNT];
    uint32_t probe_counts[VALUE_KIND_COUNT]; /* of those, what is looked up in the table */
    uint32_t pattern_kinds;                  /* bit n: there are patterns of kind n */
    uint32_t prefix_depths;
    uint32_t form_counts[MATCH_FORM_COUNT];
    bool has_far_forms; /* forms other than the plain one */
    uint64_t self_depths[2];
    uint64_t below_depths[2];
    uint64_t near4[MATCH_NEAR4_COUNT / 64]; /* where addresses and ranges are; made on opening */
    struct match_range_set ranges[MATCH_FAMILY_COUNT];
    struct span text;
    const struct uuid *uuids;
    const struct match_origin_record *origins;
    uint32_t uuid_count;
    uint32_t origin_count;
    const struct match_form *forms;
    uint32_t form_count;
    const uint32_t *pattern_numbers;
    uint32_t pattern_count;
    struct match_patterns *patterns; /* NULL where there are none */
};

/**
 * As match_image_open(), but without comparing the checksum: for tests and fuzzing, which damage
 * images on purpose and must get past it.
 *
 * op        work in hand
 * bytes     borrowed until match_image_close()
 * ret       untouched on error
 *
 * Errors    as match_image_open()
 */
MUST_USE
enum err match_image_open_unchecked(struct op *op, struct span bytes, struct match_image **ret);

/**
 * Begin hashing under a secret.
 *
 * hasher    receives what hashing needs
 * secret    copied
 */
void match_hasher_init(struct match_hasher *hasher, const struct hash_secret *secret);

/**
 * The hash of a key of a kind.
 *
 * hasher    begun with match_hasher_init()
 * kind      a kind that is looked up by hash: not VALUE_CIDR
 * key       hashed
 */
static inline uint64_t match_hash(const struct match_hasher *hasher, enum value_kind kind,
                                  struct span key)
{
    return hash_bytes(&hasher->secret, key) ^ hasher->kind_salts[kind];
}

/**
 * Which of `count` places a hash belongs to.
 *
 * hash      of a key
 * count     at least 1
 */
static inline uint32_t match_place(uint64_t hash, uint32_t count)
{
    return (uint32_t)((hash >> 32) * count >> 32);
}

/**
 * The bits that a hash sets in its word of the filter. Four of 64 at 12 bits a key let about one
 * in a hundred strangers through.
 *
 * hash      of a key
 */
static inline uint64_t match_filter_bits(uint64_t hash)
{
    const uint64_t one = 1;
    return one << (hash & 63) | one << (hash >> 6 & 63) | one << (hash >> 12 & 63) |
           one << (hash >> 18 & 63);
}

/**
 * Whether a hash may be in the table.
 *
 * image     open
 * hash      of a key
 */
static inline bool match_filter_has(const struct match_image *image, uint64_t hash)
{
    uint64_t bits = match_filter_bits(hash);
    return (image->filter[match_place(hash, image->filter_count)] & bits) == bits;
}

/**
 * The bit of an IPv4 address in `near4`.
 *
 * address   any
 */
static inline uint32_t match_near4_bit(uint32_t address)
{
    return address >> (32 - MATCH_NEAR4_BITS); /* bits of an address */
}

/**
 * Whether some listed IPv4 address, or one of a listed range, shares its leading bits with another.
 *
 * image     open
 * address   looked up
 */
static inline bool match_near4(const struct match_image *image, uint32_t address)
{
    uint32_t bit = match_near4_bit(address);
    return (image->near4[bit / 64] >> (bit % 64) & 1) != 0;
}

/* A walk over the slots that have a hash's tag, from its bucket on. */
struct match_walk {
    uint64_t slot;
    uint64_t slot_left; /* how many slots may still be looked at */
    uint32_t tag;
    uint32_t reach; /* of MATCH_REF_SELF, _BELOW and _FORM: one of them the reference must offer */
};

/**
 * Begin a walk.
 *
 * image     open
 * hash      looked for
 * reach     of MATCH_REF_SELF, _BELOW and _FORM, what is asked for
 */
static inline struct match_walk match_walk_begin(const struct match_image *image, uint64_t hash,
                                                 uint32_t reach)
{
    uint64_t bucket = match_place(hash, image->bucket_count);
    return (struct match_walk){ .slot = bucket * MATCH_BUCKET_SLOTS,
                                .slot_left =
                                    ((uint64_t)image->bucket_reach + 1) * MATCH_BUCKET_SLOTS,
                                .tag = (uint32_t)hash,
                                .reach = reach };
}

/**
 * The next reference with the walk's tag and reach; its number is `(ref & MATCH_REF_NUMBER) - 1`.
 *
 * image     open
 * walk      begun with match_walk_begin()
 *
 * Returns 0 at the end.
 */
static inline uint32_t match_walk_next(const struct match_image *image, struct match_walk *walk)
{
    while (walk->slot_left > 0) {
        const struct match_bucket *bucket = &image->buckets[walk->slot / MATCH_BUCKET_SLOTS];
        uint32_t tag = bucket->tags[walk->slot % MATCH_BUCKET_SLOTS];
        uint32_t ref = bucket->refs[walk->slot % MATCH_BUCKET_SLOTS];
        if (ref == 0) {
            return 0;
        }
        walk->slot_left--;
        walk->slot++;
        if (walk->slot == (uint64_t)image->bucket_count * MATCH_BUCKET_SLOTS) {
            walk->slot = 0;
        }
        if (tag == walk->tag && (ref & walk->reach) != 0) {
            return ref;
        }
    }
    return 0;
}

/**
 * Whether a set of domain depths holds a depth; all depths above MATCH_DEPTH_MAX count as that.
 *
 * depths    bit n stands for n labels
 * depth     labels
 */
static inline bool match_depths_have(const uint64_t depths[2], size_t depth)
{
    size_t bit = depth > MATCH_DEPTH_MAX ? MATCH_DEPTH_MAX : depth;
    return (depths[bit / 64] >> (bit % 64) & 1) != 0;
}

/**
 * Where an entry's key lies in the text.
 *
 * entry     of an image or a builder
 */
static inline uint64_t match_entry_text(const struct match_entry *entry)
{
    return (uint64_t)entry->text_high << 32 | entry->text_low;
}

#endif
