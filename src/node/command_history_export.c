// SPDX-License-Identifier: EUPL-1.2
/*
 * linie history export: rows as they lie, for other programs: who, what, where, when, how often.
 */
#include "base/must.h"
#include "exchange/exchange.h"
#include "format/json_writer.h"
#include "node/asking.h"
#include "node/losses.h"
#include "node/past.h"
#include "node/print.h"
#include "node/rows_told.h"

enum { LINE_SIZE_MAX = 1024 * 1024 };

struct exporting {
    struct asking asking;
    bool csv;
    struct buf line;
    struct buf value;
    struct buf time;
    uint64_t postings;
    uint64_t damaged;
    struct losses_told lost;
    bool several; /* values, which may meet the same rows */
    struct rows_told told;
};

/* A posting, and what it is of. */
struct line {
    enum history_form form;
    enum value_kind kind;
    struct span value;
    const struct history_row *row;
    const struct history_posting *posting;
    struct span host;
    const struct history_way *way;
};

static const char *form_name(enum history_form form)
{
    static const char *const names[HISTORY_FORM_COUNT] = { "whole", "truncated", "hashed" };
    must(form < HISTORY_FORM_COUNT);
    return names[form];
}

static const char *width_name(enum history_width width)
{
    static const char *const names[HISTORY_WIDTH_COUNT] = { "hour", "day", "month" };
    must(width < HISTORY_WIDTH_COUNT);
    return names[width];
}

/* ---- a line of each form ---- */

static void json_second(struct json_writer *w, struct span key, uint32_t second)
{
    json_member_time(w, key, (int64_t)second * US_PER_S);
}

static void write_json(struct exporting *exporting, const struct line *line)
{
    struct json_writer w;
    json_writer_init(&w, &exporting->line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("kind"), span_of(value_kind_name(line->kind)));
    json_member_string(&w, SPAN("value"), line->value);
    json_member_string(&w, SPAN("form"), span_of(form_name(line->form)));
    json_member_string(&w, SPAN("span"), span_of(width_name(line->row->width)));
    json_second(&w, SPAN("start"), line->row->start_s);
    json_member_string(&w, SPAN("inside"), line->host);
    json_member_string(&w, SPAN("sensor"), line->way->sensor);
    json_member_string(&w, SPAN("field"), line->way->field);
    json_member_string(&w, SPAN("direction"), span_of(rank_direction_name(line->way->direction)));
    json_member_string(&w, SPAN("outcome"), span_of(rank_outcome_name(line->way->outcome)));
    json_member_bool(&w, SPAN("answer"), line->way->answer);
    json_second(&w, SPAN("first"), line->posting->first_s);
    json_second(&w, SPAN("last"), line->posting->last_s);
    json_member_u64(&w, SPAN("count"), line->posting->count);
    json_end_object(&w);
    print_json(exporting->asking.invocation, &exporting->line);
}

static void cell(struct exporting *exporting, struct span text)
{
    if (exporting->line.size > 0) {
        buf_add_byte(&exporting->line, ',');
    }
    exchange_csv_add_cell(&exporting->line, text);
}

static void cell_second(struct exporting *exporting, uint32_t second)
{
    char text[TIME_TEXT_SIZE];
    cell(exporting, span_of(print_second((int64_t)second * US_PER_S, text, sizeof text)));
}

static void line_end(struct exporting *exporting)
{
    FILE *out = exporting->asking.invocation->out;
    buf_add(&exporting->line, SPAN("\r\n")); /* RFC 4180, section 2 */
    if (exporting->asking.invocation->terminal) {
        print_text(exporting->asking.invocation, span_trim(buf_span(&exporting->line)), 0);
        fputc('\n', out);
    } else if (exporting->line.err == ERR_OK) {
        fwrite(exporting->line.data, 1, exporting->line.size, out);
    }
    buf_clear(&exporting->line);
}

static void write_csv(struct exporting *exporting, const struct line *line)
{
    char count[32];
    snprintf(count, sizeof count, "%llu", (unsigned long long)line->posting->count);
    cell(exporting, span_of(value_kind_name(line->kind)));
    cell(exporting, line->value);
    cell(exporting, span_of(form_name(line->form)));
    cell(exporting, span_of(width_name(line->row->width)));
    cell_second(exporting, line->row->start_s);
    cell(exporting, line->host);
    cell(exporting, line->way->sensor);
    cell(exporting, line->way->field);
    cell(exporting, span_of(rank_direction_name(line->way->direction)));
    cell(exporting, span_of(rank_outcome_name(line->way->outcome)));
    cell(exporting, line->way->answer ? SPAN("true") : SPAN("false"));
    cell_second(exporting, line->posting->first_s);
    cell_second(exporting, line->posting->last_s);
    cell(exporting, span_of(count));
    line_end(exporting);
}

static void write_header(struct exporting *exporting)
{
    static const char *const names[] = { "kind",   "value",  "form",  "span",      "start",
                                         "inside", "sensor", "field", "direction", "outcome",
                                         "answer", "first",  "last",  "count" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        cell(exporting, span_of(names[i]));
    }
    line_end(exporting);
}

/* ---- rows ---- */

/* Rows of one value; of some segment. */
struct rows {
    enum value_kind kind;
    enum history_form form;
    struct span key;
    size_t count;
    const struct history_row *at;
    const struct span *hosts;
    const struct history_way *ways;
};

static bool is_asked(const struct asking *asking, const struct history_posting *posting,
                     const struct history_way *way)
{
    bool in_time = posting->last_s >= asking->since_s && posting->first_s <= asking->until_s;
    return in_time && (asking->sensor.size == 0 || span_equal(asking->sensor, way->sensor));
}

static void write_rows(struct exporting *exporting, const struct rows *rows)
{
    buf_clear(&exporting->value);
    history_kept_add_text(&exporting->value, rows->kind, rows->form, rows->key);
    struct line line = { .form = rows->form,
                         .kind = rows->kind,
                         .value = buf_span(&exporting->value) };
    for (size_t i = 0; i < rows->count; i++) {
        line.row = &rows->at[i];
        for (size_t at = 0; at < line.row->posting_count; at++) {
            line.posting = &line.row->postings[at];
            line.host = rows->hosts[line.posting->host];
            line.way = &rows->ways[line.posting->way];
            if (!is_asked(&exporting->asking, line.posting, line.way)) {
                continue;
            }
            exporting->postings++;
            if (exporting->csv) {
                write_csv(exporting, &line);
            } else {
                write_json(exporting, &line);
            }
        }
    }
}

static enum err on_found(void *context, const struct hunt_found *found)
{
    struct exporting *exporting = context;
    bool told = false;
    if (exporting->several) {
        TRY(rows_told_before(exporting->asking.invocation->op, &exporting->told, found, &told));
    }
    if (told) {
        return ERR_OK;
    }
    const struct rows rows = {
        .kind = found->kind,
        .form = found->form,
        .key = found->key,
        .count = found->row_count,
        .at = found->rows,
        .hosts = found->hosts,
        .ways = found->ways,
    };
    write_rows(exporting, &rows);
    return ERR_OK;
}

static void on_damage(void *context, const char *text)
{
    struct exporting *exporting = context;
    exporting->damaged++;
    fprintf(exporting->asking.invocation->err, "linie history export: %s\n", text);
}

static enum err export_values(struct exporting *exporting, struct op *op, struct history *history)
{
    const struct hunt_questions questions = questions_of(&exporting->asking.questions);
    struct hunt_result result = { .cut = false };
    const struct hunt_options options = {
        .since_s = exporting->asking.since_s,
        .until_s = exporting->asking.until_s,
        .sensor = exporting->asking.sensor,
        .on_found = on_found,
        .on_damage = on_damage,
        .context = exporting,
    };
    exporting->several = questions.count > 1;
    TRY(hunt_ask(op, history, exporting->asking.grant, &questions, &options, &result));
    if (result.cut) {
        fputs("linie history export: some values meet more of what was asked for than can be told "
              "at once: ask for less at a time\n",
              exporting->asking.invocation->err);
    }
    return ERR_OK;
}

static enum err export_segment(struct exporting *exporting, struct op *op,
                               const struct segment *segment, struct segment_cursor *cursor)
{
    size_t count = 0;
    uint8_t key[HISTORY_ORDER_SIZE_MAX];
    struct rows rows = { .hosts = segment_hosts(segment, &count) };
    rows.ways = segment_ways(segment, &count);
    for (;;) {
        struct history_entry entry;
        enum err err = segment_cursor_next(op, cursor, &entry);
        if (err == ERR_ABSENT) {
            return ERR_OK;
        }
        if (err == ERR_CORRUPT) {
            on_damage(exporting, op->fault.text);
            op_fault_clear(op);
            continue;
        }
        TRY(err);
        history_order(entry.kind, entry.form, entry.order, key);
        rows.kind = entry.kind;
        rows.form = entry.form;
        rows.key = span_make(key, entry.order.size);
        rows.count = entry.row_count;
        rows.at = entry.rows;
        write_rows(exporting, &rows);
        TRY(op_check(op));
    }
}

static enum err export_all(struct exporting *exporting, struct op *op, struct history *history)
{
    const struct segment *const *segments = NULL;
    size_t count = 0;
    TRY(history_segments(op, history, &segments, &count));
    for (size_t i = 0; i < count; i++) {
        struct segment_cursor *cursor = NULL;
        TRY(segment_cursor_new(op, segments[i], &cursor));
        enum err err = export_segment(exporting, op, segments[i], cursor);
        segment_cursor_free(cursor);
        TRY(err);
    }
    return ERR_OK;
}

static enum err write_all(struct exporting *exporting)
{
    const struct asking *asking = &exporting->asking;
    struct op *op = asking->invocation->op;
    struct node *node = asking->invocation->node;
    const struct hunt_questions questions = questions_of(&asking->questions);
    uint64_t kinds = asking->all ? HISTORY_LOSS_KINDS_ALL : hunt_kinds(&questions);
    TRY(past_reading(op, node));
    if (exporting->csv) {
        write_header(exporting);
    }
    if (node->history == NULL) {
        return ERR_OK;
    }
    TRY(losses_tell(asking->invocation, kinds, asking->since_s, asking->until_s, &exporting->lost));
    TRY(asking->all ? export_all(exporting, op, node->history)
                    : export_values(exporting, op, node->history));
    losses_tell_end(asking->invocation, &exporting->lost, exporting->damaged);
    return losses_notice(op, node);
}

int command_history_export(struct invocation *invocation)
{
    struct exporting exporting = {
        .asking = { .invocation = invocation, .act = STORE_ASKED_EXPORT },
        .csv = command_value(invocation, "csv") != NULL,
    };
    int code = EXIT_TROUBLE;
    buf_init(&exporting.line, LINE_SIZE_MAX);
    buf_init(&exporting.value, LINE_SIZE_MAX);
    rows_told_begin(&exporting.told);
    enum err err = past_asked(invocation->op, invocation->node);
    if (err == ERR_OK) {
        err = asking_begin(&exporting.asking);
    }
    if (err == ERR_OK && exporting.asking.waits) {
        asking_tell_waits(&exporting.asking);
    } else if (err == ERR_OK && write_all(&exporting) == ERR_OK) {
        code = exporting.damaged + exporting.lost.count > 0 ? EXIT_REFUSALS : EXIT_DONE;
    } else {
        code = command_fail(invocation);
    }
    rows_told_done(&exporting.told);
    buf_done(&exporting.value);
    buf_done(&exporting.line);
    asking_done(&exporting.asking);
    return code;
}
