// SPDX-License-Identifier: EUPL-1.2
#include "policy/may.h"

#include "base/must.h"
#include "policy/day_inner.h"

static const char *const effect_names[POLICY_EFFECT_COUNT] = {
    [POLICY_FORBID] = "forbid",       [POLICY_ALLOW] = "allow",
    [POLICY_AGREEMENT] = "agreement", [POLICY_CONSENT] = "consent",
    [POLICY_REQUEST] = "request",     [POLICY_AUTHORISATION] = "authorisation",
    [POLICY_PERSON] = "person",
};

enum policy_effect policy_effect_of(const struct book_block *block)
{
    /* The place among the words of "effect" is the enum's value. */
    return (enum policy_effect)policy_block_field(block, BOOK_KEY_EFFECT)->items[0].number;
}

const char *policy_effect_name(enum policy_effect effect)
{
    must((unsigned)effect < POLICY_EFFECT_COUNT);
    return effect_names[effect];
}

/* ---- blocks that fit ---- */

struct found {
    const struct book_block **blocks;
    size_t count;
};

static enum err found_begin(struct op *op, const struct policy_day *day, struct found *found)
{
    *found =
        (struct found){ .blocks = op_alloc(op, day->book->block_count * sizeof *found->blocks) };
    return found->blocks == NULL ? ERR_LIMIT : ERR_OK;
}

static void found_add(struct found *found, const struct book_block *block)
{
    found->blocks[found->count++] = block;
}

/* ---- networks ---- */

/* Whose network. */
struct network {
    bool told;
    enum book_item_kind kind; /* OWN, ORGANISATION, CONSTITUENCY, or NAME */
    enum book_word word;      /* of NAME: a party, kind or group */
    uint32_t name;
    uint64_t *groups; /* of a party */
};

static bool cut(struct span text, struct span prefix, struct span *ret)
{
    if (!span_starts_with(text, prefix)) {
        return false;
    }
    *ret = span_from(text, prefix.size);
    return true;
}

static enum err network_find(struct op *op, const struct policy_day *day, struct span text,
                             struct network *n)
{
    struct span id = text;
    *n = (struct network){ .told = text.size > 0, .kind = BOOK_ITEM_NAME, .word = BOOK_PARTY };
    if (!n->told) {
        return ERR_OK;
    }
    if (span_equal(text, SPAN("own"))) {
        n->kind = BOOK_ITEM_OWN;
        return ERR_OK;
    }
    if (span_equal(text, SPAN("organisation"))) {
        n->kind = BOOK_ITEM_ORGANISATION;
        return ERR_OK;
    }
    if (span_equal(text, SPAN("constituency"))) {
        n->kind = BOOK_ITEM_CONSTITUENCY;
        return ERR_OK;
    }
    if (cut(text, SPAN("kind:"), &id)) {
        n->word = BOOK_KIND;
    } else if (cut(text, SPAN("group:"), &id)) {
        n->word = BOOK_GROUP;
    }
    bool known = policy_book_find(day->book, n->word, id, &n->name) == ERR_OK &&
                 policy_book_block_on(day->book, n->word, n->name, day->day) != NULL;
    if (!known) {
        return op_fail(op, ERR_ABSENT, "network: no %s is called \"%.*s\" on that day",
                       policy_word_name(n->word), SPAN_FMT(id));
    }
    n->groups = op_alloc(op, (day->group_count / WORD_BITS + 1) * sizeof *n->groups);
    if (n->groups == NULL) {
        return ERR_LIMIT;
    }
    return n->word == BOOK_PARTY ? day_groups_of(op, day, n->name, n->groups) : ERR_OK;
}

static bool network_is_constituency(const struct policy_day *day, const struct network *n,
                                    uint32_t party)
{
    const struct book_field *field = policy_block_field(day->parties[party], BOOK_KEY_CONSTITUENCY);
    if (field == NULL || n->kind != BOOK_ITEM_NAME) {
        return false;
    }
    uint32_t group = field->items[0].name;
    return n->word == BOOK_PARTY ? bits_has(n->groups, group)
                                 : n->word == BOOK_GROUP && n->name == group;
}

static bool network_is(const struct policy_day *day, const struct network *n,
                       const struct book_item *item, uint32_t party)
{
    bool is_party = n->kind == BOOK_ITEM_NAME && n->word == BOOK_PARTY;
    bool own = n->kind == BOOK_ITEM_OWN || (is_party && n->name == party);
    switch (item->kind) {
    case BOOK_ITEM_OWN:
        return own;
    case BOOK_ITEM_ORGANISATION:
        return own || n->kind == BOOK_ITEM_ORGANISATION ||
               (is_party && day->organisations[n->name] == day->organisations[party]);
    case BOOK_ITEM_CONSTITUENCY:
        return n->kind == BOOK_ITEM_CONSTITUENCY || network_is_constituency(day, n, party);
    default:
        return n->kind == BOOK_ITEM_NAME && n->word == item->word && n->name == item->name;
    }
}

/* Whether a block's networks hold the one that is asked about. */
static bool network_fits(const struct policy_day *day, const struct book_block *block,
                         const struct network *n, uint32_t party)
{
    const struct book_field *field = policy_block_field(block, BOOK_KEY_NETWORK);
    if (field == NULL || day_list_has(field, BOOK_ITEM_ANY, 0)) {
        return true;
    }
    bool is_party = n->told && n->kind == BOOK_ITEM_NAME && n->word == BOOK_PARTY;
    if (is_party && day_list_names(day, field, n->name, n->groups)) {
        return true;
    }
    for (size_t i = 0; n->told && i < field->count; i++) {
        if (network_is(day, n, &field->items[i], party)) {
            return true;
        }
    }
    return false;
}

/* ---- may ---- */

/* What is asked, looked up. */
struct question {
    const struct policy_day *day;
    uint32_t party;
    uint64_t *groups;
    uint32_t act;
    struct network network;
    int data; /* enum policy_data; -1: not told */
    uint32_t with;
    uint64_t *with_groups;
    int32_t purpose;
    bool defensive;
};

static enum err find_on(struct op *op, const struct policy_day *day, enum book_word word,
                        struct span id, uint32_t *ret)
{
    bool known = policy_book_find(day->book, word, id, ret) == ERR_OK &&
                 policy_book_block_on(day->book, word, *ret, day->day) != NULL;
    return known ? ERR_OK
                 : op_fail(op, ERR_ABSENT, "no %s is called \"%.*s\" on that day",
                           policy_word_name(word), SPAN_FMT(id));
}

static enum err find_party(struct op *op, const struct policy_day *day, struct span id,
                           uint32_t *ret, uint64_t **ret_groups)
{
    TRY(find_on(op, day, BOOK_PARTY, id, ret));
    *ret_groups = op_alloc(op, (day->group_count / WORD_BITS + 1) * sizeof **ret_groups);
    if (*ret_groups == NULL) {
        return ERR_LIMIT;
    }
    return day_groups_of(op, day, *ret, *ret_groups);
}

static enum err question_read(struct op *op, const struct policy_day *day,
                              const struct policy_act_asked *asked, struct question *q)
{
    enum policy_data data = POLICY_DATA_COUNT;
    *q = (struct question){ .day = day, .data = -1, .with = DAY_NOBODY };
    TRY(find_party(op, day, asked->party, &q->party, &q->groups));
    TRY(find_on(op, day, BOOK_ACT, asked->act, &q->act));
    TRY(network_find(op, day, asked->network, &q->network));
    if (asked->data.size > 0 && policy_data_from_name(asked->data, &data) != ERR_OK) {
        return op_fail(op, ERR_ABSENT, "\"%.*s\" is no class of data", SPAN_FMT(asked->data));
    }
    q->data = asked->data.size > 0 ? (int)data : -1;
    if (asked->with.size > 0) {
        TRY(find_party(op, day, asked->with, &q->with, &q->with_groups));
    }
    q->purpose = day_purpose_find(day, asked->purpose, &q->defensive);
    if (q->purpose < 0) {
        return op_fail(op, ERR_ABSENT, "no purpose is called \"%.*s\" on that day",
                       SPAN_FMT(asked->purpose));
    }
    return ERR_OK;
}

/* What is not told fits only what names anything, or does not name it. */
static bool data_fits(const struct question *q, const struct book_block *block)
{
    const struct book_field *field = policy_block_field(block, BOOK_KEY_DATA);
    return field == NULL || day_list_has(field, BOOK_ITEM_DATA, q->data);
}

static bool with_fits(const struct question *q, const struct book_block *block)
{
    const struct book_field *field = policy_block_field(block, BOOK_KEY_WITH);
    if (field == NULL || day_list_has(field, BOOK_ITEM_ANY, 0)) {
        return true;
    }
    return q->with != DAY_NOBODY && day_list_names(q->day, field, q->with, q->with_groups);
}

static bool mandate_fits(const struct question *q, const struct book_block *block)
{
    return day_holds(q->day, block) &&
           day_list_has(policy_block_field(block, BOOK_KEY_ACT), BOOK_ITEM_NAME, q->act) &&
           day_purpose_fits(block, q->purpose, q->defensive) && data_fits(q, block) &&
           with_fits(q, block) && network_fits(q->day, block, &q->network, q->party) &&
           day_list_names(q->day, policy_block_field(block, BOOK_KEY_WHO), q->party, q->groups);
}

/* Whether a role of an exclusion is the party that is asked about, or one of those held beside. */
static bool role_is_held(const struct question *q, const struct policy_act_asked *asked,
                         const struct book_item *role, struct span *ret_by)
{
    struct span kind = policy_block_text(q->day->parties[q->party], BOOK_KEY_KIND);
    bool is_kind = role->kind == BOOK_ITEM_NAME &&
                   span_equal(kind, policy_book_id(q->day->book, BOOK_KIND, role->name));
    if (is_kind || span_equal(role->text, asked->party)) {
        *ret_by = asked->party;
        return true;
    }
    for (size_t i = 0; i < asked->role_count; i++) {
        if (span_equal(role->text, asked->roles[i])) {
            *ret_by = asked->roles[i];
            return true;
        }
    }
    return false;
}

static bool is_excluded(const struct question *q, const struct policy_act_asked *asked,
                        const struct book_block *block)
{
    const struct book_field *roles = policy_block_field(block, BOOK_KEY_ROLES);
    struct span first = SPAN("");
    size_t held = 0;
    for (size_t i = 0; i < roles->count; i++) {
        struct span by;
        if (role_is_held(q, asked, &roles->items[i], &by) &&
            (held == 0 || !span_equal(by, first))) {
            first = held == 0 ? by : first;
            held++;
        }
    }
    return held > 1;
}

static void add_exclusions(const struct question *q, const struct policy_act_asked *asked,
                           struct found *found)
{
    size_t count = 0;
    const struct book_block *blocks = day_blocks(q->day->book, BOOK_EXCLUSION, &count);
    for (size_t i = 0; i < count; i++) {
        if (day_holds(q->day, &blocks[i]) && is_excluded(q, asked, &blocks[i])) {
            found_add(found, &blocks[i]);
        }
    }
}

/* Those of the effects that are asked for: bits. */
static void add_mandates(const struct question *q, unsigned effects, struct found *found)
{
    size_t count = 0;
    const struct book_block *blocks = day_blocks(q->day->book, BOOK_MANDATE, &count);
    for (size_t i = 0; i < count; i++) {
        bool wanted = (effects >> policy_effect_of(&blocks[i]) & 1) != 0;
        if (wanted && mandate_fits(q, &blocks[i])) {
            found_add(found, &blocks[i]);
        }
    }
}

/* Whether leave was given that a mandate asks for. */
static bool leave_is_given(const struct question *q, const struct book_block *mandate)
{
    size_t count = 0;
    const struct book_block *blocks = day_blocks(q->day->book, BOOK_LEAVE, &count);
    for (size_t i = 0; i < count; i++) {
        bool fits = day_holds(q->day, &blocks[i]) &&
                    policy_block_field(&blocks[i], BOOK_KEY_FOR)->items[0].name == mandate->name &&
                    day_purpose_fits(&blocks[i], q->purpose, q->defensive) &&
                    data_fits(q, &blocks[i]) && with_fits(q, &blocks[i]) &&
                    network_fits(q->day, &blocks[i], &q->network, q->party) &&
                    day_list_names(q->day, policy_block_field(&blocks[i], BOOK_KEY_WHO), q->party,
                                   q->groups);
        if (fits) {
            return true;
        }
    }
    return false;
}

/* Those for which leave was given; an agreement is none. */
static void keep_with_leave(const struct question *q, struct found *found)
{
    size_t count = 0;
    for (size_t i = 0; i < found->count; i++) {
        if (policy_effect_of(found->blocks[i]) != POLICY_AGREEMENT &&
            leave_is_given(q, found->blocks[i])) {
            found->blocks[count++] = found->blocks[i];
        }
    }
    found->count = count;
}

/* Who must decide where no rule does: the one for the act, else the one for any. */
static void add_decider(const struct question *q, struct found *found)
{
    size_t count = 0;
    const struct book_block *blocks = day_blocks(q->day->book, BOOK_DECIDER, &count);
    const struct book_block *for_any = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct book_field *field = policy_block_field(&blocks[i], BOOK_KEY_ACT);
        bool any = day_list_has(field, BOOK_ITEM_ANY, 0) && field->items[0].kind == BOOK_ITEM_ANY;
        if (!day_holds(q->day, &blocks[i])) {
            continue;
        }
        if (any) {
            for_any = for_any == NULL ? &blocks[i] : for_any;
        } else if (day_list_has(field, BOOK_ITEM_NAME, q->act)) {
            found_add(found, &blocks[i]);
            return;
        }
    }
    if (for_any != NULL) {
        found_add(found, for_any);
    }
}

enum err policy_may_act(struct op *op, const struct policy_day *day,
                        const struct policy_act_asked *asked, struct policy_may *ret)
{
    static const unsigned with = 1U << POLICY_AGREEMENT | 1U << POLICY_CONSENT |
                                 1U << POLICY_REQUEST | 1U << POLICY_AUTHORISATION |
                                 1U << POLICY_PERSON;
    struct question q;
    struct found found;
    enum policy_may_answer answer = POLICY_MAY_NOT;
    TRY(question_read(op, day, asked, &q));
    TRY(found_begin(op, day, &found));
    add_exclusions(&q, asked, &found);
    add_mandates(&q, 1U << POLICY_FORBID, &found);
    if (found.count == 0) {
        answer = POLICY_MAY;
        add_mandates(&q, 1U << POLICY_ALLOW, &found);
    }
    if (found.count == 0) {
        add_mandates(&q, with, &found);
        keep_with_leave(&q, &found);
    }
    if (found.count == 0) {
        answer = POLICY_MAY_WITH;
        add_mandates(&q, with, &found);
    }
    if (found.count == 0) {
        answer = POLICY_MAY_UNDECIDED;
        add_decider(&q, &found);
    }
    *ret = (struct policy_may){
        .answer = answer,
        .blocks = found.blocks,
        .block_count = found.count,
    };
    return ERR_OK;
}

/* ---- who leads ---- */

static bool lead_fits(const struct policy_day *day, const struct book_block *block,
                      const struct network *network, const struct policy_lead_asked *asked)
{
    struct span country = policy_block_text(block, BOOK_KEY_COUNTRY);
    uint32_t leader = policy_block_field(block, BOOK_KEY_LEADS)->items[0].name;
    bool there = day_holds(day, block) && day->parties[leader] != NULL;
    return there && network_fits(day, block, network, leader) &&
           (country.size == 0 || asked->country.size == 0 || span_equal(country, asked->country));
}

/* Whether a lead names whose network it is of. */
static bool lead_is_particular(const struct book_block *block)
{
    const struct book_field *field = policy_block_field(block, BOOK_KEY_NETWORK);
    return field != NULL && !day_list_has(field, BOOK_ITEM_ANY, 0);
}

/* Those that name the network count before those that are of any. */
static void keep_particular(struct found *found)
{
    size_t count = 0;
    for (size_t i = 0; i < found->count; i++) {
        if (lead_is_particular(found->blocks[i])) {
            found->blocks[count++] = found->blocks[i];
        }
    }
    found->count = count > 0 ? count : found->count;
}

static bool is_one_leader(const struct found *found)
{
    for (size_t i = 1; i < found->count; i++) {
        if (!span_equal(policy_block_text(found->blocks[0], BOOK_KEY_LEADS),
                        policy_block_text(found->blocks[i], BOOK_KEY_LEADS))) {
            return false;
        }
    }
    return found->count > 0;
}

enum err policy_who_leads(struct op *op, const struct policy_day *day,
                          const struct policy_lead_asked *asked, struct policy_leads *ret)
{
    uint32_t situation = 0;
    struct network network;
    struct found found;
    TRY(find_on(op, day, BOOK_SITUATION, asked->situation, &situation));
    TRY(network_find(op, day, asked->network, &network));
    TRY(found_begin(op, day, &found));
    size_t count = 0;
    const struct book_block *blocks = day_blocks(day->book, BOOK_LEAD, &count);
    for (size_t i = 0; i < count; i++) {
        const struct book_field *field = policy_block_field(&blocks[i], BOOK_KEY_SITUATION);
        if (day_list_has(field, BOOK_ITEM_NAME, situation) &&
            lead_fits(day, &blocks[i], &network, asked)) {
            found_add(&found, &blocks[i]);
        }
    }
    keep_particular(&found);
    *ret = (struct policy_leads){
        .blocks = found.blocks,
        .block_count = found.count,
        .decided = is_one_leader(&found),
        .situation = policy_book_block_on(day->book, BOOK_SITUATION, situation, day->day),
    };
    return ERR_OK;
}
