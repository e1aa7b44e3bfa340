// SPDX-License-Identifier: EUPL-1.2
#include "os/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

enum { READ_SIZE = 64 * 1024 };

enum err descriptor_open(struct op *op, int folder, struct span path, int *ret_fd)
{
    struct span copy; /* ended by a NUL */
    TRY(op_copy(op, path, &copy));
    int fd = openat(folder, (const char *)copy.data, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
    if (flags >= 0 && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0) {
        *ret_fd = fd;
        return ERR_OK;
    }
    if (fd >= 0) {
        close(fd); /* this is not known to happen */
    }
    enum err err = ERR_IO;
    if (errno == ENOENT || errno == ENOTDIR) {
        err = ERR_ABSENT;
    } else if (errno == EACCES || errno == EPERM) {
        err = ERR_DENIED;
    }
    return op_fail(op, err, "cannot open %.*s: %s", SPAN_FMT(path), strerror(errno));
}

enum err descriptor_map(struct op *op, int fd, struct span *ret)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return op_fail(op, ERR_IO, "cannot look at a file: %s", strerror(errno));
    }
    if (status.st_size == 0) {
        *ret = (struct span){ NULL, 0 };
        return ERR_OK;
    }
    void *map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        return op_fail(op, errno == ENOMEM ? ERR_LIMIT : ERR_IO, "cannot map a file: %s",
                       strerror(errno));
    }
    *ret = span_make(map, (size_t)status.st_size);
    return ERR_OK;
}

void descriptor_unmap(struct span map)
{
    if (map.size > 0) {
        munmap((void *)map.data, map.size);
    }
}

/* Until there is something, or nobody who could write it is left. */
static void wait_for_writer(int fd)
{
    struct pollfd arrival = { .fd = fd, .events = POLLIN };
    while (poll(&arrival, 1, -1) < 0 && errno == EINTR) {
    }
}

static enum err read_into(struct op *op, int fd, size_t size_max, struct buf *bytes)
{
    wait_for_writer(fd);
    for (;;) {
        uint8_t *room = buf_reserve(bytes, READ_SIZE);
        if (room == NULL) {
            return op_fail(op, ERR_LIMIT, "the input is larger than %zu bytes", size_max);
        }
        ssize_t got = read(fd, room, READ_SIZE);
        if (got < 0 && errno != EINTR) {
            return op_fail(op, ERR_IO, "cannot read: %s", strerror(errno));
        }
        if (got == 0) {
            return ERR_OK;
        }
        bytes->size += got < 0 ? 0 : (size_t)got;
    }
}

enum err descriptor_read_all(struct op *op, int fd, size_t size_max, struct span *ret)
{
    struct buf bytes;
    buf_init(&bytes, size_max > SIZE_MAX - READ_SIZE ? size_max : size_max + READ_SIZE);
    enum err err = read_into(op, fd, size_max, &bytes);
    if (err == ERR_OK && bytes.size > size_max) {
        err = op_fail(op, ERR_LIMIT, "the input is larger than %zu bytes", size_max);
    }
    if (err == ERR_OK) {
        err = op_copy(op, buf_span(&bytes), ret);
    }
    buf_done(&bytes);
    return err;
}

static enum err write_all(struct op *op, int fd, struct span bytes)
{
    while (bytes.size > 0) {
        ssize_t put = write(fd, bytes.data, bytes.size);
        if (put < 0 && errno != EINTR) {
            return op_fail(op, errno == ENOSPC ? ERR_LIMIT : ERR_IO, "cannot keep the input: %s",
                           strerror(errno));
        }
        bytes = span_from(bytes, put < 0 ? 0 : (size_t)put);
    }
    return ERR_OK;
}

static enum err copy_all(struct op *op, int from, uint64_t size_max, int to)
{
    uint8_t piece[READ_SIZE];
    uint64_t size = 0;
    wait_for_writer(from);
    for (;;) {
        ssize_t got = read(from, piece, sizeof piece);
        if (got == 0) {
            return ERR_OK;
        }
        if (got < 0 && errno != EINTR) {
            return op_fail(op, ERR_IO, "cannot read: %s", strerror(errno));
        }
        size += got < 0 ? 0 : (uint64_t)got;
        if (size > size_max) {
            return op_fail(op, ERR_LIMIT, "the input is larger than %llu bytes",
                           (unsigned long long)size_max);
        }
        TRY(write_all(op, to, span_make(piece, got < 0 ? 0 : (size_t)got)));
    }
}

enum err descriptor_keep(struct op *op, int fd, uint64_t size_max, int *ret_fd)
{
    int kept = memfd_create("linie-input", MFD_CLOEXEC);
    if (kept < 0) {
        return op_fail(op, ERR_IO, "cannot keep the input: %s", strerror(errno));
    }
    enum err err = copy_all(op, fd, size_max, kept);
    if (err != ERR_OK) {
        close(kept);
        return err;
    }
    *ret_fd = kept;
    return ERR_OK;
}

enum err descriptor_of_bytes(struct op *op, struct span bytes, int *ret_fd)
{
    int fd = memfd_create("linie-bytes", MFD_CLOEXEC);
    if (fd < 0) {
        return op_fail(op, ERR_IO, "cannot make a file of memory: %s", strerror(errno));
    }
    enum err err = write_all(op, fd, bytes);
    if (err != ERR_OK) {
        close(fd);
        return err;
    }
    *ret_fd = fd;
    return ERR_OK;
}

enum err descriptor_read_at(struct op *op, int fd, uint64_t offset, void *bytes, size_t size,
                            size_t *ret_read)
{
    uint8_t *target = bytes;
    size_t have = 0;
    while (have < size) {
        ssize_t got = pread(fd, target + have, size - have, (off_t)(offset + have));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return op_fail(op, ERR_IO, "cannot read a file: %s", strerror(errno));
        }
        if (got == 0) {
            break;
        }
        have += (size_t)got;
    }
    *ret_read = have;
    return ERR_OK;
}

int64_t descriptor_made_us(int fd)
{
    enum { NS_PER_US = 1000 };
    struct statx status;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &status) != 0 ||
        (status.stx_mask & STATX_BTIME) == 0) {
        return TIME_US_NONE;
    }
    return status.stx_btime.tv_sec * US_PER_S + status.stx_btime.tv_nsec / NS_PER_US;
}
