#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""What a node tells Prometheus, read by a strict reader.

    tests/node/metrics.py PROGRAM
"""

import re
import signal
import socket
import subprocess
import time

from ground import DONE, FOUND, SOURCE, TROUBLE, Node, dns, run_all, test
from prometheus import asked, families_of, value

WAIT_S = 60
UNITS = ("_total", "_bytes", "_entries", "_events", "_timestamp_seconds", "_info")
PLAIN = ("linie_inputs", "linie_indicators", "linie_folds", "linie_folds_open",
         "linie_folds_untouched", "linie_notices_open", "linie_output_failing", "linie_role_up")


def configure(node, text):
    conf = node.path / "linie.conf"
    conf.write_text(conf.read_text() + text)


def metrics(node):
    return families_of(node.said("status", "--metrics"))


@test
def metrics_of_a_new_node_can_be_read_and_are_all_of_linie():
    with Node() as node:
        families = metrics(node)
        for name, family in families.items():
            assert name.startswith("linie_"), name
            assert name.endswith(UNITS) or name in PLAIN, f"{name}: no unit"
            assert family.help.endswith("."), family.help
        assert value(families, "linie_hits_total") == 0
        assert value(families, "linie_journal_unapplied_entries") == 0
        status = node.json("status")[0]
        assert value(families, "linie_journal_entries_total") == status["entries"]
        assert value(families, "linie_node_info", identity=status["identity"], world="real") == 1
        assert 0 < value(families, "linie_disk_free_bytes") \
            <= value(families, "linie_disk_size_bytes")


@test
def metrics_count_what_status_and_hits_count():
    with Node() as node:
        node.add("evil.example\n192.0.2.7\n")
        text = "".join(dns("evil.example" if i < 5 else "good.example", f"10.0.0.{i}", i)
                       for i in range(20)) + "not json\n"
        node.run("watch", node.file("dns.log", text), "--sensor", "border", status=FOUND)
        families = metrics(node)
        status = node.json("status")[0]
        labels = {"format": "zeek-json", "sensor": "border"}
        assert value(families, "linie_inputs", **labels) == 1
        assert value(families, "linie_input_lines_total", **labels) == status["lines"] == 21
        assert value(families, "linie_input_observations_total", **labels) \
            == status["observations"]
        assert value(families, "linie_input_bytes_total", **labels) == len(text)
        faults = {dict(key)["reason"]: count
                  for key, count in families["linie_input_faults_total"].samples.items()}
        assert faults == status["faults"] and faults, faults
        assert value(families, "linie_hits_total") == status["hits"] == 5
        assert sum(families["linie_folds"].samples.values()) == status["folds"] == 5
        assert sum(families["linie_folds_open"].samples.values()) == status["folds_open"]
        assert sum(families["linie_folds_untouched"].samples.values()) == 5
        assert value(families, "linie_indicators", kind="domain") == 1
        assert value(families, "linie_indicators", kind="ipv4") == 1


@test
def metrics_hold_hostile_names_and_show_no_value():
    with Node() as node:
        sensor = 'a"} 1 \\ {b="é'
        node.add("evil.example\n")
        (node.path / "out").mkdir()
        configure(node, '\n[output "a\\b"]\nkind = file\npath = out/hits.ndjson\n')
        node.run("watch", node.file("dns.log", dns("evil.example")), "--sensor", sensor,
                 status=FOUND)
        said = node.said("status", "--metrics")
        families = families_of(said)
        assert value(families, "linie_input_lines_total", format="zeek-json", sensor=sensor) == 1
        assert value(families, "linie_output_failing", output="a\\b") == 0
        assert value(families, "linie_output_delivered_total", output="a\\b") >= 1
        assert value(families, "linie_output_last_delivery_timestamp_seconds", output="a\\b") > 0
        assert "evil" not in said and "10.0.0.5" not in said


@test
def output_that_fails_is_told():
    with Node() as node:
        node.add("evil.example\n")
        configure(node, '\n[output "agent"]\nkind = unix\npath = nobody.sock\n')
        node.run("watch", node.file("dns.log", dns("evil.example")), status=FOUND)
        families = metrics(node)
        assert value(families, "linie_output_failing", output="agent") == 1
        assert value(families, "linie_output_behind_events", output="agent") >= 1


@test
def address_that_is_not_local_is_refused_with_file_and_line():
    with Node() as node:
        conf = node.path / "linie.conf"
        before = conf.read_text()
        for wrong in ("0.0.0.0:9417", "192.0.2.1:9417", "127.0.0.1", "unix:", "metrics.sock"):
            conf.write_text(before + f"\n[metrics]\nlisten = {wrong}\n")
            told = node.run("status", status=TROUBLE).stderr
            assert "linie.conf: line " in told and wrong in told, told
        for right in ("127.0.0.1:9417", "[::1]:9417", "unix:metrics.sock"):
            conf.write_text(before + f"\n[metrics]\nlisten = {right}\n")
            node.run("status", status=DONE)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Watch:
    """A watch that follows a log and gives metrics."""

    def __init__(self, node, listen):
        configure(node, f"\n[metrics]\nlisten = {listen}\n")
        node.add("evil.example\n")
        self.node = node
        self.log = node.file("dns.log", "")
        self.process = node.start("watch", "--follow", self.log, "--quiet", "--sensor", "border",
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for(lambda: (node.path / "real/linie.sock").exists(), "the watch to begin")

    def write(self, text):
        with open(self.log, "a", encoding="utf-8") as out:
            out.write(text)

    def families(self, place):
        head, body = asked(place)
        assert head.startswith("HTTP/1.1 200 ") and "text/plain; version=0.0.4" in head, head
        return families_of(body)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        _, told = self.process.communicate(timeout=WAIT_S)
        assert self.process.returncode == DONE, told
        return told


def wait_for(condition, what):
    for _ in range(WAIT_S * 100):
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError(f"waited {WAIT_S} s for {what}")


def listens(path):
    """Whether somebody takes connections at a socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        try:
            channel.connect(str(path))
            return True
        except (FileNotFoundError, ConnectionRefusedError):
            return False


@test
def watch_gives_metrics_over_a_socket_of_the_node():
    with Node() as node:
        watch = Watch(node, "unix:metrics.sock")
        place = str(node.path / "metrics.sock")
        wait_for(lambda: listens(place), "the socket")
        families = watch.families(place)
        assert value(families, "linie_watch_lines_total") == 0
        assert not families["linie_watch_newest_line_timestamp_seconds"].samples
        roles = {dict(key)["role"]: up for key, up in families["linie_role_up"].samples.items()}
        assert roles == {"store": 1, "watch": 1, "intake": 0, "fetch": 0, "web": 1}, roles
        before = time.time()
        watch.write(dns("evil.example") + dns("good.example"))
        labels = {"format": "zeek-json", "sensor": "border"}

        def read():
            lines = watch.families(place)["linie_input_lines_total"].samples
            return lines.get(tuple(sorted(labels.items()))) == 2

        wait_for(read, "the lines")
        families = watch.families(place)
        assert value(families, "linie_watch_lines_total") == 2
        assert value(families, "linie_hits_total") == 1
        assert before - 1 < value(families, "linie_watch_newest_line_timestamp_seconds") \
            < time.time() + 1
        assert value(families, "linie_watch_start_timestamp_seconds") < before
        kept = watch.node.said("status", "--metrics")
        assert families_of(kept)["linie_folds"].samples == families["linie_folds"].samples
        assert (node.path / "metrics.sock").stat().st_mode & 0o777 == 0o660
        watch.end()
        assert not (node.path / "metrics.sock").exists()


@test
def watch_gives_metrics_on_loopback():
    with Node() as node:
        port = free_port()
        watch = Watch(node, f"127.0.0.1:{port}")
        for _ in range(3):
            assert value(watch.families(("127.0.0.1", port)), "linie_role_up", role="web") == 1
        watch.end()


@test
def socket_outside_of_the_node_stays_when_the_configuration_is_read_again():
    with Node() as node:
        place = str(node.folder / "metrics.sock")
        for _ in range(2): # the second finds what the first could not remove
            watch = Watch(node, f"unix:{place}")
            wait_for(lambda: listens(place), "the socket")
            started = value(watch.families(place), "linie_watch_start_timestamp_seconds")
            watch.process.send_signal(signal.SIGHUP)

            def again():
                try:
                    families = watch.families(place)
                except (AssertionError, OSError):
                    return False # the web process is being replaced
                return value(families, "linie_watch_start_timestamp_seconds") > started

            wait_for(again, "another run")
            watch.end()


@test
def watch_goes_on_where_somebody_else_listens():
    with Node() as node, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        watch = Watch(node, f"127.0.0.1:{other.getsockname()[1]}")
        watch.write(dns("evil.example"))
        wait_for(lambda: node.json("status")[0]["hits"] == 1, "the hit")
        assert "no metrics are given" in watch.end()


@test
def every_family_is_in_the_manual_of_metrics():
    text = (SOURCE / "docs/format/metrics.md").read_text()
    source = (SOURCE / "src/node/metrics.c").read_text()
    described = set(re.findall(r"^\| `(linie_[a-z_]+)`", text, re.MULTILINE))
    written = set(re.findall(r'"(linie_[a-z_]+)"', source))
    assert described == written, described ^ written


run_all()
