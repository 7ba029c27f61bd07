"""What the demo's page shows of Callwatch: things to try, words that can follow a command, the platform's switches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.manifest import Manifest
from bot.playground.samples import COMPLAINT
from bot.playground.tour import Kind, Tour, Try, Words
from bot.reporting.models import Domain, Identity, IdentityType
from bot.reporting.server.control import CONTROL_PATH, handle_control
from bot.reporting.server.serving import HOST, ReportingServer
from bot.reporting.server.wire import Request
from handlers.words import spell_word

#: Whose calls are offered when a command is completed.
MOST_IDENTITIES = 8
#: Somebody has to be asked about, also when a file of calls is empty.
_ANYBODY = Identity(IdentityType.USERNAME, "abc123")
#: What one channel of the demo watches from the start, so that flipping it is seen.
SERVICE, WATCHING_CHANNEL = "rtpproxy", "#voice-ops"
_COUNTER = "currentcalls"

_RANGES = (
    ("last-7d", "today and the 6 days before"),
    ("today", ""),
    ("yesterday", ""),
    ("last-24h", ""),
    ("last-90m", ""),
    ("this-week", ""),
    ("last-week", ""),
    ("this-month", ""),
    ("last-month", "30 days at most"),
)
_DOMAINS = (
    (Domain.DATA.value, "calls that ended over data"),
    (Domain.PSTN.value, "calls that ended on the phone network"),
)
_TYPES = (
    (IdentityType.USERNAME.value, "a user name"),
    (IdentityType.NUMBER.value, "a phone number, +46…"),
    (IdentityType.EMAIL.value, "an e-mail address"),
    (IdentityType.DID.value, "a number of yours that people call"),
)

NEXT_STEPS = (
    ("python3 -m bot doctor", "Put tokens and keys into .env (see .env.example), then check them"),
    ("python3 -m bot run", "Run the bot against your Slack"),
    ("python3 -m bot demo --calls records.csv", "Or stay here, with your own calls"),
)


class PlatformSwitches:
    """The embedded Reporting API's control, without a socket in between."""

    def __init__(self, api: ReportingServer, now: Callable[[], datetime]) -> None:
        self._api = api
        self._now = now

    def control(self, method: str, body: bytes) -> tuple[int, bytes]:
        """Return status and JSON, as `/_control` answers."""
        headers = {"host": HOST, "content-type": "application/json"}
        reply = handle_control(self._api.api, Request(method, CONTROL_PATH, headers, body), peer=HOST, now=self._now())
        return reply.status, reply.body


def busiest(api: ReportingServer) -> list[Identity]:
    """Return whose calls there are most of, at least one."""
    return api.records.identities(MOST_IDENTITIES) or [_ANYBODY]


def tour(manifest: Manifest, api: ReportingServer, handle: str, *, can_watch: bool = False) -> Tour:
    """Return the tour of the page; the bot is mentioned by its `handle`.

    With `can_watch`, a service that goes down is told in the channels that watch it, which is worth a try.
    """
    identities = busiest(api)
    return Tour(
        tries=_tries(manifest, identities[0], handle, can_watch=can_watch),
        next_steps=NEXT_STEPS,
        completions=_completions(manifest, identities, [service_id for service_id, _ in api.services]),
    )


def _tries(manifest: Manifest, whose: Identity, handle: str, *, can_watch: bool) -> tuple[Try, ...]:
    spelled = f"{whose.type} {spell_word(whose.endpoint)}"
    report = Try(
        Kind.TYPE,
        "Ask for a report",
        "A slash command. Only you see the answer; press its buttons.",
        f"{manifest.commands['calls']} {spelled} last-7d",
        "#voice-ops",
    )
    thread = Try(
        Kind.THREAD,
        "Ask in a thread",
        "A mention, where slash commands cannot go. Everybody there reads the answer.",
        f"@{handle} calls {spelled} yesterday",
        "#support",
        COMPLAINT,
    )
    direct = Try(Kind.TYPE, "Ask in a direct message", "Plain words do there.", f"counters {_COUNTER}")
    flip = Try(
        Kind.FLIP,
        "Flip a service",
        f"Takes it down at the platform, and {WATCHING_CHANNEL}, which watches it, is told. Again, and it is up.",
        SERVICE,
        WATCHING_CHANNEL,
    )
    return (report, thread, flip if can_watch else direct)


def _completions(
    manifest: Manifest, identities: Sequence[Identity], services: Sequence[str]
) -> dict[str, tuple[Words, ...]]:
    """Return what can follow each topic's command, and its word in a mention; under "" the topics themselves."""
    spelled = [(each.type, spell_word(each.endpoint)) for each in identities]
    by_type = [
        Words("identity", tuple((endpoint, "") for kind, endpoint in spelled if kind is wanted), (wanted.value,))
        for wanted in IdentityType
    ]
    calls = (
        Words("type", _TYPES),
        *by_type,
        Words("identity", tuple((endpoint, kind.value) for kind, endpoint in spelled)),
        Words("domain", _DOMAINS),
        Words("range", _RANGES),
    )
    topics = {
        "calls": calls,
        "counters": (Words("counter", ((_COUNTER, "calls that are on right now"),)),),
        "services": (Words("service", tuple((service_id, "up or down?") for service_id in services)),),
    }
    described = (
        ("calls", "how did a user's calls go?"),
        ("counters", "how many calls are on?"),
        ("services", "is the platform up?"),
        ("help", "what I understand"),
    )
    named = {manifest.commands[topic]: words for topic, words in topics.items()}
    return {"": (Words("topic", described),), **topics, **named}
