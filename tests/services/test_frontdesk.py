"""The front desk on both databases: asking, confirming and moving, with a writer that is a function."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from syndicator.errors import NotFound, TooMany
from syndicator.model import ChannelId, Consent, Edition, Language, Post
from syndicator.services import audience, frontdesk
from syndicator.services.frontdesk import Caps, FrontDesk, Rack
from syndicator.services.memory import Memory
from syndicator.storage import ledger, outbox
from syndicator.storage.database import Database
from syndicator.storage.schema import links
from syndicator.tokens import sign
from tests.circulation import KEYS, stands, subscribe
from tests.lanes import NOW

SARA = "sara@x.example"


class House:
    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder
        self.time = NOW
        self.woken: list[str] = []
        memory = Memory(folder / "memory", KEYS)
        rack = Rack(name="daily", channel="mail", languages=(Language("en"),), titles={}, open=True)
        self.front = FrontDesk(
            database,
            keys=KEYS,
            racks={"daily": rack},
            caps=Caps(place=3),
            now=self.now,
            hashed=memory.hash,
            write=self.write,
            leave=lambda address, newsletter, proof: None,
            left=memory.left,
            erase=lambda address: None,
            sent=self.woken.append,
        )

    def now(self) -> datetime:
        return self.time

    def write(self, edition: Edition, channel: str) -> Post:
        name = f"{edition.id}:{channel}:en:0"
        return Post(
            id=name, edition=edition.id, channel=ChannelId(channel), language=Language("en"), text="t"
        )

    def ask(self, address: str = SARA, place: str = "192.0.2.7") -> None:
        self.front.ask(address, ["daily"], language="en", wording="I want it.", place=place)

    def asked(self) -> int:
        with self.database.read() as connection:
            return connection.execute(select(func.count()).select_from(links)).scalar_one()

    def letters(self) -> list[tuple[str, str]]:
        """Edition and state of each letter."""
        with self.database.read() as connection:
            found = ledger.listed(connection, state=None, channel=None, edition=None, limit=99)
        return [(str(one["edition"]), str(one["state"])) for one in found]

    def token(self) -> str:
        edition = self.letters()[0][0]
        return sign(KEYS, edition.partition(":")[0], edition)


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


def test_twenty_who_ask_at_once_for_one_address_get_one_letter(house: House) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: house.ask(place=f"192.0.{number}.7"), range(20)))
    assert len(house.letters()) == 1
    assert house.woken == ["mail"]


def test_the_cap_of_a_network_holds_though_all_come_at_once(house: House) -> None:
    def asked(number: int) -> bool:
        try:
            house.ask(f"r{number}@d{number}.example", f"192.0.2.{number}")
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(asked, range(20))) == 3


def test_of_two_who_press_the_button_at_once_one_is_told_so(house: House) -> None:
    house.ask()
    token = house.token()

    def confirmed(_: int) -> bool:
        try:
            house.front.confirm(token, place="192.0.2.7")
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(confirmed, range(8))) == 1
    assert stands(house.database, SARA) is Consent.GIVEN


def test_a_letter_goes_out_only_while_it_is_wanted(house: House) -> None:
    """Consent is asked for again the moment before the body, for letters too."""
    house.ask()
    house.ask("noor@x.example", "198.51.100.1")
    house.front.confirm(house.token(), place="somewhere")  # Noor's, by whatever way, before it went out
    with house.database.write() as connection:
        claimed = outbox.claim(
            connection,
            "mail",
            holder="w",
            now=NOW,
            lease=timedelta(minutes=5),
            limit=9,
            paused=frozenset(),
        )
        moved = outbox.mark_sending(
            connection, [one.delivery for one in claimed], now=NOW, lease=timedelta(minutes=5)
        )
    assert [one.address for one in claimed if one.delivery.id in moved] == [SARA]
    assert sorted(state for _, state in house.letters()) == ["excluded", "sending"]


@pytest.mark.parametrize("who", ["a stranger", "asked today", "confirmed", "left", "suppressed", "erased"])
def test_whoever_is_asked_for_the_answer_costs_one_commit_with_something_in_it(
    house: House, who: str
) -> None:
    """So it takes as long: what takes long is the disk."""
    more = {"memory": Memory(house.folder / "memory", KEYS), "now": NOW}
    if who not in {"a stranger", "asked today"}:
        subscribe(house.database, SARA)
    if who == "asked today":
        house.ask(place="198.51.100.1")
    elif who == "left":
        audience.leave(house.database, SARA, "daily", proof="p", **more)  # type: ignore[arg-type]
    elif who == "suppressed":
        audience.suppress(house.database, SARA, "full", by="t", **more)  # type: ignore[arg-type]
    elif who == "erased":
        audience.erase(house.database, SARA, by="t", **more)  # type: ignore[arg-type]
    before, said = house.asked(), list[str]()
    event.listen(
        house.database.engine, "before_cursor_execute", lambda *told: said.append(told[2].split()[0])
    )
    house.ask()
    cost = tuple(said)
    assert house.asked() == before + 1
    if house.database.path:
        assert cost.count("BEGIN") == 2  # one to look, one to write
    assert cost.count("INSERT") >= 1


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("testclient", "somewhere"),
        ("", "somewhere"),
    ],
)
def test_where_somebody_asked_from_is_cut_short(address: str, shown: str) -> None:
    assert frontdesk.shortened(address) == shown
