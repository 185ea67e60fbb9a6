"""The newsroom whose month it is, understood once for all of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from syndicator.storage.database import Database
from syndicator.wiring import Wiring, database_url, examine

CONFIGURATION = """
[newsroom]
name = "The Courier"
url = "https://courier.example"
public_url = "https://news.courier.example"
timezone = "Europe/Berlin"
languages = ["en"]
quiet_hours = "23:00-06:00"
[sources.site]
kind = "feed"
url = "https://courier.example/feed"
[channels.letters]
kind = "email"
host = "127.0.0.1"
sender = "news@courier.example"
doubt = "POLICY"
[channels.tg]
kind = "telegram"
chat = "@courier"
flash = true
at_most = 4
lives = "8h"
[channels.x]
kind = "x"
flash = { sections = ["Breaking"] }
lives = "8h"
[newsletters.morning]
channel = "letters"
timetable = "30 2 * * *"
[database]
url = "sqlite:///news.db"
"""


@cache
def prepared(policy: str) -> tuple[Path, Wiring]:
    """A configuration that was understood once, beside an empty database."""
    keep = TemporaryDirectory(prefix="syndicator-month-", dir=fast())
    folder = Path(keep.name)
    prepared_in.append(keep)
    path = folder / "syndicator.toml"
    path.write_text(CONFIGURATION.replace("POLICY", policy), "utf-8")
    x = "API_KEY API_SECRET ACCESS_TOKEN ACCESS_SECRET".split()
    environ = {"SYNDICATOR_SECRET_KEY": "k" * 40} | {f"SYNDICATOR_CHANNELS_X_{name}": "none" for name in x}
    environ["SYNDICATOR_CHANNELS_TG_TOKEN"] = "none"
    wiring, book = examine(path, environ)
    if wiring is None:
        raise AssertionError("\n".join(map(str, book.faults)))
    database = Database(database_url(wiring))
    database.migrate()
    database.close()
    return folder, wiring


prepared_in: list[TemporaryDirectory[str]] = []


def fast() -> str | None:
    """A folder on no disk, where there is one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a disk that need not be one
