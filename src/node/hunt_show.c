// SPDX-License-Identifier: EUPL-1.2
#include "node/hunt_show.h"

#include "node/flow.h"
#include "node/questions.h"

enum {
    FACT_COLUMN = 11,
    INDENT = 2,
    NAMES_SHOWN_MAX = 10,
    SENSOR_SHOWN_MAX = 255, /* longer than the history's names */
    DAY_TEXT_SIZE = sizeof "2026-11-21" - 1,
    LEVELS = 8,
    COLUMNS_MAX = 1000,
};

static const char *moment(uint32_t second, char *text, size_t size)
{
    return print_second((int64_t)second * US_PER_S, text, size);
}

static void fact_begin(struct flow *flow, const struct invocation *invocation, const char *name)
{
    flow_begin(flow, invocation, FACT_COLUMN);
    flow_to(flow, INDENT);
    flow_words(flow, "%s", name);
    flow_to(flow, FACT_COLUMN);
}

/* ---- what was asked ---- */

static const char *scope_words(enum value_scope scope)
{
    switch (scope) {
    case VALUE_SCOPE_SUBDOMAINS:
        return "and names below";
    case VALUE_SCOPE_SUBDOMAINS_ONLY:
        return "(only names below)";
    case VALUE_SCOPE_ANY_QUERY:
        return "with whatever query";
    case VALUE_SCOPE_PREFIX:
        return "and what begins so";
    default:
        return "";
    }
}

static void add_question(struct flow *flow, const struct hunt_question *question, const char *after)
{
    struct buf text;
    const char *words = scope_words(question->scope);
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    value_add_text(&text, &question->value);
    flow_words(flow, "%s", value_kind_name(question->value.kind));
    flow_value_cut(flow, buf_span(&text), HUNT_VALUE_SHOWN_MAX, words[0] == '\0' ? after : "");
    if (words[0] != '\0') {
        flow_words(flow, "%s%s", words, after);
    }
    buf_done(&text);
}

/* ---- the bar ---- */

/* A piece of time, as wide as one character. */
struct bar {
    uint32_t first_day; /* since 1970 */
    size_t days;        /* of a column */
    size_t count;
    uint64_t columns[COLUMNS_MAX];
    uint64_t most;
};

static uint32_t day_of(uint32_t second)
{
    return second / HISTORY_DAY_S;
}

static void bar_add(struct bar *bar, uint32_t day, uint64_t count)
{
    size_t column = (day - bar->first_day) / bar->days;
    if (day >= bar->first_day && column < bar->count) {
        bar->columns[column] += count;
    }
}

/* What is known to the month only stands evenly in all its days that can be meant. */
static void bar_add_month(struct bar *bar, const struct answer_day *month, const struct answer *a)
{
    uint32_t begin = day_of(month->start_s);
    uint32_t end = day_of(history_span_end(HISTORY_MONTH, month->start_s) - 1);
    begin = begin < day_of(a->first_s) ? day_of(a->first_s) : begin;
    end = end > day_of(a->last_s) ? day_of(a->last_s) : end;
    for (uint32_t day = begin; day <= end; day++) {
        bar_add(bar, day, (month->count + end - begin) / (end - begin + 1));
    }
}

static void bar_make(const struct answer *answer, size_t width, struct bar *ret)
{
    size_t days = day_of(answer->last_s) - day_of(answer->first_s) + 1;
    width = width < COLUMNS_MAX ? width : COLUMNS_MAX;
    *ret = (struct bar){ .first_day = day_of(answer->first_s) };
    ret->days = (days + width - 1) / width;
    ret->count = (days + ret->days - 1) / ret->days;
    for (size_t i = 0; i < answer->day_count; i++) {
        const struct answer_day *day = &answer->days[i];
        if (day->month) {
            bar_add_month(ret, day, answer);
        } else {
            bar_add(ret, day_of(day->start_s), day->count);
        }
    }
    for (size_t i = 0; i < ret->count; i++) {
        ret->most = ret->columns[i] > ret->most ? ret->columns[i] : ret->most;
    }
}

static void bar_add_text(struct buf *text, const struct bar *bar, bool unicode)
{
    static const char *const blocks[] = { "\u00b7", "\u2581", "\u2582", "\u2583", "\u2584",
                                          "\u2585", "\u2586", "\u2587", "\u2588" };
    static const char *const letters[] = { ".", "1", "2", "3", "4", "5", "6", "7", "8" };
    for (size_t i = 0; i < bar->count; i++) {
        double share = bar->most > 0 ? (double)bar->columns[i] / (double)bar->most : 0;
        unsigned level = (unsigned)(share * LEVELS);
        level = level == 0 && bar->columns[i] > 0 ? 1 : level;
        level = level > LEVELS ? LEVELS : level;
        buf_add(text, span_of(unicode ? blocks[level] : letters[level]));
    }
}

static void show_bar(const struct invocation *invocation, const struct answer *answer)
{
    enum { TEXT_SIZE_MAX = COLUMNS_MAX * 4 };
    char first[TIME_TEXT_SIZE];
    char last[TIME_TEXT_SIZE];
    struct bar bar;
    struct buf text;
    struct flow flow;
    size_t taken = FACT_COLUMN + 2 * (DAY_TEXT_SIZE + 1) + 1;
    if (day_of(answer->first_s) == day_of(answer->last_s)) {
        return;
    }
    bar_make(answer, invocation->width - taken, &bar);
    buf_init(&text, TEXT_SIZE_MAX);
    bar_add_text(&text, &bar, invocation->unicode);
    moment(answer->first_s, first, sizeof first);
    moment(answer->last_s, last, sizeof last);
    fact_begin(&flow, invocation, "days");
    flow_words(&flow, "%.*s", DAY_TEXT_SIZE, first);
    flow_value(&flow, "", buf_span(&text), "");
    flow_words(&flow, "%.*s", DAY_TEXT_SIZE, last);
    flow_end(&flow);
    buf_done(&text);
}

/* ---- names ---- */

static void add_count(struct flow *flow, uint64_t count, const char *after)
{
    char number[32];
    flow_words(flow, "(%s)%s", print_count(count, number, sizeof number), after);
}

static void show_parts(const struct invocation *invocation, const char *name,
                       const struct answer_parts *parts)
{
    struct flow flow;
    size_t shown = parts->count < NAMES_SHOWN_MAX ? parts->count : NAMES_SHOWN_MAX;
    uint64_t more = parts->count - shown + parts->more;
    if (parts->count == 0) {
        return;
    }
    fact_begin(&flow, invocation, name);
    for (size_t i = 0; i < shown; i++) {
        struct span part = parts->at[i].name.size > 0 ? parts->at[i].name : SPAN("(none)");
        flow_value_cut(&flow, part, HUNT_VALUE_SHOWN_MAX, "");
        add_count(&flow, parts->at[i].count, i + 1 < shown ? "," : "");
    }
    if (more > 0) {
        char number[32];
        flow_words(&flow, "and %s more", print_count(more, number, sizeof number));
    }
    flow_end(&flow);
}

/* The values that met it, unless that is the very one that was asked for. */
static void show_values(const struct invocation *invocation, const struct hunt_question *question,
                        const struct answer *answer)
{
    struct buf text;
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    value_add_text(&text, &question->value);
    bool itself = answer->values.count == 1 && answer->values.more == 0 &&
                  span_equal(answer->values.at[0].name, buf_span(&text));
    buf_done(&text);
    if (!itself) {
        show_parts(invocation, "values", &answer->values);
    }
}

static void show_uncertain(const struct invocation *invocation, const struct answer *answer)
{
    struct flow flow;
    if (!answer->uncertain) {
        return;
    }
    fact_begin(&flow, invocation, "perhaps");
    flow_words(&flow, "a part of it is kept cut or as a keyed hash only: it may have been another "
                      "value that begins so");
    flow_end(&flow);
}

/* ---- people ---- */

static void show_when(const struct invocation *invocation, const struct answer *answer)
{
    char first[TIME_TEXT_SIZE];
    char last[TIME_TEXT_SIZE];
    char lines[64];
    char days[64];
    uint64_t months = 0;
    struct flow flow;
    for (size_t i = 0; i < answer->day_count; i++) {
        months += answer->days[i].month ? 1 : 0;
    }
    fact_begin(&flow, invocation, "seen");
    flow_words(&flow, "%s to", moment(answer->first_s, first, sizeof first));
    flow_words(&flow, "%s,", moment(answer->last_s, last, sizeof last));
    flow_words(&flow, "%s", print_counted(answer->count, "time", "times", lines, sizeof lines));
    if (answer->day_count > months) {
        flow_words(&flow, "on %s",
                   print_counted(answer->day_count - months, "day", "days", days, sizeof days));
    }
    if (months > 0) {
        flow_words(&flow, "%s %s of which the days are not known any more",
                   answer->day_count > months ? "and in" : "in",
                   print_counted(months, "month", "months", days, sizeof days));
    }
    flow_end(&flow);
}

void hunt_show_seen(const struct invocation *invocation, const struct hunt_question *question,
                    const struct answer *answer)
{
    struct flow flow;
    flow_begin(&flow, invocation, INDENT);
    flow_styled(&flow, PRINT_ALARM, "SEEN");
    add_question(&flow, question, "");
    flow_end(&flow);
    show_when(invocation, answer);
    show_bar(invocation, answer);
    show_parts(invocation, "inside", &answer->hosts);
    show_parts(invocation, "sensors", &answer->sensors);
    show_parts(invocation, "fields", &answer->fields);
    show_values(invocation, question, answer);
    show_uncertain(invocation, answer);
}

/* "never seen since 2026-08-01", or why that cannot be said. */
static void add_never(struct buf *buf, const struct hunt_reach *reach)
{
    char since[TIME_TEXT_SIZE];
    char until[TIME_TEXT_SIZE];
    uint32_t first_s = reach->since_s > reach->first_s ? reach->since_s : reach->first_s;
    if (reach->first_s == UINT32_MAX) {
        buf_add(buf, reach->incomplete ? SPAN("not known: what was remembered cannot be read")
                                       : SPAN("not known: nothing is remembered yet"));
        return;
    }
    if (reach->until_s <= reach->first_s) {
        buf_add_format(buf, "not known: the history begins at %s",
                       moment(reach->first_s, since, sizeof since));
        return;
    }
    buf_add(buf, reach->incomplete ? SPAN("not seen in what can be read ") : SPAN("never seen "));
    if (reach->sensor.size > 0) { /* a name that was mistyped must not sound like an all-clear */
        size_t size = reach->sensor.size < SENSOR_SHOWN_MAX ? reach->sensor.size : SENSOR_SHOWN_MAX;
        buf_add_format(buf, "by the sensor \"%.*s\" ", (int)size, (const char *)reach->sensor.data);
    }
    buf_add_format(buf, "since %s", moment(first_s, since, sizeof since));
    if (reach->until_s != UINT32_MAX) {
        buf_add_format(buf, " and before %s", moment(reach->until_s, until, sizeof until));
    }
    if (reach->incomplete) {
        buf_add(buf, SPAN("; a part of the history is lost, and it may have been there"));
    }
}

void hunt_show_unseen(const struct invocation *invocation, const struct hunt_question *question,
                      const struct hunt_reach *reach, bool kept)
{
    enum { TEXT_SIZE_MAX = 256 + SENSOR_SHOWN_MAX };
    struct flow flow;
    struct buf text;
    buf_init(&text, TEXT_SIZE_MAX);
    add_never(&text, reach);
    flow_begin(&flow, invocation, INDENT);
    add_question(&flow, question, ":");
    flow_text(&flow, buf_span(&text));
    if (!kept) {
        flow_after(&flow, ";");
        flow_words(&flow, "values of this kind are not remembered (drop in linie.conf)");
    }
    flow_end(&flow);
    buf_done(&text);
}

/* ---- programs ---- */

static void json_second(struct json_writer *w, struct span key, uint32_t second)
{
    json_member_time(w, key, (int64_t)second * US_PER_S);
}

static void json_parts(struct json_writer *w, struct span key, const char *what,
                       const struct answer_parts *parts)
{
    struct buf more;
    json_key(w, key);
    json_begin_array(w);
    for (size_t i = 0; i < parts->count; i++) {
        const struct answer_part *part = &parts->at[i];
        json_begin_object(w);
        json_member_string(w, span_of(what), part->name);
        json_member_u64(w, SPAN("count"), part->count);
        json_second(w, SPAN("first"), part->first_s);
        json_second(w, SPAN("last"), part->last_s);
        if (part->kind != VALUE_NONE) {
            json_member_string(w, SPAN("kind"), span_of(value_kind_name(part->kind)));
            json_member_string(w, SPAN("met"), span_of(match_rung_name(part->rung)));
            json_member_bool(w, SPAN("whole"), part->form == HISTORY_WHOLE);
        }
        json_end_object(w);
    }
    json_end_array(w);
    buf_init(&more, 32); /* "sensors_more" */
    buf_add(&more, key);
    buf_add(&more, SPAN("_more"));
    json_member_u64(w, buf_span(&more), parts->more);
    buf_done(&more);
}

static void json_days(struct json_writer *w, const struct answer *answer)
{
    json_key(w, SPAN("days"));
    json_begin_array(w);
    for (size_t i = 0; i < answer->day_count; i++) {
        char text[TIME_TEXT_SIZE];
        size_t size = answer->days[i].month ? sizeof "2026-11" - 1 : (size_t)DAY_TEXT_SIZE;
        moment(answer->days[i].start_s, text, sizeof text);
        json_begin_object(w);
        json_member_string(w, answer->days[i].month ? SPAN("month") : SPAN("day"),
                           span_slice(span_of(text), 0, size));
        json_member_u64(w, SPAN("count"), answer->days[i].count);
        json_end_object(w);
    }
    json_end_array(w);
}

static void json_seen(struct json_writer *w, const struct answer *answer)
{
    json_second(w, SPAN("first"), answer->first_s);
    json_second(w, SPAN("last"), answer->last_s);
    json_days(w, answer);
    json_member_bool(w, SPAN("uncertain"), answer->uncertain);
    json_parts(w, SPAN("inside"), "host", &answer->hosts);
    json_parts(w, SPAN("sensors"), "sensor", &answer->sensors);
    json_parts(w, SPAN("fields"), "field", &answer->fields);
    json_parts(w, SPAN("values"), "value", &answer->values);
}

void hunt_json(struct json_writer *w, const struct hunt_question *question,
               const struct answer *answer, const struct hunt_reach *reach)
{
    struct buf text;
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    value_add_text(&text, &question->value);
    json_begin_object(w);
    json_member_string(w, SPAN("asked"), buf_span(&text));
    json_member_string(w, SPAN("kind"), span_of(value_kind_name(question->value.kind)));
    json_member_string(w, SPAN("scope"), span_of(value_scope_name(question->scope)));
    json_member_u64(w, SPAN("count"), answer->count);
    if (answer->count > 0) {
        json_seen(w, answer);
    }
    if (reach->first_s != UINT32_MAX) {
        json_second(w, SPAN("history_since"), reach->first_s);
    }
    json_member_bool(w, SPAN("incomplete"), reach->incomplete);
    json_member_u64(w, SPAN("entry"), reach->entry);
    json_end_object(w);
    buf_done(&text);
}
