// SPDX-License-Identifier: EUPL-1.2
/*
 * Giving up what a process does not need, for good. Each role of a node is jailed before it touches
 * what comes from outside; who breaks into it finds itself with the role's descriptors and little
 * else. Two walls, each of which holds where the other is absent:
 *
 * - Landlock (kernel 5.13 or later): what files may be reached by path, and from kernel 6.7 on
 * which TCP connections may be made and taken; from 6.12 on no signals and abstract sockets to
 * others.
 * - seccomp: which system calls there are. What is not allowed fails with EPERM: a call that a
 *   library of tomorrow makes must not end a process that people rely on.
 *
 *   role    files                    network                        processes
 *   watch   none                     takes from sockets it was      threads
 *   intake                           handed; makes none
 *   web     none                     the same                       threads
 *   fetch   those named              connects outwards; takes none  threads
 *   store   reads any, writes those  takes; connects nowhere        threads; a starter that was
 *           named                                                   made before makes the roles
 */
#ifndef OS_SANDBOX_H
#define OS_SANDBOX_H

#include "base/op.h"

enum sandbox_role {
    SANDBOX_WATCH = 0,
    SANDBOX_WEB,
    SANDBOX_FETCH,
    SANDBOX_STORE,
    SANDBOX_ROLE_COUNT,
};

enum { SANDBOX_PATH_COUNT_MAX = 64 };

/* A file, or a folder with all below it, that stays within reach. One that is absent is passed
 * over. */
struct sandbox_path {
    struct span path; /* ended by a NUL */
    bool write;       /* also made, changed and removed; else only read */
};

/**
 * Close every descriptor except the standard three and those named.
 *
 * op        work in hand
 * keep      descriptors that stay open, in any order
 * count     how many
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err sandbox_close_others(struct op *op, const int *keep, size_t count);

/**
 * From here on, for this process and all it makes: no new privileges, no core dump, no tracing by
 * others, and what the role's row above says. To be called before there are further threads.
 *
 * op            work in hand
 * role          whose jail
 * paths         within reach; NULL where there are none
 * count         up to SANDBOX_PATH_COUNT_MAX
 * ret_landlock  version of Landlock in force; 0 where the kernel has none
 *
 * Errors    ERR_IO a protection that the kernel has could not be put in force
 */
MUST_USE
enum err sandbox_enter(struct op *op, enum sandbox_role role, const struct sandbox_path *paths,
                       size_t count, int *ret_landlock);

#endif
