# SPDX-License-Identifier: EUPL-1.2
"""What the long tests share: processes that are killed whole, what they hold, and what a node's
folder may contain.

Each of them is started by tools/long as `PROGRAM-OF-THE-TEST LINIE AMOUNT`; LINIE_TEST_SEED repeats
what is drawn by lot. No verdict rests on how long something took.
"""

import contextlib
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "node"))

from ground import Node, descendants # pylint: disable=wrong-import-position

AMOUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 1
SEED = int(os.environ.get("LINIE_TEST_SEED", time.time_ns()))
LOTS = random.Random(SEED)
WAIT_S = 60 # for what must happen; a test that waits longer has failed
STEP_S = 0.01
KILO, MEGA = 1024, 1024 * 1024

# All that a node's folder may hold while nobody works on it; what was left by somebody who died is
# cleared away by whoever writes next.
WORLD_FILES = re.compile(
    r"lock|linie\.db(-wal|-shm)?|journal/(\d{12}\.journal|torn-\d{12})"
    r"|blobs/[0-9a-f]{2}/[0-9a-f]{64}"
    r"|sets/\d{12}-[0-9a-f]{64}\.pack|index/\d{12}(-[0-9a-f]{8}\.image|\.allowed)")
NODE_FILES = re.compile(r"linie\.conf|identity\.json|keys/(node\.key|node\.pub|privacy\.key)")
TORN_MAX = 8 # of what power losses and kills left of the journal's last write
BACKUP_FILES = re.compile(r"lock|part-\d{6}\.linie-backup")

print(f"# seed {SEED}")


def wait_for(condition, what):
    for _ in range(int(WAIT_S / STEP_S)):
        found = condition()
        if found:
            return found
        time.sleep(STEP_S)
    raise AssertionError(f"waited {WAIT_S} s for {what}")


def words_of(text):
    return " ".join(text.split())


class Run:
    """A command in a process group of its own, so that all of it can be killed at once."""

    def __init__(self, node, *words, given=subprocess.DEVNULL):
        self.out = node.folder / f"out-{time.monotonic_ns()}"
        self.err = self.out.with_suffix(".err")
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen(
                node.command(*words), cwd=node.folder, env=node.environment(), stdin=given,
                stdout=out, stderr=err, start_new_session=True)

    def child(self):
        """The watch process, or None where there is none now."""
        return descendants(self.process.pid).get("watch")

    def ended(self):
        return self.process.poll() is not None

    def kill(self):
        """Both sides at once; what has ended already is let be."""
        if not self.ended():
            os.killpg(self.process.pid, signal.SIGKILL)

    def kill_one_side(self, store):
        """The other side must end by itself."""
        child = self.child()
        if store and not self.ended():
            self.process.kill()
        elif not store and child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    def status(self):
        return self.process.wait(timeout=WAIT_S)

    def told(self):
        """What it had told until now. Of a line that was cut off, nothing counts."""
        text = self.out.read_bytes().decode("utf-8", "replace")
        return [line for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def complaint(self):
        """In one line: where its lines end is up to the screen."""
        return words_of(self.err.read_text(errors="replace"))

    def forget(self):
        self.out.unlink()
        self.err.unlink()


def memory(pid):
    """Of a process, in bytes: what it holds now, and the most that it ever held."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    sizes = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB$", status, re.MULTILINE))
    return int(sizes["VmRSS"]) * KILO, int(sizes["VmHWM"]) * KILO


def descriptors(pid):
    """How many are open; 0 of a process that lets nobody but root look, where one is not root."""
    try:
        return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))
    except PermissionError:
        return 0


def files_of(folder):
    """Path and size of every file below a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found[str(path.relative_to(folder))] = path.stat().st_size
    return found


def leftovers(node):
    """Files that do not belong into a node at rest, or of which there are too many."""
    strange = []
    for name in files_of(node.path):
        inner = name.removeprefix("real/")
        fits = WORLD_FILES.fullmatch(inner) if inner != name else NODE_FILES.fullmatch(name)
        if not fits:
            strange.append(name)
    images = [sorted((node.path / "real/index").glob(sort)) for sort in ("*.image", "*.allowed")]
    torn = sorted((node.path / "real/journal").glob("torn-*"))
    old = [image for each in images for image in each[1:]]
    return strange + list(map(str, old + torn[TORN_MAX:]))


def members(node):
    """Values by the set they are in, or by their source where they are STIX objects."""
    found = {}
    for line in node.said("indicators", "list", "--json").splitlines():
        item = json.loads(line)
        found.setdefault(item.get("set") or item["source"], set()).add(item["value"])
    return found


def size_text(size):
    return f"{size / MEGA:.1f} MB"


__all__ = ["AMOUNT", "BACKUP_FILES", "KILO", "LOTS", "MEGA", "Node", "Run", "descriptors",
           "files_of", "leftovers", "members", "memory", "size_text", "wait_for", "words_of"]
