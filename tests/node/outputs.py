#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Outputs: what is sent, to whom, and that it arrives at least once whatever happens.

    tests/node/outputs.py PROGRAM

LINIE_TEST_SEED repeats a run.
"""

import json
import os
import pathlib
import random
import shutil
import signal
import stat
import subprocess
import time

from ground import DONE, FOUND, TROUBLE, Skip, held_by, lines, run_all, test
from receivers import (LineSocket, SyslogServer, UdpServer, WebServer, free_port, syslog_read, wait_for)
from sender import LIST, Pipe, Sender, dns, ids, opened

SEED = int(os.environ.get("LINIE_TEST_SEED", time.time_ns()))
RANDOM = random.Random(SEED)
print(f"# seed {SEED}")


# ---- what goes out ----

@test
def hits_go_to_a_file_in_order_with_ids_of_their_own():
    with Sender() as node:
        node.lines_output().add(LIST)
        node.watch(node.many(50))
        events = opened(node.written())
        assert [event["inside"] for event in events] == [f"10.1.0.{i}" for i in range(50)]
        assert len(set(ids(events))) == 50
        fold = json.loads(node.folds()[0])
        assert fold.pop("state") == "new" # what people do with a hit is not sent
        event = next(event for event in events if event["inside"] == fold["inside"])
        assert {key: event[key] for key in fold} == fold
        mode = stat.S_IMODE(os.stat(node.path / "out/lines.ndjson").st_mode)
        assert mode == 0o600, oct(mode)
        row = node.stands("lines")
        assert (row["behind"], row["delivered"]) == (0, len(node.written())), row


@test
def what_was_sent_is_not_sent_again_by_the_next_run():
    with Sender() as node:
        node.lines_output().add(LIST)
        node.watch(node.many(5))
        first = node.written()
        node.watch(dns("evil.example", "10.9.9.9"), name="b.log")
        events = node.written()
        assert events[:len(first)] == first
        assert [event["inside"] for event in opened(events[len(first):])] == ["10.9.9.9"]


@test
def new_output_begins_with_what_comes_next_or_with_the_journal():
    with Sender() as node:
        node.add(LIST)
        node.watch(node.many(3))
        node.lines_output("now").lines_output("all", begin="start")
        node.watch(dns("evil.example", "10.9.9.9"), name="b.log")
        assert [event["inside"] for event in opened(node.written("now"))] == ["10.9.9.9"]
        assert len(opened(node.written("all"))) == 4


@test
def hit_is_told_when_it_opens_and_when_it_is_closed():
    with Sender() as node:
        node.lines_output(events="opened closed").lines_output("every", events="opened grown closed")
        node.add(LIST)
        old = 1600000000
        node.watch(dns("evil.example", ts=old) * 3)
        node.watch(dns("evil.example", ts=old + 60) * 2, name="b.log")
        told = [(event["event"], event["count"]) for event in node.written()]
        assert told[0] == ("opened", 3) and told[-1] == ("closed", 5), told
        assert all(word in ("opened", "closed") for word, _ in told), told
        assert ("grown", 5) in [(event["event"], event["count"]) for event in node.written("every")]
        names = {event["hit"] for event in node.written()}
        assert len(names) == 1, names


@test
def label_beyond_that_of_an_output_is_never_sent_there():
    with Sender() as node:
        labels = ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]
        for i, label in enumerate(labels):
            node.lines_output(f"to-{i}", tlp=label)
            node.add(f"evil-{i}.example\n", "--tlp", label, name=f"list-{i}.txt")
        node.lines_output("preset")
        node.watch("".join(dns(f"evil-{i}.example", second=i) for i in range(len(labels))))
        for i, label in enumerate(labels):
            got = [event["tlp"] for event in opened(node.written(f"to-{i}"))]
            assert got == labels[:i + 1], (label, got)
        got = [event["tlp"] for event in opened(node.written("preset"))]
        assert got == labels[:4], f"RED only where it is stated: {got}"


@test
def object_with_a_marking_that_nobody_knows_goes_nowhere():
    indicator = {"type": "indicator", "spec_version": "2.1", "pattern_type": "stix",
                 "id": "indicator--11111111-2222-4222-8222-000000000002",
                 "created": "2026-11-01T00:00:00.000Z", "modified": "2026-11-01T00:00:00.000Z",
                 "valid_from": "2026-11-01T00:00:00Z", "pattern": "[domain-name:value = 'evil.example']",
                 "object_marking_refs": ["marking-definition--11111111-2222-4222-8222-000000000001"]}
    with Sender() as node:
        node.lines_output(tlp="RED")
        text = json.dumps({"type": "bundle", "id": "bundle--11111111-2222-4222-8222-000000000003",
                           "objects": [indicator]})
        node.run("indicators", "add", node.file("b.json", text))
        node.watch(dns("evil.example"))
        assert len(node.folds()) == 1
        assert opened(node.written()) == [], node.written()


@test
def output_gets_only_the_indicators_and_events_it_is_configured_for():
    with Sender() as node:
        node.lines_output("names", indicators="domain url").lines_output("rest", indicators="ipv4")
        node.lines_output("ends", events="closed").add(LIST + "192.0.2.53\n")
        node.watch(dns("evil.example", ts=1600000000))
        assert {event["kind"] for event in node.written("names")} == {"domain"}
        assert {event["kind"] for event in node.written("rest")} == {"ipv4"}
        assert {event["event"] for event in node.written("ends")} == {"closed"}


@test
def hit_of_little_rank_is_sent_when_it_has_risen():
    """Denied traffic matters less than traffic that got through; the limit lies between."""
    def line(action, second):
        return json.dumps({"timestamp": f"2026-11-21T12:00:{second:02}.000000+0000",
                           "event_type": "alert", "src_ip": "10.0.0.5", "src_port": 1,
                           "dest_ip": "198.51.100.7", "dest_port": 443, "proto": "TCP",
                           "alert": {"action": action, "signature": "x", "signature_id": 1, "gid": 1,
                                     "rev": 1, "category": "", "severity": 3}}) + "\n"
    with Sender() as node:
        node.lines_output("all", rank=0)
        node.add("198.51.100.7\n")
        node.watch(line("blocked", 1), name="a.json")
        low = node.written("all")[0]["rank"]
        node.watch(line("allowed", 2), name="b.json")
        high = max(event["rank"] for event in node.written("all") + [json.loads(node.folds()[0])])
        if low == high:
            raise Skip(f"both lines have rank {low}")
    with Sender() as node:
        node.lines_output(rank=high).lines_output("none", rank=high + 1).add("198.51.100.7\n")
        node.watch(line("blocked", 1), name="a.json")
        assert node.written() == []
        node.watch(line("allowed", 2), name="b.json")
        events = [event for event in node.written() if event["event"] != "closed"]
        assert [(event["event"], event["rank"]) for event in events] == [("grown", high)], events
        assert node.written("none") == []


@test
def exercise_is_not_sent_to_outputs_for_what_is_real():
    with Sender() as node:
        node.lines_output().lines_output("both", exercises="yes")
        node.run("init", "--world", "flood", node.path, node=False)
        node.run("--world", "flood", "indicators", "add", node.file("l.txt", LIST))
        node.run("--world", "flood", "watch", node.file("a.log", dns("evil.example")), "--quiet",
                 status=FOUND)
        assert node.written() == []
        assert [event["world"] for event in node.written("both")] == ["flood"]


# ---- at least once, whatever happens ----

def check_all_told(node, events, count):
    """Every fold was told, in the order of the journal; what came twice bears one id."""
    first = {}
    for event in events:
        first.setdefault(event["event_id"], event)
    told = opened(first.values())
    assert len(told) == count, (len(told), count)
    assert len({event["inside"] for event in told}) == count
    entries = [event["entry"] for event in first.values()]
    assert entries == sorted(entries)
    assert len(node.folds()) == count


@test
def receiver_that_was_down_gets_everything_when_it_is_back():
    port = free_port()
    with Sender() as node:
        node.output("siem", kind="syslog", url=f"tcp://127.0.0.1:{port}").add(LIST)
        node.watch(node.many(30))
        row = node.stands("siem")
        assert row["behind"] >= 30 and "fault" in row and row["delivered"] == 0, row
        told = node.said("status")
        assert "siem" in told and "behind" in told and "fails since" in told, told
        with SyslogServer(port=port) as receiver:
            node.watch(dns("evil.example", "10.9.9.9"), name="b.log")
            wait_for(lambda: len(receiver.messages) >= 31, "all messages")
            hosts = [syslog_read(message)["params"]["inside"] for message in receiver.messages
                     if b'event="opened"' in message]
        assert hosts == [f"10.1.0.{i}" for i in range(30)] + ["10.9.9.9"], hosts
        row = node.stands("siem")
        assert row["behind"] == 0 and "fault" not in row, row


@test
def receiver_that_comes_back_while_the_watch_runs_gets_everything():
    port = free_port()
    with Sender() as node:
        node.output("siem", kind="syslog", url=f"tcp://127.0.0.1:{port}").add(LIST)
        with Pipe(node) as pipe:
            pipe.write(node.many(20))
            wait_for(lambda: "fault" in node.stands("siem"), "a failure")
            with SyslogServer(port=port) as receiver:
                wait_for(lambda: len(receiver.messages) == 20, "all messages")
                wait_for(lambda: node.stands("siem")["behind"] == 0, "nothing behind")
                pipe.end()


@test
def receiver_that_hangs_up_in_the_middle_gets_the_rest_by_another_connection():
    with Sender() as node, SyslogServer(hang_up_after=7) as receiver:
        node.output("siem", kind="syslog", url=f"tcp://127.0.0.1:{receiver.port}").add(LIST)
        node.watch(node.many(40))
        told = [syslog_read(message)["params"] for message in receiver.messages]
        assert receiver.accepted >= 2
        assert {params["inside"] for params in told} >= {f"10.1.0.{i}" for i in range(40)}
        assert len({params["event_id"] for params in told if params["event"] == "opened"}) == 40


@test
def output_that_hangs_holds_no_other():
    with Sender() as node, WebServer(answers=["hang"] * 9) as hanging:
        node.output("slow", kind="webhook", url=f"http://127.0.0.1:{hanging.port}/").lines_output()
        node.add(LIST)
        with Pipe(node) as pipe:
            pipe.write(node.many(10))
            wait_for(lambda: len(node.written()) == 10, "the file")
            assert node.stands("slow")["delivered"] == 0
            pipe.write(dns("evil.example", "10.9.9.9"))
            wait_for(lambda: len(node.written()) == 11, "the file")
            hanging.answers.clear()
            hanging.released.set()
            wait_for(lambda: node.stands("slow")["behind"] == 0, "the slow one")
            pipe.end()


@test
def fetch_process_that_is_killed_again_and_again_loses_nothing():
    with Sender() as node, SyslogServer() as receiver:
        node.output("siem", kind="syslog", url=f"tcp://127.0.0.1:{receiver.port}").lines_output()
        node.add(LIST)
        node.hosts_max(1000)
        with Pipe(node) as pipe:
            for round_number in range(6):
                pipe.write("".join(dns("evil.example", f"10.{round_number}.0.{i}") for i in range(40)))
                time.sleep(RANDOM.random() * 0.6)
                os.kill(pipe.fetch(), signal.SIGKILL)
            wait_for(lambda: all(row["behind"] == 0 for row in node.json("output", "list")),
                     "nothing behind")
            pipe.end()
        check_all_told(node, node.written(), 240)
        told = [syslog_read(message)["params"] for message in receiver.messages]
        assert len({params["event_id"] for params in told}) == 240


@test
def watch_that_is_killed_again_and_again_loses_nothing():
    with Sender() as node, SyslogServer() as receiver:
        node.output("siem", kind="syslog", url=f"tcp://127.0.0.1:{receiver.port}").lines_output()
        node.add(LIST)
        node.hosts_max(1000)
        for round_number in range(6):
            text = "".join(dns("evil.example", f"10.{round_number}.0.{i}", i) for i in range(40))
            log = node.file(f"{round_number}.log", text)
            process = node.start("watch", log, "--quiet", stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
            time.sleep(RANDOM.random() * 0.3)
            process.kill()
            process.communicate()
        node.watch(dns("evil.example", "10.9.9.9"), name="last.log",
                   also=[node.folder / f"{i}.log" for i in range(6)])
        check_all_told(node, node.written(), 241)
        told = [syslog_read(message)["params"] for message in receiver.messages]
        assert len({params["event_id"] for params in told if params["event"] == "opened"}) == 241
        assert node.json("rebuild")[0]["same"] is True


@test
def cursors_stay_when_what_is_derived_is_made_anew():
    with Sender() as node:
        node.lines_output().add(LIST)
        node.watch(node.many(5))
        before = node.written()
        node.run("rebuild")
        node.watch("", name="b.log", status=DONE)
        assert node.written() == before


@test
def node_that_was_restored_sends_what_comes_next():
    with Sender() as node:
        node.lines_output().add(LIST)
        node.watch(node.many(3))
        node.run("backup", node.folder / "backup")
        node.watch(node.many(30), name="b.log")
        shutil.rmtree(node.path)
        node.run("restore", node.folder / "backup", node.path, node=False)
        node.watch(dns("evil.example", "10.9.9.9"), name="c.log")
        assert [event["inside"] for event in opened(node.written())] == ["10.9.9.9"]


@test
def memory_of_the_fetch_process_stays_small_however_much_is_behind():
    with Sender() as node:
        node.output("siem", kind="syslog", url=f"tcp://127.0.0.1:{free_port()}").add(LIST)
        node.hosts_max(100_000)
        with Pipe(node) as pipe:
            pipe.write(node.many(20_000))
            wait_for(lambda: node.json("status")[0]["folds"] == 20_000, "all folds")
            text = pathlib.Path(f"/proc/{pipe.fetch()}/status").read_text(encoding="ascii")
            size_kb = int(text.split("VmData:")[1].split()[0])
            held_kb = int(text.split("RssAnon:")[1].split()[0])
            assert node.stands("siem")["behind"] == 20_000
            if "ASAN_OPTIONS" not in os.environ:
                assert held_kb < 16 * 1024, (held_kb, size_kb)
            pipe.process.kill()


# ---- files ----

@test
def file_is_rotated_by_size_and_the_oldest_goes():
    with Sender() as node:
        node.lines_output(size_max="2K", keep=3).add(LIST)
        for i in range(12):
            node.watch(dns("evil.example", f"10.2.0.{i}"), name=f"{i}.log")
        names = sorted(path.name for path in (node.path / "out").iterdir())
        assert names == ["lines.ndjson"] + [f"lines.ndjson.{i}" for i in range(1, 4)], names
        hosts = []
        for name in ["lines.ndjson.3", "lines.ndjson.2", "lines.ndjson.1", "lines.ndjson"]:
            path = node.path / "out" / name
            assert path.stat().st_size <= 2048
            hosts += [json.loads(line)["inside"] for line in path.read_text().splitlines()]
        assert hosts == [f"10.2.0.{i}" for i in range(12 - len(hosts), 12)], hosts


@test
def file_that_somebody_takes_away_is_made_anew():
    with Sender() as node:
        node.lines_output(mode=640).add(LIST)
        with Pipe(node) as pipe:
            pipe.write(dns("evil.example", "10.0.0.1"))
            wait_for(lambda: len(node.written()) == 1, "the first")
            (node.path / "out/lines.ndjson").rename(node.path / "out/taken")
            pipe.write(dns("evil.example", "10.0.0.2"))
            wait_for(lambda: len(node.written()) == 1, "the second")
            assert node.written()[0]["inside"] == "10.0.0.2"
            mode = stat.S_IMODE(os.stat(node.path / "out/lines.ndjson").st_mode)
            assert mode == 0o640, oct(mode)
            pipe.end()


@test
def line_that_was_torn_is_ended_and_comes_again_whole():
    with Sender() as node:
        node.lines_output().add(LIST)
        (node.path / "out").mkdir()
        (node.path / "out/lines.ndjson").write_text('{"event":"open')
        node.watch(dns("evil.example"))
        torn, whole = (node.path / "out/lines.ndjson").read_text().splitlines()
        assert torn == '{"event":"open' and json.loads(whole)["event"] == "opened"


@test
def folder_that_is_gone_for_a_while_costs_nothing():
    with Sender() as node:
        node.lines_output().add(LIST)
        with Pipe(node) as pipe:
            pipe.write(dns("evil.example", "10.0.0.1"))
            wait_for(lambda: len(node.written()) == 1, "the first")
            while (node.path / "out").exists(): # its file may be made anew meanwhile
                shutil.rmtree(node.path / "out", ignore_errors=True)
            pipe.write(dns("evil.example", "10.0.0.2"))
            wait_for(lambda: "fault" in node.stands("lines"), "a failure")
            (node.path / "out").mkdir(mode=0o700)
            wait_for(lambda: len(node.written()) == 1, "the second")
            pipe.end()


@test
def file_in_the_nodes_own_folder_is_refused():
    with Sender() as node:
        for i, path in enumerate(["hits.ndjson", node.path / "x", node.folder / "x", "real/../y"]):
            node.output(f"bad-{i}", kind="file", path=path)
        node.lines_output().add(LIST)
        node.watch(dns("evil.example"))
        for i in range(4):
            assert "the node itself lies in" in node.stands(f"bad-{i}")["fault"]
        assert len(node.written()) == 1


@test
def folder_that_is_missing_is_made_with_those_above_it_or_said_to_be_missing():
    with Sender() as node:
        far, later = node.folder / "far/off/here/hits.ndjson", node.folder / "later/on/hits.ndjson"
        node.output("far", kind="file", path=far).output("near", kind="file", path="a/b/c/hits.ndjson")
        node.output("wrong", kind="file", path="real/a/b/hits.ndjson").add(LIST)
        log = node.file("a.log", dns("evil.example", "10.0.0.1"))
        process = node.start("watch", "--follow", log, "--quiet", stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE)

        def told(words):
            line = process.stderr.readline()
            while words not in line:
                assert line, "the watch ended"
                line = process.stderr.readline()
            return line

        try:
            assert 'output "wrong" waits' in told("is for the node alone")
            for path in (far, node.path / "a/b/c/hits.ndjson"):
                wait_for(lambda path=path: path.exists() and path.read_text().count("\n") == 1, path)
                assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            assert not (node.path / "real/a").exists()
            node.output("later", kind="file", path=later, begin="start")
            process.send_signal(signal.SIGHUP)
            assert f"there is no folder {later.parent.parent}, and a watch that runs makes none" in told('"later" waits')
            later.parent.mkdir(parents=True)
            wait_for(lambda: later.exists() and later.read_text().count("\n") == 1, "the output that waited")
        finally:
            process.terminate()
            process.communicate()


@test
def file_among_what_the_node_keeps_is_refused():
    with Sender() as node:
        (node.folder / "way").symlink_to(node.path / "real")
        paths = ["real/linie.db", "real/journal/000000000001.journal", "keys/node.key", "keys/x",
                 "exercises/x", "out/../real/x", node.folder / "way" / "x"]
        (node.path / "out").mkdir(mode=0o700)
        (node.path / "exercises").mkdir(mode=0o700, exist_ok=True)
        key = (node.path / "keys/node.key").read_bytes()
        for i, path in enumerate(paths):
            node.output(f"bad-{i}", kind="file", path=path)
        node.lines_output().add(LIST)
        node.watch(dns("evil.example"))
        for i in range(len(paths)):
            assert "is for the node alone" in node.stands(f"bad-{i}")["fault"]
        assert len(node.written()) == 1
        assert (node.path / "keys/node.key").read_bytes() == key


# ---- sockets ----

@test
def lines_and_datagrams_go_to_unix_sockets():
    with Sender() as node:
        stream, datagram, log = (node.folder / name for name in ("s", "d", "log"))
        node.output("stream", kind="unix", path=stream)
        node.output("datagram", kind="unix", path=datagram, datagram="yes", format="eve")
        node.output("log", kind="syslog", url=f"unix:{log}", facility="daemon")
        node.add(LIST)
        with LineSocket(stream) as one, LineSocket(datagram, True) as two, LineSocket(log, True) as three:
            node.watch(node.many(20))
            for receiver in (one, two, three):
                wait_for(lambda receiver=receiver: len(receiver.lines) >= 20, "all lines")
            assert [json.loads(line)["inside"] for line in one.lines[:20]] \
                == [f"10.1.0.{i}" for i in range(20)]
            assert {json.loads(line)["event_type"] for line in two.lines} == {"alert"}
            assert all(line.startswith("<2") or line.startswith("<3") for line in three.lines)
            assert all("linie: HIT H-" in line for line in three.lines), three.lines[0]


@test
def unix_socket_that_nobody_reads_yet_gets_everything_later():
    with Sender() as node:
        path = node.folder / "s"
        node.output("stream", kind="unix", path=path).add(LIST)
        node.watch(node.many(5))
        assert "No such file" in node.stands("stream")["fault"]
        with LineSocket(path) as receiver:
            node.watch("", name="b.log", status=DONE)
            assert len(receiver.lines) == 5


@test
def datagrams_go_to_a_syslog_receiver_by_udp():
    with Sender() as node, UdpServer() as receiver:
        node.output("siem", kind="syslog", url=f"udp://localhost:{receiver.port}").add(LIST)
        node.watch(node.many(10))
        wait_for(lambda: len(receiver.messages) == 10, "all messages")
        params = [syslog_read(message)["params"] for message in receiver.messages]
        assert [each["inside"] for each in params] == [f"10.1.0.{i}" for i in range(10)]


# ---- commands ----

@test
def test_of_an_output_arrives_marked_and_says_what_is_wrong():
    with Sender() as node, SyslogServer() as receiver:
        node.output("siem", kind="syslog", url=f"tcp://127.0.0.1:{receiver.port}")
        node.output("down", kind="syslog", url=f"tcp://127.0.0.1:{free_port()}").lines_output()
        assert "was delivered" in node.said("output", "test", "siem")
        assert node.json("output", "test", "lines") == [{"output": "lines", "delivered": 1}]
        (message,) = receiver.messages
        assert syslog_read(message)["params"]["event"] == "test"
        assert [event["event"] for event in node.written()] == ["test"]
        told = node.run("output", "test", "down", status=TROUBLE).stderr
        assert "connect" in told, told
        told = node.run("output", "test", "absent", status=TROUBLE).stderr
        assert 'no [output "absent"]' in told, told


@test
def test_of_an_output_works_beside_a_running_watch():
    with Sender() as node:
        node.lines_output().add(LIST)
        with Pipe(node) as pipe:
            pipe.write(dns("evil.example"))
            wait_for(lambda: len(node.written()) == 1, "the hit")
            node.run("output", "test", "lines")
            pipe.write(dns("evil.example", "10.9.9.9"))
            wait_for(lambda: len(node.written()) == 3, "all three")
            pipe.end()
        assert [event["event"] for event in node.written()][:3] == ["opened", "test", "opened"]


@test
def events_are_sent_again_on_request_with_the_same_ids():
    with Sender() as node:
        node.lines_output().add(LIST)
        node.watch(node.many(4))
        first = node.written()
        node.run("output", "replay", "lines", "--since", "1h")
        node.watch("", name="b.log", status=DONE)
        assert ids(node.written()) == 2 * ids(first)
        with Pipe(node) as pipe:
            pipe.write(dns("evil.example", "10.9.9.9"))
            wait_for(lambda: len(node.written()) == 2 * len(first) + 1, "the new one")
            assert "go out again" in node.said("output", "replay", "lines", "--since", "2020-01-01")
            wait_for(lambda: len(node.written()) == 3 * len(first) + 2, "all again")
            pipe.end()
        told = node.run("output", "replay", "lines", status=TROUBLE).stderr
        assert "--since" in told, told


@test
def output_that_fails_for_long_is_told_by_the_others_and_by_status():
    port = free_port()
    with Sender() as node:
        node.output("siem", kind="syslog", url=f"tcp://127.0.0.1:{port}", alarm="1s").lines_output()
        node.add(LIST)
        with Pipe(node) as pipe:
            pipe.write(dns("evil.example"))
            wait_for(lambda: any(event["event"] == "notice" for event in node.written()), "a notice")
            notice = next(event for event in node.written() if event["event"] == "notice")
            assert (notice["type"], notice["subject"]) == ("output-failed", "siem"), notice
            assert notice["stays"] is True
            (status,) = node.json("status")
            assert [row["type"] for row in status["notices"]] == ["output-failed"], status
            assert "output-failed siem:" in node.said("status")
            with SyslogServer(port=port) as receiver:
                wait_for(lambda: any(event.get("type") == "output-works" for event in node.written()),
                         "the second notice")
                wait_for(lambda: len(receiver.messages) >= 3, "the hit and both notices")
                pipe.end()
        assert node.json("status")[0]["notices"] == []
        assert node.json("rebuild")[0]["same"] is True


@test
def configuration_of_an_output_that_cannot_be_is_refused():
    refused = [
        ({"tlp": "GREEN"}, '"kind" is missing'),
        ({"kind": "carrier-pigeon"}, "not a kind"),
        ({"kind": "file"}, '"path" is missing'),
        ({"kind": "file", "path": "out/x", "url": "udp://h:514"}, '"url" is not for kind = file'),
        ({"kind": "syslog", "url": "udp://h:514", "path": "out/x"}, '"path" is not for kind = syslog'),
        ({"kind": "webhook", "url": "https://h/", "path": "out/x"}, '"path" is not for kind = webhook'),
        ({"path": "out/x", "kind": "mail", "url": "smtps://m"}, '"path" is not for kind = mail'),
        ({"kind": "unix", "path": "/x", "keep": "3"}, '"keep" is not for kind = unix'),
        ({"kind": "file", "path": "out/x", "every": "1m"}, '"every" is not for kind = file'),
        ({"kind": "webhook", "url": "https://h/", "to": "a@b.example"}, '"to" is not for kind = webhook'),
        ({"kind": "syslog", "url": "udp://h:514", "ca_file": "x"}, "go with tls://"),
        ({"kind": "syslog"}, '"url" is missing'),
        ({"kind": "syslog", "url": "ftp://siem.example"}, '"url" begins otherwise'),
        ({"kind": "webhook", "url": "http://soc.example/"}, "only to this machine"),
        ({"kind": "webhook", "url": "https://user:word@soc.example/"}, "no place for a user"),
        ({"kind": "webhook", "url": "https://soc.example/", "format": "text"}, '"format"'),
        ({"kind": "mail", "url": "smtps://m.example", "from": "me", "to": "a@b.example"}, '"from"'),
        ({"kind": "mail", "url": "smtps://m.example", "from": "a@b.example", "to": "a,b@c.example"},
         '"to"'),
        ({"kind": "mail", "url": "smtps://m.example", "from": "a@b.example", "to": "a@b.example",
          "user": "x"}, "go together"),
        ({"kind": "file", "path": "out/x", "tlp": "PINK"}, "not a TLP label"),
        ({"kind": "file", "path": "out/x", "keep": "0"}, "not a number"),
        ({"kind": "file", "path": "out/x", "size-max": "12"}, "not a size"),
        ({"kind": "file", "path": "out/x", "rank": "101"}, "not a rank"),
        ({"kind": "file", "path": "out/x", "events": "some"}, "not events"),
        ({"kind": "file", "path": "out/x", "colour": "red"}, "unknown key"),
    ]
    for keys, expected in refused:
        with Sender() as node:
            node.output("bad", **keys)
            told = node.run("status", status=TROUBLE).stderr
            assert expected in told, (keys, told)
            assert "linie.conf: " in told and ("line " in told or "is not for" not in expected), told


@test
def fetch_process_holds_no_file_of_the_node():
    if os.geteuid() != 0:
        raise Skip("the fetch process lets nobody but root see what it holds")
    with Sender() as node:
        node.lines_output().add(LIST)
        with Pipe(node) as pipe:
            pipe.write(dns("evil.example"))
            wait_for(lambda: len(node.written()) == 1, "the hit")
            held = held_by(pipe.fetch())
            inside = [name for name in held if name.startswith(str(node.path))]
            assert all(name.startswith(str(node.path / "out")) for name in inside), held
            environment = pathlib.Path(f"/proc/{pipe.fetch()}/environ").read_bytes()
            assert b"PATH=" not in environment, environment
            pipe.end()


@test
def watch_goes_on_where_outputs_cannot_be_made_ready():
    with Sender() as node:
        node.output("soc", kind="webhook", url="https://localhost:1/", secret_file="keys/absent")
        node.lines_output().add(LIST)
        node.watch(lines(20))
        assert len(opened(node.written())) == 2
        assert "keys/absent" in node.stands("soc")["fault"]


run_all()
