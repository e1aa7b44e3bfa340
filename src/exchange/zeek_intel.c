// SPDX-License-Identifier: EUPL-1.2
/*
 * Files of Zeek's intelligence framework: tab-separated, "#fields" names the columns. What its
 * types mean is that of base/frameworks/intel/main.zeek: all strings are compared in lower case, a
 * domain is that name alone, a URL has no scheme.
 */
#include "base/uuid.h"
#include "exchange/internal.h"

static const struct {
    const char *name; /* behind "Intel::" */
    enum value_kind kind;
    bool watched; /* VALUE_NONE with it: recognised, for it may be a digest of any algorithm */
} types[] = {
    { "ADDR", VALUE_IPV4, true },
    { "SUBNET", VALUE_CIDR, true },
    { "URL", VALUE_URL, true },
    { "SOFTWARE", VALUE_USER_AGENT, true },
    { "EMAIL", VALUE_EMAIL, true },
    { "DOMAIN", VALUE_DOMAIN, true },
    { "CERT_HASH", VALUE_CERT_SHA1, true },
    { "FILE_HASH", VALUE_NONE, true },
    { "FILE_NAME", VALUE_FILE_NAME, true },
    { "USER_NAME", VALUE_NONE, false },
    { "PUBKEY_HASH", VALUE_NONE, false },
    /* Zeek itself has no such types: packages add them to Intel::Type. */
    { "JA3", VALUE_JA3, true },
    { "JA3S", VALUE_JA3S, true },
    { "JA4", VALUE_JA4, true },
    { "HASSH", VALUE_HASSH, true },
};

enum { TYPE_COUNT = sizeof types / sizeof types[0] };

static struct span fields_line(struct span text, size_t *ret_at)
{
    size_t at = 0;
    while (at < text.size) {
        size_t size = 0;
        struct span line = exchange_line(span_from(text, at), &size);
        at += size;
        if (span_starts_with(line, SPAN("#fields\t"))) {
            *ret_at = at;
            return span_from(line, sizeof "#fields\t" - 1);
        }
    }
    return (struct span){ NULL, 0 };
}

enum err exchange_zeek_open(struct op *op, struct exchange_reader *reader)
{
    size_t data = 0;
    struct span header = fields_line(span_from(reader->file, reader->at), &data);
    bool split = header.size > 0 && exchange_record_split(header, '\t', &reader->record);
    if (split) {
        exchange_columns_read(&reader->record, '\t', &reader->columns);
    }
    if (!split || reader->columns.value_count != 1 ||
        reader->columns.roles[EXCHANGE_ROLE_KIND] == EXCHANGE_COLUMN_NONE) {
        return op_fail(op, ERR_FORMAT,
                       "no line \"#fields\" that names indicator and indicator_type, with tabs "
                       "between");
    }
    return ERR_OK;
}

/* "\x09" stands for a byte that Zeek could not write as it is. */
static struct span unescape(struct exchange_reader *reader, struct span cell)
{
    buf_clear(&reader->text);
    if (span_find_span(cell, SPAN("\\x")) == SPAN_NOT_FOUND) {
        return cell;
    }
    for (size_t i = 0; i < cell.size; i++) {
        const size_t escape = sizeof "\\xHH" - 1;
        bool escaped = cell.size - i >= escape && cell.data[i] == '\\' && cell.data[i + 1] == 'x';
        int high = escaped ? hex_digit(cell.data[i + 2]) : -1;
        int low = escaped ? hex_digit(cell.data[i + 3]) : -1;
        if (high >= 0 && low >= 0) {
            buf_add_byte(&reader->text, (uint8_t)(high << 4 | low));
            i += escape - 1;
        } else {
            buf_add_byte(&reader->text, cell.data[i]);
        }
    }
    return buf_span(&reader->text);
}

static bool is_digest(enum value_kind kind)
{
    return kind == VALUE_MD5 || kind == VALUE_SHA1 || kind == VALUE_SHA256 || kind == VALUE_SHA512;
}

static enum exchange_refusal value_read(struct exchange_reader *reader, enum value_kind kind,
                                        struct span cell, struct exchange_item *item)
{
    struct span text = unescape(reader, cell);
    if (kind == VALUE_URL) {
        return exchange_scoped_read(reader, kind, VALUE_SCOPE_CASELESS, text, item);
    }
    enum exchange_refusal refusal = exchange_value_read(reader, kind, text, item);
    bool other = kind == VALUE_NONE && !is_digest(item->value.kind);
    exchange_mean_alone(item);
    return refusal == EXCHANGE_REFUSAL_NONE && other ? EXCHANGE_REFUSAL_VALUE : refusal;
}

enum exchange_refusal exchange_zeek_line(struct exchange_reader *reader, struct span line,
                                         struct exchange_item *item)
{
    const struct exchange_columns *columns = &reader->columns;
    reader->record.cell_count = 0;
    if (!exchange_record_split(line, '\t', &reader->record) ||
        reader->record.cell_count != columns->count) {
        return EXCHANGE_REFUSAL_CELLS;
    }
    struct span word = exchange_cell(reader, EXCHANGE_ROLE_KIND);
    struct span prefix = SPAN("Intel::");
    word = span_starts_with(word, prefix) ? span_from(word, prefix.size) : word;
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (!span_equal(word, span_of(types[i].name))) {
            continue;
        }
        if (!types[i].watched) {
            return EXCHANGE_REFUSAL_UNWATCHED;
        }
        exchange_cells_context(reader, item);
        struct span cell = span_trim(reader->record.cells[columns->values[0].cell]);
        return value_read(reader, types[i].kind, cell, item);
    }
    return EXCHANGE_REFUSAL_KIND;
}
