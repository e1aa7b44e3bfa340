# SPDX-License-Identifier: EUPL-1.2
"""Receivers of what a node sends: syslog, webhooks, mail, sockets. Real sockets on this machine; each
may be down, come back, refuse, hang or hang up."""

import base64
import http.server
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time

WAIT_S = 60
STEP_S = 0.01


def wait_for(condition, what):
    for _ in range(int(WAIT_S / STEP_S)):
        found = condition()
        if found:
            return found
        time.sleep(STEP_S)
    raise AssertionError(f"waited {WAIT_S} s for {what}")


def free_port(kind=socket.SOCK_STREAM):
    """A port where nobody listens now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# ---- certificates ----

class Authority:
    """A certificate authority of a test's own, and certificates of it."""

    def __init__(self):
        if shutil.which("openssl") is None:
            raise FileNotFoundError("openssl")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="linie-ca-"))
        self.ca = self.folder / "ca.pem"
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-days", "30", "-subj", "/CN=Test authority", "-keyout", "ca.key", "-out", "ca.pem")

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def certificate(self, name, subject="localhost"):
        """Paths of a certificate and its key."""
        (self.folder / f"{name}.ext").write_text(
            f"subjectAltName=DNS:{subject}" + (",IP:127.0.0.1\n" if subject == "localhost" else "\n"))
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                     f"/CN={subject}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                     "-CAcreateserial", "-days", "30", "-extfile", f"{name}.ext", "-out", f"{name}.pem")
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def server(self, subject="localhost", clients=False):
        """A server's side of TLS; with `clients` it wants certificates of its callers."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate, key = self.certificate("server-" + subject, subject)
        context.load_cert_chain(certificate, key)
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.ca)
        return context

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)


# ---- servers ----

class Server:
    """Accepts connections, each served by a thread."""

    def __init__(self, context=None, port=0):
        self.context = context
        self.lock = threading.Lock()
        self.connections = []
        self.accepted = 0
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", port))
        self.socket.listen(16)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with self.lock:
                self.accepted += 1
            threading.Thread(target=self.begin, args=(connection,), daemon=True).start()

    def begin(self, connection):
        try:
            if self.context is not None:
                connection = self.context.wrap_socket(connection, server_side=True)
            with self.lock:
                self.connections.append(connection)
            self.serve(connection)
        except (OSError, ValueError):
            pass
        finally:
            connection.close()

    def serve(self, connection):
        raise NotImplementedError

    def close(self):
        """Down: nobody listens, all connections are gone."""
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        with self.lock:
            for connection in self.connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.close()
        except OSError:
            pass


class SyslogServer(Server):
    """RFC 6587, octet counting. `hang_up_after`: so many messages of the first connection."""

    def __init__(self, context=None, port=0, hang_up_after=None):
        self.messages = []
        self.hang_up_after = hang_up_after
        super().__init__(context, port)

    def serve(self, connection):
        held = b""
        while True:
            got = connection.recv(65536)
            if not got:
                return
            held += got
            while frame := re.match(rb"([1-9][0-9]*) ", held):
                size = int(frame.group(1))
                if len(held) < frame.end() + size:
                    break
                with self.lock:
                    self.messages.append(held[frame.end():frame.end() + size])
                    if self.hang_up_after is not None and len(self.messages) >= self.hang_up_after:
                        self.hang_up_after = None
                        return
                held = held[frame.end() + size:]
            assert len(held) < 1 << 20 and not re.match(rb"[^0-9]", held), held[:80]


class LineSocket:
    """A Unix socket of lines, or of datagrams."""

    def __init__(self, path, datagram=False):
        self.path = str(path)
        self.lines = []
        self.datagram = datagram
        pathlib.Path(self.path).unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if datagram else socket.SOCK_STREAM)
        self.socket.bind(self.path)
        if not datagram:
            self.socket.listen(4)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                if self.datagram:
                    self.lines.append(self.socket.recv(1 << 20).decode())
                    continue
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.read, args=(connection,), daemon=True).start()

    def read(self, connection):
        with connection, connection.makefile("r", encoding="utf-8", newline="\n") as stream:
            for line in stream:
                self.lines.append(line.removesuffix("\n"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


class UdpServer:
    def __init__(self, port=0):
        self.messages = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                self.messages.append(self.socket.recv(1 << 16))
            except OSError:
                return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


class WebServer:
    """Answers POST with the next of `answers` (a status, "hang" or "close"), at last with 200."""

    def __init__(self, context=None, port=0, answers=()):
        self.requests = [] # (headers, body) of those that were answered with 2xx
        self.tries = 0
        self.answers = list(answers)
        self.released = threading.Event()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self): # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.tries += 1
                answer = receiver.answers.pop(0) if receiver.answers else 200
                if answer == "hang":
                    receiver.released.wait(WAIT_S)
                    answer = "close"
                if answer == "close":
                    self.close_connection = True
                    return
                if 200 <= answer < 300:
                    receiver.requests.append((dict(self.headers), body))
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                if 300 <= answer < 400:
                    self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                self.end_headers()

            def log_message(self, *_): # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


class MailServer(Server):
    """As much of RFC 5321, RFC 3207 (STARTTLS) and RFC 4954 (AUTH PLAIN) as a client needs.
    `tls`: a context; `implicit`: TLS from the first byte; `refuse`: answers 451 so many times."""

    def __init__(self, tls=None, implicit=False, refuse=0, port=0):
        self.tls = tls
        self.implicit = implicit
        self.mails = []
        self.refuse = refuse
        super().__init__(tls if implicit else None, port)

    def serve(self, connection):
        state = {"tls": self.implicit, "login": None, "from": None, "to": []}
        stream = connection.makefile("rwb")

        def say(text):
            stream.write(text.encode() + b"\r\n")
            stream.flush()

        say("220 test ESMTP")
        while line := stream.readline():
            word, _, rest = line.decode().strip().partition(" ")
            word = word.upper()
            if word == "EHLO":
                offers = ["test"]
                offers += ["STARTTLS"] if self.tls and not state["tls"] else []
                offers += ["AUTH PLAIN"] if state["tls"] or self.tls is None else []
                for i, offer in enumerate(offers):
                    say(f"250{' ' if i + 1 == len(offers) else '-'}{offer}")
            elif word == "STARTTLS":
                say("220 go on")
                connection = self.tls.wrap_socket(connection, server_side=True)
                with self.lock:
                    self.connections.append(connection)
                stream = connection.makefile("rwb")
                state["tls"] = True
            elif word == "AUTH":
                _, _, given = rest.partition(" ")
                if not given:
                    say("334 ")
                    given = stream.readline().decode().strip()
                state["login"] = base64.b64decode(given).decode().split("\0")[1:]
                say("235 welcome")
            elif word == "MAIL":
                state["from"], state["to"] = rest, []
                say("250 ok")
            elif word == "RCPT":
                state["to"].append(rest)
                say("250 ok")
            elif word == "DATA":
                say("354 go on")
                data = b""
                while not data.endswith(b"\r\n.\r\n"):
                    data += stream.readline()
                if self.refuse > 0:
                    self.refuse -= 1
                    say("451 try again later")
                    continue
                data = data[:-3].replace(b"\r\n..", b"\r\n.")
                with self.lock:
                    self.mails.append(dict(state, to=list(state["to"]), data=data))
                say("250 kept")
            elif word == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")


# ---- RFC 5424, read by nobody who wrote it ----

SYSLOG = re.compile(
    rb"<(?P<pri>0|[1-9][0-9]{0,2})>1 (?P<time>-|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]{1,6})?Z) "
    rb"(?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) (?P<procid>[!-~]{1,128}) (?P<msgid>[!-~]{1,32}) "
    rb'\[(?P<id>[!#-<>-\\^-~]{1,32})(?P<params>(?: [!#-<>-\\^-~]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*)\]'
    rb" (?P<text>.*)", re.DOTALL)


def syslog_read(message):
    """The parts of a message; "params" is a dictionary."""
    found = SYSLOG.fullmatch(message)
    assert found, message
    parts = found.groupdict()
    assert int(parts["pri"]) <= 191
    params = {}
    for name, value in re.findall(rb' ([!#-<>-\\^-~]+)="((?:[^"\\\]]|\\["\\\]])*)"', parts["params"]):
        params[name.decode()] = re.sub(rb'\\(["\\\]])', rb"\1", value).decode()
    text = parts["text"]
    assert text.isascii() or text.startswith(b"\xef\xbb\xbf"), text
    return parts | {"params": params, "text": text.removeprefix(b"\xef\xbb\xbf").decode()}
