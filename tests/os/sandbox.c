// SPDX-License-Identifier: EUPL-1.2
/*
 * Each role in its jail, trying what it may not and what it must: with the real kernel, in a
 * process of its own for each attempt.
 */
#include "os/sandbox.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/os/scratch.h"
#include "tests/testing.h"

enum { DONE = 0, REFUSED = 1, JAIL_FAILED = 2, LANDLOCK_TCP = 4, LANDLOCK_SCOPES = 6 };

/* What every attempt finds: made before the jail. */
struct world {
    char inside[128];  /* a folder that is within reach of those that are given one */
    char outside[128]; /* a folder that is not */
    int listener;      /* a TCP socket on loopback that listens */
    uint16_t port;
    int socket; /* a TCP socket that is neither bound nor connected */
    int pipe[2];
};

static struct world world;

static const char *path_in(const char *folder, const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static bool make(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    return fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0;
}

static bool reads_a_file_by_path(void)
{
    return open(path_in(world.outside, "there"), O_RDONLY) >= 0;
}

static bool lists_a_folder(void)
{
    return open(world.outside, O_RDONLY | O_DIRECTORY) >= 0;
}

static bool makes_a_file_within_reach(void)
{
    return make(path_in(world.inside, "new"));
}

static bool makes_a_file_elsewhere(void)
{
    return make(path_in(world.outside, "new"));
}

static bool writes_to_a_file_elsewhere(void)
{
    return open(path_in(world.outside, "there"), O_WRONLY) >= 0;
}

static bool removes_a_file_elsewhere(void)
{
    return unlink(path_in(world.outside, "there")) == 0;
}

static bool truncates_a_file_elsewhere(void)
{
    return truncate(path_in(world.outside, "there"), 0) == 0;
}

static bool runs_a_program(void)
{
    execl("/bin/true", "true", (char *)NULL);
    return false;
}

static bool makes_a_process(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    return pid > 0;
}

static void *nothing(void *context)
{
    return context;
}

static bool makes_a_thread(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

static bool makes_a_socket(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool connect_to(int fd, uint16_t port)
{
    const struct sockaddr_in address = { .sin_family = AF_INET,
                                         .sin_port = htons(port),
                                         .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    return connect(fd, (const struct sockaddr *)(const void *)&address, sizeof address) == 0;
}

static bool connects_a_socket_that_it_was_handed(void)
{
    return connect_to(world.socket, world.port);
}

static bool listens_on_a_port(void)
{
    const struct sockaddr_in any = { .sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    return bind(world.socket, (const struct sockaddr *)(const void *)&any, sizeof any) == 0 &&
           listen(world.socket, 1) == 0;
}

static bool takes_a_connection(void)
{
    return accept4(world.listener, NULL, NULL, SOCK_CLOEXEC) >= 0;
}

static bool signals_another_process(void)
{
    return kill(getppid(), 0) == 0;
}

static bool traces_another_process(void)
{
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0;
}

static bool reads_memory_of_another_process(void)
{
    char byte = 0;
    struct iovec here = { &byte, 1 };
    struct iovec there = { &world, 1 };
    return process_vm_readv(getppid(), &here, 1, &there, 1, 0) == 1;
}

static bool mounts(void)
{
    return mount("none", world.outside, "tmpfs", 0, NULL) == 0;
}

static bool enters_a_namespace_of_its_own(void)
{
    return unshare(CLONE_NEWUSER) == 0;
}

static bool uses_what_it_was_handed(void)
{
    char byte = 0;
    return write(world.pipe[1], "x", 1) == 1 && read(world.pipe[0], &byte, 1) == 1;
}

static bool takes_memory(void)
{
    void *memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory != MAP_FAILED && mprotect(memory, 1 << 20, PROT_READ | PROT_EXEC) == 0 &&
           munmap(memory, 1 << 20) == 0;
}

#define FOR(role) (1u << (role))

enum {
    NOBODY = 0,
    WATCH = FOR(SANDBOX_WATCH),
    WEB = FOR(SANDBOX_WEB),
    FETCH = FOR(SANDBOX_FETCH),
    STORE = FOR(SANDBOX_STORE),
    EVERYBODY = WATCH | WEB | FETCH | STORE,
};

static const struct attempt {
    const char *name;
    bool (*run)(void);
    unsigned allowed; /* roles that may */
    int landlock;     /* version that it takes to refuse it; 0: seccomp refuses it too */
} attempts[] = {
    { "uses what it was handed", uses_what_it_was_handed, EVERYBODY, 0 },
    { "takes memory, also for code", takes_memory, EVERYBODY, 0 },
    { "makes a thread", makes_a_thread, EVERYBODY, 0 },
    { "takes a connection", takes_a_connection, EVERYBODY, 0 },
    { "reads a file by path", reads_a_file_by_path, STORE, 1 },
    { "lists a folder", lists_a_folder, STORE, 1 },
    { "makes a file within reach", makes_a_file_within_reach, FETCH | STORE, 0 },
    { "makes a file elsewhere", makes_a_file_elsewhere, NOBODY, 1 },
    { "writes to a file elsewhere", writes_to_a_file_elsewhere, NOBODY, 1 },
    { "truncates a file elsewhere", truncates_a_file_elsewhere, NOBODY, 3 },
    { "removes a file elsewhere", removes_a_file_elsewhere, NOBODY, 1 },
    { "runs a program", runs_a_program, NOBODY, 0 },
    { "makes a process", makes_a_process, NOBODY, 0 },
    { "makes a socket", makes_a_socket, FETCH | STORE, 0 },
    { "connects", connects_a_socket_that_it_was_handed, FETCH, 0 },
    { "listens on a port", listens_on_a_port, STORE, LANDLOCK_TCP },
    { "signals another process", signals_another_process, STORE, 0 },
    { "traces another process", traces_another_process, NOBODY, 0 },
    { "reads memory of another process", reads_memory_of_another_process, NOBODY, 0 },
    { "mounts", mounts, NOBODY, 0 },
    { "enters a namespace of its own", enters_a_namespace_of_its_own, NOBODY, 0 },
};

static int listener_make(uint16_t *ret_port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)(void *)&address, size), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)(void *)&address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static void world_make(const char *folder)
{
    (void)snprintf(world.inside, sizeof world.inside, "%.100s/inside", folder);
    (void)snprintf(world.outside, sizeof world.outside, "%.100s/outside", folder);
    assert_int_equal(mkdir(world.inside, 0700), 0);
    assert_int_equal(mkdir(world.outside, 0700), 0);
    assert_true(make(path_in(world.outside, "there")));
    world.listener = listener_make(&world.port);
    world.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(world.socket >= 0);
    assert_int_equal(pipe(world.pipe), 0);
}

static void world_end(void)
{
    close(world.listener);
    close(world.socket);
    close(world.pipe[0]);
    close(world.pipe[1]);
    (void)unlink(path_in(world.outside, "there"));
    (void)unlink(path_in(world.inside, "new"));
    (void)rmdir(world.inside);
    (void)rmdir(world.outside);
}

__attribute__((noreturn)) static void jailed(const struct attempt *attempt, enum sandbox_role role)
{
    struct op op;
    int landlock = 0;
    const struct sandbox_path reach = { .path = span_of(world.inside), .write = true };
    testing_op_begin(&op);
    size_t count = role == SANDBOX_FETCH || role == SANDBOX_STORE ? 1 : 0;
    if (sandbox_enter(&op, role, &reach, count, &landlock) != ERR_OK) {
        _exit(JAIL_FAILED);
    }
    _exit(attempt->run() ? DONE : REFUSED);
}

/* A connection waits for who takes one: made by the test, outside of the jail. */
static int caller_connect(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_true(connect_to(fd, world.port));
    return fd;
}

static bool succeeds(const struct attempt *attempt, enum sandbox_role role)
{
    int status = 0;
    int caller = attempt->run == takes_a_connection ? caller_connect() : -1;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        jailed(attempt, role);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (caller >= 0) {
        close(caller);
    }
    assert_true(WIFEXITED(status));
    assert_int_not_equal(WEXITSTATUS(status), JAIL_FAILED);
    return WEXITSTATUS(status) == DONE;
}

static int landlock_version(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version < 0 ? 0 : (int)version;
}

static void check_role(enum sandbox_role role)
{
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        const struct attempt *attempt = &attempts[i];
        bool allowed = (attempt->allowed & FOR(role)) != 0;
        if (!allowed && attempt->landlock > landlock_version()) {
            continue; /* this kernel cannot refuse it */
        }
        const struct scratch scratch = scratch_make();
        world_make(scratch.path);

        bool done = succeeds(attempt, role);

        if (done != allowed) {
            print_error("role %d %s: %s\n", (int)role, done ? "may" : "may not", attempt->name);
        }
        assert_int_equal(done, allowed);
        world_end();
        scratch_remove(&scratch);
    }
}

TEST(jail_of_the_watch_leaves_what_it_was_handed_and_nothing_else)
{
    check_role(SANDBOX_WATCH);
}

TEST(jail_of_the_web_leaves_what_it_was_handed_and_nothing_else)
{
    check_role(SANDBOX_WEB);
}

TEST(jail_of_the_fetch_lets_it_connect_and_write_its_files_and_nothing_else)
{
    check_role(SANDBOX_FETCH);
}

TEST(jail_of_the_store_lets_it_write_its_folder_and_connect_nowhere)
{
    check_role(SANDBOX_STORE);
}
