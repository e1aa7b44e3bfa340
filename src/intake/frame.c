// SPDX-License-Identifier: EUPL-1.2
#include "intake/frame.h"

/* ---- where a message ends ---- */

enum { DECIMAL = 10, HEADER_WORDS = 5 /* of RFC 5424 behind the version, up to MSGID */ };

enum count_found { COUNT_NONE, COUNT_UNSURE, COUNT_FOUND };

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* "83 <": a line that begins with a number is no count, a message of syslog begins with "<". */
static enum count_found count_read(struct span rest, size_t *ret_count, size_t *ret_size)
{
    size_t count = 0;
    size_t at = 0;
    if (rest.size > 0 && rest.data[0] == '0') {
        return COUNT_NONE;
    }
    while (at < rest.size && at < INTAKE_COUNT_DIGITS_MAX && is_digit(rest.data[at])) {
        count = DECIMAL * count + (size_t)(rest.data[at] - '0');
        at++;
    }
    if (at == rest.size) {
        return at == 0 ? COUNT_NONE : COUNT_UNSURE;
    }
    if (at == 0 || rest.data[at] != ' ') {
        return COUNT_NONE;
    }
    if (at + 1 == rest.size) {
        return COUNT_UNSURE;
    }
    *ret_count = count;
    *ret_size = at + 1;
    return rest.data[at + 1] == '<' ? COUNT_FOUND : COUNT_NONE;
}

/* What is passed over; false: more of it will come. */
static bool pass_over(struct intake_frame *frame, struct span *rest)
{
    size_t passed = rest->size < frame->left ? rest->size : frame->left;
    *rest = span_from(*rest, passed);
    frame->left -= passed;
    if (frame->passing) {
        ptrdiff_t end = span_find(*rest, '\n');
        frame->passing = end == SPAN_NOT_FOUND;
        *rest = span_from(*rest, frame->passing ? rest->size : (size_t)end + 1);
    }
    return frame->left == 0 && !frame->passing;
}

static enum err next_counted(struct intake_frame *frame, struct span *rest, size_t count,
                             bool ended, struct span *ret)
{
    size_t whole = count < INTAKE_MESSAGE_SIZE_MAX ? count : INTAKE_MESSAGE_SIZE_MAX;
    if (rest->size < whole && !ended) {
        return ERR_AGAIN;
    }
    whole = rest->size < whole ? rest->size : whole;
    *ret = span_slice(*rest, 0, whole);
    *rest = span_from(*rest, whole);
    frame->cut += count > INTAKE_MESSAGE_SIZE_MAX ? 1 : 0;
    frame->left = count > INTAKE_MESSAGE_SIZE_MAX ? count - whole : 0;
    return ERR_OK;
}

static enum err next_line(struct intake_frame *frame, struct span *rest, bool ended,
                          struct span *ret)
{
    ptrdiff_t end = span_find(*rest, '\n');
    size_t size = end == SPAN_NOT_FOUND ? rest->size : (size_t)end;
    if (size > INTAKE_MESSAGE_SIZE_MAX) {
        *ret = span_slice(*rest, 0, INTAKE_MESSAGE_SIZE_MAX);
        *rest = span_from(*rest, INTAKE_MESSAGE_SIZE_MAX);
        frame->cut++;
        frame->passing = true;
        return ERR_OK;
    }
    if (end == SPAN_NOT_FOUND && (!ended || size == 0)) {
        return ERR_AGAIN;
    }
    *ret = span_slice(*rest, 0, size);
    *rest = span_from(*rest, end == SPAN_NOT_FOUND ? size : size + 1);
    return ERR_OK;
}

enum err intake_frame_next(struct intake_frame *frame, struct span *rest, bool ended,
                           struct span *ret)
{
    size_t count = 0;
    size_t size = 0;
    if (!pass_over(frame, rest)) {
        return ERR_AGAIN;
    }
    enum count_found found = frame->counts ? count_read(*rest, &count, &size) : COUNT_NONE;
    if (found == COUNT_UNSURE && !ended) {
        return ERR_AGAIN;
    }
    if (found != COUNT_FOUND) {
        return next_line(frame, rest, ended, ret);
    }
    struct span message = span_from(*rest, size);
    TRY(next_counted(frame, &message, count, ended, ret));
    *rest = message;
    return ERR_OK;
}

/* ---- what of it is the line ---- */

static bool is_edge(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n' || byte == '\0';
}

static struct span trim(struct span span)
{
    while (span.size > 0 && is_edge(span.data[0])) {
        span = span_from(span, 1);
    }
    while (span.size > 0 && is_edge(span.data[span.size - 1])) {
        span.size--;
    }
    return span;
}

static struct span behind(struct span span, struct span prefix)
{
    return trim(span_starts_with(span, prefix) ? span_from(span, prefix.size) : span);
}

static struct span behind_word(struct span span)
{
    ptrdiff_t space = span_find(span, ' ');
    return space == SPAN_NOT_FOUND ? SPAN("") : span_from(span, (size_t)space + 1);
}

/* STRUCTURED-DATA of RFC 5424, section 6.3: in its values a quote, a backslash and a bracket stand
 * behind a backslash. */
static struct span behind_structured(struct span span)
{
    bool quoted = false;
    bool inside = false;
    for (size_t i = 0; i < span.size; i++) {
        uint8_t byte = span.data[i];
        if (quoted && byte == '\\') {
            i++;
        } else if (byte == '"') {
            quoted = !quoted;
        } else if (!quoted && (byte == '[' || byte == ']')) {
            inside = byte == '[';
        } else if (!quoted && !inside && byte == ' ') {
            return span_from(span, i + 1);
        }
    }
    return SPAN("");
}

static struct span json_of(struct span content)
{
    content = behind(trim(content), SPAN("\xEF\xBB\xBF"));
    content = behind(content, SPAN("@cee:"));
    bool whole =
        content.size > 1 && content.data[0] == '{' && content.data[content.size - 1] == '}';
    return whole ? content : SPAN("");
}

/* RFC 3164, section 4.1.3: the tag ends with a colon; some senders have a space only. The first
 * brace that begins a word begins the JSON. */
static struct span json_behind_tag(struct span rest)
{
    for (size_t i = 1; i < rest.size; i++) {
        if (rest.data[i] == '{' && (rest.data[i - 1] == ' ' || rest.data[i - 1] == ':')) {
            return json_of(span_from(rest, i));
        }
    }
    return SPAN("");
}

struct span intake_line(struct span message)
{
    struct span line = trim(message);
    ptrdiff_t end = span_find(line, '>');
    enum { PRIORITY_END_MAX = 4 }; /* "<191>" */
    if (line.size == 0 || line.data[0] != '<' || end == SPAN_NOT_FOUND || end > PRIORITY_END_MAX) {
        struct span json = json_of(line);
        return json.size > 0 ? json : line;
    }
    struct span rest = span_from(line, (size_t)end + 1);
    struct span json = { NULL, 0 };
    if (span_starts_with(rest, SPAN("1 "))) {
        struct span content = span_from(rest, 2);
        for (int i = 0; i < HEADER_WORDS; i++) {
            content = behind_word(content);
        }
        json = json_of(behind_structured(content));
    } else {
        json = json_behind_tag(rest);
    }
    return json.size > 0 ? json : line;
}
