// SPDX-License-Identifier: EUPL-1.2
/*
 * What must hold of any value that was read: its text gives it again.
 */
#ifndef FUZZ_VALUE_AGAIN_H
#define FUZZ_VALUE_AGAIN_H

#include "base/must.h"
#include "value/value.h"

/* Appends the value's text to `text`, empty before, and checks that it gives the value again. */
static inline void value_must_come_again(const struct value *value, struct buf *text)
{
    static struct value_buf again_buf;
    struct value again;
    value_add_text(text, value);
    must(text->err == ERR_OK);
    must(text->size <= VALUE_TEXT_SIZE_MAX);
    must(value_parse(value->kind, buf_span(text), &again_buf, &again) == ERR_OK);
    must(again.kind == value->kind);
    must(span_equal(again.key, value->key));
    must(span_equal(again.scheme, value->scheme));
}

#endif
