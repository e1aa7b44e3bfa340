// SPDX-License-Identifier: EUPL-1.2
/*
 * Zeek's intelligence framework: tab-separated, "-" for what is not there (its document
 * "Intelligence Framework"). It knows names only as they are, not those below them, and URLs
 * without a scheme.
 */
#include "base/uuid.h"
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

static bool fits(const struct export_options *options, const struct export_item *item)
{
    (void)options;
    bool below = item->scope == VALUE_SCOPE_SUBDOMAINS_ONLY ||
                 item->scope == VALUE_SCOPE_ANY_QUERY || item->scope == VALUE_SCOPE_PREFIX;
    return types[item->value.kind] != NULL && !below;
}

static void add_source(struct buf *out, struct span source)
{
    for (size_t i = 0; i < source.size; i++) {
        buf_add_byte(out, source.data[i] < ' ' ? ' ' : source.data[i]);
    }
    buf_add(out, source.size == 0 ? SPAN("linie") : SPAN(""));
}

/* Zeek's reader undoes "\xHH", takes "#" at the beginning of a line for a comment, and "-" for
 * nothing. */
static void add_text(struct buf *out, struct span text)
{
    bool nothing = span_equal(text, SPAN("-"));
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        bool mark = byte == '\\' || (i == 0 && (byte == '#' || nothing));
        if (byte < ' ' || byte > '~' || mark) {
            buf_add_format(out, "\\x%02X", byte);
        } else {
            buf_add_byte(out, byte);
        }
    }
}

static void add_row(const struct export_list *list, struct buf *out, const struct export_kept *item,
                    struct span text)
{
    add_text(out, text);
    buf_add_format(out, "\t%s\t", types[item->value.kind]);
    add_source(out, item->source);
    buf_add_format(out, "\t%.*s\n", SPAN_FMT(list->options->notice));
}

/* The URL as Zeek's analyzer of HTTP passes it on: each escape undone once. */
static struct span unescaped(struct span key, uint8_t *room)
{
    size_t size = 0;
    for (size_t i = 0; i < key.size; i++) {
        bool escape = key.data[i] == '%' && i + 2 < key.size;
        int high = escape ? hex_digit(key.data[i + 1]) : -1;
        int low = escape ? hex_digit(key.data[i + 2]) : -1;
        room[size] = key.data[i];
        if (high >= 0 && low >= 0) {
            room[size] = (uint8_t)(high << 4 | low);
            i += 2;
        }
        size++;
    }
    return span_make(room, size);
}

/* What Zeek sees of HTTP is unescaped (HTTP::build_url() in its seen/http-url.zeek); of mails it
 * takes URLs as they stand there (seen/smtp-url-extraction.zeek). */
static void add_rows(const struct export_list *list, struct buf *out,
                     const struct export_kept *item, struct buf *text)
{
    struct value value = item->value;
    uint8_t room[VALUE_URL_SIZE_MAX];
    value.scheme = SPAN("");
    buf_clear(text);
    value_add_text(text, &value);
    add_row(list, out, item, buf_span(text));
    if (value.kind == VALUE_URL && span_find(value.key, '%') != SPAN_NOT_FOUND) {
        add_row(list, out, item, unescaped(value.key, room));
    }
}

static void write(const struct export_list *list, struct export_file *files, size_t *ret_count)
{
    struct buf *out = export_file_add(files, ret_count, "linie.intel");
    struct buf text;
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    /* A comment line would be taken for a header by Zeek's reader: the notice is in each row. */
    buf_add(out, SPAN("#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n"));
    for (size_t i = 0; i < list->count; i++) {
        const struct export_kept *item = &list->items[i];
        if (item->value.kind != VALUE_DOMAIN || (item->reach & REACH_SELF) != 0) {
            add_rows(list, out, item, &text);
        }
    }
    out->err = out->err == ERR_OK ? text.err : out->err;
    buf_done(&text);
}

const struct export_writer export_zeek = { .fits = fits, .write = write };
