// SPDX-License-Identifier: EUPL-1.2
#include "watch/message.h"

#include "base/wire.h"

void watch_message_add_open(struct buf *buf, const struct watch_message_open *message)
{
    wire_add_u8(buf, (uint8_t)message->format);
    wire_add_bytes(buf, message->stream);
    wire_add_bytes(buf, message->sensor);
}

void watch_message_add_begun(struct buf *buf, const struct watch_message_begun *message)
{
    wire_add_u8(buf, (uint8_t)message->format);
    wire_add_bytes(buf, message->start);
}

void watch_message_add_chunk(struct buf *buf, const struct watch_message_chunk *message)
{
    wire_add_u64(buf, message->end);
    wire_add_u64(buf, message->waiting);
    wire_add_u64(buf, message->lines);
    wire_add_u64(buf, message->observations);
    wire_add_u64(buf, message->candidates);
    for (size_t i = 0; i < WATCH_COUNT_COUNT; i++) {
        wire_add_u64(buf, message->counts[i]);
    }
    wire_add_i64(buf, message->latest_us);
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
    TRY(whole(&r));
    *ret = message;
    return ERR_OK;
}

enum err watch_message_read_begun(struct span body, struct watch_message_begun *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct watch_message_begun message = { .format = read_format(&r) };
    message.start = wire_bytes(&r, WATCH_START_SIZE);
    TRY(whole(&r));
    *ret = message;
    return ERR_OK;
}

enum err watch_message_read_chunk(struct span body, struct watch_message_chunk *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct watch_message_chunk message = { .end = wire_u64(&r) };
    message.waiting = wire_u64(&r);
    message.lines = wire_u64(&r);
    message.observations = wire_u64(&r);
    message.candidates = wire_u64(&r);
    for (size_t i = 0; i < WATCH_COUNT_COUNT; i++) {
        message.counts[i] = wire_u64(&r);
    }
    message.latest_us = wire_i64(&r);
    message.bytes_read = wire_u64(&r);
    TRY(whole(&r));
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
