"""What every channel owes, tried against a room that stands in for a real one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from urllib.parse import unquote

from syndicator_matrix import MatrixChannel

from syndicator.errors import SourceError
from syndicator.model import ChannelId, Delivery, DeliveryId, EditionId, Language, Outcome, Post
from syndicator.ports import Answer, Parcel, World
from syndicator.sandbox.contract import ListLane, check_channel, check_corrections
from syndicator.sandbox.faults import Fault, Switches, spoilt
from syndicator.sandbox.serving import Request, Response, StandIn

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


class Room(StandIn):
    """Keeps events by the ids of their transactions, as a server does."""

    def __init__(self) -> None:
        super().__init__()
        self.events: dict[str, dict[str, Any]] = {}
        self.faults = Switches()
        self._known: dict[str, str] = {}

    @property
    def shown(self) -> list[str]:
        return [told["body"] for told in self.events.values() if "redacted_because" not in told["unsigned"]]

    def _answer(self, request: Request) -> Response | None:
        fault = self.faults.meet()
        return spoilt(self._called(request), fault, self.faults)

    def _called(self, request: Request) -> Response:
        if request.headers.get("authorization") != "Bearer sandbox":
            return Response.of({"errcode": "M_UNKNOWN_TOKEN", "error": "Invalid access token"}, 401)
        match [unquote(one) for one in request.path.split("/")[4:]]:
            case ["account", "whoami"]:
                return Response.of({"user_id": "@courier:matrix.example"})
            case ["rooms", _, "event", number]:
                return Response.of(self.events.get(number, {}), 200 if number in self.events else 404)
            case ["rooms", _, "redact", number, key]:
                self.events[number]["unsigned"]["redacted_because"] = key
                return Response.of({"event_id": f"${key}"})
            case ["rooms", _, "send", _, key]:
                return Response.of({"event_id": self._put(key, request.fields)})
        return Response.of({"errcode": "M_UNRECOGNIZED", "error": "Unrecognized request"}, 404)

    def _put(self, key: str, told: dict[str, Any]) -> str:
        if key not in self._known:
            self._known[key] = f"${key}"
            if "m.new_content" in told:
                self.events[told["m.relates_to"]["event_id"]]["body"] = told["m.new_content"]["body"]
            else:
                self.events[f"${key}"] = {"body": told["body"], "unsigned": {}}
        return self._known[key]


class Nowhere:
    def get(self, url: str, headers: object = None) -> Answer:
        raise SourceError(url)


WORLD = World(now=lambda: NOW, rng=Random(1), wait=lambda _: False, web=Nowhere())


def parcel(number: int, text: str) -> Parcel:
    post = Post(
        id=f"flash:{number}:room:en:0",
        edition=EditionId(f"flash:{number}"),
        channel=ChannelId("room"),
        language=Language("en"),
        text=text,
    )
    delivery = Delivery(
        id=DeliveryId(number),
        key=f"flash:{number}:room:-:0",
        channel=post.channel,
        edition=post.edition,
        recipient="-",
        post=post.id,
        due_at=NOW,
        not_after=NOW + timedelta(hours=1),
    )
    return Parcel(delivery, post)


def made(room: Room, token: str = "sandbox") -> MatrixChannel:
    told = {"access_token": token, "base_url": room.url, "room": "!r:matrix.example"}
    return MatrixChannel(MatrixChannel.Settings.model_validate(told), WORLD, id=ChannelId("room"))


def test_it_keeps_the_contract() -> None:
    parcels = [parcel(number, text) for number, text in enumerate(("Rain", "باران", "Snow"), 1)]
    with Room() as room:
        check_channel(lambda: made(room), parcels, arrived=lambda: len(room.events))
    with Room() as room:
        check_corrections(lambda: made(room), parcels[0], parcels[1].post, stands=lambda: len(room.shown))


def test_what_was_sent_twice_is_there_once() -> None:
    with Room() as room:
        room.faults.coming(*[Fault.DROP_AFTER_ACCEPT] * 2)  # a PUT is made once more by itself
        for outcome in (Outcome.DEFERRED, Outcome.ACCEPTED):
            lane = ListLane([parcel(1, "Rain")])
            with made(room) as channel:
                channel.run(lane)
            assert lane.outcomes == [outcome]
        assert room.shown == ["Rain"]


def test_a_token_that_is_not_taken_shuts_the_door() -> None:
    with Room() as room:
        lane = ListLane([parcel(1, "Rain")])
        with made(room, token="another") as channel:
            channel.run(lane)
        assert [receipt.halt for receipt in lane.receipts] == [True]
