"""Nouns as JSON has them."""

from __future__ import annotations

from typing import Any

from syndicator.model import Checked, Summary
from syndicator.services.summaries import Kept
from syndicator.truth.reasons import reason


def summary_told(summary: Summary, language: str) -> dict[str, Any]:
    return {
        "text": summary.text,
        "method": summary.method,
        "why": summary.why,
        "sentences": [checked_told(one, language) for one in summary.checked],
        "refused": [checked_told(one, language) for one in summary.refused],
    }


def checked_told(one: Checked, language: str) -> dict[str, Any]:
    return {
        "text": one.text,
        "sources": one.sources,
        "standing": one.standing,
        "reasons": [
            {
                "doubt": found.doubt,
                "words": found.words,
                "en": reason(found),
                language: reason(found, language),
            }
            for found in one.findings
        ],
    }


def kept_told(one: Kept, language: str) -> dict[str, Any]:
    return {
        "article": one.article,
        "place": one.place,
        "revision": one.revision,
        "state": one.state,
        "by": one.by,
        "at": one.at,
        **summary_told(one.summary, language),
    }
