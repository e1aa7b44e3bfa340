// SPDX-License-Identifier: EUPL-1.2
#include "os/disk_sim_node.h"

#include "base/memory.h"
#include "base/must.h"

enum { CHANCES = 8 };

/* SplitMix64. */
uint64_t sim_random(uint64_t *state)
{
    *state += 0x9E3779B97F4A7C15u;
    uint64_t mixed = *state;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
    return mixed ^ (mixed >> 31);
}

static bool chance_survives(struct sim_chance *chance)
{
    return sim_random(&chance->random) % CHANCES < chance->eighths;
}

struct sim_chance sim_chance_of(uint64_t seed)
{
    static const uint64_t eighths[] = { 0, 8, 4, 1, 7, 4 };
    struct sim_chance chance = { .random = seed };
    chance.eighths = eighths[sim_random(&chance.random) % (sizeof eighths / sizeof eighths[0])];
    chance.garbage = sim_random(&chance.random) % 4 == 0;
    return chance;
}

struct sim_chance sim_chance_certain(void)
{
    return (struct sim_chance){ .eighths = CHANCES };
}

/* --- Bytes --- */

/* Takes memory for a size that the file may have later. */
static bool bytes_reserve(struct buf *bytes, uint64_t size)
{
    if (size <= bytes->size) {
        return true;
    }
    const uint8_t *room = buf_reserve(bytes, (size_t)(size - bytes->size));
    bytes->err = ERR_OK;
    return room != NULL;
}

/* Lengthens with zeros. */
static bool bytes_reach(struct buf *bytes, uint64_t size)
{
    if (size <= bytes->size) {
        return true;
    }
    if (!bytes_reserve(bytes, size)) {
        return false;
    }
    memset(bytes->data + bytes->size, 0, (size_t)size - bytes->size);
    bytes->size = (size_t)size;
    return true;
}

static bool bytes_resize(struct buf *bytes, uint64_t size)
{
    if (size < bytes->size) {
        bytes->size = (size_t)size;
    }
    return bytes_reach(bytes, size);
}

/* Puts as much of `data` at a place as the present size has room for. */
static void bytes_put(struct buf *bytes, uint64_t offset, struct span data)
{
    if (offset >= bytes->size) {
        return;
    }
    size_t room = bytes->size - (size_t)offset;
    size_t size = data.size < room ? data.size : room;
    span_copy(bytes->data + offset, room, span_slice(data, 0, size));
}

static void bytes_fill_garbage(struct buf *bytes, size_t from, uint64_t *random)
{
    for (size_t i = from; i < bytes->size; i++) {
        bytes->data[i] = (uint8_t)sim_random(random);
    }
}

/* Does a write to what is kept, as far as chance lets it: sector by sector. */
static void write_survives(struct buf *kept, const struct sim_change *change,
                           struct sim_chance *chance)
{
    uint64_t end = change->offset + change->size;
    size_t size_before = kept->size;
    if (end > kept->size && chance_survives(chance)) {
        must(bytes_reach(kept, end));
        if (chance->garbage) {
            bytes_fill_garbage(kept, size_before, &chance->random);
        }
    }
    uint64_t at = change->offset;
    while (at < end) {
        uint64_t sector_end = (at / DISK_SIM_SECTOR_SIZE + 1) * DISK_SIM_SECTOR_SIZE;
        uint64_t piece_end = sector_end < end ? sector_end : end;
        if (chance_survives(chance)) {
            bytes_put(kept, at,
                      span_make(change->data + (at - change->offset), (size_t)(piece_end - at)));
        }
        at = piece_end;
    }
}

/* Does what was not synced, as far as chance lets it, and forgets it. */
static void changes_settle(struct sim_node *node, struct sim_chance *chance)
{
    while (node->changes != NULL) {
        struct sim_change *change = node->changes;
        node->changes = change->next;
        if (!change->resize) {
            write_survives(&node->kept, change, chance);
        } else if (chance_survives(chance)) {
            must(bytes_resize(&node->kept, change->size));
        }
        memory_free(change);
    }
    node->changes_end = &node->changes;
}

static void renamings_settle(struct sim_node *folder, struct sim_chance *chance)
{
    while (folder->renamings != NULL) {
        struct sim_renaming *renaming = folder->renamings;
        folder->renamings = renaming->next;
        if (chance_survives(chance)) {
            renaming->name->kept = renaming->node;
            if (renaming->from != NULL) {
                renaming->from->kept = NULL;
            }
        }
        memory_free(renaming);
    }
    folder->renamings_end = &folder->renamings;
}

void sim_node_settle(struct sim_node *node, struct sim_chance *chance)
{
    changes_settle(node, chance);
    renamings_settle(node, chance);
}

void sim_node_revert(struct sim_node *node)
{
    must(bytes_resize(&node->seen, node->kept.size));
    bytes_put(&node->seen, 0, buf_span(&node->kept));
    for (struct sim_name *name = node->names; name != NULL; name = name->next) {
        name->seen = name->kept;
    }
}

static struct sim_change *change_new(uint64_t offset, struct span data)
{
    struct sim_change *change = memory_new(sizeof *change + data.size);
    if (change != NULL) {
        change->offset = offset;
        change->size = data.size;
        span_copy(change->data, data.size, data);
    }
    return change;
}

static void change_add(struct sim_node *node, struct sim_change *change)
{
    *node->changes_end = change;
    node->changes_end = &change->next;
}

bool sim_node_write(struct sim_node *node, uint64_t offset, struct span data)
{
    uint64_t end = offset + data.size;
    must(end <= SIM_FILE_SIZE_MAX);
    struct sim_change *change = change_new(offset, data);
    if (change == NULL || !bytes_reserve(&node->kept, end) || !bytes_reach(&node->seen, end)) {
        memory_free(change);
        return false;
    }
    bytes_put(&node->seen, offset, data);
    change_add(node, change);
    return true;
}

bool sim_node_resize(struct sim_node *node, uint64_t size)
{
    must(size <= SIM_FILE_SIZE_MAX);
    struct sim_change *change = change_new(0, span_make(NULL, 0));
    if (change == NULL || !bytes_reserve(&node->kept, size) || !bytes_resize(&node->seen, size)) {
        memory_free(change);
        return false;
    }
    change->resize = true;
    change->size = size;
    change_add(node, change);
    return true;
}

struct sim_node *sim_node_new(struct sim_node **list, bool folder)
{
    struct sim_node *node = memory_new(sizeof *node);
    if (node == NULL) {
        return NULL;
    }
    node->folder = folder;
    buf_init(&node->seen, SIM_FILE_SIZE_MAX);
    buf_init(&node->kept, SIM_FILE_SIZE_MAX);
    node->changes_end = &node->changes;
    node->renamings_end = &node->renamings;
    node->next = *list;
    *list = node;
    return node;
}

void sim_node_free(struct sim_node *node)
{
    struct sim_chance chance = sim_chance_certain();
    sim_node_settle(node, &chance);
    while (node->names != NULL) {
        struct sim_name *name = node->names;
        node->names = name->next;
        memory_free(name);
    }
    buf_done(&node->seen);
    buf_done(&node->kept);
    memory_free(node);
}

struct sim_name *sim_name_find(struct sim_node *folder, struct span text)
{
    struct sim_name *name = folder->names;
    while (name != NULL && !span_equal(name->text, text)) {
        name = name->next;
    }
    return name;
}

/* The name in its folder, made where it was never used. */
struct sim_name *sim_name_get(struct sim_node *folder, struct span text)
{
    struct sim_name *name = sim_name_find(folder, text);
    if (name != NULL) {
        return name;
    }
    name = memory_new(sizeof *name + text.size);
    if (name == NULL) {
        return NULL;
    }
    uint8_t *bytes = (uint8_t *)(name + 1);
    span_copy(bytes, text.size, text);
    name->text = span_make(bytes, text.size);
    name->next = folder->names;
    folder->names = name;
    return name;
}

static bool renaming_add(struct sim_node *folder, struct sim_renaming is)
{
    struct sim_renaming *renaming = memory_new(sizeof *renaming);
    if (renaming == NULL) {
        return false;
    }
    *renaming = is;
    *folder->renamings_end = renaming;
    folder->renamings_end = &renaming->next;
    return true;
}

/* Gives a name a new meaning, unsynced. */
bool sim_name_set(struct sim_node *folder, struct sim_name *name, struct sim_node *node)
{
    if (!renaming_add(folder, (struct sim_renaming){ .name = name, .node = node })) {
        return false;
    }
    name->seen = node;
    return true;
}

/* Gives what a name means to another name, unsynced: both happen or neither. */
bool sim_name_move(struct sim_node *folder, struct sim_name *from, struct sim_name *to)
{
    struct sim_renaming is = { .name = to, .node = from->seen, .from = from };
    if (!renaming_add(folder, is)) {
        return false;
    }
    to->seen = from->seen;
    from->seen = NULL;
    return true;
}
