// SPDX-License-Identifier: EUPL-1.2
/*
 * Writing a part: under a temporary name, synced, renamed, folder synced. Until the rename is
 * durable the backup is what it was.
 */
#include "store/backup.h"

#include <stdio.h>

#include "base/must.h"
#include "os/clock.h"
#include "os/random.h"
#include "store/backup_inner.h"

enum { NEW_NAME_SIZE = BACKUP_PART_NAME_SIZE + 8 };

#define LOCK_NAME   SPAN("lock")
#define NEW_ENDING  SPAN(".new")
#define CONFIG_PATH SPAN("linie.conf")

/* --- The part being made --- */

/* What a part is called until it is whole. */
struct new_name {
    char text[NEW_NAME_SIZE];
};

static struct new_name new_name_of(uint64_t number)
{
    struct new_name name;
    char part[BACKUP_PART_NAME_SIZE];
    backup_part_name(number, part);
    int size = snprintf(name.text, sizeof name.text, "%s.new", part);
    must((size_t)size < sizeof name.text);
    return name;
}

enum err backup_data_add(struct op *op, struct backup_maker *maker, struct span path,
                         uint64_t offset, struct span bytes)
{
    const struct backup_record record = {
        .kind = BACKUP_DATA, .path = path, .offset = offset, .bytes = bytes
    };
    TRY(backup_section_add(op, &maker->data, &record));
    maker->bytes += bytes.size;
    return ERR_OK;
}

static const struct secretstream_key *key_of(const struct backup_maker *maker)
{
    return maker->header.encrypted ? &maker->chain.key : NULL;
}

static struct backup_place place_of(const struct backup_maker *maker, struct span name,
                                    enum backup_section_kind kind, uint64_t offset)
{
    return (struct backup_place){ .file = maker->file,
                                  .name = name,
                                  .header = maker->header_bytes,
                                  .key = key_of(maker),
                                  .kind = kind,
                                  .offset = offset };
}

static enum err part_begin(struct op *op, struct backup_maker *maker)
{
    struct new_name name = new_name_of(maker->header.number);
    maker->piece = op_alloc(op, BACKUP_DATA_SIZE_MAX);
    if (maker->piece == NULL) {
        return ERR_LIMIT;
    }
    backup_header_write(maker->header_bytes, &maker->header);
    TRY(disk_file_open(op, maker->target, span_of(name.text), DISK_CREATE_NEW, &maker->file));
    TRY(disk_write(op, maker->file, 0, span_make(maker->header_bytes, BACKUP_HEADER_SIZE)));
    const struct backup_place place =
        place_of(maker, span_of(name.text), BACKUP_SECTION_DATA, BACKUP_HEADER_SIZE);
    return backup_section_write(op, &place, &maker->data);
}

static enum err file_record_add(struct op *op, struct backup_section *index,
                                const struct backup_file *file)
{
    struct backup_record record = { .kind = file->there ? BACKUP_FILE : BACKUP_GONE,
                                    .path = file->path,
                                    .size = file->size };
    span_copy(record.digest, sizeof record.digest, span_make(file->digest, sizeof file->digest));
    if (backup_path_kind(file->path, NULL) == BACKUP_PATH_JOURNAL) {
        memset(record.digest, 0, sizeof record.digest);
    }
    return backup_section_add(op, index, &record);
}

static enum err world_record_add(struct op *op, struct backup_section *index,
                                 const struct backup_world *world)
{
    struct backup_record record = { .kind = BACKUP_WORLD,
                                    .path = world->folder,
                                    .last = world->last };
    span_copy(record.digest, sizeof record.digest, span_make(world->head, sizeof world->head));
    return backup_section_add(op, index, &record);
}

static enum err index_fill(struct op *op, const struct backup_maker *maker,
                           struct backup_section *index)
{
    const struct backup_catalog *catalog = &maker->chain.catalog;
    for (const struct backup_file *file = catalog->first; file != NULL; file = file->next) {
        if (file->changed) {
            TRY(file_record_add(op, index, file));
        }
    }
    for (const struct backup_world *world = catalog->worlds; world != NULL; world = world->next) {
        if (world->changed) {
            TRY(world_record_add(op, index, world));
        }
    }
    struct backup_record end = { .kind = BACKUP_END, .remains = maker->remains };
    uint64_t entries;
    backup_catalog_count(catalog, &end.files, &end.worlds, &entries);
    return backup_section_add(op, index, &end);
}

static enum err index_write(struct op *op, struct backup_maker *maker, struct backup_footer *footer)
{
    struct new_name name = new_name_of(maker->header.number);
    const struct backup_place place = place_of(maker, span_of(name.text), BACKUP_SECTION_INDEX,
                                               BACKUP_HEADER_SIZE + footer->data_size);
    struct backup_section index;
    enum err err = backup_section_write(op, &place, &index);
    if (err == ERR_OK) {
        err = index_fill(op, maker, &index);
    }
    if (err == ERR_OK) {
        err = backup_section_finish(op, &index, &footer->index_size, footer->index_digest);
    }
    backup_section_done(&index);
    return err;
}

/* Ends the part and gives it its name. */
static enum err part_finish(struct op *op, struct backup_maker *maker, uint64_t *ret_size)
{
    struct backup_footer footer = { 0 };
    TRY(backup_section_finish(op, &maker->data, &footer.data_size, footer.data_digest));
    TRY(index_write(op, maker, &footer));
    backup_footer_seal(maker->header_bytes, &footer);
    uint8_t bytes[BACKUP_FOOTER_SIZE];
    backup_footer_write(bytes, &footer);
    uint64_t end = BACKUP_HEADER_SIZE + footer.data_size + footer.index_size;
    TRY(disk_write(op, maker->file, end, span_make(bytes, sizeof bytes)));
    TRY(disk_sync(op, maker->file));

    struct new_name name_new = new_name_of(maker->header.number);
    char name[BACKUP_PART_NAME_SIZE];
    backup_part_name(maker->header.number, name);
    TRY(disk_rename(op, maker->target, span_of(name_new.text), span_of(name)));
    TRY(disk_sync_folder(op, maker->target, SPAN("")));
    *ret_size = end + sizeof bytes;
    return ERR_OK;
}

/* --- What goes into it --- */

static enum err small_read(struct op *op, struct backup_maker *maker, struct span path,
                           size_t *ret_size)
{
    struct disk_file *source;
    TRY(disk_file_open(op, maker->node, path, DISK_READ, &source));
    uint64_t size = 0;
    enum err err = disk_size(op, source, &size);
    if (err == ERR_OK && size > BACKUP_DATA_SIZE_MAX) {
        err = op_fail(op, ERR_LIMIT, "%.*s has more than %d bytes: too much for such a file",
                      SPAN_FMT(path), BACKUP_DATA_SIZE_MAX);
    }
    if (err == ERR_OK) {
        err = disk_read(op, source, 0, maker->piece, BACKUP_DATA_SIZE_MAX, ret_size);
    }
    disk_file_close(source);
    return err;
}

/* Adds a small file whole, where it is new or changed. */
static enum err small_add(struct op *op, struct backup_maker *maker, struct span path)
{
    size_t size = 0;
    TRY(small_read(op, maker, path, &size));
    struct span bytes = span_make(maker->piece, size);
    uint8_t digest[DIGEST_SHA256_SIZE];
    digest_sha256(bytes, digest);
    struct backup_file *file;
    TRY(backup_catalog_file(op, &maker->chain.catalog, path, &file));
    file->seen = true;
    if (file->there && file->size == size && memcmp(file->digest, digest, sizeof digest) == 0) {
        return ERR_OK;
    }
    if (size > 0) {
        TRY(backup_data_add(op, maker, file->path, 0, bytes));
    }
    file->there = true;
    file->changed = true;
    file->size = size;
    span_copy(file->digest, sizeof file->digest, span_make(digest, sizeof digest));
    return ERR_OK;
}

/* As small_add(), for a file that may be absent. */
static enum err small_add_softly(struct op *op, struct backup_maker *maker, struct span path)
{
    enum err err = small_add(op, maker, path);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        return ERR_OK;
    }
    return err;
}

static enum err names_of(struct op *op, struct disk *node, struct span folder, struct span **ret,
                         size_t *ret_count)
{
    enum err err = disk_list(op, node, folder, ret, ret_count);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        *ret_count = 0;
        return ERR_OK;
    }
    return err;
}

static enum err path_join(struct op *op, struct span folder, struct span name, struct span *ret)
{
    struct buf path;
    buf_init(&path, folder.size + 1 + name.size);
    buf_add(&path, folder);
    buf_add_byte(&path, '/');
    buf_add(&path, name);
    enum err err = path.err == ERR_OK ? op_copy(op, buf_span(&path), ret)
                                      : op_fail(op, ERR_LIMIT, "out of memory for a path");
    buf_done(&path);
    return err;
}

/* A file that an editor hides, or that is just being written, is no key. */
static bool key_is_passed_over(struct span name)
{
    return name.data[0] == '.' || span_ends_with(name, NEW_ENDING) ||
           span_ends_with(name, SPAN("~"));
}

static enum err keys_add(struct op *op, struct backup_maker *maker)
{
    struct span *names;
    size_t count;
    TRY(names_of(op, maker->node, SPAN("keys"), &names, &count));
    for (size_t i = 0; i < count; i++) {
        if (key_is_passed_over(names[i])) {
            continue;
        }
        struct span path;
        TRY(path_join(op, SPAN("keys"), names[i], &path));
        if (backup_path_kind(path, NULL) != BACKUP_PATH_SMALL) {
            return op_fail(
                op, ERR_UNSUPPORTED,
                "a file in keys/ has a name that a backup cannot keep: give it one of at "
                "most %d ASCII characters",
                BACKUP_KEY_NAME_SIZE_MAX);
        }
        TRY(small_add_softly(op, maker, path));
    }
    return ERR_OK;
}

/* An exercise that is just being made has no entry yet, and is left for the next backup. */
static enum err exercise_add(struct op *op, struct backup_maker *maker, struct span folder)
{
    struct backup_world *world;
    TRY(backup_catalog_world(op, &maker->chain.catalog, folder, &world));
    enum err err = backup_world_add(op, maker, folder);
    if (err == ERR_ABSENT && world->last == 0) {
        op_fault_clear(op);
        return ERR_OK;
    }
    return err;
}

static enum err worlds_add(struct op *op, struct backup_maker *maker)
{
    TRY(backup_world_add(op, maker, SPAN("real")));
    struct span *names;
    size_t count;
    TRY(names_of(op, maker->node, SPAN("exercises"), &names, &count));
    for (size_t i = 0; i < count; i++) {
        struct span folder;
        TRY(path_join(op, SPAN("exercises"), names[i], &folder));
        if (backup_path_is_world(folder)) {
            TRY(exercise_add(op, maker, folder));
        }
    }
    return ERR_OK;
}

/* --- What is no longer there --- */

static void worlds_settle(struct backup_maker *maker)
{
    for (struct backup_world *world = maker->chain.catalog.worlds; world != NULL;
         world = world->next) {
        if (world->last > 0 && !world->seen) {
            world->last = 0;
            world->changed = true;
            memset(world->head, 0, sizeof world->head);
        }
    }
}

/* A journal never loses a file; only a whole exercise goes. */
static enum err gone_check(struct op *op, struct backup_maker *maker,
                           const struct backup_file *file)
{
    size_t size = 0;
    if (backup_path_kind(file->path, &size) != BACKUP_PATH_JOURNAL) {
        return ERR_OK;
    }
    struct backup_world *world;
    TRY(backup_catalog_world(op, &maker->chain.catalog, span_slice(file->path, 0, size), &world));
    if (world->last > 0) {
        return op_fail(op, ERR_CORRUPT, "the node lacks %.*s, which the backup has: restore it",
                       SPAN_FMT(file->path));
    }
    return ERR_OK;
}

static enum err gone_settle(struct op *op, struct backup_maker *maker)
{
    worlds_settle(maker);
    for (struct backup_file *file = maker->chain.catalog.first; file != NULL; file = file->next) {
        if (!file->there || file->seen) {
            continue;
        }
        TRY(gone_check(op, maker, file));
        file->there = false;
        file->changed = true;
        file->size = 0;
        memset(file->digest, 0, sizeof file->digest);
        maker->remains++;
    }
    return ERR_OK;
}

static uint64_t changed_count(const struct backup_maker *maker)
{
    uint64_t count = 0;
    const struct backup_catalog *catalog = &maker->chain.catalog;
    for (const struct backup_file *file = catalog->first; file != NULL; file = file->next) {
        count += file->changed ? 1 : 0;
    }
    for (const struct backup_world *world = catalog->worlds; world != NULL; world = world->next) {
        count += world->changed ? 1 : 0;
    }
    return count;
}

/* --- The folder of the backup --- */

/* Removes what an interrupted backup left. */
static enum err leftovers_remove(struct op *op, struct disk *target)
{
    struct span *names;
    size_t count;
    TRY(disk_list(op, target, SPAN(""), &names, &count));
    for (size_t i = 0; i < count; i++) {
        struct span name = names[i];
        uint64_t number;
        if (span_ends_with(name, NEW_ENDING) &&
            backup_part_number(span_slice(name, 0, name.size - NEW_ENDING.size), &number)) {
            TRY(disk_remove(op, target, name));
        }
    }
    return ERR_OK;
}

/* Removes parts of older generations. What a power loss leaves of them is not looked at when
 * reading, and removed by the next backup. */
static enum err older_remove(struct op *op, struct disk *target, const struct backup_chain *chain,
                             uint64_t first)
{
    bool removed = false;
    for (size_t i = 0; i < chain->number_count; i++) {
        if (chain->numbers[i] < first) {
            char name[BACKUP_PART_NAME_SIZE];
            backup_part_name(chain->numbers[i], name);
            TRY(disk_remove(op, target, span_of(name)));
            removed = true;
        }
    }
    return removed ? disk_sync_folder(op, target, SPAN("")) : ERR_OK;
}

/* The folder must not hold the backup of another node, not even for a full one. */
static enum err owner_check(struct op *op, const struct backup_maker *maker)
{
    struct backup_header newest;
    TRY(backup_chain_newest(op, &maker->chain, &newest));
    if (memcmp(newest.node, maker->header.node, BACKUP_ID_SIZE) != 0) {
        return op_fail(op, ERR_CONFLICT,
                       "the folder holds the backup of another node: use a folder of its own");
    }
    return ERR_OK;
}

/* --- The header --- */

static enum err header_first(struct op *op, struct backup_maker *maker,
                             const struct backup_options *options, struct span secret)
{
    struct backup_header *header = &maker->header;
    header->encrypted = secret.data != NULL;
    header->first = header->number;
    os_random(header->generation, sizeof header->generation);
    if (!header->encrypted) {
        return ERR_OK;
    }
    header->cost.ops = options->key_ops == 0 ? SECRETSTREAM_OPS_DEFAULT : options->key_ops;
    header->cost.memory =
        options->key_memory == 0 ? SECRETSTREAM_MEMORY_DEFAULT : options->key_memory;
    os_random(header->cost.salt, sizeof header->cost.salt);
    return secretstream_key_derive(op, secret, &header->cost, &maker->chain.key);
}

static void header_next(struct backup_maker *maker)
{
    const struct backup_part *newest = &maker->chain.parts[maker->chain.part_count - 1];
    struct backup_header *header = &maker->header;
    header->encrypted = newest->header.encrypted;
    header->first = newest->header.first;
    header->cost = newest->header.cost;
    span_copy(header->generation, sizeof header->generation,
              span_make(newest->header.generation, BACKUP_ID_SIZE));
    span_copy(header->previous, sizeof header->previous,
              span_make(newest->footer.digest, DIGEST_SHA256_SIZE));
    maker->remains = maker->chain.remains;
}

static enum err header_make(struct op *op, struct backup_maker *maker,
                            const struct backup_options *options)
{
    struct backup_chain *chain = &maker->chain;
    struct span secret;
    TRY(backup_secret_of(op, options->key, &secret));
    uint64_t newest = chain->number_count == 0 ? 0 : chain->numbers[chain->number_count - 1];
    if (newest >= BACKUP_NUMBER_MAX) {
        return op_fail(op, ERR_LIMIT, "the backup has reached part %llu: begin another folder",
                       (unsigned long long)newest);
    }
    TRY(backup_node_mark(op, maker->node, maker->header.node));
    os_random(maker->header.part, sizeof maker->header.part);
    maker->header.number = newest + 1;
    maker->header.time_us =
        options->clock_us == NULL ? os_clock_us() : options->clock_us(options->clock_context);
    if (newest > 0) {
        TRY(owner_check(op, maker));
    }
    if (newest == 0 || options->full) {
        return header_first(op, maker, options, secret);
    }
    TRY(backup_chain_read(op, chain, secret));
    header_next(maker);
    return ERR_OK;
}

/* --- All together --- */

static void summary_fill(const struct backup_maker *maker, bool written, uint64_t size,
                         struct backup_summary *ret)
{
    const struct backup_chain *chain = &maker->chain;
    const struct backup_header *header = &maker->header;
    const struct backup_header *shown =
        written ? header : &chain->parts[chain->part_count - 1].header;
    *ret = (struct backup_summary){ .written = written,
                                    .full = written && header->first == header->number,
                                    .encrypted = header->encrypted,
                                    .number = shown->number,
                                    .time_us = shown->time_us,
                                    .parts = chain->part_count + (written ? 1 : 0),
                                    .size = size,
                                    .remains = maker->remains };
    for (size_t i = 0; i < chain->part_count; i++) {
        ret->size += chain->parts[i].size;
    }
    backup_catalog_count(&chain->catalog, &ret->files, &ret->worlds, &ret->entries);
    if (!written) {
        return;
    }
    ret->new_bytes = maker->bytes;
    ret->new_size = size;
    ret->new_entries = maker->entries;
    for (const struct backup_file *file = chain->catalog.first; file != NULL; file = file->next) {
        ret->new_files += file->changed && file->there ? 1 : 0;
    }
}

static enum err contents_add(struct op *op, struct backup_maker *maker)
{
    TRY(small_add(op, maker, CONFIG_PATH));
    TRY(small_add_softly(op, maker, SPAN("identity.json")));
    TRY(keys_add(op, maker));
    TRY(worlds_add(op, maker));
    return gone_settle(op, maker);
}

/* Makes the part, or finds that none is needed. */
static enum err part_make(struct op *op, struct backup_maker *maker, bool *ret_written,
                          uint64_t *ret_size)
{
    TRY(part_begin(op, maker));
    TRY(contents_add(op, maker));
    *ret_written = changed_count(maker) > 0;
    return *ret_written ? part_finish(op, maker, ret_size) : ERR_OK;
}

/* What is left of a part that was not finished is only tidied up: the first fault is the one to
 * tell, and the next backup removes what stays. */
static void part_tidy(struct op *op, struct backup_maker *maker, bool finished)
{
    backup_section_done(&maker->data);
    if (maker->file == NULL) {
        return;
    }
    disk_file_close(maker->file);
    maker->file = NULL;
    if (!finished) {
        struct new_name name = new_name_of(maker->header.number);
        enum err tidied = disk_remove(op, maker->target, span_of(name.text));
        (void)tidied;
    }
}

static enum err write_locked(struct op *op, struct backup_maker *maker,
                             const struct backup_options *options, struct backup_summary *ret)
{
    TRY(leftovers_remove(op, maker->target));
    TRY(backup_chain_list(op, maker->target, &maker->chain));
    TRY(header_make(op, maker, options));

    bool written = false;
    uint64_t size = 0;
    enum err err = part_make(op, maker, &written, &size);
    part_tidy(op, maker, err == ERR_OK && written);
    TRY(err);

    err = older_remove(op, maker->target, &maker->chain, maker->header.first);
    if (err != ERR_OK) {
        op_fault_prefix(op, "the backup is complete, but an older part stays: ");
        return err;
    }
    summary_fill(maker, written, size, ret);
    return ERR_OK;
}

static enum err lock_take(struct op *op, struct disk *target, struct disk_file **ret)
{
    struct disk_file *lock;
    TRY(disk_file_open(op, target, LOCK_NAME, DISK_WRITE, &lock));
    enum err err = disk_lock(op, lock);
    if (err == ERR_AGAIN) {
        op_fault_clear(op);
        err = op_fail(op, err, "another backup into this folder is running: wait for its end");
    }
    if (err != ERR_OK) {
        disk_file_close(lock);
        return err;
    }
    *ret = lock;
    return ERR_OK;
}

enum err backup_write(struct op *op, struct disk *node, struct disk *target,
                      const struct backup_options *options, struct backup_summary *ret)
{
    struct disk_file *lock;
    TRY(lock_take(op, target, &lock));
    struct backup_maker maker = { .node = node, .target = target };
    enum err err = write_locked(op, &maker, options, ret);
    backup_chain_done(&maker.chain);
    disk_file_close(lock);
    return err;
}
