// SPDX-License-Identifier: EUPL-1.2
// links: output store policy stix crypt value format os base
/*
 * An event of any bytes, in every format: nothing in it ends a line or a field. JSON is read back
 * with the project's reader, syslog with one that knows the RFC alone, and what is read is what was
 * put in.
 */
#include "base/must.h"
#include "base/text.h"
#include "fuzz/output_reading.h"
#include "output/output.h"

enum { MEMORY_MAX = 64 * 1024 * 1024, SIZE_UNIT = 7, BYTE_SHOWN_FIRST = 0x20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct span piece_of(struct wire_reader *r)
{
    size_t size = (size_t)wire_u8(r) * SIZE_UNIT;
    return wire_take(r, size < r->rest.size ? size : r->rest.size);
}

static void check_line(struct span text)
{
    must(text_valid_size(text) == text.size);
    for (size_t i = 0; i < text.size; i++) {
        must(text.data[i] >= BYTE_SHOWN_FIRST);
    }
}

/* Text that was written as JSON comes back repaired, and else as it was. */
static void check_same(struct span got, struct span put)
{
    struct buf repaired;
    buf_init(&repaired, OUTPUT_SIZE_MAX);
    text_add_repaired(&repaired, put);
    must(span_equal(got, buf_span(&repaired)));
    buf_done(&repaired);
}

static void check_param(const struct reading_message *message, const char *name, struct span put)
{
    struct buf shown;
    struct span got = reading_param_value(message, name);
    buf_init(&shown, OUTPUT_SIZE_MAX);
    text_add_printable(&shown, put);
    must(put.size > OUTPUT_VALUE_SIZE_MAX || span_equal(got, buf_span(&shown)));
    buf_done(&shown);
}

static void check_json(struct span text, const struct store_event *event)
{
    struct op op;
    struct json_value root;
    static const struct actor actor = { .name = { (const uint8_t *)"fuzz", 4 } };
    op_begin(&op, &actor, MEMORY_MAX);
    must(json_parse(&op, text, &root) == ERR_OK);
    must(json_string(json_member(root, SPAN("event_id"))).size == UUID_TEXT_SIZE);
    if (event->fold != NULL) {
        struct fold again;
        must(fold_json_read(root, &again) == ERR_OK);
        check_same(again.value, event->fold->value);
        check_same(json_string(json_member(root, SPAN("observed"))), event->fold->observed.at[0]);
        check_same(again.sensor, event->fold->sensor);
    } else {
        check_same(json_string(json_member(root, SPAN("text"))), event->notice->text);
        check_same(json_string(json_member(root, SPAN("subject"))), event->notice->subject);
    }
    op_end(&op);
}

static void check_eve(struct span text)
{
    struct op op;
    struct json_value root;
    static const struct actor actor = { .name = { (const uint8_t *)"fuzz", 4 } };
    op_begin(&op, &actor, MEMORY_MAX);
    must(json_parse(&op, text, &root) == ERR_OK);
    must(span_equal(json_string(json_member(root, SPAN("event_type"))), SPAN("alert")));
    struct json_value alert = json_member(root, SPAN("alert"));
    must(json_string(json_member(alert, SPAN("signature"))).size > 0);
    op_end(&op);
}

static void check_syslog(struct span text, const struct output_node *node,
                         const struct store_event *event)
{
    static struct reading_message message;
    must(reading_syslog(text, &message));
    must(message.priority / 8 == node->facility);
    must(message.has_mark == !text_is_ascii(message.message));
    check_param(&message, "world", node->world);
    if (event->fold != NULL) {
        check_param(&message, "value", event->fold->value);
        check_param(&message, "observed", event->fold->observed.at[0]);
        check_param(&message, "source", event->fold->source);
    } else {
        check_param(&message, "subject", event->notice->subject);
    }
}

static void check_formats(const struct output_node *node, const struct store_event *event)
{
    for (unsigned format = 0; format < OUTPUT_FORMAT_COUNT; format++) {
        struct buf text;
        buf_init(&text, OUTPUT_SIZE_MAX);
        output_add(&text, (enum output_format)format, node, event);
        must(text.err == ERR_OK);
        check_line(buf_span(&text));
        if (format == OUTPUT_JSON) {
            check_json(buf_span(&text), event);
        } else if (format == OUTPUT_EVE) {
            check_eve(buf_span(&text));
        } else if (format == OUTPUT_RFC5424) {
            check_syslog(buf_span(&text), node, event);
        }
        buf_done(&text);
    }
}

static void read_fold(struct wire_reader *r, struct fold *fold)
{
    uint8_t flags = wire_u8(r);
    fold->kind = (enum value_kind)(1 + wire_u8(r) % (VALUE_KIND_COUNT - 1));
    fold->tlp = wire_u8(r) % POLICY_TLP_COUNT;
    fold->count = 1 + wire_u8(r);
    fold->noisy = (flags & 1) != 0;
    fold->inside_assumed = (flags & 2) != 0;
    fold->before_publication = (flags & 4) != 0;
    fold->length_us = FOLD_MINUTES_DEFAULT * FOLD_MINUTE_US;
    fold->first_us = (int64_t)(wire_u64(r) % TIME_US_MAX);
    fold->last_us = fold->first_us;
    fold->start_us = time_floor(fold->first_us, fold->length_us);
    fold->indicator = SPAN("indicator--d58beaa9-b626-559b-8daa-b9261b021a0b");
    fold->value = fold_text_cut(piece_of(r));
    fold->inside = fold_text_cut(piece_of(r));
    fold->source = fold_text_cut(piece_of(r));
    fold->sensor = fold_text_cut(piece_of(r));
    fold->field = fold_text_cut(piece_of(r));
    do {
        fold_values_add(&fold->observed, piece_of(r));
        fold_values_add(&fold->outside, piece_of(r));
    } while (r->err == ERR_OK && r->rest.size > 0 && fold->observed.count < FOLD_VALUE_COUNT_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_reader r = wire_reader_of(span_make(data, size));
    struct fold fold = { 0 };
    struct store_notice notice = { .type = SPAN("silence"), .tlp = POLICY_TLP_CLEAR };
    struct store_event event = { .type = (enum store_event_type)(wire_u8(&r) % STORE_EVENT_COUNT) };
    struct output_node node = { .facility = wire_u8(&r) % (OUTPUT_FACILITY_MAX + 1) };
    event.time_us = wire_i64(&r);
    event.tlp = POLICY_TLP_CLEAR;
    node.identity = SPAN("identity--11111111-1111-4111-8111-111111111111");
    node.world = fold_text_cut(piece_of(&r));
    node.host = piece_of(&r);
    if (event.type == STORE_EVENT_NOTICE) {
        notice.stays = (wire_u8(&r) & 1) != 0;
        notice.time_us = wire_i64(&r);
        notice.subject = piece_of(&r);
        notice.text = piece_of(&r);
        event.notice = &notice;
    } else {
        read_fold(&r, &fold);
        event.fold = &fold;
    }
    check_formats(&node, &event);
    return 0;
}
