#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""A watch of a long stream, under which the indicators are replaced again and again: what it holds
of memory, descriptors and disk.

    tests/long/soak.py PROGRAM REPLACEMENTS
"""

import json
import subprocess

from beside import (AMOUNT, KILO, LOTS, MEGA, Node, Run, descriptors, files_of, memory, size_text,
                    wait_for)
from ground import FOUND, dns, run_all, test

REPLACEMENTS = AMOUNT
SETS = 60
SET_SIZE = 200
LISTS = 2 # lists by turns for each set: what was added once is kept once
BLOCK_LINES = 4000
BLOCK_HITS = 8
BLOCKS_EACH = 3 # of the stream between two replacements

# The bounds. The journal grows with what is told, and only with that: it is judged by the entry.
STORE_MEMORY_MAX = 32 * MEGA
WATCH_MEMORY_MAX = 48 * MEGA
MEMORY_MORE_MAX = 2 * MEGA # in the second half
DESCRIPTORS_MAX = 32
DESCRIPTORS_MORE_MAX = 4 # such as are open for a moment
FOLDER_MAX = 24 * MEGA # without the journal
FOLDER_MORE_MAX = 6 * MEGA # in the second half: the database's log comes and goes
ENTRY_MAX = 16 * KILO


def block():
    """A piece of the stream, all of one hour, so that its folds are the same each time."""
    return "".join(
        dns("evil.example" if i % (BLOCK_LINES // BLOCK_HITS) == 0 else f"host-{i}.example",
            f"10.0.0.{i % 200}", i % 3000) for i in range(BLOCK_LINES)).encode()


def lists_of(node):
    return [[node.file(f"set-{number}-{turn}.txt", "".join(
        f"v{number}-{turn}-{i}.kept.example\n" for i in range(SET_SIZE)))
             for turn in range(LISTS)] for number in range(SETS)]


class Sample:
    """What a running watch holds, and what its node's folder has grown to."""

    def __init__(self, node, watch):
        self.store = memory(watch.process.pid)
        self.watch = memory(watch.child())
        self.descriptors = descriptors(watch.process.pid), descriptors(watch.child())
        sizes = files_of(node.path)
        self.journal = sum(size for name, size in sizes.items() if "/journal/" in name)
        self.folder = sum(sizes.values()) - self.journal
        self.entries = node.json("status")[0]["entries"]

    def __str__(self):
        return f"store {size_text(self.store[0])}, watch {size_text(self.watch[0])}, descriptors " \
               f"{self.descriptors}, folder {size_text(self.folder)}, journal " \
               f"{size_text(self.journal)} of {self.entries} entries"


def replace(node, lists):
    """A set is taken away and made again of another list."""
    number = LOTS.randrange(SETS)
    node.run("indicators", "remove", "--set", f"set-{number}")
    node.run("indicators", "add", LOTS.choice(lists[number]), "--source", "Feed", "--set",
             f"set-{number}")


def soak(node, watch, lists):
    """Samples, one after each replacement."""
    piece = block()
    samples = []
    for _ in range(REPLACEMENTS):
        for _ in range(BLOCKS_EACH):
            watch.process.stdin.write(piece)
        watch.process.stdin.flush()
        replace(node, lists)
        samples.append(Sample(node, watch))
    lines = REPLACEMENTS * BLOCKS_EACH * BLOCK_LINES
    wait_for(lambda: node.json("status")[0]["lines"] == lines, f"{lines} lines")
    samples.append(Sample(node, watch))
    watch.process.stdin.close()
    assert watch.status() == FOUND, watch.complaint()
    return samples


SAMPLES = []


def samples_taken():
    """Taken once, for all the tests."""
    if not SAMPLES:
        with Node() as node:
            lists = lists_of(node)
            node.add("evil.example\n", "--set", "seen")
            for number in range(SETS):
                node.run("indicators", "add", lists[number][0], "--source", "Feed", "--set",
                         f"set-{number}")
            watch = Run(node, "watch", "-", "--jobs", "2", "--quiet", given=subprocess.PIPE)
            wait_for((node.path / "real/linie.sock").exists, "the watch to listen")
            SAMPLES.extend(soak(node, watch, lists))
            (summary,) = node.json("status")
            assert summary["hits"] == REPLACEMENTS * BLOCKS_EACH * BLOCK_HITS, summary
            assert summary["faults"] == {}, json.dumps(summary)
        for at in (0, len(SAMPLES) // 2, len(SAMPLES) - 1):
            print(f"# after {at + 1}: {SAMPLES[at]}")
    return SAMPLES[:len(SAMPLES) // 2], SAMPLES[len(SAMPLES) // 2:]


@test
def memory_of_both_processes_is_bounded_and_flat_in_the_second_half():
    first, second = samples_taken()
    for name, bound in (("store", STORE_MEMORY_MAX), ("watch", WATCH_MEMORY_MAX)):
        before = getattr(first[-1], name)[1]
        after = getattr(second[-1], name)[1]
        assert after <= bound, f"{name} held {size_text(after)}"
        assert after <= before + MEMORY_MORE_MAX, \
            f"{name} grew from {size_text(before)} to {size_text(after)}"


@test
def descriptors_of_both_processes_are_few_and_no_more_in_the_second_half():
    first, second = samples_taken()
    for side in (0, 1):
        before = max(sample.descriptors[side] for sample in first)
        after = max(sample.descriptors[side] for sample in second)
        assert after <= DESCRIPTORS_MAX, after
        assert after <= before + DESCRIPTORS_MORE_MAX, f"from {before} to {after} descriptors"


@test
def folder_of_the_node_is_bounded_and_its_journal_holds_what_it_was_told():
    first, second = samples_taken()
    before = max(sample.folder for sample in first)
    after = max(sample.folder for sample in second)
    assert after <= FOLDER_MAX, size_text(after)
    assert after <= before + FOLDER_MORE_MAX, f"from {size_text(before)} to {size_text(after)}"
    entry = (second[-1].journal - first[0].journal) / (second[-1].entries - first[0].entries)
    assert entry <= ENTRY_MAX, f"{entry:.0f} bytes an entry"


run_all()
