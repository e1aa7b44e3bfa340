// SPDX-License-Identifier: EUPL-1.2
/*
 * A history on a disk, beside a naive shadow: a list of all that was told. What differs from the
 * shadow is a violation: it is noted, not asserted, so that a test can also ask for one.
 */
#ifndef TESTS_HISTORY_DESK_H
#define TESTS_HISTORY_DESK_H

#include "history/history.h"
#include "history/record.h"
#include "os/disk.h"

enum { DESK_SEEN_MAX = 20000, DESK_VIOLATION_SIZE = 2 * FAULT_TEXT_SIZE };

#define DESK_BASE_S 1700002800u /* the beginning of an hour, in November 2023 */

/* What is just being done: says which sync is which. */
enum desk_phase {
    DESK_IDLE,
    DESK_OPEN,
    DESK_COMMIT,
    DESK_FLUSH,
    DESK_MERGE,
    DESK_FORGET,
};

/* Something that was told; numbers stand for names. */
struct desk_seen {
    uint32_t value;
    uint32_t host;
    uint32_t way;
    uint32_t first_s;
    uint32_t last_s;
    uint64_t count;
    uint64_t commit; /* 0: it waits */
    bool forgotten;  /* perhaps: forgetting it failed half-way */
    bool asked;      /* the last forgetting was to take it */
};

struct desk {
    struct op op;
    struct disk *disk;
    struct history *history; /* NULL: not open */
    struct history_opened opened;
    struct history_rules rules;
    struct history_record_writer *writer;
    struct buf record;
    uint64_t random;
    int64_t now_us;
    uint64_t merge_keys_max; /* 0: any */
    uint32_t hours;          /* so many, from DESK_BASE_S on, are told of */
    bool damaged;    /* something was broken on purpose: less may be there, and never more */
    uint64_t less;   /* rows of which that was so, when they were last compared */
    uint64_t blocks; /* damaged ones that were met then */
    bool by_month;   /* rows are compared by month: rules make hours to days and months */

    size_t seen_count;
    struct desk_seen *seen;
    uint64_t journal; /* the last commit that the journal knows */

    enum desk_phase phase;
    unsigned phase_folder_syncs;
    char violation[DESK_VIOLATION_SIZE]; /* the first; empty: none */
};

/* Begins without a history, on a disk that the caller made; it is closed by desk_end(). */
void desk_begin(struct desk *desk, struct disk *disk, uint64_t seed);
void desk_end(struct desk *desk);

uint64_t desk_choose(struct desk *desk, uint64_t count);
__attribute__((format(printf, 2, 3))) void desk_violate(struct desk *desk, const char *format, ...);

/* Each does one thing and returns its error; the shadow follows. */
enum err desk_open(struct desk *desk);
void desk_close(struct desk *desk);
enum err desk_add(struct desk *desk, size_t count);
enum err desk_add_one(struct desk *desk, const struct desk_seen *seen);
void desk_drop(struct desk *desk);
enum err desk_commit(struct desk *desk);
void desk_acknowledge(struct desk *desk);
enum err desk_flush(struct desk *desk);
enum err desk_work(struct desk *desk, int64_t budget_us);
enum err desk_compact(struct desk *desk);
enum err desk_forget(struct desk *desk);

/* The process ends: what the journal does not know is not there any more. */
void desk_die(struct desk *desk);

/* Whether what a history holds is what the shadow has. With `journal_only`, without commits that
 * the journal does not know. */
bool desk_compare(struct desk *desk, struct history *history, bool journal_only);

/* Opens to read, compares, checks, and closes. */
bool desk_read(struct desk *desk);

/* Ends the process; opens to read, then to write, compares and checks; closes. */
bool desk_verify(struct desk *desk);

#endif
