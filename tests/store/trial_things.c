// SPDX-License-Identifier: EUPL-1.2
#include "tests/store/trial_things.h"

#include <inttypes.h>

#include "crypt/digest.h"
#include "tests/testing.h"

/* So that a set's file has several sectors. */
#define LONG_NAME "a-name-that-is-rather-long.so-that-it-takes-its-room.also-in-a-small-set.example"

enum { TEXT_SIZE_MAX = 4096, LIST_SIZE_SPREAD = 2000 };

__attribute__((format(printf, 2, 3))) static struct span text_of(struct op *op, const char *format,
                                                                 ...)
{
    struct buf buf;
    struct span text = { NULL, 0 };
    va_list args;
    buf_init(&buf, TEXT_SIZE_MAX);
    va_start(args, format);
    buf_add_vformat(&buf, format, args);
    va_end(args);
    check_err(buf.err, ERR_OK);
    check_err(op_copy(op, buf_span(&buf), &text), ERR_OK);
    buf_done(&buf);
    return text;
}

static struct span number_of(struct op *op, const char *format, size_t number)
{
    struct buf buf;
    struct span text = { NULL, 0 };
    buf_init(&buf, TEXT_SIZE_MAX);
    buf_add(&buf, span_of(format));
    buf_add_u64(&buf, number);
    check_err(op_copy(op, buf_span(&buf), &text), ERR_OK);
    buf_done(&buf);
    return text;
}

struct span thing_source(size_t source)
{
    return source == 0 ? SPAN("") : SPAN("partner");
}

/* ---- sets ---- */

struct span thing_set(struct op *op, size_t set)
{
    return number_of(op, "set-", set);
}

size_t thing_set_source(size_t set)
{
    return set % SHADOW_SOURCES;
}

static enum value_kind kind_of(size_t value)
{
    static const enum value_kind kinds[] = { VALUE_DOMAIN, VALUE_IPV4, VALUE_URL };
    return kinds[value % (sizeof kinds / sizeof kinds[0])];
}

static struct span value_text(struct op *op, size_t value)
{
    switch (kind_of(value)) {
    case VALUE_DOMAIN:
        return text_of(op, "d%zu." LONG_NAME, value);
    case VALUE_IPV4:
        return text_of(op, "192.0.2.%zu", value);
    default:
        return text_of(op, "http://" LONG_NAME "/%zu", value);
    }
}

struct value thing_value(struct op *op, size_t value)
{
    struct value_buf *bytes = op_alloc(op, sizeof *bytes);
    struct value ret = { .kind = VALUE_NONE };
    assert_non_null(bytes);
    check_err(value_parse(kind_of(value), value_text(op, value), bytes, &ret), ERR_OK);
    return ret;
}

size_t thing_value_number(struct op *op, const struct value *value)
{
    struct buf text;
    size_t i = 0;
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    value_add_text(&text, value);
    while (i < SHADOW_VALUES &&
           !(kind_of(i) == value->kind && span_equal(value_text(op, i), buf_span(&text)))) {
        i++;
    }
    buf_done(&text);
    return i;
}

struct span thing_list(struct op *op, size_t list)
{
    uint64_t state = list;
    size_t size = (size_t)(testing_random(&state) % LIST_SIZE_SPREAD);
    uint8_t *bytes = op_alloc(op, size + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)testing_random(&state);
    }
    return span_make(bytes, size);
}

/* ---- objects ---- */

static const char *type_of(size_t object)
{
    if (object < SHADOW_INDICATORS) {
        return "indicator";
    }
    return object == SHADOW_DEFINITION ? "marking-definition" : "identity";
}

struct span thing_object_id(struct op *op, size_t object)
{
    return text_of(op, "%s--00000000-0000-4000-8000-%012zu", type_of(object), object);
}

int64_t thing_modified_us(size_t version)
{
    return INT64_C(1704067200000000) + (int64_t)version * US_PER_S;
}

struct span thing_watched_value(struct op *op, struct shadow_object object)
{
    return text_of(op, "w%d-%d-%d.example", object.object, object.version, object.variant);
}

/* What TLP 2.0 calls GREEN, or the statement. */
static struct span markings_of(struct op *op, uint8_t variant)
{
    if (shadow_variant_is_green(variant)) {
        return text_of(op, ",\"object_marking_refs\":[\"%s\"]",
                       policy_tlp_marking(POLICY_TLP_GREEN));
    }
    if (shadow_variant_has_statement(variant)) {
        return text_of(op, ",\"object_marking_refs\":[\"%.*s\"]",
                       SPAN_FMT(thing_object_id(op, SHADOW_DEFINITION)));
    }
    return SPAN("");
}

static struct span creator_of(struct op *op, uint8_t variant)
{
    uint8_t creator = shadow_variant_creator(variant);
    if (creator == 0) {
        return SPAN("");
    }
    return text_of(op, ",\"created_by_ref\":\"identity--22222222-2222-4222-8222-%012d\"", creator);
}

struct span thing_object(struct op *op, struct shadow_object object)
{
    struct span id = thing_object_id(op, object.object);
    if (object.object == SHADOW_DEFINITION) {
        return text_of(op,
                       "{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"%.*s\","
                       "\"created\":\"2024-01-01T00:00:00Z\",\"definition_type\":\"statement\","
                       "\"definition\":{\"statement\":\"Copyright\"}}",
                       SPAN_FMT(id));
    }
    struct span common = text_of(
        op,
        "{\"type\":\"%s\",\"spec_version\":\"2.1\",\"id\":\"%.*s\","
        "\"created\":\"2024-01-01T00:00:00Z\",\"modified\":\"2024-01-01T00:00:0%dZ\","
        "\"name\":\"%d\"%.*s%.*s",
        type_of(object.object), SPAN_FMT(id), object.version, object.variant,
        SPAN_FMT(creator_of(op, object.variant)), SPAN_FMT(markings_of(op, object.variant)));
    if (object.object >= SHADOW_INDICATORS) {
        return text_of(op, "%.*s,\"identity_class\":\"organization\"}", SPAN_FMT(common));
    }
    return text_of(op,
                   "%.*s,\"revoked\":%s,\"pattern_type\":\"stix\",\"pattern\":"
                   "\"[domain-name:value = '%.*s']\",\"valid_from\":\"2024-01-01T00:00:00Z\"}",
                   SPAN_FMT(common), shadow_variant_is_revoked(object.variant) ? "true" : "false",
                   SPAN_FMT(thing_watched_value(op, object)));
}

struct span thing_owner(struct op *op)
{
    return thing_object(op, (struct shadow_object){ .object = SHADOW_OWNER });
}

/* ---- the watch ---- */

static struct span input_start(struct op *op, size_t input)
{
    return number_of(op, "the first line of input ", input);
}

/* Numbers beyond what a signed one holds are among them: file systems have such. */
struct store_input thing_input(struct op *op, size_t input, const struct shadow_input *stands)
{
    static const char *const reasons[SHADOW_FAULTS] = { "no JSON", "too long" };
    struct store_input ret = {
        .id = { .number = input + 1,
                .device = UINT64_MAX - input,
                .inode = UINT64_C(1) << (61 + input) },
        .path = number_of(op, "/var/log/", input),
        .format = SPAN("zeek-json"),
        .sensor = SPAN("gate"),
        .position = stands->position,
        .lines = stands->lines,
        .observations = stands->observations,
        .bytes_size = stands->position,
        .ended = stands->ended,
    };
    mark_init(&ret.mark);
    mark_set_head(&ret.mark, input_start(op, input));
    ret.line.waiting = stands->position % 7; /* any number that is another one each time */
    for (size_t i = 0; i < SHADOW_FAULTS; i++) {
        if (stands->faults[i] > 0) {
            ret.faults[ret.fault_count] =
                (struct store_fault_count){ span_of(reasons[i]), stands->faults[i] };
            ret.fault_count++;
        }
    }
    return ret;
}

struct span thing_watched_id(struct op *op, size_t watched)
{
    return text_of(op, "indicator--11111111-1111-5111-8111-%012zu", watched);
}

struct span thing_host(struct op *op, size_t host)
{
    return host == SHADOW_MANY ? FOLD_INSIDE_MANY : number_of(op, "10.0.0.", host);
}

struct span thing_observed(struct op *op, size_t observed)
{
    return text_of(op, "seen%zu.example", observed);
}

struct span thing_evidence(struct op *op, uint64_t tag)
{
    return text_of(op, "{\"line\":\"%016" PRIx64 "\"}", tag);
}
