// SPDX-License-Identifier: EUPL-1.2
#include "format/inflate.h"

#include <inttypes.h>

#include <lzma.h>

#define ZLIB_CONST /* zlib does not write into its input, and says so only when asked */
#include <zlib.h>

/* Allocators of our own and the header of a frame are in zstd's shared library, but its header file
 * shows them only under this name. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

#include "base/memory.h"
#include "base/must.h"

enum { GZIP_WINDOW_BITS = 16 + MAX_WBITS, GZIP_MAGIC_FIRST = 0x1F, STEP_SIZE_MAX = 1 << 30 };

struct inflate {
    enum inflate_kind kind;
    enum err err;     /* first failure; stays */
    const char *what; /* of the failure */
    uint64_t used;    /* compressed bytes used so far */
    bool begun;       /* at least one member or frame came to its end */
    bool open;        /* inside a member or frame */
    bool held;        /* the output was full: more may come without input */
    z_stream gzip;
    ZSTD_DStream *zstd;
    lzma_stream xz;
    lzma_allocator xz_allocator; /* outlives what `xz` holds */
    size_t zstd_hint;            /* how many bytes zstd would like next */
    size_t header_size;          /* bytes of the next frame's header collected so far */
    uint8_t header[ZSTD_FRAMEHEADERSIZE_MAX];
};

enum inflate_kind inflate_detect(struct span first)
{
    static const uint8_t gzip_magic[] = { GZIP_MAGIC_FIRST, 0x8B };
    static const uint8_t zstd_magic[] = { 0x28, 0xB5, 0x2F, 0xFD };
    static const uint8_t xz_magic[] = { 0xFD, '7', 'z', 'X', 'Z', 0 };
    static const uint8_t skippable_rest[] = { 0x2A, 0x4D, 0x18 }; /* behind 0x50 .. 0x5F */
    if (span_starts_with(first, span_make(gzip_magic, sizeof gzip_magic))) {
        return INFLATE_GZIP;
    }
    if (span_starts_with(first, span_make(zstd_magic, sizeof zstd_magic))) {
        return INFLATE_ZSTD;
    }
    if (span_starts_with(first, span_make(xz_magic, sizeof xz_magic))) {
        return INFLATE_XZ;
    }
    struct span rest = span_make(skippable_rest, sizeof skippable_rest);
    if (first.size > 0 && (first.data[0] & 0xF0) == 0x50 &&
        span_starts_with(span_from(first, 1), rest)) {
        return INFLATE_ZSTD;
    }
    return INFLATE_PLAIN;
}

static void *gzip_memory_new(void *unused, uInt count, uInt size)
{
    (void)unused;
    return memory_new_array(count, size);
}

static void *zstd_memory_new(void *unused, size_t size)
{
    (void)unused;
    return memory_new(size);
}

static void *xz_memory_new(void *unused, size_t count, size_t size)
{
    (void)unused;
    return memory_new_array(count, size);
}

static void library_memory_free(void *unused, void *block)
{
    (void)unused;
    memory_free(block);
}

/* Also to begin the next stream with: what the decoder holds is then used again. */
static bool xz_begin(struct inflate *stream)
{
    return lzma_stream_decoder(&stream->xz, INFLATE_XZ_MEMORY_MAX, 0) == LZMA_OK;
}

static bool library_begin(struct inflate *stream)
{
    if (stream->kind == INFLATE_GZIP) {
        stream->gzip.zalloc = gzip_memory_new;
        stream->gzip.zfree = library_memory_free;
        return inflateInit2(&stream->gzip, GZIP_WINDOW_BITS) == Z_OK;
    }
    if (stream->kind == INFLATE_ZSTD) {
        const ZSTD_customMem memory = { zstd_memory_new, library_memory_free, NULL };
        stream->zstd = ZSTD_createDStream_advanced(memory);
        return stream->zstd != NULL;
    }
    if (stream->kind == INFLATE_XZ) {
        stream->xz_allocator =
            (lzma_allocator){ .alloc = xz_memory_new, .free = library_memory_free };
        stream->xz.allocator = &stream->xz_allocator; /* all else of LZMA_STREAM_INIT is zero */
        return xz_begin(stream);
    }
    return true;
}

enum err inflate_new(struct op *op, enum inflate_kind kind, struct inflate **ret)
{
    struct inflate *stream = memory_new(sizeof *stream);
    if (stream == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for decompressing");
    }
    stream->kind = kind;
    if (!library_begin(stream)) {
        memory_free(stream);
        return op_fail(op, ERR_LIMIT, "out of memory for decompressing");
    }
    *ret = stream;
    return ERR_OK;
}

const char *inflate_lack(const struct inflate *stream)
{
    return stream->err == ERR_LIMIT ? stream->what : NULL;
}

void inflate_free(struct inflate *stream)
{
    if (stream == NULL) {
        return;
    }
    if (stream->kind == INFLATE_GZIP) {
        (void)inflateEnd(&stream->gzip);
    }
    if (stream->kind == INFLATE_XZ) {
        lzma_end(&stream->xz);
    }
    (void)ZSTD_freeDStream(stream->zstd); /* NULL does nothing */
    memory_free(stream);
}

static void stream_fail(struct inflate *stream, enum err err, const char *what)
{
    stream->err = err;
    stream->what = what;
}

static enum err tell(struct op *op, const struct inflate *stream)
{
    static const char *const names[] = {
        [INFLATE_PLAIN] = "plain",
        [INFLATE_GZIP] = "gzip",
        [INFLATE_ZSTD] = "zstd",
        [INFLATE_XZ] = "xz",
    };
    return op_fail(op, stream->err, "%s data, compressed byte %" PRIu64 ": %s", names[stream->kind],
                   stream->used, stream->what);
}

static void use_input(struct inflate *stream, struct span *input, size_t size)
{
    *input = span_from(*input, size);
    stream->used += size;
}

static uInt step_size(size_t size)
{
    return size < STEP_SIZE_MAX ? (uInt)size : STEP_SIZE_MAX;
}

static void plain_step(struct inflate *stream, struct span *input, struct inflate_output *output)
{
    size_t room = output->capacity - output->size;
    size_t size = input->size < room ? input->size : room;
    span_copy(output->data + output->size, room, span_slice(*input, 0, size));
    output->size += size;
    use_input(stream, input, size);
}

/* Between members: over the padding, and into the next one if there is one. */
static void gzip_member_begin(struct inflate *stream, struct span *input)
{
    while (stream->begun && input->size > 0 && input->data[0] == 0) {
        use_input(stream, input, 1);
    }
    if (input->size == 0) {
        return;
    }
    if (input->data[0] != GZIP_MAGIC_FIRST) {
        stream_fail(stream, ERR_FORMAT,
                    stream->begun ? "what follows is not gzip any more" : "not gzip");
        return;
    }
    must(inflateReset(&stream->gzip) == Z_OK);
    stream->open = true;
}

static void gzip_step(struct inflate *stream, struct span *input, struct inflate_output *output)
{
    if (!stream->open) {
        stream->held = false;
        gzip_member_begin(stream, input);
        if (!stream->open) {
            return;
        }
    }

    z_stream *z = &stream->gzip;
    uInt input_size = step_size(input->size);
    uInt output_size = step_size(output->capacity - output->size);
    z->next_in = input->data;
    z->avail_in = input_size;
    z->next_out = output->data + output->size;
    z->avail_out = output_size;
    int result = inflate(z, Z_NO_FLUSH);
    use_input(stream, input, input_size - z->avail_in);
    output->size += output_size - z->avail_out;
    stream->held = z->avail_out == 0;

    if (result == Z_STREAM_END) {
        stream->open = false;
        stream->begun = true;
    } else if (result == Z_MEM_ERROR) {
        stream_fail(stream, ERR_LIMIT, "out of memory");
    } else if (result != Z_OK && result != Z_BUF_ERROR) { /* BUF: nothing to do, not an error */
        stream_fail(stream, ERR_FORMAT, z->msg != NULL ? z->msg : "damaged");
    }
}

/* Collect the header of a frame before zstd sees any of it. The library would also decode the
 * formats it had before its first release; their decoders get no hostile bytes from us. And its own
 * short cut for small frames takes bytes behind a header that came in pieces for a frame of their
 * own: so it gets each header whole. */
static void zstd_frame_begin(struct inflate *stream, struct span *input)
{
    ZSTD_frameHeader header;
    size_t need = ZSTD_getFrameHeader(&header, stream->header, stream->header_size);
    while (!ZSTD_isError(need) && need > stream->header_size && input->size > 0) {
        must(need <= sizeof stream->header);
        stream->header[stream->header_size] = input->data[0];
        stream->header_size++;
        use_input(stream, input, 1);
        need = ZSTD_getFrameHeader(&header, stream->header, stream->header_size);
    }
    if (ZSTD_isError(need)) {
        stream_fail(stream, ERR_FORMAT,
                    stream->begun ? "what follows is not zstd any more" : "not zstd");
    } else if (need == 0 && header.windowSize > INFLATE_WINDOW_MAX) {
        stream_fail(stream, ERR_LIMIT, "needs a window of more than 128 MiB");
    } else if (need == 0) {
        stream->open = true;
    }
}

static void zstd_check(struct inflate *stream, size_t result)
{
    if (result == 0) {
        stream->open = false;
        stream->begun = true;
        stream->header_size = 0;
    } else if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation) {
        stream_fail(stream, ERR_LIMIT, "out of memory");
    } else if (ZSTD_isError(result)) {
        stream_fail(stream, ERR_FORMAT, ZSTD_getErrorName(result));
    } else {
        stream->zstd_hint = result;
    }
}

/* How much to give to zstd at once. A call that ends in an error does not say what it decoded
 * before it, so no call may go beyond one block. What zstd would like is the rest of a block and
 * the header of the next one; or, where that is all, a header, a checksum or the last block, which
 * then goes in two parts. */
static size_t zstd_input_size(const struct inflate *stream, size_t have)
{
    enum { BLOCK_HEADER_SIZE = 3 };
    size_t want = stream->zstd_hint;
    if (want > BLOCK_HEADER_SIZE) {
        want -= BLOCK_HEADER_SIZE;
    }
    return have < want ? have : want;
}

static void zstd_step(struct inflate *stream, struct span *input, struct inflate_output *output)
{
    ZSTD_outBuffer out = { output->data, output->capacity, output->size };
    size_t result = 1;
    if (!stream->open) {
        stream->held = false;
        zstd_frame_begin(stream, input);
        if (!stream->open) {
            return;
        }
        ZSTD_inBuffer header = { stream->header, stream->header_size, 0 };
        result = ZSTD_decompressStream(stream->zstd, &out, &header);
    } else {
        ZSTD_inBuffer in = { input->data, zstd_input_size(stream, input->size), 0 };
        result = ZSTD_decompressStream(stream->zstd, &out, &in);
        use_input(stream, input, in.pos);
    }
    output->size = out.pos;
    stream->held = out.pos == out.size;
    zstd_check(stream, result);
}

/* LZMA_OK, and the end, are no faults; nor is that there was nothing to do. */
static void xz_check(struct inflate *stream, lzma_ret result)
{
    switch (result) {
    case LZMA_OK:
    case LZMA_BUF_ERROR:
        break;
    case LZMA_STREAM_END:
        stream->open = false;
        stream->begun = true;
        break;
    case LZMA_MEM_ERROR:
        stream_fail(stream, ERR_LIMIT, "out of memory");
        break;
    case LZMA_MEMLIMIT_ERROR:
        stream_fail(stream, ERR_LIMIT, "needs more than 129 MiB of memory");
        break;
    case LZMA_FORMAT_ERROR:
        stream_fail(stream, ERR_FORMAT,
                    stream->begun ? "what follows is not xz any more" : "not xz");
        break;
    case LZMA_OPTIONS_ERROR:
        stream_fail(stream, ERR_FORMAT, "packed in a way that is not known here");
        break;
    default:
        stream_fail(stream, ERR_FORMAT, "damaged, or a checksum does not fit");
        break;
    }
}

/* Between streams: over the padding, and into the next one if there is one. */
static void xz_stream_begin(struct inflate *stream, struct span *input)
{
    while (stream->begun && input->size > 0 && input->data[0] == 0) {
        use_input(stream, input, 1);
    }
    if (input->size == 0) {
        return;
    }
    if (stream->begun && !xz_begin(stream)) {
        stream_fail(stream, ERR_LIMIT, "out of memory");
        return;
    }
    stream->open = true;
}

static void xz_step(struct inflate *stream, struct span *input, struct inflate_output *output)
{
    if (!stream->open) {
        stream->held = false;
        xz_stream_begin(stream, input);
        if (!stream->open) {
            return;
        }
    }

    lzma_stream *xz = &stream->xz;
    size_t room = output->capacity - output->size;
    xz->next_in = input->data;
    xz->avail_in = input->size;
    xz->next_out = output->data + output->size;
    xz->avail_out = room;
    lzma_ret result = lzma_code(xz, LZMA_RUN);
    use_input(stream, input, input->size - xz->avail_in);
    output->size += room - xz->avail_out;
    stream->held = xz->avail_out == 0;
    xz_check(stream, result);
}

enum err inflate_run(struct op *op, struct inflate *stream, struct span *input,
                     struct inflate_output *output)
{
    must(output->size <= output->capacity);
    while (stream->err == ERR_OK && output->size < output->capacity &&
           (input->size > 0 || stream->held)) {
        switch (stream->kind) {
        case INFLATE_PLAIN:
            plain_step(stream, input, output);
            break;
        case INFLATE_GZIP:
            gzip_step(stream, input, output);
            break;
        case INFLATE_ZSTD:
            zstd_step(stream, input, output);
            break;
        case INFLATE_XZ:
            xz_step(stream, input, output);
            break;
        }
    }
    return stream->err == ERR_OK ? ERR_OK : tell(op, stream);
}

enum err inflate_end(struct op *op, struct inflate *stream)
{
    bool whole = stream->kind == INFLATE_PLAIN ||
                 (stream->begun && !stream->open && stream->header_size == 0);
    if (stream->err == ERR_OK && !whole) {
        stream_fail(stream, ERR_FORMAT, "truncated: the file ends in the middle");
    }
    return stream->err == ERR_OK ? ERR_OK : tell(op, stream);
}
