"""The commands about subscribers."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from syndicator.errors import Refused
from syndicator.model import Consent

from .common import (
    HERE,
    MARKS,
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
        Path, typer.Argument(help="CSV with the columns address, language and, if you like, name and proof.")
    ],
    to: Newsletter,
    proof: Annotated[str, typer.Option(help="Where the consent comes from; it is kept with each reader.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would come of it.")] = False,
    skip: Annotated[
        bool, typer.Option("--skip-refused", help="Take the good rows though others are refused.")
    ] = False,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Add many readers who have consented: all of the file, or nothing.

    Who left, complained, bounced or was erased is refused, with the line and the reason.

    Example: `syndicator subscribers import readers.csv --to evening --proof "signed up at the fair"`
    """
    from syndicator.services.rolls import Refusal

    def refused(one: Refusal) -> None:
        typer.echo(f"{file}, line {one.line}: {one.address}: {one.reason}", err=True)

    with opened(config) as newsroom:
        languages = newsroom.newsletter_called(to).languages
        look = partial(newsroom.circulation.enrol, file, to, languages=languages, proof=proof)
        size = file.stat().st_size if file.exists() else 0
        with progress("looking", size) as advance:
            counts = look(write=False, refused=refused, seen=advance)
        if counts.refused and not skip:
            raise Refused(f"{file}: {counts.refused} rows are refused; nothing was imported")
        if not dry_run:
            with progress("importing", size) as advance:
                counts = look(write=True, refused=lambda one: None, seen=advance)
    if as_json:
        print_json({**asdict(counts), "dry_run": dry_run})
        return
    would = "would be " if dry_run else ""
    typer.echo(
        f"{counts.new} {would}new readers of {to}, {counts.known} have it already, {counts.refused} refused"
    )


@subscribers.command("export")
def export_subscribers(
    file: Annotated[Path, typer.Argument(help="The CSV to write; it must not be there yet.")],
    newsletter: Annotated[str | None, typer.Option(help="Only this newsletter.")] = None,
    consent: Annotated[Consent | None, typer.Option(help="Only those who stand so.")] = None,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Every subscription with its proof, as CSV; what a spreadsheet would work out gets an apostrophe before it.

    Example: `syndicator subscribers export readers.csv --newsletter evening --consent given`
    """
    from syndicator.services.rolls import give_out

    with opened(config) as newsroom, progress("exporting", None) as advance:
        try:
            with file.open("x", encoding="utf-8", newline="") as lines:
                file.chmod(0o600)
                number = give_out(newsroom.database, lines, newsletter, consent, seen=advance)
        except OSError as error:
            raise Refused(f"{file}: it cannot be written: {error.strerror}") from error
    if as_json:
        print_json({"subscriptions": number})
    else:
        typer.echo(f"{number} subscriptions in {file}")


@subscribers.command("show")
def show_subscriber(
    address: Annotated[str, typer.Argument(help="The mail address.")],
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """All that is known of a reader: wishes with their proof, and what went out to them.

    Example: `syndicator subscribers show sara@mail.example`
    """
    with opened(config) as newsroom:
        told = newsroom.circulation.known_of(address)
    if as_json:
        print_json(told)
        return
    for name, value in told["reader"].items():
        typer.echo(f"{name:<13} {value if value is not None else '-'}")
    for one in told["subscriptions"]:
        typer.echo(
            f"{one['newsletter']}: {one['consent']} since {one['since']:%Y-%m-%d %H:%M}, {one['frequency']}"
        )
        typer.echo(f"  topics: {one['topics'] or 'all'}; proof: {one['proof']}")
    for one in told["mails"][-20:]:
        typer.echo(f"{MARKS[one['state']]} {one['edition']} {one['channel']}")


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
