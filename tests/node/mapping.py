#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Logs that a mapping reads: each ready one by lines as its program writes them, mappings of one's
own, and text of any sort.

    tests/node/mapping.py PROGRAM
"""

import json
import os
import subprocess
import time

from ground import DONE, FOUND, REFUSALS, TROUBLE, Node, dns, gzipped, run_all, test

LIST = "evil.example\n198.51.100.7\nhttp://web.example/drop\nboss@mail.example\n" \
       "9e107d9d372bb6826bd81d3542a419d6\n"
WAIT_S = 60 # for what must happen; a test that waits longer has failed
STEP_S = 0.01
UTC = {"TZ": "UTC0"} # many logs have the time of the machine's zone


def audit(**more):
    """A record of Microsoft 365's unified audit log."""
    return json.dumps({"CreationTime": "2026-11-21T20:34:05", "Id": "0d1f", "Operation": "New-InboxRule",
                       "RecordType": 1, "ResultStatus": "True", "Workload": "Exchange",
                       "UserId": "john@example.org", "ClientIP": "198.51.100.7:50123", **more})


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


# The mapping that must be told by the lines, the lines, and what must be found in them: indicator,
# inside host, whether it was denied.
READY = {
    "dnsmasq": (
        "Nov 21 20:34:05 gw dnsmasq[411]: query[A] evil.example from 10.0.0.5\n"
        "Nov 21 20:34:05 gw dnsmasq[411]: forwarded evil.example to 192.0.2.53\n"
        "Nov 21 20:34:05 gw dnsmasq[411]: reply evil.example is 198.51.100.7\n"
        "Nov 21 20:34:06 gw dnsmasq[411]: gravity blocked evil.example is 0.0.0.0\n",
        [("evil.example", "10.0.0.5", 0), ("evil.example", None, 1), ("198.51.100.7", None, 0)]),
    "unbound": (
        "[1795293245] unbound[411:0] info: 10.0.0.5 evil.example. A IN\n"
        "[1795293246] unbound[411:0] reply: 10.0.0.6 evil.example. A IN NOERROR 0.012 0 58\n"
        "[1795293247] unbound[411:0] info: rpz: applied [feed] evil.example. rpz-nxdomain "
        "10.0.0.7@53124 evil.example. A IN\n",
        [("evil.example", "10.0.0.5", 0), ("evil.example", "10.0.0.6", 0),
         ("evil.example", "10.0.0.7", 1)]),
    "bind": (
        "21-Nov-2026 20:34:05.123 queries: info: client @0x7f8a4c0012c8 10.0.0.5#53124 "
        "(evil.example): query: evil.example IN A +E(0)K (10.0.0.1)\n"
        "21-Nov-2026 20:34:06.001 security: info: client @0x7f8a4c0012c8 10.0.0.6#53125 "
        "(evil.example): query (cache) 'evil.example/A/IN' denied (allow-query-cache did not match)\n",
        [("evil.example", "10.0.0.5", 0), ("evil.example", "10.0.0.6", 1)]),
    "squid": (
        "1795293245.779    180 10.0.0.5 TCP_MISS/200 411 GET http://web.example/drop - "
        "HIER_DIRECT/198.51.100.7 text/html\n"
        "1795293246.001      0 10.0.0.6 TCP_DENIED/403 3900 CONNECT evil.example:443 - HIER_NONE/- "
        "text/html\n",
        [("http://web.example/drop", "10.0.0.5", 0), ("198.51.100.7", "10.0.0.5", 0),
         ("evil.example", "10.0.0.6", 1)]),
    "nginx": (
        '198.51.100.7 - - [21/Nov/2026:20:34:05 +0000] "GET /login HTTP/1.1" 200 612 '
        '"http://web.example/drop" "Mozilla/5.0"\n'
        '198.51.100.7 - john [21/Nov/2026:20:34:06 +0000] "POST /login HTTP/1.1" 403 612 "-" "-"\n',
        [("198.51.100.7", "198.51.100.7", 1), ("http://web.example/drop", "198.51.100.7", 0)]),
    "windows-dns": (
        "DNS Server log file creation at 11/21/2026 8:34:00 PM\n"
        "Log file wrap at 11/21/2026 8:34:00 PM\n\n"
        "11/21/2026 8:34:05 PM 0FB4 PACKET  000000A1B2C3D4E0 UDP Rcv 10.0.0.5        a1b2   Q "
        "[0001   D   NOERROR] A      (4)evil(7)example(0)\n"
        "11/21/2026 8:34:05 PM 0FB4 PACKET  000000A1B2C3D4E0 UDP Snd 192.0.2.53      a1b3   Q "
        "[0001   D   NOERROR] A      (4)evil(7)example(0)\n"
        "11/21/2026 8:34:06 PM 0FB4 PACKET  000000A1B2C3D4E0 UDP Snd 10.0.0.5        a1b2 R Q "
        "[8081   DR  NOERROR] A      (4)evil(7)example(0)\n",
        [("evil.example", "10.0.0.5", 0), ("evil.example", None, 0)]),
    "windows-dns-events": (
        '{"EventTime":"2026-11-21T20:34:05Z","EventID":256,"Hostname":"dc1","QNAME":"evil.example.",'
        '"QTYPE":"1","Source":"10.0.0.5","Port":"53124"}\n',
        [("evil.example", "10.0.0.5", 0)]),
    "windows-dns-csv": (
        "TimeCreated,MachineName,QNAME,QTYPE,Source,Port\n"
        "2026-11-21T20:34:05Z,dc1,evil.example.,1,10.0.0.5,53124\n",
        [("evil.example", "10.0.0.5", 0)]),
    "windows-firewall": (
        "#Version: 1.5\n#Software: Microsoft Windows Firewall\n#Time Format: Local\n"
        "#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn "
        "tcpack tcpwin icmptype icmpcode info path\n\n"
        "2026-11-21 20:34:05 DROP TCP 10.0.0.5 198.51.100.7 50123 443 0 - 0 0 0 - - - SEND\n"
        "2026-11-21 20:34:06 ALLOW TCP 10.0.0.6 198.51.100.7 50124 443 0 - 0 0 0 - - - SEND\n",
        [("198.51.100.7", "10.0.0.5", 1), ("198.51.100.7", "10.0.0.6", 0)]),
    "windows-firewall-csv": (
        "date,time,action,protocol,src-ip,dst-ip,src-port,dst-port\n"
        "2026-11-21,20:34:05,DROP,TCP,10.0.0.5,198.51.100.7,50123,443\n",
        [("198.51.100.7", "10.0.0.5", 1)]),
    "windows-firewall-json": (
        '{"date":"2026-11-21","time":"20:34:05","action":"DROP","protocol":"TCP",'
        '"src-ip":"10.0.0.5","dst-ip":"198.51.100.7","src-port":"50123","dst-port":"443"}\n',
        [("198.51.100.7", "10.0.0.5", 1)]),
    "windows-events": (
        '{"@timestamp":"2026-11-21T20:34:05.123Z","winlog":{"channel":"Security","event_id":"5157",'
        '"computer_name":"pc1","event_data":{"SourceAddress":"10.0.0.5","SourcePort":"50123",'
        '"DestAddress":"198.51.100.7","DestPort":"443"}}}\n'
        '{"@timestamp":"2026-11-21T20:34:06.123Z","winlog":{"channel":"Application","event_id":"1",'
        '"computer_name":"pc1"},"message":"mail to boss@mail.example"}\n',
        [("198.51.100.7", "10.0.0.5", 1), ("boss@mail.example", None, 0)]),
    "microsoft-365": (
        audit(Parameters=[{"Name": "ForwardTo", "Value": "smtp:boss@mail.example"}]) + "\n"
        + audit(Operation="UserLoginFailed") + "\n",
        [("198.51.100.7", "198.51.100.7", 0), ("boss@mail.example", "198.51.100.7", 0)]),
    "microsoft-365-csv": (
        "RecordId,CreationDate,RecordType,Operation,UserId,AuditData\n"
        "1,2026-11-21T20:34:05.0000000Z,1,X,john@example.org,"
        + quoted(audit(Parameters=[{"Name": "To", "Value": "boss@mail.example"}])) + "\n",
        [("198.51.100.7", "198.51.100.7", 0), ("boss@mail.example", "198.51.100.7", 0)]),
    "microsoft-365-json": (
        json.dumps({"CreationDate": "/Date(1795293245000)/", "UserIds": "john@example.org",
                    "AuditData": audit(Parameters=[{"Name": "To", "Value": "boss@mail.example"}])}) + "\n",
        [("198.51.100.7", "198.51.100.7", 0), ("boss@mail.example", "198.51.100.7", 0)]),
    "filterlog": (
        "Nov 21 20:34:05 fw filterlog[411]: 5,,,1000000103,em0,match,block,out,4,0x0,,64,12345,0,DF,"
        "6,tcp,60,10.0.0.5,198.51.100.7,51234,443,0,S,1234567,,64240,,mss;nop\n"
        "Nov 21 20:34:06 fw filterlog[411]: 7,,,1000000105,em0,match,pass,out,4,0x0,,64,12346,0,DF,"
        "17,udp,76,10.0.0.6,198.51.100.7,123,123,56\n",
        [("198.51.100.7", "10.0.0.5", 1), ("198.51.100.7", "10.0.0.6", 0)]),
    "journal": (
        '{"__REALTIME_TIMESTAMP":"1795293245000000","_HOSTNAME":"h1","SYSLOG_IDENTIFIER":"app",'
        '"MESSAGE":"login of boss@mail.example from 198.51.100.7"}\n',
        [("198.51.100.7", None, 0), ("boss@mail.example", None, 0)]),
}

# Told by no mapping, as they come: several programs, several formats, no format at all.
TEXT = (
    "<34>1 2026-11-21T20:34:05.003Z h1 app 411 ID47 [x@1 a=\"b\"] blocked http://web.example/drop\n"
    "<34>Nov 21 20:34:05 h1 sshd[412]: Failed password for root from 198.51.100.7 port 22 ssh2\n"
    "Nov 21 20:34:06 mx postfix/smtpd[413]: NOQUEUE: reject: RCPT from evil.example[198.51.100.7]: "
    "554 5.7.1 <a@example.org>: Relay access denied; from=<boss@mail.example> to=<a@example.org> "
    "proto=ESMTP helo=<evil.example>\n"
    + dns("evil.example", "10.0.0.8") +
    '{"level":"warn","ts":1795293245.5,"msg":"upload 9e107d9d372bb6826bd81d3542a419d6"}\n'
    "2026-11-21 20:34:07,123 WARN c.e.Login - 198.51.100.7:4711 again\n")
TEXT_FOUND = {"http://web.example/drop", "198.51.100.7", "evil.example", "boss@mail.example",
              "9e107d9d372bb6826bd81d3542a419d6"}


def told(node):
    """The hits of a node: indicator, inside host, how many of its lines were denied."""
    return {(hit["value"], hit["inside"], hit.get("denied", 0)) for hit in map(json.loads, node.folds())}


def config(node, text):
    with open(node.path / "linie.conf", "a", encoding="utf-8") as conf:
        conf.write(text)


@test
def each_ready_format_is_told_by_its_lines_and_read():
    for name, (text, expected) in READY.items():
        with Node() as node:
            node.add(LIST)
            summary = node.json("watch", node.file("a.log", text), env=UTC, status=FOUND)[-1]["summary"]
            assert f"({name})" in node.said("status"), (name, node.said("status"))
            assert set(expected) == told(node), (name, expected, told(node))
            if name != "windows-dns": # its first lines are about the log
                assert summary["faults"] == {}, (name, summary)


@test
def lines_have_the_time_that_the_log_says():
    for name, (text, _) in READY.items():
        with Node() as node:
            node.add(LIST)
            node.run("watch", node.file("a.log", text), env=UTC, status=FOUND)
            for hit in map(json.loads, node.folds()):
                assert hit["first"].startswith("2026-11-21T20:34:0"), (name, hit)


@test
def ready_format_that_is_named_reads_the_same():
    for name, (text, expected) in READY.items():
        with Node() as node:
            node.add(LIST)
            node.run("watch", node.file("a.log", text), "--format", name, env=UTC, status=FOUND)
            assert set(expected) == told(node), name


@test
def every_ready_mapping_is_listed_shown_and_can_be_copied():
    with Node() as node:
        rows = node.json("mapping", "list")
        names = {row["name"] for row in rows}
        assert set(READY) | {"text", "postfix", "json", "windows-events-csv"} <= names, names
        assert all(row["ready"] and row["about"] for row in rows), rows
        config(node, "".join(node.said("mapping", "show", name) + "\n" for name in sorted(names)))
        rows = node.json("mapping", "list")
        assert {row["name"] for row in rows} == names
        text, expected = READY["squid"]
        node.add(LIST)
        node.run("watch", node.file("a.log", text), env=UTC, status=FOUND)
        assert set(expected) == told(node)


@test
def text_of_several_programs_is_read_without_a_mapping():
    for name, text in (("a.log", TEXT), ("a.log.gz", gzipped(TEXT))):
        with Node() as node:
            node.add(LIST)
            summary = node.json("watch", node.file(name, text), env=UTC, status=FOUND)[-1]["summary"]
            assert "(text)" in node.said("status"), (name, node.said("status"))
            assert {value for value, _, _ in told(node)} == TEXT_FOUND, told(node)
            assert ("evil.example", "10.0.0.8", 0) in told(node) # Zeek's line in between
            assert summary["lines"] == TEXT.count("\n")
            assert summary["faults"] == {}, summary


@test
def postfix_tells_who_was_rejected():
    with Node() as node:
        node.add(LIST)
        node.run("watch", node.file("mail.log", TEXT.splitlines()[2] + "\n"), env=UTC, status=FOUND)
        assert ("198.51.100.7", "198.51.100.7", 1) in told(node), told(node)
        assert ("boss@mail.example", "198.51.100.7", 1) in told(node), told(node)


@test
def text_from_a_pipe_is_read_as_it_comes():
    with Node() as node:
        node.add(LIST)
        node.run("watch", "-", given=TEXT, env=UTC, status=FOUND)
        assert {value for value, _, _ in told(node)} == TEXT_FOUND


@test
def file_that_grows_is_read_on_with_its_columns():
    text, _ = READY["windows-firewall-csv"]
    with Node() as node:
        node.add(LIST)
        log = node.file("a.csv", text)
        assert node.json("watch", log, env=UTC, status=FOUND)[-1]["summary"]["lines"] == 1
        with open(log, "a", encoding="utf-8") as more:
            more.write("2026-11-21,20:34:09,ALLOW,TCP,10.0.0.9,198.51.100.7,50129,443\n")
        assert node.json("watch", log, env=UTC, status=FOUND)[-1]["summary"]["lines"] == 1
        assert told(node) == {("198.51.100.7", "10.0.0.5", 1), ("198.51.100.7", "10.0.0.9", 0)}


def wait_for(condition, what):
    for _ in range(int(WAIT_S / STEP_S)):
        if condition():
            return
        time.sleep(STEP_S)
    raise AssertionError(f"waited {WAIT_S} s for {what}")


def status_of(node):
    return node.json("status")[0]


def followed(node, *changes):
    """What a watch that follows makes of a folder, in which one change comes after the other, each
    with the lines that are counted then. It is ended, and begun again, before the last one."""
    logs = node.folder / "logs"
    logs.mkdir()
    for run in (changes[:-1], changes[-1:]):
        with subprocess.Popen(node.command("watch", "--follow", "logs"), cwd=node.folder,
                              env=node.environment() | UTC, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            try:
                for change, lines_counted in run:
                    change(logs)
                    wait_for(lambda count=lines_counted: status_of(node)["lines"] >= count,
                             f"{lines_counted} lines")
            finally:
                process.terminate()
    assert status_of(node)["lines"] == changes[-1][1], status_of(node)


def appends(name, text):
    def change(logs):
        with open(logs / name, "a", encoding="utf-8") as log:
            log.write(text)
    return change


@test
def csv_that_is_followed_keeps_its_columns_through_rotation_and_a_new_start():
    header = "date,time,action,protocol,src-ip,dst-ip,src-port,dst-port\n"
    def row(host):
        return f"2026-11-21,20:34:05,DROP,TCP,10.0.0.{host},198.51.100.7,50123,443\n"
    def rotate(logs):
        os.rename(logs / "fw.csv", logs / "fw.csv.1")
        appends("fw.csv", header + row(3))(logs)
    with Node() as node:
        node.add(LIST)
        followed(node, (appends("fw.csv", header + row(1)), 1), (appends("fw.csv", row(2)), 2),
                 (rotate, 3), (appends("fw.csv", row(4)), 4))
        assert told(node) == {("198.51.100.7", f"10.0.0.{i}", 1) for i in range(1, 5)}
        assert status_of(node)["faults"] == {}, status_of(node)


@test
def csv_of_powershell_is_read_below_its_line_of_a_type():
    head = "#TYPE Selected.System.Diagnostics.Eventing.Reader.EventLogRecord\r\n"
    header = '"date","time","action","protocol","src-ip","dst-ip","src-port","dst-port"\r\n'
    def row(host):
        return f'"2026-11-21","20:34:05","DROP","TCP","10.0.0.{host}","198.51.100.7","50123","443"\r\n'
    with Node() as node:
        node.add(LIST)
        log = node.file("a.csv", head + header + row(1))
        assert node.json("watch", log, env=UTC, status=FOUND)[-1]["summary"]["faults"] == {}
        with open(log, "a", encoding="utf-8", newline="") as more:
            more.write(row(2))
        assert node.json("watch", log, env=UTC, status=FOUND)[-1]["summary"]["faults"] == {}
        assert told(node) == {("198.51.100.7", f"10.0.0.{i}", 1) for i in range(1, 3)}
    with Node() as node:
        node.add(LIST)
        followed(node, (appends("fw.csv", head), 0), (appends("fw.csv", header), 0),
                 (appends("fw.csv", row(1)), 1), (appends("fw.csv", row(2)), 2),
                 (appends("fw.csv", row(3)), 3))
        assert told(node) == {("198.51.100.7", f"10.0.0.{i}", 1) for i in range(1, 4)}
        assert status_of(node)["faults"] == {}, status_of(node)


@test
def text_that_is_followed_is_told_by_its_first_whole_line():
    query = "Nov 21 20:34:05 gw dnsmasq[411]: query[A] evil.example from 10.0.0."
    def half(logs):
        appends("dns.log", query[:40])(logs)
        appends("other.log", "198.51.100.7 was here\n")(logs)
    with Node() as node:
        node.add(LIST)
        followed(node, (half, 1), (appends("dns.log", query[40:] + "5\n"), 2),
                 (appends("dns.log", query + "6\n"), 3), (appends("other.log", "and evil.example\n"), 4))
        said = node.said("status")
        assert "dns.log (dnsmasq)" in said and "other.log (text)" in said, said
        assert told(node) == {("evil.example", "10.0.0.5", 0), ("evil.example", "10.0.0.6", 0),
                              ("198.51.100.7", None, 0), ("evil.example", None, 0)}, told(node)


OWN = '''
[mapping "door-json"]
format = ndjson
time = when
time-format = %d.%m.%Y %H:%M:%S
time-zone = +01:00
originator = client.ip
originator-port = client.port
domain = "asked.for".name
answer = answers[type=A].data
denied = verdict: block*

[mapping "door-csv"]
format = csv
delimiter = semicolon
columns = time, originator, site
time-format = epoch
url = site
detect = no

[mapping "door-text"]
format = text
line = %{time} %{originator} %[user=%{} %]%{action} to %{responder}
time-format = epoch
denied = action: kept
otherwise = fault

[input "door"]
path = door.ndjson
format = door-json
'''


@test
def own_mappings_read_what_they_say():
    rows = "\n".join(json.dumps({
        "when": "21.11.2026 21:34:05", "client": {"ip": "10.0.0.5", "port": 50123},
        "asked.for": {"name": name}, "answers": answers, "verdict": verdict}) for name, answers, verdict in (
            ("evil.example", [], "blocked"),
            ("good.example", [{"type": "A", "data": "198.51.100.7"}], "ok"),
            ("good.example", [{"type": "TXT", "data": "198.51.100.7"}], "ok"))) + "\n"
    with Node() as node:
        config(node, OWN)
        node.add(LIST)
        node.file("node/door.ndjson", rows)
        node.run("watch", status=FOUND)
        assert told(node) == {("evil.example", "10.0.0.5", 1), ("198.51.100.7", "10.0.0.5", 0)}
        first = min(hit["first"] for hit in map(json.loads, node.folds()))
        assert first == "2026-11-21T20:34:05.000Z", first

        log = node.file("a.csv", "1795293245;10.0.0.6;http://web.example/drop\n")
        node.run("watch", log, "--format", "door-csv", status=FOUND)
        assert ("http://web.example/drop", "10.0.0.6", 0) in told(node)

        log = node.file("a.txt", "1795293245 10.0.0.7 user=john kept to 198.51.100.7\nnothing of it\n")
        summary = node.json("watch", log, "--format", "door-text", status=FOUND)[-1]["summary"]
        assert ("198.51.100.7", "10.0.0.7", 1) in told(node)
        assert summary["faults"] == {"layout": 1}, summary


@test
def lines_that_cannot_be_read_are_counted_with_their_reason():
    rows = "src-ip,dst-ip,action\n10.0.0.5,198.51.100.7,DROP\n\"10.0.0.5,x\n10.0.0.5\n"
    with Node() as node:
        node.add(LIST)
        summary = node.json("watch", node.file("a.csv", rows), status=FOUND)[-1]["summary"]
        assert summary["faults"]["columns"] == 2, summary
        assert "columns 2" in node.said("status")
        log = node.file("a.ndjson", '{"__REALTIME_TIMESTAMP":"1","MESSAGE":"x"}\n{"MESSAGE":"x\n')
        summary = node.json("watch", log, "--format", "journal", status=DONE)[-1]["summary"]
        assert summary["faults"]["syntax"] == 1, summary


@test
def what_is_no_text_is_not_read_and_said():
    with Node() as node:
        node.add(LIST)
        for name, what in (("utf16.log", "evil.example\n".encode("utf-16")),
                           ("a.pcap", b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + bytes(100))):
            said = node.run("watch", node.file(name, what), status=TROUBLE).stderr
            assert f"{name}: not read: its format is not known" in " ".join(said.split()), said


@test
def configuration_with_a_fault_in_a_mapping_names_the_line():
    for text, expected in (
            ('[mapping "x"]\nformat = xml\n', "not one of ndjson, csv or text"),
            ('[mapping "x"]\nformat = text\nline = %{domain\n', "line"),
            ('[mapping "x"]\nformat = ndjson\norginator = ip\n', 'did you mean "originator"?'),
            ('[mapping "x"]\nformat = ndjson\n', "names no field that holds a value"),
            ('[mapping "x"]\ndomain = a\n', '"format" comes first'),
            ('[mapping "x"]\nformat = csv\ndomain = a\ntime-format = %q\n', "not a way to write times"),
            ('[mapping "x/y"]\nformat = csv\n', "a mapping's name has letters"),
            ('[mapping "eve"]\nformat = ndjson\n', '"eve" is read without a mapping'),
            ('[mapping x]\nformat = ndjson\n', 'a name, in quotes: [mapping "NAME"]'),
            ('[mapping "x"]\n  format = ndjson\n  domain = q\n', "begins with white space"),
            ('[input "i"]\npath = a\n\tformat = eve\n', "begins with white space"),
            ('[input x]\npath = a\n', 'a name, in quotes: [input "NAME"]'),
            ('[input "i"]\npath = a\nformat = squit\n', 'did you mean "squid"?')):
        with Node() as node:
            config(node, text)
            said = node.run("status", status=TROUBLE).stderr
            assert expected in " ".join(said.split()), (text, said)
            assert "linie.conf: line " in " ".join(said.split()), said


@test
def fault_of_a_whole_mapping_names_the_line_on_which_it_begins():
    start = '[mapping "a"]\nformat = ndjson\ndomain = q\nalso = b\n\n'
    for text, expected in (
            ('[mapping "x"]\nformat = ndjson\n', '"x" names no field that holds a value'),
            ('[mapping "x"]\nformat = text\nline = %{a}\ndomain = y\n', 'no line has %{y}'),
            ('[mapping "x"]\nformat = csv\ndomain = 0\n', "columns have numbers from 1 to 1024"),
            ('[mapping "x"]\nformat = csv\nheader = none\ndomain = c\n', 'no column "c"'),
            ('[mapping "x"]\nformat = ndjson\ndomain = q\nalso = squid\n',
             '"squid" names the format "squid" already'),
            ('[mapping "x"]\nformat = ndjson\ndomain = q\nalso = apache\n',
             '"apache" names the format "nginx" already'),
            ('[mapping "x"]\nformat = ndjson\ndomain = q\nalso = eve\n',
             '"eve" names the format "eve" already'),
            ('[mapping "x"]\nformat = ndjson\ndomain = q\nalso = b\n',
             '"b" names the format "a" already'),
            ('[mapping "b"]\nformat = ndjson\ndomain = q\n', '"b" names the format "a" already')):
        with Node() as node:
            config(node, start + text)
            written = open(os.path.join(node.path, "linie.conf"), encoding="utf-8").read()
            line = written[:written.index(text)].count("\n") + 1
            said = " ".join(node.run("status", status=TROUBLE).stderr.split())
            assert expected in said, (text, said)
            assert f"linie.conf: line {line}: " in said, (line, said)


@test
def mapping_may_be_called_as_a_ready_one_also_is():
    with Node() as node:
        config(node, '[mapping "apache"]\nformat = ndjson\ndomain = q\n')
        assert node.json("mapping", "list")[0]["name"] == "apache"
        rows = node.json("mapping", "try", "apache", node.file("a", '{"q":"evil.example"}\n'))
        assert rows[0]["observations"][0]["value"] == "evil.example", rows


@test
def folder_that_is_tried_is_named():
    with Node() as node:
        said = node.run("mapping", "try", "squid", node.path, node=False, status=TROUBLE).stderr
        assert f"{node.path}: Is a directory" in said, said
        said = node.run("mapping", "show", "eve", status=TROUBLE).stderr
        assert '"eve" is read without a mapping' in said, said


@test
def mapping_is_tried_on_a_log_without_a_node_and_nothing_is_counted():
    text, _ = READY["bind"]
    with Node() as node:
        log = node.file("a.log", text)
        rows = node.json("mapping", "try", "bind", log, node=False, env=UTC)
        assert [row["line"] for row in rows] == [1, 2]
        assert rows[0]["time"] == "2026-11-21T20:34:05.123Z"
        assert (rows[0]["originator"], rows[0]["originator_port"]) == ("10.0.0.5", 53124), rows[0]
        assert (rows[0]["outcome"], rows[1]["outcome"]) == ("unknown", "denied")
        assert {"field": "domain", "kind": "domain", "value": "evil.example"} in rows[0]["observations"]
        said = node.said("mapping", "try", "bind", log, "--lines", 1, node=False, env=UTC)
        assert "domain evil.example" in said and "1 line," in said, said
        said = node.said("mapping", "try", "bind", "-", given=text, node=False, env=UTC)
        assert "2 lines," in said, said
        assert node.json("status")[0]["lines"] == 0
        assert node.json("mapping", "try", "bind", node.file("a.log.gz", gzipped(text)), node=False,
                         env=UTC) == rows


@test
def trial_says_what_does_not_fit():
    with Node() as node:
        config(node, OWN)
        log = node.file("a.txt", "1795293245 10.0.0.7 kept to 198.51.100.7\nnothing of it\n")
        said = node.run("mapping", "try", "door-text", log, status=REFUSALS).stdout
        assert "cannot be read: layout" in said and "1 layout" in said, said
        said = node.said("mapping", "try", "postfix", log)
        assert 'no "line" of the mapping fits: read as any text' in said, said
        said = node.run("mapping", "try", "postfx", log, status=TROUBLE).stderr
        assert 'there is no mapping "postfx"; did you mean "postfix"?' in said, said
        assert 'format = ndjson' in node.said("mapping", "show", "door-json")
        node.run("mapping", "show", "nothing", status=TROUBLE)
        node.run("mapping", "show", status=TROUBLE)
        node.run("mapping", "try", "bind", status=TROUBLE)
        node.run("mapping", "try", "bind", node.folder / "absent.log", status=TROUBLE)
        node.run("mapping", "try", "bind", log, "--lines", 0, status=TROUBLE)


@test
def number_that_fits_no_type_hides_nothing_of_its_line():
    with Node() as node:
        node.add("evil.example\n")
        line = '{"n":12345678901234567890123,"f":1e999,"from":"x","note":"see evil.example"}\n'
        node.run("watch", node.file("app.json", line * 3), "--format", "json", "--quiet", status=FOUND)
        assert node.json("status")[0]["hits"] == 3


if __name__ == "__main__":
    run_all()
