// SPDX-License-Identifier: EUPL-1.2
/*
 * E-mail addresses (RFC 5321 section 4.1.2, RFC 6531), also as the headers of mails write them,
 * with names and comments around them (RFC 5322 section 3.4). The local part counts in lower case:
 * RFC 5321 leaves its case to the receiving host, but hosts that tell "Bob" from "bob" are hardly
 * found, and a missed hit costs more.
 */
#include "base/text.h"
#include "value/internal.h"

enum {
    LOCAL_SIZE_MAX = 64,     /* RFC 5321 section 4.5.3.1.1 */
    ADDRESS_SIZE_MAX = 1024, /* as written: names in UTF-8 and escapes take more than in a key */
};

/* ---- what stands around an address (RFC 5322 section 3.4) ---- */

size_t value_comment_size(struct span text)
{
    size_t depth = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        i += byte == '\\' ? 1 : 0; /* the next one stands for itself */
        depth += byte == '(' ? 1 : 0;
        if (depth == 0) {
            return 0;
        }
        depth -= byte == ')' ? 1 : 0;
        if (depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

static size_t quoted_size(struct span text)
{
    for (size_t i = 1; i < text.size; i++) {
        if (text.data[i] == '"') {
            return i + 1;
        }
        i += text.data[i] == '\\' ? 1 : 0;
    }
    return 0;
}

/* A walk over a text by pieces: a quoted text, a comment, or any other byte alone. What is opened
 * and never closed is a byte as any other; it is looked for once, so that time stays linear. */
struct pieces {
    struct span rest;
    struct span piece;
    bool no_quotes;
    bool no_comments;
};

static bool pieces_next(struct pieces *pieces)
{
    struct span rest = pieces->rest;
    if (rest.size == 0) {
        return false;
    }
    size_t size = 0;
    if (rest.data[0] == '"' && !pieces->no_quotes) {
        size = quoted_size(rest);
        pieces->no_quotes = size == 0;
    } else if (rest.data[0] == '(' && !pieces->no_comments) {
        size = value_comment_size(rest);
        pieces->no_comments = size == 0;
    }
    size = size == 0 ? 1 : size;
    pieces->piece = span_slice(rest, 0, size);
    pieces->rest = span_from(rest, size);
    return true;
}

/* What stands in the last "<...>", whatever is written around it; else all of the text. */
static struct span bracketed(struct span raw)
{
    struct span found = raw;
    struct span inside = { NULL, 0 }; /* behind the bracket that is open */
    struct pieces pieces = { .rest = raw };
    while (pieces_next(&pieces)) {
        if (pieces.piece.data[0] == '<') {
            inside = pieces.rest;
        } else if (pieces.piece.data[0] == '>' && inside.data != NULL) {
            found = span_slice(inside, 0, inside.size - pieces.rest.size - 1);
            inside = (struct span){ NULL, 0 };
        }
    }
    return found;
}

/* "Name <someone@example.org>" and "mailto:someone@example.org?subject=..." to the address. */
static struct span unwrap(struct span raw)
{
    struct span prefix = SPAN("mailto:");
    bool wrapped = !span_starts_with_nocase(raw, prefix) && span_find(raw, '<') != SPAN_NOT_FOUND;
    struct span text = span_trim(wrapped ? bracketed(raw) : raw);
    if (span_starts_with_nocase(text, prefix)) {
        text = span_from(text, prefix.size);
        ptrdiff_t question = span_find(text, '?');
        text = question == SPAN_NOT_FOUND ? text : span_slice(text, 0, (size_t)question);
    }
    return text;
}

/* An address without comments. */
struct address {
    uint8_t text[ADDRESS_SIZE_MAX];
    size_t size;
};

/* A comment is as good as a space, and spaces count nowhere but between words. */
static bool address_add(struct address *address, struct span piece)
{
    uint8_t byte = piece.data[0];
    bool space = byte == ' ' || byte == '\t' || (byte == '(' && piece.size > 1);
    uint8_t last = address->size == 0 ? '@' : address->text[address->size - 1];
    if (space && (last == '@' || last == ' ')) {
        return true;
    }
    address->size -= byte == '@' && last == ' ' ? 1 : 0;
    piece = space ? SPAN(" ") : piece;
    if (piece.size > sizeof address->text - address->size) {
        return false;
    }
    span_copy(address->text + address->size, sizeof address->text - address->size, piece);
    address->size += piece.size;
    return true;
}

/* Empty where it is too long. */
static struct span without_comments(struct span raw, struct address *room)
{
    struct pieces pieces = { .rest = raw };
    room->size = 0;
    while (pieces_next(&pieces)) {
        if (!address_add(room, pieces.piece)) {
            return (struct span){ NULL, 0 };
        }
    }
    return span_trim(span_make(room->text, room->size));
}

/* ---- the address ---- */

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

/* Bytes that a local part may hold without quotes: atext and the dot (RFC 5322 section 3.2.3), and
 * what RFC 6531 adds. Dots in odd places are let through: some providers gave such addresses out.
 */
static bool is_atom(uint8_t byte)
{
    bool letter = lower(byte) >= 'a' && lower(byte) <= 'z';
    bool digit = byte >= '0' && byte <= '9';
    return letter || digit || byte >= 0x80 ||
           (byte != 0 && memchr(".!#$%&'*+-/=?^_`{|}~", byte, 20) != NULL);
}

/* A local part as it is read: the text between the quotes, or all of it. */
struct local {
    uint8_t text[LOCAL_SIZE_MAX];
    size_t size;
    bool needs_quotes;
};

static bool local_add(struct local *local, uint8_t byte)
{
    if (byte < ' ' || byte == 0x7F || local->size == sizeof local->text) {
        return false;
    }
    local->text[local->size] = lower(byte);
    local->size++;
    local->needs_quotes = local->needs_quotes || !is_atom(byte);
    return true;
}

/* Reads from the opening quote to behind the closing one; returns where, or 0. */
static size_t local_read_quoted(struct span raw, struct local *local)
{
    size_t at = 1;
    while (at < raw.size && raw.data[at] != '"') {
        if (raw.data[at] == '\\') {
            at++;
        }
        if (at == raw.size || !local_add(local, raw.data[at])) {
            return 0;
        }
        at++;
    }
    return at < raw.size ? at + 1 : 0;
}

static size_t local_read_plain(struct span raw, struct local *local)
{
    size_t at = 0;
    while (at < raw.size && raw.data[at] != '@') {
        if (!is_atom(raw.data[at]) || !local_add(local, raw.data[at])) {
            return 0;
        }
        at++;
    }
    return at;
}

/* Quotes stay only where the text needs them, and escapes only where quotes need them, so that one
 * mailbox has one key. */
static size_t local_write(const struct local *local, uint8_t *key)
{
    if (!local->needs_quotes) {
        span_copy(key, local->size, span_make(local->text, local->size));
        return local->size;
    }
    size_t size = 0;
    key[size] = '"';
    size++;
    for (size_t i = 0; i < local->size; i++) {
        if (local->text[i] == '"' || local->text[i] == '\\') {
            key[size] = '\\';
            size++;
        }
        key[size] = local->text[i];
        size++;
    }
    key[size] = '"';
    return size + 1;
}

/* "[198.51.100.7]" or "[IPv6:2001:db8::7]" (RFC 5321 section 4.1.3). */
static size_t literal_write(struct span raw, uint8_t *key)
{
    struct span text = span_slice(raw, 1, raw.size - 1);
    bool tagged = span_starts_with_nocase(text, SPAN("ipv6:"));
    text = tagged ? span_from(text, sizeof "ipv6:" - 1) : text;
    uint8_t bytes[VALUE_IPV6_SIZE];
    bool bare = text.size > 0 && text.data[0] != '[' && span_find(text, '%') == SPAN_NOT_FOUND;
    size_t address_size = bare ? value_key_address(text, bytes) : 0;
    if (address_size == 0) {
        return 0;
    }
    struct span tag = address_size == VALUE_IPV6_SIZE ? SPAN("[ipv6:") : SPAN("[");
    span_copy(key, tag.size, tag);
    size_t size = tag.size + value_address_write(span_make(bytes, address_size), key + tag.size);
    key[size] = ']';
    return size + 1;
}

static size_t host_write(struct span raw, uint8_t *key)
{
    bool literal = raw.size > 2 && raw.data[0] == '[' && raw.data[raw.size - 1] == ']';
    return literal ? literal_write(raw, key) : value_key_domain(raw, key);
}

size_t value_key_email(struct span raw, uint8_t *key)
{
    struct address room;
    struct span address = unwrap(raw);
    if (span_find(address, '(') != SPAN_NOT_FOUND) {
        address = without_comments(address, &room);
    }
    if (address.size == 0 || text_valid_size(address) != address.size) {
        return 0;
    }
    struct local local = { .size = 0 };
    bool quoted = address.data[0] == '"';
    size_t at = quoted ? local_read_quoted(address, &local) : local_read_plain(address, &local);
    if (at == 0 || at == address.size || address.data[at] != '@') {
        return 0;
    }
    local.needs_quotes = local.needs_quotes || local.size == 0;
    size_t size = local_write(&local, key);
    key[size] = '@';
    size++;
    size_t host_size = host_write(span_from(address, at + 1), key + size);
    size += host_size;
    return host_size == 0 || size > VALUE_EMAIL_SIZE_MAX ? 0 : size;
}
