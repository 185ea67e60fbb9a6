"""What an address answered, judged: a link of an edition, the page for one click. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from syndicator.ports import Answer

from .findings import Finding, error, warning

GONE = frozenset({404, 410})
SAYS = "x-one-click"  # the header in which our page says what it did: asked, or left


def link(url: str, answer: Answer | str) -> Iterator[Finding]:
    """``answer``, or why there was none. Only what surely is not there holds an edition."""
    if isinstance(answer, str):
        what, instead = f"it could not be looked at ({answer})", "try it in a browser"
        yield warning("dead-links", what, url, instead)
    elif answer.status in GONE:
        what, instead = (
            f"it answers {answer.status}: nothing is there",
            "mend the story's address, or take it out",
        )
        yield error("dead-links", what, url, instead)
    elif answer.status >= 500:
        yield warning("dead-links", f"it answers {answer.status}", url, "try it in a browser")


def shown(url: str, answer: Answer | str) -> Iterator[Finding]:
    """The page that a person, or a scanner, gets by GET: it changes nothing."""
    yield from _page(url, answer, "asked", "GET")


def clicked(url: str, answer: Answer | str) -> Iterator[Finding]:
    """The answer to a mail program's POST: 2xx, no redirect, no cookie (RFC 8058 §3.2)."""
    yield from _page(url, answer, "left", "POST")


_INSTEAD = "look at the proxy before the readers' pages, and at newsroom.public_url"


def _page(url: str, answer: Answer | str, says: str, method: str) -> Iterator[Finding]:
    where = url.rsplit("/", 1)[0]  # the token is nobody else's business
    if isinstance(answer, str):
        yield error("one-click", f"nobody answered {method} ({answer})", where, _INSTEAD)
        return
    if answer.status // 100 != 2:
        yield error("one-click", f"it answers {method} with {answer.status}", where, _INSTEAD)
    elif answer.headers.get(SAYS) != says:
        yield error("one-click", f"the answer to {method} is not ours", where, _INSTEAD)
    if "set-cookie" in answer.headers:
        yield error("one-click", f"the answer to {method} sets a cookie", where, _INSTEAD)
