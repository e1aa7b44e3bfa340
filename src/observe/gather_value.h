// SPDX-License-Identifier: EUPL-1.2
/*
 * Texts of fields to observations, by class. Private to gather.c.
 */
#ifndef OBSERVE_GATHER_VALUE_H
#define OBSERVE_GATHER_VALUE_H

#include "observe/gather.h"

/**
 * Add what a text holds to the line; count it where it holds no value of its class.
 *
 * g            at the field that holds the text
 * field_class  any
 * value        not empty; VALUE_PADDING_SIZE readable bytes follow it
 */
void gather_value(struct gather *g, enum field_class field_class, struct span value);

/**
 * Add the URL of an HTTP request.
 *
 * g           at the field that holds the target
 * host        as for value_key_request()
 * port        as for value_key_request()
 * target      as for value_key_request()
 * host_known  the host has been observed already; else it is added too
 */
void gather_value_request(struct gather *g, struct span host, unsigned port, struct span target,
                          bool host_known);

#endif
