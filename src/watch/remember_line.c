// SPDX-License-Identifier: EUPL-1.2
/*
 * Hot path where there is a history: what lines tell passes here. What costs is the name of a way,
 * which is made of texts, and who is inside; so the latest of both are found by number. memcpy() of
 * eight bytes compiles to one load.
 */
#include <string.h>

#include "watch/remember_inner.h"

enum {
    FIELD_NAME_SIZE_MAX = 1024,
    EPOCH_DIGITS = 10,
    FRACTION_DIGITS_MAX = 6,
};

/* As told_of() wants it. */
static struct observe_line line_of(const struct remember_line *line)
{
    const struct observe_context *context = line->context;
    return (struct observe_line){ .stream = context->stream,
                                  .time = context->time,
                                  .time_is_number = context->time_is_number,
                                  .originator = context->originator,
                                  .responder = context->responder,
                                  .outcome = context->outcome,
                                  .sensor = context->sensor };
}

/* ---- when ---- */

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

/* The number that some digits write; false where one is none. */
static bool digits_read(const uint8_t *digits, size_t count, uint32_t *ret)
{
    uint64_t number = 0;
    bool all = true;
    for (size_t i = 0; i < count; i++) {
        unsigned digit = (unsigned)digits[i] - '0';
        all = all && digit <= 9;      /* of ten */
        number = number * 10 + digit; /* likewise */
    }
    *ret = (uint32_t)number;
    return all && number <= UINT32_MAX;
}

/* ".865716": what does not change the second. */
static bool is_fraction(struct span text)
{
    if (text.size < 2 || text.size > FRACTION_DIGITS_MAX + 1 || text.data[0] != '.') {
        return false;
    }
    uint32_t fraction = 0;
    return digits_read(text.data + 1, text.size - 1, &fraction);
}

/* "1521911720.865716", as Zeek writes it. */
static bool epoch_read(struct span text, uint32_t *ret)
{
    return text.size > EPOCH_DIGITS && digits_read(text.data, EPOCH_DIGITS, ret) &&
           is_fraction(span_from(text, EPOCH_DIGITS)) && *ret < UINT32_MAX;
}

/* "2026-11-22T10:20:30.865716Z" or "...+0000", RFC 3339 as Zeek and Suricata write it, on the day
 * of the last time that was read. */
static bool clock_read(const struct remember_day *day, struct span text, uint32_t *ret)
{
    enum { HOUR = 11, MINUTE = 14, SECOND = 17, FRACTION = 19, MINUTES = 60, HOURS = 24 };
    const uint8_t *at = text.data;
    if (!day->known || text.size <= FRACTION || memcmp(at, day->text, REMEMBER_DAY_SIZE) != 0 ||
        at[REMEMBER_DAY_SIZE] != 'T' || at[MINUTE - 1] != ':' || at[SECOND - 1] != ':') {
        return false;
    }
    struct span rest = span_from(text, FRACTION);
    size_t zone = rest.size > 0 && rest.data[rest.size - 1] == 'Z' ? 1 : sizeof "+0000" - 1;
    if (rest.size <= zone || (zone > 1 && !span_ends_with(rest, SPAN("+0000")))) {
        return false;
    }
    uint32_t hour = 0;
    uint32_t minute = 0;
    uint32_t second = 0;
    bool digits = digits_read(at + HOUR, 2, &hour) && digits_read(at + MINUTE, 2, &minute) &&
                  digits_read(at + SECOND, 2, &second);
    if (!digits || hour >= HOURS || minute >= MINUTES || second >= MINUTES ||
        !is_fraction(span_slice(rest, 0, rest.size - zone))) {
        return false;
    }
    *ret = day->start_s + (hour * MINUTES + minute) * MINUTES + second;
    return true;
}

static inline uint64_t eight_bytes(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return le64toh(word);
}

/* Whether all bytes of a word are digits by their values, where `others` has no bits. */
static inline bool all_digits(uint64_t word, uint64_t others)
{
    const uint64_t sixes = 0x0606060606060606u; /* ten and six are sixteen */
    const uint64_t high = 0xF0F0F0F0F0F0F0F0u;
    return (((word + sixes) | word) & high) == 0 && (word & others) == 0;
}

/* As clock_read(), of "2026-11-22T10:20:30.865716Z" or "...+0000" and nothing else: in two words.
 */
static inline bool plain_clock_read(const struct remember_day *day, struct span text, uint32_t *ret)
{
    enum { HOUR = 11, FRACTION = 19, BYTE = 8, MINUTES = 60, HOURS = 24 };
    enum { SIZE = 27, OFFSET_SIZE = 4 }; /* with 'Z' or '+'; what stands behind the latter */
    const uint64_t no_digits_of_clock = 0x0000FF0000FF0000u;
    const uint64_t no_digits_of_fraction = 0xFF000000000000FFu;
    bool offset = text.size == SIZE + OFFSET_SIZE;
    if (!day->known || (text.size != SIZE && !offset) ||
        memcmp(text.data, day->text, REMEMBER_DAY_SIZE) != 0 ||
        text.data[REMEMBER_DAY_SIZE] != 'T') {
        return false;
    }
    const uint64_t end = offset ? 0x2B3030303030302Eu : 0x5A3030303030302Eu; /* ".000000" and it */
    const uint64_t clock = eight_bytes(text.data + HOUR) ^ 0x30303A30303A3030u; /* "00:00:00" */
    const uint64_t fraction = eight_bytes(text.data + FRACTION) ^ end;
    if (!all_digits(clock, no_digits_of_clock) || !all_digits(fraction, no_digits_of_fraction) ||
        (offset && memcmp(text.data + SIZE, "0000", OFFSET_SIZE) != 0)) {
        return false;
    }
    uint32_t two[3];
    for (unsigned i = 0; i < 3; i++) { /* hour, minute, second: three bytes each */
        uint64_t digits = clock >> (3 * BYTE * i);
        two[i] = (uint32_t)((digits & UINT8_MAX) * 10 + (digits >> BYTE & UINT8_MAX));
    }
    *ret = day->start_s + (two[0] * MINUTES + two[1]) * MINUTES + two[2];
    return two[0] < HOURS && two[1] < MINUTES && two[2] < MINUTES;
}

/* Keep the day of a time that was read, where its text is in UTC. */
static void day_keep(struct remember_day *day, struct span text, uint32_t second)
{
    static const char *const ends[] = { "Z", "+0000" };
    bool utc = span_ends_with(text, span_of(ends[0])) || span_ends_with(text, span_of(ends[1]));
    uint32_t start_s = second - second % HISTORY_DAY_S;
    day->known = false;
    if (!utc || text.size <= REMEMBER_DAY_SIZE || text.data[REMEMBER_DAY_SIZE] != 'T') {
        return;
    }
    day->start_s = start_s;
    span_copy(day->text, sizeof day->text, span_slice(text, 0, REMEMBER_DAY_SIZE));
    /* What was read and what would be read must agree: "2026-11-22T24:00:00Z" is of the next day.
     */
    uint32_t again = 0;
    day->known = true;
    day->known = clock_read(day, text, &again) && again == second;
}

static bool second_find(struct watch_remember *remember, const struct remember_line *line,
                        uint32_t *ret)
{
    int64_t time_us = 0;
    const struct observe_context *context = line->context;
    bool plain = line->read == NULL || line->read->stamp == NULL;
    if (plain && (context->time_is_number ? epoch_read(context->time, ret)
                                          : plain_clock_read(&remember->day, context->time, ret) ||
                                                clock_read(&remember->day, context->time, ret))) {
        return true;
    }
    const struct observe_line about = line_of(line);
    if (observe_time(line->read != NULL ? line->read : &about, &time_us) != ERR_OK) {
        return !remember->told_rules.past && second_of(remember->told_rules.now_us, ret);
    }
    if (!second_of(time_us, ret)) {
        return false;
    }
    if (plain) {
        day_keep(&remember->day, context->time, *ret);
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

/* ---- where ---- */

static uint64_t text_word(struct span text, size_t at)
{
    uint64_t word = 0;
    for (size_t i = at; i < text.size && i < at + sizeof word; i++) {
        word = word << 8 | text.data[i]; /* bits */
    }
    return word;
}

/* Nobody gains by a collision but his own delay. */
static uint64_t ends_hash(struct span originator, struct span responder)
{
    const uint64_t odd = 0x9E3779B97F4A7C15u;
    uint64_t hash = originator.size << 8 | responder.size;
    for (size_t at = 0; at < originator.size; at += sizeof hash) {
        hash = (hash ^ text_word(originator, at)) * odd;
    }
    for (size_t at = 0; at < responder.size; at += sizeof hash) {
        hash = ((hash ^ hash >> 32) ^ text_word(responder, at)) * odd;
    }
    return hash >> 32;
}

static void ends_learn(struct watch_remember *remember, struct remember_line *line)
{
    struct told told;
    uint8_t name[HISTORY_NAME_SIZE_MAX];
    const struct observe_line about = line_of(line);
    told_ends(&remember->told_rules, &about, &told);
    line->host = history_record_host(remember->writer,
                                     history_host_name(remember->rules, told.inside, name));
    line->direction = told.ends.direction;
    line->assumed = told.ends.assumed;
}

void remember_ends_find(struct watch_remember *remember, struct remember_line *line)
{
    struct span originator = line->context->originator;
    struct span responder = line->context->responder;
    bool fits = originator.size <= REMEMBER_END_SIZE_MAX &&
                responder.size <= REMEMBER_END_SIZE_MAX && originator.size + responder.size > 0;
    if (!fits) {
        ends_learn(remember, line);
        return;
    }
    struct remember_ends *ends =
        &remember->ends[ends_hash(originator, responder) % REMEMBER_ENDS_COUNT];
    if (ends->age == remember->age &&
        span_equal(span_make(ends->originator, ends->originator_size), originator) &&
        span_equal(span_make(ends->responder, ends->responder_size), responder)) {
        line->host = ends->host;
        line->direction = (enum rank_direction)ends->direction;
        line->assumed = ends->assumed;
        return;
    }
    ends_learn(remember, line);
    ends->host = line->host;
    ends->age = remember->age;
    ends->direction = (uint8_t)line->direction;
    ends->assumed = line->assumed;
    ends->originator_size = (uint8_t)originator.size;
    ends->responder_size = (uint8_t)responder.size;
    span_copy(ends->originator, sizeof ends->originator, originator);
    span_copy(ends->responder, sizeof ends->responder, responder);
}

static bool is_inside(const struct watch_remember *remember, uint32_t address)
{
    bool inside = false;
    for (size_t i = 0; i < remember->network_count; i++) {
        const struct remember_network *network = &remember->networks[i];
        inside = inside || (address & network->mask) == network->address;
    }
    return inside;
}

static struct remember_host *host_place(struct watch_remember *remember, uint32_t address)
{
    const uint32_t odd = 0x9E3779B1u; /* nobody gains by a collision but his own delay */
    return &remember->hosts[(address * odd >> 16) % REMEMBER_HOST_COUNT]; /* its better half */
}

void remember_host_ahead(struct watch_remember *remember, uint32_t address)
{
    __builtin_prefetch(host_place(remember, address));
}

static struct remember_host *host_find(struct watch_remember *remember, uint32_t address)
{
    struct remember_host *host = host_place(remember, address);
    if (host->age != remember->age || host->address != address) {
        *host = (struct remember_host){ .address = address,
                                        .number = HISTORY_RECORD_NONE,
                                        .age = remember->age,
                                        .inside = is_inside(remember, address) };
    }
    return host;
}

/* The host's number in the record; as ends_learn(). */
static uint32_t host_number(struct watch_remember *remember, struct remember_host *host)
{
    uint8_t name[HISTORY_NAME_SIZE_MAX];
    uint8_t bytes[TOLD_ADDRESS_SIZE];
    if (host->number != HISTORY_RECORD_NONE) {
        return host->number;
    }
    if (!remember->rules->host_secret_known) {
        host->number = history_record_ipv4_host(remember->writer, host->address);
        return host->number;
    }
    struct buf text = { .data = bytes, .capacity = sizeof bytes, .size_max = sizeof bytes };
    const uint32_t key = htobe32(host->address);
    const struct value value = { .kind = VALUE_IPV4,
                                 .key = span_make((const uint8_t *)&key, sizeof key) };
    value_add_text(&text, &value);
    host->number = history_record_host(remember->writer,
                                       history_host_name(remember->rules, buf_span(&text), name));
    return host->number;
}

/* As inside_ends() tells it. */
void remember_ends_find_ipv4(struct watch_remember *remember, struct remember_line *line,
                             const struct observe_end *const ends[2])
{
    bool known[2] = { ends[0]->ipv4_known, ends[1]->ipv4_known };
    bool inside[2] = { false, false };
    for (size_t i = 0; i < 2; i++) {
        inside[i] = known[i] && host_find(remember, ends[i]->ipv4)->inside;
    }
    size_t host = inside[1] && !inside[0] ? 1 : 0;
    line->direction = RANK_DIRECTION_UNKNOWN;
    if (known[0] && known[1] && (inside[0] || inside[1])) {
        line->direction = inside[0] ? (inside[1] ? RANK_INTERNAL : RANK_OUTBOUND) : RANK_INBOUND;
    }
    line->assumed = !inside[0] && !inside[1] && known[0];
    line->host = known[host] ? host_number(remember, host_find(remember, ends[host]->ipv4)) : 0;
}

/* ---- in which way ---- */

static uint64_t hash_text(const struct watch_remember *remember, uint64_t before, struct span text)
{
    const uint64_t odd = 0x9E3779B97F4A7C15u;
    return (before ^ hash_bytes_inline(remember->secret, text)) * odd;
}

/* Never 0. */
static uint64_t manner_mix(uint64_t hash, uint64_t more)
{
    const uint64_t odd = 0x9E3779B97F4A7C15u;
    return ((hash ^ more) * odd) | 1;
}

/* All of a way that is the same for the whole line, but for what its ends tell; never 0. */
static uint64_t manner_of(struct watch_remember *remember, const struct remember_line *line)
{
    struct remember_manner *last = &remember->manner;
    const struct observe_context *context = line->context;
    const struct observe_mapping *mapping = line->read != NULL ? line->read->mapping : NULL;
    const uint64_t rest = (uint64_t)context->ends[0].field << 16 | /* bits */
                          context->ends[1].field;
    if (last->hash != 0 && last->rest == rest && last->mapping == mapping &&
        span_equal(span_make(last->stream, last->stream_size), context->stream) &&
        span_equal(span_make(last->sensor, last->sensor_size), context->sensor)) {
        return manner_mix(last->hash, context->outcome);
    }
    uint64_t hash = hash_text(remember, rest ^ (uint64_t)(uintptr_t)mapping, context->stream);
    hash = hash_text(remember, hash, context->sensor);
    hash += hash == 0 ? 1 : 0;
    last->hash = 0;
    if (context->stream.size <= sizeof last->stream &&
        context->sensor.size <= sizeof last->sensor) {
        last->hash = hash;
        last->rest = rest;
        last->mapping = mapping;
        last->stream_size = (uint8_t)context->stream.size;
        last->sensor_size = (uint8_t)context->sensor.size;
        span_copy(last->stream, sizeof last->stream, context->stream);
        span_copy(last->sensor, sizeof last->sensor, context->sensor);
    }
    return manner_mix(hash, context->outcome);
}

static uint32_t way_number(struct watch_remember *remember, const struct remember_line *line,
                           uint16_t field)
{
    struct told told;
    struct buf name;
    const struct observe_line about = line_of(line);
    const struct observe_line *known = line->read != NULL ? line->read : &about;
    told_way(&remember->told_rules, known, &told);
    buf_init(&name, FIELD_NAME_SIZE_MAX);
    observe_field_add_name(&name, known, field);
    const struct history_way way = {
        .sensor = told.sensor,
        .field = buf_span(&name),
        .direction = line->direction,
        .outcome = told.outcome,
        .assumed = line->assumed,
        .answer = told_is_answer(known, field),
    };
    uint32_t number = history_record_way(remember->writer, &way);
    buf_done(&name);
    return number;
}

/* Fields of streams that no table has are numbered anew in each line. */
uint32_t remember_way_find(struct watch_remember *remember, const struct remember_line *line,
                           uint16_t field)
{
    const uint64_t manner =
        manner_mix(line->manner, (uint64_t)line->direction << 1 | (line->assumed ? 1u : 0u));
    size_t place = (manner >> 32 ^ field) & (REMEMBER_WAY_COUNT - 1); /* its better half */
    struct remember_way *known = &remember->ways[place];
    bool lasting = line->read == NULL || line->read->looked == NULL;
    if (lasting && known->age == remember->age && known->manner == manner &&
        known->field == field) {
        return known->number;
    }
    uint32_t number = way_number(remember, line, field);
    if (lasting) {
        *known = (struct remember_way){
            .manner = manner, .field = field, .number = number, .age = remember->age
        };
    }
    return number;
}

void remember_line_read(struct watch_remember *remember, struct remember_line *line)
{
    bool found = second_find(remember, line, &line->second);
    line->timed = second_believe(remember, found, &line->second);
    line->apart = false;
    line->manner = manner_of(remember, line);
}
