// SPDX-License-Identifier: EUPL-1.2
#include "tests/exchange/lines.h"

#define check_warninglist(file, told) check_lines(EXCHANGE_FORMAT_WARNINGLIST, (file), (told))

TEST(warninglist_says_what_it_is)
{
    static const char file[] = "{\"name\":\"Known ranges\",\"version\":20260811,\"type\":\"cidr\","
                               "\"description\":\"Ranges of the example\",\"category\":\"known\","
                               "\"matching_attributes\":[\"ip-dst\"],\"list\":[]}";
    struct op op;
    struct exchange_reader *reader = NULL;
    testing_op_begin(&op);

    check_err(exchange_open(&op, EXCHANGE_FORMAT_WARNINGLIST, NULL, span_of(file), &reader),
              ERR_OK);

    const struct exchange_about *about = exchange_about(reader);
    check_span(about->name, "Known ranges");
    check_span(about->version, "20260811");
    check_span(about->type, "cidr");
    check_span(about->description, "Ranges of the example");
    check_span(about->category, "known");
    exchange_close(reader);
    op_end(&op);
}

TEST(warninglist_of_ranges_gives_addresses_and_ranges)
{
    check_warninglist("{\"type\":\"cidr\",\"matching_attributes\":[\"ip-src\"],"
                      "\"list\":[\"198.51.100.0/24\",\"FE80::/10\",\"198.51.100.7\",\"no\",5]}",
                      "1: cidr 198.51.100.0/24\n"
                      "2: cidr fe80::/10\n"
                      "3: ipv4 198.51.100.7\n"
                      "4@0! bad value \"no\"\n"
                      "5@0! bad value \"\"\n");
}

TEST(warninglist_of_hostnames_stands_for_names_below_them)
{
    check_warninglist("{\"type\":\"hostname\",\"matching_attributes\":[\"domain\"],"
                      "\"list\":[\".Example.org\",\"example.net\",\"*.example.com\"]}",
                      "1: domain example.org and below\n"
                      "2: domain example.net and below\n"
                      "3: domain example.com and below\n");
}

TEST(warninglist_of_strings_holds_values_of_the_kinds_it_names)
{
    check_warninglist("{\"type\":\"string\",\"matching_attributes\":[\"md5\",\"filename|sha1\","
                      "\"ssdeep\"],\"list\":[\"d41d8cd98f00b204e9800998ecf8427e\","
                      "\"da39a3ee5e6b4b0d3255bfef95601890afd80709\",\"3::\",\"example.org\"]}",
                      "1: md5 d41d8cd98f00b204e9800998ecf8427e\n"
                      "2: sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709\n"
                      "3@0! unknown kind \"3::\"\n"
                      "4@0! unknown kind \"example.org\"\n");
    check_warninglist("{\"type\":\"string\",\"matching_attributes\":[\"domain\",\"url\"],"
                      "\"list\":[\"COM\",\"example.org\",\".example.net\",\"example.org/a\"]}",
                      "1: domain com\n"
                      "2: domain example.org\n"
                      "3: domain example.net and below\n"
                      "4: url example.org/a\n");
    check_warninglist("{\"list\":[\"198.51.100.7\",\"someone@example.org\",\"example.org\"]}",
                      "1: ipv4 198.51.100.7\n"
                      "2: email someone@example.org\n"
                      "3: domain example.org\n");
    check_warninglist("{\"type\":\"string\",\"matching_attributes\":[\"user-agent\"],"
                      "\"list\":[\"curl/8\"]}",
                      "1: user-agent curl/8\n");
}

TEST(warninglist_of_substrings_gives_a_pattern_for_each_kind)
{
    check_warninglist("{\"type\":\"substring\",\"matching_attributes\":[\"domain|ip\",\"url\"],"
                      "\"list\":[\"Example.org\",\"a_b\"]}",
                      "1: domain %example.org% like\n"
                      "1: url (?i)Example\\.org regex\n"
                      "2: domain (?i)a\\_b regex\n"
                      "2: url (?i)a\\_b regex\n");
}

TEST(warninglist_of_expressions_keeps_their_flags)
{
    check_warninglist("{\"type\":\"regex\",\"matching_attributes\":[\"hostname\"],"
                      "\"list\":[\"/^ex[ab]\\\\.org$/i\",\"plain.*\",\"/a/e\"]}",
                      "1: domain (?i)^ex[ab]\\.org$ regex\n"
                      "2: domain plain.* regex\n"
                      "3@0! bad value \"/a/e\"\n");
}

TEST(warninglist_about_kinds_without_patterns_says_so)
{
    check_warninglist("{\"type\":\"substring\",\"matching_attributes\":[\"email-src\"],"
                      "\"list\":[\"@example.org\",\"@example.net\"]}",
                      "1@0! not watched \"@example.org\"\n"
                      "2@0! not watched \"@example.net\"\n");
}

TEST(warninglist_that_is_none_is_refused)
{
    check_warninglist("{\"type\":\"cidr\"}", "! format\n");
    check_warninglist("{\"type\":\"newer\",\"list\":[]}", "! format\n");
    check_warninglist("[]", "! format\n");
    check_warninglist("{\"list\":[", "! format\n");
}
