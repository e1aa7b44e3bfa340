// SPDX-License-Identifier: EUPL-1.2
#include "history/merge_inner.h"

/* Read the whole values of a kind from their beginning; in a further pass for what lies behind the
 * last key of the pass before. */
void merge_change_begin(struct merge *merge, bool again)
{
    struct history_entry from = { .kind = merge->changed_kind, .form = HISTORY_TRUNCATED };
    if (again) {
        from.form = merge->changed_form;
        (void)merge_gather_more(merge->gather, &from.order);
    }
    merge_key_set(merge, &from);
    if (again) {
        merge->key_bytes[from.order.size] = 0; /* the next key that there can be */
        merge->key.order.size++;
    }
    merge_gather_begin(merge->gather, merge->changed_kind, merge->changed_form, again);
    for (size_t i = 0; i < merge->source_count; i++) {
        segment_cursor_seek(merge->sources[i].cursor, merge->changed_kind, HISTORY_WHOLE, SPAN(""));
    }
    merge->gather_again = again;
    merge->gather_source = 0;
    merge->state = MERGE_GATHER;
}

/* Go on writing from the key at which the pass began: what was gathered is a source now. */
static enum err gather_end(struct op *op, struct merge *merge)
{
    struct span order = merge->key.order;
    size_t size = order.size < HISTORY_ORDER_SIZE_MAX ? order.size : HISTORY_ORDER_SIZE_MAX;
    for (size_t i = 0; i < merge->source_count; i++) {
        segment_cursor_seek(merge->sources[i].cursor, merge->key.kind, merge->key.form,
                            span_make(order.data, size));
    }
    merge->starts = true;
    merge->state = MERGE_BETWEEN;
    return merge_gather_end(op, merge->gather);
}

/* Add what stays of a row of a whole value. */
static enum err gather_row(struct op *op, struct merge *merge, struct merge_source *source,
                           const struct history_row *row, bool wanted)
{
    bool forgets = merge_forgets(merge, &source->head);
    struct merge_place place = merge_fate_place(&merge->fate, row);
    for (size_t i = 0; i < row->posting_count; i++) {
        struct history_posting posting;
        enum merge_end end = merge_posting_end(merge, source, forgets, &row->postings[i]);
        if (end != MERGE_STAYS && !merge->gather_again) {
            merge_count_gone(merge, end, &row->postings[i]);
        }
        if (end != MERGE_STAYS || !wanted) {
            continue;
        }
        TRY(merge_posting_translate(op, merge, source, &row->postings[i], &posting));
        TRY(merge_gather_add(op, merge->gather, place, &posting));
    }
    return ERR_OK;
}

static enum err gather_piece(struct op *op, struct merge *merge, struct merge_source *source)
{
    uint8_t key_bytes[HISTORY_ORDER_SIZE_MAX];
    uint8_t bytes[HISTORY_ORDER_SIZE_MAX];
    const struct history_rules *rules = merge->fate.rules;
    const struct history_entry *head = &source->head;
    struct history_kept kept;
    bool wanted = false;
    history_order(head->kind, head->form, head->order, key_bytes);
    TRY(history_keep_value(rules, head->kind, span_make(key_bytes, head->order.size),
                           rules->keep[head->kind], bytes, &kept));
    history_order(head->kind, kept.form, kept.key, key_bytes);
    TRY(merge_gather_entry(op, merge->gather, span_make(key_bytes, kept.key.size), &wanted));
    for (size_t i = 0; i < head->row_count; i++) {
        TRY(gather_row(op, merge, source, &head->rows[i], wanted));
    }
    return ERR_OK;
}

/* One piece of one source. */
enum err merge_change_step(struct op *op, struct merge *merge)
{
    if (merge->gather_source == merge->source_count) {
        return gather_end(op, merge);
    }
    struct merge_source *source = &merge->sources[merge->gather_source];
    enum err err = merge_source_read(op, merge, source);
    if (err != ERR_OK && err != ERR_ABSENT) {
        return err;
    }
    if (err == ERR_OK && source->head.kind == merge->changed_kind &&
        source->head.form == HISTORY_WHOLE) {
        return gather_piece(op, merge, source);
    }
    merge->gather_source++;
    return ERR_OK;
}

/* Whether the lowest entry lies behind what was gathered, and more is to be gathered first. */
bool merge_change_is_due(const struct merge *merge)
{
    struct history_entry limit = { .kind = merge->changed_kind, .form = merge->changed_form };
    if (!merge_gather_more(merge->gather, &limit.order)) {
        return false;
    }
    return merge->heap_count == 0 || history_order_compare(&merge->heap[0]->head, &limit) > 0;
}
