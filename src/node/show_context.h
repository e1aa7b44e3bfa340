// SPDX-License-Identifier: EUPL-1.2
/*
 * What a feed said beside a value: the MISP attribute and event that a hit leads back to, comments,
 * tags, references.
 */
#ifndef NODE_SHOW_CONTEXT_H
#define NODE_SHOW_CONTEXT_H

#include "node/entries.h"
#include "node/print.h"

/**
 * Show what was said, one fact a line; nothing where nothing was.
 *
 * invocation  prints on its `out`
 * entry       of entries_walk()
 * column      where the facts begin
 */
void show_context(const struct invocation *invocation, const struct entry *entry, size_t column);

/**
 * Write the members "unfit", "context" and "set_context" of an entry, where there are such.
 *
 * w         inside an object
 * entry     of entries_walk()
 */
void show_context_json(struct json_writer *w, const struct entry *entry);

#endif
