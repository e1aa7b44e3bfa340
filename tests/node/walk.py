#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""A walk through the commands, as the README has it, each with its exit code.

    tests/node/walk.py PROGRAM
"""

import json
import lzma
import os
import shutil
import stat
import subprocess

from ground import (DONE, FOUND, PROGRAM, REFUSALS, Skip, TROUBLE, Node, dns, gzipped, lines, run_all,
                    test, zstandard)
from helped import names_in

LIST = "evil.example\nhxxp://bad[.]example/x\n198.51.100.7\n203.0.113.0/24\n" \
       "9e107d9d372bb6826bd81d3542a419d6\nsomeone@evil.example\n"
CSV = "ioc,type,confidence,valid_until\nworse.example,domain,80,2027-01-01\n" \
      "198.51.100.8,ip,,\nnot an address,ip,,\n"
INDICATOR = "indicator--22222222-2222-4222-8222-000000000001"
CREATOR = "identity--11111111-1111-4111-8111-111111111111"


def indicator(value="stix.example", day=1, **more):
    """A STIX indicator of a domain, modified on a day of November."""
    return {"type": "indicator", "spec_version": "2.1", "id": INDICATOR,
            "created": "2026-11-01T00:00:00.000Z",
            "modified": f"2026-11-{day:02}T00:00:00.000Z",
            "pattern_type": "stix", "valid_from": "2026-11-01T00:00:00Z",
            "pattern": f"[domain-name:value = '{value}']", **more}


def flat(text):
    """What people read, without the line ends that depend on the screen."""
    return " ".join(text.split())


def bundle(*objects):
    return json.dumps({"type": "bundle", "id": "bundle--22222222-2222-4222-8222-000000000000",
                       "objects": objects}, indent=1)


STIX = bundle(indicator())


@test
def node_is_made_for_its_owner_alone():
    with Node() as node:
        for folder, _, files in os.walk(node.path):
            assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700, folder
            for name in files:
                mode = stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode)
                assert mode == 0o600, (folder, name, oct(mode))
        assert {"linie.conf", "identity.json", "keys", "real"} <= set(os.listdir(node.path))
        told = node.run("init", node.path, node=False, status=TROUBLE).stderr
        assert "not empty" in told, told


@test
def files_stay_for_the_owner_alone_while_the_node_is_used():
    with Node() as node:
        node.add(LIST)
        node.run("watch", node.file("a.log", lines(50)), status=FOUND)
        for folder, _, files in os.walk(node.path):
            assert stat.S_IMODE(os.stat(folder).st_mode) & 0o077 == 0, folder
            for name in files:
                assert stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) & 0o077 == 0, name


@test
def node_is_named_by_an_option_by_the_environment_or_is_where_one_stands():
    with Node() as node:
        expected = node.said("status", env={"COLUMNS": "1000"})
        assert node.said("status", node=False, env={"LINIE_NODE": str(node.path),
                                                    "COLUMNS": "1000"}) == expected
        here = node.said("status", node=False, cwd=node.path, env={"COLUMNS": "1000"})
        assert here.splitlines()[1:] == expected.splitlines()[1:]
        told = node.run("status", node=False, status=TROUBLE).stderr
        assert "is no node" in told and "linie init" in told, told


@test
def indicators_are_added_from_lists_csv_stix_and_standard_input():
    with Node() as node:
        (added,) = node.json("indicators", "add", node.file("c2.txt", LIST), "--source", "CSIRT",
                             "--tlp", "GREEN")
        assert (added["set"], added["new"], added["members"], added["tlp"]) == ("c2", 6, 6, "GREEN")
        *refused, added = node.json("indicators", "add", node.file("feed.csv", CSV),
                                    status=REFUSALS)
        assert len(refused) == 1 and refused[0]["line"] == 4, refused
        assert (added["new"], added["refused"], added["tlp"]) == (2, 1, "AMBER+STRICT")
        (added,) = node.json("indicators", "add", node.file("b.json", STIX), "--source", "Partner")
        assert (added["new"], added["watched"], added["unwatched"]) == (1, 1, 0)
        (added,) = node.json("indicators", "add", "-", "--set", "typed", given="typed.example\n")
        assert (added["set"], added["new"]) == ("typed", 1)
        (stats,) = node.json("indicators", "stats")
        assert stats["indicators"] == 10, stats
        assert len(node.json("indicators", "list")) == 10


@test
def indicators_that_are_added_again_are_not_new():
    with Node() as node:
        node.add(LIST)
        assert "0 new" in node.add(LIST).stdout
        node.run("indicators", "add", node.file("b.json", STIX))
        assert "0 objects new, 1 known" in node.said("indicators", "add", node.folder / "b.json")


@test
def line_that_is_no_indicator_is_told_with_file_line_and_byte():
    with Node() as node:
        done = node.add("evil.example\nwhat is this?\n", status=REFUSALS)
        assert "list.txt: line 2, byte 13: unknown kind: what is this?" in done.stderr, done.stderr
        assert "1 refused" in done.stdout


@test
def file_that_cannot_be_read_does_not_keep_the_others_out():
    with Node() as node:
        good = node.file("good.txt", LIST)
        done = node.run("indicators", "add", node.folder / "absent.txt", good, status=TROUBLE)
        assert "absent.txt" in done.stderr
        assert "6 new" in done.stdout


@test
def indicator_is_shown_by_its_value_in_any_writing_and_by_its_id():
    with Node() as node:
        node.add(LIST, "--confidence", "70")
        (shown,) = node.json("indicators", "show", "HXXPS://Bad[.]example/x")
        assert shown["value"] == "http://bad.example/x" and shown["confidence"] == 70
        (same,) = node.json("indicators", "show", shown["indicator"])
        assert same == shown
        told = node.run("indicators", "show", "other.example", status=TROUBLE).stderr
        assert "other.example is no indicator" in told


@test
def stix_object_is_shown_as_it_came():
    with Node() as node:
        node.run("indicators", "add", node.file("b.json", STIX))
        (shown,) = node.json("indicators", "show", INDICATOR)
        assert shown["object"] == json.loads(STIX)["objects"][0]
        assert shown["indicator"] == INDICATOR and shown["state"] == "watched", shown
        begin = STIX.index('{', STIX.index("objects"))
        assert STIX[begin:STIX.rindex(']')].rstrip() in node.said("indicators", "show", INDICATOR)


@test
def two_contents_of_one_version_are_both_watched_and_told_as_a_conflict():
    with Node() as node:
        both = node.file("both.json", bundle(indicator("one.example"), indicator("two.example")))
        told = flat(node.said("indicators", "add", both, "--source", "A"))
        assert "2 watched" in told and f"1 in conflict: {INDICATOR}" in told, told
        (added,) = node.json("indicators", "add", node.file("third.json", bundle(
            indicator("three.example"))), "--source", "B")
        assert (added["conflicts"], added["conflict_ids"]) == (1, [INDICATOR]), added
        for words in (("status",), ("indicators", "stats")):
            assert f"1 in conflict: {INDICATOR}" in flat(node.said(*words))
            assert node.json(*words)[0]["stix"]["conflicts"] == 1
        shown = flat(node.said("indicators", "show", INDICATOR))
        assert shown.count("in conflict: another version has the same time") == 3, shown
        log = node.file("a.log", "".join(map(dns, ("one.example", "two.example", "three.example"))))
        assert node.summary(log)["hits"] == 3


@test
def revocation_from_another_source_silences_and_says_since_when_and_by_whom():
    with Node() as node:
        mine = indicator(created_by_ref=CREATOR)
        node.run("indicators", "add", node.file("a.json", bundle(mine)), "--source", "A")
        revoked = indicator(day=3, created_by_ref=CREATOR, revoked=True)
        told = flat(node.said("indicators", "add", node.file("b.json", bundle(revoked)),
                              "--source", "B"))
        assert "1 revoked" in told and "conflict" not in told, told
        node.run("watch", node.file("a.log", dns("stix.example")), status=DONE)
        for wanted in (INDICATOR, "stix.example"):
            shown = flat(node.said("indicators", "show", wanted))
            assert shown.count("not watched: revoked") == 2, shown
            line = f"revoked since 2026-11-03T00:00:00Z by {CREATOR}, in what came from B"
            assert shown.count(line) == 2, shown
            (first, _) = node.json("indicators", "show", wanted)
            assert first["state"] == "revoked" and first["revocation"]["source"] == "B", first
        assert node.said("indicators", "list") == ""
        assert node.json("rebuild")[0]["same"] is True


@test
def revocation_by_somebody_else_is_told_and_silences_nothing():
    with Node() as node:
        mine = indicator(created_by_ref=CREATOR)
        node.run("indicators", "add", node.file("a.json", bundle(mine)), "--source", "A")
        revoked = indicator(day=3, revoked=True)
        told = flat(node.said("indicators", "add", node.file("b.json", bundle(revoked)),
                              "--source", "B"))
        assert f"1 in conflict: {INDICATOR}" in told, told
        shown = flat(node.said("indicators", "show", INDICATOR))
        assert "in conflict: called revoked since 2026-11-03" in shown, shown
        node.run("watch", node.file("a.log", dns("stix.example")), status=FOUND)


@test
def what_is_not_watched_is_counted_under_the_same_words_everywhere():
    with Node() as node:
        numbered = [f"{INDICATOR[:-1]}{i}" for i in range(6)]
        added = node.file("all.json", bundle(
            indicator(id=numbered[0]), indicator(id=numbered[1], revoked=True),
            indicator(id=numbered[2], valid_until="2026-11-02T00:00:00Z"),
            indicator(id=numbered[3], pattern="[file:size > 3]"),
            indicator(id=numbered[4], pattern="[file:size > 3 OR url:value = 'a.example/b']"),
            indicator(id=numbered[5]), indicator(id=numbered[5], day=2)))
        words = "3 watched (1 in part), 1 expired, 3 not watched (1 revoked, 1 superseded, " \
                "1 unwatchable)"
        assert words in flat(node.said("indicators", "add", added))
        assert words in flat(node.said("status"))
        assert words in flat(node.said("indicators", "stats"))
        tally = node.json("status")[0]["stix"]
        assert tally == node.json("indicators", "stats")[0]["stix"]
        assert (tally["watched"], tally["unwatched"], tally["expired"]) == (3, 3, 1), tally
        shown = flat(node.said("indicators", "show", *numbered))
        for line in (" watched { ", " not watched: revoked revoked since",
                     " watched in part, without: ",
                     " expired: watched for events before 2026-11-02", "superseded by a later",
                     " not watched: unwatchable: "):
            assert line in shown, (line, shown)


@test
def more_stix_values_than_an_image_has_origins_are_watched():
    with Node() as node:
        per_pattern, patterns = 3000, 23
        node.run("indicators", "add", node.file("big.json", bundle(*(
            indicator(id=f"{INDICATOR[:-2]}{i:02}", pattern="[domain-name:value IN (" + ", ".join(
                f"'{i}-{j}.example'" for j in range(per_pattern)) + ")]")
            for i in range(patterns)))))
        last = f"{patterns - 1}-{per_pattern - 1}.example"
        node.run("watch", node.file("a.log", dns(last)), status=FOUND)


@test
def indicator_that_was_removed_is_not_watched():
    with Node() as node:
        node.add(LIST)
        node.run("indicators", "add", node.file("b.json", STIX))
        assert node.json("indicators", "remove", "evil.example", INDICATOR) == [{"removed": 2}]
        log = node.file("a.log", dns("evil.example") + dns("stix.example"))
        node.run("watch", log, status=DONE)
        told = node.run("indicators", "remove", "evil.example", status=TROUBLE).stderr
        assert "evil.example" in told
        assert node.json("indicators", "remove", "--set", "list") == [{"removed": 5}]
        assert node.said("indicators", "list") == ""


@test
def indicator_that_was_removed_is_put_back_by_adding_it_again():
    with Node() as node:
        node.add(LIST)
        node.run("indicators", "add", node.file("b.json", STIX))
        node.run("indicators", "remove", "evil.example", INDICATOR)
        shown = flat(node.said("indicators", "show", INDICATOR))
        assert "not watched: removed on this node" in shown, shown
        assert "1 removed" in flat(node.said("status"))

        assert "1 new, 6 in set list" in flat(node.add(LIST).stdout)
        told = flat(node.said("indicators", "add", node.folder / "b.json"))
        assert "0 objects new, 1 known; 1 put back" in told, told
        assert node.json("indicators", "add", node.folder / "b.json")[0]["put_back"] == 0
        log = node.file("a.log", dns("evil.example") + dns("stix.example"))
        assert node.summary(log)["hits"] == 2
        assert node.json("rebuild")[0]["same"] is True
        assert node.json("verify")[0]["faults"] == 0


@test
def inputs_are_files_folders_globs_pipes_and_archives():
    text = lines(200)
    expected = None
    ways = {
        "file": ("a.log", text, "a.log", ""), "folder": ("in/deep/a.log", text, "in", ""),
        "glob": ("g/a.log", text, "g/*.log", ""), "pipe": ("b.log", text, "-", text),
        "gzip": ("a.log.gz", gzipped(text), "a.log.gz", ""),
        "zstd": ("a.log.zst", zstandard(text), "a.log.zst", ""),
        "xz": ("a.log.xz", lzma.compress(text.encode()), "a.log.xz", ""),
    }
    for way, (name, content, argument, given) in ways.items():
        with Node() as node:
            node.add(LIST)
            node.file(name, content)
            node.run("watch", argument, given=given, status=FOUND)
            folds = node.folds()
            expected = expected or folds
            assert folds == expected and len(folds) == 7, way


@test
def name_that_stands_for_no_input_stops_no_other():
    with Node() as node:
        node.add(LIST)
        log = node.file("a.log", lines(200))
        (node.folder / "deep" / "/".join("x" * 20)).mkdir(parents=True)
        for name in ("none/*.log", "none*", "none", "deep"):
            summary = node.summary("--again", log, name, status=TROUBLE)
            assert (summary["inputs_failed"], summary["hits"]) == (1, 20), (name, summary)


@test
def fold_is_shown_once_in_a_run_that_counts_nothing():
    with Node() as node:
        node.add(LIST)
        for name in ("a.log", "b.log", "c.log"):
            node.file(name, lines(200))
        told = node.json("watch", "--again", "a.log", "b.log", "c.log", status=FOUND)
        folds = [line for line in told if "indicator" in line]
        assert len(folds) == 7 and told[-1]["summary"]["folds_opened"] == 7, told[-1]
        assert told[-1]["summary"]["hits"] == 60, told[-1]


@test
def hits_of_what_is_not_watched_say_so():
    with Node() as node:
        node.add(LIST)
        done = node.run("hits", "--indicator", "evil.exampel", status=DONE)
        assert "evil.exampel is not watched" in done.stderr, done.stderr
        done = node.run("hits", "--indicator", "evil.example", status=DONE)
        assert done.stderr == "", done.stderr


@test
def format_is_told_by_the_input_or_named():
    tsv = "#separator \\x09\n#path\tdns\n#fields\tts\tid.orig_h\tquery\n1795262400\t10.0.0.5\t" \
          "evil.example\n"
    eve = '{"timestamp":"2026-11-21T12:00:00.000000+0000","event_type":"dns","src_ip":"10.0.0.5",' \
          '"dest_ip":"192.0.2.53","dns":{"type":"query","rrname":"evil.example"}}\n'
    for text, name in ((tsv, "zeek-tsv"), (eve, "eve"), (dns("evil.example"), "zeek-json")):
        for words in ((), ("--format", name)):
            with Node() as node:
                node.add(LIST)
                node.run("watch", node.file("a.log", text), *words, status=FOUND)
                assert name in node.said("status")
    with Node() as node:
        node.add(LIST)
        told = node.run("watch", node.file("a.txt", "just text\n".encode("utf-16")),
                        status=TROUBLE).stderr
        assert "its format is not known" in told
        told = node.run("watch", node.folder / "a.txt", "--format", "csv", status=TROUBLE).stderr
        assert "--format csv: not a format" in told


@test
def input_that_was_read_counts_once():
    with Node() as node:
        node.add(LIST)
        log = node.file("a.log", lines(200))
        assert node.summary(log)["hits"] == 20
        folds = node.folds()
        again = node.summary(log, status=DONE)
        assert (again["inputs"], again["inputs_skipped"], again["hits"]) == (0, 1, 0)
        assert node.summary(log, "--again")["hits"] == 20
        assert node.folds() == folds


@test
def input_that_grows_is_read_on_and_half_a_line_waits():
    text = lines(400)
    with Node() as whole, Node() as node:
        for each in (whole, node):
            each.add(LIST)
        whole.run("watch", whole.file("a.log", text), status=FOUND)
        log = node.file("a.log", text[:100])
        for size in (100, 150, 20000, 20001, 30005, len(text)):
            with open(log, "r+", encoding="utf-8") as out:
                out.seek(0, 2)
                out.write(text[out.tell():size])
            subprocess.run(node.command("watch", log), check=False, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        assert node.folds() == [fold.replace(str(whole.path), str(node.path))
                                for fold in whole.folds()]
        assert node.json("status")[0]["lines"] == 400


@test
def half_a_last_line_is_told():
    with Node() as node:
        node.add(LIST)
        log = node.file("a.log", dns("evil.example") + dns("evil.example")[:30])
        done = node.run("watch", log, status=FOUND)
        assert "its last line has no end yet: 30 bytes are left for the next run" in done.stderr
        assert "waiting: 30 bytes of last lines without end, in 1 input" in done.stdout, done.stdout
        assert node.json("status")[0]["bytes_waiting"] == 30


TSV = "#separator \\x09\n#path\tdns\n#fields\tts\tid.orig_h\tquery\n"


def row(number, query="evil.example", end="\n"):
    return f"{1795262400 + number}\t10.0.0.5\t{query}{end}"


@test
def last_line_without_an_end_is_counted_when_the_file_stays_as_it_is():
    for name, text in (("a.log", TSV + row(0) + row(1, end="")),
                       ("b.log", dns("evil.example") * 2 + dns("evil.example")[:40])):
        with Node() as node:
            node.add(LIST)
            log = node.file(name, text)
            waiting = len(text) - text.rindex("\n") - 1
            first = node.summary(log)
            assert (first["bytes_waiting"], first["inputs_waiting"]) == (waiting, 1), first
            second = node.summary(log, status=FOUND if name == "a.log" else DONE)
            assert (second["bytes_waiting"], second["lines"]) == (0, 1), second
            third = node.summary(log, status=DONE)
            assert (third["inputs_skipped"], third["lines"]) == (1, 0), third
            counted = node.json("status")[0]
            assert (counted["hits"], counted["bytes_waiting"]) == (2, 0), counted
            assert node.summary(log, "--again")["hits"] == 2
            assert node.json("rebuild")[0]["same"] is True


@test
def last_line_that_goes_on_after_it_was_counted_counts_once():
    with Node() as node:
        node.add(LIST + "10.0.0.5\n", "--even-if", "own-network")
        log = node.file("a.log", TSV + row(0, "evil.exa", end=""))
        node.run("watch", log)
        node.run("watch", log, status=FOUND)
        assert node.json("status")[0]["hits"] == 1
        with open(log, "a", encoding="utf-8") as out:
            out.write("mple\n" + row(1, "good.example"))
        summary = node.summary(log)
        assert summary["faults"] == {"grown": 1}, summary
        assert (summary["lines"], summary["hits"]) == (1, 2), summary # the name, and the new line
        assert node.json("status")[0]["lines"] == 2


@test
def last_line_of_what_has_ended_counts_at_once():
    text = TSV + row(0) + row(1, end="")
    for name, content in (("a.log.gz", gzipped(text)), ("a.log.zst", zstandard(text)), ("-", None)):
        with Node() as node:
            node.add(LIST)
            log = "-" if content is None else node.file(name, content)
            done = node.run("watch", log, "--json", given=text, status=FOUND)
            summary = json.loads(done.stdout.splitlines()[-1])["summary"]
            assert (summary["hits"], summary["bytes_waiting"]) == (2, 0), summary


@test
def archive_that_grows_by_members_gives_every_line_once():
    text = lines(300)
    with Node() as whole, Node() as node:
        for each in (whole, node):
            each.add(LIST)
        whole.run("watch", whole.file("a.log", text), status=FOUND)
        content = b""
        at = 0
        for size in (1000, 1000, 5003, 5004, 20011, len(text)):
            content += gzipped(text[at:size])
            at = size
            log = node.file("a.log.gz", content)
            subprocess.run(node.command("watch", log), check=False, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        assert node.folds() == whole.folds()
        status = node.json("status")[0]
        assert status["lines"] == 300
        assert status["inputs"] == 1, status


def rewritten(path, text):
    """As copytruncate does: the same file, emptied and written anew."""
    inode = path.stat().st_ino
    path.write_text(text)
    assert path.stat().st_ino == inode


@test
def log_that_is_truncated_and_written_anew_is_read_from_its_start():
    head = TSV + "".join(row(i, f"name-{i}.example") for i in range(200)) # more than 4 KiB
    old = head + "".join(row(300 + i, "good.example") for i in range(200))
    new = head + "".join(row(900 + i) for i in range(200))
    for size in (len(head) + 1000, len(old), len(new) + 5000): # shorter, as long, longer
        text = (new + "".join(row(2000 + i) for i in range(400)))[:size]
        text = text[:text.rindex("\n") + 1]
        text += "" if len(text) == len(old) else row(5000)
        with Node() as node:
            node.add(LIST)
            log = node.file("a.log", old)
            node.run("watch", log)
            rewritten(log, text)
            done = node.run("watch", log, status=FOUND)
            assert "holds something else than was read before" in done.stderr, done.stderr
            assert "1 rewritten since" in done.stdout, done.stdout
            status = node.json("status")[0]
            assert status["hits"] == text.count("evil.example"), status
            assert status["lines"] == old.count("\n") + text.count("\n") - 6, status
            assert node.summary(log, status=DONE)["inputs_skipped"] == 1
            assert node.json("rebuild")[0]["same"] is True


@test
def short_log_is_known_when_it_grows_and_not_when_another_takes_its_place():
    line = dns("good.example")
    with Node() as node:
        node.add(LIST)
        log = node.file("a.log", line)
        node.run("watch", log)
        for number in range(60): # over 4 KiB, in small steps
            with open(log, "a", encoding="utf-8") as out:
                out.write(dns(f"name-{number}.example"))
            summary = node.summary(log, status=DONE)
            assert (summary["lines"], summary["inputs_rewritten"]) == (1, 0), summary
        rewritten(log, line + dns("evil.example") * 3) # shorter, and it begins the same
        assert node.summary(log)["lines"] == 4
        rewritten(log, line + dns("other.example") + dns("evil.example") * 30)
        assert node.summary(log)["hits"] == 30
        assert node.json("status")[0]["inputs"] == 3


def made(path):
    """Inode and birth time of a file; 0 where the file system does not tell the latter."""
    said = subprocess.run(["stat", "-c", "%i %W", path], stdout=subprocess.PIPE, check=True, text=True)
    return said.stdout.split()


@test
def new_file_with_the_inode_and_the_first_lines_of_another_is_read_from_its_start():
    with Node() as node:
        node.add(LIST)
        log = node.file("a.log", dns("evil.example"))
        node.run("watch", log, status=FOUND)
        first = made(log)
        log.unlink()
        log.write_text(dns("evil.example") * 3)
        second = made(log)
        summary = node.summary(log)
        if second[1] == "0" and first[0] == second[0]:
            raise Skip("the file system does not tell when a file was made")
        assert summary["lines"] == 3, summary
        assert node.json("status")[0]["inputs"] == 2


@test
def file_that_is_named_twice_counts_once():
    with Node() as node:
        node.add(LIST)
        log = node.file("a.log", dns("evil.example"))
        logs = node.folder / "logs"
        logs.mkdir()
        (logs / "b.log").symlink_to(log)
        (logs / "c.log").symlink_to(log)
        done = node.run("watch", log, log, logs, status=FOUND)
        assert done.stderr.count("skipped: read before") == 3, done.stderr
        status = node.json("status")[0]
        assert (status["inputs"], status["lines"], status["hits"]) == (1, 1, 1), status


@test
def link_that_leads_back_to_a_folder_above_is_not_followed():
    with Node() as node:
        node.add(LIST)
        logs = node.folder / "logs"
        (logs / "below").mkdir(parents=True)
        (logs / "loop").symlink_to(".")
        (logs / "below" / "up").symlink_to("..")
        (logs / "below" / "a.log").write_text(dns("evil.example"))
        done = node.run("watch", logs, status=FOUND)
        assert done.stderr.count("a.log") == 0, done.stderr
        summary = node.json("watch", "--again", logs, status=FOUND)[-1]["summary"]
        assert (summary["inputs"], summary["lines"]) == (1, 1), summary


@test
def log_of_which_no_line_can_be_read_is_no_clean_log():
    good = dns("evil.example")
    with Node() as node:
        node.add(LIST)
        log = node.file("a.json", "[" + good.rstrip("\n") + ",\n" + good.rstrip("\n") + "]\n")
        done = node.run("watch", "--format", "zeek-json", log, status=TROUBLE)
        assert "a.json: none of its lines could be read" in flat(done.stderr), done.stderr
        told = node.summary("--again", "--format", "zeek-json", log, status=TROUBLE)
        assert (told["inputs_unread"], told["faults"]) == (1, {"syntax": 2}), told

        mixed = node.file("b.log", good + "torn\n")
        assert node.summary(mixed)["inputs_unread"] == 0
        with open(mixed, "a", encoding="utf-8") as out:
            out.write("torn too\n")
        told = node.summary(mixed, status=DONE)
        assert (told["inputs_unread"], told["faults"]) == (0, {"syntax": 1}), told


@test
def what_is_wrong_with_an_archive_is_told_by_its_name():
    text = dns("evil.example").encode()
    whole = (len(text) << 3 | 1).to_bytes(3, "little") + text # RFC 8878, 3.1.1.2: one raw block
    wide = b"\x28\xb5\x2f\xfd\x00\xa8" + whole # of a window of 2 GiB
    broken = bytearray(gzipped("\x01\x02 no line of any log\n"))
    broken[-8] ^= 1 # of its checksum
    with Node() as node:
        node.add(LIST)
        for name, packed, what in (("wide.zst", wide, "needs a window of more than 128 MiB"),
                                   ("broken.gz", bytes(broken), "damaged archive")):
            done = node.run("watch", node.file(name, packed), status=TROUBLE)
            assert f"read as far as it goes: {what}" in flat(done.stderr), done.stderr
            assert "format is not known" not in done.stderr, done.stderr
            told = node.summary("--again", name, status=TROUBLE)
            assert told["faults"] == {"broken-archive": 1}, told


@test
def archive_that_is_cut_is_read_as_far_as_it_goes():
    packed = gzipped(lines(5000))
    with Node() as node:
        node.add(LIST)
        log = node.file("a.log.gz", packed[:len(packed) // 2])
        done = node.run("watch", log, status=TROUBLE)
        assert "read as far as it goes: truncated archive" in done.stderr, done.stderr
        read = node.json("status")[0]["lines"]
        assert 1000 < read < 5000, read
        node.file("a.log.gz", packed)
        node.run("watch", log, status=FOUND)
        assert node.json("status")[0]["lines"] == 5000
        assert node.json("status")[0]["hits"] == 500
        assert node.json("status")[0]["faults"] == {}


@test
def lines_that_cannot_be_read_are_counted_by_reason():
    with Node() as node:
        node.add(LIST)
        text = dns("evil.example") + "{broken\n" + "{}\n" * 2 + '{"ts":"\x01"}\n' + "x" * 2000000 \
               + "\n" + dns("evil.example", second=1)
        summary = node.summary(node.file("a.log", text))
        assert summary["hits"] == 2, summary
        assert summary["faults"]["size"] == 1, summary
        assert summary["faults"]["syntax"] == 1, summary
        assert node.json("status")[0]["faults"] == summary["faults"]
        assert "not read" in node.said("status")


@test
def hits_are_filtered_by_time_kind_and_indicator():
    with Node() as node:
        node.add(LIST)
        text = dns("evil.example") + dns("www.evil.example", second=7200) \
               + dns("nothing.example", host="203.0.113.9", second=60)
        node.run("watch", node.file("a.log", text), status=FOUND)
        assert len(node.folds()) == 3
        assert len(node.folds("--kind", "domain")) == 2
        assert len(node.folds("--kind", "cidr")) == 1
        assert len(node.folds("--since", "2026-11-21T13:00:00Z")) == 1
        assert len(node.folds("--since", "2027-01-01")) == 0
        assert len(node.folds("--indicator", "EVIL[.]example")) == 2
        (first, _) = node.folds("--indicator", "evil.example")
        identity = json.loads(first)["indicator"]
        assert len(node.folds("--indicator", identity)) == 2
        assert len(node.folds("--indicator", "other.example")) == 0
        node.run("hits", "--kind", "colour", status=TROUBLE)
        node.run("hits", "--since", "yesterday", status=TROUBLE)


@test
def hits_of_a_url_are_found_by_it_with_any_scheme_or_none():
    with Node() as node:
        node.add("http://bad.example/x\nhttps://bad.example:8443/y?u=http://bad.example/x\n")
        text = "".join(json.dumps({"_path": "http", "ts": 1795262400 + i, "id.orig_h": "10.0.0.5",
                                   "id.resp_h": "192.0.2.9", "host": host, "uri": path}) + "\n"
                       for i, (host, path) in enumerate((("bad.example", "/x"), (
                           "bad.example:8443", "/y?u=http://bad.example/x"))))
        node.run("watch", node.file("a.log", text), status=FOUND)
        for scheme in ("http://", "https://", "HXXPS://", ""):
            (fold,) = node.folds("--indicator", scheme + "bad[.]example/x")
            assert json.loads(fold)["value"] == "http://bad.example/x"
            (fold,) = node.folds("--indicator", scheme + "bad.example:8443/y?u=http://bad.example/x")
            assert ":8443" in json.loads(fold)["value"]
        assert node.folds("--indicator", "http://bad.example/x?y") == []
        assert node.folds("--indicator", "http://bad.example/x", "--kind", "domain") == []
        assert len(node.folds("--indicator", "http://bad.example/x", "--kind", "url")) == 1


@test
def hits_in_json_have_the_keys_that_were_promised():
    keys = {"indicator", "value", "kind", "observed", "field", "inside", "outside", "sensor",
            "first", "last", "count", "tlp", "source"}
    with Node() as node:
        node.add(LIST, "--tlp", "GREEN")
        node.run("watch", node.file("a.log", dns("Evil.example")), "--sensor", "border-1",
                 status=FOUND)
        (fold,) = node.json("hits", status=FOUND)
        assert keys <= set(fold), keys - set(fold)
        assert fold["value"] == "evil.example" and fold["observed"] == "Evil.example"
        assert fold["sensor"] == "border-1" and fold["tlp"] == "GREEN" and fold["source"] == "Feed"
        assert fold["inside"] == "10.0.0.5" and fold["outside"] == "192.0.2.53"
        assert fold["first"] == "2026-11-21T12:00:00.000Z" and fold["count"] == 1


@test
def evidence_keeps_the_privacy_rule_and_can_be_erased():
    with Node() as node:
        node.add(LIST)
        secret = "correct horse"
        log = node.file("a.log", dns("evil.example", password=secret, user="someone"))
        node.run("watch", log, status=FOUND)
        (fold,) = node.json("hits", "--evidence", status=FOUND)
        (line,) = fold["evidence"]
        assert "someone" in line and secret not in line, line
        for folder, _, names in os.walk(node.path):
            for name in names:
                with open(os.path.join(folder, name), "rb") as kept:
                    assert secret.encode() not in kept.read(), name
        (entry,) = fold["evidence_entries"]
        shown = node.said("hits", "--evidence", status=FOUND).splitlines()
        at = shown.index(f"      journal entry {entry}:")
        assert json.loads(shown[at + 1]) == json.loads(line)
        node.run("erase", entry, "--rule", "retention: 0 days")
        (fold,) = node.json("hits", "--evidence", status=FOUND)
        assert fold["evidence"] == [] and fold["evidence_entries"] == [] and fold["count"] == 1
        assert "journal entry" not in node.said("hits", "--evidence", status=FOUND)
        assert "faults" in node.said("verify")
        assert node.json("rebuild")[0]["same"] is True


@test
def evidence_of_tsv_lines_keeps_the_privacy_rule_also_when_a_file_is_gone_on_with():
    secrets = ["correct horse", "battery=staple", "Basic c2VjcmV0"]
    names = "ts uid id.orig_h id.resp_h host username password cookie authorization".split()
    types = "time string addr addr string string string vector[string] string".split()
    head = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n" \
           "#path\thttp\n#fields\t" + "\t".join(names) + "\n#types\t" + "\t".join(types) + "\n"
    line = "\t".join(["1795262400.5", "C1", "10.0.0.{}", "192.0.2.1", "evil.example", "j.doe",
                      *secrets]) + "\n"
    with Node() as node:
        node.add(LIST)
        conf = node.path / "linie.conf"
        conf.write_text(conf.read_text().replace("[privacy]", "[privacy]\nhash = username"))
        log = node.file("http.log", head + line.format(5))
        node.run("watch", log, status=FOUND)
        with open(log, "a", encoding="ascii") as out:
            out.write(line.format(6))
        node.run("watch", log, status=FOUND)
        folds = node.json("hits", "--evidence", status=FOUND)
        assert len(folds) == 2, folds
        hashes = set()
        for fold in folds:
            (kept,) = fold["evidence"]
            columns = kept.split("\t")
            assert columns[3:5] == ["192.0.2.1", "evil.example"] and columns[6:] == ["-"] * 3, kept
            hashes.add(columns[5])
        (username,) = hashes
        assert username.startswith("hash:"), username
        for path in node.path.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            assert not any(word.encode() in content for word in [*secrets, "j.doe"]), path


@test
def verify_finds_a_changed_byte_and_rebuild_changes_nothing():
    with Node() as node:
        node.add(LIST)
        node.run("watch", node.file("a.log", lines(200)), status=FOUND)
        (good,) = node.json("verify")
        assert good["faults"] == 0 and good["files"] == 2
        assert node.json("rebuild")[0]["same"] is True
        (journal,) = (node.path / "real/journal").iterdir()
        content = bytearray(journal.read_bytes())
        content[len(content) // 2] ^= 1
        journal.write_bytes(content)
        (bad,) = node.json("verify", status=FOUND)
        assert bad["faults"] >= 1 and bad["first_fault"] > 0, bad


@test
def verify_finds_a_feed_that_was_changed_or_is_gone():
    with Node() as node:
        node.add(LIST)
        feed = next(path for path in (node.path / "real/blobs").rglob("*")
                    if path.is_file() and path.read_text(errors="ignore") == LIST)
        content = feed.read_bytes()
        feed.write_bytes(content.replace(b"evil", b"good"))
        assert node.json("verify", status=FOUND)[0]["file_faults"] == 1
        feed.unlink()
        assert node.json("verify", status=FOUND)[0]["file_faults"] == 1


class Backup:
    """A backup of three parts, with a key or without."""

    def __init__(self, node, *key):
        self.node, self.key, self.folder = node, key, node.folder / "kept"
        for i in range(3):
            node.add(f"part-{i}.example\n" * 50, name=f"list-{i}.txt")
            node.run("backup", self.folder, *key)

    def part(self, number):
        return self.folder / f"part-{number:06}.linie-backup"

    def check(self, status, *words):
        return self.node.run("verify", "--backup", self.folder, *words, node=False, cwd="/",
                             status=status)

    def refused(self, part, why):
        """The fault names the part, to people and to programs, and a restore refuses it as well."""
        said = " ".join(self.check(FOUND, *self.key).stdout.split())
        assert part.name in said and why in said, said
        told = json.loads(self.check(FOUND, "--json", *self.key).stdout)
        assert told["faults"] == 1 and part.name in told["fault"], told
        self.node.run("restore", self.folder, self.node.folder / "again", *self.key, status=TROUBLE)


@test
def backup_is_checked_without_restoring_it():
    with Node() as node:
        backup = Backup(node)
        before = sorted((path.name, path.read_bytes()) for path in backup.folder.iterdir())
        assert "all of it can be restored" in backup.check(DONE).stdout
        told = json.loads(backup.check(DONE, "--json").stdout)
        assert (told["faults"], told["parts"], told["worlds"]) == (0, 3, 1), told
        assert told["entries"] == node.json("status")[0]["entries"]
        assert before == sorted((path.name, path.read_bytes()) for path in backup.folder.iterdir())
        backup.part(3).unlink() # what is left is the backup as it was before
        assert json.loads(backup.check(DONE, "--json").stdout)["parts"] == 2


@test
def backup_that_was_changed_cut_or_robbed_of_a_part_is_told_by_the_name_of_the_part():
    for key in (False, True):
        with Node() as node:
            words = ("--key", node.file("backup.key", "a long passphrase\n")) if key else ()
            backup = Backup(node, *words)
            for number in (1, 2, 3):
                part = backup.part(number)
                whole = part.read_bytes()
                for at in (0, len(whole) // 2, len(whole) - 1):
                    part.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:])
                    backup.refused(part, "")
                part.write_bytes(whole[:-1])
                backup.refused(part, "cut short")
                part.write_bytes(whole)
                if number < 3:
                    part.unlink()
                    backup.refused(part, "is missing")
                    part.write_bytes(whole)
            backup.check(DONE, *words)


@test
def what_is_no_backup_or_has_another_key_is_trouble():
    with Node() as node:
        key = node.file("backup.key", "a long passphrase\n")
        other = node.file("other.key", "another one\n")
        backup = Backup(node, "--key", key)
        assert "--key" in backup.check(TROUBLE).stderr
        assert "right key" in backup.check(TROUBLE, "--key", other).stderr
        assert "absent.key" in backup.check(TROUBLE, "--key", node.folder / "absent.key").stderr
        assert "--key goes with --backup" in node.run("verify", "--key", key, status=TROUBLE).stderr
        node.run("backup", node.folder / "plain")
        told = node.run("verify", "--backup", "plain", "--key", key, status=TROUBLE).stderr
        assert "not encrypted" in told, told
        for folder in ("absent", node.path):
            told = node.run("verify", "--backup", folder, status=TROUBLE).stderr
            assert "folder" in told, told


@test
def database_and_index_are_made_again_where_they_are_gone():
    with Node() as node:
        node.add(LIST)
        node.run("watch", node.file("a.log", lines(200)), status=FOUND)
        folds = node.folds()
        for path in (node.path / "real").glob("linie.db*"):
            path.unlink()
        shutil.rmtree(node.path / "real/index")
        node.run("watch", node.file("b.log", dns("evil.example", "10.9.9.9")), status=FOUND)
        assert len(node.folds()) == len(folds) + 1


@test
def exercise_is_kept_apart_from_what_is_real():
    with Node() as node:
        node.run("init", "--world", "spring-2027")
        node.add(LIST, "--world", "spring-2027")
        log = node.file("a.log", lines(50))
        node.run("watch", log, status=DONE)
        node.run("watch", log, "--world", "spring-2027", status=FOUND)
        assert node.folds() == []
        assert len(node.folds("--world", "spring-2027")) > 0
        told = node.run("status", "--world", "autumn", status=TROUBLE).stderr
        assert "autumn" in told, told
        shutil.copytree(node.path / "exercises/spring-2027", node.path / "exercises/moved")
        told = node.run("status", "--world", "moved", status=TROUBLE).stderr
        assert "belongs to another world" in told, told


@test
def configured_inputs_sensors_and_networks_are_used():
    with Node() as node:
        node.add(LIST)
        node.file("logs/dns.log", dns("evil.example", host="192.0.2.77"))
        with open(node.path / "linie.conf", "a", encoding="utf-8") as conf:
            conf.write("[inside]\nnetwork = 192.0.2.64/26\n[input \"border\"]\n"
                       f"path = {node.folder}/logs\nformat = zeek-json\nsensor = border-7\n")
        node.run("watch", status=FOUND)
        (fold,) = node.json("hits", status=FOUND)
        assert fold["sensor"] == "border-7" and fold["inside"] == "192.0.2.77", fold


@test
def what_is_mistyped_is_told_with_what_was_meant():
    with Node() as node:
        told = node.run("indicator", status=TROUBLE).stderr
        assert "there is no command \"indicator\"" in told and "indicators add" in told, told
        told = node.run("hits", "--sinse", "24h", status=TROUBLE).stderr
        assert "--sinse" in told and "linie hits --help" in told, told
        told = node.run("hits", "--since", status=TROUBLE).stderr
        assert "--since needs a value" in told, told
        told = node.run("watch", "--jobs", "many", status=TROUBLE).stderr
        assert "--jobs many" in told, told
        told = node.run("watch", node.folder / "absent.log", status=TROUBLE).stderr
        assert "absent.log" in told, told
        conf = node.path / "linie.conf"
        text = conf.read_text()
        conf.write_text(text + "[watch]\njob = 3\n")
        told = node.run("status", status=TROUBLE).stderr
        line = len((text + "[watch]\njob = 3\n").splitlines())
        assert f"line {line}" in told and "\"job\"" in told and "\"jobs\" in [watch]" in told, told
        conf.write_text(text + "[marking]\ndefault = PURPLE\n")
        told = node.run("status", status=TROUBLE).stderr
        assert "not a TLP label" in told, told


@test
def help_of_every_command_fits_one_screen_and_has_an_example():
    with Node() as node:
        listed = names_in(node.said("--help", node=False))
        assert len(listed) >= 14, listed
        for name in listed:
            text = node.said(*name.split(), "--help", node=False)
            shown = text.splitlines()
            assert len(shown) <= 24, (name, len(shown))
            assert max(map(len, shown)) <= 100, (name, max(shown, key=len))
            assert any(line.startswith("  linie ") for line in shown), name
        everything = node.said("--help", node=False).splitlines()
        assert len(everything) <= 24 and max(map(len, everything)) <= 100


@test
def output_that_nobody_takes_is_trouble_and_not_a_crash():
    with Node() as node:
        node.add("".join(f"host-{i}.example\n" for i in range(20000)))
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run(node.command("indicators", "list"), stdout=full, check=False,
                                  stderr=subprocess.PIPE, text=True)
        assert done.returncode == TROUBLE, done
        assert "cannot write" in done.stderr, done.stderr


@test
def program_says_its_version():
    done = subprocess.run([PROGRAM, "--version"], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.startswith("linie 0."), done.stdout


run_all()
