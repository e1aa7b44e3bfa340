// SPDX-License-Identifier: EUPL-1.2
#include "node/questions.h"

#include <stdlib.h>

#include "base/must.h"
#include "format/json_writer.h"
#include "node/argument.h"
#include "node/entries.h"
#include "node/questions_file.h"
#include "store/hit_id.h"
#include "store/hit_work.h"

#define INDICATOR_BEGINNING SPAN("indicator--")

static struct hunt_question *list_of(const struct questions *questions, size_t *ret_count)
{
    *ret_count = questions->list.size / sizeof(struct hunt_question);
    return (struct hunt_question *)(void *)questions->list.data;
}

struct hunt_questions questions_of(const struct questions *questions)
{
    struct hunt_questions all = { .count = 0 };
    all.at = list_of(questions, &all.count);
    return all;
}

void questions_done(struct questions *questions)
{
    buf_done(&questions->list);
}

void questions_begin(struct questions *questions, struct op *op)
{
    *questions = (struct questions){ .op = op };
    buf_init(&questions->list, (size_t)QUESTIONS_COUNT_MAX * sizeof(struct hunt_question));
}

enum err questions_add(struct questions *questions, const struct value *value,
                       enum value_scope scope)
{
    struct hunt_question question = { .value = *value, .scope = scope };
    TRY(op_copy(questions->op, value->key, &question.value.key));
    TRY(op_copy(questions->op, value->scheme, &question.value.scheme));
    buf_add(&questions->list, span_make(&question, sizeof question));
    return questions->list.err == ERR_OK
               ? ERR_OK
               : op_fail(questions->op, ERR_LIMIT,
                         "more than %d values at once: ask for some of them at a time",
                         QUESTIONS_COUNT_MAX);
}

/* ---- each once ---- */

static int question_order(const struct hunt_question *a, const struct hunt_question *b)
{
    if (a->value.kind != b->value.kind) {
        return a->value.kind < b->value.kind ? -1 : 1;
    }
    if (a->scope != b->scope) {
        return a->scope < b->scope ? -1 : 1;
    }
    return span_compare(a->value.key, b->value.key);
}

/* Of equal ones the one that came first stands first. */
static int place_order(const void *a, const void *b)
{
    const struct hunt_question *const *left = a;
    const struct hunt_question *const *right = b;
    int by_value = question_order(*left, *right);
    return by_value != 0 ? by_value : (*left > *right) - (*left < *right);
}

/* Pointers into the list, in an order of their own. */
static enum err ordered(struct op *op, const struct questions *questions,
                        struct hunt_question ***ret)
{
    size_t count = 0;
    struct hunt_question *list = list_of(questions, &count);
    struct hunt_question **places = op_alloc(op, (count + 1) * sizeof(struct hunt_question *));
    if (places == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        places[i] = &list[i];
    }
    if (count > 0) {
        qsort((void *)places, count, sizeof(struct hunt_question *), place_order);
    }
    *ret = places;
    return ERR_OK;
}

enum err questions_drop_doubles(struct questions *questions)
{
    size_t count = 0;
    size_t kept = 0;
    struct hunt_question *list = list_of(questions, &count);
    struct hunt_question **places = NULL;
    bool *doubles = op_alloc(questions->op, count + 1);
    if (doubles == NULL) {
        return ERR_LIMIT;
    }
    TRY(ordered(questions->op, questions, &places));
    for (size_t i = 1; i < count; i++) {
        doubles[places[i] - list] = question_order(places[i - 1], places[i]) == 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (!doubles[i]) {
            list[kept] = list[i];
            kept++;
        }
    }
    questions->list.size = kept * sizeof *list;
    return ERR_OK;
}

bool questions_equal(const struct questions *a, const struct questions *b)
{
    size_t count = 0;
    size_t other_count = 0;
    struct hunt_question **left = NULL;
    struct hunt_question **right = NULL;
    (void)list_of(a, &count);
    (void)list_of(b, &other_count);
    bool ready = count == other_count && ordered(a->op, a, &left) == ERR_OK &&
                 ordered(b->op, b, &right) == ERR_OK;
    for (size_t i = 0; ready && i < count; i++) {
        ready = question_order(left[i], right[i]) == 0;
    }
    return ready;
}

static int find_order(const void *a, const void *b)
{
    const struct hunt_question *const *right = b;
    return question_order(a, *right);
}

enum err questions_have(struct questions *questions, const struct hunt_question *question,
                        bool *ret)
{
    size_t count = 0;
    (void)list_of(questions, &count);
    if (questions->order == NULL) {
        TRY(ordered(questions->op, questions, &questions->order));
    }
    must(questions->order != NULL);
    *ret = count > 0 && bsearch(question, (const void *)questions->order, count,
                                sizeof(struct hunt_question *), find_order) != NULL;
    return ERR_OK;
}

/* ---- what is named ---- */

static enum err of_hit(struct questions *questions, struct span id)
{
    struct op *op = questions->op;
    struct store_hit hit;
    struct value value;
    enum value_scope scope = VALUE_SCOPE_EXACT;
    struct value_buf *bytes = op_alloc(op, sizeof *bytes);
    if (bytes == NULL) {
        return ERR_LIMIT;
    }
    TRY(store_hit_find(op, questions->node->store, questions->grant, id, &hit));
    if (value_recognise_as(hit.fold.kind, hit.fold.value, bytes, &value, &scope) != ERR_OK) {
        return op_fail(op, ERR_UNSUPPORTED, "%.*s met a pattern: name values that it fits",
                       SPAN_FMT(id));
    }
    questions->looked_for = true;
    return questions_add(questions, &value, scope);
}

/* A walk over all indicators, after one. */
struct looking {
    struct questions *questions;
    struct op own; /* memory of one id */
    struct span id;
    bool found;
};

static enum err indicator_visit(void *context, const struct entry *entry)
{
    struct looking *looking = context;
    struct span id;
    TRY(entry_id(&looking->own, entry, &id));
    bool same = span_equal(id, looking->id);
    arena_reset(&looking->own.arena);
    if (!same) {
        return ERR_OK;
    }
    looking->found = true;
    return questions_add(looking->questions, entry->value, entry->scope);
}

static enum err of_indicator(struct questions *questions, struct span id)
{
    enum { ID_MEMORY_MAX = 1024 * 1024 };
    const struct entry_selection all = { .kind = VALUE_NONE };
    struct looking looking = { .questions = questions, .id = id };
    op_begin(&looking.own, &questions->op->actor, ID_MEMORY_MAX);
    enum err err = entries_walk(questions->op, questions->node, &all, indicator_visit, &looking);
    op_end(&looking.own);
    TRY(err);
    questions->looked_for = true;
    return looking.found ? ERR_OK
                         : op_fail(questions->op, ERR_ABSENT, "%.*s is not watched on this node",
                                   SPAN_FMT(id));
}

static enum err of_text(struct questions *questions, struct span text)
{
    struct op *op = questions->op;
    struct value value;
    enum value_scope scope;
    struct value_buf *bytes = op_alloc(op, sizeof *bytes);
    size_t before = questions->list.size;
    if (bytes == NULL) {
        return ERR_LIMIT;
    }
    if (questions->kind != VALUE_NONE) {
        return value_recognise_as(questions->kind, text, bytes, &value, &scope) == ERR_OK
                   ? questions_add(questions, &value, scope)
                   : op_fail(op, ERR_FORMAT, "%.*s: not a value of kind %s", SPAN_FMT(text),
                             value_kind_name(questions->kind));
    }
    if (value_recognise(text, bytes, &value, &scope) == ERR_OK) {
        return questions_add(questions, &value, scope);
    }
    TRY(questions_add_prose(questions, text));
    questions->looked_for = true;
    return questions->list.size > before
               ? ERR_OK
               : op_fail(op, ERR_FORMAT,
                         "%.*s: neither a value (an address, range, domain, URL, digest, mail "
                         "address, ...) nor a file, nor the id of an indicator or hit (H-...)",
                         SPAN_FMT(text));
}

static enum err of_argument(struct questions *questions, const struct invocation *invocation,
                            size_t argument)
{
    char hit[HIT_ID_SIZE];
    struct span text = span_of(invocation->arguments[argument]);
    if (span_starts_with(text, INDICATOR_BEGINNING)) {
        return of_indicator(questions, text);
    }
    if (argument_is_file(invocation, argument)) {
        questions->looked_for = true;
        return questions_add_file(questions, invocation, argument);
    }
    if (span_starts_with_nocase(text, SPAN("H-")) && hit_id_parse(text, hit) == ERR_OK) {
        return of_hit(questions, span_of(hit));
    }
    return of_text(questions, text);
}

enum err questions_gather(struct questions *questions, struct op *op, struct invocation *invocation)
{
    questions_begin(questions, op);
    questions->node = invocation->node;
    TRY(command_kind(invocation, &questions->kind));
    TRY(policy_grant_owner(op, &questions->grant));
    for (size_t i = 0; i < invocation->argument_count; i++) {
        TRY(of_argument(questions, invocation, i));
    }
    return questions_drop_doubles(questions);
}

/* ---- as JSON ---- */

void question_add_text(struct buf *buf, const struct hunt_question *question)
{
    if (question->value.kind == VALUE_DOMAIN && question->scope == VALUE_SCOPE_EXACT) {
        buf_add_byte(buf, '=');
    }
    if (question->scope == VALUE_SCOPE_SUBDOMAINS_ONLY) {
        buf_add_byte(buf, '.');
    }
    value_add_text(buf, &question->value);
}

static void write_kinds(struct json_writer *w, const struct hunt_questions *all)
{
    uint64_t counts[VALUE_KIND_COUNT] = { 0 };
    for (size_t i = 0; i < all->count; i++) {
        counts[all->at[i].value.kind]++;
    }
    json_key(w, SPAN("kinds"));
    json_begin_object(w);
    for (unsigned kind = 0; kind < VALUE_KIND_COUNT; kind++) {
        if (counts[kind] > 0) {
            json_member_u64(w, span_of(value_kind_name((enum value_kind)kind)), counts[kind]);
        }
    }
    json_end_object(w);
}

void questions_write(struct json_writer *w, const struct questions *questions)
{
    const struct hunt_questions all = questions_of(questions);
    struct buf text;
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    write_kinds(w, &all);
    json_key(w, SPAN("values"));
    json_begin_array(w);
    for (size_t i = 0; i < all.count; i++) {
        buf_clear(&text);
        value_add_text(&text, &all.at[i].value);
        json_begin_object(w);
        json_member_string(w, SPAN("kind"), span_of(value_kind_name(all.at[i].value.kind)));
        json_member_string(w, SPAN("value"), buf_span(&text));
        json_member_string(w, SPAN("scope"), span_of(value_scope_name(all.at[i].scope)));
        json_end_object(w);
    }
    json_end_array(w);
    buf_done(&text);
}

static enum err read_one(struct questions *questions, struct json_value one,
                         struct value_buf *bytes)
{
    enum value_kind kind = VALUE_NONE;
    enum value_scope scope = VALUE_SCOPE_EXACT;
    struct value value;
    struct span text = json_string(json_member(one, SPAN("value")));
    TRY(value_kind_from_name(json_string(json_member(one, SPAN("kind"))), &kind));
    TRY(value_scope_from_name(json_string(json_member(one, SPAN("scope"))), &scope));
    if (scope == VALUE_SCOPE_LIKE || scope == VALUE_SCOPE_REGEX) {
        value = (struct value){ .kind = kind, .key = text };
    } else {
        TRY(value_parse(kind, text, bytes, &value));
    }
    return questions_add(questions, &value, scope);
}

enum err questions_read(struct questions *questions, struct op *op, struct json_value content)
{
    questions_begin(questions, op);
    struct value_buf *bytes = op_alloc(op, sizeof *bytes);
    struct json_walk walk = json_walk_begin(json_member(content, SPAN("values")));
    if (bytes == NULL) {
        return ERR_LIMIT;
    }
    while (json_walk_next(&walk)) {
        enum err err = read_one(questions, walk.value, bytes);
        if (err != ERR_OK) {
            return op_fail(op, err == ERR_LIMIT ? err : ERR_CORRUPT,
                           "what was asked for cannot be read out of the journal");
        }
    }
    questions->looked_for = true;
    return ERR_OK;
}
