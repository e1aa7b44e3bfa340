#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""What a node tells Prometheus, read by a strict reader.

    tests/node/metrics.py PROGRAM
"""

import re

from ground import FOUND, SOURCE, Node, dns, run_all, test
from prometheus import families_of, value

UNITS = ("_total", "_bytes", "_entries", "_events", "_timestamp_seconds", "_info")
PLAIN = ("linie_inputs", "linie_indicators", "linie_folds", "linie_folds_open",
         "linie_folds_untouched", "linie_notices_open", "linie_output_failing", "linie_role_up")


def configure(node, text):
    conf = node.path / "linie.conf"
    conf.write_text(conf.read_text() + text)


def metrics(node):
    return families_of(node.said("status", "--metrics"))


@test
def metrics_of_a_new_node_can_be_read_and_are_all_of_linie():
    with Node() as node:
        families = metrics(node)
        for name, family in families.items():
            assert name.startswith("linie_"), name
            assert name.endswith(UNITS) or name in PLAIN, f"{name}: no unit"
            assert family.help.endswith("."), family.help
        assert value(families, "linie_hits_total") == 0
        assert value(families, "linie_journal_unapplied_entries") == 0
        status = node.json("status")[0]
        assert value(families, "linie_journal_entries_total") == status["entries"]
        assert value(families, "linie_node_info", identity=status["identity"], world="real") == 1
        assert 0 < value(families, "linie_disk_free_bytes") \
            <= value(families, "linie_disk_size_bytes")


@test
def metrics_count_what_status_and_hits_count():
    with Node() as node:
        node.add("evil.example\n192.0.2.7\n")
        text = "".join(dns("evil.example" if i < 5 else "good.example", f"10.0.0.{i}", i)
                       for i in range(20)) + "not json\n"
        node.run("watch", node.file("dns.log", text), "--sensor", "border", status=FOUND)
        families = metrics(node)
        status = node.json("status")[0]
        labels = {"format": "zeek-json", "sensor": "border"}
        assert value(families, "linie_inputs", **labels) == 1
        assert value(families, "linie_input_lines_total", **labels) == status["lines"] == 21
        assert value(families, "linie_input_observations_total", **labels) \
            == status["observations"]
        assert value(families, "linie_input_bytes_total", **labels) == len(text)
        faults = {dict(key)["reason"]: count
                  for key, count in families["linie_input_faults_total"].samples.items()}
        assert faults == status["faults"] and faults, faults
        assert value(families, "linie_hits_total") == status["hits"] == 5
        assert sum(families["linie_folds"].samples.values()) == status["folds"] == 5
        assert sum(families["linie_folds_open"].samples.values()) == status["folds_open"]
        assert sum(families["linie_folds_untouched"].samples.values()) == 5
        assert value(families, "linie_indicators", kind="domain") == 1
        assert value(families, "linie_indicators", kind="ipv4") == 1


@test
def metrics_hold_hostile_names_and_show_no_value():
    with Node() as node:
        sensor = 'a"} 1 \\ {b="é'
        node.add("evil.example\n")
        (node.path / "out").mkdir()
        configure(node, '\n[output "a\\b"]\nkind = file\npath = out/hits.ndjson\n')
        node.run("watch", node.file("dns.log", dns("evil.example")), "--sensor", sensor,
                 status=FOUND)
        said = node.said("status", "--metrics")
        families = families_of(said)
        assert value(families, "linie_input_lines_total", format="zeek-json", sensor=sensor) == 1
        assert value(families, "linie_output_failing", output="a\\b") == 0
        assert value(families, "linie_output_delivered_total", output="a\\b") >= 1
        assert value(families, "linie_output_last_delivery_timestamp_seconds", output="a\\b") > 0
        assert "evil" not in said and "10.0.0.5" not in said


@test
def output_that_fails_is_told():
    with Node() as node:
        node.add("evil.example\n")
        configure(node, '\n[output "agent"]\nkind = unix\npath = nobody.sock\n')
        node.run("watch", node.file("dns.log", dns("evil.example")), status=FOUND)
        families = metrics(node)
        assert value(families, "linie_output_failing", output="agent") == 1
        assert value(families, "linie_output_behind_events", output="agent") >= 1


@test
def every_family_is_in_the_manual_of_metrics():
    text = (SOURCE / "docs/format/metrics.md").read_text()
    source = (SOURCE / "src/node/metrics.c").read_text()
    described = set(re.findall(r"^\| `(linie_[a-z_]+)`", text, re.MULTILINE))
    written = set(re.findall(r'"(linie_[a-z_]+)"', source))
    assert described == written, described ^ written


run_all()
