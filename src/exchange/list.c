// SPDX-License-Identifier: EUPL-1.2
/*
 * Plain lists: one value a line. Blank lines and comments are passed over.
 */
#include "exchange/internal.h"

/* Takes "   # comment" off the end of a line; '#' counts only behind white space, since URLs hold
 * it too. */
static struct span comment_take(struct span line, struct span *ret_comment)
{
    size_t at = 1;
    while (at < line.size) {
        ptrdiff_t mark = span_find(span_from(line, at), '#');
        if (mark == SPAN_NOT_FOUND) {
            break;
        }
        at += (size_t)mark;
        if (line.data[at - 1] == ' ' || line.data[at - 1] == '\t') {
            *ret_comment = span_trim(span_from(line, at + 1));
            return span_trim(span_slice(line, 0, at));
        }
        at++;
    }
    *ret_comment = (struct span){ NULL, 0 };
    return line;
}

static enum err line_read(struct exchange_reader *reader, struct span line,
                          struct exchange_item *item)
{
    struct span text = comment_take(span_trim(line), &item->comment);
    return value_recognise(text, &reader->value_buf, &item->value, &item->scope);
}

enum err exchange_list_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                            struct exchange_fault *ret_fault)
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
        if (exchange_line_is_comment(EXCHANGE_FORMAT_LIST, line)) {
            continue;
        }
        struct exchange_item item = exchange_item_empty(number);
        enum err err = line_read(reader, line, &item);
        if (err == ERR_OK) {
            *ret_item = item;
            return ERR_OK;
        }
        enum exchange_refusal refusal =
            err == ERR_LIMIT ? EXCHANGE_REFUSAL_SIZE : EXCHANGE_REFUSAL_KIND;
        return exchange_refuse(refusal, number, at, line, ret_fault);
    }
    return ERR_ABSENT;
}
