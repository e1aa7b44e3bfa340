// SPDX-License-Identifier: EUPL-1.2
#include "backup/chain.h"

#include "base/must.h"

enum { DIGEST_PIECE_SIZE = 16 * 1024 };

/* The name of a part's file. */
struct part_name {
    char text[BACKUP_PART_NAME_SIZE];
};

static struct part_name name_of(uint64_t number)
{
    struct part_name name = { "" };
    backup_part_name(number, name.text);
    return name;
}

enum err backup_chain_list(struct op *op, struct disk *disk, struct backup_chain *ret)
{
    *ret = (struct backup_chain){ .disk = disk };
    backup_catalog_init(&ret->catalog);
    struct span *names;
    size_t count;
    TRY(disk_list(op, disk, SPAN(""), &names, &count));
    ret->numbers = op_alloc(op, count * sizeof *ret->numbers);
    if (ret->numbers == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < count; i++) { /* in byte order: the digits are padded */
        uint64_t number;
        if (backup_part_number(names[i], &number)) {
            ret->numbers[ret->number_count] = number;
            ret->number_count++;
        }
    }
    return ERR_OK;
}

void backup_chain_done(struct backup_chain *chain)
{
    secretstream_key_wipe(&chain->key);
    backup_catalog_done(&chain->catalog);
}

/* --- One part --- */

static enum err header_load(struct op *op, struct disk_file *file, uint64_t number,
                            struct backup_part *part)
{
    struct part_name name = name_of(number);
    size_t got = 0;
    TRY(disk_read(op, file, 0, part->header_bytes, BACKUP_HEADER_SIZE, &got));
    enum err err = backup_header_read(span_make(part->header_bytes, got), &part->header);
    if (err == ERR_UNSUPPORTED) {
        return op_fail(op, err, "%s was made by a newer version of this program: use that one",
                       name.text);
    }
    if (err != ERR_OK) {
        return op_fail(op, ERR_CORRUPT, "%s is no part of a backup, or its start is damaged",
                       name.text);
    }
    if (part->header.number != number) {
        return op_fail(op, ERR_CONFLICT, "%s was made as part %llu: it is not in its place",
                       name.text, (unsigned long long)part->header.number);
    }
    return ERR_OK;
}

static enum err footer_load(struct op *op, struct disk_file *file, struct backup_part *part)
{
    const uint64_t around = BACKUP_HEADER_SIZE + BACKUP_FOOTER_SIZE;
    struct part_name name = name_of(part->header.number);
    uint8_t bytes[BACKUP_FOOTER_SIZE];
    size_t got = 0;
    TRY(disk_size(op, file, &part->size));
    if (part->size > around) {
        TRY(disk_read(op, file, part->size - BACKUP_FOOTER_SIZE, bytes, sizeof bytes, &got));
    }
    if (backup_footer_read(span_make(bytes, got), &part->footer) != ERR_OK) {
        return op_fail(op, ERR_CORRUPT, "%s is damaged or cut short: its end is missing",
                       name.text);
    }
    struct backup_footer footer = part->footer;
    uint64_t inside = part->size - around;
    bool fits = footer.data_size <= inside && footer.index_size == inside - footer.data_size;
    backup_footer_seal(part->header_bytes, &footer);
    if (!fits || memcmp(footer.digest, part->footer.digest, sizeof footer.digest) != 0) {
        return op_fail(op, ERR_CORRUPT, "%s is damaged: its header or end has another digest",
                       name.text);
    }
    return ERR_OK;
}

static enum err part_open(struct op *op, const struct backup_chain *chain, uint64_t number,
                          struct disk_file **ret)
{
    struct part_name name = name_of(number);
    return disk_file_open(op, chain->disk, span_of(name.text), DISK_READ, ret);
}

static enum err part_load(struct op *op, const struct backup_chain *chain, uint64_t number,
                          struct backup_part *part)
{
    struct disk_file *file;
    TRY(part_open(op, chain, number, &file));
    enum err err = header_load(op, file, number, part);
    if (err == ERR_OK) {
        err = footer_load(op, file, part);
    }
    disk_file_close(file);
    return err;
}

enum err backup_chain_newest(struct op *op, const struct backup_chain *chain,
                             struct backup_header *ret)
{
    must(chain->number_count > 0);
    uint64_t number = chain->numbers[chain->number_count - 1];
    struct backup_part part = { 0 };
    struct disk_file *file;
    TRY(part_open(op, chain, number, &file));
    enum err err = header_load(op, file, number, &part);
    disk_file_close(file);
    TRY(err);
    *ret = part.header;
    return ERR_OK;
}

/* --- The generation --- */

static bool same_id(const uint8_t *a, const uint8_t *b)
{
    return memcmp(a, b, BACKUP_ID_SIZE) == 0;
}

static bool same_cost(const struct secretstream_cost *a, const struct secretstream_cost *b)
{
    return a->ops == b->ops && a->memory == b->memory &&
           memcmp(a->salt, b->salt, sizeof a->salt) == 0;
}

/* A part belongs behind the one before it. */
static enum err part_fits(struct op *op, const struct backup_part *before,
                          const struct backup_part *part)
{
    const struct backup_header *a = &before->header;
    const struct backup_header *b = &part->header;
    struct part_name name = name_of(b->number);
    if (!same_id(a->generation, b->generation) || !same_id(a->node, b->node) ||
        a->first != b->first || a->encrypted != b->encrypted || !same_cost(&a->cost, &b->cost)) {
        return op_fail(op, ERR_CONFLICT, "%s belongs to another backup than the part before it",
                       name.text);
    }
    if (memcmp(before->footer.digest, b->previous, sizeof b->previous) != 0) {
        return op_fail(op, ERR_CONFLICT,
                       "%s does not follow the part before it: one of them is from another backup",
                       name.text);
    }
    return ERR_OK;
}

/* Which of the numbers in the folder is the generation's first; those behind it must be complete.
 */
static enum err numbers_check(struct op *op, const struct backup_chain *chain, uint64_t first,
                              size_t *ret_index)
{
    size_t index = chain->number_count - 1;
    while (index > 0 && chain->numbers[index] > first) {
        if (chain->numbers[index - 1] + 1 != chain->numbers[index]) {
            break;
        }
        index--;
    }
    if (chain->numbers[index] != first) {
        struct part_name name = name_of(chain->numbers[index] - 1);
        return op_fail(op, ERR_CORRUPT,
                       "%s is missing: without it the parts behind it are of no use", name.text);
    }
    *ret_index = index;
    return ERR_OK;
}

static enum err parts_load(struct op *op, struct backup_chain *chain)
{
    struct backup_header newest;
    TRY(backup_chain_newest(op, chain, &newest));
    size_t begin = 0;
    TRY(numbers_check(op, chain, newest.first, &begin));
    size_t count = chain->number_count - begin;
    chain->parts = op_alloc(op, count * sizeof *chain->parts);
    if (chain->parts == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < count; i++) {
        TRY(part_load(op, chain, chain->numbers[begin + i], &chain->parts[i]));
        if (i > 0) {
            TRY(part_fits(op, &chain->parts[i - 1], &chain->parts[i]));
        }
    }
    if (chain->parts[0].header.first != newest.first) {
        struct part_name name = name_of(newest.first);
        return op_fail(op, ERR_CONFLICT, "%s belongs to another backup than the parts behind it",
                       name.text);
    }
    chain->part_count = count;
    return ERR_OK;
}

static enum err key_make(struct op *op, struct backup_chain *chain, struct span secret)
{
    const struct backup_header *header = &chain->parts[0].header;
    if (header->encrypted && secret.data == NULL) {
        return op_fail(op, ERR_DENIED, "this backup is encrypted: name its key file with --key");
    }
    if (!header->encrypted && secret.data != NULL) {
        return op_fail(
            op, ERR_CONFLICT,
            "this backup is not encrypted, though a key was given: leave --key out to use "
            "it as it is, or begin an encrypted one with --full");
    }
    if (!header->encrypted) {
        return ERR_OK;
    }
    return secretstream_key_derive(op, secret, &header->cost, &chain->key);
}

enum err backup_secret_of(struct op *op, struct span key, struct span *ret)
{
    if (key.data == NULL) {
        *ret = key;
        return ERR_OK;
    }
    while (key.size > 0 && (key.data[key.size - 1] == '\n' || key.data[key.size - 1] == '\r')) {
        key.size--;
    }
    if (key.size == 0) {
        return op_fail(op, ERR_FORMAT,
                       "the key file is empty: put a long passphrase into it, or "
                       "some random bytes");
    }
    *ret = key;
    return ERR_OK;
}

/* --- Sections --- */

static struct backup_place place_of(const struct backup_chain *chain,
                                    const struct backup_part *part, struct span name,
                                    struct disk_file *file, enum backup_section_kind kind)
{
    bool data = kind == BACKUP_SECTION_DATA;
    return (struct backup_place){
        .file = file,
        .name = name,
        .header = part->header_bytes,
        .key = part->header.encrypted ? &chain->key : NULL,
        .kind = kind,
        .offset = data ? BACKUP_HEADER_SIZE : BACKUP_HEADER_SIZE + part->footer.data_size,
        .size = data ? part->footer.data_size : part->footer.index_size,
        .digest = data ? part->footer.data_digest : part->footer.index_digest,
    };
}

/* An index is hashed before it is opened: what cannot be opened then was sealed with another key.
 */
static enum err place_digest_check(struct op *op, const struct backup_place *place)
{
    uint8_t piece[DIGEST_PIECE_SIZE];
    struct digest_sha256 digest;
    digest_sha256_init(&digest);
    uint64_t done = 0;
    while (done < place->size) {
        uint64_t left = place->size - done;
        size_t want = left < sizeof piece ? (size_t)left : sizeof piece;
        size_t got = 0;
        TRY(op_check(op));
        TRY(disk_read(op, place->file, place->offset + done, piece, want, &got));
        digest_sha256_add(&digest, span_make(piece, got));
        if (got < want) {
            break; /* the digest will differ */
        }
        done += got;
    }
    uint8_t found[DIGEST_SHA256_SIZE];
    digest_sha256_done(&digest, found);
    if (memcmp(found, place->digest, sizeof found) != 0) {
        return op_fail(op, ERR_CORRUPT, "%.*s is damaged: its index has another digest",
                       SPAN_FMT(place->name));
    }
    return ERR_OK;
}

/* Applies an index; its last record, and no other, is BACKUP_END. */
static enum err index_apply(struct op *op, struct backup_chain *chain, struct span name,
                            struct backup_section *section, struct backup_record *ret_end)
{
    struct backup_record record = { 0 };
    bool more = true;
    bool ended = false;
    TRY(backup_section_next(op, section, &record, &more));
    while (more && !ended) {
        if (record.kind == BACKUP_END) {
            ended = true;
            *ret_end = record;
        } else {
            TRY(backup_catalog_apply(op, &chain->catalog, &record));
        }
        TRY(backup_section_next(op, section, &record, &more));
    }
    if (!ended || more) {
        return op_fail(op, ERR_CORRUPT, "%.*s: its index does not end as it should",
                       SPAN_FMT(name));
    }
    return ERR_OK;
}

static enum err fail_key(struct op *op)
{
    op_fault_clear(op);
    return op_fail(op, ERR_DENIED,
                   "the key does not open this backup: is it the right key file? "
                   "(Or somebody has forged a part.)");
}

static enum err index_read(struct op *op, struct backup_chain *chain,
                           const struct backup_part *part, struct disk_file *file,
                           struct backup_record *ret_end)
{
    struct part_name text = name_of(part->header.number);
    struct span name = span_of(text.text);
    const struct backup_place place = place_of(chain, part, name, file, BACKUP_SECTION_INDEX);
    TRY(place_digest_check(op, &place));
    struct backup_section section;
    enum err err = backup_section_read(op, &place, &section);
    if (err == ERR_OK) {
        err = index_apply(op, chain, name, &section, ret_end);
    }
    backup_section_done(&section);
    if (err == ERR_CORRUPT && part->header.encrypted && part == chain->parts) {
        return fail_key(op);
    }
    return err;
}

/* The newest index says what there is after all of them. */
static enum err end_check(struct op *op, struct backup_chain *chain,
                          const struct backup_record *end)
{
    uint64_t files;
    uint64_t worlds;
    uint64_t entries;
    backup_catalog_count(&chain->catalog, &files, &worlds, &entries);
    if (end->files != files || end->worlds != worlds) {
        return op_fail(op, ERR_CORRUPT, "the backup's newest index does not count what there is");
    }
    chain->remains = end->remains;
    return ERR_OK;
}

enum err backup_chain_read(struct op *op, struct backup_chain *chain, struct span secret)
{
    if (chain->number_count == 0) {
        return ERR_OK;
    }
    TRY(parts_load(op, chain));
    TRY(key_make(op, chain, secret));
    struct backup_record end = { 0 };
    for (size_t i = 0; i < chain->part_count; i++) {
        const struct backup_part *part = &chain->parts[i];
        struct disk_file *file;
        TRY(part_open(op, chain, part->header.number, &file));
        enum err err = index_read(op, chain, part, file, &end);
        disk_file_close(file);
        TRY(err);
    }
    return end_check(op, chain, &end);
}

static enum err section_walk(struct op *op, const struct backup_place *place,
                             enum err (*visit)(struct op *op, void *context,
                                               const struct backup_record *record),
                             void *context)
{
    struct backup_section section;
    struct backup_record record = { 0 };
    bool more = true;
    enum err err = backup_section_read(op, place, &section);
    while (err == ERR_OK && more) {
        err = backup_section_next(op, &section, &record, &more);
        if (err == ERR_OK && more) {
            err = visit(op, context, &record);
        }
    }
    backup_section_done(&section);
    return err;
}

enum err backup_chain_walk(struct op *op, const struct backup_chain *chain, size_t index,
                           enum err (*visit)(struct op *op, void *context,
                                             const struct backup_record *record),
                           void *context)
{
    must(index < chain->part_count);
    const struct backup_part *part = &chain->parts[index];
    struct part_name name = name_of(part->header.number);
    struct disk_file *file;
    TRY(part_open(op, chain, part->header.number, &file));
    const struct backup_place place =
        place_of(chain, part, span_of(name.text), file, BACKUP_SECTION_DATA);
    enum err err = section_walk(op, &place, visit, context);
    disk_file_close(file);
    return err;
}
