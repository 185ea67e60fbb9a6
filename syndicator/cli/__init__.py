"""The commands. Everything heavy is imported by the command that needs it, so that --help is quick."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import typer

from syndicator.errors import ConfigError, SyndicatorError

from .desk import commands as desk
from .editor import commands as editor
from .keeper import commands as keeper
from .keeper import database
from .keys import key
from .mail import commands as mail
from .newsletters import editions as newsletter
from .operator import commands as operator
from .people import user
from .proofs import commands as proofs
from .readers import subscribers
from .retractions import commands as retractions
from .stories import commands as stories
from .summaries import commands as summaries
from .webhooks import webhooks

app = typer.Typer(
    help="Takes every story a newsroom publishes to every reader it has, on every channel, once.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
app.add_typer(operator)
app.add_typer(editor)
app.add_typer(desk)
app.add_typer(keeper)
app.add_typer(mail)
app.add_typer(retractions)
app.add_typer(summaries)
app.add_typer(stories)
app.add_typer(database, name="db")
app.add_typer(key, name="key")
app.add_typer(webhooks, name="webhooks")
app.add_typer(user, name="user")
newsletter.add_typer(proofs)
app.add_typer(newsletter, name="newsletter")
app.add_typer(subscribers, name="subscribers")


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


def _complain(error: object, status: int) -> int:
    for line in str(error).splitlines():
        typer.echo(f"error: {line}", err=True)
    return status
