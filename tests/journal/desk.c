// SPDX-License-Identifier: EUPL-1.2
#include "tests/journal/desk.h"

enum { SIM_SEED = 1 };

static int64_t clock_fixed(void *context)
{
    (void)context;
    return DESK_TIME_US;
}

struct desk desk_make(void)
{
    struct desk desk = { .journal = NULL };
    testing_op_begin(&desk.op);
    check_err(disk_sim_open(&desk.op, SIM_SEED, &desk.disk), ERR_OK);
    return desk;
}

void desk_done(struct desk *desk)
{
    desk_close(desk);
    disk_close(desk->disk);
    op_end(&desk->op);
}

static struct journal_options options_of(const struct desk *desk, bool write)
{
    return (struct journal_options){
        .world = SPAN("real"),
        .write = write,
        .clock_us = clock_fixed,
        .segment_size = desk->segment_size,
    };
}

enum err desk_try_open(struct desk *desk)
{
    const struct journal_options options = options_of(desk, true);
    op_fault_clear(&desk->op);
    return journal_open(&desk->op, desk->disk, &options, &desk->journal, &desk->cut);
}

void desk_open(struct desk *desk)
{
    check_err(desk_try_open(desk), ERR_OK);
}

void desk_close(struct desk *desk)
{
    journal_close(desk->journal);
    desk->journal = NULL;
}

struct journal *desk_reader(struct desk *desk)
{
    const struct journal_options options = options_of(desk, false);
    struct journal *journal;
    uint64_t cut;
    check_err(journal_open(&desk->op, desk->disk, &options, &journal, &cut), ERR_OK);
    assert_int_equal(cut, 0);
    return journal;
}

uint64_t desk_append(struct desk *desk, const char *payload)
{
    const struct journal_entry entry = { .kind = SPAN("note"), .payload = span_of(payload) };
    uint64_t number = 0;
    check_err(journal_append(&desk->op, desk->journal, &entry, &number), ERR_OK);
    return number;
}

void desk_commit(struct desk *desk)
{
    check_err(journal_commit(&desk->op, desk->journal), ERR_OK);
}

void desk_note(struct desk *desk, const char *payload)
{
    desk_append(desk, payload);
    desk_commit(desk);
}

void desk_check_payload(struct desk *desk, struct journal *journal, uint64_t number,
                        const char *payload)
{
    struct journal_header header;
    struct span found;
    check_err(journal_read(&desk->op, journal, number, &header, &found), ERR_OK);
    assert_int_equal(header.number, number);
    if (payload == NULL) {
        assert_null(found.data);
    } else {
        assert_non_null(found.data);
        check_span(found, payload);
    }
}

struct journal_check desk_check(struct desk *desk)
{
    struct journal_check check;
    check_err(journal_check(&desk->op, desk->disk, SPAN("real"), &check), ERR_OK);
    return check;
}

struct span desk_file(struct desk *desk, const char *path)
{
    struct span map;
    struct span copy;
    check_err(disk_map(&desk->op, desk->disk, span_of(path), &map), ERR_OK);
    check_err(op_copy(&desk->op, map, &copy), ERR_OK);
    disk_unmap(desk->disk, map);
    return copy;
}

void desk_file_put(struct desk *desk, const char *path, struct span bytes)
{
    struct disk_file *file;
    check_err(disk_file_open(&desk->op, desk->disk, span_of(path), DISK_WRITE, &file), ERR_OK);
    check_err(disk_truncate(&desk->op, file, 0), ERR_OK);
    check_err(disk_write(&desk->op, file, 0, bytes), ERR_OK);
    disk_file_close(file);
}

void desk_file_flip(struct desk *desk, const char *path, uint64_t offset)
{
    struct disk_file *file;
    check_err(disk_file_open(&desk->op, desk->disk, span_of(path), DISK_WRITE, &file), ERR_OK);
    uint8_t byte;
    size_t got;
    check_err(disk_read(&desk->op, file, offset, &byte, 1, &got), ERR_OK);
    assert_int_equal(got, 1);
    byte ^= 0x10;
    check_err(disk_write(&desk->op, file, offset, span_make(&byte, 1)), ERR_OK);
    disk_file_close(file);
}
