# SPDX-License-Identifier: EUPL-1.2
"""What Suricata writes: EVE. During the day version 8 takes the place of 7, and DNS looks new."""

import json

from making.base import at, digest, iso
from making.network import Copy, Lookup, Mail, Request, Session

ZONE_HOURS = 1 # the sensor's clock shows the local time of a winter's day
UPGRADE = at("09:30:00")


class Suricata:
    """A sensor with Suricata on it. Lines are (time, event)."""

    def __init__(self, name, sees):
        self.name = name
        self.sees = sees
        self.lines = []

    def watch(self, connection):
        if not self.sees(connection):
            return
        write = {Lookup: self.lookup, Request: self.request, Session: self.session,
                 Mail: self.mail, Copy: lambda c, what: None}
        for what in connection.what:
            write[type(what)](connection, what)
        if connection.proto == "tcp":
            self.flow(connection)

    def event(self, time, kind, c, parts, back=False):
        """An event; `back`: of a packet from server to client."""
        ends = [(c.client, c.client_port), (c.server, c.server_port)]
        (source, source_port), (target, target_port) = reversed(ends) if back else ends
        line = {"timestamp": iso(time, ZONE_HOURS) + f"+{ZONE_HOURS:02d}00",
                "flow_id": int(digest("sha256", f"flow {c.number}")[:12], 16),
                "in_iface": "ens5", "event_type": kind, "src_ip": source, "src_port": source_port,
                "dest_ip": target, "dest_port": target_port, "proto": c.proto.upper()}
        if time >= UPGRADE:
            line["ip_v"] = 6 if ":" in source else 4
        line["host"] = self.name
        line.update(parts)
        self.lines.append((time, line))

    def lookup(self, c, lookup):
        question = {"rrname": lookup.name, "rrtype": lookup.kind}
        answers = [{"rrname": owner, "rrtype": kind, "ttl": 300, "rdata": text}
                   for owner, kind, text in lookup.answers]
        rcode = "NOERROR" if answers else "NXDOMAIN"
        grouped = {}
        for answer in answers:
            grouped.setdefault(answer["rrtype"], []).append(answer["rdata"])
        found = {"answers": answers, "grouped": grouped} if answers else {}
        if c.time < UPGRADE:
            self.event(c.time, "dns", c, {"dns": {
                "type": "query", "id": lookup.id, **question, "tx_id": 0, "opcode": 0}})
            self.event(c.time + c.duration, "dns", c, {"dns": {
                "version": 2, "type": "answer", "id": lookup.id, "flags": "8180", "qr": True,
                "rd": True, "ra": True, "opcode": 0, **question, "rcode": rcode, **found}})
            return
        self.event(c.time, "dns", c, {"dns": {
            "version": 3, "type": "request", "tx_id": 0, "id": lookup.id, "flags": "100",
            "rd": True, "opcode": 0, "rcode": "NOERROR", "queries": [question]}})
        self.event(c.time + c.duration, "dns", c, {"dns": {
            "version": 3, "type": "response", "tx_id": 1, "id": lookup.id, "flags": "8180",
            "qr": True, "rd": True, "ra": True, "opcode": 0, "rcode": rcode,
            "queries": [question], **found}}, back=True)

    def http(self, request):
        file = request.file
        said = {"hostname": request.host, "url": request.target, "http_user_agent": request.agent,
                "http_content_type": file.mime if file else None,
                "http_refer": request.referrer, "http_method": request.method,
                "protocol": "HTTP/1.1", "status": request.status, "redirect": request.location,
                "length": file.size if file else 0}
        return {name: value for name, value in said.items() if value is not None}

    def request(self, c, request):
        file = request.file
        self.event(c.time + 1_500, "http", c, {"tx_id": 0, "http": self.http(request)})
        if file:
            self.event(c.time + 9_000, "fileinfo", c, {
                "http": self.http(request), "app_proto": "http",
                "fileinfo": {"filename": request.target, "gaps": False, "state": "CLOSED",
                             "md5": file.md5, "sha256": file.sha256, "stored": False,
                             "size": file.size, "tx_id": 0}}, back=True)

    def session(self, c, session):
        certificate = session.certificate
        said = {"sni": session.name, "version": "TLS 1.2"}
        if session.resumed:
            said["session_resumed"] = True
        elif certificate:
            parts = certificate.subject.split(",")
            said = {"subject": ", ".join(reversed(parts)), "issuerdn": certificate.issuer,
                    "subjectaltname": certificate.names, "serial": pairs(certificate.serial),
                    "fingerprint": pairs(certificate.sha1), **said,
                    "notbefore": iso(certificate.not_before)[:19],
                    "notafter": iso(certificate.not_after)[:19]}
        self.event(c.time + 4_000, "tls", c, {"tls": said})

    def mail(self, c, mail):
        self.event(c.time + 70_000, "smtp", c, {
            "tx_id": 0,
            "smtp": {"helo": mail.helo, "mail_from": f"<{mail.sender}>",
                     "rcpt_to": [f"<{receiver}>" for receiver in mail.receivers]},
            "email": {"status": "PARSE_DONE", "from": mail.author, "to": mail.to}})

    def flow(self, c):
        packets = c.sent // 900 + 5
        end = c.time + c.duration
        self.event(end, "flow", c, {
            "app_proto": {"ssl": "tls"}.get(c.service, c.service),
            "flow": {"pkts_toserver": packets, "pkts_toclient": packets + c.received // 1200,
                     "bytes_toserver": c.sent, "bytes_toclient": c.received,
                     "start": iso(c.time, ZONE_HOURS) + "+0100",
                     "end": iso(end, ZONE_HOURS) + "+0100", "age": c.duration // 1_000_000,
                     "state": "closed", "reason": "timeout", "alerted": False}})

    def alert(self, c, number, text):
        """What a rule of the border's own said of a connection with a lookup in it."""
        lookup = c.what[0]
        question = {"rrname": lookup.name, "rrtype": lookup.kind}
        if c.time < UPGRADE:
            dns = {"query": [{"type": "query", "id": lookup.id, **question, "tx_id": 0}]}
        else:
            dns = {"version": 3, "type": "request", "id": lookup.id, "queries": [question]}
        self.event(c.time, "alert", c, {
            "alert": {"action": "allowed", "gid": 1, "signature_id": number, "rev": 1,
                      "signature": text, "category": "Potentially Bad Traffic", "severity": 2},
            "dns": dns, "app_proto": "dns"})


def pairs(digits):
    return ":".join(digits[i:i + 2] for i in range(0, len(digits), 2)).lower()


def as_json(line):
    _, event = line
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
