// SPDX-License-Identifier: EUPL-1.2
#include "tests/exchange/lines.h"

#define FIELDS                                                                                     \
    "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\tmeta.do_notice\n"

#define check_zeek(file, told) check_lines_with(EXCHANGE_FORMAT_ZEEK_INTEL, NULL, (file), (told))

TEST(zeek_intel_gives_each_type_as_zeek_means_it)
{
    check_zeek("#fields\tindicator\tindicator_type\n"
               "198.51.100.7\tIntel::ADDR\n"
               "198.51.100.0/24\tIntel::SUBNET\n"
               "Example.org/Path?Q=%2F\tIntel::URL\n"
               "Evil Agent/1.0\tIntel::SOFTWARE\n"
               "Someone@Example.org\tIntel::EMAIL\n"
               "Example.org\tIntel::DOMAIN\n"
               "adc83b19e793491b1c6ea0fd8b46cd9f32e592fc\tIntel::CERT_HASH\n"
               "f41fc1180af994f04b40a750ec1898d4\tIntel::FILE_HASH\n"
               "Invoice.EXE\tIntel::FILE_NAME\n",
               "2: ipv4 198.51.100.7 \n"
               "3: cidr 198.51.100.0/24 \n"
               "4: url example.org/path?q=%2f caseless \n"
               "5: user-agent Evil Agent/1.0 \n"
               "6: email someone@example.org \n"
               "7: domain example.org \n"
               "8: cert-sha1 adc83b19e793491b1c6ea0fd8b46cd9f32e592fc \n"
               "9: md5 f41fc1180af994f04b40a750ec1898d4 \n"
               "10: file-name invoice.exe \n");
}

TEST(zeek_intel_reads_the_fingerprints_that_packages_add)
{
    check_zeek("#fields\tindicator\tindicator_type\n"
               "f41fc1180af994f04b40a750ec1898d4\tIntel::JA3\n"
               "F41FC1180AF994F04B40A750EC1898D4\tIntel::JA3S\n"
               "t13d1516h2_8daaf6152771_e5627efa2ab1\tIntel::JA4\n"
               "f41fc1180af994f04b40a750ec1898d4\tIntel::HASSH\n"
               "example.org\tIntel::JA3\n",
               "2: ja3 f41fc1180af994f04b40a750ec1898d4 \n"
               "3: ja3s f41fc1180af994f04b40a750ec1898d4 \n"
               "4: ja4 t13d1516h2_8daaf6152771_e5627efa2ab1 \n"
               "5: hassh f41fc1180af994f04b40a750ec1898d4 \n"
               "6@216! bad value \"example.org\tIntel::JA3\"\n");
}

TEST(zeek_intel_keeps_who_says_so_and_why)
{
    check_zeek(FIELDS "example.org\tIntel::DOMAIN\tCSIRT\tseen \"twice\"\thttps://a.example/1\tF\n"
                      "example.net\tIntel::DOMAIN\tCSIRT\t-\t-\tT\n",
               "2: domain example.org "
               "{\"comment\":\"seen \\\"twice\\\"\",\"origin\":\"CSIRT\","
               "\"reference\":\"https://a.example/1\"}\n"
               "3: domain example.net {\"origin\":\"CSIRT\"}\n");
}

TEST(zeek_intel_refuses_what_nobody_can_watch_for_and_goes_on)
{
    check_zeek("#fields\tindicator\tindicator_type\n"
               "root\tIntel::USER_NAME\n"
               "aa:bb\tIntel::PUBKEY_HASH\n"
               "x\tIntel::NEWER\n"
               "x\tIntel::ADDR\n"
               "example.org\tIntel::FILE_HASH\n"
               "example.org\n"
               "example.org\tIntel::DOMAIN\n",
               "2@33! not watched \"root\tIntel::USER_NAME\"\n"
               "3@55! not watched \"aa:bb\tIntel::PUBKEY_HASH\"\n"
               "4@80! unknown kind \"x\tIntel::NEWER\"\n"
               "5@95! bad value \"x\tIntel::ADDR\"\n"
               "6@109! bad value \"example.org\tIntel::FILE_HASH\"\n"
               "7@138! bad cells \"example.org\"\n"
               "8: domain example.org \n");
}

TEST(zeek_intel_reads_cells_as_they_stand)
{
    check_zeek("#separator \\x09\n#fields\tindicator_type\tindicator\n"
               "Intel::SOFTWARE\t\"Quoted, \\x22agent\n"
               "# a comment\n\n"
               "Intel::FILE_NAME\ta\\x09b\n#close\t2026\n",
               "3: user-agent \"Quoted, \"agent \n"
               "6: file-name a\tb \n");
}

TEST(zeek_intel_with_a_star_does_not_mean_the_name_itself)
{
    check_zeek("#fields\tindicator\tindicator_type\n"
               "*.example.org\tIntel::DOMAIN\n",
               "2: domain example.org below \n");
}

TEST(zeek_intel_without_the_columns_it_needs_is_refused)
{
    check_zeek("example.org\tIntel::DOMAIN\n", "! format\n");
    check_zeek("#fields\tindicator\tmeta.source\nexample.org\tx\n", "! format\n");
    check_zeek("", "! format\n");
}
