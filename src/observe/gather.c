// SPDX-License-Identifier: EUPL-1.2
/*
 * Hot path: run for each field of each line. No allocation, and no name is compared. Budget: 100 ns
 * a line beyond the scan and the keys themselves.
 */
#include "observe/gather.h"

#include "observe/gather_value.h"

enum {
    PORT_MAX = 65535,
    HOST_TEXT_SIZE_MAX = 64, /* "[" an IPv6 address "]" */
};

enum err gather_init(struct gather *gather, struct arena *arena)
{
    *gather = (struct gather){ 0 };
    gather->observations =
        arena_alloc(arena, OBSERVE_OBSERVATION_COUNT_MAX * sizeof(struct observation));
    gather->keys = arena_alloc(arena, OBSERVE_KEYS_SIZE_MAX + VALUE_KEY_SIZE_MAX);
    if (gather->observations == NULL || gather->keys == NULL) {
        return ERR_LIMIT;
    }
    return ERR_OK;
}

void gather_begin(struct gather *gather, struct observe_line *line, bool responder_sure)
{
    line->observations = gather->observations;
    gather->line = line;
    gather->keys_used = 0;
    gather->responder_sure = responder_sure;
    gather->notes = (struct gather_notes){ 0 };
}

/* The first of several stays. */
static void note(struct span *place, struct span value)
{
    if (place->size == 0) {
        *place = value;
    }
}

static void gather_context(struct gather *g, enum field_role role, struct span value, bool number)
{
    struct observe_line *line = g->line;
    switch (role) {
    case ROLE_VALUE:
    case ROLE_STREAM: /* found by the reader before the other fields */
        return;
    case ROLE_TIME:
        line->time_is_number = line->time.size == 0 ? number : line->time_is_number;
        note(&line->time, value);
        return;
    case ROLE_TIME_WRITTEN:
        note(&g->notes.time_written, value);
        g->notes.time_written_is_number = number;
        return;
    case ROLE_SENSOR:
        note(&line->sensor, value);
        return;
    case ROLE_UID:
        note(&line->uid, value);
        return;
    case ROLE_ORIGINATOR:
        note(&line->originator, value);
        return;
    case ROLE_RESPONDER:
        note(&line->responder, value);
        return;
    case ROLE_RECEIVER:
        note(&g->notes.receiver, value);
        return;
    case ROLE_SENDER:
        note(&g->notes.sender, value);
        return;
    case ROLE_ORIGINATOR_PORT:
        note(&g->notes.originator_port, value);
        return;
    case ROLE_RESPONDER_PORT:
        note(&g->notes.responder_port, value);
        return;
    case ROLE_HTTP_HOST:
        note(&g->notes.http_host, value);
        return;
    case ROLE_HTTP_PORT:
        note(&g->notes.http_port, value);
        return;
    case ROLE_HTTP_TARGET:
        note(&g->notes.http_target, value);
        g->notes.http_target_field = g->field;
        return;
    }
}

static bool says_nothing(struct span value)
{
    if (value.size == 0) {
        return true;
    }
    if (value.size == 1) {
        return value.data[0] == '-';
    }
    return value.data[0] == '(' && span_equal(value, SPAN("(empty)"));
}

static inline void gather_field(struct gather *g, struct observe_meaning meaning, struct span value,
                                enum record_type type)
{
    if (type == RECORD_NULL || says_nothing(value)) {
        return;
    }
    g->field = meaning.field;
    if (meaning.role != ROLE_VALUE) {
        gather_context(g, meaning.role, value, type == RECORD_NUMBER);
    }
    if (meaning.field_class == CLASS_NONE) {
        return;
    }
    if (type == RECORD_STRING) {
        gather_value(g, meaning.field_class, value);
    } else if (meaning.field_class == CLASS_ADDRESS || meaning.field_class == CLASS_DIGEST) {
        g->line->refused++;
    } else {
        g->line->unfit++;
    }
}

void gather_record(struct gather *gather, const struct observe_meaning *meanings,
                   const struct record *record)
{
    for (size_t i = 0; i < record->count; i++) {
        const struct record_field *field = &record->fields[i];
        struct observe_meaning meaning = meanings[field->slot];
        if (meaning.known) {
            gather_field(gather, meaning, field->value, field->type);
        }
    }
}

void gather_text(struct gather *gather, struct observe_meaning meaning, struct span value)
{
    gather_field(gather, meaning, value, RECORD_STRING);
}

static unsigned port_of(struct span text)
{
    uint64_t port = 0;
    if (span_to_u64(text, &port) != ERR_OK || port > PORT_MAX) {
        return 0;
    }
    return (unsigned)port;
}

/* The port of the server: the one the client wrote, else that of the connection. An event about a
 * packet or file is logged in its direction, so that the server may be either end: then it is the
 * lower port. */
static unsigned request_port(const struct gather *g)
{
    if (g->notes.http_port.size > 0) {
        return port_of(g->notes.http_port);
    }
    unsigned responder = port_of(g->notes.responder_port);
    if (g->responder_sure) {
        return responder;
    }
    unsigned originator = port_of(g->notes.originator_port);
    return originator < responder ? originator : responder;
}

/* A request without a Host header went to the address it was sent to. */
static struct span request_host(const struct gather *g, uint8_t bracketed[HOST_TEXT_SIZE_MAX])
{
    struct span address = g->line->responder;
    if (g->notes.http_host.size > 0) {
        return g->notes.http_host;
    }
    if (!g->responder_sure || address.size + 2 > HOST_TEXT_SIZE_MAX) {
        return (struct span){ NULL, 0 };
    }
    if (span_find(address, ':') == SPAN_NOT_FOUND) {
        return address;
    }
    bracketed[0] = '[';
    span_copy(bracketed + 1, HOST_TEXT_SIZE_MAX - 1, address);
    bracketed[address.size + 1] = ']';
    return span_make(bracketed, address.size + 2);
}

static void gather_request(struct gather *g)
{
    uint8_t bracketed[HOST_TEXT_SIZE_MAX];
    struct span host = request_host(g, bracketed);
    g->field = g->notes.http_target_field;
    gather_value_request(g, host, request_port(g), g->notes.http_target,
                         g->notes.http_host.size > 0);
}

void gather_end(struct gather *gather)
{
    struct observe_line *line = gather->line;
    if (line->time.size == 0) {
        line->time = gather->notes.time_written;
        line->time_is_number = gather->notes.time_written_is_number;
    }
    note(&line->originator, gather->notes.receiver);
    note(&line->responder, gather->notes.sender);
    if (gather->notes.http_target.size > 0) {
        gather_request(gather);
    }
}
