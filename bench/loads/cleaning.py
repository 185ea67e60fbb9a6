"""A page cleaned, beside lxml parsing it."""

from __future__ import annotations

from functools import partial

from bench.measuring import Pairs, Size, contender, interleaved


def run(size: Size) -> list[Pairs]:
    many = size.of(200)
    pairs = Pairs(
        load="cleaning",
        unit="pages",
        baseline="lxml",
        about=f"{many} pages made into stories, beside lxml parsing them",
    )
    contenders = {
        "lxml": partial(contender, "news.parsing", size, many=many),
        "syndicator": partial(contender, "news.cleaning", size, many=many),
    }
    return [interleaved(pairs, contenders, size.rounds)]
