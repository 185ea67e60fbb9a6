"""Plots, as shapes and numbers: where columns and lines lie. A template writes them as SVG, with words beside.

The area is ``WIDTH`` by ``HEIGHT``, whatever size it is shown at. Colours are classes; what a colour tells is told by
the shape, too. Where the page runs from right to left, time does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

WIDTH, HEIGHT = 600, 160
STEPS = 4  # at most so many between the lowest number and the highest
GAP = 0.25  # of a column's place
FEET = 3  # words under the plot


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    name: str
    values: Sequence[float | None]  # one for each place; None: nothing is known
    style: str = ""  # "", two, three, four: colour and shape
    below: bool = False  # columns that hang from zero
    line: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """All columns of a series, or its line."""

    kind: str  # bar, line, area
    style: str
    d: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """What a template shows."""

    id: str
    title: str
    says: str
    places: Sequence[str]  # what each stands for: a day, mostly
    series: Sequence[Series]
    shapes: Sequence[Shape]
    ticks: Sequence[tuple[float, float]]  # a number, and how high it lies; the highest first
    feet: Sequence[str]
    zero: float  # how high it lies
    empty: bool


@dataclass(frozen=True, slots=True)
class _Frame:
    low: float
    high: float
    places: int
    mirrored: bool

    @property
    def slot(self) -> float:
        return WIDTH / max(1, self.places)

    def left(self, place: int) -> float:
        return round((self.places - 1 - place if self.mirrored else place) * self.slot, 1)

    def up(self, value: float) -> float:
        return round(HEIGHT * (self.high - value) / (self.high - self.low), 1)


def plot(
    name: str,
    title: str,
    places: Sequence[str],
    series: Sequence[Series],
    *,
    says: str = "",
    mirrored: bool = False,
    from_zero: bool = True,
) -> Plot:
    """Columns on each other, or hanging from zero, and lines over them. ``from_zero``: lines alone begin there, too."""
    columns = [one for one in series if not one.line]
    low, high, step = scale(*_extent(series), from_zero=from_zero or bool(columns))
    frame = _Frame(low, high, len(places), mirrored)
    values = [round(high - one * step, 6) or 0.0 for one in range(round((high - low) / step) + 1)]
    return Plot(
        id=name,
        title=title,
        says=says,
        places=places,
        series=series,
        shapes=[*_columns(columns, frame), *_lines((one for one in series if one.line), frame)],
        ticks=[(value, frame.up(value)) for value in values],
        feet=_feet(places),
        zero=frame.up(min(max(0.0, low), high)),
        empty=not any(value for one in series for value in one.values),
    )


def scale(low: float, high: float, *, from_zero: bool = True) -> tuple[float, float, float]:
    """From where to where, in steps that people count in: 1, 2 or 5 times a power of ten."""
    if from_zero:
        low, high = min(0.0, low), max(0.0, high)
    if high == low:
        high = low + 1
    power = 10.0 ** floor(log10((high - low) / STEPS))
    for times in (1, 2, 5, 10, 20, 50):
        step = power * times
        first, last = floor(low / step), ceil(high / step)
        if last - first <= STEPS:
            break
    return first * step, last * step, step


def _extent(series: Iterable[Series]) -> tuple[float, float]:
    found = [0.0] if any(not one.line for one in series) else []
    for below in (False, True):
        stacked = [one.values for one in series if not one.line and one.below is below]
        heights = [sum(value or 0 for value in at) for at in zip(*stacked, strict=True)]
        found += [-height if below else height for height in heights]
    found += [value for one in series if one.line for value in one.values if value is not None]
    return min(found, default=0.0), max(found, default=0.0)


def _columns(columns: Iterable[Series], frame: _Frame) -> list[Shape]:
    """Each series' columns stand on those before it, or hang from them."""
    ends = {below: [0.0] * frame.places for below in (False, True)}
    wide, aside = round(frame.slot * (1 - GAP), 1), frame.slot * GAP / 2
    shapes = []
    for one in columns:
        drawn = []
        for place, value in enumerate(one.values):
            if value:
                begin = ends[one.below][place]
                end = ends[one.below][place] = begin + (-value if one.below else value)
                top, bottom = sorted((frame.up(begin), frame.up(end)))
                x = round(frame.left(place) + aside, 1)
                drawn.append(f"M{x:g} {top:g}h{wide:g}v{round(bottom - top, 1):g}h-{wide:g}z")
        shapes.append(Shape("bar", one.style, "".join(drawn)))
    return shapes


def _lines(lines: Iterable[Series], frame: _Frame) -> list[Shape]:
    shapes = []
    for one in lines:
        runs: list[list[str]] = [[]]
        for place, value in enumerate(one.values):
            if value is None:
                runs.append([])
            else:
                runs[-1].append(f"{round(frame.left(place) + frame.slot / 2, 1):g} {frame.up(value):g}")
        drawn = "".join(f"M{'L'.join(run)}{'h0' * (len(run) == 1)}" for run in runs if run)
        shapes.append(Shape("line", one.style, drawn))
    return shapes


def _feet(places: Sequence[str]) -> list[str]:
    """The first, the last, and some between, as far apart from each other."""
    if len(places) <= FEET:
        return list(places)
    last = len(places) - 1
    return [places[round(one * last / (FEET - 1))] for one in range(FEET)]
