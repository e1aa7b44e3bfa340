// SPDX-License-Identifier: EUPL-1.2
/*
 * What the files of the role share; nobody else includes it.
 */
#ifndef WATCH_ROLE_INNER_H
#define WATCH_ROLE_INNER_H

#include "os/loop.h"
#include "watch/crew.h"
#include "watch/role.h"

enum {
    ROLE_INFLATING_MAX = 2, /* compressed inputs that are read at once: each may take a window */
    ROLE_INPUT_COUNT_MAX =
        2 * WATCH_INPUT_COUNT_MAX, /* those included whose chunks are still out */
    ROLE_TEXT_MEMORY_MAX = 64 * 1024,
};

/* An image in use. It is given back when no chunk that is out refers to it any more. */
struct role_generation {
    struct match_image *image;
    struct span map;
    size_t uses; /* chunks out, and one while it is the newest */
};

/* The life of an input. */
enum role_phase {
    ROLE_BEGINS, /* its first bytes are to be read */
    ROLE_ASKED,  /* BEGUN was told: the store says where to go on */
    ROLE_SEEKS,  /* what was counted before is read once more, and dropped */
    ROLE_READS,
    ROLE_RESTS, /* a file that is followed, at its end */
    ROLE_OVER,  /* nothing more is read of it */
};

struct role_input {
    uint32_t number;
    enum role_phase phase;
    bool follow;
    bool closed;    /* by the store: nothing more is told of it */
    bool silent;    /* a pipe that has nothing to give until the loop says so */
    bool waits;     /* its pipe is in the loop */
    bool inflating; /* counted among those */
    bool at_end;
    size_t chunks_out;
    struct watch_input *input;
    struct watch_source source;
    struct mark mark;         /* for who goes on where the last chunk told ended */
    struct watch_begin place; /* where that is */
    uint64_t bytes_read;
    enum err err; /* why it is over before its end */
    char fault[FAULT_TEXT_SIZE];
    struct op texts; /* memory of the source's texts */
    struct loop_entry entry;
    struct role *role;
};

struct role {
    struct channel *store;
    const struct watch_role_options *options;
    struct loop *loop;
    struct loop_entry store_entry;
    struct watch_crew *crew;
    struct role_generation *newest;
    struct role_generation *allowed; /* NULL: nothing is */
    struct watch_chunk *scratch;
    struct buf body;   /* of the message being made */
    size_t open_count; /* of the inputs, those that the store has not closed */
    size_t input_count;
    struct role_input *inputs[ROLE_INPUT_COUNT_MAX];
    size_t turn; /* of the input that is looked at next */
    size_t inflating;
    struct op *op;
    bool quit;
    bool over; /* the store has gone, or what it sent cannot be used: the role ends */
};

/**
 * Tell the store the message that was made in role->body.
 *
 * op        work in hand
 * role      at work
 * type      of the message
 *
 * Errors    ERR_ABSENT the store has gone; ERR_LIMIT; ERR_IO: the role ends
 */
MUST_USE
enum err role_tell(struct op *op, struct role *role, enum watch_message_type type);

/**
 * The store said something else than agreed.
 *
 * op        work in hand
 * role      ends
 *
 * Errors    ERR_FORMAT always
 */
MUST_USE
enum err role_strange_request(struct op *op, struct role *role);

/**
 * Hear what the store has said: new images, requests about inputs, or to stop.
 *
 * op        work in hand
 * role      at work
 *
 * Errors    ERR_ABSENT the store has gone; ERR_FORMAT; ERR_CORRUPT; ERR_LIMIT; ERR_IO
 */
MUST_USE
enum err role_hear(struct op *op, struct role *role);

/**
 * Do what the store asks about an input: OPEN, START, LOOK or CLOSE.
 *
 * op        work in hand
 * role      at work
 * message   its file is taken
 *
 * Errors    ERR_FORMAT it is none of these, or broken; those of role_tell(): the role ends
 */
MUST_USE
enum err role_input_request(struct op *op, struct role *role,
                            const struct channel_message *message);

/**
 * Let an input do what it can: begin, go on seeking, or fill a slot with its next chunk and hand it
 * out.
 *
 * op        work in hand
 * input     of the role
 * slot      free
 * ret_busy  whether it did something
 *
 * Errors    those of role_tell() and role_hear(): the role ends. What is wrong with the input is
 *           kept in it
 */
MUST_USE
enum err role_input_turn(struct op *op, struct role_input *input, struct watch_slot *slot,
                         bool *ret_busy);

/**
 * Take back a slot whose work is done: what it holds is told, unless the input is closed or over.
 *
 * op        work in hand
 * role      at work
 * slot      from watch_crew_take(); released
 *
 * Errors    those of role_tell(): the role ends
 */
MUST_USE
enum err role_input_take(struct op *op, struct role *role, struct watch_slot *slot);

/**
 * Tell the end of inputs that have come to it, and give back those that are over.
 *
 * op        work in hand
 * role      at work
 *
 * Errors    those of role_tell(): the role ends
 */
MUST_USE
enum err role_inputs_settle(struct op *op, struct role *role);

/**
 * Give an input back; its chunks must be back.
 *
 * input     NULL does nothing
 */
void role_input_free(struct role_input *input);

/**
 * Use an image.
 *
 * generation  NULL does nothing
 */
void role_generation_use(struct role_generation *generation);

/**
 * Give back a slot whose work is done, and what it used.
 *
 * role      at work
 * slot      from watch_crew_take()
 */
void role_slot_release(struct role *role, struct watch_slot *slot);

/**
 * Stop using an image; the last one who does gives it back.
 *
 * generation  NULL does nothing
 */
void role_generation_drop(struct role_generation *generation);

#endif
