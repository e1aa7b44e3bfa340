// SPDX-License-Identifier: EUPL-1.2
// links: store policy stix crypt value format os base
/*
 * Folds as they come over the pipe from the process that reads hostile bytes. What is accepted
 * keeps all bounds, is written and read again as the same fold, and merges without breaking them.
 */
#include "base/must.h"
#include "store/fold.h"

enum { FOLDS_SIZE_MAX = 1 << 20, MEMORY_MAX = 1 << 26 };

#define LENGTH_US (FOLD_MINUTES_DEFAULT * FOLD_MINUTE_US)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_bounds(const struct fold *fold)
{
    must(fold->observed.count >= 1);
    must(fold->observed.count <= FOLD_VALUE_COUNT_MAX);
    must(fold->outside.count <= FOLD_VALUE_COUNT_MAX);
    must(fold->evidence_count <= FOLD_EVIDENCE_COUNT_MAX);
    must(fold->kind > VALUE_NONE);
    must(fold->kind < VALUE_KIND_COUNT);
    must(fold->first_us <= fold->last_us);
    must(fold->start_us <= fold->first_us);
    must(fold->last_us < fold->start_us + LENGTH_US);
    must(fold->count > 0);
    must(fold->denied <= fold->count);
    must(fold->silent <= fold->count);
    must((fold->silent == fold->count) == (fold_rank(fold) == 0));
    must((fold->list.size > 0) == (fold->best.effect != RANK_EFFECT_NONE));
}

/* What the journal holds of a fold is read again as the same, and ranks alike. */
static void check_json(const struct fold *fold)
{
    const struct actor nobody = { .name = SPAN("fuzz") };
    struct op op;
    struct buf first;
    struct buf second;
    struct json_writer w;
    struct json_value root;
    struct fold again;
    op_begin(&op, &nobody, MEMORY_MAX);
    buf_init(&first, FOLDS_SIZE_MAX);
    buf_init(&second, FOLDS_SIZE_MAX);
    json_writer_init(&w, &first);
    fold_json_add(&w, fold);
    if (json_parse(&op, buf_span(&first), &root) == ERR_OK &&
        fold_json_read(root, &again) == ERR_OK) { /* not where an indicator's text is empty */
        json_writer_init(&w, &second);
        fold_json_add(&w, &again);
        must(span_equal(buf_span(&first), buf_span(&second)));
        must(fold_rank(fold) == fold_rank(&again));
    }
    buf_done(&first);
    buf_done(&second);
    op_end(&op);
}

/* Which of two folds comes first does not change how much they matter together. */
static void check_order(const struct fold *a, const struct fold *b)
{
    struct fold ab = *a;
    struct fold ba = *b;
    fold_merge(&ab, b);
    fold_merge(&ba, a);
    must(rank_line_compare(&ab.best, &ba.best) == 0);
    must(span_equal(ab.list, ba.list));
    must(ab.denied == ba.denied);
    must(ab.silent == ba.silent);
    must(ab.sources == ba.sources);
}

static void check_round_trip(const struct fold *fold)
{
    struct buf first;
    struct buf second;
    struct fold again;
    buf_init(&first, FOLDS_SIZE_MAX);
    buf_init(&second, FOLDS_SIZE_MAX);
    fold_wire_add(&first, fold);
    struct wire_reader r = wire_reader_of(buf_span(&first));
    fold_wire_read(&r, LENGTH_US, &again);
    must(r.err == ERR_OK);
    must(r.rest.size == 0);
    fold_wire_add(&second, &again);
    must(span_equal(buf_span(&first), buf_span(&second)));
    buf_done(&first);
    buf_done(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_reader r = wire_reader_of(span_make(data, size));
    struct fold merged = { 0 };
    bool any = false;
    while (r.rest.size > 0) {
        struct fold fold;
        fold_wire_read(&r, LENGTH_US, &fold);
        if (r.err != ERR_OK) {
            break;
        }
        check_bounds(&fold);
        check_round_trip(&fold);
        check_json(&fold);
        if (any) {
            check_order(&merged, &fold);
            fold_merge(&merged, &fold);
        } else {
            merged = fold;
            any = true;
        }
    }
    if (any) {
        must(merged.observed.count <= FOLD_VALUE_COUNT_MAX);
        must(merged.evidence_count <= FOLD_EVIDENCE_COUNT_MAX);
    }
    return 0;
}
