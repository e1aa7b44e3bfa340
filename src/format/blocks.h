// SPDX-License-Identifier: EUPL-1.2
/*
 * Text in blocks, as people write rules: a line [word "id"], then lines "key = value"
 * (docs/format/parties.md). Every piece knows its line, so that each fault can be told with it.
 * (inih, which reads linie.conf, does not say where a section begins: two blocks of one id, for two
 * periods, would be one.)
 */
#ifndef FORMAT_BLOCKS_H
#define FORMAT_BLOCKS_H

#include "base/op.h"

enum {
    BLOCKS_TEXT_SIZE_MAX = 1 << 20, /* of a file */
    BLOCKS_LINE_SIZE_MAX = 4096,
    BLOCKS_VALUE_SIZE_MAX = 1 << 14, /* with the lines that go on with it */
    BLOCKS_ID_SIZE_MAX = 64,
};

struct blocks_field {
    struct span key;
    struct span value; /* without white space at its ends; UTF-8 without control characters */
    unsigned line;
};

struct blocks_block {
    struct span word;
    struct span id;
    unsigned line;
    size_t field_first; /* in blocks.fields */
    size_t field_count;
};

/* Spans lie in the op's memory or in the text that was read. */
struct blocks {
    const struct blocks_block *blocks;
    size_t block_count;
    const struct blocks_field *fields;
    size_t field_count;
};

/**
 * Read a text. What words and keys mean, and how often a key may stand, is the caller's.
 *
 * op        work in hand; what is returned lives in its memory
 * name      of the file, for faults
 * text      read; borrowed as long as what is returned is used
 * ret       in the order of the text; untouched on error
 *
 * Errors    ERR_FORMAT a line is none of those that there may be, or not UTF-8, or has control
 *           characters (the fault names file and line); ERR_LIMIT text, line or value too long, or
 *           no memory
 */
MUST_USE
enum err blocks_read(struct op *op, struct span name, struct span text, struct blocks *ret);

/**
 * Whether a text can be the id of a block: 1 to BLOCKS_ID_SIZE_MAX of a-z, 0-9, ".", "-".
 *
 * id        looked at
 */
bool blocks_id_is_valid(struct span id);

#endif
