// SPDX-License-Identifier: EUPL-1.2
/*
 * Budget: 80 ns for a line of 100 tokens and 25 keys (bench/record_bench.c, "fast engine" less the
 * best index).
 * Comparing is done in 16 bytes at a time, with vectors that gcc and clang know on every machine;
 * they are loaded with memcpy, which is one instruction here.
 */
#include "format/record_memo.h"

#include "base/memory.h"

enum {
    CHUNK_SIZE = RECORD_PIECE_SIZE,
    STRIDE_SIZE = RECORD_MEMO_STRIDE_SIZE,
    CHECK_STEP = RECORD_MEMO_CHECK_STEP,
    PIECE_LOOK_MAX = 16,
};

typedef uint64_t chunk __attribute__((vector_size(CHUNK_SIZE)));

static size_t round_up(size_t size, size_t step)
{
    return (size + step - 1) / step * step;
}

_Static_assert((int)RECORD_MEMO_FIELD_COUNT_MAX < (int)RECORD_FIELD_COUNT_MAX,
               "no cut record is kept");

static chunk chunk_load(const uint8_t *bytes)
{
    chunk loaded;
    memcpy(&loaded, bytes, sizeof loaded);
    return loaded;
}

/* A chunk that stands where it is aligned: an operand of the processor, not a load by itself. */
static inline chunk chunk_at(const uint8_t *bytes)
{
    return *(const chunk *)(const void *)bytes;
}

static bool chunk_is_zero(chunk value)
{
    return (value[0] | value[1]) == 0;
}

bool record_memory_init(struct record_memory *memory)
{
    memset(memory, 0, sizeof *memory);
    arena_init(&memory->arena, RECORD_MEMO_MEMORY_MAX);
    memory->pieces = memory_new_array(RECORD_PIECE_COUNT_MAX, sizeof *memory->pieces);
    memory->piece_count = 1; /* the first is empty, and fits anything */
    return memory->pieces != NULL;
}

void record_memory_done(struct record_memory *memory)
{
    memory_free(memory->pieces);
    arena_done(&memory->arena);
}

/* Both halves of a product of two words, which depend on all their bits, as one word. */
static inline uint64_t pair_mix(const uint8_t *bytes, uint64_t salt)
{
    __extension__ typedef unsigned __int128 product;
    const uint64_t mix_first = 0x9E3779B97F4A7C15u; /* bits well spread: 2^64 / golden ratio */
    const uint64_t mix_last = 0xD6E8FEB86659FD93u;  /* bits well spread */
    uint64_t first = record_key_word(bytes) ^ (mix_first + salt);
    uint64_t last = record_key_word(bytes + sizeof first) ^ (mix_last - salt);
    product both = (product)first * last;
    return (uint64_t)both ^ (uint64_t)(both >> 64); /* the upper 64 bits */
}

/* The products do not wait for each other; the salt makes their order count. */
uint32_t record_memo_hash(const struct record_tokens *tokens)
{
    uint64_t sum = tokens->count;
    for (size_t at = 0; at < tokens->count; at += STRIDE_SIZE) {
        const uint8_t *bytes = tokens->classes + at;
        sum += pair_mix(bytes, at);
        sum += pair_mix(bytes + CHUNK_SIZE, at + 1);
        sum += pair_mix(bytes + 2 * CHUNK_SIZE, at + 2);
        sum += pair_mix(bytes + 3 * CHUNK_SIZE, at + 3); /* the last of the stride */
    }
    return (uint32_t)(sum ^ sum >> 32);
}

static inline chunk chunk_differs(const uint8_t *a, const uint8_t *b)
{
    return chunk_at(a) ^ chunk_at(b);
}

static bool skeleton_equal(const struct record_memo *memo, const struct record_tokens *tokens)
{
    if (memo->token_count != tokens->count) {
        return false;
    }
    const uint8_t *classes = memo->parts;
    chunk different = { 0 };
    for (size_t at = 0; at < tokens->count; at += STRIDE_SIZE) {
        different |= chunk_differs(classes + at, tokens->classes + at);
        different |= chunk_differs(classes + at + 16, tokens->classes + at + 16);
        different |= chunk_differs(classes + at + 32, tokens->classes + at + 32);
        different |= chunk_differs(classes + at + 48, tokens->classes + at + 48);
    }
    return chunk_is_zero(different);
}

/* A key that is remembered, quotes included, is no longer than the line's padding: so what is read
 * of a line is its own or padding, and the mask takes away what is not of the key. */
static inline chunk check_differs(struct record_check check, const uint8_t *pieces,
                                  const struct record_source *source)
{
    const uint8_t *piece = pieces + check.piece;
    size_t at = (size_t)source->tokens->positions[check.token] + check.offset;
    chunk got = chunk_load(source->line.data + at);
    return (got ^ chunk_at(piece + offsetof(struct record_piece, bytes))) &
           chunk_at(piece + offsetof(struct record_piece, mask));
}

static bool keys_equal(const struct record_memo *memo, const struct record_piece *all,
                       const struct record_source *source)
{
    const uint8_t *pieces = (const uint8_t *)all;
    const struct record_memo_parts parts = record_memo_parts(memo);
    chunk different = { 0 };
    const struct record_check *end = parts.checks + memo->check_count;
    for (const struct record_check *check = parts.checks; check < end; check += CHECK_STEP) {
        different |= check_differs(check[0], pieces, source);
        different |= check_differs(check[1], pieces, source);
        different |= check_differs(check[2], pieces, source);
        different |= check_differs(check[3], pieces, source);
    }
    return chunk_is_zero(different);
}

static void move_to_front(struct record_memo_bucket *bucket, size_t way)
{
    uint32_t hash = bucket->hashes[way];
    const struct record_memo *memo = bucket->memos[way];
    for (size_t i = way; i > 0; i--) {
        bucket->hashes[i] = bucket->hashes[i - 1];
        bucket->memos[i] = bucket->memos[i - 1];
    }
    bucket->hashes[0] = hash;
    bucket->memos[0] = memo;
}

const struct record_memo *record_memo_find(struct record_memory *memory,
                                           const struct record_source *source, uint32_t hash)
{
    struct record_memo_bucket *bucket = &memory->buckets[hash & (RECORD_MEMO_BUCKET_COUNT - 1)];
    for (size_t way = 0; way < RECORD_MEMO_WAY_COUNT; way++) {
        const struct record_memo *memo = bucket->memos[way];
        if (memo == NULL || bucket->hashes[way] != hash) {
            continue;
        }
        if (skeleton_equal(memo, source->tokens) && keys_equal(memo, memory->pieces, source)) {
            if (way > 0) {
                move_to_front(bucket, way);
            }
            return memo;
        }
    }
    return NULL;
}

enum record_fault record_memo_read(const struct record_memo *memo, struct record_source *source,
                                   struct record *ret)
{
    const struct record_memo_parts parts = record_memo_parts(memo);
    bool escapes = source->tokens->escapes;
    for (size_t i = 0; i < memo->field_count; i++) {
        size_t token = parts.fields[i].token;
        struct record_field *field = &ret->fields[i];
        field->slot = parts.fields[i].slot;
        if (parts.classes[token] == RECORD_CLASS_QUOTE && !escapes) {
            field->type = RECORD_STRING;
            field->value = record_string_raw(source, token);
            continue;
        }
        enum record_fault fault = record_value_read(source, token, field);
        if (fault != RECORD_FAULT_NONE) {
            return fault;
        }
    }
    ret->count = memo->field_count;
    return RECORD_FAULT_NONE;
}

enum record_fault record_memo_know(const struct record_memory *memory,
                                   const struct record_memo *memo,
                                   const struct record_source *source, struct record_known *known)
{
    const struct record_memo_parts parts = record_memo_parts(memo);
    for (size_t i = 0; i < memo->scalar_count; i++) {
        if (!record_scalar_is_short(source, parts.scalars[i]) &&
            !record_scalar_fits(source, parts.scalars[i])) {
            return RECORD_FAULT_SYNTAX;
        }
    }
    *known = (struct record_known){ .number = memo->number,
                                    .age = memory->age,
                                    .memo = memo,
                                    .places = parts.fields,
                                    .positions = source->tokens->positions,
                                    .data = source->line.data };
    return RECORD_FAULT_NONE;
}

/* A key as it stands in the line, with both quotes. */
static struct span key_quoted(const struct record_source *source, size_t token)
{
    struct span raw = record_string_raw(source, token);
    return span_make(raw.data - 1, raw.size + 2);
}

/* How many checks the keys of a walk need; more than the maximum where they cannot be kept. */
static size_t checks_needed(const struct record_source *source, const struct record_trace *trace)
{
    if (trace->key_count > RECORD_TRACE_KEY_COUNT_MAX) {
        return RECORD_MEMO_CHECK_COUNT_MAX + 1;
    }
    size_t count = 0;
    for (size_t i = 0; i < trace->key_count; i++) {
        size_t size = key_quoted(source, trace->keys[i]).size;
        if (size > RECORD_PADDING_SIZE) {
            return RECORD_MEMO_CHECK_COUNT_MAX + 1;
        }
        count += round_up(size, CHUNK_SIZE) / CHUNK_SIZE;
    }
    return round_up(count, CHECK_STEP);
}

static bool piece_equal(const struct record_piece *a, const struct record_piece *b)
{
    return memcmp(a->mask, b->mask, sizeof a->mask) == 0 &&
           memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* The number of a piece, which is added where it is new; 0 where there is no room. Crafted keys
 * that fall into one place find none soon. */
static uint16_t piece_number(struct record_memory *memory, const struct record_piece *piece)
{
    uint64_t hash = pair_mix(piece->bytes, 0);
    size_t bucket = (hash ^ hash >> 32) & (RECORD_PIECE_BUCKET_COUNT - 1);
    size_t looked = 0;
    while (memory->piece_buckets[bucket] != 0 && looked < PIECE_LOOK_MAX) {
        const struct record_piece *other = &memory->pieces[memory->piece_buckets[bucket] - 1];
        if (piece_equal(other, piece)) {
            return (uint16_t)(memory->piece_buckets[bucket] - 1);
        }
        bucket = (bucket + 1) & (RECORD_PIECE_BUCKET_COUNT - 1);
        looked++;
    }
    if (memory->piece_count == RECORD_PIECE_COUNT_MAX || looked == PIECE_LOOK_MAX) {
        return 0;
    }
    uint16_t number = memory->piece_count;
    memory->pieces[number] = *piece;
    memory->piece_count++;
    memory->piece_buckets[bucket] = memory->piece_count;
    return number;
}

/* False where there was no room for all pieces. */
static bool checks_fill(struct record_memory *memory, const struct record_source *source,
                        const struct record_trace *trace, struct record_memo_parts parts)
{
    size_t count = 0;
    for (size_t i = 0; i < trace->key_count; i++) {
        struct span key = key_quoted(source, trace->keys[i]);
        for (size_t offset = 0; offset < key.size; offset += CHUNK_SIZE) {
            struct record_piece piece = { 0 };
            size_t rest = key.size - offset;
            size_t size = rest < CHUNK_SIZE ? rest : CHUNK_SIZE;
            memset(piece.mask, 0xFF, size);
            span_copy(piece.bytes, CHUNK_SIZE, span_slice(key, offset, offset + size));
            uint16_t number = piece_number(memory, &piece);
            if (number == 0) {
                return false;
            }
            parts.checks[count] = (struct record_check){ .token = (uint16_t)trace->keys[i],
                                                         .offset = (uint16_t)offset,
                                                         .piece = number * (uint32_t)sizeof piece };
            count++;
        }
    }
    return true;
}

/* Room for a memo and all its parts, all zero; NULL when there is none. */
static struct record_memo *memo_alloc(struct record_memory *memory, size_t token_count,
                                      size_t check_count, size_t field_count)
{
    size_t check_size = sizeof(struct record_check);
    size_t field_size = sizeof(struct record_place) + sizeof(uint16_t);
    size_t size = sizeof(struct record_memo) + round_up(token_count, STRIDE_SIZE) +
                  check_count * check_size + field_count * field_size;
    struct record_memo *memo = arena_alloc(&memory->arena, size);
    if (memo != NULL) {
        memo->token_count = (uint32_t)token_count;
        memo->check_count = (uint32_t)check_count;
        memo->field_count = (uint32_t)field_count;
        memory->count++;
        memo->number = memory->count;
    }
    return memo;
}

static void forget_all(struct record_memory *memory)
{
    arena_reset(&memory->arena);
    memory->count = 0;
    memory->age++;
    memory->piece_count = 1;
    memset(memory->piece_buckets, 0, sizeof memory->piece_buckets);
    memset(memory->buckets, 0, sizeof memory->buckets);
}

/* Whether a hash was met of late; notes it, in the place of an older one, if not. */
static bool seen_before(struct record_memory *memory, uint32_t hash)
{
    size_t set = hash / RECORD_MEMO_BUCKET_COUNT & (RECORD_MEMO_SEEN_COUNT - 1);
    uint32_t *seen = memory->seen[set];
    if (seen[0] == hash || seen[1] == hash) {
        return true;
    }
    seen[1] = seen[0];
    seen[0] = hash;
    return false;
}

void record_memo_learn(struct record_memory *memory, const struct record_source *source,
                       uint32_t hash, const struct record_trace *trace, const struct record *record)
{
    if (!seen_before(memory, hash)) {
        return;
    }
    size_t token_count = source->tokens->count;
    size_t check_count = checks_needed(source, trace);
    if (token_count > RECORD_MEMO_TOKEN_COUNT_MAX || check_count > RECORD_MEMO_CHECK_COUNT_MAX ||
        record->count > RECORD_MEMO_FIELD_COUNT_MAX) {
        return;
    }
    struct record_memo *memo = memo_alloc(memory, token_count, check_count, record->count);
    if (memo == NULL || !checks_fill(memory, source, trace, record_memo_parts(memo))) {
        forget_all(memory);
        return;
    }
    struct record_memo_parts parts = record_memo_parts(memo);
    span_copy(parts.classes, token_count, span_make(source->tokens->classes, token_count));
    for (size_t i = 0; i < record->count; i++) {
        uint16_t token = (uint16_t)trace->fields[i];
        parts.fields[i] = (struct record_place){ token, record->fields[i].slot };
        if (record->fields[i].type != RECORD_STRING) {
            parts.scalars[memo->scalar_count] = token;
            memo->scalar_count++;
        }
    }
    struct record_memo_bucket *bucket = &memory->buckets[hash & (RECORD_MEMO_BUCKET_COUNT - 1)];
    size_t last = RECORD_MEMO_WAY_COUNT - 1;
    bucket->hashes[last] = hash;
    bucket->memos[last] = memo;
    move_to_front(bucket, last);
}
