"""Which of the notices that wait for one channel go out together, and in what form. Pure.

Source: design.md section 3, "Flips that wait for the same channel"; facts on reliability, rule R11.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.watching.models import NoticeKind

#: So many outages wait at most to get a card each; more go into one digest.
CARDS_AT_ONCE = 5

_ABOUT_OUTAGES = frozenset(
    {NoticeKind.DOWN, NoticeKind.UP, NoticeKind.STEADY, NoticeKind.REMINDER, NoticeKind.CARD_AGAIN}
)
_SAID_TOGETHER = frozenset({NoticeKind.CANNOT_TELL, NoticeKind.CAN_TELL})


class Form(StrEnum):
    """What a group of notices becomes."""

    CARD = "card"  # a card for one outage
    DIGEST = "digest"  # one card for many
    JOIN = "join"  # lines of a digest that was posted a moment ago, by an edit
    REPLY = "reply"  # a reply in the thread of the card
    RECOVERIES = "recoveries"  # one message about outages on many cards
    NOTE = "note"  # a message that is about no outage


@dataclass(frozen=True, slots=True)
class Waiting:
    """One notice that waits, and where its outage is shown."""

    notice_id: int
    kind: NoticeKind
    service_id: str | None = None
    outage_id: int | None = None
    card_id: int | None = None  # the posted card that shows its outage
    notify: tuple[str, ...] = ()  # whom it has to ring
    is_held: bool = False  # its card's thread was replied to a moment ago


@dataclass(frozen=True, slots=True)
class OpenDigest:
    """A digest that was posted so recently that its readers are still looking."""

    card_id: int
    mentioned: frozenset[str]  # whom its post rang: an edit rings nobody
    told: frozenset[str] = frozenset()  # services it shows, or that were told of since: their next news needs a message


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes out next. The first of `notice_ids` carries the others."""

    form: Form
    notice_ids: tuple[int, ...]
    card_id: int | None = None  # for JOIN and REPLY


def plan(waiting: Sequence[Waiting], digest: OpenDigest | None) -> Plan | None:
    """Return what goes out next of `waiting` (oldest first); None when all of it is held.

    The oldest leads; others that can go out with it do, unless that would tell a service's later news before an
    earlier one.
    """
    head = next(iter(_in_order(waiting, lambda each: True)), None)
    if head is None:
        return None
    if head.kind in _SAID_TOGETHER:
        return Plan(Form.NOTE, _ids(_in_order(waiting, lambda each: each.kind is head.kind)))
    if head.kind not in _ABOUT_OUTAGES:
        return Plan(Form.NOTE, (head.notice_id,))
    if head.card_id is not None:
        return _reply(waiting, head)
    return _card(waiting, head, digest)


def _reply(waiting: Sequence[Waiting], head: Waiting) -> Plan:
    if head.kind is NoticeKind.UP:
        recovered = _in_order(waiting, lambda each: each.kind is NoticeKind.UP and each.card_id is not None)
        if len({each.card_id for each in recovered}) > CARDS_AT_ONCE:
            return Plan(Form.RECOVERIES, _ids(recovered))
    same = _in_order(waiting, lambda each: each.kind is head.kind and each.card_id == head.card_id)
    return Plan(Form.REPLY, _ids(same), head.card_id)


def _card(waiting: Sequence[Waiting], head: Waiting, digest: OpenDigest | None) -> Plan:
    without = _in_order(waiting, lambda each: each.kind in _ABOUT_OUTAGES and each.card_id is None)
    if digest is not None:
        joining = [
            each for each in without if digest.mentioned.issuperset(each.notify) and each.service_id not in digest.told
        ]
        if head in joining:
            return Plan(Form.JOIN, _ids(joining), digest.card_id)
    if len({each.outage_id for each in without}) > CARDS_AT_ONCE:
        return Plan(Form.DIGEST, _ids(without))
    return Plan(Form.CARD, _ids(each for each in without if each.outage_id == head.outage_id))


def _in_order(waiting: Sequence[Waiting], is_wanted: Callable[[Waiting], bool]) -> list[Waiting]:
    """Return those that are wanted and do not overtake another notice about the same service."""
    taken: list[Waiting] = []
    passed: set[str | None] = set()
    for each in waiting:
        if is_wanted(each) and not each.is_held and (each.service_id is None or each.service_id not in passed):
            taken.append(each)
        else:
            passed.add(each.service_id)
    return taken


def _ids(waiting: Iterable[Waiting]) -> tuple[int, ...]:
    return tuple(each.notice_id for each in waiting)
