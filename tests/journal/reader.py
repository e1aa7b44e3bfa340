#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Read a journal as docs/format/journal.md describes it, and nothing else.

reader.py FOLDER: verifies the chain and the payload digests of the segments in FOLDER and
prints "ENTRIES ERASED HEAD". Written from the document, so that the document is tried too. The XXH3
checksums are not computed (Python has none): SHA-256 covers the same bytes.
"""
import hashlib
import pathlib
import struct
import sys

FILE_HEADER = struct.Struct("<8sIIQQ16sQQ")
PREFIX = struct.Struct("<4sIQQIIQQ")
ERASED = b"\0ERASED\n"


def text(data, at):
    (size,) = struct.unpack_from("<I", data, at)
    return data[at + 4:at + 4 + size], at + 4 + size


def parse_header(data):
    version, number, time_us = struct.unpack_from("<HQq", data)
    assert version == 1, "header version"
    at, names = 18, {}
    for name in ("kind", "world", "actor", "mandate", "purpose", "source", "marking"):
        names[name], at = text(data, at)
    digest, previous = data[at:at + 32], data[at + 32:at + 64]
    assert at + 64 == len(data), "header size"
    return number, time_us, names, digest, previous


def align(size):
    return (size + 7) // 8 * 8


def frames(data):
    at = FILE_HEADER.size
    while at < len(data):
        magic, flags, number, first, header_size, body_size, _, _ = PREFIX.unpack_from(data, at)
        assert magic == b"LJF1", f"frame at byte {at}"
        header_at = at + PREFIX.size
        body_at = at + align(PREFIX.size + header_size)
        yield number, flags, first, data[header_at:header_at + header_size], \
            data[body_at:body_at + body_size]
        at = align(body_at + body_size)


def main(folder):
    leaf, expected, erased, erasing, first_expected = b"\0" * 32, 1, {}, {}, 1
    for path in sorted(pathlib.Path(folder).glob("*.journal")):
        data = path.read_bytes()
        magic, version, size, first, _, world, _, _ = FILE_HEADER.unpack_from(data)
        assert (magic, version, size) == (b"LINIEJNL", 1, 64), path
        assert first == expected == int(path.name.split(".")[0]), path
        for number, flags, group_first, header, body in frames(data):
            parsed, _, names, digest, previous = parse_header(header)
            assert number == parsed == expected, f"entry {expected}"
            assert group_first == first_expected, f"group of entry {number}"
            assert previous == leaf, f"chain at entry {number}"
            assert hashlib.sha256(names["world"]).digest()[:16] == world, f"world of {number}"
            if hashlib.sha256(body).digest() != digest:
                assert body[:8] == ERASED and not any(body[16:]), f"payload of entry {number}"
                erased[number] = struct.unpack_from("<Q", body, 8)[0]
            elif names["kind"] == b"erase":
                erasing[number] = struct.unpack_from("<Q", body, 16)[0]
            leaf = hashlib.sha256(b"\0" + header).digest()
            expected += 1
            if flags & 1:
                first_expected = expected
    assert first_expected == expected, "the last group is not complete"
    assert erased == {target: number for number, target in erasing.items()}, "erasures"
    print(expected - 1, len(erased), leaf.hex())


main(sys.argv[1])
