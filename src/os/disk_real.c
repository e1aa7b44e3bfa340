// SPDX-License-Identifier: EUPL-1.2
/*
 * The real disk: POSIX calls below the descriptor of one folder. No symbolic link is followed below
 * it, so that nobody who can write there can lead us elsewhere.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "os/disk_ops.h"

enum { FILE_MODE = 0600, FOLDER_MODE = 0700, ERRNO_TEXT_SIZE = 128 };

struct real_disk {
    struct disk base;
    int root; /* descriptor */
    char root_path[];
};

struct real_file {
    struct disk_file base;
    int fd;
    struct span path; /* behind this struct */
};

/* A name or path with the NUL that the system wants. */
struct path_text {
    char bytes[DISK_PATH_SIZE_MAX + 1];
};

static struct path_text path_text_of(struct span path)
{
    struct path_text text;
    must(path.size < sizeof text.bytes);
    span_copy(text.bytes, sizeof text.bytes, path);
    text.bytes[path.size] = '\0';
    return text;
}

static struct real_disk *real_disk_of(struct disk *disk)
{
    return (struct real_disk *)disk;
}

static struct real_file *real_file_of(struct disk_file *file)
{
    return (struct real_file *)file;
}

/* What the caller does about a refusal of the system. */
static enum err err_of_errno(int number)
{
    switch (number) {
    case ENOENT:
        return ERR_ABSENT;
    case EEXIST:
        return ERR_EXISTS;
    case ENOSPC:
    case EDQUOT:
        return ERR_FULL;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP: /* a symbolic link, which we do not follow */
        return ERR_DENIED;
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case ENAMETOOLONG:
    case EFBIG:
        return ERR_LIMIT;
    case EWOULDBLOCK:
        return ERR_AGAIN;
    default:
        return ERR_IO;
    }
}

static enum err fail_at(struct op *op, struct disk *disk, const char *act, struct span path,
                        int number)
{
    char buffer[ERRNO_TEXT_SIZE];
    return op_fail(op, err_of_errno(number), "cannot %s %s/%.*s: %s", act,
                   real_disk_of(disk)->root_path, SPAN_FMT(path),
                   strerror_r(number, buffer, sizeof buffer));
}

static enum err fail_in(struct op *op, struct real_file *file, const char *act, int number)
{
    return fail_at(op, file->base.disk, act, file->path, number);
}

/* open() is interrupted only on slow devices, but it costs nothing to be right. */
static int open_at(int folder, const char *name, int flags)
{
    int fd;
    do {
        fd = openat(folder, name, flags | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

/* Opens a folder, name by name from the root, so that no symbolic link is followed anywhere. */
static enum err folder_open(struct op *op, struct disk *disk, struct span path, int *ret)
{
    int fd = open_at(real_disk_of(disk)->root, ".", O_RDONLY | O_DIRECTORY);
    struct span rest = path;
    struct span name;
    while (fd >= 0 && path.size > 0 && span_next(&rest, '/', &name)) {
        struct path_text text = path_text_of(name);
        int next = open_at(fd, text.bytes, O_RDONLY | O_DIRECTORY);
        int number = errno;
        close(fd);
        errno = number;
        fd = next;
    }
    if (fd < 0) {
        return fail_at(op, disk, "open the folder", path, errno);
    }
    *ret = fd;
    return ERR_OK;
}

static int flags_of_mode(enum disk_mode mode)
{
    switch (mode) {
    case DISK_READ:
        return O_RDONLY;
    case DISK_WRITE:
        return O_RDWR | O_CREAT;
    case DISK_CREATE_NEW:
        return O_RDWR | O_CREAT | O_EXCL;
    }
    must(false);
}

static enum err real_file_new(struct op *op, struct disk *disk, struct span path, int fd,
                              struct disk_file **ret)
{
    struct real_file *file = memory_new(sizeof *file + path.size);
    if (file == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory while opening %.*s", SPAN_FMT(path));
    }
    uint8_t *text = (uint8_t *)(file + 1);
    span_copy(text, path.size, path);
    *file = (struct real_file){ .base.disk = disk, .fd = fd, .path = { text, path.size } };
    *ret = &file->base;
    return ERR_OK;
}

static enum err descriptor_open(struct op *op, struct disk *disk, struct span path, int flags,
                                int *ret)
{
    int folder;
    TRY(folder_open(op, disk, disk_path_folder(path), &folder));
    struct path_text name = path_text_of(disk_path_name(path));
    int fd = open_at(folder, name.bytes, flags);
    int number = errno;
    close(folder);
    if (fd < 0) {
        return fail_at(op, disk, "open", path, number);
    }
    *ret = fd;
    return ERR_OK;
}

static enum err real_open(struct op *op, struct disk *disk, struct span path, enum disk_mode mode,
                          struct disk_file **ret)
{
    int fd;
    TRY(descriptor_open(op, disk, path, flags_of_mode(mode), &fd));
    enum err err = real_file_new(op, disk, path, fd, ret);
    if (err != ERR_OK) {
        close(fd);
    }
    return err;
}

static void real_close(struct disk_file *base)
{
    struct real_file *file = real_file_of(base);
    close(file->fd);
    memory_free(file);
}

static enum err real_read(struct op *op, struct disk_file *base, uint64_t offset, void *target,
                          size_t size, size_t *ret_read)
{
    struct real_file *file = real_file_of(base);
    uint8_t *bytes = target;
    size_t filled = 0;
    while (filled < size) {
        ssize_t got = pread(file->fd, bytes + filled, size - filled, (off_t)(offset + filled));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_in(op, file, "read", errno);
        }
        if (got == 0) {
            break;
        }
        filled += (size_t)got;
    }
    *ret_read = filled;
    return ERR_OK;
}

static enum err real_write(struct op *op, struct disk_file *base, uint64_t offset, struct span span)
{
    struct real_file *file = real_file_of(base);
    size_t written = 0;
    while (written < span.size) {
        ssize_t put =
            pwrite(file->fd, span.data + written, span.size - written, (off_t)(offset + written));
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return fail_in(op, file, "write", errno);
        }
        if (put == 0) {
            return fail_in(op, file, "write", EIO);
        }
        written += (size_t)put;
    }
    return ERR_OK;
}

static enum err real_sync(struct op *op, struct disk_file *base)
{
    struct real_file *file = real_file_of(base);
    if (fdatasync(file->fd) != 0) { /* not tried again: what was lost is forgotten by the system */
        return fail_in(op, file, "sync", errno);
    }
    return ERR_OK;
}

static enum err real_size(struct op *op, struct disk_file *base, uint64_t *ret_size)
{
    struct real_file *file = real_file_of(base);
    struct stat status;
    if (fstat(file->fd, &status) != 0) {
        return fail_in(op, file, "look at", errno);
    }
    *ret_size = (uint64_t)status.st_size;
    return ERR_OK;
}

static enum err real_truncate(struct op *op, struct disk_file *base, uint64_t size)
{
    struct real_file *file = real_file_of(base);
    int result;
    do {
        result = ftruncate(file->fd, (off_t)size);
    } while (result != 0 && errno == EINTR);
    if (result != 0) {
        return fail_in(op, file, "change the size of", errno);
    }
    return ERR_OK;
}

static enum err real_lock(struct op *op, struct disk_file *base)
{
    struct real_file *file = real_file_of(base);
    int result;
    do {
        result = flock(file->fd, LOCK_EX | LOCK_NB);
    } while (result != 0 && errno == EINTR);
    if (result != 0) {
        return fail_in(op, file, "lock", errno);
    }
    return ERR_OK;
}

static enum err real_rename(struct op *op, struct disk *disk, struct span from, struct span to)
{
    int source;
    TRY(folder_open(op, disk, disk_path_folder(from), &source));
    int target;
    enum err err = folder_open(op, disk, disk_path_folder(to), &target);
    if (err != ERR_OK) {
        close(source);
        return err;
    }
    struct path_text name = path_text_of(disk_path_name(from));
    struct path_text name_new = path_text_of(disk_path_name(to));
    if (renameat(source, name.bytes, target, name_new.bytes) != 0) {
        err = fail_at(op, disk, "rename", from, errno);
    }
    close(source);
    close(target);
    return err;
}

static enum err real_remove(struct op *op, struct disk *disk, struct span path)
{
    int folder;
    TRY(folder_open(op, disk, disk_path_folder(path), &folder));
    struct path_text name = path_text_of(disk_path_name(path));
    enum err err = ERR_OK;
    int result = unlinkat(folder, name.bytes, 0);
    if (result != 0 && errno == EISDIR) {
        result = unlinkat(folder, name.bytes, AT_REMOVEDIR);
    }
    if (result != 0) {
        err = fail_at(op, disk, "remove", path, errno);
    }
    close(folder);
    return err;
}

static enum err folder_make(struct op *op, struct disk *disk, int parent, struct span path)
{
    struct path_text name = path_text_of(disk_path_name(path));
    if (mkdirat(parent, name.bytes, FOLDER_MODE) != 0) {
        int number = errno;
        struct stat status;
        bool there = number == EEXIST &&
                     fstatat(parent, name.bytes, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                     S_ISDIR(status.st_mode);
        if (!there) {
            return fail_at(op, disk, "make the folder", path, number);
        }
    }
    /* Also where it was there: who made it may have died before this. */
    if (fsync(parent) != 0) {
        return fail_at(op, disk, "sync the folder of", path, errno);
    }
    return ERR_OK;
}

static enum err real_make_folder(struct op *op, struct disk *disk, struct span path)
{
    int parent;
    TRY(folder_open(op, disk, disk_path_folder(path), &parent));
    enum err err = folder_make(op, disk, parent, path);
    close(parent);
    return err;
}

static enum err real_sync_folder(struct op *op, struct disk *disk, struct span path)
{
    int folder;
    TRY(folder_open(op, disk, path, &folder));
    enum err err = ERR_OK;
    if (fsync(folder) != 0) {
        err = fail_at(op, disk, "sync the folder", path, errno);
    }
    close(folder);
    return err;
}

/* Names as they come from the system, to be sorted when their count is known. */
struct name_link {
    struct name_link *next;
    struct span name;
};

static int compare_names(const void *a, const void *b)
{
    return span_compare(*(const struct span *)a, *(const struct span *)b);
}

static enum err names_gather(struct op *op, DIR *folder, struct name_link **ret, size_t *ret_count)
{
    struct name_link *names = NULL;
    size_t count = 0;
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(folder);
        if (entry == NULL) {
            break;
        }
        struct span name = span_of(entry->d_name);
        if (span_equal(name, SPAN(".")) || span_equal(name, SPAN(".."))) {
            continue;
        }
        struct name_link *link = op_alloc(op, sizeof *link);
        if (link == NULL) {
            return ERR_LIMIT;
        }
        TRY(op_copy(op, name, &link->name));
        link->next = names;
        names = link;
        count++;
    }
    if (errno != 0) {
        return ERR_IO;
    }
    *ret = names;
    *ret_count = count;
    return ERR_OK;
}

static enum err real_list(struct op *op, struct disk *disk, struct span path,
                          struct span **ret_names, size_t *ret_count)
{
    int fd;
    TRY(folder_open(op, disk, path, &fd));
    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        enum err err = fail_at(op, disk, "list", path, errno);
        close(fd);
        return err;
    }
    struct name_link *links;
    size_t count;
    enum err err = names_gather(op, folder, &links, &count);
    int number = errno;
    closedir(folder);
    if (err != ERR_OK) {
        return err == ERR_IO ? fail_at(op, disk, "list", path, number) : err;
    }

    struct span *names = op_alloc(op, count * sizeof *names);
    if (names == NULL) {
        return ERR_LIMIT;
    }
    struct name_link *link = links;
    for (size_t i = 0; i < count; i++) {
        names[i] = link->name;
        link = link->next;
    }
    qsort(names, count, sizeof *names, compare_names);
    *ret_names = names;
    *ret_count = count;
    return ERR_OK;
}

static enum err descriptor_map(struct op *op, struct disk *disk, struct span path, int fd,
                               struct span *ret)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return fail_at(op, disk, "look at", path, errno);
    }
    size_t size = (size_t)status.st_size;
    if (size == 0) {
        *ret = span_make(NULL, 0);
        return ERR_OK;
    }
    void *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED) {
        return fail_at(op, disk, "map", path, errno);
    }
    *ret = span_make(bytes, size);
    return ERR_OK;
}

static enum err real_map(struct op *op, struct disk *disk, struct span path, struct span *ret)
{
    int fd;
    TRY(descriptor_open(op, disk, path, O_RDONLY, &fd));
    enum err err = descriptor_map(op, disk, path, fd, ret);
    close(fd);
    return err;
}

/* The system takes whole pages; what it refuses costs nothing but time. */
static void real_map_use(struct disk *disk, struct span part, enum disk_use use)
{
    (void)disk;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = (uintptr_t)part.data & ~(page - 1);
    size_t size = part.size + ((uintptr_t)part.data - begin);
    (void)madvise((void *)begin, size, use == DISK_USE_SOON ? MADV_WILLNEED : MADV_RANDOM);
}

static void real_unmap(struct disk *disk, struct span map)
{
    (void)disk;
    int result = munmap((void *)(uintptr_t)map.data, map.size);
    must(result == 0);
}

static bool real_is_writable(struct disk *disk)
{
    return faccessat(real_disk_of(disk)->root, ".", W_OK, AT_EACCESS) == 0;
}

static enum err real_real_path(struct op *op, struct disk *disk, struct span path, struct span *ret)
{
    struct span root = span_of(real_disk_of(disk)->root_path);
    size_t size = root.size + 1 + path.size;
    uint8_t *text = op_alloc(op, size + 1);
    if (text == NULL) {
        return ERR_LIMIT;
    }
    span_copy(text, root.size, root);
    text[root.size] = '/';
    span_copy(text + root.size + 1, path.size, path);
    *ret = span_make(text, size);
    return ERR_OK;
}

static void real_disk_close(struct disk *disk)
{
    close(real_disk_of(disk)->root);
    memory_free(disk);
}

static const struct disk_ops real_ops = {
    .close = real_disk_close,
    .file_open = real_open,
    .file_close = real_close,
    .read = real_read,
    .write = real_write,
    .sync = real_sync,
    .size = real_size,
    .truncate = real_truncate,
    .lock = real_lock,
    .rename = real_rename,
    .remove = real_remove,
    .make_folder = real_make_folder,
    .sync_folder = real_sync_folder,
    .list = real_list,
    .map = real_map,
    .map_use = real_map_use,
    .unmap = real_unmap,
    .is_writable = real_is_writable,
    .real_path = real_real_path,
};

enum err disk_open_real(struct op *op, struct span root, struct disk **ret)
{
    if (root.size == 0 || span_find(root, '\0') != SPAN_NOT_FOUND) {
        return op_fail(op, ERR_ABSENT, "a folder's name must not be empty or hold a NUL byte");
    }
    struct real_disk *disk = memory_new(sizeof *disk + root.size + 1);
    if (disk == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory while opening %.*s", SPAN_FMT(root));
    }
    disk->base.ops = &real_ops;
    span_copy(disk->root_path, root.size, root);
    disk->root = open(disk->root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (disk->root < 0) {
        int number = errno;
        char buffer[ERRNO_TEXT_SIZE];
        memory_free(disk);
        return op_fail(op, err_of_errno(number), "cannot open the folder %.*s: %s", SPAN_FMT(root),
                       strerror_r(number, buffer, sizeof buffer));
    }
    *ret = &disk->base;
    return ERR_OK;
}
