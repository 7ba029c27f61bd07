"""What can go wrong with the Reporting API, and the sentence that people read.

    ReportingError              something to tell the person, with the platform's code and reference where it gave one
    ├── BadRequest              the platform does not accept what was asked; asking again does not help
    ├── Refused                 key, secret, rights or credit; only the operator can help
    │   └── ClockWrong          the bot host's clock is off
    ├── NotFound                no such user, counter or service for this application
    └── Unavailable             try again later: the platform, or the way to it, is down
        ├── Throttled           asked too fast
        └── BadAnswer           it answered, but not in words we understand

The HTTP status is trusted first, then the five-digit errorCode, which the platform's own samples get wrong at times.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any

from bot.errors import CallwatchError

DOCTOR = "Ask whoever runs Callwatch to run `callwatch doctor`."


class ReportingError(CallwatchError):
    """The root: `str()` is a sentence for people that says what to do.

    `code` is the platform's five digits (None when it gave none), `reference` its support id. `is_retryable` tells
    whether the same request may succeed a moment later.
    """

    is_retryable = False

    def __init__(self, sentence: str, *, code: int | None = None, reference: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code
        self.reference = reference


class BadRequest(ReportingError):
    """The platform does not accept what was asked."""

    log_level = logging.INFO


class Refused(ReportingError):
    """The platform does not let this application ask."""


class ClockWrong(Refused):
    """The platform finds our timestamp too old or too new."""


class NotFound(ReportingError):
    """The platform knows no such user, counter or service."""

    log_level = logging.INFO


class Unavailable(ReportingError):
    """The platform could not answer now; `retry_after_s` is its wish in seconds, None when it named none."""

    is_retryable = True
    retry_after_s: float | None = None


class Throttled(Unavailable):
    """The platform wants us to slow down."""


class BadAnswer(Unavailable):
    """The platform answered with something that is not its documented form."""

    is_retryable = False


@dataclass(frozen=True, slots=True)
class Problem:
    """An error body, read tolerantly: every part may be missing."""

    code: int | None
    message: str
    reference: str | None


#: errorCode -> (class, sentence). `{said}` is the platform's own message. Source: the platform's error pages.
_SENTENCES: dict[int, tuple[type[ReportingError], str]] = {
    40001: (
        BadRequest,
        "The platform does not accept a part of this question: {said} Check the endpoint and the range.",
    ),
    40002: (BadRequest, "The platform misses a part of this question: {said} Please tell whoever runs Callwatch."),
    40003: (BadRequest, "The platform does not accept this question: {said} Check the type, the endpoint and the key."),
    40004: (Refused, f"The platform does not know our application key. {DOCTOR}"),
    40005: (BadRequest, "The platform wants numbers with a leading plus and no spaces, like `+46730170101`."),
    40100: (Refused, f"The platform did not find our signature; key or secret may be empty. {DOCTOR}"),
    40101: (ClockWrong, f"The platform finds our clock wrong. {DOCTOR}"),
    40102: (Refused, f"The platform does not accept our signature: key and secret do not match. {DOCTOR}"),
    40103: (Refused, f"The platform refused us: {{said}} {DOCTOR}"),
    40104: (Refused, f"The platform wants a signed request and did not see one. {DOCTOR}"),
    40105: (ClockWrong, f"The platform finds our request expired; the bot host's clock may be wrong. {DOCTOR}"),
    40107: (
        Refused,
        f"The platform does not accept our key; it may be a project key, not an application key. {DOCTOR}",
    ),
    40108: (
        Refused,
        f"The platform does not accept our key; it may be a project key, not an application key. {DOCTOR}",
    ),
    40200: (Refused, "The account has not enough credit. Top it up in the provider's dashboard, then ask again."),
    40300: (Refused, "This application may not read that. Ask the account's owner at the provider."),
    40301: (Refused, f"The platform does not take this way of signing in. {DOCTOR}"),
    40302: (Refused, "This application's rights are too low for that. Ask the account's owner at the provider."),
    40303: (Refused, "This account may not do that now. Ask the account's owner at the provider."),
    40400: (NotFound, "The platform knows no such thing for this application."),
    42900: (Throttled, "The platform asks us to slow down. Try again in {wait}."),
    42901: (Throttled, "The platform asks us to slow down. Try again in {wait}."),
    50000: (Unavailable, "The platform had an internal error. Try again in a minute."),
    50300: (Unavailable, "The platform is down for the moment. Try again in a minute."),
    50301: (Unavailable, "The platform is set up wrongly on its side. Ask the provider's support."),
}

_BY_STATUS: dict[int, tuple[type[ReportingError], str]] = {
    400: (BadRequest, "The platform does not accept this question: {said}"),
    401: (Refused, f"The platform does not accept our key or signature. {DOCTOR}"),
    402: _SENTENCES[40200],
    403: _SENTENCES[40300],
    404: _SENTENCES[40400],
    410: (NotFound, "The platform says that this is gone. The provider may have retired its Reporting API: ask there."),
    429: _SENTENCES[42900],
}

_NO_RETRY_CODES = frozenset({50301})
_RETRY_STATUSES = frozenset({429, 500, 502, 503, 504})


def parse_problem(body: bytes) -> Problem:
    """Return what an error body says; a body that is no JSON object says nothing. Never raises."""
    try:
        data: Any = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        return Problem(code=None, message="", reference=None)
    message = data.get("message") or data.get("detail") or data.get("title") or ""
    reference = data.get("reference")
    return Problem(
        code=_parse_code(data.get("errorCode")),
        message=str(message)[:300].strip(),
        reference=str(reference)[:100] if reference else None,
    )


def error_for(status: int, body: bytes, *, retry_after_s: float | None = None) -> ReportingError:
    """Return the error that an answer with `status` (not 200) and `body` stands for.

    The code is believed only when it belongs to the status, except that the platform answers some 400s with codes of
    its own; `retry_after_s` is the Retry-After header in seconds.
    """
    problem = parse_problem(body)
    code = problem.code
    known = _SENTENCES.get(code) if code is not None and code // 100 == status else None
    kind, sentence = known or _BY_STATUS.get(status) or _rest(status)
    said = problem.message.rstrip(".") + "." if problem.message else ""
    text = sentence.format(said=said, wait=_wait(retry_after_s)).replace("  ", " ").rstrip(": ").strip()
    error = kind(text, code=code, reference=problem.reference)
    if isinstance(error, Unavailable):
        error.retry_after_s = retry_after_s
    error.is_retryable = status in _RETRY_STATUSES and code not in _NO_RETRY_CODES
    return error


def _rest(status: int) -> tuple[type[ReportingError], str]:
    if 500 <= status < 600:
        return Unavailable, f"The platform has trouble of its own (HTTP {status}). Try again in a minute."
    if 300 <= status < 400:
        return BadAnswer, f"The platform's address answers with a redirect (HTTP {status}). {DOCTOR}"
    if 200 <= status < 300:
        return BadAnswer, f"The platform answered in a form we do not know (HTTP {status}). {DOCTOR}"
    return BadRequest, f"The platform does not accept this question (HTTP {status}): {{said}}"


def _parse_code(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 6:
        return int(value)
    return None


def _wait(retry_after_s: float | None) -> str:
    if retry_after_s is None:
        return "a minute"
    return f"{max(1, round(retry_after_s)):d} s"
