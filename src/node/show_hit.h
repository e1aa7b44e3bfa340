// SPDX-License-Identifier: EUPL-1.2
/*
 * A hit as it is told when it is found.
 */
#ifndef NODE_SHOW_HIT_H
#define NODE_SHOW_HIT_H

#include "node/command.h"
#include "store/fold.h"

/**
 * Print a hit, on a line, or where JSON is asked for as an object.
 *
 * invocation  prints on its `out`
 * fold        any
 */
void show_hit(struct invocation *invocation, const struct fold *fold);

#endif
