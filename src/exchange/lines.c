// SPDX-License-Identifier: EUPL-1.2
/*
 * What all formats share that have one indicator a line: comments are passed over, lines are
 * counted, refusals told.
 */
#include "base/must.h"
#include "exchange/internal.h"

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
    if (text.size == 0) {
        return true;
    }
    switch (format) {
    case EXCHANGE_FORMAT_LIST:
        return text.data[0] == '#' || text.data[0] == ';' || span_starts_with(text, SPAN("//"));
    case EXCHANGE_FORMAT_ADBLOCK:
        return text.data[0] == '!' || text.data[0] == '[' || text.data[0] == '#';
    case EXCHANGE_FORMAT_SURICATA_JSON:
        return false;
    default:
        return text.data[0] == '#';
    }
}

struct span exchange_line_first(enum exchange_format format, struct span text)
{
    while (text.size > 0) {
        size_t size = 0;
        struct span line = exchange_line(text, &size);
        if (!exchange_line_is_comment(format, line)) {
            return line;
        }
        text = span_from(text, size);
    }
    return text;
}

static enum exchange_refusal line_read(struct exchange_reader *reader, struct span line,
                                       struct exchange_item *item)
{
    switch (reader->format) {
    case EXCHANGE_FORMAT_ADBLOCK:
        return exchange_adblock_line(reader, line, item);
    case EXCHANGE_FORMAT_SURICATA_DATASET:
        return exchange_dataset_line(reader, line, item);
    case EXCHANGE_FORMAT_SURICATA_DATAREP:
        return exchange_datarep_line(reader, line, item);
    case EXCHANGE_FORMAT_SURICATA_IPREP:
        return exchange_iprep_line(reader, line, item);
    case EXCHANGE_FORMAT_SURICATA_JSON:
        return exchange_json_line(reader, line, item);
    case EXCHANGE_FORMAT_ZEEK_INTEL:
        return exchange_zeek_line(reader, line, item);
    default:
        must(reader->format == EXCHANGE_FORMAT_LIST);
        return exchange_list_line(reader, line, item);
    }
}

enum err exchange_line_take(struct exchange_reader *reader, struct exchange_item *ret_item,
                            struct span *ret_line, struct exchange_fault *ret_fault)
{
    while (reader->at < reader->file.size) {
        size_t at = reader->at;
        uint64_t number = reader->line;
        size_t size = 0;
        struct span line = exchange_line(span_from(reader->file, at), &size);
        reader->at += size;
        reader->line++;
        if (line.size > EXCHANGE_LINE_SIZE_MAX) {
            return exchange_refuse(EXCHANGE_REFUSAL_SIZE, number, at, line, ret_fault);
        }
        if (!exchange_line_is_comment(reader->format, line)) {
            *ret_item = exchange_item_empty(number, at);
            *ret_line = line;
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}

enum err exchange_lines_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                             struct exchange_fault *ret_fault)
{
    for (;;) {
        struct exchange_item item;
        struct span line = { NULL, 0 };
        TRY(exchange_line_take(reader, &item, &line, ret_fault));
        enum exchange_refusal refusal = line_read(reader, line, &item);
        if (refusal != EXCHANGE_REFUSAL_NONE) {
            return exchange_refuse(refusal, item.line, item.byte, line, ret_fault);
        }
        if (item.value.kind != VALUE_NONE) {
            *ret_item = item;
            return ERR_OK;
        }
    }
}
