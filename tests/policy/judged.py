#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""The gate against its slow judge, over worlds by chance.

    tests/policy/judged.py PROGRAM [WORLDS]

PROGRAM is policy_worlds. LINIE_TEST_SEED repeats what was printed as the seed.
"""

import collections
import copy
import json
import os
import pathlib
import random
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(SOURCE / "tests/tools"))

from judge import RULES, Judge
from judge_worlds import Maker, as_asked
from tap import run_all, test

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
WORLDS = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
ASKS = 30
BATCH = 50
SHARE_MIN = 0.20
SEED = int(os.environ.get("LINIE_TEST_SEED") or time.time_ns() % 2**32)
DIFFERENCES_SHOWN_MAX = 5


def asked(worlds):
    """What the gate says of each world."""
    lines = "".join(json.dumps(as_asked(world)) + "\n" for world in worlds)
    done = subprocess.run([PROGRAM], input=lines, text=True, stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def judged(world):
    told = as_asked(world)
    judge = Judge(told["files"], world["holder"], world["day"])
    return [judge.answer(asks) for asks in world["asks"]]


def difference(world):
    """What is answered otherwise to the one question; a world that cannot be read is none."""
    try:
        said = asked([world])[0]
        if "fault" in said or said["answers"] == (judgement := judged(world)):
            return None
    except (KeyError, ValueError, IndexError, subprocess.CalledProcessError):
        return None
    gate, judge = said["answers"][0], judgement[0]
    rules = set(gate.get("refusals", [])) ^ set(judge.get("refusals", []))
    return gate["answer"], judge["answer"], rules


def lists_in(world):
    """Every list whose items a smaller world may lack."""
    yield world["blocks"]
    for block in world["blocks"]:
        yield block["fields"]
        yield block["keys"]
    labels = [asks["label"] for asks in world["asks"]]
    while labels:
        label = labels.pop()
        for key, value in label.items():
            if isinstance(value, list):
                yield value
        labels += label.get("origins", []) + [part["label"] for part in label.get("parts", [])]


def shrunk(world):
    """The same difference with as little as possible: each item is tried to be left out, until none can."""
    smaller, what = True, difference(world)
    while smaller:
        smaller = False
        for place in range(len(list(lists_in(world)))):
            number = 0
            while place < len(lists := list(lists_in(world))) and number < len(lists[place]):
                less = copy.deepcopy(world)
                del list(lists_in(less))[place][number]
                if difference(less) == what:
                    world, smaller = less, True
                else:
                    number += 1
    return world


def told(world):
    """A difference as a person wants to read it."""
    lines = [f"day {world['day']}, holder {world['holder']}"]
    for file in as_asked(world)["files"]:
        lines += [f"--- {file['name']} {file['keys']}", file["text"].rstrip()]
    lines.append("--- " + json.dumps(world["asks"][0]))
    lines.append(f"gate:  {asked([world])[0]['answers'][0]}")
    lines.append(f"judge: {judged(world)[0]}")
    return "\n".join(lines)


def worlds_of(seed, count):
    for number in range(count):
        yield number, Maker(random.Random(f"{seed}-{number}")).world(ASKS)


def differences_of(world, answers, judgement):
    for place, (gate, judge) in enumerate(zip(answers, judgement, strict=True)):
        if gate != judge:
            yield dict(world, asks=[world["asks"][place]])


class Tally:
    def __init__(self):
        self.answers = collections.Counter()
        self.says_no = collections.Counter()
        self.alone = collections.Counter()

    def count(self, answer):
        self.answers[answer["answer"]] += 1
        refusals = answer.get("refusals", [])
        self.says_no.update(refusals)
        if len(refusals) == 1:
            self.alone.update(refusals)

    def show(self):
        total = sum(self.answers.values())
        shares = ", ".join(f"{answer} {count / total:.1%}" for answer, count in sorted(self.answers.items()))
        print(f"# {total} questions: {shares}")
        for number, rule in RULES.items():
            print(f"# rule {number:2} {rule:15} says no {self.says_no[number]:7}, alone {self.alone[number]:6}")


@test
def the_gate_answers_as_the_judge_by_the_text_does():
    print(f"# seed {SEED}")
    tally, differing = Tally(), 0
    batch = []
    for number, world in worlds_of(SEED, WORLDS):
        batch.append(world)
        if len(batch) < BATCH and number + 1 < WORLDS:
            continue
        for world, said in zip(batch, asked(batch), strict=True):
            assert "fault" not in said, said["fault"]
            judgement = judged(world)
            for answer in judgement:
                tally.count(answer)
            for less in differences_of(world, said["answers"], judgement):
                differing += 1
                if differing <= DIFFERENCES_SHOWN_MAX:
                    print("\n# ".join(["# DIFFERENCE"] + told(shrunk(less)).splitlines()))
        batch = []
    tally.show()
    assert differing == 0, f"{differing} answers differ"
    total = sum(tally.answers.values())
    for answer in ("whole", "reduced", "no"):
        assert tally.answers[answer] >= SHARE_MIN * total, f"too few answers {answer}"
    for number, rule in RULES.items():
        assert tally.alone[number] > 0, f"rule {number} ({rule}) never says no alone"


# What narrows never opens.

NARROWER = {"CLEAR": "GREEN", "GREEN": "AMBER", "AMBER": "AMBER+STRICT", "AMBER+STRICT": "UNKNOWN", "RED": "UNKNOWN"}
TREATMENTS = ["keep", "truncate", "pseudonymise", "leave-out"]


def is_wider(after, before):
    """Whether the second answer gives anything that the first did not."""
    order = ["no", "reduced", "whole"]
    if after["answer"] != "reduced" or before["answer"] != "reduced":
        return order.index(after["answer"]) > order.index(before["answer"])
    milder = any(TREATMENTS.index(after["personal"].get(personal, "keep")) < TREATMENTS.index(treatment)
                 for personal, treatment in before["personal"].items())
    return milder or not set(before["parts"]) <= set(after["parts"])


def drop_some(chance, world, is_one):
    """Without half of the fields, or blocks (field None), for which is_one(block, field) holds."""
    for block in list(world["blocks"]):
        if is_one(block, None) and chance.random() < 0.5:
            world["blocks"].remove(block)
        block["fields"] = [field for field in block["fields"]
                           if not is_one(block, field) or chance.random() < 0.5]


def without_mandates(chance, world):
    drop_some(chance, world, lambda block, field: field is None and ["effect", "allow"] in block["fields"])
    there = [block["id"] for block in world["blocks"] if block["word"] == "mandate"]
    world["blocks"] = [block for block in world["blocks"] # leave is for a mandate that there is
                       if block["word"] != "leave" or dict(map(tuple, block["fields"]))["for"] in there]


def without_leave(chance, world):
    drop_some(chance, world, lambda block, field: field is None and block["word"] == "leave")


def without_agreements(chance, world):
    drop_some(chance, world, lambda block, field: field is None and block["word"] == "agreement")


def without_a_signature(chance, world):
    for block in world["blocks"]:
        if block["word"] == "agreement" and block["keys"]:
            block["keys"].pop(chance.randrange(len(block["keys"])))


def without_clearances(chance, world):
    drop_some(chance, world, lambda block, field: field is not None and field[0] == "clearance")


def without_members(chance, world):
    drop_some(chance, world, lambda block, field: field is not None and field[0] == "member")


def without_equivalences(chance, world):
    drop_some(chance, world, lambda block, field: field is None and block["word"] == "equivalence")


def with_a_prohibition(chance, world):
    mandates = [block for block in world["blocks"] if block["word"] == "mandate"]
    if mandates:
        block = copy.deepcopy(chance.choice(mandates))
        block["id"] = "forbidding"
        block["fields"] = [["effect", "forbid"] if key == "effect" else [key, value]
                           for key, value in block["fields"]]
        world["blocks"].append(block)


def with_a_mark(chance, world):
    level = chance.choice(["nato:SECRET", "nl:Stg. GEHEIM", "nowhere:SECRET"])
    for asks in world["asks"]:
        label = chance.choice([asks["label"]] + asks["label"].get("origins", []))
        key, mark = chance.choice([
            ("classes", level), ("audiences", ["p0", "group:g0"]), ("audiences", []),
            ("statements", {"id": "marking-definition--0", "text": "Not for all", "unknown": False})])
        label[key].append(mark)


def with_a_narrower_label(chance, world):
    del chance
    for asks in world["asks"]:
        asks["label"]["tlp"] = NARROWER.get(asks["label"]["tlp"], "UNKNOWN")


CHANGES = [without_mandates, without_leave, without_agreements, without_a_signature, without_clearances,
           without_members, without_equivalences, with_a_prohibition, with_a_mark, with_a_narrower_label]


def groups_only_open(world):
    """Who leaves a group that something is forbidden or left out for gets more, and rightly."""
    for block in world["blocks"]:
        closing = block["word"] == "privacy" or ["effect", "forbid"] in block["fields"]
        block["fields"] = [[key, "any"] if closing and "group:" in value else [key, value]
                           for key, value in block["fields"]]
    return world


@test
def what_narrows_never_opens():
    print(f"# seed {SEED}")
    chance = random.Random(SEED)
    worlds = [groups_only_open(world) for _, world in worlds_of(f"{SEED}-narrows", WORLDS // 8)]
    before = asked(worlds)
    for change in CHANGES:
        changed = copy.deepcopy(worlds)
        for world in changed:
            change(chance, world)
        closed = 0
        for number, (world, first, then) in enumerate(zip(changed, before, asked(changed), strict=True)):
            assert "fault" not in then, then
            for place, (old, new) in enumerate(zip(first["answers"], then["answers"], strict=True)):
                closed += old != new
                assert not is_wider(new, old), (
                    f"{change.__name__}: world {number}, question {place}: {old}, then {new}")
        print(f"# {change.__name__}: {closed} answers are narrower or have other reasons")
        assert closed > 0, f"{change.__name__} changes nothing"


@test
def what_is_derived_goes_nowhere_where_one_of_its_origins_does_not():
    print(f"# seed {SEED}")
    refused = 0
    for _, world in worlds_of(f"{SEED}-derived", WORLDS // 3):
        derived = [asks for asks in world["asks"] if asks["label"].get("origins")]
        apart = [(place, dict(asks, label=dict(origin, time=asks["label"]["time"], personal=[])))
                 for place, asks in enumerate(derived) for origin in asks["label"]["origins"]]
        asks = derived + [each for _, each in apart]
        answers = asked([dict(world, asks=asks)])[0]["answers"] if asks else []
        for (place, _), origin in zip(apart, answers[len(derived):]):
            if origin["answer"] == "no":
                refused += 1
                assert answers[place]["answer"] == "no", (
                    f"{origin}, made into {answers[place]}: {told(dict(world, asks=[asks[place]]))}")
    assert refused > 0, "nothing is refused"


if __name__ == "__main__":
    run_all()
