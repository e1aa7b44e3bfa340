// SPDX-License-Identifier: EUPL-1.2
#include <arpa/inet.h>
#include <stdio.h>

#include "tests/value/told.h"
#include "value/internal.h"

#define ROWS(rows) (rows), sizeof(rows) / sizeof((rows)[0])

enum { RANDOM_COUNT = 200000, TEXT_SIZE = 64 };

TEST(ipv4_is_the_strict_dotted_quad)
{
    static const struct told_row rows[] = {
        { "198.51.100.7", "ipv4 198.51.100.7" },
        { "0.0.0.0", "ipv4 0.0.0.0" },
        { "255.255.255.255", "ipv4 255.255.255.255" },
        { "198.51.100.07", "format" }, /* octal to some, decimal to others */
        { "198.51.100.00", "format" },
        { "256.0.0.1", "format" },
        { "1.2.3", "format" },
        { "1.2.3.4.5", "format" },
        { "1.2.3.", "format" },
        { ".1.2.3", "format" },
        { "1..2.3", "format" },
        { "1.2.3.4 ", "format" },
        { " 1.2.3.4", "format" },
        { "1.2.3.0x4", "format" },
        { "3325256711", "format" },
        { "[198.51.100.7]", "format" },
        { "198.51.100.7%eth0", "format" },
        { "198.51.100.7:443", "format" },
        { "", "format" },
        { "4294967296.1.1.1", "format" },
    };

    check_told(VALUE_IPV4, ROWS(rows));
}

TEST(ipv6_is_read_in_all_its_forms_and_written_as_rfc_5952_says)
{
    static const struct told_row rows[] = {
        { "2001:db8::7", "ipv6 2001:db8::7" },
        { "2001:DB8:0:0:0:0:0:7", "ipv6 2001:db8::7" },
        { "2001:0db8:0000:0000:0000:0000:0000:0007", "ipv6 2001:db8::7" },
        { "::", "ipv6 ::" },
        { "::1", "ipv6 ::1" },
        { "1::", "ipv6 1::" },
        { "2001:db8:0:1:1:1:1:1", "ipv6 2001:db8:0:1:1:1:1:1" }, /* one zero is not shortened */
        { "2001:db8::1:1:1:1:1", "ipv6 2001:db8:0:1:1:1:1:1" },
        { "2001:0:0:1:0:0:0:1", "ipv6 2001:0:0:1::1" },       /* the longest run */
        { "2001:db8:0:0:1:0:0:1", "ipv6 2001:db8::1:0:0:1" }, /* the first of two */
        { "1:2:3:4:5:6:7::", "ipv6 1:2:3:4:5:6:7:0" },
        { "::2:3:4:5:6:7:8", "ipv6 0:2:3:4:5:6:7:8" },
        { "64:ff9b::198.51.100.7", "ipv6 64:ff9b::c633:6407" },
        { "[2001:db8::7]", "ipv6 2001:db8::7" },
        { "fe80::1%eth0", "ipv6 fe80::1" },
        { "[fe80::1%25eth0]", "ipv6 fe80::1" },
    };

    check_told(VALUE_IPV6, ROWS(rows));
}

TEST(ipv4_mapped_addresses_are_ipv4)
{
    static const struct told_row rows[] = {
        { "::ffff:198.51.100.7", "ipv4 198.51.100.7" },
        { "::FFFF:c633:6407", "ipv4 198.51.100.7" },
        { "[::ffff:198.51.100.7]", "ipv4 198.51.100.7" },
        { "::198.51.100.7", "ipv6 ::c633:6407" }, /* compatible, not mapped */
        { "::fffe:198.51.100.7", "ipv6 ::fffe:c633:6407" },
    };

    check_told(VALUE_IPV6, ROWS(rows));
}

TEST(ipv6_that_is_broken_is_refused)
{
    static const struct told_row rows[] = {
        { ":", "format" },
        { ":::", "format" },
        { "1:", "format" },
        { ":1", "format" },
        { "1::2::3", "format" },
        { "1:2:3:4:5:6:7", "format" },
        { "1:2:3:4:5:6:7:8:9", "format" },
        { "1:2:3:4:5:6:7:8::", "format" },
        { "::1:2:3:4:5:6:7:8", "format" },
        { "12345::", "format" },
        { "g::", "format" },
        { "1:2:3:4:5:6:7:1.2.3.4", "format" },
        { "::1.2.3", "format" },
        { "::1.2.3.4:5", "format" },
        { "::1.2.3.04", "format" },
        { "[::1", "format" },
        { "::1]", "format" },
        { "[[::1]]", "format" },
        { "[]", "format" },
        { "[", "format" },
        { "fe80::1%", "format" },
        { "fe80::1%a b", "format" },
        { "%eth0", "format" },
        { "::1/64", "format" },
    };

    check_told(VALUE_IPV6, ROWS(rows));
}

TEST(addresses_that_are_too_long_are_told_so)
{
    uint8_t text[200];
    memset(text, '1', sizeof text);

    assert_string_equal(told(VALUE_IPV4, span_make(text, sizeof text)), "limit");
    assert_string_equal(told(VALUE_CIDR, span_make(text, sizeof text)), "limit");
}

TEST(cidr_drops_host_bits_and_becomes_an_address_where_it_covers_one)
{
    static const struct told_row rows[] = {
        { "198.51.100.7/24", "cidr 198.51.100.0/24" },
        { "198.51.100.255/25", "cidr 198.51.100.128/25" },
        { "198.51.100.7/31", "cidr 198.51.100.6/31" },
        { "255.255.255.255/1", "cidr 128.0.0.0/1" },
        { "198.51.100.7/0", "cidr 0.0.0.0/0" },
        { "198.51.100.7/32", "ipv4 198.51.100.7" },
        { "198.51.100.7", "ipv4 198.51.100.7" },
        { "198.51.100.7/255.255.255.0", "cidr 198.51.100.0/24" },
        { "198.51.100.7/255.255.255.255", "ipv4 198.51.100.7" },
        { "198.51.100.7/0.0.0.0", "cidr 0.0.0.0/0" },
        { "2001:db8::7/32", "cidr 2001:db8::/32" },
        { "2001:db8:ffff::/33", "cidr 2001:db8:8000::/33" },
        { "2001:db8::7/127", "cidr 2001:db8::6/127" },
        { "2001:db8::7/128", "ipv6 2001:db8::7" },
        { "[2001:db8::7]/64", "cidr 2001:db8::/64" },
        { "::/0", "cidr ::/0" },
    };

    check_told(VALUE_CIDR, ROWS(rows));
}

TEST(cidr_of_ipv4_mapped_addresses_is_ipv4)
{
    static const struct told_row rows[] = {
        { "::ffff:198.51.100.7/120", "cidr 198.51.100.0/24" },
        { "::ffff:198.51.100.7/128", "ipv4 198.51.100.7" },
        { "::ffff:0:0/96", "cidr 0.0.0.0/0" },
        { "::ffff:198.51.100.7/95", "cidr ::fffe:0:0/95" },
    };

    check_told(VALUE_CIDR, ROWS(rows));
}

TEST(cidr_that_is_broken_is_refused)
{
    static const struct told_row rows[] = {
        { "198.51.100.7/33", "format" },
        { "198.51.100.7/024", "format" },
        { "198.51.100.7/", "format" },
        { "198.51.100.7/-1", "format" },
        { "198.51.100.7/24/24", "format" },
        { "198.51.100.7/255.0.255.0", "format" },
        { "198.51.100.7/0.0.0.255", "format" },
        { "198.51.100/24", "format" },
        { "2001:db8::/129", "format" },
        { "2001:db8::/ffff::", "format" },
        { "/24", "format" },
        { "/", "format" },
    };

    check_told(VALUE_CIDR, ROWS(rows));
}

/* Text that is nearly an address: digits and separators at random. */
static size_t random_text(uint64_t *state, char *text)
{
    static const char bytes[] = "00112345678abcdefF::::::...";
    size_t size = 1 + testing_random(state) % 24;
    for (size_t i = 0; i < size; i++) {
        text[i] = bytes[testing_random(state) % (sizeof bytes - 1)];
    }
    text[size] = 0;
    return size;
}

TEST(addresses_are_read_as_inet_pton_reads_them)
{
    uint64_t state = testing_seed();
    for (size_t i = 0; i < RANDOM_COUNT; i++) {
        char text[TEXT_SIZE];
        size_t size = random_text(&state, text);
        uint8_t theirs[VALUE_IPV6_SIZE];
        uint8_t ours[VALUE_KEY_SIZE_MAX];
        size_t their_size = inet_pton(AF_INET, text, theirs) == 1    ? VALUE_IPV4_SIZE
                            : inet_pton(AF_INET6, text, theirs) == 1 ? VALUE_IPV6_SIZE
                                                                     : 0;

        size_t our_size = value_key_address(span_make(text, size), ours);

        bool mapped = their_size == VALUE_IPV6_SIZE && our_size == VALUE_IPV4_SIZE;
        size_t begin = mapped ? VALUE_IPV6_SIZE - VALUE_IPV4_SIZE : 0;
        assert_int_equal(our_size, their_size - begin);
        assert_memory_equal(ours, theirs + begin, our_size);
    }
}

static void check_read_alike(struct span padded)
{
    uint8_t plain_bytes[VALUE_IPV4_SIZE] = { 0 };
    uint8_t vector_bytes[VALUE_IPV4_SIZE] = { 0 };

    bool plain = value_ipv4_read(padded, plain_bytes);
    bool vector = value_ipv4_read_padded(padded, vector_bytes);

    uint32_t address = 0;
    uint64_t fits = value_ipv4_read_many(&padded, 1, &address);

    assert_int_equal(vector, plain);
    assert_int_equal(fits, plain);
    if (plain) {
        uint32_t network = htobe32(address);
        assert_memory_equal(vector_bytes, plain_bytes, VALUE_IPV4_SIZE);
        assert_memory_equal(&network, plain_bytes, VALUE_IPV4_SIZE);
    }
}

/* A text with its padding, which continues it as an address could go on. */
static struct span padded_text(const char *text, uint8_t raw[TEXT_SIZE + VALUE_PADDING_SIZE])
{
    memset(raw, '1', TEXT_SIZE + VALUE_PADDING_SIZE);
    span_copy(raw, TEXT_SIZE, span_of(text));
    return span_make(raw, strlen(text));
}

/* "1.2.3.4" with one of the numbers another one, with zeros in front up to a width. */
static void quad_write(char text[TEXT_SIZE], size_t place, unsigned number, int width)
{
    size_t size = 0;
    for (size_t i = 0; i < VALUE_IPV4_SIZE; i++) {
        bool own = i == place;
        unsigned shown = own ? number : (unsigned)i + 1;
        size += (size_t)snprintf(text + size, TEXT_SIZE - size, "%s%0*u", i == 0 ? "" : ".",
                                 own ? width : 1, shown);
    }
}

TEST(both_ways_to_read_ipv4_agree_on_every_number_in_every_place)
{
    enum { NUMBER_COUNT = 1100, WIDTH_MAX = 4 };
    for (unsigned number = 0; number < NUMBER_COUNT; number++) {
        for (int width = 1; width <= WIDTH_MAX; width++) {
            for (size_t place = 0; place < VALUE_IPV4_SIZE; place++) {
                uint8_t raw[TEXT_SIZE + VALUE_PADDING_SIZE];
                char text[TEXT_SIZE];
                quad_write(text, place, number, width);

                check_read_alike(padded_text(text, raw));
            }
        }
    }
}

/* One byte of a text set to every value, and the text cut or continued at every place. */
static void check_every_byte(uint8_t *raw, size_t at, size_t size_max)
{
    uint8_t own = raw[at];
    for (unsigned byte = 0; byte <= UINT8_MAX; byte++) {
        raw[at] = (uint8_t)byte;
        for (size_t size = 0; size <= size_max; size++) {
            check_read_alike(span_make(raw, size));
        }
    }
    raw[at] = own;
}

TEST(both_ways_to_read_ipv4_agree_on_every_byte_in_every_place)
{
    static const char *const texts[] = { "198.51.100.7", "255.255.255.255", "0.0.0.0",
                                         "1.22.333." };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint8_t raw[TEXT_SIZE + VALUE_PADDING_SIZE];
        size_t size_max = padded_text(texts[i], raw).size + 2;
        for (size_t at = 0; at < size_max; at++) {
            check_every_byte(raw, at, size_max);
        }
    }
}

TEST(both_ways_to_read_ipv4_agree_on_random_digits_and_dots)
{
    uint64_t state = testing_seed();
    for (size_t i = 0; i < RANDOM_COUNT; i++) {
        static const char bytes[] = "0123456789012....";
        uint8_t raw[TEXT_SIZE];
        for (size_t at = 0; at < sizeof raw; at++) {
            raw[at] = (uint8_t)bytes[testing_random(&state) % (sizeof bytes - 1)];
        }

        check_read_alike(span_make(raw, testing_random(&state) % 20));
    }
}

TEST(many_addresses_are_read_as_each_of_them_alone)
{
    static const char *const kinds[] = { "198.51.100.7", "10.0.0.1", "2001:db8::1",
                                         "example.org",  "",         "-",
                                         "1.2.3",        "01.2.3.4" };
    uint8_t raw[VALUE_IPV4_MANY_MAX][TEXT_SIZE + VALUE_PADDING_SIZE];
    struct span texts[VALUE_IPV4_MANY_MAX];
    uint32_t addresses[VALUE_IPV4_MANY_MAX];
    for (size_t i = 0; i < VALUE_IPV4_MANY_MAX; i++) {
        const char *kind = kinds[(i + i / 8) % (sizeof kinds / sizeof kinds[0])];
        texts[i] = padded_text(kind, raw[i]);
    }

    uint64_t fits = value_ipv4_read_many(texts, VALUE_IPV4_MANY_MAX, addresses);

    for (size_t i = 0; i < VALUE_IPV4_MANY_MAX; i++) {
        uint8_t bytes[VALUE_IPV4_SIZE];
        bool alone = value_ipv4_read(texts[i], bytes);
        uint32_t network = htobe32(addresses[i]);
        assert_int_equal(fits >> i & 1, alone);
        assert_true(!alone || memcmp(&network, bytes, sizeof bytes) == 0);
    }
    assert_int_equal(value_ipv4_read_many(texts, 0, addresses), 0);
}

TEST(addresses_are_written_as_inet_ntop_writes_them)
{
    uint64_t state = testing_seed();
    static struct value_buf value_buf;
    struct buf text;
    buf_init(&text, TEXT_SIZE);
    for (size_t i = 0; i < RANDOM_COUNT; i++) {
        uint8_t bytes[VALUE_IPV6_SIZE] = { 0x20 }; /* not ::/96, which inet_ntop writes as IPv4 */
        for (size_t at = 1; at < sizeof bytes; at++) {
            bool zero = testing_random(&state) % 2 == 0;
            bytes[at] = zero ? 0 : (uint8_t)testing_random(&state);
        }
        bool short_one = testing_random(&state) % 2 == 0;
        size_t size = short_one ? VALUE_IPV4_SIZE : VALUE_IPV6_SIZE;
        char theirs[INET6_ADDRSTRLEN];
        assert_non_null(inet_ntop(short_one ? AF_INET : AF_INET6, bytes, theirs, sizeof theirs));
        span_copy(value_buf.key, sizeof value_buf.key, span_make(bytes, size));
        struct value value = { .kind = short_one ? VALUE_IPV4 : VALUE_IPV6,
                               .key = span_make(value_buf.key, size) };

        buf_clear(&text);
        value_add_text(&text, &value);

        check_span(buf_span(&text), theirs);
    }
    buf_done(&text);
}

TEST(name_for_reverse_lookups_tells_its_address_and_other_names_none)
{
    static const char *const others[] = {
        "in-addr.arpa",
        ".in-addr.arpa",
        "100.51.198.in-addr.arpa",
        "300.100.51.198.in-addr.arpa",
        "1.7.100.51.198.in-addr.arpa",
        "7.100.51.198.in-addr.arpa.example",
        "8.b.d.0.1.0.0.2.ip6.arpa",
        "x.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
        "7-0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
        "example.org",
        "",
    };
    static const uint8_t four[] = { 198, 51, 100, 7 };
    static const uint8_t six[VALUE_IPV6_SIZE] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x07 };
    uint8_t key[VALUE_KEY_SIZE_MAX];

    size_t size = value_key_reverse(SPAN("7.100.51.198.in-addr.arpa"), key);
    assert_true(span_equal(span_make(key, size), span_make(four, sizeof four)));
    size = value_key_reverse(
        SPAN("7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"), key);
    assert_true(span_equal(span_make(key, size), span_make(six, sizeof six)));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(value_key_reverse(span_of(others[i]), key), 0);
    }
}
