"""One of several workers of a newsroom: sends a few posts, lets the others have their turn, and goes on."""

from __future__ import annotations

from pathlib import Path

from syndicator.app import App

TURN = 15  # posts, after which another worker may take over


def work(path: Path, channel: str, wanted: int) -> None:
    """Until so many are sent, or a minute is over."""
    with App.opened(path, {}) as app:
        for _ in range(600):
            _turn(app, channel)
            if app.world.wait(0.1) or _sent(app, channel) >= wanted:
                return


def _turn(app: App, channel: str) -> None:
    left = [TURN]

    def settled(number: int) -> None:
        left[0] -= number
        if left[0] <= 0:
            app.stopping.set()

    app.deliver(channel, settled)
    app.stopping.clear()


def _sent(app: App, channel: str) -> int:
    from syndicator.storage import ledger

    with app.database.read() as connection:
        return ledger.by_channel(connection).get(channel, {}).get("sent", 0)
