#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Worlds by chance with one fault: none is answered, and each fault is told with its file and line.

    tests/policy/faulty.py PROGRAM

PROGRAM is policy_worlds. LINIE_TEST_SEED repeats what was printed as the seed.
"""

import json
import os
import pathlib
import random
import re
import subprocess
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(SOURCE / "tests/tools"))

from judge_worlds import Maker, as_asked, text_of
from tap import run_all, test

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
SEED = int(os.environ.get("LINIE_TEST_SEED") or time.time_ns() % 2**32)
ROUNDS = 5
TOLD = re.compile(r"^(?P<file>[\w.-]+): line (?P<line>\d+): .")
BROKEN_TEXTS = 3000

# Word, key of the line (None: of the block), value that replaces it; None: the line is not there.
WRONG = [
    ("party", "kind", "no-such-kind"), ("party", "kind", None), ("party", "name", None),
    ("party", "country", "Netherlands"), ("party", "country", "nl"), ("party", "identity", "indicator--1"),
    ("party", "identity", "identity--0-1"), ("party", "clearance", "nato:NO SUCH"),
    ("party", "clearance", "nowhere:SECRET"), ("party", "clearance", "SECRET"),
    ("party", "clients", "no-such-group"), ("party", "organisation", "no-such-party"),
    ("party", "constituency", "p0"), ("person", "of", "no-such-party"), ("person", "of", None),
    ("person", "name", None), ("group", "name", None), ("group", "member", "no-such-party"),
    ("group", "member", "group:no-such-group"), ("group", "member", "p0 from 2024-02-30"),
    ("group", "member", "p0 from yesterday"), ("group", "member", "p0 from 2024-02-02 to 2024-02-01"),
    ("group", "member", "p0 since 2024-02-02"), ("group", "community", "perhaps"), ("kind", "name", None),
    ("purpose", "name", None), ("purpose", "defensive", "perhaps"), ("purpose", "default", "1"),
    ("act", "name", None), ("mandate", "who", None), ("mandate", "who", "no-such-party"),
    ("mandate", "who", "kind:no-such-kind"), ("mandate", "who", "p0,, p1"), ("mandate", "act", "fly"),
    ("mandate", "act", None), ("mandate", "effect", "allowed"), ("mandate", "effect", None),
    ("mandate", "title", None), ("mandate", "data", "indicators"), ("mandate", "data", "mail-address"),
    ("mandate", "with", "group:no-such-group"), ("mandate", "with", "country:Netherlands"),
    ("mandate", "with", "everybody"), ("mandate", "purpose", "no-such-purpose"),
    ("mandate", "network", "theirs"), ("leave", "for", "no-such-mandate"), ("leave", "by", None),
    ("leave", "valid-to", None), ("leave", "purpose", "all"), ("party", "key", "RWabc"),
    ("agreement", "parties", "p0, p0"), ("agreement", "parties", "p0"), ("agreement", "parties", None),
    ("agreement", "parties", "p0, no-such-party"), ("agreement", "tlp", "RED"),
    ("agreement", "tlp", "UNKNOWN"), ("agreement", "valid-from", None), ("agreement", "valid-to", None),
    ("agreement", "valid-to", "2001-01-01"), ("agreement", "acts", "fly"),
    ("agreement", "class", "nato:NO SUCH"), ("equivalence", "levels", "nato:SECRET, nato:NO SUCH"),
    ("privacy", "do", "forget"), ("privacy", "data", "indicator"), ("privacy", "to", "country:xx"),
    ("retention", "days", "many"), ("retention", "days", "-1"), ("retention", "days", "1.5"),
    ("retention", "data", "nothing"), ("marking", "definition", "statement"),
    ("marking", "means", "something"), ("marking", "means", "tlp:BLUE"), ("marking", "means", "class:nato:NO SUCH"),
    ("marking", "means", "group:no-such-group"),
]

# Told with the line of the block: it takes more than this line to be wrong.
OF_THE_BLOCK = [("valid-to", "2001-01-01")]

# Lines that may stand in no block.
LINES = ["colour = green", "name = again", "valid-from = 2024-02-30", "valid-to = tomorrow",
         "valid-from = 2024-1-1", "status = certain", "no sign of equality", "= value", "name2", "source =",
         "note = \x01", '[party "p0"', '[party p0]', '[party ""]', '[party "P0"]', '[party "p 0"]',
         f'[party "{"p" * 65}"]', '[ship "s0"]', "note = " + "x" * 4096]


def asked(worlds):
    lines = "".join(json.dumps(world) + "\n" for world in worlds)
    done = subprocess.run([PROGRAM], input=lines, text=True, stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def worlds_of(what, count):
    return [Maker(random.Random(f"{SEED}-{what}-{number}")).world(2) for number in range(count)]


def lines_of(world, block):
    """The lines of a block in its file, the first and the last."""
    first = 2 # behind the line that as_asked() puts first
    for each in world["blocks"]:
        if each is block:
            break
        if each["file"] == block["file"]:
            first += text_of(each).count("\n") + 1
    return first, first + text_of(block).count("\n") - 1


def line_of(world, block, key):
    """The line of a block's field; of the block itself where it has none such."""
    line = lines_of(world, block)[0]
    keys = [each for each, _ in block["fields"]]
    if key in keys:
        line += text_of(dict(block, fields=block["fields"][:keys.index(key)])).count("\n")
    return line


def check(world, block, lines):
    """Nothing is answered, and the fault is told where it is."""
    said = asked([as_asked(world)])[0]
    assert "answers" not in said and "fault" in said, f"answered in spite of it:\n{text_of(block)}"
    told = TOLD.match(said["fault"])
    assert told, said["fault"]
    assert told["file"] == block["file"] and lines[0] <= int(told["line"]) <= lines[1], (
        f"{said['fault']}: expected {block['file']}, line {lines}\n{text_of(block)}")


@test
def a_wrong_value_or_a_missing_one_is_told_with_its_line():
    print(f"# seed {SEED}")
    chance = random.Random(SEED)
    worlds = worlds_of("values", 40)
    for word, key, value in WRONG:
        found = [(world, block) for world in worlds for block in world["blocks"]
                 if block["word"] == word and key in dict(block["fields"])]
        for world, block in chance.sample(found, min(ROUNDS, len(found))):
            before = block["fields"]
            number = [each for each, _ in before].index(key)
            others = [field for field in before if field[0] != key]
            block["fields"] = others if value is None else before[:number] + [[key, value]] + before[number + 1:]
            line = line_of(world, block, key)
            if (key, value) in OF_THE_BLOCK:
                line = lines_of(world, block)[0]
            check(world, block, (line, line))
            block["fields"] = before
        assert found, f"no {word} has {key}"


@test
def a_line_that_may_not_stand_there_is_told():
    print(f"# seed {SEED}")
    chance = random.Random(SEED)
    for line in LINES:
        for world in worlds_of(line, ROUNDS):
            block = chance.choice([each for each in world["blocks"] if each["word"] != "agreement"])
            said = as_asked(world)
            file = [each for each in said["files"] if each["name"] == block["file"]][0]
            texts = file["text"].split("\n")
            place = line_of(world, block, None) + len(text_of(block).split("\n")) - 2
            texts.insert(place, line)
            file["text"] = "\n".join(texts)
            answer = asked([said])[0]
            told = TOLD.match(answer.get("fault", ""))
            assert told and told["file"] == block["file"] and int(told["line"]) == place + 1, (
                f"{line[:80]}: {answer}: expected {block['file']}, line {place + 1}")


def twice(world, block):
    world["blocks"].append(dict(block))


def touching(world, block):
    """Two blocks of one id that share a day."""
    block["fields"] = [field for field in block["fields"] if not field[0].startswith("valid-")]
    world["blocks"].append(dict(block, fields=block["fields"] + [["valid-from", "2020-01-01"]]))
    block["fields"] = block["fields"] + [["valid-to", "2020-01-01"]]


def in_a_circle(world, block):
    groups = [each for each in world["blocks"] if each["word"] == "group"]
    for each, after in zip(groups, groups[1:] + groups[:1]):
        each["fields"] = each["fields"] + [["member", f"group:{after['id']}"]]


def not_alone(world, block):
    world["blocks"].append({"file": block["file"], "word": "act", "id": "another",
                            "fields": [["name", "another"]], "keys": []})


def of_somebody_else(world, block):
    """One identity, two parties."""
    other = [each for each in world["blocks"] if each["word"] == "party" and each["id"] != block["id"]][0]
    own = dict(block["fields"])["identity"]
    other["fields"] = [field for field in other["fields"] if field[0] != "valid-from"] + [["identity", own]]
    for each in (block, other):
        each["fields"] = [field for field in each["fields"] if not field[0].startswith("valid-")]
    same = {block["id"], other["id"]}
    world["blocks"] = [each for each in world["blocks"]
                       if each in (block, other) or each["word"] != "party" or each["id"] not in same]


@test
def blocks_that_do_not_go_together_are_told():
    print(f"# seed {SEED}")
    cases = [("kind", twice), ("party", twice), ("mandate", twice), ("kind", touching), ("purpose", touching),
             ("group", in_a_circle), ("agreement", not_alone), ("party", of_somebody_else)]
    for word, breaking in cases:
        tried = 0
        for world in worlds_of(f"{word}-{breaking.__name__}", ROUNDS):
            blocks = [each for each in world["blocks"] if each["word"] == word]
            if blocks:
                breaking(world, blocks[0])
                answer = asked([as_asked(world)])[0]
                told = TOLD.match(answer.get("fault", ""))
                assert told and told["file"] == blocks[0]["file"], f"{word} {breaking.__name__}: {answer}"
                tried += 1
        assert tried > 0, f"no {word}"


@test
def a_text_with_a_piece_lost_or_changed_is_answered_or_told_with_a_line():
    print(f"# seed {SEED}")
    chance = random.Random(SEED)
    worlds, faults = [], 0
    for number in range(BROKEN_TEXTS):
        world = as_asked(Maker(random.Random(f"{SEED}-text-{number % 50}")).world(1))
        file = chance.choice(world["files"])
        place = chance.randrange(len(file["text"]))
        size = chance.choice([0, 1, 1, 2, 40])
        new = chance.choice(["", chance.choice("\n =,:[]\"#|.-0aZ\t\u00e9"), chance.choice("\n =,:")])
        file["text"] = file["text"][:place] + new + file["text"][place + size:]
        worlds.append((world, file))
    for (world, file), answer in zip(worlds, asked([world for world, _ in worlds]), strict=True):
        if "fault" in answer:
            faults += 1
            told = TOLD.match(answer["fault"])
            assert told and "answers" not in answer, answer
            names = [each["name"] for each in world["files"]]
            assert told["file"] in names, answer
            lines = [each["text"].count("\n") + 1 for each in world["files"] if each["name"] == told["file"]][0]
            assert 1 <= int(told["line"]) <= lines, answer
    print(f"# {faults} of {BROKEN_TEXTS} have a fault")
    assert BROKEN_TEXTS // 10 < faults < BROKEN_TEXTS


if __name__ == "__main__":
    run_all()
