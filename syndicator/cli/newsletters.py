"""What an editor says of a newsletter: its next edition, and editions that were missed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syndicator.errors import Refused

from .common import HERE, Config, Editor, Json, moment, opened, print_json
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
    add: Annotated[
        list[str] | None, typer.Option("--add", help="A story that is in it, whatever the rules say.")
    ] = None,
    subject: Annotated[
        list[str] | None, typer.Option("--subject", help="Of its mail, by language: en=Rain and more.")
    ] = None,
    preheader: Annotated[
        list[str] | None, typer.Option("--preheader", help="Beside the subject, by language: en=…")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take back what was fixed.")] = False,
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """The next edition as it would be now; with options, fix its lead, order, what is left out or put in, its words.

    Example: `syndicator newsletter compose morning --lead 3f9a --order 77c1,b20e --drop 91aa --subject "en=Rain"`
    """
    from syndicator.verbs.newsletters import composed

    first = [one.strip() for one in order.split(",") if one.strip()]
    places = {"lead": lead or [], "drop": drop or [], "order": first} if lead or drop or first else {}
    more: dict[str, Any] = {
        "add": add,
        "subject": _by_language(subject),
        "preheader": _by_language(preheader),
    }
    told = places | {name: value for name, value in more.items() if value is not None}
    if clear and told:
        raise Refused("--clear takes everything back; leave the other options out")
    if clear:
        told = {"lead": [], "drop": [], "order": [], "add": [], "subject": {}, "preheader": {}}
    with opened(config) as newsroom:
        if told:
            newsroom.newsstand.compose(name, by=by, **told)
        found = composed(newsroom, name)
        stories = newsroom.newsstand.outline(name)
    if as_json:
        print_json(found)
        return
    words = [
        f"{what} in {code}: {text}" for what in ("subject", "preheader") for code, text in found[what].items()
    ]
    typer.echo("\n".join([*_outline(stories), *words]) or "nothing new to carry")


def _by_language(told: list[str] | None) -> dict[str, str] | None:
    """``en=Rain`` and ``ckb=باران``; what is empty is taken back."""
    if told is None:
        return None
    pairs = [one.partition("=") for one in told]
    if wrong := next((one for one, sign, _ in pairs if not sign), None):
        raise Refused(f"{wrong!r}: write the language before it, such as en={wrong}")
    return {language.strip(): text.strip() for language, _, text in pairs}


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


Slot = Annotated[str, typer.Option(help="The slot, with its offset, as `calendar` has it.")]
Undo = Annotated[bool, typer.Option("--undo", help="It is due by its timetable again.")]


@newsletter.command()
def move(
    name: Name,
    slot: Slot,
    to: Annotated[str | None, typer.Option(help="The moment instead: 2026-03-01T18:00+03:00.")] = None,
    undo: Undo = False,
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Let one slot of a newsletter go out at another moment, once.

    Example: `syndicator newsletter move evening --slot 2026-03-01T15:00Z --to 2026-03-01T17:30Z`
    """
    if (to is None) is not undo:
        raise Refused("say where to: --to 2026-03-01T18:00+03:00; or --undo")
    at, then = moment(slot, "--slot"), moment(to, "--to") if to else None
    with opened(config) as newsroom:
        if then:
            newsroom.newsstand.move(name, at, then, by=by)
        else:
            newsroom.newsstand.put_back(name, at, by=by)
    if as_json:
        print_json({"newsletter": name, "slot": at, "to": then or at})
        return
    typer.echo(f"{name}: the edition of {at:%Y-%m-%d %H:%M %Z} goes out at {then or at:%Y-%m-%d %H:%M %Z}")


@newsletter.command()
def skip(
    name: Name,
    slot: Slot,
    why: Annotated[str, typer.Option(help="It is written down.")] = "",
    undo: Undo = False,
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Nothing goes out for one slot of a newsletter; its stories wait for the next.

    Example: `syndicator newsletter skip evening --slot 2026-03-01T15:00Z --why "a holiday"`
    """
    at = moment(slot, "--slot")
    with opened(config) as newsroom:
        if undo:
            newsroom.newsstand.put_back(name, at, by=by)
        else:
            newsroom.newsstand.skip(name, at, by=by, why=why)
    if as_json:
        print_json({"newsletter": name, "slot": at, "skipped": not undo})
        return
    said = "goes out by its timetable" if undo else "does not go out"
    typer.echo(f"{name}: the edition of {at:%Y-%m-%d %H:%M %Z} {said}")
