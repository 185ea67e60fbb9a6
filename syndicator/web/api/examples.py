"""An example of each body, for whoever reads the description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "push": {"articles": ["3f9a52c1"], "to": ["tg-en", "x-en"], "note": "the mayor spoke"},
    "embargo": {"until": "2026-03-01T18:00:00+03:00"},
    "hold": {"why": "the ministry denies it"},
    "edit": {"headline": "Rain closes the Azmar road"},
    "sibling": {"other": "77ab01ce"},
    "summarise": {"text": "The Azmar road is closed for two days."},
    "correct": {"note": "The road is closed for two days, not three."},
    "retract": {"why": "the source took it back"},
    "move": {"at": "2026-03-01T18:30:00+03:00"},
    "cancel": {"why": "the vote was put off"},
    "approve": {"hash": "5e092d43dd46"},
    "decline": {"why": "the minister was not asked"},
    "settle": {"verdict": "sent", "why": "it stands on the timeline"},
    "pause": {"name": "everything", "why": "the site was broken into"},
    "resume": {"name": "everything"},
    "newsletter-compose": {"lead": ["3f9a52c1"], "drop": ["77ab01ce"]},
    "newsletter-drop": {"why": "it is too late for it"},
    "newsletter-move": {"slot": "2026-03-01T18:00:00+03:00", "to": "2026-03-01T19:00:00+03:00"},
    "newsletter-skip": {"slot": "2026-03-01T18:00:00+03:00", "why": "a day of mourning"},
    "newsletter-send": {"despite": ["dead-links"]},
    "newsletter-test": {"to": ["dana@news.example"]},
    "subscribers-add": {
        "address": "sara@mail.example",
        "newsletter": "evening",
        "language": "ckb",
        "name": "Sara",
        "proof": "signed up at the fair, 1 March 2026",
    },
    "subscribers-change": {"language": "ckb", "newsletters": {"evening": {"frequency": "daily"}}},
    "subscribers-suppress": {"address": "noor@mail.example", "why": "asked by phone"},
    "subscribers-unsuppress": {"address": "noor@mail.example", "why": "the mailbox works again"},
}
