"""Measuring: one contender is one process, rounds are interleaved, and what is compared is medians and ratios."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("uvloop", "sqlalchemy", "psycopg", "aiosmtplib", "aiohttp", "httpx", "jinja2", "lxml")
TICKS = os.sysconf("SC_CLK_TCK")


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
    "quick": Size(name="quick", rounds=3, share=0.1),
    "tiny": Size(name="tiny", rounds=1, share=0.0005),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one contender did in one round."""

    done: int
    seconds: float  # wall
    cpu: float  # seconds, user and system, all threads
    peak: float | None  # MB of resident memory at its highest; None where nobody could look
    server_cpu: float = 0.0  # seconds of the server at the other end


@dataclass(slots=True)
class Pairs:
    """All rounds of the contenders of one load; ``unit`` is what is counted."""

    load: str
    unit: str
    baseline: str
    about: str
    runs: dict[str, list[Run]] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def rate(self, name: str) -> float:
        return median(run.done / run.seconds for run in self.runs[name])

    def ratio(self, name: str, to: str, of: Callable[[Run], float]) -> float | None:
        """The median over rounds of a figure of one to that of the other; None where there is none."""
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
            "contenders": {name: self._told(name) for name in self.runs},
        }

    def _told(self, name: str) -> dict[str, Any]:
        runs = self.runs[name]
        peaks = [run.peak for run in runs if run.peak is not None]
        base = self.baseline if self.baseline in self.runs else name
        return {
            "rounds": len(runs),
            "done": median(run.done for run in runs),
            "per_second": round(self.rate(name), 1),
            "cpu_s_per_1000": round(median(1000 * run.cpu / run.done for run in runs), 4),
            "server_cpu_s_per_1000": round(median(1000 * run.server_cpu / run.done for run in runs), 4),
            "peak_mb": round(max(peaks), 1) if peaks else None,
            "rate_to_baseline": self.ratio(name, base, lambda run: run.done / run.seconds),
            "cpu_to_baseline": self.ratio(name, base, lambda run: run.cpu / run.done),
            "limit": _limit(runs),
        }


def _limit(runs: Sequence[Run]) -> str:
    """Which side's core was busy most of the time."""
    client = median(run.cpu / run.seconds for run in runs)
    server = median(run.server_cpu / run.seconds for run in runs)
    if max(client, server) < 0.6:
        return "waiting"
    return "contender" if client >= server else "server"


def interleaved(pairs: Pairs, contenders: Mapping[str, Callable[[], Run]], rounds: int) -> Pairs:
    """Every contender once a round, so that a slow minute of the machine is everybody's."""
    for _ in range(rounds):
        for name, contend in contenders.items():
            pairs.runs.setdefault(name, []).append(contend())
    say(pairs)
    return pairs


def say(pairs: Pairs) -> None:
    told = pairs.told()
    out = [f"{pairs.load}: {pairs.about}"]
    for name, one in told["contenders"].items():
        out.append(
            f"  {_shown(one['rate_to_baseline'])} × rate  {_shown(one['cpu_to_baseline'])} × CPU  {name:34}"
            f" {one['per_second']:>11,.1f} {pairs.unit}/s  {one['cpu_s_per_1000']:8.4f} s CPU/1000"
            f"  server {one['server_cpu_s_per_1000']:.4f}  {one['peak_mb'] or 0:6.1f} MB  limit: {one['limit']}"
        )
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
            "cpu_s_per_1000": "s of CPU a thousand",
            "peak_mb": "MB",
            "rate_to_baseline": "median of the rounds' ratios",
        },
        "machine": machine(),
        "pairs": [pairs.told() for pairs in found],
    }
    path = folder / f"{name}.json"
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
    """Measure a block of this process; ``done`` says afterwards how much was done."""
    found: list[Run] = []
    wall, cpu = perf_counter(), process_time()
    yield found
    seconds, used = perf_counter() - wall, process_time() - cpu
    found.append(Run(done=done(), seconds=seconds, cpu=used, peak=peak()))


def peak(pid: int | str = "self") -> float:
    """MB of resident memory at its highest; of this program alone, unlike what ``getrusage`` says after a fork."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def pinned(core: int, size: Size) -> Callable[[], None] | None:
    cores = sorted(os.sched_getaffinity(0))
    if not size.pin or len(cores) < 2:
        return None
    return lambda: os.sched_setaffinity(0, {cores[core]})


def contender(
    name: str,
    size: Size,
    server: int | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    **told: object,
) -> Run:
    """Run one of :mod:`bench.contenders` in a process of its own; ``server`` is the pid at the other end."""
    before = cpu_of(server) if server else 0.0
    done = subprocess.run(
        [sys.executable, "-m", "bench.contenders", name, json.dumps(told)],
        check=True,
        stdout=subprocess.PIPE,
        env=os.environ | dict(environ or {}),
        cwd=Path(__file__).parents[1],
        preexec_fn=pinned(0, size),
    )
    run = Run(**json.loads(done.stdout.splitlines()[-1]))
    after = cpu_of(server) if server else 0.0
    return Run(done=run.done, seconds=run.seconds, cpu=run.cpu, peak=run.peak, server_cpu=after - before)


def program(command: Sequence[str], done: int, size: Size, server: int | None = None) -> Run:
    """Run somebody else's program and measure it from outside."""
    before = cpu_of(server) if server else 0.0
    start = perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=pinned(0, size))
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    seconds = perf_counter() - start
    if child.returncode:
        raise SystemExit(f"{command[0]} ended with {child.returncode}")
    after = cpu_of(server) if server else 0.0
    return Run(
        done=done,
        seconds=seconds,
        cpu=used.ru_utime + used.ru_stime,
        peak=None,  # what wait4 says of it is ours, from before it became that program
        server_cpu=after - before,
    )
