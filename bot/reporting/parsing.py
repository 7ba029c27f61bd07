"""Answers of the Reporting API, read tolerantly into values. Every function raises BadAnswer on what it cannot read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from bot.reporting.errors import BadAnswer
from bot.reporting.models import CallReport, Counter, ServiceStatus, Status

#: Some platforms write the year 1 where there is no time.
_NO_TIME_BEFORE = 1970


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a good answer is."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(
            "The platform answered with something that is not a report; a proxy or a login page may be in the way. "
            "Try again in a minute."
        ) from error
    if not isinstance(data, dict):
        raise _not_understood("answer")
    return data


def parse_call_report(data: dict[str, Any]) -> CallReport:
    """Return a CallReportItem; `start` may be missing, null or empty when there were no calls."""
    start = data.get("start")
    first_start = _parse_instant(data, "start") if start else None
    if first_start is not None and first_start.year < _NO_TIME_BEFORE:
        first_start = None
    return CallReport(
        success=_parse_int(data, "success"),
        failed=_parse_int(data, "failed"),
        duration_s=_parse_int(data, "duration"),
        first_start=first_start,
    )


def parse_counter(counter_id: str, data: dict[str, Any]) -> Counter:
    """Return a Counter."""
    return Counter(
        counter_id, value=_parse_int(data, "value", lowest=None), modified_at=_parse_instant(data, "modified")
    )


def parse_service_status(service_id: str, data: dict[str, Any]) -> ServiceStatus:
    """Return a ServiceStatus; a word other than up and down is UNKNOWN, and kept."""
    said = data.get("status")
    if not isinstance(said, str):
        raise _not_understood("status")
    word = said.strip().lower()
    status = {"up": Status.UP, "down": Status.DOWN}.get(word, Status.UNKNOWN)
    return ServiceStatus(service_id, status=status, said=said.strip()[:100])


def _parse_int(data: dict[str, Any], name: str, *, lowest: int | None = 0) -> int:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _not_understood(name)
    try:
        number = int(value)
    except (ValueError, OverflowError) as error:
        raise _not_understood(name) from error
    if lowest is not None and number < lowest:
        raise _not_understood(name)
    return number


def _parse_instant(data: dict[str, Any], name: str) -> datetime:
    value = data.get(name)
    if not isinstance(value, str):
        raise _not_understood(name)
    try:
        instant = datetime.fromisoformat(value.strip())
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _not_understood(name) from error


def _not_understood(name: str) -> BadAnswer:
    return BadAnswer(
        f"The platform's answer has no {name} that we understand. Ask the provider's support if it stays so."
    )
