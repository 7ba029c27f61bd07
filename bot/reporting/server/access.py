"""Who may ask: application signed requests, Basic, and the key alone where the resource is public.

Order of checks: Authorization missing or illegal (40100), key unknown (40004), key alone where more is needed (40104),
timestamp missing or too far off (40101), signature wrong (40102). A wrong Basic pair is 40107 (key) or 40108 (secret).
The platform's own order is not documented. Source: facts "Authentication" and "Reference server checklist".
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from urllib.parse import unquote

from bot.reporting.server.times import NS_PER_S, parse_instant_ns
from bot.reporting.server.wire import ApiError, Request
from bot.reporting.signing import is_signature_valid, parse_secret, string_to_sign

_OLD_BASIC_NAMES = ("application\\", "application:")


@dataclass(frozen=True, slots=True)
class Application:
    """The one application that may ask."""

    key: str  # a GUID, in any spelling
    secret: str  # base64, as the dashboard shows it
    tolerance_s: float = 300.0  # how far an x-timestamp may be from the server's clock, both ways, seconds

    def __repr__(self) -> str:
        return "Application(key=…, secret=…)"


class Gate:
    """Lets a request in or raises ApiError with the platform's code."""

    def __init__(self, application: Application) -> None:
        self._key = _canonical(application.key)
        self._secret_text = application.secret.strip().encode()
        self._secret = parse_secret(application.secret)
        self._tolerance_ns = int(application.tolerance_s * NS_PER_S)

    def admit(self, request: Request, *, clock_ns: int, is_public: bool, is_path_lenient: bool = False) -> None:
        """Return if `request` may be answered.

        `clock_ns` is the server's clock, nanoseconds since 1970. A lenient path also accepts a signature over the
        percent-decoded path, as one official SDK makes it. Raises ApiError.
        """
        header = request.headers.get("authorization", "")
        if not header.isascii():
            raise ApiError(40100, "The Authorization header holds characters outside ASCII.")
        scheme, _, credentials = header.strip().partition(" ")
        match scheme.lower():
            case "application":
                self._admit_application(request, credentials.strip(), clock_ns, is_public, is_path_lenient)
            case "basic":
                self._admit_basic(credentials.strip())
            case "basic:":
                raise ApiError(40100, "Write the scheme as 'Basic', without a colon.")
            case "":
                raise ApiError(40100, "The Authorization header is missing.")
            case _:
                raise ApiError(40100, "The Authorization scheme must be Application or Basic.")

    def _admit_application(
        self, request: Request, credentials: str, clock_ns: int, is_public: bool, is_path_lenient: bool
    ) -> None:
        key, colon, claimed = credentials.partition(":")
        if not key:
            raise ApiError(40100, "The Authorization header names no application key.")
        if _canonical(key) != self._key:
            raise ApiError(40004, "The application key is invalid.")
        if not colon:
            if is_public:
                return
            raise ApiError(40104, "This resource wants a signed request or Basic; the key alone is not enough.")
        timestamp = self._check_timestamp(request, clock_ns)
        paths = [request.path, unquote(request.path)] if is_path_lenient else [request.path]
        if not any(self._is_signed(request, timestamp, path, claimed) for path in paths):
            raise ApiError(40102, "The signature is invalid.")

    def _check_timestamp(self, request: Request, clock_ns: int) -> str:
        timestamp = request.headers.get("x-timestamp", "")
        if not timestamp:
            raise ApiError(40101, "The x-timestamp header is missing.")
        if "T" not in timestamp:
            raise ApiError(40101, "The x-timestamp header must be a full time, for example 2014-06-02T15:39:31Z.")
        try:
            stamped_ns = parse_instant_ns(timestamp)
        except ValueError as error:
            raise ApiError(40101, f"The x-timestamp header is invalid: {error}.") from error
        ahead_ns = stamped_ns - clock_ns
        if abs(ahead_ns) > self._tolerance_ns:
            raise ApiError(40101, f"The x-timestamp header is {ahead_ns // NS_PER_S:+d} s off the server's clock.")
        return timestamp

    def _is_signed(self, request: Request, timestamp: str, path: str, claimed: str) -> bool:
        text = string_to_sign(
            method=request.method,
            body=request.body,
            content_type=request.headers.get("content-type", ""),
            timestamp=timestamp,
            path=path,
        )
        # Bytes that are no UTF-8 reach us as lone surrogates: nobody can have signed those.
        return _is_unicode(text) and is_signature_valid(self._secret, text, claimed)

    def _admit_basic(self, credentials: str) -> None:
        try:
            pair = base64.b64decode(credentials, validate=True)
        except binascii.Error as error:
            raise ApiError(40100, "The Basic credentials are not base64.") from error
        name, colon, secret = pair.partition(b":")
        if not colon:
            raise ApiError(40100, "The Basic credentials must be base64 of key:secret.")
        if pair.lower().startswith(tuple(old.encode() for old in _OLD_BASIC_NAMES)):
            raise ApiError(40107, "Send the bare application key as the user name, without 'application' before it.")
        if _canonical(name.decode("utf-8", "replace")) != self._key:
            raise ApiError(40107, "Wrong key: Basic wants the application key, not a project's access key.")
        if not hmac.compare_digest(secret.strip(), self._secret_text):
            raise ApiError(40108, "The credentials are invalid: the secret does not belong to this key.")


def _canonical(key: str) -> str:
    """Return a GUID's digits alone: the platform compares GUIDs, not texts."""
    return key.strip().replace("-", "").lower()


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
