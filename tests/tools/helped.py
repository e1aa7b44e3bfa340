# SPDX-License-Identifier: EUPL-1.2
"""What the program says of its own command line: what manual and completion are compared with."""

import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build/src/node/linie").resolve()
COMMON = {"--node", "--world", "--json", "--help"}


def clean_environment(**more):
    """No node of the tester's, and the program first in PATH."""
    kept = {key: value for key, value in os.environ.items() if key != "LINIE_NODE"}
    return dict(kept, PATH=f"{PROGRAM.parent}:{os.environ['PATH']}", LC_ALL="C.UTF-8", **more)


def said(*arguments):
    done = subprocess.run([PROGRAM, *arguments], env=clean_environment(), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, f"linie {' '.join(arguments)}: {done.returncode}\n{done.stdout}"
    return done.stdout


def names_in(text):
    """The names of commands in the list of all of them: two spaces, name, two spaces, summary; or, of
    a group, "indicators ...", and the second words with commas, which may go on in the next line."""
    names = []
    text = re.sub(r",\n {3,}", ", ", text)
    for name, group, rest in re.findall(r"^  ([a-z]+)( \.\.\.)? {2,}(\S.*)$", text, re.MULTILINE):
        names += [f"{name} {word}" for word in rest.split(", ")] if group else [name]
    return names


def commands():
    """The names of all commands."""
    names = names_in(said("--help"))
    assert "watch" in names and "indicators add" in names, names
    return names


def help_of(command):
    return said(*command.split(), "--help")


def values_of(command, option):
    """The words that may stand behind an option: "list, csv or stix (default: ...)"."""
    row = re.search(rf"^  {option} [A-Z]+ +(.*)$", help_of(command), re.MULTILINE).group(1)
    return [word.strip(",") for word in re.split(r"[;(]", row)[0].split() if word != "or"]


def options_of(command):
    """Options of a command's own, with the word for their value or None."""
    rows = re.findall(r"^  (--[a-z-]+)(?: ([A-Z|]+))?  +\S", help_of(command), re.MULTILINE)
    return {name: value or None for name, value in rows if name not in COMMON}
