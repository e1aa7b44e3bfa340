// SPDX-License-Identifier: EUPL-1.2
/*
 * From a list to an index image, step by step, in this process alone:
 *
 *   linie-bench-index LIST IMAGE [ROUNDS]
 *
 * The image is left in the file IMAGE for linie-bench-watch. Printed are lines "NAME FIGURE", the
 * times as medians of ROUNDS in milliseconds of CPU. What `linie indicators add` needs for the same
 * list, journal and all, is measured by tools/bench from outside.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>

#include "bench/bench.h"
#include "exchange/exchange.h"
#include "match/image.h"

enum { ROUNDS = 5, ROUNDS_MAX = 99, NS_PER_MS = 1000000 };

#define MEMORY_MAX ((size_t)1 << 30)

struct figures {
    double read_ms[ROUNDS_MAX]; /* list to values alone */
    double add_ms[ROUNDS_MAX];  /* list to builder */
    double finish_ms[ROUNDS_MAX];
    double open_ms[ROUNDS_MAX];
};

static double ms_since(uint64_t begin_ns)
{
    return (double)(bench_cpu_ns() - begin_ns) / NS_PER_MS;
}

/* All of a list into a builder, or nowhere. */
static uint64_t list_read(struct span list, struct match_builder *builder)
{
    struct op op;
    struct exchange_reader *reader = NULL;
    struct exchange_item item;
    struct exchange_fault fault;
    uint16_t origin = 0;
    uint64_t count = 0;
    op_begin(&op, &(struct actor){ .name = SPAN("bench") }, MEMORY_MAX);
    if (builder != NULL) {
        const struct match_origin from = { .source_id = SPAN("identity--bench"),
                                           .source = SPAN("bench"),
                                           .set = SPAN("made up") };
        bench_check(match_builder_origin(builder, &from, &origin), &op);
    }
    bench_check(exchange_open(&op, EXCHANGE_FORMAT_LIST, NULL, list, &reader), &op);
    for (;;) {
        enum err err = exchange_next(reader, &item, &fault);
        if (err == ERR_ABSENT) {
            break;
        }
        if (err != ERR_OK) {
            bench_fail("line %" PRIu64 " of the list is no indicator", fault.line);
        }
        count++;
        if (builder == NULL) {
            continue;
        }
        const struct match_indicator indicator = {
            .value = item.value,
            .scope = item.scope,
            .confidence = item.confidence,
            .origin = origin,
            .valid_from_us = item.valid_from_us,
            .valid_until_us = item.valid_until_us,
        };
        bench_check(match_builder_add(builder, &indicator), &op);
    }
    exchange_close(reader);
    op_end(&op);
    return count;
}

static void image_write(const char *path, struct span bytes)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes.data, 1, bytes.size, file) != bytes.size ||
        fclose(file) != 0) {
        bench_fail("cannot write %s", path);
    }
}

static void image_measure(struct op *op, const char *path, struct figures *figures, size_t round)
{
    struct match_image *image = NULL;
    struct span bytes = bench_file_map(path);
    uint64_t begin_ns = bench_cpu_ns();
    bench_check(match_image_open(op, bytes, &image), op);
    figures->open_ms[round] = ms_since(begin_ns);
    if (round == 0) {
        double count = (double)image->indicator_count;
        printf(
            "indicators %.0f\nimage_bytes %zu\ntext_bytes_each %.1f\nbytes_each_beyond_text %.1f\n",
            count, bytes.size, (double)image->text.size / count,
            (double)(bytes.size - image->text.size) / count);
    }
    match_image_close(image);
    munmap((void *)(uintptr_t)bytes.data, bytes.size);
}

static void round_run(struct span list, const char *path, struct figures *figures, size_t round)
{
    static const struct hash_secret secret = { "made up" };
    struct op op;
    struct match_builder *builder = NULL;
    struct buf image;
    op_begin(&op, &(struct actor){ .name = SPAN("bench") }, MEMORY_MAX);
    uint64_t begin_ns = bench_cpu_ns();
    uint64_t count = list_read(list, NULL);
    figures->read_ms[round] = ms_since(begin_ns);

    begin_ns = bench_cpu_ns();
    bench_check(match_builder_new(&op, &secret, count, &builder), &op);
    list_read(list, builder);
    figures->add_ms[round] = ms_since(begin_ns);

    begin_ns = bench_cpu_ns();
    bench_check(match_builder_finish(builder, &image), &op);
    figures->finish_ms[round] = ms_since(begin_ns);
    match_builder_free(builder);
    image_write(path, buf_span(&image));
    buf_done(&image);
    image_measure(&op, path, figures, round);
    op_end(&op);
}

int main(int argc, char **argv)
{
    static struct figures figures;
    if (argc != 3 && argc != 4) {
        bench_fail("usage: linie-bench-index LIST IMAGE [ROUNDS]");
    }
    uint64_t rounds = argc == 4 ? bench_number(argv[3]) : ROUNDS;
    if (rounds == 0 || rounds > ROUNDS_MAX) {
        bench_fail("rounds: 1 to %d", ROUNDS_MAX);
    }
    struct span list = bench_file_read(argv[1]);
    for (size_t round = 0; round < rounds; round++) {
        round_run(list, argv[2], &figures, round);
    }
    printf("read_ms %.0f\n", bench_median(figures.read_ms, rounds));
    printf("read_and_add_ms %.0f\n", bench_median(figures.add_ms, rounds));
    printf("finish_ms %.0f\n", bench_median(figures.finish_ms, rounds));
    printf("open_ms %.1f\n", bench_median(figures.open_ms, rounds));
    return 0;
}
