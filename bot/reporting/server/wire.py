"""A request and its reply as values, and the error that becomes one. Nothing here knows a socket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

JSON_TYPE = "application/json; charset=utf-8"


class Cut(StrEnum):
    """Where a connection is cut instead of a whole answer being sent."""

    BEFORE = "before"  # nothing is done and not a byte is sent
    AFTER = "after"  # the request is done, then the head and half of the body are sent


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it came over the wire."""

    method: str  # upper case
    raw_path: str  # path and query exactly as sent, percent-encoding and all
    headers: Mapping[str, str]  # looked up by lower-case name
    body: bytes = b""

    @property
    def path(self) -> str:
        """The raw path without its query: the part that is signed."""
        return self.raw_path.partition("?")[0]

    @property
    def query(self) -> str:
        """The raw query, without the question mark."""
        return self.raw_path.partition("?")[2]


@dataclass(frozen=True, slots=True)
class Reply:
    """What is to be sent back, and how badly."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": JSON_TYPE})
    delay_s: float = 0.0  # wait before sending, seconds; infinite for a service that hangs
    cut: Cut | None = None


class ApiError(Exception):
    """A refusal with the platform's five-digit code, whose first three digits are the HTTP status.

    Source: facts "Errors"; `status` and `code` agree by construction.
    """

    def __init__(self, code: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.code // 100


def json_reply(document: object, *, status: int = 200) -> Reply:
    """Return `document` as a JSON reply."""
    return Reply(status, encode(document))


def error_reply(error: ApiError, *, reference: str, is_code_text: bool = False) -> Reply:
    """Return the reply of a refusal: `errorCode`, `message` and `reference`, the code as text where that is asked."""
    code = str(error.code) if is_code_text else error.code
    document = {"errorCode": code, "message": error.message, "reference": reference}
    return Reply(error.status, encode(document), {"Content-Type": JSON_TYPE, **error.headers})


def encode(document: object) -> bytes:
    """Return `document` as compact JSON; ASCII only, so that no character of a refused path can break the encoding."""
    return json.dumps(document, separators=(",", ":")).encode("ascii")
