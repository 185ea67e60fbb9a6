"""The commands that keep the database: pruning, backups, moving."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .common import (
    HERE,
    Config,
    Editor,
    Json,
    interruptible,
    opened,
    print_json,
    progress,
    unopened,
)

commands = typer.Typer()
database = typer.Typer(help="The database as a whole.", no_args_is_help=True)


@commands.command()
def prune(config: Config = HERE, as_json: Json = False) -> None:
    """Seal the reports of editions that are over; remove the deliveries of old ones. The worker does it once a day.

    Example: `syndicator prune`
    """
    with opened(config) as newsroom, interruptible(newsroom), progress("pruning", None) as advance:
        found = newsroom.keeper.tidy_up(advance)
    if as_json:
        print_json({"sealed": found.sealed, "pruned": found.pruned, "faults": list(found.faults)})
    else:
        lines = [f"{found.sealed} reports sealed, {found.pruned} deliveries removed"]
        typer.echo("\n".join([*lines, *(f"✕ it does not add up: {fault}" for fault in found.faults)]))
    if found.faults:
        raise typer.Exit(1)


@commands.command()
def backup(
    place: Annotated[
        Path,
        typer.Argument(help="A folder to write it to; or the backup's own name, where there is nothing yet."),
    ],
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """One consistent copy of the database and of the memory beside it, while the workers go on.

    Example: `syndicator backup /var/backups/newsroom`
    """
    with opened(config) as newsroom, progress("copying", None) as advance:
        made = newsroom.vault.back_up(place, advance)
    if as_json:
        print_json({"backup": str(made)})
    else:
        typer.echo(f"wrote {made}")


@commands.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="A backup, as `backup` wrote it.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Put a backup in the place of the database. Everything is paused afterwards; who left since stays away.

    Example: `syndicator restore /var/backups/newsroom/syndicator-20260301T090000Z`
    """
    with unopened(config) as newsroom:
        if not yes:
            typer.confirm(f"Put {folder} in the place of {newsroom.database.shown}?", abort=True, err=as_json)
        found = newsroom.vault.restore(folder)
    if as_json:
        print_json({**asdict(found), "paused": True})
        return
    typer.echo(f"restored the database of {found.made_at:%Y-%m-%d %H:%M} UTC")
    if found.kept:
        typer.echo(f"the one before it lies in {found.kept}")
    typer.echo(
        "⏸ everything is paused: look at `syndicator status` and `syndicator doubts`, then "
        "`syndicator resume everything`"
    )


@database.command("copy")
def copy_database(
    to: Annotated[
        str,
        typer.Option(
            "--to",
            envvar="SYNDICATOR_COPY_TO",
            help="Address of an empty database, as database.url has it; with a password better in the environment.",
        ),
    ],
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Move the newsroom to another database and prove that both hold the same. This one is paused from then on.

    Example: `syndicator db copy --to postgresql+psycopg://syndicator@db/syndicator`
    """
    with opened(config) as newsroom, progress("copying", newsroom.mover.rows()) as advance:
        moved = newsroom.mover.move(newsroom.address_of(to), by=by, told=advance)
    if as_json:
        print_json({"equal": True, "tables": [asdict(one) for one in moved]})
        return
    for one in moved:
        typer.echo(f"● {one.table}: {one.rows} rows, {one.digest[:16]}")
    rows = sum(one.rows for one in moved)
    typer.echo(
        f"both hold the same {rows} rows; this one is paused\nnext: let database.url name the other one"
    )
