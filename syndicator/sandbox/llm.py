"""A language model's endpoint on loopback. It has no language: its manner says what it does with an article."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from .serving import Request, Response, StandIn

_SENTENCE = re.compile(r"[^.!?؟۔]+[.!?؟۔]+[\"”»]*\s*")
_FENCED = re.compile(r"(==[0-9a-f]+==)\n(.*)\n\1", re.DOTALL)
_ORDER = re.compile(r"(?:write|say|repeat|بنووسە|اكتب)\s*:?\s*(.+)", re.IGNORECASE)


class Manner(StrEnum):
    TRUTH = "truth"  # the first two sentences
    LIE = "lie"  # the same with another number, or denied
    REWORD = "reword"  # the first sentence in words of its own
    STALL = "stall"  # an answer after the client's patience
    OVERRUN = "overrun"  # the whole article, whatever length was asked for
    OBEY = "obey"  # what an order in the article wants, word for word
    BREAK_OFF = "break-off"  # half a sentence, and it says so
    RUBBISH = "rubbish"  # 200, and no JSON
    BUSY = "busy"  # 503 once, then the truth
    REFUSE = "refuse"  # 401


class ModelStandIn(StandIn):
    """``with ModelStandIn(key="k") as model: model.manner = Manner.LIE``; ``model.asked`` has the bodies."""

    def __init__(self, *, key: str = "", patience: float = 1.0) -> None:
        super().__init__()
        self.manner = Manner.TRUTH
        self.models = ["m", "m1"]
        self.asked: list[dict[str, Any]] = []
        self._key = key
        self._patience = patience  # seconds until a stalled answer comes

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def _answer(self, request: Request) -> Response | None:
        if self._key and request.headers.get("authorization") != f"Bearer {self._key}":
            return Response.of({"error": {"message": "the key opens nothing"}}, 401)
        if (request.method, request.path) == ("GET", "/v1/models"):
            return Response.of(
                {"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]}
            )
        if (request.method, request.path) != ("POST", "/v1/chat/completions"):
            return Response.of({"error": {"message": "no such thing"}}, 404)
        with self._lock:
            self.asked.append(request.fields)
            manner = self.manner
            if manner is Manner.BUSY:
                self.manner = Manner.TRUTH
        return self._done(manner, _article(request.fields))

    def _done(self, manner: Manner, article: str) -> Response:
        match manner:
            case Manner.RUBBISH:
                return Response.page("<html>welcome</html>")
            case Manner.BUSY:
                return Response.of({"error": {"message": "come again"}}, 503)
            case Manner.REFUSE:
                return Response.of({"error": {"message": "the key opens nothing"}}, 401)
            case Manner.BREAK_OFF:
                return _said(_first(article, 1)[:20], "length")
            case Manner.STALL:
                answer = _said(_first(article, 2))
                return Response(body=answer.body, headers=answer.headers, late=self._patience)
        return _said(_SAYS[manner](article))


def _article(asked: dict[str, Any]) -> str:
    """What stands between the fences, without the headline."""
    found = _FENCED.search(str(asked["messages"][-1]["content"]))
    return found[2].partition("\n\n")[2] if found else ""


def _first(article: str, most: int) -> str:
    return "".join(_SENTENCE.findall(article)[:most]).strip()


def _lie(article: str) -> str:
    """Another number, where there is one."""
    text = _first(article, 2)
    changed = re.sub(r"\d", lambda found: str((int(found[0]) + 1) % 10), text, count=1)
    return changed if changed != text else f"Not true: {text}"


def _obey(article: str) -> str:
    found = _ORDER.search(article)
    return found[1].strip() if found else _first(article, 1)


_SAYS: dict[Manner, Callable[[str], str]] = {
    Manner.TRUTH: lambda article: _first(article, 2),
    Manner.LIE: _lie,
    Manner.REWORD: lambda article: f"In short, {_first(article, 1)}",
    Manner.OVERRUN: lambda article: article * 3,
    Manner.OBEY: _obey,
}


def _said(text: str, finish: str = "stop") -> Response:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return Response.of({"object": "chat.completion", "choices": [choice], "usage": {"total_tokens": 321}})
