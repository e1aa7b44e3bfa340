// SPDX-License-Identifier: EUPL-1.2
/*
 * Which events an output is configured to get, of those that the gate lets pass.
 */
#ifndef NODE_OUTPUT_FILTER_H
#define NODE_OUTPUT_FILTER_H

#include "node/config_output.h"

/**
 * Whether an output has heard of a hit before, as far as its rank goes.
 *
 * output    configured
 * event     any; a notice is always new
 */
bool output_filter_was_told(const struct config_output *output, const struct store_event *event);

/**
 * Whether an output wants an event. A notice asks for nothing but its own word among `events`.
 *
 * output    configured
 * event     any
 */
bool output_filter_passes(const struct config_output *output, const struct store_event *event);

#endif
