// SPDX-License-Identifier: EUPL-1.2
#include "tests/exchange/lines.h"

TEST(dataset_of_strings_is_base64_of_a_stated_kind)
{
    const struct exchange_options domain = { .kind = VALUE_DOMAIN };
    const struct exchange_options agent = { .kind = VALUE_USER_AGENT };

    check_lines_with(EXCHANGE_FORMAT_SURICATA_DATASET, &domain,
                     "ZXhhbXBsZS5vcmc=\nbm8gbmFtZSA=\nexample.org\n\nd3d3LmV4YW1wbGUubmV0\n",
                     "1: domain example.org \n"
                     "2@17! bad value \"bm8gbmFtZSA=\"\n"
                     "3@30! bad encoding \"example.org\"\n"
                     "5: domain www.example.net \n");
    check_lines_with(EXCHANGE_FORMAT_SURICATA_DATASET, &agent,
                     "TW96aWxsYS80LjAgKGNvbXBhdGlibGU7ICk=\n",
                     "1: user-agent Mozilla/4.0 (compatible; ) \n");
}

TEST(dataset_of_strings_without_a_kind_is_refused)
{
    const char *file = "ZXhhbXBsZS5vcmc=\n";

    check_lines_with(EXCHANGE_FORMAT_SURICATA_DATASET, NULL, file, "! format\n");
    check_lines_with(EXCHANGE_FORMAT_SURICATA_DATAREP, NULL, "ZXhhbXBsZS5vcmc=,5\n", "! format\n");
}

TEST(dataset_of_digests_and_addresses_tells_its_kinds_itself)
{
    const struct exchange_options digest = { .kind = VALUE_MD5 };

    check_lines_with(EXCHANGE_FORMAT_SURICATA_DATASET, NULL,
                     "f41fc1180af994f04b40a750ec1898d4\n198.51.100.7\n2001:db8::7\n",
                     "1: md5 f41fc1180af994f04b40a750ec1898d4 \n"
                     "2: ipv4 198.51.100.7 \n"
                     "3: ipv6 2001:db8::7 \n");
    check_lines_with(EXCHANGE_FORMAT_SURICATA_DATASET, &digest,
                     "f41fc1180af994f04b40a750ec1898d4\n198.51.100.7\n",
                     "1: md5 f41fc1180af994f04b40a750ec1898d4 \n"
                     "2@33! bad value \"198.51.100.7\"\n");
}

TEST(datarep_keeps_the_reputation_and_does_not_judge_by_it)
{
    const struct exchange_options domain = { .kind = VALUE_DOMAIN };

    check_lines_with(EXCHANGE_FORMAT_SURICATA_DATAREP, &domain,
                     "ZXhhbXBsZS5vcmc=,200\nZXhhbXBsZS5vcmc=,65536\nZXhhbXBsZS5vcmc=\n",
                     "1: domain example.org {\"reputation\":\"200\"}\n"
                     "2@21! bad confidence \"ZXhhbXBsZS5vcmc=,65536\"\n"
                     "3@44! bad cells \"ZXhhbXBsZS5vcmc=\"\n");
}

TEST(iprep_gives_its_score_as_confidence)
{
    check_lines_with(EXCHANGE_FORMAT_SURICATA_IPREP, NULL,
                     "198.51.100.7,1,127\n"
                     "# a comment\n"
                     "203.0.113.0/24,2,64\n"
                     "2001:db8::7 , 1 , 1\n"
                     "198.51.100.8,1,0\n",
                     "1: ipv4 198.51.100.7 confidence=100 {\"category\":\"1\"}\n"
                     "3: cidr 203.0.113.0/24 confidence=50 {\"category\":\"2\"}\n"
                     "4: ipv6 2001:db8::7 confidence=1 {\"category\":\"1\"}\n"
                     "1 passed\n");
}

TEST(iprep_takes_names_and_a_choice_of_categories)
{
    const struct exchange_options options = {
        .categories = SPAN("1,BadHosts,Known bad hosts\n2,Google,Known good\n3,Spam,x\n"),
        .category = SPAN("badhosts+3"),
    };
    const struct exchange_options unknown = {
        .categories = options.categories,
        .category = SPAN("BadHost"),
    };
    const char *file = "198.51.100.7,1,101\n203.0.113.0/24,2,88\n198.51.100.9,3,10\n";

    check_lines_with(EXCHANGE_FORMAT_SURICATA_IPREP, &options, file,
                     "1: ipv4 198.51.100.7 confidence=80 {\"category\":\"BadHosts\"}\n"
                     "3: ipv4 198.51.100.9 confidence=8 {\"category\":\"Spam\"}\n"
                     "1 passed\n");
    check_lines_with(EXCHANGE_FORMAT_SURICATA_IPREP, &unknown, file, "! format\n");
}

TEST(iprep_refuses_lines_that_are_none_and_goes_on)
{
    check_lines_with(EXCHANGE_FORMAT_SURICATA_IPREP, NULL,
                     "198.51.100.7,1\n198.51.100.7,1,128\n198.51.100.7,61,1\nexample.org,1,1\n"
                     "198.51.100.7,1,1,1\n198.51.100.7,1,1\n",
                     "1@0! bad cells \"198.51.100.7,1\"\n"
                     "2@15! bad confidence \"198.51.100.7,1,128\"\n"
                     "3@34! bad confidence \"198.51.100.7,61,1\"\n"
                     "4@52! bad value \"example.org,1,1\"\n"
                     "5@68! bad cells \"198.51.100.7,1,1,1\"\n"
                     "6: ipv4 198.51.100.7 confidence=1 {\"category\":\"1\"}\n");
}

TEST(json_dataset_may_have_one_object_a_line)
{
    const struct exchange_options options = { .value_key = SPAN("ip") };

    check_lines_with(EXCHANGE_FORMAT_SURICATA_JSON, &options,
                     "{\"ip\":\"198.51.100.7\",\"origin\":\"partner\",\"year\":2026}\n"
                     "{\"ip\":\"198.51.100.8\",\"nested\":{\"a\":1}}\n"
                     "{\"address\":\"198.51.100.9\"}\n"
                     "{broken\n"
                     "{\"ip\":\"com\"}\n",
                     "1: ipv4 198.51.100.7 {\"origin\":\"partner\",\"year\":\"2026\"}\n"
                     "2: ipv4 198.51.100.8 \n"
                     "3@92! bad cells \"{\"address\":\"198.51.100.9\"}\"\n"
                     "4@119! bad encoding \"{broken\"\n"
                     "5@127! unknown kind \"{\"ip\":\"com\"}\"\n");
}

TEST(json_dataset_may_be_an_array_within_a_document)
{
    const struct exchange_options options = { .value_key = SPAN("host"),
                                              .array_key = SPAN("response.threats"),
                                              .kind = VALUE_DOMAIN };
    const struct exchange_options wrong = { .value_key = SPAN("host"), .array_key = SPAN("a") };
    const struct exchange_options none = { .array_key = SPAN("response.threats") };
    const char *file = "{\"time\":\"2026\",\"response\":{\"threats\":[\n"
                       "{\"host\":\"example.org\",\"origin\":\"x\"},\n{\"host\":\"1\"},{}]}}";

    check_lines_with(EXCHANGE_FORMAT_SURICATA_JSON, &options, file,
                     "1: domain example.org {\"origin\":\"x\"}\n"
                     "2@0! bad value \"1\"\n"
                     "3@0! bad cells \"\"\n");
    check_lines_with(EXCHANGE_FORMAT_SURICATA_JSON, &wrong, file, "! format\n");
    check_lines_with(EXCHANGE_FORMAT_SURICATA_JSON, &none, file, "! format\n");
}
