# SPDX-License-Identifier: EUPL-1.2
"""Tests in Python that speak TAP: @test on functions whose names are sentences, then run_all()."""

import sys
import traceback

_tests = []


class Skip(Exception):
    """Raised by a test that cannot run here; its text says why."""


def test(function):
    _tests.append(function)
    return function


def run_all():
    print(f"1..{len(_tests)}")
    failed = 0
    for number, function in enumerate(_tests, 1):
        try:
            function()
            print(f"ok {number} - {function.__name__}")
        except Skip as reason:
            print(f"ok {number} - {function.__name__} # SKIP {reason}")
        except Exception: # any kind is a failure of the test, and is shown
            failed += 1
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} - {function.__name__}")
        sys.stdout.flush()
    sys.exit(1 if failed else 0)
