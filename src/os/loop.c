// SPDX-License-Identifier: EUPL-1.2
#include "os/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"

enum { EVENTS_MAX = 64 /* told by one wait; the rest by the next */ };

struct loop {
    int epoll;
    int wake; /* eventfd */
    size_t count;
    size_t at; /* of `events`, while callbacks are called */
    struct epoll_event events[EVENTS_MAX];
};

enum err loop_new(struct op *op, struct loop **ret)
{
    struct loop *loop = memory_new(sizeof *loop);
    if (loop == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory");
    }
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = NULL } };
    bool made = loop->epoll >= 0 && loop->wake >= 0 &&
                epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->wake, &event) == 0;
    if (!made) {
        enum err err = op_fail(op, ERR_IO, "cannot make an event loop: %s", strerror(errno));
        loop_free(loop);
        return err;
    }
    *ret = loop;
    return ERR_OK;
}

void loop_free(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    if (loop->epoll >= 0) {
        close(loop->epoll);
    }
    if (loop->wake >= 0) {
        close(loop->wake);
    }
    memory_free(loop);
}

static struct epoll_event event_of(struct loop_entry *entry)
{
    struct epoll_event event = { .data = { .ptr = entry } };
    event.events |= (entry->events & LOOP_IN) != 0 ? EPOLLIN | EPOLLRDHUP : 0;
    event.events |= (entry->events & LOOP_OUT) != 0 ? EPOLLOUT : 0;
    return event;
}

enum err loop_add(struct op *op, struct loop *loop, struct loop_entry *entry)
{
    struct epoll_event event = event_of(entry);
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, entry->fd, &event) == 0) {
        return ERR_OK;
    }
    if (errno == EPERM) { /* epoll_ctl(2): a file that does not support it */
        return op_fail(op, ERR_UNSUPPORTED, "nothing can be waited for at this file");
    }
    enum err err = errno == ENOSPC || errno == ENOMEM ? ERR_LIMIT : ERR_IO;
    return op_fail(op, err, "cannot wait for a descriptor: %s", strerror(errno));
}

enum err loop_change(struct op *op, struct loop *loop, struct loop_entry *entry, unsigned events)
{
    if (entry->events == events) {
        return ERR_OK;
    }
    entry->events = events;
    struct epoll_event event = event_of(entry);
    if (epoll_ctl(loop->epoll, EPOLL_CTL_MOD, entry->fd, &event) != 0) {
        return op_fail(op, ERR_IO, "cannot wait for a descriptor: %s", strerror(errno));
    }
    return ERR_OK;
}

void loop_remove(struct loop *loop, struct loop_entry *entry)
{
    (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, entry->fd, NULL); /* it may never have been added */
    for (size_t i = loop->at; i < loop->count; i++) {
        if (loop->events[i].data.ptr == entry) {
            loop->events[i].events = 0;
        }
    }
}

static unsigned told_of(uint32_t events)
{
    unsigned told = (events & (EPOLLIN | EPOLLRDHUP)) != 0 ? LOOP_IN : 0;
    told |= (events & EPOLLOUT) != 0 ? LOOP_OUT : 0;
    told |= (events & (EPOLLHUP | EPOLLERR)) != 0 ? LOOP_GONE : 0;
    return told;
}

static void wake_end(struct loop *loop)
{
    uint64_t count = 0;
    ssize_t got = read(loop->wake, &count, sizeof count);
    (void)got; /* woken many times or once: it is the same */
}

enum err loop_wait(struct op *op, struct loop *loop, int timeout_ms)
{
    enum err err = ERR_OK;
    int count = epoll_wait(loop->epoll, loop->events, EVENTS_MAX, timeout_ms);
    if (count < 0) {
        return errno == EINTR ? ERR_OK : op_fail(op, ERR_IO, "cannot wait: %s", strerror(errno));
    }
    loop->count = (size_t)count;
    for (loop->at = 0; loop->at < loop->count && err == ERR_OK; loop->at++) {
        const struct epoll_event event = loop->events[loop->at];
        struct loop_entry *entry = event.data.ptr;
        if (entry == NULL) {
            wake_end(loop);
        } else if (event.events != 0) { /* 0: removed by a callback before it */
            err = entry->ready(entry->context, told_of(event.events));
        }
    }
    loop->count = 0;
    return err;
}

void loop_wake(struct loop *loop)
{
    const uint64_t one = 1;
    int saved = errno; /* of whom a signal handler interrupts */
    ssize_t written = write(loop->wake, &one, sizeof one);
    (void)written; /* full: it will wake */
    errno = saved;
}
