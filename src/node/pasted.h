// SPDX-License-Identifier: EUPL-1.2
/*
 * Values in prose that somebody pasted: a warning, a mail, a chat. Defanged ones are understood;
 * words that only look like names ("e.g", "invoice.pdf") are not taken for some. A word that is no
 * value as a whole is taken apart at "= : & # @" and brackets, so that "sha256=...", "C2:name" and
 * "[a](http://a.example/b)" tell theirs; a URL with a scheme stays whole. Of a URL of another
 * scheme than the web's ("tcp://192.0.2.7:53") the host, and it with its port, are told too.
 */
#ifndef NODE_PASTED_H
#define NODE_PASTED_H

#include "value/value.h"

/* Who is told of each value; its bytes live until it returns. */
struct pasted_visitor {
    enum err (*visit)(void *context, const struct value *value, enum value_scope scope);
    void *context;
};

/**
 * Find the values in prose, in their order. One may come several times.
 *
 * op        work in hand
 * text      any bytes
 * visitor   told of each
 *
 * Errors    ERR_LIMIT no memory; or what the visitor returned
 */
MUST_USE
enum err pasted_prose(struct op *op, struct span text, const struct pasted_visitor *visitor);

/**
 * As pasted_prose(), line by line: one that is a value as a whole is that one, and comments of
 * lists are passed over.
 *
 * op        work in hand
 * text      any bytes
 * visitor   told of each
 *
 * Errors    ERR_LIMIT no memory; or what the visitor returned
 */
MUST_USE
enum err pasted_lines(struct op *op, struct span text, const struct pasted_visitor *visitor);

#endif
