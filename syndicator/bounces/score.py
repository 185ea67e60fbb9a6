"""How often a reader's mail may come back softly before the address is given up. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

ONE_DAY = timedelta(hours=20)  # a morning's mail may be a little early


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """``most`` soft bounces together, or more of them apart: each counts half after ``half_life``, and one a day."""

    half_life: timedelta
    most: float

    def is_over(self, score: float) -> bool:
        return score >= self.most


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What stands against an address, as it was at ``at``."""

    value: float
    at: datetime


def faded(score: Score, now: datetime, patience: Patience) -> float:
    """What is left of it. A clock that went back adds nothing."""
    age = max(now - score.at, timedelta(0))
    return float(score.value * 0.5 ** (age / patience.half_life))


def another(score: Score | None, now: datetime, patience: Patience) -> Score:
    """One soft bounce more; several of one day, as after three breaking stories, are one."""
    if score and now - score.at < ONE_DAY:
        return score
    return Score(
        value=1.0 + (faded(score, now, patience) if score else 0.0), at=max(now, score.at) if score else now
    )
