// SPDX-License-Identifier: EUPL-1.2
/*
 * Objects of a STIX bundle into the store. All are kept that do not break the standard; what of
 * them is watched is another matter, and told.
 */
#include "node/adding.h"
#include "node/flow.h"
#include "node/tally.h"
#include "stix/bundle.h"
#include "stix/object.h"

/* Objects that break the standard are refused one by one; the others are kept. */
static size_t objects_check(struct adding *adding, const struct stix_bundle *bundle,
                            struct store_object_add *objects)
{
    size_t count = 0;
    for (size_t i = 0; i < bundle->count; i++) {
        struct stix_object object;
        if (stix_object_read(adding->op, bundle->items[i].value, &object) == ERR_OK) {
            objects[count].bytes = bundle->items[i].text;
            count++;
            continue;
        }
        adding->part.refused++;
        if (adding->part.refused <= ADDING_FAULTS_SHOWN_MAX && !adding->invocation->json) {
            fprintf(adding->invocation->err, "%.*s: object %zu: %s\n", SPAN_FMT(adding->name),
                    i + 1, adding->op->fault.text);
        }
        op_fault_clear(adding->op);
    }
    return count;
}

/* Values that are kept in their objects and not watched. */
static void unfit_words(struct flow *flow, const uint64_t *unfit)
{
    char text[64];
    for (int i = VALUE_FIT + 1; i < VALUE_VERDICT_COUNT; i++) {
        if (unfit[i] > 0) {
            flow_after(flow, ";");
            flow_words(flow, "%s not watched: %s",
                       print_counted(unfit[i], "value", "values", text, sizeof text),
                       value_verdict_name((enum value_verdict)i));
        }
    }
}

static void unfit_json(struct json_writer *w, const uint64_t *unfit)
{
    json_key(w, SPAN("unfit"));
    json_begin_object(w);
    for (int i = VALUE_FIT + 1; i < VALUE_VERDICT_COUNT; i++) {
        if (unfit[i] > 0) {
            json_member_u64(w, span_of(value_verdict_name((enum value_verdict)i)), unfit[i]);
        }
    }
    json_end_object(w);
}

static void objects_json(const struct adding *adding, const struct store_objects_added *added)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, 64 * 1024);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("file"), adding->name);
    json_member_string(&w, SPAN("source"), adding->source);
    json_member_u64(&w, SPAN("new"), added->added);
    json_member_u64(&w, SPAN("known"), added->known);
    json_member_u64(&w, SPAN("put_back"), added->put_back);
    tally_json(&w, &added->tally);
    unfit_json(&w, added->unfit);
    json_member_u64(&w, SPAN("refused"), adding->part.refused);
    json_end_object(&w);
    print_json(adding->invocation, &line);
    buf_done(&line);
}

static void tell_objects(const struct adding *adding, const struct store_objects_added *added)
{
    char text[64];
    struct flow flow;
    if (adding->invocation->json) {
        objects_json(adding, added);
        return;
    }
    flow_begin(&flow, adding->invocation, 2);
    flow_value(&flow, "", adding->name, ":");
    flow_words(&flow, "%s new, %llu known",
               print_counted(added->added, "object", "objects", text, sizeof text),
               (unsigned long long)added->known);
    if (added->added > 0) {
        flow_after(&flow, ";");
        flow_words(&flow, "indicators:");
        tally_words(&flow, &added->tally);
    }
    if (added->put_back > 0) {
        flow_after(&flow, ";");
        flow_words(&flow, "%llu put back", (unsigned long long)added->put_back);
    }
    unfit_words(&flow, added->unfit);
    tally_words_conflicts(&flow, ";", &added->tally);
    if (adding->part.refused > 0) {
        flow_after(&flow, ";");
        flow_words(&flow, "%llu refused", (unsigned long long)adding->part.refused);
    }
    flow_end(&flow);
}

enum err adding_stix(struct adding *adding)
{
    struct stix_bundle bundle;
    struct store_objects_added added;
    TRY(stix_bundle_read(adding->op, adding->bytes, &bundle));
    struct store_object_add *objects = op_alloc(adding->op, (bundle.count + 1) * sizeof *objects);
    if (objects == NULL) {
        return ERR_LIMIT;
    }
    size_t count = objects_check(adding, &bundle, objects);
    const struct store_objects_options options = {
        .source = adding->source,
        .has_local = adding->has_tlp,
        .local = adding->tlp,
        .otherwise = adding->tlp,
        .put_back = true,
        .even_if = adding->even_if,
    };
    TRY(store_objects_add(adding->op, adding->invocation->node->store, &options, objects, count,
                          &added));
    adding->refused_total += adding->part.refused;
    tell_objects(adding, &added);
    return ERR_OK;
}
