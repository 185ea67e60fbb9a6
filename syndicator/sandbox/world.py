"""The whole outside world on loopback: a newsroom's site, a mail server, Telegram, X, and a page that shows them."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Self

from . import viewer
from .newsroom import NAME, SampleNewsroom
from .serving import Request, Response, Served
from .smtp import SmtpStandIn
from .telegram import TelegramStandIn
from .x import XStandIn

CHATS = {"@courier_en": NAME, "@courier_ckb": "کوریەری ئەزمەڕ", "@courier_ar": "كوريير أزمر"}
AUDIT = "@courier_audit"  # where the English channel is read back; nobody reads it

_CONFIGURATION = """\
# A newsroom on this machine's loopback; nothing leaves it.
[newsroom]
name = {name}
url = {site}
languages = ["en", "ckb", "ar"]
timezone = "Asia/Baghdad"
postal_address = "Salim Street 12, Sulaimani"

public_url = {web_url}

[web]
listen = {web}

[schedule]
ingest = "2s"
deliver = "1s"

[network]
private_allowed = [{host}]

[sources.en]
kind = "feed"
url = {feed_en}

[sources.ckb]
kind = "feed"
url = {feed_ckb}

[sources.ar]
kind = "feed"
url = {feed_ar}

[channels.letters]
kind = "email"
host = "127.0.0.1"
port = {smtp}
tls = "none"
sender = "news@courier.example"
sender_name = {name}

[channels.tg-en]
kind = "telegram"
languages = ["en"]
chat = "@courier_en"
audit_chat = "@courier_audit"
base_url = {telegram}
per_second = 1000
per_minute = 60000
altogether = 1000
flash = true

[channels.tg-ckb]
kind = "telegram"
languages = ["ckb"]
chat = "@courier_ckb"
base_url = {telegram}
per_second = 1000
per_minute = 60000
altogether = 1000
flash = true

[channels.tg-ar]
kind = "telegram"
languages = ["ar"]
chat = "@courier_ar"
base_url = {telegram}
per_second = 1000
per_minute = 60000
altogether = 1000
flash = true

[channels.x]
kind = "x"
base_url = {x}
flash = {{ sections = ["Breaking", "بەپەلە", "عاجل"] }}

[newsletters.evening]
channel = "letters"
timetable = "0 18 * * *"
titles = {{ en = "Evening digest", ckb = "پوختەی ئێوارە", ar = "نشرة المساء" }}
"""


class Sandbox:
    """``with Sandbox(now=clock) as sandbox: sandbox.configure(folder)``."""

    def __init__(self, *, now: Callable[[], datetime]) -> None:
        self.newsroom = SampleNewsroom(now=now)
        self.smtp = SmtpStandIn(now=now)
        self.telegram = TelegramStandIn(chats=CHATS | {AUDIT: "Courier, doubts"}, now=now)
        self.x = XStandIn(now=now)
        self._viewer = Served(self._answer)
        self._open = ExitStack()

    @property
    def url(self) -> str:
        """The page that shows every channel as its readers see it."""
        return self._viewer.url

    def __enter__(self) -> Self:
        for part in (self.newsroom, self.smtp, self.telegram, self.x, self._viewer):
            self._open.enter_context(part)
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    def configure(self, folder: Path) -> Path:
        """Write a configuration for this world, with its secrets beside it; returns the TOML file."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            web = f"127.0.0.1:{free.getsockname()[1]}"
        quoted = {
            "web": web,
            "web_url": f"http://{web}",
            "name": NAME,
            "site": self.newsroom.url,
            "host": self.newsroom.url.removeprefix("http://"),
            "telegram": self.telegram.base_url,
            "x": self.x.url,
            **{f"feed_{language}": self.newsroom.feed(language) for language in ("en", "ckb", "ar")},
        }
        filled = {name: json.dumps(value, ensure_ascii=False) for name, value in quoted.items()}
        held = folder / "secrets"
        held.mkdir(parents=True, exist_ok=True)
        for name, value in self._secrets().items():
            (held / name).touch(mode=0o600)
            (held / name).write_text(value, "utf-8")
        path = folder / "syndicator.toml"
        path.write_text(_CONFIGURATION.format(**filled, smtp=self.smtp.port), "utf-8")
        return path

    def _secrets(self) -> Mapping[str, str]:
        told = {"SYNDICATOR_SECRET_KEY": secrets.token_urlsafe(32)}
        told |= {f"SYNDICATOR_CHANNELS_TG_{tail}_TOKEN": self.telegram.token for tail in ("EN", "CKB", "AR")}
        return told | {
            f"SYNDICATOR_CHANNELS_X_{name.upper()}": value for name, value in self.x.credentials.items()
        }

    def _answer(self, request: Request) -> Response:
        mails = list(self.smtp.mails)
        match request.path.strip("/").split("/"):
            case [""]:
                chats = [(title, name, self.telegram.messages(name)) for name, title in CHATS.items()]
                return viewer.page(NAME, mails, chats, self.x.username, self.x.tweets())
            case ["mail", number] if number.isdigit() and int(number) < len(mails):
                return viewer.mail(mails[int(number)])
        return Response.page("<h1>Not found</h1>", 404)
