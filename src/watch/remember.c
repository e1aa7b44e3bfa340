// SPDX-License-Identifier: EUPL-1.2
/*
 * Hot path where there is a history: every value of every line passes here. What costs is the name
 * of a way, which is made of texts; so the latest ways are found by number.
 */
#include "watch/remember.h"

#include <string.h>

#include "base/hash_inline.h"
#include "base/memory.h"
#include "base/must.h"
#include "history/record.h"
#include "os/random.h"
#include "watch/veil.h"

enum {
    WAY_COUNT = 512,   /* found by number; a power of two */
    ENDS_COUNT = 1024, /* likewise */
    END_SIZE_MAX = 40, /* of an address; longer ones are not found by number */
    SECOND_SIZE = 19,  /* "2026-11-22T10:20:30" */
    STAMP_SIZE_MAX = 40,
    LOOK_BACK_MAX = 64, /* values of a line before one, among which it is looked for */
    HALF_COUNT_MAX = OBSERVE_OBSERVATION_COUNT_MAX,
    FIELD_NAME_SIZE_MAX = 1024,
};

/* A way that was met lately, by what it is made of. */
struct known_way {
    uint64_t line; /* hash of all that is not the field; 0: none */
    uint32_t field;
    uint32_t number;
};

/* Two ends of a line, and what they make of it in this record. */
struct known_ends {
    uint32_t host;
    uint8_t originator_size; /* 0 with a responder of none: nothing is known */
    uint8_t responder_size;
    uint8_t direction;
    bool assumed;
    uint8_t originator[END_SIZE_MAX];
    uint8_t responder[END_SIZE_MAX];
};

/* The last time that was read, for those of the same second. */
struct known_stamp {
    size_t size; /* 0: none */
    uint32_t second;
    uint8_t text[STAMP_SIZE_MAX];
};

struct watch_remember {
    const struct history_rules *rules;
    struct hash_secret secret;
    uint32_t kinds;
    struct history_record_writer *writer;
    struct told_rules told_rules;
    struct told told; /* by the present line */
    uint64_t left_out;
    uint64_t odd_times;
    uint32_t first_s; /* of the chunk's lines; UINT32_MAX: none yet */
    uint32_t last_s;
    struct known_way ways[WAY_COUNT];
    struct known_ends ends[ENDS_COUNT];
    struct known_stamp stamp;
    uint64_t hashes[OBSERVE_OBSERVATION_COUNT_MAX]; /* of the line's values */
    size_t half_count; /* of the line's beginning, which was remembered before */
    uint64_t half[HALF_COUNT_MAX];
    uint8_t kept[HISTORY_ORDER_SIZE_MAX];
};

enum err watch_remember_new(struct op *op, const struct history_rules *rules,
                            struct watch_remember **ret)
{
    struct watch_remember *remember = memory_new(sizeof *remember);
    if (remember == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for what is remembered");
    }
    enum err err = history_record_writer_new(op, &remember->writer);
    if (err != ERR_OK) {
        watch_remember_free(remember);
        return err;
    }
    remember->rules = rules;
    for (unsigned kind = VALUE_NONE + 1; kind < VALUE_KIND_COUNT; kind++) {
        bool kept = rules->keep[kind] != HISTORY_KEEP_NOT;
        remember->kinds |= kept ? (uint32_t)1 << kind : 0;
    }
    os_random(remember->secret.bytes, sizeof remember->secret.bytes);
    *ret = remember;
    return ERR_OK;
}

void watch_remember_free(struct watch_remember *remember)
{
    if (remember != NULL) {
        history_record_writer_free(remember->writer);
        memory_free(remember);
    }
}

uint32_t watch_remember_kinds(const struct watch_remember *remember)
{
    return remember == NULL ? 0 : remember->kinds;
}

void watch_remember_begin(struct watch_remember *remember, const struct told_rules *told)
{
    if (remember == NULL) {
        return;
    }
    static const struct known_way none[WAY_COUNT];
    remember->told_rules = *told;
    remember->left_out = 0;
    remember->odd_times = 0;
    remember->first_s = UINT32_MAX;
    remember->last_s = 0;
    remember->half_count = 0;
    static const struct known_ends no_ends[ENDS_COUNT];
    span_copy(remember->ways, sizeof remember->ways, span_make(none, sizeof none));
    span_copy(remember->ends, sizeof remember->ends, span_make(no_ends, sizeof no_ends));
    remember->stamp.size = 0;
    history_record_begin(remember->writer);
}

/* ---- ways ---- */

static uint64_t hash_text(const struct watch_remember *remember, uint64_t before, struct span text)
{
    const uint64_t odd = 0x9E3779B97F4A7C15u;
    return (before ^ hash_bytes_inline(&remember->secret, text)) * odd;
}

/* All of a way that is the same for the whole line; never 0. */
static uint64_t line_hash(const struct watch_remember *remember)
{
    const struct told *told = &remember->told;
    uint64_t words = (uint64_t)told->ends.direction << 16 | (uint64_t)told->outcome << 8 |
                     (told->ends.assumed ? 1u : 0u);
    words ^= (uint64_t)(uintptr_t)told->line->mapping;
    uint64_t hash = hash_text(remember, words, told->line->stream);
    return hash_text(remember, hash, told->sensor) | 1;
}

static uint32_t way_number(struct watch_remember *remember, uint16_t field)
{
    const struct told *told = &remember->told;
    struct buf name;
    buf_init(&name, FIELD_NAME_SIZE_MAX);
    observe_field_add_name(&name, told->line, field);
    const struct history_way way = {
        .sensor = told->sensor,
        .field = buf_span(&name),
        .direction = told->ends.direction,
        .outcome = told->outcome,
        .assumed = told->ends.assumed,
        .answer = told_is_answer(told->line, field),
    };
    uint32_t number = history_record_way(remember->writer, &way);
    buf_done(&name);
    return number;
}

/* Fields of streams that no table has are numbered anew in each line. */
static uint32_t way_find(struct watch_remember *remember, uint64_t line, uint16_t field)
{
    struct known_way *known = &remember->ways[(line >> 32 ^ field) & (WAY_COUNT - 1)];
    bool lasting = remember->told.line->looked == NULL;
    if (lasting && known->line == line && known->field == field) {
        return known->number;
    }
    uint32_t number = way_number(remember, field);
    if (lasting) {
        *known = (struct known_way){ .line = line, .field = field, .number = number };
    }
    return number;
}

/* ---- when and where ---- */

/* The second in which it happened, where history reaches so far. */
static bool second_of(int64_t time_us, uint32_t *ret)
{
    int64_t second = time_us / US_PER_S;
    if (time_us < 0 || second >= UINT32_MAX) {
        return false;
    }
    *ret = (uint32_t)second;
    return true;
}

/* Whether a time differs from the last one in the six digits behind its second at most: RFC 3339,
 * as both Zeek and Suricata write it. */
static bool is_same_second(const struct known_stamp *stamp, struct span time)
{
    enum { FRACTION_END = SECOND_SIZE + 7 };
    if (time.size != stamp->size || time.size <= FRACTION_END || time.data[SECOND_SIZE] != '.' ||
        memcmp(time.data, stamp->text, SECOND_SIZE) != 0) {
        return false;
    }
    for (size_t i = SECOND_SIZE + 1; i < FRACTION_END; i++) {
        if (time.data[i] < '0' || time.data[i] > '9') {
            return false;
        }
    }
    return memcmp(time.data + FRACTION_END, stamp->text + FRACTION_END, time.size - FRACTION_END) ==
           0;
}

static bool second_find(struct watch_remember *remember, const struct observe_line *line,
                        uint32_t *ret)
{
    int64_t time_us = 0;
    struct known_stamp *stamp = &remember->stamp;
    bool plain = !line->time_is_number && line->stamp == NULL;
    if (plain && is_same_second(stamp, line->time)) {
        *ret = stamp->second;
        return true;
    }
    if (observe_time(line, &time_us) != ERR_OK) {
        return !remember->told_rules.past && second_of(remember->told_rules.now_us, ret);
    }
    if (!second_of(time_us, ret)) {
        return false;
    }
    bool keep = plain && line->time.size <= STAMP_SIZE_MAX;
    stamp->size = keep ? line->time.size : 0;
    stamp->second = *ret;
    if (keep) {
        span_copy(stamp->text, sizeof stamp->text, line->time);
    }
    return true;
}

/* A time that cannot be is that of reading, as of hits (told_of()). */
static bool second_believe(struct watch_remember *remember, bool found, uint32_t *second)
{
    int64_t now_us = remember->told_rules.now_us;
    if (found && told_time_fits((int64_t)*second * US_PER_S, now_us)) {
        return true;
    }
    if (remember->told_rules.past) {
        return false;
    }
    remember->odd_times++;
    return second_of(now_us, second);
}

static uint64_t ends_hash(struct span originator, struct span responder)
{
    const uint64_t odd = 0x9E3779B97F4A7C15u; /* nobody gains by a collision but his own delay */
    uint64_t hash = originator.size << 8 | responder.size;
    for (size_t i = 0; i < originator.size; i++) {
        hash = (hash ^ originator.data[i]) * 0x100000001B3u;
    }
    for (size_t i = 0; i < responder.size; i++) {
        hash = (hash ^ responder.data[i]) * 0x100000001B3u;
    }
    return hash * odd >> 32;
}

/* Where it happened: the host's number in the record. */
static uint32_t host_find(struct watch_remember *remember, const struct observe_line *line)
{
    uint8_t name[HISTORY_NAME_SIZE_MAX];
    struct told *told = &remember->told;
    struct span originator = line->originator;
    struct span responder = line->responder;
    bool fits = originator.size <= END_SIZE_MAX && responder.size <= END_SIZE_MAX &&
                originator.size + responder.size > 0;
    struct known_ends *ends =
        &remember->ends[fits ? ends_hash(originator, responder) % ENDS_COUNT : 0];
    if (fits && span_equal(span_make(ends->originator, ends->originator_size), originator) &&
        span_equal(span_make(ends->responder, ends->responder_size), responder)) {
        told->ends.direction = (enum rank_direction)ends->direction;
        told->ends.assumed = ends->assumed;
        return ends->host;
    }
    told_ends(&remember->told_rules, line, told);
    uint32_t host = history_record_host(remember->writer,
                                        history_host_name(remember->rules, told->inside, name));
    if (fits) {
        *ends = (struct known_ends){ .host = host,
                                     .originator_size = (uint8_t)originator.size,
                                     .responder_size = (uint8_t)responder.size,
                                     .direction = (uint8_t)told->ends.direction,
                                     .assumed = told->ends.assumed };
        span_copy(ends->originator, sizeof ends->originator, originator);
        span_copy(ends->responder, sizeof ends->responder, responder);
    }
    return host;
}

/* ---- values ---- */

static uint64_t value_hash(const struct watch_remember *remember,
                           const struct observation *observation)
{
    const uint64_t odd = 0xD6E8FEB86659FD93u;
    return hash_bytes_inline(&remember->secret, observation->key) ^ observation->kind * odd;
}

static bool holds(const uint64_t *hashes, size_t count, uint64_t hash)
{
    for (size_t i = 0; i < count; i++) {
        if (hashes[i] == hash) {
            return true;
        }
    }
    return false;
}

/* Whether the line holds the value in an earlier field, or held it when its beginning was counted.
 */
static bool is_counted(const struct watch_remember *remember, size_t at)
{
    size_t first = at > LOOK_BACK_MAX ? at - LOOK_BACK_MAX : 0;
    uint64_t hash = remember->hashes[at];
    return holds(remember->hashes + first, at - first, hash) ||
           holds(remember->half, remember->half_count, hash);
}

/* An inside host that is kept as a pseudonym must not stand beside it as a value. */
static bool tells_host(const struct watch_remember *remember, const struct observation *observation)
{
    const struct told *told = &remember->told;
    return remember->rules->host_secret_known &&
           veil_hides(remember->told_rules.inside, told->line, told->ends.assumed, observation);
}

/* A client's port is another one each time: its address with that port says nothing more than the
 * address. */
static bool is_kept(const struct watch_remember *remember, const struct observation *observation)
{
    bool kept = (remember->kinds >> observation->kind & 1) != 0;
    bool client = observation->kind == VALUE_IP_PORT &&
                  observation->observed.data == remember->told.line->originator.data;
    return kept && !client && !tells_host(remember, observation);
}

static enum err value_add(struct watch_remember *remember, const struct observation *observation,
                          struct history_seen *seen)
{
    struct history_kept kept = { .form = HISTORY_WHOLE, .key = observation->key };
    enum history_keep keep = remember->rules->keep[observation->kind];
    if (keep != HISTORY_KEEP) {
        TRY(history_keep_value(remember->rules, observation->kind, observation->key, keep,
                               remember->kept, &kept));
    }
    seen->kind = observation->kind;
    seen->form = kept.form;
    seen->key = kept.key;
    return history_record_add(remember->writer, seen);
}

void watch_remember_line(struct watch_remember *remember, const struct observe_line *line)
{
    if (remember == NULL || line->count == 0) {
        return;
    }
    struct history_seen seen = { .count = 1 };
    bool found = second_find(remember, line, &seen.first_s);
    if (!second_believe(remember, found, &seen.first_s)) {
        remember->left_out += line->count;
        return;
    }
    seen.last_s = seen.first_s;
    remember->first_s = seen.first_s < remember->first_s ? seen.first_s : remember->first_s;
    remember->last_s = seen.last_s > remember->last_s ? seen.last_s : remember->last_s;
    seen.host = host_find(remember, line);
    told_way(&remember->told_rules, line, &remember->told);
    uint64_t hash = line_hash(remember);
    for (size_t i = 0; i < line->count; i++) {
        const struct observation *observation = &line->observations[i];
        remember->hashes[i] = value_hash(remember, observation);
        if (is_kept(remember, observation) && !is_counted(remember, i)) {
            seen.way = way_find(remember, hash, observation->field);
            remember->left_out += value_add(remember, observation, &seen) == ERR_OK ? 0 : 1;
        }
    }
    remember->half_count = 0;
}

void watch_remember_half(struct watch_remember *remember, const struct observe_line *line)
{
    if (remember == NULL) {
        return;
    }
    for (size_t i = 0; i < line->count; i++) {
        remember->half[i] = value_hash(remember, &line->observations[i]);
    }
    remember->half_count = line->count;
}

enum err watch_remember_end(struct watch_remember *remember, struct watch_result *result)
{
    result->first_s = UINT32_MAX;
    if (remember == NULL) {
        return ERR_OK;
    }
    result->first_s = remember->first_s;
    result->last_s = remember->last_s;
    struct buf record;
    uint64_t left_out = 0;
    buf_init(&record, HISTORY_RECORD_SIZE_MAX);
    history_record_end(remember->writer, &record, &left_out);
    enum err err = op_copy(&result->op, buf_span(&record), &result->seen);
    buf_done(&record);
    result->counts[WATCH_COUNT_NOT_REMEMBERED] = remember->left_out;
    result->counts[WATCH_COUNT_ODD_TIME] = remember->odd_times;
    return err;
}
