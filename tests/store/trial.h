// SPDX-License-Identifier: EUPL-1.2
/*
 * A world of a store on a simulated disk, beside the shadow of what was acknowledged. Faults, kills
 * and power losses may come at any moment; trial_verify() then compares. What differs is a
 * violation: it is noted, not asserted, so that a test can also ask for one.
 */
#ifndef TESTS_STORE_TRIAL_H
#define TESTS_STORE_TRIAL_H

#include "os/disk_sim.h"
#include "tests/store/trial_shadow.h"

struct trial {
    struct disk *disk;
    struct store *store; /* NULL: not open */
    uint64_t random;
    int64_t time_us;
    bool made;     /* the world was acknowledged */
    bool faulty;   /* a fault may come: acts may fail */
    bool stops;    /* a fault may come after which the disk refuses everything */
    bool recovers; /* the last act failed when all was in the journal: the next makes up for it */
    bool doubtful; /* the next open finds `sure` or `maybe` */
    size_t list_failed; /* it is tried again; SHADOW_LISTS: none */
    struct shadow sure;
    struct shadow maybe;
    char violation[2 * FAULT_TEXT_SIZE]; /* the first; empty: none */
};

/* Begins on an empty disk. */
void trial_begin(struct trial *trial, uint64_t seed);
void trial_end(struct trial *trial);

/* Opens the trial; makes it first where nobody was told yet that it is made. */
enum err trial_open(struct trial *trial);
void trial_close(struct trial *trial);

/* One random act; or throwing away and making anew all that is derived. */
enum err trial_act(struct trial *trial);
enum err trial_rebuild(struct trial *trial);

/* Kill the process; or lose the power. The world is closed then. */
void trial_kill(struct trial *trial);
void trial_power_loss(struct trial *trial);

/* All faults are gone. */
void trial_mend(struct trial *trial);

/* How many bytes the world's files have. */
uint64_t trial_size(struct trial *trial);

/* Opens the trial, which must succeed with all faults gone, and compares all; it stays open.
 * Returns false where there is a violation. */
bool trial_verify(struct trial *trial);

/* Compares all that an open world gives with what should be there. */
void trial_compare(struct trial *trial, struct op *op);

/* Notes what is wrong, unless something was before. */
__attribute__((format(printf, 2, 3))) void trial_violate(struct trial *trial, const char *format,
                                                         ...);

/* A number below `count`. */
uint64_t trial_choose(struct trial *trial, uint64_t count);

#endif
