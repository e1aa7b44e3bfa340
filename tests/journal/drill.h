// SPDX-License-Identifier: EUPL-1.2
/*
 * A drill: a journal and blobs on a simulated disk, beside a naive shadow of what was acknowledged.
 * Faults, kills and power losses may come at any moment; drill_verify() then compares. What differs
 * from the shadow is a violation: it is noted, not asserted, so that a test can also ask for one.
 */
#ifndef TESTS_JOURNAL_DRILL_H
#define TESTS_JOURNAL_DRILL_H

#include "journal/journal.h"
#include "os/disk_sim.h"

enum { DRILL_ENTRIES_MAX = 512, DRILL_BLOBS_MAX = 32, DRILL_VIOLATION_SIZE = 2 * FAULT_TEXT_SIZE };

/* What the program is just doing: says which sync is which. */
enum drill_phase {
    DRILL_IDLE,
    DRILL_OPEN,
    DRILL_COMMIT,
    DRILL_ERASE,
    DRILL_SWEEP,
    DRILL_BLOB,
};

/* What an entry should hold. The payload is made from the tag. */
struct drill_entry {
    uint64_t tag;
    bool erases; /* of kind "erase": the tag is the number of the one it erases */
    bool erased;
};

struct drill {
    struct op op;
    struct disk *disk;
    struct journal *journal; /* NULL: not open */
    uint64_t random;
    uint64_t segment_size;

    struct drill_entry
        entries[DRILL_ENTRIES_MAX]; /* acknowledged, then perhaps the doubtful ones */
    size_t acknowledged;
    size_t gathered; /* behind the acknowledged ones, not committed yet */
    size_t doubtful; /* behind the acknowledged ones: all of them are there, or none */
    uint8_t head[JOURNAL_DIGEST_SIZE];
    uint64_t torn_number; /* of the last torn tail that was put aside; 0: none */
    uint64_t torn_size;

    uint64_t blobs[DRILL_BLOBS_MAX]; /* tags */
    size_t blob_count;
    bool swept;

    enum drill_phase phase;
    uint64_t phase_size;         /* of the last segment when a commit or an erasure began */
    unsigned phase_group_syncs;  /* of segments with entries, in this phase */
    unsigned phase_header_syncs; /* of segments without entries, in this phase */

    char violation[DRILL_VIOLATION_SIZE]; /* the first; empty: none */
};

/* Begins on an empty disk. */
void drill_begin(struct drill *drill, uint64_t seed);
void drill_end(struct drill *drill);

/* Each does one thing and returns its error; the shadow follows. */
enum err drill_open(struct drill *drill);
void drill_close(struct drill *drill);
enum err drill_append(struct drill *drill);
enum err drill_commit(struct drill *drill);
void drill_drop(struct drill *drill);
enum err drill_erase(struct drill *drill);
enum err drill_blob(struct drill *drill);

/* Some random acts; ends at the first that fails. */
enum err drill_act(struct drill *drill, size_t count);

/* Kill the process; or lose the power. */
void drill_kill(struct drill *drill);
void drill_power_loss(struct drill *drill);

/* Compares all with the shadow: read-only first, then after opening for writing, which must
 * succeed. Returns false where there is a violation. */
bool drill_verify(struct drill *drill);

#endif
