// SPDX-License-Identifier: EUPL-1.2
#include "journal/find.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/must.h"

enum {
    LIST_CAPACITY_MIN = 16,
    MARK_CAPACITY_MIN = 64,
    MARK_STRIDE = 32 * 1024, /* bytes between marks: at most so much is walked for an entry */
    NAME_DIGITS = 12,
};

static const struct span name_ending = { (const uint8_t *)".journal", sizeof ".journal" - 1 };

/* Whether a file's name is a segment's: twelve digits and the ending. */
static bool name_is_segment(struct span name, uint64_t *ret_first)
{
    if (name.size != NAME_DIGITS + name_ending.size || !span_ends_with(name, name_ending)) {
        return false;
    }
    uint64_t first;
    if (span_to_u64(span_slice(name, 0, NAME_DIGITS), &first) != ERR_OK || first == 0) {
        return false;
    }
    *ret_first = first;
    return true;
}

enum err journal_list_add(struct op *op, struct journal_list *list, uint64_t first)
{
    must(list->count == 0 || first > list->firsts[list->count - 1]);
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? LIST_CAPACITY_MIN : list->capacity * 2;
        uint64_t *firsts = memory_resize(list->firsts, capacity * sizeof *firsts);
        if (firsts == NULL) {
            return op_fail(op, ERR_LIMIT, "out of memory for the list of journal files");
        }
        list->firsts = firsts;
        list->capacity = capacity;
    }
    list->firsts[list->count] = first;
    list->count++;
    return ERR_OK;
}

static enum err names_add(struct op *op, const struct span *names, size_t count,
                          struct journal_list *list)
{
    for (size_t i = 0; i < count; i++) { /* in byte order: the digits are padded */
        uint64_t first;
        if (name_is_segment(names[i], &first)) {
            TRY(journal_list_add(op, list, first));
        }
    }
    return ERR_OK;
}

enum err journal_list_read(struct op *op, struct disk *disk, struct journal_list *ret)
{
    struct span *names;
    size_t count;
    enum err err = disk_list(op, disk, JOURNAL_FOLDER, &names, &count);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        count = 0;
        err = ERR_OK;
    }
    TRY(err);
    struct journal_list list = { 0 };
    err = names_add(op, names, count, &list);
    if (err != ERR_OK) {
        journal_list_done(&list);
        return err;
    }
    *ret = list;
    return ERR_OK;
}

void journal_list_done(struct journal_list *list)
{
    memory_free(list->firsts);
    *list = (struct journal_list){ 0 };
}

size_t journal_list_index(const struct journal_list *list, uint64_t number)
{
    size_t low = 0;
    size_t high = list->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (list->firsts[middle] <= number) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static void slot_close(struct journal_slot *slot)
{
    journal_segment_close(&slot->segment);
    memory_free(slot->marks);
    *slot = (struct journal_slot){ 0 };
}

/* The slot that has the segment, or the one to give to it. */
static struct journal_slot *slot_choose(struct journal_finder *finder, uint64_t first)
{
    struct journal_slot *chosen = &finder->slots[0];
    for (size_t i = 0; i < JOURNAL_SLOT_COUNT; i++) {
        struct journal_slot *slot = &finder->slots[i];
        if (slot->segment.file != NULL && slot->segment.first == first) {
            return slot;
        }
        if (slot->used < chosen->used) {
            chosen = slot;
        }
    }
    return chosen;
}

static enum err slot_get(struct op *op, struct journal_finder *finder, uint64_t first,
                         struct journal_slot **ret)
{
    struct journal_slot *slot = slot_choose(finder, first);
    if (slot->segment.file == NULL || slot->segment.first != first) {
        slot_close(slot);
        TRY(journal_segment_open(op, finder->disk, first, finder->world_mark, &slot->segment));
        slot->next = (struct journal_mark){ first, JOURNAL_FILE_HEADER_SIZE };
    }
    finder->finds++;
    slot->used = finder->finds;

    uint64_t limit = finder->end;
    if (first != finder->list->firsts[finder->list->count - 1]) {
        TRY(disk_size(op, slot->segment.file, &limit));
    }
    slot->segment.limit = limit;
    *ret = slot;
    return ERR_OK;
}

/* Marks are a help only: where there is no memory for one, more is walked. */
static void mark_add(struct journal_slot *slot, uint64_t number, uint64_t offset)
{
    if (slot->mark_count > 0) {
        const struct journal_mark *last = &slot->marks[slot->mark_count - 1];
        if (number <= last->number || offset < last->offset + MARK_STRIDE) {
            return;
        }
    }
    if (slot->mark_count == slot->mark_capacity) {
        size_t capacity = slot->mark_capacity == 0 ? MARK_CAPACITY_MIN : slot->mark_capacity * 2;
        struct journal_mark *marks = memory_resize(slot->marks, capacity * sizeof *marks);
        if (marks == NULL) {
            return;
        }
        slot->marks = marks;
        slot->mark_capacity = capacity;
    }
    slot->marks[slot->mark_count] = (struct journal_mark){ number, offset };
    slot->mark_count++;
}

/* The nearest known place at or before an entry. */
static struct journal_mark slot_nearest(const struct journal_slot *slot, uint64_t number)
{
    struct journal_mark nearest = { slot->segment.first, JOURNAL_FILE_HEADER_SIZE };
    size_t low = 0;
    size_t high = slot->mark_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slot->marks[middle].number <= number) {
            nearest = slot->marks[middle];
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (slot->next.number <= number && slot->next.number > nearest.number) {
        nearest = slot->next;
    }
    return nearest;
}

enum err journal_find(struct op *op, struct journal_finder *finder, uint64_t number,
                      struct journal_segment **ret_segment, struct journal_frame *ret)
{
    must(finder->list->count > 0);
    uint64_t first = finder->list->firsts[journal_list_index(finder->list, number)];
    struct journal_slot *slot;
    TRY(slot_get(op, finder, first, &slot));

    uint64_t offset = slot_nearest(slot, number).offset;
    struct journal_frame frame = { 0 };
    while (frame.prefix.number < number && offset < slot->segment.limit) {
        uint64_t before = frame.prefix.number;
        bool sound;
        TRY(journal_frame_at(op, &slot->segment, offset, &frame, &sound));
        if (sound && frame.prefix.number <= before) {
            break; /* out of order: the marks could not lead behind it */
        }
        if (sound) {
            mark_add(slot, frame.prefix.number, offset);
            offset += journal_frame_size(&frame.prefix);
            continue;
        }
        struct journal_prefix prefix; /* damaged: what lies behind may still be found */
        enum err err = journal_prefix_seek(op, &slot->segment, offset + 1, &prefix, &offset);
        if (err != ERR_OK && err != ERR_ABSENT) {
            return err;
        }
    }
    if (frame.prefix.number != number) {
        return op_fail(op, ERR_CORRUPT,
                       "%s: entry %" PRIu64 " is damaged; restore the file from a backup",
                       journal_path_of(first).text, number);
    }
    slot->next = (struct journal_mark){ number + 1, offset };
    *ret_segment = &slot->segment;
    *ret = frame;
    return ERR_OK;
}

void journal_finder_forget(struct journal_finder *finder, uint64_t first)
{
    struct journal_slot *slot = slot_choose(finder, first);
    if (slot->segment.file != NULL && slot->segment.first == first) {
        buf_clear(&slot->segment.view);
    }
}

void journal_finder_done(struct journal_finder *finder)
{
    for (size_t i = 0; i < JOURNAL_SLOT_COUNT; i++) {
        slot_close(&finder->slots[i]);
    }
}
