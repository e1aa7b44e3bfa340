// SPDX-License-Identifier: EUPL-1.2
#include <stdlib.h>

#include "base/memory.h"
#include "history/merge_inner.h"

enum {
    OUT_POSTINGS = 4096, /* that are written at once, or more where one row has more */
};

/* ---- postings ---- */

bool merge_forgets(const struct merge *merge, const struct history_entry *entry)
{
    return merge->fate.forget != NULL && taking_takes(&merge->fate.taking, entry);
}

enum merge_end merge_posting_end(const struct merge *merge, const struct merge_source *source,
                                 bool forgets, const struct history_posting *posting)
{
    const struct history_forget *forget = merge->fate.forget;
    bool forgotten = forgets && source->host_forgotten[posting->host] &&
                     posting->first_s >= forget->since_s && posting->last_s <= forget->until_s;
    if (forgotten) {
        return MERGE_FORGOTTEN;
    }
    return posting->last_s < merge->fate.keep_s[source->head.kind] ? MERGE_OLD : MERGE_STAYS;
}

void merge_count_gone(struct merge *merge, enum merge_end end,
                      const struct history_posting *posting)
{
    struct merge_result *result = &merge->result;
    bool full = result->count_forgotten > UINT64_MAX - posting->count;
    result->postings_gone++;
    if (end == MERGE_FORGOTTEN) {
        result->postings_forgotten++;
        result->count_forgotten = full ? UINT64_MAX : result->count_forgotten + posting->count;
    }
}

static int compare_postings(const void *a, const void *b)
{
    uint64_t left = merge_posting_rank(a);
    uint64_t right = merge_posting_rank(b);
    return (left > right) - (left < right);
}

/* Put the row's postings in order, each host and way once. */
static void row_combine(struct merge *merge)
{
    struct history_posting *at = merge->postings + merge->row_begin;
    size_t count = merge->posting_count - merge->row_begin;
    size_t last = 0;
    if (merge->sorted || count == 0) {
        return;
    }
    qsort(at, count, sizeof *at, compare_postings);
    for (size_t i = 1; i < count; i++) {
        if (merge_posting_rank(&at[last]) == merge_posting_rank(&at[i])) {
            merge_posting_add(&at[last], &at[i]);
        } else {
            last++;
            at[last] = at[i];
        }
    }
    merge->posting_count = merge->row_begin + last + 1;
    merge->sorted = true;
}

static enum err postings_room(struct op *op, struct merge *merge, size_t count)
{
    if (merge->posting_room - merge->posting_count >= count) {
        return ERR_OK;
    }
    size_t room = 2 * merge->posting_room + count + OUT_POSTINGS;
    struct history_posting *at = memory_resize(merge->postings, room * sizeof *at);
    if (at == NULL) {
        return merge_no_memory(op);
    }
    merge->postings = at;
    merge->posting_room = room;
    return ERR_OK;
}

/* Add what stays of a row to that which is put together. */
static enum err row_add(struct op *op, struct merge *merge, struct merge_source *source)
{
    const struct history_row *row = &source->head.rows[source->row];
    bool raw = source->cursor != NULL; /* else it was looked at when it was gathered */
    if (merge->posting_count - merge->row_begin >= merge->combine_at) {
        row_combine(merge);
        bool full = merge->posting_count - merge->row_begin >= merge->combine_at / 2;
        merge->combine_at *= full ? 2 : 1;
    }
    TRY(postings_room(op, merge, row->posting_count));
    for (size_t i = 0; i < row->posting_count; i++) {
        const struct history_posting *posting = &row->postings[i];
        enum merge_end end =
            raw ? merge_posting_end(merge, source, merge->forgets, posting) : MERGE_STAYS;
        end = raw && merge->drops && end == MERGE_STAYS ? MERGE_OLD : end;
        if (end != MERGE_STAYS) {
            merge_count_gone(merge, end, posting);
            continue;
        }
        struct history_posting *at = &merge->postings[merge->posting_count];
        TRY(merge_posting_translate(op, merge, source, posting, at));
        merge->sorted = merge->sorted && (merge->posting_count == merge->row_begin ||
                                          merge_posting_rank(at - 1) < merge_posting_rank(at));
        merge->posting_count++;
    }
    return ERR_OK;
}

/* ---- writing ---- */

static enum err rows_write(struct op *op, struct merge *merge)
{
    size_t postings = 0;
    if (merge->row_count == 0) {
        return ERR_OK;
    }
    for (size_t i = 0; i < merge->row_count; i++) {
        merge->rows[i].postings = merge->postings + postings;
        postings += merge->rows[i].posting_count;
    }
    struct history_entry entry = merge->key;
    entry.row_count = merge->row_count;
    entry.rows = merge->rows;
    merge->row_count = 0;
    merge->posting_count = 0;
    merge->row_begin = 0;
    return segment_writer_add(op, merge->writer, &entry);
}

/* The row that was put together is whole. */
static enum err row_end(struct op *op, struct merge *merge)
{
    row_combine(merge);
    merge->group_open = false;
    size_t count = merge->posting_count - merge->row_begin;
    if (count == 0) {
        return ERR_OK;
    }
    if (merge->row_count == merge->row_room) {
        size_t room = 2 * merge->row_room + OUT_POSTINGS;
        struct history_row *rows = memory_resize(merge->rows, room * sizeof *rows);
        if (rows == NULL) {
            return merge_no_memory(op);
        }
        merge->rows = rows;
        merge->row_room = room;
    }
    merge->rows[merge->row_count] = (struct history_row){
        .start_s = merge->group.start_s,
        .width = merge->group.width,
        .posting_count = count,
    };
    merge->row_count++;
    merge->row_begin = merge->posting_count;
    return merge->posting_count >= OUT_POSTINGS ? rows_write(op, merge) : ERR_OK;
}

/* ---- entries ---- */

void merge_key_set(struct merge *merge, const struct history_entry *entry)
{
    span_copy(merge->key_bytes, sizeof merge->key_bytes, entry->order);
    merge->key.kind = entry->kind;
    merge->key.form = entry->form;
    merge->key.order = span_make(merge->key_bytes, entry->order.size);
}

void merge_entry_begin(struct merge *merge)
{
    struct merge_source *first = merge->heap[0];
    merge_key_set(merge, &first->head);
    merge->set_count = 0;
    while (merge->heap_count > 0 && merge->heap[0]->rank == first->rank &&
           history_order_compare(&merge->heap[0]->head, &merge->key) == 0) {
        merge->set[merge->set_count] = merge_heap_pop(merge);
        merge->set_count++;
    }
    merge->drops = merge_fate_drops(&merge->fate, merge->key.kind);
    merge->forgets = merge_forgets(merge, &merge->key);
    merge->state = MERGE_WITHIN;
}

/* The source with the lowest row. */
static size_t set_lowest(const struct merge *merge)
{
    size_t lowest = 0;
    for (size_t i = 1; i < merge->set_count; i++) {
        if (merge_place_compare(merge->set[i]->place, merge->set[lowest]->place) < 0) {
            lowest = i;
        }
    }
    return lowest;
}

/* A source's row is taken: go to its next one, which may be of another entry. */
static enum err set_advance(struct op *op, struct merge *merge, size_t at)
{
    struct merge_source *source = merge->set[at];
    source->row++;
    if (source->row < source->head.row_count) {
        merge_source_row(merge, source);
        return ERR_OK;
    }
    enum err err = merge_source_next(op, merge, source);
    bool same = err == ERR_OK && history_order_compare(&source->head, &merge->key) == 0;
    if (same) {
        return ERR_OK;
    }
    merge->set_count--;
    merge->set[at] = merge->set[merge->set_count];
    if (err == ERR_OK) {
        merge_heap_push(merge, source);
    }
    return err == ERR_ABSENT ? ERR_OK : err;
}

/* One row of one source. */
enum err merge_entry_step(struct op *op, struct merge *merge)
{
    if (merge->set_count == 0) {
        TRY(row_end(op, merge));
        merge->state = MERGE_BETWEEN;
        return rows_write(op, merge);
    }
    size_t lowest = set_lowest(merge);
    struct merge_place place = merge->set[lowest]->place;
    /* Rows go where they are in order, but for one case: days of a month that was made when other
     * rules held. They go into the month. */
    if (merge->group_open && merge_place_compare(place, merge->group) > 0) {
        TRY(row_end(op, merge));
    }
    if (!merge->group_open) {
        merge->group = place;
        merge->group_open = true;
        merge->sorted = true;
    }
    TRY(row_add(op, merge, merge->set[lowest]));
    return set_advance(op, merge, lowest);
}
