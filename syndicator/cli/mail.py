"""The commands about mail that comes back."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from .common import HERE, Config, Editor, Json, must_know, opened, print_json

if TYPE_CHECKING:
    from syndicator.inspection import Finding

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


@newsletter.command("check")
def check_newsletter(
    name: Annotated[str, typer.Argument(help="The newsletter.")],
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Look at a newsletter as it would go out now: the DNS, one click, links, pictures, size. Sends nothing.

    Example: `syndicator newsletter check evening`
    """
    from syndicator.inspection import Severity

    with opened(config) as newsroom:
        found = newsroom.gate.preflight.check(name)
    if as_json:
        print_json({"findings": [asdict(one) for one in found]})
    else:
        _tell(found)
        typer.echo("" if found else "nothing to find fault with")
    if any(one.severity is Severity.ERROR for one in found):
        raise typer.Exit(1)


@newsletter.command("send")
def send_newsletter(
    name: Annotated[str, typer.Argument(help="The newsletter with an edition that waits.")],
    despite: Annotated[
        list[str] | None,
        typer.Option("--despite", help="A check that shall not hold it; may be given again."),
    ] = None,
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Look again at the editions of a newsletter that wait, and let them go out, despite what you name.

    Example: `syndicator newsletter send evening --despite dead-links`
    """
    from typing import get_args

    from syndicator.tables import Check

    must_know(despite or (), dict.fromkeys(get_args(Check)), "check")
    with opened(config) as newsroom:
        looked = newsroom.gate.preflight.send(name, despite or (), by=by)
    if as_json:
        held = {edition: [asdict(one) for one in found] for edition, found in looked.held.items()}
        print_json({"through": list(looked.through), "held": held})
    else:
        for edition in looked.through:
            typer.echo(f"{edition} goes out; the worker sends it")
        for edition, found in looked.held.items():
            typer.echo(f"▮ {edition} waits")
            _tell(found)
    if looked.held:
        raise typer.Exit(1)


@newsletter.command("clicks")
def newsletter_clicks(
    edition: Annotated[str, typer.Argument(help="The edition, as `syndicator status` names it.")],
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """How often each story of an edition was opened, where its newsletter counts that.

    Example: `syndicator newsletter clicks digest:evening:2026-03-01T15:00:00+00:00`
    """
    with opened(config) as newsroom:
        found = newsroom.gate.clicks.counts(edition)
    if as_json:
        print_json({"stories": found})
        return
    for one in found:
        typer.echo(f"{one['people']:>7}  {one['headline']}  ({one['machines']} by machines)")


def _tell(found: Iterable[Finding]) -> None:
    for one in found:
        typer.echo(f"{'✕' if one.severity == 'error' else '!'} {one}")


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
        found = newsroom.gate.preflight.check(name)
        tried = newsroom.rehearsal.send(name, [checked_address(address) for address in to])
    if as_json:
        print_json({"sent": [asdict(one) for one in tried], "findings": [asdict(one) for one in found]})
    else:
        _tell(found)
    for one in tried if not as_json else ():
        said = f" ({one.said})" if one.outcome is not Outcome.ACCEPTED else ""
        typer.echo(f"{one.address}  {one.language}  {one.outcome}{said}")
    if any(one.outcome is not Outcome.ACCEPTED for one in tried):
        raise typer.Exit(1)
