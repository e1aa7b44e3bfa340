// SPDX-License-Identifier: EUPL-1.2
/*
 * The inputs that a command line or the configuration names: files, folders (all files below, in
 * order of their names) and globs.
 */
#ifndef NODE_INPUTS_H
#define NODE_INPUTS_H

#include "observe/observe.h"

enum { INPUTS_COUNT_MAX = 1000000, INPUTS_DEPTH_MAX = 16 };

enum input_sort {
    INPUT_MISSING = 0, /* nothing is there, or nothing that can be looked at */
    INPUT_FILE,
    INPUT_PIPE, /* or anything else that is read as one: standard input, a terminal */
};

struct input_named {
    struct span path; /* "-": standard input */
    enum observe_format format;
    struct span sensor; /* configured; may be empty */
    enum input_sort sort;
    uint64_t size; /* bytes on the disk; 0 where unknown */
    uint64_t device;
    uint64_t inode;
    int64_t modified_us; /* by the clock of its file system */
};

struct inputs {
    struct input_named *list;
    size_t count;
    size_t room;
    uint64_t size; /* of all */
    /* Called for every folder in which files were looked for; NULL: nobody wants to know. */
    void (*on_folder)(void *context, struct span path);
    void *context;
};

/**
 * Whether a name is a pattern for names of files.
 *
 * path      as given
 */
bool inputs_is_glob(struct span path);

/**
 * Add what one name stands for. A name that stands for nothing (a file or glob without a file, a
 * folder too deep) is added as it is: so the others are read, and this one is told when it cannot
 * be opened. A symbolic link that leads back to a folder above it stands for nothing more.
 *
 * op        work in hand; the list lives in its memory
 * inputs    changed
 * folder    where a relative path starts: an open folder
 * named     a file, folder, glob or "-", with format and sensor for all that it stands for
 *
 * Errors    ERR_DENIED or ERR_IO the folder cannot be entered; ERR_LIMIT too many
 */
MUST_USE
enum err inputs_add(struct op *op, struct inputs *inputs, int folder,
                    const struct input_named *named);

#endif
