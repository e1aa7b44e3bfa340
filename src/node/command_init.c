// SPDX-License-Identifier: EUPL-1.2
#include <unistd.h>

#include "node/node.h"
#include "node/print.h"

enum { HOST_NAME_SIZE = 256 };

/* With --world ID: an exercise in a node that exists. */
static int init_world(struct invocation *invocation, struct span dir)
{
    if (node_create_world(invocation->op, dir, invocation->world) != ERR_OK) {
        return command_fail(invocation);
    }
    fprintf(invocation->out, "Exercise ");
    print_text(invocation, invocation->world, 0);
    fprintf(invocation->out, " is ready. Use it with --world ");
    print_text(invocation, invocation->world, 0);
    fprintf(invocation->out, ".\n");
    return EXIT_DONE;
}

static int init_node(struct invocation *invocation, struct span dir)
{
    char host[HOST_NAME_SIZE] = "this host";
    (void)gethostname(host, sizeof host - 1);
    const char *owner = command_value(invocation, "owner");
    struct span name = span_of(owner == NULL ? host : owner);
    if (node_create(invocation->op, dir, name) != ERR_OK) {
        return command_fail(invocation);
    }
    fprintf(invocation->out, "A node for ");
    print_text(invocation, name, 0);
    fprintf(invocation->out, " is ready in ");
    print_text(invocation, dir, 0);
    fprintf(invocation->out, ".\n\nNext:\n  export LINIE_NODE=");
    print_text(invocation, dir, 0);
    fprintf(invocation->out, "\n  linie indicators add LIST --source NAME\n"
                             "  linie watch LOG...\n  linie hits\n"
                             "Your networks, inputs and privacy rules: linie.conf in that folder.\n");
    return EXIT_DONE;
}

int command_init(struct invocation *invocation)
{
    bool exercise = !span_equal(invocation->world, SPAN("real"));
    bool has_dir = invocation->argument_count == 1;
    if (!has_dir && !(exercise && invocation->argument_count == 0)) {
        (void)op_fail(invocation->op, ERR_FORMAT, "name the folder of the node: linie init DIR");
        return command_fail(invocation);
    }
    struct span dir = has_dir ? span_of(invocation->arguments[0]) : invocation->node_dir;
    return exercise ? init_world(invocation, dir) : init_node(invocation, dir);
}
