// SPDX-License-Identifier: EUPL-1.2
/*
 * A recipient made ready: all that does not depend on the object.
 */
#include "base/must.h"
#include "policy/day_inner.h"
#include "policy/may.h"

/* ---- who ---- */

static void find_party(const struct policy_day *day, const struct policy_asker *asker,
                       struct policy_recipient *r)
{
    bool found = policy_book_find(day->book, BOOK_PARTY, asker->party, &r->party) == ERR_OK &&
                 day->parties[r->party] != NULL;
    r->party = found ? r->party : DAY_NOBODY;
    r->person = DAY_NOBODY;
    r->known = found;
    if (asker->person.size == 0 || !found) {
        return;
    }
    uint32_t person = 0;
    const struct book_block *block =
        policy_book_find(day->book, BOOK_PERSON, asker->person, &person) == ERR_OK
            ? policy_book_block_on(day->book, BOOK_PERSON, person, day->day)
            : NULL;
    r->known = block != NULL && policy_block_field(block, BOOK_KEY_OF)->items[0].name == r->party;
    r->person = r->known ? person : DAY_NOBODY;
}

static bool says_yes(const struct book_block *block, enum book_key key)
{
    const struct book_field *field = policy_block_field(block, key);
    return field != NULL && field->items[0].number == 1; /* no, yes */
}

int32_t day_purpose_find(const struct policy_day *day, struct span id, bool *ret_defensive)
{
    size_t count = 0;
    const struct book_block *blocks = day_blocks(day->book, BOOK_PURPOSE, &count);
    for (size_t i = 0; i < count; i++) {
        bool meant =
            id.size > 0 ? span_equal(blocks[i].id, id) : says_yes(&blocks[i], BOOK_KEY_DEFAULT);
        if (meant && day_holds(day, &blocks[i])) {
            *ret_defensive = says_yes(&blocks[i], BOOK_KEY_DEFENSIVE);
            return (int32_t)blocks[i].name;
        }
    }
    return -1;
}

/* ---- to the holder ---- */

/* Whether the holder and the recipient are in one group in which GREEN goes round. */
static void find_community(const struct policy_day *day, struct policy_recipient *r)
{
    for (uint32_t i = 0; i < day->group_count; i++) {
        const struct book_block *block = policy_book_block_on(day->book, BOOK_GROUP, i, day->day);
        if (block != NULL && bits_has(r->holder_groups, i) && bits_has(r->groups, i) &&
            says_yes(block, BOOK_KEY_COMMUNITY)) {
            r->community = true;
        }
    }
}

static void find_relation(const struct policy_day *day, struct policy_recipient *r)
{
    const struct book_field *clients =
        policy_block_field(day->parties[day->holder], BOOK_KEY_CLIENTS);
    r->own = day->organisations[r->party] == day->organisations[day->holder];
    r->client = clients != NULL && bits_has(r->groups, clients->items[0].name);
    find_community(day, r);
}

static void find_clearance(const struct policy_day *day, const struct book_block *block,
                           enum book_key key, uint64_t *cleared)
{
    for (size_t i = 0; i < block->field_count; i++) {
        const struct book_field *field = &block->fields[i];
        if (field->key != key) {
            continue;
        }
        const uint64_t *row = &day->covers[(size_t)field->items[0].number * LEVEL_WORDS];
        for (size_t j = 0; j < LEVEL_WORDS; j++) {
            cleared[j] |= row[j];
        }
    }
}

/* ---- agreements ---- */

static unsigned data_of(const struct book_field *field)
{
    unsigned data = 0;
    for (unsigned i = 0; i < POLICY_DATA_COUNT; i++) {
        if (field == NULL || day_list_has(field, BOOK_ITEM_DATA, i)) {
            data |= 1U << i;
        }
    }
    return data;
}

static bool has_party(const struct book_field *parties, uint32_t party)
{
    return day_list_has(parties, BOOK_ITEM_NAME, party);
}

static enum err find_passings(struct op *op, const struct policy_day *day,
                              struct policy_recipient *r)
{
    size_t count = 0;
    const struct book_block *blocks = day_blocks(day->book, BOOK_AGREEMENT, &count);
    r->passings = op_alloc(op, count * sizeof *r->passings);
    if (r->passings == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        const struct book_field *parties = policy_block_field(&blocks[i], BOOK_KEY_PARTIES);
        bool both = has_party(parties, r->party) && has_party(parties, day->holder);
        if (!both || !day_holds(day, &blocks[i]) || !day_is_signed(day, &blocks[i]) ||
            !day_purpose_fits(&blocks[i], r->purpose, r->defensive)) {
            continue;
        }
        const struct book_field *tlp = policy_block_field(&blocks[i], BOOK_KEY_TLP);
        struct day_passing *passing = &r->passings[r->passing_count++];
        passing->block = &blocks[i];
        passing->parties = parties;
        passing->data = data_of(policy_block_field(&blocks[i], BOOK_KEY_DATA));
        passing->tlp_max = tlp == NULL ? -1 : (int)tlp->items[0].number; /* as enum policy_tlp */
        find_clearance(day, &blocks[i], BOOK_KEY_CLASS, passing->covers);
    }
    return ERR_OK;
}

/* ---- mandates ---- */

/* The classes of data for which an agreement covers an act. */
static unsigned agreed(const struct policy_recipient *r, uint32_t act)
{
    unsigned data = 0;
    for (size_t i = 0; i < r->passing_count; i++) {
        const struct book_field *acts = policy_block_field(r->passings[i].block, BOOK_KEY_ACTS);
        if (day_list_has(acts, BOOK_ITEM_NAME, act)) {
            data |= r->passings[i].data;
        }
    }
    return data;
}

static bool mandate_fits(const struct policy_recipient *r, const struct decide_side *side,
                         const struct book_block *block)
{
    const struct policy_day *day = r->day;
    return day_holds(day, block) &&
           day_list_has(policy_block_field(block, BOOK_KEY_ACT), BOOK_ITEM_NAME, side->act) &&
           day_purpose_fits(block, r->purpose, r->defensive) &&
           day_list_names(day, policy_block_field(block, BOOK_KEY_WHO), side->who,
                          side->who_groups) &&
           day_list_names(day, policy_block_field(block, BOOK_KEY_WITH), side->other,
                          side->other_groups);
}

/* The classes of data for which leave was given that a mandate asks for. */
static unsigned left(const struct policy_recipient *r, const struct decide_side *side,
                     const struct book_block *mandate)
{
    unsigned data = 0;
    size_t count = 0;
    const struct book_block *blocks = day_blocks(r->day->book, BOOK_LEAVE, &count);
    for (size_t i = 0; i < count; i++) {
        if (decide_leave_fits(r, side, mandate, &blocks[i])) {
            data |= data_of(policy_block_field(&blocks[i], BOOK_KEY_DATA));
        }
    }
    return data;
}

bool decide_leave_fits(const struct policy_recipient *r, const struct decide_side *side,
                       const struct book_block *mandate, const struct book_block *leave)
{
    const struct policy_day *day = r->day;
    return day_holds(day, leave) &&
           policy_block_field(leave, BOOK_KEY_FOR)->items[0].name == mandate->name &&
           day_purpose_fits(leave, r->purpose, r->defensive) &&
           day_list_names(day, policy_block_field(leave, BOOK_KEY_WHO), side->who,
                          side->who_groups) &&
           day_list_names(day, policy_block_field(leave, BOOK_KEY_WITH), side->other,
                          side->other_groups);
}

/* The classes of data for which one side's mandate holds. */
static unsigned mandated(const struct policy_recipient *r, const struct decide_side *side)
{
    unsigned open = 0;
    unsigned closed = 0;
    unsigned by_agreement = agreed(r, side->act);
    size_t count = 0;
    const struct book_block *blocks = day_blocks(r->day->book, BOOK_MANDATE, &count);
    for (size_t i = 0; i < count; i++) {
        if (!mandate_fits(r, side, &blocks[i])) {
            continue;
        }
        unsigned data = data_of(policy_block_field(&blocks[i], BOOK_KEY_DATA));
        switch (policy_effect_of(&blocks[i])) {
        case POLICY_FORBID:
            closed |= data;
            break;
        case POLICY_ALLOW:
            open |= data;
            break;
        case POLICY_AGREEMENT:
            open |= data & by_agreement;
            break;
        default: /* somebody must have given leave */
            open |= data & left(r, side, &blocks[i]);
            break;
        }
    }
    return open & ~closed;
}

/* The agreement that covers an act for a class of data, or NULL. */
static const struct book_block *agreement_for(const struct policy_recipient *r, uint32_t act,
                                              enum policy_data data)
{
    for (size_t i = 0; i < r->passing_count; i++) {
        const struct book_field *acts = policy_block_field(r->passings[i].block, BOOK_KEY_ACTS);
        if ((r->passings[i].data >> data & 1) != 0 && day_list_has(acts, BOOK_ITEM_NAME, act)) {
            return r->passings[i].block;
        }
    }
    return NULL;
}

/* The leave that a mandate asks for, for a class of data, or NULL. */
static const struct book_block *leave_for(const struct policy_recipient *r,
                                          const struct decide_side *side,
                                          const struct book_block *mandate, enum policy_data data)
{
    size_t count = 0;
    const struct book_block *blocks = day_blocks(r->day->book, BOOK_LEAVE, &count);
    for (size_t i = 0; i < count; i++) {
        unsigned of = data_of(policy_block_field(&blocks[i], BOOK_KEY_DATA));
        if ((of >> data & 1) != 0 && decide_leave_fits(r, side, mandate, &blocks[i])) {
            return &blocks[i];
        }
    }
    return NULL;
}

/* Puts a mandate that fits where it belongs; the first of each kind stays. */
static void mandate_add(const struct policy_recipient *r, const struct decide_side *side,
                        enum policy_data data, const struct book_block *mandate,
                        struct decide_mandates *found)
{
    enum policy_effect effect = policy_effect_of(mandate);
    const struct book_block *with = NULL;
    if (effect == POLICY_FORBID) {
        found->forbids = found->forbids == NULL ? mandate : found->forbids;
        return;
    }
    if (effect != POLICY_ALLOW) {
        with = effect == POLICY_AGREEMENT ? agreement_for(r, side->act, data)
                                          : leave_for(r, side, mandate, data);
    }
    if (effect != POLICY_ALLOW && with == NULL) {
        found->pends = found->pends == NULL ? mandate : found->pends;
    } else if (found->allows == NULL || (effect == POLICY_ALLOW && found->with != NULL)) {
        found->allows = mandate; /* by itself rather than with something */
        found->with = with;
    }
}

void decide_mandates_find(const struct policy_recipient *r, const struct decide_side *side,
                          enum policy_data data, struct decide_mandates *ret)
{
    size_t count = 0;
    const struct book_block *blocks = day_blocks(r->day->book, BOOK_MANDATE, &count);
    *ret = (struct decide_mandates){ 0 };
    for (size_t i = 0; i < count; i++) {
        unsigned of = data_of(policy_block_field(&blocks[i], BOOK_KEY_DATA));
        if ((of >> data & 1) != 0 && mandate_fits(r, side, &blocks[i])) {
            mandate_add(r, side, data, &blocks[i], ret);
        }
    }
}

bool decide_sides(const struct policy_recipient *r, struct decide_side ret[2])
{
    const struct policy_book *book = r->day->book;
    uint32_t holder = r->day->holder;
    uint32_t share = 0;
    uint32_t receive = 0;
    if (policy_book_find(book, BOOK_ACT, SPAN("share"), &share) != ERR_OK ||
        policy_book_find(book, BOOK_ACT, SPAN("receive"), &receive) != ERR_OK) {
        return false;
    }
    ret[0] = (struct decide_side){ holder, r->party, r->holder_groups, r->groups, share };
    ret[1] = (struct decide_side){ r->party, holder, r->groups, r->holder_groups, receive };
    return true;
}

static void find_mandates(struct policy_recipient *r)
{
    struct decide_side sides[2];
    if (decide_sides(r, sides)) { /* what is not defined, no mandate allows */
        r->mandated = mandated(r, &sides[0]) & mandated(r, &sides[1]);
    }
}

/* ---- privacy ---- */

static enum policy_treatment treatment_by(const struct book_block *block)
{
    /* The place among the words of "do" is the enum's value. */
    return (enum policy_treatment)policy_block_field(block, BOOK_KEY_DO)->items[0].number;
}

const struct book_block *decide_privacy_block(const struct policy_recipient *r, unsigned personal)
{
    const struct book_block *strictest = NULL;
    size_t count = 0;
    const struct book_block *blocks = day_blocks(r->day->book, BOOK_PRIVACY, &count);
    for (size_t i = 0; i < count; i++) {
        bool fits = day_holds(r->day, &blocks[i]) &&
                    day_list_has(policy_block_field(&blocks[i], BOOK_KEY_DATA), BOOK_ITEM_PERSONAL,
                                 personal) &&
                    day_purpose_fits(&blocks[i], r->purpose, r->defensive) &&
                    day_list_names(r->day, policy_block_field(&blocks[i], BOOK_KEY_TO), r->party,
                                   r->groups);
        if (fits && (strictest == NULL || treatment_by(&blocks[i]) > treatment_by(strictest))) {
            strictest = &blocks[i];
        }
    }
    return strictest;
}

static enum policy_treatment treatment_of(const struct policy_recipient *r, unsigned personal)
{
    const struct book_block *block = decide_privacy_block(r, personal);
    return block == NULL ? POLICY_LEAVE_OUT : treatment_by(block);
}

/* ---- the recipient ---- */

static enum err fill(struct op *op, const struct policy_day *day, struct policy_recipient *r)
{
    const struct book_block *block = day->parties[r->party];
    struct span world = policy_block_text(block, BOOK_KEY_WORLD);
    r->world = world.size > 0 ? world : SPAN("real");
    TRY(day_groups_of(op, day, r->party, r->groups));
    TRY(day_groups_of(op, day, day->holder, r->holder_groups));
    find_clearance(day, block, BOOK_KEY_CLEARANCE, r->cleared);
    find_relation(day, r);
    TRY(find_passings(op, day, r));
    find_mandates(r);
    for (unsigned i = 0; i < POLICY_PERSONAL_COUNT; i++) {
        r->treatments[i] = treatment_of(r, i);
    }
    return ERR_OK;
}

enum err policy_recipient_make(struct op *op, const struct policy_day *day,
                               const struct policy_asker *asker,
                               const struct policy_recipient **ret)
{
    struct policy_recipient *r = op_alloc(op, sizeof *r);
    if (r == NULL) {
        return ERR_LIMIT;
    }
    r->day = day;
    r->asker = asker;
    find_party(day, asker, r);
    r->purpose = day_purpose_find(day, asker->purpose, &r->defensive);
    size_t groups_size = (day->group_count / WORD_BITS + 1) * sizeof *r->groups;
    r->groups = op_alloc(op, groups_size);
    r->holder_groups = op_alloc(op, groups_size);
    if (r->groups == NULL || r->holder_groups == NULL) {
        return ERR_LIMIT;
    }
    r->known = r->known && day->holder != DAY_NOBODY;
    if (r->known) {
        TRY(fill(op, day, r));
    }
    *ret = r;
    return ERR_OK;
}
