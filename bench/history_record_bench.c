// SPDX-License-Identifier: EUPL-1.2
/*
 * What the watch pays for history: CPU time of history_record_add() for each value, over chunks as
 * the watch has them (some thousand different values), and of history_record_end(). "again" adds
 * what is there already, "new" what is not.
 *
 * Then what the store pays to take as much in: live_add(), live_commit() and live_writing_step(),
 * over as many records as one segment is made of; on a disk in memory. "again" are records of which
 * it has all values already.
 *
 * usage: history_record_bench [VALUES [ROUNDS]]
 */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "bench/bench.h"
#include "history/live.h"
#include "history/record.h"
#include "os/disk_sim.h"

enum {
    VALUES = 5000,
    ROUNDS = 41,
    KEY_SIZE_MAX = 64,
    HOSTS = 200,
    WAYS = 12,
    ARENA_SIZE = 1 << 20,
    TAKEN_ROUNDS = 7,
    TAKEN_RECORDS = 24,
    TAKEN_AT_ONCE = 4, /* records in a commit */
    SECRET_BYTE = 7
};

struct made {
    struct history_seen seen;
    uint8_t key[KEY_SIZE_MAX];
};

/* Of each ten: four addresses, four domains, one URL, one digest. */
static void value_make(uint64_t number, struct made *ret)
{
    static const enum value_kind kinds[] = { VALUE_IPV4,   VALUE_DOMAIN, VALUE_IPV4, VALUE_DOMAIN,
                                             VALUE_DOMAIN, VALUE_IPV4,   VALUE_URL,  VALUE_SHA256,
                                             VALUE_IPV4,   VALUE_DOMAIN };
    enum value_kind kind = kinds[number % (sizeof kinds / sizeof kinds[0])];
    uint64_t mixed = bench_mix(number);
    size_t size = sizeof(uint32_t);
    if (kind == VALUE_DOMAIN) {
        size = 12 + mixed % 20; /* bytes, as names are */
    } else if (kind == VALUE_URL || kind == VALUE_SHA256) {
        size = 32; /* bytes of the digest; of a short URL */
    }
    for (size_t i = 0; i < size; i++) {
        ret->key[i] = (uint8_t)('a' + bench_mix(number * KEY_SIZE_MAX + i) % 26); /* letters */
    }
    uint32_t second = 1700000000u + (uint32_t)(mixed >> 32) % HISTORY_HOUR_S;
    ret->seen = (struct history_seen){
        .kind = kind,
        .form = HISTORY_WHOLE,
        .key = span_make(ret->key, size),
        .host = (uint32_t)(mixed >> 8) % HOSTS,
        .way = (uint32_t)(mixed >> 16) % WAYS,
        .first_s = second,
        .last_s = second,
        .count = 1,
    };
}

static void names_add(struct history_record_writer *writer)
{
    uint8_t text[KEY_SIZE_MAX];
    for (int i = 1; i < HOSTS; i++) {
        int size = snprintf((char *)text, sizeof text, "10.0.0.%d", i);
        if (history_record_host(writer, span_make(text, (size_t)size)) != (uint32_t)i) {
            bench_fail("a host has another number than %d", i);
        }
    }
    for (int i = 0; i < WAYS; i++) {
        int size = snprintf((char *)text, sizeof text, "stream.field%d", i);
        const struct history_way way = { .sensor = SPAN("sensor"),
                                         .field = span_make(text, (size_t)size),
                                         .direction = RANK_OUTBOUND };
        if (history_record_way(writer, &way) != (uint32_t)i) {
            bench_fail("a way has another number than %d", i);
        }
    }
}

static double add_all(struct history_record_writer *writer, const struct made *values, size_t count)
{
    uint64_t begin_ns = bench_cpu_ns();
    for (size_t i = 0; i < count; i++) {
        if (history_record_add(writer, &values[i].seen) != ERR_OK) {
            bench_fail("value %zu is not taken", i);
        }
    }
    return (double)(bench_cpu_ns() - begin_ns) / (double)count;
}

/* ---- the store ---- */

/* What it costs for each thing seen. */
struct taken {
    double add_ns[2]; /* new, again */
    double commit_ns[2];
    double write_ns;
};

static void record_make(struct history_record_writer *writer, struct made *values, size_t count,
                        uint64_t first, struct buf *ret)
{
    uint64_t left_out;
    for (size_t i = 0; i < count; i++) {
        value_make(first + i, &values[i]);
        values[i].seen.key.data = values[i].key;
    }
    history_record_begin(writer);
    names_add(writer);
    (void)add_all(writer, values, count);
    history_record_end(writer, ret, &left_out);
}

/* All records, some in each commit. */
static void records_take(struct op *op, struct live *live, const struct buf *records,
                         double *ret_add_ns, double *ret_commit_ns)
{
    uint64_t add_ns = 0;
    uint64_t commit_ns = 0;
    for (size_t i = 0; i < TAKEN_RECORDS; i++) {
        uint64_t begin_ns = bench_cpu_ns();
        bench_check(live_add(op, live, buf_span(&records[i])), op);
        uint64_t added_ns = bench_cpu_ns();
        if (i % TAKEN_AT_ONCE == TAKEN_AT_ONCE - 1) {
            bench_check(live_commit(op, live, live_last(live) + 1), op);
        }
        add_ns += added_ns - begin_ns;
        commit_ns += bench_cpu_ns() - added_ns;
    }
    *ret_add_ns = (double)add_ns;
    *ret_commit_ns = (double)commit_ns;
}

static double segment_take(struct op *op, struct live *live)
{
    struct hash_secret secret;
    struct live_writing *writing;
    bool done = false;
    memset(secret.bytes, SECRET_BYTE, sizeof secret.bytes);
    const struct segment_options options = { .secret = &secret, .level = SEGMENT_LEVEL_FAST };
    uint64_t begin_ns = bench_cpu_ns();
    bench_check(live_writing_new(op, live, false, NULL, &options, &writing), op);
    bench_check(live_writing_step(op, writing, INT64_MAX, &done), op);
    double taken_ns = (double)(bench_cpu_ns() - begin_ns);
    live_writing_free(writing);
    return taken_ns;
}

static void take(struct op *op, const struct buf *records, size_t count, struct taken *ret)
{
    struct disk *disk;
    struct live *live;
    const struct live_options options = { .write = true, .last = UINT64_MAX, .number = 1 };
    double things = (double)count * TAKEN_RECORDS;
    bench_check(disk_sim_open(op, 1, &disk), op);
    bench_check(live_open(op, disk, SPAN("wal-1"), &options, &live, NULL), op);
    for (uint64_t again = 0; again < 2; again++) { /* once new, once again */
        records_take(op, live, records, &ret->add_ns[again], &ret->commit_ns[again]);
        ret->commit_ns[again] /= things;
        ret->add_ns[again] /= things;
    }
    ret->write_ns = segment_take(op, live) / things;
    live_close(live);
    disk_close(disk);
}

static void take_all(struct op *op, struct history_record_writer *writer, struct made *values,
                     size_t count)
{
    struct buf records[TAKEN_RECORDS];
    double figures[5][TAKEN_ROUNDS];
    for (size_t i = 0; i < TAKEN_RECORDS; i++) {
        buf_init(&records[i], HISTORY_RECORD_SIZE_MAX);
        record_make(writer, values, count, i * count, &records[i]);
    }
    for (size_t round = 0; round < TAKEN_ROUNDS; round++) {
        struct taken taken;
        take(op, records, count, &taken);
        figures[0][round] = taken.add_ns[0];
        figures[1][round] = taken.commit_ns[0];
        figures[2][round] = taken.add_ns[1];
        figures[3][round] = taken.commit_ns[1]; /* as printed below */
        figures[4][round] = taken.write_ns;     /* likewise */
    }
    printf("%zu taken in: new %.1f and %.1f ns (added, committed), again %.1f and %.1f ns; into a "
           "segment %.1f ns\n",
           count * TAKEN_RECORDS, bench_median(figures[0], TAKEN_ROUNDS),
           bench_median(figures[1], TAKEN_ROUNDS), bench_median(figures[2], TAKEN_ROUNDS),
           bench_median(figures[3], TAKEN_ROUNDS), bench_median(figures[4], TAKEN_ROUNDS));
    for (size_t i = 0; i < TAKEN_RECORDS; i++) {
        buf_done(&records[i]);
    }
}

int main(int argc, char **argv)
{
    struct op op;
    struct buf bytes;
    struct history_record_writer *writer;
    double new_ns[ROUNDS];
    double again_ns[ROUNDS];
    double end_ns[ROUNDS];
    uint64_t left_out;
    op_begin(&op, &(struct actor){ .name = SPAN("bench") }, ARENA_SIZE);
    size_t count = argc > 1 ? bench_number(argv[1]) : VALUES;
    size_t rounds = argc > 2 ? bench_number(argv[2]) : ROUNDS;
    struct made *values = memory_new_array(count, sizeof *values);
    if (values == NULL || rounds == 0 || rounds > ROUNDS) {
        bench_fail("at most %d rounds, and values for which there is memory", ROUNDS);
    }
    buf_init(&bytes, HISTORY_RECORD_SIZE_MAX);
    bench_check(history_record_writer_new(&op, &writer), &op);
    for (size_t round = 0; round < rounds; round++) {
        for (size_t i = 0; i < count; i++) {
            value_make(round * count + i, &values[i]);
            values[i].seen.key.data = values[i].key;
        }
        buf_clear(&bytes);
        history_record_begin(writer);
        names_add(writer);
        new_ns[round] = add_all(writer, values, count);
        again_ns[round] = add_all(writer, values, count);
        uint64_t begin_ns = bench_cpu_ns();
        history_record_end(writer, &bytes, &left_out);
        end_ns[round] = (double)(bench_cpu_ns() - begin_ns) / (double)count;
    }
    printf("%zu values: new %.1f ns, again %.1f ns, written %.1f ns, %.1f bytes each\n", count,
           bench_median(new_ns, rounds), bench_median(again_ns, rounds),
           bench_median(end_ns, rounds), (double)bytes.size / (double)count);
    take_all(&op, writer, values, count);
    history_record_writer_free(writer);
    memory_free(values);
    buf_done(&bytes);
    op_end(&op);
    return 0;
}
