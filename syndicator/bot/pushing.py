"""A push: which channels, exactly what goes there, and only then the order. Nothing goes out by one slip."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any

from syndicator.errors import Refused
from syndicator.model import Article
from syndicator.services.cards import Card
from syndicator.text.measure import UNITS, fit

from . import stories
from .nouns import Button, Sheet
from .told import moment
from .visit import Then, Visit

LIVES = timedelta(minutes=15)
PREVIEW_MAX = 3500  # UTF-16 units of one preview that is no post of Telegram's
_MOMENT = re.compile(r"\d{1,2}:\d{2}|\d{4}-\d{2}-\d{2}[ T]\d{1,2}:\d{2}.*")
Posts = Sequence[Mapping[str, Any]]


def push(visit: Visit, rest: str) -> None:
    """/push with a story, or as an answer to it; with channels it goes on to what would go there."""
    article, more = stories.wanted(visit, rest)
    names = more.replace(",", " ").split()
    if names:
        _preview(visit, article, names)
    else:
        choose(visit, article)


def choose(visit: Visit, article: str) -> None:
    found, _ = visit.newsroom.ledger.article(article)
    if not _open(visit, found):
        raise Refused(visit.words.plain("No channel of yours speaks its language."))
    told = {"article": found.id, "to": []}
    visit.deal("push", told, _choices(visit, told), lives=LIVES)


def chosen(visit: Visit, card: Card, choice: str) -> None:
    """A channel is taken or left, or it goes on."""
    if choice == "cancel":
        visit.close(card, choice, visit.words("Nothing was pushed."))
    elif choice == "preview":
        _preview(visit, card.told["article"], card.told["to"])
    else:
        article, _ = visit.newsroom.ledger.article(card.told["article"])
        name = _open(visit, article)[int(choice)]
        taken = list(card.told["to"])
        (taken.remove if name in taken else taken.append)(name)
        told = {**card.told, "to": taken}
        if visit.cards.tell(card, told):
            visit.show(card, _choices(visit, told))


def _choices(visit: Visit, told: Mapping[str, Any]) -> Sheet:
    words = visit.words
    article, went = visit.newsroom.ledger.article(told["article"])
    have = {str(one["channel"]) for one in went}
    buttons = [
        Button(f"{'☑' if name in told['to'] else '☐'} {name}{' ●' if name in have else ''}", str(number))
        for number, name in enumerate(_open(visit, article))
    ]
    on = [Button(words.plain("Preview"), "preview")] if told["to"] else []
    last = (*on, Button(words.plain("Cancel"), "cancel"))
    lines = [f"<b>{words.bdi(article.headline)}</b>", words("Where to?")]
    if have:
        lines.append(words("● has it already"))
    return Sheet(text=words.page(*lines), rows=(*stories.rows(buttons, 2), last))


def _open(visit: Visit, article: Article) -> list[str]:
    """The channels that a push of this story may go to, by this person's word."""
    newsroom, theirs = visit.newsroom, visit.person.channels
    return [
        name
        for name, door in newsroom.doors.items()
        if article.language in door.languages
        and not newsroom.wiring.channels[name].factory.capabilities.addressed
        and (not theirs or name in theirs)
    ]


def _preview(visit: Visit, article: str, to: Sequence[str]) -> None:
    """Each post as its readers will see it, then the question."""
    found, went = visit.newsroom.ledger.article(article)
    again = bool({str(one["channel"]) for one in went} & set(to))
    told = {"article": found.id, "to": list(to), "again": again}
    shown = visit.does("preview", **told)
    for post in shown["posts"]:
        visit.wire.send(visit.told.chat, Sheet(text=as_seen(visit, post)))
    visit.deal("go", told | {"hash": _hash(shown["posts"])}, _question(visit, found, shown), lives=LIVES)


def as_seen(visit: Visit, post: Mapping[str, Any]) -> str:
    if visit.newsroom.wiring.limits(post["channel"]).markup == "telegram":
        return str(post["text"])
    subject = f"<b>{visit.words.bdi(post['subject'])}</b>\n" if post.get("subject") else ""
    return subject + escape(fit(str(post["text"]), PREVIEW_MAX, UNITS["utf16"]), quote=False)


def _question(visit: Visit, article: Article, shown: Mapping[str, Any]) -> Sheet:
    words = visit.words
    lines = [f"<b>{words.bdi(article.headline)}</b>", words("This goes out, as above:")]
    for post in shown["posts"]:
        pictures = f" · 🖼{len(post['pictures'])}" if post["pictures"] else ""
        most = f" / {post['limit']}" if post["limit"] else ""
        lines.append(f"○ {words.name(post['channel'])} · {post['count']}{most}{pictures}")
    lines += [words.bdi(one) for one in shown["costs"]]
    rows = (
        (Button(words.plain("Push now"), "now"), Button(words.plain("Later…"), "later")),
        (Button(words.plain("Cancel"), "cancel"),),
    )
    return Sheet(text=words.page(*lines), rows=rows)


def decided(visit: Visit, card: Card, choice: str) -> None:
    if choice == "cancel":
        visit.close(card, choice, visit.words("Nothing was pushed."))
    elif choice == "later":
        question = visit.words("When? Answer this message: 18:30, or 2026-03-04 09:00.")
        visit.deal("later", {"card": card.key}, Sheet(text=question, answered=True), lives=LIVES)
    else:
        _order(visit, card, choice, {})


def timed(visit: Visit, asked: Card, text: str) -> None:
    """The moment was written."""
    card = visit.cards.find(asked.told["card"])
    at = datetime.fromisoformat(moment(text.strip(), visit.now)) if _MOMENT.fullmatch(text.strip()) else None
    if card is None or at is None:
        raise Refused(visit.words.plain("{text} is no moment; write 18:30, or 2026-03-04 09:00.", text=text))
    _order(visit, card, "later", {"at": at.isoformat()})


def _order(visit: Visit, card: Card, choice: str, more: Mapping[str, str]) -> None:
    """Exactly what was shown, once."""
    order = {name: card.told[name] for name in ("article", "to", "again")}
    if card.pressed_at is None and _hash(visit.does("preview", **order)["posts"]) != card.told["hash"]:
        changed = visit.words("The story was changed meanwhile; this is how it would go out now:")
        visit.close(card, choice, changed)
        _preview(visit, order["article"], order["to"])
        return
    made: list[str] = []

    def push() -> list[str]:
        done = visit.does("push", articles=[order["article"]], to=order["to"], again=order["again"], **more)
        made.extend(done["editions"])
        return _pushed(visit, order, more, made)

    row = (Button(visit.words.plain("Call it off"), "stop"),)  # until it has begun
    told = {"article": order["article"], "editions": made}
    visit.act(card, choice, push, Then(kind="stop", told=told, rows=(row,)))


def _pushed(
    visit: Visit, order: Mapping[str, Any], more: Mapping[str, str], made: Sequence[str]
) -> list[str]:
    article, _ = visit.newsroom.ledger.article(order["article"])
    words = visit.words
    lines = [f"<b>{words.bdi(article.headline)}</b>", words.listed(order["to"])]
    if more:
        at = words.clock(datetime.fromisoformat(more["at"]))
        lines += [f"○ {words('It goes out {at}.', at=at)}", visit.signed("Planned by {who}, {when}.")]
    else:
        lines.append(f"◐ {visit.signed('Pushed by {who}, {when}.')}")
    if {one.edition for one in visit.newsroom.approvals.waiting()} & set(made):
        lines.append(f"▮ {words('It waits for a second person to approve it.')}")
    return lines


def stopped(visit: Visit, card: Card, choice: str) -> None:
    def stop() -> list[str]:
        for edition in card.told["editions"]:
            visit.does("cancel", edition=edition, why="called off by the bot")
        return [f"– {visit.signed('Called off by {who}, {when}.')}"]

    visit.act(card, choice, stop)


def _hash(posts: Posts) -> str:
    """Of what the readers would see: an edit of the story, of its summary or of a template is another one."""
    seen = [[post[name] for name in ("channel", "text", "pictures")] for post in posts]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:32]
