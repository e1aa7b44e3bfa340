// SPDX-License-Identifier: EUPL-1.2
/*
 * Labels as text: one JSON object, the same bytes for the same label, so that a store can keep each
 * once (docs/format/labels.md).
 */
#ifndef POLICY_LABEL_TEXT_H
#define POLICY_LABEL_TEXT_H

#include "format/json.h"
#include "format/json_writer.h"
#include "policy/label.h"

/**
 * Write a label. What is empty is not written.
 *
 * w         receives one object
 * label     written
 */
void policy_label_write(struct json_writer *w, const struct policy_label *label);

/**
 * Read a label.
 *
 * op        work in hand; lists live in its memory
 * value     of a document that outlives the label
 * ret       untouched on error
 *
 * Errors    ERR_FORMAT it is none: whoever has it must take it for one that nobody may see;
 *           ERR_LIMIT no memory
 */
MUST_USE
enum err policy_label_read(struct op *op, struct json_value value, struct policy_label *ret);

#endif
