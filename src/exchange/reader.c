// SPDX-License-Identifier: EUPL-1.2
/*
 * What all formats share: names, opening a file, and passing on to the format's own reading.
 */
#include "base/must.h"
#include "exchange/internal.h"

#define UTF8_BOM "\xEF\xBB\xBF"

const char *exchange_format_name(enum exchange_format format)
{
    static const char *const names[EXCHANGE_FORMAT_COUNT] = {
        [EXCHANGE_FORMAT_AUTO] = "auto",
        [EXCHANGE_FORMAT_LIST] = "list",
        [EXCHANGE_FORMAT_CSV] = "csv",
        [EXCHANGE_FORMAT_STIX] = "stix",
    };
    must(format < EXCHANGE_FORMAT_COUNT);
    return names[format];
}

const char *exchange_refusal_name(enum exchange_refusal refusal)
{
    static const char *const names[EXCHANGE_REFUSAL_COUNT] = {
        [EXCHANGE_REFUSAL_NONE] = "none",
        [EXCHANGE_REFUSAL_KIND] = "unknown kind",
        [EXCHANGE_REFUSAL_VALUE] = "bad value",
        [EXCHANGE_REFUSAL_SIZE] = "too long",
        [EXCHANGE_REFUSAL_TIME] = "bad time",
        [EXCHANGE_REFUSAL_TLP] = "unknown TLP",
        [EXCHANGE_REFUSAL_NUMBER] = "bad confidence",
        [EXCHANGE_REFUSAL_CELLS] = "bad cells",
    };
    must(refusal < EXCHANGE_REFUSAL_COUNT);
    return names[refusal];
}

struct span exchange_line(struct span rest, size_t *ret_size)
{
    ptrdiff_t end = span_find(rest, '\n');
    size_t size = end == SPAN_NOT_FOUND ? rest.size : (size_t)end;
    *ret_size = end == SPAN_NOT_FOUND ? size : size + 1;
    struct span line = span_slice(rest, 0, size);
    return span_ends_with(line, SPAN("\r")) ? span_slice(line, 0, size - 1) : line;
}

bool exchange_line_is_comment(enum exchange_format format, struct span line)
{
    struct span text = span_trim(line);
    if (text.size == 0 || text.data[0] == '#') {
        return true;
    }
    return format == EXCHANGE_FORMAT_LIST &&
           (text.data[0] == ';' || span_starts_with(text, SPAN("//")));
}

enum err exchange_refuse(enum exchange_refusal refusal, uint64_t line, size_t at, struct span text,
                         struct exchange_fault *ret_fault)
{
    size_t size =
        text.size < EXCHANGE_FAULT_TEXT_SIZE_MAX ? text.size : EXCHANGE_FAULT_TEXT_SIZE_MAX;
    *ret_fault = (struct exchange_fault){
        .refusal = refusal,
        .line = line,
        .byte = at,
        .text = span_slice(text, 0, size),
    };
    return ERR_FORMAT;
}

struct exchange_item exchange_item_empty(uint64_t line)
{
    return (struct exchange_item){
        .confidence = EXCHANGE_CONFIDENCE_NONE,
        .valid_from_us = TIME_US_NONE,
        .valid_until_us = TIME_US_NONE,
        .first_seen_us = TIME_US_NONE,
        .line = line,
    };
}

/* Reads the header; the reader then stands on the first line of data. */
static enum err csv_open(struct op *op, struct exchange_reader *reader)
{
    reader->record.scratch = reader->scratch;
    reader->record.size_max = sizeof reader->scratch;
    size_t begin = reader->at;
    size_t data = 0;
    if (exchange_columns_find(span_from(reader->file, begin), &reader->record, &reader->columns,
                              &data) != ERR_OK) {
        return op_fail(op, ERR_FORMAT,
                       "the CSV header names no column for the value: name it value, indicator, "
                       "ioc, observable, ip, cidr, domain, url, email, hash, md5, sha1 or sha256, "
                       "or read the file as a list");
    }
    while (reader->at < begin + data) {
        size_t size = 0;
        (void)exchange_line(span_from(reader->file, reader->at), &size);
        reader->at += size;
        reader->line++;
    }
    return ERR_OK;
}

enum err exchange_open(struct op *op, enum exchange_format format, struct span file,
                       struct exchange_reader **ret)
{
    must(format == EXCHANGE_FORMAT_LIST || format == EXCHANGE_FORMAT_CSV);
    if (file.size > EXCHANGE_FILE_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT, "the file is larger than %d bytes: split it",
                       EXCHANGE_FILE_SIZE_MAX);
    }
    if (span_starts_with(file, SPAN("\xFF\xFE")) || span_starts_with(file, SPAN("\xFE\xFF"))) {
        return op_fail(op, ERR_FORMAT, "the file is in UTF-16: convert it to UTF-8");
    }
    struct exchange_reader *reader = op_alloc(op, sizeof *reader);
    if (reader == NULL) {
        return ERR_LIMIT;
    }
    reader->format = format;
    reader->file = file;
    reader->at = span_starts_with(file, SPAN(UTF8_BOM)) ? sizeof UTF8_BOM - 1 : 0;
    reader->line = 1;
    if (format == EXCHANGE_FORMAT_CSV) {
        TRY(csv_open(op, reader));
    }
    *ret = reader;
    return ERR_OK;
}

enum err exchange_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                       struct exchange_fault *ret_fault)
{
    if (reader->format == EXCHANGE_FORMAT_CSV) {
        return exchange_csv_next(reader, ret_item, ret_fault);
    }
    return exchange_list_next(reader, ret_item, ret_fault);
}
