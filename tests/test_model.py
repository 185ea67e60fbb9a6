from datetime import UTC, datetime

import pytest

from syndicator.model import DeliveryId, DeliveryState, Outcome, Receipt, settle


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.ACCEPTED, DeliveryState.SENT),
        (Outcome.DEFERRED, DeliveryState.PENDING),
        (Outcome.REJECTED, DeliveryState.FAILED),
        (Outcome.UNCERTAIN, DeliveryState.UNCERTAIN),
    ],
)
def test_a_receipt_settles_a_delivery(outcome: Outcome, state: DeliveryState) -> None:
    receipt = Receipt(delivery=DeliveryId(1), at=datetime(2026, 1, 1, tzinfo=UTC), outcome=outcome)
    assert settle(receipt) is state
