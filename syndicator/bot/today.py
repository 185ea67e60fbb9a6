"""How the newsroom stands, on one screen of a phone. Nothing here counts what is long past."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from syndicator.errors import sentence

from .visit import Visit
from .words import MARKS

LATEST = 5  # editions
DAY = timedelta(days=1)


def today(visit: Visit, rest: str) -> None:
    """/today: what needs somebody first, then what went out, and what goes."""
    words = visit.words
    needs = [*_needs(visit)]
    lines = [f"<b>{words('Needs you')}</b>", *needs] if needs else [words("● Nothing needs you.")]
    editions = visit.newsroom.board.editions(LATEST)
    if editions:
        lines += ["", f"<b>{words('Went out of late')}</b>"]
    for one in editions:
        counts: Counter[str] = Counter()
        for state, number in one.states.items():
            counts[MARKS[str(state)]] += number
        states = " ".join(f"{mark}{number}" for mark, number in counts.items())
        title = words.bdi(one.edition.title) if one.edition.title else words.name(one.edition.id)
        lines.append(f"{words.clock(one.edition.due_at)} {title} {states}")
    visit.say(*lines)


def _needs(visit: Visit) -> Iterator[str]:
    newsroom, words = visit.newsroom, visit.words
    for name in newsroom.ledger.paused():
        said = words("everything is paused") if name == "everything" else words("paused: {name}", name=name)
        yield f"▮ {said} · /resume"
    doubts = Counter(one.channel for one in newsroom.open_doubts())
    for channel, number in doubts.items():
        yield f"◆{number} {words.name(channel)} · /doubts"
    for one in newsroom.ledger.refused(newsroom.world.now() - DAY):
        yield f"✕{one['number']} {words.name(one['channel'])} {words.bdi(one['reason'] or '')}"
    for edition, told in newsroom.ledger.gates().items():
        if told.get("findings"):
            yield f"▮ {words('waits before its gate: {edition}', edition=edition)}"
    waits = (
        (len(newsroom.approvals.waiting()), sentence("to approve"), "/approvals"),
        (len(newsroom.corrections.waiting()), sentence("to correct"), "/corrections"),
        (len(newsroom.summaries.waiting()), sentence("summaries to look at"), "/summaries"),
        (len(newsroom.holds.standing()), sentence("stories are held"), "/audit what=hold"),
    )
    for number, said, order in waits:
        if number:
            yield f"▮{number} {words(said)} · {order}"
    for name, (until, _) in newsroom.gate.resting().items():
        yield f"○ {words('{name} rests until {when}', name=name, when=words.clock(until))}"
