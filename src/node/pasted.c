// SPDX-License-Identifier: EUPL-1.2
#include "node/pasted.h"

#include <string.h>

#include "base/uuid.h"
#include "observe/prose.h"

enum {
    WORD_SIZE_MAX = VALUE_TEXT_SIZE_MAX,
    PROSE_MEMORY_MAX = 4096 * 1024,
    ADDRESS_SIZE_MAX = 64, /* defanged too */
    GROUP_SIZE_MAX = 4,    /* of an IPv6 address; RFC 4291, section 2.2 */
    LONG_TRIED_MAX = 8,
    SHORT_SIZE_MAX = 512,
};

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

/* ---- marks around values ---- */

/* Marks that people put around values and behind them. */
static bool is_mark(uint8_t byte)
{
    return byte != 0 && strchr("\"'`<>,;!?.:*|", byte) != NULL;
}

static uint8_t closing_of(uint8_t byte)
{
    switch (byte) {
    case '(':
        return ')';
    case '[':
        return ']';
    case '{':
        return '}';
    default:
        return 0;
    }
}

static uint8_t opening_of(uint8_t byte)
{
    switch (byte) {
    case ')':
        return '(';
    case ']':
        return '[';
    case '}':
        return '{';
    default:
        return 0;
    }
}

static uint8_t last_of(struct span word)
{
    return word.data[word.size - 1];
}

static struct span without_front(struct span word)
{
    while (word.size > 0 && (is_mark(word.data[0]) || word.data[0] == '(' || word.data[0] == '{')) {
        word = span_from(word, 1);
    }
    return word;
}

/* A bracket at the end stays where it closes one: "/a_(b)". */
static struct span without_end(struct span word)
{
    size_t count[UINT8_MAX + 1] = { 0 };
    for (size_t i = 0; i < word.size; i++) {
        count[word.data[i]]++;
    }
    while (word.size > 0) {
        uint8_t byte = last_of(word);
        uint8_t opening = opening_of(byte);
        bool odd = opening != 0 && count[byte] > count[opening];
        if (!odd && !is_mark(byte) && closing_of(byte) == 0) {
            break;
        }
        count[byte]--;
        word = span_slice(word, 0, word.size - 1);
    }
    return word;
}

/* "_evil.example_", and "evil.example-" of an arrow: what may be part of a value at other times. */
static bool is_edge(uint8_t byte)
{
    return byte == '_' || byte == '-' || byte == '~';
}

static struct span without_edges(struct span word)
{
    while (word.size > 0 && is_edge(word.data[0])) {
        word = span_from(word, 1);
    }
    while (word.size > 0 && is_edge(last_of(word))) {
        word = span_slice(word, 0, word.size - 1);
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

/* ---- one value ---- */

static bool recognise(struct reading *reading, struct span word, struct value *value,
                      enum value_scope *scope)
{
    return word.size > 0 && word.size <= WORD_SIZE_MAX &&
           value_recognise(word, reading->bytes, value, scope) == ERR_OK && is_sure(reading, value);
}

static enum err visit_if_value(struct reading *reading, struct span word)
{
    struct value value;
    enum value_scope scope;
    return recognise(reading, word, &value, &scope)
               ? reading->visitor->visit(reading->visitor->context, &value, scope)
               : ERR_OK;
}

static bool is_of_web(struct span scheme)
{
    return scheme.size == 0 || span_equal(scheme, SPAN("http")) ||
           span_equal(scheme, SPAN("https")) || span_equal(scheme, SPAN("ftp"));
}

/* Behind "://" or "[://]". Empty: there is none. */
static struct span behind_scheme(struct span word)
{
    for (size_t i = 0; i + 3 < word.size; i++) {
        struct span rest = span_from(word, i);
        if (span_starts_with(rest, SPAN("://"))) {
            rest = span_from(rest, 3);
            return opening_of(rest.data[0]) != 0 ? span_from(rest, 1) : rest;
        }
    }
    return SPAN("");
}

/* Of "tcp://192.0.2.7:53" no log has the URL: address, and port with it, are asked for too. */
static enum err visit_host(struct reading *reading, struct span url)
{
    struct span host = behind_scheme(url);
    size_t size = 0;
    while (size < host.size && host.data[size] != '/' && host.data[size] != '?' &&
           host.data[size] != '#') {
        size++;
    }
    host = span_slice(host, 0, size);
    ptrdiff_t at = span_find_last(host, '@');
    host = at == SPAN_NOT_FOUND ? host : span_from(host, (size_t)at + 1);
    struct span name = without_port(host);
    TRY(visit_if_value(reading, host));
    if (name.size > 2 && name.data[0] == '[' && last_of(name) == ']') {
        name = span_slice(name, 1, name.size - 1);
    }
    return visit_if_value(reading, name);
}

static enum err visit_found(struct reading *reading, struct span word, const struct value *value,
                            enum value_scope scope)
{
    bool host = value->kind == VALUE_URL && !is_of_web(value->scheme);
    TRY(reading->visitor->visit(reading->visitor->context, value, scope));
    return host ? visit_host(reading, word) : ERR_OK;
}

/* Visit what a word is as a whole, but for marks around it. */
static enum err visit_word(struct reading *reading, struct span word, bool *ret_found)
{
    struct value value;
    enum value_scope scope;
    word = without_end(without_front(word));
    const struct span forms[] = { word, without_port(word), without_edges(word) };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (recognise(reading, forms[i], &value, &scope)) {
            *ret_found = true;
            return visit_found(reading, forms[i], &value, scope);
        }
    }
    *ret_found = false;
    return ERR_OK;
}

/* ---- values that stand together: "sha256=...", "C2:evil.example", "[a](http://a.example/b)" ----
 */

/* What stands in brackets to keep people from clicking; "[:]" parts name and port. */
static size_t defanged_size(struct span rest)
{
    static const char *const inside[] = { ".", "dot", "at", "://", "@", "/" };
    uint8_t closing = closing_of(rest.data[0]);
    for (size_t i = 0; closing != 0 && i < sizeof inside / sizeof inside[0]; i++) {
        struct span text = span_of(inside[i]);
        if (span_starts_with_nocase(span_from(rest, 1), text) && rest.size > text.size + 1 &&
            rest.data[text.size + 1] == closing) {
            return text.size + 2;
        }
    }
    return 0;
}

static bool is_scheme(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '+' || byte == '.' || byte == '-' || byte == '*';
}

static bool is_joint(uint8_t byte)
{
    return byte != 0 && strchr("=:&#@()[]{}", byte) != NULL;
}

/* "10.1.2.3-10.1.2.9": a '-' parts addresses; names may have one. */
static bool is_address(struct reading *reading, struct span word)
{
    struct value value;
    enum value_scope scope;
    return word.size <= ADDRESS_SIZE_MAX && recognise(reading, word, &value, &scope) &&
           (value.kind == VALUE_IPV4 || value.kind == VALUE_IPV6);
}

/* How far the first piece of a word reaches. */
static size_t piece_size(struct reading *reading, struct span word)
{
    size_t at = 0;
    while (at < word.size) {
        size_t defanged = defanged_size(span_from(word, at));
        bool range = word.data[at] == '-' && is_address(reading, span_slice(word, 0, at));
        if (range || (defanged == 0 && is_joint(word.data[at]))) {
            return at;
        }
        at += defanged == 0 ? 1 : defanged;
    }
    return word.size;
}

/* "os.path(x)" is a function, as in prose.h; who writes "evil[.]example(C2)" means a name. */
static bool is_function(struct span word, size_t size)
{
    struct span piece = span_slice(word, 0, size);
    bool called = size > 0 && size < word.size && word.data[size] == '(';
    bool digit = called && last_of(piece) >= '0' && last_of(piece) <= '9';
    return called && !digit && span_find(piece, '.') != SPAN_NOT_FOUND &&
           span_find(piece, '[') == SPAN_NOT_FOUND;
}

/* As in "00:1a:2b": numbers that are nothing as a whole are not looked through for an address. */
static bool is_group(struct span word, size_t size)
{
    bool group = size > 0 && size <= GROUP_SIZE_MAX && size < word.size && word.data[size] == ':';
    for (size_t i = 0; group && i < size; i++) {
        group = hex_digit(word.data[i]) >= 0;
    }
    return group;
}

/* A URL ends where a bracket closes that it did not open: "[a](http://a.example/b)[c]". */
static size_t url_size(struct span word)
{
    size_t open[UINT8_MAX + 1] = { 0 };
    size_t size = 0;
    while (size < word.size && (is_scheme(word.data[size]))) {
        size++;
    }
    struct span rest = span_from(word, size);
    if (size == 0 ||
        !(span_starts_with(rest, SPAN("://")) || span_starts_with(rest, SPAN("[://]")) ||
          span_starts_with(rest, SPAN("(://)")))) {
        return 0;
    }
    for (; size < word.size; size++) {
        uint8_t opening = opening_of(word.data[size]);
        if (opening != 0 && open[opening] == 0) {
            return size;
        }
        open[opening] -= opening != 0 ? 1 : 0;
        open[word.data[size]]++;
    }
    return size;
}

/* A word, or what of it is left, as a whole: up to the end of a URL with which it begins. */
static enum err take_whole(struct reading *reading, struct span word, size_t *ret_size)
{
    size_t size = url_size(word);
    bool found = false;
    size = size == 0 ? word.size : size;
    TRY(visit_word(reading, span_slice(word, 0, size), &found));
    *ret_size = found ? size : 0;
    return ERR_OK;
}

/* A word that is no value as a whole is taken apart where values are joined: first its first piece,
 * then what is left, as a whole again. Of a very long one that is not tried at each joint. */
static enum err add_word(struct reading *reading, struct span word)
{
    bool groups = false;
    word = without_front(word);
    for (size_t tried = 0; word.size > 0; tried++) {
        bool short_enough = tried < LONG_TRIED_MAX || word.size <= SHORT_SIZE_MAX;
        size_t piece = piece_size(reading, word);
        bool group = is_group(word, piece);
        size_t size = 0;
        bool found = false;
        if (short_enough && !(groups && group)) {
            TRY(take_whole(reading, word, &size));
        }
        if (size == 0) {
            if (piece < word.size && !is_function(word, piece)) {
                TRY(visit_word(reading, span_slice(word, 0, piece), &found));
            }
            size = piece < word.size ? piece + 1 : piece;
        }
        groups = group;
        word = without_front(span_from(word, size));
    }
    return ERR_OK;
}

/* ---- words ---- */

/* Typographic quotes, dashes, the ellipsis, bullets, arrows, spaces and brackets, as UTF-8; returns
 * how many bytes, 0 where none is. U+200C and U+200D are part of names. */
static size_t punctuation_size(struct span rest)
{
    if (rest.size >= 2 && rest.data[0] == 0xC2) {
        uint8_t byte = rest.data[1];
        return byte == 0xA0 || byte == 0xAB || byte == 0xBB ? 2 : 0; /* U+00A0, quotes */
    }
    if (rest.size < 3) {
        return 0;
    }
    unsigned code =
        (rest.data[0] & 0x0Fu) << 12 | (rest.data[1] & 0x3Fu) << 6 | (rest.data[2] & 0x3Fu);
    bool three = (rest.data[0] & 0xF0) == 0xE0 && (rest.data[1] & 0xC0) == 0x80 &&
                 (rest.data[2] & 0xC0) == 0x80;
    bool general = code >= 0x2000 && code <= 0x206F && code != 0x200C && code != 0x200D;
    bool arrow = (code >= 0x2190 && code <= 0x21FF) || (code >= 0x27F0 && code <= 0x27FF) ||
                 (code >= 0x2900 && code <= 0x297F);
    bool wide = (code >= 0x3000 && code <= 0x3001) || (code >= 0x3008 && code <= 0x3011) ||
                code == 0xFEFF || code == 0xFF08 || code == 0xFF09 || code == 0xFF0C ||
                code == 0xFF1A || code == 0xFF1B;
    return three && (general || arrow || wide) ? 3 : 0;
}

static bool has_punctuation(struct span text)
{
    bool has = false;
    for (size_t at = 0; at < text.size && !has; at++) {
        has = punctuation_size(span_from(text, at)) > 0;
    }
    return has;
}

/* How many bytes part words here; brackets are part of what was defanged ("evil[.]example"). */
static size_t gap_size(struct span rest)
{
    uint8_t byte = rest.data[0];
    bool parts = byte <= ' ' || byte == '"' || byte == '\'' || byte == '`' || byte == '<' ||
                 byte == '>' || byte == ',' || byte == ';' || byte == '|';
    return parts ? 1 : punctuation_size(rest);
}

static enum err add_words(struct reading *reading, struct span text)
{
    size_t begin = 0;
    size_t at = 0;
    while (at < text.size) {
        size_t gap = gap_size(span_from(text, at));
        if (gap > 0) {
            TRY(add_word(reading, span_slice(text, begin, at)));
            begin = at + gap;
        }
        at += gap > 0 ? gap : 1;
    }
    return add_word(reading, span_from(text, begin));
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
        if (whole) {
            TRY(visit_found(reading, line, &value, scope));
        }
        if (!whole || has_punctuation(line)) {
            TRY(add_words(reading, line));
        }
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
