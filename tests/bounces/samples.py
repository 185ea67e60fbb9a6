"""Mails about mails, as servers write them."""

from __future__ import annotations

TOKEN = "abcdefghij" * 4


def dsn(
    status: str = "5.1.1",
    diagnostic: str = "550 5.1.1 <sara@readers.example>: no such user",
    *,
    action: str = "failed",
    recipient: str = "sara@readers.example",
    to: str = f"bounces+{TOKEN}@news.example",
    about: str = "<abc@news.example>",
    prose: str = "I am sorry to tell you that your mail could not be delivered.",
) -> bytes:
    """A delivery status notification (RFC 3464)."""
    return f"""\
Return-Path: <>
Delivered-To: {to}
From: Mail Delivery System <MAILER-DAEMON@mx.readers.example>
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce.1@mx.readers.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

{prose}

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.readers.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {diagnostic}

--b
Content-Type: text/rfc822-headers

From: news@news.example
To: {recipient}
Message-ID: {about}
Subject: The evening

--b--
""".encode()


def complaint(
    kind: str = "abuse", *, about: str = "<abc@news.example>", recipient: str = "sara@readers.example"
) -> bytes:
    """A feedback report (RFC 5965)."""
    return f"""\
From: feedback@mail.example
To: fbl@news.example
Subject: complaint
Message-ID: <fbl.1@mail.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

This is an abuse report.

--b
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Rcpt-To: <{recipient}>

--b
Content-Type: message/rfc822

From: news@news.example
To: {recipient}
Message-ID: {about}
Subject: The evening

text
--b--
""".encode()


def plain(
    text: str, *, subject: str = "failure notice", sender: str = "MAILER-DAEMON@mx.example", more: str = ""
) -> bytes:
    """A bounce in prose, or any other mail."""
    return f"From: {sender}\nTo: bounces@news.example\nSubject: {subject}\n{more}\n{text}\n".encode()
