#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Files of a node's history that are damaged, cut short, exchanged or gone: no wrong value is told,
every command whose answer is touched says so, and the rest answers.

    tests/node/damage.py PROGRAM

LINIE_TEST_SEED repeats a run; LINIE_DAMAGE_ROUNDS says how often something is broken at random.
"""

import collections
import json
import os
import random
import re
import shutil
import subprocess
import time

from ground import DONE, FIRST_MOMENT, FOUND, REFUSALS, TROUBLE, Node, dns, person, run_all, test

DAY_S = 24 * 3600
WHY = ("--purpose", "case 17", "--mandate", "Wbni art. 3")
REASON = ("--reason", "a disk of November")
ROUNDS = int(os.environ.get("LINIE_DAMAGE_ROUNDS", 12))
DAYS = 4 # each but the last has a segment of its own
NAMES = 1200 # of a day: several blocks
STEP = 1000 # bytes

SEED = int(os.environ.get("LINIE_TEST_SEED", time.time_ns()))
RANDOM = random.Random(SEED)
print(f"# seed {SEED}")


def day_of(number):
    """Lines of a day: names of its own, and one that stands in all days. The last is today, and so
    stays in the write-ahead file."""
    start = number * DAY_S if number < DAYS - 1 else int(time.time()) - FIRST_MOMENT
    return (dns("every.example", "10.0.0.9", start) +
            "".join(dns(f"name-{i}.day-{number}.example", f"10.0.{i % 3}.{i % 200 + 1}",
                        start + i * (30 if number < DAYS - 1 else 0)) for i in range(NAMES)))


def made():
    """A node whose history has a segment for each of the first days."""
    node = Node().remembering()
    for number in range(DAYS):
        node.run("watch", node.file(f"day-{number}.log", day_of(number)), "--quiet")
        if number < DAYS - 1: # a segment is made before anything is forgotten
            node.run("history", "forget", "--kind", "asn", *REASON)
    node.counts = collections.Counter()
    for row in rows(node, status=DONE)[0]:
        node.counts[key_of(row)] += row["count"]
    node.segments = len(files(node, "seg-"))
    assert node.segments == DAYS - 1
    return node


def history(node):
    return node.path / "real/history"


def files(node, prefix):
    return sorted(path for path in history(node).iterdir() if path.name.startswith(prefix))


def run(node, *words):
    """Whatever becomes of it: status, output, what was told."""
    done = subprocess.run(node.command(*words), cwd=node.folder, env=node.environment(),
                          input="", text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    assert done.returncode in (DONE, FOUND, TROUBLE, REFUSALS), f"{words}: {done}"
    return done


def key_of(row):
    return (row["kind"], row["value"], row["start"], row["inside"], row["sensor"], row["field"],
            row["direction"])


def rows(node, status=None):
    done = run(node, "history", "export", *WHY)
    assert status in (None, done.returncode), done
    return [json.loads(line) for line in done.stdout.splitlines()], done


def flip(path, at=None):
    """One bit, somewhere."""
    held = bytearray(path.read_bytes())
    at = RANDOM.randrange(len(held)) if at is None else at
    held[at] ^= 1 << RANDOM.randrange(8)
    path.write_bytes(held)


def hunt(node, value, *more):
    done = run(node, "hunt", value, *WHY, "--json", *more)
    return (json.loads(done.stdout) if done.stdout else None), done


def losses(node, *words):
    done = run(node, "history", "losses", "--json", *words)
    return [json.loads(line) for line in done.stdout.splitlines()], done


def names(node):
    return {loss["loss"] for loss in losses(node)[0]}


def broken(node):
    """Damages a block of domains in the first segment; its name for people."""
    path = files(node, "seg-")[0]
    whole = path.read_bytes()
    for at in range(300, len(whole), STEP):
        flip(path, at)
        if re.search("block .* from domain", run(node, "history", "verify").stdout):
            return path, f"seg-{int(path.name[4:])}"
        path.write_bytes(whole)
    raise AssertionError("no block of domains was found")


def flat(text):
    return re.sub(r"\s+", " ", text)


def told(node):
    """What status has to say of the history."""
    return node.json("status")[0].get("history_losses", 0)


# ---- segments ----

@test
def segment_that_cannot_be_read_is_told_by_whatever_it_touches():
    with made() as node:
        path = files(node, "seg-")[1]
        loss = f"seg-{int(path.name[4:])}"
        path.unlink()
        answer, done = hunt(node, "name-7.day-1.example")
        assert done.returncode == TROUBLE and answer["count"] == 0, done
        assert answer["incomplete"] is True
        assert loss in done.stderr and "may be missing" in done.stderr, done.stderr
        assert f"1 of {node.segments} segments" in done.stderr, done.stderr
        said = run(node, "hunt", "name-7.day-1.example", *WHY).stdout
        assert "never seen" not in said and "not seen in what can be read" in flat(said), said
        answer, done = hunt(node, "every.example")
        assert done.returncode == FOUND and answer["count"] == DAYS - 1, answer
        assert answer["incomplete"] is True
        answer, done = hunt(node, "d41d8cd98f00b204e9800998ecf8427e")
        assert done.returncode == DONE and answer["incomplete"] is False, done
        assert loss not in done.stderr
        answer, done = hunt(node, "name-7.day-9.example", "--since", "2026-11-24")
        assert done.returncode == DONE and answer["incomplete"] is False, done
        found, done = rows(node, status=REFUSALS)
        assert loss in done.stderr and found
        assert told(node) == 1
        assert loss in node.said("status")
        stats = node.json("history", "stats")[0]
        assert stats["damaged"] == 1 and stats["losses"] == 1
        assert loss in node.said("history", "stats")
        assert node.json("history", "verify", status=FOUND)[-1]["faults"] == 1
        done = node.add("name-7.day-1.example\nname-7.day-2.example\n", status=REFUSALS)
        assert "what they held was not looked at" in done.stderr, done.stderr
        assert "1 hit of 2 new indicators in what was seen before and can be read" in done.stdout


@test
def indicators_are_put_to_a_segment_that_is_put_back():
    with made() as node:
        path = files(node, "seg-")[1]
        shutil.move(path, node.folder / "kept")
        node.add("name-7.day-1.example\n", status=REFUSALS)
        assert not node.folds("--all")
        shutil.move(node.folder / "kept", path)
        done = node.add("other.example\n", name="other.txt")
        assert len(node.folds("--all")) == 1, done.stdout
        assert told(node) == 0
        assert "history-lost" not in node.said("status")


@test
def second_person_who_approves_a_look_back_is_told_what_it_could_not_see():
    line = json.loads(dns("x.example")) | {"_path": "smtp", "mailfrom": "me@bank.example"}
    with Node().remembering().configure("second-person = email\n") as node:
        node.run("watch", node.file("a.log", json.dumps(line) + "\n"), "--quiet")
        node.run("history", "forget", "--kind", "asn", *REASON)
        for path in files(node, "seg-"):
            path.unlink()
        node.run("indicators", "add", node.file("1.txt", "me@bank.example\n"), "--source", "Feed",
                 **person(1))
        (request,) = node.json("history", "requests")
        done = node.run("history", "approve", f"R-{request['entry']}", status=REFUSALS, **person(2))
        assert "looked back for: 0 hits" in done.stdout, done
        assert "what they held was not looked at" in done.stderr, done


@test
def compacting_keeps_a_damaged_segment_and_says_so():
    with made() as node:
        path, loss = broken(node)
        done = node.run("history", "compact")
        assert "nobody acknowledged" in done.stderr, done.stderr
        assert path.exists()
        assert names(node) == {loss}
        assert told(node) == 1
        assert loss in node.said("status")
        answer, done = hunt(node, "every.example")
        assert answer["incomplete"] is True and loss in done.stderr, done
        node.run("history", "verify", status=FOUND)
        found, _ = rows(node, status=REFUSALS)
        assert 0 < len(found) < sum(node.counts.values())


@test
def loss_is_told_until_somebody_says_that_it_is_known():
    with made() as node:
        path, loss = broken(node)
        node.run("history", "compact")
        node.run("history", "acknowledge", loss, status=TROUBLE)
        node.run("history", "acknowledge", "seg-99", *REASON, status=TROUBLE)
        node.run("history", "acknowledge", loss, *REASON)
        assert not names(node) and told(node) == 0
        assert losses(node, "--all")[0][0]["known"] is True
        node.run("history", "compact")
        assert not path.exists()
        assert losses(node, "--all")[0][0]["gone"] is True
        node.run("history", "verify")
        rows(node, status=DONE)
        answer, done = hunt(node, "every.example")
        assert answer["incomplete"] is False and not done.stderr, done
        assert "that is known" in run(node, "hunt", "every.example", *WHY).stdout
        asked = node.json("history", "asked")
        (entry,) = [entry for entry in asked if entry["act"] == "loss"]
        assert entry["content"]["reason"] == REASON[1]
        assert entry["content"]["losses"][0]["loss"] == loss
        assert loss in node.said("history", "asked")
        assert node.json("rebuild")[0]["same"] is True


@test
def forgetting_over_damage_is_complete_and_what_went_with_it_is_told():
    with made() as node:
        path, loss = broken(node)
        done = node.run("history", "forget", "--until", "2026-11-22T12:00:00Z", *REASON)
        assert "1 damaged piece of the history could not be read" in flat(done.stdout), done
        assert not path.exists()
        assert names(node) == {loss}
        assert losses(node)[0][0]["gone"] is True
        node.run("history", "verify", status=FOUND)
        answer, done = hunt(node, "name-1.day-0.example")
        assert done.returncode == TROUBLE and answer["incomplete"] is True
        (entry,) = [entry for entry in node.json("history", "asked")
                    if "lost" in entry["content"]]
        assert entry["content"]["lost"] == 1


@test
def segments_that_were_exchanged_are_not_read_for_each_other():
    with made() as node:
        first, second = files(node, "seg-")[:2]
        bytes_first, bytes_second = first.read_bytes(), second.read_bytes()
        first.write_bytes(bytes_second)
        second.write_bytes(bytes_first)
        assert len(names(node)) == 2
        node.run("history", "verify", status=FOUND)
        first.write_bytes(bytes_first)
        second.write_bytes(bytes_second)
        assert not names(node)
        node.run("history", "verify")


# ---- the manifest ----

@test
def manifest_that_is_gone_is_made_anew_of_its_copy_and_that_is_told():
    with made() as node:
        manifest = history(node) / "manifest"
        manifest.unlink()
        assert "manifest" in node.run("history", "verify", status=FOUND).stdout
        found, _ = rows(node, status=DONE)
        assert sum(row["count"] for row in found) == sum(node.counts.values())
        done = node.run("watch", node.file("more.log", dns("late.example")))
        assert "made anew of its copy" in done.stderr, done.stderr
        assert manifest.exists()
        node.run("history", "verify")
        assert hunt(node, "every.example")[0]["count"] == DAYS


@test
def history_without_manifest_and_copy_is_refused_and_never_read_as_empty():
    with made() as node:
        for path in files(node, "manifest"):
            path.unlink()
        for words in (("hunt", "every.example", *WHY), ("history", "export", *WHY),
                      ("history", "stats"), ("history", "verify"), ("history", "losses"),
                      ("history", "compact"), ("watch", node.file("more.log", dns("late.example")))):
            done = node.run(*words, status=TROUBLE)
            assert "neither a manifest nor a copy" in done.stderr, done.stderr
        assert "neither a manifest nor a copy" in flat(node.said("status"))
        assert "history_fault" in node.json("status")[0]
        assert len(files(node, "seg-")) == node.segments


@test
def history_that_is_gone_is_told_and_the_next_one_says_what_it_lacks():
    with made() as node:
        shutil.rmtree(history(node))
        assert "the history is gone" in node.run("hunt", "every.example", *WHY,
                                                 status=TROUBLE).stderr
        assert "the history is gone" in flat(node.said("status"))
        done = node.run("watch", node.file("more.log", dns("late.example")))
        assert "has lost" in done.stderr, done.stderr
        (loss,) = names(node)
        assert loss.startswith("commit-")
        answer, done = hunt(node, "every.example")
        assert done.returncode == TROUBLE and answer["incomplete"] is True
        node.run("history", "acknowledge", "all", *REASON)
        assert hunt(node, "every.example")[1].returncode == DONE


# ---- the write-ahead file ----

@test
def damage_in_a_write_ahead_file_outlives_the_file():
    with made() as node:
        now = int(time.time()) - FIRST_MOMENT
        node.run("watch", node.file("late.log", dns("late.example", second=now)), "--quiet")
        (path,) = files(node, "wal-")
        flip(path, 200)
        node.run("history", "verify", status=FOUND)
        answer, done = hunt(node, f"name-1.day-{DAYS - 1}.example")
        assert done.returncode == TROUBLE and answer["incomplete"] is True, done
        assert hunt(node, "late.example")[0]["count"] == 1
        node.run("history", "compact")
        assert not path.exists()
        assert names(node) == {f"wal-{int(path.name[4:])}"}
        assert hunt(node, "late.example")[0]["count"] == 1
        node.run("history", "verify", status=FOUND)
        answer, done = hunt(node, f"name-1.day-{DAYS - 1}.example")
        assert done.returncode == TROUBLE and answer["incomplete"] is True, done
        assert told(node) == 1


@test
def write_ahead_file_that_is_gone_leaves_the_segments_to_answer():
    with made() as node:
        (path,) = files(node, "wal-")
        path.unlink()
        answer, done = hunt(node, "every.example")
        assert done.returncode == FOUND and answer["count"] == DAYS - 1, done
        assert answer["incomplete"] is True
        node.run("watch", node.file("more.log", dns("late.example")))
        assert len(names(node)) == 1
        node.run("history", "verify", status=FOUND)


# ---- anything ----

def break_something(node):
    """A random fault in a random file; what was done."""
    path = RANDOM.choice(sorted(path for path in history(node).iterdir() if path.name != "lock"))
    how = RANDOM.choice(["flip", "flip", "flip", "cut", "remove", "exchange", "zeros"])
    if how == "flip":
        flip(path)
    elif how == "cut":
        os.truncate(path, RANDOM.randrange(path.stat().st_size))
    elif how == "remove":
        path.unlink()
    elif how == "exchange":
        other = RANDOM.choice(sorted(history(node).glob("[sw]*")))
        path.write_bytes(other.read_bytes())
    else:
        at = RANDOM.randrange(path.stat().st_size)
        with path.open("r+b") as file:
            file.seek(at)
            file.write(bytes(4096))
    return f"{how} {path.name}"


def refused(node):
    """Whether the history as a whole is refused; then everything that would answer says so."""
    done = run(node, "history", "stats")
    if done.returncode != TROUBLE:
        return False
    assert "manifest" in done.stderr or "history" in done.stderr, done.stderr
    assert run(node, "hunt", "every.example", *WHY).returncode == TROUBLE
    assert run(node, "history", "export", *WHY).returncode == TROUBLE
    assert run(node, "history", "verify").returncode == TROUBLE
    assert "history_fault" in node.json("status")[0]
    return True


def check_answers(node, what):
    """Nothing that was never seen; where something is missing, that is told; whether it was."""
    found, done = rows(node)
    counts = collections.Counter()
    for row in found:
        counts[key_of(row)] += row["count"]
    wrong = [key for key, count in counts.items() if count > node.counts[key]]
    assert not wrong, f"{what}: {wrong[:3]}"
    less = [key for key, count in node.counts.items() if counts[key] < count]
    if less:
        assert done.returncode == REFUSALS and done.stderr, f"{what}: {less[:3]} are missing"
        assert run(node, "history", "verify").returncode == FOUND, what
    domains = {key[1] for key in less if key[0] == "domain"}
    for value in ["every.example", *sorted(domains)[:2]]:
        seen = sum(count for key, count in node.counts.items() if key[1] == value)
        answer, done = hunt(node, f"={value}")
        assert answer["count"] <= seen, f"{what}: {answer}"
        if answer["count"] < seen:
            assert answer["incomplete"] is True and done.stderr, f"{what}: {answer}"
            assert answer["count"] > 0 or done.returncode == TROUBLE, f"{what}: {done}"
    return bool(less)


def act(node):
    what = RANDOM.choice(["compact", "forget", "watch", "add"])
    if what == "compact":
        node.run("history", "compact")
    elif what == "forget":
        node.run("history", "forget", "name-5.day-0.example", *REASON)
        for key in [key for key in node.counts if key[1] == "name-5.day-0.example"]:
            del node.counts[key]
    elif what == "watch":
        run(node, "watch", node.file("empty.log", ""), "--quiet")
    else:
        run(node, "indicators", "add", node.file("list.txt", "name-3.day-1.example\n"),
            "--source", "Feed")
    return what


@test
def whatever_is_broken_no_wrong_value_is_told_and_every_loss_is_named():
    with made() as whole:
        kept = whole.folder / "kept"
        shutil.copytree(whole.path, kept)
        for number in range(ROUNDS):
            shutil.rmtree(whole.path)
            shutil.copytree(kept, whole.path)
            counts = whole.counts.copy()
            what = break_something(whole)
            if not refused(whole):
                lost = check_answers(whole, what)
                what += ", " + act(whole)
                after = check_answers(whole, what)
                assert not lost or after or "forget" in what, what
                if after:
                    assert told(whole) > 0 or "flip" in what or "zeros" in what, what
                    run(whole, "history", "compact")
                    assert told(whole) > 0, what
            whole.counts = counts
            print(f"# {number}: {what}")


run_all()
