// SPDX-License-Identifier: EUPL-1.2
/*
 * Forgetting. What is live becomes a segment; then each segment that may hold what is to go is
 * written anew without it, and the old file removed.
 */
#include "base/memory.h"
#include "base/must.h"
#include "history/history_inner.h"
#include "history/taking.h"

static enum err part_look(struct op *op, const struct taking *taking,
                          const struct history_part *part, bool *ret)
{
    const struct history_forget *forget = taking->forget;
    const struct segment_facts *facts = &part->is.facts;
    bool other =
        !part->stranger && (facts->first_s > forget->until_s || facts->last_s < forget->since_s ||
                            (forget->kind != VALUE_NONE && facts->kind_values[forget->kind] == 0));
    *ret = !other;
    return other || part->segment == NULL ? ERR_OK : taking_look(op, taking, part->segment, ret);
}

static const struct history_part *part_of(const struct history *history, uint64_t number)
{
    size_t i = 0;
    while (history->parts[i].is.number != number) {
        i++;
    }
    return &history->parts[i];
}

/* What cannot be read at all: what it holds cannot be told, and what is lost with it is written
 * down. */
static enum err part_remove(struct op *op, struct history *history, const struct history_part *part)
{
    const uint64_t number = part->is.number;
    struct history_loss loss =
        history_part_loss(part, HISTORY_LOSS_SEGMENT, 1, history_kinds_of(&part->is.facts));
    TRY(history_settle(op, history));
    struct history_change change = history_change_none(history);
    loss.gone = true;
    change.loss = &loss;
    change.removed = &number;
    change.removed_count = 1;
    return history_change(op, history, &change);
}

/* The segments that may hold something, by number: their order changes as they are written anew. */
static enum err numbers_gather(struct op *op, const struct history *history,
                               const struct history_forget *forget, uint64_t *numbers,
                               size_t *ret_count)
{
    size_t count = 0;
    enum err err = ERR_OK;
    struct taking *taking = memory_new(sizeof *taking);
    if (taking == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for forgetting");
    }
    taking_init(taking, history->options.rules, forget);
    for (size_t i = 0; i < history->part_count && err == ERR_OK; i++) {
        bool there = false;
        err = part_look(op, taking, &history->parts[i], &there);
        if (there) {
            numbers[count] = history->parts[i].is.number;
            count++;
        }
    }
    memory_free(taking);
    TRY(err);
    *ret_count = count;
    return ERR_OK;
}

static enum err part_forget(struct op *op, struct history *history,
                            const struct history_forget *forget, uint64_t number,
                            struct history_forgotten *gone)
{
    struct merge_result result;
    const struct history_part *part = part_of(history, number);
    if (part->segment == NULL) {
        gone->lost++;
        return part_remove(op, history, part);
    }
    const struct history_plan plan = {
        .count = 1, .numbers = &number, .forget = forget, .drops = true
    };
    TRY(history_job_whole(op, history, &plan, &result));
    const struct history_loss *loss = history_blocks_lost(history, number);
    gone->lost += loss != NULL && loss->gone ? result.damaged : 0;
    gone->postings += result.postings_forgotten;
    gone->count += result.count_forgotten;
    return ERR_OK;
}

/* Files that could not be removed at once, too; and that they are gone survives a power loss. */
static enum err files_remove(struct op *op, struct history *history)
{
    uint64_t removed;
    TRY(history_strays_remove(op, history, &removed));
    TRY(history_aside_remove(op, history));
    return history_sync(op, history);
}

static enum err parts_forget(struct op *op, struct history *history,
                             const struct history_forget *forget, struct history_forgotten *gone)
{
    size_t count = 0;
    uint64_t *numbers = memory_new_array(history->part_count + 1, sizeof *numbers);
    if (numbers == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for forgetting");
    }
    enum err err = numbers_gather(op, history, forget, numbers, &count);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = part_forget(op, history, forget, numbers[i], gone);
    }
    memory_free(numbers);
    return err;
}

enum err history_forget(struct op *op, struct history *history, const struct history_forget *forget,
                        struct history_forgotten *ret)
{
    struct history_forgotten gone = { .postings = 0 };
    must(history->lock != NULL);
    must(!history->is_between);
    must(forget->value != NULL || forget->kind != VALUE_NONE || forget->host.size > 0 ||
         forget->since_s > 0 || forget->until_s < UINT32_MAX);
    history_job_drop(history);
    TRY(history_flush(op, history));
    TRY(parts_forget(op, history, forget, &gone));
    TRY(files_remove(op, history));
    *ret = gone;
    return ERR_OK;
}
