// SPDX-License-Identifier: EUPL-1.2
/*
 * Silence is not safety: a source that gives fewer lines than expected is told of, and so is what
 * was lost at a socket.
 */
#include <stdio.h>

#include "node/follow_inner.h"
#include "node/print.h"
#include "os/clock.h"
#include "policy/policy.h"

enum {
    LOST_EVERY_S = 600, /* between two notices of one socket */
    TURN_MS = 100,
    NOTICE_MEMORY_MAX = 4 * 1024 * 1024,
};

#define SILENCE SPAN("silence")
#define HEARD   SPAN("heard")
#define LOST    SPAN("lost")

/* ---- notices ---- */

static enum err notice_add(struct follow *follow, const struct store_notice *notice)
{
    struct op op;
    struct session *session = follow->session;
    op_begin(&op, &session->op->actor, NOTICE_MEMORY_MAX);
    enum err err = store_notice_add(&op, session->node->store, notice, NULL);
    if (err != ERR_OK) {
        err = op_fail(session->op, err, "%s", op.fault.text);
    }
    op_end(&op);
    if (err == ERR_OK) {
        session_tell(session, notice->subject, (const char *)notice->text.data);
        outputs_pump(session->outputs);
    }
    return err;
}

/* They name an input and a count, nothing of others: every output may have them. */
static struct store_notice notice_of(const struct follow_state *source, struct span type,
                                     const char *text)
{
    return (struct store_notice){
        .type = type,
        .subject = source->from.name,
        .text = span_of(text),
        .time_us = os_clock_us(),
        .tlp = POLICY_TLP_CLEAR,
    };
}

/* ---- silence ---- */

static enum err on_open_notice(void *context, const struct store_notice *notice)
{
    struct follow *follow = context;
    for (size_t i = 0; i < follow->source_count; i++) {
        struct follow_state *source = &follow->sources[i];
        bool same = span_equal(source->from.name, notice->subject);
        source->silent = source->silent || (same && source->from.silence_s > 0);
    }
    return ERR_OK;
}

enum err follow_silence_begin(struct follow *follow)
{
    struct session *session = follow->session;
    const struct store_notice_filter filter = { .open_only = true, .type = SILENCE };
    const struct policy_grant *grant = NULL;
    TRY(policy_grant_owner(session->op, &grant));
    for (size_t i = 0; i < follow->source_count; i++) {
        follow->sources[i].since_us = os_monotonic_us();
    }
    return session_scratch_end(session, store_notices_walk(&session->scratch, session->node->store,
                                                           grant, &filter, on_open_notice, follow));
}

void follow_lines_heard(struct follow_state *source, uint64_t lines)
{
    source->lines += lines;
}

static const char *time_word(uint32_t seconds, char *text, size_t size)
{
    static const struct {
        uint32_t length_s;
        const char *one;
        const char *many;
    } units[] = {
        { 86400, "day", "days" },
        { 3600, "hour", "hours" },
        { 60, "minute", "minutes" },
        { 1, "second", "seconds" },
    };
    size_t i = 0;
    while (seconds % units[i].length_s != 0) {
        i++;
    }
    return print_counted(seconds / units[i].length_s, units[i].one, units[i].many, text, size);
}

static enum err fall_silent(struct follow *follow, struct follow_state *source)
{
    char text[FAULT_TEXT_SIZE];
    char time[64];
    char lines[64];
    time_word(source->from.silence_s, time, sizeof time);
    if (source->lines == 0) {
        snprintf(text, sizeof text, "silent: no line came for %s", time);
    } else {
        snprintf(text, sizeof text, "nearly silent: %s came within %s, and %u are expected",
                 print_counted(source->lines, "line", "lines", lines, sizeof lines), time,
                 source->from.expect);
    }
    struct store_notice notice = notice_of(source, SILENCE, text);
    notice.stays = true;
    source->silent = true;
    return notice_add(follow, &notice);
}

static enum err silence_of(struct follow *follow, struct follow_state *source, int64_t now_us)
{
    uint64_t expect = source->from.expect > 1 ? source->from.expect : 1;
    bool enough = source->lines >= expect;
    bool over = now_us - source->since_us >= (int64_t)source->from.silence_s * US_PER_S;
    enum err err = ERR_OK;
    if (source->from.silence_s == 0 || (!enough && !over)) {
        return ERR_OK;
    }
    if (enough && source->silent) {
        struct store_notice notice = notice_of(source, HEARD, "heard again");
        notice.ends = SILENCE;
        source->silent = false;
        err = notice_add(follow, &notice);
    } else if (!enough && !source->silent) {
        err = fall_silent(follow, source);
    }
    source->lines = 0;
    source->since_us = now_us;
    return err;
}

enum err follow_silence_turn(struct follow *follow)
{
    int64_t now_us = os_monotonic_us();
    if (now_us - follow->watched_us < (int64_t)TURN_MS * US_PER_MS) {
        return ERR_OK;
    }
    follow->watched_us = now_us;
    for (size_t i = 0; i < follow->source_count; i++) {
        TRY(silence_of(follow, &follow->sources[i], now_us));
    }
    return ERR_OK;
}

/* ---- sockets ---- */

/* It is kept with the input, and shown by 'linie status'. What comes before the watch has the
 * socket waits where it is. */
static void count_source(struct follow *follow, struct follow_state *source)
{
    const struct follow_file *file = follow_find_path(follow, source->from.named.path);
    struct session_input *input = file == NULL ? NULL : file->input;
    if (!source->from.listens || input == NULL || input->phase == SESSION_ENDED) {
        return;
    }
    const struct intakes_counts news = intakes_take(follow->intakes, source->from.named.path);
    source->lost += news.lost;
    session_input_fault(input, LOST, news.lost);
    session_input_fault(input, SPAN("cut-message"), news.cut);
    session_input_fault(input, SPAN("refused"), news.refused);
    session_input_fault(input, SPAN("broken-connection"), news.broken);
}

static enum err tell_lost(struct follow *follow, struct follow_state *source, bool last)
{
    char text[FAULT_TEXT_SIZE];
    char count[64];
    int64_t now_us = os_monotonic_us();
    bool due = last || source->lost_told_us == 0 ||
               now_us - source->lost_told_us >= (int64_t)LOST_EVERY_S * US_PER_S;
    if (source->lost == 0 || !due) {
        return ERR_OK;
    }
    snprintf(text, sizeof text, "%s lost: they came faster than they could be read",
             print_counted(source->lost, "datagram was", "datagrams were", count, sizeof count));
    source->lost = 0;
    source->lost_told_us = now_us;
    const struct store_notice notice = notice_of(source, LOST, text);
    return notice_add(follow, &notice);
}

static enum err count_sources(struct follow *follow, bool last)
{
    for (size_t i = 0; i < follow->source_count; i++) {
        count_source(follow, &follow->sources[i]);
        TRY(tell_lost(follow, &follow->sources[i], last));
    }
    return ERR_OK;
}

/* It is heard in follow_intakes_turn(): here it only wakes the loop. */
static enum err on_intakes(void *context, unsigned events)
{
    (void)context;
    (void)events;
    return ERR_OK;
}

void follow_intakes_end(struct follow *follow)
{
    if (follow->intakes_waited) {
        loop_remove(follow->session->loop, &follow->intakes_entry);
        follow->intakes_waited = false;
    }
}

enum err follow_intakes_rest(struct follow *follow, bool goes_on)
{
    if (!goes_on) {
        intakes_stop(follow->intakes);
    }
    return count_sources(follow, true);
}

enum err follow_intakes_turn(struct follow *follow)
{
    intakes_pump(follow->intakes);
    TRY(count_sources(follow, false));
    int fd = intakes_fd(follow->intakes);
    if (follow->intakes_waited && follow->intakes_entry.fd == fd) {
        return ERR_OK;
    }
    follow_intakes_end(follow);
    if (fd == INTAKES_NO_FD) {
        return ERR_OK;
    }
    follow->intakes_entry = (struct loop_entry){
        .fd = fd,
        .events = LOOP_IN,
        .ready = on_intakes,
        .context = follow,
    };
    TRY(loop_add(follow->session->op, follow->session->loop, &follow->intakes_entry));
    follow->intakes_waited = true;
    return ERR_OK;
}
