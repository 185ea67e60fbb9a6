"""Variants of an edition: for who chose topics, and for who has not had the editions before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from syndicator.errors import TemplateError
from syndicator.letters import VARIANTS
from syndicator.model import Edition, Post, Story
from syndicator.storage.planning import Group

from .nouns import Door, Newsletter


class Variants:
    """``put_off`` are the stories of earlier editions, by the first edition that a reader missed; ``flashed`` those of
    this one that were sent at once, in the order of a group's ``had``."""

    def __init__(
        self,
        newsletter: Newsletter,
        write: Callable[[Edition, Door, Newsletter | None], Sequence[Post]],
        put_off: Mapping[str, Sequence[Story]],
        flashed: Sequence[str] = (),
    ) -> None:
        self._newsletter = newsletter
        self._write = write
        self._put_off = put_off
        self._flashed = flashed
        self.faults: list[str] = []
        self.caught_up: list[Story] = []  # stories of earlier editions that some variant holds

    def written(
        self, editions: Sequence[tuple[Edition, Post]], groups: Mapping[Group, int]
    ) -> dict[Group, Post | None]:
        """For each group of readers that does not get all of the edition and no more: its post, None where no story is
        left. Groups with the same stories share a post.

        At most 256 posts: the groups with the most readers have their own, and those who chose topics come before those
        who missed something. Who is beyond that gets the edition without what they missed, or with all topics; so does
        who would get a post that cannot be written. Both are told.
        """
        found: dict[Group, Post | None] = {}
        posts: dict[tuple[Story, ...], Post | None] = {(): None}
        room, beyond = VARIANTS - len(editions), Counter[str]()
        by_language = {str(edition.language): (edition, post) for edition, post in editions}
        for group in sorted(groups, key=lambda one: (bool(one.missed), -groups[one], one)):
            if group.language not in by_language:
                continue
            edition, whole = by_language[group.language]
            stories = self._stories(edition, group)
            if stories == edition.stories:
                continue
            if stories not in posts and len(posts) > room:
                beyond[group.language] += groups[group]
            elif stories not in posts:
                posts[stories] = self._post(edition, stories, group) or whole
            if stories not in posts:
                found[group] = found.get(group._replace(missed=""), whole)
            elif posts[stories] is not whole:
                found[group] = posts[stories]
        for language, readers in beyond.items():
            self.faults.append(
                f"{editions[0][0].id} in {language}: more than {VARIANTS} variants; {readers} readers get it without "
                "what they missed, with all topics, or with what they had at once"
            )
        return found

    def _stories(self, edition: Edition, group: Group) -> tuple[Story, ...]:
        """The edition's, of the topics that were chosen; then those of editions that were put off, the newest first."""
        chosen = group.topics.split(",") if group.topics else []
        had = {one for one, mark in zip(self._flashed, group.had, strict=False) if mark == "1"}
        news = [story for story in edition.stories if story.article.id not in had]
        new = self._newsletter.of_topics(news, chosen)
        ids = {story.article.id for story in new}
        earlier = [
            story
            for story in self._put_off.get(group.missed, ())
            if story.article.language == group.language and story.article.id not in ids
        ]
        return *new, *self._newsletter.of_topics(earlier, chosen)[: self._newsletter.catch_up]

    def _post(self, edition: Edition, stories: tuple[Story, ...], group: Group) -> Post | None:
        since = group.missed.partition(f"digest:{self._newsletter.name}:")[2]
        had = "had" + group.had if "1" in group.had else ""
        told = "+".join(filter(None, (group.topics, since, had)))
        try:
            (post,) = self._write(replace(edition, stories=stories), self._newsletter.door, self._newsletter)
        except TemplateError as error:
            self.faults.append(f"{edition.id} in {edition.language}, of {told}: {error}")
            return None
        self.caught_up += [story for story in stories if story not in edition.stories]
        return replace(post, id=f"{post.id}+{told}", variant=f"{edition.language}+{told}")
