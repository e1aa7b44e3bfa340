// SPDX-License-Identifier: EUPL-1.2
/*
 * For questions.c: values out of files and prose.
 */
#ifndef NODE_QUESTIONS_FILE_H
#define NODE_QUESTIONS_FILE_H

#include "node/questions.h"

/**
 * Add one value.
 *
 * questions   begun
 * value       copied
 * scope       how far it reaches
 *
 * Errors    ERR_LIMIT too many
 */
MUST_USE
enum err questions_add(struct questions *questions, const struct value *value,
                       enum value_scope scope);

/**
 * Add the values that stand in a text, defanged or not: what may be a word as well, such as
 * "and/or" or a file's name, is none.
 *
 * questions   begun
 * text        any bytes
 *
 * Errors    ERR_LIMIT too many
 */
MUST_USE
enum err questions_add_prose(struct questions *questions, struct span text);

/**
 * Add the values of a file: a list, CSV, STIX, MISP, ..., or prose. Entries that hold none are
 * counted, and the first of them told.
 *
 * questions   begun
 * invocation  parsed and gathered; told on its `err`
 * argument    index of the file
 *
 * Errors    ERR_FORMAT there is no value in it; ERR_UNSUPPORTED it is compressed; ERR_LIMIT; those
 *           of opening it
 */
MUST_USE
enum err questions_add_file(struct questions *questions, const struct invocation *invocation,
                            size_t argument);

#endif
