#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Outputs over the network: syslog by TLS, webhooks, mail, and secrets that stay secret.

    tests/node/outputs_net.py PROGRAM
"""

import base64
import email
import email.policy
import hashlib
import hmac
import json
import os
import subprocess

from ground import DONE, FOUND, TROUBLE, Skip, run_all, test
from receivers import (Authority, MailServer, SyslogServer, WebServer, free_port, syslog_read, wait_for)
from sender import LIST, Pipe, Sender, dns, opened

HOSTILE = 'x"]\\ [a b="c"]\r\n<1>1 - - - - - -\x1b[2J\u202e€'


def authority():
    try:
        return Authority()
    except FileNotFoundError as absent:
        raise Skip("there is no openssl here") from absent


# ---- syslog by TLS ----

@test
def syslog_goes_by_tls_to_a_receiver_whose_certificate_fits():
    with authority() as ca, Sender() as node, SyslogServer(ca.server()) as receiver:
        node.output("siem", kind="syslog", url=f"tls://localhost:{receiver.port}", ca_file=ca.ca)
        node.add(LIST)
        node.watch(node.many(20))
        params = [syslog_read(message)["params"] for message in receiver.messages]
        assert [each["inside"] for each in params[:20]] == [f"10.1.0.{i}" for i in range(20)]
        assert node.stands("siem")["behind"] == 0


@test
def syslog_is_not_sent_where_name_or_authority_do_not_fit():
    with authority() as ca, authority() as other, Sender() as node, \
            SyslogServer(ca.server("elsewhere.example")) as misnamed, \
            SyslogServer(other.server()) as foreign:
        node.output("misnamed", kind="syslog", url=f"tls://localhost:{misnamed.port}", ca_file=ca.ca)
        node.output("foreign", kind="syslog", url=f"tls://localhost:{foreign.port}", ca_file=ca.ca)
        node.output("system", kind="syslog", url=f"tls://localhost:{foreign.port}")
        node.add(LIST)
        node.watch(dns("evil.example"))
        for name in ("misnamed", "foreign", "system"):
            row = node.stands(name)
            assert row["delivered"] == 0 and row["behind"] >= 1 and "fault" in row, row
        assert misnamed.messages == foreign.messages == []


@test
def syslog_receiver_that_asks_for_a_certificate_gets_one():
    with authority() as ca, Sender() as node, SyslogServer(ca.server(clients=True)) as receiver:
        certificate, key = ca.certificate("client", "node.example")
        url = f"tls://localhost:{receiver.port}"
        node.output("without", kind="syslog", url=url, ca_file=ca.ca)
        node.output("with", kind="syslog", url=url, ca_file=ca.ca, cert_file=certificate, key_file=key)
        node.add(LIST)
        node.watch(dns("evil.example"))
        assert node.stands("with")["behind"] == 0, node.stands("with")
        assert node.stands("without")["delivered"] == 0
        assert len([message for message in receiver.messages if b'event="opened"' in message]) == 1


@test
def syslog_is_read_by_openssl():
    with authority() as ca, Sender() as node:
        certificate, key = ca.certificate("server")
        port = free_port()
        process = subprocess.Popen(
            ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", certificate, "-key", key,
             "-quiet", "-tls1_3"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            node.output("siem", kind="syslog", url=f"tls://localhost:{port}", ca_file=ca.ca).add(LIST)
            with Pipe(node) as pipe:
                pipe.write(node.many(3))
                wait_for(lambda: node.stands("siem")["delivered"] == 3, "three messages")
                pipe.process.kill()
        finally:
            process.terminate()
            got, _ = process.communicate()
        for _ in range(3):
            size, _, rest = got.partition(b" ")
            assert syslog_read(rest[:int(size)])["params"]["value"] == "evil.example"
            got = rest[int(size):]
        assert got == b""


# ---- webhooks ----

def bodies(receiver):
    return [json.loads(body) for _, body in receiver.requests]


@test
def webhook_gets_arrays_of_events_signed_by_the_secret():
    with authority() as ca, Sender() as node, WebServer(ca.server()) as receiver:
        key = bytes(range(32))
        node.secret("soc.secret", "whsec_" + base64.b64encode(key).decode())
        node.output("soc", kind="webhook", url=f"https://localhost:{receiver.port}/hook", ca_file=ca.ca,
                    secret_file="keys/soc.secret", batch=7).add(LIST)
        node.watch(node.many(20))
        events = [event for body in bodies(receiver) for event in body]
        assert all(len(body) <= 7 for body in bodies(receiver))
        assert [event["inside"] for event in opened(events)] == [f"10.1.0.{i}" for i in range(20)]
        for headers, body in receiver.requests:
            lower = {name.lower(): value for name, value in headers.items()}
            assert lower["content-type"] == "application/json"
            signed = f"{lower['webhook-id']}.{lower['webhook-timestamp']}.".encode() + body
            expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
            assert lower["webhook-signature"] == f"v1,{expected}", lower


@test
def webhook_of_one_event_gets_an_object_and_a_plain_secret_signs_too():
    with Sender() as node, WebServer() as receiver:
        node.secret("soc.secret", "a plain secret\n")
        node.output("soc", kind="webhook", url=f"http://localhost:{receiver.port}/", batch=1,
                    format="eve", secret_file="keys/soc.secret").add(LIST)
        node.watch(dns("evil.example"))
        headers, body = receiver.requests[0]
        assert json.loads(body)["event_type"] == "alert"
        lower = {name.lower(): value for name, value in headers.items()}
        signed = f"{lower['webhook-id']}.{lower['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(b"a plain secret", signed, hashlib.sha256).digest())
        assert lower["webhook-signature"] == f"v1,{expected.decode()}"


@test
def webhook_is_tried_again_until_it_is_answered_well():
    answers = [500, "close", 404, 503]
    with Sender() as node, WebServer(answers=answers) as receiver:
        node.output("soc", kind="webhook", url=f"http://127.0.0.1:{receiver.port}/").add(LIST)
        with Pipe(node) as pipe:
            pipe.write(node.many(5))
            wait_for(lambda: node.stands("soc").get("fault") == "the receiver answered with status 503",
                     "the last refusal")
            wait_for(lambda: node.stands("soc")["behind"] == 0, "everything")
            pipe.end()
        assert receiver.tries >= len(answers) + 1
        events = [event for body in bodies(receiver) for event in body]
        assert [event["inside"] for event in opened(events)] == [f"10.1.0.{i}" for i in range(5)]


@test
def webhook_follows_no_redirect():
    with Sender() as node, WebServer(answers=[302] * 50) as receiver:
        node.output("soc", kind="webhook", url=f"http://127.0.0.1:{receiver.port}/").add(LIST)
        node.watch(dns("evil.example"))
        assert "status 302" in node.stands("soc")["fault"]
        assert receiver.requests == []


@test
def webhook_that_hangs_is_given_up_by_the_run_and_told_later():
    with Sender() as node:
        with WebServer(answers=["hang"] * 50) as receiver:
            port = receiver.port
            node.output("soc", kind="webhook", url=f"http://127.0.0.1:{port}/").lines_output().add(LIST)
            with Pipe(node) as pipe:
                pipe.write(dns("evil.example"))
                wait_for(lambda: receiver.tries == 1, "the request")
                wait_for(lambda: len(node.written()) == 1, "the file")
                pipe.process.terminate() # waits two seconds for what is left, and no longer
                pipe.process.communicate(timeout=30)
            assert node.stands("soc")["behind"] == 1
        with WebServer(port=port) as receiver:
            node.watch("", name="b.log", status=DONE)
            assert len(opened(event for body in bodies(receiver) for event in body)) == 1


# ---- mail ----

def read(mail):
    return email.message_from_bytes(mail["data"], policy=email.policy.default)


def mail_output(node, url, **more):
    return node.output("duty", kind="mail", url=url, **{"from": "linie@water.example"},
                       to="duty@water.example second@water.example", **more)


@test
def mail_is_a_digest_in_plain_words():
    with authority() as ca, Sender() as node, MailServer(ca.server(), implicit=True) as receiver:
        node.secret("mail.password", "p a s s\n")
        mail_output(node, f"smtps://localhost:{receiver.port}", ca_file=ca.ca, user="linie",
                    password_file="keys/mail.password", events="opened").add(LIST)
        node.watch(node.many(3))
        (mail,) = receiver.mails
        assert mail["tls"] and mail["login"] == ["linie", "p a s s"], mail
        assert mail["from"].startswith("FROM:<linie@water.example>")
        assert [to.split(">")[0] for to in mail["to"]] == ["TO:<duty@water.example",
                                                           "TO:<second@water.example"]
        message = read(mail)
        assert message["Subject"] == "Linie: 3 hits", message["Subject"]
        assert message["From"] == "linie@water.example"
        assert message["To"] == "duty@water.example, second@water.example"
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Date"].datetime is not None and message["Message-ID"].endswith("@water.example>")
        text = message.get_body().get_content()
        assert text.count("met domain evil[.]example") == 3 and "10[.]1[.]0[.]2" in text, text
        assert "http://" not in text and "evil.example" not in text
        assert all(len(line) <= 998 for line in mail["data"].split(b"\r\n"))


@test
def mail_goes_by_starttls_and_not_without():
    with authority() as ca, Sender() as node, MailServer(ca.server()) as able, \
            MailServer() as clear:
        mail_output(node, f"smtp://localhost:{able.port}", ca_file=ca.ca).add(LIST)
        node.watch(dns("evil.example"))
        assert [mail["tls"] for mail in able.mails] == [False], "to this machine it needs no TLS"
        conf = (node.path / "linie.conf").read_text()
        # A name that is not localhost's, though it is this machine's: nothing goes in the clear.
        name = os.uname().nodename
        (node.path / "linie.conf").write_text(conf.replace(f"localhost:{able.port}",
                                                           f"{name}:{clear.port}"))
        node.watch(dns("evil.example", "10.9.9.9"), name="b.log")
        assert clear.mails == [] and "fault" in node.stands("duty"), node.stands("duty")


@test
def mail_tells_so_many_and_counts_the_rest():
    with Sender() as node, MailServer() as receiver:
        mail_output(node, f"smtp://localhost:{receiver.port}", batch=5, events="opened").add(LIST)
        node.hosts_max(1000)
        node.watch(node.many(300))
        total = 0
        for message in map(read, receiver.mails):
            text = message.get_body().get_content()
            assert text.count("met domain") <= 5
            total += int(message["Subject"].split()[1])
        assert total == 300 and len(receiver.mails) <= 3, (total, len(receiver.mails))
        assert node.stands("duty")["behind"] == 0


@test
def mail_that_is_refused_is_tried_again():
    with Sender() as node, MailServer(refuse=1) as receiver:
        mail_output(node, f"smtp://localhost:{receiver.port}", every="1s").add(LIST)
        with Pipe(node) as pipe:
            pipe.write(node.many(2))
            wait_for(lambda: len(receiver.mails) == 1, "the mail")
            pipe.end()
        assert read(receiver.mails[0])["Subject"] == "Linie: 2 hits"


@test
def hostile_values_break_no_format():
    with Sender() as node, MailServer() as mails, SyslogServer() as syslog, WebServer() as web:
        mail_output(node, f"smtp://localhost:{mails.port}", events="opened")
        node.output("siem", kind="syslog", url=f"tcp://localhost:{syslog.port}", events="opened")
        node.output("soc", kind="webhook", url=f"http://localhost:{web.port}/", events="opened")
        node.lines_output(events="opened")
        node.add("evil.example\n", "--set", "s" + "\u202e")
        node.run("watch", node.file("a.log", dns(HOSTILE[:-1] + ".evil.example")), "--sensor", HOSTILE,
                 "--quiet", status=FOUND)
        (event,) = node.written()
        assert event["sensor"] == HOSTILE and event["value"] == "evil.example"
        ((event,),) = bodies(web)
        assert event["sensor"] == HOSTILE
        (message,) = syslog.messages
        assert b"\n" not in message and b"\x1b" not in message
        sensor = syslog_read(message)["params"]["sensor"]
        assert sensor == HOSTILE.replace("\r", "\\x0d").replace("\n", "\\x0a") \
            .replace("\x1b", "\\x1b").replace("\u202e", "\\u{202e}"), sensor
        text = read(mails.mails[0]).get_body().get_content()
        assert "\\x0d\\x0a<1>1" in text and "€" in text, text


# ---- secrets ----

@test
def secret_that_others_may_read_is_not_used():
    with Sender() as node, WebServer() as receiver:
        path = node.secret("soc.secret", "hush")
        path.chmod(0o644)
        node.output("soc", kind="webhook", url=f"http://localhost:{receiver.port}/",
                    secret_file="keys/soc.secret").add(LIST)
        with Pipe(node) as pipe:
            pipe.write(dns("evil.example"))
            wait_for(lambda: "chmod 600" in node.stands("soc").get("fault", ""), "the refusal")
            path.chmod(0o600)
            wait_for(lambda: node.stands("soc")["behind"] == 0, "the hit")
            pipe.end()
        told = node.run("output", "test", "soc").stdout
        assert "was delivered" in told
        path.chmod(0o640)
        assert "chmod 600" in node.run("output", "test", "soc", status=TROUBLE).stderr


@test
def secrets_are_shown_and_kept_nowhere():
    with Sender() as node, WebServer() as receiver, MailServer() as mails:
        node.secret("soc.secret", "hush-hush-1")
        node.secret("mail.password", "hush-hush-2")
        node.output("soc", kind="webhook", url=f"http://localhost:{receiver.port}/",
                    secret_file="keys/soc.secret")
        mail_output(node, f"smtp://localhost:{mails.port}", user="linie",
                    password_file="keys/mail.password").add(LIST)
        with Pipe(node) as pipe:
            pipe.write(dns("evil.example"))
            wait_for(lambda: receiver.requests, "the hit")
            words = open(f"/proc/{pipe.fetch()}/cmdline", "rb").read()
            pipe.end()
        told = node.said("output", "list") + node.said("output", "list", "--json") + node.said("status")
        assert "hush" not in told and b"hush" not in words
        for path in node.path.rglob("*"):
            if path.is_file() and path.parent.name != "keys":
                assert b"hush-hush" not in path.read_bytes(), path


run_all()
