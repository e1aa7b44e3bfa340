# SPDX-License-Identifier: EUPL-1.2
"""What the system tests stand on: a node of a test's own, and logs made of nothing."""

import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(SOURCE / "tests/tools"))

from tap import Skip, run_all, test # pylint: disable=unused-import

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
DONE, FOUND, TROUBLE, REFUSALS = 0, 1, 2, 3
FIRST_MOMENT = 1795262400 # 2026-11-21T12:00:00Z
DAY_S = 86400


def held_by(pid):
    """What the descriptors of a process stand for; some are closed while one looks."""
    held = []
    for path in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            held.append(os.readlink(path))
        except FileNotFoundError:
            pass
    return held


def person(number):
    """How a user of the system, logged in, starts a command: the kernel itself knows him then."""
    try:
        pathlib.Path("/proc/self/loginuid").read_text(encoding="ascii")
        subprocess.run(["sh", "-c", f"echo {number} >/proc/self/loginuid"], check=True,
                       stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        raise Skip("nobody else can log in here: not root, or the kernel has no audit") from None
    return {"before": ("sh", "-c", f'echo {number} >/proc/self/loginuid && exec "$0" "$@"')}


class Node:
    """A node in a folder that goes when the test ends."""

    def __init__(self, owner="Test board"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="linie-node-"))
        self.path = self.folder / "node"
        self.options = {} # of every process that is started: which user it is
        self.prepare()
        self.run("init", self.path, "--owner", owner, node=False)
        self.forget_what_is_seen()

    def prepare(self):
        """Before the node is made."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, *words, node=True):
        return [PROGRAM, *(["--node", str(self.path)] if node else []), *map(str, words)]

    def environment(self):
        # Whoever runs the tests by sudo is told by the name of the tests' user.
        others = ("LINIE_NODE", "SUDO_USER", "SUDO_UID")
        cleaned = {key: value for key, value in os.environ.items() if key not in others}
        return cleaned | {"TERM": "dumb"}

    def start(self, *words, **options):
        """The command as a process that runs beside the test."""
        return subprocess.Popen(self.command(*words), cwd=self.folder, env=self.environment(),
                                text=True, **self.options, **options)

    def run(self, *words, status=DONE, node=True, given=None, cwd=None, env=None, before=()):
        """What a command that must end with `status` said: its output, then what it told."""
        done = subprocess.run([*before, *self.command(*words, node=node)], cwd=cwd or self.folder,
                              env=self.environment() | (env or {}), input=given or "", text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              **self.options)
        said = f"{words}: {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        assert done.returncode == status, f"expected status {status}: {said}"
        return done

    def said(self, *words, **options):
        return self.run(*words, **options).stdout

    def json(self, *words, **options):
        """The objects of a command's --json."""
        return [json.loads(line) for line in self.said(*words, "--json", **options).splitlines()]

    def summary(self, *words, status=FOUND):
        """The summary of a watch."""
        return self.json("watch", *words, status=status)[-1]["summary"]

    def folds(self, *words):
        """All folds, without what depends on the moment; empty where nothing was found."""
        done = subprocess.run(self.command("hits", "--json", *words), cwd=self.folder,
                              env=self.environment(), text=True, stdout=subprocess.PIPE,
                              check=False, **self.options)
        assert done.returncode in (DONE, FOUND), done.returncode
        lines = done.stdout.splitlines()
        assert (done.returncode == FOUND) == bool(lines)
        return sorted(lines)

    def configure(self, text):
        """Lines behind what the configuration says already."""
        with open(self.path / "linie.conf", "a", encoding="utf-8") as conf:
            conf.write("\n" + text)
        return self

    def forget_what_is_seen(self):
        """Most tests are not about what is remembered, and are quicker without."""
        conf = self.path / "linie.conf"
        text = conf.read_text(encoding="utf-8")
        assert text.count("\nremember = yes\n") == 1
        conf.write_text(text.replace("\nremember = yes\n", "\nremember = no\n"), encoding="utf-8")

    def remembering(self):
        """Keeps all that is seen."""
        return self.configure("[history]\nremember = yes\n")

    def file(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def add(self, text, *words, name="list.txt", status=DONE):
        """Adds a list of the source "Feed"."""
        return self.run("indicators", "add", self.file(name, text), "--source", "Feed", *words,
                        status=status)


def descendants(pid):
    """The processes below one, by what they are called."""
    found = {}
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    try:
        for child in map(int, children.read_text(encoding="ascii").split()):
            name = pathlib.Path(f"/proc/{child}/comm").read_text(encoding="ascii").strip()
            found[name] = child
            found |= descendants(child)
    except (FileNotFoundError, ProcessLookupError):
        pass # it has just ended
    return found


def dns(query, host="10.0.0.5", second=0, **more):
    """A line of Zeek's dns.log."""
    return json.dumps({"_path": "dns", "ts": FIRST_MOMENT + second, "uid": f"C{second}",
                       "id.orig_h": host, "id.orig_p": 1025, "id.resp_h": "192.0.2.53",
                       "id.resp_p": 53, "query": query, **more}) + "\n"


def lines(count, every=10, hosts=7):
    """A log in which one line of `every` asks for evil.example. However long it is, none of it is of
    a time to come, which counts at the time of reading."""
    begin = min(0, DAY_S - count)
    return "".join(dns("evil.example" if i % every == 0 else f"host-{i}.example",
                       f"10.0.{i % hosts // 256}.{i % hosts % 256}", begin + i)
                   for i in range(count))


def gzipped(text):
    return gzip.compress(text.encode())


def zstandard(text):
    if shutil.which("zstd") is None:
        raise Skip("there is no zstd here")
    return subprocess.run(["zstd", "-q", "-c"], input=text.encode(), stdout=subprocess.PIPE,
                          check=True).stdout


def data_folder():
    """The folder of the real data; the test is skipped where there is none."""
    named = os.environ.get("LINIE_TEST_DATA")
    folder = pathlib.Path(named) if named else SOURCE.parent / "shared/data"
    if not folder.is_dir():
        raise Skip(f"no real data in {folder} (LINIE_TEST_DATA names another folder)")
    return folder
