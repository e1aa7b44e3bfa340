// SPDX-License-Identifier: EUPL-1.2
#include "output/output.h"

#include "base/must.h"
#include "output/inner.h"

static const char *const format_names[OUTPUT_FORMAT_COUNT] = {
    [OUTPUT_JSON] = "json", [OUTPUT_RFC5424] = "rfc5424", [OUTPUT_LOCAL] = "local",
    [OUTPUT_EVE] = "eve",   [OUTPUT_TEXT] = "text",
};

const char *output_format_name(enum output_format format)
{
    must((unsigned)format < OUTPUT_FORMAT_COUNT);
    return format_names[format];
}

enum err output_format_from_name(struct span word, enum output_format *ret)
{
    for (unsigned i = 0; i < OUTPUT_FORMAT_COUNT; i++) {
        if (span_equal(word, span_of(format_names[i]))) {
            *ret = (enum output_format)i;
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}

bool output_is_test(const struct store_event *event)
{
    const struct store_notice *notice = event->notice;
    return notice != NULL && (span_equal(notice->type, OUTPUT_NOTICE_TEST) ||
                              span_equal(notice->type, OUTPUT_NOTICE_SELFTEST));
}

const char *output_event_word(const struct store_event *event)
{
    return output_is_test(event) ? "test" : store_event_type_name(event->type);
}

static enum output_severity severity_of_level(enum rank_level level)
{
    switch (level) {
    case RANK_CRITICAL:
        return OUTPUT_CRITICAL;
    case RANK_HIGH:
        return OUTPUT_ERROR;
    case RANK_MEDIUM:
        return OUTPUT_WARNING;
    case RANK_LOW:
        return OUTPUT_NOTE;
    case RANK_SILENT:
    case RANK_LEVEL_COUNT:
        break;
    }
    return OUTPUT_INFORMATION;
}

/* What a node tells of itself asks for a person as long as it lasts; that a hit is over asks for
 * nobody. */
enum output_severity output_severity_of(const struct store_event *event)
{
    if (event->fold == NULL) {
        return event->notice->stays ? OUTPUT_WARNING : OUTPUT_INFORMATION;
    }
    enum output_severity severity = severity_of_level(rank_level_of(fold_rank(event->fold)));
    return event->type == STORE_EVENT_CLOSED && severity < OUTPUT_NOTE ? OUTPUT_NOTE : severity;
}

struct span output_value_cut(struct span value)
{
    enum { CONTINUES = 0x80, CONTINUES_MASK = 0xC0 }; /* RFC 3629, section 3 */
    size_t size = value.size;
    if (size <= OUTPUT_VALUE_SIZE_MAX) {
        return value;
    }
    size = OUTPUT_VALUE_SIZE_MAX;
    while (size > 0 && (value.data[size] & CONTINUES_MASK) == CONTINUES) {
        size--;
    }
    return span_slice(value, 0, size);
}

void output_add_second(struct buf *buf, int64_t time_us)
{
    enum { SECOND_SIZE = sizeof "9999-12-31T23:59:59" - 1 };
    struct buf whole;
    buf_init(&whole, 2 * TIME_TEXT_SIZE);
    time_add(&whole, time_us);
    if (whole.size < SECOND_SIZE) {
        buf_add_byte(buf, '-');
    } else {
        buf_add(buf, span_slice(buf_span(&whole), 0, SECOND_SIZE));
        buf_add_byte(buf, 'Z');
    }
    buf_done(&whole);
}

void output_add(struct buf *buf, enum output_format format, const struct output_node *node,
                const struct store_event *event)
{
    must((event->fold == NULL) != (event->notice == NULL));
    must(node->facility <= OUTPUT_FACILITY_MAX);
    switch (format) {
    case OUTPUT_JSON:
        output_add_json(buf, node, event);
        break;
    case OUTPUT_RFC5424:
        output_add_rfc5424(buf, node, event);
        break;
    case OUTPUT_LOCAL:
        output_add_local(buf, node, event);
        break;
    case OUTPUT_EVE:
        output_add_eve(buf, node, event);
        break;
    case OUTPUT_TEXT:
        output_add_words(buf, node, event, true);
        break;
    case OUTPUT_FORMAT_COUNT:
        must_fail("a format", __FILE__, __LINE__);
    }
}
