// SPDX-License-Identifier: EUPL-1.2
/*
 * How each output stands, as `linie output list` and `linie status` show it.
 */
#ifndef NODE_OUTPUT_VIEW_H
#define NODE_OUTPUT_VIEW_H

#include "node/node.h"
#include "node/output_state.h"
#include "node/print.h"

struct output_view {
    const struct config_output *config;
    bool begun; /* a run has seen it: the rest holds */
    struct output_state state;
    uint64_t behind;   /* events of the journal that it has not got, or that are not for it */
    int64_t oldest_us; /* when the first of them was written; TIME_US_NONE where there is none */
};

/**
 * How the outputs of the node's world stand.
 *
 * op         work in hand; the list lives in its memory
 * node       open, its store too
 * ret        the list, in the order of the configuration
 * ret_count  how many
 *
 * Errors    ERR_IO; ERR_LIMIT; ERR_DENIED
 */
MUST_USE
enum err output_views_read(struct op *op, struct node *node, struct output_view **ret,
                           size_t *ret_count);

/**
 * Where an output goes: its path or URL.
 *
 * config    of the output
 */
struct span output_view_target(const struct config_output *config);

/**
 * Print how an output stands, in one paragraph, after its name.
 *
 * invocation  prints on its `out`
 * view        shown
 * indent      of all lines but the first
 */
void output_view_words(const struct invocation *invocation, const struct output_view *view,
                       size_t indent);

/**
 * Write how an output stands as an object.
 *
 * w         writer
 * view      shown
 */
void output_view_json(struct json_writer *w, const struct output_view *view);

#endif
