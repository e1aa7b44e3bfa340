// SPDX-License-Identifier: EUPL-1.2
/*
 * A merge that goes on over several calls, from its empty file to the manifest that names it.
 */
#include "base/memory.h"
#include "base/must.h"
#include "history/history_inner.h"

enum {
    STEP_US = 5 * 1000,               /* then others have their turn */
    KEEP_SMALL_SIZE = 4 * 1024 * 1024 /* smaller ones are merged again soon */
};

static const struct history_part *part_of(const struct history *history, uint64_t number)
{
    size_t i = 0;
    while (i < history->part_count && history->parts[i].is.number != number) {
        i++;
    }
    must(i < history->part_count);
    must(history->parts[i].segment != NULL);
    return &history->parts[i];
}

static void job_free(struct history_job *job)
{
    merge_free(job->merge);
    disk_file_close(job->file);
    memory_free(job->numbers);
    memory_free(job);
}

void history_job_drop(struct history *history)
{
    struct history_job *job = history->job;
    if (job == NULL) {
        return;
    }
    history->job = NULL;
    bool made = job->file != NULL;
    uint64_t number = job->number;
    job_free(job);
    if (made) {
        history_file_remove(history, "seg-", number);
    }
}

static enum err fail_memory(struct op *op)
{
    return op_fail(op, ERR_LIMIT, "out of memory for merging segments of the history");
}

static struct history_job *job_new(const struct history *history, const struct history_plan *plan)
{
    struct history_job *job = memory_new(sizeof *job);
    if (job == NULL) {
        return NULL;
    }
    job->numbers = memory_new_array(plan->count, sizeof *job->numbers);
    if (job->numbers == NULL) {
        memory_free(job);
        return NULL;
    }
    job->number = history->head.next_number;
    job->made_s = plan->now_s;
    job->mark = plan->mark;
    job->cut_s = plan->cut_s;
    job->forget = plan->forget;
    job->drops = plan->drops;
    job->count = plan->count;
    for (size_t i = 0; i < plan->count; i++) {
        job->numbers[i] = plan->numbers[i];
    }
    return job;
}

/* Where rules are not applied, the new segment is as old as the oldest of those it is made of. */
static void job_ages(const struct history *history, struct history_job *job)
{
    for (size_t i = 0; i < job->count && job->forget != NULL; i++) {
        const struct history_part *part = part_of(history, job->numbers[i]);
        bool first = i == 0;
        job->made_s = first || part->is.made_s < job->made_s ? part->is.made_s : job->made_s;
        job->cut_s = first || part->cut_s < job->cut_s ? part->cut_s : job->cut_s;
        job->mark = first || part->is.mark == job->mark ? part->is.mark : 0;
    }
}

static enum err merge_begin(struct op *op, struct history *history, const struct history_plan *plan,
                            struct history_job *job)
{
    struct history_path path;
    struct span name = history_path(history, "seg-", job->number, &path);
    const struct segment **segments = memory_new_array(job->count, sizeof(*segments));
    uint64_t size = 0;
    if (segments == NULL) {
        return fail_memory(op);
    }
    for (size_t i = 0; i < job->count; i++) {
        const struct history_part *part = part_of(history, job->numbers[i]);
        segments[i] = part->segment;
        size += part->is.facts.size;
    }
    const struct merge_options options = {
        .rules = history->options.rules,
        .now_s = plan->now_s,
        .oldest_s = plan->cut_s,
        .forget = plan->forget,
        .segment = { .secret = &history->head.secret,
                     .level = size < KEEP_SMALL_SIZE ? SEGMENT_LEVEL_FAST : SEGMENT_LEVEL_SMALL },
    };
    enum err err = disk_file_open(op, history->disk, name, DISK_CREATE_NEW, &job->file);
    err =
        err == ERR_OK ? merge_new(op, segments, job->count, job->file, &options, &job->merge) : err;
    memory_free(segments);
    return err;
}

enum err history_job_begin(struct op *op, struct history *history, const struct history_plan *plan)
{
    must(plan->count >= 1);
    must(plan->count == 1 || !plan->drops);
    history_job_drop(history);
    TRY(history_settle(op, history));
    struct history_job *job = job_new(history, plan);
    if (job == NULL) {
        return fail_memory(op);
    }
    job_ages(history, job);
    history->job = job;
    history->head.next_number++;
    enum err err = merge_begin(op, history, plan, job);
    if (err != ERR_OK) {
        history_job_drop(history);
    }
    return err;
}

/* ---- damage ---- */

/* What a merge could not read of a source; its count is 0 where there is nothing. */
static struct history_loss damage_of(const struct history *history, const struct history_job *job,
                                     size_t source)
{
    uint64_t kinds = 0;
    uint64_t count = merge_damage(job->merge, source, &kinds);
    return history_part_loss(part_of(history, job->numbers[source]), HISTORY_LOSS_BLOCKS, count,
                             kinds);
}

/* Whether a source has more damaged blocks than a person said are known. */
static bool damage_is_new(const struct history *history, const struct history_loss *damage)
{
    const struct history_loss *known = history_blocks_lost(history, damage->file);
    return damage->count > 0 && (known == NULL || !known->known || known->count < damage->count);
}

/* The first source whose damage forbids to go on; false: there is none. */
static bool job_is_refused(const struct history *history, const struct history_job *job,
                           struct history_loss *ret)
{
    for (size_t i = 0; i < job->count && !job->drops; i++) {
        *ret = damage_of(history, job, i);
        if (damage_is_new(history, ret)) {
            return true;
        }
    }
    return false;
}

/* A segment that is damaged stays as it is, and is written down: what is merged goes on without it.
 */
static enum err job_give_up(struct op *op, struct history *history, const struct history_loss *loss,
                            struct merge_result *ret)
{
    history_job_drop(history);
    *ret = (struct merge_result){ .damaged = loss->count };
    return history_loss_record(op, history, loss);
}

/* Whether the damaged blocks may hold what is to be forgotten. A value may stand in values of other
 * kinds. */
static bool damage_is_meant(const struct history_job *job, const struct history_loss *loss)
{
    enum value_kind kind = job->forget->kind;
    uint64_t kinds = kind == VALUE_NONE ? HISTORY_LOSS_KINDS_ALL : UINT64_C(1) << kind;
    return (loss->kinds & kinds) != 0;
}

/* Whether all is as it should be already. */
static bool job_is_idle(const struct history_job *job, const struct merge_result *result,
                        const struct history_loss *loss)
{
    return job->forget != NULL && result->postings_gone == 0 && !damage_is_meant(job, loss);
}

/* ---- the end ---- */

/* The new segment in place of the old ones; where nothing is left, it is none. */
static enum err job_change(struct op *op, struct history *history, struct history_job *job,
                           const struct merge_result *result, const struct history_loss *loss)
{
    struct history_part part = { .cut_s = job->cut_s };
    part.is = (struct manifest_segment){
        .number = job->number, .made_s = job->made_s, .mark = job->mark, .facts = result->facts
    };
    struct history_change change = history_change_none(history);
    change.removed = job->numbers;
    change.removed_count = job->count;
    change.loss = job->drops && loss->count > 0 ? loss : NULL;
    if (result->facts.postings > 0) {
        TRY(history_sync(op, history));
        TRY(history_part_open(op, history, &part));
        change.part = &part;
    }
    enum err err = history_change(op, history, &change);
    if (err != ERR_OK) {
        history_part_close(history, &part);
    }
    return err;
}

static enum err job_finish(struct op *op, struct history *history, struct merge_result *ret)
{
    struct history_job *job = history->job;
    struct history_loss loss = damage_of(history, job, 0);
    TRY(merge_finish(op, job->merge, ret));
    merge_free(job->merge); /* before the segments that it reads are closed */
    job->merge = NULL;
    bool same = job_is_idle(job, ret, &loss);
    if (same && damage_is_new(history, &loss)) {
        TRY(history_loss_record(op, history, &loss));
    }
    if (!same) {
        loss.gone = true;
        TRY(job_change(op, history, job, ret, &loss));
    }
    if (!same && ret->facts.postings > 0) {
        history->job = NULL; /* its file stays */
        job_free(job);
    } else {
        history_job_drop(history);
    }
    return ERR_OK;
}

enum err history_job_step(struct op *op, struct history *history, int64_t budget_us, bool *ret_done,
                          struct merge_result *ret_result)
{
    bool written = false;
    struct merge_result result;
    struct history_loss loss;
    enum err err = merge_step(op, history->job->merge, budget_us, &written);
    if (err == ERR_OK && job_is_refused(history, history->job, &loss)) {
        written = true;
        err = job_give_up(op, history, &loss, &result);
    } else if (err == ERR_OK && written) {
        err = job_finish(op, history, &result);
    }
    if (err != ERR_OK) {
        if (history->doubt && history->job != NULL) {
            disk_file_close(history->job->file); /* perhaps the manifest names it: it stays */
            history->job->file = NULL;
        }
        history_job_drop(history);
        return err;
    }
    *ret_done = written;
    if (written && ret_result != NULL) {
        *ret_result = result;
    }
    return ERR_OK;
}

enum err history_job_whole(struct op *op, struct history *history, const struct history_plan *plan,
                           struct merge_result *ret_result)
{
    bool done = false;
    TRY(history_job_begin(op, history, plan));
    while (!done) {
        enum err err = history_pause(op, history);
        if (err != ERR_OK) {
            history_job_drop(history);
            return err;
        }
        if (history->job == NULL || history->doubt) { /* history_settle() gave it up, or will */
            return op_fail(op, ERR_IO,
                           "the manifest of the history could not be written meanwhile: do it "
                           "again");
        }
        TRY(history_job_step(op, history, STEP_US, &done, ret_result));
    }
    return ERR_OK;
}
