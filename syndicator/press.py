"""The press: templates set in type, each language with its own sentences, and nothing in a template that acts."""

from __future__ import annotations

import io
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import jinja2
from babel import Locale, UnknownLocaleError
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po
from babel.support import Translations
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .errors import TemplateError
from .text.direction import isolate, lead

Read = Callable[[str], tuple[str, str] | None]  # template's name -> its text and the file it stands in

OUTPUT_MAX = 2_000_000  # characters that one template may write
CONSOLE = "console"  # a folder of templates, and a book of sentences
ERRORS = "errors"  # a book that every face has
_FILTERS = frozenset(
    "capitalize d default e escape first float forceescape int join last length list lower map max min reject "
    "rejectattr replace reverse round select selectattr slice sort string sum title tojson trim truncate unique upper "
    "urlencode wordcount wordwrap".split()
)


class Press:
    def __init__(self, read: Read) -> None:
        self._read = read
        self._environments: dict[tuple[str, str, bool], jinja2.Environment] = {}
        self._spoken: dict[str, Translations] = {}

    def written(self, name: str, language: str, context: Mapping[str, Any], *, escape: bool) -> str:
        """Raises :exc:`TemplateError` with file and line."""
        pieces, size = [], 0
        try:
            book = CONSOLE if name.startswith(f"{CONSOLE}/") else ""
            template = self._environment(language, book, escape=escape).get_template(name)
            if book == CONSOLE:  # ours alone, and long
                return template.render(context)
            for piece in template.generate(context):
                pieces.append(piece)
                size += len(piece)
                if size > OUTPUT_MAX:
                    raise TemplateError(f"{template.filename}: it writes more than {OUTPUT_MAX} characters")
        except jinja2.TemplateSyntaxError as error:
            raise TemplateError(f"{error.filename}, line {error.lineno}: {error.message}") from error
        except jinja2.TemplateError as error:
            raise TemplateError(f"{_place(error)}: {error.message}") from error
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise TemplateError(f"{_place(error)}: {type(error).__name__}: {error}") from error
        return "".join(pieces)

    def sentences(self, book: str, language: str) -> Translations:
        """What a face says, from ``words/BOOK.LANGUAGE.po``, and what can go wrong, from ``words/errors.LANGUAGE.po``;
        as it stands in the code where there is none."""
        name = f"{book}.{language}"
        if name not in self._spoken:
            self._spoken[name] = self._read_words(name)
            self._spoken[name].add_fallback(self.words(f"{ERRORS}.{language}"))
        return self._spoken[name]

    def _environment(self, language: str, book: str, *, escape: bool) -> jinja2.Environment:
        """``book``: whose sentences; empty: those of readers' mails and pages."""
        known = self._environments.get((language, book, escape))
        if known:
            return known
        # The console's templates are ours alone (nobody's folder is asked for them) and hold nothing of a stranger's;
        # a sandbox would take half of the time of a page.
        kind = jinja2.Environment if book == CONSOLE else ImmutableSandboxedEnvironment
        environment = kind(
            loader=jinja2.FunctionLoader(lambda name: _loaded(self._read(name))),
            autoescape=escape,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        environment.filters = {name: told for name, told in environment.filters.items() if name in _FILTERS}
        environment.filters["isolate"] = lambda text: isolate(str(text), language)
        environment.filters["lead"] = lambda text: lead(str(text), language)
        environment.globals.clear()
        words = self.sentences(book, language) if book else self.words(language)
        environment.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
        environment.globals["_"] = environment.globals["gettext"]
        self._environments[language, book, escape] = environment
        return environment

    def words(self, language: str) -> Translations:
        """What mails and readers' pages say."""
        if language not in self._spoken:
            self._spoken[language] = self._read_words(language)
        return self._spoken[language]

    def _read_words(self, language: str) -> Translations:
        found = self._read(f"words/{language}.po")
        if not found:
            return Translations()
        text, file = found
        compiled = io.BytesIO()
        try:
            locale = locale_of(language.rpartition(".")[2])
            write_mo(compiled, read_po(io.StringIO(text), locale=locale, abort_invalid=True))
        except (PoFileError, ValueError) as error:
            raise TemplateError(f"{file}: {error}") from error
        compiled.seek(0)
        return Translations(compiled)


def locale_of(language: str) -> Locale:
    """English where Unicode does not know the language."""
    try:
        return Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def _loaded(found: tuple[str, str] | None) -> tuple[str, str, Callable[[], bool]] | None:
    return (*found, lambda: True) if found else None


def _place(error: BaseException) -> str:
    """File and line of the template that a render failed in."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.endswith(".py")
    ]
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else "a template"
