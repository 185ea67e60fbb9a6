"""The commands that keep the newsroom running."""

from __future__ import annotations

import json
import os
import signal
import sys
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from syndicator.errors import Refused

from .carrier import command
from .common import (
    HERE,
    Config,
    Json,
    interruptible,
    log_to,
    must_know,
    opened,
    print_json,
    progress,
)

commands = typer.Typer()


@commands.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where the newsroom's configuration shall live.")] = Path(),
) -> None:
    """Write a commented configuration and a secret key.

    Example: `syndicator init newsroom && syndicator -c newsroom/syndicator.toml check`
    """
    import secrets

    from syndicator.wiring import shipped

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


@commands.command()
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
    from syndicator.wiring import examine, json_schema

    if schema:
        typer.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
        return
    wiring, book = examine(config, os.environ)
    faults = [
        {"file": one.file, "key": one.key, "problem": one.problem, "instead": one.instead}
        for one in book.faults
    ]
    if as_json:
        print_json({"ok": wiring is not None, "faults": faults})
    elif wiring:
        told = wiring.settings
        typer.echo(
            f"fine: {len(told.sources)} sources, {len(told.channels)} channels, {len(told.newsletters)} newsletters"
        )
    else:
        typer.echo("\n".join(map(str, book.faults)), err=True)
    if not wiring:
        raise typer.Exit(2)


@commands.command()
def doctor(config: Config = HERE, as_json: Json = False) -> None:
    """Try each source and channel live, publishing nothing.

    Example: `syndicator doctor --json`
    """
    from syndicator.bot import probe

    with opened(config) as newsroom:
        found = []
        bot = probe(newsroom)
        for name, well, said in chain(newsroom.doctor(), [bot] if bot else []):
            found.append({"name": name, "ok": well, "said": said})
            if not as_json:
                typer.echo(f"{'●' if well else '✕'} {name}: {said}")
    if as_json:
        print_json({"ok": all(one["ok"] for one in found), "found": found})
    if not all(one["ok"] for one in found):
        raise typer.Exit(1)


@commands.command()
def migrate(config: Config = HERE) -> None:
    """Bring the database to this version.

    Example: `syndicator migrate` before the worker starts
    """
    with opened(config) as newsroom:
        typer.echo(f"the schema is {newsroom.database.migrate()}")


@commands.command()
def ingest(
    sources: Annotated[list[str] | None, typer.Argument(help="Only these sources.")] = None,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Look at the sources once: what is new, what was changed, what could not be read.

    Example: `syndicator ingest sorani`
    """
    with opened(config) as newsroom:
        names = sources or list(newsroom.settings.sources)
        must_know(names, newsroom.settings.sources, "source")
        with progress("looking", len(names)) as advance:
            found = newsroom.look(names, looked=advance)
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
        print_json({"sources": told})
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


@commands.command("compile")
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
    with opened(config) as newsroom:
        must_know(now or (), newsroom.settings.newsletters, "newsletter")
        planned = newsroom.compile(now or ())
    told = {
        "editions": list(planned.editions),
        "deliveries": planned.deliveries,
        "faults": list(planned.faults),
    }
    if as_json:
        print_json(told)
    else:
        lines = [f"planned {name}" for name in planned.editions] or ["nothing is due"]
        typer.echo("\n".join([*lines, *(f"✕ {fault}" for fault in planned.faults)]))
    if planned.faults:
        raise typer.Exit(1)


@commands.command()
def deliver(
    channels: Annotated[list[str] | None, typer.Argument(help="Only these channels.")] = None,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Send what is due, once, and say what came of it.

    Example: `syndicator deliver tg-en`
    """
    from syndicator.storage import ledger

    with opened(config) as newsroom, interruptible(newsroom):
        names = channels or list(newsroom.doors)
        newsroom.recall()
        must_know(names, newsroom.doors, "channel")
        with newsroom.database.read() as connection:
            waiting = ledger.by_channel(connection)
        with progress("sending", sum(waiting.get(name, {}).get("pending", 0) for name in names)) as advance:
            counts = {name: newsroom.deliver(name, advance) for name in names}
    told = {name: {str(outcome): n for outcome, n in found.items()} for name, found in counts.items()}
    if as_json:
        print_json(told)
        return
    for name, found in told.items():
        typer.echo(
            f"{name}: "
            + (", ".join(f"{n} {outcome}" for outcome, n in found.items() if n) or "nothing is due")
        )


@commands.command()
def reconcile(config: Config = HERE, as_json: Json = False) -> None:
    """Look at the open rows: leases that are over, doubts, news that is too old.

    Example: `syndicator reconcile`
    """
    with opened(config) as newsroom:
        found = newsroom.reconcile()
    told = {"waiting_again": found.waiting_again, "in_doubt": found.in_doubt, "expired": found.expired}
    if as_json:
        print_json(told)
    else:
        typer.echo(
            f"{found.waiting_again} wait again, {found.in_doubt} came into doubt, {found.expired} are too old"
        )


@commands.command()
def run(config: Config = HERE) -> None:
    """The scheduled worker, until it is told to stop: then it finishes what is in flight and sends nothing new.

    Example: `syndicator run -c newsroom/syndicator.toml`
    """
    from syndicator.bot import beside
    from syndicator.services.carriers import Carriers
    from syndicator.web.pages import serving

    log_to(sys.stderr)
    with (
        opened(config) as newsroom,
        interruptible(newsroom),
        newsroom.alone(),
        beside(newsroom) as editors,
        serving(newsroom, editors.called if editors else None),
    ):
        newsroom.dispatch.carriers = Carriers(partial(command, config, newsroom.wiring.mark))
        newsroom.work()


@commands.command()
def bot(config: Config = HERE) -> None:
    """The newsroom's own bot in Telegram alone, where the worker runs elsewhere.

    Example: `syndicator bot -c newsroom/syndicator.toml`
    """
    from syndicator.bot import beside

    log_to(sys.stderr)
    with opened(config) as newsroom, interruptible(newsroom), beside(newsroom) as editors:
        if editors is None:
            raise Refused("there is no bot: set SYNDICATOR_BOT_TOKEN, or SYNDICATOR_BOT_TOKEN_FILE")
        newsroom.stopping.wait()


@commands.command()
def web(config: Config = HERE) -> None:
    """The pages alone (console, API, readers' pages, hooks), where the worker runs elsewhere.

    Example: `syndicator web -c newsroom/syndicator.toml`
    """
    from syndicator.web.pages import serving

    log_to(sys.stderr)
    with opened(config) as newsroom, interruptible(newsroom), serving(newsroom):
        newsroom.stopping.wait()


@commands.command()
def worker(config: Config = HERE) -> None:
    """A worker without the pages for readers: with `engine.kind = "procrastinate"` any number of them, anywhere.

    Example: `syndicator worker -c newsroom/syndicator.toml` on each machine
    """
    log_to(sys.stderr)
    with opened(config) as newsroom, interruptible(newsroom), newsroom.alone():
        newsroom.work()


@commands.command()
def sandbox(
    folder: Annotated[Path, typer.Argument(help="Where its configuration is written.")] = Path("sandbox"),
) -> None:
    """A newsroom's site, a mail server, Telegram and X on this machine's loopback, until Ctrl-C.

    Example: `syndicator sandbox` here, `syndicator run -c sandbox/syndicator.toml` in another terminal
    """
    from syndicator.sandbox.world import Sandbox
    from syndicator.wiring import utc_now

    with Sandbox(now=utc_now) as world:
        path = world.configure(folder)
        typer.echo(f"configuration: {path}\nsite: {world.newsroom.url}\nas readers see it: {world.url}")
        typer.echo("Enter publishes the next story, Ctrl-C ends it.")
        for _ in sys.stdin:
            for story in world.newsroom.publish(1):
                typer.echo(f"published {story.language} “{story.headline}”")
        signal.pause()


@commands.command()
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
    from syndicator.sandbox.demo import Demo
    from syndicator.web.pages import serving
    from syndicator.wiring import utc_now

    log_to(sys.stderr)
    with Demo(now=utc_now) as show_:
        if once:
            told = show_.once()
            if as_json:
                print_json(told)
            if picture:
                show_.photograph(picture)
            if not show_.well(told):
                raise typer.Exit(1)
            return
        with serving(show_.app):
            show_.live(lambda text: typer.echo(text, err=as_json), between=pace)
