// SPDX-License-Identifier: EUPL-1.2
#include "watch/input.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/watch/lane.h"

enum { LINE_MAX = RECORD_LINE_SIZE_MAX };

/* Lines of random sizes, most of them short, some as long as a line may be, some longer. */
static struct span random_lines(struct lane *lane, uint64_t *seed, size_t size_min)
{
    struct buf text;
    buf_init(&text, LANE_SIZE_MAX);
    while (text.size < size_min) {
        size_t size = (size_t)(testing_random(seed) % 400);
        uint64_t sort = testing_random(seed) % 4000;
        size = sort == 0 ? LINE_MAX : size;
        size = sort == 1 ? LINE_MAX + 1 + size : size;
        size = sort == 2 ? 3 * (size_t)LINE_MAX : size;
        uint8_t *line = buf_reserve(&text, size);
        for (size_t i = 0; i < size; i++) {
            uint8_t byte = (uint8_t)(testing_random(seed) >> 20); /* NULs and broken UTF-8 too */
            line[i] = byte == '\n' ? 0 : byte;
        }
        text.size += size;
        buf_add_byte(&text, '\n');
    }
    buf_add(&text, SPAN("the last line\n"));
    text.size -= testing_random(seed) % 2; /* perhaps without its end */
    struct span copy;
    check_err(op_copy(&lane->op, buf_span(&text), &copy), ERR_OK);
    buf_done(&text);
    return copy;
}

/* The lines that are not too long. */
static struct span without_overlong(struct lane *lane, struct span text, uint64_t *ret_overlong)
{
    struct buf kept;
    struct span copy;
    *ret_overlong = 0;
    buf_init(&kept, LANE_SIZE_MAX);
    while (text.size > 0) {
        ptrdiff_t end = span_find(text, '\n');
        size_t size = end == SPAN_NOT_FOUND ? text.size : (size_t)end + 1;
        bool overlong = (end == SPAN_NOT_FOUND ? size : size - 1) > LINE_MAX;
        *ret_overlong += overlong ? 1 : 0;
        buf_add(&kept, overlong ? SPAN("") : span_slice(text, 0, size));
        text = span_from(text, size);
    }
    check_err(op_copy(&lane->op, buf_span(&kept), &copy), ERR_OK);
    buf_done(&kept);
    return copy;
}

static struct span repeated(struct lane *lane, const char *line, size_t count)
{
    struct buf text;
    struct span copy;
    buf_init(&text, LANE_SIZE_MAX);
    for (size_t i = 0; i < count; i++) {
        buf_add(&text, span_of(line));
    }
    check_err(op_copy(&lane->op, buf_span(&text), &copy), ERR_OK);
    buf_done(&text);
    return copy;
}

TEST(chunks_depend_only_on_the_bytes)
{
    uint64_t seed = testing_seed();
    for (int round = 0; round < 4; round++) {
        struct lane lane;
        struct lane_read *reads[LANE_SORT_COUNT];
        uint64_t overlong = 0;
        lane_begin(&lane);
        struct span text = random_lines(&lane, &seed, 3 * 1024 * 1024);
        struct span expected = without_overlong(&lane, text, &overlong);
        for (int sort = 0; sort < LANE_SORT_COUNT; sort++) {
            int fd = lane_open(&lane, (enum lane_sort)sort, text, seed);

            reads[sort] = lane_read(&lane, fd, OBSERVE_FORMAT_ZEEK_JSON, 0);

            assert_null(reads[sort]->fault);
            assert_int_equal(reads[sort]->overlong, overlong);
            assert_true(span_equal(reads[sort]->bytes, expected));
            assert_true(reads[sort]->ends[reads[sort]->count - 1] == text.size);
            if (sort != LANE_PIPE) { /* a pipe that stalls is cut earlier */
                assert_int_equal(reads[sort]->count, reads[0]->count);
                assert_memory_equal(reads[sort]->ends, reads[0]->ends,
                                    reads[0]->count * sizeof reads[0]->ends[0]);
            }
        }
        lane_end(&lane);
    }
}

TEST(reading_goes_on_at_any_chunk_as_if_it_had_never_stopped)
{
    uint64_t seed = testing_seed();
    struct lane lane;
    lane_begin(&lane);
    struct span text = random_lines(&lane, &seed, 4 * 1024 * 1024);
    for (int sort = 0; sort < LANE_PIPE; sort++) {
        struct lane_read *whole = lane_read(&lane, lane_open(&lane, (enum lane_sort)sort, text, 1),
                                            OBSERVE_FORMAT_ZEEK_JSON, 0);
        for (size_t i = 0; i < whole->count; i++) {
            uint64_t overlong = 0;
            struct lane_read *rest =
                lane_read(&lane, lane_open(&lane, (enum lane_sort)sort, text, 1),
                          OBSERVE_FORMAT_ZEEK_JSON, whole->ends[i]);

            check_err(rest->err, ERR_OK);
            struct span left = span_from(text, (size_t)whole->ends[i]);
            assert_true(span_equal(rest->bytes, without_overlong(&lane, left, &overlong)));
            assert_int_equal(rest->overlong, overlong);
        }
    }
    lane_end(&lane);
}

/* A random end of a line. */
static size_t line_end(struct span text, uint64_t *seed)
{
    size_t from = (size_t)(testing_random(seed) % text.size);
    ptrdiff_t end = span_find(span_from(text, from), '\n');
    return end == SPAN_NOT_FOUND ? 0 : from + (size_t)end + 1;
}

TEST(reading_ends_at_any_line_that_is_named_as_if_the_file_ended_there)
{
    uint64_t seed = testing_seed();
    struct lane lane;
    lane_begin(&lane);
    struct span text = random_lines(&lane, &seed, 1500 * 1024);
    for (int i = 0; i < 8; i++) {
        uint64_t overlong = 0;
        size_t begin = i < 4 ? 0 : line_end(text, &seed);
        size_t end = line_end(text, &seed);
        if (end <= begin) {
            continue;
        }
        int fd = lane_open(&lane, (enum lane_sort)(i % LANE_PIPE), text, 1);
        struct lane_read *read = lane_read_until(&lane, fd, OBSERVE_FORMAT_ZEEK_JSON, begin, end);

        check_err(read->err, ERR_OK);
        struct span piece = span_slice(text, begin, end);
        assert_true(span_equal(read->bytes, without_overlong(&lane, piece, &overlong)));
        assert_int_equal(read->overlong, overlong);
        assert_int_equal(read->ends[read->count - 1], end);
    }
    lane_end(&lane);
}

TEST(line_of_the_largest_size_is_read_and_a_longer_one_passed_over)
{
    struct lane lane;
    lane_begin(&lane);
    uint8_t *text = op_alloc(&lane.op, 3 * (size_t)LINE_MAX);
    for (size_t i = 0; i < 3 * (size_t)LINE_MAX; i++) {
        text[i] = 'x';
    }
    text[LINE_MAX] = '\n';
    text[2 * (size_t)LINE_MAX + 2] = '\n'; /* a line of one byte more */
    text[2 * (size_t)LINE_MAX + 4] = '\n'; /* and a short one */
    struct span all = span_make(text, 2 * (size_t)LINE_MAX + 5);

    struct lane_read *read = lane_read(&lane, lane_file(&lane, all), OBSERVE_FORMAT_ZEEK_JSON, 0);

    assert_int_equal(read->overlong, 1);
    assert_int_equal(read->bytes.size, (size_t)LINE_MAX + 1 + 2);
    assert_true(read->ends[read->count - 1] == all.size);
    lane_end(&lane);
}

TEST(line_that_is_too_long_and_has_no_end_yet_is_read_again_when_it_has)
{
    struct lane lane;
    lane_begin(&lane);
    struct span begun = repeated(&lane, "xxxxxxxxxxxxxxx\n", 4);
    struct span half = repeated(&lane, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", LINE_MAX / 8);
    int fd = lane_file(&lane, begun);
    int same = dup(fd);
    assert_int_equal(pwrite(fd, half.data, half.size, (off_t)begun.size), (ssize_t)half.size);

    struct lane_read *first = lane_read(&lane, fd, OBSERVE_FORMAT_ZEEK_JSON, 0);
    assert_int_equal(first->overlong, 0);
    assert_int_equal(first->waiting, half.size);
    assert_true(first->ends[first->count - 1] == begun.size);
    assert_int_equal(pwrite(same, "y\nz\n", 4, (off_t)(begun.size + half.size)), 4);
    assert_int_equal(lseek(same, 0, SEEK_SET), 0);
    struct lane_read *second = lane_read(&lane, same, OBSERVE_FORMAT_ZEEK_JSON, begun.size);

    assert_int_equal(second->overlong, 1);
    check_span(second->bytes, "z\n");
    lane_end(&lane);
}

TEST(truncated_archive_is_read_as_far_as_it_goes_and_says_so)
{
    struct lane lane;
    lane_begin(&lane);
    uint64_t seed = testing_seed();
    struct span text = random_lines(&lane, &seed, 600 * 1024);
    struct span packed[] = { lane_gzip(&lane, text), lane_zstd(&lane, text), lane_xz(&lane, text) };
    for (size_t i = 0; i < sizeof packed / sizeof packed[0]; i++) {
        for (int cut = 0; cut < 5; cut++) {
            size_t size = 20 + (size_t)(testing_random(&seed) % (packed[i].size - 40));
            int fd = lane_file(&lane, span_slice(packed[i], 0, size));

            struct lane_read *read = lane_read(&lane, fd, OBSERVE_FORMAT_ZEEK_JSON, 0);

            assert_non_null(read->fault);
            assert_true(read->overlong > 0 || span_starts_with(text, read->bytes));
        }
    }
    lane_end(&lane);
}

TEST(input_that_became_shorter_than_what_was_read_of_it_is_refused)
{
    struct lane lane;
    lane_begin(&lane);
    struct span text = repeated(&lane, "0123456789\n", 100);
    for (int sort = 0; sort < LANE_PIPE; sort++) {
        int fd = lane_open(&lane, (enum lane_sort)sort, text, 1);

        struct lane_read *read = lane_read(&lane, fd, OBSERVE_FORMAT_ZEEK_JSON, text.size + 1);

        check_err(read->err, ERR_STALE);
    }
    lane_end(&lane);
}

TEST(empty_input_gives_no_chunk)
{
    struct lane lane;
    lane_begin(&lane);
    for (int sort = 0; sort < LANE_SORT_COUNT; sort++) {
        int fd = lane_open(&lane, (enum lane_sort)sort, SPAN(""), 1);

        struct lane_read *read = lane_read(&lane, fd, OBSERVE_FORMAT_ZEEK_JSON, 0);

        assert_int_equal(read->count, 0);
    }
    lane_end(&lane);
}

/* ---- TSV: whoever begins at a chunk stands where one stands who has read everything ---- */

#define HEADER_A                                                                                   \
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"   \
    "#fields\tts\tid.orig_h\tid.resp_h\n#types\ttime\taddr\taddr\n"
#define HEADER_B "#separator \\x09\n#path\tdns\n#fields\tts\tquery\n"

TEST(header_in_force_is_that_of_the_last_of_each_line)
{
    struct lane lane;
    lane_begin(&lane);
    struct watch_header *header = op_alloc(&lane.op, sizeof *header);
    uint8_t *bytes = op_alloc(&lane.op, WATCH_HEADER_SIZE_MAX);
    watch_header_init(header);
    assert_int_equal(watch_header_write(header, bytes), 0);

    watch_header_learn(header, SPAN("\xEF\xBB\xBF" HEADER_A "1\t2\t3\n#close\t2026\n"));
    check_span(span_make(bytes, watch_header_write(header, bytes)), HEADER_A);
    watch_header_learn(header, SPAN("#fields\tts\tuid\n"));
    assert_true(span_find_span(span_make(bytes, watch_header_write(header, bytes)),
                               SPAN("#fields\tts\tuid\n")) >= 0);
    assert_true(
        span_find_span(span_make(bytes, watch_header_write(header, bytes)), SPAN("#types")) < 0);
    watch_header_learn(header, SPAN(HEADER_B));

    check_span(span_make(bytes, watch_header_write(header, bytes)), HEADER_B);
    lane_end(&lane);
}

TEST(comment_that_begins_like_a_header_line_is_none)
{
    struct lane lane;
    lane_begin(&lane);
    struct watch_header *header = op_alloc(&lane.op, sizeof *header);
    uint8_t *bytes = op_alloc(&lane.op, WATCH_HEADER_SIZE_MAX);
    watch_header_init(header);
    watch_header_learn(header, SPAN(HEADER_A));

    watch_header_learn(header, SPAN("#fields of interest: query\n#types of attack: c2\n"
                                    "#path to file: /x\n#separators\n#fieldset\ta\n"));

    check_span(span_make(bytes, watch_header_write(header, bytes)), HEADER_A);
    lane_end(&lane);
}

TEST(header_line_is_known_behind_the_separator_in_force_and_before_a_carriage_return)
{
    struct lane lane;
    lane_begin(&lane);
    struct watch_header *header = op_alloc(&lane.op, sizeof *header);
    uint8_t *bytes = op_alloc(&lane.op, WATCH_HEADER_SIZE_MAX);
    watch_header_init(header);

    watch_header_learn(header, SPAN("#separator |\r\n#path|dns\r\n#path\tconn\n"));

    check_span(span_make(bytes, watch_header_write(header, bytes)), "#separator |\n#path|dns\n");
    lane_end(&lane);
}

TEST(header_is_carried_into_later_chunks_and_changes_in_the_middle)
{
    struct lane lane;
    struct buf text;
    lane_begin(&lane);
    buf_init(&text, LANE_SIZE_MAX);
    buf_add(&text, SPAN(HEADER_A));
    buf_add(&text, repeated(&lane, "1\t10.0.0.1\t10.0.0.2\n", 70000));
    buf_add(&text, SPAN(HEADER_B));
    buf_add(&text, repeated(&lane, "1\tname.example\n", 100000));
    struct lane_read *whole =
        lane_read(&lane, lane_file(&lane, buf_span(&text)), OBSERVE_FORMAT_ZEEK_TSV, 0);
    assert_true(span_equal(whole->bytes, buf_span(&text)));
    assert_true(whole->count >= 3);

    for (size_t i = 0; i + 1 < whole->count; i++) {
        struct lane_read *rest = lane_read(&lane, lane_file(&lane, buf_span(&text)),
                                           OBSERVE_FORMAT_ZEEK_TSV, whole->ends[i]);
        bool behind = whole->ends[i] > sizeof HEADER_A + (size_t)70000 * 20 + sizeof HEADER_B;

        check_span(rest->header, behind ? HEADER_B : HEADER_A);
        assert_true(span_equal(rest->bytes, span_from(buf_span(&text), (size_t)whole->ends[i])));
    }
    buf_done(&text);
    lane_end(&lane);
}

/* The file was shorter when it was read first: the header behind that place is not in force yet. */
TEST(header_in_force_in_the_middle_of_a_chunk_is_the_one_above_it)
{
    struct lane lane;
    lane_begin(&lane);
    const char *text =
        HEADER_A "1\t10.0.0.1\t10.0.0.2\n2\t10.0.0.1\t10.0.0.2\n" HEADER_B "3\tname.example\n";
    uint64_t position = sizeof HEADER_A - 1 + 20;

    struct lane_read *rest =
        lane_read(&lane, lane_file(&lane, span_of(text)), OBSERVE_FORMAT_ZEEK_TSV, position);

    check_span(rest->header, HEADER_A);
    check_span(rest->bytes, text + position);
    text = "#path\tdns\n#fields\tts\tquery\n1\ta\n#unset_field\tx\n2\tb\n";
    position = sizeof "#path\tdns\n#fields\tts\tquery\n1\ta\n" - 1;
    rest = lane_read(&lane, lane_file(&lane, span_of(text)), OBSERVE_FORMAT_ZEEK_TSV, position);
    check_span(rest->header, "#path\tdns\n#fields\tts\tquery\n");
    lane_end(&lane);
}

/* A pipe that somebody keeps open must not hold lines back until a chunk is full, nor keep the
 * reader waiting. */
TEST(pipe_that_falls_silent_hands_on_its_whole_lines)
{
    struct lane lane;
    int ends[2];
    struct watch_input *input = NULL;
    const struct watch_begin from_start = { .position = 0 };
    lane_begin(&lane);
    assert_int_equal(pipe(ends), 0);
    check_err(watch_input_open(&lane.op, ends[0], &input), ERR_OK);
    check_err(watch_input_begin(&lane.op, input), ERR_AGAIN);
    assert_int_equal(write(ends[1], "one", 3), 3);
    check_err(watch_input_begin(&lane.op, input), ERR_AGAIN);
    assert_int_equal(write(ends[1], "\ntwo\nthr", 8), 8);

    check_err(watch_input_begin(&lane.op, input), ERR_OK);
    check_span(watch_input_start(input), "one\ntwo\nthr");
    check_err(lane_seek(&lane, input, OBSERVE_FORMAT_ZEEK_JSON, &from_start), ERR_OK);
    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_OK);
    check_span(span_make(lane.chunk->bytes, lane.chunk->size), "one\ntwo\n");
    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_AGAIN);
    assert_int_equal(write(ends[1], "e", 1), 1);
    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_AGAIN);
    assert_int_equal(write(ends[1], "e\n", 2), 2);
    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_OK);
    check_span(span_make(lane.chunk->bytes, lane.chunk->size), "three\n");
    close(ends[1]);

    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_ABSENT);
    watch_input_close(input);
    lane_end(&lane);
}

/* Somebody else holds the pipe open for reading, so what the writer left stays. */
TEST(named_pipe_whose_writer_had_gone_before_it_was_opened_gives_its_last_line)
{
    struct lane lane;
    char path[64];
    struct watch_input *input = NULL;
    const struct watch_begin from_start = { .position = 0 };
    lane_begin(&lane);
    snprintf(path, sizeof path, "/tmp/linie-test-%d.fifo", (int)getpid());
    assert_int_equal(mkfifo(path, 0600), 0);
    int holder = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int writer = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(write(writer, "one\ntwo", 7), 7);
    close(writer);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    check_err(watch_input_open(&lane.op, reader, &input), ERR_OK);
    check_err(watch_input_begin(&lane.op, input), ERR_OK);
    check_err(lane_seek(&lane, input, OBSERVE_FORMAT_ZEEK_JSON, &from_start), ERR_OK);
    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_OK);
    check_span(span_make(lane.chunk->bytes, lane.chunk->size), "one\n");
    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_OK);
    check_span(span_make(lane.chunk->bytes, lane.chunk->size), "two");

    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_ABSENT);
    watch_input_close(input);
    close(holder);
    unlink(path);
    lane_end(&lane);
}

/* The overlong line comes in pieces, with nothing in between; no line behind it is lost. */
TEST(line_of_a_pipe_that_is_too_long_is_passed_over_however_slowly_it_comes)
{
    enum { PIECE = 50 * 1000 };
    struct lane lane;
    int ends[2];
    uint64_t overlong = 0;
    size_t size = 0;
    const struct watch_begin from_start = { .position = 0 };
    lane_begin(&lane);
    assert_int_equal(pipe(ends), 0);
    struct span piece = repeated(&lane, "y", PIECE);
    assert_int_equal(write(ends[1], "a\n", 2), 2);
    struct watch_input *input = lane_input(&lane, ends[0]);
    check_err(lane_seek(&lane, input, OBSERVE_FORMAT_ZEEK_JSON, &from_start), ERR_OK);
    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_OK);
    while (size <= 2 * (size_t)LINE_MAX) {
        assert_int_equal(write(ends[1], piece.data, piece.size), PIECE);
        size += PIECE;
        check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_AGAIN);
    }
    assert_int_equal(write(ends[1], "y\nb\nc", 5), 5);
    close(ends[1]);

    struct buf kept;
    buf_init(&kept, LANE_SIZE_MAX);
    while (watch_input_next(&lane.op, input, lane.chunk) == ERR_OK) {
        overlong += lane.chunk->overlong;
        buf_add(&kept, span_make(lane.chunk->bytes, lane.chunk->size));
    }

    assert_int_equal(overlong, 1);
    check_span(buf_span(&kept), "b\nc");
    assert_true(lane.chunk->end == 2 + size + 5);
    buf_done(&kept);
    watch_input_close(input);
    lane_end(&lane);
}

/* ---- a file that is followed ---- */

static void append(int fd, const char *text)
{
    assert_int_equal(lseek(fd, 0, SEEK_END) >= 0, 1);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static struct watch_input *at_end(struct lane *lane, int fd, enum observe_format format)
{
    const struct watch_begin from_start = { .position = 0 };
    struct watch_input *input = lane_input(lane, fd);
    check_err(lane_seek(lane, input, format, &from_start), ERR_OK);
    enum err err = ERR_OK;
    while (err == ERR_OK) {
        err = watch_input_next(&lane->op, input, lane->chunk);
    }
    check_err(err, ERR_ABSENT);
    return input;
}

/* The file of an input is read through its own descriptor: another one is for the writer. */
static int writer_of(struct lane *lane, const char *text, int *ret_reader)
{
    char path[64];
    int reader = lane_file(lane, span_of(text));
    snprintf(path, sizeof path, "/proc/self/fd/%d", reader);
    *ret_reader = reader;
    return open(path, O_RDWR | O_CLOEXEC);
}

TEST(file_that_has_grown_is_read_on)
{
    struct lane lane;
    int reader = -1;
    lane_begin(&lane);
    int writer = writer_of(&lane, "one\n", &reader);
    struct watch_input *input = at_end(&lane, reader, OBSERVE_FORMAT_ZEEK_JSON);
    struct watch_begin begin = { .position = 4 };

    check_err(watch_input_resume(&lane.op, input, &begin), ERR_ABSENT);
    append(writer, "two\nthr");
    check_err(watch_input_resume(&lane.op, input, &begin), ERR_OK);
    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_OK);
    check_span(span_make(lane.chunk->bytes, lane.chunk->size), "two\n");
    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_OK);
    assert_true(lane.chunk->may_grow);
    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_ABSENT);

    begin = (struct watch_begin){ .position = 8, .line.waiting = 3 };
    check_err(watch_input_resume(&lane.op, input, &begin), ERR_ABSENT);
    append(writer, "ee\n");
    check_err(watch_input_resume(&lane.op, input, &begin), ERR_OK);
    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_OK);
    check_span(span_make(lane.chunk->bytes, lane.chunk->size), "three\n");
    assert_true(lane.chunk->mark.tail_end == 14);

    close(writer);
    watch_input_close(input);
    lane_end(&lane);
}

TEST(last_line_that_waits_counts_when_that_is_asked_for)
{
    struct lane lane;
    int reader = -1;
    lane_begin(&lane);
    int writer = writer_of(&lane, "one\nhalf", &reader);
    struct watch_input *input = at_end(&lane, reader, OBSERVE_FORMAT_ZEEK_JSON);
    struct watch_begin begin = { .position = 4, .line.waiting = 4, .last_counts = true };

    check_err(watch_input_resume(&lane.op, input, &begin), ERR_OK);
    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_OK);

    check_span(span_make(lane.chunk->bytes, lane.chunk->size), "half");
    assert_true(lane.chunk->unterminated);
    assert_false(lane.chunk->may_grow);
    close(writer);
    watch_input_close(input);
    lane_end(&lane);
}

/* copytruncate: shorter, or rewritten and grown past where it was before anybody looked. */
TEST(file_that_was_truncated_or_rewritten_is_not_read_on)
{
    const char *const now[] = { "", "one\n", "ONE\nTWO\n", "one\nTWO\nthree\nfour\n" };
    for (size_t i = 0; i < sizeof now / sizeof now[0]; i++) {
        struct lane lane;
        int reader = -1;
        lane_begin(&lane);
        int writer = writer_of(&lane, "one\ntwo\n", &reader);
        struct watch_input *input = at_end(&lane, reader, OBSERVE_FORMAT_ZEEK_JSON);
        const struct watch_begin begin = { .position = 8 };
        assert_int_equal(ftruncate(writer, 0), 0);
        append(writer, now[i]);

        check_err(watch_input_resume(&lane.op, input, &begin), ERR_STALE);

        close(writer);
        watch_input_close(input);
        lane_end(&lane);
    }
}

TEST(header_in_force_is_kept_for_who_reads_a_file_on)
{
    struct lane lane;
    int reader = -1;
    uint8_t *header = NULL;
    lane_begin(&lane);
    header = op_alloc(&lane.op, WATCH_HEADER_SIZE_MAX);
    int writer = writer_of(&lane, HEADER_A "1\t10.0.0.1\t10.0.0.2\n", &reader);
    struct watch_input *input = at_end(&lane, reader, OBSERVE_FORMAT_ZEEK_TSV);
    size_t size = watch_input_header(input, header);
    check_span(span_make(header, size), HEADER_A);
    struct watch_begin begin = { .position = sizeof HEADER_A - 1 + 20 };
    append(writer, "2\t10.0.0.1\t10.0.0.2\n");

    check_err(watch_input_resume(&lane.op, input, &begin), ERR_OK);
    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_OK);
    check_span(span_make(lane.chunk->header, lane.chunk->header_size), HEADER_A);
    check_span(span_make(lane.chunk->bytes, lane.chunk->size), "2\t10.0.0.1\t10.0.0.2\n");
    watch_input_close(input);

    /* The same for one who was given the header, and begins there: no byte before it is read. */
    begin.header = span_make(header, size);
    assert_int_equal(lseek(writer, 0, SEEK_SET), 0);
    input = lane_input(&lane, writer);
    check_err(watch_input_seek(&lane.op, input, OBSERVE_HEADER_MARKED, &begin), ERR_OK);
    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_OK);
    check_span(span_make(lane.chunk->header, lane.chunk->header_size), HEADER_A);
    check_span(span_make(lane.chunk->bytes, lane.chunk->size), "2\t10.0.0.1\t10.0.0.2\n");
    watch_input_close(input);
    lane_end(&lane);
}

/* A rotated log that was compressed, or copied: known by what it holds before the place up to which
 * the original was read. */
TEST(copy_of_a_file_is_told_by_the_bytes_before_the_place)
{
    uint64_t seed = testing_seed();
    for (int sort = 0; sort < LANE_PIPE; sort++) {
        struct lane lane;
        lane_begin(&lane);
        struct span text = random_lines(&lane, &seed, 2 * 1024 * 1024);
        struct lane_read *read =
            lane_read(&lane, lane_file(&lane, text), OBSERVE_FORMAT_ZEEK_JSON, 0);
        struct watch_begin begin = { .position = read->ends[0], .copy = true };
        struct mark mark;
        size_t tail_size = mark_tail_size(begin.position);
        mark_init(&mark);
        mark_set_tail(&mark, begin.position,
                      span_slice(text, (size_t)begin.position - tail_size, (size_t)begin.position));
        span_copy(begin.copy_tail, sizeof begin.copy_tail, span_make(mark.tail, sizeof mark.tail));

        struct watch_input *input =
            lane_input(&lane, lane_open(&lane, (enum lane_sort)sort, text, 1));
        check_err(lane_seek(&lane, input, OBSERVE_FORMAT_ZEEK_JSON, &begin), ERR_OK);
        check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_OK);
        assert_true(lane.chunk->position == begin.position || lane.chunk->overlong > 0);
        watch_input_close(input);

        begin.copy_tail[0] ^= 1;
        input = lane_input(&lane, lane_open(&lane, (enum lane_sort)sort, text, 1));
        check_err(lane_seek(&lane, input, OBSERVE_FORMAT_ZEEK_JSON, &begin), ERR_CONFLICT);
        watch_input_close(input);
        op_fault_clear(&lane.op);
        lane_end(&lane);
    }
}

/* ---- known again ---- */

static bool is_known(struct lane *lane, int fd, const struct mark *mark)
{
    struct watch_input *input = NULL;
    bool known = false;
    input = lane_input(lane, fd);
    check_err(watch_input_is_known(&lane->op, input, mark, &known), ERR_OK);
    watch_input_close(input);
    return known;
}

/* The mark of an input that was read to its end, its head included. */
static struct mark mark_of(struct lane *lane, int fd, struct span text)
{
    struct lane_read *read = lane_read(lane, fd, OBSERVE_FORMAT_ZEEK_JSON, 0);
    struct mark mark = read->mark;
    mark_set_head(&mark, span_slice(text, 0, text.size < MARK_SIZE ? text.size : MARK_SIZE));
    return mark;
}

static struct span joined(struct lane *lane, struct span a, struct span b)
{
    struct buf text;
    struct span copy;
    buf_init(&text, LANE_SIZE_MAX);
    buf_add(&text, a);
    buf_add(&text, b);
    check_err(op_copy(&lane->op, buf_span(&text), &copy), ERR_OK);
    buf_done(&text);
    return copy;
}

TEST(file_is_known_again_as_it_was_and_when_it_has_grown)
{
    const size_t repeats[] = { 1, 5, 400, 3000, 100000 };
    for (size_t i = 0; i < sizeof repeats / sizeof repeats[0]; i++) {
        struct lane lane;
        lane_begin(&lane);
        struct span text = repeated(&lane, "a line of a log\n", repeats[i]);
        struct span grown = joined(&lane, text, SPAN("more\n"));
        struct mark mark = mark_of(&lane, lane_file(&lane, text), text);

        assert_true(mark.tail_end == text.size);
        assert_true(is_known(&lane, lane_file(&lane, text), &mark));
        assert_true(is_known(&lane, lane_file(&lane, grown), &mark));

        struct span shorter = span_slice(text, 0, text.size - 1);
        assert_false(is_known(&lane, lane_file(&lane, shorter), &mark));
        assert_false(is_known(&lane, lane_open(&lane, LANE_PIPE, text, 1), &mark));
        lane_end(&lane);
    }
}

/* copytruncate, and a head that is the same each time: the bytes before the place tell. */
TEST(file_that_was_rewritten_is_not_known_again_though_it_begins_the_same)
{
    uint64_t seed = testing_seed();
    for (int round = 0; round < 50; round++) {
        struct lane lane;
        lane_begin(&lane);
        struct span head = repeated(&lane, "the same in both\n", testing_random(&seed) % 600);
        struct span body = repeated(&lane, "old\n", 1 + testing_random(&seed) % 2000);
        struct span text = joined(&lane, head, body);
        struct mark mark = mark_of(&lane, lane_file(&lane, text), text);
        uint8_t *other = op_alloc(&lane.op, text.size + 100);
        span_copy(other, text.size, text);
        size_t near = text.size < MARK_SIZE ? text.size : MARK_SIZE;
        size_t changed = text.size - 1 - (size_t)(testing_random(&seed) % near);
        other[changed] ^= 1;

        size_t size = text.size + (size_t)(testing_random(&seed) % 100);
        assert_false(is_known(&lane, lane_file(&lane, span_make(other, size)), &mark));

        other[changed] ^= 1;
        assert_true(is_known(&lane, lane_file(&lane, span_make(other, size)), &mark));
        lane_end(&lane);
    }
}

TEST(archive_is_known_again_when_a_member_was_added)
{
    uint64_t seed = testing_seed();
    for (int zstd = 0; zstd < 2; zstd++) {
        struct lane lane;
        lane_begin(&lane);
        struct span text = random_lines(&lane, &seed, 600 * 1024);
        struct span packed = zstd ? lane_zstd(&lane, text) : lane_gzip(&lane, text);
        struct mark mark = mark_of(&lane, lane_file(&lane, packed), text);
        struct span more = zstd ? lane_zstd(&lane, SPAN("more\n")) : lane_gzip(&lane, SPAN("x\n"));
        struct span shorter = span_slice(packed, 0, packed.size - 1);

        assert_true(mark.tail_end == packed.size);
        assert_true(is_known(&lane, lane_file(&lane, packed), &mark));
        assert_true(is_known(&lane, lane_file(&lane, joined(&lane, packed, more)), &mark));
        assert_false(is_known(&lane, lane_file(&lane, shorter), &mark));
        lane_end(&lane);
    }
}

/* Whoever goes on at the end of any chunk finds the mark of that chunk right, wherever the one who
 * made it began. */
TEST(mark_of_every_chunk_fits_the_file)
{
    uint64_t seed = testing_seed();
    const enum observe_format formats[] = { OBSERVE_FORMAT_ZEEK_JSON, OBSERVE_FORMAT_ZEEK_TSV };
    for (int round = 0; round < 8; round++) {
        struct lane lane;
        struct watch_input *input = NULL;
        lane_begin(&lane);
        struct span text = random_lines(&lane, &seed, 3 * 1024 * 1024);
        enum lane_sort sort = (enum lane_sort)(round / 2 % LANE_PIPE);
        struct lane_read *whole =
            lane_read(&lane, lane_open(&lane, sort, text, 1), formats[round % 2], 0);
        struct watch_begin begin = { .position =
                                         whole->ends[testing_random(&seed) % whole->count] };
        input = lane_input(&lane, lane_open(&lane, sort, text, 1));
        check_err(lane_seek(&lane, input, formats[round % 2], &begin), ERR_OK);

        while (watch_input_next(&lane.op, input, lane.chunk) == ERR_OK) {
            uint64_t end = lane.chunk->end - lane.chunk->waiting;
            assert_true(sort != LANE_FILE || lane.chunk->mark.tail_end == end);
            assert_true(is_known(&lane, lane_open(&lane, sort, text, 1), &lane.chunk->mark));
        }

        watch_input_close(input);
        lane_end(&lane);
    }
}

/* A gzip file of several members holds one text: lines do not end where members do. */
TEST(line_that_lies_in_two_members_of_an_archive_is_one_line)
{
    struct lane lane;
    lane_begin(&lane);
    struct span text = SPAN("first line\nsecond line\nthird line\n");
    for (size_t cut = 0; cut <= text.size; cut++) {
        struct span head = span_slice(text, 0, cut);
        struct span rest = span_from(text, cut);
        struct span gzip = joined(&lane, lane_gzip(&lane, head), lane_gzip(&lane, rest));
        struct span zstd = joined(&lane, lane_zstd(&lane, head), lane_zstd(&lane, rest));

        struct lane_read *a = lane_read(&lane, lane_file(&lane, gzip), OBSERVE_FORMAT_ZEEK_JSON, 0);
        struct lane_read *b = lane_read(&lane, lane_file(&lane, zstd), OBSERVE_FORMAT_ZEEK_JSON, 0);

        assert_null(a->fault);
        assert_true(span_equal(a->bytes, text));
        assert_int_equal(a->count, 1);
        assert_true(span_equal(b->bytes, text));
    }
    lane_end(&lane);
}

/* An overlong line that waits is passed over when it is found the same once more, and once. */
TEST(line_that_is_too_long_and_never_ends_is_passed_over_when_it_does_not_grow)
{
    struct lane lane;
    struct watch_input *input = NULL;
    lane_begin(&lane);
    struct span text = joined(&lane, SPAN("x\n"), repeated(&lane, "yyyyyyyy", LINE_MAX / 4));
    struct watch_begin begin = { .position = 2, .line.waiting = text.size - 2 };

    input = lane_input(&lane, lane_file(&lane, text));
    check_err(lane_seek(&lane, input, OBSERVE_FORMAT_ZEEK_JSON, &begin), ERR_OK);
    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_OK);
    assert_int_equal(lane.chunk->overlong, 1);
    assert_int_equal(lane.chunk->waiting, 0);
    assert_true(lane.chunk->end == text.size);
    assert_int_equal(lane.chunk->open_size, text.size - 2);
    watch_input_close(input);

    /* It goes on after all, and ends. */
    begin = (struct watch_begin){ .position = text.size, .line.taken = text.size - 2 };
    struct span grown = joined(&lane, text, SPAN("y\nz\n"));
    input = lane_input(&lane, lane_file(&lane, grown));
    check_err(lane_seek(&lane, input, OBSERVE_FORMAT_ZEEK_JSON, &begin), ERR_OK);
    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_OK);
    assert_int_equal(lane.chunk->taken, text.size - 2);
    assert_true(lane.chunk->end == text.size + 2);
    check_err(watch_input_next(&lane.op, input, lane.chunk), ERR_OK);
    check_span(span_make(lane.chunk->bytes, lane.chunk->size), "z\n");
    watch_input_close(input);
    lane_end(&lane);
}
