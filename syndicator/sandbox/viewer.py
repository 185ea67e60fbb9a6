"""One page that shows every channel as its readers see it. No scripts; mails are shown in a sandbox of their own."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files

from syndicator.text.markup import safe

from .serving import Response
from .smtp import Mail
from .telegram import Message
from .x import Tweet, weight

_LINK = re.compile(r"https?://[^\s<>\"]+")
_STYLE = (files(__package__) / "viewer.css").read_text("utf-8")
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'"
)
_MAIL_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src http://127.0.0.1:* data:"

Chat = tuple[str, str, Sequence[Message]]  # title, @name, messages


def page(
    newsroom: str, mails: Sequence[Mail], chats: Sequence[Chat], account: str, tweets: Sequence[Tweet]
) -> Response:
    """All three networks side by side."""
    told = f"""<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>{html.escape(newsroom)}, as its readers see it</title><style>{_STYLE}</style></head><body>
<header><h1>{html.escape(newsroom)}</h1><p>Every channel as its readers see it. Reload for what came since.</p></header>
<main>
<section><h2>Mail <b>{len(mails)}</b></h2>{_mails(mails)}</section>
<section><h2>Telegram <b>{sum(len(messages) for _, _, messages in chats)}</b></h2>{"".join(map(_chat, chats))}</section>
<section><h2>X <b>{len(tweets)}</b></h2>{_tweets(account, tweets)}</section>
</main></body></html>"""
    return Response.page(told, content_security_policy=_POLICY, x_content_type_options="nosniff")


def mail(told: Mail) -> Response:
    """A mail's HTML by itself, where nothing in it can act."""
    body = told.part("html") or f"<pre>{html.escape(told.part('plain'))}</pre>"
    return Response.page(body, content_security_policy=_MAIL_POLICY, x_content_type_options="nosniff")


def _mails(mails: Sequence[Mail]) -> str:
    shown = [
        f'<article class="mail"><div><strong dir="auto">{html.escape(str(told.message["Subject"]))}</strong>'
        f'<span class="soft">to <bdi>{html.escape(told.recipient)}</bdi></span></div>'
        f'<iframe src="/mail/{number}" sandbox="" title="{html.escape(told.recipient)}"></iframe></article>'
        for number, told in reversed(list(enumerate(mails)))
    ]
    return "".join(shown) or _empty("Mails appear here when a digest goes out.")


def _chat(chat: Chat) -> str:
    title, name, messages = chat
    lines = "".join(
        f'<li dir="auto">{safe(message.html)}\n<span class="soft"><bdi>{_clock(message.at)}</bdi>'
        f"{' · edited' if message.edited else ''}</span></li>"
        for message in messages
    )
    shown = f"<ol>{lines}</ol>" if lines else _empty("Flashes appear here as stories are published.")
    head = f'<h3 dir="auto">{html.escape(title)} <span class="soft"><bdi>{name}</bdi></span></h3>'
    return f'<article class="chat">{head}{shown}</article>'


def _tweets(account: str, tweets: Sequence[Tweet]) -> str:
    shown = [
        f'<article class="tweet"><span class="soft"><bdi>@{html.escape(account)}</bdi> · {_clock(tweet.at)} · '
        f'{weight(tweet.text)}/280</span><p dir="auto">{_linked(tweet.text)}</p></article>'
        for tweet in reversed(tweets)
    ]
    return "".join(shown) or _empty("Posts appear here as stories are published.")


def _linked(text: str) -> str:
    pieces, at = [], 0
    for link in _LINK.finditer(text):
        shown = link[0].split("://", 1)[1]
        shown = shown if len(shown) < 30 else shown[:29] + "…"
        pieces.append(html.escape(text[at : link.start()]))
        pieces.append(f'<a href="{html.escape(link[0])}" dir="ltr">{html.escape(shown)}</a>')
        at = link.end()
    return "".join(pieces) + html.escape(text[at:])


def _clock(at: datetime) -> str:
    return f'<time datetime="{at.isoformat()}">{at:%H:%M}</time>'


def _empty(said: str) -> str:
    return f'<article class="empty">{said}</article>'
