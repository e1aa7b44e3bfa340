# SPDX-License-Identifier: EUPL-1.2
"""A node whose watch listens on sockets of a test's own."""

import socket

from follower import Follower
from ground import descendants
from receivers import WAIT_S, free_port, wait_for


class Listener(Follower):
    """A follower with sockets: each is an input section, by name."""

    def __init__(self, **sections):
        super().__init__(start=False)
        self.inputs = ()
        self.ports = {}
        for name, keys in sections.items():
            self.section(name, **keys)

    def section(self, name, kind="udp", log_format="zeek-json", **keys):
        local = kind.startswith("unix")
        if not local and name not in self.ports:
            self.ports[name] = free_port(socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
        where = self.path(name) if local else f"127.0.0.1:{self.ports[name]}"
        text = f'\n[input "{name}"]\nlisten = {kind}://{where}\nformat = {log_format}\n'
        text += "".join(f"{key.replace('_', '-')} = {value}\n" for key, value in keys.items())
        with open(self.node.path / "linie.conf", "a", encoding="utf-8") as conf:
            conf.write(text)

    def path(self, name):
        """In the node's folder, where its jail lets the watch make and remove them at any time."""
        return (self.node.folder if name == "outside" else self.node.path) / f"{name}.sock"

    def connect(self, name):
        """A connection, or a socket for datagrams to a local socket."""
        if name in self.ports:
            return socket.create_connection(("127.0.0.1", self.ports[name]), timeout=WAIT_S)
        local = socket.socket(socket.AF_UNIX)
        local.connect(str(self.path(name)))
        return local

    def datagram(self, name, text):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.sendto(text.encode(), ("127.0.0.1", self.ports[name]))

    def processes(self):
        """The processes of the watch, by their role."""
        return descendants(self.process.pid)

    def role(self, name):
        return wait_for(lambda: self.processes().get(name), f"the {name} process")

    def listens(self, name):
        """Whether somebody takes connections there."""
        try:
            self.connect(name).close()
        except ConnectionRefusedError:
            return False
        return True

    def bound(self, name):
        """Whether a datagram socket of that name is open."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", self.ports[name]))
            except OSError:
                return True
        return False
