"""The command that takes a story back."""

from __future__ import annotations

from typing import Annotated

import typer

from .common import HERE, Config, Editor, Json, opened, print_json

commands = typer.Typer()


@commands.command()
def retract(
    article: Annotated[str, typer.Argument(help="The story's id, or its beginning.")],
    why: Annotated[str, typer.Option(help="It is written down.")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="The story stands again.")] = False,
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Take a story back: nothing carries it any more, editions that wait with it are paused, the archive says so.

    Example: `syndicator retract 3f9a --why "the source took it back"`
    """
    with opened(config) as newsroom:
        desk = newsroom.circulation.retractions
        told = desk.readmit(article, by=by) if undo else desk.retract(article, by=by, why=why)
    story, held = told.article, told.held
    if as_json:
        print_json({"article": story.id, "retracted": not undo, "paused": list(held)})
        return
    typer.echo(
        f"“{story.headline}” {'stands again' if undo else 'is retracted; what is out stays out there'}"
    )
    for edition in held:
        typer.echo(
            f"▮ {edition} is paused, for it carries the story; `syndicator resume {edition}` lets it go on"
        )
