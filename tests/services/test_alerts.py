"""Editors hear of what is wrong, once an hour, and nobody waits for it."""

import logging
import sys
from datetime import UTC, datetime, timedelta

import pytest

from syndicator.errors import ConfigError
from syndicator.services.alerts import Alerts, listening, through_apprise

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_warnings_are_told_once_an_hour() -> None:
    told: list[str] = []
    moment = NOW

    def tell(text: str) -> bool:
        told.append(text)
        return True

    logger = logging.getLogger("syndicator.of-a-test")
    handler = Alerts(tell, lambda: moment)
    logger.addHandler(handler)
    try:
        for _ in range(3):
            logger.warning("%s: the day's budget is spent", "x")
            logger.info("sent")
        moment = NOW + timedelta(minutes=61)
        logger.warning("%s: the day's budget is spent", "x")
    finally:
        logger.removeHandler(handler)
    assert told == ["x: the day's budget is spent"] * 2


@pytest.mark.parametrize("fails", [True, False])
def test_what_cannot_be_told_stops_nothing(caplog: pytest.LogCaptureFixture, *, fails: bool) -> None:
    def tell(text: str) -> bool:
        if fails:
            raise OSError("no network")
        return False

    with listening(tell, lambda: NOW, "syndicator.of-a-test"):
        logging.getLogger("syndicator.of-a-test").warning("tg-en is paused")
    assert "an alert could not be told" in caplog.text


def test_the_last_are_told_before_it_ends() -> None:
    told: list[str] = []
    with listening(lambda text: told.append(text) or True, lambda: NOW, "syndicator.of-a-test"):
        for number in range(20):
            logging.getLogger("syndicator.of-a-test").error("fault %d", number)
    assert told == [f"fault {number}" for number in range(20)]
    with listening(None, lambda: NOW):
        pass


def test_apprise_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError, match=r"syndicator\[alerts\]"):
        through_apprise(["json://localhost"])


def test_an_address_that_apprise_does_not_understand_is_not_repeated() -> None:
    pytest.importorskip("apprise")
    with pytest.raises(ConfigError, match="address 2 of 2") as told:
        through_apprise(["json://localhost", "secret-of-nobody"])
    assert "secret-of-nobody" not in str(told.value)
