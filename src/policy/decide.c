// SPDX-License-Identifier: EUPL-1.2
/*
 * The rules of docs/GATE.md, one function each, in their order there.
 */
#include "policy/decide.h"

#include "base/time.h"
#include "policy/day_inner.h"

#define US_PER_DAY ((int64_t)86400 * 1000000)

/* What is asked: the object, or a part of it. */
struct asked {
    const struct policy_recipient *r;
    const struct policy_bound *b;
    int64_t age_days;
};

/* ---- what several rules ask ---- */

/* Whether it goes back to where it came from. */
static bool goes_back(const struct asked *asked)
{
    return asked->b->source_organisation != DAY_NOBODY &&
           asked->b->source_organisation == asked->r->day->organisations[asked->r->party];
}

bool decide_passes_on(const struct policy_bound *b, const struct day_passing *passing)
{
    if ((passing->data >> b->label->data & 1) == 0 || b->source_count == 0) {
        return false;
    }
    for (size_t i = 0; i < b->source_count; i++) {
        if (!day_list_has(passing->parties, BOOK_ITEM_NAME, b->sources[i])) {
            return false;
        }
    }
    return true;
}

/* ---- 1 to 3 ---- */

static struct span holder_world(const struct policy_day *day)
{
    struct span world = policy_block_text(day->parties[day->holder], BOOK_KEY_WORLD);
    return world.size > 0 ? world : SPAN("real");
}

static bool world_fits(const struct asked *asked)
{
    return span_equal(asked->b->world, asked->r->world) &&
           span_equal(asked->b->world, holder_world(asked->r->day));
}

static bool purpose_fits(const struct asked *asked)
{
    if (asked->r->purpose < 0) {
        return false;
    }
    return asked->b->purposes_named ? (asked->b->purposes >> asked->r->purpose & 1) != 0
                                    : asked->r->defensive;
}

/* ---- 4: TLP ---- */

static bool is_named(const struct asked *asked)
{
    for (size_t i = 0; asked->r->person != DAY_NOBODY && i < asked->b->person_count; i++) {
        if (asked->b->persons[i] == asked->r->person) {
            return true;
        }
    }
    return false;
}

static int reach_of(const struct asked *asked)
{
    if (asked->r->own || goes_back(asked)) {
        return POLICY_TLP_AMBER_STRICT;
    }
    int reach = asked->r->client      ? POLICY_TLP_AMBER
                : asked->r->community ? POLICY_TLP_GREEN
                                      : POLICY_TLP_CLEAR;
    for (size_t i = 0; i < asked->r->passing_count; i++) {
        const struct day_passing *passing = &asked->r->passings[i];
        if (passing->tlp_max > reach && decide_passes_on(asked->b, passing)) {
            reach = passing->tlp_max;
        }
    }
    return reach;
}

static bool tlp_fits(const struct asked *asked)
{
    enum policy_tlp tlp = asked->b->tlp;
    if (tlp == POLICY_TLP_CLEAR) {
        return true;
    }
    if (tlp == POLICY_TLP_RED) {
        return is_named(asked);
    }
    return (int)tlp <= reach_of(asked);
}

/* ---- 5: classification ---- */

bool decide_originator_allows(const struct policy_recipient *r, const struct policy_bound *b,
                              uint32_t level)
{
    const struct asked asked = { r, b, 0 };
    if (r->own || b->source_holder || goes_back(&asked)) {
        return true;
    }
    for (size_t i = 0; i < r->passing_count; i++) {
        if (bits_has(r->passings[i].covers, level) && decide_passes_on(b, &r->passings[i])) {
            return true;
        }
    }
    return false;
}

static bool classification_fits(const struct asked *asked)
{
    for (size_t i = 0; i < asked->b->level_count; i++) {
        uint32_t level = asked->b->levels[i];
        if (!bits_has(asked->r->cleared, level) ||
            !decide_originator_allows(asked->r, asked->b, level)) {
            return false;
        }
    }
    return !asked->b->level_unknown;
}

/* ---- 6: audience ---- */

static bool is_among(const struct asked *asked, const struct bound_audience *audience)
{
    for (size_t i = 0; i < audience->party_count; i++) {
        if (audience->parties[i] == asked->r->party) {
            return true;
        }
    }
    for (size_t i = 0; i < asked->r->day->group_count / WORD_BITS + 1; i++) {
        if ((audience->groups[i] & asked->r->groups[i]) != 0) {
            return true;
        }
    }
    return false;
}

static bool audience_fits(const struct asked *asked)
{
    for (size_t i = 0; i < asked->b->audience_count; i++) {
        if (!is_among(asked, &asked->b->audiences[i])) {
            return false;
        }
    }
    return true;
}

/* ---- 7 to 9 ---- */

static bool mandates_fit(const struct asked *asked)
{
    return (asked->r->mandated >> asked->b->label->data & 1) != 0;
}

static bool statements_fit(const struct asked *asked)
{
    return asked->b->statement_count == 0 || asked->r->own;
}

int64_t decide_age(const struct policy_day *day, int64_t time_us)
{
    return time_us == TIME_US_NONE ? INT64_MAX
                                   : day->day - time_floor(time_us, US_PER_DAY) / US_PER_DAY;
}

bool decide_is_old(const struct policy_bound *b, unsigned personal, int64_t age_days)
{
    int64_t kept_days = b->personal_kept_days[personal];
    return kept_days != INT64_MAX && age_days > kept_days;
}

static bool retention_fits(const struct asked *asked)
{
    const struct policy_label *label = asked->b->label;
    if (asked->b->kept_days != INT64_MAX && asked->age_days > asked->b->kept_days) {
        return false;
    }
    for (unsigned i = 0; i < POLICY_PERSONAL_COUNT; i++) {
        bool fixed = (label->personal & label->personal_fixed & (1U << i)) != 0;
        if (fixed && decide_is_old(asked->b, i, asked->age_days)) {
            return false;
        }
    }
    return true;
}

/* ---- 10: privacy ---- */

static enum policy_treatment treatment_of(const struct asked *asked, unsigned personal)
{
    bool old = decide_is_old(asked->b, personal, asked->age_days);
    return old ? POLICY_LEAVE_OUT : asked->r->treatments[personal];
}

static bool privacy_fits(const struct asked *asked)
{
    const struct policy_label *label = asked->b->label;
    for (unsigned i = 0; i < POLICY_PERSONAL_COUNT; i++) {
        bool fixed = (label->personal & label->personal_fixed & (1U << i)) != 0;
        if (fixed && asked->r->treatments[i] != POLICY_KEEP) {
            return false;
        }
    }
    return true;
}

/* ---- all of them ---- */

struct rule_row {
    enum policy_rule rule;
    bool (*fits)(const struct asked *asked);
};

static const struct rule_row rows[] = {
    { POLICY_RULE_WORLD, world_fits },
    { POLICY_RULE_PURPOSE, purpose_fits },
    { POLICY_RULE_TLP, tlp_fits },
    { POLICY_RULE_CLASSIFICATION, classification_fits },
    { POLICY_RULE_AUDIENCE, audience_fits },
    { POLICY_RULE_MANDATES, mandates_fit },
    { POLICY_RULE_STATEMENTS, statements_fit },
    { POLICY_RULE_RETENTION, retention_fits },
    { POLICY_RULE_PRIVACY, privacy_fits },
};

/* Of parts and origins all but privacy are asked; of parts, the world is the object's. */
enum { ROW_COUNT = sizeof rows / sizeof rows[0], PART_ROW_FIRST = 1, PART_ROW_END = 8 };

/* The rules of some rows that say no; with `one`: of these the first only. */
static unsigned ask(const struct asked *asked, size_t begin, size_t end, bool one)
{
    unsigned refusals = 0;
    if (asked->b->unreadable) {
        return 1U << POLICY_RULE_TLP; /* and nothing else of it can be asked */
    }
    for (size_t i = begin; i < end && !(one && refusals != 0); i++) {
        refusals |= rows[i].fits(asked) ? 0 : 1U << rows[i].rule;
    }
    return refusals;
}

unsigned decide_part_refusals(const struct policy_recipient *r, const struct policy_bound *part,
                              int64_t age_days)
{
    const struct asked asked = { r, part, age_days };
    return ask(&asked, PART_ROW_FIRST, PART_ROW_END, false);
}

/* The parts that are left out; false: one that cannot be. */
static bool ask_parts(const struct asked *asked, uint64_t *ret_out)
{
    uint64_t out = 0;
    bool fits = true;
    for (size_t i = 0; i < asked->b->part_count; i++) {
        const struct asked part = { asked->r, &asked->b->parts[i], asked->age_days };
        if (ask(&part, PART_ROW_FIRST, PART_ROW_END, true) != 0) {
            out |= UINT64_C(1) << i;
            fits = fits && !asked->b->label->parts[i].fixed;
        }
    }
    *ret_out = out;
    return fits;
}

unsigned decide_origin_refusals(const struct policy_recipient *r, const struct policy_bound *origin,
                                int64_t age_days)
{
    const struct asked asked = { r, origin, age_days };
    uint64_t out = 0;
    unsigned refusals = ask(&asked, 0, PART_ROW_END, false);
    if (!origin->unreadable) {
        (void)ask_parts(&asked, &out);
        refusals |= out != 0 ? 1U << POLICY_RULE_PARTS : 0;
    }
    return refusals;
}

/* Whether all that the object was made of may go there too, as a whole. */
static bool ask_origins(const struct asked *asked)
{
    for (size_t i = 0; i < asked->b->origin_count; i++) {
        if (decide_origin_refusals(asked->r, &asked->b->origins[i], asked->age_days) != 0) {
            return false;
        }
    }
    return true;
}

static bool can_be_asked(const struct policy_recipient *r, const struct policy_bound *b)
{
    return r->known && r->day == b->day;
}

unsigned policy_refusals(const struct policy_recipient *recipient, const struct policy_bound *bound,
                         int64_t time_us)
{
    const struct asked asked = { recipient, bound, decide_age(recipient->day, time_us) };
    if (!can_be_asked(recipient, bound)) {
        return 1U << POLICY_RULE_KNOWN;
    }
    uint64_t out = 0;
    unsigned refusals = ask(&asked, 0, ROW_COUNT, false);
    if (!bound->unreadable && !ask_parts(&asked, &out)) {
        refusals |= 1U << POLICY_RULE_PARTS;
    }
    if (!bound->unreadable && !ask_origins(&asked)) {
        refusals |= 1U << POLICY_RULE_ORIGINS;
    }
    return refusals;
}

void policy_decide(const struct policy_recipient *recipient, const struct policy_bound *bound,
                   int64_t time_us, struct policy_verdict *ret)
{
    const struct asked asked = { recipient, bound, decide_age(recipient->day, time_us) };
    uint64_t out = 0;
    *ret = (struct policy_verdict){ .answer = POLICY_NO };
    if (!can_be_asked(recipient, bound) || ask(&asked, 0, ROW_COUNT, true) != 0 ||
        !ask_parts(&asked, &out) || !ask_origins(&asked)) {
        return;
    }
    ret->answer = out == 0 ? POLICY_WHOLE : POLICY_REDUCED;
    ret->parts_out = out;
    for (unsigned i = 0; i < POLICY_PERSONAL_COUNT; i++) {
        if ((bound->label->personal >> i & 1) != 0) {
            ret->personal[i] = treatment_of(&asked, i);
            ret->answer = ret->personal[i] != POLICY_KEEP ? POLICY_REDUCED : ret->answer;
        }
    }
}
