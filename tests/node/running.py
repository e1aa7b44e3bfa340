#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""What happens to a watch while it runs: kills at random moments, signals, other commands.

    tests/node/running.py PROGRAM

LINIE_TEST_SEED repeats a run.
"""

import json
import os
import pathlib
import random
import signal
import subprocess
import threading
import time

from ground import DONE, FOUND, TROUBLE, Node, Skip, descendants, dns, held_by, lines, run_all, test

LIST = "evil.example\n"
KILLS = 10
INTERRUPTIONS = 4
CHUNKY_LINES = 40_000
LINES = 200_000 # some 25 MB: long enough for a kill to hit it in the middle
WAIT_S = 60 # for what must happen; a test that waits longer has failed
STEP_S = 0.01
HISTORY_LIVE_KB = 24 * 1024 # four MiB of records take so much at most
HELD_S = 0.55 # longer than the watch gathers before it commits

SEED = int(os.environ.get("LINIE_TEST_SEED", time.time_ns()))
RANDOM = random.Random(SEED)
print(f"# seed {SEED}")


def wait_for(condition, what):
    for _ in range(int(WAIT_S / STEP_S)):
        found = condition()
        if found:
            return found
        time.sleep(STEP_S)
    raise AssertionError(f"waited {WAIT_S} s for {what}")


def counted(node):
    return node.json("status")[0]


def everything(text):
    """The folds of a run that nobody disturbed, and how many lines it read."""
    with Node() as node:
        node.add(LIST)
        node.run("watch", node.file("a.log", text), "--quiet", status=FOUND)
        total = text.count("\n")
        assert counted(node)["lines"] == total
        return [json.loads(fold) for fold in node.folds()], total


def check_whole(node, log, total, expected):
    """A last run to the end: nothing is lost and nothing counted twice."""
    subprocess.run(node.command("watch", log, "--quiet"), check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert counted(node)["lines"] == total
    assert [json.loads(fold) for fold in node.folds()] == expected


def stop_in_the_middle(node, log, number):
    """A watch that is sent a signal at a random moment: its exit status. It is held for longer than
    the time between two commits before that, so that something has been counted when it ends."""
    process = node.start("watch", log, "--quiet", stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
    time.sleep(RANDOM.random() * 0.15)
    process.send_signal(signal.SIGSTOP)
    time.sleep(HELD_S)
    process.send_signal(signal.SIGCONT)
    time.sleep(RANDOM.random() * 0.05)
    process.send_signal(number)
    return process.wait(timeout=WAIT_S)


@test
def watch_that_is_killed_again_and_again_counts_every_line_once():
    text = lines(LINES)
    expected, total = everything(text)
    kills = KILLS
    halfway = 0
    while kills > 0:
        with Node() as node:
            node.add(LIST)
            log = node.file("a.log", text)
            lines_counted = 0
            while kills > 0 and lines_counted < total:
                stop_in_the_middle(node, log, signal.SIGKILL)
                assert lines_counted <= counted(node)["lines"] <= total
                lines_counted = counted(node)["lines"]
                halfway += 0 < lines_counted < total
                kills -= 1
            check_whole(node, log, total, expected)
            assert node.json("rebuild")[0]["same"] is True
            node.run("verify")
    print(f"# {halfway} of {KILLS} kills left the file half read")


@test
def watch_that_is_interrupted_again_and_again_counts_every_line_once():
    text = lines(LINES)
    expected, total = everything(text)
    with Node() as node:
        node.add(LIST)
        log = node.file("a.log", text)
        for _ in range(INTERRUPTIONS):
            status = stop_in_the_middle(node, log, RANDOM.choice([signal.SIGINT, signal.SIGTERM]))
            assert status in (DONE, FOUND, -signal.SIGINT, -signal.SIGTERM), status
        check_whole(node, log, total, expected)


def child_of(process):
    """The watch process of a running watch."""
    return wait_for(lambda: descendants(process.pid).get("watch"), "the watch process")


@test
def watch_process_that_is_killed_within_a_chunk_leaves_nothing_of_it():
    """Every line opens a fold, so that what a chunk found comes in many messages; the store is held
    until the watch process can send no more of them."""
    text = lines(CHUNKY_LINES, every=1, hosts=CHUNKY_LINES)
    expected, total = everything(text)
    with Node() as node:
        node.add(LIST)
        log = node.file("a.log", text)
        for _ in range(INTERRUPTIONS):
            process = node.start("watch", log, "--quiet", stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE)
            child = child_of(process)
            time.sleep(RANDOM.random() * 0.1)
            process.send_signal(signal.SIGSTOP)
            time.sleep(HELD_S)
            os.kill(child, signal.SIGKILL)
            process.send_signal(signal.SIGCONT)
            _, told = process.communicate(timeout=WAIT_S)
            assert process.returncode in (TROUBLE, FOUND), told
            status = counted(node)
            assert status["hits"] == status["lines"], status
        check_whole(node, log, total, expected)


@test
def number_of_jobs_changes_nothing_in_what_is_found():
    text = lines(30_000)
    expected = None
    for jobs in (1, 2, 7):
        with Node() as node:
            node.add(LIST)
            node.run("watch", node.file("a.log", text), "--quiet", "--jobs", jobs, status=FOUND)
            expected = expected or node.folds()
            assert node.folds() == expected


class Pipe:
    """A watch that reads a pipe which the test keeps open."""

    def __init__(self, node, *words):
        self.node = node
        self.process = node.start("watch", "-", *words, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def write(self, text):
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def hits(self, count):
        wait_for(lambda: counted(self.node)["hits"] == count, f"{count} hits")

    def end(self, status=FOUND):
        self.process.stdin.close()
        told = self.process.stdout.read() + self.process.stderr.read()
        assert self.process.wait(timeout=WAIT_S) == status, told
        return told


@test
def indicator_that_is_added_while_a_watch_runs_is_found_in_later_lines():
    with Node() as node:
        node.add(LIST)
        pipe = Pipe(node)
        pipe.write(dns("evil.example") + dns("late.example"))
        pipe.hits(1)
        assert "1 new" in node.add("late.example\n", name="late.txt").stdout
        pipe.write(dns("late.example") + dns("evil.example"))
        pipe.hits(3)
        node.run("indicators", "remove", "evil.example")
        pipe.write(dns("evil.example") + dns("late.example"))
        pipe.hits(4)
        pipe.end()
        assert len(node.folds()) == 2
        assert node.json("rebuild")[0]["same"] is True


@test
def commands_that_a_running_watch_serves_answer_as_they_do_alone():
    with Node() as node:
        node.add(LIST)
        pipe = Pipe(node)
        pipe.write(dns("evil.example"))
        pipe.hits(1)
        done = node.add("one.example\nnot one\n", name="two.txt", status=3)
        assert "1 new" in done.stdout and "line 2" in done.stderr, done
        done = node.run("indicators", "add", "-", "--set", "typed", given="typed.example\n")
        assert "1 new" in done.stdout
        told = node.run("indicators", "remove", "absent.example", status=TROUBLE).stderr
        assert "absent.example" in told
        told = node.run("indicators", "add", "absent.txt", status=TROUBLE).stderr
        assert "absent.txt" in told
        assert node.json("rebuild")[0]["same"] is True
        assert len(node.json("indicators", "list")) == 3
        node.run("verify")
        told = node.run("watch", node.file("b.log", dns("evil.example")), status=TROUBLE).stderr
        assert "another linie is writing to this node" in told
        pipe.end()


@test
def command_of_two_callers_at_once_is_done_for_both():
    with Node() as node:
        for round_number in range(3):
            names = [f"set-{round_number}-{i}" for i in range(4)]
            started = [node.start("indicators", "add", node.file(f"{name}.txt", f"{name}.example\n"),
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                       for name in names]
            for process in started:
                _, told = process.communicate(timeout=WAIT_S)
                assert process.returncode == DONE, told
        assert len(node.json("indicators", "list")) == 12


@test
def caller_who_arrives_while_a_watch_ends_is_served_all_the_same():
    for _ in range(3):
        with Node() as node:
            node.add(LIST)
            pipe = Pipe(node)
            pipe.write(dns("evil.example"))
            pipe.hits(1)
            pipe.process.send_signal(signal.SIGSTOP)
            pipe.process.stdin.close()
            caller = node.start("indicators", "add", node.file("late.txt", "late.example\n"),
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            time.sleep(HELD_S)
            pipe.process.send_signal(signal.SIGCONT)
            _, told = caller.communicate(timeout=WAIT_S)
            assert caller.returncode == DONE, told
            pipe.end()
            assert len(node.json("indicators", "list")) == 2


@test
def pipe_that_is_kept_open_holds_nobody_when_the_watch_is_stopped():
    for number in (signal.SIGINT, signal.SIGTERM):
        with Node() as node:
            node.add(LIST)
            pipe = Pipe(node)
            pipe.write(dns("evil.example"))
            pipe.hits(1)
            pipe.process.send_signal(number)
            said, _ = pipe.process.communicate(timeout=WAIT_S)
            assert pipe.process.returncode == FOUND, said
            size = len(dns("evil.example"))
            assert f"1 line, 3 observations, {size} B in " in said, said
            assert counted(node)["folds_open"] == 1 # the next run closes it


@test
def watch_whose_output_nobody_reads_any_more_ends_by_sigpipe_and_keeps_what_it_found():
    """More is found than a pipe holds, so that the watch must notice."""
    text = lines(CHUNKY_LINES, every=1, hosts=CHUNKY_LINES)
    expected, total = everything(text)
    for words in ((), ("--json",)):
        with Node() as node:
            node.add(LIST)
            log = node.file("a.log", text)
            process = node.start("watch", log, *words, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
            assert "evil.example" in process.stdout.readline() + process.stdout.readline()
            process.stdout.close()
            assert process.wait(timeout=WAIT_S) == -signal.SIGPIPE
            assert process.stderr.read() == ""
            process.stderr.close()
            status = counted(node)
            assert 0 < status["hits"] == status["lines"] <= total, status
            check_whole(node, log, total, expected)


@test
def output_that_nobody_reads_is_trouble_where_sigpipe_is_ignored():
    with Node() as node:
        node.add(LIST)
        node.run("watch", node.file("a.log", dns("evil.example")), status=FOUND)
        for words in (("hits",), ("watch", "a.log", "--again"), ("watch", "a.log", "--again", "--quiet")):
            reader, writer = os.pipe()
            os.close(reader)
            process = node.start(*words, stdout=writer, stderr=subprocess.PIPE, restore_signals=False)
            os.close(writer) # Python itself ignores SIGPIPE, and the command inherits that
            _, told = process.communicate(timeout=WAIT_S)
            assert process.returncode == TROUBLE and "cannot write the output" in told, told
            reader, writer = os.pipe()
            os.close(reader)
            process = node.start(*words, stdout=writer, stderr=subprocess.PIPE)
            os.close(writer)
            _, told = process.communicate(timeout=WAIT_S)
            assert process.returncode == -signal.SIGPIPE and told == "", told


@test
def pipe_without_a_writer_keeps_nobody_waiting():
    with Node() as node:
        node.add(LIST)
        fifo = node.folder / "fifo"
        os.mkfifo(fifo)
        first = node.file("first.log", dns("evil.example"))
        process = node.start("watch", first, fifo, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for(lambda: counted(node)["hits"] == 1, "what came before the pipe")
        assert "1 new" in node.add("late.example\n", name="late.txt").stdout
        with open(fifo, "w", encoding="utf-8") as out:
            out.write(dns("late.example"))
        said, told = process.communicate(timeout=WAIT_S)
        assert process.returncode == FOUND and "2 hits" in said, said + told

        process = node.start("watch", fifo, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for(lambda: (node.path / "real/linie.sock").exists(), "the watch to begin")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=WAIT_S) == DONE
        process.communicate()


@test
def indicators_from_a_pipe_keep_nobody_waiting():
    with Node() as node:
        node.add(LIST)
        fifo = node.folder / "fifo"
        os.mkfifo(fifo)
        for watched in (False, True):
            pipe = Pipe(node) if watched else None
            if watched:
                pipe.write(dns("evil.example"))
                pipe.hits(1)
            slow = [node.start("indicators", "add", name, "--set", f"slow-{number}-{watched}",
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                    for number, name in enumerate((fifo, "-", "/dev/stdin"))]
            assert "1 new" in node.add(f"quick-{watched}.example\n", name="quick.txt").stdout
            with open(fifo, "w", encoding="utf-8") as out:
                out.write("slow-0.example\n")
            for number, process in enumerate(slow):
                said, _ = process.communicate(f"slow-{number}.example\n" if number else "",
                                              timeout=WAIT_S)
                assert process.returncode == DONE and "1 new, 1 in set" in said, said
            if watched:
                pipe.write("".join(dns(f"slow-{number}.example") for number in range(3)))
                pipe.hits(7) # each is in two sets
                pipe.end()
        sets = {entry["set"]: entry["value"] for entry in node.json("indicators", "list")}
        for number in range(3):
            assert sets[f"slow-{number}-True"] == sets[f"slow-{number}-False"] \
                == f"slow-{number}.example", sets


@test
def watch_process_goes_when_its_store_is_killed():
    with Node() as node:
        node.add(LIST)
        pipe = Pipe(node)
        pipe.write(dns("evil.example"))
        pipe.hits(1)
        process = pipe.process
        child = child_of(process)
        process.kill()
        process.wait(timeout=WAIT_S)
        wait_for(lambda: is_gone(child), "the watch process to go")


def is_gone(pid):
    """Gone, or nobody has asked for its status yet."""
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state.split()[0] in "ZX"


@test
def watch_process_holds_no_file_of_the_node_but_the_index():
    with Node() as node:
        node.add(LIST)
        pipe = Pipe(node)
        pipe.write(dns("evil.example"))
        pipe.hits(1)
        process = pipe.process
        child = child_of(process)
        if os.geteuid() != 0:
            raise Skip("the watch process lets nobody but root see what it holds")
        held = held_by(child)
        inside = [name for name in held if name.startswith(str(node.path))]
        assert inside == [], held
        pipe.end()


@test
def reading_commands_work_beside_a_watch_that_writes():
    text = lines(LINES)
    with Node() as node:
        node.add(LIST)
        process = node.start("watch", node.file("a.log", text), "--quiet",
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        seen = []
        while process.poll() is None:
            seen.append(counted(node)["lines"])
            node.folds()
        _, told = process.communicate()
        assert process.returncode == FOUND, told
        assert seen == sorted(seen)
        assert counted(node)["lines"] == LINES


def unkept():
    """AddressSanitizer must not keep what is freed: that is what is measured."""
    return {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"}


def peaks_of(values, text, configured=""):
    """The largest resident size of all processes, for an input and for one ten times as large."""
    peaks = []
    for count in (40_000, 400_000):
        with Node() as node:
            node.configure(configured)
            node.add(values)
            fifo = node.folder / "fifo"
            os.mkfifo(fifo)

            def feed():
                with open(fifo, "w", encoding="ascii") as out:
                    for _ in range(count // 10_000):
                        out.write(text)

            feeder = threading.Thread(target=feed)
            feeder.start()
            with open(fifo, encoding="ascii") as given:
                process = subprocess.Popen(
                    ["/usr/bin/env", "python3", "-c",
                     "import resource, subprocess, sys\n"
                     "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)\n"
                     "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)",
                     *node.command("watch", "-", "--quiet", "--jobs", "2")],
                    stdin=given, stdout=subprocess.PIPE, env=node.environment() | unkept(), text=True)
                peaks.append(int(process.communicate(timeout=WAIT_S)[0]))
            feeder.join()
            assert counted(node)["lines"] == count
    return peaks


@test
def memory_stays_flat_however_large_the_input():
    peaks = peaks_of(LIST, lines(10_000, every=10_000))
    assert peaks[1] < peaks[0] * 1.25, peaks


@test
def memory_is_bounded_where_all_that_is_seen_is_remembered():
    peaks = peaks_of(LIST, lines(10_000, every=10_000), "[history]\nremember = yes\n")
    # What is not in a segment of the history yet grows to its bound.
    assert peaks[1] < peaks[0] + HISTORY_LIVE_KB, peaks


@test
def memory_stays_flat_however_much_is_found():
    """Every tenth line meets an indicator of its own: each run of the text changes 1000 folds."""
    values = "".join(f"evil-{i}.example\n" for i in range(1_000))
    text = "".join(dns(f"{'good' if i % 10 else 'evil'}-{i // 10}.example", second=i)
                   for i in range(10_000))
    peaks = peaks_of(values, text)
    assert peaks[1] < peaks[0] * 1.2, peaks # chunks of a pipe are as large as it happens to be full


class Growing:
    """A log to which lines are added between runs of the watch, as cron starts them."""

    def __init__(self, node, first_moment):
        self.node = node
        self.first_moment = first_moment
        self.path = node.file("growing.log", "")
        self.lines = 0

    def run(self, count=3):
        with open(self.path, "a", encoding="utf-8") as out:
            for _ in range(count):
                out.write(dns("evil.example", second=self.lines,
                              ts=self.first_moment + self.lines * 0.001))
                self.lines += 1
        return self.node.summary("--quiet", self.path)


@test
def contact_that_goes_on_is_one_open_fold_over_many_runs():
    """A sighting when it opens, and none for each run."""
    with Node() as node:
        node.add(LIST)
        log = Growing(node, int(time.time()))
        objects = counted(node)["stix_objects"]
        for number in range(8):
            assert log.run()["folds_opened"] == (1 if number == 0 else 0)
            if number == 4: # a kill between two runs, and one within
                process = node.start("watch", "-", "--quiet", stdin=subprocess.PIPE,
                                     stdout=subprocess.DEVNULL)
                process.kill()
                process.communicate()
        status = counted(node)
        assert status["folds"] == status["folds_open"] == 1, status
        assert status["hits"] == log.lines
        assert status["stix_objects"] == objects + 1
        assert node.json("rebuild")[0]["same"] is True


@test
def fold_of_an_old_log_is_closed_when_the_run_ends_and_opens_again_for_late_lines():
    with Node() as node:
        node.add(LIST)
        log = Growing(node, int(time.time()) - 3 * 24 * 3600)
        objects = counted(node)["stix_objects"]
        for number in range(3):
            log.run()
            status = counted(node)
            assert status["folds_open"] == 0, status
            assert status["stix_objects"] == objects + number + 2 # opened once, closed each time
        assert status["hits"] == log.lines and status["folds"] == 1
        assert node.json("rebuild")[0]["same"] is True


@test
def run_that_is_killed_leaves_folds_that_the_next_one_goes_on_with():
    with Node() as node:
        node.add(LIST)
        pipe = Pipe(node)
        pipe.write(dns("evil.example", ts=int(time.time())))
        pipe.hits(1)
        pipe.process.kill()
        pipe.process.communicate()
        assert counted(node)["folds_open"] == 1
        log = Growing(node, int(time.time()))
        assert log.run()["folds_opened"] == 0
        status = counted(node)
        assert (status["hits"], status["folds"], status["folds_open"]) == (4, 1, 1), status


@test
def length_of_folds_is_configured_and_a_change_leaves_open_folds_as_they_are():
    with Node() as node:
        node.add(LIST)
        conf = node.path / "linie.conf"
        before = conf.read_text()
        moment = int(time.time()) // 3600 * 3600
        log = Growing(node, moment)
        for minutes, expected in ((60, [60]), (15, [15, 60]), (60, [15, 60])):
            conf.write_text(before.replace("fold-minutes = 60", f"fold-minutes = {minutes}"))
            log.run()
            folds = [json.loads(fold) for fold in node.folds()]
            assert sorted(fold["minutes"] for fold in folds) == expected, folds
        assert {fold["minutes"]: fold["count"] for fold in folds} == {15: 3, 60: 6}
        assert counted(node)["hits"] == log.lines
        for minutes in ("0", "7", "1441", "2880", "x"):
            conf.write_text(before.replace("fold-minutes = 60", f"fold-minutes = {minutes}"))
            told = node.run("status", status=TROUBLE).stderr
            assert "linie.conf: line " in told, told
        conf.write_text(before.replace("fold-minutes = 60", "fold-minutes = 1"))
        day = node.file("day.log", "".join(dns("evil.example", "10.0.0.9", 60 * i)
                                           for i in range(30)))
        assert node.summary(day)["folds_opened"] == 30


run_all()
