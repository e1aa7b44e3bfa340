#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""The program is built with what makes a broken one harder to use: readelf is asked, not the flags."""

import subprocess
import sys

from tap import run_all, test

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else "build/linie"


def readelf(*arguments):
    return subprocess.run(["readelf", "--wide", *arguments, PROGRAM], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


@test
def the_program_may_lie_at_any_address():
    assert "DYN (" in readelf("--file-header")
    assert "PIE" in readelf("--dynamic")


@test
def its_links_are_resolved_at_start_and_then_read_only():
    assert "GNU_RELRO" in readelf("--program-headers")
    assert "NOW" in readelf("--dynamic")


@test
def no_memory_is_both_written_and_run():
    for line in readelf("--program-headers").splitlines():
        if line.strip().startswith(("LOAD", "GNU_STACK")):
            assert "RWE" not in line.replace("  ", " "), line


@test
def its_stack_and_its_copies_are_guarded():
    symbols = readelf("--dyn-syms")
    assert "__stack_chk_fail" in symbols
    assert "_chk@" in symbols.replace("__stack_chk_fail", "")


@test
def it_looks_for_libraries_in_no_place_of_its_own():
    dynamic = readelf("--dynamic")
    assert "RPATH" not in dynamic
    assert "RUNPATH" not in dynamic


if __name__ == "__main__":
    run_all()
