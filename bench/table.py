"""The table of docs/performance.md, written from the JSON files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- table: python -m bench table -->", "<!-- end of table -->"
HEAD = (
    "| load | what | × rate | × CPU | a second | CPU s/1000 | server's | database's | MB | limit |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|---:|---|"
)


def rewrite(results: Path, document: Path = DOCUMENT) -> None:
    words = document.read_text("utf-8")
    before, _, rest = words.partition(BEGIN)
    _, _, after = rest.partition(END)
    document.write_text(f"{before}{BEGIN}\n{rendered(results)}\n{END}{after}", "utf-8")


def rendered(results: Path) -> str:
    found = [json.loads(path.read_text("utf-8")) for path in sorted(results.glob("*.json"))]
    pairs = [pair for one in found for pair in one["pairs"]]
    parts = ([HEAD], _rows, [""], _facts, _figures)
    return "\n".join(
        line
        for part in parts
        for line in (part if isinstance(part, list) else chain.from_iterable(map(part, pairs)))
    )


def _rows(pair: dict[str, Any]) -> Iterator[str]:
    for name, one in pair["contenders"].items():
        figures = (
            _number(one["rate_to_baseline"], 2),
            _number(one["cpu_to_baseline"], 2),
            f"{_number(one['per_second'], 0)} {pair['unit']}",
            _number(one["cpu_s_per_1000"], 3),
            _number(one["server_cpu_s_per_1000"] or None, 3),
            _number(one["database_cpu_s_per_1000"] or None, 3),
            _number(one["peak_mb"], 0),
        )
        shown = f"*{name}*" if name == pair["baseline"] else name
        yield f"| {pair['load']} | {shown} | {' | '.join(figures)} | {one['limit']} |"
    for name, why in pair["skipped"].items():
        yield f"| {pair['load']} | {name} | skipped: {why} | | | | | | | |"


def _facts(pair: dict[str, Any]) -> Iterator[str]:
    yield f"- {pair['load']}: {pair['about']}."
    for fact, value in pair["facts"].items():
        yield f"  - {fact}: **{_number(value, 2)}**"


def _figures(pair: dict[str, Any]) -> Iterator[str]:
    """What only this load counts: a column for each contender."""
    told = {name: one["more"] for name, one in pair["contenders"].items() if one["more"]}
    if not told:
        return
    yield f"\n| {pair['load']} | {' | '.join(told)} |\n|---|{'---:|' * len(told)}"
    for figure in dict.fromkeys(chain.from_iterable(told.values())):
        values = (_number(one.get(figure), 1) for one in told.values())
        yield f"| {figure} | {' | '.join(values)} |"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
