"""The commands about one story: its life, its embargo, its siblings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from syndicator.errors import Refused

from .common import HERE, Config, Editor, Json, moment, opened, print_json

if TYPE_CHECKING:
    from syndicator.revising import Piece
    from syndicator.services.stories import Life

commands = typer.Typer()
Which = Annotated[str, typer.Argument(help="The story's id, or how it begins.")]


@commands.command()
def story(article: Which, config: Config = HERE, as_json: Json = False) -> None:
    """The life of a story: what each revision changed, whether it waits, the same story in other languages.

    Example: `syndicator story 3f9a`
    """
    with opened(config) as newsroom:
        life = newsroom.stories.life(article)
    if as_json:
        print_json(_as_json(life))
        return
    story = life.article
    typer.echo(f"{story.headline}\n{story.language} · {story.published_at:%Y-%m-%d %H:%M} UTC · {story.url}")
    if not story.dated:
        typer.echo("its source gives no date that can be believed; this is when it came in")
    if life.waits_until:
        typer.echo(f"⏸ it waits until {life.waits_until:%Y-%m-%d %H:%M} UTC")
    for one in life.revisions:
        typer.echo(f"\nrevision {one.number}, {one.seen_at:%Y-%m-%d %H:%M} UTC")
        if one.change:
            about = f": {', '.join(one.change.facts)}" if one.change.facts else ""
            typer.echo(f"    {one.change.extent}{about}; {one.change.share:.0%} of its words")
            for piece in one.change.pieces:
                typer.echo(f"    {_shown(piece)}")
    for other in life.siblings:
        mark = "? perhaps" if other.guessed else "="
        typer.echo(f"\n{mark} {other.language} {other.article[:8]}  {other.headline}\n    {other.why}")


def _as_json(life: Life) -> dict[str, object]:
    from syndicator.storage.content import CHANGE

    return {
        "article": life.article.id,
        "dated": life.article.dated,
        "waits_until": life.waits_until,
        "revisions": [
            {
                "revision": one.number,
                "seen_at": one.seen_at,
                "headline": one.headline,
                "change": CHANGE.dump_python(one.change, mode="json") if one.change else None,
            }
            for one in life.revisions
        ],
        "siblings": [
            {
                name: getattr(one, name)
                for name in ("article", "language", "headline", "url", "guessed", "why")
            }
            for one in life.siblings
        ],
    }


def _shown(piece: Piece) -> str:
    where = f"¶{piece.place}" if piece.place else "headline"
    old, new = (f"“{told}”" if told else "nothing" for told in (piece.old, piece.new))
    return f"{where}: {old} → {new}"


@commands.command()
def embargo(
    article: Which,
    until: Annotated[
        str | None,
        typer.Option(
            help="Until when no channel carries it by itself, with its offset: 2026-03-01T18:00+03:00."
        ),
    ] = None,
    lift: Annotated[bool, typer.Option("--lift", help="It may go out from now on.")] = False,
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Keep a story back until a moment, or lift its embargo. Your word stands whatever its source says later.

    Example: `syndicator embargo 3f9a --until 2026-03-01T18:00+03:00` or `syndicator embargo 3f9a --lift`
    """
    if (until is None) is not lift:
        raise Refused("say until when: --until 2026-03-01T18:00+03:00; or lift it: --lift")
    with opened(config) as newsroom:
        if until:
            opens = moment(until, "--until")
            story = newsroom.stories.embargo(article, opens, by=by)
        else:
            opens, story = None, newsroom.stories.lift(article, by=by)
    if as_json:
        print_json({"article": story.id, "waits_until": opens})
        return
    said = f"waits until {opens:%Y-%m-%d %H:%M %Z}" if opens else "may go out from now on"
    typer.echo(f"“{story.headline}” {said}")


@commands.command()
def sibling(
    article: Which,
    other: Annotated[str, typer.Argument(help="The same story in another language.")],
    undo: Annotated[bool, typer.Option("--undo", help="They are not the same story.")] = False,
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Say that two stories are one in two languages, or that they are not.

    Example: `syndicator sibling 3f9a 81c2`
    """
    with opened(config) as newsroom:
        tell = newsroom.stories.unlink if undo else newsroom.stories.link
        one, two = tell(article, other, by=by)
    if as_json:
        print_json({"article": one.id, "sibling": two.id, "linked": not undo})
        return
    typer.echo(f"“{one.headline}” and “{two.headline}” are {'two stories' if undo else 'one story'}")
