"""Answers as Slack messages: domain values in, `Message(text, blocks)` out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.rendering import blocks as kit
from bot.rendering import figures as say
from bot.rendering.blocks import Message
from bot.reporting.models import CallReport, Counter, Domain, FullReport, Part, ServiceStatus, Status
from bot.timerange import ParsedRange

#: The buttons below a report have action ids that start with this; their value is the command that they stand for.
AGAIN_PREFIX = "calls_again_"

#: A button that would need a longer command is left out: Slack takes some 13,000 characters for a whole message.
_COMMAND_LIMIT = 500

#: A calendar day, on days when clocks change too.
_DAY = (timedelta(hours=23), timedelta(hours=25))

_DOMAIN_MEANS = {Domain.DATA: "calls that ended over data", Domain.PSTN: "calls that ended on the phone network"}


@dataclass(frozen=True, slots=True)
class Again:
    """A button that asks anew: what it says, its id after `AGAIN_PREFIX`, the command it stands for."""

    label: str
    action: str
    command: str
    is_current: bool = False


def report_sentence(report: FullReport, asked: ParsedRange, *, name: str, bold: str = "*") -> str:
    """Return the sentence a manager can read; `bold` is what marks the figures ("" for plain text)."""
    whole = report.whole
    if not whole.calls:
        return f"{name} · {asked.label}: {bold}no calls{bold} ({report.domain})"
    change = say.point_change(whole.success_rate_pct, report.before.success_rate_pct if report.before else None)
    compared = f" ({change} on {_window_before(asked)})" if change else ""
    per_call = f", {say.duration(whole.acd_s)} a call" if whole.acd_s is not None else ""
    return (
        f"{name} · {asked.label}: {bold}{say.calls(whole.calls)}, {say.percent(whole.success_rate_pct)} succeeded{bold}"
        f"{compared}, {say.duration(whole.duration_s)} talked{per_call} ({report.domain})"
    )


def other_domain_line(report: FullReport) -> str:
    """Return what the other domain had in the same window, or why that is not known."""
    other = report.domain.other
    if report.other is None:
        return f"{other}: not known"
    return f"{other}: {_brief(report.other)}"


def report_notes(report: FullReport, asked: ParsedRange) -> list[str]:
    """Return what has to be said beside the figures, a sentence each: clipped ranges, missing parts, a wrong clock."""
    notes = list(asked.notes)
    if not report.whole.calls:
        notes.append(_no_calls_note(report))
    for missing in report.missing:
        what = {Part.BEFORE: "No comparison", Part.OTHER: f"No {report.domain.other} figures", Part.BUCKETS: "No bars"}
        notes.append(f"{what[missing.part]}: {missing.reason}")
    if report.clock_offset_s:
        side = "behind" if report.clock_offset_s > 0 else "ahead"
        length = say.duration(round(abs(report.clock_offset_s), -1))
        notes.append(
            f"The bot's clock is {length} {side}; its requests were corrected. "
            "Whoever runs Callwatch should check NTP on its host."
        )
    return notes


def call_report(report: FullReport, asked: ParsedRange, again: Sequence[Again] = ()) -> Message:
    """Return the answer to a call report: sentence, figures with changes, bars, small print, buttons."""
    shown = [kit.section(report_sentence(report, asked, name=kit.name(report.identity.endpoint)))]
    if report.whole.calls:
        lines = say.figures(report.whole, report.before, report.tz)
        shown.append(kit.fields(f"*{line.label}*\n{line.value}{_in_brackets(line.change)}" for line in lines))
    if report.whole.calls and len(report.buckets) > 1:
        rows, caption = say.bar_lines(report.buckets, report.tz)
        shown.append(kit.section(f"```{rows}```\n{caption}"))
    small_print = [
        f"*{report.domain}* · {_DOMAIN_MEANS[report.domain]} · {kit.escape(say.bounds(report.time_range, report.tz))}",
        kit.escape(other_domain_line(report)),
        *(kit.escape(note) for note in report_notes(report, asked)),
    ]
    shown.append(kit.context(small_print))
    if buttons := _again_buttons(again):
        shown.append(kit.actions(buttons, block_id="calls_again"))
    sentence = report_sentence(report, asked, name=kit.escape(_short(report.identity.endpoint)), bold="")
    return kit.message(sentence, shown)


def counter(value: Counter, now: datetime) -> Message:
    """Return a counter's value with its age."""
    fallback = f"{value.modified_at:%H:%M} UTC"
    when = kit.date(value.modified_at, "{time}", fallback)
    fine_print = f"({say.age(value.modified_at, now)}; the platform refreshes it every 2 minutes)"
    figure = f"*{say.number(value.value)}*"
    text = f"{kit.escape(_short(value.counter_id))}: {say.number(value.value)}, as of {fallback} {fine_print}"
    return kit.message(text, [kit.section(f"{kit.name(value.counter_id)}: {figure}, as of {when} {fine_print}")])


def counters(values: Sequence[Message]) -> Message:
    """Return several counters' answers as one; a counter that could not be asked has its error there."""
    shown = [block for value in values[:45] for block in value.blocks]
    if len(values) > 45:
        shown.append(kit.context([f"and {len(values) - 45} more; ask for one by name"]))
    return kit.message("; ".join(value.text for value in values), shown)


def service(value: ServiceStatus) -> Message:
    """Return what the platform says of a service now."""
    plain_name = kit.escape(_short(value.service_id))
    shown_name = kit.name(value.service_id)
    if value.status is Status.UNKNOWN:
        said = kit.escape(_short(value.said))
        rest = f"the platform says “{said}”, which is neither up nor down"
        return kit.message(
            f"{plain_name}: unknown, {rest}", [kit.section(f":white_circle: {shown_name}: *unknown*, {rest}")]
        )
    icon = ":large_green_circle:" if value.status is Status.UP else ":red_circle:"
    return kit.message(f"{plain_name} is {value.status}", [kit.section(f"{icon} {shown_name} is *{value.status}*")])


def service_unknown(service_id: str, reason: str) -> Message:
    """Return the answer when a service could not be asked: unknown, never guessed."""
    rest = f"could not ask just now. {kit.escape(reason)}"
    return kit.message(
        f"{kit.escape(_short(service_id))}: unknown, {rest}",
        [kit.section(f":white_circle: {kit.name(service_id)}: *unknown*, {rest}")],
    )


def refusal(sentence: str, *, suggestion: str = "", reference: str = "", again: Sequence[Again] = ()) -> Message:
    """Return a sentence that says what to do; `suggestion` is a command that works, `reference` is in the log too."""
    text = kit.escape(sentence)
    shown = [kit.section(f"{text}\nTry `{_code(suggestion)}`" if suggestion else text)]
    if reference:
        shown.append(kit.context([f"Reference {kit.escape(reference)}"]))
    if buttons := _again_buttons(again):
        shown.append(kit.actions(buttons, block_id="calls_again"))
    plain_text = " ".join(
        part
        for part in (text, suggestion and f"Try {kit.escape(suggestion)}", reference and f"({kit.escape(reference)})")
        if part
    )
    return kit.message(plain_text, shown)


def not_delivered(code: str) -> Message:
    """Return what the asker is told when Slack did not take the answer; `code` is Slack's word for why."""
    todo = {
        "not_in_channel": "I am not in this channel: type `/invite @Callwatch` here, then ask again.",
        "channel_not_found": "I cannot see this channel: type `/invite @Callwatch` here, then ask again.",
        "is_archived": "This channel is archived. Ask in another one, or in a direct message.",
        "ratelimited": "Slack asks us to slow down. Ask again in a minute.",
    }.get(code, "Ask again in a minute; if it stays so, tell whoever runs Callwatch.")
    text = f"The answer is there, but Slack did not take it ({kit.escape(code)}). {todo}"
    return kit.message(text, [kit.section(text)])


def working() -> Message:
    """Return the note that stands in for an answer which takes a while."""
    text = ":hourglass_flowing_sand: Asking the platform …"
    return kit.message(text, [kit.context([text])])


def help_text(topic: str | None, commands: Mapping[str, str]) -> Message:
    """Return short help with live examples; `commands` are the names in Slack by topic ("calls": "/calls")."""
    topics = [topic] if topic in _HELP else list(_HELP)
    shown = []
    for each in topics:
        title, examples = _HELP[each]
        lines = [f"*{title}*", *(f"`{commands.get(each, '/' + each)}{example}`{what}" for example, what in examples)]
        shown.append(kit.section("\n".join(lines)))
    shown.append(kit.context([_HELP_PLACES]))
    names = " · ".join(f"{commands.get(each, '/' + each)}{_HELP[each][1][0][0]}" for each in topics)
    return kit.message(f"What I understand: {names}", shown)


_HELP_PLACES = (
    "Answers to slash commands are only for you. In a thread, where slash commands do not work, mention me: the same "
    "words, answered there for everybody. Or write to me in a direct message."
)

_HELP: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "calls": (
        "How did a user's calls go?",
        (
            (" username abc123 last-7d", ""),
            (" +46730170101 pstn yesterday", " · calls on the phone network"),
            (" ana@example.com last-24h", ""),
            (" abc123 2026-11-02..2026-11-08", " · also `today`, `this-week`, `last-month`, `since 2026-11-02`"),
        ),
    ),
    "counters": (
        "How many calls are on right now?",
        ((" currentcalls", ""), ("", " · every counter that is set up")),
    ),
    "services": (
        "Is the platform up?",
        (
            (" rtpproxy", ""),
            ("", " · all that this channel watches"),
            (" watch rtpproxy", " · this channel is told when it flips; `unwatch` ends that"),
            (" notify rtpproxy here", " · whom the card rings: also `@` and a person or a user group, or `nobody`"),
            (" mute rtpproxy 2h new disks", " · also `until 14:00`; `unmute` ends it before"),
            (" remind rtpproxy 30m", " · while it stays down and nobody has acknowledged it; or `off`"),
            (" history rtpproxy last-30d", " · outages, time down, uptime"),
        ),
    ),
}


def _again_buttons(again: Iterable[Again]) -> list[kit.Block]:
    return [
        kit.button(each.label, AGAIN_PREFIX + each.action, each.command, is_primary=each.is_current)
        for each in again
        if 0 < len(each.command) <= _COMMAND_LIMIT
    ]


def _window_before(asked: ParsedRange) -> str:
    count, _, unit = asked.label.removeprefix("last ").partition(" ")
    if asked.label.startswith("last ") and count.isdigit() and unit:
        return f"the {count} {unit} before"
    return "the day before" if _DAY[0] <= asked.time_range.length <= _DAY[1] else "the equal time before"


def _no_calls_note(report: FullReport) -> str:
    if report.other is not None and report.other.calls:
        return f"No {report.domain} calls in this time, but {say.calls(report.other.calls)} over {report.domain.other}."
    return "The platform answers the same for a user without calls and, at times, for a name that it does not know."


def _brief(report: CallReport) -> str:
    if not report.calls:
        return "no calls"
    return (
        f"{say.calls(report.calls)}, {say.percent(report.success_rate_pct)} succeeded, "
        f"{say.duration(report.duration_s)} talked"
    )


def _in_brackets(change: str) -> str:
    return f"  ({change})" if change else ""


def _code(text: str) -> str:
    return kit.escape(" ".join(text.replace("`", "'").split()))


def _short(text: str) -> str:
    return text if len(text) <= kit.NAME_LIMIT else text[: kit.NAME_LIMIT - 1] + "…"
