// SPDX-License-Identifier: EUPL-1.2
/*
 * Help: what the table of commands says, on a screen of 24 lines and 80 columns; and what was
 * probably meant by what is not known.
 */
#ifndef NODE_HELP_H
#define NODE_HELP_H

#include "node/command.h"

/**
 * Show all commands.
 *
 * invocation  prints on its `out`
 */
void help_all(const struct invocation *invocation);

/**
 * Show what one command does.
 *
 * invocation  prints on its `out`
 * command     of the table
 */
void help_command(const struct invocation *invocation, const struct command *command);

/**
 * Whether a word begins the names of several commands: "indicators".
 *
 * word      as typed
 */
bool help_is_group(const char *word);

/**
 * Show the commands that begin with a word.
 *
 * invocation  prints on its `out`
 * word        of which help_is_group() is true
 */
void help_group(const struct invocation *invocation, const char *word);

/**
 * Tell that there is no such command, and which were probably meant.
 *
 * invocation  prints on its `err`
 * words       as typed
 * count       at least 1
 */
void help_tell_command(const struct invocation *invocation, const char *const *words, size_t count);

/**
 * Tell that there is no such option, and which was probably meant.
 *
 * invocation  prints on its `err`; its command may be NULL
 * word        as typed, with dashes
 */
void help_tell_option(const struct invocation *invocation, const char *word);

#endif
