// SPDX-License-Identifier: EUPL-1.2
#include "policy/day.h"

#include <stdlib.h>

#include "base/must.h"
#include "policy/day_inner.h"

bool day_holds(const struct policy_day *day, const struct book_block *block)
{
    return day->day >= block->from_day && day->day <= block->to_day;
}

const struct book_block *day_blocks(const struct policy_book *book, enum book_word word,
                                    size_t *ret_count)
{
    uint32_t first = book->first[word];
    uint32_t end = book->first[word + 1];
    if (first == end) {
        *ret_count = 0;
        return book->blocks;
    }
    const struct book_name *last = &book->names[end - 1];
    size_t begin = book->names[first].block_first;
    *ret_count = last->block_first + last->block_count - begin;
    return &book->blocks[begin];
}

/* ---- parties ---- */

static enum err parties_find(struct op *op, struct policy_day *day)
{
    day->parties = op_alloc(op, day->party_count * sizeof *day->parties);
    day->organisations = op_alloc(op, day->party_count * sizeof *day->organisations);
    if (day->parties == NULL || day->organisations == NULL) {
        return ERR_LIMIT;
    }
    for (uint32_t i = 0; i < day->party_count; i++) {
        const struct book_block *block = policy_book_block_on(day->book, BOOK_PARTY, i, day->day);
        const struct book_field *organisation =
            block == NULL ? NULL : policy_block_field(block, BOOK_KEY_ORGANISATION);
        day->parties[i] = block;
        day->organisations[i] = organisation == NULL ? i : organisation->items[0].name;
    }
    return ERR_OK;
}

/* ---- groups ---- */

static int edge_compare(const void *a, const void *b)
{
    const struct day_edge *one = a;
    const struct day_edge *other = b;
    if (one->member != other->member) {
        return one->member < other->member ? -1 : 1;
    }
    return one->group < other->group ? -1 : one->group > other->group;
}

static bool is_member(const struct policy_day *day, const struct book_item *item,
                      enum book_word word)
{
    return item->kind == BOOK_ITEM_NAME && item->word == word && day->day >= item->from_day &&
           day->day <= item->to_day;
}

/* The memberships of one line of a group; without `edges`: only their count. */
static size_t edges_of(const struct policy_day *day, enum book_word word, uint32_t group,
                       const struct book_field *field, struct day_edge *edges)
{
    size_t count = 0;
    for (size_t i = 0; field->key == BOOK_KEY_MEMBER && i < field->count; i++) {
        if (!is_member(day, &field->items[i], word)) {
            continue;
        }
        if (edges != NULL) {
            edges[count] = (struct day_edge){ field->items[i].name, group };
        }
        count++;
    }
    return count;
}

/* The memberships of the day, of parties or of groups. */
static size_t edges_gather(const struct policy_day *day, enum book_word word,
                           struct day_edge *edges)
{
    size_t count = 0;
    for (uint32_t i = 0; i < day->group_count; i++) {
        const struct book_block *block = policy_book_block_on(day->book, BOOK_GROUP, i, day->day);
        for (size_t j = 0; block != NULL && j < block->field_count; j++) {
            count +=
                edges_of(day, word, i, &block->fields[j], edges == NULL ? NULL : edges + count);
        }
    }
    return count;
}

static enum err edges_find(struct op *op, const struct policy_day *day, enum book_word word,
                           struct day_edge **ret, size_t *ret_count)
{
    size_t count = edges_gather(day, word, NULL);
    struct day_edge *edges = op_alloc(op, count * sizeof *edges);
    if (edges == NULL) {
        return ERR_LIMIT;
    }
    edges_gather(day, word, edges);
    qsort(edges, count, sizeof *edges, edge_compare);
    *ret = edges;
    *ret_count = count;
    return ERR_OK;
}

/* The first edge of a member. */
static size_t edge_first(const struct day_edge *edges, size_t count, uint32_t member)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (edges[middle].member < member) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Puts the groups of a member into the set, and those that are new onto the list. */
static void groups_add(const struct day_edge *edges, size_t count, uint32_t member,
                       uint64_t *groups, uint32_t *list, size_t *list_count)
{
    for (size_t i = edge_first(edges, count, member); i < count && edges[i].member == member; i++) {
        if (!bits_has(groups, edges[i].group)) {
            bits_set(groups, edges[i].group);
            list[(*list_count)++] = edges[i].group;
        }
    }
}

enum err day_groups_of(struct op *op, const struct policy_day *day, uint32_t party,
                       uint64_t *groups)
{
    uint32_t *list = op_alloc(op, (size_t)day->group_count * sizeof *list);
    if (list == NULL) {
        return ERR_LIMIT;
    }
    size_t count = 0;
    groups_add(day->of_parties, day->of_party_count, party, groups, list, &count);
    for (size_t i = 0; i < count; i++) { /* the list grows on the way */
        groups_add(day->of_groups, day->of_group_count, list[i], groups, list, &count);
    }
    return ERR_OK;
}

enum err policy_party_is_in(struct op *op, const struct policy_day *day, uint32_t party,
                            uint32_t group, bool *ret)
{
    must(party < day->party_count && group < day->group_count);
    uint64_t *groups = op_alloc(op, (day->group_count / WORD_BITS + 1) * sizeof *groups);
    if (groups == NULL) {
        return ERR_LIMIT;
    }
    TRY(day_groups_of(op, day, party, groups));
    *ret = bits_has(groups, group);
    return ERR_OK;
}

/* ---- levels ---- */

/* What is cleared for `high` and above may have `low` and below. */
static void cover(struct policy_day *day, uint32_t high, uint32_t low)
{
    const struct book_level *levels = day->book->levels;
    for (uint32_t i = 0; i < day->book->level_count; i++) {
        bool clears =
            levels[i].scheme == levels[high].scheme && levels[i].rank >= levels[high].rank;
        for (uint32_t j = 0; clears && j < day->book->level_count; j++) {
            if (levels[j].scheme == levels[low].scheme && levels[j].rank <= levels[low].rank) {
                bits_set(&day->covers[(size_t)i * LEVEL_WORDS], j);
            }
        }
    }
}

static enum err levels_find(struct op *op, struct policy_day *day)
{
    size_t level_count = day->book->level_count;
    day->covers = op_alloc(op, level_count * LEVEL_WORDS * sizeof *day->covers);
    if (day->covers == NULL) {
        return ERR_LIMIT;
    }
    for (uint32_t i = 0; i < level_count; i++) {
        cover(day, i, i);
    }
    size_t count = 0;
    const struct book_block *blocks = day_blocks(day->book, BOOK_EQUIVALENCE, &count);
    for (size_t i = 0; i < count; i++) {
        const struct book_field *equal = policy_block_field(&blocks[i], BOOK_KEY_LEVELS);
        for (size_t j = 0; day_holds(day, &blocks[i]) && j < equal->count; j++) {
            for (size_t k = 0; k < equal->count; k++) {
                cover(day, (uint32_t)equal->items[j].number, (uint32_t)equal->items[k].number);
            }
        }
    }
    return ERR_OK;
}

bool policy_level_covers(const struct policy_day *day, uint32_t clearance, uint32_t level)
{
    must(clearance < day->book->level_count && level < day->book->level_count);
    return bits_has(&day->covers[(size_t)clearance * LEVEL_WORDS], level);
}

/* ---- lists of blocks ---- */

bool day_list_has(const struct book_field *field, enum book_item_kind kind, int64_t number)
{
    for (size_t i = 0; field != NULL && i < field->count; i++) {
        const struct book_item *item = &field->items[i];
        bool same = item->kind == kind && (kind == BOOK_ITEM_NAME ? (int64_t)item->name == number
                                                                  : item->number == number);
        if (same || item->kind == BOOK_ITEM_ANY) {
            return true;
        }
    }
    return false;
}

static bool item_names(const struct policy_day *day, const struct book_item *item, uint32_t party,
                       const uint64_t *groups)
{
    const struct book_block *block = day->parties[party];
    const struct book_field *country = policy_block_field(block, BOOK_KEY_COUNTRY);
    switch (item->kind) {
    case BOOK_ITEM_ANY:
        return true;
    case BOOK_ITEM_COUNTRY:
        return country != NULL && country->items[0].number == item->number;
    case BOOK_ITEM_NAME:
        break;
    default:
        return false;
    }
    switch (item->word) {
    case BOOK_PARTY:
        return item->name == party;
    case BOOK_KIND:
        return policy_block_field(block, BOOK_KEY_KIND)->items[0].name == item->name;
    case BOOK_GROUP:
        return bits_has(groups, item->name);
    default:
        return false;
    }
}

bool day_list_names(const struct policy_day *day, const struct book_field *field, uint32_t party,
                    const uint64_t *groups)
{
    if (field == NULL) {
        return true;
    }
    for (size_t i = 0; i < field->count; i++) {
        if (item_names(day, &field->items[i], party, groups)) {
            return true;
        }
    }
    return false;
}

bool day_purpose_fits(const struct book_block *block, int32_t purpose, bool defensive)
{
    const struct book_field *field = policy_block_field(block, BOOK_KEY_PURPOSE);
    if (field == NULL) {
        return defensive;
    }
    return purpose >= 0 && day_list_has(field, BOOK_ITEM_NAME, purpose); /* any: too */
}

static bool is_signer(const struct book_block *agreement, struct span key)
{
    for (size_t i = 0; i < agreement->signer_key_count; i++) {
        if (span_equal(agreement->signer_keys[i], key)) {
            return true;
        }
    }
    return false;
}

static bool has_signed(const struct book_block *party, const struct book_block *agreement)
{
    const struct book_field *field = policy_block_field(party, BOOK_KEY_KEY);
    size_t left = field == NULL ? 0 : party->field_count - (size_t)(field - party->fields);
    for (size_t i = 0; i < left && field[i].key == BOOK_KEY_KEY; i++) {
        if (is_signer(agreement, field[i].text)) {
            return true;
        }
    }
    return false;
}

bool day_is_signed(const struct policy_day *day, const struct book_block *block)
{
    const struct book_field *parties = policy_block_field(block, BOOK_KEY_PARTIES);
    for (size_t i = 0; i < parties->count; i++) {
        const struct book_block *party = day->parties[parties->items[i].name];
        if (party == NULL || !has_signed(party, block)) {
            return false;
        }
    }
    return true;
}

/* ---- the day ---- */

enum err policy_day_make(struct op *op, const struct policy_book *book, struct span holder,
                         int32_t number, const struct policy_day **ret)
{
    struct policy_day *day = op_alloc(op, sizeof *day);
    if (day == NULL) {
        return ERR_LIMIT;
    }
    day->book = book;
    day->day = number;
    day->party_count = (uint32_t)policy_book_name_count(book, BOOK_PARTY);
    day->group_count = (uint32_t)policy_book_name_count(book, BOOK_GROUP);
    TRY(parties_find(op, day));
    TRY(edges_find(op, day, BOOK_PARTY, &day->of_parties, &day->of_party_count));
    TRY(edges_find(op, day, BOOK_GROUP, &day->of_groups, &day->of_group_count));
    TRY(levels_find(op, day));
    bool known = policy_book_find(book, BOOK_PARTY, holder, &day->holder) == ERR_OK &&
                 day->parties[day->holder] != NULL;
    if (!known) {
        day->holder = DAY_NOBODY;
    }
    *ret = day;
    return ERR_OK;
}
