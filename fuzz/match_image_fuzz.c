// SPDX-License-Identifier: EUPL-1.2
// links: match value base
/*
 * Bytes as an index image, past its checksum. What is opened answers without reading beyond its
 * bytes, says the same when asked again, and has as candidates all that it finds.
 *
 * The first byte chooses: 0, the rest is the image; else, the rest is damage to a good image, three
 * bytes each (two of place, one to combine).
 */
#include "base/memory.h"
#include "tests/match/model.h"

enum {
    OP_MEMORY_MAX = 16 * 1024 * 1024,
    IMAGE_SIZE_MAX = 1024 * 1024,
    INDICATORS_ASKED_MAX = 300,
    DAMAGE_SIZE = 3,
    DICE_SIZE = 1200,
    WORLD_SIZE = 60, /* indicators of the image that is damaged */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t spans_read(const struct match_indicator *indicator, const struct match_origin *origin)
{
    const struct span spans[] = { indicator->value.key, indicator->value.scheme, origin->source_id,
                                  origin->source, origin->set };
    size_t sum = 0;
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        for (size_t k = 0; k < spans[i].size; k++) {
            sum += spans[i].data[k];
        }
    }
    return sum;
}

static void ask(const struct match_image *image, enum value_kind kind, struct span key)
{
    static struct match_found first[MATCH_FOUND_COUNT_MAX];
    static struct match_found again[MATCH_FOUND_COUNT_MAX];
    static struct match_batch batch;
    static uint32_t candidates[MATCH_BATCH_CANDIDATES_MAX];
    bool first_cut = false;
    bool again_cut = false;
    size_t count = match_find(image, kind, key, first, &first_cut);
    must(count <= MATCH_FOUND_COUNT_MAX);
    must(match_find(image, kind, key, again, &again_cut) == count);
    must(first_cut == again_cut);
    for (size_t i = 0; i < count; i++) {
        must(first[i].indicator < match_image_count(image, VALUE_NONE));
        must(first[i].indicator == again[i].indicator);
    }
    match_batch_begin(&batch, image, candidates, MATCH_BATCH_CANDIDATES_MAX);
    match_batch_add(&batch, kind, key, 1);
    match_batch_flush(&batch);
    must(count == 0 || batch.candidate_count > 0);
}

static void ask_for_indicator(const struct match_image *image, const struct value *value)
{
    if (value->kind != VALUE_CIDR) {
        ask(image, value->kind, value->key);
        return;
    }
    bool is_ipv4 = value->key.size == VALUE_CIDR_IPV4_SIZE;
    ask(image, is_ipv4 ? VALUE_IPV4 : VALUE_IPV6, span_from(value->key, 2)); /* its first address */
}

static void image_try(struct op *op, const struct model *model, struct span bytes)
{
    struct match_image *image = NULL;
    if (match_image_open_unchecked(op, bytes, &image) != ERR_OK) {
        must(op->fault.err != ERR_OK);
        return;
    }
    size_t sum = 0;
    size_t count = match_image_count(image, VALUE_NONE);
    count = count > INDICATORS_ASKED_MAX ? INDICATORS_ASKED_MAX : count;
    for (uint32_t i = 0; i < count; i++) {
        struct match_indicator indicator;
        struct match_origin origin;
        match_indicator_at(image, i, &indicator);
        match_origin_at(image, indicator.origin, &origin);
        sum += spans_read(&indicator, &origin);
        ask_for_indicator(image, &indicator.value);
    }
    for (size_t i = 0; i < model->count; i++) {
        ask_for_indicator(image, &model->items[i].value);
    }
    must(sum < SIZE_MAX);
    match_image_close(image);
}

/* The same world in every run, with something of everything. */
static void dice_fill(uint8_t dice[DICE_SIZE], const struct hash_secret *secret)
{
    for (uint16_t i = 0; i < DICE_SIZE; i++) {
        dice[i] = (uint8_t)hash_bytes(secret, span_make(&i, sizeof i));
    }
    dice[1] = WORLD_SIZE;
    dice[2] = 1; /* with patterns */
}

static void damage(uint8_t *bytes, size_t size, struct span changes)
{
    for (size_t at = 0; at + DAMAGE_SIZE <= changes.size; at += DAMAGE_SIZE) {
        size_t place = (size_t)changes.data[at] << 8 | changes.data[at + 1];
        bytes[place % size] ^= changes.data[at + 2];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t dice[DICE_SIZE];
    static const struct hash_secret secret = { .bytes = { 1, 2, 3, 5, 8, 13, 21, 34, 55, 89 } };
    const struct actor actor = { .name = SPAN("fuzz") };
    struct op op;
    if (size == 0 || size > IMAGE_SIZE_MAX) {
        return 0;
    }
    op_begin(&op, &actor, OP_MEMORY_MAX);
    dice_fill(dice, &secret);
    struct model *model = model_make(&op, span_make(dice, sizeof dice));
    const struct span rest = span_make(data + 1, size - 1);
    if (data[0] == 0) {
        uint8_t *copy = memory_new(rest.size); /* aligned, and exactly as large */
        must(copy != NULL);
        span_copy(copy, rest.size, rest);
        image_try(&op, model, span_make(copy, rest.size));
        memory_free(copy);
    } else {
        struct buf image;
        must(model_build(model, &secret, &image) == ERR_OK);
        damage(image.data, image.size, rest);
        image_try(&op, model, buf_span(&image));
        buf_done(&image);
    }
    op_end(&op);
    return 0;
}
