// SPDX-License-Identifier: EUPL-1.2
/*
 * The work on a chunk of lines: scan, put every value to the index, and make folds of what it met.
 *
 * Most lines meet nothing. In the first pass a line is scanned and its values are hashed into the
 * batch; only lines that the index calls candidates are read a second time, and looked at closely.
 */
#ifndef WATCH_WORK_H
#define WATCH_WORK_H

#include "history/rules.h"
#include "match/match.h"
#include "observe/formats.h"
#include "observe/redact.h"
#include "store/fold.h"
#include "watch/input.h"
#include "watch/inside.h"

/* Why lines or values were not fully read; counted for each input and shown. The first are the
 * faults of observe/, under their numbers. */
enum {
    WATCH_COUNT_NO_TIME =
        OBSERVE_FAULT_COUNT, /* no time that can be read: the time of reading is used */
    WATCH_COUNT_ODD_TIME,    /* a time that cannot be: likewise; of hits, or of all lines where they
                              * are remembered */
    WATCH_COUNT_CUT,         /* more values than a line may have */
    WATCH_COUNT_REPAIRED,    /* bytes that were not UTF-8 were replaced */
    WATCH_COUNT_REFUSED,     /* an address or digest that is none */
    WATCH_COUNT_UNFIT,       /* a host, URL, mail address ... that is none */
    WATCH_COUNT_NO_STREAM,   /* nothing tells what the line is about: only its ends are read */
    WATCH_COUNT_GROWN,       /* a last line went on after it had been counted without its end */
    WATCH_COUNT_NOT_REMEMBERED, /* values for which a chunk's record had no room, or no time */
    WATCH_COUNT_COUNT,
};

/* What all chunks of a run share; it does not change while they are worked on. */
struct watch_rules {
    const struct inside *inside;
    const struct observe_rules *privacy;
    struct span host_name;     /* the sensor, where neither configuration nor log names one */
    int64_t now_us;            /* the time of lines without a time of their own */
    int64_t fold_us;           /* length of a fold */
    enum record_engine engine; /* scanner for JSON */
    const struct history_rules *history;   /* what is remembered; NULL: nothing */
    const struct observe_formats *formats; /* with mappings; NULL: none */
};

/* What an input is, for its chunks. */
struct watch_source {
    enum observe_format format;
    struct span stream; /* told by the file's name; may be empty */
    struct span sensor; /* configured for this input; may be empty */
};

/* What lines are put to. */
struct watch_images {
    const struct match_image *indicators;
    const struct match_image *allowed; /* see match/allow.h; NULL: nothing is */
};

/* What a chunk gave. Folds and their texts live in `op`, until the next watch_work_run(). */
struct watch_result {
    struct op op;
    uint64_t lines;
    uint64_t observations;
    uint64_t counts[WATCH_COUNT_COUNT];
    uint64_t candidates;   /* lines that were looked at closely */
    uint64_t end;          /* position up to which the lines were counted */
    struct mark_line line; /* the line before and behind it, where that has no line end */
    size_t fold_count;
    struct fold **folds; /* in the order in which they opened */
    uint32_t first_s;    /* of the lines' times; UINT32_MAX: nothing is remembered of it */
    uint32_t last_s;
    struct span seen;  /* what is to be remembered (history/record.h); empty: nothing */
    struct buf record; /* its bytes; kept from chunk to chunk */
};

struct watch_work;

/**
 * The word under which a count is shown: "syntax", "no-time", "repaired", ...
 *
 * count     below WATCH_COUNT_COUNT
 */
const char *watch_count_name(unsigned count);

/**
 * Make what one thread needs to work on chunks.
 *
 * op        work in hand
 * rules     borrowed until watch_work_free()
 * ret       to give back with watch_work_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err watch_work_new(struct op *op, const struct watch_rules *rules, struct watch_work **ret);

/**
 * Give it back.
 *
 * work      NULL does nothing
 */
void watch_work_free(struct watch_work *work);

/**
 * Begin a result; it is reused for many chunks.
 *
 * result    caller's memory
 */
void watch_result_init(struct watch_result *result);

/**
 * Give a result's memory back.
 *
 * result    begun with watch_result_init()
 */
void watch_result_done(struct watch_result *result);

/**
 * Work on one chunk.
 *
 * work      of this thread
 * source    what the chunk's input is
 * images    indicators, and what is allowed
 * chunk     lines
 * result    what was there is dropped; receives what the chunk gave
 *
 * Errors    ERR_LIMIT no memory for the folds: nothing of the chunk is in the result
 */
MUST_USE
enum err watch_work_run(struct watch_work *work, const struct watch_source *source,
                        const struct watch_images *images, const struct watch_chunk *chunk,
                        struct watch_result *result);

#endif
