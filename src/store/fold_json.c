// SPDX-License-Identifier: EUPL-1.2
/*
 * Folds as JSON, for the journal and for people: docs/format/hits.md has the keys.
 */
#include <stdio.h>

#include "policy/policy.h"
#include "store/hit_id.h"

/* In the database an unknown inside host is '', not NULL, so that it can be compared. */
static struct span never_null(struct span text)
{
    return text.data == NULL ? SPAN("") : text;
}

/* "observed": the first; "observed_count": how many are kept; "observed_more": the further ones. */
static void json_add_values(struct json_writer *w, const char *name,
                            const struct fold_values *values)
{
    char key[64];
    json_key(w, span_of(name));
    if (values->count > 0) {
        json_add_string(w, values->at[0]);
    } else {
        json_add_null(w);
    }
    snprintf(key, sizeof key, "%s_count", name);
    json_member_u64(w, span_of(key), values->count);
    if (values->count > 1) {
        snprintf(key, sizeof key, "%s_further", name);
        json_key(w, span_of(key));
        json_begin_array(w);
        for (size_t i = 1; i < values->count; i++) {
            json_add_string(w, values->at[i]);
        }
        json_end_array(w);
    }
    if (values->more) {
        snprintf(key, sizeof key, "%s_more", name);
        json_member_bool(w, span_of(key), true);
    }
}

static void json_add_flag(struct json_writer *w, struct span key, bool value)
{
    if (value) {
        json_member_bool(w, key, true);
    }
}

static void json_add_word(struct json_writer *w, struct span key, unsigned value, const char *word)
{
    if (value != 0) {
        json_member_string(w, key, span_of(word));
    }
}

static void json_add_number(struct json_writer *w, struct span key, uint64_t number)
{
    if (number > 0) {
        json_member_u64(w, key, number);
    }
}

/* What is not known is not written. */
static void json_add_rank(struct json_writer *w, const struct fold *fold)
{
    const struct rank_line *best = &fold->best;
    unsigned rank = fold_rank(fold);
    json_member_u64(w, SPAN("rank"), rank);
    json_member_string(w, SPAN("level"), span_of(rank_level_name(rank_level_of(rank))));
    if (best->kind != VALUE_NONE && best->kind != fold->kind) {
        json_member_string(w, SPAN("best_kind"), span_of(value_kind_name(best->kind)));
    }
    json_add_word(w, SPAN("direction"), best->direction, rank_direction_name(best->direction));
    json_add_word(w, SPAN("outcome"), best->outcome, rank_outcome_name(best->outcome));
    json_add_word(w, SPAN("rung"), best->rung, rank_rung_name(best->rung));
    json_add_flag(w, SPAN("answer"), best->answer);
    json_add_word(w, SPAN("allowed"), best->effect, rank_effect_name(best->effect));
    if (fold->list.size > 0) {
        json_member_string(w, SPAN("list"), fold->list);
    }
    json_add_number(w, SPAN("denied"), fold->denied);
    json_add_number(w, SPAN("silent"), fold->silent);
    if (fold->confidence != RANK_CONFIDENCE_UNKNOWN) {
        json_member_u64(w, SPAN("confidence"), fold->confidence);
    }
    json_add_number(w, SPAN("sources"), fold->sources);
}

void fold_json_members(struct json_writer *w, const struct fold *fold)
{
    char id[HIT_ID_SIZE];
    hit_id_of(fold, id);
    json_member_string(w, SPAN("hit"), span_of(id));
    json_member_string(w, SPAN("indicator"), fold->indicator);
    json_member_string(w, SPAN("value"), fold->value);
    json_member_string(w, SPAN("kind"), span_of(value_kind_name(fold->kind)));
    json_add_values(w, "observed", &fold->observed);
    json_member_string(w, SPAN("field"), fold->field);
    json_key(w, SPAN("inside"));
    if (fold->inside.size > 0) {
        json_add_string(w, fold->inside);
    } else {
        json_add_null(w);
    }
    json_add_flag(w, SPAN("inside_assumed"), fold->inside_assumed);
    json_add_values(w, "outside", &fold->outside);
    json_member_string(w, SPAN("sensor"), fold->sensor);
    json_member_time(w, SPAN("start"), fold->start_us);
    json_member_u64(w, SPAN("minutes"), (uint64_t)(fold->length_us / FOLD_MINUTE_US));
    json_member_time(w, SPAN("first"), fold->first_us);
    json_member_time(w, SPAN("last"), fold->last_us);
    json_member_u64(w, SPAN("count"), fold->count);
    json_member_string(w, SPAN("tlp"), span_of(policy_tlp_name((enum policy_tlp)fold->tlp)));
    json_member_string(w, SPAN("source"), fold->source);
    json_add_flag(w, SPAN("before_publication"), fold->before_publication);
    json_add_flag(w, SPAN("noisy"), fold->noisy);
    json_add_flag(w, SPAN("looked_back"), fold->looked_back);
    json_add_rank(w, fold);
}

void fold_json_add(struct json_writer *w, const struct fold *fold)
{
    json_begin_object(w);
    fold_json_members(w, fold);
    json_end_object(w);
}

static void json_read_values(struct json_value object, const char *name, struct fold_values *ret)
{
    char key[64];
    struct span first = json_string(json_member(object, span_of(name)));
    if (first.data != NULL) {
        fold_values_add(ret, first);
    }
    snprintf(key, sizeof key, "%s_further", name);
    struct json_walk walk = json_walk_begin(json_member(object, span_of(key)));
    while (json_walk_next(&walk)) {
        fold_values_add(ret, json_string(walk.value));
    }
    snprintf(key, sizeof key, "%s_more", name);
    ret->more = json_true(json_member(object, span_of(key)));
}

static enum err json_read_time(struct json_value object, struct span key, int64_t *ret_us)
{
    return time_parse(json_string(json_member(object, key)), ret_us);
}

static enum err json_read_length(struct json_value object, int64_t *ret_us)
{
    int64_t minutes = json_integer(json_member(object, SPAN("minutes")), 0);
    if (minutes < 0 || !fold_length_fits((uint64_t)minutes)) {
        return ERR_FORMAT;
    }
    *ret_us = minutes * FOLD_MINUTE_US;
    return ERR_OK;
}

/* Entries of older versions say nothing of all this, and newer ones may know further words. */
static void json_read_best(struct json_value object, struct rank_line *best)
{
    (void)!value_kind_from_name(json_string(json_member(object, SPAN("best_kind"))), &best->kind);
    (void)!rank_direction_from_name(json_string(json_member(object, SPAN("direction"))),
                                    &best->direction);
    (void)!rank_outcome_from_name(json_string(json_member(object, SPAN("outcome"))),
                                  &best->outcome);
    (void)!rank_rung_from_name(json_string(json_member(object, SPAN("rung"))), &best->rung);
    (void)!rank_effect_from_name(json_string(json_member(object, SPAN("allowed"))), &best->effect);
    best->answer = json_true(json_member(object, SPAN("answer")));
}

static uint64_t json_read_count(struct json_value object, struct span key, uint64_t count_max)
{
    int64_t number = json_integer(json_member(object, key), 0);
    return number < 0 || (uint64_t)number > count_max ? 0 : (uint64_t)number;
}

static void json_read_rank(struct json_value object, struct fold *fold)
{
    fold->best.kind = fold->kind;
    json_read_best(object, &fold->best);
    fold->list = never_null(json_string(json_member(object, SPAN("list"))));
    fold->denied = json_read_count(object, SPAN("denied"), fold->count);
    fold->silent = json_read_count(object, SPAN("silent"), fold->count);
    fold->sources = (uint8_t)json_read_count(object, SPAN("sources"), UINT8_MAX);
    int64_t confidence =
        json_integer(json_member(object, SPAN("confidence")), RANK_CONFIDENCE_UNKNOWN);
    bool stated = confidence >= 0 && confidence <= RANK_MAX;
    fold->confidence = stated ? (uint8_t)confidence : RANK_CONFIDENCE_UNKNOWN;
}

enum err fold_json_read(struct json_value value, struct fold *ret)
{
    struct fold fold = { 0 };
    enum policy_tlp tlp = POLICY_TLP_UNKNOWN;
    fold.indicator = json_string(json_member(value, SPAN("indicator")));
    fold.inside = never_null(json_string(json_member(value, SPAN("inside"))));
    fold.value = json_string(json_member(value, SPAN("value")));
    fold.source = never_null(json_string(json_member(value, SPAN("source"))));
    fold.sensor = never_null(json_string(json_member(value, SPAN("sensor"))));
    fold.field = never_null(json_string(json_member(value, SPAN("field"))));
    fold.count = (uint64_t)json_integer(json_member(value, SPAN("count")), 0);
    fold.inside_assumed = json_true(json_member(value, SPAN("inside_assumed")));
    fold.before_publication = json_true(json_member(value, SPAN("before_publication")));
    fold.noisy = json_true(json_member(value, SPAN("noisy")));
    fold.looked_back = json_true(json_member(value, SPAN("looked_back")));
    json_read_values(value, "observed", &fold.observed);
    json_read_values(value, "outside", &fold.outside);
    TRY(json_read_time(value, SPAN("start"), &fold.start_us));
    TRY(json_read_length(value, &fold.length_us));
    TRY(json_read_time(value, SPAN("first"), &fold.first_us));
    TRY(json_read_time(value, SPAN("last"), &fold.last_us));
    struct span kind = json_string(json_member(value, SPAN("kind")));
    struct span label = json_string(json_member(value, SPAN("tlp")));
    if (policy_tlp_from_name(label, &tlp) != ERR_OK) {
        tlp = POLICY_TLP_UNKNOWN; /* shared with nobody */
    }
    if (value_kind_from_name(kind, &fold.kind) != ERR_OK || fold.indicator.size == 0 ||
        fold.observed.count == 0 || fold.count == 0) {
        return ERR_FORMAT;
    }
    fold.tlp = (uint8_t)tlp;
    json_read_rank(value, &fold);
    *ret = fold;
    return ERR_OK;
}
