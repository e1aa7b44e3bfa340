// SPDX-License-Identifier: EUPL-1.2
#include "base/memory.h"
#include "history/merge_inner.h"

#define NUMBER_UNKNOWN (-1)

/* ---- begin and end ---- */

static enum err numbers_new(struct op *op, size_t count, int64_t **ret)
{
    int64_t *numbers = memory_new_array(count, sizeof *numbers);
    if (numbers == NULL) {
        return merge_no_memory(op);
    }
    for (size_t i = 0; i < count; i++) {
        numbers[i] = NUMBER_UNKNOWN;
    }
    *ret = numbers;
    return ERR_OK;
}

enum err merge_source_init(struct op *op, struct merge *merge, const struct segment *segment,
                           struct merge_source *source)
{
    size_t host_count = 0;
    size_t way_count = 0;
    source->hosts = segment_hosts(segment, &host_count);
    source->ways = segment_ways(segment, &way_count);
    TRY(segment_cursor_new(op, segment, &source->cursor));
    TRY(numbers_new(op, host_count, &source->host_numbers));
    TRY(numbers_new(op, way_count, &source->way_numbers));
    if (merge->fate.forget == NULL) {
        return ERR_OK;
    }
    source->host_forgotten = memory_new_array(host_count, sizeof *source->host_forgotten);
    if (source->host_forgotten == NULL) {
        return merge_no_memory(op);
    }
    for (size_t i = 0; i < host_count; i++) {
        source->host_forgotten[i] = taking_takes_host(&merge->fate.taking, source->hosts[i]);
    }
    return ERR_OK;
}

void merge_source_done(struct merge_source *source)
{
    segment_cursor_free(source->cursor);
    memory_free(source->host_numbers);
    memory_free(source->way_numbers);
    memory_free(source->host_forgotten);
}

/* ---- the heap ---- */

/* Kind, form and the first bytes of a key: what is lower by these is lower. */
static uint64_t rank_of(const struct history_entry *entry)
{
    enum { RANK_BYTES = 6, BYTE_BITS = 8 };
    uint64_t rank = (uint64_t)entry->kind << BYTE_BITS | (uint64_t)entry->form;
    for (size_t i = 0; i < RANK_BYTES; i++) {
        rank = rank << BYTE_BITS | (i < entry->order.size ? entry->order.data[i] : 0);
    }
    return rank;
}

static int source_compare(const struct merge_source *a, const struct merge_source *b)
{
    if (a->rank != b->rank) {
        return a->rank < b->rank ? -1 : 1;
    }
    return history_order_compare(&a->head, &b->head);
}

void merge_heap_push(struct merge *merge, struct merge_source *source)
{
    size_t at = merge->heap_count;
    merge->heap_count++;
    while (at > 0) {
        size_t above = (at - 1) / 2;
        if (source_compare(merge->heap[above], source) <= 0) {
            break;
        }
        merge->heap[at] = merge->heap[above];
        at = above;
    }
    merge->heap[at] = source;
}

struct merge_source *merge_heap_pop(struct merge *merge)
{
    struct merge_source *top = merge->heap[0];
    merge->heap_count--;
    struct merge_source *last = merge->heap[merge->heap_count];
    size_t at = 0;
    size_t below = 1;
    while (below < merge->heap_count) {
        bool right = below + 1 < merge->heap_count &&
                     source_compare(merge->heap[below + 1], merge->heap[below]) < 0;
        below += right ? 1 : 0;
        if (source_compare(last, merge->heap[below]) <= 0) {
            break;
        }
        merge->heap[at] = merge->heap[below];
        at = below;
        below = 2 * at + 1;
    }
    merge->heap[at] = last;
    return top;
}

/* A damaged block is counted once, also where it is met again in a further pass. */
static void damage_note(struct op *op, struct merge *merge, struct merge_source *source)
{
    enum value_kind kind = VALUE_NONE;
    size_t block = segment_cursor_damaged(source->cursor, &kind);
    if (block >= source->damaged_end) {
        merge->result.damaged++;
        source->damaged++;
        source->damaged_kinds |= UINT64_C(1) << kind;
        source->damaged_end = block + 1;
    }
    op_fault_clear(op);
}

/* The next piece of a segment, past what is damaged. */
enum err merge_source_read(struct op *op, struct merge *merge, struct merge_source *source)
{
    enum err err = segment_cursor_next(op, source->cursor, &source->head);
    while (err == ERR_CORRUPT) {
        damage_note(op, merge, source);
        err = segment_cursor_next(op, source->cursor, &source->head);
    }
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
    }
    return err;
}

void merge_source_row(struct merge *merge, struct merge_source *source)
{
    const struct history_row *row = &source->head.rows[source->row];
    source->place = merge_fate_place(&merge->fate, row);
}

/* Read a source's next piece; ERR_ABSENT at its end. What lies before the key that is merged is in
 * no order, as only damage makes it, and is passed over. */
enum err merge_source_next(struct op *op, struct merge *merge, struct merge_source *source)
{
    bool behind = false;
    while (!behind) {
        if (source->cursor != NULL) {
            TRY(merge_source_read(op, merge, source));
        } else if (!merge_gather_next(merge->gather, &source->head)) {
            return ERR_ABSENT;
        }
        behind =
            source->head.row_count > 0 && history_order_compare(&source->head, &merge->key) >= 0;
    }
    source->rank = rank_of(&source->head);
    source->row = 0;
    merge_source_row(merge, source);
    return ERR_OK;
}

/* Read all sources anew from where they stand. */
enum err merge_sources_start(struct op *op, struct merge *merge)
{
    merge->heap_count = 0;
    merge->starts = false;
    for (size_t i = 0; i <= merge->source_count; i++) {
        struct merge_source *source = &merge->sources[i];
        enum err err = merge_source_next(op, merge, source);
        if (err == ERR_OK) {
            merge_heap_push(merge, source);
        } else if (err != ERR_ABSENT) {
            return err;
        }
    }
    return ERR_OK;
}

/* ---- names ---- */

static enum err host_number(struct op *op, struct merge *merge, struct merge_source *source,
                            uint32_t host, uint32_t *ret)
{
    uint8_t bytes[HISTORY_NAME_SIZE_MAX];
    uint8_t address[VALUE_IPV6_SIZE];
    if (source->host_numbers[host] == NUMBER_UNKNOWN) {
        struct span name = source->hosts[host];
        /* What is no address may be a pseudonym already. */
        if (value_key_address(name, address) > 0) {
            name = history_host_name(merge->fate.rules, name, bytes);
        }
        uint32_t number = 0;
        TRY(segment_writer_host(op, merge->writer, name, &number));
        source->host_numbers[host] = number;
    }
    *ret = (uint32_t)source->host_numbers[host];
    return ERR_OK;
}

static enum err way_number(struct op *op, struct merge *merge, struct merge_source *source,
                           uint32_t way, uint32_t *ret)
{
    if (source->way_numbers[way] == NUMBER_UNKNOWN) {
        uint32_t number = 0;
        TRY(segment_writer_way(op, merge->writer, &source->ways[way], &number));
        source->way_numbers[way] = number;
    }
    *ret = (uint32_t)source->way_numbers[way];
    return ERR_OK;
}

enum err merge_posting_translate(struct op *op, struct merge *merge, struct merge_source *source,
                                 const struct history_posting *posting, struct history_posting *ret)
{
    *ret = *posting;
    if (source->cursor == NULL) {
        return ERR_OK;
    }
    TRY(host_number(op, merge, source, posting->host, &ret->host));
    return way_number(op, merge, source, posting->way, &ret->way);
}
