// SPDX-License-Identifier: EUPL-1.2
/*
 * Memory of the fast record scanner: the lines of one source have few skeletons. A memo holds a
 * skeleton (the classes of a line's tokens), the keys that a walk over such a line looked up, and
 * which tokens it read as fields. A line with the same skeleton and the same bytes in the place of
 * those keys would be walked the same way, so its fields are read without a walk. Private to
 * record*.c.
 *
 * A skeleton is kept when it is met again soon. When the memory is full all of it is forgotten:
 * what matters is soon there again, and what a line costs stays in proportion to its size.
 */
#ifndef FORMAT_RECORD_MEMO_H
#define FORMAT_RECORD_MEMO_H

#include "format/record_walk.h"

enum {
    RECORD_MEMO_MEMORY_MAX = 1024 * 1024,
    RECORD_MEMO_TOKEN_COUNT_MAX = 2048, /* longer lines are always walked */
    RECORD_MEMO_FIELD_COUNT_MAX = 256,
    RECORD_MEMO_CHECK_COUNT_MAX = 512,
    RECORD_MEMO_BUCKET_COUNT = 512, /* a power of two */
    RECORD_MEMO_WAY_COUNT = 4,
    RECORD_MEMO_SEEN_COUNT = 1024, /* a power of two */
    RECORD_MEMO_STRIDE_SIZE = 64,  /* skeletons are hashed and compared so many classes at a time */
    RECORD_MEMO_CHECK_STEP = 4,    /* and keys so many checks */
    RECORD_PIECE_SIZE = 16,
    RECORD_PIECE_COUNT_MAX = 2048,
    RECORD_PIECE_BUCKET_COUNT = 4096, /* a power of two */
};

/* A piece of a key that must stand in the line: where, and which. */
struct record_check {
    uint16_t token;
    uint16_t offset; /* behind the token's begin */
    uint32_t piece;  /* where it lies among the pieces, in bytes: nothing is left to work out */
};

/* One piece of memory, so that nothing waits for a pointer: the skeleton, with zeros up to a whole
 * stride; the checks; the fields; the tokens of those that are no strings. */
struct record_memo {
    uint32_t token_count;
    uint32_t check_count; /* with empty ones up to a whole step */
    uint32_t field_count;
    uint32_t scalar_count;
    uint32_t number;
    uint8_t parts[] __attribute__((aligned(RECORD_PIECE_SIZE)));
};

struct record_memo_parts {
    uint8_t *classes;
    struct record_check *checks;
    struct record_place *fields;
    uint16_t *scalars;
};

/* Memos whose skeletons share a hash, the last one used first. */
struct record_memo_bucket {
    uint32_t hashes[RECORD_MEMO_WAY_COUNT];
    const struct record_memo *memos[RECORD_MEMO_WAY_COUNT]; /* NULL: free */
};

/* Up to 16 bytes of a key, quotes included, which many memos share: so that what a line is compared
 * with stays in a processor's near caches. */
struct record_piece {
    uint8_t bytes[RECORD_PIECE_SIZE];
    uint8_t mask[RECORD_PIECE_SIZE]; /* all ones where a byte counts */
} __attribute__((aligned(RECORD_PIECE_SIZE)));

struct record_memory {
    struct record_piece *pieces;
    uint16_t piece_count;
    uint16_t piece_buckets[RECORD_PIECE_BUCKET_COUNT]; /* number + 1 of a piece; 0: free */
    struct arena arena;
    uint32_t count;                           /* of memos made since all was forgotten */
    uint32_t age;                             /* how often all was forgotten */
    uint32_t seen[RECORD_MEMO_SEEN_COUNT][2]; /* hashes met of late, two in a place */
    struct record_memo_bucket buckets[RECORD_MEMO_BUCKET_COUNT];
};

/**
 * Where the parts of a memo lie.
 *
 * memo      made by record_memo_learn()
 */
static inline struct record_memo_parts record_memo_parts(const struct record_memo *memo)
{
    size_t strides = (memo->token_count + RECORD_MEMO_STRIDE_SIZE - 1) / RECORD_MEMO_STRIDE_SIZE;
    struct record_memo_parts parts;
    parts.classes = (uint8_t *)(uintptr_t)memo->parts;
    parts.checks =
        (struct record_check *)(void *)(parts.classes + strides * RECORD_MEMO_STRIDE_SIZE);
    parts.fields = (struct record_place *)(void *)(parts.checks + memo->check_count);
    parts.scalars = (uint16_t *)(void *)(parts.fields + memo->field_count);
    return parts;
}

/**
 * Begin with nothing remembered.
 *
 * memory    caller's memory
 *
 * Returns false where there is no memory for it; it is then to be given back all the same.
 */
MUST_USE
bool record_memory_init(struct record_memory *memory);

/**
 * Forget all and give the memory back.
 *
 * memory    begun with record_memory_init()
 */
void record_memory_done(struct record_memory *memory);

/**
 * The hash of a line's skeleton.
 *
 * tokens    of the line
 */
uint32_t record_memo_hash(const struct record_tokens *tokens);

/**
 * A memo that holds for a line.
 *
 * memory    searched; what was found comes first the next time
 * source    the line and its tokens
 * hash      record_memo_hash() of them
 *
 * Returns NULL when there is none.
 */
const struct record_memo *record_memo_find(struct record_memory *memory,
                                           const struct record_source *source, uint32_t hash);

/**
 * Read the fields of a line for which a memo holds.
 *
 * memo      found by record_memo_find() for this line
 * source    the line and its tokens
 * ret       receives the fields
 *
 * Returns RECORD_FAULT_SYNTAX where a wanted value is not well formed.
 */
MUST_USE
enum record_fault record_memo_read(const struct record_memo *memo, struct record_source *source,
                                   struct record *ret);

/**
 * Tell where the fields of a line stand for which a memo holds.
 *
 * memory    that the memo is in
 * memo      found by record_memo_find() for this line
 * source    the line and its tokens
 * known     receives it
 *
 * Returns RECORD_FAULT_SYNTAX where a wanted number or literal is not well formed.
 */
MUST_USE
enum record_fault record_memo_know(const struct record_memory *memory,
                                   const struct record_memo *memo,
                                   const struct record_source *source, struct record_known *known);

/**
 * Remember a walk, if its skeleton was met before and all of it fits.
 *
 * memory    grows
 * source    the line that was walked without a fault
 * hash      record_memo_hash() of its tokens
 * trace     of that walk
 * record    of that walk
 */
void record_memo_learn(struct record_memory *memory, const struct record_source *source,
                       uint32_t hash, const struct record_trace *trace,
                       const struct record *record);

#endif
