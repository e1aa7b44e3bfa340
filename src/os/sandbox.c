// SPDX-License-Identifier: EUPL-1.2
#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/must.h"
#include "os/sandbox_calls.h"

/* Debian 12's headers know Landlock up to version 2; what later versions added, by number
 * (linux/landlock.h of kernel 6.12): truncate since 3, TCP since 4, ioctl on devices since 5,
 * scopes since 6. */
enum {
    ACCESS_VERSION_1 = (1 << 13) - 1,
    ACCESS_REFER = 1 << 13,
    ACCESS_TRUNCATE = 1 << 14,
    ACCESS_IOCTL_DEV = 1 << 15,
    ACCESS_TCP_BIND = 1 << 0,
    ACCESS_TCP_CONNECT = 1 << 1,
    SCOPE_ABSTRACT_SOCKET = 1 << 0,
    SCOPE_SIGNAL = 1 << 1,
    DESCRIPTORS_MAX = 64,
};

/* struct landlock_ruleset_attr as it is since version 6. */
struct ruleset {
    uint64_t files;
    uint64_t network;
    uint64_t scopes;
};

enum { FILE_READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR };

static int fd_order(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static enum err close_between(struct op *op, int first, int last)
{
    if (first > last) {
        return ERR_OK;
    }
    if (close_range((unsigned)first, (unsigned)last, 0) != 0) {
        return op_fail(op, ERR_IO, "cannot close descriptors: %s", strerror(errno));
    }
    return ERR_OK;
}

enum err sandbox_close_others(struct op *op, const int *keep, size_t count)
{
    int sorted[DESCRIPTORS_MAX];
    must(count <= DESCRIPTORS_MAX);
    span_copy(sorted, sizeof sorted, span_make(keep, count * sizeof keep[0]));
    qsort(sorted, count, sizeof sorted[0], fd_order);
    int next = STDERR_FILENO + 1;
    for (size_t i = 0; i < count; i++) {
        if (sorted[i] >= next) {
            TRY(close_between(op, next, sorted[i] - 1));
            next = sorted[i] + 1;
        }
    }
    return close_between(op, next, INT32_MAX);
}

/* ---- Landlock ---- */

static struct ruleset ruleset_of(enum sandbox_role role, int version)
{
    struct ruleset rules = { .files = ACCESS_VERSION_1 };
    rules.files |= version >= 2 ? ACCESS_REFER : 0;
    rules.files |= version >= 3 ? ACCESS_TRUNCATE : 0;
    rules.files |= version >= 5 ? ACCESS_IOCTL_DEV : 0;
    if (version >= 4) {
        rules.network |= role == SANDBOX_STORE ? 0 : ACCESS_TCP_BIND;
        rules.network |= role == SANDBOX_FETCH ? 0 : ACCESS_TCP_CONNECT;
    }
    if (version >= 6 && role != SANDBOX_STORE) {
        rules.scopes = SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL;
    }
    return rules;
}

/* What may be done with a file; a folder has more. */
static uint64_t access_to(const struct ruleset *rules, bool write, bool folder)
{
    const uint64_t file_only = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                               LANDLOCK_ACCESS_FS_EXECUTE | ACCESS_TRUNCATE;
    uint64_t access = write ? rules->files & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE : FILE_READ;
    return folder ? access : access & file_only;
}

static enum err path_allow(struct op *op, int ruleset, const struct ruleset *rules,
                           const struct sandbox_path *path)
{
    struct stat status;
    int fd = open((const char *)path->path.data, O_PATH | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        if (fd >= 0) {
            close(fd);
        }
        return ERR_OK; /* what is not there cannot be reached anyway */
    }
    struct landlock_path_beneath_attr beneath = {
        .allowed_access = access_to(rules, path->write, S_ISDIR(status.st_mode)),
        .parent_fd = fd,
    };
    long added = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    int saved = errno;
    close(fd);
    return added == 0
               ? ERR_OK
               : op_fail(op, ERR_IO, "landlock: %.*s: %s", SPAN_FMT(path->path), strerror(saved));
}

/* Every access that the ruleset handles and no rule allows is refused. */
static enum err landlock_enter(struct op *op, enum sandbox_role role,
                               const struct sandbox_path *paths, size_t count, int *ret_version)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    *ret_version = 0;
    if (version <= 0) {
        return ERR_OK;
    }
    struct ruleset rules = ruleset_of(role, (int)version);
    long ruleset = syscall(SYS_landlock_create_ruleset, &rules,
                           version >= 4 ? sizeof rules : sizeof rules.files, 0);
    if (ruleset < 0) {
        return op_fail(op, ERR_IO, "landlock: %s", strerror(errno));
    }
    enum err err = ERR_OK;
    const struct sandbox_path all = { .path = SPAN("/"), .write = false };
    if (role == SANDBOX_STORE) {
        err = path_allow(op, (int)ruleset, &rules, &all);
    }
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        err = path_allow(op, (int)ruleset, &rules, &paths[i]);
    }
    if (err == ERR_OK && syscall(SYS_landlock_restrict_self, (int)ruleset, 0) != 0) {
        err = op_fail(op, ERR_IO, "landlock: %s", strerror(errno));
    }
    close((int)ruleset);
    *ret_version = err == ERR_OK ? (int)version : 0;
    return err;
}

/* The leak checker of test builds looks at the process from another one, which a jail forbids. */
#ifdef __SANITIZE_ADDRESS__
static bool jailed;
int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
    return jailed ? 1 : 0;
}
#endif

enum err sandbox_enter(struct op *op, enum sandbox_role role, const struct sandbox_path *paths,
                       size_t count, int *ret_landlock)
{
    const struct rlimit none = { 0, 0 };
    must(role < SANDBOX_ROLE_COUNT);
    must(count <= SANDBOX_PATH_COUNT_MAX);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        setrlimit(RLIMIT_CORE, &none) != 0) {
        return op_fail(op, ERR_IO, "cannot give up privileges: %s", strerror(errno));
    }
#ifdef __SANITIZE_ADDRESS__
    jailed = true;
#endif
    TRY(landlock_enter(op, role, paths, count, ret_landlock));
    return sandbox_calls_enter(op, role);
}
