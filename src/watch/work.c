// SPDX-License-Identifier: EUPL-1.2
#include "watch/work.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/must.h"
#include "history/record.h"
#include "watch/by_kind.h"
#include "watch/meet.h"
#include "watch/remember.h"

enum {
    CANDIDATES_MAX = 512 * 1024, /* marks that gather before the lines are looked at */
    MARKS_OF_LINE_MAX =
        160, /* two of each class of its values, and as many more where a batch ends */
    RESULT_MEMORY_MAX = 256 * 1024 * 1024,
};

_Static_assert(BY_KIND_LINE_COUNT_MAX *MARKS_OF_LINE_MAX < CANDIDATES_MAX / 2,
               "lines that are taken together find room");
_Static_assert(RECORD_PAGE_LINE_COUNT_MAX *MARKS_OF_LINE_MAX < CANDIDATES_MAX / 2,
               "and those of a page, too");

struct watch_work {
    const struct watch_rules *rules;
    struct observe_reader *reader;
    struct match_batch batch;
    struct by_kind lines;
    uint32_t *candidates;
    struct watch_meet *meet;         /* the second pass */
    struct watch_remember *remember; /* NULL: nothing is remembered */
    /* of the present chunk */
    enum observe_header header;
    const struct watch_source *source;
    const struct watch_chunk *chunk;
    struct watch_result *result;
};

const char *watch_count_name(unsigned count)
{
    static const char *const names[] = {
        [WATCH_COUNT_NO_TIME - OBSERVE_FAULT_COUNT] = "no-time",
        [WATCH_COUNT_ODD_TIME - OBSERVE_FAULT_COUNT] = "odd-time",
        [WATCH_COUNT_CUT - OBSERVE_FAULT_COUNT] = "cut",
        [WATCH_COUNT_REPAIRED - OBSERVE_FAULT_COUNT] = "repaired",
        [WATCH_COUNT_REFUSED - OBSERVE_FAULT_COUNT] = "bad-value",
        [WATCH_COUNT_UNFIT - OBSERVE_FAULT_COUNT] = "unfit-value",
        [WATCH_COUNT_NO_STREAM - OBSERVE_FAULT_COUNT] = "no-stream",
        [WATCH_COUNT_GROWN - OBSERVE_FAULT_COUNT] = "grown",
        [WATCH_COUNT_NOT_REMEMBERED - OBSERVE_FAULT_COUNT] = "not-remembered",
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
    enum err err = observe_reader_new(op, rules->engine, &work->reader);
    if (err == ERR_OK) {
        err = watch_meet_new(op, rules, work->reader, &work->meet);
    }
    if (err == ERR_OK && rules->history != NULL) {
        err = watch_remember_new(op, rules->history, &work->remember);
    }
    if (err == ERR_OK && work->candidates == NULL) {
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
    watch_remember_free(work->remember);
    watch_meet_free(work->meet);
    observe_reader_free(work->reader);
    memory_free(work->candidates);
    memory_free(work);
}

void watch_result_init(struct watch_result *result)
{
    const struct actor nobody = { .name = SPAN("watch") };
    *result = (struct watch_result){ .lines = 0 };
    op_begin(&result->op, &nobody, RESULT_MEMORY_MAX);
    buf_init(&result->record, HISTORY_RECORD_SIZE_MAX);
}

void watch_result_done(struct watch_result *result)
{
    op_end(&result->op);
    buf_done(&result->record);
}

/* ---- lines that go to the second pass ---- */

/* The line that begins there, without its end. */
static struct span line_at(const struct watch_chunk *chunk, size_t offset)
{
    struct span rest = span_from(span_make(chunk->bytes, chunk->size), offset);
    ptrdiff_t end = span_find(rest, '\n');
    return end == SPAN_NOT_FOUND ? rest : span_slice(rest, 0, (size_t)end);
}

static int mark_order(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a;
    uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static void put_ipv4s(struct watch_work *work, const struct observe_sifted *sifted)
{
    for (size_t at = 0; at < sifted->ipv4_count; at += MATCH_BATCH_IPV4S_MAX) {
        size_t left = sifted->ipv4_count - at;
        size_t count = left < MATCH_BATCH_IPV4S_MAX ? left : (size_t)MATCH_BATCH_IPV4S_MAX;
        match_batch_add_ipv4s(&work->batch, sifted->ipv4 + at, sifted->ipv4_marks + at, count);
    }
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
        put_ipv4s(work, &sifted);
        watch_remember_sifted(work->remember, &sifted);
        work->result->observations += sifted.count + sifted.ipv4_count;
        work->result->counts[WATCH_COUNT_REFUSED] += sifted.refused;
        work->result->counts[WATCH_COUNT_UNFIT] += sifted.unfit;
    }
}

static enum err look_at(struct watch_work *work, struct span text, uint32_t offset, bool counted)
{
    work->result->candidates++;
    return watch_meet_line(work->meet, text, work->chunk->position + offset + 1, counted);
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
            TRY(look_at(work, line_at(work->chunk, offset), offset, false));
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
    return fault != OBSERVE_FAULT_NONE ||
           !observe_formats_tell_half_lines(work->rules->formats, work->source->format);
}

/* Of lines that are headers by their place there is one. */
static bool is_header(const struct watch_work *work, struct span line)
{
    switch (work->header) {
    case OBSERVE_HEADER_MARKED:
        return watch_header_is_line(line);
    case OBSERVE_HEADER_FIRST:
        return work->chunk->position == 0 && line.data == work->chunk->bytes;
    case OBSERVE_HEADER_NONE:
        break;
    }
    return false;
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
    if (ret->used) {
        watch_remember_half(work->remember, &line);
    }
    return ret->used ? look_at(work, text, 0, true) : ERR_OK;
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
        watch_remember_line(work->remember, &line);
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
        watch_remember_line(work->remember, line);
    } else {
        result->lines++;
        result->counts[fault]++;
    }
    if (observe_sift_full(work->reader)) {
        put_sifted(work);
    }
    return ERR_OK;
}

/* Lines that are sifted together; `ret_size` bytes of the rest, or 0 where they are not. */
static enum err take_page(struct watch_work *work, struct span rest, struct observe_line *line,
                          size_t *ret_size)
{
    const uint8_t *base = work->chunk->bytes;
    size_t waiting = 0;
    bool more = true;
    *ret_size = observe_sift_page(work->reader, rest, base);
    while (*ret_size > 0 && more) {
        more = observe_sift_page_next(work->reader, &waiting);
        work->result->lines += waiting;
        if (more || observe_sift_full(work->reader)) {
            put_sifted(work);
        }
    }
    struct span text;
    while (*ret_size > 0 && observe_sift_page_other(work->reader, &text)) {
        TRY(take_line(work, text, (uint32_t)(text.data - base), line));
    }
    return ERR_OK;
}

static enum err take_by_kind(struct watch_work *work, struct span *rest, struct observe_line *line)
{
    by_kind_fill(&work->lines, work->source->format, rest);
    for (size_t i = 0; i < work->lines.count; i++) {
        struct span text = work->lines.lines[work->lines.order[i]];
        TRY(take_line(work, text, (uint32_t)(text.data - work->chunk->bytes), line));
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
    /* A line without its end is the first and only one. Lines are looked at only when all that are
     * taken together have been read, for folds want them in the order of the input. */
    struct span rest = span_make(chunk->bytes + offset, chunk->size - offset);
    while (rest.size > 0) {
        size_t size = 0;
        TRY(take_page(work, rest, &line, &size));
        rest = span_from(rest, size);
        if (size == 0) {
            TRY(take_by_kind(work, &rest, &line));
        }
        if (work->batch.candidate_count > CANDIDATES_MAX / 2) {
            TRY(look_at_candidates(work));
        }
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
    struct buf record = result->record;
    arena_reset(&op.arena);
    op_fault_clear(&op);
    *result = (struct watch_result){ .op = op, .end = chunk->end, .record = record };
    result->line.taken = chunk->waiting > 0 ? chunk->taken : chunk->open_size;
    result->line.waiting = chunk->waiting;
    bool counted = chunk->taken > 0 && chunk->overlong > 0;
    bool was_overlong = chunk->taken > RECORD_LINE_SIZE_MAX;
    result->lines = counted ? 0 : chunk->overlong;
    result->counts[OBSERVE_FAULT_SIZE] = was_overlong ? 0 : chunk->overlong;
    result->counts[WATCH_COUNT_GROWN] = counted ? 1 : 0;
}

/* The kinds that an image has indicators of: values of some others cost, and would meet nothing. */
static uint32_t kinds_watched(const struct match_image *image)
{
    uint32_t kinds = 0;
    for (unsigned kind = VALUE_NONE + 1; kind < VALUE_KIND_COUNT; kind++) {
        bool watched = match_image_count(image, (enum value_kind)kind) > 0;
        kinds |= watched ? (uint32_t)1 << kind : 0;
    }
    return kinds;
}

static struct told_rules told_rules_of(const struct watch_work *work)
{
    const struct watch_rules *rules = work->rules;
    return (struct told_rules){
        .inside = rules->inside,
        .sensor = work->source->sensor,
        .host_name = rules->host_name,
        .now_us = work->chunk->now_us > 0 ? work->chunk->now_us : rules->now_us,
        .past = work->chunk->past,
    };
}

enum err watch_work_run(struct watch_work *work, const struct watch_source *source,
                        const struct watch_images *images, const struct watch_chunk *chunk,
                        struct watch_result *result)
{
    result_begin(result, chunk);
    work->source = source;
    work->chunk = chunk;
    work->result = result;

    const struct told_rules told = told_rules_of(work);
    watch_meet_begin(work->meet, &told, images, result);
    watch_remember_begin(work->remember, &told);
    work->header = observe_formats_header(work->rules->formats, source->format);
    TRY(observe_reader_prepare(&result->op, work->reader, work->rules->formats, source->format));
    observe_reader_set_now(work->reader, told.now_us);
    observe_reader_begin(work->reader, source->format, source->stream);
    observe_reader_want(work->reader, kinds_watched(images->indicators));
    TRY(observe_reader_remember(&result->op, work->reader, watch_remember_kinds(work->remember)));
    learn_header(work);
    match_batch_begin(&work->batch, images->indicators, work->candidates, CANDIDATES_MAX);
    TRY(first_pass(work));
    TRY(look_at_candidates(work));
    watch_meet_end(work->meet);
    return watch_remember_end(work->remember, result);
}
