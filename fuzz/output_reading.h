// SPDX-License-Identifier: EUPL-1.2
/*
 * A reader of RFC 5424 messages, written from the RFC and from nothing else: what output/ writes is
 * read back with it. Strict: anything that the grammar of section 6 does not allow is refused.
 */
#ifndef FUZZ_OUTPUT_READING_H
#define FUZZ_OUTPUT_READING_H

#include "base/buf.h"
#include "base/must.h"
#include "base/text.h"

enum {
    READING_PARAMS_MAX = 64,
    READING_VALUE_MAX = 16 * 1024,
    READING_PRI_MAX = 191,
    READING_NAME_MAX = 32,
};

struct reading_param {
    struct span name;
    size_t size;
    uint8_t value[READING_VALUE_MAX]; /* unescaped */
};

struct reading_message {
    uint64_t priority;
    struct span timestamp;
    struct span hostname;
    struct span app_name;
    struct span procid;
    struct span msgid;
    struct span sd_id;
    size_t param_count;
    struct reading_param params[READING_PARAMS_MAX];
    bool has_mark; /* the message begins with the byte order mark */
    struct span message;
};

/* PRINTUSASCII of 1 .. size_max, up to a space, which is taken too. */
static inline bool reading_word(struct span *rest, size_t size_max, struct span *ret)
{
    size_t size = 0;
    while (size < rest->size && rest->data[size] >= 33 && rest->data[size] <= 126) {
        size++;
    }
    if (size == 0 || size > size_max || size == rest->size || rest->data[size] != ' ') {
        return false;
    }
    *ret = span_slice(*rest, 0, size);
    *rest = span_from(*rest, size + 1);
    return true;
}

static inline bool reading_priority(struct span *rest, uint64_t *ret)
{
    ptrdiff_t end = span_find(*rest, '>');
    if (rest->size == 0 || rest->data[0] != '<' || end < 2 || end > 4 ||
        span_to_u64(span_slice(*rest, 1, (size_t)end), ret) != ERR_OK || *ret > READING_PRI_MAX) {
        return false;
    }
    *rest = span_from(*rest, (size_t)end + 1);
    return true;
}

/* SD-NAME: PRINTUSASCII except '=', ' ', ']' and '"'. */
static inline size_t reading_name_size(struct span rest)
{
    size_t size = 0;
    while (size < rest.size && rest.data[size] > 32 && rest.data[size] < 127 &&
           rest.data[size] != '=' && rest.data[size] != ']' && rest.data[size] != '"') {
        size++;
    }
    return size <= READING_NAME_MAX ? size : 0;
}

/* Behind the opening quote, up to the closing one, which is taken too. */
static inline bool reading_value(struct span *rest, struct reading_param *param)
{
    size_t at = 0;
    param->size = 0;
    while (at < rest->size && rest->data[at] != '"') {
        uint8_t c = rest->data[at];
        if (c == ']') {
            return false; /* must be escaped */
        }
        if (c == '\\') {
            at++;
            must(at < rest->size);
            c = rest->data[at];
        }
        must(param->size < READING_VALUE_MAX);
        param->value[param->size] = c;
        param->size++;
        at++;
    }
    if (at == rest->size) {
        return false;
    }
    *rest = span_from(*rest, at + 1);
    return true;
}

static inline bool reading_params(struct span *rest, struct reading_message *ret)
{
    while (rest->size > 0 && rest->data[0] == ' ') {
        *rest = span_from(*rest, 1);
        struct reading_param *param = &ret->params[ret->param_count];
        size_t size = reading_name_size(*rest);
        if (size == 0 || size + 2 > rest->size || rest->data[size] != '=' ||
            rest->data[size + 1] != '"' || ret->param_count == READING_PARAMS_MAX - 1) {
            return false;
        }
        param->name = span_slice(*rest, 0, size);
        *rest = span_from(*rest, size + 2);
        if (!reading_value(rest, param) ||
            text_valid_size(span_make(param->value, param->size)) != param->size) {
            return false;
        }
        ret->param_count++;
    }
    return true;
}

/* One SD-ELEMENT and the space behind it. */
static inline bool reading_structured(struct span *rest, struct reading_message *ret)
{
    if (rest->size == 0 || rest->data[0] != '[') {
        return false;
    }
    *rest = span_from(*rest, 1);
    size_t size = reading_name_size(*rest);
    ret->sd_id = span_slice(*rest, 0, size);
    *rest = span_from(*rest, size);
    if (size == 0 || !reading_params(rest, ret) || rest->size < 2 || rest->data[0] != ']' ||
        rest->data[1] != ' ') {
        return false;
    }
    *rest = span_from(*rest, 2);
    return true;
}

/* Returns false where the text is no message of RFC 5424 with one structured element. */
static inline bool reading_syslog(struct span text, struct reading_message *ret)
{
    enum { HOSTNAME = 255, APP_NAME = 48, PROCID = 128, MSGID = 32, TIMESTAMP = 32 };
    static const uint8_t mark[] = { 0xEF, 0xBB, 0xBF };
    struct span rest = text;
    struct span version;
    ret->param_count = 0;
    if (!reading_priority(&rest, &ret->priority) || !reading_word(&rest, 1, &version) ||
        !span_equal(version, SPAN("1")) || !reading_word(&rest, TIMESTAMP, &ret->timestamp) ||
        !reading_word(&rest, HOSTNAME, &ret->hostname) ||
        !reading_word(&rest, APP_NAME, &ret->app_name) ||
        !reading_word(&rest, PROCID, &ret->procid) || !reading_word(&rest, MSGID, &ret->msgid) ||
        !reading_structured(&rest, ret)) {
        return false;
    }
    ret->has_mark = span_starts_with(rest, span_make(mark, sizeof mark));
    ret->message = ret->has_mark ? span_from(rest, sizeof mark) : rest;
    return true;
}

/* The value of a parameter; data is NULL where there is none. */
static inline struct span reading_param_value(const struct reading_message *message,
                                              const char *name)
{
    for (size_t i = 0; i < message->param_count; i++) {
        if (span_equal(message->params[i].name, span_of(name))) {
            return span_make(message->params[i].value, message->params[i].size);
        }
    }
    return span_make(NULL, 0);
}

#endif
