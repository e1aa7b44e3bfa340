// SPDX-License-Identifier: EUPL-1.2
#include "os/disk_sim.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/must.h"
#include "os/disk_ops.h"
#include "os/disk_sim_node.h"

enum { MAP_ALIGNMENT = 64 };

struct sim_disk {
    struct disk base;
    struct sim_node *nodes; /* all, for giving them back */
    struct sim_node *root;
    uint64_t random;
    uint64_t life; /* counts restarts and power losses: files of an older one are dead */
    bool stopped;
    uint64_t changes;
    uint64_t change_fails_at; /* when `changes` reaches this */
    enum disk_sim_fault change_fault;
    uint64_t reads;
    uint64_t read_fails_at;
    uint64_t capacity;
    bool (*sync_ignored)(void *context, const struct disk_sim_sync *sync);
    void *sync_context;
};

struct sim_file {
    struct disk_file base;
    struct sim_node *node;
    uint64_t life;
    struct span path; /* behind this struct */
};

static struct sim_disk *sim_of(struct disk *disk)
{
    return (struct sim_disk *)disk;
}

static struct sim_file *sim_file_of(struct disk_file *file)
{
    return (struct sim_file *)file;
}

static enum err fail_absent(struct op *op, struct span path)
{
    return op_fail(op, ERR_ABSENT, "there is no %.*s on the simulated disk", SPAN_FMT(path));
}

static enum err fail_memory(struct op *op)
{
    return op_fail(op, ERR_LIMIT, "out of memory for the simulated disk");
}

static enum err node_find(struct op *op, struct sim_disk *sim, struct span path,
                          struct sim_node **ret)
{
    struct sim_node *node = sim->root;
    struct span rest = path;
    struct span text;
    while (path.size > 0 && node != NULL && span_next(&rest, '/', &text)) {
        struct sim_name *name = node->folder ? sim_name_find(node, text) : NULL;
        node = name == NULL ? NULL : name->seen;
    }
    if (node == NULL) {
        return fail_absent(op, path);
    }
    *ret = node;
    return ERR_OK;
}

static enum err folder_find(struct op *op, struct sim_disk *sim, struct span path,
                            struct sim_node **ret)
{
    struct sim_node *node = NULL;
    TRY(node_find(op, sim, path, &node));
    if (!node->folder) {
        return op_fail(op, ERR_IO, "%.*s is no folder", SPAN_FMT(path));
    }
    *ret = node;
    return ERR_OK;
}

/* --- Failing on purpose --- */

/* Counts a change. `*ret_fault` says how it is to fail; its doer does a part of it, then returns
 * fault_err(). */
static enum err change_begin(struct op *op, struct sim_disk *sim, enum disk_sim_fault *ret_fault)
{
    if (sim->stopped) {
        return op_fail(op, ERR_IO, "the process was stopped");
    }
    bool fails = sim->change_fault != DISK_SIM_FAULT_NONE && sim->changes >= sim->change_fails_at;
    *ret_fault = fails ? sim->change_fault : DISK_SIM_FAULT_NONE;
    sim->changes++;
    if (fails) {
        sim->stopped = sim->change_fault == DISK_SIM_FAULT_STOP;
        sim->change_fault = DISK_SIM_FAULT_NONE;
    }
    return ERR_OK;
}

static enum err fault_err(struct op *op, enum disk_sim_fault fault)
{
    switch (fault) {
    case DISK_SIM_FAULT_NONE:
        return ERR_OK;
    case DISK_SIM_FAULT_FULL:
        return op_fail(op, ERR_FULL, "the simulated disk is full");
    case DISK_SIM_FAULT_IO:
    case DISK_SIM_FAULT_STOP:
        break;
    }
    return op_fail(op, ERR_IO, "the simulated disk fails");
}

/* Whether an act that is done whole or not at all is done before it fails: only a process that is
 * stopped may have done it. */
static bool fault_lets_through(struct sim_disk *sim, enum disk_sim_fault fault)
{
    if (fault == DISK_SIM_FAULT_STOP) {
        return sim_random(&sim->random) % 2 == 0;
    }
    return fault == DISK_SIM_FAULT_NONE;
}

static enum err read_begin(struct op *op, struct sim_disk *sim)
{
    sim->reads++;
    if (sim->stopped || sim->reads > sim->read_fails_at) {
        sim->read_fails_at = UINT64_MAX;
        return op_fail(op, ERR_IO, "the simulated disk cannot be read");
    }
    return ERR_OK;
}

static enum err alive_check(struct op *op, const struct sim_file *file)
{
    if (file->life != sim_of(file->base.disk)->life) {
        return op_fail(op, ERR_IO, "%.*s was open when the process ended", SPAN_FMT(file->path));
    }
    return ERR_OK;
}

static bool sync_ignored(struct sim_disk *sim, struct span path, const struct sim_node *node)
{
    const struct disk_sim_sync sync = { .path = path,
                                        .folder = node->folder,
                                        .size = node->seen.size };
    return sim->sync_ignored != NULL && sim->sync_ignored(sim->sync_context, &sync);
}

/* --- Files --- */

static enum err file_make(struct op *op, struct sim_disk *sim, struct span path,
                          struct sim_node **ret)
{
    struct sim_node *folder = NULL;
    TRY(folder_find(op, sim, disk_path_folder(path), &folder));
    enum disk_sim_fault fault = DISK_SIM_FAULT_NONE;
    TRY(change_begin(op, sim, &fault));
    if (fault_lets_through(sim, fault)) {
        struct sim_name *name = sim_name_get(folder, disk_path_name(path));
        struct sim_node *node = name == NULL ? NULL : sim_node_new(&sim->nodes, false);
        if (node == NULL || !sim_name_set(folder, name, node)) {
            return fail_memory(op);
        }
        *ret = node;
    }
    return fault_err(op, fault);
}

static enum err file_find(struct op *op, struct sim_disk *sim, struct span path,
                          enum disk_mode mode, struct sim_node **ret)
{
    if (mode == DISK_READ) {
        TRY(read_begin(op, sim));
        return node_find(op, sim, path, ret);
    }
    struct sim_node *folder = NULL;
    TRY(folder_find(op, sim, disk_path_folder(path), &folder));
    struct sim_name *name = sim_name_find(folder, disk_path_name(path));
    if (name == NULL || name->seen == NULL) {
        return file_make(op, sim, path, ret);
    }
    if (mode == DISK_CREATE_NEW) {
        return op_fail(op, ERR_EXISTS, "%.*s exists", SPAN_FMT(path));
    }
    *ret = name->seen;
    return sim->stopped ? op_fail(op, ERR_IO, "the process was stopped") : ERR_OK;
}

static enum err sim_file_open(struct op *op, struct disk *disk, struct span path,
                              enum disk_mode mode, struct disk_file **ret)
{
    struct sim_disk *sim = sim_of(disk);
    struct sim_file *file = memory_new(sizeof *file + path.size);
    if (file == NULL) {
        return fail_memory(op);
    }
    enum err err = file_find(op, sim, path, mode, &file->node);
    if (err == ERR_OK && file->node->folder) {
        err = op_fail(op, ERR_IO, "%.*s is a folder", SPAN_FMT(path));
    }
    if (err != ERR_OK) {
        memory_free(file);
        return err;
    }
    uint8_t *text = (uint8_t *)(file + 1);
    span_copy(text, path.size, path);
    file->base.disk = disk;
    file->life = sim->life;
    file->path = span_make(text, path.size);
    *ret = &file->base;
    return ERR_OK;
}

static void sim_file_close(struct disk_file *base)
{
    struct sim_file *file = sim_file_of(base);
    if (file->node->lock == base) {
        file->node->lock = NULL;
    }
    memory_free(file);
}

static enum err sim_read(struct op *op, struct disk_file *base, uint64_t offset, void *target,
                         size_t size, size_t *ret_read)
{
    struct sim_file *file = sim_file_of(base);
    TRY(alive_check(op, file));
    TRY(read_begin(op, sim_of(base->disk)));
    struct span bytes = buf_span(&file->node->seen);
    if (offset >= bytes.size) {
        *ret_read = 0;
        return ERR_OK;
    }
    struct span rest = span_from(bytes, (size_t)offset);
    struct span wanted = span_slice(rest, 0, rest.size < size ? rest.size : size);
    span_copy(target, size, wanted);
    *ret_read = wanted.size;
    return ERR_OK;
}

static enum err sim_size(struct op *op, struct disk_file *base, uint64_t *ret_size)
{
    struct sim_file *file = sim_file_of(base);
    TRY(alive_check(op, file));
    TRY(read_begin(op, sim_of(base->disk)));
    *ret_size = file->node->seen.size;
    return ERR_OK;
}

/* Bytes that may still be written to a file before the disk is full. */
static uint64_t room_left(const struct sim_disk *sim)
{
    uint64_t used = 0;
    for (const struct sim_node *folder = sim->nodes; folder != NULL; folder = folder->next) {
        for (const struct sim_name *name = folder->names; name != NULL; name = name->next) {
            used += name->seen == NULL ? 0 : name->seen->seen.size;
        }
    }
    return used > sim->capacity ? 0 : sim->capacity - used;
}

static enum err write_do(struct op *op, struct sim_node *node, uint64_t offset, struct span data)
{
    if (offset + data.size > SIM_FILE_SIZE_MAX) {
        return op_fail(op, ERR_LIMIT, "a simulated file has at most %d bytes", SIM_FILE_SIZE_MAX);
    }
    return sim_node_write(node, offset, data) ? ERR_OK : fail_memory(op);
}

static enum err sim_write(struct op *op, struct disk_file *base, uint64_t offset, struct span span)
{
    struct sim_file *file = sim_file_of(base);
    struct sim_disk *sim = sim_of(base->disk);
    TRY(alive_check(op, file));
    enum disk_sim_fault fault = DISK_SIM_FAULT_NONE;
    TRY(change_begin(op, sim, &fault));
    uint64_t end = offset + span.size;
    uint64_t size = file->node->seen.size;
    uint64_t room = room_left(sim);
    if (end > size && end - size > room) {
        fault = fault == DISK_SIM_FAULT_NONE ? DISK_SIM_FAULT_FULL : fault;
        span = span_slice(span, 0, size + room > offset ? (size_t)(size + room - offset) : 0);
    }
    if (fault != DISK_SIM_FAULT_NONE) {
        span = span_slice(span, 0, (size_t)(sim_random(&sim->random) % (span.size + 1)));
    }
    if (span.size > 0) {
        TRY(write_do(op, file->node, offset, span));
    }
    return fault_err(op, fault);
}

static enum err sim_truncate(struct op *op, struct disk_file *base, uint64_t size)
{
    struct sim_file *file = sim_file_of(base);
    struct sim_disk *sim = sim_of(base->disk);
    TRY(alive_check(op, file));
    enum disk_sim_fault fault = DISK_SIM_FAULT_NONE;
    TRY(change_begin(op, sim, &fault));
    if (fault_lets_through(sim, fault)) {
        if (size > SIM_FILE_SIZE_MAX || !sim_node_resize(file->node, size)) {
            return fail_memory(op);
        }
    }
    return fault_err(op, fault);
}

static enum err sim_sync(struct op *op, struct disk_file *base)
{
    struct sim_file *file = sim_file_of(base);
    struct sim_disk *sim = sim_of(base->disk);
    TRY(alive_check(op, file));
    enum disk_sim_fault fault = DISK_SIM_FAULT_NONE;
    TRY(change_begin(op, sim, &fault));
    if (fault == DISK_SIM_FAULT_STOP) {
        return fault_err(op, fault); /* what was to be synced still waits */
    }
    if (fault == DISK_SIM_FAULT_NONE && sync_ignored(sim, file->path, file->node)) {
        return ERR_OK;
    }
    struct sim_chance chance = sim_chance_certain();
    if (fault != DISK_SIM_FAULT_NONE) {
        chance = sim_chance_of(sim_random(&sim->random));
    }
    sim_node_settle(file->node, &chance);
    return fault_err(op, fault);
}

static enum err sim_lock(struct op *op, struct disk_file *base)
{
    struct sim_file *file = sim_file_of(base);
    TRY(alive_check(op, file));
    if (file->node->lock != NULL && file->node->lock != base) {
        return op_fail(op, ERR_AGAIN, "somebody else holds the lock of %.*s", SPAN_FMT(file->path));
    }
    file->node->lock = base;
    return ERR_OK;
}

/* --- Names --- */

static enum err renaming_do(struct op *op, struct sim_disk *sim, struct span from, struct span to)
{
    struct sim_node *source;
    struct sim_node *target;
    TRY(folder_find(op, sim, disk_path_folder(from), &source));
    TRY(folder_find(op, sim, disk_path_folder(to), &target));
    struct sim_name *name = sim_name_find(source, disk_path_name(from));
    if (name == NULL || name->seen == NULL) {
        return fail_absent(op, from);
    }
    struct sim_name *name_new = sim_name_get(target, disk_path_name(to));
    if (name_new == name) {
        return ERR_OK;
    }
    bool done = name_new != NULL;
    if (source == target) {
        done = done && sim_name_move(source, name, name_new);
    } else {
        done =
            done && sim_name_set(target, name_new, name->seen) && sim_name_set(source, name, NULL);
    }
    return done ? ERR_OK : fail_memory(op);
}

static enum err sim_rename(struct op *op, struct disk *disk, struct span from, struct span to)
{
    struct sim_disk *sim = sim_of(disk);
    enum disk_sim_fault fault = DISK_SIM_FAULT_NONE;
    TRY(change_begin(op, sim, &fault));
    if (fault_lets_through(sim, fault)) {
        TRY(renaming_do(op, sim, from, to));
    }
    return fault_err(op, fault);
}

static bool folder_is_used(const struct sim_node *folder)
{
    const struct sim_name *name = folder->names;
    while (name != NULL && name->seen == NULL) {
        name = name->next;
    }
    return name != NULL;
}

static enum err sim_remove(struct op *op, struct disk *disk, struct span path)
{
    struct sim_disk *sim = sim_of(disk);
    enum disk_sim_fault fault = DISK_SIM_FAULT_NONE;
    TRY(change_begin(op, sim, &fault));
    struct sim_node *folder = NULL;
    TRY(folder_find(op, sim, disk_path_folder(path), &folder));
    struct sim_name *name = sim_name_find(folder, disk_path_name(path));
    if (name == NULL || name->seen == NULL) {
        return fail_absent(op, path);
    }
    if (folder_is_used(name->seen)) {
        return op_fail(op, ERR_IO, "the folder %.*s is not empty", SPAN_FMT(path));
    }
    if (fault_lets_through(sim, fault) && !sim_name_set(folder, name, NULL)) {
        return fail_memory(op);
    }
    return fault_err(op, fault);
}

static enum err folder_make(struct op *op, struct sim_disk *sim, struct span path)
{
    struct sim_node *parent;
    TRY(folder_find(op, sim, disk_path_folder(path), &parent));
    struct sim_name *name = sim_name_get(parent, disk_path_name(path));
    if (name == NULL) {
        return fail_memory(op);
    }
    if (name->seen == NULL) {
        struct sim_node *node = sim_node_new(&sim->nodes, true);
        if (node == NULL || !sim_name_set(parent, name, node)) {
            return fail_memory(op);
        }
    }
    if (!name->seen->folder) {
        return op_fail(op, ERR_EXISTS, "%.*s is there and no folder", SPAN_FMT(path));
    }
    if (!sync_ignored(sim, disk_path_folder(path), parent)) {
        struct sim_chance chance = sim_chance_certain();
        sim_node_settle(parent, &chance);
    }
    return ERR_OK;
}

static enum err sim_make_folder(struct op *op, struct disk *disk, struct span path)
{
    struct sim_disk *sim = sim_of(disk);
    enum disk_sim_fault fault = DISK_SIM_FAULT_NONE;
    TRY(change_begin(op, sim, &fault));
    if (fault_lets_through(sim, fault)) {
        TRY(folder_make(op, sim, path));
    }
    return fault_err(op, fault);
}

static enum err sim_sync_folder(struct op *op, struct disk *disk, struct span path)
{
    struct sim_disk *sim = sim_of(disk);
    enum disk_sim_fault fault = DISK_SIM_FAULT_NONE;
    TRY(change_begin(op, sim, &fault));
    struct sim_node *folder = NULL;
    TRY(folder_find(op, sim, path, &folder));
    if (fault == DISK_SIM_FAULT_NONE && !sync_ignored(sim, path, folder)) {
        struct sim_chance chance = sim_chance_certain();
        sim_node_settle(folder, &chance);
    }
    return fault_err(op, fault);
}

static int compare_names(const void *a, const void *b)
{
    return span_compare(*(const struct span *)a, *(const struct span *)b);
}

static enum err sim_list(struct op *op, struct disk *disk, struct span path,
                         struct span **ret_names, size_t *ret_count)
{
    struct sim_disk *sim = sim_of(disk);
    TRY(read_begin(op, sim));
    struct sim_node *folder = NULL;
    TRY(folder_find(op, sim, path, &folder));
    size_t count = 0;
    for (const struct sim_name *name = folder->names; name != NULL; name = name->next) {
        count += name->seen == NULL ? 0 : 1;
    }
    struct span *names = op_alloc(op, count * sizeof *names);
    if (names == NULL) {
        return ERR_LIMIT;
    }
    size_t filled = 0;
    for (const struct sim_name *name = folder->names; name != NULL; name = name->next) {
        if (name->seen != NULL) {
            TRY(op_copy(op, name->text, &names[filled]));
            filled++;
        }
    }
    qsort(names, count, sizeof *names, compare_names);
    *ret_names = names;
    *ret_count = count;
    return ERR_OK;
}

/* --- Maps: an aligned copy, with its true begin noted before it --- */

static enum err sim_map(struct op *op, struct disk *disk, struct span path, struct span *ret)
{
    struct sim_disk *sim = sim_of(disk);
    TRY(read_begin(op, sim));
    struct sim_node *node = NULL;
    TRY(node_find(op, sim, path, &node));
    size_t size = node->seen.size;
    if (size == 0) {
        *ret = span_make(NULL, 0);
        return ERR_OK;
    }
    uint8_t *block = memory_new(size + 2 * MAP_ALIGNMENT);
    if (block == NULL) {
        return fail_memory(op);
    }
    uintptr_t place = ((uintptr_t)block + 2 * MAP_ALIGNMENT - 1) / MAP_ALIGNMENT * MAP_ALIGNMENT;
    uint8_t *bytes = block + (place - (uintptr_t)block);
    span_copy(bytes - sizeof block, sizeof block, span_make(&block, sizeof block));
    span_copy(bytes, size, buf_span(&node->seen));
    *ret = span_make(bytes, size);
    return ERR_OK;
}

/* It is in memory already. */
static void sim_map_use(struct disk *disk, struct span part, enum disk_use use)
{
    (void)disk;
    (void)part;
    (void)use;
}

static void sim_unmap(struct disk *disk, struct span map)
{
    (void)disk;
    uint8_t *block;
    span_copy(&block, sizeof block, span_make(map.data - sizeof block, sizeof block));
    memory_free(block);
}

static bool sim_is_writable(struct disk *disk)
{
    (void)disk;
    return true;
}

static enum err sim_real_path(struct op *op, struct disk *disk, struct span path, struct span *ret)
{
    (void)disk;
    (void)ret;
    return op_fail(op, ERR_UNSUPPORTED, "%.*s is on a simulated disk and has no real path",
                   SPAN_FMT(path));
}

static void sim_close(struct disk *disk)
{
    struct sim_disk *sim = sim_of(disk);
    while (sim->nodes != NULL) {
        struct sim_node *node = sim->nodes;
        sim->nodes = node->next;
        sim_node_free(node);
    }
    memory_free(sim);
}

static const struct disk_ops sim_ops = {
    .close = sim_close,
    .file_open = sim_file_open,
    .file_close = sim_file_close,
    .read = sim_read,
    .write = sim_write,
    .sync = sim_sync,
    .size = sim_size,
    .truncate = sim_truncate,
    .lock = sim_lock,
    .rename = sim_rename,
    .remove = sim_remove,
    .make_folder = sim_make_folder,
    .sync_folder = sim_sync_folder,
    .list = sim_list,
    .map = sim_map,
    .map_use = sim_map_use,
    .unmap = sim_unmap,
    .is_writable = sim_is_writable,
    .real_path = sim_real_path,
};

/* --- What tests do to the disk --- */

enum err disk_sim_open(struct op *op, uint64_t seed, struct disk **ret)
{
    struct sim_disk *sim = memory_new(sizeof *sim);
    if (sim == NULL) {
        return fail_memory(op);
    }
    *sim = (struct sim_disk){
        .base.ops = &sim_ops,
        .random = seed,
        .read_fails_at = UINT64_MAX,
        .capacity = UINT64_MAX,
    };
    sim->root = sim_node_new(&sim->nodes, true);
    if (sim->root == NULL) {
        memory_free(sim);
        return fail_memory(op);
    }
    *ret = &sim->base;
    return ERR_OK;
}

void disk_sim_restart(struct disk *disk)
{
    struct sim_disk *sim = sim_of(disk);
    for (struct sim_node *node = sim->nodes; node != NULL; node = node->next) {
        node->lock = NULL;
    }
    sim->life++;
    sim->stopped = false;
    sim->change_fault = DISK_SIM_FAULT_NONE;
    sim->read_fails_at = UINT64_MAX;
}

void disk_sim_crash(struct disk *disk, uint64_t seed)
{
    struct sim_disk *sim = sim_of(disk);
    struct sim_chance chance = sim_chance_of(seed);
    for (struct sim_node *node = sim->nodes; node != NULL; node = node->next) {
        sim_node_settle(node, &chance);
        sim_node_revert(node);
    }
    disk_sim_restart(disk);
    disk_sim_ignore_sync(disk, NULL, NULL);
}

void disk_sim_fail_change(struct disk *disk, uint64_t after, enum disk_sim_fault fault)
{
    struct sim_disk *sim = sim_of(disk);
    sim->change_fails_at = sim->changes + after;
    sim->change_fault = fault;
}

void disk_sim_fail_read(struct disk *disk, uint64_t after)
{
    struct sim_disk *sim = sim_of(disk);
    sim->read_fails_at = after > UINT64_MAX - sim->reads ? UINT64_MAX : sim->reads + after;
}

uint64_t disk_sim_change_count(const struct disk *disk)
{
    return ((const struct sim_disk *)disk)->changes;
}

uint64_t disk_sim_read_count(const struct disk *disk)
{
    return ((const struct sim_disk *)disk)->reads;
}

void disk_sim_capacity(struct disk *disk, uint64_t size)
{
    sim_of(disk)->capacity = size;
}

void disk_sim_ignore_sync(struct disk *disk,
                          bool (*ignored)(void *context, const struct disk_sim_sync *sync),
                          void *context)
{
    struct sim_disk *sim = sim_of(disk);
    sim->sync_ignored = ignored;
    sim->sync_context = context;
}
