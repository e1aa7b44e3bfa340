// SPDX-License-Identifier: EUPL-1.2
/*
 * linie selftest.
 */
#include "node/flow.h"
#include "node/node.h"
#include "node/print.h"
#include "node/session_selftest.h"

enum { LINE_SIZE_MAX = 64 * 1024, NAME_COLUMN = 2, TIME_COLUMN = 14, TEXT_COLUMN = 26 };

static const char *reach_word(enum outputs_reach reach)
{
    static const char *const words[] = {
        [OUTPUTS_ON_ITS_WAY] = "on-its-way",
        [OUTPUTS_DELIVERED] = "delivered",
        [OUTPUTS_PASSED_OVER] = "passed-over",
        [OUTPUTS_FAILS] = "fails",
    };
    return words[reach];
}

static bool outputs_are_well(const struct selftest_report *report)
{
    for (size_t i = 0; i < report->output_count; i++) {
        enum outputs_reach reach = report->outputs[i].reach;
        if (reach != OUTPUTS_DELIVERED && reach != OUTPUTS_PASSED_OVER) {
            return false;
        }
    }
    return true;
}

/* ---- as JSON ---- */

static void json_outputs(struct json_writer *w, const struct selftest_report *report)
{
    json_key(w, SPAN("outputs"));
    json_begin_array(w);
    for (size_t i = 0; i < report->output_count; i++) {
        const struct selftest_output *output = &report->outputs[i];
        json_begin_object(w);
        json_member_string(w, SPAN("output"), output->name);
        json_member_string(w, SPAN("state"), span_of(reach_word(output->reach)));
        if (output->reach == OUTPUTS_DELIVERED) {
            json_member_i64(w, SPAN("us"), output->time_us);
        }
        if (output->fault[0] != '\0') {
            json_member_string(w, SPAN("fault"), span_of(output->fault));
        }
        json_end_object(w);
    }
    json_end_array(w);
}

static void show_json(struct invocation *invocation, const struct selftest_report *report,
                      bool running)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("selftest"), span_of(report->mark));
    json_member_string(&w, SPAN("street"), running ? SPAN("running") : SPAN("own"));
    json_key(&w, SPAN("steps"));
    json_begin_array(&w);
    for (size_t i = 0; i < report->step_count; i++) {
        json_begin_object(&w);
        json_member_string(&w, SPAN("step"), span_of(selftest_step_name((enum selftest_step)i)));
        json_member_i64(&w, SPAN("us"), report->steps_us[i]);
        json_end_object(&w);
    }
    json_end_array(&w);
    if (report->entry > 0) {
        json_member_u64(&w, SPAN("entry"), report->entry);
    }
    json_outputs(&w, report);
    bool whole = report->step_count == SELFTEST_STEP_COUNT;
    json_member_bool(&w, SPAN("passed"), whole && outputs_are_well(report));
    json_end_object(&w);
    print_json(invocation, &line);
    buf_done(&line);
}

/* ---- for people ---- */

static void row_begin(struct flow *flow, const struct invocation *invocation, struct span name)
{
    flow_begin(flow, invocation, TEXT_COLUMN);
    flow_to(flow, NAME_COLUMN);
    flow_value(flow, "", name, "");
    flow_to(flow, TIME_COLUMN);
}

static void row_time(struct flow *flow, int64_t time_us)
{
    flow_words(flow, "%lld.%03lld ms", (long long)(time_us / US_PER_MS),
               (long long)(time_us % US_PER_MS));
    flow_to(flow, TEXT_COLUMN);
}

static void show_step(const struct invocation *invocation, const struct selftest_report *report,
                      enum selftest_step step)
{
    static const char *const words[SELFTEST_STEP_COUNT] = {
        "the watch has the index that is right now",
        "it took the line",
        "the line met the indicator of the test",
        "its fold came whole",
        "a notice is durable",
    };
    struct flow flow;
    row_begin(&flow, invocation, span_of(selftest_step_name(step)));
    row_time(&flow, report->steps_us[step]);
    flow_words(&flow, "%s", words[step]);
    if (step == SELFTEST_JOURNAL) {
        flow_after(&flow, ",");
        flow_words(&flow, "entry %llu", (unsigned long long)report->entry);
    }
    flow_end(&flow);
}

static void show_output(const struct invocation *invocation, const struct selftest_output *output)
{
    struct flow flow;
    row_begin(&flow, invocation, output->name);
    switch (output->reach) {
    case OUTPUTS_DELIVERED:
        row_time(&flow, output->time_us);
        flow_words(&flow, "delivered");
        break;
    case OUTPUTS_PASSED_OVER:
        flow_words(&flow, "not for it: its filter or label leaves notices out");
        break;
    case OUTPUTS_FAILS:
        flow_styled(&flow, PRINT_ALARM, "fails:");
        flow_text(&flow, span_of(output->fault));
        break;
    case OUTPUTS_ON_ITS_WAY:
        flow_words(&flow, "still on its way");
        break;
    }
    flow_end(&flow);
}

static void show_text(const struct invocation *invocation, const struct selftest_report *report,
                      bool running)
{
    fprintf(invocation->out, "self-test %s, %s\n", report->mark,
            running ? "in the watch that runs" : "in a street of its own: no watch runs");
    for (size_t i = 0; i < report->step_count; i++) {
        show_step(invocation, report, (enum selftest_step)i);
    }
    for (size_t i = 0; i < report->output_count; i++) {
        show_output(invocation, &report->outputs[i]);
    }
}

/* ---- the command ---- */

static void on_fold(struct session *session, const struct fold *fold)
{
    (void)session;
    (void)fold;
}

static void on_wait(struct session *session)
{
    (void)session;
}

/* No watch runs: one is begun for the test alone, with all that belongs to it. */
static enum err test_in_own_street(struct invocation *invocation, struct selftest_report *report)
{
    const struct session_options options = {
        .quiet = true,
        .jobs = 1,
        .on_fold = on_fold,
        .on_wait = on_wait,
    };
    struct session *session = op_alloc(invocation->op, sizeof *session);
    if (session == NULL) {
        return ERR_LIMIT;
    }
    enum err err = session_begin(session, invocation, &options);
    if (err == ERR_OK) {
        err = session_selftest(invocation->op, session, report);
    }
    enum err ended = session_end(session);
    return err != ERR_OK ? err : ended;
}

enum err command_selftest_gather(struct invocation *invocation)
{
    return roles_begin(invocation->op, &invocation->roles);
}

int command_selftest(struct invocation *invocation)
{
    struct session *session = invocation->node->session;
    bool running = session != NULL;
    struct selftest_report *report = op_alloc(invocation->op, sizeof *report);
    if (report == NULL) {
        return command_fail(invocation);
    }
    if (running && session->options.again) {
        (void)op_fail(invocation->op, ERR_AGAIN,
                      "the watch that runs counts nothing (--again): try again when it has ended");
        return command_fail(invocation);
    }
    enum err err = running ? session_selftest(invocation->op, session, report)
                           : test_in_own_street(invocation, report);
    if (report->mark[0] != '\0') {
        if (invocation->json) {
            show_json(invocation, report, running);
        } else {
            show_text(invocation, report, running);
        }
    }
    if (err != ERR_OK) {
        return command_fail(invocation);
    }
    return outputs_are_well(report) ? EXIT_DONE : EXIT_REFUSALS;
}
