// SPDX-License-Identifier: EUPL-1.2
#include "node/command.h"

#include <getopt.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/must.h"
#include "base/text.h"
#include "node/node.h"
#include "node/remote.h"
#include "os/clock.h"

enum {
    WRITER_WAIT_MS = 10000, /* for a writer that takes no work from others */
    WRITER_STEP_MS = 20,
    COMMAND_WORDS_MAX = 2, /* "indicators add" */
    OP_MEMORY_MAX = 0x7FFFFFFF,
    OPTION_FIRST = 1000, /* values of getopt for the options of a command's own */
    OPTION_NODE = 'n',
    OPTION_WORLD = 'w',
    OPTION_JSON = 'j',
    OPTION_HELP = 'h',
};

/* Options that every command has. */
static const struct option common_options[] = {
    { "node", required_argument, NULL, OPTION_NODE },
    { "world", required_argument, NULL, OPTION_WORLD },
    { "json", no_argument, NULL, OPTION_JSON },
    { "help", no_argument, NULL, OPTION_HELP },
};

enum { COMMON_COUNT = sizeof common_options / sizeof common_options[0] };

const char *command_value(const struct invocation *invocation, const char *name)
{
    const struct command_option *options = invocation->command->options;
    for (size_t i = 0; options != NULL && options[i].name != NULL; i++) {
        if (strcmp(options[i].name, name) == 0) {
            return invocation->values[i];
        }
    }
    must_fail("the command has this option", __FILE__, __LINE__);
}

int command_fail(const struct invocation *invocation)
{
    const struct fault *fault = &invocation->op->fault;
    const char *name = invocation->command == NULL ? "" : invocation->command->name;
    const char *why = fault->err == ERR_OK ? "failed without saying why" : fault->text;
    struct buf text; /* it may hold names of files, and those may hold anything */
    buf_init(&text, 4 * FAULT_TEXT_SIZE);
    text_add_printable(&text, span_of(why));
    fprintf(invocation->err, "linie%s%s: %.*s\n", name[0] == '\0' ? "" : " ", name,
            SPAN_FMT(buf_span(&text)));
    buf_done(&text);
    return EXIT_TROUBLE;
}

/* ---- help ---- */

static void help_options(FILE *out, const struct command_option *options)
{
    enum { COLUMN = 26 };
    for (size_t i = 0; options != NULL && options[i].name != NULL; i++) {
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", options[i].name,
                 options[i].argument == NULL ? "" : " ",
                 options[i].argument == NULL ? "" : options[i].argument);
        fprintf(out, "  %-*s%s\n", COLUMN, left, options[i].help);
    }
}

static void help_command(FILE *out, const struct command *command)
{
    fprintf(out, "linie %s %s\n%s\n\n", command->name, command->usage, command->summary);
    help_options(out, command->options);
    static const struct command_option common[] = {
        { "json", NULL, "one JSON object a line" },
        { "node", "DIR", "the node's folder; else $LINIE_NODE, else where one stands" },
        { "world", "ID", "an exercise; else \"real\"" },
        { NULL, NULL, NULL },
    };
    help_options(out, common);
    fprintf(out, "\n%s\n", command->help);
}

static void help_all(FILE *out)
{
    fprintf(out, "linie: a node in a line of cyber defence\n"
                 "  linie COMMAND [OPTION...] [ARGUMENT...]\n\n");
    const struct command *commands = command_table();
    for (size_t i = 0; commands[i].name != NULL; i++) {
        fprintf(out, "  %-20s %s\n", commands[i].name, commands[i].summary);
    }
    fprintf(out, "\n'linie COMMAND --help' tells more. A first try:\n"
                 "  linie init my-node\n"
                 "  linie --node my-node indicators add list.txt --source \"National CSIRT\"\n"
                 "  linie --node my-node watch /var/log/suricata/eve.json\n"
                 "  linie --node my-node hits\n");
}

/* ---- parsing ---- */

/* The command that the first one or two words name, and how many words those are. */
static const struct command *command_find(const char *const *words, size_t count, size_t *ret_words)
{
    const struct command *commands = command_table();
    for (size_t used = COMMAND_WORDS_MAX; used >= 1; used--) {
        char name[64];
        if (used > count) {
            continue;
        }
        snprintf(name, sizeof name, "%s%s%s", words[0], used == 2 ? " " : "",
                 used == 2 ? words[1] : "");
        for (size_t i = 0; commands[i].name != NULL; i++) {
            if (strcmp(commands[i].name, name) == 0) {
                *ret_words = used;
                return &commands[i];
            }
        }
    }
    return NULL;
}

static void tell_commands_like(FILE *err, const char *word)
{
    const struct command *commands = command_table();
    fprintf(err, "linie: there is no command \"%.64s\"", word);
    bool any = false;
    for (size_t i = 0; commands[i].name != NULL; i++) {
        if (strncmp(commands[i].name, word, strlen(word)) == 0) {
            fprintf(err, "%s %s", any ? "," : "; there is:", commands[i].name);
            any = true;
        }
    }
    fprintf(err, "\n'linie --help' lists all commands\n");
}

int command_help(struct invocation *invocation)
{
    if (invocation->argument_count == 0) {
        help_all(invocation->out);
        return EXIT_DONE;
    }
    size_t words = 0;
    const struct command *command =
        command_find(invocation->arguments, invocation->argument_count, &words);
    if (command == NULL) {
        tell_commands_like(invocation->err, invocation->arguments[0]);
        return EXIT_TROUBLE;
    }
    help_command(invocation->out, command);
    return EXIT_DONE;
}

/* Options may stand before the command ("linie --node DIR watch"): they are taken off the front. */
static int common_option(struct invocation *invocation, int code, bool *help)
{
    switch (code) {
    case OPTION_NODE:
        invocation->node_dir = span_of(optarg);
        return 0;
    case OPTION_WORLD:
        invocation->world = span_of(optarg);
        return 0;
    case OPTION_JSON:
        invocation->json = true;
        return 0;
    case OPTION_HELP:
        *help = true;
        return 0;
    default:
        return -1;
    }
}

static size_t options_build(const struct command *command, struct option *ret)
{
    size_t count = 0;
    for (size_t i = 0; i < COMMON_COUNT; i++) {
        ret[count] = common_options[i];
        count++;
    }
    const struct command_option *own = command == NULL ? NULL : command->options;
    for (size_t i = 0; own != NULL && own[i].name != NULL; i++) {
        must(i < COMMAND_OPTION_COUNT_MAX);
        ret[count] = (struct option){
            .name = own[i].name,
            .has_arg = own[i].argument == NULL ? no_argument : required_argument,
            .val = OPTION_FIRST + (int)i,
        };
        count++;
    }
    ret[count] = (struct option){ 0 };
    return count;
}

/* Read options; those before a command's name stop there ("+"), the others may stand anywhere. */
static int options_read(struct invocation *invocation, int argc, char **argv, bool *help)
{
    struct option options[COMMON_COUNT + COMMAND_OPTION_COUNT_MAX + 1];
    (void)options_build(invocation->command, options);
    optind = 0;
    opterr = 0;
    int code = 0;
    while ((code = getopt_long(argc, argv, invocation->command == NULL ? "+:h" : ":h", options,
                               NULL)) != -1) {
        if (code >= OPTION_FIRST) {
            invocation->values[code - OPTION_FIRST] = optarg == NULL ? "" : optarg;
        } else if (code == ':') {
            fprintf(invocation->err, "linie: %s needs a value\n", argv[optind - 1]);
            return -1;
        } else if (common_option(invocation, code, help) != 0) {
            fprintf(invocation->err, "linie: unknown option %s; see 'linie%s%s --help'\n",
                    argv[optind - 1], invocation->command == NULL ? "" : " ",
                    invocation->command == NULL ? "" : invocation->command->name);
            return -1;
        }
    }
    return 0;
}

static int arguments_take(struct invocation *invocation, int argc, char **argv)
{
    const struct command *command = invocation->command;
    if (optind < argc && command->usage[0] == '\0') {
        fprintf(invocation->err,
                "linie %s: takes no arguments, and was given \"%.64s\"; see 'linie %s --help'\n",
                command->name, argv[optind], command->name);
        return -1;
    }
    for (int i = optind; i < argc; i++) {
        if (invocation->argument_count == COMMAND_ARGUMENT_COUNT_MAX) {
            fprintf(invocation->err, "linie: more than %d arguments\n", COMMAND_ARGUMENT_COUNT_MAX);
            return -1;
        }
        invocation->arguments[invocation->argument_count] = argv[i];
        invocation->argument_count++;
    }
    return 0;
}

/* argv[0] is a word that getopt skips: the program's name, then the command's. */
static int parse(struct invocation *invocation, int argc, char **argv, bool *ret_help)
{
    size_t words = 0;
    if (options_read(invocation, argc, argv, ret_help) != 0) {
        return -1;
    }
    if (optind >= argc) {
        *ret_help = true;
        return 0;
    }
    char **rest = argv + optind;
    int rest_count = argc - optind;
    invocation->command = command_find((const char *const *)rest, (size_t)rest_count, &words);
    if (invocation->command == NULL) {
        tell_commands_like(invocation->err, rest[0]);
        return -1;
    }
    rest += words - 1;
    rest_count -= (int)words - 1;
    if (options_read(invocation, rest_count, rest, ret_help) != 0) {
        return -1;
    }
    return *ret_help ? 0 : arguments_take(invocation, rest_count, rest);
}

/* ---- running ---- */

enum err command_time(struct invocation *invocation, const char *name, int64_t *ret_us)
{
    static const struct {
        uint8_t unit;
        int64_t us;
    } units[] = { { 'm', (int64_t)60 * US_PER_S },
                  { 'h', (int64_t)3600 * US_PER_S },
                  { 'd', (int64_t)86400 * US_PER_S } };
    const char *text = command_value(invocation, name);
    *ret_us = TIME_US_NONE;
    if (text == NULL) {
        return ERR_OK;
    }
    struct span span = span_of(text);
    if (time_parse(span, ret_us) == ERR_OK) {
        return ERR_OK;
    }
    uint64_t count = 0;
    enum { COUNT_MAX = 1000000 };
    for (size_t i = 0; span.size > 1 && i < sizeof units / sizeof units[0]; i++) {
        struct span digits = span_slice(span, 0, span.size - 1);
        if (span.data[span.size - 1] == units[i].unit && span_to_u64(digits, &count) == ERR_OK &&
            count < COUNT_MAX) {
            *ret_us = os_clock_us() - (int64_t)count * units[i].us;
            return ERR_OK;
        }
    }
    return op_fail(invocation->op, ERR_FORMAT,
                   "--%s %s: not a time: write 2026-11-21T20:34:05Z, 2026-11-21, or an age such as "
                   "24h or 7d",
                   name, text);
}

/* A reader found the database missing or damaged: opening for writing makes it anew. Where that
 * cannot be done, the reader's own fault is the one to tell. */
static enum err open_mended(struct invocation *invocation, enum err fault)
{
    struct op *op = invocation->op;
    struct op writer;
    struct node *node = NULL;
    op_begin(&writer, &op->actor, OP_MEMORY_MAX);
    bool mended =
        node_open(&writer, invocation->node_dir, invocation->world, NODE_WRITE, &node) == ERR_OK;
    node_close(node);
    op_end(&writer);
    if (!mended) {
        return fault;
    }
    op_fault_clear(op);
    return node_open(op, invocation->node_dir, invocation->world, NODE_READ, &invocation->node);
}

static enum err node_for(struct invocation *invocation)
{
    bool writes = invocation->command->access == COMMAND_WRITES;
    enum err err = node_open(invocation->op, invocation->node_dir, invocation->world,
                             writes ? NODE_WRITE : NODE_READ, &invocation->node);
    if (!writes && (err == ERR_ABSENT || err == ERR_CORRUPT)) {
        err = open_mended(invocation, err);
    }
    return err;
}

/* Whoever writes takes the work over, or has done in a moment: most commands are short, and answer
 * nobody. */
static enum err node_or_writer(struct invocation *invocation, bool *ret_done, int *ret_code)
{
    const int64_t give_up_us = os_monotonic_us() + (int64_t)WRITER_WAIT_MS * US_PER_MS;
    for (;;) {
        enum err err = node_for(invocation);
        if (err != ERR_AGAIN || invocation->command->access != COMMAND_WRITES) {
            return err;
        }
        op_fault_clear(invocation->op);
        err = remote_run(invocation, ret_code);
        *ret_done = err == ERR_OK;
        if (err != ERR_AGAIN || os_monotonic_us() > give_up_us) {
            return err;
        }
        op_fault_clear(invocation->op);
        usleep(WRITER_STEP_MS * US_PER_MS);
    }
}

static int run_here(struct invocation *invocation)
{
    bool done = false;
    int code = EXIT_TROUBLE;
    if (node_or_writer(invocation, &done, &code) != ERR_OK) {
        return command_fail(invocation);
    }
    if (done) {
        return code;
    }
    code = invocation->command->run(invocation);
    node_close(invocation->node);
    invocation->node = NULL;
    return code;
}

static void user_name(char *ret, size_t size)
{
    const struct passwd *user = getpwuid(geteuid());
    if (user != NULL) {
        snprintf(ret, size, "%s", user->pw_name);
    } else {
        snprintf(ret, size, "uid %u", (unsigned)geteuid());
    }
}

int command_main(int argc, char **argv, struct invocation *invocation)
{
    static struct op op; /* the invocation refers to it */
    char user[256];
    bool help = false;
    const char *node_dir = getenv("LINIE_NODE");
    invocation->node_dir = node_dir == NULL || node_dir[0] == '\0' ? SPAN(".") : span_of(node_dir);
    invocation->world = SPAN("real");
    if (parse(invocation, argc, argv, &help) != 0) {
        return EXIT_TROUBLE;
    }
    if (help && invocation->command != NULL) {
        help_command(invocation->out, invocation->command);
        return EXIT_DONE;
    }
    if (invocation->command == NULL) {
        help_all(invocation->out);
        return EXIT_DONE;
    }
    user_name(user, sizeof user);
    const struct actor actor = { .name = span_of(user) };
    op_begin(&op, &actor, OP_MEMORY_MAX);
    invocation->op = &op;
    int code = invocation->command->access == COMMAND_LOCAL ? invocation->command->run(invocation)
                                                            : run_here(invocation);
    op_end(&op);
    bool lost = fflush(invocation->out) != 0 || ferror(invocation->out) != 0;
    if (lost) {
        fprintf(invocation->err, "linie: cannot write the output\n");
        return EXIT_TROUBLE;
    }
    return code;
}
