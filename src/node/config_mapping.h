// SPDX-License-Identifier: EUPL-1.2
/*
 * The mappings of a configuration ([mapping "name"]), and the words that name a format: of a
 * reader, of a mapping of the configuration, of a ready one.
 */
#ifndef NODE_CONFIG_MAPPING_H
#define NODE_CONFIG_MAPPING_H

#include "observe/formats.h"

/**
 * Read the mappings of a configuration; all other sections are left to config_read().
 *
 * op        work in hand; holds the mappings
 * name      of the file, for messages
 * text      its content; ended by a NUL that is not part of it
 * formats   receives them
 *
 * Errors    ERR_FORMAT an unknown key, a value that does not fit, or a mapping that is not whole;
 *           ERR_LIMIT too many
 */
MUST_USE
enum err config_mappings_read(struct op *op, struct span name, struct span text,
                              struct observe_formats *formats);

/**
 * Whether a word names a format, ready mappings included.
 *
 * formats   of the configuration
 * word      as written
 */
bool config_format_is_known(const struct observe_formats *formats, struct span word);

/**
 * The name that was probably meant by one that is not known; empty where none is near.
 *
 * formats   of the configuration
 * word      as written
 */
struct span config_format_near(const struct observe_formats *formats, struct span word);

/**
 * What to say of a word that names no format: "not a format: ...; did you mean ...?".
 *
 * buf       receives it
 * formats   of the configuration
 * word      as written
 */
void config_format_refuse(struct buf *buf, const struct observe_formats *formats, struct span word);

/**
 * A mapping as the text of a configuration has it: from its heading up to the next one.
 *
 * text      of the configuration
 * name      of the mapping
 * ret       part of the text; untouched on error
 *
 * Errors    ERR_ABSENT there is none
 */
MUST_USE
enum err config_mapping_text(struct span text, struct span name, struct span *ret);

/**
 * The name in a heading such as [input "border"].
 *
 * section   what stands between the brackets
 * word      "input"
 * ret_name  untouched where false is returned
 *
 * Returns whether the heading begins with that word, and has a name in quotes.
 */
bool config_section_name(struct span section, struct span word, struct span *ret_name);

#endif
