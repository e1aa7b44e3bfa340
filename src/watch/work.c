// SPDX-License-Identifier: EUPL-1.2
#include "watch/work.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/must.h"
#include "base/text.h"
#include "store/store.h"

enum {
    CANDIDATES_MAX = 64 * 1024, /* marks that gather before the lines are looked at */
    FOLD_BUCKETS = 1024,
    RESULT_MEMORY_MAX = 256 * 1024 * 1024,
    FOLDS_GROWTH_MIN = 64,
};

/* A fold of this chunk, with what finds it again. */
struct chunk_fold {
    struct fold fold;   /* first: the result lists pointers to it */
    uint32_t indicator; /* number in the image, of the first indicator with this id */
    uint64_t last_line; /* the line that counted last: a line counts once a fold */
    struct chunk_fold *next;
};

struct watch_work {
    const struct watch_rules *rules;
    struct observe_reader *reader;
    struct match_batch batch;
    uint32_t *candidates;
    struct match_found *found;
    struct chunk_fold *buckets[FOLD_BUCKETS];
    size_t folds_room;
    bool counted; /* the line that is looked at was counted before: it makes no fold count */
    /* of the present chunk */
    const struct watch_source *source;
    const struct match_image *image;
    const struct watch_chunk *chunk;
    struct watch_result *result;
};

const char *watch_count_name(unsigned count)
{
    static const char *const names[] = {
        [WATCH_COUNT_NO_TIME - OBSERVE_FAULT_COUNT] = "no-time",
        [WATCH_COUNT_CUT - OBSERVE_FAULT_COUNT] = "cut",
        [WATCH_COUNT_REPAIRED - OBSERVE_FAULT_COUNT] = "repaired",
        [WATCH_COUNT_REFUSED - OBSERVE_FAULT_COUNT] = "bad-value",
        [WATCH_COUNT_UNFIT - OBSERVE_FAULT_COUNT] = "unfit-value",
        [WATCH_COUNT_NO_STREAM - OBSERVE_FAULT_COUNT] = "no-stream",
        [WATCH_COUNT_GROWN - OBSERVE_FAULT_COUNT] = "grown",
    };
    must(count < WATCH_COUNT_COUNT);
    if (count < OBSERVE_FAULT_COUNT) {
        return observe_fault_name((enum observe_fault)count);
    }
    return names[count - OBSERVE_FAULT_COUNT];
}

enum err watch_work_new(struct op *op, const struct watch_rules *rules, struct watch_work **ret)
{
    struct watch_work *work = memory_new(sizeof *work);
    if (work == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for the watch");
    }
    work->rules = rules;
    work->candidates = memory_new_array(CANDIDATES_MAX, sizeof *work->candidates);
    work->found = memory_new_array(MATCH_FOUND_COUNT_MAX, sizeof *work->found);
    enum err err = observe_reader_new(op, rules->engine, &work->reader);
    if (err == ERR_OK && (work->candidates == NULL || work->found == NULL)) {
        err = op_fail(op, ERR_LIMIT, "out of memory for the watch");
    }
    if (err != ERR_OK) {
        watch_work_free(work);
        return err;
    }
    *ret = work;
    return ERR_OK;
}

void watch_work_free(struct watch_work *work)
{
    if (work == NULL) {
        return;
    }
    observe_reader_free(work->reader);
    memory_free(work->candidates);
    memory_free(work->found);
    memory_free(work);
}

void watch_result_init(struct watch_result *result)
{
    const struct actor nobody = { .name = SPAN("watch") };
    *result = (struct watch_result){ .lines = 0 };
    op_begin(&result->op, &nobody, RESULT_MEMORY_MAX);
}

void watch_result_done(struct watch_result *result)
{
    op_end(&result->op);
}

/* ---- second pass: a line that may have met something ---- */

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
static bool same_indicator(const struct watch_work *work, uint32_t a,
                           const struct match_indicator *b, uint32_t b_number)
{
    if (a == b_number) {
        return true;
    }
    struct match_indicator other;
    match_indicator_at(work->image, a, &other);
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

static struct chunk_fold *fold_find(struct watch_work *work, const struct meeting *meeting,
                                    uint32_t *ret_bucket)
{
    int64_t start_us = time_floor(meeting->time_us, work->rules->fold_us);
    const struct match_indicator *indicator = &meeting->indicator;
    struct span key =
        indicator->has_uuid ? span_make(indicator->uuid.bytes, UUID_SIZE) : indicator->value.key;
    *ret_bucket = bucket_of(key, start_us);
    struct chunk_fold *at = work->buckets[*ret_bucket];
    while (at != NULL) {
        if (at->fold.start_us == start_us && span_equal(at->fold.inside, meeting->inside) &&
            same_indicator(work, at->indicator, &meeting->indicator, meeting->number)) {
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

static struct span sensor_of(const struct watch_work *work, const struct observe_line *line)
{
    if (work->source->sensor.size > 0) {
        return work->source->sensor;
    }
    return line->sensor.size > 0 ? line->sensor : work->rules->host_name;
}

static enum err list_fold(struct watch_work *work, struct fold *fold)
{
    struct watch_result *result = work->result;
    if (result->fold_count == work->folds_room) {
        size_t room = work->folds_room * 2 + FOLDS_GROWTH_MIN;
        struct fold **larger = op_alloc(&result->op, room * sizeof *larger);
        if (larger == NULL) {
            return ERR_LIMIT;
        }
        span_copy(larger, room * sizeof *larger,
                  span_make(result->folds, result->fold_count * sizeof *larger));
        result->folds = larger;
        work->folds_room = room;
    }
    result->folds[result->fold_count] = fold;
    result->fold_count++;
    return ERR_OK;
}

/* What the indicator says, written into a new fold. */
static enum err fold_describe(struct watch_work *work, const struct meeting *meeting,
                              struct fold *fold)
{
    struct op *op = &work->result->op;
    struct match_origin origin;
    struct buf text;
    match_origin_at(work->image, meeting->indicator.origin, &origin);
    TRY(indicator_id(op, &meeting->indicator, &origin, &fold->indicator));
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    value_add_text(&text, &meeting->indicator.value);
    enum err err = op_copy(op, buf_span(&text), &fold->value);
    buf_clear(&text);
    if (err == ERR_OK) {
        observe_field_add_name(&text, meeting->line, meeting->observation->field);
        err = keep_text(work->result, buf_span(&text), &fold->field);
    }
    buf_done(&text);
    TRY(err);
    TRY(op_copy(op, origin.source, &fold->source));
    TRY(keep_text(work->result, sensor_of(work, meeting->line), &fold->sensor));
    return op_copy(op, meeting->inside, &fold->inside);
}

static enum err fold_open(struct watch_work *work, const struct meeting *meeting, uint32_t bucket,
                          struct chunk_fold **ret)
{
    struct chunk_fold *opened = op_alloc(&work->result->op, sizeof *opened);
    if (opened == NULL) {
        return ERR_LIMIT;
    }
    const struct match_indicator *indicator = &meeting->indicator;
    struct fold *fold = &opened->fold;
    fold->start_us = time_floor(meeting->time_us, work->rules->fold_us);
    fold->length_us = work->rules->fold_us;
    fold->kind = indicator->value.kind;
    fold->tlp = indicator->tlp;
    fold->first_us = meeting->time_us;
    fold->last_us = meeting->time_us;
    fold->inside_assumed = meeting->ends.assumed;
    fold->before_publication =
        indicator->valid_from_us != TIME_US_NONE && meeting->time_us < indicator->valid_from_us;
    TRY(fold_describe(work, meeting, fold));
    TRY(list_fold(work, fold));
    opened->indicator = meeting->number;
    opened->next = work->buckets[bucket];
    work->buckets[bucket] = opened;
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

static enum err fold_evidence(struct watch_work *work, const struct meeting *meeting,
                              struct fold *fold)
{
    if (fold->evidence_count == FOLD_EVIDENCE_COUNT_MAX) {
        return ERR_OK;
    }
    struct op *op = &work->result->op;
    struct buf line;
    buf_init(&line, FOLD_EVIDENCE_SIZE_MAX);
    enum err err = observe_redact(op, work->reader, meeting->line, work->rules->privacy, &line);
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
static enum err meet(struct watch_work *work, const struct meeting *meeting)
{
    uint32_t bucket = 0;
    struct chunk_fold *at = fold_find(work, meeting, &bucket);
    if (at == NULL) {
        TRY(fold_open(work, meeting, bucket, &at));
    }
    struct fold *fold = &at->fold;
    if (work->counted) {
        at->last_line = meeting->line_number;
        return ERR_OK;
    }
    TRY(fold_value(work->result, &fold->observed, meeting->observation->observed));
    TRY(fold_value(work->result, &fold->outside, meeting->ends.outside));
    if (at->last_line == meeting->line_number) {
        return ERR_OK;
    }
    at->last_line = meeting->line_number;
    fold->count++;
    fold->first_us = meeting->time_us < fold->first_us ? meeting->time_us : fold->first_us;
    fold->last_us = meeting->time_us > fold->last_us ? meeting->time_us : fold->last_us;
    return fold_evidence(work, meeting, fold);
}

/* Validity is judged by the time of the event (decision 0008): past valid_until nothing is said. */
static bool is_valid(const struct match_indicator *indicator, int64_t time_us)
{
    return indicator->valid_until_us == TIME_US_NONE || time_us < indicator->valid_until_us;
}

static enum err look_at_observation(struct watch_work *work, struct meeting *meeting)
{
    bool cut = false;
    const struct observation *observation = meeting->observation;
    size_t count = match_find(work->image, observation->kind, observation->key, work->found, &cut);
    for (size_t i = 0; i < count; i++) {
        meeting->number = work->found[i].indicator;
        match_indicator_at(work->image, meeting->number, &meeting->indicator);
        if (is_valid(&meeting->indicator, meeting->time_us)) {
            if (meeting->no_time && !work->counted) {
                work->result->counts[WATCH_COUNT_NO_TIME]++;
                meeting->no_time = false; /* counted once a line */
            }
            TRY(meet(work, meeting));
        }
    }
    work->result->counts[WATCH_COUNT_CUT] += cut ? 1 : 0;
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

/* The line that begins there, without its end. */
static struct span line_at(const struct watch_chunk *chunk, size_t offset)
{
    struct span rest = span_from(span_make(chunk->bytes, chunk->size), offset);
    ptrdiff_t end = span_find(rest, '\n');
    return end == SPAN_NOT_FOUND ? rest : span_slice(rest, 0, (size_t)end);
}

static enum err look_at_text(struct watch_work *work, struct span text, uint32_t offset)
{
    struct observe_line line;
    enum observe_fault fault = observe_reader_line(work->reader, text, &line);
    must(fault == OBSERVE_FAULT_NONE); /* it was read before */

    uint8_t inside_bytes[64]; /* the longest address has 39 characters */
    struct buf inside = { .data = inside_bytes,
                          .capacity = sizeof inside_bytes,
                          .size_max = sizeof inside_bytes };
    struct meeting meeting = { .line = &line, .line_number = work->chunk->position + offset + 1 };
    meeting.ends = inside_ends(work->rules->inside, line.originator, line.responder);
    inside_text(&inside, meeting.ends.inside);
    meeting.inside = buf_span(&inside);
    if (observe_time(&line, &meeting.time_us) != ERR_OK) {
        meeting.time_us = work->rules->now_us;
        meeting.no_time = true;
    }
    work->result->candidates++;
    for (size_t i = 0; i < line.count; i++) {
        meeting.observation = &line.observations[i];
        TRY(look_at_observation(work, &meeting));
    }
    return ERR_OK;
}

static int mark_order(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* Put the values that wait to the index. */
static void put_sifted(struct watch_work *work)
{
    struct observe_sifted sifted;
    while (observe_sift_take(work->reader, &sifted)) {
        for (size_t i = 0; i < sifted.count; i++) {
            const struct observation *observation = &sifted.observations[i];
            match_batch_add(&work->batch, observation->kind, observation->key, sifted.marks[i]);
        }
        work->result->observations += sifted.count;
        work->result->counts[WATCH_COUNT_REFUSED] += sifted.refused;
        work->result->counts[WATCH_COUNT_UNFIT] += sifted.unfit;
    }
}

/* Marks come in any order, and repeat: folds want the lines in theirs, each once. No value may be
 * left on its way, for it could still name a line before those that are looked at now. */
static enum err look_at_candidates(struct watch_work *work)
{
    struct match_batch *batch = &work->batch;
    put_sifted(work);
    match_batch_flush(batch);
    qsort(batch->candidates, batch->candidate_count, sizeof *batch->candidates, mark_order);
    for (size_t i = 0; i < batch->candidate_count; i++) {
        bool again = i > 0 && batch->candidates[i] == batch->candidates[i - 1];
        if (!again) {
            uint32_t offset = batch->candidates[i];
            TRY(look_at_text(work, line_at(work->chunk, offset), offset));
        }
    }
    batch->candidate_count = 0;
    return ERR_OK;
}

/* ---- first pass: every line ---- */

static void count_line(struct watch_result *result, const struct observe_line *line)
{
    result->lines += line->no_event ? 0 : 1;
    result->observations += line->count;
    result->counts[WATCH_COUNT_CUT] += line->cut ? 1 : 0;
    result->counts[WATCH_COUNT_REPAIRED] += line->repaired ? 1 : 0;
    result->counts[WATCH_COUNT_REFUSED] += line->refused;
    result->counts[WATCH_COUNT_UNFIT] += line->unfit;
    result->counts[WATCH_COUNT_NO_STREAM] += line->stream.size == 0 && !line->no_event ? 1 : 0;
}

static void put_to_index(struct watch_work *work, const struct observe_line *line, uint32_t offset)
{
    for (size_t i = 0; i < line->count; i++) {
        const struct observation *observation = &line->observations[i];
        match_batch_add(&work->batch, observation->kind, observation->key, offset);
    }
}

/* The last line of a file that grows, without its end: it counts when it is whole. */
static void leave_line(struct watch_result *result, const struct watch_chunk *chunk)
{
    result->end = chunk->position + chunk->taken;
    result->line.taken = chunk->taken;
    result->line.waiting = chunk->size - chunk->taken;
    span_copy(result->line.waiting_digest, sizeof result->line.waiting_digest,
              span_make(chunk->line_digest, sizeof chunk->line_digest));
}

/* Of JSON, what can be read is whole; a row of TSV looks whole wherever its last column was cut. */
static bool may_be_half(const struct watch_work *work, enum observe_fault fault)
{
    return fault != OBSERVE_FAULT_NONE || work->source->format == OBSERVE_FORMAT_ZEEK_TSV;
}

static bool is_header(const struct watch_work *work, struct span line)
{
    return work->source->format == OBSERVE_FORMAT_ZEEK_TSV && watch_header_is_line(line);
}

/* Lines above a new header are looked at while the old one is in force. */
static enum err before_header(struct watch_work *work, struct span line)
{
    return is_header(work, line) ? look_at_candidates(work) : ERR_OK;
}

/* What an earlier run made of a line of which it saw the beginning only. */
struct half {
    bool counted; /* as a line */
    bool used;    /* its values were put to the index, too */
};

/* The beginning that was counted, once more: the folds that it met have counted this line. */
static enum err look_at_half(struct watch_work *work, struct half *ret)
{
    struct observe_line line;
    struct span text = span_make(work->chunk->bytes, work->chunk->taken);
    if (is_header(work, text)) {
        return ERR_OK;
    }
    enum observe_fault fault = observe_reader_line(work->reader, text, &line);
    ret->used = fault == OBSERVE_FAULT_NONE;
    ret->counted = !ret->used || !line.no_event;
    if (!ret->used) {
        return ERR_OK;
    }
    work->counted = true;
    enum err err = look_at_text(work, text, 0);
    work->counted = false;
    return err;
}

/* The first line of the chunk. */
struct piece {
    struct span text;
    bool has_end;
};

/* The first line may have been counted before without its end; then only that has come. */
static bool is_counted(const struct watch_chunk *chunk, struct span line)
{
    if (chunk->taken == 0) {
        return false;
    }
    return line.size <= chunk->taken || span_equal(span_from(line, chunk->taken), SPAN("\r"));
}

static void count_piece(struct watch_result *result, const struct observe_line *line,
                        enum observe_fault fault, const struct half *half)
{
    if (fault != OBSERVE_FAULT_NONE) {
        result->lines++;
        result->counts[fault]++;
    } else if (!half->used) {
        count_line(result, line);
    }
    if (half->counted) {
        result->lines = 0; /* it is the first line of the chunk */
        result->counts[WATCH_COUNT_GROWN]++;
    }
}

static enum err take_piece(struct watch_work *work, const struct piece *piece)
{
    const struct watch_chunk *chunk = work->chunk;
    struct watch_result *result = work->result;
    struct observe_line line;
    struct half half = { .counted = false };
    if (chunk->taken > 0) {
        TRY(look_at_half(work, &half));
    }
    result->line.taken = piece->has_end ? 0 : piece->text.size;
    if (is_header(work, piece->text) && !piece->has_end && !chunk->may_grow) {
        return ERR_OK; /* half a header says nothing, not even that it is wrong */
    }
    enum observe_fault fault = observe_reader_line(work->reader, piece->text, &line);
    if (!piece->has_end && chunk->may_grow && may_be_half(work, fault)) {
        leave_line(result, chunk);
        return ERR_OK;
    }
    count_piece(result, &line, fault, &half);
    if (fault == OBSERVE_FAULT_NONE) {
        put_to_index(work, &line, 0);
    }
    return ERR_OK;
}

/* The first line, where it needs more thought than others: an earlier run took a part of it, or it
 * has no end. */
static enum err take_first_line(struct watch_work *work, size_t *ret_size)
{
    const struct watch_chunk *chunk = work->chunk;
    struct piece piece = { .text = line_at(chunk, 0) };
    piece.has_end = piece.text.size < chunk->size;
    *ret_size = piece.text.size + (piece.has_end ? 1 : 0);
    if (is_counted(chunk, piece.text) && !is_header(work, piece.text)) {
        work->result->line.taken = piece.has_end ? 0 : piece.text.size;
        return ERR_OK;
    }
    return take_piece(work, &piece);
}

/* `line` is room for what the line holds: large, and not to be made anew for each. */
static enum err take_line(struct watch_work *work, struct span text, uint32_t offset,
                          struct observe_line *line)
{
    struct watch_result *result = work->result;
    bool waits = false;
    TRY(before_header(work, text));
    enum observe_fault fault = observe_sift_line(work->reader, text, offset, &waits, line);
    if (waits) {
        result->lines++;
    } else if (fault == OBSERVE_FAULT_NONE) {
        count_line(result, line);
        put_to_index(work, line, offset);
    } else {
        result->lines++;
        result->counts[fault]++;
    }
    if (observe_sift_full(work->reader)) {
        put_sifted(work);
    }
    return ERR_OK;
}

static enum err first_pass(struct watch_work *work)
{
    const struct watch_chunk *chunk = work->chunk;
    struct observe_line line;
    size_t offset = 0;
    if (chunk->taken > 0 || chunk->unterminated) {
        TRY(take_first_line(work, &offset));
    }
    while (offset < chunk->size) {
        const uint8_t *begin = chunk->bytes + offset;
        const uint8_t *end = memchr(begin, '\n', chunk->size - offset);
        must(end != NULL); /* a line without its end is the first and only one */
        struct span text = span_make(begin, (size_t)(end - begin));
        TRY(take_line(work, text, (uint32_t)offset, &line));
        if (work->batch.candidate_count > CANDIDATES_MAX / 2) {
            TRY(look_at_candidates(work));
        }
        offset += text.size + 1;
    }
    return ERR_OK;
}

/* TSV: the header lines in force where the chunk begins. */
static void learn_header(struct watch_work *work)
{
    struct span rest = span_make(work->chunk->header, work->chunk->header_size);
    struct span line;
    while (rest.size > 0 && span_next(&rest, '\n', &line)) {
        struct observe_line nothing;
        if (line.size > 0) {
            /* What is wrong with a header is counted at the lines that need it. */
            enum observe_fault fault = observe_reader_line(work->reader, line, &nothing);
            (void)fault;
        }
    }
}

static void result_begin(struct watch_result *result, const struct watch_chunk *chunk)
{
    struct op op = result->op;
    arena_reset(&op.arena);
    op_fault_clear(&op);
    *result = (struct watch_result){ .op = op, .end = chunk->end };
    result->line.taken = chunk->waiting > 0 ? chunk->taken : chunk->open_size;
    result->line.waiting = chunk->waiting;
    bool counted = chunk->taken > 0 && chunk->overlong > 0;
    bool was_overlong = chunk->taken > RECORD_LINE_SIZE_MAX;
    result->lines = counted ? 0 : chunk->overlong;
    result->counts[OBSERVE_FAULT_SIZE] = was_overlong ? 0 : chunk->overlong;
    result->counts[WATCH_COUNT_GROWN] = counted ? 1 : 0;
}

/* Folds that a line met which had been counted before: there is nothing to tell of them. */
static void drop_empty_folds(struct watch_result *result)
{
    size_t kept = 0;
    for (size_t i = 0; i < result->fold_count; i++) {
        if (result->folds[i]->count > 0) {
            result->folds[kept] = result->folds[i];
            kept++;
        }
    }
    result->fold_count = kept;
}

enum err watch_work_run(struct watch_work *work, const struct watch_source *source,
                        const struct match_image *image, const struct watch_chunk *chunk,
                        struct watch_result *result)
{
    result_begin(result, chunk);
    work->source = source;
    work->image = image;
    work->chunk = chunk;
    work->result = result;
    work->folds_room = 0;
    static struct chunk_fold *const no_folds[FOLD_BUCKETS];
    span_copy(work->buckets, sizeof work->buckets, span_make(no_folds, sizeof no_folds));

    observe_reader_begin(work->reader, source->format, source->stream);
    learn_header(work);
    match_batch_begin(&work->batch, image, work->candidates, CANDIDATES_MAX);
    TRY(first_pass(work));
    TRY(look_at_candidates(work));
    drop_empty_folds(result);
    return ERR_OK;
}
