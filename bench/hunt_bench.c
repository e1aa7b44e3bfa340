// SPDX-License-Identifier: EUPL-1.2
/*
 * How quickly a history answers, and what it costs.
 *
 *     linie-bench-hunt make FOLDER ROWS [TABLE]    a history as merging leaves it, and questions;
 *                                                  with TABLE, its rows as text too
 *     linie-bench-hunt make-even FOLDER ROWS       of segments that are due to become one
 *     linie-bench-hunt facts FOLDER                what it holds
 *     linie-bench-hunt ask FOLDER ROUNDS           the questions, and what nobody planted
 *     linie-bench-hunt compact FOLDER              all segments into one
 *
 * Prints "NAME FIGURE" lines. No time is shown of an answer that was not what was planted. CPU time
 * is this thread's, of the system for it too.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/past.h"
#include "history/hunt.h"

enum {
    ROUNDS_MAX = 99,
    KEYS_SIZE_MAX = 16 * 1024 * 1024,
    RANGE_WANTED = 10000,
    PATH_SIZE_MAX = 4096,
    OP_MEMORY_MAX = 1024 * 1024 * 1024,
    RANGE_SIZE = UINT16_MAX + 1,
};

struct bench {
    struct op op;
    const char *root;
    struct disk *disk;
    struct history_rules rules;
    struct history *history;
    const struct policy_grant *grant;
    struct hunt_question questions[PAST_QUESTIONS];
    bool planted[PAST_QUESTIONS];
    size_t count;

    /* what was found */
    bool found[PAST_QUESTIONS];
    uint64_t postings;
    uint64_t lines;
    size_t different;           /* addresses of BATCH_NETWORK */
    bool addresses[RANGE_SIZE]; /* which */
    size_t wanted;              /* then the hunt ends; 0: it does not */
};

/* What asking took, in milliseconds. */
struct took {
    double cpu_ms[ROUNDS_MAX];
    double wall_ms[ROUNDS_MAX];
};

static void open_history(struct bench *bench, bool write)
{
    const struct history_options options = { .write = write,
                                             .acknowledged = write ? 0 : UINT64_MAX,
                                             .rules = &bench->rules };
    bench_check(
        history_open(&bench->op, bench->disk, SPAN("history"), &options, &bench->history, NULL),
        &bench->op);
}

/* ---- questions ---- */

static struct span next_word(struct span *rest)
{
    struct span word;
    if (!span_next(rest, '\t', &word)) {
        bench_fail("the file of questions is cut short");
    }
    return word;
}

static void question_read(struct bench *bench, struct span line)
{
    if (bench->count == PAST_QUESTIONS) {
        bench_fail("there are too many questions");
    }
    struct hunt_question *question = &bench->questions[bench->count];
    bench->planted[bench->count] = span_equal(next_word(&line), SPAN("1"));
    enum err err = value_kind_from_name(next_word(&line), &question->value.kind);
    err = err == ERR_OK ? value_scope_from_name(next_word(&line), &question->scope) : err;
    struct span digits = next_word(&line);
    uint8_t *key = op_alloc(&bench->op, digits.size / 2);
    if (err != ERR_OK || key == NULL || hex_parse(digits, key, digits.size / 2) != ERR_OK) {
        bench_fail("question %zu cannot be read", bench->count + 1);
    }
    question->value.key = span_make(key, digits.size / 2);
    bench->count++;
}

static void questions_read(struct bench *bench)
{
    char path[PATH_SIZE_MAX];
    struct span line;
    (void)snprintf(path, sizeof path, "%s/questions", bench->root);
    struct span rest = bench_file_read(path);
    while (span_next(&rest, '\n', &line)) {
        if (line.size > 0) {
            question_read(bench, line);
        }
    }
}

/* ---- asking ---- */

static void address_count(struct bench *bench, struct span key)
{
    size_t low = (size_t)key.data[2] << 8 | key.data[3];
    bench->different += bench->addresses[low] ? 0 : 1;
    bench->addresses[low] = true;
}

static enum err on_found(void *context, const struct hunt_found *found)
{
    struct bench *bench = context;
    bench->found[found->question] = true;
    for (size_t i = 0; i < found->row_count; i++) {
        bench->postings += found->rows[i].posting_count;
        for (size_t k = 0; k < found->rows[i].posting_count; k++) {
            bench->lines += found->rows[i].postings[k].count;
        }
    }
    if (bench->wanted > 0) {
        address_count(bench, found->key);
    }
    return bench->wanted > 0 && bench->different == bench->wanted ? ERR_CANCELLED : ERR_OK;
}

static void ask(struct bench *bench, const struct hunt_question *questions, size_t count)
{
    const struct hunt_questions asked = { count, questions };
    const struct hunt_options options = { .until_s = UINT32_MAX,
                                          .on_found = on_found,
                                          .context = bench };
    struct hunt_result result = { 0 };
    struct op op;
    bench->postings = 0;
    bench->lines = 0;
    memset(bench->found, 0, sizeof bench->found);
    op_begin(&op, &bench->op.actor, OP_MEMORY_MAX);
    enum err err = hunt_ask(&op, bench->history, bench->grant, &asked, &options, &result);
    if (err != ERR_OK && !(err == ERR_CANCELLED && bench->wanted > 0)) {
        bench_check(err, &op);
    }
    op_end(&op);
}

static void time_one(struct bench *bench, const struct hunt_question *questions, size_t count,
                     struct took *took, size_t round)
{
    uint64_t wall_ns = bench_wall_ns();
    uint64_t cpu_ns = bench_cpu_ns();
    ask(bench, questions, count);
    took->cpu_ms[round] = (double)(bench_cpu_ns() - cpu_ns) / 1e6;
    took->wall_ms[round] = (double)(bench_wall_ns() - wall_ns) / 1e6;
}

static void took_print(const char *name, struct took *took, size_t count)
{
    printf("%s_ms %.3f\n%s_wall_ms %.3f\n", name, bench_median(took->cpu_ms, count), name,
           bench_median(took->wall_ms, count));
}

static void found_check(const struct bench *bench)
{
    for (size_t i = 0; i < bench->count; i++) {
        if (bench->found[i] != bench->planted[i]) {
            bench_fail("question %zu was %s, and it is %s", i + 1,
                       bench->planted[i] ? "planted" : "made to find nothing",
                       bench->found[i] ? "found" : "not found");
        }
    }
}

/* ---- the questions of the bench ---- */

static void files_forget(const struct bench *bench)
{
    struct span *names;
    size_t count;
    struct op op;
    op_begin(&op, &bench->op.actor, OP_MEMORY_MAX);
    bench_check(disk_list(&op, bench->disk, SPAN("history"), &names, &count), &op);
    for (size_t i = 0; i < count; i++) {
        char path[PATH_SIZE_MAX];
        (void)snprintf(path, sizeof path, "%s/history/%.*s", bench->root, SPAN_FMT(names[i]));
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0) {
            bench_fail("cannot have %s forgotten", path);
        }
        close(fd);
    }
    op_end(&op);
}

/* Opening belongs to it: that reads names and index. */
static void ask_cold(struct bench *bench, size_t rounds)
{
    struct took took;
    struct took opening;
    for (size_t i = 0; i < rounds; i++) {
        history_close(bench->history);
        files_forget(bench);
        uint64_t begin_ns = bench_wall_ns();
        uint64_t cpu_ns = bench_cpu_ns();
        open_history(bench, false);
        opening.cpu_ms[i] = (double)(bench_cpu_ns() - cpu_ns) / 1e6;
        opening.wall_ms[i] = (double)(bench_wall_ns() - begin_ns) / 1e6;
        ask(bench, bench->questions, bench->count);
        took.cpu_ms[i] = (double)(bench_cpu_ns() - cpu_ns) / 1e6;
        took.wall_ms[i] = (double)(bench_wall_ns() - begin_ns) / 1e6;
        found_check(bench);
    }
    took_print("cold_open", &opening, rounds);
    took_print("cold", &took, rounds);
}

static void ask_warm(struct bench *bench, size_t rounds)
{
    struct took took;
    ask(bench, bench->questions, bench->count);
    for (size_t i = 0; i < rounds; i++) {
        time_one(bench, bench->questions, bench->count, &took, i);
        found_check(bench);
    }
    took_print("many", &took, rounds);
    printf("many_postings %llu\nmany_lines %llu\n", (unsigned long long)bench->postings,
           (unsigned long long)bench->lines);
}

/* Each planted value alone, and as many that nobody saw: the median, and the slowest. */
static void ask_single(struct bench *bench, bool planted)
{
    static double cpu_ms[PAST_QUESTIONS];
    static double wall_ms[PAST_QUESTIONS];
    const char *name = planted ? "one" : "stranger";
    size_t count = 0;
    struct took took;
    for (size_t i = 0; i < bench->count; i++) {
        bool taken = bench->planted[i] == planted && (planted || i % PAST_HIT_EVERY == 0);
        bool domain = bench->questions[i].value.kind == VALUE_DOMAIN;
        if (taken && !domain) {
            time_one(bench, &bench->questions[i], 1, &took, 0);
            time_one(bench, &bench->questions[i], 1, &took, 1);
            cpu_ms[count] = took.cpu_ms[1];
            wall_ms[count] = took.wall_ms[1];
            count++;
            if (bench->found[0] != planted) {
                bench_fail("question %zu alone has another answer", i + 1);
            }
        }
    }
    printf("%s_ms %.4f\n", name, bench_median(cpu_ms, count));
    printf("%s_wall_ms %.4f\n", name, bench_median(wall_ms, count));
    printf("%s_most_ms %.4f\n", name, cpu_ms[count - 1]); /* the median has put them in order */
}

static void ask_below(struct bench *bench, size_t rounds)
{
    const struct hunt_question question = { .value = { .kind = VALUE_DOMAIN,
                                                       .key = SPAN(BATCH_DOMAIN) },
                                            .scope = VALUE_SCOPE_SUBDOMAINS };
    struct took took;
    ask(bench, &question, 1);
    for (size_t i = 0; i < rounds; i++) {
        time_one(bench, &question, 1, &took, i);
    }
    if (bench->postings < BATCH_BELOW) {
        bench_fail("names below %s are missing", BATCH_DOMAIN);
    }
    took_print("below", &took, rounds);
    printf("below_postings %llu\nbelow_lines %llu\n", (unsigned long long)bench->postings,
           (unsigned long long)bench->lines);
}

static void ask_range(struct bench *bench, size_t rounds)
{
    static const uint8_t key[] = { 4, 16, BATCH_NETWORK >> 8, BATCH_NETWORK & UINT8_MAX, 0, 0 };
    const struct hunt_question question = { .value = { .kind = VALUE_CIDR,
                                                       .key = { key, sizeof key } } };
    struct took took;
    for (size_t pass = 0; pass < 2; pass++) {
        size_t times = pass == 0 ? rounds : 3;
        for (size_t i = 0; i < times; i++) {
            bench->wanted = pass == 0 ? RANGE_WANTED : SIZE_MAX;
            bench->different = 0;
            memset(bench->addresses, 0, sizeof bench->addresses);
            time_one(bench, &question, 1, &took, i);
            bench->wanted = 0;
        }
        took_print(pass == 0 ? "range" : "range_all", &took, times);
        if (pass == 0 && bench->different != RANGE_WANTED) {
            bench_fail("%zu addresses of the range are found", bench->different);
        }
    }
    printf("range_addresses %zu\nrange_postings %llu\nrange_lines %llu\n", bench->different,
           (unsigned long long)bench->postings, (unsigned long long)bench->lines);
}

static void facts_print(struct bench *bench)
{
    struct history_stats stats;
    bench_check(history_stats(&bench->op, bench->history, &stats), &bench->op);
    const struct segment_facts *facts = &stats.facts;
    printf("segments %zu\nrows %llu\nvalues %llu\npostings %llu\nlines %llu\nbytes %llu\n"
           "bytes_a_row %.3f\n",
           stats.segments, (unsigned long long)facts->rows, (unsigned long long)facts->values,
           (unsigned long long)facts->postings, (unsigned long long)facts->count,
           (unsigned long long)stats.size, (double)stats.size / (double)facts->rows);
}

/* ---- compacting ---- */

/* What the steps of a merge take. */
struct steps {
    size_t count;
    uint64_t begun_ns; /* of the present one */
    uint64_t begun_cpu_ns;
    double cpu_ms; /* of the longest */
    double wall_ms;
    double anonymous_mb; /* memory of the process that is of no file, at most */
};

/* "RssAnon:     1234 kB" of /proc/self/status. */
static double anonymous_mb(void)
{
    char line[256];
    uint64_t size_kb = 0;
    const struct span name = SPAN("RssAnon:");
    FILE *file = fopen("/proc/self/status", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        struct span digits = span_of(line);
        if (span_starts_with(digits, name)) {
            digits = span_from(digits, name.size);
            digits = span_trim(span_slice(digits, 0, (size_t)span_find(digits, 'k')));
            if (span_to_u64(digits, &size_kb) != ERR_OK) {
                bench_fail("%s is not understood", line);
            }
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return (double)size_kb / 1024;
}

static enum err step_ended(struct op *op, void *context)
{
    enum { MEMORY_EVERY = 16 };
    struct steps *steps = context;
    (void)op;
    double cpu_ms = (double)(bench_cpu_ns() - steps->begun_cpu_ns) / 1e6;
    double wall_ms = (double)(bench_wall_ns() - steps->begun_ns) / 1e6;
    steps->cpu_ms = cpu_ms > steps->cpu_ms ? cpu_ms : steps->cpu_ms;
    steps->wall_ms = wall_ms > steps->wall_ms ? wall_ms : steps->wall_ms;
    if (steps->count % MEMORY_EVERY == 0) {
        double now_mb = anonymous_mb();
        steps->anonymous_mb = now_mb > steps->anonymous_mb ? now_mb : steps->anonymous_mb;
    }
    steps->count++;
    steps->begun_ns = bench_wall_ns();
    steps->begun_cpu_ns = bench_cpu_ns();
    return ERR_OK;
}

static void compact(struct bench *bench)
{
    const int64_t now_us = (int64_t)(PAST_FIRST_HOUR + PAST_HOURS) * HISTORY_HOUR_S * 1000000;
    struct history_stats stats;
    struct rusage usage;
    bench_check(history_stats(&bench->op, bench->history, &stats), &bench->op);
    uint64_t wall_ns = bench_wall_ns();
    uint64_t cpu_ns = bench_cpu_ns();
    struct steps steps = { .begun_ns = wall_ns, .begun_cpu_ns = cpu_ns };
    double before_mb = anonymous_mb();
    history_between(bench->history, step_ended, &steps);
    bench_check(history_compact(&bench->op, bench->history, now_us), &bench->op);
    double cpu_s = (double)(bench_cpu_ns() - cpu_ns) / 1e9;
    double wall_s = (double)(bench_wall_ns() - wall_ns) / 1e9;
    getrusage(RUSAGE_SELF, &usage);
    printf("merge_rows %llu\nmerge_cpu_s %.2f\nmerge_wall_s %.2f\nmerge_m_rows_s %.3f\n"
           "merge_rss_mb %.0f\nmerge_anonymous_mb %.0f\nmerge_steps %zu\nmerge_step_cpu_ms %.1f\n"
           "merge_step_wall_ms %.1f\n",
           (unsigned long long)stats.facts.rows, cpu_s, wall_s,
           (double)stats.facts.rows / cpu_s / 1e6, (double)usage.ru_maxrss / 1024,
           steps.anonymous_mb - before_mb, steps.count, steps.cpu_ms, steps.wall_ms);
}

static void bench_begin(struct bench *bench, const char *root, bool write)
{
    static const struct actor actor = { .name = { (const uint8_t *)"bench", 5 } };
    op_begin(&bench->op, &actor, OP_MEMORY_MAX);
    bench->root = root;
    history_rules_default(&bench->rules);
    bench_check(policy_grant_owner(&bench->op, &bench->grant), &bench->op);
    bench_check(disk_open_real(&bench->op, span_of(root), &bench->disk), &bench->op);
    open_history(bench, write);
}

static void ask_all(struct bench *bench, size_t rounds)
{
    questions_read(bench);
    facts_print(bench);
    ask_cold(bench, rounds);
    ask_warm(bench, rounds);
    ask_single(bench, true);
    ask_single(bench, false);
    ask_below(bench, rounds);
    ask_range(bench, rounds);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const char *usage = "usage: linie-bench-hunt make|make-even FOLDER ROWS [TABLE] | "
                        "facts|compact FOLDER | ask FOLDER ROUNDS";
    if (argc < 3) {
        bench_fail("%s", usage);
    }
    struct span what = span_of(argv[1]);
    bool even = span_equal(what, SPAN("make-even"));
    if ((even || span_equal(what, SPAN("make"))) && argc >= 4) {
        const struct past_options options = { bench_number(argv[3]), even,
                                              argc > 4 ? argv[4] : NULL };
        past_make(argv[2], &options);
        return 0;
    }
    bool asks = span_equal(what, SPAN("ask")) && argc == 4;
    uint64_t rounds = asks ? bench_number(argv[3]) : 1;
    bool compacts = span_equal(what, SPAN("compact"));
    if (rounds == 0 || rounds > ROUNDS_MAX ||
        (!asks && !compacts && !span_equal(what, SPAN("facts")))) {
        bench_fail("%s", usage);
    }
    bench_begin(&bench, argv[2], compacts);
    if (asks) {
        ask_all(&bench, rounds);
    } else if (compacts) {
        compact(&bench);
    } else {
        facts_print(&bench);
    }
    history_close(bench.history);
    disk_close(bench.disk);
    op_end(&bench.op);
    return 0;
}
