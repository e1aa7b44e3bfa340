// SPDX-License-Identifier: EUPL-1.2
/*
 * Hot path where lines are remembered. Budget: 40 ns a line of those that are built alike, of which
 * one field after the other is asked; what gather.c makes of notes is made here of columns, and
 * tests hold the two against each other. All other lines are noted field by field.
 */
#include "observe/sift_tell.h"

#include "observe/gather_value.h"
#include "observe/outcome.h"

enum { ORIGINATOR = 0, RESPONDER = 1, PORT_DIGITS_MAX = 5, PORT_MAX = 65535 };

/* By role: an end's address before what stands for it, a flow's behind its packet's, and what takes
 * ports away last. Among fields of one role the line's order stays. */
void sift_tell_order(struct sift_recipe *recipe)
{
    recipe->telling_once = true;
    for (size_t i = 1; i < recipe->telling_count; i++) {
        const struct sift_telling telling = recipe->tellings[i];
        size_t at = i;
        for (; at > 0 && recipe->tellings[at - 1].role > telling.role; at--) {
            recipe->tellings[at] = recipe->tellings[at - 1];
        }
        recipe->tellings[at] = telling;
        recipe->telling_once &= at == 0 || recipe->tellings[at - 1].role != telling.role;
    }
}

/* ---- lines by themselves ---- */

/* As gather_field(), of a field that tells of its line. */
static inline void field_note(struct gather *gather, const struct sift_telling *telling,
                              struct span text)
{
    if (!gather_says_nothing(text)) {
        gather->field = telling->field;
        gather_note(gather, (enum field_role)telling->role, text, telling->type == RECORD_NUMBER);
    }
}

void sift_tell_known(struct gather *gather, const struct sift_recipe *recipe,
                     const struct record_known *known, struct observe_context *ret)
{
    gather_begin_request(gather, true);
    for (size_t i = 0; i < recipe->telling_count; i++) {
        const struct sift_telling *telling = &recipe->tellings[i];
        bool string = telling->type == RECORD_STRING;
        field_note(gather, telling,
                   string ? record_known_string(known, telling->from)
                          : record_known_number(known, telling->from));
    }
    gather_tell(gather, ret);
}

void sift_tell_tsv(struct gather *gather, const struct sift_recipe *recipe, struct span line,
                   const struct tsv_cut *cut, struct observe_context *ret)
{
    gather_begin_request(gather, true);
    for (size_t i = 0; i < recipe->telling_count; i++) {
        const struct sift_telling *telling = &recipe->tellings[i];
        struct span rest = tsv_cut_column(line, cut, telling->from);
        struct span text = rest;
        while (telling->list ? span_next(&rest, recipe->separator, &text) : rest.data != NULL) {
            field_note(gather, telling, text);
            rest = telling->list ? rest : (struct span){ NULL, 0 };
        }
    }
    gather_tell(gather, ret);
    ret->time_is_number = true; /* as tsv_values() has it */
}

/* ---- lines that are alike: one field after the other ---- */

/* A column of some lines. */
struct column {
    const struct record_alike *alike;
    size_t begin;
    size_t count;
    const struct sift_telling *telling;
};

/* What the field says in a line; empty where it says nothing. */
static inline struct span text_of(const struct column *column, size_t line)
{
    const struct record_alike *alike = column->alike;
    const struct sift_telling *telling = column->telling;
    struct span text = telling->type == RECORD_STRING
                           ? record_alike_string(alike, column->begin + line, telling->from)
                           : record_alike_number(alike, column->begin + line, telling->from);
    return gather_says_nothing(text) ? (struct span){ text.data, 0 } : text;
}

/* As gather_port(). */
static inline uint16_t port_of(struct span text)
{
    unsigned port = 0;
    if (text.size > PORT_DIGITS_MAX) {
        return (uint16_t)gather_port(text); /* with leading zeros */
    }
    for (size_t i = 0; i < text.size; i++) {
        unsigned digit = (unsigned)text.data[i] - '0';
        if (digit > 9) {
            return 0;
        }
        port = port * 10 + digit;
    }
    return port > PORT_MAX ? 0 : (uint16_t)port;
}

static void tell_time(const struct column *column, struct observe_context *ret)
{
    bool number = column->telling->type == RECORD_NUMBER;
    for (size_t i = 0; i < column->count; i++) {
        struct span text = text_of(column, i);
        if (ret[i].time.size == 0 && text.size > 0) {
            ret[i].time = text;
            ret[i].time_is_number = number;
        }
    }
}

static void tell_sensor(const struct column *column, struct observe_context *ret)
{
    for (size_t i = 0; i < column->count; i++) {
        ret[i].sensor = text_of(column, i);
    }
}

static void tell_end(const struct column *column, size_t end, struct observe_context *ret)
{
    for (size_t i = 0; i < column->count; i++) {
        struct span text = text_of(column, i);
        ret[i].ends[end].address = text;
        ret[i].ends[end].field = text.size > 0 ? column->telling->field : 0;
        *(end == ORIGINATOR ? &ret[i].originator : &ret[i].responder) = text;
    }
}

/* What stands for an end that is not logged. */
static void tell_stand_in(const struct column *column, size_t end, struct observe_context *ret)
{
    for (size_t i = 0; i < column->count; i++) {
        struct span *text = end == ORIGINATOR ? &ret[i].originator : &ret[i].responder;
        *text = text->size == 0 ? text_of(column, i) : *text;
    }
}

static void tell_port(const struct column *column, size_t end, struct observe_context *ret)
{
    for (size_t i = 0; i < column->count; i++) {
        ret[i].ends[end].port = port_of(text_of(column, i));
        ret[i].originator_port = ret[i].ends[ORIGINATOR].port;
    }
}

static const struct sift_telling *telling_of(const struct sift_recipe *recipe, enum field_role role)
{
    for (size_t i = 0; i < recipe->telling_count; i++) {
        if (recipe->tellings[i].role == role) {
            return &recipe->tellings[i];
        }
    }
    return NULL;
}

/* The ends of the flow, where both are logged, go before those of its packet. */
static void tell_flow(const struct sift_recipe *recipe, const struct column *originator,
                      struct observe_context *ret)
{
    struct column responder = *originator;
    struct column port = *originator;
    responder.telling = telling_of(recipe, ROLE_FLOW_RESPONDER);
    port.telling = telling_of(recipe, ROLE_FLOW_ORIGINATOR_PORT);
    for (size_t i = 0; i < originator->count && responder.telling != NULL; i++) {
        struct span first = text_of(originator, i);
        struct span second = text_of(&responder, i);
        if (first.size > 0 && second.size > 0) {
            ret[i].originator = first;
            ret[i].responder = second;
            ret[i].originator_port = port.telling == NULL ? 0 : port_of(text_of(&port, i));
        }
    }
}

/* "Ports" of ICMP are its type and code. */
static void tell_transport(const struct column *column, struct observe_context *ret)
{
    for (size_t i = 0; i < column->count; i++) {
        if (span_equal(text_of(column, i), SPAN("icmp"))) {
            ret[i].ends[ORIGINATOR].port = 0;
            ret[i].ends[RESPONDER].port = 0;
            ret[i].originator_port = 0;
        }
    }
}

/* Neighbours mostly say the same. */
static void tell_outcome(const struct column *column, struct observe_context *ret)
{
    struct sift_name last = { .size = 0 };
    enum observe_outcome outcome = OBSERVE_OUTCOME_UNKNOWN;
    for (size_t i = 0; i < column->count; i++) {
        struct span text = text_of(column, i);
        struct sift_name name = sift_name_of(text);
        if (!sift_name_is(name, last)) {
            outcome = observe_outcome_of_field((enum field_role)column->telling->role, text);
            last = name;
        }
        ret[i].outcome = outcome > ret[i].outcome ? outcome : ret[i].outcome;
    }
}

static void tell_column(const struct sift_recipe *recipe, const struct column *column,
                        struct observe_context *ret)
{
    switch ((enum field_role)column->telling->role) {
    case ROLE_TIME:
    case ROLE_TIME_WRITTEN:
        tell_time(column, ret);
        break;
    case ROLE_SENSOR:
        tell_sensor(column, ret);
        break;
    case ROLE_ORIGINATOR:
        tell_end(column, ORIGINATOR, ret);
        break;
    case ROLE_RESPONDER:
        tell_end(column, RESPONDER, ret);
        break;
    case ROLE_CLIENT:
        tell_stand_in(column, ORIGINATOR, ret);
        break;
    case ROLE_SERVER:
        tell_stand_in(column, RESPONDER, ret);
        break;
    case ROLE_ORIGINATOR_PORT:
        tell_port(column, ORIGINATOR, ret);
        break;
    case ROLE_RESPONDER_PORT:
        tell_port(column, RESPONDER, ret);
        break;
    case ROLE_FLOW_ORIGINATOR:
        tell_flow(recipe, column, ret);
        break;
    case ROLE_FLOW_RESPONDER:
    case ROLE_FLOW_ORIGINATOR_PORT:
    case ROLE_FLOW_RESPONDER_PORT:
        break; /* with the flow's originator */
    case ROLE_TRANSPORT:
        tell_transport(column, ret);
        break;
    default:
        tell_outcome(column, ret);
        break;
    }
}

static void line_tell(struct gather *gather, const struct sift_recipe *recipe, struct column column,
                      struct observe_context *ret)
{
    gather_begin_request(gather, true);
    for (size_t i = 0; i < recipe->telling_count; i++) {
        column.telling = &recipe->tellings[i];
        field_note(gather, column.telling, text_of(&column, 0));
    }
    gather_tell(gather, ret);
}

void sift_tell_alike(struct gather *gather, const struct sift_recipe *recipe,
                     const struct sift_lines *lines, struct observe_context *ret)
{
    struct column column = {
        .alike = lines->alike,
        .begin = lines->begin,
        .count = lines->end - lines->begin,
    };
    if (!recipe->telling_once) { /* the first of a role that says something tells */
        for (; column.begin < lines->end; column.begin++) {
            line_tell(gather, recipe, column, &ret[column.begin - lines->begin]);
        }
        return;
    }
    memset(ret, 0, column.count * sizeof *ret);
    for (size_t i = 0; i < recipe->telling_count; i++) {
        column.telling = &recipe->tellings[i];
        tell_column(recipe, &column, ret);
    }
}
