"""The commands as an operator types them, each in a process of its own."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from syndicator.cli import main
from syndicator.cli.common import Redaction
from syndicator.sandbox.faults import Fault
from syndicator.sandbox.world import Sandbox
from syndicator.wiring import examine, utc_now

COMMANDS = (
    "init check doctor ingest compile deliver reconcile run articles show preview push status deliveries subscribers "
    "correct corrections retract sandbox demo pause resume migrate prune backup restore db bounce bounces newsletter "
    "key hold lift audit user edit edits move cancel approvals approve decline calendar"
).split()


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def syndicator(*words: str, stdin: str | None = None, cwd: Path | None = None) -> Done:
    """In this process where nothing is asked, else in one of its own."""
    if stdin is not None or cwd is not None:
        command = [sys.executable, "-m", "syndicator", *words]
        done = subprocess.run(
            command, input=stdin or "", capture_output=True, text=True, check=False, cwd=cwd
        )
        return Done(done.returncode, done.stdout, done.stderr)
    out, complaints = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(complaints), pytest.raises(SystemExit) as left:
        main(words)
    assert isinstance(left.value.code, int)
    return Done(left.value.code, out.getvalue(), complaints.getvalue())


def told(*words: str) -> dict[str, object]:
    done = syndicator(*words, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Sandbox, str]]:
    with Sandbox(now=utc_now) as sandbox:
        yield sandbox, str(sandbox.configure(tmp_path))


def test_every_command_has_help_with_an_example() -> None:
    assert syndicator("--help").returncode == 0
    for command in COMMANDS:
        said = syndicator(command, "--help").stdout
        assert "Example:" in said or command in {"subscribers", "db", "newsletter", "key", "user"}, command


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    code = (
        "import sys\nfrom syndicator.cli import app\n"
        "try: app(['--help'], standalone_mode=False)\nexcept SystemExit: pass\n"
        "heavy = {'tweepy', 'telegram', 'sqlalchemy', 'feedparser', 'trafilatura', 'apscheduler', 'jinja2', 'httpx'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_init_writes_a_configuration_that_is_fine(tmp_path: Path) -> None:
    done = syndicator("init", "newsroom", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    path = tmp_path / "newsroom" / "syndicator.toml"
    assert tomllib.loads(path.read_text("utf-8"))["newsroom"]["name"] == "My Newsroom"
    key = tmp_path / "newsroom" / "secrets" / "SYNDICATOR_SECRET_KEY"
    assert key.stat().st_mode & 0o777 == 0o600
    assert syndicator("check", "-c", str(path)).stdout.startswith("fine: 1 sources, 1 channels")
    assert "syndicator.db" not in {one.name for one in path.parent.iterdir()}
    again = syndicator("init", "newsroom", cwd=tmp_path)
    assert again.returncode == 1
    assert "is there already" in again.stderr


def test_check_says_everything_that_is_wrong(world: tuple[Sandbox, str]) -> None:
    _, config = world
    path = Path(config)
    text = path.read_text("utf-8").replace('chat = "@courier_en"', 'chat = "courier en"')
    text = text.replace('kind = "x"', 'kind = "twitter"').replace("0 18 * * *", "0 38 * * *")
    path.write_text(text.replace('channel = "letters"', 'channel = "tg-en"'), "utf-8")
    (path.parent / "secrets" / "SYNDICATOR_CHANNELS_TG_AR_TOKEN").unlink()
    done = syndicator("check", "-c", config)
    assert done.returncode == 2
    assert done.stdout == ""
    faults = done.stderr.splitlines()
    assert any("channels.tg-en.chat: 'courier en' is not right" in one for one in faults)
    assert any("channels.x.kind: no channel is called 'twitter'" in one for one in faults)
    assert any(
        "channels.tg-ar.token: the secret is missing; set SYNDICATOR_CHANNELS_TG_AR_TOKEN" in one
        for one in faults
    )
    assert all(one.startswith(("syndicator.toml: ", "(environment): ")) for one in faults)
    answer = json.loads(syndicator("check", "-c", config, "--json").stdout)
    assert answer["ok"] is False
    assert len(answer["faults"]) == len(faults)


def test_missing_secret_stops_every_command_with_one_clear_error(world: tuple[Sandbox, str]) -> None:
    _, config = world
    (Path(config).parent / "secrets" / "SYNDICATOR_SECRET_KEY").write_text("short")
    done = syndicator("ingest", "-c", config)
    assert done.returncode == 2
    assert "SYNDICATOR_SECRET_KEY: it is shorter than 32 characters" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_schema_knows_every_key_of_the_sample_newsroom(world: tuple[Sandbox, str]) -> None:
    _, config = world
    schema = json.loads(syndicator("check", "--schema").stdout)
    kinds = {one["properties"]["kind"]["const"]: one for one in schema["$defs"]["ChannelTable"]["anyOf"]}
    channels = {"bluesky", "email", "feed", "file", "mastodon", "telegram", "webhook", "x"}
    assert set(kinds) == channels
    assert "token" not in kinds["telegram"]["properties"]  # secrets stand elsewhere
    for channel in tomllib.loads(Path(config).read_text("utf-8"))["channels"].values():
        told_by_schema = kinds[channel["kind"]]
        assert set(channel) <= set(told_by_schema["properties"])
        assert set(told_by_schema["required"]) <= set(channel)


def test_the_day_of_an_editor(world: tuple[Sandbox, str], tmp_path: Path) -> None:
    sandbox, config = world
    c = ("-c", config)
    assert told("doctor", *c)["ok"] is True
    first = told("ingest", *c)["sources"]
    assert isinstance(first, list)
    assert all(one["first"] for one in first)
    assert told("compile", *c) == {"editions": [], "deliveries": 0, "faults": []}  # what is old stays unsent
    sandbox.newsroom.publish()
    assert "3 new" in syndicator("ingest", "en", *c).stdout
    stories = told("articles", "--language", "en", *c)["articles"]
    assert isinstance(stories, list)
    rain = next(one for one in stories if one["headline"].startswith("Rain"))
    bridge = next(one for one in stories if one["headline"].startswith("Bridge"))
    shown = told("show", rain["id"][:6], *c)
    assert shown["dateline"] == "SULAIMANI (Courier)"
    assert shown["deliveries"] == []
    (post,) = told("preview", rain["id"], "--to", "x", *c)["posts"]  # type: ignore[misc]
    assert post["count"] <= post["limit"] == 280
    assert (post["cost"], post["currency"]) == ("0.015", "USD")  # X sees no link in an address of numbers
    tried = syndicator("push", rain["id"], "--to", "x", "--dry-run", *c)
    assert (tried.returncode, sandbox.x.tweets()) == (0, [])
    assert "x: costs 0.015 USD; spent 0.000 USD today, 0.000 this month" in tried.stdout
    assert told("push", rain["id"], "--to", "x", "--dry-run", *c)["posts"] == [post]
    readers = tmp_path / "readers.csv"
    readers.write_text(
        "address,language,name\nsara@readers.example,en,Sara\nhiwa@readers.example,ckb,\n", "utf-8"
    )
    assert told("subscribers", "import", str(readers), "--to", "evening", "--proof", "paper", *c) == {
        "read": 2,
        "new": 2,
        "known": 0,
        "refused": 0,
        "reasons": {},
        "dry_run": False,
    }
    planned = told("compile", "--now", "evening", *c)
    assert (
        planned["deliveries"] == 6
    )  # three on Telegram, one on X, one reader, and one whose language has no story
    assert told("deliver", *c)["tg-en"] == {"accepted": 3, "deferred": 0, "rejected": 0, "uncertain": 0}
    assert len(sandbox.smtp.mails) == 1
    refused = syndicator("push", rain["id"], "--to", "tg-en", "--yes", *c)
    assert refused.returncode == 1
    assert "has" in refused.stderr
    assert "--again" in refused.stderr
    no = syndicator("push", bridge["id"], "--to", "tg-en", *c, stdin="n\n")
    assert no.returncode == 130
    assert "Bridge at Dukan reopens" in no.stdout
    assert len(sandbox.telegram.messages("@courier_en")) == 3
    assert "tg-en: 1 accepted" in syndicator("push", bridge["id"], "--to", "tg-en", *c, stdin="y\n").stdout
    assert told("push", rain["id"], "--to", "tg-en", "--again", "--yes", *c)["deliveries"] == 1
    assert len(sandbox.telegram.messages("@courier_en")) == 5
    status = told("status", *c)
    assert status["paused"] == []
    edition = status["editions"][0]["edition"]  # type: ignore[index]
    assert "● 1 sent" in syndicator("status", edition, *c).stdout
    (one, *_) = told("deliveries", "--channel", "x", *c)["deliveries"]  # type: ignore[misc]
    (receipt,) = told("delivery", str(one["id"]), *c)["receipts"]  # type: ignore[misc]
    assert receipt["outcome"] == "accepted"
    assert told("reconcile", *c) == {"waiting_again": 0, "in_doubt": 0, "expired": 0}


def test_a_brake_holds_and_lets_go(world: tuple[Sandbox, str]) -> None:
    sandbox, config = world
    c = ("-c", config)
    told("ingest", *c)
    sandbox.newsroom.publish()
    told("ingest", *c)
    assert syndicator("pause", "tg-en", "--why", "wrong headline", *c).returncode == 0
    told("compile", *c)
    told("deliver", *c)
    assert sandbox.telegram.messages("@courier_en") == []
    assert "tg-en is paused" in syndicator("status", *c).stdout
    assert syndicator("resume", "tg-en", *c).returncode == 0
    told("deliver", *c)
    assert len(sandbox.telegram.messages("@courier_en")) == 3


def test_readers_come_and_go(world: tuple[Sandbox, str], tmp_path: Path) -> None:
    _, config = world
    c = ("-c", config)
    add = ("subscribers", "add", "--proof", "by letter")
    assert (
        syndicator(*add, "sara@readers.example", "--to", "evening", "--language", "ckb", *c).returncode == 0
    )
    for words, said in {
        ("no address", "--to", "evening", "--language", "ckb"): "is no mail address",
        ("a@b.example", "--to", "evening", "--language", "de"): "has no language 'de'",
        ("a@b.example", "--to", "evning", "--language", "en"): "did you mean 'evening'?",
    }.items():
        done = syndicator(*add, *words, *c)
        assert done.returncode == 1
        assert said in done.stderr
    bad = tmp_path / "bad.csv"
    bad.write_text("address,language\nx@readers.example,en\nnobody,en\n")
    done = syndicator("subscribers", "import", str(bad), "--to", "evening", "--proof", "p", *c)
    assert done.returncode == 1
    assert "bad.csv, line 3" in done.stderr
    bad.write_text("mail\nx@readers.example\n")
    assert (
        "column 'address' is missing"
        in syndicator("subscribers", "import", str(bad), "--to", "evening", "--proof", "p", *c).stderr
    )
    bad.write_bytes(b"address,language\n\xff,en\n")
    assert (
        "nothing was imported"
        in syndicator("subscribers", "import", str(bad), "--to", "evening", "--proof", "p", *c).stderr
    )
    found = told("subscribers", "list", *c)
    assert [one["address"] for one in found["subscribers"]] == ["sara@readers.example"]  # type: ignore[attr-defined]
    assert syndicator("subscribers", "remove", "sara@readers.example", "--to", "evening", *c).returncode == 0
    assert "withdrawn" in syndicator("subscribers", "list", *c).stdout
    assert syndicator("subscribers", "remove", "who@readers.example", "--to", "evening", *c).returncode == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ingest", "englsh"), "no source is called 'englsh'"),
        (("deliver", "tg"), "no channel is called 'tg'"),
        (("compile", "--now", "morning"), "no newsletter is called 'morning'"),
        (("show", "ffff"), "ffff"),
        (("status", "digest:x"), "no edition is called 'digest:x'"),
        (("preview", "ffff", "--to", "letters"), "letters writes to subscribers"),
        (("deliveries", "--state", "sended"), "no state is called 'sended'"),
        (("deliveries", "--limit", "many"), "--limit"),
        (("run", "--fast"), "--fast"),
    ],
)
def test_a_wrong_word_gets_one_clear_error(
    world: tuple[Sandbox, str], words: tuple[str, ...], said: str
) -> None:
    done = syndicator(*words, "-c", world[1])
    assert done.returncode in {1, 2}
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_worker_works_stops_gracefully_and_is_alone(world: tuple[Sandbox, str]) -> None:
    sandbox, config = world
    worker = subprocess.Popen(
        [sys.executable, "-m", "syndicator", "run", "-c", config], stderr=subprocess.PIPE, text=True
    )
    try:
        assert worker.stderr
        lines = iter(worker.stderr.readline, "")
        assert any("first sight" in line or "new ar" in line for line in lines)
        second = syndicator("run", "-c", config)  # two workers on one SQLite file
        assert second.returncode == 1
        assert f"a worker runs on it already (process {worker.pid})" in second.stderr
        sandbox.newsroom.publish()
        assert any("tg-ar: 3 accepted" in line for line in lines)
        worker.send_signal(signal.SIGTERM)
        assert "nothing is in flight" in "".join(lines)
        assert worker.wait(30) == 0
    finally:
        worker.kill()
        worker.wait()
        if worker.stderr:
            worker.stderr.close()
    assert told("compile", "-c", config)["deliveries"] == 0 or len(sandbox.x.tweets()) < 3


def test_the_demo_does_the_whole_street_once() -> None:
    done = syndicator("demo", "--once", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["second_pass_new_deliveries"] == 0
    assert {one["kind"] for one in answer["by_channel"].values()} == {"email", "telegram", "x"}
    assert all(
        one["sent"] >= 3 and one["failed"] == one["uncertain"] == 0 for one in answer["by_channel"].values()
    )
    assert (answer["articles"], answer["editions"]) == (12, 10)


def test_the_demo_goes_on_live_until_it_is_interrupted() -> None:
    command = [sys.executable, "-m", "syndicator", "demo", "--pace", "0.2"]
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert demo.stdout
        url = next(line.split()[-1] for line in demo.stdout if line.startswith("every channel"))
        shown = httpx.get(url).text
        assert shown.count('class="tweet"') == 3
        demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == 0
        assert "stopping" in demo.stdout.read()
    finally:
        demo.kill()
        demo.wait()
        if demo.stdout:
            demo.stdout.close()


def test_the_sandbox_publishes_a_story_at_each_enter(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "syndicator", "sandbox", str(tmp_path / "s")]
    sandbox = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert sandbox.stdin
        assert sandbox.stdout
        lines = iter(sandbox.stdout.readline, "")
        assert any("Enter publishes" in line for line in lines)
        told("ingest", "-c", str(tmp_path / "s" / "syndicator.toml"))
        sandbox.stdin.write("\n")
        sandbox.stdin.flush()
        assert "published en “Rain closes the Azmar road" in next(lines)
        assert "1 new" in syndicator("ingest", "en", "-c", str(tmp_path / "s" / "syndicator.toml")).stdout
        sandbox.send_signal(signal.SIGINT)
        assert sandbox.wait(30) == 130
    finally:
        sandbox.kill()
        sandbox.wait()
        for pipe in (sandbox.stdin, sandbox.stdout):
            if pipe:
                pipe.close()


def test_what_people_read_instead_of_json(world: tuple[Sandbox, str]) -> None:
    sandbox, config = world
    c = ("-c", config)
    assert "no stories yet" in syndicator("articles", *c).stdout
    assert "nothing went out yet" in syndicator("status", *c).stdout
    assert "nobody yet" in syndicator("subscribers", "list", *c).stdout
    assert syndicator("deliveries", *c).stdout == "none\n"
    assert "● channels.x: posts as @courier" in syndicator("doctor", *c).stdout
    assert "first sight, what is old stays unsent" in syndicator("ingest", *c).stdout
    assert syndicator("compile", *c).stdout == "nothing is due\n"
    assert "x: nothing is due" in syndicator("deliver", "x", *c).stdout
    sandbox.newsroom.publish()
    syndicator("ingest", *c)
    assert "── ckb · پوختەی ئێوارە" in syndicator("preview", "--digest", "evening", *c).stdout
    assert [one["language"] for one in told("preview", "--digest", "evening", *c)["posts"]] == [
        "en",
        "ckb",
        "ar",
    ]  # type: ignore[attr-defined]
    assert "name a story and where to" in syndicator("preview", *c).stderr
    assert "planned flash:" in syndicator("compile", *c).stdout
    syndicator("compile", "--now", "evening", *c)
    assert "nothing new to carry" in syndicator("preview", "--digest", "evening", *c).stdout
    assert "x: 3 accepted" in syndicator("deliver", "x", *c).stdout
    listed = syndicator("articles", "--limit", "1", *c).stdout
    shown = syndicator("show", listed[:8], *c).stdout
    assert listed.split("  ")[-1].strip() in shown
    assert (
        "/280 x-weighted ──" in syndicator("preview", listed[:8], "--to", "x", "--again", *c).stdout
        or "ckb" not in listed
    )
    (number, *_) = syndicator("deliveries", "--channel", "x", *c).stdout.split()
    assert "accepted" in syndicator("delivery", number, *c).stdout
    assert "0 wait again" in syndicator("reconcile", *c).stdout
    assert re.match(r"the schema is \d{4}$", syndicator("migrate", *c).stdout)


def test_a_door_that_is_shut_is_a_finding_of_the_doctor(world: tuple[Sandbox, str]) -> None:
    sandbox, config = world
    sandbox.telegram.faults.coming(Fault.UNAUTHORIZED)
    path = Path(config)
    path.write_text(path.read_text("utf-8").replace("/ckb/feed", "/ckb/none"), "utf-8")
    done = syndicator("doctor", "-c", config)
    assert done.returncode == 1
    assert "✕ channels.tg-en: @courier_en: Telegram does not know the bot's token" in done.stdout
    assert "✕ sources.ckb: " in done.stdout
    assert "● channels.letters: " in done.stdout
    assert syndicator("ingest", "-c", config).returncode == 1


def test_no_secret_is_in_a_log(world: tuple[Sandbox, str]) -> None:
    sandbox, config = world
    record = logging.LogRecord("any", logging.WARNING, "f", 1, "sent %s", (sandbox.telegram.token,), None)
    wiring, _ = examine(Path(config), {})
    assert wiring
    redaction = Redaction(wiring.secrets)
    redaction.filter(record)
    assert record.getMessage() == "sent [secret]"
    try:
        raise ValueError(sandbox.x.credentials["api_secret"])
    except ValueError:
        failed = logging.LogRecord("any", logging.ERROR, "f", 1, "failed", (), sys.exc_info())
    redaction.filter(failed)
    assert failed.exc_text
    assert sandbox.x.credentials["api_secret"] not in failed.exc_text


def test_a_level_that_is_none(world: tuple[Sandbox, str]) -> None:
    command = [sys.executable, "-m", "syndicator", "run", "-c", world[1]]
    done = subprocess.run(
        command, env={**os.environ, "SYNDICATOR_LOG": "loud"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "'LOUD' is no level" in done.stderr


def test_a_doubt_is_settled_by_a_person(world: tuple[Sandbox, str]) -> None:
    sandbox, config = world
    c = ("-c", config)
    told("ingest", *c)
    sandbox.newsroom.publish()
    told("ingest", *c)
    told("compile", *c)
    sandbox.telegram.faults.coming(Fault.DROP_AFTER_ACCEPT)
    assert told("deliver", "tg-en", *c)["tg-en"] == {
        "accepted": 2,
        "deferred": 0,
        "rejected": 0,
        "uncertain": 1,
    }
    (doubt,) = told("doubts", *c)["doubts"]  # type: ignore[misc]
    assert "◆  tg-en" in syndicator("doubts", *c).stdout
    number = str(doubt["id"])
    assert "did you mean 'sent'?" in syndicator("settle", number, "snt", "--why", "x", *c).stderr
    assert (
        f"delivery {number} is sent"
        in syndicator("settle", number, "sent", "--why", "it is there", *c).stdout
    )
    assert syndicator("doubts", *c).stdout == "no doubts\n"
    assert syndicator("settle", number, "resend", "--why", "x", *c).returncode == 1
    assert len(sandbox.telegram.messages("@courier_en")) == 3
