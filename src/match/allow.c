// SPDX-License-Identifier: EUPL-1.2
#include "match/allow.h"

/* ---- laying out ---- */

/* An origin's three names: the inside host, nothing, the list. */
enum err match_allow_list(struct match_builder *builder, const struct match_allow_list *list,
                          uint16_t *ret_number)
{
    const struct match_origin origin = { .source_id = list->inside, .set = list->name };
    return match_builder_origin(builder, &origin, ret_number);
}

/* The effects lie where an indicator has its label and its confidence. */
enum err match_allow_add(struct match_builder *builder, const struct match_allow_entry *entry)
{
    const struct match_indicator indicator = {
        .value = entry->value,
        .scope = entry->scope,
        .tlp = entry->effect,
        .confidence = entry->effect_below,
        .origin = entry->list,
        .has_uuid = entry->one_indicator,
        .uuid = entry->indicator,
        .valid_from_us = TIME_US_NONE,
        .valid_until_us = entry->valid_until_us,
    };
    return match_builder_add(builder, &indicator);
}

/* ---- asking ---- */

struct asking {
    const struct match_image *image;
    const struct match_allow_hit *hit;
    struct match_found *found;
    bool patterns; /* entries that are patterns count */
    struct match_allow_answer answer;
};

static bool speaks_of_indicator(const struct match_indicator *entry,
                                const struct match_allow_hit *hit)
{
    struct uuid uuid;
    const struct span prefix = SPAN("indicator--");
    if (!entry->has_uuid) {
        return true;
    }
    return span_starts_with(hit->indicator_id, prefix) &&
           uuid_parse(span_from(hit->indicator_id, prefix.size), &uuid) == ERR_OK &&
           uuid_equal(&uuid, &entry->uuid);
}

static void take(struct asking *asking, const struct match_found *found)
{
    struct match_indicator entry;
    struct match_origin list;
    match_indicator_at(asking->image, found->indicator, &entry);
    match_origin_at(asking->image, entry.origin, &list);
    const struct match_allow_hit *hit = asking->hit;
    bool in_time = entry.valid_until_us == TIME_US_NONE || hit->time_us < entry.valid_until_us;
    bool here = list.source_id.size == 0 || span_equal(list.source_id, hit->inside);
    if (found->rung == MATCH_RUNG_PATTERN && !asking->patterns) {
        return;
    }
    uint8_t effect = found->rung == MATCH_RUNG_SUBDOMAIN ? entry.confidence : entry.tlp;
    if (effect > asking->answer.effect && in_time && here && speaks_of_indicator(&entry, hit)) {
        asking->answer = (struct match_allow_answer){ .effect = effect, .list = list.set };
    }
}

static void ask_key(struct asking *asking, enum value_kind kind, struct span key)
{
    bool cut = false;
    size_t count = match_find(asking->image, kind, key, asking->found, &cut);
    for (size_t i = 0; i < count; i++) {
        take(asking, &asking->found[i]);
    }
}

static void ask_address(struct asking *asking, struct span key)
{
    ask_key(asking, key.size == VALUE_IPV4_SIZE ? VALUE_IPV4 : VALUE_IPV6, key);
}

/* A range that holds the first address and is no narrower holds them all. */
static void ask_range(struct asking *asking, struct span key)
{
    enum { HEAD_SIZE = 2 }; /* family and prefix length: see value/value.h */
    bool cut = false;
    struct span first = span_from(key, HEAD_SIZE);
    enum value_kind kind = first.size == VALUE_IPV4_SIZE ? VALUE_IPV4 : VALUE_IPV6;
    size_t count = match_find(asking->image, kind, first, asking->found, &cut);
    for (size_t i = 0; i < count; i++) {
        struct match_indicator entry;
        match_indicator_at(asking->image, asking->found[i].indicator, &entry);
        if (entry.value.kind == VALUE_CIDR && entry.value.key.data[1] <= key.data[1]) {
            take(asking, &asking->found[i]);
        }
    }
}

/* "host", "host/" and "host:8080/" say no more than the host. */
static void ask_host(struct asking *asking, struct span url)
{
    uint8_t key[VALUE_KEY_SIZE_MAX];
    ptrdiff_t slash = span_find(url, '/');
    bool has_path = slash != SPAN_NOT_FOUND && (size_t)slash + 1 < url.size;
    struct span host = slash == SPAN_NOT_FOUND ? url : span_slice(url, 0, (size_t)slash);
    if (has_path || span_find(url, '?') != SPAN_NOT_FOUND) {
        return;
    }
    ptrdiff_t colon = span_find_last(host, ':');
    bool bracketed = host.size > 0 && host.data[host.size - 1] == ']';
    if (colon != SPAN_NOT_FOUND && !bracketed) {
        host = span_slice(host, 0, (size_t)colon);
    }
    size_t size = value_key_address(host, key);
    if (size > 0) {
        ask_address(asking, span_make(key, size));
        return;
    }
    size = value_key_domain(host, key);
    if (size > 0) {
        ask_key(asking, VALUE_DOMAIN, span_make(key, size));
    }
}

static void ask_value(struct asking *asking, enum value_kind kind, struct span key)
{
    enum { PORT_SIZE = 2 };
    if (kind == VALUE_CIDR) {
        ask_range(asking, key);
        return;
    }
    ask_key(asking, kind, key);
    if (kind == VALUE_URL) {
        ask_host(asking, key);
    } else if (kind == VALUE_IP_PORT) {
        ask_address(asking, span_from(key, PORT_SIZE));
    }
}

struct match_allow_answer match_allow_ask(const struct match_image *image,
                                          struct match_found *found,
                                          const struct match_allow_hit *hit)
{
    struct asking asking = { .image = image, .hit = hit, .found = found, .patterns = true };
    const struct value *indicator = hit->indicator;
    ask_value(&asking, indicator->kind, indicator->key);
    bool same = indicator->kind == hit->observed_kind && span_equal(indicator->key, hit->observed);
    if (hit->observed_kind != VALUE_NONE && !same) {
        asking.patterns = false; /* an attacker chooses what is observed */
        ask_value(&asking, hit->observed_kind, hit->observed);
    }
    return asking.answer;
}
