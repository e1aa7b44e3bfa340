// SPDX-License-Identifier: EUPL-1.2
/*
 * Groups hold groups, never themselves: on no day at all, so that a book that is right today is
 * right tomorrow.
 */
#include "policy/book_inner.h"

enum state { STATE_NEW = 0, STATE_OPEN, STATE_DONE };

/* Where a walk from group to group stands. */
struct step {
    uint32_t group;
    uint32_t block; /* of its name */
    size_t field;
    size_t item;
};

struct walk {
    const struct policy_book *book;
    uint8_t *states; /* enum state of each group */
    struct step *steps;
    size_t depth;
};

static const struct book_block *block_of(const struct walk *walk, const struct step *step)
{
    const struct book_name *name = &walk->book->names[walk->book->first[BOOK_GROUP] + step->group];
    return step->block < name->block_count ? &walk->book->blocks[name->block_first + step->block]
                                           : NULL;
}

/* The next group among the members of a line. */
static bool next_of_field(const struct book_field *field, struct step *step, uint32_t *ret)
{
    while (field->key == BOOK_KEY_MEMBER && step->item < field->count) {
        const struct book_item *item = &field->items[step->item++];
        if (item->kind == BOOK_ITEM_NAME && item->word == BOOK_GROUP) {
            *ret = item->name;
            return true;
        }
    }
    return false;
}

/* The next group that is a member, on whatever day; false: there is none. */
static bool next_group(struct walk *walk, struct step *step, uint32_t *ret,
                       const struct book_field **ret_field)
{
    const struct book_block *block;
    for (; (block = block_of(walk, step)) != NULL; step->block++, step->field = 0) {
        for (; step->field < block->field_count; step->field++, step->item = 0) {
            if (next_of_field(&block->fields[step->field], step, ret)) {
                *ret_field = &block->fields[step->field];
                return true;
            }
        }
    }
    return false;
}

static enum err walk_from(struct walk *walk, uint32_t group)
{
    walk->depth = 0;
    walk->steps[walk->depth++] = (struct step){ .group = group };
    walk->states[group] = STATE_OPEN;
    while (walk->depth > 0) {
        struct step *step = &walk->steps[walk->depth - 1];
        uint32_t member = 0;
        const struct book_field *field = NULL;
        if (!next_group(walk, step, &member, &field)) {
            walk->states[step->group] = STATE_DONE;
            walk->depth--;
            continue;
        }
        if (walk->states[member] == STATE_OPEN) {
            const struct book_block *block = block_of(walk, step);
            return book_fault(walk->book, block->file, field->line, ERR_FORMAT,
                              "member: the group \"%.*s\" holds \"%.*s\", which holds it",
                              SPAN_FMT(block->id), SPAN_FMT(field->text));
        }
        if (walk->states[member] == STATE_NEW) {
            walk->states[member] = STATE_OPEN;
            walk->steps[walk->depth++] = (struct step){ .group = member };
        }
    }
    return ERR_OK;
}

enum err book_groups_check(const struct policy_book *book)
{
    size_t count = policy_book_name_count(book, BOOK_GROUP);
    struct walk walk = { .book = book };
    walk.states = op_alloc(book->op, count);
    walk.steps = op_alloc(book->op, count * sizeof *walk.steps); /* no deeper: none is open twice */
    if (walk.states == NULL || walk.steps == NULL) {
        return ERR_LIMIT;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (walk.states[i] == STATE_NEW) {
            TRY(walk_from(&walk, i));
        }
    }
    return ERR_OK;
}
