// SPDX-License-Identifier: EUPL-1.2
/*
 * Plain lists: one value a line, as most firewalls, proxies and mail gateways read them. A name
 * says nothing of those below it there, but for "*.name", which stands for them alone.
 */
#include "exchange/export_inner.h"

static bool fits(const struct export_options *options, const struct export_item *item)
{
    (void)options;
    bool line_end = span_find(item->value.key, '\n') != SPAN_NOT_FOUND ||
                    span_find(item->value.key, '\r') != SPAN_NOT_FOUND;
    bool text = item->value.kind == VALUE_USER_AGENT || item->value.kind == VALUE_FILE_NAME;
    bool reaches = item->scope == VALUE_SCOPE_ANY_QUERY || item->scope == VALUE_SCOPE_PREFIX ||
                   item->scope == VALUE_SCOPE_CASELESS;
    return !(text && line_end) && !reaches;
}

static void write(const struct export_list *list, struct export_file *files, size_t *ret_count)
{
    struct buf *out = export_file_add(files, ret_count, "linie.txt");
    export_add_head(out, "#", list->options);
    for (size_t i = 0; i < list->count; i++) {
        const struct export_kept *item = &list->items[i];
        if (item->value.kind == VALUE_DOMAIN && item->reach == REACH_BELOW) {
            buf_add(out, SPAN("*."));
        }
        value_add_text(out, &item->value);
        buf_add_byte(out, '\n');
    }
}

const struct export_writer export_plain = { .fits = fits, .write = write };
