"""How the newsroom stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydantic import Field

from syndicator.model import Role

from . import answers
from .desk import held
from .nouns import Actor, Told, Verb

if TYPE_CHECKING:
    from syndicator.app import App
    from syndicator.services.cashier import Standing

LATEST = 10  # editions that are told of


class Asked(Told):
    edition: str | None = Field(None, max_length=300, description="one edition's report")


def standing(newsroom: App, edition: str | None = None) -> dict[str, Any]:
    """What went out, what will go out, what needs somebody."""
    told, budgets = newsroom.ledger.standing(), newsroom.cashier.standing()
    return {
        **told,
        "health": _healths(newsroom, told["health"], {one.channel: one for one in budgets}),
        "reputation": [asdict(one) | {"said": str(one)} for one in newsroom.gate.reputation.standing()],
        "resting": {
            name: {"until": until, "why": why} for name, (until, why) in newsroom.gate.resting().items()
        },
        "learned": newsroom.notebook.learned(),
        "budgets": [asdict(one) | {"said": str(one)} for one in budgets],
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


def _healths(
    newsroom: App, health: Mapping[str, Mapping[str, Any]], budgets: Mapping[str, Standing]
) -> dict[str, dict[str, Any]]:
    """Of each channel: when something last went out, since when what is due waits, what is in doubt, and what may
    still be sent: posts that may go now, and money; None where nothing limits it."""
    rooms = newsroom.gate.rooms()
    return {
        name: {
            **about,
            "may_go_now": rooms.get(name),
            "left_today": budgets[name].left_today if name in budgets else None,
            "left_month": budgets[name].left_month if name in budgets else None,
        }
        for name, about in health.items()
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
