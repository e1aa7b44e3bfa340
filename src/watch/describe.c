// SPDX-License-Identifier: EUPL-1.2
#include "watch/describe.h"

#include "base/must.h"
#include "base/text.h"
#include "store/store.h"

enum { SOURCES_COUNTED_MAX = 16 /* of those that name one value; more say nothing more */ };

enum err describe_text(struct op *op, struct span text, struct span *ret)
{
    enum { REPAIRED_SIZE_MAX = 3 }; /* bytes that one byte becomes at most */
    struct buf repaired;
    buf_init(&repaired, REPAIRED_SIZE_MAX * FOLD_TEXT_SIZE_MAX);
    text_add_repaired(&repaired, fold_text_cut(text));
    enum err err = op_copy(op, fold_text_cut(buf_span(&repaired)), ret);
    buf_done(&repaired);
    return err;
}

enum err describe_id(struct op *op, const struct match_image *image,
                     const struct match_indicator *indicator, struct span *ret)
{
    if (!indicator->has_uuid) {
        struct match_origin origin;
        match_origin_at(image, indicator->origin, &origin);
        return store_member_id(op, origin.source_id, origin.set, &indicator->value, ret);
    }
    struct buf text;
    buf_init(&text, sizeof "indicator--" + UUID_TEXT_SIZE);
    buf_add(&text, SPAN("indicator--"));
    uuid_add(&text, &indicator->uuid);
    enum err err = op_copy(op, buf_span(&text), ret);
    buf_done(&text);
    return err;
}

enum err describe_fold(struct op *op, const struct match_image *image,
                       const struct match_indicator *indicator, struct fold *fold)
{
    struct match_origin origin;
    struct buf text;
    match_origin_at(image, indicator->origin, &origin);
    fold->kind = indicator->value.kind;
    fold->tlp = indicator->tlp;
    fold->confidence = indicator->confidence;
    TRY(describe_id(op, image, indicator, &fold->indicator));
    TRY(op_copy(op, origin.source, &fold->source));
    buf_init(&text, VALUE_TEXT_SIZE_MAX);
    value_add_text(&text, &indicator->value);
    enum err err = op_copy(op, buf_span(&text), &fold->value);
    buf_done(&text);
    return err;
}

bool describe_is_valid(const struct match_indicator *indicator, int64_t time_us)
{
    return indicator->valid_until_us == TIME_US_NONE || time_us < indicator->valid_until_us;
}

uint8_t describe_sources(const struct match_image *image, const struct match_found *found,
                         size_t count, int64_t time_us)
{
    struct span sources[SOURCES_COUNTED_MAX];
    size_t known = 0;
    for (size_t i = 0; i < count && known < SOURCES_COUNTED_MAX; i++) {
        struct match_indicator indicator;
        struct match_origin origin;
        match_indicator_at(image, found[i].indicator, &indicator);
        match_origin_at(image, indicator.origin, &origin);
        size_t at = 0;
        while (at < known && !span_equal(sources[at], origin.source_id)) {
            at++;
        }
        if (at == known && describe_is_valid(&indicator, time_us)) {
            sources[known] = origin.source_id;
            known++;
        }
    }
    return (uint8_t)known;
}

enum rank_rung describe_rung(enum match_rung rung)
{
    static const enum rank_rung rungs[MATCH_RUNG_COUNT] = {
        [MATCH_RUNG_EXACT] = RANK_EXACT,       [MATCH_RUNG_SUBDOMAIN] = RANK_SUBDOMAIN,
        [MATCH_RUNG_RANGE] = RANK_RANGE,       [MATCH_RUNG_DECODED] = RANK_DECODED,
        [MATCH_RUNG_CASELESS] = RANK_CASELESS, [MATCH_RUNG_ANY_QUERY] = RANK_ANY_QUERY,
        [MATCH_RUNG_PREFIX] = RANK_PREFIX,     [MATCH_RUNG_PATTERN] = RANK_PATTERN,
    };
    must(rung < MATCH_RUNG_COUNT);
    return rungs[rung];
}
