"""Stories: the list, and one story with everything that is said of it, everywhere it goes, and what can be done."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from syndicator.errors import Refused
from syndicator.model import Article, Role
from syndicator.services.numbers.work import Work
from syndicator.services.trail import Wanted
from syndicator.truth import numbered
from syndicator.verbs import VERBS, perform

from .do import Do
from .doors import HOME, Visit
from .previews import Draft, Previews
from .rooms import Rooms
from .told import tell

if TYPE_CHECKING:
    from syndicator.app import App

    from .setting import Setting

PAGE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A paragraph of a story, in pieces: those that the summary is made of are marked."""

    pieces: tuple[tuple[str, bool], ...]


class Stories:
    def __init__(
        self, newsroom: App, rooms: Rooms, setting: Setting, do: Do, previews: Previews, *, work: Work
    ) -> None:
        self._newsroom = newsroom
        self._setting = setting
        self._do = do
        self._previews = previews
        self._work = work
        self.routes = [
            rooms.way("/stories", show=self._list),
            rooms.way("/stories/{story:str}", show=self._story),
            rooms.way("/stories/{story:str}/previews", do=self._drafted, role=Role.EDITOR),
            rooms.way("/stories/{story:str}/push", show=self._ask, do=self._push, role=Role.EDITOR),
        ]

    def _list(self, visit: Visit) -> Response:
        language, words = visit.said("language"), visit.said("q")
        page = self._newsroom.ledger.articles(
            language=language or None, after=visit.said("after") or None, limit=PAGE, words=words
        )
        more = {"language": language, "q": words, "after": page.next or ""}
        return self._setting.page(
            visit,
            "stories.html",
            stories=page.articles,
            went=self._newsroom.board.went([one.id for one in page.articles]),
            next=urlencode({name: value for name, value in more.items() if value}) if page.next else "",
            languages=self._setting.languages(),
            chosen=language,
            q=words,
        )

    def _story(self, visit: Visit) -> Response:
        article = self._newsroom.ledger.story(visit.placed("story"))
        kept, out = self._newsroom.summaries.about(article)
        life = self._newsroom.stories.life(article.id)
        went = self._newsroom.board.went([article.id])[article.id]
        previews = self._previews.of(article, session=visit.session.id)
        shown = next((one for one in previews if one.summary), None)
        return self._setting.page(
            visit,
            "story.html",
            story=article,
            paragraphs=marked(article, shown.sources if shown else ()),
            own=next((one for one in kept if one.state == "own"), None),
            edits={one.channel: one for one in self._newsroom.edits.of(article.id)},
            proposals=[one for one in kept if one.state == "waits"],
            said=shown.summary if shown else "",
            life=life,
            went=went,
            out=out,
            previews=previews,
            ticked=(),
            decided=self._newsroom.corrections.history(article.id),
            links={one.edition + one.channel: self._links(one) for one in went},
            retracted=self._newsroom.ledger.retracted(article.id),
            read=self._work.of_story(article.id),
            trail=self._newsroom.trail.newest(Wanted(about=article.id), limit=20),
            held=next((one for one in self._newsroom.holds.standing() if one.article.id == article.id), None),
        )

    def _links(self, one: Any) -> list[str]:
        return [link for remote in one.remote if (link := self._newsroom.link_of(one.channel, remote))]

    def _drafted(self, visit: Visit) -> Response:
        """The previews as they would be with what is typed, and nothing is kept."""
        article = self._newsroom.ledger.story(visit.placed("story"))
        previews = self._previews.of(
            article, Draft(visit.said("text"), visit.said("headline")), session=visit.session.id
        )
        return self._setting.page(
            visit,
            "previews.part.html",
            story=article,
            previews=previews,
            findings=self._previews.findings(article, visit.said("text")),
            ticked=visit.all_said("to"),
            edits={one.channel: one for one in self._newsroom.edits.of(article.id)},
        )

    def _ask(self, visit: Visit) -> Response:
        """Exactly what a push would send and to how many, before it is sent."""
        article = self._newsroom.ledger.story(visit.placed("story"))
        to = visit.all_said("to")
        if not to:
            raise Refused("choose at least one channel")
        told = {"article": article.id, "to": to, "again": bool(visit.said("again"))}
        found = perform(self._newsroom, VERBS["preview"], told, visit.actor)
        return self._setting.page(
            visit,
            "push.html",
            story=article,
            to=to,
            again=told["again"],
            previews=[one for one in self._previews.of(article) if one.channel in to],
            ticked=None,
            edits={},
            costs=found["costs"],
        )

    def _push(self, visit: Visit) -> Response:
        came = self._do.perform(visit, VERBS["push"])
        answer = RedirectResponse(f"{HOME}/stories/{visit.placed('story')}", 303)
        tell(answer, VERBS["push"], came)
        return answer


def marked(article: Article, sources: Collection[int]) -> list[Paragraph]:
    """The story's paragraphs, with the sentences that its summary says marked."""
    told = iter([(text, number in sources) for number, text, _ in numbered(article) if number >= 0])
    found = []
    for paragraph in article.body:
        pieces, left = [], len("".join(paragraph.split()))
        while left > 0 and (piece := next(told, None)):
            pieces.append(piece)
            left -= len("".join(piece[0].split()))
        found.append(Paragraph(pieces=tuple(pieces)))
    return found
