// SPDX-License-Identifier: EUPL-1.2
#include "tests/exchange/lines.h"

#define check_list(file, told) check_lines(EXCHANGE_FORMAT_LIST, (file), (told))

TEST(list_gives_one_value_a_line)
{
    check_list("198.51.100.7\n"
               "hxxp://example[.]org/a\r\n"
               "=example.org\n"
               "  *.example.net  \n"
               "198.51.100.0/24",
               "1: ipv4 198.51.100.7\n"
               "2: url http://example.org/a\n"
               "3: domain example.org\n"
               "4: domain example.net below\n"
               "5: cidr 198.51.100.0/24\n");
}

TEST(list_passes_over_blank_lines_and_comments)
{
    check_list("# one\n"
               "\n"
               " ; two\n"
               "// three\r\n"
               " \t \n"
               "example.org\n"
               "#\n",
               "6: domain example.org and below\n");
    check_list("", "");
    check_list("\n\n", "");
}

TEST(list_keeps_the_comment_behind_a_value)
{
    check_list("example.org # seen at Easter # twice \n"
               "198.51.100.7\t#\n"
               "http://example.org/a#b\n"
               "http://example.org/a#b #c\n",
               "1: domain example.org and below (seen at Easter # twice)\n"
               "2: ipv4 198.51.100.7\n"
               "3: url http://example.org/a\n"
               "4: url http://example.org/a (c)\n");
}

TEST(list_refuses_what_it_does_not_know_and_goes_on)
{
    check_list("example.org\n"
               "example.org:8443\n"
               "com\n"
               "example.net\n",
               "1: domain example.org and below\n"
               "2@12! unknown kind \"example.org:8443\"\n"
               "3@29! unknown kind \"com\"\n"
               "4: domain example.net and below\n");
}

TEST(list_passes_over_a_byte_order_mark)
{
    check_list("\357\273\277example.org\ncom\n", "1: domain example.org and below\n"
                                                 "2@15! unknown kind \"com\"\n");
}

TEST(list_in_utf_16_is_refused)
{
    assert_string_equal(lines_told(EXCHANGE_FORMAT_LIST, SPAN("\377\376e\0x\0")), "! format\n");
    assert_string_equal(lines_told(EXCHANGE_FORMAT_LIST, SPAN("\376\377\0e\0x")), "! format\n");
}

TEST(list_refuses_a_line_that_is_too_long_and_goes_on)
{
    enum { LONG_SIZE = EXCHANGE_LINE_SIZE_MAX + 1 };
    static uint8_t file[LONG_SIZE + 64];
    memset(file, 'a', LONG_SIZE);
    struct span rest = SPAN("\nexample.org\n");
    span_copy(file + LONG_SIZE, 64, rest);

    const char *told = lines_told(EXCHANGE_FORMAT_LIST, span_make(file, LONG_SIZE + rest.size));

    assert_non_null(strstr(told, "1@0! too long \"aaaa"));
    assert_non_null(strstr(told, "\n2: domain example.org and below\n"));
}

TEST(list_refuses_a_value_that_is_too_long)
{
    static uint8_t file[VALUE_TEXT_SIZE_MAX + 1];
    memset(file, 'a', sizeof file);
    span_copy(file, sizeof file, SPAN("http://example.org/"));

    const char *told = lines_told(EXCHANGE_FORMAT_LIST, span_make(file, sizeof file));

    assert_non_null(strstr(told, "1@0! too long \"http://example.org/aaa"));
}

TEST(list_reads_lines_of_any_bytes)
{
    assert_string_equal(lines_told(EXCHANGE_FORMAT_LIST, SPAN("a\0.org\nexample.org\n")),
                        "1@0! unknown kind \"a\"\n2: domain example.org and below\n");
    check_list("\377\377\n\"\n<\nexample.org\n", "1@0! unknown kind \"\377\377\"\n"
                                                 "2@3! unknown kind \"\"\"\n"
                                                 "3@5! unknown kind \"<\"\n"
                                                 "4: domain example.org and below\n");
}

TEST(list_of_a_stated_kind_holds_values_that_no_line_tells)
{
    const struct exchange_options agents = { .kind = VALUE_USER_AGENT };
    const struct exchange_options ja3 = { .kind = VALUE_JA3 };

    check_lines_with(EXCHANGE_FORMAT_LIST, &agents, "# seen in May\nEvil/1.0 (x; #2) [.]\n",
                     "2: user-agent Evil/1.0 (x; #2) [.] \n");
    check_lines_with(EXCHANGE_FORMAT_LIST, &ja3,
                     "f41fc1180af994f04b40a750ec1898d4 # why\nexample.org\n",
                     "1: ja3 f41fc1180af994f04b40a750ec1898d4 {\"comment\":\"why\"}\n"
                     "2@39! bad value \"example.org\"\n");
}

TEST(hosts_file_gives_the_names_that_it_sends_nowhere)
{
    check_lines(EXCHANGE_FORMAT_HOSTS,
                "# Title: a hosts file\n"
                "127.0.0.1 localhost\n"
                "::1\tip6-localhost\n"
                "255.255.255.255 broadcasthost\n"
                "0.0.0.0 0.0.0.0\n"
                "0.0.0.0 evil.example # why\n"
                "127.0.0.1\twww.evil.example\r\n"
                "198.51.100.7 intranet.example\n"
                "0.0.0.0\n"
                "0.0.0.0 no_dot\n",
                "6: domain evil.example (why)\n"
                "7: domain www.evil.example\n"
                "8@161! conditional \"198.51.100.7 intranet.example\"\n"
                "9@191! bad cells \"0.0.0.0\"\n"
                "10@199! bad value \"no_dot\"\n"
                "4 passed\n");
}

TEST(hosts_file_may_have_several_names_on_a_line)
{
    check_lines(EXCHANGE_FORMAT_HOSTS,
                "::1 ip6-localhost ip6-loopback\n"
                "0.0.0.0 a.example b.example\tc.example # why\n"
                "0.0.0.0 d.example no_dot e.example\r\n"
                "198.51.100.7 intranet.example alias.example\n"
                "0.0.0.0 f.example",
                "2: domain a.example (why)\n"
                "2: domain b.example (why)\n"
                "2: domain c.example (why)\n"
                "3: domain d.example\n"
                "3@75! bad value \"no_dot\"\n"
                "3: domain e.example\n"
                "4@111! conditional \"198.51.100.7 intranet.example alias.example\"\n"
                "5: domain f.example\n"
                "2 passed\n");
    check_lines(EXCHANGE_FORMAT_HOSTS, "0.0.0.0 \001\n0.0.0.0 a.example \001b.example\002 \n",
                "1@0! bad cells \"0.0.0.0 \001\"\n"
                "2: domain a.example\n"
                "2: domain b.example\n");
}

TEST(hosts_file_does_not_give_the_other_names_of_the_machine_itself)
{
    check_lines(EXCHANGE_FORMAT_HOSTS,
                "127.0.0.1 localhost localhost4.localdomain4 host.example\n"
                "0.0.0.0 a.example\n",
                "1@0! conditional \"host.example\"\n"
                "2: domain a.example\n"
                "2 passed\n");
}

TEST(adblock_list_gives_names_and_refuses_rules_with_conditions)
{
    check_lines(EXCHANGE_FORMAT_ADBLOCK,
                "[Adblock Plus 2.0]\n"
                "! Title: x\n"
                "||evil.example^\n"
                "||evil.example\n"
                "||198.51.100.7^\n"
                "||ads.example^$third-party\n"
                "@@||good.example^\n"
                "||wild*.example^\n"
                "||evil.example/path^\n"
                "example.org##.banner\n",
                "3: domain evil.example and below\n"
                "4: domain evil.example and below\n"
                "5: ipv4 198.51.100.7\n"
                "6@77! conditional \"||ads.example^$third-party\"\n"
                "7@104! conditional \"@@||good.example^\"\n"
                "8@122! conditional \"||wild*.example^\"\n"
                "9@139! conditional \"||evil.example/path^\"\n"
                "10@160! conditional \"example.org##.banner\"\n");
}
