# SPDX-License-Identifier: EUPL-1.2
"""A node that sends what it finds, and a watch that is fed while it runs."""

import json
import subprocess
import time

import ground
from ground import FIRST_MOMENT, FOUND, Node, descendants
from receivers import wait_for

LIST = "evil.example\n"


HOUR_S = 3600
THIS_HOUR = int(time.time()) // HOUR_S * HOUR_S - FIRST_MOMENT


def dns(query, host="10.0.0.5", second=0, **more):
    """A line of this hour: of an older one the hit is closed as the run ends, and that is told too."""
    return ground.dns(query, host, second + THIS_HOUR, **more)


class Sender(Node):
    """A node with outputs."""

    def output(self, name, **keys):
        with open(self.path / "linie.conf", "a", encoding="utf-8") as conf:
            conf.write(f'\n[output "{name}"]\n')
            for key, value in keys.items():
                conf.write(f"{key.replace('_', '-')} = {value}\n")
        return self

    def lines_output(self, name="lines", **keys):
        return self.output(name, kind="file", path=f"out/{name}.ndjson", **keys)

    def written(self, name="lines"):
        path = self.path / f"out/{name}.ndjson"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def stands(self, name):
        return next(row for row in self.json("output", "list") if row["output"] == name)

    def watch(self, text, name="a.log", status=FOUND, also=()):
        """Watches a file with this text, and files that are there."""
        self.run("watch", *also, self.file(name, text), "--quiet", status=status)

    def hosts_max(self, count):
        """So many hosts have a fold of their own, before an indicator is noisy."""
        conf = self.path / "linie.conf"
        conf.write_text(conf.read_text().replace("fold-hosts = 100", f"fold-hosts = {count}"))

    def secret(self, name, text):
        """A file for secrets, below keys/."""
        path = self.path / "keys" / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def many(self, count, **more):
        """A log of so many hits, each a fold of its own."""
        return "".join(dns("evil.example", f"10.1.{i // 250}.{i % 250}", i % 1000, **more)
                       for i in range(count))


class Pipe:
    """A watch that reads a pipe which the test keeps open."""

    def __init__(self, node, *words):
        self.node = node
        self.process = node.start("watch", "-", "--quiet", *words, stdin=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def write(self, text):
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def fetch(self):
        """The process id of its fetch process."""
        return wait_for(lambda: descendants(self.process.pid).get("fetch"), "the fetch process")

    def end(self, status=FOUND):
        _, told = self.process.communicate(timeout=120)
        assert self.process.returncode == status, (self.process.returncode, told)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def opened(events):
    return [event for event in events if event["event"] == "opened"]


def ids(events):
    return [event["event_id"] for event in events]
