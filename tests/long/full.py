#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""A node on a disk that is full: what writes refuses clearly, what reads goes on, nothing that was
acknowledged is lost, and all works again once there is room.

    tests/long/full.py PROGRAM ROUNDS

The disk is a small one of this test's own, mounted where nobody else sees it: in memory, and where
one is root also an ext4 in a file, which tells of a full disk late.
"""

import contextlib
import ctypes
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from beside import AMOUNT, KILO, LOTS, MEGA, Node, Run, files_of, leftovers, members, size_text
from ground import DONE, FOUND, TROUBLE, Skip, dns, run_all, test

ROUNDS = AMOUNT
DISK_SIZE = 32 * MEGA
ALWAYS = [0, 4 * KILO] # and this much each time
BLOCK_SIZE = 4 * KILO
LOGS = 6 # what is found is written between two logs, or two pieces of a large one
LOG_LINES = 450
HOSTS = 80 # of the 90 lines of an hour, so that nearly each makes a fold
LINE_S = 40
LIST_SIZE = 2000
LIST_NEED = 2 * MEGA # what one takes, about
NO_ROOM = "No space left on device"
CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000


def enter_own_mounts():
    """From here on, what this process mounts is seen by nobody else, and goes when it ends. The
    reason is returned where that cannot be had."""
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWNS | (CLONE_NEWUSER if user != 0 else 0)) != 0:
        return f"no mounts of one's own here: {os.strerror(ctypes.get_errno())}"
    if user != 0:
        pathlib.Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        pathlib.Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
        pathlib.Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="ascii")
    done = subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True, text=True,
                          check=False)
    return done.stderr.strip() or None


IS_ROOT = os.geteuid() == 0
NO_MOUNTS = enter_own_mounts()


def ran(*words):
    """A command that must do; where it cannot, the test is skipped and says why."""
    if shutil.which(words[0]) is None:
        raise Skip(f"there is no {words[0]} here")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Skip(f"{' '.join(words)}: {(done.stderr or done.stdout).strip()}")


class SmallDisk:
    """Mounted on a folder while the test runs."""

    def __init__(self, kind):
        if NO_MOUNTS is not None:
            raise Skip(NO_MOUNTS)
        if kind == "ext4" and not IS_ROOT:
            raise Skip("an ext4 in a file is mounted by root only")
        self.kind = kind
        self.is_full = False
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="linie-disk-"))
        self.path = self.folder / "mounted"
        self.path.mkdir()

    def __enter__(self):
        try:
            self.mount()
        except Skip:
            shutil.rmtree(self.folder)
            raise
        return self

    def mount(self):
        if self.kind == "tmpfs":
            ran("mount", "-t", "tmpfs", "-o", f"size={DISK_SIZE}", "tmpfs", str(self.path))
            return
        image = self.folder / "image"
        with open(image, "wb") as out:
            out.truncate(DISK_SIZE)
        ran("mkfs.ext4", "-q", "-m", "0", str(image))
        ran("mount", "-o", "loop", str(image), str(self.path))

    def __exit__(self, *_):
        subprocess.run(["umount", str(self.path)], check=True)
        shutil.rmtree(self.folder)

    def fill(self, room):
        """Leaves so much free, as far as the disk can tell."""
        self.free()
        self.is_full = True
        os.sync() # what ext4 has only promised yet is laid out now
        status = os.statvfs(self.path)
        left = status.f_bavail * status.f_frsize - room if room > 0 else DISK_SIZE
        with open(self.path / "filler", "wb", buffering=0) as filler, \
             contextlib.suppress(OSError): # full to the brim
            while left > 0:
                left -= filler.write(bytes(min(left, BLOCK_SIZE)))
            os.fsync(filler.fileno())

    def free(self):
        (self.path / "filler").unlink(missing_ok=True)
        self.is_full = False


def rooms(needed):
    """How much is left free, by turns: next to nothing, and then something by lot."""
    return ALWAYS + [int(LOTS.random() * needed) for _ in range(ROUNDS)]


def node_on(disk):
    node = Node()
    moved = disk.path / "node"
    shutil.move(node.path, moved)
    node.path = moved
    node.add("evil.example\n", "--set", "seen")
    return node


def check_refused(run):
    """In words that say what is wrong."""
    status = run.status()
    told = run.complaint()
    assert status == TROUBLE, (status, told)
    assert NO_ROOM in told, told


def check_readable(disk, node, told):
    """With all that was told. What an ext4 has promised it may refuse at the last moment, and then
    a reader, too, is refused in clear words; on a disk with room nobody is."""
    for words in (["verify"], ["status"], ["hits", "--json"]):
        run = Run(node, *words)
        status = run.status()
        if status == TROUBLE and disk.is_full and disk.kind == "ext4":
            check_refused(run)
            return
        assert status in (DONE, FOUND), run.complaint()
    there = told_hits(run)
    assert told <= there, f"{len(told - there)} hits were told and are gone"


def told_hits(run):
    items = [json.loads(line) for line in run.told() if line.startswith("{")]
    return {(item["indicator"], item["inside"], item["start"])
            for item in items if "indicator" in item}


def logs_in(node):
    return [node.file(f"{number}.log", "".join(
        dns("evil.example", f"10.1.0.{i % HOSTS}", (number * LOG_LINES + i) * LINE_S)
        for i in range(LOG_LINES))) for number in range(LOGS)]


def undisturbed():
    with Node() as node:
        node.add("evil.example\n", "--set", "seen")
        before = sum(files_of(node.path).values())
        node.run("watch", "--quiet", *logs_in(node), status=FOUND)
        grown = sum(files_of(node.path).values()) - before
        return [json.loads(fold) for fold in node.folds()], grown


def check_watch(kind):
    expected, grown = undisturbed()
    refused = 0
    partly = 0
    for room in rooms(grown):
        with SmallDisk(kind) as disk, node_on(disk) as node:
            logs = logs_in(node)
            disk.fill(room)
            run = Run(node, "watch", "--json", *logs)
            if run.status() != FOUND:
                check_refused(run)
                refused += 1
                partly += len(told_hits(run)) > 0
            check_readable(disk, node, told_hits(run))
            disk.free()
            check_readable(disk, node, told_hits(run))
            subprocess.run(node.command("watch", "--quiet", *logs), check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            assert [json.loads(fold) for fold in node.folds()] == expected
            assert node.json("rebuild")[0]["same"] is True
            assert leftovers(node) == [], leftovers(node)
    print(f"# {refused} of {ROUNDS + len(ALWAYS)} watches were refused, {partly} on the way; "
          f"{size_text(grown)} were needed")
    assert refused >= len(ALWAYS)


def check_add(kind):
    refused = 0
    with SmallDisk(kind) as disk, node_on(disk) as node:
        before = members(node)
        for number, room in enumerate(rooms(LIST_NEED)):
            values = [f"v{number}-{i}.kept.example" for i in range(LIST_SIZE)]
            words = ["indicators", "add", node.file(f"list-{number}.txt", "\n".join(values)),
                     "--source", "Feed", "--set", "kept"]
            after = dict(before)
            after["kept"] = before.get("kept", set()) | set(values)
            disk.fill(room)
            run = Run(node, *words)
            done = run.status() == 0
            if not done:
                check_refused(run)
                refused += 1
            disk.free()
            assert members(node) in ([after] if done else [before, after])
            node.run(*words)
            assert members(node) == after
            node.run("verify")
            before = after
        assert node.json("rebuild")[0]["same"] is True
        assert leftovers(node) == [], leftovers(node)
    print(f"# {refused} of {ROUNDS + len(ALWAYS)} additions were refused")
    assert refused >= len(ALWAYS)


def check_backup(kind):
    """Onto the full disk, from a node on another; and a restore onto it."""
    with SmallDisk(kind) as disk, Node() as node:
        node.add("".join(f"v{i}.kept.example\n" for i in range(20_000)))
        backup, restored = disk.path / "backup", disk.path / "restored"
        disk.fill(0)
        for words in (["init", disk.path / "fresh"], ["backup", backup]):
            check_refused(Run(node, *words))
        disk.free()
        node.run("backup", backup)
        disk.fill(128 * KILO)
        check_refused(Run(node, "restore", backup, restored))
        assert not (restored / "linie.conf").exists()
        disk.free()
        node.run("restore", backup, restored)
        assert node.said("--node", restored, "indicators", "list", node=False) == \
               node.said("indicators", "list")


@test
def watch_on_a_full_disk_loses_nothing_and_goes_on_once_there_is_room():
    check_watch("tmpfs")


@test
def addition_on_a_full_disk_is_refused_whole_and_done_once_there_is_room():
    check_add("tmpfs")


@test
def backup_and_restore_on_a_full_disk_are_refused_and_done_once_there_is_room():
    check_backup("tmpfs")


@test
def watch_on_a_full_ext4_loses_nothing_and_goes_on_once_there_is_room():
    check_watch("ext4")


@test
def addition_on_a_full_ext4_is_refused_whole_and_done_once_there_is_room():
    check_add("ext4")


@test
def backup_and_restore_on_a_full_ext4_are_refused_and_done_once_there_is_room():
    check_backup("ext4")


run_all()
