// SPDX-License-Identifier: EUPL-1.2
// links: store policy stix crypt value format os base
/*
 * Folds as they come over the pipe from the process that reads hostile bytes. What is accepted
 * keeps all bounds, is written and read again as the same fold, and merges without breaking them.
 */
#include "base/must.h"
#include "store/fold.h"

enum { FOLDS_SIZE_MAX = 1 << 20 };

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
        if (any) {
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
