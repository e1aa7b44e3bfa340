// SPDX-License-Identifier: EUPL-1.2
/*
 * Folds on the pipe between watch and store.
 */
#include "policy/policy.h"
#include "store/fold.h"

enum {
    WIRE_ASSUMED = 1,
    WIRE_BEFORE = 2,
    WIRE_NOISY = 4,
    WIRE_MORE_OBSERVED = 8,
    WIRE_MORE_OUTSIDE = 16,
    WIRE_ANSWER = 32,
};

static uint8_t wire_flags(const struct fold *fold)
{
    unsigned flags = 0;
    flags |= fold->inside_assumed ? WIRE_ASSUMED : 0u;
    flags |= fold->before_publication ? WIRE_BEFORE : 0u;
    flags |= fold->noisy ? WIRE_NOISY : 0u;
    flags |= fold->observed.more ? WIRE_MORE_OBSERVED : 0u;
    flags |= fold->outside.more ? WIRE_MORE_OUTSIDE : 0u;
    flags |= fold->best.answer ? WIRE_ANSWER : 0u;
    return (uint8_t)flags;
}

static void wire_add_list(struct buf *buf, const struct span *list, size_t count)
{
    wire_add_u8(buf, (uint8_t)count);
    for (size_t i = 0; i < count; i++) {
        wire_add_bytes(buf, list[i]);
    }
}

static void wire_add_rank(struct buf *buf, const struct fold *fold)
{
    wire_add_u8(buf, fold->confidence);
    wire_add_u8(buf, fold->sources);
    wire_add_u8(buf, (uint8_t)fold->best.kind);
    wire_add_u8(buf, (uint8_t)fold->best.direction);
    wire_add_u8(buf, (uint8_t)fold->best.outcome);
    wire_add_u8(buf, (uint8_t)fold->best.rung);
    wire_add_u8(buf, (uint8_t)fold->best.effect);
    wire_add_bytes(buf, fold->list);
    wire_add_u64(buf, fold->denied);
    wire_add_u64(buf, fold->silent);
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
    wire_add_rank(buf, fold);
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

static bool best_fits(const struct rank_line *best)
{
    return best->kind != VALUE_NONE && (unsigned)best->kind < VALUE_KIND_COUNT &&
           (unsigned)best->direction < RANK_DIRECTION_COUNT &&
           (unsigned)best->outcome < RANK_OUTCOME_COUNT && (unsigned)best->rung < RANK_RUNG_COUNT &&
           (unsigned)best->effect < RANK_EFFECT_COUNT;
}

/* A fold is silent where all its lines are, and names a list where one says something of it. */
static bool rank_fits(const struct fold *fold)
{
    bool all_silent = fold->silent == fold->count;
    bool named = fold->list.size > 0;
    return best_fits(&fold->best) && fold->denied <= fold->count && fold->silent <= fold->count &&
           all_silent == (fold->best.effect == RANK_SILENCED) &&
           named == (fold->best.effect != RANK_EFFECT_NONE) &&
           (fold->confidence <= RANK_MAX || fold->confidence == RANK_CONFIDENCE_UNKNOWN);
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
    return in_its_span && counted && of_a_host && fold->indicator.size > 0 && rank_fits(fold);
}

static void wire_read_rank(struct wire_reader *r, struct fold *ret)
{
    ret->confidence = wire_u8(r);
    ret->sources = wire_u8(r);
    ret->best.kind = (enum value_kind)wire_u8(r);
    ret->best.direction = (enum rank_direction)wire_u8(r);
    ret->best.outcome = (enum rank_outcome)wire_u8(r);
    ret->best.rung = (enum rank_rung)wire_u8(r);
    ret->best.effect = (enum rank_effect)wire_u8(r);
    ret->list = never_null(wire_bytes(r, FOLD_TEXT_SIZE_MAX));
    ret->denied = wire_u64(r);
    ret->silent = wire_u64(r);
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
    ret->best.answer = (flags & WIRE_ANSWER) != 0;
    wire_read_rank(r, ret);
    ret->evidence_count =
        wire_read_list(r, ret->evidence, FOLD_EVIDENCE_COUNT_MAX, FOLD_EVIDENCE_SIZE_MAX);
    ret->kind = (enum value_kind)kind;
    bool known = kind != VALUE_NONE && kind < VALUE_KIND_COUNT && ret->tlp < POLICY_TLP_COUNT;
    if (!known || !wire_fold_fits(ret)) {
        r->err = ERR_FORMAT;
    }
}
