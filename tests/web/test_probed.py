"""The API holds what its description says: schemathesis tries every operation, with what fits and what does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from syndicator.app import App
from syndicator.model import Role
from syndicator.sandbox.world import Sandbox
from syndicator.services.porter import SCOPES
from syndicator.verbs import VERBS, Actor, perform
from syndicator.web.api.description import described
from syndicator.web.api.files import FILES
from syndicator.web.pages import serving

HERE = Path(__file__).parent
SECONDS = 150  # for a machine that has much else to do; it takes some 20 alone
SEED = 20260301


@contextmanager
def newsroom(folder: Path) -> Iterator[App]:
    """One with stories, readers and something in doubt, whose clock moves on each time it is looked at: so nobody
    comes too often, however often they come."""
    ticks = count()

    def now() -> datetime:
        return datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(seconds=next(ticks))

    with Sandbox(now=now) as sandbox:
        path = sandbox.configure(folder)
        path.write_text(path.read_text("utf-8") + "\n[api]\nper_minute = 1000000\n", "utf-8")
        with App.opened(path, {}, now=now) as app:
            app.look()
            sandbox.newsroom.publish(3)
            app.look()
            yield app


def do(app: App, name: str, **told: Any) -> Any:
    return perform(app, VERBS[name], told, Actor(by="dana", role=Role.ADMIN, face="console"))


def filled(app: App) -> dict[str, list[Any]]:
    """What there is, by the names of the fields that ask for it."""
    readers = [
        do(app, "subscribers add", address=address, newsletter="evening", language="en", proof="p")
        for address in ("sara@readers.example", "noor@readers.example", "azad@readers.example")
    ]
    stories = [one["id"] for one in do(app, "articles")["articles"]]
    channels = list(app.doors)
    post = next(name for name in channels if name.startswith("tg"))
    do(app, "push", articles=stories[:1], to=[post])
    app.deliver(post)
    do(app, "push", articles=stories[1:2], to=[post], at="2026-03-09T12:00:00+00:00")
    return {
        "article": stories,
        "articles": stories,
        "other": stories,
        "to": channels,
        "channel": channels,
        "name": [*app.newsletters, *channels],
        "newsletter": list(app.newsletters),
        "edition": [one["edition"] for one in do(app, "status")["editions"]],
        "slot": [one["slot"].isoformat() for one in do(app, "calendar")["entries"] if one["slot"]],
        "number": [one["id"] for one in do(app, "deliveries")["deliveries"]],
        "reader": [one["id"] for one in readers],
        "address": [one["address"] for one in readers],
        "language": ["en", "ckb"],
    }


def tried(
    folder: Path, description: str, key: str, known: dict[str, list[Any]], *options: str
) -> subprocess.CompletedProcess[str]:
    """In a process of its own: its plugin for pytest and its warnings are none of ours. What it remembers stays in the
    folder."""
    environment = os.environ | {
        "SYNDICATOR_KNOWN": json.dumps(known),
        "SCHEMATHESIS_HOOKS": "tests.web.probing",
        "PYTHONPATH": str(HERE.parents[1]),
        "NO_COLOR": "1",
    }
    command = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"]
    command += ["--config-file", str(HERE / "schemathesis.toml"), "run", description]
    command += ["--header", f"Authorization: Bearer {key}", "--checks", "all", "--seed", str(SEED), *options]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def test_the_api_holds_what_its_description_says(tmp_path: Path) -> None:
    with newsroom(tmp_path) as app, serving(app) as base:
        key = app.porter.issue("probe", SCOPES, by="dana")
        done = tried(tmp_path, f"{base}/api/v1/openapi.json", key, filled(app), "--max-examples", "8")
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    assert f"Tested: {len(VERBS) + len(FILES)}" in done.stdout
    assert "Stateful (disabled)" not in done.stdout


def test_it_would_be_noticed_if_it_did_not(tmp_path: Path) -> None:
    """A description that promises a field too many."""
    told = described()
    told["components"]["schemas"]["Newsletter"]["required"].append("colour")
    wrong = tmp_path / "openapi.json"
    wrong.write_text(json.dumps(told), "utf-8")
    with newsroom(tmp_path) as app, serving(app) as base:
        key = app.porter.issue("probe", SCOPES, by="dana")
        more = ("--url", f"{base}/api/v1", "--include-path", "/newsletters", "--max-examples", "1")
        done = tried(tmp_path, str(wrong), key, {}, *more)
    assert done.returncode == 1
    assert '"colour" is a required property' in done.stdout
