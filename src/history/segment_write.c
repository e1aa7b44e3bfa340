// SPDX-License-Identifier: EUPL-1.2
#include <xxhash.h>

#include "base/memory.h"
#include "base/must.h"
#include "history/segment_inner.h"

enum {
    OUT_PIECE_SIZE = 256 * 1024,          /* written at once */
    OUT_SYNC_SIZE = 1024 * 1024,          /* so that no sync is long: others wait for it */
    MEMORY_SIZE_MAX = 1024 * 1024 * 1024, /* of a segment without a file */
    INDEX_SIZE_MAX = 1024 * 1024 * 1024,
    NAMES_SECTION_SIZE_MAX = 1024 * 1024 * 1024,
    PIECE_ROWS_MAX = SEGMENT_PIECE_POSTINGS_MAX,
};

/* Where bytes go: one after the other, to the file in large pieces. */
struct segment_out {
    struct disk_file *file;
    struct buf pending; /* of a segment without a file: all of it */
    uint64_t written;
    uint64_t synced;
};

/* How far finishing has come. */
struct segment_ending {
    bool begun;                /* the last block is written */
    enum segment_section next; /* that is begun next */
    struct span rest;          /* of the present section, to be written */
    struct buf made;           /* its bytes, where they are made for it */
    struct span filter;        /* of this many bytes sums are made */
    size_t summed;
};

struct segment_writer {
    struct segment_options options;
    struct hash_secret secret;
    struct segment_out out;
    struct block_writer *block;
    struct filter_writer filter;
    struct filter_keys keys;
    struct names hosts;
    struct names ways;
    struct buf index;
    struct buf separators;
    struct segment_trailer trailer;
    struct segment_ending ending;
    bool finished;
    bool any;             /* entries were added */
    enum value_kind kind; /* of the last entry */
    enum history_form form;
    uint32_t row_start_s; /* of its last row */
    enum history_width row_width;
    size_t order_size;
    uint8_t order[HISTORY_ORDER_SIZE_MAX];
    size_t block_last_size; /* of the last entry of the block that was ended */
    uint8_t block_last[HISTORY_ORDER_SIZE_MAX];
    bool block_last_same; /* it is of the same kind and form as what is in the next */
    size_t block_first_size;
    uint8_t block_first[HISTORY_ORDER_SIZE_MAX];
    uint8_t key[HISTORY_ORDER_SIZE_MAX];
    struct history_row piece[PIECE_ROWS_MAX];
};

static enum err fail_memory(struct op *op)
{
    return op_fail(op, ERR_LIMIT, "out of memory for a segment of the history");
}

/* ---- out ---- */

static enum err out_flush(struct op *op, struct segment_out *out)
{
    if (out->file == NULL || out->pending.size == 0) {
        return ERR_OK;
    }
    TRY(disk_write(op, out->file, out->written, buf_span(&out->pending)));
    out->written += out->pending.size;
    buf_clear(&out->pending);
    if (out->written - out->synced >= OUT_SYNC_SIZE) {
        TRY(disk_sync(op, out->file));
        out->synced = out->written;
    }
    return ERR_OK;
}

static enum err out_add(struct op *op, struct segment_out *out, struct span bytes)
{
    struct span rest = bytes;
    while (rest.size > 0) {
        size_t size = rest.size > OUT_PIECE_SIZE ? OUT_PIECE_SIZE : rest.size;
        buf_add(&out->pending, span_slice(rest, 0, size));
        if (out->pending.err != ERR_OK) {
            return fail_memory(op);
        }
        if (out->pending.size >= OUT_PIECE_SIZE) {
            TRY(out_flush(op, out));
        }
        rest = span_from(rest, size);
    }
    return ERR_OK;
}

static uint64_t out_size(const struct segment_out *out)
{
    return out->written + out->pending.size;
}

static enum err out_align(struct op *op, struct segment_out *out)
{
    static const uint8_t zeros[SEGMENT_ALIGNMENT];
    size_t over = out_size(out) % SEGMENT_ALIGNMENT;
    return out_add(op, out, span_make(zeros, over == 0 ? 0 : SEGMENT_ALIGNMENT - over));
}

/* ---- begin and end ---- */

uint64_t segment_secret_mark(const struct hash_secret *secret)
{
    return XXH3_64bits(secret->bytes, sizeof secret->bytes);
}

static enum err head_write(struct op *op, struct segment_writer *writer)
{
    struct buf head;
    buf_init(&head, SEGMENT_HEAD_SIZE);
    buf_add(&head, SPAN(SEGMENT_MAGIC));
    wire_add_u64(&head, SEGMENT_VERSION);
    enum err err =
        head.err != ERR_OK ? fail_memory(op) : out_add(op, &writer->out, buf_span(&head));
    buf_done(&head);
    return err;
}

/* Host number 0 is none. */
static bool names_begin(struct segment_writer *writer)
{
    return names_init(&writer->hosts, &writer->secret) == ERR_OK &&
           names_init(&writer->ways, &writer->secret) == ERR_OK &&
           names_number(&writer->hosts, SPAN("")) == 0;
}

enum err segment_writer_new(struct op *op, struct disk_file *file,
                            const struct segment_options *options, struct segment_writer **ret)
{
    struct segment_writer *writer = memory_new(sizeof *writer);
    if (writer == NULL) {
        return fail_memory(op);
    }
    writer->options = *options;
    writer->secret = *options->secret;
    writer->out.file = file;
    buf_init(&writer->out.pending, file == NULL ? MEMORY_SIZE_MAX : 2 * OUT_PIECE_SIZE);
    buf_init(&writer->index, INDEX_SIZE_MAX);
    buf_init(&writer->separators, INDEX_SIZE_MAX);
    filter_writer_begin(&writer->filter, options->filter_keys_max);
    writer->trailer.first_s = UINT32_MAX;
    enum err err = block_writer_new(op, options->level, &writer->block);
    if (err == ERR_OK && !names_begin(writer)) {
        err = fail_memory(op);
    }
    if (err == ERR_OK) {
        err = head_write(op, writer);
    }
    if (err != ERR_OK) {
        segment_writer_free(writer);
        return err;
    }
    *ret = writer;
    return ERR_OK;
}

void segment_writer_free(struct segment_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    block_writer_free(writer->block);
    filter_writer_done(&writer->filter);
    names_done(&writer->hosts);
    names_done(&writer->ways);
    buf_done(&writer->index);
    buf_done(&writer->separators);
    buf_done(&writer->out.pending);
    buf_done(&writer->ending.made);
    memory_free(writer);
}

static enum err name_number(struct op *op, struct names *names, struct span name, uint32_t *ret)
{
    uint32_t number = names_number(names, name);
    if (number == NAMES_NONE) {
        return op_fail(op, ERR_LIMIT,
                       "a segment of the history has no room or no memory for more than %zu names",
                       names_count(names));
    }
    *ret = number;
    return ERR_OK;
}

enum err segment_writer_host(struct op *op, struct segment_writer *writer, struct span host,
                             uint32_t *ret)
{
    must(!writer->finished);
    must(host.size <= HISTORY_NAME_SIZE_MAX);
    return name_number(op, &writer->hosts, host, ret);
}

enum err segment_writer_way(struct op *op, struct segment_writer *writer,
                            const struct history_way *way, uint32_t *ret)
{
    uint8_t bytes[NAMES_WAY_SIZE_MAX];
    must(!writer->finished);
    return name_number(op, &writer->ways, names_way_bytes(way, bytes), ret);
}

/* ---- blocks ---- */

static size_t shared_size(struct span a, struct span b)
{
    size_t limit = a.size < b.size ? a.size : b.size;
    size_t shared = 0;
    while (shared < limit && a.data[shared] == b.data[shared]) {
        shared++;
    }
    return shared;
}

/* The shortest place that is behind the last entry of the block before and not behind the first of
 * this one; where an entry goes on in this block, that entry's. */
static struct span separator_of(const struct segment_writer *writer)
{
    struct span first = span_make(writer->block_first, writer->block_first_size);
    struct span last = span_make(writer->block_last, writer->block_last_size);
    if (!writer->block_last_same) {
        return span_slice(first, 0, 0);
    }
    size_t size = shared_size(first, last) + 1;
    return size > first.size ? first : span_slice(first, 0, size);
}

static enum err block_end(struct op *op, struct segment_writer *writer)
{
    if (block_writer_count(writer->block) == 0) {
        return ERR_OK;
    }
    struct span last = block_writer_last(writer->block);
    struct span separator = separator_of(writer);
    struct span bytes;
    TRY(block_writer_end(op, writer->block, &bytes));
    const struct segment_index index = {
        .offset = out_size(&writer->out),
        .text = writer->separators.size,
        .size = (uint32_t)bytes.size,
        .text_size = (uint16_t)separator.size,
        .kind = (uint8_t)writer->kind,
        .form = (uint8_t)writer->form,
    };
    buf_add(&writer->index, span_make(&index, sizeof index));
    buf_add(&writer->separators, separator);
    if (writer->index.err != ERR_OK || writer->separators.err != ERR_OK) {
        return fail_memory(op);
    }
    span_copy(writer->block_last, sizeof writer->block_last, last);
    writer->block_last_size = last.size;
    writer->trailer.blocks++;
    return out_add(op, &writer->out, bytes);
}

static enum err piece_add(struct op *op, struct segment_writer *writer,
                          const struct history_entry *piece, size_t posting_count)
{
    if (block_writer_is_full(writer->block, piece, posting_count)) {
        TRY(block_end(op, writer));
    }
    if (block_writer_count(writer->block) == 0) {
        writer->block_last_same = writer->trailer.blocks > 0 && writer->kind == piece->kind &&
                                  writer->form == piece->form;
        span_copy(writer->block_first, sizeof writer->block_first, piece->order);
        writer->block_first_size = piece->order.size;
    }
    block_writer_add(writer->block, piece);
    writer->kind = piece->kind;
    writer->form = piece->form;
    return ERR_OK;
}

/* Rows in pieces of at most SEGMENT_PIECE_POSTINGS_MAX postings. */
static enum err pieces_add(struct op *op, struct segment_writer *writer,
                           const struct history_entry *entry)
{
    struct history_entry piece = *entry;
    piece.rows = writer->piece;
    piece.row_count = 0;
    size_t postings = 0;
    for (size_t i = 0; i < entry->row_count; i++) {
        struct history_row rest = entry->rows[i];
        while (rest.posting_count > 0) {
            size_t room = SEGMENT_PIECE_POSTINGS_MAX - postings;
            size_t taken = rest.posting_count < room ? rest.posting_count : room;
            writer->piece[piece.row_count] = rest;
            writer->piece[piece.row_count].posting_count = taken;
            piece.row_count++;
            postings += taken;
            rest.postings += taken;
            rest.posting_count -= taken;
            if (postings == SEGMENT_PIECE_POSTINGS_MAX) {
                TRY(piece_add(op, writer, &piece, postings));
                piece.row_count = 0;
                postings = 0;
            }
        }
    }
    return piece.row_count == 0 ? ERR_OK : piece_add(op, writer, &piece, postings);
}

/* ---- entries ---- */

static enum err keys_add(struct op *op, struct segment_writer *writer,
                         const struct history_entry *entry, size_t known)
{
    history_order(entry->kind, entry->form, entry->order, writer->key);
    filter_keys_told(&writer->secret, entry->kind, entry->form,
                     span_make(writer->key, entry->order.size), known, &writer->keys);
    for (size_t i = 0; i < writer->keys.count; i++) {
        TRY(filter_writer_add(op, &writer->filter, writer->keys.hashes[i]));
    }
    return ERR_OK;
}

/* Remember the place of an entry, and tell the filter where it is a new one. */
static enum err entry_begin(struct op *op, struct segment_writer *writer,
                            const struct history_entry *entry, bool *ret_new)
{
    const struct history_entry before = {
        .kind = writer->kind,
        .form = writer->form,
        .order = { writer->order, writer->order_size },
    };
    int order = writer->any ? history_order_compare(&before, entry) : -1;
    must(order <= 0);
    *ret_new = order < 0;
    if (order == 0) {
        return ERR_OK;
    }
    size_t known = 0;
    if (writer->any && before.kind == entry->kind && before.form == entry->form) {
        size_t shared = shared_size(before.order, entry->order);
        known = shared == before.order.size || shared == 0 ? shared : shared - 1;
    }
    TRY(keys_add(op, writer, entry, known));
    span_copy(writer->order, sizeof writer->order, entry->order);
    writer->order_size = entry->order.size;
    writer->any = true;
    writer->trailer.values++;
    writer->trailer.kind_values[entry->kind]++;
    return ERR_OK;
}

static size_t rows_count(struct segment_writer *writer, const struct history_entry *entry,
                         bool is_new)
{
    struct segment_trailer *trailer = &writer->trailer;
    const struct history_row *first = &entry->rows[0];
    bool goes_on =
        !is_new && first->start_s == writer->row_start_s && first->width == writer->row_width;
    size_t postings = 0;
    for (size_t i = 0; i < entry->row_count; i++) {
        const struct history_row *row = &entry->rows[i];
        for (size_t k = 0; k < row->posting_count; k++) {
            const struct history_posting *posting = &row->postings[k];
            must(posting->host < names_count(&writer->hosts));
            must(posting->way < names_count(&writer->ways));
            trailer->count += posting->count;
            trailer->first_s =
                posting->first_s < trailer->first_s ? posting->first_s : trailer->first_s;
            trailer->last_s = posting->last_s > trailer->last_s ? posting->last_s : trailer->last_s;
        }
        postings += row->posting_count;
    }
    trailer->postings += postings;
    trailer->rows += entry->row_count - (goes_on ? 1 : 0);
    writer->row_start_s = entry->rows[entry->row_count - 1].start_s;
    writer->row_width = entry->rows[entry->row_count - 1].width;
    return postings;
}

enum err segment_writer_add(struct op *op, struct segment_writer *writer,
                            const struct history_entry *entry)
{
    must(!writer->finished);
    must(entry->row_count >= 1);
    must(entry->order.size <= HISTORY_ORDER_SIZE_MAX);
    bool is_new;
    TRY(entry_begin(op, writer, entry, &is_new));
    size_t postings = rows_count(writer, entry, is_new);
    if (postings <= SEGMENT_PIECE_POSTINGS_MAX) {
        return piece_add(op, writer, entry, postings);
    }
    return pieces_add(op, writer, entry);
}

/* ---- end ---- */

/* Its bytes are written in the steps that follow. */
static enum err section_begin(struct op *op, struct segment_writer *writer,
                              enum segment_section section, struct span bytes)
{
    TRY(out_align(op, &writer->out));
    bool checked = section != SEGMENT_FILTER;
    writer->trailer.sections[section] = (struct segment_place){
        .offset = out_size(&writer->out),
        .size = bytes.size,
        .checksum = checked ? XXH3_64bits(bytes.data, bytes.size) : 0,
    };
    writer->ending.rest = bytes;
    writer->ending.next = section + 1;
    return ERR_OK;
}

static enum err section_begin_made(struct op *op, struct segment_writer *writer,
                                   enum segment_section section)
{
    const struct buf *made = &writer->ending.made;
    return made->err != ERR_OK ? fail_memory(op)
                               : section_begin(op, writer, section, buf_span(made));
}

/* Sums of some pages of the filter; the section begins when all are there. */
static enum err sums_step(struct op *op, struct segment_writer *writer)
{
    struct segment_ending *ending = &writer->ending;
    if (ending->summed == 0) {
        TRY(filter_writer_end(op, &writer->filter, &ending->filter));
        size_t pages = ending->filter.size / FILTER_PAGE_SIZE + 1;
        buf_init(&ending->made, pages * sizeof(uint64_t));
    }
    size_t left = ending->filter.size - ending->summed;
    size_t size = left < SEGMENT_STEP_SIZE ? left : SEGMENT_STEP_SIZE;
    filter_sums_add(&ending->made,
                    span_slice(ending->filter, ending->summed, ending->summed + size));
    ending->summed += size;
    return ending->summed < ending->filter.size
               ? ERR_OK
               : section_begin_made(op, writer, SEGMENT_FILTER_SUMS);
}

static enum err section_next(struct op *op, struct segment_writer *writer)
{
    struct segment_ending *ending = &writer->ending;
    const struct filter_sketch *sketch = &writer->filter.sketch;
    if (ending->next != SEGMENT_FILTER_SUMS) {
        buf_done(&ending->made);
        buf_init(&ending->made, NAMES_SECTION_SIZE_MAX);
    }
    switch (ending->next) {
    case SEGMENT_CODES:
        block_writer_codes_add(writer->block, &ending->made);
        return section_begin_made(op, writer, SEGMENT_CODES);
    case SEGMENT_DICTIONARIES:
        block_writer_dictionaries_add(writer->block, &ending->made);
        return section_begin_made(op, writer, SEGMENT_DICTIONARIES);
    case SEGMENT_HOSTS:
        segment_hosts_add(&ending->made, &writer->hosts);
        return section_begin_made(op, writer, SEGMENT_HOSTS);
    case SEGMENT_WAYS:
        segment_ways_add(&ending->made, &writer->ways);
        return section_begin_made(op, writer, SEGMENT_WAYS);
    case SEGMENT_INDEX:
        return section_begin(op, writer, SEGMENT_INDEX, buf_span(&writer->index));
    case SEGMENT_SEPARATORS:
        return section_begin(op, writer, SEGMENT_SEPARATORS, buf_span(&writer->separators));
    case SEGMENT_SKETCH:
        return section_begin(op, writer, SEGMENT_SKETCH,
                             span_make(sketch->least, sketch->count * sizeof sketch->least[0]));
    case SEGMENT_FILTER_SUMS:
        return sums_step(op, writer);
    default:
        return section_begin(op, writer, SEGMENT_FILTER, ending->filter);
    }
}

static enum err trailer_write(struct op *op, struct segment_writer *writer)
{
    struct segment_trailer *trailer = &writer->trailer;
    TRY(out_align(op, &writer->out));
    span_copy(trailer->magic, sizeof trailer->magic, SPAN(SEGMENT_MAGIC));
    trailer->version = SEGMENT_VERSION;
    trailer->size = sizeof *trailer;
    trailer->total_size = out_size(&writer->out) + sizeof *trailer;
    trailer->secret_mark = segment_secret_mark(&writer->secret);
    trailer->filter_keys = writer->filter.key_count;
    trailer->checksum = XXH3_64bits(trailer, offsetof(struct segment_trailer, checksum));
    return out_add(op, &writer->out, span_make(trailer, sizeof *trailer));
}

static void facts_of(const struct segment_trailer *trailer, struct segment_facts *ret)
{
    *ret = (struct segment_facts){
        .values = trailer->values,
        .rows = trailer->rows,
        .postings = trailer->postings,
        .count = trailer->count,
        .first_s = trailer->first_s,
        .last_s = trailer->last_s,
        .size = trailer->total_size,
        .blocks = trailer->blocks,
        .filter_keys = trailer->filter_keys,
    };
    for (size_t i = 0; i < VALUE_KIND_COUNT; i++) {
        ret->kind_values[i] = trailer->kind_values[i];
    }
}

static enum err ending_begin(struct op *op, struct segment_writer *writer)
{
    TRY(block_end(op, writer));
    writer->trailer.sections[SEGMENT_BLOCKS] = (struct segment_place){
        .offset = SEGMENT_HEAD_SIZE,
        .size = out_size(&writer->out) - SEGMENT_HEAD_SIZE,
    };
    writer->ending.begun = true;
    writer->ending.next = SEGMENT_CODES;
    return ERR_OK;
}

static enum err rest_write(struct op *op, struct segment_writer *writer)
{
    struct span *rest = &writer->ending.rest;
    size_t size = rest->size < SEGMENT_STEP_SIZE ? rest->size : SEGMENT_STEP_SIZE;
    TRY(out_add(op, &writer->out, span_slice(*rest, 0, size)));
    *rest = span_from(*rest, size);
    return ERR_OK;
}

static enum err ending_end(struct op *op, struct segment_writer *writer)
{
    TRY(trailer_write(op, writer));
    TRY(out_flush(op, &writer->out));
    if (writer->out.file != NULL) {
        TRY(disk_sync(op, writer->out.file));
    }
    writer->finished = true;
    return ERR_OK;
}

enum err segment_writer_finish_step(struct op *op, struct segment_writer *writer, bool *ret_done)
{
    must(!writer->finished);
    if (!writer->ending.begun) {
        TRY(ending_begin(op, writer));
    } else if (writer->ending.rest.size > 0) {
        TRY(rest_write(op, writer));
    } else if (writer->ending.next < SEGMENT_SECTION_COUNT) {
        TRY(section_next(op, writer));
    } else {
        TRY(ending_end(op, writer));
    }
    *ret_done = writer->finished;
    return ERR_OK;
}

enum err segment_writer_finish(struct op *op, struct segment_writer *writer,
                               struct segment_facts *ret_facts)
{
    bool done = writer->finished;
    while (!done) {
        TRY(segment_writer_finish_step(op, writer, &done));
    }
    if (ret_facts != NULL) {
        facts_of(&writer->trailer, ret_facts);
    }
    return ERR_OK;
}

struct span segment_writer_bytes(const struct segment_writer *writer)
{
    must(writer->finished);
    must(writer->out.file == NULL);
    return buf_span(&writer->out.pending);
}
