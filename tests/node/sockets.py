#!/usr/bin/env python3
# SPDX-License-Identifier: EUPL-1.2
"""Lines that come to sockets: syslog over UDP, TCP and TLS, local sockets; senders that are held back,
loss that is counted, silence that is told, and a configuration that is read again.

    tests/node/sockets.py PROGRAM
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import threading

from follower import Follower
from ground import TROUBLE, Skip, held_by, run_all, test
from listener import Listener
from receivers import WAIT_S, Authority, free_port, wait_for

PADDING = "x" * 700 # so that some thousand lines fill pipes and queues


def header(kind):
    """What stands before a line in syslog."""
    return {"5424": '<134>1 2026-11-21T12:00:00.003Z host zeek 812 - [a b="c]\\" {"] ',
            "3164": "<134>Nov 21 12:00:00 host zeek[812]: ", "cee": "<134>Nov 21 12:00:00 host zeek: @cee: ",
            "bare": ""}[kind]


def counted(text):
    return f"{len(text.encode())} {text}".encode()


@test
def syslog_comes_by_udp_with_the_headers_of_both_standards():
    with Listener(syslog={}) as node:
        node.start()
        for kind in ("5424", "3164", "cee", "bare"):
            for ending in ("", "\n", "\r\n", "\0"):
                node.datagram("syslog", header(kind) + node.line().rstrip("\n") + ending)
        node.datagram("syslog", "")
        node.datagram("syslog", "\n")
        node.datagram("syslog", header("5424") + node.line().replace(", ", ",\n "))
        node.read("datagrams")
        said = node.node.said("status")
        assert "(zeek-json)" in said and "to its end" not in said, said # it has none
        node.end()


@test
def syslog_comes_by_tcp_in_both_framings_in_pieces_of_any_size():
    with Listener(syslog={"kind": "tcp"}) as node:
        node.start()
        for size in (1, 7, 100000):
            text = b""
            for kind in ("5424", "3164", "cee"):
                text += counted(header(kind) + node.line().rstrip("\n"))
                text += (header(kind) + node.line()).encode()
                text += counted(header(kind) + node.line())
            text += node.line().encode()
            with node.connect("syslog") as out:
                for i in range(0, len(text), size):
                    out.sendall(text[i:i + size])
                out.sendall(node.line().rstrip("\n").encode()) # the end of the stream ends it
        node.read("messages")
        node.end()


@test
def eve_comes_to_a_local_socket_as_a_stream_and_as_datagrams():
    def eve(node):
        node.written += 1
        return json.dumps({"timestamp": f"2026-11-21T12:00:00.{node.written:06}+0000", "event_type": "dns",
                           "src_ip": "10.0.0.5", "dest_ip": "192.0.2.53",
                           "dns": {"type": "query", "rrname": "evil.example"}})

    with Listener(stream={"kind": "unix", "log_format": "eve"},
                  grams={"kind": "unixgram", "log_format": "eve"},
                  outside={"kind": "unix", "log_format": "eve"}) as node:
        node.start()
        for _ in range(3):
            with node.connect("stream") as out:
                out.sendall("".join(eve(node) + "\n" for _ in range(50)).encode())
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.connect(str(node.path("grams")))
            for _ in range(50):
                out.send(eve(node).encode())
        with node.connect("outside") as out:
            out.sendall((eve(node) + "\n").encode())
        node.read("events")
        if os.geteuid() == 0:
            assert oct(node.path("grams").stat().st_mode)[-3:] == "660"
        node.end()
        assert not node.path("stream").exists() and not node.path("grams").exists()
        node.start() # and where a kill, or the jail, left them
        with node.connect("outside") as out:
            out.sendall((eve(node) + "\n").encode())
        node.read("the event")
        node.process.kill()
        node.process.communicate()
        assert node.path("stream").exists()
        node.start()
        with node.connect("stream") as out:
            out.sendall((eve(node) + "\n").encode())
        node.read("an event after a kill")
        node.end()


# ---- TLS ----

def authority():
    if shutil.which("openssl") is None:
        raise Skip("there is no openssl here")
    return Authority()


def with_tls(node, ca, name="tls", **keys):
    certificate, key = ca.certificate("receiver")
    key.chmod(0o600)
    node.section(name, kind="tls", cert_file=certificate, key_file=key, **keys)


def openssl_client(node, ca, text, *words):
    """Sends text by openssl's own client; its status, and what it said."""
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{node.ports['tls']}", "-quiet",
                           "-no_ign_eof", "-verify_return_error", "-CAfile", str(ca.ca), *map(str, words)],
                          input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                          timeout=WAIT_S)
    return done.returncode, done.stdout.decode(errors="replace")


@test
def syslog_comes_by_tls_from_a_real_client():
    with authority() as ca, Listener() as node:
        with_tls(node, ca)
        node.start()
        for version in ("-tls1_2", "-tls1_3"):
            text = b"".join(counted(header("5424") + node.line().rstrip("\n")) for _ in range(20))
            status, said = openssl_client(node, ca, text, version)
            assert status == 0, said
            node.read(version)
        status, said = openssl_client(node, ca, b"<13>x\n", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
        assert status != 0, said
        context = ssl.create_default_context(cafile=str(ca.ca))
        big = "".join(node.line() for _ in range(3000)).encode() # many records
        with context.wrap_socket(node.connect("tls"), server_hostname="localhost") as out:
            out.sendall(big)
        node.read("many records")
        node.end()


@test
def sender_without_a_certificate_that_is_asked_for_is_refused_and_counted():
    with authority() as ca, authority() as other, Listener(plain={"kind": "tcp"}) as node:
        with_tls(node, ca, ca_file=ca.ca)
        node.start()
        certificate, key = ca.certificate("sender")
        stranger, stranger_key = other.certificate("stranger")
        text = (header("5424") + "{}\n").encode()
        openssl_client(node, ca, text)
        openssl_client(node, ca, text, "-cert", stranger, "-key", stranger_key)
        with node.connect("tls") as out: # no TLS at all
            out.sendall(text * 20)
        status, said = openssl_client(node, ca, (header("5424") + node.line()).encode(), "-cert", certificate,
                                      "-key", key)
        assert status == 0, said
        node.read("the line of the sender who is known")
        with context_with(ca, certificate, key).wrap_socket(node.connect("tls"), server_hostname="localhost") as out:
            out.sendall(node.line().encode())
            with node.connect("tls") as stranger_out:
                stranger_out.sendall(text * 20)
                wait_for(lambda: node.status()["faults"].get("broken-connection", 0) >= 1,
                         "broken connections to be counted")
            out.sendall(node.line().encode())
        node.read("lines around it")
        node.stop()


def broken(node, name="tls"):
    """A connection that is no TLS, until it was closed: by then it is counted."""
    with node.connect(name) as out:
        out.sendall(b"no TLS at all\n" * 20)
        try:
            while out.recv(4096):
                pass
        except ConnectionResetError:
            pass


@test
def faults_are_counted_at_once_where_no_line_has_come_and_none_is_lost():
    with authority() as ca, Listener() as node:
        with_tls(node, ca)
        node.start()
        count = 0

        def counted_are(more, what):
            nonlocal count
            count += more
            wait_for(lambda: node.status()["faults"].get("broken-connection", 0) >= count, what)
            status = node.status()
            assert (status["faults"], status["lines"]) == ({"broken-connection": count}, node.written), status

        for _ in range(3):
            broken(node)
        counted_are(3, "faults without a line")
        broken(node)
        node.process.send_signal(signal.SIGHUP)
        broken(node)
        counted_are(2, "faults around a configuration that stays as it was")
        broken(node)
        node.section("more", kind="tcp")
        node.process.send_signal(signal.SIGHUP)
        wait_for(lambda: node.listens("more"), "another socket")
        counted_are(1, "a fault before the process that reads sockets is another one")
        context = ssl.create_default_context(cafile=str(ca.ca))
        with context.wrap_socket(node.connect("tls"), server_hostname="localhost") as out:
            out.sendall(node.line().encode())
            node.read("the first line")
            counted_are(0, "what was counted before the first line")
            os.kill(node.role("watch"), signal.SIGKILL)
            broken(node)
            counted_are(1, "a fault while there is no watch process")
        broken(node)
        said, _ = node.stop() # at once
        assert "1 input read" in said, said
        node.start()
        counted_are(1, "a fault just before the end")
        said = node.end()
        assert "0 inputs read" in said, said


def context_with(ca, certificate, key):
    context = ssl.create_default_context(cafile=str(ca.ca))
    context.load_cert_chain(certificate, key)
    return context


# ---- too much ----

def padded(node):
    return node.line().replace('"query"', f'"padding": "{PADDING}", "query"')


@test
def sender_of_a_stream_is_held_back_and_nothing_is_lost():
    with Listener(syslog={"kind": "tcp"}, stream={"kind": "unix"}) as node:
        node.start()
        with node.connect("syslog") as out:
            out.sendall(node.line().encode())
        node.read("the first line")
        os.kill(node.role("watch"), signal.SIGSTOP)
        done = []

        def send(name, text):
            with node.connect(name) as out:
                out.settimeout(None)
                out.sendall(text)
            done.append(name)

        texts = {name: "".join(padded(node) for _ in range(20000)).encode() for name in ("syslog", "stream")}
        threads = [threading.Thread(target=send, args=pair, daemon=True) for pair in texts.items()]
        for thread in threads:
            thread.start()
        intake = node.role("intake")
        size = lambda: int(next(line.split()[1] for line in pathlib.Path(f"/proc/{intake}/status")
                                .read_text().splitlines() if line.startswith("VmRSS")))
        threads[0].join(1)
        assert size() < 64 * 1024, "the intake keeps what it cannot hand on"
        os.kill(node.role("watch"), signal.SIGCONT)
        for thread in threads:
            thread.join(WAIT_S)
        assert sorted(done) == ["stream", "syslog"], done
        node.read("all that was held back")
        node.end()


@test
def datagrams_that_find_no_room_are_counted_and_told():
    with Listener(syslog={}) as node:
        node.start()
        node.datagram("syslog", node.line())
        node.read("the first datagram")
        os.kill(node.role("watch"), signal.SIGSTOP)
        sent = 40000
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.connect(("127.0.0.1", node.ports["syslog"]))
            for _ in range(sent):
                out.send(padded(node).encode())
        os.kill(node.role("watch"), signal.SIGCONT)

        def all_are_accounted_for():
            status = node.status()
            return status["lines"] + status["faults"].get("lost", 0) == node.written and \
                status["faults"].get("lost", 0) > 0

        wait_for(all_are_accounted_for, "every datagram to be read or counted as lost")
        _, told = node.stop()
        assert "lost: they came faster than they could be read" in told, told
        assert node.status()["hits"] == node.status()["lines"]


@test
def message_that_is_too_long_is_cut_and_counted():
    with Listener(syslog={"kind": "tcp"}) as node:
        node.start()
        with node.connect("syslog") as out:
            out.sendall(node.line().encode())
            node.read("the first line")
            for text in (b"x" * 300000 + b"\n", counted("<13>" + "x" * 300000)):
                out.sendall(text)
                out.sendall(node.line().encode())
        wait_for(lambda: node.status()["hits"] == node.written, "the lines behind")
        wait_for(lambda: node.status()["faults"].get("cut-message") == 2, "what was cut to be counted")
        node.stop()


# ---- processes ----

@test
def process_that_reads_sockets_is_jailed_and_started_again_where_it_breaks():
    with Listener(syslog={"kind": "tcp"}, more={}) as node:
        node.start()
        for number in (signal.SIGKILL, signal.SIGSEGV):
            with node.connect("syslog") as out:
                out.sendall(node.line().encode())
                node.read("a line")
            intake = node.role("intake")
            if os.geteuid() == 0:
                held = held_by(intake)
                assert not [name for name in held if name.startswith(str(node.node.path))], held
            status = pathlib.Path(f"/proc/{intake}/status").read_text()
            assert "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status, status
            os.kill(intake, number)
            wait_for(lambda before=intake: node.processes().get("intake", before) != before, "another one")
        node.datagram("more", node.line())
        with node.connect("syslog") as out:
            out.sendall(node.line().encode())
        node.read("what came after")
        os.kill(node.role("watch"), signal.SIGKILL)
        with node.connect("syslog") as out:
            out.sendall(node.line().encode())
        node.read("what came while there was no watch process")
        node.end()


# ---- silence ----

@test
def source_that_falls_silent_is_told_on_outputs_and_so_is_its_voice():
    with Listener(syslog={"kind": "tcp", "silence": "1s"}) as node:
        with open(node.node.path / "linie.conf", "a", encoding="utf-8") as conf:
            conf.write('\n[output "lines"]\nkind = file\npath = out/lines.ndjson\n')
        node.start()
        written = node.node.path / "out/lines.ndjson"

        def told(kind):
            lines = written.read_text().splitlines() if written.exists() else []
            return [line for line in lines if f'"type":"{kind}"' in line and '"syslog"' in line]

        wait_for(lambda: told("silence"), "a notice of silence on the output")
        assert not told("heard")
        node.stop()
        node.start()
        with node.connect("syslog") as out:
            assert len(told("silence")) == 1, "silence that lasts is told once"
            out.sendall(node.line().encode())
            wait_for(lambda: told("heard"), "a notice that it is heard again")
        wait_for(lambda: len(told("silence")) > 1, "silence again")
        node.stop()


@test
def source_that_gives_fewer_lines_than_expected_is_told():
    with Listener(syslog={"kind": "tcp", "silence": "1s", "expect": "50"}) as node:
        node.start()
        with node.connect("syslog") as out:
            while "nearly silent" not in str(node.status()["notices"]):
                out.sendall(node.line().encode())
                node.read("a line")
            out.sendall("".join(node.line() for _ in range(200)).encode())
            wait_for(lambda: not node.status()["notices"], "enough lines to end it")
        _, told = node.stop()
        assert "and 50 are expected" in told and "heard again" in told, told


# ---- the configuration ----

@test
def configuration_is_read_again_and_what_is_wrong_with_it_changes_nothing():
    with Listener(syslog={"kind": "tcp"}) as node:
        conf = node.node.path / "linie.conf"
        node.start()
        with node.connect("syslog") as out:
            out.sendall(node.line().encode())
            node.read("a line")
            good = conf.read_text()
            for wrong in ("[watch]\njobs = many\n", '[input "x"]\nlisten = tcp://nobody:1\n',
                          '[input "x"]\nlisten = udp://127.0.0.1:1\n',
                          '[input "x"]\nlisten = unix:///nowhere/at/all.sock\nformat = eve\n'):
                conf.write_text(good + "\n" + wrong)
                node.process.send_signal(signal.SIGHUP)
                told = node.process.stderr.readline()
                while "goes on with the configuration" not in told:
                    assert told, "the watch ended"
                    told = node.process.stderr.readline()
                conf.write_text(good)
                out.sendall(node.line().encode())
                node.read("a line after that")
            conf.write_text(good + '\n[input "files"]\npath = ../logs\n')
            node.write("a.log", 3)
            node.process.send_signal(signal.SIGHUP)
            node.read("a file that is followed now")
            out.sendall(node.line().encode())
            node.read("a line of who stayed connected")
        node.section("more")
        node.process.send_signal(signal.SIGHUP)
        wait_for(lambda: node.bound("more"), "another socket")
        node.datagram("more", node.line())
        with node.connect("syslog") as out:
            out.sendall(node.line().encode())
        node.write("a.log", 2)
        node.read("lines of all three")
        conf.write_text(conf.read_text().replace(f"127.0.0.1:{node.ports['more']}", "127.0.0.1:" +
                                                 str(free_port(socket.SOCK_DGRAM))))
        node.process.send_signal(signal.SIGHUP)
        wait_for(lambda: not node.bound("more"), "the old socket to be closed")
        node.end()


@test
def inputs_that_are_read_on_after_the_configuration_was_read_again_count_once():
    with Listener(syslog={"kind": "tcp"}) as node:
        with open(node.node.path / "linie.conf", "a", encoding="utf-8") as conf:
            conf.write('\n[input "files"]\npath = ../logs\n')
        (node.logs / "empty.log").write_text("")
        (node.logs / "strange.log").write_text("this is \0 no log that anybody knows\n" * 500)
        node.write("a.log", 3)
        node.write("b.log", 3)
        node.start()
        for again in range(3):
            if again > 0:
                watch = node.role("watch")
                node.process.send_signal(signal.SIGHUP)
                wait_for(lambda before=watch: node.processes().get("watch", before) != before, "another run")
            with node.connect("syslog") as out:
                out.sendall(node.line().encode())
            node.write("a.log")
            node.read("lines before and after")
        node.write("empty.log")
        node.read("a file that was empty at first")
        said, _ = node.stop()
        assert "4 inputs read, 1 of no known format" in said, said


@test
def what_sockets_need_is_asked_for():
    with Follower(start=False) as node:
        conf = node.node.path / "linie.conf"
        before = conf.read_text()
        for lines, word in (
                (["listen = udp://127.0.0.1:1514"], "needs a format"),
                (["listen = udp://127.0.0.1:1514", "path = x", "format = eve"], "a path and an address"),
                (["listen = tls://127.0.0.1:1514", "format = eve"], "needs a cert-file"),
                (["listen = tcp://127.0.0.1:1514", "format = eve", "cert-file = x"], "no tls:// address"),
                (["listen = udp://localhost:1514"], "not an address"),
                (["listen = udp://127.0.0.1:0"], "not an address"),
                (["listen = udp://::1:514"], "not an address"),
                (["listen = unix://relative"], "begins with '/'"),
                (["path = x", "silence = soon"], "not a time"),
                (["path = x", "expect = 10"], "names no silence")):
            conf.write_text(before + '\n[input "x"]\n' + "\n".join(lines) + "\n")
            told = node.node.run("status", status=TROUBLE).stderr
            assert word in " ".join(told.split()), (word, told)
        conf.write_text(before + '\n[input "x"]\nlisten = udp://127.0.0.1:1514\nformat = eve\n')
        assert "--follow" in node.node.run("watch", status=TROUBLE).stderr
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            conf.write_text(conf.read_text().replace(":1514", f":{taken.getsockname()[1]}"))
            told = node.node.run("watch", "--follow", status=TROUBLE).stderr
            assert "cannot listen on" in told, told


run_all()
