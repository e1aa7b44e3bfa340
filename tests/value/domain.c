// SPDX-License-Identifier: EUPL-1.2
#include "tests/value/told.h"

#define ROWS(rows) (rows), sizeof(rows) / sizeof((rows)[0])

enum { NAME_SIZE_MAX = 2048 };

TEST(domains_lose_their_case_and_one_trailing_dot)
{
    static const struct told_row rows[] = {
        { "www.example.org", "domain www.example.org" },
        { "WWW.Example.ORG.", "domain www.example.org" },
        { "localhost", "domain localhost" },
        { "_dmarc.example.org", "domain _dmarc.example.org" },
        { "-a-.example.org", "domain -a-.example.org" },
        { "1.2.3.4.example", "domain 1.2.3.4.example" },
        { "4.3.2.1.in-addr.arpa", "domain 4.3.2.1.in-addr.arpa" },
        { "1e100", "domain 1e100" },
        { "a.b2", "domain a.b2" },
    };

    check_told(VALUE_DOMAIN, ROWS(rows));
}

TEST(domains_that_are_broken_are_refused)
{
    static const struct told_row rows[] = {
        { "", "format" },
        { ".", "format" },
        { "..", "format" },
        { "example.org..", "format" },
        { ".example.org", "format" },
        { "example..org", "format" },
        { "*.example.org", "format" },
        { "exa mple.org", "format" },
        { "example.org\n", "format" },
        { "example.org:80", "format" },
        { "example.org/", "format" },
        { "ex@mple.org", "format" },
        { "example,org", "format" },
        { "198.51.100.7", "format" },
        { "1.2.3", "format" },
        { "example.123", "format" },
        { "123", "format" },
    };

    check_told(VALUE_DOMAIN, ROWS(rows));
    assert_string_equal(told(VALUE_DOMAIN, SPAN("a\0b.example")), "format");
}

TEST(domains_beyond_ascii_become_a_labels)
{
    static const struct told_row rows[] = {
        { "b\303\274cher.example", "domain xn--bcher-kva.example" },
        { "B\303\234CHER.Example.", "domain xn--bcher-kva.example" },
        { "bu\314\210cher.example", "domain xn--bcher-kva.example" }, /* u and a combining mark */
        { "xn--bcher-kva.example", "domain xn--bcher-kva.example" },
        { "XN--BCHER-KVA.example", "domain xn--bcher-kva.example" },
        { "stra\303\237e.example", "domain xn--strae-oqa.example" }, /* not "strasse" */
        { "_dmarc.b\303\274cher.example", "domain _dmarc.xn--bcher-kva.example" },
        { "r1---sn-a.b\303\274cher.example", "domain r1---sn-a.xn--bcher-kva.example" },
        { "\357\275\205xample.org", "domain example.org" },                     /* full-width e */
        { "b\303\274cher\343\200\202example", "domain xn--bcher-kva.example" }, /* U+3002 */
        { "\321\217.\321\200\321\204", "domain xn--41a.xn--p1ai" },
    };

    check_told(VALUE_DOMAIN, ROWS(rows));
}

TEST(domains_beyond_ascii_that_are_broken_are_refused)
{
    static const struct told_row rows[] = {
        { "b\374cher.example", "format" }, /* Latin-1 */
        { "\303.example", "format" },
        { "\355\240\200.example", "format" },     /* a surrogate */
        { "\360\237\230\200.example", "format" }, /* an emoji: IDNA 2008 has none */
        { "\303\274..example", "format" },
        { "*.\303\274.example", "format" },
        { "\303\274.\357\274\221\357\274\222", "format" }, /* full-width digits: a number */
        { "\343\200\202", "format" },
        { "\303\274 b.example", "format" },
    };

    check_told(VALUE_DOMAIN, ROWS(rows));
    assert_string_equal(told(VALUE_DOMAIN, SPAN("\303\274\0.example")), "format");
}

/* A name of labels of `label_size`, `size` bytes in all. */
static struct span long_name(uint8_t *text, size_t size, size_t label_size)
{
    for (size_t i = 0; i < size; i++) {
        text[i] = i % (label_size + 1) == label_size ? '.' : 'a';
    }
    return span_make(text, size);
}

TEST(domains_hold_253_bytes_and_labels_of_63)
{
    uint8_t text[NAME_SIZE_MAX];
    uint8_t key[VALUE_KEY_SIZE_MAX];

    assert_int_equal(value_key_domain(long_name(text, 253, 63), key), 253);
    assert_int_equal(value_key_domain(long_name(text, 63, 63), key), 63);
    assert_int_equal(value_key_domain(long_name(text, 64, 64), key), 0);
    assert_int_equal(value_key_domain(long_name(text, 200, 64), key), 0);
    assert_string_equal(told(VALUE_DOMAIN, long_name(text, 254, 60)), "limit");
    text[253] = '.';
    assert_int_equal(value_key_domain(span_make(text, 254), key), 253);
}

TEST(domains_beyond_ascii_keep_the_limits_too)
{
    uint8_t text[NAME_SIZE_MAX];
    for (size_t i = 0; i < sizeof text; i += 3) {
        span_copy(text + i, sizeof text - i, i + 3 <= sizeof text ? SPAN("\303\274.") : SPAN(""));
    }
    uint8_t key[VALUE_KEY_SIZE_MAX];

    assert_int_equal(value_key_domain(span_make(text, 3 * 31), key), 31 * sizeof "xn--tda" - 1);
    assert_int_equal(value_key_domain(span_make(text, 3 * 32), key), 0);
    assert_string_equal(told(VALUE_DOMAIN, span_make(text, sizeof text - 2)), "limit");
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* A label, read the slow way: returns its size in `name`, or 0. */
static size_t label_naive(struct span label, uint8_t *name, bool *ret_number)
{
    *ret_number = true;
    for (size_t i = 0; i < label.size; i++) {
        uint8_t byte = label.data[i];
        bool upper = byte >= 'A' && byte <= 'Z';
        name[i] = upper ? (uint8_t)(byte + 'a' - 'A') : byte;
        bool letter = name[i] >= 'a' && name[i] <= 'z';
        if (!letter && !is_digit(byte) && byte != '-' && byte != '_') {
            return 0;
        }
        *ret_number = *ret_number && is_digit(byte);
    }
    return label.size <= VALUE_LABEL_SIZE_MAX ? label.size : 0;
}

static size_t domain_naive(struct span raw, uint8_t *name)
{
    size_t size = 0;
    bool number = true;
    struct span rest = span_ends_with(raw, SPAN(".")) ? span_slice(raw, 0, raw.size - 1) : raw;
    struct span label = { NULL, 0 };
    while (span_next(&rest, '.', &label)) {
        size_t label_size = label_naive(label, name + size, &number);
        if (label_size == 0) {
            return 0;
        }
        size += label_size;
        name[size] = '.';
        size++;
    }
    return number || size - 1 > VALUE_DOMAIN_SIZE_MAX ? 0 : size - 1;
}

TEST(domains_are_read_as_a_naive_reading_reads_them)
{
    enum { COUNT = 300000 };
    static const char bytes[] = "abcxyzABCXYZ0123456789-_......@[`{/:\x80\xFF";
    uint64_t state = testing_seed();
    for (size_t i = 0; i < COUNT; i++) {
        uint8_t raw[NAME_SIZE_MAX];
        uint8_t theirs[NAME_SIZE_MAX];
        uint8_t ours[VALUE_KEY_SIZE_MAX];
        size_t letters = testing_random(&state) % 4 == 0 ? sizeof bytes - 1 : 30;
        size_t size = testing_random(&state) % (i % 16 == 0 ? 300 : 30);
        memset(raw, 'a', size);
        size_t changes = testing_random(&state) % 12;
        for (size_t at = 0; size > 0 && at < changes; at++) {
            raw[testing_random(&state) % size] = (uint8_t)bytes[testing_random(&state) % letters];
        }

        size_t our_size = value_key_domain(span_make(raw, size), ours);

        size_t their_size = domain_naive(span_make(raw, size), theirs);
        assert_int_equal(our_size, their_size);
        assert_memory_equal(ours, theirs, their_size);
    }
}
