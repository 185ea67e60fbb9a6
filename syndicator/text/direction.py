"""Which way a text runs, and keeping one direction from leaking into the other (UAX #9)."""

from __future__ import annotations

import re
import unicodedata

RIGHT_TO_LEFT = frozenset({"ar", "ckb", "fa", "he", "ps", "sd", "ug", "ur", "yi", "sdh", "lrc"})
LRM, RLM = "\u200e", "\u200f"
FSI, PDI = "\u2068", "\u2069"

# Embeddings, overrides and the deprecated marks that Telegram strips; object replacement and interlinear
# marks; C0/C1 controls but for tab and newline; our own private-use blanks; byte order marks.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u206a-\u206f\ufeff\ufff9-\ufffc\ue000\ue001]"
)


def direction(language: str) -> str:
    """``"rtl"`` or ``"ltr"``, as HTML's ``dir`` wants it, for a BCP 47 language."""
    primary, *rest = language.lower().split("-")
    return "rtl" if (primary in RIGHT_TO_LEFT and "latn" not in rest) or "arab" in rest else "ltr"


def of_text(text: str) -> str | None:
    """The direction of the first strong character, None where there is none (UAX #9, P2)."""
    for character in text:
        match unicodedata.bidirectional(character):
            case "L":
                return "ltr"
            case "R" | "AL":
                return "rtl"
    return None


def isolate(text: str, language: str) -> str:
    """Wrap a text that runs against the language it stands in, so that neither disturbs the other."""
    runs = of_text(text)
    return f"{FSI}{text}{PDI}" if runs and runs != direction(language) else text


def lead(text: str, language: str) -> str:
    """Open a text with its language's mark when a foreign word opens it: networks take the first strong letter's
    direction for the whole message."""
    runs, wanted = of_text(text), direction(language)
    return (RLM if wanted == "rtl" else LRM) + text if runs and runs != wanted else text


def without_controls(text: str) -> str:
    """Drop what no reader sees and what turns a line round: overrides, controls, private-use marks."""
    return _UNWANTED.sub("", text)
