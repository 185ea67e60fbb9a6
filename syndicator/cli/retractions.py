"""The commands of what is out already: a story is corrected, or taken back."""

from __future__ import annotations

from typing import Annotated

import typer

from syndicator.model import How

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
    """Take a story back: nothing carries it any more, posts are taken away or say so, editions that wait with it are
    paused, the archive says so. Mails that went out stay.

    Example: `syndicator retract 3f9a --why "the source took it back"`
    """
    with opened(config) as newsroom:
        desk = newsroom.circulation.retractions
        told = desk.readmit(article, by=by) if undo else desk.retract(article, by=by, why=why)
        away = newsroom.corrections.take_away(told.article.id)  # none of what stands again
    story, held = told.article, told.held
    if as_json:
        shown = {
            "article": story.id,
            "retracted": not undo,
            "paused": list(held),
            "editions": list(away.editions),
            "spared": told.spared,
        }
        print_json(shown | {"faults": list(away.faults)})
        return
    typer.echo(f"“{story.headline}” {'stands again' if undo else 'is retracted'}")
    if told.spared:
        typer.echo(f"✓ {told.spared} that were to take it away do not any more")
    for edition in away.editions:
        typer.echo(f"✓ {edition} takes away what stands")
    for edition in held:
        typer.echo(
            f"▮ {edition} is paused, for it carries the story; `syndicator resume {edition}` lets it go on"
        )
    for fault in away.faults:
        typer.echo(f"✗ {fault}", err=True)


@commands.command()
def correct(
    article: Annotated[str, typer.Argument(help="The story's id, or its beginning.")],
    to: Annotated[list[str] | None, typer.Option(help="Only on this channel; may be given again.")] = None,
    how: Annotated[How | None, typer.Option(help="Instead of what the channel's policy says.")] = None,
    note: Annotated[str, typer.Option(help="What was corrected, for readers to see.")] = "",
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Let the newest revision of a story reach whoever was told an earlier one. With `--how mail` readers who got the
    earlier one get a mail.

    Example: `syndicator correct 3f9a --note "The bridge was closed on Monday, not on Sunday."`
    """
    from syndicator.corrections import Word

    with opened(config) as newsroom:
        found = newsroom.corrections.correct(article, Word(by=by, how=how, note=note), to or ())
    if as_json:
        print_json(
            {"editions": list(found.editions), "rewritten": found.rewritten, "faults": list(found.faults)}
        )
    else:
        for edition in found.editions:
            typer.echo(f"✓ {edition} is planned")
        typer.echo(f"{found.rewritten} that wait are written anew")
        for fault in found.faults:
            typer.echo(f"✗ {fault}", err=True)
    if found.faults:
        raise typer.Exit(1)


@commands.command()
def corrections(
    article: Annotated[str, typer.Argument(help="What was decided about this story; else what waits.")] = "",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """What was revised after it went out and waits for an editor's word; or all that was decided about a story.

    Example: `syndicator corrections`
    """
    from syndicator.corrections import ASK

    with opened(config) as newsroom:
        desk = newsroom.corrections
        found = desk.history(article) if article else desk.waiting()
    if as_json:
        print_json([one._asdict() | {"at": one.at.isoformat()} for one in found])
        return
    for one in found:
        what = "waits" if one.how == ASK else one.how
        typer.echo(f"{one.at:%Y-%m-%d %H:%M}  {one.channel}  {one.article}  {one.extent}  {what}")
    if not found:
        typer.echo("nothing was decided" if article else "nothing waits")
