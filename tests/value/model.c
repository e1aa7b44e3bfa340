// SPDX-License-Identifier: EUPL-1.2
/*
 * Random bytes against what must hold of any value: told() checks that the hot functions and
 * value_parse() agree, and that a value's text gives the value again.
 */
#include "tests/value/told.h"

enum { RANDOM_COUNT = 60000, RAW_SIZE_MAX = 160 };

static const char *const samples[] = {
    "198.51.100.7",
    "2001:db8:0:1::7%eth0",
    "::ffff:198.51.100.7",
    "[2001:db8::7]",
    "198.51.100.0/255.255.255.0",
    "2001:db8::/32",
    "WWW.Example.org.",
    "b\303\274cher.example",
    "xn--bcher-kva.example",
    "http://u:p@Example.org:8080/a/../%41%2f?q=%7e#f",
    "hxxps[://]example[.]org/a b",
    "example.org:443/./x",
    "Some One <some.one@example.org>",
    "\"some \\\"one\"@[IPv6:2001:db8::7]",
    "mailto:x@example.org?a",
    "d41d8cd98f00b204e9800998ecf8427e",
    "da:39:a3:ee:5e:6b:4b:0d:32:55:bf:ef:95:60:18:90:af:d8:07:09",
    "*.example.org",
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
    "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
    "198.51.100.7:443",
    "[2001:db8::7]:8443",
    "2001:db8::7|53",
    "T13d1516h2_8daaf6152771_b186095e22b6",
    "q13i0310h3_55b375c5d22e_cd85d2d88918",
    "Mozilla/5.0 (X11; Linux x86_64) rv:1\t",
    "C:\\Users\\Public\\Invoice 7.PDF.exe",
    "AS64500",
    "as1.10",
};

enum { SAMPLE_COUNT = sizeof samples / sizeof samples[0] };

static size_t sample_take(uint64_t *state, uint8_t *raw)
{
    struct span sample = span_of(samples[testing_random(state) % SAMPLE_COUNT]);
    span_copy(raw, RAW_SIZE_MAX, sample);
    return sample.size;
}

/* Bytes that mean something somewhere, and now and then any byte. */
static uint8_t random_byte(uint64_t *state)
{
    static const char bytes[] = ".:/@%[]<>\"'\\*= ,;?#-_019afzAZxX\303\274";
    if (testing_random(state) % 8 == 0) {
        return (uint8_t)testing_random(state);
    }
    return (uint8_t)bytes[testing_random(state) % (sizeof bytes - 1)];
}

/* A sample with a few bytes changed, cut, or followed by a piece of another sample. */
static size_t random_raw(uint64_t *state, uint8_t *raw)
{
    size_t size = sample_take(state, raw);
    size_t changes = testing_random(state) % 4;
    for (size_t i = 0; i < changes; i++) {
        raw[testing_random(state) % size] = random_byte(state);
    }
    switch (testing_random(state) % 4) {
    case 0:
        return testing_random(state) % (size + 1);
    case 1:
        raw[size] = random_byte(state);
        return size + 1;
    default:
        return size;
    }
}

TEST(any_bytes_are_read_alike_by_both_ways_and_read_back_from_their_text)
{
    uint64_t state = testing_seed();
    for (size_t i = 0; i < RANDOM_COUNT; i++) {
        uint8_t raw[RAW_SIZE_MAX];
        size_t size = random_raw(&state, raw);
        for (enum value_kind kind = VALUE_IPV4; kind < VALUE_KIND_COUNT; kind++) {
            (void)told(kind, span_make(raw, size));
            (void)told_cell(kind, span_make(raw, size));
        }
        (void)told_line(span_make(raw, size));
    }
}

/* The same name or URL, with the case of what has none changed at random. */
TEST(domains_and_addresses_do_not_depend_on_case)
{
    static const enum value_kind kinds[] = { VALUE_IPV6, VALUE_DOMAIN, VALUE_EMAIL, VALUE_MD5 };
    uint64_t state = testing_seed();
    for (size_t i = 0; i < RANDOM_COUNT; i++) {
        uint8_t raw[RAW_SIZE_MAX];
        char before[RAW_SIZE_MAX * 8];
        size_t size = sample_take(&state, raw);
        enum value_kind kind = kinds[testing_random(&state) % (sizeof kinds / sizeof kinds[0])];
        const char *told_before = told(kind, span_make(raw, size));
        span_copy(before, sizeof before, span_make(told_before, strlen(told_before) + 1));

        for (size_t at = 0; at < size; at++) {
            bool letter = (raw[at] | 0x20) >= 'a' && (raw[at] | 0x20) <= 'z';
            raw[at] ^= letter && testing_random(&state) % 2 == 0 ? 0x20 : 0;
        }

        check_span(span_of(told(kind, span_make(raw, size))), before);
    }
}
