// SPDX-License-Identifier: EUPL-1.2
/*
 * Hot path: run for each field of each line. No allocation, and no name is compared. Budget: 100 ns
 * a line beyond the scan and the keys themselves.
 */
#include "observe/gather.h"

#include "observe/gather_value.h"
#include "observe/outcome.h"

enum {
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

/* A field that tells what another one holds, or that other one. */
static void gather_pair(struct gather *g, struct observe_meaning meaning, struct span value)
{
    if (meaning.role == ROLE_NAMING) {
        g->named = value;
        return;
    }
    enum field_class field_class = (enum field_class)meaning.field_class;
    if (!gather_says_nothing(g->named)) {
        field_class = gather_named_class(g->named, field_class);
    }
    if (!gather_says_nothing(value)) {
        g->field = meaning.field;
        gather_value(g, field_class, value);
    }
}

static inline void gather_field(struct gather *g, struct observe_meaning meaning, struct span value,
                                enum record_type type)
{
    if (meaning.role == ROLE_NAMING || meaning.role == ROLE_NAMED) {
        if (type == RECORD_STRING) {
            gather_pair(g, meaning, value);
        }
        return;
    }
    if (type == RECORD_NULL || gather_says_nothing(value)) {
        return;
    }
    g->field = meaning.field;
    if (meaning.role != ROLE_VALUE) {
        gather_note(g, (enum field_role)meaning.role, value, type == RECORD_NUMBER);
    }
    if (meaning.field_class == CLASS_NONE) {
        return;
    }
    const enum field_class field_class = (enum field_class)meaning.field_class;
    if (type == RECORD_STRING || (type == RECORD_NUMBER && field_class == CLASS_ASN)) {
        gather_value(g, field_class, value);
    } else if (field_class == CLASS_ADDRESS || field_class == CLASS_DIGEST ||
               field_class == CLASS_CERT_DIGEST) {
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

/* The port of the server: the one the client wrote, else that of the connection. An event about a
 * packet or file is logged in its direction, so that the server may be either end: then it is the
 * lower port. */
static unsigned request_port(const struct gather *g)
{
    if (gather_is_noted(g, ROLE_HTTP_PORT)) {
        return gather_port(gather_noted(g, ROLE_HTTP_PORT));
    }
    unsigned responder = gather_port(gather_noted(g, ROLE_RESPONDER_PORT));
    if (g->responder_sure) {
        return responder;
    }
    unsigned originator = gather_port(gather_noted(g, ROLE_ORIGINATOR_PORT));
    return originator < responder ? originator : responder;
}

/* A request without a Host header went to the address it was sent to. */
static struct span request_host(const struct gather *g, uint8_t bracketed[HOST_TEXT_SIZE_MAX])
{
    bool responder = gather_is_noted(g, ROLE_RESPONDER);
    struct span address = gather_noted(g, responder ? ROLE_RESPONDER : ROLE_SERVER);
    if (gather_is_noted(g, ROLE_HTTP_HOST)) {
        return gather_noted(g, ROLE_HTTP_HOST);
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
    g->field = g->notes.fields[ROLE_HTTP_TARGET];
    gather_value_request(g, host, request_port(g), gather_noted(g, ROLE_HTTP_TARGET),
                         gather_is_noted(g, ROLE_HTTP_HOST));
}

/* "Ports" of ICMP are its type and code (Zeek's conn.log). */
static bool has_ports(const struct gather *g)
{
    return !span_equal(gather_noted(g, ROLE_TRANSPORT), SPAN("icmp"));
}

static unsigned port_noted(const struct gather *g, enum field_role role)
{
    return has_ports(g) ? gather_port(gather_noted(g, role)) : 0;
}

static void gather_end_with_port(struct gather *g, enum field_role address, enum field_role port)
{
    if (gather_is_noted(g, address)) {
        g->field = g->notes.fields[address];
        gather_value_ip_port(g, gather_noted(g, address), port_noted(g, port));
    }
}

void gather_end_values(struct gather *gather)
{
    if (gather_wants(gather, VALUE_IP_PORT)) {
        gather_end_with_port(gather, ROLE_ORIGINATOR, ROLE_ORIGINATOR_PORT);
        gather_end_with_port(gather, ROLE_RESPONDER, ROLE_RESPONDER_PORT);
    }
    if (gather_is_noted(gather, ROLE_HTTP_TARGET)) {
        gather_request(gather);
    }
}

static struct observe_end end_noted(const struct gather *g, enum field_role address,
                                    enum field_role port)
{
    return (struct observe_end){
        .address = gather_noted(g, address),
        .port = (uint16_t)port_noted(g, port),
        .field = gather_is_noted(g, address) ? g->notes.fields[address] : 0,
        .ipv4_known = false,
    };
}

/* An event about a packet has the ends of the packet, and those of the flow beside them. */
static bool has_flow(const struct gather *g)
{
    return gather_is_noted(g, ROLE_FLOW_ORIGINATOR) && gather_is_noted(g, ROLE_FLOW_RESPONDER);
}

void gather_tell(const struct gather *gather, struct observe_context *ret)
{
    const struct gather *g = gather;
    bool time_known = gather_is_noted(g, ROLE_TIME);
    enum field_role time = time_known ? ROLE_TIME : ROLE_TIME_WRITTEN;
    ret->time = gather_noted(g, time);
    ret->time_is_number = (g->notes.number >> time & 1) != 0;
    ret->sensor = gather_noted(g, ROLE_SENSOR);
    ret->outcome = observe_outcome_of(g);
    ret->ends[0] = end_noted(g, ROLE_ORIGINATOR, ROLE_ORIGINATOR_PORT);
    ret->ends[1] = end_noted(g, ROLE_RESPONDER, ROLE_RESPONDER_PORT);
    if (has_flow(g)) {
        ret->originator = gather_noted(g, ROLE_FLOW_ORIGINATOR);
        ret->responder = gather_noted(g, ROLE_FLOW_RESPONDER);
        ret->originator_port = (uint16_t)port_noted(g, ROLE_FLOW_ORIGINATOR_PORT);
        return;
    }
    bool originator = gather_is_noted(g, ROLE_ORIGINATOR);
    bool responder = gather_is_noted(g, ROLE_RESPONDER);
    ret->originator = gather_noted(g, originator ? ROLE_ORIGINATOR : ROLE_CLIENT);
    ret->responder = gather_noted(g, responder ? ROLE_RESPONDER : ROLE_SERVER);
    ret->originator_port = ret->ends[0].port;
}

void gather_end(struct gather *gather)
{
    struct observe_line *line = gather->line;
    struct observe_context context;
    gather_tell(gather, &context);
    line->time = context.time;
    line->time_is_number = context.time_is_number;
    line->sensor = context.sensor;
    line->uid = gather_noted(gather, ROLE_UID);
    line->outcome = context.outcome;
    line->originator = context.originator;
    line->responder = context.responder;
    line->originator_port = context.originator_port;
    line->responder_port =
        has_flow(gather) ? port_noted(gather, ROLE_FLOW_RESPONDER_PORT) : context.ends[1].port;
    gather_end_values(gather);
}
