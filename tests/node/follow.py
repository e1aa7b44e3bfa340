#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""A watch that follows its inputs: files that grow, are rotated, truncated and deleted, folders, pipes.

    tests/node/follow.py PROGRAM

LINIE_TEST_SEED repeats a run, LINIE_FOLLOW_KILLS asks for more kills.
"""

import gzip
import os
import pathlib
import queue
import random
import shutil
import signal
import socket
import subprocess
import threading
import time

from follower import LIST, SETTLE_S, Follower
from ground import DONE, TROUBLE, dns, run_all, test
from receivers import WAIT_S, wait_for
from story import told_alike

OPEN_MAX = 256 # files that the watch holds open

SEED = int(os.environ.get("LINIE_TEST_SEED", time.time_ns()))
print(f"# seed {SEED}")


@test
def lines_are_read_as_they_are_added():
    with Follower() as follower:
        follower.write("a.log", 3)
        follower.read()
        for _ in range(5):
            follower.write("a.log")
            follower.read()
        said = follower.end()
        assert said.count("HIT") == 1 and "stopped; the next run goes on" in said, said


@test
def rotation_by_renaming_loses_nothing_and_counts_nothing_twice():
    """A writer goes on with the old file for a while, as daemons do until they are told."""
    with Follower() as follower:
        follower.write("a.log", 5)
        follower.read()
        for number in range(3):
            with open(follower.logs / "a.log", "a", encoding="utf-8") as held:
                follower.write("a.log", 2)
                for old in range(number, 0, -1):
                    (follower.logs / f"a.log.{old}").rename(follower.logs / f"a.log.{old + 1}")
                (follower.logs / "a.log").rename(follower.logs / "a.log.1")
                follower.write("a.log", 3)
                held.write(follower.line())
                held.flush()
                follower.read(f"rotation {number}")
                held.write(follower.line())
            follower.read(f"late writer {number}")
        assert len(follower.node.json("status")) == 1
        follower.end()


@test
def file_that_is_rotated_out_of_what_is_watched_is_read_to_its_end():
    with Follower("logs/a.log") as follower:
        follower.write("a.log", 2)
        follower.read()
        with open(follower.logs / "a.log", "a", encoding="utf-8") as held:
            (follower.logs / "a.log").rename(follower.logs / "elsewhere")
            held.write(follower.line())
            held.flush()
            follower.read("the renamed file")
            held.write(follower.line().rstrip("\n")[:-1]) # half a line, which nobody ends
        follower.write("a.log", 2)
        wait_for(lambda: follower.status()["lines"] == follower.written, "the half line")
        status = follower.status()
        assert status["faults"] == {"syntax": 1}, status
        assert status["hits"] == follower.written - 1, status
        follower.stop()


@test
def rotations_of_a_log_are_one_line_of_the_status():
    names = ("a.log", "a.log.1", "a.log.2.gz", "a.log-20261120", "a.log.2026-11-19", "eve.json", "eve.json.1",
             "10.0.0.1", "10.0.0.2", "day-1", "day-2", "2026-11-22")
    with Follower() as follower:
        for name in names:
            text = follower.line()
            (follower.logs / name).write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        follower.read()
        follower.stop()
        said = follower.node.said("status").split("inputs")[1]
        rows = [" ".join(row.split()) for row in said.splitlines()[1:] if row]
        assert rows == ["1 line logs/10.0.0.1 (zeek-json)", "1 line logs/10.0.0.2 (zeek-json)",
                        "1 line logs/2026-11-22 (zeek-json)", "5 lines logs/a.log (zeek-json, 5 files)",
                        "1 line logs/day-1 (zeek-json)", "1 line logs/day-2 (zeek-json)",
                        "2 lines logs/eve.json (zeek-json, 2 files)"], rows
        assert follower.status()["inputs"] == len(names)


@test
def compressed_copy_of_what_was_read_is_known():
    with Follower() as follower:
        for number, pack in enumerate((lambda text: gzip.compress(text),
                                       lambda text: subprocess.run(["zstd", "-q", "-c"], input=text,
                                                                   stdout=subprocess.PIPE, check=True).stdout)):
            if number == 1 and shutil.which("zstd") is None:
                continue
            follower.write("a.log", 100)
            follower.read()
            old = follower.logs / f"a.log.{number + 1}"
            (follower.logs / "a.log").rename(old)
            follower.write("a.log", 3)
            follower.read()
            ending = ("gz", "zst")[number]
            text = old.read_bytes() + follower.line().encode() # which nobody has read
            (follower.logs / f"a.log.{number + 1}.{ending}").write_bytes(pack(text))
            old.unlink()
            follower.read(f"the copy as {ending}")
        time.sleep(2 * SETTLE_S)
        follower.end()
        follower.start() # and after that, too
        follower.write("a.log")
        follower.read("what came later")
        time.sleep(2 * SETTLE_S)
        follower.end()


@test
def log_that_is_rotated_and_compressed_while_nobody_watches_is_read_on_in_its_archive():
    with Follower() as follower:
        follower.write("a.log", 50)
        follower.read()
        follower.stop()
        follower.write("a.log", 7)
        packed = gzip.compress((follower.logs / "a.log").read_bytes())
        (follower.logs / "a.log").unlink()
        (follower.logs / "a.log.1.gz").write_bytes(packed)
        follower.write("a.log", 5)
        follower.start()
        follower.read()
        follower.end()


@test
def log_that_begins_as_the_rotated_one_did_is_a_log_of_its_own():
    with Follower() as follower:
        text = "".join(follower.line() for _ in range(100))
        follower.write("a.log", text=text)
        follower.read()
        (follower.logs / "a.log").rename(follower.logs / "a.log.1")
        follower.write("a.log", text=text)
        follower.written += 100
        follower.read("the same lines in a new log")
        follower.end()


@test
def truncation_is_noticed_and_the_copy_that_was_made_before_is_known():
    """copytruncate, once with lines that came between the copy and the truncation."""
    with Follower() as follower:
        for number in range(3):
            follower.write("a.log", 200 + number)
            follower.read()
            shutil.copy(follower.logs / "a.log", follower.logs / f"a.log.{number + 1}")
            if number == 1:
                follower.write("a.log", 2)
                follower.read("lines after the copy")
            os.truncate(follower.logs / "a.log", 0)
            follower.write("a.log", 4)
            follower.read(f"truncation {number}")
            time.sleep(2 * SETTLE_S)
            follower.check()
        told = follower.end()
        assert told.count("holds something else than was read before") == 3, told


@test
def file_that_is_rewritten_longer_than_it_was_is_noticed():
    with Follower("logs/a.log") as follower:
        follower.write("a.log", 2)
        follower.read()
        os.truncate(follower.logs / "a.log", 0)
        follower.write("a.log", 5)
        follower.read()
        follower.end()


@test
def files_folders_and_patterns_that_come_late_are_found():
    with Follower("logs/late.log", "logs/later", "logs/day-*/x.log") as follower:
        time.sleep(1)
        follower.write("late.log", 2)
        (follower.logs / "later/below/deep").mkdir(parents=True)
        follower.write("later/below/deep/b.log", 2)
        follower.write("later/c.log", 1)
        follower.read("a file and a folder")
        for day in range(3):
            (follower.logs / f"day-{day}").mkdir()
            follower.write(f"day-{day}/x.log", 1)
            (follower.logs / f"day-{day}/y.log").write_text(dns("evil.example"))
        follower.read("what fits the pattern")
        _, told = follower.stop()
        for name in ("logs/late.log", "logs/later", "logs/day-*/x.log"):
            assert told.count(f"{name}: nothing is there yet") == 1, told
        follower.check()


SELDOM_S = 3600 # between two looks: what is found before is found because the kernel told


@test
def folder_that_is_removed_renamed_or_made_late_is_heard_of_at_once():
    with Follower("logs/late/*.log", "logs/far/off/here/b.log", "logs/day-*/x.log", poll_s=SELDOM_S) as follower:
        for number in range(4):
            folder = follower.logs / "late"
            folder.mkdir()
            follower.write("late/a.log", 2)
            follower.read(f"a folder that is made, {number}")
            follower.write("late/a.log", 1)
            follower.write("late/b.log", 1)
            follower.read("what comes to it")
            if number % 2:
                folder.rename(follower.logs / f"gone-{number}")
            else:
                shutil.rmtree(folder)
        for number in range(2):
            for part in ("far", "far/off", "far/off/here"):
                (follower.logs / part).mkdir()
            follower.write("far/off/here/b.log", 1)
            follower.read("a folder below others that are made")
            (follower.logs / "far").rename(follower.logs / f"was-far-{number}")
        (follower.logs / "day-1").mkdir()
        time.sleep(0.3)
        follower.write("day-1/x.log", 1)
        follower.read("a file in a folder that fits a pattern, and was empty")
        follower.end()


@test
def log_that_is_renamed_soon_after_it_was_made_is_read_to_its_end():
    """Also what its writer adds after that, and where it is renamed again and again."""
    chance = random.Random(SEED)
    with Follower("logs/a.log", "logs/b*.log", poll_s=SELDOM_S) as follower:
        held = []
        for number in range(60):
            name = chance.choice(("a.log", "b1.log"))
            path = follower.logs / name
            out = open(path, "a", encoding="utf-8") # pylint: disable=consider-using-with
            if chance.random() < 0.7: # else it is renamed while it is empty
                out.write(follower.line())
                out.flush()
            time.sleep(chance.random() * 0.04)
            for again in range(chance.randrange(1, 4)):
                new = follower.logs / f"old-{number}.{again}"
                path.rename(new)
                path = new
            held.append(out)
            while len(held) > chance.randrange(5):
                late = held.pop(0)
                late.write(follower.line())
                late.close()
        for late in held:
            late.write(follower.line())
            late.close()
        follower.read("all of them")
        follower.end()


@test
def file_that_is_removed_and_made_anew_is_another_one():
    with Follower() as follower:
        for number in range(4):
            follower.write("a.log", 1 + number)
            follower.read(f"file {number}")
            (follower.logs / "a.log").unlink()
        follower.end()


@test
def last_line_without_an_end_waits_and_counts_once():
    with Follower() as follower:
        line = follower.line()
        follower.write("a.log", text=line[:40])
        time.sleep(0.3)
        assert follower.status()["lines"] == 0
        follower.write("a.log", text=line[40:])
        follower.read("the line when it is whole")
        line = follower.line()
        follower.write("a.log", text=line[:50])
        wait_for(lambda: follower.status()["lines"] == 2, "the half line, when it has settled")
        follower.write("a.log", text=line[50:])
        wait_for(lambda: follower.status()["hits"] == 2, "the line that went on")
        status = follower.status()
        assert status["lines"] == 2 and status["faults"] == {"syntax": 1, "grown": 1}, status
        follower.stop()


@test
def pipe_is_read_from_one_writer_after_the_other():
    with Follower("logs/fifo", start=False) as follower:
        os.mkfifo(follower.logs / "fifo")
        follower.start()
        for number in range(4):
            with open(follower.logs / "fifo", "w", encoding="utf-8") as out:
                out.write(follower.line())
                out.flush()
                if number % 2:
                    follower.read("a line of a pipe that stays open")
                out.write(follower.line().rstrip("\n")) # its last line has no end
            follower.read(f"writer {number}")
        follower.stop()
        follower.start()
        follower.write("fifo", 2)
        follower.read("after a new start")
        follower.end()
        assert follower.status()["inputs"] == 1


@test
def standard_input_that_ends_ends_the_watch():
    with Follower("-", start=False) as follower:
        process = follower.node.start("watch", "--follow", "-", stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)
        said, _ = process.communicate(follower.line(), timeout=WAIT_S)
        assert process.returncode == DONE and "1 hit" in said, said


HEADER = ("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n"
          "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tquery\n"
          "#types\ttime\tstring\taddr\tport\taddr\tport\tstring\n")


@test
def many_files_are_followed_with_few_descriptors():
    """More files than may be open, one in two of them TSV, whose header is not read again."""
    count = OPEN_MAX + 150
    with Follower(start=False) as follower:
        def row(number):
            follower.written += 1
            return f"1795262400.{follower.written:06}\tC{number}\t10.0.0.5\t1025\t192.0.2.53\t53\tevil.example\n"

        sizes = 0
        for number in range(count):
            text = HEADER + "".join(row(number) for _ in range(5)) if number % 2 else \
                "".join(follower.line() for _ in range(5))
            (follower.logs / f"{number:04}.log").write_text(text)
            sizes += len(text)
        follower.start()
        follower.read("all files")
        for _ in range(2):
            for number in range(0, count, 3):
                text = row(number) if number % 2 else follower.line()
                follower.write(f"{number:04}.log", text=text)
                sizes += len(text)
            follower.read("what was added to a third of them")
        if os.geteuid() == 0:
            held = len(list(pathlib.Path(f"/proc/{follower.child()}/fd").iterdir()))
            assert held < OPEN_MAX + 20, held
        said, _ = follower.stop()
        follower.check()
        megabytes = f"{sizes / 1000:.1f} kB" if sizes < 1e6 else f"{sizes / 1e6:.1f} MB"
        assert megabytes in said, (megabytes, said)


@test
def watch_process_that_breaks_is_started_again_and_goes_on():
    with Follower() as follower:
        follower.write("a.log", 3)
        follower.read()
        for number in range(3):
            os.kill(follower.child(), (signal.SIGKILL, signal.SIGSEGV, signal.SIGBUS)[number])
            follower.write("a.log", 2)
            follower.write(f"b-{number}.log", 2)
            follower.read(f"after {number + 1} breaks")
        assert follower.end().count("started again") == 3


@test
def kills_while_files_grow_and_rotate_leave_each_line_counted_once():
    """The watch is killed at random moments while a writer adds, rotates, truncates and removes."""
    chance = random.Random(SEED)
    with Follower() as follower:
        numbers = {"a": 0, "b": 0}

        def act():
            name = chance.choice("ab")
            log = follower.logs / f"{name}.log"
            what = chance.random()
            if what < 0.8 or not log.exists():
                follower.write(f"{name}.log", chance.randrange(1, 40))
            elif what < 0.93:
                numbers[name] += 1
                log.rename(follower.logs / f"{name}.log.{numbers[name]}")
            elif numbers[name] > 0:
                old = follower.logs / f"{name}.log.{numbers[name]}"
                if old.exists():
                    (follower.logs / f"{old.name}.gz").write_bytes(gzip.compress(old.read_bytes()))
                    old.unlink()

        for _ in range(int(os.environ.get("LINIE_FOLLOW_KILLS", "10"))):
            for _ in range(chance.randrange(1, 15)):
                act()
                time.sleep(chance.random() * 0.02)
            follower.process.kill()
            follower.process.communicate()
            for _ in range(chance.randrange(3)):
                act() # while nobody watches
            follower.start()
        follower.read("everything")
        time.sleep(3 * SETTLE_S)
        follower.end()
        follower.node.run("verify")


class Manager:
    """A service manager's socket."""

    def __init__(self, folder):
        self.path = folder / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.heard = queue.SimpleQueue()
        # A socket that nobody reads holds few messages: what is said next would be lost.
        threading.Thread(target=self.listen, daemon=True).start()
        os.environ["NOTIFY_SOCKET"] = str(self.path)
        os.environ["WATCHDOG_USEC"] = "400000"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RD) # which ends listen()
        del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]

    def listen(self):
        while message := self.socket.recv(4096):
            self.heard.put(message.decode())
        self.socket.close()

    def hear(self):
        return self.heard.get(timeout=WAIT_S)


@test
def service_manager_hears_when_the_watch_is_ready_that_it_lives_and_that_it_stops():
    with Follower(start=False) as follower, Manager(follower.node.folder) as manager:
        follower.start()
        heard = manager.hear()
        while not heard.startswith("READY=1"):
            assert heard == "WATCHDOG=1", heard
            heard = manager.hear()
        for _ in range(3):
            assert manager.hear() == "WATCHDOG=1"
        follower.write("a.log", 2)
        follower.read()
        follower.process.send_signal(signal.SIGTERM)
        heard = manager.hear()
        while heard != "STOPPING=1":
            assert heard == "WATCHDOG=1", heard
            heard = manager.hear()
        follower.end()


@test
def indicator_that_is_added_while_files_are_followed_is_found_in_later_lines():
    with Follower() as follower:
        follower.write("a.log", text=dns("late.example"))
        follower.write("a.log")
        wait_for(lambda: follower.status()["hits"] == 1, "the first hit")
        follower.node.add("late.example\n", name="late.txt")
        follower.write("a.log", text=dns("late.example"))
        wait_for(lambda: follower.status()["hits"] == 2, "the hit of the new indicator")
        follower.stop()


@test
def kills_while_indicators_come_and_go_leave_what_an_uninterrupted_run_leaves():
    told_alike(SEED, 8)


@test
def what_cannot_be_read_is_told_once_and_the_rest_is_read():
    with Follower() as follower:
        follower.write("strange.log", text="this is \0 no log that anybody knows\n" * 500)
        follower.write("short.log", text="{")
        (follower.logs / "empty.log").write_text("")
        (follower.logs / "broken.log.gz").write_bytes(gzip.compress(b"x" * 1000)[:20])
        follower.write("a.log", 3)
        follower.read()
        follower.write("short.log", text=follower.line()[1:])
        follower.write("empty.log")
        follower.read("files that were too short at first")
        time.sleep(3 * SETTLE_S)
        told = follower.stop()[1]
        assert told.count("strange.log: not read: its format is not known") == 1, told
        assert told.count("broken.log.gz") == 1, told


@test
def what_does_not_go_together_is_refused():
    with Follower(start=False) as follower:
        told = follower.node.run("watch", "--follow", "--again", "logs", status=TROUBLE).stderr
        assert "--again and --follow" in told, told
        for key in ("settle-seconds", "poll-seconds"):
            conf = follower.node.path / "linie.conf"
            before = conf.read_text()
            for value in ("0", "3601", "x"):
                conf.write_text(before + f"\n[watch]\n{key} = {value}\n")
                told = follower.node.run("status", status=TROUBLE).stderr
                assert "linie.conf: line " in told, told
            conf.write_text(before)


run_all()
