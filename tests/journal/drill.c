// SPDX-License-Identifier: EUPL-1.2
#include "tests/journal/drill.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/must.h"
#include "base/wire.h"
#include "crypt/digest.h"
#include "journal/blob.h"
#include "tests/testing.h"

enum {
    PAYLOAD_SIZE_MAX = 8 * 1024,
    PAYLOAD_SMALL_SIZE = 200,
    SEGMENT_SIZE_MIN = 1024,
    SEGMENT_SIZE_SPREAD = 8 * 1024,
    MARKER_SIZE = 16, /* so many bytes of a payload are looked for where it should be erased */
    PATH_SIZE = 128,
};

__attribute__((format(printf, 2, 3))) static void violate(struct drill *drill, const char *format,
                                                          ...)
{
    if (drill->violation[0] != '\0') {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(drill->violation, sizeof drill->violation, format, args);
    va_end(args);
}

static uint64_t choose(struct drill *drill, uint64_t count)
{
    return testing_random(&drill->random) % count;
}

/* Bytes made from a tag: mostly few, sometimes many sectors. */
struct payload {
    uint8_t bytes[PAYLOAD_SIZE_MAX];
    size_t size;
};

static void payload_make(uint64_t tag, struct payload *ret)
{
    uint64_t state = tag;
    uint64_t kind = testing_random(&state) % 8;
    uint64_t size = testing_random(&state);
    ret->size = (size_t)(size % (kind == 0 ? PAYLOAD_SIZE_MAX : PAYLOAD_SMALL_SIZE));
    for (size_t i = 0; i < ret->size; i++) {
        ret->bytes[i] = (uint8_t)testing_random(&state);
    }
}

static int64_t clock_fixed(void *context)
{
    (void)context;
    return INT64_C(1700000000000000);
}

static struct journal_options options_of(const struct drill *drill, bool write)
{
    return (struct journal_options){
        .world = SPAN("real"),
        .write = write,
        .clock_us = clock_fixed,
        .segment_size = drill->segment_size,
    };
}

void drill_begin(struct drill *drill, uint64_t seed)
{
    memset(drill, 0, sizeof *drill);
    testing_op_begin(&drill->op);
    drill->random = seed;
    drill->segment_size = SEGMENT_SIZE_MIN + choose(drill, SEGMENT_SIZE_SPREAD);
    check_err(disk_sim_open(&drill->op, seed, &drill->disk), ERR_OK);
}

void drill_end(struct drill *drill)
{
    drill_close(drill);
    disk_close(drill->disk);
    op_end(&drill->op);
}

/* The size of the file with the highest number. */
static uint64_t last_segment_size(struct drill *drill)
{
    struct span *names;
    size_t count;
    uint64_t size = 0;
    if (disk_list(&drill->op, drill->disk, SPAN("journal"), &names, &count) != ERR_OK) {
        count = 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (!span_ends_with(names[i], SPAN(".journal"))) {
            continue;
        }
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "journal/%.*s", SPAN_FMT(names[i]));
        struct span map;
        if (disk_map(&drill->op, drill->disk, span_of(path), &map) == ERR_OK) {
            size = map.size;
            disk_unmap(drill->disk, map);
        }
    }
    op_fault_clear(&drill->op);
    return size;
}

static void phase_begin(struct drill *drill, enum drill_phase phase)
{
    op_fault_clear(&drill->op);
    drill->phase = phase;
    drill->phase_group_syncs = 0;
    drill->phase_header_syncs = 0;
}

static enum err phase_end(struct drill *drill, enum err err)
{
    drill->phase = DRILL_IDLE;
    return err;
}

void drill_close(struct drill *drill)
{
    journal_close(drill->journal);
    drill->journal = NULL;
    drill->gathered = 0;
}

/* After an open for writing, doubtful entries are settled one way or the other. */
static void doubt_settle(struct drill *drill, const struct journal *journal)
{
    uint64_t last = journal_last(journal);
    if (drill->doubtful > 0 && last == drill->acknowledged + drill->doubtful) {
        for (size_t i = drill->acknowledged; i < last; i++) {
            if (drill->entries[i].erases) {
                drill->entries[drill->entries[i].tag - 1].erased = true;
            }
        }
        drill->acknowledged = (size_t)last;
        journal_head(journal, drill->head);
    }
    drill->doubtful = 0;
    uint8_t head[JOURNAL_DIGEST_SIZE];
    journal_head(journal, head);
    if (last != drill->acknowledged) {
        violate(drill, "the journal has %" PRIu64 " entries, acknowledged were %zu", last,
                drill->acknowledged);
    } else if (memcmp(head, drill->head, sizeof head) != 0) {
        violate(drill, "the head of the chain has changed at entry %" PRIu64, last);
    }
}

enum err drill_open(struct drill *drill)
{
    must(drill->journal == NULL);
    const struct journal_options options = options_of(drill, true);
    uint64_t cut = 0;
    phase_begin(drill, DRILL_OPEN);
    enum err err =
        phase_end(drill, journal_open(&drill->op, drill->disk, &options, &drill->journal, &cut));
    if (err != ERR_OK) {
        drill->journal = NULL;
        if (err != ERR_IO && err != ERR_FULL && err != ERR_LIMIT) {
            violate(drill, "opening fails with %s: %s", err_name(err), drill->op.fault.text);
        }
        return err;
    }
    doubt_settle(drill, drill->journal);
    if (cut > JOURNAL_PAYLOAD_SIZE_MAX) {
        violate(drill, "%" PRIu64 " bytes were cut", cut);
    }
    if (cut > 64) { /* less may be a segment that was only begun, and is not put aside */
        drill->torn_number = journal_last(drill->journal) + 1;
        drill->torn_size = 1;
    }
    return ERR_OK;
}

enum err drill_append(struct drill *drill)
{
    size_t index = drill->acknowledged + drill->gathered;
    if (index + 2 >= DRILL_ENTRIES_MAX) {
        return ERR_OK;
    }
    uint64_t tag = testing_random(&drill->random);
    static struct payload payload;
    payload_make(tag, &payload);
    const struct journal_entry entry = {
        .kind = SPAN("drill"),
        .source = SPAN("shadow"),
        .payload = span_make(payload.bytes, payload.size),
    };
    uint64_t number = 0;
    op_fault_clear(&drill->op);
    TRY(journal_append(&drill->op, drill->journal, &entry, &number));
    if (number != index + 1) {
        violate(drill, "entry %zu was given the number %" PRIu64, index + 1, number);
    }
    drill->entries[index] = (struct drill_entry){ .tag = tag };
    drill->gathered++;
    return ERR_OK;
}

/* What was gathered has become durable, or not, or nobody knows. */
static void commit_follow(struct drill *drill, bool committed)
{
    if (committed) {
        drill->acknowledged += drill->gathered;
        journal_head(drill->journal, drill->head);
    } else {
        drill->doubtful = journal_in_doubt(drill->journal) ? drill->gathered : 0;
    }
    drill->gathered = 0;
    if (journal_last(drill->journal) != drill->acknowledged) {
        violate(drill, "after a commit the last entry is %" PRIu64 ", not %zu",
                journal_last(drill->journal), drill->acknowledged);
    }
}

enum err drill_commit(struct drill *drill)
{
    drill->phase_size = last_segment_size(drill);
    phase_begin(drill, DRILL_COMMIT);
    enum err err = phase_end(drill, journal_commit(&drill->op, drill->journal));
    commit_follow(drill, err == ERR_OK);
    return err;
}

void drill_drop(struct drill *drill)
{
    journal_drop(drill->journal);
    drill->gathered = 0;
}

/* An erasure that was allowed is committed, or not, or nobody knows. */
static enum err erase_follow(struct drill *drill, struct drill_entry *target, enum err err)
{
    if (journal_last(drill->journal) > drill->acknowledged) {
        drill->gathered++;
        commit_follow(drill, true);
        target->erased = true; /* also when it is to be finished by the next open */
        return err;
    }
    if (err == ERR_OK) {
        violate(drill, "an erasure is not in the journal");
    }
    if (journal_in_doubt(drill->journal)) {
        drill->gathered++;
        commit_follow(drill, false);
    } else if (err != ERR_LIMIT) { /* which leaves what was gathered */
        drill->gathered = 0;
    }
    return err;
}

enum err drill_erase(struct drill *drill)
{
    if (drill->acknowledged == 0 ||
        drill->acknowledged + drill->gathered + 2 >= DRILL_ENTRIES_MAX) {
        return ERR_OK;
    }
    uint64_t number = 1 + choose(drill, drill->acknowledged);
    struct drill_entry *target = &drill->entries[number - 1];
    size_t index = drill->acknowledged + drill->gathered;
    drill->entries[index] = (struct drill_entry){ .tag = number, .erases = true };
    drill->phase_size = last_segment_size(drill);
    phase_begin(drill, DRILL_ERASE);
    enum err err =
        phase_end(drill, journal_erase(&drill->op, drill->journal, number, SPAN("a drill")));

    enum err expected = target->erases ? ERR_DENIED : target->erased ? ERR_EXISTS : ERR_OK;
    if (expected == ERR_OK) {
        return erase_follow(drill, target, err);
    }
    if (err != expected && err != ERR_IO && err != ERR_LIMIT) {
        violate(drill, "erasing entry %" PRIu64 " gave %s", number, err_name(err));
    }
    return ERR_OK;
}

enum err drill_blob(struct drill *drill)
{
    if (drill->blob_count == DRILL_BLOBS_MAX) {
        return ERR_OK;
    }
    if (!drill->swept) {
        uint64_t removed;
        phase_begin(drill, DRILL_SWEEP);
        TRY(phase_end(drill, blob_sweep(&drill->op, drill->disk, &removed)));
        drill->swept = true;
    }
    uint64_t tag = testing_random(&drill->random);
    if (drill->blob_count > 0 && choose(drill, 4) == 0) {
        tag = drill->blobs[choose(drill, drill->blob_count)]; /* one that is there */
    }
    static struct payload payload;
    payload_make(tag, &payload);
    uint8_t digest[DIGEST_SHA256_SIZE];
    phase_begin(drill, DRILL_BLOB);
    TRY(phase_end(
        drill, blob_put(&drill->op, drill->disk, span_make(payload.bytes, payload.size), digest)));
    drill->blobs[drill->blob_count] = tag;
    drill->blob_count++;
    return ERR_OK;
}

enum err drill_act(struct drill *drill, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t act = choose(drill, 16);
        if (act < 7) {
            TRY(drill_append(drill));
        } else if (act < 11) {
            TRY(drill_commit(drill));
        } else if (act < 13) {
            TRY(drill_erase(drill));
        } else if (act < 15) {
            TRY(drill_blob(drill));
        } else {
            drill_drop(drill);
        }
    }
    return ERR_OK;
}

void drill_kill(struct drill *drill)
{
    disk_sim_restart(drill->disk);
    drill_close(drill);
    drill->swept = false;
}

void drill_power_loss(struct drill *drill)
{
    disk_sim_crash(drill->disk, testing_random(&drill->random));
    drill_close(drill);
    drill->swept = false;
}

/* --- Comparing --- */

static void entry_compare(struct drill *drill, const struct journal_header *header,
                          struct span payload)
{
    const struct drill_entry *entry = &drill->entries[header->number - 1];
    if (entry->erases) {
        struct wire_reader r = wire_reader_of(payload);
        uint64_t target = wire_u64(&r);
        if (!span_equal(header->kind, SPAN("erase")) || target != entry->tag) {
            violate(drill, "entry %" PRIu64 " should erase entry %" PRIu64, header->number,
                    entry->tag);
        }
        return;
    }
    static struct payload expected;
    payload_make(entry->tag, &expected);
    if (entry->erased) {
        if (payload.data != NULL) {
            violate(drill, "entry %" PRIu64 " should be erased", header->number);
        }
    } else if (payload.data == NULL ||
               !span_equal(payload, span_make(expected.bytes, expected.size))) {
        violate(drill, "entry %" PRIu64 " has another payload", header->number);
    }
}

struct comparison {
    struct drill *drill;
    uint64_t next;
};

static enum err compare_visit(void *context, const struct journal_header *header,
                              struct span payload)
{
    struct comparison *comparison = context;
    if (header->number != comparison->next) {
        violate(comparison->drill, "the walk shows entry %" PRIu64 " instead of %" PRIu64,
                header->number, comparison->next);
        return ERR_CANCELLED;
    }
    comparison->next++;
    entry_compare(comparison->drill, header, payload);
    return ERR_OK;
}

static void journal_compare(struct drill *drill, struct journal *journal, const char *how)
{
    struct comparison comparison = { .drill = drill, .next = 1 };
    enum err err = journal_walk(&drill->op, journal, 1, compare_visit, &comparison);
    if (err != ERR_OK) {
        violate(drill, "%s: walking fails with %s: %s", how, err_name(err), drill->op.fault.text);
        return;
    }
    uint64_t last = journal_last(journal);
    if (comparison.next != last + 1) {
        violate(drill, "%s: the walk ends before entry %" PRIu64, how, comparison.next);
    }
    if (last > 0) {
        uint64_t number = 1 + choose(drill, last);
        struct journal_header header;
        struct span payload;
        err = journal_read(&drill->op, journal, number, &header, &payload);
        if (err != ERR_OK) {
            violate(drill, "%s: reading entry %" PRIu64 " fails: %s", how, number,
                    drill->op.fault.text);
            return;
        }
        entry_compare(drill, &header, payload);
    }
}

/* A reader changes nothing and sees all that is acknowledged. */
static void reader_compare(struct drill *drill)
{
    const struct journal_options options = options_of(drill, false);
    struct journal *journal;
    uint64_t cut;
    op_fault_clear(&drill->op);
    enum err err = journal_open(&drill->op, drill->disk, &options, &journal, &cut);
    if (err != ERR_OK) {
        violate(drill, "a reader cannot open: %s", drill->op.fault.text);
        return;
    }
    uint64_t last = journal_last(journal);
    if (last != drill->acknowledged && last != drill->acknowledged + drill->doubtful) {
        violate(drill, "a reader sees %" PRIu64 " entries, acknowledged were %zu", last,
                drill->acknowledged);
    } else if (drill->doubtful == 0) {
        journal_compare(drill, journal, "reader");
    }
    journal_close(journal);
}

static void check_compare(struct drill *drill)
{
    struct journal_check check;
    enum err err = journal_check(&drill->op, drill->disk, SPAN("real"), &check);
    if (err != ERR_OK) {
        violate(drill, "the check fails: %s", drill->op.fault.text);
    } else if (check.faults > 0) {
        violate(drill, "the check finds: %s", check.first_fault_text);
    } else if (check.entries != drill->acknowledged || check.torn_size != 0) {
        violate(drill, "the check counts %" PRIu64 " entries and %" PRIu64 " torn bytes",
                check.entries, check.torn_size);
    } else if (memcmp(check.head, drill->head, sizeof check.head) != 0) {
        violate(drill, "the check ends with another head");
    }
}

/* What is erased is nowhere in the files. */
static void erasures_compare(struct drill *drill, struct span bytes)
{
    for (size_t i = 0; i < drill->acknowledged; i++) {
        const struct drill_entry *entry = &drill->entries[i];
        if (!entry->erased) {
            continue;
        }
        static struct payload payload;
        payload_make(entry->tag, &payload);
        if (payload.size < MARKER_SIZE) {
            continue;
        }
        struct span begin = span_make(payload.bytes, MARKER_SIZE);
        struct span end = span_make(payload.bytes + payload.size - MARKER_SIZE, MARKER_SIZE);
        if (span_find_span(bytes, begin) != SPAN_NOT_FOUND ||
            span_find_span(bytes, end) != SPAN_NOT_FOUND) {
            violate(drill, "bytes of the erased entry %zu are still on the disk", i + 1);
        }
    }
}

static void files_compare(struct drill *drill)
{
    struct span *names;
    size_t count;
    check_err(disk_list(&drill->op, drill->disk, SPAN("journal"), &names, &count), ERR_OK);
    char torn[PATH_SIZE];
    snprintf(torn, sizeof torn, "torn-%012" PRIu64, drill->torn_number);
    bool torn_found = drill->torn_number == 0;
    for (size_t i = 0; i < count; i++) {
        char path[PATH_SIZE];
        snprintf(path, sizeof path, "journal/%.*s", SPAN_FMT(names[i]));
        struct span map;
        check_err(disk_map(&drill->op, drill->disk, span_of(path), &map), ERR_OK);
        if (span_ends_with(names[i], SPAN(".journal"))) {
            erasures_compare(drill, map);
        }
        if (span_equal(names[i], span_of(torn)) && map.size >= drill->torn_size) {
            torn_found = true;
        }
        disk_unmap(drill->disk, map);
    }
    if (!torn_found) {
        violate(drill, "the torn bytes that were put aside before entry %" PRIu64 " are gone",
                drill->torn_number);
    }
}

static void blobs_compare(struct drill *drill)
{
    for (size_t i = 0; i < drill->blob_count; i++) {
        static struct payload payload;
        payload_make(drill->blobs[i], &payload);
        struct span bytes = span_make(payload.bytes, payload.size);
        uint8_t digest[DIGEST_SHA256_SIZE];
        digest_sha256(bytes, digest);
        struct span map;
        enum err err = blob_map(&drill->op, drill->disk, digest, true, &map);
        if (err != ERR_OK) {
            violate(drill, "blob %zu: %s", i, drill->op.fault.text);
            return;
        }
        disk_unmap(drill->disk, map);
    }
    struct blob_check check;
    enum err err = blob_check(&drill->op, drill->disk, &check);
    if (err != ERR_OK || check.faults > 0) {
        violate(drill, "the check of the blobs: %s", check.first_fault_text);
    }
}

bool drill_verify(struct drill *drill)
{
    reader_compare(drill);
    enum err err = drill_open(drill);
    if (err != ERR_OK) {
        violate(drill, "opening fails with %s: %s", err_name(err), drill->op.fault.text);
    }
    if (drill->violation[0] == '\0') {
        journal_compare(drill, drill->journal, "writer");
        check_compare(drill);
        files_compare(drill);
        blobs_compare(drill);
    }
    op_fault_clear(&drill->op);
    drill_close(drill);
    return drill->violation[0] == '\0';
}
