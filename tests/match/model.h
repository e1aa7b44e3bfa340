// SPDX-License-Identifier: EUPL-1.2
/*
 * A small world made from bytes, the same world kept as a plain list, and whether the index agrees
 * with the list. The model test makes the bytes at random, the fuzz target gets them from outside.
 * The list knows nothing of hashes, chains or intervals: it compares every value with every one.
 */
#ifndef TESTS_MATCH_MODEL_H
#define TESTS_MATCH_MODEL_H

#include "base/must.h"
#include "match/image.h"
#include "tests/match/rungs.h"

enum {
    MODEL_INDICATORS_MAX = 200,
    MODEL_QUERIES_MAX = 200,
    MODEL_ORIGINS_MAX = 4,
    MODEL_TEXT_SIZE_MAX = 256,
    MODEL_FALSE_MAX = 2, /* a tag of 32 bits may err, but not often */
};

struct model {
    struct op *op;
    struct span dice; /* what decides; zeros once it is used up */
    struct match_indicator items[MODEL_INDICATORS_MAX];
    size_t count;
    uint16_t origin_count;
    bool has_patterns; /* not in every world: compiling them takes its time */
};

/* A number below `sides`. */
static unsigned model_roll(struct model *model, unsigned sides)
{
    if (model->dice.size == 0) {
        return 0;
    }
    unsigned byte = model->dice.data[0];
    model->dice = span_from(model->dice, 1);
    return byte % sides;
}

static struct span model_text(struct model *model, const char *const *words, size_t word_count,
                              const char *between)
{
    uint8_t *text = op_alloc(model->op, MODEL_TEXT_SIZE_MAX);
    must(text != NULL);
    struct buf buf = { .data = text,
                       .capacity = MODEL_TEXT_SIZE_MAX,
                       .size_max = MODEL_TEXT_SIZE_MAX };
    size_t parts = 1 + model_roll(model, 5);
    if (model_roll(model, 40) == 1) { /* seldom, a name of as many labels as there can be */
        parts = MATCH_DEPTH_MAX;
        word_count = 1;
    }
    for (size_t i = 0; i < parts; i++) {
        buf_add(&buf, span_of(i == 0 ? "" : between));
        buf_add(&buf, span_of(words[model_roll(model, (unsigned)word_count)]));
    }
    return buf_span(&buf);
}

static struct span model_bytes(struct model *model, size_t size, bool varied)
{
    static const uint8_t choices[] = { 0, 0, 10, 127, 128, 255 };
    uint8_t *bytes = op_alloc(model->op, size);
    must(bytes != NULL);
    uint8_t byte = 0;
    for (size_t i = 0; i < size; i++) {
        if (varied || i == 0) {
            byte = choices[model_roll(model, sizeof choices)];
        }
        bytes[i] = byte;
    }
    return span_make(bytes, size);
}

static struct span model_range(struct model *model)
{
    size_t size = model_roll(model, 3) == 0 ? VALUE_IPV6_SIZE : VALUE_IPV4_SIZE;
    struct span address = model_bytes(model, size, true);
    uint8_t *key = op_alloc(model->op, size + 2);
    must(key != NULL);
    unsigned prefix = model_roll(model, (unsigned)size * 8 + 1);
    key[0] = size == VALUE_IPV6_SIZE ? 6 : 4;
    key[1] = (uint8_t)prefix;
    for (unsigned bit = 0; bit < prefix; bit++) {
        key[2 + bit / 8] |= (uint8_t)(address.data[bit / 8] & 0x80 >> bit % 8);
    }
    return span_make(key, size + 2);
}

/* The size of the keys of a kind that are bytes of one size; 0 for the others. */
static size_t model_key_size(enum value_kind kind)
{
    static const size_t sizes[VALUE_KIND_COUNT] = {
        [VALUE_IPV4] = VALUE_IPV4_SIZE,      [VALUE_IPV6] = VALUE_IPV6_SIZE,
        [VALUE_MD5] = VALUE_MD5_SIZE,        [VALUE_SHA1] = VALUE_SHA1_SIZE,
        [VALUE_SHA256] = VALUE_SHA256_SIZE,  [VALUE_SHA512] = VALUE_SHA512_SIZE,
        [VALUE_JA3] = VALUE_MD5_SIZE,        [VALUE_JA3S] = VALUE_MD5_SIZE,
        [VALUE_JA4] = VALUE_JA4_SIZE,        [VALUE_HASSH] = VALUE_MD5_SIZE,
        [VALUE_CERT_SHA1] = VALUE_SHA1_SIZE, [VALUE_CERT_SHA256] = VALUE_SHA256_SIZE,
        [VALUE_ASN] = VALUE_ASN_SIZE,
    };
    return sizes[kind];
}

/* Texts that meet each other on many rungs. */
static struct span model_url(struct model *model)
{
    static const char *const words[] = { "a", "B", "%5B", "[", "%25", "5b",
                                         "?", "&", "%3F", "b", "%20", "/" };
    return model_text(model, words, sizeof words / sizeof words[0],
                      model_roll(model, 2) == 0 ? "/" : "");
}

static struct value model_value(struct model *model, bool observed)
{
    static const char *const words[] = { "a", "b", "com", "x-1" };
    struct value value = { .kind = 1 + model_roll(model, VALUE_KIND_COUNT - 1) };
    if (observed && value.kind == VALUE_CIDR) {
        value.kind = VALUE_IPV4;
    }
    bool address = value.kind == VALUE_IPV4 || value.kind == VALUE_IPV6;
    switch (value.kind) {
    case VALUE_CIDR:
        value.key = model_range(model);
        break;
    case VALUE_IP_PORT:
        value.key = model_bytes(
            model, model_roll(model, 2) == 0 ? VALUE_IPV4_PORT_SIZE : VALUE_IPV6_PORT_SIZE, false);
        break;
    case VALUE_URL: /* some are equal to a domain, byte for byte */
        value.scheme = model_roll(model, 2) == 0 ? SPAN("http") : SPAN("");
        value.key = model_roll(model, 3) == 0 ? model_text(model, words, 4, ".") : model_url(model);
        break;
    case VALUE_DOMAIN:
    case VALUE_EMAIL:
    case VALUE_USER_AGENT:
    case VALUE_FILE_NAME:
        value.key = model_text(model, words, 4, ".");
        break;
    default:
        value.key = model_bytes(model, model_key_size(value.kind), address);
        break;
    }
    return value;
}

/* A scope that the kind can have, but for patterns. */
static enum value_scope model_scope(struct model *model, const struct value *value)
{
    enum value_scope scope = model_roll(model, VALUE_SCOPE_LIKE);
    bool fits = value_scope_fits(value->kind, scope) &&
                (scope != VALUE_SCOPE_PREFIX || value_url_prefix_fits(value->key));
    return fits ? scope : VALUE_SCOPE_EXACT;
}

/* Makes a pattern of an item. */
static void model_pattern(struct model *model, struct match_indicator *item)
{
    static const char *const likes[] = { "%a%", "a%", "%b", "_", "a_b%", "http://%", "%.com" };
    static const char *const regexes[] = { "^a",          "b$",      "a.+b",      "([ab])\\1",
                                           "^https?://b", "a.b",     "(?!a)[b/]", "a[^.]{0,40}b",
                                           "%5B",         "x-1.*com" };
    bool like = model_roll(model, 2) == 0;
    item->scope = like ? VALUE_SCOPE_LIKE : VALUE_SCOPE_REGEX;
    item->value.key =
        span_of(like ? likes[model_roll(model, sizeof likes / sizeof likes[0])]
                     : regexes[model_roll(model, sizeof regexes / sizeof regexes[0])]);
    item->value.scheme = SPAN("");
}

static bool model_is_pattern(const struct match_indicator *item)
{
    return item->scope == VALUE_SCOPE_LIKE || item->scope == VALUE_SCOPE_REGEX;
}

static void model_item_make(struct model *model)
{
    struct match_indicator item = {
        .value = model_value(model, false),
        .tlp = (uint8_t)model_roll(model, 5),
        .confidence = (uint8_t)model_roll(model, 101),
        .origin = (uint16_t)model_roll(model, model->origin_count),
        .has_uuid = model_roll(model, 2) == 0,
        .valid_from_us = model_roll(model, 2) == 0 ? TIME_US_NONE : TIME_US_MAX,
        .valid_until_us = model_roll(model, 2) == 0 ? TIME_US_NONE : TIME_US_MIN,
    };
    if (item.has_uuid) {
        item.uuid.bytes[0] = (uint8_t)model_roll(model, 256);
        item.uuid.bytes[UUID_SIZE - 1] = (uint8_t)model->count;
    }
    if (model->count > 0 && model_roll(model, 4) == 0) { /* the same value from somewhere else */
        const struct match_indicator *other =
            &model->items[model_roll(model, (unsigned)model->count)];
        item.value = other->value;
        item.scope = other->scope;
    }
    if (!model_is_pattern(&item)) {
        item.scope = model_scope(model, &item.value);
    }
    if (model->has_patterns && value_scope_fits(item.value.kind, VALUE_SCOPE_LIKE) &&
        model_roll(model, 3) == 0) {
        model_pattern(model, &item);
    }
    model->items[model->count] = item;
    model->count++;
}

static bool model_covers(struct span range, struct span address)
{
    if (range.size != address.size + 2) {
        return false;
    }
    for (unsigned bit = 0; bit < range.data[1]; bit++) {
        unsigned differs = range.data[2 + bit / 8] ^ address.data[bit / 8];
        if ((differs & 0x80u >> bit % 8) != 0) {
            return false;
        }
    }
    return true;
}

struct model_answer {
    struct match_found found[MODEL_INDICATORS_MAX];
    size_t count;
};

static void model_answer_add(struct model_answer *answer, size_t item, enum match_rung rung)
{
    answer->found[answer->count] = (struct match_found){ (uint32_t)item, rung };
    answer->count++;
}

static void model_find_key(const struct model *model, struct value asked, enum match_rung rung,
                           struct model_answer *answer)
{
    const enum value_scope refused =
        rung == MATCH_RUNG_EXACT ? VALUE_SCOPE_SUBDOMAINS_ONLY : VALUE_SCOPE_EXACT;
    for (size_t i = 0; i < model->count; i++) {
        const struct match_indicator *item = &model->items[i];
        if (item->value.kind != asked.kind || !span_equal(item->value.key, asked.key)) {
            continue;
        }
        if (!model_is_pattern(item) && (asked.kind != VALUE_DOMAIN || item->scope != refused)) {
            model_answer_add(answer, i, rung);
        }
    }
}

/* The rungs of URLs in the order in which they are found; longer prefixes come first. */
static void model_find_url(const struct model *model, struct span key, struct model_answer *answer)
{
    static const enum value_scope scopes[] = { VALUE_SCOPE_EXACT, VALUE_SCOPE_CASELESS,
                                               VALUE_SCOPE_ANY_QUERY };
    static bool met[MODEL_INDICATORS_MAX];
    static enum match_rung rungs[MODEL_INDICATORS_MAX];
    static size_t sizes[MODEL_INDICATORS_MAX]; /* of plain forms */
    static struct rungs_text plain;
    for (size_t i = 0; i < model->count; i++) {
        const struct match_indicator *item = &model->items[i];
        met[i] = item->value.kind == VALUE_URL && !model_is_pattern(item) &&
                 rungs_url(item, key, &rungs[i]);
        rungs_plain(item->value.key, &plain);
        sizes[i] = plain.size;
    }
    /* Of those without a scope of their own: the URL itself, then those written as its plain form,
     * then the others. */
    rungs_plain(key, &plain);
    for (size_t pass = 0; pass < 3; pass++) { /* these three */
        for (size_t i = 0; i < model->count; i++) {
            const struct match_indicator *item = &model->items[i];
            size_t own = span_equal(item->value.key, key)                  ? 0
                         : span_equal(item->value.key, rungs_span(&plain)) ? 1
                                                                           : 2;
            if (met[i] && item->scope == scopes[0] && own == pass) {
                model_answer_add(answer, i, rungs[i]);
            }
        }
    }
    for (size_t scope = 1; scope < sizeof scopes / sizeof scopes[0]; scope++) {
        for (size_t i = 0; i < model->count; i++) {
            if (met[i] && model->items[i].scope == scopes[scope]) {
                model_answer_add(answer, i, rungs[i]);
            }
        }
    }
    for (size_t size = RUNGS_TEXT_SIZE_MAX; size > 0; size--) {
        for (size_t i = 0; size <= MODEL_TEXT_SIZE_MAX && i < model->count; i++) {
            if (met[i] && model->items[i].scope == VALUE_SCOPE_PREFIX && sizes[i] == size) {
                model_answer_add(answer, i, rungs[i]);
            }
        }
    }
}

static void model_find_patterns(const struct model *model, struct value asked,
                                struct model_answer *answer)
{
    for (size_t i = 0; i < model->count; i++) {
        const struct match_indicator *item = &model->items[i];
        if (item->value.kind == asked.kind && model_is_pattern(item) &&
            rungs_pattern(item, asked.key)) {
            model_answer_add(answer, i, MATCH_RUNG_PATTERN);
        }
    }
}

static void model_find_ranges(const struct model *model, struct span address,
                              struct model_answer *answer)
{
    for (int prefix = 128; prefix >= 0; prefix--) {
        for (size_t i = 0; i < model->count; i++) {
            const struct value *value = &model->items[i].value;
            if (value->kind == VALUE_CIDR && value->key.data[1] == prefix &&
                model_covers(value->key, address)) {
                model_answer_add(answer, i, MATCH_RUNG_RANGE);
            }
        }
    }
}

static void model_find(const struct model *model, struct value asked, struct model_answer *answer)
{
    struct value above = asked;
    answer->count = 0;
    if (asked.kind == VALUE_URL) {
        model_find_url(model, asked.key, answer);
    } else {
        model_find_key(model, asked, MATCH_RUNG_EXACT, answer);
    }
    if (asked.kind == VALUE_IPV4 || asked.kind == VALUE_IPV6) {
        model_find_ranges(model, asked.key, answer);
    }
    while (asked.kind == VALUE_DOMAIN && span_find(above.key, '.') != SPAN_NOT_FOUND) {
        above.key = span_from(above.key, (size_t)span_find(above.key, '.') + 1);
        model_find_key(model, above, MATCH_RUNG_SUBDOMAIN, answer);
    }
    model_find_patterns(model, asked, answer);
}

static enum err model_build(struct model *model, const struct hash_secret *secret, struct buf *ret)
{
    struct match_builder *builder = NULL;
    TRY(match_builder_new(model->op, secret, model->count, &builder));
    enum err err = ERR_OK;
    for (uint16_t i = 0; i < model->origin_count && err == ERR_OK; i++) {
        const uint8_t letter = (uint8_t)('a' + i);
        const struct match_origin origin = { .source_id = SPAN("identity--model"),
                                             .source = span_make(&letter, 1),
                                             .set = i == 0 ? SPAN("") : SPAN("set") };
        uint16_t number;
        err = match_builder_origin(builder, &origin, &number);
    }
    for (size_t i = 0; i < model->count && err == ERR_OK; i++) {
        err = match_builder_add(builder, &model->items[i]);
    }
    if (err == ERR_OK) {
        err = match_builder_finish(builder, ret);
    }
    match_builder_free(builder);
    return err;
}

static bool model_item_same(const struct match_indicator *a, const struct match_indicator *b)
{
    return a->value.kind == b->value.kind && span_equal(a->value.key, b->value.key) &&
           span_equal(a->value.scheme, b->value.scheme) && a->scope == b->scope &&
           a->tlp == b->tlp && a->confidence == b->confidence && a->origin == b->origin &&
           a->has_uuid == b->has_uuid && uuid_equal(&a->uuid, &b->uuid) &&
           a->valid_from_us == b->valid_from_us && a->valid_until_us == b->valid_until_us;
}

static const char *model_compare_items(const struct model *model, const struct match_image *image)
{
    size_t counts[VALUE_KIND_COUNT] = { model->count };
    for (size_t i = 0; i < model->count; i++) {
        struct match_indicator got;
        match_indicator_at(image, (uint32_t)i, &got);
        if (!model_item_same(&got, &model->items[i])) {
            return "an indicator came back changed";
        }
        counts[got.value.kind]++;
    }
    for (enum value_kind kind = VALUE_NONE; kind < VALUE_KIND_COUNT; kind++) {
        if (match_image_count(image, kind) != counts[kind]) {
            return "the count of a kind is wrong";
        }
    }
    for (uint16_t i = 0; i < model->origin_count; i++) {
        struct match_origin origin;
        match_origin_at(image, i, &origin);
        if (!span_equal(origin.source_id, SPAN("identity--model")) || origin.source.size != 1 ||
            origin.source.data[0] != 'a' + i ||
            !span_equal(origin.set, i == 0 ? SPAN("") : SPAN("set"))) {
            return "an origin came back changed";
        }
    }
    return NULL;
}

/* What a run of queries says, and what it must say. */
struct model_queries {
    bool met[MODEL_QUERIES_MAX];
    bool rough[MODEL_QUERIES_MAX]; /* patterns let through more than fits them */
    uint32_t candidates[MODEL_QUERIES_MAX * 2 + MATCH_BATCH_CANDIDATES_MAX];
    struct match_batch batch;
    struct match_found found[MATCH_FOUND_COUNT_MAX];
    struct model_answer answer;
};

static const char *model_compare_candidates(const struct model_queries *queries, size_t count)
{
    bool is_candidate[MODEL_QUERIES_MAX] = { false };
    size_t false_count = 0;
    for (size_t i = 0; i < queries->batch.candidate_count; i++) {
        uint32_t mark = queries->candidates[i];
        is_candidate[mark] = true;
        false_count += queries->met[mark] || queries->rough[mark] ? 0 : 1;
    }
    for (size_t i = 0; i < count; i++) {
        if (queries->met[i] && !is_candidate[i]) {
            return "a value that is in the list was no candidate";
        }
    }
    return false_count > MODEL_FALSE_MAX ? "candidates that are in no list" : NULL;
}

static const char *model_compare_answers(struct model *model, const struct match_image *image,
                                         struct model_queries *queries)
{
    const size_t count = 1 + model_roll(model, MODEL_QUERIES_MAX);
    match_batch_begin(&queries->batch, image, queries->candidates,
                      sizeof queries->candidates / sizeof queries->candidates[0]);
    for (uint32_t i = 0; i < count; i++) {
        const struct value asked = model_value(model, true);
        bool cut = false;
        size_t found_count = match_find(image, asked.kind, asked.key, queries->found, &cut);
        model_find(model, asked, &queries->answer);
        if (cut || found_count != queries->answer.count) {
            return "another number of indicators was found";
        }
        for (size_t k = 0; k < found_count; k++) {
            if (queries->found[k].indicator != queries->answer.found[k].indicator ||
                queries->found[k].rung != queries->answer.found[k].rung) {
                return "other indicators were found, or in another order";
            }
        }
        queries->met[i] = found_count > 0;
        queries->rough[i] = (image->pattern_kinds >> asked.kind & 1) != 0;
        match_batch_add(&queries->batch, asked.kind, asked.key, i);
    }
    match_batch_flush(&queries->batch);
    return model_compare_candidates(queries, count);
}

static const char *model_compare(struct model *model, const struct match_image *image)
{
    struct model_queries *queries = op_alloc(model->op, sizeof *queries);
    must(queries != NULL);
    const char *difference = model_compare_items(model, image);
    return difference != NULL ? difference : model_compare_answers(model, image, queries);
}

/* Make a world from `dice`; the model lives in the op. */
static struct model *model_make(struct op *op, struct span dice)
{
    struct model *model = op_alloc(op, sizeof *model);
    must(model != NULL);
    model->op = op;
    model->dice = dice;
    model->origin_count = (uint16_t)(1 + model_roll(model, MODEL_ORIGINS_MAX));
    const size_t count = model_roll(model, MODEL_INDICATORS_MAX + 1);
    model->has_patterns = model_roll(model, 8) == 1; /* one world in so many */
    while (model->count < count) {
        model_item_make(model);
    }
    return model;
}

/* Whether index and list agree about the world made from `dice`: NULL, or what differs. */
__attribute__((unused)) static const char *model_check(struct op *op,
                                                       const struct hash_secret *secret,
                                                       struct span dice)
{
    struct model *model = model_make(op, dice);
    struct buf first;
    struct buf second;
    must(model_build(model, secret, &first) == ERR_OK);
    must(model_build(model, secret, &second) == ERR_OK);
    const char *difference = NULL;
    if (!span_equal(buf_span(&first), buf_span(&second))) {
        difference = "the same indicators gave another image";
    }
    struct match_image *image = NULL;
    must(match_image_open(op, buf_span(&first), &image) == ERR_OK);
    if (difference == NULL) {
        difference = model_compare(model, image);
    }
    match_image_close(image);
    buf_done(&first);
    buf_done(&second);
    return difference;
}

#endif
