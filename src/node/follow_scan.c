// SPDX-License-Identifier: EUPL-1.2
/*
 * Looking through what lies there, now and then.
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
    SCAN_MEMORY_MAX = 1024 * 1024 * 1024,
    SEARCHES_MAX = 64, /* folders that are searched for renamed files, in one scan */
    NS_PER_US = 1000,
};

static struct span path_of(const struct follow_file *file)
{
    return span_of((const char *)file->path);
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

static void on_folder(void *context, struct span path)
{
    follow_folder_watch(context, path);
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
    if (!span_equal(from->named.path, SPAN("-"))) { /* told of, and then looked through */
        follow_folder_watch(follow, follow_path_folder(from->named.path));
    }
    TRY(inputs_add(&follow->work, &inputs, follow->folder, &from->named));
    for (size_t i = 0; i < inputs.count; i++) {
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
        follow_folders_sweep(follow);
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

bool follow_path_look(int folder, const char *path, struct input_named *ret)
{
    struct stat status;
    if (fstatat(folder, path, &status, 0) != 0 || !S_ISREG(status.st_mode)) {
        return false;
    }
    ret->sort = INPUT_FILE;
    ret->device = status.st_dev;
    ret->inode = status.st_ino;
    ret->size = (uint64_t)status.st_size;
    ret->modified_us =
        (int64_t)status.st_mtim.tv_sec * US_PER_S + status.st_mtim.tv_nsec / NS_PER_US;
    return true;
}

bool follow_path_is(int folder, const char *path, const struct follow_file *file,
                    struct input_named *ret)
{
    struct input_named now = { .size = 0 };
    bool same = follow_path_look(folder, path, &now) && now.device == file->device &&
                now.inode == file->inode;
    if (same) {
        *ret = now;
    }
    return same;
}

bool follow_find_renamed(const struct follow_file *file, struct buf *ret_path,
                         struct input_named *ret_now)
{
    struct follow *follow = file->follow;
    struct span parent = follow_path_folder(path_of(file));
    bool is_found = false;
    if (follow->searches == SEARCHES_MAX) {
        return false;
    }
    follow->searches++;
    int fd = follow_folder_open(follow, parent, O_RDONLY);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL && !is_found;
         entry = readdir(folder)) {
        is_found = entry->d_ino == file->inode && follow_path_is(fd, entry->d_name, file, ret_now);
        if (is_found) {
            follow_path_join(ret_path, parent, span_of(entry->d_name));
        }
    }
    closedir(folder);
    return is_found && ret_path->err == ERR_OK;
}
