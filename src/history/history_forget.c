// SPDX-License-Identifier: EUPL-1.2
/*
 * Forgetting. What is live becomes a segment; then each segment that may hold what is to go is
 * written anew without it, and the old file removed.
 */
#include "base/memory.h"
#include "base/must.h"
#include "history/history_inner.h"

/* Whether what is kept of the value in a form may be in a segment. */
static bool form_may_be_there(const struct history *history, const struct segment *segment,
                              const struct value *value, enum history_keep keep)
{
    uint8_t key[HISTORY_ORDER_SIZE_MAX];
    struct history_kept kept;
    enum err err =
        history_keep_value(history->options.rules, value->kind, value->key, keep, key, &kept);
    if (err != ERR_OK) {
        return keep == HISTORY_KEEP_HASHED; /* whether it is one of the hashes nobody can say */
    }
    return segment_may_hold(segment, value->kind, kept.form, kept.key);
}

static bool value_may_be_there(const struct history *history, const struct segment *segment,
                               const struct history_forget *forget)
{
    const struct value *value = forget->value;
    bool asked = value != NULL && value->kind != VALUE_CIDR &&
                 (forget->scope == VALUE_SCOPE_EXACT || forget->scope == VALUE_SCOPE_SUBDOMAINS);
    if (!asked) {
        return true; /* the filter does not know */
    }
    for (enum history_keep keep = HISTORY_KEEP; keep < HISTORY_KEEP_NOT; keep++) {
        if (form_may_be_there(history, segment, value, keep)) {
            return true;
        }
    }
    return false;
}

static bool part_may_hold(const struct history *history, const struct history_part *part,
                          const struct history_forget *forget)
{
    const struct segment_facts *facts = &part->is.facts;
    if (facts->first_s > forget->until_s || facts->last_s < forget->since_s) {
        return false;
    }
    if (forget->kind != VALUE_NONE && facts->kind_values[forget->kind] == 0) {
        return false;
    }
    return part->segment == NULL || value_may_be_there(history, part->segment, forget);
}

/* What cannot be read at all: what it holds cannot be told. */
static enum err part_remove(struct op *op, struct history *history, uint64_t number)
{
    struct history_change change = history_change_none(history);
    change.removed = &number;
    change.removed_count = 1;
    return history_change(op, history, &change);
}

/* The segments that may hold something, by number: their order changes as they are written anew. */
static enum err numbers_gather(struct op *op, const struct history *history,
                               const struct history_forget *forget, uint64_t **ret,
                               size_t *ret_count)
{
    uint64_t *numbers = memory_new_array(history->part_count, sizeof *numbers);
    size_t count = 0;
    if (numbers == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory for forgetting");
    }
    for (size_t i = 0; i < history->part_count; i++) {
        if (part_may_hold(history, &history->parts[i], forget)) {
            numbers[count] = history->parts[i].is.number;
            count++;
        }
    }
    *ret = numbers;
    *ret_count = count;
    return ERR_OK;
}

static bool part_is_readable(const struct history *history, uint64_t number)
{
    size_t i = 0;
    while (history->parts[i].is.number != number) {
        i++;
    }
    return history->parts[i].segment != NULL;
}

static enum err part_forget(struct op *op, struct history *history,
                            const struct history_forget *forget, uint64_t number,
                            uint64_t *ret_postings)
{
    struct merge_result result;
    if (!part_is_readable(history, number)) {
        return part_remove(op, history, number);
    }
    const struct history_plan plan = { .count = 1, .numbers = &number, .forget = forget };
    TRY(history_job_whole(op, history, &plan, &result));
    *ret_postings += result.postings_gone;
    return ERR_OK;
}

/* Files that could not be removed at once, too; and that they are gone survives a power loss. */
static enum err files_remove(struct op *op, struct history *history)
{
    uint64_t removed;
    TRY(history_strays_remove(op, history, &removed));
    return history_sync(op, history);
}

enum err history_forget(struct op *op, struct history *history, const struct history_forget *forget,
                        uint64_t *ret_postings)
{
    uint64_t *numbers = NULL;
    size_t count = 0;
    uint64_t postings = 0;
    must(history->lock != NULL);
    must(forget->value != NULL || forget->kind != VALUE_NONE || forget->host.size > 0 ||
         forget->since_s > 0 || forget->until_s < UINT32_MAX);
    history_job_drop(history);
    TRY(history_flush(op, history));
    TRY(numbers_gather(op, history, forget, &numbers, &count));
    enum err err = ERR_OK;
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = part_forget(op, history, forget, numbers[i], &postings);
    }
    memory_free(numbers);
    TRY(err);
    TRY(files_remove(op, history));
    *ret_postings = postings;
    return ERR_OK;
}
