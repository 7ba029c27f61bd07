"""`/_control`: read and set the embedded API's services, counters, faults and quirks, from this machine only.

GET answers with the state. POST takes any part of it and answers with the state after:

    {"services": {"rtpproxy": "down", "webrtc": {"status": "up", "manner": "hangs"}, "sipgw": null},
     "counters": {"currentcalls": 312},
     "faults": [{"code": 42900, "retry_after_s": 2, "times": 3}, {"slow_s": 2.5, "path": "/v1/counters"}],
     "quirks": {"clock_offset_s": 3600, "whole_days": "widen"}}

null takes a service away and lets a counter be counted again. The list of faults replaces the one before. All of it is
applied, or, where anything is wrong, nothing.
"""

from __future__ import annotations

import ipaddress
import json
import math
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from bot.reporting.server import faults
from bot.reporting.server.api import ReportingApi
from bot.reporting.server.board import Manner
from bot.reporting.server.faults import EmptyStart, Fault, WholeDays
from bot.reporting.server.times import format_instant
from bot.reporting.server.wire import ApiError, Cut, Reply, Request, json_reply

CONTROL_PATH = "/_control"
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
_FAULT_KINDS = ("code", "html", "empty", "slow_s", "cut")

Change = Callable[[], None]
Choice = TypeVar("Choice", bound=StrEnum)


def handle_control(api: ReportingApi, request: Request, *, peer: str, now: datetime) -> Reply:
    """Return the reply to a request on `/_control`; `peer` is the address it came from, `now` an aware instant."""
    try:
        _check_caller(request, peer)
        changes = _plan(api, _parse_body(request)) if request.method == "POST" else []
    except ApiError as error:
        return api.refuse(error)
    for change in changes:
        change()
    return json_reply(state(api, now))


def state(api: ReportingApi, now: datetime) -> dict[str, object]:
    """Return everything that can be set, in the form in which it is set, and the counters' values at `now`."""
    counters = [api.counters.find(counter_id, now, is_case_strict=True) for counter_id in api.counters]
    return {
        "services": {service_id: asdict(service) for service_id, service in api.services},
        "counters": {counter.counter_id: counter.value for counter in counters if counter is not None},
        "faults": [_describe(fault) for fault in api.faults],
        "quirks": asdict(api.quirks),
        "calls": len(api.records),
        "now": format_instant(now),
    }


def _check_caller(request: Request, peer: str) -> None:
    """Refuse other machines, and web pages: neither their names for us nor a form's content type gets through."""
    if request.method not in ("GET", "POST"):
        raise ApiError(40500, "Only GET and POST are allowed here.", {"Allow": "GET, POST"})
    try:
        is_near = ipaddress.ip_address(peer).is_loopback
    except ValueError:
        is_near = False
    host = request.headers.get("host", "")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if not is_near or name.lower() not in _LOOPBACK_NAMES:
        raise ApiError(40300, "This may be used from the same machine only.")
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "POST" and content_type != "application/json":
        raise ApiError(41500, "Send the changes as Content-Type: application/json.")


def _parse_body(request: Request) -> dict[str, object]:
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise ApiError(40001, "The body is no JSON.") from error
    return _object(document, "The body")


def _plan(api: ReportingApi, document: dict[str, object]) -> list[Change]:
    """Return the changes that `document` asks for, checked but not yet made."""
    plans: dict[str, Callable[[ReportingApi, object], list[Change]]] = {
        "services": _plan_services,
        "counters": _plan_counters,
        "faults": _plan_faults,
        "quirks": _plan_quirks,
    }
    _check_keys(document, tuple(plans), "The body")
    return [change for name, part in document.items() for change in plans[name](api, part)]


def _plan_services(api: ReportingApi, part: object) -> list[Change]:
    changes: list[Change] = []
    for service_id, wanted in _object(part, "services").items():
        if wanted is None:
            changes.append(_call(api.services.remove, service_id))
            continue
        words: dict[str, object] = (
            {"status": wanted} if isinstance(wanted, str) else _object(wanted, f"services.{service_id}")
        )
        _check_keys(words, ("status", "manner"), f"services.{service_id}")
        known = api.services.find(service_id)
        status = _text(words.get("status", known.status if known else "up"), f"services.{service_id}.status")
        manner = _choice(Manner, words.get("manner", Manner.ANSWERS), f"services.{service_id}.manner")
        changes.append(_call(api.services.set, service_id, status, manner))
    return changes


def _plan_counters(api: ReportingApi, part: object) -> list[Change]:
    changes: list[Change] = []
    for counter_id, value in _object(part, "counters").items():
        if value is None:
            changes.append(_call(api.counters.release, counter_id))
        else:
            changes.append(_call(api.counters.set, counter_id, _whole(value, f"counters.{counter_id}")))
    return changes


def _plan_faults(api: ReportingApi, part: object) -> list[Change]:
    if not isinstance(part, list):
        raise ApiError(40001, "faults must be a list.")
    wanted = [_parse_fault(_object(fault, f"faults[{index}]"), f"faults[{index}]") for index, fault in enumerate(part)]
    return [api.faults.clear, *(_call(api.faults.add, fault) for fault in wanted)]


def _parse_fault(words: dict[str, object], where: str) -> Fault:
    """Return the fault; without `times` it spoils one answer, with null it lasts until cleared."""
    _check_keys(words, (*_FAULT_KINDS, "retry_after_s", "times", "path"), where)
    kinds = [kind for kind in _FAULT_KINDS if kind in words]
    if len(kinds) != 1:
        raise ApiError(40001, f"{where} must have exactly one of {', '.join(_FAULT_KINDS)}.")
    fault = _parse_fault_kind(kinds[0], words, where)
    times = None if words.get("times", 1) is None else _whole(words.get("times", 1), f"{where}.times", least=1)
    return replace(fault, times=times, path=_text(words.get("path", ""), f"{where}.path"))


def _parse_fault_kind(kind: str, words: dict[str, object], where: str) -> Fault:
    value, name = words[kind], f"{where}.{kind}"
    match kind:
        case "code":
            code = _whole(value, name, least=40000, most=59999)
            wait = words.get("retry_after_s")
            return faults.refused(
                code, retry_after_s=None if wait is None else _whole(wait, f"{where}.retry_after_s", least=0)
            )
        case "html":
            return faults.html(_whole(value, name, least=200, most=599))
        case "empty":
            return faults.empty(_whole(value, name, least=200, most=599))
        case "slow_s":
            return faults.slow(math.inf if value is None else _number(value, name, least=0, most=3600))
        case _:
            return faults.cut(_choice(Cut, value, name))


def _plan_quirks(api: ReportingApi, part: object) -> list[Change]:
    changes: list[Change] = []
    words = _object(part, "quirks")
    _check_keys(words, tuple(asdict(api.quirks)), "quirks")
    for name, value in words.items():
        checked: object
        match name:
            case "clock_offset_s":
                checked = _number(value, f"quirks.{name}", least=-1e9, most=1e9)
            case "empty_start":
                checked = _choice(EmptyStart, value, f"quirks.{name}")
            case "whole_days":
                checked = _choice(WholeDays, value, f"quirks.{name}")
            case _ if isinstance(value, bool):
                checked = value
            case _:
                raise ApiError(40001, f"quirks.{name} must be true or false.")
        changes.append(_call(setattr, api.quirks, name, checked))
    return changes


def _describe(fault: Fault) -> dict[str, object]:
    """Return a fault in the form in which it is set."""
    words: dict[str, object]
    if fault.code is not None:
        words = {"code": fault.code, "retry_after_s": fault.retry_after_s}
    elif fault.instead is not None:
        words = {"html" if fault.instead.body else "empty": fault.instead.status}
    elif fault.cut is not None:
        words = {"cut": fault.cut}
    else:
        words = {"slow_s": None if math.isinf(fault.delay_s) else fault.delay_s}
    return {**words, "times": fault.times, "path": fault.path}


def _call(function: Callable[..., None], *values: object) -> Change:
    def change() -> None:
        function(*values)

    return change


def _check_keys(words: dict[str, object], known: tuple[str, ...], where: str) -> None:
    unknown = [key for key in words if key not in known]
    if unknown:
        raise ApiError(40001, f"{where} has an unknown key {unknown[0]!r}; known are {', '.join(known)}.")


def _object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ApiError(40001, f"{where} must be a JSON object.")
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise ApiError(40001, f"{where} must be a string.")
    return value


def _whole(value: object, where: str, *, least: int = -(2**63), most: int = 2**63 - 1) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ApiError(40001, f"{where} must be a whole number from {least} to {most}.")
    return value


def _number(value: object, where: str, *, least: float, most: float) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        raise ApiError(40001, f"{where} must be a number from {least:g} to {most:g}.")
    return float(value)


def _choice(kind: type[Choice], value: object, where: str) -> Choice:
    found = next((choice for choice in kind if choice == value), None)
    if found is None:
        raise ApiError(40001, f"{where} must be one of {', '.join(kind)}.")
    return found
