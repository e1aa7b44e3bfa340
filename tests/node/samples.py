#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""The bundled samples through the whole program: what samples/expect worked out is what is found.

    tests/node/samples.py PROGRAM
"""

import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
SAMPLES = SOURCE / "samples"
sys.path.insert(0, str(SOURCE / "tests/tools"))

from tap import run_all, test

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
FOUND = 1
REFUSED = 3
DIFFERENCES_SHOWN_MAX = 20
REPEATED = 40 # 10 MB, which the watch reads in pieces of 1 MB
SEEN_FIRST = ("observed", "observed_further", "field", "outside", "outside_further", "sensor",
              "value", "kind") # what a fold takes from the line that was read first


def run(*command, status=0):
    """The output of a command that must end with a status, or with one of several."""
    done = subprocess.run([str(word) for word in command], cwd=SOURCE, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = f"{' '.join(map(str, command))}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    allowed = status if isinstance(status, tuple) else (status,)
    assert done.returncode in allowed, f"exit status {done.returncode}, not {status}: {said}"
    return done.stdout


def linie(node, *words, status=0):
    return run(PROGRAM, "--node", node, *words, status=status)


def node_with_indicators(folder, name):
    """As tools/demo makes it, without a word."""
    node = pathlib.Path(folder, name)
    run(PROGRAM, "init", node, "--owner", "Samples")
    with open(node / "linie.conf", "a") as conf:
        conf.write("\n[inside]\nnetwork = 10.20.0.0/16\nnetwork = 10.77.0.0/16\n"
                   "network = 2001:db8:20::/48\n")
    lists = SAMPLES / "indicators"
    linie(node, "indicators", "add", lists / "national-csirt.txt",
          "--source", "National CSIRT", "--tlp", "GREEN")
    linie(node, "indicators", "add", lists / "sector-feed.csv", "--source", "Water sector ISAC",
          status=REFUSED)
    linie(node, "indicators", "add", lists / "partner.stix.json", "--source", "Partner CERT")
    return node


def by_key(text):
    """Hits by what tells folds apart: indicator, inside host, hour."""
    hits = [json.loads(line) for line in text.splitlines()]
    keyed = {(hit["indicator"], str(hit["inside"]), hit["start"]): hit for hit in hits}
    assert len(keyed) == len(hits), "two hits have one key"
    return keyed


def name_of(hit):
    return f"{hit['kind']} {hit['value']} ({hit['source']}), inside {hit['inside']}, {hit['start']}"


# How much a hit matters follows from rules that have tests of their own.
JUDGED = {"rank", "level", "best_kind", "direction", "outcome", "rung", "answer", "denied",
          "confidence", "sources", "state"}


def differences(wanted, got, but=()):
    """In words, what differs; `but` names keys that may."""
    told = [f"missing: {name_of(hit)}" for key, hit in wanted.items() if key not in got]
    told += [f"not expected: {name_of(hit)}" for key, hit in got.items() if key not in wanted]
    for key in sorted(wanted.keys() & got.keys()):
        for name in sorted((wanted[key].keys() | got[key].keys()) - set(but) - JUDGED):
            want, have = wanted[key].get(name), got[key].get(name)
            if want != have:
                told.append(f"{name_of(wanted[key])}: {name} is {have!r}, expected {want!r}")
    return told


def check_hits(node, but=()):
    wanted = by_key((SAMPLES / "expected-hits.ndjson").read_text())
    got = by_key(linie(node, "hits", "--json", status=FOUND))
    told = differences(wanted, got, but)
    assert not told, f"{len(told)} differences\n" + "\n".join(told[:DIFFERENCES_SHOWN_MAX])


def content(path):
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


@test
def samples_are_what_their_program_makes():
    with tempfile.TemporaryDirectory() as folder:
        made = pathlib.Path(folder)
        run(SAMPLES / "make", made)
        run(SAMPLES / "expect", made)

        for part in ("logs", "indicators", "expected-hits.ndjson"):
            paths = [SAMPLES / part, *(SAMPLES / part).rglob("*")]
            wanted = {path.relative_to(SAMPLES) for path in paths if path.is_file()}
            found = {path.relative_to(made) for path in [made / part, *(made / part).rglob("*")]
                     if path.is_file()}
            assert wanted == found, f"other files: {wanted ^ found}"
            for name in wanted:
                assert content(SAMPLES / name) == content(made / name), f"{name} differs"


@test
def demonstration_finds_what_was_worked_out_and_runs_twice():
    with tempfile.TemporaryDirectory() as folder:
        node = pathlib.Path(folder, "node")
        for _ in range(2):
            output = run(SOURCE / "tools/demo", PROGRAM, node)

            assert "What to try next" in output, output[-2000:]
            check_hits(node)


@test
def demonstration_leaves_a_folder_that_it_did_not_make_alone():
    with tempfile.TemporaryDirectory() as folder:
        node = pathlib.Path(folder, "node")
        node.mkdir()
        (node / "letter").write_text("dear")
        assert pathlib.Path(PROGRAM).is_file() # without it the demonstration would refuse as well

        run(SOURCE / "tools/demo", PROGRAM, node, status=2)

        assert (node / "letter").read_text() == "dear"


@test
def number_of_threads_changes_nothing():
    with tempfile.TemporaryDirectory() as folder:
        for jobs in (1, 4):
            node = node_with_indicators(folder, f"jobs-{jobs}")

            linie(node, "watch", "--quiet", "--jobs", jobs, SAMPLES / "logs", status=FOUND)

            check_hits(node)


@test
def number_of_threads_changes_nothing_in_an_input_of_many_pieces():
    with tempfile.TemporaryDirectory() as folder:
        large = pathlib.Path(folder, "eve.json")
        large.write_bytes((SAMPLES / "logs/border/eve.json").read_bytes() * REPEATED)
        hits = []
        for jobs in (1, 4):
            node = node_with_indicators(folder, f"jobs-{jobs}")

            linie(node, "watch", "--quiet", "--jobs", jobs, large, status=FOUND)

            hits.append(by_key(linie(node, "hits", "--json", status=FOUND)))
        told = differences(*hits)
        assert not told, "\n".join(told[:DIFFERENCES_SHOWN_MAX])
        assert all(hit["count"] % REPEATED == 0 for hit in hits[0].values())


@test
def second_watch_counts_nothing_twice():
    with tempfile.TemporaryDirectory() as folder:
        node = node_with_indicators(folder, "node")
        linie(node, "watch", "--quiet", SAMPLES / "logs", status=FOUND)

        linie(node, "watch", "--quiet", SAMPLES / "logs")
        linie(node, "watch", "--quiet", "--again", SAMPLES / "logs", status=FOUND)

        check_hits(node)


@test
def order_of_inputs_changes_no_count():
    with tempfile.TemporaryDirectory() as folder:
        node = node_with_indicators(folder, "node")
        logs = sorted((path for path in (SAMPLES / "logs").rglob("*") if path.is_file()),
                      reverse=True)

        for log in logs:
            linie(node, "watch", "--quiet", log, status=(0, FOUND))

        check_hits(node, but=SEEN_FIRST)


@test
def what_cannot_be_read_is_counted():
    with tempfile.TemporaryDirectory() as folder:
        node = node_with_indicators(folder, "node")
        wanted = json.loads(run(SAMPLES / "expect", "--faults"))

        linie(node, "watch", "--quiet", SAMPLES / "logs", status=FOUND)

        faults = json.loads(linie(node, "status", "--json"))["faults"]
        assert faults == wanted, f"counted {faults}, expected {wanted}"


@test
def database_made_anew_holds_the_same_hits():
    with tempfile.TemporaryDirectory() as folder:
        node = node_with_indicators(folder, "node")
        linie(node, "watch", "--quiet", SAMPLES / "logs", status=FOUND)

        linie(node, "rebuild")

        check_hits(node)


run_all()
