"""How the newsroom stands."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import Field

from syndicator.model import Role

from . import answers
from .desk import held
from .nouns import Actor, Told, Verb

if TYPE_CHECKING:
    from syndicator.app import App

LATEST = 10  # editions that are told of


class Asked(Told):
    edition: str | None = Field(None, max_length=300, description="one edition's report")


def standing(newsroom: App, edition: str | None = None) -> dict[str, Any]:
    """What went out, what will go out, what needs somebody."""
    return {
        **newsroom.ledger.standing(),
        "reputation": [asdict(one) | {"said": str(one)} for one in newsroom.gate.reputation.standing()],
        "resting": {
            name: {"until": until, "why": why} for name, (until, why) in newsroom.gate.resting().items()
        },
        "learned": newsroom.notebook.learned(),
        "budgets": [asdict(one) | {"said": str(one)} for one in newsroom.cashier.standing()],
        "approvals": [asdict(one) for one in newsroom.approvals.waiting()],
        "held": [held(one) for one in newsroom.holds.standing()],
        "held_slots": [asdict(one) for one in newsroom.newsstand.held()],
        "mail_faults": newsroom.returns.faults(),
        "editions": [
            asdict(report)
            | {"finished": report.finished, "sealed": report.sealed_at is not None, "faults": report.faults}
            for report in newsroom.ledger.reports([edition] if edition else (), LATEST)
        ],
    }


def _status(newsroom: App, told: Asked, actor: Actor) -> Any:
    return standing(newsroom, told.edition)


VERBS = (
    Verb(
        name="status",
        says="What went out, what will go out, what needs you.",
        role=Role.VIEWER,
        scope="deliveries:read",
        method="GET",
        path="/status",
        takes=Asked,
        answers=answers.Status,
        act=_status,
    ),
)
