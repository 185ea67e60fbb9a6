"""Every benchmark runs in its smallest form and writes figures that can be read; how quick it was is not asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import summarising
from bench.__main__ import LOADS
from bench.corpora import Case, Told, pieces
from bench.letters import post_of, wire_size
from bench.measuring import Pairs, Run
from bench.newsroom import sent_size
from bench.rouge import interval, rouge
from bench.segmenting import SPLITTERS, judged, splitter
from bench.table import BEGIN, END, rendered, rewrite

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder where all loads wrote what they found."""
    folder = tmp_path_factory.mktemp("results")
    command = [sys.executable, "-m", "bench", "all", "--tiny", "--results", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("load", LOADS)
def test_a_load_runs_and_tells(load: str, results: Path) -> None:
    told = json.loads((results / f"{load}.json").read_text("utf-8"))
    assert told["machine"]["cores"] >= 1
    assert str(ROOT) not in json.dumps(told)
    for pair in told["pairs"]:
        assert pair["contenders"] or pair["skipped"]
        for one in pair["contenders"].values():
            assert one["per_second"] > 0
            assert one["rounds"] == 1
    assert told["pairs"][0]["load"] in rendered(results)


def test_what_the_whole_process_used_is_more_than_its_work(results: Path) -> None:
    for one in json.loads((results / "mail.json").read_text("utf-8"))["pairs"][0]["contenders"].values():
        assert one["process_cpu_s_per_1000"] >= one["cpu_s_per_1000"] > 0


def test_the_table_is_set_between_its_marks(results: Path, tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", "utf-8")
    rewrite(results, document)
    assert document.read_text("utf-8") == f"before\n{BEGIN}\n{rendered(results)}\n{END}\nafter\n"


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


def test_our_mail_has_the_size_of_the_one_it_is_compared_with() -> None:
    post = post_of(12_000)
    assert sent_size(post) == pytest.approx(wire_size(post), rel=0.03)


def test_rouge_reads_words_of_any_script() -> None:
    for language, text in {
        "en": "Rain closed the road",
        "ar": "أغلقت الأمطار الطريق",
        "ckb": "باران ڕێگاکەی داخست",
    }.items():
        assert rouge(text, [text], language) == {"ROUGE-1": 100, "ROUGE-2": 100, "ROUGE-L": 100}
        assert rouge("x", [text], language)["ROUGE-1"] == 0
    assert rouge("roads closed", ["the road closes", "rain"], "en")["ROUGE-1"] == pytest.approx(40)


def test_a_difference_is_as_sure_as_it_is_even() -> None:
    assert interval([1.0] * 9) == (1, 1)
    low, high = interval([-1.0, 1.0] * 50)
    assert -0.5 < low < 0 < high < 0.5
    assert interval([1.0] * 5, [3.0] * 50) == (2, 2)


def test_ends_of_sentences_are_counted_within_a_text() -> None:
    case = Case("One. Two. Three.", ("One.", "Two.", "Three."))
    assert judged([case], [["One.", "Two.", "Three."]]) == {"F1": 100, "texts exact, %": 100}
    assert judged([case], [["One. Two.", "Three."]])["F1"] == pytest.approx(200 / 3)
    assert judged([case], [["One. Two. Three."]]) == {"F1": 0, "texts exact, %": 0}


@pytest.mark.parametrize("name", SPLITTERS)
@pytest.mark.parametrize("language", ["en", "ar", "ckb", "fa", "kmr"])
def test_each_library_reads_each_language(name: str, language: str) -> None:
    text = "Rain fell on the road. Nobody was hurt there."
    assert "".join("".join(splitter(name, language)(text)).split()) == "".join(text.split())


@pytest.mark.parametrize("method", summarising.METHODS)
def test_each_method_summarises_by_sentences_and_by_characters(method: str) -> None:
    lines = [
        f"Rain closed road number {number} over the hills of the province on Sunday." for number in range(9)
    ]
    write = summarising.writer(method, Told("en", tuple(lines), ()))
    assert write(1) in lines
    assert len(write(None)) <= summarising.CHARACTERS


def test_pieces_are_of_whole_words() -> None:
    assert pieces("Rain closed the road over the hills", 12) == ["Rain closed the", "road over the"]
