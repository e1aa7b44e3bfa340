// SPDX-License-Identifier: EUPL-1.2
/*
 * Looking through what lies there, now and then, and hearing of changes in between.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "node/follow_inner.h"
#include "os/clock.h"
#include "os/descriptor.h"
#include "os/disk.h"

enum {
    FOLDERS_MAX = 4096, /* that the kernel is asked to tell of */
    SCAN_MEMORY_MAX = 1024 * 1024 * 1024,
    SEARCHES_MAX = 64, /* folders that are searched for renamed files, in one scan */
    NS_PER_US = 1000,
};

static struct span path_of(const struct follow_file *file)
{
    return span_of((const char *)file->path);
}

/* The folder of a path, without the last '/': "" for a name alone, "/" for one at the root. */
static struct span folder_of(struct span path)
{
    ptrdiff_t slash = span_find_last(path, '/');
    if (slash == SPAN_NOT_FOUND) {
        return SPAN("");
    }
    return span_slice(path, 0, slash == 0 ? 1 : (size_t)slash);
}

/* "folder/name", in the scan's memory. */
static enum err path_join(struct follow *follow, struct span folder, struct span name,
                          struct span *ret)
{
    struct buf path;
    buf_init(&path, 2 * DISK_PATH_SIZE_MAX);
    buf_add(&path, folder);
    if (folder.size > 0 && folder.data[folder.size - 1] != '/') {
        buf_add_byte(&path, '/');
    }
    buf_add(&path, name);
    enum err err = path.err == ERR_OK ? op_copy(&follow->work, buf_span(&path), ret)
                                      : op_fail(&follow->work, ERR_LIMIT, "a path is too long");
    buf_done(&path);
    return err;
}

/* ---- folders of which the kernel tells ---- */

static int folder_open(const struct follow *follow, struct span path, int flags)
{
    char text[DISK_PATH_SIZE_MAX];
    if (path.size >= sizeof text) {
        return -1;
    }
    span_copy(text, sizeof text, path);
    text[path.size] = '\0';
    return openat(follow->folder, path.size == 0 ? "." : text, flags | O_DIRECTORY | O_CLOEXEC);
}

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

/* Where the kernel cannot be asked (no inotify, too many folders), what lies there is looked
 * through now and then all the same. */
static void folder_watch(struct follow *follow, struct span path)
{
    int number = CHANGES_NONE;
    struct follow_folder *known = folder_find(follow, path);
    if (known != NULL) {
        known->scan = follow->scan;
        return;
    }
    if (follow->changes == NULL || follow->folder_count == FOLDERS_MAX) {
        return;
    }
    int fd = folder_open(follow, path, O_PATH);
    if (fd < 0) {
        return;
    }
    if (changes_watch(&follow->work, follow->changes, fd, &number) == ERR_OK) {
        struct follow_folder *same = folder_numbered(follow, number);
        if (same == NULL && !folder_keep(follow, path, number)) {
            changes_forget(follow->changes, number);
        }
    }
    op_fault_clear(&follow->work);
    close(fd);
}

static void on_folder(void *context, struct span path)
{
    folder_watch(context, path);
}

static void folder_drop(struct follow *follow, struct follow_folder *folder)
{
    memory_free(folder->path);
    follow->folder_count--;
    *folder = follow->folders[follow->folder_count];
}

static void folders_sweep(struct follow *follow)
{
    for (size_t i = follow->folder_count; i > 0; i--) { /* dropping moves the last one */
        struct follow_folder *folder = &follow->folders[i - 1];
        if (folder->scan != follow->scan) {
            changes_forget(follow->changes, folder->number);
            folder_drop(follow, folder);
        }
    }
}

/* ---- hearing ---- */

static enum err hear_written(struct follow *follow, const struct changes_event *event)
{
    struct span path;
    const struct follow_folder *folder = folder_numbered(follow, event->folder);
    if (folder == NULL) {
        return ERR_OK;
    }
    TRY(path_join(follow, span_of((const char *)folder->path), event->name, &path));
    struct follow_file *file = follow_find_path(follow, path);
    if (file != NULL) {
        follow_file_changed(file);
    }
    return ERR_OK;
}

static enum err hear(struct follow *follow, const struct changes_event *event)
{
    struct follow_folder *folder = NULL;
    switch (event->kind) {
    case CHANGES_WRITTEN:
        return hear_written(follow, event);
    case CHANGES_GONE:
        folder = folder_numbered(follow, event->folder);
        if (folder != NULL) {
            folder_drop(follow, folder);
        }
        break;
    default:
        break;
    }
    follow->scan_wanted = true;
    return ERR_OK;
}

enum err follow_hear_changes(struct follow *follow)
{
    struct changes_event event;
    op_begin(&follow->work, &follow->session->op->actor, SCAN_MEMORY_MAX);
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
    if (err != ERR_OK) {
        err = op_fail(follow->session->op, err, "%s", follow->work.fault.text);
    }
    op_end(&follow->work);
    return err;
}

/* ---- looking through ---- */

static void tell_missing(struct follow *follow, size_t source)
{
    struct follow_state *state = &follow->sources[source];
    if (!state->told) {
        state->told = true;
        session_tell(follow->session, state->from.named.path,
                     "nothing is there yet: it is waited for");
    }
}

/* Another file had this name until now. It may be found under a new one. */
static void displace(struct follow *follow, struct span path)
{
    struct follow_file *before = follow_find_path(follow, path);
    if (before != NULL) {
        follow_take_path(follow, before);
        before->there = false;
        before->displaced = true;
    }
}

static enum err found_again(struct follow_file *file, const struct input_named *named)
{
    bool changed = file->size != named->size || file->modified_us != named->modified_us;
    file->scan = file->follow->scan;
    file->size = named->size;
    file->modified_us = named->modified_us;
    if (!file->there || !span_equal(path_of(file), named->path)) {
        displace(file->follow, named->path);
        file->displaced = false;
        TRY(follow_file_rename(file, named->path));
    }
    if (changed) {
        file->settled_us = file->input == NULL ? os_monotonic_us() : file->settled_us;
        follow_file_changed(file);
    }
    return ERR_OK;
}

static enum err found(struct follow *follow, size_t source, const struct input_named *named)
{
    struct follow_file *file = NULL;
    switch (named->sort) {
    case INPUT_MISSING:
        tell_missing(follow, source);
        return ERR_OK;
    case INPUT_FILE:
        file = follow_find_inode(follow, named->device, named->inode);
        break;
    case INPUT_PIPE:
        file = follow_find_path(follow, named->path);
        file = file != NULL && file->sort == INPUT_PIPE ? file : NULL;
        break;
    }
    follow->sources[source].told =
        true; /* there was something: it is not told that there is none */
    if (file != NULL && file->scan == follow->scan) {
        return ERR_OK; /* another name of a file that was found, or another source of it */
    }
    if (file != NULL) {
        return found_again(file, named);
    }
    displace(follow, named->path);
    return follow_file_new(follow, &follow->sources[source], named);
}

static enum err scan_source(struct follow *follow, size_t source)
{
    const struct follow_source *from = &follow->sources[source].from;
    if (from->listens) {
        struct input_named named = from->named;
        named.sort = INPUT_PIPE;
        return found(follow, source, &named);
    }
    struct inputs inputs = { .on_folder = on_folder, .context = follow };
    TRY(inputs_add(&follow->work, &inputs, follow->folder, &from->named));
    if (!span_equal(from->named.path, SPAN("-"))) {
        folder_watch(follow, folder_of(from->named.path));
    }
    bool glob = inputs_is_glob(from->named.path);
    struct span last = SPAN("");
    for (size_t i = 0; i < inputs.count; i++) {
        struct span folder = folder_of(inputs.list[i].path);
        if (glob && inputs.list[i].sort != INPUT_MISSING && !span_equal(folder, last)) {
            folder_watch(follow, folder);
            last = folder;
        }
        TRY(found(follow, source, &inputs.list[i]));
    }
    return ERR_OK;
}

/* Files that were not found any more; the list is made first, since they go out of the table. */
static enum err leave_gone(struct follow *follow)
{
    size_t count = 0;
    size_t room = follow->by_path.count + follow->by_inode.count;
    struct follow_file **gone = op_alloc(&follow->work, room * sizeof(struct follow_file *));
    if (gone == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < follow->by_path.room; i++) {
        for (struct follow_file *at = follow->by_path.buckets[i]; at != NULL; at = at->path_next) {
            if (at->scan != follow->scan) {
                gone[count] = at;
                count++;
            }
        }
    }
    for (size_t i = 0; i < follow->by_inode.room; i++) {
        for (struct follow_file *at = follow->by_inode.buckets[i]; at != NULL;
             at = at->inode_next) {
            if (at->displaced && at->scan != follow->scan) {
                gone[count] = at;
                count++;
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        gone[i]->displaced = false;
        TRY(follow_file_gone(gone[i]));
    }
    return ERR_OK;
}

static enum err scan_all(struct follow *follow)
{
    follow->scan++;
    follow->searches = 0;
    for (size_t i = 0; i < follow->source_count; i++) {
        TRY(scan_source(follow, i));
    }
    TRY(leave_gone(follow));
    if (follow->changes != NULL) {
        folders_sweep(follow);
    }
    return ERR_OK;
}

enum err follow_scan(struct follow *follow)
{
    int64_t begun_us = os_monotonic_us();
    op_begin(&follow->work, &follow->session->op->actor, SCAN_MEMORY_MAX);
    follow->scan_wanted = false;
    enum err err = scan_all(follow);
    if (err != ERR_OK && follow->session->op->fault.err == ERR_OK) {
        err = op_fail(follow->session->op, err, "%s", follow->work.fault.text);
    }
    op_end(&follow->work);
    follow->scanned_us = os_monotonic_us();
    follow->scan_cost_us = follow->scanned_us - begun_us;
    return err;
}

/* ---- renamed ---- */

static bool is_file(int folder, const char *name, const struct follow_file *file,
                    struct input_named *ret)
{
    struct stat status;
    if (fstatat(folder, name, &status, 0) != 0 || !S_ISREG(status.st_mode) ||
        status.st_dev != file->device || status.st_ino != file->inode) {
        return false;
    }
    ret->size = (uint64_t)status.st_size;
    ret->modified_us =
        (int64_t)status.st_mtim.tv_sec * US_PER_S + status.st_mtim.tv_nsec / NS_PER_US;
    return true;
}

bool follow_find_renamed(const struct follow_file *file, struct span *ret_path,
                         struct input_named *ret_now)
{
    struct follow *follow = file->follow;
    struct span parent = folder_of(path_of(file));
    struct span path = { NULL, 0 };
    bool is_found = false;
    if (follow->searches == SEARCHES_MAX) {
        return false;
    }
    follow->searches++;
    int fd = folder_open(follow, parent, O_RDONLY);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL && !is_found;
         entry = readdir(folder)) {
        bool maybe = entry->d_ino == file->inode && is_file(fd, entry->d_name, file, ret_now);
        is_found = maybe && path_join(follow, parent, span_of(entry->d_name), &path) == ERR_OK;
    }
    closedir(folder);
    if (is_found) {
        *ret_path = path;
    }
    return is_found;
}
