// SPDX-License-Identifier: EUPL-1.2
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "node/flow.h"
#include "node/node.h"

enum { HOST_NAME_SIZE = 256, LINE_SIZE_MAX = 64 * 1024 };

static void tell_json(struct invocation *invocation, struct span dir, struct span owner)
{
    struct buf line;
    struct json_writer w;
    buf_init(&line, LINE_SIZE_MAX);
    json_writer_init(&w, &line);
    json_begin_object(&w);
    json_member_string(&w, SPAN("node"), dir);
    json_member_string(&w, SPAN("world"), invocation->world);
    if (owner.size > 0) {
        json_member_string(&w, SPAN("owner"), owner);
    }
    json_end_object(&w);
    print_json(invocation, &line);
    buf_done(&line);
}

/* With --world ID: an exercise in a node that exists. */
static int init_world(struct invocation *invocation, struct span dir)
{
    if (node_create_world(invocation->op, dir, invocation->world) != ERR_OK) {
        return command_fail(invocation);
    }
    if (invocation->json) {
        tell_json(invocation, dir, SPAN(""));
        return EXIT_DONE;
    }
    fprintf(invocation->out, "Exercise ");
    print_text(invocation, invocation->world, 0);
    fprintf(invocation->out, " is ready. Use it with --world ");
    print_text(invocation, invocation->world, 0);
    fprintf(invocation->out, ".\n");
    return EXIT_DONE;
}

/* A name is fit if the configuration gives it back: else the node that is made could not be opened.
 */
static enum err owner_check(struct invocation *invocation, struct span owner)
{
    struct op *op = invocation->op;
    struct config *config = op_alloc(op, sizeof *config);
    struct buf text;
    if (config == NULL) {
        return ERR_LIMIT;
    }
    buf_init(&text, CONFIG_SIZE_MAX);
    config_add_default(&text, owner);
    bool fits = text_valid_size(owner) == owner.size &&
                config_read(op, SPAN("linie.conf"), buf_span(&text), config) == ERR_OK &&
                span_equal(config->owner, owner);
    buf_done(&text);
    if (!fits) {
        op_fault_clear(op);
        return op_fail(
            op, ERR_FORMAT,
            "--owner: not a name of at most 190 bytes of UTF-8 in one line, without \" ;\"");
    }
    return ERR_OK;
}

/* A word that a shell takes as it is, or quoted: the line is there to be copied. */
static void print_shell_word(const struct invocation *invocation, struct span word)
{
    const struct span plain =
        SPAN("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+,");
    bool quoted = false;
    for (size_t i = 0; i < word.size; i++) {
        quoted = quoted || span_find(plain, word.data[i]) == SPAN_NOT_FOUND;
    }
    fputs(quoted ? "'" : "", invocation->out);
    struct span rest = word;
    struct span piece;
    for (bool first = true; span_next(&rest, '\'', &piece); first = false) {
        fputs(first ? "" : "'\\''", invocation->out);
        print_text(invocation, piece, 0);
    }
    fputs(quoted ? "'" : "", invocation->out);
}

static void tell_next(const struct invocation *invocation, const char *dir)
{
    char path[PATH_MAX];
    const char *real = realpath(dir, path); /* so that it holds in other folders too */
    fputs("Next:\n  export LINIE_NODE=", invocation->out);
    print_shell_word(invocation, span_of(real == NULL ? dir : real));
    fputs("\n  linie indicators add LIST --source NAME\n"
          "  linie watch LOG...\n  linie hits\n"
          "Your networks, inputs and privacy rules: linie.conf in that folder.\n",
          invocation->out);
}

static int init_node(struct invocation *invocation, const char *dir)
{
    char host[HOST_NAME_SIZE] = "this host";
    (void)gethostname(host, sizeof host - 1);
    const char *owner = command_value(invocation, "owner");
    struct span name = span_of(owner == NULL ? host : owner);
    if (owner_check(invocation, name) != ERR_OK ||
        node_create(invocation->op, span_of(dir), name) != ERR_OK) {
        return command_fail(invocation);
    }
    if (invocation->json) {
        tell_json(invocation, span_of(dir), name);
        return EXIT_DONE;
    }
    struct flow flow;
    flow_begin(&flow, invocation, 2);
    flow_value(&flow, "A node for", name, "");
    flow_value(&flow, "is ready in", span_of(dir), ".");
    flow_end(&flow);
    fputc('\n', invocation->out);
    tell_next(invocation, dir);
    return EXIT_DONE;
}

int command_init(struct invocation *invocation)
{
    bool exercise = !span_equal(invocation->world, SPAN("real"));
    bool has_dir = invocation->argument_count == 1 && invocation->arguments[0][0] != '\0';
    if (!has_dir && !(exercise && invocation->argument_count == 0)) {
        (void)op_fail(invocation->op, ERR_FORMAT, "name the folder of the node: linie init DIR");
        return command_fail(invocation);
    }
    struct span dir = has_dir ? span_of(invocation->arguments[0]) : invocation->node_dir;
    return exercise ? init_world(invocation, dir) : init_node(invocation, invocation->arguments[0]);
}
