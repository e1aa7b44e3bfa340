// SPDX-License-Identifier: EUPL-1.2
/*
 * What the columns of a CSV file mean, by the names in its header.
 */
#include "exchange/internal.h"

/* Names in lower case, without '-', '_', '.' and spaces. Names of kinds ("ip", "md5") are looked up
 * in value/. */
static const struct {
    const char *name;
    enum exchange_role role;
} names[] = {
    { "value", EXCHANGE_ROLE_VALUE },
    { "indicator", EXCHANGE_ROLE_VALUE },
    { "indicatorvalue", EXCHANGE_ROLE_VALUE },
    { "ioc", EXCHANGE_ROLE_VALUE },
    { "iocvalue", EXCHANGE_ROLE_VALUE },
    { "observable", EXCHANGE_ROLE_VALUE },
    { "observablevalue", EXCHANGE_ROLE_VALUE },
    { "hash", EXCHANGE_ROLE_OPEN },
    { "filehash", EXCHANGE_ROLE_OPEN },
    { "address", EXCHANGE_ROLE_OPEN },
    { "host", EXCHANGE_ROLE_OPEN }, /* name or address */
    { "kind", EXCHANGE_ROLE_KIND },
    { "type", EXCHANGE_ROLE_KIND },
    { "indicatortype", EXCHANGE_ROLE_KIND },
    { "ioctype", EXCHANGE_ROLE_KIND },
    { "observabletype", EXCHANGE_ROLE_KIND },
    { "valuetype", EXCHANGE_ROLE_KIND },
    { "scope", EXCHANGE_ROLE_SCOPE },
    { "toids", EXCHANGE_ROLE_TO_IDS },
    { "tlp", EXCHANGE_ROLE_TLP },
    { "tlplabel", EXCHANGE_ROLE_TLP },
    { "confidence", EXCHANGE_ROLE_CONFIDENCE },
    { "confidencelevel", EXCHANGE_ROLE_CONFIDENCE },
    { "metacifconfidence", EXCHANGE_ROLE_CONFIDENCE }, /* Zeek's files for the CIF */
    { "validfrom", EXCHANGE_ROLE_VALID_FROM },
    { "validuntil", EXCHANGE_ROLE_VALID_UNTIL },
    { "validto", EXCHANGE_ROLE_VALID_UNTIL },
    { "expires", EXCHANGE_ROLE_VALID_UNTIL },
    { "expiresat", EXCHANGE_ROLE_VALID_UNTIL },
    { "expiry", EXCHANGE_ROLE_VALID_UNTIL },
    { "expiration", EXCHANGE_ROLE_VALID_UNTIL },
    { "expirationdate", EXCHANGE_ROLE_VALID_UNTIL },
    { "expirationtime", EXCHANGE_ROLE_VALID_UNTIL }, /* Microsoft Defender for Endpoint */
    { "firstseen", EXCHANGE_ROLE_FIRST_SEEN },
    { "firstseenutc", EXCHANGE_ROLE_FIRST_SEEN },
    { "dateadded", EXCHANGE_ROLE_FIRST_SEEN },
    { "listingdate", EXCHANGE_ROLE_FIRST_SEEN }, /* SSLBL */
    { "description", EXCHANGE_ROLE_COMMENT },
    { "comment", EXCHANGE_ROLE_COMMENT },
    { "comments", EXCHANGE_ROLE_COMMENT },
    { "note", EXCHANGE_ROLE_COMMENT },
    { "notes", EXCHANGE_ROLE_COMMENT },
    { "listingreason", EXCHANGE_ROLE_COMMENT },
    { "metadesc", EXCHANGE_ROLE_COMMENT }, /* Zeek's intelligence framework: "meta.desc" */
    { "uuid", EXCHANGE_ROLE_UUID },
    { "category", EXCHANGE_ROLE_CATEGORY },
    { "threat", EXCHANGE_ROLE_THREAT },
    { "threattype", EXCHANGE_ROLE_THREAT },
    { "malware", EXCHANGE_ROLE_MALWARE },
    { "malwareprintable", EXCHANGE_ROLE_MALWARE },
    { "signature", EXCHANGE_ROLE_MALWARE }, /* MalwareBazaar */
    { "tags", EXCHANGE_ROLE_TAGS },
    { "attributetag", EXCHANGE_ROLE_TAGS }, /* MISP */
    { "metaciftags", EXCHANGE_ROLE_TAGS },
    { "source", EXCHANGE_ROLE_ORIGIN },
    { "reporter", EXCHANGE_ROLE_ORIGIN },
    { "metasource", EXCHANGE_ROLE_ORIGIN },
    { "reference", EXCHANGE_ROLE_REFERENCE },
    { "references", EXCHANGE_ROLE_REFERENCE },
    { "urlhauslink", EXCHANGE_ROLE_REFERENCE },
    { "metaurl", EXCHANGE_ROLE_REFERENCE },
};

enum { NAME_COUNT = sizeof names / sizeof names[0], NAME_SIZE_MAX = 32 };

static bool is_joint(uint8_t byte)
{
    return byte == '-' || byte == '_' || byte == '.' || byte == ' ';
}

static enum exchange_role role_from_name(struct span cell)
{
    uint8_t letters[NAME_SIZE_MAX];
    size_t size = 0;
    for (size_t i = 0; i < cell.size; i++) {
        if (is_joint(cell.data[i])) {
            continue;
        }
        if (size == sizeof letters) {
            return EXCHANGE_ROLE_NONE;
        }
        letters[size] = cell.data[i];
        size++;
    }
    for (size_t i = 0; i < NAME_COUNT; i++) {
        if (span_equal_nocase(span_make(letters, size), span_of(names[i].name))) {
            return names[i].role;
        }
    }
    return EXCHANGE_ROLE_NONE;
}

static void value_column_add(struct exchange_columns *columns, int cell, enum value_kind kind,
                             bool plain)
{
    columns->values[columns->value_count] =
        (struct exchange_value_column){ .cell = cell, .kind = kind, .plain = plain };
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

/* SSLBL lists certificates, in a column that only says SHA-1 (its header is "Listingdate,SHA1,
 * Listingreason"). */
static void sslbl_kinds(struct exchange_columns *columns, const struct exchange_record *header)
{
    int reason = columns->roles[EXCHANGE_ROLE_COMMENT];
    bool sslbl = reason != EXCHANGE_COLUMN_NONE && columns->value_count == 1 &&
                 columns->values[0].kind == VALUE_SHA1 &&
                 span_equal_nocase(span_trim(header->cells[reason]), SPAN("Listingreason"));
    if (sslbl) {
        columns->values[0].kind = VALUE_CERT_SHA1;
    }
}

/* What bounds the use of a value: if the first of two such columns won, the other would be
 * loosened. */
static bool is_bound(enum exchange_role role)
{
    return role == EXCHANGE_ROLE_TLP || role == EXCHANGE_ROLE_VALID_UNTIL ||
           role == EXCHANGE_ROLE_TO_IDS;
}

/* Columns that say "value" leave no doubt which ones hold values: others say more about it. */
static void asides_drop(struct exchange_columns *columns)
{
    bool plain = columns->roles[EXCHANGE_ROLE_VALUE] != EXCHANGE_COLUMN_NONE;
    size_t kept = 0;
    for (size_t i = 0; i < columns->value_count; i++) {
        if (!plain || columns->values[i].plain) {
            columns->values[kept] = columns->values[i];
            kept++;
        }
    }
    columns->value_count = kept;
}

/* What the cell of a header says; false where its name is not known. */
static bool column_read(struct exchange_columns *columns, int cell, struct span name)
{
    enum exchange_role role = role_from_name(name);
    enum value_kind kind = VALUE_NONE;
    if (role == EXCHANGE_ROLE_NONE && value_kind_from_name(name, &kind) != ERR_OK) {
        return false;
    }
    if (role == EXCHANGE_ROLE_NONE || role == EXCHANGE_ROLE_VALUE || role == EXCHANGE_ROLE_OPEN) {
        value_column_add(columns, cell, kind, role == EXCHANGE_ROLE_VALUE);
    }
    if (role != EXCHANGE_ROLE_NONE) {
        bool first = columns->roles[role] == EXCHANGE_COLUMN_NONE;
        columns->doubled |= is_bound(role) && !first;
        columns->roles[role] = first ? cell : columns->roles[role];
    }
    return true;
}

/* The first column of a role counts, but every column that holds values does. */
void exchange_columns_read(const struct exchange_record *header, uint8_t separator,
                           struct exchange_columns *ret)
{
    *ret = (struct exchange_columns){ .separator = separator, .count = header->cell_count };
    for (int i = 0; i < EXCHANGE_ROLE_COUNT; i++) {
        ret->roles[i] = EXCHANGE_COLUMN_NONE;
    }
    for (size_t i = 0; i < header->cell_count; i++) {
        ret->known += column_read(ret, (int)i, span_trim(header->cells[i])) ? 1 : 0;
    }
    asides_drop(ret);
    company_drop(ret);
    sslbl_kinds(ret, header);
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
        exchange_columns_read(record, separators[i], &columns);
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
