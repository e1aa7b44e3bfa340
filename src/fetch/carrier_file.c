// SPDX-License-Identifier: EUPL-1.2
/*
 * A file of lines. It is opened anew for each delivery, so that somebody else may take it away
 * (logrotate), and locked while it is written, so that a test of the output may write beside.
 *
 * What is written into one file goes in as a whole: where the disk is full, the file is cut back to
 * where it was.
 * A line that was torn by a power loss is ended, and comes again whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/time.h"
#include "fetch/carrier.h"
#include "fetch/carrier_file.h"
#include "os/clock.h"
#include "os/descriptor.h"

enum {
    LINES_SIZE_MAX = FETCH_EVENTS_SIZE_MAX + FETCH_EVENT_SIZE_MAX + FETCH_BATCH_COUNT_MAX,
    LOCK_TRIES = 100,
    LOCK_STEP_MS = 20,
};

/* ---- one file ---- */

static enum err lock_take(struct op *op, struct disk_file *file)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        enum err err = disk_lock(op, file);
        if (err != ERR_AGAIN) {
            return err;
        }
        op_fault_clear(op);
        usleep(LOCK_STEP_MS * US_PER_MS);
    }
    return op_fail(op, ERR_TIMEOUT, "another process keeps the file locked");
}

/* Ends the line before: a torn one, and a whole one again, since its end may have been lost by a
 * sync that failed, though it is still read. A power loss would leave what comes next behind it. */
static enum err line_end(struct op *op, struct disk_file *file, uint64_t size, uint64_t *ret_end)
{
    uint8_t last = 0;
    size_t got = 0;
    *ret_end = size;
    if (size == 0) {
        return ERR_OK;
    }
    TRY(disk_read(op, file, size - 1, &last, sizeof last, &got));
    *ret_end = last == '\n' ? size : size + 1;
    return disk_write(op, file, *ret_end - 1, SPAN("\n"));
}

static enum err lines_append(struct op *op, struct disk_file *file, uint64_t size,
                             struct span lines, bool sync)
{
    uint64_t end = 0;
    enum err err = line_end(op, file, size, &end);
    if (err == ERR_OK) {
        err = disk_write(op, file, end, lines);
    }
    if (err == ERR_OK && sync) {
        err = disk_sync(op, file);
    }
    if (err != ERR_OK) {
        struct op quiet; /* the first fault is the one to tell */
        op_begin(&quiet, &op->actor, FAULT_TEXT_SIZE);
        enum err cut = disk_truncate(&quiet, file, size);
        (void)cut; /* a line that stays torn is ended by the next delivery */
        op_end(&quiet);
    }
    return err;
}

/* ---- rotation ---- */

static enum err name_of(struct op *op, const struct carrier_file_rules *rules, uint32_t number,
                        struct span *ret)
{
    struct buf name;
    buf_init(&name, DISK_PATH_SIZE_MAX);
    buf_add(&name, rules->name);
    if (number > 0) {
        buf_add_format(&name, ".%u", (unsigned)number);
    }
    enum err err = name.err == ERR_OK ? op_copy(op, buf_span(&name), ret)
                                      : op_fail(op, ERR_LIMIT, "the file's name is too long");
    buf_done(&name);
    return err;
}

/* A name that moves up takes the place of one that has gone before it. Nobody promises that a power
 * loss keeps the order of two moves, so each is settled before the next. */
static enum err move(struct op *op, struct disk *disk, struct span from, struct span to)
{
    enum err err = disk_rename(op, disk, from, to);
    if (err == ERR_ABSENT) {
        op_fault_clear(op);
        return ERR_OK;
    }
    TRY(err);
    return disk_sync_folder(op, disk, SPAN(""));
}

/* NAME.keep goes, the others move up by one, NAME becomes NAME.1. */
static enum err rotate(struct op *op, struct disk *disk, const struct carrier_file_rules *rules)
{
    struct span older;
    struct span newer;
    TRY(disk_sync_folder(op, disk, SPAN(""))); /* what a rotation before was stopped at */
    TRY(name_of(op, rules, rules->keep, &older));
    for (uint32_t number = rules->keep; number > 0; number--) {
        TRY(name_of(op, rules, number - 1, &newer));
        TRY(move(op, disk, newer, older));
        older = newer;
    }
    return ERR_OK;
}

static bool is_old(const struct carrier_file_rules *rules, uint64_t size)
{
    return rules->age_max_us > 0 && size > 0 && rules->made_us != TIME_US_NONE &&
           rules->now_us - rules->made_us >= rules->age_max_us;
}

/* ---- appending ---- */

/* The first lines that a file of this size has room for. A line that is larger than any file may
 * be stands in one alone. */
static struct span lines_that_fit(const struct carrier_file_rules *rules, uint64_t size,
                                  struct span lines)
{
    uint64_t room = rules->size_max > size ? rules->size_max - size : 0;
    if (rules->size_max == 0 || lines.size <= room) {
        return lines;
    }
    ptrdiff_t last = span_find_last(span_slice(lines, 0, (size_t)room), '\n');
    if (last == SPAN_NOT_FOUND && size == 0) {
        last = span_find(lines, '\n');
    }
    return span_slice(lines, 0, (size_t)(last + 1));
}

static enum err append_to(struct op *op, struct disk *disk, struct disk_file *file,
                          const struct carrier_file_rules *rules, struct span lines,
                          size_t *ret_written)
{
    uint64_t size = 0;
    TRY(lock_take(op, file));
    TRY(disk_size(op, file, &size));
    struct span now = lines_that_fit(rules, size, lines);
    if (now.size == 0 || is_old(rules, size)) {
        TRY(rotate(op, disk, rules));
        return ERR_STALE;
    }
    *ret_written = now.size;
    return lines_append(op, file, size, now, rules->sync);
}

/* Behind one that was rotated away comes an empty one, which takes a line at least. */
static enum err lines_add(struct op *op, struct disk *disk, struct carrier_file_rules *rules,
                          struct span *lines)
{
    size_t written = 0;
    enum err err = ERR_STALE;
    while (err == ERR_STALE) {
        struct disk_file *file = NULL;
        TRY(disk_file_open(op, disk, rules->name, DISK_WRITE, &file));
        err = append_to(op, disk, file, rules, *lines, &written);
        disk_file_close(file);
        rules->age_max_us = 0; /* what comes now is young */
    }
    TRY(err);
    TRY(rules->sync ? disk_sync_folder(op, disk, SPAN("")) : ERR_OK);
    *lines = span_from(*lines, written);
    return ERR_OK;
}

enum err carrier_file_append(struct op *op, struct disk *disk,
                             const struct carrier_file_rules *rules, struct span *lines)
{
    struct carrier_file_rules now = *rules;
    do {
        TRY(lines_add(op, disk, &now, lines));
    } while (lines->size > 0);
    return ERR_OK;
}

/* ---- the carrier ---- */

struct file_state {
    const struct fetch_output *output;
};

static enum err file_begin(struct op *op, const struct fetch_output *output, void **ret)
{
    struct file_state *state = memory_new(sizeof *state);
    if (state == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory");
    }
    state->output = output;
    *ret = state;
    return ERR_OK;
}

static void file_end(void *state)
{
    memory_free(state);
}

/* What the disk's door does not tell: how old a file is, and who may read it. One that is not there
 * is made with its mode before a line is in it. */
static void file_look(const struct fetch_output *output, int64_t *ret_made_us)
{
    int fd = open((const char *)output->path.data,
                  O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    *ret_made_us = TIME_US_NONE;
    if (fd < 0) {
        return; /* the disk says why */
    }
    struct stat status;
    if (fstat(fd, &status) == 0 && (status.st_mode & 0777) != output->mode) {
        int changed = fchmod(fd, output->mode);
        (void)changed; /* it is somebody else's file: writing it says whether that matters */
    }
    *ret_made_us = descriptor_made_us(fd);
    close(fd);
}

static enum err lines_deliver(struct op *op, const struct fetch_output *output, struct span *lines)
{
    struct span folder;
    struct disk *disk = NULL;
    int64_t made_us = TIME_US_NONE;
    TRY(fetch_folder_of(op, output->path, &folder));
    TRY(disk_open_real(op, folder, &disk));
    file_look(output, &made_us);
    ptrdiff_t slash = span_find_last(output->path, '/');
    const struct carrier_file_rules rules = {
        .name = span_from(output->path, (size_t)slash + 1),
        .size_max = output->size_max,
        .age_max_us = (int64_t)output->age_max_s * US_PER_S,
        .keep = output->keep,
        .sync = output->sync,
        .now_us = os_clock_us(),
        .made_us = made_us,
    };
    enum err err = carrier_file_append(op, disk, &rules, lines);
    disk_close(disk);
    file_look(output, &made_us); /* it may be a new one */
    return err;
}

/* The items whose lines are wholly among the first bytes of all. */
static size_t items_within(struct fetch_item *const *items, size_t count, size_t size)
{
    size_t done = 0;
    while (done < count && items[done]->text.size < size) {
        size -= items[done]->text.size + 1;
        done++;
    }
    return done;
}

static enum err file_deliver(struct op *op, void *state, struct fetch_item *const *items,
                             size_t count, size_t *ret_done)
{
    const struct file_state *file = state;
    struct buf lines;
    *ret_done = 0;
    buf_init(&lines, LINES_SIZE_MAX);
    for (size_t i = 0; i < count; i++) {
        buf_add(&lines, items[i]->text);
        buf_add_byte(&lines, '\n');
    }
    struct span rest = buf_span(&lines);
    enum err err = lines.err == ERR_OK ? lines_deliver(op, file->output, &rest)
                                       : op_fail(op, ERR_LIMIT, "out of memory");
    *ret_done = items_within(items, count, lines.size - rest.size);
    buf_done(&lines);
    return err;
}

const struct carrier carrier_file = { file_begin, file_deliver, file_end };
