// SPDX-License-Identifier: EUPL-1.2
#include "watch/meet.h"

#include "base/memory.h"
#include "base/must.h"
#include "match/allow.h"
#include "watch/describe.h"

enum {
    FOLD_BUCKETS = 1024,
    FOLDS_GROWTH_MIN = 64,
};

/* A fold of this chunk, with what finds it again. */
struct chunk_fold {
    struct fold fold;   /* first: the result lists pointers to it */
    uint32_t indicator; /* number in the image, of the first indicator with this id */
    uint64_t last_line; /* the line that counted last: a line counts once a fold */
    bool last_silent;   /* ... and all that it met so far is silenced */
    bool last_known;    /* ... or it was counted by an earlier run */
    struct chunk_fold *next;
};

struct watch_meet {
    const struct watch_rules *rules;
    struct observe_reader *reader;
    struct match_found *found;
    struct match_found *allowed; /* as `found`, for what is allowed */
    struct chunk_fold *buckets[FOLD_BUCKETS];
    size_t folds_room;
    bool counted; /* the line that is looked at was counted before: it makes no fold count */
    /* of the present chunk */
    struct told_rules told_rules;
    const struct match_image *image;
    const struct match_image *allow_image;
    struct watch_result *result;
};

enum err watch_meet_new(struct op *op, const struct watch_rules *rules,
                        struct observe_reader *reader, struct watch_meet **ret)
{
    struct watch_meet *meet = memory_new(sizeof *meet);
    if (meet != NULL) {
        meet->found = memory_new_array(MATCH_FOUND_COUNT_MAX, sizeof *meet->found);
        meet->allowed = memory_new_array(MATCH_FOUND_COUNT_MAX, sizeof *meet->allowed);
    }
    if (meet == NULL || meet->found == NULL || meet->allowed == NULL) {
        watch_meet_free(meet);
        return op_fail(op, ERR_LIMIT, "out of memory for the watch");
    }
    meet->rules = rules;
    meet->reader = reader;
    *ret = meet;
    return ERR_OK;
}

void watch_meet_free(struct watch_meet *meet)
{
    if (meet == NULL) {
        return;
    }
    memory_free(meet->found);
    memory_free(meet->allowed);
    memory_free(meet);
}

void watch_meet_begin(struct watch_meet *meet, const struct told_rules *told,
                      const struct watch_images *images, struct watch_result *result)
{
    meet->told_rules = *told;
    meet->image = images->indicators;
    meet->allow_image = images->allowed;
    meet->result = result;
    meet->folds_room = 0;
    static struct chunk_fold *const no_folds[FOLD_BUCKETS];
    span_copy(meet->buckets, sizeof meet->buckets, span_make(no_folds, sizeof no_folds));
}

/* ---- the folds of a chunk ---- */

/* FNV-1a: which folds lie in one bucket is no secret, and only lines that met something come here.
 */
static uint32_t bucket_of(struct span key, int64_t start_us)
{
    const uint64_t prime = 0x100000001B3u;
    uint64_t hash = 0xCBF29CE484222325u ^ (uint64_t)(start_us / FOLD_MINUTE_US);
    for (size_t i = 0; i < key.size; i++) {
        hash = (hash ^ key.data[i]) * prime;
    }
    return (uint32_t)(hash >> 32) % FOLD_BUCKETS;
}

/* What an indicator's id is made of. Numbers in the image may differ for one id: a STIX object is
 * watched by several values, a list may hold a name with and without those below it. */
static bool same_indicator(const struct watch_meet *meet, uint32_t a,
                           const struct match_indicator *b, uint32_t b_number)
{
    if (a == b_number) {
        return true;
    }
    struct match_indicator other;
    match_indicator_at(meet->image, a, &other);
    if (other.has_uuid || b->has_uuid) {
        return other.has_uuid && b->has_uuid && uuid_equal(&other.uuid, &b->uuid);
    }
    return other.origin == b->origin && other.value.kind == b->value.kind &&
           span_equal(other.value.key, b->value.key) &&
           span_equal(other.value.scheme, b->value.scheme);
}

/* One observation of one line that met one indicator. */
struct meeting {
    const struct told *told; /* by the line */
    const struct observation *observation;
    uint64_t line_number;
    unsigned untimed; /* its time is that of reading: why, if that is not counted yet; else 0 */
    uint8_t sources;  /* that name what was observed */
    uint32_t number;  /* of the indicator */
    enum match_rung rung;
    struct match_indicator indicator;
};

static struct chunk_fold *fold_find(struct watch_meet *meet, const struct meeting *meeting,
                                    uint32_t *ret_bucket)
{
    int64_t start_us = time_floor(meeting->told->time_us, meet->rules->fold_us);
    const struct match_indicator *indicator = &meeting->indicator;
    struct span key =
        indicator->has_uuid ? span_make(indicator->uuid.bytes, UUID_SIZE) : indicator->value.key;
    *ret_bucket = bucket_of(key, start_us);
    struct chunk_fold *at = meet->buckets[*ret_bucket];
    while (at != NULL) {
        if (at->fold.start_us == start_us && span_equal(at->fold.inside, meeting->told->inside) &&
            same_indicator(meet, at->indicator, &meeting->indicator, meeting->number)) {
            return at;
        }
        at = at->next;
    }
    return NULL;
}

static enum err list_fold(struct watch_meet *meet, struct fold *fold)
{
    struct watch_result *result = meet->result;
    if (result->fold_count == meet->folds_room) {
        size_t room = meet->folds_room * 2 + FOLDS_GROWTH_MIN;
        struct fold **larger = op_alloc(&result->op, room * sizeof *larger);
        if (larger == NULL) {
            return ERR_LIMIT;
        }
        span_copy(larger, room * sizeof *larger,
                  span_make(result->folds, result->fold_count * sizeof *larger));
        result->folds = larger;
        meet->folds_room = room;
    }
    result->folds[result->fold_count] = fold;
    result->fold_count++;
    return ERR_OK;
}

/* What indicator and line say, written into a new fold. */
static enum err fold_describe(struct watch_meet *meet, const struct meeting *meeting,
                              struct fold *fold)
{
    struct op *op = &meet->result->op;
    struct buf name;
    TRY(describe_fold(op, meet->image, &meeting->indicator, fold));
    buf_init(&name, FOLD_TEXT_SIZE_MAX);
    observe_field_add_name(&name, meeting->told->line, meeting->observation->field);
    enum err err = describe_text(op, buf_span(&name), &fold->field);
    buf_done(&name);
    TRY(err);
    TRY(describe_text(op, meeting->told->sensor, &fold->sensor));
    return op_copy(op, meeting->told->inside, &fold->inside);
}

static enum err fold_open(struct watch_meet *meet, const struct meeting *meeting, uint32_t bucket,
                          struct chunk_fold **ret)
{
    struct chunk_fold *opened = op_alloc(&meet->result->op, sizeof *opened);
    if (opened == NULL) {
        return ERR_LIMIT;
    }
    const struct match_indicator *indicator = &meeting->indicator;
    struct fold *fold = &opened->fold;
    fold->start_us = time_floor(meeting->told->time_us, meet->rules->fold_us);
    fold->length_us = meet->rules->fold_us;
    fold->first_us = meeting->told->time_us;
    fold->last_us = meeting->told->time_us;
    fold->inside_assumed = meeting->told->ends.assumed;
    fold->before_publication = indicator->valid_from_us != TIME_US_NONE &&
                               meeting->told->time_us < indicator->valid_from_us;
    TRY(fold_describe(meet, meeting, fold));
    TRY(list_fold(meet, fold));
    opened->indicator = meeting->number;
    opened->next = meet->buckets[bucket];
    meet->buckets[bucket] = opened;
    *ret = opened;
    return ERR_OK;
}

static enum err fold_value(struct watch_result *result, struct fold_values *values,
                           struct span value)
{
    if (value.size == 0 || (values->count == FOLD_VALUE_COUNT_MAX && values->more)) {
        return ERR_OK;
    }
    struct span kept;
    TRY(describe_text(&result->op, value, &kept));
    fold_values_add(values, kept);
    return ERR_OK;
}

static enum err fold_evidence(struct watch_meet *meet, const struct meeting *meeting,
                              struct fold *fold)
{
    if (fold->evidence_count == FOLD_EVIDENCE_COUNT_MAX) {
        return ERR_OK;
    }
    struct op *op = &meet->result->op;
    struct buf line;
    buf_init(&line, FOLD_EVIDENCE_SIZE_MAX);
    enum err err =
        observe_redact(op, meet->reader, meeting->told->line, meet->rules->privacy, &line);
    if (err == ERR_OK) {
        err = op_copy(op, buf_span(&line), &fold->evidence[fold->evidence_count]);
        fold->evidence_count += err == ERR_OK ? 1 : 0;
    } else {
        op_fault_clear(op); /* a line that the privacy rule cannot be kept for is not kept */
        err = ERR_OK;
    }
    buf_done(&line);
    return err;
}

/* ---- how much a line matters ---- */

static enum rank_effect allowed(struct watch_meet *meet, const struct meeting *meeting,
                                const struct fold *fold, struct span *ret_list)
{
    if (meet->allow_image == NULL) {
        return RANK_EFFECT_NONE;
    }
    const struct match_allow_hit hit = {
        .indicator = &meeting->indicator.value,
        .observed_kind = meeting->observation->kind,
        .observed = meeting->observation->key,
        .indicator_id = fold->indicator,
        .inside = meeting->told->inside,
        .time_us = meeting->told->time_us,
    };
    struct match_allow_answer answer = match_allow_ask(meet->allow_image, meet->allowed, &hit);
    if (answer.effect >= RANK_EFFECT_COUNT) {
        return RANK_EFFECT_NONE;
    }
    *ret_list = answer.list;
    return (enum rank_effect)answer.effect;
}

/* A line is silent in a fold where all is that it met there; what matters most of a line counts. */
static enum err weigh(struct watch_meet *meet, const struct meeting *meeting, bool again,
                      struct chunk_fold *at)
{
    struct fold *fold = &at->fold;
    struct span list = SPAN("");
    const struct rank_line line = {
        .kind = meeting->indicator.value.kind,
        .direction = meeting->told->ends.direction,
        .outcome = meeting->told->outcome,
        .rung = describe_rung(meeting->rung),
        .effect = allowed(meet, meeting, fold, &list),
        .answer = told_is_answer(meeting->told->line, meeting->observation->field),
    };
    bool silent = line.effect == RANK_SILENCED;
    if (!again) {
        at->last_silent = silent;
        fold->silent += silent ? 1 : 0;
        fold->denied += line.outcome == RANK_DENIED ? 1 : 0;
    } else if (at->last_silent && !silent) {
        at->last_silent = false;
        fold->silent--;
    }
    if (fold->count == 0) {
        fold->best = line;
        fold->list = list;
    } else {
        fold_take_best(fold, &line, list);
    }
    fold->sources = meeting->sources > fold->sources ? meeting->sources : fold->sources;
    bool borrowed = list.size > 0 && fold->list.data == list.data;
    return borrowed ? op_copy(&meet->result->op, list, &fold->list) : ERR_OK;
}

/* A line counts once in a fold, whichever of its fields met the indicator; all its values are told.
 */
static enum err count_meeting(struct watch_meet *meet, const struct meeting *meeting)
{
    uint32_t bucket = 0;
    struct chunk_fold *at = fold_find(meet, meeting, &bucket);
    if (at == NULL) {
        TRY(fold_open(meet, meeting, bucket, &at));
    }
    struct fold *fold = &at->fold;
    if (meet->counted) {
        at->last_line = meeting->line_number;
        at->last_known = true;
        return ERR_OK;
    }
    TRY(fold_value(meet->result, &fold->observed, meeting->observation->observed));
    TRY(fold_value(meet->result, &fold->outside, meeting->told->ends.outside));
    bool again = at->last_line == meeting->line_number;
    if (again && at->last_known) {
        return ERR_OK;
    }
    TRY(weigh(meet, meeting, again, at));
    if (again) {
        return ERR_OK;
    }
    at->last_line = meeting->line_number;
    at->last_known = false;
    fold->count++;
    fold->first_us =
        meeting->told->time_us < fold->first_us ? meeting->told->time_us : fold->first_us;
    fold->last_us = meeting->told->time_us > fold->last_us ? meeting->told->time_us : fold->last_us;
    return fold_evidence(meet, meeting, fold);
}

/* ---- lines ---- */

static enum err look_at_observation(struct watch_meet *meet, struct meeting *meeting)
{
    bool cut = false;
    const struct observation *observation = meeting->observation;
    size_t count = match_find(meet->image, observation->kind, observation->key, meet->found, &cut);
    meeting->sources = describe_sources(meet->image, meet->found, count, meeting->told->time_us);
    for (size_t i = 0; i < count; i++) {
        meeting->number = meet->found[i].indicator;
        meeting->rung = meet->found[i].rung;
        match_indicator_at(meet->image, meeting->number, &meeting->indicator);
        if (describe_is_valid(&meeting->indicator, meeting->told->time_us)) {
            if (meeting->untimed != 0 && !meet->counted) {
                meet->result->counts[meeting->untimed]++;
                meeting->untimed = 0; /* counted once a line */
            }
            TRY(count_meeting(meet, meeting));
        }
    }
    meet->result->counts[WATCH_COUNT_CUT] += cut ? 1 : 0;
    return ERR_OK;
}

/* Where all lines are remembered, those of an odd time are counted there. */
static unsigned untimed_of(const struct watch_meet *meet, const struct told *told)
{
    if (told->no_time) {
        return WATCH_COUNT_NO_TIME;
    }
    return told->odd_time && meet->rules->history == NULL ? WATCH_COUNT_ODD_TIME : 0;
}

enum err watch_meet_line(struct watch_meet *meet, struct span text, uint64_t number, bool counted)
{
    meet->counted = counted;
    struct observe_line line;
    enum observe_fault fault = observe_reader_line(meet->reader, text, &line);
    must(fault == OBSERVE_FAULT_NONE); /* it was read before */

    struct told told;
    told_of(&meet->told_rules, &line, &told);
    struct meeting meeting = { .told = &told, .line_number = number };
    meeting.untimed = untimed_of(meet, &told);
    for (size_t i = 0; i < line.count; i++) {
        meeting.observation = &line.observations[i];
        TRY(look_at_observation(meet, &meeting));
    }
    return ERR_OK;
}

void watch_meet_end(struct watch_meet *meet)
{
    struct watch_result *result = meet->result;
    size_t kept = 0;
    for (size_t i = 0; i < result->fold_count; i++) {
        if (result->folds[i]->count > 0) {
            result->folds[kept] = result->folds[i];
            kept++;
        }
    }
    result->fold_count = kept;
}
