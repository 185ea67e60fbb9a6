"""Lists of readers, in and out: files, and so neither told nor answered as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from functools import partial
from hashlib import sha256
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from syndicator.model import Consent, Role
from syndicator.services.rolls.intray import LIST_MAX, Brought
from syndicator.verbs import Actor, Told, Verb, perform
from syndicator.verbs import answers as say
from syndicator.verbs.nouns import Reach, checked

from .doors import Door
from .orders import fingerprint
from .problems import HEADERS, problem
from .telling import Ill, addressed

if TYPE_CHECKING:
    from syndicator.app import App

CSV = "text/csv"
AT_HAND = 2**20  # octets that are kept in memory


class Bringing(Told):
    newsletter: str
    proof: str = Field(min_length=1, description="where the consent of these readers comes from")
    dry_run: bool = Field(default=False, description="look at each row, and take nobody in")


class OfList(Told):
    id: str = Field(description="what the import answered")


class Wanted(Told):
    newsletter: str | None = None
    consent: Consent | None = None


def _reach(newsroom: App, told: Any) -> Reach:
    front = newsroom.circulation.front
    racks = [newsroom.circulation.rack(told.newsletter)] if told.newsletter else [*front.racks.values()]
    return Reach(
        channels=[rack.channel for rack in racks], languages=[one for rack in racks for one in rack.languages]
    )


def _reach_of_list(newsroom: App, told: OfList) -> Reach:
    brought = newsroom.circulation.intray.called(told.id)
    return Reach(
        channels=[newsroom.circulation.rack(brought.newsletter).channel], languages=brought.languages
    )


def _progress(newsroom: App, told: OfList, actor: Actor) -> Any:
    return _told(newsroom.circulation.intray.called(told.id))


def _bring(newsroom: App, told: Bringing, actor: Actor, file: BinaryIO | None = None) -> Any:
    rack = newsroom.circulation.rack(told.newsletter)
    brought = newsroom.circulation.intray.bring(
        file or BytesIO(),
        "list.csv",
        rack.name,
        languages=rack.languages,
        proof=told.proof,
        by=actor.by,
        write=not told.dry_run,
    )
    return _told(brought)


def _give_out(newsroom: App, told: Wanted, actor: Actor) -> Iterator[str]:
    return newsroom.circulation.given_out(told.newsletter, told.consent, by=actor.by)


IMPORT = Verb(
    name="subscribers import",
    says="Take a list of readers in (CSV: address, name, language), or look at it first.",
    role=Role.PUBLISHER,
    scope="subscribers:write",
    method="POST",
    path="/subscribers/import",
    takes=Bringing,
    reach=_reach,
    act=_bring,
    answers=say.Imported,
)
PROGRESS = Verb(
    name="subscribers imported",
    says="How far a list is, and which rows were refused.",
    role=Role.PUBLISHER,
    scope="subscribers:write",
    method="GET",
    path="/subscribers/import/{id}",
    takes=OfList,
    reach=_reach_of_list,
    act=_progress,
    answers=say.Imported,
)
EXPORT = Verb(
    name="subscribers export",
    says="All readers, or those of a newsletter, as CSV that can be imported again.",
    role=Role.PUBLISHER,
    scope="subscribers:read",
    method="GET",
    path="/subscribers/export",
    takes=Wanted,
    reach=_reach,
    act=_give_out,
)
FILES = (IMPORT, PROGRESS, EXPORT)


class List:
    """A list as it came in, and the hash of its octets."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self._digest = sha256()
        self.size = 0

    def add(self, piece: bytes) -> None:
        self.file.write(piece)
        self._digest.update(piece)
        self.size += len(piece)

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()


class FileDoor(Door):
    async def _answer(self, request: Request) -> Response:
        if self._verbs.get(request.method) is not IMPORT:
            return await super()._answer(request)
        with SpooledTemporaryFile(max_size=AT_HAND) as file:
            came = List(cast(BinaryIO, file))
            async for piece in request.stream():
                await run_in_threadpool(came.add, piece)
                if came.size > LIST_MAX:
                    return problem("too-large", f"a list has at most {LIST_MAX} octets")
            return await run_in_threadpool(self._let_in, IMPORT, request, came)

    def _fields(self, verb: Verb, request: Request, raw: Any) -> dict[str, Any]:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if verb is IMPORT and kind != CSV:
            raise Ill("no-csv", f"the body is {kind or 'of no kind'}; send {CSV}")
        return addressed(verb, request)

    def _fingerprint(self, request: Request, fields: Mapping[str, Any], raw: Any) -> str:
        return fingerprint(request, {**fields, "": raw.digest})

    def _performed(self, verb: Verb, told: Any, actor: Actor, request: Request, raw: Any) -> Response:
        if verb is IMPORT:
            raw.file.seek(0)
            verb = replace(verb, act=partial(_bring, file=raw.file))
        if verb is not EXPORT:
            return super()._performed(verb, told, actor, request, raw)
        name = f"{told.newsletter or 'readers'}.csv"
        headers = {**HEADERS, "content-disposition": f'attachment; filename="{name}"'}
        if request.method == "HEAD":
            checked(self._newsroom, verb, told, actor)
            return Response(headers=headers, media_type=CSV)
        return StreamingResponse(perform(self._newsroom, verb, told, actor), headers=headers, media_type=CSV)


def _told(brought: Brought) -> dict[str, Any]:
    return {
        "id": brought.id,
        "stage": brought.stage,
        "octets": brought.size,
        "octets_read": min(brought.read, brought.size),
        **asdict(brought.counts),
        "reasons": dict(brought.reasons),
        "rows": [{"line": one.line, "address": one.address, "reason": one.reason} for one in brought.refused],
        "fault": brought.fault,
    }
