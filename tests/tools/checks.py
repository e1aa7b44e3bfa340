#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""A check that cannot fail is no check: each rule is broken once in a small tree, and must be seen."""

import pathlib
import subprocess
import tempfile

from tap import run_all, test

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
SPDX = "// SPDX-License-Identifier: EUPL-1.2\n"

# A tree in which everything holds.
GOOD = {
    "docs/ARCHITECTURE.md": (
        "| room | what lives there | uses |\n|---|---|---|\n"
        "| `base` | ground | - |\n| `high` | above | base |\n| `node` | top | all |\n"
        "\n| later room | what will live there |\n|---|---|\n| `later` | more |\n"),
    "src/base/README.md": "# base\n",
    "src/base/err.h": SPDX + "enum err {\n    ERR_OK,\n    ERR_IO, /* a reason */\n};\n",
    "src/high/README.md": "# high\n",
    "src/high/high.h": SPDX + (
        '#include "base/err.h"\n\n'
        "/**\n * Do it.\n *\n * size      in bytes\n * ret       the answer\n *\n"
        " * Errors    ERR_IO no disk\n */\n"
        "MUST_USE\nenum err high_do(unsigned size,\n                 int (*ret)(int left, int right));\n\n"
        "/**\n * Both ways.\n *\n * a, b      any two\n */\n"
        "void high_one(int a, int b);\nvoid high_two(int a, int b[2]);\n"),
    "src/high/high.c": SPDX + (
        '#include "high/high.h"\n\n#include <stdio.h>\n\n'
        "int high_count(int a)\n{\n    for (;;) {\n        if (a > 1) {\n            while (a) {\n"
        "                a = *(int[]){ 0 };\n            }\n        }\n    }\n}\n"),
    "src/node/README.md": "# node\n",
    "src/node/main.c": SPDX + '#include "high/high.h"\n\nint node_go(void)\n{\n    return printf("x");\n}\n',
    "tests/high/meson.build": "foreach name : ['high']\nendforeach\n",
    "tests/high/high.c": SPDX + "TEST(it_holds)\n{\n}\n",
    "fuzz/meson.build": "names = ['high_it']\n",
    "fuzz/high_it_fuzz.c": SPDX + "int x;\n",
    "fuzz/corpus/high_it/one": "1",
    "bench/README": "",
    "tools/x": "#!/bin/sh\n# SPDX-License-Identifier: EUPL-1.2\n",
    ".ci/run": "#!/bin/sh\n# SPDX-License-Identifier: EUPL-1.2\n",
}


def run(check, changes):
    """Run a check over the good tree with some files changed (None: removed)."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**GOOD, **changes}.items():
            if text is None:
                continue
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run([SOURCE / "tools" / check, folder], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout


def passes(check, changes=None):
    status, output = run(check, changes or {})
    assert status == 0, output


def fails(check, changes, *said):
    status, output = run(check, changes)
    assert status == 1, f"not seen: {said}\n{output}"
    for words in said:
        assert words in output, f"not said: {words}\n{output}"


def header(before, after):
    assert before in GOOD["src/high/high.h"], before
    return {"src/high/high.h": GOOD["src/high/high.h"].replace(before, after)}


def source(line, name="src/high/more.c"):
    return {name: SPDX + "void high_more(void)\n{\n    " + line + "\n}\n"}


@test
def a_good_tree_passes_every_check():
    passes("check-headers")
    passes("check-layers")
    passes("check-style")


@test
def this_project_keeps_its_layers():
    done = subprocess.run([SOURCE / "tools/check-layers"], text=True, stdout=subprocess.PIPE)
    assert done.returncode == 0, done.stdout


# ---- headers ----

@test
def headers_without_a_comment_are_seen():
    fails("check-headers", header("/**\n * Do it.", "/*\n * Do it."), "high_do() has no comment")
    fails("check-headers", header("void high_two", "\nvoid high_two"), "high_two() has no comment")
    fails("check-headers", header("void high_one", "struct x { int y; };\nvoid high_one"),
          "high_one() has no comment")


@test
def headers_whose_comment_names_other_parameters_are_seen():
    fails("check-headers", header(" * size      in", " * sizes     in"),
          "the comment says nothing of 'size'", "there is no parameter 'sizes'")
    fails("check-headers", header(" * ret       the answer\n", ""), "says nothing of 'ret'")
    fails("check-headers", header("int b[2]", "int c[2]"), "says nothing of 'c'")


@test
def headers_with_wrong_errors_are_seen():
    fails("check-headers", header("ERR_IO no disk", "ERR_DISK no disk"), "there is no error ERR_DISK")
    fails("check-headers", header(" * Errors    ERR_IO no disk\n", ""), "no section Errors")
    fails("check-headers", header("MUST_USE\n", ""), "high_do() is not MUST_USE")


@test
def headers_with_inline_functions_and_attributes_are_read():
    more = ("\n/**\n * Inline.\n *\n * count     how many\n */\nstatic inline int high_in(int count)\n{\n"
            "    if (count) {\n        return 1;\n    }\n    return 0;\n}\n"
            "\n/**\n * Print.\n *\n * format    as for printf\n */\n"
            "__attribute__((format(printf, 1, 2))) void high_print(const char *format, ...);\n")
    text = GOOD["src/high/high.h"] + more
    passes("check-headers", {"src/high/high.h": text})
    fails("check-headers", {"src/high/high.h": text.replace("* count ", "* counts")},
          "high_in(): there is no parameter 'counts'")
    fails("check-headers", {"src/high/high.h": text.replace("* format", "* former")},
          "high_print(): there is no parameter 'former'")


# ---- layers ----

@test
def a_room_that_uses_one_above_it_is_seen():
    fails("check-layers", {"src/base/up.c": SPDX + '#include "high/high.h"\n'},
          "'base' may not use \"high/high.h\"")
    fails("check-layers", {"src/base/up.c": SPDX + '  #  include   "high/high.h"\n'}, "may not use")


@test
def a_header_that_is_a_rooms_own_is_seen_in_another():
    for name in ("inner", "internal", "walk_inner"):
        inner = {f"src/base/{name}.h": SPDX, "src/base/own.c": SPDX + f'#include "base/{name}.h"\n'}
        passes("check-layers", inner)
        fails("check-layers", inner | {"src/high/b.c": SPDX + f'#include "base/{name}.h"\n'},
              f"\"base/{name}.h\" is for 'base' alone")
    passes("check-layers", {"src/base/dinner.h": SPDX, "src/high/b.c": SPDX + '#include "base/dinner.h"\n'})


@test
def an_include_in_a_comment_is_none():
    passes("check-layers", {"src/base/up.c": SPDX + '/*\n#include "high/high.h"\n*/\n'})


@test
def a_row_that_names_a_room_above_it_is_seen():
    text = GOOD["docs/ARCHITECTURE.md"].replace("ground | -", "ground | high")
    fails("check-layers", {"docs/ARCHITECTURE.md": text}, "which has no row above it")


@test
def folders_and_rows_without_each_other_are_seen():
    fails("check-layers", {"src/new/a.c": SPDX}, "no row for src/new/")
    text = GOOD["docs/ARCHITECTURE.md"].replace("| `node`", "| `gone` | x | - |\n| `node`")
    fails("check-layers", {"docs/ARCHITECTURE.md": text}, "there is no src/gone/")
    fails("check-layers", {"docs/ARCHITECTURE.md": "nothing\n"}, "no table")


@test
def files_outside_rooms_and_includes_of_nothing_are_seen():
    fails("check-layers", {"src/main.c": SPDX}, "a file outside the rooms")
    fails("check-layers", {"src/high/b.c": SPDX + '#include "base/gone.h"\n'}, "there is no src/base/gone.h")
    fails("check-layers", {"src/high/b.c": SPDX + '#include "high.h"\n'}, "may not use")


# ---- style ----

@test
def sizes_beyond_their_limits_are_seen():
    fails("check-style", source("int a;\n" * 68), "lines, more than 70")
    passes("check-style", source("int a;\n" * 65))
    fails("check-style", {"src/high/more.c": SPDX + "int a;\n" * 1000}, "1001 lines, more than 1000")
    fails("check-style", source("/* " + "x" * 100 + " */"), "columns, more than 100")
    seven = "int a, int b, int c, int d, int e, int f, int g"
    fails("check-style", {"src/high/more.c": SPDX + f"void high_more({seven})\n{{\n}}\n"},
          "more than 6 parameters")
    fails("check-style", {"src/high/more.h": SPDX + f"void high_more({seven});\n"}, "more than 6 parameters")


@test
def blocks_nested_too_deep_are_seen():
    deep = GOOD["src/high/high.c"].replace("a = *(int[]){ 0 };", "do {\n } while (a);")
    fails("check-style", {"src/high/high.c": deep}, "high_count(): blocks nested 4 deep")


@test
def functions_that_are_not_used_here_are_seen():
    for call in ("strcpy(a, b);", "sprintf (a, b);", "atoi(a);", "gmtime(a);", "system(a);", "alloca(1);"):
        fails("check-style", source(call), call.split("(")[0].strip() + " is not used here")
    fails("check-style", source("float a;"), "float is too coarse")
    passes("check-style", source("gmtime_r(a, b); x.system(1); y->free(1);"))
    passes("check-style", source('text("system(1) is bad"); /* strcpy(a) is too */'))


@test
def memory_copying_and_printing_in_the_wrong_room_are_seen():
    fails("check-style", source("a = malloc(1);"), "belongs to base/memory.c")
    fails("check-style", source("a = malloc(1);", "src/base/arena.c"), "belongs to base/memory.c")
    passes("check-style", source("a = malloc(1);", "src/base/memory.c"))
    fails("check-style", source("memcpy(a, b, 1);"), "why not span_copy")
    passes("check-style", source("memcpy(a, b, 1); /* memcpy: sizes are constants, 8 ns a line */"))
    passes("check-style", source("memcpy(a, b, 1);", "src/base/span.c"))
    fails("check-style", source('printf("x");'), "prints or exits")
    fails("check-style", source("exit(1);"), "prints or exits")
    passes("check-style", source("exit(1);", "src/node/more.c"))


@test
def unfinished_marks_are_seen():
    for mark in ("TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK", "a st" "ub", "Place" "holder", "not yet imple" "mented"):
        fails("check-style", source(f"/* {mark}: later */"), "unfinished mark")
        fails("check-style", source(f"// {mark}", "tests/high/more.c"), "unfinished mark")


@test
def files_without_the_licence_line_are_seen():
    fails("check-style", {"src/high/more.c": "\n" + SPDX}, "the first line is not")
    fails("check-style", {"tools/y": "#!/bin/sh\n"}, "no 'SPDX")


@test
def rooms_without_a_short_readme_are_seen():
    fails("check-style", {"src/high/README.md": None}, "src/high/README.md: there is none")
    fails("check-style", {"src/high/README.md": "line\n" * 41}, "more than 40 lines")


@test
def fuzz_targets_without_corpus_or_build_are_seen():
    fails("check-style", {"fuzz/corpus/high_it/one": None}, "no inputs for fuzz/high_it_fuzz.c")
    fails("check-style", {"fuzz/meson.build": "names = []\n"}, "'high_it' is not in its list")
    fails("check-style", {"fuzz/corpus/gone/one": "1"}, "there is no fuzz/gone_fuzz.c")


@test
def test_programs_that_meson_does_not_know_are_seen():
    fails("check-style", {"tests/high/lost.c": SPDX + "TEST(lost)\n{\n}\n"}, "not named in tests/high/meson.build")
    passes("check-style", {"tests/high/helper.c": SPDX + "int helper;\n"})


if __name__ == "__main__":
    run_all()
