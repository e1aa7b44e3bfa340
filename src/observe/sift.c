// SPDX-License-Identifier: EUPL-1.2
/*
 * Hot path: every value of nearly every line passes here. Budget: 3 ns to let a value wait, and 3
 * beyond what value_key_*() takes to read it.
 */
#include "observe/sift.h"

#include "base/must.h"
#include "observe/gather_value.h"
#include "observe/sift_tell.h"

/* Each byte of a value makes at most half an observation ("::," is the shortest), and at most eight
 * bytes of keys; see room_for(). */
enum { KEY_BYTES_A_BYTE = 8 };

_Static_assert(SIFT_LINE_SIZE_MAX / 2 + 2 <= OBSERVE_OBSERVATION_COUNT_MAX, "no line can be cut");
_Static_assert((SIFT_LINE_SIZE_MAX * KEY_BYTES_A_BYTE) + VALUE_KEY_SIZE_MAX < OBSERVE_KEYS_SIZE_MAX,
               "no line can be cut");

void sift_clear(struct sift *sift)
{
    sift->count = 0;
    sift->request_count = 0;
    sift->request_at = 0;
    sift->queue = 0;
    sift->queue_at = 0;
    sift->ipv4_count = 0;
    sift->text_size = 0;
    sift->context_count = 0;
    memset(sift->counts, 0, sizeof sift->counts);
}

void sift_forget(struct sift *sift)
{
    memset(sift->json, 0, sizeof sift->json);
}

/* ---- recipes ---- */

/* Whether a field's values have to be read at all. */
static bool is_value(const struct sift *sift, struct observe_meaning meaning)
{
    return meaning.field_class != CLASS_NONE &&
           observe_class_is_wanted((enum field_class)meaning.field_class,
                                   sift->wanted | sift->remembered);
}

/* Of which end a field is the address. Where a line has several of one role, none is known to be
 * the first that says something. */
static uint8_t end_of(const struct sift *sift, struct sift_recipe *recipe,
                      struct observe_meaning meaning, bool list)
{
    bool originator = meaning.role == ROLE_ORIGINATOR;
    if (sift->remembered == 0 || list || (!originator && meaning.role != ROLE_RESPONDER)) {
        return SIFT_END_NONE;
    }
    uint8_t end = originator ? SIFT_END_ORIGINATOR : SIFT_END_RESPONDER;
    for (size_t i = 0; i < recipe->pick_count; i++) {
        if (recipe->picks[i].end == end) {
            recipe->usable = false;
        }
    }
    return end;
}

static void recipe_add(struct sift_recipe *recipe, struct sift_pick pick)
{
    if (recipe->pick_count == SIFT_PICK_COUNT_MAX) {
        recipe->usable = false;
        return;
    }
    recipe->picks[recipe->pick_count] = pick;
    recipe->pick_count++;
}

/* Whether a field has a part in a value that takes several; see gather_end_values(). */
static bool is_part(const struct sift *sift, struct observe_meaning meaning)
{
    switch ((enum field_role)meaning.role) {
    case ROLE_ORIGINATOR:
    case ROLE_TRANSPORT:
        return (sift->wanted & field_kind_bit(VALUE_IP_PORT)) != 0;
    case ROLE_RESPONDER:
    case ROLE_SERVER:
    case ROLE_ORIGINATOR_PORT:
    case ROLE_RESPONDER_PORT:
    case ROLE_HTTP_HOST:
    case ROLE_HTTP_PORT:
    case ROLE_HTTP_TARGET:
        return true;
    default:
        return false;
    }
}

static void recipe_add_part(struct sift_recipe *recipe, size_t from, struct observe_meaning meaning,
                            bool number)
{
    if (recipe->part_count == SIFT_PART_COUNT_MAX) {
        recipe->usable = false;
        return;
    }
    recipe->parts[recipe->part_count] = (struct sift_part_pick){
        .from = (uint16_t)from,
        .field = meaning.field,
        .role = meaning.role,
        .number = number,
    };
    recipe->part_count++;
}

/* Parts are of use where there is a request's target, or an end and its port. */
static void recipe_end(const struct sift *sift, struct sift_recipe *recipe)
{
    uint32_t roles = 0;
    for (size_t i = 0; i < recipe->part_count; i++) {
        roles |= (uint32_t)1 << recipe->parts[i].role;
    }
    const uint32_t originator = 1u << ROLE_ORIGINATOR | 1u << ROLE_ORIGINATOR_PORT;
    const uint32_t responder = 1u << ROLE_RESPONDER | 1u << ROLE_RESPONDER_PORT;
    bool request = (roles >> ROLE_HTTP_TARGET & 1) != 0;
    bool ends = (sift->wanted & field_kind_bit(VALUE_IP_PORT)) != 0 &&
                ((roles & originator) == originator || (roles & responder) == responder);
    recipe->part_count = request || ends ? recipe->part_count : 0;
    sift_tell_order(recipe);
}

/* Whether a field tells what gather_tell() asks for. */
static bool is_telling(const struct sift *sift, struct observe_meaning meaning)
{
    if (sift->remembered == 0) {
        return false;
    }
    switch ((enum field_role)meaning.role) {
    case ROLE_VALUE:
    case ROLE_STREAM:
    case ROLE_UID:
    case ROLE_HTTP_HOST:
    case ROLE_HTTP_PORT:
    case ROLE_HTTP_TARGET:
    case ROLE_NAMING:
    case ROLE_NAMED:
    case FIELD_ROLE_COUNT:
        return false;
    default:
        return true;
    }
}

static void recipe_add_telling(struct sift_recipe *recipe, struct sift_telling telling)
{
    if (recipe->telling_count == SIFT_TELLING_COUNT_MAX) {
        recipe->usable = false;
        return;
    }
    recipe->tellings[recipe->telling_count] = telling;
    recipe->telling_count++;
}

static uint16_t stream_field(const struct record *record, const struct observe_meaning *streams)
{
    for (size_t i = 0; i < record->count; i++) {
        struct observe_meaning meaning = streams[record->fields[i].slot];
        bool text = record->fields[i].type == RECORD_STRING;
        if (meaning.known && meaning.role == ROLE_STREAM && text) {
            return (uint16_t)i;
        }
    }
    return SIFT_FROM_NONE;
}

static void recipe_add_json(const struct sift *sift, struct sift_recipe *recipe, size_t from,
                            struct observe_meaning meaning, enum record_type type)
{
    bool string = type == RECORD_STRING;
    bool text = string || type == RECORD_NUMBER;
    bool part = is_part(sift, meaning);
    bool value = is_value(sift, meaning);
    bool number = type == RECORD_NUMBER && meaning.field_class == CLASS_ASN;
    if (is_telling(sift, meaning)) {
        recipe_add_telling(recipe, (struct sift_telling){ .from = (uint16_t)from,
                                                          .field = meaning.field,
                                                          .role = meaning.role,
                                                          .type = (uint8_t)type });
    }
    if (part && text) {
        recipe_add_part(recipe, from, meaning, !string);
    }
    if (value && (string || number)) {
        recipe_add(recipe, (struct sift_pick){ .from = (uint16_t)from,
                                               .field = meaning.field,
                                               .queue = meaning.field_class,
                                               .number = number,
                                               .end = end_of(sift, recipe, meaning, false) });
    }
    if ((value && !string && !number) || (part && !text)) {
        recipe->usable = false; /* what such fields say is told of the line */
    }
}

static void recipe_add_pair(struct sift_recipe *recipe, struct sift_pair pair)
{
    if (recipe->pair_count == SIFT_PAIR_COUNT_MAX) {
        recipe->usable = false;
        return;
    }
    recipe->pairs[recipe->pair_count] = pair;
    recipe->pair_count++;
}

/* Both sides of pairs, of which a log writes strings; those of other types say nothing. */
static void recipe_add_pairs(struct sift_recipe *recipe, const struct record *record,
                             const struct observe_meaning *meanings)
{
    uint16_t naming = SIFT_FROM_NONE;
    for (size_t i = 0; i < record->count; i++) {
        struct observe_meaning meaning = meanings[record->fields[i].slot];
        if (!meaning.known || record->fields[i].type != RECORD_STRING) {
            continue;
        }
        if (meaning.role == ROLE_NAMING) {
            naming = (uint16_t)i;
        } else if (meaning.role == ROLE_NAMED) {
            recipe_add_pair(recipe, (struct sift_pair){ .naming_from = naming,
                                                        .from = (uint16_t)i,
                                                        .field = meaning.field,
                                                        .field_class = meaning.field_class });
        }
    }
}

void sift_recipe_json(const struct sift *sift, struct sift_recipe *recipe,
                      const struct record_known *known, const struct record *record,
                      const struct observe_meaning *streams, const struct observe_meaning *meanings)
{
    *recipe = (struct sift_recipe){ .number = known->number,
                                    .age = known->age,
                                    .meanings = meanings,
                                    .stream_from = stream_field(record, streams),
                                    .usable = !record->cut };
    for (size_t i = 0; i < record->count; i++) {
        const struct record_field *field = &record->fields[i];
        struct observe_meaning meaning = meanings[field->slot];
        if (!meaning.known || field->type == RECORD_NULL) {
            continue;
        }
        if (meaning.role != ROLE_NAMED) {
            recipe_add_json(sift, recipe, i, meaning, (enum record_type)field->type);
        }
    }
    recipe_add_pairs(recipe, record, meanings);
    recipe_end(sift, recipe);
}

void sift_recipe_tsv(const struct sift *sift, struct sift_recipe *recipe, const struct tsv *tsv,
                     const struct observe_meaning *meanings)
{
    /* What says "nothing" is known without the header where the header says the usual. */
    *recipe =
        (struct sift_recipe){ .number = 1,
                              .meanings = meanings,
                              .usable = tsv_has_usual_words(tsv) && tsv->set_separator_size == 1,
                              .separator = tsv->set_separator[0] };
    bool part_in_list = false;
    for (size_t i = 0; i < tsv->wanted_count; i++) {
        const struct tsv_column *column = &tsv->columns[tsv->wanted[i]];
        struct observe_meaning meaning = meanings[column->slot];
        if (!meaning.known) {
            continue;
        }
        bool list = tsv_column_is_list(column, meaning);
        if (is_telling(sift, meaning)) {
            recipe_add_telling(recipe, (struct sift_telling){ .from = tsv->wanted[i],
                                                              .field = meaning.field,
                                                              .role = meaning.role,
                                                              .type = RECORD_STRING,
                                                              .list = list });
        }
        if (is_part(sift, meaning)) {
            recipe_add_part(recipe, tsv->wanted[i], meaning, false);
            part_in_list |= list;
        }
        if (is_value(sift, meaning)) {
            size_t queue = meaning.field_class + (list ? (size_t)FIELD_CLASS_COUNT : 0);
            recipe_add(recipe, (struct sift_pick){ .from = tsv->wanted[i],
                                                   .field = meaning.field,
                                                   .queue = (uint8_t)queue,
                                                   .end = end_of(sift, recipe, meaning, list) });
        }
    }
    recipe_end(sift, recipe);
    if (recipe->part_count > 0 && part_in_list) {
        recipe->usable = false; /* the list's first value would be the part */
    }
}

/* ---- values wait ---- */

/* A line: its mark, and where what it tells stands. */
struct waiting {
    uint32_t mark;
    uint16_t context;
};

static inline void value_add(struct sift *sift, struct sift_pick pick, uint8_t separator,
                             struct span value, struct waiting line)
{
    struct sift_queue *queue = &sift->queues[pick.queue];
    sift->values[sift->count] = (struct sift_value){
        .data = value.data,
        .size = (uint32_t)value.size,
        .mark = line.mark,
        .field = pick.field,
        .order = pick.from,
        .context = line.context,
        .separator = separator,
        .end = pick.end,
    };
    sift->text_size += value.size;
    queue->values[sift->counts[pick.queue]] = (uint16_t)sift->count;
    sift->counts[pick.queue]++;
    sift->count++;
}

/* The request that a line tells of; its parts are for the caller to add. */
static struct sift_request *request_add(struct sift *sift, struct waiting line)
{
    struct sift_request *request = &sift->requests[sift->request_count];
    sift->request_count++;
    request->mark = line.mark;
    request->context = line.context;
    request->responder_sure = true;
    request->part_count = 0;
    return request;
}

static void part_add(struct sift_request *request, struct sift_part_pick pick, struct span text)
{
    request->parts[request->part_count] = (struct sift_part){ pick, text };
    request->part_count++;
}

/* What gather_field() does with both sides of a pair. */
static void named_add(struct sift *sift, const struct sift_pair *pair, struct span name,
                      struct span value, struct waiting line)
{
    enum field_class field_class = (enum field_class)pair->field_class;
    if (!gather_says_nothing(name)) {
        field_class = gather_named_class(name, field_class);
    }
    const uint32_t wanted = sift->wanted | sift->remembered;
    if (field_class != CLASS_NONE && observe_class_is_wanted(field_class, wanted)) {
        struct sift_pick pick = { .from = pair->from,
                                  .field = pair->field,
                                  .queue = (uint8_t)field_class };
        value_add(sift, pick, 0, value, line);
    }
}

static void pair_add(struct sift *sift, const struct sift_pair *pair,
                     const struct record_known *known, struct waiting line)
{
    struct span name = { NULL, 0 };
    if (pair->naming_from != SIFT_FROM_NONE) {
        name = record_known_string(known, pair->naming_from);
    }
    named_add(sift, pair, name, record_known_string(known, pair->from), line);
}

/* ---- contexts ---- */

/* The context of a line that is added; it has none where nothing is remembered. */
static struct observe_context *context_add(struct sift *sift, uint16_t *ret)
{
    *ret = (uint16_t)sift->context_count;
    if (sift->remembered == 0) {
        return NULL;
    }
    must_dev(sift->context_count < OBSERVE_CONTEXT_COUNT_MAX);
    struct observe_context *context = &sift->contexts[sift->context_count];
    sift->context_count++;
    return context;
}

struct sift_request *sift_add_json(struct sift *sift, struct gather *gather,
                                   const struct sift_recipe *recipe,
                                   const struct record_known *known, uint32_t mark)
{
    must_dev(!sift_is_full(sift));
    struct waiting line = { .mark = mark };
    struct observe_context *context = context_add(sift, &line.context);
    if (context != NULL) {
        sift_tell_known(gather, recipe, known, context);
    }
    for (size_t i = 0; i < recipe->pick_count; i++) {
        struct sift_pick pick = recipe->picks[i];
        struct span value = pick.number ? record_known_number(known, pick.from)
                                        : record_known_string(known, pick.from);
        value_add(sift, pick, recipe->separator, value, line);
    }
    for (size_t i = 0; i < recipe->pair_count; i++) {
        pair_add(sift, &recipe->pairs[i], known, line);
    }
    if (recipe->part_count == 0) {
        return NULL;
    }
    struct sift_request *request = request_add(sift, line);
    for (size_t i = 0; i < recipe->part_count; i++) {
        struct sift_part_pick pick = recipe->parts[i];
        part_add(request, pick,
                 pick.number ? record_known_number(known, pick.from)
                             : record_known_string(known, pick.from));
    }
    return request;
}

static inline struct span alike_text(const struct record_alike *alike, size_t line, size_t field,
                                     bool number)
{
    return number ? record_alike_number(alike, line, field)
                  : record_alike_string(alike, line, field);
}

/* Whether an IPv4 address in a field of a class is that address and nothing else. */
static bool is_address_class(size_t queue)
{
    return queue == CLASS_ADDRESS || queue == CLASS_ANSWER || queue == CLASS_HOST;
}

/* Lines whose contexts lie one after the other. */
struct run {
    uint16_t context; /* of the first */
    size_t count;
    const uint32_t *addresses;
};

/* An IPv4 address that is an end of a line is told by the line's context alone. */
static inline void end_set(struct sift *sift, struct observe_place *place, uint8_t end,
                           uint32_t address)
{
    struct observe_end *at = &sift->contexts[place->context].ends[end - SIFT_END_ORIGINATOR];
    at->ipv4 = address;
    at->ipv4_known = true;
    at->order = place->order;
    place->context = OBSERVE_CONTEXT_NONE;
}

/* Where those IPv4 addresses stand that are kept next, one of each line whose bit is set. */
static void places_add(struct sift *sift, struct sift_pick pick, uint64_t fits, struct run lines)
{
    size_t kept = sift->ipv4_count;
    for (size_t i = 0; i < lines.count && pick.end != SIFT_END_NONE; i++) {
        struct observe_end *end =
            &sift->contexts[lines.context + i].ends[pick.end - SIFT_END_ORIGINATOR];
        end->ipv4 = lines.addresses[i];
        end->ipv4_known = (fits >> i & 1) != 0;
        end->order = pick.from;
        sift->ipv4_places[kept].context = OBSERVE_CONTEXT_NONE;
        kept += fits >> i & 1;
    }
    for (size_t i = 0; i < lines.count && pick.end == SIFT_END_NONE; i++) {
        sift->ipv4_places[kept] = (struct observe_place){ .context = (uint16_t)(lines.context + i),
                                                          .field = pick.field,
                                                          .order = pick.from };
        kept += fits >> i & 1;
    }
}

/* A field of some lines that mostly holds an IPv4 address. */
static void addresses_add(struct sift *sift, struct sift_pick pick, const struct sift_lines *lines,
                          uint16_t context)
{
    struct span texts[VALUE_IPV4_MANY_MAX];
    uint32_t addresses[VALUE_IPV4_MANY_MAX];
    const uint32_t *marks = lines->marks + lines->begin;
    size_t count = lines->end - lines->begin;
    size_t kept = sift->ipv4_count;
    must(count > 0 && count <= VALUE_IPV4_MANY_MAX);
    for (size_t i = 0; i < count; i++) {
        texts[i] = record_alike_string(lines->alike, lines->begin + i, pick.from);
    }
    uint64_t fits = value_ipv4_read_many(texts, count, addresses);
    for (size_t i = 0; i < count; i++) { /* no branch on which they are */
        sift->ipv4[kept] = addresses[i];
        sift->ipv4_marks[kept] = marks[i];
        kept += fits >> i & 1;
    }
    if (sift->remembered != 0) {
        places_add(sift, pick, fits, (struct run){ context, count, addresses });
    }
    sift->ipv4_count = kept;
    uint64_t others = ~fits & (UINT64_MAX >> (VALUE_IPV4_MANY_MAX - count));
    for (uint64_t left = others; left != 0; left &= left - 1) {
        size_t i = (size_t)__builtin_ctzll(left);
        value_add(sift, pick, 0, texts[i], (struct waiting){ marks[i], (uint16_t)(context + i) });
    }
}

static void alike_pair_add(struct sift *sift, const struct sift_pair *pair,
                           const struct record_alike *alike, size_t line, struct waiting waiting)
{
    struct span name = { NULL, 0 };
    if (pair->naming_from != SIFT_FROM_NONE) {
        name = record_alike_string(alike, line, pair->naming_from);
    }
    named_add(sift, pair, name, record_alike_string(alike, line, pair->from), waiting);
}

/* One of those lines; `context` is that of the first that is meant. */
static inline struct waiting waiting_of(const struct sift_lines *lines, size_t line,
                                        uint16_t context)
{
    return (struct waiting){ lines->marks[line], (uint16_t)(context + line - lines->begin) };
}

size_t sift_add_alike(struct sift *sift, struct gather *gather, const struct sift_recipe *recipe,
                      const struct sift_lines *lines)
{
    const struct record_alike *alike = lines->alike;
    const uint16_t context = (uint16_t)sift->context_count;
    if (sift->remembered != 0) {
        sift_tell_alike(gather, recipe, lines, &sift->contexts[context]);
        sift->context_count += lines->end - lines->begin;
    }
    for (size_t i = 0; i < recipe->pick_count; i++) {
        struct sift_pick pick = recipe->picks[i];
        if (is_address_class(pick.queue)) {
            addresses_add(sift, pick, lines, context);
            continue;
        }
        for (size_t line = lines->begin; line < lines->end; line++) {
            value_add(sift, pick, 0, alike_text(alike, line, pick.from, pick.number),
                      waiting_of(lines, line, context));
        }
    }
    for (size_t i = 0; i < recipe->pair_count; i++) {
        for (size_t line = lines->begin; line < lines->end; line++) {
            alike_pair_add(sift, &recipe->pairs[i], alike, line, waiting_of(lines, line, context));
        }
    }
    for (size_t line = lines->begin; recipe->part_count > 0 && line < lines->end; line++) {
        struct sift_request *request = request_add(sift, waiting_of(lines, line, context));
        for (size_t i = 0; i < recipe->part_count; i++) {
            struct sift_part_pick pick = recipe->parts[i];
            part_add(request, pick, alike_text(alike, line, pick.from, pick.number));
        }
    }
    return recipe->part_count > 0 ? lines->end - lines->begin : 0;
}

void sift_add_tsv(struct sift *sift, struct gather *gather, const struct sift_recipe *recipe,
                  struct span line, const struct tsv_cut *cut, uint32_t mark)
{
    must_dev(!sift_is_full(sift));
    struct waiting waiting = { .mark = mark };
    struct observe_context *context = context_add(sift, &waiting.context);
    if (context != NULL) {
        sift_tell_tsv(gather, recipe, line, cut, context);
    }
    for (size_t i = 0; i < recipe->pick_count; i++) {
        struct span value = tsv_cut_column(line, cut, recipe->picks[i].from);
        value_add(sift, recipe->picks[i], recipe->separator, value, waiting);
    }
    if (recipe->part_count == 0) {
        return;
    }
    struct sift_request *request = request_add(sift, waiting);
    for (size_t i = 0; i < recipe->part_count; i++) {
        struct sift_part_pick pick = recipe->parts[i];
        part_add(request, pick, tsv_cut_column(line, cut, pick.from));
    }
}

/* ---- values are read ---- */

static bool room_for(const struct gather *gather, size_t size)
{
    size_t keys = gather->keys_used + size * KEY_BYTES_A_BYTE + VALUE_KEY_SIZE_MAX;
    return gather->line->count + size / 2 + 2 <= OBSERVE_OBSERVATION_COUNT_MAX &&
           keys <= OBSERVE_KEYS_SIZE_MAX;
}

static inline void text_read(struct gather *gather, enum field_class field_class, struct span text)
{
    if (!gather_says_nothing(text)) {
        gather_value(gather, field_class, text);
    }
}

static void list_read(struct gather *gather, enum field_class field_class, struct span list,
                      uint8_t separator)
{
    struct span element = { NULL, 0 };
    while (span_next(&list, separator, &element)) {
        text_read(gather, field_class, element);
    }
}

static inline struct observe_place place_of(const struct sift_value *value)
{
    return (struct observe_place){ .context = value->context,
                                   .field = value->field,
                                   .order = value->order };
}

/* The observations from `at` on are of the line with that mark, and stand there. */
static inline void marks_set(struct sift *sift, size_t at, uint32_t mark,
                             struct observe_place place)
{
    for (; at < sift->line.count; at++) {
        sift->marks[at] = mark;
        sift->places[at] = place;
    }
}

/* Values of one group of addresses. */
struct group {
    size_t count;
    struct span texts[VALUE_IPV4_MANY_MAX];
    const struct sift_value *values[VALUE_IPV4_MANY_MAX];
};

/* Keep the group's IPv4 addresses, whose bits are set in `fits`. */
static void group_keep(struct sift *sift, const struct group *group, uint64_t fits,
                       const uint32_t *addresses)
{
    size_t kept = sift->ipv4_count;
    for (size_t i = 0; i < group->count; i++) { /* no branch on which they are */
        sift->ipv4[kept] = addresses[i];
        sift->ipv4_marks[kept] = group->values[i]->mark;
        sift->ipv4_places[kept] = place_of(group->values[i]);
        if (group->values[i]->end != SIFT_END_NONE && (fits >> i & 1) != 0) {
            end_set(sift, &sift->ipv4_places[kept], group->values[i]->end, addresses[i]);
        }
        kept += fits >> i & 1;
    }
    sift->ipv4_count = kept;
}

/* Read a value of the queue that is no IPv4 address as most are written. */
static void other_read(struct sift *sift, struct gather *gather, const struct sift_value *value)
{
    size_t at = gather->line->count;
    gather->field = value->field;
    text_read(gather, (enum field_class)sift->queue, span_make(value->data, value->size));
    marks_set(sift, at, value->mark, place_of(value));
}

static struct group group_take(const struct sift *sift)
{
    struct group group;
    const uint16_t *values = sift->queues[sift->queue].values + sift->queue_at;
    size_t rest = sift->counts[sift->queue] - sift->queue_at;
    group.count = rest < VALUE_IPV4_MANY_MAX ? rest : (size_t)VALUE_IPV4_MANY_MAX;
    for (size_t i = 0; i < group.count; i++) {
        const struct sift_value *value = &sift->values[values[i]];
        group.values[i] = value;
        group.texts[i] = span_make(value->data, value->size);
    }
    return group;
}

/* Read a queue's values, as many as there is room for. */
static void queue_read(struct sift *sift, struct gather *gather)
{
    const struct sift_queue *queue = &sift->queues[sift->queue];
    const bool list = sift->queue >= FIELD_CLASS_COUNT;
    const enum field_class field_class =
        (enum field_class)(sift->queue - (list ? (size_t)FIELD_CLASS_COUNT : 0));
    const size_t count = sift->counts[sift->queue];
    for (; sift->queue_at < count; sift->queue_at++) {
        struct sift_value value = sift->values[queue->values[sift->queue_at]];
        if (!room_for(gather, value.size)) {
            return;
        }
        size_t at = gather->line->count;
        struct span text = { value.data, value.size };
        gather->field = value.field;
        if (list) {
            list_read(gather, field_class, text, value.separator);
        } else {
            text_read(gather, field_class, text);
        }
        marks_set(sift, at, value.mark, place_of(&value));
    }
    sift->queue++;
    sift->queue_at = 0;
}

/* Read a queue of values most of which are addresses: the longest by far. */
static void addresses_read(struct sift *sift, struct gather *gather)
{
    while (sift->queue_at < sift->counts[sift->queue]) {
        struct group group = group_take(sift);
        uint32_t addresses[VALUE_IPV4_MANY_MAX];
        must_dev(group.count > 0);
        uint64_t fits = value_ipv4_read_many(group.texts, group.count, addresses);
        uint64_t others = ~fits & (UINT64_MAX >> (VALUE_IPV4_MANY_MAX - group.count));
        size_t size = 0;
        for (uint64_t left = others; left != 0; left &= left - 1) {
            size += group.values[__builtin_ctzll(left)]->size;
        }
        if (!room_for(gather, size)) {
            queue_read(sift, gather); /* those for which there is room */
            return;
        }
        group_keep(sift, &group, fits, addresses);
        for (uint64_t left = others; left != 0; left &= left - 1) {
            other_read(sift, gather, group.values[__builtin_ctzll(left)]);
        }
        sift->queue_at += group.count;
    }
    sift->queue++;
    sift->queue_at = 0;
}

static size_t request_size(const struct sift_request *request)
{
    size_t size = 0;
    for (size_t i = 0; i < request->part_count; i++) {
        size += request->parts[i].text.size;
    }
    return size;
}

/* What gather_field() and gather_end_values() do with a line of which only that matters which takes
 * several fields. */
static void request_read(struct gather *gather, const struct sift_request *request)
{
    gather_begin_request(gather, request->responder_sure);
    for (size_t i = 0; i < request->part_count; i++) {
        const struct sift_part *part = &request->parts[i];
        if (!gather_says_nothing(part->text)) {
            gather->field = part->pick.field;
            gather_note(gather, (enum field_role)part->pick.role, part->text,
                        part->pick.number != 0);
        }
    }
    gather_end_values(gather);
}

/* Read requests, as many as there is room for. */
static void requests_read_wanted(struct sift *sift, struct gather *gather)
{
    for (; sift->request_at < sift->request_count; sift->request_at++) {
        const struct sift_request *request = &sift->requests[sift->request_at];
        if (!room_for(gather, request_size(request))) {
            return;
        }
        size_t at = sift->line.count;
        request_read(gather, request);
        const struct observe_place place = {
            .context = request->context,
            .order = OBSERVE_ORDER_LAST,
        };
        marks_set(sift, at, request->mark, place);
        for (; at < sift->line.count; at++) {
            sift->places[at].field = sift->line.observations[at].field;
        }
    }
}

/* Ends with their ports are in the contexts of lines that are remembered. */
static void requests_read(struct sift *sift, struct gather *gather)
{
    const uint32_t wanted = gather->wanted;
    gather->wanted = sift->wanted;
    requests_read_wanted(sift, gather);
    gather->wanted = wanted;
}

/* Whether there was room for all. */
static bool all_read(struct sift *sift, struct gather *gather)
{
    for (size_t done = sift->queue; done < SIFT_QUEUE_COUNT; done++) {
        if (sift->counts[done] == 0) {
            sift->queue++;
        } else if (is_address_class(done)) {
            addresses_read(sift, gather);
        } else {
            queue_read(sift, gather);
        }
        if (sift->queue == done) {
            return false;
        }
    }
    requests_read(sift, gather);
    return sift->request_at == sift->request_count;
}

bool sift_take(struct sift *sift, struct gather *gather, struct observe_sifted *ret)
{
    if (sift->count == 0 && sift->request_count == 0 && sift->ipv4_count == 0) {
        sift->context_count = 0; /* of lines without a value */
        return false;
    }
    const size_t context_count = sift->context_count;
    sift->line = (struct observe_line){ 0 };
    gather_begin(gather, &sift->line, false);
    bool all = all_read(sift, gather);
    size_t ipv4_count = sift->ipv4_count;
    sift->ipv4_count = 0;
    if (all) {
        sift_clear(sift);
    }
    must_dev(!sift->line.cut);
    *ret = (struct observe_sifted){
        .count = sift->line.count,
        .observations = sift->line.observations,
        .marks = sift->marks,
        .ipv4_count = ipv4_count,
        .ipv4 = sift->ipv4,
        .ipv4_marks = sift->ipv4_marks,
        .refused = sift->line.refused,
        .unfit = sift->line.unfit,
        .places = sift->places,
        .ipv4_places = sift->ipv4_places,
        .context_count = context_count,
        .contexts = sift->contexts,
        .last = all,
    };
    return true;
}
