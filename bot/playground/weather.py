"""Ordered faults as they meet one HTTP request, before and after it is carried out."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus

from aiohttp import web

from bot.playground.faults import Fault, Strike
from bot.playground.journal import Journal, Kind
from bot.playground.wire import Json


async def before(request: web.Request, name: str, strike: Strike | None, journal: Journal) -> web.StreamResponse | None:
    """Return the answer of a fault that strikes before the request is carried out, None when it goes on."""
    if strike is None:
        return None
    journal.add(Kind.FAULT, f"{name}: {strike.fault}")
    match strike.fault:
        case Fault.DROP_BEFORE:
            return _cut(request)
        case Fault.RATE_LIMITED:
            headers = {"Retry-After": str(int(strike.seconds))}
            return json_response({"ok": False, "error": "ratelimited"}, HTTPStatus.TOO_MANY_REQUESTS, headers)
        case Fault.ERROR_500_BEFORE:
            return web.Response(status=500, text="Internal Server Error")
        case Fault.HTML:
            return web.Response(text="<html><body>We will be back soon</body></html>", content_type="text/html")
        case Fault.SLOW:
            await asyncio.sleep(strike.seconds)
    return None


def after(request: web.Request, strike: Strike | None) -> web.StreamResponse | None:
    """Return the answer of a fault that strikes when the request has been carried out."""
    match strike.fault if strike is not None else None:
        case Fault.DROP_AFTER:
            return _cut(request)
        case Fault.ERROR_500_AFTER:
            return web.Response(status=500, text="Internal Server Error")
        case _:
            return None


def json_response(answer: Json, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None) -> web.Response:
    """Return `answer` as the Web API sends it."""
    return web.Response(text=json.dumps(answer), status=status, headers=headers, content_type="application/json")


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
