// SPDX-License-Identifier: EUPL-1.2
/*
 * A node's folder, opened: configuration, world, store, index.
 *
 *     linie.conf  identity.json  keys/  real/...  exercises/ID/...
 */
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include "history/history.h"
#include "match/match.h"
#include "node/config.h"
#include "store/store.h"

enum { NODE_SOCKET_PATH_MAX = 100 };

struct outputs;
struct roles;
struct session;

struct node {
    struct span dir;        /* path of the node's folder */
    struct span world;      /* "real" or an exercise's id */
    struct span world_path; /* path of the world's folder */
    struct config *config;
    struct span config_text; /* from which it was read */
    struct disk *disk;       /* of the node's folder */
    struct disk *world_disk; /* of the world's folder */
    struct store *store;
    struct store_opened opened; /* what opening mended */
    struct history *history;    /* what was seen; NULL: not open, or nothing is remembered */
    bool history_rules_known;
    struct history_rules history_rules;
    struct history_opened history_opened;
    bool forgetting_left;    /* what was cut short could not be finished when it was opened */
    bool writer;             /* holds the world's lock */
    struct session *session; /* the run that has it open; NULL: nobody watches */
    struct roles *roles;     /* its other processes; NULL: none may be started */
    struct outputs *outputs; /* of the run that has it open; NULL: nothing is being sent */
};

/**
 * Make a node in a folder that is absent or empty: configuration, identity, keys, and the world
 * "real".
 *
 * op        work in hand
 * dir       path of the folder
 * owner     name of the node's owner
 *
 * Errors    ERR_EXISTS there is something in the folder; ERR_DENIED, also where it belongs to
 * another user; ERR_FULL; ERR_IO
 */
MUST_USE
enum err node_create(struct op *op, struct span dir, struct span owner);

/**
 * Make a further world in a node: an exercise.
 *
 * op        work in hand
 * dir       path of the node's folder
 * world     id of the exercise
 *
 * Errors    ERR_ABSENT no node there; ERR_DENIED it belongs to another user; ERR_EXISTS there is
 * such a world; ERR_FORMAT no fit name; ERR_IO
 */
MUST_USE
enum err node_create_world(struct op *op, struct span dir, struct span world);

/**
 * Refuse a folder in which this process could leave files that its owner cannot use: one of another
 * user. Where nothing can be written, nothing can be left, and everybody may read who can.
 *
 * op        work in hand
 * dir       path of a node's folder; one that is not there is no fault here
 *
 * Errors    ERR_DENIED it belongs to somebody else
 */
MUST_USE
enum err node_check_owner(struct op *op, struct span dir);

enum node_mode {
    NODE_FILES, /* configuration and disks only, no store */
    NODE_READ,  /* the store, for reading */
    NODE_WRITE, /* the store, with the world's lock */
};

/**
 * Open a node.
 *
 * op        work in hand; paths and configuration live in its memory
 * dir       path of its folder
 * world     "real" or an exercise's id
 * mode      what of it
 * ret       to give back with node_close(); untouched on error
 *
 * Errors    ERR_ABSENT no node there; ERR_DENIED it belongs to another user; ERR_AGAIN another
 *           process writes to it; and those of config_read() and store_open()
 */
MUST_USE
enum err node_open(struct op *op, struct span dir, struct span world, enum node_mode mode,
                   struct node **ret);

/**
 * Open the store of a node that was opened with NODE_FILES.
 *
 * op        work in hand
 * node      without store
 * write     take the world's lock
 *
 * Errors    those of store_open()
 */
MUST_USE
enum err node_open_store(struct op *op, struct node *node, bool write);

/**
 * Close a node.
 *
 * node      NULL does nothing
 */
void node_close(struct node *node);

/**
 * Path, below the world's folder, of the index image that is right now; it is made where it is not
 * there.
 *
 * op        work in hand; the path lives in its memory
 * node      open for writing
 * ret_path  untouched on error
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err node_index(struct op *op, struct node *node, struct span *ret_path);

/**
 * Where the index image that is right now lies, whether or not it is there.
 *
 * op        work in hand; the path lives in its memory
 * node      open
 * ret_path  below the world's folder; untouched on error
 *
 * Errors    ERR_IO; ERR_LIMIT no memory
 */
MUST_USE
enum err node_index_path(struct op *op, struct node *node, struct span *ret_path);

/**
 * The key with which fields are hashed by the privacy rule.
 *
 * op        work in hand
 * node      open
 * ret       receives OBSERVE_SECRET_SIZE bytes
 *
 * Errors    ERR_ABSENT the key's file is gone; ERR_CORRUPT it has another size; ERR_IO
 */
MUST_USE
enum err node_privacy_secret(struct op *op, struct node *node, uint8_t *ret);

#endif
