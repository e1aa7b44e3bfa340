// SPDX-License-Identifier: EUPL-1.2
#include "node/flow.h"

#include "base/text.h"

enum {
    WORDS_SIZE_MAX = 8 * 1024,
    VALUE_SIZE_MAX = 512 * 1024,
    MARK_WIDTH = 1,   /* the last column is left to what flow_after() adds */
    UTF8_NEXT = 0x80, /* a byte of a character that is not its first (RFC 3629, section 3) */
    UTF8_NEXT_MASK = 0xC0,
};

void flow_begin(struct flow *flow, const struct invocation *invocation, size_t indent)
{
    *flow = (struct flow){ .invocation = invocation, .indent = indent, .empty = true };
}

static void put_spaces(struct flow *flow, size_t count)
{
    fprintf(flow->invocation->out, "%*s", (int)count, "");
    flow->column += count;
}

void flow_break(struct flow *flow)
{
    if (flow->empty) {
        return;
    }
    fputc('\n', flow->invocation->out);
    flow->column = 0;
    flow->broken = true;
    flow->empty = true;
    flow->gap = flow->indent;
}

/* Where a word of `columns` begins: on this line, or on a new one. Spaces are printed when a word
 * follows them, so that no line ends in some. */
static void make_room(struct flow *flow, size_t columns)
{
    if (flow->column + flow->gap + columns + MARK_WIDTH > flow->invocation->width) {
        flow_break(flow);
    }
    put_spaces(flow, flow->gap);
}

static void put(struct flow *flow, struct span harmless)
{
    if (harmless.size > 0) {
        fwrite(harmless.data, 1, harmless.size, flow->invocation->out);
    }
    flow->column += print_columns(harmless);
    flow->empty = false;
    flow->gap = 1;
}

static void put_words(struct flow *flow, struct span harmless)
{
    struct span rest = harmless;
    struct span word;
    while (span_next(&rest, ' ', &word)) {
        if (word.size > 0) {
            make_room(flow, print_columns(word));
            put(flow, word);
        }
    }
}

void flow_words(struct flow *flow, const char *format, ...)
{
    struct buf text;
    va_list args;
    buf_init(&text, WORDS_SIZE_MAX);
    va_start(args, format);
    buf_add_vformat(&text, format, args);
    va_end(args);
    put_words(flow, buf_span(&text));
    buf_done(&text);
}

void flow_text(struct flow *flow, struct span text)
{
    struct buf harmless;
    buf_init(&harmless, VALUE_SIZE_MAX);
    text_add_printable(&harmless, text);
    put_words(flow, buf_span(&harmless));
    buf_done(&harmless);
}

void flow_styled(struct flow *flow, enum print_style style, const char *word)
{
    size_t columns = print_columns(span_of(word));
    make_room(flow, columns);
    print_styled(flow->invocation, style, "%s", word);
    flow->column += columns;
    flow->empty = false;
    flow->gap = 1;
}

/* No line has room for it and what belongs to it: it gets one without anything else, less indented
 * where that helps; a terminal wraps it where nothing does. */
static void put_alone(struct flow *flow, const char *before, struct span harmless,
                      const char *after)
{
    enum { LESS_INDENT = 2 };
    size_t columns = print_columns(harmless);
    flow_words(flow, "%s", before);
    flow_break(flow);
    if (flow->indent + columns > flow->invocation->width) {
        flow->gap = LESS_INDENT + columns > flow->invocation->width ? 0 : LESS_INDENT;
    }
    put_spaces(flow, flow->gap);
    put(flow, harmless);
    flow_break(flow);
    bool mark = span_equal(span_of(after), SPAN(",")) || span_equal(span_of(after), SPAN(";"));
    if (!mark) {
        flow_words(flow, "%s", after);
    }
}

void flow_value(struct flow *flow, const char *before, struct span text, const char *after)
{
    struct buf harmless;
    struct buf whole;
    buf_init(&harmless, VALUE_SIZE_MAX);
    buf_init(&whole, VALUE_SIZE_MAX + WORDS_SIZE_MAX);
    text_add_printable(&harmless, text);
    if (harmless.err != ERR_OK) {
        buf_clear(&harmless);
        buf_add(&harmless, SPAN("(too long to be shown)"));
    }
    buf_add_format(&whole, "%s%s", before, before[0] == '\0' ? "" : " ");
    buf_add(&whole, buf_span(&harmless));
    buf_add(&whole, span_of(after));
    size_t columns = print_columns(buf_span(&whole));
    if (flow->indent + columns + MARK_WIDTH > flow->invocation->width) {
        put_alone(flow, before, buf_span(&harmless), after);
    } else {
        make_room(flow, columns);
        put(flow, buf_span(&whole));
    }
    buf_done(&harmless);
    buf_done(&whole);
}

void flow_value_cut(struct flow *flow, struct span text, size_t size_max, const char *after)
{
    struct buf cut;
    char size[32];
    if (text.size <= size_max) {
        flow_value(flow, "", text, after);
        return;
    }
    size_t end = size_max;
    while (end > 0 && (text.data[end] & UTF8_NEXT_MASK) == UTF8_NEXT) {
        end--;
    }
    buf_init(&cut, size_max + sizeof "...");
    buf_add(&cut, span_slice(text, 0, end));
    buf_add(&cut, SPAN("..."));
    flow_value(flow, "", buf_span(&cut), "");
    flow_words(flow, "(cut here: %s bytes, all of them with --json)%s",
               print_count(text.size, size, sizeof size), after);
    buf_done(&cut);
}

void flow_after(struct flow *flow, const char *mark)
{
    fputs(mark, flow->invocation->out);
    flow->column += strlen(mark);
}

void flow_to(struct flow *flow, size_t column)
{
    if (flow->column < column) {
        flow->gap = column - flow->column;
    }
}

void flow_end(struct flow *flow)
{
    if (!flow->empty || !flow->broken) {
        fputc('\n', flow->invocation->out);
    }
}
