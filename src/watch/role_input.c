// SPDX-License-Identifier: EUPL-1.2
/*
 * One input of the role, from OPEN to its end.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "os/clock.h"
#include "watch/role_inner.h"

enum { FOLDS_MESSAGE_SIZE = 64 * 1024 };

/* ---- made and given back ---- */

static struct role_input *input_find(const struct role *role, uint32_t number)
{
    for (size_t i = 0; i < role->input_count; i++) {
        if (role->inputs[i]->number == number && !role->inputs[i]->closed) {
            return role->inputs[i];
        }
    }
    return NULL;
}

void role_input_free(struct role_input *input)
{
    if (input == NULL) {
        return;
    }
    if (input->waits) {
        loop_remove(input->role->loop, &input->entry);
    }
    input->role->inflating -= input->inflating ? 1 : 0;
    watch_input_close(input->input);
    op_end(&input->texts);
    memory_free(input);
}

/* It ends before its time, for what the op's fault tells. */
static void input_fail(struct op *op, struct role_input *input, enum err err)
{
    must(err != ERR_OK);
    if (input->err == ERR_OK) {
        input->err = err;
        snprintf(input->fault, sizeof input->fault, "%s", op->fault.text);
    }
    input->phase = ROLE_OVER;
    op_fault_clear(op);
}

static enum err tell_ended(struct op *op, struct role *role, uint32_t number, enum err err,
                           const char *fault)
{
    const struct watch_message_ended ended = {
        .input = number,
        .err = err,
        .fault = span_of(fault),
    };
    watch_message_add_ended(&role->body, &ended);
    return role_tell(op, role, WATCH_MESSAGE_ENDED);
}

static enum err input_new(struct op *op, struct role *role, const struct watch_message_open *open,
                          int file, struct role_input **ret)
{
    const struct actor nobody = { .name = SPAN("watch") };
    struct role_input *input = memory_new(sizeof *input);
    if (input == NULL) {
        close(file);
        return op_fail(op, ERR_LIMIT, "out of memory for an input");
    }
    op_begin(&input->texts, &nobody, ROLE_TEXT_MEMORY_MAX);
    input->role = role;
    input->number = open->input;
    input->follow = open->follow;
    input->mark = open->mark;
    input->source.format = open->format;
    enum err err = watch_input_open(op, file, &input->input);
    if (err == ERR_OK && (op_copy(&input->texts, open->stream, &input->source.stream) != ERR_OK ||
                          op_copy(&input->texts, open->sensor, &input->source.sensor) != ERR_OK)) {
        err = op_fail(op, ERR_LIMIT, "out of memory for an input");
    }
    if (err != ERR_OK) {
        role_input_free(input);
        return err;
    }
    *ret = input;
    return ERR_OK;
}

/* ---- a pipe that has nothing to give is waited for ---- */

static enum err on_pipe(void *context, unsigned events)
{
    struct role_input *input = context;
    (void)events;
    input->silent = false;
    return loop_change(input->role->op, input->role->loop, &input->entry, 0);
}

static enum err wait_for_pipe(struct op *op, struct role_input *input)
{
    input->silent = true;
    if (input->waits) {
        return loop_change(op, input->role->loop, &input->entry, LOOP_IN);
    }
    input->entry = (struct loop_entry){
        .fd = watch_input_pipe(input->input),
        .events = LOOP_IN,
        .ready = on_pipe,
        .context = input,
    };
    TRY(loop_add(op, input->role->loop, &input->entry));
    input->waits = true;
    return ERR_OK;
}

/* What is wrong with one input concerns that input; what cannot be told ends the role. */
static enum err input_outcome(struct op *op, struct role_input *input, enum err err)
{
    if (input->role->over) {
        return err;
    }
    if (err == ERR_AGAIN) {
        err = wait_for_pipe(op, input);
    }
    if (err != ERR_OK) {
        input_fail(op, input, err);
    }
    return ERR_OK;
}

/* ---- its first bytes ---- */

/* Whether it may begin: what is compressed may take much memory, and waits for others to end. */
static enum err may_begin(struct op *op, struct role_input *input, bool *ret)
{
    bool compressed = false;
    struct role *role = input->role;
    TRY(watch_input_is_compressed(op, input->input, &compressed));
    *ret = !compressed || input->inflating || role->inflating < ROLE_INFLATING_MAX;
    if (*ret && compressed && !input->inflating) {
        input->inflating = true;
        role->inflating++;
    }
    return ERR_OK;
}

static enum err tell_begun(struct op *op, struct role_input *input)
{
    struct role *role = input->role;
    struct watch_message_begun begun = {
        .input = input->number,
        .format = input->source.format,
        .start = watch_input_start(input->input),
    };
    TRY(watch_input_is_known(op, input->input, &input->mark, &begun.known));
    input->phase = ROLE_ASKED;
    watch_message_add_begun(&role->body, &begun);
    return role_tell(op, role, WATCH_MESSAGE_BEGUN);
}

static enum err input_begin(struct op *op, struct role_input *input)
{
    bool may = false;
    TRY(may_begin(op, input, &may));
    if (!may) {
        return ERR_OK;
    }
    TRY(watch_input_begin(op, input->input));
    struct span start = watch_input_start(input->input);
    bool broken = watch_input_fault(input->input) != NULL;
    if (start.size == 0 && broken) {
        input->phase = ROLE_OVER;
        return ERR_OK;
    }
    if (input->source.format == OBSERVE_FORMAT_AUTO) {
        const struct watch_rules *rules = &input->role->options->rules;
        bool waits = watch_input_may_start(input->input);
        bool grows = input->follow && watch_input_is_plain(input->input);
        bool more = waits || (grows && start.size < WATCH_START_SIZE);
        enum observe_format format =
            observe_formats_detect(rules->formats, start, more, rules->now_us);
        if (format == OBSERVE_FORMAT_AUTO && broken) {
            input->phase = ROLE_OVER; /* what is wrong is not that nobody knows the format */
            return ERR_OK;
        }
        if (format == OBSERVE_FORMAT_AUTO && waits) {
            return ERR_AGAIN;
        }
        input->source.format = format;
    }
    return tell_begun(op, input);
}

/* ---- chunks ---- */

/* Requests are looked for when the lines have been read, not before: an image that was there before
 * the lines were written is used for them. */
static enum err give_chunk(struct op *op, struct role_input *input, struct watch_slot *slot)
{
    struct role *role = input->role;
    TRY(watch_input_next(op, input->input, slot->chunk));
    TRY(role_hear(op, role));
    slot->chunk->now_us = input->follow ? os_clock_us() : 0;
    slot->source = &input->source;
    slot->images = (struct watch_images){
        .indicators = role->newest->image,
        .allowed = role->allowed == NULL ? NULL : role->allowed->image,
    };
    slot->tag = role->newest;
    slot->allow_tag = role->allowed;
    slot->input = input;
    role_generation_use(role->newest);
    role_generation_use(role->allowed);
    input->bytes_read = watch_input_bytes_read(input->input);
    input->chunks_out++;
    watch_crew_give(role->crew);
    return ERR_OK;
}

static enum err seek_on(struct op *op, struct role_input *input)
{
    enum err err = watch_input_seek_on(op, input->input, input->role->scratch);
    if (err == ERR_OK) {
        input->phase = ROLE_READS;
    }
    return err == ERR_AGAIN ? ERR_OK : err;
}

enum err role_input_turn(struct op *op, struct role_input *input, struct watch_slot *slot,
                         bool *ret_busy)
{
    enum err err = ERR_OK;
    *ret_busy = false;
    if (input->closed || input->silent || input->at_end) {
        return ERR_OK;
    }
    switch (input->phase) {
    case ROLE_BEGINS:
        err = input_begin(op, input);
        *ret_busy = input->phase != ROLE_BEGINS;
        break;
    case ROLE_SEEKS:
        err = seek_on(op, input);
        *ret_busy = true;
        break;
    case ROLE_READS:
        err = give_chunk(op, input, slot);
        *ret_busy = err == ERR_OK;
        input->at_end = err == ERR_ABSENT && !input->role->over;
        break;
    default:
        break;
    }
    return input->at_end ? ERR_OK : input_outcome(op, input, err);
}

static enum err tell_folds(struct op *op, struct role_input *input,
                           const struct watch_result *result)
{
    struct buf *body = &input->role->body;
    for (size_t i = 0; i < result->fold_count; i++) {
        if (body->size == 0) {
            watch_message_begin_folds(body, input->number);
        }
        fold_wire_add(body, result->folds[i]);
        if (body->size >= FOLDS_MESSAGE_SIZE) {
            TRY(role_tell(op, input->role, WATCH_MESSAGE_FOLDS));
        }
    }
    return body->size == 0 ? ERR_OK : role_tell(op, input->role, WATCH_MESSAGE_FOLDS);
}

static enum err tell_seen(struct op *op, struct role_input *input,
                          const struct watch_result *result)
{
    const struct watch_message_seen seen = { .input = input->number, .record = result->seen };
    if (result->seen.size == 0) {
        return ERR_OK;
    }
    watch_message_add_seen(&input->role->body, &seen);
    return role_tell(op, input->role, WATCH_MESSAGE_SEEN);
}

static enum err tell_chunk(struct op *op, struct role_input *input, const struct watch_slot *slot)
{
    const struct watch_result *result = &slot->result;
    if (result->end == slot->chunk->end) {
        input->mark = slot->chunk->mark; /* nothing of it was left for later */
    }
    input->place.position = result->end;
    input->place.line = result->line;
    struct watch_message_chunk chunk = {
        .input = input->number,
        .end = result->end,
        .line = result->line,
        .mark = input->mark,
        .lines = result->lines,
        .observations = result->observations,
        .candidates = result->candidates,
        .bytes_read = input->bytes_read,
        .first_s = result->first_s,
        .last_s = result->last_s,
    };
    span_copy(chunk.counts, sizeof chunk.counts, span_make(result->counts, sizeof chunk.counts));
    TRY(tell_folds(op, input, result));
    TRY(tell_seen(op, input, result));
    watch_message_add_chunk(&input->role->body, &chunk);
    return role_tell(op, input->role, WATCH_MESSAGE_CHUNK);
}

void role_slot_release(struct role *role, struct watch_slot *slot)
{
    struct role_input *input = slot->input;
    role_generation_drop(slot->tag);
    role_generation_drop(slot->allow_tag);
    input->chunks_out--;
    watch_crew_release(role->crew);
}

/* Of a chunk that failed nothing counts, nor of those behind it. */
enum err role_input_take(struct op *op, struct role *role, struct watch_slot *slot)
{
    enum err err = ERR_OK;
    struct role_input *input = slot->input;
    bool wanted = !input->closed && input->err == ERR_OK;
    if (wanted && slot->err == ERR_OK) {
        err = tell_chunk(op, input, slot);
    } else if (wanted) {
        enum err failed = op_fail(op, slot->err, "%s", slot->result.op.fault.text);
        input_fail(op, input, failed);
    }
    role_slot_release(role, slot);
    return err;
}

/* ---- the end ---- */

static enum err tell_rests(struct op *op, struct role_input *input)
{
    uint8_t header[WATCH_HEADER_SIZE_MAX];
    struct role *role = input->role;
    size_t size = watch_input_header(input->input, header);
    const struct watch_message_rests rests = {
        .input = input->number,
        .size = input->bytes_read,
        .header = span_make(header, size),
    };
    input->phase = ROLE_RESTS;
    watch_message_add_rests(&role->body, &rests);
    return role_tell(op, role, WATCH_MESSAGE_RESTS);
}

/* Whether nothing is left of an input that is to be given back. */
static enum err input_settle(struct op *op, struct role_input *input, bool *ret_gone)
{
    bool read = input->phase == ROLE_READS && input->at_end;
    *ret_gone = input->chunks_out == 0 && (input->closed || read || input->phase == ROLE_OVER);
    if (!*ret_gone || input->closed) {
        return ERR_OK;
    }
    if (read && input->follow && watch_input_is_plain(input->input)) {
        *ret_gone = false;
        return tell_rests(op, input);
    }
    const char *fault = input->err == ERR_OK ? watch_input_fault(input->input) : input->fault;
    return tell_ended(op, input->role, input->number, input->err, fault);
}

enum err role_inputs_settle(struct op *op, struct role *role)
{
    size_t kept = 0;
    enum err err = ERR_OK;
    for (size_t i = 0; i < role->input_count; i++) {
        bool gone = false;
        struct role_input *input = role->inputs[i];
        if (err == ERR_OK) {
            err = input_settle(op, input, &gone);
        }
        if (gone) {
            role->open_count -= input->closed ? 0 : 1;
            role_input_free(input);
        } else {
            role->inputs[kept] = input;
            kept++;
        }
    }
    role->input_count = kept;
    return err;
}

/* ---- requests ---- */

static enum err serve_open(struct op *op, struct role *role, const struct channel_message *message)
{
    struct watch_message_open open;
    struct role_input *input = NULL;
    bool agreed = watch_message_read_open(message->body, &open) == ERR_OK && role->newest != NULL &&
                  message->file != CHANNEL_NO_FILE && input_find(role, open.input) == NULL;
    if (!agreed) {
        if (message->file != CHANNEL_NO_FILE) {
            close(message->file);
        }
        return role_strange_request(op, role);
    }
    if (role->open_count == WATCH_INPUT_COUNT_MAX || role->input_count == ROLE_INPUT_COUNT_MAX) {
        close(message->file);
        return tell_ended(op, role, open.input, ERR_LIMIT, "too many inputs are open at once");
    }
    enum err err = input_new(op, role, &open, message->file, &input);
    if (err != ERR_OK) {
        char fault[FAULT_TEXT_SIZE];
        snprintf(fault, sizeof fault, "%s", op->fault.text);
        op_fault_clear(op);
        return tell_ended(op, role, open.input, err, fault);
    }
    role->inputs[role->input_count] = input;
    role->input_count++;
    role->open_count++;
    return ERR_OK;
}

static enum err serve_start(struct op *op, struct role *role, struct span body)
{
    struct watch_message_start start;
    enum err err = watch_message_read_start(body, &start);
    struct role_input *input = err == ERR_OK ? input_find(role, start.input) : NULL;
    if (input == NULL || input->phase != ROLE_ASKED) {
        return role_strange_request(op, role);
    }
    if (start.begin.position == 0) {
        mark_init(&input->mark);
    }
    input->place = start.begin;
    input->place.header = SPAN("");
    const struct observe_formats *formats = role->options->rules.formats;
    err = watch_input_seek(op, input->input, observe_formats_header(formats, input->source.format),
                           &start.begin);
    input->phase = err == ERR_AGAIN ? ROLE_SEEKS : ROLE_READS;
    return input_outcome(op, input, err == ERR_AGAIN ? ERR_OK : err);
}

static enum err serve_look(struct op *op, struct role *role, struct span body)
{
    struct watch_message_look look;
    enum err err = watch_message_read_look(body, &look);
    struct role_input *input = err == ERR_OK ? input_find(role, look.input) : NULL;
    if (input == NULL || input->phase != ROLE_RESTS) {
        return role_strange_request(op, role);
    }
    input->place.last_counts = look.last_counts;
    input->phase = ROLE_READS;
    err = watch_input_resume(op, input->input, &input->place);
    if (err == ERR_ABSENT) {
        return tell_rests(op, input);
    }
    input->at_end = false;
    return input_outcome(op, input, err);
}

static enum err serve_close(struct op *op, struct role *role, struct span body)
{
    struct watch_message_close message;
    if (watch_message_read_close(body, &message) != ERR_OK) {
        return role_strange_request(op, role);
    }
    struct role_input *input = input_find(role, message.input);
    if (input != NULL) { /* else it ended as the request was on its way */
        input->closed = true;
        role->open_count--;
    }
    return ERR_OK;
}

enum err role_input_request(struct op *op, struct role *role, const struct channel_message *message)
{
    switch (message->type) {
    case WATCH_MESSAGE_OPEN:
        return serve_open(op, role, message);
    case WATCH_MESSAGE_START:
        return serve_start(op, role, message->body);
    case WATCH_MESSAGE_LOOK:
        return serve_look(op, role, message->body);
    case WATCH_MESSAGE_CLOSE:
        return serve_close(op, role, message->body);
    default:
        return role_strange_request(op, role);
    }
}
