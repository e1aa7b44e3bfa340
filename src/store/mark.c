// SPDX-License-Identifier: EUPL-1.2
#include "store/mark.h"

#include "base/must.h"
#include "base/uuid.h"
#include "crypt/digest.h"

_Static_assert((int)MARK_DIGEST_SIZE == (int)DIGEST_SHA256_SIZE, "a mark is made with SHA-256");

void mark_init(struct mark *ret)
{
    *ret = (struct mark){ 0 };
    mark_set_head(ret, SPAN(""));
    mark_set_tail(ret, 0, SPAN(""));
}

void mark_set_head(struct mark *mark, struct span head)
{
    must(head.size <= MARK_SIZE);
    mark->head_size = (uint32_t)head.size;
    digest_sha256(head, mark->head);
}

void mark_set_tail(struct mark *mark, uint64_t tail_end, struct span tail)
{
    must(tail.size == mark_tail_size(tail_end));
    mark->tail_end = tail_end;
    digest_sha256(tail, mark->tail);
}

static bool digest_fits(const uint8_t *digest, struct span bytes)
{
    uint8_t other[MARK_DIGEST_SIZE];
    digest_sha256(bytes, other);
    return span_equal(span_make(other, sizeof other), span_make(digest, sizeof other));
}

bool mark_head_fits(const struct mark *mark, struct span start)
{
    return mark->head_size <= start.size &&
           digest_fits(mark->head, span_slice(start, 0, mark->head_size));
}

bool mark_tail_fits(const struct mark *mark, struct span tail)
{
    return tail.size == mark_tail_size(mark->tail_end) && digest_fits(mark->tail, tail);
}

/* ---- the pipe ---- */

static void read_digest(struct wire_reader *r, uint8_t *ret)
{
    struct span digest = wire_take(r, MARK_DIGEST_SIZE);
    if (digest.size == MARK_DIGEST_SIZE) {
        span_copy(ret, MARK_DIGEST_SIZE, digest);
    }
}

void mark_wire_add(struct buf *buf, const struct mark *mark)
{
    wire_add_u32(buf, mark->head_size);
    buf_add(buf, span_make(mark->head, sizeof mark->head));
    wire_add_u64(buf, mark->tail_end);
    buf_add(buf, span_make(mark->tail, sizeof mark->tail));
}

void mark_wire_read(struct wire_reader *r, struct mark *ret)
{
    *ret = (struct mark){ .head_size = wire_u32(r) };
    read_digest(r, ret->head);
    ret->tail_end = wire_u64(r);
    read_digest(r, ret->tail);
    if (ret->head_size > MARK_SIZE || ret->tail_end > INT64_MAX) {
        r->err = ERR_FORMAT;
    }
}

void mark_line_wire_add(struct buf *buf, const struct mark_line *line)
{
    wire_add_u64(buf, line->taken);
    wire_add_u64(buf, line->waiting);
    buf_add(buf, span_make(line->waiting_digest, sizeof line->waiting_digest));
}

void mark_line_wire_read(struct wire_reader *r, struct mark_line *ret)
{
    *ret = (struct mark_line){ .taken = wire_u64(r) };
    ret->waiting = wire_u64(r);
    read_digest(r, ret->waiting_digest);
    if (ret->taken > INT64_MAX || ret->waiting > INT64_MAX) {
        r->err = ERR_FORMAT;
    }
}

/* ---- the journal ---- */

static void add_digest(struct json_writer *w, struct span key, const uint8_t *digest)
{
    struct buf text;
    buf_init(&text, 2 * MARK_DIGEST_SIZE);
    buf_add_hex(&text, span_make(digest, MARK_DIGEST_SIZE));
    json_member_string(w, key, buf_span(&text));
    buf_done(&text);
}

void mark_json_add(struct json_writer *w, const struct mark *mark, const struct mark_line *line)
{
    json_member_u64(w, SPAN("head_size"), mark->head_size);
    add_digest(w, SPAN("head"), mark->head);
    json_member_u64(w, SPAN("tail_end"), mark->tail_end);
    add_digest(w, SPAN("tail"), mark->tail);
    json_member_u64(w, SPAN("taken"), line->taken);
    json_member_u64(w, SPAN("waiting"), line->waiting);
    add_digest(w, SPAN("waiting_digest"), line->waiting_digest);
}

static enum err number_read(struct json_value object, struct span key, int64_t number_max,
                            uint64_t *ret)
{
    int64_t number = json_integer(json_member(object, key), -1);
    if (number < 0 || number > number_max) {
        return ERR_FORMAT;
    }
    *ret = (uint64_t)number;
    return ERR_OK;
}

static enum err digest_read(struct json_value object, struct span key, uint8_t *ret)
{
    return hex_parse(json_string(json_member(object, key)), ret, MARK_DIGEST_SIZE);
}

enum err mark_json_read(struct json_value object, struct mark *mark, struct mark_line *line)
{
    struct mark read = { 0 };
    struct mark_line last = { 0 };
    uint64_t head_size = 0;
    TRY(number_read(object, SPAN("head_size"), MARK_SIZE, &head_size));
    TRY(digest_read(object, SPAN("head"), read.head));
    TRY(number_read(object, SPAN("tail_end"), INT64_MAX, &read.tail_end));
    TRY(digest_read(object, SPAN("tail"), read.tail));
    TRY(number_read(object, SPAN("taken"), INT64_MAX, &last.taken));
    TRY(number_read(object, SPAN("waiting"), INT64_MAX, &last.waiting));
    TRY(digest_read(object, SPAN("waiting_digest"), last.waiting_digest));
    read.head_size = (uint32_t)head_size;
    *mark = read;
    *line = last;
    return ERR_OK;
}
