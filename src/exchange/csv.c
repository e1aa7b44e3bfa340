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

/* The labels of TLP 2.0 (FIRST, 2022), and TLP 1.0's WHITE. */
static bool tlp_read(struct span cell, struct span *ret)
{
    static const char *const labels[] = {
        "clear", "white", "green", "amber", "amber+strict", "red"
    };
    struct span prefix = SPAN("TLP:");
    struct span label = span_starts_with_nocase(cell, prefix) ? span_from(cell, prefix.size) : cell;
    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
        if (span_equal_nocase(label, span_of(labels[i]))) {
            *ret = cell;
            return true;
        }
    }
    return cell.size == 0;
}

/* What the record says of all its values. `ret_cell` is the cell that cannot be read. */
static enum exchange_refusal attributes_read(const struct exchange_record *record,
                                             const struct exchange_columns *columns,
                                             struct exchange_item *item, struct span *ret_cell)
{
    const struct {
        int cell;
        int64_t *time_us;
    } times[] = {
        { columns->valid_from, &item->valid_from_us },
        { columns->valid_until, &item->valid_until_us },
        { columns->first_seen, &item->first_seen_us },
    };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        *ret_cell = cell_at(record, times[i].cell);
        if (!time_read(*ret_cell, times[i].time_us)) {
            return EXCHANGE_REFUSAL_TIME;
        }
    }
    *ret_cell = cell_at(record, columns->confidence);
    if (!confidence_read(*ret_cell, &item->confidence)) {
        return EXCHANGE_REFUSAL_NUMBER;
    }
    *ret_cell = cell_at(record, columns->tlp);
    if (!tlp_read(*ret_cell, &item->tlp)) {
        return EXCHANGE_REFUSAL_TLP;
    }
    item->comment = cell_at(record, columns->comment);
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

static enum exchange_refusal value_read(struct exchange_reader *reader,
                                        struct exchange_value_column column, struct span cell,
                                        struct exchange_item *item)
{
    enum value_kind kind = column.kind;
    if (kind == VALUE_NONE &&
        kind_read(cell_at(&reader->record, reader->columns.kind), &kind) != ERR_OK) {
        return EXCHANGE_REFUSAL_KIND;
    }
    enum err err =
        kind == VALUE_NONE
            ? value_recognise(cell, &reader->value_buf, &item->value, &item->scope)
            : value_recognise_as(kind, cell, &reader->value_buf, &item->value, &item->scope);
    if (err == ERR_LIMIT) {
        return EXCHANGE_REFUSAL_SIZE;
    }
    if (err != ERR_OK) {
        return kind == VALUE_NONE ? EXCHANGE_REFUSAL_KIND : EXCHANGE_REFUSAL_VALUE;
    }
    return EXCHANGE_REFUSAL_NONE;
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

/* Opens the next record: its attributes are read once, for all its values. */
static enum err record_open(struct exchange_reader *reader, struct exchange_fault *ret_fault)
{
    TRY(record_take(reader, ret_fault));
    reader->of = exchange_item_empty(reader->record_line);
    struct span cell = { NULL, 0 };
    enum exchange_refusal refusal =
        attributes_read(&reader->record, &reader->columns, &reader->of, &cell);
    if (refusal != EXCHANGE_REFUSAL_NONE) {
        return record_refuse(reader, refusal, cell, ret_fault);
    }
    reader->record_open = true;
    reader->record_told = false;
    reader->column = 0;
    return ERR_OK;
}

/* The next value of the open record; ERR_AGAIN where it has no more. */
static enum err value_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                           struct exchange_fault *ret_fault)
{
    while (reader->column < reader->columns.value_count) {
        struct exchange_value_column column = reader->columns.values[reader->column];
        struct span cell = cell_at(&reader->record, column.cell);
        reader->column++;
        if (cell.size == 0) {
            continue;
        }
        reader->record_told = true;
        struct exchange_item item = reader->of;
        enum exchange_refusal refusal = value_read(reader, column, cell, &item);
        if (refusal != EXCHANGE_REFUSAL_NONE) {
            return record_refuse(reader, refusal, cell, ret_fault);
        }
        *ret_item = item;
        return ERR_OK;
    }
    reader->record_open = false;
    if (!reader->record_told) {
        return record_refuse(reader, EXCHANGE_REFUSAL_CELLS, record_text(reader), ret_fault);
    }
    return ERR_AGAIN;
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
