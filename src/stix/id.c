// SPDX-License-Identifier: EUPL-1.2
#include "stix/id.h"

#include "base/must.h"
#include "base/text.h"
#include "format/json_writer.h"

const struct uuid STIX_MEMBER_NAMESPACE = { {
    0x6b,
    0x1b,
    0x11,
    0x79,
    0x84,
    0xcf,
    0x4f,
    0xd1,
    0x90,
    0xe3,
    0xc0,
    0x9e,
    0x7d,
    0xa6,
    0x82,
    0x87,
} };

static const struct span separator = { (const uint8_t *)"--", 2 };

static bool is_lower(uint8_t byte)
{
    return byte >= 'a' && byte <= 'z';
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

bool stix_type_is_valid(struct span type)
{
    if (type.size < STIX_TYPE_SIZE_MIN || type.size > STIX_TYPE_SIZE_MAX) {
        return false;
    }
    if (!is_lower(type.data[0]) || span_find_span(type, separator) != SPAN_NOT_FOUND) {
        return false;
    }
    for (size_t i = 0; i < type.size; i++) {
        if (!is_lower(type.data[i]) && !is_digit(type.data[i]) && type.data[i] != '-') {
            return false;
        }
    }
    return true;
}

static bool has_capital(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] >= 'A' && text.data[i] <= 'Z') {
            return true;
        }
    }
    return false;
}

enum err stix_id_parse(struct span text, struct stix_id *ret)
{
    const size_t tail_size = separator.size + UUID_TEXT_SIZE;
    if (text.size < STIX_TYPE_SIZE_MIN + tail_size || has_capital(text)) {
        return ERR_FORMAT;
    }
    struct span type = span_slice(text, 0, text.size - tail_size);
    struct span tail = span_from(text, type.size);
    if (!stix_type_is_valid(type) || !span_starts_with(tail, separator)) {
        return ERR_FORMAT;
    }

    struct stix_id id = { .type = type };
    TRY(uuid_parse(span_from(tail, separator.size), &id.uuid));
    *ret = id;
    return ERR_OK;
}

void stix_id_add(struct buf *buf, struct span type, const struct uuid *uuid)
{
    must(stix_type_is_valid(type));
    buf_add(buf, type);
    buf_add(buf, separator);
    uuid_add(buf, uuid);
}

enum err stix_member_name(struct op *op, struct buf *buf, const struct stix_member *member)
{
    const struct span parts[] = { member->source, member->set, member->kind, member->value };
    struct json_writer w;
    json_writer_init(&w, buf);
    json_begin_array(&w);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        /* Repaired text would give two members one name. */
        if (text_valid_size(parts[i]) != parts[i].size) {
            return op_fail(op, ERR_FORMAT, "a member of a set is not UTF-8 and can have no id");
        }
        json_add_string(&w, parts[i]);
    }
    json_end_array(&w);
    if (buf->err != ERR_OK) {
        return op_fail(op, buf->err, "the name of a set's member is longer than %zu bytes",
                       buf->size_max);
    }
    return ERR_OK;
}
