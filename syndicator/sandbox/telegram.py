"""The Bot API on loopback: one bot, some chats, Telegram's own refusals."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from math import ceil
from typing import Any

from . import dialogue, entities
from .dialogue import ANSWER_MAX, Rows, Unheard, Updates
from .faults import Fault, FaultyStandIn, Switches, spoilt
from .serving import Request, Response

TEXT_MAX = 4096  # code points after entity parsing
CAPTION_MAX = 1024  # of a photo
ALBUM_MAX = 10  # photos
RAW_MAX = 32_768  # bytes before it
DELETABLE_FOR = timedelta(hours=48)  # after it was sent
TOKEN = "7000000001:AAF-sandbox-token-of-nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as its readers see it."""

    id: int
    chat: str
    text: str
    html: str
    entities: tuple[entities.Entity, ...]
    at: datetime
    silent: bool = False
    reply_to: int | None = None
    edited: bool = False
    origin: tuple[str, int] | None = None  # chat and id of the message it was forwarded from
    photo: str = ""  # its address
    album: str = ""  # the same for all of an album
    topic: int | None = None
    preview: Mapping[str, Any] = field(default_factory=dict)  # link_preview_options
    buttons: Rows = ()
    by: int | None = None  # the person who wrote it; none: the bot


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """How many messages are taken; a number and the seconds in which so many may come."""

    chat: tuple[int, float] = (1, 1.0)
    group: tuple[int, float] = (20, 60.0)
    bot: tuple[int, float] = (30, 1.0)


@dataclass
class Chat:
    id: int
    name: str  # @name
    title: str
    messages: list[Message] = field(default_factory=list)
    protected: bool = False  # nothing may be forwarded from here
    shut: bool = False  # the bot has no rights here
    kind: str = "channel"
    forum: bool = False
    status: str = "administrator"  # of the bot
    lacking: frozenset[str] = frozenset()  # rights that the bot has not
    moved_to: int | None = None  # the number it has since it became a supergroup
    pinned: list[int] = field(default_factory=list)
    sent: deque[datetime] = field(default_factory=deque)  # when messages came or were changed, for the limits
    posted: deque[datetime] = field(default_factory=deque)  # when somebody posted, an album once
    refuses: str = ""  # why nothing is taken here, such as TOPIC_CLOSED
    service: set[int] = field(default_factory=set)  # ids of "somebody pinned a message" and the like


class _Refused(Exception):
    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status = status
        self.parameters = parameters


class TelegramStandIn(FaultyStandIn):
    """``with TelegramStandIn(chats={"@courier_en": "The Courier"}) as telegram: telegram.base_url``."""

    def __init__(
        self,
        *,
        chats: Mapping[str, str],
        now: Callable[[], datetime] = lambda: datetime.fromtimestamp(0, UTC),
        token: str = TOKEN,
        flood: Flood | None = None,
    ) -> None:
        """``flood``: limits that are held; without them nothing is too much."""
        super().__init__()
        self._flood = flood
        self._sent: deque[datetime] = deque()  # to all chats
        self.refused: list[datetime] = []  # when it was too much
        self.missing: set[str] = set()  # pictures that cannot be had
        self.token = token
        self.chats = {
            name: Chat(-1_001_000_000_000 - number, name, title)
            for number, (name, title) in enumerate(chats.items())
        }
        self._now = now
        self._ids = {name: count(1) for name in chats}  # message ids are sequential in each chat
        self.updates = Updates()
        self._queries = count(5_000_001)
        self._open_queries: set[str] = set()
        self.answers: dict[str, str] = {}  # what was shown after each press
        self.commands: dict[tuple[str, str], list[tuple[str, str]]] = {}  # by scope and language

    @property
    def base_url(self) -> str:
        return f"{self.url}/bot"

    def __exit__(self, *exc: object) -> None:
        self.updates.let_go()
        super().__exit__(*exc)

    def let_in(self, chat: Chat) -> None:
        """The bot is in one more chat."""
        with self._lock:
            self.chats[chat.name] = chat
            self._ids[chat.name] = count(1)

    def messages(self, chat: str) -> list[Message]:
        with self._lock:
            return list(self.chats[chat].messages)

    def _answer(self, request: Request) -> Response | None:
        _, _, rest = request.path.partition("/bot")
        token, _, method = rest.rpartition("/")
        self.faults.watch("asked")
        fault = self.faults.meet()
        if fault is Fault.DROP_BEFORE_ACCEPT:
            return None
        if fault is Fault.MIGRATE:
            self.migrate(str(request.fields.get("chat_id")))
        elif fault in _INSTEAD:
            return _INSTEAD[fault](self.faults)
        response = self._called(token, method, {**request.query, **request.fields})
        self.faults.watch("taken")
        return spoilt(response, fault, self.faults)

    def _called(self, token: str, method: str, fields: Mapping[str, Any]) -> Response:
        calls = {
            "getme": self._me,
            "getchat": self._chat_told,
            "getchatmember": self._member,
            "sendmessage": self._send,
            "sendphoto": self._send_photo,
            "sendmediagroup": self._send_album,
            "editmessagetext": self._edit,
            "editmessagecaption": self._edit_caption,
            "editmessagemedia": self._edit_media,
            "pinchatmessage": self._pin,
            "forwardmessage": self._forward,
            "deletemessage": self._delete_one,
            "deletemessages": self._delete_several,
            "editmessagereplymarkup": self._edit_markup,
            "answercallbackquery": self._answered,
            "setmycommands": self._set_commands,
            "setwebhook": self._set_hook,
            "deletewebhook": self._delete_hook,
        }
        try:
            if token != self.token:
                raise _Refused(401, "Unauthorized")
            if method.lower() == "getupdates":  # it waits: not under the lock
                return Response.of({"ok": True, "result": self.updates.ask(fields)})
            if method.lower() not in calls:
                raise _Refused(404, "Not Found")
            with self._lock:
                return Response.of({"ok": True, "result": calls[method.lower()](fields)})
        except _Refused as refused:
            return _refusal(refused.status, str(refused), **refused.parameters)
        except Unheard as unheard:
            return _refusal(unheard.status, str(unheard))

    def _me(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "id": int(self.token.split(":")[0]),
            "is_bot": True,
            "first_name": "Courier",
            "username": "courier_bot",
        }

    def _chat_told(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        chat = self._chat(fields)
        told = _chat(chat) | ({"has_protected_content": True} if chat.protected else {})
        return told | {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _GIFTS}

    def _member(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        if self._chat(fields).shut:
            return {"user": self._me(fields), "status": "left"}
        chat = self._chat(fields)
        if chat.status != "administrator":
            return {"user": self._me(fields), "status": chat.status, "until_date": 0}
        rights = {right: right not in chat.lacking for right in _RIGHTS} | {"is_anonymous": False}
        return {"user": self._me(fields), "status": "administrator", "can_be_edited": False} | rights

    def _count(self, chat: Chat, number: int = 1, *, posts: bool = True) -> None:
        """Refuses what is too much, and says when it is not any more; whole seconds, as Telegram does.

        ``number`` messages that come, or are changed; only what ``posts`` counts for a chat's second. An album that is
        more than all of a limit is let through alone.
        """
        if self._flood is None:
            return
        now, told = self._now(), self._flood
        held = [(chat.sent, told.group, number), (self._sent, told.bot, number)]
        held += [(chat.posted, told.chat, 1)] if posts else []
        free = [now]
        for sent, (most, seconds), more in held:
            over = timedelta(seconds=seconds)
            lately = [one for one in sent if one > now - over]
            if lately and len(lately) + more > most:
                free.append(lately[min(len(lately), len(lately) + more - most) - 1] + over)
        if max(free) > now:
            self.refused.append(now)
            after = max(1, ceil((max(free) - now).total_seconds()))
            raise _Refused(429, f"Too Many Requests: retry after {after}", retry_after=after)
        for sent, _, more in held:
            sent.extend([now] * more)

    def _send(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        chat = self._chat(fields)
        parsed = _parsed(fields)
        if chat.kind == "private" and chat.shut:
            raise _Refused(403, "Forbidden: bot was blocked by the user")
        if chat.refuses:
            raise _Refused(400, f"Bad Request: {chat.refuses}")
        self._count(chat)
        return self._put(chat, fields, parsed)

    def _put(
        self, chat: Chat, fields: Mapping[str, Any], parsed: _Parsed, *, photo: str = "", album: str = ""
    ) -> dict[str, Any]:
        text, found, raw = parsed
        message = Message(
            id=next(self._ids[chat.name]),
            chat=chat.name,
            text=text,
            html=raw,
            entities=tuple(found),
            at=self._now(),
            silent=str(fields.get("disable_notification", "")).lower() == "true",
            reply_to=_json(fields.get("reply_parameters")).get("message_id"),
            topic=int(fields["message_thread_id"]) if fields.get("message_thread_id") else None,
            preview=_json(fields.get("link_preview_options")),
            photo=photo,
            album=album,
            buttons=dialogue.rows(_json(fields.get("reply_markup"))),
        )
        chat.messages.append(message)
        return _told(message, chat)

    def _send_photo(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        chat = self._chat(fields)
        parsed = _parsed(fields, "caption")
        photo = self._fetched(fields.get("photo"))
        self._count(chat)
        return self._put(chat, fields, parsed, photo=photo)

    def _send_album(self, fields: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Whole or not at all."""
        chat, media = self._chat(fields), _json(fields.get("media")) or []
        if not 2 <= len(media) <= ALBUM_MAX:
            raise _Refused(400, "Bad Request: wrong number of messages in the album")  # our own words
        ready = [(_parsed(one, "caption"), self._fetched(one["media"])) for one in media]
        self._count(chat, len(media))
        album = f"{chat.name}:{len(chat.messages)}"
        return [self._put(chat, fields, parsed, photo=photo, album=album) for parsed, photo in ready]

    def _fetched(self, photo: object) -> str:
        """Telegram gets the picture itself; addresses in ``missing`` it cannot have."""
        if str(photo) in self.missing:
            raise _Refused(400, "Bad Request: wrong type of the web page content")
        return str(photo)

    def _pin(self, fields: Mapping[str, Any]) -> bool:
        chat = self._chat(fields)
        self._count(chat, posts=False)
        _, message = self._message(chat, fields, "message to pin not found")
        if "can_edit_messages" in chat.lacking:
            raise _Refused(400, "Bad Request: not enough rights to manage pinned messages in the chat")
        chat.pinned.append(message.id)
        return True

    def migrate(self, name: str) -> int:
        """A group becomes a supergroup with another number, which is returned."""
        with self._lock:
            self.chats[name].moved_to = -1_009_999_999_999
            return -1_009_999_999_999

    def post(self, chat: str, text: str) -> int:
        """What somebody else writes there; its id."""
        with self._lock:
            return int(self._send({"chat_id": chat, "text": text, "parse_mode": "HTML"})["message_id"])

    def serve(self, chat: str) -> int:
        """A service message: a message with an id that cannot be forwarded."""
        with self._lock:
            number = next(self._ids[chat])
            self.chats[chat].service.add(number)
            return number

    def _forward(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        into, chat = self._chat(fields), self._chat({"chat_id": fields.get("from_chat_id")})
        if into.shut:
            raise _Refused(400, "Bad Request: need administrator rights in the channel chat")
        if str(fields.get("message_id")) in map(str, chat.service):
            raise _Refused(400, "Bad Request: message can't be forwarded")
        _, message = self._message(chat, fields, "message to forward not found")
        if chat.protected:
            raise _Refused(400, "Bad Request: message has protected content and can't be forwarded")
        number = next(self._ids[into.name])
        origin = message.origin or (chat.name, message.id)
        copy = replace(message, id=number, chat=into.name, at=self._now(), silent=True, origin=origin)
        into.messages.append(copy)
        return _told(copy, into) | {"forward_origin": self._origin(origin, message)}

    def _origin(self, origin: tuple[str, int], message: Message) -> dict[str, Any]:
        name, number = origin
        date = int(message.at.timestamp())
        return {"type": "channel", "chat": _chat(self.chats[name]), "message_id": number, "date": date}

    def _edit(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        chat = self._chat(fields)
        self._count(chat, posts=False)
        at, message = self._message(chat, fields, "message to edit not found")
        if message.photo:
            raise _Refused(400, "Bad Request: there is no text in the message to edit")
        return self._changed(chat, at, _parsed(fields), "", dialogue.rows(_json(fields.get("reply_markup"))))

    def _edit_caption(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        chat = self._chat(fields)
        self._count(chat, posts=False)
        at, message = self._message(chat, fields, "message to edit not found")
        if not message.photo:
            raise _Refused(400, "Bad Request: there is no caption in the message to edit")
        return self._changed(chat, at, _parsed(fields, "caption"), message.photo)

    def _edit_media(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        chat, media = self._chat(fields), _json(fields.get("media"))
        self._count(chat, posts=False)
        at, _ = self._message(chat, fields, "message to edit not found")  # a text gets a picture so, too
        return self._changed(chat, at, _parsed(media, "caption"), self._fetched(media["media"]))

    def _changed(
        self, chat: Chat, at: int, parsed: _Parsed, photo: str, buttons: Rows = ()
    ) -> dict[str, Any]:
        """Buttons that are not told again are gone."""
        message, (text, found, raw) = chat.messages[at], parsed
        new = replace(
            message, text=text, html=raw, entities=tuple(found), photo=photo, buttons=buttons, edited=True
        )
        if replace(new, html=message.html, edited=message.edited) == message:
            raise _Refused(400, _SAME)
        chat.messages[at] = new
        return _told(new, chat)

    def _edit_markup(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        chat = self._chat(fields)
        at, message = self._message(chat, fields, "message to edit not found")
        buttons = dialogue.rows(_json(fields.get("reply_markup")))
        if buttons == message.buttons:
            raise _Refused(400, _SAME)
        chat.messages[at] = replace(message, buttons=buttons)
        return _told(chat.messages[at], chat)

    def asked(self) -> str:
        """The number of a press that was just made."""
        with self._lock:
            number = str(next(self._queries))
            self._open_queries.add(number)
            return number

    def _answered(self, fields: Mapping[str, Any]) -> bool:
        number, text = str(fields.get("callback_query_id")), str(fields.get("text", ""))
        if number not in self._open_queries:
            raise _Refused(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        if len(text) > ANSWER_MAX:
            raise _Refused(400, "Bad Request: MESSAGE_TOO_LONG")
        self._open_queries.discard(number)
        self.answers[number] = text
        return True

    def _set_commands(self, fields: Mapping[str, Any]) -> bool:
        scope = _json(fields.get("scope"))
        if scope.get("chat_id"):
            self._chat(scope)
        where = str(scope.get("chat_id") or scope.get("type") or "default")
        told = dialogue.checked_commands(_json(fields.get("commands")) or [])
        self.commands[where, str(fields.get("language_code") or "")] = told
        return True

    def _set_hook(self, fields: Mapping[str, Any]) -> bool:
        self.updates.hook = {"url": str(fields["url"]), "secret_token": str(fields.get("secret_token") or "")}
        return True

    def _delete_hook(self, fields: Mapping[str, Any]) -> bool:
        self.updates.hook = {}
        return True

    def written(self, chat: str, text: str, by: int) -> Message:
        """What a person writes there."""
        with self._lock:
            self.chats[str(by)].shut = False
            message = Message(
                id=next(self._ids[chat]), chat=chat, text=text, html=text, entities=(), at=self._now(), by=by
            )
            self.chats[chat].messages.append(message)
            return message

    def told(self, message: Message) -> dict[str, Any]:
        """As an update has it."""
        return _told(message, self.chats[message.chat])

    def _delete_one(self, fields: Mapping[str, Any]) -> bool:
        self._count(self._chat(fields), posts=False)
        return self._delete(fields)

    def _delete(self, fields: Mapping[str, Any]) -> bool:
        chat = self._chat(fields)
        at, message = self._message(chat, fields, "message to delete not found")
        if self._now() - message.at >= DELETABLE_FOR:
            raise _Refused(400, "Bad Request: message can't be deleted")
        del chat.messages[at]
        return True

    def _delete_several(self, fields: Mapping[str, Any]) -> bool:
        """What is not there is passed over, and only then."""
        chat, wanted = self._chat(fields), fields.get("message_ids")
        self._count(chat, posts=False)
        wanted = json.loads(wanted) if isinstance(wanted, str) else wanted
        there = {str(message.id) for message in chat.messages}
        for one in wanted or []:
            if str(one) in there:
                self._delete({"chat_id": chat.name, "message_id": one})
        return True

    def _chat(self, fields: Mapping[str, Any]) -> Chat:
        wanted = str(fields.get("chat_id", ""))
        if not wanted:
            raise _Refused(400, "Bad Request: chat_id is empty")
        for chat in self.chats.values():
            if chat.moved_to and wanted in {chat.name, str(chat.id)}:
                said = "Bad Request: group chat was upgraded to a supergroup chat"
                raise _Refused(400, said, migrate_to_chat_id=chat.moved_to)
            if wanted in {chat.name, str(chat.id), str(chat.moved_to)}:
                return chat
        raise _Refused(400, "Bad Request: chat not found")

    def _message(self, chat: Chat, fields: Mapping[str, Any], missing: str) -> tuple[int, Message]:
        for at, message in enumerate([] if chat.shut else chat.messages):
            if str(message.id) == str(fields.get("message_id")):
                return at, message
        raise _Refused(400, f"Bad Request: {missing}")


_Parsed = tuple[str, list[entities.Entity], str]
_SAME = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly "
    "the same as a current content and reply markup of the message"
)


def _json(told: Any) -> Any:
    return json.loads(told) if isinstance(told, str) else told or {}


def _parsed(fields: Mapping[str, Any], name: str = "text") -> _Parsed:
    raw = str(fields.get(name, ""))
    found: list[entities.Entity] = []
    text = raw
    if str(fields.get("parse_mode", "")).lower() == "html":
        said = refused_for_format(raw, CAPTION_MAX if name == "caption" else TEXT_MAX)
        if said:
            raise _Refused(400, f"Bad Request: {said}")
        text, found = entities.parse(raw)
    return entities.cleaned(text), found, raw


def refused_for_format(raw: str, most: int) -> str | None:
    """Why a text of at most so many code points, or a caption, is refused, in Telegram's words."""
    kind = "message" if most > CAPTION_MAX else "message caption"
    if len(raw.encode()) > RAW_MAX:
        return "text is too long"
    try:
        text = entities.cleaned(entities.parse(raw)[0])
    except entities.CannotParse as error:
        return f"can't parse entities: {error}"
    if not text and most > CAPTION_MAX:
        return "message text is empty"
    return f"{kind} is too long" if len(text) > most else None


def _told(message: Message, chat: Chat) -> dict[str, Any]:
    told: dict[str, Any] = {
        "message_id": message.id,
        "date": int(message.at.timestamp()),
        "chat": _chat(chat),
    }
    told |= dialogue.keyboard(message.buttons)
    marks = [_entity(entity) for entity in message.entities]
    if not message.photo:
        return told | {"text": message.text, "entities": marks}
    size = {"file_id": message.photo, "file_unique_id": message.photo, "width": 1280, "height": 720}
    return told | {"photo": [size], "caption": message.text, "caption_entities": marks}


def _entity(entity: entities.Entity) -> dict[str, Any]:
    told: dict[str, Any] = {"type": entity.kind, "offset": entity.offset, "length": entity.length}
    return told | ({"url": entity.url} if entity.url else {})


def _chat(chat: Chat) -> dict[str, Any]:
    told: dict[str, Any] = {"id": chat.moved_to or chat.id, "type": chat.kind}
    if chat.kind == "private":
        return told | {"first_name": chat.title}
    told |= {"title": chat.title}
    return told | {"username": chat.name.lstrip("@")} | ({"is_forum": True} if chat.forum else {})


def _refusal(status: int, description: str, **parameters: int) -> Response:
    told: dict[str, Any] = {"ok": False, "error_code": status, "description": description}
    after = {"retry_after": str(parameters["retry_after"])} if "retry_after" in parameters else {}
    return Response.of(told | ({"parameters": parameters} if parameters else {}), status, **after)


def _too_many(switches: Switches) -> Response:
    after = switches.retry_after
    return _refusal(429, f"Too Many Requests: retry after {after}", retry_after=after)


_INSTEAD: Mapping[Fault | None, Callable[[Switches], Response]] = {
    Fault.RATE_LIMITED: _too_many,
    Fault.RATE_LIMITED_BARE: lambda _: Response.page("<html><h1>429 Too Many Requests</h1></html>", 429),
    Fault.SERVER_ERROR_HTML: lambda _: Response.page("<html><h1>502 Bad Gateway</h1></html>", 502),
    Fault.CONFLICT: lambda _: _refusal(409, "Conflict: terminated by other getUpdates request"),
    Fault.UNAUTHORIZED: lambda _: _refusal(401, "Unauthorized"),
    Fault.KICKED: lambda _: _refusal(403, "Forbidden: bot was kicked from the channel chat"),
}


_GIFTS = dict.fromkeys(
    ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
)
_RIGHTS = (
    "is_anonymous can_manage_chat can_delete_messages can_manage_video_chats can_restrict_members "
    "can_promote_members can_change_info can_invite_users can_post_stories can_edit_stories can_delete_stories "
    "can_post_messages can_edit_messages can_pin_messages"
).split()
