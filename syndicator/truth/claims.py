"""What stands against a sentence, once it is known which words of the article it was made of."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Self

from syndicator.model import Doubt, Finding

from .alignment import Alignment, Span
from .lexicon import Lexicon
from .tokens import Sentence, Token

_ASIDE = 5  # words of a clause that only comments on the one beside it
_NEAR = 3  # words: what was left out at an end changes what stands so near
_SHORT = 2  # words left out in the middle, so few that they must have limited what follows
_NAME = 5  # words of a name with its title
_BREAKS = 1  # places where a sentence may leave something out inside a clause
_WORDS = re.compile(r"[^\W\d_]+")
_FIGURE = "#@%"


@dataclass(frozen=True, slots=True)
class Ground:
    """What the whole article says: words, and what it quotes."""

    lexicon: Lexicon
    forms: frozenset[str]
    text: str  # all its words, each between blanks
    quotations: tuple[str, ...]

    @classmethod
    def of(cls, article: Sequence[Sentence], lexicon: Lexicon) -> Self:
        forms = frozenset(form for one in article for token in one.tokens for form in token.forms)
        quoted = tuple(_quoted(one, start, end) for one in article for start, end in one.quotations)
        return cls(lexicon, forms, _row(word for one in article for word in one.words), quoted)


def _row(words: Collection[str] | Iterator[str]) -> str:
    return f" {' '.join(words)} "


def _quoted(one: Sentence, start: int, end: int) -> str:
    return _row(token.word for token in one.tokens if start <= token.start < end)


@dataclass(frozen=True)
class Claim:
    told: Sentence
    alignment: Alignment
    ground: Ground

    @property
    def span(self) -> Span:
        return self.alignment.span

    @property
    def lexicon(self) -> Lexicon:
        return self.ground.lexicon

    @cached_property
    def kept(self) -> frozenset[int]:
        """Places in the source of words that were kept."""
        return frozenset(j for _, j in self.alignment.pairs)

    @cached_property
    def new(self) -> list[int]:
        """Places of words that were put in."""
        kept = {i for i, _ in self.alignment.pairs}
        return [i for i in range(len(self.told.tokens)) if i not in kept]

    @cached_property
    def gone(self) -> list[int]:
        """Places in the source of words that were left out."""
        return [j for j in range(len(self.span.tokens)) if j not in self.kept]

    @cached_property
    def clauses(self) -> frozenset[int]:
        """Of which something is kept that carries meaning."""
        small = self.lexicon.small
        return frozenset(self.span.clause[j] for j in self.kept if self.span.tokens[j].word not in small)

    def word(self, j: int) -> str:
        return self.span.tokens[j].word

    def changes(self, j: int) -> bool:
        """Whether a word that was left out bore on what was kept: it stood between, or beside it, or in a few words of
        their own before or behind it ("reportedly, ...")."""
        clause = self.span.clause[j]
        if clause not in self.clauses:
            begins = self.word(self.span.clause.index(clause))
            aside = self.span.clause.count(clause) <= _ASIDE and begins not in self.lexicon.joining
            return aside and bool({clause - 1, clause + 1} & self.clauses)
        mine = [k for k in self.kept if self.span.clause[k] == clause]
        return min(mine) < j < max(mine) or min(abs(k - j) for k in mine) <= _NEAR


def findings(claim: Claim) -> Iterator[Finding]:
    """What stands against it, the plainest first."""
    if _foreign(claim) or not claim.clauses:
        yield Finding(doubt=Doubt.SOURCE, words=claim.told.text, grave=True)
    yield from _put_in(claim)
    yield from _denied(claim)
    yield from _doubted(claim)
    yield from _limited(claim)
    yield from _attributed(claim)
    yield from _quotations(claim)
    yield from _pieces(claim)


def _foreign(claim: Claim) -> bool:
    """Whether most of its words are nowhere in the article."""
    mine = [one for one in claim.told.tokens if one.word not in claim.lexicon.small]
    return sum(one.forms.isdisjoint(claim.ground.forms) for one in mine) * 2 > len(mine)


def _put_in(claim: Claim) -> Iterator[Finding]:
    """Words that the source sentence does not have."""
    lexicon, names = claim.lexicon, _names(claim.told.text)
    gone = {form for j in claim.gone for form in claim.span.tokens[j].forms}
    for i in claim.new:
        token = claim.told.tokens[i]
        if _completes(claim, i):
            continue
        word, known = token.word, not token.forms.isdisjoint(claim.ground.forms)
        if word[0] in _FIGURE:
            yield Finding(doubt=Doubt.NUMBER, words=_said(claim.told, token), grave=not known)
        elif lexicon.has("negators", word) or lexicon.has("turning", word) or _verb_turned(claim, word):
            yield Finding(doubt=Doubt.NEGATION, words=word, grave=True)
        elif _opposed(claim, word):
            yield Finding(doubt=Doubt.OPPOSITE, words=word, grave=True)
        elif lexicon.has("hedges", word):
            yield Finding(doubt=Doubt.HEDGE, words=word)
        elif lexicon.has("limits", word) or lexicon.has("relations", word):
            yield Finding(doubt=Doubt.LIMIT, words=word)
        elif word in names:
            yield Finding(doubt=Doubt.NAME, words=_said(claim.told, token), grave=not known)
        elif word not in lexicon.free and not lexicon.has("speaking", word):
            yield Finding(doubt=Doubt.WORD if token.forms.isdisjoint(gone) else Doubt.ORDER, words=word)


def _completes(claim: Claim, i: int) -> bool:
    """Whether a word only completes a name as the article has it elsewhere: nothing stood in its place."""
    words, mine = claim.told.words, claim.told.tokens[i].forms
    if (
        claim.lexicon.has("turns", words[i])
        or sum(not mine.isdisjoint(one.forms) for one in claim.told.tokens) > 1
    ):
        return False
    places = dict(claim.alignment.pairs)
    before = max((one for one in places if one < i), default=None)
    after = min((one for one in places if one > i), default=None)
    start = -1 if before is None else places[before]
    if _left_out(claim, start, places[after] if after is not None else _clause_end(claim, start)):
        return False
    phrases = [words[i : after + 1] if after else (), words[before : i + 1] if before is not None else ()]
    return any(1 < len(one) <= _SHORT + 1 and _row(one) in claim.ground.text for one in phrases)


def _clause_end(claim: Claim, j: int) -> int:
    """The place behind the clause that a word stands in."""
    return next(k + 1 for k in range(max(j, 0), len(claim.span.closes)) if claim.span.closes[k])


def _said(told: Sentence, token: Token) -> str:
    return told.plain[token.start : token.end]


def _names(text: str) -> frozenset[str]:
    """Words in capitals; the first of the sentence where the next is one, too."""
    first, *rest = _WORDS.findall(text) or [""]
    if rest[:1] and rest[0][0].isupper():
        rest = [first, *rest]
    return frozenset(word.casefold() for word in rest if word[:1].isupper())


def _verb_turned(claim: Claim, word: str) -> bool:
    """Whether Sorani denies with this verb what the source affirms, or the other way round."""
    gone = {claim.word(j) for j in claim.gone}
    return any(
        (word.startswith(no) and yes + word.removeprefix(no) in gone)
        or (word.startswith(yes) and no + word.removeprefix(yes) in gone)
        for no, yes in claim.lexicon.no_prefixes
    )


def _opposed(claim: Claim, word: str) -> bool:
    gone = {claim.word(j) for j in claim.gone}
    return any(
        (word in one and gone & other) or (word in other and gone & one)
        for one, other in claim.lexicon.opposites
    )


def _denied(claim: Claim) -> Iterator[Finding]:
    lexicon = claim.lexicon
    for j in claim.gone:
        word = claim.word(j)
        before = lexicon.verb_last or j < max(
            claim.kept
        )  # else it denies what follows, and that is gone, too
        if (lexicon.has("negators", word) or lexicon.has("turning", word)) and before and claim.changes(j):
            yield Finding(doubt=Doubt.NEGATION, words=word, grave=True)


def _doubted(claim: Claim) -> Iterator[Finding]:
    for j in claim.gone:
        if claim.lexicon.has("hedges", claim.word(j)) and claim.changes(j):
            yield Finding(doubt=Doubt.HEDGE, words=claim.word(j))


def _limited(claim: Claim) -> Iterator[Finding]:
    """A limit bears on what follows it at once, a relation on what stands on both sides of it."""
    for j in claim.gone:
        word, kept = claim.word(j), claim.kept
        before = any(k in kept for k in range(j - _SHORT, j))
        after = any(
            k in kept and claim.span.clause[k] == claim.span.clause[j] for k in range(j + 1, j + 1 + _SHORT)
        )
        if after and (claim.lexicon.has("limits", word) or (before and claim.lexicon.has("relations", word))):
            yield Finding(doubt=Doubt.LIMIT, words=word)


def _attributed(claim: Claim) -> Iterator[Finding]:
    put_in = [word for i in claim.new if _speaks(claim, word := claim.told.tokens[i].word)]
    left_out = [j for j in claim.gone if _speaks(claim, claim.word(j))]
    gone = [claim.word(j) for j in left_out if _bears(claim, j)]
    if len(gone) > len(put_in):
        yield Finding(doubt=Doubt.ATTRIBUTION, words=" ".join(gone))
    elif put_in and not left_out:
        yield Finding(doubt=Doubt.ATTRIBUTION, words=" ".join(put_in), grave=True)


def _speaks(claim: Claim, word: str) -> bool:
    return claim.lexicon.has("speaking", word)


def _bears(claim: Claim, j: int) -> bool:
    """Whether a speaker who was left out spoke for what was kept: in the same clause, or in one beside it."""
    clause, sentence_of = claim.span.clause[j], claim.span.sentence[j]
    if clause in claim.clauses:
        return True
    beside = {claim.span.clause[k] for k in claim.kept if claim.span.sentence[k] == sentence_of}
    begins = claim.word(claim.span.clause.index(clause))
    near = {clause + 1} if begins in claim.lexicon.joining else {clause - 1, clause + 1}
    return bool(beside & claim.clauses & near)


def _quotations(claim: Claim) -> Iterator[Finding]:
    for start, end in claim.told.quotations:
        words = _quoted(claim.told, start, end)
        if words.strip() and not any(words in one for one in claim.ground.quotations):
            yield Finding(
                doubt=Doubt.QUOTATION,
                words=claim.told.plain[start:end].strip(),
                grave=words not in claim.ground.text,
            )
    if _unquoted(claim):
        yield Finding(doubt=Doubt.QUOTATION, words=_unquoted(claim))


def _unquoted(claim: Claim) -> str:
    """Words that somebody else is quoted with there, and that the summary says as its own."""
    if any(_speaks(claim, token.word) for token in claim.told.tokens):
        return ""
    inside = [
        claim.told.tokens[i].word
        for i, j in claim.alignment.pairs
        if claim.span.quoted[j]
        and claim.told.tokens[i].word not in claim.lexicon.small
        and not any(start <= claim.told.tokens[i].start < end for start, end in claim.told.quotations)
    ]
    return " ".join(inside)


def _pieces(claim: Claim) -> Iterator[Finding]:
    """Pieces of two sentences, or too many of one, are a new claim."""
    if _joined(claim) or _breaks(claim) > _BREAKS:
        yield Finding(doubt=Doubt.FUSED)


def _joined(claim: Claim) -> bool:
    """Whether two sentences were joined that do not follow each other word for word, nor by a name for its pronoun."""
    for (_, j), (_, k) in pairwise(claim.alignment.pairs):
        if claim.span.sentence[j] != claim.span.sentence[k]:
            return bool(_left_out(claim, j, k)) and not _named(claim, j, k)
    return False


def _left_out(claim: Claim, j: int, k: int) -> list[str]:
    """Words that carry meaning and were left out between two that were kept."""
    between = (claim.word(one) for one in range(j + 1, k))
    return [word for word in between if word not in claim.lexicon.small]


def _named(claim: Claim, j: int, k: int) -> bool:
    """Whether the name that begins one sentence stands for the pronoun, or the name, that begins the next."""
    small, begin = claim.lexicon.small, claim.span.sentence.index(claim.span.sentence[k])
    name = [one for one in claim.kept if one <= j and claim.word(one) not in small]
    if not name or max(name) >= _NAME or max(name) >= len(name) + _SHORT or k - begin > _SHORT:
        return False
    again = claim.lexicon.pronouns | {claim.word(one) for one in name}
    return any(claim.word(one) in again for one in range(begin, k))


def _breaks(claim: Claim) -> int:
    """How often something was left out inside a clause."""
    return sum(
        bool(_left_out(claim, j, k)) and not (claim.span.closes[j] and claim.span.closes[k - 1])
        for (_, j), (_, k) in pairwise(claim.alignment.pairs)
        if claim.span.sentence[j] == claim.span.sentence[k]
    )
