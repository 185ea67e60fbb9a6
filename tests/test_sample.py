"""The configuration that is shipped: every setting stands in it, and with every comment taken off it is obeyed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from syndicator import config, letters, plugins, settings, tables, wiring

SAMPLE = Path(__file__).parents[1] / "config" / "syndicator.toml"
OFF = re.compile(r"^# (?=\[|[a-z_]+ = )", re.MULTILINE)  # what may be put in
SECRETS = {
    "SYNDICATOR_SECRET_KEY": "k" * 32,
    "SYNDICATOR_CHANNELS_TG_EN_TOKEN": "1:a",
    "SYNDICATOR_SOURCES_PRESS_PASSWORD": "p",
    "SYNDICATOR_SOURCES_MAGAZINE_KEY": "k",
    "SYNDICATOR_HOOKS_POSTMARK_PASSWORD": "p" * 32,
    "SYNDICATOR_HOOKS_MAILGUN_KEY": "k" * 32,
    **{
        f"SYNDICATOR_HOOKS_{name}_SECRET": "whsec_" + "c2VjcmV0" * 5
        for name in ("RELAY", "CMS", "PRESS", "MAGAZINE")
    },
    "SYNDICATOR_CHANNELS_MASTODON_ACCESS_TOKEN": "t",
    "SYNDICATOR_CHANNELS_BLUESKY_APP_PASSWORD": "p",
    "SYNDICATOR_CHANNELS_OWN_APP_SECRET": "whsec_" + "c2VjcmV0" * 5,
    "SYNDICATOR_WEBHOOKS_CRM_SECRET": "whsec_" + "c2VjcmV0" * 5,
    "SYNDICATOR_BOT_TOKEN": "1:a",
    "SYNDICATOR_BOUNCES_PASSWORD": "p",
    "SYNDICATOR_CHANNELS_LETTERS_PASSWORD": "p",
    **{
        f"SYNDICATOR_CHANNELS_X_{name}": "s"
        for name in ("API_KEY", "API_SECRET", "ACCESS_TOKEN", "ACCESS_SECRET")
    },
}
SINGLE = {"summarisers": "summariser", "engines": "engine", "boxes": "bounces"}
# A second kind of a table that there is once: said in a comment.
ELSEWHERE = {
    "maildir": {"path"},
    "model": {"url", "model", "style", "seconds", "calls_a_day", "tokens_a_day"},
}


def opened() -> str:
    return OFF.sub("", SAMPLE.read_text("utf-8"))


def tables_of(told: dict[str, Any], group: str) -> list[dict[str, Any]]:
    return [told[SINGLE[group]]] if group in SINGLE else list(told[group].values())


@pytest.mark.parametrize("group", ["sources", "channels", "summarisers", "engines", "boxes", "hooks"])
def test_every_setting_of_a_plug_in_stands_in_the_sample(group: str) -> None:
    there = tables_of(tomllib.loads(opened()), group)
    for name in plugins.names(group):
        told = plugins.load(group, name).Settings
        secret = config.secret_fields(told)
        shown = set(told.model_fields) - set(secret) - ELSEWHERE.get(name, set())
        said = {key for one in there for key in one if one["kind"] == name or group in SINGLE}
        assert shown <= said, (name, shown - said)
        for key in ELSEWHERE.get(name, ()):
            shown_there = rf'"{name}".*\b{key} = |^#   {key} = '
            assert re.search(shown_there, SAMPLE.read_text("utf-8"), re.MULTILINE)


def test_every_setting_of_our_own_stands_in_the_sample() -> None:
    told = tomllib.loads(opened())
    missing = []
    for name, one in config.Settings.model_fields.items():
        if name not in told:
            missing.append(name)
        elif isinstance(one.annotation, type) and issubclass(one.annotation, tables.Table):
            missing += [f"{name}.{key}" for key in one.annotation.model_fields if key not in told[name]]
    missing = [
        one for one in missing if one not in {"bot.token", "console.oidc"}
    ]  # a secret; docs/operating.md
    several = {
        "sources": settings.SourceTable,
        "channels": settings.ChannelTable,
        "newsletters": letters.NewsletterTable,
        "filters": settings.Filter,
        "recipes": tables.RecipeTable,
        "hooks": settings.HookTable,
    }
    for name, model in several.items():
        said = {key for table in told[name].values() for key in table}
        missing += [f"{name}.*.{key}" for key in model.model_fields if key not in said]
    assert missing == []


def test_with_every_comment_taken_off_it_is_obeyed(tmp_path: Path) -> None:
    path = tmp_path / "syndicator.toml"
    path.write_text(opened().replace("/var/log/mail.log", str(tmp_path / "mail.log")), "utf-8")
    (tmp_path / "mail.log").touch()
    without = {"dkim_domain", "dkim_selector"}  # they need a real key
    text = "\n".join(
        line for line in path.read_text("utf-8").splitlines() if line.split(" ")[0] not in without
    )
    path.write_text(text, "utf-8")
    found, book = wiring.examine(path, SECRETS)
    assert [str(fault) for fault in book.faults] == []
    assert found


def test_a_usual_value_that_is_shown_is_the_usual_one() -> None:
    """Where the sample's value is no sample, it says what is so without it."""
    told = tomllib.loads(opened())
    for name in ("web", "signup", "api", "database", "schedule"):
        model = config.Settings.model_fields[name].annotation
        assert model
        assert model.model_validate(told[name]) == model(), name


def fits(table: dict[str, Any], schema: dict[str, Any], name: str) -> bool:
    def fit(choice: dict[str, Any]) -> bool:
        kind = choice["properties"].get("kind", {}).get("const", table.get("kind"))
        return (
            set(table) <= set(choice["properties"])
            and set(choice.get("required", ())) <= set(table)
            and table.get("kind", kind) == kind
        )

    return any(map(fit, schema["$defs"][name]["anyOf"]))


BOUNCES = [
    ('every = "5m"', True),  # a table of its own, also without a box
    ("", True),
    ('kind = "maildir"\npath = "m"', True),
    ('path = "m"', False),  # of which kind?
    ('kind = "maildir"', False),
    ('kind = "imap"\npath = "m"', False),
    ('kind = "pop"', False),
]


@pytest.mark.parametrize(("text", "good"), BOUNCES)
def test_the_schema_says_of_a_bounce_box_what_check_says(tmp_path: Path, text: str, *, good: bool) -> None:
    path = tmp_path / "syndicator.toml"
    whole = '[newsroom]\nname = "N"\nurl = "https://n.example"\nlanguages = ["en"]\ntimezone = "UTC"\n'
    path.write_text(f"{whole}[bounces]\n{text}\n", "utf-8")
    _, book = wiring.examine(path, SECRETS)
    assert (book.faults == []) is good, book.faults
    assert fits(tomllib.loads(text), wiring.json_schema(), "BouncesTable") is good


def test_the_schema_lets_a_default_kind_be_left_out_and_no_other() -> None:
    schema = wiring.json_schema()
    assert fits({}, schema, "EngineTable")
    assert fits({"threads": 2}, schema, "EngineTable")
    assert fits({"sentences": 2}, schema, "SummariserTable")
    assert not fits({"host": "h", "sender": "a@b.example"}, schema, "ChannelTable")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[recipes."courier.example"]\nbody = "div["', "a CSS selector is needed"),
        ('[recipes."courier.example"]\nbody = 7', "a CSS selector is needed"),
        ('[recipes."courier.example"]\nbodi = "div"', "did you mean 'body'?"),
        ('[recipes."http://courier.example"]\nbody = "div"', "this name cannot be used"),
    ],
)
def test_a_recipe_that_cannot_be_obeyed_is_told_at_the_start(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "syndicator.toml"
    whole = '[newsroom]\nname = "N"\nurl = "https://n.example"\nlanguages = ["en"]\ntimezone = "UTC"\n'
    path.write_text(f"{whole}{text}\n", "utf-8")
    _, book = wiring.examine(path, SECRETS)
    (fault,) = [str(one) for one in book.faults]
    assert problem in fault
    assert fault.startswith("syndicator.toml: recipes.")
