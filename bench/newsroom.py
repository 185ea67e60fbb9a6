"""A newsroom for measuring: subscribers written by SQL, one edition of an exact size, planned by the house itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import text

from syndicator.app import App
from syndicator.channels.email import EmailChannel
from syndicator.model import ChannelId, Edition, EditionId, EditionKind, Language, Post, blank
from syndicator.storage import planning

NOW = datetime.now(UTC)
ENVIRON = {"SYNDICATOR_SECRET_KEY": "k" * 32}
SENTENCE = "ئەنجومەنی شار بڕیاری لەسەر نۆژەنکردنەوەی پردی کۆن دا و کارەکان لە مانگی داهاتوو دەست پێ دەکەن. "
SENDER = "news@bench.example.com"

CONFIGURATION = """
[newsroom]
name = "Bench"
url = "https://bench.example.com"
languages = ["ckb"]
timezone = "Asia/Baghdad"
[network]
private_allowed = ["127.0.0.1"]
[database]
url = "{database}"
[channels.letters]
kind = "email"
host = "{host}"
port = {port}
tls = "{tls}"
sender = "{sender}"
{more}
[newsletters.evening]
channel = "letters"
timetable = "0 7 * * *"
titles = {{ ckb = "پوختە" }}
"""

READERS = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :many)
INSERT INTO subscribers (id, address, address_key, name, language, timezone, since)
SELECT n, 'reader' || n || '@mail.example', 'reader' || n || '@mail.example', 'Reader ' || n, 'ckb',
       'Asia/Baghdad', {now} FROM numbers
"""
WISHES = """
INSERT INTO subscriptions (subscriber, newsletter, consent, since, proof)
SELECT id, 'evening', 'given', since, 'bench' FROM subscribers
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where mail goes and how."""

    port: int
    host: str = "127.0.0.1"
    tls: str = "none"
    connections: int = 10
    batch: int | None = None
    parallel: int = 1


def configure(folder: Path, relay: Relay, database: str = "sqlite:///bench.db") -> Path:
    """Write the configuration; settings that the channel does not have yet are left out."""
    more = [f"parallel = {relay.parallel}"]
    if "connections" in EmailChannel.Settings.model_fields:
        more.append(f"connections = {relay.connections}")
    if relay.batch:
        more.append(f"batch = {relay.batch}")
    path = folder / "syndicator.toml"
    path.write_text(
        CONFIGURATION.format(
            database=database,
            host=relay.host,
            port=relay.port,
            tls=relay.tls,
            sender=SENDER,
            more="\n".join(more),
        ),
        "utf-8",
    )
    return path


def opened(configuration: Path) -> App:
    return App.opened(configuration, ENVIRON)


def subscribe(app: App, many: int) -> None:
    """Confirmed readers 1 to ``many`` of the one newsletter."""
    now = "'2026-01-01 00:00:00.000000'" if app.database.path else "TIMESTAMPTZ '2026-01-01 00:00:00+00'"
    with app.database.write() as connection:
        connection.execute(text(READERS.format(now=now)), {"many": many})
        connection.execute(text(WISHES))


def plan(app: App, post: Post) -> int:
    """Plan the post for every reader, as the desk does; how many deliveries there are."""
    edition = Edition(
        id=post.edition,
        kind=EditionKind.DIGEST,
        language=post.language,
        due_at=NOW,
        stories=(),
        title="Bench",
    )
    with app.database.write() as connection:
        planning.add_edition(connection, edition, newsletter="evening", now=NOW, by="bench")
        planning.add_posts(connection, [post])
        return planning.add_readers(
            connection,
            post.edition,
            post.channel,
            "evening",
            planning.Audience(posts={post.language: post.id}),
            due_at=NOW - timedelta(minutes=1),
            not_after=NOW + timedelta(days=1),
            urgency=2,
        )


def post_of(size: int, edition: str = "bench") -> Post:
    """A post whose mail has ``size`` bytes on the wire, as near below as whole paragraphs' letters allow."""
    low, high = 1, size
    while low < high - 1:
        middle = (low + high) // 2
        low, high = (middle, high) if wire_size(_post(middle, edition)) <= size else (low, middle)
    return _post(low, edition)


def _post(letters: int, edition: str) -> Post:
    words = (SENTENCE * (letters // len(SENTENCE) + 1))[:letters]
    lines = "\n".join(words[at : at + 400] for at in range(0, letters, 400))
    return Post(
        id=f"{edition}:letters:ckb:0",
        edition=EditionId(edition),
        channel=ChannelId("letters"),
        language=Language("ckb"),
        variant="ckb",
        subject="پوختەی ئێوارە",
        text=f"{blank('name')}\n{lines[: letters // 3]}\n{blank('leave_url')}\n",
        html=f'<html><body dir="rtl"><p>{lines}</p><a href="{blank("leave_url")}">×</a></body></html>',
        headers={
            "List-Id": "<evening.bench.example.com>",
            "List-Unsubscribe": f"<{blank('leave_url')}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


def wire_size(post: Post) -> int:
    return len(mail(post, 1).as_bytes(policy=policy.SMTP))


def mail(post: Post, number: int) -> EmailMessage:
    """The post for one reader as anybody would write it with the standard library."""
    told = {"name": f"Reader {number}", "leave_url": f"https://bench.example.com/leave/{number:048x}"}
    made = EmailMessage(policy=policy.SMTP)
    made["From"], made["To"] = SENDER, f"reader{number}@mail.example"
    made["Subject"], made["Message-ID"] = post.subject, f"<{number:032x}@bench.example.com>"
    for name, value in post.headers.items():
        made[name] = _filled(value, told)
    made.set_content(_filled(post.text, told), cte="base64")
    made.add_alternative(_filled(post.html or "", told), subtype="html", cte="base64")
    return made


def _filled(words: str, told: dict[str, str]) -> str:
    for name, value in told.items():
        words = words.replace(blank(name), value)
    return words
