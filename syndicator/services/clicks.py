"""How often a story was opened, by edition; never by whom.

A link is the same for all readers of a post, so it cannot tell one from another. Who follows links is remembered for a
minute and in memory only, as a digest with a key of this process, to tell machines from people.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from syndicator.errors import NotFound
from syndicator.storage import clicks
from syndicator.storage.database import Database
from syndicator.text.links import tagged
from syndicator.tokens import CLICK, OPEN, Keys, verify

AT_ONCE = timedelta(seconds=10)  # after the edition begins: nobody has read yet; and for so many stories
FEW, MANY = 3, 5  # all stories of an edition, or so many of them, at once: no person opens them
REMEMBERED = timedelta(minutes=1)
VISITORS = 20_000
_MACHINES = re.compile(
    r"bot\b|crawl|spider|scan|preview|prefetch|monitor|check|curl|wget|python|java/|okhttp|go-http|libwww|headless|"
    r"barracuda|mimecast|proofpoint|safelinks|fireeye|trendmicro|symantec|forcepoint|sophos|urldefense|"
    r"googleimageproxy|yahoomailproxy|facebookexternalhit|whatsapp|telegram|slack|discord|skypeuri",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Visit:
    """What one visitor opened of one edition lately."""

    since: datetime
    stories: set[str] = field(default_factory=set)
    machine: bool = False


class Clicks:
    def __init__(
        self,
        database: Database,
        *,
        keys: Keys,
        now: Callable[[], datetime],
        marks: Callable[[str], Mapping[str, str]],
    ) -> None:
        """``marks`` are those of a channel's links."""
        self._database = database
        self._keys = keys
        self._now = now
        self._marks = marks
        self._visits: OrderedDict[tuple[bytes, str], _Visit] = OrderedDict()
        self._salt = secrets.token_bytes(32)
        self._lock = Lock()

    def target(self, token: str) -> str:
        """Where a link leads: to the story as it stands now. Only stories of ours can be meant.

        Raises :exc:`NotFound` for a link that we did not make, and for a story that is no more.
        """
        _, channel, article = self._facts(CLICK, token, 3)
        with self._database.read() as connection:
            return tagged(clicks.url_of(connection, article), self._marks(channel))

    def click(self, token: str, *, visitor: str, agent: str) -> None:
        """Count it. ``visitor`` is whatever tells one from another just now, such as an address; it is not kept."""
        edition, _, article = self._facts(CLICK, token, 3)
        self._count(edition, article, visitor, agent)

    def opened(self, token: str, *, visitor: str, agent: str) -> None:
        """Count a mail whose picture was fetched; most mail programs do that for a reader who looks away."""
        (edition,) = self._facts(OPEN, token, 1)
        self._count(edition, "", visitor, agent)

    def counts(self, edition: str) -> list[dict[str, object]]:
        """Each story of an edition with how many people and machines opened it. Raises :exc:`NotFound`."""
        with self._database.read() as connection:
            return clicks.counts(connection, edition)

    def _facts(self, purpose: str, token: str, number: int) -> tuple[str, ...]:
        facts = verify(self._keys, purpose, token)
        if facts is None or len(facts) != number:
            raise NotFound("this link is not one of ours, or it was cut on its way")
        return facts

    def _count(self, edition: str, story: str, visitor: str, agent: str) -> None:
        with self._database.read() as connection:
            begun = clicks.begun(connection, edition, story)
        if begun is None:
            return  # a test mail, or a preview
        due_at, stories = begun
        too_soon = self._now() < due_at + AT_ONCE
        machine = too_soon or not agent or bool(_MACHINES.search(agent))
        most = max(FEW, min(MANY, stories))
        found = self._judged(edition, story, f"{visitor}\0{agent}", machine=machine, most=most)
        if found:
            with self._database.write() as connection:
                for one, (people, machines) in found.items():
                    clicks.add(connection, edition, one, people=people, machines=machines)

    def _judged(
        self, edition: str, story: str, visitor: str, *, machine: bool, most: int
    ) -> dict[str, tuple[int, int]]:
        """What is to be added by story, for people and for machines; what was taken for people's before goes over."""
        with self._lock:
            visit = self._visit(edition, visitor)
            if story in visit.stories:
                return {}
            before = () if visit.machine else tuple(visit.stories)
            visit.stories.add(story)
            hasty = len(visit.stories) >= most and self._now() - visit.since <= AT_ONCE
            visit.machine = visit.machine or machine or hasty
            return {story: (0, 1), **dict.fromkeys(before, (-1, 1))} if visit.machine else {story: (1, 0)}

    def _visit(self, edition: str, visitor: str) -> _Visit:
        now = self._now()
        while self._visits:
            oldest = next(iter(self._visits))
            if len(self._visits) <= VISITORS and self._visits[oldest].since > now - REMEMBERED:
                break
            del self._visits[oldest]
        name = (hmac.digest(self._salt, visitor.encode(), "sha256"), edition)
        return self._visits.setdefault(name, _Visit(since=now))
