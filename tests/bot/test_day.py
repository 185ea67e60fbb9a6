"""An editor's day by the bot, in Sorani: a story comes in, is looked at, pushed, doubted, stopped and let go."""

from __future__ import annotations

from pathlib import Path

import pytest

from syndicator.model import Role
from syndicator.sandbox.faults import Fault
from syndicator.storage.database import Database
from syndicator.text.direction import RLM

from .house import house

WORDS = {
    "ckb": {
        "push": "بینێرە…", "preview": "پێشبینین", "now": "ئێستا بینێرە", "pushed": "ناردی", "there": "لەوێیە",
        "go on": "با بەردەوام بێت", "quiet": "هیچ شتێک پێویستی بە تۆ نییە",
    },
    "en": {
        "push": "Push…", "preview": "Preview", "now": "Push now", "pushed": "Pushed by", "there": "It is there",
        "go on": "Let it go on", "quiet": "Nothing needs you",
    },
}  # fmt: skip


@pytest.mark.parametrize("language", ["ckb", "en"])
def test_a_day(tmp_path: Path, database: Database, language: str) -> None:
    said = WORDS[language]
    channel = f"tg-{language}"
    with house(tmp_path, database.url) as newsroom:
        ara = newsroom.joins(41, "ara", Role.PUBLISHER, language)
        newsroom.asks(ara, "/start")
        newsroom.asks(ara, "/alerts on")
        assert said["quiet"] in newsroom.asks(ara, "/today").text
        newsroom.publish(6)

        latest = newsroom.asks(ara, f"/latest {language}")
        story = newsroom.app.ledger.articles(language=language).articles[0]
        assert story.headline in latest.text
        newsroom.press(ara, "1", latest)
        newsroom.press(ara, said["push"])
        newsroom.press(ara, channel)
        newsroom.press(ara, said["preview"])
        newsroom.press(ara, said["now"])
        assert said["pushed"] in ara.heard[-1].text
        newsroom.app.deliver_due()
        (post,) = newsroom.telegram.messages(f"@courier_{language}")
        assert post.text == ara.heard[-2].text

        answer = newsroom.asks(ara, "/story", reply_to=ara.heard[-1].id)
        assert story.headline in answer.text and f"● {channel}" in answer.text
        other = newsroom.app.ledger.articles(language=language).articles[1]
        newsroom.asks(ara, f"/push {other.id} {channel}")
        newsroom.press(ara, said["now"])
        newsroom.telegram.faults.coming(Fault.DROP_AFTER_ACCEPT)
        newsroom.app.deliver_due()
        newsroom.later(minutes=11)
        assert newsroom.bot.desk.tell() == 1
        newsroom.press(ara, said["there"])

        newsroom.asks(ara, "/pause")
        newsroom.press(ara, said["go on"])
        assert said["quiet"] in newsroom.asks(ara, "/today").text
        states = newsroom.app.ledger.standing()["channels"][channel]
        assert states == {"sent": 2}
        if language == "ckb":
            ours = [
                one for one in ara.heard if other.headline not in one.text and story.headline not in one.text
            ]
            assert all(line.startswith(RLM) for one in ours for line in one.text.splitlines() if line)
