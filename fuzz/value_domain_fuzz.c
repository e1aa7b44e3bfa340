// SPDX-License-Identifier: EUPL-1.2
// links: value base
/*
 * A name's key is a name, in lower case, within the limits; it does not depend on the case of the
 * bytes, and gives itself again.
 */
#include "fuzz/value_again.h"

enum { RAW_SIZE_MAX = 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_key(struct span key)
{
    must(key.size <= VALUE_DOMAIN_SIZE_MAX);
    struct span rest = key;
    struct span label = { NULL, 0 };
    while (span_next(&rest, '.', &label)) {
        must(label.size >= 1 && label.size <= VALUE_LABEL_SIZE_MAX);
    }
    for (size_t i = 0; i < key.size; i++) {
        must(key.data[i] > ' ' && key.data[i] < 0x7F);
        must(key.data[i] < 'A' || key.data[i] > 'Z');
    }
    static uint8_t address[VALUE_KEY_SIZE_MAX];
    must(value_key_address(key, address) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct value_buf value_buf;
    static struct buf text = { .size_max = VALUE_TEXT_SIZE_MAX };
    static uint8_t upper[RAW_SIZE_MAX];
    static uint8_t upper_key[VALUE_KEY_SIZE_MAX];
    struct value value;
    struct span raw = span_make(data, size);
    if (size > RAW_SIZE_MAX || value_parse(VALUE_DOMAIN, raw, &value_buf, &value) != ERR_OK) {
        return 0;
    }
    check_key(value.key);
    buf_clear(&text);
    value_must_come_again(&value, &text);
    for (size_t i = 0; i < size; i++) {
        bool lower = data[i] >= 'a' && data[i] <= 'z';
        upper[i] = lower ? (uint8_t)(data[i] - 'a' + 'A') : data[i];
    }
    size_t upper_size = value_key_domain(span_make(upper, size), upper_key);
    must(span_equal(span_make(upper_key, upper_size), value.key));
    return 0;
}
