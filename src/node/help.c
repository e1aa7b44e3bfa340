// SPDX-License-Identifier: EUPL-1.2
#include "node/help.h"

#include "base/must.h"
#include "node/flow.h"
#include "node/near.h"

enum { NAME_COLUMN = 22, OPTION_COLUMN = 24, SHOWN_MAX = 64 };

static const struct command_option common_options[] = {
    { "json", NULL, "one JSON object a line" },
    { "node", "DIR", "the node's folder; else $LINIE_NODE, else where one is" },
    { "world", "ID", "an exercise; else \"real\"" },
    { "help", NULL, NULL }, /* whoever reads this has found it */
    { NULL, NULL, NULL },
};

/* ---- showing ---- */

static void show_row(const struct invocation *invocation, const char *name, size_t column,
                     const char *what)
{
    struct flow flow;
    flow_begin(&flow, invocation, column);
    flow_to(&flow, 2);
    flow_words(&flow, "%s", name);
    flow_to(&flow, column);
    flow_words(&flow, "%s", what);
    flow_end(&flow);
}

static void show_options(const struct invocation *invocation, const struct command_option *options)
{
    for (size_t i = 0; options != NULL && options[i].name != NULL; i++) {
        char name[SHOWN_MAX];
        const char *argument = options[i].argument;
        snprintf(name, sizeof name, "--%s%s%s", options[i].name, argument == NULL ? "" : " ",
                 argument == NULL ? "" : argument);
        if (options[i].help != NULL) {
            show_row(invocation, name, OPTION_COLUMN, options[i].help);
        }
    }
}

void help_command(const struct invocation *invocation, const struct command *command)
{
    FILE *out = invocation->out;
    fprintf(out, "linie %s%s%s\n%s\n\n", command->name, command->usage[0] == '\0' ? "" : " ",
            command->usage, command->summary);
    show_options(invocation, command->options);
    show_options(invocation, common_options);
    fprintf(out, "\n%s\n", command->help);
}

/* ---- groups ---- */

/* What follows the word in a command's name: "add" of "indicators add"; NULL for other names. */
static const char *name_below(const struct command *command, const char *word)
{
    size_t size = strlen(word);
    bool below = strncmp(command->name, word, size) == 0 && command->name[size] == ' ';
    return below ? command->name + size + 1 : NULL;
}

bool help_is_group(const char *word)
{
    const struct command *commands = command_table();
    for (size_t i = 0; commands[i].name != NULL; i++) {
        if (name_below(&commands[i], word) != NULL) {
            return true;
        }
    }
    return false;
}

void help_group(const struct invocation *invocation, const char *word)
{
    FILE *out = invocation->out;
    const struct command *commands = command_table();
    fprintf(out, "linie %s COMMAND [OPTION...] [ARGUMENT...]\n\n", word);
    const char *first = NULL;
    for (size_t i = 0; commands[i].name != NULL; i++) {
        if (name_below(&commands[i], word) != NULL) {
            first = first == NULL ? commands[i].name : first;
            show_row(invocation, commands[i].name, NAME_COLUMN, commands[i].summary);
        }
    }
    must(first != NULL);
    fprintf(out, "\nEach tells more with --help:\n\n  linie %s --help\n", first);
}

/* ---- all ---- */

static bool same_group(const struct command *a, const struct command *b)
{
    size_t size = strcspn(b->name, " ");
    return strncmp(a->name, b->name, size + 1) == 0;
}

/* "indicators ...   add, list, show": the commands of a group in one row, so that all commands fit
 * one screen. */
static void show_group(const struct invocation *invocation, const struct command *first)
{
    struct flow flow;
    char name[SHOWN_MAX];
    size_t size = strcspn(first->name, " ");
    snprintf(name, sizeof name, "%.*s ...", (int)size, first->name);
    flow_begin(&flow, invocation, NAME_COLUMN);
    flow_to(&flow, 2);
    flow_words(&flow, "%s", name);
    flow_to(&flow, NAME_COLUMN);
    for (const struct command *at = first; at->name != NULL && same_group(at, first); at++) {
        bool last = at[1].name == NULL || !same_group(&at[1], first);
        flow_words(&flow, "%s%s", at->name + size + 1, last ? "" : ",");
    }
    flow_end(&flow);
}

void help_all(const struct invocation *invocation)
{
    FILE *out = invocation->out;
    fprintf(out, "linie COMMAND [OPTION...] [ARGUMENT...]: a node in a line of cyber defence\n\n");
    const struct command *commands = command_table();
    for (size_t i = 0; commands[i].name != NULL; i++) {
        if (strchr(commands[i].name, ' ') == NULL) {
            show_row(invocation, commands[i].name, NAME_COLUMN, commands[i].summary);
        } else if (i == 0 || !same_group(&commands[i - 1], &commands[i])) {
            show_group(invocation, &commands[i]);
        }
    }
    fprintf(out,
            "'linie COMMAND --help' tells more. A first try:\n"
            "  linie init node; cd node; linie indicators add LIST; linie watch LOG; linie hits\n");
}

/* ---- what was meant ---- */

/* A beginning of the name; or the name, or a word of it, with a slip. */
static bool is_meant(const struct command *command, struct span typed)
{
    struct span name = span_of(command->name);
    struct span rest = name;
    struct span word;
    bool meant = span_starts_with(name, typed) || near_edits(typed, name) != NEAR_NONE;
    while (!meant && span_next(&rest, ' ', &word)) {
        meant = near_edits(typed, word) != NEAR_NONE;
    }
    return meant;
}

void help_tell_command(const struct invocation *invocation, const char *const *words, size_t count)
{
    FILE *err = invocation->err;
    char typed[SHOWN_MAX];
    bool group = help_is_group(words[0]);
    if (group && count == 1) {
        fprintf(err, "linie %s: name what is to be done; 'linie %s --help' lists it\n", words[0],
                words[0]);
        return;
    }
    snprintf(typed, sizeof typed, "%s%s%s", words[0], group ? " " : "", group ? words[1] : "");
    struct invocation on_err = *invocation;
    on_err.out = err;
    fputs("linie: there is no command \"", err);
    print_text(&on_err, span_of(typed), 0);
    fputc('"', err);
    const struct command *commands = command_table();
    bool any = false;
    for (size_t i = 0; typed[0] != '\0' && commands[i].name != NULL; i++) {
        if (is_meant(&commands[i], span_of(typed))) {
            fprintf(err, "%s %s", any ? "," : "; there is:", commands[i].name);
            any = true;
        }
    }
    fprintf(err, "\n'linie %s%s--help' lists all commands\n", group ? words[0] : "",
            group ? " " : "");
}

static const char *option_near(const struct command_option *options, struct span typed,
                               size_t *edits_least)
{
    const char *nearest = NULL;
    for (size_t i = 0; options != NULL && options[i].name != NULL; i++) {
        size_t edits = near_edits(typed, span_of(options[i].name));
        if (edits < *edits_least) {
            *edits_least = edits;
            nearest = options[i].name;
        }
    }
    return nearest;
}

void help_tell_option(const struct invocation *invocation, const char *word)
{
    const struct command *command = invocation->command;
    struct span typed = span_of(word);
    while (typed.size > 0 && typed.data[0] == '-') {
        typed = span_from(typed, 1);
    }
    ptrdiff_t equals = span_find(typed, '=');
    typed = equals == SPAN_NOT_FOUND ? typed : span_slice(typed, 0, (size_t)equals);
    size_t edits = NEAR_NONE;
    const char *own = command == NULL ? NULL : option_near(command->options, typed, &edits);
    const char *common = option_near(common_options, typed, &edits);
    const char *nearest = common == NULL ? own : common; /* it came later, and is nearer */
    struct invocation on_err = *invocation;
    on_err.out = invocation->err;
    fputs("linie: unknown option ", invocation->err);
    print_text(&on_err, span_of(word), 0);
    if (nearest != NULL) {
        fprintf(invocation->err, "; did you mean --%s?", nearest);
    }
    fprintf(invocation->err, "\n'linie%s%s --help' lists all options\n", command == NULL ? "" : " ",
            command == NULL ? "" : command->name);
}
