// SPDX-License-Identifier: EUPL-1.2
#include "tests/watch/lane.h"

#include <poll.h>

#include <fcntl.h>
#include <lzma.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "match/allow.h"

enum { FOLD_COUNT_MAX = 2000, GZIP_WINDOW = 15 + 16 /* zlib.h: with a gzip header */ };

void lane_begin(struct lane *lane)
{
    *lane = (struct lane){ .files = 0 };
    testing_op_begin(&lane->op);
    lane->scratch = scratch_make();
    check_err(watch_chunk_new(&lane->op, &lane->chunk), ERR_OK);
}

void lane_end(struct lane *lane)
{
    for (size_t i = 0; i < lane->image_count; i++) {
        match_image_close(lane->images[i]);
    }
    watch_chunk_free(lane->chunk);
    scratch_remove(&lane->scratch);
    op_end(&lane->op);
}

/* ---- inputs ---- */

static void write_all(int fd, struct span bytes)
{
    while (bytes.size > 0) {
        ssize_t written = write(fd, bytes.data, bytes.size);
        assert_true(written > 0);
        bytes = span_from(bytes, (size_t)written);
    }
}

int lane_file(struct lane *lane, struct span bytes)
{
    char path[SCRATCH_PATH_SIZE + 32];
    snprintf(path, sizeof path, "%s/%u", lane->scratch.path, lane->files);
    lane->files++;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    write_all(fd, bytes);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static int pipe_of(struct span bytes, uint64_t seed)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t writer = fork();
    if (writer == 0) {
        close(ends[0]);
        while (bytes.size > 0) {
            size_t size = 1 + (size_t)(testing_random(&seed) % 100000);
            size = size > bytes.size ? bytes.size : size;
            ssize_t written = write(ends[1], bytes.data, size);
            if (written <= 0) {
                _exit(1);
            }
            bytes = span_from(bytes, (size_t)written);
        }
        _exit(0);
    }
    close(ends[1]);
    return ends[0];
}

struct span lane_gzip(struct lane *lane, struct span bytes)
{
    z_stream stream = { .next_in = (uint8_t *)(uintptr_t)bytes.data,
                        .avail_in = (unsigned)bytes.size };
    size_t room = compressBound((unsigned long)bytes.size) + 64; /* and the gzip header */
    uint8_t *packed = op_alloc(&lane->op, room);
    assert_int_equal(deflateInit2(&stream, 1, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    stream.next_out = packed;
    stream.avail_out = (unsigned)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    struct span result = span_make(packed, stream.total_out);
    deflateEnd(&stream);
    return result;
}

struct span lane_zstd(struct lane *lane, struct span bytes)
{
    size_t room = ZSTD_compressBound(bytes.size);
    uint8_t *packed = op_alloc(&lane->op, room);
    size_t size = ZSTD_compress(packed, room, bytes.data, bytes.size, 1);
    assert_false(ZSTD_isError(size));
    return span_make(packed, size);
}

struct span lane_xz(struct lane *lane, struct span bytes)
{
    size_t room = lzma_stream_buffer_bound(bytes.size);
    uint8_t *packed = op_alloc(&lane->op, room);
    size_t size = 0;
    assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, bytes.data, bytes.size,
                                             packed, &size, room),
                     LZMA_OK);
    return span_make(packed, size);
}

int lane_open(struct lane *lane, enum lane_sort sort, struct span bytes, uint64_t seed)
{
    switch (sort) {
    case LANE_GZIP:
        return lane_file(lane, lane_gzip(lane, bytes));
    case LANE_ZSTD:
        return lane_file(lane, lane_zstd(lane, bytes));
    case LANE_XZ:
        return lane_file(lane, lane_xz(lane, bytes));
    case LANE_PIPE:
        return pipe_of(bytes, seed);
    default:
        return lane_file(lane, bytes);
    }
}

/* ---- chunks ---- */

static struct span kept(struct lane *lane, struct span bytes)
{
    struct span copy;
    check_err(op_copy(&lane->op, bytes, &copy), ERR_OK);
    return copy;
}

/* What always holds of a chunk. */
static void check_chunk(const struct watch_chunk *chunk, uint64_t position)
{
    assert_true(chunk->position == position || chunk->overlong > 0 || chunk->size > 0);
    assert_true(chunk->size <= WATCH_CHUNK_SIZE);
    for (size_t i = 0; i < RECORD_PADDING_SIZE; i++) {
        assert_int_equal(chunk->bytes[chunk->size + i] * (chunk->size > 0), 0);
    }
    bool whole = chunk->size == 0 || chunk->bytes[chunk->size - 1] == '\n' || chunk->unterminated;
    assert_true(whole);
}

static void wait_for(const struct watch_input *input)
{
    struct pollfd pipe = { .fd = watch_input_pipe(input), .events = POLLIN };
    assert_true(pipe.fd >= 0);
    assert_int_equal(poll(&pipe, 1, -1), 1);
}

struct watch_input *lane_input(struct lane *lane, int fd)
{
    struct watch_input *input = NULL;
    check_err(watch_input_open(&lane->op, fd, &input), ERR_OK);
    enum err err = watch_input_begin(&lane->op, input);
    while (err == ERR_AGAIN) {
        wait_for(input);
        err = watch_input_begin(&lane->op, input);
    }
    check_err(err, ERR_OK);
    return input;
}

enum err lane_seek(struct lane *lane, struct watch_input *input, enum observe_format format,
                   const struct watch_begin *begin)
{
    enum err err = watch_input_seek(&lane->op, input,
                                    observe_formats_header(lane_rules()->formats, format), begin);
    while (err == ERR_AGAIN) {
        err = watch_input_seek_on(&lane->op, input, lane->chunk);
    }
    return err;
}

enum err lane_next(struct lane *lane, struct watch_input *input, struct watch_chunk *chunk)
{
    enum err err = watch_input_next(&lane->op, input, chunk);
    while (err == ERR_AGAIN) {
        wait_for(input);
        err = watch_input_next(&lane->op, input, chunk);
    }
    return err;
}

struct lane_read *lane_read(struct lane *lane, int fd, enum observe_format format,
                            uint64_t position)
{
    return lane_read_until(lane, fd, format, position, 0);
}

struct lane_read *lane_read_until(struct lane *lane, int fd, enum observe_format format,
                                  uint64_t position, uint64_t until)
{
    struct lane_read *read = op_alloc(&lane->op, sizeof *read);
    struct watch_input *input = lane_input(lane, fd);
    struct watch_chunk *chunk = lane->chunk;
    struct buf bytes;
    buf_init(&bytes, LANE_SIZE_MAX);
    const struct watch_begin begin = { .position = position, .until = until };
    read->err = lane_seek(lane, input, format, &begin);
    enum err err = read->err;
    while (err == ERR_OK) {
        err = lane_next(lane, input, chunk);
        if (err != ERR_OK) {
            break;
        }
        check_chunk(chunk, position);
        assert_true(read->count < LANE_CHUNK_COUNT_MAX);
        if (read->count == 0) {
            read->header = kept(lane, span_make(chunk->header, chunk->header_size));
        }
        buf_add(&bytes, span_make(chunk->bytes, chunk->size));
        read->ends[read->count] = chunk->end;
        read->count++;
        read->overlong += chunk->overlong;
        read->waiting += chunk->waiting;
        read->mark = chunk->mark;
        position = chunk->end;
    }
    assert_true(read->err != ERR_OK || err == ERR_ABSENT);
    op_fault_clear(&lane->op);
    read->fault = watch_input_fault(input);
    read->bytes = kept(lane, buf_span(&bytes));
    buf_done(&bytes);
    watch_input_close(input);
    return read;
}

/* ---- images ---- */

static struct span finished(struct lane *lane, struct match_builder *builder)
{
    struct buf image;
    buf_init(&image, LANE_SIZE_MAX);
    check_err(match_builder_finish(builder, &image), ERR_OK);
    match_builder_free(builder);
    struct span bytes = kept(lane, buf_span(&image));
    buf_done(&image);
    return bytes;
}

static uint16_t origin_of(struct match_builder *builder, const char *source)
{
    const struct match_origin origin = {
        .source_id = source == NULL ? SPAN("identity--11111111-1111-4111-8111-111111111111")
                                    : span_of(source),
        .source = source == NULL ? SPAN("Feed") : span_of(source),
        .set = SPAN("set"),
    };
    uint16_t number = 0;
    check_err(match_builder_origin(builder, &origin, &number), ERR_OK);
    return number;
}

static void indicator_add(struct lane *lane, struct match_builder *builder,
                          const struct lane_indicator *from, uint16_t feed)
{
    struct value_buf *bytes = op_alloc(&lane->op, sizeof *bytes);
    struct match_indicator indicator = {
        .tlp = POLICY_TLP_GREEN,
        .confidence = 255,
        .origin = from->source == NULL ? feed : origin_of(builder, from->source),
        .has_uuid = from->uuid != 0,
        .valid_from_us = from->valid_from_us == 0 ? TIME_US_NONE : from->valid_from_us,
        .valid_until_us = from->valid_until_us == 0 ? TIME_US_NONE : from->valid_until_us,
    };
    indicator.uuid.bytes[0] = (uint8_t)(from->uuid >> 8);
    indicator.uuid.bytes[1] = (uint8_t)from->uuid;
    check_err(value_recognise(span_of(from->text), bytes, &indicator.value, &indicator.scope),
              ERR_OK);
    check_err(match_builder_add(builder, &indicator), ERR_OK);
}

struct span lane_image_bytes(struct lane *lane, const struct lane_indicator *list, size_t count)
{
    const struct hash_secret secret = { { 3, 1, 4 } };
    struct match_builder *builder = NULL;
    check_err(match_builder_new(&lane->op, &secret, count, &builder), ERR_OK);
    uint16_t feed = origin_of(builder, NULL);
    for (size_t i = 0; i < count; i++) {
        indicator_add(lane, builder, &list[i], feed);
    }
    return finished(lane, builder);
}

static struct match_image *image_open(struct lane *lane, struct span bytes)
{
    struct match_image *image = NULL;
    check_err(match_image_open(&lane->op, bytes, &image), ERR_OK);
    assert_true(lane->image_count < LANE_IMAGE_COUNT_MAX);
    lane->images[lane->image_count] = image;
    lane->image_count++;
    return image;
}

struct match_image *lane_image(struct lane *lane, const struct lane_indicator *list, size_t count)
{
    return image_open(lane, lane_image_bytes(lane, list, count));
}

static void allowed_add(struct lane *lane, struct match_builder *builder,
                        const struct lane_allowed *from)
{
    const struct match_allow_list list = { .name = span_of(from->list),
                                           .inside = span_of(from->inside) };
    struct value_buf *bytes = op_alloc(&lane->op, sizeof *bytes);
    struct match_allow_entry entry = {
        .effect = (uint8_t)from->effect,
        .effect_below = (uint8_t)from->effect,
        .valid_until_us = from->valid_until_us == 0 ? TIME_US_NONE : from->valid_until_us,
    };
    check_err(match_allow_list(builder, &list, &entry.list), ERR_OK);
    check_err(value_recognise(span_of(from->text), bytes, &entry.value, &entry.scope), ERR_OK);
    check_err(match_allow_add(builder, &entry), ERR_OK);
}

struct span lane_allow_bytes(struct lane *lane, const struct lane_allowed *list, size_t count)
{
    const struct hash_secret secret = { { 2, 7, 1 } };
    struct match_builder *builder = NULL;
    check_err(match_builder_new(&lane->op, &secret, count, &builder), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        allowed_add(lane, builder, &list[i]);
    }
    return finished(lane, builder);
}

void lane_allow(struct lane *lane, const struct lane_allowed *list, size_t count)
{
    lane->allowed = image_open(lane, lane_allow_bytes(lane, list, count));
}

/* ---- work ---- */

const struct watch_rules *lane_rules(void)
{
    static struct inside inside;
    static struct observe_rules privacy;
    static struct observe_formats formats; /* for all tests of a program */
    static struct op formats_op;
    static const struct watch_rules rules = {
        .inside = &inside,
        .privacy = &privacy,
        .host_name = { (const uint8_t *)"host", 4 },
        .now_us = INT64_C(1795291200000000), /* 2026-11-21T20:00:00Z */
        .fold_us = FOLD_MINUTES_DEFAULT * FOLD_MINUTE_US,
        .engine = RECORD_ENGINE_FAST,
        .formats = &formats,
    };
    if (formats.count == 0) {
        testing_op_begin(&formats_op);
        check_err(observe_formats_add_ready(&formats_op, &formats), ERR_OK);
    }
    if (inside.count == 0) {
        check_err(inside_add(&inside, SPAN("10.0.0.0/8")), ERR_OK);
    }
    return &rules;
}

/* A copy that outlives the chunk: through the wire, as between the processes. */
static void fold_copy(struct lane *lane, const struct fold *fold, struct fold *ret)
{
    struct buf wire;
    buf_init(&wire, LANE_SIZE_MAX);
    fold_wire_add(&wire, fold);
    struct wire_reader r = wire_reader_of(kept(lane, buf_span(&wire)));
    buf_done(&wire);
    fold_wire_read(&r, lane_rules()->fold_us, ret);
    assert_int_equal(r.err, ERR_OK);
    assert_int_equal(r.rest.size, 0);
}

void lane_merge(struct lane *lane, struct lane_result *result, const struct fold *fold)
{
    struct fold copy;
    fold_copy(lane, fold, &copy);
    for (size_t i = 0; i < result->fold_count; i++) {
        if (fold_same_key(&result->folds[i], &copy)) {
            fold_merge(&result->folds[i], &copy);
            return;
        }
    }
    assert_true(result->fold_count < FOLD_COUNT_MAX);
    result->folds[result->fold_count] = copy;
    result->fold_count++;
}

static void result_add(struct lane *lane, struct lane_result *all,
                       const struct watch_result *result)
{
    for (size_t i = 0; i < result->fold_count; i++) {
        lane_merge(lane, all, result->folds[i]);
    }
    all->lines += result->lines;
    all->observations += result->observations;
    all->end = result->end;
    all->waiting = result->line.waiting;
    all->line = result->line;
    for (size_t i = 0; i < WATCH_COUNT_COUNT; i++) {
        all->counts[i] += result->counts[i];
    }
}

struct lane_result *lane_work(struct lane *lane, int fd, const struct watch_source *source,
                              const struct match_image *image, uint64_t position)
{
    const struct watch_begin begin = { .position = position };
    return lane_work_on(lane, fd, source, image, &begin);
}

struct lane_result *lane_work_on(struct lane *lane, int fd, const struct watch_source *source,
                                 const struct match_image *image, const struct watch_begin *begin)
{
    struct lane_result *all = op_alloc(&lane->op, sizeof *all);
    struct watch_input *input = lane_input(lane, fd);
    struct watch_work *work = NULL;
    struct watch_result result;
    const struct watch_images images = { .indicators = image, .allowed = lane->allowed };
    all->folds = op_alloc(&lane->op, FOLD_COUNT_MAX * sizeof *all->folds);
    all->end = begin->position;
    all->line = begin->line;
    watch_result_init(&result);
    check_err(watch_work_new(&lane->op, lane_rules(), &work), ERR_OK);
    check_err(lane_seek(lane, input, source->format, begin), ERR_OK);
    enum err err = lane_next(lane, input, lane->chunk);
    while (err == ERR_OK) {
        check_err(watch_work_run(work, source, &images, lane->chunk, &result), ERR_OK);
        result_add(lane, all, &result);
        if (result.end == lane->chunk->end) {
            all->mark = lane->chunk->mark;
        }
        err = lane_next(lane, input, lane->chunk);
    }
    check_err(err, ERR_ABSENT);
    watch_input_close(input);
    watch_work_free(work);
    watch_result_done(&result);
    return all;
}

struct lane_result *lane_watch(struct lane *lane, enum observe_format format, const char *text,
                               const struct match_image *image)
{
    const struct watch_source source = { .format = format, .stream = SPAN("conn") };
    return lane_work(lane, lane_file(lane, span_of(text)), &source, image, 0);
}

struct span lane_folds(struct lane *lane, const struct lane_result *result)
{
    struct buf text;
    buf_init(&text, LANE_SIZE_MAX);
    for (size_t i = 0; i < result->fold_count; i++) {
        struct json_writer w;
        json_writer_init(&w, &text);
        fold_json_add(&w, &result->folds[i]);
        buf_add_byte(&text, '\n');
    }
    assert_int_equal(text.err, ERR_OK);
    struct span all = kept(lane, buf_span(&text));
    buf_done(&text);
    return all;
}
