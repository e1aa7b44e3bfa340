// SPDX-License-Identifier: EUPL-1.2
// links: backup history policy match stix journal crypt value format os base
/*
 * Backups are read from places where others may write. What must hold for any bytes:
 *
 *   - a header, a footer or a record that is read gives the same bytes when it is written again;
 *   - a path that is accepted leads nowhere but into a node's folder;
 *   - a part made of any blocks is restored as a node or refused, and what is refused leaves
 * nothing.
 *
 * The first byte chooses which; the rest is the input. For the last, the size of the data section
 * comes first (2 bytes), then both sections; their digests are made right, so that the bytes are
 * looked at.
 */
#include "backup/backup.h"
#include "backup/format.h"
#include "base/must.h"
#include "base/wire.h"
#include "os/disk_sim.h"

enum { WHAT_HEADER, WHAT_FOOTER, WHAT_RECORDS, WHAT_PATH, WHAT_PART, WHAT_COUNT };
enum { MEMORY_MAX = 256 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_header(struct span input)
{
    struct backup_header header;
    if (backup_header_read(input, &header) != ERR_OK) {
        return;
    }
    uint8_t again[BACKUP_HEADER_SIZE];
    backup_header_write(again, &header);
    must(input.size >= sizeof again);
    must(memcmp(again, input.data, sizeof again) == 0);
}

static void try_footer(struct span input)
{
    struct backup_footer footer;
    if (backup_footer_read(input, &footer) != ERR_OK) {
        return;
    }
    uint8_t again[BACKUP_FOOTER_SIZE];
    backup_footer_write(again, &footer);
    must(span_equal(span_make(again, sizeof again), input));
}

/* The rules once more, in a slower and more general way than the format's own. */
static void path_must_be_safe(struct span path)
{
    must(path.size > 0);
    must(path.size <= BACKUP_PATH_SIZE_MAX);
    must(path.data[0] != '/');
    struct span rest = path;
    struct span name;
    while (span_next(&rest, '/', &name)) {
        must(name.size > 0);
        must(name.data[0] != '.');
    }
    for (size_t i = 0; i < path.size; i++) {
        must(path.data[i] >= ' ');
        must(path.data[i] <= '~');
    }
    bool known = span_equal(path, SPAN("linie.conf")) || span_equal(path, SPAN("identity.json")) ||
                 span_starts_with(path, SPAN("keys/")) || span_starts_with(path, SPAN("real")) ||
                 span_starts_with(path, SPAN("exercises/"));
    must(known);
}

static void try_path(struct span input)
{
    size_t world = 0;
    if (backup_path_kind(input, &world) == BACKUP_PATH_OTHER) {
        return;
    }
    path_must_be_safe(input);
    must(world == 0 || backup_path_is_world(span_slice(input, 0, world)));
}

static void try_records(struct span input)
{
    struct buf again;
    buf_init(&again, input.size);
    struct span rest = input;
    struct backup_record record;
    while (rest.size > 0 && backup_record_next(&rest, &record) == ERR_OK) {
        if (record.kind != BACKUP_END) {
            path_must_be_safe(record.path);
        }
        size_t before = again.size;
        backup_record_add(&again, &record);
        must(again.err == ERR_OK);
        must(again.size - before == backup_record_size(&record));
    }
    must(span_equal(buf_span(&again), span_slice(input, 0, input.size - rest.size)));
    buf_done(&again);
}

/* A part around two sections. */
static enum err part_put(struct op *op, struct disk *disk, struct span sections, size_t data_size)
{
    const struct backup_header header = { .version = BACKUP_VERSION, .number = 1, .first = 1 };
    uint8_t start[BACKUP_HEADER_SIZE];
    uint8_t end[BACKUP_FOOTER_SIZE];
    backup_header_write(start, &header);
    struct backup_footer footer = { .data_size = data_size,
                                    .index_size = sections.size - data_size };
    digest_sha256(span_slice(sections, 0, data_size), footer.data_digest);
    digest_sha256(span_from(sections, data_size), footer.index_digest);
    backup_footer_seal(start, &footer);
    backup_footer_write(end, &footer);

    struct buf part;
    buf_init(&part, sizeof start + sections.size + sizeof end);
    buf_add(&part, span_make(start, sizeof start));
    buf_add(&part, sections);
    buf_add(&part, span_make(end, sizeof end));
    enum err err = disk_replace(op, disk, SPAN("part-000001.linie-backup"), buf_span(&part));
    buf_done(&part);
    return err;
}

static void try_part(struct op *op, struct span input)
{
    struct wire_reader r = wire_reader_of(input);
    size_t data_size = wire_u16(&r);
    if (r.err != ERR_OK || data_size > r.rest.size) {
        return;
    }
    struct disk *source;
    struct disk *target;
    must(disk_sim_open(op, 1, &source) == ERR_OK);
    must(disk_sim_open(op, 2, &target) == ERR_OK);
    must(part_put(op, source, r.rest, data_size) == ERR_OK);

    const struct backup_options options = { 0 };
    struct backup_summary summary;
    enum err checked = backup_check(op, source, &options, &summary);
    op_fault_clear(op);
    enum err restored = backup_restore(op, source, target, &options, &summary);
    struct span *names;
    size_t count;
    must(disk_list(op, target, SPAN(""), &names, &count) == ERR_OK);
    must(restored != ERR_OK || checked == ERR_OK);
    must((restored == ERR_OK) == (count > 0));
    disk_close(target);
    disk_close(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct span input = span_make(data + 1, size - 1);
    const struct actor actor = { .name = SPAN("fuzz") };
    struct op op;
    op_begin(&op, &actor, MEMORY_MAX);
    switch (data[0] % WHAT_COUNT) {
    case WHAT_HEADER:
        try_header(input);
        break;
    case WHAT_FOOTER:
        try_footer(input);
        break;
    case WHAT_RECORDS:
        try_records(input);
        break;
    case WHAT_PATH:
        try_path(input);
        break;
    default:
        try_part(&op, input);
    }
    op_end(&op);
    return 0;
}
