# SPDX-License-Identifier: EUPL-1.2
"""What Zeek writes: the same rows as JSON or as TSV."""

import json

from making.base import is_ours, iso, unique
from making.network import Copy, Lookup, Mail, Request, Session

CONNECTION = "uid:string id.orig_h:addr id.orig_p:port id.resp_h:addr id.resp_p:port "
COLUMNS = {
    "conn": "ts:time " + CONNECTION + "proto:enum service:string duration:interval "
            "orig_bytes:count resp_bytes:count conn_state:string local_orig:bool local_resp:bool "
            "missed_bytes:count history:string orig_pkts:count orig_ip_bytes:count resp_pkts:count "
            "resp_ip_bytes:count tunnel_parents:set[string]",
    "dns": "ts:time " + CONNECTION + "proto:enum trans_id:count rtt:interval query:string "
           "qclass:count qclass_name:string qtype:count qtype_name:string rcode:count "
           "rcode_name:string AA:bool TC:bool RD:bool RA:bool Z:count answers:vector[string] "
           "TTLs:vector[interval] rejected:bool",
    "http": "ts:time " + CONNECTION + "trans_depth:count method:string host:string uri:string "
            "referrer:string version:string user_agent:string origin:string "
            "request_body_len:count response_body_len:count status_code:count status_msg:string "
            "tags:set[enum] username:string password:string resp_fuids:vector[string] "
            "resp_filenames:vector[string] resp_mime_types:vector[string]",
    "ssl": "ts:time " + CONNECTION + "version:string cipher:string curve:string "
           "server_name:string resumed:bool last_alert:string next_protocol:string "
           "established:bool ssl_history:string cert_chain_fps:vector[string] "
           "client_cert_chain_fps:vector[string] sni_matches_cert:bool validation_status:string",
    "x509": "ts:time fingerprint:string certificate.version:count certificate.serial:string "
            "certificate.subject:string certificate.issuer:string "
            "certificate.not_valid_before:time certificate.not_valid_after:time "
            "certificate.key_alg:string certificate.sig_alg:string certificate.key_type:string "
            "certificate.key_length:count san.dns:vector[string] basic_constraints.ca:bool "
            "host_cert:bool client_cert:bool",
    "files": "ts:time fuid:string " + CONNECTION + "source:string depth:count "
             "analyzers:set[string] mime_type:string filename:string duration:interval "
             "local_orig:bool is_orig:bool seen_bytes:count total_bytes:count missing_bytes:count "
             "overflow_bytes:count timedout:bool md5:string sha1:string sha256:string",
    "smtp": "ts:time " + CONNECTION + "trans_depth:count helo:string mailfrom:string "
            "rcptto:set[string] date:string from:string to:set[string] cc:set[string] "
            "reply_to:string msg_id:string subject:string x_originating_ip:addr "
            "first_received:string last_reply:string path:vector[addr] user_agent:string tls:bool "
            "fuids:vector[string]",
}
# Zeek 5 knew a file's way as sets of hosts, Zeek 6 and later as a connection.
FILES_OF_ZEEK_5 = COLUMNS["files"].replace(
    CONNECTION, "tx_hosts:set[addr] rx_hosts:set[addr] conn_uids:set[string] ")

QTYPES = {"A": 1, "NS": 2, "CNAME": 5, "TXT": 16, "AAAA": 28}
STATUS = {200: "OK", 301: "Moved Permanently", 302: "Found", 304: "Not Modified", 404: "Not Found"}
IP_HEADERS = 40


class Zeek:
    """A sensor with Zeek on it. Rows are (time, log, values by column)."""

    def __init__(self, name, sees):
        self.name = name
        self.sees = sees
        self.rows = []
        self.certificates = set()

    def watch(self, connection):
        if not self.sees(connection):
            return
        c = connection
        ends = {"uid": unique("C", 17, self.name, c.number),
                "id.orig_h": c.client, "id.orig_p": c.client_port,
                "id.resp_h": c.server, "id.resp_p": c.server_port}
        write = {Lookup: self.lookup, Request: self.request, Session: self.session,
                 Mail: self.mail, Copy: self.copy}
        self.connection(c, ends)
        for what in c.what:
            write[type(what)](c, what, ends)

    def row(self, log, time, *parts):
        values = {"ts": time}
        for part in parts:
            values.update(part)
        self.rows.append((time, log, values))

    def connection(self, c, ends):
        answered = c.state == "SF"
        packets = c.sent // 900 + (1 if c.proto == "udp" else 5)
        packets_back = (c.received // 1200 + packets) if answered else 0
        received = c.received if answered else 0
        history = ("Dd" if answered else "D") if c.proto == "udp" else \
            ("ShADadFf" if answered else "S")
        self.row("conn", c.time, ends, {
            "proto": c.proto, "service": c.service, "duration": c.duration,
            "orig_bytes": c.sent, "resp_bytes": received, "conn_state": c.state,
            "local_orig": is_ours(c.client), "local_resp": is_ours(c.server), "missed_bytes": 0,
            "history": history, "orig_pkts": packets,
            "orig_ip_bytes": c.sent + packets * IP_HEADERS,
            "resp_pkts": packets_back, "resp_ip_bytes": received + packets_back * IP_HEADERS})

    def lookup(self, c, lookup, ends):
        found = bool(lookup.answers)
        self.row("dns", c.time, ends, {
            "proto": c.proto, "trans_id": lookup.id, "rtt": c.duration, "query": lookup.name,
            "qclass": 1, "qclass_name": "C_INTERNET", "qtype": QTYPES[lookup.kind],
            "qtype_name": lookup.kind, "rcode": 0 if found else 3,
            "rcode_name": "NOERROR" if found else "NXDOMAIN", "AA": False, "TC": False, "RD": True,
            "RA": True, "Z": 0, "rejected": False,
            "answers": [text for _, _, text in lookup.answers] or None,
            "TTLs": [300 * 1_000_000 for _ in lookup.answers] or None})

    def request(self, c, request, ends):
        file = request.file
        fuid = unique("F", 17, self.name, "file", c.number)
        self.row("http", c.time + 900, ends, {
            "trans_depth": 1, "method": request.method, "host": request.host,
            "uri": request.target, "referrer": request.referrer, "version": "1.1",
            "user_agent": request.agent, "request_body_len": 0,
            "response_body_len": file.size if file else 0, "status_code": request.status,
            "status_msg": STATUS[request.status], "tags": [],
            "resp_fuids": [fuid] if file else None,
            "resp_mime_types": [file.mime] if file else None})
        if file:
            self.file(c, file, ends, fuid, "HTTP")

    def copy(self, c, copy, ends):
        self.file(c, copy.file, ends, unique("F", 17, self.name, "file", c.number), "SMB")

    def file(self, c, file, ends, fuid, source):
        sender, receiver = (c.client, c.server) if source == "SMB" else (c.server, c.client)
        self.row("files", c.time + 2_100, ends, {
            "fuid": fuid, "tx_hosts": [sender], "rx_hosts": [receiver],
            "conn_uids": [ends["uid"]], "source": source, "depth": 0,
            "analyzers": ["MD5", "SHA1", "SHA256"], "mime_type": file.mime,
            "filename": file.name if source == "SMB" else None, "duration": c.duration // 2,
            "local_orig": is_ours(sender), "is_orig": source == "SMB", "seen_bytes": file.size,
            "total_bytes": file.size, "missing_bytes": 0, "overflow_bytes": 0, "timedout": False,
            "md5": file.md5, "sha1": file.sha1, "sha256": file.sha256})

    def session(self, c, session, ends):
        certificate = session.certificate
        shown = certificate and not session.resumed
        self.row("ssl", c.time + 3_000, ends, {
            "version": "TLSv12", "cipher": "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "curve": "x25519", "server_name": session.name, "resumed": session.resumed,
            "next_protocol": "h2", "established": True,
            "ssl_history": "CsxknGIti" if shown else "CsiI",
            "cert_chain_fps": [certificate.sha256] if shown else None,
            "client_cert_chain_fps": [] if shown else None,
            "sni_matches_cert": session.name in certificate.names if shown else None,
            "validation_status": "ok" if shown else None})
        if shown and certificate.sha256 not in self.certificates:
            self.certificates.add(certificate.sha256)
            self.certificate(c.time + 2_900, certificate)

    def certificate(self, time, certificate):
        self.row("x509", time, {
            "fingerprint": certificate.sha256, "certificate.version": 3,
            "certificate.serial": certificate.serial, "certificate.subject": certificate.subject,
            "certificate.issuer": certificate.issuer,
            "certificate.not_valid_before": certificate.not_before,
            "certificate.not_valid_after": certificate.not_after,
            "certificate.key_alg": "rsaEncryption",
            "certificate.sig_alg": "sha256WithRSAEncryption", "certificate.key_type": "rsa",
            "certificate.key_length": 2048, "san.dns": certificate.names,
            "basic_constraints.ca": False, "host_cert": True, "client_cert": False})

    def mail(self, c, mail, ends):
        domain = mail.sender.split("@")[1]
        self.row("smtp", c.time + 60_000, ends, {
            "trans_depth": 1, "helo": mail.helo, "mailfrom": mail.sender, "rcptto": mail.receivers,
            "date": iso(c.time)[:19] + "Z", "from": mail.author, "to": mail.to,
            "msg_id": f"<{unique('', 14, 'mail', c.number)}@{domain}>", "subject": mail.subject,
            "last_reply": mail.reply, "path": [c.server, c.client], "user_agent": mail.agent,
            "tls": False, "fuids": None})


def names_of(columns):
    return [column.rsplit(":", 1) for column in columns.split()]


def as_json(row, sensor):
    """One line; what is not known is left out."""
    time, log, values = row
    line = {"_path": log, "_system_name": sensor, "_write_ts": iso(time + 1_000_000) + "Z"}
    for name, kind in names_of(COLUMNS[log]):
        value = values.get(name)
        if value is None:
            continue
        if kind == "time":
            value = iso(value) + "Z"
        elif kind == "interval":
            value = value / 1_000_000
        elif kind == "vector[interval]":
            value = [one / 1_000_000 for one in value]
        line[name] = value
    return json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode()


def tsv_word(value, kind):
    if kind in ("time", "interval"):
        return f"{value // 1_000_000}.{value % 1_000_000:06d}"
    if kind == "bool":
        return "T" if value else "F"
    return str(value).replace("\t", "\\x09")


def tsv_cell(value, kind):
    if value is None:
        return "-"
    if not kind.endswith("]"):
        return tsv_word(value, kind)
    inner = kind[kind.index("[") + 1:-1]
    return ",".join(tsv_word(one, inner).replace(",", "\\x2c") for one in value) or "(empty)"


def tsv_columns(log):
    columns = FILES_OF_ZEEK_5 if log == "files" else COLUMNS[log]
    return [["_system_name", "string"]] + names_of(columns)


def as_tsv(row, sensor):
    _, log, values = row
    values = dict(values, _system_name=sensor)
    cells = [tsv_cell(values.get(name), kind) for name, kind in tsv_columns(log)]
    return "\t".join(cells).encode()


def tsv_head(log):
    columns = tsv_columns(log)
    return ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-",
            f"#path\t{log}", "#open\t2026-11-18-07-00-00",
            "#fields\t" + "\t".join(name for name, _ in columns),
            "#types\t" + "\t".join(kind for _, kind in columns)]
