"""A newsroom for measuring: subscribers written by SQL, an edition planned by the house itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text

from syndicator.app import App
from syndicator.model import (
    Article,
    ArticleId,
    Edition,
    EditionId,
    EditionKind,
    Language,
    Post,
    Story,
    Summary,
)
from syndicator.sandbox.smtp import SmtpStandIn
from syndicator.storage import archive, planning

from .letters import SENDER, SENTENCE

NOW = datetime.now(UTC)
ENVIRON = {"SYNDICATOR_SECRET_KEY": "k" * 32}

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
connections = {connections}
batch = {batch}
parallel = {parallel}
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
SEALED = "UPDATE editions SET sealed = '{\"states\": {\"sent\": 1}}', sealed_at = due_at WHERE id = 'printed'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where mail goes and how."""

    port: int
    host: str = "127.0.0.1"
    tls: str = "none"
    connections: int = 30
    batch: int = 500
    parallel: int = 1


def configure(folder: Path, relay: Relay, database: str = "sqlite:///bench.db") -> Path:
    path = folder / "syndicator.toml"
    path.write_text(
        CONFIGURATION.format(
            database=database,
            host=relay.host,
            port=relay.port,
            tls=relay.tls,
            sender=SENDER,
            connections=relay.connections,
            batch=relay.batch,
            parallel=relay.parallel,
        ),
        "utf-8",
    )
    return path


def opened(configuration: Path) -> App:
    return App.opened(configuration, ENVIRON)


def subscribe(app: App, many: int) -> None:
    """Confirmed readers 1 to ``many`` of the one newsletter; the database knows that they are many."""
    now = "'2026-01-01 00:00:00.000000'" if app.database.path else "TIMESTAMPTZ '2026-01-01 00:00:00+00'"
    with app.database.write() as connection:
        connection.execute(text(READERS.format(now=now)), {"many": many})
        connection.execute(text(WISHES))
        connection.execute(text("ANALYZE"))


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


def printed(app: App, stories: int, moment: datetime) -> None:
    """An older edition of so many stories, as it stands in the archive: sealed, with one reader who got it."""
    told = [_story(number, moment) for number in range(stories)]
    edition = Edition(
        id=EditionId("printed"),
        kind=EditionKind.DIGEST,
        language=Language("ckb"),
        due_at=moment,
        stories=tuple(told),
        title="Bench",
    )
    with app.database.write() as connection:
        for one in told:
            archive.record(connection, one.article, source="bench", now=moment, fresh=False)
        planning.add_edition(connection, edition, newsletter="evening", now=moment, by="bench")
        connection.execute(text(SEALED))


def _story(number: int, moment: datetime) -> Story:
    article = Article(
        id=ArticleId(f"story-{number}"),
        revision=1,
        url=f"https://bench.example.com/{number}",
        language=Language("ckb"),
        headline=SENTENCE[: 40 + number],
        body=(f"{number} {SENTENCE}",),
        published_at=moment,
    )
    return Story(article=article, summary=Summary(article=article.id, text=article.body[0], method="bench"))


def sent_size(post: Post) -> int:
    """Bytes of the post's mail as we send it, from its first header to before the dot."""
    with TemporaryDirectory() as told, SmtpStandIn() as smtp:
        with opened(configure(Path(told), Relay(port=smtp.port))) as app:
            subscribe(app, 1)
            plan(app, post)
            app.deliver("letters")
        return len(smtp.mails[0].raw)
