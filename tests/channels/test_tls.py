"""Mail over TLS to a real server that pipelines: with STARTTLS and from the first octet."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from syndicator.channels.email import EmailChannel
from syndicator.model import ChannelId, Outcome
from tests.lanes import WORLD, ListLane, parcel

MAILS = 60


class Keeper:
    """Says that it pipelines, and keeps what came with how it came."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.in_the_clear = 0

    async def handle_EHLO(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        transport = server.transport
        self.in_the_clear += transport is None or transport.get_extra_info("cipher") is None
        self.bodies.append(bytes(envelope.original_content or b""))
        return "250 2.0.0 Ok"


class Server(Controller):
    """On a free port of the loopback address."""

    @property
    def found_port(self) -> int:
        assert self.server is not None
        return int(self.server.sockets[0].getsockname()[1])

    def _trigger_server(self) -> None:
        """The controller's own look at its port does not know a free one."""
        socket.create_connection(("127.0.0.1", self.found_port)).close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "relay.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(made.public_bytes(Encoding.PEM) + secret)
    return file


@contextmanager
def relay(certificate: Path, tls: str) -> Iterator[tuple[Keeper, int]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    told: dict[str, Any] = (
        {"tls_context": context, "require_starttls": True} if tls == "starttls" else {"ssl_context": context}
    )
    keeper = Keeper()
    server = Server(keeper, hostname="127.0.0.1", port=0, **told)
    server.start()
    try:
        yield keeper, server.found_port
    finally:
        server.stop(no_assert=True)


def sent(port: int, tls: str) -> ListLane:
    told = {"host": "127.0.0.1", "port": port, "tls": tls, "sender": "n@n.example", "timeout": 10}
    settings = EmailChannel.Settings.model_validate(told | {"connections": 3})
    lane = ListLane(
        [
            parcel(
                number,
                f"Story {number}. " + "Rain closed the road. " * 400,
                subject="Rain",
                address=f"r{number}@x.example",
                blanks={"message_id": f"<{number}@n.example>", "name": "Sara"},
            )
            for number in range(1, MAILS + 1)
        ]
    )
    with EmailChannel(settings, WORLD, id=ChannelId("mail")) as channel:
        channel.run(lane)
    return lane


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_every_mail_goes_encrypted_and_once(
    certificate: Path, tls: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # as an operator trusts a relay of their own
    with relay(certificate, tls) as (keeper, port):
        lane = sent(port, tls)
    assert lane.outcomes == [Outcome.ACCEPTED] * MAILS
    assert keeper.in_the_clear == 0
    stories = sorted(int(body.split(b"Story ")[1].split(b".")[0]) for body in keeper.bodies)
    assert stories == [*range(1, MAILS + 1)]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_relay_whose_certificate_nobody_trusts_gets_nothing(certificate: Path, tls: str) -> None:
    with relay(certificate, tls) as (keeper, port):
        lane = sent(port, tls)
    assert keeper.bodies == []
    assert lane.outcomes == [Outcome.DEFERRED]
    assert "certificate" in lane.receipts[0].detail.lower()
