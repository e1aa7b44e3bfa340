// SPDX-License-Identifier: EUPL-1.2
/*
 * Images that a node derives lie below "index/" in the world's folder: one of the indicators, one
 * of what is allowed. A file's name tells all that its content follows from (the number of the
 * journal entry that changed it last), so that an image is right or absent.
 */
#ifndef NODE_IMAGE_H
#define NODE_IMAGE_H

#include "base/buf.h"
#include "node/node.h"

/* One sort of images. */
struct image_sort {
    struct span suffix; /* of their files' names: ".image" */
    /* Lays one out in a buffer that the caller begins and ends. */
    enum err (*make)(struct op *op, struct node *node, struct buf *ret);
};

enum { IMAGE_SIZE_MAX_BITS = 36 };

/**
 * Where the image of a name lies, whether or not it is there.
 *
 * op        work in hand; the path lives in its memory
 * sort      which
 * name      of its file, without the suffix
 * ret       untouched on error
 *
 * Errors    ERR_LIMIT no memory
 */
MUST_USE
enum err image_path(struct op *op, const struct image_sort *sort, struct span name,
                    struct span *ret);

/**
 * See to it that the image of a name is there, and no other one of its sort.
 *
 * op        work in hand; the path lives in its memory
 * node      open for writing
 * sort      which
 * name      of its file, without the suffix
 * ret_path  untouched on error
 *
 * Errors    ERR_FULL; ERR_IO; ERR_LIMIT no memory; or what making it returned
 */
MUST_USE
enum err image_ensure(struct op *op, struct node *node, const struct image_sort *sort,
                      struct span name, struct span *ret_path);

#endif
