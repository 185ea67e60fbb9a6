"""Summaries beside those people wrote: ours, the story's beginning, and four methods of sumy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from statistics import fmean
from time import perf_counter, process_time

from bench import corpora
from bench.measuring import Pairs, Run, Size, say
from bench.rouge import KINDS, interval, rouge
from bench.summarising import LENGTHS, METHODS, missing, writer

SETS = ("cnndm100", "writers", "xlsum_arabic")
OURS, LEAD, COMPARED = "syndicator", "lead", "LexRank"

Scores = dict[str, dict[str, list[float]]]  # method -> length -> of each story the mean of the three kinds


def run(size: Size) -> list[Pairs]:
    if why := _nothing(size):
        pairs = Pairs(
            load="summaries", unit="articles", baseline=COMPARED, about="summaries", skipped={"all": why}
        )
        say(pairs)
        return [pairs]
    scores: dict[str, Scores] = {}
    found = [_of(name, size, scores.setdefault(name, {})) for name in SETS]
    found.append(_together(found, scores))
    for pairs in found:
        say(pairs)
    return found


def _nothing(size: Size) -> str:
    if not (corpora.OTHERS / "summaries").is_dir():
        return "the stories are not here"
    if find_spec("rouge_score") is None:
        return "rouge-score is not installed"
    return ""


def _of(name: str, size: Size, scores: Scores) -> Pairs:
    stories = corpora.stories(name)
    stories = stories[: size.of(len(stories), least=2)]
    pairs = Pairs(
        load=f"summaries, {name}",
        unit="articles",
        baseline=COMPARED,
        about=f"{len(stories)} stories with people's summaries: F in hundredths; the rate is that of three sentences",
    )
    for method in METHODS:
        if why := missing(method):
            pairs.skipped[method] = why
        else:
            pairs.runs[method] = [_run(method, stories, scores.setdefault(method, {}))]
    for length in LENGTHS:
        pairs.facts |= _facts(f"{length}, ours less lead", _differences(scores, length))
    return pairs


def _differences(scores: Scores, length: str) -> list[float]:
    return [ours - lead for ours, lead in zip(scores[OURS][length], scores[LEAD][length], strict=True)]


def _run(method: str, stories: Sequence[corpora.Told], scores: dict[str, list[float]]) -> Run:
    writers = [writer(method, story) for story in stories]
    start, used = perf_counter(), process_time()
    for write in writers:
        write(3)
    seconds, cpu = perf_counter() - start, process_time() - used
    more = {}
    for length, most in LENGTHS.items():
        told = [
            rouge(write(most), story.references, story.language)
            for write, story in zip(writers, stories, strict=True)
        ]
        scores[length] = [fmean(one.values()) for one in told]
        more |= {f"{length}, {kind}": fmean(one[kind] for one in told) for kind in KINDS}
        more[f"{length}, mean"] = fmean(scores[length])
    return Run(done=len(stories), seconds=seconds, cpu=cpu, peak=None, began=start, more=more)


def _together(found: Sequence[Pairs], scores: dict[str, Scores]) -> Pairs:
    pairs = Pairs(
        load="summaries, together",
        unit="articles",
        baseline=COMPARED,
        about="all sets: the mean over sets and lengths, each set and length alike",
    )
    for method in found[0].runs:
        runs = [one.runs[method][0] for one in found]
        mean = fmean(fmean(told) for one in scores.values() for told in one[method].values())
        pairs.runs[method] = [
            Run(
                done=sum(run.done for run in runs),
                seconds=sum(run.seconds for run in runs),
                cpu=sum(run.cpu for run in runs),
                peak=None,
                began=runs[0].began,
                more={"mean": mean},
            )
        ]
    each = [
        [*map(fmean, zip(*(_differences(one, n) for n in LENGTHS), strict=True))] for one in scores.values()
    ]
    pairs.facts |= _facts("mean, ours less lead", *each)
    return pairs


def _facts(name: str, *differences: Sequence[float]) -> dict[str, Callable[[Pairs], float | None]]:
    low, high = interval(*differences)
    told = {name: fmean(map(fmean, differences)), f"{name}, 95 % from": low, f"{name}, 95 % to": high}
    return {fact: lambda _, value=value: round(value, 2) for fact, value in told.items()}
