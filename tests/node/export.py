#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Block lists and rules, tried in the programs they are for: nft, unbound, Suricata.

    tests/node/export.py PROGRAM

A program that is not installed is skipped; tools/install test brings them.
"""

import gzip
import json
import pathlib
import random
import re
import shutil
import socket
import struct
import subprocess
import threading
import time

from ground import DONE, FOUND, TROUBLE, Node, Skip, data_folder, dns, run_all, test

LIST = """\
evil.example.org
=exact.example.net
.below.example.com
198.51.100.7
198.51.100.0/24
2001:db8::7
2001:db8:1::/48
198.51.100.9:443
[2001:db8::9]:8443
http://evil.example.net/a/b?c=d;e
http://evil.example.net:8080/x
44d88612fea8a8f36de82e1278abb02f
someone@example.org
"""
NXDOMAIN, NOERROR = 3, 0
ANSWER_WITHIN_S = 30
FUTURE, PAST = "2099-01-01", "2020-01-01"


def need(program):
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if found is None:
        raise Skip(f"there is no {program} here")
    return found


def exported(node, *words):
    """The lines of an export, without its comments."""
    text = node.said("export", *words)
    return [line for line in text.splitlines() if not line.startswith("#")]


@test
def a_plain_list_holds_each_value_once_and_bears_its_label():
    with Node() as node:
        node.add(LIST, "--tlp", "GREEN")
        node.add("evil.example.org\n", "--tlp", "CLEAR", "--set", "other", name="other.txt")
        text = node.said("export", "--format", "plain")
        assert "# TLP:GREEN\n" in text
        assert text.count("\nevil.example.org\n") == 1
        assert "\n*.below.example.com\n" in text
        assert len(exported(node, "--format", "plain")) == 13
        assert exported(node, "--format", "plain", "--kind", "md5") == [
            "44d88612fea8a8f36de82e1278abb02f"]


@test
def the_same_indicators_give_the_same_bytes_in_whatever_order_they_came():
    shuffled = LIST.splitlines(keepends=True)
    random.Random(1).shuffle(shuffled)
    with Node() as one, Node() as other:
        one.add(LIST)
        other.add("".join(shuffled))
        for name in ("plain", "nft", "zeek"):
            assert one.said("export", "--format", name) == other.said("export", "--format", name)


@test
def what_the_label_does_not_allow_stays_out_and_is_counted():
    with Node() as node:
        node.add("green.example.org\n", "--tlp", "GREEN", name="a.txt")
        node.add("amber.example.org\n", "--tlp", "AMBER", name="b.txt")
        node.add("red.example.org\n", "--tlp", "RED", name="c.txt")
        assert exported(node, "--format", "plain") == ["amber.example.org", "green.example.org"]
        assert exported(node, "--format", "plain", "--tlp", "GREEN") == ["green.example.org"]
        assert len(exported(node, "--format", "plain", "--tlp", "RED")) == 3
        told = node.run("export", "--format", "plain", "--tlp", "GREEN").stderr
        assert "1 value, TLP:GREEN" in told and "left out: 2 whose TLP label" in told


@test
def option_of_another_format_is_refused():
    strays = [("--zone", "x.example", "rpz"), ("--action", "drop", "suricata"),
              ("--sid", "9000000", "suricata"), ("--chains", None, "nft")]
    with Node() as node:
        node.add("evil.example\n")
        for option, value, owner in strays:
            words = [option] if value is None else [option, value]
            for name in ("plain", "nft", "rpz", "suricata", "zeek"):
                if name != owner:
                    told = node.run("export", "--format", name, *words, status=TROUBLE).stderr
                    assert f"{option}: only with --format {owner}" in " ".join(told.split()), told


@test
def kind_that_is_none_is_told_all_that_are():
    with Node() as node:
        for words in (["export", "--format", "plain"], ["hits"], ["indicators", "list"],
                      ["indicators", "add", "evil.example"]):
            told = node.run(*words, "--kind", "nope", status=TROUBLE).stderr
            told = " ".join(told.split())
            assert "--kind nope: not a kind: ipv4, ipv6, cidr," in told, told
            assert all(f" {kind}" in told for kind in ("email", "ip-port", "ja4", "asn")), told


@test
def what_may_only_be_looked_for_is_not_blocked():
    with Node() as node:
        node.add("green.example.org\n", "--pap", "GREEN", name="a.txt")
        node.add("amber.example.org\n", "--pap", "AMBER", name="b.txt")
        node.add("unsaid.example.org\n", name="c.txt")
        assert exported(node, "--format", "plain") == ["green.example.org", "unsaid.example.org"]
        assert "amber.example.org" in node.said("export", "--format", "zeek")
        node.run("export", "--format", "suricata", "--to", "alert")
        assert "amber" in (node.folder / "alert/linie.rules").read_text()
        node.run("export", "--format", "suricata", "--action", "drop", "--to", "drop")
        assert "amber" not in (node.folder / "drop/linie.rules").read_text()
        node.path.joinpath("linie.conf").write_text("[marking]\npap = RED\n")
        assert exported(node, "--format", "plain") == ["green.example.org"]


@test
def a_set_keeps_the_narrowest_action_that_anybody_stated_and_so_does_a_rebuild():
    with Node() as node:
        node.add("a.example.org\n", "--pap", "AMBER")
        node.add("b.example.org\n", "--pap", "CLEAR")
        assert exported(node, "--format", "plain") == []
        node.run("rebuild")
        assert exported(node, "--format", "plain") == []


@test
def what_an_allow_list_silences_stays_out_of_every_format_and_is_counted():
    why = ("--reason", "our own")
    with Node() as node:
        node.add(LIST)
        for words in (("evil.example.org",), ("198.51.100.0/24",), ("44d88612fea8a8f36de82e1278abb02f",),
                      ("=exact.example.net", "--effect", "lower")):
            node.run("allow", "add", *words, *why, "--list", words[0])
        (told,) = [json.loads(line) for line in
                   node.run("export", "--format", "plain", "--json").stderr.splitlines()]
        # the name, the range with an address and an address with a port in it, the digest
        assert told["left_out_allowed"] == 5, told
        kept = exported(node, "--format", "plain")
        assert "exact.example.net" in " ".join(kept) and len(kept) == 8, kept
        assert "left out: 5 that an allow list silences" in node.run("export", "--format", "plain").stderr
        node.run("export", "--format", "suricata", "--to", "rules")
        texts = [node.said("export", "--format", name) for name in ("plain", "nft", "rpz", "zeek")]
        texts += [path.read_text() for path in (node.folder / "rules").iterdir()]
        for text in texts:
            for value in ("evil.example.org", "198.51.100", "44d88612"):
                assert value not in text, (value, text)
        serial = re.search(r"(\d+) \d+ \d+ \d+ \d+$", node.said("export", "--format", "rpz"), re.MULTILINE)
        node.run("allow", "remove", "--list", "evil.example.org")
        assert "evil.example.org" in exported(node, "--format", "plain")
        later = re.search(r"(\d+) \d+ \d+ \d+ \d+$", node.said("export", "--format", "rpz"), re.MULTILINE)
        assert int(later.group(1)) > int(serial.group(1))


@test
def what_blocks_more_than_it_names_and_something_allowed_with_it_is_told():
    with Node() as node:
        node.add("198.51.0.0/16\nevil.example.org\n.below.example.com\n=exact.example.net\n2001:db8::/32\n"
                 "198.51.100.9\n")
        node.run("indicators", "add", node.file("again.txt", "198.51.0.0/16\n"), "--source", "Other")
        node.run("allow", "add", "198.51.100.7", "198.51.101.0/24", "www.evil.example.org", "n.below.example.com",
                 "x.exact.example.net", "2001:db8::7", "other.example.org", "--reason", "our own")
        node.run("allow", "add", "a.evil.example.org", "--reason", "old", "--until", PAST)
        for name, count in (("plain", 4), ("nft", 2), ("rpz", 4), ("zeek", 0)):
            (told,) = [json.loads(line) for line in
                       node.run("export", "--format", name, "--json").stderr.splitlines()]
            assert (told["covers_allowed"], told["left_out_allowed"]) == (count, 0), (name, told)
        told = " ".join(node.run("export", "--format", "nft").stderr.split())
        assert "by 2 values, such as 198.51.100.7 by 198.51.0.0/16 (list our own), 2001:db8::7 by 2001:db8::/32 " \
               "(list our own)" in told, told
        node.run("allow", "remove", "--list", "our own")
        (told,) = [json.loads(line) for line in
                   node.run("export", "--format", "plain", "--json").stderr.splitlines()]
        assert told["covers_allowed"] == 0, told


@test
def an_allow_entry_that_has_ended_or_speaks_of_one_host_keeps_nothing_out():
    with Node() as node:
        node.add("evil.example.org\nworse.example.org\nworst.example.org\n")
        node.run("allow", "add", "evil.example.org", "--reason", "old", "--until", PAST)
        node.run("watch", node.file("a.log", dns("worse.example.org") + dns("worst.example.org")),
                 status=FOUND)
        hits = {hit["value"]: hit["hit"] for hit in node.json("hits", status=FOUND)}
        for value, scope in (("worse.example.org", "host"), ("worst.example.org", "indicator")):
            node.run("hits", "false", hits[value], "--reason", "no", "--allow", "--scope", scope,
                     "--until", FUTURE)
        assert exported(node, "--format", "plain") == ["evil.example.org", "worse.example.org"]


def stix(number, value, *markings, **more):
    return {"type": "indicator", "spec_version": "2.1",
            "id": f"indicator--00000000-0000-4000-8000-{number:012d}",
            "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z",
            "pattern": f"[domain-name:value = '{value}']", "pattern_type": "stix",
            "valid_from": "2026-01-01T00:00:00Z", "object_marking_refs": list(markings), **more}


@test
def the_pap_marking_of_a_stix_object_counts_and_says_nothing_about_who_may_read():
    green = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
    definitions = [
        {"type": "marking-definition", "spec_version": "2.1", "created": "2026-01-01T00:00:00Z",
         "id": f"marking-definition--00000000-0000-4000-8000-{number:012d}", **words}
        for number, words in enumerate((
            {"definition_type": "PAP", "definition": {"pap": "AMBER"}},
            {"definition_type": "statement", "definition": {"statement": "x"}, "name": "PAP:RED"},
            {"definition_type": "pap", "definition": {"pap": "loud"}}))]
    objects = definitions + [stix(number, f"{name}.example.org", green, definition["id"])
                             for number, (name, definition)
                             in enumerate(zip(("amber", "red", "broken"), definitions))]
    objects.append(stix(9, "free.example.org", green))
    bundle = json.dumps({"type": "bundle", "objects": objects,
                         "id": "bundle--00000000-0000-4000-8000-000000000000"})
    with Node() as node:
        node.add(bundle, name="b.json")
        assert exported(node, "--format", "plain") == ["free.example.org"]
        assert len(exported(node, "--format", "zeek")) == 4
        assert all(entry["tlp"] == "GREEN" for entry in node.json("indicators", "list"))


@test
def only_what_is_valid_now_and_sure_enough_goes_out():
    with Node() as node:
        node.add("value,confidence,valid_until,valid_from\n"
                 f"sure.example.org,90,{FUTURE},\nunsure.example.org,20,,\n"
                 f"late.example.org,90,{PAST},\nearly.example.org,90,,{FUTURE}\n"
                 "unsaid.example.org,,,\n", name="a.csv")
        assert exported(node, "--format", "plain") == [
            "sure.example.org", "unsaid.example.org", "unsure.example.org"]
        assert exported(node, "--format", "plain", "--confidence", "50") == ["sure.example.org"]


@test
def a_file_is_replaced_in_one_step_and_nothing_is_left_beside_it():
    with Node() as node:
        node.add("evil.example.org\n")
        node.file("out/list.txt", "old\n")
        node.run("export", "--format", "plain", "--to", "out/list.txt")
        assert (node.folder / "out/list.txt").read_text().endswith("evil.example.org\n")
        assert [path.name for path in (node.folder / "out").iterdir()] == ["list.txt"]
        node.run("export", "--format", "plain", "--to", "absent/list.txt", status=TROUBLE)
        node.run("export", "--format", "suricata", status=TROUBLE)
        node.run("export", status=TROUBLE)


@test
def nft_takes_the_table_whole_twice_and_drops_what_went():
    nft, unshare = need("nft"), need("unshare")
    with Node() as node:
        node.add(LIST)
        def load():
            rules = node.file("rules.nft", node.said("export", "--format", "nft", "--chains"))
            done = subprocess.run([unshare, "--user", "--map-root-user", "--net", "sh", "-c",
                                   f"{nft} -f {rules} && {nft} -f {rules} && {nft} -j list ruleset"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  check=False)
            if "unshare" in done.stderr or "Operation not permitted" in done.stderr:
                raise Skip(f"no network namespace of one's own here: {done.stderr.strip()}")
            assert done.returncode == 0, done.stderr
            return {entry["set"]["name"]: entry["set"].get("elem", [])
                    for entry in json.loads(done.stdout)["nftables"] if "set" in entry}
        sets = load()
        assert sets["blocked4"] == [{"prefix": {"addr": "198.51.100.0", "len": 24}}]
        assert {"prefix": {"addr": "2001:db8:1::", "len": 48}} in sets["blocked6"]
        assert "2001:db8::7" in sets["blocked6"]
        assert sets["blocked4_port"] == [{"concat": ["198.51.100.9", 443]}]
        assert sets["blocked6_port"] == [{"concat": ["2001:db8::9", 8443]}]
        node.run("indicators", "remove", "198.51.100.0/24")
        assert load()["blocked4"] == ["198.51.100.7"]


def question(name, number):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"


def ask(port, name):
    """The response code that a resolver on loopback gives; None where none comes in time."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(1)
        asking.sendto(question(name, 77), ("127.0.0.1", port))
        try:
            return asking.recv(4096)[3] & 15
        except OSError:
            return None


class Upstream(threading.Thread):
    """A name server that knows an address for every name."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            try:
                asked, who = self.socket.recvfrom(4096)
            except OSError:
                return
            end = asked.index(b"\0", 12) + 5
            address = "198.51.100.7" if b"listed-address" in asked else "192.0.2.1"
            self.socket.sendto(
                asked[:2] + struct.pack(">HHHHH", 0x8580, 1, 1, 0, 0) + asked[12:end]
                + struct.pack(">HHHIH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(address), who)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@test
def unbound_answers_nxdomain_for_what_the_zone_lists_and_for_nothing_else():
    unbound = need("unbound")
    names = ("evil.example.org", "www.evil.example.org", "exact.example.net",
             "www.exact.example.net", "below.example.com", "a.b.below.example.com",
             "good.example.org", "notevil.example.org", "listed-address.example.org",
             "free-address.example.org")
    listed = {"evil.example.org", "www.evil.example.org", "exact.example.net",
              "a.b.below.example.com", "listed-address.example.org"}
    with Node() as node:
        node.add(LIST)
        node.run("export", "--format", "rpz", "--zone", "rpz.example", "--to", "linie.rpz")
        port = free_port()
        upstream = Upstream()
        conf = node.file("unbound.conf", f"""\
server:
  interface: 127.0.0.1@{port}
  do-daemonize: no
  use-syslog: no
  chroot: ""
  username: ""
  pidfile: "{node.folder}/unbound.pid"
  directory: "{node.folder}"
  module-config: "respip iterator"
  do-not-query-localhost: no
  qname-minimisation: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{upstream.port}
rpz:
  name: rpz.example
  zonefile: "{node.folder}/linie.rpz"
remote-control:
  control-enable: no
""")
        process = subprocess.Popen([unbound, "-d", "-c", str(conf)], stderr=subprocess.PIPE)
        try:
            give_up = time.monotonic() + ANSWER_WITHIN_S
            while ask(port, "good.example.org") is None and time.monotonic() < give_up:
                assert process.poll() is None, process.stderr.read()
            said = {name: ask(port, name) for name in names}
        finally:
            process.terminate()
            process.wait()
            process.stderr.close()
            upstream.socket.close()
        assert {name for name in names if said[name] == NXDOMAIN} == listed, said
        assert {name for name in names if said[name] == NOERROR} == set(names) - listed, said


def events(folder, *kinds):
    """What Suricata said of the captures, by capture."""
    found = {}
    with gzip.open(folder / "captures/expected-eve.ndjson.gz", "rt") as lines:
        for line in lines:
            event = json.loads(line)
            if event["event_type"] in kinds:
                found.setdefault(event["capture"], []).append(event)
    return found


CAPTURES = ("suricata-verify/http-protocol-inspect-v2__http.pcap",
            "suricata-verify/ips-state-1__input.pcap",
            "suricata-verify/output-pcap-log-filter__input.pcap", "zeek/smtp.pcap")


def values_of(event):
    """Values of an event, with the words of the rule that is to tell of them."""
    http, tls = event.get("http", {}), event.get("tls", {})
    for query in event.get("dns", {}).get("queries", []):
        yield "=" + query["rrname"], "listed name asked for"
    if event["event_type"] == "tls" and "." in tls.get("sni", ""):
        yield tls["sni"], "listed name in TLS"
    if event["event_type"] == "http" and "." in http.get("hostname", ""):
        yield http["hostname"], "listed HTTP host"
        if http.get("url", "").startswith("/") and "http_port" not in http:
            yield "http://" + http["hostname"] + http["url"], "listed URL"
    if event.get("app_proto") == "http" and event.get("fileinfo", {}).get("md5"):
        yield event["fileinfo"]["md5"], "listed file"


@test
def suricata_loads_the_rules_and_finds_in_captures_what_is_listed_and_nothing_else():
    suricata, folder = need("suricata"), data_folder()
    if not pathlib.Path("/etc/suricata/suricata.yaml").exists():
        raise Skip("there is no configuration of Suricata here")
    found = events(folder, "dns", "tls", "http", "fileinfo")
    wanted = {capture: set() for capture in CAPTURES}
    values = set()
    for capture in CAPTURES:
        for value, words in (pair for event in found[capture] for pair in values_of(event)):
            values.add(value)
            wanted[capture].add(words)
    assert {words for some in wanted.values() for words in some} == {
        "listed name asked for", "listed name in TLS", "listed HTTP host", "listed URL",
        "listed file"}
    with Node() as node:
        node.add("\n".join(sorted(values)) + "\n", status=DONE)
        node.run("export", "--format", "suricata", "--to", "rules")
        for capture in CAPTURES:
            logs = node.folder / "logs" / pathlib.Path(capture).name
            logs.mkdir(parents=True)
            subprocess.run([suricata, "-r", str(folder / "captures" / capture), "-l", str(logs),
                            "-S", str(node.folder / "rules/linie.rules"), "-k", "none",
                            "--set", "stream.reassembly.depth=0"],
                           check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           cwd=node.folder / "rules")
            said = [json.loads(line) for line in (logs / "eve.json").read_text().splitlines()]
            alerts = {event["alert"]["signature"].removeprefix("Linie: ") for event in said
                      if event["event_type"] == "alert"}
            assert alerts == wanted[capture], (capture, alerts, wanted[capture])


@test
def suricata_finds_a_file_by_its_whole_name_only():
    suricata, folder = need("suricata"), data_folder()
    if not pathlib.Path("/etc/suricata/suricata.yaml").exists():
        raise Skip("there is no configuration of Suricata here")
    for capture, listed, wanted in (("bug-130__input.pcap", "home.html", 1),
                                    ("bug-130__input.pcap", "me.html", 0),
                                    ("bug-3616-smtp__input.pcap", "NEWS.txt", 1),
                                    ("bug-3616-smtp__input.pcap", "EWS.txt", 0)):
        with Node() as node:
            path = node.folder / "names.txt"
            path.write_text(listed + "\n")
            node.run("indicators", "add", path, "--kind", "file-name")
            node.run("export", "--format", "suricata", "--to", "rules")
            logs = node.folder / "logs"
            logs.mkdir()
            subprocess.run([suricata, "-r", str(folder / "captures/suricata-verify" / capture),
                            "-l", str(logs), "-S", str(node.folder / "rules/linie.rules"),
                            "-k", "none"],
                           check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           cwd=node.folder / "rules")
            said = [json.loads(line) for line in (logs / "eve.json").read_text().splitlines()]
            alerts = [event for event in said if event["event_type"] == "alert"]
            assert len(alerts) == wanted, (capture, listed, alerts)


run_all()
