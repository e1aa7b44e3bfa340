// SPDX-License-Identifier: EUPL-1.2
/*
 * What the columns of a CSV file mean, by the names in its header.
 */
#include "exchange/internal.h"

enum role {
    ROLE_NONE = 0,
    ROLE_VALUE,
    ROLE_KIND,
    ROLE_TLP,
    ROLE_CONFIDENCE,
    ROLE_VALID_FROM,
    ROLE_VALID_UNTIL,
    ROLE_FIRST_SEEN,
    ROLE_COMMENT,
};

/* Names in lower case, without '-', '_', '.' and spaces. Names of kinds ("ip", "md5") are looked up
 * in value/. */
static const struct {
    const char *name;
    enum role role;
} names[] = {
    { "value", ROLE_VALUE },
    { "indicator", ROLE_VALUE },
    { "indicatorvalue", ROLE_VALUE },
    { "ioc", ROLE_VALUE },
    { "iocvalue", ROLE_VALUE },
    { "observable", ROLE_VALUE },
    { "observablevalue", ROLE_VALUE },
    { "hash", ROLE_VALUE },
    { "filehash", ROLE_VALUE },
    { "address", ROLE_VALUE },
    { "host", ROLE_VALUE }, /* name or address */
    { "kind", ROLE_KIND },
    { "type", ROLE_KIND },
    { "indicatortype", ROLE_KIND },
    { "ioctype", ROLE_KIND },
    { "observabletype", ROLE_KIND },
    { "valuetype", ROLE_KIND },
    { "tlp", ROLE_TLP },
    { "tlplabel", ROLE_TLP },
    { "confidence", ROLE_CONFIDENCE },
    { "confidencelevel", ROLE_CONFIDENCE },
    { "validfrom", ROLE_VALID_FROM },
    { "validuntil", ROLE_VALID_UNTIL },
    { "validto", ROLE_VALID_UNTIL },
    { "expires", ROLE_VALID_UNTIL },
    { "expiresat", ROLE_VALID_UNTIL },
    { "expiry", ROLE_VALID_UNTIL },
    { "expiration", ROLE_VALID_UNTIL },
    { "expirationdate", ROLE_VALID_UNTIL },
    { "firstseen", ROLE_FIRST_SEEN },
    { "firstseenutc", ROLE_FIRST_SEEN },
    { "dateadded", ROLE_FIRST_SEEN },
    { "description", ROLE_COMMENT },
    { "comment", ROLE_COMMENT },
    { "comments", ROLE_COMMENT },
    { "note", ROLE_COMMENT },
    { "notes", ROLE_COMMENT },
    { "metadesc", ROLE_COMMENT }, /* Zeek's intelligence framework: "meta.desc" */
};

enum { NAME_COUNT = sizeof names / sizeof names[0], NAME_SIZE_MAX = 32 };

static bool is_joint(uint8_t byte)
{
    return byte == '-' || byte == '_' || byte == '.' || byte == ' ';
}

static enum role role_from_name(struct span cell)
{
    uint8_t letters[NAME_SIZE_MAX];
    size_t size = 0;
    for (size_t i = 0; i < cell.size; i++) {
        if (is_joint(cell.data[i])) {
            continue;
        }
        if (size == sizeof letters) {
            return ROLE_NONE;
        }
        letters[size] = cell.data[i];
        size++;
    }
    for (size_t i = 0; i < NAME_COUNT; i++) {
        if (span_equal_nocase(span_make(letters, size), span_of(names[i].name))) {
            return names[i].role;
        }
    }
    return ROLE_NONE;
}

/* Where the number of a role's cell stands; NULL for those that are no attributes. */
static int *attribute_of(struct exchange_columns *columns, enum role role)
{
    switch (role) {
    case ROLE_KIND:
        return &columns->kind;
    case ROLE_TLP:
        return &columns->tlp;
    case ROLE_CONFIDENCE:
        return &columns->confidence;
    case ROLE_VALID_FROM:
        return &columns->valid_from;
    case ROLE_VALID_UNTIL:
        return &columns->valid_until;
    case ROLE_FIRST_SEEN:
        return &columns->first_seen;
    case ROLE_COMMENT:
        return &columns->comment;
    default:
        return NULL;
    }
}

static void value_column_add(struct exchange_columns *columns, int cell, enum value_kind kind)
{
    columns->values[columns->value_count] = (struct exchange_value_column){ cell, kind };
    columns->value_count++;
}

/* Kinds whose column beside others says more about the value: the name of the file with that
 * digest, the AS of that address. They are shared by too many to be indicators unasked. */
static bool is_company(enum value_kind kind)
{
    return kind == VALUE_FILE_NAME || kind == VALUE_USER_AGENT || kind == VALUE_ASN;
}

static void company_drop(struct exchange_columns *columns)
{
    size_t kept = 0;
    for (size_t i = 0; i < columns->value_count; i++) {
        if (!is_company(columns->values[i].kind)) {
            columns->values[kept] = columns->values[i];
            kept++;
        }
    }
    columns->value_count = kept > 0 ? kept : columns->value_count;
}

/* The first column of a role counts. A column for a value of any kind makes those that are named
 * for a kind mere company: they say more about the value. */
static void columns_of(const struct exchange_record *header, uint8_t separator,
                       struct exchange_columns *ret)
{
    *ret = (struct exchange_columns){
        .separator = separator,
        .count = header->cell_count,
        .kind = EXCHANGE_COLUMN_NONE,
        .tlp = EXCHANGE_COLUMN_NONE,
        .confidence = EXCHANGE_COLUMN_NONE,
        .valid_from = EXCHANGE_COLUMN_NONE,
        .valid_until = EXCHANGE_COLUMN_NONE,
        .first_seen = EXCHANGE_COLUMN_NONE,
        .comment = EXCHANGE_COLUMN_NONE,
    };
    int any = EXCHANGE_COLUMN_NONE;
    for (size_t i = 0; i < header->cell_count; i++) {
        struct span name = span_trim(header->cells[i]);
        enum role role = role_from_name(name);
        int *attribute = attribute_of(ret, role);
        enum value_kind kind = VALUE_NONE;
        if (attribute != NULL) {
            *attribute = *attribute == EXCHANGE_COLUMN_NONE ? (int)i : *attribute;
        } else if (role == ROLE_VALUE) {
            any = any == EXCHANGE_COLUMN_NONE ? (int)i : any;
        } else if (value_kind_from_name(name, &kind) == ERR_OK) {
            value_column_add(ret, (int)i, kind);
        } else {
            continue;
        }
        ret->known++;
    }
    company_drop(ret);
    if (any != EXCHANGE_COLUMN_NONE) {
        ret->value_count = 0;
        value_column_add(ret, any, VALUE_NONE);
    }
}

/* Reads a header with the separator under which most of its names are known. */
static bool header_read(struct span text, struct exchange_record *record,
                        struct exchange_columns *ret)
{
    static const uint8_t separators[] = { ',', ';', '\t' };
    ret->known = 0;
    ret->value_count = 0;
    for (size_t i = 0; text.size > 0 && i < sizeof separators; i++) {
        struct exchange_columns columns;
        if (exchange_record_read(text, separators[i], record) != ERR_OK) {
            continue;
        }
        columns_of(record, separators[i], &columns);
        if (columns.value_count > 0 && columns.known > ret->known) {
            *ret = columns;
        }
    }
    return ret->value_count > 0;
}

/* "# first_seen,ioc" and "#fields\tindicator" without what makes them comments. */
static struct span comment_text(struct span comment)
{
    size_t begin = 0;
    while (begin < comment.size && (comment.data[begin] == '#' || comment.data[begin] == ' ')) {
        begin++;
    }
    struct span text = span_from(comment, begin);
    struct span fields = SPAN("fields\t");
    return span_starts_with(text, fields) ? span_from(text, fields.size) : text;
}

static size_t cell_count(struct span rest, uint8_t separator, struct exchange_record *record)
{
    return exchange_record_read(rest, separator, record) == ERR_OK ? record->cell_count : 0;
}

enum err exchange_columns_find(struct span file, struct exchange_record *record,
                               struct exchange_columns *ret, size_t *ret_at)
{
    struct span comment = { NULL, 0 }; /* the last one before the first line */
    size_t at = 0;
    while (at < file.size) {
        size_t size = 0;
        struct span line = span_trim(exchange_line(span_from(file, at), &size));
        if (line.size > 0 && line.data[0] != '#') {
            break;
        }
        comment = line.size > 0 ? line : comment;
        at += size;
    }
    struct span rest = span_from(file, at);
    struct exchange_columns by_line;
    struct exchange_columns by_comment;
    bool line_names = header_read(rest, record, &by_line);
    bool comment_names = header_read(comment_text(comment), record, &by_comment);
    bool comment_fits =
        comment_names && by_comment.count > 1 &&
        (rest.size == 0 || cell_count(rest, by_comment.separator, record) == by_comment.count);
    /* A line of data may hold a name by chance, "domain" or "url", as the value of a cell; a
     * comment of one word may be a comment. */
    if (comment_fits && by_comment.known > by_line.known) {
        *ret = by_comment;
        *ret_at = at;
        return ERR_OK;
    }
    if (line_names && exchange_record_read(rest, by_line.separator, record) == ERR_OK) {
        *ret = by_line;
        *ret_at = at + record->size;
        return ERR_OK;
    }
    return ERR_ABSENT;
}
