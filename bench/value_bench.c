// SPDX-License-Identifier: EUPL-1.2
/*
 * What the hot functions of value/ take: CPU time per value, over values that vary in length and
 * bytes, so that no branch is learned by heart. The budget stands in src/value/key.c.
 */
#include <stdio.h>
#include <time.h>

#include "base/buf.h"
#include "base/must.h"
#include "value/value.h"

enum {
    VALUE_COUNT = 1 << 14,
    TEXT_SIZE_MAX = 1 << 24,
    ROUND_COUNT = 64,
    NS_PER_S = 1000000000,
};

static struct span values[VALUE_COUNT];
static uint8_t key[VALUE_KEY_SIZE_MAX];
static uint64_t state = 1;

static uint64_t random_u64(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void add_label(struct buf *buf, size_t size)
{
    static const char bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGH0123456789-";
    for (size_t i = 0; i < size; i++) {
        buf_add_byte(buf, (uint8_t)bytes[random_u64() % (sizeof bytes - 1)]);
    }
}

static void add_ipv4(struct buf *buf)
{
    uint64_t r = random_u64();
    buf_add_format(buf, "%u.%u.%u.%u", (unsigned)(r & 255), (unsigned)(r >> 8 & 255),
                   (unsigned)(r >> 16 & 255), (unsigned)(r >> 24 & 255));
}

static void add_ipv6(struct buf *buf)
{
    uint64_t r = random_u64();
    buf_add_format(buf, "2001:db8:%x:%x:%x:%x:%x:%x", (unsigned)(r & 0xFFFF),
                   (unsigned)(r >> 16 & 0xFFFF), (unsigned)(r >> 32 & 0xFFFF), (unsigned)(r >> 48),
                   (unsigned)(r >> 8 & 0xFFFF), (unsigned)(r >> 24 & 0xFFFF));
}

static void add_domain(struct buf *buf)
{
    size_t labels = random_u64() % 3 + 1;
    for (size_t i = 0; i < labels; i++) {
        add_label(buf, random_u64() % 14 + 2);
        buf_add_byte(buf, '.');
    }
    buf_add(buf, SPAN("example"));
}

static void add_url(struct buf *buf)
{
    buf_add(buf, SPAN("http://"));
    add_domain(buf);
    buf_add_byte(buf, '/');
    add_label(buf, random_u64() % 20);
    buf_add(buf, SPAN("/index.php?id="));
    add_label(buf, random_u64() % 20);
}

static void add_email(struct buf *buf)
{
    add_label(buf, random_u64() % 12 + 1);
    buf_add_byte(buf, '@');
    add_domain(buf);
}

static void add_digest(struct buf *buf)
{
    for (size_t i = 0; i < VALUE_SHA256_SIZE; i++) {
        buf_add_format(buf, "%02x", (unsigned)(random_u64() & 255));
    }
}

static size_t key_digest(struct span raw, uint8_t *ret)
{
    enum value_kind kind = VALUE_NONE;
    return value_key_digest(raw, ret, &kind);
}

static size_t key_line(struct span raw, uint8_t *ret)
{
    static struct value_buf buf;
    struct value value;
    enum value_scope scope = VALUE_SCOPE_EXACT;
    (void)ret;
    return value_recognise(raw, &buf, &value, &scope) == ERR_OK ? value.key.size : 0;
}

static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void measure(const char *name, void (*add)(struct buf *),
                    size_t (*read)(struct span, uint8_t *))
{
    static struct buf text = { .size_max = TEXT_SIZE_MAX };
    static size_t ends[VALUE_COUNT];
    buf_clear(&text);
    for (size_t i = 0; i < VALUE_COUNT; i++) {
        add(&text);
        ends[i] = text.size;
    }
    must(buf_reserve(&text, VALUE_PADDING_SIZE) != NULL);
    for (size_t i = 0; i < VALUE_COUNT; i++) {
        values[i] = span_slice(buf_span(&text), i == 0 ? 0 : ends[i - 1], ends[i]);
    }
    size_t found = 0;
    int64_t begin_ns = cpu_ns();
    for (size_t round = 0; round < ROUND_COUNT; round++) {
        for (size_t i = 0; i < VALUE_COUNT; i++) {
            found += read(values[i], key) > 0 ? 1 : 0;
        }
    }
    double ns = (double)(cpu_ns() - begin_ns) / ROUND_COUNT / VALUE_COUNT;
    double bytes = (double)text.size / VALUE_COUNT;
    printf("%-28s %6.1f ns %6.1f bytes %6.2f ns/byte %5.1f %% read\n", name, ns, bytes, ns / bytes,
           100.0 * (double)found / ROUND_COUNT / VALUE_COUNT);
}

int main(void)
{
    measure("address, IPv4", add_ipv4, value_key_address);
    measure("address, IPv4, padded", add_ipv4, value_key_address_padded);
    measure("address, IPv6 in full", add_ipv6, value_key_address);
    measure("address, given a domain", add_domain, value_key_address);
    measure("address, domain, padded", add_domain, value_key_address_padded);
    measure("domain", add_domain, value_key_domain);
    measure("domain, given an IPv4", add_ipv4, value_key_domain);
    measure("digest, SHA-256", add_digest, key_digest);
    measure("url", add_url, value_key_url);
    measure("email", add_email, value_key_email);
    measure("line, IPv4", add_ipv4, key_line);
    measure("line, domain", add_domain, key_line);
    measure("line, url", add_url, key_line);
    measure("line, digest", add_digest, key_line);
    return 0;
}
