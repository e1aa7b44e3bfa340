// SPDX-License-Identifier: EUPL-1.2
#include <stdlib.h>

#include "base/memory.h"
#include "base/must.h"
#include "history/hunt_inner.h"
#include "history/segment_inner.h"
#include "match/layout.h"

enum {
    CIDR_FAMILY_IPV4 = 4,
    CIDR_HEAD_SIZE = 2,
    BYTE_BITS = 8,
    RANK_BYTES = 7,
    FILTER_BATCH = 128, /* questions that are put to a filter in two rounds */
};

/* ---- the order of questions ---- */

/* The kind of the values that can meet a question. */
static enum value_kind met_kind(const struct hunt_question *question)
{
    if (question->value.kind != VALUE_CIDR) {
        return question->value.kind;
    }
    return question->value.key.data[0] == CIDR_FAMILY_IPV4 ? VALUE_IPV4 : VALUE_IPV6;
}

static struct span key_of(const struct hunt_question *question)
{
    bool range = question->value.kind == VALUE_CIDR;
    return range ? span_from(question->value.key, CIDR_HEAD_SIZE) : question->value.key;
}

static bool is_backwards(const struct hunt_question *question)
{
    return question->value.kind == VALUE_DOMAIN && !hunt_is_pattern(question);
}

static uint64_t rank_of(const struct hunt_question *question)
{
    struct span key = key_of(question);
    bool backwards = is_backwards(question);
    uint64_t rank = (uint64_t)met_kind(question) << 1 | (hunt_is_pattern(question) ? 1 : 0);
    for (size_t i = 0; i < RANK_BYTES; i++) {
        uint8_t byte = i < key.size ? key.data[backwards ? key.size - 1 - i : i] : 0;
        rank = rank << BYTE_BITS | byte;
    }
    return rank;
}

/* As span_compare(), from the ends of two names to their beginnings. */
static int compare_backwards(struct span a, struct span b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    const uint8_t *left = a.data + a.size;
    const uint8_t *right = b.data + b.size;
    for (size_t i = 0; i < size; i++) {
        left--;
        right--;
        if (*left != *right) {
            return *left < *right ? -1 : 1;
        }
    }
    return (a.size > b.size) - (a.size < b.size);
}

/* Of one kind. */
static int compare_questions(const struct hunt_question *a, const struct hunt_question *b)
{
    int difference = is_backwards(a) ? compare_backwards(a->value.key, b->value.key)
                                     : span_compare(key_of(a), key_of(b));
    if (difference != 0) {
        return difference;
    }
    if (a->value.kind != b->value.kind) {
        return (int)a->value.kind - (int)b->value.kind;
    }
    if (a->scope != b->scope) {
        return (int)a->scope - (int)b->scope;
    }
    return span_compare(a->value.key, b->value.key); /* ranges of other sizes */
}

static int compare_items(const void *a, const void *b, void *context)
{
    const struct hunt_questions *questions = context;
    const struct hunt_item *left = a;
    const struct hunt_item *right = b;
    if (left->rank != right->rank) {
        return left->rank < right->rank ? -1 : 1;
    }
    int difference =
        compare_questions(&questions->at[left->question], &questions->at[right->question]);
    if (difference != 0) {
        return difference;
    }
    return (left->question > right->question) - (left->question < right->question);
}

/* ---- planning ---- */

/* Whether answers can be expected by the rules of today. */
static bool can_be_asked(const struct history_rules *rules, const struct hunt_question *question)
{
    bool exact = question->scope != VALUE_SCOPE_SUBDOMAINS_ONLY &&
                 question->value.kind != VALUE_CIDR && !hunt_is_pattern(question);
    switch (rules->keep[met_kind(question)]) {
    case HISTORY_KEEP:
        return true;
    case HISTORY_KEEP_TRUNCATED:
        return !hunt_is_pattern(question);
    case HISTORY_KEEP_HASHED:
        return exact && rules->hash_secret_known;
    case HISTORY_KEEP_NOT:
    case HISTORY_KEEP_COUNT:
        break;
    }
    return false;
}

static enum err items_fill(struct hunt *hunt)
{
    for (size_t i = 0; i < hunt->questions->count; i++) {
        const struct hunt_question *question = &hunt->questions->at[i];
        if (!match_indicator_fits(question->value.kind, question->scope, question->value.key)) {
            return op_fail(hunt->op, ERR_FORMAT,
                           "question %zu is none: its value has not the "
                           "shape of its kind and scope",
                           i + 1);
        }
        hunt->items[i] = (struct hunt_item){ .rank = rank_of(question), .question = (uint32_t)i };
        hunt->result.asked += can_be_asked(hunt->rules, question) ? 1 : 0;
    }
    return ERR_OK;
}

/* One kind's questions, and which of them are the same. */
static size_t run_make(struct hunt *hunt, size_t begin, struct hunt_run *run)
{
    size_t first = begin;
    size_t at = begin;
    *run = (struct hunt_run){ .kind = met_kind(hunt_item_question(hunt, begin)), .begin = begin };
    while (at < hunt->questions->count && met_kind(hunt_item_question(hunt, at)) == run->kind) {
        const struct hunt_question *question = hunt_item_question(hunt, at);
        bool same = at > begin && hunt->items[at].rank == hunt->items[first].rank &&
                    compare_questions(hunt_item_question(hunt, first), question) == 0;
        if (!same) {
            first = at;
            run->distinct++;
        }
        hunt->items[first].same++;
        run->patterns = run->patterns || hunt_is_pattern(question);
        at++;
    }
    run->end = at;
    return at;
}

enum err hunt_plan(struct hunt *hunt)
{
    const size_t count = hunt->questions->count;
    hunt->items = memory_new_array(count, sizeof *hunt->items);
    hunt->passing = memory_new_array(count, sizeof *hunt->passing);
    if (count <= HUNT_ASKED_KEPT_MAX) {
        hunt->asked = memory_new_array(count, sizeof *hunt->asked); /* it does without */
    }
    if (hunt->items == NULL || hunt->passing == NULL) {
        return op_fail(hunt->op, ERR_LIMIT, "no memory for %zu questions", count);
    }
    TRY(items_fill(hunt));
    qsort_r(hunt->items, count, sizeof *hunt->items, compare_items,
            (void *)(uintptr_t)hunt->questions);
    size_t at = 0;
    while (at < count) {
        must(hunt->run_count < VALUE_KIND_COUNT);
        at = run_make(hunt, at, &hunt->runs[hunt->run_count]);
        hunt->run_count++;
    }
    return ERR_OK;
}

/* ---- asking a segment ---- */

/* Whether a segment holds values of a kind in a form: each block holds those of one. */
static bool has_form(const struct segment *segment, enum value_kind kind, enum history_form form)
{
    size_t low = 0;
    size_t high = segment->block_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct history_entry place = segment_block_place(segment, middle);
        bool before = place.kind != kind ? place.kind < kind : place.form < form;
        low = before ? middle + 1 : low;
        high = before ? high : middle;
    }
    if (low == segment->block_count) {
        return false;
    }
    struct history_entry place = segment_block_place(segment, low);
    return place.kind == kind && place.form == form;
}

/* Whether the filter of a segment knows nothing of what would answer a question. */
static bool is_unfiltered(const struct hunt_question *question)
{
    return question->value.kind == VALUE_CIDR || question->scope == VALUE_SCOPE_PREFIX;
}

/* What the filter is asked for: with any query, it knows URLs without one. */
static struct span filter_key(const struct hunt_question *question)
{
    struct span key = question->value.key;
    ptrdiff_t query =
        question->scope == VALUE_SCOPE_ANY_QUERY ? span_find(key, '?') : SPAN_NOT_FOUND;
    return query == SPAN_NOT_FOUND ? key : span_slice(key, 0, (size_t)query);
}

/* What the filter of a segment is asked for of an item: made once, where it is kept. */
static const struct segment_asked *asked_of(struct hunt *hunt, enum value_kind kind, size_t item,
                                            struct segment_asked *own)
{
    struct segment_asked *asked = hunt->asked == NULL ? own : &hunt->asked[item];
    if (hunt->asked == NULL || asked->count == 0) {
        struct span key = filter_key(hunt_item_question(hunt, item));
        segment_asked_make(hunt->segment, kind, HISTORY_WHOLE, key, asked);
    }
    return asked;
}

/* Put a run's questions to the filter; returns how many pass. */
static size_t filter_run(struct hunt *hunt, const struct hunt_run *run)
{
    size_t passing = 0;
    size_t at = run->begin;
    while (at < run->end) {
        struct segment_asked own[FILTER_BATCH];
        const struct segment_asked *asked[FILTER_BATCH]; /* NULL: the filter does not know */
        uint32_t batch[FILTER_BATCH];
        size_t count = 0;
        while (at < run->end && count < FILTER_BATCH) {
            bool known = !is_unfiltered(hunt_item_question(hunt, at));
            batch[count] = (uint32_t)at;
            asked[count] = known ? asked_of(hunt, run->kind, at, &own[count]) : NULL;
            if (known) {
                segment_may_hold_ahead(hunt->segment, asked[count]);
            }
            count++;
            at += hunt->items[at].same;
        }
        for (size_t i = 0; i < count; i++) {
            if (asked[i] == NULL || segment_may_hold_asked(hunt->segment, asked[i])) {
                hunt->passing[passing] = batch[i];
                passing++;
            }
        }
    }
    return passing;
}

static enum err run_ask_whole(struct hunt *hunt, struct hunt_run *run)
{
    uint64_t values = segment_facts(hunt->segment)->kind_values[run->kind];
    if (run->patterns || run->distinct > values / HUNT_FILTER_SHARE) {
        return hunt_scan_all(hunt, run);
    }
    size_t passing = filter_run(hunt, run);
    if (passing > values / HUNT_SCAN_SHARE + 1) {
        return hunt_scan_all(hunt, run);
    }
    return passing == 0 ? ERR_OK : hunt_lookup(hunt, run, passing);
}

static enum err segment_ask(struct hunt *hunt)
{
    const struct segment *segment = hunt->segment;
    for (size_t i = 0; i < hunt->run_count; i++) {
        struct hunt_run *run = &hunt->runs[i];
        TRY(op_check(hunt->op));
        if (segment_facts(segment)->kind_values[run->kind] == 0) {
            continue;
        }
        if (has_form(segment, run->kind, HISTORY_WHOLE)) {
            TRY(run_ask_whole(hunt, run));
        }
        for (int form = HISTORY_TRUNCATED; form < HISTORY_FORM_COUNT; form++) {
            if (has_form(segment, run->kind, (enum history_form)form)) {
                TRY(hunt_lookup_form(hunt, run, (enum history_form)form));
            }
        }
    }
    return ERR_OK;
}

static enum err sources_ask(struct hunt *hunt, const struct hunt_sources *sources)
{
    const struct hunt_options *options = hunt->options;
    TRY(hunt_plan(hunt));
    for (size_t i = 0; i < sources->count; i++) {
        const struct segment *segment = sources->segments[i];
        const struct segment_facts *facts = segment_facts(segment);
        bool other_time = facts->last_s < options->since_s || facts->first_s > options->until_s;
        if (other_time) {
            continue;
        }
        enum err err = hunt_segment_begin(hunt, segment);
        if (err == ERR_OK) {
            err = segment_ask(hunt);
        }
        hunt_segment_end(hunt);
        TRY(err);
    }
    return ERR_OK;
}

enum err hunt_segments(struct op *op, const struct hunt_sources *sources,
                       const struct hunt_questions *questions, const struct hunt_options *options,
                       struct hunt_result *ret)
{
    if (questions->count > HUNT_QUESTION_COUNT_MAX) {
        return op_fail(op, ERR_LIMIT, "more than %d questions at once: ask them in parts",
                       HUNT_QUESTION_COUNT_MAX);
    }
    struct hunt *hunt = memory_new(sizeof *hunt);
    if (hunt == NULL) {
        return op_fail(op, ERR_LIMIT, "no memory to look back");
    }
    hunt->op = op;
    hunt->rules = sources->rules;
    hunt->questions = questions;
    hunt->options = options;
    enum err err = sources_ask(hunt, sources);
    if (err == ERR_OK) {
        *ret = hunt->result;
    }
    for (size_t i = 0; i < hunt->run_count; i++) {
        hunt_index_done(&hunt->runs[i].index);
    }
    hunt_scan_done(hunt);
    memory_free(hunt->items);
    memory_free(hunt->passing);
    memory_free(hunt->asked);
    memory_free(hunt);
    return err;
}
