"""A small HTTP server on loopback, in threads of its own, that can also break the line where an answer should be."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Message
    body: bytes

    @property
    def fields(self) -> dict[str, Any]:
        """The body's fields: JSON, a form, or a multipart form's text parts."""
        kind = self.headers.get_content_type()
        if kind == "application/json":
            told = json.loads(self.body or b"{}")
            return told if isinstance(told, dict) else {}
        if kind == "multipart/form-data":
            return _multipart(self.headers, self.body)
        return {
            name: values[-1] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False  # break the line in the middle of the body
    late: float = 0.0  # seconds until it goes out

    @classmethod
    def of(cls, told: object, status: int = 200, /, **headers: str) -> Self:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kind = {"content-type": "application/json"}
        return cls(status=status, body=json.dumps(told, ensure_ascii=False).encode(), headers=kind | named)

    @classmethod
    def page(cls, html: str, status: int = 200, **headers: str) -> Self:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(
            status=status, body=html.encode(), headers={"content-type": "text/html; charset=utf-8"} | named
        )


Answering = Callable[[Request], Response | None]  # None: the line breaks without an answer


class Served:
    """``with Served(answer) as served: served.url`` — on a free port."""

    def __init__(self, answer: Answering, watch: Callable[[str], None] = lambda stage: None) -> None:
        self._stopping = Event()
        self._server = _Server(("127.0.0.1", 0), _handler(answer, self._stopping, watch))
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), name="sandbox", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class StandIn:
    """A server of the sandbox: ``with`` opens it on a free port, :meth:`_answer` says what it says."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._served = Served(self._answer, self._watch)

    def _watch(self, stage: str) -> None:
        """Hears each stage of the wire, before it goes on."""

    @property
    def url(self) -> str:
        return self._served.url

    def __enter__(self) -> Self:
        self._served.__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        self._served.__exit__(*exc)

    def _answer(self, request: Request) -> Response | None:
        raise NotImplementedError


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news."""


def _handler(
    answer: Answering, stopping: Event, watch: Callable[[str], None]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def setup(self) -> None:
            super().setup()
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            watch("connected")

        def respond(self) -> None:
            watch("head")
            length = int(self.headers.get("content-length") or 0)
            begun = self.rfile.read(length // 2)
            watch("half asked")
            parts = urlsplit(self.path)
            query = {
                name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()
            }
            asked = Request(
                method=self.command,
                path=parts.path,
                query=query,
                headers=self.headers,
                body=begun + self.rfile.read(length - len(begun)),
            )
            self._write(answer(asked))

        def _write(self, response: Response | None) -> None:
            if response is None:
                self.close_connection = True
                return
            if response.late and stopping.wait(response.late):
                self.close_connection = True
                return
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(response.body)))
            self.end_headers()
            if self.command != "HEAD":
                half = len(response.body) // 2
                self.wfile.write(response.body[:half])
                watch("half answered")
                self.wfile.write(b"" if response.cut else response.body[half:])
                watch("answered")
            self.close_connection = self.close_connection or response.cut

        do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = respond

        def log_message(self, *args: object) -> None:
            """Nobody reads it."""

    return Handler


def _multipart(headers: Message, body: bytes) -> dict[str, Any]:
    from email import message_from_bytes  # noqa: PLC0415 - few requests come this way

    whole = message_from_bytes(b"content-type: " + headers["content-type"].encode() + b"\r\n\r\n" + body)
    found = {}
    for part in whole.walk():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str):
            content = part.get_payload(decode=True)
            found[name] = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
    return found
