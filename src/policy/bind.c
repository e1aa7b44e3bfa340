// SPDX-License-Identifier: EUPL-1.2
/*
 * A label made ready for a day: ids become numbers, markings become what the book says they mean.
 */
#include "policy/day_inner.h"

struct binding {
    struct op *op;
    const struct policy_day *day;
    const struct policy_label *label;
    struct policy_bound *bound;
    uint32_t *marking_groups; /* groups that markings mean */
    size_t marking_group_count;
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

/* ---- classification, and markings that the book explains ---- */

static bool find_level(const struct policy_day *day, struct span text, uint32_t *ret)
{
    ptrdiff_t colon = span_find(text, ':');
    return colon > 0 && policy_book_level(day->book, span_slice(text, 0, (size_t)colon),
                                          span_from(text, (size_t)colon + 1), ret) == ERR_OK;
}

static void level_add(struct policy_bound *bound, uint32_t level)
{
    bound->levels[bound->level_count++] = level;
}

static enum err bind_levels(struct binding *b)
{
    struct policy_bound *bound = b->bound;
    size_t count = b->label->classes.count + b->label->statement_count;
    bound->levels = op_alloc(b->op, count * sizeof *bound->levels);
    if (bound->levels == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < b->label->classes.count; i++) {
        uint32_t level = 0;
        if (find_level(b->day, b->label->classes.items[i], &level)) {
            level_add(bound, level);
        } else {
            bound->level_unknown = true;
        }
    }
    return ERR_OK;
}

/* The [marking] block of a definition, or NULL. */
static const struct book_block *find_marking(const struct policy_day *day, struct span id)
{
    size_t count = 0;
    const struct book_block *blocks = day_blocks(day->book, BOOK_MARKING, &count);
    for (size_t i = 0; i < count; i++) {
        if (day_holds(day, &blocks[i]) &&
            span_equal(policy_block_text(&blocks[i], BOOK_KEY_DEFINITION), id)) {
            return &blocks[i];
        }
    }
    return NULL;
}

/* Does what a [marking] block says that a marking means. */
static void apply_marking(struct binding *b, const struct book_block *block)
{
    const struct book_item *means = &policy_block_field(block, BOOK_KEY_MEANS)->items[0];
    switch (means->kind) {
    case BOOK_ITEM_CHOICE: /* a label: the place among them is the enum's value */
        b->bound->tlp = policy_tlp_tighten(b->bound->tlp, (enum policy_tlp)means->number);
        break;
    case BOOK_ITEM_LEVEL:
        level_add(b->bound, (uint32_t)means->number);
        break;
    case BOOK_ITEM_NAME:
        b->marking_groups[b->marking_group_count++] = means->name;
        break;
    default:
        b->bound->unreadable = b->bound->unreadable || span_equal(means->text, SPAN("nobody"));
        break;
    }
}

/* A statement that is the name of a level, of the first scheme that has one so called. */
static bool apply_level(struct binding *b, struct span text)
{
    for (uint32_t i = 0; i < b->day->book->level_count; i++) {
        if (book_level_is_spelled(&b->day->book->levels[i], text)) {
            level_add(b->bound, i);
            return true;
        }
    }
    return false;
}

static void bind_statement(struct binding *b, const struct policy_statement *statement)
{
    const struct book_block *block = find_marking(b->day, statement->id);
    if (block != NULL) {
        apply_marking(b, block);
    } else if (statement->unknown) {
        b->bound->unreadable = true;
    } else if (statement->text.size == 0 || !apply_level(b, statement->text)) {
        b->bound->statement_count++;
        b->bound->statement = statement->text.size > 0 ? statement->text : statement->id;
    }
}

static enum err bind_statements(struct binding *b)
{
    b->marking_groups = op_alloc(b->op, b->label->statement_count * sizeof *b->marking_groups);
    if (b->marking_groups == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < b->label->statement_count; i++) {
        bind_statement(b, &b->label->statements[i]);
    }
    return ERR_OK;
}

/* ---- lists ---- */

static void bind_audience_item(const struct binding *b, struct span item,
                               struct bound_audience *audience)
{
    static const struct span group = { (const uint8_t *)"group:", 6 };
    static const struct span identity = { (const uint8_t *)"identity--", 10 };
    const struct policy_book *book = b->day->book;
    uint32_t name = 0;
    if (span_starts_with(item, identity)) {
        if (find_identity(b->day, BOOK_GROUP, item, &name)) {
            bits_set(audience->groups, name);
        } else if (find_identity(b->day, BOOK_PARTY, item, &name)) {
            audience->parties[audience->party_count++] = name;
        }
    } else if (span_starts_with(item, group)) {
        if (policy_book_find(book, BOOK_GROUP, span_from(item, group.size), &name) == ERR_OK) {
            bits_set(audience->groups, name);
        }
    } else if (policy_book_find(book, BOOK_PARTY, item, &name) == ERR_OK) {
        audience->parties[audience->party_count++] = name;
    }
    /* What is not known holds nobody. */
}

static enum err audience_begin(const struct binding *b, size_t party_max,
                               struct bound_audience *ret)
{
    size_t words = b->day->group_count / WORD_BITS + 1;
    ret->groups = op_alloc(b->op, words * sizeof *ret->groups);
    ret->parties = op_alloc(b->op, party_max * sizeof *ret->parties);
    return ret->groups == NULL || ret->parties == NULL ? ERR_LIMIT : ERR_OK;
}

/* Those of the label, and one for each marking that means a group. */
static enum err bind_audiences(struct binding *b)
{
    size_t count = b->label->audience_count + b->marking_group_count;
    struct bound_audience *audiences = op_alloc(b->op, count * sizeof *audiences);
    if (audiences == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < b->label->audience_count; i++) {
        const struct policy_list *list = &b->label->audiences[i];
        TRY(audience_begin(b, list->count, &audiences[i]));
        audiences[i].list = list;
        for (size_t j = 0; j < list->count; j++) {
            bind_audience_item(b, list->items[j], &audiences[i]);
        }
    }
    for (size_t i = 0; i < b->marking_group_count; i++) {
        struct bound_audience *audience = &audiences[b->label->audience_count + i];
        TRY(audience_begin(b, 0, audience));
        bits_set(audience->groups, b->marking_groups[i]);
    }
    b->bound->audiences = audiences;
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
                label->statement_count <= POLICY_LIST_COUNT_MAX &&
                label->part_count <= POLICY_PART_COUNT_MAX &&
                label->origin_count <= POLICY_ORIGIN_COUNT_MAX;
    return fits && (unsigned)label->tlp < POLICY_TLP_COUNT && label->tlp != POLICY_TLP_UNKNOWN &&
           (unsigned)label->data < POLICY_DATA_COUNT;
}

/* What a label says of itself, without its parts and origins. */
static enum err bind(struct op *op, const struct policy_day *day, const struct policy_label *label,
                     struct policy_bound *bound)
{
    struct binding b = { .op = op, .day = day, .label = label, .bound = bound };
    bound->day = day;
    bound->label = label;
    bound->world = label->world;
    bound->unreadable = bound->unreadable || !is_readable(label);
    if (bound->unreadable) {
        return ERR_OK;
    }
    bound->tlp = label->tlp;
    TRY(bind_levels(&b));
    TRY(bind_statements(&b));
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

/* A part is not made of parts, and what is personal in it is the object's to tell. */
static enum err bind_parts(struct op *op, struct policy_bound *bound)
{
    const struct policy_label *label = bound->label;
    bound->parts = op_alloc(op, label->part_count * sizeof *bound->parts);
    if (bound->parts == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < label->part_count; i++) {
        const struct policy_label *part = &label->parts[i].label;
        bound->parts[i].unreadable =
            part->personal != 0 || part->part_count > 0 || part->origin_count > 0;
        TRY(bind(op, bound->day, part, &bound->parts[i]));
        inherit(&bound->parts[i], bound);
    }
    bound->part_count = label->part_count;
    return ERR_OK;
}

static enum err bind_origins(struct op *op, struct policy_bound *bound)
{
    const struct policy_label *label = bound->label;
    bound->origins = op_alloc(op, label->origin_count * sizeof *bound->origins);
    if (bound->origins == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < label->origin_count; i++) {
        struct policy_bound *origin = &bound->origins[i];
        origin->unreadable = label->origins[i].origin_count > 0;
        TRY(bind(op, bound->day, &label->origins[i], origin));
        if (!origin->unreadable) {
            TRY(bind_parts(op, origin));
        }
    }
    bound->origin_count = label->origin_count;
    return ERR_OK;
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
        TRY(bind_parts(op, bound));
        TRY(bind_origins(op, bound));
    }
    *ret = bound;
    return ERR_OK;
}
