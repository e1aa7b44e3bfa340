// SPDX-License-Identifier: EUPL-1.2
#include "bench/batch.h"

#include <stdlib.h>

#include "base/memory.h"

static const char *const words[] = {
    "an",   "ber",   "cloud", "data", "el",   "fast", "go",   "home", "in",   "jet",  "ko",
    "lin",  "media", "net",   "on",   "pro",  "qu",   "re",   "shop", "tech", "uni",  "ver",
    "web",  "xe",    "yo",    "zen",  "bank", "news", "blue", "star", "play", "mail", "app",
    "soft", "host",  "world", "city", "line", "art",  "lab",  "max",  "mi",   "so",   "ta",
};

/* By their text backwards: so they stand in the order. */
static const char *const tops[BATCH_PARTS] = { "ca", "de", "se",  "org",  "co.uk",
                                               "nl", "pl", "com", "info", "io",
                                               "jp", "fr", "net", "eu",   "ru" };
static const unsigned shares[BATCH_PARTS] = { 3, 7, 2, 6, 3, 4, 3, 45, 3, 3, 3, 3, 8, 3, 4 };

static void name_add(struct bench_random *random, struct buf *text)
{
    size_t parts = 2 + bench_random_below(random, 2);
    for (size_t i = 0; i < parts; i++) {
        buf_add(text, span_of(words[bench_random_below(random, sizeof words / sizeof words[0])]));
        if (i + 1 == parts && bench_random_below(random, 3) != 0) {
            buf_add_byte(text, (uint8_t)('a' + bench_random_below(random, 26)));
            buf_add_byte(text, (uint8_t)('a' + bench_random_below(random, 26)));
        }
    }
}

/* One in four has no label below the registered name, one in four has one that a machine made. */
void batch_domain_add(struct bench_random *random, struct buf *text, size_t part)
{
    static const char *const labels[] = { "www.", "mail.", "api.", "cdn.", "static.", "img." };
    switch (bench_random_below(random, 4)) {
    case 0:
        break;
    case 1:
        for (size_t i = 0; i < 8; i++) {
            buf_add_byte(text, (uint8_t)("0123456789abcdef"[bench_random_below(random, 16)]));
        }
        buf_add_byte(text, '.');
        break;
    default:
        buf_add(text, span_of(labels[bench_random_below(random, 6)]));
        break;
    }
    name_add(random, text);
    buf_add_byte(text, '.');
    buf_add(text, span_of(tops[part]));
}

void batch_url_add(struct bench_random *random, struct buf *text)
{
    batch_domain_add(random, text, bench_random_below(random, BATCH_PARTS));
    buf_add_byte(text, '/');
    name_add(random, text);
    buf_add_byte(text, '/');
    buf_add_u64(text, bench_random_below(random, 1000000));
    buf_add(text, bench_random_below(random, 2) == 0 ? SPAN(".html") : SPAN("?id=1"));
}

void batch_bytes_add(struct bench_random *random, struct buf *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        buf_add_byte(text, (uint8_t)bench_random_next(random));
    }
}

static int compare_spans(const void *a, const void *b)
{
    return span_compare(*(const struct span *)a, *(const struct span *)b);
}

/* What was appended is a key: as it stands in the order. */
static void key_end(struct batch *batch, size_t begin)
{
    struct span key = span_from(buf_span(&batch->text), begin);
    uint8_t order[BATCH_KEY_SIZE_MAX];
    if (batch->text.err != ERR_OK || key.size > sizeof order) {
        bench_fail("out of memory");
    }
    history_order(batch->kind, HISTORY_WHOLE, key, order);
    span_copy(batch->text.data + begin, key.size, span_make(order, key.size));
    batch->keys[batch->count].size = key.size;
    batch->count++;
}

static void value_add(struct bench_random *random, struct batch *batch, size_t part)
{
    struct buf *text = &batch->text;
    size_t begin = text->size;
    switch (batch->kind) {
    case VALUE_DOMAIN:
        batch_domain_add(random, text, part);
        break;
    case VALUE_URL:
        batch_url_add(random, text);
        break;
    case VALUE_IPV4:
        batch_bytes_add(random, text, VALUE_IPV4_SIZE);
        break;
    case VALUE_MD5:
    case VALUE_IPV6:
        batch_bytes_add(random, text, VALUE_MD5_SIZE);
        break;
    default:
        batch_bytes_add(random, text, VALUE_SHA256_SIZE);
        break;
    }
    key_end(batch, begin);
}

static void planted_domain_add(struct buf *text, size_t number)
{
    for (size_t i = 0; i < 8; i++) {
        buf_add_byte(text, (uint8_t)("0123456789abcdef"[bench_mix(number) >> (4 * i) & 15]));
    }
    buf_add(text, SPAN("." BATCH_DOMAIN));
}

/* The lower half of an address runs through all its numbers in steps that share no factor with how
 * many they are. */
static void planted_address_add(struct buf *text, size_t number)
{
    const uint32_t low = (uint32_t)number * 40503 & UINT16_MAX;
    buf_add_byte(text, BATCH_NETWORK >> 8);
    buf_add_byte(text, BATCH_NETWORK & UINT8_MAX);
    buf_add_byte(text, (uint8_t)(low >> 8));
    buf_add_byte(text, (uint8_t)low);
}

static size_t planted_count(const struct batch *batch, size_t part)
{
    if (!batch->planted) {
        return 0;
    }
    bool com = batch->kind == VALUE_DOMAIN && span_equal(span_of(tops[part]), SPAN("com"));
    return com ? BATCH_BELOW : batch->kind == VALUE_IPV4 ? BATCH_RANGE : 0;
}

unsigned batch_share(size_t part)
{
    return shares[part];
}

void batch_make(struct bench_random *random, struct batch *batch, size_t count, size_t part)
{
    const size_t planted = planted_count(batch, part);
    batch->count = 0;
    buf_clear(&batch->text);
    batch->keys = memory_new_array(count + planted, sizeof *batch->keys);
    if (batch->keys == NULL) {
        bench_fail("out of memory");
    }
    while (batch->count < count) {
        value_add(random, batch, part);
    }
    for (size_t i = 0; i < planted; i++) {
        size_t begin = batch->text.size;
        if (batch->kind == VALUE_DOMAIN) {
            planted_domain_add(&batch->text, i);
        } else {
            planted_address_add(&batch->text, i);
        }
        key_end(batch, begin);
    }
    size_t at = 0;
    for (size_t i = 0; i < batch->count; i++) {
        batch->keys[i].data = batch->text.data + at;
        at += batch->keys[i].size;
    }
    qsort(batch->keys, batch->count, sizeof *batch->keys, compare_spans);
}

void batch_clear(struct batch *batch)
{
    memory_free(batch->keys);
    batch->keys = NULL;
    batch->count = 0;
}
