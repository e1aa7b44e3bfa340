#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Backups that somebody or something changed: `linie restore` says so, and makes no node of them.

    tests/node/tamper.py PROGRAM

LINIE_TEST_SEED repeats a run.
"""

import os
import random
import shutil
import time

from ground import FOUND, TROUBLE, Node, lines, run_all, test

LIST = "evil.example\n198.51.100.7\n"
PARTS = 3
FLIPS = 10 # at random, of each part; and at each of the places that have a meaning of their own
SEALED_TRIALS = 3 # of each kind, of each part: to make the key takes its time each time
EDGES = [0, 8, 16, 64, 88, 160, 164, 165, -120, -112, -96, -33, -1]

SEED = int(os.environ.get("LINIE_TEST_SEED", time.time_ns()))
RANDOM = random.Random(SEED)
print(f"# seed {SEED}")


def part_name(number):
    return f"part-{number:06}.linie-backup"


class Backup:
    """A node with a backup of several parts, plain or with a key; each part holds something new."""

    def __init__(self, node, key):
        self.node = node
        self.key = key
        self.folder = node.folder / "backup"
        self.words = ["--key", node.file("backup.key", "a passphrase\n")] if key else []
        for number in range(PARTS):
            node.add(LIST + f"host-{number}.example\n", name=f"list-{number}.txt")
            node.run("watch", node.file(f"{number}.log", lines(300)), status=FOUND)
            node.run("backup", self.folder, *self.words)
        self.state = node.said("indicators", "list"), node.folds()

    def some(self, trials):
        """All of what there is to try, or some where each takes long."""
        return RANDOM.sample(trials, SEALED_TRIALS) if self.key else trials

    def restore(self, folder, status=0):
        """What the restore of a folder told; where it fails, nothing is there."""
        target = self.node.folder / "restored"
        done = self.node.run("restore", folder, target, *self.words, node=False, status=status)
        if status == TROUBLE:
            assert list(target.iterdir()) == []
        return done, target

    def changed(self, change):
        """A copy of the backup, in which `change` was made."""
        copy = self.node.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.folder, copy)
        change(copy)
        return copy

    def refused(self, change, *words):
        """That a restore names all of the words."""
        done, target = self.restore(self.changed(change), status=TROUBLE)
        assert done.stdout == "", done.stdout
        told = " ".join(done.stderr.split())
        for word in words:
            assert word in told, (word, told)
        target.rmdir()

    def whole(self):
        """That the backup itself is restored as it was."""
        _, target = self.restore(self.folder)
        said = self.node.run("--node", target, "indicators", "list", node=False).stdout
        folds = self.node.run("--node", target, "hits", "--json", node=False, status=FOUND).stdout
        assert (said, sorted(folds.splitlines())) == self.state
        shutil.rmtree(target)


def with_backups(check):
    for key in (False, True):
        with Node() as node:
            backup = Backup(node, key)
            check(backup)
            backup.whole()


def flip(number, place):
    def change(copy):
        path = copy / part_name(number)
        content = bytearray(path.read_bytes())
        content[place % len(content)] ^= 1 << RANDOM.randrange(8)
        path.write_bytes(content)
    return change


@test
def flipped_bit_in_any_part_is_told_with_the_name_of_the_part():
    def check(backup):
        for number in range(1, PARTS + 1):
            size = (backup.folder / part_name(number)).stat().st_size
            for place in backup.some(EDGES + [RANDOM.randrange(size) for _ in range(FLIPS)]):
                backup.refused(flip(number, place), "part-0")
    with_backups(check)


@test
def two_parts_that_were_swapped_are_told():
    def swap(copy):
        first, second = copy / part_name(2), copy / part_name(3)
        first.rename(copy / "aside")
        second.rename(first)
        (copy / "aside").rename(second)
    with_backups(lambda backup: backup.refused(swap, part_name(3)))


@test
def part_that_is_cut_short_or_longer_is_told():
    def check(backup):
        for number in range(1, PARTS + 1):
            content = (backup.folder / part_name(number)).read_bytes()
            for text in backup.some([b"", content[:7], content[:160], content[:len(content) // 2],
                                     content[:-1], content + b"\0", content + content]):
                backup.refused(lambda copy, number=number, text=text:
                               (copy / part_name(number)).write_bytes(text), part_name(number))
    with_backups(check)


@test
def part_that_is_missing_is_named():
    def check(backup):
        for number in range(1, PARTS):
            backup.refused(lambda copy, number=number: (copy / part_name(number)).unlink(),
                           part_name(number))
    with_backups(check)


@test
def missing_newest_part_gives_the_backup_before_it_and_the_number_tells():
    def check(backup):
        def remove(copy):
            (copy / part_name(PARTS)).unlink()
        told = " ".join(backup.node.run("backup", backup.folder, *backup.words).stdout.split())
        assert f"nothing new since part {PARTS} of 2" in told, told
        done, target = backup.restore(backup.changed(remove))
        told = " ".join(done.stdout.split())
        assert f"up to part {PARTS - 1} of 2" in told, done.stdout
        shutil.rmtree(target)
    with_backups(check)


@test
def part_of_another_node_is_told():
    with Node() as other:
        strange = Backup(other, key=False).folder
        with Node() as node:
            backup = Backup(node, key=False)
            for number in range(1, PARTS + 1):
                backup.refused(lambda copy, number=number: shutil.copy(
                    strange / part_name(number), copy / part_name(number)), "part-0")
            backup.whole()


@test
def wrong_key_and_no_key_are_told():
    with Node() as node:
        backup = Backup(node, key=True)
        for words in ([], ["--key", node.file("other.key", "another passphrase\n")]):
            target = node.folder / "restored"
            told = node.run("restore", backup.folder, target, *words, node=False,
                            status=TROUBLE).stderr
            assert "key" in told, told
            target.rmdir()
        backup.whole()


run_all()
