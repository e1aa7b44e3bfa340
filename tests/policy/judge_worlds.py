# SPDX-License-Identifier: EUPL-1.2
"""Worlds by chance for the judge of the gate: files of parties, and questions.

A world is {"blocks": [block], "holder", "day", "asks"}; a block is {"file", "word", "id", "fields":
[[key, value]], "keys"}, which can be made smaller piece by piece; as_asked() makes it what
tests/policy/worlds.c reads. Most of a world lets things pass, so that single rules decide.
"""

import base64
import datetime
import uuid

DATA = ["indicator", "sighting", "incident", "evidence", "victim", "vulnerability", "threat",
        "advice", "party", "definition", "other"]
PERSONAL = ["mail-address", "user-name", "host-address", "person-name", "telephone"]
TREATMENTS = ["keep", "truncate", "pseudonymise", "leave-out"]
EFFECTS = ["allow", "agreement", "consent", "request", "authorisation", "forbid", "person"]
PURPOSES = ["defence", "hunting", "research", "training"] # the first two are defensive
KINDS = ["csirt", "military", "vital"]
COUNTRIES = ["NL", "BE", "int"]
SCHEMES = {"nato": ["RESTRICTED | NR", "CONFIDENTIAL", "SECRET | NS"],
           "nl": ["Dep. VERTROUWELIJK", "Stg. CONFIDENTIEEL", "Stg. GEHEIM"],
           "eu": ["EU RESTRICTED", "EU SECRET"]}
DAYS_FAR = 500


class Maker:
    """Makes one world with the random numbers that it is given."""

    def __init__(self, random):
        self.random = random
        self.day = datetime.date(2026, 1, 31) - datetime.timedelta(random.randrange(3000))
        self.blocks = []
        self.parties = [f"p{number}" for number in range(random.randint(3, 7))]
        self.groups = [f"g{number}" for number in range(random.randint(2, 5))]
        self.persons = [f"n{number}" for number in range(random.randint(1, 3))]
        self.identities = {}
        self.definitions = [f"marking-definition--{self.uuid()}" for _ in range(6)]
        self.exercise = random.choice(["real", "real", "exercise-1"])

    def chance(self, share):
        return self.random.random() < share

    def some(self, items, least=1):
        items = list(items)
        return self.random.sample(items, self.random.randint(least, min(len(items), 3)))

    def near(self, *offsets):
        return (self.day + datetime.timedelta(self.random.choice(offsets))).isoformat()

    def period(self, holds, first="valid-from", last="valid-to"):
        """Fields of days that hold, or just do not."""
        fields = []
        if not holds and self.chance(0.5):
            return [[first, self.near(1, 1, DAYS_FAR)]]
        if not holds:
            return [[last, self.near(-1, -1, -DAYS_FAR)]]
        if self.chance(0.3):
            fields.append([first, self.near(0, 0, -1, -DAYS_FAR)])
        if self.chance(0.3):
            fields.append([last, self.near(0, 0, 1, DAYS_FAR)])
        return fields

    def add(self, word, name, fields, file=None, keys=(), holds=0.96):
        """A block; `holds`: how often it does on the day, None: on all days."""
        if holds is not None and not any(key.startswith("valid-") for key, _ in fields):
            fields = fields + self.period(self.chance(holds))
        self.blocks.append({"file": file or f"{word}.txt", "word": word, "id": name,
                            "fields": fields, "keys": list(keys)})

    def uuid(self):
        return uuid.UUID(int=self.random.getrandbits(128), version=4)

    def identity(self, name):
        self.identities.setdefault(name, []).append(f"identity--{self.uuid()}")
        return self.identities[name][-1]

    @staticmethod
    def key(name, number=0):
        """A public key in minisign's form that nobody holds."""
        seed = f"{name}-{number}".encode()
        return base64.b64encode(b"Ed" + (seed * 40)[:40]).decode()

    def level(self):
        scheme = self.random.choice(list(SCHEMES))
        return f"{scheme}:{self.random.choice(SCHEMES[scheme]).split(' | ')[0]}"

    def respelled(self, level):
        scheme, _, words = level.partition(":")
        spellings = [each for each in SCHEMES[scheme] if each.startswith(words)]
        words = self.random.choice(spellings[0].split(" | ") if spellings else [words])
        return scheme + ":" + self.random.choice([words, words.lower(), words.replace(" ", "  ")])

    # What the world knows.

    def party_fields(self, name):
        fields = [["name", f"Party {name}"], ["kind", self.random.choice(KINDS)],
                  ["identity", self.identity(name)],
                  ["key", self.key(name, 0 if self.chance(0.9) else 2)]]
        if self.chance(0.9):
            fields.append(["country", self.random.choice(COUNTRIES)])
        if self.chance(0.3):
            fields.append(["organisation", self.random.choice(self.parties)])
        if self.chance(0.2):
            fields += [["identity", self.identity(name)], ["key", self.key(name, 1)]]
        for scheme in SCHEMES:
            if self.chance(0.55):
                fields.append(["clearance", self.respelled(f"{scheme}:" + self.random.choice(
                    SCHEMES[scheme][-2:]).split(" | ")[0])])
        if self.chance(0.5):
            fields.append(["clients", self.random.choice(self.groups)])
        if self.chance(0.2):
            fields.append(["constituency", self.random.choice(self.groups)])
        if self.chance(0.03):
            fields.append(["world", self.random.choice(["real", "exercise-1"])])
        elif self.exercise != "real":
            fields.append(["world", self.exercise])
        self.random.shuffle(fields)
        return fields

    def add_parties(self):
        for name in self.parties:
            if self.chance(0.7):
                self.add("party", name, self.party_fields(name), holds=0.98)
                continue
            # Renamed, with everything else that changed with it, today or near it.
            turn = self.random.choice([-1, 0, 0, 1, 1])
            gap = self.random.choice([0, 0, 0, 0, 1])
            date = self.day + datetime.timedelta(turn)
            before = (date - datetime.timedelta(1 + gap)).isoformat()
            self.add("party", name, self.party_fields(name) + [["valid-to", before]])
            self.add("party", name, self.party_fields(name) + [["valid-from", date.isoformat()]])

    def add_persons(self):
        for name in self.persons:
            fields = [["name", f"Person {name}"], ["of", self.random.choice(self.parties)]]
            if self.chance(0.9):
                fields.append(["identity", self.identity(name)])
            self.add("person", name, fields)

    def add_groups(self):
        for number, name in enumerate(self.groups):
            fields = [["name", f"Group {name}"]]
            if self.chance(0.5):
                fields.append(["community", "yes"])
            if self.chance(0.3):
                fields.append(["identity", self.identity(name)])
            if self.chance(0.2):
                fields.append(["known-to", self.random.choice(["everybody", "members", "owner"])])
            members = self.some(self.parties) if self.chance(0.85) else []
            members += [f"group:{each}" for each in self.groups[:number] if self.chance(0.35)]
            for member in members:
                days = self.period(self.chance(0.9), "from", "to")
                fields.append(["member", " ".join([member] + [f"{key} {day}" for key, day in days])])
            self.add("group", name, fields)

    def add_words(self):
        for kind in KINDS:
            self.add("kind", kind, [["name", kind]], holds=1)
        for act in ("share", "receive", "scan"):
            self.add("act", act, [["name", act]], holds=1)
        for number, purpose in enumerate(PURPOSES):
            fields = [["name", purpose]]
            if number < 2:
                fields.append(["defensive", "yes"])
            if number == 0:
                fields.append(["default", "yes"])
            self.add("purpose", purpose, fields, holds=0.995 if number == 0 else 0.93)

    def side(self):
        """One way to name the other side."""
        return self.random.choice(
            [self.random.choice(self.parties), f"kind:{self.random.choice(KINDS)}",
             f"group:{self.random.choice(self.groups)}",
             f"country:{self.random.choice(COUNTRIES)}", "any"])

    def who(self):
        return self.random.choice([self.random.choice(self.parties),
                                   f"kind:{self.random.choice(KINDS)}",
                                   f"group:{self.random.choice(self.groups)}"])

    def add_mandate(self, number, effect, wide):
        everybody = ", ".join(f"kind:{kind}" for kind in KINDS)
        acts = "share, receive" if wide else ", ".join(self.some(["share", "receive", "scan"]))
        fields = [["who", everybody if wide else ", ".join({self.who(), self.who()})],
                  ["act", acts], ["effect", effect], ["title", f"Rule {number}."]]
        if effect in ("consent", "request", "authorisation", "person"):
            fields.append(["by", "the head"])
        if wide or self.chance(0.5):
            fields.append(["purpose", self.random.choice(["any", ", ".join(PURPOSES)]) if wide
                           else ", ".join(self.some(PURPOSES))])
        if not wide and self.chance(0.7):
            fields.append(["data", ", ".join(self.some(DATA[:4] + ["any"]))])
        if not wide and self.chance(0.8):
            fields.append(["with", ", ".join(dict.fromkeys([self.side(), self.side()]))])
        if self.chance(0.2):
            fields.append(["network", self.random.choice(["own", "any", "constituency"])])
        self.add("mandate", f"m{number}", fields, holds=0.98 if wide else 0.9)
        if effect in ("consent", "request", "authorisation", "person") and self.chance(0.95 if wide else 0.5):
            self.add_leave(number, wide)

    def add_leave(self, number, wide):
        narrow = 0.04 if wide else 0.3
        fields = [["for", f"m{number}"], ["by", "the head"],
                  ["valid-from", self.near(0, 0, -1, -DAYS_FAR, -DAYS_FAR, 1)],
                  ["valid-to", self.near(1, 1, 2, 2, DAYS_FAR, DAYS_FAR)]]
        if self.chance(0.1):
            fields[-2:] = [["valid-from", self.near(-DAYS_FAR)], ["valid-to", self.near(0, 0, -1)]]
        if self.chance(narrow):
            fields.append(["who", self.who()])
        if self.chance(narrow):
            fields.append(["data", ", ".join(self.some(DATA[:4] + ["any"]))])
        if self.chance(narrow):
            fields.append(["with", self.side()])
        if wide or self.chance(0.6):
            fields.append(["purpose", "any" if wide or self.chance(0.5) else ", ".join(self.some(PURPOSES))])
        self.add("leave", f"v{number}", fields)

    def add_mandates(self):
        wide = self.chance(0.94)
        if wide:
            self.add_mandate(0, self.random.choices(["allow", "agreement", "consent"], [78, 8, 14])[0], True)
        for number in range(1, self.random.randint(2, 6)):
            effect = self.random.choice(["allow", "allow", "agreement"] + EFFECTS)
            if effect != "forbid" or not wide or self.chance(0.25):
                self.add_mandate(number, effect, False)

    def add_agreement(self, number):
        parties = self.random.sample(self.parties, self.random.randint(2, min(4, len(self.parties))))
        fields = [["name", f"Agreement {number}"], ["parties", ", ".join(parties)],
                  ["acts", ", ".join(self.some(["share", "receive", "scan"]))],
                  ["data", "any" if self.chance(0.6) else ", ".join(self.some(DATA[:3] + ["any"]))],
                  ["purpose", ", ".join(PURPOSES[:3] if self.chance(0.6) else self.some(PURPOSES))]]
        if self.chance(0.7):
            fields.append(["acts", "share, receive"])
            fields.pop(2)
        if self.chance(0.8):
            fields.append(["tlp", self.random.choice(["CLEAR", "GREEN", "AMBER", "AMBER+STRICT"])])
        for scheme in SCHEMES:
            if self.chance(0.4):
                fields.append(["class", f"{scheme}:" + SCHEMES[scheme][-1].split(" | ")[0]])
        fields += [["valid-from", self.near(0, 0, -1, -DAYS_FAR, -DAYS_FAR, -DAYS_FAR, 1)],
                   ["valid-to", self.near(1, 2, 2, DAYS_FAR, DAYS_FAR)]]
        if self.chance(0.05):
            fields[-2:] = [["valid-from", self.near(-DAYS_FAR)], ["valid-to", self.near(0, -1)]]
        keys = [self.key(each) for each in parties]
        state = self.random.random()
        if state < 0.05:
            keys = []
        elif state < 0.12:
            keys.pop()
        elif state < 0.2:
            keys[0] = self.key(self.random.choice(self.parties), self.random.choice([0, 1, 2]))
        self.add("agreement", f"a{number}", fields, f"agreement-{number}.txt", keys)

    def add_marks(self):
        for scheme, levels in SCHEMES.items():
            self.add("classification", scheme, [["name", scheme]] + [["level", each] for each in levels],
                     holds=None)
        for number in range(self.random.randint(0, 3)):
            levels = {self.respelled(self.level()) for _ in range(self.random.randint(2, 3))}
            if len({each.lower().split(":")[0] for each in levels}) == len(levels) > 1:
                self.add("equivalence", f"e{number}", [["levels", ", ".join(sorted(levels))]], holds=0.9)
        for number in range(self.random.randint(0, 4)):
            fields = [["data", ", ".join(self.some(PERSONAL + ["any"]))],
                      ["do", self.random.choice(TREATMENTS + ["keep", "keep"])]]
            if self.chance(0.5):
                fields.append(["to", self.side()])
            if self.chance(0.4):
                fields.append(["purpose", ", ".join(self.some(PURPOSES))])
            self.add("privacy", f"v{number}", fields, holds=0.9)
        if self.chance(0.7):
            self.add("privacy", "wide", [["data", "any"], ["do", "keep"], ["purpose", ", ".join(PURPOSES)]])
        for number in range(self.random.randint(0, 3)):
            self.add("retention", f"r{number}", [
                ["data", ", ".join(self.some(DATA[:3] + PERSONAL[:3]))],
                ["days", str(self.random.choice([1, 30, 365, 365]))]], holds=0.9)

    def add_markings(self):
        for number, definition in enumerate(self.definitions[1:]):
            means = self.random.choice(
                ["nothing", "nothing", "tlp:GREEN", "tlp:AMBER+STRICT", "tlp:RED", "class:" + self.level(),
                 "group:" + self.random.choice(self.groups), "nobody"])
            self.add("marking", f"d{number}", [["definition", definition], ["means", means]], holds=0.9)

    # Questions.

    def sides(self):
        named = [each for name in self.parties + self.groups for each in self.identities.get(name, [])]
        return [self.random.choice(self.parties + [f"group:{each}" for each in self.groups] * 2 + named)
                for _ in range(self.random.randint(1, 4))]

    def sources(self):
        state = self.random.random()
        known = [each for name in self.parties for each in self.identities[name]]
        if state < 0.25:
            return []
        if state < 0.55:
            return self.identities[self.holder]
        if state < 0.6:
            return [f"identity--{self.uuid()}"]
        return self.some(known)

    def statement(self):
        scheme, _, level = self.respelled(self.level()).partition(":")
        text = self.random.choice(["", "Only by word of mouth", "For the file", level, f" {level.upper()} ", f"{level}!"])
        return {"id": self.random.choice(self.definitions), "text": text, "unknown": not text}

    def label(self, free, depth=0):
        """A label; of what is free, less often something that closes."""
        if depth < 2 and self.chance(0.12):
            origins = [self.label(True, depth + 1) for _ in range(self.random.choice([0, 1, 2]))]
            own = self.label(True, 3)
            return dict(own, origins=origins + [self.label(free, depth + 1)], time=self.time(free))
        closing = 0.02 if free else 0.25
        weights = [85, 9, 6, 3, 1.5, 0.2] if free else [30, 20, 20, 18, 12, 3]
        tlp = self.random.choices(["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED", "UNKNOWN"], weights)[0]
        everyone = [each for names in self.identities.values() for each in names]
        label = {"tlp": tlp, "classes": [], "audiences": [], "persons": [], "purposes": [],
                 "sources": self.sources(), "statements": [], "personal": [], "fixed": [], "parts": [],
                 "data": self.random.choice(DATA[:5] + DATA), "time": self.time(free),
                 "world": self.exercise if self.chance(1.01 - closing / 4) else "exercise-2"}
        if tlp == "RED" or self.chance(0.1):
            label["persons"] = self.some(everyone) + [self.identities[each][0] for each in self.persons
                                                      if self.chance(0.6) and each in self.identities]
        for _ in range(self.random.choice([1, 1, 2])):
            if self.chance(closing):
                label["classes"].append("nato:TOP SECRET" if self.chance(0.04) else self.respelled(self.level()))
            if self.chance(closing):
                label["audiences"].append(self.sides())
        if self.chance(0.02):
            label["audiences"].append(self.random.choice([[], ["group:nowhere"], ["nobody"]]))
        if self.chance(closing + 0.02):
            label["purposes"] = list(dict.fromkeys(self.some(PURPOSES + ["unheard"]) + (["defence"] if free else [])))
        if self.chance(closing):
            label["statements"] = [self.statement() for _ in range(self.random.choice([1, 1, 1, 2]))]
        if self.chance(0.45):
            label["personal"] = self.some(PERSONAL)
            label["fixed"] = [each for each in label["personal"] if self.chance(closing + 0.03)]
        if depth < 2 and self.chance(0.55):
            label["parts"] = [{"fixed": self.chance(closing / 2), "label": self.part(depth)}
                              for _ in range(self.random.randint(1, 3))]
        return label

    def part(self, depth):
        return dict(self.label(self.chance(0.4), 2), sources=[], parts=[], personal=[], fixed=[])

    def time(self, free):
        if self.chance(0.01 if free else 0.1):
            return ""
        days = self.random.choice([0, 0, 0, 1, 2, 29, 30, 31, 364, 365, 366, -1, 2000] if not free else [0, 1, 3, 20])
        date = self.day - datetime.timedelta(days)
        return f"{date.isoformat()}T{self.random.choice(['00:00:00', '12:30:00', '23:59:59'])}Z"

    def holds(self, block):
        days = dict(each for each in block["fields"] if each[0].startswith("valid-"))
        day = self.day.isoformat()
        return days.get("valid-from", day) <= day <= days.get("valid-to", day)

    def somebody(self, word, names):
        """Mostly one who is there on the day."""
        there = [block["id"] for block in self.blocks if block["word"] == word and self.holds(block)]
        if self.chance(0.01):
            return "nobody"
        return self.random.choice(there if there and self.chance(0.9) else names)

    def ask(self):
        asks = {"party": self.somebody("party", self.parties), "person": "", "purpose": ""}
        state = self.random.random()
        if state < 0.25:
            asks["person"] = self.somebody("person", self.persons)
            of = [block for block in self.blocks if block["word"] == "person" and block["id"] == asks["person"]]
            if of and self.chance(0.97):
                asks["party"] = dict(of[0]["fields"])["of"]
        if self.chance(0.4):
            asks["purpose"] = self.random.choice(["hunting"] * 4 + PURPOSES)
        asks["label"] = self.label(self.chance(0.92))
        return asks

    def world(self, ask_count):
        self.add_words()
        self.add_parties()
        self.add_persons()
        self.add_groups()
        self.add_mandates()
        for number in range(self.random.choice([0, 1, 2, 2, 3])):
            self.add_agreement(number)
        self.add_marks()
        self.add_markings()
        self.random.shuffle(self.blocks)
        self.holder = self.somebody("party", self.parties)
        self.identities.setdefault(self.holder, [])
        return {"blocks": self.blocks, "holder": self.holder, "day": self.day.isoformat(),
                "asks": [self.ask() for _ in range(ask_count)]}


def text_of(block):
    lines = [f'[{block["word"]} "{block["id"]}"]']
    for key, value in block["fields"]:
        first, comma, rest = value.partition(", ")
        lines.append(f"{key} = {first}{comma.rstrip()}")
        lines += ["    " + rest] if rest else []
    return "\n".join(lines) + "\n"


def as_asked(world):
    """What worlds.c reads."""
    files = {}
    for block in world["blocks"]:
        file = files.setdefault(block["file"], {"name": block["file"], "text": "# By chance.\n",
                                                "keys": block["keys"]})
        file["text"] += text_of(block) + "\n"
    return {"files": list(files.values()), "holder": world["holder"], "day": world["day"],
            "asks": world["asks"]}
