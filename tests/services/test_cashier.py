"""Money: told before it is spent, never beyond the budget, given back for what did not go out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from syndicator.app import App
from syndicator.model import Item, Language
from syndicator.sandbox.faults import Fault
from syndicator.sandbox.x import XStandIn
from syndicator.storage import ledger, spending
from syndicator.storage.database import Database
from syndicator.storage.spending import Purse
from syndicator.wiring import Socket, examine
from tests.simulation.network import Site

START = datetime(2026, 3, 29, 22, tzinfo=UTC)  # midnight in Berlin, a day before a month's last
CONFIGURATION = """
[newsroom]
name = "The Courier"
url = "https://courier.example.com"
timezone = "Europe/Berlin"
languages = ["en"]
[sources.site]
kind = "feed"
url = "https://courier.example.com/feed"
at_most = 200
[channels.x]
kind = "x"
base_url = "BASE"
flash = true
at_most = 200
lives = "60h"
POLICY
"""


@dataclass
class Newsroom:
    """A day after the other, with time as an argument."""

    folder: Path
    x: XStandIn
    now: datetime = START
    number: int = 0

    def opened(self, policy: str) -> App:
        path = self.folder / "syndicator.toml"
        path.write_text(CONFIGURATION.replace("BASE", self.x.url).replace("POLICY", policy), "utf-8")
        environ = {f"SYNDICATOR_CHANNELS_X_{name.upper()}": told for name, told in self.x.credentials.items()}
        wiring, book = examine(path, environ | {"SYNDICATOR_SECRET_KEY": "k" * 40})
        assert wiring is not None, book.faults
        self.site = Site()
        sources = {"site": Socket(self.site, wiring.sources["site"].options)}
        return App(replace(wiring, sources=sources), now=lambda: self.now)

    def publish(self, number: int) -> None:
        for _ in range(number):
            self.number += 1
            self.site.items.append(
                Item(
                    source="site",
                    key=f"story-{self.number}",
                    url=f"https://courier.example.com/{self.number}",
                    html=f"<p>The council met for the {self.number}th time, and voted on the road.</p>",
                    headline=f"Council votes on road {self.number}",
                    published_at=self.now,
                    language=Language("en"),
                    section="Breaking" if self.number % 20 == 0 else "Town",
                )
            )

    def tick(self, app: App, minutes: int = 15) -> None:
        app.look()
        app.compile()
        app.deliver("x")
        app.reconcile()
        self.now += timedelta(minutes=minutes)

    def spent(self, since: datetime) -> Decimal:
        """As X would bill it, from what stands there."""
        told = [tweet for tweet in self.x.tweets() if tweet.at >= since]
        dear = sum("https://" in tweet.text for tweet in told)
        return Decimal("0.20") * dear + Decimal("0.015") * (len(told) - dear)


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    clock: list[Newsroom] = []
    with XStandIn(now=lambda: clock[0].now if clock else START) as x:
        clock.append(Newsroom(tmp_path, x))
        yield clock[0]


def test_a_hundred_stories_a_day_with_links_for_top_stories(newsroom: Newsroom) -> None:
    policy = 'links = "top"\ntop = { sections = ["Breaking"] }\nbudget = { day = 2.50, month = 60 }'
    with newsroom.opened(policy) as app:
        newsroom.tick(app)
        for quarter in range(94):
            newsroom.publish(2 if quarter % 16 == 0 else 1)  # 100 in the day
            newsroom.tick(app)
        (standing,) = app.cashier.standing()
        with app.database.read() as connection:
            states = ledger.by_channel(connection)["x"]
    assert states == {"sent": newsroom.number}
    assert newsroom.number == 100
    assert sum("https://" in tweet.text for tweet in newsroom.x.tweets()) == 5
    assert standing.today == Decimal("2.425")  # 5 × 0.20 + 95 × 0.015
    assert standing.today == newsroom.spent(START) <= Decimal("2.50")
    assert 429 not in newsroom.x.answered


def test_a_hundred_at_once_with_links_stay_inside_the_days_and_the_months_budget(newsroom: Newsroom) -> None:
    newsroom.x.plan.a_quarter = 7
    with newsroom.opened("budget = { day = 2.10, month = 3.00 }") as app:
        newsroom.tick(app)
        newsroom.publish(100)
        days = []
        for _ in range(3):
            begun = newsroom.now - timedelta(minutes=newsroom.now.minute)
            while newsroom.now < begun + timedelta(hours=24):
                newsroom.tick(app, 20)
            days.append(newsroom.spent(begun))
        with app.database.read() as connection:
            states = ledger.by_channel(connection)["x"]
    assert days == [Decimal("2.00"), Decimal("1.00"), Decimal("2.00")]  # the third day begins another month
    assert newsroom.x.answered.count(429) == 0  # the windows were known before anybody ran into them
    assert sum(states.values()) == 100
    assert states["sent"] == 25


def test_the_cap_is_told_and_what_waits_goes_on_the_next_day(
    newsroom: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    with newsroom.opened("budget = { day = 0.45 }") as app:
        newsroom.tick(app)
        newsroom.publish(3)
        newsroom.now = START + timedelta(hours=12)
        newsroom.tick(app)
        assert len(newsroom.x.tweets()) == 2
        assert "the day's budget is spent; what waits goes on 2026-03-31 00:00 CEST" in caplog.text
        assert str(*app.cashier.standing()) == "0.400 USD today, 0.050 left, 0.400 this month"
        newsroom.tick(app)
        assert len(newsroom.x.tweets()) == 2
        newsroom.now = START + timedelta(hours=24, seconds=1)
        newsroom.tick(app)
        assert len(newsroom.x.tweets()) == 3


def test_a_thread_that_cannot_be_paid_to_its_end_is_not_begun(newsroom: Newsroom) -> None:
    told = (
        "Rain closed the mountain road on Monday morning, and snow ploughs came up from the valley to clear it.",
        "Teachers in four districts will be paid in June, the ministry of finance said after a long meeting.",
        "Farmers near the lake fear for their wheat, because wells have fallen by nine metres since the spring.",
        "The airport opened a second runway, which doubles the flights that can land there during one hour.",
        "Doctors at the children's hospital asked for blood of every group before the coming holidays begin.",
        "A museum of photographs shows how bakers, tailors and smiths of the old bazaar worked in the sixties.",
    )
    long = "".join(f"<p>{sentence}</p>" for sentence in told)
    with newsroom.opened("thread = 3\nsummary = 4000\nbudget = { day = 0.205 }") as app:
        newsroom.tick(app)
        newsroom.publish(1)
        newsroom.site.items[-1] = replace(newsroom.site.items[-1], html=long)
        newsroom.tick(app)
        with app.database.read() as connection:
            parts = ledger.by_channel(connection)["x"]["pending"]
            about = ledger.health(connection, newsroom.now)["x"]
        assert newsroom.x.tweets() == []
        assert parts > 1
        assert (about["last"], about["doubts"]) == (None, 0)
    newsroom.now = START + timedelta(hours=25)
    with newsroom.opened("thread = 3\nsummary = 4000\nbudget = { day = 0.30 }") as app:
        for _ in range(parts):
            newsroom.tick(app)
        assert len(newsroom.x.tweets()) == parts
        with app.database.read() as connection:
            assert ledger.health(connection, newsroom.now)["x"]["last"] is not None


def test_what_did_not_go_out_costs_nothing(newsroom: Newsroom) -> None:
    with newsroom.opened("") as app:
        newsroom.tick(app)
        newsroom.publish(1)
        newsroom.x.faults.coming(Fault.RATE_LIMITED)
        newsroom.tick(app)
        assert app.cashier.standing()[0].today == 0
        newsroom.tick(app)
        assert app.cashier.standing()[0].today == Decimal("0.200")


def test_a_doubt_costs_until_it_is_known_and_so_does_the_look(newsroom: Newsroom) -> None:
    with newsroom.opened("") as app:
        newsroom.tick(app)
        newsroom.publish(1)
        newsroom.x.faults.coming(Fault.DROP_AFTER_ACCEPT)
        newsroom.tick(app)
        assert app.cashier.standing()[0].today == Decimal("0.200")
        newsroom.tick(app)
        assert app.cashier.standing()[0].today == Decimal("0.201")  # one own post was read back
        with app.database.read() as connection:
            assert ledger.by_channel(connection)["x"] == {"sent": 1}


def test_the_forecast_says_what_it_would_cost_and_what_is_left(newsroom: Newsroom) -> None:
    with newsroom.opened('links = "top"\nbudget = { day = 0.30 }') as app:
        newsroom.tick(app)
        newsroom.publish(1)
        app.look()
        with app.database.read() as connection:
            (story,) = [row[0] for row in connection.exec_driver_sql("SELECT id FROM articles")]
        (told,) = app.preview([story], ["x"], again=False)  # what an editor pushes is a top story
        assert (told["cost"], told["currency"]) == (Decimal("0.200"), "USD")
        (line,) = app.cashier.forecast([("x", Decimal("0.200"))])
        assert line == "x: costs 0.200 USD; spent 0.000 USD today, 0.300 left, 0.000 this month"
        (line,) = app.cashier.forecast([("x", Decimal("0.400"))])
        assert line.endswith("that is more than is left: it would wait")


def test_days_and_months_begin_where_the_newsroom_is() -> None:
    purse = Purse(channel="x", price=lambda post: 1, zone=ZoneInfo("Europe/Berlin"))
    day, month = purse.begun(datetime(2026, 3, 28, 23, 30, tzinfo=UTC))
    assert (day.isoformat(), month.isoformat()) == ("2026-03-29T00:00:00+01:00", "2026-03-01T00:00:00+01:00")
    tomorrow, next_month = purse.next(datetime(2026, 3, 28, 23, 30, tzinfo=UTC))
    assert tomorrow.isoformat() == "2026-03-30T00:00:00+02:00"  # a day of 23 hours
    assert next_month.isoformat() == "2026-04-01T00:00:00+02:00"


def test_a_key_is_paid_once_and_old_ones_are_forgotten(database: Database) -> None:
    with database.write() as connection:
        for amount in (5, 7):
            spending.pay(connection, "x", {"1:1": amount}, START)
        spending.pay(connection, "x", {"2:1": 0}, START)
        assert spending.spent(connection, "x", START) == 5
        assert spending.spent(connection, "x", START + timedelta(seconds=1)) == 0
        assert spending.sweep(connection, START) == 0
        assert spending.sweep(connection, START + timedelta(seconds=1)) == 1
