// SPDX-License-Identifier: EUPL-1.2
/*
 * Labels: combined, and bound to a day.
 */
#include "policy/label.h"

#include "policy/day_inner.h"

/* ---- combining ---- */

static bool list_has(const struct policy_list *list, struct span item)
{
    for (size_t i = 0; i < list->count; i++) {
        if (span_equal(list->items[i], item)) {
            return true;
        }
    }
    return false;
}

/* The items of both lists, or only those that both have; each once, in their order. */
static enum err list_join(struct op *op, const struct policy_list *a, const struct policy_list *b,
                          bool common, struct policy_list *ret)
{
    struct span *items = op_alloc(op, (a->count + b->count) * sizeof *items);
    if (items == NULL) {
        return ERR_LIMIT;
    }
    struct policy_list joined = { .items = items };
    for (size_t i = 0; i < a->count; i++) {
        if ((!common || list_has(b, a->items[i])) && !list_has(&joined, a->items[i])) {
            items[joined.count++] = a->items[i];
        }
    }
    for (size_t i = 0; !common && i < b->count; i++) {
        if (!list_has(&joined, b->items[i])) {
            items[joined.count++] = b->items[i];
        }
    }
    if (joined.count > POLICY_LIST_COUNT_MAX) {
        return op_fail(op, ERR_LIMIT, "a label with more than %d of one thing",
                       POLICY_LIST_COUNT_MAX);
    }
    *ret = joined;
    return ERR_OK;
}

/* Those whom all RED labels name. */
static enum err join_persons(struct op *op, const struct policy_label *a,
                             const struct policy_label *b, struct policy_label *ret)
{
    bool a_red = a->tlp == POLICY_TLP_RED;
    bool b_red = b->tlp == POLICY_TLP_RED;
    if (a_red != b_red) {
        ret->persons = a_red ? a->persons : b->persons;
        return ERR_OK;
    }
    return list_join(op, &a->persons, &b->persons, true, &ret->persons);
}

static enum err join_purposes(struct op *op, const struct policy_label *a,
                              const struct policy_label *b, struct policy_label *ret)
{
    if (a->purposes.count == 0 || b->purposes.count == 0) {
        ret->purposes = a->purposes.count > 0 ? a->purposes : b->purposes;
        return ERR_OK;
    }
    TRY(list_join(op, &a->purposes, &b->purposes, true, &ret->purposes));
    if (ret->purposes.count == 0) {
        ret->tlp = POLICY_TLP_UNKNOWN; /* for nothing at all */
    }
    return ERR_OK;
}

static enum err join_audiences(struct op *op, const struct policy_label *a,
                               const struct policy_label *b, struct policy_label *ret)
{
    size_t count = a->audience_count + b->audience_count;
    struct policy_list *audiences = op_alloc(op, count * sizeof *audiences);
    if (audiences == NULL) {
        return ERR_LIMIT;
    }
    if (count > POLICY_LIST_COUNT_MAX) {
        return op_fail(op, ERR_LIMIT, "a label with more than %d audiences", POLICY_LIST_COUNT_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        bool first = i < a->audience_count;
        audiences[i] = first ? a->audiences[i] : b->audiences[i - a->audience_count];
    }
    ret->audiences = audiences;
    ret->audience_count = count;
    return ERR_OK;
}

static enum err join_parts(struct op *op, const struct policy_label *a,
                           const struct policy_label *b, struct policy_label *ret)
{
    size_t count = a->part_count + b->part_count;
    struct policy_part *parts = op_alloc(op, count * sizeof *parts);
    if (parts == NULL) {
        return ERR_LIMIT;
    }
    if (count > POLICY_PART_COUNT_MAX) {
        return op_fail(op, ERR_LIMIT, "a label with more than %d parts", POLICY_PART_COUNT_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        parts[i] = i < a->part_count ? a->parts[i] : b->parts[i - a->part_count];
    }
    ret->parts = parts;
    ret->part_count = count;
    return ERR_OK;
}

enum err policy_label_combine(struct op *op, const struct policy_label *a,
                              const struct policy_label *b, struct policy_label *ret)
{
    struct policy_label joined = *a;
    joined.tlp = policy_tlp_tighten(a->tlp, b->tlp);
    joined.pap = policy_pap_tighten(a->pap, b->pap);
    joined.personal |= b->personal;
    joined.personal_fixed |= b->personal_fixed;
    TRY(list_join(op, &a->classes, &b->classes, false, &joined.classes));
    TRY(list_join(op, &a->sources, &b->sources, false, &joined.sources));
    TRY(list_join(op, &a->statements, &b->statements, false, &joined.statements));
    TRY(join_persons(op, a, b, &joined));
    TRY(join_purposes(op, a, b, &joined));
    TRY(join_audiences(op, a, b, &joined));
    TRY(join_parts(op, a, b, &joined));
    if (!span_equal(a->world, b->world)) {
        joined.tlp = POLICY_TLP_UNKNOWN;
    }
    *ret = joined;
    return ERR_OK;
}

/* ---- binding ---- */

struct binding {
    struct op *op;
    const struct policy_day *day;
    const struct policy_label *label;
    struct policy_bound *bound;
};

/* Whether a block of a word that holds on the day has an identity; `ret`: the number of its id. */
static bool find_identity(const struct policy_day *day, enum book_word word, struct span identity,
                          uint32_t *ret)
{
    size_t count = 0;
    const struct book_block *blocks = day_blocks(day->book, word, &count);
    for (size_t i = 0; i < count; i++) {
        const struct book_block *block = &blocks[i];
        for (size_t j = 0; day_holds(day, block) && j < block->field_count; j++) {
            bool same = block->fields[j].key == BOOK_KEY_IDENTITY &&
                        span_equal(block->fields[j].text, identity);
            if (same) {
                *ret = block->name;
                return true;
            }
        }
    }
    return false;
}

static void bind_levels(struct binding *b)
{
    struct policy_bound *bound = b->bound;
    for (size_t i = 0; i < b->label->classes.count; i++) {
        struct span text = b->label->classes.items[i];
        ptrdiff_t colon = span_find(text, ':');
        bool known =
            colon > 0 && policy_book_level(b->day->book, span_slice(text, 0, (size_t)colon),
                                           span_from(text, (size_t)colon + 1),
                                           &bound->levels[bound->level_count]) == ERR_OK;
        bound->level_unknown = bound->level_unknown || !known;
        bound->level_count += known ? 1 : 0;
    }
}

static void bind_audience_item(const struct binding *b, struct span item,
                               struct bound_audience *audience)
{
    static const struct span prefix = { (const uint8_t *)"group:", 6 };
    uint32_t name = 0;
    if (span_starts_with(item, prefix)) {
        if (policy_book_find(b->day->book, BOOK_GROUP, span_from(item, prefix.size), &name) ==
            ERR_OK) {
            bits_set(audience->groups, name);
        }
    } else if (policy_book_find(b->day->book, BOOK_PARTY, item, &name) == ERR_OK) {
        audience->parties[audience->party_count++] = name;
    }
    /* What is not known holds nobody. */
}

static enum err bind_audiences(struct binding *b)
{
    size_t count = b->label->audience_count;
    b->bound->audiences = op_alloc(b->op, count * sizeof *b->bound->audiences);
    if (b->bound->audiences == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        const struct policy_list *list = &b->label->audiences[i];
        struct bound_audience *audience = &b->bound->audiences[i];
        size_t words = b->day->group_count / WORD_BITS + 1;
        audience->groups = op_alloc(b->op, words * sizeof *audience->groups);
        audience->parties = op_alloc(b->op, list->count * sizeof *audience->parties);
        if (audience->groups == NULL || audience->parties == NULL) {
            return ERR_LIMIT;
        }
        for (size_t j = 0; j < list->count; j++) {
            bind_audience_item(b, list->items[j], audience);
        }
    }
    b->bound->audience_count = count;
    return ERR_OK;
}

static enum err bind_persons(struct binding *b)
{
    struct policy_bound *bound = b->bound;
    bound->persons = op_alloc(b->op, b->label->persons.count * sizeof *bound->persons);
    if (bound->persons == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < b->label->persons.count; i++) {
        uint32_t person = 0;
        if (find_identity(b->day, BOOK_PERSON, b->label->persons.items[i], &person)) {
            bound->persons[bound->person_count++] = person;
        }
    }
    return ERR_OK;
}

static void bind_purposes(struct binding *b)
{
    b->bound->purposes_named = b->label->purposes.count > 0;
    for (size_t i = 0; i < b->label->purposes.count; i++) {
        uint32_t purpose = 0;
        if (policy_book_find(b->day->book, BOOK_PURPOSE, b->label->purposes.items[i], &purpose) ==
            ERR_OK) {
            b->bound->purposes |= UINT32_C(1) << purpose;
        }
    }
}

static enum err bind_sources(struct binding *b)
{
    struct policy_bound *bound = b->bound;
    size_t count = b->label->sources.count;
    bound->sources = op_alloc(b->op, count * sizeof *bound->sources);
    if (bound->sources == NULL) {
        return ERR_LIMIT;
    }
    bound->source_count = count;
    bound->source_holder = count > 0;
    bool one = count > 0; /* all are known, and of one organisation */
    for (size_t i = 0; i < count; i++) {
        uint32_t party = DAY_NOBODY;
        bool known = find_identity(b->day, BOOK_PARTY, b->label->sources.items[i], &party);
        bound->sources[i] = known ? party : DAY_NOBODY;
        bound->source_holder = bound->source_holder && known && party == b->day->holder;
        one = one && known &&
              b->day->organisations[party] == b->day->organisations[bound->sources[0]];
    }
    bound->source_organisation = one ? b->day->organisations[bound->sources[0]] : DAY_NOBODY;
    return ERR_OK;
}

static int64_t kept_days(const struct policy_day *day, enum book_item_kind kind, int64_t class)
{
    int64_t kept = INT64_MAX;
    size_t count = 0;
    const struct book_block *blocks = day_blocks(day->book, BOOK_RETENTION, &count);
    for (size_t i = 0; i < count; i++) {
        int64_t days = policy_block_field(&blocks[i], BOOK_KEY_DAYS)->items[0].number;
        bool fits = day_holds(day, &blocks[i]) &&
                    day_list_has(policy_block_field(&blocks[i], BOOK_KEY_DATA), kind, class);
        kept = fits && days < kept ? days : kept;
    }
    return kept;
}

static void bind_kept(struct binding *b)
{
    b->bound->kept_days = kept_days(b->day, BOOK_ITEM_DATA, b->label->data);
    for (unsigned i = 0; i < POLICY_PERSONAL_COUNT; i++) {
        b->bound->personal_kept_days[i] = kept_days(b->day, BOOK_ITEM_PERSONAL, i);
    }
}

static bool is_readable(const struct policy_label *label)
{
    bool fits = label->classes.count <= POLICY_LIST_COUNT_MAX &&
                label->audience_count <= POLICY_LIST_COUNT_MAX &&
                label->persons.count <= POLICY_LIST_COUNT_MAX &&
                label->sources.count <= POLICY_LIST_COUNT_MAX &&
                label->part_count <= POLICY_PART_COUNT_MAX;
    return fits && (unsigned)label->tlp < POLICY_TLP_COUNT && label->tlp != POLICY_TLP_UNKNOWN &&
           (unsigned)label->data < POLICY_DATA_COUNT;
}

static enum err bind(struct op *op, const struct policy_day *day, const struct policy_label *label,
                     struct policy_bound *bound)
{
    struct binding b = { .op = op, .day = day, .label = label, .bound = bound };
    bound->day = day;
    bound->label = label;
    bound->world = label->world;
    bound->unreadable = !is_readable(label);
    if (bound->unreadable) {
        return ERR_OK;
    }
    bind_levels(&b);
    bind_purposes(&b);
    bind_kept(&b);
    TRY(bind_audiences(&b));
    TRY(bind_persons(&b));
    return bind_sources(&b);
}

static void inherit(struct policy_bound *part, const struct policy_bound *whole)
{
    part->world = whole->world;
    part->sources = whole->sources;
    part->source_count = whole->source_count;
    part->source_organisation = whole->source_organisation;
    part->source_holder = whole->source_holder;
}

enum err policy_bind(struct op *op, const struct policy_day *day, const struct policy_label *label,
                     const struct policy_bound **ret)
{
    struct policy_bound *bound = op_alloc(op, sizeof *bound);
    if (bound == NULL) {
        return ERR_LIMIT;
    }
    TRY(bind(op, day, label, bound));
    if (!bound->unreadable) {
        bound->parts = op_alloc(op, label->part_count * sizeof *bound->parts);
        if (bound->parts == NULL) {
            return ERR_LIMIT;
        }
        for (size_t i = 0; i < label->part_count; i++) {
            TRY(bind(op, day, &label->parts[i].label, &bound->parts[i]));
            inherit(&bound->parts[i], bound);
        }
        bound->part_count = label->part_count;
    }
    *ret = bound;
    return ERR_OK;
}
