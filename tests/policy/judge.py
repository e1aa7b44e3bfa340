# SPDX-License-Identifier: EUPL-1.2
"""A slow judge of who gets what: docs/GATE.md said again in Python, sentence by sentence.

Written from the text of docs/GATE.md and docs/format/parties.md alone, and meant to stay so: where it
and policy/ differ, one of the three is wrong. It looks everything up anew for each question.
"""

import datetime

TLP = ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED", "UNKNOWN"]
TREATMENTS = ["keep", "truncate", "pseudonymise", "leave-out"]
RULES = {1: "world", 2: "known", 3: "purpose", 4: "TLP", 5: "classification", 6: "audience",
         7: "mandates", 8: "statements", 9: "retention", 10: "privacy", 11: "parts", 12: "origins"}
PARTS_RULES = range(3, 10)


def day_of(text):
    return datetime.date.fromisoformat(text)


def listed(text):
    return [part.strip() for part in text.split(",")]


def folded(text):
    """As it is but for case and white space."""
    return " ".join(text.lower().split())


class Block:
    def __init__(self, word, name):
        self.word, self.name, self.fields, self.signers = word, name, [], set()

    def all(self, key):
        return [value for found, value in self.fields if found == key]

    def one(self, key, otherwise=""):
        return (self.all(key) or [otherwise])[0]

    def list(self, key, otherwise=()):
        return listed(self.one(key)) if self.all(key) else list(otherwise)

    def holds(self, day):
        first, last = self.one("valid-from"), self.one("valid-to")
        return (not first or day_of(first) <= day) and (not last or day <= day_of(last))


def read(files):
    """The blocks of files without a fault."""
    blocks = []
    for file in files:
        for line in file["text"].split("\n"):
            if not line.strip() or line.startswith("#"):
                continue
            if line[0] in " \t":
                key, value = blocks[-1].fields[-1]
                blocks[-1].fields[-1] = (key, value + " " + line.strip())
            elif line[0] == "[":
                word, name = line.strip("[]").split(" ", 1)
                blocks.append(Block(word, name.strip('"')))
                blocks[-1].signers = set(file["keys"])
            else:
                key, value = line.split("=", 1)
                blocks[-1].fields.append((key.strip(), value.strip()))
    return blocks


class Recipient:
    def __init__(self, judge, asks):
        self.party = asks["party"]
        self.block = judge.the("party", self.party)
        self.person = judge.the("person", asks["person"]) if asks["person"] else None
        stranger = asks["person"] and (not self.person or self.person.one("of") != self.party)
        self.known = self.block is not None and not stranger
        self.purpose = asks["purpose"] or judge.default_purpose()


class Judge:
    """A node's files on a day, for its holder."""

    def __init__(self, files, holder, day):
        self.day = day_of(day)
        self.holder = holder
        # A block that does not hold on the day is not there.
        self.blocks = [block for block in read(files) if block.holds(self.day)]
        self.world_of_holder = self.world(self.the("party", holder))

    def those(self, word):
        return [block for block in self.blocks if block.word == word]

    def the(self, word, name):
        found = [block for block in self.those(word) if block.name == name]
        return found[0] if found else None

    def default_purpose(self):
        found = [block.name for block in self.those("purpose") if block.one("default") == "yes"]
        return found[0] if found else ""

    def is_defensive(self, purpose):
        block = self.the("purpose", purpose)
        return block is not None and block.one("defensive") == "yes"

    @staticmethod
    def world(party):
        return party.one("world", "real") if party else None

    def organisation(self, party):
        block = self.the("party", party)
        return block.one("organisation", party) if block else None

    def is_in(self, party, group):
        """By itself or through a group, every step on the day."""
        block = self.the("group", group)
        for member in block.all("member") if block else []:
            words = member.split()
            dates = dict(zip(words[1::2], words[2::2]))
            if "from" in dates and self.day < day_of(dates["from"]):
                continue
            if "to" in dates and self.day > day_of(dates["to"]):
                continue
            if words[0] == party:
                return True
            if words[0].startswith("group:") and self.is_in(party, words[0][len("group:"):]):
                return True
        return False

    # Levels: (scheme, place), or None where there is none such.

    def level(self, text):
        scheme, _, spelled = text.partition(":")
        block = self.the("classification", scheme.strip())
        for place, level in enumerate(block.all("level") if block else []):
            if folded(spelled) in [folded(each) for each in level.split("|")]:
                return scheme.strip(), place
        return None

    def covers(self, clearance, level):
        if clearance is None or level is None:
            return False
        if clearance[0] == level[0] and clearance[1] >= level[1]:
            return True
        for block in self.those("equivalence"):
            levels = [found for found in map(self.level, block.list("levels")) if found]
            own = [each for each in levels if each[0] == clearance[0] and each[1] <= clearance[1]]
            other = [each for each in levels if each[0] == level[0] and each[1] >= level[1]]
            if own and other:
                return True
        return False

    # Markings that are neither TLP nor PAP.

    def level_spelled(self, text):
        """The first scheme's that has such a level."""
        for name in sorted(block.name for block in self.those("classification")):
            if self.level(f"{name}:{text}"):
                return f"{name}:{text}"
        return None

    def with_what_is_meant(self, label):
        """The label with what its statements mean; those that nobody has read are left in it."""
        found = dict(label, classes=list(label["classes"]), audiences=list(label["audiences"]),
                     statements=[])
        for statement in label["statements"]:
            markings = [block.one("means") for block in self.those("marking")
                        if statement["id"] == block.one("definition")]
            level = self.level_spelled(statement["text"])
            what, _, name = markings[0].partition(":") if markings else ("", "", "")
            if what == "nobody" or (not markings and statement["unknown"]):
                found["tlp"] = "UNKNOWN"
            elif what == "tlp":
                found["tlp"] = max(found["tlp"], name.upper(), key=TLP.index)
            elif what == "class":
                found["classes"].append(name)
            elif what == "group":
                found["audiences"].append(["group:" + name])
            elif not markings and level:
                found["classes"].append(level)
            elif not markings:
                found["statements"].append(statement)
        return found

    # Sources.

    def party_of_source(self, identity):
        found = [block.name for block in self.those("party") if identity in block.all("identity")]
        return found[0] if found else None

    def organisation_of_sources(self, label):
        found = {self.organisation(self.party_of_source(each)) for each in label["sources"]}
        return found.pop() if len(found) == 1 else None

    def home(self, recipient, label):
        """Of the holder's organisation, or of that of every source."""
        own = self.organisation(recipient.party)
        return own is not None and own in (self.organisation(self.holder),
                                           self.organisation_of_sources(label))

    # Mandates and agreements.

    def purpose_fits(self, block, purpose):
        if self.the("purpose", purpose) is None:
            return False
        if block.all("purpose"):
            return any(named in ("any", purpose) for named in block.list("purpose"))
        return self.is_defensive(purpose)

    def names(self, items, party):
        """Party, kind, country, group or any."""
        block = self.the("party", party)
        for item in items:
            prefix, _, name = item.partition(":")
            if item == "any" or (block and item == party):
                return True
            if block and prefix == "kind" and block.one("kind") == name:
                return True
            if block and prefix == "country" and block.one("country") == name:
                return True
            if block and prefix == "group" and self.is_in(party, name):
                return True
        return False

    def in_force(self, agreement):
        """Each party has signed with one of its keys."""
        for name in agreement.list("parties"):
            party = self.the("party", name)
            if not party or not agreement.signers & set(party.all("key")):
                return False
        return True

    def agreements(self, parties, data, purpose):
        return [each for each in self.those("agreement")
                if self.in_force(each) and set(parties) <= set(each.list("parties"))
                and any(named in ("any", data) for named in each.list("data", ["any"]))
                and self.purpose_fits(each, purpose)]

    def passing_on(self, recipient, label):
        if not label["sources"]: # of nobody, so not of those who agreed
            return []
        parties = [self.holder, recipient.party]
        parties += [self.party_of_source(each) for each in label["sources"]]
        return self.agreements(parties, label["data"], recipient.purpose)

    def may(self, party, act, other, data, purpose):
        fitting = [each for each in self.those("mandate")
                   if self.names(each.list("who"), party) and act in each.list("act")
                   and any(named in ("any", data) for named in each.list("data", ["any"]))
                   and self.purpose_fits(each, purpose)
                   and self.names(each.list("with", ["any"]), other)]
        effects = {each.one("effect") for each in fitting}
        agreed = any(act in each.list("acts") for each in self.agreements([party, other], data, purpose))
        given = any(self.leave_is_given(each, party, other, data, purpose) for each in fitting
                    if each.one("effect") in ("consent", "request", "authorisation", "person"))
        return "forbid" not in effects and (
            "allow" in effects or ("agreement" in effects and agreed) or given)

    def leave_is_given(self, mandate, party, other, data, purpose):
        return any(each.one("for") == mandate.name
                   and self.names(each.list("who", ["any"]), party)
                   and any(named in ("any", data) for named in each.list("data", ["any"]))
                   and self.purpose_fits(each, purpose)
                   and self.names(each.list("with", ["any"]), other) for each in self.those("leave"))

    # The rules. Each answers whether it says no.

    def rule_1(self, recipient, label):
        return not label["world"] == self.world(recipient.block) == self.world_of_holder

    def rule_2(self, recipient, label):
        return not recipient.known or self.the("party", self.holder) is None

    def rule_3(self, recipient, label):
        if self.the("purpose", recipient.purpose) is None:
            return True
        if label["purposes"]:
            return recipient.purpose not in label["purposes"]
        return not self.is_defensive(recipient.purpose)

    def reach(self, recipient, label):
        """The narrowest label that reaches the recipient."""
        reached = ["CLEAR"]
        if self.home(recipient, label):
            reached.append("AMBER+STRICT")
        holder = self.the("party", self.holder)
        if holder and recipient.block:
            if self.is_in(recipient.party, holder.one("clients")):
                reached.append("AMBER")
            for group in self.those("group"):
                if (group.one("community") == "yes" and self.is_in(recipient.party, group.name)
                        and self.is_in(self.holder, group.name)):
                    reached.append("GREEN")
        for agreement in self.passing_on(recipient, label):
            reached.append(agreement.one("tlp", "CLEAR").upper().removeprefix("TLP:"))
        return max(map(TLP.index, reached))

    def rule_4(self, recipient, label):
        if label["tlp"] == "UNKNOWN":
            return True
        if label["tlp"] == "RED":
            person = recipient.person
            return not person or not set(person.all("identity")) & set(label["persons"])
        return TLP.index(label["tlp"]) > self.reach(recipient, label)

    def rule_5(self, recipient, label):
        clearances = recipient.block.all("clearance") if recipient.block else []
        sources = {self.party_of_source(each) for each in label["sources"]}
        for level in map(self.level, label["classes"]):
            if not any(self.covers(self.level(each), level) for each in clearances):
                return True
            passed = any(self.covers(self.level(each), level)
                         for agreement in self.passing_on(recipient, label)
                         for each in agreement.all("class"))
            if not (self.home(recipient, label) or sources == {self.holder} or passed):
                return True
        return False

    def rule_6(self, recipient, label):
        return any(not self.is_in_audience(recipient, audience) for audience in label["audiences"])

    def is_in_audience(self, recipient, audience):
        """Parties and groups, by id or by STIX identity."""
        groups = [item[len("group:"):] for item in audience if item.startswith("group:")]
        groups += [block.name for block in self.those("group")
                   if set(block.all("identity")) & set(audience)]
        return (recipient.party in audience
                or bool(set(recipient.block.all("identity")) & set(audience))
                or any(self.is_in(recipient.party, group) for group in groups))

    def rule_7(self, recipient, label):
        asked = label["data"], recipient.purpose
        return not (self.may(self.holder, "share", recipient.party, *asked)
                    and self.may(recipient.party, "receive", self.holder, *asked))

    def rule_8(self, recipient, label):
        return bool(label["statements"]) and (
            self.organisation(recipient.party) != self.organisation(self.holder))

    def too_old(self, label, name):
        days = [int(block.one("days")) for block in self.those("retention") if name in block.list("data")]
        if not days:
            return False
        return not label["time"] or (self.day - day_of(label["time"][:10])).days > min(days)

    def rule_9(self, recipient, label):
        return self.too_old(label, label["data"]) or any(
            self.too_old(label, each) for each in label["personal"] if each in label["fixed"])

    def treatment(self, recipient, label, personal):
        found = [TREATMENTS.index(block.one("do")) for block in self.those("privacy")
                 if any(each in ("any", personal) for each in block.list("data", ["any"]))
                 and self.purpose_fits(block, recipient.purpose)
                 and self.names(block.list("to", ["any"]), recipient.party)]
        if self.too_old(label, personal):
            found.append(TREATMENTS.index("leave-out"))
        return TREATMENTS[max(found)] if found else "leave-out"

    def treatments(self, recipient, label):
        found = {each: self.treatment(recipient, label, each) for each in label["personal"]}
        return {personal: what for personal, what in found.items() if what != "keep"}

    def rule_10(self, recipient, label):
        untreated = dict(label, time=self.day.isoformat()) # what is too old is rule 9's
        return any(each in label["fixed"] for each in self.treatments(recipient, untreated))

    def part_is_closed(self, recipient, label, part):
        own = dict(part["label"], sources=label["sources"], time=label["time"])
        if own["personal"] or own["parts"] or own.get("origins"):
            return True
        own = self.with_what_is_meant(own)
        return any(getattr(self, f"rule_{number}")(recipient, own) for number in PARTS_RULES)

    def closed_parts(self, recipient, label):
        return [number for number, part in enumerate(label["parts"])
                if self.part_is_closed(recipient, label, part)]

    def rule_11(self, recipient, label):
        return any(label["parts"][number]["fixed"] for number in self.closed_parts(recipient, label))

    def origins(self, label):
        """An origin's own are the object's."""
        return [each for origin in label.get("origins", [])
                for each in [origin] + self.origins(origin)]

    def origin_is_closed(self, recipient, label, origin):
        own = self.with_what_is_meant(dict(origin, time=label["time"]))
        return (any(getattr(self, f"rule_{number}")(recipient, own) for number in [1, *PARTS_RULES])
                or bool(self.closed_parts(recipient, own)))

    def rule_12(self, recipient, label):
        return any(self.origin_is_closed(recipient, label, each) for each in self.origins(label))

    def answer(self, asks):
        """As tests/policy/worlds.c writes it."""
        recipient = Recipient(self, asks)
        label = self.with_what_is_meant(asks["label"])
        if self.rule_2(recipient, label):
            refusals = [2] # nobody is there of whom the others could ask
        elif label["tlp"] == "UNKNOWN":
            refusals = [4] # nothing is known that the others could ask of
        else:
            refusals = [each for each in RULES if getattr(self, f"rule_{each}")(recipient, label)]
        if refusals:
            return {"answer": "no", "refusals": refusals}
        parts = self.closed_parts(recipient, label)
        personal = self.treatments(recipient, label)
        if parts or personal:
            return {"answer": "reduced", "parts": parts, "personal": personal}
        return {"answer": "whole"}
