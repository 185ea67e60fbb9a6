"""What waits for a person's word: posts in doubt, corrections, summaries that are not clear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from syndicator.errors import NotFound
from syndicator.model import How, Role

from .doors import Visit
from .previews import Previews
from .rooms import Rooms

if TYPE_CHECKING:
    from syndicator.app import App

    from .setting import Setting


class Decisions:
    def __init__(self, newsroom: App, rooms: Rooms, setting: Setting, previews: Previews) -> None:
        self._newsroom = newsroom
        self._previews = previews
        self._setting = setting
        self.routes = [
            rooms.way("/doubts", show=self._doubts),
            rooms.way("/approvals", show=self._approvals),
            rooms.way("/approvals/{edition:path}/mail/{language:str}", show=self._mail),
            rooms.way("/corrections", show=self._corrections),
            rooms.way("/summaries", show=self._summaries),
        ]

    def _doubts(self, visit: Visit) -> Response:
        see = visit.person.role.covers(Role.EDITOR)
        return self._setting.page(
            visit, "doubts.html", doubts=self._newsroom.open_doubts(), see=see, which="doubts"
        )

    def _approvals(self, visit: Visit) -> Response:
        desk = self._newsroom.approvals
        found = []
        for one in desk.waiting():
            posts = desk.posts(one.edition)
            found.append(
                {
                    "asked": one,
                    "may": one.may(visit.person.name),
                    "posts": [self._previews.seen(post) for post in posts if not post.html],
                    "mails": [post for post in posts if post.html],
                    "stories": [self._newsroom.summaries.article(article) for article in one.articles],
                }
            )
        return self._setting.page(visit, "approvals.html", waiting=found, which="approvals")

    def _mail(self, visit: Visit) -> Response:
        """A mail that waits to be approved, as it would go out."""
        edition, language = visit.placed("edition"), visit.placed("language")
        for post in self._newsroom.approvals.posts(edition):
            if post.html and post.language == language:
                return self._previews.framed(visit, post)
        raise NotFound("{edition} has no mail in {language} that waits", edition=edition, language=language)

    def _corrections(self, visit: Visit) -> Response:
        found = []
        for one in self._newsroom.corrections.waiting():
            life = self._newsroom.stories.life(one.article)
            change = next((now.change for now in life.revisions if now.number == one.revision), None)
            found.append({"decision": one, "story": life.article, "change": change})
        return self._setting.page(
            visit, "corrections.html", waiting=found, ways=[str(how) for how in How], which="corrections"
        )

    def _summaries(self, visit: Visit) -> Response:
        found = [
            {"kept": one, "story": self._newsroom.summaries.article(one.article)}
            for one in self._newsroom.summaries.waiting()
        ]
        return self._setting.page(visit, "summaries.html", waiting=found, which="summaries")
