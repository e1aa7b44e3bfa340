// SPDX-License-Identifier: EUPL-1.2
/*
 * Kills, power losses and failing or full disks at any moment of a history's life, from seeds: each
 * commit that the journal knows is there, once; no other is; and what was forgotten stays so. Each
 * kind of sync is then left out, to prove that this would be noticed.
 *
 * LINIE_CRASH_SEEDS says how many seeds are tried; LINIE_TEST_SEED repeats a run.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "os/disk_sim.h"
#include "tests/history/desk.h"
#include "tests/testing.h"

enum {
    SEEDS_DEFAULT = 150,
    MUTANT_SEEDS = 4000, /* by then a missing sync is found */
    ROUNDS = 6,
    ACTS_MAX = 20,
    CHANGES_MAX = 80,
    CHANGES_FEW = 12, /* as it is opened, or in the first act */
    READS_MAX = 120,
    ROOM_MAX = 16 * 1024,
    SEEN_PER_RECORD = 8,
    BUDGET_US = 1000,
    HEADER_SIZE = 64, /* of a write-ahead file */
    HOURS_FEW = 6,
    TWICE_SEEDS = 40,
    CHANGES_OF_FLUSH = 16,
    CHANGES_OF_OPEN = 7,
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
    bool (*is)(const struct desk *desk, const struct disk_sim_sync *sync);
};

static bool is_file(const struct disk_sim_sync *sync, struct span name)
{
    return !sync->folder && span_starts_with(sync->path, name);
}

static bool is_folder(const struct disk_sim_sync *sync)
{
    return sync->folder && span_equal(sync->path, SPAN("history"));
}

static bool is_commit(const struct desk *desk, const struct disk_sim_sync *sync)
{
    return desk->phase == DESK_COMMIT && is_file(sync, SPAN("history/wal-"));
}

static bool is_cut(const struct desk *desk, const struct disk_sim_sync *sync)
{
    return desk->phase == DESK_OPEN && is_file(sync, SPAN("history/wal-"));
}

static bool is_wal_begin(const struct desk *desk, const struct disk_sim_sync *sync)
{
    return desk->phase != DESK_COMMIT && is_file(sync, SPAN("history/wal-")) &&
           sync->size == HEADER_SIZE;
}

static bool is_segment(const struct desk *desk, const struct disk_sim_sync *sync)
{
    (void)desk;
    return is_file(sync, SPAN("history/seg-"));
}

static bool is_manifest(const struct desk *desk, const struct disk_sim_sync *sync)
{
    (void)desk;
    return is_file(sync, SPAN("history/manifest"));
}

/* Of a change: first the names of what is new, then that of the manifest. */
static bool is_names(const struct desk *desk, const struct disk_sim_sync *sync)
{
    bool changes = desk->phase == DESK_FLUSH || desk->phase == DESK_MERGE;
    return changes && is_folder(sync) && desk->phase_folder_syncs % 2 == 1;
}

static bool is_manifest_name(const struct desk *desk, const struct disk_sim_sync *sync)
{
    bool changes = desk->phase == DESK_FLUSH || desk->phase == DESK_MERGE;
    return changes && is_folder(sync) && desk->phase_folder_syncs % 2 == 0;
}

static bool is_found_names(const struct desk *desk, const struct disk_sim_sync *sync)
{
    return desk->phase == DESK_OPEN && is_folder(sync) && desk->phase_folder_syncs == 1;
}

static bool is_forgotten_names(const struct desk *desk, const struct disk_sim_sync *sync)
{
    return desk->phase == DESK_FORGET && is_folder(sync);
}

static bool is_history_folder(const struct desk *desk, const struct disk_sim_sync *sync)
{
    (void)desk;
    return sync->folder && sync->path.size == 0;
}

static const struct sync_kind kinds[] = {
    { "commit: the frame", is_commit },
    { "open: what was cut", is_cut },
    { "flush: the next write-ahead file", is_wal_begin },
    { "segments: their bytes", is_segment },
    { "the manifest: its bytes", is_manifest },
    { "flush and merge: the names of new files", is_names },
    { "flush and merge: the name of the manifest", is_manifest_name },
    { "forget: all names", is_forgotten_names },
    { "open: the folder", is_history_folder },
};

/* This one matters where a process is killed as it changes the manifest, and the next one as it
 * removes what that does not name: so seldom that it is sought out. */
static const struct sync_kind found_names = { "open: the names that were found", is_found_names };

/* A life in which one kind of sync is left out. */
struct trial {
    struct desk desk;
    const struct sync_kind *left_out; /* NULL: none */
    uint64_t gone; /* segments with a smaller number are gone for good, but for those listed */
    size_t kept_count;
    struct span *kept;
    struct op op; /* of the list */
};

static bool sync_left_out(void *context, const struct disk_sim_sync *sync)
{
    struct trial *trial = context;
    trial->desk.phase_folder_syncs += is_folder(sync) ? 1 : 0;
    return trial->left_out != NULL && trial->left_out->is(&trial->desk, sync);
}

static void syncs_watch(struct trial *trial)
{
    disk_sim_ignore_sync(trial->desk.disk, sync_left_out, trial);
}

/* ---- what was forgotten ---- */

static bool segment_number(struct span name, uint64_t *ret)
{
    struct span head = SPAN("seg-");
    return span_starts_with(name, head) && span_to_u64(span_from(name, head.size), ret) == ERR_OK;
}

static enum err list(struct trial *trial, struct op *op, struct span **ret, size_t *ret_count)
{
    return disk_list(op, trial->desk.disk, SPAN("history"), ret, ret_count);
}

/* From now on no other of the old files may come back. */
static enum err files_note(struct trial *trial)
{
    struct span *names;
    size_t count;
    op_end(&trial->op);
    testing_op_begin(&trial->op);
    trial->kept_count = 0;
    trial->gone = 0;
    TRY(list(trial, &trial->op, &names, &count));
    trial->kept = names;
    trial->kept_count = count;
    for (size_t i = 0; i < count; i++) {
        uint64_t number;
        if (segment_number(names[i], &number) && number >= trial->gone) {
            trial->gone = number + 1;
        }
    }
    return ERR_OK;
}

static bool is_kept(const struct trial *trial, struct span name)
{
    size_t i = 0;
    while (i < trial->kept_count && !span_equal(trial->kept[i], name)) {
        i++;
    }
    return i < trial->kept_count;
}

static void files_check(struct trial *trial)
{
    struct op op;
    struct span *names = NULL;
    size_t count = 0;
    testing_op_begin(&op);
    enum err err = list(trial, &op, &names, &count);
    assert_true(err == ERR_OK || err == ERR_ABSENT);
    for (size_t i = 0; i < count; i++) {
        uint64_t number;
        if (segment_number(names[i], &number) && number < trial->gone &&
            !is_kept(trial, names[i])) {
            desk_violate(&trial->desk, "%.*s was forgotten, and is there again",
                         SPAN_FMT(names[i]));
        }
    }
    op_end(&op);
}

/* ---- lives ---- */

static enum err commit(struct desk *desk)
{
    TRY(desk_commit(desk));
    if (desk_choose(desk, 4) > 0) {
        desk_acknowledge(desk);
    }
    return ERR_OK;
}

static enum err act(struct trial *trial)
{
    struct desk *desk = &trial->desk;
    enum err err;
    switch (desk_choose(desk, 16)) {
    case 0:
    case 1:
    case 2:
    case 3:
        return desk_add(desk, 1 + desk_choose(desk, SEEN_PER_RECORD));
    case 4:
    case 5:
    case 6:
    case 7:
        return commit(desk);
    case 8:
        desk_drop(desk);
        return ERR_OK;
    case 9:
    case 10:
    case 11:
        return desk_flush(desk);
    case 12:
    case 13:
        desk->now_us += (int64_t)desk_choose(desk, HISTORY_HOUR_S) * 1000000;
        return desk_work(desk, BUDGET_US);
    case 14:
        return desk_compact(desk);
    default:
        err = desk_choose(desk, 2) == 0 ? desk_forget(desk) : ERR_OK;
        if (err == ERR_OK && desk->phase == DESK_IDLE) {
            desk_die(desk); /* removing files is tried again as it is opened */
            err = desk_open(desk);
        }
        return err == ERR_OK ? files_note(trial) : err;
    }
}

static void fault_arm(struct desk *desk)
{
    static const enum disk_sim_fault faults[] = { DISK_SIM_FAULT_STOP, DISK_SIM_FAULT_STOP,
                                                  DISK_SIM_FAULT_IO, DISK_SIM_FAULT_FULL,
                                                  DISK_SIM_FAULT_NONE };
    enum { FAULTS = sizeof faults / sizeof faults[0], READ = FAULTS, ROOM, CASES };
    uint64_t most = desk_choose(desk, 2) == 0 ? CHANGES_MAX : CHANGES_FEW;
    uint64_t chosen = desk_choose(desk, CASES);
    disk_sim_capacity(desk->disk, UINT64_MAX);
    if (chosen < FAULTS) {
        disk_sim_fail_change(desk->disk, desk_choose(desk, most), faults[chosen]);
    } else if (chosen == READ) {
        disk_sim_fail_read(desk->disk, desk_choose(desk, READS_MAX));
    } else {
        disk_sim_capacity(desk->disk, desk_choose(desk, ROOM_MAX));
    }
}

static void fault_mend(struct desk *desk)
{
    disk_sim_fail_change(desk->disk, UINT64_MAX, DISK_SIM_FAULT_NONE);
    disk_sim_fail_read(desk->disk, UINT64_MAX);
    disk_sim_capacity(desk->disk, UINT64_MAX);
}

/* Some acts; after a failed one the process ends, or goes on as it can. */
static void live(struct trial *trial)
{
    struct desk *desk = &trial->desk;
    fault_arm(desk);
    syncs_watch(trial);
    if (desk_open(desk) != ERR_OK) {
        return;
    }
    uint64_t acts = desk_choose(desk, ACTS_MAX);
    for (uint64_t i = 0; i < acts && desk->violation[0] == '\0' && desk->history != NULL; i++) {
        enum err err = act(trial);
        if (err != ERR_OK && desk_choose(desk, 2) == 0) {
            return;
        }
    }
    bool here = desk->history != NULL && desk->violation[0] == '\0' && desk_choose(desk, 4) == 0;
    if (here) {
        fault_mend(desk);
        (void)desk_compare(desk, desk->history, false);
    }
}

static void die(struct trial *trial)
{
    struct desk *desk = &trial->desk;
    desk_die(desk);
    if (desk_choose(desk, 3) == 0) {
        disk_sim_restart(desk->disk); /* what it left unsynced can still be lost with the power */
    } else {
        disk_sim_crash(desk->disk, testing_random(&desk->random));
    }
    fault_mend(desk);
    syncs_watch(trial);
    files_check(trial);
}

static void trial_begin(struct trial *trial, uint64_t seed, const struct sync_kind *left_out)
{
    struct disk *disk;
    testing_op_begin(&trial->op);
    check_err(disk_sim_open(&trial->op, seed, &disk), ERR_OK);
    desk_begin(&trial->desk, disk, seed);
    trial->desk.hours = HOURS_FEW;
    trial->left_out = left_out;
    trial->gone = 0;
    trial->kept_count = 0;
}

static void trial_end(struct trial *trial)
{
    desk_end(&trial->desk);
    op_end(&trial->op);
}

/* Whether a life from a seed passes; where not, the violation says why. */
static bool life_passes(struct trial *trial, uint64_t seed, const struct sync_kind *left_out)
{
    bool passes = true;
    trial_begin(trial, seed, left_out);
    for (size_t round = 0; round < ROUNDS && passes; round++) {
        live(trial);
        die(trial);
        passes = trial->desk.violation[0] == '\0';
        if (passes && desk_choose(&trial->desk, 2) == 0) {
            passes = desk_verify(&trial->desk);
        }
    }
    disk_sim_crash(trial->desk.disk, seed);
    passes = passes && desk_verify(&trial->desk);
    trial_end(trial);
    return passes;
}

/* A process that is killed at a change of a flush, then one that is killed as it opens, then a
 * power loss. */
static bool twice_passes(struct trial *trial, uint64_t flush_change, uint64_t open_change,
                         uint64_t seed)
{
    struct desk *desk = &trial->desk;
    trial_begin(trial, seed, trial->left_out);
    check_err(desk_open(desk), ERR_OK);
    check_err(desk_add(desk, SEEN_PER_RECORD), ERR_OK);
    check_err(desk_flush(desk), ERR_OK);
    check_err(desk_add(desk, SEEN_PER_RECORD), ERR_OK);
    check_err(desk_commit(desk), ERR_OK);
    desk_acknowledge(desk);
    syncs_watch(trial);
    disk_sim_fail_change(desk->disk, flush_change, DISK_SIM_FAULT_STOP);
    enum err flushed = desk_flush(desk);
    assert_true(flushed == ERR_OK || flushed == ERR_IO);
    desk_die(desk);
    disk_sim_restart(desk->disk);
    disk_sim_fail_change(desk->disk, open_change, DISK_SIM_FAULT_STOP);
    enum err opened = desk_open(desk);
    assert_true(opened == ERR_OK || opened == ERR_IO);
    desk_die(desk);
    disk_sim_crash(desk->disk, seed);
    bool passes = desk_verify(desk);
    trial_end(trial);
    return passes;
}

/* All changes of both, with several outcomes of the power loss. */
static bool twice_pass(struct trial *trial, const struct sync_kind *left_out)
{
    bool passes = true;
    trial->left_out = left_out;
    for (uint64_t i = 0; i < CHANGES_OF_FLUSH && passes; i++) {
        for (uint64_t k = 0; k < CHANGES_OF_OPEN && passes; k++) {
            for (uint64_t seed = 0; seed < TWICE_SEEDS && passes; seed++) {
                passes = twice_passes(trial, i, k, seed);
            }
        }
    }
    return passes;
}

TEST(what_the_journal_knows_survives_kills_and_power_losses_once)
{
    static struct trial trial;
    uint64_t seed = testing_seed();
    uint64_t count = seed_count();
    for (uint64_t i = 0; i < count; i++) {
        if (!life_passes(&trial, seed + i, NULL)) {
            print_error("seed %" PRIu64 ": %s\n", seed + i, trial.desk.violation);
            fail();
        }
    }
}

TEST(who_is_killed_as_he_flushes_and_again_as_he_opens_loses_nothing)
{
    static struct trial trial;
    if (!twice_pass(&trial, NULL)) {
        print_error("%s\n", trial.desk.violation);
        fail();
    }
    assert_false(twice_pass(&trial, &found_names));
    print_message("# without \"%s\": %s\n", found_names.name, trial.desk.violation);
}

TEST(each_sync_that_is_left_out_is_noticed)
{
    static struct trial trial;
    uint64_t seed = testing_seed();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        uint64_t tried = 0;
        while (tried < MUTANT_SEEDS && life_passes(&trial, seed + tried, &kinds[i])) {
            tried++;
        }
        if (tried == MUTANT_SEEDS) {
            print_error("seed %" PRIu64 ": nobody misses the sync of \"%s\"\n", seed,
                        kinds[i].name);
            fail();
        }
        print_message("# without \"%s\", seed %" PRIu64 ": %s\n", kinds[i].name, seed + tried,
                      trial.desk.violation);
    }
}
