"""Audit: who did what. Nothing of it can be changed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from starlette.responses import Response

from syndicator.model import Role
from syndicator.services.trail import Wanted

from .doors import Visit
from .rooms import Rooms

if TYPE_CHECKING:
    from syndicator.app import App

    from .setting import Setting

LATEST = 100


class Audit:
    def __init__(self, newsroom: App, rooms: Rooms, setting: Setting) -> None:
        self._newsroom = newsroom
        self._setting = setting
        self.routes = [
            rooms.way("/audit", show=self._show),
            rooms.way("/audit.csv", show=self._export, role=Role.PUBLISHER),
        ]

    def _show(self, visit: Visit) -> Response:
        before = visit.said("before")
        wanted = Wanted(
            about=visit.said("about"), who=visit.said("who"), before=int(before) if before.isdigit() else None
        )
        lines = self._newsroom.trail.newest(wanted, limit=LATEST + 1)
        return self._setting.page(
            visit,
            "audit.html",
            lines=lines[:LATEST],
            wanted=wanted,
            next=lines[LATEST - 1].id if len(lines) > LATEST else None,
        )

    def _export(self, visit: Visit) -> Response:
        file = io.StringIO()
        self._newsroom.trail.export(file, Wanted(about=visit.said("about"), who=visit.said("who")))
        told = {"content-disposition": 'attachment; filename="audit.csv"'}
        return Response(file.getvalue(), media_type="text/csv; charset=utf-8", headers=told)
