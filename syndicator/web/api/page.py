"""The API for people to read: one page, with nothing on it from elsewhere."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from itertools import groupby

from syndicator.verbs import VERBS, Verb

from .description import ABOUT, tag
from .problems import KINDS, ROOT
from .telling import in_path, schema_of

STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --grey: #5c5c5c; --line: #ddd; --accent: #0a5c8a }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e8; --paper: #16181a; --grey: #a3a3a3; --line: #333; --accent: #7cc4ec }
}
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-inline-size: 60rem; margin: 0 auto; padding: 24px 16px }
h1 { font-size: 28px } h2 { font-size: 21px; margin-block: 40px 8px }
article { border-block-start: 1px solid var(--line); padding-block: 12px }
h3 { font-size: 15px; margin: 0; overflow-wrap: anywhere } p { margin: 4px 0 }
code { font-size: 13px }
dl { display: grid; grid-template-columns: minmax(7rem, auto) 1fr; gap: 0 16px; margin: 8px 0 0 }
dt { font-family: ui-monospace, monospace; font-size: 13px } dd { margin: 0; color: var(--grey) }
a { color: var(--accent) }
"""
HASH = b64encode(sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{HASH}'; base-uri 'none'"


def page() -> str:
    by_tag = groupby(sorted(VERBS.values(), key=tag), tag)
    rooms = "".join(f"<h2>{escape(name)}</h2>{''.join(map(_verb, verbs))}" for name, verbs in by_tag)
    faults = "".join(
        f'<dt id="{one.name}">{one.status} {one.name}</dt><dd>{_said(one.title)}: {_said(one.says)}</dd>'
        for one in KINDS.values()
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Syndicator: the API</title><style>{STYLE}</style><main><h1>The API</h1><p>{_said(ABOUT)}</p>"
        f'<p>For machines: <a href="{ROOT}/openapi.json">openapi.json</a>.</p>{rooms}'
        f"<h2>Problems</h2><dl>{faults}</dl></main></html>"
    )


def _verb(verb: Verb) -> str:
    fields = schema_of(verb).get("properties", {})
    needed = {*schema_of(verb).get("required", ()), *in_path(verb)}
    told = "".join(
        f"<dt>{escape(name)}{'' if name in needed else '?'}</dt><dd>{_said(one.get('description', ''))}</dd>"
        for name, one in fields.items()
    )
    return (
        f'<article id="{verb.slug}"><h3><code>{verb.method} {escape(ROOT + verb.path)}</code></h3>'
        f"<p>{_said(verb.says)} <code>{escape(verb.scope)}</code></p>"
        f"{f'<dl>{told}</dl>' if told else ''}</article>"
    )


def _said(text: str) -> str:
    """What stands between backticks is code."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{one}</code>" if at % 2 else one for at, one in enumerate(pieces))
