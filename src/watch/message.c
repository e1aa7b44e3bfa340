// SPDX-License-Identifier: EUPL-1.2
#include "watch/message.h"

#include "base/wire.h"

static void add_flag(struct buf *buf, bool flag)
{
    wire_add_u8(buf, flag ? 1 : 0);
}

void watch_message_add_open(struct buf *buf, const struct watch_message_open *message)
{
    wire_add_u32(buf, message->input);
    wire_add_u8(buf, (uint8_t)message->format);
    wire_add_bytes(buf, message->stream);
    wire_add_bytes(buf, message->sensor);
    add_flag(buf, message->follow);
    mark_wire_add(buf, &message->mark);
}

void watch_message_add_start(struct buf *buf, const struct watch_message_start *message)
{
    const struct watch_begin *begin = &message->begin;
    wire_add_u32(buf, message->input);
    wire_add_u64(buf, begin->position);
    wire_add_u64(buf, begin->until);
    mark_line_wire_add(buf, &begin->line);
    add_flag(buf, begin->last_counts);
    add_flag(buf, begin->copy);
    buf_add(buf, span_make(begin->copy_tail, sizeof begin->copy_tail));
    wire_add_bytes(buf, begin->header);
}

void watch_message_add_look(struct buf *buf, const struct watch_message_look *message)
{
    wire_add_u32(buf, message->input);
    add_flag(buf, message->last_counts);
}

void watch_message_add_close(struct buf *buf, const struct watch_message_close *message)
{
    wire_add_u32(buf, message->input);
}

void watch_message_add_begun(struct buf *buf, const struct watch_message_begun *message)
{
    wire_add_u32(buf, message->input);
    wire_add_u8(buf, (uint8_t)message->format);
    add_flag(buf, message->known);
    wire_add_bytes(buf, message->start);
}

void watch_message_begin_folds(struct buf *buf, uint32_t input)
{
    wire_add_u32(buf, input);
}

void watch_message_add_seen(struct buf *buf, const struct watch_message_seen *message)
{
    wire_add_u32(buf, message->input);
    buf_add(buf, message->record);
}

void watch_message_add_chunk(struct buf *buf, const struct watch_message_chunk *message)
{
    wire_add_u32(buf, message->input);
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
    wire_add_u32(buf, message->first_s);
    wire_add_u32(buf, message->last_s);
}

void watch_message_add_rests(struct buf *buf, const struct watch_message_rests *message)
{
    wire_add_u32(buf, message->input);
    wire_add_u64(buf, message->size);
    wire_add_bytes(buf, message->header);
}

void watch_message_add_ended(struct buf *buf, const struct watch_message_ended *message)
{
    wire_add_u32(buf, message->input);
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
    bool mapped = format >= OBSERVE_FORMAT_MAPPED_FIRST && format <= OBSERVE_FORMAT_LAST;
    if (format >= OBSERVE_FORMAT_COUNT && !mapped) {
        r->err = ERR_FORMAT;
    }
    return (enum observe_format)format;
}

enum err watch_message_read_open(struct span body, struct watch_message_open *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct watch_message_open message = { .input = wire_u32(&r) };
    message.format = read_format(&r);
    message.stream = wire_bytes(&r, WATCH_TEXT_SIZE_MAX);
    message.sensor = wire_bytes(&r, WATCH_TEXT_SIZE_MAX);
    message.follow = read_flag(&r);
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

enum err watch_message_read_start(struct span body, struct watch_message_start *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct watch_message_start message = { .input = wire_u32(&r) };
    struct watch_begin *begin = &message.begin;
    begin->position = wire_u64(&r);
    begin->until = wire_u64(&r);
    mark_line_wire_read(&r, &begin->line);
    begin->last_counts = read_flag(&r);
    begin->copy = read_flag(&r);
    struct span tail = wire_take(&r, sizeof begin->copy_tail);
    begin->header = wire_bytes(&r, WATCH_HEADER_SIZE_MAX);
    TRY(check_place(&r, begin->position, &begin->line));
    if (begin->until != 0 && begin->until <= begin->position) {
        return ERR_FORMAT;
    }
    span_copy(begin->copy_tail, sizeof begin->copy_tail, tail);
    *ret = message;
    return ERR_OK;
}

enum err watch_message_read_look(struct span body, struct watch_message_look *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct watch_message_look message = { .input = wire_u32(&r) };
    message.last_counts = read_flag(&r);
    TRY(whole(&r));
    *ret = message;
    return ERR_OK;
}

enum err watch_message_read_close(struct span body, struct watch_message_close *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct watch_message_close message = { .input = wire_u32(&r) };
    TRY(whole(&r));
    *ret = message;
    return ERR_OK;
}

enum err watch_message_read_begun(struct span body, struct watch_message_begun *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct watch_message_begun message = { .input = wire_u32(&r) };
    message.format = read_format(&r);
    message.known = read_flag(&r);
    message.start = wire_bytes(&r, WATCH_START_SIZE);
    TRY(whole(&r));
    *ret = message;
    return ERR_OK;
}

enum err watch_message_read_folds(struct span body, struct watch_message_folds *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct watch_message_folds message = { .input = wire_u32(&r) };
    if (r.err != ERR_OK) {
        return ERR_FORMAT;
    }
    message.folds = r.rest;
    *ret = message;
    return ERR_OK;
}

enum err watch_message_read_seen(struct span body, struct watch_message_seen *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct watch_message_seen message = { .input = wire_u32(&r) };
    if (r.err != ERR_OK) {
        return ERR_FORMAT;
    }
    message.record = r.rest;
    *ret = message;
    return ERR_OK;
}

enum err watch_message_read_chunk(struct span body, struct watch_message_chunk *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct watch_message_chunk message = { .input = wire_u32(&r) };
    message.end = wire_u64(&r);
    mark_line_wire_read(&r, &message.line);
    mark_wire_read(&r, &message.mark);
    message.lines = wire_u64(&r);
    message.observations = wire_u64(&r);
    message.candidates = wire_u64(&r);
    for (size_t i = 0; i < WATCH_COUNT_COUNT; i++) {
        message.counts[i] = wire_u64(&r);
    }
    message.bytes_read = wire_u64(&r);
    message.first_s = wire_u32(&r);
    message.last_s = wire_u32(&r);
    TRY(check_place(&r, message.end, &message.line));
    *ret = message;
    return ERR_OK;
}

enum err watch_message_read_rests(struct span body, struct watch_message_rests *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct watch_message_rests message = { .input = wire_u32(&r) };
    message.size = wire_u64(&r);
    message.header = wire_bytes(&r, WATCH_HEADER_SIZE_MAX);
    TRY(whole(&r));
    if (message.size > INT64_MAX) {
        return ERR_FORMAT;
    }
    *ret = message;
    return ERR_OK;
}

enum err watch_message_read_ended(struct span body, struct watch_message_ended *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct watch_message_ended message = { .input = wire_u32(&r) };
    uint8_t err = wire_u8(&r);
    message.err = (enum err)err;
    message.fault = wire_bytes(&r, WATCH_TEXT_SIZE_MAX);
    TRY(whole(&r));
    if (err > ERR_CANCELLED) {
        return ERR_FORMAT;
    }
    *ret = message;
    return ERR_OK;
}
