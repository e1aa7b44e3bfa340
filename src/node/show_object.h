// SPDX-License-Identifier: EUPL-1.2
/*
 * Showing versions of STIX indicators: where each came from, how it stands and why.
 */
#ifndef NODE_SHOW_OBJECT_H
#define NODE_SHOW_OBJECT_H

#include "node/print.h"
#include "store/store.h"

/**
 * Show all versions of an indicator, each with its bytes as they came.
 *
 * invocation  prints on its `out`
 * id          "indicator--..."
 * found       counted up by the versions
 *
 * Errors    those of store_objects_walk() and store_object_read()
 */
MUST_USE
enum err show_object_versions(struct invocation *invocation, struct span id, uint64_t *found);

/**
 * Show the versions of indicators that name a value and are not watched, without their bytes.
 *
 * invocation  prints on its `out`
 * value       canonical
 * found       counted up by the versions
 *
 * Errors    those of store_objects_walk()
 */
MUST_USE
enum err show_object_unwatched(struct invocation *invocation, const struct value *value,
                               uint64_t *found);

#endif
