// SPDX-License-Identifier: EUPL-1.2
#include "store/fold.h"

#include "base/text.h"

/* Cut at a character's boundary, so that text stays text. */
struct span fold_text_cut(struct span text)
{
    if (text.size <= FOLD_TEXT_SIZE_MAX) {
        return text;
    }
    struct span head = span_slice(text, 0, FOLD_TEXT_SIZE_MAX);
    size_t valid = text_valid_size(head);
    bool whole_but_last = valid + 4 > head.size;
    return whole_but_last ? span_slice(head, 0, valid) : head;
}

void fold_values_add(struct fold_values *values, struct span value)
{
    struct span kept = fold_text_cut(value);
    for (size_t i = 0; i < values->count; i++) {
        if (span_equal(values->at[i], kept)) {
            return;
        }
    }
    if (values->count == FOLD_VALUE_COUNT_MAX) {
        values->more = true;
        return;
    }
    values->at[values->count] = kept;
    values->count++;
}

static void values_merge(struct fold_values *values, const struct fold_values *add)
{
    for (size_t i = 0; i < add->count; i++) {
        fold_values_add(values, add->at[i]);
    }
    values->more = values->more || add->more;
}

static void values_of_noisy(struct fold *fold, const struct fold *add)
{
    bool same = add->observed.count == 1 && span_equal(add->observed.at[0], fold->observed.at[0]);
    fold->observed.more = fold->observed.more || add->observed.more || !same;
    fold->outside.more = fold->outside.more || add->outside.more || add->outside.count > 0;
}

void fold_make_noisy(struct fold *fold)
{
    fold->inside = FOLD_INSIDE_MANY;
    fold->noisy = true;
    fold->observed.more = fold->observed.more || fold->observed.count > 1;
    fold->observed.count = 1;
    fold->outside.more = fold->outside.more || fold->outside.count > 0;
    fold->outside.count = 0;
    fold->evidence_count = 0;
}

static void evidence_merge(struct fold *fold, const struct fold *add)
{
    for (size_t i = 0; i < add->evidence_count; i++) {
        if (fold->evidence_count < FOLD_EVIDENCE_COUNT_MAX) {
            fold->evidence[fold->evidence_count] = add->evidence[i];
            fold->evidence_count++;
        }
    }
}

/* The order is total, since folds of many hosts are gathered in no order of their lines. */
void fold_take_best(struct fold *fold, const struct rank_line *line, struct span list)
{
    int order = rank_line_compare(line, &fold->best);
    if (order > 0 || (order == 0 && span_compare(list, fold->list) < 0)) {
        fold->best = *line;
        fold->list = list;
    }
}

static void rank_merge(struct fold *fold, const struct fold *add)
{
    fold_take_best(fold, &add->best, add->list);
    fold->sources = add->sources > fold->sources ? add->sources : fold->sources;
    fold->denied += add->denied;
    fold->silent += add->silent;
}

void fold_merge(struct fold *fold, const struct fold *add)
{
    rank_merge(fold, add);
    if (fold->noisy) {
        values_of_noisy(fold, add);
    } else {
        values_merge(&fold->observed, &add->observed);
        values_merge(&fold->outside, &add->outside);
        evidence_merge(fold, add);
    }
    if (add->first_us < fold->first_us) {
        fold->first_us = add->first_us;
    }
    if (add->last_us > fold->last_us) {
        fold->last_us = add->last_us;
    }
    fold->count += add->count;
}

static bool raise(uint64_t *number, uint64_t other)
{
    bool more = other > *number;
    *number = more ? other : *number;
    return more;
}

bool fold_merge_back(struct fold *fold, const struct fold *add)
{
    bool changed = raise(&fold->count, add->count);
    changed = raise(&fold->denied, add->denied) || changed;
    changed = raise(&fold->silent, add->silent) || changed;
    if (add->first_us / US_PER_S < fold->first_us / US_PER_S) { /* history counts in seconds */
        fold->first_us = add->first_us;
        changed = true;
    }
    if (add->last_us / US_PER_S > fold->last_us / US_PER_S) {
        fold->last_us = add->last_us;
        changed = true;
    }
    if (changed) {
        fold_take_best(fold, &add->best, add->list);
        fold->sources = add->sources > fold->sources ? add->sources : fold->sources;
        if (fold->noisy) {
            values_of_noisy(fold, add);
        } else {
            values_merge(&fold->observed, &add->observed);
        }
    }
    return changed;
}

struct rank_facts fold_facts(const struct fold *fold)
{
    struct rank_facts facts = {
        .confidence = fold->confidence,
        .sources = fold->sources,
        .before_publication = fold->before_publication,
        .noisy = fold->noisy,
        .line = fold->best,
    };
    if (facts.line.kind == VALUE_NONE) {
        facts.line.kind = fold->kind;
    }
    return facts;
}

unsigned fold_rank(const struct fold *fold)
{
    const struct rank_facts facts = fold_facts(fold);
    return rank_points(&facts);
}

bool fold_length_fits(uint64_t minutes)
{
    return minutes >= 1 && minutes <= FOLD_MINUTES_MAX && FOLD_MINUTES_MAX % minutes == 0;
}

bool fold_same_key(const struct fold *a, const struct fold *b)
{
    return a->start_us == b->start_us && a->length_us == b->length_us &&
           span_equal(a->inside, b->inside) && span_equal(a->indicator, b->indicator);
}
