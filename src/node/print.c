// SPDX-License-Identifier: EUPL-1.2
#include "node/print.h"

#include "base/text.h"
#include "base/time.h"

enum { PRINT_TEXT_MAX = 64 * 1024, SIZE_STEP = 1000 };

/* Characters of text that has passed text_add_printable(): bytes that do not continue one. */
static size_t characters(struct span text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        count += (text.data[i] & 0xC0) != 0x80 ? 1 : 0;
    }
    return count;
}

void print_text(const struct invocation *invocation, struct span text, size_t width)
{
    struct buf printable;
    buf_init(&printable, PRINT_TEXT_MAX);
    text_add_printable(&printable, text);
    size_t shown = characters(buf_span(&printable));
    fwrite(printable.data, 1, printable.size, invocation->out);
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

void print_size(uint64_t bytes, char *text, size_t size)
{
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= SIZE_STEP && unit + 1 < sizeof units / sizeof units[0]) {
        value /= SIZE_STEP;
        unit++;
    }
    snprintf(text, size, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
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

void print_json(const struct invocation *invocation, struct buf *line)
{
    fwrite(line->data, 1, line->size, invocation->out);
    fputc('\n', invocation->out);
    buf_clear(line);
}
