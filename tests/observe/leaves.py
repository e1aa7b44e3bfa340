#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Nothing in real logs that is an observable is missed.

    tests/observe/leaves.py TELL

Every string of every event is judged here by rules of our own, by its look and by the place where it
stands: what is an address, URL, e-mail address, digest, fingerprint, name, user agent or file name
must be among the values that the reader tells of that line (TELL prints them). What is passed over
on purpose stands in a list, with the reason, and every entry must be needed.
"""

import gzip
import ipaddress
import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.parse
from urllib.parse import urlsplit

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tools"))
from tap import Skip, run_all, test # noqa: E402

TELL = sys.argv[1]
HERE = pathlib.Path(__file__).resolve().parent
DATA = pathlib.Path(os.environ.get("LINIE_TEST_DATA", HERE.parents[2] / "shared" / "data"))

ADDRESS = re.compile(r"(?<![\w.:-])(?:\d{1,3}\.){3}\d{1,3}(?![\w.-])")
EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?![\w.-])")
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>]+")
NAME = re.compile(r"^(?:[A-Za-z0-9_-]{1,63}\.)+[A-Za-z]{2,63}\.?$")
DIGEST = re.compile(r"^(?:[0-9a-fA-F]{2}:?)+$")
JA4 = re.compile(r"^[tqd][0-9sd]\d[di]\d{4}\w\w_[0-9a-f]{12}_[0-9a-f]{12}$")
FILE_NAME_SIZE_MAX = 1024 # see value/value.h
DIGEST_KINDS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}

# Where a string stands: the end of its path.
FILE_NAMES = ("filename", "attachment", "name", "prev_name", "orig_filenames", "resp_filenames")
FILE_STREAMS = ("smb_files", "files", "fileinfo", "ftp_data", "email", "smb", "nfs", "http", "tftp")
CERTIFICATES = ("cert_chain_fps", "client_cert_chain_fps", "resp_certificate_sha1",
                "x509.fingerprint", "tls.fingerprint", "tls.client.fingerprint")

# What is no observable although it looks like one: where it stands, which kind it looks like.
EVE_EXCEPTIONS = {
    ("tls.serial", "ipv6"): "the number of a certificate, eight bytes of it",
    ("tls.issuerdn", "url"): "text in a certificate's name",
    ("http.url", "url"): "a URL inside of another one's query",
    ("http.url", "email"): "text inside of a URL's query",
    ("http.http_user_agent", "url"): "a crawler's page, part of the user agent",
    ("http.http_user_agent", "ipv4"): "numbers of a version, part of the user agent",
    ("ftp.reply", "ipv4"): "free text",
    ("ftp.reply", "email"): "free text",
    ("ftp.reply", "url"): "free text",
    ("ftp.command_data", "email"): "a password",
    ("fileinfo.filename", "domain"): "a file's name with dots",
    ("ftp_data.filename", "domain"): "a file's name with dots",
    ("email.attachment", "domain"): "a file's name with dots",
    ("ftp.command_data", "domain"): "a file's name with dots",
    ("dns.answers.soa.rname", "domain"): "an e-mail address as DNS writes it",
    ("dns.authorities.soa.rname", "domain"): "an e-mail address as DNS writes it",
    ("dns.grouped.SOA.rname", "domain"): "an e-mail address as DNS writes it",
}

ZEEK_EXCEPTIONS = {
    ("@system", "domain"): "the sensor",
    ("files.extracted", "domain"): "the sensor's own file",
    ("syslog.message", "ipv4"): "free text",
    ("syslog.message", "email"): "free text",
    ("syslog.message", "url"): "free text",
    ("ftp.password", "email"): "a password",
    ("ntp.ref_id", "ipv4"): "the server's own source, or a piece of a hash",
    ("ssh.cipher_alg", "email"): "an algorithm",
    ("ssh.mac_alg", "email"): "an algorithm",
    ("ssh.kex_alg", "email"): "an algorithm",
    ("x509.certificate.issuer", "url"): "text in a certificate's name",
    ("rdp.cookie", "domain"): "who logs in",
}


def leaves(path, value):
    if isinstance(value, dict):
        for key, below in value.items():
            yield from leaves(path + [key], below)
    elif isinstance(value, list):
        for below in value:
            yield from leaves(path, below)
    else:
        yield ".".join(path), value


def address(text):
    try:
        parsed = ipaddress.ip_address(text.split("%")[0])
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    parsed = mapped or parsed
    return f"ipv{parsed.version}", str(parsed)


def without_dots(path):
    """RFC 3986, section 5.2.4; escaped dots are dots."""
    kept = []
    segments = path.split("/")[1:]
    for number, segment in enumerate(segments):
        plain = segment.lower().replace("%2e", ".")
        last = number + 1 == len(segments)
        if plain == "..":
            kept = kept[:-1]
        if plain not in (".", ".."):
            kept.append(segment)
        elif last:
            kept.append("")
    return "/" + "/".join(kept)


def url_key(text):
    """As value/value.h says: without scheme and fragment, host in lower case, no default port."""
    parts = urlsplit(text)
    if not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname.lower()
    host = host.rstrip(".")
    port = parts.port
    authority = host if port in (None, 80, 443) else f"{host}:{port}"
    path = re.sub("%[0-9a-f]{2}", lambda escape: escape[0].upper(), parts.path or "/")
    path = without_dots(path)
    return authority + path + (f"?{parts.query}" if "?" in text.split("#")[0] else "")


def judged(place, text):
    """All (kind, canonical text) that a string must give, by its look and its place."""
    last = place.split(".")[-1]
    whole = address(text)
    if whole:
        yield whole
    for found in ADDRESS.findall(text):
        inside = address(found)
        if inside:
            yield inside
    for found in EMAIL.findall(text):
        yield "email", found.lower()
    for found in URL.findall(text):
        try:
            key = url_key(found)
        except ValueError:
            key = None
        if key:
            yield "url", key
    if NAME.match(text) and not whole:
        yield "domain", text.rstrip(".").lower()
    bare = text.replace(":", "").lower()
    promised = last in ("md5", "sha1", "sha256", "fingerprint", "host_key", "ja3", "ja3s", "hash",
                        "hassh", "hasshServer") or place.endswith(CERTIFICATES)
    if promised and DIGEST.match(text) and len(bare) in DIGEST_KINDS:
        yield DIGEST_KINDS[len(bare)], bare
        if place.endswith(CERTIFICATES):
            yield "cert-" + DIGEST_KINDS[len(bare)], bare
        for kind in ("ja3", "ja3s"):
            if place.endswith((f".{kind}.hash", f"ssl.{kind}")):
                yield kind, bare
    if JA4.match(text):
        yield "ja4", text
    if last in ("http_user_agent", "user_agent", "ua", "x_mailer") and text.strip():
        yield "user-agent", text.strip()
    if last in FILE_NAMES and place.split(".")[0] in FILE_STREAMS and "headers" not in place:
        name = re.split(r"[/\\]", text)[-1].strip()
        if name and len(name.encode()) <= FILE_NAME_SIZE_MAX:
            yield "file-name", name.translate(LOWER)


LOWER = {upper: upper | 0x20 for upper in range(ord("A"), ord("Z") + 1)}
NAMED_BY = {"RETR": "file-name", "STOR": "file-name", "STOU": "file-name", "user-agent": "user-agent"}


def judged_pairs(event):
    """Strings whose place is told by the string beside them."""
    ftp = event.get("ftp", {})
    pairs = [(ftp.get("command"), ftp.get("command_data"))]
    for side in ("request_headers", "response_headers"):
        pairs += [(header.get("name"), header.get("value"))
                  for header in event.get("http", {}).get(side, [])]
    for name, value in pairs:
        kind = NAMED_BY.get(name)
        value = re.split(r"[/\\]", value or "")[-1].translate(LOWER) if kind == "file-name" else value
        if kind and value and len(value) <= FILE_NAME_SIZE_MAX:
            yield kind, value


def told(reader_format, text):
    run = subprocess.run([TELL, reader_format], input=text, capture_output=True, check=True)
    return {line["line"]: line for line in map(json.loads, run.stdout.splitlines())}


def missed(events, reader_format, text, exceptions, prefix):
    """What the reader did not tell; counts, and the exceptions that were needed."""
    lines = told(reader_format, text)
    used = set()
    found = 0
    lost = []
    for number, event in enumerate(events, 1):
        if event is None:
            continue
        values = {(kind, value) for _, kind, value in lines[number]["values"]}
        demands = [("(pair)", demand) for demand in judged_pairs(event)]
        for place, leaf in leaves([], event):
            if isinstance(leaf, str):
                place = prefix(event, place)
                demands += [(place, demand) for demand in judged(place, leaf)]
        for place, demand in demands:
            if demand in values:
                found += 1
            elif (place, demand[0]) in exceptions:
                used.add((place, demand[0]))
            else:
                lost.append((number, place, demand))
    return found, lost, used


def report(found, lost, used, exceptions):
    print(f"# {found} observables found, {len(used)} kinds of place passed over")
    for number, place, demand in lost[:40]:
        print(f"# line {number}: {place} holds {demand}"[:200])
    assert not lost, f"{len(lost)} missed"
    unused = set(exceptions) - used
    assert not unused, f"exceptions without need: {sorted(unused)}"


def opened(path):
    if not path.exists():
        raise Skip("the shared data are not here")
    with gzip.open(path) as file:
        return file.read()


@test
def nothing_in_the_events_of_673_captures_is_missed():
    text = opened(DATA / "captures" / "expected-eve.ndjson.gz")
    events = [json.loads(line) for line in text.splitlines()]
    found, lost, used = missed(events, "eve", text, EVE_EXCEPTIONS, lambda _, place: place)
    assert found > 30_000
    report(found, lost, used, EVE_EXCEPTIONS)


def zeek_place(event, place):
    stream = event.get("_path") or event.get("@stream")
    return f"{stream}.{place}" if place != "@system" else place


def zeek_event(line):
    try:
        return json.loads(line)
    except ValueError:
        return None


@test
def nothing_in_zeeks_logs_of_a_competition_and_of_an_intrusion_is_missed():
    logs = sorted((DATA / "logs" / "zeek-json").glob("*.gz"))
    logs.append(DATA / "logs" / "apt29-day1" / "combined.log.gz")
    found, lost, used = 0, [], set()
    for path in logs:
        text = opened(path)
        events = [zeek_event(line) for line in text.splitlines()]
        more, gone, needed = missed(events, "zeek-json", text, ZEEK_EXCEPTIONS, zeek_place)
        found += more
        lost += gone
        used |= needed
    assert found > 300_000
    report(found, lost, used, ZEEK_EXCEPTIONS)


def file_name(text):
    return re.split(r"[/\\]", text)[-1].strip()


def ported(event, address_key, port_key):
    known = event.get(address_key) and event.get(port_key)
    return 1 if known and event.get("proto") != "icmp" else 0


def file_names(path):
    """A path of HTTP names its file as it is written and without its escapes."""
    names = {file_name(path)} | ({file_name(urllib.parse.unquote(path))} if path[:1] == "/" else set())
    return {name for name in names if 0 < len(name) <= FILE_NAME_SIZE_MAX}


# (field as hits show it, kind): how many values of it an event holds, taken from the event itself.
EVE_COUNTS = {
    ("src_ip", "ip-port"): lambda e: ported(e, "src_ip", "src_port"),
    ("dest_ip", "ip-port"): lambda e: ported(e, "dest_ip", "dest_port"),
    ("tls.ja3.hash", "ja3"): lambda e: "hash" in e.get("tls", {}).get("ja3", {}),
    ("tls.ja3s.hash", "md5"): lambda e: "hash" in e.get("tls", {}).get("ja3s", {}),
    ("tls.ja4", "ja4"): lambda e: "ja4" in e.get("tls", {}),
    ("tls.fingerprint", "cert-sha1"): lambda e: "fingerprint" in e.get("tls", {}),
    ("quic.ja4", "ja4"): lambda e: "ja4" in e.get("quic", {}),
    ("http.http_user_agent", "user-agent"):
        lambda e: bool(e.get("http", {}).get("http_user_agent", "").strip()),
    ("fileinfo.filename", "file-name"):
        lambda e: len(file_names(e.get("fileinfo", {}).get("filename", ""))),
    ("dns.queries.rrname", "domain"):
        lambda e: sum(1 for query in e.get("dns", {}).get("queries", []) if query["rrname"]),
}

ZEEK_COUNTS = {
    ("ssl.cert_chain_fps", "cert-sha256"): lambda e: len(e.get("cert_chain_fps", [])),
    ("ssl.client_cert_chain_fps", "sha256"): lambda e: len(e.get("client_cert_chain_fps", [])),
    ("ssl.ja3", "ja3"): lambda e: "ja3" in e,
    ("ssl.ja3", "md5"): lambda e: "ja3" in e,
    ("x509.fingerprint", "cert-sha256"): lambda e: "fingerprint" in e,
    ("files.sha1", "sha1"): lambda e: "sha1" in e,
    ("files.filename", "file-name"): lambda e: bool(file_name(e.get("filename", ""))),
    ("smb_files.name", "file-name"): lambda e: bool(file_name(e.get("name", ""))),
    ("http.user_agent", "user-agent"): lambda e: bool(e.get("user_agent")),
    ("ssh.host_key", "md5"): lambda e: bool(e.get("host_key")),
    ("dns.id.orig_h", "ip-port"): lambda e: ported(e, "id.orig_h", "id.orig_p"),
    ("dns.id.resp_h", "ipv4"): lambda e: "." in e.get("id.resp_h", ""),
}


def counts_told(lines):
    counts = {}
    for line in lines.values():
        for field, kind, _ in line["values"]:
            counts[field, kind] = counts.get((field, kind), 0) + 1
    return counts


@test
def the_events_of_captures_give_as_many_values_of_each_kind_as_they_hold():
    text = opened(DATA / "captures" / "expected-eve.ndjson.gz")
    events = [json.loads(line) for line in text.splitlines()]
    counts = counts_told(told("eve", text))
    for key, count in EVE_COUNTS.items():
        expected = sum(int(count(event)) for event in events)
        print(f"# {key[0]} {key[1]}: {expected}")
        assert expected > 0
        assert counts.get(key, 0) == expected, (key, counts.get(key, 0), expected)


@test
def zeeks_logs_give_as_many_values_of_each_kind_as_they_hold():
    logs = [DATA / "logs" / "zeek-json" / f"{name}.ndjson.gz" for name in ("ssl", "x509", "ssh", "dns")]
    logs.append(DATA / "logs" / "apt29-day1" / "combined.log.gz")
    counts, expected = {}, dict.fromkeys(ZEEK_COUNTS, 0)
    for path in logs:
        text = opened(path)
        for key, count in counts_told(told("zeek-json", text)).items():
            counts[key] = counts.get(key, 0) + count
        for event in filter(None, map(zeek_event, text.splitlines())):
            stream = event.get("_path") or event.get("@stream")
            flat = {key.replace("id_", "id.", 1) if key.startswith("id_") else key: value
                    for key, value in event.items()}
            for key, count in ZEEK_COUNTS.items():
                if key[0].split(".")[0] == stream:
                    expected[key] += int(count(flat))
    for key, count in expected.items():
        print(f"# {key[0]} {key[1]}: {count}")
        assert count > 0
        assert counts.get(key, 0) == count, (key, counts.get(key, 0), count)


@test
def the_tables_of_fields_stand_in_the_manual_as_they_are():
    run = subprocess.run([TELL, "tables"], capture_output=True, check=True, text=True)
    manual = (HERE.parents[1] / "docs" / "format" / "observations.md").read_text()
    rows = run.stdout.splitlines()
    missing = [row for row in rows if row not in manual]
    assert not missing, missing
    begin = manual.index("## Zeek\n")
    stale = [row for row in manual[begin:].splitlines() if row.startswith("|") and row not in rows]
    assert not stale, stale


run_all()
