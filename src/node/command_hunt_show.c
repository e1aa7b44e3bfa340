// SPDX-License-Identifier: EUPL-1.2
/*
 * linie hunt --show: the lines behind the answer. It takes as long as the logs are large, so it is
 * done by the caller's own process: a watch that runs does not wait for it.
 */
#include "format/json_writer.h"
#include "node/argument.h"
#include "node/asking.h"
#include "node/flow.h"
#include "node/hunt_show.h"
#include "node/past.h"
#include "node/pseudonyms.h"
#include "node/raw.h"
#include "node/roles.h"

enum { LINE_SIZE_MAX = 64 * 1024, LIMIT_DEFAULT = 10, LIMIT_MAX = 1000 * 1000 };

struct showing {
    struct asking asking;
    struct raw_hours hours;
    uint64_t count; /* of lines */
    uint64_t limit;
    uint64_t from; /* of the line that was shown last */
    size_t question;
    bool *wanted; /* by question: it was seen */
    struct buf path;
    struct buf line;
    struct buf text; /* a line as it is shown */
};

enum err command_hunt_gather(struct invocation *invocation)
{
    uint64_t limit = 0;
    const char *text = command_value(invocation, "limit");
    if (text != NULL &&
        (span_to_u64(span_of(text), &limit) != ERR_OK || limit == 0 || limit > LIMIT_MAX)) {
        return op_fail(invocation->op, ERR_FORMAT, "--limit %s: not a number from 1 to %d", text,
                       LIMIT_MAX);
    }
    if (command_value(invocation, "show") != NULL) {
        TRY(roles_begin(invocation->op, &invocation->roles));
    }
    return argument_gather(invocation);
}

/* ---- when ---- */

static enum err on_found(void *context, const struct hunt_found *found)
{
    struct showing *showing = context;
    showing->wanted[found->question] = true;
    for (size_t i = 0; i < found->row_count; i++) {
        const struct history_row *row = &found->rows[i];
        for (size_t at = 0; at < row->posting_count; at++) {
            raw_hours_add(&showing->hours, row->postings[at].first_s, row->postings[at].last_s);
        }
    }
    return ERR_OK;
}

static enum err hours_find(struct showing *showing, struct op *op, struct node *node)
{
    struct hunt_result result;
    const struct hunt_questions questions = questions_of(&showing->asking.questions);
    const struct hunt_options options = {
        .since_s = showing->asking.since_s,
        .until_s = showing->asking.until_s,
        .sensor = showing->asking.sensor,
        .on_found = on_found,
        .context = showing,
    };
    TRY(raw_hours_begin(op, &showing->hours));
    showing->wanted = op_alloc(op, questions.count + 1);
    if (showing->wanted == NULL) {
        return ERR_LIMIT;
    }
    TRY(past_reading(op, node));
    return node->history == NULL
               ? ERR_OK
               : hunt_ask(op, node->history, showing->asking.grant, &questions, &options, &result);
}

/* ---- what ---- */

static void line_json(struct showing *showing, const struct hunt_question *question,
                      const struct raw_line *line)
{
    struct json_writer w;
    struct buf text;
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    value_add_text(&text, &question->value);
    json_writer_init(&w, &showing->line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("asked"), buf_span(&text));
    json_member_string(&w, SPAN("kind"), span_of(value_kind_name(question->value.kind)));
    json_member_string(&w, SPAN("path"), line->path);
    json_member_u64(&w, SPAN("from"), line->from);
    json_member_string(&w, SPAN("line"), line->text);
    json_end_object(&w);
    print_json(showing->asking.invocation, &showing->line);
    buf_done(&text);
}

/* Where lines of one value come out of one piece of a file, both are told once. */
static void place_text(struct showing *showing, const struct hunt_question *question,
                       const struct raw_line *line)
{
    const struct invocation *invocation = showing->asking.invocation;
    char from[32];
    struct flow flow;
    struct buf text;
    bool same = showing->count > 0 && showing->from == line->from &&
                showing->question == line->question &&
                span_equal(buf_span(&showing->path), line->path);
    if (same) {
        return;
    }
    buf_clear(&showing->path);
    buf_add(&showing->path, line->path);
    showing->from = line->from;
    showing->question = line->question;
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    value_add_text(&text, &question->value);
    fputc('\n', invocation->out);
    flow_begin(&flow, invocation, 2);
    flow_value_cut(&flow, buf_span(&text), HUNT_VALUE_SHOWN_MAX, "");
    flow_value(&flow, "in", line->path, ",");
    flow_words(&flow, "from byte %s on:", print_count(line->from, from, sizeof from));
    flow_end(&flow);
    buf_done(&text);
}

static void line_text(struct showing *showing, const struct hunt_question *question,
                      const struct raw_line *line)
{
    const struct invocation *invocation = showing->asking.invocation;
    place_text(showing, question, line);
    fputs("  ", invocation->out);
    print_text(invocation, line->text, 0);
    fputc('\n', invocation->out);
}

/* Where the history knows inside hosts by pseudonyms only, so do the lines behind it. */
static struct span text_of(struct showing *showing, const struct raw_line *line)
{
    const struct node *node = showing->asking.invocation->node;
    const struct pseudonyms pseudonyms = {
        .rules = &node->history_rules,
        .inside = &node->config->inside,
        .host = line->inside,
    };
    if (!node->history_rules.host_secret_known) {
        return line->text;
    }
    buf_clear(&showing->text);
    pseudonyms_add_line(&showing->text, &pseudonyms, line->text);
    return showing->text.err == ERR_OK ? buf_span(&showing->text) : SPAN("(too long)");
}

static void on_line(void *context, const struct raw_line *found)
{
    struct showing *showing = context;
    struct raw_line shown = *found;
    const struct raw_line *line = &shown;
    shown.text = text_of(showing, found);
    const struct hunt_questions questions = questions_of(&showing->asking.questions);
    if (showing->asking.invocation->json) {
        line_json(showing, &questions.at[line->question], line);
    } else {
        line_text(showing, &questions.at[line->question], line);
    }
    showing->count++;
}

static void on_gone(void *context, struct span path, const char *why)
{
    struct showing *showing = context;
    struct invocation on_err = *showing->asking.invocation;
    struct flow flow;
    if (on_err.json) {
        struct json_writer w;
        json_writer_init(&w, &showing->line);
        json_begin_object(&w);
        json_member_string(&w, SPAN("path"), path);
        json_member_string(&w, SPAN("gone"), span_of(why));
        json_end_object(&w);
        print_json(&on_err, &showing->line);
        return;
    }
    on_err.out = on_err.err;
    on_err.width = on_err.err_width;
    flow_begin(&flow, &on_err, 2);
    flow_value(&flow, "linie hunt:", path, "");
    flow_words(&flow, "held such lines, and %s", why);
    flow_end(&flow);
}

/* ---- behind the hunt ---- */

static enum err show(struct showing *showing)
{
    struct invocation *invocation = showing->asking.invocation;
    struct op *op = invocation->op;
    const char *limit = command_value(invocation, "limit");
    showing->limit = LIMIT_DEFAULT;
    if (limit != NULL) {
        TRY(span_to_u64(span_of(limit), &showing->limit));
    }
    TRY(asking_again(&showing->asking));
    TRY(hours_find(showing, op, invocation->node));
    const struct hunt_questions questions = questions_of(&showing->asking.questions);
    const struct raw_look look = {
        .questions = &questions,
        .wanted = showing->wanted,
        .hours = &showing->hours,
        .since_s = showing->asking.since_s,
        .until_s = showing->asking.until_s,
        .sensor = showing->asking.sensor,
        .count_max = showing->limit,
        .on_line = on_line,
        .on_gone = on_gone,
        .context = showing,
    };
    return raw_run(op, invocation, invocation->node, &look);
}

int command_hunt_after(struct invocation *invocation, int code)
{
    struct showing showing = {
        .asking = { .invocation = invocation, .act = STORE_ASKED_HUNT },
    };
    struct op *op = invocation->op;
    if (code != EXIT_FOUND || command_value(invocation, "show") == NULL) {
        return code;
    }
    buf_init(&showing.path, DISK_PATH_SIZE_MAX);
    buf_init(&showing.line, LINE_SIZE_MAX);
    buf_init(&showing.text, LINE_SIZE_MAX);
    fflush(invocation->out);
    enum err err =
        node_open(op, invocation->node_dir, invocation->world, NODE_READ, &invocation->node);
    if (err == ERR_OK) {
        err = show(&showing);
    }
    asking_done(&showing.asking);
    node_close(invocation->node);
    invocation->node = NULL;
    buf_done(&showing.text);
    buf_done(&showing.line);
    buf_done(&showing.path);
    return err == ERR_OK ? code : command_fail(invocation);
}
