// SPDX-License-Identifier: EUPL-1.2
/*
 * Random values, sorted, with rows and postings: what a segment is made of, as plain lists. The
 * same seed gives the same world.
 */
#ifndef TESTS_HISTORY_WORLD_H
#define TESTS_HISTORY_WORLD_H

#include <stdio.h>
#include <stdlib.h>

#include "base/must.h"
#include "base/wire.h"
#include "history/segment.h"

enum {
    WORLD_HOSTS = 300, /* number 0 is the empty name */
    WORLD_WAYS = 20,
    WORLD_ROWS_MAX = 6,
    WORLD_POSTINGS_MAX = 4,
    WORLD_NAME_SIZE = 24,
    WORLD_HASH_SIZE = 16,       /* of a value that is kept as its keyed hash */
    WORLD_START_S = 1760000400, /* an hour begins */
};

struct world {
    struct op *op;
    uint64_t state;
    struct span dice; /* what decides instead, where there is some; zeros once it is used up */
    bool has_dice;
    size_t count;
    struct history_entry *entries;
};

static uint64_t world_random(struct world *world, uint64_t sides)
{
    if (world->has_dice) {
        struct wire_reader r = wire_reader_of(world->dice);
        uint64_t value = sides > UINT8_MAX ? wire_u32(&r) : wire_u8(&r);
        world->dice = r.rest;
        return value % sides;
    }
    world->state += 0x9e3779b97f4a7c15; /* splitmix64 */
    uint64_t z = world->state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) % sides;
}

static void *world_room(struct world *world, size_t size)
{
    void *room = op_alloc(world->op, size);
    must(room != NULL);
    return room;
}

static struct span world_host(uint32_t number, char *name)
{
    int size =
        number == 0 ? 0 : snprintf(name, WORLD_NAME_SIZE, "10.0.%u.%u", number / 256, number % 256);
    return span_make(name, (size_t)size);
}

static struct history_way world_way(uint32_t number, char *name)
{
    (void)snprintf(name, WORLD_NAME_SIZE, "sensor-%u", number / 4);
    return (struct history_way){
        .sensor = span_of(name),
        .field = number % 2 == 0 ? SPAN("dns.query") : SPAN("conn.id.resp_h"),
        .direction = (enum rank_direction)(number % RANK_DIRECTION_COUNT),
        .outcome = (enum rank_outcome)(number / 2 % RANK_OUTCOME_COUNT),
        .assumed = number % 3 == 0,
        .answer = number % 5 == 0,
    };
}

/* ---- values ---- */

static size_t world_domain(struct world *world, uint8_t *key)
{
    static const char *const tops[] = { "org", "example.com", "nl", "co.uk", "net" };
    struct buf text = { .data = key, .capacity = 200, .size_max = 200 };
    size_t labels = world_random(world, 3);
    for (size_t i = 0; i <= labels; i++) {
        size_t letters = 1 + world_random(world, i == 0 ? 8 : 2);
        for (size_t k = 0; k < letters; k++) {
            buf_add_byte(&text, (uint8_t)("abcdefgh-7"[world_random(world, 10)]));
        }
        buf_add_byte(&text, '.');
    }
    buf_add(&text, span_of(tops[world_random(world, 5)]));
    return text.size;
}

static size_t world_url(struct world *world, uint8_t *key)
{
    static const char *const tails[] = { "", "?Id=7", "/%41bc", "/Deep/er?x=%3f", "/a/b/c/d.php" };
    size_t size = world_domain(world, key);
    struct buf text = { .data = key, .size = size, .capacity = 400, .size_max = 400 };
    buf_add(&text, SPAN("/x"));
    buf_add_u64(&text, world_random(world, 50));
    buf_add(&text, span_of(tails[world_random(world, 5)]));
    return text.size;
}

static struct history_entry world_value(struct world *world)
{
    static const enum value_kind kinds[] = { VALUE_DOMAIN, VALUE_DOMAIN, VALUE_IPV4, VALUE_IPV4,
                                             VALUE_URL,    VALUE_SHA256, VALUE_MD5,  VALUE_IPV6 };
    static const size_t sizes[] = { 0, 0, 4, 4, 0, 32, 16, 16 };
    size_t choice = world_random(world, 8);
    uint8_t key[512] = { 0 };
    size_t size = sizes[choice];
    if (kinds[choice] == VALUE_DOMAIN) {
        size = world_domain(world, key);
    } else if (kinds[choice] == VALUE_URL) {
        size = world_url(world, key);
    } else {
        for (size_t i = 0; i < size; i++) {
            key[i] = (uint8_t)world_random(world, i < 2 ? 3 : 256);
        }
    }
    struct history_entry entry = {
        .kind = kinds[choice],
        .form = (enum history_form)(world_random(world, 10) == 0 ? world_random(world, 3) : 0),
    };
    if (entry.form == HISTORY_HASHED) {
        size = WORLD_HASH_SIZE;
    }
    uint8_t *order = world_room(world, size);
    history_order(entry.kind, entry.form, span_make(key, size), order);
    entry.order = span_make(order, size);
    return entry;
}

/* ---- rows ---- */

static int world_compare_postings(const void *a, const void *b)
{
    const struct history_posting *left = a;
    const struct history_posting *right = b;
    uint64_t left_place = (uint64_t)left->host << 32 | left->way;
    uint64_t right_place = (uint64_t)right->host << 32 | right->way;
    return (left_place > right_place) - (left_place < right_place);
}

static void world_postings(struct world *world, struct history_row *row, size_t count_max)
{
    size_t wanted = 1 + world_random(world, count_max);
    struct history_posting *postings = world_room(world, wanted * sizeof *postings);
    uint32_t length = history_span_end(row->width, row->start_s) - row->start_s;
    for (size_t i = 0; i < wanted; i++) {
        uint32_t first = (uint32_t)world_random(world, length);
        bool many = world_random(world, 5) == 0;
        postings[i] = (struct history_posting){
            .host = (uint32_t)world_random(world, WORLD_HOSTS),
            .way = (uint32_t)world_random(world, WORLD_WAYS),
            .first_s = row->start_s + first,
            .last_s =
                row->start_s + first + (uint32_t)(many ? world_random(world, length - first) : 0),
            .count = 1 + (many ? world_random(world, 1000) : 0),
        };
        if (world_random(world, 200) == 0) {
            postings[i].count = (uint64_t)1 << world_random(world, 60);
        }
    }
    qsort(postings, wanted, sizeof *postings, world_compare_postings);
    size_t count = 0;
    for (size_t i = 0; i < wanted; i++) {
        if (count == 0 || world_compare_postings(&postings[count - 1], &postings[i]) != 0) {
            postings[count] = postings[i];
            count++;
        }
    }
    row->postings = postings;
    row->posting_count = count;
}

static void world_rows(struct world *world, struct history_entry *entry, size_t rows_max,
                       size_t postings_max)
{
    size_t count = 1 + world_random(world, rows_max);
    struct history_row *rows = world_room(world, count * sizeof *rows);
    uint32_t start = WORLD_START_S;
    for (size_t i = 0; i < count; i++) {
        start += HISTORY_HOUR_S * (uint32_t)(1 + world_random(world, 50));
        enum history_width width =
            (enum history_width)(world_random(world, 20) == 0 ? world_random(world, 3) : 0);
        start = width == HISTORY_HOUR ? start : history_span_end(width, start);
        rows[i] = (struct history_row){ .start_s = start, .width = width };
        world_postings(world, &rows[i], postings_max);
        start = history_span_end(width, start) - HISTORY_HOUR_S;
    }
    entry->rows = rows;
    entry->row_count = count;
}

/* ---- all of it ---- */

static int world_compare_entries(const void *a, const void *b)
{
    return history_order_compare(a, b);
}

static void world_fill(struct world *world, size_t count)
{
    world->entries = world_room(world, count * sizeof *world->entries);
    for (size_t i = 0; i < count; i++) {
        world->entries[i] = world_value(world);
    }
    qsort(world->entries, count, sizeof *world->entries, world_compare_entries);
    for (size_t i = 0; i < count; i++) {
        if (world->count == 0 ||
            history_order_compare(&world->entries[world->count - 1], &world->entries[i]) != 0) {
            world->entries[world->count] = world->entries[i];
            world->count++;
        }
    }
    for (size_t i = 0; i < world->count; i++) {
        world_rows(world, &world->entries[i], WORLD_ROWS_MAX, WORLD_POSTINGS_MAX);
    }
}

static void world_make(struct world *world, struct op *op, uint64_t seed, size_t count)
{
    *world = (struct world){ .op = op, .state = seed };
    world_fill(world, count);
}

static enum err world_names(struct op *op, struct segment_writer *writer)
{
    char name[WORLD_NAME_SIZE];
    uint32_t number;
    for (uint32_t i = 0; i < WORLD_HOSTS; i++) {
        TRY(segment_writer_host(op, writer, world_host(i, name), &number));
        must(number == i);
    }
    for (uint32_t i = 0; i < WORLD_WAYS; i++) {
        const struct history_way way = world_way(i, name);
        TRY(segment_writer_way(op, writer, &way, &number));
        must(number == i);
    }
    return ERR_OK;
}

static enum err world_write_to(struct op *op, const struct world *world,
                               struct segment_writer *writer, struct segment_facts *ret_facts)
{
    TRY(world_names(op, writer));
    for (size_t i = 0; i < world->count; i++) {
        TRY(segment_writer_add(op, writer, &world->entries[i]));
    }
    return segment_writer_finish(op, writer, ret_facts);
}

/* A segment of it; the writer is to be given back. `file` may be NULL. */
static struct segment_writer *world_write(struct world *world, const struct hash_secret *secret,
                                          struct disk_file *file, struct segment_facts *ret_facts)
{
    const struct segment_options options = { .secret = secret,
                                             .filter_keys_max = 1000,
                                             .level = 3 };
    struct segment_writer *writer;
    must(segment_writer_new(world->op, file, &options, &writer) == ERR_OK);
    must(world_write_to(world->op, world, writer, ret_facts) == ERR_OK);
    return writer;
}

/* ---- comparing ---- */

/* How far an entry has been read, since it comes in pieces. */
struct world_progress {
    size_t row;
    size_t posting; /* in the row */
};

static bool world_row_is(const struct history_row *got, const struct history_row *expected,
                         size_t from)
{
    if (got->start_s != expected->start_s || got->width != expected->width ||
        got->posting_count > expected->posting_count - from) {
        return false;
    }
    for (size_t i = 0; i < got->posting_count; i++) {
        const struct history_posting *a = &got->postings[i];
        const struct history_posting *b = &expected->postings[from + i];
        if (a->host != b->host || a->way != b->way || a->first_s != b->first_s ||
            a->last_s != b->last_s || a->count != b->count) {
            return false;
        }
    }
    return true;
}

/* Whether a piece is what comes next of an entry. */
static bool world_piece_is(const struct history_entry *piece, const struct history_entry *expected,
                           struct world_progress *progress)
{
    if (history_order_compare(piece, expected) != 0 || piece->row_count == 0) {
        return false;
    }
    for (size_t i = 0; i < piece->row_count; i++) {
        const struct history_row *row = &expected->rows[progress->row];
        if (progress->row >= expected->row_count ||
            !world_row_is(&piece->rows[i], row, progress->posting)) {
            return false;
        }
        progress->posting += piece->rows[i].posting_count;
        if (progress->posting == row->posting_count) {
            progress->row++;
            progress->posting = 0;
        }
    }
    return true;
}

/* Whether the cursor gives an entry, all of it. */
static bool world_entry_is_next(struct op *op, struct segment_cursor *cursor,
                                const struct history_entry *expected)
{
    struct world_progress progress = { 0, 0 };
    while (progress.row < expected->row_count) {
        struct history_entry piece;
        if (segment_cursor_next(op, cursor, &piece) != ERR_OK ||
            !world_piece_is(&piece, expected, &progress)) {
            return false;
        }
    }
    return true;
}

#endif
