"""The commands about subscribers."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from syndicator.errors import Refused
from syndicator.model import Consent, Frequency

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

if TYPE_CHECKING:
    from syndicator.services.rolls import Refusal

BREAKING = {None: "", True: ", breaking news", False: ", no breaking news"}
SHOWN = 20  # rows that are refused, on the screen
Newsletter = Annotated[str, typer.Option("--to", help="The newsletter.")]

subscribers = typer.Typer(help="Readers of the newsletters.", no_args_is_help=True)


@subscribers.command("list")
def list_subscribers(
    newsletter: Annotated[str | None, typer.Option(help="Only this newsletter.")] = None,
    consent: Annotated[Consent | None, typer.Option(help="Only those who stand so.")] = None,
    words: Annotated[str, typer.Option(help="Only some, whose address or name begins so.")] = "",
    after: Annotated[int, typer.Option(help="Begin after this number.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 100,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Who subscribes to what.

    Example: `syndicator subscribers list --newsletter evening`
    """
    from syndicator.storage import readers

    with opened(config) as newsroom:
        found = newsroom.circulation.register.page(
            newsletter=newsletter, consent=consent, after=after, limit=limit, words=words
        )
        with newsroom.database.read() as connection:
            counts = readers.standing(connection)
    if as_json:
        print_json({**found, "counts": counts})
        return
    for one in found["subscribers"]:
        wishes = ", ".join(f"{wish['newsletter']} {wish['consent']}" for wish in one["subscriptions"])
        typer.echo(f"{one['id']:>6}  {one['address']}  {one['language']}  {wishes}")
    for count in counts:
        typer.echo(f"{count['newsletter']} {count['language']}: {count['readers']} {count['consent']}")
    if found["next"]:
        typer.echo(f"more with --after {found['next']}")
    if not found["subscribers"]:
        typer.echo("nobody yet; `syndicator subscribers add` or `import`")


@subscribers.command("add")
def add_subscriber(
    address: Annotated[str, typer.Argument(help="The mail address.")],
    to: Newsletter,
    language: Annotated[str, typer.Option(help="The reader's language.")],
    name: Annotated[str, typer.Option(help="The reader's name.")] = "",
    proof: Annotated[str, typer.Option(help="Where the consent comes from; it is kept.")] = "",
    ask: Annotated[bool, typer.Option("--ask", help="Let them confirm by mail instead.")] = False,
    by: Editor = "operator",
    config: Config = HERE,
) -> None:
    """Add a reader who has consented, as you say; or mail them a confirmation.

    Example: `syndicator subscribers add sara@mail.example --to evening --language ckb --proof "by letter"`
    """
    if ask == bool(proof):
        raise Refused('say where the consent comes from with --proof "…", or let them confirm with --ask')
    with opened(config) as newsroom:
        register = newsroom.circulation.register
        if ask:
            register.ask(address, to, language=language, by=by)
        else:
            register.add(address, to, language=language, name=name, proof=proof, by=by)
    typer.echo(f"{address} has a mail to confirm {to}" if ask else f"{address} gets {to} in {language}")


@subscribers.command("change")
def change_subscriber(
    address: Annotated[str, typer.Argument(help="The mail address.")],
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    language: Annotated[str | None, typer.Option(help="Another language.")] = None,
    rest: Annotated[
        int | None, typer.Option(min=0, max=366, help="Silence for so many days; 0 ends it.")
    ] = None,
    newsletter: Annotated[
        str | None, typer.Option(help="What topics, frequency and breaking news are about.")
    ] = None,
    topic: Annotated[list[str] | None, typer.Option(help="Only these topics; all: every one.")] = None,
    frequency: Annotated[Frequency | None, typer.Option(help="How many editions.")] = None,
    breaking: Annotated[
        bool | None, typer.Option("--breaking/--no-breaking", help="Mails about one story, at once.")
    ] = None,
    zone: Annotated[
        str | None, typer.Option(help="The zone they live in, such as Europe/Berlin; empty: the newsroom's.")
    ] = None,
    by: Editor = "operator",
    config: Config = HERE,
) -> None:
    """Change what a reader chose, because they asked for it. Another address only they can confirm.

    Example: `syndicator subscribers change sara@mail.example --newsletter evening --topic sport --frequency daily`
    """
    from syndicator.register import Altered, Change

    if newsletter is None and (topic or frequency or breaking is not None):
        raise Refused("say which --newsletter the topics, the frequency or the breaking news are for")
    chosen = None if topic is None else [] if topic == ["all"] else topic
    change = Change(
        name=name,
        language=language,
        rest=None if rest is None else timedelta(days=rest),
        zone=zone,
        newsletters={newsletter: Altered(topics=chosen, frequency=frequency, breaking=breaking)}
        if newsletter
        else {},
    )
    with opened(config) as newsroom:
        newsroom.circulation.register.change(address, change, by=by)
    typer.echo(f"{address}: changed")


@subscribers.command("import")
def import_subscribers(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with the columns address and language; docs/operating.md names those that may follow."
        ),
    ],
    to: Newsletter,
    proof: Annotated[str, typer.Option(help="Where the consent comes from; it is kept with each reader.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would come of it.")] = False,
    skip: Annotated[
        bool, typer.Option("--skip-refused", help="Take the good rows though others are refused.")
    ] = False,
    refused: Annotated[
        Path | None, typer.Option(help="A CSV to write with every row that is refused, its line and reason.")
    ] = None,
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Add many readers who have consented: nothing is written before the whole file was looked at.

    Who left, complained, bounced or was erased is refused, with the line and the reason. One that was cut short is
    finished by the same command.

    Example: `syndicator subscribers import readers.csv --to evening --proof "signed up at the fair"`
    """
    if not proof.strip():
        raise Refused("say where the consent comes from; without it nobody gets mail")
    with opened(config) as newsroom, refusals(file, refused) as told:
        languages = newsroom.newsstand.called(to).languages
        look = partial(newsroom.circulation.enrol, file, to, languages=languages, proof=proof, by=by)
        size = file.stat().st_size if file.exists() else 0
        if cut := newsroom.circulation.cut_short(to):
            typer.echo(
                f"the import of {cut.file} was cut short after {cut.rows} rows at {cut.at:%Y-%m-%d %H:%M} UTC; "
                "those are in, and the same file once more finishes it",
                err=True,
            )
        with progress("looking", size) as advance:
            counts = look(write=False, refused=told, seen=advance)
        for reason, number in told.sorts.most_common():
            typer.echo(f"✕ {number} refused: {reason}", err=True)
        if counts.refused and not skip:
            raise Refused(f"{file}: {counts.refused} rows are refused; nothing was imported")
        if not dry_run:
            with progress("importing", size) as advance:
                counts = look(write=True, refused=lambda one: None, seen=advance)
    if as_json:
        print_json({**asdict(counts), "reasons": dict(told.sorts), "dry_run": dry_run})
        return
    would = "would be " if dry_run else ""
    typer.echo(
        f"{counts.new} {would}new readers of {to}, {counts.known} have it already, {counts.refused} refused"
    )


class Refusals:
    """What is told of the rows that are not taken: the first ones at once, all of them in a file."""

    def __init__(self, of: Path, lines: TextIO | None) -> None:
        self.sorts: Counter[str] = Counter()
        self._of = of
        self._write = csv.writer(lines) if lines else None
        if self._write:
            self._write.writerow(("line", "address", "reason"))

    def __call__(self, one: Refusal) -> None:
        from syndicator.services.rolls import defused

        self.sorts[one.sort] += 1
        number = self.sorts.total()
        if number <= SHOWN:
            typer.echo(f"{self._of}, line {one.line}: {one.address}: {one.reason}", err=True)
        elif number == SHOWN + 1:
            more = "all of them are in the file" if self._write else "--refused FILE writes all of them down"
            typer.echo(f"more are not shown; {more}", err=True)
        if self._write:
            self._write.writerow((one.line, defused(one.address), defused(one.reason)))


@contextmanager
def refusals(of: Path, into: Path | None) -> Iterator[Refusals]:
    """Raises :exc:`Refused` where the file cannot be written."""
    try:
        with into.open("x", encoding="utf-8", newline="") if into else nullcontext() as lines:
            if into:
                into.chmod(0o600)
            yield Refusals(of, lines)
    except OSError as error:
        raise Refused(f"{into}: it cannot be written: {error.strerror}") from error


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
        told = newsroom.circulation.register.data(address)
    if as_json:
        print_json(told)
        return
    for name, value in told["reader"].items():
        typer.echo(f"{name:<13} {value if value is not None else '-'}")
    for one in told["subscriptions"]:
        typer.echo(
            f"{one['newsletter']}: {one['consent']} since {one['since']:%Y-%m-%d %H:%M}, {one['frequency']}"
            f"{BREAKING[one['breaking']]}"
        )
        typer.echo(f"  topics: {one['topics'] or 'all'}; proof: {one['proof']}")
    for one in told["mails"][-20:]:
        typer.echo(f"{MARKS[one['state']]} {one['edition']} {one['channel']}")


@subscribers.command("remove")
def remove_subscriber(
    address: Annotated[str, typer.Argument(help="The mail address.")],
    to: Newsletter,
    by: Editor = "operator",
    config: Config = HERE,
) -> None:
    """End a subscription; what waits for the reader does not go out any more.

    Example: `syndicator subscribers remove sara@mail.example --to evening`
    """
    with opened(config) as newsroom:
        newsroom.circulation.register.leave(address, to, by=by)
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
        newsroom.circulation.register.suppress(address, why, by=by)
    typer.echo(f"{address} gets no mail any more")


@subscribers.command("unsuppress")
def unsuppress_address(
    address: Annotated[str, typer.Argument(help="The mail address.")],
    why: Annotated[str, typer.Option(help="It is written down.")],
    by: Editor = "operator",
    config: Config = HERE,
) -> None:
    """Take a suppression off, such as when a mailbox works again. It subscribes nobody: they may come back.

    Who called a mail spam, or asked to be erased, is left alone.

    Example: `syndicator subscribers unsuppress sara@mail.example --why "her mailbox works again"`
    """
    with opened(config) as newsroom:
        newsroom.circulation.register.unsuppress(address, why, by=by)
    typer.echo(f"{address} may come back; until then nothing goes out")


@subscribers.command("history")
def history_of_subscriber(
    address: Annotated[str, typer.Argument(help="The mail address.")],
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Why did I not get it? What became of each edition for this address.

    Example: `syndicator subscribers history sara@mail.example`
    """
    with opened(config) as newsroom:
        told = newsroom.circulation.register.history(address)
    if as_json:
        print_json(told)
        return
    bar = told["barred"]
    if bar:
        typer.echo(
            f"✕ {bar['reason']} since {bar['since']:%Y-%m-%d %H:%M}: {bar['why'] or 'by their own wish'}"
        )
    for one in told["subscriptions"]:
        typer.echo(f"{one['newsletter']}: {one['consent']}")
    if told["rests_until"]:
        typer.echo(f"silent until {told['rests_until']:%Y-%m-%d %H:%M}, by their own wish")
    for one in told["editions"]:
        mark = MARKS.get(one["state"], " ")
        typer.echo(f"{mark} {one['due_at']:%Y-%m-%d %H:%M} {one['title'] or one['id']}: {one['because']}")


@subscribers.command("data")
def data_of_subscriber(
    address: Annotated[str, typer.Argument(help="The mail address.")], config: Config = HERE
) -> None:
    """All that is known of a reader, as JSON, for the reader who asks for it.

    Example: `syndicator subscribers data sara@mail.example > sara.json`
    """
    with opened(config) as newsroom:
        print_json(newsroom.circulation.register.data(address))


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
        newsroom.circulation.register.erase(address, by=by)
    typer.echo(f"{address} is forgotten")
