#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""What is remembered: how much, put in order, forgotten for good, written out, checked; pseudonyms.

    tests/node/history.py PROGRAM

LINIE_TEST_SEED repeats a run.
"""

import copy
import csv
import io
import json
import os
import pathlib
import random
import subprocess
import sys
import threading
import time

from ground import (DONE, FIRST_MOMENT, FOUND, TROUBLE, Node, dns, gzipped, lines, run_all,
                    test)
from receivers import wait_for
from sender import Pipe

DAY_S = 24 * 3600
WHY = ("--purpose", "case 17", "--mandate", "Wbni art. 3")
REASON = ("--reason", "request of 21 November")
KEY = "5a" * 32
SEED = int(os.environ.get("LINIE_TEST_SEED", time.time_ns()))
RANDOM = random.Random(SEED)
print(f"# seed {SEED}")


def configure(node, text):
    with (node.path / "linie.conf").open("a", encoding="utf-8") as config:
        config.write(f"\n[history]\n{text}")


def watch(node, text, name="a.log"):
    node.run("watch", node.file(name, text), "--quiet")


def some(now=FIRST_MOMENT):
    """A node that has seen secret.example, a name below it and others, on two days."""
    node = Node().remembering()
    start = int(now) - FIRST_MOMENT
    watch(node, "".join(dns(f"host-{i % 50}.example", f"10.0.0.{i % 7 + 1}", start + i * 60)
                        for i in range(3000)) +
          dns("secret.example", "10.0.0.9", start + 5) +
          dns("www.secret.example", "10.0.0.9", start + DAY_S))
    return node


def count(node, value, **options):
    code = FOUND if options.pop("found", True) else DONE
    (answer,) = node.json("hunt", value, *WHY, status=code, **options)
    return answer["count"]


def holding(node, text):
    """The files of the history that hold these bytes, as they lie or unpacked."""
    held = []
    for path in (node.path / "real/history").rglob("*"):
        if path.is_file() and text.encode() in path.read_bytes():
            held.append(path.name)
    return held


# ---- how much ----

@test
def stats_tell_how_much_is_remembered_and_by_which_rules():
    with some() as node:
        (stats,) = node.json("history", "stats")
        assert stats["sightings"] == 3002 * 4 # both ends, the server's with its port, the name
        assert stats["first"].startswith("2026-11-21T12:00:00")
        assert stats["kinds"]["domain"] == 52 and stats["pseudonyms"] is False
        assert stats["live_postings"] > 0 or stats["segments"] > 0
        configure(node, "hash = email\nforget-after = email 30d\nhours = 10d\nsize-max = 5G\n")
        said = " ".join(node.said("history", "stats").split())
        assert "email: hash, email for 30 days" in said and "for 10 days, then days" in said, said
        assert max(map(len, node.said("history", "stats").splitlines())) <= 80
    with Node() as node:
        assert "nothing was remembered so far" in node.said("history", "stats")


@test
def compacted_history_is_smaller_and_answers_the_same():
    with some() as node:
        (before,) = node.json("history", "stats")
        asked = node.json("hunt", "host-7.example", "10.0.0.0/29", *WHY, status=FOUND)
        (done,) = node.json("history", "compact")
        assert done["segments"] == 1 and done["size"] <= done["size_before"] <= before["size"]
        again = node.json("hunt", "host-7.example", "10.0.0.0/29", *WHY, status=FOUND)
        for answer in (*asked, *again):
            del answer["entry"]
        assert asked == again
        assert node.json("history", "stats")[0]["sightings"] == before["sightings"]
        assert node.said("history", "verify").startswith("the history is whole")


def several(node, begun, last):
    """A node with some segments: each of these forgettings makes one of what is new."""
    for number in range(begun, last):
        log = node.file(f"many-{number}.log", "".join(
            dns(f"many-{number}-{i}.example", f"10.0.{i % 250}.{number}", i) for i in range(2000)))
        # A watch does not wait for others that write.
        wait_for(lambda path=log: node.start("watch", path, "--quiet", stdout=subprocess.DEVNULL,
                                            stderr=subprocess.DEVNULL)
                 .wait() == DONE, "a watch to begin")
        node.run("history", "forget", f"absent-{number}.example", *REASON)


def beside(node, work, times):
    """What two hunts answer again and again while something is done; how it ended."""
    answers = []
    faults = []

    def hunt():
        try:
            for _ in range(times):
                answers.append(count(node, "secret.example"))
        except Exception as fault: # pylint: disable=broad-exception-caught
            faults.append(fault)

    hunts = [threading.Thread(target=hunt) for _ in range(2)]
    for thread in hunts:
        thread.start()
    while any(thread.is_alive() for thread in hunts):
        work()
    for thread in hunts:
        thread.join()
    assert not faults, faults
    assert len(answers) == 2 * times
    return set(answers)


@test
def two_hunts_answer_the_same_while_all_is_compacted_again_and_again():
    with some() as node:
        several(node, 0, 3)
        number = 3

        def work():
            nonlocal number
            several(node, number, number + 2)
            number += 2
            (told,) = node.json("history", "compact")
            assert told["segments"] == 1, told

        assert beside(node, work, 8) == {2}
        assert count(node, "secret.example") == 2
        (stats,) = node.json("history", "stats")
        assert stats["kinds"]["domain"] == 52 + 2000 * number


@test
def watch_goes_on_and_two_hunts_answer_while_its_history_is_compacted():
    with some() as node:
        several(node, 0, 3)
        with Pipe(node) as pipe:
            wait_for((node.path / "real/linie.sock").exists, "the watch to begin")
            told = 0

            def work():
                nonlocal told
                pipe.write("".join(dns(f"late-{told}-{i}.example", "10.0.0.8", i)
                                   for i in range(500)))
                told += 1
                (done,) = node.json("history", "compact")
                assert done["segments"] >= 1, done

            assert beside(node, work, 8) == {2}
            pipe.write(dns("secret.example", "10.0.0.9", 7))
            pipe.end(status=DONE)
        assert count(node, "secret.example") == 3
        (stats,) = node.json("history", "stats")
        assert stats["kinds"]["domain"] >= 52 + 2000 * 3 + 500 * told
        (checked,) = node.json("history", "verify")
        assert checked["faults"] == 0


@test
def compaction_that_is_killed_costs_nothing():
    with some() as node:
        several(node, 0, 4)
        (before,) = node.json("history", "stats")
        for wait_ms in range(0, 60, 4):
            with node.start("history", "compact", stdout=subprocess.DEVNULL) as process:
                time.sleep(wait_ms / 1000) # wherever it is then, or when it is done
                process.kill()
            (after,) = node.json("history", "stats")
            assert after["sightings"] == before["sightings"], wait_ms
        node.run("history", "compact")
        (after,) = node.json("history", "stats")
        assert after["sightings"] == before["sightings"] and after["segments"] == 1
        assert count(node, "secret.example") == 2
        assert node.json("history", "verify")[-1]["faults"] == 0


@test
def nothing_is_lost_or_counted_twice_when_a_watch_goes_on():
    with some() as node:
        before = node.json("history", "stats")[0]["sightings"]
        watch(node, pathlib.Path(node.folder / "a.log").read_text(encoding="utf-8"))
        assert node.json("history", "stats")[0]["sightings"] == before
        watch(node, dns("secret.example", "10.0.0.9", 7), "b.log")
        assert count(node, "secret.example") == 3


@test
def lines_that_are_all_different_are_remembered_too():
    """What has to be remembered of a chunk is larger than its folds ever are."""
    with Node().remembering() as node:
        watch(node, "".join(dns(f"a-name-that-is-rather-long-{i}.of-a-domain-that-is-long.example",
                                f"10.{i % 250}.{i // 250 % 250}.9", i * 3607) for i in range(8000)))
        assert count(node, "of-a-domain-that-is-long.example") == 8000


# ---- rules that change ----

def aged():
    """A node whose history is one segment: of 40 to 200 days ago, and of today."""
    node = Node().remembering()
    today = int(time.time()) - FIRST_MOMENT
    watch(node, "".join(dns(f"www.old-{days}.example", "10.0.0.9", today - days * DAY_S)
                        for days in range(40, 201, 20)) +
          dns("www.new.example", "10.0.0.9", today - 60))
    node.run("history", "compact")
    assert len(exported(node, "domain")) == 10
    return node


def kinds(node):
    (stats,) = node.json("history", "stats")
    assert stats["segments"] == 1
    return stats["kinds"]


def domain_is_kept_for_30_days(node):
    assert exported(node, "domain") == ["www.new.example"] and kinds(node)["domain"] == 1
    assert count(node, "www.old-40.example", found=False) == 0 and count(node, "10.0.0.9") == 10


def domain_is_not_kept(node):
    assert exported(node, "domain") == [] and "domain" not in kinds(node)
    assert count(node, "www.new.example", found=False) == 0 and count(node, "10.0.0.9") == 10


def domain_is_hashed(node):
    assert not any("example" in value for value in exported(node, "domain"))
    assert holding(node, "old-40") == [] and kinds(node)["domain"] == 10
    assert count(node, "www.old-40.example") == 1


def addresses_are_networks(node):
    assert all(value.endswith(".0/24") for value in exported(node, "ipv4")), exported(node, "ipv4")
    assert count(node, "www.old-40.example") == 1


def hours_are_days(node):
    rows = [json.loads(line) for line in node.said("history", "export", *WHY).splitlines()]
    spans = {row["span"] for row in rows if "old" in row["value"]}
    assert spans == {"day"} and kinds(node)["domain"] == 10, spans
    assert count(node, "www.old-40.example") == 1


def hosts_are_pseudonyms(node):
    (answer,) = node.json("hunt", "www.old-40.example", *WHY, status=FOUND)
    assert [host["host"][:5] for host in answer["inside"]] == ["host-"], answer
    assert kinds(node)["domain"] == 10


@test
def rules_that_changed_hold_for_all_that_is_remembered_when_compact_ends():
    """Each is put to one segment, that others before it were put to a moment ago."""
    for rule, holds in (("forget-after = domain 30d", domain_is_kept_for_30_days),
                        ("drop = domain", domain_is_not_kept),
                        ("hash = domain", domain_is_hashed),
                        ("truncate = ipv4", addresses_are_networks),
                        ("hours = 10d", hours_are_days),
                        ("host-key = key", hosts_are_pseudonyms)):
        with aged() as node:
            (node.path / "key").write_text(KEY, encoding="utf-8")
            configure(node, rule + "\n")
            node.run("history", "compact")
            holds(node)
            node.run("history", "verify")


# ---- forgetting ----

@test
def what_is_forgotten_is_gone_from_answers_and_from_the_disk():
    """Of an hour that is over it lies in segments soon; of the present one in the write-ahead file."""
    for first, now in (((), time.time()), ((), FIRST_MOMENT), (("history", "compact"), FIRST_MOMENT)):
        with some(now) as node:
            if first:
                node.run(*first)
            assert count(node, "secret.example") == 2
            (done,) = node.json("history", "forget", "secret.example", *REASON)
            assert done["sightings"] == 2
            assert count(node, "secret.example", found=False) == 0
            assert count(node, "www.secret.example", found=False) == 0
            assert holding(node, "secret") == []
            assert "secret" not in node.said("history", "export", *WHY)
            assert count(node, "host-7.example") == 60
            node.run("history", "verify")
            said = node.said("hunt", "secret.example", *WHY)
            assert "was forgotten by rule" in said, said
            assert node.json("rebuild")[0]["same"] is True


@test
def journal_keeps_the_rule_and_never_the_value():
    with some() as node:
        node.run("history", "forget", "secret.example", *REASON)
        entries = b"".join(path.read_bytes() for path in (node.path / "real/journal").rglob("*")
                           if path.is_file())
        assert b"history.forget" in entries and b"secret.example" not in entries
        rule, behind = node.json("history", "asked")
        content = rule["content"]
        assert content["reason"] == REASON[1] and content["scope"] == "subdomains"
        assert content["value"]["kind"] == "domain" and len(content["value"]["digest"]) == 64
        assert behind["content"] == {"about": rule["entry"], "postings": 2, "sightings": 2}
        assert "forgot a value of kind domain" in node.said("history", "asked")


@test
def forgetting_may_be_of_a_kind_a_host_or_a_time():
    with some() as node:
        node.run("history", "forget", "--host", "10.0.0.1", "--kind", "domain", *REASON)
        for answer in node.json("hunt", "host-7.example", "host-0.example", *WHY, status=FOUND):
            assert all(host["host"] != "10.0.0.1" for host in answer["inside"]), answer
        assert count(node, "10.0.0.1") > 0
        node.run("history", "forget", "--since", "2026-11-22", *REASON)
        assert node.json("history", "stats")[0]["last"].startswith("2026-11-21")
        node.run("history", "forget", "--kind", "domain", *REASON)
        assert "domain" not in node.json("history", "stats")[0]["kinds"]


@test
def forgetting_needs_a_reason_and_something_to_forget():
    with some() as node:
        for words, told in ((("secret.example",), "--reason TEXT is needed"),
                            (REASON, "say what is to be forgotten"),
                            (("nonsense", *REASON), "not a value"),
                            (("nonsense", "--kind", "ipv4", *REASON), "not a value of kind ipv4"),
                            (("a.example", "b.example", *REASON), "one value at a time"),
                            ((".secret.example", *REASON), "is forgotten alone")):
            assert told in node.run("history", "forget", *words, status=TROUBLE).stderr
        assert node.json("history", "asked") == []
        assert count(node, "secret.example") == 2
    with Node() as node:
        told = node.run("history", "forget", "a.example", *REASON, status=TROUBLE).stderr
        assert "nothing is remembered on this node" in told


def http(host, uri, agent, address="10.0.0.5", second=0):
    """A line of Zeek's http.log."""
    return json.dumps({"_path": "http", "ts": FIRST_MOMENT + second, "uid": f"C{second}",
                       "id.orig_h": address, "id.orig_p": 1025, "id.resp_h": "198.51.100.80",
                       "id.resp_p": 8080, "host": host, "uri": uri, "user_agent": agent}) + "\n"


def smtp(sender):
    """A line of Zeek's smtp.log."""
    return json.dumps({"_path": "smtp", "ts": FIRST_MOMENT, "uid": "C1", "id.orig_h": "10.0.0.5",
                       "id.orig_p": 1025, "id.resp_h": "192.0.2.25", "id.resp_p": 25,
                       "mailfrom": sender}) + "\n"


def exported(node, kind):
    rows = [json.loads(line) for line in node.said("history", "export", *WHY).splitlines()]
    return sorted(row["value"] for row in rows if row["kind"] == kind)


@test
def what_holds_a_value_is_forgotten_with_it():
    """Also where the value itself was never seen: urls and mail addresses are looked through."""
    text = (http("www.secret.example", "/a", "Mozilla") + http("good.example", "/b", "Mozilla") +
            http("good.example", "/?user=me%40good.example", "Mozilla") + smtp("me@secret.example") +
            smtp("you@good.example"))
    with Node().remembering() as node:
        watch(node, text)
        node.run("history", "compact")
        said = " ".join(node.said("history", "forget", "secret.example", *REASON).split())
        assert "sightings forgotten" in said and "are not touched" in said, said
        assert holding(node, "secret") == [] and "secret" not in node.said("history", "export", *WHY)
        assert exported(node, "email") == ["you@good.example"]
        node.run("history", "forget", "me@good.example", *REASON)
        assert exported(node, "url") == ["good.example:8080/b"], exported(node, "url")
        assert "198.51.100.80:8080" in exported(node, "ip-port")
        node.run("history", "forget", "198.51.100.80", *REASON)
        assert not any("198.51.100.80" in value for value in exported(node, "ip-port"))


@test
def what_is_not_told_by_its_looks_is_forgotten_by_its_kind():
    with Node().remembering() as node:
        watch(node, http("good.example", "/a", "Evil 1.0") + http("good.example", "/b", "Mozilla"))
        assert exported(node, "user-agent") == ["Evil 1.0", "Mozilla"]
        (done,) = node.json("history", "forget", "Evil 1.0", "--kind", "user-agent", *REASON)
        assert done["sightings"] == 1
        assert exported(node, "user-agent") == ["Mozilla"]


@test
def all_of_a_computer_is_forgotten_whichever_way_its_address_is_written():
    line = http("good.example", "/a", "Mozilla", "2001:db8::5")
    with Node().remembering().configure("[inside]\nnetwork = 2001:db8::/32\n") as node:
        watch(node, line + http("good.example", "/a", "Mozilla"))
        (done,) = node.json("history", "forget", "--host", "2001:DB8:0::5", *REASON)
        assert done["sightings"] > 3
        (answer,) = node.json("hunt", "good.example", *WHY, status=FOUND)
        assert [host["host"] for host in answer["inside"]] == ["10.0.0.5"]


@test
def who_keeps_hashes_is_told_what_is_not_found_by_a_name():
    with Node().remembering().configure("hash = email\n") as node:
        watch(node, smtp("me@secret.example"))
        said = " ".join(node.said("history", "forget", "secret.example", *REASON).split())
        assert "remembered as hashes" in said, said
        (done,) = node.json("history", "forget", "me@secret.example", *REASON)
        assert done["sightings"] == 1


def many():
    """A node that has seen so many values that a segment of them is larger than its other files."""
    numbers = random.Random(1)
    node = Node().remembering()
    watch(node, "".join(dns(f"{numbers.getrandbits(128):032x}.example", f"10.0.{i % 200}.1", i)
                        for i in range(60_000)) + dns("secret.example"))
    node.run("history", "compact")
    return node


# A process that writes more into a file is killed, as by a full disk that is not survived.
CUT_SHORT = ("sh", "-c", 'ulimit -f 1000; exec "$0" "$@"')


@test
def forgetting_that_was_cut_short_is_told_and_gone_on_with():
    with many() as node:
        done = subprocess.run([*CUT_SHORT, *node.command("history", "forget", "secret.example",
                                                         *REASON)],
                              cwd=node.folder, env=node.environment(), check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode != DONE, done.stdout
        (rule,) = node.json("history", "asked")
        assert rule["act"] == "forget" and rule["state"] == "unfinished", rule
        assert node.json("status")[0]["forgetting_left"] == rule["entry"]
        assert node.json("history", "stats")[0]["forgetting_left"] == rule["entry"]
        for words in (("status",), ("history", "stats")):
            assert "is not finished" in " ".join(node.said(*words).split())
        assert "secret" not in json.dumps(rule)

        node.run("history", "compact")

        assert holding(node, "secret") == []
        assert not (node.path / "real/history/forgetting").exists()
        assert "forgetting_left" not in node.json("status")[0]
        first, behind = node.json("history", "asked")
        assert "state" not in first and behind["content"]["sightings"] == 1, (first, behind)
        assert node.json("rebuild")[0]["same"] is True


@test
def watch_that_comes_next_finishes_what_was_to_be_forgotten():
    with many() as node:
        subprocess.run([*CUT_SHORT, *node.command("history", "forget", "secret.example", *REASON)],
                       cwd=node.folder, env=node.environment(), check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert "forgetting_left" in node.json("status")[0]
        watch(node, dns("other.example", second=70_000), "b.log")
        assert "forgetting_left" not in node.json("status")[0]
        assert holding(node, "secret") == []


@test
def forgetting_that_has_not_room_says_that_it_is_begun_and_not_finished():
    with many() as node:
        before = (sys.executable, "-c", "import os, resource, signal, sys\n"
                  "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
                  "resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))\n"
                  "os.execv(sys.argv[1], sys.argv[1:])")
        told = node.run("history", "forget", "secret.example", *REASON, status=TROUBLE,
                        before=before).stderr
        assert "begun and not finished" in " ".join(told.split()), told
        told = node.run("history", "forget", "other.example", *REASON, status=TROUBLE,
                        before=before).stderr
        assert "forgotten earlier is not yet" in " ".join(told.split()), told
        (done,) = node.json("history", "forget", "other.example", *REASON)
        assert done["sightings"] == 0 and holding(node, "secret") == []


@test
def forgotten_while_a_watch_runs_stays_forgotten_when_it_ends():
    with Node().remembering() as node:
        node.add("other.example\n")
        with Pipe(node) as pipe:
            pipe.write(dns("secret.example") + dns("other.example"))
            wait_for(lambda: node.json("status")[0]["hits"] == 1, "the hit")
            (done,) = node.json("history", "forget", "secret.example", *REASON)
            assert done["sightings"] == 1
            assert count(node, "secret.example", found=False) == 0
            pipe.end()
        assert count(node, "secret.example", found=False) == 0
        assert holding(node, "secret") == []


# ---- writing out ----

@test
def export_has_every_sighting_as_json_and_as_a_table():
    with some() as node:
        (stats,) = node.json("history", "stats")
        rows = [json.loads(line) for line in node.said("history", "export", *WHY).splitlines()]
        assert sum(row["count"] for row in rows) == stats["sightings"]
        table = list(csv.DictReader(io.StringIO(node.said("history", "export", "--csv", *WHY))))
        assert [row["value"] for row in table] == [row["value"] for row in rows]
        assert {row["field"] for row in rows if row["kind"] == "domain"} == {"dns.query"}
        few = [json.loads(line) for line in
               node.said("history", "export", "secret.example", *WHY).splitlines()]
        assert sorted(row["value"] for row in few) == ["secret.example", "www.secret.example"]
        assert few[0]["inside"] == "10.0.0.9" and few[0]["direction"] == "outbound"
        few = node.said("history", "export", "secret.example", "--since", "2026-11-22", *WHY)
        assert len(few.splitlines()) == 1
        told = node.run("history", "export", status=TROUBLE)
        assert "--purpose" in told.stderr and told.stdout == ""
        assert [asked["act"] for asked in node.json("history", "asked")] == ["export"] * 4


@test
def export_of_values_that_overlap_has_each_sighting_once():
    text = dns("c2.evil.example", "10.0.0.2") + dns("evil.example", "10.0.0.1", 60) + \
        dns("other.example", "10.0.0.3", 90)
    with Node().remembering() as node:
        for name in ("a.log", "b.log"): # two parts, perhaps two segments
            node.run("watch", node.file(name, text), "--quiet")
            text = text.replace('10.0.0.', '10.0.1.')
        for values in (("evil.example", "c2.evil.example"), ("c2.evil.example", "evil.example"),
                       ("=c2.evil.example", ".evil.example", "evil.example")):
            told = node.said("history", "export", *values, *WHY).splitlines()
            assert len(told) == len(set(told)), told
            rows = [json.loads(line) for line in told]
            assert sum(row["count"] for row in rows) == 4, rows
            assert {row["inside"] for row in rows} == {"10.0.0.1", "10.0.0.2", "10.0.1.1", "10.0.1.2"}
            table = node.said("history", "export", "--csv", *values, *WHY).splitlines()
            assert len(table) == len(told) + 1
        answered = node.said("history", "export", "192.0.2.0/24", "192.0.0.0/16", "192.0.2.53", *WHY)
        assert len(answered.splitlines()) == len(set(answered.splitlines()))


@test
def export_says_where_a_value_meets_more_than_can_be_told():
    letters = "a!$:@=+!$:@=" # but of the first each may be escaped: another key, one plain form
    with Node().remembering() as node:
        node.run("watch", node.file("a.log", json.dumps(
            {"_path": "http", "ts": FIRST_MOMENT, "uid": "C1", "id.orig_h": "10.0.0.5",
             "id.orig_p": 1025, "id.resp_h": "192.0.2.80", "id.resp_p": 80, "host": "www.example",
             "uri": "/" + letters}) + "\n"), "--quiet")
        # one URL in 1,100 writings
        asked = node.file("urls.txt", "".join(
            "http://www.example/" + "".join(f"%{ord(letter):02x}" if number << 1 >> i & 1 else letter
                                            for i, letter in enumerate(letters)) + "\n"
            for number in range(1100)))
        done = node.run("history", "export", asked, *WHY)
        assert len(done.stdout.splitlines()) == 1, done.stdout
        assert "ask for less at a time" in done.stderr, done.stderr


# ---- damage ----

@test
def damage_is_named_and_all_else_is_answered():
    with some() as node:
        node.run("history", "compact")
        (segment,) = [path for path in (node.path / "real/history").rglob("*")
                      if path.is_file() and path.stat().st_size > 10_000]
        bytes_now = bytearray(segment.read_bytes())
        for at in range(200, 216):
            bytes_now[at] ^= 0xFF
        segment.write_bytes(bytes_now)
        done = node.run("history", "verify", status=FOUND)
        assert segment.name in done.stdout, done.stdout
        assert node.json("history", "verify", status=FOUND)[-1]["faults"] >= 1
        assert count(node, "host-7.example") == 60


# ---- inside hosts under pseudonyms ----

@test
def inside_hosts_are_pseudonyms_that_only_the_key_undoes():
    with Node().remembering() as node:
        key = node.file("hosts.key", KEY + "\n")
        configure(node, f"host-key = {key}\n")
        watch(node, dns("evil.example", "10.0.0.9"))
        (answer,) = node.json("hunt", "evil.example", *WHY, status=FOUND)
        (host,) = answer["inside"]
        assert host["host"].startswith("host-") and holding(node, "10.0.0.9") == []
        asked = ("history", "host", host["host"])
        assert node.said(*asked, "--key", key, *WHY) == "10.0.0.9\n"
        wrong = node.file("wrong.key", "00" * 32)
        assert "not made under that key" in node.run(*asked, "--key", wrong, *WHY, status=TROUBLE).stderr
        assert "--purpose TEXT is needed" in node.run(*asked, "--key", key, status=TROUBLE).stderr
        assert "--key FILE is needed" in node.run(*asked, *WHY, status=TROUBLE).stderr
        assert [said["act"] for said in node.json("history", "asked")] == ["hunt", "host", "host"]


def pseudonym_of(node, host, key):
    """By hunting for what a host alone was seen with."""
    (answer,) = node.json("hunt", f"only-{host.replace('.', '-').replace(':', '-')}.example", *WHY,
                          status=FOUND)
    (seen,) = answer["inside"]
    assert node.said("history", "host", seen["host"], "--key", key, *WHY) == host + "\n"
    return seen["host"]


@test
def lines_name_inside_hosts_as_the_answer_does_wherever_they_stand():
    """With a port, in URLs, lists and lists of objects, as names for reverse lookups, with dashes."""
    nibbles = ".".join("20010db80000000000000000000000a5"[::-1])
    more = {"url": "http://10.0.0.5:8080/x?from=10.0.0.5&to=2001:db8::a5", "list": ["10.0.0.5,10.0.0.7"],
            "objects": [{"host": {"ip": "10.0.0.5"}, "end": "[2001:DB8::A5]:443."}],
            "reverse": f"5.0.0.10.in-addr.arpa {nibbles}.ip6.arpa", "dhcp": "ip-10-0-0-5.lan",
            "mapped": "::ffff:10.0.0.5", "text": '{"src":"10.0.0.5","version":"1.2.3.4"}',
            "near": "110.0.0.5 10.0.0.55 198.51.100.7 12:10:00 10.0.0"}
    with Node().remembering() as node:
        key = node.file("hosts.key", KEY + "\n")
        configure(node, f"host-key = {key}\n[inside]\nnetwork = 10.0.0.0/8\n"
                        "network = 2001:db8::/32\n")
        hosts = ("10.0.0.5", "10.0.0.7", "10.0.0.55", "2001:db8::a5")
        watch(node, "".join(dns(f"only-{host.replace('.', '-').replace(':', '-')}.example", host, i)
                            for i, host in enumerate(hosts)) +
              dns("evil.example", "10.0.0.5", 9, **more) +
              dns("stranger.example", "203.0.113.9", 10, **more))
        five, seven, other, longer = (pseudonym_of(node, host, key) for host in hosts)

        objects = node.json("hunt", "evil.example", "--show", *WHY, status=FOUND)

        assert objects[0]["inside"][0]["host"] == five
        line = json.loads(objects[1]["line"])
        assert line["id.orig_h"] == five and line["id.resp_h"] == "192.0.2.53"
        assert line["url"] == f"http://{five}:8080/x?from={five}&to={longer}", line["url"]
        assert line["list"] == [f"{five},{seven}"], line["list"]
        assert line["objects"] == [{"host": {"ip": five}, "end": f"[{longer}]:443."}]
        assert line["reverse"] == f"{five}.in-addr.arpa {longer}.ip6.arpa", line["reverse"]
        assert line["dhcp"] == f"ip-{five}.lan" and line["mapped"] == five
        assert line["text"] == f'{{"src":"{five}","version":"1.2.3.4"}}'
        assert line["near"] == f"110.0.0.5 {other} 198.51.100.7 12:10:00 10.0.0", line["near"]
        said = node.said("hunt", "evil.example", "--show", *WHY, status=FOUND)
        assert "10.0.0.5" not in said.replace("110.0.0.5", "") and five in said
        # who is outside, and counts as the inside host of the line, has a pseudonym as well
        line = node.json("hunt", "stranger.example", "--show", *WHY, status=FOUND)[1]["line"]
        assert "203.0.113.9" not in line, line


@test
def no_value_tells_the_address_behind_a_pseudonym():
    """Not the host's own, nor one with a port, its name for reverse lookups, a URL at it."""
    name = ".".join("20010db80000000000000000000000a5"[::-1]) + ".ip6.arpa"
    with Node().remembering() as node:
        configure(node, f"host-key = {node.file('hosts.key', KEY)}\n[inside]\n"
                        "network = 10.0.0.0/8\nnetwork = 2001:db8::/32\n")
        watch(node, http("10.0.0.9", "/a", "Mozilla") + http("[2001:db8::a5]", "/b", "Mozilla") +
              http("198.51.100.80", "/c", "Mozilla") + dns("5.0.0.10.in-addr.arpa") + dns(name) +
              dns("80.100.51.198.in-addr.arpa", second=1) + dns("a.example", "203.0.113.9") +
              dns("9.113.0.203.in-addr.arpa", "203.0.113.9") +
              http("203.0.113.9", "/d", "Mozilla", "203.0.113.9"))
        assert exported(node, "url") == ["198.51.100.80:8080/c"], exported(node, "url")
        assert set(exported(node, "domain")) == {"80.100.51.198.in-addr.arpa", "a.example"}
        assert set(exported(node, "ipv4")) == {"192.0.2.53", "198.51.100.80"}, exported(node, "ipv4")
        assert exported(node, "ipv6") == []
        for address in ("10.0.0.", "203.0.113.9", "2001:db8", "9.113.0.203"):
            assert address not in node.said("history", "export", *WHY), address


@test
def line_that_was_cut_shows_no_part_of_an_address():
    with Node().remembering() as node:
        configure(node, f"host-key = {node.file('hosts.key', KEY)}\n")
        start = dns("evil.example", "10.0.0.5", 0, note="")
        for size in range(4096 - len(start) - 30, 4096 - len(start) + 10, 3):
            text = dns("evil.example", "10.0.0.5", 0,
                       note="x" * size + " 10.123.45.67 " + "y" * 100)
            with Node().remembering() as each:
                configure(each, f"host-key = {node.folder / 'hosts.key'}\n")
                watch(each, text)
                line = each.json("hunt", "evil.example", "--show", *WHY, status=FOUND)[1]["line"]
                assert "[cut]" in line and " 10." not in line, line[-100:]


@test
def rules_keep_less_of_a_kind_and_answers_say_so():
    with Node().remembering() as node:
        configure(node, "truncate = ipv4\ndrop = domain\n")
        watch(node, dns("evil.example", "10.0.0.9"))
        (answer,) = node.json("hunt", "192.0.2.77", *WHY, status=FOUND)
        assert answer["uncertain"] is True, answer
        said = " ".join(node.said("hunt", "192.0.2.77", "evil.example", *WHY, status=FOUND).split())
        assert "perhaps" in said and "values of this kind are not remembered" in said, said


# ---- clocks ----

@test
def lines_with_a_lost_clock_are_told_apart_and_spoil_neither_stats_nor_bars_nor_ages():
    now = int(time.time())
    def at(second, name):
        return dns(name, "10.0.0.5", second - FIRST_MOMENT)
    with Node().remembering().configure("forget-after = domain 30d\n") as node:
        watch(node, at(now - 60, "live.example") + at(now - 365 * DAY_S, "late.example") +
              at(7, "lost.example") + at(4262304000, "ahead.example"))
        (stats,) = node.json("history", "stats")
        year = time.strftime("%Y", time.gmtime(now))
        assert stats["first"][:4] == str(int(year) - 1) and stats["last"][:4] == year, stats
        (status,) = node.json("status")
        assert "odd-time" in json.dumps(status), status
        for name in ("lost.example", "ahead.example"):
            (answer,) = node.json("hunt", name, *WHY, status=FOUND)
            assert len(answer["days"]) == 1 and answer["first"][:4] == year, answer
        said = " ".join(node.said("hunt", "never.example", *WHY, status=DONE).split())
        assert f"never seen since {int(year) - 1}" in said, said

        node.run("history", "compact")

        for name, kept in (("live.example", 1), ("lost.example", 1), ("ahead.example", 1),
                           ("late.example", 0)):
            assert count(node, name, found=kept > 0) == kept, name


# ---- filled with what was read before ----

def said_of_past(node):
    """All that is remembered, as it is exported, without the hour in which nothing differs."""
    rows = [json.loads(line) for line in node.said("history", "export", *WHY).splitlines()]
    summed = {}
    for row in rows:
        times = row.pop("count"), row.pop("first"), row.pop("last")
        key = json.dumps(row, sort_keys=True)
        count_, first, last = summed.get(key, (0, "9", "0"))
        summed[key] = (count_ + times[0], min(first, times[1]), max(last, times[2]))
    return summed


def counted(node):
    (status,) = node.json("status")
    return {key: status[key] for key in ("inputs", "lines", "observations", "hits", "folds")}


def remember(node, yes):
    path = node.path / "linie.conf"
    text = path.read_text(encoding="utf-8").replace("\n[history]\nremember = yes\n", "")
    path.write_text(text + ("\n[history]\nremember = yes\n" if yes else ""), encoding="utf-8")


def grow(node, pieces, kept):
    """A log that grows and is watched, with remembering or without."""
    log = node.folder / "a.log"
    for piece, yes in zip(pieces, kept):
        remember(node, yes)
        with log.open("a", encoding="utf-8") as file:
            file.write(piece)
        subprocess.run(node.command("watch", log, "--quiet"), check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    remember(node, True)
    return log


@test
def what_was_read_before_is_remembered_once_and_makes_no_hit_twice():
    text = lines(4000).splitlines(keepends=True)
    pieces = ["".join(text[at:at + 1000]) for at in range(0, 4000, 1000)]
    with Node() as late, Node() as early:
        for node in (late, early):
            node.add("evil.example\n")
        grow(early, pieces, (True,) * 4)
        log = grow(late, pieces, (False, True, False, True)) # two gaps, one of them in the middle
        hits, inputs = sorted(late.folds()), counted(late)
        assert said_of_past(late) != said_of_past(early)

        said = late.said("history", "fill", log)

        assert "1 input read" in " ".join(said.split()) and "0 new folds" in said, said
        assert said_of_past(late) == said_of_past(early)
        assert sorted(late.folds()) == hits, (late.folds(), hits)
        assert counted(late) == inputs, (inputs, counted(late))
        again = late.said("history", "fill", log)
        assert "1 remembered already" in again, again
        assert said_of_past(late) == said_of_past(early)
        late.run("watch", late.file("b.log", dns("more.example")), "--quiet")
        assert late.json("rebuild")[0]["same"] is True
        assert "remembered already" in late.said("history", "fill", log)
        assert late.json("history", "verify")[-1]["faults"] == 0


@test
def indicators_that_came_after_lines_were_read_are_put_to_them_when_they_are_filled_in():
    with Node() as node:
        log = grow(node, [dns("evil.example")], (False,))
        node.add("evil.example\n")
        assert not node.folds()
        summary = node.json("history", "fill", log)[-1]
        assert summary["summary"]["folds_opened"] == 1, summary
        (hit,) = map(json.loads, node.folds())
        assert hit["looked_back"] is True and hit["first"].startswith("2026-11-21T12:00:00"), hit


@test
def filling_that_is_killed_again_and_again_remembers_each_line_once():
    text = lines(60_000)
    with Node() as late, Node().remembering() as early:
        early.run("watch", early.file("a.log", text), "--quiet")
        log = grow(late, [text], (False,))
        for _ in range(5):
            process = late.start("history", "fill", log, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
            time.sleep(RANDOM.random() * 0.3)
            process.kill()
            process.wait()
        late.run("history", "fill", log)
        assert said_of_past(late) == said_of_past(early)


@test
def copy_of_a_log_that_is_remembered_is_not_remembered_again():
    with Node().remembering() as node:
        log = node.file("a.log", lines(3000))
        node.run("watch", log, "--quiet")
        before = said_of_past(node)
        copied = node.folder / "a.log.1"
        copied.write_bytes(log.read_bytes())
        remember(node, False)
        node.run("watch", copied, "--quiet") # counts as another log
        remember(node, True)
        said = node.said("history", "fill", copied, log)
        assert "2 remembered already" in said and said_of_past(node) == before, said


@test
def compressed_and_tabular_logs_are_filled_in_too():
    table = "#separator \\x09\n#path\tdns\n#fields\tts\tuid\tid.orig_h\tquery\n" + "".join(
        f"{FIRST_MOMENT + i}.5\tC{i}\t10.0.0.5\thost-{i}.example\n" for i in range(2000))
    with Node() as late, Node().remembering() as early:
        for node in (late, early):
            node.file("a.log.gz", gzipped(lines(2000)))
            node.file("dns.log", table)
            for name in ("a.log.gz", "dns.log"):
                node.run("watch", node.folder / name, "--quiet")
        remember(late, True)
        late.run("history", "fill", late.folder / "a.log.gz", late.folder / "dns.log")
        assert said_of_past(late) == said_of_past(early)


@test
def what_cannot_be_filled_in_is_said():
    with Node() as node:
        log = node.file("a.log", lines(10))
        said = node.run("history", "fill", log, status=TROUBLE).stderr
        assert "nothing is remembered on this node: write 'remember = yes'" in said, said
        remember(node, True)
        done = node.run("history", "fill", log)
        assert "not read so far" in done.stderr + done.stdout, done
        assert not (node.path / "real/history").exists() or not said_of_past(node)
        untimed = json.dumps({"_path": "dns", "query": "timeless.example", "id.orig_h": "10.0.0.5"})
        remember(node, False)
        node.run("watch", node.file("b.log", untimed + "\n" + dns("timed.example")), "--quiet")
        remember(node, True)
        (summary,) = node.json("history", "fill", node.folder / "b.log")
        assert summary["summary"]["faults"]["not-remembered"] > 0, summary
        assert count(node, "timed.example") == 1
        assert count(node, "timeless.example", found=False) == 0


# ---- kept in a backup ----

def restored(node, name="copy"):
    """A node made of the backup, in an empty place that goes with the node's."""
    other = copy.copy(node)
    other.path = node.folder / name
    node.run("restore", node.folder / "backup", other.path, node=False)
    return other


@test
def backup_restored_into_an_empty_place_answers_as_the_node_it_was_made_of():
    with some() as node:
        node.run("backup", node.folder / "backup")
        other = restored(node)
        assert other.json("history", "stats") == node.json("history", "stats")
        for value in ("secret.example", "10.0.0.9"):
            theirs, ours = (one.json("hunt", value, *WHY, status=FOUND)[0]
                            for one in (node, other))
            assert theirs == ours, f"{theirs}\n{ours}"
        assert other.json("history", "verify")[-1]["faults"] == 0
        other.run("verify")
        watch(other, dns("later.example", "10.0.0.1"), "b.log")
        assert count(other, "later.example") == 1 and count(other, "secret.example") == 2


@test
def backup_made_beside_a_watch_and_a_compaction_holds_each_line_that_was_read_once():
    with Node().remembering() as node, Pipe(node) as pipe:
        for turn in range(6):
            pipe.write("".join(dns(f"host-{turn}-{i}.example", "10.0.0.3", i)
                               for i in range(500)))
            if turn % 2 == 1:
                node.run("history", "compact")
            node.run("backup", node.folder / "backup")
            other = restored(node, f"copy-{turn}")
            (stats,) = other.json("history", "stats")
            (status,) = other.json("status")
            assert stats["sightings"] == 4 * status["lines"], (turn, stats, status)
            assert other.json("history", "verify")[-1]["faults"] == 0
        pipe.end(DONE)
        node.run("backup", node.folder / "backup")
        assert restored(node).json("history", "stats")[0]["sightings"] == 4 * 6 * 500


@test
def backup_tells_that_older_parts_hold_what_was_forgotten():
    with some() as node:
        node.run("backup", node.folder / "backup")
        node.run("history", "forget", "secret.example", *REASON)
        (told,) = node.json("backup", node.folder / "backup")
        assert told["erased_but_kept"] == 1, told
        other = restored(node)
        assert count(other, "secret.example", found=False) == 0
        (told,) = node.json("backup", node.folder / "backup", "--full")
        assert told["erased_but_kept"] == 0, told


run_all()
