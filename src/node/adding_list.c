// SPDX-License-Identifier: EUPL-1.2
/*
 * Lists, tables and events into packed sets: each value is judged, what is refused is told with its
 * reason and place. A list is one set; each event of a MISP file is one of its own, named after its
 * UUID.
 */
#include "base/uuid.h"
#include "node/adding.h"
#include "node/flow.h"
#include "os/random.h"

enum { LINE_SIZE_MAX = 64 * 1024 };

/* The set that is being filled. */
struct filling {
    struct adding *adding;
    struct exchange_reader *reader;
    const char *place; /* what the numbers of faults count */
    struct pack_writer *writer;
    uint64_t group;         /* number of the event; 0: none was met yet */
    uint64_t passed_before; /* entries passed over when it began */
    struct span set;
    struct span event; /* its info; empty: a list */
    enum policy_tlp tlp;
    bool has_tlp; /* the label is stated, by the event or the command line */
    enum policy_pap pap;
    struct span context;
    struct store_set_added added; /* the last set that was stored */
};

/* ---- telling a set ---- */

/* Where the set's label comes from, if not from the command line or the event. */
static const char *label_note(const struct filling *filling, const struct store_set_added *added)
{
    if (added->tlp != filling->tlp) {
        return ", as the set had it";
    }
    return filling->has_tlp ? "" : ", the node's default";
}

static void set_json(const struct filling *filling, const struct store_set_added *added)
{
    const struct adding *adding = filling->adding;
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("file"), adding->name);
    json_member_string(&w, SPAN("set"), filling->set);
    if (filling->event.size > 0) {
        json_member_string(&w, SPAN("event"), filling->event);
    }
    json_member_string(&w, SPAN("source"), adding->source);
    json_member_string(&w, SPAN("tlp"), span_of(policy_tlp_name(added->tlp)));
    json_member_u64(&w, SPAN("read"), adding->part.items);
    json_member_u64(&w, SPAN("new"), added->fresh);
    json_member_u64(&w, SPAN("members"), added->count);
    json_member_u64(&w, SPAN("refused"), adding->part.refused);
    json_member_u64(&w, SPAN("passed"), adding->part.passed);
    json_end_object(&w);
    print_json(adding->invocation, &line);
    buf_done(&line);
}

static void tell_set(const struct filling *filling, const struct store_set_added *added)
{
    const struct adding *adding = filling->adding;
    char fresh[32];
    char members[32];
    struct flow flow;
    if (adding->invocation->json) {
        set_json(filling, added);
        return;
    }
    flow_begin(&flow, adding->invocation, 2);
    flow_value(&flow, "", adding->name, ":");
    if (filling->event.size > 0) {
        flow_words(&flow, "event");
        flow_text(&flow, filling->event);
        flow_after(&flow, ":");
    }
    flow_words(&flow, "%s new, %s in set", print_count(added->fresh, fresh, sizeof fresh),
               print_count(added->count, members, sizeof members));
    flow_value(&flow, "", filling->set, "");
    flow_words(&flow, "(TLP:%s%s)", policy_tlp_name(added->tlp), label_note(filling, added));
    adding_refusal_words(&flow, &adding->part);
    if (adding->part.passed > 0) {
        flow_after(&flow, ",");
        flow_words(&flow, "%s not meant for detection",
                   print_count(adding->part.passed, fresh, sizeof fresh));
    }
    flow_end(&flow);
}

/* ---- one set ---- */

/* The set of a list is named after its file: "c2.txt" gives "c2". */
static struct span name_of_file(const struct adding *adding)
{
    struct span name = adding->name;
    ptrdiff_t slash = span_find_last(name, '/');
    name = span_from(name, (size_t)(slash + 1));
    ptrdiff_t dot = span_find(name, '.');
    return dot > 0 ? span_slice(name, 0, (size_t)dot) : name;
}

/* "misp-UUID": the event's info may change, and names make ids. */
static enum err name_of_event(struct filling *filling, const struct exchange_about *about)
{
    struct uuid uuid;
    struct buf name;
    buf_init(&name, 2 * STORE_NAME_SIZE_MAX);
    if (uuid_parse(about->id, &uuid) == ERR_OK) {
        buf_add(&name, SPAN("misp-"));
        uuid_add(&name, &uuid);
    } else {
        buf_add(&name, name_of_file(filling->adding));
        if (about->group > 1) {
            buf_add_format(&name, "-%llu", (unsigned long long)about->group);
        }
    }
    enum err err = op_copy(filling->adding->op, buf_span(&name), &filling->set);
    buf_done(&name);
    return err;
}

/* A word that nobody knows is a label of nobody; what the command line says tightens only. */
static enum policy_tlp label_of(const struct adding *adding, struct span word)
{
    enum policy_tlp own = POLICY_TLP_UNKNOWN;
    if (policy_tlp_from_name(word, &own) != ERR_OK) {
        own = POLICY_TLP_UNKNOWN;
    }
    return adding->has_tlp ? policy_tlp_tighten(own, adding->tlp) : own;
}

static enum policy_pap pap_of(struct span word)
{
    enum policy_pap pap = POLICY_PAP_UNKNOWN;
    if (word.size == 0) {
        return POLICY_PAP_UNSTATED;
    }
    return policy_pap_from_name(word, &pap) == ERR_OK ? pap : POLICY_PAP_UNKNOWN;
}

static enum err set_begin(struct filling *filling)
{
    struct adding *adding = filling->adding;
    const struct exchange_about *about = exchange_about(filling->reader);
    struct hash_secret secret;
    os_random(secret.bytes, sizeof secret.bytes);
    filling->group = about->group;
    filling->passed_before = about->passed_before;
    filling->event = about->name;
    filling->context = about->context;
    filling->pap = policy_pap_tighten(adding->pap, pap_of(about->pap));
    filling->has_tlp = adding->has_tlp || about->tlp.size > 0;
    filling->tlp = about->tlp.size > 0 ? label_of(adding, about->tlp) : adding->tlp;
    filling->set = adding->set.size > 0 ? adding->set : name_of_file(adding);
    adding->part = (struct adding_part){ .items = 0 };
    if (about->group > 0) {
        TRY(name_of_event(filling, about));
    }
    TRY(pack_writer_new(adding->op, &secret, &filling->writer));
    pack_writer_gather(filling->writer);
    return ERR_OK;
}

static enum err set_store(struct filling *filling, struct span pack)
{
    struct adding *adding = filling->adding;
    const struct store_set_added before = filling->added;
    const struct store_set_add add = {
        .source = adding->source,
        .set = filling->set,
        .file_name = adding->name,
        .file = adding->bytes,
        .pack = pack,
        .refused = adding->part.refused,
        .tlp = filling->tlp,
        .pap = filling->pap,
        .confidence = adding->confidence,
        .valid_until_us = adding->valid_until_us,
        .even_if = adding->even_if,
        .context = filling->context,
        .before = &before,
    };
    return store_set_add(adding->op, adding->invocation->node->store, &add, &filling->added);
}

/* Stores what was gathered, if anything, and tells it. `passed` is how many entries of the file
 * were passed over when the set ended. */
static enum err set_end(struct filling *filling, uint64_t passed)
{
    struct adding *adding = filling->adding;
    struct buf pack;
    uint64_t count = 0;
    struct store_set_added nothing = { .tlp = filling->tlp };
    buf_init(&pack, PACK_SIZE_MAX);
    enum err err = pack_writer_finish(adding->op, filling->writer, &pack, &count);
    pack_writer_free(filling->writer);
    filling->writer = NULL;
    if (err == ERR_OK && count > 0) {
        err = set_store(filling, buf_span(&pack));
    }
    buf_done(&pack);
    TRY(err);
    adding->part.passed = passed - filling->passed_before;
    adding->refused_total += adding->part.refused;
    tell_set(filling, count > 0 ? &filling->added : &nothing);
    return ERR_OK;
}

/* ---- members ---- */

static struct pack_member member_of(const struct filling *filling, const struct exchange_item *item)
{
    const struct adding *adding = filling->adding;
    struct pack_member member = {
        .value = item->value,
        .scope = item->scope,
        .confidence =
            item->confidence == EXCHANGE_CONFIDENCE_NONE ? adding->confidence : item->confidence,
        .tlp = (uint8_t)filling->tlp,
        .first_seen_us = item->first_seen_us,
        .valid_from_us = item->valid_from_us,
        .valid_until_us =
            item->valid_until_us == TIME_US_NONE ? adding->valid_until_us : item->valid_until_us,
    };
    if (item->tlp.size > 0) {
        member.tlp = (uint8_t)label_of(adding, item->tlp);
    }
    return member;
}

static enum err member_add(struct filling *filling, const struct exchange_item *item)
{
    uint8_t context[EXCHANGE_CONTEXT_SIZE_MAX + 2];
    struct adding *adding = filling->adding;
    struct pack_member member = member_of(filling, item);
    if (item->context.size > 0) {
        context[0] = '[';
        span_copy(context + 1, sizeof context - 2, item->context);
        context[item->context.size + 1] = ']';
        member.context = span_make(context, item->context.size + 2);
    }
    filling->pap = policy_pap_tighten(filling->pap, pap_of(item->pap));
    adding->part.items++;
    return pack_writer_add(adding->op, filling->writer, &member, NULL);
}

static enum err item_take(struct filling *filling, const struct exchange_item *item)
{
    struct adding *adding = filling->adding;
    enum value_verdict verdict = value_judge(&adding->invocation->node->config->judging,
                                             adding->even_if, &item->value, item->scope);
    if (verdict != VALUE_FIT) {
        adding_tell_unfit(filling->adding, filling->place, item, verdict);
        return ERR_OK;
    }
    return member_add(filling, item);
}

/* Where the file has come to another event, the set in hand is done. */
static enum err set_change(struct filling *filling)
{
    const struct exchange_about *about = exchange_about(filling->reader);
    bool other = about->group != filling->group;
    bool first = filling->group == 0;
    if (!other) {
        return ERR_OK;
    }
    if (first) {
        pack_writer_free(filling->writer);
        filling->writer = NULL;
    } else {
        TRY(set_end(filling, about->passed_before));
    }
    return set_begin(filling);
}

static enum err fill(struct filling *filling)
{
    TRY(set_begin(filling));
    for (;;) {
        struct exchange_item item;
        struct exchange_fault fault;
        enum err err = exchange_next(filling->reader, &item, &fault);
        if (err == ERR_ABSENT) {
            TRY(set_change(filling)); /* to the last event, which had no attribute */
            return set_end(filling, exchange_passed(filling->reader));
        }
        if (err != ERR_OK && err != ERR_FORMAT) {
            return err;
        }
        TRY(set_change(filling));
        if (err == ERR_OK) {
            TRY(item_take(filling, &item));
        } else {
            adding_tell_refusal(filling->adding, filling->place, &fault);
        }
    }
}

enum err adding_list(struct adding *adding, enum exchange_format format)
{
    struct filling filling = { .adding = adding, .place = exchange_place_name(format) };
    if (format == EXCHANGE_FORMAT_WARNINGLIST) {
        return op_fail(adding->op, ERR_UNSUPPORTED,
                       "a MISP warninglist: its values must not alert; see 'linie allow add'");
    }
    TRY(exchange_open(adding->op, format, &adding->options, adding->bytes, &filling.reader));
    enum err err = fill(&filling);
    pack_writer_free(filling.writer);
    exchange_close(filling.reader);
    return err;
}
