// SPDX-License-Identifier: EUPL-1.2
/*
 * What a reader holds; private to this room. The public functions are in observe.h.
 */
#ifndef OBSERVE_READER_H
#define OBSERVE_READER_H

#include "observe/gather.h"
#include "observe/mapped.h"
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

/* Lines that are sifted together. */
struct reader_page {
    const uint8_t *base; /* see observe_sift_page() */
    const struct sift_recipe *recipe;
    size_t at; /* the lines before it wait */
    struct record_alike alike;
    uint32_t marks[RECORD_ALIKE_COUNT_MAX];
};

struct observe_reader {
    enum record_engine engine;
    struct arena arena; /* plans, observations and keys */
    struct observe_plan zeek;
    struct observe_plan eve;
    struct record_scanner *zeek_scanner;
    struct record_scanner *eve_scanner;
    struct record_scanner *context_scanner; /* of EVE; see struct observe_plan */
    struct record_scanner *whole_scanner;   /* likewise; NULL until something is remembered */
    struct record record;
    struct record context;
    uint32_t wanted; /* see observe_reader_want() */
    struct gather gather;
    struct tsv tsv;
    struct sift sift;
    struct reader_page page;
    struct look look;
    struct buf repaired; /* a line with its broken bytes replaced */

    bool context_wanted;          /* the line is read to be judged, not for its values alone */
    struct mapped_reader *mapped; /* NULL until a mapped format is prepared */
    enum observe_format format;
    enum observe_format as; /* how the line at hand is read: text may carry JSON */
    int64_t now_us;
    uint8_t stream_given[OBSERVE_STREAM_SIZE_MAX]; /* stream of lines that name none */
    size_t stream_given_size;
    struct reader_stream streams[READER_STREAM_COUNT]; /* each at one place that its name tells */

    const struct observe_meaning *meanings_given; /* of slots in the stream that was given */
    bool given_looked;                            /* whether that is one to be looked at */

    struct span text; /* the line last read, repaired where that was needed; empty after a fault */
    struct span head; /* what stood before it in the line: a header of syslog */
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

/**
 * Read a line of JSON as the line at hand.
 *
 * reader    begun; the line was begun too
 * format    OBSERVE_FORMAT_ZEEK_JSON or OBSERVE_FORMAT_EVE
 * line      as for observe_reader_line()
 * ret       as for observe_reader_line()
 *
 * Returns why the line could not be read.
 */
MUST_USE
enum observe_fault observe_reader_json(struct observe_reader *reader, enum observe_format format,
                                       struct span line, struct observe_line *ret);

/**
 * The line with what a log never holds replaced: '?' stands for each byte that is not UTF-8, a
 * space for each control character.
 *
 * reader    keeps the copy until its next one
 * line      at most RECORD_LINE_SIZE_MAX bytes
 * ret       of the size of the line, with padding; untouched where false is returned
 *
 * Returns whether there was anything to replace, and memory for the copy.
 */
bool observe_reader_repair(struct observe_reader *reader, struct span line, struct span *ret);

/**
 * Tell Zeek's from Suricata's JSON, by its keys.
 *
 * line      one object
 *
 * Returns OBSERVE_FORMAT_AUTO where it is neither.
 */
enum observe_format observe_detect_json(struct span line);

#endif
