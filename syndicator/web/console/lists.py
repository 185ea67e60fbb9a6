"""Lists of readers, in and out: a list is looked at first, then it is taken in; how far it is, is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response, StreamingResponse

from syndicator.errors import Refused
from syndicator.model import Consent, Role
from syndicator.services.rolls.intray import LIST_MAX, Brought, Stage

from .doors import HOME, Visit
from .rooms import Rooms

if TYPE_CHECKING:
    from syndicator.app import App

    from .setting import Setting


class Lists:
    def __init__(self, newsroom: App, rooms: Rooms, setting: Setting) -> None:
        self._newsroom = newsroom
        self._setting = setting
        role = Role.PUBLISHER
        self.routes = [
            rooms.way("/readers/lists", show=self._form, role=role),
            rooms.way("/readers/lists/new", do=self._bring, role=role, most=LIST_MAX),
            rooms.way("/readers/lists/out", do=self._out, role=role),
            rooms.way("/readers/lists/{name:str}", show=self._show, do=self._take_in, role=role),
        ]

    def _form(self, visit: Visit) -> Response:
        circulation = self._newsroom.circulation
        racks = list(circulation.front.racks)
        cuts = {name: cut for name in racks if (cut := circulation.cut_short(name))}
        return self._setting.page(visit, "lists.html", newsletters=racks, cuts=cuts, consents=list(Consent))

    def _bring(self, visit: Visit) -> Response:
        if visit.file is None or not visit.file.filename:
            raise Refused("choose a file: CSV in UTF-8, with the columns address, name, language")
        rack = self._newsroom.circulation.rack(visit.said("newsletter"))
        visit.actor.check(channels=[rack.channel], languages=rack.languages)
        brought = self._newsroom.circulation.intray.bring(
            visit.file.file,
            visit.file.filename,
            rack.name,
            languages=rack.languages,
            proof=visit.said("proof"),
            by=visit.person.name,
        )
        return RedirectResponse(f"{HOME}/readers/lists/{brought.id}", 303)

    def _show(self, visit: Visit) -> Response:
        brought = self._theirs(visit)
        return self._setting.page(visit, "list.html", one=brought, part=visit.partial, Stage=Stage)

    def _take_in(self, visit: Visit) -> Response:
        brought, tray = self._theirs(visit), self._newsroom.circulation.intray
        if visit.said("drop"):
            tray.drop(brought.id)
            return RedirectResponse(f"{HOME}/readers/lists", 303)
        tray.take_in(brought.id)
        return RedirectResponse(f"{HOME}/readers/lists/{brought.id}", 303)

    def _theirs(self, visit: Visit) -> Brought:
        """Raises :exc:`Forbidden` for a list of readers that are not theirs."""
        brought = self._newsroom.circulation.intray.called(visit.placed("name"))
        channel = self._newsroom.circulation.rack(brought.newsletter).channel
        visit.actor.check(channels=[channel], languages=brought.languages)
        return brought

    def _out(self, visit: Visit) -> Response:
        circulation, said = self._newsroom.circulation, visit.said("consent")
        newsletter = visit.said("newsletter") or None
        racks = [circulation.rack(newsletter)] if newsletter else list(circulation.front.racks.values())
        for rack in racks:
            visit.actor.check(channels=[rack.channel], languages=rack.languages)
        if said not in {"", *Consent}:
            raise Refused(
                "nobody's consent is {said!r}; there are: {known}", said=said, known=", ".join(Consent)
            )
        lines = circulation.given_out(newsletter, Consent(said) if said else None, by=visit.person.name)
        told = {"content-disposition": f'attachment; filename="{newsletter or "readers"}.csv"'}
        return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=told)
