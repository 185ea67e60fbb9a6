"""Editions: what went out, how an edition is made up, and watching it go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import RedirectResponse, Response

from syndicator.errors import NotFound
from syndicator.model import Role
from syndicator.services.board import Going
from syndicator.services.trail import Wanted
from syndicator.verbs import VERBS, perform

from .doors import HOME, Visit
from .previews import Previews
from .rooms import Rooms
from .told import tell

if TYPE_CHECKING:
    from syndicator.app import App

    from .setting import Setting

LATEST = 40


class Editions:
    def __init__(self, newsroom: App, rooms: Rooms, setting: Setting, previews: Previews) -> None:
        self._newsroom = newsroom
        self._setting = setting
        self._previews = previews
        self.routes = [
            rooms.way("/editions", show=self._all),
            rooms.way("/editions/{edition:path}/post/{post:path}", show=self._post),
            rooms.way("/editions/{edition:path}", show=self._one),
            rooms.way("/newsletters/{newsletter:str}", show=self._compose, do=self._fix, role=Role.EDITOR),
            rooms.way("/newsletters/{newsletter:str}/check", do=self._check, role=Role.EDITOR),
        ]

    def _all(self, visit: Visit) -> Response:
        seen = self._newsroom.board.seen()
        return self._setting.page(
            visit,
            "editions.html",
            seen=seen,
            editions=self._newsroom.board.editions(LATEST),
            newsletters=self._newsroom.circulation.register.newsletters(),
            held=self._newsroom.newsstand.held(),
        )

    def _one(self, visit: Visit) -> Response:
        name = visit.placed("edition")
        moving = self._newsroom.board.edition(name)
        if moving is None:
            raise NotFound("no edition is called {name!r}", name=name)
        seen = self._newsroom.board.seen()
        live = next((one for one in seen.going if one.edition.id == name), moving)
        return self._setting.page(
            visit,
            "edition.html",
            edition=moving.edition,
            moving=live,
            report=self._newsroom.board.report(name),
            stories=self._newsroom.ledger.stories_of(name),
            posts=self._newsroom.ledger.posts_of(name),
            gate=seen.gates.get(name),
            paused=seen.paused.get(name),
            opened=self._opened(moving.edition),
            trail=self._newsroom.trail.newest(Wanted(about=name), limit=20),
        )

    def _opened(self, edition: Going) -> dict[str, int]:
        """How many people opened each story, where its newsletter counts that."""
        told = self._newsroom.settings.newsletters.get(edition.newsletter or "")
        if told is None or not told.clicks:
            return {}
        return {
            str(one["id"]): int(str(one["people"])) for one in self._newsroom.gate.clicks.counts(edition.id)
        }

    def _post(self, visit: Visit) -> Response:
        """A mail as it went out, its readers' own words left blank."""
        return self._previews.framed(visit, self._newsroom.ledger.post(visit.placed("post")))

    # The next edition of a newsletter

    def _compose(self, visit: Visit) -> Response:
        name = visit.placed("newsletter")
        told = perform(self._newsroom, VERBS["newsletter compose"], {"name": name}, visit.actor)
        languages: dict[str, list[Any]] = {}
        for one in told["stories"]:
            languages.setdefault(one["language"], []).append(one)
        return self._setting.page(
            visit,
            "compose.html",
            newsletter=self._newsroom.newsstand.called(name),
            languages=languages,
            names={one["code"]: one["name"] for one in self._setting.languages()},
            marks=self._newsroom.newsstand.fixed(name).marks,
            subject=told["subject"],
            preheader=told["preheader"],
            held=[one for one in self._newsroom.newsstand.held() if one.newsletter == name],
            titles=dict(self._newsroom.newsstand.called(name).titles),
        )

    def _fix(self, visit: Visit) -> Response:
        """What the page says of order, lead and absence, all of it at once."""
        name = visit.placed("newsletter")
        back = RedirectResponse(f"{HOME}/newsletters/{name}", 303)
        told: dict[str, Any] = {"name": name}
        if visit.said("clear"):
            told["clear"] = True
        else:
            told |= _fixed(visit)
        came = perform(self._newsroom, VERBS["newsletter compose"], told, visit.actor)
        tell(back, VERBS["newsletter compose"], came)
        return back

    def _check(self, visit: Visit) -> Response:
        came = perform(
            self._newsroom,
            VERBS["newsletter check"],
            {"name": visit.placed("newsletter")},
            visit.actor,
        )
        return self._setting.page(visit, "findings.part.html", findings=came["findings"])


def _fixed(visit: Visit) -> dict[str, Any]:
    """Places are numbers beside the stories; who has none stays where the rules put it. Every word for the edition
    stands on the page, so what is empty is taken back."""
    inside = set(visit.all_said("in"))
    places = [
        (int(value), key.partition(":")[2])
        for key, values in visit.form.items()
        if key.startswith("place:") and (value := values[-1].strip()).isdigit()
    ]
    lead = [
        value for key, values in visit.form.items() if key.startswith("lead:") for value in values if value
    ]
    drop = [one for one in visit.all_said("was-in") if one not in inside]
    return {
        "lead": [one for one in lead if one not in drop],
        "drop": drop,
        "order": [one for _, one in sorted(places) if one not in drop],
        "add": [one for one in visit.all_said("was-out") if one in inside],
        "subject": _by_language(visit, "subject:"),
        "preheader": _by_language(visit, "preheader:"),
    }


def _by_language(visit: Visit, start: str) -> dict[str, str]:
    told = {
        key.removeprefix(start): values[-1].strip()
        for key, values in visit.form.items()
        if key.startswith(start)
    }
    return {language: words for language, words in told.items() if words}
