// SPDX-License-Identifier: EUPL-1.2
/*
 * CSV files: each record gives an indicator for each of its value columns, or a refusal.
 */
#include "exchange/internal.h"

enum { CONFIDENCE_MAX = 100, EPOCH_DIGITS_MIN = 9 };

/* Words with which a cell says that it says nothing. */
static bool says_nothing(struct span cell)
{
    static const char *const words[] = { "", "-", "n/a", "null" };
    if (cell.size > sizeof "null" - 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (span_equal_nocase(cell, span_of(words[i]))) {
            return true;
        }
    }
    return false;
}

/* A cell by its number; empty where the record has none, or where it says nothing. */
static struct span cell_at(const struct exchange_record *record, int number)
{
    const struct span none = { NULL, 0 };
    if (number == EXCHANGE_COLUMN_NONE || (size_t)number >= record->cell_count) {
        return none;
    }
    struct span cell = span_trim(record->cells[number]);
    return says_nothing(cell) ? none : cell;
}

struct span exchange_cell(const struct exchange_reader *reader, enum exchange_role role)
{
    return cell_at(&reader->record, reader->columns.roles[role]);
}

static bool record_is_blank(const struct exchange_record *record)
{
    for (size_t i = 0; i < record->cell_count; i++) {
        if (span_trim(record->cells[i]).size > 0) {
            return false;
        }
    }
    return true;
}

/* Whether all cells that have no name are empty: else a separator inside a cell has moved them. */
static bool record_fits(const struct exchange_record *record, size_t count)
{
    for (size_t i = count; i < record->cell_count; i++) {
        if (span_trim(record->cells[i]).size > 0) {
            return false;
        }
    }
    return true;
}

/* RFC 3339 and its like, with " UTC" behind it, or seconds since 1970. */
static bool time_read(struct span cell, int64_t *ret_us)
{
    if (cell.size == 0) {
        return true;
    }
    struct span utc = SPAN(" UTC");
    cell = span_ends_with(cell, utc) ? span_slice(cell, 0, cell.size - utc.size) : cell;
    if (time_parse(cell, ret_us) == ERR_OK) {
        return true;
    }
    return cell.size >= EPOCH_DIGITS_MIN && time_parse_epoch(cell, ret_us) == ERR_OK;
}

/* A number, or a word of STIX 2.1's scale "None/Low/Med/High" (appendix A). */
static bool confidence_read(struct span cell, uint8_t *ret)
{
    static const struct {
        const char *word;
        uint8_t confidence;
    } words[] = { { "none", 0 }, { "low", 15 }, { "med", 50 }, { "medium", 50 }, { "high", 85 } };
    uint64_t number = 0;
    bool percent = span_ends_with(cell, SPAN("%"));
    struct span digits = percent ? span_slice(cell, 0, cell.size - 1) : cell;
    if (cell.size == 0) {
        return true;
    }
    if (span_to_u64(digits, &number) == ERR_OK && number <= CONFIDENCE_MAX) {
        *ret = (uint8_t)number;
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (span_equal_nocase(cell, span_of(words[i].word))) {
            *ret = words[i].confidence;
            return true;
        }
    }
    return false;
}

/* Tags are one cell with commas between, and may hold labels. */
static void tags_add(struct exchange_reader *reader, struct exchange_item *item)
{
    enum { TAG_COUNT_MAX = 64 };
    struct span tags[TAG_COUNT_MAX];
    size_t count = 0;
    struct span rest = exchange_cell(reader, EXCHANGE_ROLE_TAGS);
    struct span tag = { NULL, 0 };
    while (rest.size > 0 && count < TAG_COUNT_MAX && span_next(&rest, ',', &tag)) {
        tags[count] = span_trim(tag);
        bool stricter = exchange_tlp_rank(tags[count]) > exchange_tlp_rank(item->tlp);
        if (span_starts_with_nocase(tags[count], SPAN("tlp:")) && stricter) {
            item->tlp = tags[count];
        }
        count += tags[count].size > 0 ? 1 : 0;
    }
    exchange_context_add_list(reader, "tags", tags, count);
}

void exchange_cells_context(struct exchange_reader *reader, struct exchange_item *item)
{
    static const struct {
        const char *key;
        enum exchange_role role;
    } notes[] = {
        { "uuid", EXCHANGE_ROLE_UUID },           { "category", EXCHANGE_ROLE_CATEGORY },
        { "comment", EXCHANGE_ROLE_COMMENT },     { "threat", EXCHANGE_ROLE_THREAT },
        { "malware", EXCHANGE_ROLE_MALWARE },     { "origin", EXCHANGE_ROLE_ORIGIN },
        { "reference", EXCHANGE_ROLE_REFERENCE },
    };
    item->comment = exchange_cell(reader, EXCHANGE_ROLE_COMMENT);
    exchange_context_begin(reader);
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        exchange_context_add(reader, notes[i].key, exchange_cell(reader, notes[i].role));
    }
    tags_add(reader, item);
    item->context = exchange_context_end(reader);
}

/* What the record says of all its values. `ret_cell` is the cell that cannot be read. */
static enum exchange_refusal attributes_read(struct exchange_reader *reader,
                                             struct exchange_item *item, struct span *ret_cell)
{
    const struct {
        enum exchange_role role;
        int64_t *time_us;
    } times[] = {
        { EXCHANGE_ROLE_VALID_FROM, &item->valid_from_us },
        { EXCHANGE_ROLE_VALID_UNTIL, &item->valid_until_us },
        { EXCHANGE_ROLE_FIRST_SEEN, &item->first_seen_us },
    };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        *ret_cell = exchange_cell(reader, times[i].role);
        if (!time_read(*ret_cell, times[i].time_us)) {
            return EXCHANGE_REFUSAL_TIME;
        }
    }
    *ret_cell = exchange_cell(reader, EXCHANGE_ROLE_CONFIDENCE);
    if (!confidence_read(*ret_cell, &item->confidence)) {
        return EXCHANGE_REFUSAL_NUMBER;
    }
    *ret_cell = exchange_cell(reader, EXCHANGE_ROLE_TLP);
    if (ret_cell->size > 0 && exchange_tlp_rank(*ret_cell) == 0) {
        return EXCHANGE_REFUSAL_TLP;
    }
    item->tlp = *ret_cell;
    exchange_cells_context(reader, item);
    return EXCHANGE_REFUSAL_NONE;
}

/* The kind that a cell of the kind column names; VALUE_NONE where it leaves it open. */
static enum err kind_read(struct span cell, enum value_kind *ret)
{
    static const char *const open_words[] = {
        "", "hash", "file_hash", "filehash", "Intel::FILE_HASH", "Intel::CERT_HASH"
    };
    for (size_t i = 0; i < sizeof open_words / sizeof open_words[0]; i++) {
        if (span_equal_nocase(cell, span_of(open_words[i]))) {
            *ret = VALUE_NONE;
            return ERR_OK;
        }
    }
    return value_kind_from_name(cell, ret);
}

/* What the cells of a value's column hold: as the column is named, the kind column says, or the
 * command line. MISP's own tables mean MISP's types; elsewhere its words are the last resort. */
static enum exchange_refusal type_read(struct exchange_reader *reader,
                                       struct exchange_value_column column)
{
    struct span word = exchange_cell(reader, EXCHANGE_ROLE_KIND);
    struct exchange_misp_type type = { .part_count = 1, .parts = { { .kind = column.kind } } };
    bool misp = reader->columns.roles[EXCHANGE_ROLE_TO_IDS] != EXCHANGE_COLUMN_NONE;
    bool open = column.kind == VALUE_NONE;
    if (open && word.size == 0) {
        type.parts[0].kind = reader->options.kind;
    } else if (open && misp) {
        if (exchange_misp_type_find(word, SPAN(""), &type) != ERR_OK) {
            return EXCHANGE_REFUSAL_UNWATCHED;
        }
    } else if (open && kind_read(word, &type.parts[0].kind) != ERR_OK &&
               exchange_misp_type_find(word, SPAN(""), &type) != ERR_OK) {
        return EXCHANGE_REFUSAL_KIND;
    }
    reader->type = type;
    return EXCHANGE_REFUSAL_NONE;
}

static enum exchange_refusal value_read(struct exchange_reader *reader,
                                        const struct exchange_part *part, struct span cell,
                                        struct exchange_item *item)
{
    struct span word = exchange_cell(reader, EXCHANGE_ROLE_SCOPE);
    enum value_scope scope = VALUE_SCOPE_EXACT;
    if (word.size == 0) {
        return exchange_part_read(reader, part, cell, item);
    }
    if (value_scope_from_name(word, &scope) != ERR_OK) {
        return EXCHANGE_REFUSAL_SCOPE;
    }
    return exchange_scoped_read(reader, part->kind, scope, cell, item);
}

static struct span record_text(const struct exchange_reader *reader)
{
    return span_trim(span_slice(reader->file, reader->record_at, reader->at));
}

static enum err record_refuse(const struct exchange_reader *reader, enum exchange_refusal refusal,
                              struct span text, struct exchange_fault *ret_fault)
{
    return exchange_refuse(refusal, reader->record_line, reader->record_at, text, ret_fault);
}

/* Takes the next record that says something; ERR_FORMAT where it is refused as a whole. */
static enum err record_take(struct exchange_reader *reader, struct exchange_fault *ret_fault)
{
    struct exchange_record *record = &reader->record;
    enum err err = ERR_OK;
    do {
        struct span rest = span_from(reader->file, reader->at);
        if (rest.size == 0) {
            return ERR_ABSENT;
        }
        reader->record_at = reader->at;
        reader->record_line = reader->line;
        size_t line_size = 0;
        struct span line = exchange_line(rest, &line_size);
        if (exchange_line_is_comment(EXCHANGE_FORMAT_CSV, line)) {
            record->cell_count = 0;
            record->size = line_size;
            record->line_count = 1;
        } else {
            err = exchange_record_read(rest, reader->columns.separator, record);
        }
        reader->at += record->size;
        reader->line += record->line_count;
    } while (err == ERR_OK && record_is_blank(record));
    if (err == ERR_LIMIT) {
        return record_refuse(reader, EXCHANGE_REFUSAL_SIZE, record_text(reader), ret_fault);
    }
    if (err != ERR_OK || !record_fits(record, reader->columns.count)) {
        return record_refuse(reader, EXCHANGE_REFUSAL_CELLS, record_text(reader), ret_fault);
    }
    return ERR_OK;
}

/* MISP's tables say of each row whether it is for detection. */
static bool is_not_for_detection(const struct exchange_reader *reader)
{
    struct span cell = exchange_cell(reader, EXCHANGE_ROLE_TO_IDS);
    return span_equal(cell, SPAN("0")) || span_equal_nocase(cell, SPAN("false"));
}

/* Opens the next record: its attributes are read once, for all its values. */
static enum err record_open(struct exchange_reader *reader, struct exchange_fault *ret_fault)
{
    TRY(record_take(reader, ret_fault));
    while (is_not_for_detection(reader)) {
        reader->passed++;
        TRY(record_take(reader, ret_fault));
    }
    reader->of = exchange_item_empty(reader->record_line, reader->record_at);
    struct span cell = { NULL, 0 };
    enum exchange_refusal refusal = attributes_read(reader, &reader->of, &cell);
    if (refusal != EXCHANGE_REFUSAL_NONE) {
        return record_refuse(reader, refusal, cell, ret_fault);
    }
    reader->record_open = true;
    reader->record_told = false;
    reader->column = 0;
    reader->part = 0;
    reader->type.part_count = 0;
    return ERR_OK;
}

/* The next column of the open record that says something, with the type of its value; ERR_ABSENT
 * where there is none. */
static enum err column_next(struct exchange_reader *reader, struct span *ret_cell,
                            enum exchange_refusal *ret_refusal)
{
    while (reader->column < reader->columns.value_count) {
        struct exchange_value_column column = reader->columns.values[reader->column];
        *ret_cell = cell_at(&reader->record, column.cell);
        reader->column++;
        if (ret_cell->size > 0) {
            reader->part = 0;
            reader->type.part_count = 0;
            *ret_refusal = type_read(reader, column);
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}

/* The next value of the open record; ERR_AGAIN where it has no more. */
static enum err value_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                           struct exchange_fault *ret_fault)
{
    enum exchange_refusal refusal = EXCHANGE_REFUSAL_NONE;
    struct span cell = { NULL, 0 };
    if (reader->part < reader->type.part_count) {
        cell = cell_at(&reader->record, reader->columns.values[reader->column - 1].cell);
    } else if (column_next(reader, &cell, &refusal) != ERR_OK) {
        reader->record_open = false;
        return reader->record_told
                   ? ERR_AGAIN
                   : record_refuse(reader, EXCHANGE_REFUSAL_CELLS, record_text(reader), ret_fault);
    }
    reader->record_told = true;
    struct exchange_item item = reader->of;
    if (refusal == EXCHANGE_REFUSAL_NONE) {
        const struct exchange_part *part = &reader->type.parts[reader->part];
        reader->part++;
        refusal = value_read(reader, part, cell, &item);
    }
    if (refusal != EXCHANGE_REFUSAL_NONE) {
        return record_refuse(reader, refusal, cell, ret_fault);
    }
    *ret_item = item;
    return ERR_OK;
}

enum err exchange_csv_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                           struct exchange_fault *ret_fault)
{
    for (;;) {
        if (!reader->record_open) {
            TRY(record_open(reader, ret_fault));
        }
        enum err err = value_next(reader, ret_item, ret_fault);
        if (err != ERR_AGAIN) {
            return err;
        }
    }
}

/* The reader then stands on the first line of data. */
enum err exchange_csv_open(struct op *op, struct exchange_reader *reader)
{
    size_t begin = reader->at;
    size_t data = 0;
    struct span text = span_trim(span_from(reader->file, begin));
    if (span_find(text, '\n') == SPAN_NOT_FOUND && span_find(text, '\r') != SPAN_NOT_FOUND) {
        return op_fail(op, ERR_FORMAT, "lines end with CR alone: write LF or CRLF (RFC 4180)");
    }
    if (exchange_columns_find(span_from(reader->file, begin), &reader->record, &reader->columns,
                              &data) != ERR_OK) {
        return op_fail(op, ERR_FORMAT,
                       "the CSV header names no column for the value: name it value, indicator, "
                       "ioc, observable, ip, cidr, domain, url, email, hash, md5, sha1 or sha256, "
                       "or read the file as a list");
    }
    if (reader->columns.doubled) {
        return op_fail(op, ERR_FORMAT,
                       "the CSV header has two columns for a label, an end of validity or to_ids: "
                       "keep the one that counts");
    }
    while (reader->at < begin + data) {
        size_t size = 0;
        (void)exchange_line(span_from(reader->file, reader->at), &size);
        reader->at += size;
        reader->line++;
    }
    return ERR_OK;
}
