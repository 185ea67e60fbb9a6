"""The list of what is done for security is whole, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = re.findall(
    r"^\| (\d+\.\d+\.\d+(?:, \d+\.\d+\.\d+)*) \| ([^|]+) \| ([^|]+) \|$", DOCUMENT, re.MULTILINE
)

# The points of levels 1 and 2 of OWASP ASVS 5.0.0, section by section.
POINTS = """
1.1 1-2; 1.2 1-9; 1.3 1-11; 1.4 1-3; 1.5 1-2
2.1 1-3; 2.2 1-3; 2.3 1-4; 2.4 1
3.2 1-2; 3.3 1-4; 3.4 1-6; 3.5 1-5; 3.7 1-2
4.1 1-3; 4.2 1; 4.3 1-2; 4.4 1-4
5.1 1; 5.2 1-3; 5.3 1-2; 5.4 1-3
6.1 1-3; 6.2 1-12; 6.3 1-4; 6.4 1-4; 6.5 1-5; 6.6 1-3; 6.8 1-4
7.1 1-3; 7.2 1-4; 7.3 1-2; 7.4 1-5; 7.5 1-2; 7.6 1-2
8.1 1-2; 8.2 1-3; 8.3 1; 8.4 1
9.1 1-3; 9.2 1-4
10.1 1-2; 10.2 1-2; 10.3 1-4; 10.4 1-11; 10.5 1-5; 10.6 1-2; 10.7 1-3
11.1 1-2; 11.2 1-3; 11.3 1-3; 11.4 1-4; 11.5 1; 11.6 1
12.1 1-3; 12.2 1-2; 12.3 1-4
13.1 1; 13.2 1-5; 13.3 1-2; 13.4 1-5
14.1 1-2; 14.2 1-4; 14.3 1-3
15.1 1-3; 15.2 1-3; 15.3 1-7
16.1 1; 16.2 1-5; 16.3 1-4; 16.4 1-3; 16.5 1-3
17.1 1; 17.2 1-4; 17.3 1-2
"""


def points() -> list[str]:
    found = []
    for section, first, last in re.findall(r"(\d+\.\d+) (\d+)(?:-(\d+))?", POINTS):
        found += [f"{section}.{number}" for number in range(int(first), int(last or first) + 1)]
    return found


def test_every_point_is_answered_once() -> None:
    answered = [point for numbers, _, _ in ROWS for point in numbers.split(", ")]
    assert answered == points()
    assert len(answered) == 253  # 70 of level 1, 183 of level 2


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_answer_is_a_test_that_exists_or_a_reason(row: tuple[str, str, str]) -> None:
    _, asks, held = row
    assert asks.strip()
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", held)
    for file, name in named:
        assert re.search(rf"^def {name}\(", (ROOT / "tests" / file).read_text("utf-8"), re.MULTILINE), name
    assert named or len(held.split()) >= 2
    for file in re.findall(r"`(?:tests/)?((?:\w+/)*test_\w+\.py)`", held):
        assert (ROOT / "tests" / file).exists(), file
