// SPDX-License-Identifier: EUPL-1.2
/*
 * Appending lines to a file that is rotated, on any disk: the carrier of files uses it, and tests
 * do, with a disk that is full or loses power.
 */
#ifndef FETCH_CARRIER_FILE_H
#define FETCH_CARRIER_FILE_H

#include "os/disk.h"

struct carrier_file_rules {
    struct span name;   /* of the file, below the disk's root */
    uint64_t size_max;  /* a new one is begun before it becomes larger; 0: never. A line that is
                         * larger stands in one alone */
    int64_t age_max_us; /* ... or when it is older; 0: never */
    uint32_t keep;      /* NAME.1 .. NAME.keep stay; at least 1 */
    bool sync;          /* on the disk when this returns */
    int64_t now_us;
    int64_t made_us; /* when the present file was made; TIME_US_NONE where nobody can tell */
};

/**
 * Append whole lines, in as many files as their size asks for; of those for one file, all or none:
 * a torn line at the file's end is ended first, and what a full disk takes only in part is cut off
 * again. After a power loss without `sync`, and after a failure to cut, a torn line may be left,
 * which the next call ends.
 *
 * op        work in hand
 * disk      of the file's folder
 * rules     borrowed until return
 * lines     each with its line end; what stands in a file is taken from its front, also on failure
 *
 * Errors    ERR_TIMEOUT somebody keeps the file locked; ERR_DENIED; ERR_ABSENT the folder is gone;
 *           ERR_FULL; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err carrier_file_append(struct op *op, struct disk *disk,
                             const struct carrier_file_rules *rules, struct span *lines);

#endif
