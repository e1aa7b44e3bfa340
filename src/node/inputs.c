// SPDX-License-Identifier: EUPL-1.2
#include "node/inputs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/must.h"
#include "base/time.h"
#include "os/disk.h"

enum { NS_PER_US = 1000 };

static enum err fail(struct op *op, struct span path, int code)
{
    enum err err = ERR_IO;
    if (code == ENOENT || code == ENOTDIR) {
        err = ERR_ABSENT;
    } else if (code == EACCES || code == EPERM) {
        err = ERR_DENIED;
    }
    return op_fail(op, err, "%.*s: %s", SPAN_FMT(path), strerror(code));
}

static enum err list_add(struct op *op, struct inputs *inputs, const struct input_named *named)
{
    if (inputs->count == INPUTS_COUNT_MAX) {
        return op_fail(op, ERR_LIMIT, "more than %d inputs", INPUTS_COUNT_MAX);
    }
    if (inputs->count == inputs->room) {
        size_t room = inputs->room == 0 ? 64 : 2 * inputs->room;
        struct input_named *list = op_alloc(op, room * sizeof *list);
        if (list == NULL) {
            return ERR_LIMIT;
        }
        span_copy(list, room * sizeof *list, span_make(inputs->list, inputs->count * sizeof *list));
        inputs->list = list;
        inputs->room = room;
    }
    inputs->list[inputs->count] = *named;
    inputs->size += named->size;
    inputs->count++;
    return ERR_OK;
}

static enum err path_join(struct op *op, struct span folder, const char *name, struct span *ret)
{
    struct buf path;
    buf_init(&path, 4 * DISK_PATH_SIZE_MAX);
    buf_add(&path, folder);
    if (folder.size > 0 && folder.data[folder.size - 1] != '/') {
        buf_add_byte(&path, '/');
    }
    buf_add(&path, span_of(name));
    enum err err = path.err == ERR_OK ? op_copy(op, buf_span(&path), ret)
                                      : op_fail(op, ERR_LIMIT, "a path is too long");
    buf_done(&path);
    return err;
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* A folder that is being looked through, and those above it. */
struct way {
    const struct way *up;
    unsigned depth;
    dev_t device;
    ino_t inode;
};

/* A symbolic link may lead back to a folder above: what lies there is looked through already. */
static bool leads_back(const struct way *up, const struct stat *status)
{
    while (up != NULL && (up->device != status->st_dev || up->inode != status->st_ino)) {
        up = up->up;
    }
    return up != NULL;
}

static enum err add_path(struct op *op, struct inputs *inputs, int folder,
                         const struct input_named *named, const struct way *up);

/* All files below a folder, hidden ones left out, in order of their names. */
static enum err add_folder(struct op *op, struct inputs *inputs, int folder,
                           const struct input_named *named, const struct way *way)
{
    struct dirent **entries = NULL;
    if (way->depth > INPUTS_DEPTH_MAX) {
        return list_add(op, inputs, named); /* as a file that is none: told when it is opened */
    }
    if (inputs->on_folder != NULL) {
        inputs->on_folder(inputs->context, named->path);
    }
    int count = scandirat(folder, (const char *)named->path.data, &entries, not_hidden, alphasort);
    if (count < 0) {
        return list_add(op, inputs, named); /* as a missing file: told when it is opened */
    }
    enum err err = ERR_OK;
    for (int i = 0; i < count; i++) {
        struct input_named below = *named;
        if (err == ERR_OK) {
            err = path_join(op, named->path, entries[i]->d_name, &below.path);
        }
        if (err == ERR_OK) {
            err = add_path(op, inputs, folder, &below, way);
        }
        free(entries[i]); /* of scandirat() */
    }
    free(entries);
    return err;
}

static enum err add_path(struct op *op, struct inputs *inputs, int folder,
                         const struct input_named *named, const struct way *up)
{
    struct stat status;
    if (fstatat(folder, (const char *)named->path.data, &status, 0) != 0) {
        return list_add(op, inputs, named); /* what is wrong with it is told when it is opened */
    }
    if (S_ISDIR(status.st_mode)) {
        const struct way way = { .up = up,
                                 .depth = up == NULL ? 1 : up->depth + 1,
                                 .device = status.st_dev,
                                 .inode = status.st_ino };
        return leads_back(up, &status) ? ERR_OK : add_folder(op, inputs, folder, named, &way);
    }
    bool given_by_name = up == NULL;
    if (!S_ISREG(status.st_mode) && !given_by_name) {
        return ERR_OK; /* sockets and pipes in a folder are no logs */
    }
    struct input_named file = *named;
    bool regular = S_ISREG(status.st_mode);
    file.sort = regular ? INPUT_FILE : INPUT_PIPE;
    file.size = regular ? (uint64_t)status.st_size : 0;
    file.device = status.st_dev;
    file.inode = status.st_ino;
    file.modified_us =
        (int64_t)status.st_mtim.tv_sec * US_PER_S + status.st_mtim.tv_nsec / NS_PER_US;
    return list_add(op, inputs, &file);
}

static enum err add_found(struct op *op, struct inputs *inputs, int folder,
                          const struct input_named *named, const glob_t *found)
{
    for (size_t i = 0; i < found->gl_pathc; i++) {
        struct input_named one = *named;
        TRY(op_copy(op, span_of(found->gl_pathv[i]), &one.path));
        TRY(add_path(op, inputs, folder, &one, NULL));
    }
    return ERR_OK;
}

/* Files that fit may come to each folder that fits: of "day-?/x*.log", to day-1 and day-2. */
static void tell_folders(const struct inputs *inputs, struct span pattern)
{
    char text[DISK_PATH_SIZE_MAX];
    for (size_t i = 1; i < pattern.size && i < sizeof text; i++) {
        struct span folder = span_slice(pattern, 0, i);
        glob_t found = { 0 };
        if (pattern.data[i] != '/' || !inputs_is_glob(folder)) {
            continue;
        }
        span_copy(text, sizeof text, folder);
        text[i] = '\0';
        if (glob(text, GLOB_ONLYDIR, NULL, &found) == 0) {
            for (size_t at = 0; at < found.gl_pathc; at++) {
                inputs->on_folder(inputs->context, span_of(found.gl_pathv[at]));
            }
            globfree(&found);
        }
    }
}

/* glob() knows no open folder: the caller's is entered while it works, and left again, since other
 * paths may be relative to where the process is. Globs are read where nothing else runs in this
 * process. */
static enum err add_glob(struct op *op, struct inputs *inputs, int folder,
                         const struct input_named *named)
{
    glob_t found = { 0 };
    int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fchdir(folder) != 0) {
        int saved = errno;
        (void)close(before);
        return fail(op, named->path, saved);
    }
    if (inputs->on_folder != NULL) {
        tell_folders(inputs, named->path);
    }
    int code = glob((const char *)named->path.data, GLOB_MARK, NULL, &found);
    bool back = before < 0 || fchdir(before) == 0; /* a folder that is open can be entered again */
    (void)close(before);
    must(back);
    if (code == 0) {
        enum err err = add_found(op, inputs, folder, named, &found);
        globfree(&found);
        return err;
    }
    if (code == GLOB_NOSPACE) {
        return op_fail(op, ERR_LIMIT, "%.*s: no memory for all files that fit",
                       SPAN_FMT(named->path));
    }
    return list_add(op, inputs, named); /* fits no file: told when it is opened */
}

bool inputs_is_glob(struct span path)
{
    return span_find(path, '*') != SPAN_NOT_FOUND || span_find(path, '?') != SPAN_NOT_FOUND ||
           span_find(path, '[') != SPAN_NOT_FOUND;
}

enum err inputs_add(struct op *op, struct inputs *inputs, int folder,
                    const struct input_named *named)
{
    struct input_named copy = *named;
    struct stat status;
    TRY(op_copy(op, named->path, &copy.path)); /* ended by a NUL */
    TRY(op_copy(op, named->sensor, &copy.sensor));
    if (span_equal(copy.path, SPAN("-"))) {
        copy.sort = INPUT_PIPE;
        return list_add(op, inputs, &copy);
    }
    bool there = fstatat(folder, (const char *)copy.path.data, &status, 0) == 0;
    if (!there && inputs_is_glob(copy.path)) {
        return add_glob(op, inputs, folder, &copy);
    }
    return add_path(op, inputs, folder, &copy, NULL);
}
