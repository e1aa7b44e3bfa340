#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Whose node it is: others are refused, and where nothing can be written everybody may read.

    tests/node/owner.py PROGRAM

Some of it needs root, which then works as another user too; without root those tests are skipped.
"""

import os
import pathlib
import shutil
import signal
import stat
import subprocess

from ground import DONE, FOUND, PROGRAM, TROUBLE, Node, Skip, dns, lines, run_all, test

LIST = "evil.example\n"
SOMEBODY = 65534 # nobody's number on Debian
READING = (("hits",), ("hits", "--evidence"), ("status",), ("indicators", "list"),
           ("indicators", "stats"), ("indicators", "show", "evil.example"), ("verify",))
WRITING = (("indicators", "add", "list.txt"), ("indicators", "remove", "evil.example"), ("rebuild",),
           ("erase", "4", "--rule", "a test"), ("watch", "a.log"))


class OfSomebody(Node):
    """A node that is made and used by another user than the tester; only root can do that."""

    def prepare(self):
        if os.geteuid() != 0:
            shutil.rmtree(self.folder)
            raise Skip("only root can be two users")
        os.chown(self.folder, SOMEBODY, SOMEBODY)
        self.options = {"user": SOMEBODY, "group": SOMEBODY, "extra_groups": []}
        # The program may lie where only root comes.
        shutil.copy(PROGRAM, self.folder / "linie")

    def command(self, *words, node=True):
        return [str(self.folder / "linie"), *super().command(*words, node=node)[1:]]

    def file(self, name, text):
        path = super().file(name, text)
        os.chown(path, SOMEBODY, SOMEBODY)
        return path

    def as_root(self):
        self.options = {}


def filled(node):
    node.add(LIST)
    node.run("watch", node.file("a.log", lines(200)), status=FOUND)
    return node


def all_files(folder):
    return {str(path): (path.lstat().st_uid, path.lstat().st_size, path.lstat().st_mtime_ns)
            for path in [folder, *folder.rglob("*")]}


def answers(node, world="real"):
    """What the reading commands say; each must end as it does in a node that can be written."""
    said = []
    for words in READING:
        status = FOUND if words[0] == "hits" else DONE
        said.append(node.said(*words, "--json", "--world", world, status=status))
    return said


class Closed:
    """No file or folder of the node can be written, by its mode, until the end."""

    def __init__(self, node):
        self.paths = [node.path, *node.path.rglob("*")]
        self.modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in self.paths}

    def __enter__(self):
        for path in self.paths:
            path.chmod(self.modes[path] & ~0o222)

    def __exit__(self, *_):
        for path in self.paths:
            path.chmod(self.modes[path])


def ordinary():
    """A node of a user whom modes bind: not of root."""
    return OfSomebody() if os.geteuid() == 0 else Node()


# ---- another user ----

@test
def node_of_another_user_is_refused_and_nothing_is_left_in_it():
    with OfSomebody() as node:
        filled(node)
        before = all_files(node.path)
        node.as_root()
        for words in (*READING, *WRITING, ("backup", node.folder / "kept")):
            told = node.run(*words, status=TROUBLE).stderr
            assert "belongs to nobody" in told and "sudo -u nobody linie" in told, told
        told = node.run("init", "--world", "spring", status=TROUBLE).stderr
        assert "belongs to nobody" in told, told
        assert all_files(node.path) == before
        shutil.rmtree(node.path / "real/index") # and a database that would have to be mended
        (node.path / "real/linie.db").unlink()
        before = all_files(node.path)
        node.run("status", status=TROUBLE)
        assert all_files(node.path) == before


@test
def folder_of_another_user_becomes_no_node_of_root():
    with OfSomebody() as node:
        filled(node)
        node.run("backup", node.folder / "kept")
        empty = node.folder / "empty"
        empty.mkdir()
        os.chown(empty, SOMEBODY, SOMEBODY)
        node.as_root()
        assert "belongs to nobody" in node.run("init", empty, node=False, status=TROUBLE).stderr
        told = node.run("restore", node.folder / "kept", empty, status=TROUBLE).stderr
        assert "belongs to nobody" in told, told
        assert list(empty.iterdir()) == []


@test
def who_became_root_by_sudo_is_told_to_leave_it_out():
    with OfSomebody() as node:
        node.as_root()
        told = node.run("status", status=TROUBLE, env={"SUDO_UID": str(SOMEBODY)}).stderr
        assert "without sudo" in told, told
        told = node.run("status", status=TROUBLE, env={"SUDO_UID": "1"}).stderr
        assert "sudo -u nobody" in told, told


@test
def owner_without_a_name_is_told_by_number():
    with OfSomebody() as node:
        number = 64999 # no user of Debian has it
        os.chown(node.path, number, number)
        node.as_root()
        told = node.run("status", status=TROUBLE).stderr
        assert f"sudo -u \\#{number} linie" in told, told


# ---- where nothing can be written ----

@test
def node_whose_folder_is_closed_to_writing_can_be_read():
    with ordinary() as node:
        filled(node)
        expected = answers(node)
        node.run("init", "--world", "spring")
        node.add("other.example\nevil.example\n", "--world", "spring")
        node.run("watch", "a.log", "--world", "spring", status=FOUND)
        spring = answers(node, "spring")
        before = all_files(node.path)
        with Closed(node):
            assert answers(node) == expected
            assert answers(node, "spring") == spring
            node.run("backup", node.folder / "kept")
            assert all_files(node.path).keys() == before.keys()
            for words in WRITING:
                told = node.run(*words, status=TROUBLE).stderr
                assert "Permission denied" in told, told
        assert all_files(node.path).keys() == before.keys()
        assert answers(node) == expected


@test
def path_of_a_closed_node_may_have_any_characters():
    with ordinary() as node:
        filled(node)
        expected = answers(node)
        odd = node.folder / "a?b#c%20 d&immutable=0"
        node.path.rename(odd)
        node.path = odd
        with Closed(node):
            assert answers(node) == expected
            node.path = pathlib.Path("//" + str(odd).lstrip("/"))
            assert answers(node) == expected


@test
def node_that_was_killed_can_be_read_where_nothing_can_be_written():
    with ordinary() as node:
        filled(node)
        process = node.start("watch", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process.stdin.write(dns("evil.example", "10.9.9.9"))
        process.stdin.flush()
        assert "10.9.9.9" in process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdin.close()
        process.stdout.close()
        assert (node.path / "real/linie.db-wal").stat().st_size > 0
        with Closed(node):
            folds = node.folds()
            assert any("10.9.9.9" in fold for fold in folds), folds
        (node.path / "real/linie.db-shm").unlink()
        with Closed(node):
            told = node.run("hits", status=TROUBLE).stderr
            assert "not closed in order" in told and "copy the node" in told, told
        assert node.folds() == folds


@test
def closed_node_without_a_database_says_so():
    with ordinary() as node:
        filled(node)
        (node.path / "real/linie.db").unlink()
        with Closed(node):
            told = node.run("hits", status=TROUBLE).stderr
            assert "there is no database, and none can be made" in told, told
            node.run("verify")
        assert len(node.folds()) > 0 # where it may be written it is made anew


def read_only(node, *words):
    """A command while the node's folder is mounted read-only."""
    script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" || exit 77\nshift\n"$@"'
    done = subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", node.path,
                           *node.command(*words)], text=True, check=False,
                          env=node.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode == 77:
        raise Skip("nothing can be mounted here")
    return done


@test
def node_on_a_read_only_file_system_can_be_read_by_root_too():
    with OfSomebody() as node:
        filled(node)
        expected = answers(node)
        before = all_files(node.path)
        node.as_root()
        for words, answer in zip(READING, expected):
            done = read_only(node, *words, "--json")
            assert done.stdout == answer, (words, done)
        done = read_only(node, "hunt", "evil.example", "--purpose", "case 17", "--mandate", "law")
        assert done.returncode == TROUBLE and "can only be read from here" in done.stderr, done
        assert all_files(node.path) == before


run_all()
