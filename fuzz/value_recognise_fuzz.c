// SPDX-License-Identifier: EUPL-1.2
// links: value base
/*
 * What is recognised on a line gives itself again from its text, and is recognised again as the
 * same where the text holds nothing that a list writes around or into a value.
 */
#include "fuzz/value_again.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_plain(struct span text)
{
    static const char marks[] = "[({\\\"'`,;*";
    for (size_t i = 0; i < sizeof marks - 1; i++) {
        if (span_find(text, (uint8_t)marks[i]) != SPAN_NOT_FOUND) {
            return false;
        }
    }
    return true;
}

static void check_recognised_again(const struct value *value, enum value_scope scope,
                                   struct span text)
{
    static struct value_buf again_buf;
    struct value again;
    enum value_scope again_scope = VALUE_SCOPE_EXACT;
    must(value_recognise(text, &again_buf, &again, &again_scope) == ERR_OK);
    must(again.kind == value->kind);
    must(span_equal(again.key, value->key));
    must((again_scope == VALUE_SCOPE_EXACT) == (value->kind != VALUE_DOMAIN));
    must(value_scope_fits(value->kind, scope));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct value_buf value_buf;
    static struct buf text = { .size_max = VALUE_TEXT_SIZE_MAX };
    struct value value;
    enum value_scope scope = VALUE_SCOPE_EXACT;
    struct span raw = span_make(data, size);
    if (value_recognise(raw, &value_buf, &value, &scope) == ERR_OK) {
        buf_clear(&text);
        value_must_come_again(&value, &text);
        if (is_plain(buf_span(&text))) {
            check_recognised_again(&value, scope, buf_span(&text));
        }
    }
    for (enum value_kind kind = VALUE_IPV4; kind < VALUE_KIND_COUNT; kind++) {
        if (value_recognise_as(kind, raw, &value_buf, &value, &scope) == ERR_OK) {
            buf_clear(&text);
            value_must_come_again(&value, &text);
        }
    }
    return 0;
}
