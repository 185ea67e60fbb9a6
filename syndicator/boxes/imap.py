"""A mailbox that bounces arrive in, over IMAP. What was heard goes to one folder, what people must see to another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from imaplib import IMAP4
from typing import Literal, Self

from imap_tools import (
    BaseMailBox,
    ImapToolsError,
    MailBox,
    MailboxLoginError,
    MailBoxStartTls,
    MailBoxUnencrypted,
)
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from syndicator.errors import SourceError
from syndicator.ports import Mail, World

LARGEST = 5_000_000  # octets; no bounce is that large
TIMEOUT = 30.0  # seconds


class ImapBox:
    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        host: str = Field(description="the server's name")
        port: int = Field(993, ge=1, le=65535, description="993 with implicit, 143 with starttls")
        tls: Literal["implicit", "starttls", "none"] = Field(
            "implicit", description="how the line is encrypted"
        )
        username: str = Field(description="the box's owner")
        password: SecretStr = Field(description="and the owner's password")
        folder: str = Field("INBOX", description="where bounces arrive")
        handled: str = Field("Handled", description="folder for what was heard")
        aside: str = Field("Aside", description="folder for what people must see")

    def __init__(self, settings: Settings, world: World) -> None:
        self._settings = settings
        self._line: BaseMailBox | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._line:
            with suppress(ImapToolsError, IMAP4.error, OSError):
                self._line.logout()
            self._line = None

    def mails(self) -> Iterator[Mail]:
        with self._told():
            line = self._opened()
            large = set(line.uids(f"LARGER {LARGEST}"))
            waiting = line.uids("ALL")
        for uid in waiting:
            with self._told():
                raw = b"" if uid in large else self._raw(line, uid)
            if raw is not None:
                yield Mail(name=uid, raw=raw)

    def _raw(self, line: BaseMailBox, uid: str) -> bytes | None:
        """The mail as it is, unmarked; None when somebody took it away meanwhile."""
        _, found = line.client.uid("FETCH", uid, "(BODY.PEEK[])")
        parts = [part[1] for part in found if isinstance(part, tuple)]
        return parts[0] if parts else None

    def done(self, mail: Mail) -> None:
        self._move(mail, self._settings.handled)

    def set_aside(self, mail: Mail) -> None:
        self._move(mail, self._settings.aside)

    def _move(self, mail: Mail, folder: str) -> None:
        with self._told():
            line = self._opened()
            if not line.folder.exists(folder):
                line.folder.create(folder)
            line.move(mail.name, folder)

    def _opened(self) -> BaseMailBox:
        settings = self._settings
        if self._line is None:
            match settings.tls:
                case "implicit":
                    line: BaseMailBox = MailBox(settings.host, settings.port, timeout=TIMEOUT)
                case "starttls":
                    line = MailBoxStartTls(settings.host, settings.port, timeout=TIMEOUT)
                case "none":
                    line = MailBoxUnencrypted(settings.host, settings.port, timeout=TIMEOUT)
            self._line = line  # also where it is not let in: it has to be hung up
            line.login(settings.username, settings.password.get_secret_value(), settings.folder)
        return self._line

    @contextmanager
    def _told(self) -> Iterator[None]:
        where = f"bounces: {self._settings.host}:{self._settings.port}"
        try:
            yield
        except MailboxLoginError as error:
            raise SourceError(f"{where} does not let {self._settings.username} in: {error}") from error
        except (ImapToolsError, OSError, IMAP4.error) as error:
            raise SourceError(f"{where}: {error}") from error
