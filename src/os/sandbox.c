// SPDX-License-Identifier: EUPL-1.2
#include "os/sandbox.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/must.h"

/* Debian 12's headers know Landlock up to version 2; what later versions added, by number
 * (linux/landlock.h of kernel 6.10): truncate since 3, ioctl on devices since 5. */
enum {
    ACCESS_VERSION_1 = (1 << 13) - 1,
    ACCESS_REFER = 1 << 13,
    ACCESS_TRUNCATE = 1 << 14,
    ACCESS_IOCTL_DEV = 1 << 15,
    DESCRIPTORS_MAX = 64,
};

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

static uint64_t access_all(int version)
{
    uint64_t access = ACCESS_VERSION_1;
    access |= version >= 2 ? ACCESS_REFER : 0;
    access |= version >= 3 ? ACCESS_TRUNCATE : 0;
    access |= version >= 5 ? ACCESS_IOCTL_DEV : 0;
    return access;
}

/* A ruleset without rules: every access it handles is refused. */
static enum err landlock_enter(struct op *op, int *ret_version)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version <= 0) {
        *ret_version = 0;
        return ERR_OK;
    }
    struct landlock_ruleset_attr attr = { .handled_access_fs = access_all((int)version) };
    long ruleset = syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (ruleset < 0) {
        return op_fail(op, ERR_IO, "landlock: %s", strerror(errno));
    }
    long restricted = syscall(SYS_landlock_restrict_self, (int)ruleset, 0);
    int saved = errno;
    close((int)ruleset);
    if (restricted != 0) {
        return op_fail(op, ERR_IO, "landlock: %s", strerror(saved));
    }
    *ret_version = (int)version;
    return ERR_OK;
}

enum err sandbox_enter(struct op *op, int *ret_landlock)
{
    const struct rlimit none = { 0, 0 };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        setrlimit(RLIMIT_CORE, &none) != 0) {
        return op_fail(op, ERR_IO, "cannot give up privileges: %s", strerror(errno));
    }
    return landlock_enter(op, ret_landlock);
}
