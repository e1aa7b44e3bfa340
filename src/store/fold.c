// SPDX-License-Identifier: EUPL-1.2
#include "store/fold.h"

#include <stdio.h>

#include "base/text.h"
#include "policy/policy.h"

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

void fold_merge(struct fold *fold, const struct fold *add)
{
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

bool fold_length_fits(uint64_t minutes)
{
    return minutes >= 1 && minutes <= FOLD_MINUTES_MAX && FOLD_MINUTES_MAX % minutes == 0;
}

bool fold_same_key(const struct fold *a, const struct fold *b)
{
    return a->start_us == b->start_us && a->length_us == b->length_us &&
           span_equal(a->inside, b->inside) && span_equal(a->indicator, b->indicator);
}

enum {
    WIRE_ASSUMED = 1,
    WIRE_BEFORE = 2,
    WIRE_NOISY = 4,
    WIRE_MORE_OBSERVED = 8,
    WIRE_MORE_OUTSIDE = 16
};

static uint8_t wire_flags(const struct fold *fold)
{
    unsigned flags = 0;
    flags |= fold->inside_assumed ? WIRE_ASSUMED : 0u;
    flags |= fold->before_publication ? WIRE_BEFORE : 0u;
    flags |= fold->noisy ? WIRE_NOISY : 0u;
    flags |= fold->observed.more ? WIRE_MORE_OBSERVED : 0u;
    flags |= fold->outside.more ? WIRE_MORE_OUTSIDE : 0u;
    return (uint8_t)flags;
}

static void wire_add_list(struct buf *buf, const struct span *list, size_t count)
{
    wire_add_u8(buf, (uint8_t)count);
    for (size_t i = 0; i < count; i++) {
        wire_add_bytes(buf, list[i]);
    }
}

void fold_wire_add(struct buf *buf, const struct fold *fold)
{
    wire_add_bytes(buf, fold->indicator);
    wire_add_bytes(buf, fold->inside);
    wire_add_i64(buf, fold->start_us);
    wire_add_bytes(buf, fold->value);
    wire_add_bytes(buf, fold->source);
    wire_add_u8(buf, (uint8_t)fold->kind);
    wire_add_u8(buf, fold->tlp);
    wire_add_bytes(buf, fold->sensor);
    wire_add_bytes(buf, fold->field);
    wire_add_list(buf, fold->observed.at, fold->observed.count);
    wire_add_list(buf, fold->outside.at, fold->outside.count);
    wire_add_i64(buf, fold->first_us);
    wire_add_i64(buf, fold->last_us);
    wire_add_u64(buf, fold->count);
    wire_add_u8(buf, wire_flags(fold));
    wire_add_list(buf, fold->evidence, fold->evidence_count);
}

static size_t wire_read_list(struct wire_reader *r, struct span *list, size_t count_max,
                             size_t size_max)
{
    size_t count = wire_u8(r);
    if (count > count_max) {
        r->err = ERR_FORMAT;
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        list[i] = wire_bytes(r, size_max);
    }
    return count;
}

/* In the database an unknown inside host is '', not NULL, so that it can be compared. */
static struct span never_null(struct span text)
{
    return text.data == NULL ? SPAN("") : text;
}

/* What the journal could not hold, or the store could not have been told, is no fold. */
static bool wire_fold_fits(const struct fold *fold)
{
    bool times = fold->first_us >= TIME_US_MIN && fold->last_us <= TIME_US_MAX &&
                 fold->first_us <= fold->last_us;
    if (!times) {
        return false;
    }
    bool in_its_span = fold->start_us == time_floor(fold->first_us, fold->length_us) &&
                       fold->start_us == time_floor(fold->last_us, fold->length_us);
    bool counted = fold->count > 0 && fold->count <= UINT32_MAX && fold->observed.count > 0;
    bool of_a_host = !fold->noisy && !span_equal(fold->inside, FOLD_INSIDE_MANY);
    return in_its_span && counted && of_a_host && fold->indicator.size > 0;
}

void fold_wire_read(struct wire_reader *r, int64_t length_us, struct fold *ret)
{
    *ret = (struct fold){ .length_us = length_us };
    ret->indicator = wire_bytes(r, FOLD_TEXT_SIZE_MAX);
    ret->inside = never_null(wire_bytes(r, FOLD_TEXT_SIZE_MAX));
    ret->start_us = wire_i64(r);
    ret->value = wire_bytes(r, VALUE_TEXT_SIZE_MAX);
    ret->source = wire_bytes(r, FOLD_TEXT_SIZE_MAX);
    uint8_t kind = wire_u8(r);
    ret->tlp = wire_u8(r);
    ret->sensor = wire_bytes(r, FOLD_TEXT_SIZE_MAX);
    ret->field = wire_bytes(r, FOLD_TEXT_SIZE_MAX);
    ret->observed.count =
        wire_read_list(r, ret->observed.at, FOLD_VALUE_COUNT_MAX, FOLD_TEXT_SIZE_MAX);
    ret->outside.count =
        wire_read_list(r, ret->outside.at, FOLD_VALUE_COUNT_MAX, FOLD_TEXT_SIZE_MAX);
    ret->first_us = wire_i64(r);
    ret->last_us = wire_i64(r);
    ret->count = wire_u64(r);
    uint8_t flags = wire_u8(r);
    ret->inside_assumed = (flags & WIRE_ASSUMED) != 0;
    ret->before_publication = (flags & WIRE_BEFORE) != 0;
    ret->noisy = (flags & WIRE_NOISY) != 0;
    ret->observed.more = (flags & WIRE_MORE_OBSERVED) != 0;
    ret->outside.more = (flags & WIRE_MORE_OUTSIDE) != 0;
    ret->evidence_count =
        wire_read_list(r, ret->evidence, FOLD_EVIDENCE_COUNT_MAX, FOLD_EVIDENCE_SIZE_MAX);
    ret->kind = (enum value_kind)kind;
    bool known = kind != VALUE_NONE && kind < VALUE_KIND_COUNT && ret->tlp < POLICY_TLP_COUNT;
    if (!known || !wire_fold_fits(ret)) {
        r->err = ERR_FORMAT;
    }
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

void fold_json_members(struct json_writer *w, const struct fold *fold)
{
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
    *ret = fold;
    return ERR_OK;
}
