// SPDX-License-Identifier: EUPL-1.2
/*
 * A journal on a simulated disk, with short words for what its tests do to it.
 */
#ifndef TESTS_JOURNAL_DESK_H
#define TESTS_JOURNAL_DESK_H

#include "journal/journal.h"
#include "os/disk_sim.h"
#include "tests/testing.h"

#define DESK_TIME_US INT64_C(1700000000000000)

struct desk {
    struct op op;
    struct disk *disk;
    struct journal *journal; /* NULL: not open */
    uint64_t segment_size;   /* 0: as in real life */
    uint64_t cut;            /* by the last open */
};

struct desk desk_make(void);
void desk_done(struct desk *desk);

/* Opens for writing; the error is returned. */
enum err desk_try_open(struct desk *desk);
void desk_open(struct desk *desk);
void desk_close(struct desk *desk);

/* Opens a reader of the same journal. */
struct journal *desk_reader(struct desk *desk);

/* Gathers an entry of kind "note"; commits what was gathered. */
uint64_t desk_append(struct desk *desk, const char *payload);
void desk_commit(struct desk *desk);

/* Appends and commits one entry. */
void desk_note(struct desk *desk, const char *payload);

/* The payload of an entry is this text; NULL: it is erased. */
void desk_check_payload(struct desk *desk, struct journal *journal, uint64_t number,
                        const char *payload);

/* What journal_check() says. */
struct journal_check desk_check(struct desk *desk);

/* A file as it lies, in memory of the op; and another content for it. */
struct span desk_file(struct desk *desk, const char *path);
void desk_file_put(struct desk *desk, const char *path, struct span bytes);

/* Changes one byte of a file in place. */
void desk_file_flip(struct desk *desk, const char *path, uint64_t offset);

#define DESK_SEGMENT "journal/000000000001.journal"

#endif
