"""Application signed requests: pure signing, and the httpx flow that signs the bytes on the wire.

    string to sign = METHOD LF content-md5 LF content-type LF "x-timestamp:" value LF path
    signature      = base64(HMAC-SHA256(base64decode(secret), utf8(string to sign)))
    Authorization: Application <key>:<signature>

The query is not signed. The path is the one on the wire, percent-encoding and all: official clients agree only as long
as nothing is encoded, so identities are quoted as little as the URL syntax allows (`bot.reporting.client`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

#: A Date header further off than this explains a 401 (it has a grain of a second, and the answer took a while).
CLOCK_TOLERANCE_S = 60.0


def parse_secret(secret: str) -> bytes:
    """Return the key bytes of an application secret as the dashboard shows it (standard base64).

    Raises ValueError with a sentence when it cannot be one; the sentence never contains the secret.
    """
    compact = "".join(secret.split())
    try:
        key = base64.b64decode(compact, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("is not base64; copy the application secret whole, without quotes") from error
    if not key:
        raise ValueError("is empty")
    return key


def content_md5(body: bytes) -> str:
    """Return the base64 of the body's MD5; empty, not the MD5 of nothing, when there is no body."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode() if body else ""


def string_to_sign(*, method: str, body: bytes, content_type: str, timestamp: str, path: str) -> str:
    """Return the canonical text: `content_type` and `timestamp` verbatim as sent, `path` raw and without its query."""
    return "\n".join((method.upper(), content_md5(body), content_type, f"x-timestamp:{timestamp}", path))


def signature(secret: bytes, text: str) -> str:
    """Return the base64 HMAC-SHA256 of `text` under the decoded secret."""
    return base64.b64encode(hmac.digest(secret, text.encode(), hashlib.sha256)).decode()


def is_signature_valid(secret: bytes, text: str, claimed: str) -> bool:
    """Tell whether `claimed` signs `text`, in constant time."""
    return hmac.compare_digest(signature(secret, text).encode(), claimed.encode())


def format_timestamp(instant: datetime) -> str:
    """Return an x-timestamp: UTC, milliseconds, `Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class SignatureAuth(httpx.Auth):
    """Sign each request anew, and once more when a 401 shows that our clock is off.

    `offset_s` is what has to be added to our clock to get the server's, seconds; 0.0 until a 401 told otherwise. It is
    taken from the answer's Date header, kept for later requests, and never corrected twice for one request.
    """

    requires_request_body = True

    def __init__(self, key: str, secret: bytes, now: Callable[[], datetime]) -> None:
        self._key = key
        self._secret = secret
        self._now = now
        self.offset_s = 0.0

    def __repr__(self) -> str:
        return "SignatureAuth(key=…, secret=…)"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Yield the signed request, then a corrected one if the refusal is explained by the clock."""
        signed_with_s = self.offset_s
        self._sign(request)
        response = yield request
        if response.status_code != httpx.codes.UNAUTHORIZED:
            return
        if self.is_explained_by_clock(response.headers.get("date"), signed_with_s):
            self._sign(request)
            yield request

    def is_explained_by_clock(self, date_header: str | None, signed_with_s: float) -> bool:
        """Tell whether a 401 came because our clock is off, and correct it for what is signed from now on.

        `signed_with_s` is the offset that the refused request was signed with, seconds.
        """
        measured_s = clock_offset_s(date_header, self._now())
        if measured_s is None or abs(measured_s - signed_with_s) <= CLOCK_TOLERANCE_S:
            return False
        self.offset_s = measured_s if abs(measured_s) > CLOCK_TOLERANCE_S else 0.0
        return True

    def headers_for(self, *, method: str, path: str, body: bytes, content_type: str) -> dict[str, str]:
        """Return the headers that sign a request made now; `path` as on the wire, without the query."""
        timestamp = format_timestamp(self._now() + timedelta(seconds=self.offset_s))
        text = string_to_sign(method=method, body=body, content_type=content_type, timestamp=timestamp, path=path)
        return {"x-timestamp": timestamp, "authorization": f"Application {self._key}:{signature(self._secret, text)}"}

    def _sign(self, request: httpx.Request) -> None:
        request.headers.update(
            self.headers_for(
                method=request.method,
                path=request.url.raw_path.partition(b"?")[0].decode("ascii"),
                body=request.content,
                content_type=request.headers.get("content-type", ""),
            )
        )


def clock_offset_s(date_header: str | None, now: datetime) -> float | None:
    """Return how far the server's Date is ahead of `now`, seconds; None when the header is missing or unreadable."""
    served_at = parse_date(date_header)
    return (served_at - now).total_seconds() if served_at else None


def parse_date(header: str | None) -> datetime | None:
    """Return the instant of an HTTP date; None when it is missing or unreadable."""
    if not header:
        return None
    try:
        instant = parsedate_to_datetime(header)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
