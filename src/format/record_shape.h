// SPDX-License-Identifier: EUPL-1.2
/*
 * The wanted paths of a record, compiled: a tree whose edges are keys. Private to record*.c.
 *
 * Engines go down one edge for each key of a line, so an edge is found by one hash of the key's
 * size and of its first and last eight bytes. The tree is built once and small; a crafted key can
 * at worst meet all keys of one node.
 */
#ifndef FORMAT_RECORD_SHAPE_H
#define FORMAT_RECORD_SHAPE_H

#include "format/record.h"

enum {
    RECORD_SLOT_NONE = -1,
    RECORD_KEY_PADDING_SIZE = 8, /* readable bytes behind every key that is looked up */
};

struct record_edge {
    struct span key;
    const struct record_node *node; /* NULL: a free place in the table */
};

struct record_node {
    int32_t slot;              /* RECORD_SLOT_NONE: only passed through */
    uint32_t edge_mask;        /* size of the table less one; a power of two less one */
    struct record_edge *edges; /* NULL: nothing is wanted below */
};

struct record_shape {
    struct arena arena;
    const struct record_node *root;
};

/**
 * Eight bytes of a key as a number, whatever their alignment: memcpy, since it compiles to one
 * load.
 *
 * bytes     eight of them are read
 */
static inline uint64_t record_key_word(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/**
 * First place in a node's table to look for a key.
 *
 * key       unescaped; RECORD_KEY_PADDING_SIZE readable bytes follow it
 */
static inline uint32_t record_key_hash(struct span key)
{
    const uint64_t mix_first = 0x9E3779B97F4A7C15u; /* odd, bits well spread: 2^64 / golden ratio */
    const uint64_t mix_last = 0xD6E8FEB86659FD93u;  /* odd, bits well spread */
    uint64_t first = record_key_word(key.data);
    uint64_t last = first;
    if (key.size < sizeof first) {
        uint64_t keep = ~(~(uint64_t)0 << (key.size * 8));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        keep = ~(~(uint64_t)0 >> (key.size * 8));
#endif
        first &= keep;
        last = first;
    } else {
        last = record_key_word(key.data + key.size - sizeof last);
    }
    uint64_t mixed = (first ^ key.size) * mix_first ^ last * mix_last;
    return (uint32_t)(mixed >> 32) ^ (uint32_t)(mixed >> 48);
}

/**
 * Where a key leads from a node; NULL where nothing below it is wanted.
 *
 * node      a node with edges, or without
 * key       unescaped; RECORD_KEY_PADDING_SIZE readable bytes follow it
 */
static inline const struct record_node *record_node_child(const struct record_node *node,
                                                          struct span key)
{
    if (node->edges == NULL) {
        return NULL;
    }
    uint32_t at = record_key_hash(key) & node->edge_mask;
    while (node->edges[at].node != NULL) {
        if (span_equal(node->edges[at].key, key)) {
            return node->edges[at].node;
        }
        at = (at + 1) & node->edge_mask;
    }
    return NULL;
}

#endif
