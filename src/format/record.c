// SPDX-License-Identifier: EUPL-1.2
#include "format/record.h"

#include "base/memory.h"
#include "base/must.h"
#include "format/record_engine.h"

enum {
    SHAPE_MEMORY_MAX = 8 * 1024 * 1024,
    EDGE_COUNT_MIN = 4, /* a power of two */
};

struct record_scanner {
    struct record_fast *fast; /* one of the two is NULL */
    struct record_dom *dom;
};

/* A node while the paths come in: what is below it is a list. */
struct draft {
    struct span key;
    int32_t slot;
    struct draft *first; /* below this one, newest first */
    struct draft *next;  /* beside this one */
};

static struct draft *draft_below(struct arena *arena, struct draft *parent, struct span key)
{
    for (struct draft *draft = parent->first; draft != NULL; draft = draft->next) {
        if (span_equal(draft->key, key)) {
            return draft;
        }
    }
    struct draft *draft = arena_alloc(arena, sizeof *draft);
    uint8_t *bytes = arena_alloc(arena, key.size + RECORD_KEY_PADDING_SIZE);
    if (draft == NULL || bytes == NULL) {
        return NULL;
    }
    span_copy(bytes, key.size, key);
    *draft = (struct draft){ span_make(bytes, key.size), RECORD_SLOT_NONE, NULL, parent->first };
    parent->first = draft;
    return draft;
}

static enum err path_add(struct op *op, struct arena *arena, struct draft *root,
                         const struct record_path *path)
{
    struct draft *draft = root;
    struct span rest = span_of(path->path);
    struct span key;
    while (span_next(&rest, '/', &key)) {
        draft = draft_below(arena, draft, key);
        if (draft == NULL) {
            return op_fail(op, ERR_LIMIT, "no memory for the record path \"%s\"", path->path);
        }
    }
    if (draft->slot != RECORD_SLOT_NONE && draft->slot != path->slot) {
        return op_fail(op, ERR_EXISTS, "the record path \"%s\" is given two slots: %d and %d",
                       path->path, (int)draft->slot, (int)path->slot);
    }
    draft->slot = path->slot;
    return ERR_OK;
}

static size_t edge_table_size(const struct draft *draft)
{
    size_t count = 0;
    for (const struct draft *below = draft->first; below != NULL; below = below->next) {
        count++;
    }
    size_t size = EDGE_COUNT_MIN;
    while (size < 2 * count) { /* half of it stays free: the search ends at a free place */
        size *= 2;
    }
    return size;
}

static void edge_add(struct record_node *node, struct span key, const struct record_node *child)
{
    uint32_t at = record_key_hash(key) & node->edge_mask;
    while (node->edges[at].node != NULL) {
        at = (at + 1) & node->edge_mask;
    }
    node->edges[at] = (struct record_edge){ key, child };
}

/* The tree for a draft and all below it; NULL when there is no memory. As deep as the paths, which
 * are the program's own. */
static const struct record_node *node_make(struct arena *arena, const struct draft *draft)
{
    struct record_node *node = arena_alloc(arena, sizeof *node);
    if (node == NULL) {
        return NULL;
    }
    node->slot = draft->slot;
    if (draft->first == NULL) {
        return node;
    }
    size_t table_size = edge_table_size(draft);
    node->edges = arena_alloc(arena, table_size * sizeof *node->edges);
    node->edge_mask = (uint32_t)(table_size - 1);
    if (node->edges == NULL) {
        return NULL;
    }
    for (const struct draft *below = draft->first; below != NULL; below = below->next) {
        const struct record_node *child = node_make(arena, below);
        if (child == NULL) {
            return NULL;
        }
        edge_add(node, below->key, child);
    }
    return node;
}

static enum err shape_compile(struct op *op, struct record_shape *shape,
                              const struct record_path *paths, size_t count)
{
    if (count > RECORD_PATH_COUNT_MAX) {
        return op_fail(op, ERR_LIMIT, "%zu record paths; at most %d can be wanted", count,
                       RECORD_PATH_COUNT_MAX);
    }
    struct draft root = { .slot = RECORD_SLOT_NONE };
    for (size_t i = 0; i < count; i++) {
        TRY(path_add(op, &shape->arena, &root, &paths[i]));
    }
    shape->root = node_make(&shape->arena, &root);
    if (shape->root == NULL) {
        return op_fail(op, ERR_LIMIT, "no memory for %zu record paths", count);
    }
    return ERR_OK;
}

enum err record_shape_new(struct op *op, const struct record_path *paths, size_t count,
                          struct record_shape **ret)
{
    struct record_shape *shape = memory_new(sizeof *shape);
    if (shape == NULL) {
        return op_fail(op, ERR_LIMIT, "no memory for a record shape");
    }
    arena_init(&shape->arena, SHAPE_MEMORY_MAX);
    enum err err = shape_compile(op, shape, paths, count);
    if (err != ERR_OK) {
        record_shape_free(shape);
        return err;
    }
    *ret = shape;
    return ERR_OK;
}

void record_shape_free(struct record_shape *shape)
{
    if (shape == NULL) {
        return;
    }
    arena_done(&shape->arena);
    memory_free(shape);
}

enum err record_scanner_new(struct op *op, enum record_engine engine,
                            const struct record_shape *shape, struct record_scanner **ret)
{
    struct record_scanner *scanner = memory_new(sizeof *scanner);
    if (scanner == NULL) {
        return op_fail(op, ERR_LIMIT, "no memory for a record scanner");
    }
    enum err err = engine == RECORD_ENGINE_FAST ? record_fast_new(op, shape, record_index_at(0),
                                                                  record_page_way(), &scanner->fast)
                                                : record_dom_new(op, shape, &scanner->dom);
    if (err != ERR_OK) {
        record_scanner_free(scanner);
        return err;
    }
    *ret = scanner;
    return ERR_OK;
}

void record_scanner_free(struct record_scanner *scanner)
{
    if (scanner == NULL) {
        return;
    }
    record_fast_free(scanner->fast);
    record_dom_free(scanner->dom);
    memory_free(scanner);
}

static enum record_fault scan_end(enum record_fault fault, struct record *ret)
{
    if (fault != RECORD_FAULT_NONE) {
        ret->count = 0;
        ret->cut = false;
    }
    return fault;
}

enum record_fault record_scan(struct record_scanner *scanner, struct span line, struct record *ret)
{
    ret->count = 0;
    ret->cut = false;
    if (line.size > RECORD_LINE_SIZE_MAX) {
        return RECORD_FAULT_SIZE;
    }
    enum record_fault fault = scanner->fast != NULL ? record_fast_scan(scanner->fast, line, ret)
                                                    : record_dom_scan(scanner->dom, line, ret);
    return scan_end(fault, ret);
}

enum record_fault record_scan_known(struct record_scanner *scanner, struct span line,
                                    struct record *ret, struct record_known *known)
{
    known->number = 0;
    if (scanner->fast == NULL || line.size > RECORD_LINE_SIZE_MAX) {
        return record_scan(scanner, line, ret);
    }
    ret->count = 0;
    ret->cut = false;
    return scan_end(record_fast_scan_known(scanner->fast, line, ret, known), ret);
}

void record_known_read(struct record_scanner *scanner, const struct record_known *known,
                       struct record *ret)
{
    must(known->number != 0);
    ret->cut = false;
    record_fast_known_read(scanner->fast, known, ret);
}

size_t record_page_begin(struct record_scanner *scanner, struct span rest)
{
    return scanner->fast != NULL ? record_fast_page_begin(scanner->fast, rest) : 0;
}

bool record_page_next(struct record_scanner *scanner, struct record_alike *ret)
{
    return record_fast_page_next(scanner->fast, ret);
}

void record_page_refuse(struct record_scanner *scanner, const struct record_page_line *line)
{
    record_fast_page_refuse(scanner->fast, line);
}

bool record_page_other(struct record_scanner *scanner, struct span *ret_line)
{
    return record_fast_page_other(scanner->fast, ret_line);
}

const char *record_fault_name(enum record_fault fault)
{
    static const char *const names[RECORD_FAULT_COUNT] = {
        [RECORD_FAULT_NONE] = "none", [RECORD_FAULT_SYNTAX] = "syntax",
        [RECORD_FAULT_UTF8] = "utf8", [RECORD_FAULT_DEPTH] = "depth",
        [RECORD_FAULT_SIZE] = "size", [RECORD_FAULT_CONTROL] = "control",
    };
    return (size_t)fault < RECORD_FAULT_COUNT ? names[fault] : "unknown";
}
