#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""What tools/alarms plants in real logs stays found, with all measures against false alarms in place.

    tests/node/alarms.py PROGRAM
"""

import json
import subprocess
import sys

from ground import PROGRAM, SOURCE, data_folder, run_all, test


def measured(*words):
    done = subprocess.run([sys.executable, SOURCE / "tools/alarms", "--json", *words, PROGRAM, data_folder()],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@test
def intrusions_in_real_logs_are_found_among_the_false_alarms_of_real_lists():
    result = measured("--last")
    lines, folds, values = result["rows"]
    assert lines["planted"] == 96
    for row in (lines, folds, values):
        assert row["planted_found"] == row["planted"], row
        # Where many live the address alone says little: found, and below the others.
        assert set(row["planted_lost"]) <= {"an address of a cloud"}, row
    assert 0 < values["alerts"] < folds["alerts"] < lines["alerts"], result
    assert result["refused"] > 0, result


run_all()
