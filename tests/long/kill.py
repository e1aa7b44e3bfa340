#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Kill -9 of all of linie at random moments, while it watches, adds, removes, rebuilds, backs up
and restores. After each: the node is whole, what was acknowledged is there, what was not is there
wholly or not at all; and in the end each line has counted once.

    tests/long/kill.py PROGRAM KILLS
"""

import json
import shutil
import subprocess
import time

from beside import (AMOUNT, BACKUP_FILES, LOTS, Node, Run, files_of, leftovers, members, wait_for,
                    words_of)
from ground import FIRST_MOMENT, FOUND, REFUSALS, TROUBLE, dns, gzipped, run_all, test

KILLS = AMOUNT
KILLS_A_NODE = 25
ONE_SIDE = 5 # one kill of a watch in so many hits one of its processes only
KILLS_A_NODE_MIN = 8
QUICKER = 0.7 # an act that ended before it was killed is killed earlier the next time
SETS = ["kept-1", "kept-2", "kept-3"]
SIZES = [1, 40, 2000] # of what is added
PARTNER = "Partner"
LINES = 5000
HOSTS = 20
LINE_S = 40 # seconds from one line to the next: 90 an hour, so that no indicator becomes noisy
SEEN = "evil.example"


def second(number):
    """When a line was written: the last one at the first moment, since what is of a time to come
    counts at the time of reading."""
    return (number - LINES) * LINE_S


def busy_lines(first):
    """A log in which two lines of three are hits of many folds: much is written in a short time."""
    return "".join(
        dns(SEEN if i % 3 else f"host-{i}.example", f"10.{first}.0.{i % HOSTS}", second(i))
        for i in range(LINES))


def tsv_lines():
    head = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n" \
           "#path\tdns\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tquery\n" \
           "#types\ttime\tstring\taddr\tport\taddr\tport\tstring\n"
    return head + "".join(
        f"{FIRST_MOMENT + second(i)}.5\tC{i}\t10.9.0.{i % HOSTS}\t1025\t192.0.2.53\t53\t"
        f"{SEEN if i % 3 else f'host-{i}.example'}\n" for i in range(LINES))


LOGS = {"a.log": busy_lines(1), "b.log.gz": gzipped(busy_lines(2)), "c.log": tsv_lines()}
TOTAL = len(LOGS) * LINES


class Trial:
    """A node, and what is known to be in it."""

    def __init__(self):
        self.node = Node()
        self.logs = [self.node.file(name, text) for name, text in LOGS.items()]
        self.node.add(f"{SEEN}\n", "--set", "seen")
        self.sets = members(self.node)
        self.pending = None # the sets, should the act that was cut short have come through
        self.told = set()
        self.lines = 0
        self.number = 0
        self.kept = None # what the backup has for certain
        self.targets = []

    def backup_folder(self):
        return self.node.folder / "backup"

    def fresh_target(self):
        self.targets.append(self.node.folder / f"restored-{len(self.targets)}")
        return self.targets[-1]


# ---- acts: each begins its commands, and settles what they acknowledged ----


class Act:
    """One or two commands at once. `settle` is told which of them were acknowledged."""

    def __init__(self, trial):
        self.trial = trial
        self.runs = []

    def begin(self):
        raise NotImplementedError

    def acknowledged(self, run, statuses, word):
        """By exit status, or by what it told before it was killed."""
        return run.status() in statuses or any(word in line for line in run.told())

    def settle(self):
        """Nothing to learn where an act changes nothing."""

    def end(self):
        """Lets the act come to its end."""
        for run in self.runs:
            run.status()

    def run(self, *words, **options):
        self.runs.append(Run(self.trial.node, *words, **options))
        return self.runs[-1]


class Watching(Act):
    def begin(self):
        self.run("watch", "--json", *self.trial.logs)

    def settle(self):
        for line in self.runs[0].told():
            item = json.loads(line) if line.startswith("{") else {}
            if "indicator" in item:
                self.trial.told.add((item["indicator"], item["inside"], item["start"]))
            elif "summary" in item and self.runs[0].status() == FOUND:
                assert item["summary"]["inputs_failed"] == 0, item


class Adding(Act):
    """A list into a set that may be there, or a bundle of STIX objects; a word that is no indicator
    among them is refused."""

    def __init__(self, trial):
        super().__init__(trial)
        trial.number += 1
        count = LOTS.choice(SIZES)
        self.values = [f"v{trial.number}-{i}.kept.example" for i in range(count)]
        self.as_stix = LOTS.random() < 0.25
        self.name = PARTNER if self.as_stix else LOTS.choice(SETS)
        self.file = trial.node.file(f"add-{trial.number}", self.text())

    def text(self):
        if not self.as_stix:
            return "\n".join(self.values) + "\nthis is none\n"
        objects = [{"type": "indicator", "spec_version": "2.1",
                    "id": f"indicator--22222222-2222-4222-8222-{self.trial.number:06}{i:06}",
                    "created": "2026-11-01T00:00:00.000Z", "modified": "2026-11-01T00:00:00.000Z",
                    "pattern_type": "stix", "valid_from": "2026-11-01T00:00:00Z",
                    "pattern": f"[domain-name:value = '{value}']"}
                   for i, value in enumerate(self.values)]
        return json.dumps({"type": "bundle", "objects": objects,
                           "id": "bundle--22222222-2222-4222-8222-000000000000"})

    def begin(self):
        words = ["--source", PARTNER if self.as_stix else "Feed"]
        self.run("indicators", "add", self.file, *words,
                 *([] if self.as_stix else ["--set", self.name]))

    def settle(self):
        after = dict(self.trial.sets)
        after[self.name] = after.get(self.name, set()) | set(self.values)
        settle_sets(self, self.runs[-1], (0, REFUSALS), " new", after)


def settle_sets(act, run, statuses, word, after):
    if act.acknowledged(run, statuses, word):
        act.trial.sets = after
    else:
        act.trial.pending = after


class AddingBesideWatch(Adding):
    """The list goes to the process that watches; both are killed."""

    def begin(self):
        watch = self.run("watch", "-", "--json", given=subprocess.PIPE)
        socket = self.trial.node.path / "real/linie.sock"
        wait_for(lambda: socket.exists() or watch.ended(), "the watch to listen")
        super().begin()

    def end(self):
        self.runs[1].status()
        self.runs[0].process.stdin.close()
        self.runs[0].status()


class Removing(Act):
    """A value, or a whole set."""

    def __init__(self, trial):
        super().__init__(trial)
        self.after = dict(trial.sets)
        there = [name for name in SETS if len(trial.sets.get(name, ())) > 1]
        self.name = LOTS.choice(there) if there else None
        self.words = []
        if self.name is not None and LOTS.random() < 0.3:
            del self.after[self.name]
        elif self.name is not None:
            value = LOTS.choice(sorted(trial.sets[self.name]))
            self.after[self.name] = trial.sets[self.name] - {value}
            self.words = [value]

    def begin(self):
        name = self.name or "no-such-set"
        self.run("indicators", "remove", *self.words, "--set", name)

    def settle(self):
        settle_sets(self, self.runs[0], (0,), "removed", self.after)


class Rebuilding(Act):
    def begin(self):
        self.run("rebuild")


def state_of(trial, path):
    """What a node in another folder holds."""
    said = [trial.node.run("--node", path, *words, "--json", node=False).stdout
            for words in (["indicators", "list"], ["status"])]
    sets = {}
    for line in said[0].splitlines():
        item = json.loads(line)
        sets.setdefault(item.get("set") or item["source"], set()).add(item["value"])
    sets.pop("anchor", None)
    return sets, json.loads(said[1])["lines"]


def check_restored(trial, path, at_least, sets):
    """A restored node is whole, and of a moment between the last backup and now."""
    trial.node.run("--node", path, "verify", node=False)
    assert trial.node.run("--node", path, "rebuild", "--json", node=False).stdout.count("true") == 1
    found, lines = state_of(trial, path)
    assert found in sets, "restored indicators are of no known moment"
    assert at_least <= lines <= TOTAL, (at_least, lines)


def restore_and_check(trial):
    kept_sets, kept_lines = trial.kept
    target = trial.fresh_target()
    trial.node.run("restore", trial.backup_folder(), target, node=False)
    check_restored(trial, target, kept_lines, [kept_sets, trial.sets])
    shutil.rmtree(target)


class BackingUp(Act):
    """Alone, or while a watch writes."""

    def begin(self):
        if LOTS.random() < 0.5:
            self.run("watch", "--json", *self.trial.logs)
        words = ["--full"] if LOTS.random() < 0.3 else []
        self.run("backup", self.trial.backup_folder(), *words)

    def settle(self):
        if self.acknowledged(self.runs[-1], (0,), "the backup has"):
            self.trial.kept = (self.trial.sets, self.trial.lines)
        if self.trial.kept is not None:
            restore_and_check(self.trial)


class Restoring(Act):
    def __init__(self, trial):
        super().__init__(trial)
        if trial.kept is None:
            trial.node.run("backup", trial.backup_folder())
            trial.kept = (trial.sets, trial.lines)
        self.target = trial.fresh_target()

    def begin(self):
        self.run("restore", self.trial.backup_folder(), self.target)

    def settle(self):
        node = self.trial.node
        is_node = (self.target / "linie.conf").exists()
        assert is_node or not self.acknowledged(self.runs[0], (0,), "restored into")
        if is_node:
            check_restored(self.trial, self.target, self.trial.kept[1],
                           [self.trial.kept[0], self.trial.sets])
        elif self.target.exists() and list(self.target.iterdir()):
            told = node.run("--node", self.target, "status", node=False, status=TROUBLE).stderr
            assert "is no node" in words_of(told), told
            told = node.run("restore", self.trial.backup_folder(), self.target, node=False,
                            status=TROUBLE).stderr
            assert "cut short" in words_of(told), told
        shutil.rmtree(self.target, ignore_errors=True)


ACTS = [Watching, Watching, Watching, Adding, AddingBesideWatch, Removing, Rebuilding, BackingUp,
        Restoring]


# ---- after each kill ----


def settle_found(trial, found):
    """Of an act that was cut short, all is there or nothing. A reader may not see yet what the
    journal has already; what was seen once stays."""
    assert found in (trial.sets, trial.pending), "indicators are neither as before nor as wished"
    if found == trial.pending:
        trial.sets, trial.pending = found, None


def check_standing(trial):
    """First as a reader finds it, then as the next writer does."""
    node = trial.node
    node.run("verify")
    found = members(node)
    found.pop("anchor", None)
    settle_found(trial, found)
    status = node.json("status")[0]
    assert trial.lines <= status["lines"] <= TOTAL, (trial.lines, status["lines"])
    trial.lines = status["lines"]
    there = {(fold["indicator"], fold["inside"], fold["start"])
             for fold in map(json.loads, node.folds())}
    assert trial.told <= there, f"{len(trial.told - there)} hits were told and are gone"


def check_tidied(trial):
    """Whoever writes next clears away what the dead left."""
    trial.node.add("anchor.example\n", "--set", "anchor")
    found = members(trial.node)
    assert found.pop("anchor") == {"anchor.example"}
    settle_found(trial, found)
    trial.pending = None
    strange = leftovers(trial.node)
    assert strange == [], strange


def check_end(trial, expected):
    """The watch is run to its end: nothing is lost and nothing counted twice."""
    node = trial.node
    subprocess.run(node.command("watch", "--quiet", *trial.logs), check=False,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert node.json("status")[0]["lines"] == TOTAL
    assert [json.loads(fold) for fold in node.folds()] == expected
    assert node.json("rebuild")[0]["same"] is True
    node.run("verify")
    node.run("backup", trial.backup_folder())
    trial.kept = (trial.sets, TOTAL)
    restore_and_check(trial)
    assert all(BACKUP_FILES.fullmatch(name) for name in files_of(trial.backup_folder()))


def undisturbed():
    with Node() as node:
        node.add(f"{SEEN}\n", "--set", "seen")
        logs = [node.file(name, text) for name, text in LOGS.items()]
        node.run("watch", "--quiet", *logs, status=FOUND)
        assert node.json("status")[0]["lines"] == TOTAL, node.json("status")
        return [json.loads(fold) for fold in node.folds()]


def timed(usual, act, trial):
    """How long the act takes now, as far as what came before tells: of a watch, what is left."""
    left = (TOTAL - trial.lines) / TOTAL if isinstance(act, Watching) else 1
    return usual[type(act)] * left


def usual_seconds():
    """How long each act takes when nobody disturbs it, in a node of its own."""
    usual = {}
    trial = Trial()
    with trial.node:
        for act_of in dict.fromkeys(ACTS):
            act = act_of(trial)
            begin = time.monotonic()
            act.begin()
            act.end()
            usual[act_of] = time.monotonic() - begin
            act.settle()
            check_standing(trial)
        check_tidied(trial)
    return usual


def kill_at_random(trial, act, seconds):
    """True where something was still running; else the act was quicker than thought."""
    begin = time.monotonic()
    act.begin()
    wait = LOTS.random() * seconds - (time.monotonic() - begin)
    try:
        act.runs[-1].process.wait(timeout=max(wait, 0))
    except subprocess.TimeoutExpired:
        pass
    running = not act.runs[-1].ended()
    if isinstance(act, Watching) and LOTS.randrange(ONE_SIDE) == 0:
        act.runs[0].kill_one_side(store=LOTS.random() < 0.5)
        act.end()
    for run in act.runs:
        run.kill()
        run.status()
    act.settle()
    check_standing(trial)
    check_tidied(trial)
    for run in act.runs:
        run.forget()
    return running


def live(expected, usual, kills_max, counts):
    """A node's life of some kills: how many."""
    kills = 0
    trial = Trial()
    with trial.node:
        while kills < min(KILLS_A_NODE, kills_max):
            act_of = LOTS.choice(ACTS)
            act = act_of(trial)
            seconds = timed(usual, act, trial)
            if kill_at_random(trial, act, seconds):
                counts[act_of.__name__] = counts.get(act_of.__name__, 0) + 1
            else:
                usual[act_of] *= QUICKER
            kills += 1
            if kills >= KILLS_A_NODE_MIN and trial.lines == TOTAL:
                break
        check_end(trial, expected)
    return kills


@test
def what_was_acknowledged_survives_every_kill_and_each_line_counts_once():
    expected = undisturbed()
    usual = usual_seconds()
    counts = {}
    kills = 0
    while kills < KILLS:
        kills += live(expected, usual, KILLS - kills, counts)
    print(f"# {kills} kills; while it was running:",
          ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))


run_all()
