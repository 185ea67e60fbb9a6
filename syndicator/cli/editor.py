"""The commands of an editor: look, push, hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syndicator.errors import Refused

from .common import (
    HERE,
    MARKS,
    Config,
    Editor,
    Json,
    interruptible,
    moment,
    must_know,
    opened,
    print_json,
)

if TYPE_CHECKING:
    from syndicator.storage import ledger

NOTHING_YET = "nothing went out yet; `syndicator run` is the worker"
WORDS = {
    "pending": "waiting", "claimed": "about to go", "sending": "on the way", "sent": "sent",
    "uncertain": "perhaps sent, to be read back", "held": "held for a person: `syndicator doubts`",
    "failed": "refused for good", "excluded": "left out", "expired": "too late", "cancelled": "called off",
}  # fmt: skip
To = Annotated[list[str], typer.Option("--to", help="A channel; may be given again.")]
Again = Annotated[bool, typer.Option("--again", help="Also to a channel that has the story already.")]

commands = typer.Typer()


@commands.command()
def articles(
    language: Annotated[str | None, typer.Option(help="Only this language.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """The newest stories.

    Example: `syndicator articles --language ckb --limit 5`
    """
    from syndicator.verbs.stories import brief

    with opened(config) as newsroom:
        told = [brief(one) for one in newsroom.ledger.articles(language=language, limit=limit).articles]
    if as_json:
        print_json({"articles": told})
        return
    for one in told:
        typer.echo(
            f"{one['id'][:8]}  {one['published_at']:%Y-%m-%d %H:%M}  {one['language']:3}  {one['headline']}"
        )
    if not told:
        typer.echo("no stories yet; `syndicator ingest` brings them")


@commands.command()
def show(
    article: Annotated[str, typer.Argument(help="Its id, or how the id begins.")],
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """One story as it was cleaned, and where it went.

    Example: `syndicator show 3f9a`
    """
    from syndicator.verbs.stories import shown

    from .summaries import kept_lines, went_out_lines

    with opened(config) as newsroom:
        found, sent = newsroom.ledger.article(article)
        kept, out = newsroom.summaries.about(found)
        if as_json:
            print_json(shown(newsroom, article))
            return
    head = [
        found.headline,
        f"{found.language} · {found.published_at:%Y-%m-%d %H:%M} UTC · revision {found.revision}",
    ]
    more = [found.dateline or "", *found.body, f"[{found.caption}]" if found.caption else "", found.url]
    typer.echo("\n\n".join([*head, *(line for line in more if line)]))
    for one in sent:
        typer.echo(f"{MARKS[str(one['state'])]} {one['channel']}: {one['deliveries']} {one['state']}")
    lines = [line for one in kept for line in kept_lines(one, found.language)]
    lines += [line for one in out for line in went_out_lines(*one)]
    if lines:
        typer.echo("\n".join(["said of it:", *lines]))


@commands.command()
def preview(
    article: Annotated[str | None, typer.Argument(help="Its id, or how the id begins.")] = None,
    to: Annotated[list[str] | None, typer.Option("--to", help="A channel; may be given again.")] = None,
    digest: Annotated[str | None, typer.Option(help="A newsletter, as it would go out now.")] = None,
    again: Again = False,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Exactly what a push, or a newsletter, would send, with the network's own count.

    Example: `syndicator preview 3f9a --to tg-ckb --to x` or `syndicator preview --digest evening`
    """
    if digest is None and not (article and to):
        raise Refused("name a story and where to: ARTICLE --to CHANNEL; or a newsletter: --digest NEWSLETTER")
    with opened(config) as newsroom:
        if digest is not None:
            told = newsroom.newsstand.shown(digest)
        else:
            told = newsroom.preview([article or ""], to or [], again=again)
        costs = newsroom.cashier.forecast(_costs(told))
    if as_json:
        print_json({"posts": told})
        return
    for one in told:
        if digest is not None:
            typer.echo(f"── {one['language']} · {one['subject']} ──\n{one['text']}\n")
            continue
        limit = f"/{one['limit']}" if one["limit"] else ""
        cost = f" · {one['cost']} {one['currency']}" if "cost" in one else ""
        typer.echo(f"── {one['channel']} · {one['count']}{limit} {one['unit']}{cost} ──\n{one['text']}\n")
    for line in costs:
        typer.echo(line)
    if not told:
        typer.echo("nothing new to carry")


def _costs(told: Sequence[Mapping[str, Any]]) -> list[tuple[str, Any]]:
    return [(str(one["channel"]), one["cost"]) for one in told if "cost" in one]


@commands.command()
def push(
    article: Annotated[list[str], typer.Argument(help="Stories, by id or how it begins.")],
    to: To,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would go out and cost, and stop.")
    ] = False,
    again: Again = False,
    at: Annotated[
        str | None,
        typer.Option(help="Not now: at this moment, with its offset, such as 2026-03-01T18:00+03:00."),
    ] = None,
    together: Annotated[bool, typer.Option("--together", help="Several stories in one post.")] = False,
    note: Annotated[str, typer.Option(help="Why; it is written down.")] = "",
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Send a story to a channel, now or at a moment. Shows what goes to how many, asks, and sends it.

    Example: `syndicator push 3f9a --to tg-ckb --note "the mayor spoke"` or `syndicator push 3f9a 77c1 --to tg-ckb
    --together --at 2026-03-01T18:00+03:00`
    """
    order: dict[str, Any] = {"again": again, "as_one": together, "at": moment(at, "--at") if at else None}
    with opened(config) as newsroom, interruptible(newsroom):
        told = newsroom.preview(article, to, **order)
        if not yes or dry_run:
            for one in told:
                typer.echo(f"── {one['channel']} ──\n{one['text']}\n", err=as_json)
        for line in newsroom.cashier.forecast(_costs(told)):
            typer.echo(line, err=as_json)
        if dry_run:
            if as_json:
                print_json({"posts": told})
            return
        if not yes:
            typer.confirm(f"Send {len(told)} posts to {', '.join(to)}?", abort=True, err=as_json)
        newsroom.recall()
        planned = newsroom.push(article, to, editor=by, note=note, **order)
        asked = {one.edition for one in newsroom.approvals.waiting()} & set(planned.editions)
        counts = {name: newsroom.deliver(name) for name in to if at is None}
    sent = {name: {str(outcome): n for outcome, n in found.items()} for name, found in counts.items()}
    if as_json:
        print_json({"editions": list(planned.editions), "deliveries": planned.deliveries, "channels": sent})
        return
    for edition in planned.editions if asked else ():
        typer.echo(f"{edition} waits until somebody else approves it: `syndicator approvals`")
    for edition in planned.editions if at else ():
        typer.echo(f"{edition} goes out at {order['at']:%Y-%m-%d %H:%M %Z}; the worker sends it")
    for name, found in sent.items():
        told_so = (
            ", ".join(f"{n} {outcome}" for outcome, n in found.items() if n) or "waits; the worker sends it"
        )
        typer.echo(f"{name}: {told_so}")


@commands.command()
def status(
    edition: Annotated[str | None, typer.Argument(help="One edition's report.")] = None,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """What went out, what will go out, what needs you.

    Example: `syndicator status --json`
    """
    from syndicator.verbs.newsroom import LATEST, standing

    with opened(config) as newsroom:
        told = standing(newsroom, edition)
        reports = newsroom.ledger.reports([edition] if edition else (), LATEST)
    if as_json:
        print_json(told)
    else:
        lines = _standing(told, whole=edition is None)
        for report in reports:
            lines += _told(report, whole=edition is not None)
        typer.echo("\n".join(lines if reports else [*lines, NOTHING_YET]))
    if any(report.faults for report in reports):
        raise typer.Exit(1)


def _standing(told: dict[str, Any], *, whole: bool) -> list[str]:
    paused = [
        f"▮ {one['edition']} waits until somebody approves it: `syndicator approvals`"
        for one in told["approvals"]
    ]
    paused += [f"⏸ {name} is paused; `syndicator resume {name}` lets it go on" for name in told["paused"]]
    paused += [line for name, about in told["waiting"].items() for line in _waiting(name, about)]
    paused += [
        f"✕ {name} is left alone until {about['until']:%H:%M} UTC: {about['why']}"
        for name, about in told["resting"].items()
    ]
    paused += [f"✕ {one['edition']}: {one['said']}" for one in told["reputation"]]
    paused += [
        f"▮ {one['newsletter']} was due {one['slot']:%Y-%m-%d %H:%M} UTC and is held: it was missed by too much; "
        f"`syndicator newsletter release {one['newsletter']}` lets it go, `… drop …` does not"
        for one in told["held_slots"]
    ]
    paused += [
        f"▮ “{one['headline']}” is held: {one['why']}; `syndicator lift {one['article'][:8]}` lets it go"
        for one in told["held"]
    ]
    faults = [f"✕ {n} mails came back for a fault of ours: {why}" for why, n in told["mail_faults"].items()]
    channels = [
        f"{name}: {_counts(states)}{_health(told['health'][name])}"
        for name, states in told["channels"].items()
        if whole
    ]
    channels += [f"{one['channel']} cost {one['said']}" for one in told["budgets"] if whole]
    channels += [f"{name}: {fact}" for name, facts in told["learned"].items() for fact in facts if whole]
    return paused + faults + channels


def _health(about: Mapping[str, Any]) -> str:
    told = [f"last sent {about['last']:%Y-%m-%d %H:%M} UTC"] if about["last"] else []
    told += [f"waits since {about['waits_since']:%H:%M} UTC"] if about["waits_since"] else []
    told += [f"{about['doubts']} in doubt"] if about["doubts"] else []
    told += [f"{about['may_go_now']} may go now"] if about["may_go_now"] is not None else []
    told += [f"{about['left_today']} left today"] if about["left_today"] is not None else []
    told += [f"{about['left_month']} left this month"] if about["left_month"] is not None else []
    return "  " + ", ".join(told) if told else ""


def _waiting(edition: str, about: Mapping[str, Any]) -> list[str]:
    """An edition that waits before its gate, and why."""
    errors = [one for one in about.get("findings", ()) if one["severity"] == "error"]
    if not errors:
        return [f"○ {edition} is looked at before it goes out"]
    names = [name for name in dict.fromkeys(one["check"] for one in errors) if name != "approval"]
    if not names:
        return []  # it is told among what is to be approved
    despite = " ".join(f"--despite {name}" for name in names)
    return [
        f"▮ {edition} waits for you; mend it, or `syndicator newsletter send {about['newsletter']} {despite}`",
        *(f"    ✕ {one['check']}: {one['where']}: {one['what']}; {one['instead']}" for one in errors),
    ]


def _told(report: ledger.Report, *, whole: bool) -> list[str]:
    """An edition's report in the newsroom's words: on one line, or to the last reader."""
    candidates = sum(report.candidates.values())
    faults = [f"    ✕ it does not add up: {fault}" for fault in report.faults]
    if not whole:
        end = "  sealed" if report.sealed_at else "  finished" if report.finished else ""
        return [f"{report.edition}  {report.title}  {_counts(report.states)}{end}", *faults]
    lines = [
        f"{report.edition}  {report.title}",
        f"    {report.kind}, {report.stories} stories, due {report.due_at:%Y-%m-%d %H:%M} UTC",
        f"    {candidates} were to get it: "
        + ", ".join(f"{number} through {channel}" for channel, number in report.candidates.items()),
    ]
    for state in (state for state in MARKS if report.states.get(state)):
        lines.append(f"    {MARKS[state]} {report.states[state]} {WORDS[state]}")
        lines += [f"        {n} × {why or 'no reason'}" for why, n in report.reasons.get(state, {}).items()]
    lines += [f"    – {article[:8]} was left out: {why}" for article, why in report.left_out.items()]
    if report.sealed_at:
        lines.append(f"    sealed {report.sealed_at:%Y-%m-%d %H:%M} UTC: nothing of it changes any more")
    elif report.finished:
        lines.append("    finished: nothing of it goes out any more by itself")
    return lines + (faults or [f"    all {candidates} are accounted for"])


def _counts(states: Mapping[str, int]) -> str:
    return "  ".join(f"{MARKS[state]} {n} {state}" for state, n in sorted(states.items()))


@commands.command()
def deliveries(
    state: Annotated[str | None, typer.Option(help=f"One of: {', '.join(MARKS)}.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only this channel.")] = None,
    edition: Annotated[str | None, typer.Option(help="Only this edition.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Deliveries, newest first.

    Example: `syndicator deliveries --state uncertain`
    """
    must_know([state] if state else [], MARKS, "state")
    with opened(config) as newsroom:
        found = newsroom.ledger.deliveries(state=state, channel=channel, edition=edition, limit=limit)
    if as_json:
        print_json({"deliveries": found})
        return
    for one in found:
        mark, why = MARKS[str(one["state"])], f"  {one['reason']}" if one["reason"] else ""
        typer.echo(
            f"{one['id']:>6}  {mark} {one['state']:9}  {one['channel']}  {one['edition']}  {one['recipient']}{why}"
        )
    if not found:
        typer.echo("none")


@commands.command()
def delivery(
    number: Annotated[int, typer.Argument(help="Its number, as `deliveries` lists it.")],
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """The history of one delivery: every receipt it has.

    Example: `syndicator delivery 41`
    """
    with opened(config) as newsroom:
        found = newsroom.ledger.history(number)
    if as_json:
        print_json({"receipts": found})
        return
    for one in found:
        typer.echo(f"{one['at']:%Y-%m-%d %H:%M:%S}  {one['outcome']}  {one['detail']}")
    if not found:
        typer.echo("nothing came of it yet")


@commands.command()
def doubts(config: Config = HERE, as_json: Json = False) -> None:
    """Deliveries that perhaps went out. Those marked ▮ wait for you: look whether they are there, then settle them.

    Example: `syndicator doubts`
    """
    with opened(config) as newsroom:
        found = newsroom.open_doubts()
    if as_json:
        print_json({"doubts": [asdict(one) for one in found]})
        return
    for one in found:
        mark = MARKS["held" if one.held else "uncertain"]
        text = " ".join(one.text.split())
        typer.echo(f"{one.id:>6}  {mark}  {one.channel}  {one.recipient}  {text[:60]}  {one.reason}")
    typer.echo("syndicator settle NUMBER sent|resend|drop --why …" if found else "no doubts")


@commands.command()
def settle(
    number: Annotated[int, typer.Argument(help="The delivery's number, as `doubts` lists it.")],
    verdict: Annotated[
        str, typer.Argument(help="sent: it is there; resend: send it; drop: it shall not go out.")
    ],
    why: Annotated[str, typer.Option(help="How you know; it is written down.")],
    by: Editor = "operator",
    config: Config = HERE,
) -> None:
    """Say what became of a delivery in doubt. Nothing is sent here; what is to be sent again waits for the worker.

    Example: `syndicator settle 41 sent --why "it stands in the channel"`
    """
    from syndicator.services.doubts import Verdict

    must_know([verdict], {one.value: one for one in Verdict}, "verdict")
    with opened(config) as newsroom:
        state = newsroom.settle(number, Verdict(verdict), by=by, why=why)
    typer.echo(f"delivery {number} is {state}")


@commands.command()
def pause(
    name: Annotated[str, typer.Argument(help="A channel, an edition, or `everything`.")],
    why: Annotated[str, typer.Option(help="It is written down.")] = "",
    by: Editor = "operator",
    config: Config = HERE,
) -> None:
    """Put a brake on: nothing more goes out there, from the next body on.

    Example: `syndicator pause everything --why "wrong headline"`
    """
    with opened(config) as newsroom:
        newsroom.pause(name, by=by, why=why)
    typer.echo(f"{name} is paused")


@commands.command()
def resume(
    name: Annotated[str, typer.Argument(help="What was paused.")],
    by: Editor = "operator",
    config: Config = HERE,
) -> None:
    """Take a brake off.

    Example: `syndicator resume tg-ckb`
    """
    with opened(config) as newsroom:
        newsroom.resume(name, by=by)
    typer.echo(f"{name} goes on")
