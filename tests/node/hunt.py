#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Asking all that was ever seen: what is answered, what is refused, and what the journal keeps of it.

    tests/node/hunt.py PROGRAM
"""

import json
import pathlib
import pwd
import re
import subprocess

from ground import DONE, FIRST_MOMENT, FOUND, TROUBLE, Node, Skip, dns, gzipped, person, run_all, test
from receivers import wait_for
from sender import Pipe

DAY_S = 24 * 3600
WHY = ("--purpose", "case 17", "--mandate", "Wbni art. 3")
MAIL = "someone@bank.example"


def name_of(number):
    return pwd.getpwuid(number).pw_name


def as_sudo(number):
    """What sudo says in the environment, and everybody can."""
    return {"SUDO_USER": name_of(number), "SUDO_UID": str(number)}


def smtp(sender, host="10.0.0.5", second=0):
    """A line of Zeek's smtp.log."""
    return json.dumps({"_path": "smtp", "ts": FIRST_MOMENT + second, "uid": f"C{second}",
                       "id.orig_h": host, "id.orig_p": 1025, "id.resp_h": "192.0.2.25",
                       "id.resp_p": 25, "mailfrom": sender}) + "\n"


def seen(text):
    """A node that has seen a log."""
    node = Node().remembering()
    node.run("watch", node.file("a.log", text), "--quiet")
    return node


def three_days():
    return seen("".join(dns("evil.example", "10.0.0.1", day * DAY_S + i)
                        for day in range(3) for i in range(day + 1)) +
                dns("c2.evil.example", "10.0.0.2", 60) + dns("good.example", "10.0.0.3", 61))


def configure(node, text):
    with (node.path / "linie.conf").open("a", encoding="utf-8") as config:
        config.write(f"\n[history]\n{text}")


def hunt(node, *words, status=FOUND, **options):
    return node.json("hunt", *words, *WHY, status=status, **options)


def flat(text):
    return " ".join(text.split())


# ---- what is answered ----

@test
def answer_tells_when_how_often_and_where_a_value_was_seen():
    with three_days() as node:
        (answer,) = hunt(node, "hxxp://evil[.]example"[7:])

        assert (answer["asked"], answer["kind"], answer["scope"]) == \
            ("evil.example", "domain", "subdomains"), answer
        assert answer["count"] == 7 and not answer["uncertain"]
        assert answer["first"].startswith("2026-11-21T12:00:00")
        assert answer["last"].startswith("2026-11-23T12:00:02")
        assert [(day["day"], day["count"]) for day in answer["days"]] == \
            [("2026-11-21", 2), ("2026-11-22", 2), ("2026-11-23", 3)]
        assert [(host["host"], host["count"]) for host in answer["inside"]] == \
            [("10.0.0.1", 6), ("10.0.0.2", 1)]
        assert {value["value"]: value["met"] for value in answer["values"]} == \
            {"evil.example": "exact", "c2.evil.example": "subdomain"}
        assert [field["field"] for field in answer["fields"]] == ["dns.query"]
        assert answer["history_since"].startswith("2026-11-21T12:00:00")


@test
def answer_for_people_fits_their_screen_and_their_letters():
    with three_days() as node:
        for locale, bar in (("C.UTF-8", "\u2585\u2585\u2588"), ("C", "558")):
            said = node.said("hunt", "evil.example", "absent.example", *WHY, status=FOUND,
                             env={"LC_ALL": locale})
            assert bar in said, said
            assert "SEEN domain evil.example and names below" in said
            assert "7 times on 3 days" in flat(said) and "10.0.0.1 (6), 10.0.0.2 (1)" in flat(said)
            assert "domain absent.example and names below: never seen since 2026-11-21T12:00:00Z" \
                in flat(said), said
            assert "1 of 2 values seen" in said
            assert max(map(len, said.splitlines())) <= 80, said


@test
def domain_may_be_asked_for_alone_and_a_range_with_its_addresses():
    with three_days() as node:
        (alone,) = hunt(node, "=evil.example")
        assert alone["count"] == 6, alone
        (below,) = hunt(node, ".evil.example")
        assert below["count"] == 1, below
        (addresses,) = hunt(node, "10.0.0.0/30")
        assert {value["value"] for value in addresses["values"]} == \
            {"10.0.0.1", "10.0.0.2", "10.0.0.3"}


@test
def time_and_sensor_narrow_what_is_asked_for():
    with three_days() as node:
        (answer,) = hunt(node, "evil.example", "--since", "2026-11-22", "--until", "2026-11-23")
        assert answer["count"] == 2, answer
        assert hunt(node, "evil.example", "--sensor", "elsewhere", status=DONE)[0]["count"] == 0
        said = flat(node.said("hunt", "evil.example", "--sensor", "elsewhere", *WHY))
        assert 'never seen by the sensor "elsewhere" since' in said, said
        assert hunt(node, "evil.example", "--until", "2026-11-01", status=DONE)[0]["count"] == 0
        told = node.run("hunt", "evil.example", "--since", "2026-11-23", "--until", "2026-11-22",
                        *WHY, status=TROUBLE).stderr
        assert "--since is later than --until" in told


@test
def values_are_found_in_prose_and_what_is_none_is_not_asked_for():
    text = ("Dear colleagues,\n\nwe saw hxxps://c2[.]evil[.]example/gate and evil(.)example, e.g. in\n"
            "invoice.pdf (from 198.51.100.7; sha256\n" + "ab" * 32 + ").\nIt calls beacon[.]example:8443; see main.c:12.\n"
            "Call us and/or reply.\n")
    with three_days() as node:
        answers = hunt(node, "-", given=text)
        assert [answer["asked"] for answer in answers] == \
            ["https://c2.evil.example/gate", "evil.example", "198.51.100.7", "ab" * 32,
             "beacon.example"], answers
        said = node.said("hunt", node.file("warning.eml", text), *WHY, status=FOUND)
        assert said.startswith("asked for 5 values: https://c2.evil.example/gate, evil.example"), said
        told = node.run("hunt", "-", *WHY, given="Nothing to see here.\n", status=TROUBLE).stderr
        assert "there is no value in it" in told


@test
def values_are_found_however_people_write_them_beside_each_other():
    sha256, md5 = "ab" * 32, "cd" * 16
    table = (
        (f"SHA256:{sha256}", [sha256]), (f"sha256={sha256}", [sha256]), (f"MD5:{md5}", [md5]),
        ("IP:10.0.0.1", ["10.0.0.1"]), ("ip=10.0.0.1", ["10.0.0.1"]), ("IP:2001:db8::7", ["2001:db8::7"]),
        ("domain:c2.evil.example", ["c2.evil.example"]), ("C2:evil[.]example", ["evil.example"]),
        ("C2:evil[.]example:8443", ["evil.example"]), ("evil[.]example[:]8443", ["evil.example"]),
        ("host:10.0.0.1:80", ["10.0.0.1:80"]), ("url=http://y.example/b", ["http://y.example/b"]),
        ("url:y.example/b?c=d:e", ["y.example/b?c=d:e"]),
        ("[a](http://y.example/b)", ["http://y.example/b"]),
        ("[y.example](http://y.example/b),", ["y.example", "http://y.example/b"]),
        ("[a](http://y.example/b)[c](hxxp://z[.]example/d).", ["http://y.example/b", "http://z.example/d"]),
        ("10.1.2.3-10.1.2.9", ["10.1.2.3", "10.1.2.9"]),
        ("10.1.2.3\u201310.1.2.9", ["10.1.2.3", "10.1.2.9"]),
        ("10.1.2.3->10.1.2.9", ["10.1.2.3", "10.1.2.9"]),
        ("10.1.2.3\u2192evil.example", ["10.1.2.3", "evil.example"]),
        ("\u201cevil.example\u201d \u2018http://y.example/b\u2019", ["evil.example", "http://y.example/b"]),
        ("\u00abevil.example\u00bb\u2014good.example\u2026", ["evil.example", "good.example"]),
        ("http://y.example/b\u2026 and more", ["http://y.example/b"]),
        ("_evil.example_ and **good.example**", ["evil.example", "good.example"]),
        ("evil.example=10.0.0.1", ["evil.example", "10.0.0.1"]),
        ("evil.example@10.0.0.1&good.example", ["evil.example", "10.0.0.1", "good.example"]),
        ("evil[.]example(10.0.0.1)", ["evil.example", "10.0.0.1"]),
        ("see tcp://9.9.9.9:53", ["tcp://9.9.9.9:53/", "9.9.9.9:53", "9.9.9.9"]),
        ("tcp[://]evil[.]example:53", ["tcp://evil.example:53/", "evil.example"]),
        ("http://y.example/a_(b)?c=(d)&e=f:g", ["http://y.example/a_(b)?c=(d)&e=f:g"]),
        ("(see http://y.example/a_(b)).", ["http://y.example/a_(b)"]),
        ("http://a.example/?u=http://b.example/c", ["http://a.example/?u=http://b.example/c"]),
        ("from (10.0.0.1), [2001:db8::7]:443", ["10.0.0.1", "[2001:db8::7]:443"]),
        # none of these is one
        ("10.0.0.9 os.path.com(x) at 12:30:45 00:11:22:33:44:55:66:77:88:99 std::io main.c:12 name=invoice.pdf",
         ["10.0.0.9"]),
    )
    with three_days() as node:
        for text, asked in table:
            for before in ("", "Seen: "):
                answers = hunt(node, "-", given=f"{before}{text}\nbeacon c2.evil.example\n")
                found = [answer["asked"] for answer in answers]
                assert found == list(dict.fromkeys([*asked, "c2.evil.example"])), (before + text, found)


@test
def values_come_out_of_lists_tables_and_bundles_each_once():
    bundle = {"type": "bundle", "id": "bundle--5a1f3f2e-0a51-4f2b-8f3f-0d7d5b1c0a11", "objects": [
        {"type": "indicator", "spec_version": "2.1",
         "id": "indicator--5a1f3f2e-0a51-4f2b-8f3f-0d7d5b1c0a12",
         "created": "2026-11-01T00:00:00.000Z", "modified": "2026-11-01T00:00:00.000Z",
         "pattern": "[domain-name:value = 'evil.example']", "pattern_type": "stix",
         "valid_from": "2026-11-01T00:00:00Z"}]}
    with three_days() as node:
        files = [node.file("a.txt", "# a list\nevil.example\nevil[.]example\n"),
                 node.file("b.csv", "value,comment\nevil.example,\"one, two\"\n"),
                 node.file("c.json", json.dumps(bundle))]
        (answer,) = hunt(node, *files, "evil.example")
        assert answer["count"] == 7


@test
def id_of_an_indicator_or_a_hit_stands_for_its_value():
    with three_days() as node:
        node.add("evil.example\n") # it is put to history at once
        (indicator,) = node.json("indicators", "list")
        hit = node.json("hits", status=FOUND)[0]
        for name in (indicator["indicator"], hit["hit"]):
            (answer,) = hunt(node, name)
            assert (answer["asked"], answer["count"]) == ("evil.example", 7), answer
        told = node.run("hunt", "indicator--5a1f3f2e-0a51-5f2b-8f3f-0d7d5b1c0a12", *WHY,
                        status=TROUBLE).stderr
        assert "is not watched on this node" in told


@test
def what_is_nothing_that_can_be_asked_for_is_refused_and_nothing_is_asked():
    with three_days() as node:
        told = node.run("hunt", "evil.example", "nonsense", *WHY, status=TROUBLE)
        assert "nonsense: neither a value" in flat(told.stderr) and told.stdout == ""
        assert "name values" in node.run("hunt", *WHY, status=TROUBLE).stderr
        assert node.json("history", "asked") == []


@test
def kind_that_is_not_told_by_its_looks_may_be_named():
    with seen(json.dumps({"_path": "http", "ts": FIRST_MOMENT, "uid": "C1", "id.orig_h": "10.0.0.5",
                          "id.orig_p": 1025, "id.resp_h": "192.0.2.80", "id.resp_p": 80,
                          "host": "www.example", "uri": "/", "user_agent": "Evil 1.0"}) +
              "\n") as node:
        (answer,) = hunt(node, "Evil 1.0", "--kind", "user-agent")
        assert (answer["kind"], answer["count"]) == ("user-agent", 1)
        told = node.run("hunt", "not one", "--kind", "ipv4", *WHY, status=TROUBLE).stderr
        assert "not one: not a value of kind ipv4" in told


@test
def nothing_is_known_where_nothing_was_ever_seen():
    with Node() as node:
        for words in (("hunt", "evil.example"), ("history", "export")):
            told = node.run(*words, *WHY, status=TROUBLE).stderr
            assert "write 'remember = yes' below [history]" in told, told
        node.remembering()
        told = node.run("hunt", "evil.example", *WHY, status=TROUBLE).stderr
        assert "nothing is remembered on this node yet" in told
        assert node.json("history", "asked") == []
        node.run("watch", node.file("empty.log", ""), "--quiet", status=DONE)
        told = node.run("hunt", "evil.example", *WHY, status=TROUBLE).stdout
        assert "not known: nothing is remembered yet" in told, told


@test
def answer_of_a_node_that_remembers_nothing_more_says_how_far_it_reaches():
    with three_days() as node:
        configure(node, "remember = no\n")
        said = node.said("hunt", "absent.example", *WHY)
        assert "what came after 2026-11-23T12:00:02Z is not in it" in flat(said), said


# ---- under which rules ----

@test
def hunt_without_purpose_or_mandate_is_not_answered():
    with three_days() as node:
        for words in ((), WHY[2:], ("--purpose", " ", *WHY[2:])):
            told = node.run("hunt", "evil.example", *words, status=TROUBLE)
            assert "--purpose TEXT is needed" in told.stderr and told.stdout == ""
        told = node.run("hunt", "evil.example", *WHY[:2], status=TROUBLE)
        assert "--mandate TEXT is needed" in told.stderr and told.stdout == ""
        assert node.json("history", "asked") == []
        configure(node, "mandate = Our statute\n")
        node.run("hunt", "evil.example", *WHY[:2], status=FOUND)
        assert node.json("history", "asked")[0]["mandate"] == "Our statute"


@test
def every_hunt_is_in_the_journal_with_who_why_and_what():
    with three_days() as node:
        (answer,) = hunt(node, "evil.example", "--since", "2026-11-22")
        hunt(node, "absent.example", status=DONE, **person(1))
        first, second = node.json("history", "asked")
        assert first["entry"] == answer["entry"] and first["act"] == "hunt"
        assert (first["purpose"], first["mandate"]) == ("case 17", "Wbni art. 3")
        assert first["content"]["values"] == \
            [{"kind": "domain", "value": "evil.example", "scope": "subdomains"}]
        assert first["content"]["kinds"] == {"domain": 1}
        assert first["content"]["since"].startswith("2026-11-22T00:00:00")
        assert second["actor"] == name_of(1) != first["actor"]
        said = flat(node.said("history", "asked"))
        assert "asked for evil.example since 2026-11-22" in said and "purpose: case 17" in said
        told = node.run("erase", first["entry"], "--rule", "I was not here", status=TROUBLE).stderr
        assert "which stays" in told
        assert node.json("rebuild")[0]["same"] is True
        assert node.json("history", "asked") == [first, second]


@test
def value_of_a_person_is_answered_once_when_another_user_approved_it():
    with seen(smtp(MAIL)) as node:
        configure(node, "second-person = email\noverseer = " + name_of(2) + "\n")
        told = node.run("hunt", MAIL, *WHY, status=TROUBLE)
        name = re.search(r"request (R-\d+)", flat(told.stderr)).group(1)
        assert told.stdout == ""
        assert node.json("history", "requests")[0]["state"] == "waits"
        made = ("hunt", MAIL, "--request", name)
        assert "is not approved yet" in node.run(*made, status=TROUBLE).stderr
        told = node.run("history", "approve", name, status=TROUBLE).stderr
        assert "your own request" in told
        told = node.run("history", "approve", name, status=TROUBLE, **person(2)).stderr
        assert "overseer" in told

        node.run("history", "approve", name, **person(1))
        assert node.json("history", "requests")[0]["state"] == "approved"
        told = node.run(*made, status=TROUBLE, **person(1)).stderr
        assert "only who asked is answered" in flat(told)
        told = node.run("hunt", "evil@bank.example", "--request", name, status=TROUBLE).stderr
        assert "asks for other values" in told
        (answer,) = node.json(*made, status=FOUND)
        assert answer["count"] == 1
        assert "was answered already" in node.run(*made, status=TROUBLE).stderr
        told = node.run("history", "approve", name, status=TROUBLE, **person(1)).stderr
        assert "approved already" in told
        assert node.json("history", "requests") == []
        assert node.json("history", "requests", "--all")[0]["state"] == "answered"
        acts = [(asked["act"], asked["content"].get("act"), asked["actor"])
                for asked in node.json("history", "asked")]
        me, one, two = acts[0][2], name_of(1), name_of(2)
        assert acts == [("request", "hunt", me), ("denied", "hunt", me), ("denied", "approval", me),
                        ("denied", "approval", two), ("approval", None, one), ("denied", "hunt", one),
                        ("denied", "hunt", me), ("hunt", None, me), ("denied", "hunt", me)], acts
        said = flat(node.said("history", "asked"))
        assert f"was refused approval {name}: {name} is your own request" in said, said
        # other kinds need nobody
        hunt(node, "192.0.2.25")


def waits(node, *words, **options):
    """The request that a hunt became instead of being answered."""
    told = node.run("hunt", *words, *WHY, status=TROUBLE, **options)
    assert told.stdout == "" and "needs a second one" in flat(told.stderr), (words, told.stderr)
    return re.search(r"request (R-\d+)", flat(told.stderr)).group(1)


@test
def whatever_tells_of_a_kind_that_is_of_persons_needs_a_second_one():
    pattern = "value,kind,scope\nhttp://x.example/%,url,like\n"
    cases = {"email": ((MAIL,), ("http://x.example/?user=someone%40bank.example",),
                       ("http://x.example/a/*",), ("-", pattern), ("-", f"Please look for {MAIL}.")),
             "ipv4": (("10.0.0.5",), ("10.0.0.0/24",), ("10.0.0.5:443",), ("http://10.0.0.5/",)),
             "domain": (("bank.example",), (".bank.example",), ("http://bank.example/",), (MAIL,)),
             "ja3": (("ab" * 16,), ("ab" * 16, "--kind", "hassh")),
             "cert-sha256": (("ab" * 32,),)}
    free = {"email": (("bank.example", FOUND), ("10.0.0.0/24", FOUND), ("http://x.example/a", DONE)),
            "ipv4": ((MAIL, FOUND),), "domain": (("ab" * 16, DONE), ("10.0.0.5", FOUND)),
            "ja3": (("ab" * 32, DONE),), "cert-sha256": (("ab" * 16, DONE),)}
    with seen(smtp(MAIL)) as node:
        text = (node.path / "linie.conf").read_text(encoding="utf-8")
        for kind, asked in cases.items():
            (node.path / "linie.conf").write_text(f"{text}second-person = {kind}\n")
            for words in asked:
                if words[0] == "-":
                    waits(node, "-", given=words[1])
                else:
                    waits(node, *words)
            for value, status in free[kind]:
                hunt(node, value, status=status)


@test
def lines_need_a_second_person_too_since_they_tell_more_than_was_asked_for():
    with seen(smtp(MAIL)) as node:
        configure(node, "second-person = email\n")
        (answer,) = hunt(node, "192.0.2.25")
        assert answer["count"] == 1
        name = waits(node, "192.0.2.25", "--show", **person(1))
        plain = waits(node, MAIL, **person(1))
        for request in (name, plain):
            node.run("history", "approve", request, **person(2))
        told = node.run("hunt", "--request", plain, "--show", status=TROUBLE, **person(1)).stderr
        assert "does not ask for lines" in told
        told = node.run("hunt", "--request", name, status=TROUBLE, **person(1)).stderr
        assert "name --show as well" in " ".join(told.split()), told # and it is not used up
        said = node.json("hunt", "--request", name, "--show", status=FOUND, **person(1))
        assert MAIL in said[1]["line"]
        acts = node.json("history", "asked")
        assert [asked["act"] for asked in acts if asked["content"].get("show")] == \
            ["request", "hunt"], acts
        assert "with lines of logs" in flat(node.said("history", "asked"))


@test
def nobody_becomes_another_person_by_what_the_environment_says():
    with seen(smtp(MAIL)) as node:
        configure(node, "second-person = email\n")
        told = node.run("hunt", MAIL, *WHY, status=TROUBLE, env=as_sudo(2), **person(1)).stderr
        name = re.search(r"request (R-\d+)", flat(told)).group(1)
        assert node.json("history", "requests")[0]["actor"] == name_of(1)
        told = node.run("history", "approve", name, status=TROUBLE, env=as_sudo(2), **person(1))
        assert "your own request" in told.stderr
        asked = node.json("history", "requests")[0]
        assert (asked["actor"], asked["state"]) == (name_of(1), "waits")
        node.run("history", "approve", name, **person(2))


@test
def who_is_in_a_user_namespace_can_be_no_second_person():
    with seen(smtp(MAIL)) as node:
        configure(node, "second-person = email\n")
        told = node.run("hunt", MAIL, *WHY, status=TROUBLE, **person(1)).stderr
        name = re.search(r"request (R-\d+)", flat(told)).group(1)
        before = ("unshare", "--user", "--map-root-user")
        if subprocess.run([*before, "true"], check=False, stderr=subprocess.DEVNULL).returncode:
            raise Skip("no user namespace can be made here")
        for env in ({}, as_sudo(2)):
            told = node.run("history", "approve", name, status=TROUBLE, env=env, before=before)
            assert "may be anybody" in flat(told.stderr), told.stderr
        assert node.json("history", "requests")[0]["state"] == "waits"


@test
def export_of_everything_needs_a_second_person_where_a_kind_does():
    with seen(smtp(MAIL)) as node:
        configure(node, "second-person = email\n")
        told = node.run("history", "export", *WHY, status=TROUBLE)
        assert "needs a second one" in flat(told.stderr) and told.stdout == ""
        name = re.search(r"request (R-\d+)", flat(told.stderr)).group(1)
        node.run("history", "approve", name, **person(1))
        assert "asks for something else" in node.run("hunt", "--request", name, status=TROUBLE).stderr
        assert MAIL in node.said("history", "export", "--request", name)


def as_another_user(number):
    """How a user who is not the node's owner starts a command, without sudo."""
    before = ("setpriv", f"--reuid={number}", "--clear-groups")
    try:
        subprocess.run([*before, *Node.command(None, "--version", node=False)], check=True,
                       capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        raise Skip("nobody else can start the program here") from None
    return {"before": before}


def sudo_rule():
    """The commands that the manual gives to an overseer, as it wraps and escapes them."""
    manual = pathlib.Path(__file__).parents[2] / "docs/man/linie-history.1.scd"
    rule = re.search(r"^privacy-officer ALL = \(linie\)(.*?)^```", manual.read_text(encoding="utf-8"),
                     re.S | re.M).group(1)
    commands = [" ".join(command.replace("\\", " ").split()) for command in rule.split(",")]
    start = "/usr/bin/linie --node /var/lib/linie "
    assert commands and all(command.startswith(start) for command in commands), commands
    return [command.removeprefix(start).split() for command in commands]


@test
def overseer_reads_by_the_sudo_rule_of_the_manual_and_not_without():
    with seen(dns("evil.example")) as node:
        configure(node, f"second-person = email\noverseer = {name_of(3)}\n")
        node.run("hunt", "evil.example", *WHY, status=FOUND, **person(1))
        node.folder.chmod(0o755) # which is the test's; the node in it is as Linie made it

        told = node.run("history", "asked", status=TROUBLE, **as_another_user(3))
        assert "Permission denied" in told.stderr and told.stdout == "", told.stderr

        for words in sudo_rule(): # sudo leaves the login as it is, and makes the user the owner
            said = node.run(*words, **person(3)).stdout
            assert name_of(1) in said and "case 17" in said, said
        name = waits(node, MAIL, **person(1))
        told = node.run("history", "approve", name, status=TROUBLE, **person(3)).stderr
        assert "an overseer" in told, told
        assert node.json("history", "asked")[-1]["actor"] == name_of(3)


@test
def every_act_is_told_and_nobody_can_remove_one():
    with seen(smtp(MAIL) + dns("evil.example", second=1)) as node:
        key = node.file("hosts.key", "5a" * 32)
        configure(node, f"second-person = email\noverseer = {name_of(3)}\nhost-key = {key}\n")
        node.run("watch", node.file("b.log", dns("other.example", second=2)), "--quiet")
        (answer,) = hunt(node, "other.example", **person(1))
        node.run("hunt", "evil.example", *WHY, status=FOUND, **person(2))
        line, mail = waits(node, "evil.example", "--show", **person(1)), waits(node, MAIL, **person(1))
        node.run("history", "approve", line, **person(2))
        node.run("history", "approve", mail, status=TROUBLE, **person(3))
        node.run("hunt", "--request", line, "--show", status=FOUND, **person(1))
        node.run("hunt", "--request", mail, status=TROUBLE, **person(1))
        node.run("history", "export", "evil.example", *WHY, **person(2))
        node.run("history", "host", answer["inside"][0]["host"], "--key", key, *WHY, **person(1))
        node.run("indicators", "add", node.file("l.txt", MAIL + "\n"), "--source", "x", **person(1))
        node.run("history", "forget", "evil.example", "--reason", "a test", **person(1))

        asked = node.json("history", "asked", **person(3))

        one, two, three = name_of(1), name_of(2), name_of(3)
        assert [(each["act"], each["actor"]) for each in asked] == [
            ("hunt", one), ("hunt", two), ("request", one), ("request", one), ("approval", two),
            ("denied", three), ("hunt", one), ("denied", one), ("export", two), ("host", one),
            ("request", one), ("forget", one), ("forget", one)], asked
        assert all(each["purpose"] and each["mandate"] for each in asked
                   if each["act"] in ("hunt", "export", "host", "request") and
                   each["content"].get("act") != "look-back")
        for each in asked:
            told = node.run("erase", each["entry"], "--rule", "none of it", status=TROUBLE).stderr
            assert "which stays" in told, told
        assert node.json("rebuild")[0]["same"] is True
        node.run("verify")
        assert node.json("history", "asked") == asked


# ---- the lines themselves ----

def shown(node, *words, **options):
    """The lines that --show fetched, and the files that it missed."""
    objects = node.json("hunt", *words, "--show", *WHY, status=FOUND, **options)
    return [one for one in objects if "line" in one], [one for one in objects if "gone" in one]


@test
def lines_behind_an_answer_are_fetched_out_of_the_logs():
    with three_days() as node:
        lines, gone = shown(node, "c2.evil.example", "good.example")
        assert gone == []
        assert [(line["asked"], json.loads(line["line"])["query"]) for line in lines] == \
            [("c2.evil.example", "c2.evil.example"), ("good.example", "good.example")], lines
        assert lines[0]["path"] == str(node.folder / "a.log") and lines[0]["from"] == 0
        lines, _ = shown(node, "evil.example", "--limit", "2")
        assert len(lines) == 2
        said = node.said("hunt", "c2.evil.example", "--show", *WHY, status=FOUND)
        assert '"query": "c2.evil.example"' in said and "from byte 0 on:" in said
        assert len(node.json("history", "asked")) == 3 # once each
        told = node.run("hunt", "evil.example", "--show", "--limit", "0", *WHY, status=TROUBLE)
        assert "--limit 0" in told.stderr


@test
def only_the_pieces_of_a_log_that_hold_the_hours_are_read():
    """Some MiB of other hours lie before and behind."""
    day = "".join(dns(f"host-{i % 97}.example", second=i) for i in range(20_000))
    later = "".join(dns(f"host-{i % 97}.example", second=3 * DAY_S + i) for i in range(20_000))
    with seen(day + dns("evil.example", second=2 * DAY_S) + later) as node:
        (line,), _ = shown(node, "evil.example")
        assert 1024 * 1024 < line["from"] < len(day), line


@test
def log_that_was_renamed_is_found_and_one_that_is_gone_is_named():
    with three_days() as node:
        log = node.folder / "a.log"
        log.rename(node.folder / "a.log.1")
        log.write_text(dns("another.example"))
        (line,), gone = shown(node, "c2.evil.example")
        assert line["path"] == str(node.folder / "a.log.1") and gone == []
        (node.folder / "a.log.1").write_text("something else\n")
        lines, gone = shown(node, "c2.evil.example")
        assert lines == [] and gone[0]["gone"] == "holds something else now", gone
        (node.folder / "a.log.1").unlink()
        lines, gone = shown(node, "c2.evil.example")
        assert lines == [] and gone == [{"path": str(log), "gone": "is not there any more"}], gone


@test
def lines_follow_the_privacy_rule_and_come_out_of_packed_and_tabular_logs():
    tsv = ("#separator \\x09\n#path\tdns\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\t"
           "id.resp_p\tquery\n#types\ttime\tstring\taddr\tport\taddr\tport\tstring\n" +
           f"{FIRST_MOMENT}.0\tC1\t10.0.0.5\t1025\t192.0.2.53\t53\tevil.example\n")
    with Node().remembering() as node:
        config = node.path / "linie.conf"
        config.write_text(config.read_text().replace("drop = password", "drop = uid password"))
        node.run("watch", node.file("a.log.gz", gzipped(dns("evil.example"))),
                 node.file("dns.log", tsv), "--quiet")
        lines, gone = shown(node, "evil.example")
        assert gone == [] and len(lines) == 2, lines
        by_path = {line["path"].rsplit("/", 1)[1]: line["line"] for line in lines}
        assert json.loads(by_path["a.log.gz"])["uid"] is None
        assert "evil.example" in by_path["dns.log"] and "C1" not in by_path["dns.log"]


@test
def what_was_forgotten_is_not_fetched_beside_what_was_not():
    with three_days() as node:
        node.run("history", "forget", "=evil.example", "--reason", "a test")
        lines, _ = shown(node, "=evil.example", "c2.evil.example")
        assert [line["asked"] for line in lines] == ["c2.evil.example"]


# ---- while a watch runs ----

@test
def hunt_beside_a_watch_that_runs_is_answered_out_of_what_it_has_just_read():
    with Node().remembering() as node:
        node.add("other.example\n")
        with Pipe(node) as pipe:
            pipe.write(dns("evil.example") + dns("other.example"))
            wait_for(lambda: node.json("status")[0]["hits"] == 1, "the hit")
            (answer,) = hunt(node, "evil.example")
            assert answer["count"] == 1
            (answer,) = hunt(node, "-", given="see evil[.]example\n")
            assert answer["count"] == 1
            hunt(node, node.file("a.txt", "evil.example\n"), "--show", **person(1))
            assert [asked["actor"] for asked in node.json("history", "asked")][2] == \
                name_of(1)
            pipe.end()


run_all()
