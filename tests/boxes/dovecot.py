"""A real IMAP server on loopback, for tests; as whoever runs them, or as nobody where that is root."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

PASSWORD = "secret"
CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{folder}/mail/%u
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    folder: Path

    def put(self, user: str, *mails: bytes) -> None:
        """Deliver mails, oldest first."""
        new = self.folder / "mail" / user / "new"
        for number, raw in enumerate(mails):
            (new / f"{number}.here").write_bytes(raw)
            (new / f"{number}.here").chmod(0o644)

    def held(self, user: str, folder: str = "") -> int:
        box = self.folder / "mail" / user / (f".{folder}" if folder else "")
        return sum(1 for part in ("new", "cur") for _ in (box / part).glob("[!.]*"))


@contextmanager
def dovecot(user: str) -> Iterator[Server]:
    """A server with one box. Raises :exc:`FileNotFoundError` when the program is not here."""
    program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not program:
        raise FileNotFoundError("dovecot")
    who = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    folder.chmod(0o755)
    for part in ("new", "cur", "tmp"):
        (folder / "mail" / user / part).mkdir(parents=True)
    if os.getuid() == 0:
        for one in [folder / "mail", *(folder / "mail").rglob("*")]:
            os.chown(one, who.pw_uid, who.pw_gid)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = CONFIGURATION.format(
        folder=folder, port=port, password=PASSWORD, user=who.pw_name, uid=who.pw_uid, gid=who.pw_gid,
        group=subprocess.check_output(["id", "-gn", who.pw_name], text=True).strip(),  # noqa: S607
    )  # fmt: skip
    (folder / "dovecot.conf").write_text(told, "ascii")
    server = subprocess.Popen([program, "-F", "-c", str(folder / "dovecot.conf")])
    try:
        _answers(port, server, folder)
        yield Server(port, folder)
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(port: int, server: subprocess.Popen[bytes], folder: Path) -> None:
    pause = Event()
    for _ in range(100):
        if server.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as line:
                if line.recv(4) == b"* OK":
                    return
        except OSError:
            pass
        pause.wait(0.1)
    log = folder / "log"
    raise RuntimeError(log.read_text("utf-8") if log.exists() else "dovecot does not start")
