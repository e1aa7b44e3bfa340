// SPDX-License-Identifier: EUPL-1.2
/*
 * What is due, one piece at a time: a segment of what is live, segments that become one, rules for
 * what has grown old, the size that all may have.
 */
#include "base/memory.h"
#include "base/must.h"
#include "base/time.h"
#include "history/history_inner.h"

enum {
    FLUSH_LATE_S = 600,           /* lines of an hour come until so long after it */
    CLASS_SIZE_FIRST = 64 * 1024, /* segments up to here are of one class */
    CLASS_FACTOR = 8,             /* and from class to class */
    CLASS_COUNT = 24,
    FULL_WAIT_US = 60 * US_PER_S,  /* until a full disk is tried again */
    MEMORY_WAIT_S = 3600,          /* until what there was no memory for is */
    LEAP_S = 2 * HISTORY_DAY_S,    /* more than that the clock does not go on unnoticed */
    LEAP_STEADY_S = HISTORY_DAY_S, /* so long it must go on from there */
    SLACK_PART = 8,                /* what is too old may stay for an eighth of its time, */
    SLACK_MIN_S = HISTORY_DAY_S,   /* and at least a day, so that little is written again */
    CUT_STEPS = 32,                /* halvings in the search of a second */
    SIZE_SPARE_PART = 20,          /* so much more goes than must */
    NEWER_FACTOR = 2,              /* while a segment is made of what is live: as much again, */
    PARTS_MANY = 256,              /* merged in time there are at most some fifty */
    PARTS_TOO_MANY = MANIFEST_SEGMENT_COUNT_MAX / 2,
};

/* ---- the clock ---- */

static uint32_t newest_s(const struct history *history)
{
    uint32_t newest = 0;
    for (size_t i = 0; i < history->part_count; i++) {
        uint32_t last_s = history->parts[i].is.facts.last_s;
        newest = last_s > newest ? last_s : newest;
    }
    return newest;
}

static uint32_t clock_seconds(int64_t now_us)
{
    int64_t now_s = now_us / US_PER_S;
    if (now_s < 0) {
        return 0;
    }
    return now_s > UINT32_MAX ? UINT32_MAX : (uint32_t)now_s;
}

/* The time by which ages are counted. A clock that leaps ahead is not believed until something of
 * then was seen, or it has gone on for a day; one that goes back is. */
static uint32_t clock_believe(struct history *history, int64_t now_us)
{
    uint32_t now_s = clock_seconds(now_us);
    uint32_t before_s = history->head.clock_s;
    bool leapt = before_s != 0 && now_s > before_s && now_s - before_s > LEAP_S;
    uint32_t newest = newest_s(history);
    uint32_t apart_s = newest >= now_s ? newest - now_s : now_s - newest;
    bool seen = apart_s <= LEAP_S; /* what claims to be of later than that confirms nothing */
    if (leapt && !seen) {
        if (history->leap_s == 0 || now_s < history->leap_s) {
            history->leap_s = now_s;
        }
        if (now_s - history->leap_s < LEAP_STEADY_S) {
            return before_s;
        }
    }
    history->leap_s = 0;
    history->head.clock_s = now_s;
    return now_s;
}

/* Once a day, and when it was never: so that the next opening knows a leap, too. */
static enum err clock_keep(struct op *op, struct history *history)
{
    uint32_t now_s = history->head.clock_s;
    uint32_t kept_s = history->clock_kept_s;
    uint32_t apart_s = now_s > kept_s ? now_s - kept_s : kept_s - now_s;
    if (history->part_count == 0 || apart_s < HISTORY_DAY_S) {
        return ERR_OK;
    }
    struct history_change change = history_change_none(history);
    return history_change(op, history, &change);
}

/* ---- what is live ---- */

static bool is_waiting(const struct history *history, int64_t now_us)
{
    int64_t left_us = history->wait_until_us - now_us;
    return left_us > 0 && left_us <= (int64_t)MEMORY_WAIT_S * US_PER_S; /* the clock went back */
}

/* A clock may show anything. */
static int64_t clock_bound(int64_t now_us)
{
    if (now_us < TIME_US_MIN) {
        return TIME_US_MIN;
    }
    return now_us > TIME_US_MAX ? TIME_US_MAX : now_us;
}

/* Its hour is over; once an hour of the clock, for what comes late is always of an hour that is
 * over. */
static bool split_is_due(const struct history *history, int64_t now_us)
{
    const struct live *live = history->live;
    bool ready = live_last(live) != 0 && live_older_last(live) == 0 && live_waiting(live) == 0 &&
                 history->acknowledged == history->commit;
    if (!ready) {
        return false;
    }
    if (live_size(live) >= HISTORY_LIVE_SIZE_MAX) {
        return true;
    }
    int64_t now_s = now_us / US_PER_S - FLUSH_LATE_S;
    int64_t hour = time_floor(now_s, HISTORY_HOUR_S);
    bool over = live_oldest_s(live) < hour;
    return over && (!history->flushed || history->flush_hour != hour);
}

enum err history_split(struct op *op, struct history *history, int64_t now_us)
{
    must(history->lock != NULL);
    now_us = clock_bound(now_us);
    bool due = history->wants_quiet || split_is_due(history, now_us);
    if (is_waiting(history, now_us) || !due) {
        return ERR_OK;
    }
    TRY(history_flush_split(op, history));
    history->flushed = true;
    history->flush_hour = time_floor(now_us / US_PER_S - FLUSH_LATE_S, HISTORY_HOUR_S);
    return ERR_OK;
}

/* ---- plans ---- */

static size_t class_of(uint64_t size)
{
    size_t class = 0;
    uint64_t end = CLASS_SIZE_FIRST;
    while (size > end && class + 1 < CLASS_COUNT) {
        end *= CLASS_FACTOR;
        class ++;
    }
    return class;
}

static uint64_t keys_max_of(const struct history *history)
{
    uint64_t keys_max = history->options.merge_keys_max;
    return keys_max == 0 ? HISTORY_MERGE_KEYS_MAX : keys_max;
}

/* Whether a segment may be merged with those of a plan, whose filters were told `keys`. That of the
 * new one is held in memory until it is finished. */
static bool is_small_enough(const struct history *history, const struct history_part *part,
                            uint64_t *keys)
{
    uint64_t keys_max = keys_max_of(history);
    bool small = *keys <= keys_max && part->is.facts.filter_keys <= keys_max - *keys;
    *keys += small ? part->is.facts.filter_keys : 0;
    return small;
}

/* Segments of one class, as many as make it due. Of the largest these are fewer. */
static bool plan_class(const struct history *history, size_t class, struct history_plan *plan)
{
    uint64_t keys = 0;
    bool full = false;
    plan->count = 0;
    for (size_t i = 0; i < history->part_count && plan->count < HISTORY_FAN; i++) {
        const struct history_part *part = &history->parts[i];
        bool rests = part->segment == NULL || history_part_rests(history, part);
        if (rests || class_of(part->is.facts.size) != class) {
            continue;
        }
        if (is_small_enough(history, part, &keys)) {
            plan->numbers[plan->count] = part->is.number;
            plan->count++;
        } else {
            full = true;
        }
    }
    bool large = full && plan->count >= HISTORY_FAN / 2 && keys >= keys_max_of(history) / 2;
    return plan->count == HISTORY_FAN || large;
}

/* HISTORY_FAN segments of one class; the smallest class that has as many. */
static bool plan_tier(const struct history *history, struct history_plan *plan)
{
    size_t class = 0;
    while (class < CLASS_COUNT && !plan_class(history, class, plan)) {
        class ++;
    }
    return class < CLASS_COUNT;
}

/* Whether rules were applied to a segment, and those of now. */
static bool is_in_order(const struct history_plan *plan, const struct manifest_segment *segment)
{
    return segment->made_s != 0 && segment->mark == plan->mark;
}

/* Whether a segment holds what has passed an age since that was last looked at: something that
 * begins before `end_s`, and not all of it before `done_s`, which was the end then. */
static bool age_is_due(const struct history_plan *plan, const struct manifest_segment *segment,
                       uint32_t days, uint32_t end_s, uint32_t done_s)
{
    uint64_t age_s = (uint64_t)days * HISTORY_DAY_S;
    uint64_t slack_s = age_s / SLACK_PART < SLACK_MIN_S ? SLACK_MIN_S : age_s / SLACK_PART;
    uint64_t wait_s = plan->at_once ? 1 : slack_s;
    if (segment->facts.first_s >= end_s) {
        return false; /* nothing is so old */
    }
    if (!is_in_order(plan, segment)) {
        return true;
    }
    return segment->made_s + wait_s <= plan->now_s && done_s < end_s &&
           segment->facts.last_s >= done_s;
}

/* Whether something is to be of a longer span of time. */
static bool span_is_due(const struct history_plan *plan, const struct manifest_segment *segment,
                        uint32_t days, enum history_width width)
{
    uint32_t end_s = history_span_start(width, history_days_ago(plan->now_s, days));
    uint32_t done_s = history_span_start(width, history_days_ago(segment->made_s, days));
    return age_is_due(plan, segment, days, end_s, done_s);
}

/* Whether something in a segment is to go for its age. */
static bool end_is_due(const struct history_plan *plan, const struct history_rules *rules,
                       const struct manifest_segment *segment)
{
    bool due = false;
    for (size_t kind = 0; kind < VALUE_KIND_COUNT && !due; kind++) {
        uint32_t end_s = history_days_ago(plan->now_s, rules->days[kind]);
        uint32_t done_s = history_days_ago(segment->made_s, rules->days[kind]);
        due = segment->facts.kind_values[kind] > 0 &&
              age_is_due(plan, segment, rules->days[kind], end_s, done_s);
    }
    return due;
}

/* Whether rules say of something in a segment, or of its hosts, that it is not kept as it is, and
 * were others when they were applied. */
static bool form_is_due(const struct history_plan *plan, const struct history_rules *rules,
                        const struct manifest_segment *segment)
{
    bool meant = rules->host_secret_known;
    for (size_t kind = 0; kind < VALUE_KIND_COUNT; kind++) {
        meant =
            meant || (segment->facts.kind_values[kind] > 0 && rules->keep[kind] != HISTORY_KEEP);
    }
    return meant && segment->mark != plan->mark;
}

static bool rules_are_due(const struct history_plan *plan, const struct history_rules *rules,
                          const struct manifest_segment *segment)
{
    return span_is_due(plan, segment, rules->hour_days, HISTORY_DAY) ||
           span_is_due(plan, segment, rules->day_days, HISTORY_MONTH) ||
           end_is_due(plan, rules, segment) || form_is_due(plan, rules, segment);
}

static void plan_one(struct history_plan *plan, const struct history_part *part)
{
    plan->numbers[0] = part->is.number;
    plan->count = 1;
}

/* A segment that rests is written anew, without its damaged blocks, only where something must go.
 */
static bool plan_rules(const struct history *history, struct history_plan *plan)
{
    const struct history_rules *rules = history->options.rules;
    for (size_t i = 0; i < history->part_count; i++) {
        const struct history_part *part = &history->parts[i];
        bool ends = end_is_due(plan, rules, &part->is);
        bool due =
            ends || (!history_part_rests(history, part) && rules_are_due(plan, rules, &part->is));
        if (part->segment != NULL && due) {
            plan_one(plan, part);
            plan->drops = ends;
            return true;
        }
    }
    return false;
}

/* ---- what cannot be read ---- */

/* Whether all that a segment held would be gone by now. */
static bool is_past(const struct history *history, const struct history_part *part, uint32_t now_s)
{
    const struct history_rules *rules = history->options.rules;
    const struct segment_facts *facts = &part->is.facts;
    if (facts->last_s < history->cut_s) {
        return true;
    }
    for (size_t kind = 0; kind < VALUE_KIND_COUNT; kind++) {
        uint64_t age_s = (uint64_t)rules->days[kind] * HISTORY_DAY_S;
        if (facts->kind_values[kind] > 0 && (age_s == 0 || facts->last_s + age_s >= now_s)) {
            return false;
        }
    }
    return true;
}

/* Nothing is lost then. */
static enum err past_remove(struct op *op, struct history *history, uint32_t now_s)
{
    for (size_t i = 0; i < history->part_count; i++) {
        const struct history_part *part = &history->parts[i];
        if (part->segment == NULL && is_past(history, part, now_s)) {
            const uint64_t number = part->is.number;
            struct history_change change = history_change_none(history);
            change.removed = &number;
            change.removed_count = 1;
            return history_change(op, history, &change);
        }
    }
    return ERR_OK;
}

/* ---- the size ---- */

/* About how many bytes lie before a second, as if each segment held the same of every second. */
static uint64_t size_before(const struct history *history, uint32_t second)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < history->part_count; i++) {
        const struct segment_facts *facts = &history->parts[i].is.facts;
        if (facts->last_s < second) {
            sum += facts->size;
        } else if (facts->first_s < second) {
            uint64_t span = (uint64_t)facts->last_s - facts->first_s + 1;
            uint64_t part = (uint64_t)second - facts->first_s;
            sum += (uint64_t)((double)facts->size * ((double)part / (double)span));
        }
    }
    return sum;
}

static uint64_t size_all(const struct history *history)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < history->part_count; i++) {
        sum += history->parts[i].is.facts.size;
    }
    return sum;
}

/* The second before which enough lies; later than the one before. */
static uint32_t cut_find(const struct history *history, uint64_t excess)
{
    uint32_t low = 0;
    uint32_t high = UINT32_MAX;
    for (size_t i = 0; i < CUT_STEPS && low < high; i++) {
        uint32_t middle = low + (high - low) / 2;
        if (size_before(history, middle) < excess) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    uint32_t hour = history_span_start(HISTORY_HOUR, high);
    uint32_t least = history_span_end(HISTORY_HOUR, history->cut_s);
    return hour > least ? hour : least;
}

static bool cut_next(const struct history *history, struct history_plan *plan)
{
    for (size_t i = 0; i < history->part_count && history->cut_s != 0; i++) {
        const struct history_part *part = &history->parts[i];
        if (part->segment != NULL && part->is.facts.first_s < history->cut_s &&
            part->cut_s < history->cut_s) {
            plan_one(plan, part);
            plan->drops = true;
            plan->cut_s = history->cut_s;
            return true;
        }
    }
    return false;
}

static bool plan_size(struct history *history, struct history_plan *plan)
{
    uint64_t size_max = history->options.rules->size_max;
    uint64_t size = size_all(history);
    if (cut_next(history, plan)) {
        return true; /* what was begun is finished, however much it was */
    }
    if (size_max == 0 || size <= size_max) {
        return false;
    }
    history->cut_s = cut_find(history, size - size_max + size_max / SIZE_SPARE_PART);
    return cut_next(history, plan);
}

/* ---- work ---- */

static enum err plan_new(struct op *op, const struct history *history, uint32_t now_s,
                         struct history_plan *ret)
{
    *ret = (struct history_plan){ .now_s = now_s,
                                  .mark = history_rules_mark(history->options.rules),
                                  .cut_s = history->cut_s };
    ret->numbers = memory_new_array(history->part_count + 1, sizeof *ret->numbers);
    return ret->numbers == NULL ? op_fail(op, ERR_LIMIT, "out of memory for the history's work")
                                : ERR_OK;
}

static bool plan_make(struct history *history, struct history_plan *plan)
{
    return plan_tier(history, plan) || plan_rules(history, plan) || plan_size(history, plan);
}

static enum err job_choose(struct op *op, struct history *history, uint32_t now_s, bool *ret_more)
{
    struct history_plan plan;
    enum err err = ERR_OK;
    TRY(past_remove(op, history, now_s));
    TRY(plan_new(op, history, now_s, &plan));
    *ret_more = plan_make(history, &plan);
    if (*ret_more) {
        err = history_job_begin(op, history, &plan);
    }
    memory_free(plan.numbers);
    return err;
}

static enum err work_do(struct op *op, struct history *history, int64_t now_us, int64_t budget_us,
                        bool *ret_more)
{
    bool done = false;
    TRY(history_settle(op, history));
    uint32_t now_s = clock_believe(history, now_us);
    TRY(clock_keep(op, history));
    *ret_more = true;
    TRY(history_split(op, history, now_us));
    if (live_older_last(history->live) != 0) {
        return history_flush_step(op, history, budget_us, &done);
    }
    if (history->is_between) { /* the job, if there is one, is somebody else's */
        *ret_more = false;
        return ERR_OK;
    }
    if (history->job != NULL) {
        return history_job_step(op, history, budget_us, &done, NULL);
    }
    return job_choose(op, history, now_s, ret_more);
}

enum history_pressure history_pressure(const struct history *history, int64_t now_us)
{
    const struct live *live = history->live;
    if (is_waiting(history, clock_bound(now_us))) {
        return HISTORY_EASY;
    }
    uint64_t newer = live_newer_size(live) + live_waiting(live);
    bool grows = live_older_last(live) != 0 && newer > HISTORY_LIVE_SIZE_MAX;
    if ((grows && newer > (uint64_t)NEWER_FACTOR * HISTORY_LIVE_SIZE_MAX) ||
        history->part_count > PARTS_TOO_MANY) {
        return HISTORY_OVERRUN;
    }
    return grows || history->part_count > PARTS_MANY ? HISTORY_PRESSED : HISTORY_EASY;
}

enum err history_work(struct op *op, struct history *history, int64_t now_us, int64_t budget_us,
                      bool *ret_more)
{
    must(history->lock != NULL);
    now_us = clock_bound(now_us);
    if (is_waiting(history, now_us)) {
        *ret_more = false;
        return ERR_OK;
    }
    enum err err = work_do(op, history, now_us, budget_us, ret_more);
    if (err == ERR_FULL || err == ERR_LIMIT) {
        int64_t wait_us = err == ERR_FULL ? FULL_WAIT_US : (int64_t)MEMORY_WAIT_S * US_PER_S;
        history->wait_until_us = now_us + wait_us;
        op_fault_clear(op);
        *ret_more = false;
        return ERR_OK;
    }
    return err;
}

/* ---- compacting ---- */

static bool plan_rules_left(struct history *history, struct history_plan *plan)
{
    return plan_rules(history, plan);
}

/* From a segment on, all that can be read, is whole, and fits into one; whether there is anything
 * to do. What came since it was begun, or was made by it, is left. */
static bool plan_from(const struct history *history, size_t first, struct history_plan *plan)
{
    uint64_t keys = 0;
    bool due = false;
    plan->count = 0;
    for (size_t i = first; i < history->part_count; i++) {
        const struct history_part *part = &history->parts[i];
        bool meant = part->segment != NULL && part->is.number < history->compact_before &&
                     !history_part_rests(history, part);
        bool alone = meant && plan->count == 0; /* however large */
        if (meant && (is_small_enough(history, part, &keys) || alone)) {
            keys = alone ? part->is.facts.filter_keys : keys;
            plan->numbers[plan->count] = part->is.number;
            plan->count++;
            due = due || rules_are_due(plan, history->options.rules, &part->is);
        }
    }
    return plan->count > 1 || (plan->count == 1 && due);
}

static bool plan_all(struct history *history, struct history_plan *plan)
{
    size_t first = 0;
    while (first < history->part_count && !plan_from(history, first, plan)) {
        first++;
    }
    return first < history->part_count;
}

/* Where a segment proves to be damaged, it rests, and is not in the next plan. The clock stands
 * still: else there would be more to do with each second. */
static enum err plan_do(struct op *op, struct history *history, uint32_t now_s,
                        bool (*choose)(struct history *history, struct history_plan *plan),
                        bool *ret_more)
{
    struct history_plan plan; /* made anew: between two steps segments may be added */
    struct merge_result result;
    TRY(plan_new(op, history, now_s, &plan));
    plan.at_once = true;
    *ret_more = choose(history, &plan);
    enum err err = *ret_more ? history_job_whole(op, history, &plan, &result) : ERR_OK;
    memory_free(plan.numbers);
    return err;
}

/* Until there is nothing more to do. */
static enum err plan_do_all(struct op *op, struct history *history, uint32_t now_s,
                            bool (*choose)(struct history *history, struct history_plan *plan))
{
    bool more = true;
    while (more) {
        TRY(plan_do(op, history, now_s, choose, &more));
    }
    return ERR_OK;
}

enum err history_compact(struct op *op, struct history *history, int64_t now_us)
{
    must(history->lock != NULL);
    must(!history->is_between);
    history_job_drop(history);
    TRY(history_flush(op, history));
    const uint32_t now_s = clock_seconds(now_us);
    history->head.clock_s = now_s; /* who asks for it has looked at the clock */
    history->leap_s = 0;
    history->compact_before = history->head.next_number;
    TRY(past_remove(op, history, now_s));
    TRY(plan_do_all(op, history, now_s, plan_all));
    TRY(plan_do_all(op, history, now_s, plan_rules_left));
    return plan_do_all(op, history, now_s, plan_size);
}
