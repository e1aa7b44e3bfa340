// SPDX-License-Identifier: EUPL-1.2
#include "intake/role.h"

#include <linux/sock_diag.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/time.h"
#include "intake/role_inner.h"
#include "os/clock.h"
#include "os/sandbox.h"

enum { TELL_EVERY_MS = 500, MEMINFO_COUNT = 16 };

static enum err strange(struct op *op)
{
    return op_fail(op, ERR_FORMAT, "the store said what is not agreed");
}

/* ---- what the store says at the beginning ---- */

static enum err on_source(struct intake_role *role, const struct channel_message *message)
{
    struct intake_source source;
    if (role->from_count == INTAKE_SOURCE_COUNT_MAX || message->file == CHANNEL_NO_FILE ||
        intake_message_read_source(message->body, &source) != ERR_OK) {
        return strange(role->op);
    }
    struct intake_from *from = &role->from[role->from_count];
    *from = (struct intake_from){
        .role = role,
        .kind = source.kind,
        .fd = message->file,
        .pipe = -1,
        .counts = { .source = (uint16_t)role->from_count },
    };
    role->from_count++;
    return source.kind == INTAKE_TLS ? intake_tls_new(role->op, &source, &from->tls) : ERR_OK;
}

static enum err on_pipe(struct intake_role *role, const struct channel_message *message)
{
    struct intake_from *from = role->from_count == 0 ? NULL : &role->from[role->from_count - 1];
    if (from == NULL || from->pipe >= 0 || message->file == CHANNEL_NO_FILE) {
        return strange(role->op);
    }
    from->pipe = message->file;
    return ERR_OK;
}

static enum err hear_one(struct intake_role *role, bool *ret_start)
{
    struct channel_message message;
    TRY(channel_receive(role->op, role->store, true, &message));
    switch (message.type) {
    case INTAKE_MESSAGE_SOURCE:
        return on_source(role, &message);
    case INTAKE_MESSAGE_PIPE:
        return on_pipe(role, &message);
    case INTAKE_MESSAGE_START:
        *ret_start = true;
        return ERR_OK;
    default:
        return strange(role->op);
    }
}

static enum err jail(struct intake_role *role)
{
    int landlock = 0;
    int keep[1 + 2 * INTAKE_SOURCE_COUNT_MAX] = { role->store->fd };
    size_t count = 1;
    for (size_t i = 0; i < role->from_count; i++) {
        if (role->from[i].pipe < 0) {
            return strange(role->op);
        }
        keep[count] = role->from[i].fd;
        keep[count + 1] = role->from[i].pipe;
        count += 2;
    }
    TRY(sandbox_close_others(role->op, keep, count));
    return sandbox_enter(role->op, SANDBOX_WATCH, NULL, 0, &landlock);
}

/* ---- at work ---- */

/* What the kernel dropped of datagrams: sock_diag(7), SK_MEMINFO_DROPS. */
static uint32_t lost_of(const struct intake_from *from)
{
    uint32_t info[MEMINFO_COUNT] = { 0 };
    socklen_t size = sizeof info;
    if (from->kind != INTAKE_UDP ||
        getsockopt(from->fd, SOL_SOCKET, SO_MEMINFO, info, &size) != 0) {
        return 0;
    }
    return size > SK_MEMINFO_DROPS * sizeof info[0] ? info[SK_MEMINFO_DROPS] : 0;
}

static enum err tell_counts(struct intake_role *role, struct intake_from *from)
{
    struct buf body;
    struct intake_counts *counts = &from->counts;
    counts->lost = lost_of(from);
    bool news = counts->messages > 0 || counts->cut > 0 || counts->refused > 0 ||
                counts->broken > 0 || counts->lost != from->lost_told;
    if (!news || channel_waiting(role->store) > 0) {
        return ERR_OK; /* a store that is busy hears it later */
    }
    buf_init(&body, sizeof *counts);
    intake_message_add_counts(&body, counts);
    enum err err = channel_post(role->op, role->store, INTAKE_MESSAGE_COUNTS, buf_span(&body),
                                CHANNEL_NO_FILE);
    buf_done(&body);
    from->lost_told = counts->lost;
    *counts = (struct intake_counts){ .source = counts->source };
    return err;
}

static enum err tell_all(struct intake_role *role)
{
    for (size_t i = 0; i < role->from_count; i++) {
        TRY(tell_counts(role, &role->from[i]));
    }
    return ERR_OK;
}

static enum err tell_when_due(struct intake_role *role)
{
    int64_t now_us = os_monotonic_us();
    TRY(channel_flush(role->op, role->store));
    if (now_us - role->told_us < (int64_t)TELL_EVERY_MS * US_PER_MS) {
        return ERR_OK;
    }
    role->told_us = now_us;
    intake_streams_sweep(role, now_us);
    return tell_all(role);
}

/* The store says nothing more: there is something to read only when it has gone, or wants this
 * process to go; then it still listens. */
static enum err on_store(void *context, unsigned events)
{
    struct intake_role *role = context;
    struct channel_message message;
    (void)events;
    enum err err = channel_receive(role->op, role->store, false, &message);
    if (err == ERR_ABSENT) {
        (void)tell_all(role);
    }
    return err == ERR_OK ? strange(role->op) : err;
}

static enum err work(struct intake_role *role)
{
    role->store_entry = (struct loop_entry){
        .fd = role->store->fd,
        .events = LOOP_IN,
        .ready = on_store,
        .context = role,
    };
    TRY(loop_add(role->op, role->loop, &role->store_entry));
    for (size_t i = 0; i < role->from_count; i++) {
        TRY(intake_from_begin(&role->from[i]));
    }
    while (true) {
        TRY(loop_wait(role->op, role->loop, TELL_EVERY_MS));
        TRY(tell_when_due(role));
    }
}

static void role_free(struct intake_role *role)
{
    intake_streams_end(role);
    for (size_t i = 0; i < role->from_count; i++) {
        struct intake_from *from = &role->from[i];
        buf_done(&from->lines);
        intake_tls_free(from->tls);
        close(from->fd);
        if (from->pipe >= 0) {
            close(from->pipe);
        }
    }
    loop_free(role->loop);
    memory_free(role);
}

enum err intake_role_run(struct op *op, struct channel *store)
{
    struct intake_role *role = memory_new(sizeof *role);
    if (role == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory");
    }
    role->op = op;
    role->store = store;
    bool start = false;
    (void)signal(SIGPIPE, SIG_IGN);
    enum err err = ERR_OK;
    while (err == ERR_OK && !start) {
        err = hear_one(role, &start);
    }
    if (err == ERR_OK) {
        err = jail(role);
    }
    if (err == ERR_OK) {
        err = loop_new(op, &role->loop);
    }
    if (err == ERR_OK) {
        err = work(role);
    }
    role_free(role);
    return err;
}
