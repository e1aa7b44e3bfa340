#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Working hits, from the list to the journal: what matters first, what people do with it, what is
allowed for whom and until when, and that nothing of it is lost.

    tests/node/hits.py PROGRAM
"""

import getpass
import json
import signal
import subprocess

from ground import DONE, FIRST_MOMENT, FOUND, REFUSALS, TROUBLE, Node, dns, run_all, test
from receivers import WAIT_S, wait_for
from sender import Pipe, Sender, opened

ME = getpass.getuser()
HOUR = 3600
DAY_AFTER = "2026-11-22" # FIRST_MOMENT is at noon of the day before
DAY_S = 24 * HOUR
REASON = ("--reason", "our own scanner")


def conn(outside, inside="10.0.0.5", second=0, state="SF", inbound=False):
    """A line of Zeek's conn.log."""
    ends = (outside, inside) if inbound else (inside, outside)
    return json.dumps({"_path": "conn", "ts": FIRST_MOMENT + second, "uid": f"C{second}",
                       "id.orig_h": ends[0], "id.orig_p": 1025, "id.resp_h": ends[1],
                       "id.resp_p": 443, "proto": "tcp", "conn_state": state}) + "\n"


def flat(text):
    return " ".join(text.split())


class Desk(Node):
    """A node whose hits are worked."""

    def __init__(self):
        super().__init__()
        self.logs = 0

    def watch(self, text, status=FOUND):
        self.logs += 1
        return self.summary("--quiet", self.file(f"{self.logs}.log", text), status=status)

    def wait(self, count):
        """Until a watch that runs has found so many."""
        wait_for(lambda: self.json("status")[0]["hits"] == count, f"{count} hits")

    def hits(self, *words):
        """What somebody is to look at, or with words what else fits."""
        return [json.loads(line) for line in self.folds(*words)]

    def hit(self, *words):
        (only,) = self.hits(*words)
        return only

    def shown(self, hit):
        (whole,) = self.json("hits", "show", hit["hit"])
        return whole


def with_evil(*hosts):
    """A node with a hit of evil.example for each host."""
    node = Desk()
    node.add("evil.example\n")
    node.watch("".join(dns("evil.example", host) for host in hosts))
    return node


# ---- the list ----

@test
def list_shows_the_few_that_matter_first_and_how_many_lie_behind():
    with Desk() as node:
        node.add("".join(f"evil-{i}.example\n" for i in range(20)) + "198.51.100.7\n198.51.100.8\n")
        node.run("indicators", "add", node.file("other.txt", "198.51.100.7\n"), "--source", "Other")
        node.watch("".join(dns(f"evil-{i}.example", second=i) for i in range(20)) +
                   "".join(conn("198.51.100.7", f"10.0.0.{host}") for host in range(1, 7)) +
                   conn("198.51.100.8", inbound=True, state="S0"))
        node.run("allow", "add", "evil-3.example", *REASON)

        said = node.said("hits", status=FOUND)
        heads = [line for line in said.splitlines() if line and not line.startswith(" ")]
        assert heads[0] == "high ipv4 198.51.100.7", said # it was answered, and two sets name it
        assert len([head for head in heads if " domain evil-" in head]) == 11, said
        assert "198.51.100.8" not in said and "evil-3.example" not in said, said
        # of twelve hits of the first value three; eight values more, the scan, and the silent one
        assert "and 19 more: 9 high, 8 medium, 1 low, 1 silent ('linie hits --all' shows them)" \
            in flat(said), said
        assert "22 values met" not in said and "21 values met, 32 folds" in said, said

        everything = node.said("hits", "--all", status=FOUND)
        assert "198.51.100.8" in everything and "evil-3.example" in everything
        assert "more:" not in everything and "22 values met, 33 folds" in everything, everything
        ranks = [hit["rank"] for hit in node.json("hits", "--all", status=FOUND)]
        assert len(ranks) == 33 and ranks == sorted(ranks, reverse=True), ranks
        assert len(node.hits()) == 32 and len(node.hits("--rank", "high")) == 12


@test
def list_may_be_of_a_rank_a_state_or_ones_own():
    with with_evil("10.0.0.1", "10.0.0.2", "10.0.0.3") as node:
        first, second, third = node.json("hits", status=FOUND)
        node.run("hits", "ack", first["hit"])
        node.run("hits", "assign", second["hit"], "--to", ME)
        assert node.hit("--state", "acknowledged")["inside"] == "10.0.0.1"
        assert node.hit("--mine")["inside"] == "10.0.0.2"
        assert "and 2 more: 2 that nobody has" in flat(node.said("hits", "--mine", status=FOUND))
        node.run("hits", "assign", third["hit"], "--to", "somebody else")
        assert "and 2 more: 1 of others, 1 that nobody has" in flat(node.said("hits", "--mine", status=FOUND))
        assert node.hits("--rank", "critical") == []
        assert len(node.hits("--all")) == 3
        for words in (("--rank", "loud"), ("--state", "gone")):
            assert words[1] in node.run("hits", *words, status=TROUBLE).stderr


@test
def nothing_to_look_at_is_no_alarm_and_says_what_lies_behind():
    with with_evil("10.0.0.1", "10.0.0.2") as node:
        node.run("hits", "ack", "evil.example")
        said = node.said("hits", status=DONE)
        assert "2 more: 2 acknowledged ('linie hits --all' shows them)" in flat(said), said
        assert "0 values met" in said
        assert node.said("hits", "--json") == ""


# ---- names ----

@test
def hit_is_named_in_letters_of_either_case_and_by_any_beginning():
    with with_evil("10.0.0.1", "10.0.0.2") as node:
        first, _ = node.json("hits", status=FOUND)
        name = first["hit"]
        assert name[:10] in node.said("hits", status=FOUND)
        for typed in (name, name.lower(), name[2:], name[:10], name[2:10].lower().replace("0", "o")):
            assert node.json("hits", "show", typed)[0]["hit"] == name, typed
        for typed in ("H-0", "H-", "nobody", "H-ZZZZZZZZZZZZ"):
            assert node.run("hits", "show", typed, status=TROUBLE).stderr != "", typed


@test
def what_names_hits_to_be_worked_names_them_to_be_shown():
    with with_evil(*(f"10.0.0.{i}" for i in range(1, 15))) as node:
        first = node.hits()[0]
        for typed in ("evil.example", "EVIL[.]example", first["indicator"]):
            shown = node.json("hits", "show", typed)
            assert len(shown) == 14 and all("reasons" in hit for hit in shown), shown
            said = node.said("hits", "show", typed)
            assert said.count("  when ") == 10 and f"and 4 more: 'linie hits --all --indicator {typed}'" in said, said
        node.run("hits", "ack", "evil.example")
        assert len(node.json("hits", "show", "evil.example")) == 14, "however they stand"
        told = node.run("hits", "show", "good.example", status=TROUBLE).stderr
        assert "good.example has no hits" in told, told
        said = node.said("hits", "show", first["hit"], first["hit"])
        assert said.count("\n\n") == 1 and said.count("  when ") == 2, said


@test
def names_are_the_same_after_a_rebuild_and_in_a_copy():
    with with_evil("10.0.0.1", "10.0.0.2") as node:
        before = node.hits("--all")
        node.run("rebuild")
        assert node.hits("--all") == before


# ---- what people do ----

@test
def who_did_what_and_why_is_shown_and_is_in_the_journal():
    with with_evil("10.0.0.1") as node:
        hit = node.hit()
        assert hit["state"] == "new" and "state_by" not in hit
        node.run("hits", "ack", hit["hit"], "--note", "called the ward")
        node.run("hits", "assign", hit["hit"], "--to", "anna", "--note", "has the key")
        node.run("hits", "note", hit["hit"], "--text", "PC is off the net")
        node.run("hits", "false", hit["hit"], "--reason", "was a drill")
        node.run("hits", "reopen", hit["hit"], "--reason", "it was none")
        whole = node.shown(hit)
        assert [(step["act"], step.get("text"), step["actor"]) for step in whole["history"]] == [
            ("ack", "called the ward", ME), ("assign", "has the key", ME),
            ("note", "PC is off the net", ME), ("false", "was a drill", ME),
            ("reopen", "it was none", ME)]
        entries = [step["entry"] for step in whole["history"]]
        assert entries == sorted(set(entries)), entries
        assert (whole["state"], whole["state_by"], whole["assignee"]) == ("reopened", ME, "anna")
        assert node.hit()["hit"] == hit["hit"] # open again
        said = flat(node.said("hits", "show", hit["hit"]))
        for words in (f"{ME}: ack: called the ward", f"{ME}: assign to anna: has the key",
                      f"{ME}: reopen: it was none", "reopened, for anna"):
            assert words in said, said
        assert f"reopened by {ME}, for anna" in flat(node.said("hits", status=FOUND))
        assert node.json("verify")[0]["faults"] == 0


@test
def value_stands_for_all_its_hits_with_which_that_can_be_done():
    with with_evil("10.0.0.1", "10.0.0.2", "10.0.0.3") as node:
        first = node.json("hits", status=FOUND)[0]
        node.run("hits", "false", first["hit"], *REASON)
        (done,) = node.json("hits", "ack", "hxxp://evil[.]example"[7:])
        assert done == {"act": "ack", "hits": 2, "refused": 0}, done
        assert len(node.hits("--state", "acknowledged")) == 2
        told = node.run("hits", "ack", first["hit"], status=TROUBLE).stderr
        assert "is false: 'linie hits reopen' takes that back" in told, told
        assert node.shown(first)["state"] == "false"
        (done,) = node.json("hits", "reopen", first["indicator"], "--reason", "it came back")
        assert done["hits"] == 3 and len(node.hits("--state", "reopened")) == 3


@test
def what_cannot_be_done_is_refused_and_the_others_are_done():
    with with_evil("10.0.0.1") as node:
        hit = node.hit()
        done = node.run("hits", "ack", hit["hit"], "H-ZZZZZZZZ", "good.example", hit["hit"],
                        status=REFUSALS)
        assert "1 hit acknowledged" in done.stdout
        assert "H-ZZZZZZZZ" in done.stderr and "good.example has no hits" in done.stderr
        assert len(node.shown(hit)["history"]) == 1
        for words in (("ack",), ("false", hit["hit"]), ("reopen", hit["hit"]), ("note", hit["hit"]),
                      ("assign", hit["hit"]), ("false", hit["hit"], "--reason", ""),
                      ("false", hit["hit"], *REASON, "--until", "30d"),
                      ("false", hit["hit"], *REASON, "--allow", "--scope", "world"),
                      ("false", hit["hit"], *REASON, "--allow", "--until", "soon"),
                      ("note", hit["hit"], "--text", "x" * 100_000)):
            node.run("hits", *words, status=TROUBLE)
        assert len(node.shown(hit)["history"]) == 1 and node.json("allow", "list") == []


@test
def text_of_people_cannot_write_to_the_terminal():
    with with_evil("10.0.0.1") as node:
        hit = node.hit()
        node.run("hits", "note", hit["hit"], "--text", "red \033[31m\a text\nand a line")
        said = node.said("hits", "show", hit["hit"])
        assert "\033" not in said and "\a" not in said, said
        assert node.shown(hit)["history"][0]["text"] == "red \033[31m\a text\nand a line"


@test
def lines_that_come_later_leave_the_state_and_another_hour_is_a_hit_of_its_own():
    with with_evil("10.0.0.1") as node:
        hit = node.hit()
        node.run("hits", "ack", hit["hit"])
        node.watch(dns("evil.example", "10.0.0.1", 60))
        assert node.hits() == []
        assert (node.shown(hit)["count"], node.shown(hit)["state"]) == (2, "acknowledged")
        node.watch(dns("evil.example", "10.0.0.1", 2 * HOUR))
        other = node.hit()
        assert other["hit"] != hit["hit"] and other["state"] == "new"


@test
def hits_of_a_value_that_was_a_false_alarm_before_say_so():
    with with_evil("10.0.0.1", "10.0.0.2") as node:
        first, second = node.json("hits", status=FOUND)
        node.run("hits", "false", first["hit"], *REASON)
        assert node.shown(second)["false_others"] == 1
        assert "1 other hit of this value called false" in flat(node.said("hits", status=FOUND))


@test
def hits_are_worked_while_a_watch_runs():
    with with_evil("10.0.0.1") as node:
        hit = node.hit()
        pipe = Pipe(node)
        pipe.write(dns("evil.example", "10.0.0.2"))
        node.wait(2)
        node.run("hits", "false", hit["hit"], *REASON, "--allow", "--scope", "indicator",
                 "--until", "2099-01-01")
        pipe.write(dns("evil.example", "10.0.0.3"))
        node.wait(3)
        pipe.end()
        assert node.hits() == [] # an older hit, and one that came later: both are silent
        assert len(node.hits("--all", "--rank", "silent")) == 3
        assert node.shown(hit)["state"] == "false"


# ---- a false alarm that is not to come again ----

@test
def false_alarm_is_silent_at_its_host_until_it_ends_and_comes_back_when_it_is_reopened():
    """The whole walk."""
    with with_evil("10.0.0.1") as node:
        hit = node.hit()
        node.run("hits", "false", hit["hit"], *REASON, "--allow", "--until", DAY_AFTER)
        (allowed,) = node.json("allow", "list")
        assert (allowed["effect"], allowed["inside"], allowed["indicator"], allowed["reason"]) == (
            "silent", "10.0.0.1", hit["indicator"], REASON[1]), allowed
        assert allowed["until"].startswith(DAY_AFTER) and hit["hit"].startswith(allowed["list"][6:])
        assert node.shown(hit)["history"][0]["list"] == allowed["list"]

        summary = node.watch(dns("evil.example", "10.0.0.1", HOUR), status=DONE)
        assert (summary["hits"], summary["hits_silent"], summary["folds_opened"],
                summary["folds_silent"]) == (1, 1, 0, 1), summary
        assert node.hits() == []
        silent = node.hit("--all", "--state", "new")
        assert (silent["level"], silent["rank"], silent["list"]) == ("silent", 0, allowed["list"])
        assert "1 more: 1 silent" not in node.said("hits") and "2 more: 1 silent, 1 false" in flat(
            node.said("hits"))

        node.watch(dns("evil.example", "10.0.0.2", HOUR)) # another host
        assert node.hit()["inside"] == "10.0.0.2"
        node.watch(dns("evil.example", "10.0.0.1", DAY_S)) # after its end
        assert len(node.hits()) == 2

        node.run("hits", "reopen", hit["hit"], "--reason", "it was none")
        assert node.json("allow", "list") == []
        assert len(node.hits()) == 4 # what was silent is loud again
        node.watch(dns("evil.example", "10.0.0.1", 2 * HOUR))
        assert len(node.hits()) == 5


@test
def false_alarm_reaches_as_far_as_is_said():
    for scope, expected in (("host", 3), ("indicator", 2), ("value", 0)):
        with Desk() as node:
            node.add("evil.example\n", "--set", "a")
            node.add("evil.example\n", "--set", "b")
            node.watch(dns("evil.example", "10.0.0.1"))
            hit = node.json("hits", status=FOUND)[0]
            node.run("hits", "false", hit["hit"], *REASON, "--allow", "--scope", scope)
            node.run("hits", "ack", "evil.example")
            node.watch(dns("evil.example", "10.0.0.1", HOUR) + dns("evil.example", "10.0.0.2", HOUR),
                       status=FOUND if expected else DONE)
            assert len(node.hits()) == expected, scope


@test
def false_alarms_of_several_hosts_are_taken_back_one_by_one():
    with with_evil("10.0.0.1", "10.0.0.2", "10.0.0.3") as node:
        hits = node.json("hits", status=FOUND)
        node.run("hits", "false", "evil.example", *REASON, "--allow")
        assert node.hits() == [] and len(node.json("allow", "list")) == 3
        for left, hit in ((2, hits[1]), (1, hits[0]), (0, hits[2])):
            node.run("hits", "reopen", hit["hit"], "--reason", "it was none")
            lists = node.json("allow", "list")
            assert len(lists) == left and hit["inside"] not in [row["inside"] for row in lists]
            assert hit["hit"] in [row["hit"] for row in node.hits()]


@test
def hit_of_nobody_in_particular_is_not_allowed_for_a_host():
    with Sender() as node:
        node.hosts_max(2)
        node.add("evil.example\n")
        node.watch("".join(dns("evil.example", f"10.0.0.{i}") for i in range(9)))
        (noisy,) = [hit for hit in node.json("hits", status=FOUND) if hit["inside"] == "*"]
        told = node.run("hits", "false", noisy["hit"], *REASON, "--allow", status=TROUBLE).stderr
        assert "of no single inside host: allow it with --scope indicator" in told, told
        assert node.json("allow", "list") == [] # nothing was done by halves
        assert node.json("hits", "show", noisy["hit"])[0]["state"] == "new"
        node.run("hits", "false", noisy["hit"], *REASON, "--allow", "--scope", "indicator")
        assert node.said("hits", "--json") == ""


@test
def what_people_did_survives_a_rebuild_a_backup_and_a_restore():
    with with_evil("10.0.0.1", "10.0.0.2", "10.0.0.3") as node:
        first, second, third = node.json("hits", status=FOUND)
        node.run("hits", "ack", first["hit"], "--note", "seen")
        node.run("hits", "assign", first["hit"], "--to", "anna")
        node.run("hits", "false", second["hit"], *REASON, "--allow", "--until", "2099-01-01")
        node.run("hits", "false", third["hit"], *REASON)
        node.run("hits", "reopen", third["hit"], "--reason", "no")
        node.run("allow", "add", "cdn.example", *REASON, "--effect", "lower")

        def known(path):
            words = ("--node", path)
            return ([node.said(*words, "hits", "--all", "--json", node=False, status=FOUND)] +
                    [node.said(*words, "hits", "show", hit["hit"], "--json", node=False)
                     for hit in (first, second, third)] +
                    [node.said(*words, "allow", "list", "--json", node=False)])

        before = known(node.path)
        assert node.json("rebuild")[0]["same"] is True
        assert known(node.path) == before
        node.run("backup", node.folder / "backup")
        node.run("restore", node.folder / "backup", node.folder / "copy", node=False)
        assert known(node.folder / "copy") == before
        (node.path / "real/linie.db").unlink()
        node.run("rebuild")
        assert known(node.path) == before
        assert node.json("verify")[0]["faults"] == 0


# ---- allow lists ----

def warninglist(name, values, kind="hostname", category="false_positive"):
    return json.dumps({"name": name, "description": f"{name}, described", "version": 20261101,
                       "category": category, "type": kind, "matching_attributes": ["hostname"],
                       "list": values})


@test
def warninglists_silence_and_those_of_shared_networks_lower():
    with Desk() as node:
        node.add("popular.example\nbelow.popular.example\n198.51.100.7\n"
                 "http://popular.example/evil\n")
        popular = node.file("popular.json", warninglist("Popular names", ["popular.example"]))
        shared = node.file("cdn.json", warninglist("List of known Akamai IP ranges",
                                                   ["198.51.100.0/24"], "cidr"))
        added = node.json("allow", "add", popular, shared)
        assert [(row["list"], row["effect"], row["below"], row["values"]) for row in added] == [
            ("Popular names", "silent", "lower", 1),
            ("List of known Akamai IP ranges", "lower", "lower", 1)], added
        node.watch(dns("popular.example") + dns("below.popular.example") + conn("198.51.100.7") +
                   json.dumps({"_path": "http", "ts": FIRST_MOMENT, "uid": "C1", "method": "GET",
                               "id.orig_h": "10.0.0.5", "id.orig_p": 1, "id.resp_h": "192.0.2.1",
                               "id.resp_p": 80, "host": "popular.example", "uri": "/evil"}) + "\n")
        effects = {}
        for hit in node.hits("--all"):
            effects.setdefault(hit["value"], set()).add(hit.get("allowed"))
        assert effects == {"popular.example": {"silent"}, "below.popular.example": {"lower"},
                           "198.51.100.7": {"lower"}, "http://popular.example/evil": {None}}, effects
        said = flat(node.said("hits", status=FOUND))
        assert "lowered: on list List of known Akamai IP ranges" in said, said
        (shown,) = node.json("allow", "show", "popular.example")
        assert shown["effect"] == "silent" and shown["list"] == "Popular names"
        (shown,) = node.json("allow", "show", "198.51.100.99")
        assert shown["effect"] == "lower", shown
        (shown,) = node.json("allow", "show", "good.example")
        assert shown["effect"] == "none" and "list" not in shown
        head, member = node.json("allow", "show", "Popular names")
        assert (head["values"], member["value"]) == (1, "popular.example")


@test
def values_are_in_a_list_for_each_reason_and_end_one_by_one():
    with Desk() as node:
        node.run("allow", "add", "a.example", "--reason", "migration", "--until", "2027-01-01")
        node.run("allow", "add", "b.example", "--reason", "migration")
        node.run("allow", "add", "c.example", "--reason", "suppliers", "--effect", "lower")
        lists = {row["list"]: row for row in node.json("allow", "list")}
        assert lists["migration"]["effect"] == "silent" and "until" not in lists["migration"]
        assert lists["suppliers"]["effect"] == "lower", lists
        _, first, second = node.json("allow", "show", "migration")
        assert first["until"].startswith("2027-01-01") and "until" not in second
        assert "a.example until 2027-01-01" in flat(node.said("allow", "show", "migration"))
        node.run("allow", "add", "a.example", "--reason", "migration")
        assert all("until" not in row for row in node.json("allow", "show", "migration"))
        for value, effect in (("b.example", "silent"), ("c.example", "lower")):
            assert node.json("allow", "show", value)[0]["effect"] == effect


@test
def list_speaks_of_older_hits_and_no_more_when_it_is_gone():
    with with_evil("10.0.0.1", "10.0.0.2") as node:
        node.run("allow", "add", "evil.example", *REASON)
        assert node.hits() == [] and len(node.hits("--all")) == 2
        node.watch(dns("evil.example", "10.0.0.3"), status=DONE)
        assert node.json("allow", "remove", "EVIL[.]example") == [{"removed": 1}]
        assert len(node.hits()) == 3
        node.run("allow", "add", node.file("ours.txt", "evil.example\n"), *REASON)
        assert node.hits() == []
        assert node.json("allow", "remove", "--list", "ours") == [{"removed": 1}]
        assert len(node.hits()) == 3 and node.json("allow", "list") == []
        for words in (("evil.example",), ("--list", "ours"), ()):
            node.run("allow", "remove", *words, status=TROUBLE)


@test
def entry_that_ends_speaks_of_lines_before_its_end_only():
    with Desk() as node:
        node.add("evil.example\n")
        node.run("allow", "add", "evil.example", *REASON, "--until", DAY_AFTER)
        node.watch(dns("evil.example"), status=DONE)
        node.watch(dns("evil.example", second=DAY_S))
        assert node.hit()["first"].startswith(DAY_AFTER)
        node.run("allow", "remove", "evil.example")
        node.run("allow", "add", "evil.example", *REASON, "--until", "2020-01-01")
        assert "ended 2020-01-01" in node.said("allow", "list")
        assert len(node.hits()) == 2


@test
def fold_is_silent_while_all_its_lines_are():
    """An hour in which a list ends is told when the first line is loud."""
    with Desk() as node:
        node.add("evil.example\n")
        node.run("allow", "add", "evil.example", *REASON, "--until", "2026-11-21T12:30:00Z")
        assert node.watch(dns("evil.example"), status=DONE)["folds_opened"] == 0
        summary = node.watch(dns("evil.example", second=1900))
        assert (summary["folds_opened"], summary["hits_silent"]) == (1, 0), summary
        hit = node.hit()
        assert (hit["count"], hit["silent"]) == (2, 1) and "allowed" not in hit, hit


@test
def value_that_stands_on_a_list_is_found_there_however_it_looks():
    digest = "a" * 31 + "b"
    with Desk() as node:
        listed = "value,type\n" + f"{digest},ja3\nreport.zip,file-name\nwhole.example,domain\n"
        node.run("allow", "add", node.file("suppliers.csv", listed), *REASON)
        node.run("allow", "add", node.file("below.txt", ".below.example\n"), *REASON)
        node.run("allow", "add", "own.example", "--reason", "own", "--until", "2020-01-01")
        for text, words in ((digest, "on list suppliers, as ja3"), ("report.zip", "on list suppliers, as file-name"),
                            (".below.example", "on list below, the names below it only"),
                            ("own.example", "on list own, which has ended for it"),
                            ("whole.example", "silent, on list suppliers"), ("none.example", "on no list")):
            said = flat(node.said("allow", "show", text))
            assert words in said, (text, said)
        told = node.run("allow", "remove", "whole.example", "--list", "own", status=TROUBLE).stderr
        assert "whole.example is not on list own, but on suppliers" in flat(told), told
        told = node.run("allow", "remove", "none.example", status=TROUBLE).stderr
        assert "none.example itself is on no list" in flat(told), told
        values = [digest, "report.zip", ".below.example", "own.example", "whole.example"]
        assert node.json("allow", "remove", *values) == [{"removed": len(values)}]
        told = node.run("allow", "remove", "curl/7.1 (x)", status=TROUBLE).stderr
        assert "not a value" in told, told


@test
def blanks_are_nothing_that_could_be_allowed():
    with Desk() as node:
        for blank in ("", "   ", "\t", "# a comment"):
            told = node.run("allow", "add", blank, *REASON, status=TROUBLE).stderr
            assert ("a comment" if blank.startswith("#") else "a blank") + " is no value" in told, told
            if blank.startswith("#"):
                continue
            for words in (("--reason", blank), (*REASON, "--list", blank)):
                told = node.run("allow", "add", "ok.example", *words, status=TROUBLE).stderr
                assert "nothing but blanks" in told, told
        assert node.json("allow", "list") == []
        node.run("allow", "add", " ", " ok.example ", *REASON, status=TROUBLE)
        (row,) = node.json("allow", "list")
        assert row["values"] == 1 and row["list"] == REASON[1], row


@test
def allow_lists_that_would_silence_the_world_are_refused():
    with Desk() as node:
        for value in ("com", "0.0.0.0/0", "::/0", "128.0.0.0/1"):
            told = node.run("allow", "add", value, *REASON, status=REFUSALS)
            assert value in told.stderr, told
        assert node.json("allow", "list") == []
        assert "--reason" in node.run("allow", "add", "cdn.example", status=TROUBLE).stderr
        node.run("allow", "add", status=TROUBLE)
        node.run("allow", "add", "cdn.example", *REASON, "--effect", "loud", status=TROUBLE)
        stix = node.file("b.json", '{"type":"bundle","id":"bundle--1","objects":[]}')
        assert "is STIX" in node.run("allow", "add", stix, *REASON, status=TROUBLE).stderr
        (added,) = node.json("allow", "add", node.file("w.json", warninglist(
            "Suffixes", ["github.io", "big.example"])))
        assert (added["values"], added["narrowed"], added["refused"]) == (2, 1, 0), added


@test
def lists_come_from_files_standard_input_and_the_command_line_together():
    with Desk() as node:
        added = node.json("allow", "add", node.file("partners.txt", "a.example\nb.example\n"), "-",
                          "c.example", "198.51.100.0/24", *REASON, given="d.example\n")
        assert [(row["list"], row["values"]) for row in added] == [
            ("partners", 2), ("stdin", 1), (REASON[1], 2)], added
        (again,) = node.json("allow", "add", "c.example", *REASON)
        assert (again["new"], again["values"]) == (0, 2), again
        (status,) = node.json("status")
        assert status["allow_lists"] == 3, status


@test
def running_watch_uses_a_list_from_the_next_lines_on():
    with Desk() as node:
        node.add("evil.example\nworse.example\n")
        pipe = Pipe(node)
        pipe.write(dns("evil.example"))
        node.wait(1)
        node.run("allow", "add", "worse.example", *REASON)
        pipe.write(dns("worse.example"))
        node.wait(2)
        pipe.end()
        assert node.hit("--all", "--rank", "silent", "--indicator", "worse.example")["silent"] == 1
        assert node.hit()["value"] == "evil.example"


@test
def watch_that_follows_uses_lists_and_false_alarms_from_the_next_lines_on():
    with Desk() as node:
        node.add("evil.example\nworse.example\n")
        log = node.file("growing.log", "")
        process = node.start("watch", "--follow", log, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

        def grow(query, host, found):
            with open(log, "a", encoding="utf-8") as out:
                out.write(dns(query, host))
            node.wait(found)

        wait_for((node.path / "real/linie.sock").exists, "the watch to begin")
        grow("evil.example", "10.0.0.1", 1)
        node.run("hits", "false", "evil.example", *REASON, "--allow", "--scope", "value", "--until", "2099-01-01")
        node.run("allow", "add", "worse.example", *REASON)
        grow("evil.example", "10.0.0.2", 2)
        grow("worse.example", "10.0.0.3", 3)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=WAIT_S)
        assert process.returncode == DONE, told
        assert node.hits() == []
        silent = {(hit["value"], hit["inside"]): hit["silent"] for hit in node.hits("--all") if "silent" in hit}
        assert silent == {("evil.example", "10.0.0.2"): 1, ("worse.example", "10.0.0.3"): 1}, silent
        for value in ("evil.example", "worse.example"):
            node.run("allow", "remove", value)
        assert len(node.hits()) == 2 # the first is still called false


@test
def indicator_that_a_list_covers_says_so():
    with Desk() as node:
        node.add("evil.example\n")
        node.run("allow", "add", "evil.example", *REASON)
        said = flat(node.said("indicators", "show", "evil.example"))
        assert "hits are silent: on list our own scanner" in said, said
        (shown,) = node.json("indicators", "show", "evil.example")
        assert (shown["allowed"], shown["list"]) == ("silent", REASON[1]), shown


@test
def silent_hits_are_sent_nowhere():
    with Sender() as node:
        node.lines_output().add("evil.example\nworse.example\n")
        node.run("allow", "add", "worse.example", *REASON)
        node.watch(dns("evil.example") + dns("worse.example"))
        assert [event["value"] for event in opened(node.written())] == ["evil.example"]


@test
def allow_list_whose_file_is_not_there_is_no_value():
    with Node() as node:
        told = node.run("allow", "add", "absent.json", *REASON, status=TROUBLE).stderr
        assert "absent.json" in told, told
        assert node.json("allow", "list") == []


run_all()
