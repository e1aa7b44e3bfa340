#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""A watch that follows a log is killed again and again, while lines, rotations and indicators come and go.

    tests/long/follow.py PROGRAM KILLS

LINIE_TEST_SEED repeats a run.
"""

import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "node"))

from ground import run_all, test
from story import told_alike

KILLS = int(sys.argv[2])
SEED = int(os.environ.get("LINIE_TEST_SEED", time.time_ns()))
print(f"# seed {SEED}")


@test
def kills_leave_what_an_uninterrupted_run_leaves():
    phases, folds, hits = told_alike(SEED, KILLS)
    print(f"# {KILLS} kills in {phases} phases: {folds} folds, {hits} hits, the same without kills")


run_all()
