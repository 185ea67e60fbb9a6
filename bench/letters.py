"""One post of an exact size, and the mail that anybody would write of it with the standard library."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage

from syndicator.model import ChannelId, EditionId, Language, Post, blank

SENTENCE = "ئەنجومەنی شار بڕیاری لەسەر نۆژەنکردنەوەی پردی کۆن دا و کارەکان لە مانگی داهاتوو دەست پێ دەکەن. "
SENDER = "news@bench.example.com"


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
    """The same of the mail that the standard library writes."""
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
