"""The Web API over HTTP: token, scope, arguments, rate, weather, then the method. Refusals are HTTP 200."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from bot.playground import methods_chat, methods_files, methods_read, methods_views, methods_where
from bot.playground.faults import RESPONSE_URL, Fault, Faults, Strike
from bot.playground.journal import Kind
from bot.playground.methods import Method, Office, TokenKind, read_args, require_scope
from bot.playground.responses import Responses
from bot.playground.weather import after, before, json_response
from bot.playground.wire import Json, RefusalError

METHODS: dict[str, Method] = {
    **methods_chat.METHODS,
    **methods_files.METHODS,
    **methods_read.METHODS,
    **methods_views.METHODS,
    **methods_where.METHODS,
}

#: Refusals of a response_url that is spent come as 404, all others as 400.
_DEAD_URL = frozenset({"expired_url", "used_url"})


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the app was given: a bot token, an app-level token, and the secret that signs requests in HTTP mode."""

    bot: str
    app: str
    signing_secret: str


@dataclass(frozen=True, slots=True)
class Request:
    """One call as it came: its arguments, and the token with where it stood."""

    args: Json
    token: str | None
    is_token_in_header: bool


@dataclass(slots=True)
class WebApi:
    """Answers /api/<method> and the response_urls."""

    office: Office
    responses: Responses
    faults: Faults
    tokens: Tokens

    async def on_call(self, request: web.Request) -> web.StreamResponse:
        """Answer one Web API call."""
        name = request.match_info["method"]
        raw = await request.read()
        strike = self.faults.take(name)
        early = await before(request, name, strike, self.office.workspace.journal)
        if early is not None:
            return early
        status, answer, headers = self._carry_out(name, await _read(request, raw), strike)
        return after(request, strike) or json_response(answer, status, headers)

    async def on_response_url(self, request: web.Request) -> web.StreamResponse:
        """Answer one post to a response_url: `ok`, or Slack's error as JSON with its status."""
        key = request.match_info["key"]
        raw = await request.read()
        strike = self.faults.take(RESPONSE_URL)
        early = await before(request, RESPONSE_URL, strike, self.office.workspace.journal)
        if early is not None:
            return early
        journal = self.office.workspace.journal
        try:
            if strike is not None and strike.fault is Fault.REFUSED_BEFORE:
                status = HTTPStatus.NOT_FOUND if strike.code in _DEAD_URL else HTTPStatus.BAD_REQUEST
                return json_response({"ok": False, "error": strike.code}, status)
            self.responses.post(key, _parsed(raw))
        except RefusalError as refusal:
            journal.add(Kind.REFUSED, f"response_url: {refusal}", refusal.body())
            journal.blame(refusal.code, RESPONSE_URL, "; ".join(refusal.messages))
            return json_response(refusal.body(), refusal.status)
        if strike is not None and strike.fault is Fault.REFUSED_AFTER:
            return json_response({"ok": False, "error": strike.code}, HTTPStatus.BAD_REQUEST)
        return after(request, strike) or web.Response(text="ok")

    # -- the call itself

    def _carry_out(self, name: str, request: Request, strike: Strike | None) -> tuple[int, Json, dict[str, str]]:
        """Return status, JSON and headers."""
        workspace = self.office.workspace
        method = METHODS.get(name)
        headers = {"x-oauth-scopes": ",".join(sorted(workspace.manifest.scopes))}
        if method is not None and method.scope is not None:
            headers["x-accepted-oauth-scopes"] = method.scope
        try:
            answer = self._run(name, method, request, strike)
        except RefusalError as refusal:
            retry_after_s = refusal.extra.pop("retry_after_s", None)
            if retry_after_s is not None:
                headers["Retry-After"] = str(retry_after_s)
            workspace.journal.add(Kind.REFUSED, f"{name}: {refusal}", {"args": request.args, "answer": refusal.body()})
            if strike is None or strike.code != refusal.code:
                workspace.journal.blame(refusal.code, name, "; ".join(refusal.messages) or json.dumps(refusal.extra))
            return refusal.status, refusal.body(), headers
        workspace.journal.add(Kind.CALL, name, {"args": request.args, "answer": answer})
        return HTTPStatus.OK, answer, headers

    def _run(self, name: str, method: Method | None, request: Request, strike: Strike | None) -> Json:
        if method is None:
            raise RefusalError("unknown_method", req_method=name)
        self._check_token(method, request)
        limiter = self.office.limiter
        per_minute = limiter.limits.tiers[method.tier - 1] if method.tier else limiter.limits.special_per_minute
        if not _has_own_limit(name):
            wait_s = limiter.wait_for_call(name, per_minute, self.office.workspace.clock().timestamp())
            if wait_s:
                raise RefusalError("ratelimited", status=HTTPStatus.TOO_MANY_REQUESTS, retry_after_s=wait_s)
        if method.scope is not None:
            require_scope(self.office.workspace, method.scope)
        args = read_args(method, request.args)
        if strike is not None and strike.fault is Fault.REFUSED_BEFORE:
            raise RefusalError(strike.code)
        answer = method.handler(self.office, args)
        if strike is not None and strike.fault is Fault.REFUSED_AFTER:
            raise RefusalError(strike.code)
        return {"ok": True, **answer}

    def _check_token(self, method: Method, request: Request) -> None:
        if method.token is TokenKind.NONE:
            return
        if not request.token:
            raise RefusalError("not_authed")
        if request.token not in (self.tokens.bot, self.tokens.app):
            raise RefusalError("invalid_auth")
        wanted = self.tokens.app if method.token is TokenKind.APP else self.tokens.bot
        if request.token != wanted:
            raise RefusalError("not_allowed_token_type")
        if method.token is TokenKind.APP and not request.is_token_in_header:
            raise RefusalError("not_authed", messages=("[ERROR] the app-level token goes into the header",))


def _has_own_limit(name: str) -> bool:
    return name in ("chat.postMessage", "apps.connections.open")


async def _read(request: web.Request, raw: bytes) -> Request:
    """Return the arguments of the query, the form or the JSON body, whichever came, and the token."""
    args: Json = dict(request.query)
    # Slack does not take tokens from the query any more: they would end up in logs.
    args.pop("token", None)
    if request.content_type == "application/json":
        parsed = _parsed(raw) if raw else {}
        args |= parsed if isinstance(parsed, dict) else {"": "a JSON body must be an object"}
    elif raw:
        args |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    in_form = args.pop("token", None)
    scheme, _, in_header = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Bearer" and in_header:
        return Request(args, in_header, is_token_in_header=True)
    return Request(args, in_form, is_token_in_header=False)


def _parsed(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except ValueError:
        return None
