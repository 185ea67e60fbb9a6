"""Editors hear of what is wrong, once an hour, and nobody waits for it."""

import logging
import sys
from datetime import UTC, datetime, timedelta

import pytest

from syndicator.errors import ConfigError
from syndicator.sandbox.serving import Request, Response, Served
from syndicator.services.alerts import Alerts, doctor, listening, through_apprise

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
# It looks for a module that Python 3.13 has no more.
APPRISE = pytest.mark.filterwarnings("ignore:'imghdr'")


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


@APPRISE
def test_an_address_that_apprise_does_not_understand_is_not_repeated() -> None:
    with pytest.raises(ConfigError, match="address 2 of 2") as told:
        through_apprise(["json://localhost", "secret-of-nobody"])
    assert "secret-of-nobody" not in str(told.value)


@APPRISE
def test_editors_are_told_through_apprise() -> None:
    heard: list[str] = []

    def hear(request: Request) -> Response:
        heard.append(str(request.fields["message"]))
        return Response.of({})

    with Served(hear) as there:
        assert through_apprise([there.url.replace("http://", "json://")])("tg-en is paused")
    assert heard == ["tg-en is paused"]


@APPRISE
def test_the_doctor_tries_the_addresses_and_tells_nobody(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    secrets = ["hooks.example/canary", "canary"]
    found = list(doctor([f"json://{secrets[0]}", f"slack://{secrets[1]}", f"nothing://{secrets[1]}"]))
    assert [(name, well) for name, well, _ in found] == [
        ("alerts", True),
        ("alerts", False),
        ("alerts", False),
    ]
    assert found[0][2] == "editors are told by JSON (address 1 of 3)"
    assert "canary" not in f"{found}{caplog.text}{capfd.readouterr()}"
    assert list(doctor([])) == []


def test_the_doctor_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert [well for _, well, _ in doctor(["json://localhost"])] == [False]
