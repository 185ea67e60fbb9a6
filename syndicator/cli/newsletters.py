"""What an editor says of a newsletter: its next edition, and editions that were missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from syndicator.errors import Refused

from .common import HERE, Config, Editor, Json, opened, print_json
from .mail import newsletter

if TYPE_CHECKING:
    from syndicator.newsstand import Outlined

editions = newsletter
Name = Annotated[str, typer.Argument(help="The newsletter.")]


@newsletter.command()
def compose(
    name: Name,
    lead: Annotated[
        list[str] | None, typer.Option("--lead", help="The story on top, one for each language.")
    ] = None,
    drop: Annotated[list[str] | None, typer.Option("--drop", help="A story that shall not be in it.")] = None,
    order: Annotated[str, typer.Option(help="Stories that come first: ID,ID,…")] = "",
    clear: Annotated[bool, typer.Option("--clear", help="Take back what was fixed.")] = False,
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """The next edition as it would be now; with options, fix its lead, its order, or that a story is left out.

    Example: `syndicator newsletter compose morning --lead 3f9a --order 77c1,b20e --drop 91aa`
    """
    first = [one.strip() for one in order.split(",") if one.strip()]
    fixed = bool(lead or drop or first)
    if clear and fixed:
        raise Refused("--clear takes everything back; leave the other options out")
    with opened(config) as newsroom:
        if clear or fixed:
            newsroom.newsstand.compose(name, lead=lead or [], drop=drop or [], order=first, by=by)
        told = newsroom.newsstand.outline(name)
    if as_json:
        print_json({"newsletter": name, "stories": [asdict(one) for one in told]})
        return
    typer.echo("\n".join(_outline(told)) or "nothing new to carry")


def _outline(told: Sequence[Outlined]) -> list[str]:
    return [
        f"{one.language:3}  {one.article[:8]}  {one.under or '–':12}  {one.headline}"
        + (f"  left out: {one.why}" if one.why else "")
        for one in told
    ]


@newsletter.command()
def release(name: Name, by: Editor = "operator", config: Config = HERE, as_json: Json = False) -> None:
    """Let an edition go that was held because its slot was missed by too much, with the stories of now.

    Example: `syndicator newsletter release morning`
    """
    with opened(config) as newsroom:
        planned = newsroom.newsstand.release(name, by=by)
    if as_json:
        print_json({"editions": list(planned.editions), "deliveries": planned.deliveries})
    else:
        typer.echo(f"{name}: {planned.deliveries} deliveries are planned; the worker sends them")
    if planned.faults:
        raise Refused("\n".join(planned.faults))


@newsletter.command()
def drop(
    name: Name,
    why: Annotated[str, typer.Option(help="It is written down.")] = "",
    by: Editor = "operator",
    config: Config = HERE,
) -> None:
    """An edition that is held shall not go out; its stories wait for the next one.

    Example: `syndicator newsletter drop morning --why "nobody reads it at night"`
    """
    with opened(config) as newsroom:
        newsroom.newsstand.drop(name, by=by, why=why)
    typer.echo(f"{name}: nothing goes out for that slot")
