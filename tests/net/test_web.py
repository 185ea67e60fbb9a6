"""The guarded way out, against a real server on loopback."""

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread

import pytest

from syndicator.errors import SourceError
from syndicator.net.addresses import is_public
from syndicator.net.web import GuardedWeb

Reply = Callable[[BaseHTTPRequestHandler], None]
SHARED = Path(__file__).parents[2].parent / "shared"


@contextmanager
def serving(**pages: Reply) -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            pages[self.path.strip("/").partition("?")[0]](self)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answer(body: bytes = b"", status: int = 200, **headers: str) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def web(base: str = "", **options: object) -> GuardedWeb:
    return GuardedWeb(
        monotonic=lambda: 0.0,
        private_allowed=[base.removeprefix("http://")],
        **options,  # type: ignore[arg-type]
    )


def test_a_page_is_fetched_whole() -> None:
    with (
        serving(a=answer(gzip.compress(b"rain" * 100), Content_Encoding="gzip", ETag="x")) as (base, _),
        web(base) as out,
    ):
        found = out.get(f"{base}/a")
    assert (found.status, found.body, found.headers["etag"], found.moved_to) == (
        200,
        b"rain" * 100,
        "x",
        None,
    )


def test_a_permanent_move_is_told_and_a_temporary_one_is_not() -> None:
    pages = {
        "old": answer(status=301, Location="/new"),
        "maybe": answer(status=302, Location="/old"),
        "new": answer(b"rain"),
    }
    with serving(**pages) as (base, _), web(base) as out:
        assert out.get(f"{base}/old").moved_to == f"{base}/new"
        assert out.get(f"{base}/maybe").moved_to is None
        assert out.get(f"{base}/maybe").url == f"{base}/new"


def test_a_ring_of_redirects_ends() -> None:
    with serving(a=answer(status=302, Location="/a")) as (base, asked), web(base) as out:
        with pytest.raises(SourceError, match="more than 5 redirects"):
            out.get(f"{base}/a")
        assert len(asked) == 6


def test_a_private_address_is_refused_also_behind_a_redirect() -> None:
    with serving(canary=answer(b"secret")) as (canary, asked):
        with serving(a=answer(status=302, Location=f"{canary}/canary")) as (base, _), web(base) as out:
            with pytest.raises(SourceError, match="not a public address"):
                out.get(f"{base}/a")
            with pytest.raises(SourceError, match="private_allowed"):
                out.get(f"{canary}/canary")
        assert asked == []


def test_a_name_that_changes_its_address_is_asked_once() -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    with serving(a=answer(b"rain")) as (base, _):
        port = base.rpartition(":")[2]
        out = GuardedWeb(
            monotonic=lambda: 0.0,
            private_allowed=[f"courier.example:{port}"],
            resolve=lambda host, port: next(answers),
        )
        with out:
            assert out.get(f"http://courier.example:{port}/a").body == b"rain"
    assert next(answers) == ["10.0.0.1"]


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with (
        web(resolve=lambda host, port: ["8.8.8.8", "10.0.0.1"]) as out,
        pytest.raises(SourceError, match=r"10\.0\.0\.1"),
    ):
        out.get("http://courier.example/")


def test_feed_of_50_mb() -> None:
    with serving(a=answer(b"x" * 2_000_000)) as (base, _), web(base, body_max=1_000_000) as out:
        with pytest.raises(SourceError, match="larger than 1000000"):
            out.get(f"{base}/a")


def test_a_decompression_bomb_is_noticed_early() -> None:
    bomb = answer(gzip.compress(b"\0" * 50_000_000), Content_Encoding="gzip")
    with serving(a=bomb) as (base, _), web(base, body_max=1_000_000) as out:
        with pytest.raises(SourceError, match="larger than 1000000"):
            out.get(f"{base}/a")


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_an_answer_that_is_coded_wrongly(coding: str) -> None:
    with serving(a=answer(b"plain", Content_Encoding=coding)) as (base, _), web(base) as out:
        with pytest.raises(SourceError, match="/a"):
            out.get(f"{base}/a")


def test_an_answer_that_breaks_off() -> None:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"half")

    with serving(a=reply) as (base, _), web(base) as out, pytest.raises(SourceError, match="broke off"):
        out.get(f"{base}/a")


def test_a_server_that_takes_its_time() -> None:
    clock = count(step=20)
    with serving(a=answer(b"rain")) as (base, _):
        out = GuardedWeb(monotonic=lambda: float(next(clock)), private_allowed=[base.removeprefix("http://")])
        with out, pytest.raises(SourceError, match="within 30 s"):
            out.get(f"{base}/a")


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "file:///etc/passwd", "http://", "not a url", "http://[::1"]
)
def test_what_is_no_web_address(url: str) -> None:
    with web() as out, pytest.raises(SourceError):
        out.get(url)


def test_a_closed_door() -> None:
    with serving() as (base, _):
        pass
    with web(base) as out, pytest.raises(SourceError, match="no connection"):
        out.get(base)


def test_a_name_nobody_has() -> None:
    def nobody(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    with web(resolve=nobody) as out, pytest.raises(SourceError, match="cannot be resolved"):
        out.get("http://courier.example/")
    with web(resolve=lambda host, port: []) as out, pytest.raises(SourceError, match="no address"):
        out.get("http://courier.example/")


@pytest.mark.parametrize(
    "address",
    "127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::1 2002:7f00:1:: ::127.0.0.1 fec0::1 224.0.0.1 ::1 :: ::ffff:10.0.0.1 "
    "169.254.169.254 100.64.0.1 240.0.0.1 fe80::1%eth0 2001:0:0:0:0:0:80ff:fffe".split(),
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_addresses_that_are_public() -> None:
    assert is_public("8.8.8.8")
    assert is_public("2606:4700::1111")
    assert is_public("64:ff9b::808:808")


@pytest.mark.parametrize("name", ["ssrf_bypass_127.0.0.1.txt", "ssrf_bypass_10.0.0.1.txt"])
def test_spellings_of_private_addresses_by_others(name: str) -> None:
    path = SHARED / "corpora/hostile" / name
    if not path.exists():
        pytest.skip(f"{name} is not here")

    def literal(host: str, port: int) -> list[str]:
        """Numbers in any spelling, as the system reads them; names are nobody's (no look-up leaves this test)."""
        import socket

        return [str(socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)[0][4][0])]

    with web(resolve=literal) as out:
        for line in path.read_text(errors="replace").split():
            with pytest.raises(SourceError):
                out.get(line if "://" in line else f"http://{line}/")
