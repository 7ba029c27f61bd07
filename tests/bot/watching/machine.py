"""The whole of telling, driven by hypothesis: any observations, any answers of Slack's, a kill at any write or post.

The storage is SQLite in memory, the sender is the real one with its real waits (time is virtual), Slack is a list.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count, pairwise

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sqlite_utils import Database as Connection

from bot.errors import MessageGone, SlackUnavailable
from bot.rendering.blocks import Message
from bot.reporting.models import Status
from bot.watching.decide import decide
from bot.watching.models import Decision, Observation, ServiceState, Telling, Thresholds, Watch
from bot.watching.outgoing import Pace
from bot.watching.sending import Sender
from storage.migrations import migrations
from storage.outbox import Outbox
from storage.services import Services, state_of
from storage.watches import Watches
from tests.bot.watching.virtual import VirtualLoop
from tests.bot.watching.world import ANA, T0

SERVICES = tuple(f"s{number}" for number in range(8))
CHANNELS = ("C1", "C2")
UP, DOWN, UNKNOWN = Status.UP, Status.DOWN, Status.UNKNOWN
#: Flapping is another test's: here each flip has to be told by itself.
THRESHOLDS = Thresholds(down=2, up=1, flapping_flips=10_000)


class Killed(BaseException):
    """The bot is gone. Whoever raises it counts it: a lane's task keeps its exception to itself."""

    times = 0

    def __init__(self) -> None:
        Killed.times += 1


class MemoryDatabase:
    """As the real one to repositories, in this thread; can be killed at the n-th write, before or after its COMMIT."""

    def __init__(self) -> None:
        self.db = Connection(memory=True)
        self.db.conn.isolation_level = None
        self.db.execute("PRAGMA foreign_keys = ON")
        migrations().apply(self.db)
        self.kill_in = 0  # writes from now; 0: never
        self.is_after_commit = False

    async def write(self, unit):
        if self.kill_in:
            self.kill_in -= 1
        is_last = self.kill_in == 0 and self._armed
        self._armed = self._armed and not is_last
        self.db.execute("BEGIN IMMEDIATE")
        try:
            result = unit(self.db)
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("ROLLBACK" if is_last and not self.is_after_commit else "COMMIT")
        if is_last:
            raise Killed
        return result

    _armed = False

    def arm(self, kill_in: int, is_after_commit: bool) -> None:
        self.kill_in, self.is_after_commit, self._armed = kill_in, is_after_commit, True

    def disarm(self) -> None:
        self.kill_in, self._armed = 0, False

    async def read(self, unit):
        return unit(self.db)

    def rows(self, query: str) -> list[dict]:
        return list(self.db.query(query))


@dataclass
class Standing:
    """A message in the list that is Slack."""

    ts: str
    channel: str
    key: str | None
    shown: frozenset[tuple[int, bool]]  # outage id, whether it is said to be over
    history: set[tuple[int, bool]] = field(default_factory=set)


OUTCOMES = ("ok", "lost reply", "late", "500 before", "429", "connection refused", "kill before", "kill after")


class ListSlack:
    """Slack as a list; `outcomes` say what happens to the next posts."""

    def __init__(self) -> None:
        self.messages: list[Standing] = []
        self.outcomes: list[str] = []
        self.numbers = count(1)

    async def post(self, channel: str, message: Message, *, thread_ts, key, is_broadcast) -> str:
        await asyncio.sleep(0.1)
        outcome = self.outcomes.pop(0) if self.outcomes else "ok"
        if outcome == "kill before":
            raise Killed
        if outcome in {"500 before", "connection refused"}:
            raise SlackUnavailable(outcome, "post", is_ambiguous=outcome == "500 before")
        if outcome == "429":
            raise SlackUnavailable("ratelimited", "post", retry_after_s=7.0, is_ambiguous=False)
        if outcome == "late":
            asyncio.get_running_loop().call_later(25.0, self._stand, channel, message, key)
            raise SlackUnavailable("late", "post", is_ambiguous=True)
        ts = self._stand(channel, message, key)
        if outcome == "kill after":
            raise Killed
        if outcome == "lost reply":
            raise SlackUnavailable(outcome, "post", is_ambiguous=True)
        return ts

    def _stand(self, channel: str, message: Message, key: str | None) -> str:
        ts = f"{next(self.numbers):010d}.0"
        shown = frozenset((each["outage"], each["over"]) for each in message.blocks)
        self.messages.append(Standing(ts, channel, key, shown, set(shown)))
        return ts

    async def update(self, channel: str, ts: str, message: Message) -> None:
        await asyncio.sleep(0.1)
        found = next((each for each in self.messages if (each.channel, each.ts) == (channel, ts)), None)
        if found is None:
            raise MessageGone("message_not_found", "update")
        found.shown = frozenset((each["outage"], each["over"]) for each in message.blocks)
        found.history |= found.shown

    async def find_own(self, channel: str, thread_ts, key) -> str | None:
        await asyncio.sleep(0.1)
        return next((each.ts for each in self.messages if (each.channel, each.key) == (channel, key)), None)


def render(telling: Telling) -> Message:
    outages = [line.outage for line in telling.card.lines] if telling.card else telling.outages
    return Message(telling.kind, [{"outage": each.outage_id, "over": each.is_over} for each in outages])


class Model:
    """What ought to be known of one service, in the fewest words."""

    def __init__(self) -> None:
        self.status, self.count, self.flips = UNKNOWN, 0, 0

    def see(self, status: Status) -> None:
        if status is UNKNOWN:
            return
        if self.status is UNKNOWN:
            self.status = status
        elif status is self.status:
            self.count = 0
        else:
            self.count += 1
            if self.count >= (THRESHOLDS.down if status is DOWN else THRESHOLDS.up):
                self.status, self.count, self.flips = status, 0, self.flips + 1


class Telling_(RuleBasedStateMachine):  # noqa: N801
    """Bugs are planted by the seams below."""

    services_class: type[Services] = Services
    decide: Callable[..., Decision] = staticmethod(decide)
    sender_class: type[Sender] = Sender

    @initialize()
    def begin(self) -> None:
        self.loop = VirtualLoop()
        self.database, self.slack = MemoryDatabase(), ListSlack()
        self.at: datetime = T0
        self.models: dict[str, Model] = defaultdict(Model)
        self.loop.run_until_complete(self._watch_everything())
        self._start()

    async def _watch_everything(self) -> None:
        for channel in CHANNELS:
            for service_id in SERVICES:
                await Watches(self.database).add(Watch(channel, service_id, ANA, T0), UP)

    def _start(self) -> None:
        """Begin as after a start: with nothing but what the storage has."""
        self.database.disarm()
        self.services = self.services_class(self.database)
        outbox = Outbox(self.database, 0, Pace())
        self.sender = self.sender_class(outbox, self.slack, render, Pace(), now=self.now, chance=lambda: 0.5)
        self.loop.run_until_complete(self.sender.start())

    def now(self) -> datetime:
        return self.at + timedelta(seconds=self.loop.time())

    def _kill(self) -> None:
        """Nothing is said any more, and nothing is remembered but what was committed."""
        self.sender._office.is_stopping = True
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))

    def _run(self, work) -> bool:
        """Run until done; False when the bot was killed meanwhile, and has been started again."""
        before = Killed.times
        with contextlib.suppress(Killed):
            self.loop.run_until_complete(work)
        if Killed.times == before:
            return True
        self._kill()
        self._start()
        return False

    @rule(service_id=st.sampled_from(SERVICES), status=st.sampled_from([UP, DOWN, DOWN, UNKNOWN]))
    def observe(self, service_id: str, status: Status) -> None:
        before = self.saved(service_id)
        decision = self.decide(before, Observation(service_id, status, self.now()), thresholds=THRESHOLDS)
        model = self.models[service_id]
        if self._run(self._record(decision)) or self.saved(service_id) != before:
            model.see(status)

    @rule(
        service_id=st.sampled_from(SERVICES),
        statuses=st.lists(st.sampled_from([UP, DOWN, UNKNOWN]), min_size=3, max_size=6),
    )
    def row(self, service_id: str, statuses: list[Status]) -> None:
        for status in statuses:
            self.observe(service_id, status)

    @rule(service_ids=st.lists(st.sampled_from(SERVICES), min_size=6, unique=True))
    def storm(self, service_ids: list[str]) -> None:
        for service_id in service_ids:
            for status in (UP, DOWN, DOWN):
                self.observe(service_id, status)

    async def _record(self, decision: Decision) -> None:
        self.sender.wake(await self.services.record(decision))

    @rule(outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=4))
    def weather(self, outcomes: list[str]) -> None:
        self.slack.outcomes = outcomes

    @rule(kill_in=st.integers(1, 4), is_after_commit=st.booleans())
    def arm(self, kill_in: int, is_after_commit: bool) -> None:
        self.database.arm(kill_in, is_after_commit)

    @rule(seconds=st.sampled_from([0.05, 0.5, 2.0, 12.0, 45.0]))
    def deliver(self, seconds: float) -> None:
        self._run(self._pass(seconds))

    async def _pass(self, seconds: float) -> None:
        """Let time pass; a lane that was killed kills everything."""
        before, until = Killed.times, self.loop.time() + seconds
        while (left_s := until - self.loop.time()) > 0 and Killed.times == before:
            running = set(self.sender._running.values())
            if not running:
                await asyncio.sleep(left_s)
                return
            await asyncio.wait(running, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)

    def saved(self, service_id: str) -> ServiceState:
        rows = self.database.rows(f"SELECT * FROM service WHERE service_id = '{service_id}'")
        return state_of(service_id, rows[0] if rows else {}, None)

    def teardown(self) -> None:
        if not hasattr(self, "database"):
            return
        try:
            self.slack.outcomes = []
            self.database.disarm()
            self._run(self._pass(600.0))
            self._kill()
            self._start()
            assert self._run(self._pass(600.0))
            self.check()
        finally:
            self._kill()
            self.loop.close()
            self.database.db.close()

    def check(self) -> None:
        for service_id, model in self.models.items():
            flips = self.database.rows(f"SELECT * FROM flip WHERE service_id = '{service_id}' ORDER BY seq")
            assert [flip["seq"] for flip in flips] == list(range(1, model.flips + 1)), f"flips of {service_id}"
            assert all(first["new"] == second["old"] for first, second in pairwise(flips)), "flips alternate"
        notices = self.database.rows("SELECT * FROM notice ORDER BY id")
        assert {each["state"] for each in notices} <= {"sent", "digested"}, "nothing is left or given up"
        told = {(each.channel, each.key): each for each in self.slack.messages}
        assert len(told) == len(self.slack.messages), "a message stands there twice"
        assert {each["key"] for each in notices if each["state"] == "sent"} == {key for _, key in told}, "lost or odd"
        for channel in CHANNELS:
            self.check_order([each for each in notices if each["channel_id"] == channel])
            self.check_outages(channel, [each for each in self.slack.messages if each.channel == channel])

    def check_order(self, notices: list[dict]) -> None:
        """What is told of a service comes in the order in which it happened; others may go out together meanwhile."""
        ts = {each["id"]: each["ts"] for each in notices}
        for service_id in SERVICES:
            told = [ts[each["carrier_id"] or each["id"]] for each in notices if each["service_id"] == service_id]
            assert told == sorted(told), f"{service_id} is told out of order"

    def check_outages(self, channel: str, messages: list[Standing]) -> None:
        """Every outage and every end of one was shown in the channel, and no card says anything else now."""
        ever = {each for message in messages for each in message.history}
        last = {each for message in messages for each in message.shown}
        for outage in self.database.rows("SELECT * FROM outage"):
            is_over = bool(outage["is_over"])
            if outage["flips"] or is_over:
                assert (outage["id"], is_over) in last, f"{channel} does not show outage {outage['id']} as it is"
            if is_over:
                continue
            assert (outage["id"], True) not in ever, "said to be over while it goes on"
