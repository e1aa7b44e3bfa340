# SPDX-License-Identifier: EUPL-1.2
"""The indicators that three others shared: a plain list, a table, a STIX bundle."""

import json
import uuid

from making.intrusion import (CONTROL, CONTROL_CERTIFICATE, CONTROL_IPV6, LURE, PHISHER,
                              PHISHING_RELAY, TOOL)

NAMESPACE = uuid.UUID("3c0f6f0e-5d2a-4a53-9e1a-6f6b1f0d7c11") # of the ids in the samples
TLP_GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
TLP_AMBER = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
TLP_AMBER_STRICT = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
CREATED = "2026-11-17T16:20:00.000Z"


def national_csirt():
    """As it came by mail: defanged, with comments."""
    return f"""# National CSIRT, warning NC-2026-0417: phishing against ministries
# TLP:GREEN - share with your sector, not in public. Values are defanged.

# phishing
ministry-portal[.]example                 # pages and sender; every host below it
hxxp://login[.]ministry-portal[.]example/secure/view?id=7f3a91
{PHISHING_RELAY.replace(".", "[.]")}                     # relay of the mails
=share-files[.]example                    # this host only: below it live other customers
*[.]dyn-host[.]example                    # the hosts below it, not the provider's own page

# after the click
cdn-update[.]example
{CONTROL.replace(".", "(.)")}
{LURE.sha1}  # {LURE.name}
{TOOL.md5}
"""


def sector_feed():
    """As downloaded: a table, in which not every line is right."""
    rows = [
        "value,kind,tlp,confidence,valid_from,valid_until,description",
        '203.0.113.64/27,cidr,AMBER,80,2026-11-01,2027-02-01,"rented servers, one customer"',
        f"{PHISHER},email,GREEN,90,2026-11-18T06:00:00Z,2026-12-18T06:00:00Z,sender of the mails",
        f"{LURE.sha256.upper()},sha256,AMBER,95,2026-11-18T06:00:00Z,,{LURE.name}",
        "telemetry-hub.example,domain,AMBER+STRICT,70,2026-11-19T09:00:00Z,,found a day later",
        "old-campaign.example,domain,GREEN,60,2026-03-01,2026-10-01,campaign of the spring: over",
        "192.0.2.140,ipv4,,50,2026-11-10,2026-11-18T10:00:00Z,shared host: cleaned at ten",
        "203.0.113.999,ipv4,AMBER,80,2026-11-01,,a typing error: refused",
    ]
    return "\n".join(rows) + "\n"


def stix_id(kind, name):
    return f"{kind}--{uuid.uuid5(NAMESPACE, kind + ' ' + name)}"


PARTNER = stix_id("identity", "Partner CERT")


def stix(kind, name, **more):
    return {"type": kind, "spec_version": "2.1", "id": stix_id(kind, name),
            "created_by_ref": PARTNER, "created": CREATED, "modified": CREATED, "name": name,
            **more}


def indicator(name, pattern, marking, **more):
    return stix("indicator", name, indicator_types=["malicious-activity"], pattern=pattern,
                pattern_type="stix", valid_from="2026-11-17T16:00:00Z",
                object_marking_refs=[marking], **more)


def partner():
    """As a partner's TAXII server gave it."""
    certificate = CONTROL_CERTIFICATE
    identity = stix("identity", "Partner CERT", identity_class="organization")
    del identity["created_by_ref"]
    malware = stix("malware", "SILT", is_family=True, malware_types=["backdoor"],
                   object_marking_refs=[TLP_AMBER],
                   description="Implant that speaks TLS, and DNS where TLS is closed.")
    control = indicator("SILT: control by TLS",
                        "[domain-name:value = 'sync.cloud-metrics.example']"
                        f" OR [ipv6-addr:value = '{CONTROL_IPV6}']", TLP_AMBER)
    related = stix("relationship", "control indicates SILT", relationship_type="indicates",
                   source_ref=control["id"], target_ref=malware["id"],
                   object_marking_refs=[TLP_AMBER])
    del related["name"]
    objects = [
        identity, malware, control, related,
        indicator("SILT: second stage",
                  f"[file:hashes.MD5 = '{TOOL.md5}' AND file:hashes.'SHA-256' = '{TOOL.sha256}']",
                  TLP_GREEN),
        indicator("SILT: certificate of the control server",
                  f"[x509-certificate:hashes.'SHA-1' = '{certificate.sha1}'"
                  f" OR x509-certificate:hashes.'SHA-256' = '{certificate.sha256}']",
                  TLP_AMBER_STRICT),
        indicator("SILT: the zone's bare name",
                  "[domain-name:value = 'cloud-metrics.example']", TLP_AMBER),
        indicator("SILT: click, then download",
                  "[url:value LIKE '%/secure/view%'] FOLLOWEDBY"
                  f" [file:hashes.'SHA-256' = '{LURE.sha256}'] WITHIN 300 SECONDS", TLP_AMBER),
        indicator("Withdrawn: this is the address of a news site",
                  "[ipv4-addr:value = '198.51.100.10']", TLP_GREEN, revoked=True),
    ]
    bundle = {"type": "bundle", "id": stix_id("bundle", "partner"), "objects": objects}
    return json.dumps(bundle, indent=2) + "\n"
