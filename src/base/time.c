// SPDX-License-Identifier: EUPL-1.2
#include "base/time.h"

#include "base/must.h"

enum { SECONDS_PER_DAY = 86400, FRACTION_DIGITS = 6 };

/* A sticky reader over the text; after a failure it reads zeros. */
struct cursor {
    struct span rest;
    enum err err;
};

static uint8_t peek(const struct cursor *c)
{
    return c->rest.size == 0 ? 0 : c->rest.data[0];
}

static void skip(struct cursor *c)
{
    must(c->rest.size > 0);
    c->rest = span_from(c->rest, 1);
}

static bool take(struct cursor *c, uint8_t byte)
{
    if (c->err != ERR_OK || peek(c) != byte || c->rest.size == 0) {
        return false;
    }
    skip(c);
    return true;
}

static void expect(struct cursor *c, uint8_t byte)
{
    if (!take(c, byte)) {
        c->err = ERR_FORMAT;
    }
}

static int64_t digits(struct cursor *c, size_t count)
{
    if (c->err != ERR_OK || c->rest.size < count) {
        c->err = ERR_FORMAT;
        return 0;
    }
    uint64_t value = 0;
    if (span_to_u64(span_slice(c->rest, 0, count), &value) != ERR_OK) {
        c->err = ERR_FORMAT;
        return 0;
    }
    c->rest = span_from(c->rest, count);
    return (int64_t)value;
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t month_days(int64_t year, int64_t month)
{
    static const int8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar. Counting years from March puts the
 * leap day at the end, so that the days before a month are a straight formula (153 days in 5
 * months). */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
    int64_t march_year = month <= 2 ? year - 1 : year;
    int64_t march_month = month <= 2 ? month + 9 : month - 3;
    int64_t day_of_year = (153 * march_month + 2) / 5 + day - 1;
    int64_t leap_days = march_year / 4 - march_year / 100 + march_year / 400;
    return march_year * 365 + leap_days + day_of_year - 719468;
}

static bool is_date(int64_t year, int64_t month, int64_t day)
{
    return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= month_days(year, month);
}

static int64_t cursor_date(struct cursor *c)
{
    int64_t year = digits(c, 4);
    expect(c, '-');
    int64_t month = digits(c, 2);
    expect(c, '-');
    int64_t day = digits(c, 2);
    if (c->err != ERR_OK) {
        return 0;
    }
    if (!is_date(year, month, day)) {
        c->err = ERR_FORMAT;
        return 0;
    }
    return days_from_date(year, month, day) * SECONDS_PER_DAY;
}

static int64_t cursor_clock(struct cursor *c)
{
    int64_t hour = digits(c, 2);
    expect(c, ':');
    int64_t minute = digits(c, 2);
    expect(c, ':');
    int64_t second = digits(c, 2);
    if (hour > 23 || minute > 59 || second > 60) {
        c->err = ERR_FORMAT;
    }
    return hour * 3600 + minute * 60 + second;
}

static int64_t cursor_fraction_us(struct cursor *c)
{
    if (!take(c, '.') && !take(c, ',')) {
        return 0;
    }
    if (!is_digit(peek(c))) {
        c->err = ERR_FORMAT;
        return 0;
    }
    int64_t us = 0;
    size_t count = 0;
    while (is_digit(peek(c))) {
        if (count < FRACTION_DIGITS) {
            us = us * 10 + (peek(c) - '0');
            count++;
        }
        skip(c);
    }
    for (; count < FRACTION_DIGITS; count++) {
        us *= 10;
    }
    return us;
}

static int64_t cursor_offset_s(struct cursor *c)
{
    if (take(c, 'Z') || take(c, 'z') || c->rest.size == 0) {
        return 0;
    }
    int64_t sign = take(c, '-') ? -1 : 1;
    if (sign == 1) {
        expect(c, '+');
    }
    int64_t hour = digits(c, 2);
    (void)take(c, ':');
    int64_t minute = digits(c, 2);
    if (hour > 23 || minute > 59) {
        c->err = ERR_FORMAT;
    }
    return sign * (hour * 3600 + minute * 60);
}

enum err time_parse(struct span span, int64_t *ret_us)
{
    struct cursor c = { .rest = span };
    int64_t seconds = cursor_date(&c);
    int64_t fraction_us = 0;
    if (c.err == ERR_OK && c.rest.size > 0) {
        if (!take(&c, 'T') && !take(&c, 't')) {
            expect(&c, ' ');
        }
        seconds += cursor_clock(&c);
        fraction_us = cursor_fraction_us(&c);
        seconds -= cursor_offset_s(&c);
    }
    if (c.err != ERR_OK || c.rest.size > 0) {
        return ERR_FORMAT;
    }
    int64_t time_us = seconds * US_PER_S + fraction_us;
    if (time_us < TIME_US_MIN || time_us > TIME_US_MAX) {
        return ERR_FORMAT;
    }
    *ret_us = time_us;
    return ERR_OK;
}

enum err time_parse_epoch(struct span span, int64_t *ret_us)
{
    struct cursor c = { .rest = span };
    bool negative = take(&c, '-');
    int64_t seconds = 0;
    if (!is_digit(peek(&c))) {
        return ERR_FORMAT;
    }
    while (is_digit(peek(&c))) {
        seconds = seconds * 10 + (peek(&c) - '0');
        if (seconds > TIME_US_MAX / US_PER_S) {
            return ERR_LIMIT;
        }
        skip(&c);
    }
    const uint8_t *fraction = c.rest.data;
    size_t fraction_size = c.rest.size;
    if (fraction_size > 0 && fraction[0] != '.') {
        return ERR_FORMAT;
    }
    int64_t us = cursor_fraction_us(&c);
    if (c.err != ERR_OK || c.rest.size > 0) {
        return ERR_FORMAT;
    }
    /* ".865716" is 7 bytes; an eighth is the first digit dropped, and rounds. */
    if (fraction_size > FRACTION_DIGITS + 1 && fraction[FRACTION_DIGITS + 1] >= '5') {
        us++;
    }
    int64_t time_us = seconds * US_PER_S + us;
    time_us = negative ? -time_us : time_us;
    if (time_us < TIME_US_MIN || time_us > TIME_US_MAX) {
        return ERR_LIMIT;
    }
    *ret_us = time_us;
    return ERR_OK;
}

struct date {
    int64_t year;
    int64_t month;
    int64_t day;
};

/* The inverse of days_from_date: 146097 days are 400 years. */
static struct date date_from_days(int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    return (struct date){
        .year = year_of_era + era * 400 + (month <= 2 ? 1 : 0),
        .month = month,
        .day = day_of_year - (153 * march_month + 2) / 5 + 1,
    };
}

int64_t time_floor(int64_t time_us, int64_t period_us)
{
    must(period_us > 0);
    int64_t remainder = time_us % period_us;
    if (remainder < 0) {
        remainder += period_us;
    }
    return time_us - remainder;
}

enum err time_from_civil(const struct time_civil *civil, int64_t *ret_us)
{
    enum { YEAR_MAX = 9999 };
    bool clock = civil->hour >= 0 && civil->hour <= 23 && civil->minute >= 0 &&
                 civil->minute <= 59 && civil->second >= 0 && civil->second <= 60;
    bool fraction = civil->us >= 0 && civil->us < US_PER_S;
    if (civil->year > YEAR_MAX || !is_date(civil->year, civil->month, civil->day) || !clock ||
        !fraction) {
        return ERR_FORMAT;
    }
    int64_t day_s = days_from_date(civil->year, civil->month, civil->day) * SECONDS_PER_DAY;
    int64_t clock_s = civil->hour * 3600 + civil->minute * 60 + civil->second;
    int64_t time_us = (day_s + clock_s) * US_PER_S + civil->us;
    if (time_us > TIME_US_MAX) { /* 23:59:60 of the last day */
        return ERR_FORMAT;
    }
    *ret_us = time_us;
    return ERR_OK;
}

struct time_civil time_to_civil(int64_t time_us)
{
    must(time_us >= TIME_US_MIN);
    must(time_us <= TIME_US_MAX);
    int64_t day_us = (int64_t)SECONDS_PER_DAY * US_PER_S;
    int64_t midnight_us = time_floor(time_us, day_us);
    struct date date = date_from_days(midnight_us / day_us);
    int64_t us = time_us - midnight_us;
    int64_t second = us / US_PER_S;
    return (struct time_civil){
        .year = date.year,
        .month = date.month,
        .day = date.day,
        .hour = second / 3600,
        .minute = second / 60 % 60,
        .second = second % 60,
        .us = us % US_PER_S,
    };
}

void time_add(struct buf *buf, int64_t time_us)
{
    if (time_us < TIME_US_MIN || time_us > TIME_US_MAX) {
        return;
    }
    struct time_civil civil = time_to_civil(time_us);
    buf_add_format(buf, "%04d-%02d-%02dT%02d:%02d:%02d", (int)civil.year, (int)civil.month,
                   (int)civil.day, (int)civil.hour, (int)civil.minute, (int)civil.second);
    if (civil.us % US_PER_MS == 0) {
        buf_add_format(buf, ".%03dZ", (int)(civil.us / US_PER_MS));
    } else {
        buf_add_format(buf, ".%06dZ", (int)civil.us);
    }
}
