// SPDX-License-Identifier: EUPL-1.2
/*
 * MISP events (MISP core format): {"Event": ...}, {"response": [...]}, lists of either, the event
 * files of a feed, an event without its wrapper, and what searches for attributes and for objects
 * answer. Objects without their event are read as an event that says nothing of itself.
 *
 * An attribute is an indicator where "to_ids" says that it is meant for detection; so are those of
 * the event's objects. Deleted ones are left out, proposals (ShadowAttribute) are nobody's word
 * yet.
 *
 * Its label is its own TLP tags and the event's, the strictest of them (tags that cannot be read
 * are nobody's to widen), also where event and object
 * are told beside the attribute, as a search for attributes answers. "distribution" says with
 * whom a MISP server shares: where that is its own organisation, or a list of named ones, nobody
 * wider than AMBER+STRICT learns of it here, whatever tag there is. Wider distributions say
 * nothing.
 */
#include "base/must.h"
#include "exchange/internal.h"

enum { TAG_COUNT_MAX = 64, RANK_AMBER_STRICT = 4, RANK_UNKNOWN = 6, PAP_RANK_UNKNOWN = 5 };

/* What tags say of who may know and do what. */
struct label {
    int tlp_rank; /* 0: nothing is said */
    struct span tlp;
    int pap_rank;
    struct span pap;
    uint8_t confidence;
};

struct misp {
    struct json_value *events;
    size_t event_count;
    size_t event_next;
    struct json_value event;
    struct label event_label;
    struct json_walk attributes; /* those in hand: the event's, then each object's */
    struct json_walk objects;
    struct json_value object; /* absent: the event's own attributes */
    struct json_value beside; /* what is told of the object's event beside it; may be absent */
    struct json_value attribute;
    struct label label;
    struct exchange_misp_type type;
    size_t part; /* the next of `type` */
};

/* ---- labels ---- */

static int pap_rank(struct span word)
{
    static const char *const words[] = { "clear", "green", "amber", "red" };
    if (span_equal_nocase(word, SPAN("white"))) {
        return 1;
    }
    for (int i = 0; i < (int)(sizeof words / sizeof words[0]); i++) {
        if (span_equal_nocase(word, span_of(words[i]))) {
            return i + 1;
        }
    }
    return PAP_RANK_UNKNOWN;
}

/* The taxonomy "misp", predicate "confidence-level", with the numbers it gives. */
static uint8_t confidence_of(struct span tag)
{
    static const struct {
        const char *value;
        uint8_t confidence;
    } levels[] = {
        { "completely-confident", 100 }, { "usually-confident", 75 }, { "fairly-confident", 50 },
        { "rarely-confident", 25 },      { "unconfident", 0 },
    };
    struct span prefix = SPAN("misp:confidence-level=\"");
    if (!span_starts_with(tag, prefix) || !span_ends_with(tag, SPAN("\"")) ||
        tag.size <= prefix.size) {
        return EXCHANGE_CONFIDENCE_NONE;
    }
    struct span value = span_slice(tag, prefix.size, tag.size - 1);
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (span_equal(value, span_of(levels[i].value))) {
            return levels[i].confidence;
        }
    }
    return EXCHANGE_CONFIDENCE_NONE;
}

static void label_take_tag(struct label *label, struct span tag)
{
    if (span_starts_with_nocase(tag, SPAN("tlp:"))) {
        int rank = exchange_tlp_rank(tag);
        rank = rank == 0 ? RANK_UNKNOWN : rank; /* "tlp:ex:chr": not ours to widen */
        if (rank > label->tlp_rank) {
            label->tlp_rank = rank;
            label->tlp = tag;
        }
    } else if (span_starts_with_nocase(tag, SPAN("pap:"))) {
        int rank = pap_rank(span_from(tag, sizeof "pap:" - 1));
        if (rank > label->pap_rank) {
            label->pap_rank = rank;
            label->pap = span_from(tag, sizeof "pap:" - 1);
        }
    } else if (confidence_of(tag) != EXCHANGE_CONFIDENCE_NONE) {
        label->confidence = confidence_of(tag);
    }
}

/* A number that MISP writes as a string or as it is; -1 where it is none. */
static int64_t number_of(struct json_value value)
{
    uint64_t number = 0;
    if (json_type(value) == JSON_INTEGER) {
        return json_integer(value, -1);
    }
    struct span text = json_string(value);
    return text.size > 0 && span_to_u64(text, &number) == ERR_OK && number <= INT32_MAX
               ? (int64_t)number
               : -1;
}

static bool is_set(struct json_value value)
{
    return json_true(value) || number_of(value) == 1;
}

static void label_take_distribution(struct label *label, struct json_value distribution)
{
    enum { OWN_ORGANISATION = 0, SHARING_GROUP = 4 };
    int64_t number = number_of(distribution);
    bool narrow = number == OWN_ORGANISATION || number == SHARING_GROUP;
    if (narrow && label->tlp_rank < RANK_AMBER_STRICT) {
        label->tlp_rank = RANK_AMBER_STRICT;
        label->tlp = SPAN("AMBER+STRICT");
    }
}

/* A label that nobody knows is one of nobody. */
static void label_take_unreadable(struct label *label)
{
    const struct span word = SPAN("unreadable");
    *label = (struct label){ .tlp_rank = RANK_UNKNOWN,
                             .tlp = word,
                             .pap_rank = PAP_RANK_UNKNOWN,
                             .pap = word,
                             .confidence = label->confidence };
}

/* How many members of an object have this key: which of two counts, no reader of JSON has to agree
 * about with another (RFC 8259, section 4). */
static size_t member_count(struct json_value object, struct span key)
{
    size_t count = 0;
    struct json_walk walk = json_walk_begin(object);
    while (json_type(object) == JSON_OBJECT && json_walk_next(&walk)) {
        count += span_equal(walk.key, key) ? 1 : 0;
    }
    return count;
}

/* A tag is an object with its name, or the name alone; NULL data where it is neither. */
static struct span tag_name(struct json_value tag)
{
    struct span key = SPAN("name");
    bool named = json_type(tag) == JSON_OBJECT && member_count(tag, key) == 1;
    struct span name = json_string(named ? json_member(tag, key) : tag);
    return name.data == NULL ? name : span_trim(name);
}

/* A walk over the tags of an event, object or attribute: a list of them, or one alone. */
struct tags {
    struct json_walk walk;
    struct json_value alone;
    struct span name; /* of the present one; NULL data where it cannot be read */
};

static struct tags tags_begin(struct json_value thing)
{
    const struct json_value none = { NULL, 0 };
    struct json_value member = json_member(thing, SPAN("Tag"));
    bool list = json_type(member) == JSON_ARRAY;
    return (struct tags){ .walk = json_walk_begin(list ? member : none),
                          .alone = list ? none : member };
}

static bool tags_next(struct tags *tags)
{
    if (json_type(tags->alone) != JSON_NULL) {
        tags->name = tag_name(tags->alone);
        tags->alone = (struct json_value){ NULL, 0 };
        return true;
    }
    bool more = json_walk_next(&tags->walk);
    tags->name = more ? tag_name(tags->walk.value) : (struct span){ NULL, 0 };
    return more;
}

static void label_take(struct label *label, struct json_value thing)
{
    bool readable = member_count(thing, SPAN("Tag")) <= 1;
    struct tags tags = tags_begin(thing);
    while (tags_next(&tags)) {
        readable = readable && tags.name.data != NULL;
        label_take_tag(label, tags.name);
    }
    if (!readable) {
        label_take_unreadable(label);
    }
    label_take_distribution(label, json_member(thing, SPAN("distribution")));
}

/* ---- context ---- */

static void add_tags(struct exchange_reader *reader, struct json_value thing)
{
    struct span names[TAG_COUNT_MAX];
    size_t count = 0;
    struct tags tags = tags_begin(thing);
    while (count < TAG_COUNT_MAX && tags_next(&tags)) {
        if (tags.name.size > 0) {
            names[count] = tags.name;
            count++;
        }
    }
    exchange_context_add_list(reader, "tags", names, count);
}

static void add_member(struct exchange_reader *reader, const char *key, struct json_value thing,
                       const char *member)
{
    exchange_context_add(reader, key, json_string(json_member(thing, span_of(member))));
}

static const char *threat_level(struct json_value event)
{
    static const char *const words[] = { NULL, "high", "medium", "low", "undefined" };
    int64_t number = number_of(json_member(event, SPAN("threat_level_id")));
    return number > 0 && number < (int64_t)(sizeof words / sizeof words[0]) ? words[number] : NULL;
}

static enum err event_about(struct exchange_reader *reader, const struct misp *misp)
{
    struct json_value event = misp->event;
    struct json_value creator = json_member(event, SPAN("Orgc"));
    exchange_context_begin(reader);
    add_member(reader, "uuid", event, "uuid");
    add_member(reader, "info", event, "info");
    add_member(reader, "date", event, "date");
    add_member(reader, "creator", creator, "name");
    exchange_context_add(reader, "threat_level", span_of(threat_level(event)));
    add_tags(reader, event);
    struct span context = exchange_context_end(reader);
    TRY(op_copy(reader->op, context, &context));
    reader->about = (struct exchange_about){
        .group = misp->event_next,
        .passed_before = reader->passed,
        .id = json_string(json_member(event, SPAN("uuid"))),
        .name = json_string(json_member(event, SPAN("info"))),
        .tlp = misp->event_label.tlp,
        .pap = misp->event_label.pap,
        .context = context,
    };
    return ERR_OK;
}

static void attribute_context(struct exchange_reader *reader, const struct misp *misp,
                              struct exchange_item *item)
{
    item->comment = json_string(json_member(misp->attribute, SPAN("comment")));
    exchange_context_begin(reader);
    add_member(reader, "uuid", misp->attribute, "uuid");
    add_member(reader, "category", misp->attribute, "category");
    add_member(reader, "type", misp->attribute, "type");
    add_member(reader, "object", misp->object, "name");
    exchange_context_add(reader, "comment", item->comment);
    /* Of an event that is told beside each attribute, as a search answers. */
    struct json_value event = json_member(misp->attribute, SPAN("Event"));
    event = json_type(event) == JSON_NULL ? misp->beside : event;
    add_member(reader, "event", event, "uuid");
    add_member(reader, "info", event, "info");
    add_tags(reader, misp->attribute);
    item->context = exchange_context_end(reader);
}

/* ---- the document ---- */

static bool is_event(struct json_value value)
{
    return json_type(json_member(value, SPAN("Attribute"))) == JSON_ARRAY ||
           json_type(json_member(value, SPAN("Object"))) == JSON_ARRAY ||
           (json_string(json_member(value, SPAN("info"))).data != NULL &&
            json_string(json_member(value, SPAN("date"))).data != NULL);
}

/* {"Object": {...}}, as a search for objects answers. */
static bool is_wrapped_object(struct json_value value)
{
    return json_type(json_member(value, SPAN("Object"))) == JSON_OBJECT;
}

/* Inside a wrapper or not; absent where it is none. */
static struct json_value event_of(struct json_value value)
{
    struct json_value inner = json_member(value, SPAN("Event"));
    if (json_type(inner) == JSON_OBJECT && !is_wrapped_object(value)) {
        return inner;
    }
    return is_event(value) || is_wrapped_object(value) ? value : (struct json_value){ NULL, 0 };
}

static size_t count_elements(struct json_value array)
{
    size_t count = 0;
    struct json_walk walk = json_walk_begin(array);
    while (json_walk_next(&walk)) {
        count++;
    }
    return count;
}

static enum err list_gather(struct op *op, struct misp *misp, struct json_value list)
{
    size_t wrapped = 0;
    struct json_walk walk = json_walk_begin(list);
    while (json_walk_next(&walk)) {
        struct json_value event = event_of(walk.value);
        if (json_type(event) != JSON_OBJECT) {
            return op_fail(op, ERR_FORMAT, "a list that holds something else than MISP events");
        }
        wrapped += is_wrapped_object(walk.value) ? 1 : 0;
        misp->events[misp->event_count] = event;
        misp->event_count++;
    }
    if (wrapped > 0 && wrapped < misp->event_count) {
        return op_fail(op, ERR_FORMAT, "a list that holds MISP events and objects side by side");
    }
    if (wrapped > 0) { /* the list is what an event has as "Object" */
        misp->events[0] = list;
        misp->event_count = 1;
    }
    return ERR_OK;
}

static enum err events_gather(struct op *op, struct misp *misp, struct json_value root)
{
    struct json_value response = json_member(root, SPAN("response"));
    struct json_value whole = json_type(response) == JSON_NULL ? root : response;
    bool list = json_type(whole) == JSON_ARRAY;
    size_t room = list ? count_elements(whole) : 1;
    misp->events = op_alloc(op, (room + 1) * sizeof *misp->events);
    if (misp->events == NULL) {
        return ERR_LIMIT;
    }
    if (list) {
        return list_gather(op, misp, whole);
    }
    misp->events[0] = event_of(whole);
    if (json_type(misp->events[0]) != JSON_OBJECT) {
        return op_fail(op, ERR_FORMAT,
                       "no MISP event: of a feed, name the files of its events and not its "
                       "manifest");
    }
    misp->event_count = 1;
    return ERR_OK;
}

enum err exchange_misp_open(struct op *op, struct exchange_reader *reader)
{
    struct json_value root;
    struct misp *misp = op_alloc(op, sizeof *misp);
    if (misp == NULL) {
        return ERR_LIMIT;
    }
    *misp = (struct misp){ .event_count = 0 };
    TRY(json_parse(op, span_from(reader->file, reader->at), &root));
    TRY(events_gather(op, misp, root));
    reader->state = misp;
    reader->line = 0;
    return ERR_OK;
}

/* ---- attributes ---- */

/* Goes to an object, inside a wrapper or not, and to its attributes. */
static void object_begin(struct misp *misp, struct json_value value)
{
    misp->object = is_wrapped_object(value) ? json_member(value, SPAN("Object")) : value;
    struct json_value inside = json_member(misp->object, SPAN("Event"));
    misp->beside = json_type(inside) == JSON_NULL ? json_member(value, SPAN("Event")) : inside;
    misp->attributes = json_walk_begin(json_member(misp->object, SPAN("Attribute")));
}

/* Goes to the event's own attributes. A list is one of objects; a wrapper holds one. */
static void event_walk(struct misp *misp)
{
    struct json_value event = misp->event;
    const struct json_value none = { NULL, 0 };
    bool list = json_type(event) == JSON_ARRAY;
    misp->object = none;
    misp->beside = none;
    misp->attributes = json_walk_begin(json_member(event, SPAN("Attribute")));
    misp->objects = json_walk_begin(list ? event : json_member(event, SPAN("Object")));
    if (is_wrapped_object(event)) {
        misp->objects = json_walk_begin(none);
        object_begin(misp, event);
    }
}

static enum err event_begin(struct exchange_reader *reader, struct misp *misp)
{
    if (misp->event_next == misp->event_count) {
        return ERR_ABSENT;
    }
    misp->event = misp->events[misp->event_next];
    misp->event_next++;
    misp->event_label = (struct label){ .confidence = EXCHANGE_CONFIDENCE_NONE };
    label_take(&misp->event_label, misp->event);
    event_walk(misp);
    return event_about(reader, misp);
}

/* The next attribute of the event, of its objects, or of the next event. An object that is deleted
 * takes its attributes along. */
static enum err attribute_next(struct exchange_reader *reader, struct misp *misp)
{
    while (!json_walk_next(&misp->attributes)) {
        if (json_walk_next(&misp->objects)) {
            object_begin(misp, misp->objects.value);
        } else {
            TRY(event_begin(reader, misp));
        }
    }
    misp->attribute = misp->attributes.value;
    reader->line++;
    return ERR_OK;
}

static bool is_for_detection(const struct misp *misp)
{
    return is_set(json_member(misp->attribute, SPAN("to_ids"))) &&
           !is_set(json_member(misp->attribute, SPAN("deleted"))) &&
           !is_set(json_member(misp->object, SPAN("deleted")));
}

static enum exchange_refusal attribute_open(struct misp *misp)
{
    struct span type = json_string(json_member(misp->attribute, SPAN("type")));
    struct span relation = json_string(json_member(misp->attribute, SPAN("object_relation")));
    misp->label = misp->event_label;
    label_take(&misp->label, misp->object);
    label_take(&misp->label, misp->beside);
    /* Answers of searches tell beside each attribute of which event and object it is. */
    label_take(&misp->label, json_member(misp->attribute, SPAN("Event")));
    label_take(&misp->label, json_member(misp->attribute, SPAN("Object")));
    label_take(&misp->label, misp->attribute);
    misp->part = 0;
    misp->type.part_count = 0;
    if (exchange_misp_type_find(type, relation, &misp->type) != ERR_OK) {
        return EXCHANGE_REFUSAL_UNWATCHED;
    }
    return EXCHANGE_REFUSAL_NONE;
}

static enum exchange_refusal item_read(struct exchange_reader *reader, struct misp *misp,
                                       struct exchange_item *item)
{
    const struct exchange_part *part = &misp->type.parts[misp->part];
    struct span text = json_string(json_member(misp->attribute, SPAN("value")));
    struct span first_seen = json_string(json_member(misp->attribute, SPAN("first_seen")));
    misp->part++;
    if (first_seen.size > 0 && time_parse(first_seen, &item->first_seen_us) != ERR_OK) {
        return EXCHANGE_REFUSAL_TIME;
    }
    item->group = misp->event_next;
    item->tlp = misp->label.tlp;
    item->pap = misp->label.pap;
    item->confidence = misp->label.confidence;
    attribute_context(reader, misp, item);
    return exchange_part_read(reader, part, text, item);
}

/* A refusal names the type, since nobody can look the line up. */
static enum err attribute_refuse(struct exchange_reader *reader, const struct misp *misp,
                                 enum exchange_refusal refusal, struct exchange_fault *ret_fault)
{
    struct span value = json_string(json_member(misp->attribute, SPAN("value")));
    size_t size =
        value.size < EXCHANGE_FAULT_TEXT_SIZE_MAX ? value.size : EXCHANGE_FAULT_TEXT_SIZE_MAX;
    buf_clear(&reader->text);
    buf_add(&reader->text, json_string(json_member(misp->attribute, SPAN("type"))));
    buf_add(&reader->text, SPAN(": "));
    buf_add(&reader->text, span_slice(value, 0, size));
    struct span text = reader->text.err == ERR_OK ? buf_span(&reader->text) : value;
    return exchange_refuse(refusal, reader->line, 0, text, ret_fault);
}

enum err exchange_misp_next(struct exchange_reader *reader, struct exchange_item *ret_item,
                            struct exchange_fault *ret_fault)
{
    struct misp *misp = reader->state;
    while (misp->part == misp->type.part_count) {
        TRY(attribute_next(reader, misp));
        if (!is_for_detection(misp)) {
            reader->passed++;
            continue;
        }
        enum exchange_refusal refusal = attribute_open(misp);
        if (refusal != EXCHANGE_REFUSAL_NONE) {
            return attribute_refuse(reader, misp, refusal, ret_fault);
        }
    }
    struct exchange_item item = exchange_item_empty(reader->line, 0);
    enum exchange_refusal refusal = item_read(reader, misp, &item);
    if (refusal != EXCHANGE_REFUSAL_NONE) {
        return attribute_refuse(reader, misp, refusal, ret_fault);
    }
    *ret_item = item;
    return ERR_OK;
}
