// SPDX-License-Identifier: EUPL-1.2
/*
 * What the watch and the store say to each other. The watch reads hostile bytes, so the store
 * checks every bound of what it says.
 *
 *     store                                   watch
 *     IMAGE (file)                     -->             at the start, and whenever indicators change
 *     ALLOWED (file)                   -->             as IMAGE: what is allowed
 *     OPEN (file, mark of what was read) -->
 *                                      <--    BEGUN    its first bytes, format, whether the mark
 * fits START (where to go on) or CLOSE  -->
 *                                      <--    FOLDS*, SEEN?, CHUNK    for every chunk, in order
 *                                      <--    RESTS    the end for now of a file that is followed
 *     LOOK                             -->             it may have grown
 *                                      <--    ENDED    nothing more comes; the watch has closed it
 *     CLOSE                            -->             at any time; what is under way is dropped
 *     QUIT                             -->             the watch ends
 *
 * Many inputs are open at once. Every message about an input begins with its number, which the
 * store chooses and never uses twice. What is said of one input comes in order, and FOLDS and SEEN
 * of a chunk directly before its CHUNK.
 */
#ifndef WATCH_MESSAGE_H
#define WATCH_MESSAGE_H

#include "os/channel.h"
#include "watch/work.h"

enum watch_message_type {
    WATCH_MESSAGE_IMAGE = 1,
    WATCH_MESSAGE_OPEN,
    WATCH_MESSAGE_START,
    WATCH_MESSAGE_LOOK,
    WATCH_MESSAGE_CLOSE,
    WATCH_MESSAGE_QUIT,
    WATCH_MESSAGE_BEGUN,
    WATCH_MESSAGE_FOLDS,
    WATCH_MESSAGE_CHUNK,
    WATCH_MESSAGE_RESTS,
    WATCH_MESSAGE_ENDED,
    WATCH_MESSAGE_ALLOWED,
    WATCH_MESSAGE_SEEN,
};

enum {
    WATCH_TEXT_SIZE_MAX = 4096,
    WATCH_INPUT_COUNT_MAX = 512, /* open at once; one more is refused with ENDED */
};

struct watch_message_open {
    uint32_t input;
    enum observe_format format; /* OBSERVE_FORMAT_AUTO: to be told by its first bytes */
    struct span stream;         /* told by the file's name; may be empty */
    struct span sensor;         /* configured; may be empty */
    bool follow;                /* a file rests at its end until LOOK */
    struct mark mark;           /* of an earlier run; of no bytes where there was none */
};

struct watch_message_start {
    uint32_t input;
    struct watch_begin begin;
};

struct watch_message_look {
    uint32_t input;
    bool last_counts; /* a last line counts without its end */
};

struct watch_message_close {
    uint32_t input;
};

struct watch_message_begun {
    uint32_t input;
    enum observe_format format; /* OBSERVE_FORMAT_AUTO: none fits, nothing will be read */
    bool known;                 /* the mark fits: it is the input that was read before */
    struct span start;          /* at most WATCH_START_SIZE bytes */
};

struct watch_message_folds {
    uint32_t input;
    struct span folds; /* written with fold_wire_add() */
};

struct watch_message_seen {
    uint32_t input;
    struct span record; /* for the history; see history/record.h */
};

struct watch_message_chunk {
    uint32_t input;
    uint64_t end;          /* position up to which lines were counted */
    struct mark_line line; /* the line before and behind it, where that has no line end */
    struct mark mark;      /* for who goes on there: its second place */
    uint64_t lines;
    uint64_t observations;
    uint64_t candidates;
    uint64_t counts[WATCH_COUNT_COUNT];
    uint64_t bytes_read; /* of the file, as it lies on the disk */
    uint32_t first_s;    /* of the lines' times, since 1970; UINT32_MAX: nothing is remembered */
    uint32_t last_s;
};

struct watch_message_rests {
    uint32_t input;
    uint64_t size;      /* of the file, when its end was reached */
    struct span header; /* TSV: the header lines in force there; at most WATCH_HEADER_SIZE_MAX */
};

struct watch_message_ended {
    uint32_t input;
    enum err err;      /* ERR_OK, or why reading stopped before the end */
    struct span fault; /* what is wrong with the input; empty where nothing is */
};

/**
 * Append the body of a message.
 *
 * buf       receives the body
 * message   written
 */
void watch_message_add_open(struct buf *buf, const struct watch_message_open *message);
void watch_message_add_start(struct buf *buf, const struct watch_message_start *message);
void watch_message_add_look(struct buf *buf, const struct watch_message_look *message);
void watch_message_add_close(struct buf *buf, const struct watch_message_close *message);
void watch_message_add_begun(struct buf *buf, const struct watch_message_begun *message);
void watch_message_add_seen(struct buf *buf, const struct watch_message_seen *message);
void watch_message_add_chunk(struct buf *buf, const struct watch_message_chunk *message);
void watch_message_add_rests(struct buf *buf, const struct watch_message_rests *message);
void watch_message_add_ended(struct buf *buf, const struct watch_message_ended *message);

/**
 * Append the beginning of the body of FOLDS; folds follow, with fold_wire_add().
 *
 * buf       receives the body
 * input     whose folds they are
 */
void watch_message_begin_folds(struct buf *buf, uint32_t input);

/**
 * Read the body of a message; spans are borrowed from it.
 *
 * body      of a message of that type
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT cut short, or a value out of bounds
 */
MUST_USE
enum err watch_message_read_open(struct span body, struct watch_message_open *ret);
MUST_USE
enum err watch_message_read_start(struct span body, struct watch_message_start *ret);
MUST_USE
enum err watch_message_read_look(struct span body, struct watch_message_look *ret);
MUST_USE
enum err watch_message_read_close(struct span body, struct watch_message_close *ret);
MUST_USE
enum err watch_message_read_begun(struct span body, struct watch_message_begun *ret);
MUST_USE
enum err watch_message_read_folds(struct span body, struct watch_message_folds *ret);
MUST_USE
enum err watch_message_read_seen(struct span body, struct watch_message_seen *ret);
MUST_USE
enum err watch_message_read_chunk(struct span body, struct watch_message_chunk *ret);
MUST_USE
enum err watch_message_read_rests(struct span body, struct watch_message_rests *ret);
MUST_USE
enum err watch_message_read_ended(struct span body, struct watch_message_ended *ret);

#endif
