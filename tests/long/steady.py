#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""A watch that follows for long: a log that is rotated, senders that come and go, indicators that are
added and removed. What its processes hold of memory and descriptors, and that no line is lost.

    tests/long/steady.py PROGRAM SECONDS
"""

import pathlib
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "node"))

from beside import KILO, MEGA, descriptors, memory, size_text, wait_for
from ground import dns, run_all, test
from listener import Listener
from receivers import free_port

SECONDS = int(sys.argv[2])
HIT_EVERY = 100
ROUND_LINES = 2000 # to the log in each round, and a tenth to each socket
ROTATE_ROUNDS = 5
KEPT_LOGS = 3
LIST_SIZE = 500
PAUSE_S = 0.2

# In the second half, beside the first: what the allocator keeps comes and goes.
MEMORY_MORE_MAX = 3 * MEGA
DESCRIPTORS_MORE_MAX = 4


class Steady:
    """The node, and what was written to it."""

    def __init__(self):
        self.node = Listener(tcp={"kind": "tcp"}, local={"kind": "unix"})
        self.log = self.node.logs / "dns.log"
        self.rounds = 0
        self.lines = 0
        self.hits = 0
        with open(self.node.node.path / "linie.conf", "a", encoding="utf-8") as conf:
            conf.write(f'\n[input "logs"]\npath = {self.node.logs}\nformat = zeek-json\n'
                       '\n[output "lines"]\nkind = file\npath = out/hits.ndjson\nsize-max = 1M\nkeep = 2\n'
                       f'\n[metrics]\nlisten = 127.0.0.1:{free_port(socket.SOCK_STREAM)}\n')

    def text(self, count):
        """Lines of one hour and few hosts, so that the folds are the same each time."""
        self.lines += count
        self.hits += (count + HIT_EVERY - 1) // HIT_EVERY
        return "".join(dns("evil.example" if i % HIT_EVERY == 0 else f"host-{self.lines}-{i}.example",
                           f"10.0.0.{i % 50}", i % 3000) for i in range(count))

    def rotate(self):
        for number in range(KEPT_LOGS, 0, -1):
            older = self.log.with_name(f"dns.log.{number}")
            newer = self.log.with_name(f"dns.log.{number - 1}") if number > 1 else self.log
            if newer.exists():
                newer.rename(older)

    def indicators(self):
        """A list is added, and that of the round before removed."""
        node = self.node.node
        text = "".join(f"v{self.rounds}-{i}.kept.example\n" for i in range(LIST_SIZE))
        node.run("indicators", "add", node.file("list.txt", text), "--set", f"set-{self.rounds}")
        if self.rounds > ROTATE_ROUNDS:
            node.run("indicators", "remove", "--set", f"set-{self.rounds - ROTATE_ROUNDS}")

    def round(self):
        with open(self.log, "a", encoding="utf-8") as out:
            out.write(self.text(ROUND_LINES))
        for name in ("tcp", "local"):
            with self.node.connect(name) as out:
                out.sendall(self.text(ROUND_LINES // 10).encode())
        if self.rounds % ROTATE_ROUNDS == 0:
            wait_for(self.all_counted, "what was written before the log is rotated")
            self.rotate()
            self.indicators()
        self.rounds += 1
        time.sleep(PAUSE_S)

    def all_counted(self):
        return self.node.status()["lines"] >= self.lines

    def sample(self):
        """What each process holds, by its role."""
        found = {"store": self.node.process.pid} | self.node.processes()
        return {role: (memory(pid)[0], descriptors(pid)) for role, pid in found.items()}


SAMPLES = []


def samples_taken():
    """Taken once, for all the tests; in halves."""
    if not SAMPLES:
        steady = Steady()
        with steady.node as node:
            node.start()
            until = time.monotonic() + SECONDS
            while time.monotonic() < until:
                steady.round()
                SAMPLES.append(steady.sample())
            wait_for(steady.all_counted, "all lines")
            status = node.status()
            assert (status["lines"], status["hits"]) == (steady.lines, steady.hits), status
            node.stop()
            assert node.node.json("rebuild")[0]["same"] is True
            print(f"# {steady.rounds} rounds, {steady.lines} lines, {steady.hits} hits")
        for at in (len(SAMPLES) // 4, len(SAMPLES) // 2, len(SAMPLES) - 1):
            words = (f"{role} {size_text(held)} and {count} descriptors"
                     for role, (held, count) in sorted(SAMPLES[at].items()))
            print(f"# after {at + 1} rounds: {', '.join(words)}")
    warm = len(SAMPLES) // 4 # caches fill
    return SAMPLES[warm:len(SAMPLES) // 2], SAMPLES[len(SAMPLES) // 2:]


def most(samples, role, which):
    return max(sample[role][which] for sample in samples if role in sample)


@test
def no_line_is_lost_or_counted_twice_however_long_it_goes_on():
    first, second = samples_taken()
    assert first and second


@test
def memory_of_no_process_grows():
    first, second = samples_taken()
    for role in second[-1]:
        before, after = most(first, role, 0), most(second, role, 0)
        assert after <= before + MEMORY_MORE_MAX, \
            f"{role} grew from {before // KILO} to {after // KILO} kB"


@test
def no_process_holds_more_and_more_descriptors():
    first, second = samples_taken()
    for role in second[-1]:
        before, after = most(first, role, 1), most(second, role, 1)
        assert after <= before + DESCRIPTORS_MORE_MAX, f"{role}: {before} descriptors, then {after}"


run_all()
