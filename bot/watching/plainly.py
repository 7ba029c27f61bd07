"""The fewest words that still tell: for what Slack takes in no richer form, and for the day that rendering breaks."""

from __future__ import annotations

from collections.abc import Sequence

from bot.rendering.blocks import NAME_LIMIT, Message, escape
from bot.watching.models import NoticeKind, Outage, Telling

_NAMES_SHOWN = 20

_SENTENCES = {
    NoticeKind.STEADY: "has stopped flapping",
    NoticeKind.REMINDER: "is still down",
    NoticeKind.CANNOT_TELL: "has been unknown for a while: the platform does not say whether it is up",
    NoticeKind.CAN_TELL: "is known again",
}


def plainly(telling: Telling) -> Message:
    """Return a message of short plain text that says the essential; names are cut and counted."""
    match telling.kind:
        case NoticeKind.UNSEEN:
            return _message("Callwatch cannot see the platform: nothing can be said about any service.")
        case NoticeKind.SEEN:
            return _message("Callwatch can see the platform again.")
        case NoticeKind.LOST_CHANNEL:
            channel, code = telling.detail.get("channel", ""), telling.detail.get("code", "")
            return _message(
                f"Callwatch cannot post in <#{channel}> ({code}), where you watch {_names(telling.services)}."
            )
        case NoticeKind.UNSAYABLE:
            return _message(
                f"Slack did not take a message about {_names(telling.services)}: look at App Home or ask me."
            )
        case kind if kind in _SENTENCES and telling.card is None:
            services = telling.services or [outage.service_id for outage in telling.outages]
            return _message(f"{_names(services)} {_SENTENCES[kind]}.")
    outages = [line.outage for line in telling.card.lines] if telling.card else telling.outages
    return _message(" ".join(part for part in (_told(outages, is_down=True), _told(outages, is_down=False)) if part))


def _told(outages: Sequence[Outage], *, is_down: bool) -> str:
    names = [outage.service_id for outage in outages if outage.is_down is is_down]
    return f"{_names(names)} {'DOWN' if is_down else 'up again'}." if names else ""


def _names(services: Sequence[str]) -> str:
    names = list(dict.fromkeys(services))
    shown = ", ".join(escape(name[:NAME_LIMIT]) for name in names[:_NAMES_SHOWN])
    return shown + (f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else "")


def _message(text: str) -> Message:
    return Message(text or "Something changed on the platform: ask me for the services.", [])
