// SPDX-License-Identifier: EUPL-1.2
/*
 * Where a document breaks the rules. simdjson says that a document is refused, not at which byte;
 * this second reader is slow, simple, and only asked about documents that were refused. It keeps to
 * simdjson's limits, so that both always agree on what is a document (the fuzz target holds them to
 * it).
 */
#ifndef FORMAT_JSON_LOCATE_H
#define FORMAT_JSON_LOCATE_H

#include "base/span.h"

struct json_flaw {
    enum err err;     /* ERR_FORMAT, or ERR_LIMIT where it is only too deep */
    size_t line;      /* from 1 */
    size_t offset;    /* bytes from the start of the text; its size where the text ends too early */
    const char *what; /* completes the sentence "not readable as JSON: ..." */
};

/**
 * Find the first byte at which a text is no longer a JSON document (RFC 8259, within
 * JSON_DEPTH_MAX).
 *
 * text      without byte order mark; one readable byte that is not part of a number follows it
 * ret       the flaw; untouched where there is none
 *
 * Returns false where the text is a document.
 */
bool json_locate(struct span text, struct json_flaw *ret);

#endif
