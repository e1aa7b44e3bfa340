// SPDX-License-Identifier: EUPL-1.2
/*
 * What a field that a mapping names is to its line, where that is more than field.h knows.
 */
#include "observe/gather_value.h"
#include "observe/mapped.h"

/* "[2001:db8::7]" without its brackets. */
static struct span without_brackets(struct span host)
{
    bool bracketed = host.size > 1 && host.data[0] == '[' && host.data[host.size - 1] == ']';
    return bracketed ? span_slice(host, 1, host.size - 1) : host;
}

/* Where the port begins: behind the host, a bracket, and the colon. */
static size_t place_behind(struct span value, struct span host)
{
    size_t end = (size_t)(host.data - value.data) + host.size;
    while (end < value.size && (value.data[end] == ']' || value.data[end] == ':')) {
        end++;
    }
    return end;
}

/* Postfix writes "unknown" for an address that was gone before it could be asked for, RFC 7239
 * (section 6.2) for one that is not told; a socket has a path ("private/lmtp") in its place, nginx
 * calls it "unix:". */
static bool is_no_address(struct span host)
{
    ptrdiff_t slash = span_find(host, '/');
    struct span before = slash > 0 ? span_slice(host, 0, (size_t)slash) : host;
    bool number =
        span_find(before, '.') != SPAN_NOT_FOUND || span_find(before, ':') != SPAN_NOT_FOUND;
    bool word = span_equal_nocase(host, SPAN("unknown")) || span_equal(host, SPAN("unix"));
    return word || (slash != SPAN_NOT_FOUND && !number);
}

/* One end of a connection. The first that is an address is the line's, its port where no field of
 * its own has told it before; together they are told at the end of the line. A name is a value
 * seen, but where it has one label it is rather a word. */
static void take_end(struct gather *gather, enum field_role role, struct span value)
{
    enum field_role port_role =
        role == ROLE_ORIGINATOR ? ROLE_ORIGINATOR_PORT : ROLE_RESPONDER_PORT;
    value = span_trim(value);
    struct span host = without_brackets(gather_without_port(value));
    if (value.size == 0 || is_no_address(host)) {
        return;
    }
    if (gather_is_noted(gather, role)) {
        gather_value(gather, CLASS_HOST, value);
        return;
    }
    if (!gather_add_address(gather, host, host)) {
        gather->line->unfit += gather_add_dotted_name(gather, host, host) ? 0u : 1u;
        return;
    }
    gather_note(gather, role, host, false);
    size_t end = place_behind(value, host);
    if (end < value.size) {
        gather_note(gather, port_role, span_from(value, end), false);
    }
}

/* "GET /a?b HTTP/1.1", or as HTTP/0.9 has it without a version. All else ("\x16\x03") is no
 * request.
 */
static void take_request(struct gather *gather, struct span value)
{
    ptrdiff_t begin = span_find(value, ' ');
    ptrdiff_t end = span_find_last(value, ' ');
    if (begin == SPAN_NOT_FOUND) {
        return;
    }
    struct span target = span_from(value, (size_t)begin + 1);
    if (end > begin) {
        target = span_slice(value, (size_t)begin + 1, (size_t)end);
    }
    target = span_trim(target);
    if (target.size > 0) {
        gather_note(gather, ROLE_HTTP_TARGET, target, false);
    }
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* "(3)www(7)example(3)org(0)": each label behind its size. Returns the size of the name, 0 where it
 * is none. */
static size_t counted_name(struct span value, uint8_t name[VALUE_DOMAIN_SIZE_MAX + 1])
{
    size_t size = 0;
    size_t at = 0;
    while (at < value.size) {
        size_t label = 0;
        if (value.data[at] != '(') {
            return 0;
        }
        for (at++; at < value.size && is_digit(value.data[at]); at++) {
            label = label * 10 + (size_t)(value.data[at] - '0');
            if (label > VALUE_LABEL_SIZE_MAX) {
                return 0;
            }
        }
        if (at == value.size || value.data[at] != ')' || label > value.size - at - 1) {
            return 0;
        }
        if (label == 0) {
            return size;
        }
        at++;
        if (size + (size > 0 ? 1 : 0) + label > VALUE_DOMAIN_SIZE_MAX) {
            return 0;
        }
        if (size > 0) {
            name[size] = '.';
            size++;
        }
        span_copy(name + size, VALUE_DOMAIN_SIZE_MAX + 1 - size, span_slice(value, at, at + label));
        size += label;
        at += label;
    }
    return size;
}

static void take_counted(struct gather *gather, struct span value)
{
    uint8_t name[VALUE_DOMAIN_SIZE_MAX + 1 + VALUE_PADDING_SIZE] = { 0 };
    size_t size = counted_name(value, name);
    if (size == 0) {
        /* The root alone is no fault, nor is a name that is written as others are. */
        if (!span_equal(value, SPAN("(0)"))) {
            gather_value(gather, CLASS_DOMAIN, value);
        }
        return;
    }
    if (!gather_add_name(gather, span_make(name, size), value)) {
        gather->line->unfit++;
    }
}

/* The root of DNS is asked for by all resolvers, and is no name that anybody looks for. */
static bool is_root(const struct mapping_use *use, struct span value)
{
    return use->field_class == CLASS_DOMAIN && span_equal(value, SPAN("."));
}

static void take_class(struct mapped_reader *mapped, struct gather *gather,
                       const struct mapping_use *use, struct span value)
{
    switch (use->field_class) {
    case MAPPING_CLASS_PROSE:
        prose_gather(&mapped->prose, gather, value);
        break;
    case MAPPING_CLASS_REQUEST:
        take_request(gather, value);
        break;
    case MAPPING_CLASS_COUNTED:
        take_counted(gather, value);
        break;
    case MAPPING_CLASS_END:
        take_end(gather, (enum field_role)use->role, value);
        break;
    case CLASS_USER_AGENT:
        gather_value(gather, CLASS_USER_AGENT, value); /* as it stands */
        break;
    default:
        value = span_trim(value);
        if (value.size > 0) {
            gather_value(gather, (enum field_class)use->field_class, value);
        }
        break;
    }
}

void mapped_use(struct mapped_reader *mapped, struct gather *gather, const struct mapping_use *use,
                struct span value, enum record_type type)
{
    bool text = type == RECORD_STRING;
    if (use->role == MAPPING_ROLE_TIME_MORE) {
        if (mapped->time_count < MAPPED_TIME_COUNT_MAX) {
            mapped->times[mapped->time_count] = value;
            mapped->time_count++;
        }
        return;
    }
    if (use->role != ROLE_VALUE && use->field_class != MAPPING_CLASS_END &&
        (text || type == RECORD_NUMBER)) {
        gather_note(gather, (enum field_role)use->role, value, !text);
    }
    if (use->field_class == CLASS_NONE || is_root(use, value)) {
        return;
    }
    if (text || (type == RECORD_NUMBER && use->field_class == CLASS_ASN)) {
        take_class(mapped, gather, use, value);
    } else {
        gather->line->unfit++;
    }
}

/* The port of a scheme, where the target names none. */
static unsigned port_of_scheme(struct span scheme)
{
    enum { HTTP_PORT = 80, HTTPS_PORT = 443 };
    if (span_equal_nocase(scheme, SPAN("http"))) {
        return HTTP_PORT;
    }
    return span_equal_nocase(scheme, SPAN("https")) ? HTTPS_PORT : 0;
}

void mapped_target_end(struct gather *gather)
{
    struct span target = gather_noted(gather, ROLE_HTTP_TARGET);
    ptrdiff_t colon = span_find_span(target, SPAN("://"));
    struct span scheme = { NULL, 0 };
    if (target.size == 0) {
        return;
    }
    if (colon != SPAN_NOT_FOUND) {
        scheme = span_slice(target, 0, (size_t)colon);
        target = span_from(target, (size_t)colon + 3); /* behind "://" */
    }
    size_t end = 0;
    while (end < target.size && target.data[end] != '/' && target.data[end] != '?') {
        end++;
    }
    target = span_slice(target, 0, end);
    struct span host = gather_without_port(target);
    size_t behind = place_behind(target, host);
    unsigned port = behind < target.size ? gather_port(span_from(target, behind)) : 0;
    gather->field = gather->notes.fields[ROLE_HTTP_TARGET];
    gather_value_ip_port(gather, without_brackets(host), port > 0 ? port : port_of_scheme(scheme));
}
