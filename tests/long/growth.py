#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Inputs ten and a hundred times as large, with few hits and much that is hostile in between: what
the watch needs of memory does not grow with them.

    tests/long/growth.py PROGRAM PIECES       pieces of some 4 MB in the smallest input
"""

import gzip
import json
import subprocess
import tempfile
import zlib

from beside import AMOUNT, KILO, MEGA, Node, Run, memory, size_text, wait_for
from ground import FOUND, TROUBLE, dns, run_all, test

PIECES = AMOUNT
GROWTHS = [1, 10, 100]
PLAIN_LINES = 4000
LINE_SIZE_MAX = MEGA # longer ones are not read

# The bounds, for --jobs 2: of both processes together, for any of the inputs.
MEMORY_MAX = 48 * MEGA
MORE_MAX = 4 * MEGA # of the largest input than of one a tenth of it


def hostile_lines():
    """Each with what is counted of it: its reason, or None where it is read."""
    long_enough = dns("host.example", padding="x" * (LINE_SIZE_MAX - 1 * KILO))
    return [
        (long_enough.encode(), None),
        (dns("host.example", padding="x" * 2 * MEGA).encode(), "size"),
        (dns("host.example", padding="a\0b").replace("\\u0000", "\0").encode(), "repaired"),
        (dns("host.example")[:-2].encode() + b',"x":' + b"[" * 5000 + b"]" * 5000 + b"}\n",
         "depth"),
        (b'{"_path":"dns","query":"' + b"[" * 100_000 + b"\n", "syntax"),
        (b"\0" * 200_000 + b"\n", "control"),
        (dns("host.example").encode()[:-2] + b',"x":"\xff\xfe"}\n', "repaired"),
        (b"\n", None),
    ]


def piece():
    """Some 4 MB of plain lines and one hit, with the hostile ones in between."""
    plain = [dns(f"host-{i}.example", f"10.0.0.{i % 200}", i % 3000).encode()
             for i in range(PLAIN_LINES)]
    plain[PLAIN_LINES // 2] = dns("evil.example").encode()
    step = PLAIN_LINES // len(hostile_lines())
    for at, (line, _) in enumerate(hostile_lines()):
        plain[at * step] = line + plain[at * step]
    return b"".join(plain)


class Stream:
    """A watch that reads a pipe; compressed on the way or not."""

    def __init__(self, node, packed):
        self.node = node
        self.run = Run(node, "watch", "-", "--jobs", "2", "--format", "zeek-json", "--json",
                       given=subprocess.PIPE)
        self.packer = zlib.compressobj(1, wbits=31) if packed else None

    def write(self, text):
        self.run.process.stdin.write(self.packer.compress(text) if self.packer else text)

    def peak(self, hits):
        """The most that both processes held, once all that was written is counted; of what is
        compressed the last piece may wait for more."""
        self.run.process.stdin.flush()
        if self.packer is None:
            wait_for(lambda: self.node.json("status")[0]["hits"] == hits, f"{hits} hits")
        child = wait_for(self.run.child, "the watch process")
        return memory(self.run.process.pid)[1] + memory(child)[1]

    def end(self):
        """Ends as it should, and gives the summary."""
        if self.packer:
            self.run.process.stdin.write(self.packer.flush())
        self.run.process.stdin.close()
        assert self.run.status() == FOUND, self.run.complaint()
        return json.loads(self.run.told()[-1])["summary"]


def peak_of(growth, packed):
    """Peak and summary for an input of so many times the smallest."""
    text = piece()
    with Node() as node:
        node.add("evil.example\n")
        stream = Stream(node, packed)
        for _ in range(growth * PIECES):
            stream.write(text)
        return stream.peak(growth * PIECES), stream.end()


def check_counts(summary, count):
    """What is hostile is counted by its reason, and harms no line beside it."""
    assert summary["hits"] == count, summary
    expected = {}
    for _, reason in hostile_lines():
        if reason is not None:
            expected[reason] = expected.get(reason, 0) + count
    assert summary["faults"] == expected, (summary["faults"], expected)


def check_growth(packed):
    peaks = []
    for growth in GROWTHS:
        peak, summary = peak_of(growth, packed)
        peaks.append(peak)
        check_counts(summary, growth * PIECES)
        print(f"# {size_text(summary['bytes'])} read, {summary['lines']} lines: "
              f"{size_text(peak)} at most")
    assert max(peaks) <= MEMORY_MAX, list(map(size_text, peaks))
    assert peaks[-1] <= peaks[-2] + MORE_MAX, list(map(size_text, peaks))


@test
def memory_does_not_grow_with_the_input():
    check_growth(packed=False)


@test
def memory_does_not_grow_with_a_compressed_input():
    check_growth(packed=True)


@test
def memory_does_not_grow_with_the_number_of_archives_that_were_cut_short():
    """Many files one after the other, each a truncated archive."""
    packed = gzip.compress(piece(), 1)
    peaks = []
    for count in (2, 20):
        with Node() as node, tempfile.TemporaryDirectory() as folder:
            node.add("evil.example\n")
            for number in range(count * PIECES):
                cut = len(packed) * 3 // 4 + number # each another file
                with open(f"{folder}/{number:05}.log.gz", "wb") as out:
                    out.write(packed[:cut])
            watch = Run(node, "watch", folder, "-", "--jobs", "2", "--format", "zeek-json",
                            given=subprocess.PIPE)
            watch.process.stdin.write(dns("evil.example", "10.77.0.1").encode())
            watch.process.stdin.flush()
            wait_for(lambda: any("10.77.0.1" in fold for fold in node.folds()), "the last line")
            peaks.append(memory(watch.process.pid)[1] + memory(watch.child())[1])
            watch.process.stdin.close()
            assert watch.status() == TROUBLE
            told = watch.complaint()
            assert told.count("read as far as it goes: truncated archive") == count * PIECES, told
            assert node.json("status")[0]["hits"] == count * PIECES + 1
    print(f"# {', '.join(map(size_text, peaks))}")
    assert peaks[-1] <= peaks[0] + MORE_MAX, list(map(size_text, peaks))


run_all()
