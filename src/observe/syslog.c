// SPDX-License-Identifier: EUPL-1.2
#include "observe/syslog.h"

enum {
    PRIORITY_SIZE_MAX = 5, /* "<191>" */
    PROGRAM_SIZE_MAX = 48, /* RFC 5424, section 6: APP-NAME */
    HOST_SIZE_MAX = 255,
    CLOCK_SIZE = sizeof "20:34:05" - 1,
    DATE_SIZE = sizeof "2026-11-21" - 1,
};

/* ---- pieces ---- */

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static struct span skip_space(struct span text)
{
    size_t size = 0;
    while (size < text.size && is_space(text.data[size])) {
        size++;
    }
    return span_from(text, size);
}

/* Cut off what stands before white space, and that. */
static struct span word_next(struct span *rest)
{
    size_t size = 0;
    while (size < rest->size && !is_space(rest->data[size])) {
        size++;
    }
    struct span word = span_slice(*rest, 0, size);
    *rest = skip_space(span_from(*rest, size));
    return word;
}

/* Whether a text has the shape of a pattern in which '0' stands for a digit, 'a' for a letter. */
static bool has_shape(struct span text, const char *shape)
{
    size_t size = strlen(shape);
    if (text.size < size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = text.data[i];
        bool fits = shape[i] == '0'   ? is_digit(byte)
                    : shape[i] == 'a' ? is_letter(byte)
                                      : byte == (uint8_t)shape[i];
        if (!fits) {
            return false;
        }
    }
    return true;
}

/* The whole of what two ends bound. */
static struct span between(struct span begin, struct span end)
{
    return span_slice(begin, 0, (size_t)(end.data - begin.data));
}

/* ---- the parts of a header ---- */

/* "<34>": drops it. */
static bool take_priority(struct span *rest)
{
    size_t size = 1;
    if (rest->size < 3 || rest->data[0] != '<') {
        return false;
    }
    while (size < rest->size && size < PRIORITY_SIZE_MAX && is_digit(rest->data[size])) {
        size++;
    }
    if (size == 1 || size == rest->size || rest->data[size] != '>') {
        return false;
    }
    *rest = span_from(*rest, size + 1);
    return true;
}

/* "Nov 21 20:34:05", "Nov  1 20:34:05.123", "Nov 21 2026 20:34:05", perhaps with a colon behind it
 * as some devices have. */
static bool take_old_time(struct span *rest, struct span *ret_time)
{
    struct span at = *rest;
    if (!has_shape(at, "aaa ")) {
        return false;
    }
    (void)word_next(&at);
    struct span day = word_next(&at);
    bool day_fits =
        (day.size == 1 && has_shape(day, "0")) || (day.size == 2 && has_shape(day, "00"));
    if (day_fits && has_shape(at, "0000 ")) {
        (void)word_next(&at);
    }
    struct span clock = word_next(&at);
    if (!day_fits || !has_shape(clock, "00:00:00")) {
        return false;
    }
    if (clock.data[clock.size - 1] == ':') {
        clock = span_slice(clock, 0, clock.size - 1);
    }
    if (clock.size > CLOCK_SIZE && clock.data[CLOCK_SIZE] != '.') {
        return false;
    }
    *ret_time = between(*rest, span_from(clock, clock.size));
    *rest = at;
    return true;
}

/* "2026-11-21T20:34:05..." */
static bool take_new_time(struct span *rest, struct span *ret_time)
{
    struct span at = *rest;
    struct span time = word_next(&at);
    if (!has_shape(time, "0000-00-00") || time.size < DATE_SIZE + 1 + CLOCK_SIZE ||
        time.data[DATE_SIZE] != 'T' || !has_shape(span_from(time, DATE_SIZE + 1), "00:00:00")) {
        return false;
    }
    *ret_time = time;
    *rest = at;
    return true;
}

/* "Sat Nov 21 20:34:05 2026 daemon.info " */
static bool take_logread_time(struct span *rest, struct span *ret_time)
{
    struct span at = *rest;
    struct span old = { NULL, 0 };
    if (!has_shape(at, "aaa aaa ")) {
        return false;
    }
    (void)word_next(&at);
    if (!take_old_time(&at, &old) || !has_shape(at, "0000 ")) {
        return false;
    }
    struct span year = word_next(&at);
    struct span severity = at;
    if (span_find(word_next(&severity), '.') == SPAN_NOT_FOUND) {
        return false;
    }
    *ret_time = between(*rest, span_from(year, year.size));
    *rest = severity;
    return true;
}

/* "app[123]:", "app:", "app[123]": what stands behind the host. False: no such word. */
static bool take_program(struct span *rest, struct span *ret_program)
{
    struct span at = *rest;
    struct span word = word_next(&at);
    size_t size = 0;
    while (size < word.size && word.data[size] != '[' && word.data[size] != ':') {
        size++;
    }
    if (size == 0 || size == word.size || size > PROGRAM_SIZE_MAX) {
        return false;
    }
    if (word.data[size] == ':' && size + 1 < word.size) {
        return false; /* "a:b": an address, or what somebody wrote */
    }
    ptrdiff_t bracket = span_find(word, ']');
    if (word.data[size] == '[' && bracket == SPAN_NOT_FOUND) {
        return false;
    }
    if (bracket != SPAN_NOT_FOUND) { /* what follows the bracket at once is message: "[1]:text" */
        struct span behind = span_from(*rest, (size_t)bracket + 1);
        bool colon = behind.size > 0 && behind.data[0] == ':';
        at = skip_space(span_from(behind, colon ? 1 : 0));
    }
    *ret_program = span_slice(word, 0, size);
    *rest = at;
    return true;
}

/* Structured data: "-", or elements in brackets, whose values may hold escaped ones. */
static bool take_structured(struct span *rest)
{
    struct span at = *rest;
    bool quoted = false;
    bool inside = false;
    size_t i = 0;
    if (at.size == 0 || at.data[0] != '[') {
        return span_equal(word_next(rest), SPAN("-"));
    }
    for (; i < at.size; i++) {
        uint8_t byte = at.data[i];
        if (quoted && byte == '\\') {
            i++;
        } else if (byte == '"') {
            quoted = inside && !quoted;
        } else if (!quoted && (byte == '[' || byte == ']')) {
            inside = byte == '[';
        } else if (!inside) {
            break;
        }
    }
    *rest = skip_space(span_from(at, i < at.size ? i : at.size));
    return !inside;
}

static struct span unless_nil(struct span word, size_t size_max)
{
    bool nil = span_equal(word, SPAN("-")) || word.size > size_max;
    return nil ? (struct span){ NULL, 0 } : word;
}

/* RFC 5424, behind priority and version. */
static bool read_new(struct span rest, struct syslog_line *ret)
{
    struct syslog_line line = { .time = { NULL, 0 } };
    if (!take_new_time(&rest, &line.time) && !span_equal(word_next(&rest), SPAN("-"))) {
        return false;
    }
    line.host = unless_nil(word_next(&rest), HOST_SIZE_MAX);
    line.program = unless_nil(word_next(&rest), PROGRAM_SIZE_MAX);
    (void)word_next(&rest); /* process */
    (void)word_next(&rest); /* message's id */
    if (!take_structured(&rest)) {
        return false;
    }
    bool marked = span_starts_with(rest, SPAN("\xEF\xBB\xBF"));
    line.message = marked ? span_from(rest, 3) : rest; /* UTF-8's byte order mark */
    *ret = line;
    return true;
}

/* What stands behind a time of the older forms: a host or none, a program or none. */
static void read_rest(struct span rest, struct syslog_line *line)
{
    if (!take_program(&rest, &line->program)) {
        line->host = unless_nil(word_next(&rest), HOST_SIZE_MAX);
        (void)take_program(&rest, &line->program);
    }
    line->message = rest;
}

bool syslog_read(struct span line, struct syslog_line *ret)
{
    struct syslog_line found = { .message = line };
    struct span rest = line;
    *ret = found;
    bool sent = take_priority(&rest);
    if (sent && span_starts_with(rest, SPAN("1 "))) {
        return read_new(span_from(rest, 2), ret);
    }
    if (take_old_time(&rest, &found.time) || take_logread_time(&rest, &found.time)) {
        read_rest(rest, &found);
    } else if (take_new_time(&rest, &found.time)) {
        read_rest(rest, &found);
        if (!sent && found.program.size == 0) {
            return false;
        }
    } else if (sent) { /* without a time there is no host (RFC 3164, section 4.3.3) */
        (void)take_program(&rest, &found.program);
        found.message = rest;
    } else {
        return false;
    }
    *ret = found;
    return true;
}

/* ".123", ",123" */
static size_t fraction_size(struct span text)
{
    size_t size = 1;
    if (text.size < 2 || (text.data[0] != '.' && text.data[0] != ',') || !is_digit(text.data[1])) {
        return 0;
    }
    while (size < text.size && is_digit(text.data[size])) {
        size++;
    }
    return size;
}

/* "Z", "+01:00", " +0100" */
static size_t zone_size(struct span text)
{
    static const char *const shapes[] = { "+00:00", "-00:00", "+0000", "-0000" };
    size_t space = text.size > 0 && text.data[0] == ' ' ? 1 : 0;
    struct span zone = span_from(text, space);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (has_shape(zone, shapes[i])) {
            return space + strlen(shapes[i]);
        }
    }
    return space == 0 && has_shape(text, "Z") ? 1 : 0;
}

/* Seconds since 1970, of our days: ten digits, perhaps a fraction, or thirteen. */
static struct span leading_epoch(struct span text)
{
    size_t size = 0;
    if (has_shape(text, "0000000000000")) {
        size = sizeof "0000000000000" - 1;
    } else if (has_shape(text, "0000000000")) {
        size = sizeof "0000000000" - 1;
        size += fraction_size(span_from(text, size));
    }
    bool ends = size < text.size && (is_space(text.data[size]) || text.data[size] == ']');
    return span_slice(text, 0, size > 0 && ends ? size : 0);
}

struct span syslog_leading_time(struct span line)
{
    static const char *const shapes[] = {
        "0000-00-00T00:00:00",  "0000-00-00 00:00:00",  "0000/00/00 00:00:00",
        "00/aaa/0000:00:00:00", "00/aaa/0000 00:00:00", "00-aaa-0000 00:00:00",
    };
    struct span text = skip_space(line);
    text = text.size > 0 && text.data[0] == '[' ? span_from(text, 1) : text;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        if (!has_shape(text, shapes[i])) {
            continue;
        }
        size_t size = strlen(shapes[i]);
        size_t fraction = fraction_size(span_from(text, size));
        if (fraction > 0 && text.data[size] == ',') {
            return span_slice(text, 0, size); /* what stands behind is not worth a copy */
        }
        size += fraction;
        return span_slice(text, 0, size + zone_size(span_from(text, size)));
    }
    return leading_epoch(text);
}

struct span syslog_json(struct span message)
{
    static const char *const cookies[] = { "@cee:", "cee@:" };
    struct span rest = skip_space(message);
    for (size_t i = 0; i < sizeof cookies / sizeof cookies[0]; i++) {
        if (span_starts_with(rest, span_of(cookies[i]))) {
            rest = skip_space(span_from(rest, strlen(cookies[i])));
        }
    }
    bool json = rest.size > 1 && rest.data[0] == '{';
    return json ? rest : (struct span){ NULL, 0 };
}
