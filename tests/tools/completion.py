#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Completion knows the commands and options that the program has, and a real bash completes with it."""

import pathlib
import re
import subprocess
import tempfile

from helped import COMMON, SOURCE, clean_environment, commands, options_of, values_of
from tap import run_all, test

SCRIPT = SOURCE / "packaging/completion/linie"

# bash takes the line apart at '=' too (COMP_WORDBREAKS), so the words are given as bash would give them.
DRIVE = """
set -u
compopt() { printf 'compopt %s\\n' "$*"; }
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_linie
printf 'word %s\\n' "${COMPREPLY[@]-}"
"""


class Completed:
    def __init__(self, *words, folder="/", **environment):
        done = subprocess.run(["bash", "--norc", "-c", DRIVE, "bash", SCRIPT, "linie", *words],
                              cwd=folder, env=clean_environment(**environment), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode == 0 and done.stderr == "", done.stderr
        lines = done.stdout.splitlines()
        self.words = [line[5:] for line in lines if line.startswith("word ") and line != "word "]
        told = " ".join(line for line in lines if line.startswith("compopt "))
        self.folders = "-o dirnames" in told
        # Nothing was found, and bash was not told to leave it at that: it completes names of files.
        self.files = self.words == [] and "+o default" not in told

    def __repr__(self):
        return f"{self.words} folders={self.folders} files={self.files}"


def check(completed, words):
    assert sorted(completed.words) == sorted(words), f"{completed} instead of {words}"


@test
def first_words_are_those_of_the_program():
    check(Completed(""), {name.split()[0] for name in commands()})


@test
def second_words_are_those_of_the_program():
    for group in {name.split()[0] for name in commands() if " " in name}:
        subcommands = {name.split()[1] for name in commands() if name.startswith(group + " ")}
        check(Completed(group, ""), subcommands)
        check(Completed("help", group, ""), subcommands)
    check(Completed("help", ""), {name.split()[0] for name in commands()})


@test
def options_of_every_command_are_those_of_its_help():
    for name in commands():
        check(Completed(*name.split(), "--"), set(options_of(name)) | COMMON)


@test
def options_before_the_command_are_those_of_all():
    check(Completed("--"), COMMON | {"--version"})
    check(Completed("--node", "here", "--wo"), ["--world"])
    check(Completed("--node", "here", "wa"), ["watch"])
    check(Completed("--node", "=", "here", "--json", "wa"), ["watch"])
    check(Completed("--node", "here", "indicators", "re"), ["remove"])


@test
def options_complete_behind_arguments_too():
    check(Completed("watch", "eve.json", "--ag"), ["--again"])
    check(Completed("indicators", "add", "a.txt", "b.txt", "--conf"), ["--confidence"])


@test
def every_option_that_has_a_value_completes_it_or_says_that_it_cannot():
    for name in commands():
        for option, value in options_of(name).items():
            if value is not None:
                completed = Completed(*name.split(), option, "")
                assert not any(word.startswith("-") for word in completed.words), (name, option, completed)
                assert completed.files == (value == "FILE"), (name, option, completed)


@test
def values_are_those_that_help_names():
    for command, option in (("indicators add", "--tlp"),):
        check(Completed(*command.split(), option, ""), values_of(command, option))
    check(Completed("hits", "--rank", ""), words_of("src/policy/rank.c", r'\[RANK_(?:SILENT|LOW|MEDIUM|HIGH|CRITICAL)\] = "([a-z]+)"'))
    check(Completed("hits", "--json", "--state", ""), ["new", "acknowledged", "false", "reopened"])
    check(Completed("indicators", "list", "--kind", "sha"), ["sha1", "sha256", "sha512"])


@test
def formats_of_a_watch_are_those_that_it_reads_and_all_mappings():
    with tempfile.TemporaryDirectory() as folder:
        ready = words_of("src/observe/ready.conf", r'(?m)^\[mapping "(.*)"\]$')
        read = {"zeek-json", "zeek-tsv", "eve"}
        pathlib.Path(folder, "linie.conf").write_text('[mapping "gate"]\nformat = csv\n')
        check(Completed("watch", "--format", "", LINIE_NODE="/nowhere"), ready | read)
        check(Completed("watch", "--format", "", LINIE_NODE=folder), ready | read | {"gate"})
        check(Completed("mapping", "show", "", LINIE_NODE=folder), ready | {"gate"})
        check(Completed("mapping", "show", "squid", "ga", LINIE_NODE=folder), ["gate"])
        check(Completed("mapping", "try", "ga", LINIE_NODE=folder), ["gate"])
        assert Completed("mapping", "try", "gate", "", LINIE_NODE=folder).files


def words_of(source, pattern):
    """Words that a table of the program's source holds."""
    return set(re.findall(pattern, (SOURCE / source).read_text()))


@test
def values_of_indicators_add_are_those_that_the_program_knows():
    formats = words_of("src/exchange/reader.c", r'\] = \{ "([a-z-]+)"') - {"auto", "misp-warninglist"}
    kinds = words_of("src/value/kind.c", r'\[VALUE_(?!SCOPE)\w+\] = "([a-z0-9-]+)"') - {"none"}
    verdicts = words_of("src/value/judge.c", r'\] = \{ "([a-z-]+)"') - {"fit", "bad-pattern"}
    assert len(formats) > 10 and len(kinds) > 18 and len(verdicts) > 5
    check(Completed("indicators", "add", "--format", ""), formats)
    for command in ("indicators add", "indicators list", "hits", "export"):
        check(Completed(*command.split(), "--kind", ""), kinds)
    check(Completed("indicators", "add", "--even-if", ""), verdicts)


@test
def outputs_are_those_of_the_nodes_configuration():
    with tempfile.TemporaryDirectory() as folder:
        conf = pathlib.Path(folder, "linie.conf")
        conf.write_text('[output "siem"]\nkind = file\n# [output "no"]\n[output "a$(b) c"]\n[output "soc-1"]\n')
        for command in ("test", "replay"):
            check(Completed("output", command, "", LINIE_NODE=folder), ["siem", "soc-1"])
            check(Completed("--node", folder, "output", command, "so"), ["soc-1"])
    check(Completed("output", "test", "", LINIE_NODE="/nowhere"), [])


@test
def values_complete_behind_an_equals_sign():
    check(Completed("indicators", "add", "--tlp", "="), ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"])
    check(Completed("indicators", "add", "--tlp", "=", "GR"), ["GREEN"])
    check(Completed("hits", "--kind", "=", "e"), ["email"])


@test
def files_complete_where_files_belong_and_nowhere_else():
    assert Completed("watch", "").files
    assert Completed("watch", "--quiet", "a.log", "").files
    assert Completed("indicators", "add", "").files
    assert Completed("backup", "--key", "").files
    assert Completed("init", "").folders
    assert Completed("--node", "").folders
    assert Completed("hits", "--node", "=", "").folders
    assert Completed("restore", "from", "").folders
    for words in (["export", ""], ["status", ""], ["indicators", "list", ""], ["erase", ""]):
        completed = Completed(*words)
        assert completed.words == [] and not completed.files and not completed.folders, words


@test
def worlds_are_those_of_the_node():
    with tempfile.TemporaryDirectory() as folder:
        node = pathlib.Path(folder, "my node")
        for world in ("autumn-2026", "spring"):
            (node / "exercises" / world).mkdir(parents=True)
        check(Completed("--node", str(node), "--world", ""), ["real", "autumn-2026", "spring"])
        for typed in ("my\\ node", '"my node"', "'my node'"):
            check(Completed("--node", typed, "--world", "sp", folder=folder), ["spring"])
        check(Completed("--node", "~/my\\ node", "--world", "sp", HOME=folder), ["spring"])
        check(Completed("--node", "$(echo my node)", "--world", "sp", folder=folder), [])
        check(Completed("hits", "--world", "a", LINIE_NODE=str(node)), ["autumn-2026"])
        check(Completed("hits", "--world", "", folder=str(node)), ["real", "autumn-2026", "spring"])
        check(Completed("hits", "--world", "", folder=folder), ["real"])


if __name__ == "__main__":
    run_all()
