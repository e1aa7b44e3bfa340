// SPDX-License-Identifier: EUPL-1.2
/*
 * The main street against simdjson's DOM alone: everything that `linie watch --jobs 1` does between
 * the bytes of a file and the folds of its hits, in this thread, on its CPU time.
 *
 *   linie-bench-watch eve|zeek-json FILE IMAGE [ROUNDS [WAY]]
 *   linie-bench-watch zeek-tsv FILE IMAGE JSON [ROUNDS [WAY]]
 *
 * IMAGE is made by linie-bench-index; FILE.expected says what must be found, and no time is shown
 * where it is not. JSON holds the records of a TSV file as JSON, for the DOM. Each round runs every
 * way once, one after the other, so that a busy machine slows all of them. Printed are lines
 * "NAME FIGURE": nanoseconds a line (medians), and ratios (medians of each round's). With a WAY,
 * that alone is run: for a profiler. Where FILE.expected says "unknown 1", as of logs that nobody
 * made, nothing is checked.
 *
 * The ways, each a part of the next:
 *   lines    finding the lines (of JSON also their tokens, and which of them are alike)
 *   scan     and knowing where the wanted fields of each line stand (JSON)
 *   observe  and their canonical keys
 *   probe    and asking the index, in memory
 *   street   and reading the file in chunks, looking at what the index calls candidates, folds
 *   remember and telling the history what was seen
 *
 * and "input": reading the file in chunks, alone. "remember_ratio" is the time of "street" beside
 * that of "remember"; with the WAY "both" these two are run, in turns. What the history does with
 * what it is told, another process does.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/dom.h"
#include "observe/reader.h"
#include "watch/work.h"

enum { ROUNDS = 7, ROUNDS_MAX = 99, PATH_SIZE_MAX = 4096, CANDIDATES_MAX = 64 * 1024 };

#define MEMORY_MAX ((size_t)1 << 30)

enum way {
    WAY_DOM_MANY,
    WAY_DOM_LINES,
    WAY_STREET,
    WAY_REMEMBER,
    WAY_LINES,
    WAY_SCAN,
    WAY_OBSERVE,
    WAY_PROBE,
    WAY_INPUT,
    WAY_COUNT,
};

static const char *const way_names[WAY_COUNT] = {
    "dom_many", "dom_lines", "street", "remember", "lines", "scan", "observe", "probe", "input",
};

struct bench {
    struct op op;
    enum observe_format format;
    const char *path;
    struct span file; /* in memory */
    struct span json; /* the same records as JSON */
    struct watch_images images;
    struct watch_rules rules;
    struct watch_rules remembering; /* the same, and a history */
    struct history_rules history;
    struct inside inside;
    struct observe_rules privacy;
    struct watch_source source;
    struct watch_work *work;
    struct watch_work *remember; /* works by `remembering` */
    struct watch_chunk *chunk;
    struct watch_result result;
    struct observe_reader *reader;
    struct dom *dom;
    size_t batch; /* bytes; which is best for the DOM */
    uint64_t lines;
    uint32_t kinds; /* that the image has indicators of, as bits */
    uint64_t sink;  /* what a way has worked out: so that it must */
};

/* ---- the ways ---- */

static void run_dom_many(struct bench *bench)
{
    bench->sink += dom_parse_many(bench->dom, bench->json.data, bench->json.size, bench->batch);
}

static void run_dom_lines(struct bench *bench)
{
    bench->sink += dom_parse_lines(bench->dom, bench->json.data, bench->json.size);
}

/* What was found in all chunks. */
struct found {
    uint64_t lines;
    uint64_t faults;
    uint64_t observations;
    uint64_t candidates;
    uint64_t folds;
    uint64_t counts[VALUE_KIND_COUNT];
    uint64_t total;
};

static void found_add(struct found *found, const struct watch_result *result)
{
    found->lines += result->lines;
    found->observations += result->observations;
    found->candidates += result->candidates;
    found->folds += result->fold_count;
    for (size_t i = 1; i < OBSERVE_FAULT_COUNT; i++) {
        found->faults += result->counts[i];
    }
    for (size_t i = 0; i < result->fold_count; i++) {
        found->counts[result->folds[i]->kind] += result->folds[i]->count;
        found->total += result->folds[i]->count;
    }
}

static struct watch_input *input_open(struct bench *bench)
{
    struct watch_input *input = NULL;
    const struct watch_begin from_start = { .position = 0 };
    int fd = open(bench->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        bench_fail("cannot open %s", bench->path);
    }
    bench_check(watch_input_open(&bench->op, fd, &input), &bench->op);
    bench_check(watch_input_begin(&bench->op, input), &bench->op);
    bench_check(watch_input_seek(&bench->op, input, observe_formats_header(NULL, bench->format),
                                 &from_start),
                &bench->op);
    return input;
}

static void street(struct bench *bench, struct watch_work *work, struct found *found)
{
    struct watch_input *input = input_open(bench);
    while (watch_input_next(&bench->op, input, bench->chunk) == ERR_OK) {
        bench_check(
            watch_work_run(work, &bench->source, &bench->images, bench->chunk, &bench->result),
            &bench->op);
        found_add(found, &bench->result);
    }
    watch_input_close(input);
}

static void run_street(struct bench *bench)
{
    struct found found = { 0 };
    street(bench, bench->work, &found);
    bench->sink += found.total;
}

static void run_remember(struct bench *bench)
{
    struct found found = { 0 };
    street(bench, bench->remember, &found);
    bench->sink += found.total;
}

static void run_input(struct bench *bench)
{
    struct watch_input *input = input_open(bench);
    while (watch_input_next(&bench->op, input, bench->chunk) == ERR_OK) {
        bench->sink += bench->chunk->size;
    }
    watch_input_close(input);
}

static bool next_line(struct span *rest, struct span *ret)
{
    if (rest->size == 0) {
        return false;
    }
    const uint8_t *end = memchr(rest->data, '\n', rest->size);
    size_t size = end != NULL ? (size_t)(end - rest->data) : rest->size;
    *ret = span_make(rest->data, size);
    *rest = span_from(*rest, end != NULL ? size + 1 : size);
    return true;
}

static struct record_scanner *scanner_of(const struct bench *bench)
{
    const struct observe_reader *reader = bench->reader;
    return bench->format == OBSERVE_FORMAT_EVE ? reader->eve_scanner : reader->zeek_scanner;
}

static bool is_json(const struct bench *bench)
{
    return bench->format != OBSERVE_FORMAT_ZEEK_TSV;
}

static void run_lines(struct bench *bench)
{
    struct span rest = bench->file;
    struct span line;
    while (rest.size > 0) {
        size_t size = is_json(bench) ? record_page_begin(scanner_of(bench), rest) : 0;
        rest = span_from(rest, size);
        if (size == 0 && next_line(&rest, &line)) {
            bench->sink += line.size;
        }
        bench->sink += size;
    }
}

static void scan_line(struct bench *bench, struct span line)
{
    struct observe_reader *reader = bench->reader;
    struct record_known known;
    enum record_fault fault = record_scan_known(scanner_of(bench), line, &reader->record, &known);
    bench->sink += reader->record.count + known.number + (uint64_t)fault;
}

static void run_scan(struct bench *bench)
{
    struct span rest = bench->file;
    struct span line;
    struct record_alike alike;
    while (rest.size > 0) {
        size_t size = record_page_begin(scanner_of(bench), rest);
        rest = span_from(rest, size);
        while (size > 0 && record_page_next(scanner_of(bench), &alike)) {
            bench->sink += alike.count;
        }
        while (size > 0 && record_page_other(scanner_of(bench), &line)) {
            scan_line(bench, line);
        }
        if (size == 0 && next_line(&rest, &line)) {
            scan_line(bench, line);
        }
    }
}

static void probe(struct match_batch *batch, const struct observation *observations, size_t count)
{
    for (size_t i = 0; batch != NULL && i < count; i++) {
        match_batch_add(batch, observations[i].kind, observations[i].key, 0);
    }
    if (batch != NULL && batch->candidate_count > CANDIDATES_MAX / 2) {
        batch->candidate_count = 0;
    }
}

/* Take the values that wait; put them to the index where there is a batch. */
static void take(struct bench *bench, struct match_batch *batch)
{
    struct observe_sifted sifted;
    while (observe_sift_take(bench->reader, &sifted)) {
        bench->sink += sifted.count + sifted.ipv4_count;
        probe(batch, sifted.observations, sifted.count);
        for (size_t i = 0; batch != NULL && i < sifted.ipv4_count; i += MATCH_BATCH_IPV4S_MAX) {
            size_t left = sifted.ipv4_count - i;
            match_batch_add_ipv4s(batch, sifted.ipv4 + i, sifted.ipv4_marks + i,
                                  left < MATCH_BATCH_IPV4S_MAX ? left : MATCH_BATCH_IPV4S_MAX);
        }
    }
}

static void sift_line(struct bench *bench, struct match_batch *batch, struct span line)
{
    struct observe_line ret;
    bool waits = false;
    enum observe_fault fault = observe_sift_line(bench->reader, line, 0, &waits, &ret);
    bench->sink += (uint64_t)fault;
    if (!waits && fault == OBSERVE_FAULT_NONE) {
        probe(batch, ret.observations, ret.count);
    }
    if (observe_sift_full(bench->reader)) {
        take(bench, batch);
    }
}

/* Sift all lines; put their values to the index where there is a batch. */
static void sift(struct bench *bench, struct match_batch *batch)
{
    struct observe_reader *reader = bench->reader;
    struct span rest = bench->file;
    struct span line;
    observe_reader_begin(reader, bench->format, bench->source.stream);
    observe_reader_want(reader, bench->kinds);
    while (rest.size > 0) {
        size_t size = observe_sift_page(reader, rest, rest.data);
        size_t waiting = 0;
        bool more = size > 0;
        rest = span_from(rest, size);
        while (more) {
            more = observe_sift_page_next(reader, &waiting);
            take(bench, batch);
        }
        while (size > 0 && observe_sift_page_other(reader, &line)) {
            sift_line(bench, batch, line);
        }
        if (size == 0 && next_line(&rest, &line)) {
            sift_line(bench, batch, line);
        }
    }
    take(bench, batch);
}

static void run_observe(struct bench *bench)
{
    sift(bench, NULL);
}

static void run_probe(struct bench *bench)
{
    static uint32_t candidates[CANDIDATES_MAX];
    static struct match_batch batch;
    match_batch_begin(&batch, bench->images.indicators, candidates, CANDIDATES_MAX);
    sift(bench, &batch);
    match_batch_flush(&batch);
    bench->sink += batch.candidate_count;
}

static double way_ns(struct bench *bench, enum way way)
{
    static void (*const runs[WAY_COUNT])(struct bench * bench) = {
        run_dom_many, run_dom_lines, run_street, run_remember, run_lines,
        run_scan,     run_observe,   run_probe,  run_input,
    };
    uint64_t before = bench->sink;
    uint64_t begin_ns = bench_cpu_ns();
    runs[way](bench);
    uint64_t took_ns = bench_cpu_ns() - begin_ns;
    if ((way == WAY_DOM_MANY || way == WAY_DOM_LINES) && bench->sink == before) {
        bench_fail("simdjson refuses a line");
    }
    return (double)took_ns / (double)bench->lines;
}

/* ---- what must be found ---- */

static uint64_t expected_figure(struct span text, struct span name)
{
    struct span rest = text;
    struct span line;
    while (span_next(&rest, '\n', &line)) {
        struct span word;
        uint64_t number = 0;
        if (span_next(&line, ' ', &word) && span_equal(word, name) &&
            span_to_u64(line, &number) == ERR_OK) {
            return number;
        }
    }
    return 0;
}

static void found_check(struct bench *bench)
{
    char path[PATH_SIZE_MAX];
    struct found found = { 0 };
    int size = snprintf(path, sizeof path, "%s.expected", bench->path);
    if (size < 0 || size >= PATH_SIZE_MAX) {
        bench_fail("the path %s is too long", bench->path);
    }
    struct span text = bench_file_read(path);
    street(bench, bench->work, &found);
    bench->lines = expected_figure(text, SPAN("records"));
    if (expected_figure(text, SPAN("unknown")) == 1) {
        bench->lines = found.lines;
        return;
    }
    if (found.lines != bench->lines || found.faults != 0) {
        bench_fail("%s: %" PRIu64 " of %" PRIu64 " lines read, %" PRIu64 " faults", bench->path,
                   found.lines, bench->lines, found.faults);
    }
    for (size_t kind = 1; kind < VALUE_KIND_COUNT; kind++) {
        const char *name = value_kind_name((enum value_kind)kind);
        uint64_t planted = expected_figure(text, span_of(name));
        if (found.counts[kind] != planted) {
            bench_fail("%s: %" PRIu64 " hits of kind %s, %" PRIu64 " were planted", bench->path,
                       found.counts[kind], name, planted);
        }
    }
    printf("lines %" PRIu64 "\nbytes %zu\nhits %" PRIu64 "\nfolds %" PRIu64 "\ncandidates %" PRIu64
           "\nobservations_a_line %.2f\n",
           found.lines, bench->file.size, found.total, found.folds, found.candidates,
           (double)found.observations / (double)found.lines);
}

/* ---- the run ---- */

/* The batch size with which parse_many() is quickest here. */
static void batch_choose(struct bench *bench)
{
    static const size_t sizes[] = { 65536, 262144, 1000000, 4194304 };
    double best_ns = 0;
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
        size_t before = bench->batch;
        bench->batch = sizes[i / 2]; /* each twice */
        double took_ns = way_ns(bench, WAY_DOM_MANY);
        if (best_ns > 0 && took_ns >= best_ns) {
            bench->batch = before;
        } else {
            best_ns = took_ns;
        }
    }
    printf("dom_batch %zu\n", bench->batch);
}

static void rounds_run(struct bench *bench, size_t rounds)
{
    static double ns[WAY_COUNT][ROUNDS_MAX];
    static double ratios[ROUNDS_MAX];
    static double ratios_in_memory[ROUNDS_MAX];
    static double ratios_remember[ROUNDS_MAX];
    double medians[WAY_COUNT];
    for (size_t round = 0; round < rounds; round++) {
        for (size_t way = 0; way < WAY_COUNT; way++) {
            bool none = way == WAY_SCAN && bench->format == OBSERVE_FORMAT_ZEEK_TSV;
            ns[way][round] = none ? 0 : way_ns(bench, (enum way)way);
        }
        double many_ns = ns[WAY_DOM_MANY][round];
        double lines_ns = ns[WAY_DOM_LINES][round];
        double dom_ns = many_ns < lines_ns ? many_ns : lines_ns;
        ratios[round] = dom_ns / ns[WAY_STREET][round];
        ratios_remember[round] = ns[WAY_STREET][round] / ns[WAY_REMEMBER][round];
        ratios_in_memory[round] = dom_ns / (ns[WAY_STREET][round] - ns[WAY_INPUT][round]);
    }
    for (size_t way = 0; way < WAY_COUNT; way++) {
        medians[way] = bench_median(ns[way], rounds);
        printf("%s_ns %.1f\n", way_names[way], medians[way]);
    }
    double dom_ns = medians[WAY_DOM_MANY] < medians[WAY_DOM_LINES] ? medians[WAY_DOM_MANY]
                                                                   : medians[WAY_DOM_LINES];
    double line_bytes = (double)bench->file.size / (double)bench->lines;
    printf("street_gb_s %.3f\nstreet_m_events_s %.3f\ndom_gb_s %.3f\n",
           line_bytes / medians[WAY_STREET], 1000 / medians[WAY_STREET],
           (double)bench->json.size / (double)bench->lines / dom_ns);
    printf("ratio %.3f\nratio_in_memory %.3f\nremember_ratio %.3f\n", bench_median(ratios, rounds),
           bench_median(ratios_in_memory, rounds), bench_median(ratios_remember, rounds));
}

static void bench_begin(struct bench *bench, const char *format, const char *path,
                        const char *image_path, const char *json_path)
{
    op_begin(&bench->op, &(struct actor){ .name = SPAN("bench") }, MEMORY_MAX);
    if (observe_format_from_name(span_of(format), &bench->format) != ERR_OK ||
        bench->format == OBSERVE_FORMAT_AUTO) {
        bench_fail("no format '%s': there are eve, zeek-json, zeek-tsv", format);
    }
    struct op *op = &bench->op;
    struct match_image *image = NULL;
    bench->path = path;
    bench->file = bench_file_read(path);
    bench->json = json_path != NULL ? bench_file_read(json_path) : bench->file;
    bench_check(match_image_open(op, bench_file_map(image_path), &image), op);
    bench->images.indicators = image;
    for (unsigned kind = VALUE_NONE + 1; kind < VALUE_KIND_COUNT; kind++) {
        bool watched = match_image_count(image, (enum value_kind)kind) > 0;
        bench->kinds |= watched ? (uint32_t)1 << kind : 0;
    }
    inside_add_default(&bench->inside);
    bench->rules = (struct watch_rules){ .inside = &bench->inside,
                                         .fold_us = FOLD_MINUTES_DEFAULT * FOLD_MINUTE_US,
                                         .privacy = &bench->privacy,
                                         .host_name = SPAN("bench"),
                                         .engine = RECORD_ENGINE_FAST };
    bench->source = (struct watch_source){ .format = bench->format };
    history_rules_default(&bench->history);
    bench->remembering = bench->rules;
    bench->remembering.history = &bench->history;
    bench_check(watch_work_new(op, &bench->rules, &bench->work), op);
    bench_check(watch_work_new(op, &bench->remembering, &bench->remember), op);
    bench_check(watch_chunk_new(op, &bench->chunk), op);
    bench_check(observe_reader_new(op, RECORD_ENGINE_FAST, &bench->reader), op);
    watch_result_init(&bench->result);
    bench->dom = dom_new();
    if (bench->dom == NULL) {
        bench_fail("no memory for simdjson");
    }
}

static void bench_end(struct bench *bench)
{
    dom_free(bench->dom);
    watch_result_done(&bench->result);
    observe_reader_free(bench->reader);
    watch_chunk_free(bench->chunk);
    watch_work_free(bench->remember);
    watch_work_free(bench->work);
    op_end(&bench->op);
}

/* What remembering costs. */
static void both_run(struct bench *bench, size_t rounds)
{
    static double ns[2][ROUNDS_MAX];
    static double ratios[ROUNDS_MAX];
    for (size_t round = 0; round < rounds; round++) {
        ns[0][round] = way_ns(bench, WAY_STREET);
        ns[1][round] = way_ns(bench, WAY_REMEMBER);
        ratios[round] = ns[0][round] / ns[1][round];
    }
    printf("street_ns %.1f\nremember_ns %.1f\nremember_ratio %.3f\n", bench_median(ns[0], rounds),
           bench_median(ns[1], rounds), bench_median(ratios, rounds));
}

/* One way alone. */
static void way_run(struct bench *bench, size_t rounds, struct span name)
{
    static double ns[ROUNDS_MAX];
    for (size_t way = 0; way < WAY_COUNT; way++) {
        if (span_equal(span_of(way_names[way]), name)) {
            for (size_t round = 0; round < rounds; round++) {
                ns[round] = way_ns(bench, (enum way)way);
            }
            double least = bench_median(ns, rounds); /* which sorts them */
            printf("%s_ns %.1f\n%s_least_ns %.1f\n", way_names[way], least, way_names[way], ns[0]);
            return;
        }
    }
    bench_fail("no way '%.*s'", SPAN_FMT(name));
}

int main(int argc, char **argv)
{
    static struct bench bench;
    bool tsv = argc > 1 && span_equal(span_of(argv[1]), SPAN("zeek-tsv"));
    int last = tsv ? 5 : 4; /* arguments before ROUNDS, the program's name among them */
    if (argc < last || argc > last + 2) {
        bench_fail("usage: linie-bench-watch eve|zeek-json FILE IMAGE [ROUNDS [WAY]] | "
                   "zeek-tsv FILE IMAGE JSON [ROUNDS [WAY]]");
    }
    uint64_t rounds = argc > last ? bench_number(argv[last]) : ROUNDS;
    if (rounds == 0 || rounds > ROUNDS_MAX) {
        bench_fail("rounds: 1 to %d", ROUNDS_MAX);
    }
    bench_begin(&bench, argv[1], argv[2], argv[3], tsv ? argv[4] : NULL);
    found_check(&bench);
    if (argc > last + 1 && span_equal(span_of(argv[last + 1]), SPAN("both"))) {
        both_run(&bench, rounds);
    } else if (argc > last + 1) {
        way_run(&bench, rounds, span_of(argv[last + 1]));
    } else {
        batch_choose(&bench);
        rounds_run(&bench, rounds);
    }
    bench_end(&bench);
    return 0;
}
