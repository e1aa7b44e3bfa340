# SPDX-License-Identifier: EUPL-1.2
"""The files of parties that come with Linie: they read as a book, each country by itself as well."""

import json
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(SOURCE / "tests/tools"))

from tap import run_all, test # pylint: disable=wrong-import-position

PROGRAM = sys.argv[1]
RULES = SOURCE / "rules"
COMMON = ["parties/words.conf", "parties/kinds.conf", "markings/classification.conf",
          "markings/privacy.conf", "markings/stix.conf"]
DAYS = ["2012-06-01", "2016-01-01", "2025-06-24", "2026-11-22"]


def answers(files, holder, day, asks):
    world = {"files": [{"name": name, "text": (RULES / name).read_text(encoding="utf-8"), "keys": []}
                       for name in files], "holder": holder, "day": day, "asks": asks}
    done = subprocess.run([PROGRAM], input=json.dumps(world) + "\n", text=True,
                          stdout=subprocess.PIPE, check=True)
    said = json.loads(done.stdout)
    assert "fault" not in said, said["fault"]
    return said["answers"]


def ask(party, data="indicator", tlp="CLEAR", **more):
    label = {"tlp": tlp, "data": data, "world": "real", "time": "2026-11-01T00:00:00Z"}
    return {"party": party, "label": label | more}


@test
def all_files_read_as_one_book():
    files = sorted(str(path.relative_to(RULES)) for path in RULES.rglob("*.conf"))
    assert len(files) >= len(COMMON) + 2, files
    for day in DAYS:
        answers(files, "ncsc-nl", day, [])


@test
def each_country_reads_by_itself():
    for country in ("nl", "be"):
        answers(COMMON + [f"parties/{country}.conf"], "", DAYS[-1], [])


@test
def nobody_who_is_not_known_gets_anything():
    files = COMMON + ["parties/nl.conf"]
    for day in DAYS:
        said = answers(files, "ncsc-nl", day, [ask("somebody"), ask("ncsc-nl", world="exercise")])
        assert [each["answer"] for each in said] == ["no", "no"], said


if __name__ == "__main__":
    run_all()
