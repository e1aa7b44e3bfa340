# SPDX-License-Identifier: EUPL-1.2
"""The intrusion: what README.md tells, act by act."""

from making.base import SECOND, Certificate, Dice, File, at
from making.day import BROWSER, MINISTRY_MAIL, PUBLIC_DNS, WATER_BOARD_MAIL
from making.network import Copy, Mail, Request, Zone

FIRST_VICTIM = "10.20.14.37"
FIRST_VICTIM_IPV6 = "2001:db8:20:14::37"
SECOND_CLICK = "10.20.14.52"
JUMP_HOST = "10.20.9.4"         # the ministry's end of the link to the water board
WATER_BOARD_SERVER = "10.77.2.8"
ENGINEERING = "10.77.40.21"     # in the plant's network
GUEST = "192.0.2.40"            # in a network for guests, which nobody told the node of

PHISHER = "helpdesk@ministry-portal.example"
PHISHING_RELAY = "198.51.100.23"
LURE = File("Tender-2026-114.iso", "application/x-iso9660-image", 1_310_720)
TOOL = File("update.bin", "application/x-dosexec", 412_672)
CONTROL_CERTIFICATE = Certificate(["sync.cloud-metrics.example"], "Cloud Metrics",
                                  "CN=sync.cloud-metrics.example,O=Cloud Metrics")
CONTROL = "203.0.113.77"
CONTROL_IPV6 = "2001:db8:bad:5::77"
TUNNEL_SERVER = "203.0.113.90"
PLANT_CONTROL = "203.0.113.81"


def add_zones(network):
    hub = Certificate(["gw.telemetry-hub.example"], "Telemetry Hub",
                      "CN=gw.telemetry-hub.example,O=Telemetry Hub")
    network.zones.update({
        "ministry-portal.example": Zone("ministry-portal.example", "203.0.113.21", "203.0.113.20"),
        "cdn-update.example": Zone("cdn-update.example", TUNNEL_SERVER, None),
        "cloud-metrics.example": Zone("cloud-metrics.example", PUBLIC_DNS, CONTROL,
                                      CONTROL_CERTIFICATE, CONTROL_IPV6),
        "telemetry-hub.example": Zone("telemetry-hub.example", PUBLIC_DNS, PLANT_CONTROL, hub)})


def plan_intrusion(plan, network):
    add_zones(network)
    plan_phishing(plan, network)
    plan_control(plan, network)
    plan_spread(plan, network)
    plan_beacons(plan, network)


def plan_phishing(plan, network):
    def letter(receivers, reply):
        return Mail("mail.ministry-portal.example", PHISHER, receivers,
                    f'"ICT service desk" <{PHISHER}>', [f"<{name}>" for name in receivers],
                    "Your tender documents are waiting", reply)
    ministry = [f"{name}@ministry.example" for name in ("procurement", "a.bakker", "m.visser")]
    plan.add(at("07:52:16"), network.mail, PHISHING_RELAY, MINISTRY_MAIL,
             letter(ministry, "250 2.0.0 Ok: queued as 4F1C22A0B7"))
    plan.add(at("07:53:02"), network.mail, PHISHING_RELAY, WATER_BOARD_MAIL,
             letter(["planning@waterboard.example"], "550 5.7.1 Rejected by policy"))

    plan.add(at("08:31:07"), network.request, FIRST_VICTIM,
             Request("login.ministry-portal.example", "/secure/view?id=7f3a91", BROWSER, status=302,
                     location="http://files.ministry-portal.example/t/" + LURE.name))
    plan.add(at("08:31:09"), network.request, FIRST_VICTIM,
             Request("files.ministry-portal.example", "/t/" + LURE.name, BROWSER, file=LURE))
    # A colleague got a link of his own, saw the page and closed it.
    plan.add(at("08:58:40"), network.request, SECOND_CLICK,
             Request("login.ministry-portal.example", "/secure/view?id=81bc20", BROWSER,
                     file=File("view.html", "text/html", 6210)))


def plan_control(plan, network):
    dice = Dice("control")
    time = at("08:40:11")
    while time < at("09:50:00"):
        data = dice.word("0123456789abcdef", 30)
        name = f"{data}.t.cdn-update.example"
        answer = [(name, "TXT", dice.word("0123456789abcdef", 16))]
        plan.add(time, network.lookup, FIRST_VICTIM, name, kind="TXT", answers=answer)
        time += 285 * SECOND + dice.number(0, 30 * SECOND)
    time = at("08:41:00")
    while time < at("09:58:00"):
        plan.add(time, network.session, FIRST_VICTIM, "sync.cloud-metrics.example", resumed=False)
        time += 13 * 60 * SECOND + dice.number(0, 20 * SECOND)
    plan.add(at("09:47:30"), lookup_ipv6, network)
    plan.add(at("09:12:44"), network.session_to, GUEST, CONTROL, "sync.cloud-metrics.example",
             resumed=False)


def lookup_ipv6(time, network):
    """Once the implant goes by IPv6."""
    name = "sync.cloud-metrics.example"
    time = network.lookup(time, FIRST_VICTIM, name, "AAAA")
    network.session_to(time, FIRST_VICTIM_IPV6, CONTROL_IPV6, name, resumed=False)


def plan_spread(plan, network):
    def copy(time, source, target):
        network.connect(time, source, target, 445, service="gssapi,smb", what=[Copy(TOOL)],
                        sent=TOOL.size + 5200, received=3100)
    plan.add(at("10:05:51"), copy, FIRST_VICTIM, JUMP_HOST)
    plan.add(at("10:18:24"), network.connect, JUMP_HOST, WATER_BOARD_SERVER, 3389,
             service="rdp,ssl", duration=16 * 60 * SECOND, sent=1_904_220, received=14_022_118)
    plan.add(at("10:21:37"), network.request, WATER_BOARD_SERVER,
             Request(JUMP_HOST + ":8080", "/svc/" + TOOL.name, "curl/8.4.0", file=TOOL),
             port=8080, server=JUMP_HOST)
    plan.add(at("10:34:02"), copy, WATER_BOARD_SERVER, ENGINEERING)


def plan_beacons(plan, network):
    dice = Dice("beacons")
    time = at("10:40:30")
    while time < at("11:50:00"):
        plan.add(time, network.session, ENGINEERING, "gw.telemetry-hub.example",
                 duration=1_400_000, sent=820, received=1410)
        time += 300 * SECOND + dice.number(0, 4 * SECOND)
    # No list knows this one: a controller that somebody new talks to.
    plan.add(at("11:10:42"), network.connect, ENGINEERING, "10.77.40.103", 502, service="modbus",
             sent=144, received=212, duration=3 * SECOND)
