// SPDX-License-Identifier: EUPL-1.2
#include "os/changes.h"

#include <errno.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/memory.h"

enum {
    READ_SIZE = 16 * 1024,
    PATH_SIZE = 64, /* of "/proc/self/fd/N" */
};

#define GONE   (IN_DELETE_SELF | IN_MOVE_SELF)
#define LISTED (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)

struct changes {
    int fd;
    size_t size; /* bytes read */
    size_t at;   /* of these, behind the event given last */
    _Alignas(struct inotify_event) uint8_t bytes[READ_SIZE];
};

enum err changes_new(struct op *op, struct changes **ret)
{
    struct changes *changes = memory_new(sizeof *changes);
    if (changes == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory");
    }
    changes->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (changes->fd < 0) {
        int saved = errno;
        memory_free(changes);
        return op_fail(op, saved == EMFILE || saved == ENFILE ? ERR_LIMIT : ERR_IO,
                       "cannot look for changes of files: %s", strerror(saved));
    }
    *ret = changes;
    return ERR_OK;
}

void changes_free(struct changes *changes)
{
    if (changes == NULL) {
        return;
    }
    close(changes->fd);
    memory_free(changes);
}

int changes_fd(const struct changes *changes)
{
    return changes->fd;
}

enum err changes_watch(struct op *op, struct changes *changes, int folder, int *ret_folder)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/proc/self/fd/%d", folder);
    int number = inotify_add_watch(changes->fd, path, IN_MODIFY | LISTED | GONE | IN_ONLYDIR);
    if (number >= 0) {
        *ret_folder = number;
        return ERR_OK;
    }
    if (errno == ENOSPC || errno == ENOMEM) {
        return op_fail(op, ERR_LIMIT, "too many folders are looked at (fs.inotify): %s",
                       strerror(errno));
    }
    if (errno == ENOTDIR || errno == ENOENT) {
        return op_fail(op, ERR_UNSUPPORTED, "cannot look for changes: %s", strerror(errno));
    }
    return op_fail(op, ERR_IO, "cannot look for changes: %s", strerror(errno));
}

void changes_forget(struct changes *changes, int folder)
{
    (void)inotify_rm_watch(changes->fd, folder); /* it may have gone by itself */
}

static enum err refill(struct op *op, struct changes *changes)
{
    ssize_t got = read(changes->fd, changes->bytes, sizeof changes->bytes);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return ERR_AGAIN;
    }
    if (got < 0) {
        return op_fail(op, ERR_IO, "cannot look for changes: %s", strerror(errno));
    }
    changes->size = (size_t)got;
    changes->at = 0;
    return got == 0 ? ERR_AGAIN : ERR_OK;
}

static enum changes_kind kind_of(uint32_t mask)
{
    if ((mask & IN_Q_OVERFLOW) != 0) {
        return CHANGES_LOST;
    }
    if ((mask & (GONE | IN_IGNORED | IN_UNMOUNT)) != 0) {
        return CHANGES_GONE;
    }
    if ((mask & IN_MOVED_FROM) != 0) {
        return CHANGES_LEFT;
    }
    if ((mask & IN_MOVED_TO) != 0) {
        return CHANGES_CAME;
    }
    return (mask & LISTED) != 0 ? CHANGES_LISTED : CHANGES_WRITTEN;
}

enum err changes_next(struct op *op, struct changes *changes, struct changes_event *ret)
{
    if (changes->at == changes->size) {
        TRY(refill(op, changes));
    }
    const void *place = changes->bytes + changes->at; /* inotify(7): aligned by the kernel */
    const struct inotify_event *event = place;
    changes->at += sizeof *event + event->len;
    *ret = (struct changes_event){
        .kind = kind_of(event->mask),
        .folder = event->wd,
        .move = event->cookie,
        .name = event->len == 0 ? SPAN("") : span_of(event->name),
    };
    return ERR_OK;
}
