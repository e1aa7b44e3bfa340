// SPDX-License-Identifier: EUPL-1.2
#include "match/ranges.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/must.h"

enum {
    DEPTH_MAX = 129,     /* prefixes that can nest: lengths 0 to 128 */
    HELD_PER_RANGE = 64, /* bits: so that few of those near a range are beside it */
    CIDR_ADDRESS = 2,    /* where a range's key has its address */
    CIDR_FAMILY_IPV4 = 4,
    HALF_BITS = 64,
    BITS_PER_BYTE = 8,
};

/* One indicator's range, for sorting. */
struct sorted_range {
    struct match_address begin;
    uint32_t indicator;
    uint8_t prefix; /* counted in 128 bits, for IPv4 too as it fills the top ones */
};

static int address_compare(struct match_address a, struct match_address b)
{
    if (a.high != b.high) {
        return a.high < b.high ? -1 : 1;
    }
    return (a.low > b.low) - (a.low < b.low);
}

/* By address, then wider ones first, then as they were added. */
static int range_compare(const void *left, const void *right)
{
    const struct sorted_range *a = left;
    const struct sorted_range *b = right;
    int order = address_compare(a->begin, b->begin);
    if (order != 0) {
        return order;
    }
    if (a->prefix != b->prefix) {
        return a->prefix < b->prefix ? -1 : 1;
    }
    return (a->indicator > b->indicator) - (a->indicator < b->indicator);
}

static bool range_same(const struct sorted_range *a, const struct sorted_range *b)
{
    return a->prefix == b->prefix && address_compare(a->begin, b->begin) == 0;
}

/* The last address of a range; all lower bits of IPv4 count as part of the address. */
static struct match_address range_last(const struct sorted_range *range)
{
    uint64_t high = range->prefix >= HALF_BITS ? 0 : UINT64_MAX >> range->prefix;
    uint64_t low = UINT64_MAX;
    if (range->prefix >= 2 * HALF_BITS) {
        low = 0;
    } else if (range->prefix >= HALF_BITS) {
        low = UINT64_MAX >> (range->prefix - HALF_BITS);
    }
    return (struct match_address){ .high = range->begin.high | high,
                                   .low = range->begin.low | low };
}

static size_t sorted_fill(struct sorted_range *sorted, enum match_family family,
                          const struct match_entry *entries, size_t entry_count,
                          const uint8_t *text)
{
    size_t count = 0;
    for (size_t i = 0; i < entry_count; i++) {
        if (entries[i].kind != VALUE_CIDR) {
            continue;
        }
        const uint8_t *key = text + match_entry_text(&entries[i]);
        if ((key[0] == CIDR_FAMILY_IPV4) != (family == MATCH_IPV4)) {
            continue;
        }
        if (sorted != NULL) {
            sorted[count] =
                (struct sorted_range){ .begin = match_address_of(key + CIDR_ADDRESS, family),
                                       .indicator = (uint32_t)i,
                                       .prefix = key[1] };
        }
        count++;
    }
    return count;
}

/* The walk from the lowest address to the highest: the ranges that are open at the place reached,
 * the narrowest on top. */
struct sweep {
    struct match_range_plan *plan;
    size_t depth;
    struct {
        struct match_address last;
        uint32_t number;
    } open[DEPTH_MAX];
};

static uint32_t sweep_owner(const struct sweep *sweep)
{
    return sweep->depth == 0 ? 0 : sweep->open[sweep->depth - 1].number + 1;
}

/* From `start` on, the range on top owns the addresses. */
static void sweep_mark(struct sweep *sweep, struct match_address start)
{
    struct match_range_plan *plan = sweep->plan;
    size_t count = plan->interval_count;
    if (count > 0 && address_compare(plan->starts[count - 1], start) == 0) {
        plan->owners[count - 1] = sweep_owner(sweep);
        return;
    }
    plan->starts[count] = start;
    plan->owners[count] = sweep_owner(sweep);
    plan->interval_count++;
}

static void sweep_close(struct sweep *sweep)
{
    struct match_address end = sweep->open[sweep->depth - 1].last;
    sweep->depth--;
    if (end.high == UINT64_MAX && end.low == UINT64_MAX) {
        return;
    }
    end.low++;
    end.high += end.low == 0 ? 1 : 0;
    sweep_mark(sweep, end);
}

static void sweep_open(struct sweep *sweep, const struct sorted_range *range)
{
    while (sweep->depth > 0 &&
           address_compare(sweep->open[sweep->depth - 1].last, range->begin) < 0) {
        sweep_close(sweep);
    }
    struct match_range_plan *plan = sweep->plan;
    uint32_t number = (uint32_t)plan->range_count;
    plan->ranges[number] =
        (struct match_range){ .indicator = range->indicator, .parent = sweep_owner(sweep) };
    plan->range_count++;
    must(sweep->depth < DEPTH_MAX);
    sweep->open[sweep->depth].last = range_last(range);
    sweep->open[sweep->depth].number = number;
    sweep->depth++;
    sweep_mark(sweep, range->begin);
}

static void plan_sweep(struct match_range_plan *plan, const struct sorted_range *sorted,
                       size_t count, struct match_entry *entries)
{
    struct sweep sweep = { .plan = plan };
    sweep_mark(&sweep, (struct match_address){ 0 });
    for (size_t i = 0; i < count; i++) {
        entries[sorted[i].indicator].next = 0;
        if (i > 0 && range_same(&sorted[i - 1], &sorted[i])) {
            entries[sorted[i - 1].indicator].next = sorted[i].indicator;
            continue;
        }
        sweep_open(&sweep, &sorted[i]);
    }
    while (sweep.depth > 0) {
        sweep_close(&sweep);
    }
}

/* How many bits can number `count` things, within limits. */
static unsigned bits_for(size_t count, unsigned bits_min, unsigned bits_max)
{
    unsigned bits = bits_min;
    while (bits < bits_max && (size_t)1 << bits < count) {
        bits++;
    }
    return bits;
}

enum err match_range_plan_init(struct match_range_plan *plan, enum match_family family,
                               struct match_entry *entries, size_t entry_count, const uint8_t *text)
{
    *plan = (struct match_range_plan){ 0 };
    size_t count = sorted_fill(NULL, family, entries, entry_count, text);
    if (count == 0) {
        return ERR_OK;
    }
    struct sorted_range *sorted = memory_new_array(count, sizeof *sorted);
    plan->ranges = memory_new_array(count, sizeof *plan->ranges);
    plan->starts = memory_new_array(2 * count + 1, sizeof *plan->starts);
    plan->owners = memory_new_array(2 * count + 1, sizeof *plan->owners);
    if (sorted == NULL || plan->ranges == NULL || plan->starts == NULL || plan->owners == NULL) {
        memory_free(sorted);
        return ERR_LIMIT;
    }

    sorted_fill(sorted, family, entries, entry_count, text);
    qsort(sorted, count, sizeof *sorted, range_compare);
    plan_sweep(plan, sorted, count, entries);
    plan->held_bits =
        bits_for(plan->range_count * HELD_PER_RANGE, MATCH_HELD_BITS_MIN, MATCH_HELD_BITS_MAX);
    plan->first_bits = bits_for(plan->range_count, MATCH_FIRST_BITS_MIN, MATCH_FIRST_BITS_MAX);
    memory_free(sorted);
    return ERR_OK;
}

void match_range_plan_done(struct match_range_plan *plan)
{
    memory_free(plan->ranges);
    memory_free(plan->starts);
    memory_free(plan->owners);
    *plan = (struct match_range_plan){ 0 };
}

size_t match_range_plan_size(const struct match_range_plan *plan, enum match_family family,
                             unsigned section)
{
    if (plan->range_count == 0) {
        return 0;
    }
    if (section == MATCH_SECTION_RANGES4) {
        return plan->range_count * sizeof(struct match_range);
    }
    if (section == MATCH_SECTION_HELD4) {
        return ((size_t)1 << plan->held_bits) / BITS_PER_BYTE;
    }
    if (section == MATCH_SECTION_FIRST4) {
        return (((size_t)1 << plan->first_bits) + 1) * sizeof(uint32_t);
    }
    if (section == MATCH_SECTION_STARTS4 && family == MATCH_IPV6) {
        return plan->interval_count * sizeof(struct match_address);
    }
    return plan->interval_count * sizeof(uint32_t);
}

/* A bit for every piece of the address line that a range has a part of. */
static void held_write(const struct match_range_plan *plan, uint64_t *held)
{
    const unsigned shift = HALF_BITS - plan->held_bits;
    for (size_t i = 0; i < plan->interval_count; i++) {
        if (plan->owners[i] == 0) {
            continue;
        }
        uint64_t last = UINT64_MAX;
        if (i + 1 < plan->interval_count) {
            last = plan->starts[i + 1].high - (plan->starts[i + 1].low == 0 ? 1 : 0);
        }
        for (uint64_t bit = plan->starts[i].high >> shift; bit <= last >> shift; bit++) {
            held[bit / HALF_BITS] |= (uint64_t)1 << bit % HALF_BITS;
        }
    }
}

/* For every cell the interval that its first address lies in; behind the cells, the last one. */
static void first_write(const struct match_range_plan *plan, uint32_t *first)
{
    const size_t cell_count = (size_t)1 << plan->first_bits;
    uint32_t at = 0;
    for (size_t cell = 0; cell < cell_count; cell++) {
        const struct match_address begin = { .high = (uint64_t)cell
                                                     << (HALF_BITS - plan->first_bits) };
        while (at + 1 < plan->interval_count && address_compare(plan->starts[at + 1], begin) <= 0) {
            at++;
        }
        first[cell] = at;
    }
    first[cell_count] = (uint32_t)(plan->interval_count - 1);
}

static void starts_write(const struct match_range_plan *plan, enum match_family family,
                         void *target)
{
    uint32_t *starts4 = target;
    struct match_address *starts6 = target;
    for (size_t i = 0; i < plan->interval_count; i++) {
        if (family == MATCH_IPV4) {
            starts4[i] = (uint32_t)(plan->starts[i].high >> 32);
        } else {
            starts6[i] = plan->starts[i];
        }
    }
}

void match_range_plan_write(const struct match_range_plan *plan, enum match_family family,
                            unsigned section, void *target)
{
    size_t size = match_range_plan_size(plan, family, section);
    if (size == 0) {
        return;
    }
    if (section == MATCH_SECTION_RANGES4) {
        span_copy(target, size, span_make(plan->ranges, size));
    } else if (section == MATCH_SECTION_HELD4) {
        held_write(plan, target);
    } else if (section == MATCH_SECTION_FIRST4) {
        first_write(plan, target);
    } else if (section == MATCH_SECTION_STARTS4) {
        starts_write(plan, family, target);
    } else {
        span_copy(target, size, span_make(plan->owners, size));
    }
}

static bool cells_fit(const struct match_range_set *set)
{
    size_t cell_count = (size_t)1 << (HALF_BITS - set->first_shift);
    for (size_t cell = 0; cell < cell_count; cell++) {
        if (set->first[cell] > set->first[cell + 1]) {
            return false;
        }
    }
    return set->first[cell_count] < set->interval_count;
}

static bool starts_fit(const struct match_range_set *set, enum match_family family)
{
    const uint32_t *starts4 = set->starts;
    const struct match_address *starts6 = set->starts;
    for (uint32_t i = 1; i < set->interval_count; i++) {
        bool rising = family == MATCH_IPV4 ? starts4[i - 1] < starts4[i]
                                           : address_compare(starts6[i - 1], starts6[i]) < 0;
        if (!rising) {
            return false;
        }
    }
    return true;
}

bool match_range_set_fits(const struct match_range_set *set, enum match_family family,
                          uint32_t indicator_count)
{
    if (set->held == NULL) {
        return true;
    }
    for (uint32_t i = 0; i < set->range_count; i++) {
        if (set->ranges[i].indicator >= indicator_count || set->ranges[i].parent > i) {
            return false;
        }
    }
    for (uint32_t i = 0; i < set->interval_count; i++) {
        if (set->owners[i] > set->range_count) {
            return false;
        }
    }
    return starts_fit(set, family) && cells_fit(set);
}
