"""The commands that show a newsletter before anybody gets it, and the form by which people ask for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .common import HERE, Config, Json, opened, print_json, unopened

commands = typer.Typer()
Name = Annotated[str, typer.Argument(help="The newsletter.")]


@commands.command()
def preview(
    name: Name,
    to: Annotated[Path, typer.Option("--to", help="The folder to write into; it is made.")],
    language: Annotated[
        list[str] | None, typer.Option("--language", help="Only this one; more than one may be given.")
    ] = None,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Write a newsletter as it would go out now into a folder: HTML, plain text and the whole mail. Nothing is sent.

    Example: `syndicator newsletter preview evening --language ckb --to proofs`
    """
    from syndicator.errors import Refused

    with opened(config) as newsroom:
        proofs = newsroom.rehearsal.proofs(name, language or ())
    written: list[dict[str, object]] = []
    try:
        to.mkdir(parents=True, exist_ok=True)
        for proof in proofs:
            stem = f"{name}.{proof.language}"
            files = {
                "html": proof.part("html").encode(),
                "txt": proof.part("plain").encode(),
                "eml": proof.mail,
            }
            for ending, content in files.items():
                (to / f"{stem}.{ending}").write_bytes(content)
            paths = [str(to / f"{stem}.{ending}") for ending in files]
            written.append({"language": proof.language, "octets": len(proof.mail), "files": paths})
    except OSError as error:
        raise Refused(f"{to}: {error.strerror}; name a folder that you may write into") from error
    if as_json:
        print_json({"proofs": written})
        return
    for one in written:
        typer.echo(f"{one['language']}  {one['octets']} octets  {to / name}.{one['language']}.html .txt .eml")


@commands.command()
def form(
    name: Name,
    language: Annotated[
        str, typer.Option("--language", help="Its language; else the newsletter's first.")
    ] = "",
    config: Config = HERE,
) -> None:
    """Print a sign-up form in plain HTML, for any page of any site. It needs no script and sets no cookie.

    Example: `syndicator newsletter form evening --language ckb > form.html`
    """
    with unopened(config) as newsroom:
        typer.echo(newsroom.circulation.form(name, language), nl=False)
