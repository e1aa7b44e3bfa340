// SPDX-License-Identifier: EUPL-1.2
/*
 * The whole store (journal, blobs, sets, database) through kills, power losses and failing disks at
 * any moment, from seeds: what was acknowledged is there, each line counted once, and nothing is
 * half there; and all that is derived is as the journal makes it anew. Each kind of sync is then
 * left out, to prove that this would be noticed.
 *
 * LINIE_CRASH_SEEDS says how many seeds are tried; LINIE_TEST_SEED repeats a run.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "tests/store/sim_vfs.h"
#include "tests/store/trial.h"
#include "tests/testing.h"

enum {
    SEEDS_DEFAULT = 300,
    MUTANT_SEEDS = 2000, /* by then a missing sync is found */
    ROUNDS = 6,
    ACTS_MAX = 16,
    CHANGES_MAX = 1200, /* of the disk, in a long life */
    CHANGES_FEW = 150,
    CHANGES_CLOSING = 60,
    READS_MAX = 3000,
    ROOM_MAX = 200 * 1024, /* on a disk that fills up */
    HEALING_PART = 4,      /* of the seeds */
};

static uint64_t seed_count(void)
{
    const char *given = getenv("LINIE_CRASH_SEEDS");
    uint64_t count = SEEDS_DEFAULT;
    if (given != NULL && span_to_u64(span_of(given), &count) != ERR_OK) {
        count = SEEDS_DEFAULT;
    }
    return count;
}

/* ---- syncs that can be left out ---- */

struct sync_kind {
    const char *name;
    bool (*is)(const struct disk_sim_sync *sync);
};

static bool is_journal(const struct disk_sim_sync *sync)
{
    return !sync->folder && span_ends_with(sync->path, SPAN(".journal"));
}

static bool is_journal_name(const struct disk_sim_sync *sync)
{
    return sync->folder && span_equal(sync->path, SPAN("journal"));
}

static bool is_blob(const struct disk_sim_sync *sync)
{
    return !sync->folder && span_starts_with(sync->path, SPAN("blobs/"));
}

static bool is_blob_name(const struct disk_sim_sync *sync)
{
    return sync->folder && span_starts_with(sync->path, SPAN("blobs/"));
}

static bool is_blob_folder(const struct disk_sim_sync *sync)
{
    return sync->folder && span_equal(sync->path, SPAN("blobs"));
}

static bool is_set(const struct disk_sim_sync *sync)
{
    return !sync->folder && span_starts_with(sync->path, SPAN("sets/"));
}

static bool is_set_name(const struct disk_sim_sync *sync)
{
    return sync->folder && span_equal(sync->path, SPAN("sets"));
}

static bool is_database(const struct disk_sim_sync *sync)
{
    return !sync->folder && span_equal(sync->path, SPAN("linie.db"));
}

static bool is_database_log(const struct disk_sim_sync *sync)
{
    return !sync->folder && span_equal(sync->path, SPAN("linie.db-wal"));
}

static bool is_name(const struct disk_sim_sync *sync)
{
    return sync->folder && sync->path.size == 0;
}

/* What the truth or the trust in what is derived from it rests on. Of the database it is the log
 * and the file: a checkpoint that is cut short leaves pages of two times in the file, and without
 * the log there is nothing to tell. The names are those of the database's files, which SQLite
 * syncs, and of the world's folders, which disk_make_folder() syncs: as both do it to the same
 * folder, one mostly covers for the other, so that they are left out together. */
static const struct sync_kind needed[] = {
    { "journal: its entries", is_journal },
    { "journal: its names", is_journal_name },
    { "blobs: their bytes", is_blob },
    { "blobs: their names", is_blob_name },
    { "blobs: their folders", is_blob_folder },
    { "sets: their bytes", is_set },
    { "database: the file", is_database },
    { "database: its log", is_database_log },
    { "database and folders: the names", is_name },
};

/* That the names of set files are synced spares making all anew: nobody misses it otherwise, since
 * opening looks whether each set's file is there. */
static const struct sync_kind healing = { "sets: their names", is_set_name };

static bool sync_left_out(void *context, const struct disk_sim_sync *sync)
{
    const struct sync_kind *kind = context;
    return kind != NULL && kind->is(sync);
}

static void syncs_leave_out(struct trial *trial, const struct sync_kind *kind)
{
    disk_sim_ignore_sync(trial->disk, sync_left_out, (void *)(uintptr_t)kind);
}

/* ---- lives ---- */

/* Something that will go wrong in a life that begins, or nothing. */
static void fault_arm(struct trial *trial)
{
    static const enum disk_sim_fault faults[] = { DISK_SIM_FAULT_STOP, DISK_SIM_FAULT_STOP,
                                                  DISK_SIM_FAULT_STOP, DISK_SIM_FAULT_IO,
                                                  DISK_SIM_FAULT_FULL };
    enum { FAULTS = sizeof faults / sizeof faults[0], STOPS = 3 };
    enum { READ = FAULTS, ROOM, NONE, CASES };
    uint64_t most = trial_choose(trial, 2) == 0 ? CHANGES_MAX : CHANGES_FEW;
    uint64_t chosen = trial_choose(trial, CASES);
    trial_mend(trial);
    trial->faulty = chosen != NONE;
    trial->stops = chosen < STOPS;
    if (chosen < FAULTS) {
        disk_sim_fail_change(trial->disk, trial_choose(trial, most), faults[chosen]);
    } else if (chosen == READ) {
        disk_sim_fail_read(trial->disk, trial_choose(trial, READS_MAX));
    } else if (chosen == ROOM) {
        disk_sim_capacity(trial->disk, trial_size(trial) + trial_choose(trial, ROOM_MAX));
    }
}

/* Some acts. After a failed one the process ends, or goes on; where the fault is mended and all was
 * in the journal, the next act must come through. */
static void live(struct trial *trial)
{
    fault_arm(trial);
    if (trial_open(trial) != ERR_OK) {
        return;
    }
    uint64_t acts = trial_choose(trial, ACTS_MAX);
    for (uint64_t i = 0; i < acts && !trial->doubtful; i++) {
        bool anew = trial_choose(trial, 16) == 0;
        enum err err = anew ? trial_rebuild(trial) : trial_act(trial);
        if (err != ERR_OK && trial_choose(trial, 2) == 0) {
            return;
        }
        if (trial->recovers && !trial->stops) {
            trial_mend(trial);
        }
    }
}

/* In peace, or while it is being closed, or at once. Power losses are the most; what a kill left
 * unsynced can still be lost with the power. */
static void die(struct trial *trial)
{
    uint64_t chosen = trial_choose(trial, 8);
    if (chosen < 3) {
        disk_sim_fail_change(trial->disk, trial_choose(trial, CHANGES_CLOSING),
                             DISK_SIM_FAULT_STOP);
    }
    if (chosen < 4) {
        trial_close(trial);
    }
    if (chosen % 3 == 0) {
        trial_kill(trial);
    } else {
        trial_power_loss(trial);
    }
}

/* Whether a life from a seed passes; where not, trial.violation says why. */
static bool life_passes(struct trial *trial, uint64_t seed, const struct sync_kind *left_out)
{
    bool passes = true;
    trial_begin(trial, seed);
    for (size_t round = 0; round < ROUNDS && passes; round++) {
        syncs_leave_out(trial, left_out);
        live(trial);
        die(trial);
        syncs_leave_out(trial, left_out);
        passes = trial->violation[0] == '\0';
        if (passes && trial_choose(trial, 4) != 0) {
            passes = trial_verify(trial);
            trial_close(trial);
        }
    }
    trial_power_loss(trial);
    passes = passes && trial_verify(trial);
    trial_end(trial);
    return passes;
}

TEST(what_was_acknowledged_survives_kills_and_power_losses)
{
    static struct trial trial;
    uint64_t seed = testing_seed();
    uint64_t count = seed_count();
    for (uint64_t i = 0; i < count; i++) {
        if (!life_passes(&trial, seed + i, NULL)) {
            print_error("seed %" PRIu64 ": %s\n", seed + i, trial.violation);
            fail();
        }
    }
}

/* How many seeds pass, with a kind of sync left out, before one does not; at most `seeds`. */
static uint64_t passes_without(struct trial *trial, const struct sync_kind *kind, uint64_t seed,
                               uint64_t seeds)
{
    uint64_t passed = 0;
    while (passed < seeds && life_passes(trial, seed + passed, kind)) {
        passed++;
    }
    return passed;
}

TEST(each_sync_that_is_left_out_is_noticed)
{
    static struct trial trial;
    uint64_t seed = testing_seed();
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        uint64_t passed = passes_without(&trial, &needed[i], seed, MUTANT_SEEDS);
        if (passed == MUTANT_SEEDS) {
            print_error("seed %" PRIu64 ": nobody misses the sync of \"%s\"\n", seed,
                        needed[i].name);
            fail();
        }
        print_message("# without \"%s\", seed %" PRIu64 ": %s\n", needed[i].name, seed + passed,
                      trial.violation);
    }
}

TEST(a_set_that_lost_its_file_is_made_anew)
{
    static struct trial trial;
    uint64_t seed = testing_seed();
    uint64_t count = seed_count() / HEALING_PART;

    uint64_t passed = passes_without(&trial, &healing, seed, count);

    if (passed < count) {
        print_error("seed %" PRIu64 ", without \"%s\": %s\n", seed + passed, healing.name,
                    trial.violation);
        fail();
    }
}
