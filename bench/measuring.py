"""Measuring: one contender is one process, rounds are interleaved, and what is compared is medians and ratios."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

RESULTS = Path(__file__).parent / "results"
PACKAGES = (
    *("uvloop", "sqlalchemy", "psycopg", "aiosmtplib", "aiohttp", "httpx", "jinja2", "lxml"),
    *("sumy", "rouge-score", "syntok", "sentencex", "pysbd"),
)
TICKS = os.sysconf("SC_CLK_TCK")
GATE = "BENCH_GATE"  # set: a contender says when it is ready, and waits for its sign
SIDES = ("server_cpu", "database_cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much work a run is. ``pin``: the contender on core 0, its server on core 1."""

    name: str  # "full", "quick" or "tiny"
    rounds: int
    share: float  # of the work of the full form
    pin: bool = False
    million: bool = False

    def of(self, full: int, least: int = 20) -> int:
        return max(least, int(full * self.share))


SIZES = {
    "full": Size(name="full", rounds=5, share=1.0),
    "quick": Size(name="quick", rounds=1, share=0.1),
    "tiny": Size(name="tiny", rounds=1, share=0.0005),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one contender did in one round."""

    done: int
    seconds: float  # wall
    cpu: float  # seconds, user and system, all threads
    peak: float | None  # MB of resident memory at its highest; None where nobody could look
    began: float = 0.0  # on the machine's monotonic clock, which all processes share
    server_cpu: float = 0.0  # seconds of the server at the other end
    database_cpu: float = 0.0  # seconds of all of PostgreSQL's processes
    process_cpu: float = 0.0  # seconds of the whole process by wait4, with its start and imports
    more: dict[str, float] = field(default_factory=dict)  # what only this load counts, units in the names


def rate(run: Run) -> float:
    return run.done / run.seconds


def cpu_each(run: Run) -> float:
    return run.cpu / run.done


@dataclass(slots=True)
class Pairs:
    """All rounds of the contenders of one load; ``unit`` is what is counted."""

    load: str
    unit: str
    baseline: str
    about: str
    facts: dict[str, Callable[[Pairs], float | None]] = field(default_factory=dict)  # what the figures say
    runs: dict[str, list[Run]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, run: Run) -> None:
        self.runs.setdefault(name, []).append(run)

    def rate(self, name: str) -> float:
        return median(map(rate, self.runs[name]))

    def ratio(self, name: str, to: str, of: Callable[[Run], float]) -> float | None:
        """The median over rounds of a figure of one to that of the other; None where there is none."""
        if name not in self.runs or to not in self.runs:
            return None
        pairs = zip(self.runs[name], self.runs[to], strict=False)
        found = [of(one) / of(other) for one, other in pairs if of(other)]
        return round(median(found), 3) if found else None

    def told(self) -> dict[str, Any]:
        return {
            "load": self.load,
            "unit": self.unit,
            "baseline": self.baseline,
            "about": self.about,
            "skipped": self.skipped,
            "facts": {name: found for name, of in self.facts.items() if (found := of(self)) is not None},
            "contenders": {name: self._told(name) for name in self.runs},
        }

    def _told(self, name: str) -> dict[str, Any]:
        runs = self.runs[name]
        peaks = [run.peak for run in runs if run.peak is not None]
        base = self.baseline if self.baseline in self.runs else name
        busy = _busy(runs)
        return {
            "rounds": len(runs),
            "done": median(run.done for run in runs),
            "per_second": round(self.rate(name), 1),
            **{f"{side}_s_per_1000": _thousand(runs, side) for side in ("cpu", *SIDES, "process_cpu")},
            "peak_mb": round(max(peaks), 1) if peaks else None,
            "rate_to_baseline": self.ratio(name, base, rate),
            "cpu_to_baseline": self.ratio(name, base, cpu_each),
            "cores_busy": busy,
            "limit": _limit(busy),
            "more": {key: round(median(run.more[key] for run in runs), 2) for key in runs[0].more},
        }


def _thousand(runs: Sequence[Run], side: str) -> float:
    """Median of the seconds of CPU a thousand."""
    return round(median(1000 * getattr(run, side) / run.done for run in runs), 4)


def _busy(runs: Sequence[Run]) -> dict[str, float]:
    """How much of a core each side kept busy."""
    sides = {"contender": "cpu", "server": "server_cpu", "database": "database_cpu"}
    return {
        name: round(median(getattr(run, side) / run.seconds for run in runs), 2)
        for name, side in sides.items()
    }


def _limit(busy: Mapping[str, float]) -> str:
    """Whose core was busy most of the time; nobody's: the disk, the line or the machine's other work."""
    side = max(busy, key=lambda name: busy[name])
    return side if busy[side] >= 0.6 else "waiting"


def interleaved(pairs: Pairs, contenders: Mapping[str, Callable[[], Run]], rounds: int) -> Pairs:
    """Every contender once a round, so that a slow minute of the machine is everybody's."""
    for _ in range(rounds):
        for name, contend in contenders.items():
            pairs.add(name, contend())
    say(pairs)
    return pairs


def say(pairs: Pairs) -> None:
    told = pairs.told()
    out = [f"{pairs.load}: {pairs.about}"]
    for name, one in told["contenders"].items():
        out.append(
            f"  {_shown(one['rate_to_baseline'])} × rate  {_shown(one['cpu_to_baseline'])} × CPU  {name:34}"
            f" {one['per_second']:>11,.1f} {pairs.unit}/s  {one['cpu_s_per_1000']:8.4f} s CPU/1000"
            f"  server {one['server_cpu_s_per_1000']:.4f}  database {one['database_cpu_s_per_1000']:.4f}"
            f"  {one['peak_mb'] or 0:6.1f} MB  limit: {one['limit']}"
        )
        out += [f"      {figure}: {value:,.2f}" for figure, value in one["more"].items()]
    out += [f"  {fact}: {value}" for fact, value in told["facts"].items()]
    out += [f"  skipped {name}: {why}" for name, why in pairs.skipped.items()]
    sys.stdout.write("\n".join(out) + "\n")
    sys.stdout.flush()


def _shown(ratio: float | None) -> str:
    return "      –" if ratio is None else f"{ratio:7.2f}"


def write(name: str, size: Size, found: Sequence[Pairs], folder: Path = RESULTS) -> Path:
    """The results of one command as JSON: figures with units, the machine, no names of hosts and no paths."""
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "name": name,
        "form": size.name,
        "pinned": size.pin,
        "units": {
            "per_second": "1/s",
            "cpu_s_per_1000": "s of CPU a thousand, user and system, all threads",
            "peak_mb": "MB",
            "rate_to_baseline": "median of the rounds' ratios",
        },
        "machine": machine(),
        "pairs": [pairs.told() for pairs in found],
    }
    path = folder / f"{name}{'-million' * size.million}.json"
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return path


def machine() -> dict[str, Any]:
    return {
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@contextmanager
def measured(done: Callable[[], int]) -> Iterator[list[Run]]:
    """Measure a block of this process, once it was told to begin; ``done`` says afterwards how much was done."""
    found: list[Run] = []
    if os.environ.get(GATE):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
    wall, cpu = perf_counter(), process_time()
    yield found
    seconds, used = perf_counter() - wall, process_time() - cpu
    found.append(Run(done=done(), seconds=seconds, cpu=used, peak=peak(), began=wall))


def peak(pid: int | str = "self") -> float:
    """MB of resident memory at its highest; of this program alone, unlike what ``getrusage`` says after a fork."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_of(pid: int | None) -> float:
    """Seconds of CPU that a process, its living children and those that ended have used so far; 0 for nobody."""
    if pid is None:
        return 0.0
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except FileNotFoundError:
        return 0.0  # it ended: its parent counts it
    return sum(map(int, fields[11:15])) / TICKS + sum(cpu_of(int(child)) for child in children)


def pinned(core: int, size: Size) -> Callable[[], None] | None:
    cores = sorted(os.sched_getaffinity(0))
    if not size.pin or len(cores) < 2:
        return None
    return lambda: os.sched_setaffinity(0, {cores[core]})


def contender(name: str, size: Size, server: int | None = None, **told: Any) -> Run:
    """Run one of :mod:`bench.contenders` in a process of its own. See :func:`together`."""
    return together([{"name": name, **told}], size, server)


def together(
    contenders: Sequence[Mapping[str, Any]],
    size: Size,
    server: int | None = None,
) -> Run:
    """Run several at the same time, each in a process of its own: they make ready, and begin at one sign.

    ``server`` is the pid at the other end, ``postgres`` that of its database; what these use before the sign is not
    counted. What else is told of a contender goes to its function, but for ``environ``.
    """
    started = [_start(told, size) for told in contenders]
    database = contenders[0].get("postgres")
    for child in started:
        if child.stdout.readline() != b"ready\n":  # type: ignore[union-attr]
            raise SystemExit(f"a contender did not begin: {child.args!r}")
    before = cpu_of(server), cpu_of(database)
    for child in started:
        child.stdin.close()  # type: ignore[union-attr]
    runs = [_ended(child) for child in started]
    first, last = min(run.began for run in runs), max(run.began + run.seconds for run in runs)
    return Run(
        done=sum(run.done for run in runs),
        seconds=last - first,
        cpu=sum(run.cpu for run in runs),
        peak=max(run.peak or 0.0 for run in runs),
        began=first,
        server_cpu=cpu_of(server) - before[0],
        database_cpu=cpu_of(database) - before[1],
        process_cpu=sum(run.process_cpu for run in runs),
        more=runs[0].more,
    )


def _start(told: Mapping[str, Any], size: Size) -> subprocess.Popen[bytes]:
    words = {key: value for key, value in told.items() if key not in {"name", "environ", "postgres"}}
    return subprocess.Popen(
        [sys.executable, "-m", "bench.contenders", told["name"], json.dumps(words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {GATE: "1"} | dict(told.get("environ", {})),
        cwd=Path(__file__).parents[1],
        preexec_fn=pinned(0, size),
    )


def _ended(child: subprocess.Popen[bytes]) -> Run:
    """What it says of itself, and what the kernel says of the whole process."""
    with child.stdout as out:  # type: ignore[union-attr]
        said = out.read().splitlines()
    used = _waited(child)
    return replace(Run(**json.loads(said[-1])), process_cpu=used)


def _waited(child: subprocess.Popen[bytes]) -> float:
    """Wait for its end; its seconds of CPU."""
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{child.args!r} ended with {child.returncode}")
    return used.ru_utime + used.ru_stime


def program(command: Sequence[str], done: int, size: Size, server: int | None = None) -> Run:
    """Run somebody else's program and measure it from outside."""
    before = cpu_of(server)
    start = perf_counter()
    used = _waited(subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=pinned(0, size)))
    return Run(
        done=done,
        seconds=perf_counter() - start,
        cpu=used,
        peak=None,  # what wait4 says of it is ours, from before it became that program
        began=start,
        server_cpu=cpu_of(server) - before,
        process_cpu=used,
    )
