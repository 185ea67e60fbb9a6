"""A Maildir that a mail server of this machine delivers bounces into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from syndicator.errors import SourceError
from syndicator.ports import Mail, World

LARGEST = 5_000_000  # octets; no bounce is that large


class MaildirBox:
    class Settings(BaseModel):
        model_config = ConfigDict(frozen=True, extra="forbid")

        path: Path = Field(description="the Maildir, with new and cur in it")

    def __init__(self, settings: Settings, world: World) -> None:
        self._path = settings.path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None: ...

    def mails(self) -> Iterator[Mail]:
        for file in self._files():
            try:
                raw = file.read_bytes() if file.stat().st_size <= LARGEST else b""
            except FileNotFoundError:
                continue  # somebody read it meanwhile
            except OSError as error:
                raise SourceError(f"bounces.path: {file}: {error.strerror}; let this user read it") from error
            yield Mail(name=str(file), raw=raw)

    def _files(self) -> list[Path]:
        found: list[Path] = []
        for folder in (self._path / "new", self._path / "cur"):
            if not folder.is_dir():
                raise SourceError(f"bounces.path: {folder} is not there; name a Maildir")
            found += (file for file in folder.iterdir() if not file.name.startswith("."))
        return sorted(found, key=lambda file: file.name)  # which begins with the time

    def done(self, mail: Mail) -> None:
        self._move(mail, ".Handled")

    def set_aside(self, mail: Mail) -> None:
        self._move(mail, ".Aside")

    def _move(self, mail: Mail, folder: str) -> None:
        """Into a Maildir++ folder, seen; a rename is whole or was not made."""
        target = self._path / folder
        try:
            for part in ("cur", "new", "tmp"):
                (target / part).mkdir(parents=True, exist_ok=True)
            file = Path(mail.name)
            file.rename(target / "cur" / f"{file.name.partition(':')[0]}:2,S")
        except OSError as error:
            raise SourceError(
                f"bounces.path: {mail.name}: {error.strerror}; let this user write there"
            ) from error
