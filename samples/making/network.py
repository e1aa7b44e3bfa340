# SPDX-License-Identifier: EUPL-1.2
"""The network: who asks whom for what. Each act becomes connections, which sensors see pass."""

from dataclasses import dataclass, field

from making.base import SECOND, Dice, is_in, MINISTRY

DNS_CACHE_TIME = 20 * 60 * SECOND


@dataclass
class Lookup:
    name: str
    kind: str
    answers: list  # (owner, kind, text)
    id: int


@dataclass
class Request:
    host: str
    target: str
    agent: str
    method: str = "GET"
    status: int = 200
    referrer: str = None
    location: str = None
    file: object = None


@dataclass
class Session:
    name: str  # SNI
    certificate: object
    resumed: bool = False


@dataclass
class Mail:
    helo: str
    sender: str  # of the envelope
    receivers: list
    author: str  # of the header
    to: list
    subject: str
    reply: str = "250 2.0.0 Ok: queued"
    agent: str = None


@dataclass
class Copy:
    """A file over SMB."""

    file: object


@dataclass
class Connection:
    number: int
    time: int
    client: str
    client_port: int
    server: str
    server_port: int
    proto: str
    service: str
    duration: int
    sent: int
    received: int
    what: list = field(default_factory=list)
    state: str = "SF"


class Network:
    def __init__(self, zones, resolvers):
        self.zones = zones  # suffix: (records by kind, certificate, address of its name server)
        self.resolvers = resolvers
        self.connections = []
        self.dice = Dice("network")
        self.cached = {}

    def connect(self, time, client, server, port, **more):
        """One connection; `more` says what is known of it."""
        facts = {"proto": "tcp", "service": None, "duration": self.dice.number(20_000, 900_000),
                 "sent": self.dice.number(300, 1800), "received": self.dice.number(900, 24_000)}
        facts.update(more)
        connection = Connection(len(self.connections) + 1, time, client,
                                self.dice.number(49152, 65535), server, port, **facts)
        self.connections.append(connection)
        return connection

    def zone(self, name):
        """The zone of a name: the longest one that it ends with."""
        labels = name.split(".")
        for i in range(len(labels)):
            suffix = ".".join(labels[i:])
            if suffix in self.zones:
                return self.zones[suffix]
        raise KeyError(name)

    def address(self, name, kind="A"):
        return self.zone(name).address(name, kind)

    def lookup(self, time, client, name, kind="A", answers=None):
        """Client asks resolver; the resolver, where it has forgotten, asks the zone's server."""
        resolver = self.resolvers[0 if is_in(client, MINISTRY) else 1]
        if answers is None:
            answers = self.zone(name).answers(name, kind)
        size = len(name) + 18
        ask = {"proto": "udp", "service": "dns", "sent": size, "received": size + 40}

        def lookup():
            return Lookup(name, kind, answers, self.dice.number(1, 65535))
        self.connect(time, client, resolver, 53, what=[lookup()], **ask,
                     duration=self.dice.number(400, 30_000))
        if self.cached.get((resolver, name, kind), 0) < time:
            self.cached[resolver, name, kind] = time + DNS_CACHE_TIME
            self.connect(time + 350, resolver, self.zone(name).server, 53, what=[lookup()], **ask,
                         duration=self.dice.number(4_000, 28_000))
        return time + self.dice.number(20_000, 60_000)

    def request(self, time, client, request, port=80, server=None):
        """A request over HTTP, after asking for the address where none is given."""
        if server is None:
            time = self.lookup(time, client, request.host)
            server = self.address(request.host)
        size = request.file.size if request.file else 0
        self.connect(time, client, server, port, service="http", what=[request],
                     sent=300 + len(request.target), received=size + 420)
        return time + 40_000

    def session(self, time, client, name, kind="A", **more):
        """TLS to a name."""
        time = self.lookup(time, client, name, kind)
        return self.session_to(time, client, self.address(name, kind), name, **more)

    def session_to(self, time, client, server, name, **more):
        session = Session(name, self.zone(name).certificate, resumed=self.dice.often(20))
        session.resumed = more.pop("resumed", session.resumed)
        facts = {"duration": self.dice.number(200_000, 45_000_000),
                 "sent": self.dice.number(900, 9_000), "received": self.dice.number(3_000, 300_000)}
        facts.update(more)
        self.connect(time, client, server, 443, service="ssl", what=[session], **facts)
        return time + 50_000

    def mail(self, time, client, server, mail):
        self.connect(time, client, server, 25, service="smtp", what=[mail],
                     sent=self.dice.number(2_000, 90_000), received=self.dice.number(400, 700))


class Zone:
    """A domain in the world's DNS."""

    def __init__(self, name, server, address, certificate=None, address6=None):
        self.name = name
        self.server = server
        self.records = {"A": address, "AAAA": address6}
        self.hosts = {}
        self.certificate = certificate

    def host(self, name, kind, text):
        """A host of its own address, else all names have the zone's."""
        self.hosts[name, kind] = text
        return self

    def address(self, name, kind):
        return self.hosts.get((name, kind), self.records[kind])

    def answers(self, name, kind):
        text = self.address(name, kind)
        if text is None:
            return []
        if name != self.name and name.startswith("www."):
            return [(name, "CNAME", self.name), (self.name, kind, text)]
        return [(name, kind, text)]
