// SPDX-License-Identifier: EUPL-1.2
/*
 * For this room only: address ranges, and every one that covers an address.
 *
 * Prefixes either nest or are apart. So the line of all addresses falls into intervals, each owned
 * by the narrowest range that covers it (or by none), and each range knows the next wider one. An
 * address needs one search for its interval; the wider ranges are a walk along the parents. The
 * address's leading bits choose a cell that says between which intervals to search. Before that
 * they choose a bit that says whether any range comes near: for most addresses that load is all.
 */
#ifndef MATCH_RANGES_H
#define MATCH_RANGES_H

#include "match/image.h"

/* What one family's ranges come to, before they are laid into an image. */
struct match_range_plan {
    size_t range_count;
    size_t interval_count;
    unsigned held_bits;
    unsigned first_bits;
    struct match_range *ranges;
    struct match_address *starts;
    uint32_t *owners;
};

/**
 * Work out the ranges of one family, and chain the entries of equal ones in the order of their
 * numbers.
 *
 * plan         caller's memory; to give back with match_range_plan_done() in any case
 * family       entries of the other one are passed over
 * entries      of the builder; `next` is set in those of kind VALUE_CIDR
 * entry_count  how many
 * text         their keys
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err match_range_plan_init(struct match_range_plan *plan, enum match_family family,
                               struct match_entry *entries, size_t entry_count,
                               const uint8_t *text);

/**
 * Give a plan's memory back.
 *
 * plan      begun with match_range_plan_init(), or all zero
 */
void match_range_plan_done(struct match_range_plan *plan);

/**
 * Bytes of a family's section; the five sections are numbered from MATCH_SECTION_RANGES4.
 *
 * plan      worked out
 * family    of the plan
 * section   MATCH_SECTION_RANGES4 .. MATCH_SECTION_OWNERS4, for IPv6 too
 */
size_t match_range_plan_size(const struct match_range_plan *plan, enum match_family family,
                             unsigned section);

/**
 * Write a family's section.
 *
 * plan      worked out
 * family    of the plan
 * section   as for match_range_plan_size()
 * target    receives as many bytes as match_range_plan_size() says; aligned to 8, all zero
 */
void match_range_plan_write(const struct match_range_plan *plan, enum match_family family,
                            unsigned section, void *target);

/**
 * Whether a family's ranges in an image are such that no search leaves them; so are none at all.
 *
 * set              its sections have the sizes that the counts need
 * family           of the set
 * indicator_count  of the image
 */
bool match_range_set_fits(const struct match_range_set *set, enum match_family family,
                          uint32_t indicator_count);

/**
 * Whether some range has addresses near an address.
 *
 * set       of a family that has ranges
 * high      the address's high half
 */
static inline bool match_range_near(const struct match_range_set *set, uint64_t high)
{
    uint64_t bit = high >> set->held_shift;
    return (set->held[bit / 64] >> (bit % 64) & 1) != 0; /* bits of a word */
}

/**
 * The narrowest range that covers an IPv4 address, as number + 1; 0 where there is none.
 *
 * set       of IPv4, with ranges
 * address   looked up
 */
static inline uint32_t match_range_find4(const struct match_range_set *set,
                                         struct match_address address)
{
    const uint32_t number = (uint32_t)(address.high >> 32);
    const uint32_t *cell = &set->first[address.high >> set->first_shift];
    const uint32_t *starts = set->starts;
    uint32_t begin = cell[0];
    uint32_t size = cell[1] - begin + 1;
    while (size > 1) {
        uint32_t half = size / 2;
        begin = starts[begin + half] <= number ? begin + half : begin;
        size -= half;
    }
    return set->owners[begin];
}

/**
 * The narrowest range that covers an IPv6 address, as number + 1; 0 where there is none.
 *
 * set       of IPv6, with ranges
 * address   looked up
 */
static inline uint32_t match_range_find6(const struct match_range_set *set,
                                         struct match_address address)
{
    const uint32_t *cell = &set->first[address.high >> set->first_shift];
    const struct match_address *starts = set->starts;
    uint32_t begin = cell[0];
    uint32_t size = cell[1] - begin + 1;
    while (size > 1) {
        uint32_t half = size / 2;
        struct match_address start = starts[begin + half];
        bool reached =
            start.high < address.high || (start.high == address.high && start.low <= address.low);
        begin = reached ? begin + half : begin;
        size -= half;
    }
    return set->owners[begin];
}

/**
 * The narrowest range that covers an observed address, as number + 1; 0 where there is none.
 *
 * image     open
 * kind      any; only VALUE_IPV4 and VALUE_IPV6 can be covered
 * key       its canonical key; one of another size is covered by nothing
 */
static inline uint32_t match_range_find(const struct match_image *image, enum value_kind kind,
                                        struct span key)
{
    if (kind == VALUE_IPV4 && image->ranges[MATCH_IPV4].held != NULL &&
        key.size == VALUE_IPV4_SIZE) {
        const struct match_range_set *set = &image->ranges[MATCH_IPV4];
        struct match_address address = match_address_of(key.data, MATCH_IPV4);
        return match_range_near(set, address.high) ? match_range_find4(set, address) : 0;
    }
    if (kind == VALUE_IPV6 && image->ranges[MATCH_IPV6].held != NULL &&
        key.size == VALUE_IPV6_SIZE) {
        const struct match_range_set *set = &image->ranges[MATCH_IPV6];
        struct match_address address = match_address_of(key.data, MATCH_IPV6);
        return match_range_near(set, address.high) ? match_range_find6(set, address) : 0;
    }
    return 0;
}

#endif
