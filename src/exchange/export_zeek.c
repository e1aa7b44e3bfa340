// SPDX-License-Identifier: EUPL-1.2
/*
 * Zeek's intelligence framework: tab-separated, "-" for what is not there (its document
 * "Intelligence Framework"). It knows names only as they are, not those below them, and URLs
 * without a scheme.
 */
#include "exchange/export_inner.h"

static const char *const types[VALUE_KIND_COUNT] = {
    [VALUE_IPV4] = "Intel::ADDR",
    [VALUE_IPV6] = "Intel::ADDR",
    [VALUE_CIDR] = "Intel::SUBNET",
    [VALUE_DOMAIN] = "Intel::DOMAIN",
    [VALUE_URL] = "Intel::URL",
    [VALUE_MD5] = "Intel::FILE_HASH",
    [VALUE_SHA1] = "Intel::FILE_HASH",
    [VALUE_SHA256] = "Intel::FILE_HASH",
    [VALUE_EMAIL] = "Intel::EMAIL",
    [VALUE_CERT_SHA1] = "Intel::CERT_HASH",
    [VALUE_USER_AGENT] = "Intel::SOFTWARE",
    [VALUE_FILE_NAME] = "Intel::FILE_NAME",
};

static bool has_control(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < ' ') {
            return true;
        }
    }
    return false;
}

static bool fits(const struct export_options *options, const struct export_item *item)
{
    (void)options;
    bool text = item->value.kind == VALUE_USER_AGENT || item->value.kind == VALUE_FILE_NAME;
    bool below = item->scope == VALUE_SCOPE_SUBDOMAINS_ONLY ||
                 item->scope == VALUE_SCOPE_ANY_QUERY || item->scope == VALUE_SCOPE_PREFIX;
    return types[item->value.kind] != NULL && !below && !(text && has_control(item->value.key));
}

static void add_source(struct buf *out, struct span source)
{
    for (size_t i = 0; i < source.size; i++) {
        buf_add_byte(out, source.data[i] < ' ' ? ' ' : source.data[i]);
    }
    buf_add(out, source.size == 0 ? SPAN("linie") : SPAN(""));
}

static void write(const struct export_list *list, struct export_file *files, size_t *ret_count)
{
    struct buf *out = export_file_add(files, ret_count, "linie.intel");
    /* A comment line would be taken for a header by Zeek's reader: the notice is in each row. */
    buf_add(out, SPAN("#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n"));
    for (size_t i = 0; i < list->count; i++) {
        const struct export_kept *item = &list->items[i];
        struct value value = item->value;
        value.scheme = SPAN("");
        if (value.kind == VALUE_DOMAIN && (item->reach & REACH_SELF) == 0) {
            continue;
        }
        value_add_text(out, &value);
        buf_add_format(out, "\t%s\t", types[value.kind]);
        add_source(out, item->source);
        buf_add_format(out, "\t%.*s\n", SPAN_FMT(list->options->notice));
    }
}

const struct export_writer export_zeek = { .fits = fits, .write = write };
