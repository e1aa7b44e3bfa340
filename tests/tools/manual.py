#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Help fits a screen, and the manual says of commands, options and keys what the program says; its
examples are run."""

import functools
import gzip
import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile

from helped import COMMON, SOURCE, clean_environment, commands, help_of, options_of, said
from tap import run_all, test

MAN = SOURCE / "docs/man"
SCREEN_LINES = 24
SCREEN_COLUMNS = 100
SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "SEE ALSO"]


# ---- help ----

def check_fits(text, what):
    lines = text.splitlines()
    assert len(lines) <= SCREEN_LINES, f"{what}: {len(lines)} lines"
    assert max(map(len, lines)) <= SCREEN_COLUMNS, f"{what}: {max(map(len, lines))} columns"


@test
def help_of_every_command_fits_one_screen():
    check_fits(said("--help"), "linie --help")
    for name in commands():
        check_fits(help_of(name), name)


@test
def help_of_every_command_ends_with_an_example_of_it_that_is_understood():
    for name in commands():
        last = help_of(name).rstrip("\n").splitlines()[-1]
        assert last.startswith(f"  linie {name}"), f"{name}: {last!r}"
        own = {option: value is not None for option, value in options_of(name).items()}
        for word in shlex.split(last):
            assert not word.startswith("-") or word in own, f"{name}: {word}"


@test
def help_may_be_asked_for_in_three_ways():
    assert said("help") == said("--help") == said("-h") == said()
    assert said("help", "watch") == said("watch", "--help") == said("watch", "-h")
    assert said("help", "indicators", "add") == help_of("indicators add")


# ---- pages ----

def page(name):
    return (MAN / name).read_text()


def pages():
    return sorted(path.name for path in MAN.glob("*.scd"))


def page_of(command):
    word = command.split()[0]
    return {"restore": "linie-backup.1.scd", "help": "linie.1.scd"}.get(word, f"linie-{word}.1.scd")


def section(text, heading):
    """From a heading of any level to the next one of this level or above."""
    found = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    assert found, f"no heading {heading!r}"
    rest = text[found.end():]
    # A '#' in an example is no heading: examples are blotted out while the end is looked for.
    blotted = re.sub(r"^```\n.*?^```$", lambda block: "x" * len(block.group()), rest, flags=re.MULTILINE | re.DOTALL)
    end = re.search(rf"^#{{1,{len(found.group(1))}}} ", blotted, re.MULTILINE)
    return rest[:end.start()] if end else rest


def blocks(text):
    """What stands between lines of three backquotes, as a reader sees it."""
    return [block.replace("\\\\", "\\") for block in re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


@test
def every_page_can_be_built_and_has_its_sections():
    for name in pages():
        built = subprocess.run(["scdoc"], input=page(name), text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
        assert built.returncode == 0 and built.stderr == "", f"{name}: {built.stderr}"
        title, number = name.split(".scd")[0].rsplit(".", 1)
        assert page(name).startswith(f"{title}({number})\n"), name
        for heading in SECTIONS + (["EXIT STATUS"] if number == "1" else []):
            section(page(name), heading)


@test
def every_page_that_is_referred_to_is_there():
    there = {name.removesuffix(".scd") for name in pages()} | {"linie-restore.1"}
    for name in pages():
        for title, number in re.findall(r"\*(linie[a-z.-]*)\*\((\d)\)", page(name)):
            assert f"{title}.{number}" in there, f"{name}: {title}({number})"


@test
def every_page_is_installed():
    listed = set(re.findall(r"'(linie[a-z.-]*\.\d)'", (MAN / "meson.build").read_text()))
    assert listed == {name.removesuffix(".scd") for name in pages()} | {"linie-restore.1"}


@test
def the_first_page_names_all_commands_and_their_pages():
    text = section(page("linie.1.scd"), "COMMANDS")
    for name in commands():
        assert f"*{name}*" in text, name
        assert page_of(name) == "linie.1.scd" or f"*{page_of(name)[:-len('.1.scd')]}*(1)" in text, name


def headings(text):
    """Options that are described: "*--tlp* _LABEL_" on a line of its own."""
    return {name: value or None
            for name, value in re.findall(r"^\*(--[a-z-]+)\*(?: _([A-Z|]+)_)?$", text, re.MULTILINE)}


@test
def options_of_every_command_are_described_and_no_others():
    for name in commands():
        text = page(page_of(name))
        several = sum(page_of(other) == page_of(name) for other in commands()) > 1
        if name == "help":
            assert headings(section(text, "OPTIONS")).keys() == COMMON
            continue
        described = headings(section(text, f"linie {name}") if several else text)
        assert described == options_of(name), f"{name}: {described} instead of {options_of(name)}"


@test
def options_that_all_commands_have_are_mentioned_on_every_page():
    for name in commands():
        for option in COMMON:
            assert f"*{option}*" in page(page_of(name)), f"{page_of(name)}: {option}"


@test
def no_page_mentions_an_option_that_is_not_there():
    known = COMMON | {"--version"} | {option for name in commands() for option in options_of(name)}
    for name in pages():
        mentioned = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", page(name)))
        assert mentioned <= known, f"{name}: {mentioned - known}"


# ---- configuration ----

def node(folder, *arguments):
    subprocess.run(["linie", "init", "node", *arguments], cwd=folder, env=clean_environment(), check=True,
                   stdout=subprocess.DEVNULL)
    return pathlib.Path(folder, "node")


def keys_of_file(text):
    """(section, key): preset, of the file that init writes; keys that stand there as comments too."""
    keys = {}
    inside = None
    for line in text.splitlines():
        line = line.removeprefix("# ")
        if head := re.fullmatch(r"\[(\w+)(?: \"\w+\")?\]", line):
            inside = head.group(1)
        elif pair := re.fullmatch(r"([a-z0-9-]+) = (.*)", line):
            keys.setdefault((inside, pair.group(1)), pair.group(2))
    return keys


def keys_of_page():
    text = page("linie.conf.5.scd")
    keys = {}
    for inside in re.findall(r"^# \[(\w+)(?: \"NAME\")?\]$", text, re.MULTILINE):
        heading = f'[{inside} "NAME"]' if inside in ("input", "output", "mapping") else f"[{inside}]"
        body = section(text, heading)
        for key, said_of_it in re.findall(r"^\*([a-z0-9-]+)\* = _[A-Z/]+_(?:\.\.\.)?\n((?:\t.*\n|\n(?=\t))*)", body,
                                          re.MULTILINE):
            keys[inside, key] = said_of_it
    return keys


@test
def the_manual_describes_the_keys_that_a_new_configuration_shows():
    with tempfile.TemporaryDirectory() as folder:
        written = keys_of_file((node(folder) / "linie.conf").read_text())
    described = keys_of_page()
    assert described.keys() == written.keys(), described.keys() ^ written.keys()
    for name in [("marking", "default"), ("watch", "jobs"), ("watch", "fold-minutes"), ("watch", "fold-hosts"), ("privacy", "drop")]:
        assert written[name] in described[name], f"{name}: the preset {written[name]} is not told"


@test
def the_manual_describes_the_keys_that_the_program_reads():
    table = (SOURCE / "src/node/config.c").read_text()
    table = table[table.index("static const struct key keys[]"):]
    table = table[:table.index("\n};")]
    rows = re.findall(r'^    \{ "(\w+)", "([a-z0-9-]+)",', table, re.MULTILINE)
    assert len(rows) == table.count("\n    {"), "a row is not understood"
    assert set(rows) == keys_of_page().keys()


@test
def the_manual_describes_the_keys_of_a_mapping():
    table = (SOURCE / "src/observe/mapping.c").read_text()
    table = table[table.index("static const struct key keys[]"):]
    table = table[:table.index("\n};")]
    rows = set(re.findall(r'(?:SETTING|FIELD|OUTCOME)\("([a-z0-9-]+)"', table))
    text = section(page("linie-mapping.1.scd"), "HOW A MAPPING IS WRITTEN")
    described = set(re.findall(r"(?:^|, )\*([a-z0-9-]+)\* = _", text, re.MULTILINE))
    assert described == rows, described ^ rows


@test
def the_manual_names_the_ready_mappings():
    ready = re.findall(r'^\[mapping "(.*)"\]$', (SOURCE / "src/observe/ready.conf").read_text(), re.MULTILINE)
    text = section(page("linie-mapping.1.scd"), "READY MAPPINGS")
    named = re.findall(r"\*([a-z0-9-]+)\*", "\n".join(line for line in text.splitlines() if line.startswith("*")))
    assert sorted(set(named) - {"linie"}) == sorted(ready), set(named) ^ set(ready)


@test
def the_example_of_a_configuration_is_read():
    with tempfile.TemporaryDirectory() as folder:
        place = node(folder) / "linie.conf"
        place.write_text(blocks(section(page("linie.conf.5.scd"), "EXAMPLES"))[0])
        told = said("--node", str(place.parent), "status")
        assert told.startswith("Ministry of the example,"), told


# ---- examples ----

LOG = "".join(json.dumps({ # years ago, so that the clock does not matter
    "timestamp": f"2020-02-20T20:34:0{second}.000000+0000", "event_type": "dns", "src_ip": "10.20.1.53",
    "dest_ip": "192.0.2.53", "dns": {"type": "query", "rrname": "cdn.update-dms.example"}}) + "\n"
    for second in range(3))

# Statuses of the commands called linie are written down; what the words of a page mean is made to hold.
RUN = """
set -u
# One that goes on until it is stopped is stopped.
linie() { local limit=; [[ "$*" != *--follow* ]] || limit='timeout --preserve-status 10'
  command $limit linie "$@"; local status=$?; printf '%s %s\\n' "$status" "$*" >>"$STATUSES"; return $status; }
"""


def run_examples(name, prepare=None, replace=()):
    """[(status, arguments)] of each call of linie in the examples of a page, run in an empty folder."""
    script = "\n".join(blocks(section(page(name), "EXAMPLES")))
    with tempfile.TemporaryDirectory() as folder:
        for old, new in (("/var/log/suricata", f"{folder}/logs"), ("/data/zeek", f"{folder}/logs"),
                         ("/mnt/backup", folder), *replace):
            script = script.replace(old, new)
        environment = clean_environment(STATUSES=f"{folder}/statuses")
        if prepare is not None:
            environment["LINIE_NODE"] = str(node(folder))
            prepare(pathlib.Path(folder), environment)
        done = subprocess.run(["bash", "-c", RUN + script], cwd=folder, env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        lines = pathlib.Path(folder, "statuses").read_text().splitlines()
        return [(int(line.split()[0]), line.split(" ", 1)[1]) for line in lines], done.stdout


def check_examples(name, expected, prepare=None, replace=()):
    calls, output = run_examples(name, prepare, replace)
    statuses = [status for status, _ in calls]
    assert statuses == expected, f"{name}: {calls}\n{output}"
    return output


def with_logs(folder, _environment):
    days = folder / "logs" / "2026-11-20"
    days.mkdir(parents=True)
    (folder / "logs" / "eve.json").write_text(LOG)
    (days / "eve.json").write_text(LOG)
    (folder / "eve-old.json.gz").write_bytes(gzip.compress(LOG.encode()))


def with_hits(folder, environment):
    with_logs(folder, environment)
    run = functools.partial(subprocess.run, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    run(["linie", "indicators", "add", "-", "--set", "c2"], input=b"update-dms.example\n", check=True)
    assert run(["linie", "watch", "logs"]).returncode == 1


def with_backup(folder, environment):
    with_hits(folder, environment)
    (folder / "backup.key").write_text("a long passphrase\n")
    subprocess.run(["linie", "backup", "water-board", "--key", "backup.key"], cwd=folder,
                   env=environment, stdout=subprocess.DEVNULL, check=True)


def with_lists(folder, _environment):
    (folder / "c2.txt").write_text("update-dms[.]example\n")
    table = "value,kind\n198.51.100.7,ipv4\nhttp://portal.update-dms.example/login,url\nnonsense,ipv4\n"
    (folder / "feed.csv.gz").write_bytes(gzip.compress(table.encode()))
    event = {"info": "a case", "uuid": "11111111-1111-4111-8111-111111111111", "Attribute": [
        {"type": "domain", "value": "gate.update-dms.example", "to_ids": True, "comment": "dropper"}]}
    (folder / "event.json").write_text(json.dumps({"Event": event}))


def with_warninglists(folder, _environment):
    lists = folder / "misp-warninglists/lists/content"
    lists.mkdir(parents=True)
    (lists / "list.json").write_text(json.dumps({
        "name": "List of known content networks", "description": "Shared by many", "version": 1,
        "category": "known", "type": "hostname", "matching_attributes": ["hostname"], "list": ["cdn.example"]}))
    (folder / "suppliers.txt").write_text("supplier.example\n")


@test
def the_first_walk_goes_as_it_says():
    output = check_examples("linie.1.scd", [0, 0, 1, 1, 0, 0])
    assert '"rrname":"cdn.update-dms.example"' in output, "no evidence:\n" + output
    assert "1 value met, 1 fold, 1 line" in output, output


@test
def examples_of_init_run():
    check_examples("linie-init.1.scd", [0, 0, 0])


@test
def examples_of_indicators_run():
    output = check_examples("linie-indicators.1.scd", [0, 0, 0, 0, 3, 0, 0, 0, 0], with_lists)
    assert "dropper" in output, output
    assert "portal.update-dms.example/login" in output, output


@test
def examples_of_watch_run():
    check_examples("linie-watch.1.scd", [1, 1, 1, 0, 0, 1], with_new_indicators)


def with_mappings(folder, environment):
    with_new_indicators(folder, environment)
    (folder / "access.log").write_text("1795293245.779    180 10.0.0.5 TCP_MISS/200 411 GET http://a.example/ - "
                                       "HIER_DIRECT/198.51.100.7 text/html\n")
    (folder / "gate.csv").write_text("2020-02-20T20:34:05Z,drop,10.0.0.5,update-dms.example,443\n")


@test
def examples_of_mapping_run():
    output = check_examples("linie-mapping.1.scd", [0, 0, 0, 1], with_mappings,
                            [("/var/log/squid/", ""), ("linie.conf", '"$LINIE_NODE"/linie.conf')])
    assert "from 10.0.0.5 denied in gate" in output, output


def with_new_indicators(folder, environment):
    with_logs(folder, environment)
    subprocess.run(["linie", "indicators", "add", "-"], input=b"update-dms.example\n", cwd=folder,
                   env=environment, stdout=subprocess.DEVNULL, check=True)


@test
def examples_of_hits_run():
    # Names of hits differ from node to node.
    output = check_examples("linie-hits.1.scd", [1, 0, 1, 0, 0, 0, 1], with_hits,
                            [("198.51.100.23", "update-dms[.]example"),
                             ("H-7K3F9Q2M", "$(command linie hits --all --json | jq -r .hit)")])
    assert "\n10.20.1.53\n" in output, output
    assert "1 hit acknowledged" in output and "silent: on list false H-" in output, output


@test
def examples_of_allow_run():
    output = check_examples("linie-allow.1.scd", [0, 0, 0, 0], with_warninglists)
    assert "cdn.example: lowered, on list List of known content networks" in output, output


@test
def examples_of_status_verify_and_rebuild_run():
    check_examples("linie-status.1.scd", [0, 0, 0], with_hits)
    check_examples("linie-selftest.1.scd", [0, 0], with_hits)
    check_examples("linie-verify.1.scd", [0, 0, 0], with_backup)
    assert "the result is what was there before" in check_examples("linie-rebuild.1.scd", [0], with_hits)


@test
def examples_of_erase_run():
    numbers = [] # of entries that hold evidence: tried out on a node of the same making

    def find_numbers(folder, environment):
        with_hits(folder, environment)
        for number in range(3, 20):
            call = ["linie", "erase", str(number), "--rule", "a try"]
            if subprocess.run(call, cwd=folder, env=environment, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0:
                numbers.append(number)

    run_examples("linie-status.1.scd", find_numbers)
    assert numbers, "there was nothing to erase"
    check_examples("linie-erase.1.scd", [0, 0, 1], with_hits, [("17", str(numbers[0]))])


@test
def examples_of_backup_run():
    output = check_examples("linie-backup.1.scd", [0, 0, 0, 0], with_hits)
    assert "all checked" in output, output


# ---- JSON ----

@test
def keys_of_json_are_described():
    with tempfile.TemporaryDirectory() as folder:
        with_logs(pathlib.Path(folder), {})
        calls = [
            ("linie-init.1.scd", "init node --json", ""),
            ("linie-indicators.1.scd", "indicators add - --set c2 --json", "update-dms.example\n"),
            ("linie-indicators.1.scd", "indicators list --json", ""),
            ("linie-indicators.1.scd", "indicators stats --json", ""),
            ("linie-status.1.scd", "status --json", ""),
            ("linie-selftest.1.scd", "selftest --json", ""),
            ("linie-verify.1.scd", "verify --json", ""),
            ("linie-backup.1.scd", "backup kept --json", ""),
            ("linie-verify.1.scd", "verify --backup kept --json", ""),
            ("linie-rebuild.1.scd", "rebuild --json", ""),
            ("linie-watch.1.scd", "watch logs/eve.json --again --quiet --json", ""),
            ("linie-indicators.1.scd", "indicators remove --set c2 --json", ""),
        ]
        environment = clean_environment(LINIE_NODE=os.path.join(folder, "node"))
        for name, call, given in calls:
            done = subprocess.run(["linie", *call.split()], cwd=folder, env=environment, input=given, text=True,
                                  stdout=subprocess.PIPE)
            for key in json.loads(done.stdout.splitlines()[-1]):
                assert f'"{key}"' in page(name), f'{name} does not tell of "{key}"'


if __name__ == "__main__":
    run_all()
