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
    /* A key may hold a text that is read again: the host of a URL. */
    gather->keys =
        arena_alloc(arena, OBSERVE_KEYS_SIZE_MAX + VALUE_KEY_SIZE_MAX + VALUE_PADDING_SIZE);
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
    gather_begin_request(gather, responder_sure);
}

static bool is_noted(const struct gather *g, enum field_role role)
{
    return (g->notes.noted >> role & 1) != 0;
}

/* What was noted; empty where nothing was. */
static struct span noted(const struct gather *g, enum field_role role)
{
    return is_noted(g, role) ? g->notes.places[role] : (struct span){ NULL, 0 };
}

static inline void gather_field(struct gather *g, struct observe_meaning meaning, struct span value,
                                enum record_type type)
{
    if (type == RECORD_NULL || gather_says_nothing(value)) {
        return;
    }
    g->field = meaning.field;
    if (meaning.role != ROLE_VALUE) {
        gather_note(g, meaning.role, value, type == RECORD_NUMBER);
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
    if (is_noted(g, ROLE_HTTP_PORT)) {
        return port_of(noted(g, ROLE_HTTP_PORT));
    }
    unsigned responder = port_of(noted(g, ROLE_RESPONDER_PORT));
    if (g->responder_sure) {
        return responder;
    }
    unsigned originator = port_of(noted(g, ROLE_ORIGINATOR_PORT));
    return originator < responder ? originator : responder;
}

/* A request without a Host header went to the address it was sent to. */
static struct span request_host(const struct gather *g, uint8_t bracketed[HOST_TEXT_SIZE_MAX])
{
    struct span address = g->line->responder;
    if (is_noted(g, ROLE_HTTP_HOST)) {
        return noted(g, ROLE_HTTP_HOST);
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
    gather_value_request(g, host, request_port(g), noted(g, ROLE_HTTP_TARGET),
                         is_noted(g, ROLE_HTTP_HOST));
}

void gather_end(struct gather *gather)
{
    struct observe_line *line = gather->line;
    enum field_role time = is_noted(gather, ROLE_TIME) ? ROLE_TIME : ROLE_TIME_WRITTEN;
    line->time = noted(gather, time);
    line->time_is_number = (gather->notes.number >> time & 1) != 0;
    line->sensor = noted(gather, ROLE_SENSOR);
    line->uid = noted(gather, ROLE_UID);
    bool originator = is_noted(gather, ROLE_ORIGINATOR);
    line->originator = noted(gather, originator ? ROLE_ORIGINATOR : ROLE_RECEIVER);
    bool responder = is_noted(gather, ROLE_RESPONDER);
    line->responder = noted(gather, responder ? ROLE_RESPONDER : ROLE_SENDER);
    if (is_noted(gather, ROLE_HTTP_TARGET)) {
        gather_request(gather);
    }
}
