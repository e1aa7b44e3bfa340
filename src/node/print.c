// SPDX-License-Identifier: EUPL-1.2
#include "node/print.h"

#include <wchar.h>

#include "base/text.h"
#include "base/time.h"

enum { PRINT_TEXT_MAX = 64 * 1024, SIZE_STEP = 1000 };

size_t print_columns(struct span harmless)
{
    size_t columns = 0;
    mbstate_t state = { 0 };
    while (harmless.size > 0) {
        wchar_t character = 0;
        size_t size = mbrtowc(&character, (const char *)harmless.data, harmless.size, &state);
        if (size == 0 || size > harmless.size) { /* the locale is no UTF-8: a byte is a column */
            return columns + harmless.size;
        }
        int width = wcwidth(character);
        columns += width < 0 ? 1 : (size_t)width;
        harmless = span_from(harmless, size);
    }
    return columns;
}

void print_text(const struct invocation *invocation, struct span text, size_t width)
{
    struct buf printable;
    buf_init(&printable, PRINT_TEXT_MAX);
    text_add_printable(&printable, text);
    size_t shown = print_columns(buf_span(&printable));
    if (printable.size > 0) { /* else it has no memory yet */
        fwrite(printable.data, 1, printable.size, invocation->out);
    }
    if (printable.err != ERR_OK) {
        fputs("...", invocation->out);
    }
    for (; shown < width; shown++) {
        fputc(' ', invocation->out);
    }
    buf_done(&printable);
}

void print_styled(const struct invocation *invocation, enum print_style style, const char *format,
                  ...)
{
    /* ECMA-48: bold, faint, bold red, green. */
    static const char *const begin[] = { [PRINT_PLAIN] = "",
                                         [PRINT_BOLD] = "\033[1m",
                                         [PRINT_DIM] = "\033[2m",
                                         [PRINT_ALARM] = "\033[1;31m",
                                         [PRINT_GOOD] = "\033[32m" };
    bool coloured = invocation->colour && style != PRINT_PLAIN;
    va_list args;
    va_start(args, format);
    fputs(coloured ? begin[style] : "", invocation->out);
    vfprintf(invocation->out, format, args);
    fputs(coloured ? "\033[0m" : "", invocation->out);
    va_end(args);
}

void print_time(const struct invocation *invocation, int64_t time_us)
{
    struct buf text;
    buf_init(&text, 2 * TIME_TEXT_SIZE);
    time_add(&text, time_us);
    fprintf(invocation->out, "%.*s", SPAN_FMT(text.size > 0 ? buf_span(&text) : SPAN("-")));
    buf_done(&text);
}

const char *print_size(uint64_t bytes, char *text, size_t size)
{
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= SIZE_STEP && unit + 1 < sizeof units / sizeof units[0]) {
        value /= SIZE_STEP;
        unit++;
    }
    snprintf(text, size, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return text;
}

const char *print_second(int64_t time_us, char *text, size_t size)
{
    enum { SECOND_SIZE = sizeof "9999-12-31T23:59:59" - 1 };
    struct buf whole;
    buf_init(&whole, 2 * TIME_TEXT_SIZE);
    time_add(&whole, time_us);
    if (whole.size < SECOND_SIZE) {
        snprintf(text, size, "-");
    } else {
        snprintf(text, size, "%.*sZ", SECOND_SIZE, (const char *)whole.data);
    }
    buf_done(&whole);
    return text;
}

const char *print_count(uint64_t count, char *text, size_t size)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    size_t at = 0;
    for (int i = 0; i < length && at + 2 < size; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            text[at] = ',';
            at++;
        }
        text[at] = digits[i];
        at++;
    }
    text[at] = '\0';
    return text;
}

const char *print_counted(uint64_t count, const char *one, const char *many, char *text,
                          size_t size)
{
    char number[32];
    snprintf(text, size, "%s %s", print_count(count, number, sizeof number),
             count == 1 ? one : many);
    return text;
}

void print_json(const struct invocation *invocation, struct buf *line)
{
    fwrite(line->data, 1, line->size, invocation->out);
    fputc('\n', invocation->out);
    buf_clear(line);
}
