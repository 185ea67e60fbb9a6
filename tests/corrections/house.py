"""A newsroom in the sandbox whose stories are corrected."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from syndicator.app import App
from syndicator.sandbox.newsroom import SampleStory
from syndicator.sandbox.world import Sandbox
from syndicator.services.audience import Wish
from syndicator.storage import archive

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)  # three in the afternoon in Sulaimani
READERS = [
    Wish(address=f"{name}@readers.example", name=name, language="en", newsletter="evening", proof="p")
    for name in ("alan", "dilan")
]


@dataclass
class House:
    """A newsroom in the sandbox, its clock, and the English story that this is about."""

    sandbox: Sandbox
    path: Path
    url: str
    time: datetime = NOON
    story: SampleStory = field(init=False)

    def now(self) -> datetime:
        return self.time

    def opened(self) -> App:
        return App.opened(self.path, {"SYNDICATOR_DATABASE_URL": self.url}, now=self.now)

    def set(self, table: str, **told: str) -> None:
        text = self.path.read_text("utf-8")
        words = "".join(f"{name} = {value}\n" for name, value in told.items())
        self.path.write_text(text.replace(f"[{table}]\n", f"[{table}]\n{words}", 1), "utf-8")

    def publish(self, app: App) -> None:
        """The story goes out on Telegram and X."""
        app.look()
        app.compile()
        self.story = next(
            one
            for one in self.sandbox.newsroom.publish()
            if one.language == "en" and one.section == "Breaking"
        )
        self.round(app)

    def round(self, app: App) -> None:
        self.time += timedelta(minutes=20)
        app.look()
        app.compile()
        app.deliver_due()
        app.reconcile()

    def telegram(self) -> list[str]:
        """The story's messages in the English channel."""
        wanted = self.story.headline.split()[0]
        return [one.text for one in self.sandbox.telegram.messages("@courier_en") if wanted in one.text]

    def revise(self, **changes: Any) -> None:
        self.sandbox.newsroom.revise(self.story.slug, **changes)

    def article(self, app: App) -> str:
        with app.database.read() as connection:
            found = [
                one for one in archive.newest(connection, 50) if one.headline.startswith(self.story.headline)
            ]
        return str(found[0].id)


def slipped(story: SampleStory) -> tuple[str, ...]:
    """The body with one letter doubled."""
    first = story.body[0]
    word = next(one for one in first.split() if len(one) > 5 and one.isalpha())
    return (first.replace(word, word[:3] + word[2:], 1), *story.body[1:])


def told(command: str, house: House, *words: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "syndicator", command, *words, "--config", str(house.path), "--json"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"SYNDICATOR_DATABASE_URL": house.url},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
