// SPDX-License-Identifier: EUPL-1.2
/*
 * The ready mappings on lines of our own making, as the programs write them. What they say was
 * worked out by hand.
 */
#include "tests/observe/mapped.h"

TEST(windows_firewall_log_tells_what_was_dropped)
{
    struct mapped_test t;
    mapped_test_begin(&t, "windows-firewall");

    check_mapped(&t, "#Version: 1.5", "nothing\n");
    check_mapped(&t, "#Software: Microsoft Windows Firewall", "nothing\n");
    check_mapped(&t, "#Time Format: Local", "nothing\n");
    check_mapped(&t,
                 "#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcp"
                 "flags tcpsyn tcpack tcpwin icmptype icmpcode info path pid",
                 "nothing\n");
    check_mapped(&t,
                 "2026-11-21 20:34:05 DROP TCP 192.168.10.106 198.51.100.7 65457 443 0 - 0 0 "
                 "0 - - - SEND 1360",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 192.168.10.106:65457 to 198.51.100.7:443 was denied in windows-firewall\n"
                 "src-ip ipv4 192.168.10.106\n"
                 "dst-ip ipv4 198.51.100.7\n"
                 "src-ip ip-port 192.168.10.106:65457\n"
                 "dst-ip ip-port 198.51.100.7:443\n");
    check_mapped(&t,
                 "2026-11-21 20:34:05 ALLOW UDP fe80::1 ff02::fb 5353 5353 89 - - - - - - - R"
                 "ECEIVE",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from fe80::1:5353 to ff02::fb:5353 was done in windows-firewall\n"
                 "src-ip ipv6 fe80::1\n"
                 "dst-ip ipv6 ff02::fb\n"
                 "src-ip ip-port [fe80::1]:5353\n"
                 "dst-ip ip-port [ff02::fb]:5353\n");
    check_mapped(&t, "2026-11-21 20:34:05 DROP ICMP 10.0.0.1 10.0.0.2 - - 0 - - - - 8 0 - RECEIVE",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.1 to 10.0.0.2 was denied in windows-firewall\n"
                 "src-ip ipv4 10.0.0.1\n"
                 "dst-ip ipv4 10.0.0.2\n");
    mapped_test_end(&t);
}

TEST(windows_firewall_log_made_into_csv_is_read)
{
    struct mapped_test t;
    mapped_test_begin(&t, "windows-firewall-csv");

    check_mapped(&t, "date,time,action,protocol,src-ip,dst-ip,src-port,dst-port", "nothing\n");
    check_mapped(&t, "2026-11-21,20:34:05,DROP,TCP,10.0.0.5,198.51.100.7,50123,443",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5:50123 to 198.51.100.7:443 was denied in windows-firewall-csv\n"
                 "src-ip ipv4 10.0.0.5\n"
                 "dst-ip ipv4 198.51.100.7\n"
                 "src-ip ip-port 10.0.0.5:50123\n"
                 "dst-ip ip-port 198.51.100.7:443\n");
    mapped_test_end(&t);
}

TEST(windows_events_that_hold_addresses_are_read_in_several_shapes)
{
    struct mapped_test t;
    mapped_test_begin(&t, "windows-events");

    check_mapped(
        &t,
        "{\"@timestamp\":\"2026-11-21T20:34:05.123Z\",\"winlog\":{\"event_id\":5157,\""
        "channel\":\"Security\",\"computer_name\":\"pc1.example.org\",\"event_data\":{"
        "\"SourceAddress\":\"10.0.0.5\",\"SourcePort\":\"50123\",\"DestAddress\":\"198"
        ".51.100.7\",\"DestPort\":\"443\",\"Protocol\":\"6\",\"Application\":\"\\\\dev"
        "ice\\\\harddiskvolume3\\\\users\\\\x\\\\evil.exe\"}}}",
        "time 2026-11-21T20:34:05.123Z\n"
        "from 10.0.0.5:50123 to 198.51.100.7:443 was denied by pc1.example.org in Security\n"
        "winlog.event_data.SourceAddress ipv4 10.0.0.5\n"
        "winlog.event_data.DestAddress ipv4 198.51.100.7\n"
        "winlog.event_data.Application file-name evil.exe\n"
        "winlog.computer_name domain pc1.example.org\n"
        "winlog.event_data.SourceAddress ip-port 10.0.0.5:50123\n"
        "winlog.event_data.DestAddress ip-port 198.51.100.7:443\n");
    check_mapped(&t,
                 "{\"EventTime\":\"2026-11-21 20:34:05\",\"Hostname\":\"pc1\",\"EventID\":5156,"
                 "\"Channel\":\"Security\",\"SourceAddress\":\"10.0.0.5\",\"SourcePort\":\"5012"
                 "3\",\"DestAddress\":\"2001:db8::7\",\"DestPort\":\"443\"}",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 10.0.0.5:50123 to 2001:db8::7:443 was done by pc1 in Security\n"
                 "SourceAddress ipv4 10.0.0.5\n"
                 "DestAddress ipv6 2001:db8::7\n"
                 "SourceAddress ip-port 10.0.0.5:50123\n"
                 "DestAddress ip-port [2001:db8::7]:443\n");
    check_mapped(&t,
                 "{\"Event\":{\"System\":{\"EventID\":22,\"Channel\":\"Microsoft-Windows-Sysmon"
                 "/Operational\",\"Computer\":\"pc1\",\"TimeCreated\":{\"#attributes\":{\"Syste"
                 "mTime\":\"2026-11-21T20:34:05.123456Z\"}}},\"EventData\":{\"QueryName\":\"www"
                 ".example.org\",\"QueryResults\":\"type:  5 cdn.example.net;::ffff:198.51.100."
                 "7;\",\"Image\":\"C:\\\\Windows\\\\System32\\\\svchost.exe\"}}}",
                 "time 2026-11-21T20:34:05.123456Z\n"
                 "by pc1 in Microsoft-Windows-Sysmon/Operational\n"
                 "Event.EventData.QueryName domain www.example.org\n"
                 "Event.EventData.QueryResults domain cdn.example.net\n"
                 "Event.EventData.QueryResults ipv4 198.51.100.7\n"
                 "Event.EventData.Image file-name svchost.exe\n");
    check_mapped(&t,
                 "{\"@timestamp\":\"2026-11-21T20:34:05.123Z\",\"winlog\":{\"event_id\":4625,\""
                 "event_data\":{\"IpAddress\":\"::ffff:203.0.113.9\",\"IpPort\":\"0\"}}}",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "from ::ffff:203.0.113.9 was failed in windows-events\n"
                 "winlog.event_data.IpAddress ipv4 203.0.113.9\n");
    check_mapped(&t,
                 "{\"@timestamp\":\"2026-11-21T20:34:05.123Z\",\"winlog\":{\"event_id\":1,\"eve"
                 "nt_data\":{\"Hashes\":\"SHA1=6BD2A2EED6E841B1DB18EF5A5DC8518C8981EFFD,MD5=D41"
                 "D8CD98F00B204E9800998ECF8427E\",\"Image\":\"C:\\\\x\\\\evil.exe\"}}}",
                 "time 2026-11-21T20:34:05.123Z\n"
                 "in windows-events\n"
                 "winlog.event_data.Hashes sha1 6bd2a2eed6e841b1db18ef5a5dc8518c8981effd\n"
                 "winlog.event_data.Hashes md5 d41d8cd98f00b204e9800998ecf8427e\n"
                 "winlog.event_data.Image file-name evil.exe\n");
    mapped_test_end(&t);
}

TEST(windows_events_are_read_from_csv_with_json_in_it)
{
    struct mapped_test t;
    mapped_test_begin(&t, "windows-events-csv");

    check_mapped(&t, "RecordNumber,TimeCreated,EventId,Computer,PayloadData1,Payload", "nothing\n");
    check_mapped(&t,
                 "1,2026-11-21 20:34:05.1234567,5157,pc1,x,\"{\"\"EventData\"\":{\"\"Data\"\":["
                 "{\"\"@Name\"\":\"\"SourceAddress\"\",\"\"#text\"\":\"\"10.0.0.5\"\"},{\"\"@Na"
                 "me\"\":\"\"SourcePort\"\",\"\"#text\"\":\"\"50123\"\"},{\"\"@Name\"\":\"\"Des"
                 "tAddress\"\",\"\"#text\"\":\"\"198.51.100.7\"\"},{\"\"@Name\"\":\"\"DestPort"
                 "\"\",\"\"#text\"\":\"\"443\"\"}]}}\"",
                 "time 2026-11-21T20:34:05.123456Z\n"
                 "from 10.0.0.5:50123 to 198.51.100.7:443 was denied by pc1 in windows-events-csv\n"
                 "Payload.EventData.Data.#text ipv4 10.0.0.5\n"
                 "Payload.EventData.Data.#text ipv4 198.51.100.7\n"
                 "Payload.EventData.Data.#text ipv4 10.0.0.5\n"
                 "Payload.EventData.Data.#text ipv4 198.51.100.7\n"
                 "Payload.EventData.Data.#text ip-port 10.0.0.5:50123\n"
                 "Payload.EventData.Data.#text ip-port 198.51.100.7:443\n");
    mapped_test_end(&t);
}

TEST(microsoft_365_audit_tells_clients_with_and_without_ports)
{
    struct mapped_test t;
    mapped_test_begin(&t, "microsoft-365");

    check_mapped(&t,
                 "{\"CreationTime\":\"2026-11-21T20:34:05\",\"Id\":\"1\",\"Operation\":\"UserLo"
                 "ggedIn\",\"RecordType\":15,\"ResultStatus\":\"Success\",\"Workload\":\"AzureA"
                 "ctiveDirectory\",\"ClientIP\":\"198.51.100.7\",\"ObjectId\":\"00000002\",\"Us"
                 "erId\":\"john@example.org\",\"ExtendedProperties\":[{\"Name\":\"ResultStatusD"
                 "etail\",\"Value\":\"Redirect\"},{\"Name\":\"UserAgent\",\"Value\":\"Mozilla/5"
                 ".0 (evil)\"},{\"Name\":\"RequestType\",\"Value\":\"OAuth2:Authorize\"}],\"Dev"
                 "iceProperties\":[{\"Name\":\"OS\",\"Value\":\"Windows 10\"}],\"ActorIpAddress"
                 "\":\"198.51.100.7\"}",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 198.51.100.7 was done in AzureActiveDirectory\n"
                 "ClientIP ipv4 198.51.100.7\n"
                 "UserId email john@example.org\n"
                 "UserId domain example.org\n"
                 "ExtendedProperties.Value user-agent Mozilla/5.0 (evil)\n"
                 "ActorIpAddress ipv4 198.51.100.7\n");
    check_mapped(&t,
                 "{\"CreationTime\":\"2026-11-21T20:34:05\",\"Operation\":\"FileDownloaded\",\""
                 "RecordType\":6,\"Workload\":\"SharePoint\",\"ClientIP\":\"2001:db8::7\",\"Use"
                 "rId\":\"john@example.org\",\"ObjectId\":\"https://example.sharepoint.com/site"
                 "s/a/b.docx\",\"SiteUrl\":\"https://example.sharepoint.com/sites/a/\",\"Source"
                 "FileName\":\"b.docx\",\"UserAgent\":\"Sync/1.0\"}",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 2001:db8::7 in SharePoint\n"
                 "ClientIP ipv6 2001:db8::7\n"
                 "UserId email john@example.org\n"
                 "UserId domain example.org\n"
                 "ObjectId url example.sharepoint.com/sites/a/b.docx\n"
                 "ObjectId domain example.sharepoint.com\n"
                 "SiteUrl url example.sharepoint.com/sites/a/\n"
                 "SiteUrl domain example.sharepoint.com\n"
                 "SourceFileName file-name b.docx\n"
                 "UserAgent user-agent Sync/1.0\n");
    check_mapped(&t,
                 "{\"CreationTime\":\"2026-11-21T20:34:05\",\"Operation\":\"MailItemsAccessed\""
                 ",\"RecordType\":50,\"ResultStatus\":\"Succeeded\",\"Workload\":\"Exchange\","
                 "\"ClientIPAddress\":\"[2001:db8::7]:50123\",\"MailboxOwnerUPN\":\"john@exampl"
                 "e.org\",\"UserId\":\"john@example.org\"}",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 2001:db8::7:50123 was done in Exchange\n"
                 "ClientIPAddress ipv6 2001:db8::7\n"
                 "MailboxOwnerUPN email john@example.org\n"
                 "MailboxOwnerUPN domain example.org\n"
                 "UserId email john@example.org\n"
                 "UserId domain example.org\n"
                 "ClientIPAddress ip-port [2001:db8::7]:50123\n");
    mapped_test_end(&t);
}

TEST(microsoft_365_audit_tells_rules_that_forward_mail_and_failed_logins)
{
    struct mapped_test t;
    mapped_test_begin(&t, "microsoft-365");

    check_mapped(&t,
                 "{\"CreationTime\":\"2026-11-21T20:34:05\",\"Operation\":\"New-InboxRule\",\"R"
                 "ecordType\":1,\"ResultStatus\":\"True\",\"Workload\":\"Exchange\",\"ClientIP"
                 "\":\"198.51.100.7:50123\",\"UserId\":\"john@example.org\",\"Parameters\":[{\""
                 "Name\":\"ForwardTo\",\"Value\":\"smtp:thief@evil.example.net\"},{\"Name\":\"S"
                 "topProcessingRules\",\"Value\":\"True\"}]}",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 198.51.100.7:50123 was done in Exchange\n"
                 "ClientIP ipv4 198.51.100.7\n"
                 "UserId email john@example.org\n"
                 "UserId domain example.org\n"
                 "Parameters.Value email thief@evil.example.net\n"
                 "Parameters.Value domain evil.example.net\n"
                 "ClientIP ip-port 198.51.100.7:50123\n");
    check_mapped(&t,
                 "{\"CreationTime\":\"2026-11-21T20:34:05\",\"Operation\":\"UserLoginFailed\","
                 "\"RecordType\":15,\"Workload\":\"AzureActiveDirectory\",\"ClientIP\":null,\"U"
                 "serId\":\"Not Available\"}",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "was failed in AzureActiveDirectory\n");
    mapped_test_end(&t);
}

TEST(microsoft_365_audit_exported_as_csv_is_read_with_the_json_in_it)
{
    struct mapped_test t;
    mapped_test_begin(&t, "microsoft-365-csv");

    check_mapped(&t,
                 "RecordId,CreationDate,RecordType,Operation,UserId,AuditData,AssociatedAdmin"
                 "Units",
                 "nothing\n");
    check_mapped(&t,
                 "1,2026-11-21T20:34:05.0000000Z,15,UserLoggedIn,john@example.org,\"{\"\"Creati"
                 "onTime\"\":\"\"2026-11-21T20:34:05\"\",\"\"Operation\"\":\"\"UserLoggedIn\"\""
                 ",\"\"Workload\"\":\"\"AzureActiveDirectory\"\",\"\"ClientIP\"\":\"\"[2001:db8"
                 "::7]:50123\"\",\"\"UserId\"\":\"\"john@example.org\"\",\"\"ExtendedProperties"
                 "\"\":[{\"\"Name\"\":\"\"UserAgent\"\",\"\"Value\"\":\"\"Mozilla \\\"\"x\\\"\""
                 "\"\"}]}\",",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 2001:db8::7:50123 in AzureActiveDirectory\n"
                 "AuditData.ClientIP ipv6 2001:db8::7\n"
                 "AuditData.UserId email john@example.org\n"
                 "AuditData.UserId domain example.org\n"
                 "AuditData.ExtendedProperties.Value user-agent Mozilla \"x\"\n"
                 "UserId email john@example.org\n"
                 "UserId domain example.org\n"
                 "AuditData.ClientIP ip-port [2001:db8::7]:50123\n");
    check_mapped(&t,
                 "2,2026-11-21T20:34:05.0000000Z,15,UserLoggedIn,john@example.org,\"{\"\"Creati"
                 "onTime\"\":\",",
                 "in microsoft-365-csv\n"
                 "UserId email john@example.org\n"
                 "UserId domain example.org\n"
                 "1 unfit\n");
    mapped_test_end(&t);
}

TEST(windows_firewall_log_made_into_json_is_read)
{
    struct mapped_test t;
    mapped_test_begin(&t, "windows-firewall-json");

    check_mapped(&t,
                 "{\"date\":\"2026-11-21\",\"time\":\"20:34:05\",\"action\":\"DROP\","
                 "\"protocol\":\"TCP\",\"src-ip\":\"203.0.113.9\",\"dst-ip\":\"192.0.2.10\","
                 "\"src-port\":\"51234\",\"dst-port\":\"3389\"}",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 203.0.113.9:51234 to 192.0.2.10:3389 was denied in windows-firewall-json\n"
                 "src-ip ipv4 203.0.113.9\n"
                 "dst-ip ipv4 192.0.2.10\n"
                 "src-ip ip-port 203.0.113.9:51234\n"
                 "dst-ip ip-port 192.0.2.10:3389\n");
    mapped_test_end(&t);
}

TEST(audit_log_of_microsoft_365_is_read_as_a_search_returns_it)
{
    struct mapped_test t;
    mapped_test_begin(&t, "microsoft-365-json");

    check_mapped(&t,
                 "{\"RecordType\": \"AzureActiveDirectoryStsLogon\", \"CreationDate\": "
                 "\"/Date(1795293245000)/\", \"UserIds\": \"john@example.org\", \"AuditData\": "
                 "\"{\\\"CreationTime\\\": \\\"2026-11-21T20:34:05\\\", \\\"Operation\\\": "
                 "\\\"UserLoginFailed\\\", \\\"RecordType\\\": 15, \\\"Workload\\\": "
                 "\\\"AzureActiveDirectory\\\", \\\"UserId\\\": \\\"john@example.org\\\", "
                 "\\\"ClientIP\\\": \\\"198.51.100.7\\\", \\\"ActorIpAddress\\\": "
                 "\\\"198.51.100.7\\\", \\\"ExtendedProperties\\\": [{\\\"Name\\\": "
                 "\\\"UserAgent\\\", \\\"Value\\\": \\\"Evil/1.0\\\"}]}\"}",
                 "time 2026-11-21T20:34:05.000Z\n"
                 "from 198.51.100.7 was failed in AzureActiveDirectory\n"
                 "AuditData.UserId email john@example.org\n"
                 "AuditData.UserId domain example.org\n"
                 "AuditData.ClientIP ipv4 198.51.100.7\n"
                 "AuditData.ActorIpAddress ipv4 198.51.100.7\n"
                 "AuditData.ExtendedProperties.Value user-agent Evil/1.0\n"
                 "UserIds email john@example.org\n"
                 "UserIds domain example.org\n");
    mapped_test_end(&t);
}
