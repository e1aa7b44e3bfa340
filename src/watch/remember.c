// SPDX-License-Identifier: EUPL-1.2
/*
 * Hot path where there is a history: every value of every line passes here. The values of some
 * lines come together, in no order; a value that stands twice in a line counts in the first of its
 * fields, so all of a line's are there before one of them is counted. memcpy() of an address
 * compiles to one load or store.
 */
#include "watch/remember.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/must.h"
#include "watch/remember_inner.h"
#include "watch/veil.h"

enum {
    VALUES_EXPECTED = 4 * 1024,
    WALK_COUNT_MAX = 32, /* values of a line that are compared with each other one by one */
    KEYS_SIZE_MAX = 64 * 1024 * 1024,
    ORIGINATOR = 0, /* of the ends of a context */
    RESPONDER = 1,
};

enum err watch_remember_new(struct op *op, const struct history_rules *rules,
                            struct watch_remember **ret)
{
    struct watch_remember *remember = memory_new(sizeof *remember);
    if (remember == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for what is remembered");
    }
    arena_init(&remember->keys, KEYS_SIZE_MAX);
    enum err err = history_record_writer_new(op, &remember->writer);
    remember->values = memory_new_array(VALUES_EXPECTED, sizeof *remember->values);
    if (err == ERR_OK && remember->values == NULL) {
        err = op_fail(op, ERR_LIMIT, "out of memory for what is remembered");
    }
    if (err != ERR_OK) {
        watch_remember_free(remember);
        return err;
    }
    remember->value_room = VALUES_EXPECTED;
    remember->secret = history_record_secret(remember->writer);
    remember->rules = rules;
    for (unsigned kind = VALUE_NONE + 1; kind < VALUE_KIND_COUNT; kind++) {
        bool kept = rules->keep[kind] != HISTORY_KEEP_NOT;
        remember->kinds |= kept ? (uint32_t)1 << kind : 0;
    }
    *ret = remember;
    return ERR_OK;
}

void watch_remember_free(struct watch_remember *remember)
{
    if (remember != NULL) {
        history_record_writer_free(remember->writer);
        memory_free(remember->values);
        arena_done(&remember->keys);
        memory_free(remember);
    }
}

uint32_t watch_remember_kinds(const struct watch_remember *remember)
{
    return remember == NULL ? 0 : remember->kinds;
}

static void forget_lines(struct watch_remember *remember)
{
    history_record_settle(remember->writer); /* their keys go with them */
    remember->line_count = 0;
    remember->value_count = 0;
    arena_reset(&remember->keys);
}

static struct remember_network network_of(const struct inside_network *network)
{
    uint32_t address = 0;
    memcpy(&address, network->address, sizeof address);                              /* one load */
    uint32_t mask = network->prefix == 0 ? 0 : UINT32_MAX << (32 - network->prefix); /* bits */
    return (struct remember_network){ .address = be32toh(address) & mask, .mask = mask };
}

void watch_remember_begin(struct watch_remember *remember, const struct told_rules *told)
{
    if (remember == NULL) {
        return;
    }
    remember->told_rules = *told;
    remember->network_count = 0;
    for (size_t i = 0; i < told->inside->count; i++) {
        const struct inside_network *network = &told->inside->networks[i];
        if (network->size == VALUE_IPV4_SIZE) {
            remember->networks[remember->network_count] = network_of(network);
            remember->network_count++;
        }
    }
    remember->left_out = 0;
    remember->odd_times = 0;
    remember->first_s = UINT32_MAX;
    remember->last_s = 0;
    remember->half_count = 0;
    remember->pair_count = 0;
    remember->age++;
    if (remember->age == 0) { /* after 2^32 chunks */
        memset(remember->ways, 0, sizeof remember->ways);
        memset(remember->hosts, 0, sizeof remember->hosts);
        memset(remember->ends, 0, sizeof remember->ends);
        memset(remember->pairs, 0, sizeof remember->pairs);
        remember->age = 1;
    }
    forget_lines(remember);
    history_record_begin(remember->writer);
}

/* ---- values gather ---- */

/* Under one hash are values of one kind. */
static inline uint64_t kind_mix(uint64_t hash, enum value_kind kind)
{
    const uint64_t odd = 0xD6E8FEB86659FD93u;
    return hash ^ kind * odd;
}

static bool values_reserve(struct watch_remember *remember, size_t more)
{
    size_t wanted = remember->value_count + more;
    if (wanted <= remember->value_room) {
        return true;
    }
    size_t room = 2 * remember->value_room;
    room = room < wanted ? wanted : room;
    struct remember_value *values =
        memory_resize(remember->values, room * sizeof *remember->values);
    if (values == NULL) {
        return false;
    }
    remember->values = values;
    remember->value_room = room;
    return true;
}

/* Of two that are the same the one in the earlier field stays. */
static void leave_later(struct remember_value *a, struct remember_value *b)
{
    struct remember_value *later = a->order > b->order ? a : b;
    later->left = true;
}

static inline struct span key_of(const struct remember_value *value)
{
    return span_make(value->key == NULL ? value->own : value->key, value->key_size);
}

/* The value that was written last becomes one of its line's. */
static inline void value_join(struct watch_remember *remember, struct remember_value *value,
                              uint64_t hash)
{
    struct remember_line *line = &remember->lines[value->line];
    value->hash = hash;
    value->earlier = line->latest;
    value->left = false;
    int32_t at = line->count < WALK_COUNT_MAX ? line->latest : REMEMBER_VALUE_NONE;
    while (at != REMEMBER_VALUE_NONE) {
        struct remember_value *other = &remember->values[at];
        if (other->hash == value->hash && other->kind == value->kind) {
            leave_later(value, other);
        }
        at = other->earlier;
    }
    line->latest = (int32_t)(value - remember->values);
    line->count++;
    remember->value_count++;
}

static inline struct remember_value *value_begin(struct watch_remember *remember,
                                                 enum value_kind kind, struct observe_place place)
{
    must_dev(remember->value_count < remember->value_room);
    struct remember_value *value = &remember->values[remember->value_count];
    value->kind = (uint8_t)kind;
    value->field = place.field;
    value->line = place.context;
    value->order = place.order;
    value->key = NULL;
    return value;
}

static inline void observation_join(struct watch_remember *remember,
                                    const struct observation *observation,
                                    struct observe_place place)
{
    struct remember_value *value = value_begin(remember, observation->kind, place);
    value->key = observation->key.data;
    value->key_size = (uint16_t)observation->key.size;
    value_join(remember, value, hash_bytes_inline(remember->secret, observation->key));
}

static inline void ipv4_join(struct watch_remember *remember, uint32_t address,
                             struct observe_place place)
{
    struct remember_value *value = value_begin(remember, VALUE_IPV4, place);
    const uint32_t key = htobe32(address);
    memcpy(value->own, &key, sizeof key); /* one store */
    value->key_size = VALUE_IPV4_SIZE;
    value_join(remember, value,
               hash_bytes_inline(remember->secret, span_make(value->own, VALUE_IPV4_SIZE)));
}

/* An end of a sifted line, where it is one of its values: the address that only the context tells,
 * and the address with its port. */
static void end_join(struct watch_remember *remember, uint16_t line, int which)
{
    uint8_t address[VALUE_IPV6_SIZE];
    const struct observe_end *end = &remember->lines[line].context->ends[which];
    struct observe_place place = { .context = line, .field = end->field, .order = end->order };
    if (end->ipv4_known) {
        ipv4_join(remember, end->ipv4, place);
    }
    size_t size = end->port == 0 ? 0 : value_key_address(end->address, address);
    if (size == 0) {
        return;
    }
    place.order = (uint16_t)(OBSERVE_ORDER_LAST - 2 + which); /* before a request's URL */
    struct remember_value *value = value_begin(remember, VALUE_IP_PORT, place);
    value->key_size = (uint16_t)value_key_ip_port(span_make(address, size), end->port, value->own);
    value_join(remember, value, hash_bytes_inline(remember->secret, key_of(value)));
}

/* ---- values count ---- */

static int value_order(const void *a, const void *b)
{
    const struct remember_value *left = *(const struct remember_value *const *)a;
    const struct remember_value *right = *(const struct remember_value *const *)b;
    if (left->hash != right->hash) {
        return left->hash < right->hash ? -1 : 1;
    }
    if (left->kind != right->kind) {
        return (int)left->kind - (int)right->kind;
    }
    return (int)left->order - (int)right->order;
}

/* Leave those values of a line that stand in an earlier field too, where they are too many to be
 * compared one by one. */
static void leave_repeated(struct watch_remember *remember, const struct remember_line *line)
{
    struct remember_value **values = arena_alloc(&remember->keys, line->count * sizeof *values);
    size_t count = 0;
    for (int32_t at = line->latest; at != REMEMBER_VALUE_NONE && values != NULL;
         at = remember->values[at].earlier) {
        values[count] = &remember->values[at];
        count++;
    }
    if (count > 0) {
        qsort(values, count, sizeof *values, value_order);
    }
    for (size_t i = 1; i < count; i++) {
        if (values[i]->hash == values[i - 1]->hash && values[i]->kind == values[i - 1]->kind) {
            values[i]->left = true;
        }
    }
}

/* A client's port is another one each time: its address with that port says nothing more than the
 * address. */
static bool is_client(const struct remember_line *line, struct span key)
{
    uint8_t address[VALUE_IPV6_SIZE];
    uint8_t client[VALUE_IPV6_PORT_SIZE];
    const struct observe_context *context = line->context;
    size_t size =
        context->originator_port == 0 ? 0 : value_key_address(context->originator, address);
    if (size == 0) {
        return false;
    }
    size = value_key_ip_port(span_make(address, size), context->originator_port, client);
    return span_equal(span_make(client, size), key);
}

/* An inside host that is kept as a pseudonym must not stand beside it as a value. */
static bool tells_host(const struct watch_remember *remember, const struct remember_line *line,
                       const struct remember_value *value)
{
    uint8_t own[VALUE_KEY_SIZE_MAX];
    if (!remember->rules->host_secret_known) {
        return false;
    }
    size_t own_size = line->assumed ? value_key_address(line->context->originator, own) : 0;
    return veil_hides_key(remember->told_rules.inside, span_make(own, own_size),
                          (enum value_kind)value->kind, key_of(value));
}

static bool is_kept(const struct watch_remember *remember, const struct remember_line *line,
                    const struct remember_value *value)
{
    bool kept = (remember->kinds >> value->kind & 1) != 0;
    bool client = kept && value->kind == VALUE_IP_PORT && is_client(line, key_of(value));
    return kept && !client && !tells_host(remember, line, value);
}

static void value_add(struct watch_remember *remember, const struct remember_value *value,
                      struct history_seen *seen)
{
    struct history_kept kept;
    enum history_keep keep = remember->rules->keep[value->kind];
    seen->kind = (enum value_kind)value->kind;
    if (keep == HISTORY_KEEP) {
        seen->form = HISTORY_WHOLE;
        seen->key = key_of(value);
        history_record_put(remember->writer, seen, value->hash);
        return;
    }
    if (history_keep_value(remember->rules, seen->kind, key_of(value), keep, remember->kept,
                           &kept) != ERR_OK) {
        remember->left_out += seen->count;
        return;
    }
    seen->form = kept.form;
    seen->key = kept.key;
    (void)!history_record_add(remember->writer, seen); /* which counts what it cannot add */
}

void remember_key_add(struct watch_remember *remember, struct span own, enum value_kind kind,
                      struct span key, struct history_seen *seen)
{
    struct remember_value value = { .kind = (uint8_t)kind,
                                    .key = key.data,
                                    .key_size = (uint16_t)key.size };
    value.hash = key.size == VALUE_IPV4_SIZE /* a size that is known hashes quicker */
                     ? hash_bytes_inline(remember->secret, span_make(key.data, VALUE_IPV4_SIZE))
                     : hash_bytes_inline(remember->secret, key);
    bool kept = (remember->kinds >> kind & 1) != 0 &&
                !(remember->rules->host_secret_known &&
                  veil_hides_key(remember->told_rules.inside, own, kind, key));
    if (kept) {
        value_add(remember, &value, seen);
    }
}

static void value_count(struct watch_remember *remember, const struct remember_line *line,
                        const struct remember_value *value)
{
    if (value->left || !is_kept(remember, line, value)) {
        return;
    }
    struct history_seen seen = {
        .host = line->host,
        .first_s = line->second,
        .last_s = line->second,
        .count = 1,
    };
    if (!line->timed) {
        remember->left_out++;
        return;
    }
    seen.way = remember_way_find(remember, line, value->field);
    value_add(remember, value, &seen);
}

/* Whether one of a sifted line's values may be one of its ends, too. */
static bool is_apart(const struct watch_remember *remember, const struct remember_line *line)
{
    const struct observe_end *ends = line->context->ends;
    bool apart = false;
    for (int32_t at = line->latest; at != REMEMBER_VALUE_NONE;) {
        const struct remember_value *value = &remember->values[at];
        if (value->kind == VALUE_IPV4) {
            uint32_t key = 0;
            memcpy(&key, key_of(value).data, sizeof key); /* one load */
            apart = apart || be32toh(key) == ends[0].ipv4 || be32toh(key) == ends[1].ipv4;
        }
        apart = apart || value->kind == VALUE_IP_PORT;
        at = value->earlier;
    }
    return apart;
}

static void line_timed(struct watch_remember *remember, const struct remember_line *line)
{
    if (line->timed) {
        remember->first_s = line->second < remember->first_s ? line->second : remember->first_s;
        remember->last_s = line->second > remember->last_s ? line->second : remember->last_s;
    }
}

/* Whether a sifted line has any value. */
static bool line_holds(const struct remember_line *line)
{
    const struct observe_end *ends = line->context->ends;
    return line->count > 0 || ends[ORIGINATOR].ipv4_known || ends[RESPONDER].ipv4_known;
}

/* Begin to count a line that was sifted: all its values are there. */
static void line_begin(struct watch_remember *remember, size_t number)
{
    struct remember_line *line = &remember->lines[number];
    if (!line_holds(line)) {
        return;
    }
    remember_line_read(remember, line);
    line->apart = is_apart(remember, line);
    line->paired =
        remember_pair_begin(remember, line, &remember->pair_lines[number % REMEMBER_STEP_COUNT]);
    line_timed(remember, line);
}

static void line_count(struct watch_remember *remember, size_t number)
{
    struct remember_line *line = &remember->lines[number];
    if (!line_holds(line)) {
        return;
    }
    if (line->paired) {
        remember_pair_add(remember, line, &remember->pair_lines[number % REMEMBER_STEP_COUNT]);
    } else {
        remember_ends_find(remember, line);
        end_join(remember, (uint16_t)number, ORIGINATOR);
        end_join(remember, (uint16_t)number, RESPONDER);
    }
    if (line->count > WALK_COUNT_MAX) {
        leave_repeated(remember, line);
    }
    for (int32_t at = line->latest; at != REMEMBER_VALUE_NONE;) {
        const struct remember_value *value = &remember->values[at];
        value_count(remember, line, value);
        at = value->earlier;
    }
}

static void lines_count(struct watch_remember *remember)
{
    for (size_t begin = 0; begin < remember->line_count; begin += REMEMBER_STEP_COUNT) {
        size_t end = begin + REMEMBER_STEP_COUNT;
        end = end < remember->line_count ? end : remember->line_count;
        for (size_t i = begin; i < end; i++) {
            line_begin(remember, i);
        }
        for (size_t i = begin; i < end; i++) {
            line_count(remember, i);
        }
    }
    forget_lines(remember);
}

/* ---- lines that were sifted ---- */

/* The keys of what was taken before are kept, for the reader writes the next ones there. */
static void keys_keep(struct watch_remember *remember, size_t first)
{
    for (size_t i = first; i < remember->value_count; i++) {
        struct remember_value *value = &remember->values[i];
        if (value->key == NULL) {
            continue;
        }
        uint8_t *copy = arena_alloc(&remember->keys, value->key_size);
        if (copy == NULL) {
            value->left = true;
            value->key_size = 0;
            remember->left_out++;
        } else {
            span_copy(copy, value->key_size, key_of(value));
        }
        value->key = copy;
    }
}

static void contexts_read(struct watch_remember *remember, const struct observe_sifted *sifted)
{
    for (size_t i = remember->line_count; i < sifted->context_count; i++) {
        struct remember_line *line = &remember->lines[i];
        line->context = &sifted->contexts[i];
        line->read = NULL;
        line->latest = REMEMBER_VALUE_NONE;
        line->count = 0;
    }
    remember->line_count = sifted->context_count;
}

void watch_remember_sifted(struct watch_remember *remember, const struct observe_sifted *sifted)
{
    if (remember == NULL) {
        return;
    }
    size_t ends = 4 * (sifted->context_count - remember->line_count); /* each with its port */
    size_t first = remember->value_count;
    if (!values_reserve(remember, sifted->count + sifted->ipv4_count + ends)) {
        remember->left_out += sifted->count + sifted->ipv4_count;
        return;
    }
    contexts_read(remember, sifted);
    for (size_t i = 0; i < sifted->ipv4_count; i++) {
        if (sifted->ipv4_places[i].context != OBSERVE_CONTEXT_NONE) {
            ipv4_join(remember, sifted->ipv4[i], sifted->ipv4_places[i]);
        }
    }
    for (size_t i = 0; i < sifted->count; i++) {
        const struct observation *observation = &sifted->observations[i];
        bool end = observation->kind == VALUE_IP_PORT &&
                   sifted->places[i].order == OBSERVE_ORDER_LAST; /* is in the context, too */
        if (!end) {
            observation_join(remember, observation, sifted->places[i]);
        }
    }
    if (!sifted->last) {
        keys_keep(remember, first);
        return;
    }
    lines_count(remember);
}

/* ---- lines that were read in full ---- */

static bool was_half(const struct watch_remember *remember, const struct observation *observation)
{
    uint64_t hash =
        kind_mix(hash_bytes_inline(remember->secret, observation->key), observation->kind);
    for (size_t i = 0; i < remember->half_count; i++) {
        if (remember->half[i] == hash) {
            return true;
        }
    }
    return false;
}

void watch_remember_line(struct watch_remember *remember, const struct observe_line *line)
{
    if (remember == NULL || line->count == 0) {
        return;
    }
    must(remember->line_count == 0);
    if (!values_reserve(remember, line->count)) {
        remember->left_out += line->count;
        return;
    }
    const struct observe_context context = {
        .stream = line->stream,
        .time = line->time,
        .sensor = line->sensor,
        .originator = line->originator,
        .responder = line->responder,
        .originator_port = (uint16_t)line->originator_port,
        .time_is_number = line->time_is_number,
        .outcome = line->outcome,
    };
    struct remember_line *at = &remember->lines[0];
    *at =
        (struct remember_line){ .context = &context, .read = line, .latest = REMEMBER_VALUE_NONE };
    remember_line_read(remember, at);
    remember_ends_find(remember, at);
    for (size_t i = 0; i < line->count; i++) {
        const struct observation *observation = &line->observations[i];
        if (remember->half_count == 0 || !was_half(remember, observation)) {
            const struct observe_place place = { .field = observation->field,
                                                 .order = (uint16_t)i };
            observation_join(remember, observation, place);
        }
    }
    line_timed(remember, at);
    if (at->count > WALK_COUNT_MAX) {
        leave_repeated(remember, at);
    }
    for (size_t i = 0; i < remember->value_count; i++) {
        value_count(remember, at, &remember->values[i]);
    }
    forget_lines(remember);
    remember->half_count = 0;
}

void watch_remember_half(struct watch_remember *remember, const struct observe_line *line)
{
    if (remember == NULL) {
        return;
    }
    for (size_t i = 0; i < line->count; i++) {
        const struct observation *observation = &line->observations[i];
        remember->half[i] =
            kind_mix(hash_bytes_inline(remember->secret, observation->key), observation->kind);
    }
    remember->half_count = line->count;
}

enum err watch_remember_end(struct watch_remember *remember, struct watch_result *result)
{
    result->first_s = UINT32_MAX;
    if (remember == NULL) {
        return ERR_OK;
    }
    remember_pairs_end(remember);
    result->first_s = remember->first_s;
    result->last_s = remember->last_s;
    uint64_t left_out = 0;
    buf_clear(&result->record);
    history_record_end(remember->writer, &result->record, &left_out);
    if (result->record.err != ERR_OK) {
        return op_fail(&result->op, ERR_LIMIT, "out of memory for what is remembered");
    }
    result->seen = buf_span(&result->record);
    result->counts[WATCH_COUNT_NOT_REMEMBERED] = remember->left_out + left_out;
    result->counts[WATCH_COUNT_ODD_TIME] = remember->odd_times;
    return ERR_OK;
}
