// SPDX-License-Identifier: EUPL-1.2
/*
 * The format itself: bytes that must never change, and a second reader, written from the document
 * alone, that must agree with ours.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "journal/frame.h"
#include "tests/os/scratch.h"
#include "tests/testing.h"

enum { COUNT = 200, OUTPUT_SIZE = 256, NOT_FOUND = 127, ALL = 1 << 20 };

static void check_hex(struct span bytes, const char *expected)
{
    struct buf text;
    buf_init(&text, ALL);
    buf_add_hex(&text, bytes);
    check_span(buf_span(&text), expected);
    buf_done(&text);
}

TEST(a_file_header_has_these_bytes)
{
    struct journal_file_header header = { .first = 258, .seed = UINT64_C(0x0102030405060708) };
    journal_world_mark(SPAN("real"), header.world_mark);
    uint8_t bytes[JOURNAL_FILE_HEADER_SIZE];
    journal_file_header_write(bytes, &header);

    check_hex(span_make(bytes, sizeof bytes - 8), "4c494e49454a4e4c" /* LINIEJNL */
                                                  "0100000040000000"
                                                  "0201000000000000"
                                                  "0807060504030201"
                                                  "aa33996d60e89311b4d1a920dae03c6d"
                                                  "0000000000000000");
    struct journal_file_header read;
    check_err(journal_file_header_read(span_make(bytes, sizeof bytes), &read), ERR_OK);
    assert_int_equal(read.first, 258);
    assert_int_equal(read.seed, header.seed);
    for (size_t size = 0; size < sizeof bytes; size++) {
        check_err(journal_file_header_read(span_make(bytes, size), &read), ERR_FORMAT);
    }
}

static struct journal_header header_example(void)
{
    struct journal_header header = {
        .number = 7,
        .time_us = -2,
        .kind = SPAN("k"),
        .world = SPAN("real"),
        .actor = SPAN("a"),
        .marking = SPAN("m"),
    };
    memset(header.payload_digest, 0x11, sizeof header.payload_digest);
    memset(header.previous, 0x22, sizeof header.previous);
    return header;
}

TEST(a_header_has_these_bytes_and_is_read_back)
{
    const struct journal_header header = header_example();
    struct buf buf;
    buf_init(&buf, JOURNAL_HEADER_SIZE_MAX);
    journal_header_add(&buf, &header);

    check_hex(buf_span(&buf), "0100"
                              "0700000000000000"
                              "feffffffffffffff"
                              "010000006b"
                              "040000007265616c"
                              "0100000061"
                              "00000000"
                              "00000000"
                              "00000000"
                              "010000006d"
                              "1111111111111111111111111111111111111111111111111111111111111111"
                              "2222222222222222222222222222222222222222222222222222222222222222");
    struct journal_header read;
    check_err(journal_header_read(buf_span(&buf), &read), ERR_OK);
    assert_int_equal(read.number, 7);
    assert_int_equal(read.time_us, -2);
    check_span(read.marking, "m");
    for (size_t size = 0; size < buf.size; size++) {
        check_err(journal_header_read(span_slice(buf_span(&buf), 0, size), &read), ERR_FORMAT);
    }
    buf_add_byte(&buf, 0);
    check_err(journal_header_read(buf_span(&buf), &read), ERR_FORMAT);
    buf.data[0] = 2;
    check_err(journal_header_read(buf_span(&buf), &read), ERR_UNSUPPORTED);
    buf_done(&buf);
}

TEST(a_frame_has_its_parts_at_multiples_of_eight)
{
    struct journal_prefix prefix = { .number = 7, .group_first = 6, .flags = JOURNAL_GROUP_END };
    const struct journal_frame_parts parts = { .header = SPAN("header, not eight"),
                                               .salt = SPAN("0123456789abcdef"),
                                               .payload = SPAN("pay") };
    struct buf buf;
    buf_init(&buf, ALL);
    check_err(journal_frame_add(&buf, &prefix, 99, &parts), ERR_OK);

    assert_int_equal(journal_frame_size(&prefix), buf.size);
    assert_int_equal(buf.size, 48 + 24 + 24);
    check_hex(span_slice(buf_span(&buf), 0, 32), "4c4a4631" /* LJF1 */
                                                 "01000000"
                                                 "0700000000000000"
                                                 "0600000000000000"
                                                 "11000000"
                                                 "13000000");
    check_span(span_slice(buf_span(&buf), 48, 65), "header, not eight");
    check_span(span_slice(buf_span(&buf), 72, 91), "0123456789abcdefpay");
    struct journal_prefix read;
    check_err(journal_prefix_read(buf_span(&buf), 99, &read), ERR_OK);
    assert_true(journal_prefix_fits(&read, parts.header, 99));
    assert_false(journal_prefix_fits(&read, parts.header, 98));
    check_err(journal_prefix_read(buf_span(&buf), 98, &read), ERR_FORMAT); /* another segment's */
    buf_done(&buf);
}

static void journal_write(struct op *op, struct disk *disk, uint8_t *ret_head)
{
    const struct journal_options options = { .world = SPAN("real"),
                                             .write = true,
                                             .segment_size = 10000 };
    struct journal *journal;
    uint64_t cut;
    check_err(journal_open(op, disk, &options, &journal, &cut), ERR_OK);
    for (size_t i = 0; i < COUNT; i++) {
        char text[64];
        snprintf(text, sizeof text, "payload %zu %0*d", i, (int)(i % 17), 0);
        const struct journal_entry entry = { .kind = SPAN("note"), .payload = span_of(text) };
        uint64_t number;
        check_err(journal_append(op, journal, &entry, &number), ERR_OK);
        if (i % 5 == 0) {
            check_err(journal_commit(op, journal), ERR_OK);
        }
        if (i % 50 == 49) {
            check_err(journal_erase(op, journal, number - 20, SPAN("a rule")), ERR_OK);
        }
    }
    check_err(journal_commit(op, journal), ERR_OK);
    journal_head(journal, ret_head);
    journal_close(journal);
}

/* Runs the other reader; its exit status. */
static int reader_run(const struct scratch *scratch, char *output, size_t size)
{
    char folder[SCRATCH_PATH_SIZE + 16];
    snprintf(folder, sizeof folder, "%s/journal", scratch->path);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        execlp("python3", "python3", LINIE_SOURCE_DIR "/tests/journal/reader.py", folder,
               (char *)NULL);
        _exit(NOT_FOUND);
    }
    close(ends[1]);
    size_t filled = 0;
    ssize_t got = 1;
    while (got > 0 && filled < size - 1) {
        got = read(ends[0], output + filled, size - 1 - filled);
        assert_true(got >= 0);
        filled += (size_t)got;
    }
    output[filled] = '\0';
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
}

TEST(a_reader_written_from_the_document_agrees)
{
    struct op op;
    testing_op_begin(&op);
    struct scratch scratch = scratch_make();
    struct disk *disk = scratch_disk(&op, &scratch);
    uint8_t head[JOURNAL_DIGEST_SIZE];
    journal_write(&op, disk, head);

    char output[OUTPUT_SIZE];
    int status = reader_run(&scratch, output, sizeof output);
    disk_close(disk);
    scratch_remove(&scratch);
    op_end(&op);
    if (status == NOT_FOUND) {
        testing_skip("there is no python3");
    }
    assert_int_equal(status, 0);
    struct buf expected;
    buf_init(&expected, ALL);
    buf_add_format(&expected, "%d %d ", COUNT + COUNT / 50, COUNT / 50);
    buf_add_hex(&expected, span_make(head, sizeof head));
    buf_add_byte(&expected, '\n');
    assert_true(span_equal(span_of(output), buf_span(&expected)));
    buf_done(&expected);
}
