// SPDX-License-Identifier: EUPL-1.2
// links: value base
/*
 * An e-mail address holds one mailbox and one host, keeps its limits, and gives itself again.
 */
#include "base/text.h"
#include "fuzz/value_again.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_key(struct span key)
{
    must(key.size <= VALUE_EMAIL_SIZE_MAX);
    must(text_valid_size(key) == key.size);
    must(span_find_last(key, '@') > 0);
    for (size_t i = 0; i < key.size; i++) {
        must(key.data[i] >= ' ' && key.data[i] != 0x7F);
        must(key.data[i] < 'A' || key.data[i] > 'Z');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct value_buf value_buf;
    static struct buf text = { .size_max = VALUE_TEXT_SIZE_MAX };
    struct value value;
    if (value_parse(VALUE_EMAIL, span_make(data, size), &value_buf, &value) == ERR_OK) {
        check_key(value.key);
        buf_clear(&text);
        value_must_come_again(&value, &text);
    }
    return 0;
}
