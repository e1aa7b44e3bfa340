// SPDX-License-Identifier: EUPL-1.2
/*
 * A process that makes others. It is made first, when nothing is open yet and there are no threads:
 * what it makes inherits neither the jail nor the memory nor the descriptors of who asks for it,
 * and can be made again when it breaks. It does only the works that it was given at the beginning,
 * so that who breaks into the asking process gains nothing by it.
 *
 *     asks --channel--> starter --fork--> works
 *
 * When the asking process goes, however, the starter goes, and with it all that it made.
 */
#ifndef OS_STARTER_H
#define OS_STARTER_H

#include <sys/types.h>

#include "os/channel.h"

enum {
    STARTER_WORK_COUNT_MAX = 8,
    STARTER_FILE_COUNT_MAX = 4,
    STARTER_CHILD_COUNT_MAX = 16, /* at a time */
};

/* What a process does. */
struct starter_work {
    const char *name; /* of the process, as ps shows it: at most 15 bytes */
    /* `files` are those that were handed over. It returns the exit status. */
    int (*run)(void *context, const int *files, size_t count);
    void *context; /* as it was when the starter was made */
};

/* A process that was made and whose end was not asked for yet. */
struct starter_child {
    pid_t pid;
    bool ended;
    int status; /* as waitpid(2) tells it */
};

struct starter {
    pid_t pid; /* 0: none runs */
    struct channel channel;
    size_t child_count;
    struct starter_child children[STARTER_CHILD_COUNT_MAX];
};

/**
 * Make the starter. There must be no threads yet, and nothing in the buffers of standard output.
 *
 * op        work in hand
 * starter   caller's memory; to give back with starter_end()
 * works     copied by the fork
 * count     1 .. STARTER_WORK_COUNT_MAX
 *
 * Errors    ERR_IO
 */
MUST_USE
enum err starter_begin(struct op *op, struct starter *starter, const struct starter_work *works,
                       size_t count);

/**
 * Make a process that does a work.
 *
 * op        work in hand
 * starter   begun
 * work      its index
 * files     handed over, still the caller's
 * count     at most STARTER_FILE_COUNT_MAX
 * ret_pid   to be asked for with starter_wait(); untouched on error
 *
 * Errors    ERR_LIMIT too many processes; ERR_ABSENT the starter has gone; ERR_IO
 */
MUST_USE
enum err starter_start(struct op *op, struct starter *starter, size_t work, const int *files,
                       size_t count, pid_t *ret_pid);

/**
 * Wait until a process has ended, and forget it.
 *
 * op          work in hand
 * starter     begun
 * pid         from starter_start(), not waited for yet
 * timeout_ms  at most so long
 * ret_status  as waitpid(2) tells it; untouched on error
 *
 * Errors    ERR_TIMEOUT it still runs; ERR_ABSENT the starter has gone, and with it the process;
 *           ERR_IO
 */
MUST_USE
enum err starter_wait(struct op *op, struct starter *starter, pid_t pid, unsigned timeout_ms,
                      int *ret_status);

/**
 * Kill a process; starter_wait() then tells its end.
 *
 * op        work in hand
 * starter   begun
 * pid       from starter_start(), not waited for yet; one that has ended does no harm
 *
 * Errors    ERR_ABSENT the starter has gone, and with it the process; ERR_IO
 */
MUST_USE
enum err starter_kill(struct op *op, struct starter *starter, pid_t pid);

/**
 * Give this process the name by which ps shows it.
 *
 * name      at most 15 bytes
 */
void starter_name_process(const char *name);

/**
 * End the starter, and kill what it made and nobody waited for.
 *
 * starter   begun, or all zero
 */
void starter_end(struct starter *starter);

#endif
