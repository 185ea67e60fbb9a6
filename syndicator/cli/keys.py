"""The commands about keys of programs that use the API."""

from __future__ import annotations

from typing import Annotated

import typer

from .common import HERE, Config, Editor, Json, moment, opened, print_json

key = typer.Typer(help="Keys of programs that use the API.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The key's name: small letters, digits and hyphens.")]


@key.command("add")
def add_key(
    name: Name,
    scope: Annotated[
        list[str],
        typer.Option(help="What it is for, such as articles:read or push; docs/api.md names all."),
    ],
    channel: Annotated[list[str] | None, typer.Option(help="Its word counts only on these channels.")] = None,
    language: Annotated[
        list[str] | None, typer.Option(help="And only on what is in these languages.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="It is good until then, such as 2026-12-31T00:00+03:00.")
    ] = None,
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Make a key. It is shown once: only a hash of it is kept.

    Example: `syndicator key add crm --scope subscribers:read --scope newsletters:read`
    """
    limits = {"channels": channel or (), "languages": language or ()}
    good = moment(until, "--until") if until else None
    with opened(config) as newsroom:
        token = newsroom.porter.issue(name, scope, by=by, until=good, **limits)
    if as_json:
        print_json({"name": name, "key": token})
    else:
        typer.echo(token)
        typer.echo("keep it now: it is not shown again", err=True)


@key.command("list")
def list_keys(config: Config = HERE, as_json: Json = False) -> None:
    """Which keys there are, what for, and which were ended.

    Example: `syndicator key list`
    """
    from syndicator.services.porter import purpose
    from syndicator.verbs.programs import key_told

    with opened(config) as newsroom:
        found = newsroom.porter.listed()
    if as_json:
        print_json({"keys": [key_told(one) for one in found]})
        return
    for one in found:
        end = f"ended {one.ended_at:%Y-%m-%d %H:%M}" if one.ended_at else purpose(one)
        typer.echo(
            f"{'✕' if one.ended_at else '●'} {one.name}  since {one.since:%Y-%m-%d} by {one.by}: {end}"
        )
    if not found:
        typer.echo("none yet; `syndicator key add`")


@key.command("end")
def end_key(name: Name, by: Editor = "operator", config: Config = HERE) -> None:
    """A key opens nothing any more, from this moment on.

    Example: `syndicator key end crm`
    """
    with opened(config) as newsroom:
        newsroom.porter.end(name, by=by)
    typer.echo(f"{name} opens nothing any more")
