// SPDX-License-Identifier: EUPL-1.2
#include "node/roles.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/must.h"
#include "base/wire.h"
#include "fetch/role.h"
#include "intake/role.h"
#include "node/past.h"
#include "os/clock.h"
#include "os/descriptor.h"
#include "os/sandbox.h"
#include "watch/role.h"
#include "web/listen.h"
#include "web/role.h"

enum {
    CHANNEL_FD = 3,
    EXIT_MOVED = 75,  /* EX_TEMPFAIL */
    EXIT_FAILED = 70, /* EX_SOFTWARE */
    STOP_WAIT_MS = 5 * 1000,
    KILL_WAIT_MS = 60 * 1000,
    ENVIRONMENT_MAX = 8,
    HOST_NAME_SIZE = 256,
    SETUP_SIZE_MAX = 256, /* beside the configuration */
    ADDRESS_SIZE_MAX = WEB_ADDRESS_SIZE_MAX + DISK_PATH_SIZE_MAX,
    WATCH_MEMORY_MAX = 64 * 1024 * 1024,
    STOP_MEMORY_MAX = 1024 * 1024,
};

#define PROGRAM "/proc/self/exe"

/* The program's only argument where it is to be such a process; the channel to the store is then
 * descriptor 3. Not for people. */
#define WORD_FETCH  "--role=fetch"
#define WORD_INTAKE "--role=intake"

struct roles {
    struct starter starter;
    bool jailed; /* the process that asks is in its jail */
    uint64_t starts[ROLE_COUNT];
    pid_t pids[ROLE_COUNT]; /* of who was started last; 0: it was stopped */
    int listener;           /* of the web role; -1: none */
    struct buf address;     /* where it listens */
};

const char *role_name(enum role role)
{
    static const char *const names[ROLE_COUNT] = { "watch", "intake", "fetch", "web" };
    must(role < ROLE_COUNT);
    return names[role];
}

/* ---- in the processes themselves ---- */

static void signals_ignore(void)
{
    (void)signal(SIGINT, SIG_IGN); /* the store says when to stop */
    (void)signal(SIGTERM, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
}

static int gave_up(const char *what, const struct op *op)
{
    fprintf(stderr, "linie: the %s process gave up: %s\n", what, op->fault.text);
    return EXIT_FAILED;
}

/* What a watch process is told before it is in its jail: by whom it was made and by what rules it
 * watches. It comes from the store, and is trusted as that is. */
struct watch_setup {
    struct watch_role_options options;
    struct observe_rules privacy;
    struct history_rules history;
    char host[HOST_NAME_SIZE];
};

static enum err setup_read(struct op *op, int file, struct watch_setup *setup)
{
    struct span map;
    struct config *config = op_alloc(op, sizeof *config);
    if (config == NULL) {
        return ERR_LIMIT;
    }
    TRY(descriptor_map(op, file, &map));
    struct wire_reader r = wire_reader_of(map);
    const uint32_t jobs = wire_u32(&r);
    const struct span secret = wire_take(&r, OBSERVE_SECRET_SIZE);
    const bool remembers = wire_u8(&r) != 0;
    const bool pseudonyms = wire_u8(&r) != 0;
    const struct span host_secret = wire_take(&r, HISTORY_SECRET_SIZE);
    enum err err = r.err;
    if (err == ERR_OK) {
        err = config_read(op, SPAN("linie.conf"), r.rest, config);
    }
    if (err == ERR_OK) {
        err = observe_formats_add_ready(op, &config->formats);
    }
    if (err == ERR_OK) {
        span_copy(setup->privacy.secret, sizeof setup->privacy.secret, secret);
        setup->privacy.rules = config->rules;
        setup->privacy.count = config->rule_count;
        setup->history = config->history.rules;
        setup->history.hash_secret_known = true;
        setup->history.host_secret_known = pseudonyms;
        span_copy(setup->history.hash_secret, sizeof setup->history.hash_secret, secret);
        span_copy(setup->history.host_secret, sizeof setup->history.host_secret, host_secret);
        (void)gethostname(setup->host, sizeof setup->host - 1);
        setup->options = (struct watch_role_options){
            .jobs = jobs,
            .rules = {
                .inside = &config->inside,
                .privacy = &setup->privacy,
                .host_name = config->sensor.size > 0 ? config->sensor : span_of(setup->host),
                .now_us = os_clock_us(),
                .fold_us = config->fold_minutes * FOLD_MINUTE_US,
                .engine = RECORD_ENGINE_FAST,
                .history = remembers ? &setup->history : NULL,
                .formats = &config->formats,
            },
        };
    }
    descriptor_unmap(map);
    return err;
}

/* Everything but its end of the channel is given up before the first hostile byte. */
static int watch_main(void *context, const int *files, size_t count)
{
    const struct actor nobody = { .name = SPAN("watch") };
    struct watch_setup setup = { .host = "" };
    struct op op;
    struct channel store;
    int landlock = 0;
    (void)context;
    must(count == 2);
    signals_ignore();
    op_begin(&op, &nobody, WATCH_MEMORY_MAX);
    channel_init(&store, files[0]);
    enum err err = setup_read(&op, files[1], &setup);
    close(files[1]);
    if (err == ERR_OK) {
        err = sandbox_enter(&op, SANDBOX_WATCH, NULL, 0, &landlock);
    }
    if (err == ERR_OK) {
        err = watch_role_run(&op, &store, &setup.options);
    }
    return err == ERR_OK || err == ERR_ABSENT ? EXIT_SUCCESS : gave_up("watch", &op);
}

static int web_main(void *context, const int *files, size_t count)
{
    const struct actor nobody = { .name = SPAN("web") };
    struct op op;
    struct channel store;
    int landlock = 0;
    (void)context;
    must(count == 2);
    signals_ignore();
    op_begin(&op, &nobody, WEB_ROLE_MEMORY_MAX);
    channel_init(&store, files[0]);
    enum err err = sandbox_enter(&op, SANDBOX_WEB, NULL, 0, &landlock);
    if (err == ERR_OK) {
        err = web_role_run(&op, &store, files[1]);
    }
    return err == ERR_OK || err == ERR_ABSENT ? EXIT_SUCCESS : gave_up("web", &op);
}

/* What the sanitizers of test builds are told; nothing else of the environment reaches the process,
 * so that no proxy and no key log comes in by it. */
static void environment_make(char **ret)
{
    static const char *const kept[] = { "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LSAN_OPTIONS=" };
    size_t count = 0;
    for (char **at = environ; *at != NULL && count + 1 < ENVIRONMENT_MAX; at++) {
        for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
            if (span_starts_with(span_of(*at), span_of(kept[i])) && count + 1 < ENVIRONMENT_MAX) {
                ret[count] = *at;
                count++;
            }
        }
    }
    ret[count] = NULL;
}

/* This program's own file anew, so that none of our memory is in a process that strangers reach, or
 * that goes out. */
static int exec_main(void *context, const int *files, size_t count)
{
    char *environment[ENVIRONMENT_MAX];
    char name[] = "linie";
    char *const arguments[] = { name, context, NULL };
    must(count == 1);
    environment_make(environment);
    bool ready = files[0] == CHANNEL_FD ? fcntl(files[0], F_SETFD, 0) == 0
                                        : dup2(files[0], CHANNEL_FD) == CHANNEL_FD;
    if (ready) {
        (void)execve(PROGRAM, arguments, environment);
    }
    return EXIT_FAILED;
}

void roles_main(const char *word)
{
    bool fetches = strcmp(word, WORD_FETCH) == 0;
    if (!fetches && strcmp(word, WORD_INTAKE) != 0) {
        return;
    }
    const char *who = role_name(fetches ? ROLE_FETCH : ROLE_INTAKE);
    const struct actor nobody = { .name = span_of(who) };
    struct op op;
    struct channel store;
    signals_ignore();
    starter_name_process(who);
    op_begin(&op, &nobody, fetches ? FETCH_ROLE_MEMORY_MAX : INTAKE_ROLE_MEMORY_MAX);
    channel_init(&store, CHANNEL_FD);
    enum err err = fetches ? fetch_role_run(&op, &store) : intake_role_run(&op, &store);
    if (err == ERR_STALE) {
        _exit(EXIT_MOVED);
    }
    _exit(err == ERR_ABSENT ? EXIT_SUCCESS : gave_up(who, &op));
}

/* ---- from the store's side ---- */

enum err roles_begin(struct op *op, struct roles **ret)
{
    static char word_fetch[] = WORD_FETCH;
    static char word_intake[] = WORD_INTAKE;
    static const struct starter_work works[ROLE_COUNT] = {
        [ROLE_WATCH] = { .name = "watch", .run = watch_main },
        [ROLE_INTAKE] = { .name = "intake", .run = exec_main, .context = word_intake },
        [ROLE_FETCH] = { .name = "fetch", .run = exec_main, .context = word_fetch },
        [ROLE_WEB] = { .name = "web", .run = web_main },
    };
    struct roles *roles = memory_new(sizeof *roles);
    if (roles == NULL) {
        return op_fail(op, ERR_LIMIT, "out of memory");
    }
    roles->listener = -1;
    buf_init(&roles->address, ADDRESS_SIZE_MAX);
    enum err err = starter_begin(op, &roles->starter, works, ROLE_COUNT);
    if (err != ERR_OK) {
        memory_free(roles);
        return err;
    }
    *ret = roles;
    return ERR_OK;
}

static void unlisten(struct roles *roles)
{
    if (roles->listener >= 0) {
        close(roles->listener);
        web_unlisten(buf_span(&roles->address));
        roles->listener = -1;
    }
    buf_clear(&roles->address);
}

enum err roles_listen(struct op *op, struct roles *roles, struct span address, int *ret_fd)
{
    bool same = roles->listener >= 0 && span_equal(buf_span(&roles->address), address);
    if (!same) {
        unlisten(roles);
        TRY(web_listen(op, address, &roles->listener));
        buf_add(&roles->address, address);
    }
    *ret_fd = roles->listener;
    return roles->address.err;
}

void roles_end(struct roles *roles)
{
    if (roles != NULL) {
        starter_end(&roles->starter);
        unlisten(roles);
        buf_done(&roles->address);
        memory_free(roles);
    }
}

enum err role_start(struct op *op, struct roles *roles, enum role role, int file,
                    struct role_child *child)
{
    struct channel theirs;
    must(child->pid == 0);
    TRY(channel_pair(op, &child->channel, &theirs));
    const int files[] = { theirs.fd, file };
    enum err err = starter_start(op, &roles->starter, role, files, file == CHANNEL_NO_FILE ? 1 : 2,
                                 &child->pid);
    channel_done(&theirs);
    if (err != ERR_OK) {
        channel_done(&child->channel);
        child->pid = 0;
        return err;
    }
    roles->starts[role]++;
    roles->pids[role] = child->pid;
    return ERR_OK;
}

enum err role_watch_setup(struct op *op, struct node *node, const struct role_watch_how *how,
                          int *ret_fd)
{
    uint8_t secret[OBSERVE_SECRET_SIZE];
    struct buf bytes;
    const bool remembers = how->remembers && node->config->history.remember;
    TRY(past_rules(op, node));
    const struct history_rules *rules = &node->history_rules;
    TRY(node_privacy_secret(op, node, secret));
    buf_init(&bytes, CONFIG_SIZE_MAX + SETUP_SIZE_MAX);
    wire_add_u32(&bytes, how->jobs);
    buf_add(&bytes, span_make(secret, sizeof secret));
    wire_add_u8(&bytes, remembers ? 1 : 0);
    wire_add_u8(&bytes, rules->host_secret_known ? 1 : 0);
    buf_add(&bytes, span_make(rules->host_secret, sizeof rules->host_secret));
    buf_add(&bytes, node->config_text);
    enum err err = bytes.err == ERR_OK ? descriptor_of_bytes(op, buf_span(&bytes), ret_fd)
                                       : op_fail(op, ERR_LIMIT, "out of memory");
    buf_done(&bytes);
    return err;
}

bool roles_are_jailed(const struct roles *roles)
{
    return roles != NULL && roles->jailed;
}

enum err roles_jail_store(struct op *op, struct roles *roles, const struct node *node)
{
    int landlock = 0;
    const struct sandbox_path own = { .path = node->dir, .write = true };
    if (roles->jailed) {
        return ERR_OK;
    }
    roles->jailed = true;
    return sandbox_enter(op, SANDBOX_STORE, &own, 1, &landlock);
}

/* With an op of its own: what goes wrong here is no fault of the run. Where the starter has gone,
 * all that it made has gone with it. */
struct role_end role_stop(struct roles *roles, struct role_child *child, bool at_once)
{
    const struct actor nobody = { .name = SPAN("roles") };
    struct role_end end = { .status = 0 };
    struct op op;
    if (child->pid == 0) {
        return end;
    }
    op_begin(&op, &nobody, STOP_MEMORY_MAX);
    if (!at_once) {
        channel_done(&child->channel);
    }
    enum err err = at_once
                       ? ERR_TIMEOUT
                       : starter_wait(&op, &roles->starter, child->pid, STOP_WAIT_MS, &end.status);
    if (err == ERR_TIMEOUT) {
        end.killed = true;
        err = starter_kill(&op, &roles->starter, child->pid);
    }
    if (end.killed && err == ERR_OK) {
        err = starter_wait(&op, &roles->starter, child->pid, KILL_WAIT_MS, &end.status);
    }
    end.status = err == ERR_OK ? end.status : SIGKILL;
    end.moved = WIFEXITED(end.status) && WEXITSTATUS(end.status) == EXIT_MOVED;
    channel_done(&child->channel);
    op_end(&op);
    for (size_t i = 0; i < ROLE_COUNT; i++) {
        roles->pids[i] = roles->pids[i] == child->pid ? 0 : roles->pids[i];
    }
    child->pid = 0;
    return end;
}

uint64_t role_restarts(const struct roles *roles, enum role role)
{
    return roles->starts[role] > 1 ? roles->starts[role] - 1 : 0;
}

bool role_is_up(const struct roles *roles, enum role role)
{
    return roles->pids[role] != 0;
}
