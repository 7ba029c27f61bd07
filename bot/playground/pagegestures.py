"""What somebody does on the page, as JSON: they write, run commands, press, and change the weather."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from bot.playground import typed
from bot.playground.faults import RESPONSE_URL
from bot.playground.models import Author, Channel, Person
from bot.playground.pagestate import PageState
from bot.playground.server import PlaygroundServer
from bot.playground.typed import Keyboard
from bot.playground.wire import Json

#: What a control may report as chosen, beside its own fields.
CHOICES = frozenset(
    {
        "selected_option",
        "selected_options",
        "selected_conversation",
        "selected_channel",
        "selected_user",
        "selected_date",
        "selected_time",
        "selected_date_time",
        "value",
    }
)
#: Commands of Slack's own that the page knows.
INVITE, REMOVE = "/invite", "/remove"
#: What Slack's weather can be, by the name that the panel uses: a line for people and what orders it.
WEATHER: dict[str, tuple[str, Callable[[PlaygroundServer, int], object]]] = {
    "ratelimited": (
        "429 on messages, Retry-After 3 s",
        lambda slack, times: slack.faults.ratelimit("chat.postMessage", times, retry_after_s=3),
    ),
    "error_500": ("500 on messages", lambda slack, times: slack.faults.error_500("chat.postMessage", times)),
    "drop_after": (
        "Connection lost after a message was taken",
        lambda slack, times: slack.faults.drop_after("chat.postMessage", times),
    ),
    "response_500": ("500 on response_url", lambda slack, times: slack.faults.error_500(RESPONSE_URL, times)),
    "slow": ("Any call takes 4 s", lambda slack, times: slack.faults.slow(None, times, seconds=4)),
    "redeliver": ("The next event comes twice", lambda slack, times: slack.faults.redeliver(times)),
    "refuse_sockets": ("The next connections are refused", lambda slack, times: slack.faults.refuse_sockets(times)),
    "abort": ("Cut the connection now", lambda slack, _times: slack.sockets.abort()),
    "half_open": ("Let the connection go silent now", lambda slack, _times: slack.sockets.half_open()),
}
MOST_TIMES = 50


class WrongGestureError(ValueError):
    """The page sent something that no page of ours sends; `str()` says what."""


@dataclass(slots=True)
class PageGestures:
    """Carries out what pages ask for. Methods raise LookupError, PermissionError and WrongGestureError."""

    playground: PlaygroundServer
    state: PageState

    def send(self, person: Person, body: Json) -> Json:
        """Write a message or run a command; `text` is as typed, `keyboard` what the device does to it."""
        channel = self.state.find_channel(person, text_of(body, "channel"))
        text = text_of(body, "text")
        thread_ts = text_of(body, "thread") or None
        if not text.strip():
            raise WrongGestureError("there is nothing to send")
        keyboard = read_keyboard(body.get("keyboard"))
        if text.startswith("/"):
            self._run_command(person, channel, text, thread_ts, keyboard)
            return {}
        sent = typed.as_message(text, self.playground.workspace, keyboard)
        if thread_ts is not None:
            thread_ts = self.state.find_message(person, channel.id, thread_ts).ts
        is_broadcast = thread_ts is not None and body.get("is_broadcast") is True
        message = self.playground.gestures.write(person, channel, sent, thread_ts, is_broadcast=is_broadcast)
        return {"ts": message.ts}

    def _run_command(
        self, person: Person, channel: Channel, text: str, thread_ts: str | None, keyboard: Keyboard
    ) -> None:
        name, _, rest = text.partition(" ")
        workspace, gestures = self.playground.workspace, self.playground.gestures
        if name in (INVITE, REMOVE) and thread_ts is None:
            self._move_bot(person, channel, name, rest)
            return
        command = workspace.manifest.command(name)
        should_escape = command is not None and command.should_escape
        sent = typed.as_command(rest.strip(), workspace, keyboard, should_escape=should_escape)
        gestures.run_command(person, channel, name, sent, thread_ts)

    def _move_bot(self, person: Person, channel: Channel, name: str, whom: str) -> None:
        workspace, gestures = self.playground.workspace, self.playground.gestures
        bot = workspace.bot
        if whom.strip().removeprefix("@").lower() not in (bot.name, bot.real_name.lower()):
            workspace.notice(channel, person, f"Here only the app can come and go: type {name} @{bot.name}.")
        elif name == INVITE:
            gestures.invite_bot(person, channel)
            workspace.notice(channel, person, f"@{bot.name} is in this conversation now.")
        else:
            gestures.remove_bot(channel)
            workspace.notice(channel, person, f"@{bot.name} is not in this conversation any more.")

    def press(self, person: Person, body: Json) -> Json:
        """Use a control of a message; `chosen` is what it then holds, such as `selected_option`."""
        message = self.state.find_message(person, text_of(body, "channel"), text_of(body, "ts"))
        self.playground.gestures.use_control(person, message, text_of(body, "action_id"), **chosen_of(body))
        return {}

    def delete(self, person: Person, body: Json) -> Json:
        """Take a message away: one's own, or as an admin of the workspace an app's."""
        message = self.state.find_message(person, text_of(body, "channel"), text_of(body, "ts"))
        is_admin = not person.is_restricted and not person.is_stranger
        if message.user_id != person.id and not (is_admin and message.author is Author.APP):
            raise PermissionError(f"{person.name} cannot delete this message")
        self.playground.workspace.delete(message)
        return {}

    def read(self, person: Person, body: Json) -> Json:
        """Mark a conversation as read up to a message."""
        channel = self.state.find_channel(person, text_of(body, "channel"))
        self.state.mark_read(person, channel, text_of(body, "ts"))
        return {}

    def change_weather(self, _person: Person, body: Json) -> Json:
        """Order bad weather for the app's calls, `times` over; without a name, clear it."""
        name = text_of(body, "fault")
        if not name:
            self.playground.faults.clear()
        elif name in WEATHER:
            times = body.get("times", 1)
            if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= MOST_TIMES:
                raise WrongGestureError(f"times must be 1 to {MOST_TIMES}")
            WEATHER[name][1](self.playground, times)
        else:
            raise WrongGestureError(f"there is no weather {name!r}; there is {', '.join(WEATHER)}")
        return self.weather()

    def weather(self) -> Json:
        """Return what can be ordered, and what is still to come."""
        return {
            "faults": [{"name": name, "title": title} for name, (title, _) in WEATHER.items()],
            "waiting": list(self.playground.faults.waiting()),
        }


def text_of(body: Json, name: str) -> str:
    """Return a text of `body`, empty when it is left out. Raises WrongGestureError."""
    value = body.get(name) or ""
    if not isinstance(value, str):
        raise WrongGestureError(f"{name} must be a text")
    return value


def chosen_of(body: Json) -> Json:
    """Return what a control was set to. Raises WrongGestureError for anything that a control does not tell."""
    chosen: Any = body.get("chosen") or {}
    if not isinstance(chosen, dict) or not chosen.keys() <= CHOICES:
        raise WrongGestureError(f"chosen holds some of {', '.join(sorted(CHOICES))}")
    return chosen


def read_keyboard(switches: object) -> Keyboard:
    """Return the keyboard with the named switches on. Raises WrongGestureError."""
    names = {each.name for each in fields(Keyboard)}
    if not isinstance(switches, list) or not names.issuperset(map(str, switches)):
        if switches is None:
            return Keyboard()
        raise WrongGestureError(f"keyboard is a list of some of {', '.join(sorted(names))}")
    return Keyboard(**dict.fromkeys(switches, True))
