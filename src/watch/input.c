// SPDX-License-Identifier: EUPL-1.2
#include "watch/input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "crypt/digest.h"
#include "watch/input_inner.h"

/* How far a file was read, for who goes on behind this chunk. */
static void chunk_mark(struct watch_chunk *chunk, const struct watch_input *input)
{
    if (input->regular) {
        mark_set_tail(&chunk->mark, input->tail.end,
                      span_make(input->tail.bytes, input->tail.size));
    }
}

enum err watch_chunk_new(struct op *op, struct watch_chunk **ret)
{
    struct watch_chunk *chunk = memory_new(sizeof *chunk);
    uint8_t *bytes = memory_new(WATCH_CHUNK_CAPACITY);
    if (chunk == NULL || bytes == NULL) {
        memory_free(chunk);
        memory_free(bytes);
        return op_fail(op, ERR_LIMIT, "out of memory for reading");
    }
    chunk->bytes = bytes;
    *ret = chunk;
    return ERR_OK;
}

void watch_chunk_free(struct watch_chunk *chunk)
{
    if (chunk != NULL) {
        memory_free(chunk->bytes);
    }
    memory_free(chunk);
}

void watch_input_close(struct watch_input *input)
{
    if (input == NULL) {
        return;
    }
    close(input->fd);
    inflate_free(input->inflate);
    memory_free(input->raw);
    memory_free(input->header);
    memory_free(input->seen);
    buf_done(&input->carry);
    memory_free(input);
}

struct span watch_input_start(const struct watch_input *input)
{
    struct span carry = buf_span(&input->carry);
    return span_slice(carry, 0, carry.size < WATCH_START_SIZE ? carry.size : WATCH_START_SIZE);
}

bool watch_input_may_start(const struct watch_input *input)
{
    return !input->regular && !input->ended && input->carry.size < WATCH_START_SIZE;
}

bool watch_input_is_plain(const struct watch_input *input)
{
    return input->regular && input->inflate == NULL;
}

int watch_input_pipe(const struct watch_input *input)
{
    return input->regular ? -1 : input->fd;
}

const char *watch_input_fault(const struct watch_input *input)
{
    return input->fault;
}

uint64_t watch_input_bytes_read(const struct watch_input *input)
{
    return input->bytes_read;
}

void watch_input_learn(struct watch_input *input, uint64_t position, struct span lines)
{
    if (input->header == NULL) {
        return;
    }
    if (input->header_lines == OBSERVE_HEADER_MARKED) {
        watch_header_learn(input->header, lines);
    } else if (position == 0 || !watch_header_has_columns(input->header)) {
        watch_header_learn_first(input->header, lines);
    }
}

size_t watch_input_header(const struct watch_input *input, uint8_t *bytes)
{
    return input->header == NULL ? 0 : watch_header_write(input->header, bytes);
}

enum err watch_input_open(struct op *op, int fd, struct watch_input **ret)
{
    struct stat status;
    struct watch_input *input = memory_new(sizeof *input);
    if (input == NULL) {
        close(fd);
        return op_fail(op, ERR_LIMIT, "out of memory for reading");
    }
    input->fd = fd;
    buf_init(&input->carry, WATCH_CHUNK_SIZE);
    if (fstat(fd, &status) != 0) {
        enum err err = op_fail(op, ERR_IO, "cannot look at the file: %s", strerror(errno));
        watch_input_close(input);
        return err;
    }
    input->regular = S_ISREG(status.st_mode);
    int flags = fcntl(fd, F_GETFL);
    input->never_waits = !input->regular && flags >= 0 && (flags & O_NONBLOCK) != 0;
    *ret = input;
    return ERR_OK;
}

/* Decompressed bytes, added to those that wait, until there are so many. */
static enum err carry_fill(struct op *op, struct watch_input *input, size_t size)
{
    struct buf *carry = &input->carry;
    if (carry->size >= size) {
        return ERR_OK;
    }
    uint8_t *room = buf_reserve(carry, size - carry->size);
    if (room == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for reading");
    }
    struct inflate_output output = { .data = room, .capacity = size - carry->size };
    enum err err = watch_input_fill(op, input, &output);
    ptrdiff_t last = span_find_last(span_make(room, output.size), '\n');
    if (last != SPAN_NOT_FOUND) {
        input->carry_lines = carry->size + (size_t)last + 1;
    }
    carry->size += output.size;
    return err;
}

enum err watch_input_is_compressed(struct op *op, struct watch_input *input, bool *ret)
{
    if (!input->told) {
        TRY(watch_input_tell(op, input));
    }
    *ret = input->kind != INFLATE_PLAIN;
    return ERR_OK;
}

/* The first bytes tell whether the file is compressed; plain ones are the first carry. */
enum err watch_input_begin(struct op *op, struct watch_input *input)
{
    bool compressed = false;
    TRY(watch_input_is_compressed(op, input, &compressed));
    if (compressed && input->inflate == NULL) {
        TRY(watch_input_inflate(op, input));
    }
    TRY(carry_fill(op, input, WATCH_START_SIZE));
    bool line = span_find(buf_span(&input->carry), '\n') != SPAN_NOT_FOUND;
    return watch_input_may_start(input) && !line ? ERR_AGAIN : ERR_OK;
}

/* ---- chunks ---- */

static enum err carry_keep(struct op *op, struct watch_input *input, struct span bytes)
{
    must(input->carry.size == 0);
    buf_add(&input->carry, bytes);
    input->carry_lines = input->regular ? 0 : (size_t)(span_find_last(bytes, '\n') + 1);
    return input->carry.err == ERR_OK ? ERR_OK
                                      : op_fail(op, ERR_LIMIT, "out of memory for reading");
}

/* Where the chunk's last whole line ends; 0 where not even one does. At the end of the input what
 * is left is a line too, in a chunk of its own. */
static size_t lines_end(const struct watch_input *input, struct span bytes)
{
    ptrdiff_t last = span_find_last(bytes, '\n');
    if (last != SPAN_NOT_FOUND) {
        return (size_t)last + 1;
    }
    return input->ended ? bytes.size : 0;
}

/* Where reading ends before the input does, what is behind that place is not there. */
static void cut_at_end(struct watch_input *input, struct inflate_output *output)
{
    uint64_t until = input->begin.until;
    if (until != 0 && output->size >= until - input->position) {
        output->size = (size_t)(until - input->position);
        input->ended = true;
    }
}

/* Bytes that wait, then as many as there is room for. */
static enum err chunk_fill(struct op *op, struct watch_input *input, struct watch_chunk *chunk,
                           size_t *ret_size)
{
    struct inflate_output output = { .data = chunk->bytes, .capacity = WATCH_CHUNK_SIZE };
    span_copy(chunk->bytes, WATCH_CHUNK_SIZE, buf_span(&input->carry));
    output.size = input->carry.size;
    input->carry_lines = 0;
    buf_clear(&input->carry);
    TRY(watch_input_fill(op, input, &output));
    cut_at_end(input, &output);
    *ret_size = output.size;
    return ERR_OK;
}

/* A pipe may give a line byte by byte: its bytes gather in the carry, and each is looked at once.
 */
static enum err gather(struct op *op, struct watch_input *input)
{
    if (input->regular) {
        return ERR_OK;
    }
    TRY(carry_fill(op, input, WATCH_CHUNK_SIZE));
    bool enough = input->carry_lines > 0 || input->carry.size == WATCH_CHUNK_SIZE || input->ended;
    return enough ? ERR_OK : ERR_AGAIN;
}

/* Bytes of the chunk were dealt with. */
static void advance(struct watch_input *input, const struct watch_chunk *chunk, size_t size)
{
    input->position += size;
    if (watch_input_is_plain(input)) {
        watch_tail_add(&input->tail, span_make(chunk->bytes, size));
    }
}

/* A file that is still written may go on behind its last line. */
static bool may_grow(const struct watch_input *input)
{
    return input->regular && (input->inflate == NULL || input->fault != NULL);
}

/* What an overlong line is to the run: `size` bytes of it, without its line end, were passed over.
 */
static void overlong_end(struct watch_chunk *chunk, const struct watch_input *input, uint64_t size,
                         bool has_end)
{
    chunk->taken = chunk->taken < size ? chunk->taken : size;
    uint64_t fresh = size - chunk->taken;
    bool known = fresh == input->begin.line.waiting || input->begin.last_counts;
    if (has_end || !may_grow(input) || known || fresh == 0) {
        chunk->overlong = size == chunk->taken ? 0 : 1;
        chunk->open_size = has_end ? 0 : size;
        chunk_mark(chunk, input);
        return;
    }
    chunk->end = chunk->position + chunk->taken;
    chunk->waiting = fresh;
}

/* Read to the end of a line that is too long, without keeping it; the chunk holds `size` bytes of
 * it. A line that has no end yet may be of a file that grows: then it is not passed over, but read
 * again when there is more. A pipe that gives no more of it now goes on there the next time. */
static enum err pass_over(struct op *op, struct watch_input *input, struct watch_chunk *chunk,
                          size_t size)
{
    ptrdiff_t end = span_find(span_make(chunk->bytes, size), '\n');
    chunk_mark(chunk, input);
    while (end == SPAN_NOT_FOUND && !input->ended) {
        advance(input, chunk, size);
        input->passed += size;
        TRY(gather(op, input));
        TRY(chunk_fill(op, input, chunk, &size));
        end = span_find(span_make(chunk->bytes, size), '\n');
    }
    bool has_end = end != SPAN_NOT_FOUND;
    size_t last = has_end ? (size_t)end + 1 : size;
    TRY(carry_keep(op, input, span_make(chunk->bytes + last, size - last)));
    advance(input, chunk, last);
    chunk->position = input->position - last - input->passed;
    chunk->taken = input->passed_taken;
    chunk->end = input->position;
    input->passed = 0;
    input->passed_taken = 0;
    overlong_end(chunk, input, input->position - chunk->position - (has_end ? 1 : 0), has_end);
    return ERR_OK;
}

static void chunk_begin(struct watch_chunk *chunk, struct watch_input *input)
{
    chunk->size = 0;
    chunk->position = input->position;
    chunk->end = input->position;
    chunk->overlong = 0;
    chunk->waiting = 0;
    chunk->open_size = 0;
    chunk->taken = input->taken;
    input->taken = 0;
    chunk->unterminated = false;
    chunk->past = input->begin.until != 0;
    chunk->may_grow = false;
    chunk->now_us = 0;
    chunk->header_size = watch_input_header(input, chunk->header);
    mark_init(&chunk->mark);
}

/* A file may have reached its end, and only its last line end is missing. Who finds the very same
 * half line twice takes it. */
static bool line_is_final(const struct watch_input *input, const struct watch_chunk *chunk)
{
    const struct mark_line *known = &input->begin.line;
    bool same = known->waiting == chunk->size - chunk->taken &&
                span_equal(span_make(known->waiting_digest, MARK_DIGEST_SIZE),
                           span_make(chunk->line_digest, MARK_DIGEST_SIZE));
    return same || input->begin.last_counts;
}

/* The chunk is whole: zeros behind it, and what is known of its last line. */
static void chunk_end(struct watch_chunk *chunk, struct watch_input *input, size_t size)
{
    chunk->size = size;
    chunk->taken = chunk->taken < size ? chunk->taken : size;
    advance(input, chunk, size);
    chunk->end = input->position;
    chunk_mark(chunk, input);
    static const uint8_t zeros[RECORD_PADDING_SIZE];
    span_copy(chunk->bytes + size, WATCH_CHUNK_CAPACITY - size, span_make(zeros, sizeof zeros));
    chunk->unterminated = size > 0 && chunk->bytes[size - 1] != '\n';
    if (chunk->unterminated && may_grow(input)) {
        digest_sha256(span_from(span_make(chunk->bytes, size), chunk->taken), chunk->line_digest);
        chunk->may_grow = !line_is_final(input, chunk);
    }
    watch_input_learn(input, chunk->position, span_make(chunk->bytes, size));
}

enum err watch_input_next(struct op *op, struct watch_input *input, struct watch_chunk *chunk)
{
    size_t size = 0;
    TRY(gather(op, input));
    chunk_begin(chunk, input);
    TRY(chunk_fill(op, input, chunk, &size));
    if (input->passed > 0) {
        return pass_over(op, input, chunk, size);
    }
    if (size == 0) {
        return ERR_ABSENT;
    }
    size_t end = lines_end(input, span_make(chunk->bytes, size));
    if (end == 0) {
        input->passed_taken = chunk->taken;
        return pass_over(op, input, chunk, size);
    }
    TRY(carry_keep(op, input, span_make(chunk->bytes + end, size - end)));
    chunk_end(chunk, input, end);
    return ERR_OK;
}
