// SPDX-License-Identifier: EUPL-1.2
/*
 * Values in free text, as messages of programs are: addresses (with their port, where one follows),
 * domains, URLs, e-mail addresses and digests.
 *
 * Free text is full of what looks like a value and is none, so:
 *   - a name counts as a domain only where its last label is a top level domain (of libpsl's list,
 *     and some beside it; see prose.c);
 *   - where that is also how files are named (".so", ".py", ".sh", ".zip"; see prose.c), the name
 *     needs three labels, or to stand in a URL or an e-mail address;
 *   - a name before '(' is a function;
 *   - four numbers with dots between are an address, though they may be a version;
 *   - a range ("198.51.100.0/24") is none;
 *   - nothing is undone that people do to make values harmless ("hxxp", "[.]"): no log does it.
 */
#ifndef OBSERVE_PROSE_H
#define OBSERVE_PROSE_H

#include "observe/gather.h"

enum { PROSE_TOP_COUNT = 256, PROSE_TOP_SIZE_MAX = 30 };

/* A top label that was looked up. */
struct prose_top {
    uint8_t size; /* 0: free */
    uint8_t known;
    uint8_t name[PROSE_TOP_SIZE_MAX]; /* lower case */
};

struct prose {
    struct prose_top tops[PROSE_TOP_COUNT];
};

/**
 * Add the values that stand in a text. One pass; what is no value is not counted.
 *
 * prose     all zero, or used
 * gather    at the field that holds the text
 * text      UTF-8; VALUE_PADDING_SIZE readable bytes follow it
 */
void prose_gather(struct prose *prose, struct gather *gather, struct span text);

#endif
