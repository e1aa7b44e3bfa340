#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Real logs through the whole program, against what jq says of the same files.

    tests/node/real.py PROGRAM
"""

import collections
import gzip
import ipaddress
import json
import re
import shutil
import subprocess

from ground import FOUND, REFUSALS, Node, Skip, data_folder, run_all, test

EVERYTHING = "own-network,special-address,trivial-digest,public-suffix,too-common"
HOSTS_MAX = 1_000_000 # as many folds as there are hosts: nothing is gathered as noisy


def jq(program, path):
    if shutil.which("jq") is None:
        raise Skip("there is no jq here")
    command = ["zcat" if path.suffix == ".gz" else "cat", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as text:
        done = subprocess.run(["jq", "-rc", program], stdin=text.stdout, stdout=subprocess.PIPE,
                              check=True)
    return done.stdout.decode("utf-8", "replace").splitlines()


def quiet_node():
    node = Node()
    conf = node.path / "linie.conf"
    conf.write_text(re.sub(r"fold-hosts = .*", f"fold-hosts = {HOSTS_MAX}",
                           conf.read_text()))
    return node


def found(node):
    """Lines per value and kind, summed over all folds."""
    counts = collections.Counter()
    for line in node.folds():
        fold = json.loads(line)
        assert not fold.get("noisy"), fold
        counts[fold["kind"], fold["value"]] += fold["count"]
    return counts


def check(stream, program, values_of):
    """Watches the logs of a stream of apt29-day1 against all values that jq found in them: each must
    be met in as many lines as jq found it in."""
    folder = data_folder() / "logs/apt29-day1"
    logs = [path for path in sorted(folder.glob("*.log.gz"))
            if re.fullmatch(rf"[A-Z]+_{stream}\.log\.gz", path.name)]
    if not logs:
        raise Skip(f"there is no {stream} log in {folder}")
    values = collections.Counter()
    for log in logs:
        for line in jq(program, log):
            values.update(set(values_of(*json.loads(line))))
    with quiet_node() as node:
        listed = "".join(f"{'=' if kind == 'domain' else ''}{text}\n" for kind, text in values)
        told = node.add(listed, "--even-if", EVERYTHING).stdout
        assert f"{len(values)} new" in told.replace(",", ""), (len(values), told)
        node.run("watch", *logs, "--quiet", status=FOUND)
        counts = found(node)
    wrong = {value: (values[value], counts[value]) for value in set(values) | set(counts)
             if values[value] != counts[value]}
    assert not wrong, (len(wrong), sorted(wrong.items())[:10])
    print(f"# {stream}: {len(values)} values in {sum(values.values())} meetings")
    assert len(values) > 5


def addresses_of(*texts):
    for text in texts:
        if text:
            address = ipaddress.ip_address(text)
            yield "ipv4" if address.version == 4 else "ipv6", str(address)


def host_of(text):
    """A Host header: a name or an address, perhaps with a port."""
    name = re.sub(r":\d+$", "", text).lower()
    try:
        yield from addresses_of(name)
    except ValueError:
        yield "domain", name


@test
def addresses_of_conn_are_met_in_as_many_lines_as_jq_finds():
    check("conn", "[.id_orig_h, .id_resp_h]", addresses_of)


@test
def hosts_and_urls_of_http_are_met_in_as_many_lines_as_jq_finds():
    def values_of(orig, resp, port, host, uri, referrer):
        yield from addresses_of(orig, resp)
        if referrer:
            yield "url", referrer
        if host:
            yield from host_of(host)
            place = host.lower() if ":" in host or port == 80 else f"{host.lower()}:{port}"
            yield "url", f"http://{place}{uri}"

    check("http", "[.id_orig_h, .id_resp_h, .id_resp_p, .host, .uri, .referrer]", values_of)


@test
def hosts_and_digests_of_files_are_met_in_as_many_lines_as_jq_finds():
    def values_of(senders, receivers, *digests):
        yield from addresses_of(*senders, *receivers)
        for kind, digest in zip(("md5", "sha1", "sha256"), digests):
            if digest:
                yield kind, digest.lower()

    check("files", "[.tx_hosts, .rx_hosts, .md5, .sha1, .sha256]", values_of)


@test
def json_and_tsv_of_one_traffic_give_the_same_hits():
    logs = data_folder() / "logs"
    names = sorted(path.name for path in (logs / "zeek-json").iterdir())
    if not names:
        raise Skip("no logs")
    with gzip.open(next((logs / "zeek-json").glob("dns*.gz")), "rt", errors="replace") as dns:
        queries = {json.loads(line).get("query") for line in dns}
    # Every fifth name, and some networks: enough to be met in every stream.
    wanted = sorted(name for name in queries if name and "." in name)[::5]
    listed = "".join(f"{name}\n" for name in wanted) + "10.47.0.0/18\n10.0.0.0/9\n"
    results = []
    for folder in ("zeek-json", "zeek-tsv"):
        with quiet_node() as node:
            node.add(listed, status=REFUSALS if has_refusals(listed) else 0)
            node.run("watch", logs / folder, "--quiet", status=FOUND)
            folds = [json.loads(line) for line in node.folds()]
            results.append(sorted((fold["value"], fold["inside"] or "", fold["start"], fold["count"])
                                  for fold in folds))
    assert len(results[0]) > 100
    assert results[0] == results[1], first_difference(*results)


def has_refusals(listed):
    with Node() as node:
        return "refused" in subprocess.run(
            node.command("indicators", "add", node.file("list.txt", listed)), check=False,
            stdout=subprocess.PIPE, text=True).stdout


def first_difference(left, right):
    only_left = sorted(set(left) - set(right))
    only_right = sorted(set(right) - set(left))
    return len(only_left), len(only_right), only_left[:5], only_right[:5]


run_all()
