"""Where sentences end, beside three libraries; and which language a piece of forty characters is in."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter, process_time

from bench import corpora
from bench.corpora import Case
from bench.measuring import Pairs, Run, Size, say
from bench.segmenting import SPLITTERS, judged, missing, splitter
from syndicator.text.languages import identify

OWN = ("en", "ar", "ckb", "fa", "kmr")
TOLD = ("en", "ar", "ckb")  # a newsroom's
PIECE = 40  # characters


def run(size: Size) -> list[Pairs]:
    there = corpora.SORANI.exists() and size.name != "tiny"
    found = [
        _ends(f"sentences, {language}", language, corpora.boundaries(language), size) for language in OWN
    ]
    found += [
        _ends(f"sentences, {language}, later", language, corpora.boundaries(f"later/{language}"), size)
        for language in TOLD
    ]
    lines = _empty("sentences, ckb, a news site")
    found.append(_ends(lines.load, "ckb", corpora.sorani(), size) if there else lines)
    found.append(_languages("languages, own lines", {one: corpora.spoken(one) for one in OWN}))
    pieces = _empty("languages, stories")
    found.append(_languages(pieces.load, _stories()) if there else pieces)
    for pairs in found:
        say(pairs)
    return found


def _empty(load: str) -> Pairs:
    skipped = {"all": "the texts are not here"}
    return Pairs(load=load, unit="texts", baseline="syndicator", about="texts of others", skipped=skipped)


def _ends(load: str, language: str, cases: Sequence[Case], size: Size) -> Pairs:
    pairs = Pairs(
        load=load,
        unit="texts",
        baseline="syntok",
        about=f"ends of sentences within {len(cases)} texts; F1 in hundredths",
        facts={"F1, ours less the best other's": _lead},
    )
    for _ in range(size.rounds):
        for name in SPLITTERS:
            if why := missing(name):
                pairs.skipped[name] = why
            else:
                pairs.runs.setdefault(name, []).append(_read(name, language, cases))
    return pairs


def _read(name: str, language: str, cases: Sequence[Case]) -> Run:
    read = splitter(name, language)
    read(cases[0].text)
    start, used = perf_counter(), process_time()
    found = [read(case.text) for case in cases]
    seconds, cpu = perf_counter() - start, process_time() - used
    return Run(done=len(cases), seconds=seconds, cpu=cpu, peak=None, began=start, more=judged(cases, found))


def _lead(pairs: Pairs) -> float | None:
    found = {name: runs[0].more["F1"] for name, runs in pairs.runs.items()}
    ours = found.pop("syndicator")
    return round(ours - max(found.values()), 2) if found else None


def _stories() -> dict[str, list[str]]:
    """Pieces of what others wrote, by language."""
    texts = {"ckb": corpora.SORANI.read_text("utf-8"), "fa": corpora.declaration("pes_2")}
    for name, language in {"writers": "en", "cnndm100": "en", "xlsum_arabic": "ar"}.items():
        stories = " ".join(" ".join(story.paragraphs) for story in corpora.stories(name))
        texts[language] = f"{texts.get(language, '')} {stories}"
    return {language: corpora.pieces(text, PIECE) for language, text in texts.items()}


def _languages(load: str, pieces: dict[str, list[str]]) -> Pairs:
    number = sum(map(len, pieces.values()))
    pairs = Pairs(
        load=load,
        unit="pieces",
        baseline="syndicator",
        about=f"{number} pieces of {PIECE} characters or so, told apart among {', '.join(OWN)}",
    )
    start, used = perf_counter(), process_time()
    found = {language: [identify(one, OWN) for one in told] for language, told in pieces.items()}
    seconds, cpu = perf_counter() - start, process_time() - used
    more = {}
    for language, told in found.items():
        more[f"{language} known, %"] = 100 * told.count(language) / len(told)
        if language not in TOLD:
            more[f"{language} taken for {', '.join(TOLD)}, %"] = (
                100 * sum(one in TOLD for one in told) / len(told)
            )
    pairs.runs["syndicator"] = [Run(done=number, seconds=seconds, cpu=cpu, peak=None, began=start, more=more)]
    return pairs
