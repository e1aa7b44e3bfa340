// SPDX-License-Identifier: EUPL-1.2
/*
 * An event as a syslog message: RFC 5424 for other machines, and the short form that a local daemon
 * takes, who adds time and host by itself.
 */
#include "base/text.h"
#include "output/inner.h"

enum {
    SEVERITY_COUNT = 8,      /* RFC 5424, section 6.2.1: PRI is facility times 8, plus severity */
    HOSTNAME_SIZE_MAX = 255, /* section 6.2.4 */
    PRINTABLE_FIRST = 33,    /* PRINTUSASCII, section 6 */
    PRINTABLE_LAST = 126,
};

/* The number is the one reserved for examples (RFC 5612): Linie has none of its own yet. */
#define STRUCTURED_ID SPAN("linie@32473")

/* ---- RFC 5424 ---- */

/* HOSTNAME is PRINTUSASCII; "-" where there is none. */
static void add_hostname(struct buf *buf, struct span host)
{
    size_t added = 0;
    for (size_t i = 0; i < host.size && added < HOSTNAME_SIZE_MAX; i++) {
        uint8_t c = host.data[i];
        if (c >= PRINTABLE_FIRST && c <= PRINTABLE_LAST) {
            buf_add_byte(buf, c);
            added++;
        }
    }
    if (added == 0) {
        buf_add_byte(buf, '-');
    }
}

/* Section 6.3.3: '"', '\' and ']' are escaped by a backslash. Control characters were made visible
 * before (section 8.2): a line end would end the message where a transport knows no better. */
static void add_param(struct buf *buf, const char *name, struct span value)
{
    struct buf harmless;
    if (value.size == 0) {
        return;
    }
    buf_init(&harmless, 8 * OUTPUT_VALUE_SIZE_MAX);
    text_add_printable(&harmless, output_value_cut(value));
    buf_add_byte(buf, ' ');
    buf_add(buf, span_of(name));
    buf_add(buf, SPAN("=\""));
    for (size_t i = 0; i < harmless.size; i++) {
        uint8_t c = harmless.data[i];
        if (c == '"' || c == '\\' || c == ']') {
            buf_add_byte(buf, '\\');
        }
        buf_add_byte(buf, c);
    }
    buf_add_byte(buf, '"');
    buf_done(&harmless);
}

static void add_param_u64(struct buf *buf, const char *name, uint64_t value)
{
    buf_add_format(buf, " %s=\"%llu\"", name, (unsigned long long)value);
}

static void add_param_time(struct buf *buf, const char *name, int64_t time_us)
{
    struct buf text;
    buf_init(&text, 2 * TIME_TEXT_SIZE);
    time_add(&text, time_us);
    add_param(buf, name, buf_span(&text));
    buf_done(&text);
}

static void add_rank(struct buf *buf, const struct fold *fold)
{
    char id[HIT_ID_SIZE];
    const unsigned rank = fold_rank(fold);
    hit_id_of(fold, id);
    add_param(buf, "hit", span_of(id));
    add_param_u64(buf, "rank", rank);
    add_param(buf, "level", span_of(rank_level_name(rank_level_of(rank))));
    add_param(buf, "direction", span_of(rank_direction_name(fold->best.direction)));
    add_param(buf, "outcome", span_of(rank_outcome_name(fold->best.outcome)));
}

static void add_fold(struct buf *buf, const struct fold *fold)
{
    add_rank(buf, fold);
    add_param(buf, "indicator", fold->indicator);
    add_param(buf, "value", fold->value);
    add_param(buf, "kind", span_of(value_kind_name(fold->kind)));
    add_param(buf, "observed", fold->observed.count > 0 ? fold->observed.at[0] : SPAN(""));
    add_param(buf, "field", fold->field);
    add_param(buf, "inside", fold->inside);
    add_param(buf, "outside", fold->outside.count > 0 ? fold->outside.at[0] : SPAN(""));
    add_param(buf, "sensor", fold->sensor);
    add_param_time(buf, "first", fold->first_us);
    add_param_time(buf, "last", fold->last_us);
    add_param_u64(buf, "count", fold->count);
    add_param(buf, "tlp", span_of(policy_tlp_name((enum policy_tlp)fold->tlp)));
    add_param(buf, "source", fold->source);
    add_param(buf, "looked_back", fold->looked_back ? SPAN("true") : SPAN(""));
}

static void add_notice(struct buf *buf, const struct store_notice *notice)
{
    add_param(buf, "type", notice->type);
    add_param(buf, "subject", notice->subject);
    add_param_time(buf, "time", notice->time_us);
    add_param(buf, "tlp", span_of(policy_tlp_name(notice->tlp)));
}

static void add_structured(struct buf *buf, const struct output_node *node,
                           const struct store_event *event)
{
    struct buf id;
    buf_init(&id, UUID_TEXT_SIZE);
    uuid_add(&id, &event->id);
    buf_add_byte(buf, '[');
    buf_add(buf, STRUCTURED_ID);
    add_param(buf, "event", span_of(output_event_word(event)));
    add_param(buf, "event_id", buf_span(&id));
    add_param_u64(buf, "entry", event->at.entry);
    add_param(buf, "node", node->identity);
    add_param(buf, "world", node->world);
    if (event->notice != NULL) {
        add_notice(buf, event->notice);
    } else {
        add_fold(buf, event->fold);
    }
    buf_add_byte(buf, ']');
    buf_done(&id);
}

/* Section 6.4: a message that is UTF-8 begins with the byte order mark; one that is ASCII is both,
 * and needs none. */
static void add_message(struct buf *buf, const struct output_node *node,
                        const struct store_event *event)
{
    struct buf words;
    buf_init(&words, OUTPUT_SIZE_MAX);
    output_add_words(&words, node, event, false);
    if (!text_is_ascii(buf_span(&words))) {
        buf_add(buf, SPAN("\xEF\xBB\xBF"));
    }
    buf_add(buf, buf_span(&words));
    buf_done(&words);
}

static void add_priority(struct buf *buf, const struct output_node *node,
                         const struct store_event *event)
{
    buf_add_format(buf, "<%d>", node->facility * SEVERITY_COUNT + (int)output_severity_of(event));
}

void output_add_rfc5424(struct buf *buf, const struct output_node *node,
                        const struct store_event *event)
{
    add_priority(buf, node, event);
    buf_add(buf, SPAN("1 "));
    if (event->time_us < TIME_US_MIN || event->time_us > TIME_US_MAX) {
        buf_add_byte(buf, '-');
    } else {
        time_add(buf, event->time_us);
    }
    buf_add_byte(buf, ' ');
    add_hostname(buf, node->host);
    buf_add_format(buf, " linie - %s ", output_event_word(event));
    add_structured(buf, node, event);
    buf_add_byte(buf, ' ');
    add_message(buf, node, event);
}

/* ---- for a local daemon ---- */

void output_add_local(struct buf *buf, const struct output_node *node,
                      const struct store_event *event)
{
    add_priority(buf, node, event);
    buf_add(buf, SPAN("linie: "));
    output_add_words(buf, node, event, false);
    buf_add(buf, SPAN(" [event "));
    uuid_add(buf, &event->id);
    buf_add_byte(buf, ']');
}
