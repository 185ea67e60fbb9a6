"""The commands. Everything heavy is imported by the command that needs it, so that --help is quick."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from .errors import ConfigError, Refused, SyndicatorError

if TYPE_CHECKING:
    from .app import App

MARKS = {
    "pending": "○", "claimed": "◐", "sending": "◐", "sent": "●", "uncertain": "◆",
    "held": "▮", "failed": "✕", "excluded": "–", "expired": "–", "cancelled": "–",
}  # fmt: skip

app = typer.Typer(
    help="Takes every story a newsroom publishes to every reader it has, on every channel, once.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
subscribers = typer.Typer(help="Readers of the newsletters.", no_args_is_help=True)
app.add_typer(subscribers, name="subscribers")

Config = Annotated[
    Path,
    typer.Option(
        "--config", "-c", envvar="SYNDICATOR_CONFIG", help="The configuration: a file, or a folder of them."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, for scripts.")]
Editor = Annotated[str, typer.Option("--by", envvar="USER", help="Who says so; it is written down.")]
HERE = Path("syndicator.toml")


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Exit status: 0 done, 1 not done and said why, 2 the configuration or the command is wrong, 130 interrupted."""
    try:
        status = app(args=words, standalone_mode=False) or 0
    except ConfigError as error:
        status = _complain(error, 2)
    except SyndicatorError as error:
        status = _complain(error, 1)
    except typer.Exit as leaving:
        status = leaving.exit_code
    except (KeyboardInterrupt, typer.Abort):
        status = 130
    except BrokenPipeError:  # whoever read us has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        status = _complain(error.format_message(), 2)  # a wrong option, in the words of the option parser
    sys.exit(status)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where the newsroom's configuration shall live.")] = Path(),
) -> None:
    """Write a commented configuration and a secret key.

    Example: `syndicator init newsroom && syndicator -c newsroom/syndicator.toml check`
    """
    import secrets

    from .app import shipped

    path = folder / "syndicator.toml"
    if path.exists():
        raise Refused(f"{path} is there already; move it away, or choose another folder")
    held = folder / "secrets"
    try:
        held.mkdir(parents=True, exist_ok=True)
        path.write_bytes(shipped("config").joinpath("syndicator.toml").read_bytes())
        key = held / "SYNDICATOR_SECRET_KEY"
        if not key.exists():
            key.touch(mode=0o600)
            key.write_text(secrets.token_urlsafe(48), "ascii")
        (held / ".gitignore").write_text("*\n", "ascii")
    except OSError as error:
        raise Refused(f"{error.filename}: {error.strerror}; choose a folder that can be written") from error
    typer.echo(f"wrote {path} and {key}\nnext: edit it, then: syndicator check -c {path}")


@app.command()
def check(
    config: Config = HERE,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema for your editor instead.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say everything that is wrong with the configuration, each with file, key and what to write instead.

    Example: `syndicator check -c newsroom/`
    """
    from .app import examine, json_schema

    if schema:
        typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
        return
    wiring, book = examine(config, os.environ)
    faults = [
        {"file": one.file, "key": one.key, "problem": one.problem, "instead": one.instead}
        for one in book.faults
    ]
    if as_json:
        _print({"ok": wiring is not None, "faults": faults})
    elif wiring:
        told = wiring.settings
        typer.echo(
            f"fine: {len(told.sources)} sources, {len(told.channels)} channels, {len(told.newsletters)} newsletters"
        )
    else:
        typer.echo("\n".join(map(str, book.faults)), err=True)
    if not wiring:
        raise typer.Exit(2)


@app.command()
def doctor(config: Config = HERE, as_json: Json = False) -> None:
    """Try each source and channel live, publishing nothing.

    Example: `syndicator doctor --json`
    """
    with _opened(config) as newsroom:
        found = []
        for name, well, said in newsroom.doctor():
            found.append({"name": name, "ok": well, "said": said})
            if not as_json:
                typer.echo(f"{'●' if well else '✕'} {name}: {said}")
    if as_json:
        _print({"ok": all(one["ok"] for one in found), "found": found})
    if not all(one["ok"] for one in found):
        raise typer.Exit(1)


@app.command()
def migrate(config: Config = HERE) -> None:
    """Bring the database to this version.

    Example: `syndicator migrate` before the worker starts
    """
    with _opened(config) as newsroom:
        typer.echo(f"the schema is {newsroom.database.migrate()}")


@app.command()
def ingest(
    sources: Annotated[list[str] | None, typer.Argument(help="Only these sources.")] = None,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Look at the sources once: what is new, what was changed, what could not be read.

    Example: `syndicator ingest sorani`
    """
    with _opened(config) as newsroom:
        names = sources or list(newsroom.settings.sources)
        _known(names, newsroom.settings.sources, "source")
        with _progress("looking", len(names)) as advance:
            found = []
            for name in names:
                found += newsroom.look([name])
                advance(1)
        told: list[dict[str, Any]] = [
            {
                "source": one.source,
                "first": one.first,
                "stories": {
                    str(arrival): sum(1 for _, a in one.arrivals if a is arrival)
                    for _, arrival in one.arrivals
                },
                "faults": list(one.faults),
            }
            for one in found
        ]
    if as_json:
        _print({"sources": told})
    for one in told if not as_json else ():
        counts = (
            ", ".join(f"{number} {arrival}" for arrival, number in one["stories"].items()) or "nothing new"
        )
        first = "; first sight, what is old stays unsent" if one["first"] else ""
        typer.echo(
            "\n".join([f"{one['source']}: {counts}{first}", *(f"  ✕ {fault}" for fault in one["faults"])])
        )
    if any(one["faults"] for one in told):
        raise typer.Exit(1)


@app.command("compile")
def compile_(
    now: Annotated[
        list[str] | None, typer.Option("--now", help="A newsletter that shall not wait for its slot.")
    ] = None,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Plan every flash and digest that is due. Planning twice is planning once.

    Example: `syndicator compile --now evening`
    """
    with _opened(config) as newsroom:
        _known(now or (), newsroom.settings.newsletters, "newsletter")
        planned = newsroom.compile(now or ())
    told = {
        "editions": list(planned.editions),
        "deliveries": planned.deliveries,
        "faults": list(planned.faults),
    }
    if as_json:
        _print(told)
    else:
        lines = [f"planned {name}" for name in planned.editions] or ["nothing is due"]
        typer.echo("\n".join([*lines, *(f"✕ {fault}" for fault in planned.faults)]))
    if planned.faults:
        raise typer.Exit(1)


@app.command()
def deliver(
    channels: Annotated[list[str] | None, typer.Argument(help="Only these channels.")] = None,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Send what is due, once, and say what came of it.

    Example: `syndicator deliver tg-en`
    """
    from .storage import ledger

    with _opened(config) as newsroom, _interruptible(newsroom):
        names = channels or list(newsroom.doors)
        _known(names, newsroom.doors, "channel")
        with newsroom.database.read() as connection:
            waiting = ledger.by_channel(connection)
        with _progress("sending", sum(waiting.get(name, {}).get("pending", 0) for name in names)) as advance:
            counts = {name: newsroom.deliver(name, advance) for name in names}
    told = {name: {str(outcome): n for outcome, n in found.items()} for name, found in counts.items()}
    if as_json:
        _print(told)
        return
    for name, found in told.items():
        typer.echo(
            f"{name}: "
            + (", ".join(f"{n} {outcome}" for outcome, n in found.items() if n) or "nothing is due")
        )


@app.command()
def reconcile(config: Config = HERE, as_json: Json = False) -> None:
    """Look at the open rows: leases that are over, doubts, news that is too old.

    Example: `syndicator reconcile`
    """
    with _opened(config) as newsroom:
        found = newsroom.reconcile()
    told = {"waiting_again": found.waiting_again, "in_doubt": found.in_doubt, "expired": found.expired}
    if as_json:
        _print(told)
    else:
        typer.echo(
            f"{found.waiting_again} wait again, {found.in_doubt} came into doubt, {found.expired} are too old"
        )


@app.command()
def run(config: Config = HERE) -> None:
    """The scheduled worker, until it is told to stop: then it finishes what is in flight and sends nothing new.

    Example: `syndicator run -c newsroom/syndicator.toml`
    """
    from .web.pages import serving

    _log_to(sys.stderr)
    with _opened(config) as newsroom, _interruptible(newsroom), newsroom.alone(), serving(newsroom):
        newsroom.work()


@app.command()
def articles(
    language: Annotated[str | None, typer.Option(help="Only this language.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """The newest stories.

    Example: `syndicator articles --language ckb --limit 5`
    """
    from .storage import archive

    with _opened(config) as newsroom, newsroom.database.read() as connection:
        found = archive.newest(connection, limit, language)
    told: list[dict[str, Any]] = [
        {"id": a.id, "revision": a.revision, "published_at": a.published_at, "language": a.language,
         "headline": a.headline, "url": a.url}
        for a in found
    ]  # fmt: skip
    if as_json:
        _print({"articles": told})
        return
    for one in told:
        typer.echo(
            f"{one['id'][:8]}  {one['published_at']:%Y-%m-%d %H:%M}  {one['language']:3}  {one['headline']}"
        )
    if not told:
        typer.echo("no stories yet; `syndicator ingest` brings them")


@app.command()
def show(
    article: Annotated[str, typer.Argument(help="Its id, or how the id begins.")],
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """One story as it was cleaned, and where it went.

    Example: `syndicator show 3f9a`
    """
    from .storage import archive, ledger

    with _opened(config) as newsroom, newsroom.database.read() as connection:
        found = archive.article(connection, article)
        sent = ledger.of_article(connection, found.id)
    if as_json:
        names = ("id", "revision", "url", "language", "headline", "dateline", "body", "caption", "credits", "author",
                 "section", "image", "published_at")  # fmt: skip
        _print({**{name: getattr(found, name) for name in names}, "deliveries": sent})
        return
    head = [
        found.headline,
        f"{found.language} · {found.published_at:%Y-%m-%d %H:%M} UTC · revision {found.revision}",
    ]
    more = [found.dateline or "", *found.body, f"[{found.caption}]" if found.caption else "", found.url]
    typer.echo("\n\n".join([*head, *(line for line in more if line)]))
    for one in sent:
        typer.echo(f"{MARKS[str(one['state'])]} {one['channel']}: {one['deliveries']} {one['state']}")


To = Annotated[list[str], typer.Option("--to", help="A channel; may be given again.")]
Again = Annotated[bool, typer.Option("--again", help="Also to a channel that has the story already.")]


@app.command()
def preview(
    article: Annotated[str, typer.Argument(help="Its id, or how the id begins.")],
    to: To,
    again: Again = False,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Exactly what a push would send, with the network's own count.

    Example: `syndicator preview 3f9a --to tg-ckb --to x`
    """
    with _opened(config) as newsroom:
        told = newsroom.preview([article], to, again=again)
    if as_json:
        _print({"posts": told})
        return
    for one in told:
        limit = f"/{one['limit']}" if one["limit"] else ""
        typer.echo(f"── {one['channel']} · {one['count']}{limit} {one['unit']} ──\n{one['text']}\n")


@app.command()
def push(
    article: Annotated[list[str], typer.Argument(help="Stories, by id or how it begins.")],
    to: To,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    again: Again = False,
    note: Annotated[str, typer.Option(help="Why; it is written down.")] = "",
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Send a story to a channel now. Shows what goes to how many, asks, and sends it.

    Example: `syndicator push 3f9a --to tg-ckb --note "the mayor spoke"`
    """
    with _opened(config) as newsroom, _interruptible(newsroom):
        told = newsroom.preview(article, to, again=again)
        if not yes:
            for one in told:
                typer.echo(f"── {one['channel']} ──\n{one['text']}\n", err=as_json)
            typer.confirm(f"Send {len(told)} posts to {', '.join(to)}?", abort=True, err=as_json)
        planned = newsroom.push(article, to, editor=by, again=again, note=note)
        counts = {name: newsroom.deliver(name) for name in to}
    sent = {name: {str(outcome): n for outcome, n in found.items()} for name, found in counts.items()}
    if as_json:
        _print({"editions": list(planned.editions), "deliveries": planned.deliveries, "channels": sent})
        return
    for name, found in sent.items():
        told_so = (
            ", ".join(f"{n} {outcome}" for outcome, n in found.items() if n) or "waits; the worker sends it"
        )
        typer.echo(f"{name}: {told_so}")


@app.command()
def status(
    edition: Annotated[str | None, typer.Argument(help="One edition's report.")] = None,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """What went out, what will go out, what needs you.

    Example: `syndicator status --json`
    """
    from .storage import brakes, ledger

    with _opened(config) as newsroom, newsroom.database.read() as connection:
        names = [edition] if edition else ledger.latest(connection, 10)
        reports = [ledger.report(connection, name) for name in names]
        told: dict[str, Any] = {
            "paused": sorted(brakes.paused(connection)),
            "channels": ledger.by_channel(connection),
            "editions": [
                {"edition": r.edition, "title": r.title, "due_at": r.due_at, "stories": r.stories, "states": r.states,
                 "reasons": r.reasons, "sealed": r.sealed}
                for r in reports
            ],
        }  # fmt: skip
    if as_json:
        _print(told)
        return
    for name in told["paused"]:
        typer.echo(f"⏸ {name} is paused; `syndicator resume {name}` lets it go on")
    for name, states in told["channels"].items() if not edition else ():
        typer.echo(
            f"{name}: " + "  ".join(f"{MARKS[state]} {n} {state}" for state, n in sorted(states.items()))
        )
    for one in told["editions"]:
        counts = "  ".join(f"{MARKS[state]} {n} {state}" for state, n in sorted(one["states"].items()))
        typer.echo(f"{one['edition']}  {one['title']}  {counts}{'  sealed' if one['sealed'] else ''}")
        for reason, number in one["reasons"].items():
            typer.echo(f"    {number} × {reason}")
    if not told["editions"]:
        typer.echo("nothing went out yet; `syndicator run` is the worker")


@app.command()
def deliveries(
    number: Annotated[int | None, typer.Argument(help="One delivery: every receipt it has.")] = None,
    state: Annotated[str | None, typer.Option(help=f"One of: {', '.join(MARKS)}.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only this channel.")] = None,
    edition: Annotated[str | None, typer.Option(help="Only this edition.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Deliveries, newest first, or the history of one.

    Example: `syndicator deliveries --state uncertain`
    """
    from .storage import ledger

    _known([state] if state else [], MARKS, "state")
    with _opened(config) as newsroom, newsroom.database.read() as connection:
        if number is not None:
            found = ledger.history(connection, number)
        else:
            found = ledger.listed(connection, state=state, channel=channel, edition=edition, limit=limit)
    if as_json:
        _print({"receipts" if number is not None else "deliveries": found})
        return
    for one in found:
        if number is not None:
            typer.echo(f"{one['at']:%Y-%m-%d %H:%M:%S}  {one['outcome']}  {one['detail']}")
        else:
            mark, why = MARKS[str(one["state"])], f"  {one['reason']}" if one["reason"] else ""
            typer.echo(
                f"{one['id']:>6}  {mark} {one['state']:9}  {one['channel']}  {one['edition']}  {one['recipient']}{why}"
            )
    if not found:
        typer.echo("none")


@app.command()
def pause(
    name: Annotated[str, typer.Argument(help="A channel, an edition, or `everything`.")],
    why: Annotated[str, typer.Option(help="It is written down.")] = "",
    by: Editor = "operator",
    config: Config = HERE,
) -> None:
    """Put a brake on: nothing more goes out there, from the next body on.

    Example: `syndicator pause everything --why "wrong headline"`
    """
    with _opened(config) as newsroom:
        newsroom.pause(name, by=by, why=why)
    typer.echo(f"{name} is paused")


@app.command()
def resume(
    name: Annotated[str, typer.Argument(help="What was paused.")],
    by: Editor = "operator",
    config: Config = HERE,
) -> None:
    """Take a brake off.

    Example: `syndicator resume tg-ckb`
    """
    with _opened(config) as newsroom:
        newsroom.resume(name, by=by)
    typer.echo(f"{name} goes on")


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
    from .storage import readers

    with _opened(config) as newsroom, newsroom.database.read() as connection:
        found = readers.listed(connection, newsletter, after, limit)
        counts = readers.standing(connection)
    if as_json:
        _print({"subscribers": found, "counts": counts})
        return
    for one in found:
        typer.echo(
            f"{one['id']:>6}  {one['address']}  {one['language']}  {one['newsletter']}  {one['consent']}"
        )
    for one in counts:
        typer.echo(f"{one['newsletter']} {one['language']}: {one['readers']} {one['consent']}")
    if not found:
        typer.echo("nobody yet; `syndicator subscribers add` or `import`")


Newsletter = Annotated[str, typer.Option("--to", help="The newsletter.")]


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
    from .services.audience import Wish

    with _opened(config) as newsroom:
        newsroom.subscribe(
            [Wish(address=address, language=language, newsletter=to, name=name, proof=proof)], to
        )
    typer.echo(f"{address} gets {to} in {language}")


@subscribers.command("import")
def import_subscribers(
    file: Annotated[
        Path, typer.Argument(help="CSV with the columns address, language and, if you like, name.")
    ],
    to: Newsletter,
    proof: Annotated[str, typer.Option(help="Where the consent comes from.")],
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Add many readers who have consented: all of the file, or nothing.

    Example: `syndicator subscribers import readers.csv --to evening --proof "signed up at the fair"`
    """
    from .services.audience import read_csv

    with _opened(config) as newsroom:
        try:
            with file.open(encoding="utf-8-sig", newline="") as opened, _progress("reading", None) as advance:
                wishes = read_csv(opened, str(file), newsletter=to, proof=proof, seen=lambda line: advance(1))
                new = newsroom.subscribe(wishes, to)
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(
                f"{file}: it cannot be read as UTF-8 text: {error}; nothing was imported"
            ) from error
    if as_json:
        _print({"new": new})
    else:
        typer.echo(f"{new} new readers of {to}")


@subscribers.command("remove")
def remove_subscriber(
    address: Annotated[str, typer.Argument(help="The mail address.")],
    to: Newsletter,
    config: Config = HERE,
) -> None:
    """End a subscription; what waits for the reader does not go out any more.

    Example: `syndicator subscribers remove sara@mail.example --to evening`
    """
    with _opened(config) as newsroom:
        newsroom.leave(address, to, proof="removed by the operator")
    typer.echo(f"{address} does not get {to} any more")


@app.command()
def sandbox(
    folder: Annotated[Path, typer.Argument(help="Where its configuration is written.")] = Path("sandbox"),
) -> None:
    """A newsroom's site, a mail server, Telegram and X on this machine's loopback, until Ctrl-C.

    Example: `syndicator sandbox` here, `syndicator run -c sandbox/syndicator.toml` in another terminal
    """
    from .app import utc_now
    from .sandbox.world import Sandbox

    with Sandbox(now=utc_now) as world:
        path = world.configure(folder)
        typer.echo(f"configuration: {path}\nsite: {world.newsroom.url}\nas readers see it: {world.url}")
        typer.echo("Enter publishes the next story, Ctrl-C ends it.")
        for _ in sys.stdin:
            for story in world.newsroom.publish(1):
                typer.echo(f"published {story.language} “{story.headline}”")
        signal.pause()


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="One full pass and a second one, then exit.")] = False,
    pace: Annotated[float, typer.Option(min=0.1, max=60, help="Seconds between two stories.")] = 1.5,
    as_json: Json = False,
    picture: Annotated[
        Path | None, typer.Option(help="Write a screenshot of the page there (needs chromium).")
    ] = None,
) -> None:
    """The whole street on this machine: a sample newsroom, all channels, and the page that shows them.

    Example: `syndicator demo --once --json`
    """
    from .app import utc_now
    from .sandbox.demo import Demo
    from .web.pages import serving

    _log_to(sys.stderr)
    with Demo(now=utc_now) as show_:
        if once:
            told = show_.once()
            if as_json:
                _print(told)
            if picture:
                show_.photograph(picture)
            if not show_.well(told):
                raise typer.Exit(1)
            return
        with serving(show_.app):
            show_.live(lambda text: typer.echo(text, err=as_json), between=pace)


@contextmanager
def _opened(config: Path) -> Iterator[App]:
    from .app import App, Redaction

    newsroom = App.opened(config, os.environ)
    for handler in logging.getLogger().handlers:
        handler.addFilter(Redaction(newsroom.wiring.secrets))
    with newsroom:
        yield newsroom


@contextmanager
def _interruptible(newsroom: App) -> Iterator[None]:
    """SIGTERM and Ctrl-C finish what is in flight; a second Ctrl-C does not wait."""

    def stop(number: int, frame: object) -> None:
        newsroom.stop()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _progress(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar with rate and time left on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty() or total == 0:
        yield lambda number: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda number: bar.advance(task, number)


def _log_to(stream: Any) -> None:
    level = os.environ.get("SYNDICATOR_LOG", "INFO").upper()
    if level not in logging.getLevelNamesMapping():
        raise ConfigError(f"SYNDICATOR_LOG: {level!r} is no level; write DEBUG, INFO, WARNING or ERROR")
    logging.basicConfig(
        stream=stream, level=logging.WARNING, format="%(asctime)s %(levelname)-7s %(message)s"
    )
    logging.getLogger("syndicator").setLevel(level)


def _known(names: Sequence[str], known: Mapping[str, object], what: str) -> None:
    from .config import closest

    for name in names:
        if name not in known:
            raise Refused(f"no {what} is called {name!r}; {closest(name, known)}")


def _print(told: object) -> None:
    typer.echo(json.dumps(told, ensure_ascii=False, default=str))


def _complain(error: object, status: int) -> int:
    for line in str(error).splitlines():
        typer.echo(f"error: {line}", err=True)
    return status
