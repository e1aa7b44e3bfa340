// SPDX-License-Identifier: EUPL-1.2
/*
 * Commands that find another process writing to the node hand their work to it, over a socket in
 * the world's folder (linie.sock, mode 0600). That process runs the command with the caller's files
 * and answers with its exit code. It serves its own user and root only, and writes into the
 * journal who the caller says that it works for (os/person.h).
 */
#ifndef NODE_REMOTE_H
#define NODE_REMOTE_H

#include "node/command.h"

struct remote_server;

/**
 * Hand a command to the process that writes to the node.
 *
 * invocation  parsed; its node is not open
 * ret_code    exit code of the command
 *
 * Errors    ERR_AGAIN nobody answers: the other process takes no work; ERR_IO; ERR_LIMIT;
 *           ERR_ABSENT the other process went away; ERR_FORMAT it answered something else
 */
MUST_USE
enum err remote_run(struct invocation *invocation, int *ret_code);

/* What is done when a caller's command has run, before the caller is answered: so that what it
 * changed is in use when it returns. */
struct remote_listener {
    enum err (*served)(void *context); /* its error is that of remote_server_serve(); or NULL */
    void *context;
};

/**
 * Listen at a node that is open for writing.
 *
 * op        work in hand
 * node      open for writing; borrowed until remote_server_close()
 * listener  copied
 * ret       to give back with remote_server_close(); untouched on error
 *
 * Errors    ERR_IO; ERR_LIMIT no memory, or the path of the node's folder is too long for a socket
 */
MUST_USE
enum err remote_server_open(struct op *op, struct node *node,
                            const struct remote_listener *listener, struct remote_server **ret);

/**
 * Stop listening.
 *
 * server    NULL does nothing
 */
void remote_server_close(struct remote_server *server);

/**
 * Let no more callers in, and serve those who have arrived: none of them is turned away because the
 * process ends.
 *
 * op        work in hand
 * server    open; to be closed next
 *
 * Errors    as remote_server_serve()
 */
MUST_USE
enum err remote_server_finish(struct op *op, struct remote_server *server);

/**
 * The descriptor on which callers arrive, to be polled.
 *
 * server    open
 */
int remote_server_fd(const struct remote_server *server);

/**
 * Serve one caller, if any has arrived. It may be called while another one is served.
 *
 * op        work in hand
 * server    open
 *
 * Errors    as remote_server_serve()
 */
MUST_USE
enum err remote_server_serve_next(struct op *op, struct remote_server *server);

/**
 * Serve one caller who has arrived: its command is run to the end.
 *
 * op        work in hand
 * server    open
 *
 * Errors    ERR_IO no more callers can come; or what the listener returned. What goes wrong with
 * one caller is told to that caller
 */
MUST_USE
enum err remote_server_serve(struct op *op, struct remote_server *server);

#endif
