// SPDX-License-Identifier: EUPL-1.2
#include "format/inflate.h"

#include <lzma.h>

#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/memory.h"
#include "tests/testing.h"

enum {
    PACKED_SIZE_MAX = 1 << 20,
    UNPACKED_SIZE_MAX = 4 << 20,
    GZIP_TRAILER_SIZE = 8,
    ZSTD_CHECKSUM_SIZE = 4,
    XZ_TRAILER_SIZE = 28,   /* check, index and footer, at least */
    XZ_CHECK_FROM_END = 32, /* within the check, however long the index is */
    ZSTD_BLOCK_SIZE_MAX = 128 * 1024,
    WHOLE = UNPACKED_SIZE_MAX, /* as a step: all at once */
};

static const enum inflate_kind packed_kinds[] = { INFLATE_GZIP, INFLATE_ZSTD, INFLATE_XZ };

enum { KIND_COUNT = sizeof packed_kinds / sizeof packed_kinds[0] };

/* How a stream came out: what was given, and how it ended. */
struct outcome {
    struct span bytes;
    enum err err;
    char text[FAULT_TEXT_SIZE];
};

/* Lines as a log has them: alike, but never the same. */
static struct span log_lines(struct op *op, size_t size)
{
    struct buf buf;
    buf_init(&buf, size + 256);
    uint64_t state = 7;
    while (buf.size < size) {
        uint64_t random = testing_random(&state);
        buf_add_format(&buf, "{\"ts\":%u,\"uid\":\"C%016llx\",\"query\":\"host%u.example\"}\n",
                       (unsigned)(random % 100000), (unsigned long long)random,
                       (unsigned)(random >> 60));
    }
    struct span copy;
    check_err(op_copy(op, span_slice(buf_span(&buf), 0, size), &copy), ERR_OK);
    buf_done(&buf);
    return copy;
}

static void add_gzip(struct buf *packed, struct span data)
{
    z_stream z = { .next_in = data.data, .avail_in = (uInt)data.size };
    assert_int_equal(
        deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY),
        Z_OK);
    z.next_out = buf_reserve(packed, deflateBound(&z, (uLong)data.size));
    assert_non_null(z.next_out);
    z.avail_out = (uInt)deflateBound(&z, (uLong)data.size);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    packed->size += z.total_out;
    deflateEnd(&z);
}

static void add_zstd(struct buf *packed, struct span data)
{
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    assert_non_null(zstd);
    ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
    size_t room = ZSTD_compressBound(data.size);
    uint8_t *target = buf_reserve(packed, room);
    assert_non_null(target);
    size_t size = ZSTD_compress2(zstd, target, room, data.data, data.size);
    assert_false(ZSTD_isError(size));
    packed->size += size;
    ZSTD_freeCCtx(zstd);
}

static void add_xz(struct buf *packed, struct span data)
{
    size_t room = lzma_stream_buffer_bound(data.size);
    uint8_t *target = buf_reserve(packed, room);
    assert_non_null(target);
    size_t size = 0;
    assert_int_equal(lzma_easy_buffer_encode(LZMA_PRESET_DEFAULT, LZMA_CHECK_CRC64, NULL, data.data,
                                             data.size, target, &size, room),
                     LZMA_OK);
    packed->size += size;
}

static void add_packed(struct buf *packed, enum inflate_kind kind, struct span data)
{
    switch (kind) {
    case INFLATE_GZIP:
        add_gzip(packed, data);
        break;
    case INFLATE_ZSTD:
        add_zstd(packed, data);
        break;
    default:
        add_xz(packed, data);
    }
}

static struct buf packed_of(enum inflate_kind kind, struct span data)
{
    struct buf packed;
    buf_init(&packed, PACKED_SIZE_MAX);
    add_packed(&packed, kind, data);
    return packed;
}

/* One step of the loop in inflate.h: gives out all that one piece of input holds. */
static enum err run_piece(struct op *op, struct inflate *stream, struct span piece,
                          size_t output_step, struct buf *bytes)
{
    struct inflate_output output;
    enum err err;
    do {
        uint8_t *room = buf_reserve(bytes, output_step);
        assert_non_null(room);
        output = (struct inflate_output){ room, output_step, 0 };
        err = inflate_run(op, stream, &piece, &output);
        bytes->size += output.size;
    } while (err == ERR_OK && output.size == output.capacity);
    assert_true(err != ERR_OK || piece.size == 0);
    return err;
}

/* Reads `input` in pieces of input_step bytes, into room for output_step bytes at a time. */
static struct outcome read_stream(struct op *op, enum inflate_kind kind, struct span input,
                                  size_t input_step, size_t output_step)
{
    struct outcome outcome = { .err = ERR_OK };
    struct buf bytes;
    buf_init(&bytes, 2 * (size_t)UNPACKED_SIZE_MAX);
    struct inflate *stream;
    check_err(inflate_new(op, kind, &stream), ERR_OK);
    while (outcome.err == ERR_OK && input.size > 0) {
        size_t size = input.size < input_step ? input.size : input_step;
        outcome.err = run_piece(op, stream, span_slice(input, 0, size), output_step, &bytes);
        input = span_from(input, size);
    }
    if (outcome.err == ERR_OK) {
        outcome.err = inflate_end(op, stream);
    }
    inflate_free(stream);
    assert_int_equal(op->fault.err, outcome.err);
    span_copy(outcome.text, sizeof outcome.text, span_make(op->fault.text, FAULT_TEXT_SIZE));
    op_fault_clear(op);
    check_err(op_copy(op, buf_span(&bytes), &outcome.bytes), ERR_OK);
    buf_done(&bytes);
    return outcome;
}

static void check_bytes(struct span got, struct span expected)
{
    assert_int_equal(got.size, expected.size);
    assert_true(span_equal(got, expected));
}

TEST(inflate_detects_the_kind_by_the_first_bytes)
{
    assert_int_equal(inflate_detect(SPAN("\x1F\x8B\x08\x00")), INFLATE_GZIP);
    assert_int_equal(inflate_detect(SPAN("\x28\xB5\x2F\xFD")), INFLATE_ZSTD);
    assert_int_equal(inflate_detect(SPAN("\x50\x2A\x4D\x18")), INFLATE_ZSTD);
    assert_int_equal(inflate_detect(SPAN("\x5F\x2A\x4D\x18")), INFLATE_ZSTD);
    assert_int_equal(inflate_detect(SPAN("\x60\x2A\x4D\x18")), INFLATE_PLAIN);
    assert_int_equal(inflate_detect(SPAN("\xFD"
                                         "7zXZ\0")),
                     INFLATE_XZ);
    assert_int_equal(inflate_detect(SPAN("\xFD"
                                         "7zXZ\1")),
                     INFLATE_PLAIN);
    assert_int_equal(inflate_detect(SPAN("{\"ts")), INFLATE_PLAIN);
    assert_int_equal(inflate_detect(SPAN("\x1F")), INFLATE_PLAIN);
    assert_int_equal(inflate_detect(SPAN("P")), INFLATE_PLAIN);
    assert_int_equal(inflate_detect(SPAN("")), INFLATE_PLAIN);
}

TEST(inflate_passes_plain_bytes_as_they_are)
{
    struct op op;
    testing_op_begin(&op);
    struct span data = log_lines(&op, 10000);

    struct outcome outcome = read_stream(&op, INFLATE_PLAIN, data, 999, 77);

    check_err(outcome.err, ERR_OK);
    check_bytes(outcome.bytes, data);
    op_end(&op);
}

TEST(inflate_gives_the_same_bytes_whatever_the_pieces)
{
    static const size_t steps[] = { 1, 7, 4096, WHOLE };
    enum { STEP_COUNT = sizeof steps / sizeof steps[0] };
    struct op op;
    testing_op_begin(&op);
    struct span data = log_lines(&op, 300000);
    for (size_t k = 0; k < KIND_COUNT; k++) {
        struct buf packed = packed_of(packed_kinds[k], data);
        assert_true(packed.size < data.size);
        for (size_t i = 0; i < STEP_COUNT * STEP_COUNT; i++) {
            struct outcome outcome = read_stream(&op, packed_kinds[k], buf_span(&packed),
                                                 steps[i % STEP_COUNT], steps[i / STEP_COUNT]);

            check_err(outcome.err, ERR_OK);
            check_bytes(outcome.bytes, data);
        }
        buf_done(&packed);
    }
    op_end(&op);
}

TEST(inflate_gives_all_where_the_output_is_filled_exactly)
{
    struct op op;
    testing_op_begin(&op);
    struct span data = log_lines(&op, 4096);
    for (size_t k = 0; k < KIND_COUNT; k++) {
        struct buf packed = packed_of(packed_kinds[k], data);

        struct outcome outcome =
            read_stream(&op, packed_kinds[k], buf_span(&packed), WHOLE, data.size);

        check_err(outcome.err, ERR_OK);
        check_bytes(outcome.bytes, data);
        buf_done(&packed);
    }
    op_end(&op);
}

TEST(inflate_reads_members_and_frames_behind_each_other_as_one)
{
    struct op op;
    testing_op_begin(&op);
    for (size_t k = 0; k < KIND_COUNT; k++) {
        struct buf packed = packed_of(packed_kinds[k], SPAN("one\n"));
        add_packed(&packed, packed_kinds[k], SPAN(""));
        add_packed(&packed, packed_kinds[k], SPAN("two\n"));
        for (size_t step = 1; step <= packed.size; step++) {
            struct outcome outcome = read_stream(&op, packed_kinds[k], buf_span(&packed), step, 64);

            check_err(outcome.err, ERR_OK);
            check_span(outcome.bytes, "one\ntwo\n");
        }
        buf_done(&packed);
    }
    op_end(&op);
}

TEST(inflate_takes_zero_bytes_around_gzip_members_and_xz_streams_for_padding)
{
    static const enum inflate_kind kinds[] = { INFLATE_GZIP, INFLATE_XZ };
    struct op op;
    testing_op_begin(&op);
    for (size_t k = 0; k < 2; k++) {
        struct buf packed = packed_of(kinds[k], SPAN("one\n"));
        buf_add(&packed, SPAN("\0\0\0\0"));
        add_packed(&packed, kinds[k], SPAN("two\n"));
        buf_add(&packed, SPAN("\0\0\0\0\0\0\0\0"));
        for (size_t step = 1; step <= packed.size; step++) {
            struct outcome outcome = read_stream(&op, kinds[k], buf_span(&packed), step, 64);

            check_err(outcome.err, ERR_OK);
            check_span(outcome.bytes, "one\ntwo\n");
        }
        buf_done(&packed);
    }
    op_end(&op);
}

TEST(inflate_steps_over_skippable_zstd_frames)
{
    struct op op;
    testing_op_begin(&op);
    struct buf packed;
    buf_init(&packed, PACKED_SIZE_MAX);
    buf_add(&packed, SPAN("\x50\x2A\x4D\x18\x03\0\0\0abc"));
    add_zstd(&packed, SPAN("one\n"));
    buf_add(&packed, SPAN("\x5F\x2A\x4D\x18\0\0\0\0"));
    add_zstd(&packed, SPAN("two\n"));
    for (size_t step = 1; step <= packed.size; step++) {
        struct outcome outcome = read_stream(&op, INFLATE_ZSTD, buf_span(&packed), step, 64);

        check_err(outcome.err, ERR_OK);
        check_span(outcome.bytes, "one\ntwo\n");
    }
    buf_done(&packed);
    op_end(&op);
}

TEST(inflate_tells_of_bytes_behind_the_end_after_giving_all)
{
    struct op op;
    testing_op_begin(&op);
    for (size_t k = 0; k < KIND_COUNT; k++) {
        struct buf packed = packed_of(packed_kinds[k], SPAN("one\n"));
        buf_add(&packed, SPAN("no longer packed"));
        for (size_t step = 1; step <= packed.size; step++) {
            struct outcome outcome = read_stream(&op, packed_kinds[k], buf_span(&packed), step, 64);

            check_err(outcome.err, ERR_FORMAT);
            assert_non_null(strstr(outcome.text, "what follows is not"));
            check_span(outcome.bytes, "one\n");
        }
        buf_done(&packed);
    }
    op_end(&op);
}

TEST(inflate_gives_what_can_be_decoded_when_cut_at_any_byte)
{
    struct op op;
    testing_op_begin(&op);
    struct span data = log_lines(&op, 2000);
    static const size_t trailer_size[] = { GZIP_TRAILER_SIZE, ZSTD_CHECKSUM_SIZE, XZ_TRAILER_SIZE };
    for (size_t k = 0; k < KIND_COUNT; k++) {
        struct buf packed = packed_of(packed_kinds[k], data);
        size_t given = 0;
        for (size_t size = 0; size < packed.size; size++) {
            struct span cut = span_slice(buf_span(&packed), 0, size);

            struct outcome outcome = read_stream(&op, packed_kinds[k], cut, 64, 64);

            check_err(outcome.err, ERR_FORMAT);
            assert_non_null(strstr(outcome.text, "truncated"));
            assert_true(span_starts_with(data, outcome.bytes));
            assert_true(outcome.bytes.size >= given);
            given = outcome.bytes.size;
            if (size + trailer_size[k] >= packed.size) {
                assert_int_equal(given, data.size);
            }
        }
        buf_done(&packed);
    }
    op_end(&op);
}

TEST(inflate_gives_each_gzip_byte_that_the_cut_left_whole)
{
    struct op op;
    testing_op_begin(&op);
    struct span data = log_lines(&op, 300000);
    struct buf packed = packed_of(INFLATE_GZIP, data);
    struct span half = span_slice(buf_span(&packed), 0, packed.size / 2);

    struct outcome outcome = read_stream(&op, INFLATE_GZIP, half, WHOLE, WHOLE);

    check_err(outcome.err, ERR_FORMAT);
    assert_true(outcome.bytes.size > data.size / 3);
    assert_true(span_starts_with(data, outcome.bytes));
    buf_done(&packed);
    op_end(&op);
}

TEST(inflate_refuses_a_wrong_checksum_after_giving_all)
{
    struct op op;
    testing_op_begin(&op);
    struct span data = log_lines(&op, 2000);
    static const size_t from_end[] = { GZIP_TRAILER_SIZE, ZSTD_CHECKSUM_SIZE, XZ_CHECK_FROM_END };
    for (size_t k = 0; k < KIND_COUNT; k++) {
        struct buf packed = packed_of(packed_kinds[k], data);
        packed.data[packed.size - from_end[k]] ^= 1;

        struct outcome outcome = read_stream(&op, packed_kinds[k], buf_span(&packed), WHOLE, WHOLE);

        check_err(outcome.err, ERR_FORMAT);
        assert_non_null(strstr(outcome.text, "check"));
        check_bytes(outcome.bytes, data);
        buf_done(&packed);
    }
    op_end(&op);
}

TEST(inflate_gives_the_blocks_before_a_damaged_one)
{
    struct op op;
    testing_op_begin(&op);
    struct span data = log_lines(&op, 3 * ZSTD_BLOCK_SIZE_MAX);
    struct buf packed = packed_of(INFLATE_ZSTD, data);
    /* From the middle of the last block on, nothing is as it was. */
    memset(packed.data + packed.size - packed.size / 6, 0xA5, packed.size / 6);

    struct outcome outcome = read_stream(&op, INFLATE_ZSTD, buf_span(&packed), WHOLE, WHOLE);

    check_err(outcome.err, ERR_FORMAT);
    assert_int_equal(outcome.bytes.size, 2 * ZSTD_BLOCK_SIZE_MAX);
    assert_true(span_starts_with(data, outcome.bytes));
    buf_done(&packed);
    op_end(&op);
}

TEST(inflate_ends_the_same_in_pieces_of_any_size_when_damaged_at_any_byte)
{
    struct op op;
    testing_op_begin(&op);
    struct span data = log_lines(&op, 1000);
    for (size_t k = 0; k < KIND_COUNT; k++) {
        struct buf packed = packed_of(packed_kinds[k], data);
        for (size_t at = 0; at < packed.size * 8; at++) {
            packed.data[at / 8] ^= (uint8_t)(1 << at % 8);

            struct outcome whole =
                read_stream(&op, packed_kinds[k], buf_span(&packed), WHOLE, 1 << 16);
            struct outcome pieces = read_stream(&op, packed_kinds[k], buf_span(&packed), 1, 5);

            check_err(pieces.err, whole.err);
            if (whole.err == ERR_OK || packed_kinds[k] == INFLATE_GZIP) {
                check_bytes(pieces.bytes, whole.bytes);
            } else { /* of the damaged block a part may be there or not; it is the only one */
                assert_true(span_starts_with(pieces.bytes, whole.bytes) ||
                            span_starts_with(whole.bytes, pieces.bytes));
            }
            packed.data[at / 8] ^= (uint8_t)(1 << at % 8);
        }
        buf_done(&packed);
    }
    op_end(&op);
}

TEST(inflate_limits_the_window_of_zstd)
{
    struct op op;
    testing_op_begin(&op);
    /* magic, no options, window 2^27 or 1/8 above it (RFC 8878, 3.1.1.1.2), an empty last block */
    struct span allowed = SPAN("\x28\xB5\x2F\xFD\x00\x88\x01\x00\x00");
    struct span above = SPAN("\x28\xB5\x2F\xFD\x00\x89\x01\x00\x00");

    check_err(read_stream(&op, INFLATE_ZSTD, allowed, WHOLE, 64).err, ERR_OK);
    struct outcome outcome = read_stream(&op, INFLATE_ZSTD, above, WHOLE, 64);

    check_err(outcome.err, ERR_LIMIT);
    assert_non_null(strstr(outcome.text, "window"));
    op_end(&op);
}

/* One stream with a block that was packed with a dictionary of this size. */
static struct buf xz_with_dictionary(uint32_t size)
{
    struct buf packed;
    lzma_options_lzma options;
    assert_false(lzma_lzma_preset(&options, 0));
    options.dict_size = size;
    lzma_filter filters[] = { { LZMA_FILTER_LZMA2, &options }, { LZMA_VLI_UNKNOWN, NULL } };
    buf_init(&packed, PACKED_SIZE_MAX);
    uint8_t *target = buf_reserve(&packed, 4096);
    assert_non_null(target);
    assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL,
                                               (const uint8_t *)"one\n", 4, target, &packed.size,
                                               4096),
                     LZMA_OK);
    return packed;
}

TEST(inflate_limits_the_memory_of_xz)
{
    struct op op;
    testing_op_begin(&op);
    struct buf allowed = xz_with_dictionary(INFLATE_WINDOW_MAX);
    struct buf above = xz_with_dictionary(INFLATE_WINDOW_MAX / 2 * 3);

    check_err(read_stream(&op, INFLATE_XZ, buf_span(&allowed), WHOLE, 64).err, ERR_OK);
    struct outcome outcome = read_stream(&op, INFLATE_XZ, buf_span(&above), WHOLE, 64);

    check_err(outcome.err, ERR_LIMIT);
    assert_non_null(strstr(outcome.text, "memory"));
    buf_done(&allowed);
    buf_done(&above);
    op_end(&op);
}

TEST(inflate_refuses_the_formats_before_zstd)
{
    struct op op;
    testing_op_begin(&op);
    for (uint8_t version = 0x1E; version < 0x28; version++) {
        struct buf packed = packed_of(INFLATE_ZSTD, SPAN("one\n"));
        buf_add_byte(&packed, version);
        buf_add(&packed, SPAN("\xB5\x2F\xFD\0\0\0\0\0\0\0\0"));

        struct outcome outcome = read_stream(&op, INFLATE_ZSTD, buf_span(&packed), WHOLE, 64);

        check_err(outcome.err, ERR_FORMAT);
        assert_non_null(strstr(outcome.text, "what follows is not zstd"));
        check_span(outcome.bytes, "one\n");
        buf_done(&packed);
    }
    op_end(&op);
}

TEST(inflate_names_the_byte_and_repeats_its_error)
{
    struct op op;
    testing_op_begin(&op);
    struct inflate *stream;
    check_err(inflate_new(&op, INFLATE_GZIP, &stream), ERR_OK);
    struct span input = SPAN("plain text");
    uint8_t room[16];
    struct inflate_output output = { room, sizeof room, 0 };

    check_err(inflate_run(&op, stream, &input, &output), ERR_FORMAT);
    assert_string_equal(op.fault.text, "gzip data, compressed byte 0: not gzip");
    check_err(inflate_run(&op, stream, &input, &output), ERR_FORMAT);
    check_err(inflate_end(&op, stream), ERR_FORMAT);

    assert_int_equal(output.size, 0);
    inflate_free(stream);
    op_end(&op);
}

TEST(inflate_adds_behind_what_the_output_holds)
{
    struct op op;
    testing_op_begin(&op);
    for (size_t k = 0; k < KIND_COUNT; k++) {
        struct buf packed = packed_of(packed_kinds[k], SPAN("two"));
        struct span input = buf_span(&packed);
        uint8_t room[64] = "one";
        struct inflate_output output = { room, sizeof room, 3 };
        struct inflate *stream;
        check_err(inflate_new(&op, packed_kinds[k], &stream), ERR_OK);

        check_err(inflate_run(&op, stream, &input, &output), ERR_OK);

        check_span(span_make(room, output.size), "onetwo");
        inflate_free(stream);
        buf_done(&packed);
    }
    op_end(&op);
}

TEST(inflate_reads_a_bomb_in_flat_memory)
{
    enum { BOMB_SIZE = 64 << 20, ROOM_SIZE = 65536 };
    struct op op;
    testing_op_begin(&op);
    uint8_t *zeros = memory_new(BOMB_SIZE);
    assert_non_null(zeros);
    for (size_t k = 0; k < KIND_COUNT; k++) {
        struct buf packed;
        buf_init(&packed, 2 * (size_t)BOMB_SIZE);
        add_packed(&packed, packed_kinds[k], span_make(zeros, BOMB_SIZE));
        struct span input = buf_span(&packed);
        struct inflate *stream;
        check_err(inflate_new(&op, packed_kinds[k], &stream), ERR_OK);
        static uint8_t room[ROOM_SIZE];
        size_t total = 0;
        struct inflate_output output;
        do {
            output = (struct inflate_output){ room, sizeof room, 0 };
            check_err(inflate_run(&op, stream, &input, &output), ERR_OK);
            total += output.size;
        } while (output.size == output.capacity);

        check_err(inflate_end(&op, stream), ERR_OK);
        assert_int_equal(total, BOMB_SIZE);
        inflate_free(stream);
        buf_done(&packed);
    }
    memory_free(zeros);
    op_end(&op);
}

static enum err read_small(struct op *op, enum inflate_kind kind, struct span input)
{
    struct inflate *stream;
    TRY(inflate_new(op, kind, &stream));
    uint8_t room[256];
    struct inflate_output output = { room, sizeof room, 0 };
    enum err err = inflate_run(op, stream, &input, &output);
    if (err == ERR_OK) {
        err = inflate_end(op, stream);
    }
    inflate_free(stream);
    return err;
}

TEST(inflate_without_memory_is_refused_and_loses_none)
{
    struct op op;
    testing_op_begin(&op);
    for (size_t k = 0; k < KIND_COUNT; k++) {
        /* Cut short of its end, so that zlib needs its window. */
        struct buf packed = packed_of(packed_kinds[k], SPAN("some text, some text, some text"));
        memory_fail_after(UINT64_MAX);
        check_err(read_small(&op, packed_kinds[k], buf_span(&packed)), ERR_OK);
        uint64_t requests = memory_request_count();
        assert_true(requests > 1);

        for (uint64_t allowed = 0; allowed < requests; allowed++) {
            memory_fail_after(allowed);
            enum err err = read_small(&op, packed_kinds[k], buf_span(&packed));
            memory_fail_after(UINT64_MAX);

            check_err(err, ERR_LIMIT);
            check_err(op.fault.err, ERR_LIMIT);
            op_fault_clear(&op);
        }
        buf_done(&packed);
    }
    op_end(&op);
}

TEST(inflate_reads_random_rows_of_members_in_random_pieces)
{
    uint64_t random = testing_seed();
    for (int round = 0; round < 200; round++) {
        struct op op;
        testing_op_begin(&op);
        enum inflate_kind kind = packed_kinds[testing_random(&random) % KIND_COUNT];
        struct buf packed;
        struct buf expected;
        buf_init(&packed, PACKED_SIZE_MAX);
        buf_init(&expected, UNPACKED_SIZE_MAX);
        size_t count = 1 + testing_random(&random) % 4;
        for (size_t i = 0; i < count; i++) {
            struct span data = log_lines(&op, testing_random(&random) % 20000);
            add_packed(&packed, kind, data);
            buf_add(&expected, data);
        }

        struct outcome outcome =
            read_stream(&op, kind, buf_span(&packed), 1 + testing_random(&random) % 5000,
                        1 + testing_random(&random) % 5000);

        check_err(outcome.err, ERR_OK);
        check_bytes(outcome.bytes, buf_span(&expected));
        buf_done(&packed);
        buf_done(&expected);
        op_end(&op);
    }
}
