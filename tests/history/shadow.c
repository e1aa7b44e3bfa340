// SPDX-License-Identifier: EUPL-1.2
#include "tests/history/shadow.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

#define NAME(text)                                                                                 \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

const struct history_way shadow_ways[SHADOW_WAYS] = {
    { .sensor = NAME("zeek"), .field = NAME("dns.query") },
    { .sensor = NAME("zeek"), .field = NAME("dns.query"), .direction = RANK_OUTBOUND },
    { .sensor = NAME("suricata"), .field = NAME("http.url"), .assumed = true },
    { .sensor = NAME("suricata"), .field = NAME("http.url"), .outcome = RANK_DENIED },
    { .sensor = NAME("suricata"), .field = NAME("dns.answer"), .answer = true },
};

struct hash_secret shadow_secret(void)
{
    struct hash_secret secret;
    uint64_t state = 1;
    for (size_t i = 0; i < sizeof secret.bytes; i++) {
        secret.bytes[i] = (uint8_t)testing_random(&state);
    }
    return secret;
}

void shadow_add(struct shadow *shadow, const struct shadow_posting *posting)
{
    if (shadow->count == shadow->room) {
        shadow->room = shadow->room * 2 + 64;
        shadow->at = memory_resize(shadow->at, shadow->room * sizeof *shadow->at);
        assert_non_null(shadow->at);
    }
    shadow->at[shadow->count] = *posting;
    shadow->count++;
}

void shadow_done(struct shadow *shadow)
{
    memory_free(shadow->at);
    *shadow = (struct shadow){ 0 };
}

static int compare_values(const struct shadow_posting *a, const struct shadow_posting *b)
{
    uint8_t orders[2][SHADOW_KEY_SIZE_MAX];
    history_order(a->kind, a->form, span_make(a->key, a->key_size), orders[0]);
    history_order(b->kind, b->form, span_make(b->key, b->key_size), orders[1]);
    const struct history_entry left = { .kind = a->kind,
                                        .form = a->form,
                                        .order = span_make(orders[0], a->key_size) };
    const struct history_entry right = { .kind = b->kind,
                                         .form = b->form,
                                         .order = span_make(orders[1], b->key_size) };
    return history_order_compare(&left, &right);
}

static int compare_rows(const struct shadow_posting *a, const struct shadow_posting *b)
{
    int difference = compare_values(a, b);
    if (difference != 0) {
        return difference;
    }
    if (a->start_s != b->start_s) {
        return a->start_s < b->start_s ? -1 : 1;
    }
    return (int)a->width - (int)b->width;
}

static int compare_postings(const void *left, const void *right)
{
    const struct shadow_posting *a = left;
    const struct shadow_posting *b = right;
    int difference = compare_rows(a, b);
    difference = difference != 0 ? difference : strcmp(a->host, b->host);
    return difference != 0 ? difference : (a->way > b->way) - (a->way < b->way);
}

void shadow_combine(struct shadow *shadow)
{
    size_t last = 0;
    if (shadow->count == 0) {
        return;
    }
    qsort(shadow->at, shadow->count, sizeof *shadow->at, compare_postings);
    for (size_t i = 1; i < shadow->count; i++) {
        struct shadow_posting *at = &shadow->at[last];
        const struct shadow_posting *next = &shadow->at[i];
        if (compare_postings(at, next) != 0) {
            last++;
            shadow->at[last] = *next;
            continue;
        }
        at->first_s = next->first_s < at->first_s ? next->first_s : at->first_s;
        at->last_s = next->last_s > at->last_s ? next->last_s : at->last_s;
        at->count = at->count > UINT64_MAX - next->count ? UINT64_MAX : at->count + next->count;
    }
    shadow->count = last + 1;
}

/* ---- writing ---- */

static int compare_numbers(const void *left, const void *right)
{
    const struct history_posting *a = left;
    const struct history_posting *b = right;
    if (a->host != b->host) {
        return a->host < b->host ? -1 : 1;
    }
    return (a->way > b->way) - (a->way < b->way);
}

/* The postings of one row, with the writer's numbers, in order. */
static size_t row_write(struct op *op, struct segment_writer *writer, const struct shadow *shadow,
                        size_t begin, struct history_posting *postings)
{
    size_t end = begin;
    while (end < shadow->count && compare_rows(&shadow->at[begin], &shadow->at[end]) == 0) {
        const struct shadow_posting *posting = &shadow->at[end];
        struct history_posting *at = &postings[end];
        *at = (struct history_posting){ .first_s = posting->first_s,
                                        .last_s = posting->last_s,
                                        .count = posting->count };
        check_err(segment_writer_host(op, writer, span_of(posting->host), &at->host), ERR_OK);
        check_err(segment_writer_way(op, writer, &shadow_ways[posting->way], &at->way), ERR_OK);
        end++;
    }
    qsort(postings + begin, end - begin, sizeof *postings, compare_numbers);
    return end;
}

static void entries_write(struct op *op, struct segment_writer *writer, const struct shadow *shadow)
{
    struct history_posting *postings = memory_new_array(shadow->count, sizeof *postings);
    struct history_row *rows = memory_new_array(shadow->count, sizeof *rows);
    uint8_t order[SHADOW_KEY_SIZE_MAX];
    size_t at = 0;
    while (at < shadow->count) {
        const struct shadow_posting *first = &shadow->at[at];
        size_t row_count = 0;
        while (at < shadow->count && compare_values(first, &shadow->at[at]) == 0) {
            size_t end = row_write(op, writer, shadow, at, postings);
            rows[row_count] = (struct history_row){ .start_s = shadow->at[at].start_s,
                                                    .width = shadow->at[at].width,
                                                    .posting_count = end - at,
                                                    .postings = postings + at };
            row_count++;
            at = end;
        }
        history_order(first->kind, first->form, span_make(first->key, first->key_size), order);
        const struct history_entry entry = { .kind = first->kind,
                                             .form = first->form,
                                             .order = span_make(order, first->key_size),
                                             .row_count = row_count,
                                             .rows = rows };
        check_err(segment_writer_add(op, writer, &entry), ERR_OK);
    }
    memory_free(postings);
    memory_free(rows);
}

void shadow_write(struct op *op, const struct shadow *shadow, struct shadow_segment *ret)
{
    const struct hash_secret secret = shadow_secret();
    struct segment_options options = { .secret = &secret, .level = SEGMENT_LEVEL_FAST };
    for (size_t i = 0; i < shadow->count; i++) {
        const struct shadow_posting *posting = &shadow->at[i];
        if (i == 0 || compare_values(posting, &shadow->at[i - 1]) != 0) {
            options.filter_keys_max += segment_filter_keys(
                posting->kind, posting->form, span_make(posting->key, posting->key_size));
        }
    }
    check_err(segment_writer_new(op, NULL, &options, &ret->writer), ERR_OK);
    entries_write(op, ret->writer, shadow);
    check_err(segment_writer_finish(op, ret->writer, NULL), ERR_OK);
    check_err(segment_open(op, segment_writer_bytes(ret->writer), &secret, &ret->segment), ERR_OK);
}

void shadow_segment_done(struct shadow_segment *segment)
{
    segment_close(segment->segment);
    segment_writer_free(segment->writer);
}

/* ---- reading ---- */

static size_t way_of(const struct history_way *way)
{
    for (size_t i = 0; i < SHADOW_WAYS; i++) {
        const struct history_way *known = &shadow_ways[i];
        if (span_equal(known->sensor, way->sensor) && span_equal(known->field, way->field) &&
            known->direction == way->direction && known->outcome == way->outcome &&
            known->assumed == way->assumed && known->answer == way->answer) {
            return i;
        }
    }
    fail_msg("a way that nobody wrote");
    return 0;
}

static void entry_read(const struct segment *segment, const struct history_entry *entry,
                       struct shadow *shadow)
{
    size_t host_count = 0;
    size_t way_count = 0;
    const struct span *hosts = segment_hosts(segment, &host_count);
    const struct history_way *ways = segment_ways(segment, &way_count);
    struct shadow_posting posting = { .kind = entry->kind, .form = entry->form };
    assert_in_range(entry->order.size, 0, SHADOW_KEY_SIZE_MAX);
    history_order(entry->kind, entry->form, entry->order, posting.key);
    posting.key_size = entry->order.size;
    for (size_t i = 0; i < entry->row_count; i++) {
        const struct history_row *row = &entry->rows[i];
        posting.start_s = row->start_s;
        posting.width = row->width;
        assert_true(row->posting_count > 0);
        for (size_t j = 0; j < row->posting_count; j++) {
            const struct history_posting *at = &row->postings[j];
            assert_true(j == 0 || compare_numbers(at - 1, at) < 0);
            assert_true(at->host < host_count);
            assert_true(at->way < way_count);
            memset(posting.host, 0, sizeof posting.host);
            span_copy(posting.host, sizeof posting.host - 1, hosts[at->host]);
            posting.way = way_of(&ways[at->way]);
            posting.first_s = at->first_s;
            posting.last_s = at->last_s;
            posting.count = at->count;
            shadow_add(shadow, &posting);
        }
    }
}

void shadow_read(struct op *op, const struct segment *segment, struct shadow *shadow)
{
    struct segment_cursor *cursor;
    struct history_entry entry;
    check_err(segment_cursor_new(op, segment, &cursor), ERR_OK);
    size_t before = shadow->count;
    enum err err = segment_cursor_next(op, cursor, &entry);
    while (err == ERR_OK) {
        size_t last = shadow->count;
        entry_read(segment, &entry, shadow);
        if (last > before) {
            assert_true(compare_rows(&shadow->at[last - 1], &shadow->at[last]) <= 0);
        }
        err = segment_cursor_next(op, cursor, &entry);
    }
    check_err(err, ERR_ABSENT);
    op_fault_clear(op);
    segment_cursor_free(cursor);
    size_t all = shadow->count;
    shadow_combine(shadow);
    if (before == 0) {
        assert_int_equal(shadow->count, all); /* nothing stood there twice */
    }
}

static void show(const char *what, const struct shadow_posting *posting)
{
    char key[2 * SHADOW_KEY_SIZE_MAX + 1] = { 0 };
    for (size_t i = 0; i < posting->key_size; i++) {
        uint8_t byte = posting->key[i];
        bool plain = byte > ' ' && byte < 0x7F;
        (void)snprintf(key + strlen(key), sizeof key - strlen(key), plain ? "%c" : "<%02x>", byte);
    }
    print_message(
        "# %s: %s/%d %s start %u width %d host '%s' way %zu first %u last %u count %llu\n", what,
        value_kind_name(posting->kind), (int)posting->form, key, posting->start_s,
        (int)posting->width, posting->host, posting->way, posting->first_s, posting->last_s,
        (unsigned long long)posting->count);
}

void shadow_compare(const struct shadow *got, const struct shadow *expected)
{
    size_t count = got->count < expected->count ? got->count : expected->count;
    size_t i = 0;
    while (i < count && compare_postings(&got->at[i], &expected->at[i]) == 0 &&
           got->at[i].first_s == expected->at[i].first_s &&
           got->at[i].last_s == expected->at[i].last_s &&
           got->at[i].count == expected->at[i].count) {
        i++;
    }
    if (i < got->count) {
        show("got", &got->at[i]);
    }
    if (i < expected->count) {
        show("expected", &expected->at[i]);
    }
    assert_int_equal(got->count, expected->count);
    assert_int_equal(i, count);
}
