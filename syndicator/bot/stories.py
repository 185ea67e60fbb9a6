"""Stories as the bot shows them: the newest, those that are looked for, one with what became of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from syndicator.errors import NotFound
from syndicator.model import Role
from syndicator.services.cards import Card

from .nouns import Button, Heard, Sheet
from .visit import Visit
from .words import MARKS, Words

SHOWN = 8  # stories of a list
ROW = 4  # buttons beside one another
BODY_MAX = 700  # characters of a story's beginning
_ID = re.compile(r"\b[0-9a-f]{8,64}\b")
_BEGINS = re.compile(r"(?=.*\d)[0-9a-f]{4,64}")  # written by somebody who means a number, not a word
Articles = Sequence[Mapping[str, Any]]


def latest(visit: Visit, rest: str) -> None:
    """/latest [language]"""
    told = {"language": rest.strip()} if rest.strip() else {}
    offer(visit, visit.does("articles", limit=SHOWN, **told)["articles"])


def story(visit: Visit, rest: str) -> None:
    """/story with an id, with words to look for, or as an answer to a message about it."""
    wanted = rest.strip()
    if not wanted:
        found = replied_to(visit)
        if found is None:
            visit.say(
                visit.words(
                    "Which story? Write its number or some of its words, or answer a message about it."
                )
            )
            return
        show(visit, found)
        return
    if _is_id(wanted):
        show(visit, wanted)
        return
    hits = visit.newsroom.ledger.articles(words=wanted, limit=SHOWN).articles
    if len(hits) == 1:
        show(visit, hits[0].id)
        return
    names = ("id", "headline", "language", "published_at")
    offer(visit, [{name: getattr(one, name) for name in names} for one in hits])


def replied_to(visit: Visit) -> str | None:
    """The story that a person answers: our own message about it, or a post with its link or number."""
    told = visit.told
    if not isinstance(told, Heard) or told.replied is None:
        return None
    card = visit.cards.at(told.chat, told.replied.id)
    if card and "article" in card.told:
        return str(card.told["article"])
    if linked := visit.newsroom.ledger.linked(told.replied.links):
        return linked
    return next(iter(_ID.findall(told.replied.text)), None)


def names_one(rest: str) -> bool:
    """Whether the first word is a story's number."""
    first = rest.strip().partition(" ")[0]
    return first.startswith("article=") or _is_id(first)


def _is_id(word: str) -> bool:
    return bool(_BEGINS.fullmatch(word) or _ID.fullmatch(word))


def wanted(visit: Visit, rest: str) -> tuple[str, str]:
    """A story's id and what else was written: the first word is its number, or it was answered.

    Raises :exc:`NotFound` where no story is meant.
    """
    first, _, more = rest.strip().partition(" ")
    if _is_id(first):
        return first, more.strip()
    if found := replied_to(visit):
        return found, rest.strip()
    raise NotFound(visit.words.plain("Which story? Write its number, or answer a message about it."))


def offer(visit: Visit, found: Articles) -> None:
    """A list, each with a button."""
    if not found:
        visit.say(visit.words("No story is like that."))
        return
    ids = [one["id"] for one in found]
    visit.deal("list", {"stories": ids}, _list(visit, found))


def _list(visit: Visit, found: Articles) -> Sheet:
    lines, words = [], visit.words
    for number, one in enumerate(found, 1):
        _, went = visit.newsroom.ledger.article(one["id"])
        when = words.clock(_moment(one["published_at"]))
        lines.append(f"{number}. {when} {words.bdi(one['headline'])} {summed(went)}".rstrip())
    buttons = [Button(str(number), str(number)) for number in range(1, len(found) + 1)]
    return Sheet(text=words.page(*lines), rows=rows(buttons))


def rows(buttons: Sequence[Button], beside: int = ROW) -> tuple[tuple[Button, ...], ...]:
    return tuple(tuple(buttons[at : at + beside]) for at in range(0, len(buttons), beside))


def chosen(visit: Visit, card: Card, choice: str) -> None:
    """One of a list."""
    show(visit, card.told["stories"][int(choice) - 1])


def show(visit: Visit, article: str) -> Card:
    found = visit.does("show", article=article)
    return visit.deal("story", {"article": found["id"]}, sheet(visit, found))


def sheet(visit: Visit, found: Mapping[str, Any]) -> Sheet:
    words = visit.words
    said = _said(found)
    about = [
        words.name(found["id"]),
        words.bdi(found["language"]),
        words.clock(_moment(found["published_at"])),
    ]
    if found["revision"] > 1:
        about.append(words("revision {number}", number=found["revision"]))
    lines = [f"<b>{words.bdi(found['headline'])}</b>", " · ".join(about), "", words.bdi(said), ""]
    lines += [went_line(words, one) for one in found["deliveries"]] or [words("It went nowhere yet.")]
    lines += ["", f'<a href="{_address(found["url"])}">{words("The story on the site")}</a>']
    return Sheet(text=words.page(*lines), rows=_buttons(visit, found["id"]))


def _buttons(visit: Visit, article: str) -> tuple[tuple[Button, ...], ...]:
    words = visit.words
    if not visit.may(Role.EDITOR):
        return ()
    held = article in {one.article.id for one in visit.newsroom.holds.standing()}
    hold = Button(words.plain("Lift"), "lift") if held else Button(words.plain("Hold…"), "hold")
    ours = ((hold, Button(words.plain("Summary…"), "summary"), Button(words.plain("Headline…"), "headline")),)
    if not visit.may(Role.PUBLISHER):
        return ours
    return (
        (Button(words.plain("Push…"), "push"),),
        *ours,
        (Button(words.plain("Correct…"), "correct"), Button(words.plain("Retract…"), "retract")),
    )


def went_line(words: Words, one: Mapping[str, Any]) -> str:
    number = f" · {one['deliveries']}" if one["deliveries"] > 1 else ""
    return f"{MARKS[str(one['state'])]} {words.name(one['channel'])}{number}"


def summed(went: Sequence[Mapping[str, Any]]) -> str:
    """How often each mark: ``●3 ◆1``."""
    counts = Counter(MARKS[str(one["state"])] for one in went)
    return " ".join(f"{mark}{number}" for mark, number in counts.items())


def _said(found: Mapping[str, Any]) -> str:
    """An editor's own words, or how it begins."""
    own = [one["text"] for one in found["summaries"] if str(one["state"]) == "own"]
    text = own[0] if own else " ".join(found["body"])
    return text if len(text) <= BODY_MAX else text[: BODY_MAX - 1].rsplit(" ", 1)[0] + "…"


def _address(url: str) -> str:
    return url.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def _moment(told: datetime | str) -> datetime:
    return told if isinstance(told, datetime) else datetime.fromisoformat(told)
