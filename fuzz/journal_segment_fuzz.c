// SPDX-License-Identifier: EUPL-1.2
// links: journal crypt os base
/*
 * A journal from hostile bytes, in three ways, by the first byte:
 *
 *   raw     the bytes are a segment file
 *   forged  the bytes say how to make frames that are sound one by one, and wrong together
 *   life    the bytes are acts - append, commit, erase, fail, kill, lose power - beside a shadow
 * list
 *
 * What must hold: the check, opening and walking agree; what opens can be written to; and in a life
 * nothing acknowledged is ever lost, and nothing erased ever comes back.
 */
#include <stdio.h>

#include "base/must.h"
#include "crypt/digest.h"
#include "journal/frame.h"
#include "os/disk_sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    MEMORY_MAX = 256 * 1024 * 1024,
    FRAMES_SIZE_MAX = 1024 * 1024,
    SEED = 99,
    LIFE_ENTRIES_MAX = 200,
    LIFE_SEGMENT_SIZE = 700,
};

#define SEGMENT_PATH SPAN("journal/000000000001.journal")

struct bench {
    struct op op;
    struct disk *disk;
};

static void bench_begin(struct bench *bench)
{
    const struct actor actor = { .name = SPAN("fuzzer") };
    op_begin(&bench->op, &actor, MEMORY_MAX);
    must(disk_sim_open(&bench->op, SEED, &bench->disk) == ERR_OK);
}

static void bench_end(struct bench *bench)
{
    disk_close(bench->disk);
    op_end(&bench->op);
}

static int64_t clock_fixed(void *context)
{
    (void)context;
    return 0;
}

static enum err journal_begin(struct bench *bench, bool write, struct journal **ret,
                              uint64_t *ret_cut)
{
    const struct journal_options options = {
        .world = SPAN("real"),
        .write = write,
        .clock_us = clock_fixed,
        .segment_size = LIFE_SEGMENT_SIZE,
    };
    op_fault_clear(&bench->op);
    return journal_open(&bench->op, bench->disk, &options, ret, ret_cut);
}

/* --- Any bytes as a segment --- */

static void segment_put(struct bench *bench, struct span bytes)
{
    struct disk_file *file;
    must(disk_make_folder(&bench->op, bench->disk, SPAN("journal")) == ERR_OK);
    must(disk_file_open(&bench->op, bench->disk, SEGMENT_PATH, DISK_WRITE, &file) == ERR_OK);
    must(disk_write(&bench->op, file, 0, bytes) == ERR_OK);
    disk_file_close(file);
}

static enum err count_visit(void *context, const struct journal_header *header, struct span payload)
{
    uint64_t *count = context;
    (*count)++;
    must(header->number == *count);
    must(payload.size <= JOURNAL_PAYLOAD_SIZE_MAX);
    return ERR_OK;
}

/* What the check calls good is walked to the same end; what cannot be walked it calls bad. */
static void walk_agrees(struct bench *bench, struct journal *journal)
{
    struct journal_check check;
    uint8_t head[JOURNAL_DIGEST_SIZE];
    uint64_t count = 0;
    enum err walked = journal_walk(&bench->op, journal, 1, count_visit, &count);
    must(walked == ERR_OK || walked == ERR_CORRUPT || walked == ERR_UNSUPPORTED);
    op_fault_clear(&bench->op);
    enum err checked = journal_check(&bench->op, bench->disk, SPAN("real"), &check);
    if (checked != ERR_OK) {
        must(checked == ERR_UNSUPPORTED);
        return;
    }
    journal_head(journal, head);
    if (check.faults == 0) {
        must(walked == ERR_OK);
        must(count == check.entries);
        must(count == journal_last(journal));
        must(memcmp(head, check.head, sizeof head) == 0);
    } else {
        must(check.first_fault != 0);
        must(check.first_fault_text[0] != '\0');
    }
}

/* What opened for writing can be written to, and opened again. */
static void writing_works(struct bench *bench, struct journal *journal)
{
    uint64_t last = journal_last(journal);
    const struct journal_entry entry = { .kind = SPAN("note"), .payload = SPAN("new") };
    uint64_t number;
    must(journal_append(&bench->op, journal, &entry, &number) == ERR_OK);
    must(number == last + 1);
    must(journal_commit(&bench->op, journal) == ERR_OK);
    journal_close(journal);

    struct journal *again;
    uint64_t cut;
    must(journal_begin(bench, true, &again, &cut) == ERR_OK);
    must(cut == 0);
    must(journal_last(again) == last + 1);
    struct journal_header header;
    struct span payload;
    must(journal_read(&bench->op, again, last + 1, &header, &payload) == ERR_OK);
    must(span_equal(payload, SPAN("new")));
    walk_agrees(bench, again);
    journal_close(again);
}

static void segment_try(struct span bytes)
{
    struct bench bench;
    bench_begin(&bench);
    segment_put(&bench, bytes);
    struct journal_check check = { .faults = 1 };
    enum err checked = journal_check(&bench.op, bench.disk, SPAN("real"), &check);
    op_fault_clear(&bench.op);

    struct journal *reader;
    struct journal *writer;
    uint64_t cut;
    enum err read = journal_begin(&bench, false, &reader, &cut);
    enum err written = journal_begin(&bench, true, &writer, &cut);
    bool good = checked == ERR_OK && check.faults == 0;
    must(!good || read == ERR_OK);
    must(!good || written == ERR_OK);
    if (read == ERR_OK && written == ERR_OK) {
        must(journal_last(reader) == journal_last(writer));
    }
    if (written == ERR_OK) {
        must(!good || check.torn_size == cut);
        must(!good || check.entries == journal_last(writer));
        walk_agrees(&bench, writer);
        writing_works(&bench, writer);
    }
    if (read == ERR_OK) {
        journal_close(reader);
    }
    bench_end(&bench);
}

/* --- Frames that are sound one by one --- */

struct forge {
    struct span rest;
    struct buf bytes;
    uint64_t number;
    uint64_t group_first;
    uint8_t leaf[JOURNAL_DIGEST_SIZE];
};

static uint8_t take(struct span *rest)
{
    if (rest->size == 0) {
        return 0;
    }
    uint8_t byte = rest->data[0];
    *rest = span_from(*rest, 1);
    return byte;
}

static void payload_forge(struct forge *forge, bool erases, struct buf *payload)
{
    if (erases) {
        journal_erase_add(payload, take(&forge->rest), SPAN("rule"));
        return;
    }
    size_t size = take(&forge->rest);
    size = size < forge->rest.size ? size : forge->rest.size;
    buf_add(payload, span_slice(forge->rest, 0, size));
    forge->rest = span_from(forge->rest, size);
}

/* Bits of a frame's first byte. */
enum {
    FORGE_GROUP_END = 1,
    FORGE_ERASES = 2,
    FORGE_ERASED = 4,
    FORGE_NUMBER = 8,  /* is out of order */
    FORGE_GROUP = 16,  /* is of another group */
    FORGE_CHAIN = 32,  /* does not follow */
    FORGE_DIGEST = 64, /* has another payload */
    FORGE_WORLD = 128,
};

static void frame_forge(struct forge *forge)
{
    uint8_t how = take(&forge->rest);
    struct buf payload;
    struct buf bytes;
    buf_init(&payload, FRAMES_SIZE_MAX);
    buf_init(&bytes, JOURNAL_HEADER_SIZE_MAX);
    payload_forge(forge, (how & FORGE_ERASES) != 0, &payload);
    uint8_t salt[JOURNAL_SALT_SIZE] = { how };

    uint64_t number = (how & FORGE_NUMBER) != 0 ? take(&forge->rest) : forge->number;
    struct journal_header header = {
        .number = number,
        .kind = (how & FORGE_ERASES) != 0 ? SPAN("erase") : SPAN("note"),
        .world = (how & FORGE_WORLD) != 0 ? SPAN("other") : SPAN("real"),
    };
    struct digest_sha256 digest;
    digest_sha256_init(&digest);
    digest_sha256_add(&digest, span_make(salt, sizeof salt));
    digest_sha256_add(&digest, buf_span(&payload));
    digest_sha256_done(&digest, header.payload_digest);
    header.payload_digest[0] ^= (how & FORGE_DIGEST) != 0 ? 1 : 0;
    span_copy(header.previous, sizeof header.previous, span_make(forge->leaf, sizeof forge->leaf));
    header.previous[0] ^= (how & FORGE_CHAIN) != 0 ? 1 : 0;
    journal_header_add(&bytes, &header);

    if ((how & FORGE_ERASED) != 0) {
        journal_mark_write(salt, take(&forge->rest));
        memset(payload.data, 0, payload.size);
    }
    struct journal_prefix prefix = {
        .flags = how & FORGE_GROUP_END,
        .number = number == 0 ? 1 : number,
        .group_first = (how & FORGE_GROUP) != 0 ? 1 : forge->group_first,
    };
    if (prefix.group_first > prefix.number) {
        prefix.group_first = prefix.number;
    }
    const struct journal_frame_parts parts = { buf_span(&bytes), span_make(salt, sizeof salt),
                                               buf_span(&payload) };
    enum err err = journal_frame_add(&forge->bytes, &prefix, SEED, &parts);
    must(err == ERR_OK || err == ERR_LIMIT);
    journal_leaf(buf_span(&bytes), forge->leaf);
    forge->number = number + 1;
    if ((how & FORGE_GROUP_END) != 0) {
        forge->group_first = forge->number;
    }
    buf_done(&payload);
    buf_done(&bytes);
}

static void forged_try(struct span input)
{
    struct forge forge = { .rest = input, .number = 1, .group_first = 1 };
    buf_init(&forge.bytes, FRAMES_SIZE_MAX);
    uint8_t cut = take(&forge.rest);
    struct journal_file_header header = { .first = 1, .seed = SEED };
    journal_world_mark(SPAN("real"), header.world_mark);
    uint8_t start[JOURNAL_FILE_HEADER_SIZE];
    journal_file_header_write(start, &header);
    buf_add(&forge.bytes, span_make(start, sizeof start));
    while (forge.rest.size > 0 && forge.bytes.err == ERR_OK) {
        frame_forge(&forge);
    }
    size_t size = forge.bytes.size;
    segment_try(span_make(forge.bytes.data, size > cut ? size - cut : size));
    buf_done(&forge.bytes);
}

/* --- A life --- */

struct life {
    struct bench bench;
    struct journal *journal;
    uint8_t payloads[LIFE_ENTRIES_MAX]; /* each entry holds one byte, many times */
    bool erased[LIFE_ENTRIES_MAX];
    uint64_t targets[LIFE_ENTRIES_MAX]; /* of entries that erase; else 0 */
    size_t acknowledged;
    size_t gathered;
    size_t doubtful;
};

static void life_settle(struct life *life)
{
    size_t last = (size_t)journal_last(life->journal);
    must(last == life->acknowledged || last == life->acknowledged + life->doubtful);
    for (size_t i = life->acknowledged; i < last; i++) {
        if (life->targets[i] != 0) {
            life->erased[life->targets[i] - 1] = true;
        }
    }
    life->acknowledged = last;
    life->doubtful = 0;
    life->gathered = 0;
}

static void life_open(struct life *life)
{
    uint64_t cut;
    if (life->journal == NULL &&
        journal_begin(&life->bench, true, &life->journal, &cut) != ERR_OK) {
        must(life->bench.op.fault.err != ERR_CORRUPT);
        life->journal = NULL;
        return;
    }
    life_settle(life);
}

static void life_close(struct life *life)
{
    if (life->journal != NULL) {
        journal_close(life->journal);
    }
    life->journal = NULL;
    life->gathered = 0;
}

static void life_append(struct life *life, uint8_t byte)
{
    size_t index = life->acknowledged + life->gathered;
    if (index + 2 >= LIFE_ENTRIES_MAX) {
        return;
    }
    uint8_t bytes[UINT8_MAX];
    memset(bytes, byte, sizeof bytes);
    const struct journal_entry entry = { .kind = SPAN("note"), .payload = { bytes, byte } };
    uint64_t number;
    if (journal_append(&life->bench.op, life->journal, &entry, &number) == ERR_OK) {
        must(number == index + 1);
        life->payloads[index] = byte;
        life->erased[index] = false;
        life->targets[index] = 0;
        life->gathered++;
    }
}

static void life_commit(struct life *life)
{
    enum err err = journal_commit(&life->bench.op, life->journal);
    if (err == ERR_OK) {
        life->acknowledged += life->gathered;
    } else if (journal_in_doubt(life->journal)) {
        life->doubtful = life->gathered > 0 ? life->gathered : life->doubtful;
    }
    life->gathered = 0;
    must(journal_last(life->journal) == life->acknowledged);
}

static void life_erase(struct life *life, uint8_t byte)
{
    size_t index = life->acknowledged + life->gathered;
    if (life->acknowledged == 0 || index + 2 >= LIFE_ENTRIES_MAX || life->doubtful > 0) {
        return;
    }
    uint64_t target = 1 + byte % life->acknowledged;
    if (life->targets[target - 1] != 0 || life->erased[target - 1]) {
        return;
    }
    life->targets[index] = target;
    life->erased[index] = false;
    enum err err = journal_erase(&life->bench.op, life->journal, target, SPAN("rule"));
    if (journal_last(life->journal) > life->acknowledged) {
        life->acknowledged = (size_t)journal_last(life->journal);
        life->erased[target - 1] = true;
        life->gathered = 0;
    } else if (err != ERR_OK && journal_in_doubt(life->journal)) {
        life->doubtful = life->gathered + 1;
        life->gathered = 0;
    }
}

static enum err life_visit(void *context, const struct journal_header *header, struct span payload)
{
    const struct life *life = context;
    size_t index = (size_t)header->number - 1;
    must(index < life->acknowledged);
    if (life->targets[index] != 0) {
        must(span_equal(header->kind, SPAN("erase")));
    } else if (life->erased[index]) {
        must(payload.data == NULL);
    } else {
        must(payload.data != NULL);
        must(payload.size == life->payloads[index]);
        must(payload.size == 0 || payload.data[0] == life->payloads[index]);
    }
    return ERR_OK;
}

static void life_verify(struct life *life)
{
    life_close(life);
    disk_sim_restart(life->bench.disk);
    life_open(life);
    must(life->journal != NULL);
    must(journal_walk(&life->bench.op, life->journal, 1, life_visit, life) == ERR_OK);
    struct journal_check check;
    must(journal_check(&life->bench.op, life->bench.disk, SPAN("real"), &check) == ERR_OK);
    must(check.faults == 0);
    must(check.entries == life->acknowledged);
}

static void life_act(struct life *life, uint8_t act, uint8_t byte)
{
    op_fault_clear(&life->bench.op);
    switch (act % 8) {
    case 0:
    case 1:
        life_append(life, byte);
        break;
    case 2:
        life_commit(life);
        break;
    case 3:
        life_erase(life, byte);
        break;
    case 4:
        disk_sim_fail_change(life->bench.disk, byte % 16, DISK_SIM_FAULT_IO + byte / 16 % 3);
        break;
    case 5:
        life_close(life);
        disk_sim_crash(life->bench.disk, byte);
        break;
    case 6:
        life_verify(life);
        break;
    default:
        life_close(life);
        disk_sim_restart(life->bench.disk);
        break;
    }
}

static void life_try(struct span input)
{
    static struct life life;
    memset(&life, 0, sizeof life);
    bench_begin(&life.bench);
    while (input.size > 0) {
        uint8_t act = take(&input);
        uint8_t byte = take(&input);
        if (life.journal == NULL) {
            life_open(&life);
        }
        if (life.journal != NULL || act % 8 > 3) {
            life_act(&life, act, byte);
        }
    }
    life_close(&life);
    disk_sim_crash(life.bench.disk, 0);
    life_verify(&life);
    life_close(&life);
    bench_end(&life.bench);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct span input = span_make(data + 1, size - 1);
    switch (data[0] % 3) {
    case 0:
        segment_try(input);
        break;
    case 1:
        forged_try(input);
        break;
    default:
        life_try(input);
        break;
    }
    return 0;
}
