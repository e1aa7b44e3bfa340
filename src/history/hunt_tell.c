// SPDX-License-Identifier: EUPL-1.2
#include "base/memory.h"
#include "base/must.h"
#include "history/hunt_inner.h"

enum {
    DAMAGES_MAX = 4096, /* blocks of a segment that are told apart; others count each time */
    CHECK_EVERY = 1024, /* entries between looks whether somebody asked to stop */
};

enum err hunt_segment_begin(struct hunt *hunt, const struct segment *segment)
{
    const struct hunt_options *options = hunt->options;
    const struct segment_facts *facts = segment_facts(segment);
    size_t host_count = 0;
    size_t way_count = 0;
    hunt->segment = segment;
    hunt->hosts = segment_hosts(segment, &host_count);
    hunt->ways = segment_ways(segment, &way_count);
    hunt->way_counts = NULL;
    hunt->cursor = NULL;
    buf_init(&hunt->damage, DAMAGES_MAX * sizeof(uint64_t));
    hunt->all_rows = options->sensor.size == 0 && facts->first_s >= options->since_s &&
                     facts->last_s <= options->until_s;
    if (options->sensor.size > 0) {
        hunt->way_counts = memory_new_array(way_count, sizeof *hunt->way_counts);
        if (hunt->way_counts == NULL) {
            return op_fail(hunt->op, ERR_LIMIT, "no memory to look back");
        }
        for (size_t i = 0; i < way_count; i++) {
            hunt->way_counts[i] = span_equal(hunt->ways[i].sensor, options->sensor);
        }
    }
    return ERR_OK;
}

enum err hunt_seek(struct hunt *hunt, const struct history_entry *place, enum segment_reach reach)
{
    if (hunt->cursor == NULL) {
        TRY(segment_cursor_new(hunt->op, hunt->segment, &hunt->cursor));
    }
    segment_cursor_seek(hunt->cursor, place->kind, place->form, place->order);
    segment_cursor_limit(hunt->cursor, reach);
    return ERR_OK;
}

void hunt_segment_end(struct hunt *hunt)
{
    segment_cursor_free(hunt->cursor);
    memory_free(hunt->way_counts);
    buf_done(&hunt->damage);
    hunt->cursor = NULL;
    hunt->way_counts = NULL;
}

/* ---- damage ---- */

/* Whether it was told: the text names the block, which many questions may lead to. */
static bool damage_is_known(struct hunt *hunt, uint64_t hash)
{
    for (size_t at = 0; at + sizeof hash <= hunt->damage.size; at += sizeof hash) {
        if (memcmp(hunt->damage.data + at, &hash, sizeof hash) == 0) {
            return true;
        }
    }
    buf_add(&hunt->damage, span_make(&hash, sizeof hash));
    return false;
}

static void damage_tell(struct hunt *hunt)
{
    static const struct hash_secret none; /* nobody gains by two blocks being taken for one */
    const char *text = hunt->op->fault.text;
    if (!damage_is_known(hunt, hash_bytes(&none, span_of(text)))) {
        hunt->result.damaged++;
        if (hunt->options->on_damage != NULL) {
            hunt->options->on_damage(hunt->options->context, text);
        }
    }
    op_fault_clear(hunt->op);
}

enum err hunt_read(struct hunt *hunt, struct segment_cursor *cursor, struct history_entry *ret)
{
    hunt->reads++;
    if (hunt->reads % CHECK_EVERY == 0) {
        TRY(op_check(hunt->op));
    }
    enum err err = segment_cursor_next(hunt->op, cursor, ret);
    while (err == ERR_CORRUPT) {
        damage_tell(hunt);
        err = segment_cursor_next(hunt->op, cursor, ret);
    }
    return err;
}

/* ---- what was found ---- */

static bool posting_counts(const struct hunt *hunt, const struct history_posting *posting)
{
    const struct hunt_options *options = hunt->options;
    return posting->last_s >= options->since_s && posting->first_s <= options->until_s &&
           (hunt->way_counts == NULL || hunt->way_counts[posting->way]);
}

/* What counts of a piece's rows, into the hunt's own; returns how many rows. */
static size_t rows_count(struct hunt *hunt, const struct history_entry *entry)
{
    size_t rows = 0;
    size_t postings = 0;
    for (size_t i = 0; i < entry->row_count; i++) {
        const struct history_row *row = &entry->rows[i];
        size_t begin = postings;
        for (size_t j = 0; j < row->posting_count; j++) {
            if (posting_counts(hunt, &row->postings[j])) {
                must(postings < BLOCK_POSTINGS_MAX);
                hunt->postings[postings] = row->postings[j];
                postings++;
            }
        }
        if (postings > begin) {
            hunt->rows[rows] = *row;
            hunt->rows[rows].posting_count = postings - begin;
            hunt->rows[rows].postings = &hunt->postings[begin];
            rows++;
        }
    }
    return rows;
}

enum err hunt_tell(struct hunt *hunt, size_t item, const struct history_entry *entry,
                   enum match_rung rung)
{
    struct hunt_found found = {
        .kind = entry->kind,
        .form = entry->form,
        .key = span_make(hunt->key, entry->order.size),
        .rung = rung,
        .row_count = entry->row_count,
        .rows = entry->rows,
        .hosts = hunt->hosts,
        .ways = hunt->ways,
    };
    if (!hunt->all_rows) {
        found.row_count = rows_count(hunt, entry);
        found.rows = hunt->rows;
    }
    if (found.row_count == 0) {
        return ERR_OK;
    }
    history_order(entry->kind, entry->form, entry->order, hunt->key);
    const struct hunt_item *items = hunt->items;
    for (size_t i = item; i < item + items[item].same; i++) {
        found.question = items[i].question;
        TRY(hunt->options->on_found(hunt->options->context, &found));
    }
    return ERR_OK;
}
