"""Mail over STARTTLS to a sink that ends TLS; its certificate is trusted by ``SSL_CERT_FILE``."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import databases
from bench.measuring import Pairs, Run, Size, contender, interleaved
from bench.newsroom import Relay
from bench.sinks import found, server

from .mail import SOURCES, prepared

REQUEST = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"


def run(size: Size) -> list[Pairs]:
    many, few, wire = size.of(6_000), size.of(500), 12_000
    pairs = Pairs(
        load="tls 12 KB",
        unit="mails",
        baseline="smtplib",
        about=f"{many} mails over STARTTLS, {SOURCES} connections; smtplib sends {few} over one",
    )
    tool = found("openssl")
    if tool is None:
        pairs.skipped["all"] = "openssl is not installed: there is no certificate"
        return [pairs]
    with ExitStack() as open_:
        certificate = _certificate(tool, Path(open_.enter_context(TemporaryDirectory())))
        sink = open_.enter_context(server("mail", size, certificate=str(certificate)))
        planned = open_.enter_context(databases.sqlite(lambda app: prepared(app, many, wire)))
        trust = {"SSL_CERT_FILE": str(certificate)}

        def ours() -> Run:
            copy = planned.copy(Relay(port=sink.port, tls="starttls", connections=SOURCES))
            return contender("ours.mail", size, sink.pid, environ=trust, configuration=str(copy))

        told = {"port": sink.port, "wire": wire, "many": few, "tls": True}
        naive = partial(contender, "mail.naive", size, sink.pid, environ=trust, **told)
        return [interleaved(pairs, {"smtplib": naive, "syndicator, sqlite": ours}, size.rounds)]


def _certificate(tool: str, folder: Path) -> Path:
    """Key and certificate for the loopback address in one file."""
    key, made = folder / "key.pem", folder / "certificate.pem"
    command = [tool, *REQUEST.split(), "-keyout", str(key), "-out", str(made)]
    subprocess.run(command, check=True, capture_output=True)
    made.write_bytes(made.read_bytes() + key.read_bytes())
    return made
