// SPDX-License-Identifier: EUPL-1.2
#include "base/must.h"
#include "observe/field.h"

enum { WRITINGS_PER_NAME_MAX = 3 };

bool observe_field_name_is(struct span own, struct span logged)
{
    if (own.size != logged.size) {
        return false;
    }
    for (size_t i = 0; i < own.size; i++) {
        bool same = own.data[i] == logged.data[i];
        if (!same && (own.data[i] != '.' || logged.data[i] != '_')) {
            return false;
        }
    }
    return true;
}

const struct observe_field *observe_field_row(uint16_t field)
{
    if (field >= FIELD_EVE_FIRST) {
        size_t row = (size_t)field - FIELD_EVE_FIRST;
        must(row < observe_eve_table.count);
        return &observe_eve_table.fields[row];
    }
    must(field < observe_zeek_table.count);
    return &observe_zeek_table.fields[field];
}

/* The place of `name` in the list; it is put at the end where it is not there yet. */
static size_t list_place(const char **list, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++) {
        if (list[i] != NULL && strcmp(list[i], name) == 0) {
            return i;
        }
    }
    list[*count] = name;
    *count += 1;
    return *count - 1;
}

static void plan_list_names(struct observe_plan *plan)
{
    plan->stream_names[PLAN_STREAM_OTHER] = NULL;
    plan->stream_count = 1;
    for (size_t i = 0; i < plan->table->count; i++) {
        const struct observe_field *field = &plan->table->fields[i];
        (void)list_place(plan->slot_names, &plan->slot_count, field->name);
        if (field->stream != NULL) {
            (void)list_place(plan->stream_names, &plan->stream_count, field->stream);
        }
    }
    must(plan->slot_count < PLAN_SLOT_NONE);
}

/* A row of no stream in particular stands in every stream, until one with a stream takes its place.
 */
static void plan_place_row(struct observe_plan *plan, size_t row)
{
    const struct observe_field *field = &plan->table->fields[row];
    const struct observe_meaning meaning = {
        .known = true,
        .role = field->role,
        .field_class = field->field_class,
        .field = (uint16_t)(plan->field_first + row),
    };
    size_t slot = list_place(plan->slot_names, &plan->slot_count, field->name);
    for (size_t stream = 0; stream < plan->stream_count; stream++) {
        struct observe_meaning *place = &plan->meanings[stream * plan->slot_count + slot];
        bool own = field->stream != NULL && stream != PLAN_STREAM_OTHER &&
                   strcmp(field->stream, plan->stream_names[stream]) == 0;
        if (own || (field->stream == NULL && !place->known)) {
            *place = meaning;
        }
    }
}

/* One writing of a slot's name as a path, with `mark` for each of its dots. */
static enum err plan_add_path(struct observe_plan *plan, struct arena *arena, size_t slot,
                              char mark)
{
    struct span name = span_of(plan->slot_names[slot]);
    char *path = arena_alloc(arena, name.size + 1);
    if (path == NULL) {
        return ERR_LIMIT;
    }
    for (size_t i = 0; i < name.size; i++) {
        path[i] = name.data[i] == '.' ? mark : (char)name.data[i];
    }
    plan->paths[plan->path_count] = (struct record_path){ .path = path, .slot = (uint16_t)slot };
    plan->path_count++;
    return ERR_OK;
}

/* Whether a slot is only of use where a line is judged. Zeek's stand in no object of their own. */
static bool is_context(const struct observe_plan *plan, size_t slot)
{
    const struct observe_meaning *meaning = &plan->meanings[slot]; /* in streams without own rows */
    switch ((enum field_role)meaning->role) {
    case ROLE_FLOW_ORIGINATOR:
    case ROLE_FLOW_RESPONDER:
    case ROLE_FLOW_ORIGINATOR_PORT:
    case ROLE_FLOW_RESPONDER_PORT:
    case ROLE_FLOW_STATE:
    case ROLE_FLOW_ANSWER:
    case ROLE_TCP_ANSWER:
    case ROLE_ACTION:
    case ROLE_VERDICT:
        return meaning->known && !plan->table->names_vary;
    default:
        return false;
    }
}

static enum err plan_add_paths(struct observe_plan *plan, struct arena *arena, bool context)
{
    for (size_t slot = 0; slot < plan->slot_count; slot++) {
        if (is_context(plan, slot) != context) {
            continue;
        }
        TRY(plan_add_path(plan, arena, slot, '/'));
        bool dotted = span_find(span_of(plan->slot_names[slot]), '.') != SPAN_NOT_FOUND;
        if (dotted && plan->table->names_vary) {
            TRY(plan_add_path(plan, arena, slot, '.'));
            TRY(plan_add_path(plan, arena, slot, '_'));
        }
    }
    return ERR_OK;
}

static enum err plan_make_shapes(struct op *op, struct arena *arena, struct observe_plan *plan)
{
    TRY(plan_add_paths(plan, arena, false));
    TRY(record_shape_new(op, plan->paths, plan->path_count, &plan->shape));
    size_t count = plan->path_count;
    TRY(plan_add_paths(plan, arena, true));
    plan->context_count = plan->path_count - count;
    if (plan->context_count == 0) {
        return ERR_OK;
    }
    TRY(record_shape_new(op, plan->paths + count, plan->context_count, &plan->context_shape));
    return record_shape_new(op, plan->paths, plan->path_count, &plan->whole_shape);
}

static enum err plan_fill(struct op *op, struct arena *arena, struct observe_plan *plan)
{
    size_t count = plan->table->count;
    plan->slot_names = arena_alloc(arena, count * sizeof(const char *));
    plan->stream_names = arena_alloc(arena, (count + 1) * sizeof(const char *));
    plan->paths = arena_alloc(arena, WRITINGS_PER_NAME_MAX * count * sizeof(struct record_path));
    if (plan->slot_names == NULL || plan->stream_names == NULL || plan->paths == NULL) {
        return ERR_LIMIT;
    }
    plan_list_names(plan);

    size_t meaning_count = plan->stream_count * plan->slot_count;
    plan->meanings = arena_alloc(arena, meaning_count * sizeof(struct observe_meaning));
    if (plan->meanings == NULL) {
        return ERR_LIMIT;
    }
    for (size_t row = 0; row < count; row++) {
        plan_place_row(plan, row);
    }
    return plan_make_shapes(op, arena, plan);
}

enum err observe_plan_init(struct op *op, struct arena *arena, const struct observe_table *table,
                           uint16_t field_first, struct observe_plan *ret)
{
    struct observe_plan plan = { .table = table, .field_first = field_first };
    if (plan_fill(op, arena, &plan) != ERR_OK) {
        observe_plan_done(&plan);
        return op_fail(op, ERR_LIMIT, "no memory for the table of log fields");
    }
    *ret = plan;
    return ERR_OK;
}

void observe_plan_done(struct observe_plan *plan)
{
    record_shape_free(plan->shape);
    record_shape_free(plan->context_shape);
    record_shape_free(plan->whole_shape);
    plan->shape = NULL;
    plan->context_shape = NULL;
    plan->whole_shape = NULL;
}

size_t observe_plan_stream(const struct observe_plan *plan, struct span stream)
{
    for (size_t i = PLAN_STREAM_OTHER + 1; i < plan->stream_count; i++) {
        if (span_equal(span_of(plan->stream_names[i]), stream)) {
            return i;
        }
    }
    return PLAN_STREAM_OTHER;
}

const struct observe_meaning *observe_plan_meanings(const struct observe_plan *plan, size_t stream)
{
    must(stream < plan->stream_count);
    return &plan->meanings[stream * plan->slot_count];
}

uint16_t observe_plan_slot(const struct observe_plan *plan, struct span name)
{
    for (size_t slot = 0; slot < plan->slot_count; slot++) {
        if (observe_field_name_is(span_of(plan->slot_names[slot]), name)) {
            return (uint16_t)slot;
        }
    }
    return PLAN_SLOT_NONE;
}
