"""Stories out of other people's pages: ours, and every extractor that can be had here."""

from __future__ import annotations

import gzip
import json
import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import pieces
from bench.measuring import Run, measured

CORPUS = Path(__file__).parents[3] / "shared" / "corpora" / "extraction"
Extract = Callable[[str], str]


def run(extractor: str, many: int) -> Run:
    """Each page once. Where an extractor fails on a page it found nothing there."""
    warnings.simplefilter("ignore")
    logging.disable()
    gold = json.loads((CORPUS / "ground-truth.json").read_text("utf-8"))
    names = sorted(gold)[:many]
    pages = [gzip.decompress((CORPUS / "html" / f"{name}.html.gz").read_bytes()).decode() for name in names]
    extract = EXTRACTORS[extractor]()
    told = []
    with measured(lambda: len(told)) as found:
        for page in pages:
            told.append(_tried(extract, page))
    shares = [
        pieces.compared(gold[name]["articleBody"], text) for name, text in zip(names, told, strict=True)
    ]
    found[0].more.update(_figures(shares))
    return found[0]


def _figures(shares: list[pieces.Shares]) -> dict[str, float]:
    """In hundredths. Ours was developed on every other page."""
    whole = pieces.score(shares)
    figures = {
        "F1": whole.f1,
        "F1, ±": pieces.interval(shares),
        "precision": whole.precision,
        "recall": whole.recall,
    }
    for half, its in (("developed on", shares[0::2]), ("not developed on", shares[1::2])):
        figures[f"F1, half {half}"] = pieces.score(its).f1
        figures[f"F1, half {half}, ±"] = pieces.interval(its)
    return {name: 100 * value for name, value in figures.items()}


def _tried(extract: Extract, page: str) -> str:
    try:
        return extract(page) or ""
    except Exception:
        return ""  # that is its result


def _syndicator() -> Extract:
    from datetime import UTC, datetime

    from syndicator.cleaning import clean
    from syndicator.model import Item, Language

    now = datetime(2026, 3, 1, tzinfo=UTC)

    def extract(page: str) -> str:
        item = Item(
            source="s",
            key="k",
            url="https://bench.example.com/a",
            html=page,
            whole_page=True,
            language=Language("en"),  # as declared: which it is, is not asked here
        )
        found = clean(item, languages=["en"], now=now)
        return "\n".join([found.dateline or "", *found.body])

    return extract


def _trafilatura(**told: Any) -> Callable[[], Extract]:
    def make() -> Extract:
        import trafilatura

        return lambda page: trafilatura.extract(page, include_comments=False, **told)

    return make


def _readability() -> Extract:
    from lxml import html
    from readability import Document

    return lambda page: "\n".join(html.fromstring(Document(page).summary()).itertext())


def _resiliparse() -> Extract:
    from resiliparse.extract.html2text import extract_plain_text

    return lambda page: extract_plain_text(page, main_content=True, preserve_formatting=False)


def _justext() -> Extract:
    import justext

    stoplist = justext.get_stoplist("English")

    def extract(page: str) -> str:
        found = justext.justext(page.encode(), stoplist, encoding="utf-8")
        return "\n".join(one.text for one in found if not one.is_boilerplate)

    return extract


def _boilerpy3() -> Extract:
    from boilerpy3.extractors import ArticleExtractor

    return ArticleExtractor().get_content


def _goose3() -> Extract:
    from goose3 import Goose

    goose = Goose({"enable_image_fetching": False})
    return lambda page: goose.extract(raw_html=page).cleaned_text


def _newspaper4k() -> Extract:
    from newspaper import Article

    def extract(page: str) -> str:
        article = Article("https://bench.example.com/a", fetch_images=False)  # else it goes to the network
        article.download(input_html=page)
        article.parse()
        return str(article.text)

    return extract


EXTRACTORS: dict[str, Callable[[], Extract]] = {
    "trafilatura": _trafilatura(),
    "trafilatura, favor_precision": _trafilatura(favor_precision=True),
    "trafilatura, fast": _trafilatura(fast=True),
    "syndicator": _syndicator,
    "readability-lxml": _readability,
    "resiliparse": _resiliparse,
    "jusText": _justext,
    "boilerpy3": _boilerpy3,
    "goose3": _goose3,
    "newspaper4k": _newspaper4k,
}
