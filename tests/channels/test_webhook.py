"""The webhook channel: signed, told once, told again until somebody answers."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from pydantic import ValidationError

from syndicator.channels.webhook import WebhookChannel
from syndicator.hooks.telling import signed
from syndicator.model import ChannelId, Outcome
from syndicator.sandbox.faults import Fault
from syndicator.sandbox.webhook import WebhookStandIn
from tests.lanes import NOW, WORLD, ListLane, parcel

A, D, R = Outcome.ACCEPTED, Outcome.DEFERRED, Outcome.REJECTED


@pytest.fixture
def there() -> Iterator[WebhookStandIn]:
    with WebhookStandIn() as server:
        yield server


def send(there: WebhookStandIn, text: str = "Rain", **settings: object) -> ListLane:
    told = {"url": f"{there.url}/news", "secret": there.secret, "timeout": 1.0, **settings}
    lane = ListLane([parcel(1, text)])
    with WebhookChannel(WebhookChannel.Settings.model_validate(told), WORLD, id=ChannelId("w")) as opened:
        opened.run(lane)
    return lane


@pytest.mark.parametrize(
    ("fault", "outcome", "taken", "halt"),
    [
        (Fault.DROP_BEFORE_ACCEPT, D, 0, False),
        (Fault.DROP_AFTER_ACCEPT, D, 1, False),
        (Fault.HANG, D, 1, False),
        (Fault.SERVER_ERROR_HTML, D, 0, False),
        (Fault.RATE_LIMITED, D, 0, False),
        (Fault.KICKED, D, 0, True),
    ],
)
def test_what_was_not_answered_is_told_again_by_the_same_id(
    there: WebhookStandIn, fault: Fault, outcome: Outcome, taken: int, *, halt: bool
) -> None:
    there.faults.coming(fault)
    (receipt,) = send(there).receipts
    assert (receipt.outcome, receipt.halt, len(there.calls)) == (outcome, halt, taken)
    assert receipt.retry_at == (NOW + timedelta(seconds=7) if fault is Fault.RATE_LIMITED else None)
    assert send(there).outcomes == [A]
    assert len(there.calls) == 1


def test_the_call_says_what_was_posted(there: WebhookStandIn) -> None:
    send(there, "باران")
    ((number, told),) = there.calls
    assert (told["type"], told["data"]["text"], told["data"]["id"]) == ("post.published", "باران", number)
    assert told["timestamp"] == NOW.isoformat()


def test_a_call_with_another_secret_is_refused(there: WebhookStandIn) -> None:
    (receipt,) = send(there, secret="whsec_" + "A" * 44).receipts
    assert (receipt.outcome, receipt.detail) == (R, "HTTP 400: not signed with our secret")


def test_a_secret_that_is_none_is_told(there: WebhookStandIn) -> None:
    for secret in ("whsec_short", "whsec_ü", ""):
        with pytest.raises(ValidationError, match="24 bytes"):
            send(there, secret=secret)


def test_our_own_hook_would_believe_it(there: WebhookStandIn) -> None:
    heard: list[tuple[dict[str, str], bytes]] = []
    called = there._called

    def listening(request: object) -> object:
        headers = {name.lower(): value for name, value in request.headers.items()}  # type: ignore[attr-defined]
        heard.append((headers, request.body))  # type: ignore[attr-defined]
        return called(request)  # type: ignore[arg-type]

    there._called = listening  # type: ignore[method-assign, assignment]
    send(there)
    ((headers, body),) = heard
    assert signed(headers, body, there.secret, NOW) == headers["webhook-id"]
    assert json.loads(body)["data"]["key"] == "e:c:1:0"
