// SPDX-License-Identifier: EUPL-1.2
/*
 * Going on where an earlier run stopped, or where a file ended until it grew.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "crypt/digest.h"
#include "os/descriptor.h"
#include "watch/input_inner.h"

static enum err shorter(struct op *op)
{
    return op_fail(op, ERR_STALE, "the input is shorter than what was read of it before");
}

static enum err size_of(struct op *op, const struct watch_input *input, uint64_t *ret)
{
    struct stat status;
    if (fstat(input->fd, &status) != 0) {
        return op_fail(op, ERR_IO, "cannot look at the file: %s", strerror(errno));
    }
    *ret = (uint64_t)status.st_size;
    return ERR_OK;
}

/* As if everything up to there had been added. */
static enum err tail_load(struct op *op, struct watch_input *input, uint64_t end)
{
    struct watch_tail *tail = &input->tail;
    size_t got = 0;
    tail->end = end;
    tail->size = mark_tail_size(end);
    TRY(descriptor_read_at(op, input->fd, end - tail->size, tail->bytes, tail->size, &got));
    return got == tail->size ? ERR_OK : shorter(op);
}

static enum err go_to(struct op *op, struct watch_input *input, uint64_t position)
{
    if (lseek(input->fd, (off_t)position, SEEK_SET) < 0) {
        return op_fail(op, ERR_IO, "cannot seek: %s", strerror(errno));
    }
    buf_clear(&input->carry);
    input->ended = false;
    input->bytes_read = position;
    input->position = position;
    return ERR_OK;
}

/* ---- a format with headers ---- */

static enum err header_begin(struct op *op, struct watch_input *input)
{
    if (input->header_lines == OBSERVE_HEADER_NONE) {
        return ERR_OK;
    }
    input->header = memory_new(sizeof *input->header);
    if (input->header == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for a header");
    }
    watch_header_init(input->header);
    return ERR_OK;
}

/* ---- by reading ---- */

/* The earlier run stopped inside this chunk (the file was shorter then): what is new of it waits,
 * before what waits already. */
static enum err keep_new(struct op *op, struct watch_input *input, uint64_t position,
                         const struct watch_chunk *chunk)
{
    struct buf kept;
    size_t used = (size_t)(position - chunk->position);
    if (used > chunk->size) {
        return op_fail(op, ERR_STALE, "the input is not what was read of it before");
    }
    buf_init(&kept, WATCH_CHUNK_SIZE);
    buf_add(&kept, span_make(chunk->bytes + used, chunk->size - used));
    buf_add(&kept, buf_span(&input->carry));
    if (kept.err != ERR_OK) {
        buf_done(&kept);
        return op_fail(op, ERR_LIMIT, "out of memory for reading");
    }
    buf_done(&input->carry);
    input->carry = kept;
    input->position = position;
    if (input->header != NULL) {
        watch_header_init(input->header);
        watch_input_learn(input, 0, span_make(chunk->header, chunk->header_size));
        watch_input_learn(input, chunk->position, span_make(chunk->bytes, used));
    }
    return ERR_OK;
}

/* A copy holds what its original held: the same bytes before the position. */
static enum err check_copy(struct op *op, const struct watch_begin *begin,
                           const struct watch_tail *tail)
{
    uint8_t digest[MARK_DIGEST_SIZE];
    if (!begin->copy) {
        return ERR_OK;
    }
    digest_sha256(span_make(tail->bytes, tail->size), digest);
    bool same = tail->size == mark_tail_size(begin->position) &&
                span_equal(span_make(digest, sizeof digest),
                           span_make(begin->copy_tail, sizeof begin->copy_tail));
    return same ? ERR_OK : op_fail(op, ERR_CONFLICT, "the input is not a copy");
}

static uint64_t target_of(const struct watch_input *input)
{
    return input->begin.position - input->begin.line.taken;
}

static enum err seek_end(struct op *op, struct watch_input *input)
{
    enum err err = ERR_OK;
    if (watch_input_is_plain(input)) {
        err = tail_load(op, input, target_of(input));
    }
    if (err == ERR_OK) {
        err =
            check_copy(op, &input->begin, watch_input_is_plain(input) ? &input->tail : input->seen);
    }
    memory_free(input->seen);
    input->seen = NULL;
    input->taken = input->begin.line.taken;
    return err;
}

enum err watch_input_seek_on(struct op *op, struct watch_input *input, struct watch_chunk *scratch)
{
    uint64_t position = target_of(input);
    enum err err = watch_input_next(op, input, scratch);
    if (err != ERR_OK) {
        return err == ERR_ABSENT ? shorter(op) : err;
    }
    size_t used = scratch->size;
    if (scratch->end > position) {
        TRY(keep_new(op, input, position, scratch));
        used = (size_t)(position - scratch->position);
    }
    watch_tail_add(input->seen, span_make(scratch->bytes, used));
    return input->position < position ? ERR_AGAIN : seek_end(op, input);
}

/* What is compressed is read and dropped; what has headers anywhere is read too, for these. */
static enum err seek_by_reading(struct op *op, struct watch_input *input)
{
    input->seen = memory_new(sizeof *input->seen);
    return input->seen == NULL ? op_fail(op, ERR_LIMIT, "out of memory for reading") : ERR_AGAIN;
}

/* ---- by seeking ---- */

static enum err seek_plain(struct op *op, struct watch_input *input, struct span header)
{
    uint64_t size = 0;
    TRY(size_of(op, input, &size));
    if (target_of(input) > size) {
        return shorter(op);
    }
    watch_input_learn(input, 0, header);
    TRY(go_to(op, input, target_of(input)));
    return seek_end(op, input);
}

enum err watch_input_seek(struct op *op, struct watch_input *input, enum observe_header header,
                          const struct watch_begin *begin)
{
    must(begin->line.taken <= begin->position);
    input->header_lines = header;
    input->begin = *begin;
    input->begin.header = SPAN("");
    TRY(header_begin(op, input));
    if (!input->regular) {
        input->position = begin->position; /* it goes on counting: what came before is gone */
        return ERR_OK;
    }
    if (target_of(input) == 0) {
        input->taken = begin->line.taken;
        return ERR_OK;
    }
    bool for_headers = header == OBSERVE_HEADER_MARKED && begin->header.size == 0;
    if (!watch_input_is_plain(input) || for_headers) {
        return seek_by_reading(op, input);
    }
    bool first = header == OBSERVE_HEADER_FIRST;
    return seek_plain(op, input, first ? watch_input_start(input) : begin->header);
}

/* ---- known again, and grown ---- */

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

/* Whether the file still holds, before its end as it was, what was read there. */
static enum err check_tail(struct op *op, const struct watch_input *input)
{
    uint8_t bytes[MARK_SIZE];
    size_t got = 0;
    const struct watch_tail *tail = &input->tail;
    TRY(descriptor_read_at(op, input->fd, tail->end - tail->size, bytes, tail->size, &got));
    bool same = span_equal(span_make(bytes, got), span_make(tail->bytes, tail->size));
    return same ? ERR_OK : op_fail(op, ERR_STALE, "the input was rewritten");
}

enum err watch_input_resume(struct op *op, struct watch_input *input,
                            const struct watch_begin *begin)
{
    must(watch_input_is_plain(input));
    must(begin->line.taken <= begin->position);
    uint64_t size = 0;
    uint64_t position = begin->position - begin->line.taken;
    TRY(size_of(op, input, &size));
    if (size < input->tail.end) {
        return shorter(op);
    }
    TRY(check_tail(op, input));
    bool line_waits = begin->line.waiting > 0 && begin->last_counts;
    if (size == input->tail.end && !line_waits) {
        return ERR_ABSENT;
    }
    TRY(go_to(op, input, position));
    TRY(tail_load(op, input, position));
    input->begin = *begin;
    input->begin.header = SPAN("");
    input->taken = begin->line.taken;
    return ERR_OK;
}
