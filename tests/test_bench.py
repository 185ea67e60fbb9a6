"""Every benchmark runs in its smallest form and writes figures that can be read; how quick it was is not asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import LOADS
from bench.measuring import Pairs, Run
from bench.newsroom import post_of, wire_size
from bench.table import rendered

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("load", LOADS)
def test_a_load_runs_and_tells(load: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench", load, "--tiny", "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / f"{load}.json").read_text("utf-8"))
    assert told["machine"]["cores"] >= 1
    assert str(ROOT) not in json.dumps(told)
    for pair in told["pairs"]:
        assert pair["contenders"] or pair["skipped"]
        for one in pair["contenders"].values():
            assert one["per_second"] > 0
            assert one["rounds"] == 1
    assert told["pairs"][0]["load"] in rendered(tmp_path)


def test_a_ratio_is_the_median_of_the_rounds_ratios() -> None:
    pairs = Pairs(load="l", unit="u", baseline="plain", about="")
    for ours, plain in ((1.0, 2.0), (4.0, 4.0), (1.0, 3.0)):
        for name, seconds in (("ours", ours), ("plain", plain)):
            run = Run(done=10, seconds=seconds, cpu=1.0, peak=None)
            pairs.runs.setdefault(name, []).append(run)
    assert pairs.told()["contenders"]["ours"]["rate_to_baseline"] == 2.0


@pytest.mark.parametrize("size", [12_000, 30_000])
def test_a_post_has_the_size_that_was_asked_for(size: int) -> None:
    assert size - 200 < wire_size(post_of(size)) <= size
