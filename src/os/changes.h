// SPDX-License-Identifier: EUPL-1.2
/*
 * Changes in folders, as the kernel tells them (inotify(7)): so that a log that grows is read at
 * once. File systems of other machines tell nothing: who needs to know looks now and then as well.
 */
#ifndef OS_CHANGES_H
#define OS_CHANGES_H

#include "base/op.h"

enum { CHANGES_NAME_SIZE = 256, CHANGES_NONE = -1 };

/* What happened. */
enum changes_kind {
    CHANGES_WRITTEN, /* to a file of the folder */
    CHANGES_LISTED,  /* a name came, went, or means another file now */
    CHANGES_LEFT,    /* a name went: its file was renamed, within the folder or out of it */
    CHANGES_CAME,    /* ... and this is its name now */
    CHANGES_GONE, /* the folder has not its name any more: it was renamed, removed or unmounted */
    CHANGES_LOST, /* too much happened at once: anything may have changed, in any folder */
};

struct changes_event {
    enum changes_kind kind;
    int folder;       /* as changes_watch() called it; CHANGES_NONE for CHANGES_LOST */
    uint32_t move;    /* the same for what LEFT and CAME in one step; else 0 */
    struct span name; /* of the file, within the folder; until the next event is asked for */
};

struct changes;

/**
 * Begin to look for changes.
 *
 * op        work in hand
 * ret       to give back with changes_free(); untouched on error
 *
 * Errors    ERR_LIMIT no memory, or this user looks too often already; ERR_IO
 */
MUST_USE
enum err changes_new(struct op *op, struct changes **ret);

/**
 * Look no more.
 *
 * changes   NULL does nothing
 */
void changes_free(struct changes *changes);

/**
 * The descriptor at which changes arrive, to be waited for.
 *
 * changes   begun
 */
int changes_fd(const struct changes *changes);

/**
 * Look at a folder, too.
 *
 * op         work in hand
 * changes    begun
 * folder     an open folder; still the caller's
 * ret_folder  a number for it: the same one for the same folder
 *
 * Errors    ERR_LIMIT this user looks at too many; ERR_UNSUPPORTED that is no folder, or the system
 * cannot name it; ERR_IO
 */
MUST_USE
enum err changes_watch(struct op *op, struct changes *changes, int folder, int *ret_folder);

/**
 * Look at a folder no more.
 *
 * changes   begun
 * folder    its number
 */
void changes_forget(struct changes *changes, int folder);

/**
 * The next change, if there is one.
 *
 * op        work in hand
 * changes   begun
 * ret       untouched on error
 *
 * Errors    ERR_AGAIN none now; ERR_IO
 */
MUST_USE
enum err changes_next(struct op *op, struct changes *changes, struct changes_event *ret);

#endif
