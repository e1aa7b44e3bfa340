// SPDX-License-Identifier: EUPL-1.2
// links: format base
/*
 * Compressed streams. What must hold for any bytes: read in one piece or in pieces of any size,
 * into much room or little, the same bytes come out and the same error.
 *
 * The first byte of the input chooses the pieces; the rest is the stream.
 */
#include "base/buf.h"
#include "base/must.h"
#include "format/inflate.h"

enum {
    OUTPUT_SIZE_MAX = 1 << 20, /* of a bomb, the beginning is enough */
    STEP_SIZE_MAX = 300,
    MEMORY_MAX = 1 << 20,
    ZSTD_BLOCK_SIZE = 128 * 1024,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    struct buf bytes;
    enum err err;
    bool cut; /* OUTPUT_SIZE_MAX was reached */
};

static enum err run_piece(struct op *op, struct inflate *stream, struct span piece,
                          size_t output_step, struct outcome *outcome)
{
    struct inflate_output output;
    enum err err;
    do {
        uint8_t *room = buf_reserve(&outcome->bytes, output_step);
        must(room != NULL);
        output = (struct inflate_output){ room, output_step, 0 };
        err = inflate_run(op, stream, &piece, &output);
        must(output.size <= output.capacity);
        outcome->bytes.size += output.size;
        outcome->cut = outcome->bytes.size >= OUTPUT_SIZE_MAX;
    } while (err == ERR_OK && output.size == output.capacity && !outcome->cut);
    must(err != ERR_OK || outcome->cut || piece.size == 0);
    return err;
}

static void read_stream(struct span input, size_t input_step, size_t output_step,
                        struct outcome *ret)
{
    const struct actor actor = { .name = SPAN("fuzz") };
    struct op op;
    op_begin(&op, &actor, MEMORY_MAX);
    struct inflate *stream;
    must(inflate_new(&op, inflate_detect(input), &stream) == ERR_OK);
    *ret = (struct outcome){ .err = ERR_OK };
    buf_init(&ret->bytes, 4 * (size_t)OUTPUT_SIZE_MAX);
    while (ret->err == ERR_OK && input.size > 0 && !ret->cut) {
        size_t size = input.size < input_step ? input.size : input_step;
        ret->err = run_piece(&op, stream, span_slice(input, 0, size), output_step, ret);
        input = span_from(input, size);
    }
    if (ret->err == ERR_OK && !ret->cut) {
        ret->err = inflate_end(&op, stream);
    }
    must(op.fault.err == ret->err);
    inflate_free(stream);
    op_end(&op);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct span input = span_make(data + 1, size - 1);
    struct outcome whole;
    struct outcome pieces;
    read_stream(input, size, OUTPUT_SIZE_MAX, &whole);
    read_stream(input, 1 + data[0] % 16, 1 + data[0] * (size_t)STEP_SIZE_MAX / 256, &pieces);
    struct span a = buf_span(&whole.bytes);
    struct span b = buf_span(&pieces.bytes);
    must(span_starts_with(a, b) || span_starts_with(b, a));
    if (!whole.cut && !pieces.cut) {
        size_t difference = a.size > b.size ? a.size - b.size : b.size - a.size;
        enum inflate_kind kind = inflate_detect(input);
        bool damaged = whole.err != ERR_OK;
        bool zstd_block = damaged && kind == INFLATE_ZSTD && difference <= ZSTD_BLOCK_SIZE;
        must(whole.err == pieces.err);
        must(difference == 0 || zstd_block || (damaged && kind == INFLATE_XZ));
    }
    buf_done(&whole.bytes);
    buf_done(&pieces.bytes);
    return 0;
}
