// SPDX-License-Identifier: EUPL-1.2
/*
 * Writing a part: under a temporary name, synced, renamed, folder synced. Until the rename is
 * durable the backup is what it was.
 */
#include <stdio.h>

#include "backup/inner.h"
#include "base/must.h"

enum { NEW_NAME_SIZE = BACKUP_PART_NAME_SIZE + 8 };

/* What a part is called until it is whole. */
struct new_name {
    char text[NEW_NAME_SIZE];
};

static struct new_name new_name_of(uint64_t number)
{
    struct new_name name;
    char part[BACKUP_PART_NAME_SIZE] = "";
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

enum err backup_part_begin(struct op *op, struct backup_maker *maker)
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

enum err backup_part_finish(struct op *op, struct backup_maker *maker, uint64_t *ret_size)
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

/* What is left of a part that was not finished is only tidied up: the first fault is the one to
 * tell, and the next backup removes what stays. */
void backup_part_tidy(struct op *op, struct backup_maker *maker, bool finished)
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
