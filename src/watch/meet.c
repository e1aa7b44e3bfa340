// SPDX-License-Identifier: EUPL-1.2
#include "watch/meet.h"

#include "base/memory.h"
#include "base/must.h"
#include "base/text.h"
#include "store/store.h"

enum { FOLD_BUCKETS = 1024, FOLDS_GROWTH_MIN = 64 };

/* A fold of this chunk, with what finds it again. */
struct chunk_fold {
    struct fold fold;   /* first: the result lists pointers to it */
    uint32_t indicator; /* number in the image, of the first indicator with this id */
    uint64_t last_line; /* the line that counted last: a line counts once a fold */
    struct chunk_fold *next;
};

struct watch_meet {
    const struct watch_rules *rules;
    struct observe_reader *reader;
    struct match_found *found;
    struct chunk_fold *buckets[FOLD_BUCKETS];
    size_t folds_room;
    bool counted; /* the line that is looked at was counted before: it makes no fold count */
    /* of the present chunk */
    const struct watch_source *source;
    const struct match_image *image;
    struct watch_result *result;
};

enum err watch_meet_new(struct op *op, const struct watch_rules *rules,
                        struct observe_reader *reader, struct watch_meet **ret)
{
    struct watch_meet *meet = memory_new(sizeof *meet);
    if (meet != NULL) {
        meet->found = memory_new_array(MATCH_FOUND_COUNT_MAX, sizeof *meet->found);
    }
    if (meet == NULL || meet->found == NULL) {
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
    memory_free(meet);
}

void watch_meet_begin(struct watch_meet *meet, const struct watch_source *source,
                      const struct match_image *image, struct watch_result *result)
{
    meet->source = source;
    meet->image = image;
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
    const struct observe_line *line;
    const struct observation *observation;
    struct inside_ends ends;
    struct span inside; /* canonical text of ends.inside */
    uint64_t line_number;
    int64_t time_us;
    bool no_time;
    uint32_t number; /* of the indicator */
    struct match_indicator indicator;
};

static struct chunk_fold *fold_find(struct watch_meet *meet, const struct meeting *meeting,
                                    uint32_t *ret_bucket)
{
    int64_t start_us = time_floor(meeting->time_us, meet->rules->fold_us);
    const struct match_indicator *indicator = &meeting->indicator;
    struct span key =
        indicator->has_uuid ? span_make(indicator->uuid.bytes, UUID_SIZE) : indicator->value.key;
    *ret_bucket = bucket_of(key, start_us);
    struct chunk_fold *at = meet->buckets[*ret_bucket];
    while (at != NULL) {
        if (at->fold.start_us == start_us && span_equal(at->fold.inside, meeting->inside) &&
            same_indicator(meet, at->indicator, &meeting->indicator, meeting->number)) {
            return at;
        }
        at = at->next;
    }
    return NULL;
}

/* Text from a log, fit to be kept and shown: UTF-8, no longer than a fold may hold, in the result's
 * memory. */
static enum err keep_text(struct watch_result *result, struct span text, struct span *ret)
{
    enum { REPAIRED_SIZE_MAX = 3 }; /* bytes that one byte becomes at most */
    struct buf repaired;
    buf_init(&repaired, REPAIRED_SIZE_MAX * FOLD_TEXT_SIZE_MAX);
    text_add_repaired(&repaired, fold_text_cut(text));
    enum err err = op_copy(&result->op, fold_text_cut(buf_span(&repaired)), ret);
    buf_done(&repaired);
    return err;
}

static enum err indicator_id(struct op *op, const struct match_indicator *indicator,
                             const struct match_origin *origin, struct span *ret)
{
    if (!indicator->has_uuid) {
        return store_member_id(op, origin->source_id, origin->set, &indicator->value, ret);
    }
    struct buf text;
    buf_init(&text, sizeof "indicator--" + UUID_TEXT_SIZE);
    buf_add(&text, SPAN("indicator--"));
    uuid_add(&text, &indicator->uuid);
    enum err err = op_copy(op, buf_span(&text), ret);
    buf_done(&text);
    return err;
}

static struct span sensor_of(const struct watch_meet *meet, const struct observe_line *line)
{
    if (meet->source->sensor.size > 0) {
        return meet->source->sensor;
    }
    return line->sensor.size > 0 ? line->sensor : meet->rules->host_name;
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

/* What the indicator says, written into a new fold. */
static enum err fold_describe(struct watch_meet *meet, const struct meeting *meeting,
                              struct fold *fold)
{
    struct op *op = &meet->result->op;
    struct match_origin origin;
    struct buf text;
    match_origin_at(meet->image, meeting->indicator.origin, &origin);
    TRY(indicator_id(op, &meeting->indicator, &origin, &fold->indicator));
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    value_add_text(&text, &meeting->indicator.value);
    enum err err = op_copy(op, buf_span(&text), &fold->value);
    buf_clear(&text);
    if (err == ERR_OK) {
        observe_field_add_name(&text, meeting->line, meeting->observation->field);
        err = keep_text(meet->result, buf_span(&text), &fold->field);
    }
    buf_done(&text);
    TRY(err);
    TRY(op_copy(op, origin.source, &fold->source));
    TRY(keep_text(meet->result, sensor_of(meet, meeting->line), &fold->sensor));
    return op_copy(op, meeting->inside, &fold->inside);
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
    fold->start_us = time_floor(meeting->time_us, meet->rules->fold_us);
    fold->length_us = meet->rules->fold_us;
    fold->kind = indicator->value.kind;
    fold->tlp = indicator->tlp;
    fold->first_us = meeting->time_us;
    fold->last_us = meeting->time_us;
    fold->inside_assumed = meeting->ends.assumed;
    fold->before_publication =
        indicator->valid_from_us != TIME_US_NONE && meeting->time_us < indicator->valid_from_us;
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
    TRY(keep_text(result, value, &kept));
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
    enum err err = observe_redact(op, meet->reader, meeting->line, meet->rules->privacy, &line);
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
        return ERR_OK;
    }
    TRY(fold_value(meet->result, &fold->observed, meeting->observation->observed));
    TRY(fold_value(meet->result, &fold->outside, meeting->ends.outside));
    if (at->last_line == meeting->line_number) {
        return ERR_OK;
    }
    at->last_line = meeting->line_number;
    fold->count++;
    fold->first_us = meeting->time_us < fold->first_us ? meeting->time_us : fold->first_us;
    fold->last_us = meeting->time_us > fold->last_us ? meeting->time_us : fold->last_us;
    return fold_evidence(meet, meeting, fold);
}

/* Validity is judged by the time of the event (decision 0008): past valid_until nothing is said. */
static bool is_valid(const struct match_indicator *indicator, int64_t time_us)
{
    return indicator->valid_until_us == TIME_US_NONE || time_us < indicator->valid_until_us;
}

static enum err look_at_observation(struct watch_meet *meet, struct meeting *meeting)
{
    bool cut = false;
    const struct observation *observation = meeting->observation;
    size_t count = match_find(meet->image, observation->kind, observation->key, meet->found, &cut);
    for (size_t i = 0; i < count; i++) {
        meeting->number = meet->found[i].indicator;
        match_indicator_at(meet->image, meeting->number, &meeting->indicator);
        if (is_valid(&meeting->indicator, meeting->time_us)) {
            if (meeting->no_time && !meet->counted) {
                meet->result->counts[WATCH_COUNT_NO_TIME]++;
                meeting->no_time = false; /* counted once a line */
            }
            TRY(count_meeting(meet, meeting));
        }
    }
    meet->result->counts[WATCH_COUNT_CUT] += cut ? 1 : 0;
    return ERR_OK;
}

/* The inside host in its canonical writing, so that two logs that write it differently agree. */
static void inside_text(struct buf *buf, struct span address)
{
    uint8_t key[VALUE_KEY_SIZE_MAX];
    size_t size = value_key_address(address, key);
    if (size == 0) {
        return;
    }
    const struct value value = {
        .kind = size == 4 ? VALUE_IPV4 : VALUE_IPV6, /* 4 or 16 bytes: see value/value.h */
        .key = span_make(key, size),
    };
    value_add_text(buf, &value);
}

enum err watch_meet_line(struct watch_meet *meet, struct span text, uint64_t number, bool counted)
{
    meet->counted = counted;
    struct observe_line line;
    enum observe_fault fault = observe_reader_line(meet->reader, text, &line);
    must(fault == OBSERVE_FAULT_NONE); /* it was read before */

    uint8_t inside_bytes[64]; /* the longest address has 39 characters */
    struct buf inside = { .data = inside_bytes,
                          .capacity = sizeof inside_bytes,
                          .size_max = sizeof inside_bytes };
    struct meeting meeting = { .line = &line, .line_number = number };
    meeting.ends = inside_ends(meet->rules->inside, line.originator, line.responder);
    inside_text(&inside, meeting.ends.inside);
    meeting.inside = buf_span(&inside);
    if (observe_time(&line, &meeting.time_us) != ERR_OK) {
        meeting.time_us = meet->rules->now_us;
        meeting.no_time = true;
    }
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
