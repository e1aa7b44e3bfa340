#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""What people see: it fits their screen, no value is cut, and help is there where it is looked for.

    tests/node/screen.py PROGRAM
"""

import contextlib
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios

from ground import DONE, FOUND, PROGRAM, TROUBLE, Node, descendants, dns, run_all, test
from helped import names_in
from receivers import wait_for
from sender import Pipe

LINES, COLUMNS = 24, 80
SHA256 = "5e0599a42d5e3da872c402229aea1816dfda81b891f118d38057563d15a2149d"
SHA1 = "6bd2a2eed6e841b1db18ef5a5dc8518c8981effd"
URL = "http://portal.update-dms.example/" + "a-long-way-down/" * 12 + "?id=7f3a91"
INSIDE = "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"
DOMAIN = "a-rather-long-name." * 4 + "update-dms.example"
VALUES = (SHA256, SHA1, URL, DOMAIN, "203.0.113.64/27", "2001:db8:1111:2222:3333:4444:5555:6666")
SOURCE = "National Computer Security Incident Response Team of the example"
SET = "what came in the mail of Saturday"
OWNER = "The water board of the rather long polder behind the dikes"
NAMES = (SOURCE, SET, OWNER)
READING = ("hits", "status", "indicators list", "indicators stats")


def log():
    host, path = URL.removeprefix("http://").split("/", 1)
    files = {"_path": "files", "ts": 1795262400.5, "fuid": "F1", "id.orig_h": INSIDE,
             "id.resp_h": "2001:db8:1111:2222:3333:4444:5555:6666", "sha256": SHA256, "sha1": SHA1}
    http = {"_path": "http", "ts": 1795263300, "uid": "C1", "id.orig_h": "10.0.0.5",
            "id.resp_h": "203.0.113.77", "host": host, "uri": "/" + path, "method": "GET"}
    return "".join([dns("x." + DOMAIN, second=i * 60) for i in range(40)]) \
        + json.dumps(files) + "\n" + json.dumps(http) + "\n"


class Crowded(Node):
    """A node whose values are as long as they get."""

    def __init__(self, folds=True):
        super().__init__(owner=OWNER)
        self.run("indicators", "add", self.file("a-list-of-indicators.txt", "\n".join(VALUES)),
                 "--source", SOURCE, "--set", SET)
        self.run("indicators", "add", self.file("table.csv", "value,tlp\n" + SHA256 + ",GREEN\n"),
                 "--source", SOURCE)
        self.log = self.file("logs/of-the-sensor-at-the-border/and-of-the-day/files-and-more.log",
                             log())
        if folds:
            self.run("watch", self.log, status=FOUND)


def told(node, words):
    status = FOUND if words == "hits" else DONE
    return node.said(*words.split(), status=status)


def check_fits(text, what, width=COLUMNS):
    """No line is too long, but for one that holds nothing but what cannot be broken."""
    for line in text.splitlines():
        assert line == line.rstrip(), f"{what}: spaces at the end of {line!r}"
        alone = " " not in line.strip() or line.strip() in NAMES
        assert len(line) <= width or alone, f"{what}: {len(line)} columns: {line}"


def in_terminal(node, width, *words, **environment):
    """What a command shows on a terminal of so many columns, without colours."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, width, 0, 0))
    process = subprocess.Popen(node.command(*words), stdin=slave, stdout=slave, stderr=slave,
                               cwd=node.folder, env=node.environment() | environment)
    os.close(slave)
    shown = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError: # how a terminal says that its last user has gone
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    process.wait()
    return shown.decode().replace("\r\n", "\n")


@test
def what_is_shown_fits_80_columns_and_no_value_is_cut():
    with Crowded() as node:
        for words in READING:
            check_fits(told(node, words), words)
        check_fits(node.said("indicators", "show", *VALUES), "show")
        check_fits(node.said("watch", node.log, "--again", status=FOUND), "watch")
        for words in ("hits", "indicators list"):
            text = told(node, words)
            for value in VALUES:
                assert any(value in line for line in text.splitlines()), f"{words}: {value}\n{text}"


@test
def hit_says_a_value_once():
    with Crowded() as node:
        text = told(node, "hits")
        for value in (SHA256, SHA1):
            assert text.count(value) == 1, text
        assert URL.removeprefix("http://") in text and text.count("a-long-way-down/?id=") == 1, text
        assert text.count("x." + DOMAIN) == 1, text # it is another name than the indicator's
        again = node.said("watch", node.log, "--again", status=FOUND)
        assert again.count(SHA1) == 1, again


@test
def hit_tells_its_minutes_and_its_lines():
    with Crowded() as node:
        text = told(node, "hits", )
        assert "2026-11-21 12:00-12:39 10.0.0.5 " in text and "40 x dns.query" in text, text
        assert f"2026-11-21 12:00       {INSIDE}" in text, text
        assert text.endswith("lines (times are UTC)\n"), text


@test
def lines_are_as_wide_as_the_terminal_or_as_columns_says():
    with Crowded() as node:
        for width in (60, 132):
            for words in READING:
                text = in_terminal(node, width, *words.split(), COLUMNS="80")
                check_fits(text, words, width)
            longest = max(map(len, in_terminal(node, width, "hits").splitlines()[-20:]))
            assert longest > COLUMNS or width < COLUMNS, longest
        wide = node.said("hits", status=FOUND, env={"COLUMNS": "250"})
        assert f"40 x dns.query as x.{DOMAIN}" in wide and f"by {os.uname().nodename}; {SOURCE}" in wide
        for odd in ("", "none", "0", "-3", "99999999999999999999999"):
            assert node.said("hits", status=FOUND, env={"COLUMNS": odd}) == told(node, "hits"), odd
        objects = node.said("hits", "--json", status=FOUND, env={"COLUMNS": "40"}).splitlines()
        assert all(json.loads(line)["count"] for line in objects)


@test
def wide_and_narrow_letters_are_measured_as_a_terminal_shows_them():
    name = "水" * 40 # two columns each
    with Node() as node:
        node.add("evil.example\n", "--set", name)
        for locale in ("C", "C.UTF-8"):
            text = node.said("indicators", "list", env={"LC_ALL": locale})
            assert name in text.splitlines()[1], text


@test
def progress_stays_on_one_line_of_the_terminal():
    with Crowded(folds=False) as node:
        shown = in_terminal(node, COLUMNS, "watch", str(node.log))
        for line in shown.split("\n"):
            last = line.rsplit("\r", 1)[-1].replace("\033[K", "")
            assert len(last) <= COLUMNS or " " not in last.strip(), last
        assert "hits, " in shown


@test
def fault_is_set_to_the_terminal_and_is_one_line_for_others():
    with Node() as node:
        shown = in_terminal(node, 60, "erase", "1", "--rule", "a test")
        assert len(shown.splitlines()) > 1
        check_fits(shown, "erase", 60)
        told = node.run("erase", "1", "--rule", "a test", status=TROUBLE).stderr
        assert told.count("\n") == 1 and told.split() == shown.split(), (told, shown)


@test
def colours_are_for_terminals_that_want_them():
    with Crowded() as node:
        assert "\033[" in in_terminal(node, COLUMNS, "hits", TERM="xterm")
        assert "\033[" not in in_terminal(node, COLUMNS, "hits", TERM="xterm", NO_COLOR="1")
        assert "\033[" not in in_terminal(node, COLUMNS, "hits", TERM="dumb")
        coloured = in_terminal(node, COLUMNS, "hits", TERM="xterm")
        assert re.sub("\033\\[[0-9;]*m", "", coloured) == in_terminal(node, COLUMNS, "hits")


# ---- help ----

def screen_of(*words, status=DONE):
    done = subprocess.run([PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    assert done.returncode == status, done
    return done.stdout


@test
def help_is_found_where_it_is_looked_for_and_fits_a_screen():
    names = names_in(screen_of("--help"))
    assert "indicators add" in names and "verify" in names, names
    for name in [*names, "indicators", "allow"]:
        text = screen_of(*name.split(), "--help")
        assert text == screen_of(*name.split(), "-h") == screen_of("help", *name.split()), name
        lines = text.splitlines()
        assert len(lines) <= LINES and max(map(len, lines)) <= COLUMNS, f"{name}\n{text}"
        assert lines[-1].startswith(f"  linie {name}"), f"{name}: no example\n{text}"
    group = screen_of("indicators", "--help")
    for name in names:
        assert (f"  {name} " in group) == name.startswith("indicators "), group


@test
def word_that_is_not_known_is_told_with_what_was_meant_and_nothing_else():
    for typed, meant in (("hist", "hits"), ("wacht", "watch"), ("lsit", "indicators list"),
                         ("indicators lst", "indicators list"), ("stat", "status")):
        text = screen_of(*typed.split(), status=TROUBLE)
        assert meant in text.splitlines()[0], text
    for typed in ("frobnicate", "x", "", "\033[31m"):
        text = screen_of(typed, status=TROUBLE)
        assert "there is:" not in text and "\033" not in text, text
    assert "linie indicators --help" in screen_of("indicators", status=TROUBLE)
    assert "did you mean --since?" in screen_of("hits", "--sinse", "24h", status=TROUBLE)
    assert "did you mean" not in screen_of("hits", "--frobnicate", status=TROUBLE)


@test
def key_that_is_not_known_is_told_with_one_that_is_near():
    with Node() as node:
        conf = node.path / "linie.conf"
        text = conf.read_text()
        for lines, meant in (("[inside]\nnetwrok = 10.0.0.0/8\n", '"network" in [inside]'),
                             ("[watch]\nnetwork = 10.0.0.0/8\n", '"network" in [inside]'),
                             ("[watch]\nsensr = x\n", '"sensor" in [watch]')):
            conf.write_text(text + lines)
            said = node.run("status", status=TROUBLE).stderr
            assert f"did you mean {meant}?" in said, said
        for line in ("frobnicate = 1", "x = 1", "a-word-that-is-far-from-all-of-them = 1"):
            conf.write_text(text + "[watch]\n" + line + "\n")
            said = node.run("status", status=TROUBLE).stderr
            assert "unknown key" in said and "did you mean" not in said, said


# ---- words ----

@test
def one_is_told_as_one():
    with Node() as node:
        node.add("evil.example\n")
        watched = node.said("watch", node.file("a.log", dns("evil.example")), status=FOUND)
        said = watched + told(node, "hits") + node.said("status") + node.said("indicators", "stats")
        said += node.said("backup", node.folder / "kept") + node.said("verify")
        said += node.said("verify", "--backup", node.folder / "kept")
        said += node.said("restore", node.folder / "kept", node.folder / "again")
        wrong = re.findall(r"\b1 (?:\w+ )?(?:inputs|lines|hits|folds|values|parts|worlds|files|entries|"
                           r"indicators|faults|observations)\b", said)
        assert not wrong, f"{wrong}\n{said}"
        for right in ("1 input read", "1 line,", "1 hit, 1 new fold", "1 value met, 1 fold, 1 line",
                      "1 part,", "1 world", "1  indicator\n"):
            assert right in said, f"{right}\n{said}"


@test
def input_that_cannot_be_read_is_named_once():
    with Node() as node:
        done = node.run("watch", "absent.log", status=TROUBLE)
        assert done.stderr.count("absent.log") == 1, done.stderr
        done = node.run("indicators", "add", "absent.txt", status=TROUBLE)
        assert done.stderr.count("absent.txt") == 1, done.stderr


def request(url, agent):
    return json.dumps({"timestamp": "2026-11-21T12:00:00.000000+0000", "event_type": "http",
                       "src_ip": "10.0.0.5", "src_port": 5555, "dest_ip": "192.0.2.9",
                       "dest_port": 80, "proto": "TCP",
                       "http": {"hostname": "long.example", "url": url, "http_method": "GET",
                                "http_user_agent": agent, "status": 200}}) + "\n"


@test
def answer_of_a_hunt_cuts_what_is_longer_than_a_screen_and_says_so():
    path = "/" + "a" * 8000
    agent = "é" * 999 + "x" # 1,999 bytes: the cut would be in the middle of a letter
    with Node().remembering() as node:
        node.run("watch", node.file("eve.json", request(path, agent)), "--quiet")
        for asked, size in ((("http://long.example" + path,), "8,020"),
                            ((agent, "--kind", "user-agent"), "1,999")):
            words = ("hunt", *asked, "--purpose", "x", "--mandate", "y", "--show")
            text = in_terminal(node, COLUMNS, *words)
            assert max(map(len, text.splitlines())) < 5000 and "\ufffd" not in text, text
            assert f"...\n  (cut here: {size} bytes, all of them with --json)" in text, text
            answer = node.json(*words, status=FOUND)[0]
            assert answer["asked"] == asked[0], answer["asked"]


@test
def exported_table_shows_a_terminal_no_control_characters_and_programs_every_byte():
    evil = "\x1b[31mred\x07 \u009b5m"
    export = ("history", "export", "--csv", "--purpose", "x", "--mandate", "y")
    with Node().remembering() as node:
        node.run("watch", node.file("eve.json", request("/", evil)), "--quiet")
        for running in (False, True):
            with Pipe(node) if running else contextlib.nullcontext() as pipe:
                if running:
                    wait_for(lambda: "watch" in descendants(pipe.process.pid), "the watch")
                text = in_terminal(node, COLUMNS, *export)
                assert "red" in text and not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", text), text
                assert evil in node.said(*export)
                if running:
                    pipe.end(DONE)


run_all()
