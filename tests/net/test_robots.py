import asyncio
from time import thread_time

import pytest
from yarl import URL

from syndicator.errors import SourceError
from syndicator.net.robots import Robots, allows, rules
from syndicator.ports import Answer

TXT = """
# for everybody
User-agent: *
Disallow: /private
Allow: /private/press
Disallow: /*.pdf$
Disallow: /search*q=

User-agent: Friend
User-agent: Syndicator   # us
Disallow: /drafts
Allow:

Sitemap: https://news.example/sitemap.xml
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", True),
        ("/private", False),
        ("/privateer", False),
        ("/private/press/1", True),
        ("/a/b.pdf", False),
        ("/a/b.pdf?x", True),
        ("/search?a=1&q=rain", False),
        ("/search", True),
        ("/drafts", True),
    ],
)
def test_the_longest_rule_decides(path: str, allowed: bool) -> None:  # noqa: FBT001
    assert allows(rules(TXT, "somebody"), path) is allowed


def test_a_group_that_names_us_is_all_that_counts() -> None:
    assert [allows(rules(TXT), path) for path in ("/private", "/drafts/1")] == [True, False]
    assert allows(rules("Disallow: /"), "/")  # of nobody
    assert allows(rules("User-agent: *\nDisallow:"), "/")
    assert not allows(rules("user-agent:*\ndisallow:/\nUser-agent: Other\nAllow: /"), "/x")


def test_a_pattern_is_no_bomb() -> None:
    begun = thread_time()
    told = rules("User-agent: *\n" + ("Disallow: /" + "*a" * 1000 + "b$\n") * 20)
    assert allows(told, "/" + "a" * 5000)
    assert thread_time() - begun < 2


def asked(*answers: Answer | SourceError) -> tuple[list[bool | str], int]:
    """What is allowed of one page, asked for once for each answer that its host has."""
    left = list(answers)

    async def ask(url: str) -> Answer:
        assert url == "https://news.example/robots.txt"
        told = left.pop(0)
        if isinstance(told, SourceError):
            raise told
        return told

    async def everything() -> list[bool | str]:
        robots, found = Robots(ask), []
        for _ in answers:
            try:
                found.append(await robots.allow(URL("https://news.example/private")))
            except SourceError as error:
                found.append(str(error))
        return found

    return asyncio.run(everything()), len(left)


def answer(status: int, body: str = "") -> Answer:
    return Answer(status=status, url="", headers={}, body=body.encode())


def test_a_host_is_asked_once_and_again_when_it_could_not_say() -> None:
    assert asked(answer(200, TXT.replace("Syndicator", "Other")), answer(404)) == ([False, False], 1)
    assert asked(answer(404)) == ([True], 0)
    found, left = asked(answer(503), SourceError("no answer"), answer(200, ""))
    assert found == [
        "https://news.example/robots.txt: the server answers HTTP 503, so no page is read now",
        "no answer",
        True,
    ]
    assert left == 0
