"""Hypothesis over decide, storage, sender and a list as Slack; and proof that it would find what it looks for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bot.reporting.models import Status
from bot.watching.decide import decide
from bot.watching.lanes import LaneRunner
from bot.watching.models import Decision
from bot.watching.sending import Sender
from storage import telling
from storage.instants import to_ms
from storage.services import Services, save_state
from tests.bot.watching.machine import Telling_

QUIET = settings(
    deadline=None,
    database=None,
    derandomize=True,
    # Not shrunk: that takes longer than a test may, and the first finding reads well enough.
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """Thousands of ordered kills need no log, and writing one takes most of the time."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.mark.timeout(120)
def test_no_flip_is_lost_doubled_or_out_of_order() -> None:
    run_state_machine_as_test(Telling_, settings=settings(QUIET, max_examples=60, stateful_step_count=30))


class SplitServices(Services):
    """Planted: the state in one transaction, what it owes in the next."""

    async def record(self, decision: Decision) -> list[str]:
        await self._database.write(lambda db: save_state(db, decision.state))
        return await self._database.write(lambda db: telling.tell(db, decision, to_ms(decision.state.seen_at)))


class MarksFirst(LaneRunner):
    """Planted: marked as sent, then sent."""

    async def _post(self, work) -> None:
        await self.office.outbox.sent(work.notice.notice_id, "0", work.version, self.office.now())
        await super()._post(work)


class NeverLooks(LaneRunner):
    """Planted: what is unclear is posted again."""

    async def _clear_up(self, notice, thread_ts, started, *, is_restart=False) -> None:
        await self.office.outbox.release(notice.notice_id)


def sender_with(lane_class: type[LaneRunner]) -> type[Sender]:
    class Planted(Sender):
        def _lane(self, channel_id: str) -> LaneRunner:
            return self._lanes.setdefault(channel_id, lane_class(channel_id, self._office))

    return Planted


def unknown_clears(state, seen, *, thresholds) -> Decision:
    """Planted: what could not be asked begins the count anew."""
    made = decide(state, seen, thresholds=thresholds)
    if seen.status is Status.UNKNOWN:
        return replace(made, state=replace(made.state, count=0))
    return made


@pytest.mark.parametrize(
    "seams",
    [
        pytest.param({"services_class": SplitServices}, id="split transaction"),
        pytest.param({"sender_class": sender_with(MarksFirst)}, id="mark before send"),
        pytest.param({"sender_class": sender_with(NeverLooks)}, id="no reconcile"),
        pytest.param({"decide": staticmethod(unknown_clears)}, id="unknown clears counters"),
    ],
)
def test_a_planted_bug_is_found(seams: dict) -> None:
    machine = type("Planted", (Telling_,), seams)
    looking = settings(QUIET, max_examples=200, stateful_step_count=30)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(machine, settings=looking)
