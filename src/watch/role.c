// SPDX-License-Identifier: EUPL-1.2
#include "watch/role.h"

#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "history/record.h"
#include "os/descriptor.h"
#include "watch/role_inner.h"

enum {
    /* Of a message: folds in portions, and what one of them takes; or what a chunk of lines that
     * are all different has to be remembered. */
    BODY_SIZE_MAX = HISTORY_RECORD_SIZE_MAX + 512 * 1024,
    WAITING_MAX = 64 * 1024, /* bytes that the store has not taken: then results wait, too */
};

/* ---- the image ---- */

void role_generation_drop(struct role_generation *generation)
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

void role_generation_use(struct role_generation *generation)
{
    if (generation != NULL) {
        generation->uses++;
    }
}

static enum err generation_open(struct op *op, int file, struct role_generation **ret)
{
    struct role_generation *generation = memory_new(sizeof *generation);
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
static enum err take_image(struct op *op, struct role_generation **newest, int file)
{
    struct role_generation *generation = NULL;
    TRY(generation_open(op, file, &generation));
    role_generation_drop(*newest);
    *newest = generation;
    return ERR_OK;
}

/* ---- talking ---- */

enum err role_tell(struct op *op, struct role *role, enum watch_message_type type)
{
    if (role->body.err != ERR_OK) {
        role->over = true;
        return op_fail(op, ERR_LIMIT, "out of memory for a message");
    }
    enum err err =
        channel_post(op, role->store, (uint8_t)type, buf_span(&role->body), CHANNEL_NO_FILE);
    buf_clear(&role->body);
    role->over = err != ERR_OK;
    return err;
}

enum err role_strange_request(struct op *op, struct role *role)
{
    role->over = true;
    return op_fail(op, ERR_FORMAT, "the store said something else than agreed");
}

static enum err take_request(struct op *op, struct role *role,
                             const struct channel_message *message)
{
    enum err err = ERR_OK;
    bool allowed = message->type == WATCH_MESSAGE_ALLOWED;
    switch (message->type) {
    case WATCH_MESSAGE_QUIT:
        role->quit = true;
        return ERR_OK;
    case WATCH_MESSAGE_IMAGE:
    case WATCH_MESSAGE_ALLOWED:
        if (message->file == CHANNEL_NO_FILE) {
            return role_strange_request(op, role);
        }
        err = take_image(op, allowed ? &role->allowed : &role->newest, message->file);
        close(message->file);
        role->over = err != ERR_OK;
        return err;
    default:
        return role_input_request(op, role, message);
    }
}

enum err role_hear(struct op *op, struct role *role)
{
    while (!role->quit) {
        struct channel_message message;
        enum err err = channel_receive(op, role->store, false, &message);
        if (err == ERR_AGAIN) {
            return ERR_OK;
        }
        role->over = err != ERR_OK;
        TRY(err);
        TRY(take_request(op, role, &message));
    }
    return ERR_OK;
}

static enum err on_store(void *context, unsigned events)
{
    struct role *role = context;
    (void)events;
    TRY(channel_flush(role->op, role->store));
    return role_hear(role->op, role);
}

/* ---- work ---- */

static void on_done(void *context)
{
    struct role *role = context;
    loop_wake(role->loop);
}

/* Take back what is done, unless the store cannot keep up: then chunks stay out, and no more are
 * read. */
static enum err take_done(struct op *op, struct role *role, bool *ret_some)
{
    while (channel_waiting(role->store) < WAITING_MAX) {
        struct watch_slot *slot = watch_crew_take(role->crew, false);
        if (slot == NULL) {
            return ERR_OK;
        }
        *ret_some = true;
        TRY(role_input_take(op, role, slot));
    }
    return ERR_OK;
}

/* Each input that has something gets its turn, a chunk at a time. */
static enum err give_turns(struct op *op, struct role *role, bool *ret_some)
{
    size_t idle = 0;
    struct watch_slot *slot = watch_crew_free_slot(role->crew);
    while (slot != NULL && idle < role->input_count && !role->quit) {
        bool busy = false;
        role->turn = role->turn + 1 < role->input_count ? role->turn + 1 : 0;
        TRY(role_input_turn(op, role->inputs[role->turn], slot, &busy));
        idle = busy ? 0 : idle + 1;
        *ret_some = *ret_some || busy;
        slot = watch_crew_free_slot(role->crew);
    }
    return ERR_OK;
}

static enum err serve(struct op *op, struct role *role)
{
    while (!role->quit) {
        bool busy = false;
        TRY(take_done(op, role, &busy));
        TRY(give_turns(op, role, &busy));
        TRY(role_inputs_settle(op, role));
        bool sends = channel_waiting(role->store) > 0;
        TRY(loop_change(op, role->loop, &role->store_entry, sends ? LOOP_IN | LOOP_OUT : LOOP_IN));
        TRY(loop_wait(op, role->loop, busy ? 0 : -1));
    }
    return ERR_OK;
}

static enum err role_begin(struct op *op, struct role *role)
{
    const struct watch_crew_listener listener = { .done = on_done, .context = role };
    TRY(loop_new(op, &role->loop));
    role->store_entry = (struct loop_entry){
        .fd = role->store->fd,
        .events = LOOP_IN,
        .ready = on_store,
        .context = role,
    };
    TRY(loop_add(op, role->loop, &role->store_entry));
    TRY(watch_crew_new(op, &role->options->rules, role->options->jobs, &listener, &role->crew));
    return watch_chunk_new(op, &role->scratch);
}

/* What is out comes back unused: nobody waits for it any more. */
static void drop_chunks(struct role *role)
{
    struct watch_slot *slot = watch_crew_take(role->crew, true);
    while (slot != NULL) {
        role_slot_release(role, slot);
        slot = watch_crew_take(role->crew, true);
    }
}

static void role_end(struct role *role)
{
    if (role->crew != NULL) {
        drop_chunks(role);
    }
    watch_crew_free(role->crew);
    for (size_t i = 0; i < role->input_count; i++) {
        role_input_free(role->inputs[i]);
    }
    watch_chunk_free(role->scratch);
    role_generation_drop(role->newest);
    role_generation_drop(role->allowed);
    loop_free(role->loop);
    buf_done(&role->body);
    memory_free(role);
}

enum err watch_role_run(struct op *op, struct channel *store,
                        const struct watch_role_options *options)
{
    must(options->jobs >= 1);
    must(options->jobs <= WATCH_JOBS_MAX);
    struct role *role = memory_new(sizeof *role);
    if (role == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for the watch");
    }
    role->store = store;
    role->options = options;
    role->op = op;
    buf_init(&role->body, BODY_SIZE_MAX);
    enum err err = role_begin(op, role);
    if (err == ERR_OK) {
        err = serve(op, role);
    }
    role_end(role);
    return err;
}
