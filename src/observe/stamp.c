// SPDX-License-Identifier: EUPL-1.2
#include "observe/stamp.h"

#include "base/must.h"
#include "os/clock.h"

enum {
    MONTH_COUNT = 12,
    FRACTION_DIGITS = 6,
    DAY_S = 86400,
};

#define NOT_GIVEN (-1)

/* A clock may be ahead of ours by so much before its time without a year is taken for last year's.
 */
static const int64_t ahead_us = (int64_t)DAY_S * US_PER_S;

const struct stamp stamp_syslog = { .zone = STAMP_LOCAL };

/* What a pattern has found so far. */
struct found {
    struct span rest;
    bool failed;
    bool fraction_apart;     /* the pattern has %f: %S leaves it alone */
    struct time_civil civil; /* year NOT_GIVEN: the text has none */
    bool twelve_hours;       /* the hour is one of %I */
    bool afternoon;
    bool offset_given;
    int64_t offset_s;
    bool epoch_given;
    int64_t epoch_us;
};

/* ---- pieces of a text ---- */

static uint8_t peek(const struct found *f)
{
    return f->rest.size == 0 ? 0 : f->rest.data[0];
}

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

static bool take(struct found *f, uint8_t byte)
{
    if (f->rest.size == 0 || f->rest.data[0] != byte) {
        return false;
    }
    f->rest = span_from(f->rest, 1);
    return true;
}

static void skip_space(struct found *f)
{
    while (is_space(peek(f))) {
        f->rest = span_from(f->rest, 1);
    }
}

/* A number of at most so many digits; fails where there is none. */
static int64_t number(struct found *f, size_t digits_max)
{
    int64_t value = 0;
    size_t count = 0;
    for (; count < digits_max && is_digit(peek(f)); count++) {
        value = value * 10 + (peek(f) - '0');
        f->rest = span_from(f->rest, 1);
    }
    f->failed = f->failed || count == 0;
    return value;
}

/* All four: "26" is no year, but one of two digits, or a day. */
static int64_t year_of_four_digits(struct found *f)
{
    enum { YEAR_DIGITS = 4 };
    size_t size = f->rest.size;
    int64_t year = number(f, YEAR_DIGITS);
    f->failed = f->failed || size - f->rest.size < YEAR_DIGITS;
    return year;
}

static int64_t year_of_two_digits(struct found *f)
{
    enum { CENTURY_TURN = 69 }; /* POSIX: 69 .. 99 are of the last century */
    int64_t year = number(f, 2);
    return year < CENTURY_TURN ? 2000 + year : 1900 + year;
}

/* Digits behind a point; those beyond microseconds are dropped. */
static int64_t fraction_us(struct found *f)
{
    int64_t us = 0;
    size_t count = 0;
    f->failed = f->failed || !is_digit(peek(f));
    for (; is_digit(peek(f)); f->rest = span_from(f->rest, 1)) {
        if (count < FRACTION_DIGITS) {
            us = us * 10 + (peek(f) - '0');
            count++;
        }
    }
    for (; count < FRACTION_DIGITS; count++) {
        us *= 10;
    }
    return us;
}

static int64_t seconds(struct found *f)
{
    int64_t second = number(f, 2);
    bool point = peek(f) == '.' || peek(f) == ',';
    if (point && !f->fraction_apart && f->rest.size > 1 && is_digit(f->rest.data[1])) {
        f->rest = span_from(f->rest, 1);
        f->civil.us = fraction_us(f);
    }
    return second;
}

static struct span letters(struct found *f)
{
    size_t size = 0;
    while (size < f->rest.size && is_letter(f->rest.data[size])) {
        size++;
    }
    struct span word = span_slice(f->rest, 0, size);
    f->failed = f->failed || size == 0;
    f->rest = span_from(f->rest, size);
    return word;
}

/* By its first three letters: "Nov", "November". */
static int64_t month(struct found *f)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    enum { NAME_SIZE = 3 };
    struct span word = letters(f);
    for (size_t i = 0; i < MONTH_COUNT && word.size >= NAME_SIZE; i++) {
        struct span name = span_make(names + i * NAME_SIZE, NAME_SIZE);
        if (span_equal_nocase(span_slice(word, 0, NAME_SIZE), name)) {
            return (int64_t)i + 1;
        }
    }
    f->failed = true;
    return 0;
}

/* "AM", "p.m."; people who write 24 hours leave it empty, which is no fault. */
static void half_of_day(struct found *f)
{
    bool after = peek(f) == 'p' || peek(f) == 'P';
    if (!after && peek(f) != 'a' && peek(f) != 'A') {
        f->failed = true;
        return;
    }
    f->rest = span_from(f->rest, 1);
    (void)take(f, '.');
    if (!take(f, 'm') && !take(f, 'M')) {
        f->failed = true;
    }
    (void)take(f, '.');
    f->afternoon = after;
    f->twelve_hours = true;
}

/* "+0100", "+01:00", "+01", "Z", "UTC", "GMT". */
static void zone(struct found *f)
{
    f->offset_given = true;
    f->offset_s = 0;
    if (is_letter(peek(f))) {
        struct span word = letters(f);
        bool utc = span_equal_nocase(word, SPAN("Z")) || span_equal_nocase(word, SPAN("UTC")) ||
                   span_equal_nocase(word, SPAN("GMT"));
        f->failed = f->failed || !utc;
        return;
    }
    int64_t sign = take(f, '-') ? -1 : 1;
    if (sign == 1 && !take(f, '+')) {
        f->failed = true;
        return;
    }
    int64_t hour = number(f, 2);
    (void)take(f, ':');
    int64_t minute = is_digit(peek(f)) ? number(f, 2) : 0;
    f->failed = f->failed || hour > 23 || minute > 59;
    f->offset_s = sign * (hour * 3600 + minute * 60);
}

static void epoch(struct found *f)
{
    size_t size = 0;
    while (size < f->rest.size && (is_digit(f->rest.data[size]) || f->rest.data[size] == '.')) {
        size++;
    }
    f->epoch_given = true;
    f->failed = f->failed || time_parse_epoch(span_slice(f->rest, 0, size), &f->epoch_us) != ERR_OK;
    f->rest = span_from(f->rest, size);
}

/* ---- patterns ---- */

static void pattern_read(struct found *f, struct span pattern);

/* What stands behind a '%'. False: there is no such letter. */
static bool conversion_read(struct found *f, uint8_t letter)
{
    struct time_civil *civil = &f->civil;
    switch (letter) {
    case 'Y':
        civil->year = year_of_four_digits(f);
        return true;
    case 'y':
        civil->year = year_of_two_digits(f);
        return true;
    case 'm':
        civil->month = number(f, 2);
        return true;
    case 'd':
    case 'e':
        skip_space(f);
        civil->day = number(f, 2);
        return true;
    case 'b':
    case 'B':
    case 'h':
        civil->month = month(f);
        return true;
    case 'a':
    case 'A':
    case 'Z':
        (void)letters(f);
        return true;
    case 'H':
    case 'I':
        skip_space(f);
        civil->hour = number(f, 2);
        return true;
    case 'M':
        civil->minute = number(f, 2);
        return true;
    case 'S':
        civil->second = seconds(f);
        return true;
    case 'f':
        civil->us = fraction_us(f);
        return true;
    case 'p':
        half_of_day(f);
        return true;
    case 'z':
        zone(f);
        return true;
    case 's':
        epoch(f);
        return true;
    case 'T':
        pattern_read(f, SPAN("%H:%M:%S"));
        return true;
    case 'F':
        pattern_read(f, SPAN("%Y-%m-%d"));
        return true;
    case '%':
        f->failed = f->failed || !take(f, '%');
        return true;
    default:
        return false;
    }
}

static void pattern_read(struct found *f, struct span pattern)
{
    for (size_t i = 0; i < pattern.size && !f->failed; i++) {
        uint8_t byte = pattern.data[i];
        if (byte == ' ') {
            skip_space(f);
        } else if (byte != '%') {
            f->failed = !take(f, byte);
        } else {
            i++;
            bool known = conversion_read(f, pattern.data[i]);
            must(known); /* checked when the pattern was made */
        }
    }
}

/* Whether a pattern has only letters that are known, and says at least day and minute. */
static bool pattern_is_good(struct span pattern)
{
    static const char day[] = "deFs";
    static const char minute[] = "MTs";
    bool has_day = false;
    bool has_minute = false;
    for (size_t i = 0; i < pattern.size; i++) {
        if (pattern.data[i] != '%') {
            continue;
        }
        i++;
        struct found nothing = { .rest = SPAN("") };
        if (i == pattern.size || !conversion_read(&nothing, pattern.data[i])) {
            return false;
        }
        has_day = has_day || strchr(day, pattern.data[i]) != NULL;
        has_minute = has_minute || strchr(minute, pattern.data[i]) != NULL;
    }
    return has_day && has_minute;
}

/* ---- from what was found to a time ---- */

static enum err to_utc(const struct stamp *stamp, const struct found *f, int64_t civil_us,
                       int64_t *ret_us)
{
    int64_t us = civil_us;
    if (f->offset_given) {
        us -= f->offset_s * US_PER_S;
    } else if (stamp->zone == STAMP_OFFSET) {
        us -= stamp->offset_s * US_PER_S;
    } else if (stamp->zone == STAMP_LOCAL) {
        us = os_zone_to_utc_us(civil_us);
    }
    if (us < TIME_US_MIN || us > TIME_US_MAX) {
        return ERR_FORMAT;
    }
    *ret_us = us;
    return ERR_OK;
}

/* A time without a year: of those that are not in the future the nearest. A 29th of February finds
 * its leap year. */
static enum err nearest_before(const struct stamp *stamp, struct found *f, int64_t now_us,
                               int64_t *ret_us)
{
    enum { YEARS_BACK_MAX = 9 }; /* 1896 to 1904, and the like */
    int64_t year = time_to_civil(now_us).year + 1;
    for (int64_t back = 0; back <= YEARS_BACK_MAX; back++) {
        int64_t civil_us = 0;
        int64_t us = 0;
        f->civil.year = year - back;
        if (time_from_civil(&f->civil, &civil_us) == ERR_OK &&
            to_utc(stamp, f, civil_us, &us) == ERR_OK && us <= now_us + ahead_us) {
            *ret_us = us;
            return ERR_OK;
        }
    }
    return ERR_FORMAT;
}

static enum err found_time(const struct stamp *stamp, struct found *f, int64_t now_us,
                           int64_t *ret_us)
{
    enum { HALF_DAY = 12 };
    int64_t civil_us = 0;
    if (f->failed || f->rest.size > 0) {
        return ERR_FORMAT;
    }
    if (f->epoch_given) {
        *ret_us = f->epoch_us;
        return ERR_OK;
    }
    if (f->twelve_hours) {
        if (f->civil.hour < 1 || f->civil.hour > HALF_DAY) {
            return ERR_FORMAT;
        }
        f->civil.hour = f->civil.hour % HALF_DAY + (f->afternoon ? HALF_DAY : 0);
    }
    if (f->civil.year == NOT_GIVEN) {
        return nearest_before(stamp, f, now_us, ret_us);
    }
    TRY(time_from_civil(&f->civil, &civil_us));
    return to_utc(stamp, f, civil_us, ret_us);
}

static enum err read_pattern(const struct stamp *stamp, struct span pattern, struct span text,
                             int64_t now_us, int64_t *ret_us)
{
    struct found found = {
        .rest = text,
        .fraction_apart = span_find_span(pattern, SPAN("%f")) != SPAN_NOT_FOUND,
        .civil = { .year = NOT_GIVEN, .month = 1, .day = 1 },
    };
    pattern_read(&found, pattern);
    return found_time(stamp, &found, now_us, ret_us);
}

/* ---- the forms that have a name ---- */

/* Whether a text of RFC 3339 says how far from UTC it is. */
static bool has_offset(struct span text)
{
    enum { DATE_SIZE = sizeof "2026-11-21" - 1 };
    for (size_t i = DATE_SIZE; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if (byte == 'Z' || byte == 'z' || byte == '+' || byte == '-') {
            return true;
        }
    }
    return false;
}

static enum err read_rfc3339(const struct stamp *stamp, struct span text, int64_t *ret_us)
{
    int64_t civil_us = 0;
    TRY(time_parse(text, &civil_us));
    struct found found = { .offset_given = has_offset(text) };
    return to_utc(stamp, &found, civil_us, ret_us);
}

/* `digits` of them are the fraction: 3 of milliseconds. */
static enum err read_scaled(struct span text, size_t digits, int64_t *ret_us)
{
    enum { TEXT_SIZE_MAX = 40 };
    char point_moved[TEXT_SIZE_MAX];
    ptrdiff_t point = span_find(text, '.');
    size_t whole = point == SPAN_NOT_FOUND ? text.size : (size_t)point;
    if (whole <= digits || text.size + 1 > TEXT_SIZE_MAX) {
        return ERR_FORMAT;
    }
    struct buf moved = { .data = (uint8_t *)point_moved,
                         .capacity = TEXT_SIZE_MAX - 1,
                         .size_max = TEXT_SIZE_MAX - 1 };
    buf_add(&moved, span_slice(text, 0, whole - digits));
    buf_add(&moved, SPAN("."));
    buf_add(&moved, span_slice(text, whole - digits, whole));
    buf_add(&moved, span_from(text, whole < text.size ? whole + 1 : whole));
    if (moved.err != ERR_OK) {
        return ERR_FORMAT;
    }
    return time_parse_epoch(buf_span(&moved), ret_us) == ERR_OK ? ERR_OK : ERR_FORMAT;
}

static enum err read_epoch(struct span text, int64_t *ret_us)
{
    return time_parse_epoch(text, ret_us) == ERR_OK ? ERR_OK : ERR_FORMAT;
}

enum { MS_DIGITS = 3, US_DIGITS = 6, NS_DIGITS = 9, SECOND_DIGITS = 10 };

/* Of a time of our days, the digits before the point tell what they count. */
static enum err read_number(struct span text, int64_t *ret_us)
{
    ptrdiff_t point = span_find(text, '.');
    size_t whole = point == SPAN_NOT_FOUND ? text.size : (size_t)point;
    switch (whole) {
    case SECOND_DIGITS + MS_DIGITS:
        return read_scaled(text, MS_DIGITS, ret_us);
    case SECOND_DIGITS + US_DIGITS:
        return read_scaled(text, US_DIGITS, ret_us);
    case SECOND_DIGITS + NS_DIGITS:
        return read_scaled(text, NS_DIGITS, ret_us);
    default:
        return read_epoch(text, ret_us);
    }
}

#define PATTERN_COMMON "%d/%b/%Y:%H:%M:%S %z"
#define PATTERN_SYSLOG "%b %d %H:%M:%S"

static enum err read_auto(const struct stamp *stamp, struct span text, int64_t now_us,
                          int64_t *ret_us)
{
    static const char *const patterns[] = {
        PATTERN_SYSLOG,      PATTERN_COMMON,      "%d-%b-%Y %H:%M:%S", "%a %b %d %H:%M:%S %Y",
        "%b %d %Y %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%d/%b/%Y:%H:%M:%S",
    };
    if (read_rfc3339(stamp, text, ret_us) == ERR_OK || read_number(text, ret_us) == ERR_OK) {
        return ERR_OK;
    }
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        if (read_pattern(stamp, span_of(patterns[i]), text, now_us, ret_us) == ERR_OK) {
            return ERR_OK;
        }
    }
    return ERR_FORMAT;
}

static enum err read_form(const struct stamp *stamp, const struct stamp_form *form,
                          struct span text, int64_t now_us, int64_t *ret_us)
{
    switch (form->kind) {
    case STAMP_RFC3339:
        return read_rfc3339(stamp, text, ret_us);
    case STAMP_EPOCH:
        return read_epoch(text, ret_us);
    case STAMP_EPOCH_MS:
        return read_scaled(text, MS_DIGITS, ret_us);
    case STAMP_EPOCH_US:
        return read_scaled(text, US_DIGITS, ret_us);
    case STAMP_EPOCH_NS:
        return read_scaled(text, NS_DIGITS, ret_us);
    case STAMP_PATTERN:
        return read_pattern(stamp, form->pattern, text, now_us, ret_us);
    case STAMP_AUTO:
    case STAMP_KIND_COUNT:
        break;
    }
    return read_auto(stamp, text, now_us, ret_us);
}

enum err stamp_read(const struct stamp *stamp, struct span text, int64_t now_us, int64_t *ret_us)
{
    const struct stamp_form automatic = { .kind = STAMP_AUTO };
    if (stamp->form_count == 0) {
        return read_form(stamp, &automatic, text, now_us, ret_us);
    }
    for (size_t i = 0; i < stamp->form_count; i++) {
        if (read_form(stamp, &stamp->forms[i], text, now_us, ret_us) == ERR_OK) {
            return ERR_OK;
        }
    }
    return ERR_FORMAT;
}

/* ---- from the configuration ---- */

static bool form_of_word(struct span text, struct stamp_form *ret)
{
    static const struct {
        const char *word;
        struct stamp_form form;
    } words[] = {
        { "auto", { STAMP_AUTO, { NULL, 0 } } },
        { "rfc3339", { STAMP_RFC3339, { NULL, 0 } } },
        { "epoch", { STAMP_EPOCH, { NULL, 0 } } },
        { "epoch-ms", { STAMP_EPOCH_MS, { NULL, 0 } } },
        { "epoch-us", { STAMP_EPOCH_US, { NULL, 0 } } },
        { "epoch-ns", { STAMP_EPOCH_NS, { NULL, 0 } } },
        { "common",
          { STAMP_PATTERN, { (const uint8_t *)PATTERN_COMMON, sizeof PATTERN_COMMON - 1 } } },
        { "syslog",
          { STAMP_PATTERN, { (const uint8_t *)PATTERN_SYSLOG, sizeof PATTERN_SYSLOG - 1 } } },
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (span_equal_nocase(text, span_of(words[i].word))) {
            *ret = words[i].form;
            return true;
        }
    }
    return false;
}

enum err stamp_add_form(struct op *op, struct stamp *stamp, struct span text)
{
    struct stamp_form form = { .kind = STAMP_PATTERN };
    if (stamp->form_count == STAMP_FORM_COUNT_MAX) {
        return op_fail(op, ERR_LIMIT, "more than %d ways to write times", STAMP_FORM_COUNT_MAX);
    }
    if (!form_of_word(text, &form)) {
        if (text.size > STAMP_PATTERN_SIZE_MAX || !pattern_is_good(text)) {
            return op_fail(
                op, ERR_FORMAT,
                "not a way to write times: auto, rfc3339, epoch, epoch-ms, epoch-us, "
                "epoch-ns, common, syslog, or a pattern such as %%d.%%m.%%Y %%H:%%M:%%S");
        }
        TRY(op_copy(op, text, &form.pattern));
    }
    stamp->forms[stamp->form_count] = form;
    stamp->form_count++;
    return ERR_OK;
}

enum err stamp_set_zone(struct op *op, struct stamp *stamp, struct span text)
{
    struct found found = { .rest = text };
    if (span_equal_nocase(text, SPAN("local"))) {
        stamp->zone = STAMP_LOCAL;
        return ERR_OK;
    }
    zone(&found);
    if (found.failed || found.rest.size > 0) {
        return op_fail(op, ERR_FORMAT, "not a time zone: UTC, local, or an offset such as +01:00");
    }
    stamp->zone = found.offset_s == 0 ? STAMP_UTC : STAMP_OFFSET;
    stamp->offset_s = found.offset_s;
    return ERR_OK;
}
