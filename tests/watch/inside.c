// SPDX-License-Identifier: EUPL-1.2
#include "watch/inside.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "tests/testing.h"

static struct inside of(const char *network)
{
    struct inside inside = { .count = 0 };
    check_err(inside_add(&inside, span_of(network)), ERR_OK);
    return inside;
}

TEST(network_holds_its_addresses_and_no_others)
{
    struct inside inside = of("192.0.2.0/25");

    assert_true(inside_holds(&inside, SPAN("192.0.2.0")));
    assert_true(inside_holds(&inside, SPAN("192.0.2.127")));
    assert_false(inside_holds(&inside, SPAN("192.0.2.128")));
    assert_false(inside_holds(&inside, SPAN("192.0.1.255")));
    assert_false(inside_holds(&inside, SPAN("2001:db8::1")));
    assert_false(inside_holds(&inside, SPAN("host.example")));
    assert_false(inside_holds(&inside, SPAN("")));
}

TEST(network_may_be_one_address_or_the_whole_of_a_family)
{
    struct inside one = of("2001:db8::7");
    struct inside all = of("0.0.0.0/0");

    assert_true(inside_holds(&one, SPAN("2001:DB8:0::7")));
    assert_false(inside_holds(&one, SPAN("2001:db8::8")));
    assert_true(inside_holds(&all, SPAN("203.0.113.9")));
    assert_true(inside_holds(&all, SPAN("::ffff:203.0.113.9"))); /* IPv4, written as IPv6 */
    assert_false(inside_holds(&all, SPAN("2001:db8::8")));
}

TEST(default_networks_are_those_of_the_standards)
{
    struct inside inside = { .count = 0 };
    inside_add_default(&inside);
    const char *const in[] = { "10.255.0.1",  "172.16.0.1", "172.31.255.255",
                               "192.168.7.7", "100.64.0.1", "169.254.1.1",
                               "fe80::1",     "fd00::1",    "fe80::1%eth0" };
    const char *const out[] = { "11.0.0.1",    "172.32.0.1",  "172.15.255.255", "192.169.0.1",
                                "100.128.0.1", "2001:db8::1", "fec0::1",        "8.8.8.8" };

    for (size_t i = 0; i < sizeof in / sizeof in[0]; i++) {
        assert_true(inside_holds(&inside, span_of(in[i])));
    }
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++) {
        assert_false(inside_holds(&inside, span_of(out[i])));
    }
}

TEST(text_that_is_no_network_is_refused_and_so_are_too_many)
{
    struct inside inside = { .count = 0 };
    const char *const bad[] = { "", "10.0.0.0/33", "ten", "10.0.0/8x", "2001:db8::/129" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_err(inside_add(&inside, span_of(bad[i])), ERR_FORMAT);
    }
    for (int i = 0; i < INSIDE_NETWORK_COUNT_MAX; i++) {
        check_err(inside_add(&inside, SPAN("10.0.0.0/8")), ERR_OK);
    }

    check_err(inside_add(&inside, SPAN("10.0.0.0/8")), ERR_LIMIT);
}

TEST(inside_host_is_the_end_that_is_inside)
{
    struct inside inside = of("10.0.0.0/8");
    const struct span in = SPAN("10.0.0.5");
    const struct span other = SPAN("10.0.0.6");
    const struct span out = SPAN("198.51.100.7");

    struct inside_ends ends = inside_ends(&inside, in, out);
    check_span(ends.inside, "10.0.0.5");
    check_span(ends.outside, "198.51.100.7");
    assert_int_equal(ends.direction, RANK_OUTBOUND);
    ends = inside_ends(&inside, out, in);
    check_span(ends.inside, "10.0.0.5");
    check_span(ends.outside, "198.51.100.7");
    assert_int_equal(ends.direction, RANK_INBOUND);
    ends = inside_ends(&inside, in, other);
    check_span(ends.inside, "10.0.0.5");
    assert_int_equal(ends.direction, RANK_INTERNAL);
    assert_false(ends.assumed);
    ends = inside_ends(&inside, out, SPAN("203.0.113.1"));
    check_span(ends.inside, "198.51.100.7");
    assert_true(ends.assumed);
    assert_int_equal(ends.direction, RANK_DIRECTION_UNKNOWN);
    ends = inside_ends(&inside, SPAN(""), in);
    check_span(ends.inside, "10.0.0.5");
    assert_int_equal(ends.direction, RANK_DIRECTION_UNKNOWN);
    assert_int_equal(ends.outside.size, 0);
    ends = inside_ends(&inside, SPAN(""), out);
    assert_int_equal(ends.inside.size, 0);
    check_span(ends.outside, "198.51.100.7");
    assert_false(ends.assumed);
    ends = inside_ends(&inside, SPAN(""), SPAN(""));
    assert_int_equal(ends.inside.size, 0);
    assert_false(ends.assumed);
}

/* The C library reads addresses in its own way; random ones near the border of a random network. */
TEST(network_agrees_with_arithmetic_on_addresses)
{
    uint64_t seed = testing_seed();
    for (int round = 0; round < 20000; round++) {
        uint32_t network = (uint32_t)testing_random(&seed);
        unsigned prefix = (unsigned)(testing_random(&seed) % 33);
        uint32_t mask = prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
        uint32_t address =
            network ^ (uint32_t)(testing_random(&seed) >> (testing_random(&seed) % 64));
        char text[INET_ADDRSTRLEN];
        char cidr[INET_ADDRSTRLEN + 4];
        struct in_addr in = { .s_addr = htonl(network & mask) };
        snprintf(cidr, sizeof cidr, "%s/%u", inet_ntop(AF_INET, &in, text, sizeof text), prefix);
        struct inside inside = of(cidr);
        in.s_addr = htonl(address);

        bool holds = inside_holds(&inside, span_of(inet_ntop(AF_INET, &in, text, sizeof text)));

        assert_int_equal(holds, (address & mask) == (network & mask));
    }
}
