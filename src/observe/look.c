// SPDX-License-Identifier: EUPL-1.2
#include "observe/look.h"

#include "format/json.h"
#include "observe/gather_value.h"

enum {
    LOOK_MEMORY_MAX = 64 * 1024 * 1024, /* for the largest line */
    NAME_SIZE_MAX = 1024,
    VALUE_SIZE_MAX = VALUE_TEXT_SIZE_MAX,
};

/* ---- what names promise ---- */

/* Parts of names, of small letters; the first that a name has tells. */
static const struct {
    const char *part;
    bool at_end;
    enum field_class field_class;
} promises[] = {
    /* numbers with dots between them that are no addresses */
    { "version", false, CLASS_NONE },
    { "release", false, CLASS_NONE },
    { "oid", true, CLASS_NONE },
    { "password", false, CLASS_NONE },
    { "ja3s", true, CLASS_JA3S },
    { "ja3", true, CLASS_JA3 },
    { "ja4", true, CLASS_JA4 },
    { "hassh", true, CLASS_HASSH },
    { "hasshserver", true, CLASS_HASSH },
    { "md5", false, CLASS_HASH },
    { "sha1", false, CLASS_HASH },
    { "sha256", false, CLASS_HASH },
    { "sha512", false, CLASS_HASH },
    { "hash", false, CLASS_HASH },
    { "digest", false, CLASS_HASH },
    { "fingerprint", false, CLASS_HASH },
    { "thumbprint", false, CLASS_HASH },
    { "_fps", true, CLASS_HASH },
    { "user_agent", true, CLASS_USER_AGENT },
    { "useragent", true, CLASS_USER_AGENT },
    { "filename", true, CLASS_FILE_NAME },
    { "file_name", true, CLASS_FILE_NAME },
    { "asn", true, CLASS_ASN },
    { "host", true, CLASS_HOST },
    { "hosts", true, CLASS_HOST },
    { "hostname", true, CLASS_HOST },
    { "host_name", true, CLASS_HOST },
    { "domain", true, CLASS_HOST },
    { "domains", true, CLASS_HOST },
    { "fqdn", true, CLASS_HOST },
    { "sni", true, CLASS_HOST },
    { "server_name", true, CLASS_HOST },
    { "servername", true, CLASS_HOST },
    { "dns_name", true, CLASS_HOST },
    { "query", true, CLASS_HOST },
    { "rrname", true, CLASS_HOST },
    { "mail", false, CLASS_EMAIL },
    { "mailfrom", false, CLASS_EMAIL },
    { "rcpt", false, CLASS_EMAIL },
    { "recipient", false, CLASS_EMAIL },
    { "sender", true, CLASS_EMAIL },
    { "user", true, CLASS_EMAIL },
    { "username", true, CLASS_EMAIL },
    { "login", true, CLASS_EMAIL },
    { "account", true, CLASS_EMAIL },
    { "upn", true, CLASS_EMAIL },
    /* of anything: Zeek's own intelligence framework and NetControl */
    { "indicator", true, CLASS_LOOK },
    { "entity", true, CLASS_LOOK },
};

/* Letters in lower case; '_' stands for the marks between words. */
static struct span name_lower(struct span name, uint8_t lower[NAME_SIZE_MAX])
{
    struct span end = name.size > NAME_SIZE_MAX ? span_from(name, name.size - NAME_SIZE_MAX) : name;
    for (size_t i = 0; i < end.size; i++) {
        uint8_t byte = end.data[i];
        bool upper = byte >= 'A' && byte <= 'Z';
        bool mark = byte == '.' || byte == '-' || byte == ' ';
        lower[i] = upper ? (uint8_t)(byte | 0x20) : byte; /* the lower-case letter */
        lower[i] = mark ? '_' : lower[i];
    }
    return span_make(lower, end.size);
}

/* FIELD_CLASS_COUNT where a name promises nothing. */
static enum field_class class_promised(struct span name)
{
    uint8_t lower[NAME_SIZE_MAX];
    struct span text = name_lower(name, lower);
    for (size_t i = 0; i < sizeof promises / sizeof promises[0]; i++) {
        struct span part = span_of(promises[i].part);
        bool found = promises[i].at_end ? span_ends_with(text, part)
                                        : span_find_span(text, part) != SPAN_NOT_FOUND;
        if (found) {
            return promises[i].field_class;
        }
    }
    return FIELD_CLASS_COUNT;
}

/* The same, quick where the name was asked for of late. Two that share a place take turns in it. */
static enum field_class class_remembered(struct look *look, struct span name)
{
    if (name.size == 0 || name.size > LOOK_PROMISE_SIZE_MAX) {
        return class_promised(name);
    }
    uint32_t hash = 0;
    for (size_t i = 0; i < name.size; i++) {
        hash = hash * 31 + name.data[i]; /* a small prime: names are not chosen to collide */
    }
    struct look_promise *promise = &look->promises[hash % LOOK_PROMISE_COUNT];
    if (!span_equal(span_make(promise->name, promise->size), name)) {
        promise->size = (uint8_t)name.size;
        promise->field_class = (uint8_t)class_promised(name);
        span_copy(promise->name, sizeof promise->name, name);
    }
    return (enum field_class)promise->field_class;
}

/* ---- values ---- */

void look_init(struct look *look)
{
    const struct actor nobody = { .name = SPAN("observe") };
    op_begin(&look->op, &nobody, LOOK_MEMORY_MAX);
    look->name_count = 0;
}

void look_done(struct look *look)
{
    op_end(&look->op);
}

void look_begin(struct look *look)
{
    if (look->name_count > 0 || look->op.fault.err != ERR_OK) {
        look->name_count = 0;
        op_fault_clear(&look->op);
    }
    arena_reset(&look->op.arena);
}

/* Of the mail address in "Name <address>" the address. */
static struct span without_name(struct span text)
{
    ptrdiff_t begin = span_find_last(text, '<');
    bool angled = begin != SPAN_NOT_FOUND && text.data[text.size - 1] == '>';
    return angled ? span_slice(text, (size_t)begin + 1, text.size - 1) : text;
}

static void add_by_look(struct gather *g, struct span value)
{
    size_t count = g->line->count;
    gather_value(g, CLASS_LOOK, value);
    if (g->line->count == count) {
        gather_value(g, CLASS_HASH, value);
    }
    if (g->line->count == count) {
        (void)gather_add_sure_name(g, value, value);
    }
}

/* What a value is whose name promises nothing, or nothing that it holds. */
static void add_unpromised(struct gather *g, struct span value)
{
    if (!gather_add_address(g, gather_without_port(value), value) && gather_is_absolute(value) &&
        span_find(value, ' ') == SPAN_NOT_FOUND) {
        (void)gather_add_url(g, value);
    }
}

static void add_promised(struct gather *g, enum field_class field_class, struct span value)
{
    size_t count = g->line->count;
    switch (field_class) {
    case CLASS_NONE:
        return;
    case CLASS_LOOK:
        add_by_look(g, value);
        return;
    case CLASS_HOST:
        (void)gather_add_sure_name(g, value, value);
        break;
    case CLASS_EMAIL:
        gather_value(g, CLASS_LOGIN, without_name(value));
        break;
    case FIELD_CLASS_COUNT:
        break;
    default:
        gather_value(g, field_class, value);
        break;
    }
    bool any_text = field_class == CLASS_USER_AGENT || field_class == CLASS_FILE_NAME;
    if (g->line->count == count && !any_text) {
        add_unpromised(g, value);
    }
}

/* Whether there is room for what a field holds. */
static bool field_begin(struct look *look, struct gather *gather)
{
    if (look->name_count == LOOK_NAME_COUNT_MAX) {
        gather->line->cut = true;
        return false;
    }
    gather->field = (uint16_t)(FIELD_LOOKED_FIRST + look->name_count);
    return true;
}

/* The name of a field in which something was found. */
static void field_end(struct look *look, struct gather *gather, struct span name)
{
    look->names[look->name_count] = name;
    look->name_count++;
    gather->line->looked = look->names;
}

void look_value(struct look *look, struct gather *gather, struct span name, struct span value)
{
    size_t count = gather->line->count;
    if (name.size == 0 || gather_says_nothing(value) || value.size > VALUE_SIZE_MAX ||
        !field_begin(look, gather)) {
        return;
    }
    add_promised(gather, class_remembered(look, name), value);
    if (gather->line->count > count) {
        field_end(look, gather, name);
    }
}

/* ---- text ---- */

/* "10.0.19041.1", "1.3.6.1.4": what may stand where a name speaks of versions and numbers. */
static bool is_dotted_number(struct span value)
{
    for (size_t i = 0; i < value.size; i++) {
        uint8_t byte = value.data[i];
        if (byte != '.' && (byte < '0' || byte > '9')) {
            return false;
        }
    }
    return true;
}

static void add_text(struct gather *g, struct prose *prose, enum field_class field_class,
                     struct span value)
{
    size_t count = g->line->count;
    bool promised = field_class != FIELD_CLASS_COUNT && field_class != CLASS_NONE;
    if (field_class == CLASS_NONE && is_dotted_number(value)) {
        return;
    }
    if (promised && value.size <= VALUE_SIZE_MAX) {
        add_promised(g, field_class, value);
    }
    bool any_text = field_class == CLASS_USER_AGENT || field_class == CLASS_FILE_NAME;
    if (g->line->count == count || any_text) {
        prose_gather(prose, g, value);
    }
}

void look_text(struct look *look, struct gather *gather, struct prose *prose, struct span name,
               struct span value)
{
    size_t count = gather->line->count;
    if (gather_says_nothing(value) || !field_begin(look, gather)) {
        return;
    }
    add_text(gather, prose, class_remembered(look, name), value);
    if (gather->line->count > count) {
        field_end(look, gather, name.size > 0 ? name : SPAN("text"));
    }
}

/* ---- JSON ---- */

struct leaf_walk {
    struct look *look;
    struct gather *gather;
    const struct observe_plan *plan;
};

/* The name of a member of what has a name, in the line's memory; empty where there is no room. */
static struct span name_below(struct look *look, struct span parent, struct span key)
{
    size_t dot = parent.size > 0 ? 1 : 0;
    uint8_t *name = op_alloc(&look->op, parent.size + dot + key.size + 1);
    if (name == NULL) {
        return (struct span){ NULL, 0 };
    }
    span_copy(name, parent.size, parent);
    if (dot > 0) {
        name[parent.size] = '.';
    }
    span_copy(name + parent.size + dot, key.size, key);
    return span_make(name, parent.size + dot + key.size);
}

static bool has_row(const struct observe_plan *plan, struct span name)
{
    uint16_t slot = observe_plan_slot(plan, name);
    const struct observe_meaning *meanings = observe_plan_meanings(plan, PLAN_STREAM_OTHER);
    return slot != PLAN_SLOT_NONE && meanings[slot].known;
}

static void leaf_look(const struct leaf_walk *walk, struct span name, struct span value)
{
    if (has_row(walk->plan, name) || value.size > VALUE_SIZE_MAX) {
        return;
    }
    uint8_t *padded = op_alloc(&walk->look->op, value.size + VALUE_PADDING_SIZE);
    if (padded == NULL) {
        walk->gather->line->cut = true;
        return;
    }
    span_copy(padded, value.size, value);
    look_value(walk->look, walk->gather, name, span_make(padded, value.size));
}

static void value_look(const struct leaf_walk *walk, struct span name, struct json_value value)
{
    struct json_walk below = json_walk_begin(value);
    if (json_type(value) == JSON_STRING) {
        leaf_look(walk, name, json_string(value));
        return;
    }
    while (json_walk_next(&below)) {
        bool member = json_type(value) == JSON_OBJECT;
        value_look(walk, member ? name_below(walk->look, name, below.key) : name, below.value);
    }
}

void look_json(struct look *look, struct gather *gather, const struct observe_plan *plan,
               struct span line)
{
    const struct leaf_walk walk = { look, gather, plan };
    struct json_value root;
    if (json_parse_any_number(&look->op, line, &root) != ERR_OK) {
        gather->line->cut = true; /* no memory */
        return;
    }
    value_look(&walk, (struct span){ NULL, 0 }, root);
}
