// SPDX-License-Identifier: EUPL-1.2
#include "format/exposition.h"

#include "base/must.h"
#include "base/text.h"
#include "base/time.h"

#define COUNTER_SUFFIX SPAN("_total")

static bool is_name_byte(char c, bool first)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    return letter || (!first && c >= '0' && c <= '9');
}

static bool is_name(const char *name)
{
    for (size_t i = 0; name[i] != '\0'; i++) {
        if (!is_name_byte(name[i], i == 0)) {
            return false;
        }
    }
    return name[0] != '\0';
}

/* In the help a quotation mark stands for itself, in the value of a label it would end it. */
static void add_escaped(struct buf *buf, struct span text, bool quoted)
{
    size_t written = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        bool escaped = byte == '\\' || byte == '\n' || (quoted && byte == '"');
        if (escaped) {
            text_add_repaired(buf, span_slice(text, written, i));
            buf_add_byte(buf, '\\');
            buf_add_byte(buf, byte == '\n' ? 'n' : byte);
            written = i + 1;
        }
    }
    text_add_repaired(buf, span_from(text, written));
}

void exposition_init(struct exposition *exposition, struct buf *buf)
{
    *exposition = (struct exposition){ .buf = buf };
}

void exposition_family(struct exposition *exposition, const char *name, enum exposition_type type,
                       const char *help)
{
    struct buf *buf = exposition->buf;
    must(is_name(name));
    must(span_ends_with(span_of(name), COUNTER_SUFFIX) == (type == EXPOSITION_COUNTER));
    must(exposition->label_count == 0);
    exposition->family = name;
    buf_add_format(buf, "# HELP %s ", name);
    add_escaped(buf, span_of(help), false);
    buf_add_format(buf, "\n# TYPE %s %s\n", name, type == EXPOSITION_COUNTER ? "counter" : "gauge");
}

void exposition_label(struct exposition *exposition, const char *name, struct span value)
{
    struct buf *buf = exposition->buf;
    must(exposition->family != NULL);
    must(is_name(name));
    if (exposition->label_count == 0) {
        buf_add(buf, span_of(exposition->family));
    }
    buf_add_format(buf, "%c%s=\"", exposition->label_count == 0 ? '{' : ',', name);
    add_escaped(buf, value, true);
    buf_add_byte(buf, '"');
    exposition->label_count++;
}

/* What stands before the value of a sample. */
static void add_labels_end(struct exposition *exposition)
{
    must(exposition->family != NULL);
    if (exposition->label_count == 0) {
        buf_add(exposition->buf, span_of(exposition->family));
    }
    buf_add(exposition->buf, exposition->label_count == 0 ? SPAN(" ") : SPAN("} "));
    exposition->label_count = 0;
}

void exposition_u64(struct exposition *exposition, uint64_t value)
{
    add_labels_end(exposition);
    buf_add_u64(exposition->buf, value);
    buf_add_byte(exposition->buf, '\n');
}

void exposition_time(struct exposition *exposition, int64_t time_us)
{
    must(time_us != TIME_US_NONE);
    add_labels_end(exposition);
    uint64_t us = time_us < 0 ? 0 - (uint64_t)time_us : (uint64_t)time_us;
    buf_add_format(exposition->buf, "%s%llu.%06llu\n", time_us < 0 ? "-" : "",
                   (unsigned long long)(us / US_PER_S), (unsigned long long)(us % US_PER_S));
}
