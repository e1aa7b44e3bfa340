// SPDX-License-Identifier: EUPL-1.2
#include "observe/tsv.h"

#include "base/must.h"
#include "base/text.h"
#include "base/uuid.h"

enum {
    ESCAPE_SIZE = 4, /* \xNN */
    CONTROL_LAST = 0x1F,
    ASCII_LAST = 0x7F,
};

enum err tsv_init(struct tsv *tsv, struct arena *arena)
{
    *tsv = (struct tsv){ 0 };
    tsv->columns = arena_alloc(arena, TSV_COLUMN_COUNT_MAX * sizeof(struct tsv_column));
    tsv->wanted = arena_alloc(arena, TSV_COLUMN_COUNT_MAX * sizeof(uint16_t));
    if (tsv->columns == NULL || tsv->wanted == NULL) {
        return ERR_LIMIT;
    }
    buf_init(&tsv->names, OBSERVE_HEADER_SIZE_MAX);
    buf_init(&tsv->unescaped, RECORD_LINE_SIZE_MAX + VALUE_PADDING_SIZE);
    tsv_reset(tsv);
    return ERR_OK;
}

void tsv_done(struct tsv *tsv)
{
    buf_done(&tsv->names);
    buf_done(&tsv->unescaped);
}

static void word_set(uint8_t *word, size_t *size, size_t size_max, struct span value)
{
    *size = text_valid_size(span_slice(value, 0, value.size < size_max ? value.size : size_max));
    span_copy(word, size_max, span_slice(value, 0, *size));
}

void tsv_reset(struct tsv *tsv)
{
    tsv->separator = '\t';
    word_set(tsv->set_separator, &tsv->set_separator_size, TSV_WORD_SIZE_MAX, SPAN(","));
    word_set(tsv->empty, &tsv->empty_size, TSV_WORD_SIZE_MAX, SPAN("(empty)"));
    word_set(tsv->unset, &tsv->unset_size, TSV_WORD_SIZE_MAX, SPAN("-"));
    tsv->path_size = 0;
    tsv->column_count = 0;
    buf_clear(&tsv->names);
}

/* The byte that an escape at the start of `text` stands for, or -1. */
static int escape_byte(struct span text)
{
    if (text.size < ESCAPE_SIZE || text.data[0] != '\\' || text.data[1] != 'x') {
        return -1;
    }
    int high = hex_digit(text.data[2]);
    int low = hex_digit(text.data[3]);
    return high < 0 || low < 0 ? -1 : high * 16 + low; /* hexadecimal */
}

static bool is_text(struct span span)
{
    for (size_t i = 0; i < span.size; i++) {
        if (span.data[i] <= CONTROL_LAST) {
            return false;
        }
    }
    return text_valid_size(span) == span.size;
}

void tsv_add_unescaped(struct buf *buf, struct span value)
{
    size_t begin = buf->size;
    size_t at = 0;
    while (at < value.size) {
        int byte = escape_byte(span_from(value, at));
        if (byte >= 0) {
            buf_add_byte(buf, (uint8_t)byte);
            at += ESCAPE_SIZE;
            continue;
        }
        bool doubled = value.data[at] == '\\' && at + 1 < value.size && value.data[at + 1] == '\\';
        buf_add_byte(buf, value.data[at]);
        at += doubled ? 2 : 1;
    }
    if (buf->err == ERR_OK && !is_text(span_from(buf_span(buf), begin))) {
        buf->size = begin;
        buf_add(buf, value);
    }
}

/* The byte that a text begins with, as it is or escaped; -1 where that is none: a byte of a longer
 * UTF-8 sequence would cut characters. */
static int first_byte(struct span value)
{
    int byte = escape_byte(value);
    if (byte < 0 && value.size > 0) {
        byte = value.data[0];
    }
    return byte <= ASCII_LAST ? byte : -1;
}

int tsv_separator_alone(struct span value)
{
    return value.size == 1 || value.size == ESCAPE_SIZE ? first_byte(value) : -1;
}

static enum observe_fault header_separator(struct tsv *tsv, struct span value)
{
    int separator = tsv_separator_alone(value);
    tsv_reset(tsv);
    if (separator < 0) {
        return OBSERVE_FAULT_HEADER;
    }
    tsv->separator = (uint8_t)separator;
    return OBSERVE_FAULT_NONE;
}

static enum observe_fault header_fields(struct tsv *tsv, const struct observe_plan *plan,
                                        struct span value)
{
    tsv->column_count = 0;
    tsv->wanted_count = 0;
    buf_clear(&tsv->names);
    buf_add(&tsv->names, value);
    if (value.size == 0 || tsv->names.err != ERR_OK) {
        return OBSERVE_FAULT_HEADER;
    }
    struct span rest = value;
    struct span name = { NULL, 0 };
    size_t count = 0;
    while (span_next(&rest, tsv->separator, &name)) {
        if (count == TSV_COLUMN_COUNT_MAX) {
            return OBSERVE_FAULT_HEADER;
        }
        uint16_t slot = observe_plan_slot(plan, name);
        size_t begin = (size_t)(name.data - value.data);
        tsv->columns[count] = (struct tsv_column){ .slot = slot,
                                                   .textual = true,
                                                   .name_begin = (uint32_t)begin,
                                                   .name_end = (uint32_t)(begin + name.size) };
        if (slot != PLAN_SLOT_NONE) {
            tsv->wanted[tsv->wanted_count] = (uint16_t)count;
            tsv->wanted_count++;
        }
        count++;
    }
    tsv->column_count = count;
    return OBSERVE_FAULT_NONE;
}

static bool type_is_list(struct span type)
{
    return span_starts_with(type, SPAN("set[")) || span_starts_with(type, SPAN("vector[")) ||
           span_starts_with(type, SPAN("table["));
}

/* Whether values of a type, or of the elements of a list of it, may be of a kind of ours. */
static bool type_is_textual(struct span type)
{
    static const char *const others[] = { "bool", "int",      "count", "counter", "double",
                                          "time", "interval", "port",  "enum",    "func" };
    ptrdiff_t bracket = span_find(type, '[');
    struct span element = type;
    if (bracket != SPAN_NOT_FOUND && type.data[type.size - 1] == ']') {
        element = span_slice(type, (size_t)bracket + 1, type.size - 1);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (span_equal(element, span_of(others[i]))) {
            return false;
        }
    }
    return true;
}

static enum observe_fault header_types(struct tsv *tsv, struct span value)
{
    struct span rest = value;
    struct span type = { NULL, 0 };
    for (size_t i = 0; i < tsv->column_count; i++) {
        if (!span_next(&rest, tsv->separator, &type)) {
            tsv->column_count = 0;
            return OBSERVE_FAULT_HEADER;
        }
        tsv->columns[i].shape = type_is_list(type) ? TSV_SHAPE_LIST : TSV_SHAPE_SINGLE;
        tsv->columns[i].textual = type_is_textual(type);
    }
    return OBSERVE_FAULT_NONE;
}

/* One character, or several; escaped where it would disturb the header. */
static void header_set_separator(struct tsv *tsv, struct span value)
{
    int alone = tsv_separator_alone(value);
    uint8_t byte = (uint8_t)alone;
    struct buf separator;
    buf_init(&separator, OBSERVE_HEADER_SIZE_MAX);
    if (alone >= 0) {
        buf_add_byte(&separator, byte);
    } else {
        tsv_add_unescaped(&separator, value);
    }
    if (separator.err == ERR_OK && separator.size > 0 && separator.size <= TSV_WORD_SIZE_MAX) {
        tsv->set_separator_size = separator.size;
        span_copy(tsv->set_separator, TSV_WORD_SIZE_MAX, buf_span(&separator));
    }
    buf_done(&separator);
}

enum observe_fault tsv_header(struct tsv *tsv, const struct observe_plan *plan, struct span line)
{
    must(line.size > 0);
    if (span_starts_with(line, SPAN("#separator "))) {
        return header_separator(tsv, span_from(line, sizeof "#separator " - 1));
    }
    struct span value = line;
    struct span word = { NULL, 0 };
    (void)span_next(&value, tsv->separator, &word);
    if (span_equal(word, SPAN("#fields"))) {
        return header_fields(tsv, plan, value);
    }
    if (span_equal(word, SPAN("#types"))) {
        return header_types(tsv, value);
    }
    if (span_equal(word, SPAN("#path"))) {
        word_set(tsv->path, &tsv->path_size, OBSERVE_STREAM_SIZE_MAX, value);
    } else if (span_equal(word, SPAN("#set_separator"))) {
        header_set_separator(tsv, value);
    } else if (span_equal(word, SPAN("#empty_field"))) {
        word_set(tsv->empty, &tsv->empty_size, TSV_WORD_SIZE_MAX, value);
    } else if (span_equal(word, SPAN("#unset_field"))) {
        word_set(tsv->unset, &tsv->unset_size, TSV_WORD_SIZE_MAX, value);
    }
    return OBSERVE_FAULT_NONE; /* "#open", "#close" and words yet to come say nothing here */
}

bool tsv_column_is_list(const struct tsv_column *column, struct observe_meaning meaning)
{
    if (column->shape != TSV_SHAPE_UNKNOWN) {
        return column->shape == TSV_SHAPE_LIST;
    }
    switch (meaning.field_class) {
    case CLASS_FILE_NAME: /* commas may be part of it: "filename" is one, "resp_filenames" a list */
        return span_ends_with(span_of(observe_field_row(meaning.field)->name), SPAN("s"));
    case CLASS_ADDRESS:
    case CLASS_DIGEST:
    case CLASS_CERT_DIGEST:
    case CLASS_HOST:
    case CLASS_ANSWER:
    case CLASS_CERT_NAME:
        return true;
    default:
        return false;
    }
}

/* The value as the one who logged it meant it; borrowed from the line or from tsv->unescaped. */
static struct span value_unescaped(struct tsv *tsv, struct span value)
{
    if (span_find(value, '\\') == SPAN_NOT_FOUND) {
        return value;
    }
    size_t begin = tsv->unescaped.size;
    tsv_add_unescaped(&tsv->unescaped, value);
    return tsv->unescaped.err == ERR_OK ? span_from(buf_span(&tsv->unescaped), begin) : value;
}

static inline bool is_word(struct span value, const uint8_t *word, size_t word_size)
{
    return value.size == word_size && span_equal(value, span_make(word, word_size));
}

bool tsv_has_usual_words(const struct tsv *tsv)
{
    return span_equal(span_make(tsv->unset, tsv->unset_size), SPAN("-")) &&
           span_equal(span_make(tsv->empty, tsv->empty_size), SPAN("(empty)"));
}

static bool is_nothing(const struct tsv *tsv, struct span value)
{
    return is_word(value, tsv->unset, tsv->unset_size) ||
           is_word(value, tsv->empty, tsv->empty_size);
}

static void tsv_value(struct tsv *tsv, struct observe_meaning meaning, struct span value,
                      struct gather *gather)
{
    if (!is_nothing(tsv, value)) {
        gather_text(gather, meaning, tsv->cut.escaped ? value_unescaped(tsv, value) : value);
    }
}

bool tsv_list_next(const struct tsv *tsv, struct span *rest, struct span *ret_element)
{
    if (tsv->set_separator_size == 1) {
        return span_next(rest, tsv->set_separator[0], ret_element);
    }
    if (rest->data == NULL) {
        return false;
    }
    struct span separator = span_make(tsv->set_separator, tsv->set_separator_size);
    ptrdiff_t end = span_find_span(*rest, separator);
    bool last = end == SPAN_NOT_FOUND;
    *ret_element = last ? *rest : span_slice(*rest, 0, (size_t)end);
    *rest = last ? (struct span){ NULL, 0 } : span_from(*rest, (size_t)end + separator.size);
    return true;
}

static void tsv_list(struct tsv *tsv, struct observe_meaning meaning, struct span list,
                     struct gather *gather)
{
    struct span element = { NULL, 0 };
    while (tsv_list_next(tsv, &list, &element)) {
        tsv_value(tsv, meaning, element, gather);
    }
}

static void tsv_columns(struct tsv *tsv, const struct observe_meaning *meanings, struct span line,
                        struct gather *gather)
{
    for (size_t i = 0; i < tsv->wanted_count; i++) {
        size_t number = tsv->wanted[i];
        const struct tsv_column *column = &tsv->columns[number];
        struct observe_meaning meaning = meanings[column->slot];
        if (!meaning.known) {
            continue;
        }
        struct span value = tsv_cut_column(line, &tsv->cut, number);
        if (tsv_column_is_list(column, meaning)) {
            tsv_list(tsv, meaning, value, gather);
        } else {
            tsv_value(tsv, meaning, value, gather);
        }
    }
}

enum observe_fault tsv_line(struct tsv *tsv, const struct observe_meaning *meanings,
                            struct span line, struct gather *gather)
{
    if (tsv->column_count == 0) {
        return OBSERVE_FAULT_HEADER;
    }
    if (tsv->cut.count != tsv->column_count) {
        return OBSERVE_FAULT_COLUMNS;
    }
    if (tsv->cut.escaped) {
        /* All of the line's values fit, so that those already handed over do not move, and behind
         * the last one there is padding. */
        buf_clear(&tsv->unescaped);
        (void)!buf_reserve(&tsv->unescaped, line.size + VALUE_PADDING_SIZE);
    }
    tsv_columns(tsv, meanings, line, gather);
    return OBSERVE_FAULT_NONE;
}

static void column_look(struct tsv *tsv, size_t number, struct span value, struct look *look,
                        struct gather *gather)
{
    const struct tsv_column *column = &tsv->columns[number];
    struct span name = span_slice(buf_span(&tsv->names), column->name_begin, column->name_end);
    bool list = column->shape == TSV_SHAPE_LIST;
    struct span element = value;
    struct span rest = value;
    while (list ? tsv_list_next(tsv, &rest, &element) : rest.data != NULL) {
        if (!is_nothing(tsv, element)) {
            struct span text = tsv->cut.escaped ? value_unescaped(tsv, element) : element;
            look_value(look, gather, name, text);
        }
        rest = list ? rest : (struct span){ NULL, 0 };
    }
}

void tsv_look(struct tsv *tsv, const struct observe_meaning *meanings, struct span line,
              struct look *look, struct gather *gather)
{
    for (size_t i = 0; i < tsv->column_count; i++) {
        const struct tsv_column *column = &tsv->columns[i];
        bool row = column->slot != PLAN_SLOT_NONE && meanings[column->slot].known;
        if (!row && column->textual) {
            column_look(tsv, i, tsv_cut_column(line, &tsv->cut, i), look, gather);
        }
    }
}
