"""Before a newsletter's edition goes out: is there anything that a mailbox provider, or a reader, would not forgive?

An edition is planned behind a gate: nothing of it is claimed. It is looked at once as a whole, never for each
reader. Without errors the gate opens; with some the edition waits, is looked at again now and then, and goes out when
they are mended, when an editor sends it despite them, or never, when its time is over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from syndicator.errors import NotFound, Refused, SourceError
from syndicator.inspection import Finding, Severity, Specimen, answers, inspect, merged
from syndicator.inspection.domains import inspect_sender, is_reserved
from syndicator.inspection.findings import error, softened
from syndicator.inspection.letters import links
from syndicator.model import BLANK_START, Edition, Post
from syndicator.ports import Answer, Caller, Mailer, Names, Parcel, Sender
from syndicator.storage import approvals, brakes, specimens
from syndicator.storage.database import Connection, Database
from syndicator.storage.outbox import Claimed

log = logging.getLogger("syndicator")

AGAIN = timedelta(minutes=5)  # between two looks at an edition that waits
AT_ONCE = 8  # links that are looked at together
LINKS_TIME = 20.0  # seconds for all of them
KEPT = timedelta(minutes=30)  # a link's answer
KEPT_MOST = 5000
OUTSIDE = frozenset({"dns", "spf", "dkim", "dmarc", "tls", "public-url", "one-click"})
APPROVAL = "approval"  # a check that nobody passes over
ADDRESS = "nobody@reader.invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a look at the gates brought."""

    through: tuple[str, ...] = ()  # editions
    held: Mapping[str, Sequence[Finding]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What lies outside: the DNS, the links' servers, our own pages as readers reach them."""

    names: Names
    links: Caller
    own: Caller
    public_url: str
    postal_address: str = ""


class Preflight:
    def __init__(
        self,
        database: Database,
        *,
        outside: Surroundings,
        mailer: Callable[[str], Mailer | None],
        blanks: Callable[[Claimed], Mapping[str, str]],
        preview: Callable[[str], tuple[Sequence[tuple[Edition, Post]], Sequence[str]]],
        now: Callable[[], datetime],
        despite: Collection[str] = (),
        opened: Callable[[str, str], None] = lambda edition, newsletter: None,
        more: Callable[[str], Iterable[Finding]] = lambda newsletter: (),
    ) -> None:
        """``mailer`` gives a channel that can show its mails, ``despite`` are checks that never hold anything;
        ``opened`` is told of an edition whose gate is about to open, and of its newsletter, ``more`` finds more."""
        self._database = database
        self._outside = outside
        self._mailer = mailer
        self._blanks = blanks
        self._preview = preview
        self._now = now
        self._despite = frozenset(despite)
        self._opened = opened
        self._more = more
        self._known: dict[str, tuple[datetime, list[Finding]]] = {}

    def wait(self, connection: Connection, edition: str, newsletter: str) -> None:
        """In the commit that plans an edition: nothing of it goes out before it was looked at."""
        brakes.gate(connection, edition, {"newsletter": newsletter}, now=self._now())

    def look(self) -> Looked:
        """At every edition that waits and was not looked at for a while."""
        with self._database.read() as connection:
            waiting = {name: told for name, told in brakes.gates(connection).items() if self._is_due(told)}
        held = {name: self._decide(name, told, by="preflight") for name, told in sorted(waiting.items())}
        through = tuple(name for name, found in held.items() if not found)
        return Looked(through=through, held={name: found for name, found in held.items() if found})

    def check(self, newsletter: str) -> list[Finding]:
        """What would be found if it went out now. Raises :exc:`NotFound`, and :exc:`Refused` without stories."""
        made, faults = self._preview(newsletter)
        found = [error("template", fault, newsletter, "mend the template") for fault in faults]
        if not made and not found:
            raise Refused(
                "{newsletter} has no stories now; publish one, or lower its minimum", newsletter=newsletter
            )
        return merged([*found, *self._inspect(newsletter, [post for _, post in made])])

    def send(self, newsletter: str, despite: Collection[str], *, by: str) -> Looked:
        """An editor's word: look again at the editions that wait, and let them through despite these checks.

        Raises :exc:`NotFound` when none waits.
        """
        with self._database.read() as connection:
            waiting = {
                name: told
                for name, told in brakes.gates(connection).items()
                if told["newsletter"] == newsletter
            }
        if not waiting:
            raise NotFound(
                "no edition of {newsletter} waits; `syndicator status` shows what does", newsletter=newsletter
            )
        held = {name: self._decide(name, told, by=by, despite=despite) for name, told in waiting.items()}
        through = tuple(name for name, found in held.items() if not found)
        return Looked(through=through, held={name: found for name, found in held.items() if found})

    def doctor(self, channel: str) -> list[Finding]:
        """How the DNS shows a channel's sender."""
        mailer = self._mailer(channel)
        return inspect_sender(self._outside.names, mailer.sender) if mailer else []

    def _is_due(self, told: Mapping[str, Any]) -> bool:
        at = told.get("checked_at")
        return at is None or datetime.fromisoformat(at) <= self._now() - AGAIN

    def _decide(
        self, edition: str, told: Mapping[str, Any], *, by: str, despite: Collection[str] = ()
    ) -> list[Finding]:
        """Open the gate or keep it shut; what keeps it shut."""
        with self._database.read() as connection:
            posts = specimens.of_edition(connection, edition) if specimens.waits(connection, edition) else []
        found = merged(self._inspect(told["newsletter"], posts))
        grave = [one for one in found if one.severity is Severity.ERROR and one.check not in self._despite]
        holding = [one for one in grave if one.check not in despite]
        with self._database.read() as connection:
            if approvals.is_open(connection, edition):
                asks = error(APPROVAL, "a second person is to approve it", edition, "`syndicator approvals`")
                found, holding = [*found, asks], [*holding, asks]
        if holding:
            self._hold(edition, told, found)
        else:
            self._opened(edition, told["newsletter"])
            self._let_through(edition, found, grave, by)
        return holding

    def _hold(self, edition: str, told: Mapping[str, Any], found: Sequence[Finding]) -> None:
        said = [asdict(one) for one in found]
        news = said != told.get("findings")
        now = self._now()
        with self._database.write() as connection:
            if edition not in brakes.gates(connection):
                return  # an editor was quicker
            content = {
                "newsletter": told["newsletter"],
                "checked_at": now.isoformat(),
                "findings": said,
            }
            brakes.gate(connection, edition, content, now=now)
            if news:
                brakes.note(
                    connection, who="preflight", what="hold", about=edition, why=_said(found), now=now
                )
        if news:
            log.warning("%s waits for an editor: %s", edition, _said(found))

    def _let_through(
        self, edition: str, found: Sequence[Finding], despite: Sequence[Finding], by: str
    ) -> None:
        with self._database.write() as connection:
            opened = brakes.open_gate(connection, edition)
            if opened and despite:
                why, what = _said(despite), "let through despite"
                brakes.note(connection, who=by, what=what, about=edition, why=why, now=self._now())
        for one in found if opened else ():
            log.info("%s: %s", edition, one)

    # What is looked at

    def _inspect(self, newsletter: str, posts: Sequence[Post]) -> Iterator[Finding]:
        mailer = self._mailer(posts[0].channel) if posts else None
        if mailer is None:
            return
        trying_out = is_reserved(mailer.sender.domain)  # nobody in the world gets mail from there
        for one in self._found(newsletter, posts, mailer):
            yield from softened([one]) if trying_out and one.check in OUTSIDE else [one]

    def _found(self, newsletter: str, posts: Sequence[Post], mailer: Mailer) -> Iterator[Finding]:
        yield from inspect_sender(self._outside.names, mailer.sender)
        yield from self._more(newsletter)
        addressed: set[str] = set()
        for post in posts:
            parcel = self._parcel(post, newsletter)
            addressed.add(parcel.blanks["leave_url"])
            try:
                yield from self._of_mail(parcel, mailer)
            except ValueError as why:
                yield error("format", str(why), post.variant or post.language, "mend the template")
        for leave in sorted(addressed):
            yield from self._one_click(leave)
        yield from self._links(
            dict.fromkeys(link for post in posts for link in links(post.html or "", post.text))
        )

    def _parcel(self, post: Post, newsletter: str) -> Parcel:
        one = specimens.for_nobody(
            post, newsletter, ADDRESS, key=f"look:{post.id}", now=self._now(), number=1
        )
        return Parcel(delivery=one.delivery, post=post, address=ADDRESS, blanks=self._blanks(one))

    def _of_mail(self, parcel: Parcel, mailer: Mailer) -> Iterator[Finding]:
        sender: Sender = mailer.sender
        yield from inspect(
            Specimen(
                raw=mailer.specimen(parcel),
                language=parcel.post.language,
                leave_url=parcel.blanks["leave_url"],
                postal_address=self._outside.postal_address,
                signs=sender.seal is not None,
            )
        )

    def _one_click(self, url: str) -> Iterator[Finding]:
        """As a scanner and as a mail program would come: the first changes nothing, the second leaves, for nobody."""
        host = urlsplit(url).hostname or ""
        if is_reserved(host) and host != "localhost":
            yield error(
                "one-click", f"{host} is a name for trying things out", host, "set newsroom.public_url"
            )
            return
        own = self._outside.own
        yield from answers.shown(url, _asked(own, "GET", url))
        yield from answers.clicked(url, _asked(own, "POST", url, b"List-Unsubscribe=One-Click"))

    def _links(self, urls: Iterable[str]) -> Iterator[Finding]:
        """A few at once, within a time; what was looked at lately is not asked again."""
        ours = self._outside.public_url.rstrip("/") + "/"
        wanted = [url for url in urls if BLANK_START not in url and not url.startswith(ours)]
        kept = self._kept()
        news = [url for url in wanted if url not in kept]
        if news:
            self._look_at(news)
        late = "there was no time left"
        for url in wanted:
            yield from self._known[url][1] if url in self._known else answers.link(url, late)

    def _kept(self) -> Collection[str]:
        since = self._now() - KEPT
        if len(self._known) > KEPT_MOST:
            self._known.clear()
        self._known = {url: told for url, told in self._known.items() if told[0] > since}
        return self._known

    def _look_at(self, urls: Sequence[str]) -> None:
        at = self._now()
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="links")
        asked: dict[Future[Answer | str], str] = {
            pool.submit(_linked, self._outside.links, url): url for url in urls
        }
        done, _ = wait(asked, timeout=LINKS_TIME)
        pool.shutdown(wait=False, cancel_futures=True)
        for one in done:
            self._known[asked[one]] = (at, [*answers.link(asked[one], one.result())])


def _linked(web: Caller, url: str) -> Answer | str:
    """Without its body where the server knows HEAD; else, and before it is called dead, as a browser asks."""
    host = urlsplit(url).hostname or ""
    if is_reserved(host) and host != "localhost":
        return "its host is a name for trying things out"
    answer = _asked(web, "HEAD", url)
    return answer if isinstance(answer, Answer) and answer.status < 400 else _asked(web, "GET", url)


def _asked(web: Caller, method: str, url: str, content: bytes = b"") -> Answer | str:
    try:
        return web.ask(method, url, content=content, follow=method != "POST", whole=False)
    except SourceError as why:
        return str(why).removeprefix(f"{url}: ")


def _said(found: Iterable[Finding]) -> str:
    return "\n".join(map(str, found))
