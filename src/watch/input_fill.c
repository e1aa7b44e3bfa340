// SPDX-License-Identifier: EUPL-1.2
/*
 * Bytes of an input: read, and decompressed where they are compressed.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "watch/input_inner.h"

void watch_tail_add(struct watch_tail *tail, struct span bytes)
{
    struct span last = bytes.size > MARK_SIZE ? span_from(bytes, bytes.size - MARK_SIZE) : bytes;
    size_t room = MARK_SIZE - last.size;
    size_t keep = tail->size < room ? tail->size : room;
    /* memmove: source and target overlap, as neither memcpy nor span_copy() allows. */
    memmove(tail->bytes, tail->bytes + tail->size - keep, keep);
    span_copy(tail->bytes + keep, sizeof tail->bytes - keep, last);
    tail->size = keep + last.size;
    tail->end += bytes.size;
}

/* Whether a pipe has nothing to give now. Its end counts as something. The kernel does not tell of
 * the end to who opened a named pipe after its writer had gone (fifo_open() of Linux), though what
 * that one wrote is there: once that is read, a read tells, where it does not wait. */
static bool is_silent(const struct watch_input *input)
{
    struct pollfd pipe = { .fd = input->fd, .events = POLLIN };
    bool may_try = input->never_waits && input->bytes_read > 0;
    return !input->regular && !may_try && poll(&pipe, 1, 0) == 0;
}

static enum err read_raw(struct op *op, struct watch_input *input, void *target, size_t size,
                         size_t *ret_read)
{
    ssize_t got = 0;
    if (is_silent(input)) {
        return ERR_AGAIN;
    }
    do {
        got = read(input->fd, target, size);
    } while (got < 0 && errno == EINTR);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        return ERR_AGAIN;
    }
    if (got < 0) {
        return op_fail(op, ERR_IO, "cannot read: %s", strerror(errno));
    }
    input->bytes_read += (uint64_t)got;
    if (input->inflate != NULL) {
        watch_tail_add(&input->tail, span_make(target, (size_t)got));
    }
    *ret_read = (size_t)got;
    return ERR_OK;
}

/* A compressed stream that breaks off, is damaged or asks for too much gave all it could: the input
 * ends there. */
static void stream_fault(struct op *op, struct watch_input *input)
{
    const char *lack = inflate_lack(input->inflate);
    op_fault_clear(op);
    input->fault = lack != NULL ? lack : input->bytes_read == 0 ? "empty" : "damaged archive";
    input->ended = true;
}

static enum err stream_end(struct op *op, struct watch_input *input)
{
    input->ended = true;
    if (inflate_end(op, input->inflate) != ERR_OK) {
        stream_fault(op, input);
        input->fault = "truncated archive";
    }
    return ERR_OK;
}

static enum err raw_refill(struct op *op, struct watch_input *input)
{
    size_t got = 0;
    must(input->raw_at == input->raw_size);
    TRY(read_raw(op, input, input->raw, WATCH_RAW_SIZE, &got));
    input->raw_at = 0;
    input->raw_size = got;
    return got > 0 ? ERR_OK : stream_end(op, input);
}

/* Decompress into `output` until it is full or the input ends. A full output may have left bytes
 * with the stream: they are asked for before more is read. */
static enum err fill_inflated(struct op *op, struct watch_input *input,
                              struct inflate_output *output)
{
    while (output->size < output->capacity && !input->ended) {
        struct span raw = span_make(input->raw + input->raw_at, input->raw_size - input->raw_at);
        enum err err = inflate_run(op, input->inflate, &raw, output);
        input->raw_at = input->raw_size - raw.size;
        if (err != ERR_OK) {
            stream_fault(op, input);
        } else if (output->size < output->capacity) {
            TRY(raw_refill(op, input));
        }
    }
    return ERR_OK;
}

static enum err fill_plain(struct op *op, struct watch_input *input, struct inflate_output *output)
{
    while (output->size < output->capacity && !input->ended) {
        size_t got = 0;
        TRY(read_raw(op, input, output->data + output->size, output->capacity - output->size,
                     &got));
        output->size += got;
        input->ended = got == 0;
    }
    return ERR_OK;
}

enum err watch_input_fill(struct op *op, struct watch_input *input, struct inflate_output *output)
{
    enum err err =
        input->inflate == NULL ? fill_plain(op, input, output) : fill_inflated(op, input, output);
    return err == ERR_AGAIN ? ERR_OK : err;
}

/* No format of compressed bytes has a line end so early: a short first line is not waited behind.
 */
static bool is_told(const struct watch_input *input)
{
    return input->ended || input->carry.size >= INFLATE_DETECT_SIZE ||
           span_find(buf_span(&input->carry), '\n') != SPAN_NOT_FOUND;
}

enum err watch_input_tell(struct op *op, struct watch_input *input)
{
    while (!is_told(input)) {
        size_t got = 0;
        uint8_t *room = buf_reserve(&input->carry, WATCH_START_SIZE);
        if (room == NULL) {
            return op_fail(op, ERR_LIMIT, "out of memory for reading");
        }
        TRY(read_raw(op, input, room, WATCH_START_SIZE - input->carry.size, &got));
        input->carry.size += got;
        input->ended = got == 0;
    }
    input->told = true;
    input->kind = inflate_detect(buf_span(&input->carry));
    input->carry_lines = (size_t)(span_find_last(buf_span(&input->carry), '\n') + 1);
    return ERR_OK;
}

/* What was read to find that out is the stream's first input, and of the bytes that were read. */
enum err watch_input_inflate(struct op *op, struct watch_input *input)
{
    input->raw = memory_new(WATCH_RAW_SIZE);
    if (input->raw == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for reading");
    }
    TRY(inflate_new(op, input->kind, &input->inflate));
    struct span read = buf_span(&input->carry);
    span_copy(input->raw, WATCH_RAW_SIZE, read);
    input->raw_size = read.size;
    watch_tail_add(&input->tail, read);
    buf_clear(&input->carry);
    input->carry_lines = 0;
    input->ended = false;
    return ERR_OK;
}
