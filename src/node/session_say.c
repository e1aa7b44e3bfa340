// SPDX-License-Identifier: EUPL-1.2
/*
 * What is said to the watch about an input.
 */
#include "base/must.h"
#include "node/session_inner.h"

enum err session_say_open(struct session_input *input, int fd)
{
    struct buf body;
    struct session *session = input->session;
    const struct watch_message_open open = {
        .input = input->number,
        .format = input->named.format,
        .stream = observe_stream_from_path(input->named.path),
        .sensor = input->named.sensor,
        .follow = input->how.follow,
        .mark = input->known.mark,
    };
    buf_init(&body, 4 * WATCH_TEXT_SIZE_MAX);
    watch_message_add_open(&body, &open);
    enum err err = body.err == ERR_OK
                       ? session_send(session, WATCH_MESSAGE_OPEN, buf_span(&body), fd)
                       : op_fail(session->op, ERR_LIMIT, "a name is too long");
    buf_done(&body);
    return err;
}

enum err session_say_start(struct session_input *input, const struct store_input *state)
{
    enum { START_SIZE_MAX = 256 + SESSION_HEADER_SIZE_MAX };
    struct buf body;
    struct session *session = input->session;
    struct watch_message_start start = {
        .input = input->number,
        .begin = {
            .position = state->position,
            .until = input->fill_end,
            .line = state->line,
            /* Where nothing is counted, what is there is looked at. */
            .last_counts = session->options.again,
            .copy = input->copy,
            .header = input->copy ? SPAN("") : input->how.header,
        },
    };
    if (input->copy) {
        span_copy(start.begin.copy_tail, sizeof start.begin.copy_tail,
                  span_make(state->mark.tail, sizeof state->mark.tail));
    }
    buf_init(&body, START_SIZE_MAX);
    watch_message_add_start(&body, &start);
    enum err err =
        body.err == ERR_OK
            ? session_send(session, WATCH_MESSAGE_START, buf_span(&body), CHANNEL_NO_FILE)
            : op_fail(session->op, ERR_LIMIT, "out of memory for a message");
    buf_done(&body);
    input->phase = SESSION_READS;
    if (input->regular) { /* else when it gives a line */
        session_input_read(input);
    }
    return err;
}

enum err session_input_look(struct session_input *input, bool last_counts)
{
    struct buf body;
    const struct watch_message_look look = { .input = input->number, .last_counts = last_counts };
    must(input->phase == SESSION_RESTS);
    buf_init(&body, sizeof look);
    watch_message_add_look(&body, &look);
    enum err err =
        session_send(input->session, WATCH_MESSAGE_LOOK, buf_span(&body), CHANNEL_NO_FILE);
    buf_done(&body);
    input->phase = SESSION_READS;
    return err;
}

enum err session_say_close(struct session_input *input)
{
    struct buf body;
    const struct watch_message_close close = { .input = input->number };
    buf_init(&body, sizeof close);
    watch_message_add_close(&body, &close);
    enum err err =
        session_send(input->session, WATCH_MESSAGE_CLOSE, buf_span(&body), CHANNEL_NO_FILE);
    buf_done(&body);
    input->phase = SESSION_ENDED;
    return err;
}
