// SPDX-License-Identifier: EUPL-1.2
/*
 * Kills, power losses and failing disks at any moment, from seeds: what was acknowledged is there,
 * byte for byte, and nothing that was not is half there. Each sync is then left out, one kind after
 * the other, to prove that these tests would notice.
 *
 * LINIE_CRASH_SEEDS says how many seeds are tried; LINIE_TEST_SEED repeats a run.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/journal/drill.h"
#include "tests/testing.h"

enum {
    SEEDS_DEFAULT = 300,
    MUTANT_SEEDS = 20000, /* by then a missing sync is found; the first thousand do for all */
    ROUNDS = 8,
    ACTS_MAX = 24,
    CHANGES_MAX = 60,
    HEADER_SIZE = 64,
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

/* A sync that can be left out. */
struct sync_point {
    const char *name;
    bool (*is)(const struct drill *drill, const struct disk_sim_sync *sync);
};

static bool is_segment(const struct disk_sim_sync *sync)
{
    return !sync->folder && span_ends_with(sync->path, SPAN(".journal"));
}

static bool is_writing(const struct drill *drill)
{
    return drill->phase == DRILL_COMMIT || drill->phase == DRILL_ERASE;
}

/* phase_group_syncs counts the syncs of segments that hold entries, phase_header_syncs those of
 * others; this one included. */
static bool is_group(const struct drill *drill, const struct disk_sim_sync *sync)
{
    return is_writing(drill) && is_segment(sync) && sync->size > HEADER_SIZE &&
           drill->phase_group_syncs == 1;
}

static bool is_header(const struct drill *drill, const struct disk_sim_sync *sync)
{
    return is_writing(drill) && is_segment(sync) && sync->size == HEADER_SIZE &&
           drill->phase_size > HEADER_SIZE && drill->phase_header_syncs == 1;
}

static bool is_segment_name(const struct drill *drill, const struct disk_sim_sync *sync)
{
    return is_writing(drill) && sync->folder;
}

/* After a failed group, the segment has its old size again; a new one has none but its header. */
static bool is_taking_back(const struct drill *drill, const struct disk_sim_sync *sync)
{
    if (drill->phase != DRILL_COMMIT || !is_segment(sync)) {
        return false;
    }
    if (sync->size > HEADER_SIZE) {
        return sync->size == drill->phase_size;
    }
    return drill->phase_size == HEADER_SIZE || drill->phase_header_syncs == 2;
}

static bool is_overwriting(const struct drill *drill, const struct disk_sim_sync *sync)
{
    return drill->phase == DRILL_ERASE && is_segment(sync) && drill->phase_group_syncs == 2;
}

static bool is_open_first(const struct drill *drill, const struct disk_sim_sync *sync)
{
    return drill->phase == DRILL_OPEN && is_segment(sync) && drill->phase_group_syncs <= 1;
}

static bool is_open_folder(const struct drill *drill, const struct disk_sim_sync *sync)
{
    return drill->phase == DRILL_OPEN && sync->folder && sync->path.size > 0;
}

static bool is_open_erasure(const struct drill *drill, const struct disk_sim_sync *sync)
{
    return drill->phase == DRILL_OPEN && is_segment(sync) && drill->phase_group_syncs == 2;
}

static bool is_open_torn(const struct drill *drill, const struct disk_sim_sync *sync)
{
    return drill->phase == DRILL_OPEN && span_starts_with(sync->path, SPAN("journal/torn-"));
}

static bool is_journal_folder(const struct drill *drill, const struct disk_sim_sync *sync)
{
    return drill->phase == DRILL_OPEN && sync->folder && sync->path.size == 0;
}

static bool is_blob(const struct drill *drill, const struct disk_sim_sync *sync)
{
    return drill->phase == DRILL_BLOB && !sync->folder;
}

static bool is_blob_name(const struct drill *drill, const struct disk_sim_sync *sync)
{
    return drill->phase == DRILL_BLOB && sync->folder && sync->path.size > sizeof "blobs";
}

static bool is_blob_folder(const struct drill *drill, const struct disk_sim_sync *sync)
{
    return drill->phase == DRILL_BLOB && sync->folder && span_equal(sync->path, SPAN("blobs"));
}

static bool is_blobs_folder(const struct drill *drill, const struct disk_sim_sync *sync)
{
    return drill->phase == DRILL_SWEEP && sync->folder;
}

static const struct sync_point sync_points[] = {
    { "commit: the group", is_group },
    { "commit: the header of a new segment", is_header },
    { "commit: the name of a new segment", is_segment_name },
    { "commit: taking back what failed", is_taking_back },
    { "erase: the overwriting", is_overwriting },
    { "open: what was found at the end", is_open_first },
    { "open: the names that were found", is_open_folder },
    { "open: finishing an erasure", is_open_erasure },
    { "open: the torn bytes put aside", is_open_torn },
    { "open: the folder of the journal", is_journal_folder },
    { "blob: its bytes", is_blob },
    { "blob: its name", is_blob_name },
    { "blob: its folder", is_blob_folder },
    { "blob: the folder of all", is_blobs_folder },
};

/* A drill in which one sync is left out. */
struct mutant {
    struct drill drill;
    const struct sync_point *left_out; /* NULL: none */
};

static bool sync_left_out(void *context, const struct disk_sim_sync *sync)
{
    struct mutant *mutant = context;
    if (is_segment(sync) && sync->size > HEADER_SIZE) {
        mutant->drill.phase_group_syncs++;
    } else if (is_segment(sync)) {
        mutant->drill.phase_header_syncs++;
    }
    return mutant->left_out != NULL && mutant->left_out->is(&mutant->drill, sync);
}

/* Some life, with a fault somewhere in it, and an end of some kind. */
static void live(struct mutant *mutant)
{
    struct drill *drill = &mutant->drill;
    disk_sim_ignore_sync(drill->disk, sync_left_out, mutant);
    static const enum disk_sim_fault faults[] = { DISK_SIM_FAULT_STOP, DISK_SIM_FAULT_STOP,
                                                  DISK_SIM_FAULT_IO, DISK_SIM_FAULT_FULL,
                                                  DISK_SIM_FAULT_NONE };
    uint64_t fault = testing_random(&drill->random) % (sizeof faults / sizeof faults[0]);
    disk_sim_fail_change(drill->disk, testing_random(&drill->random) % CHANGES_MAX, faults[fault]);

    if (drill_open(drill) == ERR_OK) {
        enum err err = drill_act(drill, testing_random(&drill->random) % ACTS_MAX);
        if (err == ERR_CORRUPT || err == ERR_FORMAT) {
            snprintf(drill->violation, sizeof drill->violation, "an act fails: %s",
                     drill->op.fault.text);
        }
    }
    if (testing_random(&drill->random) % 2 == 0) {
        drill_power_loss(drill);
    } else {
        drill_kill(drill); /* what is not synced yet may be lost in a later round */
    }
}

/* Whether a life from a seed passes; where not, drill.violation says why. */
static bool life_passes(struct mutant *mutant, uint64_t seed)
{
    drill_begin(&mutant->drill, seed);
    bool passes = true;
    for (size_t round = 0; round < ROUNDS && passes; round++) {
        live(mutant);
        disk_sim_ignore_sync(mutant->drill.disk, sync_left_out, mutant);
        if (testing_random(&mutant->drill.random) % 4 != 0) {
            passes = drill_verify(&mutant->drill);
        }
    }
    drill_power_loss(&mutant->drill);
    passes = passes && drill_verify(&mutant->drill);
    drill_end(&mutant->drill);
    return passes;
}

TEST(what_was_acknowledged_survives_kills_and_power_losses)
{
    static struct mutant mutant;
    uint64_t seed = testing_seed();
    uint64_t count = seed_count();
    for (uint64_t i = 0; i < count; i++) {
        if (!life_passes(&mutant, seed + i)) {
            print_error("seed %" PRIu64 ": %s\n", seed + i, mutant.drill.violation);
            fail();
        }
    }
}

TEST(each_sync_that_is_left_out_is_noticed)
{
    static struct mutant mutant;
    uint64_t seed = testing_seed();
    for (size_t i = 0; i < sizeof sync_points / sizeof sync_points[0]; i++) {
        mutant.left_out = &sync_points[i];
        uint64_t tried = 0;
        bool noticed = false;
        while (!noticed && tried < MUTANT_SEEDS) {
            noticed = !life_passes(&mutant, seed + tried);
            tried++;
        }
        if (!noticed) {
            print_error("seed %" PRIu64 ": nobody misses the sync \"%s\"\n", seed,
                        mutant.left_out->name);
            fail();
        }
        print_message("# without \"%s\", seed %" PRIu64 ": %s\n", mutant.left_out->name,
                      seed + tried - 1, mutant.drill.violation);
    }
}
