// SPDX-License-Identifier: EUPL-1.2
#include "node/session_selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/must.h"
#include "node/session_inner.h"
#include "os/clock.h"

enum {
    STEP_WAIT_S = 30,    /* a busy watch may have much to do before */
    OUTPUTS_WAIT_S = 10, /* other callers wait meanwhile */
    TURN_MS = 50,
    FLUSH_EVERY_MS = 250,
};

/* A test under way. */
struct test {
    struct session *session;
    struct selftest_report *report;
    int64_t at_us; /* when the last step was taken */
    bool found;    /* the fold of the line came */
    bool wrong;    /* another one did */
    bool over;     /* nothing more comes of the line */
};

const char *selftest_step_name(enum selftest_step step)
{
    static const char *const names[SELFTEST_STEP_COUNT] = { "index", "read", "match", "fold",
                                                            "journal" };
    must(step < SELFTEST_STEP_COUNT);
    return names[step];
}

static void step_taken(struct test *test, enum selftest_step step)
{
    const int64_t now_us = os_monotonic_us();
    must(step == test->report->step_count);
    test->report->steps_us[step] = now_us - test->at_us;
    test->report->step_count++;
    test->at_us = now_us;
}

/* ---- what the watch says of the line ---- */

static enum err on_begun(struct session_input *input, const struct watch_message_begun *begun,
                         struct session_answer *ret)
{
    (void)begun;
    (void)ret;
    step_taken(input->how.owner, SELFTEST_READ);
    return ERR_OK;
}

static void on_found(struct session_input *input, const struct fold *fold)
{
    struct test *test = input->how.owner;
    if (!selftest_is_fold(fold)) {
        return; /* a list names the addresses of documentation, perhaps */
    }
    bool fits = selftest_fits(fold, test->report->mark);
    if (fits && !test->found && test->report->step_count == SELFTEST_MATCH) {
        test->found = true;
        step_taken(test, SELFTEST_MATCH);
    } else {
        test->wrong = true;
    }
}

static enum err on_stirred(struct session_input *input)
{
    struct test *test = input->how.owner;
    test->over = true;
    return ERR_OK;
}

/* ---- the line ---- */

/* A pipe that holds the line, and nothing behind it. */
static enum err line_open(struct op *op, const char *mark, int *ret_fd)
{
    int fds[2];
    struct buf line;
    if (pipe2(fds, O_CLOEXEC) != 0) {
        return op_fail(op, ERR_IO, "cannot make a pipe: %s", strerror(errno));
    }
    buf_init(&line, SELFTEST_LINE_SIZE_MAX);
    selftest_line(&line, mark, os_clock_us());
    must(line.err == ERR_OK);
    bool written = write(fds[1], line.data, line.size) == (ssize_t)line.size;
    buf_done(&line);
    close(fds[1]);
    if (!written) {
        close(fds[0]);
        return op_fail(op, ERR_IO, "cannot write to a pipe: %s", strerror(errno));
    }
    *ret_fd = fds[0];
    return ERR_OK;
}

static enum err late(struct session *session, const struct test *test)
{
    size_t step = test->report->step_count < SELFTEST_STEP_COUNT ? test->report->step_count
                                                                 : SELFTEST_STEP_COUNT - 1;
    return op_fail(session->op, ERR_TIMEOUT, "the step \"%s\" was not done within %d s",
                   selftest_step_name((enum selftest_step)step), STEP_WAIT_S);
}

/* Until all that was said of the present chunk was told whole: no input may be opened before. */
static enum err wait_for_whole(struct test *test)
{
    struct session *session = test->session;
    const int64_t end_us = test->at_us + (int64_t)STEP_WAIT_S * US_PER_S;
    while (!session_is_whole(session)) {
        TRY(session_watch_turn(session, TURN_MS));
        if (os_monotonic_us() > end_us) {
            return late(session, test);
        }
    }
    return ERR_OK;
}

static enum err line_follow(struct test *test)
{
    struct session *session = test->session;
    const int64_t end_us = os_monotonic_us() + (int64_t)STEP_WAIT_S * US_PER_S;
    while (!test->over) {
        TRY(session_watch_turn(session, TURN_MS));
        if (!test->over && os_monotonic_us() > end_us) {
            return late(session, test);
        }
    }
    if (!test->found || test->wrong) {
        return op_fail(session->op, ERR_FORMAT, "the line of the test met %s",
                       test->found ? "more than it must" : "nothing");
    }
    step_taken(test, SELFTEST_FOLD);
    return ERR_OK;
}

static enum err line_send(struct test *test)
{
    int fd = -1;
    struct session *session = test->session;
    struct session_input *input = NULL;
    const struct input_named named = { .path = SPAN("linie-selftest"),
                                       .format = OBSERVE_FORMAT_ZEEK_JSON };
    const struct session_how how = {
        .seen = true,
        .aside = true,
        .owner = test,
        .found = on_found,
        .begun = on_begun,
        .stirred = on_stirred,
    };
    TRY(wait_for_whole(test));
    TRY(session_images_send(session));
    step_taken(test, SELFTEST_INDEX);
    TRY(line_open(session->op, test->report->mark, &fd));
    enum err err = session_input_open(session, &named, &how, fd, &input);
    close(fd);
    TRY(err);
    err = line_follow(test);
    input->how.stirred = NULL; /* the test may be over before the input is */
    enum err released = session_input_release(input);
    return err != ERR_OK ? err : released;
}

/* ---- the journal, and outputs ---- */

static void outputs_look(struct test *test, const struct store_event *event, bool *ret_waits)
{
    struct selftest_report *report = test->report;
    *ret_waits = false;
    for (size_t i = 0; i < report->output_count; i++) {
        const char *fault = "";
        struct selftest_output *output = &report->outputs[i];
        if (output->reach == OUTPUTS_DELIVERED) {
            continue;
        }
        output->reach = outputs_reached(test->session->outputs, i, event, &fault);
        output->time_us = os_monotonic_us() - test->at_us;
        snprintf(output->fault, sizeof output->fault, "%s",
                 output->reach == OUTPUTS_FAILS ? fault : "");
        *ret_waits = *ret_waits || output->reach == OUTPUTS_ON_ITS_WAY;
    }
}

static enum err outputs_follow(struct test *test, const struct store_event *event)
{
    struct session *session = test->session;
    struct selftest_report *report = test->report;
    const int64_t end_us = test->at_us + (int64_t)OUTPUTS_WAIT_S * US_PER_S;
    int64_t flushed_us = 0;
    bool waits = true;
    report->output_count = outputs_count(session->outputs);
    must(report->output_count <= CONFIG_OUTPUT_COUNT_MAX);
    for (size_t i = 0; i < report->output_count; i++) {
        report->outputs[i].name = outputs_name(session->outputs, i);
    }
    outputs_pump(session->outputs);
    outputs_look(test, event, &waits);
    while (waits && os_monotonic_us() < end_us) {
        if (os_monotonic_us() - flushed_us > (int64_t)FLUSH_EVERY_MS * US_PER_MS) {
            outputs_flush(session->outputs);
            flushed_us = os_monotonic_us();
        }
        TRY(session_watch_turn(session, TURN_MS));
        outputs_look(test, event, &waits);
    }
    return ERR_OK;
}

static enum err tell(struct test *test)
{
    char text[128];
    struct selftest_report *report = test->report;
    struct session *session = test->session;
    snprintf(text, sizeof text,
             "a marked line of a self-test went through the whole street: nothing was found");
    const struct store_notice notice = {
        .type = OUTPUT_NOTICE_SELFTEST,
        .subject = span_of(report->mark),
        .text = span_of(text),
        .time_us = os_clock_us(),
        .tlp = POLICY_TLP_CLEAR, /* it names nothing of others */
    };
    TRY(session_scratch_end(session, store_notice_add(&session->scratch, session->node->store,
                                                      &notice, &report->entry)));
    step_taken(test, SELFTEST_JOURNAL);
    const struct store_event event = {
        .at = { .entry = report->entry },
        .type = STORE_EVENT_NOTICE,
        .tlp = notice.tlp,
        .notice = &notice,
    };
    return outputs_follow(test, &event);
}

enum err session_selftest(struct op *op, struct session *session, struct selftest_report *ret)
{
    struct test test = { .session = session, .report = ret, .at_us = os_monotonic_us() };
    *ret = (struct selftest_report){ .entry = 0 };
    must(!session->options.again);
    if (session->watch.pid == 0) {
        return op_fail(op, ERR_AGAIN, "the watch process broke, and is about to be started again");
    }
    selftest_mark(ret->mark);
    enum err err = line_send(&test);
    if (err == ERR_OK) {
        err = tell(&test);
    }
    if (err != ERR_OK && session->op != op) { /* the caller's fault to tell, not the run's */
        err = op_fail(op, err, "%s", session->op->fault.text);
        op_fault_clear(session->op);
    }
    return err;
}
