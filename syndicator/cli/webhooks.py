"""The commands about programs of others that are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from .common import HERE, Config, Editor, Json, opened, print_json

Name = Annotated[str, typer.Argument(help="The webhook, as the configuration calls it.")]

webhooks = typer.Typer(help="Programs of others that are told what happens.", no_args_is_help=True)


@webhooks.command("list")
def list_(config: Config = HERE, as_json: Json = False) -> None:
    """Whom each webhook calls and about what, what waits, and which one is switched off.

    Example: `syndicator webhooks list`
    """
    with opened(config) as newsroom:
        found = newsroom.webhooks.listed()
    if as_json:
        print_json({"webhooks": found})
        return
    for one in found:
        typer.echo(
            f"{'✕' if one['off'] else '●'} {one['webhook']}: {one['host']}, {', '.join(one['events'])}"
        )
        if one["off"]:
            typer.echo(f"  switched off: {one['off']}")
        elif one["failing_since"]:
            typer.echo(f"  not heard since {one['failing_since']}")
        if one["waiting"] or one["given_up"]:
            typer.echo(f"  {one['waiting']} wait, {one['given_up']} were given up")
    if not found:
        typer.echo("there are none; write [webhooks.NAME] into the configuration")


@webhooks.command()
def history(
    name: Name,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many of the newest calls.")] = 20,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """The newest calls of a webhook, and what came of every try.

    Example: `syndicator webhooks history crm`
    """
    with opened(config) as newsroom:
        found = newsroom.webhooks.history(name, limit)
    if as_json:
        print_json({"webhook": name, "calls": found})
        return
    for one in found:
        typer.echo(f"{one['at']:%Y-%m-%d %H:%M:%S} {one['type']} {one['about']}: {one['state']}")
        for tried in one["tries"]:
            typer.echo(f"  {tried['at']:%Y-%m-%d %H:%M:%S} {_said(tried)}")


@webhooks.command()
def test(name: Name, config: Config = HERE, as_json: Json = False) -> None:
    """Call once with nothing to tell (`webhook.test`), and say what came back.

    Example: `syndicator webhooks test crm`
    """
    with opened(config) as newsroom:
        told = newsroom.webhooks.test(name)
    if as_json:
        print_json(told)
    else:
        typer.echo(f"{name}: {_said(told)}")
    if not told["heard"]:
        raise typer.Exit(1)


@webhooks.command()
def resume(name: Name, by: Editor = "operator", config: Config = HERE, as_json: Json = False) -> None:
    """Switch a webhook on again, and call what was not heard.

    Example: `syndicator webhooks resume crm`
    """
    with opened(config) as newsroom:
        number = newsroom.webhooks.resume(name, by=by)
    if as_json:
        print_json({"webhook": name, "calls": number})
    else:
        typer.echo(f"{name} is on; {number} calls are made as soon as a worker comes to it")


def _said(told: Mapping[str, Any]) -> str:
    return str(told["said"] or f"heard ({told['status']})")
