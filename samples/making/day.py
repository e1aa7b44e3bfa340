# SPDX-License-Identifier: EUPL-1.2
"""An ordinary day at a ministry and a water board: names of the world, people, machines."""

from making.base import SECOND, Certificate, Dice, File, at
from making.network import Mail, Network, Request, Zone

RESOLVERS = ("10.20.1.53", "10.77.1.53")
MINISTRY_MAIL = "10.20.1.25"
WATER_BOARD_MAIL = "10.77.1.25"
PUBLIC_DNS = "192.0.2.53"
AUTHORITY = "CN=Example Trust CA 2,O=Example Trust"
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0"

MINISTRY_OFFICE = [f"10.20.14.{host}" for host in (21, 37, 44, 52, 61, 70, 83, 90)]
WATER_BOARD_OFFICE = [f"10.77.2.{host}" for host in (8, 33, 41, 57)]
CONTROL_ROOM = "10.77.40.12"
CONTROLLERS = ("10.77.40.101", "10.77.40.102", "10.77.40.103")

# name, address, certificate's names, IPv6 address
SITES = [
    ("news.example", "198.51.100.10", ["news.example", "*.news.example"], None),
    ("search.example", "198.51.100.34", ["www.search.example"], "2001:db8:100::34"),
    ("maps.example", "198.51.100.36", ["maps.example", "tiles.maps.example"], None),
    ("weather.example", "192.0.2.66", ["api.weather.example"], None),
    ("vendor.example", "192.0.2.80", ["updates.vendor.example"], "2001:db8:100::80"),
    ("video.example", "198.51.100.77", ["*.video.example"], None),
    ("bank.example", "192.0.2.130", ["www.bank.example"], None),
    ("partner.example", "192.0.2.25", ["mail.partner.example"], None),
    ("supplier.example", "192.0.2.26", ["mail.supplier.example"], None),
    ("ministry.example", "192.0.2.10", ["portal.ministry.example"], None),
    ("waterboard.example", "192.0.2.12", ["www.waterboard.example"], None),
    ("old-ministry-portal.example", "198.51.100.90", ["www.old-ministry-portal.example"], None),
    ("old-campaign.example", "192.0.2.99", ["old-campaign.example"], None),
    ("share-files.example", "192.0.2.140", ["share-files.example"], None),
    ("dyn-host.example", "192.0.2.150", ["dyn-host.example"], None),
]
VISITS = ["www.news.example", "news.example", "img.news.example", "www.search.example",
          "www.search.example", "tiles.maps.example", "api.weather.example", "www.bank.example",
          "clips.video.example", "portal.ministry.example", "www.waterboard.example",
          "updates.vendor.example"]
PLAIN = [("updates.vendor.example", "/agent/4.2/manifest.xml",
          File("manifest.xml", "text/xml", 1841)),
         ("updates.vendor.example", "/agent/4.2/agent.cab",
          File("agent.cab", "application/vnd.ms-cab-compressed", 48122)),
         ("www.news.example", "/feed.rss", File("feed.rss", "application/rss+xml", 9210)),
         ("api.weather.example", "/v1/radar?region=delta", File("radar", "application/json", 3177)),
         ("tiles.maps.example", "/14/8412/5391.png", File("tile.png", "image/png", 15920))]
WRITERS = [("j.dejong@partner.example", "mail.partner.example", "192.0.2.25"),
           ("orders@supplier.example", "mail.supplier.example", "192.0.2.26")]
SUBJECTS = ["Minutes of Tuesday", "Re: dike inspection", "Invoice 2026-1107", "Agenda",
            "Planning week 48"]


def world():
    zones = {}
    for name, address, names, address6 in SITES:
        certificate = Certificate(names, "Example Sites", AUTHORITY)
        zones[name] = Zone(name, PUBLIC_DNS, address, certificate, address6)
    return Network(zones, RESOLVERS)


class Plan:
    """What is to happen when; it is done in the order of time."""

    def __init__(self):
        self.acts = []

    def add(self, time, act, *arguments, **more):
        self.acts.append((time, len(self.acts), act, arguments, more))

    def run(self):
        for time, _, act, arguments, more in sorted(self.acts, key=lambda entry: entry[:2]):
            act(time, *arguments, **more)


def plan_day(plan, network):
    dice = Dice("an ordinary day")
    plan_office(plan, network, dice, MINISTRY_OFFICE, 210)
    plan_office(plan, network, dice, WATER_BOARD_OFFICE, 110)
    plan_mail(plan, network, dice)
    plan_plant(plan, network, dice)
    plan_by_chance(plan, network)


def some_time(dice):
    return dice.number(at("07:00:00"), at("11:58:00"))


def plan_office(plan, network, dice, clients, count):
    for _ in range(count):
        client = dice.one_of(clients)
        chance = dice.number(1, 100)
        if chance <= 62:
            plan.add(some_time(dice), network.session, client, dice.one_of(VISITS))
        elif chance <= 78:
            host, target, file = dice.one_of(PLAIN)
            request = Request(host, target, BROWSER, file=file)
            plan.add(some_time(dice), network.request, client, request)
        elif chance <= 90:
            plan.add(some_time(dice), network.lookup, client, dice.one_of(VISITS),
                     kind=dice.one_of(["A", "AAAA"]))
        else:
            plan.add(some_time(dice), network.connect, client, "192.0.2.123", 123, proto="udp",
                     service="ntp", sent=48, received=48)


def plan_mail(plan, network, dice):
    for number in range(16):
        sender, helo, address = dice.one_of(WRITERS)
        to_ministry = dice.often(60)
        server = MINISTRY_MAIL if to_ministry else WATER_BOARD_MAIL
        domain = "ministry.example" if to_ministry else "waterboard.example"
        receiver = dice.one_of(["info", "planning", "a.bakker", "m.visser"]) + "@" + domain
        plan.add(some_time(dice), network.mail, address, server,
                 Mail(helo, sender, [receiver], f"<{sender}>", [f"<{receiver}>"],
                      f"{dice.one_of(SUBJECTS)} ({number + 1})", agent="Thunderbird 128.4"))


def plan_plant(plan, network, dice):
    """The control room asks its controllers, over Modbus, and nobody else does."""
    time = at("07:00:20")
    while time < at("11:58:00"):
        plan.add(time, network.connect, CONTROL_ROOM, dice.one_of(CONTROLLERS), 502,
                 service="modbus", sent=12 * 40, received=31 * 40, duration=55 * SECOND)
        time += 150 * SECOND + dice.number(0, SECOND)


def plan_by_chance(plan, network):
    """What looks like the intrusion and is none; README.md says why each is no hit."""
    plan.add(at("07:40:31"), network.session, "10.20.14.70", "www.old-ministry-portal.example",
             resumed=False)
    plan.add(at("08:10:05"), network.session, "10.77.2.33", "dyn-host.example", resumed=False)
    plan.add(at("08:15:48"), network.session, "10.77.2.33", "cam7.dyn-host.example", resumed=True)
    plan.add(at("08:20:12"), network.session, "10.20.14.44", "docs.share-files.example",
             resumed=True)
    plan.add(at("09:20:55"), network.session, "10.20.14.61", "old-campaign.example", resumed=False)
    plan.add(at("10:12:09"), network.session, "10.20.14.44", "share-files.example", resumed=False)
