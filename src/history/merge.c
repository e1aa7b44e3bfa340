// SPDX-License-Identifier: EUPL-1.2
/*
 * A merge takes the lowest key of all sources, then of those that have it the lowest row, and puts
 * together what the sources tell of it: so nothing is held in memory but one row and what is about
 * to be written. One row of a value that everybody asks for has a posting for each host and way.
 *
 * Where rules change the form in which a kind is kept, its whole values get other keys. These stand
 * behind all whole values of the kind; so all whole values are read first and gathered in the new
 * order, and then are one more source.
 *
 * Measured: 1.5 million rows a second, of eight segments with 580,000 each; a sixth of that where
 * all values of half of them get another key.
 */
#include "history/merge.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/must.h"
#include "history/merge_inner.h"
#include "os/clock.h"

enum {
    CLOCK_EVERY = 256,        /* steps, of at most one piece each, between looks at the clock */
    OUT_POSTINGS = 4096,      /* that are written at once, or more where one row has more */
    COMBINE_POSTINGS = 65536, /* of one row: then equal ones are put together */
    NUMBER_UNKNOWN = -1,
};

/* What is merged: a segment, or what was gathered. */
struct source {
    struct segment_cursor *cursor; /* NULL: what was gathered */
    const struct span *hosts;
    const struct history_way *ways;
    int64_t *host_numbers; /* in the new segment; NUMBER_UNKNOWN until one is needed */
    int64_t *way_numbers;
    bool *host_forgotten;      /* NULL where nothing is to be forgotten */
    struct history_entry head; /* the piece that is read */
    size_t row;                /* of the head: that which is next */
    struct merge_place place;  /* where that row goes */
    uint64_t rank;             /* of the head: kind, form and first bytes */
    char damage[FAULT_TEXT_SIZE];
};

enum state {
    MERGE_BETWEEN, /* a new entry comes */
    MERGE_WITHIN,  /* rows of an entry */
    MERGE_GATHER,  /* whole values of a kind are read for their new keys */
    MERGE_DONE,
};

struct merge {
    enum state state;
    struct merge_fate fate;
    struct segment_writer *writer;
    struct merge_result result;

    size_t source_count; /* of segments; what was gathered stands behind them */
    struct source *sources;
    struct source **heap; /* by head; the lowest first */
    size_t heap_count;
    struct source **set; /* those that have the entry that is merged */
    size_t set_count;

    struct history_entry key; /* of the entry, borrowed from key_bytes; or before the first */
    uint8_t key_bytes[HISTORY_ORDER_SIZE_MAX + 1]; /* and the byte by which the next one begins */
    bool forgets;                                  /* postings of the entry are to be forgotten */
    bool drops;                                    /* all of it goes */

    struct history_row *rows; /* what is to be written; their postings are set at last */
    size_t row_count;
    size_t row_room;
    struct history_posting *postings;
    size_t posting_count;
    size_t posting_room;
    struct merge_place group; /* the row that is put together, from posting row_begin on */
    bool group_open;
    size_t row_begin;
    size_t combine_at; /* so many postings of a row, then equal ones are put together */
    bool sorted;       /* the row's postings came in order, each once */

    struct merge_gather *gather;
    enum value_kind changed_kind;
    enum history_form changed_form;
    bool gather_again; /* a further pass: what goes was counted in the first */
    size_t gather_source;
    bool starts; /* sources are to be read from where their cursors stand */
};

static enum err no_memory(struct op *op)
{
    return op_fail(op, ERR_LIMIT, "no memory for a merge");
}

/* ---- making ---- */

static enum err numbers_new(struct op *op, size_t count, int64_t **ret)
{
    int64_t *numbers = memory_new_array(count, sizeof *numbers);
    if (numbers == NULL) {
        return no_memory(op);
    }
    for (size_t i = 0; i < count; i++) {
        numbers[i] = NUMBER_UNKNOWN;
    }
    *ret = numbers;
    return ERR_OK;
}

static enum err source_init(struct op *op, struct merge *merge, const struct segment *segment,
                            struct source *source)
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
        return no_memory(op);
    }
    for (size_t i = 0; i < host_count; i++) {
        source->host_forgotten[i] = merge_fate_forgets_host(&merge->fate, source->hosts[i]);
    }
    return ERR_OK;
}

static enum err merge_init(struct op *op, struct merge *merge,
                           const struct segment *const *segments, size_t count,
                           struct disk_file *file, const struct merge_options *options)
{
    struct segment_options segment = options->segment;
    merge_fate_init(&merge->fate, options);
    merge->sources = memory_new_array(count + 1, sizeof *merge->sources);
    merge->heap = memory_new_array(count + 1, sizeof(struct source *));
    merge->set = memory_new_array(count + 1, sizeof(struct source *));
    if (merge->sources == NULL || merge->heap == NULL || merge->set == NULL) {
        return no_memory(op);
    }
    merge->source_count = count;
    segment.filter_keys_max = segment_filter_keys_together(segments, count);
    for (size_t i = 0; i < count; i++) {
        TRY(source_init(op, merge, segments[i], &merge->sources[i]));
    }
    size_t gather = options->gather_size_max;
    TRY(merge_gather_new(op, gather == 0 ? MERGE_GATHER_SIZE_MAX : gather, &merge->gather));
    merge->combine_at = COMBINE_POSTINGS;
    merge->key.order = span_make(merge->key_bytes, 0);
    merge->starts = true;
    return segment_writer_new(op, file, &segment, &merge->writer);
}

enum err merge_new(struct op *op, const struct segment *const *segments, size_t count,
                   struct disk_file *file, const struct merge_options *options, struct merge **ret)
{
    must(count > 0);
    struct merge *merge = memory_new(sizeof *merge);
    if (merge == NULL) {
        return no_memory(op);
    }
    enum err err = merge_init(op, merge, segments, count, file, options);
    if (err != ERR_OK) {
        merge_free(merge);
        return err;
    }
    *ret = merge;
    return ERR_OK;
}

void merge_free(struct merge *merge)
{
    if (merge == NULL) {
        return;
    }
    for (size_t i = 0; merge->sources != NULL && i < merge->source_count; i++) {
        struct source *source = &merge->sources[i];
        segment_cursor_free(source->cursor);
        memory_free(source->host_numbers);
        memory_free(source->way_numbers);
        memory_free(source->host_forgotten);
    }
    merge_gather_free(merge->gather);
    segment_writer_free(merge->writer);
    memory_free(merge->sources);
    memory_free(merge->heap);
    memory_free(merge->set);
    memory_free(merge->rows);
    memory_free(merge->postings);
    memory_free(merge);
}

/* ---- sources, and the heap of them ---- */

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

static int source_compare(const struct source *a, const struct source *b)
{
    if (a->rank != b->rank) {
        return a->rank < b->rank ? -1 : 1;
    }
    return history_order_compare(&a->head, &b->head);
}

static void heap_push(struct merge *merge, struct source *source)
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

static struct source *heap_pop(struct merge *merge)
{
    struct source *top = merge->heap[0];
    merge->heap_count--;
    struct source *last = merge->heap[merge->heap_count];
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

/* A damaged block is counted once, also where it is met again. */
static void damage_note(struct op *op, struct merge *merge, struct source *source)
{
    struct span text = span_of(op->fault.text);
    if (!span_equal(text, span_of(source->damage))) {
        merge->result.damaged++;
        span_copy(source->damage, sizeof source->damage, text);
        source->damage[text.size] = '\0';
    }
    op_fault_clear(op);
}

/* The next piece of a segment, past what is damaged. */
static enum err cursor_next(struct op *op, struct merge *merge, struct source *source)
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

static void row_begin(struct merge *merge, struct source *source)
{
    const struct history_row *row = &source->head.rows[source->row];
    source->place = merge_fate_place(&merge->fate, row);
}

/* Read a source's next piece; ERR_ABSENT at its end. What lies before the key that is merged is in
 * no order, as only damage makes it, and is passed over. */
static enum err source_next(struct op *op, struct merge *merge, struct source *source)
{
    bool behind = false;
    while (!behind) {
        if (source->cursor != NULL) {
            TRY(cursor_next(op, merge, source));
        } else if (!merge_gather_next(merge->gather, &source->head)) {
            return ERR_ABSENT;
        }
        behind =
            source->head.row_count > 0 && history_order_compare(&source->head, &merge->key) >= 0;
    }
    source->rank = rank_of(&source->head);
    source->row = 0;
    row_begin(merge, source);
    return ERR_OK;
}

/* Read all sources anew from where they stand. */
static enum err sources_start(struct op *op, struct merge *merge)
{
    merge->heap_count = 0;
    merge->starts = false;
    for (size_t i = 0; i <= merge->source_count; i++) {
        struct source *source = &merge->sources[i];
        enum err err = source_next(op, merge, source);
        if (err == ERR_OK) {
            heap_push(merge, source);
        } else if (err != ERR_ABSENT) {
            return err;
        }
    }
    return ERR_OK;
}

/* ---- names ---- */

static enum err host_number(struct op *op, struct merge *merge, struct source *source,
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

static enum err way_number(struct op *op, struct merge *merge, struct source *source, uint32_t way,
                           uint32_t *ret)
{
    if (source->way_numbers[way] == NUMBER_UNKNOWN) {
        uint32_t number = 0;
        TRY(segment_writer_way(op, merge->writer, &source->ways[way], &number));
        source->way_numbers[way] = number;
    }
    *ret = (uint32_t)source->way_numbers[way];
    return ERR_OK;
}

/* ---- postings ---- */

/* Whether a posting goes, of an entry of which something may stay. */
static bool posting_goes(const struct merge *merge, const struct source *source, bool forgets,
                         const struct history_posting *posting)
{
    const struct history_forget *forget = merge->fate.forget;
    if (posting->last_s < merge->fate.keep_s[source->head.kind]) {
        return true;
    }
    return forgets && source->host_forgotten[posting->host] &&
           posting->first_s >= forget->since_s && posting->last_s <= forget->until_s;
}

static enum err posting_translate(struct op *op, struct merge *merge, struct source *source,
                                  const struct history_posting *posting,
                                  struct history_posting *ret)
{
    *ret = *posting;
    if (source->cursor == NULL) {
        return ERR_OK;
    }
    TRY(host_number(op, merge, source, posting->host, &ret->host));
    return way_number(op, merge, source, posting->way, &ret->way);
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
        return no_memory(op);
    }
    merge->postings = at;
    merge->posting_room = room;
    return ERR_OK;
}

/* Add what stays of a row to that which is put together. */
static enum err row_add(struct op *op, struct merge *merge, struct source *source)
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
        if (raw && (merge->drops || posting_goes(merge, source, merge->forgets, posting))) {
            merge->result.postings_gone++;
            continue;
        }
        struct history_posting *at = &merge->postings[merge->posting_count];
        TRY(posting_translate(op, merge, source, posting, at));
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
            return no_memory(op);
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

static void key_set(struct merge *merge, const struct history_entry *entry)
{
    span_copy(merge->key_bytes, sizeof merge->key_bytes, entry->order);
    merge->key.kind = entry->kind;
    merge->key.form = entry->form;
    merge->key.order = span_make(merge->key_bytes, entry->order.size);
}

static void entry_begin(struct merge *merge)
{
    struct source *first = merge->heap[0];
    key_set(merge, &first->head);
    merge->set_count = 0;
    while (merge->heap_count > 0 && merge->heap[0]->rank == first->rank &&
           history_order_compare(&merge->heap[0]->head, &merge->key) == 0) {
        merge->set[merge->set_count] = heap_pop(merge);
        merge->set_count++;
    }
    merge->drops = merge_fate_drops(&merge->fate, merge->key.kind);
    merge->forgets = merge_fate_forgets(&merge->fate, &merge->key);
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
    struct source *source = merge->set[at];
    source->row++;
    if (source->row < source->head.row_count) {
        row_begin(merge, source);
        return ERR_OK;
    }
    enum err err = source_next(op, merge, source);
    bool same = err == ERR_OK && history_order_compare(&source->head, &merge->key) == 0;
    if (same) {
        return ERR_OK;
    }
    merge->set_count--;
    merge->set[at] = merge->set[merge->set_count];
    if (err == ERR_OK) {
        heap_push(merge, source);
    }
    return err == ERR_ABSENT ? ERR_OK : err;
}

/* One row of one source. */
static enum err within_step(struct op *op, struct merge *merge)
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

/* ---- values that get another key ---- */

/* Read the whole values of a kind from their beginning; in a further pass for what lies behind the
 * last key of the pass before. */
static void gather_begin(struct merge *merge, bool again)
{
    struct history_entry from = { .kind = merge->changed_kind, .form = HISTORY_TRUNCATED };
    if (again) {
        from.form = merge->changed_form;
        (void)merge_gather_more(merge->gather, &from.order);
    }
    key_set(merge, &from);
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
static enum err gather_row(struct op *op, struct merge *merge, struct source *source,
                           const struct history_row *row, bool wanted)
{
    bool forgets = merge_fate_forgets(&merge->fate, &source->head);
    struct merge_place place = merge_fate_place(&merge->fate, row);
    for (size_t i = 0; i < row->posting_count; i++) {
        struct history_posting posting;
        bool goes = posting_goes(merge, source, forgets, &row->postings[i]);
        merge->result.postings_gone += goes && !merge->gather_again ? 1 : 0;
        if (goes || !wanted) {
            continue;
        }
        TRY(posting_translate(op, merge, source, &row->postings[i], &posting));
        TRY(merge_gather_add(op, merge->gather, place, &posting));
    }
    return ERR_OK;
}

static enum err gather_piece(struct op *op, struct merge *merge, struct source *source)
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
static enum err gather_step(struct op *op, struct merge *merge)
{
    if (merge->gather_source == merge->source_count) {
        return gather_end(op, merge);
    }
    struct source *source = &merge->sources[merge->gather_source];
    enum err err = cursor_next(op, merge, source);
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
static bool gather_is_due(const struct merge *merge)
{
    struct history_entry limit = { .kind = merge->changed_kind, .form = merge->changed_form };
    if (!merge_gather_more(merge->gather, &limit.order)) {
        return false;
    }
    return merge->heap_count == 0 || history_order_compare(&merge->heap[0]->head, &limit) > 0;
}

/* ---- steps ---- */

static enum err between_step(struct op *op, struct merge *merge)
{
    enum history_form form = HISTORY_WHOLE;
    if (merge->starts) {
        TRY(sources_start(op, merge));
    }
    if (gather_is_due(merge)) {
        gather_begin(merge, true);
        return ERR_OK;
    }
    if (merge->heap_count == 0) {
        merge->state = MERGE_DONE;
        return ERR_OK;
    }
    const struct history_entry *head = &merge->heap[0]->head;
    if (head->form == HISTORY_WHOLE && merge_fate_changes(&merge->fate, head->kind, &form)) {
        merge->changed_kind = head->kind;
        merge->changed_form = form;
        gather_begin(merge, false);
        return ERR_OK;
    }
    entry_begin(merge);
    return ERR_OK;
}

static enum err step(struct op *op, struct merge *merge)
{
    switch (merge->state) {
    case MERGE_BETWEEN:
        return between_step(op, merge);
    case MERGE_WITHIN:
        return within_step(op, merge);
    case MERGE_GATHER:
        return gather_step(op, merge);
    case MERGE_DONE:
        break;
    }
    return ERR_OK;
}

enum err merge_step(struct op *op, struct merge *merge, int64_t budget_us, bool *ret_done)
{
    int64_t begin_us = os_monotonic_us();
    bool time_left = true;
    while (time_left && merge->state != MERGE_DONE) {
        for (int i = 0; i < CLOCK_EVERY && merge->state != MERGE_DONE; i++) {
            TRY(step(op, merge));
        }
        time_left = budget_us == INT64_MAX || os_monotonic_us() - begin_us < budget_us;
    }
    *ret_done = merge->state == MERGE_DONE;
    return ERR_OK;
}

enum err merge_finish(struct op *op, struct merge *merge, struct merge_result *ret)
{
    must(merge->state == MERGE_DONE);
    TRY(segment_writer_finish(op, merge->writer, &merge->result.facts));
    *ret = merge->result;
    return ERR_OK;
}

struct span merge_bytes(const struct merge *merge)
{
    return segment_writer_bytes(merge->writer);
}
