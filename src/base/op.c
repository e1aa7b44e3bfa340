// SPDX-License-Identifier: EUPL-1.2
#include "base/op.h"

#include <stdio.h>

#include "base/text.h"

#undef op_fail /* the analyzer's view of it, see op.h */

enum { UTF8_SIZE_MAX = 4 };

void op_begin(struct op *op, const struct actor *actor, size_t memory_max)
{
    *op = (struct op){ .actor = *actor };
    arena_init(&op->arena, memory_max);
}

void op_end(struct op *op)
{
    arena_done(&op->arena);
}

void *op_alloc(struct op *op, size_t size)
{
    void *block = arena_alloc(&op->arena, size);
    if (block == NULL) {
        (void)op_fail(op, ERR_LIMIT, "out of memory: this work may use %zu bytes",
                      op->arena.size_max);
    }
    return block;
}

enum err op_copy(struct op *op, struct span span, struct span *ret)
{
    enum err err = arena_copy(&op->arena, span, ret);
    if (err != ERR_OK) {
        return op_fail(op, err, "out of memory: this work may use %zu bytes", op->arena.size_max);
    }
    return ERR_OK;
}

/* Where a text filled its room, take off a code point that was cut, so that it stays UTF-8. */
static void fault_text_end(char *text)
{
    size_t size = strlen(text);
    if (size < FAULT_TEXT_SIZE - 1) {
        return;
    }
    size_t lead = size;
    while (lead > 0 && size - lead < UTF8_SIZE_MAX && ((uint8_t)text[lead - 1] & 0xC0) == 0x80) {
        lead--;
    }
    if (lead == 0 || (uint8_t)text[lead - 1] < 0xC0) {
        return; /* ASCII, or not UTF-8 to begin with */
    }
    lead--;
    if (text_valid_size(span_make(text + lead, size - lead)) == 0) {
        text[lead] = '\0';
    }
}

enum err op_fail(struct op *op, enum err err, const char *format, ...)
{
    must(err != ERR_OK);
    if (op->fault.err != ERR_OK) {
        return err;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(op->fault.text, sizeof op->fault.text, format, args);
    va_end(args);
    fault_text_end(op->fault.text);
    op->fault.err = err;
    return err;
}

void op_fault_prefix(struct op *op, const char *format, ...)
{
    if (op->fault.err == ERR_OK) {
        return;
    }
    char prefixed[FAULT_TEXT_SIZE];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(prefixed, sizeof prefixed, format, args);
    va_end(args);
    must(size >= 0);
    if ((size_t)size < sizeof prefixed) {
        snprintf(prefixed + size, sizeof prefixed - (size_t)size, "%s", op->fault.text);
    }
    fault_text_end(prefixed);
    span_copy(op->fault.text, sizeof op->fault.text, span_make(prefixed, strlen(prefixed) + 1));
}

void op_fault_clear(struct op *op)
{
    op->fault.err = ERR_OK;
    op->fault.text[0] = '\0';
}

enum err op_check(struct op *op)
{
    if (op->cancel != NULL && atomic_load_explicit(op->cancel, memory_order_relaxed)) {
        return op_fail(op, ERR_CANCELLED, "stopped on request");
    }
    return ERR_OK;
}
