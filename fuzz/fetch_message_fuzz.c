// SPDX-License-Identifier: EUPL-1.2
// links: fetch crypt os base
/*
 * Messages between the store and the fetch process, of any bytes: the fetch process reads what
 * strangers answer, so that the store believes nothing it says. What is accepted keeps all bounds,
 * and is written as it was read.
 */
#include "base/must.h"
#include "fetch/message.h"

enum { MEMORY_MAX = 1 << 20, BODY_SIZE_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_events(struct span body)
{
    struct wire_reader r = wire_reader_of(body);
    while (r.err == ERR_OK && r.rest.size > 0) {
        struct fetch_event event;
        struct buf again;
        const uint8_t *begin = r.rest.data;
        fetch_message_read_event(&r, &event);
        if (r.err != ERR_OK) {
            return;
        }
        must(event.output < FETCH_OUTPUT_COUNT_MAX);
        must(event.type < FETCH_EVENT_TYPE_COUNT);
        buf_init(&again, BODY_SIZE_MAX);
        fetch_message_add_event(&again, &event);
        must(span_equal(buf_span(&again), span_make(begin, (size_t)(r.rest.data - begin))));
        buf_done(&again);
    }
}

static void check_output(struct span body)
{
    static const struct actor actor = { .name = { (const uint8_t *)"fuzz", 4 } };
    struct op op;
    struct fetch_output output;
    op_begin(&op, &actor, MEMORY_MAX);
    if (fetch_message_read_output(&op, body, &output) == ERR_OK) {
        must(output.kind > FETCH_NONE);
        must(output.kind < FETCH_KIND_COUNT);
        must(output.url.data[output.url.size] == '\0');
        enum err err = fetch_output_check(&op, &output);
        must(err == ERR_OK || op.fault.err == err);
    }
    op_end(&op);
}

static void check_answers(struct span body)
{
    struct fetch_message_done done;
    struct fetch_message_failed failed;
    if (fetch_message_read_done(body, &done) == ERR_OK) {
        must(done.output < FETCH_OUTPUT_COUNT_MAX);
    }
    if (fetch_message_read_failed(body, &failed) == ERR_OK) {
        must(failed.output < FETCH_OUTPUT_COUNT_MAX);
        must(failed.text.size <= FAULT_TEXT_SIZE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct span body = span_make(data, size);
    check_events(body);
    check_output(body);
    check_answers(body);
    return 0;
}
