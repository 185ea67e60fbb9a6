"""How an edition is made up: its lead, its sections with their quotas, its order, and no event twice. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .model import Article
from .text.likeness import Shingles, likeness, shingles

LEAD, REST, EARLIER = "lead", "rest", "earlier"  # sections that every edition may have


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of an edition."""

    name: str
    has: Callable[[Article], bool]
    titles: Mapping[str, str] = field(default_factory=dict)  # its heading, by language
    at_most: int = 100
    at_least: int = 0  # with fewer stories it has no place of its own; so many are kept for it


def _everything(article: Article) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A newsletter's rules."""

    sections: Sequence[Section] = ()
    rest: Section = Section(name=REST, has=_everything)
    maximum: int = 100  # stories
    order: str = "newest"  # or "oldest", "priority"
    lead: str = "first"  # of the first section that has any; or "newest", "priority"
    rank: Callable[[Article], int] = lambda article: 0  # smaller comes first where priority is asked for

    @property
    def titles(self) -> dict[str, Mapping[str, str]]:
        """Headings by section."""
        return {section.name: section.titles for section in (*self.sections, self.rest)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What an editor fixed for the next edition, by the ids of stories."""

    lead: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    order: tuple[str, ...] = ()  # these come first, in this order
    add: tuple[str, ...] = ()  # these are in it whatever the rules say
    subject: Mapping[str, str] = field(default_factory=dict)  # of the mail, by language
    preheader: Mapping[str, str] = field(
        default_factory=dict
    )  # what mail programs show beside it, by language

    @property
    def wanted(self) -> tuple[str, ...]:
        return (*self.lead, *self.order, *self.add)

    def stays(self, article: Article) -> int:
        """Its turn among those that an editor wants; the others come after them."""
        return self.wanted.index(article.id) if article.id in self.wanted else len(self.wanted)

    def place(self, article: Article) -> int:
        """Of a story among those an editor put in order; the others come after them."""
        wanted = (*self.lead, *self.order)
        return wanted.index(article.id) if article.id in wanted else len(wanted)


@dataclass(frozen=True, slots=True)
class Placed:
    """A story and the section it stands in."""

    article: Article
    under: str


@dataclass(frozen=True, slots=True)
class Copy:
    """A story that says what another one says."""

    article: Article
    of: Article
    likeness: float

    @property
    def why(self) -> str:
        return f"{self.likeness:.0%} of it is in {self.of.id[:8]} “{self.of.headline}”"


def compose(articles: Iterable[Article], layout: Layout, marks: Marks = Marks()) -> list[Placed]:
    """An edition of one language, from top to bottom: the lead, then each section, then the rest.

    What there is no room for is missing; an editor's stories are the last to go.
    """
    found = sorted(articles, key=lambda one: _worth(one, layout, marks))
    parts = _shared_out(found, layout, marks)
    chosen = _within(found, parts, layout, marks)
    lead = _lead(chosen, parts, layout, marks)
    placed = [Placed(lead, LEAD)] if lead else []
    for section in (*layout.sections, layout.rest):
        told = [one for one in parts[section.name] if one in chosen and one is not lead]
        placed += [Placed(one, section.name) for one in sorted(told, key=lambda a: _turn(a, layout, marks))]
    return placed


def copies(
    articles: Sequence[Article], carried: Iterable[Article], least: float, layout: Layout, marks: Marks
) -> list[Copy]:
    """The stories that say what another one of their language says: one carried before, one an editor wants, or the
    newer one. ``least`` is how alike they must be, 0 to 1; at 0 nothing is compared."""
    if not least:
        return []
    kept = [(one, _read(one)) for one in carried]
    found = []
    for article in sorted(articles, key=lambda one: _worth(one, layout, marks)):
        told = _read(article)
        same = [(likeness(told, seen), one) for one, seen in kept if one.language == article.language]
        most, other = max(same, key=lambda pair: pair[0], default=(0.0, article))
        if most >= least and article.id not in marks.wanted:
            found.append(Copy(article, other, most))
        else:
            kept.append((article, told))
    return found


def _read(article: Article) -> Shingles:
    return shingles((article.headline, *article.body))


def _newest_first(article: Article) -> tuple[float, str]:
    return -article.published_at.timestamp(), article.id


def _worth(article: Article, layout: Layout, marks: Marks) -> tuple[int, int, float, str]:
    """Who stays where there is too little room: smaller stays."""
    asked = "priority" in (layout.order, layout.lead)
    return marks.stays(article), layout.rank(article) if asked else 0, *_newest_first(article)


def _turn(article: Article, layout: Layout, marks: Marks) -> tuple[int, int, float, str]:
    """Who comes first within a section."""
    age, identity = _newest_first(article)
    rank = layout.rank(article) if layout.order == "priority" else 0
    return marks.place(article), rank, -age if layout.order == "oldest" else age, identity


def _shared_out(found: Sequence[Article], layout: Layout, marks: Marks) -> dict[str, list[Article]]:
    """The stories of each section, as many as it has room for; a section that is too thin leaves its to the rest."""
    parts: dict[str, list[Article]] = {section.name: [] for section in layout.sections}
    rest: list[Article] = []
    for article in found:
        fits = next((section.name for section in layout.sections if section.has(article)), None)
        (parts[fits] if fits else rest).append(article)
    for section in layout.sections:
        if len(parts[section.name]) < section.at_least:
            rest += parts[section.name]
            parts[section.name] = []
        parts[section.name] = parts[section.name][: section.at_most]
    rest.sort(key=lambda one: _worth(one, layout, marks))
    wanted = {*marks.wanted}
    asked = [one for one in rest if one.id in wanted]  # also where the rest has no room
    return parts | {layout.rest.name: rest[: max(layout.rest.at_most, len(asked))]}


def _within(
    found: Sequence[Article], parts: Mapping[str, Sequence[Article]], layout: Layout, marks: Marks
) -> list[Article]:
    """As many as the edition holds: an editor's first, then what is kept for each section, then the best of all."""
    placed = {one.id for part in parts.values() for one in part}
    wanted = {*marks.wanted}
    kept = [one for section in layout.sections for one in parts[section.name][: section.at_least]]
    asked = [one for one in found if one.id in wanted]
    turn = dict.fromkeys([one.id for one in (*asked, *kept, *found) if one.id in placed])
    by_id = {one.id: one for one in found}
    return [by_id[name] for name in [*turn][: layout.maximum]]


def _lead(
    chosen: Sequence[Article], parts: Mapping[str, Sequence[Article]], layout: Layout, marks: Marks
) -> Article | None:
    """An editor's mark, else by the newsletter's rule."""
    marked = [one for one in chosen if one.id in (*marks.lead, *marks.order)]
    if marked:
        return min(marked, key=lambda one: _worth(one, layout, marks))
    if not chosen or layout.lead == "newest":
        return min(chosen, key=_newest_first, default=None)
    if layout.lead == "priority":
        return min(chosen, key=lambda one: (layout.rank(one), *_newest_first(one)))
    first = next(part for part in parts.values() if any(one in chosen for one in part))
    return min((one for one in first if one in chosen), key=lambda one: _turn(one, layout, marks))
