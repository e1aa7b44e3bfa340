#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""The processes of a watch, as the kernel sees them: each is in its jail, holds what it was handed,
and is made again when it breaks. What each jail forbids is tried in tests/os/sandbox.c.

    tests/node/jails.py PROGRAM
"""

import json
import os
import pathlib
import signal
import subprocess
import time

from ground import DONE, TROUBLE, Node, Skip, descendants, dns, held_by, run_all, test
from prometheus import asked, families_of, value

WAIT_S = 60
MANY = 15_000
FILTERED = "2" # Seccomp in /proc/PID/status (proc(5)): SECCOMP_MODE_FILTER
ROLES = {"watch", "fetch", "web"}


def wait_for(condition, what):
    for _ in range(WAIT_S * 100):
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError(f"waited {WAIT_S} s for {what}")


class House:
    """A node with an output and metrics, that follows a log: all four roles run."""

    def __enter__(self):
        self.node = Node()
        (self.node.path / "out").mkdir()
        conf = self.node.path / "linie.conf"
        conf.write_text(conf.read_text() + "\n[metrics]\nlisten = unix:metrics.sock\n"
                        '[output "lines"]\nkind = file\npath = out/hits.ndjson\n')
        self.node.add("evil.example\n")
        self.lines = 0
        self.log = self.node.file("dns.log", "")
        self.process = self.node.start("watch", "--follow", self.log, "--quiet",
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_for(lambda: ROLES <= set(self.running()), "the roles")
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self.node.__exit__()

    def running(self):
        return descendants(self.process.pid)

    def hit(self):
        """A line goes from the log to the output."""
        host = f"10.0.{self.lines // 250}.{self.lines % 250 + 1}"
        with open(self.log, "a", encoding="utf-8") as out:
            out.write(dns("evil.example", host, self.lines))
        self.lines += 1
        wait_for(lambda: host in self.told(), "the line at the output")

    def told(self):
        try:
            lines = (self.node.path / "out/hits.ndjson").read_text().splitlines()
        except FileNotFoundError:
            return set()
        return {json.loads(line).get("inside") for line in lines if line}

    def metrics(self):
        """None while another web process is about to be made."""
        try:
            head, body = asked(str(self.node.path / "metrics.sock"))
        except ConnectionError:
            return None
        return families_of(body) if " 200 " in head else None

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        said, told = self.process.communicate(timeout=WAIT_S)
        assert self.process.returncode == DONE, said + told


def status_of(pid):
    """The fields of /proc/PID/status of every thread."""
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        text = (thread / "status").read_text(encoding="utf-8")
        yield dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def jailed(pid):
    return all(status["Seccomp"].strip() == FILTERED and status["NoNewPrivs"].strip() == "1"
               for status in status_of(pid))


@test
def all_four_roles_run_jailed_in_all_their_threads():
    with House() as house:
        house.hit()
        running = house.running()
        assert set(running) == ROLES | {"starter"}, running
        for role in ROLES:
            wait_for(lambda pid=running[role]: jailed(pid), f"the jail of {role}")
        assert jailed(house.process.pid), "the store"
        for status in status_of(running["starter"]):
            assert status["NoNewPrivs"].strip() == "1"
        house.end()


@test
def roles_hold_no_file_of_the_node():
    if os.geteuid() != 0:
        raise Skip("the roles let nobody but root see what they hold")
    with House() as house:
        house.hit()
        for role, pid in house.running().items():
            held = held_by(pid)
            handed = str(house.node.path / "out") if role == "fetch" else "nothing"
            inside = [name for name in held if name.startswith(str(house.node.path))
                      and not name.startswith(handed)]
            assert inside == [], (role, inside)
        house.end()


@test
def role_that_breaks_is_made_again_by_a_store_that_cannot_make_processes():
    with House() as house:
        for number in range(6):
            role = ("watch", "fetch", "web")[number % 3]
            house.hit()
            pid = house.running()[role]
            os.kill(pid, signal.SIGKILL)
            wait_for(lambda r=role, old=pid: house.running().get(r, old) != old, f"another {role}")
            again = house.running()[role]
            wait_for(lambda pid=again: jailed(pid), f"the jail of {role}")
        house.hit()
        families = wait_for(house.metrics, "metrics")
        for role in ROLES:
            assert value(families, "linie_role_restarts_total", role=role) == 2, role
            assert value(families, "linie_role_up", role=role) == 1, role
        house.end()


@test
def configuration_is_read_again_within_the_jail():
    with House() as house:
        house.hit()
        before = house.running()["watch"]
        house.process.send_signal(signal.SIGHUP)
        wait_for(lambda: house.running().get("watch", before) != before, "another watch")
        wait_for(lambda: ROLES <= set(house.running()), "the roles")
        house.hit()
        wait_for(house.metrics, "metrics")
        for role in ROLES:
            wait_for(lambda pid=house.running()[role]: jailed(pid), f"the jail of {role}")
        assert jailed(house.process.pid), "the store"
        house.end()


@test
def everything_ends_when_the_starter_is_gone():
    with House() as house:
        house.hit()
        running = house.running()
        os.kill(running["starter"], signal.SIGKILL)
        _, told = house.process.communicate(timeout=WAIT_S)
        assert house.process.returncode == TROUBLE, told
        assert house.node.json("status")[0]["hits"] == 1
        house.node.run("verify")


@test
def nothing_is_left_when_the_store_is_killed():
    with House() as house:
        house.hit()
        running = house.running()
        house.process.kill()
        house.process.communicate()
        for role, pid in running.items():
            wait_for(lambda pid=pid: is_gone(pid), f"{role} to go")


def is_gone(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state.split()[0] in "ZX"


@test
def commands_that_write_work_in_the_jail_of_the_store():
    with House() as house:
        node = house.node
        house.hit()
        assert "1 new" in node.add("other.example\n", name="other.txt").stdout
        node.run("indicators", "remove", "other.example")
        assert node.json("rebuild")[0]["same"] is True
        assert node.json("selftest")[0]["passed"] is True
        node.run("output", "replay", "lines", "--since", "1h")
        entry = json.loads(node.said("hits", "--json", "--evidence", status=1).splitlines()[0])
        kept = entry["evidence_entries"][0]
        node.run("erase", kept, "--rule", "a test")
        house.hit()
        house.end()
        node.run("verify")


@test
def what_needs_temporary_files_works_in_the_jail_of_the_store():
    """A change of so many folds at once is more than SQLite keeps in memory."""
    with Node() as node:
        node.add("evil.example\n")
        conf = node.path / "linie.conf"
        conf.write_text(conf.read_text().replace("fold-hosts = 100", "fold-hosts = 100000"))
        log = node.file("dns.log", "".join(dns("evil.example", f"10.{i // 65536}.{i // 256 % 256}.{i % 256}")
                                           for i in range(MANY)))
        assert node.summary("--quiet", log)["folds_opened"] == MANY
        assert not list((node.path / "real").glob("etilqs*")), "what was temporary is gone"


run_all()
