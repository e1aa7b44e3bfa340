// SPDX-License-Identifier: EUPL-1.2
/*
 * What the files of a session share; nobody else includes it.
 */
#ifndef NODE_SESSION_INNER_H
#define NODE_SESSION_INNER_H

#include "node/session.h"

enum {
    SESSION_BATCH_MEMORY_MAX = 512 * 1024 * 1024,
    SESSION_WATCH_MEMORY_MAX = 64 * 1024 * 1024,
    SESSION_HEADER_SIZE_MAX = 16 * 1024, /* of header lines that are kept for later */
};

enum session_phase {
    SESSION_ASKS,  /* the watch looks at its first bytes */
    SESSION_READS, /* the watch is at work on it */
    SESSION_RESTS, /* it is followed, and at its end for now */
    SESSION_ENDED, /* nothing more comes of it */
};

/* What the owner of an input says to its first bytes. */
struct session_answer {
    bool leave;                        /* close it: the owner comes back later */
    const struct store_input *copy_of; /* it is a copy of that one, if the bytes fit; borrowed */
};

/* What the owner of an input wants of it. */
struct session_how {
    bool follow;        /* a file rests at its end; a pipe is known again by its name */
    bool seen;          /* it was read before, and is counted as an input already */
    struct span header; /* TSV: header lines in force where reading goes on; borrowed */
    bool aside;         /* a self-test: nothing of it is counted; `found` hears of its folds */
    void *owner;
    void (*found)(struct session_input *input, const struct fold *fold);
    /* Its first bytes are there. NULL: nobody asks. */
    enum err (*begun)(struct session_input *input, const struct watch_message_begun *begun,
                      struct session_answer *ret);
    /* Lines of it were read. NULL: nobody asks. */
    void (*heard)(struct session_input *input, uint64_t lines);
    /* It rests, or has ended: the last thing that is done, so the input may be released. NULL:
     * nobody asks. */
    enum err (*stirred)(struct session_input *input);
};

/* One input: what is known of it, and what the watch has told. */
struct session_input {
    struct session *session;
    uint32_t number; /* in messages; never used twice */
    enum session_phase phase;
    struct input_named named;
    uint8_t *path; /* of `named` */
    struct session_how how;
    enum err err;  /* why it ended: ERR_OK at its end */
    bool read;     /* counted among the inputs that were read */
    bool is_known; /* what was read before is what it holds, or began with */
    bool was_left; /* it ended because its owner left it */
    /* of the file */
    bool regular;
    uint64_t device;
    uint64_t inode;
    uint64_t size;   /* when it was opened */
    int64_t made_us; /* when the file was made */
    /* as the store knows it */
    bool counted; /* `state` is to be kept */
    bool changed; /* ... and is not kept as it is now */
    bool copy;    /* it goes on where another one was read up to */
    struct store_input state;
    struct store_input known; /* what was last read from this file; number 0: nothing */
    size_t start_size;        /* its first bytes */
    uint8_t start[WATCH_START_SIZE];
    uint64_t bytes_read;
    uint64_t lines;     /* read by this run */
    uint64_t unread;    /* of these, what gave nothing */
    uint64_t waiting;   /* bytes of its last line, which has no end yet */
    size_t header_size; /* TSV: header lines in force where it rests; 0: none, or too many */
    uint8_t *header;
    uint64_t fill_end; /* filling: where what is not remembered ends; else 0 */
    uint64_t fill_at;  /* filling: up to here it was read */
    bool released;     /* its owner has done with it: it goes when it is counted */
};

/* ---- filling ---- */

/**
 * Begin with the next piece of an input that was read before and is not remembered; where there is
 * none, or nobody has read it, it is closed.
 *
 * input     its first bytes are there; its format is known
 * format    that is
 *
 * Errors    ERR_ABSENT the watch has gone; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err session_fill_begin(struct session_input *input, struct span format);

/**
 * Lines of it are remembered now.
 *
 * input     begun
 * chunk     what was read
 */
void session_fill_move(struct session_input *input, const struct watch_message_chunk *chunk);

/* ---- the process ---- */

/**
 * Say something to the watch process; it is sent as soon as there is room.
 *
 * session   begun
 * type      what is said
 * body      of the message
 * file      goes with it, still the caller's; or CHANNEL_NO_FILE
 *
 * Errors    ERR_ABSENT it has gone; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err session_send(struct session *session, enum watch_message_type type, struct span body,
                      int file);

/**
 * Start the watch process. When the store is open, it is closed in the new process before the first
 * hostile byte.
 *
 * session   begun, without one
 *
 * Errors    ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err session_watch_start(struct session *session);

/**
 * The watch process has broken: start another one. What it was at work on has ended with
 * ERR_ABSENT.
 *
 * session   begun
 *
 * Errors    ERR_IO; ERR_LIMIT; or what owners of inputs returned
 */
MUST_USE
enum err session_watch_restart(struct session *session);

/**
 * Stop the watch process.
 *
 * session   begun; one that has none does nothing
 *
 * Errors    ERR_IO it had broken
 */
MUST_USE
enum err session_watch_stop(struct session *session);

/**
 * Wait for the watch process alone, and take what it says: for who is called from within
 * session_wait(). Lines are counted and outputs served meanwhile.
 *
 * session     begun
 * timeout_ms  longer than this is not waited
 *
 * Errors    as session_wait()
 */
MUST_USE
enum err session_watch_turn(struct session *session, int timeout_ms);

/**
 * Give the watch the images that are right now, unless it has them.
 *
 * session   begun
 *
 * Errors    those of node_index()
 */
MUST_USE
enum err session_images_send(struct session *session);

/**
 * Wait for the watch and everybody else until something happens; serve callers, count and show
 * progress meanwhile.
 *
 * session     begun
 * timeout_ms  longer than this is not waited
 *
 * Errors    ERR_CANCELLED somebody asked to stop; ERR_ABSENT the watch has gone; ERR_IO; others:
 *           the run cannot go on
 */
MUST_USE
enum err session_wait(struct session *session, int timeout_ms);

/**
 * Tell the service manager that the run lives, where it asks to be told.
 *
 * session   begun
 */
void session_tell_alive(struct session *session);

/**
 * End work that was done in session->scratch: its memory goes back, its fault is the run's. A run
 * that lasts for weeks must not keep either.
 *
 * session   begun
 * err       how the work ended
 *
 * Errors    ERR_IO, or whatever `err` is
 */
MUST_USE
enum err session_scratch_end(struct session *session, enum err err);

/* ---- metrics ---- */

/**
 * Give metrics to who asks, from now on, where that is configured. Where it cannot be done, that is
 * told, and the run goes on.
 *
 * session   begun, its store is open and not in its jail yet
 */
void session_web_begin(struct session *session);

/**
 * Start the web process where it is to run and does not.
 *
 * session   begun
 */
void session_web_turn(struct session *session);

/**
 * Give metrics no more.
 *
 * session   begun; one that gives none does nothing
 */
void session_web_end(struct session *session);

/* ---- history ---- */

/**
 * Open the history for what will be seen, and tell what was mended.
 *
 * session   begun, its store is open and not in its jail yet
 *
 * Errors    those of past_open()
 */
MUST_USE
enum err session_history_begin(struct session *session);

/**
 * Indicators have changed: look back again when all lines that were read without them are counted.
 *
 * session   begun
 */
void session_look_again(struct session *session);

/**
 * Put indicators that are new to all that was seen.
 *
 * session   begun; its store is open
 *
 * Errors    those of past_look_back()
 */
MUST_USE
enum err session_look_back(struct session *session);

struct past_look;

/**
 * Tell what looking back did not see: what was damaged, cut, or waits for a second person.
 *
 * session   begun
 * look      of past_look_back()
 */
void session_tell_look(struct session *session, const struct past_look *look);

/**
 * Put the history in order for a while, where its share of the time allows it.
 *
 * session   begun
 *
 * Errors    those of history_work()
 */
MUST_USE
enum err session_history_turn(struct session *session);

/**
 * When the history is to be put in order again, by os_monotonic_us(); INT64_MAX: never.
 *
 * session   begun
 */
int64_t session_history_due_us(const struct session *session);

/**
 * Whether more was seen than the history could put in order: the watch is not heard until it has.
 *
 * session   begun
 */
bool session_history_overrun(const struct session *session);

/* ---- what is known of an input ---- */

/**
 * Count what was wrong.
 *
 * state     changed
 * reason    for which it was; lives as long as the run
 * count     how often; 0 changes nothing
 */
void session_count_fault(struct store_input *state, struct span reason, uint64_t count);

/**
 * Which input an open file is.
 *
 * input     filled in
 * fd        of the file; still the caller's
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err session_input_identify(struct session_input *input, int fd);

/**
 * What was last read from a file; its mark goes to the watch, which tells whether it fits.
 *
 * input     identified; its `known` is filled in
 *
 * Errors    those of session_commit() and store_input_find()
 */
MUST_USE
enum err session_known_find(struct session_input *input);

/**
 * Whether what was read before is what it holds, or began with.
 *
 * input     session_known_find() was asked
 * begun     what the watch told
 */
bool session_is_known(const struct session_input *input, const struct watch_message_begun *begun);

/**
 * What is known of an input when it begins: where an earlier run stopped, or that it is new.
 *
 * input     its state is made
 * begun     what the watch told
 * answer    of its owner
 */
void session_state_begin(struct session_input *input, const struct watch_message_begun *begun,
                         const struct session_answer *answer);

/**
 * The input was read on. Its first bytes become part of its mark as they are counted.
 *
 * input     its state moves
 * chunk     what the watch told
 */
void session_state_move(struct session_input *input, const struct watch_message_chunk *chunk);

/* ---- what is said of it ---- */

/**
 * Say OPEN, START or CLOSE.
 *
 * input     found in the session
 * fd        of the file; still the caller's
 * state     where reading goes on
 *
 * Errors    ERR_ABSENT the watch has gone; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err session_say_open(struct session_input *input, int fd);
MUST_USE
enum err session_say_start(struct session_input *input, const struct store_input *state);
MUST_USE
enum err session_say_close(struct session_input *input);

/* ---- one input ---- */

/**
 * Hand an open file to the watch.
 *
 * session   begun; session_is_whole()
 * named     how it is called; its path is copied, the rest is borrowed for the run
 * how       copied
 * fd        still the caller's
 * ret       until session_input_release(); untouched on error
 *
 * Errors    ERR_LIMIT no memory; ERR_ABSENT the watch has gone; ERR_IO
 */
MUST_USE
enum err session_input_open(struct session *session, const struct input_named *named,
                            const struct session_how *how, int fd, struct session_input **ret);

/**
 * Let the watch read on an input that rests: it may have grown.
 *
 * input        rests
 * last_counts  its last line counts without its end
 *
 * Errors    ERR_ABSENT the watch has gone; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err session_input_look(struct session_input *input, bool last_counts);

/**
 * Count what was wrong with an input of a named format, whose first line may not have come yet.
 *
 * input     not ended
 * reason    for which it was; lives as long as the run
 * count     how often; 0 changes nothing
 */
void session_input_fault(struct session_input *input, struct span reason, uint64_t count);

/**
 * An input is read: it is counted as one, once.
 *
 * input     open
 */
void session_input_read(struct session_input *input);

/**
 * An input has another name from now on.
 *
 * input     from session_input_open()
 * path      copied
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err session_input_rename(struct session_input *input, struct span path);

/**
 * Do with an input what must be done when nobody needs it any more: the watch closes it where it
 * has not ended; it is given back when all of it is counted.
 *
 * input     from session_input_open()
 *
 * Errors    ERR_ABSENT the watch has gone; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err session_input_release(struct session_input *input);

/**
 * Take what the watch says of an input.
 *
 * session   begun
 * message   not trusted
 *
 * Errors    ERR_FORMAT it is none of what was agreed; those of session_commit()
 */
MUST_USE
enum err session_input_hear(struct session *session, const struct channel_message *message);

/**
 * Tell people something.
 *
 * session   begun
 * text      for people
 */
void session_tell_text(struct session *session, const char *text);

/**
 * Tell people something about an input: "PATH: ...".
 *
 * session   begun
 * path      of the input; "-" is shown as stdin
 * what      for people
 */
void session_tell(struct session *session, struct span path, const char *what);

/**
 * Give back inputs that were released and are counted.
 *
 * session   begun
 */
void session_inputs_sweep(struct session *session);

/**
 * Give back all inputs.
 *
 * session   begun
 */
void session_inputs_free(struct session *session);

/* ---- what is counted ---- */

/**
 * Whether all chunks of which folds were told were told whole: only then may be counted, and may
 * an input be opened.
 *
 * session   begun
 */
bool session_is_whole(const struct session *session);

/**
 * Count what gathered.
 *
 * session   begun; session_is_whole()
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT: nothing was counted
 */
MUST_USE
enum err session_commit(struct session *session);

/**
 * When what gathered is to be counted, by os_monotonic_us(); INT64_MAX: nothing has gathered.
 *
 * session   begun
 */
int64_t session_commit_due_us(const struct session *session);

/**
 * Count what gathered, where it is much or old.
 *
 * session   begun
 *
 * Errors    as session_commit()
 */
MUST_USE
enum err session_commit_when_due(struct session *session);

/**
 * Close the folds of which nothing more is expected, once in a while.
 *
 * session   begun
 *
 * Errors    ERR_CANCELLED somebody asked to stop; ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err session_close_when_due(struct session *session);

/**
 * Close the folds of which nothing more is expected, and those of old logs.
 *
 * session   begun; all was counted
 *
 * Errors    as session_close_when_due()
 */
MUST_USE
enum err session_close_at_end(struct session *session);

/**
 * Gather the folds of a message from the watch.
 *
 * session   begun
 * input     whose they are
 * body      the folds; not trusted
 *
 * Errors    ERR_FORMAT it holds what is no fold, or the chunk of other folds was not told;
 * ERR_LIMIT
 */
MUST_USE
enum err session_on_folds(struct session *session, uint32_t input, struct span body);

/**
 * The watch told what is to be remembered of a chunk.
 *
 * session   begun
 * record    copied
 *
 * Errors    ERR_FORMAT nobody asked for it; ERR_LIMIT
 */
MUST_USE
enum err session_on_seen(struct session *session, struct span record);

/**
 * The chunk whose folds gathered was told whole, or counts for nothing.
 *
 * session   begun
 * counts    whether its folds count, and what it saw is remembered
 *
 * Errors    ERR_FORMAT what is to be remembered cannot be read; ERR_LIMIT
 */
MUST_USE
enum err session_on_chunk_end(struct session *session, bool counts);

/**
 * An input has something to be counted.
 *
 * input     its state is to be kept
 */
void session_input_changed(struct session_input *input);

#endif
