# SPDX-License-Identifier: EUPL-1.2
"""A story of a watch that follows a log: lines, rotations, indicators that come and go. It is told with
kills at moments that nobody chose, and without: the end must be the same."""

import json
import os
import random
import signal
import subprocess
import time

from follower import Follower
from ground import DONE, dns
from receivers import WAIT_S, wait_for


class Story:
    """Lines, rotations, indicators that come and go; the same with kills and without."""

    NAMES = [f"host-{number}.example" for number in range(12)]

    def __init__(self, seed, kills):
        self.chance = random.Random(seed)
        self.kill_chance = random.Random(seed + 1)
        self.kills_left = kills
        self.kills = kills
        self.lines = 0

    def kill(self, follower):
        """Perhaps, at a moment that nobody chose."""
        if self.kills_left > 0 and self.kill_chance.random() < 0.7:
            self.kills_left -= 1
            time.sleep(self.kill_chance.random() * 0.15)
            if self.kill_chance.random() < 0.3:
                try:
                    os.kill(follower.child(), signal.SIGKILL) # the process that reads, alone
                except ProcessLookupError:
                    pass
            else:
                follower.process.kill()
                follower.process.communicate()
                follower.start()

    def command(self, follower, *words):
        """What a kill cut short is asked for again: nothing happens twice by that."""
        done = False
        while not done:
            process = follower.node.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.kill(follower)
            process.communicate(timeout=WAIT_S)
            done = process.returncode == DONE

    def write(self, follower):
        for _ in range(self.chance.randrange(1, 4)):
            text = ""
            for _ in range(self.chance.randrange(1, 60)):
                self.lines += 1
                text += dns(self.chance.choice(self.NAMES), f"10.0.0.{self.chance.randrange(3)}", self.lines)
            follower.write("a.log", text=text)
            self.kill(follower)

    def rotate(self, follower, number):
        if self.chance.random() < 0.3:
            (follower.logs / "a.log").rename(follower.logs / f"a.log.{number}")
            self.kill(follower)

    def indicators(self, follower):
        name = self.chance.choice(self.NAMES)
        if self.chance.random() < 0.6:
            path = follower.node.file(f"{name}.txt", name + "\n")
            self.command(follower, "indicators", "add", path, "--source", "Feed", "--set", name)
        else:
            self.remove(follower, name)

    def remove(self, follower, name):
        if f'"set":"{name}"' in follower.node.said("indicators", "stats", "--json"):
            self.command(follower, "indicators", "remove", "--set", name)

    def tell(self, phases):
        with Follower() as follower:
            number = 0
            follower.node.add(self.NAMES[0] + "\n", name="first.txt")
            while number < phases or self.kills_left > 0:
                number += 1
                self.write(follower)
                self.rotate(follower, number)
                wait_for(lambda: follower.status()["lines"] == self.lines, f"{self.lines} lines")
                self.indicators(follower)
            follower.stop()
            follower.node.run("verify")
            assert follower.node.json("rebuild")[0]["same"] is True
            kept = ("value", "inside", "start", "first", "last", "count", "field")
            folds = [{key: json.loads(line)[key] for key in kept} for line in follower.node.folds()]
            status = follower.status()
            assert status["lines"] == self.lines, status
            return number, sorted(folds, key=str), status["hits"]


def told_alike(seed, kills):
    """Tells it twice; how many phases, folds and hits it had."""
    phases, folds, hits = Story(seed, kills).tell(4)
    again = Story(seed, 0).tell(phases)
    assert again == (phases, folds, hits), (phases, hits, again[2], len(folds), len(again[1]))
    assert hits > 0
    return phases, len(folds), hits
