"""What is said of stories: an editor's own words first, then what a summariser says where the gate clears it, else the
story's own sentences. Nothing that the gate did not clear goes out by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from syndicator.errors import Refused, SummaryError
from syndicator.model import Article, Checked, Standing, Summary
from syndicator.ports import Probed, Summariser
from syndicator.storage import archive, brakes, till
from syndicator.storage import summaries as stored
from syndicator.storage.database import Database
from syndicator.storage.summaries import OWN, Kept, State
from syndicator.text import sentences
from syndicator.text.measure import Space
from syndicator.truth import Gate, worst

__all__ = ["CashBook", "Kept", "Summaries"]

EXTRACT = "extract"  # the method that takes the story's own sentences
REMEMBERED = timedelta(days=60)  # what a model said


class CashBook:
    """The till of all plug-ins, in the database: every worker has the same."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    def bought(self, key: str) -> str | None:
        with self._database.read() as connection:
            return till.bought(connection, key)

    def keep(self, key: str, text: str) -> None:
        with self._database.write() as connection:
            till.keep(connection, key, text, self._now())

    def spend(self, purpose: str, amount: int, most: int) -> bool:
        with self._database.write() as connection:
            return till.spend(connection, purpose, f"{self._now():%Y-%m-%d}", amount, most)

    def spent_today(self) -> Mapping[str, int]:
        with self._database.read() as connection:
            return till.spent_on(connection, f"{self._now():%Y-%m-%d}")


class Summaries:
    """``summariser`` is the configuration's, ``extract`` the one that is always there. ``holds``: a story whose
    summary is doubtful waits for an editor.
    """

    def __init__(
        self,
        database: Database,
        *,
        now: Callable[[], datetime],
        summariser: Summariser,
        extract: Summariser,
        holds: bool = False,
    ) -> None:
        self._database = database
        self.anew: Callable[[str], object] = lambda article: None  # what waits with a story, written anew
        self._now = now
        self._summariser = summariser
        self._extract = extract
        self._holds = holds

    # What the desk asks

    def of(self, article: Article, space: Space) -> Summary:
        """What may go out of this story there, and why it is this."""
        found = self._kept(article)
        if own := self._own(found.get(OWN), article, space):
            return own
        proposal = found.get(str(space))
        if proposal and proposal.revision == article.revision and proposal.state is State.DECLINED:
            return self._plain(article, space, why="an editor wants the story's own sentences")
        return self._proposed(article, space)

    def ready_for(
        self, wanted: Callable[[Article], bool], space: Callable[[], Space]
    ) -> Callable[[Article], bool]:
        """The filter of a channel, and that nobody is to look at the story first."""
        return lambda article: wanted(article) and (not self._holds or self.ready(article, space()))

    def ready(self, article: Article, space: Space) -> bool:
        """Whether the story may go out by itself: False while an editor is to look at what is said of it."""
        if not self._holds:
            return True
        found = self._kept(article)
        if self._own(found.get(OWN), article, space):
            return True
        proposal = found.get(str(space))
        if proposal is None or proposal.revision != article.revision:
            self._proposed(article, space)
            proposal = self._kept(article).get(str(space))
        fresh = proposal is not None and proposal.revision == article.revision
        return not (fresh and proposal is not None and proposal.state is State.WAITS)

    def _kept(self, article: Article) -> dict[str, Kept]:
        with self._database.read() as connection:
            return {one.place: one for one in stored.of_article(connection, article.id)}

    def _own(self, kept: Kept | None, article: Article, space: Space) -> Summary | None:
        """The editor's words, where they fit and are no worse of the story as it is now than of the one they saw."""
        if kept is None:
            return None
        summary = kept.summary
        if kept.revision != article.revision:
            checked = Gate(article).check(summary.text)
            if {*_found(checked)} - {*_found(summary.checked)}:
                return None
            summary = replace(summary, checked=checked)
        text = _fitted(summary.text, article.language, space)
        return replace(summary, text=text) if text else None

    def _proposed(self, article: Article, space: Space) -> Summary:
        try:
            made = self._summariser.summarise(article, space.budget, space.measure)
        except SummaryError as error:
            return self._plain(article, space, why=str(error))
        if space.measure(made.text) > space.budget:
            return self._plain(article, space, why=f"{made.method} wrote more than {space}")
        checked = Gate(article).check(made.text)
        made = replace(made, checked=checked)
        standing = worst(checked)
        if made.method == EXTRACT or (standing is Standing.CLEAR and checked):
            return made
        self._refuse(article, space, made, standing)
        return self._plain(article, space, why=f"the gate found it {standing}", refused=checked)

    def _plain(
        self, article: Article, space: Space, *, why: str, refused: tuple[Checked, ...] = ()
    ) -> Summary:
        made = self._extract.summarise(article, space.budget, space.measure)
        return replace(made, checked=Gate(article).check(made.text), refused=refused, why=why)

    def _refuse(self, article: Article, space: Space, made: Summary, standing: Standing) -> None:
        """Written down once, for an editor."""
        waits = self._holds and standing is Standing.DOUBTFUL
        state = State.WAITS if waits else State.REFUSED
        known = self._kept(article).get(str(space))
        if known and (known.revision, known.state, known.summary) == (article.revision, state, made):
            return
        with self._database.write() as connection:
            stored.keep(connection, self._row(article, str(space), state, "gate", made))

    # What an editor says

    def write(self, wanted: str, text: str, *, by: str) -> Summary:
        """An editor's own words of a story; what the gate says of them is a warning. Raises :exc:`NotFound`,
        :exc:`Refused`."""
        text = " ".join(text.split())
        if not text:
            raise Refused("there is nothing in it; to have the story's own sentences again, take it back")
        article = self.article(wanted)
        summary = Summary(article=article.id, text=text, method="editor", checked=Gate(article).check(text))
        with self._database.write() as connection:
            stored.keep(connection, self._row(article, OWN, State.OWN, by, summary))
            brakes.note(connection, who=by, what="summary", about=article.id, why=text, now=self._now())
        self.anew(article.id)
        return summary

    def looked_at(self, article: Article, text: str) -> Summary:
        """An editor's words as the gate sees them; nothing is kept."""
        text = " ".join(text.split())
        return Summary(article=article.id, text=text, method="editor", checked=Gate(article).check(text))

    def drafted(self, article: Article, text: str, space: Space) -> Summary:
        """An editor's words as they would stand there."""
        made = self.looked_at(article, text)
        return replace(made, text=_fitted(made.text, article.language, space))

    def accept(self, wanted: str, *, by: str) -> Summary:
        """What was proposed of a story becomes the editor's own. Raises :exc:`NotFound`, :exc:`Refused`."""
        return self.write(wanted, self._proposals(wanted)[0].summary.text, by=by)

    def decline(self, wanted: str, *, by: str) -> None:
        """The story goes out with its own sentences. Raises :exc:`NotFound`, :exc:`Refused`."""
        found = self._proposals(wanted)
        with self._database.write() as connection:
            for one in found:
                now = self._now()
                stored.keep(connection, replace(one, state=State.DECLINED, by=by, at=now))
            about = found[0].article
            brakes.note(connection, who=by, what="summary declined", about=about, why="", now=self._now())
        self.anew(about)

    def take_back(self, wanted: str, *, by: str) -> None:
        """No word of an editor's own any more. Raises :exc:`NotFound`, :exc:`Refused`."""
        article = self.article(wanted)
        with self._database.write() as connection:
            if not stored.take_back(connection, article.id):
                raise Refused("{article} has no summary of an editor's own", article=article.id)
            about = article.id
            brakes.note(connection, who=by, what="summary taken back", about=about, why="", now=self._now())
        self.anew(about)

    def _proposals(self, wanted: str) -> list[Kept]:
        article = self.article(wanted)
        found = [
            one
            for one in self._kept(article).values()
            if one.place != OWN and one.revision == article.revision
        ]
        if not found:
            raise Refused(
                "nothing that waits was proposed of {article}; write one with --text", article=article.id
            )
        return sorted(found, key=lambda one: one.state is not State.WAITS)

    # What anybody may look at

    def waiting(self, limit: int = 100, *, all_refused: bool = False) -> list[Kept]:
        """Proposals that wait for an editor; or those, too, that were refused."""
        states = {State.WAITS, State.REFUSED} if all_refused else {State.WAITS}
        with self._database.read() as connection:
            return stored.in_state(connection, states, limit)

    def about(self, article: Article) -> tuple[list[Kept], list[tuple[str, int, Summary]]]:
        """What is kept of a story, and what editions carried."""
        with self._database.read() as connection:
            return stored.of_article(connection, article.id), stored.went_out(connection, article.id)

    def doctor(self) -> Iterator[tuple[str, bool, str]]:
        """Whether a summariser that needs somebody else is answered."""
        if isinstance(self._summariser, Probed):
            try:
                yield "summariser", True, self._summariser.probe()
            except SummaryError as error:
                yield "summariser", False, str(error)

    def article(self, wanted: str) -> Article:
        """By its id or how it begins. Raises :exc:`NotFound`."""
        with self._database.read() as connection:
            return archive.article(connection, wanted)

    def forget(self) -> int:
        """What plug-ins noted long ago."""
        with self._database.write() as connection:
            return till.forget(connection, self._now() - REMEMBERED)

    def _row(self, article: Article, place: str, state: State, by: str, summary: Summary) -> Kept:
        return Kept(
            article=article.id,
            place=place,
            revision=article.revision,
            state=state,
            by=by,
            at=self._now(),
            summary=summary,
        )


def _found(checked: tuple[Checked, ...]) -> list[tuple[str, str]]:
    return [(finding.doubt, finding.words) for one in checked for finding in one.findings]


def _fitted(text: str, language: str, space: Space) -> str:
    """Its first whole sentences that fit; empty where not one does."""
    whole = sentences.split(text, language)
    fitting = (" ".join(whole[:most]) for most in range(len(whole), 0, -1))
    return next((one for one in fitting if space.measure(one) <= space.budget), "")
