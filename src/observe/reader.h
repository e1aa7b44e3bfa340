// SPDX-License-Identifier: EUPL-1.2
/*
 * What a reader holds; private to this room. The public functions are in observe.h.
 */
#ifndef OBSERVE_READER_H
#define OBSERVE_READER_H

#include "observe/gather.h"
#include "observe/sift.h"
#include "observe/tsv.h"

enum {
    READER_STREAM_SIZE_MAX = 24,
    READER_STREAM_COUNT = 256, /* a power of two */
};

/* A stream's name that was looked up. */
struct reader_stream {
    size_t number;
    bool looked; /* see look.h */
    size_t size; /* 0: free */
    uint8_t name[READER_STREAM_SIZE_MAX];
};

struct observe_reader {
    struct arena arena; /* plans, observations and keys */
    struct observe_plan zeek;
    struct observe_plan eve;
    struct record_scanner *zeek_scanner;
    struct record_scanner *eve_scanner;
    struct record_scanner *context_scanner; /* of EVE; see struct observe_plan */
    struct record record;
    struct record context;
    struct gather gather;
    struct tsv tsv;
    struct sift sift;
    struct look look;
    struct buf repaired; /* a line with its broken bytes replaced */

    bool context_wanted; /* the line is read to be judged, not for its values alone */
    enum observe_format format;
    uint8_t stream_given[OBSERVE_STREAM_SIZE_MAX]; /* stream of lines that name none */
    size_t stream_given_size;
    struct reader_stream streams[READER_STREAM_COUNT]; /* each at one place that its name tells */

    const struct observe_meaning *meanings_given; /* of slots in the stream that was given */
    bool given_looked;                            /* whether that is one to be looked at */

    struct span text; /* the line last read, repaired where that was needed; empty after a fault */
};

/* A stream of Zeek's, by its name. */
struct reader_stream_found {
    const struct observe_meaning *meanings; /* of slots */
    bool looked;                            /* every field has to be looked at; see look.h */
};

/**
 * What is known of a stream, quick where it was asked for of late.
 *
 * reader    begun with observe_reader_begin()
 * stream    name as logged
 */
struct reader_stream_found observe_reader_stream(struct observe_reader *reader, struct span stream);

/**
 * The stream of lines that name none.
 *
 * reader    begun with observe_reader_begin()
 */
struct span observe_reader_stream_given(const struct observe_reader *reader);

#endif
