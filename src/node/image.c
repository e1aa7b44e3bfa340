// SPDX-License-Identifier: EUPL-1.2
#include "node/image.h"

#include "base/must.h"

#define FOLDER "index"

enum err image_path(struct op *op, const struct image_sort *sort, struct span name,
                    struct span *ret)
{
    struct buf path;
    buf_init(&path, DISK_PATH_SIZE_MAX);
    buf_add(&path, SPAN(FOLDER "/"));
    buf_add(&path, name);
    buf_add(&path, sort->suffix);
    enum err err = op_copy(op, buf_span(&path), ret);
    buf_done(&path);
    return err;
}

/* An image that is there but damaged is made anew, like one that is absent. */
static bool is_there(struct op *op, struct node *node, struct span path)
{
    struct span map;
    if (disk_map(op, node->world_disk, path, &map) != ERR_OK) {
        op_fault_clear(op);
        return false;
    }
    bool there = match_image_check(op, map) == ERR_OK;
    disk_unmap(node->world_disk, map);
    op_fault_clear(op);
    return there;
}

static enum err make(struct op *op, struct node *node, const struct image_sort *sort,
                     struct span path)
{
    struct buf image;
    buf_init(&image, (size_t)1 << IMAGE_SIZE_MAX_BITS);
    enum err err = sort->make(op, node, &image);
    if (err == ERR_OK) {
        err = disk_replace(op, node->world_disk, path, buf_span(&image));
    }
    buf_done(&image);
    if (err == ERR_LIMIT && op->fault.err == ERR_OK) {
        err = op_fail(op, err, "out of memory for the index");
    }
    return err;
}

static enum err remove_other(struct op *op, struct node *node, const struct image_sort *sort,
                             struct span name, struct span path)
{
    struct buf other;
    enum err err = ERR_OK;
    if (!span_ends_with(name, sort->suffix)) {
        return ERR_OK;
    }
    buf_init(&other, DISK_PATH_SIZE_MAX);
    buf_add(&other, SPAN(FOLDER "/"));
    buf_add(&other, name);
    if (!span_equal(buf_span(&other), path)) {
        err = disk_remove(op, node->world_disk, buf_span(&other));
    }
    buf_done(&other);
    return err;
}

/* Older images go; a watch that still uses one has it mapped. */
static enum err sweep(struct op *op, struct node *node, const struct image_sort *sort,
                      struct span path)
{
    struct span *names = NULL;
    size_t count = 0;
    TRY(disk_list(op, node->world_disk, SPAN(FOLDER), &names, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(remove_other(op, node, sort, names[i], path));
    }
    return ERR_OK;
}

enum err image_ensure(struct op *op, struct node *node, const struct image_sort *sort,
                      struct span name, struct span *ret_path)
{
    struct span path;
    must(node->writer);
    TRY(disk_make_folder(op, node->world_disk, SPAN(FOLDER)));
    TRY(image_path(op, sort, name, &path));
    if (!is_there(op, node, path)) {
        TRY(make(op, node, sort, path));
    }
    TRY(sweep(op, node, sort, path));
    *ret_path = path;
    return ERR_OK;
}
