#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""`linie selftest`, without a watch and beside one that runs: what it reports, and what it leaves
behind.

    tests/node/selftest.py PROGRAM
"""

import json
import re
import signal
import subprocess
import time

from ground import DONE, FOUND, REFUSALS, TROUBLE, Node, dns, run_all, test

STEPS = ["index", "read", "match", "fold", "journal"]
WAIT_S = 60
DOMAIN = "linie-selftest.invalid"


def wait_for(condition, what):
    for _ in range(WAIT_S * 100):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError(f"waited {WAIT_S} s for {what}")


def configure(node, text):
    conf = node.path / "linie.conf"
    conf.write_text(conf.read_text() + text)


def counted(node):
    """All that is counted, but for the journal and what stands in it for good."""
    status = node.json("status")[0]
    for name in ("entries", "applied", "head", "outputs"):
        del status[name]
    return status


def check_report(report, street):
    assert [step["step"] for step in report["steps"]] == STEPS, report
    assert all(step["us"] >= 0 for step in report["steps"]), report
    assert report["street"] == street and report["entry"] > 0, report
    assert re.fullmatch(r"[0-9a-f]{16}", report["selftest"]), report


class Watch:
    """A watch that follows a log."""

    def __init__(self, node, *words):
        self.node = node
        self.log = node.file("dns.log", dns("good.example"))
        self.process = node.start("watch", "--follow", self.log, "--quiet", *words,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for(lambda: node.json("status")[0]["lines"] == 1, "the watch to begin")

    def write(self, text):
        with open(self.log, "a", encoding="utf-8") as out:
            out.write(text)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=WAIT_S)
        assert self.process.returncode == DONE, self.process.returncode


@test
def test_goes_through_a_street_of_its_own_and_leaves_one_notice():
    with Node() as node:
        node.add("evil.example\n")
        before, entries = counted(node), node.json("status")[0]["entries"]
        report = node.json("selftest")[0]
        check_report(report, "own")
        assert report["passed"] is True and report["outputs"] == []
        assert counted(node) == before
        assert node.json("status")[0]["entries"] == report["entry"] == entries + 1
        assert node.folds() == []
        said = node.said("selftest")
        assert "no watch runs" in said
        for step in STEPS:
            assert re.search(rf"^  {step} +[0-9]+\.[0-9]{{3}} ms ", said, re.MULTILINE), said
        node.run("verify")
        assert node.json("rebuild")[0]["same"] is True


@test
def test_goes_through_the_watch_that_runs_which_counts_its_own_lines_only():
    with Node() as node:
        node.add("evil.example\n")
        watch = Watch(node)
        for _ in range(3):
            check_report(node.json("selftest")[0], "running")
        watch.write(dns("evil.example") + dns("good.example"))
        wait_for(lambda: node.json("status")[0]["lines"] == 3, "the lines")
        check_report(node.json("selftest")[0], "running")
        status = node.json("status")[0]
        assert (status["lines"], status["hits"], status["inputs"]) == (3, 1, 1), status
        watch.end()
        assert counted(node)["hits"] == 1


@test
def outputs_get_the_test_marked_as_that_and_the_report_says_how():
    with Node() as node:
        (node.path / "out").mkdir()
        configure(node, '\n[output "lines"]\nkind = file\npath = out/hits.ndjson\n'
                        '[output "found"]\nkind = file\npath = out/found.ndjson\nevents = opened\n')
        for running in (False, True):
            watch = Watch(node) if running else None
            report = node.json("selftest")[0]
            if watch:
                watch.end()
            states = {output["output"]: output["state"] for output in report["outputs"]}
            assert states == {"lines": "delivered", "found": "passed-over"}, report
            assert report["outputs"][0]["us"] >= 0 and report["passed"] is True
            told = [json.loads(line)
                    for line in (node.path / "out/hits.ndjson").read_text().splitlines()]
            assert (told[-1]["event"], told[-1]["type"]) == ("test", "selftest"), told
            assert told[-1]["subject"] == report["selftest"]
        assert not (node.path / "out/found.ndjson").exists() \
            or (node.path / "out/found.ndjson").read_text() == ""


@test
def output_that_fails_is_told_with_its_reason_and_a_status_of_its_own():
    with Node() as node:
        configure(node, '\n[output "agent"]\nkind = unix\npath = nobody.sock\n')
        for running in (False, True):
            watch = Watch(node) if running else None
            report = node.json("selftest", status=REFUSALS)[0]
            if watch:
                watch.end()
            assert report["passed"] is False
            assert report["outputs"][0]["state"] == "fails", report
            assert "nobody.sock" in report["outputs"][0]["fault"], report
            assert [step["step"] for step in report["steps"]] == STEPS


@test
def indicator_of_the_test_is_in_no_list_and_in_no_export():
    with Node() as node:
        node.add("evil.example\n")
        node.run("selftest")
        for words in (("indicators", "list"), ("indicators", "stats"), ("hits",),
                      ("export", "--format", "plain"), ("export", "--format", "rpz")):
            done = subprocess.run(node.command(*words), cwd=node.folder, env=node.environment(),
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  check=False)
            assert DOMAIN not in done.stdout + done.stderr, words
        assert node.json("indicators", "stats")[0]["indicators"] == 1


@test
def who_asks_for_the_name_of_the_test_is_no_hit():
    with Node() as node:
        node.add("evil.example\n")
        log = node.file("dns.log", dns(f"0123456789abcdef.{DOMAIN}") + dns(DOMAIN)
                        + dns("evil.example"))
        summary = node.summary(log)
        assert (summary["lines"], summary["hits"]) == (3, 1), summary
        assert len(node.folds()) == 1 and DOMAIN not in node.folds()[0]
        again = node.summary("--again", log)
        assert again["hits"] == 1, again


@test
def indicators_that_the_line_of_the_test_meets_are_not_hit_by_it():
    with Node() as node:
        node.run("indicators", "add", node.file("own.txt", f"192.0.2.1\n192.0.2.53\n{DOMAIN}\n"),
                 "--source", "Feed", "--even-if", "special-address", status=DONE)
        assert node.json("indicators", "stats")[0]["indicators"] == 3
        check_report(node.json("selftest")[0], "own")
        assert counted(node)["hits"] == 0
        log = node.file("dns.log", dns(DOMAIN))
        assert node.summary(log, status=FOUND)["hits"] == 2 # what the feed says counts


@test
def watch_that_counts_nothing_takes_no_test():
    with Node() as node:
        pipe = node.start("watch", "--again", "-", stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for(lambda: (node.path / "real/linie.sock").exists(), "the watch to begin")
        told = node.run("selftest", status=TROUBLE).stderr
        assert "--again" in told, told
        pipe.communicate("", timeout=WAIT_S)


run_all()
