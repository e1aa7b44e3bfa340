// SPDX-License-Identifier: EUPL-1.2
/*
 * The rule by which is being forgotten, in a file beside the segments until it is carried out: so
 * that it can be, whatever comes in between. It holds the value, as the segments do until then; it
 * goes with the last of them.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/must.h"
#include "base/wire.h"
#include "history/history_inner.h"
#include "match/layout.h"

#define FORGETTING_NAME "forgetting"

static const struct span file_magic = { (const uint8_t *)"LINIEFGT", 8 };

enum {
    FORGETTING_VERSION = 1,
    FORGETTING_SIZE_MAX = VALUE_KEY_SIZE_MAX + HISTORY_NAME_SIZE_MAX + 128,
    SUM_SIZE = 8,
};

/* ---- writing ---- */

static void rule_add(struct buf *buf, const struct uuid *id, const struct history_forget *forget)
{
    const struct value none = { .kind = VALUE_NONE };
    const struct value *value = forget->value != NULL ? forget->value : &none;
    buf_add(buf, file_magic);
    wire_add_u32(buf, FORGETTING_VERSION);
    buf_add(buf, span_make(id->bytes, sizeof id->bytes));
    wire_add_u8(buf, (uint8_t)value->kind);
    wire_add_u8(buf, (uint8_t)forget->scope);
    wire_add_u8(buf, (uint8_t)forget->kind);
    wire_add_u32(buf, forget->since_s);
    wire_add_u32(buf, forget->until_s);
    wire_add_bytes(buf, value->key);
    wire_add_bytes(buf, forget->host);
}

enum err history_forgetting_keep(struct op *op, struct history *history, const struct uuid *id,
                                 const struct history_forget *forget)
{
    struct history_path path;
    struct buf file;
    must(history->lock != NULL);
    buf_init(&file, FORGETTING_SIZE_MAX);
    rule_add(&file, id, forget);
    if (file.err == ERR_OK) {
        wire_add_u64(&file, XXH3_64bits(file.data, file.size));
    }
    enum err err =
        file.err == ERR_OK
            ? disk_replace(op, history->disk, history_path(history, FORGETTING_NAME, 0, &path),
                           buf_span(&file))
            : op_fail(op, ERR_LIMIT, "a rule of what is to be forgotten is too long");
    buf_done(&file);
    return err;
}

enum err history_forgetting_drop(struct op *op, struct history *history)
{
    struct history_path path;
    must(history->lock != NULL);
    TRY(disk_remove(op, history->disk, history_path(history, FORGETTING_NAME, 0, &path)));
    return history_sync(op, history);
}

/* ---- reading ---- */

static bool is_rule(const struct history_forgetting *rule)
{
    const struct history_forget *forget = &rule->forget;
    const struct value *value = &rule->value;
    bool limited = value->kind != VALUE_NONE || forget->kind != VALUE_NONE ||
                   forget->host.size > 0 || forget->since_s > 0 || forget->until_s < UINT32_MAX;
    bool known = value->kind < VALUE_KIND_COUNT && forget->kind < VALUE_KIND_COUNT &&
                 forget->scope < VALUE_SCOPE_COUNT;
    bool fits = value->kind == VALUE_NONE
                    ? value->key.size == 0
                    : known && match_indicator_fits(value->kind, forget->scope, value->key);
    return limited && known && fits;
}

static enum err rule_read(struct op *op, struct span file, struct history_forgetting *ret)
{
    size_t size = file.size > SUM_SIZE ? file.size - SUM_SIZE : 0;
    struct wire_reader r = wire_reader_of(span_slice(file, 0, size));
    struct wire_reader sum = wire_reader_of(span_from(file, size));
    struct history_forgetting rule = { .forget = { .since_s = 0 } };
    bool ours = span_equal(wire_take(&r, file_magic.size), file_magic);
    uint32_t version = wire_u32(&r);
    if (ours && r.err == ERR_OK && version > FORGETTING_VERSION) {
        return ERR_UNSUPPORTED;
    }
    struct span id = wire_take(&r, sizeof rule.id.bytes);
    span_copy(rule.id.bytes, sizeof rule.id.bytes, id);
    rule.value.kind = (enum value_kind)wire_u8(&r);
    rule.forget.scope = (enum value_scope)wire_u8(&r);
    rule.forget.kind = (enum value_kind)wire_u8(&r);
    rule.forget.since_s = wire_u32(&r);
    rule.forget.until_s = wire_u32(&r);
    struct span key = wire_bytes(&r, VALUE_KEY_SIZE_MAX);
    struct span host = wire_bytes(&r, HISTORY_NAME_SIZE_MAX);
    bool whole = ours && r.err == ERR_OK && r.rest.size == 0 &&
                 wire_u64(&sum) == XXH3_64bits(file.data, size);
    rule.value.key = key;
    rule.forget.host = host;
    if (!whole || !is_rule(&rule)) {
        return ERR_CORRUPT;
    }
    TRY(op_copy(op, key, &rule.value.key));
    TRY(op_copy(op, host, &rule.forget.host));
    *ret = rule;
    return ERR_OK;
}

enum err history_forgetting_read(struct op *op, const struct history *history,
                                 struct history_forgetting *ret)
{
    struct history_path path;
    struct span map;
    struct span name = history_path(history, FORGETTING_NAME, 0, &path);
    TRY(disk_map(op, history->disk, name, &map));
    enum err err = rule_read(op, map, ret);
    disk_unmap(history->disk, map);
    if (err == ERR_OK) {
        ret->forget.value = ret->value.kind == VALUE_NONE ? NULL : &ret->value;
        return ERR_OK;
    }
    return op_fail(op, err,
                   "what was to be forgotten cannot be read any more in %.*s: forget it again",
                   SPAN_FMT(name));
}
