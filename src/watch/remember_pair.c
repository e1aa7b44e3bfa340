// SPDX-License-Identifier: EUPL-1.2
/*
 * Hot path where there is a history: nearly all lines have two ends, and most of these were met a
 * moment ago. Lines with the same ends are counted together, and their addresses are looked up in
 * the record once for all of them. memcpy() of an address compiles to one store.
 */
#include <string.h>

#include "watch/remember_inner.h"

enum { ORIGINATOR = 0, RESPONDER = 1, ADDRESS_BITS = 32, PORT_BITS = 16 };

/* Which of the two ends of its packet opened the line's flow. */
static int client_of(const struct observe_context *context)
{
    struct span originator = context->originator;
    struct span responder = context->responder;
    const struct observe_end *ends = context->ends;
    if (originator.data == ends[ORIGINATOR].address.data &&
        responder.data == ends[RESPONDER].address.data) {
        return ORIGINATOR;
    }
    if (span_equal(originator, ends[ORIGINATOR].address) &&
        span_equal(responder, ends[RESPONDER].address)) {
        return ORIGINATOR;
    }
    bool back = span_equal(originator, ends[RESPONDER].address) &&
                span_equal(responder, ends[ORIGINATOR].address);
    return back ? RESPONDER : -1;
}

static bool end_fits(const struct observe_end *end)
{
    return end->ipv4_known || end->address.size == 0;
}

static bool ends_fit(const struct remember_line *line)
{
    const struct observe_end *ends = line->context->ends;
    return !line->apart && line->timed && end_fits(&ends[ORIGINATOR]) &&
           end_fits(&ends[RESPONDER]) &&
           (ends[ORIGINATOR].ipv4_known || ends[RESPONDER].ipv4_known);
}

/* ---- into the record ---- */

static uint32_t address_at(const struct remember_pair *pair, int end)
{
    return (uint32_t)(end == ORIGINATOR ? pair->key.ends >> ADDRESS_BITS : pair->key.ends);
}

static void end_add(struct watch_remember *remember, const struct remember_pair *pair,
                    struct span key, size_t end)
{
    struct history_seen seen = {
        .host = pair->host,
        .way = pair->ways[end],
        .first_s = pair->first_s,
        .last_s = pair->last_s,
        .count = pair->count,
    };
    const uint32_t client = htobe32(address_at(pair, 1 - pair->server));
    struct span own = span_make((const uint8_t *)&client, pair->assumed ? sizeof client : 0);
    remember_key_add(remember, own, key.size == VALUE_IPV4_SIZE ? VALUE_IPV4 : VALUE_IP_PORT, key,
                     &seen);
}

static void pair_end(struct watch_remember *remember, struct remember_pair *pair)
{
    uint8_t keys[2][VALUE_IPV4_SIZE];
    uint8_t with_port[VALUE_IPV4_PORT_SIZE];
    if (pair->count == 0) {
        return;
    }
    const uint32_t addresses[2] = { address_at(pair, ORIGINATOR), address_at(pair, RESPONDER) };
    bool same = pair->has[ORIGINATOR] && pair->has[RESPONDER] &&
                addresses[ORIGINATOR] == addresses[RESPONDER];
    for (size_t i = 0; i < 2; i++) {
        uint32_t key = htobe32(addresses[i]);
        memcpy(keys[i], &key, sizeof key); /* one store */
        if (pair->has[i] && !(same && i != pair->first)) {
            end_add(remember, pair, span_make(keys[i], VALUE_IPV4_SIZE), i);
        }
    }
    if (pair->port != 0) {
        size_t size = value_key_ip_port(span_make(keys[pair->server], VALUE_IPV4_SIZE), pair->port,
                                        with_port);
        end_add(remember, pair, span_make(with_port, size), pair->server);
    }
    pair->count = 0;
}

void remember_pairs_end(struct watch_remember *remember)
{
    for (size_t i = 0; i < remember->pair_count; i++) {
        pair_end(remember, &remember->pairs[remember->pairs_used[i]]);
    }
    remember->pair_count = 0;
}

/* ---- lines ---- */

/* The port of the server, where its address with that is kept: not where it is the client's, too.
 */
static uint16_t port_of(const struct watch_remember *remember, const struct observe_end *ends,
                        int client)
{
    const struct observe_end *server = &ends[1 - client];
    bool same = ends[client].ipv4_known && server->port == ends[client].port &&
                server->ipv4 == ends[client].ipv4;
    bool kept = (remember->kinds >> VALUE_IP_PORT & 1) != 0 && server->ipv4_known && !same;
    return kept ? server->port : 0;
}

static bool originator_first(const struct observe_end *ends)
{
    return ends[ORIGINATOR].order < ends[RESPONDER].order;
}

static struct remember_pair_key key_of(const struct watch_remember *remember,
                                       const struct remember_line *line, int client)
{
    const struct observe_end *ends = line->context->ends;
    const bool has[2] = { ends[ORIGINATOR].ipv4_known, ends[RESPONDER].ipv4_known };
    const uint64_t hour = line->second / HISTORY_HOUR_S;
    const unsigned what = (unsigned)client << 3 |
                          (originator_first(ends) ? 1u : 0u) << 2 | /* bits */
                          (has[ORIGINATOR] ? 1u : 0u) << 1 | (has[RESPONDER] ? 1u : 0u);
    return (struct remember_pair_key){
        .manner = line->manner ^ (uint64_t)what << 1, /* stays odd */
        .ends = (uint64_t)(has[ORIGINATOR] ? ends[ORIGINATOR].ipv4 : 0) << ADDRESS_BITS |
                (has[RESPONDER] ? ends[RESPONDER].ipv4 : 0),
        .rest = hour << PORT_BITS | port_of(remember, ends, client),
    };
}

static uint16_t pair_place(const struct remember_pair_key *key)
{
    const uint64_t odd = 0x9E3779B97F4A7C15u; /* nobody gains by a collision but his own delay */
    uint64_t hash = (key->ends ^ key->manner) * odd;
    hash = ((hash ^ hash >> 32) + key->rest) * odd; /* half of its bits */
    return (uint16_t)((hash >> 32) % REMEMBER_PAIR_COUNT);
}

bool remember_pair_begin(struct watch_remember *remember, const struct remember_line *line,
                         struct remember_pair_line *ret)
{
    const struct observe_context *context = line->context;
    const int client = ends_fit(line) ? client_of(context) : -1;
    if (client < 0 || context->ends[client].port != context->originator_port) {
        return false;
    }
    ret->key = key_of(remember, line, client);
    ret->place = pair_place(&ret->key);
    remember_host_ahead(remember, line->context->ends[ORIGINATOR].ipv4);
    remember_host_ahead(remember, line->context->ends[RESPONDER].ipv4);
    __builtin_prefetch(&remember->pairs[ret->place]);
    __builtin_prefetch(
        &remember->pairs[ret->place].ways); /* perhaps in another line of the cache */
    return true;
}

/* A pair of which nothing is counted yet. */
static void pair_put(struct watch_remember *remember, struct remember_line *line,
                     const struct remember_pair_line *at)
{
    const struct observe_end *ends = line->context->ends;
    const int client = client_of(line->context);
    const struct observe_end *const by_opening[2] = { &ends[client], &ends[1 - client] };
    struct remember_pair *pair = &remember->pairs[at->place];
    remember_ends_find_ipv4(remember, line, by_opening);
    *pair = (struct remember_pair){
        .key = at->key,
        .age = remember->age,
        .first_s = line->second,
        .last_s = line->second,
        .host = line->host,
        .port = port_of(remember, ends, client),
        .has = { ends[ORIGINATOR].ipv4_known, ends[RESPONDER].ipv4_known },
        .server = (uint8_t)(1 - client),
        .first = originator_first(ends) ? ORIGINATOR : RESPONDER,
        .direction = (uint8_t)line->direction,
        .assumed = line->assumed,
    };
    for (size_t i = 0; i < 2; i++) {
        if (pair->has[i]) {
            pair->ways[i] = remember_way_find(remember, line, ends[i].field);
        }
    }
}

void remember_pair_add(struct watch_remember *remember, struct remember_line *line,
                       const struct remember_pair_line *at)
{
    struct remember_pair *place = &remember->pairs[at->place];
    const struct remember_pair_key *key = &at->key;
    bool used = place->age == remember->age;
    if (!used || place->key.manner != key->manner || place->key.ends != key->ends ||
        place->key.rest != key->rest) {
        if (used) {
            pair_end(remember, place);
        } else {
            remember->pairs_used[remember->pair_count] = at->place;
            remember->pair_count++;
        }
        pair_put(remember, line, at);
    }
    line->host = place->host;
    line->direction = (enum rank_direction)place->direction;
    line->assumed = place->assumed;
    place->first_s = line->second < place->first_s ? line->second : place->first_s;
    place->last_s = line->second > place->last_s ? line->second : place->last_s;
    place->count++;
}
