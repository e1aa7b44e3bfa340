// SPDX-License-Identifier: EUPL-1.2
#include "exchange/export.h"

#include <stdlib.h>

#include "base/must.h"
#include "exchange/export_inner.h"

enum { FILE_SIZE_MAX = 0x7FFFFFFF, ITEMS_FIRST = 1024 };

struct export
{
    struct op *op;
    const struct export_options *options;
    const struct export_writer *writer;
    struct export_kept *items;
    size_t count;
    size_t room;
};

static const char *const format_names[EXPORT_FORMAT_COUNT] = {
    [EXPORT_PLAIN] = "plain",       [EXPORT_NFT] = "nft",   [EXPORT_RPZ] = "rpz",
    [EXPORT_SURICATA] = "suricata", [EXPORT_ZEEK] = "zeek",
};

static const char *const action_names[EXPORT_ACTION_COUNT] = {
    [EXPORT_ALERT] = "alert",
    [EXPORT_DROP] = "drop",
    [EXPORT_REJECT] = "reject",
};

static const struct export_writer *const writers[EXPORT_FORMAT_COUNT] = {
    [EXPORT_PLAIN] = &export_plain,       [EXPORT_NFT] = &export_nft,   [EXPORT_RPZ] = &export_rpz,
    [EXPORT_SURICATA] = &export_suricata, [EXPORT_ZEEK] = &export_zeek,
};

const char *export_format_name(enum export_format format)
{
    must(format < EXPORT_FORMAT_COUNT);
    return format_names[format];
}

const char *export_action_name(enum export_action action)
{
    must(action < EXPORT_ACTION_COUNT);
    return action_names[action];
}

bool export_blocks(const struct export_options *options)
{
    switch (options->format) {
    case EXPORT_ZEEK:
        return false;
    case EXPORT_SURICATA:
        return options->action != EXPORT_ALERT;
    default:
        return true; /* nobody knows what a plain list is used for */
    }
}

enum err export_begin(struct op *op, const struct export_options *options, struct export **ret)
{
    must(options->format < EXPORT_FORMAT_COUNT);
    struct export *out = op_alloc(op, sizeof *out);
    if (out == NULL) {
        return ERR_LIMIT;
    }
    *out = (struct export){ .op = op, .options = options, .writer = writers[options->format] };
    *ret = out;
    return ERR_OK;
}

static enum err room_make(struct export *out)
{
    if (out->count < out->room) {
        return ERR_OK;
    }
    if (out->count == EXPORT_COUNT_MAX) {
        return op_fail(out->op, ERR_LIMIT, "more than %d indicators", EXPORT_COUNT_MAX);
    }
    size_t room = out->room == 0 ? ITEMS_FIRST : 2 * out->room;
    struct export_kept *items = op_alloc(out->op, room * sizeof *items);
    if (items == NULL) {
        return ERR_LIMIT;
    }
    span_copy(items, room * sizeof *items, span_make(out->items, out->count * sizeof *items));
    out->items = items;
    out->room = room;
    return ERR_OK;
}

static uint8_t reach_of(const struct export_item *item)
{
    if (item->value.kind != VALUE_DOMAIN) {
        return 0;
    }
    switch (item->scope) {
    case VALUE_SCOPE_EXACT:
        return REACH_SELF;
    case VALUE_SCOPE_SUBDOMAINS_ONLY:
        return REACH_BELOW;
    default:
        return REACH_SELF | REACH_BELOW;
    }
}

static bool is_pattern(enum value_scope scope)
{
    return scope == VALUE_SCOPE_LIKE || scope == VALUE_SCOPE_REGEX;
}

enum err export_add(struct export *out, const struct export_item *item)
{
    if (is_pattern(item->scope) || !out->writer->fits(out->options, item)) {
        return ERR_UNSUPPORTED;
    }
    TRY(room_make(out));
    struct export_kept *kept = &out->items[out->count];
    *kept = (struct export_kept){
        .value.kind = item->value.kind,
        .scope = item->value.kind == VALUE_DOMAIN ? VALUE_SCOPE_EXACT : item->scope,
        .reach = reach_of(item),
    };
    TRY(op_copy(out->op, item->value.key, &kept->value.key));
    TRY(op_copy(out->op, item->value.scheme, &kept->value.scheme));
    bool same_source = out->count > 0 && span_equal(kept[-1].source, item->source);
    if (same_source) {
        kept->source = kept[-1].source;
    } else {
        TRY(op_copy(out->op, item->source, &kept->source));
    }
    out->count++;
    return ERR_OK;
}

static int value_compare(const struct export_kept *left, const struct export_kept *right)
{
    int order = (left->value.kind > right->value.kind) - (left->value.kind < right->value.kind);
    if (order == 0) {
        order = span_compare(left->value.key, right->value.key);
    }
    return order != 0 ? order : (left->scope > right->scope) - (left->scope < right->scope);
}

/* Of one value the smaller scheme and source are kept: the order of adding must not show. */
static int kept_compare(const void *a, const void *b)
{
    const struct export_kept *left = a;
    const struct export_kept *right = b;
    int order = value_compare(left, right);
    if (order == 0) {
        order = span_compare(left->value.scheme, right->value.scheme);
    }
    return order != 0 ? order : span_compare(left->source, right->source);
}

static void fold_equal(struct export *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < out->count; i++) {
        if (kept > 0 && value_compare(&out->items[kept - 1], &out->items[i]) == 0) {
            out->items[kept - 1].reach |= out->items[i].reach;
        } else {
            out->items[kept] = out->items[i];
            kept++;
        }
    }
    out->count = kept;
}

struct buf *export_file_add(struct export_file *files, size_t *count, const char *name)
{
    must(*count < EXPORT_FILE_COUNT_MAX);
    struct export_file *file = &files[*count];
    file->name = name;
    buf_init(&file->text, FILE_SIZE_MAX);
    (*count)++;
    return &file->text;
}

const struct export_kept *export_of_kind(const struct export_list *list, enum value_kind kind,
                                         size_t *ret_count)
{
    size_t begin = 0;
    while (begin < list->count && list->items[begin].value.kind < kind) {
        begin++;
    }
    size_t end = begin;
    while (end < list->count && list->items[end].value.kind == kind) {
        end++;
    }
    *ret_count = end - begin;
    return &list->items[begin];
}

void export_add_head(struct buf *buf, const char *mark, const struct export_options *options)
{
    buf_add_format(buf, "%s Made by linie export --format %s; do not edit.\n", mark,
                   export_format_name(options->format));
    buf_add_format(buf, "%s %.*s\n", mark, SPAN_FMT(options->notice));
}

enum err export_finish(struct export *out, struct export_file *files, size_t *ret_count,
                       size_t *ret_values)
{
    *ret_count = 0;
    if (out->count > 0) {
        qsort(out->items, out->count, sizeof *out->items, kept_compare);
    }
    fold_equal(out);
    const struct export_list list = { .options = out->options,
                                      .items = out->items,
                                      .count = out->count };
    out->writer->write(&list, files, ret_count);
    *ret_values = out->count;
    for (size_t i = 0; i < *ret_count; i++) {
        if (files[i].text.err != ERR_OK) {
            return op_fail(out->op, ERR_LIMIT, "%s: too large, or out of memory", files[i].name);
        }
    }
    return ERR_OK;
}
