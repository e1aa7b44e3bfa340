#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Looking back: what looking on would have found is found, once, whenever the indicators come.

    tests/node/lookback.py PROGRAM

LINIE_TEST_SEED repeats a run.
"""

import json
import os
import random
import signal
import subprocess
import time

from ground import (DONE, FIRST_MOMENT, FOUND, SOURCE, TROUBLE, Node, dns, lines, person, run_all,
                    test)

SEED = int(os.environ.get("LINIE_TEST_SEED", time.time_ns()))
RANDOM = random.Random(SEED)
print(f"# seed {SEED}")

WAIT_S = 60
STEP_S = 0.05
SAMPLES = SOURCE / "samples"
# What history does not hold: whole lines, the other ends of connections, how a log wrote a value,
# which of several fields was the first, and when that line was told.
NOT_HELD = {"observed", "observed_count", "observed_further", "observed_more", "outside",
            "outside_count", "outside_further", "outside_more", "field", "sensor", "hit",
            "looked_back", "outcome", "direction", "answer", "rank", "level", "evidence",
            "state_time",
            "sources", # as many as there were when it was found
            "value", "kind", "best_kind"} # of an object's several: that of the first line


# Of one line that holds two names below a domain, history knows two sightings.
MANY_IN_A_LINE = {"domain", "cidr"}
MANY_VALUES = {"Partner CERT"} # an object of it asks for several, and a line may hold two of them


def wait_for(condition, what):
    for _ in range(int(WAIT_S / STEP_S)):
        found = condition()
        if found:
            return found
        time.sleep(STEP_S)
    raise AssertionError(f"waited {WAIT_S} s for {what}")


def by_key(hits):
    return {(hit["indicator"], hit["inside"], hit["start"]): hit for hit in hits}


def held(hit):
    """What history holds of a hit; times are those of whole seconds."""
    kept = {key: value for key, value in hit.items() if key not in NOT_HELD}
    return kept | {key: kept[key][:19] for key in ("first", "last")}


def hits_of(node):
    return by_key(json.loads(line) for line in node.folds("--all"))


def check_same(wanted, found):
    assert wanted, "nothing was to be found"
    missing = wanted.keys() - found.keys()
    more = found.keys() - wanted.keys()
    assert not missing and not more, f"missing {sorted(map(str, missing))[:3]}, " \
                                     f"not expected {sorted(map(str, more))[:3]}"
    for key, hit in wanted.items():
        want, have = held(hit), held(found[key])
        if hit["kind"] in MANY_IN_A_LINE or hit["source"] in MANY_VALUES:
            assert have.pop("count") >= want.pop("count"), f"{hit}\n{found[key]}"
        assert want == have, f"{want}\n{have}"


def samples_node():
    node = Node()
    with open(node.path / "linie.conf", "a", encoding="utf-8") as conf:
        conf.write("\n[inside]\nnetwork = 10.20.0.0/16\nnetwork = 10.77.0.0/16\n"
                   "network = 2001:db8:20::/48\n")
    return node


def add_samples(node):
    lists = SAMPLES / "indicators"
    node.run("indicators", "add", lists / "national-csirt.txt", "--source", "National CSIRT",
             "--tlp", "GREEN")
    node.run("indicators", "add", lists / "sector-feed.csv", "--source", "Water sector ISAC",
             status=3)
    node.run("indicators", "add", lists / "partner.stix.json", "--source", "Partner CERT")


@test
def indicators_that_come_late_find_what_they_would_have_found_in_time():
    with samples_node() as early, samples_node().remembering() as late:
        add_samples(early)
        early.run("watch", SAMPLES / "logs", "--quiet", status=FOUND)
        late.run("watch", SAMPLES / "logs", "--quiet", status=DONE)
        assert not hits_of(late)

        add_samples(late)

        check_same(hits_of(early), hits_of(late))
        assert all(hit.get("looked_back") for hit in hits_of(late).values())
        assert not any(hit.get("looked_back") for hit in hits_of(early).values())
        assert late.json("rebuild")[0]["same"] is True


@test
def indicators_that_come_in_the_middle_of_a_log_count_each_line_once():
    text = lines(5000)
    half = text.index("\n", len(text) // 2) + 1
    with Node() as early, Node().remembering() as late:
        early.add("evil.example\n")
        early.run("watch", early.file("a.log", text), "--quiet", status=FOUND)
        log = late.file("a.log", text[:half])
        late.run("watch", log, "--quiet", status=DONE)
        late.add("evil.example\n")
        log.write_text(text, encoding="utf-8")
        late.run("watch", log, "--quiet", status=FOUND)

        check_same(hits_of(early), hits_of(late))


@test
def adding_a_list_again_and_another_source_looks_back_without_counting_twice():
    with Node().remembering() as node:
        node.run("watch", node.file("a.log", lines(2000)), "--quiet", status=DONE)
        said = node.add("evil.example\n").stdout
        before = hits_of(node)
        assert "looked back: " in said and "found looking back" in said, said

        again = node.add("evil.example\nother.example\n").stdout

        assert hits_of(node) == before
        assert "looked back: 0 hits of 1 new indicator" in again, again
        node.run("indicators", "add", node.file("second.txt", "evil.example\n"), "--source",
                 "Second")
        assert len(hits_of(node)) == 2 * len(before)


def noisy_names(names, hours, hosts=100):
    return "".join(json.dumps({"_path": "dns", "ts": FIRST_MOMENT - (hour + 1) * 3600 + host,
                               "uid": "C1", "id.orig_h": f"10.0.0.{host}", "id.orig_p": 1025,
                               "id.resp_h": "192.0.2.53", "id.resp_p": 53, "query": name}) + "\n"
                   for hour in range(hours) for host in range(1, hosts + 1) for name in names)


@test
def noisy_indicators_take_no_room_from_others_and_what_is_cut_of_them_is_told():
    with Node().remembering() as node:
        text = noisy_names([f"c{i}.example" for i in range(4)], 220) + \
            noisy_names(["n.example"], 260)
        last = dns("evil.zz")
        node.run("watch", node.file("a.log", text + last), "--quiet", status=DONE)
        names = [f"c{i}.example" for i in range(4)] + ["n.example", "evil.zz"]

        told = node.add("\n".join(names) + "\n").stderr

        assert "1 indicator has more than 25000 hits: 1000 lines" in " ".join(told.split()), told
        found = [hit["value"] for hit in hits_of(node).values()]
        counts = {name: found.count(name) for name in names}
        assert counts == {"n.example": 25000, "evil.zz": 1} | dict.fromkeys(names[:4], 22000), counts
        again = node.add("\n".join(names + ["other.zz"]) + "\n")
        assert "0 hits of 1 new indicator" in again.stdout and not again.stderr, again


@test
def list_whose_indicators_expired_before_the_lines_finds_nothing_in_them():
    with Node().remembering() as node:
        node.run("watch", node.file("a.log", lines(100)), "--quiet", status=DONE)

        node.add("evil.example\n", "--valid-until", "2020-01-01T00:00:00Z")

        assert not hits_of(node)


@test
def what_a_watch_that_runs_has_seen_is_found_by_indicators_that_come_while_it_runs():
    text = lines(3000)
    with Node() as early, Node().remembering() as late:
        early.add("evil.example\n")
        early.run("watch", early.file("a.log", text), "--quiet", status=FOUND)
        log = late.file("a.log", text)
        running = late.start("watch", "--follow", log, "--quiet", stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: late.json("status")[0]["lines"] == 3000, "the log to be read")

            late.add("evil.example\n")

            check_same(hits_of(early), hits_of(late))
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(timeout=WAIT_S)
        check_same(hits_of(early), hits_of(late))


@test
def history_of_a_watch_that_was_killed_again_and_again_holds_each_line_once():
    text = lines(60_000)
    with Node() as early, Node().remembering() as late:
        early.add("evil.example\n")
        early.run("watch", early.file("a.log", text), "--quiet", status=FOUND)
        log = late.file("a.log", text)
        for _ in range(6):
            process = late.start("watch", log, "--quiet", stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
            time.sleep(RANDOM.random() * 0.4)
            process.kill()
            process.wait(timeout=WAIT_S)
        subprocess.run(late.command("watch", log, "--quiet"), check=False,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        late.add("evil.example\n")

        check_same(hits_of(early), hits_of(late))


@test
def node_remembers_what_it_sees_unless_it_is_told_not_to():
    with Node() as node:
        quiet = node.path
        node.path = node.folder / "fresh" # as init leaves it
        node.run("init", node.path, node=False)
        for path, found in ((node.path, 1), (quiet, 0)):
            node.path = path
            node.run("watch", node.file("a.log", dns("evil.example")), "--quiet", status=DONE)

            node.add("evil.example\n")

            assert len(hits_of(node)) == found, path


@test
def hits_found_looking_back_go_to_all_outputs():
    with Node().remembering() as node:
        with open(node.path / "linie.conf", "a", encoding="utf-8") as conf:
            conf.write('[output "lines"]\nkind = file\npath = out/hits.ndjson\nformat = json\n')
        node.run("watch", node.file("a.log", dns("evil.example")), "--quiet", status=DONE)
        node.add("evil.example\n")

        node.run("watch", node.file("b.log", dns("good.example", second=1)), "--quiet",
                 status=DONE)

        told = [json.loads(line) for line in
                (node.path / "out" / "hits.ndjson").read_text(encoding="utf-8").splitlines()]
        assert any('"looked_back": true' in json.dumps(event) for event in told), told


@test
def outputs_mark_what_was_found_looking_back_and_take_it_leave_it_or_take_it_alone():
    marks = {"json": '"looked_back":true', "rfc5424": ' looked_back="true"', "eve": '"looked_back"',
             "local": "found looking back", "text": "found looking back"}
    with Node().remembering() as node:
        with open(node.path / "linie.conf", "a", encoding="utf-8") as conf:
            for form in marks:
                for which in ("yes", "no", "only"):
                    conf.write(f'\n[output "{form}-{which}"]\nkind = file\nformat = {form}\n'
                               f"path = out/{form}-{which}\nlooked-back = {which}\n"
                               "events = opened\n")
        node.run("watch", node.file("a.log", dns("late.example")), "--quiet", status=DONE)
        node.add("late.example\nlive.example\n")
        node.run("watch", node.file("b.log", dns("live.example", second=1)), "--quiet",
                 status=FOUND)

        for form, mark in marks.items():
            told = {}
            for which in ("yes", "no", "only"):
                path = node.path / "out" / f"{form}-{which}"
                told[which] = path.read_text(encoding="utf-8").splitlines()
            assert len(told["yes"]) == 2 and sum(mark in one for one in told["yes"]) == 1, told
            assert len(told["only"]) == 1 and mark in told["only"][0], told
            assert len(told["no"]) == 1 and mark not in told["no"][0], told


@test
def indicator_is_found_among_keyed_hashes_and_never_by_a_part_of_a_value():
    for rule, hits in (("hash = domain", 1), ("truncate = domain", 0)):
        with Node().remembering().configure(rule + "\n") as node:
            node.run("watch", node.file("a.log", dns("bad.evil.example")), "--quiet",
                     status=DONE)

            node.add("bad.evil.example\nother.evil.example\n")

            assert len(hits_of(node)) == hits, rule
            assert all(hit["observed"] == "bad.evil.example" for hit in hits_of(node).values())
            assert node.json("rebuild")[0]["same"] is True
            node.run("verify")


def mail(sender, second=0):
    return json.dumps({"_path": "smtp", "ts": FIRST_MOMENT + second, "uid": f"C{second}",
                       "id.orig_h": "10.0.0.5", "id.orig_p": 1025, "id.resp_h": "192.0.2.25",
                       "id.resp_p": 25, "mailfrom": sender}) + "\n"


def requests_of(node, *words):
    return node.json("history", "requests", *words)


@test
def indicator_of_a_person_is_put_to_what_was_seen_when_a_second_person_approves_it():
    with Node().remembering().configure("second-person = email\n") as node:
        node.run("watch", node.file("a.log", mail("me@bank.example") + mail("you@bank.example", 1) +
                                    dns("evil.example", second=2)), "--quiet", status=DONE)
        first, second = node.file("1.txt", "me@bank.example\nevil.example\n"), \
            node.file("2.txt", "you@bank.example\n")

        said = node.run("indicators", "add", first, "--source", "Feed", **person(1)).stdout
        node.run("indicators", "add", second, "--source", "Feed", **person(2))

        said = " ".join(said.split())
        assert "1 new indicator is of persons" in said and "looked back: 1 hit of 1" in said, said
        assert {hit["value"] for hit in hits_of(node).values()} == {"evil.example"}
        mine, yours = requests_of(node)
        assert mine["content"]["act"] == "look-back" and mine["state"] == "waits"
        assert [value["value"] for value in mine["content"]["values"]] == ["me@bank.example"]
        assert [value["value"] for value in yours["content"]["values"]] == ["you@bank.example"]
        name = f"R-{mine['entry']}"
        told = node.run("history", "approve", name, status=TROUBLE, **person(1)).stderr
        assert "your own request" in told
        for words in (("hunt", "--request", name), ("history", "export", "--request", name)):
            node.run(*words, status=TROUBLE, **person(1))

        (done,) = node.json("history", "approve", name, **person(2))

        assert done["hits"] == 1
        assert {hit["value"] for hit in hits_of(node).values()} == \
            {"evil.example", "me@bank.example"}
        assert [asked["state"] for asked in requests_of(node, "--all")] == ["answered", "waits"]
        told = node.run("history", "approve", name, status=TROUBLE, **person(3)).stderr
        assert "approved already" in told
        assert "looked back by request" in " ".join(node.said("history", "asked").split())
        assert node.json("rebuild")[0]["same"] is True


@test
def filling_in_tells_what_waits_for_a_second_person():
    with Node() as node:
        log = node.file("a.log", mail("me@bank.example") + dns("evil.example", second=2))
        node.configure("[history]\nremember = no\n")
        node.run("watch", log, "--quiet", status=DONE)
        conf = node.path / "linie.conf"
        text = conf.read_text(encoding="utf-8").replace("remember = no", "remember = yes\n"
                                                        "second-person = email")
        conf.write_text(text, encoding="utf-8")
        node.add("me@bank.example\nevil.example\n")

        told = node.run("history", "fill", log).stderr

        request = requests_of(node)[-1]
        told = " ".join(told.split())
        assert "1 indicator of persons is held" in told, told
        assert f"'linie history approve R-{request['entry']}'" in told, told
        assert {hit["value"] for hit in hits_of(node).values()} == {"evil.example"}


@test
def nobody_approves_the_own_indicator_as_part_of_what_another_asks_for():
    """Whoever looks back for all anew - the marks of what was asked for are lost - asks for all."""
    with Node().remembering().configure("second-person = email\n") as node:
        node.run("watch", node.file("a.log", mail("me@bank.example") + mail("you@bank.example", 1)),
                 "--quiet", status=DONE)
        for number, value in ((1, "me@bank.example"), (2, "you@bank.example")):
            node.run("indicators", "add", node.file(f"{number}.txt", value + "\n"), "--source",
                     "Feed", **person(number))
        (node.path / "real/index/asked").unlink()
        node.run("indicators", "add", node.file("3.txt", "evil.example\n"), "--source", "Feed",
                 **person(3))
        both = requests_of(node)[-1]
        assert (both["actor"], len(both["content"]["values"])) == ("sys", 2), both
        name = f"R-{both['entry']}"
        for number in (1, 2):
            told = node.run("history", "approve", name, status=TROUBLE, **person(number)).stderr
            assert "you brought one of these" in told, told
        assert not hits_of(node)
        (done,) = node.json("history", "approve", name, **person(4))
        assert done["hits"] == 2


@test
def indicator_of_a_person_is_held_beside_a_watch_that_runs_and_asked_for_once():
    with Node().remembering().configure("second-person = email\n") as node:
        log = node.file("a.log", mail("me@bank.example"))
        running = node.start("watch", "--follow", log, "--quiet", stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: node.json("status")[0]["lines"] == 1, "the log to be read")
            node.run("indicators", "add", node.file("1.txt", "me@bank.example\n"), "--source",
                     "Feed", **person(1))
            node.run("indicators", "add", node.file("2.txt", "you@bank.example\n"), "--source",
                     "Feed", **person(2))
            assert not hits_of(node)
            assert [request["actor"] for request in requests_of(node)] == ["daemon", "bin"]
            assert all(len(request["content"]["values"]) == 1 for request in requests_of(node))
            with open(log, "a", encoding="utf-8") as more: # what comes is found, and nothing older
                more.write(mail("me@bank.example", 7200))
            wait_for(lambda: hits_of(node), "the hit")
            assert [hit["count"] for hit in hits_of(node).values()] == [1]
            node.run("history", "approve", f"R-{requests_of(node)[0]['entry']}", **person(2))
            assert len(hits_of(node)) == 2
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(timeout=WAIT_S)
        assert len(requests_of(node)) == 1


@test
def node_that_remembers_nothing_looks_back_at_nothing():
    with Node() as node:
        node.run("watch", node.file("a.log", dns("evil.example")), "--quiet", status=DONE)

        node.add("evil.example\n")

        assert not hits_of(node)
        assert not (node.path / "real" / "history").exists()


run_all()
