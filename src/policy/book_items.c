// SPDX-License-Identifier: EUPL-1.2
/*
 * Values to items: what each part of a value means, and whether it may stand there.
 */
#include "policy/book_inner.h"

#include <stdio.h>

#include "base/time.h"
#include "policy/data.h"

#define US_PER_DAY ((int64_t)86400 * 1000000)

struct taking {
    const struct policy_book *book;
    const struct book_rule *rule;
    const struct book_block *block;
    const struct book_field *field;
};

__attribute__((format(printf, 2, 3))) static enum err refuse(const struct taking *t,
                                                             const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char text[FAULT_TEXT_SIZE];
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return book_fault(t->book, t->block->file, t->field->line, ERR_FORMAT, "%s: %s",
                      policy_key_name(t->field->key), text);
}

enum err book_day_read(struct span text, int32_t *ret)
{
    enum { DAY_SIZE = 10 }; /* 2012-01-01 */
    int64_t time_us = 0;
    if (text.size != DAY_SIZE || time_parse(text, &time_us) != ERR_OK) {
        return ERR_FORMAT;
    }
    *ret = (int32_t)(time_floor(time_us, US_PER_DAY) / US_PER_DAY);
    return ERR_OK;
}

static bool takes(const struct taking *t, unsigned forms)
{
    return (t->rule->forms & forms) != 0;
}

static bool cut_prefix(struct span text, struct span prefix, struct span *ret)
{
    if (!span_starts_with(text, prefix)) {
        return false;
    }
    *ret = span_from(text, prefix.size);
    return true;
}

static enum err take_name(const struct taking *t, enum book_word word, struct span id,
                          struct book_item *item)
{
    item->kind = BOOK_ITEM_NAME;
    item->word = word;
    if (policy_book_find(t->book, word, id, &item->name) != ERR_OK) {
        return refuse(t, "no %s is called \"%.*s\"", policy_word_name(word), SPAN_FMT(id));
    }
    return ERR_OK;
}

static bool is_letters(struct span text, uint8_t first, uint8_t last, size_t size)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < first || text.data[i] > last) {
            return false;
        }
    }
    return text.size == size;
}

/* ISO 3166-1 alpha-2 in capitals; "int" for those of many countries. */
static enum err take_country(const struct taking *t, struct span text, struct book_item *item)
{
    enum { CODE_SIZE = 2, INT_SIZE = 3 };
    bool is_int = span_equal(text, SPAN("int"));
    if (!is_int && !is_letters(text, 'A', 'Z', CODE_SIZE)) {
        return refuse(t, "not a country such as NL, nor int");
    }
    item->kind = BOOK_ITEM_COUNTRY;
    for (size_t i = 0; i < (is_int ? (size_t)INT_SIZE : (size_t)CODE_SIZE); i++) {
        item->number = (item->number << 8) | text.data[i]; /* a byte a letter */
    }
    return ERR_OK;
}

static enum err take_level(const struct taking *t, struct span text, struct book_item *item)
{
    ptrdiff_t colon = span_find(text, ':');
    uint32_t level = 0;
    if (colon < 0) {
        return refuse(t, "expected SCHEME:LEVEL");
    }
    struct span scheme = span_trim(span_slice(text, 0, (size_t)colon));
    struct span name = span_trim(span_from(text, (size_t)colon + 1));
    if (policy_book_level(t->book, scheme, name, &level) != ERR_OK) {
        return refuse(t, "no classification has the level \"%.*s\"", SPAN_FMT(text));
    }
    item->kind = BOOK_ITEM_LEVEL;
    item->number = level;
    return ERR_OK;
}

static bool take_choice(const struct taking *t, struct span text, struct book_item *item)
{
    for (size_t i = 0; t->rule->choices[i] != NULL; i++) {
        if (span_equal(text, span_of(t->rule->choices[i]))) {
            item->kind = BOOK_ITEM_CHOICE;
            item->number = (int64_t)i;
            return true;
        }
    }
    return false;
}

static bool take_network(struct span text, struct book_item *item)
{
    static const struct {
        const char *word;
        enum book_item_kind kind;
    } rows[] = {
        { "own", BOOK_ITEM_OWN },
        { "organisation", BOOK_ITEM_ORGANISATION },
        { "constituency", BOOK_ITEM_CONSTITUENCY },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (span_equal(text, span_of(rows[i].word))) {
            item->kind = rows[i].kind;
            return true;
        }
    }
    return false;
}

static bool take_class(const struct taking *t, struct span text, struct book_item *item)
{
    enum policy_data data = POLICY_DATA_OTHER;
    enum policy_personal personal = POLICY_PERSONAL_COUNT;
    if (takes(t, FORM_DATA) && policy_data_from_name(text, &data) == ERR_OK) {
        item->kind = BOOK_ITEM_DATA;
        item->number = data;
        return true;
    }
    if (takes(t, FORM_PERSONAL) && policy_personal_from_name(text, &personal) == ERR_OK) {
        item->kind = BOOK_ITEM_PERSONAL;
        item->number = personal;
        return true;
    }
    return false;
}

/* "kind:x", "group:x", "country:NL" */
static enum err take_prefixed(const struct taking *t, struct span text, struct book_item *item,
                              bool *ret)
{
    struct span rest;
    *ret = true;
    if (takes(t, FORM_KIND) && cut_prefix(text, SPAN("kind:"), &rest)) {
        return take_name(t, BOOK_KIND, rest, item);
    }
    if (takes(t, FORM_GROUP) && cut_prefix(text, SPAN("group:"), &rest)) {
        return take_name(t, BOOK_GROUP, rest, item);
    }
    if (takes(t, FORM_COUNTRY) && cut_prefix(text, SPAN("country:"), &rest)) {
        return take_country(t, rest, item);
    }
    *ret = false;
    return ERR_OK;
}

static enum err take_day(const struct taking *t, struct span text, struct book_item *item)
{
    int32_t day = 0;
    if (book_day_read(text, &day) != ERR_OK) {
        return refuse(t, "\"%.*s\" is not a day such as 2026-01-31", SPAN_FMT(text));
    }
    item->kind = BOOK_ITEM_NUMBER;
    item->number = day;
    return ERR_OK;
}

static enum err take_count(const struct taking *t, struct span text, struct book_item *item)
{
    enum { DAYS_MAX = 100000 };
    uint64_t number = 0;
    if (span_to_u64(text, &number) != ERR_OK || number == 0 || number > DAYS_MAX) {
        return refuse(t, "not a number from 1 to %d", DAYS_MAX);
    }
    item->kind = BOOK_ITEM_NUMBER;
    item->number = (int64_t)number;
    return ERR_OK;
}

static bool is_stix_id(struct span text, struct span type)
{
    enum { UUID_SIZE = 36, HEX_LAST = 'f' };
    struct span uuid;
    if (!cut_prefix(text, type, &uuid) || uuid.size != UUID_SIZE) {
        return false;
    }
    for (size_t i = 0; i < uuid.size; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23; /* RFC 9562, section 4 */
        uint8_t byte = uuid.data[i];
        bool hex = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= HEX_LAST);
        if (dash ? byte != '-' : !hex) {
            return false;
        }
    }
    return true;
}

/* nothing, nobody, tlp:LABEL, class:SCHEME:LEVEL, group:ID. The text is kept; a name or level in it
 * is looked up here, so that a slip is a fault. */
static enum err take_means(const struct taking *t, struct span text, struct book_item *item)
{
    struct span rest;
    if (span_equal(text, SPAN("nothing")) || span_equal(text, SPAN("nobody"))) {
        return ERR_OK;
    }
    if (cut_prefix(text, SPAN("class:"), &rest)) {
        return take_level(t, rest, item);
    }
    if (cut_prefix(text, SPAN("group:"), &rest)) {
        return take_name(t, BOOK_GROUP, rest, item);
    }
    static const char *const tlp[] = { "CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED" };
    for (size_t i = 0; i < sizeof tlp / sizeof tlp[0]; i++) {
        if (cut_prefix(text, SPAN("tlp:"), &rest) && span_equal(rest, span_of(tlp[i]))) {
            item->kind = BOOK_ITEM_CHOICE;
            item->number = (int64_t)i;
            return ERR_OK;
        }
    }
    return refuse(t, "expected nothing, nobody, tlp:LABEL, class:SCHEME:LEVEL or group:ID");
}

/* What is told by its look, whatever the row's bare ids are. */
static enum err take_by_look(const struct taking *t, struct span text, struct book_item *item,
                             bool *ret)
{
    *ret = true;
    if (takes(t, FORM_ANY) && span_equal(text, SPAN("any"))) {
        item->kind = BOOK_ITEM_ANY;
        return ERR_OK;
    }
    if (takes(t, FORM_NETWORK) && take_network(text, item)) {
        return ERR_OK;
    }
    if (takes(t, FORM_CHOICE) && take_choice(t, text, item)) {
        return ERR_OK;
    }
    return take_prefixed(t, text, item, ret);
}

static enum err take_stix_id(const struct taking *t, struct span text)
{
    bool identity = takes(t, FORM_IDENTITY);
    struct span type = identity ? SPAN("identity--") : SPAN("marking-definition--");
    return is_stix_id(text, type)
               ? ERR_OK
               : refuse(t, "not the id of %s", identity ? "an identity" : "a marking-definition");
}

static enum err refuse_choice(const struct taking *t, struct span text)
{
    char words[FAULT_TEXT_SIZE] = "";
    size_t used = 0;
    for (size_t i = 0; t->rule->choices[i] != NULL && used < sizeof words; i++) {
        used += (size_t)snprintf(words + used, sizeof words - used, "%s%s", i > 0 ? ", " : "",
                                 t->rule->choices[i]);
    }
    return refuse(t, "\"%.*s\" is none of: %s", SPAN_FMT(text), words);
}

static enum err item_take(const struct taking *t, struct span text, struct book_item *item)
{
    bool done = false;
    TRY(take_by_look(t, text, item, &done));
    if (done) {
        return ERR_OK;
    }
    if (takes(t, FORM_PARTY)) {
        return take_name(t, BOOK_PARTY, text, item);
    }
    if (takes(t, FORM_ID)) {
        return take_name(t, t->rule->of, text, item);
    }
    if (takes(t, FORM_DATA | FORM_PERSONAL)) {
        return take_class(t, text, item)
                   ? ERR_OK
                   : refuse(t, "\"%.*s\" is no class of data", SPAN_FMT(text));
    }
    if (takes(t, FORM_LEVEL)) {
        return take_level(t, text, item);
    }
    if (takes(t, FORM_DAY)) {
        return take_day(t, text, item);
    }
    if (takes(t, FORM_COUNT)) {
        return take_count(t, text, item);
    }
    if (takes(t, FORM_LAND)) {
        return take_country(t, text, item);
    }
    if (takes(t, FORM_MEANS)) {
        return take_means(t, text, item);
    }
    if (takes(t, FORM_IDENTITY | FORM_DEFINITION)) {
        return take_stix_id(t, text);
    }
    return takes(t, FORM_CHOICE) ? refuse_choice(t, text) : ERR_OK;
}

/* "x from 2024-01-01 to 2024-12-31": cuts one of the two off the end. */
static enum err cut_day(const struct taking *t, struct span *text, struct span word, int32_t *ret)
{
    ptrdiff_t at = span_find_span(*text, word);
    if (at < 0) {
        return ERR_OK;
    }
    struct span day = span_trim(span_from(*text, (size_t)at + word.size));
    if (book_day_read(day, ret) != ERR_OK) {
        return refuse(t, "\"%.*s\" is not a day such as 2026-01-31", SPAN_FMT(day));
    }
    *text = span_trim(span_slice(*text, 0, (size_t)at));
    return ERR_OK;
}

static enum err part_take(const struct taking *t, struct span text, struct book_item *item)
{
    *item = (struct book_item){ .from_day = INT32_MIN, .to_day = INT32_MAX };
    if ((t->rule->flags & FIELD_DATED) != 0) {
        TRY(cut_day(t, &text, SPAN(" to "), &item->to_day));
        TRY(cut_day(t, &text, SPAN(" from "), &item->from_day));
        if (item->from_day > item->to_day) {
            return refuse(t, "ends before it begins");
        }
    }
    if (text.size == 0) {
        return refuse(t, "is empty");
    }
    item->text = text;
    return item_take(t, text, item);
}

static size_t part_count(struct span text, bool list)
{
    size_t count = 1;
    for (size_t i = 0; list && i < text.size; i++) {
        count += text.data[i] == ',' ? 1 : 0;
    }
    return count;
}

enum err book_items_read(const struct policy_book *book, const struct book_rule *rule,
                         const struct book_block *block, struct book_field *field)
{
    const struct taking t = { .book = book, .rule = rule, .block = block, .field = field };
    bool list = (rule->flags & FIELD_LIST) != 0;
    size_t count = part_count(field->text, list);
    struct book_item *items = op_alloc(book->op, count * sizeof *items);
    if (items == NULL) {
        return ERR_LIMIT;
    }
    struct span rest = field->text;
    struct span part = rest;
    for (size_t i = 0; i < count; i++) {
        if (list && !span_next(&rest, ',', &part)) {
            part = SPAN("");
        }
        TRY(part_take(&t, span_trim(part), &items[i]));
    }
    field->items = items;
    field->count = count;
    return ERR_OK;
}
