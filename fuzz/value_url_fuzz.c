// SPDX-License-Identifier: EUPL-1.2
// links: value base
/*
 * A URL's key holds nothing but printable ASCII, gives itself again, and is the key of the request
 * for that URL.
 */
#include "fuzz/value_again.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_key(struct span key)
{
    must(key.size >= 2 && key.size <= VALUE_URL_SIZE_MAX);
    must(span_find(key, '/') > 0);
    must(span_find(key, '#') == SPAN_NOT_FOUND);
    for (size_t i = 0; i < key.size; i++) {
        must(key.data[i] > ' ' && key.data[i] < 0x7F);
    }
}

/* The request "GET path?query" with "Host: host:port" has the same key. */
static void check_request(struct span key)
{
    static uint8_t again[VALUE_KEY_SIZE_MAX];
    size_t slash = (size_t)span_find(key, '/');
    struct span host = span_slice(key, 0, slash);
    size_t size = value_key_request(host, 0, span_from(key, slash), again);
    must(span_equal(span_make(again, size), key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct value_buf value_buf;
    static struct buf text = { .size_max = VALUE_TEXT_SIZE_MAX };
    static uint8_t key[VALUE_KEY_SIZE_MAX];
    struct value value;
    struct span raw = span_make(data, size);
    size_t hot_size = value_key_url(raw, key);
    if (value_parse(VALUE_URL, raw, &value_buf, &value) != ERR_OK) {
        must(hot_size == 0);
    } else {
        must(span_equal(span_make(key, hot_size), value.key));
        check_key(value.key);
        bool ours = value.scheme.size == 0 || span_equal(value.scheme, SPAN("http")) ||
                    span_equal(value.scheme, SPAN("https"));
        if (ours) {
            check_request(value.key);
        }
        buf_clear(&text);
        value_must_come_again(&value, &text);
    }
    /* Any bytes as host and target. */
    struct span host = span_slice(raw, 0, size / 4);
    size_t request_size = value_key_request(host, 8080, span_from(raw, size / 4), key);
    if (request_size > 0) {
        check_key(span_make(key, request_size));
    }
    return 0;
}
