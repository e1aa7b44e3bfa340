// SPDX-License-Identifier: EUPL-1.2
/*
 * The things that the numbers of a shadow stand for, as the store takes and gives them. The texts
 * are made anew with each call, in the op's memory.
 */
#ifndef TESTS_STORE_TRIAL_THINGS_H
#define TESTS_STORE_TRIAL_THINGS_H

#include "tests/store/trial_shadow.h"

/* A source's name; empty for the owner. */
struct span thing_source(size_t source);

/* A set's name, and whose it is. */
struct span thing_set(struct op *op, size_t set);
size_t thing_set_source(size_t set);

/* One value of the sets; and which it is, SHADOW_VALUES for none of them. */
struct value thing_value(struct op *op, size_t value);
size_t thing_value_number(struct op *op, const struct value *value);

/* What came in as a list. */
struct span thing_list(struct op *op, size_t list);

/* An object's id; all bytes of one; when a version was made; the value an indicator watches for. */
struct span thing_object_id(struct op *op, size_t object);
struct span thing_object(struct op *op, struct shadow_object object);
int64_t thing_modified_us(size_t version);
struct span thing_watched_value(struct op *op, struct shadow_object object);

/* The identity that comes with the world. */
struct span thing_owner(struct op *op);

/* An input as it stands. */
struct store_input thing_input(struct op *op, size_t input, const struct shadow_input *stands);

/* The indicators that the watch meets, hosts (also SHADOW_MANY), what was observed, evidence. */
struct span thing_watched_id(struct op *op, size_t watched);
struct span thing_host(struct op *op, size_t host);
struct span thing_observed(struct op *op, size_t observed);
struct span thing_evidence(struct op *op, uint64_t tag);

#endif
