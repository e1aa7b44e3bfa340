// SPDX-License-Identifier: EUPL-1.2
#include "watch/message.h"

#include "base/wire.h"

void watch_message_add_open(struct buf *buf, const struct watch_message_open *message)
{
    wire_add_u8(buf, (uint8_t)message->format);
    wire_add_bytes(buf, message->stream);
    wire_add_bytes(buf, message->sensor);
    mark_wire_add(buf, &message->mark);
}

void watch_message_add_start(struct buf *buf, const struct watch_begin *message)
{
    wire_add_u64(buf, message->position);
    mark_line_wire_add(buf, &message->line);
    wire_add_u8(buf, message->last_counts ? 1 : 0);
}

void watch_message_add_begun(struct buf *buf, const struct watch_message_begun *message)
{
    wire_add_u8(buf, (uint8_t)message->format);
    wire_add_u8(buf, message->known ? 1 : 0);
    wire_add_bytes(buf, message->start);
}

void watch_message_add_chunk(struct buf *buf, const struct watch_message_chunk *message)
{
    wire_add_u64(buf, message->end);
    mark_line_wire_add(buf, &message->line);
    mark_wire_add(buf, &message->mark);
    wire_add_u64(buf, message->lines);
    wire_add_u64(buf, message->observations);
    wire_add_u64(buf, message->candidates);
    for (size_t i = 0; i < WATCH_COUNT_COUNT; i++) {
        wire_add_u64(buf, message->counts[i]);
    }
    wire_add_u64(buf, message->bytes_read);
}

void watch_message_add_ended(struct buf *buf, const struct watch_message_ended *message)
{
    wire_add_u8(buf, (uint8_t)message->err);
    wire_add_bytes(buf, message->fault);
}

static enum err whole(const struct wire_reader *r)
{
    return r->err == ERR_OK && r->rest.size == 0 ? ERR_OK : ERR_FORMAT;
}

static bool read_flag(struct wire_reader *r)
{
    uint8_t flag = wire_u8(r);
    if (flag > 1) {
        r->err = ERR_FORMAT;
    }
    return flag == 1;
}

static enum observe_format read_format(struct wire_reader *r)
{
    uint8_t format = wire_u8(r);
    if (format >= OBSERVE_FORMAT_COUNT) {
        r->err = ERR_FORMAT;
    }
    return (enum observe_format)format;
}

enum err watch_message_read_open(struct span body, struct watch_message_open *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct watch_message_open message = { .format = read_format(&r) };
    message.stream = wire_bytes(&r, WATCH_TEXT_SIZE_MAX);
    message.sensor = wire_bytes(&r, WATCH_TEXT_SIZE_MAX);
    mark_wire_read(&r, &message.mark);
    TRY(whole(&r));
    *ret = message;
    return ERR_OK;
}

/* Where a last line was taken, it lies before the position. */
static enum err check_place(struct wire_reader *r, uint64_t position, const struct mark_line *line)
{
    TRY(whole(r));
    return position <= INT64_MAX && line->taken <= position ? ERR_OK : ERR_FORMAT;
}

enum err watch_message_read_start(struct span body, struct watch_begin *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct watch_begin message = { .position = wire_u64(&r) };
    mark_line_wire_read(&r, &message.line);
    message.last_counts = read_flag(&r);
    TRY(check_place(&r, message.position, &message.line));
    *ret = message;
    return ERR_OK;
}

enum err watch_message_read_begun(struct span body, struct watch_message_begun *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct watch_message_begun message = { .format = read_format(&r) };
    message.known = read_flag(&r);
    message.start = wire_bytes(&r, WATCH_START_SIZE);
    TRY(whole(&r));
    *ret = message;
    return ERR_OK;
}

enum err watch_message_read_chunk(struct span body, struct watch_message_chunk *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct watch_message_chunk message = { .end = wire_u64(&r) };
    mark_line_wire_read(&r, &message.line);
    mark_wire_read(&r, &message.mark);
    message.lines = wire_u64(&r);
    message.observations = wire_u64(&r);
    message.candidates = wire_u64(&r);
    for (size_t i = 0; i < WATCH_COUNT_COUNT; i++) {
        message.counts[i] = wire_u64(&r);
    }
    message.bytes_read = wire_u64(&r);
    TRY(check_place(&r, message.end, &message.line));
    *ret = message;
    return ERR_OK;
}

enum err watch_message_read_ended(struct span body, struct watch_message_ended *ret)
{
    struct wire_reader r = wire_reader_of(body);
    uint8_t err = wire_u8(&r);
    struct watch_message_ended message = { .err = (enum err)err };
    message.fault = wire_bytes(&r, WATCH_TEXT_SIZE_MAX);
    TRY(whole(&r));
    if (err > ERR_CANCELLED) {
        return ERR_FORMAT;
    }
    *ret = message;
    return ERR_OK;
}
