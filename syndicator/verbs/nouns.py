"""What a verb is, who acts, and whether they may: decided here, once for all faces."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from syndicator.errors import Forbidden, Refused, sentence
from syndicator.model import Person, Role

if TYPE_CHECKING:
    from syndicator.app import App


class Told(BaseModel):
    """What a verb takes; whatever else is told is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="after")
    def _can_be_kept(self) -> Self:
        if any("\0" in text for text in _texts(list(self.__dict__.values()))):
            raise ValueError("a text holds a NUL character, which no database keeps")
        return self


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _texts(one)


NOT_ON_CHANNEL = sentence("{by} may not act on the channel {name}; {known} are theirs")
NOT_IN_LANGUAGE = sentence("{by} may not act on the language {name}; {known} are theirs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, through which face, and where their word counts."""

    by: str  # as the audit trail names them: "ara", "key:crm", "operator"
    role: Role
    face: str  # console, bot, api, command line
    channels: frozenset[str] = frozenset()  # empty: all
    languages: frozenset[str] = frozenset()  # empty: all

    @classmethod
    def of(cls, person: Person, face: str) -> Actor:
        return cls(
            by=person.name,
            role=person.role,
            face=face,
            channels=person.channels,
            languages=person.languages,
        )

    def check(self, *, channels: Sequence[str] = (), languages: Sequence[str] = ()) -> None:
        """Raises :exc:`Forbidden` for a channel or a language that is not theirs."""
        for said, theirs, touched in (
            (NOT_ON_CHANNEL, self.channels, channels),
            (NOT_IN_LANGUAGE, self.languages, languages),
        ):
            for one in touched if theirs else ():
                if one not in theirs:
                    raise Forbidden(said, by=self.by, name=one, known=", ".join(sorted(theirs)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What an order touches: the channels it sends to or stops, the languages of its stories."""

    channels: Sequence[str] = ()
    languages: Sequence[str] = ()


Act = Callable[["App", Any, Actor], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    name: str  # as on the command line: "push", "newsletter compose"
    says: str  # one sentence
    role: Role  # the weakest that may
    scope: str  # of a program's key
    method: str  # GET changes nothing
    path: str  # under /api/v1; {fields} of `takes`
    act: Act = field(repr=False)
    takes: type[Told] = Told
    reach: Callable[[App, Any], Reach] = field(default=lambda newsroom, told: Reach(), repr=False)
    answers: Any = None  # the type of what came of it; None: nothing comes of it

    @property
    def slug(self) -> str:
        """As addresses have it: newsletter-compose."""
        return self.name.replace(" ", "-")

    @property
    def status(self) -> int:
        """Of the API's answer."""
        return 200 if self.answers else 204

    @property
    def reads(self) -> bool:
        return self.method == "GET"


class Unfit(Refused):
    """What was told does not fit the verb."""

    def __init__(self, name: str, faults: Sequence[tuple[str, str]]) -> None:
        self.faults = tuple(faults)  # field, and what is wrong with it
        super().__init__("\n".join(f"{name}: {field}: {what}" for field, what in faults))

    def spoken(self, translated: Callable[[str], str], shown: Callable[[str], str] = str) -> str:
        return "\n".join(
            f"{translated(field.replace('_', ' '))}: {translated(what)}" for field, what in self.faults
        )


def fitted(verb: Verb, told: Mapping[str, Any]) -> Told:
    """What a program told, field by field of JSON's own kinds: "7" is no number. Raises :exc:`Unfit`."""
    try:
        return verb.takes.model_validate_json(json.dumps(dict(told)), strict=True)
    except ValidationError as error:
        raise _unfit(verb, error) from error


def perform(newsroom: App, verb: Verb, told: Mapping[str, Any] | Told, actor: Actor) -> Any:
    """What came of it, as JSON has it; of a form or a chat "7" is a number.

    Raises :exc:`Forbidden`, :exc:`Unfit`, and what the verb itself raises.
    """
    return verb.act(newsroom, checked(newsroom, verb, told, actor), actor)


def checked(newsroom: App, verb: Verb, told: Mapping[str, Any] | Told, actor: Actor) -> Told:
    """What was told, understood, where they may do it; nothing is done yet. Raises as :func:`perform` does."""
    if not actor.role.covers(verb.role):
        raise Forbidden(
            "{verb} is for a {role}; {by} is a {theirs}",
            verb=verb.name,
            role=verb.role,
            by=actor.by,
            theirs=actor.role,
        )
    try:
        understood = told if isinstance(told, verb.takes) else verb.takes.model_validate(dict(told))
    except ValidationError as error:
        raise _unfit(verb, error) from error
    reach = verb.reach(newsroom, understood)
    actor.check(channels=reach.channels, languages=reach.languages)
    return understood


def _unfit(verb: Verb, error: ValidationError) -> Unfit:
    return Unfit(verb.name, [_fault(one) for one in error.errors()])


def _fault(error: Any) -> tuple[str, str]:
    return ".".join(map(str, error["loc"])) or "it", str(error["msg"])
