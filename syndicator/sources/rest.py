"""Asking a site's own interface: JSON with its faults said in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from syndicator.errors import SourceError
from syndicator.manuscripts.reading import parsed, word
from syndicator.ports import Answer, Web

from .patience import BUSY, AskedToWait

SAID = 200  # characters of what a site says of its own fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """``root`` is shown in errors; ``key`` is a secret of the query and never is."""

    web: Web
    now: Callable[[], datetime]
    root: str
    advice: Mapping[int, str]  # by status: what the operator can do about it
    headers: Mapping[str, str] = field(default_factory=dict)
    key: str = ""

    def ask(self, path: str, parameters: Mapping[str, object]) -> Answer:
        """Whatever it answers. Raises :exc:`SourceError` when it does not, and :exc:`AskedToWait`."""
        told = {"key": self.key, **parameters} if self.key else parameters
        between = "&" if "?" in self.root else "?"  # a site without pretty addresses: /?rest_route=/
        try:
            answer = self.web.get(f"{self.root}{path}{between}{urlencode(told)}", dict(self.headers))
        except SourceError as error:
            raise SourceError(str(error).replace(self.key, "…") if self.key else str(error)) from None
        if answer.status in BUSY:
            raise AskedToWait(f"{self.root}{path}", answer, self.now())
        return answer

    def told(self, path: str, parameters: Mapping[str, object]) -> Any:
        """The JSON it answers with. Raises :exc:`SourceError`, saying what to do."""
        return self.judged(path, self.ask(path, parameters))

    def judged(self, path: str, answer: Answer) -> Any:
        if answer.status != 200:
            raise SourceError(self._fault(path, answer))
        try:
            return parsed(answer.body)
        except ValueError as error:
            raise SourceError(f"{self.root}{path}: this is no JSON ({error}); {self.advice[404]}") from error

    def _fault(self, path: str, answer: Answer) -> str:
        try:
            told = parsed(answer.body)
        except ValueError:
            told = None
        said = word(told, "message") or word(told, "errors", 0, "message")
        instead = self.advice.get(answer.status, "")
        parts = [f"{self.root}{path}: the server answers HTTP {answer.status}", said[:SAID], instead]
        return "; ".join(filter(None, parts))
