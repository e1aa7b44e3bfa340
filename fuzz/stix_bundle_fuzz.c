// SPDX-License-Identifier: EUPL-1.2
// links: stix format base
/*
 * STIX documents from any bytes. Each object that is found lies in the document, one behind the
 * other, and its bytes alone are again a document of that one object, with the same answer.
 */
#include "base/must.h"
#include "stix/bundle.h"
#include "stix/id.h"
#include "stix/object.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_MAX = 64 * 1024 * 1024, OBJECT_COUNT_MAX = 64 };

static enum err read_object(struct op *op, struct json_value value, struct stix_object *object)
{
    op_fault_clear(op);
    enum err err = stix_object_read(op, value, object);
    must(err == op->fault.err);
    return err;
}

static void check_object(struct op *op, struct json_value value, const struct stix_object *object)
{
    struct stix_id id;
    must(stix_id_parse(object->id, &id) == ERR_OK);
    must(span_equal(id.type, object->type));
    must(object->confidence >= STIX_CONFIDENCE_NONE);
    must(object->confidence <= STIX_CONFIDENCE_MAX);
    must(object->modified_us == TIME_US_NONE || object->modified_us >= object->created_us);
    if (!span_equal(object->type, SPAN("indicator"))) {
        return;
    }
    struct stix_indicator indicator;
    op_fault_clear(op);
    if (stix_indicator_read(op, value, object, &indicator) == ERR_OK) {
        must(indicator.pattern.size > 0);
        must(indicator.pattern_type.size > 0);
        must(indicator.valid_until_us == TIME_US_NONE ||
             indicator.valid_until_us > indicator.valid_from_us);
    } else {
        must(op->fault.err != ERR_OK);
    }
}

/* The object's bytes, read alone, give the same object. */
static void check_alone(struct op *op, const struct stix_bundle_item *item)
{
    struct stix_object first;
    enum err first_err = read_object(op, item->value, &first);
    struct json_value value;
    must(json_parse(op, item->text, &value) == ERR_OK);
    struct stix_object second;
    enum err second_err = read_object(op, value, &second);
    must(first_err == second_err);
    if (first_err == ERR_OK) {
        must(span_equal(first.id, second.id));
        must(span_equal(first.modified, second.modified));
        must(first.marking_refs.count == second.marking_refs.count);
        check_object(op, value, &second);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct actor actor = { .name = SPAN("fuzzer") };
    struct op op;
    op_begin(&op, &actor, MEMORY_MAX);
    struct stix_bundle bundle;
    struct span text = span_make(data, size);
    enum err err = stix_bundle_read(&op, text, &bundle);
    if (err != ERR_OK) {
        must(err == op.fault.err);
        op_end(&op);
        return 0;
    }
    const uint8_t *behind = data;
    for (size_t i = 0; i < bundle.count && i < OBJECT_COUNT_MAX; i++) {
        struct span object = bundle.items[i].text;
        must(object.size > 0);
        must(object.data >= behind);
        behind = object.data + object.size;
        must(behind <= data + size);
        check_alone(&op, &bundle.items[i]);
    }
    op_end(&op);
    return 0;
}
