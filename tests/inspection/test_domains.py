"""SPF, DKIM and DMARC as receivers ask for them, against a DNS that is a dictionary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from syndicator.errors import SourceError
from syndicator.inspection import Finding, Severity
from syndicator.inspection.domains import inspect_sender, is_reserved
from syndicator.ports import Sender, Signing

DOMAIN = "news.courier.org"
SIGNING = Signing(domain=DOMAIN, selector="s1", kind="rsa", key="MIIB")
SENDER = Sender(domain=DOMAIN, envelope=DOMAIN, seal=SIGNING)


@dataclass
class Zone:
    """``records`` by name; a name that is not there has none. With ``silent`` nobody answers."""

    records: dict[str, list[str]] = field(default_factory=dict)
    silent: bool = False
    asked: list[str] = field(default_factory=list)

    def texts(self, name: str) -> Sequence[str]:
        self.asked.append(name)
        if self.silent:
            raise SourceError("time-out")
        return self.records.get(name, [])


def zone(**changes: list[str]) -> Zone:
    """A domain that is right; ``spf``, ``dkim``, ``dmarc`` and ``above`` (the domain above's policy) change it."""
    return Zone(
        {
            DOMAIN: changes.get("spf", ["google-site-verification=1", "v=spf1 ip4:192.0.2.1 -all"]),
            f"s1._domainkey.{DOMAIN}": changes.get("dkim", ["v=DKIM1; k=rsa; p=MI IB"]),
            f"_dmarc.{DOMAIN}": changes.get("dmarc", ["v=DMARC1; p=none"]),
            "_dmarc.courier.org": changes.get("above", []),
            **{name: found for name, found in changes.items() if "." in name},
        }
    )


def checks(found: Sequence[Finding], severity: Severity = Severity.ERROR) -> list[str]:
    return [one.check for one in found if one.severity is severity]


def test_a_domain_that_is_right_has_no_finding_and_each_name_is_asked_once() -> None:
    names = zone()
    assert inspect_sender(names, SENDER) == []
    assert sorted(names.asked) == sorted(set(names.asked))


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (["other"], "no SPF record"),
        (["v=spf1 -all", "v=spf1 mx -all"], "2 SPF records"),
        (["v=spf1 mx +all"], "everybody"),
        (["v=spf1 all"], "everybody"),
        (["v=spf1 " + " ".join(f"a:m{n}.org" for n in range(11)) + " -all"], "more than 10 look-ups"),
    ],
)
def test_spf(records: list[str], said: str) -> None:
    (found,) = inspect_sender(zone(spf=records), SENDER)
    assert found.check == "spf"
    assert found.severity is Severity.ERROR
    assert said in found.what
    assert found.instead


def test_spf_without_an_end_is_told() -> None:
    assert checks(inspect_sender(zone(spf=["v=spf1 mx"]), SENDER), Severity.WARNING) == ["spf"]


def test_spf_counts_look_ups_within_includes_and_comes_to_an_end() -> None:
    circle = {f"s{n}.org": [f"v=spf1 include:s{n + 1}.org mx -all"] for n in range(6)}
    assert inspect_sender(zone(spf=["v=spf1 include:s2.org -all"], **circle), SENDER) == []
    assert checks(inspect_sender(zone(spf=["v=spf1 include:s0.org -all"], **circle), SENDER)) == ["spf"]
    itself = {"s0.org": ["v=spf1 include:s0.org -all"]}
    assert inspect_sender(zone(spf=["v=spf1 include:s0.org -all"], **itself), SENDER) == []


@pytest.mark.parametrize(
    ("records", "said"),
    [([], "no key"), (["v=DKIM1; p=OTHER"], "another one"), (["v=DKIM1; p="], "revoked")],
)
def test_dkim(records: list[str], said: str) -> None:
    (found,) = inspect_sender(zone(dkim=records), SENDER)
    assert (found.check, found.severity) == ("dkim", Severity.ERROR)
    assert said in found.what
    assert "v=DKIM1; k=rsa; p=MIIB" in found.instead


def test_who_does_not_sign_is_told_to_see_to_it() -> None:
    found = inspect_sender(zone(), replace(SENDER, seal=None))
    assert checks(found) == []
    assert checks(found, Severity.WARNING) == ["dkim"]


def test_dmarc_may_stand_at_the_domain_above() -> None:
    assert inspect_sender(zone(dmarc=[], above=["v=DMARC1; p=reject"]), SENDER) == []
    assert checks(inspect_sender(zone(dmarc=[]), SENDER)) == ["dmarc"]
    assert checks(inspect_sender(zone(dmarc=["v=DMARC1; p=perhaps"]), SENDER)) == ["dmarc"]


@pytest.mark.parametrize(
    ("signed", "envelope", "policy", "errors"),
    [
        (DOMAIN, "relay.net", "v=DMARC1; p=none", []),
        ("courier.org", "relay.net", "v=DMARC1; p=none", []),
        ("courier.org", "relay.net", "v=DMARC1; p=none; adkim=s", ["dmarc"]),
        ("relay.net", DOMAIN, "v=DMARC1; p=none", []),
        ("relay.net", f"bounces.{DOMAIN}", "v=DMARC1; p=none; aspf=s", ["dmarc"]),
        ("relay.net", "relay.net", "v=DMARC1; p=none", ["dmarc"]),
    ],
)
def test_from_agrees_with_the_signature_or_the_return_path(
    signed: str, envelope: str, policy: str, errors: list[str]
) -> None:
    names = zone(dmarc=[policy])
    names.records[f"s1._domainkey.{signed}"] = ["p=MIIB"]
    names.records[envelope] = ["v=spf1 mx -all"]
    sender = Sender(domain=DOMAIN, envelope=envelope, seal=replace(SIGNING, domain=signed))
    assert checks(inspect_sender(names, sender)) == errors


def test_nobody_who_answers_is_a_warning_and_is_not_asked_on_and_on() -> None:
    names = Zone(silent=True)
    found = inspect_sender(names, replace(SENDER, unencrypted=("smtp.relay.net:25",)))
    assert checks(found) == []
    assert checks(found, Severity.WARNING) == ["spf", "dkim", "dmarc", "tls"]
    assert len(names.asked) == 2


def test_a_relay_in_the_world_wants_tls() -> None:
    assert checks(inspect_sender(zone(), replace(SENDER, unencrypted=("smtp.relay.net:25",)))) == ["tls"]


def test_reserved_names_are_not_asked_for() -> None:
    names = Zone(silent=True)
    (found,) = inspect_sender(names, Sender(domain="news.example", envelope="news.example"))
    assert found.severity is Severity.WARNING
    assert names.asked == []
    assert is_reserved("a.b.test.")
    assert not is_reserved("testing.org")
