"""Any interleaving of claims, sends, deaths, brakes, leaves and restarts: each delivery at most once, or in doubt."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Self
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from syndicator.model import (
    COMES_FROM,
    ENDS,
    ChannelId,
    DeliveryState,
    Edition,
    EditionId,
    EditionKind,
    Language,
    Limits,
    Outcome,
    Post,
    Receipt,
)
from syndicator.ports import Capabilities, Lane, Parcel, one_by_one
from syndicator.services import doubts, postroom
from syndicator.storage import brakes, ledger, outbox, planning
from syndicator.storage.database import Database

BEGIN = datetime(2026, 3, 1, 9, tzinfo=UTC)


class Killed(BaseException):
    """The process is no more."""


class Machine(RuleBasedStateMachine):
    """A channel that can be read back, its deliveries, and whoever works on them."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.run_id = uuid4().hex[:8]
        self.channel = ChannelId(f"tg-{self.run_id}")  # each run has a channel of its own in one database
        self.now = BEGIN
        self.planned = 0
        self.taken: Counter[str] = Counter()
        self.states: dict[str, str] = {}
        self.receipts = 0
        self.paused = False

    @rule(parts=st.integers(1, 3), hours=st.integers(1, 6))
    def plan(self, parts: int, hours: int) -> None:
        self.planned += 1
        name = EditionId(f"push:{self.run_id}:{self.planned}")
        edition = Edition(
            id=name, kind=EditionKind.PUSH, language=Language("en"), due_at=self.now, stories=()
        )
        for _ in range(2):  # planning twice is planning once
            with self.database.write() as connection:
                planning.add_edition(connection, edition, newsletter=None, now=self.now, by="dana")
                for part in range(parts):
                    post = Post(
                        id=f"{name}:{part}",
                        edition=name,
                        channel=self.channel,
                        language=Language("en"),
                        text=str(part),
                        part=part,
                    )
                    planning.add_posts(connection, [post])
                    planning.add_delivery(
                        connection,
                        post,
                        due_at=self.now,
                        not_after=self.now + timedelta(hours=hours),
                        urgency=1,
                    )

    @rule(
        answers=st.lists(
            st.sampled_from(["accepted", "deferred", "rejected", "lost", "vanished", "killed", "slept"]),
            max_size=5,
        )
    )
    def deliver(self, answers: list[str]) -> None:
        try:
            postroom.deliver(self._lane(), Wire(self, answers))
        except Killed:
            return

    @rule(minutes=st.sampled_from([1, 6, 16, 90]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def reconcile(self) -> None:
        postroom.reconcile(self.database, self.now)

    @rule(readable=st.booleans())
    def look_into(self, readable: bool) -> None:  # noqa: FBT001 - hypothesis draws it
        reader = Wire(self, []) if readable else None
        doubts.look_into(self.database, self.channel, reader, doubts.Policy.HOLD, self.now)

    @rule()
    def settle_by_hand(self) -> None:
        for doubt in [one for one in doubts.listed(self.database) if one.channel == self.channel]:
            there = self.taken[self._key(doubt.id)] > 0
            verdict = doubts.Verdict.SENT if there else doubts.Verdict.RESEND
            doubts.decide(self.database, doubt.id, verdict, who="dana", why="looked", now=self.now)

    @precondition(lambda self: not self.paused)
    @rule()
    def pause(self) -> None:
        with self.database.write() as connection:
            brakes.pause(connection, self.channel, now=self.now, by="dana", why="a look")
        self.paused = True

    @precondition(lambda self: self.paused)
    @rule()
    def resume(self) -> None:
        with self.database.write() as connection:
            brakes.resume(connection, self.channel, now=self.now, by="dana")
            outbox.resume_paused(connection, self.channel)
        self.paused = False

    @invariant()
    def nothing_is_sent_twice(self) -> None:
        assert all(times <= 1 for times in self.taken.values())

    @invariant()
    def every_move_is_legal_and_what_is_sent_was_taken(self) -> None:
        with self.database.read() as connection:
            rows = ledger.listed(connection, state=None, channel=self.channel, edition=None, limit=1000)
        for row in rows:
            key, state = str(row["key"]), str(row["state"])
            before = self.states.get(key, state)
            assert state == before or reachable(before, state), (key, before, state)
            assert state != "sent" or self.taken[key] == 1
            self.states[key] = state
        assert len(rows) == len(self.states)

    @invariant()
    def receipts_are_only_added(self) -> None:
        with self.database.read() as connection:
            rows = ledger.listed(connection, state=None, channel=self.channel, edition=None, limit=1000)
            found = sum(len(ledger.history(connection, int(str(row["id"])))) for row in rows)
        assert found >= self.receipts
        self.receipts = found

    def teardown(self) -> None:
        """Whatever happened before: after a quiet day every delivery has come to its end."""
        if self.paused:
            self.resume()
        for _ in range(4):
            self.now += timedelta(hours=8)
            self.reconcile()
            self.settle_by_hand()
            postroom.deliver(self._lane(), Wire(self, []))
        self.every_move_is_legal_and_what_is_sent_was_taken()
        self.nothing_is_sent_twice()
        assert set(self.states.values()) <= {end.value for end in ENDS}

    def _key(self, number: int) -> str:
        with self.database.read() as connection:
            rows = ledger.listed(connection, state=None, channel=self.channel, edition=None, limit=1000)
        return next(str(row["key"]) for row in rows if row["id"] == number)

    def _lane(self) -> postroom.CounterLane:
        return postroom.CounterLane(
            self.database,
            self.channel,
            holder=f"{self.channel}-0",
            now=lambda: self.now,
            rng=Random(1),
            wait=lambda seconds: None,
            stopping=lambda: False,
            blanks=lambda one: {},
            patience=postroom.Patience(),
            batch=2,
        )


class Wire:
    """A network that answers as it is told, and can be read back."""

    limits = Limits()
    capabilities = Capabilities(can_look_up=True)

    def __init__(self, machine: Machine, answers: list[str]) -> None:
        self._machine = machine
        self._answers = answers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing is open."""

    def run(self, lane: Lane) -> None:
        one_by_one(lane, self._send, lambda: self._machine.now)

    def probe(self) -> str:
        return "a wire"

    def look_up(self, parcel: Parcel, since: datetime) -> Receipt:
        there = self._machine.taken[parcel.delivery.key] > 0
        return self._receipt(parcel, Outcome.ACCEPTED if there else Outcome.DEFERRED)

    def _send(self, parcel: Parcel) -> Receipt:
        machine, answer = self._machine, self._answers.pop(0) if self._answers else "accepted"
        assert not machine.paused
        assert machine.now < parcel.delivery.not_after
        machine.taken[parcel.delivery.key] += answer in {"accepted", "lost", "killed", "slept"}
        if answer == "killed":
            raise Killed
        if answer == "slept":  # past the lease; meanwhile another worker looks after the rows
            machine.now += timedelta(minutes=20)
            postroom.reconcile(machine.database, machine.now)
        outcomes = {"deferred": Outcome.DEFERRED, "rejected": Outcome.REJECTED}
        unsure = Outcome.UNCERTAIN if answer in {"lost", "vanished"} else Outcome.ACCEPTED
        return self._receipt(parcel, outcomes.get(answer, unsure))

    def _receipt(self, parcel: Parcel, outcome: Outcome) -> Receipt:
        ids = (parcel.delivery.key,) if outcome is Outcome.ACCEPTED else ()
        return Receipt(
            delivery=parcel.delivery.id, at=self._machine.now, outcome=outcome, remote_ids=ids, detail="wire"
        )


def reachable(before: str, after: str) -> bool:
    """By one legal move or several, as one rule may make them."""
    seen, edge = set[DeliveryState](), {DeliveryState(after)}
    while edge:
        seen |= edge
        edge = {one for state in edge for one in COMES_FROM.get(state, ())} - seen
    return DeliveryState(before) in seen and DeliveryState(before) not in ENDS


def test_any_interleaving(database: Database) -> None:
    class Here(Machine):
        pass

    Here.database = database
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
