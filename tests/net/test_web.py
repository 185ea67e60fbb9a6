"""The guarded way out, against a real server on loopback."""

import contextlib
import gzip
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest

from syndicator.errors import SourceError, Unwelcome
from syndicator.net.addresses import Resolve, is_public
from syndicator.net.asking import Dialler, Limits
from syndicator.net.web import GuardedWeb

Reply = Callable[[BaseHTTPRequestHandler], None]
SHARED = Path(__file__).parents[2].parent / "shared"


def numeric(host: str, port: int) -> list[str]:
    """Numbers in any spelling, as the system reads them; names are nobody's."""
    return [str(socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)[0][4][0])]


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


def web(base: str = "", resolve: Resolve = numeric, **limits: float) -> GuardedWeb:
    """Names are nobody's unless a test says so: no look-up leaves it."""
    return GuardedWeb(
        private_allowed=[base.removeprefix("http://")],
        limits=Limits(**limits),  # type: ignore[arg-type]
        resolve=resolve,
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


def test_a_page_is_left_alone_where_robots_txt_asks_for_it() -> None:
    told = {"robots.txt": answer(b"User-agent: *\nDisallow: /a"), "a": answer(b"rain"), "b": answer(b"snow")}
    with serving(**told) as (base, asked), web(base) as out:
        with pytest.raises(Unwelcome, match="own = true"):
            out.get(f"{base}/a", robots=True)
        assert out.get(f"{base}/b", robots=True).body == b"snow"
        assert out.get(f"{base}/a").body == b"rain"
    assert asked == ["/robots.txt", "/b", "/a"]


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
    with serving(a=answer(b"x" * 2_000_000)) as (base, _), web(base, body=1_000_000) as out:
        with pytest.raises(SourceError, match="larger than 1000000"):
            out.get(f"{base}/a")


def test_a_decompression_bomb_is_noticed_early() -> None:
    bomb = answer(gzip.compress(b"\0" * 50_000_000), Content_Encoding="gzip")
    with serving(a=bomb) as (base, _), web(base, body=1_000_000) as out:
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


@pytest.mark.parametrize("drips", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\nrain"])
def test_a_server_that_takes_its_time(drips: bytes) -> None:
    """Silent from the start, in the middle of its head, or of its body."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        base = f"http://127.0.0.1:{door.getsockname()[1]}"
        with web(base, seconds=0.05) as out:
            told = Thread(target=lambda: kept.append(door.accept()[0]))
            kept: list[socket.socket] = []
            told.start()
            if drips:
                Thread(target=lambda: (told.join(), kept[0].sendall(drips))).start()
            with pytest.raises(SourceError, match="within 0 s"):
                out.get(f"{base}/a")
            told.join()
            kept[0].close()


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "file:///etc/passwd", "http://", "not a url", "http://[::1"]
)
def test_what_is_no_web_address(url: str) -> None:
    with web() as out, pytest.raises(SourceError):
        out.get(url)


def test_a_closed_door_is_knocked_at_a_few_times() -> None:
    with serving() as (base, _):
        pass
    with web(base) as out:
        for _ in range(5):
            with pytest.raises(SourceError, match="no connection"):
                out.get(base)
        with pytest.raises(SourceError, match="left alone for 30 s"):
            out.get(base)


def test_a_password_stays_with_the_host_it_is_for() -> None:
    heard: list[str | None] = []

    def listen(handler: BaseHTTPRequestHandler) -> None:
        heard.append(handler.headers.get("Authorization"))
        answer(b"rain")(handler)

    with serving(b=listen) as (other, _):
        with serving(a=answer(status=302, Location=f"{other}/b"), b=listen) as (base, _):
            places = [one.removeprefix("http://") for one in (base, other)]
            with GuardedWeb(private_allowed=places) as out:
                out.ask("GET", f"{base}/b", headers={"Authorization": "Bearer x"})
                out.ask("GET", f"{base}/a", headers={"Authorization": "Bearer x"})
    assert heard == ["Bearer x", None]


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


@contextmanager
def canary() -> Iterator[tuple[int, list[object]]]:
    """A listener on this machine that nothing may ever knock at."""
    knocked: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(0.01)
        yield door.getsockname()[1], knocked
        with contextlib.suppress(TimeoutError):
            while True:
                knocked.append(door.accept())


def numbers_of(address: str) -> list[str]:
    """One IPv4 address in the spellings that systems, browsers and networks have for it."""
    number, parts = int(ip_address(address)), [int(part) for part in address.split(".")]
    high, low = f"{number >> 16:x}", f"{number & 0xFFFF:x}"
    plain = [
        address,
        f"{address}.",
        str(number),
        hex(number),
        oct(number).replace("o", ""),
        f"{parts[0]}.{number & 0xFFFFFF}",
        f"{parts[0]}.{parts[1]}.{number & 0xFFFF}",
        ".".join(f"0x{part:x}" for part in parts),
        ".".join(f"0{part:o}" for part in parts),
        ".".join(f"0000{part:o}" for part in parts),
        f"0x{parts[0]:x}.{number & 0xFFFFFF}",
        str(number + 2**32),
        "".join("⓪①②③④⑤⑥⑦⑧⑨"[int(one)] if one.isdigit() else one for one in address),
        address.translate({ord("0") + one: 0xFF10 + one for one in range(10)}),
        address.replace(".", "。"),
        address.replace("1", "%31"),
    ]
    inside = [
        f"::ffff:{address}",
        f"::ffff:{high}:{low}",
        f"::{address}",
        f"::ffff:0:{address}",
        f"64:ff9b::{address}",
        f"64:ff9b:1::{address}",
        f"2002:{high}:{low}::",
        f"2001:0:0:0:0:0:{number >> 16 ^ 0xFFFF:x}:{number & 0xFFFF ^ 0xFFFF:x}",
        f"::ffff:{address}%lo",
        f"::ffff:{address}%25lo",
        "::1",
        "::",
        "0:0:0:0:0:0:0:1",
        "fe80::1%lo",
    ]
    return plain + [f"[{one}]" for one in inside]


def addresses_to(host: str, port: int) -> list[str]:
    """A host behind everything that may mislead a reader of URLs."""
    there = f"{host}:{port}"
    return [
        f"http://{there}/",
        f"http://news.example@{there}/",
        f"http://news.example:80@{there}/",
        f"http://{there}#@news.example/",
        f"http://{there}?@news.example/",
        f"http://{there}\\@news.example/",
        f"http://news.example\\@{there}/",
        f"http://news.example#@{there}/",
        f"http://news.example&@{there}#@news.example/",
        f"http:\\\\{there}/",
        f"http:///{there}/",
        f"http:{there}/",
        f"//{there}/",
        f" http://{there}/",
        f"http://\t{there}/",
        f"http://{there}\r\nHost: news.example/",
        f"http://news.example\t@{there}/",
        f"HTTP://{there}/",
        f"gopher://{there}/",
        f"https://{there}/",
        f"jar:http://{there}!/",
        f"url:http://{there}/",
    ]


def worst(host: str, port: int) -> list[str]:
    """A resolver in the attacker's hand: numbers as the system reads them, and every name is this machine."""
    try:
        return numeric(host, port)
    except OSError:
        return ["127.0.0.1"]


def knock(addresses: Iterable[str]) -> None:
    """Each by itself, and behind a redirect. Whatever comes of it, it is a fault with a name."""
    behind: list[str] = []

    def redirect(handler: BaseHTTPRequestHandler) -> None:
        target = behind[0].encode("utf-8", "surrogateescape").replace(b"\r", b"").replace(b"\n", b"")
        handler.wfile.write(b"HTTP/1.0 302 Found\r\nContent-Length: 0\r\nLocation: " + target + b"\r\n\r\n")

    with serving(a=redirect) as (base, _), web(base, resolve=worst, seconds=5) as out:
        for address in addresses:
            with pytest.raises(SourceError):
                out.get(address)
            behind[:] = [address]
            with pytest.raises(SourceError):
                found = out.get(f"{base}/a")
                raise SourceError(f"{found.url} was asked")  # a path of the allowed server itself


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "10.0.0.1", "169.254.169.254"])  # noqa: S104
def test_no_spelling_of_a_private_address_reaches_it(address: str) -> None:
    with canary() as (port, knocked):
        knock(one for host in numbers_of(address) for one in addresses_to(host, port))
    assert knocked == []


@pytest.mark.parametrize("name", ["ssrf_bypass_127.0.0.1.txt", "ssrf_bypass_10.0.0.1.txt"])
def test_spellings_of_private_addresses_by_others(name: str) -> None:
    path = SHARED / "corpora/hostile" / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    with canary() as (port, knocked):
        lines = path.read_text(errors="replace").splitlines()
        found = [line if "://" in line else f"http://{line}/" for line in lines if line.strip()]
        knock([*found, *(line.replace(":80", f":{port}") for line in found)])
    assert knocked == []


def test_a_name_that_changes_its_address_while_it_is_dialled() -> None:
    """Whatever was answered before: the address that is dialled is looked at, too."""
    dialler = Dialler(["courier.example:80"], lambda host, port: ["10.0.0.1"])
    with pytest.raises(SourceError, match="not a public address"):
        dialler.socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 80)))
    assert dialler.allowed("courier.example", 80) == ["10.0.0.1"]
    dialler.socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 80))).close()
    with pytest.raises(SourceError, match="not a public address"):
        dialler.socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 81)))
