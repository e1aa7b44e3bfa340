# SPDX-License-Identifier: EUPL-1.2
"""A node whose watch follows what it is given, and is asked, stopped and killed by a test."""

import signal
import subprocess

from ground import DONE, Node, descendants, dns
from receivers import WAIT_S, wait_for

LIST = "evil.example\n"
SETTLE_S = 1 # as configured for these tests


class Follower:
    """A node, and a watch that follows what is below its folder "logs"."""

    def __init__(self, *inputs, start=True, config="", poll_s=1):
        self.node = Node()
        self.inputs = inputs or ("logs",)
        self.logs = self.node.folder / "logs"
        self.logs.mkdir()
        self.written = 0
        self.process = None
        conf = self.node.path / "linie.conf"
        conf.write_text(conf.read_text().replace("settle-seconds = 5", f"settle-seconds = {SETTLE_S}")
                        .replace("poll-seconds = 5", f"poll-seconds = {poll_s}") + config)
        self.node.add(LIST)
        if start:
            self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
        self.node.__exit__()

    def start(self):
        (self.node.path / "real/linie.sock").unlink(missing_ok=True) # that a kill has left
        self.process = self.node.start("watch", "--follow", *self.inputs, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
        there = (self.node.path / "real/linie.sock").exists
        wait_for(lambda: there() or self.process.poll() is not None, "the watch to begin")
        if not there():
            raise AssertionError(f"the watch has ended: {self.process.communicate()}")

    def stop(self, number=signal.SIGTERM, status=DONE):
        """Ends the watch; what it said and told."""
        self.process.send_signal(number)
        said, told = self.process.communicate(timeout=WAIT_S)
        assert self.process.returncode == status, (self.process.returncode, said, told)
        self.process = None
        return said, told

    def line(self):
        """A line that nobody else wrote, which is a hit."""
        self.written += 1
        return dns("evil.example", second=self.written)

    def write(self, name, count=1, text=None):
        with open(self.logs / name, "a", encoding="utf-8") as out:
            out.write("".join(self.line() for _ in range(count)) if text is None else text)

    def status(self):
        return self.node.json("status")[0]

    def read(self, what="all lines"):
        """Waits until all that was written is counted."""
        wait_for(lambda: self.status()["hits"] >= self.written, f"{what}: {self.written} hits")
        self.check()

    def check(self):
        """No line is counted twice, none is lost."""
        status = self.status()
        assert (status["hits"], status["lines"]) == (self.written, self.written), status

    def end(self):
        """Stops the watch and looks at what is counted in the end."""
        said, told = self.stop()
        self.check()
        assert self.node.json("rebuild")[0]["same"] is True
        return said + told

    def child(self):
        return wait_for(lambda: descendants(self.process.pid).get("watch"), "the watch process")
