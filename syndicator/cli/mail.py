"""The commands about mail that comes back."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from .common import HERE, Config, Json, opened, print_json

commands = typer.Typer()
newsletter = typer.Typer(help="What readers subscribe to.", no_args_is_help=True)

TRY_AGAIN = 75  # EX_TEMPFAIL: a mail server keeps the mail and comes again


@commands.command()
def bounce(config: Config = HERE, as_json: Json = False) -> None:
    """Hear one mail about a mail, from stdin: a bounce or a complaint that a mail server pipes in.

    Example: `syndicator bounce -c newsroom/syndicator.toml < mail`
    """
    from syndicator.errors import SyndicatorError

    raw = sys.stdin.buffer.read()
    try:
        with opened(config) as newsroom:
            taken = newsroom.returns.take(raw, "pipe")
    except SyndicatorError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(TRY_AGAIN) from error
    if as_json:
        print_json(
            {
                "kind": taken.kind,
                "reason": taken.reason,
                "again": taken.again,
                "suppressed": taken.suppressed,
            }
        )
        return
    end = "; the reader gets no mail any more" if taken.suppressed else ""
    typer.echo(f"{taken.kind}: {taken.reason}{' (heard before)' if taken.again else ''}{end}")


@commands.command()
def bounces(config: Config = HERE, as_json: Json = False) -> None:
    """Empty the bounce box once, and hear what relays refused.

    Example: `syndicator bounces`
    """
    with opened(config) as newsroom:
        counts = newsroom.returns.collect()
        faults = newsroom.returns.faults()
    if as_json:
        print_json({"heard": counts, "faults": faults})
        return
    typer.echo(
        ", ".join(f"{number} {kind}" for kind, number in sorted(counts.items())) or "nothing came back"
    )
    for reason, number in faults.items():
        typer.echo(f"✕ {number} came back for a fault of ours within a day: {reason}")


@newsletter.command("list")
def list_newsletters(config: Config = HERE, as_json: Json = False) -> None:
    """What there is to subscribe to, in which languages, with which topics.

    Example: `syndicator newsletter list`
    """
    with opened(config) as newsroom:
        found = newsroom.circulation.register.newsletters()
    if as_json:
        print_json({"newsletters": found})
        return
    for one in found:
        closed = "" if one["signup"] else "; nobody can ask for it"
        topics = f"; topics: {', '.join(one['topics'])}" if one["topics"] else ""
        typer.echo(f"{one['name']}: {', '.join(one['languages'])}{topics}{closed}")


@newsletter.command("test")
def test_newsletter(
    name: Annotated[str, typer.Argument(help="The newsletter.")],
    to: Annotated[
        list[str], typer.Option("--to", help="An address of your own; more than one may be given.")
    ],
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Send a newsletter as it would go out now to your own addresses, in each language. Readers get nothing by it.

    Example: `syndicator newsletter test evening --to dana@newsroom.example`
    """
    from syndicator.model import Outcome
    from syndicator.text.addresses import checked_address

    with opened(config) as newsroom:
        tried = newsroom.rehearsal.send(name, [checked_address(address) for address in to])
    if as_json:
        print_json({"sent": [asdict(one) for one in tried]})
    for one in tried if not as_json else ():
        said = f" ({one.said})" if one.outcome is not Outcome.ACCEPTED else ""
        typer.echo(f"{one.address}  {one.language}  {one.outcome}{said}")
    if any(one.outcome is not Outcome.ACCEPTED for one in tried):
        raise typer.Exit(1)
