"""What is done with readers. They are called by their numbers here: an address stands in no path and in no log."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from syndicator.model import Consent, Frequency, Role
from syndicator.register import Altered, Change

from . import answers
from .nouns import Actor, Reach, Told, Verb

if TYPE_CHECKING:
    from collections.abc import Iterable

    from syndicator.app import App
    from syndicator.register import Register

Number = Annotated[int, Field(ge=1, lt=2**63, description="the reader's number; it is never another's")]
Address = Annotated[str, Field(max_length=320, description="mail address")]
Newsletter = Annotated[str, Field(min_length=1, max_length=100, description="the newsletter")]


class Page(Told):
    """Which subscribers."""

    newsletter: str | None = Field(None, description="only those of whose wishes one is for it")
    consent: Consent | None = Field(None, description="and stands so")
    address: str | None = Field(None, max_length=320, description="only this one, however it is spelt")
    words: str = Field("", max_length=320, description="only some, whose address or name begins so")
    after: int = Field(0, ge=0, lt=2**63, description="begin after this number: the page's `next`")
    limit: int = Field(100, ge=1, le=1000, description="at most so many")


class Addition(Told):
    """A reader who consented; or, without `proof`, one who is mailed a confirmation."""

    address: Address
    newsletter: Newsletter
    language: str = Field(max_length=35, description="the reader's language")
    name: str = Field("", max_length=200, description="the reader's name; only with `proof`")
    proof: str | None = Field(None, max_length=500, description="where the consent comes from; it is kept")
    wording: str = Field("", max_length=5000, description="without `proof`: what they agreed to on your page")
    place: str = Field(
        "", max_length=64, description="without `proof`: their network address; it is cut short"
    )


class OfReader(Told):
    reader: Number


class Choice(Told):
    """What is chosen of one newsletter."""

    topics: list[str] | None = Field(None, description="only these; an empty list: all")
    frequency: Frequency | None = Field(None, description="how many editions")
    breaking: bool | None = Field(None, description="mails about one story, at once")


class Alteration(Told):
    """What is to be different; what is left out stays."""

    reader: Number
    name: str | None = Field(None, max_length=200, description="another name")
    language: str | None = Field(None, max_length=35, description="another language")
    zone: str | None = Field(
        None,
        max_length=64,
        description='where they live, such as "Europe/Berlin"; empty: the newsroom\'s zone',
    )
    rest_days: int | None = Field(None, ge=0, le=366, description="silence for so many days; 0 ends it")
    newsletters: dict[str, Choice] = Field(
        default_factory=dict, description="by name, of those that they have"
    )


class Ending(Told):
    reader: Number
    newsletter: Newsletter


class Suppression(Told):
    """Whom it is about, and why; the latter is written down."""

    address: str = Field(max_length=320, description="mail address; it need not be a reader's")
    why: str = Field(min_length=1, max_length=500, description="in your words")


def _register(newsroom: App) -> Register:
    return newsroom.circulation.register


def _list(newsroom: App, told: Page, actor: Actor) -> Any:
    if told.address is not None:
        return {"subscribers": [_register(newsroom).show(told.address)], "next": None}
    return _register(newsroom).page(**told.model_dump(exclude={"address"}))


def _add(newsroom: App, told: Addition, actor: Actor) -> Any:
    register, more = _register(newsroom), {"language": told.language, "by": actor.by}
    if told.proof is not None:
        register.add(told.address, told.newsletter, proof=told.proof, name=told.name, **more)
        return register.show(told.address)
    register.ask(told.address, told.newsletter, wording=told.wording, place=told.place, **more)
    return {"asked": True}


def _show(newsroom: App, told: OfReader, actor: Actor) -> Any:
    return _register(newsroom).show(_register(newsroom).address_of(told.reader))


def _change(newsroom: App, told: Alteration, actor: Actor) -> Any:
    register = _register(newsroom)
    address = register.address_of(told.reader)
    change = Change(
        name=told.name,
        language=told.language,
        zone=told.zone,
        rest=None if told.rest_days is None else timedelta(days=told.rest_days),
        newsletters={name: Altered(**one.model_dump()) for name, one in told.newsletters.items()},
    )
    register.change(address, change, by=actor.by)
    return register.show(address)


def _erase(newsroom: App, told: OfReader, actor: Actor) -> Any:
    _register(newsroom).erase(_register(newsroom).address_of(told.reader), by=actor.by)


def _remove(newsroom: App, told: Ending, actor: Actor) -> Any:
    _register(newsroom).leave(_register(newsroom).address_of(told.reader), told.newsletter, by=actor.by)


def _history(newsroom: App, told: OfReader, actor: Actor) -> Any:
    return _register(newsroom).history(_register(newsroom).address_of(told.reader))


def _data(newsroom: App, told: OfReader, actor: Actor) -> Any:
    return _register(newsroom).data(_register(newsroom).address_of(told.reader))


def _suppress(newsroom: App, told: Suppression, actor: Actor) -> Any:
    _register(newsroom).suppress(told.address, told.why, by=actor.by)


def _unsuppress(newsroom: App, told: Suppression, actor: Actor) -> Any:
    _register(newsroom).unsuppress(told.address, told.why, by=actor.by)


# Whoever's word counts on some channels only has to do with the readers of these.


def _channels(newsroom: App, newsletters: Iterable[str]) -> list[str]:
    """Those that newsletters go by, as far as they are still published."""
    known = newsroom.newsletters
    return sorted({known[name].door.id for name in newsletters if name in known})


def _of_page(newsroom: App, told: Page) -> Reach:
    if told.address is None and told.newsletter is None:
        return _of_everybody(newsroom, told)
    if told.address is not None:
        return _theirs(newsroom, _register(newsroom).show(told.address))
    return Reach(channels=_channels(newsroom, [told.newsletter or ""]))


def _of_everybody(newsroom: App, told: Told) -> Reach:
    return Reach(channels=_channels(newsroom, newsroom.newsletters))


def _of_addition(newsroom: App, told: Addition) -> Reach:
    return Reach(
        channels=[newsroom.newsstand.called(told.newsletter).door.id],
        languages=[told.language],
    )


def _of_reader(newsroom: App, told: Any) -> Reach:
    return _theirs(newsroom, _show(newsroom, told, Actor(by="", role=Role.VIEWER, face="")))


def _of_change(newsroom: App, told: Alteration) -> Reach:
    reach = _of_reader(newsroom, told)
    spoken = [*reach.languages, told.language or reach.languages[0]]
    return Reach(channels=reach.channels, languages=spoken)


def _theirs(newsroom: App, reader: dict[str, Any]) -> Reach:
    wishes = [one["newsletter"] for one in reader["subscriptions"]]
    return Reach(channels=_channels(newsroom, wishes), languages=[reader["language"]])


READ, WRITE = "subscribers:read", "subscribers:write"

VERBS = (
    Verb(
        name="subscribers list",
        says="Subscribers by their numbers, a page at a time.",
        role=Role.EDITOR,
        scope=READ,
        method="GET",
        path="/subscribers",
        takes=Page,
        answers=answers.Readers,
        act=_list,
        reach=_of_page,
    ),
    Verb(
        name="subscribers add",
        says="Add one who consented; without proof, mail a confirmation, with the same answer for every address.",
        role=Role.PUBLISHER,
        scope=WRITE,
        method="POST",
        path="/subscribers",
        takes=Addition,
        answers=answers.Reader | answers.Asked,
        act=_add,
        reach=_of_addition,
    ),
    Verb(
        name="subscribers show",
        says="A reader and their wishes.",
        role=Role.EDITOR,
        scope=READ,
        method="GET",
        path="/subscribers/{reader}",
        takes=OfReader,
        answers=answers.Reader,
        act=_show,
        reach=_of_reader,
    ),
    Verb(
        name="subscribers change",
        says="Change name, language, silence, topics, frequency. Another address only the reader can confirm.",
        role=Role.PUBLISHER,
        scope=WRITE,
        method="PATCH",
        path="/subscribers/{reader}",
        takes=Alteration,
        answers=answers.Reader,
        act=_change,
        reach=_of_change,
    ),
    Verb(
        name="subscribers erase",
        says="Forget a reader for good.",
        role=Role.ADMIN,
        scope="subscribers:erase",
        method="DELETE",
        path="/subscribers/{reader}",
        takes=OfReader,
        act=_erase,
        reach=_of_reader,
    ),
    Verb(
        name="subscribers remove",
        says="End a subscription; what waits for the reader does not go out any more.",
        role=Role.PUBLISHER,
        scope=WRITE,
        method="DELETE",
        path="/subscribers/{reader}/newsletters/{newsletter}",
        takes=Ending,
        act=_remove,
        reach=_of_reader,
    ),
    Verb(
        name="subscribers history",
        says="What became of each edition for this reader, and why.",
        role=Role.EDITOR,
        scope=READ,
        method="GET",
        path="/subscribers/{reader}/history",
        takes=OfReader,
        answers=answers.WhyNot,
        act=_history,
        reach=_of_reader,
    ),
    Verb(
        name="subscribers data",
        says="All that is known of a reader, for the reader who asks for it.",
        role=Role.EDITOR,
        scope=READ,
        method="GET",
        path="/subscribers/{reader}/data",
        takes=OfReader,
        answers=answers.Everything,
        act=_data,
        reach=_of_reader,
    ),
    Verb(
        name="subscribers suppress",
        says="No mail to this address any more, whoever imports it again.",
        role=Role.PUBLISHER,
        scope=WRITE,
        method="POST",
        path="/suppressions",
        takes=Suppression,
        act=_suppress,
        reach=_of_everybody,
    ),
    Verb(
        name="subscribers unsuppress",
        says="Take a suppression off; it subscribes nobody. Refused for one who called a mail spam.",
        role=Role.PUBLISHER,
        scope=WRITE,
        method="POST",
        path="/suppressions/lift",
        takes=Suppression,
        act=_unsuppress,
        reach=_of_everybody,
    ),
)
