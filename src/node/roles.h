// SPDX-License-Identifier: EUPL-1.2
/*
 * The processes of a node beside the store: watch, intake, fetch and web. A starter makes them,
 * which was itself made before anything was opened or read; so they can be made again when the
 * store is in its jail, and share no memory with it (decision 0030). Each gives up all that it does
 * not need before the first byte from outside.
 */
#ifndef NODE_ROLES_H
#define NODE_ROLES_H

#include "node/node.h"
#include "os/starter.h"

enum role { ROLE_WATCH = 0, ROLE_INTAKE, ROLE_FETCH, ROLE_WEB, ROLE_COUNT };

struct roles;

/* A process that does a role. */
struct role_child {
    pid_t pid; /* 0: none runs */
    struct channel channel;
};

/* How a process ended. */
struct role_end {
    int status;  /* as waitpid(2) tells it */
    bool killed; /* by role_stop(), since it was to be quick or did not go */
    bool moved;  /* fetch: it asks to be started anew at once */
};

/**
 * The word for a role, as ps and metrics show it: "watch", "intake", "fetch",
 * "web".
 *
 * role      any of the enum
 */
const char *role_name(enum role role);

/**
 * Make the starter: first of all, when there are no threads.
 *
 * op        work in hand
 * ret       to give back with roles_end(); untouched on error
 *
 * Errors    ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err roles_begin(struct op *op, struct roles **ret);

/**
 * Whether the store has its jail: then it may write to its own node's folder only.
 *
 * roles     NULL: it has none
 */
bool roles_are_jailed(const struct roles *roles);

/**
 * End the starter, and all that it made.
 *
 * roles     NULL does nothing
 */
void roles_end(struct roles *roles);

/**
 * Start a process.
 *
 * op        work in hand
 * roles     begun
 * role      which
 * file      goes with it, still the caller's: what role_watch_setup() made, the socket of the web
 *           role; else CHANNEL_NO_FILE
 * child     none runs; it is to be given back with role_stop()
 *
 * Errors    ERR_IO; ERR_LIMIT; ERR_ABSENT the starter has gone
 */
MUST_USE
enum err role_start(struct op *op, struct roles *roles, enum role role, int file,
                    struct role_child *child);

struct role_watch_how {
    unsigned jobs;  /* threads: 1 .. WATCH_JOBS_MAX */
    bool remembers; /* what it sees is to be remembered, where the configuration has it so */
};

/**
 * Make the file that tells a watch process by what rules it watches.
 *
 * op        work in hand
 * node      open
 * how       it watches
 * ret_fd    to be closed by the caller; untouched on error
 *
 * Errors    ERR_ABSENT, ERR_CORRUPT the key of the privacy rules; ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err role_watch_setup(struct op *op, struct node *node, const struct role_watch_how *how,
                          int *ret_fd);

/**
 * Enter the jail of the store, for good: from here on this process writes nothing but the node's
 * folder, connects nowhere, and makes no process but by the starter. There must be no threads.
 *
 * op        work in hand
 * roles     begun; where it was entered already, nothing is done
 * node      open; later ones must lie in the same folder
 *
 * Errors    ERR_IO a protection that the kernel has could not be put in force
 */
MUST_USE
enum err roles_jail_store(struct op *op, struct roles *roles, const struct node *node);

/**
 * End a process: its channel is closed, at which it goes; if it does not within some seconds, it is
 * killed.
 *
 * roles     begun
 * child     none runs any more when this returns; one of which none runs does nothing
 * at_once   kill it: it holds nothing that could be lost
 *
 * Returns how it ended.
 */
struct role_end role_stop(struct roles *roles, struct role_child *child, bool at_once);

/**
 * How often a role was started again.
 *
 * roles     begun
 * role      which
 */
uint64_t role_restarts(const struct roles *roles, enum role role);

/**
 * Whether a process does a role.
 *
 * roles     begun
 * role      which
 */
bool role_is_up(const struct roles *roles, enum role role);

/**
 * Listen where metrics are asked for. The socket stays for further runs that ask for the same
 * address, since one in the file system may be made outside of the jail only.
 *
 * op        work in hand
 * roles     begun
 * address   as web_listen() takes it
 * ret_fd    stays theirs; untouched on error
 *
 * Errors    those of web_listen()
 */
MUST_USE
enum err roles_listen(struct op *op, struct roles *roles, struct span address, int *ret_fd);

/**
 * Be such a process: called by main(). It does not return where it is one.
 *
 * word      the program's only argument; where it is none that the starter gives, nothing is done
 */
void roles_main(const char *word);

#endif
