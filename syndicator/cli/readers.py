"""The commands about subscribers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from syndicator.errors import Refused

from .common import (
    HERE,
    Config,
    Editor,
    Json,
    opened,
    print_json,
    progress,
)

Newsletter = Annotated[str, typer.Option("--to", help="The newsletter.")]

subscribers = typer.Typer(help="Readers of the newsletters.", no_args_is_help=True)


@subscribers.command("list")
def list_subscribers(
    newsletter: Annotated[str | None, typer.Option(help="Only this newsletter.")] = None,
    after: Annotated[int, typer.Option(help="Begin after this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 100,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Who subscribes to what.

    Example: `syndicator subscribers list --newsletter evening`
    """
    from syndicator.storage import readers

    with opened(config) as newsroom, newsroom.database.read() as connection:
        found = readers.listed(connection, newsletter, after, limit)
        counts = readers.standing(connection)
    if as_json:
        print_json({"subscribers": found, "counts": counts})
        return
    for one in found:
        typer.echo(
            f"{one['id']:>6}  {one['address']}  {one['language']}  {one['newsletter']}  {one['consent']}"
        )
    for one in counts:
        typer.echo(f"{one['newsletter']} {one['language']}: {one['readers']} {one['consent']}")
    if not found:
        typer.echo("nobody yet; `syndicator subscribers add` or `import`")


@subscribers.command("add")
def add_subscriber(
    address: Annotated[str, typer.Argument(help="The mail address.")],
    to: Newsletter,
    language: Annotated[str, typer.Option(help="The reader's language.")],
    name: Annotated[str, typer.Option(help="The reader's name.")] = "",
    proof: Annotated[str, typer.Option(help="Where the consent comes from.")] = "entered by the operator",
    config: Config = HERE,
) -> None:
    """Add a reader who has consented.

    Example: `syndicator subscribers add sara@mail.example --to evening --language ckb`
    """
    from syndicator.services.audience import Wish

    with opened(config) as newsroom:
        newsroom.subscribe(
            [Wish(address=address, language=language, newsletter=to, name=name, proof=proof)], to
        )
    typer.echo(f"{address} gets {to} in {language}")


@subscribers.command("import")
def import_subscribers(
    file: Annotated[
        Path, typer.Argument(help="CSV with the columns address, language and, if you like, name.")
    ],
    to: Newsletter,
    proof: Annotated[str, typer.Option(help="Where the consent comes from.")],
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Add many readers who have consented: all of the file, or nothing.

    Example: `syndicator subscribers import readers.csv --to evening --proof "signed up at the fair"`
    """
    from syndicator.services.audience import read_csv

    with opened(config) as newsroom:
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines, progress("reading", None) as advance:
                wishes = read_csv(lines, str(file), newsletter=to, proof=proof, seen=lambda line: advance(1))
                new = newsroom.subscribe(wishes, to)
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(
                f"{file}: it cannot be read as UTF-8 text: {error}; nothing was imported"
            ) from error
    if as_json:
        print_json({"new": new})
    else:
        typer.echo(f"{new} new readers of {to}")


@subscribers.command("remove")
def remove_subscriber(
    address: Annotated[str, typer.Argument(help="The mail address.")],
    to: Newsletter,
    config: Config = HERE,
) -> None:
    """End a subscription; what waits for the reader does not go out any more.

    Example: `syndicator subscribers remove sara@mail.example --to evening`
    """
    with opened(config) as newsroom:
        newsroom.leave(address, to, proof="removed by the operator")
    typer.echo(f"{address} does not get {to} any more")


@subscribers.command("suppress")
def suppress_address(
    address: Annotated[str, typer.Argument(help="The mail address; it need not be a reader's.")],
    why: Annotated[str, typer.Option(help="It is written down.")],
    by: Editor = "operator",
    config: Config = HERE,
) -> None:
    """No mail to this address any more, of no newsletter, whoever imports it again.

    Example: `syndicator subscribers suppress sara@mail.example --why "complained by phone"`
    """
    with opened(config) as newsroom:
        newsroom.suppress(address, why, by=by)
    typer.echo(f"{address} gets no mail any more")


@subscribers.command("erase")
def erase_subscriber(
    address: Annotated[str, typer.Argument(help="The mail address.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    by: Editor = "operator",
    config: Config = HERE,
) -> None:
    """Forget a reader for good: name, address and wishes. A keyed hash stays, by which no import brings them back.

    Example: `syndicator subscribers erase sara@mail.example --yes`
    """
    with opened(config) as newsroom:
        if not yes:
            typer.confirm(f"Forget {address}? This cannot be undone.", abort=True)
        newsroom.erase(address, by=by)
    typer.echo(f"{address} is forgotten")
