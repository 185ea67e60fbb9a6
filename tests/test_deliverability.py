"""What Gmail, Yahoo and Microsoft ask of who sends much, each rule by its name in docs/deliverability.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path

import dkim
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from syndicator.app import App
from syndicator.channels.email import EmailChannel
from syndicator.inspection import Specimen, inspect
from syndicator.inspection.domains import inspect_sender
from syndicator.model import ChannelId, Outcome
from syndicator.sandbox.smtp import Mail, SmtpStandIn
from syndicator.sandbox.world import Sandbox
from syndicator.services.audience import Wish
from syndicator.storage import readers
from syndicator.web.pages import serving
from tests.channels.test_seal import RSA, pem, record
from tests.inspection.test_domains import Zone
from tests.lanes import WORLD, ListLane, parcel

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "deliverability.md").read_text("utf-8")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SETTINGS = """
bounces = "bounces@n.example"
dkim_domain = "n.example"
dkim_selector = "s1"
"""


@dataclass
class Sent:
    """A digest that went out, signed, to one reader; the newsroom that sent it is still there."""

    app: App
    mail: Mail

    def header(self, name: str) -> str:
        return str(self.mail.message[name] or "")

    def links(self) -> list[str]:
        return re.findall(r'href="([^"]+)"', self.mail.part("html"))


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    folder = tmp_path_factory.mktemp("newsroom")
    with Sandbox(now=lambda: NOW) as sandbox:
        path = sandbox.configure(folder)
        text = path.read_text("utf-8").replace("news@courier.example", "news@n.example")
        path.write_text(text.replace("[channels.letters]", f"[channels.letters]{SETTINGS}", 1), "utf-8")
        (folder / "secrets" / "SYNDICATOR_CHANNELS_LETTERS_DKIM_KEY").write_text(pem(RSA), "utf-8")
        with App.opened(path, {}, now=lambda: NOW) as app, serving(app):
            app.subscribe(
                [Wish(address="sara@readers.example", language="ckb", newsletter="evening", proof="p")],
                "evening",
            )
            app.look()
            sandbox.newsroom.publish()
            app.look()
            app.compile(["evening"])
            app.deliver("letters")
            (mail,) = sandbox.smtp.mails
            yield Sent(app, mail)


def wire(mail: Mail) -> bytes:
    return mail.raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def signed(mail: Mail) -> list[str]:
    return re.findall(r"[\w-]+", re.search(r"h=([^;]*)", str(mail.message["DKIM-Signature"]))[1].lower())  # type: ignore[index]


def test_every_mail_is_signed_by_dkim(sent: Sent) -> None:
    assert dkim.verify(wire(sent.mail), dnsfunc=record(RSA))
    assert "a=rsa-sha256" in sent.header("DKIM-Signature")


def test_dkim_keys_have_2048_bits_or_more() -> None:
    told = {"host": "h", "sender": "a@n.example", "dkim_domain": "n.example", "dkim_selector": "s1"}
    weak = pem(rsa.generate_private_key(65537, 1024))  # noqa: S505 - that is the point
    with pytest.raises(ValidationError, match="2048"):
        EmailChannel.Settings.model_validate(told | {"dkim_key": weak})


def test_spf_dkim_and_dmarc_are_asked_for_as_receivers_do(sent: Sent) -> None:
    sender = sent.app.gate._mailer("letters").sender  # type: ignore[union-attr]
    seal = sender.seal
    assert seal is not None
    out = type(sender)(
        domain="n.courier.org",
        envelope="n.courier.org",
        seal=type(seal)(domain="n.courier.org", selector="s1", kind=seal.kind, key=seal.key),
    )
    right = Zone(
        {
            "n.courier.org": ["v=spf1 mx -all"],
            "s1._domainkey.n.courier.org": [record(RSA)(b"s1._domainkey.n.example.").decode()],
            "_dmarc.courier.org": ["v=DMARC1; p=none"],
        }
    )
    assert inspect_sender(right, out) == []
    assert [one.check for one in inspect_sender(Zone(), out)] == ["spf", "dkim", "dmarc"]


def test_from_is_aligned_with_signature_and_return_path(sent: Sent) -> None:
    domain = parseaddr(sent.header("From"))[1].rpartition("@")[2]
    assert f"d={domain}" in sent.header("DKIM-Signature")
    assert sent.mail.sender.endswith(f"@{domain}")


def test_one_click_has_both_headers_and_dkim_covers_them(sent: Sent) -> None:
    assert re.fullmatch(r"<http\S+>", sent.header("List-Unsubscribe"))
    assert sent.header("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
    assert {"list-unsubscribe", "list-unsubscribe-post"} <= set(signed(sent.mail))


def test_a_link_to_leave_is_seen_in_the_body(sent: Sent) -> None:
    leave = sent.header("List-Unsubscribe").strip("<>")
    assert leave in sent.links()
    assert leave in sent.mail.part("plain")


def test_the_mail_is_rfc_5322(sent: Sent) -> None:
    found = [*inspect(specimen(sent))]
    assert {one.check for one in found} <= {"public-url", "image-alt"}  # the sandbox has no https
    assert parsedate_to_datetime(sent.header("Date")) == NOW
    assert re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", sent.header("Message-ID"))


def specimen(sent: Sent) -> Specimen:
    leave = sent.header("List-Unsubscribe").strip("<>")
    return Specimen(raw=wire(sent.mail), language="ckb", leave_url=leave, postal_address="x", signs=True)


def test_from_is_one_address_of_ours(sent: Sent) -> None:
    assert sent.mail.message["From"].addresses[0].addr_spec == "news@n.example"
    assert len(sent.mail.message["From"].addresses) == 1


def test_no_singular_header_stands_twice(sent: Sent) -> None:
    names = [name.lower() for name in sent.mail.message]
    assert len(names) == len(set(names))


def test_each_newsletter_names_itself(sent: Sent) -> None:
    assert re.search(r"<evening\.[^>]+>", sent.header("List-Id"))


def test_there_is_no_arc_of_our_own(sent: Sent) -> None:
    """ARC is for those who pass mail on; we are its origin."""
    assert not [name for name in sent.mail.message if name.lower().startswith("arc-")]


def test_nobody_is_impersonated_and_the_subject_is_not_a_reply(sent: Sent) -> None:
    assert not re.match(r"(?i)(re|fwd?):", sent.header("Subject"))
    assert not any(name in sent.mail.message for name in ("In-Reply-To", "References", "Sender"))


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_relay_without_tls_gets_no_mail(tls: str) -> None:
    with SmtpStandIn() as relay:
        told = {"host": relay.host, "port": relay.port, "tls": tls, "sender": "a@n.example", "timeout": 2}
        channel = EmailChannel(EmailChannel.Settings.model_validate(told), WORLD, id=ChannelId("letters"))
        lane = ListLane([parcel(address="s@x.example", blanks={"message_id": "<1@n.example>"})])
        channel.run(lane)
        assert relay.mails == []
    assert lane.outcomes == [Outcome.DEFERRED]


def test_a_relay_in_the_clear_out_in_the_world_is_an_error() -> None:
    told = {"host": "smtp.relay.net", "port": 25, "tls": "none", "sender": "a@n.example"}
    channel = EmailChannel(EmailChannel.Settings.model_validate(told), WORLD, id=ChannelId("letters"))
    assert channel.sender.unencrypted == ("smtp.relay.net:25",)
    near = EmailChannel.Settings.model_validate(told | {"host": "mailpit"})
    assert EmailChannel(near, WORLD, id=ChannelId("letters")).sender.unencrypted == ()


def test_who_leaves_gets_nothing_more_from_the_next_mail_on(sent: Sent) -> None:
    """Two days are allowed; here it is before the next body."""

    def stands() -> object:
        with sent.app.database.read() as connection:
            (found,) = readers.standing(connection)
            return found["consent"]

    with httpx.Client() as http:
        url = sent.header("List-Unsubscribe").strip("<>")
        http.get(url)  # a scanner's
        assert stands() == "given"
        answer = http.post(url, content="List-Unsubscribe=One-Click")
    assert answer.status_code == 200
    assert not answer.has_redirect_location
    assert "set-cookie" not in answer.headers
    assert stands() == "withdrawn"


# The document

RULES = re.findall(r"^\| (?!rule|---)(.+?) \| (.+?) \| (.+?) \| (.+?) \|$", DOCUMENT, re.MULTILINE)


def test_the_document_has_the_rules() -> None:
    assert len(RULES) >= 15


@pytest.mark.parametrize("row", RULES, ids=[row[0] for row in RULES])
def test_each_rule_names_a_test_that_exists(row: tuple[str, ...]) -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", row[3])
    assert named or "the relay" in row[3], row
    for file, name in named:
        assert re.search(
            rf"^(    )?def {name}\(", (ROOT / "tests" / file).read_text("utf-8"), re.MULTILINE
        ), name
