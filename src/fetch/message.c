// SPDX-License-Identifier: EUPL-1.2
#include "fetch/message.h"

enum { ID_SIZE_MAX = 64 };

/* The texts of an output's settings, in the order of the wire. */
static size_t texts_of(struct fetch_output *output, struct span **ret)
{
    struct span *const texts[] = {
        &output->name,    &output->path,      &output->url,      &output->from,
        &output->to,      &output->user,      &output->password, &output->secret,
        &output->ca_file, &output->cert_file, &output->key_file,
    };
    size_t count = sizeof texts / sizeof texts[0];
    for (size_t i = 0; i < count; i++) {
        ret[i] = texts[i];
    }
    return count;
}

enum { TEXTS_MAX = 16 };

void fetch_message_add_output(struct buf *buf, const struct fetch_output *output)
{
    struct fetch_output copy = *output;
    struct span *texts[TEXTS_MAX];
    size_t count = texts_of(&copy, texts);
    wire_add_u8(buf, (uint8_t)output->kind);
    for (size_t i = 0; i < count; i++) {
        wire_add_bytes(buf, *texts[i]);
    }
    wire_add_u64(buf, output->size_max);
    wire_add_u32(buf, output->age_max_s);
    wire_add_u32(buf, output->keep);
    wire_add_u32(buf, output->mode);
    wire_add_u8(buf, output->sync ? 1 : 0);
    wire_add_u8(buf, output->datagram ? 1 : 0);
    wire_add_u32(buf, output->batch_max);
    wire_add_u32(buf, output->every_s);
}

static enum err read_texts(struct op *op, struct wire_reader *r, struct fetch_output *output)
{
    struct span *texts[TEXTS_MAX];
    size_t count = texts_of(output, texts);
    for (size_t i = 0; i < count; i++) {
        struct span text = wire_bytes(r, FETCH_TEXT_SIZE_MAX);
        TRY(op_copy(op, text, texts[i]));
    }
    return ERR_OK;
}

enum err fetch_message_read_output(struct op *op, struct span body, struct fetch_output *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct fetch_output output = { .kind = (enum fetch_kind)wire_u8(&r) };
    TRY(read_texts(op, &r, &output));
    output.size_max = wire_u64(&r);
    output.age_max_s = wire_u32(&r);
    output.keep = wire_u32(&r);
    output.mode = wire_u32(&r);
    output.sync = wire_u8(&r) != 0;
    output.datagram = wire_u8(&r) != 0;
    output.batch_max = wire_u32(&r);
    output.every_s = wire_u32(&r);
    bool known = output.kind > FETCH_NONE && output.kind < FETCH_KIND_COUNT;
    if (r.err != ERR_OK || r.rest.size > 0 || !known) {
        return op_fail(op, ERR_FORMAT, "the store sent what are no settings of an output");
    }
    *ret = output;
    return ERR_OK;
}

void fetch_message_add_event(struct buf *buf, const struct fetch_event *event)
{
    wire_add_u16(buf, event->output);
    wire_add_u8(buf, (uint8_t)event->type);
    wire_add_bytes(buf, event->id);
    wire_add_bytes(buf, event->text);
}

void fetch_message_read_event(struct wire_reader *r, struct fetch_event *ret)
{
    ret->output = wire_u16(r);
    uint8_t type = wire_u8(r);
    ret->type = (enum fetch_event_type)type;
    ret->id = wire_bytes(r, ID_SIZE_MAX);
    ret->text = wire_bytes(r, FETCH_EVENT_SIZE_MAX);
    if (type >= FETCH_EVENT_TYPE_COUNT || ret->output >= FETCH_OUTPUT_COUNT_MAX) {
        r->err = ERR_FORMAT;
    }
}

void fetch_message_add_done(struct buf *buf, const struct fetch_message_done *message)
{
    wire_add_u16(buf, message->output);
    wire_add_u32(buf, message->count);
}

enum err fetch_message_read_done(struct span body, struct fetch_message_done *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct fetch_message_done done = { 0 };
    done.output = wire_u16(&r);
    done.count = wire_u32(&r);
    if (r.err != ERR_OK || r.rest.size > 0 || done.output >= FETCH_OUTPUT_COUNT_MAX) {
        return ERR_FORMAT;
    }
    *ret = done;
    return ERR_OK;
}

void fetch_message_add_failed(struct buf *buf, const struct fetch_message_failed *message)
{
    wire_add_u16(buf, message->output);
    wire_add_u32(buf, message->retry_ms);
    wire_add_bytes(buf, message->text);
}

enum err fetch_message_read_failed(struct span body, struct fetch_message_failed *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct fetch_message_failed failed = { 0 };
    failed.output = wire_u16(&r);
    failed.retry_ms = wire_u32(&r);
    failed.text = wire_bytes(&r, FAULT_TEXT_SIZE);
    if (r.err != ERR_OK || r.rest.size > 0 || failed.output >= FETCH_OUTPUT_COUNT_MAX) {
        return ERR_FORMAT;
    }
    *ret = failed;
    return ERR_OK;
}
