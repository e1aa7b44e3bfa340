// SPDX-License-Identifier: EUPL-1.2
// links: intake os base
/*
 * What strangers send over a stream, cut in pieces anywhere: the same messages come as in one
 * piece, none is longer than stated, and what waits is bounded. The first byte says whether counts
 * are known, and where the pieces end.
 */
#include "base/buf.h"
#include "base/must.h"
#include "intake/frame.h"

enum {
    ALL_SIZE_MAX = 4 * 1024 * 1024,
    WAITING_MAX = INTAKE_MESSAGE_SIZE_MAX + INTAKE_COUNT_DIGITS_MAX + 1,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A line is part of its message, and has no edges to be cut. */
static void check_line(struct span message)
{
    struct span line = intake_line(message);
    if (line.size > 0) {
        must(line.data >= message.data);
        must(line.data + line.size <= message.data + message.size);
        must(line.data[0] != ' ' && line.data[0] != '\n');
        must(line.data[line.size - 1] != '\0' && line.data[line.size - 1] != '\n');
    }
    must(span_equal(intake_line(line), line) || line.data[0] == '{');
}

static void take_all(struct intake_frame *frame, struct span *rest, bool ended, struct buf *all)
{
    struct span message;
    while (intake_frame_next(frame, rest, ended, &message) == ERR_OK) {
        must(message.size <= INTAKE_MESSAGE_SIZE_MAX);
        check_line(message);
        buf_add_byte(all, '|');
        buf_add(all, message);
    }
    must(rest->size <= WAITING_MAX);
    must(!ended || rest->size == 0);
}

static void take_in_pieces(bool counts, size_t step, struct span stream, struct buf *all)
{
    struct intake_frame frame = { .counts = counts };
    size_t begin = 0; /* of what waits: the stream lies whole, so it need not be moved */
    for (size_t end = 0; end < stream.size;) {
        end = stream.size - end > step ? end + step : stream.size;
        struct span rest = span_slice(stream, begin, end);
        take_all(&frame, &rest, end == stream.size, all);
        begin = end - rest.size;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole;
    struct buf pieces;
    if (size < 2) {
        return 0;
    }
    struct span stream = span_make(data + 1, size - 1);
    bool counts = data[0] % 2 == 1;
    size_t step = data[0] / 2 + 1;
    buf_init(&whole, ALL_SIZE_MAX);
    buf_init(&pieces, ALL_SIZE_MAX);
    take_in_pieces(counts, stream.size, stream, &whole);
    take_in_pieces(counts, step, stream, &pieces);
    must(span_equal(buf_span(&whole), buf_span(&pieces)));
    buf_done(&whole);
    buf_done(&pieces);
    return 0;
}
