// SPDX-License-Identifier: EUPL-1.2
/*
 * The form in which the writings of one URL meet that differ in their escapes. Zeek undoes all
 * escapes of a request before it logs it, Suricata logs them as they came, and STIX says what its
 * author saw. Of "/a%5Bb" and "/a[b" it can no longer be told afterwards which one was sent.
 */
#include "base/uuid.h"
#include "value/internal.h"

enum {
    ESCAPE_SIZE = 3,         /* "%2F" */
    SENSOR_ESCAPE_SIZE = 4,  /* "\xff" */
    PERCENT_ESCAPE_SIZE = 5, /* "%252F" */
};

/* The byte that the escape at the end of what is written stands for, or -1. */
static int escape_at(const uint8_t *form, size_t size, size_t at)
{
    if (size < at + ESCAPE_SIZE || form[at] != '%') {
        return -1;
    }
    int high = hex_digit(form[at + 1]);
    int low = hex_digit(form[at + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Zeek and Suricata write "\xff" for a byte that their logs cannot hold: a control character, or
 * what is not UTF-8. Here it is written as URLs do. Other bytes they would not have written so. */
static size_t sensor_escape_undo(uint8_t *form, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    if (size < SENSOR_ESCAPE_SIZE || form[size - 4] != '\\' || form[size - 3] != 'x') {
        return size;
    }
    int high = hex_digit(form[size - 2]);
    int low = hex_digit(form[size - 1]);
    if (high < 0 || low < 0 || value_url_class((uint8_t)(high << 4 | low)) != VALUE_URL_ESCAPED) {
        return size;
    }
    form[size - 4] = '%';
    form[size - 3] = (uint8_t)digits[high];
    form[size - 2] = (uint8_t)digits[low];
    return size - 1;
}

/* Undoes what has become complete at the end of the form; returns its new size. One step may
 * complete the next: "%2541" becomes "%41", and that "A". Each makes the form shorter. */
static size_t end_undo(uint8_t *form, size_t size)
{
    size_t before = 0;
    do {
        before = size;
        size = sensor_escape_undo(form, size);
        int value = size < ESCAPE_SIZE ? -1 : escape_at(form, size, size - ESCAPE_SIZE);
        if (value >= 0 && value_url_class((uint8_t)value) != VALUE_URL_ESCAPED) {
            size -= ESCAPE_SIZE - 1;
            form[size - 1] = (uint8_t)value;
        }
        size_t begin = size < PERCENT_ESCAPE_SIZE ? 0 : size - PERCENT_ESCAPE_SIZE;
        bool twice = size >= PERCENT_ESCAPE_SIZE && escape_at(form, size, begin) == '%' &&
                     hex_digit(form[size - 2]) >= 0 && hex_digit(form[size - 1]) >= 0;
        if (twice) {
            form[begin + 1] = form[size - 2];
            form[begin + 2] = form[size - 1];
            size -= 2;
        }
    } while (size < before);
    return size;
}

size_t value_url_plain(struct span key, uint8_t *form)
{
    size_t size = 0;
    for (size_t i = 0; i < key.size; i++) {
        form[size] = key.data[i];
        size = end_undo(form, size + 1);
    }
    return size;
}

bool value_url_has_escapes(struct span key)
{
    return span_find(key, '%') != SPAN_NOT_FOUND || span_find(key, '\\') != SPAN_NOT_FOUND;
}

/* host[:port][/path][?query]; an IPv6 address is in brackets. */
struct span value_url_host(struct span key)
{
    size_t size = 0;
    while (size < key.size && key.data[size] != '/' && key.data[size] != '?') {
        size++;
    }
    struct span host = span_slice(key, 0, size);
    ptrdiff_t colon = span_find_last(host, ':');
    bool bracketed = size > 0 && host.data[size - 1] == ']';
    return colon == SPAN_NOT_FOUND || bracketed ? host : span_slice(host, 0, (size_t)colon);
}
