// SPDX-License-Identifier: EUPL-1.2
#include "stix/pattern_token.h"

#include "base/text.h"
#include "base/uuid.h"
#include "stix/timestamp.h"

struct word {
    struct span text;
    enum pattern_token_kind kind;
};

static const struct word keywords[] = {
#define X(word) { { (const uint8_t *)#word, sizeof #word - 1 }, PATTERN_TOKEN_##word },
    PATTERN_KEYWORDS(X)
#undef X
};

#define SIGN(literal, kind)                                                                        \
    {                                                                                              \
        { (const uint8_t *)(literal), sizeof(literal) - 1 }, kind                                  \
    }

/* Longer signs stand before those that begin them. */
static const struct word signs[] = {
    SIGN("==", PATTERN_TOKEN_EQUAL),         SIGN("=", PATTERN_TOKEN_EQUAL),
    SIGN("!=", PATTERN_TOKEN_UNEQUAL),       SIGN("<>", PATTERN_TOKEN_UNEQUAL),
    SIGN("<=", PATTERN_TOKEN_LESS_EQUAL),    SIGN("<", PATTERN_TOKEN_LESS),
    SIGN(">=", PATTERN_TOKEN_GREATER_EQUAL), SIGN(">", PATTERN_TOKEN_GREATER),
    SIGN("[", PATTERN_TOKEN_BRACKET_OPEN),   SIGN("]", PATTERN_TOKEN_BRACKET_CLOSE),
    SIGN("(", PATTERN_TOKEN_PAREN_OPEN),     SIGN(")", PATTERN_TOKEN_PAREN_CLOSE),
    SIGN(":", PATTERN_TOKEN_COLON),          SIGN(".", PATTERN_TOKEN_POINT),
    SIGN(",", PATTERN_TOKEN_COMMA),          SIGN("*", PATTERN_TOKEN_STAR),
};

/* White space by the grammar: of ASCII, and what Unicode holds for it. */
static const char *const white_spaces[] = {
    " ",
    "\t",
    "\r",
    "\n",
    "\v",
    "\f",
    "\xC2\x85",
    "\xC2\xA0",
    "\xE1\x9A\x80",
    "\xE2\x80\x80",
    "\xE2\x80\x81",
    "\xE2\x80\x82",
    "\xE2\x80\x83",
    "\xE2\x80\x84",
    "\xE2\x80\x85",
    "\xE2\x80\x86",
    "\xE2\x80\x87",
    "\xE2\x80\x88",
    "\xE2\x80\x89",
    "\xE2\x80\x8A",
    "\xE2\x80\xA8",
    "\xE2\x80\xA9",
    "\xE2\x80\xAF",
    "\xE2\x81\x9F",
    "\xE3\x80\x80",
};

enum {
    KEYWORD_COUNT = sizeof keywords / sizeof keywords[0],
    SIGN_COUNT = sizeof signs / sizeof signs[0],
    WHITE_SPACE_COUNT = sizeof white_spaces / sizeof white_spaces[0],
    BASE64_GROUP = 4,
};

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(uint8_t byte)
{
    uint8_t small = byte | 0x20; /* makes A-Z small, and nothing else a small letter */
    return (small >= 'a' && small <= 'z') || byte == '_';
}

static uint8_t byte_at(struct span text, size_t at)
{
    return at < text.size ? text.data[at] : 0;
}

static size_t white_space_size(struct span rest)
{
    for (size_t i = 0; i < WHITE_SPACE_COUNT; i++) {
        struct span space = span_of(white_spaces[i]);
        if (span_starts_with(rest, space)) {
            return space.size;
        }
    }
    return 0;
}

/* A comment begins at `at`; the place behind it. */
static enum err skip_comment(struct op *op, struct span text, size_t *at)
{
    struct span rest = span_from(text, *at + 2);
    if (text.data[*at + 1] == '*') {
        ptrdiff_t end = span_find_span(rest, SPAN("*/"));
        if (end == SPAN_NOT_FOUND) {
            return op_fail(op, ERR_FORMAT, "pattern, byte %zu: the comment has no end", *at);
        }
        *at += 2 + (size_t)end + 2;
        return ERR_OK;
    }
    size_t size = 0;
    while (size < rest.size && rest.data[size] != '\n' && rest.data[size] != '\r') {
        size++;
    }
    *at += 2 + size;
    return ERR_OK;
}

static enum err skip_blanks(struct op *op, struct span text, size_t *at)
{
    while (*at < text.size) {
        size_t size = white_space_size(span_from(text, *at));
        if (size > 0) {
            *at += size;
            continue;
        }
        uint8_t after = byte_at(text, *at + 1);
        if (text.data[*at] != '/' || (after != '*' && after != '/')) {
            break;
        }
        TRY(skip_comment(op, text, at));
    }
    return ERR_OK;
}

/* The place behind the quote that ends the string whose content begins at `at`. Within it only \'
 * and
 * \\ are escapes, and no backslash stands alone. */
static enum err string_end(struct op *op, struct span text, size_t at, size_t *ret)
{
    size_t begin = at - 1;
    while (at < text.size && text.data[at] != '\'') {
        if (text.data[at] == '\\') {
            uint8_t escaped = byte_at(text, at + 1);
            if (escaped != '\\' && escaped != '\'') {
                return op_fail(op, ERR_FORMAT,
                               "pattern, byte %zu: expected \\' or \\\\, since a backslash within "
                               "a string is written twice",
                               at);
            }
            at++;
        }
        at++;
    }
    if (at >= text.size) {
        return op_fail(op, ERR_FORMAT, "pattern, byte %zu: the string has no end; expected '",
                       begin);
    }
    *ret = at + 1;
    return ERR_OK;
}

static bool is_hex(struct span content)
{
    if (content.size % 2 != 0) {
        return false;
    }
    for (size_t i = 0; i < content.size; i++) {
        if (hex_digit(content.data[i]) < 0) {
            return false;
        }
    }
    return true;
}

static bool is_base64_letter(uint8_t byte)
{
    return (is_letter(byte) && byte != '_') || is_digit(byte) || byte == '+' || byte == '/';
}

/* Groups of four, at least one, the last perhaps filled up with one or two '='. */
static bool is_base64(struct span content)
{
    if (content.size == 0 || content.size % BASE64_GROUP != 0) {
        return false;
    }
    size_t size = content.size;
    while (content.size - size < 2 && content.data[size - 1] == '=') {
        size--;
    }
    for (size_t i = 0; i < size; i++) {
        if (!is_base64_letter(content.data[i])) {
            return false;
        }
    }
    return true;
}

static enum err check_prefixed(struct op *op, const struct pattern_token *token)
{
    int64_t time_us = 0;
    const char *expected = NULL;
    if (token->literal == STIX_PATTERN_HEX && !is_hex(token->content)) {
        expected = "pairs of hexadecimal digits in h'..'";
    } else if (token->literal == STIX_PATTERN_BINARY && !is_base64(token->content)) {
        expected = "base64 in b'..'";
    } else if (token->literal == STIX_PATTERN_TIMESTAMP &&
               stix_timestamp_parse(token->content, &time_us) != ERR_OK) {
        expected = "a time that exists, as in t'2026-11-21T20:34:05Z'";
    }
    if (expected != NULL) {
        return op_fail(op, ERR_FORMAT, "pattern, byte %zu: expected %s", token->offset, expected);
    }
    return ERR_OK;
}

static enum stix_pattern_literal_kind prefixed_kind(uint8_t prefix)
{
    switch (prefix) {
    case 'h':
        return STIX_PATTERN_HEX;
    case 'b':
        return STIX_PATTERN_BINARY;
    default:
        return STIX_PATTERN_TIMESTAMP;
    }
}

/* A string, or with a prefix of one letter something of another kind. */
static enum err read_quoted(struct op *op, struct span text, size_t prefix_size,
                            struct pattern_token *token)
{
    size_t begin = token->offset + prefix_size + 1;
    size_t end = 0;
    TRY(string_end(op, text, begin, &end));
    token->kind = PATTERN_TOKEN_LITERAL;
    token->text = span_slice(text, token->offset, end);
    token->content = span_slice(text, begin, end - 1);
    if (prefix_size == 0) {
        token->literal = STIX_PATTERN_STRING;
        return ERR_OK;
    }
    token->literal = prefixed_kind(text.data[token->offset]);
    return check_prefixed(op, token);
}

/* [+-]? ('0' | [1-9][0-9]*), or [+-]? [0-9]* '.' [0-9]+ */
static enum err read_number(struct op *op, struct span text, struct pattern_token *token)
{
    size_t at = token->offset;
    if (text.data[at] == '+' || text.data[at] == '-') {
        at++;
    }
    size_t digits = at;
    while (is_digit(byte_at(text, at))) {
        at++;
    }
    bool leading_zero = at - digits > 1 && text.data[digits] == '0';
    token->literal = STIX_PATTERN_INTEGER;
    if (byte_at(text, at) == '.' && is_digit(byte_at(text, at + 1))) {
        token->literal = STIX_PATTERN_NUMBER;
        at++;
        while (is_digit(byte_at(text, at))) {
            at++;
        }
    } else if (leading_zero) {
        return op_fail(op, ERR_FORMAT,
                       "pattern, byte %zu: expected a number without zeros before it",
                       token->offset);
    }
    token->kind = PATTERN_TOKEN_LITERAL;
    token->text = span_slice(text, token->offset, at);
    token->content = token->text;
    return ERR_OK;
}

static bool begins_number(struct span text, size_t at)
{
    if (byte_at(text, at) == '+' || byte_at(text, at) == '-') {
        at++;
    }
    if (byte_at(text, at) == '.') {
        at++;
    }
    return is_digit(byte_at(text, at));
}

static const struct word *find_keyword(struct span text)
{
    for (size_t i = 0; i < KEYWORD_COUNT; i++) {
        if (span_equal(keywords[i].text, text)) {
            return &keywords[i];
        }
    }
    return NULL;
}

static bool is_bool(struct span text)
{
    return span_equal(text, SPAN("true")) || span_equal(text, SPAN("false"));
}

/* A name, a keyword, true or false. */
static void read_word(struct span text, struct pattern_token *token)
{
    bool hyphen = false;
    size_t at = token->offset;
    while (is_letter(byte_at(text, at)) || is_digit(byte_at(text, at)) ||
           byte_at(text, at) == '-') {
        hyphen = hyphen || text.data[at] == '-';
        at++;
    }
    token->text = span_slice(text, token->offset, at);
    token->content = token->text;
    const struct word *keyword = find_keyword(token->text);
    if (keyword != NULL) {
        token->kind = keyword->kind;
    } else if (is_bool(token->text)) {
        token->kind = PATTERN_TOKEN_LITERAL;
        token->literal = STIX_PATTERN_BOOL;
    } else {
        token->kind = hyphen ? PATTERN_TOKEN_HYPHEN_NAME : PATTERN_TOKEN_NAME;
    }
}

static enum err read_sign(struct op *op, struct span text, struct pattern_token *token)
{
    struct span rest = span_from(text, token->offset);
    for (size_t i = 0; i < SIGN_COUNT; i++) {
        if (span_starts_with(rest, signs[i].text)) {
            token->kind = signs[i].kind;
            token->text = span_slice(rest, 0, signs[i].text.size);
            return ERR_OK;
        }
    }
    uint8_t byte = rest.data[0];
    bool graphic = byte > ' ' && byte < 0x7F;
    return op_fail(op, ERR_FORMAT,
                   graphic ? "pattern, byte %zu: the language has no sign %c"
                           : "pattern, byte %zu: the language has no byte 0x%02X",
                   token->offset, byte);
}

static bool is_literal_prefix(uint8_t byte)
{
    return byte == 'h' || byte == 'b' || byte == 't';
}

enum err pattern_token_next(struct op *op, struct span text, size_t *at, struct pattern_token *ret)
{
    TRY(skip_blanks(op, text, at));
    struct pattern_token token = { .offset = *at, .text = span_from(text, text.size) };
    uint8_t byte = byte_at(text, *at);
    if (*at == text.size) {
        token.kind = PATTERN_TOKEN_END;
    } else if (byte == '\'') {
        TRY(read_quoted(op, text, 0, &token));
    } else if (is_literal_prefix(byte) && byte_at(text, *at + 1) == '\'') {
        TRY(read_quoted(op, text, 1, &token));
    } else if (is_letter(byte)) {
        read_word(text, &token);
    } else if (begins_number(text, *at)) {
        TRY(read_number(op, text, &token));
    } else {
        TRY(read_sign(op, text, &token));
    }

    *at = token.offset + token.text.size;
    *ret = token;
    return ERR_OK;
}

bool pattern_token_is_name(struct span key)
{
    if (key.size == 0 || !is_letter(key.data[0]) || is_bool(key)) {
        return false;
    }
    for (size_t i = 0; i < key.size; i++) {
        if (!is_letter(key.data[i]) && !is_digit(key.data[i])) {
            return false;
        }
    }
    return find_keyword(key) == NULL;
}
