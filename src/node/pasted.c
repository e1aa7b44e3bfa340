// SPDX-License-Identifier: EUPL-1.2
#include "node/pasted.h"

#include <string.h>

#include "observe/prose.h"

enum { WORD_SIZE_MAX = VALUE_TEXT_SIZE_MAX, PROSE_MEMORY_MAX = 4096 * 1024 };

/* What looks words up. */
struct reading {
    const struct pasted_visitor *visitor;
    struct value_buf *bytes;
    struct prose *prose;
    struct gather gather;
    struct op own;
};

static enum err reading_begin(struct op *op, const struct pasted_visitor *visitor,
                              struct reading *reading)
{
    *reading = (struct reading){ .visitor = visitor };
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

/* "evil.example:8443": what is asked for is the name, whatever the port. Empty where there is none.
 */
static struct span without_port(struct span word)
{
    ptrdiff_t colon = span_find_last(word, ':');
    uint64_t port = 0;
    bool has = colon != SPAN_NOT_FOUND &&
               span_to_u64(span_from(word, (size_t)colon + 1), &port) == ERR_OK &&
               port <= UINT16_MAX;
    return has ? span_slice(word, 0, (size_t)colon) : SPAN("");
}

static bool recognise(struct reading *reading, struct span word, struct value *value,
                      enum value_scope *scope)
{
    return word.size > 0 && word.size <= WORD_SIZE_MAX &&
           value_recognise(word, reading->bytes, value, scope) == ERR_OK && is_sure(reading, value);
}

static enum err add_word(struct reading *reading, struct span word)
{
    struct value value;
    enum value_scope scope;
    word = without_marks(word);
    if (!recognise(reading, word, &value, &scope) &&
        !recognise(reading, without_port(word), &value, &scope)) {
        return ERR_OK;
    }
    return reading->visitor->visit(reading->visitor->context, &value, scope);
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

enum err pasted_prose(struct op *op, struct span text, const struct pasted_visitor *visitor)
{
    struct reading *reading = op_alloc(op, sizeof *reading);
    if (reading == NULL) {
        return ERR_LIMIT;
    }
    TRY(reading_begin(op, visitor, reading));
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
        TRY(whole ? reading->visitor->visit(reading->visitor->context, &value, scope)
                  : add_words(reading, line));
    }
    return ERR_OK;
}

enum err pasted_lines(struct op *op, struct span text, const struct pasted_visitor *visitor)
{
    struct reading *reading = op_alloc(op, sizeof *reading);
    if (reading == NULL) {
        return ERR_LIMIT;
    }
    TRY(reading_begin(op, visitor, reading));
    enum err err = add_lines(reading, text);
    reading_end(reading);
    return err;
}
