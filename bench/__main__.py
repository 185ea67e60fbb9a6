"""``python -m bench mail``: one load; ``all``: every load.

``table`` writes the table of docs/performance.md anew from bench/results; ``profile`` shows where a mail run spends its
time.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from time import perf_counter

from . import profile, table
from .measuring import RESULTS, SIZES, Size, write

OTHERS = RESULTS / "others"  # of forms that are no final word; not kept

LOADS = (
    "mail",
    "tls",
    "rtt",
    "memory",
    "planning",
    "ledger",
    "workers",
    "feeds",
    "social",
    "hooks",
    "pages",
    "console",
    "rendering",
    "cleaning",
    "truth",
    "extraction",
    "sentences",
    "summaries",
)


def main(words: Sequence[str] | None = None) -> int:
    told = _told(words)
    if told.load == "table":
        table.rewrite(told.results or RESULTS)
        return 0
    if told.load == "profile":
        profile.mail(SIZES[told.form])
        return 0
    size = replace(SIZES[told.form], pin=told.pin, million=told.million)
    if told.rounds:
        size = replace(size, rounds=told.rounds)
    for name in LOADS if told.load == "all" else (told.load,):
        _measure(name, size, told.results or (RESULTS if told.form == "full" else OTHERS))
    return 0


def _measure(name: str, size: Size, folder: Path) -> None:
    start = perf_counter()
    found = import_module(f"bench.loads.{name}").run(size)
    path = write(name, size, found, folder)
    sys.stdout.write(f"{name}: {path.name} written after {perf_counter() - start:.0f} s\n\n")


def _told(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("load", choices=[*LOADS, "all", "table", "profile"])
    parser.add_argument("of", nargs="?", choices=["mail"], help="what to profile")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--quick", dest="form", action="store_const", const="quick", default="full")
    form.add_argument("--tiny", dest="form", action="store_const", const="tiny", help="to see that it runs")
    parser.add_argument("--rounds", type=int, default=0, help="instead of the form's own")
    parser.add_argument("--pin", action="store_true", help="contenders on one core, servers on the other")
    parser.add_argument("--million", action="store_true", help="a million recipients where it takes long")
    parser.add_argument("--results", type=Path, help="folder of the JSON files")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
