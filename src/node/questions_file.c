// SPDX-License-Identifier: EUPL-1.2
#include "node/questions_file.h"

#include "exchange/exchange.h"
#include "format/inflate.h"
#include "node/argument.h"
#include "node/print.h"
#include "observe/prose.h"
#include "stix/bundle.h"
#include "stix/pattern_values.h"

enum { FAULTS_SHOWN_MAX = 5, WORD_SIZE_MAX = VALUE_TEXT_SIZE_MAX, PROSE_MEMORY_MAX = 4096 * 1024 };

/* ---- prose ---- */

/* What looks words up. */
struct reading {
    struct questions *questions;
    struct value_buf *bytes;
    struct prose *prose;
    struct gather gather;
    struct op own;
};

static enum err reading_begin(struct reading *reading, struct questions *questions)
{
    struct op *op = questions->op;
    *reading = (struct reading){ .questions = questions };
    reading->bytes = op_alloc(op, sizeof *reading->bytes);
    reading->prose = op_alloc(op, sizeof *reading->prose);
    if (reading->bytes == NULL || reading->prose == NULL) {
        return ERR_LIMIT;
    }
    op_begin(&reading->own, &op->actor, PROSE_MEMORY_MAX);
    enum err err = gather_init(&reading->gather, &reading->own.arena);
    reading->gather.wanted = OBSERVE_WANT_ALL;
    if (err != ERR_OK) {
        op_end(&reading->own);
        err = op_fail(op, err, "out of memory");
    }
    return err;
}

static void reading_end(struct reading *reading)
{
    op_end(&reading->own);
}

/* Whether a name, or a URL that was written without its scheme, would be taken for one in the
 * message of a program: "e.g" and "invoice.pdf" would not. */
static bool is_sure(struct reading *reading, const struct value *value)
{
    uint8_t text[VALUE_KEY_SIZE_MAX + VALUE_PADDING_SIZE] = { 0 };
    struct observe_line line = { 0 };
    bool loose =
        value->kind == VALUE_DOMAIN || (value->kind == VALUE_URL && value->scheme.size == 0);
    if (!loose) {
        return true;
    }
    span_copy(text, sizeof text, value->key);
    gather_begin(&reading->gather, &line, false);
    prose_gather(reading->prose, &reading->gather, span_make(text, value->key.size));
    return line.count > 0;
}

/* Marks that people put around values and behind them. */
static bool is_mark(uint8_t byte)
{
    return byte != 0 && strchr("\"'`<>,;!?.:*|(){}", byte) != NULL;
}

static struct span without_marks(struct span word)
{
    while (word.size > 0 && is_mark(word.data[word.size - 1])) {
        word = span_slice(word, 0, word.size - 1);
    }
    while (word.size > 0 && is_mark(word.data[0])) {
        word = span_from(word, 1);
    }
    return word;
}

static enum err add_word(struct reading *reading, struct span word)
{
    struct value value;
    enum value_scope scope;
    word = without_marks(word);
    if (word.size == 0 || word.size > WORD_SIZE_MAX ||
        value_recognise(word, reading->bytes, &value, &scope) != ERR_OK ||
        !is_sure(reading, &value)) {
        return ERR_OK;
    }
    return questions_add(reading->questions, &value, scope);
}

/* Where words end; brackets are part of what was defanged ("evil[.]example"). */
static bool parts_words(uint8_t byte)
{
    return byte <= ' ' || byte == '"' || byte == '\'' || byte == '`' || byte == '<' ||
           byte == '>' || byte == ',' || byte == ';' || byte == '|';
}

static enum err add_words(struct reading *reading, struct span text)
{
    size_t begin = 0;
    for (size_t at = 0; at <= text.size; at++) {
        if (at < text.size && !parts_words(text.data[at])) {
            continue;
        }
        TRY(add_word(reading, span_slice(text, begin, at)));
        begin = at + 1;
    }
    return ERR_OK;
}

enum err questions_add_prose(struct questions *questions, struct span text)
{
    struct reading *reading = op_alloc(questions->op, sizeof *reading);
    if (reading == NULL) {
        return ERR_LIMIT;
    }
    TRY(reading_begin(reading, questions));
    enum err err = add_words(reading, text);
    reading_end(reading);
    return err;
}

/* ---- a list, or prose: line by line ---- */

static bool is_comment(struct span line)
{
    return span_starts_with(line, SPAN("#")) || span_starts_with(line, SPAN(";")) ||
           span_starts_with(line, SPAN("//"));
}

/* A line that is a value as a whole is that one; else it is looked through. */
static enum err add_lines(struct reading *reading, struct span text)
{
    struct span line;
    while (span_next(&text, '\n', &line)) {
        struct value value;
        enum value_scope scope;
        line = span_trim(line);
        if (line.size == 0 || is_comment(line)) {
            continue;
        }
        bool whole = value_recognise(line, reading->bytes, &value, &scope) == ERR_OK;
        TRY(whole ? questions_add(reading->questions, &value, scope) : add_words(reading, line));
    }
    return ERR_OK;
}

static enum err of_lines(struct questions *questions, struct span text)
{
    struct reading *reading = op_alloc(questions->op, sizeof *reading);
    if (reading == NULL) {
        return ERR_LIMIT;
    }
    TRY(reading_begin(reading, questions));
    enum err err = add_lines(reading, text);
    reading_end(reading);
    return err;
}

/* ---- STIX ---- */

static enum err of_pattern(struct questions *questions, struct span text, struct value_buf *bytes)
{
    struct op *op = questions->op;
    struct stix_pattern pattern;
    struct stix_pattern_values values;
    TRY(stix_pattern_parse(op, text, &pattern));
    TRY(stix_pattern_values(op, &pattern, &values));
    for (size_t i = 0; i < values.count; i++) {
        const struct stix_pattern_value *from = &values.list[i];
        enum value_kind kind = VALUE_NONE;
        enum value_scope scope = VALUE_SCOPE_EXACT;
        struct value value;
        bool read = from->comparison == STIX_PATTERN_EQUAL &&
                    value_kind_from_name(span_of(from->kind), &kind) == ERR_OK &&
                    value_recognise_as(kind, from->value, bytes, &value, &scope) == ERR_OK;
        if (!read) {
            questions->refused++;
            continue;
        }
        TRY(questions_add(questions, &value, scope));
    }
    return ERR_OK;
}

static enum err of_stix(struct questions *questions, struct span text)
{
    struct op *op = questions->op;
    struct stix_bundle bundle;
    struct value_buf *bytes = op_alloc(op, sizeof *bytes);
    if (bytes == NULL) {
        return ERR_LIMIT;
    }
    TRY(stix_bundle_read(op, text, &bundle));
    for (size_t i = 0; i < bundle.count; i++) {
        struct json_value object = bundle.items[i].value;
        if (!span_equal(json_string(json_member(object, SPAN("type"))), SPAN("indicator"))) {
            continue;
        }
        enum err err =
            of_pattern(questions, json_string(json_member(object, SPAN("pattern"))), bytes);
        if (err == ERR_FORMAT || err == ERR_UNSUPPORTED) {
            questions->refused++;
            op_fault_clear(op);
            continue;
        }
        TRY(err);
    }
    return ERR_OK;
}

/* ---- tables and exports of other programs ---- */

static enum err of_reader(struct questions *questions, const struct invocation *invocation,
                          struct exchange_reader *reader, const char *place)
{
    for (;;) {
        struct exchange_item item;
        struct exchange_fault fault;
        enum err err = exchange_next(reader, &item, &fault);
        if (err == ERR_ABSENT) {
            return ERR_OK;
        }
        if (err == ERR_FORMAT) {
            questions->refused++;
            if (questions->refused <= FAULTS_SHOWN_MAX) {
                fprintf(invocation->err, "%s %llu: %s\n", place, (unsigned long long)fault.line,
                        exchange_refusal_name(fault.refusal));
            }
            continue;
        }
        TRY(err);
        TRY(questions_add(questions, &item.value, item.scope));
    }
}

static enum err of_bytes(struct questions *questions, const struct invocation *invocation,
                         struct span bytes, struct span name)
{
    struct op *op = questions->op;
    struct exchange_reader *reader = NULL;
    enum exchange_format format = exchange_detect(bytes, name);
    if (inflate_detect(bytes) != INFLATE_PLAIN) {
        return op_fail(op, ERR_UNSUPPORTED,
                       "is compressed: unpack it first, as in 'zcat FILE | linie hunt -'");
    }
    if (format == EXCHANGE_FORMAT_LIST) {
        return of_lines(questions, bytes);
    }
    if (format == EXCHANGE_FORMAT_STIX) {
        return of_stix(questions, bytes);
    }
    TRY(exchange_open(op, format, NULL, bytes, &reader));
    enum err err = of_reader(questions, invocation, reader, exchange_place_name(format));
    exchange_close(reader);
    return err;
}

enum err questions_add_file(struct questions *questions, const struct invocation *invocation,
                            size_t argument)
{
    struct op *op = questions->op;
    struct argument_file file;
    struct span name = argument_name(invocation, argument);
    size_t before = questions->list.size;
    TRY(argument_open(op, invocation, argument, &file));
    enum err err = of_bytes(questions, invocation, file.bytes, name);
    argument_close(&file);
    if (err == ERR_OK && questions->list.size == before) {
        err = op_fail(op, ERR_FORMAT, "there is no value in it that could be asked for");
    }
    op_fault_prefix(op, "%.*s: ", SPAN_FMT(name));
    return err;
}
