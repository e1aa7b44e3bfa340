# SPDX-License-Identifier: EUPL-1.2
"""What the checkers of this folder share: finding C files, and reading them without a compiler."""

import pathlib
import re

C_FOLDERS = ("src", "tests", "fuzz", "bench")
C_ENDINGS = (".c", ".h", ".cpp")


def root_from(arguments):
    """The tree to check: the first argument, else the one this file lies in."""
    if len(arguments) > 1:
        return pathlib.Path(arguments[1]).resolve()
    return pathlib.Path(__file__).resolve().parent.parent


def files(root, folders=C_FOLDERS, endings=C_ENDINGS):
    """All C files below some folders, in order of their names."""
    found = []
    for folder in folders:
        found += [path for path in (root / folder).rglob("*")
                  if path.suffix in endings and path.is_file()]
    return sorted(found)


TOKEN = re.compile(
    r'(?P<comment>/\*.*?\*/|//[^\n]*)'
    r'|(?P<string>"(?:\\.|[^"\\\n])*")'
    r"|(?P<char>'(?:\\.|[^'\\\n])*')",
    re.DOTALL)


def blanked(text, keep_comments=False, keep_strings=False):
    """The text with comments and the insides of strings replaced by spaces; lines stay lines."""
    def spaces(match):
        whole = match.group(0)
        if match.group("comment"):
            if keep_comments:
                return whole
            return re.sub(r"[^\n]", " ", whole)
        if keep_strings or keep_comments:
            return whole
        return whole[0] + " " * (len(whole) - 2) + whole[-1]
    return TOKEN.sub(spaces, text)


def comments_only(text):
    """The text with all but its comments replaced by spaces; lines stay lines."""
    out = []
    at = 0
    for match in TOKEN.finditer(text):
        out.append(re.sub(r"[^\n]", " ", text[at:match.start()]))
        whole = match.group(0)
        out.append(whole if match.group("comment") else re.sub(r"[^\n]", " ", whole))
        at = match.end()
    out.append(re.sub(r"[^\n]", " ", text[at:]))
    return "".join(out)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def report(name, checked, findings):
    """Print findings and one line of summary; the exit status for main()."""
    for finding in findings:
        print(finding)
    print(f"{name}: {checked}, {len(findings)} finding{'s' if len(findings) != 1 else ''}")
    return 1 if findings else 0
