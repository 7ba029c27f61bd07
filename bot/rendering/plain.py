"""Answers for a terminal: plain text, JSON and CSV. Domain values in, text out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.rendering import figures as say
from bot.rendering import messages
from bot.reporting.models import Bucket, Counter, FullReport, ServiceStatus, Status
from bot.timerange import ParsedRange

CSV_COLUMNS = ("since", "until", "domain", "success", "failed", "duration_s")


def call_report(report: FullReport, asked: ParsedRange) -> str:
    """Return the report as lines: sentence, figures with changes, bars, small print."""
    lines = [messages.report_sentence(report, asked, name=printable(report.identity.endpoint), bold="")]
    if report.whole.calls:
        table = say.figures(report.whole, report.before, report.tz)
        lines.append("")
        lines += [f"  {line.label:<24}{line.value:>16}  {line.change}".rstrip() for line in table]
    if report.whole.calls and len(report.buckets) > 1:
        rows, caption = say.bar_lines(report.buckets, report.tz)
        lines += ["", *(f"  {row}" for row in rows.splitlines()), f"  {caption}"]
    lines += ["", f"{report.domain} · {say.bounds(report.time_range, report.tz)}", messages.other_domain_line(report)]
    return "\n".join([*lines, *messages.report_notes(report, asked)])


def call_report_json(report: FullReport) -> str:
    """Return the report as one JSON object; times are ISO 8601 in UTC, figures that divide by zero are null."""
    whole = report.whole
    data = {
        "identity": {"type": report.identity.type, "endpoint": report.identity.endpoint},
        "domain": report.domain,
        "since": instant(report.time_range.since),
        "until": instant(report.time_range.until),
        "calls": whole.calls,
        "success": whole.success,
        "failed": whole.failed,
        "duration_s": whole.duration_s,
        "first_start": instant(whole.first_start) if whole.first_start else None,
        "success_rate_pct": _rounded(whole.success_rate_pct),
        "acd_s": _rounded(whole.acd_s),
        "buckets": [
            {
                "since": instant(bucket.time_range.since),
                "until": instant(bucket.time_range.until),
                "success": bucket.report.success,
                "failed": bucket.report.failed,
                "duration_s": bucket.report.duration_s,
            }
            for bucket in report.buckets
        ],
    }
    return json.dumps(data, ensure_ascii=False, indent=2)


def call_report_csv(reports: Iterable[FullReport]) -> str:
    """Return one row a bucket in UTC, with a header; a report without its buckets is one row."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for report in reports:
        for bucket in report.buckets or (Bucket(report.time_range, report.whole),):
            since, until = instant(bucket.time_range.since), instant(bucket.time_range.until)
            figures = bucket.report
            writer.writerow([since, until, report.domain, figures.success, figures.failed, figures.duration_s])
    return out.getvalue()


def counter(value: Counter, now: datetime, tz: ZoneInfo) -> str:
    """Return a counter's value with its age."""
    as_of = f"{value.modified_at.astimezone(tz):%H:%M} ({tz.key})"
    return (
        f"{printable(value.counter_id)}: {say.number(value.value)}, as of {as_of} "
        f"({say.age(value.modified_at, now)}; the platform refreshes it every 2 minutes)"
    )


def service(value: ServiceStatus) -> str:
    """Return what the platform says of a service."""
    name = printable(value.service_id)
    if value.status is Status.UNKNOWN:
        return f"{name} is unknown: the platform says “{printable(value.said)}”, which is neither up nor down"
    return f"{name} is {value.status}"


def instant(value: datetime) -> str:
    """Return ISO 8601 in UTC, with `Z`."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def printable(text: str) -> str:
    """Return text without characters that would move a terminal's cursor or turn its text around."""
    return "".join(char if char.isprintable() else "�" for char in text)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
