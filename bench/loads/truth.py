"""The gate: how much of what is false it finds, how much of what is true it refuses, and how quick it is."""

from __future__ import annotations

from time import perf_counter, process_time

from bench.measuring import Pairs, Run, Size
from bench.truths import CORPORA, found, on_judged, on_planted, sample

LANGUAGES = ("en", "ar", "ckb")


def run(size: Size) -> list[Pairs]:
    there = CORPORA.is_dir() and size.name != "tiny"
    step = 2 if size.share == 1 else 8
    return [*(_planted(language, step=step if there else 0) for language in LANGUAGES), _judged(whole=there)]


def _planted(language: str, *, step: int) -> Pairs:
    """Of every so manieth article; 0: of those that the project has itself."""
    articles = found(language)[1::step] if step else sample(language)
    start, used = perf_counter(), process_time()
    score = on_planted(articles)
    done = sum(score.number.values())
    more = {"caught, %": 100 * score.caught, "truths refused, %": 100 * score.refused}
    more |= {f"{kind} found, %": 100 * score.share([kind]) for kind in score.number if kind != "true"}
    pairs = Pairs(
        load=f"truth, planted, {language}",
        unit="summaries",
        baseline="gate",
        about=f"{done} true and planted false summaries of {len(articles)} articles that no rule was written on",
    )
    pairs.runs["gate"] = [_run(done, start, used, more)]
    return pairs


def _judged(*, whole: bool) -> Pairs:
    pairs = Pairs(
        load="truth, judged",
        unit="sentences",
        baseline="all",
        about="models' sentences that people judged; rules were written on one half, the other was held out",
    )
    if not whole:
        pairs.skipped["all"] = "the test material is not here"
        return pairs
    for name, parts in {"all": (0, 1), "rules written on": (0,), "held out": (1,)}.items():
        start, used = perf_counter(), process_time()
        told = on_judged(parts)
        more = {"passed, %": 100 * told["passed"], "false of those, %": 100 * told["false"]}
        pairs.runs[name] = [_run(int(told["sentences"]), start, used, more)]
    return pairs


def _run(done: int, start: float, used: float, more: dict[str, float]) -> Run:
    return Run(
        done=done,
        seconds=perf_counter() - start,
        cpu=process_time() - used,
        peak=None,
        began=start,
        more=more,
    )
