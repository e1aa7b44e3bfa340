// SPDX-License-Identifier: EUPL-1.2
/*
 * Logs and indicators for the bench: real lines, multiplied with values that vary.
 *
 *   linie-bench-generate list COUNT FILE
 *   linie-bench-generate eve  DATA MB PPM COUNT FILE
 *   linie-bench-generate zeek DATA MB PPM COUNT FILE
 *   linie-bench-generate pair DATA MB PPM COUNT FILE.ndjson FILE.log
 *
 * `list` writes COUNT mixed indicators, one a line. The others write MB million bytes of lines made
 * from those under DATA (see ../shared/data/README.md), PPM lines in a million with a value that an
 * indicator of that list matches, and beside each file FILE.expected: how many lines there are, and
 * how many were planted of each kind. `eve` and `zeek` shuffle the lines of all their sources, in
 * the proportions in which these stand there; `pair` writes the same records as JSON and as TSV,
 * one stream after the other as Zeek does. "-" as FILE writes to the standard output, without
 * .expected.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/time.h"
#include "bench/indicator.h"
#include "bench/template.h"
#include "format/inflate.h"

enum {
    MEGABYTE = 1000000,
    MILLION = 1000000,
    SOURCE_SIZE_MAX = 256 * MEGABYTE, /* of one file, decompressed */
    PATH_SIZE_MAX = 4096,
    FLUSH_SIZE = MEGABYTE,
    RECORD_STEP_US = 250, /* four thousand records a second */
    SEED = 20261121,
    RANGE_ONE_IN = 5, /* of planted addresses: by a range that holds it */
};

#define MEMORY_MAX    ((size_t)16 << 30)
#define FIRST_TIME_US ((int64_t)1793610000 * US_PER_S) /* 2026-11-02T09:00:00Z */

/* Lines of one source file, or of several. */
struct lines {
    size_t count;
    size_t room;
    struct template *at;
    struct span header; /* TSV */
};

struct output {
    const char *path;
    FILE *file;
    struct buf buf;
    uint64_t size;
    uint64_t records;
    uint64_t planted[VALUE_KIND_COUNT];
};

struct run {
    struct op op;
    const char *data;
    uint64_t size;
    uint64_t planted_ppm;
    uint64_t indicator_count;
};

/* ---- reading ---- */

static struct span file_inflated(struct op *op, const char *path)
{
    struct span packed = bench_file_map(path);
    struct span whole;
    struct buf buf;
    struct inflate *stream = NULL;
    buf_init(&buf, SOURCE_SIZE_MAX);
    bench_check(inflate_new(op, inflate_detect(packed), &stream), op);
    size_t room = 0;
    do {
        uint8_t *memory = buf_reserve(&buf, MEGABYTE);
        if (memory == NULL) {
            bench_fail("%s is too large", path);
        }
        struct inflate_output output = { .data = memory, .capacity = MEGABYTE };
        bench_check(inflate_run(op, stream, &packed, &output), op);
        buf.size += output.size;
        room = output.capacity - output.size;
    } while (room == 0);
    inflate_free(stream);
    bench_check(op_copy(op, buf_span(&buf), &whole), op);
    buf_done(&buf);
    return whole;
}

static void lines_add(struct lines *lines, const struct template *template)
{
    if (lines->count == lines->room) {
        lines->room = lines->room * 2 + 1024; /* 1024: the first step */
        lines->at = memory_resize(lines->at, lines->room * sizeof *lines->at);
        if (lines->at == NULL) {
            bench_fail("no memory for the lines");
        }
    }
    lines->at[lines->count] = *template;
    lines->count++;
}

static void path_make(char path[PATH_SIZE_MAX], const char *folder, const char *name,
                      const char *suffix)
{
    int size = snprintf(path, PATH_SIZE_MAX, "%s%s%s", folder, name, suffix);
    if (size < 0 || size >= PATH_SIZE_MAX) {
        bench_fail("the path %s... is too long", folder);
    }
}

/* One source file under the data. */
static struct span source_read(struct run *run, const char *folder, const char *name,
                               const char *suffix)
{
    char folder_path[PATH_SIZE_MAX];
    char path[PATH_SIZE_MAX];
    path_make(folder_path, run->data, "/", folder);
    path_make(path, folder_path, name, suffix);
    return file_inflated(&run->op, path);
}

static void json_read(struct run *run, struct span rest, struct lines *lines)
{
    struct template template;
    struct span line;
    while (span_next(&rest, '\n', &line)) {
        if (line.size > 0) {
            template_from_json(&run->op, line, &template);
            lines_add(lines, &template);
        }
    }
}

static void tsv_read(struct run *run, struct span rest, struct lines *lines)
{
    static struct columns columns;
    struct template template;
    struct span line;
    const uint8_t *begin = rest.data;
    while (span_next(&rest, '\n', &line)) {
        if (line.size > 0 && line.data[0] == '#') {
            template_columns(&columns, line);
            if (lines->count == 0) {
                size_t size = (size_t)(line.data + line.size - begin) + 1;
                lines->header = span_make(begin, size);
            }
        } else if (line.size > 0) {
            template_from_tsv(&run->op, &columns, line, &template);
            lines_add(lines, &template);
        }
    }
}

/* The same order in every run (Fisher and Yates). */
static void lines_shuffle(struct lines *lines)
{
    struct bench_random random = { SEED };
    for (size_t left = lines->count; left > 1; left--) {
        size_t chosen = (size_t)bench_random_below(&random, left);
        struct template last = lines->at[left - 1];
        lines->at[left - 1] = lines->at[chosen];
        lines->at[chosen] = last;
    }
}

/* ---- writing ---- */

static void output_open(struct output *output, const char *path)
{
    bool standard = span_equal(span_of(path), SPAN("-"));
    *output = (struct output){ .path = standard ? NULL : path };
    output->file = standard ? stdout : fopen(path, "wb");
    if (output->file == NULL) {
        bench_fail("cannot write %s: %s", path, strerror(errno));
    }
    buf_init(&output->buf, 8 * FLUSH_SIZE); /* beside it one line fits: its source did */
}

static void output_flush(struct output *output)
{
    size_t size = output->buf.size;
    must(output->buf.err == ERR_OK);
    if (fwrite(output->buf.data, 1, size, output->file) != size) {
        bench_fail("cannot write: %s", strerror(errno));
    }
    output->size += size;
    buf_clear(&output->buf);
}

static uint64_t output_size(const struct output *output)
{
    return output->size + output->buf.size;
}

static void expected_write(const struct output *output)
{
    char path[PATH_SIZE_MAX];
    uint64_t total = 0;
    path_make(path, output->path, ".expected", "");
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        bench_fail("cannot write %s: %s", path, strerror(errno));
    }
    // cppcheck-suppress nullPointerRedundantCheck ; bench_fail() does not return
    fprintf(file, "bytes %" PRIu64 "\nrecords %" PRIu64 "\n", output->size, output->records);
    for (size_t kind = 0; kind < VALUE_KIND_COUNT; kind++) {
        total += output->planted[kind];
        if (output->planted[kind] > 0) {
            fprintf(file, "%s %" PRIu64 "\n", value_kind_name((enum value_kind)kind),
                    output->planted[kind]);
        }
    }
    fprintf(file, "planted %" PRIu64 "\n", total);
    fclose(file);
}

static void output_close(struct output *output)
{
    output_flush(output);
    if (fflush(output->file) != 0) {
        bench_fail("cannot write: %s", strerror(errno));
    }
    if (output->path != NULL) {
        fclose(output->file);
        expected_write(output);
    }
    buf_done(&output->buf);
}

/* ---- planting ---- */

/* Where in a line a hit goes, and which. */
struct plant {
    bool wanted;
    uint16_t piece;
    bool url; /* the template's two pieces of a URL */
    struct indicator indicator;
    struct bench_random random;
};

static enum value_kind kind_for(const struct piece *piece, struct bench_random *random)
{
    bool range = bench_random_below(random, RANGE_ONE_IN) == 0;
    switch (piece->slot) {
    case SLOT_IPV4:
        return range ? VALUE_CIDR : VALUE_IPV4;
    case SLOT_IPV6:
        return VALUE_IPV6;
    case SLOT_MAIL:
        return VALUE_EMAIL;
    case SLOT_HEX:
        return piece->text.size == (size_t)2 * VALUE_MD5_SIZE    ? VALUE_MD5
               : piece->text.size == (size_t)2 * VALUE_SHA1_SIZE ? VALUE_SHA1
                                                                 : VALUE_SHA256;
    default:
        return VALUE_DOMAIN;
    }
}

/* The piece that is the `turn`th of those in which a hit may stand. */
static uint16_t piece_at(const struct template *template, uint64_t turn)
{
    for (uint16_t i = 0; i < template->count; i++) {
        if (template->pieces[i].planted_in) {
            if (turn == 0) {
                return i;
            }
            turn--;
        }
    }
    return TEMPLATE_NONE; /* the URL */
}

static struct plant plant_choose(const struct run *run, const struct template *template,
                                 uint64_t seed)
{
    struct plant plant = { .random = { bench_mix(seed + 1) } };
    bool chosen = bench_random_below(&plant.random, MILLION) < run->planted_ppm;
    if (!chosen || template->planted_count == 0) {
        return plant;
    }
    plant.wanted = true;
    plant.piece = piece_at(template, bench_random_below(&plant.random, template->planted_count));
    plant.url = plant.piece == TEMPLATE_NONE;
    plant.indicator.kind =
        plant.url ? VALUE_URL : kind_for(&template->pieces[plant.piece], &plant.random);
    uint64_t count = indicator_count(plant.indicator.kind, run->indicator_count);
    plant.indicator.number = bench_random_below(&plant.random, count);
    if (plant.indicator.kind == VALUE_CIDR && plant.indicator.number % 10 == 0) {
        plant.indicator.number++; /* every tenth is of IPv6; there is one behind it */
    }
    return plant;
}

static void record_add(const struct run *run, struct output *output, struct template *template,
                       uint64_t number)
{
    const uint64_t seed = bench_mix(SEED + number * 2);
    const struct variant variant = { seed, FIRST_TIME_US + (int64_t)number * RECORD_STEP_US };
    struct plant plant = plant_choose(run, template, seed);
    for (uint16_t i = 0; i < template->count; i++) {
        const struct piece *piece = &template->pieces[i];
        bool host = plant.url && i == template->url_host;
        if (plant.wanted && (i == plant.piece || host)) {
            indicator_add_seen(&output->buf, plant.indicator, &plant.random);
        } else if (plant.url && i == template->url_target) {
            indicator_add_target(&output->buf, plant.indicator);
        } else {
            variant_add(&output->buf, (enum slot)piece->slot, piece->text, variant);
        }
    }
    buf_add_byte(&output->buf, '\n');
    output->records++;
    output->planted[plant.indicator.kind] += plant.wanted ? 1 : 0;
    if (output->buf.size > FLUSH_SIZE) {
        output_flush(output);
    }
}

/* ---- commands ---- */

static void list_write(uint64_t count, const char *path)
{
    struct output output;
    output_open(&output, path);
    for (uint64_t i = 0; i < count; i++) {
        indicator_add_text(&output.buf, indicator_at(i));
        buf_add_byte(&output.buf, '\n');
        if (output.buf.size > FLUSH_SIZE) {
            output_flush(&output);
        }
    }
    output.records = count;
    output_close(&output);
}

static void shuffled_write(struct run *run, struct lines *lines, const char *path)
{
    struct output output;
    lines_shuffle(lines);
    output_open(&output, path);
    for (uint64_t number = 0; output_size(&output) < run->size; number++) {
        record_add(run, &output, &lines->at[number % lines->count], number);
    }
    output_close(&output);
}

static const char *const streams[] = { "dns",   "ftp", "known_services", "notice", "ntlm", "ntp",
                                       "ocsp",  "rdp", "smtp",           "ssh",    "ssl",  "syslog",
                                       "weird", "x509" };

enum { STREAM_COUNT = sizeof streams / sizeof streams[0] };

static void eve_write(struct run *run, const char *path)
{
    struct lines lines = { 0 };
    json_read(run, source_read(run, "captures/", "expected-eve", ".ndjson.gz"), &lines);
    shuffled_write(run, &lines, path);
    memory_free(lines.at);
}

static void zeek_write(struct run *run, const char *path)
{
    struct lines lines = { 0 };
    for (size_t i = 0; i < STREAM_COUNT; i++) {
        json_read(run, source_read(run, "logs/zeek-json/", streams[i], ".ndjson.gz"), &lines);
    }
    json_read(run, source_read(run, "logs/apt29-day1/", "combined", ".log.gz"), &lines);
    shuffled_write(run, &lines, path);
    memory_free(lines.at);
}

/* Each stream in a piece as long as its share, again and again until the size is reached. */
static void pair_write(struct run *run, const char *json_path, const char *tsv_path)
{
    static struct lines json[STREAM_COUNT];
    static struct lines tsv[STREAM_COUNT];
    struct output outputs[2];
    for (size_t i = 0; i < STREAM_COUNT; i++) {
        json_read(run, source_read(run, "logs/zeek-json/", streams[i], ".ndjson.gz"), &json[i]);
        tsv_read(run, source_read(run, "logs/zeek-tsv/", streams[i], ".log.gz"), &tsv[i]);
        must(json[i].count == tsv[i].count);
    }
    output_open(&outputs[0], json_path);
    output_open(&outputs[1], tsv_path);
    uint64_t number = 0;
    while (output_size(&outputs[0]) < run->size) {
        for (size_t i = 0; i < STREAM_COUNT && output_size(&outputs[0]) < run->size; i++) {
            buf_add(&outputs[1].buf, tsv[i].header);
            for (size_t k = 0; k < json[i].count && output_size(&outputs[0]) < run->size; k++) {
                record_add(run, &outputs[0], &json[i].at[k], number);
                record_add(run, &outputs[1], &tsv[i].at[k], number);
                number++;
            }
        }
    }
    output_close(&outputs[0]);
    output_close(&outputs[1]);
}

static void usage(void)
{
    bench_fail("usage: linie-bench-generate list COUNT FILE | "
               "eve|zeek DATA MB PPM COUNT FILE | pair DATA MB PPM COUNT JSON TSV");
}

static uint64_t count_argument(const char *text)
{
    uint64_t count = bench_number(text);
    if (count < 1000 || count > INDICATOR_COUNT_MAX) { /* 1000: some of every kind */
        bench_fail("%s indicators: give 1000 to %d", text, INDICATOR_COUNT_MAX);
    }
    return count;
}

int main(int argc, char **argv)
{
    enum { LIST_ARGS = 4, SHUFFLED_ARGS = 7, PAIR_ARGS = 8 };
    struct span command = argc > 1 ? span_of(argv[1]) : SPAN("");
    if (span_equal(command, SPAN("list")) && argc == LIST_ARGS) {
        list_write(count_argument(argv[2]), argv[3]);
        return 0;
    }
    bool pair = span_equal(command, SPAN("pair"));
    if (argc != (pair ? PAIR_ARGS : SHUFFLED_ARGS)) {
        usage();
    }
    struct run run = { .data = argv[2] };
    run.size = bench_number(argv[3]) * MEGABYTE;
    run.planted_ppm = bench_number(argv[4]);
    run.indicator_count = count_argument(argv[5]);
    op_begin(&run.op, &(struct actor){ .name = SPAN("bench") }, MEMORY_MAX);
    if (pair) {
        pair_write(&run, argv[6], argv[7]);
    } else if (span_equal(command, SPAN("eve"))) {
        eve_write(&run, argv[6]);
    } else if (span_equal(command, SPAN("zeek"))) {
        zeek_write(&run, argv[6]);
    } else {
        usage();
    }
    op_end(&run.op);
    return 0;
}
