# SPDX-License-Identifier: EUPL-1.2
"""What all parts of the samples share: the day, dice that always fall the same, the networks."""

import datetime
import hashlib
import ipaddress

DAY = datetime.datetime(2026, 11, 18, tzinfo=datetime.timezone.utc)
SECOND = 1_000_000  # times are microseconds since 1970

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

MINISTRY = [ipaddress.ip_network("10.20.0.0/16"), ipaddress.ip_network("2001:db8:20::/48")]
WATER_BOARD = [ipaddress.ip_network("10.77.0.0/16")]


def at(clock):
    """A time of the day, "08:12:44" or "08:12:44.25", in UTC."""
    hours, minutes, seconds = clock.split(":")
    midnight = int(DAY.timestamp()) * SECOND
    whole = (int(hours) * 60 + int(minutes)) * 60 * SECOND
    return midnight + whole + round(float(seconds) * SECOND)


def is_in(address, networks):
    parsed = ipaddress.ip_address(address)
    return any(parsed.version == network.version and parsed in network for network in networks)


def is_ours(address):
    return is_in(address, MINISTRY) or is_in(address, WATER_BOARD)


def iso(time_us, zone_hours=0):
    """2026-11-18T08:12:44.250000 in a zone, without the zone's name."""
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=time_us)
    moment += datetime.timedelta(hours=zone_hours)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f")


class Dice:
    """Chance that is the same on every machine and in every version of Python."""

    def __init__(self, seed):
        self.seed = seed
        self.thrown = 0

    def bits(self):
        self.thrown += 1
        fallen = digest("sha256", f"{self.seed} {self.thrown}", binary=True)
        return int.from_bytes(fallen[:8], "big")

    def number(self, low, high):
        """A whole number from low to high, both included."""
        return low + self.bits() % (high - low + 1)

    def one_of(self, choices):
        return choices[self.bits() % len(choices)]

    def often(self, percent):
        return self.number(1, 100) <= percent

    def word(self, letters, size):
        return "".join(self.one_of(letters) for _ in range(size))


def digest(kind, text, binary=False):
    made = hashlib.new(kind, text.encode(), usedforsecurity=False)
    return made.digest() if binary else made.hexdigest()


def unique(prefix, size, *parts):
    """An id as sensors make them, from what it stands for."""
    number = int.from_bytes(digest("sha256", " ".join(map(str, parts)), binary=True), "big")
    letters = ""
    while len(letters) < size:
        number, rest = divmod(number, len(BASE62))
        letters += BASE62[rest]
    return prefix + letters


class File:
    """Something that was downloaded or copied: a name, a size, and the digests of its content."""

    def __init__(self, name, mime, size):
        self.name = name
        self.mime = mime
        self.size = size
        self.md5 = digest("md5", f"linie sample file {name} {size}")
        self.sha1 = digest("sha1", f"linie sample file {name} {size}")
        self.sha256 = digest("sha256", f"linie sample file {name} {size}")


class Certificate:
    """A server's certificate."""

    def __init__(self, names, organisation, issuer):
        self.names = names
        self.subject = f"CN={names[0]},O={organisation}"
        self.issuer = issuer
        self.serial = digest("sha256", "serial " + names[0])[:24].upper()
        self.sha1 = digest("sha1", "linie sample certificate " + names[0])
        self.sha256 = digest("sha256", "linie sample certificate " + names[0])
        self.not_before = at("00:00:00") - 30 * 86400 * SECOND
        self.not_after = at("00:00:00") + 60 * 86400 * SECOND
