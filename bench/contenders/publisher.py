"""A newsroom's site that tells a worker of each story by a hook, and sees when its readers have it."""

from __future__ import annotations

import hmac
import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import quantiles
from tempfile import TemporaryDirectory
from threading import Event
from time import perf_counter
from typing import Any

import httpx

from bench.measuring import Run, measured
from bench.newsroom import ENVIRON
from bench.sinks import free_port
from syndicator.sandbox.telegram import TelegramStandIn

CHAT = "@bench_en"
KEY = b"k" * 24
SLOWEST = "ms until the slowest is out"
PATIENCE = 30  # seconds until a story is missed
SENTENCE = "The {} of {} said on {} that {} {} near the {} would be {} after the {}, and the {} {} it again."
WORDS = (
    "mayor council river bridge school winter market minister farmers clinic police road village teachers border "
    "harvest engine court border valley station dam festival library factory airport museum prison tower harbour"
).split()
CONFIGURATION = """
[newsroom]
name = "Bench"
url = "https://bench.example.com"
languages = ["en"]
timezone = "Asia/Baghdad"
[web]
listen = "127.0.0.1:{port}"
[hooks.cms]
kind = "published"
[channels.telegram]
kind = "telegram"
chat = "{chat}"
base_url = "{telegram}"
per_second = 1000
per_minute = 60000
altogether = 1000
flash = true
"""


def told(many: int) -> Run:
    """Stories one after the other; how long each took from the call to the chat is told."""
    waits: list[float] = []
    with TelegramStandIn(chats={CHAT: "Bench"}, now=_now) as telegram, _worker(telegram) as hook:
        taken = Event()
        telegram.faults.watch = lambda stage: taken.set() if stage == "taken" else None
        with measured(lambda: len(waits)) as found:
            for number in range(many):
                taken.clear()
                begun = perf_counter()
                _call(hook, f"msg_{number}", _story(number))
                if not taken.wait(PATIENCE) or len(telegram.messages(CHAT)) != number + 1:
                    raise SystemExit(f"story {number} was not sent")
                waits.append(1000 * (perf_counter() - begun))
    cuts = quantiles(waits, n=20)
    more = {"ms until half are out": cuts[9], "ms until 95 %": cuts[18], SLOWEST: max(waits)}
    return replace(found[0], more=more)


@contextmanager
def _worker(telegram: TelegramStandIn) -> Iterator[str]:
    """The whole program with its pages; the address of its hook."""
    port = free_port()
    secret = "whsec_" + b64encode(KEY).decode()
    environ = ENVIRON | {
        "SYNDICATOR_HOOKS_CMS_SECRET": secret,
        "SYNDICATOR_CHANNELS_TELEGRAM_TOKEN": telegram.token,
        "SYNDICATOR_LOG": "WARNING",
    }
    with TemporaryDirectory() as folder:
        path = Path(folder) / "syndicator.toml"
        path.write_text(CONFIGURATION.format(port=port, chat=CHAT, telegram=telegram.base_url), "utf-8")
        command = [sys.executable, "-m", "syndicator", "run", "-c", str(path)]
        child = subprocess.Popen(command, env=os.environ | environ)
        try:
            _up(f"http://127.0.0.1:{port}/readyz", child)
            yield f"http://127.0.0.1:{port}/hooks/cms"
        finally:
            child.terminate()
            child.wait(PATIENCE)


def _up(url: str, child: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        try:
            httpx.get(url, timeout=5).raise_for_status()
        except httpx.HTTPError as error:
            if child.poll() is not None:
                raise SystemExit(f"the worker ended with {child.returncode}") from error
            Event().wait(0.1)
        else:
            return
    raise SystemExit("the worker does not answer")


def _call(url: str, number: str, story: dict[str, Any]) -> None:
    body, at = json.dumps({"type": "story.published", "data": story}).encode(), str(int(_now().timestamp()))
    made = b64encode(hmac.digest(KEY, f"{number}.{at}.".encode() + body, "sha256")).decode()
    headers = {"webhook-id": number, "webhook-timestamp": at, "webhook-signature": f"v1,{made}"}
    httpx.post(url, content=body, headers=headers, timeout=PATIENCE).raise_for_status()


def _story(number: int) -> dict[str, Any]:
    """Of words of its own, so that it is nobody's copy."""
    rng = Random(number)
    sentences = [SENTENCE.format(*rng.choices(WORDS, k=SENTENCE.count("{}"))) for _ in range(12)]
    return {
        "id": f"story-{number}",
        "url": f"https://bench.example.com/{number}",
        "headline": sentences[0],
        "text": "\n\n".join(sentences),
        "published": _now().isoformat(),
    }


def _now() -> datetime:
    return datetime.now(UTC)
