"""The main job on this machine: publish, pick up, plan, send, and look at it as readers do."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, Self

from syndicator.app import App
from syndicator.errors import Refused
from syndicator.services.audience import Wish
from syndicator.storage import ledger

from .world import Sandbox

READERS = (
    ("sara@readers.example", "Sara", "ckb"),
    ("hiwa@readers.example", "هیوا", "ckb"),
    ("noor@readers.example", "نور", "ar"),
    ("alan@readers.example", "Alan", "en"),
)
_NEWSLETTER = "evening"
_STATES = ("sent", "failed", "uncertain")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Demo:
    """``with Demo(now=clock) as demo: demo.once()``. ``shape`` makes another configuration of
    its usual one."""

    def __init__(self, *, now: Callable[[], datetime], shape: Callable[[str], str] = str) -> None:
        self._now = now
        self._shape = shape
        self._open = ExitStack()

    def __enter__(self) -> Self:
        folder = Path(self._open.enter_context(TemporaryDirectory(prefix="syndicator-demo-")))
        self.sandbox = self._open.enter_context(Sandbox(now=self._now))
        path = self.sandbox.configure(folder)
        path.write_text(self._shape(path.read_text("utf-8")), "utf-8")
        self.app = self._open.enter_context(App.opened(path, {}, now=self._now))
        wishes = (
            Wish(address=address, name=name, language=language, newsletter=_NEWSLETTER, proof="the demo")
            for address, name, language in READERS
        )
        self.app.subscribe(wishes, _NEWSLETTER)
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    def once(self) -> dict[str, Any]:
        """One full pass and a second one; what came of them."""
        self.app.look()  # first sight: what is there already is not news
        self.sandbox.newsroom.publish()
        self._pass()
        before = self._count()
        self._pass()
        with self.app.database.read() as connection:
            states, editions = ledger.by_channel(connection), ledger.count_editions(connection)
            told = ledger.count_deliveries(connection) - before
            articles = ledger.count_articles(connection)
        return {
            "articles": articles,
            "editions": editions,
            "by_channel": {
                name: {
                    "kind": channel.kind,
                    **{state: states.get(name, {}).get(state, 0) for state in _STATES},
                }
                for name, channel in self.app.settings.channels.items()
            },
            "second_pass_new_deliveries": told,
        }

    def well(self, told: Mapping[str, Any]) -> bool:
        """Everything planned was sent, each channel sent something, and nothing was planned twice."""
        with self.app.database.read() as connection:
            states = ledger.by_channel(connection)
        others = [state for counts in states.values() for state in counts if state != "sent"]
        idle = [name for name, counts in told["by_channel"].items() if not counts["sent"]]
        return not others and not idle and told["second_pass_new_deliveries"] == 0

    def live(self, tell: Callable[[str], None], *, between: float) -> None:
        """The scheduled worker at work while stories come out; then the page, until Ctrl-C."""
        worker = Thread(target=self.app.work, name="worker")
        worker.start()
        try:
            tell(f"the newsroom's site: {self.sandbox.newsroom.url}")
            self.app.world.wait(3 + between)  # the worker's first look
            while self.sandbox.newsroom.publish(1) and not self.app.world.wait(between):
                pass
            self.app.world.wait(4 + between)
            self.app.compile([_NEWSLETTER])
            tell(f"\nevery channel as its readers see it: {self.sandbox.url}\nCtrl-C ends it.")
            self.app.stopping.wait()
        except KeyboardInterrupt:
            tell("stopping")
        finally:
            self.app.stop()
            worker.join()

    def photograph(self, path: Path) -> None:
        """A picture of the page that shows every channel. Raises :exc:`Refused` without a browser."""
        browser = next(filter(None, map(which, _BROWSERS)), None)
        if browser is None:
            raise Refused(f"a picture needs one of: {', '.join(_BROWSERS)}")
        options = [
            "--headless",
            "--no-sandbox",
            "--hide-scrollbars",
            "--disable-gpu",
            "--window-size=1440,1180",
        ]
        taken = subprocess.run(  # noqa: S603 - our own arguments
            [browser, *options, f"--screenshot={path.absolute()}", self.sandbox.url],
            capture_output=True,
            timeout=60,
            check=False,
        )
        if taken.returncode or not path.exists():
            raise Refused(f"{browser} took no picture (status {taken.returncode})")

    def _pass(self) -> None:
        self.app.look()
        self.app.compile([_NEWSLETTER])
        self.app.deliver_due()
        self.app.reconcile()

    def _count(self) -> int:
        with self.app.database.read() as connection:
            return ledger.count_deliveries(connection)
