// SPDX-License-Identifier: EUPL-1.2
/*
 * How large a segment of the history becomes, and how fast it is written, opened, read and asked.
 *
 *     history_bench FOLDER ROWS [LEVEL]
 *
 * ROWS 0: reads what was written before. Else it writes a segment of about so many made-up rows to
 * FOLDER/segment: half as many values, 40 % domains, 40 % addresses (a tenth of them IPv6), 10 %
 * URLs, 10 % digests, seen within 90 days at 10,000 inside hosts. What is made up is harder than
 * what happens: addresses, hosts, hours and seconds are drawn evenly.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/batch.h"
#include "history/segment.h"
#include "os/disk.h"

enum {
    HOSTS = 10000,
    WAYS = 24,
    HOURS = 90 * 24,
    FIRST_HOUR = 489600,
    ROWS_MAX = 100,
    POSTINGS_MAX = 4,
    ROUND = 64, /* entries that are made up before they are written */
    ASKED = 1024 * 1024,
    FOUND = 20000,
    FOUND_EVERY = 997,
    OP_MEMORY_MAX = 1024 * 1024 * 1024,
};

/* ---- rows ---- */

struct made {
    struct history_row rows[ROWS_MAX];
    struct history_posting postings[ROWS_MAX * POSTINGS_MAX];
};

static size_t few(struct bench_random *random, unsigned percent, size_t max)
{
    size_t count = 1;
    while (count < max && bench_random_below(random, 100) < percent) {
        count++;
    }
    return count;
}

static void posting_make(struct bench_random *random, const struct history_row *row, size_t number,
                         uint32_t home, struct history_posting *ret)
{
    uint32_t first = (uint32_t)bench_random_below(random, HISTORY_HOUR_S);
    uint64_t count = few(random, 30, 100);
    *ret = (struct history_posting){
        .host = number == 0 ? home : ret[-1].host + 1 + (uint32_t)bench_random_below(random, 1000),
        .way = (uint32_t)(bench_random_below(random, 6) * bench_random_below(random, 5)),
        .first_s = row->start_s + first,
        .last_s = row->start_s + first +
                  (count == 1 ? 0 : (uint32_t)bench_random_below(random, HISTORY_HOUR_S - first)),
        .count = count,
    };
}

/* Three values in four are seen in one hour; the others in some, at the same host or another. */
static size_t rows_make(struct bench_random *random, struct made *made)
{
    size_t count = bench_random_below(random, 4) != 0 ? 1 : 1 + few(random, 75, ROWS_MAX - 1);
    size_t posting = 0;
    uint32_t hour = FIRST_HOUR + (uint32_t)bench_random_below(random, HOURS - 100);
    uint32_t home = (uint32_t)bench_random_below(random, HOSTS);
    for (size_t i = 0; i < count; i++) {
        struct history_row *row = &made->rows[i];
        *row = (struct history_row){ .start_s = hour * HISTORY_HOUR_S, .width = HISTORY_HOUR };
        row->posting_count = few(random, 25, POSTINGS_MAX);
        row->postings = &made->postings[posting];
        for (size_t k = 0; k < row->posting_count; k++) {
            posting_make(random, row, k, home, &made->postings[posting + k]);
        }
        posting += row->posting_count;
        hour += 1 + (uint32_t)bench_random_below(random, 48);
        home =
            bench_random_below(random, 2) == 0 ? home : (uint32_t)bench_random_below(random, HOSTS);
    }
    return count;
}

/* ---- writing ---- */

struct bench {
    struct op op;
    struct bench_random random;
    struct hash_secret secret;
    struct segment_writer *writer;
    struct made made[ROUND];
    struct history_entry round[ROUND];
    size_t round_count;
    double write_s;
    uint8_t found[FOUND][BATCH_KEY_SIZE_MAX]; /* some of what is there */
    struct history_entry found_entries[FOUND];
    size_t found_count;
};

/* Of this process alone: what else the machine does is not counted. */
static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void check(struct bench *bench, enum err err)
{
    if (err != ERR_OK) {
        bench_fail("%s", bench->op.fault.text);
    }
}

static void round_write(struct bench *bench)
{
    double begin = now_s();
    for (size_t i = 0; i < bench->round_count; i++) {
        check(bench, segment_writer_add(&bench->op, bench->writer, &bench->round[i]));
    }
    bench->write_s += now_s() - begin;
    bench->round_count = 0;
}

static void batch_write(struct bench *bench, const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (i > 0 && span_equal(batch->keys[i], batch->keys[i - 1])) {
            continue;
        }
        struct made *made = &bench->made[bench->round_count];
        struct history_entry *entry = &bench->round[bench->round_count];
        *entry = (struct history_entry){ .kind = batch->kind, .order = batch->keys[i] };
        entry->row_count = rows_make(&bench->random, made);
        entry->rows = made->rows;
        bench->round_count++;
        if (bench->round_count == ROUND) {
            round_write(bench);
        }
    }
    round_write(bench);
}

static void kind_write(struct bench *bench, enum value_kind kind, size_t count)
{
    struct batch batch = { .kind = kind };
    buf_init(&batch.text, SIZE_MAX / 2);
    size_t parts = kind == VALUE_DOMAIN ? BATCH_PARTS : 1;
    for (size_t part = 0; part < parts; part++) {
        batch_make(&bench->random, &batch,
                   kind == VALUE_DOMAIN ? count * batch_share(part) / 100 : count, part);
        batch_write(bench, &batch);
        batch_clear(&batch);
    }
    buf_done(&batch.text);
}

static void names_write(struct bench *bench)
{
    char name[64];
    uint32_t number;
    for (unsigned i = 1; i < HOSTS + 8000; i++) {
        int size = snprintf(name, sizeof name, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
        check(bench, segment_writer_host(&bench->op, bench->writer, span_make(name, (size_t)size),
                                         &number));
    }
    for (unsigned i = 0; i < WAYS; i++) {
        (void)snprintf(name, sizeof name, "sensor-%u", i);
        const struct history_way way = { .sensor = span_of(name), .field = SPAN("dns.query") };
        check(bench, segment_writer_way(&bench->op, bench->writer, &way, &number));
    }
}

static void segment_write(struct bench *bench, struct disk *disk, uint64_t rows, int level)
{
    static const struct {
        enum value_kind kind;
        unsigned percent;
    } mix[] = {
        { VALUE_IPV4, 36 }, { VALUE_IPV6, 4 }, { VALUE_DOMAIN, 40 }, { VALUE_URL, 10 },
        { VALUE_MD5, 2 },   { VALUE_SHA1, 0 }, { VALUE_SHA256, 8 },
    };
    const struct segment_options options = { &bench->secret, rows * 2 / 3, level };
    struct disk_file *file;
    struct segment_facts facts;
    size_t values = rows / 2;
    if (disk_remove(&bench->op, disk, SPAN("segment")) != ERR_OK) {
        op_fault_clear(&bench->op); /* there was none */
    }
    check(bench, disk_file_open(&bench->op, disk, SPAN("segment"), DISK_CREATE_NEW, &file));
    check(bench, segment_writer_new(&bench->op, file, &options, &bench->writer));
    names_write(bench);
    for (size_t i = 0; i < sizeof mix / sizeof mix[0]; i++) {
        kind_write(bench, mix[i].kind, values * mix[i].percent / 100);
    }
    double begin = now_s();
    check(bench, segment_writer_finish(&bench->op, bench->writer, &facts));
    double finish_s = now_s() - begin;
    bench->write_s += finish_s;
    printf("rows         %llu, values %llu, postings %llu, blocks %llu, filter keys %llu\n",
           (unsigned long long)facts.rows, (unsigned long long)facts.values,
           (unsigned long long)facts.postings, (unsigned long long)facts.blocks,
           (unsigned long long)facts.filter_keys);
    printf("size         %llu bytes, %.2f a row\n", (unsigned long long)facts.size,
           (double)facts.size / (double)facts.rows);
    printf("written      %.2f M rows/s, of it finishing %.2f s\n",
           (double)facts.rows / bench->write_s / 1e6, finish_s);
    disk_file_close(file);
    segment_writer_free(bench->writer);
}

/* ---- reading ---- */

static void found_keep(struct bench *bench, const struct history_entry *entry)
{
    if (bench->found_count < FOUND) {
        struct history_entry *kept = &bench->found_entries[bench->found_count];
        span_copy(bench->found[bench->found_count], BATCH_KEY_SIZE_MAX, entry->order);
        *kept = (struct history_entry){
            .kind = entry->kind,
            .order = { bench->found[bench->found_count], entry->order.size },
        };
        bench->found_count++;
    }
}

static void scan(struct bench *bench, const struct segment *segment)
{
    struct segment_cursor *cursor;
    struct history_entry entry;
    size_t rows = 0;
    size_t entries = 0;
    double begin = now_s();
    check(bench, segment_cursor_new(&bench->op, segment, &cursor));
    while (segment_cursor_next(&bench->op, cursor, &entry) == ERR_OK) {
        if (entries % FOUND_EVERY == 0) {
            found_keep(bench, &entry);
        }
        entries++;
        rows += entry.row_count;
    }
    double spent_s = now_s() - begin;
    printf("read         %.1f M rows/s (%zu rows, %zu entries)\n", (double)rows / spent_s / 1e6,
           rows, entries);
    segment_cursor_free(cursor);
}

/* Questions that have no answer, in rounds: first their memory is asked for. */
static void ask_strangers(struct segment *segment, size_t round)
{
    size_t passed = 0;
    struct segment_asked asked[ROUND];
    double begin = now_s();
    for (size_t i = 0; i < ASKED; i += round) {
        for (size_t k = 0; k < round; k++) {
            uint8_t key[VALUE_SHA1_SIZE] = { 0 };
            uint64_t number = i + k;
            span_copy(key, sizeof key, span_make(&number, sizeof number));
            segment_asked_make(segment, VALUE_SHA1, HISTORY_WHOLE, span_make(key, sizeof key),
                               &asked[k]);
            if (round > 1) {
                segment_may_hold_ahead(segment, &asked[k]);
            }
        }
        for (size_t k = 0; k < round; k++) {
            passed += segment_may_hold_asked(segment, &asked[k]) ? 1 : 0;
        }
    }
    double spent_s = now_s() - begin;
    printf("filter       %.0f ns a question, %zu at once; %.2f %% of strangers pass\n",
           spent_s / ASKED * 1e9, round, (double)passed * 100 / ASKED);
}

static void look_up(struct bench *bench, const struct segment *segment)
{
    struct segment_cursor *cursor;
    struct history_entry entry;
    check(bench, segment_cursor_new(&bench->op, segment, &cursor));
    double begin = now_s();
    for (size_t i = 0; i < bench->found_count; i++) {
        const struct history_entry *wanted = &bench->found_entries[(i * 7919) % bench->found_count];
        segment_cursor_seek(cursor, wanted->kind, wanted->form, wanted->order);
        check(bench, segment_cursor_next(&bench->op, cursor, &entry));
        if (history_order_compare(&entry, wanted) != 0) {
            bench_fail("what was written is not found");
        }
    }
    double spent_s = now_s() - begin;
    printf("found        %.1f us each of %zu\n", spent_s / (double)bench->found_count * 1e6,
           bench->found_count);
    segment_cursor_free(cursor);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    static const struct actor actor = { .name = { (const uint8_t *)"bench", 5 } };
    uint64_t rows;
    uint64_t level = SEGMENT_LEVEL_SMALL;
    if (argc < 3 || span_to_u64(span_of(argv[2]), &rows) != ERR_OK ||
        (argc > 3 && span_to_u64(span_of(argv[3]), &level) != ERR_OK)) {
        bench_fail("usage: history_bench FOLDER ROWS [LEVEL]");
    }
    for (size_t i = 0; i < sizeof bench.secret.bytes; i++) {
        bench.secret.bytes[i] = (uint8_t)bench_mix(i);
    }
    op_begin(&bench.op, &actor, OP_MEMORY_MAX);
    struct disk *disk;
    struct span map;
    struct segment *segment;
    check(&bench, disk_open_real(&bench.op, span_of(argv[1]), &disk));
    if (rows > 0) {
        segment_write(&bench, disk, rows, (int)level);
    }
    check(&bench, disk_map(&bench.op, disk, SPAN("segment"), &map));
    double begin = now_s();
    check(&bench, segment_open(&bench.op, map, &bench.secret, &segment));
    segment_tell_disk(segment, disk);
    printf("opened       in %.2f ms\n", (now_s() - begin) * 1e3);
    scan(&bench, segment);
    scan(&bench, segment);
    look_up(&bench, segment);
    ask_strangers(segment, ROUND); /* reads the filter's pages and checks them */
    ask_strangers(segment, ROUND);
    ask_strangers(segment, 1);
    segment_close(segment);
    disk_unmap(disk, map);
    disk_close(disk);
    op_end(&bench.op);
    return 0;
}
