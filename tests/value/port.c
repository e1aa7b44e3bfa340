// SPDX-License-Identifier: EUPL-1.2
/* Addresses with a port. */
#include "tests/value/told.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

TEST(addresses_with_a_port_are_read)
{
    static const struct told_row rows[] = {
        { "198.51.100.7:443", "ip-port 198.51.100.7:443" },
        { "198.51.100.7|443", "ip-port 198.51.100.7:443" },
        { "198.51.100.7:1", "ip-port 198.51.100.7:1" },
        { "198.51.100.7:65535", "ip-port 198.51.100.7:65535" },
        { "[2001:db8::7]:443", "ip-port [2001:db8::7]:443" },
        { "2001:DB8:0::7|443", "ip-port [2001:db8::7]:443" },
        { "[2001:db8::7]|443", "ip-port [2001:db8::7]:443" },
        { "[::ffff:198.51.100.7]:443", "ip-port 198.51.100.7:443" },
    };

    check_told(VALUE_IP_PORT, rows, COUNT(rows));
}

TEST(what_is_no_address_with_a_port_is_refused)
{
    static const struct told_row rows[] = {
        { "", "format" },
        { ":", "format" },
        { "|", "format" },
        { ":443", "format" },
        { "198.51.100.7", "format" },
        { "198.51.100.7:", "format" },
        { "198.51.100.7:0", "format" },
        { "198.51.100.7:65536", "format" },
        { "198.51.100.7:99999999999999999999", "format" },
        { "198.51.100.7:+1", "format" },
        { "198.51.100.7:443 ", "format" },
        { "198.51.100.256:443", "format" },
        { "2001:db8::7:443", "format" },
        { "2001:db8:0:0:0:0:0:7:443", "format" },
        { "[2001:db8::7]443", "format" },
        { "[2001:db8::7:443", "format" },
        { "example.org:443", "format" },
        { "198.51.100.0/24:443", "format" },
    };

    check_told(VALUE_IP_PORT, rows, COUNT(rows));
}

TEST(the_port_stands_before_the_address_in_the_key)
{
    static const uint8_t address[] = { 198, 51, 100, 7 };
    static const uint8_t wanted[] = { 0x01, 0xBB, 198, 51, 100, 7 };
    uint8_t key[VALUE_KEY_SIZE_MAX];

    size_t size = value_key_ip_port(span_make(address, sizeof address), 443, key);

    assert_true(span_equal(span_make(key, size), span_make(wanted, sizeof wanted)));
}
