// SPDX-License-Identifier: EUPL-1.2
/*
 * Commands: one table row each, with options, help and a function. Help texts, completion and the
 * parser come from the row. A command may run in the process that was called, or, where another
 * process writes to the node, in that one on behalf of the caller, with the caller's files.
 */
#ifndef NODE_COMMAND_H
#define NODE_COMMAND_H

#include <stdio.h>

#include "base/op.h"
#include "base/time.h"
#include "value/value.h"

enum {
    COMMAND_OPTION_COUNT_MAX = 16,
    COMMAND_WORDS_MAX = 2, /* "indicators add" */
    COMMAND_ARGUMENT_COUNT_MAX = 4096,
    COMMAND_GIVEN_COUNT_MAX = 64,
    COMMAND_WIDTH_MAX = 1000000,
};

/* Exit codes (decision 0013): watch and hits: 0 nothing, 1 found, 2 trouble; verify: 0 good, 1
 * faults, 2 trouble; all others: 0 done, 3 done with refusals, 2 trouble. */
enum {
    EXIT_DONE = 0,
    EXIT_FOUND = 1,
    EXIT_TROUBLE = 2,
    EXIT_REFUSALS = 3,
};

struct node;
struct roles;
struct invocation;

struct command_option {
    const char *name;     /* long form, without dashes */
    const char *argument; /* "FILE", "N", ...; NULL: the option has none */
    const char *help;
};

/* What a command does with the node. */
enum command_access {
    COMMAND_READS = 0, /* opens the store for reading, beside a writer */
    COMMAND_WRITES,    /* needs the lock; handed to the process that has it */
    COMMAND_LOCAL,     /* opens what it needs by itself, and is never handed on */
};

struct command {
    const char *name;    /* "watch", "indicators add" */
    const char *usage;   /* arguments: "[INPUT...]" */
    const char *summary; /* one line */
    const char *help;    /* some lines, ending with an example */
    enum command_access access;
    /* Called before the node is opened, by the process of the caller: reads what may keep it
     * waiting, so that nobody else has to wait for it. NULL where there is nothing. */
    enum err (*gather)(struct invocation *invocation);
    const struct command_option *options; /* ended by a row without name */
    int (*run)(struct invocation *invocation);
    /* Called behind `run`, wherever that was done, by the process of the caller and without a node:
     * does what takes long. It is given the exit code, and returns the one that counts. NULL where
     * there is nothing. */
    int (*after)(struct invocation *invocation, int code);
};

/* An argument that the caller has opened: a pipe, which was read to its end, or a file that only
 * the caller's process can name (/dev/fd/63). */
struct command_given {
    uint32_t argument; /* index */
    int file;          /* a regular file */
};

/* One call of a command. */
struct invocation {
    struct op *op;
    const struct command *command;
    const char *group;    /* instead of a command, where help is asked for: "indicators" */
    struct roles *roles;  /* of a command that starts processes; NULL: it starts none */
    struct node *node;    /* open as the command needs it; NULL where it is local */
    struct span node_dir; /* as given by --node, $LINIE_NODE, or "." */
    struct span world;
    FILE *out;
    FILE *err;
    int in;           /* standard input */
    int folder;       /* the caller's working folder: relative paths start here */
    size_t width;     /* columns of `out`: what people read is set to fit */
    size_t err_width; /* of `err`; COMMAND_WIDTH_MAX where it is no terminal: one line a fault */
    bool terminal;    /* `out` is one: no control character of others may reach it */
    bool colour;      /* it shows colours */
    bool progress;    /* `err` is a terminal */
    bool unicode;     /* the caller's locale has more than ASCII */
    bool json;
    bool reader_gone;                             /* who read `out` reads no more */
    const char *values[COMMAND_OPTION_COUNT_MAX]; /* by row of command->options; NULL: not given */
    size_t argument_count;
    const char *arguments[COMMAND_ARGUMENT_COUNT_MAX];
    size_t given_count;
    struct command_given given[COMMAND_GIVEN_COUNT_MAX];
};

/**
 * All commands, ended by a row without name; in the order in which help shows them.
 */
const struct command *command_table(void);

/**
 * The command that the first one or two words name.
 *
 * words      as typed
 * count      how many
 * ret_words  how many of them are the command's name; untouched where there is none
 *
 * Returns NULL where there is no such command.
 */
const struct command *command_find(const char *const *words, size_t count, size_t *ret_words);

/**
 * Run a command line.
 *
 * argc, argv  as main() gets them, without the program's name
 * invocation  files and folder are set; the rest is filled in
 *
 * Returns the exit code.
 */
int command_main(int argc, char **argv, struct invocation *invocation);

/**
 * The value of an option; NULL where it was not given, "" for an option without argument.
 *
 * invocation  parsed
 * name        of an option of the command
 */
const char *command_value(const struct invocation *invocation, const char *name);

/**
 * Tell a fault on `err`: "linie watch: ..." and end.
 *
 * invocation  its op holds the fault
 *
 * Returns EXIT_TROUBLE.
 */
int command_fail(const struct invocation *invocation);

/**
 * The kind that the option --kind names.
 *
 * invocation  of the command
 * ret         untouched where the option was not given, and on error
 *
 * Errors    ERR_FORMAT not a kind: the text names all
 */
MUST_USE
enum err command_kind(struct invocation *invocation, enum value_kind *ret);

/**
 * Read an option that holds a time: RFC 3339, a date, or an age such as 90m, 24h, 7d (before now).
 *
 * invocation  parsed
 * name        of the option
 * ret_us      TIME_US_NONE where it was not given
 *
 * Errors    ERR_FORMAT not a time
 */
MUST_USE
enum err command_time(struct invocation *invocation, const char *name, int64_t *ret_us);

/**
 * Read an option that holds a time to come: RFC 3339, a date, or a span such as 12h, 30d (from
 * now).
 *
 * invocation  parsed
 * name        of the option
 * ret_us      TIME_US_NONE where it was not given
 *
 * Errors    ERR_FORMAT not a time
 */
MUST_USE
enum err command_until(struct invocation *invocation, const char *name, int64_t *ret_us);

/**
 * The file that the caller has opened for an argument.
 *
 * invocation  parsed
 * argument    its index
 *
 * Returns -1 where the argument is still to be opened.
 */
int command_given_file(const struct invocation *invocation, size_t argument);

/**
 * Run a command: one function for each row of the table.
 *
 * invocation  parsed; its node is open as the row's access says
 *
 * Returns the exit code.
 */
int command_init(struct invocation *invocation);
int command_indicators_add(struct invocation *invocation);
int command_indicators_list(struct invocation *invocation);
int command_indicators_show(struct invocation *invocation);
int command_indicators_remove(struct invocation *invocation);
int command_indicators_stats(struct invocation *invocation);

/**
 * Whether an indicator is watched: so that an answer of no hits is not taken for more than it says.
 *
 * invocation  of a command that may read the node
 * text        an id ("indicator--...") or a value
 * ret         untouched on error
 *
 * Errors    ERR_FORMAT neither; those of reading the indicators
 */
MUST_USE
enum err command_indicators_have(struct invocation *invocation, const char *text, bool *ret);
int command_watch(struct invocation *invocation);
int command_mapping_list(struct invocation *invocation);
int command_mapping_show(struct invocation *invocation);
int command_mapping_try(struct invocation *invocation);
int command_export(struct invocation *invocation);
int command_hits(struct invocation *invocation);
int command_hits_show(struct invocation *invocation);
int command_hits_ack(struct invocation *invocation);
int command_hits_false(struct invocation *invocation);
int command_hits_note(struct invocation *invocation);
int command_hits_assign(struct invocation *invocation);
int command_hits_reopen(struct invocation *invocation);
int command_allow_add(struct invocation *invocation);
int command_allow_list(struct invocation *invocation);
int command_allow_show(struct invocation *invocation);
int command_allow_remove(struct invocation *invocation);
int command_hunt(struct invocation *invocation);

/**
 * Before 'hunt': reads files, and makes the starter where lines are to be shown.
 *
 * invocation  parsed; its node is not open
 *
 * Errors    those of argument_gather(); ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err command_hunt_gather(struct invocation *invocation);

/**
 * Behind 'hunt': shows lines of logs.
 *
 * invocation  parsed; its node is not open
 * code        exit code of the hunt
 *
 * Returns the exit code that counts.
 */
int command_hunt_after(struct invocation *invocation, int code);
int command_history_stats(struct invocation *invocation);
int command_history_compact(struct invocation *invocation);
int command_history_forget(struct invocation *invocation);
int command_history_export(struct invocation *invocation);
int command_history_losses(struct invocation *invocation);
int command_history_acknowledge(struct invocation *invocation);
int command_history_verify(struct invocation *invocation);
int command_history_asked(struct invocation *invocation);
int command_history_requests(struct invocation *invocation);
int command_history_approve(struct invocation *invocation);
int command_history_host(struct invocation *invocation);
int command_status(struct invocation *invocation);
int command_output_list(struct invocation *invocation);
int command_output_test(struct invocation *invocation);
int command_output_replay(struct invocation *invocation);
int command_selftest(struct invocation *invocation);

/**
 * Before 'selftest': makes the starter, while nothing is open.
 *
 * invocation  parsed; its node is not open
 *
 * Errors    ERR_IO; ERR_LIMIT
 */
MUST_USE
enum err command_selftest_gather(struct invocation *invocation);
int command_verify(struct invocation *invocation);
int command_verify_backup(struct invocation *invocation);
int command_rebuild(struct invocation *invocation);
int command_erase(struct invocation *invocation);
int command_backup(struct invocation *invocation);
int command_restore(struct invocation *invocation);
int command_help(struct invocation *invocation);

#endif
