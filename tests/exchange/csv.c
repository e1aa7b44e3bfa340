// SPDX-License-Identifier: EUPL-1.2
#include "tests/exchange/lines.h"

#define check_csv(file, told) check_lines(EXCHANGE_FORMAT_CSV, (file), (told))

TEST(csv_gives_values_with_what_their_columns_state)
{
    check_csv("value,type,tlp,confidence,valid_from,valid_until,first_seen,description\n"
              "example.org,domain,TLP:AMBER,75,2026-01-02,2026-02-03T04:05:06Z,"
              "2025-12-31 23:59:59,one\n"
              "198.51.100.7,ip,,,,,,\n",
              "2: domain example.org and below tlp=TLP:AMBER confidence=75"
              " from=2026-01-02T00:00:00.000Z until=2026-02-03T04:05:06.000Z"
              " seen=2025-12-31T23:59:59.000Z (one)\n"
              "3: ipv4 198.51.100.7\n");
}

TEST(csv_finds_its_separator_in_the_header)
{
    check_csv("ioc;comment\nexample.org;a, b\n", "2: domain example.org and below (a, b)\n");
    check_csv("ioc\tcomment\nexample.org\ta; b\n", "2: domain example.org and below (a; b)\n");
    check_csv("comment,ioc\n\"a\tb;c\",example.org\n",
              "2: domain example.org and below (a\tb;c)\n");
}

TEST(csv_reads_quoted_cells)
{
    check_csv("\"Value\",\"Description\"\r\n"
              "\"http://example.org/a,b\",\"said \"\"no\"\"\"\r\n"
              "\"example.org\", \"two\nlines\" \r\n"
              "example.net,5\" disk\r\n",
              "2: url http://example.org/a,b (said \"no\")\n"
              "3: domain example.org and below (two\nlines)\n"
              "5: domain example.net and below (5\" disk)\n");
}

TEST(csv_recognises_the_kind_where_none_is_named)
{
    check_csv("indicator\n"
              "example[.]org\n"
              "198.51.100.7\n"
              "d41d8cd98f00b204e9800998ecf8427e\n"
              "word\n",
              "2: domain example.org and below\n"
              "3: ipv4 198.51.100.7\n"
              "4: md5 d41d8cd98f00b204e9800998ecf8427e\n"
              "5@70! unknown kind \"word\"\n");
    check_csv("ioc,type\nexample.org,\nd41d8cd98f00b204e9800998ecf8427e,hash\n",
              "2: domain example.org and below\n"
              "3: md5 d41d8cd98f00b204e9800998ecf8427e\n");
}

TEST(csv_refuses_values_that_are_not_of_the_kind_named)
{
    check_csv("value,type\n"
              "example.org,ip\n"
              "198.51.100.7:443,mutex\n"
              "example.org,domain-name\n",
              "2@11! bad value \"example.org\"\n"
              "3@26! unknown kind \"198.51.100.7:443\"\n"
              "4: domain example.org and below\n");
}

TEST(csv_gives_an_item_for_each_column_that_is_named_for_a_kind)
{
    check_csv("sha256,MD5,file name,ip,tlp\n"
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855,"
              "d41d8cd98f00b204e9800998ecf8427e,a.exe,198.51.100.0/24,red\n"
              "n/a,-,b.exe,example.org,\n"
              ",,c.exe,,\n",
              "2: sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
              " tlp=red\n"
              "2: md5 d41d8cd98f00b204e9800998ecf8427e tlp=red\n"
              "2: cidr 198.51.100.0/24 tlp=red\n"
              "3@152! bad value \"example.org\"\n"
              "4@177! bad cells \",,c.exe,,\"\n");
}

TEST(csv_reads_values_of_kinds_that_only_a_name_tells)
{
    check_csv("value,type\n"
              "198.51.100.7:443,ip:port\n"
              "[2001:db8::7]:443,ip-dst|port\n"
              "AS64500,AS\n"
              "C:\\Temp\\Invoice.EXE,filename\n"
              "d41d8cd98f00b204e9800998ecf8427e,ja3-fingerprint-md5\n"
              "\"Mozilla/4.0 (compatible, MSIE 6.0)\",user-agent\n",
              "2: ip-port 198.51.100.7:443\n"
              "3: ip-port [2001:db8::7]:443\n"
              "4: asn AS64500\n"
              "5: file-name invoice.exe\n"
              "6: ja3 d41d8cd98f00b204e9800998ecf8427e\n"
              "7: user-agent Mozilla/4.0 (compatible, MSIE 6.0)\n");
}

TEST(csv_takes_names_and_numbers_beside_other_values_for_company)
{
    check_csv("ip,asn,ua\n198.51.100.7,64500,curl/7\n", "2: ipv4 198.51.100.7\n");
    check_csv("file name,comment\na.exe,x\n", "2: file-name a.exe (x)\n");
}

TEST(csv_prefers_the_column_for_any_kind)
{
    check_csv("domain,ioc\nexample.org,198.51.100.7\n", "2: ipv4 198.51.100.7\n");
}

TEST(csv_reads_all_columns_that_hold_values)
{
    check_csv("host,hash,address\n"
              "evil.example.org,0123456789abcdef0123456789abcdef,203.0.113.5\n"
              "198.51.100.7,,\n"
              ",,\n",
              "2: domain evil.example.org and below\n"
              "2: md5 0123456789abcdef0123456789abcdef\n"
              "2: ipv4 203.0.113.5\n"
              "3: ipv4 198.51.100.7\n");
    check_csv("domain,hash,file name\nexample.org,0123456789abcdef0123456789abcdef,a.exe\n",
              "2: domain example.org and below\n"
              "2: md5 0123456789abcdef0123456789abcdef\n");
    check_csv("ioc,observable\nexample.org,198.51.100.7\n", "2: domain example.org and below\n"
                                                            "2: ipv4 198.51.100.7\n");
}

TEST(csv_takes_a_host_beside_a_column_for_values_for_company)
{
    check_csv("host,indicator,hash\nwork.example.org,198.51.100.7,x\n", "2: ipv4 198.51.100.7\n");
}

TEST(csv_with_lines_that_end_with_cr_alone_is_refused)
{
    check_csv("ioc,type\rexample.org,domain\r", "! format\n");
    check_csv("ioc,type\r", "");
}

TEST(csv_with_two_columns_that_bound_a_value_is_refused)
{
    check_csv("ioc,tlp,TLP label\nexample.org,CLEAR,RED\n", "! format\n");
    check_csv("ioc,valid_until,expires\nexample.org,2027-01-01,2020-01-01\n", "! format\n");
    check_csv("ioc,note,comment\nexample.org,a,b\n", "2: domain example.org and below (a)\n");
}

TEST(csv_reads_confidence_as_a_number_or_a_word)
{
    check_csv("ioc,confidence\n"
              "a.example,0\n"
              "a.example,100\n"
              "a.example,50%\n"
              "a.example,None\n"
              "a.example,low\n"
              "a.example,Med\n"
              "a.example,medium\n"
              "a.example,HIGH\n"
              "a.example,\n"
              "a.example,101\n"
              "a.example,-1\n"
              "a.example,sure\n",
              "2: domain a.example and below confidence=0\n"
              "3: domain a.example and below confidence=100\n"
              "4: domain a.example and below confidence=50\n"
              "5: domain a.example and below confidence=0\n"
              "6: domain a.example and below confidence=15\n"
              "7: domain a.example and below confidence=50\n"
              "8: domain a.example and below confidence=50\n"
              "9: domain a.example and below confidence=85\n"
              "10: domain a.example and below\n"
              "11@141! bad confidence \"101\"\n"
              "12@155! bad confidence \"-1\"\n"
              "13@168! bad confidence \"sure\"\n");
}

TEST(csv_refuses_times_and_labels_that_cannot_be_read)
{
    check_csv("ioc,expires,tlp\n"
              "a.example,soon,\n"
              "a.example,2026-02-30,\n"
              "a.example,,PURPLE\n"
              "a.example,,amber+strict\n"
              "a.example,2026-01-01 00:00:00 UTC,TLP:WHITE\n"
              "a.example,1767225600,\n",
              "2@16! bad time \"soon\"\n"
              "3@32! bad time \"2026-02-30\"\n"
              "4@54! unknown TLP \"PURPLE\"\n"
              "5: domain a.example and below tlp=amber+strict\n"
              "6: domain a.example and below tlp=TLP:WHITE until=2026-01-01T00:00:00.000Z\n"
              "7: domain a.example and below until=2026-01-01T00:00:00.000Z\n");
}

TEST(csv_passes_over_comments_and_blank_records)
{
    check_csv("# a list\n"
              "#\n"
              "\n"
              "ioc,note\n"
              "# between\n"
              "\n"
              ",\n"
              " , \n"
              "a.example,x\n"
              "# end\n",
              "9: domain a.example and below (x)\n");
}

TEST(csv_takes_the_last_comment_for_its_header_where_that_fits)
{
    check_csv("# some feed\n"
              "# \"first_seen_utc\",\"ioc_value\",\"ioc_type\"\n"
              "\"2026-01-01 00:00:00\", \"http://example.org/\", \"url\"\n"
              "# Number of entries: 1\n",
              "3: url http://example.org/ seen=2026-01-01T00:00:00.000Z\n");
    check_csv("#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\n"
              "example.org/a\tIntel::URL\tx\t-\n"
              "d41d8cd98f00b204e9800998ecf8427e\tIntel::FILE_HASH\tx\twhy\n",
              "2: url example.org/a\n"
              "3: md5 d41d8cd98f00b204e9800998ecf8427e (why)\n");
    check_csv("# value,type\n", "");
}

TEST(csv_takes_its_first_line_for_the_header_where_a_comment_knows_no_more)
{
    check_csv("# value, url\nioc,tlp\na.example,red\n", "3: domain a.example and below tlp=red\n");
    check_csv("# value,type,tlp,note\nioc,tlp\na.example,red\n",
              "3: domain a.example and below tlp=red\n");
}

TEST(csv_without_a_column_for_the_value_is_refused)
{
    check_csv("name,when\nexample.org,2026-01-01\n", "! format\n");
    check_csv("example.org\n", "! format\n");
    check_csv("# only a comment\n", "! format\n");
    check_csv("", "! format\n");
}

TEST(csv_refuses_records_whose_cells_do_not_fit_the_header)
{
    check_csv("ioc,note,tlp\n"
              "a.example\n"
              "http://example.org/a,b,c,red\n"
              "b.example,x,red,, ,\n"
              ",x,red\n",
              "2: domain a.example and below\n"
              "3@23! bad cells \"http://example.org/a,b,c,red\"\n"
              "4: domain b.example and below tlp=red (x)\n"
              "5@72! bad cells \",x,red\"\n");
}

TEST(csv_loses_one_line_to_broken_quotes)
{
    check_csv("ioc,note\n"
              "a.example,\"never closed\n"
              "b.example,fine\n"
              "c.example,\"closed\" too early\n"
              "d.example,fine\n"
              "e.example,\"the end",
              "2@9! bad cells \"a.example,\"never closed\"\n"
              "3: domain b.example and below (fine)\n"
              "4@48! bad cells \"c.example,\"closed\" too early\"\n"
              "5: domain d.example and below (fine)\n"
              "6@92! bad cells \"e.example,\"the end\"\n");
}

TEST(csv_refuses_lines_and_records_that_are_too_long)
{
    enum { LONG_SIZE = EXCHANGE_LINE_SIZE_MAX + 1 };
    static uint8_t file[LONG_SIZE + 256];
    struct buf buf;
    buf_init(&buf, sizeof file);
    buf_add(&buf, SPAN("ioc,note\na.example,"));
    while (buf.size < LONG_SIZE + 32) {
        buf_add_byte(&buf, 'a');
    }
    buf_add(&buf, SPAN("\nb.example,\"x\n"));
    span_copy(file, sizeof file, buf_span(&buf));

    const char *told = lines_told(EXCHANGE_FORMAT_CSV, span_make(file, buf.size));

    assert_non_null(strstr(told, "2@9! too long \"a.example,aaa"));
    assert_non_null(strstr(told, "! bad cells \"b.example,\"x\"\n"));
    buf_done(&buf);
}

TEST(csv_refuses_records_of_too_many_cells)
{
    struct buf buf;
    buf_init(&buf, EXCHANGE_LINE_SIZE_MAX);
    buf_add(&buf, SPAN("ioc\na.example"));
    for (size_t i = 0; i < EXCHANGE_CELL_COUNT_MAX; i++) {
        buf_add_byte(&buf, ',');
    }
    buf_add(&buf, SPAN("\nb.example\n"));

    const char *told = lines_told(EXCHANGE_FORMAT_CSV, buf_span(&buf));

    assert_non_null(strstr(told, "2@4! bad cells \"a.example,"));
    assert_non_null(strstr(told, "\n3: domain b.example and below\n"));
    buf_done(&buf);
}

TEST(csv_reads_cells_that_were_kept_from_being_formulas)
{
    check_csv("ioc,note\n'=a.example,'@home\n", "2: domain a.example (@home)\n");
}

TEST(csv_takes_scopes_and_patterns)
{
    check_csv("value,kind,scope\n"
              "example.org,domain,exact\n"
              "example.org/a,url,prefix\n"
              "%/gate.php?id=%,url,LIKE\n"
              "^evil[0-9]+\\.example$,domain,regex\n"
              "198.51.100.7,ip,prefix\n"
              "%evil%,email,like\n"
              "%evil%,,like\n"
              "example.org,domain,wide\n"
              "example.org,domain,\n"
              "%,url,like\n"
              "(a,url,regex\n",
              "2: domain example.org\n"
              "3: url example.org/a prefix\n"
              "4: url %/gate.php?id=% like\n"
              "5: domain ^evil[0-9]+\\.example$ regex\n"
              "6@127! bad scope \"198.51.100.7\"\n"
              "7@150! bad scope \"%evil%\"\n"
              "8@168! bad scope \"%evil%\"\n"
              "9@181! bad scope \"example.org\"\n"
              "10: domain example.org and below\n"
              "11@225! bad pattern \"%\"\n"
              "12@236! bad pattern \"(a\"\n");
}

/* Headers as these exports have them. */
TEST(csv_reads_the_exports_of_the_field)
{
    check_csv(
        "# ThreatFox\n"
        "# \"first_seen_utc\",\"ioc_id\",\"ioc_value\",\"ioc_type\",\"threat_type\","
        "\"fk_malware\",\"malware_alias\",\"malware_printable\",\"last_seen_utc\","
        "\"confidence_level\",\"reference\",\"tags\",\"anonymous\",\"reporter\"\n"
        "\"2026-03-29 13:45:02\", \"1\", \"198.51.100.7:443\", \"ip:port\", \"botnet_cc\","
        " \"win.x\", \"None\", \"X\", \"\", \"75\", \"\", \"x\", \"0\", \"y\"\n"
        "\"2026-03-29 13:45:02\", \"2\", \"f41fc1180af994f04b40a750ec1898d4\", \"md5_hash\","
        " \"payload\", \"win.x\", \"None\", \"X\", \"\", \"100\", \"\", \"x\", \"0\", \"y\"\n",
        "3: ip-port 198.51.100.7:443 confidence=75 seen=2026-03-29T13:45:02.000Z\n"
        "4: md5 f41fc1180af994f04b40a750ec1898d4 confidence=100"
        " seen=2026-03-29T13:45:02.000Z\n");
    check_csv("# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\n"
              "\"3\",\"2026-07-01 10:00:00\",\"http://198.51.100.7/i\",\"online\",\"\","
              "\"malware_download\",\"elf\",\"https://urlhaus.example/url/3/\",\"y\"\n",
              "2: url http://198.51.100.7/i seen=2026-07-01T10:00:00.000Z\n");
    check_csv("# \"first_seen_utc\",\"sha256_hash\",\"md5_hash\",\"sha1_hash\",\"reporter\","
              "\"file_name\",\"file_type_guess\",\"mime_type\",\"signature\",\"clamav\"\n"
              "\"2026-07-01 10:00:00\", "
              "\"2fc0c78a056b77d3f8a61df9ed21a89df4cdab4b2fc0c78a056b77d3f8a61df9\", "
              "\"f41fc1180af994f04b40a750ec1898d4\", \"2fc0c78a056b77d3f8a61df9ed21a89df4cdab4b\","
              " \"y\", \"setup.exe\", \"exe\", \"x\", \"X\", \"n/a\"\n",
              "2: sha256 2fc0c78a056b77d3f8a61df9ed21a89df4cdab4b2fc0c78a056b77d3f8a61df9"
              " seen=2026-07-01T10:00:00.000Z\n"
              "2: md5 f41fc1180af994f04b40a750ec1898d4 seen=2026-07-01T10:00:00.000Z\n"
              "2: sha1 2fc0c78a056b77d3f8a61df9ed21a89df4cdab4b"
              " seen=2026-07-01T10:00:00.000Z\n");
    check_csv("# \"first_seen_utc\",\"dst_ip\",\"dst_port\",\"c2_status\",\"last_online\","
              "\"malware\"\n"
              "\"2026-07-01 10:00:00\",\"198.51.100.7\",\"443\",\"online\",\"2026-07-02\",\"X\"\n",
              "2: ipv4 198.51.100.7 seen=2026-07-01T10:00:00.000Z\n");
    check_csv("Indicator type,Indicator,Description\n"
              "hostname,www.example.org,x\nFileHash-MD5,f41fc1180af994f04b40a750ec1898d4,\n"
              "CVE,CVE-2026-0001,\n",
              "2: domain www.example.org and below (x)\n"
              "3: md5 f41fc1180af994f04b40a750ec1898d4\n"
              "4@111! unknown kind \"CVE-2026-0001\"\n");
    check_csv("IndicatorType,IndicatorValue,ExpirationTime,Action,Severity,Title,Description\n"
              "DomainName,www.example.org,2026-12-31T23:59:59.0Z,Block,High,T,x\n"
              "FileSha1,2fc0c78a056b77d3f8a61df9ed21a89df4cdab4b,,Audit,Low,T,\n"
              "IpAddress,198.51.100.7,never,Block,High,T,\n",
              "2: domain www.example.org and below until=2026-12-31T23:59:59.000Z (x)\n"
              "3: sha1 2fc0c78a056b77d3f8a61df9ed21a89df4cdab4b\n"
              "4@207! bad time \"never\"\n");
}

TEST(csv_of_sslbl_holds_certificates_and_ja3)
{
    check_csv("# Listingdate,SHA1,Listingreason\n"
              "2026-07-01 10:00:00,2fc0c78a056b77d3f8a61df9ed21a89df4cdab4b,X C&C\n",
              "2: cert-sha1 2fc0c78a056b77d3f8a61df9ed21a89df4cdab4b"
              " seen=2026-07-01T10:00:00.000Z (X C&C)\n");
    check_csv("# ja3_md5,Firstseen,Lastseen,Listingreason\n"
              "f41fc1180af994f04b40a750ec1898d4,2026-07-01 10:00:00,2026-07-02 10:00:00,X\n",
              "2: ja3 f41fc1180af994f04b40a750ec1898d4 seen=2026-07-01T10:00:00.000Z (X)\n");
}

TEST(csv_of_misp_means_misps_types_and_what_is_for_detection)
{
    check_lines_with(
        EXCHANGE_FORMAT_CSV, NULL,
        "uuid,event_id,category,type,value,comment,to_ids,date,object_relation,attribute_tag\n"
        "22222222-2222-4222-8222-222222222222,7,\"Network activity\",\"domain|ip\","
        "\"example.org|198.51.100.7\",\"c2\",1,1542495600,\"\",\"tlp:red,x\"\n"
        "a,7,b,hostname,www.example.org,,1,1542495600,,\n"
        "a,7,b,domain,example.net,,0,1542495600,,\n"
        "a,7,b,regkey,HKLM,,1,1542495600,,\n",
        "2: domain example.org and below tlp=tlp:red "
        "{\"uuid\":\"22222222-2222-4222-8222-222222222222\",\"category\":\"Network activity\","
        "\"comment\":\"c2\",\"tags\":[\"tlp:red\",\"x\"]}\n"
        "2: ipv4 198.51.100.7 tlp=tlp:red "
        "{\"uuid\":\"22222222-2222-4222-8222-222222222222\",\"category\":\"Network activity\","
        "\"comment\":\"c2\",\"tags\":[\"tlp:red\",\"x\"]}\n"
        "3: domain www.example.org {\"uuid\":\"a\",\"category\":\"b\"}\n"
        "5@302! not watched \"HKLM\"\n"
        "1 passed\n");
}
