// SPDX-License-Identifier: EUPL-1.2
#include <stdlib.h>

#include "base/memory.h"
#include "base/must.h"
#include "history/merge_inner.h"

enum {
    ITEMS_MIN = 1024,
    PIECE_ROWS_MAX = SEGMENT_PIECE_POSTINGS_MAX,
    KEYS_SIZE_MAX = 1 << 30, /* of the keys of one pass; its places are 32-bit numbers */
};

/* One posting, and the key and row to which it belongs. */
struct item {
    uint32_t key; /* where it lies in the keys */
    uint16_t key_size;
    uint16_t width;
    uint32_t start_s;
    struct history_posting posting;
};

struct merge_gather {
    enum value_kind kind;
    enum history_form form;
    size_t size_max; /* grows where one key needs more */
    struct item *items;
    size_t count;
    size_t room;
    struct buf keys;
    uint32_t entry_key; /* of the entry that postings are added to */
    uint16_t entry_key_size;
    bool has_lower; /* only keys behind it are wanted */
    bool has_limit; /* only keys up to it are gathered in this pass */
    size_t lower_size;
    size_t limit_size;
    uint8_t lower[HISTORY_ORDER_SIZE_MAX];
    uint8_t limit[HISTORY_ORDER_SIZE_MAX];
    size_t next; /* item that is told next */
    struct history_row rows[PIECE_ROWS_MAX];
    struct history_posting postings[SEGMENT_PIECE_POSTINGS_MAX];
};

_Static_assert(HISTORY_ORDER_SIZE_MAX <= UINT16_MAX, "the size of a key fits an item");

enum err merge_gather_new(struct op *op, size_t size_max, struct merge_gather **ret)
{
    struct merge_gather *gather = memory_new(sizeof *gather);
    if (gather == NULL) {
        return merge_no_memory(op);
    }
    gather->size_max = size_max;
    buf_init(&gather->keys, KEYS_SIZE_MAX);
    *ret = gather;
    return ERR_OK;
}

void merge_gather_free(struct merge_gather *gather)
{
    if (gather == NULL) {
        return;
    }
    buf_done(&gather->keys);
    memory_free(gather->items);
    memory_free(gather);
}

static struct span limit_of(const struct merge_gather *gather)
{
    return span_make(gather->limit, gather->limit_size);
}

static struct span key_of(const struct merge_gather *gather, const struct item *item)
{
    return span_slice(buf_span(&gather->keys), item->key, (size_t)item->key + item->key_size);
}

void merge_gather_begin(struct merge_gather *gather, enum value_kind kind, enum history_form form,
                        bool again)
{
    must(!again || gather->has_limit);
    gather->has_lower = again;
    if (again) {
        span_copy(gather->lower, sizeof gather->lower, limit_of(gather));
        gather->lower_size = gather->limit_size;
    }
    gather->kind = kind;
    gather->form = form;
    gather->has_limit = false;
    gather->count = 0;
    gather->next = 0;
    gather->entry_key_size = 0;
    buf_clear(&gather->keys);
}

/* ---- sorting ---- */

static int compare_keys(const struct merge_gather *gather, const struct item *a,
                        const struct item *b)
{
    bool same = a->key == b->key && a->key_size == b->key_size;
    return same ? 0 : span_compare(key_of(gather, a), key_of(gather, b));
}

static int compare_items(const void *a, const void *b, void *context)
{
    const struct item *left = a;
    const struct item *right = b;
    int difference = compare_keys(context, left, right);
    if (difference != 0) {
        return difference;
    }
    const struct merge_place left_place = { left->start_s, (enum history_width)left->width };
    const struct merge_place right_place = { right->start_s, (enum history_width)right->width };
    difference = merge_place_compare(left_place, right_place);
    if (difference != 0) {
        return difference;
    }
    uint64_t left_rank = merge_posting_rank(&left->posting);
    uint64_t right_rank = merge_posting_rank(&right->posting);
    return (left_rank > right_rank) - (left_rank < right_rank);
}

/* Sort, put what is equal together, and keep each key once. */
static enum err compact(struct op *op, struct merge_gather *gather)
{
    struct buf keys;
    size_t count = 0;
    if (gather->count == 0) {
        return ERR_OK;
    }
    qsort_r(gather->items, gather->count, sizeof *gather->items, compare_items, gather);
    for (size_t i = 1; i < gather->count; i++) {
        struct item *last = &gather->items[count];
        if (compare_items(last, &gather->items[i], gather) == 0) {
            merge_posting_add(&last->posting, &gather->items[i].posting);
        } else {
            count++;
            gather->items[count] = gather->items[i];
        }
    }
    gather->count = count + 1;

    buf_init(&keys, KEYS_SIZE_MAX);
    struct item before = gather->items[0];
    for (size_t i = 0; i < gather->count; i++) {
        struct item *item = &gather->items[i];
        const struct item here = *item;
        bool same = i > 0 && compare_keys(gather, &before, &here) == 0;
        if (!same) {
            item->key = (uint32_t)keys.size;
            buf_add(&keys, key_of(gather, &here));
        } else {
            item->key = gather->items[i - 1].key;
        }
        before = here;
    }
    if (keys.err != ERR_OK) {
        buf_done(&keys);
        return merge_no_memory(op);
    }
    buf_done(&gather->keys);
    gather->keys = keys;
    return ERR_OK;
}

/* ---- bounds ---- */

static size_t size_of(const struct merge_gather *gather)
{
    return gather->count * sizeof(struct item) + gather->keys.size;
}

/* Leave the larger keys to a further pass. Where there is but one key, it gets what it needs. */
static void cut(struct merge_gather *gather)
{
    size_t keep = gather->count / 2;
    while (keep > 0 && compare_keys(gather, &gather->items[keep - 1], &gather->items[keep]) == 0) {
        keep--;
    }
    if (keep == 0) {
        keep = gather->count / 2;
        while (keep < gather->count &&
               compare_keys(gather, &gather->items[keep - 1], &gather->items[keep]) == 0) {
            keep++;
        }
    }
    if (keep == gather->count) {
        gather->size_max *= 2;
        return;
    }
    struct span limit = key_of(gather, &gather->items[keep - 1]);
    span_copy(gather->limit, sizeof gather->limit, limit);
    gather->limit_size = limit.size;
    gather->has_limit = true;
    gather->count = keep;
    gather->keys.size = gather->items[keep - 1].key + limit.size;
}

static enum err make_room(struct op *op, struct merge_gather *gather)
{
    if (size_of(gather) < gather->size_max) {
        return ERR_OK;
    }
    TRY(compact(op, gather));
    if (size_of(gather) >= gather->size_max / 2 && gather->count > 1) {
        cut(gather);
    }
    return ERR_OK;
}

/* Whether a key is of this pass. */
static bool is_wanted(const struct merge_gather *gather, struct span order)
{
    bool behind =
        !gather->has_lower || span_compare(order, span_make(gather->lower, gather->lower_size)) > 0;
    return behind && (!gather->has_limit || span_compare(order, limit_of(gather)) <= 0);
}

enum err merge_gather_entry(struct op *op, struct merge_gather *gather, struct span order,
                            bool *ret_wanted)
{
    must(order.size <= HISTORY_ORDER_SIZE_MAX);
    TRY(make_room(op, gather));
    *ret_wanted = is_wanted(gather, order);
    if (!*ret_wanted) {
        return ERR_OK;
    }
    /* Neighbours often get the same key: a network, a registered domain. */
    bool same =
        order.size <= gather->keys.size && order.size == gather->entry_key_size &&
        span_equal(order, span_from(buf_span(&gather->keys), gather->keys.size - order.size));
    gather->entry_key = (uint32_t)(gather->keys.size - (same ? order.size : 0));
    gather->entry_key_size = (uint16_t)order.size;
    buf_add(&gather->keys, same ? SPAN("") : order);
    return gather->keys.err == ERR_OK ? ERR_OK : merge_no_memory(op);
}

enum err merge_gather_add(struct op *op, struct merge_gather *gather, struct merge_place place,
                          const struct history_posting *posting)
{
    if (gather->count == gather->room) {
        size_t room = gather->room == 0 ? ITEMS_MIN : 2 * gather->room;
        struct item *items = memory_resize(gather->items, room * sizeof *items);
        if (items == NULL) {
            return merge_no_memory(op);
        }
        gather->items = items;
        gather->room = room;
    }
    gather->items[gather->count] = (struct item){
        .key = gather->entry_key,
        .key_size = gather->entry_key_size,
        .width = (uint16_t)place.width,
        .start_s = place.start_s,
        .posting = *posting,
    };
    gather->count++;
    return ERR_OK;
}

enum err merge_gather_end(struct op *op, struct merge_gather *gather)
{
    return compact(op, gather);
}

bool merge_gather_more(const struct merge_gather *gather, struct span *ret_limit)
{
    if (!gather->has_limit) {
        return false;
    }
    *ret_limit = limit_of(gather);
    return true;
}

/* ---- telling ---- */

static bool is_row_of(const struct history_row *row, const struct item *item)
{
    return row->start_s == item->start_s && row->width == (enum history_width)item->width;
}

bool merge_gather_next(struct merge_gather *gather, struct history_entry *ret)
{
    size_t rows = 0;
    size_t postings = 0;
    if (gather->next == gather->count) {
        return false;
    }
    const struct item *first = &gather->items[gather->next];
    while (gather->next < gather->count && postings < SEGMENT_PIECE_POSTINGS_MAX) {
        const struct item *item = &gather->items[gather->next];
        if (item->key != first->key || item->key_size != first->key_size) {
            break;
        }
        if (rows == 0 || !is_row_of(&gather->rows[rows - 1], item)) {
            gather->rows[rows] = (struct history_row){
                .start_s = item->start_s,
                .width = (enum history_width)item->width,
                .postings = &gather->postings[postings],
            };
            rows++;
        }
        gather->postings[postings] = item->posting;
        gather->rows[rows - 1].posting_count++;
        postings++;
        gather->next++;
    }
    *ret = (struct history_entry){
        .kind = gather->kind,
        .form = gather->form,
        .order = key_of(gather, first),
        .row_count = rows,
        .rows = gather->rows,
    };
    return true;
}
