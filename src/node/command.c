// SPDX-License-Identifier: EUPL-1.2
#include "node/command.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/must.h"
#include "node/flow.h"
#include "node/help.h"
#include "node/node.h"
#include "node/remote.h"
#include "node/roles.h"
#include "os/clock.h"
#include "os/person.h"

enum {
    WRITER_WAIT_MS = 10000, /* for a writer that takes no work from others */
    WRITER_STEP_MS = 20,
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
    enum { INDENT = 2 };
    const struct fault *fault = &invocation->op->fault;
    const char *name = invocation->command == NULL ? "" : invocation->command->name;
    const char *why = fault->err == ERR_OK ? "failed without saying why" : fault->text;
    struct invocation on_err = *invocation;
    struct flow flow;
    on_err.out = invocation->err;
    on_err.width = invocation->err_width;
    flow_begin(&flow, &on_err, INDENT);
    flow_words(&flow, "linie%s%s:", name[0] == '\0' ? "" : " ", name);
    flow_text(&flow, span_of(why)); /* it may hold names of files, and those may hold anything */
    flow_end(&flow);
    return EXIT_TROUBLE;
}

/* ---- parsing ---- */

const struct command *command_find(const char *const *words, size_t count, size_t *ret_words)
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

int command_help(struct invocation *invocation)
{
    size_t words = 0;
    const char *const *named = invocation->arguments;
    if (invocation->argument_count == 0) {
        help_all(invocation);
        return EXIT_DONE;
    }
    const struct command *command = command_find(named, invocation->argument_count, &words);
    if (command != NULL) {
        help_command(invocation, command);
        return EXIT_DONE;
    }
    if (invocation->argument_count == 1 && help_is_group(named[0])) {
        help_group(invocation, named[0]);
        return EXIT_DONE;
    }
    help_tell_command(invocation, named, invocation->argument_count);
    return EXIT_TROUBLE;
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
            help_tell_option(invocation, argv[optind - 1]);
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

/* "linie indicators --help": no command, but several that begin so. */
static int parse_group(struct invocation *invocation, int argc, char **argv, bool *ret_help)
{
    bool asks =
        *ret_help || (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0));
    if (asks && help_is_group(argv[0])) {
        invocation->group = argv[0];
        *ret_help = true;
        return 0;
    }
    help_tell_command(invocation, (const char *const *)argv, (size_t)argc);
    return -1;
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
        return parse_group(invocation, rest_count, rest, ret_help);
    }
    rest += words - 1;
    rest_count -= (int)words - 1;
    if (options_read(invocation, rest_count, rest, ret_help) != 0) {
        return -1;
    }
    return *ret_help ? 0 : arguments_take(invocation, rest_count, rest);
}

/* ---- running ---- */

/* "24h" in microseconds. */
static bool span_of_time(struct span text, int64_t *ret_us)
{
    static const struct {
        uint8_t unit;
        int64_t us;
    } units[] = { { 'm', (int64_t)60 * US_PER_S },
                  { 'h', (int64_t)3600 * US_PER_S },
                  { 'd', (int64_t)86400 * US_PER_S } };
    uint64_t count = 0;
    enum { COUNT_MAX = 1000000 };
    for (size_t i = 0; text.size > 1 && i < sizeof units / sizeof units[0]; i++) {
        struct span digits = span_slice(text, 0, text.size - 1);
        if (text.data[text.size - 1] == units[i].unit && span_to_u64(digits, &count) == ERR_OK &&
            count < COUNT_MAX) {
            *ret_us = (int64_t)count * units[i].us;
            return true;
        }
    }
    return false;
}

enum err command_kind(struct invocation *invocation, enum value_kind *ret)
{
    const char *text = command_value(invocation, "kind");
    struct buf kinds;
    if (text == NULL || value_kind_from_name(span_of(text), ret) == ERR_OK) {
        return ERR_OK;
    }
    buf_init(&kinds, FAULT_TEXT_SIZE);
    for (unsigned i = VALUE_NONE + 1; i < VALUE_KIND_COUNT; i++) {
        buf_add_format(&kinds, "%s%s", i == VALUE_NONE + 1 ? "" : ", ",
                       value_kind_name((enum value_kind)i));
    }
    enum err err = op_fail(invocation->op, ERR_FORMAT, "--kind %.32s: not a kind: %.*s", text,
                           SPAN_FMT(buf_span(&kinds)));
    buf_done(&kinds);
    return err;
}

enum err command_time(struct invocation *invocation, const char *name, int64_t *ret_us)
{
    const char *text = command_value(invocation, name);
    int64_t age_us = 0;
    *ret_us = TIME_US_NONE;
    if (text == NULL || time_parse(span_of(text), ret_us) == ERR_OK) {
        return ERR_OK;
    }
    if (span_of_time(span_of(text), &age_us)) {
        *ret_us = os_clock_us() - age_us;
        return ERR_OK;
    }
    return op_fail(invocation->op, ERR_FORMAT,
                   "--%s %s: not a time: write 2026-11-21T20:34:05Z, 2026-11-21, or an age such as "
                   "24h or 7d",
                   name, text);
}

enum err command_until(struct invocation *invocation, const char *name, int64_t *ret_us)
{
    const char *text = command_value(invocation, name);
    int64_t left_us = 0;
    *ret_us = TIME_US_NONE;
    if (text == NULL || time_parse(span_of(text), ret_us) == ERR_OK) {
        return ERR_OK;
    }
    if (span_of_time(span_of(text), &left_us)) {
        *ret_us = os_clock_us() + left_us;
        return ERR_OK;
    }
    return op_fail(
        invocation->op, ERR_FORMAT,
        "--%s %s: not a time: write 2027-01-31, 2027-01-31T12:00:00Z, or from now on 12h "
        "or 30d",
        name, text);
}

/* A reader found the database missing, damaged, or left half made by somebody who was killed:
 * opening for writing makes it anew. Where that cannot be done, because it is being made right now,
 * say, the reader's own fault is the one to tell. */
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
    if (!writes && (err == ERR_ABSENT || err == ERR_CORRUPT || err == ERR_STALE)) {
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

int command_given_file(const struct invocation *invocation, size_t argument)
{
    for (size_t i = 0; i < invocation->given_count; i++) {
        if (invocation->given[i].argument == argument) {
            return invocation->given[i].file;
        }
    }
    return -1;
}

static int run_here(struct invocation *invocation)
{
    bool done = false;
    int code = EXIT_TROUBLE;
    if (invocation->command->gather != NULL && invocation->command->gather(invocation) != ERR_OK) {
        return command_fail(invocation);
    }
    if (node_or_writer(invocation, &done, &code) != ERR_OK) {
        return command_fail(invocation);
    }
    if (!done) {
        code = invocation->command->run(invocation);
        node_close(invocation->node);
        invocation->node = NULL;
    }
    return invocation->command->after == NULL ? code : invocation->command->after(invocation, code);
}

static void help(const struct invocation *invocation)
{
    if (invocation->command != NULL) {
        help_command(invocation, invocation->command);
    } else if (invocation->group != NULL) {
        help_group(invocation, invocation->group);
    } else {
        help_all(invocation);
    }
}

/* Whether all that was said has gone out. Where the reader has gone away (head has seen enough),
 * the program ends by SIGPIPE, as others do; where the caller ignores that signal, it is told. */
static bool output_end(struct invocation *invocation)
{
    bool lost = fflush(invocation->out) != 0;
    if (invocation->reader_gone || (lost && errno == EPIPE)) {
        (void)raise(SIGPIPE);
    }
    if (lost || ferror(invocation->out) != 0) {
        fprintf(invocation->err, "linie: cannot write the output\n");
        return false;
    }
    return true;
}

int command_main(int argc, char **argv, struct invocation *invocation)
{
    static struct op op; /* the invocation refers to it */
    char user[OS_PERSON_NAME_SIZE];
    bool asks_help = false;
    const char *node_dir = getenv("LINIE_NODE");
    invocation->node_dir = node_dir == NULL || node_dir[0] == '\0' ? SPAN(".") : span_of(node_dir);
    invocation->world = SPAN("real");
    if (parse(invocation, argc, argv, &asks_help) != 0) {
        return EXIT_TROUBLE;
    }
    if (asks_help) {
        help(invocation);
        return EXIT_DONE;
    }
    os_person(user);
    const struct actor actor = { .name = span_of(user) };
    op_begin(&op, &actor, OP_MEMORY_MAX);
    invocation->op = &op;
    int code = invocation->command->access == COMMAND_LOCAL ? invocation->command->run(invocation)
                                                            : run_here(invocation);
    roles_end(invocation->roles);
    op_end(&op);
    return output_end(invocation) ? code : EXIT_TROUBLE;
}
