"""Stories out of news pages that others collected, beside other extractors: how true, and how quick."""

from __future__ import annotations

from importlib.util import find_spec

from bench.contenders.extraction import CORPUS, EXTRACTORS
from bench.measuring import Pairs, Size, contender, say

MODULES = {"readability-lxml": "readability", "jusText": "justext", "newspaper4k": "newspaper"}
SLOW = frozenset({"goose3", "newspaper4k"})  # one round: they take a tenth of a second a page
ROUNDS = 3


def run(size: Size) -> list[Pairs]:
    many = size.of(79)
    pairs = Pairs(
        load="extraction",
        unit="pages",
        baseline="trafilatura",
        about=f"{many} news pages with their text as people marked it; F1 in hundredths, of pieces of four words",
        facts={"F1, ours less the best other's": _lead},
    )
    if not CORPUS.is_dir():
        pairs.skipped["all"] = "the pages are not here"
        say(pairs)
        return [pairs]
    for number in range(min(ROUNDS, size.rounds)):
        for name in EXTRACTORS:
            module = MODULES.get(name, name.partition(",")[0])
            if find_spec(module) is None:
                pairs.skipped[name] = "it is not installed"
            elif number == 0 or name not in SLOW:
                run = contender("extraction.run", size, extractor=name, many=many)
                pairs.runs.setdefault(name, []).append(run)
    say(pairs)
    return [pairs]


def _lead(pairs: Pairs) -> float | None:
    if "syndicator" not in pairs.runs:
        return None
    found = {name: runs[0].more["F1"] for name, runs in pairs.runs.items()}
    return round(found.pop("syndicator") - max(found.values()), 2)
