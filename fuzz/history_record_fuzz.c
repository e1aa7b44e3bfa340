// SPDX-License-Identifier: EUPL-1.2
// links: history match policy crypt value format os base
/*
 * Any bytes as a record. What must hold: all that is read keeps every bound, and what was read,
 * written anew, is read as the same.
 */
#include "base/must.h"
#include "base/text.h"
#include "history/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_MAX = 256 * 1024 * 1024 };

static void bounds_hold(const struct history_record *record, const struct history_seen *seen)
{
    must(seen->host < record->host_count);
    must(seen->way < record->way_count);
    must(seen->first_s <= seen->last_s);
    must(seen->first_s / HISTORY_HOUR_S == seen->last_s / HISTORY_HOUR_S);
    must(seen->count >= 1);
    must(seen->key.size >= 1);
    must(seen->key.size <= HISTORY_ORDER_SIZE_MAX);
    must(history_key_fits(seen->kind, seen->form, seen->key));
}

static void names_hold(const struct history_record *record)
{
    must(record->host_count >= 1);
    must(record->hosts[0].size == 0);
    for (size_t i = 1; i < record->host_count; i++) {
        must(record->hosts[i].size >= 2); /* "::" */
        must(text_is_ascii(record->hosts[i]));
    }
    for (size_t i = 0; i < record->way_count; i++) {
        must(text_valid_size(record->ways[i].sensor) == record->ways[i].sensor.size);
        must(text_valid_size(record->ways[i].field) == record->ways[i].field.size);
    }
}

struct sum {
    uint64_t seen;
    uint64_t count;
    uint64_t bytes;
};

/* Reads a record and, where `writer` is there, tells it all. Returns whether all of it is sound. */
static bool walk(struct op *op, struct span bytes, struct history_record_writer *writer,
                 struct sum *ret)
{
    struct history_record record;
    struct history_seen seen;
    if (history_record_read(op, bytes, &record) != ERR_OK) {
        return false;
    }
    names_hold(&record);
    uint64_t read = 0;
    enum err err = history_record_next(&record, &seen);
    while (err == ERR_OK) {
        bounds_hold(&record, &seen);
        read++;
        ret->count += seen.count;
        ret->bytes += seen.key.size;
        if (writer != NULL) {
            seen.host = history_record_host(writer, record.hosts[seen.host]);
            seen.way = history_record_way(writer, &record.ways[seen.way]);
            enum err added = history_record_add(writer, &seen);
            must(added == ERR_OK || added == ERR_LIMIT);
        }
        err = history_record_next(&record, &seen);
    }
    must(read <= record.seen_count);
    must(err != ERR_ABSENT || read == record.seen_count);
    must(history_record_next(&record, &seen) == err); /* the end is the end */
    ret->seen = read;
    return err == ERR_ABSENT;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct actor actor = { .name = SPAN("fuzzer") };
    struct history_record_writer *writer;
    struct buf bytes;
    struct op op;
    struct sum sum = { 0 };
    struct sum again = { 0 };
    uint64_t left_out;
    op_begin(&op, &actor, MEMORY_MAX);
    buf_init(&bytes, HISTORY_RECORD_SIZE_MAX);
    must(history_record_writer_new(&op, &writer) == ERR_OK);
    if (walk(&op, span_make(data, size), writer, &sum)) {
        history_record_end(writer, &bytes, &left_out);
        must(bytes.err == ERR_OK);
        must(walk(&op, buf_span(&bytes), NULL, &again));
        must(left_out > 0 || again.seen <= sum.seen);
        must(left_out > 0 || again.bytes <= sum.bytes);
        must(left_out > 0 || again.seen < sum.seen || again.count == sum.count);
    }
    history_record_writer_free(writer);
    buf_done(&bytes);
    op_end(&op);
    return 0;
}
