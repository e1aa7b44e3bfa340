#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""tools/test-run counts what test programs say, and what they leave unsaid."""

import json
import os
import pathlib
import subprocess
import tempfile

from tap import run_all, test

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent


def run(programs, *arguments):
    """Run shell programs {name: (protocol, text)} as the tests of a build folder; last line first."""
    with tempfile.TemporaryDirectory() as folder:
        tests = []
        for name, (protocol, text) in programs.items():
            tests.append({
                "name": name, "cmd": ["sh", "-c", text], "env": {"NAMED": name}, "workdir": folder,
                "timeout": 2, "suite": ["linie:threads" if "thread" in name else "linie"],
                "is_parallel": "alone" not in name, "protocol": protocol})
        listing = {"--tests": tests, "--buildoptions": [{"name": "b_sanitize", "value": "none"}]}
        meson = pathlib.Path(folder, "meson")
        meson.write_text("#!/bin/sh\ncat \"" + folder + "/said$2\"\n")
        meson.chmod(0o755)
        for what, answer in listing.items():
            pathlib.Path(folder, "said" + what).write_text(json.dumps(answer))
        environment = dict(os.environ, PATH=folder + ":" + os.environ["PATH"])
        done = subprocess.run([SOURCE / "tools/test-run", folder, *arguments], env=environment,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout.splitlines()


def check(programs, status, last, *said):
    got, lines = run(programs)
    output = "\n".join(lines)
    assert lines[-1] == last, output
    assert got == status, f"exit status {got}\n{output}"
    for words in said:
        assert words in output, f"not said: {words}\n{output}"


def tap(text):
    return {"room/it": ("tap", text)}


@test
def what_passes_is_counted_and_its_output_is_not_shown():
    check(tap("echo 1..2; echo secret; echo ok 1 - a; echo ok 2 - b"), 0, "2 passed, 0 failed")
    _, lines = run(tap("echo 1..1; echo secret; echo ok 1 - a"))
    assert "secret" not in "\n".join(lines)


@test
def what_fails_is_counted_named_and_shown():
    check(tap("echo 1..2; echo ok 1 - a; echo why; echo not ok 2 - b; exit 1"),
          1, "1 passed, 1 failed", "| why", "  b")


@test
def skips_are_counted_with_their_reason_in_both_ways_of_writing():
    check(tap("echo 1..2; echo '# skipped: no data'; echo 'not ok 1 # SKIP a'; echo 'ok 2 - b # skip'"),
          0, "0 passed, 0 failed, 2 skipped", "skipped: a: no data")


@test
def a_program_that_dies_fails_under_its_name():
    check(tap("echo 1..3; echo ok 1 - a; kill -ABRT $$"),
          1, "1 passed, 1 failed", "room/it ended after 1 of 3 tests (killed by SIGABRT)")
    check(tap("kill -SEGV $$"), 1, "0 passed, 1 failed", "room/it told no plan (killed by SIGSEGV)")


@test
def a_program_that_leaves_tests_out_fails_also_with_status_0():
    check(tap("echo 1..3; echo ok 1 - a; echo ok 2 - b"), 1, "2 passed, 1 failed", "after 2 of 3")


@test
def a_program_that_fails_after_its_last_test_fails():
    check(tap("echo 1..1; echo ok 1 - a; echo leak; exit 23"),
          1, "1 passed, 1 failed", "| leak", "failed after its tests (exit status 23)")


@test
def other_programs_count_as_one_and_77_is_a_skip():
    check({"room/it": ("exitcode", "exit 0")}, 0, "1 passed, 0 failed")
    check({"room/it": ("exitcode", "echo why; exit 3")}, 1, "0 passed, 1 failed", "| why", "exit status 3")
    check({"room/it": ("exitcode", "echo no port; exit 77")}, 0, "0 passed, 0 failed, 1 skipped",
          "skipped: room/it: no port")


@test
def a_program_that_does_not_end_is_stopped_and_fails():
    check({"room/it": ("exitcode", "echo waiting; sleep 60")}, 1, "0 passed, 1 failed", "| waiting",
          "stopped after 2 s")


@test
def a_program_may_be_given_all_the_time_it_wants():
    status, lines = run({"room/it": ("exitcode", "exit 0")}, "--no-limit")
    assert (status, lines[-1]) == (0, "1 passed, 0 failed"), lines


@test
def programs_get_their_environment_and_no_input():
    check({"room/it": ("exitcode", '[ "$NAMED" = room/it ] && ! read line')}, 0, "1 passed, 0 failed")


@test
def all_programs_are_counted_together_and_alone():
    programs = {"a": ("tap", "echo 1..1; echo ok 1 - a"), "b alone": ("exitcode", "exit 0"),
                "c thread": ("exitcode", "exit 0"), "d": ("exitcode", "exit 1")}
    check(programs, 1, "3 passed, 1 failed")
    assert run(programs, "--only", "threads")[1][-1] == "1 passed, 0 failed"
    assert run(programs, "--match", "alone")[1][-1] == "1 passed, 0 failed"


@test
def nothing_to_run_is_no_success():
    check({}, 1, "0 passed, 0 failed", "there is no such test")


if __name__ == "__main__":
    run_all()
