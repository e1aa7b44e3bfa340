// SPDX-License-Identifier: EUPL-1.2
/*
 * What tests of the watch share: inputs of every sort made of bytes, all chunks of an input, an
 * image made of a list, and what a text gives when it is worked on.
 */
#ifndef TESTS_WATCH_LANE_H
#define TESTS_WATCH_LANE_H

#include "policy/policy.h"
#include "tests/os/scratch.h"
#include "tests/testing.h"
#include "watch/work.h"

enum lane_sort { LANE_FILE, LANE_GZIP, LANE_ZSTD, LANE_XZ, LANE_PIPE, LANE_SORT_COUNT };

enum { LANE_IMAGE_COUNT_MAX = 16, LANE_CHUNK_COUNT_MAX = 4096, LANE_SIZE_MAX = 256 * 1024 * 1024 };

struct lane {
    struct op op; /* of the whole test */
    struct scratch scratch;
    unsigned files; /* made so far */
    struct watch_chunk *chunk;
    struct match_image *images[LANE_IMAGE_COUNT_MAX]; /* closed with the lane */
    size_t image_count;
    const struct match_image *allowed; /* what works by this lane allow; NULL: nothing */
};

void lane_begin(struct lane *lane);
void lane_end(struct lane *lane);

/* An open file with these bytes. A pipe is written to by a process of its own, in pieces whose
 * sizes follow from `seed`; it ends when all was read. */
int lane_open(struct lane *lane, enum lane_sort sort, struct span bytes, uint64_t seed);

/* A file in the lane's folder, as it lies. */
int lane_file(struct lane *lane, struct span bytes);

/* The bytes compressed; in the lane's op. */
struct span lane_gzip(struct lane *lane, struct span bytes);
struct span lane_zstd(struct lane *lane, struct span bytes);
struct span lane_xz(struct lane *lane, struct span bytes);

/* An input that has begun. */
struct watch_input *lane_input(struct lane *lane, int fd);

/* Goes to where reading goes on. */
enum err lane_seek(struct lane *lane, struct watch_input *input, enum observe_format format,
                   const struct watch_begin *begin);

/* The next chunk; a pipe is waited for. */
enum err lane_next(struct lane *lane, struct watch_input *input, struct watch_chunk *chunk);

/* All that an input gives. */
struct lane_read {
    struct span bytes; /* of all chunks, one behind the other */
    uint64_t ends[LANE_CHUNK_COUNT_MAX];
    size_t count;
    uint64_t overlong;
    uint64_t waiting;
    const char *fault;
    struct span header; /* in force at the start of the first chunk */
    struct mark mark;   /* of the last chunk */
    enum err err;       /* of the seek */
};

/* Reads an input from a position to its end. */
struct lane_read *lane_read(struct lane *lane, int fd, enum observe_format format,
                            uint64_t position);

/* Only the lines before a place; 0: all. */
struct lane_read *lane_read_until(struct lane *lane, int fd, enum observe_format format,
                                  uint64_t position, uint64_t until);

/* ---- work ---- */

/* An indicator of a list: as a plain list writes it, with or without an id of its own. */
struct lane_indicator {
    const char *text;
    unsigned uuid;      /* 0: a member of the set "set" of its source */
    const char *source; /* NULL: "Feed" */
    int64_t valid_from_us;
    int64_t valid_until_us;
};

/* An image of indicators; its bytes live in the op. Times of 0 stand for none. */
struct span lane_image_bytes(struct lane *lane, const struct lane_indicator *list, size_t count);
struct match_image *lane_image(struct lane *lane, const struct lane_indicator *list, size_t count);

/* An entry of an allow list: as a plain list writes it. */
struct lane_allowed {
    const char *text;
    const char *list;
    enum rank_effect effect; /* on names below as well */
    const char *inside;      /* NULL: of all hosts */
    int64_t valid_until_us;  /* 0: for ever */
};

/* What works by this lane allow from now on. */
struct span lane_allow_bytes(struct lane *lane, const struct lane_allowed *list, size_t count);
void lane_allow(struct lane *lane, const struct lane_allowed *list, size_t count);

/* The rules of a watch: inside is 10.0.0.0/8, no privacy, the sensor is "host", all ready mappings.
 */
const struct watch_rules *lane_rules(void);

/* What a text gives: folds merged by key as the store does it, in the order in which they opened.
 */
struct lane_result {
    struct fold *folds;
    size_t fold_count;
    uint64_t lines;
    uint64_t observations;
    uint64_t end;
    uint64_t waiting;
    struct mark_line line;
    struct mark mark; /* for who goes on there: its second place */
    uint64_t counts[WATCH_COUNT_COUNT];
};

struct lane_result *lane_work(struct lane *lane, int fd, const struct watch_source *source,
                              const struct match_image *image, uint64_t position);

/* As lane_work(), going on as a run told. */
struct lane_result *lane_work_on(struct lane *lane, int fd, const struct watch_source *source,
                                 const struct match_image *image, const struct watch_begin *begin);

/* As lane_work() from the start of a file with this text. */
struct lane_result *lane_watch(struct lane *lane, enum observe_format format, const char *text,
                               const struct match_image *image);

/* Merges a fold into a list, as the store does it. */
void lane_merge(struct lane *lane, struct lane_result *result, const struct fold *fold);

/* All folds as JSON lines. */
struct span lane_folds(struct lane *lane, const struct lane_result *result);

#endif
