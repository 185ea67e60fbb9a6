"""What every channel owes the postroom, as one check for the writers of channels.

check_channel(lambda: MyChannel(...), parcels, arrived=lambda: len(my_server.taken))
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from syndicator.model import Limits, Outcome, Post, Receipt
from syndicator.ports import Capabilities, Channel, Corrector, Parcel, Published
from syndicator.text.measure import UNITS


@dataclass
class ListLane:
    """A lane in memory that writes down the order of things."""

    parcels: list[Parcel]
    refuse: frozenset[int] = frozenset()  # deliveries whose body may not be written after all
    on_mark: Callable[[Parcel], None] = lambda parcel: None
    receipts: list[Receipt] = field(default_factory=list)
    marked: list[int] = field(default_factory=list)

    def take(self) -> Parcel | None:
        return self.parcels.pop(0) if self.parcels else None

    def commit(self, receipts: Sequence[Receipt], sending: Sequence[Parcel]) -> Sequence[Parcel]:
        self.receipts += receipts
        for parcel in sending:
            self.marked.append(parcel.delivery.id)
            self.on_mark(parcel)
        return [parcel for parcel in sending if parcel.delivery.id not in self.refuse]

    @property
    def outcomes(self) -> list[Outcome]:
        return [receipt.outcome for receipt in self.receipts]


def check_channel(make: Callable[[], Channel], parcels: Sequence[Parcel], arrived: Callable[[], int]) -> None:
    """Raises :exc:`AssertionError` that says which promise was broken.

    ``parcels`` are three or more that the other side accepts; ``arrived`` counts what it has taken so far.
    """
    _owes(len(parcels) >= 3, "the check needs three parcels")
    channel = make()
    _owes(
        isinstance(channel.limits, Limits) and channel.limits.unit in UNITS,
        "limits are in a unit we can count",
    )
    _owes(isinstance(channel.capabilities, Capabilities), "capabilities are stated")
    _owes(bool(channel.probe()), "a probe says who we are")
    _owes(arrived() == 0, "a probe publishes nothing")
    _sends(make(), parcels, arrived)
    with make() as idle:
        idle.run(ListLane([]))
    _owes(arrived() == len(parcels) - 1, "an empty lane sends nothing")


def check_corrections(
    make: Callable[[], Channel], parcel: Parcel, other: Post, stands: Callable[[], int]
) -> None:
    """The same for a channel that can edit or take back what went out; both are asked twice, as after a death.

    ``other`` is what the parcel's post becomes; ``stands`` counts the messages that the other side shows.
    """
    channel, lane = make(), ListLane([parcel])
    with channel as opened:
        opened.run(lane)
        (sent,) = lane.receipts
        _owes(sent.outcome is Outcome.ACCEPTED, f"what is to be corrected went out: {sent.detail}")
        if not isinstance(opened, Corrector):
            raise AssertionError("it edits and retracts")
        out = Published(delivery=parcel.delivery.id, remote_ids=sent.remote_ids, post=parcel.post, at=sent.at)
        if opened.capabilities.editable(sent.at, sent.at):
            out = _edited(opened, out, other)
            _owes(stands() == 1, "an edit adds nothing and takes nothing away")
        if opened.capabilities.deletable(sent.at, sent.at):
            for _ in range(2):
                gone = opened.retract(out)
                _owes(
                    gone.outcome is Outcome.ACCEPTED, f"it is taken back, and is so once more: {gone.detail}"
                )
                _owes(not gone.remote_ids, "what is gone has no remote ids")
            _owes(stands() == 0, "what was taken back is gone")
            refused = opened.edit(out, other)
            _owes(refused.outcome is Outcome.REJECTED, "what is gone cannot be edited any more")


def _edited(channel: Corrector, out: Published, other: Post) -> Published:
    for _ in range(2):
        edited = channel.edit(out, other)
        _owes(edited.outcome is Outcome.ACCEPTED, f"it is edited, and is so once more: {edited.detail}")
        _owes(bool(edited.remote_ids), "what was edited has its remote ids")
    return replace(out, remote_ids=edited.remote_ids, post=other)


def _sends(channel: Channel, parcels: Sequence[Parcel], arrived: Callable[[], int]) -> None:
    taken_at_mark: dict[int, int] = {}

    def marked(parcel: Parcel) -> None:
        taken_at_mark[parcel.delivery.id] = arrived()

    held_back = parcels[1].delivery.id
    lane = ListLane(list(parcels), refuse=frozenset({held_back}), on_mark=marked)
    with channel as entered:
        entered.run(lane)
    wanted = [parcel.delivery.id for parcel in parcels]
    allowed = [number for number in wanted if number != held_back]
    _owes(sorted(lane.marked) == sorted(wanted), "each parcel is marked once before its body is written")
    _owes(
        all(taken_at_mark[number] <= allowed.index(number) for number in allowed),
        "nothing is written before its mark is durable",
    )
    _owes(arrived() == len(allowed), "what may go out arrives once, what is held back does not")
    _owes(sorted(r.delivery for r in lane.receipts) == sorted(allowed), "each body written has one receipt")
    _owes(all(r.outcome is Outcome.ACCEPTED for r in lane.receipts), f"accepted: {lane.receipts}")
    _owes(all(r.at.tzinfo is not None for r in lane.receipts), "moments know their zone")


def _owes(kept: bool, promise: str) -> None:  # noqa: FBT001 - it reads as a sentence
    if not kept:
        raise AssertionError(promise)
