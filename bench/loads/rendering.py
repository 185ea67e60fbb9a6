"""A digest of 20 stories through the renderer, beside bare Jinja."""

from __future__ import annotations

from functools import partial

from bench.measuring import Pairs, Size, contender, interleaved


def run(size: Size) -> list[Pairs]:
    many = size.of(200)
    pairs = Pairs(
        load="rendering",
        unit="digests",
        baseline="bare Jinja",
        about=f"{many} digests of 20 stories: subject, text and HTML; bare Jinja writes HTML alone",
    )
    contenders = {
        "bare Jinja": partial(contender, "news.bare_jinja", size, many=many),
        "syndicator": partial(contender, "news.rendering", size, many=many),
    }
    return [interleaved(pairs, contenders, size.rounds)]
