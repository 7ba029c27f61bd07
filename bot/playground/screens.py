"""What people do on an app's screens: shortcuts, modals and the Home tab; and what the app's answers do to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.playground import payloads_views
from bot.playground.controls import HELD, action_of, find_control, state_of
from bot.playground.deliveries import Deliveries, Delivery, EnvelopeType, Outcome
from bot.playground.events import Events
from bot.playground.gestures import ERROR_NAMES
from bot.playground.inputs import can_hold, client_errors
from bot.playground.models import Author, Channel, Message, Person
from bot.playground.responses import Responses
from bot.playground.rules_views import HOME, MODAL, check_view
from bot.playground.views import TROUBLE, Change, View
from bot.playground.wire import Json, RefusalError
from bot.playground.workspace import Workspace

#: What an answer to a submission may hold beside `response_action`.
ANSWERS = {"errors": {"errors"}, "update": {"view"}, "push": {"view"}, "clear": set()}


@dataclass(slots=True)
class Screens:
    """Takes gestures on screens, with values as Slack holds them (`bot.playground.inputs` makes them of words)."""

    workspace: Workspace
    deliveries: Deliveries
    responses: Responses
    events: Events

    # -- shortcuts and the Home tab

    def use_shortcut(
        self, person: Person, what: str, message: Message | None = None, channel: Channel | None = None
    ) -> Delivery:
        """Return the shortcut with this name or callback_id on its way: a message's with `message`, else a global one.

        `channel` is where the person is when it is global. Raises LookupError for one that the client does not offer.
        """
        if person.is_stranger or person.is_deleted or not self.workspace.manifest.is_interactive:
            raise LookupError(f"{person.name} has no shortcuts of this app")
        shortcut = self.workspace.manifest.shortcut(what, "message" if message is not None else "global")
        if shortcut is None:
            raise LookupError(f"the manifest has no such shortcut here: {what!r}")
        if message is None:
            where = channel if channel is not None and person.id in channel.members else None
            trigger_id = self.responses.give_trigger(person, where)
            payload = payloads_views.global_shortcut(self.workspace, person, shortcut, trigger_id)
        else:
            current = self._usable(person, message)
            where = self.workspace.channels[current.channel_id]
            payload = payloads_views.message_shortcut(
                self.workspace,
                person,
                shortcut,
                where,
                current,
                response_url=self.responses.give_url("app", where, person).address,
                trigger_id=self.responses.give_trigger(person, where),
            )
        thread_ts = message.thread_ts if message is not None and message.is_reply else None

        def on_end(_: Delivery, outcome: Outcome, answer: Json) -> None:
            self._check_empty(answer, shortcut.callback_id)
            if outcome is not Outcome.ACKED:
                told = f'{shortcut.name} failed with the error "{ERROR_NAMES[outcome]}"'
                self.workspace.notice(where or self.workspace.direct(person), person, told, thread_ts)

        return self.deliveries.send(EnvelopeType.INTERACTIVE, payload, on_end)

    def open_home(self, person: Person, tab: str = HOME) -> None:
        """Let `person` look at the app's page, its `home` or its `messages` tab.

        Raises LookupError when there is none for them.
        """
        manifest = self.workspace.manifest
        is_there = manifest.has_home_tab if tab == HOME else manifest.has_messages_tab
        if not is_there or person.is_stranger or person.is_deleted:
            raise LookupError(f"{person.name} sees no {tab} tab of this app")
        channel = self.workspace.direct(person)
        view = self.workspace.views.home(person.id)
        inner = payloads_views.home_opened(self.workspace, person, channel, tab, view)
        self.events.send(channel, "app_home_opened", inner)

    # -- inside a view

    def fill(self, person: Person, view_id: str, block_id: str, action_id: str, held: object) -> Delivery | None:
        """Let a control hold `held`. Returns a delivery where the app is told at once, else None.

        It is told of controls outside input blocks, and of input blocks with `dispatch_action`.
        """
        view = self._shown(person, view_id)
        block, control = find_control(view.blocks, action_id, block_id)
        if control["type"] not in HELD:
            raise LookupError(f"{action_id} holds nothing that could be filled in")
        if not can_hold(self.workspace, person, control, held):
            raise LookupError(f"{action_id} cannot hold {held!r}")
        state = state_of(control, held)
        values = {**view.values, block_id: {**view.values.get(block_id, {}), action_id: state}}
        errors = {name: told for name, told in view.errors.items() if name != block_id}
        filled = self.workspace.views.change(view, Change.FILLED, values=values, errors=errors)
        if block["type"] == "input" and not block.get("dispatch_action"):
            return None
        return self._tell_action(person, filled, {**action_of(block, control), **state})

    def press(self, person: Person, view_id: str, action_id: str, **chosen: Any) -> Delivery:
        """Return the use of a button, or of an overflow menu with `selected_option`, on its way."""
        view = self._shown(person, view_id)
        block, control = find_control(view.blocks, action_id)
        return self._tell_action(person, view, {**action_of(block, control), **chosen})

    def submit(self, person: Person, view_id: str) -> Delivery | None:
        """Return the submission on its way, or None when Slack's client itself found errors, which then are shown."""
        view = self._shown(person, view_id)
        if view.surface != MODAL or "submit" not in view.raw:
            raise LookupError("this view has nothing to submit")
        errors = client_errors(view)
        if errors:
            self.workspace.views.change(view, Change.ERRORS, errors=errors)
            return None
        busy = self.workspace.views.change(view, Change.BUSY, is_busy=True, errors={}, notice="")
        payload = payloads_views.view_submission(
            self.workspace,
            person,
            busy,
            self._response_urls(person, busy),
            self.responses.give_trigger(person, self._channel(busy), busy.id),
        )

        def on_end(_: Delivery, outcome: Outcome, answer: Json) -> None:
            self._take_answer(person, busy.id, outcome, answer)

        return self.deliveries.send(EnvelopeType.INTERACTIVE, payload, on_end)

    def close(self, person: Person, view_id: str, *, everything: bool = False) -> tuple[Delivery, ...]:
        """Close a modal, or the whole stack with `everything`; return what the app is told of it."""
        view = self._shown(person, view_id, even_busy=True)
        if view.surface != MODAL:
            raise LookupError("only modals are closed")
        is_cleared = everything or view.raw.get("clear_on_close", False)
        if is_cleared:
            gone = self.workspace.views.clear(person.id)
        else:
            self.workspace.views.close(view)
            gone = (view,)

        def on_end(delivery: Delivery, _: Outcome, answer: Json) -> None:
            self._check_empty(answer, delivery.name)

        told = [each for each in gone if each.raw.get("notify_on_close")]
        closed = [payloads_views.view_closed(self.workspace, person, each, is_cleared=is_cleared) for each in told]
        return tuple(self.deliveries.send(EnvelopeType.INTERACTIVE, each, on_end) for each in closed)

    # -- what the app answers

    def _take_answer(self, person: Person, view_id: str, outcome: Outcome, answer: Json) -> None:
        views = self.workspace.views
        view = views.find(view_id)
        if view is None:
            return  # the person closed it, or the app has opened another one, while it was waiting
        view = views.change(view, Change.BUSY, is_busy=False)
        if outcome is not Outcome.ACKED:
            views.change(view, Change.NOTICE, notice=TROUBLE)
            return
        try:
            self._obey(person, view, answer)
        except RefusalError as refusal:
            name = f"answer to {view.raw.get('callback_id') or view.id}"
            self.workspace.journal.blame(refusal.code, name, "; ".join(refusal.messages))
            views.change(view, Change.NOTICE, notice=TROUBLE)

    def _obey(self, person: Person, view: View, answer: Json) -> None:
        """Do what an answer to a submission says. Raises RefusalError for one that Slack would not understand."""
        views = self.workspace.views
        action = answer.get("response_action")
        if not answer:
            views.close(view)
            return
        if action not in ANSWERS or set(answer) != {"response_action"} | ANSWERS[action]:
            raise RefusalError("invalid_response_action", messages=(f"not an answer: {str(answer)[:200]}",))
        match action:
            case "clear":
                views.clear(person.id)
            case "errors":
                _check_errors(view, answer["errors"])
                views.change(view, Change.ERRORS, errors=answer["errors"])
            case "update":
                self._check(answer["view"])
                views.update(view, answer["view"])
            case "push":
                self._check(answer["view"])
                views.push(view, answer["view"])

    def _check(self, raw: Any) -> None:
        check_view(raw, MODAL)
        self.workspace.files.check_used(raw["blocks"], "/view/blocks", "invalid_arguments")

    def _check_empty(self, answer: Json, name: str) -> None:
        if answer:
            self.workspace.journal.blame("unexpected_ack_payload", name, "this acknowledgement is empty")

    # -- what the app is told

    def _tell_action(self, person: Person, view: View, action: Json) -> Delivery:
        action = {**action, "action_ts": self.workspace.next_ts()}
        trigger_id = self.responses.give_trigger(person, self._channel(view), view.id)
        payload = payloads_views.view_action(self.workspace, person, view, action, trigger_id)

        def on_end(_: Delivery, outcome: Outcome, answer: Json) -> None:
            self._check_empty(answer, action["action_id"])
            current = self.workspace.views.find(view.id)
            if outcome is not Outcome.ACKED and current is not None:
                self.workspace.views.change(current, Change.NOTICE, notice=TROUBLE)

        return self.deliveries.send(EnvelopeType.INTERACTIVE, payload, on_end)

    def _response_urls(self, person: Person, view: View) -> list[Json]:
        """Return a response_url for each conversation chosen in a menu that asks for one."""
        given = []
        for block in view.blocks:
            control = block.get("element", {})
            if control.get("response_url_enabled"):
                state = view.values[block["block_id"]][control["action_id"]]
                channel_id = state.get("selected_conversation") or state.get("selected_channel")
                if channel_id is not None:
                    url = self.responses.give_url("app", self.workspace.channels[channel_id], person)
                    place = {"block_id": block["block_id"], "action_id": control["action_id"]}
                    given.append({**place, "channel_id": channel_id, "response_url": url.address})
        return given

    # -- who sees what

    def _usable(self, person: Person, message: Message) -> Message:
        current = self.workspace.find(message.channel_id, message.ts)
        if current is None or not self.workspace.is_visible(current, person):
            raise LookupError(f"{person.name} does not see this message: {message.text[:80]!r}")
        if current.is_ephemeral or current.author is Author.SLACK:
            raise LookupError("there are no shortcuts on messages that only one person sees")
        return current

    def _shown(self, person: Person, view_id: str, *, even_busy: bool = False) -> View:
        """Return the view if it is on the person's screen and can be used. Raises LookupError."""
        view = self.workspace.views.find(view_id)
        if view is None or view.person_id != person.id:
            raise LookupError("this view is closed")
        if view.surface == MODAL and self.workspace.views.modals(person.id)[-1].id != view.id:
            raise LookupError("another modal is on top of this one")
        if view.is_busy and not even_busy:
            raise LookupError("this modal waits for the app's answer")
        return view

    def _channel(self, view: View) -> Channel | None:
        return self.workspace.channels.get(view.channel_id or "")


def _check_errors(view: View, errors: Any) -> None:
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors:
        raise RefusalError("invalid_response_action", messages=("errors is an object with a sentence per block_id",))
    unknown = sorted(str(name) for name in errors if name not in inputs)
    if unknown:
        raise RefusalError("unknown_error_block", messages=(f"not block_ids of inputs: {', '.join(unknown)}",))
    if not all(isinstance(told, str) and told for told in errors.values()):
        raise RefusalError("invalid_response_action", messages=("every error is a sentence",))
