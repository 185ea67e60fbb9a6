"""One run of a mail channel: several lines at once, and one pen that writes down for all of them.

A line has at most one mail whose ``sending`` mark is written and whose result is not. With the body of one mail goes
the envelope of the next, so that a mail costs one round trip; the next body follows when one commit holds the
last result and the next mark. A commit is made for all lines that wait at that moment, and nothing else goes on
meanwhile: a thread of its own for it was slower, since the two took the interpreter from each other.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

from syndicator.model import Outcome, Receipt
from syndicator.ports import Lane, Parcel, too_late

from .letter import DOT, BadLetter, Letter, envelope
from .line import Line, LineBroken, Relay, Reply, opened

DOT_TIMEOUT = 600.0  # seconds to wait for the reply to the dot, RFC 5321 §4.5.3.2.6
LETTERS = 512  # compiled letters that are kept: the variants of two editions
QUORUM = 0.8  # of the lines: when they wait for the pen it begins
GATHER = 0.001  # seconds that it waits for them, where two more come in that time
FAREWELL = 2.0  # seconds for the relay to close, too, when all is done
SWEEP = 0.25  # seconds between two looks at the deadlines

Write = Callable[[Parcel, bool], Letter]  # the letter of a parcel's post; with eight bits or not


class Ready(NamedTuple):
    """A parcel, its mail on the wire and its envelope."""

    parcel: Parcel
    mail: bytes
    steps: tuple[bytes, ...]  # MAIL, RCPT, DATA


@dataclass(slots=True)
class Asked:
    """What a carrier wants written down, and whether it wants another parcel."""

    carrier: Carrier
    receipts: list[Receipt]
    mark: Parcel | None
    more: bool


class Tour:
    """``await Tour(...).go()`` ends when the lane has nothing left or the relay cannot be reached."""

    def __init__(
        self,
        lane: Lane,
        relay: Relay,
        *,
        connections: int,
        now: Callable[[], datetime],
        write: Write,
        eightbit: bool,
        alone: bool = True,
    ) -> None:
        """``alone``: there is no other relay that could take over."""
        self.relay = relay
        self.unreached: LineBroken | None = None  # why no line could be opened
        self._alone = alone
        self.now = now
        self.eightbit = eightbit
        self._lane = lane
        self._most = connections
        self._write = write
        self._letters: dict[tuple[str, bool], Letter] = {}
        self._carriers: set[Carrier] = set()
        self._asked: list[Asked] = []
        self._returned: deque[Parcel] = deque()  # for another line
        self._shut = False  # no relay, or a door that is shut: no new parcels
        self._writing = False  # a commit is being made
        self._moment: asyncio.TimerHandle | None = None
        self._pace = 0.0  # seconds from one question to the next, about
        self._last = 0.0  # when was last written, of the loop's clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._lines: list[Line] = []  # all that perhaps have not closed yet

    async def go(self) -> None:
        """Raises what the lane raises: nothing can be written down any more."""
        self._loop = asyncio.get_running_loop()
        self._over = self._loop.create_future()
        self._last = self._loop.time()
        sweeping = self._loop.create_task(self._sweep())
        try:
            self.grow()
            await self._over
        finally:
            for task in (sweeping, *self._tasks):
                task.cancel()
            if self._moment:
                self._moment.cancel()
            for carrier in self._carriers:
                carrier.drop("the run ended")
            open_ = [line.gone for line in self._lines if not line.gone.done()]
            if open_:  # QUIT is on its way, and TLS has its own farewell
                await asyncio.wait(open_, timeout=FAREWELL)

    def _hand_over(self) -> None:
        """Give the pen what was asked: at once when most lines have, else when they had a moment for it.

        To a relay that is far away few speak at a time, and nobody waits for them.
        """
        if self._writing or not self._asked or self._over.done():
            return
        if len(self._asked) >= QUORUM * len(self._carriers):
            self._write_down()
        elif self._moment is None:
            moment = GATHER if 2 * self._pace < GATHER else 0
            self._moment = self._loop.call_later(moment, self._write_down)

    def _write_down(self) -> None:
        if self._moment:
            self._moment.cancel()
            self._moment = None
        asked, self._asked = self._asked, []
        last, self._last = self._last, self._loop.time()
        self._pace += ((self._last - last) / len(asked) - self._pace) / 10
        self._writing = True  # what is asked meanwhile is for the next commit
        try:
            for one, (allowed, following) in zip(asked, self._commit(asked), strict=True):
                one.carrier.go_on(one.mark, allowed, following)
        except BaseException as error:  # the loop would only tell of it, and the run never end
            self.fail(error)
        self._writing = False
        if self._asked:  # not from here: each of a thousand bad addresses would stand on the one before it
            self._loop.call_soon(self._hand_over)

    def _commit(self, asked: list[Asked]) -> list[tuple[Parcel | None, Parcel | None]]:
        """One commit for everybody, then the parcels they go on with."""
        receipts = [receipt for one in asked for receipt in one.receipts]
        marks = [one.mark for one in asked if one.mark]
        self._shut = self._shut or any(receipt.halt for receipt in receipts)
        allowed: dict[int, Parcel] = {}
        if receipts or marks:
            allowed = {parcel.delivery.id: parcel for parcel in self._lane.commit(receipts, marks)}
        return [
            (allowed.get(one.mark.delivery.id) if one.mark else None, self._take() if one.more else None)
            for one in asked
        ]

    def _take(self) -> Parcel | None:
        if self._shut:
            return None
        return self._returned.popleft() if self._returned else self._lane.take()

    # What the carriers call.

    def ask(self, carrier: Carrier, receipts: list[Receipt], mark: Parcel | None, *, more: bool) -> None:
        self._asked.append(Asked(carrier, receipts, mark, more))
        self._hand_over()

    def grow(self) -> None:
        """One line more, while the relay lets us in: 1, 3, 7 … stand after as many times as one takes to open."""
        if len(self._carriers) < self._most and not self._shut:
            carrier = Carrier(self)
            self._carriers.add(carrier)
            self.ask(carrier, [], None, more=True)

    def stands(self, line: Line) -> None:
        """A line that was opened; there may be two more."""
        self._lines = [*(one for one in self._lines if not one.gone.done()), line]
        self.grow()
        self.grow()

    def ended(self, carrier: Carrier) -> None:
        self._carriers.discard(carrier)
        if not self._carriers and not self._over.done():
            self._over.set_result(None)

    def not_let_in(self, carrier: Carrier, parcel: Parcel, why: LineBroken) -> None:
        """The relay wants no more lines than there are; or it is not there at all, and nothing is tried further."""
        if any(other.open for other in self._carriers):
            self._most = sum(other.open for other in self._carriers)
            self._returned.append(parcel)
            self.ended(carrier)
            return
        self._shut, self.unreached = True, why
        receipt = self.receipt(parcel, Outcome.DEFERRED, str(why), halt=why.refused and self._alone)
        if not self._alone:
            receipt = receipt._replace(retry_at=receipt.at)
        self.ask(carrier, [receipt], None, more=False)

    def spawn(self, carrier: Carrier, parcel: Parcel) -> None:
        task = self._loop.create_task(carrier.connect(parcel))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            self.fail(task.exception())

    def fail(self, error: BaseException | None) -> None:
        """What nobody foresaw ends the run; it is raised there."""
        if error and not self._over.done():
            self._over.set_exception(error)

    def ready(self, parcel: Parcel, line: Line) -> Ready:
        """Raises :exc:`BadLetter`."""
        address = envelope(parcel.address)
        beyond = not address.isascii()
        if beyond and "SMTPUTF8" not in line.extensions:
            raise BadLetter(f"the relay cannot carry {address!r}: it has no SMTPUTF8 (RFC 6531)")
        letter = self._letter(parcel, eightbit=self.eightbit and "8BITMIME" in line.extensions)
        options = " SMTPUTF8" if beyond else ""
        options += " BODY=8BITMIME" if beyond or letter.eightbit else ""
        sender = letter.return_path(parcel.blanks)
        steps = (
            f"MAIL FROM:<{sender}>{options}\r\n".encode(),
            f"RCPT TO:<{address}>\r\n".encode(),
            b"DATA\r\n",
        )
        return Ready(parcel, letter.written(parcel.blanks, address), steps)

    def _letter(self, parcel: Parcel, *, eightbit: bool) -> Letter:
        key = (parcel.post.id, eightbit)
        if key not in self._letters:
            if len(self._letters) >= LETTERS:
                del self._letters[next(iter(self._letters))]
            self._letters[key] = self._write(parcel, eightbit)
        return self._letters[key]

    def receipt(self, parcel: Parcel, outcome: Outcome, detail: str, *, halt: bool = False) -> Receipt:
        return Receipt(
            delivery=parcel.delivery.id, at=self.now(), outcome=outcome, detail=detail[:300], halt=halt
        )

    async def _sweep(self) -> None:
        """Lines whose relay says nothing in time. After a commit that took long the loop first hears what was said."""
        looked = self._loop.time()
        while True:
            await asyncio.sleep(SWEEP)
            before, looked = looked, self._loop.time()
            if looked - before > 2 * SWEEP:
                continue
            for carrier in list(self._carriers):
                if carrier.deadline < looked:
                    carrier.drop("no answer in time")


class Carrier:
    """One line and the mails on it: ``marked`` may be on its way, ``coming`` has its envelope written."""

    def __init__(self, tour: Tour) -> None:
        self._tour = tour
        self._line: Line | None = None
        self._marked: Ready | None = None
        self._coming: Ready | None = None
        self._later: Parcel | None = None  # claimed for us, and not begun
        self._dirty = False  # the relay holds an envelope that is of no more use
        self._on_taken, self._on_answered = self._guarded(self._taken), self._guarded(self._answered)

    @property
    def open(self) -> bool:
        return self._line is not None and not self._line.lost

    @property
    def deadline(self) -> float:
        return self._line.deadline if self._line else float("inf")

    def drop(self, why: str) -> None:
        if self._line:
            self._line.drop(why)

    def go_on(self, mark: Parcel | None, allowed: Parcel | None, following: Parcel | None) -> None:
        """What was asked is written down: send the mail that may go, begin with the next."""
        following = following or self._later
        self._later = None
        if mark is None:
            self._begin(following)
            return
        late = allowed and too_late(allowed, self._tour.now())
        if allowed and not late and self.open:
            self._send(following)
            return
        self.drop("a mail that may not go any more")  # the relay waits for a body: there is no other way back
        self._coming, self._later = None, following
        if allowed:
            late = late or self._again(allowed, "before the mail")
            self._tour.ask(self, [late], None, more=following is None)
        else:
            self._begin(following)

    def _begin(self, parcel: Parcel | None) -> None:
        """Write a parcel's envelope, over a new line if need be."""
        self._later = None
        if parcel is None:
            if self._line:
                self._line.hang_up()
            self._tour.ended(self)
        elif self._line is None or self._line.lost:
            self._tour.spawn(self, parcel)
        else:
            ready = self._made_ready(parcel)
            if ready:
                self._coming = ready
                self._line.say(self._steps(ready), self._on_answered)

    async def connect(self, parcel: Parcel) -> None:
        try:
            self._line = await opened(self._tour.relay)
        except LineBroken as why:
            self._tour.not_let_in(self, parcel, why)
            return
        self._dirty = False
        self._tour.stands(self._line)
        self._begin(parcel)

    def _made_ready(self, parcel: Parcel) -> Ready | None:
        """None where its mail cannot be written, and that is on its way into the ledger."""
        if self._line is None:
            return None
        try:
            return self._tour.ready(parcel, self._line)
        except BadLetter as error:
            self._tour.ask(self, [self._tour.receipt(parcel, Outcome.REJECTED, str(error))], None, more=True)
            return None

    def _steps(self, ready: Ready) -> list[bytes]:
        return [b"RSET\r\n", *ready.steps] if self._dirty else [*ready.steps]

    def _send(self, following: Parcel | None) -> None:
        """The body whose mark is written, and with it the next envelope."""
        self._marked, self._coming = self._coming, None
        line, marked = self._line, self._marked
        if line is None or marked is None:
            message = "no mail is waiting for its mark"
            raise RuntimeError(message)
        try:
            self._coming = self._tour.ready(following, line) if following else None
        except BadLetter:
            self._later = following  # told when its turn comes
        self._dirty = False
        chunks = [marked.mail, *(self._coming.steps if self._coming else ())]
        line.used += 1
        line.say(chunks, self._on_taken, patience=DOT_TIMEOUT)

    def _taken(self, replies: list[Reply]) -> None:
        """The reply to the dot, and those to the next envelope."""
        marked, self._marked = self._marked, None
        if marked is None:
            return
        receipts = [self._of_dot(marked, replies[0] if replies else None)]
        if self._coming is None:
            self._tour.ask(self, receipts, None, more=self._later is None)
        else:
            self._judge(self._coming, replies[1:], receipts)

    def _answered(self, replies: list[Reply]) -> None:
        """The replies to an envelope that went out by itself."""
        if self._coming:
            self._judge(self._coming, replies[1:] if self._dirty else replies, [])

    def _judge(self, coming: Ready, replies: list[Reply], receipts: list[Receipt]) -> None:
        """Whether the relay waits for the body of the mail that comes."""
        line = self._line
        if len(replies) == 3 and replies[0].kind == replies[1].kind == 2 and replies[2].kind == 3:
            self._tour.ask(self, receipts, coming.parcel, more=True)
            return
        self._coming = None
        refused = _refused(replies)
        if line and line.used and (refused is None or refused.tired):
            line.drop("it has had enough")  # nothing of this mail was sent: a new line may do
            self._later = coming.parcel
            self._tour.ask(self, receipts, None, more=False)
            return
        if refused is None:
            receipts.append(
                self._tour.receipt(coming.parcel, Outcome.DEFERRED, self._broken(_STAGES[len(replies)]))
            )
        else:
            receipts.append(
                self._tour.receipt(coming.parcel, refused.outcome, refused.said, halt=refused.halt)
            )
        if refused is None or refused.lost:
            self.drop("of no more use")
        self._after_refusal(replies, partial(self._tour.ask, self, receipts, None, more=True))

    def _after_refusal(self, replies: list[Reply], then: Callable[[], None]) -> None:
        """A relay that asks for the body all the same gets an empty one, for nobody (RFC 2920 §3.1)."""
        self._dirty = True
        if self._line and self.open and len(replies) == 3 and replies[2].kind == 3:
            self._line.say([DOT], self._guarded(lambda _: then()))
        else:
            then()

    def _of_dot(self, marked: Ready, reply: Reply | None) -> Receipt:
        parcel, tour = marked.parcel, self._tour
        if reply is None:
            line = self._line
            unsent = line is not None and not line.whole
            outcome = Outcome.DEFERRED if unsent else Outcome.UNCERTAIN
            return tour.receipt(
                parcel, outcome, self._broken("before the dot" if unsent else "after the dot")
            )
        if reply.kind == 2:
            return Receipt(
                delivery=parcel.delivery.id,
                at=tour.now(),
                outcome=Outcome.ACCEPTED,
                detail=str(reply),
                wire_hash=hashlib.sha256(memoryview(marked.mail)[: -len(DOT)]).hexdigest(),
            )
        if reply.code == 421 or reply.kind not in {4, 5}:
            self.drop(str(reply))
        outcomes = {4: Outcome.DEFERRED, 5: Outcome.REJECTED}
        return tour.receipt(parcel, outcomes.get(reply.kind, Outcome.UNCERTAIN), f"after the dot: {reply}")

    def _again(self, parcel: Parcel, where: str) -> Receipt:
        """Nothing of it was sent, and it is not its fault: a new line may do at once."""
        receipt = self._tour.receipt(parcel, Outcome.DEFERRED, self._broken(where))
        return receipt._replace(retry_at=receipt.at) if self._line and self._line.used else receipt

    def _broken(self, where: str) -> str:
        why = self._line.lost if self._line else ""
        return f"the line broke {where}: {why}"

    def _guarded(self, then: Callable[[list[Reply]], None]) -> Callable[[list[Reply]], None]:
        """What goes wrong in our own code ends the run; the loop would only tell of it."""

        def heard(replies: list[Reply]) -> None:
            try:
                then(replies)
            except BaseException as error:
                self._tour.fail(error)

        return heard


_STAGES = ("at MAIL", "at RCPT", "at DATA", "at DATA")


class _Refused(NamedTuple):
    outcome: Outcome
    said: str
    halt: bool = False
    lost: bool = False  # the line is of no more use
    tired: bool = False  # of this line, not of this mail


def _refused(replies: list[Reply]) -> _Refused | None:
    """The first refusal among the replies to MAIL, RCPT and DATA; None when the line broke before there was one."""
    for verb, reply in zip(("MAIL", "RCPT", "DATA"), replies, strict=False):
        said, kind = f"{verb}: {reply}", reply.kind
        if kind == 2 or (verb == "DATA" and kind == 3):
            continue
        if reply.code == 421:
            return _Refused(Outcome.DEFERRED, said, lost=True, tired=True)
        if verb == "MAIL":  # the relay refuses the sender, not this reader
            return _Refused(Outcome.DEFERRED, said, halt=kind == 5, lost=kind == 5, tired=kind == 4)
        return _Refused(Outcome.REJECTED if kind == 5 else Outcome.DEFERRED, said)
    return None
