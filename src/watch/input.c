// SPDX-License-Identifier: EUPL-1.2
#include "watch/input.h"

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "crypt/digest.h"
#include "format/inflate.h"
#include "os/descriptor.h"

enum {
    RAW_SIZE = 256 * 1024,
    SILENT_AFTER_MS = 200, /* a pipe that gives nothing for so long hands on what it gave */
};

/* The last bytes before a place of a file. */
struct tail {
    uint64_t end;
    size_t size; /* mark_tail_size(end) */
    uint8_t bytes[MARK_SIZE];
};

struct watch_input {
    int fd;
    bool regular;
    enum observe_format format;
    struct inflate *inflate; /* NULL: the bytes are read as they lie */
    const char *fault;       /* of the compressed stream */
    bool ended;              /* nothing more comes from the file */
    uint64_t bytes_read;     /* of the file */
    uint64_t position;       /* decompressed: of the next chunk */
    size_t raw_size;         /* compressed bytes waiting in `raw` */
    size_t raw_at;
    size_t carry_size; /* decompressed bytes waiting in `carry` */
    uint8_t raw[RAW_SIZE];
    uint8_t carry[WATCH_CHUNK_SIZE];
    struct watch_header header; /* TSV: in force at `position` */
    struct watch_begin begin;   /* what is known of its last line, and how that is to be taken */
    uint64_t taken;             /* of the next chunk's first line, by an earlier run */
    struct tail tail;           /* plain: before `position`; compressed: of what was read */
};

static void tail_add(struct tail *tail, struct span bytes)
{
    struct span last = bytes.size > MARK_SIZE ? span_from(bytes, bytes.size - MARK_SIZE) : bytes;
    size_t room = MARK_SIZE - last.size;
    size_t keep = tail->size < room ? tail->size : room;
    /* memmove: source and target overlap, as neither memcpy nor span_copy() allows. */
    memmove(tail->bytes, tail->bytes + tail->size - keep, keep);
    span_copy(tail->bytes + keep, sizeof tail->bytes - keep, last);
    tail->size = keep + last.size;
    tail->end += bytes.size;
}

/* As if everything up to there had been added. */
static enum err tail_load(struct op *op, struct watch_input *input, uint64_t end)
{
    struct tail *tail = &input->tail;
    tail->end = end;
    tail->size = mark_tail_size(end);
    size_t got = 0;
    TRY(descriptor_read_at(op, input->fd, end - tail->size, tail->bytes, tail->size, &got));
    return got == tail->size
               ? ERR_OK
               : op_fail(op, ERR_STALE, "the input is shorter than what was read of it before");
}

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
    if (input->inflate != NULL) {
        tail_add(&input->tail, span_make(target, (size_t)got));
    }
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

/* Decompress into `output` until it is full or the input ends. A full output may have left bytes
 * with the stream: they are asked for before more is read. */
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

/* Whether nothing comes within some time. The end of a pipe counts as something. */
static bool is_silent(const struct watch_input *input, int wait_ms)
{
    struct pollfd pipe = { .fd = input->fd, .events = POLLIN };
    return !input->regular && poll(&pipe, 1, wait_ms) == 0;
}

bool watch_input_is_silent(const struct watch_input *input)
{
    bool held_back = input->raw_at < input->raw_size && input->inflate != NULL;
    return !input->ended && !held_back && is_silent(input, 0);
}

static bool has_line(const struct inflate_output *output)
{
    return span_find_last(span_make(output->data, output->size), '\n') != SPAN_NOT_FOUND;
}

/* Until the output is full or the input ends; a pipe that falls silent is not waited for where
 * there is a whole line to go on with. */
static enum err fill_plain(struct op *op, struct watch_input *input, struct inflate_output *output)
{
    while (output->size < output->capacity && !input->ended) {
        size_t got = 0;
        if (is_silent(input, SILENT_AFTER_MS) && has_line(output)) {
            return ERR_OK;
        }
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
        tail_add(&input->tail, span_make(input->raw, input->raw_size));
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
    watch_header_init(&input->header);
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

/* Bytes that wait, then as many as there is room for. */
static enum err chunk_fill(struct op *op, struct watch_input *input, struct watch_chunk *chunk,
                           size_t *ret_size)
{
    struct inflate_output output = { .data = chunk->bytes, .capacity = WATCH_CHUNK_SIZE };
    span_copy(chunk->bytes, WATCH_CHUNK_SIZE, span_make(input->carry, input->carry_size));
    output.size = input->carry_size;
    input->carry_size = 0;
    TRY(fill(op, input, &output));
    *ret_size = output.size;
    return ERR_OK;
}

/* Bytes of the chunk were dealt with. */
static void advance(struct watch_input *input, const struct watch_chunk *chunk, size_t size)
{
    input->position += size;
    if (input->regular && input->inflate == NULL) {
        tail_add(&input->tail, span_make(chunk->bytes, size));
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

/* Read to the end of a line that is too long, without keeping it; the chunk holds its first `size`
 * bytes. A line that has no end yet may be of a file that grows: then it is not passed over, but
 * read again when there is more. */
static enum err pass_over(struct op *op, struct watch_input *input, struct watch_chunk *chunk,
                          size_t size)
{
    ptrdiff_t end = SPAN_NOT_FOUND;
    chunk_mark(chunk, input);
    while (end == SPAN_NOT_FOUND && !input->ended) {
        advance(input, chunk, size);
        TRY(chunk_fill(op, input, chunk, &size));
        end = span_find(span_make(chunk->bytes, size), '\n');
    }
    bool has_end = end != SPAN_NOT_FOUND;
    size_t passed = has_end ? (size_t)end + 1 : size;
    carry_keep(input, chunk, passed, size);
    advance(input, chunk, passed);
    chunk->end = input->position;
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
    chunk->may_grow = false;
    chunk->header_size = 0;
    mark_init(&chunk->mark);
    if (input->format == OBSERVE_FORMAT_ZEEK_TSV) {
        chunk->header_size = watch_header_write(&input->header, chunk->header);
    }
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
    if (input->format == OBSERVE_FORMAT_ZEEK_TSV) {
        watch_header_learn(&input->header, span_make(chunk->bytes, size));
    }
}

enum err watch_input_next(struct op *op, struct watch_input *input, struct watch_chunk *chunk)
{
    size_t size = 0;
    chunk_begin(chunk, input);
    TRY(chunk_fill(op, input, chunk, &size));
    if (size == 0) {
        return ERR_ABSENT;
    }
    size_t end = lines_end(input, span_make(chunk->bytes, size));
    if (end == 0) {
        return pass_over(op, input, chunk, size);
    }
    carry_keep(input, chunk, end, size);
    chunk_end(chunk, input, end);
    return ERR_OK;
}

/* ---- going on where an earlier run stopped ---- */

/* Plain files are sought in; the rest is read and dropped. TSV is read too, for its headers. */
static enum err seek_plain(struct op *op, struct watch_input *input, uint64_t position)
{
    if (position <= input->carry_size) {
        size_t keep = input->carry_size - (size_t)position;
        /* memmove: source and target overlap, as neither memcpy nor span_copy() allows. */
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
        /* The earlier run stopped inside this chunk (the file was shorter then): keep what is new.
         */
        size_t used = (size_t)(position - scratch->position);
        if (used > scratch->size) {
            return op_fail(op, ERR_STALE, "the input is not what was read of it before");
        }
        size_t keep = scratch->size - used;
        must(keep + input->carry_size <= sizeof input->carry);
        /* memmove: they overlap again. */
        memmove(input->carry + keep, input->carry, input->carry_size);
        span_copy(input->carry, sizeof input->carry, span_make(scratch->bytes + used, keep));
        input->carry_size += keep;
        input->position = position;
        watch_header_init(&input->header);
        watch_header_learn(&input->header, span_make(scratch->header, scratch->header_size));
        watch_header_learn(&input->header, span_make(scratch->bytes, used));
    }
    return ERR_OK;
}

static enum err seek_to(struct op *op, struct watch_input *input, uint64_t position,
                        struct watch_chunk *scratch)
{
    struct stat status;
    if (fstat(input->fd, &status) != 0) {
        return op_fail(op, ERR_IO, "cannot look at the file: %s", strerror(errno));
    }
    bool plain = input->regular && input->inflate == NULL;
    if (!plain || input->format == OBSERVE_FORMAT_ZEEK_TSV) {
        TRY(seek_by_reading(op, input, position, scratch));
    } else if (position > (uint64_t)status.st_size) {
        return op_fail(op, ERR_STALE, "the input is shorter than what was read of it before");
    } else {
        TRY(seek_plain(op, input, position));
    }
    return plain ? tail_load(op, input, position) : ERR_OK;
}

enum err watch_input_seek(struct op *op, struct watch_input *input, enum observe_format format,
                          const struct watch_begin *begin, struct watch_chunk *scratch)
{
    must(begin->line.taken <= begin->position);
    uint64_t position = begin->position - begin->line.taken;
    input->format = format;
    if (position > 0) {
        TRY(seek_to(op, input, position, scratch));
    }
    input->begin = *begin;
    input->taken = begin->line.taken;
    return ERR_OK;
}

enum err watch_input_is_known(struct op *op, const struct watch_input *input,
                              const struct mark *mark, bool *ret_known)
{
    uint8_t tail[MARK_SIZE];
    size_t got = 0;
    size_t size = mark_tail_size(mark->tail_end);
    if (!input->regular || !mark_head_fits(mark, watch_input_start(input))) {
        *ret_known = false;
        return ERR_OK;
    }
    TRY(descriptor_read_at(op, input->fd, mark->tail_end - size, tail, size, &got));
    *ret_known = mark_tail_fits(mark, span_make(tail, got));
    return ERR_OK;
}
