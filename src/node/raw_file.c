// SPDX-License-Identifier: EUPL-1.2
#include "node/raw_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/descriptor.h"

static bool is_the_file(const struct store_input *input, const struct stat *status)
{
    return S_ISREG(status->st_mode) && (uint64_t)status->st_dev == input->id.device &&
           (uint64_t)status->st_ino == input->id.inode;
}

/* "/proc/self/fd/N" stands for the folder that the caller stands in. */
static bool path_make(struct raw_file *file, int folder, struct span dir, struct span path)
{
    int size = 0;
    if (path.size > 0 && path.data[0] == '/') {
        size = snprintf(file->path, sizeof file->path, "%.*s", SPAN_FMT(path));
    } else if (folder >= 0) {
        size = snprintf(file->path, sizeof file->path, "/proc/self/fd/%d/%.*s", folder,
                        SPAN_FMT(path));
    } else {
        size = snprintf(file->path, sizeof file->path, "%.*s/%.*s", SPAN_FMT(dir), SPAN_FMT(path));
    }
    return size > 0 && (size_t)size < sizeof file->path;
}

/* "logs/a.log" and "a.log.1" give "logs/a.log.1". */
static void show_renamed(struct raw_file *file, struct span path, const char *name)
{
    ptrdiff_t slash = span_find_last(path, '/');
    struct span folder = span_slice(path, 0, (size_t)(slash + 1));
    snprintf(file->shown, sizeof file->shown, "%.*s%s", SPAN_FMT(folder), name);
}

/* The file's new name in the folder of its old one. */
static bool find_renamed(struct raw_file *file, const struct store_input *input)
{
    struct raw_file folder = *file;
    char *slash = strrchr(folder.path, '/');
    bool found = false;
    if (slash == NULL) {
        return false;
    }
    slash[slash == folder.path ? 1 : 0] = '\0';
    DIR *entries = opendir(folder.path);
    for (struct dirent *entry = entries == NULL ? NULL : readdir(entries); entry != NULL && !found;
         entry = readdir(entries)) {
        struct stat status;
        int size = snprintf(file->path, sizeof file->path, "%.*s/%.255s",
                            (int)(sizeof file->path - sizeof entry->d_name - 2), folder.path,
                            entry->d_name);
        found = size > 0 && entry->d_ino == input->id.inode && stat(file->path, &status) == 0 &&
                is_the_file(input, &status);
        if (found) {
            show_renamed(file, input->path, entry->d_name);
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
    return found;
}

static bool find_in(struct raw_file *file, const struct store_input *input)
{
    struct stat status;
    bool here = stat(file->path, &status) == 0 && is_the_file(input, &status);
    snprintf(file->shown, sizeof file->shown, "%.*s", SPAN_FMT(input->path));
    return here || find_renamed(file, input);
}

bool raw_file_find(const struct invocation *invocation, const struct node *node,
                   const struct store_input *input, struct raw_file *ret)
{
    struct raw_file file;
    bool found =
        path_make(&file, invocation->folder, node->dir, input->path) && find_in(&file, input);
    if (!found) {
        found = path_make(&file, -1, node->dir, input->path) && find_in(&file, input);
    }
    if (found) {
        *ret = file;
    }
    return found;
}

enum err raw_file_open(struct op *op, const struct raw_file *file, int *ret_fd)
{
    return descriptor_open(op, AT_FDCWD, span_of(file->path), ret_fd);
}
