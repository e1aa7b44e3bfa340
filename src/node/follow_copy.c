// SPDX-License-Identifier: EUPL-1.2
/*
 * Copies of what was read: a rotated log that was compressed, and the copy that copytruncate makes.
 * They are other files, but hold what was counted already. A copy is known by the bytes at its
 * start and by those before the place up to which its original was read (decision 0020).
 *
 * Originals are kept by the digest of their first bytes. Of most that is the digest of as many
 * bytes as a mark covers; of the few that are shorter, the latest ones are looked at one by one.
 */
#include "base/memory.h"
#include "node/follow_inner.h"

enum {
    SHORT_MIN = 64, /* bytes at a file's start that are enough to know a copy by */
    ORIGINALS_MAX = 1024 * 1024,
};

struct follow_original {
    struct follow_original *next;
    uint64_t device;
    uint64_t inode;
    struct store_input state; /* what of it matters for a copy */
    size_t name_size;
    uint8_t name[]; /* of the file, without its folder */
};

static struct span name_of(struct span path)
{
    ptrdiff_t slash = span_find_last(path, '/');
    return slash == SPAN_NOT_FOUND ? path : span_from(path, (size_t)slash + 1);
}

static struct follow_original **bucket_of(struct follow *follow, const struct mark *mark)
{
    uint64_t hash = hash_bytes(&follow->secret, span_make(mark->head, sizeof mark->head));
    return &follow->copies.buckets[hash % FOLLOW_COPY_BUCKETS];
}

/* A plain file that was read up to its mark: only of those can a copy be told. */
static bool is_original(const struct store_input *state)
{
    return state->mark.head_size >= SHORT_MIN && state->position > 0 &&
           state->mark.tail_end == state->position;
}

static void original_free(struct follow_original *original)
{
    memory_free(original);
}

/* The shorter ones stand in a ring: the latest are known. */
static void keep_short(struct follow *follow, struct follow_original *original)
{
    struct follow_copies *copies = &follow->copies;
    struct follow_original **place = &copies->shorts[copies->short_next % FOLLOW_COPY_SHORTS];
    original_free(*place);
    *place = original;
    copies->short_next++;
}

static void keep_full(struct follow *follow, struct follow_original *original)
{
    struct follow_original **bucket = bucket_of(follow, &original->state.mark);
    for (struct follow_original **at = bucket; *at != NULL; at = &(*at)->next) {
        struct follow_original *other = *at;
        if (other->device == original->device && other->inode == original->inode &&
            span_equal(span_make(other->state.mark.head, MARK_DIGEST_SIZE),
                       span_make(original->state.mark.head, MARK_DIGEST_SIZE))) {
            original->next = other->next; /* the same file, read further */
            *at = original;
            original_free(other);
            return;
        }
    }
    original->next = *bucket;
    *bucket = original;
    follow->copies.count++;
}

void follow_copy_keep(struct follow *follow, const struct store_input *state)
{
    struct span name = name_of(state->path);
    if (!is_original(state) || follow->copies.count == ORIGINALS_MAX) {
        return;
    }
    struct follow_original *original = memory_new(sizeof *original + name.size);
    if (original == NULL) {
        return; /* a copy of it will be read as a new file */
    }
    original->device = state->id.device;
    original->inode = state->id.inode;
    original->state.id.made_us = state->id.made_us;
    original->state.position = state->position;
    original->state.mark = state->mark;
    original->name_size = name.size;
    span_copy(original->name, name.size, name);
    if (state->mark.head_size == MARK_SIZE) {
        keep_full(follow, original);
    } else {
        keep_short(follow, original);
    }
}

enum err follow_copies_load(struct follow *follow)
{
    struct session *session = follow->session;
    struct store_input *inputs = NULL;
    size_t count = 0;
    enum err err = store_inputs(&session->scratch, session->node->store, &inputs, &count);
    for (size_t i = 0; err == ERR_OK && i < count; i++) {
        follow_copy_keep(follow, &inputs[i]);
    }
    return session_scratch_end(session, err);
}

void follow_copies_free(struct follow *follow)
{
    struct follow_copies *copies = &follow->copies;
    for (size_t i = 0; i < FOLLOW_COPY_BUCKETS; i++) {
        while (copies->buckets[i] != NULL) {
            struct follow_original *next = copies->buckets[i]->next;
            original_free(copies->buckets[i]);
            copies->buckets[i] = next;
        }
    }
    for (size_t i = 0; i < FOLLOW_COPY_SHORTS; i++) {
        original_free(copies->shorts[i]);
    }
}

/* ---- asking ---- */

/* A copy is called after its original: x.log.1, x.log.1.gz, x.log-20261122. */
static bool is_called_after(const struct follow_file *file, const struct follow_original *original)
{
    struct span name = name_of(span_of((const char *)file->path));
    return name.size > original->name_size &&
           span_starts_with(name, span_make(original->name, original->name_size));
}

/* Whether the original is still there under its name, as it was: then a file that begins the same
 * is a file of its own, unless it is called after it. */
static bool is_live(const struct follow_file *copy, const struct follow_original *original)
{
    const struct follow_file *file =
        follow_find_inode(copy->follow, original->device, original->inode);
    return file != NULL && file != copy && file->there && !file->rewritten;
}

/* A file is no copy of what it held before. One that was made later in the place of one that is
 * gone bears its number, and is another. */
static bool is_itself(const struct follow_file *file, const struct follow_original *original)
{
    int64_t made_us = file->input->made_us;
    int64_t made_then_us = original->state.id.made_us;
    bool same_number = original->device == file->device && original->inode == file->inode;
    return same_number &&
           (made_us == made_then_us || made_us == TIME_US_NONE || made_then_us == TIME_US_NONE);
}

/* Of several, the one that was read furthest. */
static void consider(const struct follow_file *file, const struct follow_original *original,
                     struct span start, const struct follow_original **best)
{
    bool further = *best == NULL || original->state.position > (*best)->state.position;
    if (further && !is_itself(file, original) && mark_head_fits(&original->state.mark, start) &&
        (is_called_after(file, original) || !is_live(file, original))) {
        *best = original;
    }
}

/* What is open was read further than what is kept says. */
static void keep_open_ones(struct follow *follow)
{
    for (size_t i = 0; i < follow->open_count; i++) {
        const struct session_input *input = follow->open[i]->input;
        if (input->counted && input->regular) {
            follow_copy_keep(follow, &input->state);
        }
    }
}

const struct store_input *follow_copy_find(struct follow_file *file, struct span start,
                                           bool *ret_called_after)
{
    struct follow *follow = file->follow;
    const struct follow_original *best = NULL;
    struct mark mark;
    mark_init(&mark);
    keep_open_ones(follow);
    if (start.size == MARK_SIZE) {
        mark_set_head(&mark, start);
        for (const struct follow_original *at = *bucket_of(follow, &mark); at != NULL;
             at = at->next) {
            consider(file, at, start, &best);
        }
    }
    for (size_t i = 0; i < FOLLOW_COPY_SHORTS; i++) {
        if (follow->copies.shorts[i] != NULL) {
            consider(file, follow->copies.shorts[i], start, &best);
        }
    }
    *ret_called_after = best != NULL && is_called_after(file, best);
    return best == NULL ? NULL : &best->state;
}
