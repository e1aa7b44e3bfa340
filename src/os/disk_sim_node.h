// SPDX-License-Identifier: EUPL-1.2
/*
 * The files, folders and names of a simulated disk, each with what is seen now and what is kept
 * through a power loss. For disk_sim.c only.
 */
#ifndef OS_DISK_SIM_NODE_H
#define OS_DISK_SIM_NODE_H

#include "base/buf.h"
#include "os/disk_sim.h"

enum { SIM_FILE_SIZE_MAX = 1 << 30 };

/* A change of a file that was not synced yet. */
struct sim_change {
    struct sim_change *next;
    bool resize; /* else a write */
    uint64_t offset;
    uint64_t size; /* of the data; where resize, the file's new size */
    uint8_t data[];
};

struct sim_node;

/* A name in a folder: what it means now, and what it means after a power loss. */
struct sim_name {
    struct sim_name *next;
    struct sim_node *seen; /* NULL: no such name */
    struct sim_node *kept;
    struct span text; /* behind this struct */
};

/* A change of a name that was not synced yet. */
struct sim_renaming {
    struct sim_renaming *next;
    struct sim_name *name;
    struct sim_node *node; /* NULL: removed */
    struct sim_name *from; /* of the same folder, removed with it; NULL: none */
};

/* A file or a folder. */
struct sim_node {
    struct sim_node *next; /* all nodes of the disk */
    bool folder;
    struct buf seen; /* bytes as they are read */
    struct buf kept; /* bytes after a power loss, but for changes */
    struct sim_change *changes;
    struct sim_change **changes_end;
    struct sim_name *names;
    struct sim_renaming *renamings;
    struct sim_renaming **renamings_end;
    const struct disk_file *lock; /* who holds it */
};

/* How much of what was not synced survives. */
struct sim_chance {
    uint64_t random;
    uint64_t eighths; /* 0: nothing; 8: everything */
    bool garbage;     /* where a file grew and its bytes were lost: anything, instead of zeros */
};

/**
 * The next random number.
 *
 * state     any; it moves on
 */
uint64_t sim_random(uint64_t *state);

/**
 * Chances of a power loss, from all lost to all kept.
 *
 * seed      same seed, same chances
 */
struct sim_chance sim_chance_of(uint64_t seed);

/**
 * No chance at all: everything is kept.
 */
struct sim_chance sim_chance_certain(void);

/**
 * Do what was not synced to what is kept, as far as chance lets it, and forget it. Needs no memory.
 *
 * node      a file's changes, a folder's names
 * chance    whether each part survives; it moves on
 */
void sim_node_settle(struct sim_node *node, struct sim_chance *chance);

/**
 * Let what is seen be what is kept, as after a power loss.
 *
 * node      settled
 */
void sim_node_revert(struct sim_node *node);

/**
 * A node without names.
 *
 * list      of all nodes of the disk; it becomes the first
 * folder    or a file
 *
 * Returns NULL without memory.
 */
struct sim_node *sim_node_new(struct sim_node **list, bool folder);

/**
 * Give a node's memory back.
 *
 * node      on no list any more
 */
void sim_node_free(struct sim_node *node);

/**
 * Write to a file, unsynced.
 *
 * node      a file
 * offset    where
 * data      what; offset + data.size is at most SIM_FILE_SIZE_MAX
 *
 * Returns false, with nothing done, without memory.
 */
bool sim_node_write(struct sim_node *node, uint64_t offset, struct span data);

/**
 * Give a file another size, unsynced.
 *
 * node      a file
 * size      at most SIM_FILE_SIZE_MAX
 *
 * Returns false, with nothing done, without memory.
 */
bool sim_node_resize(struct sim_node *node, uint64_t size);

/**
 * The name in a folder, or NULL where it was never used.
 *
 * folder    a folder
 * text      the name
 */
struct sim_name *sim_name_find(struct sim_node *folder, struct span text);

/**
 * The name in a folder, made where it was never used.
 *
 * folder    a folder
 * text      the name; copied
 *
 * Returns NULL without memory.
 */
struct sim_name *sim_name_get(struct sim_node *folder, struct span text);

/**
 * Give a name a new meaning, unsynced.
 *
 * folder    a folder
 * name      of it
 * node      what it means now; NULL removes it
 *
 * Returns false, with nothing done, without memory.
 */
bool sim_name_set(struct sim_node *folder, struct sim_name *name, struct sim_node *node);

/**
 * Give what a name means to another name of its folder, unsynced. Both happen or neither, as every
 * file system with a journal of its names has it.
 *
 * folder    a folder
 * from      a name of it that means something; it means nothing any more
 * to        another name of it
 *
 * Returns false, with nothing done, without memory.
 */
bool sim_name_move(struct sim_node *folder, struct sim_name *from, struct sim_name *to);

#endif
