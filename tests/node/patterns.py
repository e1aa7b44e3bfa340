#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Indicators that reach further than one value, from files of people to hits: patterns, prefixes,
any query, and the ways in which one URL is written.

    tests/node/patterns.py PROGRAM
"""

import json
import uuid

from ground import FOUND, FIRST_MOMENT, Node, run_all, test

USER_AGENT = "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'"


def indicator_id(number):
    return f"indicator--{uuid.UUID(int=number, version=4)}"


def bundle(*patterns):
    """A STIX bundle with an indicator for each pattern."""
    objects = [{
        "type": "indicator", "spec_version": "2.1", "id": indicator_id(number),
        "created": "2026-11-01T00:00:00.000Z", "modified": "2026-11-01T00:00:00.000Z",
        "valid_from": "2026-11-01T00:00:00Z", "pattern_type": "stix", "pattern": pattern,
    } for number, pattern in enumerate(patterns, 1)]
    return json.dumps({"type": "bundle", "id": f"bundle--{uuid.UUID(int=99, version=4)}",
                       "objects": objects})


def zeek_http(host, uri, agent="curl/8.5.0", number=0):
    return json.dumps({
        "_path": "http", "ts": FIRST_MOMENT + number, "uid": f"C{number}", "id.orig_h": "10.0.0.5",
        "id.orig_p": 40000, "id.resp_h": "203.0.113.9", "id.resp_p": 80, "method": "GET",
        "host": host, "uri": uri, "user_agent": agent}) + "\n"


def zeek_dns(name, number=0):
    return json.dumps({
        "_path": "dns", "ts": FIRST_MOMENT + number, "uid": f"D{number}", "id.orig_h": "10.0.0.5",
        "id.orig_p": 40000, "id.resp_h": "192.0.2.53", "id.resp_p": 53, "query": name}) + "\n"


def zeek_conn(address, port, number=0):
    return json.dumps({
        "_path": "conn", "ts": FIRST_MOMENT + number, "uid": f"E{number}", "id.orig_h": "10.0.0.5",
        "id.orig_p": 40000, "id.resp_h": address, "id.resp_p": port, "proto": "tcp"}) + "\n"


def eve_http(host, url, number=0):
    return json.dumps({
        "timestamp": "2026-11-21T12:00:00.000000+0000", "event_type": "http", "flow_id": number,
        "src_ip": "10.0.0.5", "src_port": 40000, "dest_ip": "203.0.113.9", "dest_port": 80,
        "proto": "TCP", "http": {"hostname": host, "url": url, "http_method": "GET"}}) + "\n"


def hits(node, lines, name="zeek.log"):
    """What was met in these lines: value, kind and observed text of each fold."""
    (node.folder / name).write_text("".join(lines))
    node.run("watch", node.folder / name, status=FOUND)
    found = node.json("hits", status=FOUND)
    return sorted((hit["value"], hit["kind"], hit["observed"]) for hit in found)


def add_stix(node, *patterns):
    return node.add(bundle(*patterns), name="patterns.stix.json")


@test
def patterns_of_stix_are_found_in_logs():
    with Node() as node:
        add_stix(node, "[url:value MATCHES '^https?://[^/]+/gate[0-9]+\\\\.php']",
                 "[domain-name:value LIKE 'cdn-__.%.example']",
                 f"[{USER_AGENT} LIKE 'EvilBot/%']")
        found = hits(node, [
            zeek_http("www.example.org", "/gate17.php?id=1"),
            zeek_http("www.example.org", "/gate.php", number=1),
            zeek_http("www.example.org", "/", agent="EvilBot/2.0", number=2),
            zeek_dns("cdn-ab.somewhere.example", 3),
            zeek_dns("cdn-abc.somewhere.example", 4),
        ])
        assert {(kind, observed) for _, kind, observed in found} == {
            ("user-agent", "EvilBot/2.0"),
            ("url", "www.example.org/gate17.php?id=1"),
            ("domain", "cdn-ab.somewhere.example"),
        }, found


@test
def patterns_that_cannot_be_used_are_said_and_the_others_watched():
    with Node() as node:
        added = add_stix(node, "[url:value MATCHES 'a(']", "[domain-name:value LIKE 'evil%']")
        assert "1 watched, 1 not watched (1 unwatchable)" in added.stdout, added.stdout
        shown = " ".join(node.said("indicators", "show", indicator_id(1)).split())
        assert "no regular expression: missing closing parenthesis" in shown, shown
        found = hits(node, [zeek_dns("evil.example")])
        assert len(found) == 1, found


@test
def stars_behind_urls_reach_as_far_as_they_say():
    with Node() as node:
        node.add("http://bad.example/kit/*\nhttp://bad.example/gate.php?*\n")
        found = hits(node, [
            zeek_http("bad.example", "/kit/a/b.js?x=1"),
            zeek_http("bad.example", "/kitten", number=1),
            zeek_http("bad.example", "/gate.php?id=17", number=2),
            zeek_http("bad.example", "/gate.php/x", number=3),
        ])
        assert {observed for _, _, observed in found} == {
            "bad.example/kit/a/b.js?x=1", "bad.example/gate.php?id=17"}, found


@test
def one_url_is_found_in_each_of_its_writings():
    with Node() as node:
        add_stix(node, "[url:value = 'http://bad.example/a%5B1%5D%2Fb?q=%26']")
        decoded = hits(node, [zeek_http("bad.example", "/a[1]/b?q=&")])
        assert len(decoded) == 1, decoded
    with Node() as node:
        node.add("http://bad.example/a[1]/b?q=&\n")
        raw = hits(node, [eve_http("bad.example", "/a%5b1%5d%2Fb?q=%26")], name="eve.json")
        assert len(raw) == 1, raw


@test
def an_address_with_a_port_is_met_at_that_port_only():
    with Node() as node:
        add_stix(node, "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value"
                       " = '198.51.100.7' AND network-traffic:dst_port = 8443]")
        found = hits(node, [zeek_conn("198.51.100.7", 443), zeek_conn("198.51.100.7", 8443, 1)])
        assert [(value, kind) for value, kind, _ in found] == [("198.51.100.7:8443", "ip-port")]


run_all()
