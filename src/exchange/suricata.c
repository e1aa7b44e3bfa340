// SPDX-License-Identifier: EUPL-1.2
/*
 * Suricata's own files, as its user guide 8.0 describes them: datasets (a value a line, strings in
 * base64), datarep ("value,reputation") and IP reputation ("address,category,score", and a file
 * that names the categories).
 */
#include <nettle/base64.h>

#include "exchange/internal.h"

enum {
    REPUTATION_MAX = 65535, /* of a datarep, 16 bits */
    SCORE_MAX = 127,        /* of an iprep; 0 means that there is none */
    CATEGORY_MAX = 60,
    CONFIDENCE_MAX = 100,
    BASE64_UNIT = 4,
    IPREP_CELLS = 3,
};

/* ---- base64 ---- */

/* Decodes at `ret`, with room for as many bytes as `text` has; 0 where it is no base64. */
static size_t base64_read(struct span text, uint8_t *ret)
{
    struct base64_decode_ctx ctx;
    size_t size = text.size;
    if (text.size % BASE64_UNIT != 0) {
        return 0;
    }
    base64_decode_init(&ctx);
    bool read = base64_decode_update(&ctx, &size, ret, text.size, (const char *)text.data) == 1 &&
                base64_decode_final(&ctx) == 1;
    return read ? size : 0;
}

static bool is_printable(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < ' ' || text.data[i] == 0x7F) {
            return false;
        }
    }
    return text.size > 0;
}

bool exchange_line_is_base64_text(struct span line)
{
    enum { TRIED_MAX = 1024, SIZE_MIN = 2 * BASE64_UNIT };
    uint8_t bytes[TRIED_MAX];
    struct value_buf value_buf;
    struct value value;
    enum value_scope scope;
    struct span text = span_trim(line);
    if (text.size < SIZE_MIN || text.size > TRIED_MAX ||
        value_recognise(text, &value_buf, &value, &scope) == ERR_OK) {
        return false;
    }
    size_t size = base64_read(text, bytes);
    return size > 0 && is_printable(span_make(bytes, size));
}

/* The text that a line stands for: its own, or what its base64 holds. */
static enum exchange_refusal text_decode(struct exchange_reader *reader, struct span cell,
                                         struct span *ret)
{
    buf_clear(&reader->text);
    uint8_t *room = buf_reserve(&reader->text, cell.size + 1);
    if (room == NULL) {
        return EXCHANGE_REFUSAL_SIZE;
    }
    size_t size = base64_read(cell, room);
    if (size == 0) {
        return EXCHANGE_REFUSAL_ENCODING;
    }
    *ret = span_make(room, size);
    return EXCHANGE_REFUSAL_NONE;
}

/* ---- datasets ---- */

/* Types of datasets that are written as they are: md5, sha1, sha256, ipv4 and ip. */
static bool is_written_plain(enum value_kind kind)
{
    switch (kind) {
    case VALUE_IPV4:
    case VALUE_IPV6:
    case VALUE_CIDR:
    case VALUE_MD5:
    case VALUE_SHA1:
    case VALUE_SHA256:
        return true;
    default:
        return false;
    }
}

/* Suricata looks a string up in the buffer that a rule names, whole: a domain is meant alone. */
static enum exchange_refusal string_read(struct exchange_reader *reader, struct span cell,
                                         struct exchange_item *item)
{
    struct span text;
    enum exchange_refusal refusal = text_decode(reader, cell, &text);
    if (refusal != EXCHANGE_REFUSAL_NONE) {
        return refusal;
    }
    refusal = exchange_value_read(reader, reader->options.kind, text, item);
    exchange_mean_alone(item);
    return refusal;
}

static enum exchange_refusal dataset_value_read(struct exchange_reader *reader, struct span cell,
                                                struct exchange_item *item)
{
    enum value_kind kind = reader->options.kind;
    if (kind != VALUE_NONE && !is_written_plain(kind)) {
        return string_read(reader, cell, item);
    }
    return exchange_value_read(reader, kind, cell, item);
}

enum exchange_refusal exchange_dataset_line(struct exchange_reader *reader, struct span line,
                                            struct exchange_item *item)
{
    return dataset_value_read(reader, span_trim(line), item);
}

/* The last comma parts the value from its number: base64 and addresses hold none. */
static bool number_take(struct span *text, uint64_t *ret)
{
    ptrdiff_t comma = span_find_last(*text, ',');
    if (comma == SPAN_NOT_FOUND ||
        span_to_u64(span_trim(span_from(*text, (size_t)comma + 1)), ret) != ERR_OK) {
        return false;
    }
    *text = span_trim(span_slice(*text, 0, (size_t)comma));
    return true;
}

/* What a reputation means is for the rules of its user to say: it is kept and not interpreted. */
enum exchange_refusal exchange_datarep_line(struct exchange_reader *reader, struct span line,
                                            struct exchange_item *item)
{
    struct span text = span_trim(line);
    uint64_t reputation = 0;
    ptrdiff_t comma = span_find_last(text, ',');
    if (comma == SPAN_NOT_FOUND) {
        return EXCHANGE_REFUSAL_CELLS;
    }
    struct span number = span_trim(span_from(text, (size_t)comma + 1));
    if (!number_take(&text, &reputation) || reputation > REPUTATION_MAX) {
        return EXCHANGE_REFUSAL_NUMBER;
    }
    exchange_context_begin(reader);
    exchange_context_add(reader, "reputation", number);
    item->context = exchange_context_end(reader);
    return dataset_value_read(reader, text, item);
}

bool exchange_line_is_datarep(struct span line)
{
    struct value_buf value_buf;
    struct value value;
    enum value_scope scope;
    struct span text = span_trim(line);
    uint64_t number = 0;
    return number_take(&text, &number) && number <= REPUTATION_MAX &&
           span_find(text, ',') == SPAN_NOT_FOUND &&
           (exchange_line_is_base64_text(text) ||
            value_recognise(text, &value_buf, &value, &scope) == ERR_OK);
}

/* Without a kind each line of a dataset tells its own, which base64 does not. */
enum err exchange_dataset_open(struct op *op, struct exchange_reader *reader)
{
    struct span line = exchange_line_first(reader->format, span_from(reader->file, reader->at));
    uint64_t number = 0;
    if (reader->format == EXCHANGE_FORMAT_SURICATA_DATAREP) {
        (void)number_take(&line, &number);
    }
    if (reader->options.kind == VALUE_NONE && exchange_line_is_base64_text(line)) {
        return op_fail(op, ERR_FORMAT,
                       "a Suricata dataset of strings does not say what they are: state it, as in "
                       "--kind domain (or url, user-agent, ja3, ...)");
    }
    return ERR_OK;
}

/* ---- IP reputation ---- */

/* "address,category,score"; false where there are not three cells. */
static bool iprep_split(struct span line, struct span *cells)
{
    struct span rest = line;
    for (int i = 0; i < IPREP_CELLS; i++) {
        if (!span_next(&rest, ',', &cells[i])) {
            return false;
        }
        cells[i] = span_trim(cells[i]);
    }
    return rest.data == NULL;
}

bool exchange_line_is_iprep(struct span line)
{
    struct span cells[IPREP_CELLS];
    struct value_buf value_buf;
    struct value value;
    uint64_t category = 0;
    uint64_t score = 0;
    return iprep_split(line, cells) &&
           value_parse(VALUE_CIDR, cells[0], &value_buf, &value) == ERR_OK &&
           span_to_u64(cells[1], &category) == ERR_OK && category <= CATEGORY_MAX &&
           span_to_u64(cells[2], &score) == ERR_OK && score <= SCORE_MAX;
}

/* The short name of a category by its number: "1,BadHosts,Known bad hosts". Empty where the file
 * does not name it. */
static struct span category_name(const struct exchange_reader *reader, uint64_t wanted)
{
    struct span rest = reader->options.categories;
    while (rest.size > 0) {
        size_t size = 0;
        struct span line = exchange_line(rest, &size);
        rest = span_from(rest, size);
        struct span number = { NULL, 0 };
        struct span name = { NULL, 0 };
        uint64_t found = 0;
        bool named = span_next(&line, ',', &number) && span_next(&line, ',', &name) &&
                     span_to_u64(span_trim(number), &found) == ERR_OK;
        if (named && found == wanted) {
            return span_trim(name);
        }
    }
    return (struct span){ NULL, 0 };
}

static bool category_is_wanted(const struct exchange_reader *reader, struct span number,
                               struct span name)
{
    struct span rest = reader->options.category;
    struct span word = { NULL, 0 };
    if (rest.size == 0) {
        return true;
    }
    while (span_next(&rest, '+', &word)) {
        word = span_trim(word);
        if (span_equal(word, number) || (name.size > 0 && span_equal_nocase(word, name))) {
            return true;
        }
    }
    return false;
}

enum exchange_refusal exchange_iprep_line(struct exchange_reader *reader, struct span line,
                                          struct exchange_item *item)
{
    struct span cells[IPREP_CELLS];
    uint64_t category = 0;
    uint64_t score = 0;
    if (!iprep_split(span_trim(line), cells)) {
        return EXCHANGE_REFUSAL_CELLS;
    }
    if (span_to_u64(cells[1], &category) != ERR_OK || category > CATEGORY_MAX ||
        span_to_u64(cells[2], &score) != ERR_OK || score > SCORE_MAX) {
        return EXCHANGE_REFUSAL_NUMBER;
    }
    struct span name = category_name(reader, category);
    if (score == 0 || !category_is_wanted(reader, cells[1], name)) {
        reader->passed++;
        return EXCHANGE_REFUSAL_NONE;
    }
    item->confidence = (uint8_t)((score * CONFIDENCE_MAX + SCORE_MAX / 2) / SCORE_MAX);
    exchange_context_begin(reader);
    exchange_context_add(reader, "category", name.size > 0 ? name : cells[1]);
    item->context = exchange_context_end(reader);
    return exchange_value_read(reader, VALUE_CIDR, cells[0], item);
}

/* A name that nobody gave a number would pass everything over. */
enum err exchange_iprep_open(struct op *op, struct exchange_reader *reader)
{
    struct span rest = reader->options.category;
    struct span word = { NULL, 0 };
    while (rest.size > 0 && span_next(&rest, '+', &word)) {
        uint64_t number = 0;
        bool known = span_to_u64(span_trim(word), &number) == ERR_OK;
        for (uint64_t i = 0; i <= CATEGORY_MAX && !known; i++) {
            struct span name = category_name(reader, i);
            known = name.size > 0 && span_equal_nocase(span_trim(word), name);
        }
        if (!known) {
            return op_fail(op, ERR_FORMAT,
                           "the category \"%.*s\" is no number, and no categories file names it",
                           SPAN_FMT(span_trim(word)));
        }
    }
    return ERR_OK;
}
