// SPDX-License-Identifier: EUPL-1.2
#include "base/memory.h"
#include "base/must.h"
#include "base/text.h"
#include "history/record.h"
#include "history/segment_inner.h"

enum {
    PLACE_TEXT_SIZE_MAX = 200,
    PLACE_SHOWN_MAX = 60,
    AHEAD_SIZE = 1024 * 1024, /* asked for where block after block is read */
};

/* Where a piece of an entry ended. */
struct piece_end {
    uint32_t start_s;
    enum history_width width;
    uint32_t host;
    uint32_t way;
};

struct segment_cursor {
    const struct segment *segment;
    struct block *block;
    size_t number;              /* of the block that is read next, or is being read */
    size_t loaded;              /* of the block that is in memory; SIZE_MAX: none */
    size_t at;                  /* of the entry in it that comes next */
    bool goes_on;               /* from block to block, since the last seek */
    uint64_t asked_end;         /* up to there the disk was asked for what comes next */
    struct history_entry entry; /* the last; its order is in `key`; no rows: they are not known */
    struct piece_end end;       /* of the last of a block, or of the one before a piece */
    bool has_target;            /* entries before it are passed over, without their rows */
    enum segment_reach reach;   /* from the target on */
    struct history_entry target;
    uint8_t key[HISTORY_ORDER_SIZE_MAX];
    uint8_t target_order[HISTORY_ORDER_SIZE_MAX];
};

enum err segment_cursor_new(struct op *op, const struct segment *segment,
                            struct segment_cursor **ret)
{
    struct segment_cursor *cursor = memory_new(sizeof *cursor);
    if (cursor == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for reading the history");
    }
    enum err err = block_new(op, &cursor->block);
    if (err != ERR_OK) {
        memory_free(cursor);
        return err;
    }
    cursor->segment = segment;
    cursor->loaded = SIZE_MAX;
    *ret = cursor;
    return ERR_OK;
}

void segment_cursor_free(struct segment_cursor *cursor)
{
    if (cursor != NULL) {
        block_free(cursor->block);
        memory_free(cursor);
    }
}

/* The block in which a place lies: the last whose own place is before it, unless that is of another
 * kind or form. */
static size_t block_find(const struct segment *segment, const struct history_entry *target)
{
    size_t low = 0; /* blocks before this have their places before the target */
    size_t high = segment->block_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct history_entry place = segment_block_place(segment, middle);
        if (history_order_compare(&place, target) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return 0;
    }
    struct history_entry place = segment_block_place(segment, low - 1);
    return place.kind == target->kind && place.form == target->form ? low - 1 : low;
}

void segment_cursor_seek(struct segment_cursor *cursor, enum value_kind kind,
                         enum history_form form, struct span order)
{
    must(order.size <= HISTORY_ORDER_SIZE_MAX);
    span_copy(cursor->target_order, sizeof cursor->target_order, order);
    cursor->target = (struct history_entry){
        .kind = kind,
        .form = form,
        .order = { cursor->target_order, order.size },
    };
    cursor->has_target = true;
    cursor->reach = SEGMENT_REACH_ALL;
    cursor->number = block_find(cursor->segment, &cursor->target);
    cursor->at = 0;
    cursor->goes_on = false;
    cursor->entry = (struct history_entry){ 0 };
}

void segment_cursor_limit(struct segment_cursor *cursor, enum segment_reach reach)
{
    cursor->reach = reach;
}

/* ---- damage ---- */

static bool is_text(enum value_kind kind, enum history_form form)
{
    return form != HISTORY_HASHED &&
           (kind == VALUE_DOMAIN || kind == VALUE_URL || kind == VALUE_EMAIL ||
            kind == VALUE_USER_AGENT || kind == VALUE_FILE_NAME || kind == VALUE_JA4);
}

/* From where on a block's values lie, for people. */
static void place_add(struct buf *buf, const struct history_entry *place)
{
    uint8_t key[HISTORY_ORDER_SIZE_MAX];
    size_t size = place->order.size < PLACE_SHOWN_MAX ? place->order.size : PLACE_SHOWN_MAX;
    history_order(place->kind, place->form, span_slice(place->order, 0, size), key);
    buf_add_format(buf, "%s", value_kind_name(place->kind));
    if (size == 0) {
        return;
    }
    buf_add(buf, SPAN(" \""));
    if (is_text(place->kind, place->form)) {
        text_add_printable(buf, span_make(key, size));
    } else {
        buf_add_hex(buf, span_make(key, size));
    }
    buf_add_byte(buf, '"');
}

/* Go behind the block, and say that it is damaged. */
static enum err damaged(struct op *op, struct segment_cursor *cursor, const char *what)
{
    struct history_entry place = segment_block_place(cursor->segment, cursor->number);
    uint64_t offset = cursor->segment->index[cursor->number].offset;
    size_t number = cursor->number;
    struct buf text;
    buf_init(&text, PLACE_TEXT_SIZE_MAX);
    place_add(&text, &place);
    cursor->number++;
    cursor->loaded = SIZE_MAX;
    cursor->at = 0;
    cursor->entry = (struct history_entry){ 0 };
    enum err err = op_fail(op, ERR_CORRUPT, "block %zu at byte %llu, from %.*s on, is damaged (%s)",
                           number, (unsigned long long)offset, SPAN_FMT(buf_span(&text)), what);
    buf_done(&text);
    return err;
}

size_t segment_cursor_damaged(const struct segment_cursor *cursor, enum value_kind *ret_kind)
{
    must(cursor->number > 0);
    *ret_kind = (enum value_kind)cursor->segment->index[cursor->number - 1].kind;
    return cursor->number - 1;
}

/* ---- reading ---- */

/* Ask the disk for a block before it is read; where the one before was read too, for some more. */
static void ask_ahead(struct segment_cursor *cursor)
{
    const struct segment *segment = cursor->segment;
    const struct segment_index *index = &segment->index[cursor->number];
    const uint64_t begin = index->offset;
    uint64_t end = begin + index->size;
    if (segment->disk == NULL) {
        return;
    }
    if (cursor->goes_on) {
        if (end + AHEAD_SIZE / 2 <= cursor->asked_end) {
            return;
        }
        end += AHEAD_SIZE;
    }
    end = end < segment->bytes.size ? end : segment->bytes.size;
    disk_map_use(segment->disk, span_slice(segment->bytes, begin, end), DISK_USE_SOON);
    cursor->asked_end = end;
}

static const char *block_load(struct segment_cursor *cursor)
{
    const struct segment *segment = cursor->segment;
    const struct segment_index *index = &segment->index[cursor->number];
    const struct block_bounds bounds = {
        .kind = (enum value_kind)index->kind,
        .form = (enum history_form)index->form,
        .host_count = segment->host_count,
        .way_count = segment->way_count,
        .tables = &segment->tables,
        .dictionary = segment->dictionaries.of[index->kind][index->form],
    };
    struct span bytes = span_slice(segment->bytes, index->offset, index->offset + index->size);
    cursor->loaded = SIZE_MAX;
    ask_ahead(cursor);
    const char *wrong = block_read(cursor->block, bytes, &bounds);
    if (wrong == NULL) {
        cursor->loaded = cursor->number;
    }
    return wrong;
}

/* Whether a piece goes on behind where the one before ended. */
static bool goes_on(const struct piece_end *end, const struct history_entry *piece)
{
    const struct history_row *row = &piece->rows[0];
    const struct history_posting *posting = &row->postings[0];
    if (row->start_s != end->start_s) {
        return row->start_s > end->start_s;
    }
    if (row->width != end->width) {
        return row->width > end->width;
    }
    return posting->host > end->host || (posting->host == end->host && posting->way > end->way);
}

static struct piece_end end_of(const struct history_entry *piece)
{
    const struct history_row *row = &piece->rows[piece->row_count - 1];
    const struct history_posting *posting = &row->postings[row->posting_count - 1];
    return (struct piece_end){ row->start_s, row->width, posting->host, posting->way };
}

/* Whether a key lies where the index says. */
static bool place_holds(const struct segment_cursor *cursor, const struct history_entry *entry,
                        size_t entry_count)
{
    const struct segment *segment = cursor->segment;
    if (cursor->at == 0) {
        struct history_entry place = segment_block_place(segment, cursor->number);
        if (history_order_compare(&place, entry) > 0) {
            return false;
        }
    }
    if (cursor->at + 1 == entry_count && cursor->number + 1 < segment->block_count) {
        struct history_entry place = segment_block_place(segment, cursor->number + 1);
        return history_order_compare(entry, &place) <= 0;
    }
    return true;
}

enum key_order { KEY_BREAKS_ORDER, KEY_RISES, KEY_IS_THE_SAME };

/* How the key of an entry stands to that of the entry before, which is in the cursor. */
static enum key_order key_order_of(const struct segment_cursor *cursor,
                                   const struct block_entry *at, const uint8_t *text)
{
    const struct history_entry *before = &cursor->entry;
    const struct segment_index *index = &cursor->segment->index[cursor->number];
    if (cursor->at == 0) { /* the index says that it does not fall: see place_holds() */
        bool same = before->row_count > 0 && before->kind == (enum value_kind)index->kind &&
                    before->form == (enum history_form)index->form &&
                    span_equal(before->order, span_make(text, at->size));
        return same ? KEY_IS_THE_SAME : KEY_RISES;
    }
    if (at->size == at->shared) {
        return at->size == before->order.size ? KEY_IS_THE_SAME : KEY_BREAKS_ORDER;
    }
    bool rises = at->shared == before->order.size || text[0] > cursor->key[at->shared];
    return rises ? KEY_RISES : KEY_BREAKS_ORDER;
}

enum taken {
    TAKEN = 0,
    TAKEN_PASSED, /* it lies before the target */
    TAKEN_BEYOND, /* it lies behind what is wanted */
};

/* Whether the entry is wanted, of which the key is known. */
static enum taken wanted(const struct segment_cursor *cursor)
{
    const struct history_entry *entry = &cursor->entry;
    const struct history_entry *target = &cursor->target;
    if (cursor->has_target && history_order_compare(entry, target) < 0) {
        return TAKEN_PASSED;
    }
    if (cursor->reach == SEGMENT_REACH_ALL) {
        return TAKEN;
    }
    bool within = entry->kind == target->kind && entry->form == target->form &&
                  span_starts_with(entry->order, target->order) &&
                  (cursor->reach == SEGMENT_REACH_BEGIN || entry->order.size == target->order.size);
    return within ? TAKEN : TAKEN_BEYOND;
}

/* The rows of the entry, whose key is in the cursor. */
static const char *rows_take(struct segment_cursor *cursor, bool goes_on_from_before)
{
    size_t count;
    const char *wrong = block_read_rows(cursor->block);
    if (wrong != NULL) {
        return wrong;
    }
    const struct block_entry *at = block_entries(cursor->block, &count) + cursor->at;
    cursor->entry.row_count = at->row_count;
    cursor->entry.rows = block_rows(cursor->block) + at->row;
    if (goes_on_from_before && !goes_on(&cursor->end, &cursor->entry)) {
        return "the order of its rows";
    }
    if (cursor->at + 1 == count) {
        cursor->end = end_of(&cursor->entry);
    }
    return NULL;
}

/* The entry that comes next in the block; `wrong` where it is no value, or breaks the order. */
static enum taken entry_take(struct segment_cursor *cursor, const char **ret_wrong)
{
    size_t count;
    const struct segment_index *index = &cursor->segment->index[cursor->number];
    const struct block_entry *at = block_entries(cursor->block, &count) + cursor->at;
    const uint8_t *text = block_text(cursor->block) + at->text;
    enum key_order order = key_order_of(cursor, at, text);
    bool same = order == KEY_IS_THE_SAME && cursor->entry.row_count > 0;
    if (same && cursor->at > 0) {
        cursor->end = end_of(&cursor->entry);
    }
    span_copy(cursor->key + at->shared, sizeof cursor->key - at->shared,
              span_make(text, at->size - at->shared));
    cursor->entry = (struct history_entry){
        .kind = (enum value_kind)index->kind,
        .form = (enum history_form)index->form,
        .order = { cursor->key, at->size },
    };
    if (order == KEY_BREAKS_ORDER ||
        !history_key_fits(index->kind, index->form, cursor->entry.order) ||
        !place_holds(cursor, &cursor->entry, count)) {
        *ret_wrong = "its values, or their order";
        return TAKEN;
    }
    enum taken taken = wanted(cursor);
    if (taken == TAKEN) {
        *ret_wrong = rows_take(cursor, same);
    }
    return taken;
}

enum err segment_cursor_next(struct op *op, struct segment_cursor *cursor,
                             struct history_entry *ret)
{
    while (cursor->number < cursor->segment->block_count) {
        const char *wrong = cursor->loaded == cursor->number ? NULL : block_load(cursor);
        if (wrong != NULL) {
            return damaged(op, cursor, wrong);
        }
        size_t count;
        (void)block_entries(cursor->block, &count);
        if (cursor->at == count) {
            cursor->number++;
            cursor->at = 0;
            cursor->goes_on = true;
            continue;
        }
        enum taken taken = entry_take(cursor, &wrong);
        if (wrong != NULL) {
            return damaged(op, cursor, wrong);
        }
        if (taken == TAKEN_BEYOND) {
            cursor->number = cursor->segment->block_count;
            return ERR_ABSENT;
        }
        cursor->at++;
        if (taken == TAKEN) {
            cursor->has_target = false;
            *ret = cursor->entry;
            return ERR_OK;
        }
    }
    return ERR_ABSENT;
}
