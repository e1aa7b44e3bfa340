// SPDX-License-Identifier: EUPL-1.2
/*
 * The last line of a file that grows, or that has ended without a line end: it counts once.
 */
#include <stdio.h>
#include <unistd.h>

#include "tests/watch/lane.h"

#define DNS(ts, orig, query)                                                                       \
    "{\"_path\":\"dns\",\"ts\":" ts ",\"uid\":\"C1\",\"id.orig_h\":\"" orig                        \
    "\",\"id.resp_h\":\"192.0.2.53\",\"query\":\"" query "\"}\n"

static struct match_image *image_of(struct lane *lane, const char *text)
{
    const struct lane_indicator one = { .text = text };
    return lane_image(lane, &one, 1);
}

/* ---- the last line of a file that grows ---- */

static void check_growing(struct lane *lane, const struct match_image *image,
                          const struct watch_source *source, const char *text, size_t begun)
{
    struct lane_result *whole = lane_work(lane, lane_file(lane, span_of(text)), source, image, 0);
    int fd = lane_file(lane, span_make(text, begun));
    int same = dup(fd);

    struct lane_result *first = lane_work(lane, fd, source, image, 0);
    assert_int_equal(first->end + first->waiting, begun);
    assert_int_equal(pwrite(same, text, strlen(text), 0), (ssize_t)strlen(text));
    assert_int_equal(lseek(same, 0, SEEK_SET), 0);
    struct lane_result *second = lane_work(lane, same, source, image, first->end);

    for (size_t i = 0; i < second->fold_count; i++) {
        lane_merge(lane, first, &second->folds[i]);
    }
    assert_int_equal(first->lines + second->lines, whole->lines);
    assert_true(span_equal(lane_folds(lane, first), lane_folds(lane, whole)));
    for (unsigned i = 0; i < WATCH_COUNT_COUNT; i++) {
        assert_int_equal(first->counts[i] + second->counts[i], whole->counts[i]);
    }
}

/* Cut at every seventh byte, and at every byte of its last line. */
static void check_growing_everywhere(enum observe_format format, const char *text)
{
    enum { STEP = 7, LAST_LINE = 40 };
    struct lane lane;
    lane_begin(&lane);
    const struct watch_source source = { .format = format, .stream = SPAN("dns") };
    struct match_image *image = image_of(&lane, "evil.example");
    for (size_t begun = 1; begun < strlen(text); begun++) {
        if (begun % STEP == 0 || begun + LAST_LINE > strlen(text)) {
            check_growing(&lane, image, &source, text, begun);
        }
    }
    lane_end(&lane);
}

#define TSV_HEADER                                                                                 \
    "#separator \\x09\n#set_separator\t,\n#path\tdns\n#fields\tts\tid.orig_h\tquery\n"

TEST(half_a_last_line_is_left_for_later_and_read_once_when_it_is_whole)
{
    const char *json = DNS("1795291200.5", "10.0.0.5", "a.evil.example")
        DNS("1795291201.5", "10.0.0.5", "b.evil.example")
            DNS("1795291202.5", "10.0.0.6", "c.evil.example");
    const char *tsv = TSV_HEADER "1795291200.5\t10.0.0.5\ta.evil.example\n"
                                 "1795291201.5\t10.0.0.5\tb.evil.example\n"
                                 "1795291202.5\t10.0.0.6\tc.evil.example\n";
    check_growing_everywhere(OBSERVE_FORMAT_ZEEK_JSON, json);
    check_growing_everywhere(OBSERVE_FORMAT_ZEEK_TSV, tsv);
}

TEST(last_line_of_json_that_is_whole_counts_without_its_line_end)
{
    struct lane lane;
    lane_begin(&lane);
    const char *text = "{\"_path\":\"dns\",\"ts\":1795291200.5,\"query\":\"evil.example\"}";

    struct lane_result *result =
        lane_watch(&lane, OBSERVE_FORMAT_ZEEK_JSON, text, image_of(&lane, "evil.example"));

    assert_int_equal(result->fold_count, 1);
    assert_int_equal(result->waiting, 0);
    assert_int_equal(result->end, strlen(text));
    lane_end(&lane);
}

TEST(last_line_of_a_pipe_counts_without_its_line_end)
{
    struct lane lane;
    lane_begin(&lane);
    const struct watch_source source = { .format = OBSERVE_FORMAT_ZEEK_TSV };
    int fd =
        lane_open(&lane, LANE_PIPE, SPAN(TSV_HEADER "1795291200.5\t10.0.0.5\tevil.example"), 1);

    struct lane_result *result = lane_work(&lane, fd, &source, image_of(&lane, "evil.example"), 0);

    assert_int_equal(result->fold_count, 1);
    assert_int_equal(result->waiting, 0);
    lane_end(&lane);
}

/* A file that has ended without a line end would never give its last line: who finds the very same
 * half line once more takes it. */
TEST(half_a_last_line_that_is_found_the_same_again_is_counted_as_it_is)
{
    struct lane lane;
    lane_begin(&lane);
    struct match_image *image = image_of(&lane, "evil.example");
    const struct {
        enum observe_format format;
        const char *text;
        size_t folds;
    } ends[] = {
        { OBSERVE_FORMAT_ZEEK_TSV, TSV_HEADER "1795291200.5\t10.0.0.5\tevil.example", 1 },
        { OBSERVE_FORMAT_ZEEK_JSON, DNS("1795291200.5", "10.0.0.5", "a.example") "{\"half", 0 },
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        const struct watch_source source = { .format = ends[i].format, .stream = SPAN("dns") };
        struct span text = span_of(ends[i].text);

        struct lane_result *first = lane_work(&lane, lane_file(&lane, text), &source, image, 0);
        struct watch_begin begin = { .position = first->end, .line = first->line };
        struct lane_result *second =
            lane_work_on(&lane, lane_file(&lane, text), &source, image, &begin);
        begin = (struct watch_begin){ .position = second->end, .line = second->line };
        struct lane_result *third =
            lane_work_on(&lane, lane_file(&lane, text), &source, image, &begin);

        assert_true(first->waiting > 0);
        assert_int_equal(first->end + first->waiting, text.size);
        assert_int_equal(second->waiting, 0);
        assert_int_equal(second->end, text.size);
        assert_int_equal(second->line.taken, first->waiting);
        assert_int_equal(second->lines, 1);
        assert_int_equal(second->fold_count, ends[i].folds);
        assert_int_equal(third->lines, 0);
        assert_int_equal(third->fold_count, 0);
        assert_int_equal(third->end, text.size);
        assert_int_equal(third->line.taken, second->line.taken);
    }
    lane_end(&lane);
}

TEST(half_a_last_line_of_the_same_size_but_with_other_bytes_waits_on)
{
    struct lane lane;
    lane_begin(&lane);
    struct match_image *image = image_of(&lane, "evil.example");
    const struct watch_source source = { .format = OBSERVE_FORMAT_ZEEK_TSV };
    struct span text = SPAN(TSV_HEADER "1795291200.5\t10.0.0.5\tevil.example");
    struct span other = SPAN(TSV_HEADER "1795291200.5\t10.0.0.5\tevil.exampla");
    struct lane_result *first = lane_work(&lane, lane_file(&lane, other), &source, image, 0);
    const struct watch_begin begin = { .position = first->end, .line = first->line };

    struct lane_result *second =
        lane_work_on(&lane, lane_file(&lane, text), &source, image, &begin);

    assert_int_equal(second->waiting, first->waiting);
    assert_int_equal(second->lines, 0);
    lane_end(&lane);
}

TEST(run_that_counts_nothing_looks_at_half_a_last_line_too)
{
    struct lane lane;
    lane_begin(&lane);
    const struct watch_source source = { .format = OBSERVE_FORMAT_ZEEK_TSV };
    const struct watch_begin begin = { .last_counts = true };
    int fd = lane_file(&lane, SPAN(TSV_HEADER "1795291200.5\t10.0.0.5\tevil.example"));

    struct lane_result *result =
        lane_work_on(&lane, fd, &source, image_of(&lane, "evil.example"), &begin);

    assert_int_equal(result->fold_count, 1);
    assert_int_equal(result->waiting, 0);
    lane_end(&lane);
}

/* A line that goes on after it was counted without its end: what the half of it met is not counted
 * again, what only the whole of it meets is. */
TEST(line_that_grew_after_it_was_counted_counts_once_and_gives_what_is_new)
{
    struct lane lane;
    lane_begin(&lane);
    const struct lane_indicator list[] = { { .text = "10.9.9.9" }, { .text = "evil.example" } };
    struct match_image *image = lane_image(&lane, list, 2);
    const struct watch_source source = { .format = OBSERVE_FORMAT_ZEEK_TSV };
    const char *half = TSV_HEADER "1795291200.5\t10.9.9.9\tevil.exam";
    const char *whole = TSV_HEADER "1795291200.5\t10.9.9.9\tevil.example\n"
                                   "1795291200.5\t10.9.9.9\tgood.example\n";
    size_t taken = strlen(half) - strlen(TSV_HEADER);
    const struct watch_begin at_half = { .last_counts = true };
    struct lane_result *first =
        lane_work_on(&lane, lane_file(&lane, span_of(half)), &source, image, &at_half);
    assert_int_equal(first->lines, 1);
    assert_int_equal(first->fold_count, 1);
    assert_int_equal(first->line.taken, taken);
    const struct watch_begin begin = { .position = first->end, .line = first->line };

    struct lane_result *second =
        lane_work_on(&lane, lane_file(&lane, span_of(whole)), &source, image, &begin);

    assert_int_equal(second->lines, 1);
    assert_int_equal(second->counts[WATCH_COUNT_GROWN], 1);
    assert_int_equal(second->fold_count, 2);
    check_span(second->folds[0].value, "10.9.9.9");
    assert_int_equal(second->folds[0].count, 1); /* of the second line */
    check_span(second->folds[1].value, "evil.example");
    assert_int_equal(second->folds[1].count, 1);
    assert_int_equal(second->line.taken, 0);
    lane_end(&lane);
}

/* ---- however a file grows ---- */

enum { GROW_ROUNDS = 12, GROW_STEPS = 12, GROW_LINES = 25 };

/* What runs made of an input so far. */
struct grown {
    struct watch_begin begin;
    uint64_t lines;
    uint64_t hits;
};

static void run_on(struct lane *lane, struct span bytes, const struct watch_source *source,
                   const struct match_image *image, struct grown *grown)
{
    struct lane_result *result =
        lane_work_on(lane, lane_file(lane, bytes), source, image, &grown->begin);
    grown->begin = (struct watch_begin){ .position = result->end, .line = result->line };
    grown->lines += result->lines;
    for (size_t i = 0; i < result->fold_count; i++) {
        grown->hits += result->folds[i].count;
    }
}

static struct span random_log(struct lane *lane, enum observe_format format, uint64_t *seed)
{
    struct buf text;
    struct span copy;
    buf_init(&text, LANE_SIZE_MAX);
    buf_add(&text, format == OBSERVE_FORMAT_ZEEK_TSV ? SPAN(TSV_HEADER) : SPAN(""));
    for (int i = 0; i < GROW_LINES; i++) {
        unsigned host = (unsigned)(testing_random(seed) % 3);
        const char *name = testing_random(seed) % 2 == 0 ? "a.evil.example" : "good.example";
        if (testing_random(seed) % 8 == 0) {
            buf_add(&text, SPAN("what is no line\n"));
        } else if (format == OBSERVE_FORMAT_ZEEK_TSV) {
            buf_add_format(&text, "1795291200.%d\t10.0.0.%u\t%s\n", i, host, name);
        } else {
            buf_add_format(&text,
                           "{\"_path\":\"dns\",\"ts\":1795291200.%d,\"id.orig_h\":\"10.0.0.%u\","
                           "\"query\":\"%s\"}\n",
                           i, host, name);
        }
    }
    text.size -= testing_random(seed) % 2; /* perhaps without its last line end */
    check_err(op_copy(&lane->op, buf_span(&text), &copy), ERR_OK);
    buf_done(&text);
    return copy;
}

/* The bytes of the file when `size` bytes of the text have been written: as they are; as members,
 * one for each time that something was added; or as an archive that is still written. */
static struct span file_at(struct lane *lane, int sort, struct span text, size_t size,
                           struct buf *members, size_t *member_at)
{
    if (sort == 0) {
        return span_slice(text, 0, size);
    }
    if (sort == 1) {
        struct span fresh = span_slice(text, *member_at, size);
        buf_add(members, fresh.size > 0 ? lane_gzip(lane, fresh) : SPAN(""));
        *member_at = size;
        return buf_span(members);
    }
    struct span packed = sort == 2 ? lane_gzip(lane, text) : lane_zstd(lane, text);
    size_t part = 20 + (packed.size - 20) * size / text.size;
    return span_slice(packed, 0, part > packed.size ? packed.size : part);
}

static void grow(struct lane *lane, int sort, enum observe_format format, uint64_t *seed)
{
    const struct watch_source source = { .format = format, .stream = SPAN("dns") };
    struct match_image *image = image_of(lane, "evil.example");
    struct span text = random_log(lane, format, seed);
    struct grown whole = { .begin.last_counts = true };
    struct grown grown = { .lines = 0 };
    struct buf members;
    size_t member_at = 0;
    size_t size = 1;
    buf_init(&members, LANE_SIZE_MAX);
    run_on(lane, text, &source, image, &whole);
    for (int step = 0; step < GROW_STEPS; step++) {
        if (testing_random(seed) % 3 > 0) { /* else it is found as it was */
            size_t left = text.size - size;
            size += (size_t)(testing_random(seed) % (2 * left / (GROW_STEPS - (size_t)step) + 1));
            size = size > text.size || step == GROW_STEPS - 1 ? text.size : size;
        }
        struct span bytes = file_at(lane, sort, text, size, &members, &member_at);
        run_on(lane, bytes, &source, image, &grown);
    }
    for (int last = 0; last < 2; last++) { /* the last line may wait once */
        struct span bytes = file_at(lane, sort, text, text.size, &members, &member_at);
        run_on(lane, bytes, &source, image, &grown);
    }

    assert_int_equal(grown.begin.line.waiting, 0);
    assert_int_equal(grown.lines, whole.lines);
    assert_int_equal(grown.hits, whole.hits);
    assert_true(grown.begin.position == text.size);
    buf_done(&members);
}

/* A file grows by any number of bytes between runs, also by none, so that half lines wait, are
 * counted, and go on after all: in the end each line counted once, and met what it meets. */
TEST(however_a_file_grows_each_of_its_lines_counts_once)
{
    uint64_t seed = testing_seed();
    for (int round = 0; round < GROW_ROUNDS; round++) {
        for (int sort = 0; sort < 4; sort++) {
            struct lane lane;
            lane_begin(&lane);
            grow(&lane, sort, round % 2 == 0 ? OBSERVE_FORMAT_ZEEK_TSV : OBSERVE_FORMAT_ZEEK_JSON,
                 &seed);
            lane_end(&lane);
        }
    }
}
