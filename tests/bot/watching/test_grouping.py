"""Which notices go out together, as a table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.watching.grouping import Form, OpenDigest, Plan, Waiting, plan
from bot.watching.models import NoticeKind as Kind


def downs(*numbers: int, **more) -> list[Waiting]:
    return [Waiting(n, Kind.DOWN, f"s{n}", n, **more) for n in numbers]


def up(number: int, *, outage: int, card: int | None = None, is_held: bool = False) -> Waiting:
    return Waiting(number, Kind.UP, f"s{outage}", outage, card, is_held=is_held)


DIGEST = OpenDigest(9, frozenset({"U1"}), frozenset({"s7"}))


@pytest.mark.parametrize(
    ("waiting", "digest", "expected"),
    [
        pytest.param([], None, None, id="nothing"),
        pytest.param(downs(1), None, Plan(Form.CARD, (1,)), id="one"),
        pytest.param(downs(1, 2, 3, 4, 5), None, Plan(Form.CARD, (1,)), id="five get a card each"),
        pytest.param(downs(1, 2, 3, 4, 5, 6), None, Plan(Form.DIGEST, (1, 2, 3, 4, 5, 6)), id="six are a digest"),
        pytest.param(downs(1), DIGEST, Plan(Form.JOIN, (1,), 9), id="one joins a digest of a moment ago"),
        pytest.param(downs(1, notify=("U2",)), DIGEST, Plan(Form.CARD, (1,)), id="not when it has to ring somebody"),
        pytest.param(downs(1, notify=("U1",)), DIGEST, Plan(Form.JOIN, (1,), 9), id="whom the digest rang is enough"),
        pytest.param(downs(7), DIGEST, Plan(Form.CARD, (7,)), id="not when the digest told of the service already"),
        pytest.param([*downs(1), up(2, outage=1)], None, Plan(Form.CARD, (1, 2)), id="down and up in one card"),
        pytest.param([up(2, outage=1, card=5)], None, Plan(Form.REPLY, (2,), 5), id="a reply to its card"),
        pytest.param(
            [up(2, outage=1, card=5), up(3, outage=2, card=5), up(4, outage=3, card=6)],
            None,
            Plan(Form.REPLY, (2, 3), 5),
            id="one reply to a digest",
        ),
        pytest.param(
            [up(n, outage=n, card=n) for n in range(1, 7)],
            None,
            Plan(Form.RECOVERIES, (1, 2, 3, 4, 5, 6)),
            id="recoveries of many cards in one message",
        ),
        pytest.param(
            [up(1, outage=1, card=5, is_held=True), *downs(2)],
            None,
            Plan(Form.CARD, (2,)),
            id="others pass what is held",
        ),
        pytest.param(
            [up(1, outage=1, card=5, is_held=True), Waiting(2, Kind.DOWN, "s1", 8)],
            None,
            None,
            id="but not the same service",
        ),
        pytest.param(
            [*downs(1), up(2, outage=20, card=5), Waiting(3, Kind.DOWN, "s20", 21), *downs(4, 5, 6, 7, 8)],
            None,
            Plan(Form.DIGEST, (1, 4, 5, 6, 7, 8)),
            id="a digest leaves out what would overtake",
        ),
        pytest.param(
            [Waiting(1, Kind.CANNOT_TELL, "a"), Waiting(2, Kind.UNSEEN), Waiting(3, Kind.CANNOT_TELL, "b")],
            None,
            Plan(Form.NOTE, (1, 3)),
            id="unknown services together",
        ),
        pytest.param([Waiting(1, Kind.UNSEEN), *downs(2)], None, Plan(Form.NOTE, (1,)), id="a note alone"),
    ],
)
def test_what_goes_out(waiting: list[Waiting], digest: OpenDigest | None, expected: Plan | None) -> None:
    assert plan(waiting, digest) == expected


WAITING = st.lists(
    st.builds(
        lambda kind, service, card, held: (kind, service, card, held),
        st.sampled_from(list(Kind)),
        st.integers(1, 8),
        st.none() | st.integers(1, 3),
        st.booleans(),
    ),
    max_size=20,
).map(
    lambda rows: [
        Waiting(number, kind, f"s{service}", 10 * service, card, is_held=held and card is not None)
        for number, (kind, service, card, held) in enumerate(rows, 1)
    ]
)


@given(WAITING, st.none() | st.just(DIGEST))
def test_the_oldest_that_may_go_leads_and_no_service_is_told_out_of_order(waiting, digest) -> None:
    chosen = plan(waiting, digest)
    if chosen is None:
        blocked: set[str | None] = set()
        for each in waiting:
            assert each.is_held or each.service_id in blocked
            blocked.add(each.service_id)
        return
    taken = set(chosen.notice_ids)
    assert len(taken) == len(chosen.notice_ids)
    assert list(chosen.notice_ids) == sorted(chosen.notice_ids)
    for number in taken:
        service_id = waiting[number - 1].service_id
        earlier = [each for each in waiting[: number - 1] if each.service_id == service_id]
        assert all(each.notice_id in taken for each in earlier)
        assert not waiting[number - 1].is_held
