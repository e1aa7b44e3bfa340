// SPDX-License-Identifier: EUPL-1.2
#include "format/record_walk.h"

/* An object or array that is open. */
struct frame {
    const struct record_node *node; /* NULL: nothing in it is wanted */
    uint8_t end;                    /* class of the token that closes it */
};

struct walk {
    struct record_source *source;
    struct record_trace *trace;
    struct record *record;
    size_t token; /* the next one */
    size_t depth; /* open objects and arrays */
    struct frame frames[RECORD_DEPTH_MAX];
};

static uint8_t class_at(const struct walk *walk, size_t ahead)
{
    return walk->source->tokens->classes[walk->token + ahead];
}

static enum record_fault open_frame(struct walk *walk, const struct record_node *node)
{
    if (walk->depth == RECORD_DEPTH_MAX) {
        return RECORD_FAULT_DEPTH;
    }
    uint8_t begin = class_at(walk, 0);
    bool array = begin == RECORD_CLASS_ARRAY_BEGIN;
    uint8_t end = array ? RECORD_CLASS_ARRAY_END : RECORD_CLASS_OBJECT_END;
    walk->frames[walk->depth] = (struct frame){ .node = node, .end = end };
    walk->depth++;
    walk->token++;
    return RECORD_FAULT_NONE;
}

/* Look a key up; it is the present token. */
static enum record_fault key_read(struct walk *walk, const struct record_node *parent,
                                  const struct record_node **ret)
{
    struct record_source *source = walk->source;
    struct record_trace *trace = walk->trace;
    struct span key = record_string_raw(source, walk->token);
    if (source->tokens->escapes) {
        enum record_fault fault = record_unescape(source, key, &key);
        if (fault != RECORD_FAULT_NONE) {
            return fault;
        }
    }
    if (trace->key_count < RECORD_TRACE_KEY_COUNT_MAX) {
        trace->keys[trace->key_count] = (uint32_t)walk->token;
    }
    trace->key_count++;
    *ret = record_node_child(parent, key);
    return RECORD_FAULT_NONE;
}

/* A member's key and colon, where the frame is an object; gives where its value stands. */
static enum record_fault member_begin(struct walk *walk, const struct frame *frame,
                                      const struct record_node **ret)
{
    *ret = frame->node;
    if (frame->end == RECORD_CLASS_ARRAY_END) {
        return RECORD_FAULT_NONE;
    }
    if (class_at(walk, 0) != RECORD_CLASS_QUOTE || class_at(walk, 1) != RECORD_CLASS_COLON) {
        return RECORD_FAULT_SYNTAX;
    }
    if (frame->node != NULL) {
        enum record_fault fault = key_read(walk, frame->node, ret);
        if (fault != RECORD_FAULT_NONE) {
            return fault;
        }
    }
    walk->token += 2;
    return RECORD_FAULT_NONE;
}

static bool is_scalar(uint8_t class)
{
    return class == RECORD_CLASS_QUOTE || (class > RECORD_CLASS_TAIL && class <= RECORD_CLASS_NULL);
}

/* A scalar that is wanted: a field, as long as there is room. Without room it is read all the same,
 * since a line is refused for what stands in it, not for where. */
static enum record_fault field_add(struct walk *walk, uint16_t slot)
{
    struct record *record = walk->record;
    struct record_field cut = { .slot = slot };
    bool full = record->count == RECORD_FIELD_COUNT_MAX;
    struct record_field *field = full ? &cut : &record->fields[record->count];
    enum record_fault fault = record_value_read(walk->source, walk->token, field);
    field->slot = slot;
    if (full) {
        record->cut = true;
        return fault;
    }
    walk->trace->fields[record->count] = (uint32_t)walk->token;
    record->count++;
    return fault;
}

static enum record_fault scalar_step(struct walk *walk, const struct record_node *node)
{
    enum record_fault fault = RECORD_FAULT_NONE;
    if (node != NULL && node->slot != RECORD_SLOT_NONE) {
        fault = field_add(walk, (uint16_t)node->slot);
    }
    walk->token++;
    return fault;
}

/* What follows a value: the ends of all that it was the last of, then a comma or the line's end. */
static enum record_fault value_end(struct walk *walk)
{
    while (walk->depth > 0 && class_at(walk, 0) == walk->frames[walk->depth - 1].end) {
        walk->depth--;
        walk->token++;
    }
    if (walk->depth == 0) {
        bool all = walk->token == walk->source->tokens->count;
        return all ? RECORD_FAULT_NONE : RECORD_FAULT_SYNTAX;
    }
    if (class_at(walk, 0) != RECORD_CLASS_COMMA) {
        return RECORD_FAULT_SYNTAX;
    }
    walk->token++;
    return RECORD_FAULT_NONE;
}

/* One member or element of the innermost frame, up to where the next begins. */
static enum record_fault step(struct walk *walk)
{
    const struct frame *frame = &walk->frames[walk->depth - 1];
    const struct record_node *node = NULL;
    enum record_fault fault = member_begin(walk, frame, &node);
    if (fault != RECORD_FAULT_NONE) {
        return fault;
    }
    uint8_t class = class_at(walk, 0);
    if (is_scalar(class)) {
        fault = scalar_step(walk, node);
        return fault == RECORD_FAULT_NONE ? value_end(walk) : fault;
    }
    if (class != RECORD_CLASS_OBJECT_BEGIN && class != RECORD_CLASS_ARRAY_BEGIN) {
        return RECORD_FAULT_SYNTAX;
    }
    fault = open_frame(walk, node);
    if (fault != RECORD_FAULT_NONE) {
        return fault;
    }
    bool empty = class_at(walk, 0) == walk->frames[walk->depth - 1].end;
    return empty ? value_end(walk) : RECORD_FAULT_NONE;
}

enum record_fault record_walk(struct record_source *source, const struct record_node *root,
                              struct record_trace *ret_trace, struct record *ret)
{
    struct walk walk; /* the frames are written before they are read */
    walk.token = 0;
    walk.depth = 0;
    walk.source = source;
    walk.trace = ret_trace;
    walk.record = ret;
    ret_trace->key_count = 0;
    if (class_at(&walk, 0) != RECORD_CLASS_OBJECT_BEGIN) {
        return RECORD_FAULT_SYNTAX;
    }
    enum record_fault fault = open_frame(&walk, root);
    if (class_at(&walk, 0) == RECORD_CLASS_OBJECT_END) {
        fault = value_end(&walk);
    }
    while (fault == RECORD_FAULT_NONE && walk.depth > 0) {
        fault = step(&walk);
    }
    return fault;
}
