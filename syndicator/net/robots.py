"""robots.txt (RFC 9309), read in time that grows with its length alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from yarl import URL

from syndicator.errors import SourceError
from syndicator.ports import Answer

NAME = "syndicator"
LONGEST = 512_000  # octets of it that are read
KEPT = 86_400.0  # seconds
MANY = 4096  # hosts that are remembered

Rule = tuple[int, bool, str]  # how long its pattern is, whether it allows, the pattern


def rules(text: str, name: str = NAME) -> list[Rule]:
    """Those of the groups that name us, else of those for everybody."""
    groups: dict[str, list[Rule]] = {}
    named: set[str] = set()
    open_ = True  # further names belong to the same group
    for line in text.splitlines():
        key, _, value = (part.strip() for part in line.partition("#")[0].partition(":"))
        match key.lower():
            case "user-agent":
                named = {*named, value.lower()} if open_ else {value.lower()}
                open_ = True
            case "allow" | "disallow" if value:
                open_ = False
                for one in named:
                    groups.setdefault(one, []).append((len(value), key.lower() == "allow", value))
            case "allow" | "disallow":
                open_ = False
                for one in named:
                    groups.setdefault(one, [])
    return groups.get(name, groups.get("*", []))


def allows(told: list[Rule], path: str) -> bool:
    """The longest pattern that fits decides; of two as long the one that allows."""
    return max((rule for rule in told if fits(rule[2], path)), default=(0, True, ""))[1]


def fits(pattern: str, path: str) -> bool:
    """``*`` is anything, ``$`` at its end the end."""
    ends = pattern.endswith("$")
    first, *parts = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not parts:
        return not ends or path == first
    at = len(first)
    for part in parts[:-1]:
        at = path.find(part, at) + len(part)
        if at < len(part):
            return False
    return (
        path.endswith(parts[-1]) and len(path) - len(parts[-1]) >= at
        if ends
        else path.find(parts[-1], at) >= 0
    )


@dataclass(frozen=True, slots=True)
class _Told:
    rules: asyncio.Task[list[Rule]]
    until: float


class Robots:
    """Asks each host once a day."""

    def __init__(self, ask: Callable[[str], Awaitable[Answer]]) -> None:
        self._ask = ask
        self._told: dict[str, _Told] = {}

    async def allow(self, url: URL) -> bool:
        """Raises :exc:`SourceError` when the host cannot say now."""
        origin, now = str(url.origin()), asyncio.get_running_loop().time()
        told = self._told.get(origin)
        if told is None or told.until < now:
            if len(self._told) >= MANY:
                self._told.clear()
            told = self._told[origin] = _Told(asyncio.create_task(self._asked(origin)), now + KEPT)
        try:
            found = await asyncio.shield(told.rules)
        except SourceError:
            self._told.pop(origin, None)
            raise
        return allows(found, url.raw_path_qs)

    async def _asked(self, origin: str) -> list[Rule]:
        answer = await self._ask(f"{origin}/robots.txt")
        if answer.status >= 500 or answer.status == 429:
            raise SourceError(
                f"{origin}/robots.txt: the server answers HTTP {answer.status}, so no page is read now"
            )
        return rules(answer.body[:LONGEST].decode("utf-8", "replace")) if answer.status == 200 else []
