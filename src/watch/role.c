// SPDX-License-Identifier: EUPL-1.2
#include "watch/role.h"

#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "os/descriptor.h"
#include "watch/crew.h"

enum { FOLDS_MESSAGE_SIZE = 256 * 1024, MESSAGE_FOLD_SIZE_MAX = 256 * 1024 };

/* An image in use. It is given back when no chunk that is out refers to it any more. */
struct generation {
    struct match_image *image;
    struct span map;
    size_t uses; /* chunks out, and one while it is the newest */
};

struct role {
    struct channel *store;
    const struct watch_role_options *options;
    struct watch_crew *crew;
    struct generation *newest;
    struct generation *allowed; /* NULL: nothing is */
    struct watch_chunk *scratch;
    struct buf body; /* of the message being made */
    struct watch_source source;
    struct mark mark;    /* of the present input, for who goes on where the last chunk told ended */
    uint64_t bytes_read; /* of the present input */
    size_t chunks_out;
    bool quit;
    bool over; /* the store has gone, or what it sent cannot be used: the role ends */
};

/* ---- the image ---- */

static void generation_drop(struct generation *generation)
{
    if (generation == NULL) {
        return;
    }
    must(generation->uses > 0);
    generation->uses--;
    if (generation->uses == 0) {
        match_image_close(generation->image);
        descriptor_unmap(generation->map);
        memory_free(generation);
    }
}

static void generation_use(struct generation *generation)
{
    if (generation != NULL) {
        generation->uses++;
    }
}

static enum err generation_open(struct op *op, int file, struct generation **ret)
{
    struct generation *generation = memory_new(sizeof *generation);
    if (generation == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for the index");
    }
    enum err err = descriptor_map(op, file, &generation->map);
    if (err == ERR_OK) {
        err = match_image_open(op, generation->map, &generation->image);
    }
    if (err != ERR_OK) {
        descriptor_unmap(generation->map);
        memory_free(generation);
        return err;
    }
    generation->uses = 1;
    *ret = generation;
    return ERR_OK;
}

/* From the next chunk on the new image is used; chunks that are out finish with the old one. */
static enum err take_image(struct op *op, struct generation **newest, int file)
{
    struct generation *generation = NULL;
    TRY(generation_open(op, file, &generation));
    generation_drop(*newest);
    *newest = generation;
    return ERR_OK;
}

/* ---- telling ---- */

static enum err tell(struct op *op, struct role *role, enum watch_message_type type)
{
    if (role->body.err != ERR_OK) {
        return op_fail(op, ERR_LIMIT, "out of memory for a message");
    }
    enum err err =
        channel_send(op, role->store, (uint8_t)type, buf_span(&role->body), CHANNEL_NO_FILE);
    buf_clear(&role->body);
    role->over = err != ERR_OK;
    return err;
}

static enum err tell_folds(struct op *op, struct role *role, const struct watch_result *result)
{
    for (size_t i = 0; i < result->fold_count; i++) {
        fold_wire_add(&role->body, result->folds[i]);
        if (role->body.size >= FOLDS_MESSAGE_SIZE) {
            TRY(tell(op, role, WATCH_MESSAGE_FOLDS));
        }
    }
    return role->body.size == 0 ? ERR_OK : tell(op, role, WATCH_MESSAGE_FOLDS);
}

static enum err tell_chunk(struct op *op, struct role *role, const struct watch_slot *slot)
{
    const struct watch_result *result = &slot->result;
    if (result->end == slot->chunk->end) {
        role->mark = slot->chunk->mark; /* nothing of it was left for later */
    }
    struct watch_message_chunk chunk = {
        .end = result->end,
        .line = result->line,
        .mark = role->mark,
        .lines = result->lines,
        .observations = result->observations,
        .candidates = result->candidates,
        .bytes_read = role->bytes_read,
    };
    span_copy(chunk.counts, sizeof chunk.counts, span_make(result->counts, sizeof chunk.counts));
    TRY(tell_folds(op, role, result));
    watch_message_add_chunk(&role->body, &chunk);
    return tell(op, role, WATCH_MESSAGE_CHUNK);
}

/* ---- one input ---- */

static enum err strange_request(struct op *op, struct role *role)
{
    role->over = true;
    return op_fail(op, ERR_FORMAT, "the store said something else than agreed");
}

static enum err take_request(struct op *op, struct role *role,
                             const struct channel_message *message)
{
    if (message->type == WATCH_MESSAGE_QUIT) {
        role->quit = true;
        return ERR_OK;
    }
    bool allowed = message->type == WATCH_MESSAGE_ALLOWED;
    if ((message->type != WATCH_MESSAGE_IMAGE && !allowed) || message->file == CHANNEL_NO_FILE) {
        return strange_request(op, role);
    }
    enum err err = take_image(op, allowed ? &role->allowed : &role->newest, message->file);
    close(message->file);
    role->over = err != ERR_OK;
    return err;
}

/* Requests that may come while an input is read: a new image, or to stop. */
static enum err look_for_requests(struct op *op, struct role *role)
{
    for (;;) {
        struct channel_message message;
        enum err err = channel_receive(op, role->store, false, &message);
        if (err == ERR_AGAIN) {
            return ERR_OK;
        }
        role->over = err != ERR_OK;
        TRY(err);
        TRY(take_request(op, role, &message));
    }
}

/* Requests are looked for when the lines have been read, not before: an image that was there before
 * the lines were written is used for them. */
static enum err give_chunk(struct op *op, struct role *role, struct watch_input *input,
                           struct watch_slot *slot)
{
    TRY(watch_input_next(op, input, slot->chunk));
    TRY(look_for_requests(op, role));
    slot->source = &role->source;
    slot->images = (struct watch_images){
        .indicators = role->newest->image,
        .allowed = role->allowed == NULL ? NULL : role->allowed->image,
    };
    slot->tag = role->newest;
    slot->allow_tag = role->allowed;
    generation_use(role->newest);
    generation_use(role->allowed);
    role->bytes_read = watch_input_bytes_read(input);
    role->chunks_out++;
    watch_crew_give(role->crew);
    return ERR_OK;
}

/* Hand out chunks while there are free slots. Where a pipe falls silent, what is out is taken back
 * first: somebody waits for it. */
static enum err give_chunks(struct op *op, struct role *role, struct watch_input *input,
                            bool *ret_ended)
{
    struct watch_slot *slot = watch_crew_free_slot(role->crew);
    while (slot != NULL && !*ret_ended && !role->quit) {
        if (role->chunks_out > 0 && watch_input_is_silent(input)) {
            return ERR_OK;
        }
        enum err err = give_chunk(op, role, input, slot);
        if (err == ERR_ABSENT && !role->over) {
            *ret_ended = true;
            return ERR_OK;
        }
        TRY(err);
        slot = watch_crew_free_slot(role->crew);
    }
    return ERR_OK;
}

static void chunk_release(struct role *role, struct watch_slot *slot)
{
    generation_drop(slot->tag);
    generation_drop(slot->allow_tag);
    role->chunks_out--;
    watch_crew_release(role->crew);
}

static enum err take_chunk(struct op *op, struct role *role, bool *ret_none)
{
    struct watch_slot *slot = watch_crew_take(role->crew);
    *ret_none = slot == NULL;
    if (slot == NULL) {
        return ERR_OK;
    }
    enum err err = slot->err;
    if (err != ERR_OK) {
        err = op_fail(op, err, "%s", slot->result.op.fault.text);
    } else {
        err = tell_chunk(op, role, slot);
    }
    chunk_release(role, slot);
    return err;
}

static enum err read_through(struct op *op, struct role *role, struct watch_input *input)
{
    bool ended = false;
    bool none = false;
    enum err err = ERR_OK;
    while (err == ERR_OK && !none) {
        err = give_chunks(op, role, input, &ended);
        enum err taken = ERR_OK;
        if (err == ERR_OK) {
            taken = take_chunk(op, role, &none);
        }
        err = err != ERR_OK ? err : taken;
    }
    while (!none) { /* after an error: what is out comes back unused */
        struct watch_slot *slot = watch_crew_take(role->crew);
        none = slot == NULL;
        if (slot != NULL) {
            chunk_release(role, slot);
        }
    }
    return err;
}

static enum err tell_ended(struct op *op, struct role *role, enum err err, const char *fault)
{
    const struct watch_message_ended ended = {
        .err = err,
        .fault = err == ERR_OK ? span_of(fault) : span_of(op->fault.text),
    };
    buf_clear(&role->body);
    watch_message_add_ended(&role->body, &ended);
    op_fault_clear(op);
    return tell(op, role, WATCH_MESSAGE_ENDED);
}

static enum err serve_start(struct op *op, struct role *role, struct watch_input *input,
                            struct span body)
{
    struct watch_begin begin;
    if (watch_message_read_start(body, &begin) != ERR_OK) {
        return strange_request(op, role);
    }
    if (begin.position == 0) {
        mark_init(&role->mark);
    }
    enum err err = watch_input_seek(op, input, role->source.format, &begin, role->scratch);
    if (err == ERR_OK) {
        err = read_through(op, role, input);
    }
    if (role->over) {
        return err;
    }
    return tell_ended(op, role, err, watch_input_fault(input));
}

/* The store says where to go on, or to leave the input alone; a new image may come before that. */
static enum err wait_for_start(struct op *op, struct role *role, struct watch_input *input)
{
    while (!role->quit) {
        struct channel_message message;
        TRY(channel_receive(op, role->store, true, &message));
        switch (message.type) {
        case WATCH_MESSAGE_START:
            return serve_start(op, role, input, message.body);
        case WATCH_MESSAGE_DROP:
            return ERR_OK;
        default:
            TRY(take_request(op, role, &message));
        }
    }
    return ERR_OK;
}

static enum err begin_input(struct op *op, struct role *role, struct watch_input *input)
{
    struct watch_message_begun begun = {
        .format = role->source.format,
        .start = watch_input_start(input),
    };
    enum err err = watch_input_is_known(op, input, &role->mark, &begun.known);
    if (err != ERR_OK) {
        return tell_ended(op, role, err, NULL);
    }
    watch_message_add_begun(&role->body, &begun);
    TRY(tell(op, role, WATCH_MESSAGE_BEGUN));
    return wait_for_start(op, role, input);
}

static enum err serve_open(struct op *op, struct role *role, const struct channel_message *message)
{
    struct watch_message_open open;
    struct watch_input *input = NULL;
    struct span stream = { NULL, 0 };
    struct span sensor = { NULL, 0 };
    if (watch_message_read_open(message->body, &open) != ERR_OK || role->newest == NULL) {
        close(message->file);
        return strange_request(op, role);
    }
    TRY(op_copy(op, open.stream, &stream));
    TRY(op_copy(op, open.sensor, &sensor));
    enum observe_format format = open.format;
    enum err err = watch_input_open(op, message->file, &input);
    if (err != ERR_OK) {
        return tell_ended(op, role, err, NULL);
    }
    struct span start = watch_input_start(input);
    if (start.size == 0 && watch_input_fault(input) != NULL) {
        err = tell_ended(op, role, ERR_OK, watch_input_fault(input));
        watch_input_close(input);
        return err;
    }
    if (format == OBSERVE_FORMAT_AUTO) {
        format = observe_detect(start);
    }
    role->bytes_read = 0;
    role->source = (struct watch_source){ .format = format, .stream = stream, .sensor = sensor };
    role->mark = open.mark;
    err = begin_input(op, role, input);
    watch_input_close(input);
    return err;
}

/* ---- the role ---- */

static enum err serve(struct op *op, struct role *role)
{
    while (!role->quit) {
        struct channel_message message;
        TRY(channel_receive(op, role->store, true, &message));
        enum err err = ERR_OK;
        if (message.type == WATCH_MESSAGE_OPEN) {
            err = serve_open(op, role, &message);
            arena_reset(&op->arena); /* nothing of this input is needed any more */
        } else {
            err = take_request(op, role, &message);
        }
        TRY(err);
    }
    return ERR_OK;
}

enum err watch_role_run(struct op *op, struct channel *store,
                        const struct watch_role_options *options)
{
    must(options->jobs >= 1);
    must(options->jobs <= WATCH_JOBS_MAX);
    struct role role = { .store = store, .options = options };
    buf_init(&role.body, FOLDS_MESSAGE_SIZE + MESSAGE_FOLD_SIZE_MAX);
    enum err err = watch_crew_new(op, &options->rules, options->jobs, &role.crew);
    if (err == ERR_OK) {
        err = watch_chunk_new(op, &role.scratch);
    }
    if (err == ERR_OK) {
        err = serve(op, &role);
    }
    watch_crew_free(role.crew);
    watch_chunk_free(role.scratch);
    generation_drop(role.newest);
    generation_drop(role.allowed);
    buf_done(&role.body);
    return err;
}
