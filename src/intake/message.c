// SPDX-License-Identifier: EUPL-1.2
#include "intake/message.h"

void intake_message_add_source(struct buf *buf, const struct intake_source *source)
{
    wire_add_u8(buf, (uint8_t)source->kind);
    wire_add_bytes(buf, source->certificate);
    wire_add_bytes(buf, source->key);
    wire_add_bytes(buf, source->authorities);
}

enum err intake_message_read_source(struct span body, struct intake_source *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct intake_source source;
    uint8_t kind = wire_u8(&r);
    source.certificate = wire_bytes(&r, INTAKE_PEM_SIZE_MAX);
    source.key = wire_bytes(&r, INTAKE_PEM_SIZE_MAX);
    source.authorities = wire_bytes(&r, INTAKE_PEM_SIZE_MAX);
    bool known = kind > INTAKE_NONE && kind < INTAKE_KIND_COUNT;
    if (r.err != ERR_OK || r.rest.size > 0 || !known) {
        return ERR_FORMAT;
    }
    source.kind = (enum intake_kind)kind;
    *ret = source;
    return ERR_OK;
}

void intake_message_add_counts(struct buf *buf, const struct intake_counts *counts)
{
    wire_add_u16(buf, counts->source);
    wire_add_u64(buf, counts->messages);
    wire_add_u64(buf, counts->cut);
    wire_add_u64(buf, counts->refused);
    wire_add_u64(buf, counts->broken);
    wire_add_u32(buf, counts->lost);
}

enum err intake_message_read_counts(struct span body, struct intake_counts *ret)
{
    struct wire_reader r = wire_reader_of(body);
    struct intake_counts counts;
    counts.source = wire_u16(&r);
    counts.messages = wire_u64(&r);
    counts.cut = wire_u64(&r);
    counts.refused = wire_u64(&r);
    counts.broken = wire_u64(&r);
    counts.lost = wire_u32(&r);
    if (r.err != ERR_OK || r.rest.size > 0 || counts.source >= INTAKE_SOURCE_COUNT_MAX) {
        return ERR_FORMAT;
    }
    *ret = counts;
    return ERR_OK;
}
