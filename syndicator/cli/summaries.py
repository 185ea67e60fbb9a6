"""The commands about what is said of stories."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from syndicator.errors import Refused

from .common import HERE, Config, Editor, Json, opened, print_json

if TYPE_CHECKING:
    from syndicator.model import Checked, Summary
    from syndicator.storage.summaries import Kept

commands = typer.Typer()
_STATES = {
    "own": "an editor's own",
    "waits": "waits for you",
    "refused": "not used",
    "declined": "declined by an editor",
}
_MARKS = {"clear": "●", "doubtful": "◆", "false": "✕"}


@commands.command()
def summarise(
    article: Annotated[str, typer.Argument(help="Its id, or how the id begins.")],
    text: Annotated[str | None, typer.Option(help="Your own words; they win over all others.")] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Take what the model proposed.")] = False,
    decline: Annotated[
        bool, typer.Option("--decline", help="Take the story's own sentences instead of what was proposed.")
    ] = False,
    take_back: Annotated[bool, typer.Option("--take-back", help="Take your own words back.")] = False,
    by: Editor = "operator",
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """Say what is said of a story from here on. What the gate finds in your own words is a warning; they are used.

    Example: `syndicator summarise 3f9a --text "The Azmar road is closed for a second day."`
    """
    if sum((text is not None, accept, decline, take_back)) != 1:
        raise Refused("say one of: --text WORDS, --accept, --decline, --take-back")
    with opened(config) as newsroom:
        told = newsroom.summaries
        if decline:
            told.decline(article, by=by)
        elif take_back:
            told.take_back(article, by=by)
        else:
            made = told.accept(article, by=by) if accept else told.write(article, text or "", by=by)
        language = told.article(article).language
    if decline or take_back:
        print_json({"summary": None}) if as_json else typer.echo(
            "the story's own sentences, or a model's, are used"
        )
        return
    if as_json:
        from syndicator.verbs.telling import summary_told

        print_json({"summary": summary_told(made, language)})
        return
    typer.echo("\n".join([made.text, *warnings(made.checked, language)]))


@commands.command()
def summaries(
    refused: Annotated[
        bool, typer.Option("--refused", help="Also what was refused and waits for nobody.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    config: Config = HERE,
    as_json: Json = False,
) -> None:
    """What a model proposed and the gate did not clear. What waits keeps its story waiting, too.

    Example: `syndicator summaries --refused`
    """
    with opened(config) as newsroom:
        found = [
            (one, newsroom.summaries.article(one.article))
            for one in newsroom.summaries.waiting(limit, all_refused=refused)
        ]
    if as_json:
        from syndicator.verbs.telling import kept_told

        print_json({"summaries": [kept_told(one, about.language) for one, about in found]})
        return
    for one, about in found:
        typer.echo(f"{one.article[:8]}  {_STATES[one.state]}  {about.language:3}  {about.headline}")
        typer.echo("\n".join(kept_lines(one, about.language)))
    typer.echo(
        "syndicator summarise ARTICLE --accept | --decline | --text …" if found else "nothing waits for you"
    )


def kept_lines(one: Kept, language: str) -> Iterator[str]:
    where = "everywhere" if one.state == "own" else f"for {one.place}"
    yield f"    {_STATES[one.state]}, {where}, by {one.by}, of revision {one.revision}: {one.summary.text}"
    yield from warnings(one.summary.checked, language)


def warnings(checked: Iterable[Checked], language: str) -> Iterator[str]:
    """Each sentence that is not clear, and why."""
    from syndicator.truth.reasons import reason

    for one in checked:
        for finding in one.findings:
            yield f"    {_MARKS[one.standing]} {one.text[:60]}: {reason(finding)}"
            if language != "en":
                yield f"        {reason(finding, language)}"


def went_out_lines(edition: str, revision: int, summary: Summary) -> Iterator[str]:
    sources = ", ".join(
        "the headline" if number < 0 else str(number + 1) for one in summary.checked for number in one.sources
    )
    yield f"    {edition}, revision {revision}, {summary.method}" + (
        f", of sentences {sources}" if sources else ""
    )
    if summary.why:
        yield f"        because {summary.why}"
