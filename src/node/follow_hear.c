// SPDX-License-Identifier: EUPL-1.2
/*
 * What the kernel tells of folders, so that what changes is read at once, and a log that was
 * renamed before anybody looked is found under its new name.
 */
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <unistd.h>

#include "base/memory.h"
#include "node/follow_inner.h"
#include "os/disk.h"

enum {
    FOLDERS_MAX = 4096, /* that the kernel is asked to tell of */
    HEAR_MEMORY_MAX = 1024 * 1024,
};

/* ---- paths ---- */

struct span follow_path_folder(struct span path)
{
    ptrdiff_t slash = span_find_last(path, '/');
    if (slash == SPAN_NOT_FOUND) {
        return SPAN("");
    }
    return span_slice(path, 0, slash == 0 ? 1 : (size_t)slash);
}

void follow_path_join(struct buf *path, struct span folder, struct span name)
{
    buf_clear(path);
    buf_add(path, folder);
    if (folder.size > 0 && folder.data[folder.size - 1] != '/') {
        buf_add_byte(path, '/');
    }
    buf_add(path, name);
}

int follow_folder_open(const struct follow *follow, struct span path, int flags)
{
    char text[DISK_PATH_SIZE_MAX];
    if (path.size >= sizeof text) {
        return -1;
    }
    span_copy(text, sizeof text, path);
    text[path.size] = '\0';
    return openat(follow->folder, path.size == 0 ? "." : text, flags | O_DIRECTORY | O_CLOEXEC);
}

/* ---- folders of which the kernel tells ---- */

static struct follow_folder *folder_find(struct follow *follow, struct span path)
{
    for (size_t i = 0; i < follow->folder_count; i++) {
        if (span_equal(span_of((const char *)follow->folders[i].path), path)) {
            return &follow->folders[i];
        }
    }
    return NULL;
}

static struct follow_folder *folder_numbered(struct follow *follow, int number)
{
    for (size_t i = 0; i < follow->folder_count; i++) {
        if (follow->folders[i].number == number) {
            return &follow->folders[i];
        }
    }
    return NULL;
}

/* One more in the list; false where there is no memory: then it is looked through now and then. */
static bool folder_keep(struct follow *follow, struct span path, int number)
{
    if (follow->folder_count == FOLDERS_MAX) {
        return false;
    }
    if (follow->folder_count == follow->folder_room) {
        size_t room = follow->folder_room == 0 ? 16 : 2 * follow->folder_room;
        struct follow_folder *larger = memory_resize(follow->folders, room * sizeof *larger);
        if (larger == NULL) {
            return false;
        }
        follow->folders = larger;
        follow->folder_room = room;
    }
    uint8_t *copy = memory_new(path.size + 1);
    if (copy == NULL) {
        return false;
    }
    span_copy(copy, path.size, path);
    follow->folders[follow->folder_count] =
        (struct follow_folder){ .path = copy, .number = number, .scan = follow->scan };
    follow->folder_count++;
    return true;
}

static void folder_drop(struct follow *follow, struct follow_folder *folder)
{
    memory_free(folder->path);
    follow->folder_count--;
    *folder = follow->folders[follow->folder_count];
}

static void folder_forget(struct follow *follow, struct follow_folder *folder)
{
    changes_forget(follow->changes, folder->number);
    folder_drop(follow, folder);
}

/* The name may mean another folder than it did: the kernel has one number for each folder. */
static void folder_numbered_is(struct follow *follow, struct span path, int number)
{
    struct follow_folder *known = folder_find(follow, path);
    struct follow_folder *same = folder_numbered(follow, number);
    if (known != NULL && known != same) {
        folder_forget(follow, known);
        same = folder_numbered(follow, number); /* dropping moves the last one */
    }
    if (same != NULL) {
        same->scan = follow->scan;
    } else if (!folder_keep(follow, path, number)) {
        changes_forget(follow->changes, number);
    }
}

/* False where there is no such folder. Where the kernel cannot be asked (too many folders), what
 * lies there is looked through now and then all the same. */
static bool watch_one(struct follow *follow, struct span path)
{
    int number = CHANGES_NONE;
    int fd = follow_folder_open(follow, path, O_PATH);
    if (fd < 0) {
        return false;
    }
    if (changes_watch(&follow->work, follow->changes, fd, &number) == ERR_OK) {
        folder_numbered_is(follow, path, number);
    }
    op_fault_clear(&follow->work);
    close(fd);
    return true;
}

/* The nearest folder above that is there tells when the next one is made, unless that came to be
 * while it was asked for: so they are asked for again, downwards. */
void follow_folder_watch(struct follow *follow, struct span path)
{
    struct span there = path;
    bool is_there = follow->changes == NULL || watch_one(follow, path);
    while (!is_there && there.size > 0 && !span_equal(there, SPAN("/"))) {
        there = follow_path_folder(there);
        is_there = watch_one(follow, there);
    }
    bool was_missing = there.size != path.size;
    if (is_there && was_missing && watch_one(follow, path)) {
        follow->scan_wanted = true; /* for what lies on the way there */
    }
}

void follow_folders_sweep(struct follow *follow)
{
    for (size_t i = follow->folder_count; i > 0; i--) { /* dropping moves the last one */
        struct follow_folder *folder = &follow->folders[i - 1];
        if (folder->scan != follow->scan) {
            folder_forget(follow, folder);
        }
    }
}

/* ---- names that went, and what they are now ---- */

/* The source that names a path, or names it by a pattern. */
static struct follow_state *source_naming(const struct follow *follow, const struct buf *path)
{
    for (size_t i = 0; i < follow->source_count; i++) {
        struct follow_state *source = &follow->sources[i];
        struct span named = source->from.named.path;
        bool same = span_equal(named, buf_span(path));
        char pattern[DISK_PATH_SIZE_MAX];
        char text[2 * DISK_PATH_SIZE_MAX];
        bool fits = false;
        if (!same && inputs_is_glob(named) && named.size < sizeof pattern) {
            snprintf(pattern, sizeof pattern, "%.*s", SPAN_FMT(named));
            snprintf(text, sizeof text, "%.*s", SPAN_FMT(buf_span(path)));
            fits = fnmatch(pattern, text, FNM_PATHNAME | FNM_PERIOD) == 0;
        }
        if ((same || fits) && !source->from.listens) {
            return source;
        }
    }
    return NULL;
}

static bool is_move_of(const struct follow_move *move, struct span path)
{
    return move->source != NULL && span_equal(span_make(move->path, move->path_size), path);
}

/* A name that a log was given a moment ago may be changed again before that was heard. */
static struct follow_state *source_of(const struct follow *follow, const struct buf *path)
{
    struct follow_state *source = source_naming(follow, path);
    for (size_t i = 0; i < FOLLOW_MOVES_MAX && source == NULL; i++) {
        if (is_move_of(&follow->moves[i], buf_span(path))) {
            source = follow->moves[i].source;
        }
    }
    return source;
}

static void hear_left(struct follow *follow, uint32_t move, const struct buf *path)
{
    struct follow_state *source = source_of(follow, path);
    if (source != NULL) {
        follow->moves[follow->move_next] = (struct follow_move){ .source = source, .move = move };
        follow->move_next = (follow->move_next + 1) % FOLLOW_MOVES_MAX;
    }
}

/* What is named by a source under its new name as well is found as others are. */
static enum err hear_came(struct follow *follow, uint32_t number, const struct buf *path)
{
    struct follow_move *move = NULL;
    for (size_t i = 0; i < FOLLOW_MOVES_MAX; i++) {
        bool same = follow->moves[i].source != NULL && follow->moves[i].move == number;
        move = same ? &follow->moves[i] : move;
    }
    if (move == NULL || path->size > sizeof move->path) {
        return ERR_OK;
    }
    move->path_size = path->size;
    span_copy(move->path, sizeof move->path, buf_span(path));
    return source_naming(follow, path) != NULL
               ? ERR_OK
               : follow_file_moved(follow, move->source, buf_span(path));
}

/* ---- hearing ---- */

static void hear_written(struct follow *follow, const struct buf *path)
{
    struct follow_file *file = follow_find_path(follow, buf_span(path));
    if (file != NULL) {
        follow_file_changed(file);
    }
}

static void hear_gone(struct follow *follow, int number)
{
    struct follow_folder *folder = folder_numbered(follow, number);
    if (folder != NULL) {
        folder_forget(follow, folder);
    }
}

static enum err hear_named(struct follow *follow, const struct changes_event *event)
{
    struct buf path;
    enum err err = ERR_OK;
    const struct follow_folder *folder = folder_numbered(follow, event->folder);
    if (folder == NULL) {
        return ERR_OK;
    }
    buf_init(&path, 2 * DISK_PATH_SIZE_MAX);
    follow_path_join(&path, span_of((const char *)folder->path), event->name);
    if (path.err != ERR_OK) {
        err = op_fail(&follow->work, ERR_LIMIT, "out of memory for a path");
    } else if (event->kind == CHANGES_WRITTEN) {
        hear_written(follow, &path);
    } else if (event->kind == CHANGES_LEFT) {
        hear_left(follow, event->move, &path);
    } else if (event->kind == CHANGES_CAME) {
        err = hear_came(follow, event->move, &path);
    }
    buf_done(&path);
    return err;
}

static enum err hear(struct follow *follow, const struct changes_event *event)
{
    if (event->kind != CHANGES_WRITTEN) {
        follow->scan_wanted = true;
    }
    if (event->kind == CHANGES_GONE) {
        hear_gone(follow, event->folder);
    }
    return event->name.size == 0 ? ERR_OK : hear_named(follow, event);
}

enum err follow_hear_changes(struct follow *follow)
{
    struct changes_event event;
    op_begin(&follow->work, &follow->session->op->actor, HEAR_MEMORY_MAX);
    enum err err = changes_next(&follow->work, follow->changes, &event);
    while (err == ERR_OK) {
        err = hear(follow, &event);
        if (err == ERR_OK) {
            err = changes_next(&follow->work, follow->changes, &event);
        }
    }
    if (err == ERR_AGAIN) {
        err = ERR_OK;
    }
    if (err != ERR_OK && follow->session->op->fault.err == ERR_OK) {
        err = op_fail(follow->session->op, err, "%s", follow->work.fault.text);
    }
    op_end(&follow->work);
    return err;
}
