// SPDX-License-Identifier: EUPL-1.2
// links: value base
/*
 * Addresses are read as inet_pton() reads them, but for brackets and zones, and the same by both
 * ways of reading; ranges come again from their text.
 */
#include <arpa/inet.h>

#include "fuzz/value_again.h"

enum { TEXT_SIZE_MAX = 256 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t their_key(struct span raw, uint8_t *key)
{
    char text[TEXT_SIZE_MAX + 1];
    span_copy(text, sizeof text, raw);
    text[raw.size] = 0;
    if (inet_pton(AF_INET, text, key) == 1) {
        return VALUE_IPV4_SIZE;
    }
    return inet_pton(AF_INET6, text, key) == 1 ? VALUE_IPV6_SIZE : 0;
}

static void check_against_inet_pton(struct span raw)
{
    uint8_t theirs[VALUE_IPV6_SIZE];
    static uint8_t ours[VALUE_KEY_SIZE_MAX];
    size_t their_size = their_key(raw, theirs);
    size_t our_size = value_key_address(raw, ours);
    if (their_size == VALUE_IPV6_SIZE && our_size == VALUE_IPV4_SIZE) {
        must(theirs[10] == 0xFF && theirs[11] == 0xFF);
        must(memcmp(theirs + VALUE_IPV6_SIZE - VALUE_IPV4_SIZE, ours, VALUE_IPV4_SIZE) == 0);
        return;
    }
    must(our_size == their_size);
    must(memcmp(theirs, ours, our_size) == 0);
}

/* The bytes behind the text do not matter, as long as they can be read. */
static void check_padded(struct span raw)
{
    static uint8_t key[VALUE_KEY_SIZE_MAX];
    static uint8_t padded_key[VALUE_KEY_SIZE_MAX];
    uint8_t text[TEXT_SIZE_MAX + VALUE_PADDING_SIZE];
    memset(text, '1', sizeof text);
    span_copy(text, sizeof text, raw);
    size_t size = value_key_address(raw, key);
    must(value_key_address_padded(span_make(text, raw.size), padded_key) == size);
    must(memcmp(key, padded_key, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct value_buf value_buf;
    static struct buf text = { .size_max = VALUE_TEXT_SIZE_MAX };
    struct span raw = span_make(data, size);
    bool ours_alone = span_find(raw, '%') != SPAN_NOT_FOUND ||
                      span_find(raw, '[') != SPAN_NOT_FOUND || span_find(raw, 0) != SPAN_NOT_FOUND;
    if (size <= TEXT_SIZE_MAX && !ours_alone) {
        check_against_inet_pton(raw);
    }
    if (size <= TEXT_SIZE_MAX) {
        check_padded(raw);
    }
    struct value value;
    if (value_parse(VALUE_CIDR, raw, &value_buf, &value) == ERR_OK) {
        buf_clear(&text);
        value_must_come_again(&value, &text);
    }
    return 0;
}
