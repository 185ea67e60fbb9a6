"""The DNS over a real socket, from a stand-in that knows a few names."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from syndicator.errors import SourceError
from syndicator.net.names import SystemNames

RECORDS = {"long.courier.org.": '"v=DKIM1; p=abc" "def"', "two.courier.org.": '"one"'}


@contextmanager
def answering(*, broken: bool = False) -> Iterator[str]:
    """A name server on loopback; ``broken``: it says SERVFAIL to everything."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            packet, client = server.recvfrom(4096)
            if not packet:
                return
            question = dns.message.from_wire(packet)
            name = question.question[0].name.to_text().lower()
            answer = dns.message.make_response(question)
            answer.flags |= dns.flags.RA
            if broken:
                answer.set_rcode(dns.rcode.SERVFAIL)
            elif name in RECORDS:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", RECORDS[name]))
            elif name != "empty.courier.org.":
                answer.set_rcode(dns.rcode.NXDOMAIN)
            server.sendto(answer.to_wire(), client)

    thread = Thread(target=serve)
    thread.start()
    host, port = server.getsockname()
    try:
        yield f"{host}:{port}"
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (host, port))
        thread.join()
        server.close()


def test_a_record_in_pieces_is_one_text_and_a_name_without_one_has_none() -> None:
    with answering() as server:
        names = SystemNames([server])
        assert names.texts("long.courier.org") == ["v=DKIM1; p=abcdef"]
        assert names.texts("empty.courier.org") == []
        assert names.texts("nowhere.courier.org") == []


def test_a_server_that_cannot_tell_is_no_answer() -> None:
    with answering(broken=True) as server, pytest.raises(SourceError, match=r"long\.courier\.org"):
        SystemNames([server], patience=0.5).texts("long.courier.org")


def test_what_is_no_name_is_told() -> None:
    with pytest.raises(SourceError):
        SystemNames(["127.0.0.1:9"]).texts("x" * 70 + ".courier.org")
