// SPDX-License-Identifier: EUPL-1.2
#include "stix/bundle.h"

#include "base/must.h"
#include "stix/object.h"

static bool is_there(struct json_value value)
{
    return json_type(value) != JSON_NULL;
}

/* The one object that is the whole document, without what stands around it. */
static enum err read_single(struct op *op, struct span text, struct json_value root,
                            struct stix_bundle *bundle)
{
    static const struct span byte_order_mark = { (const uint8_t *)"\xEF\xBB\xBF", 3 };
    struct stix_bundle_item *item = op_alloc(op, sizeof *item);
    if (item == NULL) {
        return ERR_LIMIT;
    }
    if (span_starts_with(text, byte_order_mark)) {
        text = span_from(text, byte_order_mark.size);
    }
    *item = (struct stix_bundle_item){ .text = span_trim(text), .value = root };
    bundle->form = STIX_BUNDLE_OBJECT;
    bundle->items = item;
    bundle->count = 1;
    return ERR_OK;
}

static enum err read_list(struct op *op, struct span text, struct json_value list,
                          struct stix_bundle *bundle)
{
    struct span *spans = NULL;
    size_t count = 0;
    TRY(json_array_spans(op, text, SPAN("objects"), &spans, &count));
    struct stix_bundle_item *items = op_alloc(op, count * sizeof *items);
    if (items == NULL) {
        return ERR_LIMIT;
    }
    size_t at = 0;
    struct json_walk walk = json_walk_begin(list);
    while (json_walk_next(&walk)) {
        must(at < count); /* both read the same list: no key is there twice */
        items[at] = (struct stix_bundle_item){ .text = spans[at], .value = walk.value };
        at++;
    }
    must(at == count);
    bundle->items = items;
    bundle->count = count;
    return ERR_OK;
}

enum err stix_bundle_read(struct op *op, struct span text, struct stix_bundle *ret)
{
    struct json_value root;
    TRY(json_parse(op, text, &root));
    if (json_type(root) != JSON_OBJECT) {
        return op_fail(op, ERR_FORMAT,
                       "a STIX document must be an object: a bundle, or one object "
                       "alone");
    }
    TRY(stix_object_check_keys(op, root));

    struct stix_bundle bundle = { .form = STIX_BUNDLE_BUNDLE };
    struct json_value type = json_member(root, SPAN("type"));
    struct json_value list = json_member(root, SPAN("objects"));
    if (!is_there(type) && is_there(list)) {
        bundle.form = STIX_BUNDLE_ENVELOPE;
    } else if (!span_equal(json_string(type), SPAN("bundle"))) {
        TRY(read_single(op, text, root, &bundle));
        *ret = bundle;
        return ERR_OK;
    }

    bundle.id = json_string(json_member(root, SPAN("id")));
    bundle.spec_version = json_string(json_member(root, SPAN("spec_version")));
    if (is_there(list) && json_type(list) != JSON_ARRAY) {
        return op_fail(op, ERR_FORMAT, "the property objects of the bundle must be a list");
    }
    if (is_there(list)) {
        TRY(read_list(op, text, list, &bundle));
    }
    *ret = bundle;
    return ERR_OK;
}
