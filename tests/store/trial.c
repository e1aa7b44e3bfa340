// SPDX-License-Identifier: EUPL-1.2
#include "tests/store/trial.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/must.h"
#include "journal/blob.h"
#include "tests/store/sim_vfs.h"
#include "tests/store/trial_things.h"
#include "tests/store/trial_work.h"
#include "tests/testing.h"

enum { LINES_OF_READING = 20, BYTES_OF_LINE = 100, CLOCK_STEP_MS = 1500 };

void trial_violate(struct trial *trial, const char *format, ...)
{
    if (trial->violation[0] != '\0') {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(trial->violation, sizeof trial->violation, format, args);
    va_end(args);
}

uint64_t trial_choose(struct trial *trial, uint64_t count)
{
    return testing_random(&trial->random) % count;
}

static bool one_in(struct trial *trial, uint64_t count)
{
    return trial_choose(trial, count) == 0;
}

/* It goes on, and sometimes back. */
static int64_t clock_us(void *context)
{
    struct trial *trial = context;
    int64_t step_us = (int64_t)trial_choose(trial, CLOCK_STEP_MS) * US_PER_MS;
    trial->time_us += one_in(trial, 16) ? -step_us : step_us;
    return trial->time_us;
}

static struct store_options options_of(struct trial *trial)
{
    return (struct store_options){
        .world = SPAN("real"),
        .write = true,
        .fold_hosts_max = SHADOW_HOSTS_MAX,
        .database_vfs = SIM_VFS_NAME,
        .clock_us = clock_us,
        .clock_context = trial,
    };
}

void trial_begin(struct trial *trial, uint64_t seed)
{
    struct op op;
    *trial = (struct trial){
        .random = seed,
        .time_us = INT64_C(1710000000000000),
        .list_failed = SHADOW_LISTS,
    };
    testing_op_begin(&op);
    check_err(disk_sim_open(&op, seed, &trial->disk), ERR_OK);
    op_end(&op);
    sim_vfs_begin(trial->disk, seed);
}

void trial_end(struct trial *trial)
{
    trial_close(trial);
    sim_vfs_end();
    disk_close(trial->disk);
}

/* ---- opening and ending ---- */

/* An act may fail where there are faults; then in no way that speaks of damage. */
static void error_check(struct trial *trial, const char *what, enum err err, const struct op *op)
{
    bool may = trial->faulty && (err == ERR_IO || err == ERR_FULL || err == ERR_ABSENT);
    if (err != ERR_OK && !may) {
        trial_violate(trial, "%s fails with %s: %s", what, err_name(err), op->fault.text);
    }
}

static enum err make(struct trial *trial, struct op *op)
{
    const struct store_options options = options_of(trial);
    enum err err = store_create(op, trial->disk, &options, thing_owner(op));
    if (err == ERR_EXISTS) {
        op_fault_clear(op);
        err = ERR_OK; /* an earlier try came through, though its caller was not told */
    }
    if (err == ERR_OK) {
        trial->made = true;
        trial->sure = shadow_begin();
    }
    return err;
}

/* Of a commit that ended in doubt there is now all or nothing. */
static void doubt_settle(struct trial *trial)
{
    uint64_t last = journal_last(store_journal(trial->store));
    if (trial->doubtful && last == trial->maybe.last) {
        trial->sure = trial->maybe;
    }
    trial->doubtful = false;
    if (last != trial->sure.last) {
        trial_violate(trial, "there are %llu entries, %llu were acknowledged",
                      (unsigned long long)last, (unsigned long long)trial->sure.last);
    }
}

enum err trial_open(struct trial *trial)
{
    struct op op;
    const struct store_options options = options_of(trial);
    enum err err = ERR_OK;
    testing_op_begin(&op);
    if (!trial->made) {
        err = make(trial, &op);
    }
    if (err == ERR_OK) {
        err = store_open(&op, trial->disk, &options, &trial->store, NULL);
    }
    error_check(trial, "opening", err, &op);
    op_end(&op);
    if (err == ERR_OK) {
        doubt_settle(trial);
    }
    return err;
}

void trial_close(struct trial *trial)
{
    store_close(trial->store);
    trial->store = NULL;
}

void trial_kill(struct trial *trial)
{
    sim_vfs_kill();
    disk_sim_restart(trial->disk);
    trial_close(trial);
    sim_vfs_revive();
}

void trial_power_loss(struct trial *trial)
{
    sim_vfs_kill();
    disk_sim_crash(trial->disk, testing_random(&trial->random));
    trial_close(trial);
    sim_vfs_revive();
}

/* ---- an act, and what came of it ---- */

/* `maybe` is what should be there once the act is done. What came of a failed one the journal
 * tells: its entries are in it, or not; or only the next open can say. */
static enum err act_end(struct trial *trial, struct op *op, const char *what, enum err err)
{
    struct journal *journal = store_journal(trial->store);
    uint64_t last = journal_last(journal);
    trial->recovers = err != ERR_OK && last > trial->sure.last;
    error_check(trial, what, err, op);
    op_end(op);
    if (last == trial->maybe.last) {
        trial->sure = trial->maybe;
    } else if (err == ERR_OK || last != trial->sure.last) {
        trial_violate(trial, "%s leaves %llu entries: there were %llu, and should be %llu", what,
                      (unsigned long long)last, (unsigned long long)trial->sure.last,
                      (unsigned long long)trial->maybe.last);
    } else {
        trial->doubtful = journal_in_doubt(journal);
    }
    return err;
}

/* ---- sets ---- */

static void member_make(struct trial *trial, struct shadow_member *ret)
{
    int64_t hour_us = shadow_hour_us(trial_choose(trial, SHADOW_HOURS));
    *ret = (struct shadow_member){
        .there = true,
        .confidence = one_in(trial, 2) ? PACK_CONFIDENCE_UNKNOWN : (uint8_t)trial_choose(trial, 99),
        .tlp = one_in(trial, 2) ? PACK_TLP_OF_SET : POLICY_TLP_RED,
        .first_seen_us = one_in(trial, 2) ? TIME_US_NONE : hour_us,
        .valid_until_us = one_in(trial, 2) ? TIME_US_NONE : hour_us,
    };
}

static struct shadow_set set_make(struct trial *trial)
{
    struct shadow_set set = {
        .there = true,
        .tlp = (enum policy_tlp)trial_choose(trial, POLICY_TLP_UNKNOWN),
        .confidence = one_in(trial, 2) ? PACK_CONFIDENCE_UNKNOWN : (uint8_t)trial_choose(trial, 99),
        .valid_until_us = one_in(trial, 2) ? TIME_US_NONE : shadow_hour_us(1),
    };
    for (size_t i = 0; i < SHADOW_VALUES; i++) {
        if (one_in(trial, 3)) {
            member_make(trial, &set.members[i]);
        }
    }
    return set;
}

static void pack_make(struct op *op, const struct shadow_set *set, struct buf *ret)
{
    static const struct hash_secret secret;
    struct pack_writer *writer = NULL;
    uint64_t count = 0;
    check_err(pack_writer_new(op, &secret, &writer), ERR_OK);
    for (size_t i = 0; i < SHADOW_VALUES; i++) {
        const struct shadow_member *from = &set->members[i];
        const struct pack_member member = {
            .value = thing_value(op, i),
            .scope = VALUE_SCOPE_EXACT,
            .confidence = from->confidence,
            .tlp = from->tlp,
            .first_seen_us = from->first_seen_us,
            .valid_from_us = TIME_US_NONE,
            .valid_until_us = from->valid_until_us,
        };
        if (from->there) {
            check_err(pack_writer_add(op, writer, &member, NULL), ERR_OK);
        }
    }
    check_err(pack_writer_finish(op, writer, ret, &count), ERR_OK);
    pack_writer_free(writer);
}

static enum err act_set_add(struct trial *trial)
{
    struct op op;
    struct buf pack;
    struct store_set_added added;
    size_t set = trial_choose(trial, SHADOW_SETS);
    const struct shadow_set from = set_make(trial);
    size_t list =
        trial->list_failed < SHADOW_LISTS ? trial->list_failed : trial_choose(trial, SHADOW_LISTS);
    shadow_set_add(&trial->maybe, set, &from, list);
    testing_op_begin(&op);
    buf_init(&pack, PACK_SIZE_MAX);
    pack_make(&op, &from, &pack);
    const struct store_set_add add = {
        .source = thing_source(thing_set_source(set)),
        .set = thing_set(&op, set),
        .file_name = SPAN("list.txt"),
        .file = thing_list(&op, list),
        .pack = buf_span(&pack),
        .tlp = from.tlp,
        .confidence = from.confidence,
        .valid_until_us = from.valid_until_us,
    };
    enum err err = store_set_add(&op, trial->store, &add, &added);
    buf_done(&pack);
    trial->list_failed = err == ERR_OK ? SHADOW_LISTS : list;
    return act_end(trial, &op, "adding to a set", err);
}

/* Some values, of which one at least is a member. */
static size_t members_choose(struct trial *trial, struct op *op, size_t set, struct value *ret,
                             bool *ret_chosen)
{
    size_t count = 0;
    bool member = false;
    for (size_t i = 0; i < SHADOW_VALUES; i++) {
        ret_chosen[i] = one_in(trial, 4);
        if (ret_chosen[i]) {
            ret[count] = thing_value(op, i);
            count++;
            member = member || trial->sure.sets[set].members[i].there;
        }
    }
    return member ? count : 0;
}

static enum err act_set_remove(struct trial *trial)
{
    struct op op;
    struct value values[SHADOW_VALUES];
    bool chosen[SHADOW_VALUES];
    struct store_set set = { 0 };
    uint64_t removed = 0;
    size_t number = trial_choose(trial, SHADOW_SETS);
    bool whole = one_in(trial, 3);
    if (!trial->sure.sets[number].there) {
        return ERR_OK;
    }
    testing_op_begin(&op);
    size_t count = members_choose(trial, &op, number, values, chosen);
    if (count == 0 && !whole) {
        op_end(&op);
        return ERR_OK;
    }
    if (whole) {
        shadow_set_delete(&trial->maybe, number);
    } else {
        shadow_set_remove(&trial->maybe, number, chosen);
    }
    set.source = thing_source(thing_set_source(number));
    set.name = thing_set(&op, number);
    check_err(store_source_identity(&op, trial->store, set.source, &set.source_id), ERR_OK);
    enum err err =
        store_set_remove(&op, trial->store, &set, whole ? NULL : values, count, &removed);
    return act_end(trial, &op, "removing from a set", err);
}

/* ---- objects ---- */

static struct shadow_object object_make(struct trial *trial)
{
    struct shadow_object object = { .object = (uint8_t)trial_choose(trial, SHADOW_OWNER) };
    if (object.object != SHADOW_DEFINITION) { /* it has no versions */
        object.version = (uint8_t)trial_choose(trial, SHADOW_VERSIONS);
        object.variant = (uint8_t)trial_choose(trial, SHADOW_VARIANTS);
    }
    return object;
}

static enum err act_objects_add(struct trial *trial)
{
    struct op op;
    struct store_objects_added added;
    struct store_object_add adds[SHADOW_OBJECTS];
    struct shadow_import import = {
        .source = (uint8_t)trial_choose(trial, SHADOW_SOURCES),
        .has_local = one_in(trial, 4),
        .put_back = one_in(trial, 2),
        .local = POLICY_TLP_RED,
        .otherwise = POLICY_TLP_AMBER,
        .count = 1 + trial_choose(trial, SHADOW_OBJECTS - 1),
    };
    if (trial->sure.event_count + import.count > SHADOW_EVENTS_MAX) {
        return ERR_OK;
    }
    testing_op_begin(&op);
    for (size_t i = 0; i < import.count; i++) {
        import.objects[i] = object_make(trial);
        adds[i].bytes = thing_object(&op, import.objects[i]);
    }
    shadow_objects_add(&trial->maybe, &import);
    const struct store_objects_options options = {
        .source = thing_source(import.source),
        .has_local = import.has_local,
        .local = import.local,
        .otherwise = import.otherwise,
        .put_back = import.put_back,
    };
    enum err err = store_objects_add(&op, trial->store, &options, adds, import.count, &added);
    return act_end(trial, &op, "adding objects", err);
}

static enum err act_object_remove(struct trial *trial)
{
    struct op op;
    uint64_t removed = 0;
    size_t object = trial_choose(trial, SHADOW_INDICATORS);
    if (!shadow_is_in_use(&trial->sure, object)) {
        return ERR_OK;
    }
    shadow_object_remove(&trial->maybe, object);
    testing_op_begin(&op);
    enum err err = store_object_remove(&op, trial->store, thing_object_id(&op, object), &removed);
    return act_end(trial, &op, "removing an object", err);
}

/* ---- the watch ---- */

static struct shadow_batch batch_make(struct trial *trial)
{
    struct shadow_batch batch = { .input = trial_choose(trial, SHADOW_INPUTS) };
    uint64_t lines = 1 + trial_choose(trial, LINES_OF_READING);
    batch.read = trial->sure.inputs[batch.input];
    batch.read.there = true;
    batch.read.lines += lines;
    batch.read.position += lines * BYTES_OF_LINE;
    batch.read.observations += trial_choose(trial, lines + 1);
    batch.read.faults[trial_choose(trial, SHADOW_FAULTS)] += trial_choose(trial, 3);
    batch.read.ended = one_in(trial, 4);
    return batch;
}

static struct shadow_line line_make(struct trial *trial)
{
    struct shadow_line line = {
        .watched = (uint8_t)trial_choose(trial, SHADOW_WATCHED),
        .hour = (uint8_t)trial_choose(trial, SHADOW_HOURS),
        .host = (uint8_t)trial_choose(trial, SHADOW_HOSTS),
        .observed = (uint8_t)trial_choose(trial, SHADOW_OBSERVED),
        .evidence = one_in(trial, 2) ? testing_random(&trial->random) | 1 : 0,
    };
    line.time_us =
        shadow_hour_us(line.hour) + (int64_t)trial_choose(trial, (uint64_t)SHADOW_HOUR_US);
    return line;
}

/* A line as the watch tells it: a fold of its own. */
static struct fold fold_make(struct op *op, const struct shadow_line *line)
{
    struct fold fold = {
        .indicator = thing_watched_id(op, line->watched),
        .inside = thing_host(op, line->host),
        .start_us = shadow_hour_us(line->hour),
        .length_us = SHADOW_HOUR_US,
        .value = SPAN("seen.example"),
        .source = SPAN("partner"),
        .kind = VALUE_DOMAIN,
        .tlp = POLICY_TLP_GREEN,
        .sensor = SPAN("gate"),
        .field = SPAN("dns.query"),
        .first_us = line->time_us,
        .last_us = line->time_us,
        .count = 1,
    };
    fold_values_add(&fold.observed, thing_observed(op, line->observed));
    if (line->evidence != 0) {
        fold.evidence[0] = thing_evidence(op, line->evidence);
        fold.evidence_count = 1;
    }
    return fold;
}

/* Lines that meet the same come one after the other, often gathered in one fold already. */
static size_t folds_make(struct trial *trial, struct op *op, struct shadow_batch *batch,
                         struct fold *ret)
{
    size_t count = 0;
    uint64_t lines = trial_choose(trial, SHADOW_LINES_MAX);
    struct shadow_line line = { 0 };
    for (batch->count = 0; batch->count < lines; batch->count++) {
        struct shadow_line next = line_make(trial);
        bool again = batch->count > 0 && one_in(trial, 3);
        if (again) {
            next.watched = line.watched;
            next.host = line.host;
            next.hour = line.hour;
            next.time_us = line.time_us;
        }
        line = next;
        batch->lines[batch->count] = line;
        struct fold fold = fold_make(op, &line);
        if (again && one_in(trial, 2)) {
            fold_merge(&ret[count - 1], &fold);
        } else {
            ret[count] = fold;
            count++;
        }
    }
    return count;
}

static enum err act_batch(struct trial *trial)
{
    struct op op;
    struct fold folds[SHADOW_LINES_MAX];
    struct shadow_batch made = batch_make(trial);
    testing_op_begin(&op);
    size_t count = folds_make(trial, &op, &made, folds);
    shadow_batch_add(&trial->maybe, &made);
    struct store_input input = thing_input(&op, made.input, &made.read);
    const struct store_batch batch = {
        .inputs = &input,
        .input_count = 1,
        .folds = folds,
        .fold_count = count,
    };
    enum err err = store_batch_add(&op, trial->store, &batch, NULL, NULL);
    return act_end(trial, &op, "a batch", err);
}

static enum err act_close(struct trial *trial)
{
    struct op op;
    size_t closed = 0;
    size_t hours = trial_choose(trial, SHADOW_HOURS + 1);
    shadow_folds_close(&trial->maybe, hours);
    testing_op_begin(&op);
    enum err err =
        store_folds_close(&op, trial->store, shadow_hour_us(hours), TIME_US_MAX, &closed);
    return act_end(trial, &op, "closing folds", err);
}

/* ---- erasing ---- */

/* An entry that holds an object or evidence that is still there; 0: none was met. */
static uint64_t erasable_choose(struct trial *trial)
{
    const struct shadow *sure = &trial->sure;
    const struct shadow_event *event = &sure->events[trial_choose(trial, sure->event_count)];
    if (one_in(trial, 2)) {
        bool may = !event->erased && event->is.object < SHADOW_DEFINITION;
        return may ? event->entry : 0;
    }
    const struct shadow_fold *fold =
        &sure->folds[trial_choose(trial, SHADOW_WATCHED)][trial_choose(trial, SHADOW_HOURS)]
                    [trial_choose(trial, SHADOW_HOSTS)];
    const struct shadow_evidence *evidence = &fold->evidence[trial_choose(trial, SHADOW_EVIDENCE)];
    return evidence->tag == 0 ? 0 : evidence->entry;
}

static enum err act_erase(struct trial *trial)
{
    struct op op;
    uint64_t entry = 0;
    for (size_t i = 0; i < SHADOW_EVENTS_MAX && entry == 0; i++) {
        entry = erasable_choose(trial);
    }
    if (entry == 0) {
        return ERR_OK;
    }
    shadow_erase(&trial->maybe, entry);
    testing_op_begin(&op);
    enum err err = store_erase(&op, trial->store, entry, SPAN("kept for a day"));
    err = act_end(trial, &op, "erasing", err);
    trial->recovers = false; /* what was not overwritten is, at the next open */
    return err;
}

/* ---- what people and the node say ---- */

static enum err act_hits(struct trial *trial)
{
    struct op op;
    testing_op_begin(&op);
    enum err err = trial_hits_change(trial, &op);
    return act_end(trial, &op, "working a hit", err);
}

static enum err act_notice(struct trial *trial)
{
    struct op op;
    testing_op_begin(&op);
    enum err err = trial_notice_add(trial, &op);
    return act_end(trial, &op, "a notice", err);
}

/* ---- all ---- */

enum err trial_rebuild(struct trial *trial)
{
    struct op op;
    uint64_t entries = 0;
    testing_op_begin(&op);
    enum err err = store_rebuild(&op, trial->store, &entries);
    if (err == ERR_OK && entries != trial->sure.last) {
        trial_violate(trial, "a rebuild applies %llu of %llu entries", (unsigned long long)entries,
                      (unsigned long long)trial->sure.last);
    }
    error_check(trial, "making all anew", err, &op);
    op_end(&op);
    trial->recovers = false;
    return err;
}

enum err trial_act(struct trial *trial)
{
    static enum err (*const acts[])(struct trial * trial) = {
        act_set_add, act_set_add,       act_set_remove, act_objects_add, act_objects_add, act_batch,
        act_batch,   act_batch,         act_batch,      act_erase,       act_erase,       act_erase,
        act_set_add, act_object_remove, act_set_remove, act_close,       act_close,       act_hits,
        act_hits,    act_hits,          act_notice,     act_notice,
    };
    must(trial->store != NULL);
    must(!trial->doubtful);
    trial->maybe = trial->sure;
    return acts[trial_choose(trial, sizeof acts / sizeof acts[0])](trial);
}

/* The sizes of a folder's files, and of those in its folders. */
static uint64_t folder_size(struct trial *trial, struct op *op, struct span folder)
{
    struct span *names = NULL;
    size_t count = 0;
    uint64_t sum = 0;
    check_err(disk_list(op, trial->disk, folder, &names, &count), ERR_OK);
    for (size_t i = 0; i < count; i++) {
        char path[DISK_PATH_SIZE_MAX];
        struct disk_file *file = NULL;
        uint64_t size = 0;
        snprintf(path, sizeof path, "%.*s%s%.*s", SPAN_FMT(folder), folder.size > 0 ? "/" : "",
                 SPAN_FMT(names[i]));
        if (disk_file_open(op, trial->disk, span_of(path), DISK_READ, &file) == ERR_OK) {
            check_err(disk_size(op, file, &size), ERR_OK);
            disk_file_close(file);
            sum += size;
        } else {
            op_fault_clear(op);
            sum += folder_size(trial, op, span_of(path));
        }
    }
    return sum;
}

uint64_t trial_size(struct trial *trial)
{
    struct op op;
    testing_op_begin(&op);
    uint64_t size = folder_size(trial, &op, SPAN(""));
    op_end(&op);
    return size;
}

static void verify_open(struct trial *trial)
{
    struct op op;
    uint8_t before[JOURNAL_DIGEST_SIZE];
    uint8_t after[JOURNAL_DIGEST_SIZE];
    testing_op_begin(&op);
    trial_compare(trial, &op);
    enum err err = store_derived_digest(&op, trial->store, before);
    error_check(trial, "the digest", err, &op);
    if (err == ERR_OK && trial_rebuild(trial) == ERR_OK) {
        err = store_derived_digest(&op, trial->store, after);
        error_check(trial, "the digest of what was made anew", err, &op);
        if (memcmp(before, after, sizeof before) != 0) {
            trial_violate(trial, "what is made anew from the journal differs");
        }
    }
    op_end(&op);
}

void trial_mend(struct trial *trial)
{
    trial->faulty = false;
    disk_sim_fail_change(trial->disk, 0, DISK_SIM_FAULT_NONE);
    disk_sim_fail_read(trial->disk, UINT64_MAX);
    disk_sim_capacity(trial->disk, UINT64_MAX);
}

bool trial_verify(struct trial *trial)
{
    trial_mend(trial);
    if (trial->store != NULL || trial_open(trial) == ERR_OK) {
        verify_open(trial);
    }
    return trial->violation[0] == '\0';
}
