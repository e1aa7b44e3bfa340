// SPDX-License-Identifier: EUPL-1.2
#include "watch/told.h"

#include "base/must.h"
#include "base/time.h"

enum { FIELD_NAME_SIZE_MAX = 1024 };

/* 1990-01-01T00:00:00Z. */
#define TIME_LEAST_US (INT64_C(631152000) * US_PER_S)
#define AHEAD_MAX_US  (INT64_C(24) * 3600 * US_PER_S)

static enum rank_outcome outcome_of(enum observe_outcome outcome)
{
    static const enum rank_outcome outcomes[OBSERVE_OUTCOME_COUNT] = {
        [OBSERVE_OUTCOME_UNKNOWN] = RANK_OUTCOME_UNKNOWN,
        [OBSERVE_OUTCOME_DONE] = RANK_DONE,
        [OBSERVE_OUTCOME_FAILED] = RANK_FAILED,
        [OBSERVE_OUTCOME_DENIED] = RANK_DENIED,
    };
    must(outcome < OBSERVE_OUTCOME_COUNT);
    return outcomes[outcome];
}

/* The inside host in its canonical writing, so that two logs that write it differently agree. */
static struct span inside_text(struct told *told)
{
    uint8_t key[VALUE_KEY_SIZE_MAX];
    struct buf text = { .data = told->inside_bytes,
                        .capacity = sizeof told->inside_bytes,
                        .size_max = sizeof told->inside_bytes };
    size_t size = value_key_address(told->ends.inside, key);
    if (size == 0) {
        return SPAN("");
    }
    const struct value value = {
        .kind = size == VALUE_IPV4_SIZE ? VALUE_IPV4 : VALUE_IPV6,
        .key = span_make(key, size),
    };
    value_add_text(&text, &value);
    return buf_span(&text);
}

static struct span sensor_of(const struct told_rules *rules, const struct observe_line *line)
{
    if (rules->sensor.size > 0) {
        return rules->sensor;
    }
    return line->sensor.size > 0 ? line->sensor : rules->host_name;
}

void told_ends(const struct told_rules *rules, const struct observe_line *line, struct told *ret)
{
    ret->ends = inside_ends(rules->inside, line->originator, line->responder);
    ret->inside = inside_text(ret);
}

void told_way(const struct told_rules *rules, const struct observe_line *line, struct told *ret)
{
    ret->line = line;
    ret->sensor = sensor_of(rules, line);
    ret->outcome = outcome_of(line->outcome);
}

bool told_time_fits(int64_t time_us, int64_t now_us)
{
    bool late = now_us >= TIME_LEAST_US && time_us > now_us && time_us - now_us > AHEAD_MAX_US;
    return time_us >= TIME_LEAST_US && !late;
}

void told_of(const struct told_rules *rules, const struct observe_line *line, struct told *ret)
{
    told_ends(rules, line, ret);
    told_way(rules, line, ret);
    ret->no_time = observe_time(line, &ret->time_us) != ERR_OK;
    ret->odd_time = !ret->no_time && !told_time_fits(ret->time_us, rules->now_us);
    if (ret->no_time || ret->odd_time) {
        ret->time_us = rules->now_us;
    }
}

bool told_is_answer(const struct observe_line *line, uint16_t field)
{
    static const char *const answers[] = { "dns.answer", "dns.rdata", "dns.grouped",
                                           "dns.authorities", "dns.additionals" };
    struct buf name;
    bool found = false;
    if (!span_equal(line->stream, SPAN("dns"))) {
        return false;
    }
    buf_init(&name, FIELD_NAME_SIZE_MAX);
    observe_field_add_name(&name, line, field);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        found = found || span_starts_with(buf_span(&name), span_of(answers[i]));
    }
    buf_done(&name);
    return found;
}
