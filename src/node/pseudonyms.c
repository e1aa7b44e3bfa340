// SPDX-License-Identifier: EUPL-1.2
#include "node/pseudonyms.h"

#include <stdio.h>

#include "observe/redact.h"
#include "value/value.h"

#define REVERSE_IPV4 SPAN(".in-addr.arpa")
#define REVERSE_IPV6 SPAN(".ip6.arpa")

enum {
    QUAD_NUMBERS = 4,
    QUAD_DIGITS = 3,
    OCTET_MAX = 255,
    NIBBLES = 32, /* of an IPv6 address */
    COLONS_MIN = 2,
    TRIES = 2,
};

/* An address in a line. */
struct found {
    size_t size; /* bytes of the line that it takes; 0: there is none */
    enum value_kind kind;
    uint8_t key[VALUE_IPV6_SIZE];
};

/* ---- what is an address ---- */

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_hex(uint8_t byte)
{
    uint8_t lower = byte | 0x20; /* of letters */
    return is_digit(byte) || (lower >= 'a' && lower <= 'f');
}

static uint8_t hex_of(uint8_t byte)
{
    return is_digit(byte) ? (uint8_t)(byte - '0') : (uint8_t)((byte | 0x20) - 'a' + 10);
}

/* Four numbers, with dots or dashes between them. */
static struct found quad_at(struct span text)
{
    struct found found = { .kind = VALUE_IPV4 };
    size_t at = 0;
    uint8_t separator = 0;
    for (int number = 0; number < QUAD_NUMBERS; number++) {
        unsigned octet = 0;
        size_t begin = at;
        if (number > 0) {
            bool between = at < text.size && (text.data[at] == '.' || text.data[at] == '-') &&
                           (separator == 0 || text.data[at] == separator);
            if (!between) {
                return found;
            }
            separator = text.data[at];
            at++;
            begin = at;
        }
        while (at < text.size && at - begin < QUAD_DIGITS && is_digit(text.data[at])) {
            octet = 10 * octet + text.data[at] - '0';
            at++;
        }
        if (at == begin || octet > OCTET_MAX) {
            return found;
        }
        found.key[number] = (uint8_t)octet;
    }
    found.size = at < text.size && is_digit(text.data[at]) ? 0 : at;
    return found;
}

/* Of a name for reverse lookups the numbers come from the last to the first. */
static void quad_turn(struct found *found, struct span text)
{
    if (span_starts_with_nocase(span_from(text, found->size), REVERSE_IPV4)) {
        for (int i = 0; i < QUAD_NUMBERS / 2; i++) {
            uint8_t octet = found->key[i];
            found->key[i] = found->key[QUAD_NUMBERS - 1 - i];
            found->key[QUAD_NUMBERS - 1 - i] = octet;
        }
    }
}

static struct found nibbles_at(struct span text)
{
    struct found found = { .kind = VALUE_IPV6 };
    size_t size = (size_t)2 * NIBBLES - 1;
    if (text.size < size || !span_starts_with_nocase(span_from(text, size), REVERSE_IPV6)) {
        return found;
    }
    for (size_t i = 0; i < NIBBLES; i++) {
        size_t at = 2 * i;
        if (!is_hex(text.data[at]) || (i > 0 && text.data[at - 1] != '.')) {
            return found;
        }
        size_t nibble = NIBBLES - 1 - i;
        uint8_t value = hex_of(text.data[at]);
        found.key[nibble / 2] |= (uint8_t)(nibble % 2 == 0 ? value << 4 : value);
    }
    found.size = size;
    return found;
}

/* Digits, colons and dots; what stands behind the last colon may be a port. */
static struct found colons_at(struct span text)
{
    struct found found = { .kind = VALUE_IPV6 };
    uint8_t key[VALUE_KEY_SIZE_MAX];
    size_t size = 0;
    size_t colons = 0;
    while (size < text.size &&
           (is_hex(text.data[size]) || text.data[size] == ':' || text.data[size] == '.')) {
        colons += text.data[size] == ':' ? 1 : 0;
        size++;
    }
    for (int i = 0; i < TRIES && colons >= COLONS_MIN; i++) {
        while (size > 0 && (text.data[size - 1] == '.' || (text.data[size - 1] == ':' && size > 1 &&
                                                           text.data[size - 2] != ':'))) {
            size--;
        }
        size_t key_size = value_key_address(span_slice(text, 0, size), key);
        if (key_size > 0) {
            found.size = size;
            found.kind = key_size == VALUE_IPV4_SIZE ? VALUE_IPV4 : VALUE_IPV6;
            span_copy(found.key, sizeof found.key, span_make(key, key_size));
            return found;
        }
        ptrdiff_t last = span_find_last(span_slice(text, 0, size), ':');
        size = last == SPAN_NOT_FOUND ? 0 : (size_t)last;
    }
    return found;
}

/* Where a run of such bytes begins, or a number does. */
static struct found address_at(struct span line, size_t at)
{
    struct span text = span_from(line, at);
    uint8_t before = at > 0 ? line.data[at - 1] : ' ';
    struct found found = { .size = 0 };
    if (!is_hex(before) && before != ':' && before != '.') {
        found = nibbles_at(text);
        found = found.size > 0 ? found : colons_at(text);
    }
    if (found.size == 0 && is_digit(text.data[0]) && !is_digit(before)) {
        found = quad_at(text);
        quad_turn(&found, text);
    }
    return found;
}

/* ---- the line ---- */

/* An address that is no inside host stays as it is written. */
static void add_found(struct buf *buf, const struct pseudonyms *pseudonyms,
                      const struct found *found, struct span written)
{
    uint8_t name[HISTORY_NAME_SIZE_MAX];
    struct buf text;
    const struct value value = {
        .kind = found->kind,
        .key = span_make(found->key, found->kind == VALUE_IPV4 ? VALUE_IPV4_SIZE : VALUE_IPV6_SIZE),
    };
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    value_add_text(&text, &value);
    struct span address = buf_span(&text);
    bool hidden =
        inside_holds(pseudonyms->inside, address) || span_equal(address, pseudonyms->host);
    buf_add(buf, hidden ? history_host_name(pseudonyms->rules, address, name) : written);
    buf_done(&text);
}

/* What stands before the mark may go on behind it. */
static struct span without_rest(struct span line)
{
    struct span mark = SPAN(OBSERVE_CUT_MARK);
    if (!span_ends_with(line, mark)) {
        return line;
    }
    size_t size = line.size - mark.size;
    while (size > 0 && (is_hex(line.data[size - 1]) || line.data[size - 1] == ':' ||
                        line.data[size - 1] == '.' || line.data[size - 1] == '-')) {
        size--;
    }
    return span_slice(line, 0, size);
}

void pseudonyms_add_line(struct buf *buf, const struct pseudonyms *pseudonyms, struct span line)
{
    struct span whole = without_rest(line);
    size_t copied = 0;
    size_t at = 0;
    while (at < whole.size) {
        bool begins = is_hex(whole.data[at]) || whole.data[at] == ':';
        struct found found = { .size = 0 };
        if (begins) {
            found = address_at(whole, at);
        }
        if (found.size == 0) {
            at++;
            continue;
        }
        buf_add(buf, span_slice(whole, copied, at));
        add_found(buf, pseudonyms, &found, span_slice(whole, at, at + found.size));
        at += found.size;
        copied = at;
    }
    buf_add(buf, span_from(whole, copied));
    buf_add(buf, whole.size < line.size ? SPAN(OBSERVE_CUT_MARK) : SPAN(""));
}
