// SPDX-License-Identifier: EUPL-1.2
#include "watch/input.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "format/inflate.h"

enum { RAW_SIZE = 256 * 1024 };

struct watch_input {
    int fd;
    bool regular;
    enum observe_format format;
    struct inflate *inflate; /* NULL: the bytes are read as they lie */
    const char *fault;       /* of the compressed stream */
    bool ended;              /* nothing more comes from the file */
    bool passing_over;       /* inside a line that is too long */
    uint64_t bytes_read;     /* of the file */
    uint64_t position;       /* decompressed: of the next chunk */
    size_t raw_size;         /* compressed bytes waiting in `raw` */
    size_t raw_at;
    size_t carry_size;       /* decompressed bytes waiting in `carry` */
    size_t header_size;
    uint8_t raw[RAW_SIZE];
    uint8_t carry[WATCH_CHUNK_SIZE];
    uint8_t header[OBSERVE_HEADER_SIZE_MAX];
};

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
    memory_free(input);
}

struct span watch_input_start(const struct watch_input *input)
{
    size_t size = input->carry_size < WATCH_START_SIZE ? input->carry_size : WATCH_START_SIZE;
    return span_make(input->carry, size);
}

const char *watch_input_fault(const struct watch_input *input)
{
    return input->fault;
}

uint64_t watch_input_bytes_read(const struct watch_input *input)
{
    return input->bytes_read;
}

static enum err read_raw(struct op *op, struct watch_input *input, void *target, size_t size,
                         size_t *ret_read)
{
    ssize_t got = 0;
    do {
        got = read(input->fd, target, size);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return op_fail(op, ERR_IO, "cannot read: %s", strerror(errno));
    }
    input->bytes_read += (uint64_t)got;
    *ret_read = (size_t)got;
    return ERR_OK;
}

/* A compressed stream that breaks off or is damaged gave all it could: the input ends there. */
static void stream_fault(struct op *op, struct watch_input *input)
{
    op_fault_clear(op);
    input->fault = input->bytes_read == 0 ? "empty" : "damaged archive";
    input->ended = true;
}

static enum err stream_end(struct op *op, struct watch_input *input)
{
    input->ended = true;
    if (inflate_end(op, input->inflate) != ERR_OK) {
        stream_fault(op, input);
        input->fault = "truncated archive";
    }
    return ERR_OK;
}

static enum err raw_refill(struct op *op, struct watch_input *input)
{
    must(input->raw_at == input->raw_size);
    input->raw_at = 0;
    TRY(read_raw(op, input, input->raw, sizeof input->raw, &input->raw_size));
    return input->raw_size > 0 ? ERR_OK : stream_end(op, input);
}

/* Decompress into `output` until it is full or the input ends. A full output may have left bytes with
 * the stream: they are asked for before more is read. */
static enum err fill_inflated(struct op *op, struct watch_input *input,
                              struct inflate_output *output)
{
    while (output->size < output->capacity && !input->ended) {
        struct span raw = span_make(input->raw + input->raw_at, input->raw_size - input->raw_at);
        enum err err = inflate_run(op, input->inflate, &raw, output);
        input->raw_at = input->raw_size - raw.size;
        if (err != ERR_OK) {
            stream_fault(op, input);
        } else if (output->size < output->capacity) {
            TRY(raw_refill(op, input));
        }
    }
    return ERR_OK;
}

static enum err fill_plain(struct op *op, struct watch_input *input, struct inflate_output *output)
{
    while (output->size < output->capacity && !input->ended) {
        size_t got = 0;
        TRY(read_raw(op, input, output->data + output->size, output->capacity - output->size,
                     &got));
        output->size += got;
        input->ended = got == 0;
    }
    return ERR_OK;
}

static enum err fill(struct op *op, struct watch_input *input, struct inflate_output *output)
{
    return input->inflate == NULL ? fill_plain(op, input, output)
                                  : fill_inflated(op, input, output);
}

/* The first bytes tell whether the file is compressed; plain ones are the first carry. */
static enum err input_begin(struct op *op, struct watch_input *input)
{
    struct stat status;
    if (fstat(input->fd, &status) != 0) {
        return op_fail(op, ERR_IO, "cannot look at the file: %s", strerror(errno));
    }
    input->regular = S_ISREG(status.st_mode);
    while (input->raw_size < INFLATE_DETECT_SIZE && !input->ended) {
        size_t got = 0;
        TRY(read_raw(op, input, input->raw + input->raw_size, sizeof input->raw - input->raw_size,
                     &got));
        input->raw_size += got;
        input->ended = got == 0;
    }
    enum inflate_kind kind = inflate_detect(span_make(input->raw, input->raw_size));
    struct inflate_output start = { .data = input->carry, .capacity = WATCH_START_SIZE };
    if (kind != INFLATE_PLAIN) {
        input->ended = false;
        TRY(inflate_new(op, kind, &input->inflate));
        TRY(fill_inflated(op, input, &start));
        input->carry_size = start.size;
        return ERR_OK;
    }
    span_copy(input->carry, sizeof input->carry, span_make(input->raw, input->raw_size));
    start.size = input->raw_size;
    start.capacity = start.size > WATCH_START_SIZE ? start.size : WATCH_START_SIZE;
    TRY(fill_plain(op, input, &start));
    input->carry_size = start.size;
    return ERR_OK;
}

enum err watch_input_open(struct op *op, int fd, struct watch_input **ret)
{
    struct watch_input *input = memory_new(sizeof *input);
    if (input == NULL) {
        close(fd);
        return op_fail(op, ERR_LIMIT, "out of memory for reading");
    }
    input->fd = fd;
    enum err err = input_begin(op, input);
    if (err != ERR_OK) {
        watch_input_close(input);
        return err;
    }
    *ret = input;
    return ERR_OK;
}

/* ---- chunks ---- */

static void carry_keep(struct watch_input *input, const struct watch_chunk *chunk, size_t from,
                       size_t size)
{
    input->carry_size = size - from;
    span_copy(input->carry, sizeof input->carry, span_make(chunk->bytes + from, size - from));
}

/* Header lines of TSV at the start of `lines`: where they end. */
static size_t header_lines_size(struct span lines)
{
    size_t at = 0;
    while (at < lines.size && lines.data[at] == '#') {
        ptrdiff_t end = span_find(span_from(lines, at), '\n');
        if (end == SPAN_NOT_FOUND) {
            return lines.size;
        }
        at += (size_t)end + 1;
    }
    return at;
}

/* A chunk of TSV holds header lines at its start only; what begins a new header begins a new chunk. */
static size_t cut_before_header(struct span lines)
{
    size_t header = header_lines_size(lines);
    ptrdiff_t at = span_find_span(span_from(lines, header), SPAN("\n#"));
    return at == SPAN_NOT_FOUND ? lines.size : header + (size_t)at + 1;
}

/* Remember the header that a chunk brought, for the chunks behind it. A block without "#fields" (a
 * "#close" line) changes nothing. */
static void header_learn(struct watch_input *input, struct span lines)
{
    struct span block = span_slice(lines, 0, header_lines_size(lines));
    if (block.size > 0 && block.size <= sizeof input->header &&
        span_find_span(block, SPAN("#fields")) != SPAN_NOT_FOUND) {
        span_copy(input->header, sizeof input->header, block);
        input->header_size = block.size;
    }
}

/* Where the chunk's last whole line ends; 0 where not even one does. */
static size_t lines_end(const struct watch_input *input, struct span bytes)
{
    if (input->ended) {
        return bytes.size;
    }
    ptrdiff_t last = span_find_last(bytes, '\n');
    return last == SPAN_NOT_FOUND ? 0 : (size_t)last + 1;
}

/* Read on to the end of a line that is too long, without keeping it. */
static enum err pass_over(struct op *op, struct watch_input *input, struct watch_chunk *chunk)
{
    while (input->passing_over) {
        struct inflate_output output = { .data = chunk->bytes, .capacity = WATCH_CHUNK_SIZE };
        span_copy(chunk->bytes, WATCH_CHUNK_SIZE, span_make(input->carry, input->carry_size));
        output.size = input->carry_size;
        input->carry_size = 0;
        TRY(fill(op, input, &output));
        ptrdiff_t end = span_find(span_make(chunk->bytes, output.size), '\n');
        if (end == SPAN_NOT_FOUND && !input->ended) {
            input->position += output.size;
            continue;
        }
        size_t passed = end == SPAN_NOT_FOUND ? output.size : (size_t)end + 1;
        input->position += passed;
        input->passing_over = false;
        carry_keep(input, chunk, passed, output.size);
    }
    return ERR_OK;
}

static void chunk_begin(struct watch_chunk *chunk, const struct watch_input *input)
{
    chunk->size = 0;
    chunk->position = input->position;
    chunk->overlong = 0;
    chunk->unterminated = false;
    chunk->may_grow = false;
    chunk->header_size = input->header_size;
    span_copy(chunk->header, sizeof chunk->header, span_make(input->header, input->header_size));
}

/* The chunk is whole: zeros behind it, and what is known of its last line. */
static void chunk_end(struct watch_chunk *chunk, struct watch_input *input, size_t size)
{
    chunk->size = size;
    input->position += size;
    chunk->end = input->position;
    static const uint8_t zeros[RECORD_PADDING_SIZE];
    span_copy(chunk->bytes + size, WATCH_CHUNK_CAPACITY - size, span_make(zeros, sizeof zeros));
    bool open_end = size > 0 && chunk->bytes[size - 1] != '\n';
    chunk->unterminated = open_end;
    chunk->may_grow = open_end && input->regular && input->inflate == NULL;
}

enum err watch_input_next(struct op *op, struct watch_input *input, struct watch_chunk *chunk)
{
    chunk_begin(chunk, input);
    bool passed_over = input->passing_over;
    TRY(pass_over(op, input, chunk));
    chunk->position = input->position;
    struct inflate_output output = { .data = chunk->bytes, .capacity = WATCH_CHUNK_SIZE };
    span_copy(chunk->bytes, WATCH_CHUNK_SIZE, span_make(input->carry, input->carry_size));
    output.size = input->carry_size;
    input->carry_size = 0;
    TRY(fill(op, input, &output));
    if (output.size == 0 && !passed_over) {
        return ERR_ABSENT;
    }
    size_t end = lines_end(input, span_make(chunk->bytes, output.size));
    if (end == 0 && output.size > 0) {
        chunk->overlong = 1;
        input->passing_over = true;
        input->position += output.size;
        chunk_end(chunk, input, 0);
        return ERR_OK;
    }
    if (input->format == OBSERVE_FORMAT_ZEEK_TSV) {
        end = cut_before_header(span_make(chunk->bytes, end));
        header_learn(input, span_make(chunk->bytes, end));
    }
    carry_keep(input, chunk, end, output.size);
    chunk_end(chunk, input, end);
    return ERR_OK;
}

/* ---- going on where an earlier run stopped ---- */

/* Plain files are sought in; the rest is read and dropped. TSV is read too, for its headers. */
static enum err seek_plain(struct op *op, struct watch_input *input, uint64_t position)
{
    if (position <= input->carry_size) {
        size_t keep = input->carry_size - (size_t)position;
        memmove(input->carry, input->carry + position, keep);
        input->carry_size = keep;
    } else {
        if (lseek(input->fd, (off_t)position, SEEK_SET) < 0) {
            return op_fail(op, ERR_IO, "cannot seek: %s", strerror(errno));
        }
        input->carry_size = 0;
        input->ended = false;
        input->bytes_read = position;
    }
    input->position = position;
    return ERR_OK;
}

static enum err seek_by_reading(struct op *op, struct watch_input *input, uint64_t position,
                                struct watch_chunk *scratch)
{
    while (input->position < position) {
        enum err err = watch_input_next(op, input, scratch);
        if (err == ERR_ABSENT) {
            return op_fail(op, ERR_STALE, "the input is shorter than what was read of it before");
        }
        TRY(err);
        if (scratch->end <= position) {
            continue;
        }
        /* The earlier run stopped inside this chunk (the file was shorter then): keep what is new. */
        size_t used = (size_t)(position - scratch->position);
        size_t keep = scratch->size - used;
        must(keep + input->carry_size <= sizeof input->carry);
        memmove(input->carry + keep, input->carry, input->carry_size);
        span_copy(input->carry, sizeof input->carry, span_make(scratch->bytes + used, keep));
        input->carry_size += keep;
        input->position = position;
    }
    return ERR_OK;
}

enum err watch_input_seek(struct op *op, struct watch_input *input, enum observe_format format,
                          uint64_t position, struct watch_chunk *scratch)
{
    input->format = format;
    if (position == 0) {
        return ERR_OK;
    }
    struct stat status;
    if (fstat(input->fd, &status) != 0) {
        return op_fail(op, ERR_IO, "cannot look at the file: %s", strerror(errno));
    }
    bool plain = input->regular && input->inflate == NULL && format != OBSERVE_FORMAT_ZEEK_TSV;
    if (!plain) {
        return seek_by_reading(op, input, position, scratch);
    }
    if (position > (uint64_t)status.st_size) {
        return op_fail(op, ERR_STALE, "the input is shorter than what was read of it before");
    }
    return seek_plain(op, input, position);
}
