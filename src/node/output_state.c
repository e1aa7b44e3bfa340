// SPDX-License-Identifier: EUPL-1.2
#include "node/output_state.h"

#include <stdio.h>

#define STATE_PATH SPAN("outputs.json")

enum { STATE_SIZE_MAX = 256 * 1024, STATE_VERSION = 1 };

void output_state_begin(struct span name, struct store_cursor cursor, struct output_state *ret)
{
    *ret = (struct output_state){
        .name = name,
        .cursor = cursor,
        .success_us = TIME_US_NONE,
        .failing_us = TIME_US_NONE,
        .failure_us = TIME_US_NONE,
    };
}

struct output_state *output_state_find(struct output_states *states, struct span name)
{
    for (size_t i = 0; i < states->count; i++) {
        if (span_equal(states->list[i].name, name)) {
            return &states->list[i];
        }
    }
    return NULL;
}

/* ---- reading ---- */

static int64_t read_time(struct json_value value, struct span key)
{
    int64_t time_us = TIME_US_NONE;
    struct span text = json_string(json_member(value, key));
    return text.data != NULL && time_parse(text, &time_us) == ERR_OK ? time_us : TIME_US_NONE;
}

static uint64_t read_number(struct json_value value, struct span key)
{
    int64_t number = json_integer(json_member(value, key), 0);
    return number < 0 ? 0 : (uint64_t)number;
}

static void read_state(struct json_value value, struct output_state *ret)
{
    struct span fault = json_string(json_member(value, SPAN("fault")));
    const struct store_cursor cursor = {
        .entry = read_number(value, SPAN("entry")),
        .part = read_number(value, SPAN("part")),
    };
    output_state_begin(json_string(json_member(value, SPAN("name"))), cursor, ret);
    ret->delivered = read_number(value, SPAN("delivered"));
    ret->success_us = read_time(value, SPAN("success"));
    ret->failing_us = read_time(value, SPAN("failing"));
    ret->failure_us = read_time(value, SPAN("failure"));
    ret->told = json_true(json_member(value, SPAN("told")));
    snprintf(ret->fault, sizeof ret->fault, "%.*s", SPAN_FMT(fault));
}

static void read_states(struct json_value root, struct output_states *ret)
{
    struct json_walk walk = json_walk_begin(json_member(root, SPAN("outputs")));
    if (json_integer(json_member(root, SPAN("version")), 0) != STATE_VERSION) {
        return;
    }
    while (ret->count < CONFIG_OUTPUT_COUNT_MAX && json_walk_next(&walk)) {
        if (json_string(json_member(walk.value, SPAN("name"))).size > 0) {
            read_state(walk.value, &ret->list[ret->count]);
            ret->count++;
        }
    }
}

enum err output_states_read(struct op *op, struct disk *disk, struct output_states *ret)
{
    struct span map = { NULL, 0 };
    struct json_value root;
    ret->count = 0;
    enum err err = disk_map(op, disk, STATE_PATH, &map);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        return ERR_OK;
    }
    TRY(err);
    err = map.size > STATE_SIZE_MAX ? ERR_FORMAT : json_parse(op, map, &root);
    disk_unmap(disk, map);
    if (err == ERR_FORMAT) {
        op_fault_clear(op);
        return ERR_OK;
    }
    TRY(err);
    read_states(root, ret);
    return ERR_OK;
}

/* ---- writing ---- */

static void write_time(struct json_writer *w, struct span key, int64_t time_us)
{
    if (time_us != TIME_US_NONE) {
        json_member_time(w, key, time_us);
    }
}

static void write_state(struct json_writer *w, const struct output_state *state)
{
    json_begin_object(w);
    json_member_string(w, SPAN("name"), state->name);
    json_member_u64(w, SPAN("entry"), state->cursor.entry);
    json_member_u64(w, SPAN("part"), state->cursor.part);
    json_member_u64(w, SPAN("delivered"), state->delivered);
    write_time(w, SPAN("success"), state->success_us);
    write_time(w, SPAN("failing"), state->failing_us);
    write_time(w, SPAN("failure"), state->failure_us);
    if (state->told) {
        json_member_bool(w, SPAN("told"), true);
    }
    if (state->fault[0] != '\0') {
        json_member_string(w, SPAN("fault"), span_of(state->fault));
    }
    json_end_object(w);
}

enum err output_states_write(struct op *op, struct disk *disk, const struct output_states *states)
{
    struct buf text;
    struct json_writer w;
    buf_init(&text, STATE_SIZE_MAX);
    json_writer_init(&w, &text);
    json_begin_object(&w);
    json_member_u64(&w, SPAN("version"), STATE_VERSION);
    json_key(&w, SPAN("outputs"));
    json_begin_array(&w);
    for (size_t i = 0; i < states->count; i++) {
        write_state(&w, &states->list[i]);
    }
    json_end_array(&w);
    json_end_object(&w);
    buf_add_byte(&text, '\n');
    enum err err = text.err == ERR_OK ? disk_replace(op, disk, STATE_PATH, buf_span(&text))
                                      : op_fail(op, ERR_LIMIT, "out of memory");
    buf_done(&text);
    return err;
}
