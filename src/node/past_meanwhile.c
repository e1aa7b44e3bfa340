// SPDX-License-Identifier: EUPL-1.2
/*
 * Compacting and forgetting take long, and nobody is to wait for them: between two of their steps
 * the run goes on that has the node open, and callers are served; where no run has it, those who
 * call this command's process in place of one.
 */
#include "node/past.h"
#include "node/remote.h"
#include "node/session.h"

static enum err turn(struct op *op, void *context)
{
    struct past_meanwhile *meanwhile = context;
    struct node *node = meanwhile->node;
    if (node->session != NULL) {
        return session_meanwhile(op, node->session);
    }
    return meanwhile->server == NULL ? ERR_OK : remote_server_serve_next(op, meanwhile->server);
}

void past_meanwhile_begin(struct op *op, struct node *node, struct roles *roles,
                          struct past_meanwhile *ret)
{
    const struct remote_listener listener = { .served = NULL };
    *ret = (struct past_meanwhile){ .node = node };
    if (node->session == NULL) {
        node->roles = roles;
        if (remote_server_open(op, node, &listener, &ret->server) != ERR_OK) {
            op_fault_clear(op); /* then callers are told to come again */
        }
    }
    history_between(node->history, turn, ret);
}

void past_meanwhile_end(struct past_meanwhile *meanwhile)
{
    struct op op;
    struct node *node = meanwhile->node;
    history_between(node->history, NULL, NULL);
    if (meanwhile->server == NULL) {
        return;
    }
    op_begin(&op, &(struct actor){ .name = SPAN("history") }, 0);
    enum err err = remote_server_finish(&op, meanwhile->server);
    (void)err; /* who was not served sees the connection end */
    op_end(&op);
    remote_server_close(meanwhile->server);
    node->roles = NULL;
}
