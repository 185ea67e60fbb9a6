"""What editors who asked for it are told by itself: each thing once, to whom it concerns, with what can be done."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from syndicator.errors import sentence
from syndicator.model import Role
from syndicator.services.trail import Wanted

from . import approving, doubts
from .nouns import Away, Button, Sheet, Shut
from .visit import Visit
from .words import Words

if TYPE_CHECKING:
    from syndicator.app import App

DAY = timedelta(days=1)
QUIET = timedelta(minutes=10)  # a doubt may be settled by reading back meanwhile
MOST = 5  # messages to one person at once; the rest is for /today
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Something that a person should know."""

    key: str  # it is told once
    tell: Callable[[Visit], None]
    channels: tuple[str, ...] = ()  # whom it concerns; none: everybody
    role: Role = Role.EDITOR
    by: tuple[str, ...] = ()  # who did it: they know


def alerts(visit: Visit, rest: str) -> None:
    """/alerts on, /alerts off"""
    words, who = visit.words, visit.told.who
    wanted = rest.strip().casefold() not in {"off", "no"}
    visit.cards.wants_alerts(who, wanted=wanted)
    if not wanted:
        visit.say(words("You are told nothing by itself any more. /alerts begins it again."))
        return
    for matter in matters(visit.newsroom):  # what stands already is on /today
        visit.cards.once(who, matter.key)
    visit.say(
        words(
            "You are told at once when something fails, is in doubt, stops, or waits for you. /alerts off ends it."
        )
    )


def tell(visits: Sequence[Visit], newsroom: App) -> int:
    """Whatever is new, to each of these; how many messages. Raises :exc:`~.nouns.Away`."""
    found = {one.key: one for one in matters(newsroom)} if visits else {}
    told = 0
    for visit in visits:
        wanted = [key for key, one in found.items() if _concerns(visit, one)]
        for number, key in enumerate(visit.cards.unheard(visit.told.who, wanted)):
            if not visit.cards.once(visit.told.who, key) or number >= MOST:
                continue
            _tell(visit, found[key])
            told += 1
    return told


def _tell(visit: Visit, matter: Matter) -> None:
    """Once: it is written down before; where it surely did not go, it is taken back."""
    try:
        matter.tell(visit)
    except Away as error:
        if error.seconds is not None:  # refused for now
            visit.cards.unsaid(visit.told.who, matter.key)
        raise
    except Shut as error:
        log.info("bot: %s could not be told of %s: %s", visit.person.name, matter.key, error)


def _concerns(visit: Visit, one: Matter) -> bool:
    theirs = visit.person.channels
    near = not theirs or not one.channels or bool(theirs & set(one.channels))
    return near and visit.may(one.role) and visit.person.name not in one.by


def matters(newsroom: App) -> Iterator[Matter]:
    yield from _doubts(newsroom)
    yield from _failures(newsroom)
    yield from _pauses(newsroom)
    yield from _waiting(newsroom)


def _doubts(newsroom: App) -> Iterator[Matter]:
    """A channel's are asked about one by one, readers' as many as there are."""
    now = newsroom.world.now()
    readers: dict[tuple[str, str], int] = {}
    for one in newsroom.open_doubts():
        if not one.held and one.since and one.since > now - QUIET:
            continue
        if one.recipient != "-":
            readers[one.edition, one.channel] = readers.get((one.edition, one.channel), 0) + 1
            continue
        told = {
            "id": one.id,
            "channel": one.channel,
            "since": one.since,
            "text": one.text,
            "reason": one.reason,
        }
        yield Matter(
            key=f"doubt:{one.id}",
            tell=lambda visit, told=told: doubts.ask(visit, told),  # type: ignore[misc]
            channels=(one.channel,),
        )
    for (edition, channel), number in readers.items():
        yield _line(
            f"doubts:{edition}:{channel}",
            sentence("◆ {number} mails of {edition} are in doubt. /doubts"),
            {"number": number, "edition": edition},
            channel,
        )


def _failures(newsroom: App) -> Iterator[Matter]:
    for one in newsroom.ledger.refused(newsroom.world.now() - DAY):
        yield _line(
            f"failed:{one['edition']}:{one['channel']}",
            sentence("✕ {channel} did not take {edition}: {reason}"),
            one,
            one["channel"],
        )


def _pauses(newsroom: App) -> Iterator[Matter]:
    since = newsroom.world.now() - DAY
    for line in newsroom.trail.newest(Wanted(since=since, what="pause")):
        said = (
            sentence("▮ Everything is paused by {who}: {why}")
            if line.about == "everything"
            else sentence("▮ {about} is paused by {who}: {why}")
        )
        told = {"who": line.who, "about": line.about, "why": line.why or "–"}
        rows = ((Button(sentence("Let it go on"), "resume"),),)
        concerned = (line.about,) if line.about in newsroom.doors else ()
        yield Matter(
            key=f"audit:{line.id}",
            tell=_dealt("brake", {"name": line.about}, said, told, rows),
            channels=concerned,
            by=(line.who,),
        )


def _waiting(newsroom: App) -> Iterator[Matter]:
    """What waits for somebody's word."""
    for edition, gate in newsroom.ledger.gates().items():
        if gate.get("findings"):
            order = f"/newsletter_send {gate['newsletter']}"
            said = sentence("▮ {edition} waits for an editor. {order}")
            yield _line(f"gate:{edition}", said, {"edition": edition, "order": order}, role=Role.PUBLISHER)
    for asked in newsroom.approvals.waiting():
        yield Matter(
            key=f"approval:{asked.edition}:{asked.hash[:16]}",
            tell=partial(_ask_a_second, edition=asked.edition),
            channels=asked.channels,
            role=Role.PUBLISHER,
            by=(*asked.asked_by, asked.edited_by),
        )
    for one in newsroom.corrections.waiting():
        article, _ = newsroom.ledger.article(one.article)
        told = {"article": one.article}
        yield Matter(
            key=f"correction:{one.article}:{one.revision}",
            tell=_dealt(
                "do",
                {"do": ["correct", told], "leave": ["correct", told | {"how": "none"}]},
                sentence("{headline} was revised after it went out. Correct it?"),
                {"headline": article.headline},
                ((Button(sentence("Correct it"), "do"), Button(sentence("Leave it"), "leave")),),
            ),
            role=Role.PUBLISHER,
        )
    for kept in newsroom.summaries.waiting():
        article, _ = newsroom.ledger.article(kept.article)
        yield Matter(
            key=f"summary:{kept.article}:{kept.place}:{kept.revision}",
            tell=_dealt(
                "do",
                {
                    "take": ["summarise", {"article": kept.article, "accept": True}],
                    "leave": ["summarise", {"article": kept.article, "decline": True}],
                },
                sentence("{headline} waits: is this true? {text}"),
                {"headline": article.headline, "text": kept.summary.text},
                (
                    (
                        Button(sentence("Take it"), "take"),
                        Button(sentence("The story's own sentences"), "leave"),
                    ),
                ),
            ),
        )


def _ask_a_second(visit: Visit, edition: str) -> None:
    for one in visit.does("approvals")["approvals"]:
        if one["edition"] == edition:
            approving.present(visit, one)


def _line(key: str, said: str, told: Mapping[str, Any], *channels: str, role: Role = Role.EDITOR) -> Matter:
    return Matter(
        key=key, tell=lambda visit: visit.say(visit.words(said, **told)), channels=channels, role=role
    )


def _dealt(
    kind: str,
    orders: Mapping[str, Any],
    said: str,
    told: Mapping[str, Any],
    rows: tuple[tuple[Button, ...], ...],
) -> Callable[[Visit], None]:
    """A card for whoever may act on it."""

    def deal(visit: Visit) -> None:
        words: Words = visit.words
        labelled = tuple(tuple(Button(words.plain(one.label), one.choice) for one in row) for row in rows)
        sheet = Sheet(text=words.page(words(said, **told)), rows=labelled)
        visit.deal(kind, orders, sheet, lives=DAY, anybody=True)

    return deal
