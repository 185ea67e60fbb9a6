"""What a bot hears on loopback: messages, presses of its buttons, in order, by long poll or by webhook."""

from __future__ import annotations

import json
import re
import urllib.request
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import count
from threading import Condition
from typing import Any
from urllib.error import HTTPError, URLError

Rows = tuple[tuple[tuple[str, str], ...], ...]  # of buttons: what stands on each, and its data

DATA_MAX = 64  # bytes of a button's data
ANSWER_MAX = 200  # characters of what is shown after a press
COMMANDS_MAX = 100
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_OTHER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
_HOOKED = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


class Unheard(Exception):
    """A refusal: status and Telegram's words."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


class Updates:
    """Each is kept until it is acknowledged: by an offset beyond it, or by the webhook's 2xx."""

    def __init__(self) -> None:
        self._waiting: deque[dict[str, Any]] = deque()
        self._numbers = count(900_000_001)
        self._changed = Condition()
        self._asked = 0  # how often somebody began to wait
        self.hook: Mapping[str, Any] = {}  # url and secret_token

    def put(self, **told: Any) -> int:
        with self._changed:
            number = next(self._numbers)
            self._waiting.append({"update_id": number, **told})
            self._changed.notify_all()
        if self.hook:
            self.call()
        return number

    @property
    def waiting(self) -> list[dict[str, Any]]:
        with self._changed:
            return list(self._waiting)

    def ask(self, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
        """getUpdates. Whoever asked before and still waits is sent away."""
        with self._changed:
            if self.hook:
                raise Unheard(409, _HOOKED)
            self._asked += 1
            turn = self._asked
            self._changed.notify_all()
            offset = int(fields.get("offset") or 0)
            while self._waiting and self._waiting[0]["update_id"] < offset:
                self._waiting.popleft()
            self._changed.wait_for(
                lambda: self._waiting or self._asked != turn, float(fields.get("timeout") or 0)
            )
            if self._asked != turn:
                raise Unheard(409, _OTHER)
            return list(self._waiting)[: int(fields.get("limit") or 100)]

    def let_go(self) -> None:
        """Nobody waits any more: the server is closed."""
        with self._changed:
            self._asked += 1
            self._changed.notify_all()

    def call(self) -> list[int]:
        """The webhook is told what waits, one after the other, until it fails; the statuses."""
        statuses: list[int] = []
        while (waiting := self.waiting) and (not statuses or statuses[-1] < 300):
            statuses.append(self._called(waiting[0]))
            if statuses[-1] < 300:
                with self._changed:
                    self._waiting.popleft()
        return statuses

    def _called(self, update: Mapping[str, Any]) -> int:
        head = {"Content-Type": "application/json"}
        if secret := self.hook.get("secret_token"):
            head["X-Telegram-Bot-Api-Secret-Token"] = str(secret)
        asked = urllib.request.Request(str(self.hook["url"]), json.dumps(update).encode(), head)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310
                return int(answer.status)
        except HTTPError as error:
            error.close()
            return error.code
        except URLError:
            return 599


def rows(markup: Mapping[str, Any]) -> Rows:
    """The buttons of an inline keyboard. Raises :exc:`Unheard` as Telegram does."""
    found = []
    for row in markup.get("inline_keyboard", ()):
        for button in row:
            data = button.get("callback_data", "")
            if not button.get("text") or not (data or button.get("url")):
                raise Unheard(
                    400, "Bad Request: can't parse inline keyboard button: text buttons are unallowed"
                )
            if len(data.encode()) > DATA_MAX:
                raise Unheard(400, "Bad Request: BUTTON_DATA_INVALID")
        found.append(tuple((one["text"], one.get("callback_data") or one["url"]) for one in row))
    return tuple(found)


def keyboard(shown: Rows) -> dict[str, Any]:
    rows_told = [[{"text": label, "callback_data": data} for label, data in row] for row in shown]
    return {"reply_markup": {"inline_keyboard": rows_told}} if shown else {}


def checked_commands(told: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    if len(told) > COMMANDS_MAX:
        raise Unheard(400, "Bad Request: BOT_COMMANDS_TOO_MUCH")
    for one in told:
        if not _COMMAND.fullmatch(one["command"]):
            raise Unheard(400, "Bad Request: BOT_COMMAND_INVALID")
        if not 1 <= len(one["description"]) <= 256:
            raise Unheard(400, "Bad Request: BOT_COMMAND_DESCRIPTION_INVALID")
    return [(one["command"], one["description"]) for one in told]
