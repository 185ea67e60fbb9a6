"""Where the time of a mail run goes: a sampling profiler over the sending process."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from . import databases
from .loads.mail import prepared
from .measuring import Size, contender
from .newsroom import Relay
from .sinks import server


def mail(size: Size) -> None:
    many = size.of(20_000)
    with databases.sqlite(lambda app: prepared(app, many, 12_000)) as planned, server("mail", size) as sink:
        with TemporaryDirectory() as told:
            path = Path(told) / "profile.txt"
            copy = planned.copy(Relay(port=sink.port))
            run = contender("ours.mail", size, configuration=str(copy), profile=str(path))
            sys.stdout.write(path.read_text("utf-8"))
    sys.stdout.write(f"{run.done} mails in {run.seconds:.2f} s under the profiler\n")
