# SPDX-License-Identifier: EUPL-1.2
"""A strict reader of the text format of Prometheus, version 0.0.4: it refuses what a lenient one
would let pass. https://prometheus.io/docs/instrumenting/exposition_formats/"""

import re
import socket

NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
WAIT_S = 60
TYPES = ("counter", "gauge")
ESCAPES = {"\\": "\\", '"': '"', "n": "\n"}


class Family:
    def __init__(self, name, kind, told):
        self.name, self.kind, self.help = name, kind, told
        self.samples = {} # labels as a sorted tuple: value


def label_value(line, at):
    """The value of a label from behind its first quotation mark, and where it ends."""
    value = ""
    while line[at] != '"':
        if line[at] == "\\":
            at += 1
            value += ESCAPES[line[at]]
        else:
            value += line[at]
        at += 1
    return value, at + 1


def labels_of(line, at):
    labels = {}
    while line[at] != "}":
        name = NAME.match(line, at)
        assert name and line[name.end():name.end() + 2] == '="', line
        assert name.group() not in labels, f"twice: {line}"
        assert not name.group().startswith("__"), line
        labels[name.group()], at = label_value(line, name.end() + 2)
        if line[at] == ",":
            at += 1
            assert line[at] != "}", line
    return labels, at + 1


def sample_of(line, family):
    name = NAME.match(line)
    assert name and name.group() == family.name, f"not of {family.name}: {line}"
    labels, at = ({}, name.end()) if line[name.end()] == " " else labels_of(line, name.end() + 1)
    assert line[name.end()] in " {" and line[at] == " ", line
    number = NUMBER.fullmatch(line, at + 1)
    assert number, line
    key = tuple(sorted(labels.items()))
    assert key not in family.samples, f"twice: {line}"
    value = float(number.group()) if "." in number.group() else int(number.group())
    assert family.kind != "counter" or value >= 0, line
    family.samples[key] = value


def families_of(text):
    """Families by name, of which each has its help, its type, then its samples."""
    assert text.endswith("\n") and "\r" not in text
    families = {}
    lines = iter(text[:-1].split("\n"))
    family = None
    for line in lines:
        if not line.startswith("#"):
            sample_of(line, family)
            continue
        told = re.fullmatch(r"# HELP ([a-z_0-9]+) (.+)", line)
        assert told, line
        typed = re.fullmatch(r"# TYPE ([a-z_0-9]+) ([a-z]+)", next(lines))
        assert typed and typed.group(1) == told.group(1) and typed.group(2) in TYPES, line
        family = Family(told.group(1), typed.group(2), told.group(2))
        assert family.name not in families, f"twice: {line}"
        assert family.name.endswith("_total") == (family.kind == "counter"), line
        families[family.name] = family
    return families


def value(families, name, **labels):
    return families[name].samples[tuple(sorted(labels.items()))]


def asked(place):
    """What is answered to a request over a local socket, or a port of this machine."""
    kind = socket.AF_UNIX if isinstance(place, str) else socket.AF_INET
    with socket.socket(kind, socket.SOCK_STREAM) as channel:
        channel.settimeout(WAIT_S)
        channel.connect(place)
        channel.sendall(b"GET /metrics HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        answer = b""
        while part := channel.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.decode(), body.decode()
