"""TOML and environment become one frozen Settings, or a list of everything that is wrong with them.

Secrets never stand in TOML. A secret ``token`` of the channel ``tg-en`` is looked for in the environment as
``SYNDICATOR_CHANNELS_TG_EN_TOKEN``, then in the file that ``SYNDICATOR_CHANNELS_TG_EN_TOKEN_FILE`` names, then
in ``secrets/SYNDICATOR_CHANNELS_TG_EN_TOKEN`` beside the configuration.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from .errors import ConfigError, near
from .letters import objections
from .settings import Settings

# What is not for the newsroom to say inside a container.
_CONTAINER = (("SYNDICATOR_LISTEN", "web", "listen"), ("SYNDICATOR_MEMORY", "database", "memory"))
CRON_FIELDS = 5

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, where it stands, and what to write instead."""

    file: str
    key: str
    problem: str
    instead: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.problem}; {self.instead}"


class Unusable(ConfigError):
    """The configuration cannot be obeyed: all of its faults."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = tuple(faults)


@dataclass
class Book:
    """The configuration as it was found: its tables, where each key stands, its secrets, what was wrong."""

    folder: Path
    environ: Mapping[str, str]
    tables: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)  # "channels.tg-en" -> name of its file
    faults: list[Fault] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set, repr=False)

    def table(self, name: str) -> Mapping[str, Any]:
        """As it was read; empty where it is missing or no table."""
        found = self.tables.get(name)
        return found if isinstance(found, dict) else {}

    def blame(self, key: str, problem: str, instead: str) -> None:
        self.faults.append(Fault(self._file(key), key, problem, instead))

    def model(
        self, wanted: type[M], table: Mapping[str, Any], at: str = "", also: Iterable[str] = ()
    ) -> M | None:
        """The table as its model, with its secrets; None when it has faults, and they are noted.

        ``also`` are keys that stand in the same table and are somebody else's.
        """
        told = dict(table)
        for name, secret in secret_fields(wanted).items():
            self._take_secret(told, name, at, needed=secret)
        for name, inner in _lists(wanted).items():
            told[name] = self._with_secrets(told.get(name), inner, f"{at}.{name}")
        for name, inner in _named(wanted).items():
            if isinstance(found := told.get(name), dict):
                told[name] = {
                    key: self._with_its_secrets(one, inner, f"{at}.{name}.{key}".strip("."))
                    for key, one in found.items()
                }
        for name, inner in _tables(wanted).items():
            told[name] = self._with_its_secrets(told.get(name, {}), inner, f"{at}.{name}".strip("."))
        for name, told_field in wanted.model_fields.items():
            if told_field.annotation is Path and isinstance(told.get(name), str):
                told[name] = self.folder / told[name]  # paths count from the configuration
        try:
            return wanted.model_validate(told)
        except ValidationError as error:
            for one in error.errors():
                self._note(wanted, one, at, also)
        return None

    def _with_secrets(self, told: object, inner: type[BaseModel], at: str) -> object:
        """A list of tables, each with its secrets by its name."""
        if not isinstance(told, list):
            return told or ()
        return [
            self._with_its_secrets(one, inner, f"{at}.{one.get('name', '')}")
            if isinstance(one, dict)
            else one
            for one in told
        ]

    def _with_its_secrets(self, told: object, inner: type[BaseModel], at: str) -> object:
        if not isinstance(told, dict):
            return told
        found = dict(told)
        for name, secret in secret_fields(inner).items():
            self._take_secret(found, name, at, needed=secret)
        for name, deeper in _tables(inner).items():
            found[name] = self._with_its_secrets(found.get(name, {}), deeper, f"{at}.{name}")
        return found

    def secret(self, name: str) -> str | None:
        """From the environment, a file it names, or the folder of secrets. Unreadable is a fault."""
        found = self._found(name)
        if found:
            self.secrets.add(found)
        return found

    def _found(self, name: str) -> str | None:
        if name in self.environ:
            return self.environ[name]
        named = self.environ.get(f"{name}_FILE")
        path = Path(named) if named else self.folder / "secrets" / name
        if not named and not path.exists():
            return None
        try:
            return path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            self.faults.append(
                Fault(str(path), name, f"cannot be read: {why}", "name a file that this user can read")
            )
            return None

    def _take_secret(self, told: dict[str, Any], name: str, at: str, *, needed: bool) -> None:
        key, variable = f"{at}.{name}".strip("."), variable_name(at, name)
        found = self.secret(variable)
        if name in told:
            self.blame(
                key, "a secret stands in the file", f"take it out and set {variable} or {variable}_FILE"
            )
        if found is not None:
            told[name] = found
        elif needed and name not in told and not any(f.key == variable for f in self.faults):
            self.blame(
                key, "the secret is missing", f"set {variable}, or {variable}_FILE to a file that holds it"
            )
            told[name] = ""

    def _note(self, wanted: type[BaseModel], one: ErrorDetails, at: str, also: Iterable[str]) -> None:
        places = [str(part) for part in one["loc"] if part not in {"[key]", "bool", "Rule"}]
        key = ".".join([*([at] if at else []), *places])
        model, known = _walk(wanted, places)
        match one["type"]:
            case "extra_forbidden":
                known_keys = [*model.model_fields, *(also if len(places) == 1 else ())]
                self.blame(key, "this key is not known", closest(places[-1], known_keys))
            case "missing":
                self.blame(key, "this key is missing", f"write {places[-1]} = … ({known})")
            case "string_pattern_mismatch" if one["loc"][-1] == "[key]":
                self.blame(
                    key, "this name cannot be used", "write small letters, digits and hyphens, a letter first"
                )
            case _:
                problem = one["msg"].removeprefix("Value error, ").removeprefix("Input should be a ")
                secret = places and places[-1] in secret_fields(model)
                self.blame(
                    key,
                    f"{'the secret' if secret else _shown(one['input'])} is not right: {problem}",
                    f"write {known or 'another value'}",
                )

    def _file(self, key: str) -> str:
        if key.isupper():
            return "(environment)"
        parts = key.split(".")
        for length in range(len(parts), 0, -1):
            if found := self.files.get(".".join(parts[:length])):
                return found
        return next(iter(self.files.values()), str(self.folder))


def read(path: Path, environ: Mapping[str, str]) -> tuple[Settings | None, Book]:
    """The settings in a file or a folder of ``*.toml``, None where they make no sense; faults are in the book."""
    book = Book(folder=path if path.is_dir() else path.parent, environ=environ)
    for file in _files(path, book):
        _merge(book, file)
    if not book.tables:
        return None, book
    if url := book.secret("SYNDICATOR_DATABASE_URL"):
        book.tables["database"] = {**book.table("database"), "url": url}
    elif re.search(r"://[^/@:]*:[^@]+@", str(book.table("database").get("url", ""))):
        book.blame(
            "database.url",
            "a password stands in the file",
            "set SYNDICATOR_DATABASE_URL or SYNDICATOR_DATABASE_URL_FILE",
        )
    for name, table, key in _CONTAINER:
        if name in environ:
            book.tables[table] = {**book.table(table), key: environ[name]}
    settings = book.model(Settings, book.tables)
    if settings:
        _check_references(settings, book)
    return settings, book


def variable_name(at: str, name: str) -> str:
    """The environment's name for a secret."""
    return re.sub(r"[^A-Z0-9]+", "_", f"syndicator.{at}.{name}".upper())


def _files(path: Path, book: Book) -> list[Path]:
    if path.is_dir():
        found = sorted(path.glob("*.toml"))
        if not found:
            book.faults.append(
                Fault(str(path), "*.toml", "no such file is in it", "write one: `syndicator init`")
            )
        return found
    if not path.exists():
        book.faults.append(Fault(str(path), "(the file)", "it is not there", "write it: `syndicator init`"))
        return []
    return [path]


def _merge(book: Book, file: Path) -> None:
    try:
        told = tomllib.loads(file.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        book.faults.append(Fault(file.name, "(the file)", f"it is not TOML: {error}", "mend that line"))
    except UnicodeDecodeError as error:
        book.faults.append(
            Fault(file.name, "(the file)", f"it is not UTF-8 (byte {error.start})", "save it as UTF-8")
        )
    except OSError as error:
        book.faults.append(
            Fault(
                file.name, "(the file)", f"it cannot be read: {error.strerror}", "give this user the right to"
            )
        )
    else:
        for key, value in _flat(told):
            _put(book, file.name, key, value)


def _flat(told: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """``newsroom`` as a whole, ``channels.tg-en`` one by one: what may stand in different files."""
    for name, value in told.items():
        if name in {"sources", "channels", "newsletters", "filters"} and isinstance(value, dict):
            yield from ((f"{name}.{inner}", table) for inner, table in value.items())
        else:
            yield name, value


def _put(book: Book, file: str, key: str, value: Any) -> None:
    if key in book.files:
        book.faults.append(Fault(file, key, f"{book.files[key]} says it already", "keep one of the two"))
        return
    book.files[key] = file
    table, _, name = key.partition(".")
    if name:
        book.tables.setdefault(table, {})[name] = value
    else:
        book.tables[table] = value


def _check_references(settings: Settings, book: Book) -> None:
    own = settings.newsroom.languages
    for name, channel in settings.channels.items():
        _check_languages(book, f"channels.{name}.languages", channel.languages, own, "the newsroom")
    for name, newsletter in settings.newsletters.items():
        at = f"newsletters.{name}"
        if newsletter.channel not in settings.channels:
            near = closest(newsletter.channel, settings.channels)
            book.blame(f"{at}.channel", f"there is no channel {newsletter.channel!r}", near)
            continue
        spoken = settings.languages_of(newsletter.channel)
        _check_languages(book, f"{at}.languages", newsletter.languages, spoken, newsletter.channel)
        for key, told in (("titles", newsletter.titles), ("sender_names", newsletter.sender_names)):
            _check_languages(book, f"{at}.{key}", tuple(told), settings.languages_in(name), name)
        said = objections(newsletter, settings.languages_in(name), settings.channels, settings.newsletters)
        for key, problem, instead in said:
            book.blame(f"{at}.{key}", problem, instead)
    for name, filtering in settings.filters.items():
        for wanted in filtering.channels:
            if wanted not in settings.channels:
                near = closest(wanted, settings.channels)
                book.blame(f"filters.{name}.channels", f"there is no channel {wanted!r}", near)
        if filtering.drop is None and filtering.keep is None:
            book.blame(f"filters.{name}", "it filters nothing", "write drop = {…} or keep = {…}")


def _check_languages(book: Book, key: str, told: Sequence[str], known: Sequence[str], whose: str) -> None:
    for language in told:
        if language not in known:
            book.blame(key, f"{whose} has no language {language!r}", f"write some of: {', '.join(known)}")


def secret_fields(model: type[BaseModel]) -> dict[str, bool]:
    """The model's secret fields, and whether they must be there."""
    return {
        name: told.is_required()
        for name, told in model.model_fields.items()
        if told.annotation is SecretStr or SecretStr in get_args(told.annotation)
    }


def _lists(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """The model's fields that are lists of tables, and what each table is."""
    found = {}
    for name, told in model.model_fields.items():
        inner = [one for one in get_args(told.annotation) if isinstance(one, type)]
        if get_origin(told.annotation) is tuple and inner and issubclass(inner[0], BaseModel):
            found[name] = inner[0]
    return found


def _tables(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """The model's fields that are tables with secrets in them."""
    return {
        name: told.annotation
        for name, told in model.model_fields.items()
        if isinstance(told.annotation, type)
        and issubclass(told.annotation, BaseModel)
        and (secret_fields(told.annotation) or _tables(told.annotation))
    }


def _named(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """The model's fields that are tables by a name of the newsroom's own, each with secrets."""
    found = {}
    for name, told in model.model_fields.items():
        inner = get_args(told.annotation)[1] if get_origin(told.annotation) is Mapping else None
        if isinstance(inner, type) and issubclass(inner, BaseModel) and secret_fields(inner):
            found[name] = inner
    return found


def _walk(model: type[BaseModel], places: Sequence[str]) -> tuple[type[BaseModel], str]:
    """The innermost model on the way to a key, and what is known of the key."""
    known = ""
    for place in places:
        told = model.model_fields.get(place)
        if told is None:
            continue  # a name in a mapping, or a number in a list
        known = told.description or ""
        inner = [one for one in (told.annotation, *get_args(told.annotation)) if isinstance(one, type)]
        model = next((one for one in inner if issubclass(one, BaseModel)), model)
    return model, known


def closest(name: str, names: Iterable[str]) -> str:
    """What may have been meant instead."""
    return str(near(name, names))


def _shown(told: object) -> str:
    shown = repr(told) if not isinstance(told, dict) else "a table"
    return shown if len(shown) <= 60 else f"{shown[:57]}…"
