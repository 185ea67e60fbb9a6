"""Settings from TOML and the environment: whole, or everything that is wrong at once."""

from datetime import time, timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from syndicator import config, tables

GOOD = """
[newsroom]
name = "The Courier"
url = "https://courier.example"
languages = ["en", "ckb", "ar"]
timezone = "Asia/Baghdad"
quiet_hours = "23:00-06:30"

[sources.en]
kind = "feed"
url = "https://courier.example/en/feed"

[channels.letters]
kind = "email"
host = "mail.courier.example"

[channels.tg-en]
kind = "telegram"
languages = ["en"]
flash = { sections = ["Breaking"] }

[newsletters.morning]
channel = "letters"
timetable = "0 7 * * *"
titles = { en = "Morning", ckb = "بەیانی" }
"""


def read(tmp_path: Path, text: str, **environ: str) -> tuple[config.Settings | None, config.Book]:
    path = tmp_path / "syndicator.toml"
    path.write_text(text, "utf-8")
    return config.read(path, environ)


def faults(tmp_path: Path, text: str) -> list[str]:
    _, book = read(tmp_path, text)
    return [str(fault) for fault in book.faults]


def test_a_newsroom_in_a_file(tmp_path: Path) -> None:
    settings, book = read(tmp_path, GOOD)
    assert settings
    assert not book.faults
    assert settings.newsroom.quiet_hours == (time(23), time(6, 30))
    assert settings.schedule.ingest == timedelta(minutes=5)
    assert settings.sources["en"].options == {"url": "https://courier.example/en/feed"}
    assert settings.languages_of("tg-en") == ("en",)
    assert settings.languages_in("morning") == ("en", "ckb", "ar")
    flash = settings.channels["tg-en"].flash
    assert isinstance(flash, tables.Rule)
    assert flash.sections == ("Breaking",)


def test_a_folder_of_files_is_one_configuration(tmp_path: Path) -> None:
    head, tail = GOOD.split("[channels.tg-en]")
    (tmp_path / "a.toml").write_text(head, "utf-8")
    (tmp_path / "b.toml").write_text("[channels.tg-en]" + tail, "utf-8")
    settings, _ = config.read(tmp_path, {})
    assert settings
    assert list(settings.channels) == ["letters", "tg-en"]


def test_contradictory_configuration_names_both_files(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD, "utf-8")
    (tmp_path / "b.toml").write_text('[channels.letters]\nkind = "file"\n', "utf-8")
    _, book = config.read(tmp_path, {})
    assert [str(f) for f in book.faults] == [
        "b.toml: channels.letters: a.toml says it already; keep one of the two"
    ]


def test_all_faults_at_once_each_with_file_key_and_what_to_write(tmp_path: Path) -> None:
    text = GOOD.replace("timezone", "timezon").replace('"23:00-06:30"', '"25:00-06:30"')
    text = text.replace('channel = "letters"', 'channel = "leters"') + '\n[schedule]\ningest = "often"\n'
    told = faults(tmp_path, text)
    assert len(told) == 4
    assert all(one.startswith("syndicator.toml: ") for one in told)
    assert any("newsroom.timezon: this key is not known; did you mean 'timezone'?" in one for one in told)
    assert any("newsroom.timezone: this key is missing; write timezone" in one for one in told)
    assert any("newsroom.quiet_hours: '25:00-06:30' is not right" in one for one in told)
    assert any("schedule.ingest: 'often' is not right" in one and '"5m"' in one for one in told)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (('channel = "letters"', 'channel = "leters"'), "no channel 'leters'; did you mean 'letters'?"),
        (('languages = ["en"]', 'languages = ["de"]'), "no language 'de'; write some of: en, ckb, ar"),
        (("ckb = ", "fr = "), "newsletters.morning.titles: morning has no language 'fr'"),
        (("titles =", "minimum = 30\ntitles ="), "minimum: it is above the maximum; write at most 12"),
        (
            ("[newsletters.morning]", "[filters.x]\nchannels = ['tg-e']\n[newsletters.morning]"),
            "did you mean 'tg-en'",
        ),
        (("[newsletters.morning]", "[filters.x]\n[newsletters.morning]"), "filters.x: it filters nothing"),
        (("[channels.tg-en]", "[channels.TG]"), "channels.TG: this name cannot be used"),
        (('timezone = "Asia/Baghdad"', 'timezone = "Baghdad"'), "'Baghdad' is not right: a zone of the IANA"),
        (("[newsroom]", '[database]\nurl = "postgresql://a:b@h/d"\n[newsroom]'), "SYNDICATOR_DATABASE_URL"),
        (
            ("sections = [", "sectoins = ["),
            "channels.tg-en.flash.sectoins: this key is not known; did you mean",
        ),
        (('"0 7 * * *"', '"7 o\'clock"'), "newsletters.morning.timetable: "),
        (("[newsroom]", "[newsroom"), "it is not TOML"),
        (("[newsroom]", "[newsrooms]"), "newsrooms: this key is not known; did you mean 'newsroom'?"),
    ],
)
def test_unreadable_or_contradictory_configuration(
    tmp_path: Path, change: tuple[str, str], expected: str
) -> None:
    assert any(expected in one for one in faults(tmp_path, GOOD.replace(*change)))


def only_fault(path: Path) -> str:
    settings, book = config.read(path, {})
    assert settings is None
    (fault,) = book.faults
    return str(fault)


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        assert "syndicator init" in only_fault(path)
    bad = tmp_path / "bad.toml"
    bad.write_bytes(b"name = '\xff'")
    assert "not UTF-8" in only_fault(bad)
    folder = tmp_path / "folder.toml"
    folder.mkdir()
    (folder / "x.toml").mkdir()
    assert "cannot be read" in only_fault(folder)


class Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr = Field(description="the token")
    password: SecretStr | None = None
    chat: str = Field("@x", description="the chat")


def test_secrets_come_from_the_environment_or_files(tmp_path: Path) -> None:
    held = tmp_path / "held"
    held.write_text("from a file\n")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "SYNDICATOR_CHANNELS_TG_EN_PASSWORD").write_text("beside it\n")
    for environ in (
        {"SYNDICATOR_CHANNELS_TG_EN_TOKEN": "from a file"},
        {"SYNDICATOR_CHANNELS_TG_EN_TOKEN_FILE": str(held)},
    ):
        book = config.Book(folder=tmp_path, environ=environ)
        found = book.model(Options, {"chat": "@y"}, "channels.tg-en")
        assert found
        assert found.token.get_secret_value() == "from a file"
        assert found.password
        assert found.password.get_secret_value() == "beside it"


def test_a_missing_secret_is_named_by_its_variable(tmp_path: Path) -> None:
    book = config.Book(folder=tmp_path, environ={})
    book.model(Options, {}, "channels.tg-en")
    (fault,) = book.faults
    assert (
        fault.instead
        == "set SYNDICATOR_CHANNELS_TG_EN_TOKEN, or SYNDICATOR_CHANNELS_TG_EN_TOKEN_FILE to a file that holds it"
    )


def test_a_secret_in_the_file_is_a_fault_and_never_shown(tmp_path: Path) -> None:
    book = config.Book(folder=tmp_path, environ={})
    book.model(Options, {"token": "very-secret"}, "channels.tg-en")
    assert "a secret stands in the file" in str(book.faults[0])
    assert "very-secret" not in "".join(map(str, book.faults))


def test_a_secret_file_that_cannot_be_read(tmp_path: Path) -> None:
    book = config.Book(folder=tmp_path, environ={"SYNDICATOR_CHANNELS_TG_TOKEN_FILE": str(tmp_path / "no")})
    book.model(Options, {}, "channels.tg")
    assert any("cannot be read" in str(fault) for fault in book.faults)


def test_the_database_address_may_come_from_the_environment(tmp_path: Path) -> None:
    settings, _ = read(tmp_path, GOOD, SYNDICATOR_DATABASE_URL="postgresql+psycopg://a:b@h/d")
    assert settings
    assert settings.database.url == "postgresql+psycopg://a:b@h/d"


def test_a_container_says_where_to_listen_and_to_remember(tmp_path: Path) -> None:
    settings, _ = read(tmp_path, GOOD, SYNDICATOR_LISTEN="0.0.0.0:80", SYNDICATOR_MEMORY="/data/m")
    assert settings
    assert settings.database.memory == "/data/m"
    assert settings.web.address == ("0.0.0.0", 80)  # noqa: S104


SECTION = """
[[newsletters.morning.sections]]
name = "sport"
stories = {{ sections = ["Sport"] }}
{}
"""


@pytest.mark.parametrize(
    ("more", "key", "said"),
    [
        (SECTION.format("at_most = 2\nat_least = 3"), "sections.0.at_least", "it is above at_most"),
        (SECTION.format("") * 2, "sections.1.name", "'sport' is taken"),
        (SECTION.format("").replace('"sport"', '"rest"'), "sections.0.name", "'rest' is taken"),
        (SECTION.format("at_most = 20\nat_least = 13"), "sections", "more places than the maximum of 12"),
        (SECTION.format('titles = { fr = "Sport" }'), "sections.0.titles", "no language 'fr'"),
        (SECTION.format("at_mots = 2"), "sections.0.at_mots", "did you mean 'at_most'?"),
        ('rest = { titles = { fr = "a" } }', "rest.titles", "write some of: en, ckb, ar"),
        ('order = "priority"', "priority", "no rule says which stories come first"),
        ('priority = [{ sections = ["Sport"] }]', "priority", "nothing asks for it"),
        ('lead = "best"', "lead", "is not right"),
        ('pushed_on = ["tg"]', "pushed_on", "there is no channel 'tg'"),
        ("leads = true", "best_of", "are for the best of other newsletters"),
        ('best_of = "7d"\nbest_from = ["noon"]', "best_from", "there is no newsletter 'noon'"),
        ("alike = 40", "alike", "is not right"),
        ('zone = "reader"\npace = "50/s"', "pace", "when each reader's hour comes"),
        ('spread_until = "07:15"\ndone_by = "07:15"', "done_by", "leave spread_until or done_by out"),
        ('done_by = "soon"', "done_by", "a time of the day is needed"),
        ('late = "soon"', "late", "is not right"),
        ('quiet_hours = "at night"', "quiet_hours", "two times of the day are needed"),
    ],
)
def test_what_is_wrong_about_a_newsletter_names_its_key(
    tmp_path: Path, more: str, key: str, said: str
) -> None:
    (fault,) = faults(tmp_path, f"{GOOD}{more}\n")
    assert f"newsletters.morning.{key}: " in fault
    assert said in fault
