"""The commands of the desk: what is held, and who did what."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from syndicator.errors import Refused

from .common import HERE, Config, Editor, Json, moment, opened, print_json

commands = typer.Typer()
Edition = Annotated[str, typer.Argument(help="Its id, as `syndicator status` shows it.")]
Only = Annotated[list[str] | None, typer.Option("--to", help="Only on this channel; may be given again.")]
Which = Annotated[str, typer.Argument(help="The story's id, or how it begins.")]


@commands.command()
def hold(
    article: Annotated[
        str, typer.Argument(help="The story's id, or how it begins; none: what is held.")
    ] = "",
    why: Annotated[str, typer.Option(help="It is written down.")] = "",
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Hold a story: nothing carries it until `lift`, and what waits with it is paused. Without a story, what is held.

    Example: `syndicator hold 3f9a --why "the ministry denies it"`
    """
    from syndicator.verbs.desk import held

    if article and not why:
        raise Refused("say why: --why …; whoever lifts it wants to know")
    with opened(config) as newsroom:
        found = [newsroom.holds.hold(article, why=why, by=by)] if article else newsroom.holds.standing()
    if as_json:
        print_json({"held": [held(one) for one in found]})
        return
    for one in found:
        since = f"{one.since:%Y-%m-%d %H:%M} UTC"
        typer.echo(
            f"▮ {one.article.id[:8]} “{one.article.headline}” is held since {since} by {one.by}: {one.why}"
        )
        for edition in one.editions:
            typer.echo(f"    {edition} is paused, for it carries the story")
    if not found:
        typer.echo("no story is held")


@commands.command()
def lift(article: Which, by: Editor = "operator", config: Config = HERE, as_json: Json = False) -> None:
    """Let a story go that is held; what was paused for it goes on. One that nobody holds has no embargo any more.

    Example: `syndicator lift 3f9a`
    """
    from syndicator.verbs.desk import lifted

    with opened(config) as newsroom:
        told = newsroom.holds.lift(article, by=by)
    if as_json:
        print_json(lifted(told))
        return
    until = (
        f"when its embargo ends, {told.waits_until:%Y-%m-%d %H:%M} UTC" if told.waits_until else "from now on"
    )
    typer.echo(f"“{told.article.headline}” may go out {until}")
    for edition in told.freed:
        typer.echo(f"    {edition} goes on")
    for edition in told.kept:
        typer.echo(f"▮ {edition} stays paused: another of its stories is held or was retracted")


@commands.command()
def edit(
    article: Which,
    headline: Annotated[str | None, typer.Option(help="Your own headline, everywhere.")] = None,
    channel: Annotated[str, typer.Option(help="The channel whose whole post --text is.")] = "",
    text: Annotated[str | None, typer.Option(help="The whole post, in the channel's markup.")] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take your headline back, or your text for --channel.")
    ] = False,
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Say a story in your own words: its headline, or its whole post on a channel, also in what waits.

    Example: `syndicator edit 3f9a --headline "Azmar road closed"` or `syndicator edit 3f9a --channel x --text "…"`
    """
    if sum((headline is not None, text is not None, undo)) != 1 or (text is not None) > bool(channel):
        raise Refused(
            "say one of: --headline WORDS; --channel NAME --text WORDS; --undo, with --channel NAME"
        )
    with opened(config) as newsroom:
        desk = newsroom.edits
        if undo:
            desk.undo(article, channel, by=by)
        elif text is not None:
            desk.text(article, channel, text, by=by)
        else:
            desk.headline(article, headline or "", by=by)
    edits(article, config, as_json)


@commands.command()
def edits(article: Which, config: Config = HERE, as_json: Json = False) -> None:
    """What editors wrote of a story, and which of it is used.

    Example: `syndicator edits 3f9a`
    """
    from syndicator.verbs.desk import edits as told

    with opened(config) as newsroom:
        found = told(newsroom, article)
    if as_json:
        print_json(found)
        return
    for one in found["edits"]:
        where = f"on {one['channel']}" if one["channel"] else "the headline"
        typer.echo(
            f"{'●' if one['used'] else '–'} {where}, revision {one['revision']}, by {one['by']}: {one['text']}"
        )
        if one["why"]:
            typer.echo(f"    not used: {one['why']}")
    if not found["edits"]:
        typer.echo("nothing was written; the source's headline and the templates are used")


@commands.command()
def move(
    edition: Edition,
    at: Annotated[str, typer.Option(help="The moment, with its offset: 2026-03-01T18:00+03:00.")],
    to: Only = None,
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Let what waits of an edition go out at another moment.

    Example: `syndicator move push:3f9a:1:0 --at 2026-03-01T18:00+03:00`
    """
    with opened(config) as newsroom:
        told = newsroom.schedule.move(edition, moment(at, "--at"), by=by, channels=to or ())
    if as_json:
        print_json(asdict(told))
        return
    typer.echo(f"{edition}: {told.deliveries} go out at {told.at:%Y-%m-%d %H:%M %Z}")
    for name in told.left:
        typer.echo(f"    {name} has begun, and goes on")


@commands.command()
def cancel(
    edition: Edition,
    why: Annotated[str, typer.Option(help="It is written down.")],
    to: Only = None,
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Call off what waits of an edition. What is out stays; where nothing is, its stories may be pushed again.

    Example: `syndicator cancel push:3f9a:1:0 --why "the wrong channel"`
    """
    with opened(config) as newsroom:
        told = newsroom.schedule.cancel(edition, why=why, by=by, channels=to or ())
    if as_json:
        print_json(asdict(told))
        return
    typer.echo(f"{edition}: {told.deliveries} are called off")
    if told.sent or told.open:
        typer.echo(f"    {told.sent} are out and stay; {told.open} are on their way, or in doubt")
    for name in told.given_back:
        typer.echo(f"    {name} may have its stories again")


@commands.command()
def approvals(config: Config = HERE, as_json: Json = False) -> None:
    """What waits until a second person approves it, exactly as it would go out; and what waits to be corrected.

    Example: `syndicator approvals`
    """
    from syndicator.verbs.desk import approvals as told

    with opened(config) as newsroom:
        found = told(newsroom)
    if as_json:
        print_json(found)
        return
    for one in found["approvals"]:
        edited = f", edited by {one['edited_by']}" if one["edited_by"] else ""
        typer.echo(
            f"▮ {one['edition']}  due {one['due_at']:%Y-%m-%d %H:%M} UTC, to {', '.join(one['channels'])}"
        )
        typer.echo(
            f"    asked by {', '.join(one['asked_by'])}{edited}, since {one['since']:%Y-%m-%d %H:%M} UTC"
        )
        for post in one["posts"]:
            count = (
                f"{post['count']}/{post['limit']} {post['unit']}"
                if post["limit"]
                else post.get("subject", "")
            )
            typer.echo(f"── {post['channel']} · {post['language']} · {count} ──\n{post['text']}\n")
        typer.echo(f"    syndicator approve {one['edition']} --hash {one['hash'][:12]}")
    for one in found["corrections"]:
        typer.echo(
            f"▮ {one['article']} was revised ({one['extent']}) and stands on {one['channel']}: `syndicator correct`"
        )
    if not any(found.values()):
        typer.echo("nothing waits to be approved")


@commands.command()
def approve(
    edition: Edition,
    seen: Annotated[str, typer.Option("--hash", help="What you saw, as `approvals` names it.")],
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Let an edition go out that waits for a second person: exactly what you saw, and nothing else.

    Example: `syndicator approve push:3f9a:1:0 --hash 9f86d081884c`
    """
    with opened(config) as newsroom:
        told = newsroom.approvals.approve(edition, seen, by=by)
    if as_json:
        print_json(asdict(told))
        return
    typer.echo(f"{edition} goes out on {', '.join(told.channels)}; the worker sends it")


@commands.command()
def decline(
    edition: Edition,
    why: Annotated[str, typer.Option(help="It is written down.")],
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """An edition that waits to be approved does not go out; its stories are free again.

    Example: `syndicator decline push:3f9a:1:0 --why "we do not know it yet"`
    """
    with opened(config) as newsroom:
        number = newsroom.approvals.decline(edition, why=why, by=by)
    print_json({"edition": edition, "deliveries": number}) if as_json else typer.echo(
        f"{edition} does not go out: {number} are called off"
    )


@commands.command()
def calendar(
    days: Annotated[int, typer.Option(min=1, max=60, help="From now on.")] = 7,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """What will go out when: slots of newsletters, pushes for a moment, flashes that wait, embargoes that end.

    Example: `syndicator calendar --days 3`
    """
    with opened(config) as newsroom:
        found = newsroom.calendar.entries(days)
    if as_json:
        print_json({"entries": [asdict(one) for one in found]})
        return
    for one in found:
        until = f"–{one.until:%H:%M}" if one.until > one.when else ""
        where = f" to {', '.join(one.channels)}" if one.channels else ""
        holds = f" ({', '.join(f'{n} {code}' for code, n in one.stories.items())})" if one.stories else ""
        why = f": {one.why}" if one.why else ""
        about = f"  {one.about}" if one.about != one.what else ""
        typer.echo(
            f"{one.when:%a %Y-%m-%d %H:%M}{until}  {one.kind}  {one.what}{holds}{where}  {one.state}{why}{about}"
        )
    if not found:
        typer.echo("nothing is to go out")


@commands.command()
def audit(
    since: Annotated[
        str | None, typer.Option(help="From this moment on, with its offset: 2026-03-01T18:00+03:00.")
    ] = None,
    who: Annotated[str, typer.Option(help="Only what this person, or part of the engine, did.")] = "",
    about: Annotated[
        str, typer.Option(help="Only about this story, edition, channel …, or what begins so.")
    ] = "",
    what: Annotated[str, typer.Option(help="Only such deeds: push, hold, approve …")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many.")] = 100,
    to_csv: Annotated[
        Path | None, typer.Option("--csv", help="Write all of them into this file, or to - for the screen.")
    ] = None,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Who did what, and why, the newest first. The trail is only ever added to.

    Example: `syndicator audit --about 3f9a` or `syndicator audit --since 2026-03-01T00:00Z --csv march.csv`
    """
    from syndicator.services.trail import Wanted

    wanted = Wanted(since=moment(since, "--since") if since else None, who=who, about=about, what=what)
    with opened(config) as newsroom:
        if to_csv is not None:
            if str(to_csv) == "-":
                newsroom.trail.export(sys.stdout, wanted)
                return
            with to_csv.open("w", encoding="utf-8", newline="") as file:
                number = newsroom.trail.export(file, wanted)
            typer.echo(f"{number} lines are in {to_csv}")
            return
        found = newsroom.trail.newest(wanted, limit=limit)
    if as_json:
        print_json({"lines": [one._asdict() for one in found]})
        return
    for one in found:
        reason = f": {' '.join(one.why.split())}" if one.why else ""
        typer.echo(f"{one.at:%Y-%m-%d %H:%M:%S}  {one.who}  {one.what}  {one.about}{reason}")
    if not found:
        typer.echo("nothing was done")
