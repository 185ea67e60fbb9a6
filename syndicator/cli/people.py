"""The commands about the newsroom's own people."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from syndicator.errors import Refused

from .common import HERE, Config, Editor, Json, opened, print_json

if TYPE_CHECKING:
    from syndicator.services.people import Shown

user = typer.Typer(help="The newsroom's own people.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Small letters, digits and hyphens; it stands in the audit trail.")]
RoleOf = Annotated[str, typer.Option("--role", help="viewer, editor, publisher or admin.")]
Language = Annotated[str, typer.Option(help="Of the console and the bot: en, ckb or ar.")]
Channels = Annotated[
    list[str] | None, typer.Option("--only-channel", help="Where their word counts; none: everywhere.")
]
Languages = Annotated[
    list[str] | None, typer.Option("--only-language", help="Of stories that are theirs; none: all.")
]
Mail = Annotated[
    str | None, typer.Option("--email", help="By which they are known when they sign on elsewhere.")
]


@user.command("add")
def add_user(
    name: Name,
    role: RoleOf,
    language: Language = "en",
    only_channel: Channels = None,
    only_language: Languages = None,
    email: Mail = None,
    by: Editor = "operator",
    config: Config = HERE,
) -> None:
    """Somebody who can sign in at once. The password is asked for, or read from standard input: one line.

    Example: `syndicator user add ara --role admin`
    """
    from syndicator.services.people import person

    told = person(name, role, language, only_channel or (), only_language or ())
    with opened(config) as newsroom:
        newsroom.people.add(told, _password(), by=by, email=email)
    typer.echo(f"{name} can sign in")


@user.command("invite")
def invite_user(
    name: Name,
    role: RoleOf,
    language: Language = "en",
    only_channel: Channels = None,
    only_language: Languages = None,
    email: Mail = None,
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """A link by which somebody joins: once, within three days. Give it to nobody else.

    Example: `syndicator user invite dana --role editor --language ckb --only-language ckb`
    """
    from syndicator.services.people import person

    told = person(name, role, language, only_channel or (), only_language or ())
    with opened(config) as newsroom:
        link = newsroom.people.invite(told, by=by, email=email)
    _show_link(name, link, as_json)


@user.command("list")
def list_users(config: Config = HERE, as_json: Json = False) -> None:
    """Who is there, as what, and who was ended.

    Example: `syndicator user list`
    """
    from syndicator.verbs.people import person_told

    with opened(config) as newsroom:
        found = newsroom.people.listed()
    if as_json:
        print_json({"people": [person_told(one) for one in found]})
        return
    for one in found:
        typer.echo(_line(one))
    if not found:
        typer.echo("nobody yet; `syndicator user add`")


@user.command("change")
def change_user(
    name: Name,
    role: Annotated[str | None, typer.Option(help="viewer, editor, publisher or admin.")] = None,
    language: Annotated[str | None, typer.Option(help="Of the console and the bot: en, ckb or ar.")] = None,
    only_channel: Channels = None,
    all_channels: Annotated[
        bool, typer.Option("--all-channels", help="Their word counts everywhere.")
    ] = False,
    only_language: Languages = None,
    all_languages: Annotated[bool, typer.Option("--all-languages", help="Stories of all languages.")] = False,
    telegram: Annotated[int | None, typer.Option(help="Their numeric id on Telegram; 0: none.")] = None,
    email: Annotated[str | None, typer.Option(help="By which they are known elsewhere; empty: none.")] = None,
    by: Editor = "operator",
    config: Config = HERE,
) -> None:
    """Another role, other channels or languages; what is not said stays. It counts at once.

    Example: `syndicator user change dana --role publisher --only-channel tg-ckb`
    """
    from syndicator.services.people import UNCHANGED, role_called

    more: dict[str, Any] = {
        "role": None if role is None else role_called(role),
        "channels": [] if all_channels else only_channel,
        "languages": [] if all_languages else only_language,
        "telegram": UNCHANGED if telegram is None else telegram or None,
        "email": UNCHANGED if email is None else email or None,
    }
    with opened(config) as newsroom:
        newsroom.people.change(name, by=by, language=language, **more)
        typer.echo(_line(newsroom.people.called(name)))


@user.command("end")
def end_user(
    name: Name,
    why: Annotated[str, typer.Option(help="Why, for the audit trail.")] = "",
    by: Editor = "operator",
    config: Config = HERE,
) -> None:
    """Somebody comes in no more, and is signed out everywhere. The name is not given again.

    Example: `syndicator user end dana --why "left the paper"`
    """
    with opened(config) as newsroom:
        newsroom.people.end(name, by=by, why=why)
    typer.echo(f"{name} is out")


@user.command("reset")
def reset_user(
    name: Name,
    second_factor: Annotated[
        bool, typer.Option("--second-factor", help="Take their second factor off as well.")
    ] = False,
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """A link for a new password, good for two hours; for who was invited and never came, a new invitation.

    Example: `syndicator user reset dana --second-factor` when the phone is lost
    """
    with opened(config) as newsroom:
        link = newsroom.people.reset(name, by=by, second_factor=second_factor)
    _show_link(name, link, as_json)


def _show_link(name: str, link: str, as_json: bool) -> None:
    if as_json:
        print_json({"name": name, "link": link})
    else:
        typer.echo(link)
        typer.echo("it works once and is not shown again; whoever has it comes in", err=True)


def _password() -> str:
    if sys.stdin.isatty():
        told: str = typer.prompt("password", hide_input=True, confirmation_prompt=True)
        return told
    line = sys.stdin.readline().rstrip("\n")
    if not line:
        raise Refused("no password came on standard input; write one line")
    return line


def _line(one: Shown) -> str:
    who = one.person
    state = "joined" if one.joined_at else "invited" if one.invited_until else "the invitation is over"
    if one.ended_at:
        state = f"ended {one.ended_at:%Y-%m-%d %H:%M}"
    where = [*sorted(who.channels), *sorted(who.languages)]
    more = [
        f"only {', '.join(where)}" if where else "",
        f"telegram {who.telegram}" if who.telegram else "",
        one.email or "",
        "second factor" if one.second_factor else "",
        f"signed in {one.signed_in} ×" if one.signed_in else "",
    ]
    mark = "✕" if one.ended_at else "●" if one.joined_at else "○"
    return f"{mark} {who.name}  {'  '.join([str(who.role), who.language, state, *filter(None, more)])}"
