"""How fast the parts of the street are, each as a ratio to a baseline measured in the same run.

    make bench

A ratio of 2.0 means twice as long as the baseline. Wall times are of this machine and moment; ratios travel better.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import jinja2
from lxml import html as parser

from syndicator.app import App
from syndicator.cleaning import clean
from syndicator.model import Item
from syndicator.sandbox.newsroom import SampleNewsroom
from syndicator.storage import archive
from syndicator.wiring import Wiring, examine

ROUNDS = 5
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
CONFIGURATION = """
[newsroom]
name = "Bench"
url = "https://bench.example.com"
languages = ["en", "ckb", "ar"]
timezone = "Asia/Baghdad"
[channels.files]
kind = "file"
folder = "out"
flash = true
at_most = 1000
"""


def best(job: Callable[[], object]) -> float:
    """Seconds of the quickest of some rounds."""
    times = []
    for _ in range(ROUNDS):
        start = perf_counter()
        job()
        times.append(perf_counter() - start)
    return min(times)


def line(what: str, ours: float, baseline: float, than: str, each: int = 1) -> None:
    sys.stdout.write(f"{what:34} {1000 * ours / each:9.2f} ms   {ours / baseline:7.1f} × {than}\n")


def page() -> Item:
    site = SampleNewsroom(now=lambda: NOW)
    story = site.publish(1)[0]
    html = site._page(story, [])
    return Item(source="s", key="k", url="https://bench.example.com/a", html=html, whole_page=True)


def cleaning() -> None:
    item = page()
    ours = best(lambda: clean(item, languages=["en", "ckb", "ar"], now=NOW))
    line("clean a page", ours, best(lambda: parser.document_fromstring(item.html)), "lxml parsing it")


def delivering(wiring: Wiring, folder: Path, stories: int = 200) -> None:
    with App(wiring, now=lambda: NOW) as app:
        article = clean(page(), languages=["en"], now=NOW)
        with app.database.write() as connection:
            for number in range(stories):
                fresh = replace(
                    article,
                    id=f"{number:016d}",  # type: ignore[arg-type]
                    url=f"{article.url}{number}",
                    fingerprint=str(number),
                    headline=f"Story {number}",
                )
                archive.record(connection, fresh, source="s", now=NOW - timedelta(minutes=1), fresh=True)
        start = perf_counter()
        found = app.compile()
        planned = perf_counter() - start
        if found.deliveries != stories:
            raise SystemExit(f"planned {found.deliveries} of {stories}: {found.faults}")
        start = perf_counter()
        app.deliver("files")
        delivered = perf_counter() - start
    source = (Path(__file__).parents[1] / "templates" / "file" / "flash.txt").read_text("utf-8")
    environment = jinja2.Environment(autoescape=True)
    environment.filters["lead"] = str
    template = environment.from_string(source)
    story = {"headline": article.headline, "summary": article.body[0], "url": article.url}
    line(
        "plan a flash",
        planned,
        stories * best(lambda: template.render(stories=[story])),
        "Jinja alone",
        stories,
    )
    line(
        "deliver it to a file",
        delivered,
        stories * best(lambda: commits(folder, 1)),
        "a synced SQLite commit",
        stories,
    )


def commits(folder: Path, many: int) -> None:
    with sqlite3.connect(folder / "baseline.db", isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS t (a)")
        for number in range(many):
            connection.execute("INSERT INTO t VALUES (?)", (number,))
    connection.close()


def main() -> None:
    with TemporaryDirectory() as told:
        folder = Path(told)
        (folder / "syndicator.toml").write_text(CONFIGURATION, "utf-8")
        wiring, book = examine(folder / "syndicator.toml", {"SYNDICATOR_SECRET_KEY": "k" * 32})
        if wiring is None:
            raise SystemExit("\n".join(map(str, book.faults)))
        cleaning()
        delivering(wiring, folder)


if __name__ == "__main__":
    main()
